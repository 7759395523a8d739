//! What the model sees at places, taken for one side or for both.

use std::time::Instant;

use super::agreement::{Unexplained, unexplained};
use super::error::TrackError;
use super::estimate::HandFit;
use super::fit::FitTarget;
use super::follow::{Tracked, Tracker, add_names};
use super::model::{InputKind, Prediction};
use super::patch::Patch;
use super::place::Place;
use super::raise::{Raised, Raiser};
use super::shot::Shot;
use super::side::{Evidence, right_odds_of, sure};
use super::times::ms_since;
use crate::rig::{HandSide, LANDMARK_COUNT};

/// Keypoints that a hand must have.
pub(super) const LEAST_KEYPOINTS: usize = 6;

/// What was seen at a place, taken for one side.
pub(super) struct Look {
    pub(super) side: HandSide,
    pub(super) raised: Raised,
    /// The network gave numbers that are none.
    pub(super) is_broken: bool,
    /// The network's own word.
    pub(super) said: Option<(HandSide, f32)>,
    presence: Option<f32>,
    /// What it leaves unexplained of the depth; only asked where both sides are tried.
    unexplained: Option<Unexplained>,
    pub(super) box_px: [f32; 4],
    pub(super) fit: Option<HandFit>,
}

impl Look {
    /// Probability that there is a hand.
    pub(super) fn confidence(&self) -> f32 {
        let mean = self.raised.confidence.iter().sum::<f32>() / LANDMARK_COUNT as f32;
        self.presence.map_or(mean, |presence| presence.min(mean))
    }

    /// What is fitted.
    pub(super) fn target(&self, side: HandSide) -> FitTarget {
        if self.raised.camera_m.iter().flatten().count() >= LEAST_KEYPOINTS {
            FitTarget::in_space(side, &self.raised.camera_m, &self.raised.confidence)
        } else {
            FitTarget::in_picture(side, &self.raised.px, &self.raised.confidence)
        }
    }

    /// How far the fitted rig is from the keypoints, root mean square, metres.
    pub(super) fn residual_m(&self) -> f32 {
        self.fit.as_ref().map_or(f32::INFINITY, |fit| fit.residual_m)
    }

    /// What speaks for its side.
    pub(super) fn evidence(&self) -> Evidence {
        let sure = sure(&self.raised.confidence);
        let said = self.said.map(|(side, probability)| right_odds_of(side, probability));
        Evidence { said, unexplained: self.unexplained, sure, residual_m: self.residual_m() }
    }
}

impl Tracker {
    /// What the model sees at places: for each one look per side that it may be. All go through the network together.
    pub(super) fn look(
        &self,
        shot: &Shot,
        places: &[Place],
        tracked: &mut Tracked,
    ) -> Result<Vec<Vec<Look>>, TrackError> {
        let (spec, times) = (self.model.spec(), &mut tracked.times);
        let start = Instant::now();
        let mut cut: Vec<(usize, HandSide, Vec<Patch>)> = Vec::new();
        for (number, place) in places.iter().enumerate() {
            for (side, mirrored) in sides(spec.side, place.side) {
                if let Some(patches) = place.patches(shot, spec, mirrored) {
                    cut.push((number, side, patches));
                }
            }
        }
        let mut looks: Vec<Vec<Look>> = places.iter().map(|_| Vec::new()).collect();
        if cut.is_empty() {
            // what does not run takes no time
            return Ok(looks);
        }
        times.crop += ms_since(start);
        let start = Instant::now();
        let patches: Vec<Patch> = cut.iter().flat_map(|(_, _, patches)| patches.iter().cloned()).collect();
        let mut predictions = self.model.predict(&patches)?.into_iter();
        times.network += ms_since(start);
        let start = Instant::now();
        let raiser = Raiser { rig: &self.rig, shape: &self.person.shape, spec, shot };
        let one_for_all = spec.input.kind == InputKind::StereoGrey && !spec.output.per_view;
        for (number, side, patches) in cut {
            let count = if one_for_all { 1 } else { patches.len() };
            let predictions: Vec<Prediction> = predictions.by_ref().take(count).collect();
            let Some(first) = predictions.first() else { continue };
            for prediction in &predictions {
                add_names(&mut tracked.broken_outputs, &prediction.broken_outputs);
            }
            let both = spec.side.is_some() && places[number].side.is_none();
            looks[number].push(Look {
                side,
                raised: raiser.raise(&predictions, &patches),
                is_broken: predictions.iter().any(|p| !p.broken_outputs.is_empty()),
                said: first.side,
                presence: first.presence,
                unexplained: if both { unexplained(first, &patches[0]) } else { None },
                box_px: patches[0].box_px(),
                fit: None,
            });
        }
        times.lift += ms_since(start);
        Ok(looks)
    }
}

/// Sides to try, and whether the patch is mirrored for them.
fn sides(known: Option<HandSide>, place: Option<HandSide>) -> Vec<(HandSide, bool)> {
    let other = |side| if side == HandSide::Right { HandSide::Left } else { HandSide::Right };
    match (known, place) {
        (None, side) => vec![(side.unwrap_or(HandSide::Right), false)],
        (Some(known), Some(side)) => vec![(side, side != known)],
        (Some(known), None) => vec![(known, false), (other(known), true)],
    }
}
