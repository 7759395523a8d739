//! Posed scenes as the shaders read them; the order of members is that of the structures in WGSL.

use std::ops::Range;

use glam::Vec3;

use super::super::capsule::{self, WorldCapsule};
use super::super::finish::Finish;
use super::super::geometry::{Geometry, Triangle};
use super::super::lobe::Lobe;
use super::super::material::Material;
use super::super::prepared::PreparedRig;
use super::super::shading::{ROUGH_BANDS, SURFACE_PIXELS};
use super::super::shadow_frame::{ShadowFrame, footprint_m};
use super::materials::{FINISH, SKIN, add_finish, add_skin};
use super::shaders::PIECE;
use super::texels::RigTexels;
use super::words::Words;
use crate::backdrop::Backdrop;
use crate::posed::PosedScene;
use crate::rig::HandSide;
use crate::scene::DirectionalLight;

/// Words of the structures.
const SCENE: usize = 84;
const VERTEX: usize = 20;
const LIGHT: usize = 24;
const CAPSULE: usize = 12;
const TRIANGLE: usize = 4;
pub(super) const PIECE_WORDS: usize = 16;
pub(super) const CASTER: usize = 4;
pub(super) const BLOCK_WORDS: usize = 4;
/// Words of a pixel's samples, and of what is read back of it.
pub(super) const SAMPLES: usize = 16;
pub(super) const PIXEL: usize = 6;
/// Columns and rows of a block of pixels.
pub(super) const BLOCK: u32 = 8;
/// A triangle's shadow has one more invocation for each so much of its longest side, metres.
const SHADOW_PART_M: f32 = 0.01;
const MOST_SHADOW_PARTS: u32 = 64;
/// A gap in the list of vertices.
pub(super) const NO_VERTEX: u32 = u32::MAX;

/// Several scenes, packed.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) scenes: Words,
    pub(super) lights: Words,
    pub(super) vertices: Words,
    pub(super) triangles: Words,
    pub(super) pieces: Words,
    pub(super) used: Words,
    pub(super) casters: Words,
    pub(super) capsules: Words,
    pub(super) skins: Words,
    pub(super) finishes: Words,
    /// Parts of pictures that triangles touch.
    pub(super) blocks: Words,
    /// Of all shadow maps, and pixels that have samples.
    pub(super) shadow_texels: u32,
    pub(super) sampled: u32,
    /// The blocks of each scene.
    pub(super) pictures: Vec<Range<usize>>,
    touched: Vec<bool>,
}

/// Part of the picture that the geometry of a scene touches, in whole blocks.
#[derive(Debug, Clone, Copy, Default)]
struct Window {
    left: u32,
    /// First row, and the first that is not drawn.
    top: u32,
    bottom: u32,
    columns: u32,
    /// Number in the batch of its first pixel.
    first: u32,
}

/// One scene, and what was derived from its rigs.
pub(super) struct Source<'a> {
    pub(super) posed: &'a PosedScene<'a>,
    pub(super) backdrop: &'a Backdrop,
    pub(super) geometry: &'a Geometry,
    /// Per hand.
    pub(super) rigs: Vec<(&'a PreparedRig, RigTexels)>,
    /// Those that are drawn, the first a multiple of [`BLOCK`].
    pub(super) rows: Range<u32>,
}

impl Batch {
    /// Forgets its scenes, keeps the memory.
    pub(super) fn clear(&mut self) {
        self.inputs_mut().into_iter().for_each(|(words, _)| words.0.clear());
        self.pictures.clear();
        (self.shadow_texels, self.sampled) = (0, 0);
    }

    /// Adds a scene.
    pub(super) fn add(&mut self, source: &Source<'_>) {
        let (posed, geometry) = (source.posed, source.geometry);
        let scene = posed.scene;
        let number = self.scenes.items(SCENE);
        let window = self.open_window(geometry, &source.rows);
        let first_vertex = self.vertices.items(VERTEX);
        let [first_capsule, first_light] = [self.capsules.items(CAPSULE), self.lights.items(LIGHT)];
        let [first_skin, first_finish] = [self.skins.items(SKIN), self.finishes.items(FINISH)];

        self.add_vertices(geometry, number);
        for triangle in &geometry.triangles {
            self.add_pieces(triangle, geometry, window);
            self.add_triangle(triangle, first_vertex);
        }
        self.add_blocks(window, number);
        self.add_used(&geometry.used, first_vertex);
        self.add_casters(posed, geometry, first_vertex, number);
        let mut capsules = Vec::new();
        capsule::capsules(posed, &mut capsules);
        for capsule in &capsules {
            self.add_capsule(capsule);
        }
        let footprint = footprint_m(posed);
        for light in &scene.lights {
            self.add_light(light, &ShadowFrame::new(light, posed, footprint));
        }
        for ((hand, posed), (rig, texels)) in scene.hands.iter().zip(&posed.hands).zip(&source.rigs) {
            add_skin(&mut self.skins, &Material::new(&hand.skin, &posed.rig.mesh), rig, *texels);
        }
        let pixel_tangent = 1.0 / scene.camera.intrinsics.fx.max(1.0);
        posed
            .solids
            .iter()
            .for_each(|solid| add_finish(&mut self.finishes, &Finish::new(&solid.material, pixel_tangent)));
        posed
            .gloves
            .iter()
            .for_each(|glove| add_finish(&mut self.finishes, &Finish::of_glove(&glove.material, pixel_tangent)));

        let words = &mut self.scenes;
        words.wholes([first_capsule, capsules.len() as u32, first_light, scene.lights.len() as u32]);
        words.wholes([first_skin, posed.hands.len() as u32, first_finish, u32::from(!posed.solids.is_empty())]);
        let eye = scene.camera.camera_from_world.inverse().translation_m;
        words.four(eye, SURFACE_PIXELS / scene.camera.intrinsics.fx);
        for lobe in [Lobe::diffuse(&source.backdrop.irradiance), Lobe::new(&source.backdrop.irradiance, ROUGH_BANDS)] {
            let [red, green, blue] = lobe.0;
            for k in 0..9 {
                words.colour([red[k], green[k], blue[k]], 0.0);
            }
        }
    }

