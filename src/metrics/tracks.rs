//! What happens along clips: lost tracks, switched identities, acceleration error and jitter.

use std::collections::{BTreeMap, VecDeque};

use super::errors::Points;
use super::motion::{acceleration_errors_mm, jitters_m_s3};
use super::summary::MotionSummary;

/// Frame of a clip.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Place {
    /// Number of the clip.
    pub clip: u64,
    /// Number of the frame in it.
    pub frame: u64,
    /// Seconds.
    pub time_s: f64,
}

impl Place {
    /// True if nothing lies between an earlier frame and this one.
    pub fn follows(&self, last: &Self) -> bool {
        last.clip == self.clip && last.frame + 1 == self.frame && self.time_s > last.time_s
    }
}

/// One track in one frame: what is known of the hand, metres in the camera's frame.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// Number of the track.
    pub track: u32,
    /// The true hand that it follows, if any.
    pub instance: Option<u8>,
    /// Truth, keypoints, fit.
    pub points: [Points; 3],
}

/// Mean of many numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Mean {
    sum: f64,
    count: u64,
}

impl Mean {
    fn add(&mut self, values: impl Iterator<Item = f32>, factor: f64) {
        for value in values {
            self.sum += factor * f64::from(value);
            self.count += 1;
        }
    }

    fn value(self) -> Option<f64> {
        (self.count > 0).then(|| self.sum / self.count as f64)
    }
}

/// Follows all tracks through all clips, frame by frame.
#[derive(Debug, Clone, Default)]
pub struct Tracks {
    last: Option<Place>,
    /// Track of each true hand in the last frame; `None` if it was not matched.
    track_of: BTreeMap<u8, Option<u32>>,
    runs: BTreeMap<u32, VecDeque<(f64, Step)>>,
    in_clips: bool,
    lost: u64,
    switched: u64,
    /// Truth (acceleration unused), keypoints, fit.
    acceleration_mm: [Mean; 3],
    acceleration_m_s2: [Mean; 3],
    jitter_m_s3: [Mean; 3],
}

impl Tracks {
    /// Takes a frame in: `hands` are the true hands that should be found with the track that matches them. Without a place
    /// in a clip nothing is followed.
    pub fn add(&mut self, place: Option<Place>, hands: &[(u8, Option<u32>)], steps: Vec<Step>) {
        if !self.last.zip(place).is_some_and(|(last, now)| now.follows(&last)) {
            self.track_of.clear();
            self.runs.clear();
        }
        self.last = place;
        let Some(place) = place else { return };
        self.in_clips = true;
        self.identities(hands);
        self.runs.retain(|track, _| steps.iter().any(|step| step.track == *track));
        for step in steps {
            let run = self.runs.entry(step.track).or_default();
            if run.back().is_some_and(|(_, last)| last.instance != step.instance) {
                run.clear();
            }
            run.push_back((place.time_s, step));
            if run.len() > 4 {
                run.pop_front();
            }
            let window: Vec<(f64, Step)> = run.iter().cloned().collect();
            self.measure(&window);
        }
    }

    fn identities(&mut self, hands: &[(u8, Option<u32>)]) {
        for (instance, track) in hands {
            match (self.track_of.get(instance).copied().flatten(), track) {
                (Some(_), None) => self.lost += 1,
                (Some(before), Some(now)) if before != *now => self.switched += 1,
                _ => {}
            }
        }
        self.track_of = hands.iter().copied().collect();
    }

    /// Adds what ends with the last frame of a run.
    fn measure(&mut self, run: &[(f64, Step)]) {
        let fps = |frames: &[(f64, Step)]| (frames.len() - 1) as f64 / (frames[frames.len() - 1].0 - frames[0].0);
        if let [.., a, b, c] = run {
            let fps = fps(&run[run.len() - 3..]);
            for method in 1..3 {
                let window = |of: usize| [a, b, c].map(|(_, step)| &step.points[of]);
                let errors: Vec<f32> = acceleration_errors_mm(window(0), window(method)).collect();
                self.acceleration_mm[method].add(errors.iter().copied(), 1.0);
                self.acceleration_m_s2[method].add(errors.into_iter(), 1e-3 * fps * fps);
            }
        }
        if let [a, b, c, d] = run {
            let fps = fps(run) as f32;
            for method in 0..3 {
                let window = [a, b, c, d].map(|(_, step)| &step.points[method]);
                self.jitter_m_s3[method].add(jitters_m_s3(window, fps), 1.0);
            }
        }
    }

