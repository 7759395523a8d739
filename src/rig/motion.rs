//! Recorded motion of hands: joint angles and, if known, the wrist's place, over time.

use glam::{Quat, Vec3};

use super::HandSide;
use super::dof::{DOF_COUNT, HandPose, Limit};
use crate::math::RigidTransform;

/// A recording of one or two hands.
#[derive(Debug, Clone, PartialEq)]
pub struct HandMotion {
    /// Name, such as that of the file.
    pub name: String,
    /// At least one.
    pub tracks: Vec<MotionTrack>,
}

/// The motion of one hand.
#[derive(Debug, Clone, PartialEq)]
pub struct MotionTrack {
    /// Left or right; `None` if the recording does not tell.
    pub side: Option<HandSide>,
    /// At least two, times increasing.
    pub keys: Vec<MotionKey>,
}

/// One moment of a recording.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MotionKey {
    /// Seconds.
    pub time_s: f32,
    /// Joint angles, radians.
    pub pose: HandPose,
    /// Hand space (of a left hand, its mirror image) to a space that does not move; `None` if it was not recorded.
    pub wrist: Option<RigidTransform>,
}

impl HandMotion {
    /// The track of a side, or of the other one if there is none; false then.
    pub fn track(&self, side: HandSide) -> Option<(&MotionTrack, bool)> {
        let own = self.tracks.iter().find(|t| t.side.is_none_or(|s| s == side));
        own.map(|track| (track, true)).or_else(|| self.tracks.first().map(|track| (track, false)))
    }

    /// Length of the longest track, seconds.
    pub fn duration_s(&self) -> f32 {
        self.tracks.iter().map(MotionTrack::duration_s).fold(0.0, f32::max)
    }

    /// Bring all angles into limits; the number of moments in which some were outside by more than a hair.
    pub fn clamp(&mut self, limits: &[Limit; DOF_COUNT]) -> usize {
        const HAIR_RAD: f32 = 1e-4;
        let mut outside = 0;
        for key in self.tracks.iter_mut().flat_map(|track| &mut track.keys) {
            let mut worst = 0.0_f32;
            for (angle, limit) in key.pose.0.iter_mut().zip(limits) {
                let legal = angle.max(limit.hard_rad[0]).min(limit.hard_rad[1]);
                worst = worst.max((*angle - legal).abs());
                *angle = legal;
            }
            outside += usize::from(worst > HAIR_RAD);
        }
        outside
    }
}

impl MotionTrack {
    /// From the first key to the last, seconds.
    pub fn duration_s(&self) -> f32 {
        match (self.keys.first(), self.keys.last()) {
            (Some(first), Some(last)) => last.time_s - first.time_s,
            _ => 0.0,
        }
    }

    /// The moment this long after the first key, seconds: cubic curves through the keys for angles and places, shortest
    /// turns for rotations.
    pub fn at(&self, time_s: f32) -> Option<MotionKey> {
        let first = self.keys.first()?;
        if self.keys.len() < 2 {
            return Some(*first);
        }
        let time_s = first.time_s + time_s.clamp(0.0, self.duration_s());
        let after = self.keys.partition_point(|key| key.time_s <= time_s).clamp(1, self.keys.len() - 1);
        let [b, c] = [&self.keys[after - 1], &self.keys[after]];
        let (a, d) = (&self.keys[after.saturating_sub(2)], self.keys.get(after + 1).unwrap_or(c));
        let share = (time_s - b.time_s) / (c.time_s - b.time_s).max(f32::MIN_POSITIVE);
        let times = [a, b, c, d].map(|key| key.time_s);
        let mut pose = b.pose;
        for (k, angle) in pose.0.iter_mut().enumerate() {
            *angle = curve([a, b, c, d].map(|key| key.pose.0[k]), times, share);
        }
        let wrist = match [a, b, c, d].map(|key| key.wrist) {
            [Some(wa), Some(wb), Some(wc), Some(wd)] => {
                let axis = |v: fn(Vec3) -> f32| curve([wa, wb, wc, wd].map(|w| v(w.translation_m)), times, share);
                let place = Vec3::new(axis(|v| v.x), axis(|v| v.y), axis(|v| v.z));
                Some(RigidTransform::new(between(wb.rotation, wc.rotation, share), place))
            }
            _ => b.wrist,
        };
        Some(MotionKey { time_s, pose, wrist })
    }
}

/// Cubic through b and c whose slopes are those of the neighbours' connections (Catmull and Rom), for uneven times.
fn curve([a, b, c, d]: [f32; 4], [ta, tb, tc, td]: [f32; 4], s: f32) -> f32 {
    let step = tc - tb;
    let (from, to) = (step * (c - a) / (tc - ta), step * (d - b) / (td - tb));
    let (s2, s3) = (s * s, s * s * s);
    (2.0 * s3 - 3.0 * s2 + 1.0) * b + (s3 - 2.0 * s2 + s) * from + (3.0 * s2 - 2.0 * s3) * c + (s3 - s2) * to
}

/// Rotation between two, the shorter way round; keys lie close, so that a straight line serves.
pub fn between(a: Quat, b: Quat, share: f32) -> Quat {
    let b = if a.dot(b) < 0.0 { -b } else { b };
    (a * (1.0 - share) + b * share).normalize()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rig::Dof;

    fn track(times: &[f32], angle: impl Fn(f32) -> f32) -> MotionTrack {
        let key = |t: &f32| {
            let mut pose = HandPose::default();
            pose.set(Dof::IndexPipFlexion, angle(*t));
            let wrist = Some(RigidTransform::new(Quat::IDENTITY, Vec3::X * angle(*t)));
            MotionKey { time_s: *t, pose, wrist }
        };
        MotionTrack { side: None, keys: times.iter().map(key).collect() }
    }

    #[test]
    fn keys_are_met_and_straight_lines_stay_straight() {
        let times = [1.0, 1.1, 1.35, 1.4, 2.0];
        let line = track(&times, |t| 3.0 * t - 1.0);
        for k in 0..=40 {
            let t = k as f32 / 40.0;
            let found = line.at(t).unwrap();
            assert!((found.pose.get(Dof::IndexPipFlexion) - (3.0 * (1.0 + t) - 1.0)).abs() < 1e-5, "{t}");
            assert!((found.wrist.unwrap().translation_m.x - (3.0 * (1.0 + t) - 1.0)).abs() < 1e-5);
        }
        let wave = track(&times, |t| (5.0 * t).sin());
        for t in times {
            assert!((wave.at(t - 1.0).unwrap().pose.get(Dof::IndexPipFlexion) - (5.0 * t).sin()).abs() < 1e-5);
        }
        assert_eq!(wave.at(-1.0), wave.at(0.0));
        assert_eq!(wave.at(9.0).unwrap().pose, wave.keys[4].pose);
    }

    #[test]
    fn angles_outside_limits_are_counted_by_moment() {
        let mut motion = HandMotion { name: String::new(), tracks: vec![track(&[0.0, 1.0, 2.0], |t| t)] };
        let limits = [Limit { hard_rad: [-0.5, 1.5], soft_rad: [0.0, 1.0] }; DOF_COUNT];
        assert_eq!(motion.clamp(&limits), 1);
        assert!((motion.tracks[0].keys[2].pose.get(Dof::IndexPipFlexion) - 1.5).abs() < 1e-6);
        assert_eq!(motion.clamp(&limits), 0);
    }
}
