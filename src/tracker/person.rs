//! What was learned of the person whose hands are seen.

use super::fit::BoneLearner;
use super::raise::Raised;
use super::settings::TrackerSettings;
use crate::rig::{HandShape, Rig};

/// Confident shots after which the hand's shape is solved again; it is after each of the first ones.
const LEARN_EVERY: u64 = 10;

/// What was learned of the hands of the person that is seen; both sides are alike.
pub(super) struct Person {
    bones: BoneLearner,
    pub(super) shape: HandShape,
    learned: u64,
}

impl Person {
    pub(super) fn new(rig: &Rig, settings: &TrackerSettings) -> Self {
        let shape = HandShape(vec![0.0; rig.shapes.len()]);
        Self { bones: BoneLearner::new(settings.bones), shape, learned: 0 }
    }

    pub(super) fn learn(&mut self, rig: &Rig, raised: &Raised) {
        if !raised.metric || raised.camera_m.iter().all(Option::is_none) {
            return;
        }
        self.bones.learn(&raised.camera_m, &raised.confidence);
        self.learned += 1;
        if self.learned <= LEARN_EVERY || self.learned.is_multiple_of(LEARN_EVERY) {
            self.shape = self.bones.shape(rig).unwrap_or_else(|| self.shape.clone());
        }
    }
}
