//! A user's equirectangular panorama around the scene.

use glam::{Vec3, Vec3A};

use super::Sh9;
use super::rays::{blend, trace};
use crate::assets::Panorama;
use crate::camera::Camera;
use crate::frame::Plane;

/// Turn of a panorama about the world's vertical.
struct Turn {
    sine: f32,
    cosine: f32,
}

impl Turn {
    fn new(yaw_rad: f32) -> Self {
        Self { sine: libm::sinf(yaw_rad), cosine: libm::cosf(yaw_rad) }
    }

    fn panorama_from_world(&self, d: Vec3) -> Vec3 {
        Vec3::new(self.cosine * d.x - self.sine * d.z, d.y, self.sine * d.x + self.cosine * d.z)
    }

    fn world_from_panorama(&self, d: Vec3) -> Vec3 {
        Vec3::new(self.cosine * d.x + self.sine * d.z, d.y, self.cosine * d.z - self.sine * d.x)
    }
}

/// The panorama behind the hands, turned by `yaw_rad` about +Y.
pub(super) fn pixels(panorama: &Panorama, yaw_rad: f32, gain: f32, camera: &Camera) -> Plane<[f32; 3]> {
    let turn = Turn::new(yaw_rad);
    let cells = trace(camera, 1, |_| (), |(), ray| lookup(&panorama.pixels, turn.panorama_from_world(ray)) * gain);
    blend(&cells, camera, 1)
}

/// Light of the panorama, from its small copy.
pub(super) fn light(panorama: &Panorama, yaw_rad: f32) -> Sh9 {
    let turn = Turn::new(yaw_rad);
    let small = &panorama.small;
    let mut sh = Sh9::default();
    for (y, row) in small.data.chunks_exact(small.width as usize).enumerate() {
        let edge = |y: usize| libm::cosf(std::f32::consts::PI * y as f32 / small.height as f32);
        let solid_angle_sr = std::f32::consts::TAU * (edge(y) - edge(y + 1)) / small.width as f32;
        let polar = std::f32::consts::PI * (y as f32 + 0.5) / small.height as f32;
        for (x, radiance) in row.iter().enumerate() {
            let azimuth = std::f32::consts::TAU * ((x as f32 + 0.5) / small.width as f32 - 0.5);
            let r = libm::sinf(polar);
            let d = Vec3::new(r * libm::sinf(azimuth), libm::cosf(polar), -r * libm::cosf(azimuth));
            sh.add(turn.world_from_panorama(d), *radiance, solid_angle_sr);
        }
    }
    sh
}

/// Radiance in a direction of any length, bilinear; wraps around the vertical and holds the poles.
fn lookup(pixels: &Plane<[f32; 3]>, d: Vec3) -> Vec3A {
    let (width, height) = (pixels.width as i32, pixels.height as i32);
    let level = (d.x * d.x + d.z * d.z).sqrt();
    let u = (0.5 + angle(d.x, -d.z) / std::f32::consts::TAU) * width as f32 - 0.5;
    let v = angle(level, d.y) / std::f32::consts::PI * height as f32 - 0.5;
    let (x, y) = (u.floor(), v.floor());
    let (fx, fy) = (u - x, v - y);
    let texel = |dx: i32, dy: i32| {
        let (column, row) = ((x as i32 + dx).rem_euclid(width), (y as i32 + dy).clamp(0, height - 1));
        Vec3A::from(pixels.data[(row * width + column) as usize])
    };
    let across = |dy: i32| texel(0, dy) + (texel(1, dy) - texel(0, dy)) * fx;
    across(0) + (across(1) - across(0)) * fy
}

/// Angle of a point from the axis `along`, positive towards `side`: -pi..pi, within 0.00002 (a polynomial, no libm call).
fn angle(side: f32, along: f32) -> f32 {
    let (s, a) = (side.abs(), along.abs());
    let t = s.min(a) / s.max(a).max(1e-30);
    let t2 = t * t;
    // odd minimax polynomial of the arc tangent on 0..1
    let series = t2 * (-0.332_623_5 + t2 * (0.193_543_5 + t2 * (-0.116_432_9 + t2 * (0.052_653_3 - t2 * 0.011_721_2))));
    let first = t * (0.999_977_3 + series);
    let octant = if s > a { std::f32::consts::FRAC_PI_2 - first } else { first };
    let half = if along < 0.0 { std::f32::consts::PI - octant } else { octant };
    if side < 0.0 { -half } else { half }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn angles_are_those_of_libm() {
        for k in 0..1000 {
            let expected = k as f32 * 0.00628 - 3.14;
            let found = angle(libm::sinf(expected) * 3.0, libm::cosf(expected) * 3.0);
            assert!((found - expected).abs() < 3e-5, "{found} {expected}");
        }
        assert_eq!(angle(0.0, 0.0), 0.0);
    }

    /// Dark but for one bright texel at a quarter to the right of the middle and three eighths from the top.
    fn star() -> Panorama {
        let mut pixels = Plane::filled(64, 32, [0.0; 3]);
        pixels.data[12 * 64 + 48] = [100.0; 3];
        Panorama::new(pixels)
    }

    #[test]
    fn texels_lie_where_the_convention_says() {
        let panorama = star();
        let azimuth = std::f32::consts::TAU * (48.5 / 64.0 - 0.5);
        let polar = std::f32::consts::PI * 12.5 / 32.0;
        let r = libm::sinf(polar);
        let d = Vec3::new(r * libm::sinf(azimuth), libm::cosf(polar), -r * libm::cosf(azimuth));
        assert!(d.x > 0.9 && d.y > 0.2, "the star is on the right, above the horizon: {d}");
        assert!((lookup(&panorama.pixels, d * 2.0).x - 100.0).abs() < 0.1);
        assert!(lookup(&panorama.pixels, -d).x < 1e-6);
        // turned by a quarter to the left (about +Y), the right hand side comes to the front (-Z)
        let front = Turn::new(std::f32::consts::FRAC_PI_2).world_from_panorama(Vec3::X);
        assert!(front.abs_diff_eq(-Vec3::Z, 1e-6), "{front}");
    }

    #[test]
    fn light_turns_with_the_panorama() {
        let panorama = star();
        for (yaw, towards) in [(0.0, Vec3::X), (std::f32::consts::FRAC_PI_2, -Vec3::Z)] {
            let sh = light(&panorama, yaw);
            let pull = Vec3::new(sh.0[3][0], sh.0[1][0], sh.0[2][0]);
            assert!(pull.try_normalize().unwrap().dot(towards) > 0.9, "{yaw}: {pull}");
        }
        let even = light(&Panorama::new(Plane::filled(64, 32, [0.5; 3])), 1.0);
        assert!((even.0[0][0] - Sh9::uniform([0.5; 3]).0[0][0]).abs() < 1e-3);
        assert!(even.0[1..].iter().flatten().all(|c| c.abs() < 0.01), "{even:?}");
    }
}
