//! A box-shaped room with furniture, pictures, windows and lamps, seen from inside.
//!
//! Everything is a block: the room itself from inside, its furniture from outside. A face of a block has a surface, flat
//! panels on it (pictures, doors, windows, lamps) and a small map of the light that falls on it.

mod lighting;
mod plan;
mod surface;

use glam::{Vec3, Vec3A};

use super::Sh9;
use super::light::directions;
use super::rays::{Tile, blend, soften, trace};
use crate::assets::Assets;
use crate::camera::Camera;
use crate::frame::Plane;
use lighting::{Emitter, LightMap};
use surface::Surface;

/// Pixels per cell: rooms lie behind what the camera focuses on.
const STEP: u32 = 2;
/// The camera is kept this far inside the walls, metres.
const INSIDE_M: f32 = 0.03;

/// Where a room stands and what is in it.
pub(super) struct Placement {
    /// Width, height, depth, metres.
    pub size_m: Vec3,
    /// Its middle in the world, metres.
    pub centre_m: Vec3,
    /// Turn about the world's vertical, radians.
    pub yaw_rad: f32,
    /// Picks everything in it.
    pub seed: u64,
}

/// A furnished and lit room. The mean luminance of its surfaces, seen from the world's origin, is 1.
pub(super) struct Room<'a> {
    shell: Block<'a>,
    furniture: Vec<Block<'a>>,
    emitters: Vec<Emitter>,
    frame: RoomFrame,
}

/// Room coordinates: origin in the room's middle, axes along its walls.
struct RoomFrame {
    centre_m: Vec3,
    sine: f32,
    cosine: f32,
}

impl RoomFrame {
    fn direction(&self, d: Vec3) -> Vec3 {
        Vec3::new(self.cosine * d.x - self.sine * d.z, d.y, self.sine * d.x + self.cosine * d.z)
    }

    fn point(&self, p: Vec3) -> Vec3 {
        self.direction(p - self.centre_m)
    }

    fn world_direction(&self, d: Vec3) -> Vec3 {
        Vec3::new(self.cosine * d.x + self.sine * d.z, d.y, self.cosine * d.z - self.sine * d.x)
    }
}

/// A box with axis-aligned faces, in room coordinates.
struct Block<'a> {
    lo: Vec3,
    hi: Vec3,
    /// -X +X -Y +Y -Z +Z.
    faces: [Face<'a>; 6],
}

/// One face; u and v are metres along (z, y), (x, z) or (x, y) from the block's low corner.
struct Face<'a> {
    surface: Surface<'a>,
    panels: Vec<Panel<'a>>,
    light: LightMap,
}

/// Something flat on a face.
struct Panel<'a> {
    /// Least u, least v, greatest u, greatest v, metres.
    rect_m: [f32; 4],
    surface: Surface<'a>,
    /// True if it shines by itself instead of being lit.
    shines: bool,
}

/// A room can hold no more pieces of furniture: a set of them fits the bits of a number.
const MOST_FURNITURE: usize = 64;

/// The room's boxes as seen from one point: low and high corners relative to it.
struct View {
    eye: Vec3,
    shell: Bounds,
    furniture: Vec<Bounds>,
    /// Bit k is set if the eye is not inside the k-th piece.
    outside: u64,
}

/// Low and high corner relative to the eye.
#[derive(Clone, Copy)]
struct Bounds {
    lo: Vec3A,
    hi: Vec3A,
}

impl Bounds {
    fn new(block: &Block, eye: Vec3) -> Self {
        Self { lo: (block.lo - eye).into(), hi: (block.hi - eye).into() }
    }

    /// Parameters at which a ray has entered and left all pairs of planes, per axis.
    fn crossings(&self, inverse: Vec3A) -> (Vec3A, Vec3A) {
        let (a, b) = (self.lo * inverse, self.hi * inverse);
        (a.min(b), a.max(b))
    }

    /// Parameter at which a ray from outside enters; `None` if it misses.
    fn enter(&self, inverse: Vec3A) -> Option<f32> {
        let (near, far) = self.crossings(inverse);
        let t = near.max_element();
        (t > 0.0 && t < far.min_element()).then_some(t)
    }
}

/// Index of the greatest of three.
fn greatest(v: Vec3A) -> usize {
    if v.x >= v.y && v.x >= v.z {
        0
    } else if v.y >= v.z {
        1
    } else {
        2
    }
}

impl Block<'_> {
    fn contains(&self, p: Vec3) -> bool {
        p.cmpge(self.lo).all() && p.cmple(self.hi).all()
    }

    /// Light from a place on a face, as the mean over a spot; `shining` false leaves out what shines by itself.
    fn light(&self, face: usize, p: Vec3, spot_m: f32, shining: bool) -> Vec3A {
        let [u, v] = face_coordinates(face / 2, (p - self.lo).max(Vec3::ZERO));
        let face = &self.faces[face];
        let on = |r: &[f32; 4]| u >= r[0] && v >= r[1] && u < r[2] && v < r[3];
        match face.panels.iter().find(|panel| on(&panel.rect_m)) {
            Some(panel) if panel.shines && shining => panel.surface.colour(u, v, spot_m),
            Some(panel) if panel.shines => Vec3A::ZERO,
            Some(panel) => panel.surface.colour(u - panel.rect_m[0], v - panel.rect_m[1], spot_m) * face.light.at(u, v),
            None => face.surface.colour(u, v, spot_m) * face.light.at(u, v),
        }
    }
}

/// The two coordinates along a face of an axis.
fn face_coordinates(axis: usize, p: Vec3) -> [f32; 2] {
    match axis {
        0 => [p.z, p.y],
        1 => [p.x, p.z],
        _ => [p.x, p.y],
    }
}

