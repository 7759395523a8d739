//! What estimates tell of themselves, without any truth: how much is found, how sure, how steady.

use std::collections::{BTreeMap, VecDeque};

use glam::Vec2;

use super::curves::{mean, quantile};
use super::errors::Points2;
use super::summary::AloneSummary;
use super::tracks::Place;
use crate::rig::joint::LANDMARK_PARENT;
use crate::rig::{HandSide, LANDMARK_COUNT};
use crate::tracker::HandEstimate;

/// Frames of a track from which the spread of its bones' lengths says something.
const LEAST_FRAMES: u64 = 8;
const BONES: usize = LANDMARK_COUNT - 1;

/// Gathers what estimates tell of themselves.
#[derive(Debug, Clone, Default)]
pub(super) struct Alone {
    frames: u64,
    frames_with_hands: u64,
    sides: [u64; 2],
    confidence: Vec<f32>,
    last: Option<Place>,
    runs: BTreeMap<u32, Run>,
    in_clips: bool,
    tracks: u64,
    lost: u64,
    side_changes: u64,
    bone_spread: Vec<f32>,
    acceleration_px: Vec<f32>,
    jitter_px: Vec<f32>,
}

/// A track so far.
#[derive(Debug, Clone)]
struct Run {
    side: HandSide,
    px: VecDeque<Points2>,
    bones: [Lengths; BONES],
}

/// Sums of a bone's lengths.
#[derive(Debug, Clone, Copy, Default)]
struct Lengths {
    count: u64,
    sum: f64,
    squares: f64,
}

impl Alone {
    /// Takes a frame in; without a place in a clip nothing is followed.
    pub(super) fn add(&mut self, place: Option<Place>, hands: &[HandEstimate]) {
        self.frames += 1;
        self.frames_with_hands += u64::from(!hands.is_empty());
        for hand in hands {
            self.sides[usize::from(hand.side == HandSide::Right)] += 1;
            self.confidence.push(hand.confidence);
        }
        let goes_on = self.last.zip(place).is_some_and(|(last, now)| now.follows(&last));
        if !goes_on {
            self.end_runs(|_| false);
        }
        self.last = place;
        if place.is_none() {
            return;
        }
        self.in_clips = true;
        let before = self.runs.len();
        self.end_runs(|track| hands.iter().any(|hand| hand.track == track));
        self.lost += (before - self.runs.len()) as u64;
        for hand in hands {
            self.follow(hand);
        }
    }

    fn follow(&mut self, hand: &HandEstimate) {
        let tracks = &mut self.tracks;
        let run = self.runs.entry(hand.track).or_insert_with(|| {
            *tracks += 1;
            Run { side: hand.side, px: VecDeque::new(), bones: [Lengths::default(); BONES] }
        });
        self.side_changes += u64::from(run.side != hand.side);
        run.side = hand.side;
        run.px.push_back(hand.keypoints_px);
        if run.px.len() > 4 {
            run.px.pop_front();
        }
        let px: Vec<&Points2> = run.px.iter().collect();
        if let [.., a, b, c] = px.as_slice() {
            self.acceleration_px.extend(mean_length(|k| Some(a[k]? - 2.0 * b[k]? + c[k]?)));
        }
        if let [a, b, c, d] = px.as_slice() {
            self.jitter_px.extend(mean_length(|k| Some(d[k]? - 3.0 * c[k]? + 3.0 * b[k]? - a[k]?)));
        }
        if let Some(lengths) = bones(hand) {
            run.bones.iter_mut().zip(lengths).for_each(|(sums, length)| sums.add(length));
        }
    }

    /// Ends all tracks but those that go on.
    fn end_runs(&mut self, goes_on: impl Fn(u32) -> bool) {
        let spreads = &mut self.bone_spread;
        self.runs.retain(|track, run| {
            if !goes_on(*track) {
                spreads.extend(run.bone_spread());
            }
            goes_on(*track)
        });
    }

    pub(super) fn summary(&self) -> AloneSummary {
        let running = self.runs.values().filter_map(Run::bone_spread);
        let spreads: Vec<f32> = self.bone_spread.iter().copied().chain(running).collect();
        AloneSummary {
            frames_with_hands: self.frames_with_hands,
            found_share: (self.frames > 0).then(|| self.frames_with_hands as f64 / self.frames as f64),
            left_hands: self.sides[0],
            right_hands: self.sides[1],
            side_changes: self.in_clips.then_some(self.side_changes),
            confidence_mean: mean(&self.confidence),
            confidence_p10: quantile(&self.confidence, 0.1),
            tracks: self.in_clips.then_some(self.tracks),
            lost_tracks: self.in_clips.then_some(self.lost),
            bone_spread: mean(&spreads),
            acceleration_px_per_frame2: mean(&self.acceleration_px),
            jitter_px_per_frame3: mean(&self.jitter_px),
        }
    }
}

impl Run {
    /// Deviation of each bone's length over its mean; mean over bones.
    fn bone_spread(&self) -> Option<f32> {
        mean(&self.bones.iter().filter_map(Lengths::spread).collect::<Vec<f32>>()).map(|spread| spread as f32)
    }
}

