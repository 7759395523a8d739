//! Noise, steps and holes of a depth picture.
//!
//! Noise is what mixed second differences leave (blind to planes and to curvature along rows or columns), over 3 x 3
//! neighbourhoods without jumps; the median absolute value is taken, because what remains of a surface's shape is rare.

use crate::frame::{NO_DEPTH, Plane};

use super::luma::{RESIDUAL_NORM, residual};
use super::statistics::quantile;
use crate::sensor::depth::EDGE_JUMP_M;

/// Ranges of depth, metres apart: noise is measured in each.
pub const BINS: usize = 20;
/// Width of a range, metres.
pub const BIN_M: f32 = 0.1;
/// Neighbourhoods that a range needs.
const LEAST: usize = 150;
/// Median absolute deviation of a normal deviate.
const MAD: f32 = 0.6745;
/// Finer steps are none: 16-bit pictures have them and noise hides them, millimetres.
const FINEST_STEP_MM: f32 = 0.05;
/// Different depths that a picture needs before its step is told.
const LEAST_LEVELS: usize = 12;
/// Full neighbours around an empty pixel that make it a hole and not the end of a surface: within one, and between two.
const FULL_NEIGHBOURS: [usize; 2] = [7, 5];

/// Measures of a depth picture.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DepthMeasures {
    /// Variance of the noise in each range of depth, square millimetres.
    pub noise: Vec<Option<f32>>,
    /// Deviation of the noise over all ranges, millimetres.
    pub noise_mm: Option<f32>,
    /// Smallest difference of depths, millimetres; 0 if depth is continuous.
    pub step_mm: Option<f32>,
    /// Percent of surface pixels that are empty, away from edges and at jumps of depth.
    pub holes: Option<f32>,
    /// Percent of pixels at jumps of depth that are empty.
    pub edge_holes: Option<f32>,
}

/// Measures a depth picture, metres, 0 where there is none.
pub fn measure(depth_z_m: &Plane<f32>) -> DepthMeasures {
    let noise = noise_by_depth(depth_z_m);
    let known: Vec<f32> = noise.iter().flatten().copied().collect();
    let noise_mm = (!known.is_empty()).then(|| (known.iter().sum::<f32>() / known.len() as f32).sqrt());
    let [holes, edge_holes] = holes(depth_z_m);
    DepthMeasures { noise, noise_mm, step_mm: step_mm(depth_z_m), holes, edge_holes }
}

fn noise_by_depth(depth_z_m: &Plane<f32>) -> Vec<Option<f32>> {
    let mut residuals: Vec<Vec<f32>> = vec![Vec::new(); BINS];
    let (width, height) = (depth_z_m.width as usize, depth_z_m.height as usize);
    for y in 1..height.saturating_sub(1) {
        for x in 1..width.saturating_sub(1) {
            let z = depth_z_m.data[y * width + x];
            let bin = (z / BIN_M) as usize;
            if z > NO_DEPTH && bin < BINS && is_smooth(depth_z_m, x, y, z) {
                residuals[bin].push(residual(depth_z_m, x, y).abs());
            }
        }
    }
    residuals
        .into_iter()
        .map(|mut r| {
            r.sort_by(f32::total_cmp);
            let sigma_mm = 1e3 * quantile(&r, 0.5) / (MAD * RESIDUAL_NORM);
            (r.len() >= LEAST).then_some(sigma_mm * sigma_mm)
        })
        .collect()
}

/// Whether all neighbours are on the same surface.
fn is_smooth(depth_z_m: &Plane<f32>, x: usize, y: usize, z: f32) -> bool {
    let width = depth_z_m.width as usize;
    let row = |y: usize| &depth_z_m.data[y * width + x - 1..=y * width + x + 1];
    let same = |other: &f32| *other > NO_DEPTH && (other - z).abs() <= EDGE_JUMP_M;
    (y - 1..=y + 1).all(|y| row(y).iter().all(same))
}

