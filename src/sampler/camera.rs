//! Where the camera stands, and how the hands come into the picture.
//!
//! The camera stands on a sphere around the hands' middle (the world's origin): azimuth around +Y from +Z, elevation above
//! the horizon, roll about the optical axis. It is then shifted sideways so that the hands appear where they should.
//! Nobody stands behind the hands: of a few distances, rolls and places the first is taken at which the forearms' far
//! ends lie outside the picture. The side from which a hand is seen is never chosen so.

use std::f32::consts::TAU;

use glam::{Mat3, Quat, Vec2, Vec3};

use super::SampleError;
use super::clearance::is_clear;
use super::light::direction;
use crate::camera::{Camera, Intrinsics};
use crate::math::RigidTransform;
use crate::preset::types::Camera as Preset;
use crate::rig::skeleton::axis_angle;
use crate::seed::Stream;

/// Keypoints count as inside this far from the picture's edge, as a share of its shorter side: flesh is around them.
const MARGIN: f32 = 0.02;
/// Halvings of the way from the centre to the picture's edge.
const HALVINGS: usize = 10;
/// Steps from the drawn distance to the preset's largest.
const DISTANCES: usize = 8;
/// Distances, rolls and places that are tried to keep the forearms' far ends out of the picture.
const TRIES: usize = 12;
/// Radius of a forearm's far end, metres.
const ELBOW_M: f32 = 0.06;
/// Directions of view that are tried.
const VIEWS: usize = 12;
/// Corrections of the hands' place in the picture.
const CENTRINGS: usize = 2;

/// What a picture is of, in the world, metres.
#[derive(Debug, Clone, PartialEq)]
pub struct InPicture {
    /// Keypoints of all hands; enough of them come into the picture.
    pub keypoints_m: Vec<Vec3>,
    /// Far ends of the forearms; they stay outside if that is possible.
    pub elbows_m: Vec<Vec3>,
}

/// The camera of one picture, or of all pictures of a clip.
///
/// Hands that do not fit are first centred, then moved away up to the largest distance of the preset. Roll, distance and
/// place are drawn anew while a forearm's far end shows or the camera does not stand clear of the flesh; if that does not
/// help, so is the direction of view. Where a body stands behind the hands elbows may show.
///
/// # Errors
///
/// [`SampleError::Framing`] if the hands do not fit, [`SampleError::NotClear`] if no view was clear of the flesh.
pub fn camera(
    preset: &Preset,
    pictures: &[InPicture],
    elbows_may_show: bool,
    stream: &mut Stream,
) -> Result<Camera, SampleError> {
    let intrinsics = intrinsics(preset, stream);
    let mut clear = None;
    let mut unframed = None;
    for round in 0..VIEWS {
        let from = [preset.elevation_deg.sample(stream), preset.azimuth_deg.sample(stream)];
        for _ in 0..TRIES {
            let rotation = rotation(from, preset.roll_deg.sample(stream));
            let camera_from_world = RigidTransform::from_rotation(rotation);
            let pinhole = Camera { intrinsics, lens: preset.lens, camera_from_world };
            let camera = match framed(preset, pinhole, pictures, stream) {
                Ok(camera) => camera,
                Err(error) => {
                    unframed = Some(error);
                    continue;
                }
            };
            let camera_at = camera.camera_from_world.inverse().translation_m;
            if !pictures.iter().all(|picture| is_clear(camera_at, picture)) {
                continue;
            }
            let mut elbows = pictures.iter().flat_map(|picture| &picture.elbows_m);
            if elbows_may_show || elbows.all(|p| is_outside(&camera, *p)) {
                return Ok(camera);
            }
            clear.get_or_insert(camera);
        }
        // a visible elbow is no reason to look from elsewhere: views stay even over the sphere
        if clear.is_some() || round + 1 == VIEWS {
            break;
        }
    }
    clear.ok_or_else(|| unframed.unwrap_or(SampleError::NotClear { distance_m: preset.distance_m.range().1 }))
}

