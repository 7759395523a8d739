//! Whether a camera stands clear of the flesh and sees past the forearms.

use glam::Vec3;

use super::camera::InPicture;
use crate::rig::LANDMARK_COUNT;

/// No joint and no part of a forearm's axis is nearer to the camera, metres.
pub(super) const NEAREST_M: f32 = 0.12;
/// Radius of the forearm as an obstacle, metres.
const ARM_M: f32 = 0.05;
/// Balls that stand for a forearm, from a quarter of its length to its far end.
const BALLS: usize = 8;
/// Largest share of a hand's keypoints that may lie behind forearms.
const HIDDEN: f32 = 0.35;

/// True if nothing is too near to a camera at a world point and no hand is mostly behind a forearm.
pub(super) fn is_clear(camera_at: Vec3, subject: &InPicture) -> bool {
    let hands = || subject.keypoints_m.chunks_exact(LANDMARK_COUNT);
    let arms: Vec<Vec3> = hands().zip(&subject.elbows_m).flat_map(|(hand, elbow)| balls(hand[0], *elbow)).collect();
    let is_far = |p: &Vec3| p.distance(camera_at) > NEAREST_M;
    arms.iter().chain(&subject.keypoints_m).all(is_far) && hands().all(|hand| is_seen(camera_at, hand, &arms))
}

fn balls(wrist: Vec3, elbow: Vec3) -> impl Iterator<Item = Vec3> {
    (0..BALLS).map(move |k| wrist.lerp(elbow, 0.25 + 0.75 * k as f32 / (BALLS - 1) as f32))
}

fn is_seen(camera_at: Vec3, hand: &[Vec3], arms: &[Vec3]) -> bool {
    let behind = |p: &&Vec3| arms.iter().any(|ball| distance_to_segment(*ball, camera_at, **p) < ARM_M);
    hand.iter().filter(behind).count() as f32 <= HIDDEN * hand.len() as f32
}

fn distance_to_segment(p: Vec3, a: Vec3, b: Vec3) -> f32 {
    let ab = b - a;
    let t = ((p - a).dot(ab) / ab.length_squared().max(1e-12)).clamp(0.0, 1.0);
    p.distance(a + ab * t)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A hand along +Y on a forearm along -Y.
    fn subject() -> InPicture {
        let keypoints_m = (0..LANDMARK_COUNT).map(|k| Vec3::Y * (0.009 * k as f32)).collect();
        InPicture { keypoints_m, elbows_m: vec![Vec3::Y * -0.26] }
    }

    #[test]
    fn from_the_side_and_from_the_tips_the_view_is_clear() {
        assert!(is_clear(Vec3::new(0.5, 0.1, 0.0), &subject()));
        assert!(is_clear(Vec3::new(0.0, 0.7, 0.0), &subject()));
    }

    #[test]
    fn from_behind_the_elbow_the_arm_is_in_the_way() {
        assert!(!is_clear(Vec3::new(0.0, -0.6, 0.0), &subject()));
    }

    #[test]
    fn no_camera_stands_in_the_flesh() {
        assert!(!is_clear(Vec3::new(0.05, -0.2, 0.0), &subject()));
        assert!(!is_clear(Vec3::new(0.0, 0.25, 0.0), &subject()));
    }
}
