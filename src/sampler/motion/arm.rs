//! The path of a forearm: it swings about the elbow, the whole arm about the shoulder, and it rolls about its own axis.
//!
//! Each movement turns shoulder and elbow by one rotation each, along the shortest way with minimum-jerk timing; the wrist
//! thereby moves on arcs.

use glam::{Quat, Vec3};

use super::timing::{Movement, PEAK_OVER_MEAN};
use crate::math::RigidTransform;
use crate::preset::types::Sequence;
use crate::rig::skeleton::axis_angle;
use crate::seed::Stream;

/// Length of the upper arm, metres.
const UPPER_ARM_M: f32 = 0.29;
/// Largest share of a way that comes from the shoulder.
const MOST_SHOULDER: f32 = 0.7;
/// Largest turn of one joint in one movement, radians.
const MOST_TURN_RAD: f32 = 0.9;
/// Directions that are tried to stay within reach.
const TRIES: usize = 12;
/// Steps in which a way's length is measured.
const STEPS: usize = 6;

/// Where elbow, wrist and shoulder were before anything moved, world, metres.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Joints {
    /// Far end of the forearm.
    pub elbow_m: Vec3,
    /// Its near end.
    pub wrist_m: Vec3,
    /// Far end of the upper arm.
    pub shoulder_m: Vec3,
}

impl Joints {
    /// A shoulder that fits elbow and wrist: behind the elbow and, more often than not, above it.
    pub fn new(elbow_m: Vec3, wrist_m: Vec3, stream: &mut Stream) -> Self {
        let back = (elbow_m - wrist_m).normalize_or(Vec3::NEG_Y);
        let towards = back * 0.4 + Vec3::Y * 0.6 + stream.direction() * 0.7;
        Self { elbow_m, wrist_m, shoulder_m: elbow_m + towards.normalize_or(back) * UPPER_ARM_M }
    }
}

/// Turns of one movement: rotation vectors (radians) about shoulder and elbow, and the roll, radians.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
struct Turn {
    shoulder: Vec3,
    elbow: Vec3,
    roll: f32,
}

/// What has been turned so far.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Turned {
    shoulder: Quat,
    elbow: Quat,
    roll: f32,
}

/// A forearm's way through a clip.
#[derive(Debug, Clone, PartialEq)]
pub struct ArmPath {
    joints: Joints,
    turns: Vec<Turn>,
}

impl ArmPath {
    /// One turn for each movement.
    pub fn new(preset: &Sequence, joints: Joints, movements: &[Movement], stream: &mut Stream) -> Self {
        let mut path = Self { joints, turns: Vec::with_capacity(movements.len()) };
        let mut now = Turned { shoulder: Quat::IDENTITY, elbow: Quat::IDENTITY, roll: 0.0 };
        for movement in movements {
            let speed = preset.wrist_speed_m_s.sample(stream);
            let way_m = speed * movement.duration_s / PEAK_OVER_MEAN;
            let roll = preset.roll_deg.sample(stream).to_radians();
            let turn = Turn { roll: roll - now.roll, ..path.turn(&now, way_m, preset.reach_m, stream) };
            now = now.after(&turn, 1.0);
            path.turns.push(turn);
        }
        path
    }

    /// How the forearm has moved in the world since before the clip, when each movement has made a share of its way;
    /// `amplitude` 1 is all of it, 0 none.
    pub fn moved(&self, shares: &[f32], amplitude: f32) -> RigidTransform {
        let mut now = Turned { shoulder: Quat::IDENTITY, elbow: Quat::IDENTITY, roll: 0.0 };
        for (turn, share) in self.turns.iter().zip(shares) {
            now = now.after(turn, share * amplitude);
        }
        now.moved(&self.joints)
    }

    /// A turn that moves the wrist on a way of about the given length, into a random direction within reach.
    fn turn(&self, now: &Turned, way_m: f32, reach_m: f32, stream: &mut Stream) -> Turn {
        let Joints { elbow_m, wrist_m, shoulder_m } = self.joints;
        let wrist = now.moved(&self.joints).point(wrist_m);
        let elbow = shoulder_m + now.shoulder * (elbow_m - shoulder_m);
        let along = (wrist - elbow).normalize_or(Vec3::Y);
        let way_m = way_m.min(1.6 * reach_m);
        let towards = (0..TRIES).map(|_| stream.direction()).collect::<Vec<_>>().into_iter();
        // nearly across the forearm: along it only the shoulder can move the wrist
        let mut towards = towards.map(|d| (d - along * (0.7 * d.dot(along))).normalize_or(Vec3::X));
        let in_reach = |d: &Vec3| (wrist + *d * way_m).distance(wrist_m) <= reach_m;
        let direction = towards.find(in_reach).unwrap_or_else(|| (wrist_m - wrist).normalize_or_zero());
        let share = MOST_SHOULDER * stream.unit();
        let turning = |lever: Vec3, way: Vec3| lever.cross(way) / lever.length_squared().max(1e-6);
        let mut turn = Turn {
            shoulder: turning(wrist - shoulder_m, direction * (way_m * share)),
            elbow: turning(
                now.elbow * (wrist_m - elbow_m),
                now.shoulder.conjugate() * direction * (way_m * (1.0 - share)),
            ),
            roll: 0.0,
        };
        for _ in 0..2 {
            let longer = (way_m / self.way_m(now, &turn).max(1e-6)).min(3.0);
            turn.shoulder = (turn.shoulder * longer).clamp_length_max(MOST_TURN_RAD);
            turn.elbow = (turn.elbow * longer).clamp_length_max(MOST_TURN_RAD);
        }
        turn
    }