/// A camera of given rotation at a drawn distance, shifted so that the hands appear at a drawn place.
fn framed(
    preset: &Preset,
    mut camera: Camera,
    pictures: &[InPicture],
    stream: &mut Stream,
) -> Result<Camera, SampleError> {
    let drawn = preset.distance_m.sample(stream);
    let farthest = preset.distance_m.range().1.max(drawn);
    let (share_out, turn) = (preset.off_centre.sample(stream), stream.uniform(0.0, TAU));
    let outward = Vec2::new(libm::cosf(turn), libm::sinf(turn));
    let mut best = 0.0_f32;
    for step in 0..=DISTANCES {
        let distance = drawn + (farthest - drawn) * step as f32 / DISTANCES as f32;
        let centre = centre(&mut camera, pictures, distance);
        let inside = share_inside(&camera, pictures);
        best = best.max(inside);
        if inside >= preset.min_in_frame {
            let offset = share_out * farthest_offset(&camera, preset, pictures, distance, [centre, outward]);
            aim(&mut camera, centre + outward * offset, distance);
            // the share is not quite monotonic along the way out
            if share_inside(&camera, pictures) < preset.min_in_frame {
                aim(&mut camera, centre, distance);
            }
            return Ok(camera);
        }
    }
    Err(SampleError::Framing {
        inside: best,
        needed: preset.min_in_frame,
        distance_m: farthest,
        focal_px: camera.intrinsics.fx,
        size_px: [preset.width_px, preset.height_px],
    })
}

/// Whether the far end of a forearm (a world point) is outside the picture with all its flesh.
fn is_outside(camera: &Camera, elbow_m: Vec3) -> bool {
    let at = camera.camera_from_world.point(elbow_m);
    let Some(pixel) = camera.project(at) else { return true };
    let flesh = Vec2::splat(camera.intrinsics.fx * ELBOW_M / at.z);
    let size = Vec2::new(camera.intrinsics.width as f32, camera.intrinsics.height as f32);
    pixel.cmplt(-flesh).any() || pixel.cmpgt(size + flesh).any()
}

fn intrinsics(preset: &Preset, stream: &mut Stream) -> Intrinsics {
    let focal = preset.focal_px.sample(stream);
    let cx = preset.width_px as f32 * 0.5 + preset.principal_offset_px.sample(stream);
    let cy = preset.height_px as f32 * 0.5 + preset.principal_offset_px.sample(stream);
    Intrinsics { width: preset.width_px, height: preset.height_px, fx: focal, fy: focal, cx, cy }
}

/// Rotation `camera_from_world` of a camera that looks at the origin from an elevation and azimuth; all in degrees.
fn rotation([elevation, azimuth]: [f32; 2], roll: f32) -> Quat {
    let to_camera = direction(elevation, azimuth);
    // horizontal, also where the camera looks straight down
    let right = Vec3::new(libm::cosf(azimuth.to_radians()), 0.0, -libm::sinf(azimuth.to_radians()));
    let forward = -to_camera;
    let world_from_camera = Mat3::from_cols(right, forward.cross(right), forward);
    (axis_angle(Vec3::Z, roll.to_radians()) * Quat::from_mat3(&world_from_camera).conjugate()).normalize()
}

/// Shift the camera so that the origin appears at a pixel, at a distance.
fn aim(camera: &mut Camera, pixel: Vec2, distance: f32) {
    camera.camera_from_world.translation_m = camera.ray(pixel).normalize_or(Vec3::Z) * distance;
}

/// Aim so that the box around the hands is in the middle of the picture; the pixel of the origin is returned.
fn centre(camera: &mut Camera, pictures: &[InPicture], distance: f32) -> Vec2 {
    let middle = Vec2::new(camera.intrinsics.width as f32, camera.intrinsics.height as f32) * 0.5;
    let mut pixel = middle;
    aim(camera, pixel, distance);
    for _ in 0..CENTRINGS {
        let keypoints = pictures.iter().flat_map(|picture| &picture.keypoints_m);
        let seen = keypoints.filter_map(|p| camera.project(camera.camera_from_world.point(*p)));
        let (low, high) = seen.fold((Vec2::INFINITY, Vec2::NEG_INFINITY), |(low, high), p| (low.min(p), high.max(p)));
        if !(low.is_finite() && high.is_finite()) {
            break;
        }
        pixel += middle - (low + high) * 0.5;
        aim(camera, pixel, distance);
    }
    pixel
}

/// Share of the keypoints that project into the picture, the least of all pictures.
fn share_inside(camera: &Camera, pictures: &[InPicture]) -> f32 {
    let (width, height) = (camera.intrinsics.width as f32, camera.intrinsics.height as f32);
    let margin = MARGIN * width.min(height);
    let (low, high) = (Vec2::splat(margin), Vec2::new(width, height) - margin);
    let is_inside = |p: &&Vec3| {
        let pixel = camera.project(camera.camera_from_world.point(**p));
        pixel.is_some_and(|p| p.cmpge(low).all() && p.cmple(high).all())
    };
    let share = |picture: &InPicture| {
        let points = &picture.keypoints_m;
        points.iter().filter(is_inside).count() as f32 / points.len().max(1) as f32
    };
    pictures.iter().map(share).fold(1.0, f32::min)
}

