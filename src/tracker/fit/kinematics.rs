//! Where the landmarks of a right hand are, and how they move with every unknown of the fit.

use glam::{Quat, Vec3};

use crate::math::RigidTransform;
use crate::rig::skeleton::axis_angle;
use crate::rig::{DOF_COUNT, DOFS, HandPose, JOINT_COUNT, JOINTS, Joint, LANDMARK_COUNT, LANDMARKS, Limit, Skeleton};

/// The angles of forearm and wrist come first and are not fitted.
pub(super) const FIRST_DOF: usize = 3;
/// Unknowns: 3 of rotation, 3 of translation, then the fingers' angles.
pub(super) const UNKNOWNS: usize = 6 + DOF_COUNT - FIRST_DOF;
/// At most so many unknowns move one landmark: those of the whole hand and five angles.
const MOST_COLUMNS: usize = 11;

/// Position of an angle among the unknowns.
pub(super) fn unknown_of(dof: usize) -> usize {
    6 + dof - FIRST_DOF
}

/// The unknowns: a right hand in the frame in which it is fitted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hand {
    pub(super) camera_from_hand: RigidTransform,
    pub(super) pose: HandPose,
}

impl Hand {
    /// After a step: turned in the camera's frame about the wrist, moved, and bent as far as the limits allow.
    pub(super) fn moved(&self, step: &[f64; UNKNOWNS], limits: &[Limit; DOF_COUNT]) -> Self {
        let [wx, wy, wz, x, y, z] = std::array::from_fn(|k| step[k] as f32);
        let turn = Vec3::new(wx, wy, wz);
        let turned = axis_angle(turn.normalize_or_zero(), turn.length()) * self.camera_from_hand.rotation;
        let place = self.camera_from_hand.translation_m + Vec3::new(x, y, z);
        let mut pose = self.pose;
        for dof in FIRST_DOF..DOF_COUNT {
            pose.0[dof] += step[unknown_of(dof)] as f32;
        }
        Self { camera_from_hand: RigidTransform::new(turned.normalize(), place), pose }.within(limits)
    }

    /// With angles inside the hard limits, and those of forearm and wrist 0.
    pub(super) fn within(mut self, limits: &[Limit; DOF_COUNT]) -> Self {
        self.pose.0[..FIRST_DOF].fill(0.0);
        for (angle, limit) in self.pose.0.iter_mut().zip(limits).skip(FIRST_DOF) {
            *angle = angle.max(limit.hard_rad[0]).min(limit.hard_rad[1]);
        }
        self
    }

    pub(super) fn is_finite(&self) -> bool {
        let at = self.camera_from_hand;
        at.rotation.is_finite() && at.translation_m.is_finite() && self.pose.0.iter().all(|a| a.is_finite())
    }
}

/// The angles that move each landmark, from the palm outwards.
#[derive(Debug, Clone)]
pub(super) struct Movers([Vec<usize>; LANDMARK_COUNT]);

impl Movers {
    pub(super) fn new() -> Self {
        Self(LANDMARKS.map(|landmark| {
            let ancestors = std::iter::successors(landmark.parent(), |joint| joint.parent());
            let ancestors: Vec<Joint> = ancestors.collect();
            (FIRST_DOF..DOF_COUNT).filter(|k| ancestors.contains(&DOFS[*k].joint())).collect()
        }))
    }
}

/// Landmarks, and the axis and a point on it about which each angle turns; camera frame, metres.
pub(super) struct Posed {
    pub(super) landmarks_m: [Vec3; LANDMARK_COUNT],
    axis: [Vec3; DOF_COUNT],
    origin_m: [Vec3; DOF_COUNT],
}

/// Columns of the derivative of one landmark: which unknown, and metres per unit of it.
#[derive(Default)]
pub(super) struct Columns {
    count: usize,
    entries: [(usize, Vec3); MOST_COLUMNS],
}

impl Columns {
    fn push(&mut self, unknown: usize, change: Vec3) {
        if let Some(entry) = self.entries.get_mut(self.count) {
            *entry = (unknown, change);
            self.count += 1;
        }
    }

    pub(super) fn as_slice(&self) -> &[(usize, Vec3)] {
        &self.entries[..self.count]
    }
}

