//! Closed bands: straps and bracelets around the wrist, rings around fingers.

use std::f32::consts::TAU;

use glam::{Quat, Vec3};

use super::limb::{COLUMNS, Limb};
use crate::math::RigidTransform;
use crate::posed::PosedHand;
use crate::rig::joint::Digit;
use crate::rig::{HandPart, HandSide, Joint};
use crate::scene::{Band, Ring, SolidKind, SurfaceMaterial};
use crate::solid::{self, Grid, SolidMesh, loft};

/// Vertices of a finger this near to a ring's plane tell its size, metres.
const NEAR_M: f32 = 0.0045;
/// How deep a ring presses into the skin, metres.
const PRESSED_M: f32 = 0.0003;

/// Cross-section of a band: (along, out) as shares of half the width and of the thickness.
const SECTION: [[f32; 2]; 11] = [
    [-1.0, 0.0],
    [-1.0, 0.6],
    [-0.92, 0.9],
    [-0.75, 1.0],
    [0.0, 1.0],
    [0.75, 1.0],
    [0.92, 0.9],
    [1.0, 0.6],
    [1.0, 0.0],
    [0.0, -0.1],
    [-1.0, 0.0],
];

/// Where a band lies: the plane of its middle, and the distance of its inside in each direction.
pub(super) struct Loop {
    pub(super) centre: Vec3,
    /// Direction of column 0.
    pub(super) first: Vec3,
    /// Direction of its width.
    pub(super) along: Vec3,
    pub(super) radius_m: [f32; COLUMNS],
}

impl Loop {
    /// Around an arm, a gap away from the skin over the whole width.
    pub(super) fn around(limb: &Limb, at_m: f32, width_m: f32, gap_m: f32) -> Self {
        let row = limb.at(at_m);
        let sides = [-0.5, 0.0, 0.5].map(|k| limb.at(at_m + k * width_m));
        let most = |k: usize| sides.iter().map(|side| side.radius_m[k]).fold(0.0, f32::max);
        let radius = std::array::from_fn(|k| most(k) + gap_m);
        Self { centre: row.centre, first: row.first, along: row.towards, radius_m: smooth(&radius) }
    }

    pub(super) fn mesh(&self, width_m: f32, thickness_m: f32) -> SolidMesh {
        let mut grid = Grid { columns: COLUMNS, ..Grid::default() };
        let other = self.first.cross(self.along);
        for [along, out] in SECTION {
            let centre = self.centre + self.along * (along * 0.5 * width_m);
            for k in 0..COLUMNS {
                let (sin, cos) = libm::sincosf(TAU * k as f32 / COLUMNS as f32);
                let direction = self.first * cos + other * sin;
                grid.points_m.push(centre + direction * (self.radius_m[k] + out * thickness_m));
            }
            grid.along_m.push(along * 0.5 * width_m);
        }
        loft(&grid)
    }
}

/// An oval through the distances that lies nowhere far inside them.
fn smooth(radius: &[f32; COLUMNS]) -> [f32; COLUMNS] {
    let angle = |k: usize| TAU * k as f32 / COLUMNS as f32;
    let part = |order: usize, wave: fn(f32) -> f32| {
        let sum: f32 = (0..COLUMNS).map(|k| radius[k] * wave(order as f32 * angle(k))).sum();
        sum * if order == 0 { 1.0 } else { 2.0 } / COLUMNS as f32
    };
    let orders = [0, 1, 2, 3].map(|order| [part(order, libm::cosf), part(order, libm::sinf)]);
    let oval: [f32; COLUMNS] = std::array::from_fn(|k| {
        let wave = |(order, [cos, sin]): (usize, &[f32; 2])| {
            let (s, c) = libm::sincosf(order as f32 * angle(k));
            cos * c + sin * s
        };
        orders.iter().enumerate().map(wave).sum()
    });
    let short = (0..COLUMNS).map(|k| radius[k] - oval[k]).fold(0.0, f32::max);
    oval.map(|r| r + 0.6 * short)
}

/// A bracelet.
pub(super) fn around_wrist(limb: &Limb, band: &Band) -> SolidMesh {
    Loop::around(limb, band.at_m, band.width_m, band.gap_m).mesh(band.width_m, band.thickness_m)
}

/// RHD id of the segment that a ring is worn on: masks tell parts, not jewellery.
pub(super) fn ring_part(ring: &Ring, side: HandSide) -> u8 {
    HandPart::rhd_id(HandPart::Segment(ring.digit, 2).index(), side)
}

