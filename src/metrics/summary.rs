//! What an evaluation found, as numbers with names. `None` (`null`) is what could not be computed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::rig::LANDMARK_COUNT;
use crate::tracker::Refusal;

/// Version of the summary written by this build.
pub const SUMMARY_VERSION: u32 = 1;

/// Everything, over all frames.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct EvaluationSummary {
    /// [`SUMMARY_VERSION`].
    pub format_version: u32,
    /// Frames seen.
    pub frames: u64,
    /// Frames with a label.
    pub labelled_frames: u64,
    /// Keypoint from which root-relative points are seen.
    pub root: String,
    /// Finding and following hands.
    pub tracks: TrackSummary,
    /// Keypoints after smoothing.
    pub keypoints: MethodSummary,
    /// Keypoints of the rig that was fitted to them.
    pub fit: MethodSummary,
    /// Jitter of the truth itself along the same tracks, metres per second³: what a perfect tracker shows.
    pub truth_jitter_m_s3: Option<f64>,
    /// By stage, over the frames in which it ran; `total` is the whole, over those in which the network ran. Empty if none did.
    pub latency: BTreeMap<String, LatencySummary>,
    /// What estimates tell of themselves.
    pub alone: AloneSummary,
    /// Places that were looked at and held no hand, by reason.
    pub refused: BTreeMap<Refusal, u64>,
    /// Frames in which an output of a network held numbers that are none (NaN or infinite), by output.
    pub broken_outputs: BTreeMap<String, u64>,
}

/// What estimates tell of themselves, without the truth.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct AloneSummary {
    /// Frames with at least one hand.
    pub frames_with_hands: u64,
    /// Of all frames.
    pub found_share: Option<f64>,
    /// Estimates, over all frames.
    pub left_hands: u64,
    /// Estimates, over all frames.
    pub right_hands: u64,
    /// Times that a track changed its side.
    pub side_changes: Option<u64>,
    /// Mean over hands.
    pub confidence_mean: Option<f64>,
    /// First decile over hands.
    pub confidence_p10: Option<f64>,
    /// Tracks begun; `None` without clips.
    pub tracks: Option<u64>,
    /// Tracks that ended while their clip went on.
    pub lost_tracks: Option<u64>,
    /// Standard deviation of a bone's length along a track over its mean; mean over bones and tracks. Bones of a hand known up to
    /// scale are measured by their sum.
    pub bone_spread: Option<f64>,
    /// Length of the second difference in the picture, mean over keypoints and frames.
    pub acceleration_px_per_frame2: Option<f64>,
    /// Length of the third difference in the picture.
    pub jitter_px_per_frame3: Option<f64>,
}

/// Finding and following hands.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct TrackSummary {
    /// True hands of which something is in the picture and not hidden.
    pub true_hands: u64,
    /// Of those, matched by an estimate.
    pub found: u64,
    /// Of those, not matched.
    pub missed: u64,
    /// Estimates that match no hand.
    pub surplus: u64,
    /// `found` over `true_hands`.
    pub detection_rate: Option<f64>,
    /// Estimates that match a hand, over all estimates.
    pub precision: Option<f64>,
    /// Share of matched hands whose side is right.
    pub side_accuracy: Option<f64>,
    /// Times that a hand of a clip was matched in one frame and not in the next.
    pub lost_tracks: Option<u64>,
    /// Times that a hand was matched in two consecutive frames of a clip by different tracks.
    pub identity_switches: Option<u64>,
}

/// One method's errors.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct MethodSummary {
    /// Hands compared.
    pub hands: u64,
    /// In the camera's frame.
    pub absolute: SpaceSummary,
    /// Seen from the root.
    pub root_relative: SpaceSummary,
    /// Seen from the root, with the true scale.
    pub scale_restored: SpaceSummary,
    /// After Procrustes alignment (determinant +1).
    pub aligned: SpaceSummary,
    /// In the picture.
    pub pixels: PixelSummary,
    /// Of the skinned rig; only a fit has one.
    pub mesh: MeshSummary,
    /// Along tracks.
    pub motion: MotionSummary,
    /// Error of the vector between the roots of a left and a right hand, millimetres (`InterHand2.6M`).
    pub mrrpe_mm: Option<f64>,
}

/// Errors in one space.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct SpaceSummary {
    /// Of all keypoints.
    pub all: PointSummary,
    /// Of visible ones.
    pub visible: PointSummary,
    /// Mean per part of the hand, millimetres.
    pub parts_mm: Parts,
    /// Mean per keypoint, millimetres.
    pub joints_mm: [Option<f64>; LANDMARK_COUNT],
    /// Ninth decile per keypoint, millimetres.
    pub joints_p90_mm: [Option<f64>; LANDMARK_COUNT],
    /// PCK over 0, 1 .. 50 mm.
    pub pck: Curve,
    /// Success over the largest keypoint error.
    pub success_max: Curve,
    /// Success over the mean keypoint error.
    pub success_mean: Curve,
}

