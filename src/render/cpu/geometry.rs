//! Vertices in the picture and the triangles that may be seen, of all hands together.

use glam::{Mat3, Vec2, Vec3};

use super::prepared::PreparedRig;
use crate::camera::{Camera, Lens, NEAR_M};
use crate::posed::PosedHand;
use crate::rig::{HandPart, HandSide};
use crate::scene::Scene;

/// Where each quantity stands in a [`Vertex`].
pub(super) mod slot {
    /// World, metres, three floats.
    pub(in super::super) const POSITION: usize = 0;
    /// World, unit, three floats.
    pub(in super::super) const NORMAL: usize = 3;
    /// Texture coordinates, two floats.
    pub(in super::super) const UV: usize = 6;
    /// 0 back of the hand to 1 palm.
    pub(in super::super) const PALMAR: usize = 8;
    /// Share of the sky that the hands leave open.
    pub(in super::super) const OPENNESS: usize = 9;
    /// Mean curvature, 1/m.
    pub(in super::super) const CURVATURE: usize = 10;
    /// Slots above stand still on the surface and are interpolated.
    pub(in super::super) const INTERPOLATED: usize = 11;
    /// 1 / depth; 0 behind the near plane, negative outside the lens.
    pub(in super::super) const INV_Z: usize = 13;
    /// Pixel column and row.
    pub(in super::super) const PIXEL: usize = 14;
}

/// One cache line.
#[derive(Debug, Clone, Copy, Default)]
#[repr(align(64))]
pub(super) struct Vertex(pub(super) [f32; 16]);

impl Vertex {
    pub(super) fn position(&self) -> Vec3 {
        Vec3::from_slice(&self.0[slot::POSITION..])
    }

    #[inline(always)]
    #[expect(clippy::inline_always, reason = "part of the dispatched loops")]
    pub(super) fn pixel(&self) -> [f32; 2] {
        [self.0[slot::PIXEL], self.0[slot::PIXEL + 1]]
    }

    #[inline(always)]
    #[expect(clippy::inline_always, reason = "part of the dispatched loops")]
    pub(super) fn inv_z(&self) -> f32 {
        self.0[slot::INV_Z]
    }
}

/// A triangle that faces the camera, its corners in the order that makes its area on the picture positive.
#[derive(Debug, Clone, Copy)]
pub(super) struct Triangle {
    pub(super) corners: [u32; 3],
    /// Number of the hand, from 0.
    pub(super) hand: u8,
    /// RHD id.
    pub(super) part: u8,
    /// First and last picture row that its corners touch.
    pub(super) rows: [u16; 2],
}

/// Visible geometry of a picture.
#[derive(Debug, Default)]
pub(super) struct Geometry {
    pub(super) vertices: Vec<Vertex>,
    pub(super) triangles: Vec<Triangle>,
    /// Pixel columns and rows that the triangles may touch: left, top, right, bottom, right and bottom exclusive.
    pub(super) bounds: [u32; 4],
    /// Numbers of the vertices that belong to a triangle.
    pub(super) used: Vec<u32>,
    is_used: Vec<bool>,
    /// Columns and rows of the picture.
    size: [u32; 2],
}

impl Geometry {
    /// Project all hands and keep the triangles that face the camera and touch the picture.
    pub(super) fn build(&mut self, scene: &Scene, hands: &[PosedHand], rigs: &[std::sync::Arc<PreparedRig>]) {
        let projector = Projector::new(&scene.camera);
        self.vertices.clear();
        self.triangles.clear();
        self.size = [scene.camera.intrinsics.width, scene.camera.intrinsics.height];
        self.bounds = [self.size[0], self.size[1], 0, 0];
        for (k, (hand, rig)) in hands.iter().zip(rigs).enumerate() {
            let first = self.vertices.len();
            self.add_vertices(hand, rig, &projector);
            self.add_triangles(k, hand, first as u32, &projector);
        }
        self.collect_used();
    }

    fn add_vertices(&mut self, hand: &PosedHand, rig: &PreparedRig, projector: &Projector<'_>) {
        let mesh = &hand.rig.mesh;
        let surface = hand.positions_m.iter().zip(&hand.normals);
        let constant = mesh.uvs.iter().zip(&mesh.palmar).zip(&rig.curvature);
        self.vertices.extend(surface.zip(constant).map(|((p, n), ((uv, palmar), curvature))| {
            let [x, y, inv_z] = projector.project(*p);
            let curvature = *curvature;
            Vertex([p.x, p.y, p.z, n.x, n.y, n.z, uv.x, uv.y, *palmar, 1.0, curvature, 0.0, 0.0, inv_z, x, y])
        }));
    }

    fn add_triangles(&mut self, number: usize, hand: &PosedHand, first: u32, projector: &Projector<'_>) {
        let mesh = &hand.rig.mesh;
        for (corners, part) in mesh.triangles.iter().zip(&mesh.triangle_part) {
            // counter-clockwise in space is clockwise in a picture with y down: swapping makes the area positive
            let [a, b, c] = corners.map(|i| i + first);
            let corners = if hand.side == HandSide::Left { [a, b, c] } else { [a, c, b] };
            let triangle =
                Triangle { corners, hand: number as u8, part: HandPart::rhd_id(*part, hand.side), rows: [0; 2] };
            let inv_z = corners.map(|i| self.vertices[i as usize].inv_z());
            if inv_z.iter().all(|z| *z > 0.0) {
                self.add_projected(triangle);
            } else if inv_z.iter().any(|z| *z > 0.0) && inv_z.iter().all(|z| *z >= 0.0) {
                self.add_clipped(triangle, projector);
            }
        }
    }