/// Usual difference of neighbouring values among all that occur.
fn step_mm(depth_z_m: &Plane<f32>) -> Option<f32> {
    let mut values: Vec<f32> = depth_z_m.data.iter().filter(|z| **z > NO_DEPTH).map(|z| z * 1e3).collect();
    values.sort_by(f32::total_cmp);
    // equal values differ by rounding errors of the format
    values.dedup_by(|a, b| (*a - *b).abs() < 0.2 * FINEST_STEP_MM);
    if values.len() < LEAST_LEVELS {
        return None;
    }
    let mut steps: Vec<f32> = values.windows(2).map(|w| w[1] - w[0]).collect();
    steps.sort_by(f32::total_cmp);
    let step = quantile(&steps, 0.3);
    Some(if step < FINEST_STEP_MM { 0.0 } else { step })
}

/// Percent of pixels that are empty among those surrounded by surfaces: without a jump around them, and with one.
fn holes(depth_z_m: &Plane<f32>) -> [Option<f32>; 2] {
    let (mut empty, mut all) = ([0_u32; 2], [0_u32; 2]);
    for y in 0..i64::from(depth_z_m.height) {
        for x in 0..i64::from(depth_z_m.width) {
            let around = (-1..=1).flat_map(|dy| (-1..=1).map(move |dx| (dx, dy))).filter(|d| *d != (0, 0));
            let full = around.filter_map(|(dx, dy)| depth_z_m.get(x + dx, y + dy)).filter(|z| *z > NO_DEPTH);
            let (count, low, high) =
                full.fold((0, f32::MAX, f32::MIN), |(n, low, high), z| (n + 1, low.min(z), high.max(z)));
            let at_jump = usize::from(high - low > EDGE_JUMP_M);
            if count >= FULL_NEIGHBOURS[at_jump] {
                all[at_jump] += 1;
                empty[at_jump] += u32::from(depth_z_m.get(x, y).is_some_and(|z| z <= NO_DEPTH));
            }
        }
    }
    [0, 1].map(|k| (all[k] as usize >= LEAST).then(|| 100.0 * empty[k] as f32 / all[k] as f32))
}

/// Median depth of what lies farther than a quarter of a metre behind the nearest hand, metres.
pub fn background_m(depth_z_m: &Plane<f32>, nearest_hand_m: f32) -> Option<f32> {
    let far = depth_z_m.data.iter().copied().filter(|z| *z > nearest_hand_m + 0.25);
    let mut far: Vec<f32> = far.collect();
    far.sort_by(f32::total_cmp);
    (far.len() >= LEAST).then(|| quantile(&far, 0.5))
}

/// Coefficients of the deviation of noise against depth, millimetres, not below 0: constant, per metre, per square metre.
/// One range gives a constant.
pub fn fit_noise(by_depth: &[Option<f32>]) -> Option<[f32; 3]> {
    let points: Vec<(f32, f32)> =
        by_depth.iter().enumerate().filter_map(|(k, v)| Some(((k as f32 + 0.5) * BIN_M, v.as_ref()?.sqrt()))).collect();
    if points.is_empty() {
        return None;
    }
    // projected descent on the squared relative error: three numbers, a handful of points
    let weight = |sigma: f32| 1.0 / sigma.max(0.02).powi(2);
    let basis = |z: f32| [1.0, z, z * z];
    let model = |c: &[f32; 3], z: f32| basis(z).iter().zip(c).map(|(b, c)| b * c).sum::<f32>();
    let mut found = [0.0_f32; 3];
    for _ in 0..4000 {
        for k in 0..3 {
            // exact minimum along one coefficient, kept from falling below 0
            let (mut top, mut bottom) = (0.0, 0.0);
            for (z, sigma) in &points {
                let b = basis(*z)[k];
                top += weight(*sigma) * b * (sigma - model(&found, *z));
                bottom += weight(*sigma) * b * b;
            }
            let coefficient = &mut found[k];
            *coefficient = (*coefficient + top / bottom.max(1e-12)).max(0.0);
        }
    }
    Some(found)
}