/// Errors in space as single numbers. AUCs are 0 to 1, over PCK averaged over keypoints.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct PointSummary {
    /// Hands with at least one such keypoint.
    pub hands: u64,
    /// Mean over a hand's keypoints, then over hands.
    pub mpjpe_mm: Option<f64>,
    /// Median over hands of their mean error.
    pub median_mm: Option<f64>,
    /// Ninth decile over hands of their mean error.
    pub p90_mm: Option<f64>,
    /// Mean over hands of the largest error.
    pub max_joint_mm: Option<f64>,
    /// hand3d's mean.
    pub epe_mean_mm: Option<f64>,
    /// hand3d's median.
    pub epe_median_mm: Option<f64>,
    /// Share of keypoints within 20 mm.
    pub pck_20: Option<f64>,
    /// Share of keypoints within 30 mm.
    pub pck_30: Option<f64>,
    /// 20 thresholds.
    pub auc_0_50: Option<f64>,
    /// The last 12 of 20 thresholds: 21.05 to 50 mm.
    pub auc_20_50: Option<f64>,
    /// 100 thresholds.
    pub auc_0_50_steps_100: Option<f64>,
    /// 100 thresholds.
    pub auc_20_50_steps_100: Option<f64>,
    /// `auc_0_50` with keypoints of hands that were missed as wrong ones: what leaving out hard frames does not improve.
    pub auc_0_50_misses_count: Option<f64>,
}

/// Errors in the picture.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct PixelSummary {
    /// Hands compared.
    pub hands: u64,
    /// Mean over a hand's keypoints, then over hands, pixels.
    pub mean_px: Option<f64>,
    /// hand3d's mean, pixels.
    pub epe_mean_px: Option<f64>,
    /// hand3d's median, pixels.
    pub epe_median_px: Option<f64>,
    /// The same over visible keypoints, pixels.
    pub visible_epe_mean_px: Option<f64>,
    /// The same over visible keypoints, pixels.
    pub visible_epe_median_px: Option<f64>,
    /// AUC over 20 thresholds from 0 to 30 pixels.
    pub auc_0_30: Option<f64>,
    /// The same over visible keypoints.
    pub visible_auc_0_30: Option<f64>,
    /// PCK at .2 of the longer side of the true box.
    pub pck_box_02: Option<f64>,
    /// Mean per part, pixels.
    pub parts_px: Parts,
    /// 100 (1 - error over the longer side of the region that the model saw): "model performance" per finger as in
    /// Rahim et al., Table II.
    pub parts_percent: Parts,
}

/// Errors of meshes.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct MeshSummary {
    /// Hands compared.
    pub hands: u64,
    /// Mean vertex error.
    pub mpvpe_mm: Option<f64>,
    /// F-score at 5 mm.
    pub f_5: Option<f64>,
    /// F-score at 15 mm.
    pub f_15: Option<f64>,
    /// Mean vertex error after alignment.
    pub pa_mpvpe_mm: Option<f64>,
    /// F-score at 5 mm after alignment.
    pub pa_f_5: Option<f64>,
    /// F-score at 15 mm after alignment.
    pub pa_f_15: Option<f64>,
}

/// Smoothness along tracks.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct MotionSummary {
    /// As commonly printed.
    pub acceleration_error_mm_per_frame2: Option<f64>,
    /// The same by frames per second squared.
    pub acceleration_error_m_s2: Option<f64>,
    /// Length of the third difference by frames per second cubed.
    pub jitter_m_s3: Option<f64>,
}

/// Time of a stage.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct LatencySummary {
    /// Frames measured.
    pub frames: u64,
    /// Mean, milliseconds.
    pub mean_ms: Option<f64>,
    /// Median, milliseconds.
    pub p50_ms: Option<f64>,
    /// 99th percentile, milliseconds.
    pub p99_ms: Option<f64>,
}

/// Shares over thresholds; empty if there is nothing to show.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Curve {
    /// Rising, millimetres.
    pub thresholds_mm: Vec<f64>,
    /// 0 to 1.
    pub shares: Vec<f64>,
}

impl Curve {
    pub(super) fn new(thresholds_mm: &[f64], shares: Option<Vec<f64>>) -> Self {
        shares.map_or_else(Self::default, |shares| Self { thresholds_mm: thresholds_mm.to_vec(), shares })
    }
}

/// A number per part of the hand: mean over the keypoints of the part.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[expect(missing_docs, reason = "plain names")]
pub struct Parts {
    pub thumb: Option<f64>,
    pub index: Option<f64>,
    pub middle: Option<f64>,
    pub ring: Option<f64>,
    pub little: Option<f64>,
    pub fingertips: Option<f64>,
    pub wrist: Option<f64>,
    pub all: Option<f64>,
}

/// Names of the parts, in the order of [`Parts::values`].
pub const PART_NAMES: [&str; 8] = ["thumb", "index", "middle", "ring", "little", "fingertips", "wrist", "all"];

impl Parts {
    /// From a number per keypoint.
    pub fn from_joints(joints: &[Option<f64>; LANDMARK_COUNT]) -> Self {
        let mean = |keypoints: &mut dyn Iterator<Item = usize>| {
            let (sum, count) =
                keypoints.filter_map(|k| joints[k]).fold((0.0, 0), |(sum, count), value| (sum + value, count + 1));
            (count > 0).then(|| sum / f64::from(count))
        };
        let digit = |d: usize| mean(&mut (1 + 4 * d..5 + 4 * d));
        Self {
            thumb: digit(0),
            index: digit(1),
            middle: digit(2),
            ring: digit(3),
            little: digit(4),
            fingertips: mean(&mut (4..LANDMARK_COUNT).step_by(4)),
            wrist: joints[0],
            all: mean(&mut (0..LANDMARK_COUNT)),
        }
    }

    /// In the order of [`PART_NAMES`].
    pub fn values(&self) -> [Option<f64>; 8] {
        [self.thumb, self.index, self.middle, self.ring, self.little, self.fingertips, self.wrist, self.all]
    }
}
