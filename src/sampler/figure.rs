//! A plain figure: trunk, neck, head with hair, legs, and the arm that is not seen as a hand.
//!
//! Its space: origin in the middle between the shoulder joints, +Y up, +Z forward, +X to its left; metres. Sizes are
//! those of ANSUR II's mean person, times a scale.

use glam::{Quat, Vec3};

use super::body::along;
use crate::math::RigidTransform;
use crate::rig::HandSide;
use crate::scene::{SkinMaterial, Solid, SolidClass, SolidKind, SurfaceMaterial};

/// Half the distance of the shoulder joints.
const SHOULDER_M: f32 = 0.178;

/// Trunk from hip to neck: height, shift forward, half width, half depth.
const TRUNK: [[f32; 4]; 11] = [
    [-0.60, 0.00, 0.0, 0.0],
    [-0.60, 0.00, 0.188, 0.122],
    [-0.52, 0.00, 0.184, 0.122],
    [-0.36, 0.01, 0.142, 0.102],
    [-0.18, 0.01, 0.158, 0.118],
    [-0.07, 0.00, 0.172, 0.105],
    [0.00, -0.01, 0.176, 0.085],
    [0.035, -0.02, 0.135, 0.072],
    [0.060, -0.02, 0.080, 0.062],
    [0.075, -0.02, 0.062, 0.058],
    [0.078, -0.02, 0.0, 0.0],
];
const NECK: [[f32; 4]; 4] =
    [[0.03, -0.015, 0.0, 0.0], [0.03, -0.015, 0.058, 0.058], [0.16, 0.005, 0.054, 0.056], [0.17, 0.005, 0.0, 0.0]];
const HEAD: [[f32; 4]; 9] = [
    [0.118, 0.050, 0.0, 0.0],
    [0.122, 0.045, 0.028, 0.034],
    [0.150, 0.030, 0.050, 0.064],
    [0.190, 0.022, 0.062, 0.082],
    [0.235, 0.015, 0.072, 0.094],
    [0.280, 0.010, 0.075, 0.098],
    [0.320, 0.008, 0.066, 0.086],
    [0.348, 0.005, 0.040, 0.052],
    [0.358, 0.005, 0.0, 0.0],
];
/// Leg from hip to ankle.
const LEG: [[f32; 4]; 7] = [
    [-1.36, 0.0, 0.0, 0.0],
    [-1.36, 0.0, 0.055, 0.060],
    [-1.10, -0.01, 0.060, 0.065],
    [-0.97, 0.01, 0.062, 0.066],
    [-0.75, 0.01, 0.078, 0.086],
    [-0.58, 0.00, 0.082, 0.098],
    [-0.55, 0.00, 0.0, 0.0],
];

/// A capsule that stands for a piece of the figure: ends and radius.
#[derive(Debug, Clone, Copy)]
pub(super) struct Capsule(pub(super) [Vec3; 2], pub(super) f32);

impl Capsule {
    /// Distance of a point from the surface; negative inside.
    pub(super) fn distance(&self, p: Vec3) -> f32 {
        let [a, b] = self.0;
        let axis = b - a;
        let t = ((p - a).dot(axis) / axis.length_squared().max(1e-12)).clamp(0.0, 1.0);
        p.distance(a + axis * t) - self.1
    }

    /// Whether the straight line between two points passes through it, to within a few centimetres.
    pub(super) fn crosses(&self, from: Vec3, to: Vec3) -> bool {
        let steps = (from.distance(to) / 0.03).ceil().max(1.0) as usize;
        (0..steps).any(|k| self.distance(from.lerp(to, k as f32 / steps as f32)) < 0.0)
    }
}

/// A person as large as its hands say, dressed.
#[derive(Debug, Clone)]
pub struct Figure {
    /// Size against the mean person's.
    pub scale: f32,
    /// Skin of neck and head.
    pub skin: SkinMaterial,
    /// Shirt.
    pub shirt: SurfaceMaterial,
    /// Trousers.
    pub trousers: SurfaceMaterial,
    /// Hair, linear.
    pub hair: [f32; 3],
    /// Length of the hair: 0 bald, 1 to the shoulders.
    pub hair_length: f32,
}

impl Figure {
    /// Shoulder joint of a side, own space.
    pub(super) fn shoulder(&self, side: HandSide) -> Vec3 {
        Vec3::X * (SHOULDER_M * self.scale * if side == HandSide::Left { 1.0 } else { -1.0 })
    }

    /// Elbow and wrist of the arm whose hand is not seen: it is in a pocket.
    fn idle_arm(&self, side: HandSide) -> [Vec3; 3] {
        let out = if side == HandSide::Left { 1.0 } else { -1.0 };
        let at = |x: f32, y: f32, z: f32| Vec3::new(x * out, y, z) * self.scale;
        [self.shoulder(side), at(0.27, -0.28, -0.06), at(0.135, -0.53, 0.04)]
    }

