//! Turns a pose whose parts overlap into one close by whose parts do not.

use super::coupling::Coupling;
use super::flesh::{Contact, Flesh};
use crate::rig::{DOF_COUNT, DOFS, Dof, HandPose, JOINT_COUNT};

/// Most steps before a pose is opened instead.
const STEPS: usize = 30;
/// Halvings of the way to the open pose.
const HALVINGS: usize = 8;
/// A step resolves this share of the allowed overlap beyond what it must.
const OVERSHOOT: f32 = 0.4;
/// Largest turn of one joint in one step, radians.
const MAX_STEP_RAD: f32 = 0.2;

/// What a pose must keep to.
#[derive(Debug, Clone)]
pub struct Repair {
    coupling: Coupling,
    max_penetration_m: f32,
}

impl Repair {
    /// Flesh may overlap by `max_penetration_m`, as soft tissue does.
    pub fn new(coupling: Coupling, max_penetration_m: f32) -> Self {
        Self { coupling, max_penetration_m }
    }

    /// The couplings that every repaired pose keeps to.
    pub fn coupling(&self) -> &Coupling {
        &self.coupling
    }

    /// Overlap (metres) that repaired poses of this hand do not exceed.
    ///
    /// More than asked for only where the flesh of the open hand overlaps already, as it may in a rig from elsewhere.
    pub fn tolerance_m(&self, flesh: &Flesh) -> f32 {
        let open = flesh.deepest(&self.open_pose()).map_or(0.0, |c| c.depth_m);
        self.max_penetration_m.max(open)
    }

    /// A pose within limits and couplings that overlaps no deeper than the tolerance, close to the given one.
    ///
    /// Each step turns the joints on both sides of all overlaps in the way that parts them with the least turning. If
    /// that does not end well, the pose is opened as far as needed.
    pub fn apply(&self, flesh: &Flesh, pose: &HandPose) -> HandPose {
        let tolerance = self.tolerance_m(flesh);
        let mut pose = *pose;
        self.coupling.apply(&mut pose);
        for _ in 0..STEPS {
            let frames = flesh.skeleton.hand_from_joint(&pose);
            let contacts = flesh.contacts(&frames, tolerance);
            if contacts.is_empty() {
                return pose;
            }
            let axes = flesh.axes(&pose, &frames);
            let goal = self.max_penetration_m * (1.0 - OVERSHOOT);
            let mut step = [0.0_f32; DOF_COUNT];
            for contact in &contacts {
                let towards_gap = gradient(contact, &axes, &frames);
                let gain: f32 = DOFS.iter().zip(towards_gap).map(|(d, g)| readiness(*d) * g * g).sum();
                if gain > 1e-8 {
                    let scale = (contact.depth_m - goal) / gain;
                    for ((sum, dof), g) in step.iter_mut().zip(DOFS).zip(towards_gap) {
                        *sum += readiness(dof) * g * scale;
                    }
                }
            }
            for (angle, turn) in pose.0.iter_mut().zip(step) {
                *angle += turn.clamp(-MAX_STEP_RAD, MAX_STEP_RAD);
            }
            self.coupling.apply(&mut pose);
        }
        self.opened(flesh, &pose, tolerance)
    }

    /// As little as possible of the way to the open hand; all of it if need be.
    fn opened(&self, flesh: &Flesh, pose: &HandPose, tolerance: f32) -> HandPose {
        let open = self.open_pose();
        let at = |share: f32| {
            let mut blend = *pose;
            for (dof, (angle, to)) in DOFS.into_iter().zip(blend.0.iter_mut().zip(open.0)) {
                if dof.joint() != crate::rig::Joint::Wrist {
                    *angle += (to - *angle) * share;
                }
            }
            self.coupling.apply(&mut blend);
            blend
        };
        let fits = |pose: &HandPose| flesh.deepest(pose).is_none_or(|c| c.depth_m <= tolerance);
        let (mut low, mut high) = (0.0, 1.0);
        for _ in 0..HALVINGS {
            let middle = 0.5 * (low + high);
            if fits(&at(middle)) { high = middle } else { low = middle }
        }
        at(high)
    }

    /// An open, slightly bent and spread hand.
    pub fn open_pose(&self) -> HandPose {
        let mut pose = HandPose::default();
        for (dof, degrees) in [
            (Dof::ThumbCmcAbduction, 30.0),
            (Dof::ThumbCmcFlexion, -5.0),
            (Dof::ThumbMcpFlexion, 5.0),
            (Dof::ThumbIpFlexion, 8.0),
            (Dof::IndexMcpAbduction, 4.0),
            (Dof::LittleMcpAbduction, -6.0),
        ] {
            pose.set(dof, f32::to_radians(degrees));
        }
        for digit in crate::rig::joint::FINGERS {
            if let Some([_, mcp, pip, dip]) = Dof::finger(digit) {
                pose.set(mcp, f32::to_radians(10.0));
                pose.set(pip, f32::to_radians(12.0));
                pose.set(dip, f32::to_radians(8.0));
            }
        }
        self.coupling.apply(&mut pose);
        pose
    }
}

/// How readily a degree of freedom gives way: 0 for those that follow others.
pub(in crate::sampler) fn readiness(dof: Dof) -> f32 {
    match dof {
        Dof::ForearmTwist
        | Dof::WristFlexion
        | Dof::WristDeviation
        | Dof::ThumbCmcPronation
        | Dof::RingCmcFlexion
        | Dof::LittleCmcFlexion => 0.0,
        Dof::ThumbCmcAbduction
        | Dof::ThumbCmcFlexion
        | Dof::IndexMcpAbduction
        | Dof::MiddleMcpAbduction
        | Dof::RingMcpAbduction
        | Dof::LittleMcpAbduction => 1.0,
        Dof::IndexDipFlexion | Dof::MiddleDipFlexion | Dof::RingDipFlexion | Dof::LittleDipFlexion => 0.4,
        _ => 0.7,
    }
}

/// How much each angle opens the gap of a contact, metres per radian.
pub(in crate::sampler) fn gradient(
    contact: &Contact,
    axes: &[glam::Vec3; DOF_COUNT],
    frames: &[crate::math::RigidTransform; JOINT_COUNT],
) -> [f32; DOF_COUNT] {
    let [first, second] = contact.points_m;
    let apart = (first - second).normalize_or(glam::Vec3::Z);
    let mut gradient = [0.0; DOF_COUNT];
    for (k, dof) in DOFS.into_iter().enumerate() {
        let pivot = dof.joint();
        for (moved, point, sign) in [(contact.joints[0], first, 1.0), (contact.joints[1], second, -1.0)] {
            let carries = moved.digit().is_some() && pivot.digit() == moved.digit() && pivot.index() <= moved.index();
            if carries {
                gradient[k] += sign * apart.dot(axes[k].cross(point - frames[pivot.index()].translation_m));
            }
        }
    }
    gradient
}
