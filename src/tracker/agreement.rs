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

/// Every so many pixels, along both axes, the surface is asked for a bone.
const STEP: usize = 3;
/// Surface farther from every bone is that of an arm or a body, and counts as this, pixels of the patch.
const FARTHEST_PX: f32 = 8.0;
/// A bone before the surface, or beside it, counts as this at most, pixels.
const BEFORE_PX: f32 = 10.0;
/// What such a bone weighs against surface without one: from a logistic regression on 500 hands of `presets/jgr.toml` and their mirror
/// images, of which it tells 83 % apart.
const BEFORE_WEIGHT: f32 = 0.1;
/// Places along a bone that are asked for surface before them.
const PLACES: [f32; 3] = [0.0, 0.5, 1.0];

/// Mean distance of surface to bones, and a share of that of bones before it, pixels of the patch (one is 1/96 of 250 mm for most); less is
/// better. `None` for a patch without depth and for keypoints that are not all known.
pub(super) fn unexplained_px(prediction: &Prediction, patch: &Patch) -> Option<f32> {
    let Pixels::Depth(cube) = &patch.pixels else { return None };
    let half = cube.width as f32 / 2.0;
    let mut points = [Vec3::ZERO; LANDMARK_COUNT];
    for (point, found) in points.iter_mut().zip(&prediction.keypoints) {
        let found = (*found)?;
        *point = found.truncate().extend(found.z * half);
    }
    Some(surface_without_bone(cube, &points, half) + BEFORE_WEIGHT * bone_before_surface(cube, &points, half))
}

fn surface_without_bone(cube: &Plane<f32>, points: &[Vec3; LANDMARK_COUNT], half: f32) -> f32 {
    let (mut sum, mut count) = (0.0, 0.0);
    for y in (0..cube.height as usize).step_by(STEP) {
        for x in (0..cube.width as usize).step_by(STEP) {
            let z = cube.data[y * cube.width as usize + x];
            if z < 1.0 && z > -1.0 {
                let p = Vec3::new(x as f32 + 0.5, y as f32 + 0.5, z * half);
                let bones = (1..LANDMARK_COUNT).map(|k| distance(p, points[LANDMARK_PARENT[k]], points[k]));
                sum += bones.fold(FARTHEST_PX, f32::min);
                count += 1.0;
            }
        }
    }
    if count > 0.0 { sum / count } else { FARTHEST_PX }
}

fn bone_before_surface(cube: &Plane<f32>, points: &[Vec3; LANDMARK_COUNT], half: f32) -> f32 {
    let (mut sum, mut count) = (0.0, 0.0);
    for k in 1..LANDMARK_COUNT {
        for share in PLACES {
            let p = points[LANDMARK_PARENT[k]].lerp(points[k], share);
            let surface = cube.at(Vec2::new(p.x, p.y)).filter(|z| *z < 1.0);
            sum += surface.map_or(BEFORE_PX, |z| (z * half - p.z).clamp(0.0, BEFORE_PX));
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
        let right = unexplained_px(&prediction(0.0), &patch).unwrap();
        assert!((2.5..6.0).contains(&right), "{right}");
        let beside = unexplained_px(&prediction(20.0), &patch).unwrap();
        assert!(beside > FARTHEST_PX + 0.09 * BEFORE_PX, "{beside}");
        let mut before = prediction(0.0);
        before.keypoints.iter_mut().flatten().for_each(|p| p.z = -5.0 / 48.0);
        let before = unexplained_px(&before, &patch).unwrap();
        assert!(before > right + 1.0 && before < beside, "{before}");
        assert_eq!(unexplained_px(&Prediction::nothing(), &patch), None);
    }
}
