//! What stands in a room: everything random about it.

use glam::{Vec3, Vec3A};

use super::lighting::{Emitter, LightMap};
use super::surface::Surface;
use super::{Block, Face, Panel, Placement, face_coordinates};
use crate::assets::Assets;
use crate::assets::settings::RoomSettings;
use crate::seed::{Stream, dataset_stream};

/// A furnished room, not yet lit.
pub(super) struct Plan<'a> {
    pub shell: Block<'a>,
    pub furniture: Vec<Block<'a>>,
    pub emitters: Vec<Emitter>,
    /// Share of light from everywhere.
    pub ambient: f32,
}

/// The vertical faces of a block.
const WALLS: [usize; 4] = [0, 1, 4, 5];
const FLOOR: usize = 2;
const CEILING: usize = 3;

/// Furnishes a room by its seed. `hands` is where the hands are, room coordinates.
pub(super) fn furnish<'a>(placement: &Placement, hands: Vec3, assets: &'a Assets) -> Plan<'a> {
    let mut maker =
        Maker { assets, settings: &assets.settings().room, stream: dataset_stream(placement.seed, "room", 0), hands };
    let half = placement.size_m.abs().max(Vec3::splat(0.5)) * 0.5;
    let mut plan = Plan {
        shell: maker.shell(-half, half),
        furniture: Vec::new(),
        emitters: Vec::new(),
        ambient: maker.between(maker.settings.ambient),
    };
    maker.hang(&mut plan);
    maker.place_furniture(&mut plan);
    if maker.stream.chance(maker.settings.table_chance) {
        maker.lay_table(&mut plan);
    }
    plan
}

/// Makes things from one stream.
struct Maker<'a> {
    assets: &'a Assets,
    settings: &'a RoomSettings,
    stream: Stream,
    hands: Vec3,
}

impl<'a> Maker<'a> {
    fn between(&mut self, [least, most]: [f32; 2]) -> f32 {
        self.stream.uniform(least, most)
    }

    fn count(&mut self, [least, most]: [u32; 2]) -> usize {
        least as usize + self.stream.index((most.max(least) - least) as usize + 1)
    }

    fn colour(&mut self, palette: &str) -> Vec3A {
        let colours = self.assets.settings().palette(palette);
        let base = Vec3A::from(colours[self.stream.index(colours.len())].0);
        base * libm::expf(0.15 * self.stream.normal())
    }

