//! Errors of many hands, gathered by keypoint and by hand.

use super::curves::{
    auc, freihand_thresholds_mm, hand3d_thresholds_mm, linspace, mean, pck, quantile, share_below,
    success_thresholds_mm,
};
use super::errors::{self, PerPoint};
use super::summary::{Curve, Parts, PointSummary, SpaceSummary};
use crate::rig::LANDMARK_COUNT;

/// All errors of one way of comparing.
#[derive(Debug, Clone, Default)]
pub struct Pooled {
    /// Errors of each keypoint, in the order of hands.
    of_keypoint: [Vec<f32>; LANDMARK_COUNT],
    /// Mean over the keypoints of each hand.
    hand_mean: Vec<f32>,
    /// Largest of each hand.
    hand_max: Vec<f32>,
    /// True keypoints for which there is no estimate.
    missed: [u64; LANDMARK_COUNT],
}

impl Pooled {
    /// Takes one hand's errors in. Keypoints of the truth without an estimate are counted by [`Pooled::miss`].
    pub fn add(&mut self, errors: &PerPoint) {
        for (pool, error) in self.of_keypoint.iter_mut().zip(errors) {
            pool.extend(error);
        }
        self.hand_mean.extend(errors::mean(errors));
        self.hand_max.extend(errors::max(errors));
    }

    /// Counts true keypoints that nobody found.
    pub fn miss(&mut self, keypoints: &[bool; LANDMARK_COUNT]) {
        for (count, missed) in self.missed.iter_mut().zip(keypoints) {
            *count += u64::from(*missed);
        }
    }

    /// Means, medians and areas, for errors in millimetres.
    pub fn points_mm(&self) -> PointSummary {
        let (hand3d, freihand) = (hand3d_thresholds_mm(), freihand_thresholds_mm());
        let (upper, from) = (linspace(20.0, 50.0, 100), 8);
        let area = |thresholds: &[f64]| auc(thresholds, &pck(&self.of_keypoint, thresholds)?);
        let share = |t: f64| pck(&self.of_keypoint, &[t]).map(|curve| curve[0]);
        PointSummary {
            hands: self.hand_mean.len() as u64,
            mpjpe_mm: mean(&self.hand_mean),
            median_mm: quantile(&self.hand_mean, 0.5),
            p90_mm: quantile(&self.hand_mean, 0.9),
            max_joint_mm: mean(&self.hand_max),
            epe_mean_mm: self.over_keypoints(mean),
            epe_median_mm: self.over_keypoints(|e| quantile(e, 0.5)),
            pck_20: share(20.0),
            pck_30: share(30.0),
            auc_0_50: area(&hand3d),
            auc_20_50: area(&hand3d[from..]),
            auc_0_50_steps_100: area(&freihand),
            auc_20_50_steps_100: area(&upper),
            auc_0_50_misses_count: self.with_misses(&hand3d).filter(|_| !self.hand_mean.is_empty()),
        }
    }

    /// AUC where a missed keypoint has an infinite error; `None` if there is no error at all to add misses to.
    fn with_misses(&self, thresholds: &[f64]) -> Option<f64> {
        let filled = |(errors, missed): (&Vec<f32>, &u64)| {
            let mut errors = errors.clone();
            errors.resize(errors.len() + *missed as usize, f32::INFINITY);
            errors
        };
        let filled: Vec<Vec<f32>> = self.of_keypoint.iter().zip(&self.missed).map(filled).collect();
        auc(thresholds, &pck(&filled, thresholds)?)
    }

    /// Everything of one space; `visible` holds the same errors of visible keypoints alone.
    pub fn space_mm(&self, visible: &Self) -> SpaceSummary {
        let success = success_thresholds_mm();
        let steps = linspace(0.0, 50.0, 51);
        SpaceSummary {
            all: self.points_mm(),
            visible: visible.points_mm(),
            parts_mm: self.parts(mean),
            joints_mm: self.joints(mean),
            joints_p90_mm: self.joints(|e| quantile(e, 0.9)),
            pck: Curve::new(&steps, pck(&self.of_keypoint, &steps)),
            success_max: Curve::new(&success, share_below(&self.hand_max, &success)),
            success_mean: Curve::new(&success, share_below(&self.hand_mean, &success)),
        }
    }

    /// A number per keypoint.
    pub fn joints(&self, of: impl Fn(&[f32]) -> Option<f64>) -> [Option<f64>; LANDMARK_COUNT] {
        std::array::from_fn(|k| of(&self.of_keypoint[k]))
    }

    /// A number per keypoint, then the mean over keypoints of each part of the hand.
    pub fn parts(&self, of: impl Fn(&[f32]) -> Option<f64>) -> Parts {
        Parts::from_joints(&self.joints(of))
    }

    /// A number per keypoint, then the mean over keypoints.
    pub fn over_keypoints(&self, of: impl Fn(&[f32]) -> Option<f64>) -> Option<f64> {
        self.parts(of).all
    }

    /// PCK at one threshold.
    pub fn share_below(&self, threshold: f64) -> Option<f64> {
        pck(&self.of_keypoint, &[threshold]).map(|curve| curve[0])
    }

    /// AUC over thresholds.
    pub fn area(&self, thresholds: &[f64]) -> Option<f64> {
        auc(thresholds, &pck(&self.of_keypoint, thresholds)?)
    }

    /// Mean over each hand's keypoints, then over hands.
    pub fn mean_of_hands(&self) -> Option<f64> {
        mean(&self.hand_mean)
    }

    /// Means of hands, in the order they came.
    pub fn hand_means(&self) -> &[f32] {
        &self.hand_mean
    }
}
