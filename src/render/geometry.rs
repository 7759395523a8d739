//! Vertices in the picture and the triangles that may be seen, of all hands and solids together.

use glam::{Mat3, Vec3};

use super::prepared::PreparedRig;
use crate::camera::{Camera, Lens, NEAR_M};
use crate::posed::{PosedGlove, PosedHand, PosedScene, PosedSolid};
use crate::rig::{HandPart, HandPose, HandSide};

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
    /// Of solids in the same place: [`crate::solid::SolidMesh::detail`].
    pub(in super::super) const DETAIL: usize = PALMAR;
    /// Share of the sky that the hands leave open.
    pub(in super::super) const OPENNESS: usize = 9;
    /// Mean curvature, 1/m.
    pub(in super::super) const CURVATURE: usize = 10;
    /// Place in the mean hand's bind pose, metres, three floats.
    pub(in super::super) const BIND: usize = 11;
    /// How far joints fold the skin: 0 straight, 1 bent.
    pub(in super::super) const FLEXION: usize = 14;
    /// How far the tendon below stands out.
    pub(in super::super) const TENSION: usize = 15;
}

/// One cache line.
#[derive(Debug, Clone, Copy, Default)]
#[repr(align(64))]
pub(super) struct Vertex(pub(super) [f32; 16]);

impl Vertex {
    pub(super) fn position(&self) -> Vec3 {
        Vec3::from_slice(&self.0[slot::POSITION..])
    }
}

/// Where a vertex stands in the picture.
#[derive(Debug, Clone, Copy, Default)]
#[repr(align(16))]
pub(super) struct ScreenPoint {
    /// Column and row.
    pub(super) pixel: [f32; 2],
    /// 1 / depth; 0 behind the near plane, negative outside the lens.
    pub(super) inv_z: f32,
}

/// A triangle that faces the camera, its corners in the order that makes its area on the picture positive.
#[derive(Debug, Clone, Copy)]
pub(super) struct Triangle {
    pub(super) corners: [u32; 3],
    /// Number of the hand, from 0; solids follow the hands.
    pub(super) surface: u8,
    /// Instance id.
    pub(super) instance: u8,
    /// RHD id.
    pub(super) part: u8,
    /// Same number for triangles of the same digit or palm of the same hand, or of the same solid.
    pub(super) body: u8,
    /// First and last row and column of the picture that its corners touch.
    pub(super) rows: [u16; 2],
    pub(super) columns: [u16; 2],
}

/// Visible geometry of a picture.
#[derive(Debug, Default)]
pub(super) struct Geometry {
    pub(super) vertices: Vec<Vertex>,
    /// Number of the first vertex of each hand, then of each solid; vertices that clipping made stand in between.
    pub(super) firsts: Vec<u32>,
    /// One per vertex.
    pub(super) screen: Vec<ScreenPoint>,
    pub(super) triangles: Vec<Triangle>,
    /// Rows of the picture that the triangles may touch: the first, and the one after the last.
    pub(super) rows: [u32; 2],
    /// Numbers of the vertices that belong to a triangle.
    pub(super) used: Vec<u32>,
    is_used: Vec<bool>,
    /// Columns and rows of the picture.
    size: [u32; 2],
}

