//! Sky above, ground below, soft lamps.

use glam::{Vec3, Vec3A};

use super::Sh9;
use super::rays::{blend, trace};
use crate::assets::Texture;
use crate::camera::Camera;
use crate::frame::Plane;
use crate::math::smoothstep;
use crate::scene::Lamp;

/// Three colours from straight down to straight up.
pub(super) struct Sky {
    pub ground: [f32; 3],
    pub horizon: [f32; 3],
    pub zenith: [f32; 3],
}

impl Sky {
    /// Radiance at a height -1..1: the ground begins softly below the horizon, the sky changes fastest near it.
    pub(super) fn radiance(&self, y: f32) -> Vec3A {
        let horizon = Vec3A::from(self.horizon);
        let (far, share) = if y < 0.0 {
            (Vec3A::from(self.ground), smoothstep(-y, 0.0, 0.3))
        } else {
            (Vec3A::from(self.zenith), y * (2.0 - y))
        };
        horizon + (far - horizon) * share
    }

    /// Light of the sky and its lamps.
    pub(super) fn light(&self, lamps: &[Lamp]) -> Sh9 {
        let mut sh = Sh9::project(|d| self.radiance(d.y).to_array());
        for lamp in lamps {
            let solid_angle_sr = std::f32::consts::TAU * (1.0 - libm::cosf(lamp.angular_radius_rad));
            sh.add(lamp.to_lamp, lamp.radiance, solid_angle_sr);
        }
        sh
    }
}

/// Pixels per cell: everything here is soft.
const STEP: u32 = 4;
/// Brightness of clouds and ground patches: deviation over the sky's own.
const PATCHES: f32 = 0.16;
/// Texels per unit of direction.
const PATCH_TEXELS: f32 = 90.0;

/// The sky behind the hands. `patches` (a noise texture) makes clouds and patches of ground, 0 on the mean.
pub(super) fn pixels(sky: &Sky, lamps: &[Lamp], patches: &Texture, camera: &Camera) -> Plane<[f32; 3]> {
    let lamps: Vec<Disc> = lamps.iter().map(Disc::new).collect();
    let (level, _) = patches.level(1.0);
    let mask = level.width as i32 - 1;
    let cells = trace(
        camera,
        STEP,
        |_| (),
        |(), ray| {
            let d = ray / ray.length();
            // a bent plane above and below: direction over height, kept finite at the horizon
            let scale = PATCH_TEXELS / (d.y.abs() + 0.35);
            let at = |v: f32| (v * scale + 0.5 * level.width as f32) as i32 & mask;
            let texel = level.data[(at(d.z) * level.width as i32 + at(d.x)) as usize];
            let patch = 1.0 + PATCHES * (f32::from(texel[3]) / 42.5 - 3.0);
            lamps.iter().fold(sky.radiance(d.y) * patch.max(0.2), |light, lamp| light + lamp.radiance(d))
        },
    );
    blend(&cells, camera, STEP)
}

/// A lamp, ready to be compared with directions.
struct Disc {
    to_lamp: Vec3,
    /// Cosine of the angle where it ends, and where it is full.
    cosines: [f32; 2],
    radiance: Vec3A,
}

impl Disc {
    fn new(lamp: &Lamp) -> Self {
        let cosine = |k: f32| libm::cosf((lamp.angular_radius_rad * k).min(3.0));
        // the soft edge lies around the given radius, so that the light adds up
        Self { to_lamp: lamp.to_lamp, cosines: [cosine(1.25), cosine(0.7)], radiance: lamp.radiance.into() }
    }

    fn radiance(&self, d: Vec3) -> Vec3A {
        self.radiance * smoothstep(self.to_lamp.dot(d), self.cosines[0], self.cosines[1])
    }
}
