//! The mesh of a foreign hand in hand space, and the capsules that fill it.

use glam::Vec3;

use super::bones::Bones;
use super::source::{Shares, Source};
use crate::math::smoothstep;
use crate::rig::joint::DIGITS;
use crate::rig::part::{HandPart, PART_COUNT};
use crate::rig::{Capsule, Digit, JOINTS, Joint, RigMesh};

/// Normals that lean this far to the palm or from it (cosine) belong to it or to the back of the hand.
const PALMAR_LEAN: f32 = 0.35;
/// Radius of a bone that has no flesh of its own, as a share of its length.
const BARE_RADIUS: f32 = 0.15;
/// Half the breadth of the strip over a metacarpal in which the hand's thickness is measured, as a share of its length.
const STRIP: f32 = 0.15;

/// Mesh in the bind pose, hand space.
pub(super) fn mesh(source: &Source, bones: &Bones) -> RigMesh {
    let positions_m: Vec<Vec3> = source.positions_m.iter().map(|p| bones.hand_from_world.point(*p)).collect();
    let faces = face_normals(&positions_m, &source.triangles);
    let normals: Vec<Vec3> = source.normals.iter().zip(faces).map(|(own, face)| {
        let own = bones.hand_from_world.direction(*own).try_normalize();
        own.or(face.try_normalize()).unwrap_or(Vec3::Z)
    }).collect();
    let palmar = source.shares.iter().zip(&normals).map(|(s, n)| palmar(s, *n, bones)).collect();
    let (joints, weights) = source.shares.iter().map(strongest).unzip();
    let triangle_part = source.triangles.iter().map(|t| part_of(t, &source.shares)).collect();
    RigMesh {
        positions_m,
        normals,
        uvs: source.uvs.clone(),
        joints,
        weights,
        palmar,
        triangles: source.triangles.clone(),
        triangle_part,
    }
}

/// Sum of the normals of the triangles around each vertex, by area.
fn face_normals(positions: &[Vec3], triangles: &[[u32; 3]]) -> Vec<Vec3> {
    let mut normals = vec![Vec3::ZERO; positions.len()];
    for triangle in triangles {
        let [a, b, c] = triangle.map(|k| positions[k as usize]);
        triangle.iter().for_each(|k| normals[*k as usize] += (b - a).cross(c - a));
    }
    normals
}

fn palmar(shares: &Shares, normal: Vec3, bones: &Bones) -> f32 {
    let front: Vec3 = shares.iter().zip(&bones.frames).map(|(w, f)| f.direction(Vec3::Z) * *w).sum();
    smoothstep(front.normalize_or(Vec3::Z).dot(normal), -PALMAR_LEAN, PALMAR_LEAN)
}

/// The four largest shares with sum 1, largest first; joint 0 stands where there are fewer.
fn strongest(shares: &Shares) -> ([u8; 4], [f32; 4]) {
    let mut order: Vec<usize> = (0..shares.len()).filter(|k| shares[*k] > 0.0).collect();
    order.sort_by(|a, b| shares[*b].total_cmp(&shares[*a]));
    order.truncate(4);
    let sum: f32 = order.iter().map(|k| shares[*k]).sum();
    let mut best = ([0; 4], [0.0; 4]);
    for (slot, k) in order.into_iter().enumerate() {
        best.0[slot] = k as u8;
        best.1[slot] = shares[k] / sum;
    }
    best
}

fn part_of(triangle: &[u32; 3], shares: &[Shares]) -> u8 {
    let mut votes = [0.0; PART_COUNT];
    for corner in triangle {
        for (joint, share) in JOINTS.into_iter().zip(shares[*corner as usize]) {
            votes[usize::from(part(joint).index())] += share;
        }
    }
    let best = (0..PART_COUNT).max_by(|a, b| votes[*a].total_cmp(&votes[*b]).then(b.cmp(a)));
    best.unwrap_or_default() as u8
}

/// Part that the flesh of a joint belongs to.
fn part(joint: Joint) -> HandPart {
    let segment = |digit: Digit| digit.chain().iter().position(|j| *j == joint).map(|k| (digit, k));
    match (joint, joint.digit().and_then(segment)) {
        (Joint::Forearm, _) => HandPart::Arm,
        (_, Some((digit, k))) => HandPart::Segment(digit, 2_usize.saturating_sub(k) as u8),
        _ => HandPart::Palm,
    }
}

/// A round cone for every bone of the digits, three for the thumb, then four for each finger.
pub(super) fn capsules(mesh: &RigMesh, bones: &Bones) -> Vec<Capsule> {
    let pairs = DIGITS.into_iter().flat_map(|digit| digit.joints().windows(2).map(move |p| (digit, p[0], p[1])));
    pairs.map(|(digit, from, to)| capsule(mesh, bones, digit, [from, to])).collect()
}

fn capsule(mesh: &RigMesh, bones: &Bones, digit: Digit, [from, to]: [Joint; 2]) -> Capsule {
    let joint_from_hand = bones.frames[from.index()].inverse();
    let end = joint_from_hand.point(bones.frames[to.index()].translation_m);
    let in_palm = digit != Digit::Thumb && from == digit.joints()[0];
    let vertices = mesh.positions_m.iter().zip(&mesh.joints).map(|(p, joints)| (joint_from_hand.point(*p), joints[0]));
    let local: Vec<Vec3> = if in_palm {
        vertices.filter(|(p, owner)| is_palm(*owner) && p.x.abs() < STRIP * end.y).map(|(p, _)| p).collect()
    } else {
        vertices.filter(|(_, owner)| usize::from(*owner) == from.index()).map(|(p, _)| p).collect()
    };
    let cut = |low: f32, high: f32| {
        let slice: Vec<Vec3> = local.iter().copied().filter(|p| (low * end.y..high * end.y).contains(&p.y)).collect();
        if in_palm { thickness(&slice) } else { mean_radius(&slice) }
    };
    let whole = cut(0.0, 1.0).unwrap_or((0.0, BARE_RADIUS * end.y));
    let (start_z, start_radius_m) = cut(0.0, 0.4).unwrap_or(whole);
    let (end_z, end_radius_m) = cut(0.5, 0.9).unwrap_or(whole);
    // the last sphere ends at the tip, the others are centred on the next joint
    let share = if to.is_tip() { (1.0 - end_radius_m / end.y).max(0.0) } else { 1.0 };
    let (start_m, end_m) = (Vec3::Z * start_z, end * share + Vec3::Z * end_z);
    Capsule { joint: from, start_m, end_m, start_radius_m, end_radius_m }
}

/// Middle between palm and back of the hand, and half the distance between them, metres.
fn thickness(slice: &[Vec3]) -> Option<(f32, f32)> {
    let low = slice.iter().map(|p| p.z).reduce(f32::min)?;
    let high = slice.iter().map(|p| p.z).reduce(f32::max)?;
    if high > low { Some(((low + high) * 0.5, (high - low) * 0.5)) } else { None }
}

/// Mean distance from the axis, metres; the middle of a digit is its axis.
fn mean_radius(slice: &[Vec3]) -> Option<(f32, f32)> {
    let sum: f32 = slice.iter().map(|p| libm::hypotf(p.x, p.z)).sum();
    if sum > 0.0 { Some((0.0, sum / slice.len() as f32)) } else { None }
}

fn is_palm(joint: u8) -> bool {
    JOINTS.get(usize::from(joint)).is_some_and(|j| part(*j) == HandPart::Palm)
}