impl Geometry {
    /// Project everything and keep the triangles that face the camera and touch the picture.
    pub(super) fn build<'a>(&mut self, posed: &'a PosedScene<'_>, rigs: &[std::sync::Arc<PreparedRig>]) {
        let (scene, hands) = (posed.scene, &posed.hands);
        let projector = Projector::new(&scene.camera);
        self.vertices.clear();
        self.firsts.clear();
        self.screen.clear();
        self.triangles.clear();
        self.size = [scene.camera.intrinsics.width, scene.camera.intrinsics.height];
        self.rows = [self.size[1], 0];
        for (k, (hand, rig)) in hands.iter().zip(rigs).enumerate() {
            let first = self.vertices.len();
            self.firsts.push(first as u32);
            self.add_vertices(hand, rig, &scene.hands[k].pose, &projector);
            let glove = posed.gloves.iter().enumerate().find(|(_, glove)| glove.hand == k);
            let surface = |(g, glove): (usize, &'a PosedGlove)| {
                ((hands.len() + posed.solids.len() + g) as u8, glove.triangles.as_slice())
            };
            self.add_triangles(k, hand, (first as u32, glove.map(surface)), &projector);
        }
        for (k, solid) in posed.solids.iter().enumerate() {
            let body = hands.len() * usize::from(BODIES) + k;
            self.add_solid(solid, [(hands.len() + k) as u8, body as u8], &projector);
        }
        self.collect_used();
    }

    fn add_vertices(&mut self, hand: &PosedHand, rig: &PreparedRig, pose: &HandPose, projector: &Projector<'_>) {
        let mesh = &hand.rig.mesh;
        let surface = hand.positions_m.iter().zip(&hand.normals).zip(&mesh.positions_m);
        let constant = mesh.uvs.iter().zip(&mesh.palmar).zip(rig.curvature.iter().zip(&rig.folding));
        self.vertices.extend(surface.zip(constant).map(|(((p, n), b), ((uv, palmar), (k, folding)))| {
            let (flexion, tension) = (folding.flexion(pose), folding.tension(pose));
            Vertex([p.x, p.y, p.z, n.x, n.y, n.z, uv.x, uv.y, *palmar, 1.0, *k, b.x, b.y, b.z, flexion, tension])
        }));
        self.screen.extend(hand.positions_m.iter().map(|p| projector.project(*p)));
    }

    /// Triangles of a hand; those that are glove belong to the glove's surface.
    fn add_triangles(
        &mut self,
        number: usize,
        hand: &PosedHand,
        (first, glove): (u32, Option<(u8, &[bool])>),
        projector: &Projector<'_>,
    ) {
        let mesh = &hand.rig.mesh;
        for (k, (corners, part)) in mesh.triangles.iter().zip(&mesh.triangle_part).enumerate() {
            let gloved = glove.filter(|(_, is_glove)| is_glove.get(k).copied().unwrap_or(false));
            // counter-clockwise in space is clockwise in a picture with y down: swapping makes the area positive
            let [a, b, c] = corners.map(|i| i + first);
            let corners = if hand.side == HandSide::Left { [a, b, c] } else { [a, c, b] };
            let triangle = Triangle {
                corners,
                surface: gloved.map_or(number as u8, |(surface, _)| surface),
                instance: number as u8 + 1,
                part: HandPart::rhd_id(*part, hand.side),
                body: number as u8 * BODIES + (*part / 3).min(BODIES - 1),
                rows: [0; 2],
                columns: [0; 2],
            };
            self.add_triangle(triangle, projector);
        }
    }

    fn add_solid(&mut self, solid: &PosedSolid, [surface, body]: [u8; 2], projector: &Projector<'_>) {
        let first = self.vertices.len() as u32;
        self.firsts.push(first);
        let mesh = &solid.mesh;
        let surfaces = mesh.positions_m.iter().zip(&mesh.normals).zip(&mesh.uvs_m).enumerate();
        self.vertices.extend(surfaces.map(|(k, ((p, n), uv))| {
            let detail = mesh.detail.get(k).copied().unwrap_or(0.0);
            Vertex([p.x, p.y, p.z, n.x, n.y, n.z, uv.x, uv.y, detail, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0])
        }));
        self.screen.extend(mesh.positions_m.iter().map(|p| projector.project(*p)));
        for corners in &mesh.triangles {
            let [a, b, c] = corners.map(|i| i + first);
            let (part, instance) = (solid.part, solid.instance);
            let [rows, columns] = [[0; 2]; 2];
            let triangle = Triangle { corners: [a, c, b], surface, instance, part, body, rows, columns };
            self.add_triangle(triangle, projector);
        }
    }

    /// Keep a triangle, or what of it lies in front of the camera.
    fn add_triangle(&mut self, triangle: Triangle, projector: &Projector<'_>) {
        let inv_z = triangle.corners.map(|i| self.screen[i as usize].inv_z);
        let nearest = inv_z[0].min(inv_z[1]).min(inv_z[2]);
        if nearest > 0.0 {
            self.add_projected(triangle);
        } else if nearest >= 0.0 && inv_z.iter().any(|z| *z > 0.0) {
            self.add_clipped(triangle, projector);
        }
    }

    /// Keep a triangle whose corners are all in front of the camera, if it faces it and touches the picture.
    fn add_projected(&mut self, mut triangle: Triangle) {
        let [[x0, y0], [x1, y1], [x2, y2]] = triangle.corners.map(|i| self.screen[i as usize].pixel);
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
        triangle.columns = columns.map(|c| c as u16);
        self.rows = [self.rows[0].min(rows[0]), self.rows[1].max(rows[1] + 1)];
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
                let cut = between(&corners[k], &corners[next], t.clamp(0.0, 1.0));
                self.screen.push(projector.project(cut.position()));
                self.vertices.push(cut);
            }
        }
        for k in 2..polygon.len() {
            let corners = [polygon[0], polygon[k - 1], polygon[k]];
            if corners.iter().all(|i| self.screen[*i as usize].inv_z > 0.0) {
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

/// Vertices and triangles that a renderer can count.
pub(super) const MAX_TRIANGLES: usize = 1 << 24;
/// Bodies of one hand: five digits, and the palm with the arm.
pub(super) const BODIES: u8 = 6;

/// Steps per pixel that vertices are moved to: edge tests of small triangles are then exact.
const SUBPIXELS: f32 = 256.0;

/// To the nearest step, by the rounding of a sum whose last bit is one step.
fn snapped(pixel: f32) -> f32 {
    const LAST_BIT_IS_ONE: f32 = 12_582_912.0; // 1.5 * 2^23
    ((pixel * SUBPIXELS + LAST_BIT_IS_ONE) - LAST_BIT_IS_ONE) * (1.0 / SUBPIXELS)
}

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

    fn project(&self, world: Vec3) -> ScreenPoint {
        let p = self.camera_point(world);
        match self.camera.project(p) {
            None => ScreenPoint::default(),
            Some(_) if p.x * p.x + p.y * p.y > self.reach * p.z * p.z => {
                ScreenPoint { inv_z: -1.0, ..ScreenPoint::default() }
            }
            Some(pixel) => ScreenPoint { pixel: [snapped(pixel.x), snapped(pixel.y)], inv_z: 1.0 / p.z },
        }
    }
}

/// The vertex a share `t` of the way from `a` to `b`.
fn between(a: &Vertex, b: &Vertex, t: f32) -> Vertex {
    Vertex(std::array::from_fn(|k| a.0[k] + (b.0[k] - a.0[k]) * t))
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
