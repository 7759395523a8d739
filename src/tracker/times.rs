//! How long the stages of a shot take.

use std::time::Instant;

/// Time spent on the stages of one shot, milliseconds of the clock.
#[derive(Debug, Clone, Copy, PartialEq, Default, serde::Serialize, serde::Deserialize)]
pub struct StageTimes {
    /// Finding hands in the whole picture.
    pub detect: f32,
    /// Cutting patches out.
    pub crop: f32,
    /// The user's model.
    pub network: f32,
    /// From pixels to points in space.
    pub lift: f32,
    /// Filtering over time.
    pub smooth: f32,
    /// Fitting the rig.
    pub fit: f32,
}

impl StageTimes {
    /// Names and milliseconds, in the order in which they pass.
    pub fn named(&self) -> [(&'static str, f32); 6] {
        [
            ("detect", self.detect),
            ("crop", self.crop),
            ("network", self.network),
            ("lift", self.lift),
            ("smooth", self.smooth),
            ("fit", self.fit),
        ]
    }

    /// All stages, milliseconds.
    pub fn total(&self) -> f32 {
        self.named().iter().map(|(_, ms)| ms).sum()
    }
}

/// Milliseconds of the clock since a moment.
pub(super) fn ms_since(start: Instant) -> f32 {
    start.elapsed().as_secs_f32() * 1000.0
}