    /// Ends the adding: no list is empty, so that each can be a buffer.
    pub(super) fn close(&mut self) {
        self.inputs_mut().into_iter().for_each(|(words, item)| words.never_empty(item));
    }

    /// What the shaders read, and the words of an item.
    fn inputs_mut(&mut self) -> [(&mut Words, usize); 11] {
        [
            (&mut self.scenes, SCENE),
            (&mut self.lights, LIGHT),
            (&mut self.vertices, VERTEX),
            (&mut self.triangles, TRIANGLE),
            (&mut self.pieces, PIECE_WORDS),
            (&mut self.used, 8),
            (&mut self.casters, CASTER),
            (&mut self.capsules, CAPSULE),
            (&mut self.skins, SKIN),
            (&mut self.finishes, FINISH),
            (&mut self.blocks, BLOCK_WORDS),
        ]
    }

    /// Pixels that are read back.
    pub(super) fn pixels(&self) -> u64 {
        u64::from(self.blocks.items(BLOCK_WORDS) * BLOCK * BLOCK)
    }

    /// Its largest buffer on the device.
    pub(super) fn largest_bytes(&self) -> u64 {
        let packed = [&self.vertices, &self.triangles, &self.pieces, &self.casters].map(Words::size_bytes);
        let samples = 4 * SAMPLES as u64 * u64::from(self.sampled);
        packed.into_iter().chain([4 * u64::from(self.shadow_texels)]).fold(samples, u64::max)
    }

    fn open_window(&mut self, geometry: &Geometry, rows: &Range<u32>) -> Window {
        let [top, bottom] = geometry.rows;
        let (top, bottom) = (top.max(rows.start), bottom.min(rows.end));
        let left = geometry.triangles.iter().map(|t| u32::from(t.columns[0])).min();
        let right = geometry.triangles.iter().map(|t| u32::from(t.columns[1])).max();
        let Some((left, right)) = left.zip(right).filter(|_| top < bottom) else { return Window::default() };
        let [left, top] = [left, top].map(|k| k / BLOCK * BLOCK);
        let columns = (right + 1 - left).next_multiple_of(BLOCK);
        let rows = (bottom - top).next_multiple_of(BLOCK);
        let window = Window { left, top, bottom, columns, first: self.sampled };
        self.sampled += columns * rows;
        self.touched.clear();
        self.touched.resize((columns * rows / (BLOCK * BLOCK)) as usize, false);
        window
    }

    /// The blocks that pieces were added to.
    fn add_blocks(&mut self, window: Window, scene: u32) {
        let start = self.blocks.items(BLOCK_WORDS) as usize;
        let columns = (window.columns / BLOCK) as usize;
        for (k, _) in self.touched.iter().enumerate().filter(|(_, touched)| **touched) {
            let [column, row] = [(k % columns) as u32 * BLOCK, (k / columns) as u32 * BLOCK];
            let corner = (window.left + column) | (window.top + row) << 16;
            let first = window.first + row * window.columns + column;
            self.blocks.wholes([scene, corner, first, window.columns]);
        }
        self.pictures.push(start..self.blocks.items(BLOCK_WORDS) as usize);
        self.touched.clear();
    }

    fn add_vertices(&mut self, geometry: &Geometry, scene: u32) {
        self.vertices.0.reserve(geometry.vertices.len() * VERTEX);
        for (vertex, screen) in geometry.vertices.iter().zip(&geometry.screen) {
            let [column, row] = screen.pixel;
            self.vertices.wholes(vertex.0.map(f32::to_bits));
            self.vertices.wholes([column.to_bits(), row.to_bits(), screen.inv_z.to_bits(), scene]);
        }
    }

