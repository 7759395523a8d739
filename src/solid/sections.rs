//! A body through oval cross-sections one above the other: trunks, heads, limbs.

use std::f32::consts::TAU;

use glam::Vec3;

use super::{Grid, SolidMesh, loft};

/// Steps around.
const AROUND: usize = 28;
/// Sections drawn between two given ones.
const BETWEEN: usize = 3;

/// Sections as (height, shift towards +Z, half width, half depth), from below; both ends are closed by a point.
pub(super) fn sections(given: &[[f32; 4]]) -> SolidMesh {
    let mut grid = Grid { columns: AROUND, ..Grid::default() };
    let at = |k: usize, axis: usize| given[k.min(given.len() - 1)][axis];
    for k in 0..given.len().saturating_sub(1) {
        let last = k + 2 == given.len();
        for step in 0..BETWEEN + usize::from(last) {
            let t = step as f32 / BETWEEN as f32;
            let value = |axis: usize| {
                let p = [at(k.saturating_sub(1), axis), at(k, axis), at(k + 1, axis), at(k + 2, axis)];
                between(p, t)
            };
            ring([value(0), value(1), value(2), value(3)], &mut grid);
        }
    }
    loft(&grid)
}

/// Cubic through the inner two of four values (Catmull and Rom), kept between them.
fn between([a, b, c, d]: [f32; 4], t: f32) -> f32 {
    let (m, n) = (0.5 * (c - a), 0.5 * (d - b));
    let cubic = b + t * (m + t * (3.0 * (c - b) - 2.0 * m - n + t * (2.0 * (b - c) + m + n)));
    cubic.clamp(b.min(c), b.max(c))
}

fn ring([height, forward, width, depth]: [f32; 4], grid: &mut Grid) {
    for k in 0..AROUND {
        let (sin, cos) = libm::sincosf(TAU * k as f32 / AROUND as f32);
        // a little squarer than an ellipse
        let square = 1.0 + 0.12 * (2.0 * sin * cos) * (2.0 * sin * cos);
        grid.points_m.push(Vec3::new(width * cos * square, height, forward + depth * sin * square));
    }
    grid.along_m.push(height);
}