impl Lengths {
    fn add(&mut self, length: f32) {
        let length = f64::from(length);
        self.count += 1;
        self.sum += length;
        self.squares += length * length;
    }

    fn spread(&self) -> Option<f32> {
        let mean = self.sum / self.count as f64;
        let variance = (self.squares / self.count as f64 - mean * mean).max(0.0);
        (self.count >= LEAST_FRAMES && mean > 0.0).then(|| (variance.sqrt() / mean) as f32)
    }
}

/// Lengths of all bones, metres; parts of their sum where points are only known up to scale. `None` unless all are known.
fn bones(hand: &HandEstimate) -> Option<[f32; BONES]> {
    let points = &hand.keypoints_camera_m;
    let mut lengths = [0.0; BONES];
    for (k, length) in lengths.iter_mut().enumerate() {
        *length = points[k + 1]?.distance(points[LANDMARK_PARENT[k + 1]]?);
    }
    let sum: f32 = lengths.iter().sum();
    let scale = if hand.metric { 1.0 } else { 1.0 / sum };
    (sum.is_finite() && sum > 0.0).then(|| lengths.map(|length| length * scale))
}

fn mean_length(difference: impl Fn(usize) -> Option<Vec2>) -> Option<f32> {
    let lengths: Vec<f32> = (0..LANDMARK_COUNT).filter_map(|k| Some(difference(k)?.length())).collect();
    mean(&lengths).map(|length| length as f32).filter(|length| length.is_finite())
}

#[cfg(test)]
mod tests {
    use glam::Vec3;

    use super::*;

    /// A hand whose keypoints are `x` pixels from where they were and whose bones are `scale` times as long as 20 mm.
    fn hand(track: u32, side: HandSide, x: f32, scale: f32) -> HandEstimate {
        let depth = |mut k: usize| {
            let mut bones = 0;
            while k > 0 {
                (k, bones) = (LANDMARK_PARENT[k], bones + 1);
            }
            bones as f32
        };
        HandEstimate {
            track,
            side,
            side_confidence: 0.9,
            confidence: if side == HandSide::Right { 0.8 } else { 0.4 },
            box_px: [0.0, 0.0, 100.0, 100.0],
            keypoints_px: [Some(Vec2::new(x, 5.0)); LANDMARK_COUNT],
            keypoints_camera_m: std::array::from_fn(|k| Some(Vec3::new(0.0, 0.02 * scale * depth(k), 0.5))),
            keypoint_confidence: [1.0; LANDMARK_COUNT],
            metric: true,
            fit: None,
        }
    }

    fn place(frame: u64) -> Place {
        Place { clip: 0, frame, time_s: frame as f64 / 30.0 }
    }

    #[test]
    fn found_sure_and_lost_are_counted() {
        let mut alone = Alone::default();
        let (left, right) = (HandSide::Left, HandSide::Right);
        let seen = [Some((0, right)), Some((0, left)), None, Some((1, right)), Some((1, right))];
        for (frame, seen) in seen.into_iter().enumerate() {
            let hands: Vec<HandEstimate> = seen.into_iter().map(|(track, side)| hand(track, side, 0.0, 1.0)).collect();
            alone.add(Some(place(frame as u64)), &hands);
        }
        let s = alone.summary();
        assert_eq!((s.frames_with_hands, s.found_share), (4, Some(0.8)));
        assert_eq!((s.left_hands, s.right_hands, s.side_changes), (1, 3, Some(1)));
        assert_eq!((s.tracks, s.lost_tracks), (Some(2), Some(1)));
        assert!((s.confidence_mean.unwrap() - 0.7).abs() < 1e-6 && s.confidence_p10.unwrap() < 0.6);
        assert_eq!(s.bone_spread, None, "too short");
        // single pictures are followed by nobody
        let mut alone = Alone::default();
        (0..3).for_each(|_| alone.add(None, &[hand(0, right, 0.0, 1.0)]));
        let s = alone.summary();
        assert_eq!((s.tracks, s.lost_tracks, s.side_changes, s.jitter_px_per_frame3), (None, None, None, None));
    }

    #[test]
    fn steadiness_is_measured_along_tracks() {
        let mut alone = Alone::default();
        for frame in 0..20_u64 {
            // x = t² px has the second difference 2 and the third 0; bones are 10 % longer and shorter in turns
            let scale = if frame % 2 == 0 { 1.1 } else { 0.9 };
            alone.add(Some(place(frame)), &[hand(3, HandSide::Left, (frame * frame) as f32, scale)]);
        }
        let s = alone.summary();
        assert!((s.acceleration_px_per_frame2.unwrap() - 2.0).abs() < 1e-4);
        assert!(s.jitter_px_per_frame3.unwrap() < 1e-3);
        assert!((s.bone_spread.unwrap() - 0.1).abs() < 1e-5, "{:?}", s.bone_spread);
        // up to scale, the same bones do not change at all
        let mut alone = Alone::default();
        for frame in 0..20 {
            let own = hand(3, HandSide::Left, 0.0, if frame % 2 == 0 { 1.1 } else { 0.9 });
            alone.add(Some(place(frame)), &[HandEstimate { metric: false, ..own }]);
        }
        assert!(alone.summary().bone_spread.unwrap() < 1e-5);
    }
}
