//! Fed with truth and estimates frame by frame, says how good the estimates were.

use std::collections::BTreeMap;
use std::sync::Arc;

use glam::Vec3;

use super::alone::Alone;
use super::curves::{mean, quantile};
use super::errors::{HandErrors, Points};
use super::hand_mesh::{fitted_mesh_m, true_mesh_m};
use super::matching::{match_hands, projected, side_is_right, to_be_found};
use super::mesh::{aligned_mesh_m, mesh_errors};
use super::method::Method;
use super::summary::{EvaluationSummary, LatencySummary, MethodSummary, SUMMARY_VERSION, TrackSummary};
use super::tracks::{Place, Step, Tracks};
use crate::camera::Camera;
use crate::dataset::{HandRecord, SampleLabel};
use crate::rig::joint::LANDMARK_NAMES;
use crate::rig::{HandSide, LANDMARK_COUNT, Rig};
use crate::tracker::{HandEstimate, Refusal};

/// What is compared and how.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Keypoint from which root-relative points are seen: 0 wrist, 9 middle MCP for sets without a wrist.
    pub root: usize,
    /// The rig of labels and fits, for errors of meshes; a coarse one will do. `None` leaves them out.
    pub rig: Option<Arc<Rig>>,
}

/// One frame.
#[derive(Debug, Clone, Copy)]
pub struct Moment<'a> {
    /// The truth; `None` where nobody knows it.
    pub label: Option<&'a SampleLabel>,
    /// Time since the first frame, seconds; that of the label's clip comes first.
    pub time_s: f64,
    /// What the tracker said.
    pub hands: &'a [HandEstimate],
    /// Milliseconds by stage; `total` is the whole.
    pub latency_ms: &'a BTreeMap<String, f64>,
    /// True if the frame has nothing to do with the one before; asked where a label does not tell.
    pub starts_clip: bool,
    /// Why there was no hand at places that were looked at.
    pub refused: &'a [Refusal],
    /// Outputs with numbers that are none.
    pub broken_outputs: &'a [String],
}

/// What came of one frame.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FrameResult {
    /// In the order of the label's hands.
    pub hands: Vec<HandResult>,
    /// Estimates that match no hand.
    pub surplus: Vec<usize>,
}

/// What came of one true hand.
#[derive(Debug, Clone, PartialEq)]
pub struct HandResult {
    /// Index of the estimate that matches it.
    pub estimate: Option<usize>,
    /// Whether a tracker can be asked to find it.
    pub expected: bool,
    /// Whether the side is right.
    pub side_is_right: Option<bool>,
    /// Errors of the keypoints.
    pub keypoints: Option<HandErrors>,
    /// Errors of the fit.
    pub fit: Option<HandErrors>,
}

/// Gathers errors over frames.
#[derive(Debug, Clone, Default)]
pub struct Evaluation {
    options: Options,
    frames: u64,
    labelled_frames: u64,
    tracks: TrackSummary,
    sides: [u64; 2],
    along: Tracks,
    alone: Alone,
    /// Clips without labels so far.
    unlabelled_clips: u64,
    refused: BTreeMap<Refusal, u64>,
    broken_outputs: BTreeMap<String, u64>,
    /// Keypoints, fit.
    methods: [Method; 2],
    latency_ms: BTreeMap<String, Vec<f32>>,
}

impl Evaluation {
    /// Nothing seen yet.
    pub fn new(options: Options) -> Self {
        Self { options, ..Self::default() }
    }

