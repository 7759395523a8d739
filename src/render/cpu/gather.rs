//! Eight fragments side by side: interpolation on their triangles and look-up in the skin maps.

#![expect(clippy::inline_always, reason = "must be compiled for the dispatched instruction set")]

use fearless_simd::{Simd, prelude::*};
use glam::Vec3;

use super::fragment::Fragment;
use super::geometry::{BODIES, Geometry, ScreenPoint, Vertex, slot};
use super::lanes::{F8, LANES, splat};
use super::material::Material;
use super::prepared::{CHANNELS, MapLevel, MapPyramid, PreparedRig};
use super::raster::double_area;
use super::shading::{MOST_STEPS_PER_TEXEL, NEAR_MM, SAMPLES_PX};
use super::tile::{self, Tile};
use crate::rig::part::PERSON_ID;

/// Channels of a skin map in [`Batch::texel`].
pub(super) mod channel {
    pub(in super::super) const PALMAR: usize = 0;
    pub(in super::super) const FLUSH: usize = 1;
    pub(in super::super) const NAIL: usize = 2;
    pub(in super::super) const NAIL_PART: usize = 3;
    /// Along u and v, of each layer of relief.
    pub(in super::super) const SLOPES: usize = 4;
    pub(in super::super) const VEIN: usize = 12;
    pub(in super::super) const HAIR: usize = 13;
    /// High byte, low byte.
    pub(in super::super) const RIDGE: usize = 14;
}

/// Inputs of shading, one row per quantity.
#[derive(Debug, Default)]
#[repr(align(64))]
pub(super) struct Batch {
    /// Slots of the vertices, interpolated.
    pub(super) attribute: [[f32; LANES]; 2 * LANES],
    /// Two edges of the triangle, world, metres.
    pub(super) edges: [[f32; LANES]; 6],
    /// Change of u and v along each edge: u1 v1 u2 v2.
    pub(super) edge_uvs: [[f32; LANES]; 4],
    /// Skin map, bytes as floats.
    pub(super) texel: [[f32; LANES]; CHANNELS],
    /// What is only seen from near, or on some people.
    pub(super) fine: Fine,
}

/// Fine structure of eight fragments.
#[derive(Debug, Default)]
pub(super) struct Fine {
    /// True if the rows of `near` hold something.
    pub(super) is_near: bool,
    /// Width of a pixel on the skin, millimetres.
    pub(super) footprint_mm: [f32; LANES],
    /// Millimetres per unit of texture coordinates.
    pub(super) mm_per_uv: [f32; LANES],
    /// The tile of fine relief, bytes as floats.
    pub(super) tile: [[f32; LANES]; tile::channel::COUNT],
    /// Change of the ridge coordinate, in its steps, per unit of u and v.
    pub(super) ridge: [[f32; LANES]; 2],
    /// Covered by hair, in a freckle, in an age spot, bytes as floats.
    pub(super) hair: [f32; LANES],
    pub(super) freckle: [f32; LANES],
    pub(super) spot: [f32; LANES],
    /// Ink and scar, shares, and the scar's change of height along the edges, metres.
    pub(super) ink: [f32; LANES],
    pub(super) scar: [f32; LANES],
    pub(super) scar_rise_m: [[f32; LANES]; 2],
}

