//! Exposure, clipping, contrast and white balance of a picture.

use crate::frame::Plane;

use super::noise::display_light;
use super::statistics::{moments, quantile};

/// Levels from which a pixel counts as clipped, and up to which as black.
const WHITE: f32 = 252.0;
const BLACK: f32 = 3.0;
/// Light that a stop scale starts from.
const MID_GREY: f32 = 0.18;

/// Brightness of a picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Exposure {
    /// Stops of the mean display light from mid grey.
    pub light_ev: f32,
    /// Stops of the median display light from mid grey.
    pub median_ev: f32,
    /// Percent of pixels at white and at black.
    pub clipped_high: f32,
    /// Percent of pixels at black.
    pub clipped_low: f32,
    /// Standard deviation of brightness, grey levels.
    pub contrast: f32,
}

/// Exposure from brightness 0..=255; `None` of an empty picture.
pub fn exposure(luma: &Plane<f32>) -> Option<Exposure> {
    if luma.data.is_empty() {
        return None;
    }
    let light = |level: f32| display_light(level.round().clamp(0.0, 255.0) as u8);
    let n = luma.data.len() as f32;
    let mean = luma.data.iter().map(|v| f64::from(light(*v))).sum::<f64>() as f32 / n;
    let mut sorted = luma.data.clone();
    sorted.sort_by(f32::total_cmp);
    let stops = |light: f32| libm::log2f(light.max(1e-4) / MID_GREY);
    let share = |is: &dyn Fn(f32) -> bool| 100.0 * luma.data.iter().filter(|v| is(**v)).count() as f32 / n;
    Some(Exposure {
        light_ev: stops(mean),
        median_ev: stops(light(quantile(&sorted, 0.5))),
        clipped_high: share(&|v| v >= WHITE),
        clipped_low: share(&|v| v <= BLACK),
        contrast: moments(&luma.data).1,
    })
}

/// Stops of red and blue above green: the mean of grey world (mean light of the channels) and grey edge (mean difference of
/// neighbours, van de Weijer 2007), as either alone is led astray by large coloured surfaces. Clipped pixels do not count.
pub fn white_balance(rgb: &Plane<[u8; 3]>) -> Option<[f32; 2]> {
    let usable = |p: &[u8; 3]| p.iter().all(|v| (4..250).contains(v));
    let (mut world, mut edges) = ([0.0_f64; 3], [0.0_f64; 3]);
    for row in rgb.data.chunks_exact(rgb.width.max(1) as usize) {
        let light = |p: &[u8; 3]| p.map(display_light);
        for pair in row.windows(2).filter(|pair| pair.iter().all(usable)) {
            let (a, b) = (light(&pair[0]), light(&pair[1]));
            for ((world, edges), (a, b)) in world.iter_mut().zip(&mut edges).zip(a.iter().zip(b)) {
                *world += f64::from(*a);
                *edges += f64::from((a - b).abs());
            }
        }
    }
    let stops = |sums: [f64; 3], c: usize| libm::log2(sums[c] / sums[1]) as f32;
    let known = world.iter().all(|v| *v > 0.0);
    let edged = edges.iter().all(|v| *v > 0.0);
    let ratio = |c: usize| if edged { 0.5 * (stops(world, c) + stops(edges, c)) } else { stops(world, c) };
    known.then(|| [ratio(0), ratio(2)])
}
