//! Forward kinematics: joint angles to joint frames.

use glam::{Quat, Vec3};
use serde::{Deserialize, Serialize};

use super::dof::{DOF_COUNT, DOFS, Dof, HandPose};
use super::joint::{JOINT_COUNT, JOINTS, Joint, LANDMARK_COUNT, LANDMARKS};
use crate::math::RigidTransform;

/// Share of the forearm's twist that each helper joint takes, from the elbow to the wrist.
pub const TWIST_SHARES: [f32; 6] = [1.0 / 6.0, 2.0 / 6.0, 3.0 / 6.0, 4.0 / 6.0, 5.0 / 6.0, 1.0];
/// Joints and helpers that a vertex may follow.
pub const SLOT_COUNT: usize = JOINT_COUNT + TWIST_SHARES.len();

/// Bones, axes and bind pose of the right hand.
///
/// With all angles 0 a joint's frame is its parent's, moved by `offset_m` and turned by `neutral`. Each angle then turns
/// it about its axis, in the order of [`DOFS`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Skeleton {
    /// Origin of each joint in its parent's frame, metres.
    pub offset_m: [Vec3; JOINT_COUNT],
    /// Rotation `parent_from_joint` with all angles 0.
    pub neutral: [Quat; JOINT_COUNT],
    /// Unit axis of each degree of freedom in its joint's neutral frame; a positive angle turns right-handed about it.
    pub axis: [Vec3; DOF_COUNT],
    /// The angles in which the mesh is modelled.
    pub bind_pose: HandPose,
}

impl Skeleton {
    /// Frames of all joints relative to the wrist (`hand_from_joint`); the wrist's own is the identity.
    pub fn hand_from_joint(&self, pose: &HandPose) -> [RigidTransform; JOINT_COUNT] {
        let mut local: [RigidTransform; JOINT_COUNT] =
            std::array::from_fn(|k| RigidTransform::new(self.neutral[k], self.offset_m[k]));
        for (k, dof) in DOFS.into_iter().enumerate() {
            let joint = &mut local[dof.joint().index()];
            joint.rotation = (joint.rotation * axis_angle(self.axis[k], pose.0[k])).normalize();
        }
        let mut hand = [RigidTransform::IDENTITY; JOINT_COUNT];
        hand[Joint::Forearm.index()] = local[Joint::Wrist.index()].inverse();
        for joint in JOINTS.into_iter().skip(2) {
            if let Some(parent) = joint.parent() {
                hand[joint.index()] = hand[parent.index()] * local[joint.index()];
            }
        }
        hand
    }

    /// [`Self::hand_from_joint`] of what a vertex may follow: the joints, then one helper for each of [`TWIST_SHARES`].
    ///
    /// A helper has its origin at the wrist and goes with the forearm, but for its share of the twist.
    pub fn hand_from_slot(&self, pose: &HandPose) -> [RigidTransform; SLOT_COUNT] {
        let joints = self.hand_from_joint(pose);
        let (wrist, twist) = (Joint::Wrist.index(), Dof::ForearmTwist.index());
        let helper = |share: f32| {
            let turn = axis_angle(self.axis[twist], share * pose.0[twist]);
            let forearm_from_helper = RigidTransform::new(self.neutral[wrist] * turn, self.offset_m[wrist]);
            joints[Joint::Forearm.index()] * forearm_from_helper
        };
        std::array::from_fn(|k| joints.get(k).copied().unwrap_or_else(|| helper(TWIST_SHARES[k - JOINT_COUNT])))
    }
}

/// The 21 landmarks of joint frames, in the frames' outer space.
pub fn landmarks(frames: &[RigidTransform; JOINT_COUNT]) -> [Vec3; LANDMARK_COUNT] {
    LANDMARKS.map(|joint| frames[joint.index()].translation_m)
}

/// Rotation by `angle` radians about a unit axis; same bits on every machine.
pub fn axis_angle(axis: Vec3, angle: f32) -> Quat {
    let (s, c) = (libm::sinf(angle * 0.5), libm::cosf(angle * 0.5));
    Quat::from_xyzw(axis.x * s, axis.y * s, axis.z * s, c)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every joint 10 cm along +Y from its parent, all axes +X.
    fn ladder() -> Skeleton {
        Skeleton {
            offset_m: [Vec3::new(0.0, 0.1, 0.0); JOINT_COUNT],
            neutral: [Quat::IDENTITY; JOINT_COUNT],
            axis: [Vec3::X; DOF_COUNT],
            bind_pose: HandPose::default(),
        }
    }

    #[test]
    fn flexion_turns_the_bone_to_the_palm() {
        let mut pose = HandPose::default();
        pose.set(Dof::IndexMcpFlexion, std::f32::consts::FRAC_PI_2);
        let frames = ladder().hand_from_joint(&pose);
        let tip = frames[Joint::IndexFingerTip.index()].translation_m;
        assert!(tip.abs_diff_eq(Vec3::new(0.0, 0.2, 0.3), 1e-6), "{tip}");
    }

    #[test]
    fn the_forearm_moves_against_the_hand() {
        let mut pose = HandPose::default();
        pose.set(Dof::WristFlexion, std::f32::consts::FRAC_PI_2);
        let frames = ladder().hand_from_joint(&pose);
        assert_eq!(frames[Joint::Wrist.index()], RigidTransform::IDENTITY);
        let elbow = frames[Joint::Forearm.index()].translation_m;
        assert!(elbow.abs_diff_eq(Vec3::new(0.0, 0.0, 0.1), 1e-6), "{elbow}");
    }

    #[test]
    fn helpers_share_the_twist_and_none_of_the_flexion() {
        let mut pose = HandPose::default();
        pose.set(Dof::WristFlexion, 0.7);
        pose.set(Dof::ForearmTwist, 0.8);
        let mut ladder = ladder();
        ladder.axis[Dof::ForearmTwist.index()] = Vec3::Y;
        let slots = ladder.hand_from_slot(&pose);
        let forearm = slots[Joint::Forearm.index()];
        for (share, helper) in TWIST_SHARES.into_iter().zip(&slots[JOINT_COUNT..]) {
            let local = forearm.inverse() * *helper;
            assert!(local.translation_m.abs_diff_eq(Vec3::new(0.0, 0.1, 0.0), 1e-6));
            let expected = axis_angle(Vec3::Y, 0.8 * share);
            assert!(local.rotation.dot(expected).abs() > 1.0 - 1e-6, "{share}");
        }
        // the last one is the wrist but for its bend
        let bend = slots[SLOT_COUNT - 1].inverse();
        assert!(bend.rotation.dot(axis_angle(Vec3::X, 0.7)).abs() > 1.0 - 1e-6);
    }
}
