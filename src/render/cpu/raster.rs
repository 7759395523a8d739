//! Which triangle is seen at each of eight samples per pixel.
//!
//! Edge functions of a shared edge are exact negatives of each other, whichever triangle and band evaluates them, and a
//! sample on an edge belongs to exactly one side: meshes have neither gaps nor double hits.

#![expect(clippy::inline_always, reason = "must be compiled for the dispatched instruction set")]

use fearless_simd::{Simd, prelude::*, u32x8};

use super::geometry::{MAX_TRIANGLES, ScreenPoint, Triangle};
use super::lanes::{F8, LANES, load, splat};
use super::shading::SAMPLES_PX;

const SAMPLE_X: [f32; LANES] = column(0);
const SAMPLE_Y: [f32; LANES] = column(1);

const fn column(axis: usize) -> [f32; LANES] {
    let mut out = [0.0; LANES];
    let mut k = 0;
    while k < LANES {
        out[k] = SAMPLES_PX[k][axis];
        k += 1;
    }
    out
}

/// What is seen at the samples of one pixel; one cache line.
#[derive(Debug, Clone, Copy)]
#[repr(align(64))]
pub(super) struct PixelSamples {
    /// 1 / depth of the nearest surface; 0 where there is none.
    pub(super) inv_z: [f32; LANES],
    /// Number of its triangle, and in the highest byte its body.
    pub(super) tag: [u32; LANES],
}

/// A tag counts triangles below the body.
const BODY_SHIFT: u32 = MAX_TRIANGLES.trailing_zeros();

impl PixelSamples {
    pub(super) const EMPTY: Self = Self { inv_z: [0.0; LANES], tag: [0; LANES] };

    /// Number of the triangle at a sample.
    #[inline(always)]
    pub(super) fn triangle(&self, sample: usize) -> u32 {
        self.tag[sample] & (MAX_TRIANGLES as u32 - 1)
    }

    /// Body at a sample.
    #[inline(always)]
    pub(super) fn body(&self, sample: usize) -> u32 {
        self.tag[sample] >> BODY_SHIFT
    }
}

/// A block of the picture.
#[derive(Debug, Clone, Copy)]
pub(super) struct Window {
    /// First column.
    pub(super) left: u32,
    /// First row.
    pub(super) top: u32,
    /// Columns.
    pub(super) width: u32,
    /// Rows.
    pub(super) height: u32,
}

/// Line through two corners, positive on the triangle's side.
#[derive(Clone, Copy)]
struct Edge<S: Simd> {
    a: f32,
    b: f32,
    x: f32,
    y: f32,
    /// `a` and `b` times the samples' places.
    samples: F8<S>,
    /// Least value that is inside: 0, or the smallest positive float where the edge belongs to the other side.
    least: F8<S>,
}

impl<S: Simd> Edge<S> {
    #[inline(always)]
    fn new(simd: S, from: [f32; 2], to: [f32; 2]) -> Self {
        // evaluated from the same end in both triangles that share the edge
        let forward = from[0] < to[0] || (from[0] <= to[0] && from[1] < to[1]);
        let (x, y) = if forward { (from[0], from[1]) } else { (to[0], to[1]) };
        let (a, b) = (from[1] - to[1], to[0] - from[0]);
        let samples = load(simd, &SAMPLE_X) * a + load(simd, &SAMPLE_Y) * b;
        Self { a, b, x, y, samples, least: splat(simd, if forward { 0.0 } else { f32::MIN_POSITIVE }) }
    }

    /// Values at the samples of a pixel, given the row's share.
    #[inline(always)]
    fn at(&self, column: f32, row: f32) -> F8<S> {
        self.samples + (self.a * (column - self.x) + row)
    }

    #[inline(always)]
    fn row(&self, row: f32) -> f32 {
        self.b * (row - self.y)
    }
}

/// Twice the signed area on the picture.
#[inline(always)]
pub(super) fn double_area(p: [[f32; 2]; 3]) -> f32 {
    (p[1][0] - p[0][0]) * (p[2][1] - p[0][1]) - (p[1][1] - p[0][1]) * (p[2][0] - p[0][0])
}

/// Draw numbered triangles into a window's samples.
#[inline(always)]
pub(super) fn draw<S: Simd>(
    simd: S,
    window: Window,
    numbers: &[u32],
    (screen, triangles): (&[ScreenPoint], &[Triangle]),
    samples: &mut [PixelSamples],
) {
    for number in numbers {
        let triangle = &triangles[*number as usize];
        let [a, b, c] = triangle.corners.map(|i| i as usize);
        let tag = number | u32::from(triangle.body) << BODY_SHIFT;
        let corners = [screen[a], screen[b], screen[c]];
        draw_one(simd, window, tag, corners, samples);
    }
}

#[inline(always)]
fn draw_one<S: Simd>(simd: S, window: Window, tag: u32, corners: [ScreenPoint; 3], samples: &mut [PixelSamples]) {
    let p = [corners[0].pixel, corners[1].pixel, corners[2].pixel];
    let inv_area = 1.0 / double_area(p);
    let edges = [Edge::new(simd, p[1], p[2]), Edge::new(simd, p[2], p[0]), Edge::new(simd, p[0], p[1])];
    let depth = [corners[0].inv_z, corners[1].inv_z, corners[2].inv_z];
    let base = splat(simd, depth[0]);
    let slopes = [(depth[1] - depth[0]) * inv_area, (depth[2] - depth[0]) * inv_area];

    let span = |axis: usize, first: u32, count: u32| {
        let low = p[0][axis].min(p[1][axis]).min(p[2][axis]) as u32;
        let high = p[0][axis].max(p[1][axis]).max(p[2][axis]) as u32;
        (low.max(first), high.min(first + count - 1))
    };
    let (left, right) = span(0, window.left, window.width);
    let (top, bottom) = span(1, window.top, window.height);
    for row in top..=bottom {
        let rows = [edges[0].row(row as f32), edges[1].row(row as f32), edges[2].row(row as f32)];
        let start = ((row - window.top) * window.width) as usize;
        for column in left..=right {
            let x = column as f32;
            let values = [edges[0].at(x, rows[0]), edges[1].at(x, rows[1]), edges[2].at(x, rows[2])];
            let inside = values[0].simd_ge(edges[0].least)
                & values[1].simd_ge(edges[1].least)
                & values[2].simd_ge(edges[2].least);
            if inside.any_true() {
                let inv_z = base + values[1] * slopes[0] + values[2] * slopes[1];
                let pixel = &mut samples[start + (column - window.left) as usize];
                let seen = load(simd, &pixel.inv_z);
                let nearer = inside & inv_z.simd_gt(seen);
                nearer.select(inv_z, seen).store_array(&mut pixel.inv_z);
                let kept = u32x8::load_array_ref(simd, &pixel.tag);
                nearer.select(u32x8::splat(simd, tag), kept).store_array(&mut pixel.tag);
            }
        }
    }
}
