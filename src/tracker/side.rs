//! Left or right: what one shot says of it, and what a track believes after many.
//!
//! A model that knows one side looks at a hand and at its mirror image. Log odds of a right hand by both tries:
//!
//! | difference of the tries | with a word of the network's own (`output.side`) | without |
//! |---|---|---|
//! | log odds of both words, summed | 0.6 | - |
//! | surface without a bone, left - right, mm | 0.8 | 1.2 |
//! | bones before the surface, left - right, mm | 0.07 | 0.13 |
//! | mean log odds of the keypoints' confidence, right - left | - | 3.7 |
//!
//! Logistic regressions on 1,000 hands of the split `validation` of `presets/jgr.toml` and their mirror images, as the bundled model sees
//! them; on 1,000 of `test` they tell 95 % and 91 %. Shots of one hand err alike, and a hand does not change its side: a track sums the
//! log odds up, forgetting old ones.

use super::agreement::Unexplained;
use crate::rig::{HandSide, LANDMARK_COUNT};

/// Log odds per unit of each difference.
struct Weights {
    said: f32,
    surface_mm: f32,
    bones_mm: f32,
    sure: f32,
}

const WITH_WORD: Weights = Weights { said: 0.6, surface_mm: 0.8, bones_mm: 0.07, sure: 0.0 };
const WITHOUT_WORD: Weights = Weights { said: 0.0, surface_mm: 1.2, bones_mm: 0.13, sure: 3.7 };
/// Without depth: fit residuals, metres per unit of log odds.
const RESIDUAL_M: f32 = 0.002;
/// Bounds of a confidence that is made into log odds.
const CONFIDENCES: [f32; 2] = [0.01, 0.99];
/// Another model's confidences may mean something else: they add no more than this.
const MOST_BY_SURE: f32 = 4.0;

/// Most that one shot says, log odds.
const MOST_PER_SHOT: f32 = 4.0;
/// What is left of the log odds when the next shot adds its own, and the share of these that it adds.
const KEPT: f32 = 0.85;
const ADDED: f32 = 0.35;
/// The other side must be ahead by so much before a track changes its mind, log odds.
const MARGIN: f32 = 0.3;
/// Log odds from which on the other side is no longer tried, but every so many shots.
const SETTLED: f32 = 3.0;
const DOUBT_EVERY: u64 = 8;
/// What a surely known hand adds for its neighbour to be the other one, log odds: persons have one of each, but there may be two.
const NEIGHBOUR: f32 = 1.0;

/// What speaks for a side that was tried.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Evidence {
    /// The network's own word, log odds of a right hand.
    pub(super) said: Option<f32>,
    pub(super) unexplained: Option<Unexplained>,
    /// Mean log odds of the keypoints' confidences.
    pub(super) sure: f32,
    /// Of the fitted rig; infinite without one.
    pub(super) residual_m: f32,
}

/// Mean log odds of confidences.
pub(super) fn sure(confidence: &[f32; LANDMARK_COUNT]) -> f32 {
    let [least, most] = CONFIDENCES;
    confidence.iter().map(|c| log_odds(c.clamp(least, most))).sum::<f32>() / LANDMARK_COUNT as f32
}

/// Log odds of a right hand by both tries; 0 where they do not tell.
pub(super) fn right_odds(right: &Evidence, left: &Evidence) -> f32 {
    let said = right.said.zip(left.said).map(|(a, b)| a + b);
    let weights = if said.is_some() { WITH_WORD } else { WITHOUT_WORD };
    let depth = match (right.unexplained, left.unexplained) {
        (Some(right), Some(left)) => {
            weights.surface_mm * (left.surface_mm - right.surface_mm)
                + weights.bones_mm * (left.bones_mm - right.bones_mm)
        }
        _ if said.is_some() => 0.0,
        _ => (left.residual_m - right.residual_m) / RESIDUAL_M,
    };
    let sure = (weights.sure * (right.sure - left.sure)).clamp(-MOST_BY_SURE, MOST_BY_SURE);
    [weights.said * said.unwrap_or(0.0), depth, sure].into_iter().filter(|odds| odds.is_finite()).sum()
}

/// Log odds of a right hand from a side and its probability.
pub(super) fn right_odds_of(side: HandSide, probability: f32) -> f32 {
    let [least, most] = CONFIDENCES;
    let odds = log_odds(probability.clamp(least, most));
    if side == HandSide::Right { odds } else { -odds }
}

fn log_odds(p: f32) -> f32 {
    libm::logf(p / (1.0 - p))
}

/// What a track believes of its side.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct SideBelief {
    /// Log odds of a right hand; those of the first shot count in full.
    odds: f32,
    /// What the other hand adds.
    lean: f32,
    side: Option<HandSide>,
    /// The last shot spoke against it.
    doubted: bool,
}

impl SideBelief {
    /// Takes in what one shot says, log odds of a right hand.
    pub(super) fn hear(&mut self, right_odds: f32) {
        let odds = if right_odds.is_finite() { right_odds.clamp(-MOST_PER_SHOT, MOST_PER_SHOT) } else { 0.0 };
        self.odds = if self.side.is_none() { odds } else { KEPT * self.odds + ADDED * odds };
        let now = self.odds + self.lean;
        let against = if self.side == Some(HandSide::Left) { now } else { -now };
        if self.side.is_none() || against > MARGIN {
            self.side = Some(if now >= 0.0 { HandSide::Right } else { HandSide::Left });
        }
        self.doubt(odds);
    }

    /// Takes in the word of one try alone: it moves nothing, but both are tried next if it speaks against the side.
    pub(super) fn doubt(&mut self, right_odds: f32) {
        self.doubted = right_odds * self.sign() < 0.0;
    }