impl Posed {
    /// Forward kinematics as in [`Skeleton::hand_from_joint`].
    pub(super) fn new(skeleton: &Skeleton, hand: &Hand) -> Self {
        let mut frames = [(Quat::IDENTITY, Vec3::ZERO); JOINT_COUNT];
        frames[Joint::Wrist.index()] = (hand.camera_from_hand.rotation, hand.camera_from_hand.translation_m);
        let mut posed = Self {
            landmarks_m: [Vec3::ZERO; LANDMARK_COUNT],
            axis: [Vec3::ZERO; DOF_COUNT],
            origin_m: [Vec3::ZERO; DOF_COUNT],
        };
        let mut dof = FIRST_DOF;
        for joint in JOINTS.into_iter().skip(2) {
            let k = joint.index();
            let (turn, place) = joint.parent().map_or(frames[Joint::Wrist.index()], |parent| frames[parent.index()]);
            let place = place + turn * skeleton.offset_m[k];
            let mut turn = turn * skeleton.neutral[k];
            while dof < DOF_COUNT && DOFS[dof].joint() == joint {
                posed.axis[dof] = turn * skeleton.axis[dof];
                posed.origin_m[dof] = place;
                turn *= axis_angle(skeleton.axis[dof], hand.pose.0[dof]);
                dof += 1;
            }
            frames[k] = (turn.normalize(), place);
        }
        posed.landmarks_m = LANDMARKS.map(|joint| frames[joint.index()].1);
        posed
    }

    /// How a landmark moves with the unknowns.
    pub(super) fn columns(&self, movers: &Movers, landmark: usize) -> Columns {
        let mut columns = Columns::default();
        let point = self.landmarks_m[landmark];
        let arm = point - self.landmarks_m[0];
        for (k, axis) in [Vec3::X, Vec3::Y, Vec3::Z].into_iter().enumerate() {
            columns.push(k, axis.cross(arm));
        }
        for (k, axis) in [Vec3::X, Vec3::Y, Vec3::Z].into_iter().enumerate() {
            columns.push(3 + k, axis);
        }
        for dof in &movers.0[landmark] {
            columns.push(unknown_of(*dof), self.axis[*dof].cross(point - self.origin_m[*dof]));
        }
        columns
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assets::Assets;
    use crate::rig::skeleton::landmarks;
    use crate::seed::dataset_stream;

    fn hands() -> Vec<Hand> {
        let rig = Assets::new().unwrap().open_rig("adult").unwrap();
        let mut s = dataset_stream(1, "kinematics", 0);
        let hand = |_| {
            let turn = axis_angle(s.direction(), s.uniform(0.0, 3.0));
            let place = s.direction() * 0.3;
            let mut pose = HandPose::default();
            for dof in FIRST_DOF..DOF_COUNT {
                pose.0[dof] = s.uniform(rig.limits[dof].hard_rad[0], rig.limits[dof].hard_rad[1]);
            }
            Hand { camera_from_hand: RigidTransform::new(turn, place), pose }
        };
        (0..20).map(hand).collect()
    }

    #[test]
    fn landmarks_are_those_of_the_rig() {
        let rig = Assets::new().unwrap().open_rig("adult").unwrap();
        for hand in hands() {
            let expected = landmarks(&rig.skeleton.hand_from_joint(&hand.pose));
            let found = Posed::new(&rig.skeleton, &hand).landmarks_m;
            let expected = expected.map(|p| hand.camera_from_hand.point(p));
            assert!(found.iter().zip(&expected).all(|(a, b)| a.abs_diff_eq(*b, 2e-6)), "{found:?}\n{expected:?}");
        }
    }

    #[test]
    fn columns_are_finite_differences_of_every_unknown() {
        let rig = Assets::new().unwrap().open_rig("adult").unwrap();
        let free = [Limit { hard_rad: [-9.0, 9.0], soft_rad: [-9.0, 9.0] }; DOF_COUNT];
        let movers = Movers::new();
        let h = 2e-3;
        for hand in hands() {
            let posed = Posed::new(&rig.skeleton, &hand);
            for unknown in 0..UNKNOWNS {
                let at = |sign: f64| {
                    let mut step = [0.0; UNKNOWNS];
                    step[unknown] = sign * h;
                    Posed::new(&rig.skeleton, &hand.moved(&step, &free)).landmarks_m
                };
                let (before, after) = (at(-1.0), at(1.0));
                for landmark in 0..LANDMARK_COUNT {
                    let expected = (after[landmark] - before[landmark]) / (2.0 * h as f32);
                    let columns = posed.columns(&movers, landmark);
                    let found = columns.as_slice().iter().find(|c| c.0 == unknown).map_or(Vec3::ZERO, |c| c.1);
                    assert!(found.abs_diff_eq(expected, 3e-4), "{unknown} {landmark}: {found} {expected}");
                }
            }
        }
    }
}
