//! Posed scenes as the shaders read them; the order of members is that of the structures in WGSL.

use super::super::capsule::{self, WorldCapsule};
use super::super::decal::Place;
use super::super::finish::{Detail, Finish};
use super::super::geometry::{Geometry, Triangle, Vertex, slot};
use super::super::lobe::Lobe;
use super::super::material::Material;
use super::super::prepared::PreparedRig;
use super::super::shading::{ROUGH_BANDS, SURFACE_PIXELS};
use super::super::shadow_frame::{ShadowFrame, footprint_m};
use super::shaders::PIECE;
use super::texels::RigTexels;
use super::words::Words;
use crate::backdrop::Backdrop;
use crate::posed::PosedScene;
use crate::rig::HandSide;
use crate::scene::{DirectionalLight, PatternKind, TattooPattern};

/// Words of the structures.
const VERTEX: usize = 20;
const LIGHT: usize = 28;
const CAPSULE: usize = 12;
const TRIANGLE: usize = 4;
const PIECE_WORDS: usize = 13;
const SKIN: usize = 108;
const FINISH: usize = 28;
/// Words of a pixel's samples, and of what is read back of it.
pub(super) const SAMPLES: usize = 16;
pub(super) const PIXEL: usize = 6;

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
    /// Of all shadow maps and windows.
    pub(super) shadow_texels: u32,
    pub(super) pixels: u32,
    /// Vertices, once for each light.
    pub(super) projected: u32,
    pub(super) windows: Vec<PixelWindow>,
    /// The largest of a scene: what the grids must reach.
    pub(super) most: Counts,
}

/// Part of the picture that the geometry of a scene touches.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct PixelWindow {
    pub(super) left: u32,
    pub(super) top: u32,
    pub(super) width: u32,
    pub(super) height: u32,
    /// Number in the batch of its first pixel.
    pub(super) first: u32,
}

/// Invocations that passes need for a scene.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Counts {
    pub(super) used: u32,
    pub(super) projected: u32,
    pub(super) shadows: u32,
    pub(super) samples: u32,
    pub(super) pixels: u32,
}

/// One scene, and what was derived from its rigs.
pub(super) struct Source<'a> {
    pub(super) posed: &'a PosedScene<'a>,
    pub(super) backdrop: &'a Backdrop,
    pub(super) geometry: &'a Geometry,
    /// Per hand.
    pub(super) rigs: Vec<(&'a PreparedRig, RigTexels)>,
}

impl Batch {
    /// Adds a scene.
    pub(super) fn add(&mut self, source: &Source<'_>) {
        let (posed, geometry) = (source.posed, source.geometry);
        let scene = posed.scene;
        let window = self.window(geometry);
        let first_vertex = self.vertices.items(VERTEX);
        let [first_triangle, first_piece] = [self.triangles.items(TRIANGLE), self.pieces.items(PIECE_WORDS)];
        let [first_used, first_caster] = [self.used.items(1), self.casters.items(3)];
        let [first_capsule, first_light] = [self.capsules.items(CAPSULE), self.lights.items(LIGHT)];
        let [first_skin, first_finish] = [self.skins.items(SKIN), self.finishes.items(FINISH)];

        let vertices = geometry.vertices.len() as u32;
        self.add_vertices(geometry);
        for (k, triangle) in geometry.triangles.iter().enumerate() {
            self.add_triangle(triangle, first_vertex);
            self.add_pieces(k as u32, triangle, geometry, window);
        }
        self.used.0.extend(geometry.used.iter().map(|k| k + first_vertex));
        self.add_casters(posed, &geometry.firsts);
        let mut capsules = Vec::new();
        capsule::capsules(posed, &mut capsules);
        for capsule in &capsules {
            self.add_capsule(capsule);
        }
        let footprint = footprint_m(posed);
        for light in &scene.lights {
            self.add_light(light, &ShadowFrame::new(light, posed, footprint), vertices);
        }
        for ((hand, posed), (rig, texels)) in scene.hands.iter().zip(&posed.hands).zip(&source.rigs) {
            self.add_skin(&Material::new(&hand.skin, &posed.rig.mesh), rig, *texels);
        }
        let pixel_tangent = 1.0 / scene.camera.intrinsics.fx.max(1.0);
        posed.solids.iter().for_each(|solid| self.add_finish(&Finish::new(&solid.material, pixel_tangent)));
        posed.gloves.iter().for_each(|glove| self.add_finish(&Finish::of_glove(&glove.material, pixel_tangent)));

        let counts = [
            self.pieces.items(PIECE_WORDS) - first_piece,
            self.used.items(1) - first_used,
            self.casters.items(3) - first_caster,
            self.capsules.items(CAPSULE) - first_capsule,
            self.lights.items(LIGHT) - first_light,
        ];
        let [pieces, used, casters, capsules, lights] = counts;
        let words = &mut self.scenes;
        words.wholes([window.left, window.top, window.width, window.height]);
        words.wholes([first_triangle, first_piece, pieces, first_used, used, first_caster, casters]);
        words.wholes([first_capsule, capsules, first_light, lights, window.first]);
        words.wholes([first_skin, posed.hands.len() as u32, first_finish, u32::from(!posed.solids.is_empty())]);
        words.wholes([first_vertex, vertices, 0, 0]);
        let eye = scene.camera.camera_from_world.inverse().translation_m;
        words.four(eye, SURFACE_PIXELS / scene.camera.intrinsics.fx);
        for lobe in [Lobe::diffuse(&source.backdrop.irradiance), Lobe::new(&source.backdrop.irradiance, ROUGH_BANDS)] {
            let [red, green, blue] = lobe.0;
            for k in 0..9 {
                words.colour([red[k], green[k], blue[k]], 0.0);
            }
        }
        self.most.used = self.most.used.max(used);
        self.most.projected = self.most.projected.max(vertices * lights);
        self.most.shadows = self.most.shadows.max(casters * lights);
        self.most.samples = self.most.samples.max(pieces * 8);
        self.most.pixels = self.most.pixels.max(window.width * window.height);
    }