/// How far (pixels) the hands can be moved from a pixel in a direction while enough of them stays in the picture.
fn farthest_offset(
    camera: &Camera,
    preset: &Preset,
    pictures: &[InPicture],
    distance: f32,
    [centre, outward]: [Vec2; 2],
) -> f32 {
    let mut camera = *camera;
    let (mut low, mut high) = (0.0, Vec2::new(preset.width_px as f32, preset.height_px as f32).length() * 0.5);
    for _ in 0..HALVINGS {
        let middle = 0.5 * (low + high);
        aim(&mut camera, centre + outward * middle, distance);
        if share_inside(&camera, pictures) >= preset.min_in_frame { low = middle } else { high = middle }
    }
    low
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::preset::{Distribution, Preset as Whole};
    use crate::seed::dataset_stream;

    /// A cross of 18 cm, with a forearm that reaches down.
    fn cross() -> [InPicture; 1] {
        let arm = |axis: Vec3| (-3..=3).map(move |k| axis * (0.03 * k as f32));
        [InPicture { keypoints_m: arm(Vec3::X).chain(arm(Vec3::Y)).collect(), elbows_m: vec![Vec3::Y * -0.36] }]
    }

    #[test]
    fn enough_is_in_the_picture_and_the_distance_is_kept() {
        let preset = Whole::default().camera;
        let (low, high) = preset.distance_m.range();
        for item in 0..400 {
            let camera = camera(&preset, &cross(), false, &mut dataset_stream(1, "frame", item)).unwrap();
            assert!(share_inside(&camera, &cross()) >= preset.min_in_frame);
            let distance = camera.camera_from_world.translation_m.length();
            assert!(distance > low - 1e-4 && distance < high + 1e-4, "{distance}");
        }
    }

    #[test]
    fn azimuth_elevation_and_roll_mean_what_they_say() {
        let mut preset = Whole::default().camera;
        for (key, degrees) in [
            (&mut preset.azimuth_deg, 90.0),
            (&mut preset.elevation_deg, 30.0),
            (&mut preset.roll_deg, 0.0),
            (&mut preset.off_centre, 0.0),
        ] {
            *key = Distribution::Constant(degrees);
        }
        preset.distance_m = Distribution::Constant(1.0);
        let level = camera(&preset, &cross(), false, &mut dataset_stream(1, "axes", 0)).unwrap();
        let at = level.camera_from_world.inverse().translation_m;
        assert!(at.abs_diff_eq(direction(30.0, 90.0), 0.02), "{at}");
        // seen from +X, +Y is up in the picture and -Z is right
        let up = level.camera_from_world.direction(Vec3::Y);
        assert!(up.y < -0.8 && up.x.abs() < 1e-5, "{up}");
        assert!(level.camera_from_world.direction(Vec3::NEG_Z).abs_diff_eq(Vec3::X, 1e-5));
        preset.roll_deg = Distribution::Constant(90.0);
        let rolled = camera(&preset, &cross(), false, &mut dataset_stream(1, "axes", 0)).unwrap();
        assert!(rolled.camera_from_world.direction(Vec3::NEG_Z).abs_diff_eq(Vec3::Y, 1e-5));
    }

    #[test]
    fn elbows_stay_out_of_the_picture_where_they_can() {
        let mut preset = Whole::default().camera;
        preset.elevation_deg = Distribution::Constant(0.0);
        let shown = (0..200).filter(|item| {
            let camera = camera(&preset, &cross(), false, &mut dataset_stream(1, "elbow", *item)).unwrap();
            let at = camera.project(camera.camera_from_world.point(cross()[0].elbows_m[0])).unwrap();
            at.cmpge(Vec2::ZERO).all() && at.x <= preset.width_px as f32 && at.y <= preset.height_px as f32
        });
        assert!(shown.count() <= 4);
        // seen along the forearm there is no way out
        preset.elevation_deg = Distribution::Constant(90.0);
        camera(&preset, &cross(), false, &mut dataset_stream(1, "elbow", 0)).unwrap();
    }

    #[test]
    fn hands_too_large_for_the_picture_are_an_error_with_values() {
        let mut preset = Whole::default().camera;
        preset.distance_m = Distribution::Constant(0.1);
        let message = camera(&preset, &cross(), false, &mut dataset_stream(1, "near", 0)).unwrap_err().to_string();
        assert!(message.contains("0.1 m") && message.contains("hint:"), "{message}");
    }
}
