//! Overlaps between two hands, and two hands that give way to each other.

use glam::Vec3;

use super::pair::Together;
use super::pose::cone::RoundCone;
use super::pose::repair::{gradient, readiness};
use super::pose::{Flesh, Repair};
use crate::math::{RigidTransform, mirror_x};
use crate::rig::{DOF_COUNT, DOFS, HandPose, HandSide, JOINT_COUNT, Joint};

/// Most steps.
const STEPS: usize = 60;
/// A step resolves this share of the allowed overlap beyond what it must.
const OVERSHOOT: f32 = 0.4;
/// Largest turn of one joint in one step, radians, and largest shift of the second hand, metres.
const MAX_STEP_RAD: f32 = 0.12;
const MAX_SHIFT_M: f32 = 0.002;
/// How readily the second hand shifts: square metres per square radian of a joint.
const SHIFT_READINESS: f32 = 3e-4;

/// Two hands of one person that must not overlap.
#[derive(Debug, Clone, Copy)]
pub(super) struct PairRepair<'a> {
    /// The person's hand.
    pub flesh: &'a Flesh,
    /// What each pose keeps to.
    pub repair: &'a Repair,
}

/// An overlap of the first hand with the second, in the first one's space.
struct Touch {
    depth_m: f32,
    joints: [Joint; 2],
    points_m: [Vec3; 2],
}

impl PairRepair<'_> {
    /// Two hands close to the given ones that overlap no deeper than the tolerance; `None` if none were found.
    pub(super) fn apply(&self, mut together: Together) -> Option<Together> {
        let tolerance = self.repair.tolerance_m(self.flesh);
        for _ in 0..STEPS {
            if self.fits(&together, tolerance) {
                return Some(together);
            }
            self.step(&mut together);
        }
        None
    }

    /// Whether neither hand overlaps itself deeper than poses may, or the other deeper than a tolerance, metres.
    pub(super) fn fits(&self, together: &Together, between_m: f32) -> bool {
        let tolerance = self.repair.tolerance_m(self.flesh);
        let frames = together.poses.map(|pose| self.flesh.skeleton.hand_from_joint(&pose));
        frames.iter().all(|f| self.flesh.contacts(f, tolerance).is_empty())
            && self.touches(&frames, &together.first_from_second, between_m).is_empty()
    }

    /// Joints of both hands, and the second hand as a whole, turn and move out of all overlaps.
    fn step(&self, together: &mut Together) {
        let tolerance = self.repair.tolerance_m(self.flesh);
        let goal = tolerance * (1.0 - OVERSHOOT);
        let frames = together.poses.map(|pose| self.flesh.skeleton.hand_from_joint(&pose));
        let axes = [0, 1].map(|k| self.flesh.axes(&together.poses[k], &frames[k]));
        let mut turns = [[0.0_f32; DOF_COUNT]; 2];
        let mut shift = Vec3::ZERO;
        for hand in 0..2 {
            for contact in self.flesh.contacts(&frames[hand], tolerance) {
                let towards_gap = gradient(&contact, &axes[hand], &frames[hand]);
                let gain = weighed(&towards_gap);
                if gain > 1e-8 {
                    add(&mut turns[hand], &towards_gap, (contact.depth_m - goal) / gain);
                }
            }
        }
        let second_from_first = together.first_from_second.inverse();
        for touch in self.touches(&frames, &together.first_from_second, tolerance) {
            let apart = (touch.points_m[0] - touch.points_m[1]).normalize_or(Vec3::Z);
            let into_second = |v: Vec3| mirror_x(v);
            let opens = [
                lever(touch.joints[0], touch.points_m[0], apart, &axes[0], &frames[0]),
                lever(
                    touch.joints[1],
                    into_second(second_from_first.point(touch.points_m[1])),
                    into_second(second_from_first.direction(-apart)),
                    &axes[1],
                    &frames[1],
                ),
            ];
            let gain = weighed(&opens[0]) + weighed(&opens[1]) + SHIFT_READINESS;
            let scale = (touch.depth_m - goal) / gain;
            for (sum, opens) in turns.iter_mut().zip(&opens) {
                add(sum, opens, scale);
            }
            shift -= apart * (SHIFT_READINESS * scale);
        }
        for (pose, turns) in together.poses.iter_mut().zip(turns) {
            for (angle, turn) in pose.0.iter_mut().zip(turns) {
                *angle += turn.clamp(-MAX_STEP_RAD, MAX_STEP_RAD);
            }
            self.repair.coupling().apply(pose);
        }
        together.first_from_second.translation_m += shift.clamp_length_max(MAX_SHIFT_M);
    }

    fn touches(
        &self,
        frames: &[[RigidTransform; JOINT_COUNT]; 2],
        at: &RigidTransform,
        deeper_than_m: f32,
    ) -> Vec<Touch> {
        let (first, second) = both(self.flesh, frames, at);
        let mut touches = Vec::new();
        for (i, a) in first.iter().enumerate() {
            for (k, b) in second.iter().enumerate() {
                if is_far(a, b, -deeper_than_m) {
                    continue;
                }
                let gap = a.gap(b);
                if -gap.distance > deeper_than_m {
                    touches.push(Touch {
                        depth_m: -gap.distance,
                        joints: [self.flesh.joint_of_cone(i), self.flesh.joint_of_cone(k)],
                        points_m: [a.at(gap.along_first), b.at(gap.along_second)],
                    });
                }
            }
        }
        touches
    }
}

