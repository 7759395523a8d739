//! Posed scene and clean frame to labels: projection, typed visibility, boxes.

use glam::{Vec2, Vec3};

use super::{HandLabels, Labels, Visibility};
use crate::camera::Camera;
use crate::frame::{Frame, NO_DEPTH};
use crate::posed::{PosedHand, PosedScene};
use crate::rig::joint::DIGITS;
use crate::rig::part::{BACKGROUND_ID, PERSON_ID};
use crate::rig::{HandPart, HandSide, Joint, LANDMARK_COUNT, LANDMARKS, Rig};

/// A joint lies inside the flesh: its own flesh is seen up to this many radii in front of it (a bone seen at a slant).
const FLESH_RADII: f32 = 1.75;
/// Least radius of flesh around a joint, metres; also that of joints without a capsule.
const MIN_FLESH_RADIUS_M: f32 = 0.008;

/// Labels of all hands of a scene from its frame.
///
/// Keypoints are projected, not found; depth, part and instance planes only decide which of them are seen. A keypoint is
/// visible where the frame shows the segments that meet at its joint, no further in front of it than flesh is thick.
/// Where the frame shows nothing in front of the joint (a tip rounded off the silhouette) the neighbouring pixels decide.
pub fn derive(posed: &PosedScene, frame: &Frame) -> Labels {
    let instances = (1..=u8::MAX).zip(&posed.hands).zip(&posed.scene.hands);
    let hands = instances.map(|((instance, hand), scene_hand)| {
        let camera = &posed.scene.camera;
        let keypoints_camera_m = hand.landmarks_m.map(|p| camera.camera_from_world.point(p));
        let keypoints_px = keypoints_camera_m.map(|p| camera.project(p));
        let radii_m = flesh_radii_m(hand);
        let seen = Seen { frame, camera, instance, hands: posed.hands.len() };
        let visibility = std::array::from_fn(|k| {
            let flesh = Flesh { parts: meeting_parts(k, hand.side), reach_m: FLESH_RADII * radii_m[k] };
            seen.visibility(keypoints_px[k], keypoints_camera_m[k], &flesh)
        });
        let (box_visible_px, visible_px) = visible_extent(frame, instance);
        HandLabels {
            instance,
            side: hand.side,
            keypoints_px,
            keypoints_camera_m,
            visibility,
            box_visible_px,
            box_keypoints_px: bounding_box(&keypoints_px),
            visible_px,
            camera_from_joint: hand.world_from_joint.map(|joint| camera.camera_from_world * joint),
            pose: scene_hand.pose,
            shape: scene_hand.shape.clone(),
        }
    });
    Labels { hands: hands.collect() }
}

/// RHD ids of the two segments that meet at a landmark; a tip has one, twice.
fn meeting_parts(landmark: usize, side: HandSide) -> [u8; 2] {
    let id = |part: HandPart| HandPart::rhd_id(part.index(), side);
    let Some(k) = landmark.checked_sub(1) else {
        return [id(HandPart::Palm), id(HandPart::Arm)];
    };
    let segment = |from_tip| id(HandPart::Segment(DIGITS[k / 4], from_tip));
    match k % 4 {
        0 => [id(HandPart::Palm), segment(2)],
        1 => [segment(2), segment(1)],
        2 => [segment(1), segment(0)],
        _ => [segment(0), segment(0)],
    }
}

/// Radius of the flesh around each landmark's joint, metres: the rig's capsules, scaled to the posed hand.
fn flesh_radii_m(hand: &PosedHand) -> [f32; LANDMARK_COUNT] {
    let scale = hand_scale(&hand.rig, &hand.landmarks_m);
    LANDMARKS.map(|joint| {
        let ends = hand.rig.capsules.iter().filter_map(|c| match c.joint {
            j if j == joint => Some(c.start_radius_m),
            j if joint.parent() == Some(j) => Some(c.end_radius_m),
            _ => None,
        });
        ends.map(|r| r * scale).fold(MIN_FLESH_RADIUS_M, f32::max)
    })
}

/// Size of the posed hand over that of the rig's mean, by the middle finger's proximal phalanx.
fn hand_scale(rig: &Rig, landmarks_m: &[Vec3; LANDMARK_COUNT]) -> f32 {
    let mean_m = rig.skeleton.offset_m[Joint::MiddleFingerPhalanxIntermediate.index()].length();
    if mean_m > 0.0 { landmarks_m[9].distance(landmarks_m[10]) / mean_m } else { 1.0 }
}

/// What may lie in front of a visible joint.
struct Flesh {
    /// RHD ids of the segments that meet there.
    parts: [u8; 2],
    /// How far in front of the joint along the ray it may be seen, metres.
    reach_m: f32,
}

