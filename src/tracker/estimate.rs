//! What the tracker says of one hand at one moment.

use glam::{Vec2, Vec3};
use serde::{Deserialize, Serialize};

use crate::math::RigidTransform;
use crate::rig::{HandPose, HandShape, HandSide, LANDMARK_COUNT};

/// One hand in one shot. Pixels count from the corner of the first one, points are in the frame of the first camera
/// (+X right, +Y down, +Z forward), keypoints in the order of [`crate::rig::joint::LANDMARK_NAMES`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HandEstimate {
    /// Number of the track, from 0. A hand that is lost and found again gets a new number.
    pub track: u32,
    /// Left or right.
    pub side: HandSide,
    /// Probability of `side`, .5 to 1; .5 if nothing decided it.
    pub side_confidence: f32,
    /// Probability that there is a hand, 0 to 1.
    pub confidence: f32,
    /// Left, top, width, height of the region that the model saw, pixels of the first camera.
    pub box_px: [f32; 4],
    /// Pixels of the first camera; `None` for a keypoint that the model does not give.
    pub keypoints_px: [Option<Vec2>; LANDMARK_COUNT],
    /// Metres, after lifting and smoothing, before the fit; `None` where only pixels are known.
    pub keypoints_camera_m: [Option<Vec3>; LANDMARK_COUNT],
    /// Trust in each keypoint, 0 to 1.
    pub keypoint_confidence: [f32; LANDMARK_COUNT],
    /// False if the points are only right relative to each other or up to scale.
    pub metric: bool,
    /// The rig that was fitted to them; `None` if too few keypoints are known.
    pub fit: Option<HandFit>,
}

/// A rig bent and placed as a hand is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HandFit {
    /// Wrist of the hand in the camera's frame. A left hand's rig is mirrored across x = 0 first.
    pub camera_from_hand: RigidTransform,
    /// Joint angles, radians, within the rig's limits. The three of forearm and wrist are not seen from 21 keypoints and are 0.
    pub pose: HandPose,
    /// Coefficients of the rig's blend shapes.
    pub shape: HandShape,
    /// The rig's own keypoints, camera frame, metres.
    pub keypoints_camera_m: [Vec3; LANDMARK_COUNT],
    /// Root mean square distance of these to what they were fitted to, metres.
    pub residual_m: f32,
}
