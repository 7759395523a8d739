//! Traces of JPEG in pictures that are stored without loss: the quality at which they once were compressed.
//!
//! Compression leaves the cosine coefficients of its 8 x 8 blocks near multiples of its quantisation steps; decoding to
//! bytes adds a little noise. For each coefficient and step the likelihood of what is found is compared with that of
//! coefficients spread smoothly; a quality's likelihood is the sum over the coefficients of its table. Multiples of a true
//! step leave odd multiples unexplained, and divisors explain less sharply, so the true quality stands out. Only blocks that
//! lie as those of an uncropped, unscaled file are looked for.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::frame::Plane;

use super::jpeg::standard_luminance;

/// Deviation of a coefficient of brightness: rounding of red, green and blue to bytes gives 0.2, decoders' own arithmetic
/// more than doubles it.
const ROUNDING: f32 = 0.45;
/// Share of coefficients that may be anything.
const OUTLIERS: f32 = 0.01;
/// Coefficients are counted in bins of this width.
const BIN: f32 = 0.125;
/// Blocks that are looked at, at most.
const MOST_BLOCKS: usize = 1600;
/// Gain in log likelihood without which there are no traces.
const LEAST_GAIN: f32 = 40.0;
/// Steps up to this drown in rounding: they tell nothing.
const FINEST_STEP: u16 = 1;

/// Quality 1..=100 whose traces are in a picture's brightness (of colour: not rounded); `None` if there are none. Blocks
/// with a pixel that is clipped in some channel of the colour picture do not count.
pub fn quality(luma: &Plane<f32>, rgb: Option<&Plane<[u8; 3]>>) -> Option<u8> {
    let is_clipped = |k: usize| match rgb {
        Some(rgb) => rgb.data[k].iter().any(|v| matches!(v, 0 | 255)),
        None => !(1.0..=254.0).contains(&luma.data[k]),
    };
    let histograms = histograms(luma, &is_clipped);
    let mut known: BTreeMap<(usize, u16), f32> = BTreeMap::new();
    let mut best = None;
    for quality in (1..=100).rev() {
        let steps = standard_luminance(quality).into_iter().enumerate().skip(1);
        let of_frequency = |(k, step): (usize, u16)| {
            *known.entry((k, step)).or_insert_with(|| likelihood(&histograms[k], f32::from(step)))
        };
        let gain: f32 = steps.filter(|(_, step)| *step > FINEST_STEP).map(of_frequency).sum();
        if best.is_none_or(|(most, _)| gain > most) {
            best = Some((gain, quality));
        }
    }
    best.filter(|(gain, _)| *gain > LEAST_GAIN).map(|(_, quality)| quality)
}

/// Number of coefficients in each bin, for each of the 64 frequencies.
fn histograms(luma: &Plane<f32>, is_clipped: &dyn Fn(usize) -> bool) -> Vec<BTreeMap<i32, u32>> {
    let (columns, rows) = (luma.width as usize / 8, luma.height as usize / 8);
    let mut histograms = vec![BTreeMap::new(); 64];
    let stride = (columns * rows).div_ceil(MOST_BLOCKS).max(1);
    for block in (0..columns * rows).step_by(stride) {
        let (left, top) = (8 * (block % columns), 8 * (block / columns));
        let pixel = |k: usize| (top + k / 8) * luma.width as usize + left + k % 8;
        // clipping moves coefficients off their multiples
        if (0..64).any(|k| is_clipped(pixel(k))) {
            continue;
        }
        let values: [f32; 64] = std::array::from_fn(|k| luma.data[pixel(k)]);
        for (histogram, c) in histograms.iter_mut().zip(cosines(&values)) {
            *histogram.entry((c / BIN).round() as i32).or_insert(0) += 1;
        }
    }
    histograms
}

/// Orthonormal cosine transform of a block.
fn cosines(values: &[f32; 64]) -> [f32; 64] {
    static BASIS: LazyLock<[[f32; 8]; 8]> = LazyLock::new(|| {
        std::array::from_fn(|u| {
            let scale = if u == 0 { 8.0_f32.sqrt().recip() } else { 0.5 };
            std::array::from_fn(|x| scale * libm::cosf(std::f32::consts::PI * (2 * x + 1) as f32 * u as f32 / 16.0))
        })
    });
    let rows: [f32; 64] =
        std::array::from_fn(|k| (0..8).map(|x| BASIS[k % 8][x] * values[8 * (k / 8) + x]).sum::<f32>());
    std::array::from_fn(|k| (0..8).map(|y| BASIS[k / 8][y] * rows[8 * y + k % 8]).sum::<f32>())
}

/// Gain in log likelihood if a frequency was quantised by a step.
fn likelihood(histogram: &BTreeMap<i32, u32>, step: f32) -> f32 {
    let mut gain = 0.0;
    for (bin, count) in histogram {
        let c = *bin as f32 * BIN;
        let multiple = (c / step).round();
        let off = (c - multiple * step) / ROUNDING;
        let density = step * libm::expf(-0.5 * off * off) / (ROUNDING * std::f32::consts::TAU.sqrt());
        let ratio = libm::logf((1.0 - OUTLIERS) * density + OUTLIERS);
        // zeros are likely anyway: they are no evidence for a step
        let counts = if multiple.abs() < 0.5 { ratio.min(0.0) } else { ratio };
        gain += counts * *count as f32;
    }
    gain
}