/// The frame, looked at for the joints of one hand.
struct Seen<'a> {
    frame: &'a Frame,
    camera: &'a Camera,
    instance: u8,
    hands: usize,
}

/// What one pixel shows against a joint.
#[derive(PartialEq)]
enum Against {
    Flesh,
    Occluder(Visibility),
    Behind,
}

impl Seen<'_> {
    fn visibility(&self, pixel: Option<Vec2>, joint_m: Vec3, flesh: &Flesh) -> Visibility {
        let Some(pixel) = pixel else {
            return Visibility::BehindCamera;
        };
        if self.frame.instance.at(pixel).is_none() {
            return Visibility::OutsidePicture;
        }
        let (x, y) = (pixel.x.floor() as i64, pixel.y.floor() as i64);
        let ray_length = self.camera.ray(pixel).length();
        let look = |dx, dy| self.against(x + dx, y + dy, joint_m.z, ray_length, flesh);
        match look(0, 0) {
            Against::Flesh => Visibility::Visible,
            Against::Occluder(why) => why,
            Against::Behind => around(look),
        }
    }

    fn against(&self, x: i64, y: i64, joint_z_m: f32, ray_length: f32, flesh: &Flesh) -> Against {
        let planes = (self.frame.depth_z_m.get(x, y), self.frame.part.get(x, y), self.frame.instance.get(x, y));
        let (Some(depth_z_m), Some(part), Some(instance)) = planes else {
            return Against::Behind;
        };
        if depth_z_m == NO_DEPTH {
            return Against::Behind;
        }
        let in_front_m = (joint_z_m - depth_z_m) * ray_length;
        let own = instance == self.instance && flesh.parts.contains(&part);
        if own && in_front_m.abs() <= flesh.reach_m {
            Against::Flesh
        } else if in_front_m <= 0.0 {
            Against::Behind
        } else {
            Against::Occluder(self.occluder(part, instance))
        }
    }

    fn occluder(&self, part: u8, instance: u8) -> Visibility {
        if part == PERSON_ID {
            Visibility::HiddenByArm
        } else if instance == 0 || usize::from(instance) > self.hands {
            Visibility::HiddenByObject
        } else if instance == self.instance {
            Visibility::HiddenBySelf
        } else {
            Visibility::HiddenByOtherHand
        }
    }
}

/// Nothing is in front at the joint's own pixel: the joint is seen unless its neighbours show only what hides it.
fn around(look: impl Fn(i64, i64) -> Against) -> Visibility {
    let mut hidden = None;
    for (dx, dy) in [(-1, 0), (1, 0), (0, -1), (0, 1), (-1, -1), (1, -1), (-1, 1), (1, 1)] {
        match look(dx, dy) {
            Against::Flesh => return Visibility::Visible,
            Against::Occluder(why) => hidden = hidden.or(Some(why)),
            Against::Behind => {}
        }
    }
    hidden.unwrap_or(Visibility::Visible)
}

/// Box (left, top, width, height) and number of the pixels that show a hand without its arm.
fn visible_extent(frame: &Frame, instance: u8) -> (Option<[f32; 4]>, u32) {
    let width = frame.instance.width as usize;
    let (mut left, mut right, mut top, mut bottom) = (usize::MAX, 0, usize::MAX, 0);
    let mut count = 0;
    if width == 0 {
        return (None, 0);
    }
    let rows = frame.instance.data.chunks_exact(width).zip(frame.part.data.chunks_exact(width));
    for (y, (instances, parts)) in rows.enumerate() {
        let shows = |(i, p): (&u8, &u8)| *i == instance && *p != BACKGROUND_ID && *p != PERSON_ID;
        let in_row: u32 = instances.iter().zip(parts).map(|pixel| u32::from(shows(pixel))).sum();
        if in_row == 0 {
            continue;
        }
        count += in_row;
        (top, bottom) = (top.min(y), y + 1);
        left = left.min(instances.iter().zip(parts).position(shows).unwrap_or(left));
        right = right.max(instances.iter().zip(parts).rposition(shows).map_or(right, |x| x + 1));
    }
    let corners = (count > 0).then(|| [left as f32, top as f32, (right - left) as f32, (bottom - top) as f32]);
    (corners, count)
}

/// Box (left, top, width, height) of the keypoints that have a pixel.
fn bounding_box(keypoints_px: &[Option<Vec2>]) -> Option<[f32; 4]> {
    let mut points = keypoints_px.iter().flatten();
    let first = *points.next()?;
    let (lo, hi) = points.fold((first, first), |(lo, hi), p| (lo.min(*p), hi.max(*p)));
    Some([lo.x, lo.y, hi.x - lo.x, hi.y - lo.y])
}

#[cfg(test)]
mod tests;