    /// Its largest buffer on the device.
    pub(super) fn largest_bytes(&self) -> u64 {
        let packed = [&self.vertices, &self.triangles, &self.pieces, &self.casters].map(Words::size_bytes);
        let pixels = 4 * SAMPLES as u64 * u64::from(self.pixels);
        let lit = [12 * u64::from(self.projected), 4 * u64::from(self.shadow_texels)];
        packed.into_iter().chain(lit).fold(pixels, u64::max)
    }

    fn window(&mut self, geometry: &Geometry) -> PixelWindow {
        let [top, bottom] = geometry.rows;
        let left = geometry.triangles.iter().map(|t| u32::from(t.columns[0])).min();
        let right = geometry.triangles.iter().map(|t| u32::from(t.columns[1])).max();
        let window = match left.zip(right) {
            Some((left, right)) => {
                PixelWindow { left, top, width: right + 1 - left, height: bottom - top, first: self.pixels }
            }
            None => PixelWindow { first: self.pixels, ..PixelWindow::default() },
        };
        self.pixels += window.width * window.height;
        self.windows.push(window);
        window
    }

    fn add_vertices(&mut self, geometry: &Geometry) {
        self.vertices.0.reserve(geometry.vertices.len() * VERTEX);
        for (Vertex(v), screen) in geometry.vertices.iter().zip(&geometry.screen) {
            let at = |k: usize, offset: usize| v[k + offset];
            let position = [0, 1, 2].map(|k| at(slot::POSITION, k));
            let normal = [0, 1, 2].map(|k| at(slot::NORMAL, k));
            self.vertices.colour(position, v[slot::UV]);
            self.vertices.colour(normal, v[slot::UV + 1]);
            self.vertices.reals([v[slot::PALMAR], v[slot::OPENNESS], v[slot::CURVATURE], v[slot::BIND]]);
            self.vertices.reals([v[slot::BIND + 1], v[slot::BIND + 2], v[slot::FLEXION], v[slot::TENSION]]);
            self.vertices.reals([screen.pixel[0], screen.pixel[1], screen.inv_z, 0.0]);
        }
    }

    fn add_triangle(&mut self, triangle: &Triangle, first_vertex: u32) {
        let tags = [triangle.surface, triangle.instance, triangle.part, triangle.body];
        let [a, b, c] = triangle.corners.map(|k| k + first_vertex);
        self.triangles.wholes([a, b, c, u32::from_le_bytes(tags)]);
    }

    /// A triangle in pieces of limited size.
    fn add_pieces(&mut self, number: u32, triangle: &Triangle, geometry: &Geometry, window: PixelWindow) {
        let [a, b, c] = triangle.corners.map(|k| geometry.screen[k as usize]);
        let [ax, ay] = a.pixel;
        let [bx, by] = b.pixel;
        let [cx, cy] = c.pixel;
        let [top, bottom] = triangle.rows.map(u32::from);
        let [left, right] = triangle.columns.map(u32::from);
        for row in (top..=bottom).step_by(PIECE as usize) {
            for column in (left..=right).step_by(PIECE as usize) {
                let (columns, rows) = ((right + 1 - column).min(PIECE), (bottom + 1 - row).min(PIECE));
                let pixel = window.first + (row - window.top) * window.width + column - window.left;
                self.pieces.reals([ax, ay, bx, by, cx, cy, a.inv_z, b.inv_z, c.inv_z]);
                self.pieces.wholes([number, column | row << 16, columns | rows << 16, pixel]);
            }
        }
    }

