//! The true and the fitted hand as skinned meshes whose vertices correspond.

use glam::Vec3;

use crate::dataset::HandRecord;
use crate::math::{RigidTransform, mirror_x};
use crate::posed::skin_of_right_hand_m;
use crate::rig::{HandPart, HandPose, HandShape, HandSide, Joint, Rig};
use crate::tracker::HandEstimate;

/// Vertices of the true hand without its arm, camera frame; `None` if the label holds no pose of a rig.
pub(super) fn true_mesh_m(rig: &Rig, hand: &HandRecord) -> Option<Vec<Vec3>> {
    let camera_from_hand = hand.camera_from_joint.as_ref()?[Joint::Wrist.index()];
    Some(mesh_m(rig, (hand.shape.as_ref()?, hand.pose_rad.as_ref()?), hand.side?, camera_from_hand))
}

/// Vertices of the fitted hand without its arm, camera frame.
pub(super) fn fitted_mesh_m(rig: &Rig, estimate: &HandEstimate) -> Option<Vec<Vec3>> {
    let fit = estimate.fit.as_ref()?;
    Some(mesh_m(rig, (&fit.shape, &fit.pose), estimate.side, fit.camera_from_hand))
}

fn mesh_m(rig: &Rig, form: (&HandShape, &HandPose), side: HandSide, camera_from_hand: RigidTransform) -> Vec<Vec3> {
    let skin = skin_of_right_hand_m(rig, form.0, form.1);
    let mut of_hand = vec![false; skin.len()];
    let parts = rig.mesh.triangles.iter().zip(&rig.mesh.triangle_part);
    for corner in parts.filter(|(_, part)| **part != HandPart::Arm.index()).flat_map(|(t, _)| t) {
        of_hand[*corner as usize] = true;
    }
    let placed = |p: Vec3| camera_from_hand.point(if side == HandSide::Left { mirror_x(p) } else { p });
    skin.into_iter().zip(of_hand).filter(|(_, of_hand)| *of_hand).map(|(p, _)| placed(p)).collect()
}
