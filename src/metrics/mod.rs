//! Truth and estimate meet here, and only here.
//!
//! Definitions are those of the field's evaluation code; where codes differ, each has a name of its own. Lengths are
//! reported in millimetres, angles nowhere. What cannot be computed (no truth in space, no fit, no clip) is `None`, never 0.
//!
//! | name | definition | as in |
//! |---|---|---|
//! | `mpjpe_mm` | distance of estimated and true keypoint; mean over a hand's keypoints, then over hands | JGR-P2O |
//! | `epe_mean_mm`, `epe_median_mm` | mean or median over hands for each keypoint, then mean over keypoints | hand3d |
//! | `pck` | share of keypoints with an error of at most t, for each keypoint over hands, then mean over keypoints | hand3d |
//! | `auc_0_50`, `auc_20_50` | trapezoid of PCK over 20 thresholds from 0 to 50 mm, and over those from the ninth on (21.05 mm); divided by the span | hand3d |
//! | `auc_0_50_steps_100`, `auc_20_50_steps_100` | the same over 100 thresholds | `FreiHAND`, HO-3D, `DexYCB` |
//! | success curves | share of hands whose largest (or mean) keypoint error is at most t = 0, 1 .. 84 mm | awesome-hand-pose-estimation |
//! | root-relative | both hands moved so that their roots coincide | `InterHand2.6M` (wrist), `GANerated` (middle MCP) |
//! | scale-restored | root-relative, estimate scaled so that its middle proximal phalanx (keypoints 9 and 10) is as long as the true one | hand3d |
//! | aligned (`PA`) | after the similarity (rotation with determinant +1, scale, shift) that brings the estimate nearest | VIBE |
//! | `mpvpe_mm`, `f_5`, `f_15` | mean vertex error; harmonic mean of the shares of vertices nearer than 5 or 15 mm to the other mesh, per hand, then mean | `FreiHAND` |
//! | acceleration error | distance of p(t-1) - 2 p(t) + p(t+1) of estimate and truth, mean over keypoints and frames | VIBE, `SmoothNet` |
//! | jitter | length of p(t+3) - 3 p(t+2) + 3 p(t+1) - p(t) by fps³, mean over keypoints and frames | `TransPose` |
//! | `alone` | what needs no truth: share of frames with a hand, confidence, tracks that end, deviation of a bone's length along a track over its mean, second and third differences in pixels | here |
//! | pixels | mean error; PCK at .2 of the longer side of the true box; AUC over 20 thresholds from 0 to 30 pixels | mmpose, hand3d |
//!
//! The root itself, whose error is then 0, counts as a keypoint, as in all of these codes. A keypoint counts as visible where its label says so or does not say ([`crate::label::Visibility::Unstated`]).

pub mod align;
mod alone;
pub mod curves;
pub mod errors;
mod evaluation;
mod hand_mesh;
mod matching;
pub mod mesh;
mod method;
pub mod motion;
mod pooled;
mod summary;
pub mod tracks;

pub use errors::{HandErrors, Points, Points2};
pub use evaluation::{Evaluation, FrameResult, HandResult, Moment, Options};
pub use matching::{Found, assign, match_hands, to_be_found};
pub use pooled::Pooled;
pub use summary::{
    AloneSummary, Curve, EvaluationSummary, LatencySummary, MeshSummary, MethodSummary, MotionSummary, PART_NAMES,
    Parts, PixelSummary, PointSummary, SUMMARY_VERSION, SpaceSummary, TrackSummary,
};
