//! Recorded motions in clips: cut to length where they are longer, played again and again where they are shorter.

use glam::Vec3;

use super::timing::minimum_jerk;
use crate::math::RigidTransform;
use crate::preset::types::Sequence;
use crate::rig::motion::between;
use crate::rig::{HandMotion, HandPose, HandSide, MotionKey, MotionTrack};
use crate::seed::Stream;

/// From the end of a recording back to its start, seconds.
const RETURN_S: f32 = 0.6;
/// The wrist is brought this near to the middle of its path, metres.
const REACH_M: f32 = 0.25;

/// A recording as one clip plays it.
#[derive(Debug, Clone)]
pub struct Playback<'a> {
    motion: &'a HandMotion,
    /// Time in the recording of the clip's first frame, seconds.
    start_s: f32,
}

impl<'a> Playback<'a> {
    /// A recording for a clip of a length (seconds), from a random moment on; `None` for clips that play none.
    pub fn draw(preset: &Sequence, motions: &'a [HandMotion], length_s: f32, stream: &mut Stream) -> Option<Self> {
        let plays = stream.chance(preset.imported);
        let motion = motions.get(stream.index(motions.len())).filter(|_| plays)?;
        let spare_s = motion.duration_s() - length_s;
        let most_s = if spare_s >= 0.0 { spare_s } else { motion.duration_s() + RETURN_S };
        Some(Self { motion, start_s: stream.uniform(0.0, most_s) })
    }

    /// Name of the recording.
    pub fn name(&self) -> &str {
        &self.motion.name
    }

    /// Poses of a hand at times of the clip, seconds.
    pub fn poses(&self, side: HandSide, times_s: &[f32]) -> Vec<HandPose> {
        let Some((track, _)) = self.motion.track(side) else { return Vec::new() };
        times_s.iter().filter_map(|t| self.key(track, *t)).map(|key| key.pose).collect()
    }

    /// How the wrist moves, as seen from where it is in the middle of the clip; `None` if it was not recorded.
    pub fn wrists(&self, side: HandSide, times_s: &[f32]) -> Option<Vec<RigidTransform>> {
        let (track, own) = self.motion.track(side)?;
        let wrist = |t: &f32| {
            let wrist = self.key(track, *t)?.wrist?;
            Some(if own { wrist } else { wrist.mirrored_x() })
        };
        let wrists: Vec<RigidTransform> = times_s.iter().map(wrist).collect::<Option<_>>()?;
        let middle = wrists.get(wrists.len() / 2)?.inverse();
        let mut wrists: Vec<RigidTransform> = wrists.iter().map(|w| middle * *w).collect();
        let mean = wrists.iter().map(|w| w.translation_m).sum::<Vec3>() / wrists.len() as f32;
        let farthest = wrists.iter().map(|w| w.translation_m.distance(mean)).fold(0.0, f32::max);
        let share = if farthest > REACH_M { REACH_M / farthest } else { 1.0 };
        for wrist in &mut wrists {
            wrist.translation_m = (wrist.translation_m - mean) * share;
        }
        Some(wrists)
    }

    fn key(&self, track: &MotionTrack, time_s: f32) -> Option<MotionKey> {
        let length_s = self.motion.duration_s();
        let at_s = (self.start_s + time_s).rem_euclid(length_s + RETURN_S);
        if at_s <= length_s {
            return track.at(at_s);
        }
        let (last, first) = (track.at(length_s)?, track.at(0.0)?);
        let share = minimum_jerk((at_s - length_s) / RETURN_S);
        let mut key = last;
        for (angle, to) in key.pose.0.iter_mut().zip(first.pose.0) {
            *angle += (to - *angle) * share;
        }
        key.wrist = last.wrist.zip(first.wrist).map(|(a, b)| {
            let place = a.translation_m.lerp(b.translation_m, share);
            RigidTransform::new(between(a.rotation, b.rotation, share), place)
        });
        Some(key)
    }
}
