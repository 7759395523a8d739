//! Light on the faces of a room: direct light of windows and lamps, light from everywhere, dark corners.

use glam::{Vec3, Vec3A};

use super::{Block, face_coordinates};
use crate::math::smoothstep;

/// Nodes per side of the light map of a wall.
const WALL_NODES: usize = 11;
/// Nodes per side of the light map of a piece of furniture.
const FURNITURE_NODES: usize = 3;
/// Light left in a corner, and how far from it the light is whole, metres.
const CORNER: (f32, f32) = (0.55, 0.5);
/// Light left where furniture touches, and how far from it the light is whole, metres.
const CONTACT: (f32, f32) = (0.35, 0.4);

/// A window or lamp.
pub(super) struct Emitter {
    /// Its middle.
    pub centre: Vec3,
    /// Unit, into the room.
    pub normal: Vec3,
    /// Square metres.
    pub area_m2: f32,
    /// Linear radiance.
    pub radiance: Vec3A,
}

impl Emitter {
    /// Unit direction to it and its solid angle, steradians.
    pub(super) fn seen_from(&self, p: Vec3) -> (Vec3, f32) {
        let to = self.centre - p;
        let d2 = to.length_squared();
        let direction = to.normalize_or(-self.normal);
        // of a disc of this area on the axis: exact far away, below 2 pi near by
        (direction, self.area_m2 * (-direction.dot(self.normal)).max(0.0) / (d2 + self.area_m2 / std::f32::consts::TAU))
    }

    /// What a white surface there reflects of its light.
    fn on(&self, p: Vec3, normal: Vec3) -> Vec3A {
        let (direction, solid_angle_sr) = self.seen_from(p);
        self.radiance * (direction.dot(normal).max(0.0) * solid_angle_sr / std::f32::consts::PI)
    }
}

/// Light on a face: what a white surface reflects, at the nodes of a square grid over the face.
pub(super) struct LightMap {
    nodes: Vec<Vec3A>,
    side: usize,
    nodes_per_m: [f32; 2],
}

impl LightMap {
    /// The same light everywhere.
    pub(super) fn even() -> Self {
        Self { nodes: vec![Vec3A::ONE; 4], side: 2, nodes_per_m: [1.0; 2] }
    }

    /// Makes it brighter or darker.
    pub(super) fn scale(&mut self, gain: f32) {
        for node in &mut self.nodes {
            *node *= gain;
        }
    }

    /// Light at a place of the face, metres, bilinear.
    pub(super) fn at(&self, u: f32, v: f32) -> Vec3A {
        let last = self.side as f32 - 1.001;
        let (x, y) = ((u * self.nodes_per_m[0]).clamp(0.0, last), (v * self.nodes_per_m[1]).clamp(0.0, last));
        let (column, row) = (x as usize, y as usize);
        let (fx, fy) = (x - column as f32, y - row as f32);
        let k = row * self.side + column;
        let upper = self.nodes[k] + (self.nodes[k + 1] - self.nodes[k]) * fx;
        let lower = self.nodes[k + self.side] + (self.nodes[k + self.side + 1] - self.nodes[k + self.side]) * fx;
        upper + (lower - upper) * fy
    }
}

/// Makes the light maps of all faces. The mean light on the walls is 1, of which `ambient` comes from everywhere.
pub(super) fn light_up(shell: &mut Block, furniture: &mut [Block], emitters: &[Emitter], ambient: f32) {
    let direct = |p: Vec3, normal: Vec3| emitters.iter().map(|e| e.on(p, normal)).sum::<Vec3A>();
    let walls: Vec<Grid> = (0..6).map(|face| Grid::new(shell, face, WALL_NODES, -1.0)).collect();
    let on_walls: Vec<Vec<Vec3A>> =
        walls.iter().map(|g| g.points.iter().map(|p| direct(*p, g.normal)).collect()).collect();
    let count = (6 * WALL_NODES * WALL_NODES) as f32;
    let mean = on_walls.iter().flatten().copied().sum::<Vec3A>() / count;
    // light that has bounced has something of the lamps' colour
    let tint = mean / mean.max_element().max(1e-6);
    let scale = if mean.max_element() > 1e-6 { (1.0 - ambient) / mean.element_sum() * 3.0 } else { 0.0 };
    let total = |direct: Vec3A, open: f32| (tint * ambient + direct * scale) * open;
    for (face, (grid, direct)) in walls.iter().zip(on_walls).enumerate() {
        let open = |p: &Vec3| openness(*p, shell, face / 2) * contact(*p, furniture);
        let nodes = grid.points.iter().zip(direct).map(|(p, d)| total(d, open(p))).collect();
        shell.faces[face].light = LightMap { nodes, side: WALL_NODES, nodes_per_m: grid.nodes_per_m };
    }
    for block in furniture {
        for face in 0..6 {
            let grid = Grid::new(block, face, FURNITURE_NODES, 1.0);
            let above = |p: &Vec3| CORNER.0 + (1.0 - CORNER.0) * smoothstep(p.y - shell.lo.y, 0.0, CORNER.1);
            let nodes = grid.points.iter().map(|p| total(direct(*p, grid.normal), above(p))).collect();
            block.faces[face].light = LightMap { nodes, side: FURNITURE_NODES, nodes_per_m: grid.nodes_per_m };
        }
    }
}

/// Nodes over a face.
struct Grid {
    points: Vec<Vec3>,
    normal: Vec3,
    nodes_per_m: [f32; 2],
}

impl Grid {
    /// `outward` is 1 for faces seen from outside, -1 from inside.
    fn new(block: &Block, face: usize, side: usize, outward: f32) -> Self {
        let (axis, high) = (face / 2, face % 2 == 1);
        let size = block.hi - block.lo;
        let step = 1.0 / (side - 1) as f32;
        let point = |k: usize| {
            let (a, b) = ((k % side) as f32 * step, (k / side) as f32 * step);
            let c = if high { 1.0 } else { 0.0 };
            let share = match axis {
                0 => Vec3::new(c, b, a),
                1 => Vec3::new(a, c, b),
                _ => Vec3::new(a, b, c),
            };
            block.lo + size * share
        };
        let mut normal = Vec3::ZERO;
        normal[axis] = if high { outward } else { -outward };
        let nodes_per_m = face_coordinates(axis, size).map(|s| (side - 1) as f32 / s.max(1e-3));
        Self { points: (0..side * side).map(point).collect(), normal, nodes_per_m }
    }
}

/// How much a point on a wall sees beyond the walls beside it.
fn openness(p: Vec3, shell: &Block, axis: usize) -> f32 {
    let (lo, hi) = (p - shell.lo, shell.hi - p);
    let beside = (0..3).filter(|k| *k != axis).flat_map(|k| [lo[k], hi[k]]);
    beside.map(|d| CORNER.0 + (1.0 - CORNER.0) * smoothstep(d, 0.0, CORNER.1)).product()
}

/// How much a point sees beyond furniture near it.
fn contact(p: Vec3, furniture: &[Block]) -> f32 {
    let distance = |b: &Block| (p - p.max(b.lo).min(b.hi)).length();
    furniture.iter().map(|b| CONTACT.0 + (1.0 - CONTACT.0) * smoothstep(distance(b), 0.0, CONTACT.1)).product()
}