    /// One colour with a grain.
    fn plain(&mut self, palette: &str, contrast: f32) -> Surface<'a> {
        let texture = self.assets.noise(self.stream.next_u64() as u32);
        let start = [512.0 * self.stream.unit(), 512.0 * self.stream.unit()];
        let texels_per_m = self.stream.uniform(120.0, 400.0);
        let colour = self.colour(palette);
        Surface { texture, texels_per_m, start, colour, contrast, cell_m: [1.0; 2], cell_spread: 0.0 }
    }

    /// Boards, tiles or drawers of the given size.
    fn cells(&mut self, palette: &str, cell_m: [f32; 2], cell_spread: f32) -> Surface<'a> {
        Surface { cell_m, cell_spread, ..self.plain(palette, 0.06) }
    }

    /// A picture of many things: `width_m` shows the whole texture.
    fn picture(&mut self, width_m: f32, brightness: f32) -> Surface<'a> {
        let texture = self.assets.dead_leaves(self.stream.next_u64() as u32);
        let start = [512.0 * self.stream.unit(), 512.0 * self.stream.unit()];
        let texels_per_m = self.assets.settings().pool.size_px as f32 / width_m.max(0.05);
        let colour = Vec3A::splat(brightness);
        Surface { texture, texels_per_m, start, colour, contrast: 0.0, cell_m: [1.0; 2], cell_spread: 0.0 }
    }

    fn shell(&mut self, lo: Vec3, hi: Vec3) -> Block<'a> {
        let wall = match self.stream.index(5) {
            0 => self.cells("walls", [0.25, 0.08], 0.16),
            1 => self.cells("walls", [0.5, 9.0], 0.05),
            _ => self.plain("walls", 0.03),
        };
        let accent = if self.stream.chance(0.35) { self.plain("textile", 0.05) } else { wall.clone() };
        let floor = match self.stream.index(4) {
            0 | 1 => self.cells("floors", [0.9, 0.12], 0.18),
            2 => self.cells("floors", [0.4, 0.4], 0.10),
            _ => self.plain("textile", 0.12),
        };
        let ceiling = self.plain("walls", 0.02);
        let accented = WALLS[self.stream.index(4)];
        let surface = |face: usize| match face {
            FLOOR => floor.clone(),
            CEILING => ceiling.clone(),
            _ if face == accented => accent.clone(),
            _ => wall.clone(),
        };
        block(lo, hi, surface)
    }

    /// Windows, door and pictures on the walls, lamps on the ceiling, skirting boards.
    fn hang(&mut self, plan: &mut Plan<'a>) {
        for _ in 0..self.count(self.settings.windows) {
            self.hang_window(plan);
        }
        for _ in 0..self.count(self.settings.lamps) {
            let size = [self.stream.uniform(0.2, 1.2), self.stream.uniform(0.2, 0.6)];
            let radiance = self.between(self.settings.lamp_radiance) * self.light_colour(-0.35);
            let rect_m = self.spot(&plan.shell, CEILING, size, None);
            shine(plan, CEILING, rect_m, Surface { colour: radiance, ..self.plain("walls", 0.0) });
        }
        if self.stream.chance(0.6) {
            let face = WALLS[self.stream.index(4)];
            let rect_m = self.spot(&plan.shell, face, [0.86, 2.02], Some(0.0));
            let door = self.cells("furniture", [0.42, 0.95], 0.05);
            attach(plan, face, rect_m, door);
            self.frame(plan, face, rect_m, 0.07);
        }
        for _ in 0..self.count(self.settings.pictures) {
            let size = [self.stream.uniform(0.3, 1.3), self.stream.uniform(0.3, 0.9)];
            let (height, face) = (self.stream.uniform(0.9, 1.5), WALLS[self.stream.index(4)]);
            let rect_m = self.spot(&plan.shell, face, size, Some(height));
            let picture = self.picture(size[0] * 1.3, 0.45);
            attach(plan, face, rect_m, picture);
            self.frame(plan, face, rect_m, 0.03);
        }
        let skirting = self.plain("walls", 0.02);
        for face in WALLS {
            attach(plan, face, [0.0, 0.0, 99.0, 0.09], skirting.clone());
        }
    }

    /// Glass behind bars, in a frame.
    fn hang_window(&mut self, plan: &mut Plan<'a>) {
        let size = [self.stream.uniform(0.6, 2.0), self.stream.uniform(0.8, 1.6)];
        let (sill, face) = (self.stream.uniform(0.5, 1.0), WALLS[self.stream.index(4)]);
        let radiance = self.between(self.settings.window_radiance) * self.light_colour(0.35);
        let rect_m = self.spot(&plan.shell, face, size, Some(sill));
        let [u0, v0, u1, v1] = rect_m;
        let wood = self.plain("walls", 0.02);
        let bars = 1 + self.stream.index(3);
        for k in 1..=bars {
            let u = u0 + (u1 - u0) * k as f32 / (bars + 1) as f32;
            attach(plan, face, [u - 0.025, v0, u + 0.025, v1], wood.clone());
        }
        if self.stream.chance(0.5) {
            let v = v0 + (v1 - v0) * 0.6;
            attach(plan, face, [u0, v - 0.025, u1, v + 0.025], wood.clone());
        }
        let outside = self.picture(6.0, 1.0);
        shine(plan, face, rect_m, Surface { colour: radiance, ..outside });
        attach(plan, face, [u0 - 0.07, v0 - 0.07, u1 + 0.07, v1 + 0.07], wood);
    }

    /// A frame around a rectangle.
    fn frame(&mut self, plan: &mut Plan<'a>, face: usize, [u0, v0, u1, v1]: [f32; 4], width_m: f32) {
        let surface = self.plain("furniture", 0.05);
        attach(plan, face, [u0 - width_m, v0 - width_m, u1 + width_m, v1 + width_m], surface);
    }

    /// A rectangle of about this size somewhere on a face of a block, at a height if given.
    fn spot(&mut self, block: &Block, face: usize, [width, height]: [f32; 2], at: Option<f32>) -> [f32; 4] {
        let [across, up] = face_coordinates(face / 2, block.hi - block.lo);
        let (width, height) = (width.min(across * 0.9), height.min(up * 0.9));
        let u = (across - width) * self.stream.unit();
        let v = at.unwrap_or((up - height) * self.stream.unit()).min(up - height);
        [u, v, u + width, v + height]
    }

    /// Daylight or lamplight: positive is bluer, negative yellower.
    fn light_colour(&mut self, cold: f32) -> Vec3A {
        let k = cold + 0.2 * self.stream.normal();
        Vec3A::new(libm::expf(-0.4 * k), 1.0, libm::expf(0.9 * k))
    }

    /// Pieces along the walls, none near the hands.
    fn place_furniture(&mut self, plan: &mut Plan<'a>) {
        let (lo, hi) = (plan.shell.lo, plan.shell.hi);
        for _ in 0..self.count(self.settings.furniture) {
            let size =
                Vec3::new(self.stream.uniform(0.4, 1.9), self.stream.uniform(0.4, 2.0), self.stream.uniform(0.3, 0.8));
            let wall = self.stream.index(4);
            let size = if wall < 2 { Vec3::new(size.z, size.y, size.x) } else { size }.min((hi - lo) * 0.8);
            let mut corner = lo + (hi - lo - size) * Vec3::new(self.stream.unit(), 0.0, self.stream.unit());
            match wall {
                0 => corner.x = lo.x,
                1 => corner.x = hi.x - size.x,
                2 => corner.z = lo.z,
                _ => corner.z = hi.z - size.z,
            }
            let piece = self.piece(corner, corner + size);
            if self.is_clear(&piece) {
                plan.furniture.push(piece);
            }
        }
    }

    fn is_clear(&self, block: &Block) -> bool {
        let nearest = self.hands.max(block.lo).min(block.hi) - self.hands;
        nearest.x * nearest.x + nearest.z * nearest.z > self.settings.clear_m * self.settings.clear_m
    }

    /// A shelf of things or books, a chest of drawers, or something upholstered.
    fn piece(&mut self, lo: Vec3, hi: Vec3) -> Block<'a> {
        let body = self.plain("furniture", 0.07);
        let front = match self.stream.index(5) {
            0 => {
                let width_m = self.stream.uniform(1.0, 2.5);
                self.picture(width_m, 0.35)
            }
            1 => {
                let cell_m = [self.stream.uniform(0.03, 0.06), self.stream.uniform(0.26, 0.38)];
                self.cells("indoors", cell_m, 0.8)
            }
            2 | 3 => {
                let cell_m = [self.stream.uniform(0.3, 0.6), self.stream.uniform(0.2, 0.6)];
                self.cells("furniture", cell_m, 0.12)
            }
            _ => self.plain("textile", 0.16),
        };
        block(lo, hi, |face| if WALLS.contains(&face) { front.clone() } else { body.clone() })
    }

    /// A table top below the hands, with things on it.
    fn lay_table(&mut self, plan: &mut Plan<'a>) {
        let (lo, hi) = (plan.shell.lo, plan.shell.hi);
        let top = self.hands.y - self.stream.uniform(0.28, 0.5);
        let half = Vec3::new(self.stream.uniform(0.5, 0.9), 0.0, self.stream.uniform(0.4, 0.7));
        let middle = self.hands + Vec3::new(self.stream.uniform(-0.2, 0.2), 0.0, self.stream.uniform(-0.2, 0.2));
        let (mut from, mut to) = (middle - half, middle + half);
        (from.y, to.y) = (top - 0.04, top);
        if top < lo.y + 0.2 {
            return;
        }
        let wood = self.cells("furniture", [1.2, 0.11], 0.07);
        plan.furniture.push(block(from.max(lo), to.min(hi), |_| wood.clone()));
        for _ in 0..self.count(self.settings.things) {
            let size = Vec3::new(
                self.stream.uniform(0.04, 0.3),
                self.stream.uniform(0.01, 0.16),
                self.stream.uniform(0.04, 0.25),
            );
            let at = from + (to - from - size) * Vec3::new(self.stream.unit(), 0.0, self.stream.unit());
            let at = Vec3::new(at.x, top, at.z);
            let surface = if self.stream.chance(0.5) { self.plain("accents", 0.05) } else { self.picture(0.4, 0.45) };
            plan.furniture.push(block(at.max(lo), (at + size).min(hi), |_| surface.clone()));
        }
    }
}

