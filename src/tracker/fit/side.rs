//! Left or right by trying both.

use super::{FitTarget, Fitter, LEAST_WRONG_M, WRONG, finished};
use crate::camera::Camera;
use crate::rig::{HandShape, HandSide};
use crate::tracker::estimate::HandFit;

use super::solve::Stage;

/// Errors of a hand's keypoints go together, so that 21 of them say as much as three would if each stood alone.
const INDEPENDENT: f64 = 1.0 / 7.0;
/// Least error that keypoints are taken to have, metres: a rig is never quite the person's hand.
const LEAST_NOISE_M: f32 = 0.002;

/// The same keypoints fitted as a left and as a right hand.
///
/// A flat hand is nearly its own mirror image (seen from the other side): only the arch of the palm, the thumb and the way the
/// fingers bend tell. Then `right_probability` stays near .5, and a model's own answer is to be preferred.
#[derive(Debug, Clone, PartialEq)]
pub struct SideFits {
    /// Fitted as a left hand.
    pub left: Option<HandFit>,
    /// Fitted as a right hand.
    pub right: Option<HandFit>,
    /// Probability of a right hand, 0 to 1; .5 if neither could be fitted.
    pub right_probability: f32,
}

impl SideFits {
    /// The likelier side, its probability (.5 to 1), and its fit.
    pub fn better(&self) -> Option<(HandSide, f32, &HandFit)> {
        let right = || Some((HandSide::Right, self.right_probability, self.right.as_ref()?));
        let left = || Some((HandSide::Left, 1.0 - self.right_probability, self.left.as_ref()?));
        if self.right_probability >= 0.5 { right().or_else(left) } else { left().or_else(right) }
    }
}

impl Fitter {
    /// Fits keypoints as both sides (`target.side` does not matter) and compares how well keypoints and natural poses agree.
    pub fn fit_both_sides(&self, target: &FitTarget, camera: &Camera, shape: &HandShape) -> SideFits {
        let Some(skeleton) = self.shaped(shape) else {
            return SideFits { left: None, right: None, right_probability: 0.5 };
        };
        let one = |side| {
            let mut problem = self.problem(&skeleton, &FitTarget { side, ..*target }, camera)?;
            let fitted = self.solve(&mut problem, None)?;
            Some((finished(&problem, &fitted, shape)?, problem, fitted))
        };
        let (left, right) = (one(HandSide::Left), one(HandSide::Right));
        let right_probability = match (&left, &right) {
            (None, None) => 0.5,
            (Some(_), None) => 0.0,
            (None, Some(_)) => 1.0,
            (Some((_, left, a)), Some((_, right, b))) => {
                let noise_m = a.noise_m.min(b.noise_m).max(LEAST_NOISE_M);
                let stage = Stage { robust_m: (2.0 * WRONG * noise_m).max(LEAST_WRONG_M), noise_m, steps: 0 };
                let variance = f64::from(noise_m * noise_m);
                let gap = (left.cost(&a.hand, &stage) - right.cost(&b.hand, &stage)) / (2.0 * variance);
                (1.0 / (1.0 + libm::exp(-gap * INDEPENDENT))) as f32
            }
        };
        SideFits { left: left.map(|l| l.0), right: right.map(|r| r.0), right_probability }
    }
}