    /// Length of the wrist's way in a movement, metres.
    fn way_m(&self, from: &Turned, turn: &Turn) -> f32 {
        let at = |k: usize| from.after(turn, k as f32 / STEPS as f32).moved(&self.joints).point(self.joints.wrist_m);
        (0..STEPS).map(|k| at(k).distance(at(k + 1))).sum()
    }
}

impl Turned {
    /// After a share of a movement.
    fn after(&self, turn: &Turn, share: f32) -> Self {
        if share <= 0.0 {
            return *self;
        }
        Self {
            shoulder: (rotation(turn.shoulder * share) * self.shoulder).normalize(),
            elbow: (rotation(turn.elbow * share) * self.elbow).normalize(),
            roll: self.roll + turn.roll * share,
        }
    }

    /// How it moves what is fixed to the forearm.
    fn moved(&self, joints: &Joints) -> RigidTransform {
        let along = (joints.wrist_m - joints.elbow_m).normalize_or(Vec3::Y);
        about(joints.shoulder_m, self.shoulder)
            * about(joints.elbow_m, self.elbow)
            * about(joints.wrist_m, axis_angle(along, self.roll))
    }
}

/// Rotation about a point.
pub fn about(pivot_m: Vec3, rotation: Quat) -> RigidTransform {
    RigidTransform::new(rotation, pivot_m - rotation * pivot_m)
}

/// Rotation by a rotation vector, radians.
pub fn rotation(vector: Vec3) -> Quat {
    let angle = vector.length();
    if angle > 0.0 { axis_angle(vector / angle, angle) } else { Quat::IDENTITY }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::preset::{Distribution, Preset};
    use crate::sampler::motion::timing::movements;
    use crate::seed::dataset_stream;

    fn joints(stream: &mut Stream) -> Joints {
        Joints::new(Vec3::new(0.05, -0.26, 0.0), Vec3::new(0.0, 0.0, 0.02), stream)
    }

    #[test]
    fn the_wrist_reaches_the_speed_asked_for_and_stays_near() {
        let mut preset = Preset::default().sequence;
        preset.wrist_speed_m_s = Distribution::Constant(0.3);
        preset.hold_s = Distribution::Constant(0.2);
        preset.move_s = Distribution::Constant(0.5);
        let mut peaks = Vec::new();
        for item in 0..40 {
            let mut stream = dataset_stream(3, "arm", item);
            let moves = movements(&preset, 6.0, &mut stream);
            let path = ArmPath::new(&preset, joints(&mut stream), &moves, &mut stream);
            let wrist = |t: f32| {
                let shares: Vec<f32> = moves.iter().map(|m| m.arm(t)).collect();
                path.moved(&shares, 1.0).point(path.joints.wrist_m)
            };
            for movement in &moves {
                let middle = movement.start_s + 0.25;
                peaks.push(wrist(middle + 1e-3).distance(wrist(middle - 1e-3)) / 2e-3);
                assert!(wrist(movement.end_s()).distance(path.joints.wrist_m) < 1.6 * preset.reach_m);
                // the forearm keeps its length
                let shares: Vec<f32> = moves.iter().map(|m| m.arm(middle)).collect();
                let moved = path.moved(&shares, 1.0);
                let length = moved.point(path.joints.wrist_m).distance(moved.point(path.joints.elbow_m));
                assert!((length - path.joints.wrist_m.distance(path.joints.elbow_m)).abs() < 1e-5);
            }
        }
        peaks.sort_by(f32::total_cmp);
        let (low, middle, high) = (peaks[peaks.len() / 20], peaks[peaks.len() / 2], peaks[peaks.len() * 19 / 20]);
        assert!((middle - 0.3).abs() < 0.02 && low > 0.2 && high < 0.4, "{low} {middle} {high}");
    }
}
