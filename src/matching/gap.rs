//! How far two sets of measurements are apart.

use super::statistics::{Quantity, Statistics, moments, quantile};

/// Quantiles that are compared.
const LEVELS: usize = 100;

/// Distance between the distributions of a quantity in two sets (Wasserstein-1: mean difference of equal quantiles), in the
/// quantity's unit; `None` if one of the sets has no such values.
pub fn distance(quantity: Quantity, a: &Statistics, b: &Statistics) -> Option<f32> {
    let around = a.middle(quantity)?;
    b.middle(quantity)?;
    let (a, b) = (a.sorted(quantity, around), b.sorted(quantity, around));
    let level = |k: usize| (k as f32 + 0.5) / LEVELS as f32;
    let sum: f32 = (0..LEVELS).map(|k| (quantile(&a, level(k)) - quantile(&b, level(k))).abs()).sum();
    Some(sum / LEVELS as f32)
}

/// Spread against which gaps of a quantity are judged: the standard deviation of both sets thrown together, at least the
/// quantity's step. Two unlike constants are 2 apart, two equal distributions 0.
pub fn spread(quantity: Quantity, a: &Statistics, b: &Statistics) -> Option<f32> {
    let around = a.middle(quantity)?;
    b.middle(quantity)?;
    let [a, b] = [a, b].map(|s| moments(&s.sorted(quantity, around)));
    let between = 0.5 * (a.0 - b.0);
    let variance = 0.5 * (a.1 * a.1 + b.1 * b.1) + between * between;
    Some(variance.sqrt().max(quantity.facts().step))
}

/// One line of the comparison.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GapRow {
    /// Of what.
    pub quantity: Quantity,
    /// Mean and standard deviation of the captured, the first and the second rendered set.
    pub moments: [(f32, f32); 3],
    /// Distance of the two rendered sets from the captured one, in spreads of captured and first together.
    pub gaps: [f32; 2],
}

/// What captured and rendered sets have in common, compared before and after matching.
pub fn compare(captured: &Statistics, before: &Statistics, after: &Statistics) -> Vec<GapRow> {
    let row = |quantity: Quantity| {
        let spread = spread(quantity, captured, before)?;
        let gap = |set: &Statistics| Some(distance(quantity, captured, set)? / spread);
        let moments = [captured.moments(quantity)?, before.moments(quantity)?, after.moments(quantity)?];
        Some(GapRow { quantity, moments, gaps: [gap(before)?, gap(after)?] })
    };
    Quantity::ALL.into_iter().filter_map(row).collect()
}

/// Mean gap of all rows before and after.
pub fn total(rows: &[GapRow]) -> [f32; 2] {
    [0, 1].map(|k| rows.iter().map(|row| row.gaps[k]).sum::<f32>() / rows.len().max(1) as f32)
}

/// Gap that two samples of the same distribution show by chance: about twice its mean.
pub fn chance(values: [usize; 2]) -> f32 {
    let [a, b] = values.map(|n| 1.0 / n.max(1) as f32);
    1.6 * (a + b).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::dataset_stream;

    fn set(quantity: Quantity, values: impl Iterator<Item = f32>) -> Statistics {
        let mut set = Statistics::default();
        values.for_each(|v| set.add_hand(&[(quantity, v)]));
        set
    }

    #[test]
    fn a_shift_is_its_own_distance_and_unlike_constants_are_two_spreads_apart() {
        let a = set(Quantity::Contrast, (0..50).map(|k| k as f32));
        let b = set(Quantity::Contrast, (0..50).map(|k| k as f32 + 7.0));
        assert!((distance(Quantity::Contrast, &a, &b).unwrap() - 7.0).abs() < 1e-4);
        assert!(distance(Quantity::Contrast, &a, &a).unwrap().abs() < 1e-6);
        let [a, b] = [40.0, 90.0].map(|v| set(Quantity::JpegQuality, std::iter::repeat_n(v, 9)));
        let rows = compare(&a, &b, &a);
        assert!((rows[0].gaps[0] - 2.0).abs() < 1e-4 && rows[0].gaps[1].abs() < 1e-6);
        assert_eq!(compare(&a, &b, &Statistics::default()), []);
    }

    #[test]
    fn angles_near_each_other_across_the_seam_are_near() {
        let a = set(Quantity::Direction, [175.0, 178.0, 179.0].into_iter());
        let b = set(Quantity::Direction, [-179.0, -176.0, -175.0].into_iter());
        assert!((distance(Quantity::Direction, &a, &b).unwrap() - 6.0).abs() < 0.2);
    }

    #[test]
    fn chance_bounds_the_gap_of_equal_distributions() {
        for trial in 0..30 {
            let mut stream = dataset_stream(trial, "gap", 0);
            let [a, b] = [120, 200].map(|n| {
                let values: Vec<f32> = (0..n).map(|_| 30.0 * stream.normal()).collect();
                set(Quantity::Contrast, values.into_iter())
            });
            let gap = distance(Quantity::Contrast, &a, &b).unwrap() / spread(Quantity::Contrast, &a, &b).unwrap();
            assert!(gap < 2.0 * chance([120, 200]), "{gap}");
        }
    }
}
