//! Errors of hands, sorted by a factor into bins: how much of the error does the factor explain?

use std::collections::{BTreeMap, BTreeSet};

use super::factors::{Factor, Value};
use crate::metrics::curves::{mean, quantile};

/// Standard errors by which a bin must be worse: among a hundred bins chance makes one such in thirty reports.
const MOST_BY_CHANCE: f64 = 3.5;
/// Bins of a number hold equally many hands.
const BINS: usize = 6;
/// Fewer hands than this are not made into a bin of their own; rare names are put together.
const LEAST_IN_BIN: usize = 5;

/// Hands of alike value.
#[derive(Debug, Clone, PartialEq)]
pub struct Bin {
    /// A name, or a range.
    pub label: String,
    /// Hands to be found.
    pub hands: usize,
    /// Of those, missed.
    pub missed: usize,
    /// Mean errors of the hands that were found, in their order.
    pub errors: Vec<f32>,
    /// Clips and single hands that these come from: frames of one clip are alike and do not count as many.
    pub independent: usize,
    clips: BTreeSet<u64>,
}

impl Bin {
    /// Median and ninth decile of the errors.
    pub fn median_and_p90(&self) -> Option<[f64; 2]> {
        Some([quantile(&self.errors, 0.5)?, quantile(&self.errors, 0.9)?])
    }
}

/// What a factor does to the error.
#[derive(Debug, Clone, PartialEq)]
pub struct Effect {
    /// The factor.
    pub factor: Factor,
    /// Rising values; names with the worst first, rare ones together at the end.
    pub bins: Vec<Bin>,
    /// Share of the error's variance between the bins (eta²), 0 to 1.
    pub eta2: f64,
    /// The same without what so many bins explain of pure noise (epsilon²; Kelley 1935): below 0 is nothing.
    pub explained: f64,
}

/// One hand: value of the factor, error if it was found, its clip.
pub(super) type Point<'a> = (&'a Value, Option<f32>, Option<u64>);

/// Sorts hands into bins; `None` if there are not two bins with errors to compare.
pub(super) fn effect(factor: Factor, points: &[Point]) -> Option<Effect> {
    let bins = match points.first()?.0 {
        Value::Name(_) => by_name(points),
        Value::Number(_) => by_number(factor, points),
    };
    let filled = bins.iter().filter(|bin| !bin.errors.is_empty()).count();
    let errors: Vec<f32> = bins.iter().flat_map(|bin| &bin.errors).copied().collect();
    if filled < 2 || errors.len() <= filled {
        return None;
    }
    let all = mean(&errors)?;
    let total: f64 = errors.iter().map(|e| (f64::from(*e) - all).powi(2)).sum();
    let of_bin = |bin: &Bin| mean(&bin.errors).map_or(0.0, |m| bin.errors.len() as f64 * (m - all).powi(2));
    let between: f64 = bins.iter().map(of_bin).sum();
    let eta2 = if total > 0.0 { between / total } else { 0.0 };
    let (n, k) = (errors.len() as f64, filled as f64);
    Some(Effect { factor, bins, eta2, explained: 1.0 - (1.0 - eta2) * (n - 1.0) / (n - k) })
}

fn by_name(points: &[Point]) -> Vec<Bin> {
    let mut bins: BTreeMap<&str, Bin> = BTreeMap::new();
    for (value, error, clip) in points {
        let Value::Name(name) = value else { continue };
        bins.entry(name).or_insert_with(|| Bin::empty(name.clone())).add(*error, *clip);
    }
    let (mut bins, rare): (Vec<Bin>, Vec<Bin>) = bins.into_values().partition(|bin| bin.hands >= LEAST_IN_BIN);
    let order = |bin: &Bin| -bin.median_and_p90().map_or(-1.0, |[median, _]| median);
    bins.sort_by(|a, b| order(a).total_cmp(&order(b)));
    if !rare.is_empty() {
        let mut all = Bin::empty(format!("{} rarer", rare.len()));
        for bin in rare {
            all.hands += bin.hands;
            all.missed += bin.missed;
            all.errors.extend(bin.errors);
            all.independent += bin.independent;
        }
        bins.push(all);
    }
    bins
}

