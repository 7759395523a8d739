//! From measured values to a preset's distribution.

use crate::preset::Distribution;
use crate::preset::limits::limit_of;
use crate::sensor::noise::normal_quantile;

use super::statistics::{moments, quantile};

/// Quantiles at which values and distributions are compared.
pub const LEVELS: usize = 32;
/// Mean difference of quantiles, in deviations of the values, up to which a named distribution will do.
const GOOD: f32 = 0.2;
/// Values of a list that stands for what no named distribution does.
const LISTED: usize = 8;
/// A logarithm is only worth it where values span this factor.
const LEAST_SPAN: f32 = 1.6;
/// Mean difference of quantiles by which a logarithm must be better.
const PREFERENCE: f32 = 0.02;

/// Share of values below the quantile of a number, `LEVELS` of them from low to high.
pub fn level(k: usize) -> f32 {
    (k as f32 + 0.5) / LEVELS as f32
}

/// Quantiles of sorted values.
pub fn quantiles(sorted: &[f32]) -> [f32; LEVELS] {
    std::array::from_fn(|k| quantile(sorted, level(k)))
}

/// Quantiles of a distribution.
pub fn quantiles_of(distribution: &Distribution) -> [f32; LEVELS] {
    std::array::from_fn(|k| quantile_of(distribution, level(k)))
}

fn quantile_of(distribution: &Distribution, share: f32) -> f32 {
    match distribution {
        Distribution::Constant(value) => *value,
        Distribution::Uniform { uniform: [a, b] } => a + share * (b - a),
        Distribution::LogUniform { log_uniform: [a, b] } => {
            libm::expf(libm::logf(*a) + share * (libm::logf(*b) - libm::logf(*a)))
        }
        Distribution::Normal { normal: [mean, sd], clamp: [low, high] } => {
            let below = |x: f32| 0.5 * libm::erfc(-f64::from((x - mean) / sd.max(1e-9)) / std::f64::consts::SQRT_2);
            let (from, to) = (below(*low), below(*high));
            (mean + sd * normal_quantile(from + f64::from(share) * (to - from)) as f32).clamp(*low, *high)
        }
        Distribution::Choice { choice, weights } => {
            let weight = |k: usize| weights.get(k).copied().unwrap_or(1.0);
            let mut order: Vec<usize> = (0..choice.len()).collect();
            order.sort_by(|a, b| choice[*a].total_cmp(&choice[*b]));
            let total: f32 = order.iter().map(|k| weight(*k)).sum();
            let mut rest = share * total;
            let found = order.iter().find(|k| {
                rest -= weight(**k);
                rest < 0.0
            });
            found.or(order.last()).map_or(0.0, |k| choice[*k])
        }
    }
}

/// The simplest distribution with nearly these quantiles, in rising order, inside the legal range of a preset's key.
/// Differences below `step` hardly matter.
pub fn distribution(key: &str, quantiles: &[f32; LEVELS], step: f32) -> Distribution {
    let (least, most) = limit_of(key).map_or((f32::MIN, f32::MAX), |l| (l.low as f32, l.high as f32));
    let mut wanted = quantiles.map(|q| q.clamp(least, most));
    wanted.sort_by(f32::total_cmp);
    let (mean, sd) = moments(&wanted);
    let [low, high] = [wanted[0], wanted[LEVELS - 1]];
    if high - low <= 2.0 * step || sd <= 0.0 {
        return Distribution::Constant(short(mean));
    }
    let legal = |ends: [f32; 2]| ends.map(|x| short(x.clamp(least, most)));
    let uniform = line(&wanted);
    let mut named = vec![Distribution::Uniform { uniform: legal(uniform) }];
    named.push(Distribution::Normal {
        normal: [short(mean), short(sd)],
        clamp: legal([low.min(mean - 2.5 * sd).max(mean - 3.0 * sd), high.max(mean + 2.5 * sd).min(mean + 3.0 * sd)]),
    });
    if low > 0.0 && high / low > LEAST_SPAN {
        let ends = line(&wanted.map(libm::logf)).map(libm::expf);
        named.push(Distribution::LogUniform { log_uniform: legal([ends[0].max(low * 0.5), ends[1].min(high * 2.0)]) });
    }
    let error = |d: &Distribution| {
        let found = quantiles_of(d);
        let mean = wanted.iter().zip(found).map(|(a, b)| (a - b).abs()).sum::<f32>() / LEVELS as f32 / sd;
        mean + if matches!(d, Distribution::LogUniform { .. }) { PREFERENCE } else { 0.0 }
    };
    let best = named.into_iter().filter(is_sound).map(|d| (error(&d), d)).min_by(|a, b| a.0.total_cmp(&b.0));
    match best {
        Some((error, best)) if error < GOOD => best,
        _ => listed(&wanted),
    }
}

/// Whether the ends are in order; clamping to the legal range may have turned them.
fn is_sound(distribution: &Distribution) -> bool {
    match distribution {
        Distribution::Uniform { uniform: [a, b] } => a < b,
        Distribution::LogUniform { log_uniform: [a, b] } => *a > 0.0 && a < b,
        Distribution::Normal { normal: [mean, sd], clamp: [a, b] } => *sd > 0.0 && a <= mean && mean <= b,
        _ => true,
    }
}