    /// Leans away from the sides of other hands.
    pub(super) fn beside<'a>(&mut self, others: impl Iterator<Item = &'a Self>) {
        self.lean = -NEIGHBOUR * others.map(|other| libm::tanhf(other.odds / 2.0)).sum::<f32>();
    }

    /// The side that shots so far speak for, and its probability.
    pub(super) fn side(&self) -> (HandSide, f32) {
        let odds = (self.odds + self.lean) * self.sign();
        (self.side.unwrap_or(HandSide::Right), (1.0 / (1.0 + libm::expf(-odds))).max(0.5))
    }

    /// The side, if it is sure enough not to try the other one at a track's n-th shot.
    pub(super) fn settled(&self, shots: u64) -> Option<HandSide> {
        let sure = self.odds * self.sign() >= SETTLED && !self.doubted;
        self.side.filter(|_| sure && !shots.is_multiple_of(DOUBT_EVERY))
    }

    fn sign(&self) -> f32 {
        if self.side == Some(HandSide::Left) { -1.0 } else { 1.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(shots: &[f32]) -> SideBelief {
        let mut belief = SideBelief::default();
        for odds in shots {
            belief.hear(*odds);
        }
        belief
    }

    #[test]
    fn what_explains_more_and_is_surer_speaks_for_its_side() {
        let evidence = |surface_mm, bones_mm, confidence| Evidence {
            said: None,
            unexplained: Some(Unexplained { surface_mm, bones_mm }),
            sure: sure(&[confidence; LANDMARK_COUNT]),
            residual_m: f32::INFINITY,
        };
        let (good, bad) = (evidence(9.0, 2.0, 0.8), evidence(10.0, 4.0, 0.8));
        let odds = WITHOUT_WORD.surface_mm + 2.0 * WITHOUT_WORD.bones_mm;
        assert!((right_odds(&good, &bad) - odds).abs() < 1e-5 && (right_odds(&bad, &good) + odds).abs() < 1e-5);
        let unsure = Evidence { sure: sure(&[0.5; LANDMARK_COUNT]), ..good };
        assert!(
            (right_odds(&good, &unsure) - MOST_BY_SURE).abs() < 1e-5,
            "log odds of .8 are 1.39, and they are capped"
        );
        let flat =
            |residual_m| Evidence { said: None, unexplained: None, sure: sure(&[1.0; LANDMARK_COUNT]), residual_m };
        assert!((right_odds(&flat(0.004), &flat(0.008)) - 2.0).abs() < 1e-5);
        assert_eq!(right_odds(&flat(f32::INFINITY), &flat(f32::INFINITY)).to_bits(), 0.0_f32.to_bits());
        // a network that has a word of its own is believed, as far as the depth does not tell otherwise
        let said = |side, p| Some(right_odds_of(side, p));
        let unexplained = good.unexplained;
        let right = Evidence { said: said(HandSide::Right, 0.8), unexplained, ..bad };
        let left = Evidence { said: said(HandSide::Left, 0.6), unexplained, ..good };
        assert!((right_odds(&right, &left) - WITH_WORD.said * (1.386 - 0.405)).abs() < 1e-3);
        let right = Evidence { unexplained: bad.unexplained, ..right };
        assert!(right_odds(&right, &left) < 0.0);
    }

    #[test]
    fn a_wrong_first_shot_is_put_right_within_a_few() {
        let side = |later: usize| after(&[vec![-2.5], vec![2.5; later]].concat()).side().0;
        assert_eq!((side(0), side(5)), (HandSide::Left, HandSide::Right));
        // one that was believed for a second
        let settled = after(&[vec![-3.0; 30], vec![3.0; 8]].concat());
        assert_eq!(settled.side().0, HandSide::Right);
    }

    #[test]
    fn single_shots_do_not_turn_a_side_and_noise_does_not_make_it_flicker() {
        let mut belief = after(&[2.0; 12]);
        belief.hear(-4.0);
        belief.hear(-4.0);
        assert_eq!(belief.side().0, HandSide::Right);
        let mut belief = after(&[0.3]);
        let mut turns = 0;
        for k in 0..60 {
            let before = belief.side().0;
            belief.hear(if k % 2 == 0 { -1.0 } else { 1.0 });
            turns += u32::from(belief.side().0 != before);
        }
        assert!(turns <= 1, "{turns}");
    }

    #[test]
    fn a_settled_side_is_seldom_asked_and_a_doubted_one_at_once() {
        let mut belief = after(&[3.0; 4]);
        let asked = |belief: &SideBelief| (0..80).filter(|shots| belief.settled(*shots).is_none()).count() as u64;
        assert_eq!(asked(&belief), 80 / DOUBT_EVERY);
        belief.doubt(-0.5);
        assert_eq!(asked(&belief), 80);
        belief.doubt(0.5);
        assert_eq!(asked(&belief), 80 / DOUBT_EVERY);
        belief.hear(-0.5);
        assert_eq!(asked(&belief), 80);
        assert_eq!(asked(&after(&[1.0; 4])), 80, "not sure enough");
    }

    #[test]
    fn hands_of_one_person_differ_unless_they_clearly_do_not() {
        let sure_right = after(&[4.0; 6]);
        let mut unsure = SideBelief::default();
        unsure.beside(std::iter::once(&sure_right));
        unsure.hear(0.5);
        assert_eq!(unsure.side().0, HandSide::Left);
        let mut other = SideBelief::default();
        other.beside(std::iter::once(&sure_right));
        other.hear(2.0);
        assert_eq!(other.side().0, HandSide::Right, "two persons");
    }
}
