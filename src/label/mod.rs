//! Labels of one picture, from the posed scene and the clean frame only; never from colour.

mod derive;

use glam::{Vec2, Vec3};
use serde::{Deserialize, Serialize};

use crate::math::RigidTransform;
use crate::rig::{HandPose, HandShape, HandSide, JOINT_COUNT, LANDMARK_COUNT};

pub use derive::derive;

/// Whether a keypoint is seen, and if not, why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Visibility {
    /// The flesh around the keypoint is what the camera sees there.
    Visible,
    /// Another part of the same hand is in front.
    HiddenBySelf,
    /// Another hand is in front.
    HiddenByOtherHand,
    /// An arm, or what else there is of a person (sleeve, body), is in front.
    HiddenByArm,
    /// An object is in front.
    HiddenByObject,
    /// It projects outside the picture.
    OutsidePicture,
    /// It lies behind the camera (or nearer than [`crate::camera::NEAR_M`]).
    BehindCamera,
    /// Not seen, and the dataset does not say why; never derived here.
    Hidden,
    /// Labelled, and the dataset does not say whether it is seen; never derived here.
    Unstated,
    /// The dataset has no such keypoint in this picture; never derived here.
    Absent,
}

impl Visibility {
    /// COCO's flag: 2 visible, 1 labelled but hidden (or nobody says), 0 not in the picture or not labelled.
    pub fn coco(self) -> u8 {
        match self {
            Self::Visible => 2,
            Self::OutsidePicture | Self::BehindCamera | Self::Absent => 0,
            _ => 1,
        }
    }
}

/// Labels of one picture.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Labels {
    /// In the scene's order.
    pub hands: Vec<HandLabels>,
}

/// Labels of one hand.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HandLabels {
    /// Id in the instance plane, from 1.
    pub instance: u8,
    /// Left or right.
    pub side: HandSide,
    /// Pixels, corner convention; `None` behind the camera.
    pub keypoints_px: [Option<Vec2>; LANDMARK_COUNT],
    /// Camera frame, metres.
    pub keypoints_camera_m: [Vec3; LANDMARK_COUNT],
    /// Seen or not, and why.
    pub visibility: [Visibility; LANDMARK_COUNT],
    /// Box of the visible hand (without arm): left, top, width, height, pixels; `None` if no pixel is seen.
    pub box_visible_px: Option<[f32; 4]>,
    /// Box of all keypoints in front of the camera, not clipped to the picture: left, top, width, height, pixels.
    pub box_keypoints_px: Option<[f32; 4]>,
    /// Pixels of the visible hand (without arm).
    pub visible_px: u32,
    /// Joint frames in the camera frame (26, the joints of [`crate::rig::JOINTS`]).
    pub camera_from_joint: [RigidTransform; JOINT_COUNT],
    /// Joint angles, radians.
    pub pose: HandPose,
    /// Coefficients of the rig's blend shapes.
    pub shape: HandShape,
}
