//! Carries the mesh of one subject over to another of nearly the same shape.

use glam::{Mat3, Vec3};

use crate::math::RigidTransform;
use crate::rig::{JOINT_COUNT, JOINTS, Joint};

use super::project::newton;
use super::skeleton::rest_frames_mm;
use super::{HandField, Subject, Template};

/// Newton steps after the first guess, which is a fraction of a millimetre off.
const STEPS: usize = 2;

/// Vertices of `template` on the surface of another subject, mm: each bone's frame is moved and scaled, then projected.
///
/// Unlike a template made from that subject's own cage, positions are a smooth function of the subject's parameters.
pub(super) fn carry(template: &Template, to: &Subject) -> Vec<Vec3> {
    let from = template.field.subject();
    let maps = bone_maps(from, to);
    let mut positions: Vec<Vec3> = template
        .positions
        .iter()
        .zip(&template.weights)
        .map(|(p, weights)| {
            let used = weights.iter().zip(&maps).filter(|(w, _)| **w > 0.0);
            used.map(|(w, (matrix, shift))| (*matrix * *p + *shift) * *w).sum()
        })
        .collect();
    let field = HandField::new(to);
    for _ in 0..STEPS {
        newton(&field, &mut positions);
    }
    positions
}

/// Affine map of each bone: its frame goes to the other subject's, scaled along and across the bone.
fn bone_maps(from: &Subject, to: &Subject) -> [(Mat3, Vec3); JOINT_COUNT] {
    let (a, b) = (rest_frames_mm(from), rest_frames_mm(to));
    std::array::from_fn(|k| {
        let across = to.scale() / from.scale() * thickness(to, JOINTS[k]) / thickness(from, JOINTS[k]);
        let along = bone_length(to, &b, JOINTS[k]) / bone_length(from, &a, JOINTS[k]);
        let scale = Mat3::from_diagonal(Vec3::new(across, along, across));
        let turn = |f: &RigidTransform| Mat3::from_quat(f.rotation);
        let matrix = turn(&b[k]) * scale * turn(&a[k]).transpose();
        (matrix, b[k].translation_m - matrix * a[k].translation_m)
    })
}

fn thickness(s: &Subject, joint: Joint) -> f32 {
    if joint.digit().is_some_and(|d| d.chain().contains(&joint)) { s.finger_thickness } else { 1.0 }
}

/// Length of the bone that starts at a joint, mm.
fn bone_length(s: &Subject, frames: &[RigidTransform; JOINT_COUNT], joint: Joint) -> f32 {
    match joint {
        Joint::Wrist => s.hand_length_mm,
        _ if joint.is_tip() => 1.0,
        _ => {
            let next = JOINTS[joint.index() + 1];
            frames[next.index()].translation_m.distance(frames[joint.index()].translation_m)
        }
    }
}
