//! How hands are followed.

use super::fit::{BoneSettings, FitSettings};
use super::smooth::Smoothing;

/// How hands are followed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TrackerSettings {
    /// Most hands followed at once, 1 or 2.
    pub hands: usize,
    /// How keypoints are smoothed over time.
    pub smoothing: Smoothing,
    /// How the rig is fitted to them; `None` if it is not.
    pub fit: Option<FitSettings>,
    /// What bone lengths are learned from.
    pub bones: BoneSettings,
    /// A hand is lost if the mean confidence of its keypoints, or the network's own word that there is one, is lower.
    pub least_confidence: f32,
    /// A hand is lost if the fitted rig is farther from its keypoints (root mean square), metres.
    pub worst_fit_m: f32,
    /// A longer time between shots ends all tracks, seconds.
    pub longest_gap_s: f64,
    /// While a hand is followed, others are sought every so many shots.
    pub seek_every: u64,
}

impl Default for TrackerSettings {
    fn default() -> Self {
        Self {
            hands: 1,
            smoothing: Smoothing::None,
            fit: Some(FitSettings::default()),
            bones: BoneSettings::default(),
            least_confidence: 0.3,
            worst_fit_m: 0.03,
            longest_gap_s: 0.5,
            seek_every: 5,
        }
    }
}
