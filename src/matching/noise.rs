//! Noise against brightness, and the sensor that makes such noise.
//!
//! Each picture is cut into small blocks. In every range of brightness the blocks whose four quarters are most alike count
//! as flat; of their mixed second differences (blind to slopes and edges along rows and columns) a low quantile is taken,
//! because texture only adds.

use crate::frame::Plane;
use crate::scene::FilmCurve;
use crate::sensor::curve::{filmic, light_table, srgb_from_light};

use super::luma::{INDEPENDENT, RESIDUAL_NORM, residual};

/// Ranges of brightness, each 16 grey levels wide.
pub const BINS: usize = 16;
/// Side of a block, pixels.
const BLOCK: usize = 8;
/// Blocks of a range that a picture needs to be asked.
const LEAST_BLOCKS: usize = 12;
/// Share of the blocks of a range that count as flat.
const FLAT: f32 = 0.35;
/// Quantile of the flat blocks' noise that is taken,
const LOW: f32 = 0.3;
/// and what it is of the true deviation where there is noise alone (simulated, 8 x 8 blocks with an inner 6 x 6 of residuals).
const LOW_IS: f32 = 0.915;

/// Variance of the noise in each range of brightness, squared grey levels; `None` where there is nothing flat.
pub fn by_brightness(luma: &Plane<f32>) -> Vec<Option<f32>> {
    let mut blocks: Vec<Vec<(f32, f32)>> = vec![Vec::new(); BINS];
    let (columns, rows) = (luma.width as usize / BLOCK, luma.height as usize / BLOCK);
    for (bx, by) in (0..rows).flat_map(|by| (0..columns).map(move |bx| (bx * BLOCK, by * BLOCK))) {
        if let Some((mean, unevenness, deviation)) = block(luma, bx, by) {
            let bin = (mean * BINS as f32 / 256.0) as usize;
            blocks[bin.min(BINS - 1)].push((unevenness, deviation));
        }
    }
    blocks.into_iter().map(flat_variance).collect()
}

/// Mean, spread of the quarters' means, and deviation of the noise of a block; `None` if it touches black or white.
fn block(luma: &Plane<f32>, left: usize, top: usize) -> Option<(f32, f32, f32)> {
    let at = |x: usize, y: usize| luma.data[(top + y) * luma.width as usize + left + x];
    let half = BLOCK / 2;
    let mut quarters = [0.0_f32; 4];
    for (x, y) in (0..BLOCK).flat_map(|y| (0..BLOCK).map(move |x| (x, y))) {
        let value = at(x, y);
        if !(1.0..=254.0).contains(&value) {
            return None;
        }
        quarters[2 * (y / half) + x / half] += value / (half * half) as f32;
    }
    let (low, high) = quarters.iter().fold((f32::MAX, f32::MIN), |(a, b), q| (a.min(*q), b.max(*q)));
    let inner = (1..BLOCK - 1).flat_map(|y| (1..BLOCK - 1).map(move |x| (x, y)));
    let squares: f32 = inner.map(|(x, y)| residual(luma, left + x, top + y)).map(|r| r * r).sum();
    let deviation = (squares / ((BLOCK - 2) * (BLOCK - 2)) as f32).sqrt() / RESIDUAL_NORM;
    Some((0.25 * quarters.iter().sum::<f32>(), high - low, deviation))
}

fn flat_variance(mut blocks: Vec<(f32, f32)>) -> Option<f32> {
    if blocks.len() < LEAST_BLOCKS {
        return None;
    }
    blocks.sort_by(|a, b| a.0.total_cmp(&b.0));
    let flat = (blocks.len() as f32 * FLAT).ceil() as usize;
    let mut deviations: Vec<f32> = blocks[..flat].iter().map(|b| b.1).collect();
    deviations.sort_by(f32::total_cmp);
    let sigma = super::statistics::quantile(&deviations, LOW) / LOW_IS;
    Some(sigma * sigma)
}