    /// The far sides that cast shadows, vertices counted from the scene's first: corners so that they run clockwise as seen from the light, y up.
    fn add_casters(&mut self, posed: &PosedScene<'_>, firsts: &[u32]) {
        let of_hands = posed.hands.iter().map(|hand| (&hand.rig.mesh.triangles, hand.side == HandSide::Left));
        let of_solids = posed.solids.iter().map(|solid| (&solid.mesh.triangles, false));
        for ((triangles, mirrored), first) in of_hands.chain(of_solids).zip(firsts) {
            for [a, b, c] in triangles.iter().map(|t| t.map(|k| k + first)) {
                self.casters.wholes(if mirrored { [a, b, c] } else { [a, c, b] });
            }
        }
    }

    fn add_capsule(&mut self, c: &WorldCapsule) {
        self.capsules.four(c.start, c.inv_square);
        self.capsules.four(c.axis, c.length);
        self.capsules.reals([c.radius, c.growth, 0.0, 0.0]);
    }

    fn add_light(&mut self, light: &DirectionalLight, frame: &ShadowFrame, vertices: u32) {
        self.lights.four(light.to_light, 0.0);
        self.lights.colour(light.irradiance, 0.0);
        for (row, origin) in [0, 1, 2].map(|k| frame.light_from_world.row(k)).into_iter().zip(frame.origin.to_array()) {
            self.lights.four(row, origin);
        }
        self.lights.wholes([frame.width as u32, frame.height as u32, self.shadow_texels]);
        self.lights.real(frame.texel_m);
        self.lights.wholes([self.projected, 0, 0, 0]);
        self.projected += vertices;
        self.shadow_texels += (frame.width * frame.height) as u32;
    }

    fn add_skin(&mut self, m: &Material, rig: &PreparedRig, texels: RigTexels) {
        let (words, p, skin, traits) = (&mut self.skins, &m.palette, &m.skin, &m.skin.traits);
        let plain = [p.dorsum, p.palm, p.nail, p.lunula, p.free_edge, p.flush, p.palm_flush, p.spot, m.scar_rgb];
        for rgb in plain {
            words.colour(rgb, 0.0);
        }
        words.colour(m.nail_cover.0, m.nail_cover.1);
        words.colour(traits.hair_rgb, traits.hair);
        words.reals(rig.maps.as_ref().map_or([0.0; 4], |maps| maps.max_slopes));
        let (scar, tattoo) = m.decals.map_or((None, None), |decals| (decals.scar, decals.tattoo));
        let of_scar = scar.map(|(place, s)| (place, [0.5e-3 * s.decal.length_mm, s.width_mm, s.height_mm]));
        let of_tattoo = tattoo.map(|(place, t)| (place, [0.5e-3 * t.decal.length_mm, t.darkness, 0.0]));
        add_place(words, of_scar);
        add_place(words, of_tattoo);
        words.reals([m.f0, m.grazing, m.nail_roughness, skin.roughness]);
        words.reals([skin.relief, skin.wetness, traits.wrinkles, traits.veins]);
        words.reals([traits.tendons, traits.freckles, traits.age_spots, m.offset[0], m.offset[1]]);
        words.wholes([texels.first, texels.size, texels.levels, u32::from(scar.is_some())]);
        words.wholes([tattoo.map_or(0, |(_, t)| tattoo_number(t.pattern)), 0, 0]);
        words.reals(rig.mm_per_uv);
        words.real(0.0);
    }

    fn add_finish(&mut self, f: &Finish) {
        let words = &mut self.finishes;
        for rgb in [f.colour, f.second, f.f0, f.softness] {
            words.colour(rgb, 0.0);
        }
        words.reals([f.grazing, f.diffuse, f.roughness, f.alpha]);
        words.reals([f.sheen, f.pixel_tangent, f.uv_m, f.pattern.map_or(1.0, |(_, period)| period)]);
        words.whole(f.pattern.map_or(0, |(kind, _)| pattern_number(kind)));
        words.wholes([u32::from(f.detail == Detail::Hollow), 0, 0]);
    }
}

/// Centre, directions along and across, normal, each with a number beside it.
fn add_place(words: &mut Words, place: Option<(Place, [f32; 3])>) {
    let (place, numbers) = place.unwrap_or_default();
    words.four(place.centre, numbers[0]);
    words.four(place.along, numbers[1]);
    words.four(place.across, numbers[2]);
    words.four(place.normal, 0.0);
}

/// Number of a tattoo's pattern in the shaders; 0 is none.
pub(super) fn tattoo_number(pattern: TattooPattern) -> u32 {
    match pattern {
        TattooPattern::Bands => 1,
        TattooPattern::Mandala => 2,
        TattooPattern::Blades => 3,
        TattooPattern::Chevrons => 4,
    }
}

/// Number of a cloth's pattern in the shaders; 0 is none.
pub(super) fn pattern_number(kind: PatternKind) -> u32 {
    match kind {
        PatternKind::Stripes => 1,
        PatternKind::Pinstripes => 2,
        PatternKind::Checks => 3,
        PatternKind::Dots => 4,
        PatternKind::Noise => 5,
    }
}
