//! Radially averaged amplitude spectrum.

use crate::frame::Plane;
use crate::math::fft::{Complex, transform_square};

/// Side of the square tiles that are transformed, pixels.
const TILE: usize = 128;
/// Tiles of a picture that are transformed at most, from the middle outwards.
const MOST_TILES: usize = 9;
/// Rings of frequency, evenly spaced in the logarithm.
pub const RINGS: usize = 24;
/// Least frequency, cycles per pixel: below, the window shows.
const LEAST: f32 = 0.022;
/// Ranges of frequency of the four bands, cycles per pixel.
const BANDS: [[f32; 2]; 4] = [[0.022, 0.0625], [0.0625, 0.167], [0.167, 0.333], [0.333, 0.5]];
/// Range over which the slope is fitted, cycles per pixel.
const SLOPE: [f32; 2] = [0.022, 0.3];

/// Middle of each ring, cycles per pixel.
pub fn frequencies() -> Vec<f32> {
    let step = libm::logf(0.5 / LEAST) / RINGS as f32;
    (0..RINGS).map(|k| LEAST * libm::expf((k as f32 + 0.5) * step)).collect()
}

/// A picture's spectrum.
#[derive(Debug, Clone, PartialEq)]
pub struct Spectrum {
    /// Amplitude of each ring in decibels: 20 log10 of the mean amplitude per tile in grey levels.
    pub rings_db: Vec<Option<f32>>,
    /// Means of four bands, decibels.
    pub bands_db: [f32; 4],
    /// Exponent of amplitude against frequency; about -1 to -1.3 for photographs.
    pub slope: f32,
}

/// Spectrum of a picture's brightness; `None` if it is smaller than a tile.
pub fn measure(luma: &Plane<f32>) -> Option<Spectrum> {
    let mut power = vec![0.0_f64; TILE * TILE];
    let tiles = tiles(luma);
    if tiles.is_empty() {
        return None;
    }
    let window = hann();
    for (left, top) in &tiles {
        add_power(luma, *left, *top, &window, &mut power);
    }
    let rings_db = rings(&power, tiles.len());
    let frequencies = frequencies();
    let known: Vec<(f32, f32)> =
        frequencies.iter().zip(&rings_db).filter_map(|(f, db)| Some((*f, db.as_ref().copied()?))).collect();
    let bands_db = BANDS.map(|[low, high]| {
        let inside: Vec<f32> = known.iter().filter(|(f, _)| (low..high).contains(f)).map(|(_, db)| *db).collect();
        inside.iter().sum::<f32>() / inside.len().max(1) as f32
    });
    Some(Spectrum { slope: slope(&known), bands_db, rings_db })
}

/// Corners of tiles, spread evenly.
fn tiles(luma: &Plane<f32>) -> Vec<(usize, usize)> {
    let places = |side: u32| {
        let side = side as usize;
        let count = (side / TILE).min(3);
        (0..count).map(move |k| if count == 1 { (side - TILE) / 2 } else { k * (side - TILE) / (count - 1) })
    };
    places(luma.height).flat_map(|top| places(luma.width).map(move |left| (left, top))).take(MOST_TILES).collect()
}

/// Weights of a window without edges, of mean square 1.
fn hann() -> Vec<f32> {
    let turn = |k: usize| std::f32::consts::TAU * (k as f32 + 0.5) / TILE as f32;
    (0..TILE).map(|k| (1.0 - libm::cosf(turn(k))) * 0.5 / 0.375_f32.sqrt()).collect()
}

fn add_power(luma: &Plane<f32>, left: usize, top: usize, window: &[f32], power: &mut [f64]) {
    let at = |k: usize| luma.data[(top + k / TILE) * luma.width as usize + left + k % TILE];
    let mean = (0..TILE * TILE).map(|k| f64::from(at(k))).sum::<f64>() / (TILE * TILE) as f64;
    let weigh = |k: usize| [(at(k) - mean as f32) * window[k % TILE] * window[k / TILE], 0.0];
    let mut data: Vec<Complex> = (0..TILE * TILE).map(weigh).collect();
    transform_square(&mut data, TILE);
    for (sum, [re, im]) in power.iter_mut().zip(data) {
        *sum += f64::from(re * re + im * im);
    }
}

/// Mean amplitude of each ring, decibels, from the summed power of a number of tiles.
fn rings(power: &[f64], tiles: usize) -> Vec<Option<f32>> {
    let (mut sums, mut counts) = (vec![0.0; RINGS], vec![0_u32; RINGS]);
    let per_ring = RINGS as f32 / libm::logf(0.5 / LEAST);
    let signed = |k: usize| if k > TILE / 2 { k as f32 - TILE as f32 } else { k as f32 };
    for (k, power) in power.iter().enumerate() {
        let frequency = libm::hypotf(signed(k % TILE), signed(k / TILE)) / TILE as f32;
        if (LEAST..0.5).contains(&frequency) {
            let ring = ((libm::logf(frequency / LEAST) * per_ring) as usize).min(RINGS - 1);
            sums[ring] += power;
            counts[ring] += 1;
        }
    }
    // 1 / n² makes the sum of power the variance of a pixel; times n² again per ring keeps tiles comparable
    let scale = 1.0 / (tiles as f64 * (TILE * TILE) as f64);
    let db = |(sum, count): (&f64, &u32)| {
        (*count > 0).then(|| 10.0 * libm::log10((sum * scale / f64::from(*count)).max(1e-6)) as f32)
    };
    sums.iter().zip(&counts).map(db).collect()
}

/// Least squares of log amplitude against log frequency.
fn slope(known: &[(f32, f32)]) -> f32 {
    let points: Vec<(f32, f32)> = known
        .iter()
        .filter(|(f, _)| (SLOPE[0]..SLOPE[1]).contains(f))
        .map(|(f, db)| (libm::log10f(*f), db / 20.0))
        .collect();
    let n = points.len().max(1) as f32;
    let (mx, my) = points.iter().fold((0.0, 0.0), |(a, b), (x, y)| (a + x / n, b + y / n));
    let (xy, xx) = points.iter().fold((0.0, 0.0), |(a, b), (x, y)| (a + (x - mx) * (y - my), b + (x - mx) * (x - mx)));
    if xx > 0.0 { xy / xx } else { 0.0 }
}
