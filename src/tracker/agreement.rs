//! How well keypoints explain the depth that they were read from.
//!
//! A network that knows one side makes a hand that could be of whatever it sees, of a mirrored hand too: its own keypoints do not
//! tell the side, what they leave unexplained does. Bones must lie behind the surface that is seen, and surface must have a bone
//! behind it.

use glam::{Vec2, Vec3};

use super::model::Prediction;
use super::patch::{Patch, Pixels};
use crate::frame::Plane;
use crate::rig::LANDMARK_COUNT;
use crate::rig::joint::LANDMARK_PARENT;

/// Points of surface that are asked for a bone, along both axes.
const ASKED: usize = 32;
/// Surface farther from every bone is that of an arm or a body, and counts as this, millimetres.
const FARTHEST_MM: f32 = 21.0;
/// A bone before the surface, or beside it, counts as this at most, millimetres.
const BEFORE_MM: f32 = 26.0;
/// Places along a bone that are asked for surface before them.
const PLACES: [f32; 3] = [0.0, 0.5, 1.0];

/// What keypoints leave unexplained of the depth; less is better.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Unexplained {
    /// Mean distance of the surface to the nearest bone, millimetres.
    pub(super) surface_mm: f32,
    /// Mean depth of bones before the surface, millimetres.
    pub(super) bones_mm: f32,
}

/// What keypoints leave unexplained of a patch. `None` for a patch without depth and for keypoints that are not all known.
pub(super) fn unexplained(prediction: &Prediction, patch: &Patch) -> Option<Unexplained> {
    let Pixels::Depth(cube) = &patch.pixels else { return None };
    let mm_per_px = 1000.0 * patch.cube?.1 / cube.width as f32;
    let half = cube.width as f32 / 2.0;
    let mut points = [Vec3::ZERO; LANDMARK_COUNT];
    for (point, found) in points.iter_mut().zip(&prediction.keypoints) {
        let found = (*found)?;
        *point = found.truncate().extend(found.z * half);
    }
    Some(Unexplained {
        surface_mm: mm_per_px * surface_without_bone(cube, &points, half, FARTHEST_MM / mm_per_px),
        bones_mm: mm_per_px * bone_before_surface(cube, &points, half, BEFORE_MM / mm_per_px),
    })
}

/// Mean distance in pixels of the patch, none more than `farthest`.
fn surface_without_bone(cube: &Plane<f32>, points: &[Vec3; LANDMARK_COUNT], half: f32, farthest: f32) -> f32 {
    let (mut sum, mut count) = (0.0, 0.0);
    let step = (cube.width as usize / ASKED).max(1);
    for y in (0..cube.height as usize).step_by(step) {
        for x in (0..cube.width as usize).step_by(step) {
            let z = cube.data[y * cube.width as usize + x];
            if z < 1.0 && z > -1.0 {
                let p = Vec3::new(x as f32 + 0.5, y as f32 + 0.5, z * half);
                let bones = (1..LANDMARK_COUNT).map(|k| distance(p, points[LANDMARK_PARENT[k]], points[k]));
                sum += bones.fold(farthest, f32::min);
                count += 1.0;
            }
        }
    }
    if count > 0.0 { sum / count } else { farthest }
}

/// Mean depth in pixels of the patch, none more than `most`.
fn bone_before_surface(cube: &Plane<f32>, points: &[Vec3; LANDMARK_COUNT], half: f32, most: f32) -> f32 {
    let (mut sum, mut count) = (0.0, 0.0);
    for k in 1..LANDMARK_COUNT {
        for share in PLACES {
            let p = points[LANDMARK_PARENT[k]].lerp(points[k], share);
            let surface = cube.at(Vec2::new(p.x, p.y)).filter(|z| *z < 1.0);
            sum += surface.map_or(most, |z| (z * half - p.z).clamp(0.0, most));
            count += 1.0;
        }
    }
    sum / count
}

fn distance(p: Vec3, a: Vec3, b: Vec3) -> f32 {
    let along = ((p - a).dot(b - a) / (b - a).length_squared().max(f32::MIN_POSITIVE)).clamp(0.0, 1.0);
    p.distance(a + (b - a) * along)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::camera::{Camera, Intrinsics, Lens};
    use crate::crop::CropSettings;
    use crate::math::RigidTransform;
    use crate::tracker::View;

    /// A cube with a flat ridge along +x whose front is 3 pixels before the keypoints of `prediction(0)`.
    fn patch() -> Patch {
        let intrinsics = Intrinsics { width: 200, height: 200, fx: 192.0, fy: 192.0, cx: 100.0, cy: 100.0 };
        let camera = Camera { intrinsics, lens: Lens::Pinhole, camera_from_world: RigidTransform::IDENTITY };
        let mut depth = Plane::filled(200, 200, 0.0);
        for y in 94..106 {
            for x in 70..130 {
                depth.data[y * 200 + x] = 0.5;
            }
        }
        let view = View { camera, calibrated: true, rgb: None, grey: None, depth_z_m: Some(depth) };
        Patch::depth(&view, Vec3::Z * 0.5, &CropSettings::default(), false).unwrap()
    }

    /// Keypoints in a row along the ridge, moved down by some pixels.
    fn prediction(down_px: f32) -> Prediction {
        let mut prediction = Prediction::nothing();
        for (k, keypoint) in prediction.keypoints.iter_mut().enumerate() {
            *keypoint = Some(Vec3::new(20.0 + 56.0 * k as f32 / 20.0, 48.0 + down_px, 3.0 / 48.0));
        }
        prediction
    }

    #[test]
    fn bones_behind_the_surface_explain_it_and_others_do_not() {
        let patch = patch();
        let right = unexplained(&prediction(0.0), &patch).unwrap();
        // the front is 3 pixels of 2.6 mm before the bones and up to 6 pixels wide
        assert!((7.0..16.0).contains(&right.surface_mm) && right.bones_mm < 1.0, "{right:?}");
        let beside = unexplained(&prediction(20.0), &patch).unwrap();
        assert!((beside.surface_mm - FARTHEST_MM).abs() < 0.1 && beside.bones_mm > 0.9 * BEFORE_MM, "{beside:?}");
        let mut before = prediction(0.0);
        before.keypoints.iter_mut().flatten().for_each(|p| p.z = -5.0 / 48.0);
        let before = unexplained(&before, &patch).unwrap();
        assert!((before.bones_mm - 5.0 * 2.6).abs() < 1.0, "{before:?}");
        assert_eq!(unexplained(&Prediction::nothing(), &patch), None);
    }
}
