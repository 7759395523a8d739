//! From where the camera looks at a hand, for hands with and without joint frames.

use glam::{Mat3, Vec3};

use crate::dataset::HandRecord;
use crate::rig::{HandSide, Joint};

/// The camera's place in the frame of the hand as a right one (+X to the thumb's side, +Y to the fingers, +Z out of the palm),
/// metres; `None` if too little is labelled.
pub fn camera_in_hand(hand: &HandRecord) -> Option<Vec3> {
    let mut place = match &hand.camera_from_joint {
        Some(joints) => joints[Joint::Wrist.index()].inverse().translation_m,
        None => from_keypoints(hand)?,
    };
    if hand.side == Some(HandSide::Left) {
        place.x = -place.x;
    }
    Some(place)
}

/// The wrist's frame from wrist (or palm), index and little MCP.
fn from_keypoints(hand: &HandRecord) -> Option<Vec3> {
    let p = &hand.keypoints_camera_m;
    let (index, middle, little) = (p[5]?, p[9]?, p[17]?);
    let origin = p[0].or_else(|| hand.extra_points.values().find_map(|point| point.camera_m))?;
    let along = (middle - origin).try_normalize()?;
    let across = index - little;
    let across = (across - along * across.dot(along)).try_normalize()?;
    // seen from the palm, the thumb of a right hand is at its right; a left hand's frame is mirrored back by the caller
    let across = if hand.side == Some(HandSide::Left) { -across } else { across };
    let camera_from_hand = Mat3::from_cols(across, along, across.cross(along));
    Some(camera_from_hand.transpose() * -origin)
}