impl Batch {
    /// Fill the lanes from up to eight fragments; skin has maps and a material.
    #[inline(always)]
    pub(super) fn fill<S: Simd>(
        &mut self,
        simd: S,
        fragments: &[Fragment],
        geometry: &Geometry,
        skin: Option<(&PreparedRig, &Material)>,
    ) {
        self.fine.is_near = false;
        for (lane, fragment) in fragments.iter().enumerate() {
            let triangle = &geometry.triangles[fragment.triangle as usize];
            let [i, j, k] = triangle.corners.map(|c| c as usize);
            let corners = [&geometry.vertices[i], &geometry.vertices[j], &geometry.vertices[k]];
            let screen = [geometry.screen[i], geometry.screen[j], geometry.screen[k]];
            let sample = SAMPLES_PX[usize::from(fragment.sample) % LANES];
            let x = f32::from(fragment.pixel[0]) + sample[0];
            let y = f32::from(fragment.pixel[1]) + sample[1];
            let values = interpolate(simd, corners, shares(screen, [x, y]));
            for (row, value) in self.attribute.iter_mut().zip(&values) {
                row[lane] = *value;
            }
            if let Some((rig, material)) = skin
                && let Some(maps) = &rig.maps
            {
                let picture_area = double_area([screen[0].pixel, screen[1].pixel, screen[2].pixel]);
                let texture_area = self.look_up(lane, corners, (&values, picture_area), maps);
                let body = if triangle.part == PERSON_ID { BODIES } else { triangle.body % BODIES };
                let mm_per_uv = rig.mm_per_uv[usize::from(body)];
                self.look_closer(lane, corners, (&values, texture_area, mm_per_uv), material);
            }
        }
    }

    /// Read the skin maps; returns texture area per pixel.
    #[inline(always)]
    fn look_up(
        &mut self,
        lane: usize,
        corners: [&Vertex; 3],
        (values, picture_area): (&[f32; 2 * LANES], f32),
        maps: &MapPyramid,
    ) -> f32 {
        let edge = |corner: usize, slot: usize| corners[corner].0[slot] - corners[0].0[slot];
        for k in 0..3 {
            self.edges[k][lane] = edge(1, slot::POSITION + k);
            self.edges[3 + k][lane] = edge(2, slot::POSITION + k);
        }
        let uvs = [edge(1, slot::UV), edge(1, slot::UV + 1), edge(2, slot::UV), edge(2, slot::UV + 1)];
        for (row, value) in self.edge_uvs.iter_mut().zip(uvs) {
            row[lane] = value;
        }
        let area = (uvs[0] * uvs[3] - uvs[1] * uvs[2]).abs() / picture_area;
        let uv = [values[slot::UV], values[slot::UV + 1]];
        let (level, is_finest) = level(maps, area);
        let (texels, ridge) = bilinear(level, uv);
        for (row, value) in self.texel.iter_mut().zip(texels) {
            row[lane] = value;
        }
        for (row, value) in self.fine.ridge.iter_mut().zip(ridge) {
            let is_smooth = ridge[0].abs().max(ridge[1].abs()) < MOST_STEPS_PER_TEXEL * level.size as f32;
            row[lane] = if is_finest && is_smooth { value } else { 0.0 };
        }
        area
    }

    /// Read what is only seen from near, or on some people.
    #[inline(always)]
    fn look_closer(
        &mut self,
        lane: usize,
        corners: [&Vertex; 3],
        (values, texture_area, mm_per_uv): (&[f32; 2 * LANES], f32, f32),
        material: &Material,
    ) {
        let footprint = texture_area.sqrt() * mm_per_uv;
        let fine = &mut self.fine;
        fine.footprint_mm[lane] = footprint;
        fine.mm_per_uv[lane] = mm_per_uv;
        let uv = [values[slot::UV], values[slot::UV + 1]];
        let at = |side_mm: f32, turn: usize| {
            let scale = mm_per_uv / side_mm;
            let [u, v] = [uv[0] * scale + material.offset[turn], uv[1] * scale + material.offset[1 - turn]];
            Tile::get().at([u, v], texture_area * scale * scale)
        };
        let is_near = footprint < NEAR_MM;
        if is_near && !fine.is_near {
            // lanes before this one were too far to see any of it
            for (row, mean) in fine.tile.iter_mut().zip(Tile::get().mean) {
                row.fill(mean);
            }
            fine.is_near = true;
        }
        if fine.is_near {
            let tile = if is_near { at(tile::RELIEF_MM, 0) } else { Tile::get().mean };
            for (row, value) in fine.tile.iter_mut().zip(tile) {
                row[lane] = value;
            }
        }
        if material.has_hair {
            fine.hair[lane] =
                if self.texel[channel::HAIR][lane] > 1.0 { at(tile::HAIR_MM, 0)[tile::channel::HAIR] } else { 0.0 };
        }
        if material.has_spots {
            fine.freckle[lane] = at(tile::FRECKLES_MM, 0)[tile::channel::BLOB];
            fine.spot[lane] = at(tile::SPOTS_MM, 1)[tile::channel::BLOB];
        }
        if let Some(decals) = &material.decals {
            let bind = |vertex: &[f32]| Vec3::from_slice(&vertex[slot::BIND..]);
            let origin = bind(&corners[0].0);
            let edges = [bind(&corners[1].0) - origin, bind(&corners[2].0) - origin];
            let marked = decals.at(bind(values), edges, footprint * 1e-3);
            (fine.ink[lane], fine.scar[lane]) = (marked.ink, marked.scar);
            for (row, rise) in fine.scar_rise_m.iter_mut().zip(marked.rise_m) {
                row[lane] = rise;
            }
        }
    }
}

