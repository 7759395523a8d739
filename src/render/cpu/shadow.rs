//! One shadow map per light: the depth of the surfaces that face away from the light.
//!
//! Lit surfaces are compared with the far sides of what stands before them, so that no surface shades itself and
//! contact shadows stay attached. A surface that itself faces away is only shaded by other bodies; the cosine does the
//! rest. Texels grow with the light's disc, and a smooth 3 x 3 kernel blurs the edge by as much.

#![expect(clippy::inline_always, reason = "must be compiled for the dispatched instruction set")]

use fearless_simd::{Simd, prelude::*};
use glam::Vec3;

use super::lanes::{F8, LANES, V8, load, splat};
use super::shading::SHADOW_MARGIN;
use super::shadow_frame::ShadowFrame;
use crate::posed::PosedScene;
use crate::rig::HandSide;
use crate::scene::DirectionalLight;

/// Depth map of one light.
#[derive(Debug, Default)]
pub(super) struct ShadowMap {
    frame: ShadowFrame,
    /// Distance away from the light of the nearest far side, metres.
    depth: Vec<f32>,
    projected: Vec<[f32; 3]>,
}

impl ShadowMap {
    /// Draw the far sides of hands and solids; texels are not made smaller than a picture's pixel on them.
    pub(super) fn build(&mut self, light: &DirectionalLight, posed: &PosedScene<'_>, footprint_m: f32) {
        self.frame = ShadowFrame::new(light, posed, footprint_m);
        self.depth.clear();
        self.depth.resize(self.frame.width * self.frame.height, f32::MAX);
        for hand in &posed.hands {
            self.project(&hand.positions_m);
            self.draw_all(&hand.rig.mesh.triangles, hand.side == HandSide::Left);
        }
        for solid in &posed.solids {
            self.project(&solid.mesh.positions_m);
            self.draw_all(&solid.mesh.triangles, false);
        }
        if !posed.solids.is_empty() {
            self.clear_margin();
        }
    }

    fn project(&mut self, positions: &[Vec3]) {
        self.projected.clear();
        self.projected
            .extend(positions.iter().map(|p| (self.frame.light_from_world * *p + self.frame.origin).to_array()));
    }

    /// Draw the far sides of a mesh of projected vertices.
    fn draw_all(&mut self, triangles: &[[u32; 3]], mirrored: bool) {
        let projected = std::mem::take(&mut self.projected);
        for [a, b, c] in triangles {
            // seen from the light with y up, a far side runs clockwise
            let [b, c] = if mirrored { [b, c] } else { [c, b] };
            self.draw([projected[*a as usize], projected[*b as usize], projected[*c as usize]]);
        }
        self.projected = projected;
    }

    /// What lies beyond the map is lit, also where a large solid reaches over its edge.
    fn clear_margin(&mut self) {
        for (k, row) in self.depth.chunks_exact_mut(self.frame.width).enumerate() {
            if k < SHADOW_MARGIN || k + SHADOW_MARGIN >= self.frame.height {
                row.fill(f32::MAX);
            } else {
                let inner = row.len() - SHADOW_MARGIN;
                row[..SHADOW_MARGIN].fill(f32::MAX);
                row[inner..].fill(f32::MAX);
            }
        }
    }

    fn draw(&mut self, p: [[f32; 3]; 3]) {
        let edge = |a: [f32; 3], b: [f32; 3], x: f32, y: f32| (b[0] - a[0]) * (y - a[1]) - (b[1] - a[1]) * (x - a[0]);
        let area = edge(p[0], p[1], p[2][0], p[2][1]);
        if area.partial_cmp(&0.0) != Some(std::cmp::Ordering::Greater) {
            return;
        }
        let span = |k: usize| {
            let (low, high) = (p[0][k].min(p[1][k]).min(p[2][k]), p[0][k].max(p[1][k]).max(p[2][k]));
            ((low + 0.5) as usize, (high + 0.5) as usize)
        };
        let ((left, right), (top, bottom)) = (span(0), span(1));
        if left >= right || top >= bottom {
            return;
        }
        let inv_area = 1.0 / area;
        let (d1, d2) = ((p[1][2] - p[0][2]) * inv_area, (p[2][2] - p[0][2]) * inv_area);
        for row in top..bottom.min(self.frame.height) {
            let y = row as f32 + 0.5;
            for column in left..right.min(self.frame.width) {
                let x = column as f32 + 0.5;
                let (e1, e2) = (edge(p[2], p[0], x, y), edge(p[0], p[1], x, y));
                let inside = e1.min(e2).min(edge(p[1], p[2], x, y)) >= 0.0;
                // no branch: it would be as good as random
                let depth = if inside { p[0][2] + e1 * d1 + e2 * d2 } else { f32::MAX };
                let seen = &mut self.depth[row * self.frame.width + column];
                *seen = if depth < *seen { depth } else { *seen };
            }
        }
    }

    /// Share of the light that reaches points with the given normals.
    #[inline(always)]
    pub(super) fn lit<S: Simd>(&self, simd: S, position: V8<S>, normal: V8<S>) -> F8<S> {
        // off the surface, so that the kernel does not dip below it
        let p = position.add(normal.scale(splat(simd, self.frame.texel_m * 1.5)));
        let [x, y, depth] = [0, 1, 2].map(|k| (self.frame.light_from_world.row(k), self.frame.origin[k]));
        let x = p.dot(V8::splat(simd, x.0)) + x.1;
        let y = p.dot(V8::splat(simd, y.0)) + y.1;
        let depth = p.dot(V8::splat(simd, depth.0)) + (depth.1 - self.frame.texel_m);
        let least = splat(simd, 1.5);
        let x = x.max(least).min(splat(simd, self.frame.width as f32 - 2.5)) - 0.5;
        let y = y.max(least).min(splat(simd, self.frame.height as f32 - 2.5)) - 0.5;
        // middle texel and the place in it
        let (middle_x, middle_y) = ((x + 0.5).floor(), (y + 0.5).floor());
        let weights_x = spline(x - middle_x);
        let weights_y = spline(y - middle_y);
        let first = (middle_y - 1.0) * self.frame.width as f32 + (middle_x - 1.0);
        let first = first.to_array();
        let mut lit = splat(simd, 0.0);
        for (dy, weight_y) in weights_y.into_iter().enumerate() {
            for (dx, weight_x) in weights_x.into_iter().enumerate() {
                let offset = dy * self.frame.width + dx;
                let mut seen = [f32::MAX; LANES];
                for (seen, first) in seen.iter_mut().zip(first) {
                    *seen = self.depth.get(first as usize + offset).copied().unwrap_or(f32::MAX);
                }
                let open = load(simd, &seen).simd_gt(depth);
                lit += open.select(weight_x * weight_y, splat(simd, 0.0));
            }
        }
        lit
    }
}

/// Weights of three neighbours of a quadratic B-spline, for an offset of -0.5..=0.5 from the middle one.
#[inline(always)]
fn spline<S: Simd>(t: F8<S>) -> [F8<S>; 3] {
    let (a, b) = (0.5 - t, 0.5 + t);
    [a * a * 0.5, 0.75 - t * t, b * b * 0.5]
}