/// A block whose faces show the surfaces given, without panels and light.
fn block<'a>(lo: Vec3, hi: Vec3, surface: impl Fn(usize) -> Surface<'a>) -> Block<'a> {
    let face = |k| Face { surface: surface(k), panels: Vec::new(), light: LightMap::even() };
    Block { lo, hi, faces: std::array::from_fn(face) }
}

/// Puts a panel on a face; what was put there before covers it.
fn attach<'a>(plan: &mut Plan<'a>, face: usize, rect_m: [f32; 4], surface: Surface<'a>) {
    plan.shell.faces[face].panels.push(Panel { rect_m, surface, shines: false });
}

/// Puts a panel that shines on a wall or the ceiling, with the light it throws.
fn shine<'a>(plan: &mut Plan<'a>, face: usize, rect_m: [f32; 4], surface: Surface<'a>) {
    let [u0, v0, u1, v1] = rect_m;
    let (lo, hi) = (plan.shell.lo, plan.shell.hi);
    let (u, v) = ((u0 + u1) * 0.5, (v0 + v1) * 0.5);
    let (centre, normal) = match face {
        0 => (Vec3::new(lo.x, lo.y + v, lo.z + u), Vec3::X),
        1 => (Vec3::new(hi.x, lo.y + v, lo.z + u), -Vec3::X),
        4 => (Vec3::new(lo.x + u, lo.y + v, lo.z), Vec3::Z),
        5 => (Vec3::new(lo.x + u, lo.y + v, hi.z), -Vec3::Z),
        _ => (Vec3::new(lo.x + u, hi.y, lo.z + v), -Vec3::Y),
    };
    plan.emitters.push(Emitter { centre, normal, area_m2: (u1 - u0) * (v1 - v0), radiance: surface.colour });
    plan.shell.faces[face].panels.push(Panel { rect_m, surface, shines: true });
}
