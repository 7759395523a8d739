//! Addressed randomness: (dataset seed, sample index, stream name) gives a generator, and nothing else does.
//!
//! Adding a draw to one stream leaves every other stream as it was. The generator is `ChaCha8`, a named algorithm whose
//! stream does not change with a crate's version; `--seed 0` is a seed like any other.

use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};

/// Where a sample stands in its dataset: the dataset's seed and the sample's index. Everything random follows from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SampleId {
    /// Seed of the dataset.
    pub seed: u64,
    /// Index of the sample in the dataset, from 0, over all splits.
    pub index: u64,
}

impl SampleId {
    /// Generator of one named stream of this sample, such as `"camera"`.
    pub fn stream(&self, name: &str) -> Stream {
        Stream::new(&[&self.seed.to_le_bytes(), b"sample", &self.index.to_le_bytes(), name.as_bytes()])
    }
}

/// Generator of a stream that belongs to the dataset and not to one sample, such as `("subject", 7)`.
pub fn dataset_stream(seed: u64, name: &str, item: u64) -> Stream {
    Stream::new(&[&seed.to_le_bytes(), b"dataset", &item.to_le_bytes(), name.as_bytes()])
}

/// A stream of random numbers with the few draws this crate needs.
///
/// Only `sampler`, `sensor` and the procedural backgrounds consume streams.
#[derive(Debug, Clone)]
pub struct Stream {
    rng: ChaCha8Rng,
}

impl Stream {
    fn new(address: &[&[u8]]) -> Self {
        let mut hasher = blake3::Hasher::new();
        for part in address {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part);
        }
        Self { rng: ChaCha8Rng::from_seed(*hasher.finalize().as_bytes()) }
    }

    /// Uniform integer over all of `u64`.
    pub fn next_u64(&mut self) -> u64 {
        self.rng.next_u64()
    }

    /// Uniform in [0, 1), 24 bits.
    pub fn unit(&mut self) -> f32 {
        (self.rng.next_u32() >> 8) as f32 * (1.0 / 16_777_216.0)
    }

    /// Uniform in [lo, hi).
    pub fn uniform(&mut self, lo: f32, hi: f32) -> f32 {
        lo + (hi - lo) * self.unit()
    }

    /// Uniform index below `count`; 0 if `count` is 0.
    pub fn index(&mut self, count: usize) -> usize {
        // the high half of a 64 x 32 bit product: no modulo bias worth speaking of
        ((u128::from(self.rng.next_u64()) * count as u128) >> 64) as usize
    }

    /// True with the given probability.
    pub fn chance(&mut self, probability: f32) -> bool {
        self.unit() < probability
    }

    /// Standard normal (Box-Muller, one value per two uniforms).
    pub fn normal(&mut self) -> f32 {
        let radius = libm::sqrtf(-2.0 * libm::logf(1.0 - self.unit()));
        radius * libm::cosf(std::f32::consts::TAU * self.unit())
    }

    /// Index drawn in proportion to non-negative weights; `None` if they add to nothing.
    pub fn weighted(&mut self, weights: &[f32]) -> Option<usize> {
        let total: f32 = weights.iter().sum();
        if !(total > 0.0 && total.is_finite()) {
            return None;
        }
        let mut rest = self.unit() * total;
        for (k, w) in weights.iter().enumerate() {
            if rest < *w {
                return Some(k);
            }
            rest -= w;
        }
        weights.iter().rposition(|w| *w > 0.0)
    }

    /// Unit vector, uniform over the sphere.
    pub fn direction(&mut self) -> glam::Vec3 {
        let z = self.uniform(-1.0, 1.0);
        let angle = std::f32::consts::TAU * self.unit();
        let r = libm::sqrtf((1.0 - z * z).max(0.0));
        glam::Vec3::new(r * libm::cosf(angle), r * libm::sinf(angle), z)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_are_addressed() {
        let id = SampleId { seed: 0, index: 5 };
        assert_eq!(id.stream("pose").next_u64(), id.stream("pose").next_u64());
        assert_ne!(id.stream("pose").next_u64(), id.stream("camera").next_u64());
        assert_ne!(id.stream("pose").next_u64(), SampleId { seed: 0, index: 6 }.stream("pose").next_u64());
        assert_ne!(id.stream("pose").next_u64(), SampleId { seed: 1, index: 5 }.stream("pose").next_u64());
    }

    #[test]
    fn first_words_never_change() {
        // a change here changes every dataset ever made: it needs a new major version
        let id = SampleId { seed: 0, index: 0 };
        assert_eq!(id.stream("pose").next_u64(), FIRST_WORD_OF_POSE);
    }
    const FIRST_WORD_OF_POSE: u64 = 5_268_645_641_680_300_709;

    #[test]
    fn normal_has_mean_0_and_deviation_1() {
        let mut s = dataset_stream(3, "test", 0);
        let draws: Vec<f32> = (0..20_000).map(|_| s.normal()).collect();
        let mean = draws.iter().sum::<f32>() / draws.len() as f32;
        let variance = draws.iter().map(|x| (x - mean) * (x - mean)).sum::<f32>() / draws.len() as f32;
        assert!(mean.abs() < 0.03, "{mean}");
        assert!((variance - 1.0).abs() < 0.04, "{variance}");
    }

    #[test]
    fn weighted_follows_weights_and_skips_zeros() {
        let mut s = dataset_stream(3, "weighted", 0);
        let mut counts = [0; 3];
        for _ in 0..6000 {
            counts[s.weighted(&[1.0, 0.0, 2.0]).unwrap()] += 1;
        }
        assert_eq!(counts[1], 0);
        assert!((counts[2] as f32 / counts[0] as f32 - 2.0).abs() < 0.2, "{counts:?}");
        assert_eq!(s.weighted(&[0.0]), None);
    }
}