/// Deviation of the noise in the dark, middle and bright third of brightness, grey levels.
pub fn thirds(by_brightness: &[Option<f32>]) -> [Option<f32>; 3] {
    [0..BINS / 3, BINS / 3..BINS - BINS / 3, BINS - BINS / 3..BINS].map(|range| {
        let known: Vec<f32> = by_brightness[range].iter().flatten().copied().collect();
        (!known.is_empty()).then(|| (known.iter().sum::<f32>() / known.len() as f32).sqrt())
    })
}

/// Shot and read noise of a sensor, in units of light at white.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SensorNoise {
    /// Variance per light: 1 over the electrons at white.
    pub shot: f32,
    /// Variance in the dark.
    pub read: f32,
}

impl SensorNoise {
    /// Electrons at white; 0 for a noiseless sensor.
    pub fn full_well_e(self) -> f32 {
        if self.shot > 0.0 { 1.0 / self.shot } else { 0.0 }
    }

    /// Deviation of the read noise, electrons.
    pub fn read_noise_e(self) -> f32 {
        self.read.sqrt() * self.full_well_e()
    }
}

/// The sensor whose noise, sent through a tone curve, fits variances of brightness best; `None` without two ranges.
///
/// Variance of light is `shot * light + read`, both 0 or more; ranges count by relative error.
pub fn fit_sensor(by_brightness: &[Option<f32>], curve: FilmCurve) -> Option<SensorNoise> {
    let rounding = INDEPENDENT / 12.0;
    let points: Vec<[f64; 2]> = by_brightness
        .iter()
        .enumerate()
        .filter_map(|(k, variance)| {
            let (light, slope) = light_and_slope((k as f64 + 0.5) * 256.0 / BINS as f64, curve);
            let own = (variance.as_ref()? - rounding).max(0.0);
            Some([light, f64::from(own) / (f64::from(INDEPENDENT) * slope * slope)])
        })
        .collect();
    if points.len() < 2 {
        return None;
    }
    let mut weights: Vec<f64> = points.iter().map(|[_, v]| 1.0 / (v * v).max(1e-18)).collect();
    let mut found = [0.0; 2];
    for _ in 0..8 {
        found = non_negative_line(&points, &weights);
        let model = |light: f64| found[0] * light + found[1];
        weights = points.iter().map(|[light, _]| 1.0 / model(*light).powi(2).max(1e-18)).collect();
    }
    Some(SensorNoise { shot: found[0] as f32, read: found[1] as f32 })
}

/// Weighted least squares of `y = a x + b` with a and b not below 0.
fn non_negative_line(points: &[[f64; 2]], weights: &[f64]) -> [f64; 2] {
    let sum = |f: &dyn Fn(&[f64; 2]) -> f64| points.iter().zip(weights).map(|(p, w)| w * f(p)).sum::<f64>();
    let (n, x, y) = (sum(&|_| 1.0), sum(&|p| p[0]), sum(&|p| p[1]));
    let (xx, xy) = (sum(&|p| p[0] * p[0]), sum(&|p| p[0] * p[1]));
    let determinant = n * xx - x * x;
    let a = if determinant > 0.0 { (n * xy - x * y) / determinant } else { 0.0 };
    let b = (y - a * x) / n;
    if a < 0.0 {
        [0.0, (y / n).max(0.0)]
    } else if b < 0.0 {
        [(xy / xx.max(1e-18)).max(0.0), 0.0]
    } else {
        [a, b]
    }
}

/// Exposed light behind a grey level, and grey levels per light there.
fn light_and_slope(grey_level: f64, curve: FilmCurve) -> (f64, f64) {
    let level = |light: f64| {
        let display = if curve == FilmCurve::Filmic { filmic(light) } else { light.min(1.0) };
        255.0 * srgb_from_light(display)
    };
    let (mut low, mut high) = (0.0, if curve == FilmCurve::Filmic { 6.0 } else { 1.0 });
    for _ in 0..50 {
        let middle = 0.5 * (low + high);
        if level(middle) < grey_level { low = middle } else { high = middle }
    }
    let step = 0.01 * low.max(1e-4);
    (low, (level(low + step) - level(low - step)) / (2.0 * step))
}

/// Linear light of each 8-bit grey level through sRGB alone.
pub fn display_light(level: u8) -> f32 {
    light_table()[usize::from(level)]
}
