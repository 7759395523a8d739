//! A hand's real skin as the sampler feels it: a few thousand of the rig's vertices, carried along with the joints.
//!
//! The vertices are fitted to the skinned mesh in one pose; from there linear blend skinning carries them to others close
//! by. What is accepted in the end is measured on the skinned mesh itself.

use std::collections::BTreeSet;
use std::ops::Range;

use glam::{Mat3, Vec3};

use crate::math::RigidTransform;
use crate::rig::joint::DIGITS;
use crate::rig::{Digit, HandPart, JOINT_COUNT, JOINTS, Joint, Rig};

/// Side of the cells of which each gives one vertex, metres: on the palmar side, and elsewhere.
const CELLS_M: [f32; 2] = [0.004, 0.007];
/// A pad is the palmar skin from this share of the last bone on.
const PAD_FROM: f32 = 0.3;

/// Joint frames, `hand_from_joint`.
pub(super) type Frames = [RigidTransform; JOINT_COUNT];

/// A vertex that stands for the skin around it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Probe {
    /// Number in the rig's mesh.
    vertex: u32,
    joints: [u8; 4],
    weights: [f32; 4],
    /// Bone along its digit: 0 palm, 1 (thumb metacarpal or proximal phalanx) to 3 (distal phalanx).
    pub(super) level: u8,
    /// It belongs to the pad of a finger's end.
    pub(super) pad: bool,
}

/// The probes of a rig: those of the palm, then those of each digit from the thumb on.
#[derive(Debug, Clone)]
pub(super) struct Probes {
    pub(super) all: Vec<Probe>,
    ranges: [Range<usize>; 6],
}

impl Probes {
    pub(super) fn new(rig: &Rig) -> Self {
        let bind = rig.skeleton.hand_from_joint(&rig.skeleton.bind_pose);
        let mesh = &rig.mesh;
        let mut arm = vec![false; mesh.positions_m.len()];
        for (triangle, part) in mesh.triangles.iter().zip(&mesh.triangle_part) {
            if *part == HandPart::Arm.index() {
                for k in triangle {
                    arm[*k as usize] = true;
                }
            }
        }
        let mut groups: [Vec<Probe>; 6] = Default::default();
        let mut taken = BTreeSet::new();
        for (k, at) in mesh.positions_m.iter().enumerate().filter(|(k, _)| !arm[*k]) {
            let (joints, weights) = (mesh.joints[k], mesh.weights[k]);
            let strongest = (0..4).fold(0, |best, i| if weights[i] > weights[best] { i } else { best });
            let Some(joint) = JOINTS.get(usize::from(joints[strongest])).copied() else { continue };
            let known = |i: usize| weights[i] <= 0.0 || usize::from(joints[i]) < JOINT_COUNT;
            if !(0..4).all(known) {
                continue;
            }
            let (group, level) = place(joint);
            let palmar = mesh.palmar[k] > 0.5;
            let cell = (*at / CELLS_M[usize::from(!palmar)]).floor().as_ivec3().to_array();
            if !taken.insert((group, level, palmar, cell)) {
                continue;
            }
            let length = JOINTS
                .get(joint.index() + 1)
                .map_or(0.0, |tip| bind[tip.index()].translation_m.distance(bind[joint.index()].translation_m));
            let along = bind[joint.index()].inverse().point(*at).y;
            let pad = level == 3 && mesh.palmar[k] > 0.8 && along > PAD_FROM * length;
            groups[group].push(Probe { vertex: k as u32, joints, weights, level, pad });
        }
        let mut all = Vec::new();
        let ranges = groups.map(|group| {
            let start = all.len();
            all.extend(group);
            start..all.len()
        });
        Self { all, ranges }
    }

    /// Probes of the palm (`None`) or a digit.
    pub(super) fn range(&self, digit: Option<Digit>) -> Range<usize> {
        self.ranges[digit.map_or(0, |d| d as usize + 1)].clone()
    }
}

/// Group (0 palm, then digits) and level of the skin around a joint's bone.
fn place(joint: Joint) -> (usize, u8) {
    let Some(digit) = joint.digit() else { return (0, 0) };
    let joints = digit.joints();
    let k = joints.iter().position(|j| *j == joint).unwrap_or_default() + 5 - joints.len();
    match k.min(3) {
        0 => (0, 0),
        level => (digit as usize + 1, level as u8),
    }
}

/// The skin of one person's hand.
#[derive(Debug, Clone)]
pub(super) struct Skin<'a> {
    pub(super) probes: &'a Probes,
    /// Joint frames of the pose in which the skin is known, inverted.
    joint_from_hand: [RigidTransform; JOINT_COUNT],
    /// Places in that pose, hand space, metres.
    known_m: Vec<Vec3>,
}

impl<'a> Skin<'a> {
    /// The skin whose vertices (hand space, metres) are known in a pose with these joint frames.
    pub(super) fn fitted(probes: &'a Probes, frames: &Frames, positions_m: &[Vec3]) -> Self {
        let known_m = probes.all.iter().map(|probe| positions_m[probe.vertex as usize]).collect();
        Self { probes, joint_from_hand: std::array::from_fn(|k| frames[k].inverse()), known_m }
    }

    /// Where some probes are in a pose with these joint frames, hand space, metres.
    pub(super) fn posed(&self, frames: &Frames, range: Range<usize>) -> impl Iterator<Item = (&'a Probe, Vec3)> {
        let carriers: [(Mat3, Vec3); JOINT_COUNT] = std::array::from_fn(|k| {
            let carrier = frames[k] * self.joint_from_hand[k];
            (Mat3::from_quat(carrier.rotation), carrier.translation_m)
        });
        let probes = &self.probes.all[range.clone()];
        probes.iter().zip(&self.known_m[range]).map(move |(probe, known)| {
            let mut at = Vec3::ZERO;
            for (joint, weight) in probe.joints.iter().zip(probe.weights) {
                if weight > 0.0 {
                    let (turn, shift) = &carriers[usize::from(*joint).min(JOINT_COUNT - 1)];
                    at += (*turn * *known + *shift) * weight;
                }
            }
            (probe, at)
        })
    }

    /// Middle of the pad of each digit, hand space, metres.
    pub(super) fn pads_m(&self, frames: &Frames) -> [Vec3; 5] {
        DIGITS.map(|digit| {
            let pad = self.posed(frames, self.probes.range(Some(digit))).filter(|(probe, _)| probe.pad);
            let (sum, count) = pad.fold((Vec3::ZERO, 0.0), |(sum, n), (_, p)| (sum + p, n + 1.0));
            sum / f32::max(count, 1.0)
        })
    }
}
