//! Bone lengths learned over confident frames, and the person whose rig has them.

use std::collections::VecDeque;

use glam::Vec3;
use serde::{Deserialize, Serialize};

use super::normal::solve;
use super::prior::natural_pose;
use crate::rig::joint::LANDMARK_PARENT;
use crate::rig::skeleton::landmarks;
use crate::rig::{HandShape, LANDMARK_COUNT, Rig};

/// Pairs of landmarks whose distance says something of the person: every landmark but the wrist and its parent, then
/// neighbouring roots of the digits.
const PAIRS: [[usize; 2]; 24] = {
    let mut pairs = [[0; 2]; 24];
    let mut k = 0;
    while k < LANDMARK_COUNT - 1 {
        pairs[k] = [LANDMARK_PARENT[k + 1], k + 1];
        k += 1;
    }
    pairs[20] = [1, 5];
    pairs[21] = [5, 9];
    pairs[22] = [9, 13];
    pairs[23] = [13, 17];
    pairs
};
/// Thumb CMC to index MCP changes with the thumb: it is not asked.
const UNSTEADY: usize = 20;
/// A network's bones are taken to be wrong by so much, metres, until as many samples have told how much they scatter.
const GUESSED_SD_M: f32 = 0.004;
const GUESSED_SAMPLES: f32 = 2.0;
/// A rig has the lengths of a person only so well: share of the length.
const RIG_ERROR: f32 = 0.004;
/// Deviation of a normal distribution per median absolute deviation.
const PER_MAD: f32 = 1.4826;

/// What is learned from.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BoneSettings {
    /// Confident frames that are remembered.
    pub window: usize,
    /// Confidence from which both ends of a bone are believed, 0 to 1.
    pub least_confidence: f32,
    /// Bound of the blend shapes' coefficients, standard deviations of the rig's people; a small child's hand takes 8 of the
    /// adult's.
    pub most_coefficient: f32,
}

impl Default for BoneSettings {
    fn default() -> Self {
        Self { window: 300, least_confidence: 0.6, most_coefficient: 9.0 }
    }
}

/// Running, robust bone lengths of one hand.
#[derive(Debug, Clone)]
pub struct BoneLearner {
    settings: BoneSettings,
    samples_m: [VecDeque<f32>; PAIRS.len()],
}

/// A length, metres, and the variance of its error, square metres.
#[derive(Debug, Clone, Copy)]
struct Length {
    metres: f32,
    variance: f32,
}

impl BoneLearner {
    /// Knows nothing yet.
    pub fn new(settings: BoneSettings) -> Self {
        Self { settings, samples_m: std::array::from_fn(|_| VecDeque::new()) }
    }

    /// Take in one frame's metric keypoints (any frame of reference, metres) before they are smoothed or fitted.
    pub fn learn(&mut self, points_m: &[Option<Vec3>; LANDMARK_COUNT], confidence: &[f32; LANDMARK_COUNT]) {
        let trusted =
            |k: usize| points_m[k].filter(|p| p.is_finite() && confidence[k] >= self.settings.least_confidence);
        for (samples, [from, to]) in self.samples_m.iter_mut().zip(PAIRS) {
            if let (Some(a), Some(b)) = (trusted(from), trusted(to)) {
                samples.push_back(a.distance(b));
                while samples.len() > self.settings.window.max(1) {
                    samples.pop_front();
                }
            }
        }
    }

    /// Length of the bone that ends in each landmark, metres; `None` for the wrist and before a bone was seen.
    pub fn bone_lengths_m(&self) -> [Option<f32>; LANDMARK_COUNT] {
        std::array::from_fn(|k| {
            let samples = self.samples_m.get(k.checked_sub(1)?)?;
            length(samples).map(|l| l.metres)
        })
    }

    /// The person of a rig whose bones are as long: blend-shape coefficients by least squares, drawn towards the mean person
    /// (each coefficient counts as a deviation), the more so the less is known of a bone. `None` before any was seen.
    pub fn shape(&self, rig: &Rig) -> Option<HandShape> {
        let lengths: [Option<Length>; PAIRS.len()] =
            std::array::from_fn(|k| if k == UNSTEADY { None } else { length(&self.samples_m[k]) });
        lengths.iter().any(Option::is_some).then(|| solve_shape(rig, &lengths, self.settings.most_coefficient.abs()))
    }
}

