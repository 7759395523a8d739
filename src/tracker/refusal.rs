//! Why there is no hand where one was sought.

use serde::{Deserialize, Serialize};

/// Why no hand was seen at a place that was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// No patch can be cut there: outside the picture or, of a stereo model, of either; behind the camera; or without depth.
    NothingThere,
    /// The model gave numbers that are none (NaN or infinite).
    NoNumbers,
    /// Fewer keypoints than a hand needs are in the picture.
    FewKeypoints,
    /// The model is not sure that there is a hand, or its keypoints are not sure enough on average.
    Unsure,
    /// No hand has such keypoints: the fitted rig is too far from them.
    PoorFit,
}

impl Refusal {
    /// In words that go on from "a place was given up:".
    pub fn words(self) -> &'static str {
        match self {
            Self::NothingThere => "nothing to be seen there (outside a picture, behind the camera, or without depth)",
            Self::NoNumbers => "the model gave numbers that are none",
            Self::FewKeypoints => "too few keypoints in the picture",
            Self::Unsure => "the model is not sure enough",
            Self::PoorFit => "no hand has such keypoints",
        }
    }
}
