//! Width of the point spread from edges.
//!
//! A step blurred by a Gaussian of deviation s has its steepest gradient in proportion to 1/s. Blurred once more by a known
//! deviation t, the gradient falls by `R = sqrt(1 + t²/s²)`, whatever the step's height (Zhuo and Sim 2011). Only a
//! picture's strong edges are asked. Edges that are soft in the scene add their own width, so it is the difference of the
//! squares between two sets that tells the optics apart.

use crate::frame::Plane;
use crate::sensor::blur::gaussian;

use super::statistics::quantile;

/// Deviation of the second blur, pixels.
const AGAIN_PX: f32 = 1.5;
/// Variance that the gradient operator itself adds along the gradient, square pixels: a box of two pixels (1/3) along the
/// axis and a binomial of variance 1/2 across, mixed over directions.
const OPERATOR: f32 = 0.39;
/// Gradients below this are no edges, grey levels per pixel,
const LEAST_GRADIENT: f32 = 4.0;
/// nor those below this share of the picture's strongest ones.
const STRONG: f32 = 0.3;
/// Edges that a picture needs to be asked.
const LEAST_EDGES: usize = 30;
/// Quantile of the edges' widths that is taken: neighbouring edges make more edges look too sharp than too soft.
const TYPICAL: f32 = 0.65;

/// Deviation of the Gaussian that the strong edges show, pixels; `None` without enough edges.
pub fn edge_sigma_px(luma: &Plane<f32>) -> Option<f32> {
    let light = Plane { width: luma.width, height: luma.height, data: luma.data.iter().map(|v| [*v]).collect() };
    let first = gradients(&light);
    let second = gradients(&gaussian(&light, AGAIN_PX));
    let mut sorted: Vec<f32> =
        first.iter().map(|[x, y]| libm::hypotf(*x, *y)).filter(|g| *g >= LEAST_GRADIENT).collect();
    sorted.sort_by(f32::total_cmp);
    let least = LEAST_GRADIENT.max(STRONG * quantile(&sorted, 0.99));
    let width = luma.width as usize;
    let mut sigmas: Vec<f32> = Vec::new();
    for (k, ([x, y], [again_x, again_y])) in first.iter().zip(&second).enumerate() {
        let strength = libm::hypotf(*x, *y);
        if strength >= least && is_ridge(&first, k, width) {
            let fallen = libm::hypotf(*again_x, *again_y).max(1e-6);
            let ratio = strength / fallen;
            if ratio > 1.005 {
                let variance = AGAIN_PX * AGAIN_PX / (ratio * ratio - 1.0);
                sigmas.push((variance - OPERATOR).max(0.0).sqrt());
            }
        }
    }
    sigmas.sort_by(f32::total_cmp);
    (sigmas.len() >= LEAST_EDGES).then(|| quantile(&sigmas, TYPICAL))
}

/// Sobel gradients per pixel; 0 at the border.
fn gradients(plane: &Plane<[f32; 1]>) -> Vec<[f32; 2]> {
    let (width, height) = (plane.width as usize, plane.height as usize);
    let mut out = vec![[0.0; 2]; plane.data.len()];
    for y in 1..height.saturating_sub(1) {
        for x in 1..width.saturating_sub(1) {
            let at = |dx: usize, dy: usize| plane.data[(y + dy - 1) * width + x + dx - 1][0];
            let across = |dy: usize| at(2, dy) - at(0, dy);
            let down = |dx: usize| at(dx, 2) - at(dx, 0);
            out[y * width + x] =
                [(across(0) + 2.0 * across(1) + across(2)) / 8.0, (down(0) + 2.0 * down(1) + down(2)) / 8.0];
        }
    }
    out
}

/// Whether a pixel's gradient is the strongest along its direction.
fn is_ridge(gradients: &[[f32; 2]], k: usize, width: usize) -> bool {
    let [gx, gy] = gradients[k];
    let strength = |k: usize| gradients.get(k).map_or(0.0, |[x, y]| libm::hypotf(*x, *y));
    let step = match (gx.abs() > 2.4 * gy.abs(), gy.abs() > 2.4 * gx.abs()) {
        (true, _) => 1,
        (_, true) => width,
        _ if gx * gy > 0.0 => width + 1,
        _ => width - 1,
    };
    k >= step && strength(k) >= strength(k - step) && strength(k) > strength(k + step)
}
