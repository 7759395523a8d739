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

/// Where a ray meets a block.
struct Hit {
    t: f32,
    face: usize,
}

/// A ray in room coordinates.
struct Ray {
    origin: Vec3,
    direction: Vec3,
    inverse: Vec3,
}

impl Ray {
    fn new(origin: Vec3, direction: Vec3) -> Self {
        Self { origin, direction, inverse: direction.recip() }
    }
}

impl Block<'_> {
    /// Parameters at which a ray crosses the planes that it meets first and last, per axis.
    fn crossings(&self, ray: &Ray) -> (Vec3, Vec3) {
        let (a, b) = ((self.lo - ray.origin) * ray.inverse, (self.hi - ray.origin) * ray.inverse);
        (a.min(b), a.max(b))
    }

    /// Face through which a ray from inside leaves.
    fn leave(&self, ray: &Ray) -> Hit {
        let (_, far) = self.crossings(ray);
        let (axis, t) = least(far.to_array());
        Hit { t, face: 2 * axis + usize::from(ray.direction[axis] > 0.0) }
    }

    /// Face through which a ray from outside enters.
    fn enter(&self, ray: &Ray) -> Option<Hit> {
        let (near, far) = self.crossings(ray);
        let (axis, t) = least((-near).to_array());
        let t = -t;
        (t > 0.0 && t < far.min_element()).then(|| Hit { t, face: 2 * axis + usize::from(ray.direction[axis] < 0.0) })
    }

    fn contains(&self, p: Vec3) -> bool {
        p.cmpge(self.lo).all() && p.cmple(self.hi).all()
    }

    /// Light from a face at the end of a ray; `shining` false leaves out what shines by itself.
    fn light(&self, ray: &Ray, hit: &Hit, footprint: f32, shining: bool) -> Vec3A {
        let face = &self.faces[hit.face];
        let p = ray.origin + ray.direction * hit.t - self.lo;
        let [u, v] = face_coordinates(hit.face / 2, p);
        let spot_m = footprint * hit.t;
        let on = |r: &[f32; 4]| u >= r[0] && v >= r[1] && u < r[2] && v < r[3];
        match face.panels.iter().find(|panel| on(&panel.rect_m)) {
            Some(panel) if panel.shines && shining => panel.surface.colour(u, v, spot_m),
            Some(panel) if panel.shines => Vec3A::ZERO,
            Some(panel) => panel.surface.colour(u - panel.rect_m[0], v - panel.rect_m[1], spot_m) * face.light.at(u, v),
            None => face.surface.colour(u, v, spot_m) * face.light.at(u, v),
        }
    }
}

/// Index and value of the least of three.
fn least([x, y, z]: [f32; 3]) -> (usize, f32) {
    if x <= y && x <= z {
        (0, x)
    } else if y <= z {
        (1, y)
    } else {
        (2, z)
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
        let eye = self.inside(camera.camera_from_world.inverse().translation_m);
        let footprint = STEP as f32 / camera.intrinsics.fx.abs().max(1.0);
        let ahead: Vec<usize> = (0..self.furniture.len()).filter(|k| !self.furniture[*k].contains(eye)).collect();
        let mut cells = trace(
            camera,
            STEP,
            |tile| self.furniture_in(tile, eye, &ahead),
            |candidates, ray| {
                let ray = Ray::new(eye, self.frame.direction(ray));
                self.look(&ray, candidates, footprint, true) * gain
            },
        );
        soften(&mut cells);
        blend(&cells, camera, STEP)
    }

    /// Light of the room on what stands at the world's origin.
    pub(super) fn light(&self) -> Sh9 {
        let at = self.inside(self.frame.point(Vec3::ZERO));
        let everything = self.furniture_around(at);
        let mut sh =
            Sh9::project(|d| self.look(&Ray::new(at, self.frame.direction(d)), &everything, COARSE, false).to_array());
        for emitter in &self.emitters {
            let (to_emitter, solid_angle_sr) = emitter.seen_from(at);
            sh.add(self.frame.world_direction(to_emitter), emitter.radiance.to_array(), solid_angle_sr);
        }
        sh
    }

    fn mean_luminance(&self) -> f32 {
        let at = self.inside(self.frame.point(Vec3::ZERO));
        let everything = self.furniture_around(at);
        let luminance = |d: &Vec3| {
            let light = self.look(&Ray::new(at, *d), &everything, COARSE, false);
            light.dot(Vec3A::new(0.2126, 0.7152, 0.0722))
        };
        directions().iter().map(luminance).sum::<f32>() / directions().len() as f32
    }

    /// A point in room coordinates, moved inside the walls if need be.
    fn inside(&self, p: Vec3) -> Vec3 {
        let margin = Vec3::splat(INSIDE_M);
        p.max(self.shell.lo + margin).min(self.shell.hi - margin)
    }

    fn furniture_around(&self, at: Vec3) -> Vec<usize> {
        (0..self.furniture.len()).filter(|k| !self.furniture[*k].contains(at)).collect()
    }

    /// What a ray meets first. `footprint`: width of a cell per unit of the ray's parameter.
    fn look(&self, ray: &Ray, candidates: &[usize], footprint: f32, shining: bool) -> Vec3A {
        let (mut block, mut hit) = (&self.shell, self.shell.leave(ray));
        for k in candidates {
            let other = &self.furniture[*k];
            if let Some(nearer) = other.enter(ray).filter(|h| h.t < hit.t) {
                (block, hit) = (other, nearer);
            }
        }
        block.light(ray, &hit, footprint, shining)
    }

    /// Those of the furniture that a tile may see: bounding spheres against the cone around the tile's corners.
    fn furniture_in(&self, tile: &Tile, eye: Vec3, candidates: &[usize]) -> Vec<usize> {
        let corners = tile.corners.map(|c| self.frame.direction(c).normalize_or_zero());
        let axis = (corners[0] + corners[1] + corners[2] + corners[3]).normalize_or_zero();
        let cosine = corners.iter().map(|c| c.dot(axis)).fold(1.0, f32::min).max(0.0);
        let sine = (1.0 - cosine * cosine).sqrt();
        let seen = |k: &&usize| {
            let block = &self.furniture[**k];
            let to = (block.lo + block.hi) * 0.5 - eye;
            let (distance, radius) = (to.length(), (block.hi - block.lo).length() * 0.5);
            if distance <= radius {
                return true;
            }
            let ball_sine = radius / distance;
            let ball_cosine = (1.0 - ball_sine * ball_sine).sqrt();
            to.dot(axis) >= distance * (cosine * ball_cosine - sine * ball_sine) - 1e-3
        };
        candidates.iter().filter(seen).copied().collect()
    }
}

/// Footprint of rays that only ask for the mean: about a tenth of the distance.
const COARSE: f32 = 0.1;
