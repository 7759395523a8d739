//! The exposure meter: how much light falls on a hand on the side that the camera sees.
//!
//! A meter held at the hand and pointed at the camera reads incident light, so that skin keeps its tone: a dark hand
//! stays dark under any lamp, and a hand lit from behind is not lost. `film.metering` says how far the camera follows it.

use glam::Vec3;

use super::Sh9;
use crate::camera::Camera;
use crate::scene::{DirectionalLight, Scene};

/// Light of less than this (white surfaces are at 1) is taken for this: darkness is not brightened without end.
const DARKEST: f32 = 0.02;

/// Factor on all light that brings a white ball at the hands to a mean of 1, as far as `film.metering` asks for.
pub(super) fn gain(scene: &Scene, irradiance: &Sh9) -> f32 {
    if scene.film.metering <= 0.0 {
        return 1.0;
    }
    let light = incident(&scene.lights, irradiance, to_camera(&scene.camera));
    libm::powf(light.max(DARKEST), -scene.film.metering)
}

/// Direction in the world from the scene to the camera.
fn to_camera(camera: &Camera) -> Vec3 {
    -(camera.camera_from_world.inverse().rotation * Vec3::Z)
}

/// Mean luminance over the disc that a white ball shows to the camera.
fn incident(lights: &[DirectionalLight], environment: &Sh9, to_camera: Vec3) -> f32 {
    let direct: f32 = lights.iter().map(|l| luminance(l.irradiance) * ball(l.to_light.dot(to_camera))).sum();
    // bands of the cosine lobe over pi, once for the surface and once for the average over the disc
    let bands = [1.0, 4.0 / 9.0, 4.0 / 9.0, 4.0 / 9.0, 0.0625, 0.0625, 0.0625, 0.0625, 0.0625];
    let basis = Sh9::basis(to_camera);
    let sky: f32 = (0..9).map(|k| luminance(environment.0[k]) * basis[k] * bands[k]).sum();
    direct + sky.max(0.0)
}

/// Mean of the cosine towards a light over the disc that a ball shows at a phase angle of the given cosine.
///
/// Lambert's sphere: `2 / (3 pi) * (sin a + (pi - a) cos a)`; a full disc has 2/3.
fn ball(cosine: f32) -> f32 {
    let angle = libm::acosf(cosine.clamp(-1.0, 1.0));
    let pi = std::f32::consts::PI;
    2.0 / (3.0 * pi) * (libm::sinf(angle) + (pi - angle) * libm::cosf(angle))
}

fn luminance(rgb: [f32; 3]) -> f32 {
    0.2126 * rgb[0] + 0.7152 * rgb[1] + 0.0722 * rgb[2]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backdrop::light::directions;

    /// Mean over the visible disc of a ball by brute force: directions weighted by their cosine to the camera.
    fn over_the_disc(light: impl Fn(Vec3) -> f32, to_camera: Vec3) -> f32 {
        let weights = directions().iter().map(|n| (*n, n.dot(to_camera).max(0.0)));
        let (sum, total) = weights.fold((0.0, 0.0), |(s, t), (n, w)| (s + w * light(n), t + w));
        sum / total
    }

    #[test]
    fn a_lamp_lights_the_ball_by_its_phase() {
        for to_light in [Vec3::Z, Vec3::X, Vec3::new(0.6, 0.0, -0.8)] {
            let expected = over_the_disc(|n| n.dot(to_light).max(0.0), Vec3::Z);
            assert!((ball(to_light.dot(Vec3::Z)) - expected).abs() < 0.01, "{to_light}");
        }
        assert!(ball(-1.0).abs() < 1e-6);
    }

    #[test]
    fn a_sky_lights_the_ball_by_its_half() {
        let even = Sh9::uniform([0.7; 3]);
        assert!((incident(&[], &even, Vec3::X) - 0.7).abs() < 1e-4);
        // light from one side only: white surfaces that face it get all of it, the ball in front of it less
        let half = Sh9::project(|d| if d.z > 0.0 { [1.0; 3] } else { [0.0; 3] });
        let expected = over_the_disc(|n| f32::midpoint(1.0, n.z), Vec3::Z);
        assert!((incident(&[], &half, Vec3::Z) - expected).abs() < 0.02, "{expected}");
    }
}
