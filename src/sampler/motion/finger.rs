//! The poses that a hand goes through, and the one it has at a time.

use super::super::pose::{Action, Flesh, PoseSampler};
use super::timing::Movement;
use super::tremor::Oscillation;
use crate::preset::types::Sequence;
use crate::rig::{DOFS, Dof, HandPose};
use crate::seed::Stream;

/// From a digit's root to its tip, metres: tremor of the tip becomes one of the root.
const DIGIT_M: f32 = 0.09;
/// Where the tremor of each digit is.
const ROOTS: [Dof; 5] =
    [Dof::ThumbCmcFlexion, Dof::IndexMcpFlexion, Dof::MiddleMcpFlexion, Dof::RingMcpFlexion, Dof::LittleMcpFlexion];

/// The poses of one hand through a clip.
#[derive(Debug, Clone)]
pub struct PosePath {
    /// One more than there are movements.
    via: Vec<Action>,
    tremor: [Oscillation; 5],
}

impl PosePath {
    /// Starts from a pose; each movement bends the wrist anew, and changes the digits or not.
    pub fn new(
        preset: &Sequence,
        start: Action,
        movements: &[Movement],
        draw: impl Fn(&mut Stream) -> Action,
        stream: &mut Stream,
    ) -> Self {
        let mut via = vec![start];
        for _ in movements {
            let keeps_digits = !stream.chance(preset.change_pose);
            let mut next = draw(stream);
            if let Some(last) = via.last().filter(|_| keeps_digits) {
                next.name.clone_from(&last.name);
                for dof in DOFS.into_iter().filter(|dof| dof.joint().digit().is_some()) {
                    next.pose.set(dof, last.pose.get(dof));
                }
            }
            via.push(next);
        }
        let effective = preset.tremor_mm.sample(stream) * 1e-3 / DIGIT_M;
        let hz = preset.tremor_hz.sample(stream);
        Self { via, tremor: ROOTS.map(|_| Oscillation::tremor(effective, hz, stream)) }
    }

    /// Pose at a time (seconds), before its flesh is looked at, and the name of the nearest drawn pose.
    pub fn at(&self, movements: &[Movement], time_s: f32) -> Action {
        let done = movements.partition_point(|m| m.end_s() <= time_s);
        let mut pose = self.via[done].pose;
        let mut name = &self.via[done].name;
        for (movement, pair) in movements.iter().zip(self.via.windows(2)).skip(done) {
            if movement.start_s >= time_s {
                break;
            }
            let arm = movement.arm(time_s);
            for dof in DOFS {
                let share = dof.joint().digit().map_or(arm, |digit| movement.digit(digit, time_s));
                let way = pair[1].pose.get(dof) - pair[0].pose.get(dof);
                pose.set(dof, pose.get(dof) + way * share);
            }
            if arm > 0.5 {
                name = &pair[1].name;
            }
        }
        for (dof, tremor) in ROOTS.into_iter().zip(&self.tremor) {
            pose.set(dof, pose.get(dof) + tremor.at(time_s));
        }
        Action { name: name.clone(), pose }
    }
}

/// The same digits on a wrist that stays as in another pose.
pub fn with_wrist_of(digits: &HandPose, wrist: &HandPose) -> HandPose {
    let mut pose = *digits;
    for dof in DOFS.into_iter().filter(|dof| dof.joint().digit().is_none()) {
        pose.set(dof, wrist.get(dof));
    }
    pose
}

/// Draws poses as single pictures have them.
pub fn drawing<'a>(poses: &'a PoseSampler, flesh: &'a Flesh, actions: [u32; 2]) -> impl Fn(&mut Stream) -> Action + 'a {
    move |stream| poses.sample(flesh, actions, stream)
}