    fn idle_sides(seen: &[HandSide]) -> impl Iterator<Item = HandSide> + '_ {
        [HandSide::Left, HandSide::Right].into_iter().filter(|side| !seen.contains(side))
    }

    /// Obstacles in the world.
    pub(super) fn capsules(&self, place: &RigidTransform, seen: &[HandSide]) -> Vec<Capsule> {
        let at = |x: f32, y: f32, z: f32| place.point(Vec3::new(x, y, z) * self.scale);
        let piece =
            |a: [f32; 3], b: [f32; 3], r: f32| Capsule([at(a[0], a[1], a[2]), at(b[0], b[1], b[2])], r * self.scale);
        let mut out = vec![
            piece([0.06, -0.10, 0.0], [0.055, -0.50, 0.0], 0.115),
            piece([-0.06, -0.10, 0.0], [-0.055, -0.50, 0.0], 0.115),
            piece([-0.11, -0.02, -0.01], [0.11, -0.02, -0.01], 0.07),
            piece([0.0, 0.18, 0.015], [0.0, 0.27, 0.01], 0.10),
            piece([0.0, 0.05, -0.01], [0.0, 0.15, 0.0], 0.06),
            piece([0.09, -0.6, 0.0], [0.1, -1.3, 0.0], 0.09),
            piece([-0.09, -0.6, 0.0], [-0.1, -1.3, 0.0], 0.09),
        ];
        for side in Self::idle_sides(seen) {
            let [shoulder, elbow, wrist] = self.idle_arm(side).map(|p| place.point(p));
            out.extend([Capsule([shoulder, elbow], 0.055), Capsule([elbow, wrist], 0.05)]);
        }
        out
    }

    /// Its pieces: one thing.
    pub(super) fn solids(&self, place: &RigidTransform, seen: &[HandSide]) -> Vec<Solid> {
        let skin = SurfaceMaterial::skin(&self.skin);
        let hair = SurfaceMaterial { sheen: 0.3, ..SurfaceMaterial::plain(self.hair, 0.65) };
        let mut out = vec![
            self.sections(place, &TRUNK, Vec3::ZERO, self.shirt),
            self.sections(place, &NECK, Vec3::ZERO, skin),
            self.sections(place, &HEAD, Vec3::ZERO, skin),
            self.sections(place, &LEG, Vec3::new(0.092, 0.0, 0.0), self.trousers),
            self.sections(place, &LEG, Vec3::new(-0.092, 0.0, 0.0), self.trousers),
        ];
        if self.hair_length > 0.1 {
            out.push(self.ellipsoid(place, [0.083, 0.092, 0.104], Vec3::new(0.0, 0.284, -0.016), hair));
            let down = 0.06 + 0.20 * self.hair_length;
            let at = Vec3::new(0.0, 0.27 - 0.6 * down, -0.040);
            out.push(self.ellipsoid(place, [0.080, down, 0.072], at, hair));
        }
        for side in Self::idle_sides(seen) {
            let [shoulder, elbow, wrist] = self.idle_arm(side).map(|p| place.point(p));
            out.push(limb([shoulder, elbow], [0.058, 0.048], self.scale, self.shirt));
            out.push(limb([elbow, wrist], [0.048, 0.040], self.scale, self.shirt));
        }
        for solid in out.iter_mut().skip(1) {
            solid.joined = true;
        }
        out
    }

    fn sections(&self, place: &RigidTransform, of: &[[f32; 4]], aside: Vec3, material: SurfaceMaterial) -> Solid {
        let sections_m = of.iter().map(|s| s.map(|x| x * self.scale)).collect();
        person(SolidKind::Sections { sections_m }, self.put(place, aside), material)
    }

    fn ellipsoid(&self, place: &RigidTransform, axes: [f32; 3], at: Vec3, material: SurfaceMaterial) -> Solid {
        let semi_axes_m = axes.map(|x| x * self.scale);
        person(SolidKind::Ellipsoid { semi_axes_m }, self.put(place, at), material)
    }

    fn put(&self, place: &RigidTransform, at: Vec3) -> RigidTransform {
        *place * RigidTransform::new(Quat::IDENTITY, at * self.scale)
    }
}

/// A round limb between two points.
fn limb([from, to]: [Vec3; 2], [a, b]: [f32; 2], scale: f32, material: SurfaceMaterial) -> Solid {
    let (a, b, length) = (a * scale, b * scale, from.distance(to));
    let sections_m = vec![
        [-a, 0.0, 0.0, 0.0],
        [-0.7 * a, 0.0, 0.72 * a, 0.72 * a],
        [0.0, 0.0, a, a],
        [0.5 * length, 0.0, 0.5 * (a + b), 0.5 * (a + b)],
        [length, 0.0, b, b],
        [length + 0.7 * b, 0.0, 0.72 * b, 0.72 * b],
        [length + b, 0.0, 0.0, 0.0],
    ];
    person(SolidKind::Sections { sections_m }, along(from, to), material)
}

fn person(kind: SolidKind, world_from_solid: RigidTransform, material: SurfaceMaterial) -> Solid {
    Solid { name: "body".into(), class: SolidClass::Person, joined: false, kind, world_from_solid, material }
}