/// The smallest gap between two hands (metres, negative where they overlap), with or without their forearms.
pub(super) fn cross_gap(flesh: &Flesh, poses: &[HandPose; 2], at: &RigidTransform, forearms: bool) -> f32 {
    let frames = [0, 1].map(|k| flesh.skeleton.hand_from_joint(&poses[k]));
    let (first, second) = both(flesh, &frames, at);
    let counts = |k: usize| forearms || flesh.joint_of_cone(k) != Joint::Forearm;
    let mut least = f32::INFINITY;
    for (_, a) in first.iter().enumerate().filter(|(k, _)| counts(*k)) {
        for (_, b) in second.iter().enumerate().filter(|(k, _)| counts(*k)) {
            if !is_far(a, b, least) {
                least = least.min(a.gap(b).distance);
            }
        }
    }
    least
}

/// The cones of a right and a left hand in the space of the first.
fn both(
    flesh: &Flesh,
    frames: &[[RigidTransform; JOINT_COUNT]; 2],
    at: &RigidTransform,
) -> (Vec<RoundCone>, Vec<RoundCone>) {
    (
        flesh.cones_in_world(&frames[0], HandSide::Right, &RigidTransform::IDENTITY),
        flesh.cones_in_world(&frames[1], HandSide::Left, at),
    )
}

/// True if the gap is certainly not below a distance.
fn is_far(a: &RoundCone, b: &RoundCone, distance_m: f32) -> bool {
    let ((p, r), (q, s)) = (a.bound(), b.bound());
    let reach = r + s + distance_m;
    reach <= 0.0 || (p - q).length_squared() > reach * reach
}

/// How much each angle of a hand moves a point of a joint's flesh in a direction, metres per radian.
fn lever(
    moved: Joint,
    point: Vec3,
    direction: Vec3,
    axes: &[Vec3; DOF_COUNT],
    frames: &[RigidTransform; JOINT_COUNT],
) -> [f32; DOF_COUNT] {
    std::array::from_fn(|k| {
        let pivot = DOFS[k].joint();
        let carries = moved.digit().is_some() && pivot.digit() == moved.digit() && pivot.index() <= moved.index();
        if carries { direction.dot(axes[k].cross(point - frames[pivot.index()].translation_m)) } else { 0.0 }
    })
}

fn weighed(gradient: &[f32; DOF_COUNT]) -> f32 {
    DOFS.iter().zip(gradient).map(|(dof, g)| readiness(*dof) * g * g).sum()
}

fn add(sum: &mut [f32; DOF_COUNT], gradient: &[f32; DOF_COUNT], scale: f32) {
    for ((sum, dof), g) in sum.iter_mut().zip(DOFS).zip(gradient) {
        *sum += readiness(dof) * g * scale;
    }
}