fn by_number(factor: Factor, points: &[Point]) -> Vec<Bin> {
    let number = |value: &Value| if let Value::Number(x) = value { Some(*x) } else { None };
    let mut sorted: Vec<f32> = points.iter().filter_map(|(value, ..)| number(value)).collect();
    sorted.sort_by(f32::total_cmp);
    let count = (sorted.len() / LEAST_IN_BIN).clamp(1, BINS);
    // a bin starts at each of these values; equal values stay together
    let mut starts: Vec<f32> = (0..count).map(|k| sorted[k * sorted.len() / count]).collect();
    starts.dedup();
    let place = |x: f32| starts.partition_point(|start| *start <= x).saturating_sub(1);
    let label = |k: usize| {
        let inside = || sorted.iter().copied().filter(|x| place(*x) == k);
        let ends = [inside().next().unwrap_or_default(), inside().next_back().unwrap_or_default()];
        let [low, high] = ends.map(|x| format!("{x:.*}", factor.digits));
        if low == high { low } else { format!("{low}\u{2013}{high}") }
    };
    let mut bins: Vec<Bin> = (0..starts.len()).map(|k| Bin::empty(label(k))).collect();
    for (value, error, clip) in points {
        if let Some(x) = number(value) {
            bins[place(x)].add(*error, *clip);
        }
    }
    bins
}

impl Bin {
    fn empty(label: String) -> Self {
        Self { label, hands: 0, missed: 0, errors: Vec::new(), independent: 0, clips: BTreeSet::new() }
    }

    fn add(&mut self, error: Option<f32>, clip: Option<u64>) {
        self.hands += 1;
        let Some(error) = error else {
            self.missed += 1;
            return;
        };
        self.errors.push(error);
        self.independent += usize::from(clip.is_none_or(|clip| self.clips.insert(clip)));
    }
}

/// A bin whose hands are worse than all others.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Weakness {
    pub(super) factor: Factor,
    pub(super) label: String,
    /// Mean error there and elsewhere.
    pub(super) means: [f64; 2],
    pub(super) hands: usize,
    /// Difference of the means over its standard error.
    pub(super) certainty: f64,
}

impl Weakness {
    /// Whether another factor singles out the same hands.
    pub(super) fn is_of_the_same_hands(&self, other: &Self) -> bool {
        let [here, rest] = [0, 1].map(|k| (self.means[k] - other.means[k]).abs() < 1e-6);
        self.hands == other.hands && here && rest
    }
}

/// The bin of each factor that is most surely worse than the rest, most certain first; a difference must be more than
/// 15 % and [`MOST_BY_CHANCE`]; frames of one clip count once.
pub(super) fn weaknesses(effects: &[Effect]) -> Vec<Weakness> {
    let mut found: Vec<Weakness> = effects
        .iter()
        .filter_map(|effect| {
            let worse = effect.bins.iter().enumerate().filter_map(|(k, _)| weakness(effect, k));
            worse.max_by(|a, b| a.certainty.total_cmp(&b.certainty))
        })
        .collect();
    found.sort_by(|a, b| b.certainty.total_cmp(&a.certainty));
    found
}