/// Value at shares 0 and 1 of the least-squares line through quantiles.
fn line(quantiles: &[f32; LEVELS]) -> [f32; 2] {
    let (mut xy, mut xx) = (0.0, 0.0);
    let (mean, _) = moments(quantiles);
    for (k, q) in quantiles.iter().enumerate() {
        let x = level(k) - 0.5;
        xy += x * (q - mean);
        xx += x * x;
    }
    let slope = xy / xx;
    [mean - 0.5 * slope, mean + 0.5 * slope]
}

/// A few values of equal weight.
fn listed(wanted: &[f32; LEVELS]) -> Distribution {
    let group = LEVELS / LISTED;
    let mut choice: Vec<f32> =
        wanted.chunks_exact(group).map(|g| short(g.iter().sum::<f32>() / group as f32)).collect();
    let mut weights: Vec<f32> = Vec::new();
    choice.dedup_by(|a, b| (*a - *b).abs() < 1e-6);
    for value in &choice {
        let near = |w: &&f32| choice.iter().all(|other| (*w - value).abs() <= (*w - other).abs());
        weights.push(wanted.iter().filter(near).count() as f32);
    }
    Distribution::Choice { choice, weights }
}

/// Rounded to three significant digits.
pub fn short(x: f32) -> f32 {
    if x == 0.0 || !x.is_finite() {
        return x;
    }
    let digits = 2 - libm::floorf(libm::log10f(x.abs())) as i32;
    // the shortest decimal of that many digits
    if digits >= 0 { format!("{x:.*}", digits as usize).parse().unwrap_or(x) } else { x.round() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::dataset_stream;

    /// The distribution fitted to draws of another.
    fn refit(key: &str, of: &Distribution) -> Distribution {
        let mut stream = dataset_stream(2, "refit", 0);
        let mut values: Vec<f32> = (0..400).map(|_| of.sample(&mut stream)).collect();
        values.sort_by(f32::total_cmp);
        distribution(key, &quantiles(&values), 1e-3)
    }

    #[test]
    fn distributions_are_recognised_from_their_draws() {
        let near = |a: [f32; 2], b: [f32; 2], by: f32| (a[0] - b[0]).abs() < by && (a[1] - b[1]).abs() < by;
        match refit("camera.distance_m", &Distribution::Uniform { uniform: [0.3, 0.9] }) {
            Distribution::Uniform { uniform } => assert!(near(uniform, [0.3, 0.9], 0.04), "{uniform:?}"),
            other => panic!("{other:?}"),
        }
        match refit("film.exposure_ev", &Distribution::Normal { normal: [0.5, 0.4], clamp: [-0.7, 1.7] }) {
            Distribution::Normal { normal, .. } => assert!(near(normal, [0.5, 0.4], 0.06), "{normal:?}"),
            other => panic!("{other:?}"),
        }
        match refit("sensor.full_well_e", &Distribution::LogUniform { log_uniform: [1000.0, 20_000.0] }) {
            Distribution::LogUniform { log_uniform: [a, b] } => {
                assert!((0.8..1.25).contains(&(a / 1000.0)) && (0.8..1.25).contains(&(b / 20_000.0)), "{a} {b}");
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(refit("sensor.blur_px", &Distribution::Constant(1.25)), Distribution::Constant(1.25));
    }

    #[test]
    fn two_heaps_become_a_list() {
        let two = Distribution::Choice { choice: vec![10.0, 60.0], weights: vec![3.0, 1.0] };
        let Distribution::Choice { choice, weights } = refit("sensor.jpeg_loss_percent", &two) else { panic!() };
        assert!(choice.len() >= 2 && (choice[0] - 10.0).abs() < 1.0, "{choice:?} {weights:?}");
    }

    #[test]
    fn fitted_numbers_are_legal_and_short() {
        let mut values = [0.0; LEVELS];
        for (k, v) in values.iter_mut().enumerate() {
            *v = -3.0 + k as f32 * 0.3;
        }
        let (low, high) = distribution("sensor.vignetting", &values, 0.01).range();
        assert!(low >= 0.0 && high <= 1.0, "{low} {high}");
        assert!((short(1234.567) - 1235.0).abs() < 1e-3 && (short(0.012_345) - 0.0123).abs() < 1e-7);
        assert!((short(-0.456_7) + 0.457).abs() < 1e-6 && short(0.0).abs() < 1e-9);
    }

    #[test]
    fn quantiles_of_distributions_are_those_of_their_draws() {
        let all = [
            Distribution::Uniform { uniform: [2.0, 6.0] },
            Distribution::LogUniform { log_uniform: [0.5, 8.0] },
            Distribution::Normal { normal: [1.0, 2.0], clamp: [0.0, 4.0] },
            Distribution::Choice { choice: vec![5.0, 1.0], weights: vec![1.0, 3.0] },
        ];
        for of in all {
            let mut stream = dataset_stream(4, "quantiles", 0);
            let mut draws: Vec<f32> = (0..20_000).map(|_| of.sample(&mut stream)).collect();
            draws.sort_by(f32::total_cmp);
            for (k, expected) in quantiles_of(&of).into_iter().enumerate() {
                assert!((quantile(&draws, level(k)) - expected).abs() < 0.12, "{of:?} {k}");
            }
        }
    }
}
