//! Eight fragments side by side: interpolation on their triangles and look-up in the skin maps.

#![expect(clippy::inline_always, reason = "must be compiled for the dispatched instruction set")]

use fearless_simd::{Simd, prelude::*};

use super::fragment::Fragment;
use super::geometry::{Geometry, Vertex, slot};
use super::lanes::{F8, LANES, splat};
use super::prepared::{MapLevel, MapPyramid};
use super::raster::{SAMPLES_PX, double_area};

/// Channels of a skin map in [`Batch::texel`].
pub(super) mod channel {
    pub(in super::super) const PALMAR: usize = 0;
    pub(in super::super) const FLUSH: usize = 1;
    pub(in super::super) const NAIL: usize = 2;
    pub(in super::super) const NAIL_PART: usize = 3;
    pub(in super::super) const SLOPE: usize = 4;
    pub(in super::super) const COUNT: usize = 6;
}

/// Inputs of shading, one row per quantity.
#[derive(Debug)]
#[repr(align(64))]
pub(super) struct Batch {
    /// Slots of the vertices, interpolated.
    pub(super) attribute: [[f32; LANES]; slot::INTERPOLATED],
    /// Two edges of the triangle, world, metres.
    pub(super) edges: [[f32; LANES]; 6],
    /// Change of u and v along each edge: u1 v1 u2 v2.
    pub(super) edge_uvs: [[f32; LANES]; 4],
    /// Skin map, bytes as floats.
    pub(super) texel: [[f32; LANES]; channel::COUNT],
}

impl Default for Batch {
    fn default() -> Self {
        Self {
            attribute: [[0.0; LANES]; slot::INTERPOLATED],
            edges: [[0.0; LANES]; 6],
            edge_uvs: [[0.0; LANES]; 4],
            texel: [[0.0; LANES]; channel::COUNT],
        }
    }
}

impl Batch {
    /// Fill the lanes from up to eight fragments of a picture with the given width.
    #[inline(always)]
    pub(super) fn fill<S: Simd>(
        &mut self,
        simd: S,
        fragments: &[Fragment],
        geometry: &Geometry,
        width: u32,
        maps: Option<&MapPyramid>,
    ) {
        for (lane, fragment) in fragments.iter().enumerate() {
            let corners = geometry.triangles[fragment.triangle as usize].corners;
            let [i, j, k] = corners.map(|c| c as usize);
            let corners = [&geometry.vertices[i], &geometry.vertices[j], &geometry.vertices[k]];
            let sample = SAMPLES_PX[usize::from(fragment.sample) % LANES];
            let x = (fragment.pixel % width) as f32 + sample[0];
            let y = (fragment.pixel / width) as f32 + sample[1];
            let values = interpolate(simd, corners, shares(corners, [x, y]));
            for (row, value) in self.attribute.iter_mut().zip(&values) {
                row[lane] = *value;
            }
            if let Some(maps) = maps {
                self.look_up(lane, corners, [values[slot::UV], values[slot::UV + 1]], maps);
            }
        }
    }

    #[inline(always)]
    fn look_up(&mut self, lane: usize, corners: [&Vertex; 3], uv: [f32; 2], maps: &MapPyramid) {
        let edge = |corner: usize, slot: usize| corners[corner].0[slot] - corners[0].0[slot];
        for k in 0..3 {
            self.edges[k][lane] = edge(1, slot::POSITION + k);
            self.edges[3 + k][lane] = edge(2, slot::POSITION + k);
        }
        let uvs = [edge(1, slot::UV), edge(1, slot::UV + 1), edge(2, slot::UV), edge(2, slot::UV + 1)];
        for (row, value) in self.edge_uvs.iter_mut().zip(uvs) {
            row[lane] = value;
        }
        let texture_area = (uvs[0] * uvs[3] - uvs[1] * uvs[2]).abs();
        let picture_area = double_area(corners.map(Vertex::pixel));
        let texels = bilinear(level(maps, texture_area / picture_area), uv);
        for (row, value) in self.texel.iter_mut().zip(texels) {
            row[lane] = value;
        }
    }
}

/// Shares of the corners at a point of the picture, perspective-correct.
#[inline(always)]
fn shares(corners: [&Vertex; 3], at: [f32; 2]) -> [f32; 3] {
    let [a, b, c] = corners.map(Vertex::pixel);
    let weights = [
        double_area([b, c, at]) * corners[0].inv_z(),
        double_area([c, a, at]) * corners[1].inv_z(),
        double_area([a, b, at]) * corners[2].inv_z(),
    ];
    let scale = 1.0 / (weights[0] + weights[1] + weights[2]);
    weights.map(|w| w * scale)
}

#[inline(always)]
fn interpolate<S: Simd>(simd: S, corners: [&Vertex; 3], shares: [f32; 3]) -> [f32; 2 * LANES] {
    let mut out = [0.0; 2 * LANES];
    for (half, out) in out.chunks_exact_mut(LANES).enumerate() {
        let part =
            |k: usize| F8::from_slice(simd, &corners[k].0[half * LANES..(half + 1) * LANES]) * splat(simd, shares[k]);
        (part(0) + part(1) + part(2)).store_slice(out);
    }
    out
}

/// The level of the pyramid with about one texel per pixel, given texture area per pixel.
#[inline(always)]
fn level(maps: &MapPyramid, texture_area_per_pixel: f32) -> &MapLevel {
    let size = maps.levels[0].size as f32;
    let texels_per_pixel = texture_area_per_pixel * size * size;
    // floor of the binary logarithm, halved because it is an area
    let log2 = ((texels_per_pixel.max(1.0).to_bits() >> 23) as usize).saturating_sub(127);
    &maps.levels[(log2 / 2).min(maps.levels.len() - 1)]
}

#[inline(always)]
fn bilinear(level: &MapLevel, uv: [f32; 2]) -> [f32; 8] {
    let size = level.size as f32;
    let place = |t: f32| (t.clamp(0.0, 1.0) * size - 0.5).clamp(0.0, size - 1.0);
    let (x, y) = (place(uv[0]), place(uv[1]));
    let (x0, y0) = (x as usize, y as usize);
    let (x1, y1) = ((x0 + 1).min(level.size - 1), (y0 + 1).min(level.size - 1));
    let (fx, fy) = (x - x0 as f32, y - y0 as f32);
    let mut out = [0.0; 8];
    let taps =
        [(x0, y0, (1.0 - fx) * (1.0 - fy)), (x1, y0, fx * (1.0 - fy)), (x0, y1, (1.0 - fx) * fy), (x1, y1, fx * fy)];
    for (x, y, weight) in taps {
        let texel = level.texels[y * level.size + x];
        for (out, byte) in out.iter_mut().zip(texel) {
            *out += weight * f32::from(byte);
        }
    }
    out
}
