//! The flesh of one hand as round cones: how deep a pose makes its parts overlap, and where.

use glam::Vec3;

use super::cone::RoundCone;
use crate::math::{RigidTransform, mirror_x};
use crate::rig::skeleton::axis_angle;
use crate::rig::{Capsule, DOF_COUNT, DOFS, HandPose, HandShape, HandSide, JOINT_COUNT, Joint, Rig, Skeleton};

/// Radii of a forearm at the elbow and the wrist, metres, for rigs that say nothing about it.
const FOREARM_RADII_M: [f32; 2] = [0.042, 0.027];

/// Deepest overlap of two parts of one hand.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Contact {
    /// Metres; 0 or less where nothing overlaps.
    pub depth_m: f32,
    /// The joints whose capsules overlap.
    pub joints: [Joint; 2],
    /// Points on both axes where they are closest, hand space, metres.
    pub points_m: [Vec3; 2],
}

/// Skeleton and capsules of one person's hand.
#[derive(Debug, Clone)]
pub struct Flesh {
    /// The person's skeleton.
    pub skeleton: Skeleton,
    capsules: Vec<Capsule>,
    /// Pairs of capsules that must not overlap.
    pairs: Vec<[usize; 2]>,
}

impl Flesh {
    /// Capsules grow with the bones they lie on, and in girth with the breadth of the palm.
    pub fn new(rig: &Rig, shape: &HandShape) -> Self {
        let skeleton = rig.shaped_skeleton(shape);
        let girth = breadth(&skeleton) / breadth(&rig.skeleton).max(1e-6);
        let grown = |capsule: &Capsule| {
            let child = capsule.joint.index() + 1;
            let ratio = |s: &Skeleton| s.offset_m.get(child).map_or(1.0, |o| o.length());
            let length = if capsule.joint.digit().is_some() && !capsule.joint.is_tip() {
                ratio(&skeleton) / ratio(&rig.skeleton).max(1e-6)
            } else {
                girth
            };
            Capsule {
                joint: capsule.joint,
                start_m: capsule.start_m * length,
                end_m: capsule.end_m * length,
                start_radius_m: capsule.start_radius_m * girth,
                end_radius_m: capsule.end_radius_m * girth,
            }
        };
        let capsules: Vec<Capsule> = rig.capsules.iter().map(grown).collect();
        let pairs = (0..capsules.len())
            .flat_map(|i| (i + 1..capsules.len()).map(move |k| [i, k]))
            .filter(|[i, k]| may_not_touch(capsules[*i].joint, capsules[*k].joint))
            .collect();
        Self { skeleton, capsules, pairs }
    }

    /// The capsules in a pose, hand space.
    pub fn cones(&self, frames: &[RigidTransform; JOINT_COUNT]) -> Vec<RoundCone> {
        self.capsules.iter().map(|c| placed(c, &frames[c.joint.index()])).collect()
    }

    /// All overlaps deeper than a tolerance (metres), in the order of the capsules.
    pub fn contacts(&self, frames: &[RigidTransform; JOINT_COUNT], deeper_than_m: f32) -> Vec<Contact> {
        let cones = self.cones(frames);
        let bounds: Vec<(Vec3, f32)> = cones.iter().map(RoundCone::bound).collect();
        let mut contacts = Vec::new();
        for [i, k] in &self.pairs {
            let reach = bounds[*i].1 + bounds[*k].1 - deeper_than_m;
            if (bounds[*i].0 - bounds[*k].0).length_squared() > reach * reach {
                continue;
            }
            let gap = cones[*i].gap(&cones[*k]);
            if -gap.distance > deeper_than_m {
                contacts.push(Contact {
                    depth_m: -gap.distance,
                    joints: [self.capsules[*i].joint, self.capsules[*k].joint],
                    points_m: [cones[*i].at(gap.along_first), cones[*k].at(gap.along_second)],
                });
            }
        }
        contacts
    }