/// The length behind distances that noise has lengthened: their mean square exceeds the length's by three variances (one along
/// the bone, two across), and the one along is how distances scatter, if noise is alike in all directions. Distances further
/// than three deviations from the median (by the median absolute deviation) are left out.
///
/// What changes from frame to frame averages out over frames. What changes slowly does not: a network errs alike as long as it
/// sees a hand alike, and may err on average as far as its error wanders. Of the bundled network's scatter, four fifths are slow.
fn length(samples_m: &VecDeque<f32>) -> Option<Length> {
    let mut sorted: Vec<f32> = samples_m.iter().copied().collect();
    let median = middle(&mut sorted);
    let mut off: Vec<f32> = sorted.iter().map(|x| (x - median).abs()).collect();
    let reach = 3.0 * PER_MAD * middle(&mut off);
    let kept: Vec<f32> = samples_m.iter().copied().filter(|x| (x - median).abs() <= reach).collect();
    if kept.is_empty() {
        return None;
    }
    let count = kept.len() as f32;
    let mean = kept.iter().sum::<f32>() / count;
    let variance = kept.iter().map(|x| (x - mean) * (x - mean)).sum::<f32>() / count;
    let steps = kept.windows(2).map(|pair| (pair[1] - pair[0]) * (pair[1] - pair[0])).sum::<f32>();
    let fast = (steps / (2.0 * (count - 1.0).max(1.0))).min(variance);
    let guessed = GUESSED_SAMPLES * GUESSED_SD_M * GUESSED_SD_M;
    let slow = (guessed + count * (variance - fast)) / (GUESSED_SAMPLES + count);
    let square = mean * mean - 2.0 * variance;
    // a bone that is mostly noise says nothing
    let metres = (square > 0.25 * mean * mean).then(|| square.sqrt())?;
    Some(Length { metres, variance: fast / count + slow })
}

fn middle(values: &mut [f32]) -> f32 {
    values.sort_unstable_by(f32::total_cmp);
    let half = values.len() / 2;
    let (Some(low), Some(high)) = (values.get(values.len().saturating_sub(1) / 2), values.get(half)) else {
        return 0.0;
    };
    0.5 * (low + high)
}

/// Length of the bone that ends in each landmark of a rig's person, metres; 0 for the wrist. Those from the wrist to ring and
/// little MCP are taken half bent, as the palm's arch changes them a little.
pub fn bone_lengths_m(rig: &Rig, shape: &HandShape) -> [f32; LANDMARK_COUNT] {
    let points = points_of(rig, shape);
    std::array::from_fn(|k| points[k].distance(points[LANDMARK_PARENT[k]]))
}

fn points_of(rig: &Rig, shape: &HandShape) -> [Vec3; LANDMARK_COUNT] {
    landmarks(&rig.shaped_skeleton(shape).hand_from_joint(&natural_pose(&rig.limits)))
}

/// Most blend shapes that are solved for; a rig's further ones stay at the mean.
const MOST_SHAPES: usize = 48;

/// Gauss and Newton's steps; distances are nearly linear in the coefficients, so three do, all with the mean person's derivatives.
fn solve_shape(rig: &Rig, lengths: &[Option<Length>; PAIRS.len()], most: f32) -> HandShape {
    let count = rig.shapes.len().min(MOST_SHAPES);
    let mut shape = HandShape(vec![0.0; rig.shapes.len()]);
    let distances = |shape: &HandShape| {
        let points = points_of(rig, shape);
        PAIRS.map(|[from, to]| points[from].distance(points[to]))
    };
    let mean = distances(&shape);
    let changes: Vec<[f32; PAIRS.len()]> = (0..count)
        .map(|k| {
            let mut other = shape.clone();
            other.0[k] += 1.0;
            let then = distances(&other);
            std::array::from_fn(|pair| then[pair] - mean[pair])
        })
        .collect();
    for _ in 0..3 {
        let now = distances(&shape);
        // ridge: the mean person, each coefficient with deviation 1
        let mut a: [[f64; MOST_SHAPES]; MOST_SHAPES] =
            std::array::from_fn(|r| std::array::from_fn(|c| f64::from(r == c)));
        let mut b: [f64; MOST_SHAPES] = std::array::from_fn(|k| shape.0.get(k).map_or(0.0, |c| -f64::from(*c)));
        for (pair, wanted) in lengths.iter().enumerate() {
            let Some(wanted) = wanted else { continue };
            let of_rig = RIG_ERROR * wanted.metres;
            let weight = f64::from(1.0 / (wanted.variance + of_rig * of_rig));
            for (r, row) in changes.iter().enumerate() {
                b[r] += weight * f64::from(row[pair] * (wanted.metres - now[pair]));
                for (c, column) in changes.iter().enumerate().take(r + 1) {
                    a[r][c] += weight * f64::from(row[pair] * column[pair]);
                }
            }
        }
        let Some(step) = solve(a, b) else { break };
        for (coefficient, change) in shape.0.iter_mut().zip(step) {
            *coefficient = (*coefficient + change as f32).max(-most).min(most);
        }
    }
    shape
}
