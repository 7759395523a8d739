//! Shares of errors below rising thresholds, and the area below them.

/// `count` values from `low` to `high`, both included (`numpy.linspace`).
pub fn linspace(low: f64, high: f64, count: usize) -> Vec<f64> {
    let step = (high - low) / (count.max(2) - 1) as f64;
    (0..count).map(|k| low + step * k as f64).collect()
}

/// Thresholds of hand3d: 20 from 0 to 50 mm; the ninth is 21.05 mm.
pub fn hand3d_thresholds_mm() -> Vec<f64> {
    linspace(0.0, 50.0, 20)
}

/// Thresholds of `FreiHAND`, HO-3D and `DexYCB`: 100 from 0 to 50 mm.
pub fn freihand_thresholds_mm() -> Vec<f64> {
    linspace(0.0, 50.0, 100)
}

/// Thresholds of success curves: 0, 1 .. 84 mm.
pub fn success_thresholds_mm() -> Vec<f64> {
    linspace(0.0, 84.0, 85)
}

/// Share of errors at or below each threshold; `None` if there are no errors. An infinite error is never below.
pub fn share_below(errors: &[f32], thresholds: &[f64]) -> Option<Vec<f64>> {
    if errors.is_empty() {
        return None;
    }
    let mut sorted = errors.to_vec();
    sorted.sort_by(f32::total_cmp);
    let below = |t: &f64| sorted.partition_point(|e| f64::from(*e) <= *t) as f64 / sorted.len() as f64;
    Some(thresholds.iter().map(below).collect())
}

/// PCK: [`share_below`] of each keypoint, then mean over the keypoints that have errors (hand3d).
pub fn pck(errors_of_keypoints: &[Vec<f32>], thresholds: &[f64]) -> Option<Vec<f64>> {
    let curves: Vec<Vec<f64>> = errors_of_keypoints.iter().filter_map(|e| share_below(e, thresholds)).collect();
    let mean = |k| curves.iter().map(|c: &Vec<f64>| c[k]).sum::<f64>() / curves.len() as f64;
    (!curves.is_empty()).then(|| (0..thresholds.len()).map(mean).collect())
}

/// Area below a curve by the trapezoid rule, over the span of the thresholds: 0 to 1; `None` without a span.
pub fn auc(thresholds: &[f64], curve: &[f64]) -> Option<f64> {
    let span = thresholds.last()? - thresholds.first()?;
    let steps = thresholds.windows(2).zip(curve.windows(2));
    let area: f64 = steps.map(|(t, c)| 0.5 * (t[1] - t[0]) * (c[0] + c[1])).sum();
    (span > 0.0 && thresholds.len() == curve.len()).then(|| area / span)
}

/// Value below which a share of the values lies, linear between them (`numpy.percentile`); `None` of nothing.
pub fn quantile(values: &[f32], share: f64) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f32::total_cmp);
    let place = share.clamp(0.0, 1.0) * sorted.len().checked_sub(1)? as f64;
    let (low, part) = (place as usize, place.fract());
    let (a, b) = (f64::from(sorted[low]), f64::from(sorted[(low + 1).min(sorted.len() - 1)]));
    Some(a + (b - a) * part)
}

/// Mean; `None` of nothing.
pub fn mean(values: &[f32]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().map(|v| f64::from(*v)).sum::<f64>() / values.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_curve_has_its_area() {
        // uniform errors from 0 to 50: PCK is the diagonal
        let errors: Vec<f32> = (0..5000).map(|k| 0.01 * (k as f32 + 0.5)).collect();
        let thresholds = hand3d_thresholds_mm();
        let curve = pck(&[errors.clone(), Vec::new()], &thresholds).unwrap();
        assert!((auc(&thresholds, &curve).unwrap() - 0.5).abs() < 1e-3);
        assert!((thresholds[8] - 21.0526).abs() < 1e-3);
        let upper = auc(&thresholds[8..], &curve[8..]).unwrap();
        assert!((upper - (21.0526 + 50.0) / 100.0).abs() < 1e-3);
    }

    #[test]
    fn thresholds_are_met_by_equal_errors() {
        assert_eq!(share_below(&[0.0, 5.0, f32::INFINITY], &[0.0, 4.9, 5.0]), Some(vec![1. / 3., 1. / 3., 2. / 3.]));
        assert_eq!(share_below(&[], &[1.0]), None);
        assert_eq!(auc(&[], &[]), None);
    }

    #[test]
    fn quantiles_lie_between_values() {
        assert_eq!(quantile(&[4.0, 1.0, 3.0, 2.0], 0.5), Some(2.5));
        assert_eq!(quantile(&[7.0], 0.99), Some(7.0));
        assert_eq!(quantile(&[], 0.5), None);
    }
}
