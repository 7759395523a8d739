//! Normal deviates by address: one hash per pixel, and a table of normal quantiles instead of logarithms and cosines.

#![expect(clippy::inline_always, reason = "must be compiled for the dispatched instruction set")]

use std::sync::LazyLock;

/// Quantiles in the table; a power of two.
const QUANTILES: usize = 4096;
const QUANTILE_BITS: u32 = QUANTILES.trailing_zeros();

/// Standard normal deviates, three per pixel, decided by a seed and the pixel's index.
#[derive(Debug, Clone, Copy)]
pub struct PixelNoise {
    seed: u64,
    quantiles: &'static [f32; QUANTILES],
}

impl PixelNoise {
    /// Noise of one picture.
    pub fn new(seed: u64) -> Self {
        Self { seed, quantiles: &TABLE }
    }

    /// Deviates of consecutive pixels from an index on.
    #[inline(always)]
    pub fn fill(&self, out: &mut [[f32; 3]], first: u64) {
        for (k, out) in out.iter_mut().enumerate() {
            let bits = hash(self.seed, first + k as u64);
            *out = std::array::from_fn(|c| self.quantiles[(bits >> (QUANTILE_BITS * c as u32)) as usize % QUANTILES]);
        }
    }
}

/// Word number `index` of the `SplitMix64` generator with the given seed (Steele, Lea and Flood 2014).
#[inline(always)]
fn hash(seed: u64, index: u64) -> u64 {
    let mut z = seed.wrapping_add((index + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// Medians of equal shares of the normal distribution, scaled to variance 1; the last lies at 3.7 deviations.
static TABLE: LazyLock<Box<[f32; QUANTILES]>> = LazyLock::new(|| {
    let quantile = |k: usize| normal_quantile((k as f64 + 0.5) / QUANTILES as f64);
    let variance = (0..QUANTILES).map(|k| quantile(k) * quantile(k)).sum::<f64>() / QUANTILES as f64;
    let scale = 1.0 / variance.sqrt();
    let mut table = Box::new([0.0; QUANTILES]);
    for (k, entry) in table.iter_mut().enumerate() {
        *entry = (scale * quantile(k)) as f32;
    }
    table
});

/// Value below which a standard normal deviate lies with the given probability, by bisection of the error function.
pub fn normal_quantile(probability: f64) -> f64 {
    let (mut lo, mut hi) = (-8.0, 8.0);
    for _ in 0..40 {
        let middle = 0.5 * (lo + hi);
        if 0.5 * libm::erfc(-middle * std::f64::consts::FRAC_1_SQRT_2) < probability {
            lo = middle;
        } else {
            hi = middle;
        }
    }
    0.5 * (lo + hi)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_the_normal_distribution() {
        assert!(normal_quantile(0.5).abs() < 1e-9);
        assert!((normal_quantile(0.975) - 1.959_964).abs() < 1e-6);
        assert!((normal_quantile(0.001) + 3.090_232).abs() < 1e-6);
    }

    #[test]
    fn deviates_are_normal_and_channels_independent() {
        let mut z = vec![[0.0; 3]; 100_000];
        PixelNoise::new(11).fill(&mut z, 0);
        let mean = |f: &dyn Fn(&[f32; 3]) -> f64| z.iter().map(f).sum::<f64>() / z.len() as f64;
        for c in 0..3 {
            assert!(mean(&|v| f64::from(v[c])).abs() < 0.01);
            assert!((mean(&|v| f64::from(v[c]).powi(2)) - 1.0).abs() < 0.015);
            assert!((mean(&|v| f64::from(v[c]).powi(4)) - 3.0).abs() < 0.1);
            assert!(mean(&|v| f64::from(v[c] * v[(c + 1) % 3])).abs() < 0.01);
        }
        let neighbours = z.windows(2).map(|w| f64::from(w[0][0] * w[1][0])).sum::<f64>() / z.len() as f64;
        assert!(neighbours.abs() < 0.01, "{neighbours}");
    }

    #[test]
    fn deviates_depend_on_address_only() {
        let noise = PixelNoise::new(5);
        let (mut whole, mut part) = ([[0.0; 3]; 8], [[0.0; 3]; 3]);
        noise.fill(&mut whole, 0);
        noise.fill(&mut part, 5);
        assert_eq!(whole[5..], part);
        PixelNoise::new(6).fill(&mut part, 5);
        assert_ne!(whole[5..], part);
    }
}