    /// Keep a triangle whose corners are all in front of the camera, if it faces it and touches the picture.
    fn add_projected(&mut self, mut triangle: Triangle) {
        let [[x0, y0], [x1, y1], [x2, y2]] = triangle.corners.map(|i| self.vertices[i as usize].pixel());
        let area = (x1 - x0) * (y2 - y0) - (y1 - y0) * (x2 - x0);
        if area.partial_cmp(&0.0) != Some(std::cmp::Ordering::Greater) {
            return;
        }
        let (left, right) = (x0.min(x1).min(x2), x0.max(x1).max(x2));
        let (top, bottom) = (y0.min(y1).min(y2), y0.max(y1).max(y2));
        let [width, height] = self.size;
        if right <= 0.0 || bottom <= 0.0 || left >= width as f32 || top >= height as f32 {
            return;
        }
        let rows = [top as u32, (bottom as u32).min(height - 1)];
        let columns = [left as u32, (right as u32).min(width - 1)];
        triangle.rows = rows.map(|r| r as u16);
        let b = &mut self.bounds;
        *b = [b[0].min(columns[0]), b[1].min(rows[0]), b[2].max(columns[1] + 1), b[3].max(rows[1] + 1)];
        self.triangles.push(triangle);
    }

    /// Cut off what lies nearer than the near plane and keep the rest as one or two triangles.
    fn add_clipped(&mut self, triangle: Triangle, projector: &Projector<'_>) {
        let corners = triangle.corners.map(|i| self.vertices[i as usize]);
        let depth = corners.map(|v| projector.camera_point(v.position()).z);
        let mut polygon = Vec::with_capacity(4);
        for k in 0..3 {
            let next = (k + 1) % 3;
            if depth[k] >= NEAR_M {
                polygon.push(triangle.corners[k]);
            }
            if (depth[k] >= NEAR_M) != (depth[next] >= NEAR_M) {
                // a hair beyond the plane, so that rounding cannot put the cut behind it
                let t = (NEAR_M * 1.001 - depth[k]) / (depth[next] - depth[k]);
                polygon.push(self.vertices.len() as u32);
                self.vertices.push(projector.between(&corners[k], &corners[next], t.clamp(0.0, 1.0)));
            }
        }
        for k in 2..polygon.len() {
            let corners = [polygon[0], polygon[k - 1], polygon[k]];
            if corners.iter().all(|i| self.vertices[*i as usize].inv_z() > 0.0) {
                self.add_projected(Triangle { corners, ..triangle });
            }
        }
    }

    fn collect_used(&mut self) {
        self.is_used.clear();
        self.is_used.resize(self.vertices.len(), false);
        for triangle in &self.triangles {
            for corner in triangle.corners {
                self.is_used[corner as usize] = true;
            }
        }
        self.used.clear();
        let used = self.is_used.iter().enumerate().filter(|(_, used)| **used);
        self.used.extend(used.map(|(k, _)| k as u32));
    }
}

/// Steps per pixel that vertices are moved to: edge tests of small triangles are then exact.
const SUBPIXELS: f32 = 256.0;

/// World to picture.
struct Projector<'a> {
    camera: &'a Camera,
    rotation: Mat3,
    translation: Vec3,
    /// Largest (x² + y²) / z² that the lens maps one to one.
    reach: f32,
}

impl<'a> Projector<'a> {
    fn new(camera: &'a Camera) -> Self {
        let pose = camera.camera_from_world;
        let rotation = Mat3::from_quat(pose.rotation);
        Self { camera, rotation, translation: pose.translation_m, reach: lens_reach(&camera.lens) }
    }

    fn camera_point(&self, world: Vec3) -> Vec3 {
        self.rotation * world + self.translation
    }

    /// Column, row and 1 / depth; see [`slot::INV_Z`].
    fn project(&self, world: Vec3) -> [f32; 3] {
        let p = self.camera_point(world);
        match self.camera.project(p) {
            None => [0.0; 3],
            Some(_) if p.x * p.x + p.y * p.y > self.reach * p.z * p.z => [0.0, 0.0, -1.0],
            Some(pixel) => {
                let Vec2 { x, y } = (pixel * SUBPIXELS).round() / SUBPIXELS;
                [x, y, 1.0 / p.z]
            }
        }
    }

    /// The vertex a share `t` of the way from `a` to `b`, projected.
    fn between(&self, a: &Vertex, b: &Vertex, t: f32) -> Vertex {
        let mut v = Vertex(std::array::from_fn(|k| a.0[k] + (b.0[k] - a.0[k]) * t));
        let [x, y, inv_z] = self.project(v.position());
        v.0[slot::INV_Z] = inv_z;
        v.0[slot::PIXEL..].copy_from_slice(&[x, y]);
        v
    }
}

/// Beyond some angle a distortion polynomial turns back and would fold far things into the picture: squared tangent of
/// that angle.
fn lens_reach(lens: &Lens) -> f32 {
    // derivative of the distorted radius, as polynomial of the squared radius (or angle)
    let slope = |x: f32, k: [f32; 4]| 1.0 + x * (3.0 * k[0] + x * (5.0 * k[1] + x * (7.0 * k[2] + x * 9.0 * k[3])));
    match *lens {
        Lens::Pinhole => f32::MAX,
        Lens::BrownConrady { k1, k2, k3, .. } => {
            let squares = (0..2500).map(|i| i as f32 * 0.01);
            squares.into_iter().find(|r2| slope(*r2, [k1, k2, k3, 0.0]) <= 0.0).unwrap_or(f32::MAX)
        }
        Lens::KannalaBrandt4 { k } => {
            let angles = (0..1570).map(|i| i as f32 * 0.001);
            let turn = angles.into_iter().find(|t| slope(t * t, k) <= 0.0);
            turn.map_or(f32::MAX, |t| libm::tanf(t) * libm::tanf(t))
        }
    }
}