    /// Takes a frame in; frames of a clip come in order.
    pub fn add(&mut self, moment: &Moment) -> FrameResult {
        for (stage, ms) in moment.latency_ms {
            self.latency_ms.entry(stage.clone()).or_default().push(*ms as f32);
        }
        moment.refused.iter().for_each(|reason| *self.refused.entry(*reason).or_default() += 1);
        moment.broken_outputs.iter().for_each(|name| *self.broken_outputs.entry(name.clone()).or_default() += 1);
        let place = self.place(moment);
        self.alone.add(place, moment.hands);
        self.frames += 1;
        let Some(label) = moment.label else {
            let steps = moment.hands.iter().map(|e| step(e, None)).collect();
            self.along.add(place, &[], steps);
            return FrameResult { hands: Vec::new(), surplus: (0..moment.hands.len()).collect() };
        };
        self.labelled_frames += 1;
        let found = match_hands(&label.hands, moment.hands);
        let camera = label.camera();
        let results: Vec<HandResult> = label
            .hands
            .iter()
            .zip(&found.estimate_of_hand)
            .map(|(hand, estimate)| {
                let matched = estimate.map(|k| &moment.hands[k]);
                self.compare(hand, matched, label, camera.as_ref(), *estimate)
            })
            .collect();
        self.count(&results, found.surplus.len());
        self.between_roots(label, &found.estimate_of_hand, moment.hands);
        self.follow(place, label, &results, moment.hands);
        FrameResult { hands: results, surplus: found.surplus }
    }

    /// Where the frame is in its clip. Frames without labels are a clip until one says that it starts another; single labelled
    /// pictures are none.
    fn place(&mut self, moment: &Moment) -> Option<Place> {
        let Some(label) = moment.label else {
            self.unlabelled_clips += u64::from(moment.starts_clip);
            let clip = u64::MAX - self.unlabelled_clips;
            return Some(Place { clip, frame: self.frames, time_s: moment.time_s });
        };
        Some(Place { clip: label.clip?, frame: label.frame?, time_s: label.time_s.unwrap_or(moment.time_s) })
    }

    fn compare(
        &mut self,
        hand: &HandRecord,
        matched: Option<&HandEstimate>,
        label: &SampleLabel,
        camera: Option<&Camera>,
        number: Option<usize>,
    ) -> HandResult {
        let expected = to_be_found(hand, label.width, label.height);
        let mut result = HandResult { estimate: number, expected, side_is_right: None, keypoints: None, fit: None };
        let Some(estimate) = matched.filter(|_| expected) else {
            if expected {
                self.methods.iter_mut().for_each(|method| method.miss(hand));
            }
            return result;
        };
        result.side_is_right = side_is_right(hand.side, estimate);
        let root = self.options.root;
        let boxes = [hand.box_keypoints_px, Some(estimate.box_px)];
        let errors =
            HandErrors::in_space(&hand.keypoints_camera_m, &estimate.keypoints_camera_m, root, estimate.metric)
                .with_pixels(&hand.keypoints_px, &estimate.keypoints_px, boxes);
        self.methods[0].add(hand, &errors);
        result.keypoints = Some(errors);
        match &estimate.fit {
            Some(fit) => {
                let points = fit.keypoints_camera_m.map(Some);
                let errors = HandErrors::in_space(&hand.keypoints_camera_m, &points, root, estimate.metric)
                    .with_pixels(&hand.keypoints_px, &projected(camera, &points), boxes);
                self.methods[1].add(hand, &errors);
                result.fit = Some(errors);
                self.add_meshes(hand, estimate);
            }
            None => self.methods[1].miss(hand),
        }
        result
    }

    fn count(&mut self, results: &[HandResult], surplus: usize) {
        let t = &mut self.tracks;
        for result in results.iter().filter(|r| r.expected) {
            t.true_hands += 1;
            t.found += u64::from(result.estimate.is_some());
            t.missed += u64::from(result.estimate.is_none());
            if let Some(right) = result.side_is_right {
                self.sides[usize::from(right)] += 1;
            }
        }
        t.surplus += surplus as u64;
    }

    /// MRRPE: vector from the right hand's root to the left one's.
    fn between_roots(&mut self, label: &SampleLabel, estimate_of: &[Option<usize>], estimates: &[HandEstimate]) {
        let root = self.options.root;
        let of = |side: HandSide| label.hands.iter().position(|hand| hand.side == Some(side));
        let (Some(left), Some(right)) = (of(HandSide::Left), of(HandSide::Right)) else { return };
        let estimate = |hand: usize| estimates.get(estimate_of[hand]?).filter(|e| e.metric);
        let truth = |hand: usize| label.hands[hand].keypoints_camera_m.get(root).copied().flatten();
        let fitted = |hand: usize| estimate(hand)?.fit.as_ref()?.keypoints_camera_m.get(root).copied();
        let found = |hand: usize| estimate(hand)?.keypoints_camera_m.get(root).copied().flatten();
        let error = |of: &dyn Fn(usize) -> Option<Vec3>| {
            let error = 1000.0 * (of(left)? - of(right)?).distance(truth(left)? - truth(right)?);
            error.is_finite().then_some(error)
        };
        self.methods[0].between_roots_mm.extend(error(&found));
        self.methods[1].between_roots_mm.extend(error(&fitted));
    }

