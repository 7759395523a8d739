//! Shares of a mixture whose parts have been measured apart.

use super::statistics::{Quantity, Statistics, quantile};

/// Thresholds at which shares of values are compared, per quantity.
const THRESHOLDS: usize = 16;
/// Values without which a part counts as not measured.
const LEAST_VALUES: usize = 12;
/// Steps of the descent, and their size.
const STEPS: usize = 1500;
const RATE: f32 = 0.4;
/// Weight of staying near the shares as they are, times the number of captured values: few values prove little.
const INERTIA: f32 = 2.0;

/// Shares (in all 1) of parts whose mixture comes nearest to a captured set in the given quantities.
///
/// The distribution function of a mixture is the mixture of those of its parts, so the squared difference of distribution
/// functions is a quadratic form in the shares, and exponentiated gradients find its least on the simplex. Shares of parts
/// that were not measured stay as they are.
pub(super) fn shares(
    now: &[f32],
    parts: &[Option<&Statistics>],
    captured: &Statistics,
    quantities: &[Quantity],
) -> Vec<f32> {
    let enough = |part: &&Statistics| quantities.iter().any(|q| part.values(*q).len() >= LEAST_VALUES);
    let parts: Vec<Option<&Statistics>> = parts.iter().map(|part| part.filter(enough)).collect();
    let parts = parts.as_slice();
    let total: f32 = now.iter().sum();
    let now: Vec<f32> = now.iter().map(|w| w / total.max(1e-9)).collect();
    let rows = rows(parts, captured, quantities);
    let fixed: f32 = now.iter().zip(parts).filter(|(_, p)| p.is_none()).map(|(w, _)| w).sum();
    // a part with no share now may come in
    let free = (parts.iter().flatten().count().max(1)) as f32;
    let mut found: Vec<f32> = now
        .iter()
        .zip(parts)
        .map(|(w, p)| if p.is_some() { 0.9 * w + 0.1 * (1.0 - fixed) / free } else { *w })
        .collect();
    let values = quantities.iter().map(|q| captured.values(*q).len()).max().unwrap_or(0).max(1);
    let inertia = INERTIA / values as f32;
    for _ in 0..STEPS {
        let mut slope: Vec<f32> = found.iter().zip(&now).map(|(w, n)| inertia * (w - n)).collect();
        for (parts, wanted) in &rows {
            let mixed: f32 = parts.iter().zip(&found).map(|(f, w)| f * w).sum::<f32>() / (1.0 - fixed).max(1e-6);
            for (slope, f) in slope.iter_mut().zip(parts) {
                *slope += (mixed - wanted) * f / rows.len() as f32;
            }
        }
        for ((w, slope), part) in found.iter_mut().zip(&slope).zip(parts) {
            if part.is_some() {
                *w *= libm::expf(-RATE * 10.0 * slope);
            }
        }
        let sum: f32 = found.iter().zip(parts).filter(|(_, p)| p.is_some()).map(|(w, _)| w).sum();
        for (w, _) in found.iter_mut().zip(parts).filter(|(_, p)| p.is_some()) {
            *w *= (1.0 - fixed) / sum.max(1e-9);
        }
    }
    found.iter().map(|w| (w * 100.0).round() / 100.0).collect()
}

/// For each threshold of each quantity the share of values below it, in each part and in the captured set.
fn rows(parts: &[Option<&Statistics>], captured: &Statistics, quantities: &[Quantity]) -> Vec<(Vec<f32>, f32)> {
    let mut rows = Vec::new();
    for quantity in quantities {
        let wanted = captured.sorted(*quantity, 0.0);
        let of_parts: Vec<Vec<f32>> =
            parts.iter().map(|p| p.map_or_else(Vec::new, |p| p.sorted(*quantity, 0.0))).collect();
        let mut all: Vec<f32> = of_parts.iter().flatten().chain(&wanted).copied().collect();
        all.sort_by(f32::total_cmp);
        for k in 0..THRESHOLDS {
            let threshold = quantile(&all, (k as f32 + 0.5) / THRESHOLDS as f32);
            let below = |sorted: &[f32]| sorted.partition_point(|v| *v < threshold) as f32 / sorted.len().max(1) as f32;
            if !wanted.is_empty() {
                rows.push((of_parts.iter().map(|p| below(p)).collect(), below(&wanted)));
            }
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::dataset_stream;

    #[test]
    fn the_shares_of_a_known_mixture_are_found() {
        let mut stream = dataset_stream(1, "mixture", 0);
        let mut drawn =
            |middle: f32, count: usize| -> Vec<f32> { (0..count).map(|_| middle + 2.0 * stream.normal()).collect() };
        let set = |values: &[f32]| {
            let mut set = Statistics::default();
            for v in values {
                set.add_hand(&[(Quantity::Contrast, *v)]);
            }
            set
        };
        let parts = [drawn(0.0, 200), drawn(5.0, 200), drawn(12.0, 200)].map(|v| set(&v));
        let captured = set(&[drawn(0.0, 60), drawn(5.0, 30), drawn(12.0, 210)].concat());
        let parts: Vec<Option<&Statistics>> = parts.iter().map(Some).chain([None]).collect();
        let found = shares(&[0.25; 4], &parts, &captured, &[Quantity::Contrast]);
        for (found, expected) in found.iter().zip([0.15, 0.075, 0.525, 0.25]) {
            assert!((found - expected).abs() < 0.07, "{found} {expected}");
        }
    }
}