/// Shares of the corners at a point of the picture, perspective-correct.
#[inline(always)]
fn shares(corners: [ScreenPoint; 3], at: [f32; 2]) -> [f32; 3] {
    let [a, b, c] = [corners[0].pixel, corners[1].pixel, corners[2].pixel];
    let weights = [
        double_area([b, c, at]) * corners[0].inv_z,
        double_area([c, a, at]) * corners[1].inv_z,
        double_area([a, b, at]) * corners[2].inv_z,
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

/// The level of the pyramid with about one texel per pixel, given texture area per pixel, and whether it is the finest.
#[inline(always)]
fn level(maps: &MapPyramid, texture_area_per_pixel: f32) -> (&MapLevel<CHANNELS>, bool) {
    let size = maps.levels[0].size as f32;
    let texels_per_pixel = texture_area_per_pixel * size * size;
    // floor of the binary logarithm, halved because it is an area
    let log2 = ((texels_per_pixel.max(1.0).to_bits() >> 23) as usize).saturating_sub(127);
    let number = (log2 / 2).min(maps.levels.len() - 1);
    (&maps.levels[number], number == 0)
}

/// Values at a place, and the change of the ridge coordinate per unit of u and v.
#[inline(always)]
fn bilinear(level: &MapLevel<CHANNELS>, uv: [f32; 2]) -> ([f32; CHANNELS], [f32; 2]) {
    let size = level.size as f32;
    let place = |t: f32| (t.clamp(0.0, 1.0) * size - 0.5).clamp(0.0, size - 1.0);
    let (x, y) = (place(uv[0]), place(uv[1]));
    let (x0, y0) = (x as usize, y as usize);
    let (x1, y1) = ((x0 + 1).min(level.size - 1), (y0 + 1).min(level.size - 1));
    let (fx, fy) = (x - x0 as f32, y - y0 as f32);
    let texels = [(x0, y0), (x1, y0), (x0, y1), (x1, y1)].map(|(x, y)| &level.texels[y * level.size + x]);
    let weights = [(1.0 - fx) * (1.0 - fy), fx * (1.0 - fy), (1.0 - fx) * fy, fx * fy];
    let mut out = [0.0; CHANNELS];
    for (texel, weight) in texels.into_iter().zip(weights) {
        for (out, byte) in out.iter_mut().zip(texel) {
            *out += weight * f32::from(*byte);
        }
    }
    let [a, b, c, d] = texels.map(|t| f32::from(u16::from_be_bytes([t[channel::RIDGE], t[channel::RIDGE + 1]])));
    let along_u = (b - a) + ((d - c) - (b - a)) * fy;
    let along_v = (c - a) + ((d - b) - (c - a)) * fx;
    (out, [along_u * size, along_v * size])
}