    /// The deepest overlap of a pose; `None` where nothing overlaps.
    pub fn deepest(&self, pose: &HandPose) -> Option<Contact> {
        let contacts = self.contacts(&self.skeleton.hand_from_joint(pose), 0.0);
        contacts.into_iter().reduce(|a, b| if b.depth_m > a.depth_m { b } else { a })
    }

    /// Axis in hand space about which each degree of freedom turns its joint, in a pose whose frames are given.
    pub fn axes(&self, pose: &HandPose, frames: &[RigidTransform; JOINT_COUNT]) -> [Vec3; DOF_COUNT] {
        let mut axes = [Vec3::ZERO; DOF_COUNT];
        let mut joint = Joint::Forearm;
        let mut turned = glam::Quat::IDENTITY;
        for (k, dof) in DOFS.into_iter().enumerate() {
            if dof.joint() != joint {
                joint = dof.joint();
                let parent = joint.parent().map_or(glam::Quat::IDENTITY, |p| frames[p.index()].rotation);
                turned = parent * self.skeleton.neutral[joint.index()];
            }
            axes[k] = turned * self.skeleton.axis[k];
            turned *= axis_angle(self.skeleton.axis[k], pose.0[k]);
        }
        axes
    }

    /// The joint that carries a cone of [`Self::cones_in_world`].
    pub fn joint_of_cone(&self, number: usize) -> Joint {
        self.capsules.get(number).map_or(Joint::Forearm, |c| c.joint)
    }

    /// Hand and forearm in the world.
    pub fn cones_in_world(
        &self,
        frames: &[RigidTransform; JOINT_COUNT],
        side: HandSide,
        world_from_wrist: &RigidTransform,
    ) -> Vec<RoundCone> {
        let mut cones = self.cones(frames);
        if self.capsules.iter().all(|c| c.joint != Joint::Forearm) {
            let [start_radius, end_radius] = FOREARM_RADII_M;
            let start = frames[Joint::Forearm.index()].translation_m;
            cones.push(RoundCone { start, end: Vec3::ZERO, start_radius, end_radius });
        }
        let placed = |p: Vec3| world_from_wrist.point(if side == HandSide::Left { mirror_x(p) } else { p });
        cones.into_iter().map(|c| RoundCone { start: placed(c.start), end: placed(c.end), ..c }).collect()
    }
}

/// Depth (metres, 0 where nothing overlaps) of the deepest overlap of a posed hand with itself, and between which joints'
/// flesh. Neighbours along a digit and the roots of the digits always overlap and do not count.
pub fn deepest_penetration(rig: &Rig, shape: &HandShape, pose: &HandPose) -> (f32, Option<[Joint; 2]>) {
    match Flesh::new(rig, shape).deepest(pose) {
        Some(contact) => (contact.depth_m, Some(contact.joints)),
        None => (0.0, None),
    }
}

/// Distance between the index and little MCP joints in the rest pose, metres.
fn breadth(skeleton: &Skeleton) -> f32 {
    let frames = skeleton.hand_from_joint(&skeleton.bind_pose);
    let at = |joint: Joint| frames[joint.index()].translation_m;
    (at(Joint::IndexFingerPhalanxProximal) - at(Joint::PinkyFingerPhalanxProximal)).length()
}

fn placed(capsule: &Capsule, frame: &RigidTransform) -> RoundCone {
    RoundCone {
        start: frame.point(capsule.start_m),
        end: frame.point(capsule.end_m),
        start_radius: capsule.start_radius_m,
        end_radius: capsule.end_radius_m,
    }
}

/// Number of a bone along its digit: 0 within the palm, 1 the first that stands out of it.
fn level(joint: Joint) -> usize {
    let Some(digit) = joint.digit() else { return 0 };
    // the thumb has no bone within the palm
    let joints = digit.joints();
    joints.iter().position(|j| *j == joint).unwrap_or_default() + 5 - joints.len()
}

fn may_not_touch(a: Joint, b: Joint) -> bool {
    let neighbours = a.digit() == b.digit() && level(a).abs_diff(level(b)) <= 1;
    let roots = level(a) <= 1 && level(b) <= 1;
    !neighbours && !roots
}