fn weakness(effect: &Effect, k: usize) -> Option<Weakness> {
    let bin = &effect.bins[k];
    let others = || effect.bins.iter().enumerate().filter(|(other, _)| *other != k).map(|(_, bin)| bin);
    let elsewhere: Vec<f32> = others().flat_map(|bin| &bin.errors).copied().collect();
    let (here, rest) = (mean(&bin.errors)?, mean(&elsewhere)?);
    let independent = [bin.independent, others().map(|bin| bin.independent).sum()];
    let squared_error = |errors: &[f32], mean: f64, independent: usize| {
        let variance = errors.iter().map(|e| (f64::from(*e) - mean).powi(2)).sum::<f64>() / (errors.len() - 1) as f64;
        variance / independent as f64
    };
    if independent.iter().any(|n| *n < LEAST_IN_BIN) || here <= 1.15 * rest {
        return None;
    }
    let spread = squared_error(&bin.errors, here, independent[0]) + squared_error(&elsewhere, rest, independent[1]);
    let certainty = (here - rest) / spread.sqrt().max(1e-9);
    (certainty > MOST_BY_CHANCE).then(|| Weakness {
        factor: effect.factor,
        label: bin.label.clone(),
        means: [here, rest],
        hands: bin.errors.len(),
        certainty,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluation::FACTORS;

    fn points(of: impl Fn(u32) -> (Value, Option<f32>)) -> Vec<(Value, Option<f32>)> {
        (0..120).map(of).collect()
    }

    fn run(points: &[(Value, Option<f32>)]) -> Option<Effect> {
        effect(FACTORS[5], &points.iter().map(|(v, e)| (v, *e, None)).collect::<Vec<_>>())
    }

    /// Numbers without a pattern, 0 to 1.
    fn noise(k: u32) -> f32 {
        let mixed = (k ^ 0x5bd1).wrapping_mul(0x9e37_79b1);
        let mixed = (mixed ^ (mixed >> 15)).wrapping_mul(0x85eb_ca77);
        ((mixed ^ (mixed >> 13)) >> 8) as f32 / 16_777_216.0
    }

    #[test]
    fn a_factor_that_decides_explains_all_and_one_that_does_not_nothing() {
        let all = points(|k| (Value::Name((k % 3).to_string()), Some((k % 3) as f32)));
        let found = run(&all).unwrap();
        assert!((found.eta2 - 1.0).abs() < 1e-9 && (found.explained - 1.0).abs() < 1e-9);
        assert_eq!(found.bins[0].label, "2");
        let none = run(&points(|k| (Value::Name((k % 24).to_string()), Some(noise(k))))).unwrap();
        assert!(none.eta2 > 0.1, "24 bins of five explain noise: {}", none.eta2);
        assert!(none.explained.abs() < 0.15, "and that is taken off: {}", none.explained);
    }

    #[test]
    fn numbers_fall_into_equal_bins_and_equal_numbers_stay_together() {
        let found = run(&points(|k| (Value::Number(k as f32), (k % 4 > 0).then_some(k as f32)))).unwrap();
        assert_eq!(found.bins.iter().map(|b| b.hands).collect::<Vec<_>>(), [20; 6]);
        assert_eq!(found.bins[0].missed, 5);
        assert_eq!(found.bins[1].label, "20.00\u{2013}39.00");
        let same = run(&points(|k| (Value::Number(if k < 100 { 1.0 } else { k as f32 }), Some(1.0)))).unwrap();
        assert_eq!(same.bins[0].hands, 100);
    }

    #[test]
    fn the_weakest_bin_is_named_only_if_it_is_sure() {
        let found = run(&points(|k| {
            let bad = k % 5 == 0;
            (Value::Name(if bad { "back" } else { "palm" }.into()), Some(noise(k) + if bad { 2.0 } else { 1.0 }))
        }))
        .unwrap();
        let weak = weaknesses(&[found]);
        assert_eq!((weak[0].label.as_str(), weak[0].hands), ("back", 24));
        assert!(weak[0].means[0] > weak[0].means[1] + 0.8);
        let none = run(&points(|k| (Value::Name((k % 4).to_string()), Some(noise(k))))).unwrap();
        assert_eq!(weaknesses(&[none]), []);
        // the same difference, but all bad hands are frames of one clip
        let values = [Value::Name("back".into()), Value::Name("palm".into())];
        let frames = (0..120).map(|k| {
            (&values[usize::from(k % 5 > 0)], Some(if k % 5 > 0 { 1.0 } else { 3.0 }), Some(u64::from(k % 5 > 0) * k))
        });
        assert_eq!(weaknesses(&[effect(FACTORS[0], &frames.collect::<Vec<_>>()).unwrap()]), []);
    }
}