impl<'a> Room<'a> {
    /// A room furnished by its seed.
    pub(super) fn new(placement: &Placement, assets: &'a Assets) -> Self {
        let yaw = placement.yaw_rad;
        let frame = RoomFrame { centre_m: placement.centre_m, sine: libm::sinf(yaw), cosine: libm::cosf(yaw) };
        let plan = plan::furnish(placement, frame.point(Vec3::ZERO), assets);
        let mut room = Self { shell: plan.shell, furniture: plan.furniture, emitters: plan.emitters, frame };
        lighting::light_up(&mut room.shell, &mut room.furniture, &room.emitters, plan.ambient);
        let exposure = 1.0 / room.mean_luminance().max(1e-3);
        for face in room.furniture.iter_mut().chain([&mut room.shell]).flat_map(|block| &mut block.faces) {
            face.light.scale(exposure);
        }
        room
    }

    /// The room behind the hands.
    pub(super) fn pixels(&self, gain: f32, camera: &Camera) -> Plane<[f32; 3]> {
        let view = self.view_from(self.frame.point(camera.camera_from_world.inverse().translation_m));
        let footprint = STEP as f32 / camera.intrinsics.fx.abs().max(1.0);
        let mut cells = trace(
            camera,
            STEP,
            |tile| self.furniture_in(tile, &view),
            |pieces, ray| self.look(&view, *pieces, self.frame.direction(ray), footprint, true) * gain,
        );
        soften(&mut cells);
        blend(&cells, camera, STEP)
    }

    /// Light of the room on what stands at the world's origin.
    pub(super) fn light(&self) -> Sh9 {
        let view = self.view_from(self.frame.point(Vec3::ZERO));
        let look = |d: Vec3| self.look(&view, view.outside, self.frame.direction(d), COARSE, false);
        let mut sh = Sh9::project(|d| look(d).to_array());
        for emitter in &self.emitters {
            let (to_emitter, solid_angle_sr) = emitter.seen_from(view.eye);
            sh.add(self.frame.world_direction(to_emitter), emitter.radiance.to_array(), solid_angle_sr);
        }
        sh
    }

    /// Mean luminance of the surfaces seen from the world's origin.
    fn mean_luminance(&self) -> f32 {
        let view = self.view_from(self.frame.point(Vec3::ZERO));
        let luminance = |d: &Vec3| {
            let light = self.look(&view, view.outside, *d, COARSE, false);
            light.dot(Vec3A::new(0.2126, 0.7152, 0.0722))
        };
        directions().iter().map(luminance).sum::<f32>() / directions().len() as f32
    }

    /// The view from a point in room coordinates, moved inside the walls if need be.
    fn view_from(&self, p: Vec3) -> View {
        let margin = Vec3::splat(INSIDE_M);
        let eye = p.max(self.shell.lo + margin).min(self.shell.hi - margin);
        let outside = self.furniture.iter().enumerate().filter(|(_, piece)| !piece.contains(eye));
        View {
            eye,
            shell: Bounds::new(&self.shell, eye),
            furniture: self.furniture.iter().map(|piece| Bounds::new(piece, eye)).collect(),
            outside: outside.fold(0, |set, (k, _)| set | 1 << k),
        }
    }

    /// What a ray meets first. `footprint`: width of a cell per unit of the ray's parameter.
    fn look(&self, view: &View, pieces: u64, ray: Vec3, footprint: f32, shining: bool) -> Vec3A {
        let inverse = Vec3A::from(ray).recip();
        let (_, far) = view.shell.crossings(inverse);
        let mut nearest = (far.min_element(), None);
        let mut rest = pieces;
        while rest != 0 {
            let k = rest.trailing_zeros() as usize;
            rest &= rest - 1;
            if let Some(t) = view.furniture[k].enter(inverse).filter(|t| *t < nearest.0) {
                nearest = (t, Some(k));
            }
        }
        let (block, axis, inward) = match nearest.1 {
            Some(k) => (&self.furniture[k], greatest(view.furniture[k].crossings(inverse).0), false),
            None => (&self.shell, greatest(-far), true),
        };
        let face = 2 * axis + usize::from((ray[axis] > 0.0) == inward);
        block.light(face, view.eye + ray * nearest.0, footprint * nearest.0, shining)
    }

    /// Those of the furniture that a tile may see: bounding spheres against the cone around the tile's corners.
    fn furniture_in(&self, tile: &Tile, view: &View) -> u64 {
        let corners = tile.corners.map(|c| Vec3A::from(self.frame.direction(c)).normalize_or_zero());
        let axis = (corners[0] + corners[1] + corners[2] + corners[3]).normalize_or_zero();
        let cosine = corners.iter().map(|c| c.dot(axis)).fold(1.0, f32::min).max(0.0);
        let sine = (1.0 - cosine * cosine).sqrt();
        let seen = |bounds: &Bounds| {
            let to = (bounds.lo + bounds.hi) * 0.5;
            let (distance, radius) = (to.length(), (bounds.hi - bounds.lo).length() * 0.5);
            if distance <= radius {
                return true;
            }
            let ball_sine = radius / distance;
            let ball_cosine = (1.0 - ball_sine * ball_sine).sqrt();
            to.dot(axis) >= distance * (cosine * ball_cosine - sine * ball_sine) - 1e-3
        };
        let set = view.furniture.iter().enumerate().filter(|(_, bounds)| seen(bounds));
        set.fold(0, |set, (k, _)| set | 1 << k) & view.outside
    }
}

/// Footprint of rays that only ask for the mean: about a tenth of the distance.
const COARSE: f32 = 0.1;

#[cfg(test)]
mod tests;