    fn add_triangle(&mut self, triangle: &Triangle, first_vertex: u32) {
        let tags = [triangle.surface, triangle.instance, triangle.part, triangle.body];
        let [a, b, c] = triangle.corners.map(|k| k + first_vertex);
        self.triangles.wholes([a, b, c, u32::from_le_bytes(tags)]);
    }

    /// The triangle that comes next, in pieces of limited size.
    fn add_pieces(&mut self, triangle: &Triangle, geometry: &Geometry, window: Window) {
        let number = self.triangles.items(TRIANGLE);
        let [a, b, c] = triangle.corners.map(|k| geometry.screen[k as usize]);
        let [ax, ay] = a.pixel;
        let [bx, by] = b.pixel;
        let [cx, cy] = c.pixel;
        let [top, bottom] = triangle.rows.map(u32::from);
        let [left, right] = triangle.columns.map(u32::from);
        let (top, bottom) = (top.max(window.top), (bottom + 1).min(window.bottom));
        if top >= bottom {
            return;
        }
        for row in (top..bottom).step_by(PIECE as usize) {
            for column in (left..=right).step_by(PIECE as usize) {
                let (columns, rows) = ((right + 1 - column).min(PIECE), (bottom - row).min(PIECE));
                let pixel = window.first + (row - window.top) * window.columns + column - window.left;
                self.pieces.wholes([ax, ay, bx, by, cx, cy, a.inv_z, b.inv_z, c.inv_z].map(f32::to_bits));
                self.pieces.wholes([number, column | row << 16, columns | rows << 16, pixel, window.columns, 0, 0]);
            }
        }
        self.touch(window, [left, right], [top, bottom - 1]);
    }

    /// Marks the blocks of some columns and rows, the last included.
    fn touch(&mut self, window: Window, columns: [u32; 2], rows: [u32; 2]) {
        let [left, right] = columns.map(|column| (column - window.left) / BLOCK);
        let [top, bottom] = rows.map(|row| (row - window.top) / BLOCK);
        for row in top..=bottom {
            let line = row * (window.columns / BLOCK);
            self.touched[(line + left) as usize..=(line + right) as usize].fill(true);
        }
    }

    /// Vertices in eights, the one in their middle at the fifth place.
    fn add_used(&mut self, used: &[u32], first_vertex: u32) {
        for part in used.chunks(8) {
            let mut eight = [NO_VERTEX; 8];
            for (place, vertex) in eight.iter_mut().zip(part) {
                *place = vertex + first_vertex;
            }
            eight.swap(part.len() / 2, 4);
            self.used.wholes(eight);
        }
    }

    /// The far sides that cast shadows: corners so that they run clockwise as seen from the light, y up.
    fn add_casters(&mut self, posed: &PosedScene<'_>, geometry: &Geometry, first_vertex: u32, scene: u32) {
        let of_hands = posed.hands.iter().map(|hand| (&hand.rig.mesh.triangles, hand.side == HandSide::Left));
        let of_solids = posed.solids.iter().map(|solid| (&solid.mesh.triangles, false));
        for ((triangles, mirrored), first) in of_hands.chain(of_solids).zip(&geometry.firsts) {
            for corners in triangles.iter().map(|t| t.map(|k| k + first)) {
                let parts = shadow_parts(corners.map(|k| geometry.vertices[k as usize].position()));
                let [a, b, c] = corners.map(|k| k + first_vertex);
                let [b, c] = if mirrored { [b, c] } else { [c, b] };
                for part in 0..parts {
                    self.casters.wholes([a, b, c, scene | part << 16 | (parts - 1) << 24]);
                }
            }
        }
    }

    fn add_capsule(&mut self, c: &WorldCapsule) {
        self.capsules.four(c.start, c.inv_square);
        self.capsules.four(c.axis, c.length);
        self.capsules.reals([c.radius, c.growth, 0.0, 0.0]);
    }

    fn add_light(&mut self, light: &DirectionalLight, frame: &ShadowFrame) {
        self.lights.four(light.to_light, 0.0);
        self.lights.colour(light.irradiance, 0.0);
        for (row, origin) in [0, 1, 2].map(|k| frame.light_from_world.row(k)).into_iter().zip(frame.origin.to_array()) {
            self.lights.four(row, origin);
        }
        self.lights.wholes([frame.width as u32, frame.height as u32, self.shadow_texels]);
        self.lights.real(frame.texel_m);
        self.shadow_texels += (frame.width * frame.height) as u32;
    }
}

/// Invocations that share the shadow of a triangle: the large sides of things would keep a single one busy for long.
fn shadow_parts([a, b, c]: [Vec3; 3]) -> u32 {
    let longest = a.distance_squared(b).max(b.distance_squared(c)).max(c.distance_squared(a)).sqrt();
    ((longest / SHADOW_PART_M) as u32 + 1).min(MOST_SHADOW_PARTS)
}