    /// Times that a hand was matched in one frame and not in the next; `None` without clips.
    pub fn lost(&self) -> Option<u64> {
        self.in_clips.then_some(self.lost)
    }

    /// Times that the track of a hand changed from one frame to the next; `None` without clips.
    pub fn switched(&self) -> Option<u64> {
        self.in_clips.then_some(self.switched)
    }

    /// Of keypoints (1) or fit (2); of the truth (0) jitter only.
    pub fn motion(&self, of: usize) -> MotionSummary {
        MotionSummary {
            acceleration_error_mm_per_frame2: self.acceleration_mm[of].value(),
            acceleration_error_m_s2: self.acceleration_m_s2[of].value(),
            jitter_m_s3: self.jitter_m_s3[of].value(),
        }
    }
}

#[cfg(test)]
mod tests {
    use glam::Vec3;

    use super::*;

    fn step(track: u32, x: f32, truth: f32) -> Step {
        let at = |x: f32| [Some(Vec3::new(x, 0.0, 0.4)); 21];
        Step { track, instance: Some(1), points: [at(truth), at(x), [None; 21]] }
    }

    fn place(clip: u64, frame: u64) -> Place {
        Place { clip, frame, time_s: frame as f64 / 30.0 }
    }

    #[test]
    fn losses_and_switches_are_counted_once_each() {
        let mut tracks = Tracks::default();
        let seen = [Some(0), Some(0), None, None, Some(1), Some(2), Some(2)];
        for (frame, track) in seen.into_iter().enumerate() {
            tracks.add(Some(place(0, frame as u64)), &[(1, track)], Vec::new());
        }
        tracks.add(Some(place(1, 7)), &[(1, Some(9))], Vec::new()); // another clip
        assert_eq!((tracks.lost(), tracks.switched()), (Some(1), Some(1)));
        assert_eq!(Tracks::default().lost(), None);
    }

    #[test]
    fn only_runs_of_one_track_in_one_clip_are_measured() {
        let mut tracks = Tracks::default();
        let feed = |tracks: &mut Tracks, at: Option<Place>, track: u32, x: f32| {
            tracks.add(at, &[], vec![step(track, x, 0.0)]);
        };
        // two frames of a track, then another track, a gap in the frames, another clip, single pictures: nothing yet
        for (at, track) in [
            (Some(place(0, 0)), 5),
            (Some(place(0, 1)), 5),
            (Some(place(0, 2)), 6),
            (Some(place(0, 4)), 6),
            (Some(place(1, 5)), 6),
            (None, 6),
        ] {
            feed(&mut tracks, at, track, frame_x(at));
        }
        assert_eq!(tracks.motion(1), MotionSummary::default());
        // x = t² mm: second difference 2 mm, third none
        for frame in 0..6 {
            feed(&mut tracks, Some(place(2, frame)), 7, 0.001 * (frame * frame) as f32);
        }
        let motion = tracks.motion(1);
        assert!((motion.acceleration_error_mm_per_frame2.unwrap() - 2.0).abs() < 1e-4);
        assert!((motion.acceleration_error_m_s2.unwrap() - 1.8).abs() < 1e-3);
        assert!(motion.jitter_m_s3.unwrap() < 0.1);
        assert_eq!(tracks.motion(2), MotionSummary::default());
    }

    fn frame_x(at: Option<Place>) -> f32 {
        at.map_or(1.0, |p| (p.frame * p.frame * p.frame) as f32)
    }
}