/// Joints at both ends of the proximal phalanx.
fn ends(digit: Digit) -> Option<[Joint; 2]> {
    Some(match digit {
        Digit::Thumb => return None,
        Digit::Index => [Joint::IndexFingerPhalanxProximal, Joint::IndexFingerPhalanxIntermediate],
        Digit::Middle => [Joint::MiddleFingerPhalanxProximal, Joint::MiddleFingerPhalanxIntermediate],
        Digit::Ring => [Joint::RingFingerPhalanxProximal, Joint::RingFingerPhalanxIntermediate],
        Digit::Little => [Joint::PinkyFingerPhalanxProximal, Joint::PinkyFingerPhalanxIntermediate],
    })
}

/// A ring and its stone; nothing on thumbs and on meshes without flesh there.
pub(super) fn ring(hand: &PosedHand, ring: &Ring) -> Vec<(SolidMesh, SurfaceMaterial)> {
    let Some(place) = around_finger(hand, ring) else {
        return Vec::new();
    };
    let mut out = vec![(place.mesh(ring.width_m, ring.thickness_m), ring.material)];
    if ring.stone_m > 0.0 {
        let at = place.centre + place.first * (place.radius_m[0] + ring.thickness_m);
        let turn = RigidTransform::new(Quat::from_rotation_arc(Vec3::Y, place.first), at);
        let mut mesh =
            solid::mesh(&SolidKind::Ellipsoid { semi_axes_m: [ring.stone_m, 0.6 * ring.stone_m, ring.stone_m] });
        mesh.carry(&turn);
        let hue = [[0.6, 0.02, 0.05], [0.03, 0.08, 0.5], [0.75, 0.78, 0.8], [0.02, 0.3, 0.1]];
        let colour = hue[(ring.stone_m * 1e6) as usize % hue.len()];
        out.push((mesh, SurfaceMaterial { f0: 0.12, ..SurfaceMaterial::plain(colour, 0.08) }));
    }
    out
}

fn around_finger(hand: &PosedHand, ring: &Ring) -> Option<Loop> {
    let joints = ends(ring.digit)?;
    let [knuckle, next] = joints.map(|joint| hand.world_from_joint[joint.index()].translation_m);
    let along = (knuckle - next).try_normalize()?;
    let axis_point = knuckle.lerp(next, ring.share);
    let part = HandPart::Segment(ring.digit, 2).index();
    let mesh = &hand.rig.mesh;
    let of_segment = mesh.triangles.iter().zip(&mesh.triangle_part).filter(|(_, p)| **p == part);
    let points = of_segment.flat_map(|(corners, _)| corners.map(|k| hand.positions_m[k as usize]));
    let near: Vec<Vec3> = points
        .map(|p| p - axis_point)
        .filter(|p| p.dot(along).abs() < NEAR_M)
        .map(|p| p - along * p.dot(along))
        .collect();
    if near.len() < 12 {
        return None;
    }
    // the middle of the flesh lies to the palm of the bone
    let (low, high) = near.iter().fold((Vec3::INFINITY, Vec3::NEG_INFINITY), |(l, h), p| (l.min(*p), h.max(*p)));
    let middle = (low + high) * 0.5;
    let middle = middle - along * middle.dot(along);
    let back = hand.world_from_joint[joints[0].index()].direction(Vec3::NEG_Z);
    let first = (back - along * back.dot(along)).try_normalize()?;
    let other = first.cross(along);
    let mut radius = [0.0_f32; COLUMNS];
    for p in near.iter().map(|p| *p - middle) {
        let angle = libm::atan2f(p.dot(other), p.dot(first));
        let column = (angle / TAU * COLUMNS as f32 + COLUMNS as f32 + 0.5) as usize % COLUMNS;
        radius[column] = radius[column].max(p.length());
    }
    let known: Vec<usize> = (0..COLUMNS).filter(|k| radius[*k] > 0.0).collect();
    let filled = std::array::from_fn(|k| {
        let gap = |known: &usize| (*known + COLUMNS - k) % COLUMNS;
        let after = known.iter().min_by_key(|k| gap(k)).copied().unwrap_or(0);
        let before = known.iter().max_by_key(|k| gap(k)).copied().unwrap_or(0);
        let (up, down) = (gap(&after) as f32, ((k + COLUMNS - before) % COLUMNS) as f32);
        if up == 0.0 { radius[k] } else { (radius[before] * up + radius[after] * down) / (up + down) }
    });
    let radius_m = smooth(&filled).map(|r| r - PRESSED_M);
    Some(Loop { centre: axis_point + middle, first, along, radius_m })
}