    fn follow(
        &mut self,
        place: Option<Place>,
        label: &SampleLabel,
        results: &[HandResult],
        estimates: &[HandEstimate],
    ) {
        let pairs = || label.hands.iter().zip(results);
        let track = |result: &HandResult| result.estimate.and_then(|k| estimates.get(k)).map(|e| e.track);
        let hands: Vec<(u8, Option<u32>)> =
            pairs().filter(|(_, r)| r.expected).map(|(hand, r)| (hand.instance, track(r))).collect();
        let owner = |k: usize| pairs().find(|(_, r)| r.estimate == Some(k)).map(|(hand, _)| hand);
        let steps = estimates.iter().enumerate().map(|(k, e)| step(e, owner(k))).collect();
        self.along.add(place, &hands, steps);
    }

    fn add_meshes(&mut self, hand: &HandRecord, estimate: &HandEstimate) {
        let Some(rig) = &self.options.rig else { return };
        let (Some(truth), Some(found)) = (true_mesh_m(rig, hand), fitted_mesh_m(rig, estimate)) else { return };
        if estimate.metric {
            self.methods[1].meshes[0].extend(mesh_errors(&truth, &found));
        }
        let aligned = aligned_mesh_m(&truth, &found).and_then(|found| mesh_errors(&truth, &found));
        self.methods[1].meshes[1].extend(aligned);
    }

    /// What was found so far.
    pub fn summary(&self) -> EvaluationSummary {
        let t = &self.tracks;
        let share = |part: u64, of: u64| (of > 0).then(|| part as f64 / of as f64);
        let method = |k: usize| MethodSummary { motion: self.along.motion(k + 1), ..self.methods[k].summary() };
        let latency = |values: &Vec<f32>| LatencySummary {
            frames: values.len() as u64,
            mean_ms: mean(values),
            p50_ms: quantile(values, 0.5),
            p99_ms: quantile(values, 0.99),
        };
        EvaluationSummary {
            format_version: SUMMARY_VERSION,
            frames: self.frames,
            labelled_frames: self.labelled_frames,
            root: LANDMARK_NAMES.get(self.options.root).copied().unwrap_or_default().to_owned(),
            tracks: TrackSummary {
                detection_rate: share(t.found, t.true_hands),
                precision: share(t.found, t.found + t.surplus).filter(|_| self.labelled_frames > 0),
                side_accuracy: share(self.sides[1], self.sides[0] + self.sides[1]),
                lost_tracks: self.along.lost().filter(|_| self.labelled_frames > 0),
                identity_switches: self.along.switched().filter(|_| self.labelled_frames > 0),
                ..t.clone()
            },
            keypoints: method(0),
            fit: method(1),
            truth_jitter_m_s3: self.along.motion(0).jitter_m_s3,
            latency: self.latency_ms.iter().map(|(stage, values)| (stage.clone(), latency(values))).collect(),
            alone: self.alone.summary(),
            refused: self.refused.clone(),
            broken_outputs: self.broken_outputs.clone(),
        }
    }
}

/// An estimate along its track.
fn step(estimate: &HandEstimate, owner: Option<&HandRecord>) -> Step {
    let none: Points = [None; LANDMARK_COUNT];
    let truth = owner.map_or(none, |hand| hand.keypoints_camera_m);
    let known = |points: Points| if estimate.metric { points } else { none };
    let fit = estimate.fit.as_ref().map_or(none, |fit| fit.keypoints_camera_m.map(Some));
    let points = [truth, known(estimate.keypoints_camera_m), known(fit)];
    Step { track: estimate.track, instance: owner.map(|hand| hand.instance), points }
}
