//! The tracker: from shot to shot.

use std::sync::Arc;
use std::time::Instant;

use super::agreement::unexplained_px;
use super::detect::hands_in_depth;
use super::estimate::{HandEstimate, HandFit};
use super::fit::{BoneLearner, FitTarget, Fitter};
use super::model::{Detector, InputKind, KeypointModel, ModelError, Prediction};
use super::patch::Patch;
use super::place::{Place, views_seen};
use super::raise::{Raised, Raiser};
use super::settings::TrackerSettings;
use super::shot::Shot;
use super::track::{SideVote, Track};
use crate::rig::{HandShape, HandSide, LANDMARK_COUNT, Rig};

/// Times that a place found anew is looked at, the later ones around what was seen before.
const LOOKS: usize = 2;
/// Confident shots after which the hand's shape is solved again.
const LEARN_EVERY: u64 = 10;
/// Keypoints that a hand must have.
const LEAST_KEYPOINTS: usize = 6;
/// Hands whose boxes overlap by more (intersection over union), or whose middles are nearer (metres), are one.
const SAME_IOU: f32 = 0.5;
const SAME_M: f32 = 0.04;

/// Why a shot could not be tracked.
#[derive(Debug, thiserror::Error)]
pub enum TrackError {
    /// The model cannot be run.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The shot has not what the model looks at.
    #[error("the model `{model}` looks at {wanted}, and the shot has {found}\nhint: {hint}")]
    Picture {
        /// Name of the model.
        model: String,
        /// What it takes.
        wanted: &'static str,
        /// What there is.
        found: String,
        /// What to do.
        hint: &'static str,
    },
}

/// Time spent on the stages of one shot, milliseconds of the clock.
#[derive(Debug, Clone, Copy, PartialEq, Default, serde::Serialize, serde::Deserialize)]
pub struct StageTimes {
    /// Finding hands in the whole picture.
    pub detect: f32,
    /// Cutting patches out.
    pub crop: f32,
    /// The user's model.
    pub network: f32,
    /// From pixels to points in space.
    pub lift: f32,
    /// Filtering over time.
    pub smooth: f32,
    /// Fitting the rig.
    pub fit: f32,
}

impl StageTimes {
    /// Names and milliseconds, in the order in which they pass.
    pub fn named(&self) -> [(&'static str, f32); 6] {
        [
            ("detect", self.detect),
            ("crop", self.crop),
            ("network", self.network),
            ("lift", self.lift),
            ("smooth", self.smooth),
            ("fit", self.fit),
        ]
    }

    /// All stages, milliseconds.
    pub fn total(&self) -> f32 {
        self.named().iter().map(|(_, ms)| ms).sum()
    }
}

/// What the tracker says of one shot.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Tracked {
    /// Hands, the longest followed first.
    pub hands: Vec<HandEstimate>,
    /// Tracks that ended with this shot: their hand was not found where it should have been.
    pub lost: Vec<u32>,
    /// What it took.
    pub times: StageTimes,
}

/// Follows hands from shot to shot.
pub struct Tracker {
    model: KeypointModel,
    detector: Option<Detector>,
    rig: Arc<Rig>,
    fitter: Option<Fitter>,
    settings: TrackerSettings,
    tracks: Vec<Track>,
    next_number: u32,
    person: Person,
    last: Option<(f64, u32, u32)>,
    shots: u64,
}

/// What was learned of the hands of the person that is seen; both sides are alike.
struct Person {
    bones: BoneLearner,
    shape: HandShape,
    learned: u64,
}

/// What was seen at a place, taken for one side.
struct Look {
    side: HandSide,
    raised: Raised,
    /// The network's own word.
    said: Option<(HandSide, f32)>,
    presence: Option<f32>,
    /// How much of the depth it leaves unexplained, pixels of the patch.
    unexplained_px: Option<f32>,
    box_px: [f32; 4],
    fit: Option<HandFit>,
}

impl Look {
    fn confidence(&self) -> f32 {
        let mean = self.raised.confidence.iter().sum::<f32>() / LANDMARK_COUNT as f32;
        self.presence.map_or(mean, |presence| presence.min(mean))
    }

    fn target(&self, side: HandSide) -> FitTarget {
        if self.raised.camera_m.iter().flatten().count() >= LEAST_KEYPOINTS {
            FitTarget::in_space(side, &self.raised.camera_m, &self.raised.confidence)
        } else {
            FitTarget::in_picture(side, &self.raised.px, &self.raised.confidence)
        }
    }

    fn residual_m(&self) -> f32 {
        self.fit.as_ref().map_or(f32::INFINITY, |fit| fit.residual_m)
    }
}

impl Tracker {
    /// A tracker that looks with a model, finds hands with a detector (in depth: without one) and fits a rig.
    pub fn new(model: KeypointModel, detector: Option<Detector>, rig: Arc<Rig>, settings: TrackerSettings) -> Self {
        let fitter = settings.fit.map(|fit| Fitter::new(&rig, fit));
        let person = Person::new(&rig, &settings);
        let (tracks, next_number) = (Vec::new(), 0);
        Self { model, detector, rig, fitter, settings, tracks, next_number, person, last: None, shots: 0 }
    }

    /// The model that it looks with.
    pub fn model(&self) -> &KeypointModel {
        &self.model
    }

    /// True if it can find hands by itself in what its model looks at; else it takes the whole picture for a hand.
    pub fn finds_hands(&self) -> bool {
        self.detector.is_some() || self.model.spec().input.kind == InputKind::Depth
    }

    /// Forgets all hands and the person, as at the beginning of another clip.
    pub fn reset(&mut self) {
        self.tracks.clear();
        self.person = Person::new(&self.rig, &self.settings);
        self.last = None;
        self.shots = 0;
    }

    /// What is seen in the next shot. `given` are places where hands are; `None` lets the tracker find and follow them.
    ///
    /// Tracks end at a gap in time, at a change of the picture's size and where a hand is lost; new ones begin in the same shot.
    ///
    /// # Errors
    /// The shot has not the pictures that the model takes, or the model fails; then tracks end.
    pub fn step(&mut self, shot: &Shot, given: Option<&[Place]>) -> Result<Tracked, TrackError> {
        self.check(shot)?;
        let mut tracked = Tracked::default();
        self.end_what_cannot_go_on(shot, &mut tracked);
        if let Some(given) = given {
            self.look_at_given(shot, given, &mut tracked)?;
        } else {
            self.follow(shot, &mut tracked)?;
            let seek = self.tracks.is_empty() || self.shots.is_multiple_of(self.settings.seek_every.max(1));
            if seek && self.tracks.len() < self.settings.hands {
                self.seek(shot, &mut tracked)?;
            }
            self.join_same();
        }
        self.shots += 1;
        tracked.hands = self.tracks.iter().map(|track| track.last.clone()).collect();
        Ok(tracked)
    }

    /// The rig that is fitted.
    pub fn rig(&self) -> &Arc<Rig> {
        &self.rig
    }

    fn check(&self, shot: &Shot) -> Result<(), TrackError> {
        let spec = self.model.spec();
        let wrong =
            |wanted, found: String, hint| Err(TrackError::Picture { model: spec.name.clone(), wanted, found, hint });
        let Some(view) = shot.views.first() else {
            return wrong("pictures", "none".into(), "give a source with pictures");
        };
        let has = || {
            let kinds =
                [(view.rgb.is_some(), "colour"), (view.grey.is_some(), "grey"), (view.depth_z_m.is_some(), "depth")];
            let names: Vec<&str> = kinds.into_iter().filter(|(there, _)| *there).map(|(_, name)| name).collect();
            format!("only {}", names.join(" and "))
        };
        match spec.input.kind {
            InputKind::Colour if view.rgb.is_none() => wrong("colour", has(), "use a model for what there is"),
            InputKind::Grey if view.grey.is_none() && view.rgb.is_none() => {
                wrong("grey or colour", has(), "use a model for what there is")
            }
            InputKind::Depth if view.depth_z_m.is_none() => {
                wrong("depth", has(), "a depth model needs a source with depth pictures")
            }
            InputKind::StereoGrey if shot.views.len() < 2 => wrong(
                "two views",
                "one".into(),
                "name the two cameras of a dataset with `--views`, or render two with `--stereo-mm`",
            ),
            _ => Ok(()),
        }
    }

    fn end_what_cannot_go_on(&mut self, shot: &Shot, tracked: &mut Tracked) {
        let i = &shot.views[0].camera.intrinsics;
        let now = (shot.time_s, i.width, i.height);
        if let Some((time_s, width, height)) = self.last.replace(now) {
            let gap = shot.time_s - time_s;
            let same = (width, height) == (i.width, i.height);
            let goes_on = same && gap > 0.0 && gap <= self.settings.longest_gap_s;
            if !goes_on {
                tracked.lost.extend(self.tracks.drain(..).map(|track| track.number));
            }
        }
    }

    fn follow(&mut self, shot: &Shot, tracked: &mut Tracked) -> Result<(), TrackError> {
        let tracks = std::mem::take(&mut self.tracks);
        let places: Vec<Place> = tracks.iter().map(|track| track.place(shot)).collect();
        let looks = self.look(shot, &places, &mut tracked.times)?;
        for (mut track, looks) in tracks.into_iter().zip(looks) {
            if self.accept(shot, &mut track, looks, false, tracked) {
                self.tracks.push(track);
            } else {
                tracked.lost.push(track.number);
            }
        }
        Ok(())
    }

    /// Hands that nobody follows yet.
    fn seek(&mut self, shot: &Shot, tracked: &mut Tracked) -> Result<(), TrackError> {
        let start = Instant::now();
        let mut places = self.find(shot)?;
        places.retain(|place| !self.tracks.iter().any(|track| is_same(&track.place(shot), place)));
        places.truncate(self.settings.hands - self.tracks.len());
        tracked.times.detect += ms_since(start);
        self.begin(shot, &places, LOOKS, tracked)
    }

    /// A track for every place where there is a hand. Its place is corrected by what was seen there, `looks` times in all.
    fn begin(&mut self, shot: &Shot, places: &[Place], looks: usize, tracked: &mut Tracked) -> Result<(), TrackError> {
        // what is given is looked at once, and believed
        let given = looks == 1;
        for place in places {
            let mut place = place.clone();
            for round in 1..=looks {
                let looked = self.look(shot, std::slice::from_ref(&place), &mut tracked.times)?;
                let mut track = Track::new(self.next_number, self.settings.smoothing);
                let found = looked.into_iter().next().unwrap_or_default();
                if !self.accept(shot, &mut track, found, given, tracked) {
                    break;
                }
                if round == looks {
                    self.next_number += 1;
                    self.tracks.push(track);
                } else {
                    place = Place { side: place.side, ..track.place(shot) };
                }
            }
        }
        Ok(())
    }

    fn look_at_given(&mut self, shot: &Shot, given: &[Place], tracked: &mut Tracked) -> Result<(), TrackError> {
        // tracks go on where a given place is theirs
        let mut before = std::mem::take(&mut self.tracks);
        for place in given {
            let own = before.iter().position(|track| is_same(&track.place(shot), place));
            let Some(own) = own else {
                self.begin(shot, std::slice::from_ref(place), 1, tracked)?;
                continue;
            };
            let mut track = before.swap_remove(own);
            let looks = self.look(shot, std::slice::from_ref(place), &mut tracked.times)?;
            if self.accept(shot, &mut track, looks.into_iter().next().unwrap_or_default(), true, tracked) {
                self.tracks.push(track);
            } else {
                tracked.lost.push(track.number);
            }
        }
        tracked.lost.extend(before.iter().map(|track| track.number));
        self.tracks.sort_by_key(|track| track.number);
        Ok(())
    }

    /// Where hands may be in the whole picture, the likeliest first.
    fn find(&self, shot: &Shot) -> Result<Vec<Place>, TrackError> {
        let view = &shot.views[0];
        if let Some(detector) = &self.detector {
            let mut places: Vec<Place> =
                detector.detect(view)?.into_iter().map(|found| Place::in_box(found.box_px, found.side)).collect();
            for other in shot.views.iter().take(views_seen(shot, self.model.spec())).skip(1) {
                let found = detector.detect(other)?;
                places.retain_mut(|place| {
                    let row = |b: &[f32; 4]| b[1] + b[3] / 2.0;
                    let first = place.boxes_px[0];
                    let near = found
                        .iter()
                        .map(|f| f.box_px)
                        .min_by(|a, b| (row(a) - row(&first)).abs().total_cmp(&(row(b) - row(&first)).abs()));
                    place.boxes_px.extend(near);
                    near.is_some()
                });
            }
            return Ok(places);
        }
        match (&view.depth_z_m, self.model.spec().input.kind) {
            (Some(depth), InputKind::Depth) => {
                let found = hands_in_depth(depth, &view.camera, self.settings.hands);
                Ok(found.into_iter().map(Place::around).collect())
            }
            _ => Ok(vec![Place::everywhere(shot)]),
        }
    }

    /// What the model sees at places: for each one look per side that it may be. All go through the network together.
    fn look(&self, shot: &Shot, places: &[Place], times: &mut StageTimes) -> Result<Vec<Vec<Look>>, TrackError> {
        let spec = self.model.spec();
        let start = Instant::now();
        let mut cut: Vec<(usize, HandSide, Vec<Patch>)> = Vec::new();
        for (number, place) in places.iter().enumerate() {
            for (side, mirrored) in sides(spec.side, place.side) {
                if let Some(patches) = place.patches(shot, spec, mirrored) {
                    cut.push((number, side, patches));
                }
            }
        }
        times.crop += ms_since(start);
        let start = Instant::now();
        let patches: Vec<Patch> = cut.iter().flat_map(|(_, _, patches)| patches.iter().cloned()).collect();
        let mut predictions = if patches.is_empty() { Vec::new() } else { self.model.predict(&patches)? }.into_iter();
        times.network += ms_since(start);
        let start = Instant::now();
        let raiser = Raiser { rig: &self.rig, shape: &self.person.shape, spec, shot };
        let one_for_all = spec.input.kind == InputKind::StereoGrey && !spec.output.per_view;
        let mut looks: Vec<Vec<Look>> = places.iter().map(|_| Vec::new()).collect();
        for (number, side, patches) in cut {
            let count = if one_for_all { 1 } else { patches.len() };
            let predictions: Vec<Prediction> = predictions.by_ref().take(count).collect();
            let Some(first) = predictions.first() else { continue };
            let both = spec.side.is_some() && places[number].side.is_none();
            looks[number].push(Look {
                side,
                raised: raiser.raise(&predictions, &patches),
                said: first.side,
                presence: first.presence,
                // only asked where two sides are tried
                unexplained_px: if both { unexplained_px(first, &patches[0]) } else { None },
                box_px: patches[0].box_px(),
                fit: None,
            });
        }
        times.lift += ms_since(start);
        Ok(looks)
    }

    /// Chooses the side, fits, and keeps what was seen if it is a hand.
    fn accept(&mut self, shot: &Shot, track: &mut Track, looks: Vec<Look>, given: bool, tracked: &mut Tracked) -> bool {
        let start = Instant::now();
        let looks = looks.into_iter().filter(|look| self.is_hand(shot, look)).collect();
        let Some(mut look) = self.choose(shot, track, looks) else { return false };
        if !given && self.fitter.is_some() && look.raised.metric && look.residual_m() > self.settings.worst_fit_m {
            return false;
        }
        let fitted = ms_since(start);
        self.person.learn(&self.rig, &look.raised);
        let start = Instant::now();
        let (box_px, confidence) = (look.box_px, look.confidence());
        track.take(shot, &look.raised, box_px, confidence);
        tracked.times.smooth += ms_since(start);
        let start = Instant::now();
        if let Some(fitter) = &self.fitter {
            // what is shown is the fit to the smoothed keypoints, of the side that all shots speak for
            let side = track.last.side;
            let mut target = look.target(side);
            for (point, smooth) in target.points.iter_mut().zip(&track.last.keypoints_camera_m) {
                point.camera_m = smooth.filter(|_| point.camera_m.is_some());
            }
            let begin = look.fit.take().filter(|_| side == look.side);
            track.last.fit = fitter.fit(&target, &shot.views[0].camera, &self.person.shape, begin.as_ref());
        }
        tracked.times.fit += fitted + ms_since(start);
        true
    }

    fn is_hand(&self, shot: &Shot, look: &Look) -> bool {
        let i = &shot.views[0].camera.intrinsics;
        let inside = |p: &glam::Vec2| p.x >= 0.0 && p.y >= 0.0 && p.x < i.width as f32 && p.y < i.height as f32;
        let seen = look.raised.px.iter().flatten().filter(|p| inside(p)).count();
        seen >= LEAST_KEYPOINTS && look.confidence() >= self.settings.least_confidence
    }

    /// The look of the likelier side, fitted; the track remembers what spoke for it.
    fn choose(&self, shot: &Shot, track: &mut Track, mut looks: Vec<Look>) -> Option<Look> {
        for look in &mut looks {
            look.fit = self.fitted(shot, track, look, look.side);
        }
        if self.model.spec().side.is_some() {
            return choose_mirrored(track, looks);
        }
        // one look: the network knows both sides, and says which, or the fit tells
        let mut look = looks.into_iter().next()?;
        let vote = match (look.said, &self.fitter) {
            (Some((side, probability)), _) => Some(SideVote { side, probability }),
            (None, Some(fitter)) if track.settled().is_none() => {
                let fits = fitter.fit_both_sides(&look.target(look.side), &shot.views[0].camera, &self.person.shape);
                fits.better().map(|(side, probability, _)| SideVote { side, probability })
            }
            _ => None,
        };
        if let Some(vote) = vote {
            track.vote(vote);
        }
        let side = track.side().side;
        if side != look.side {
            look.fit = self.fitted(shot, track, &look, side);
            look.side = side;
        }
        Some(look)
    }

    fn fitted(&self, shot: &Shot, track: &Track, look: &Look, side: HandSide) -> Option<HandFit> {
        let fitter = self.fitter.as_ref()?;
        fitter.fit(&look.target(side), &shot.views[0].camera, &self.person.shape, track.last_fit(side))
    }

    /// Two tracks on one hand become the older one.
    fn join_same(&mut self) {
        if let [first, second] = self.tracks.as_slice() {
            let middle = |track: &Track| {
                let points: Vec<_> = track.last.keypoints_camera_m.iter().flatten().copied().collect();
                (!points.is_empty()).then(|| points.iter().sum::<glam::Vec3>() / points.len() as f32)
            };
            let near = match (middle(first), middle(second)) {
                (Some(a), Some(b)) => a.distance(b) < SAME_M,
                _ => overlap(&first.last.box_px, &second.last.box_px) > SAME_IOU,
            };
            if near {
                self.tracks.truncate(1);
            }
        }
    }
}

/// Looks at a hand and at its mirror image: the one that explains more of the depth is right, or, without depth, the one whose
/// keypoints are more like a hand's.
fn choose_mirrored(track: &mut Track, looks: Vec<Look>) -> Option<Look> {
    if let [right, left] = looks.as_slice() {
        let (right, left) = if right.side == HandSide::Right { (right, left) } else { (left, right) };
        let odds = match (right.unexplained_px, left.unexplained_px) {
            (Some(right), Some(left)) => (left - right) / SIDE_UNEXPLAINED_PX,
            _ => (left.residual_m() - right.residual_m()) / SIDE_RESIDUAL_M,
        };
        if odds.is_finite() {
            let right = 1.0 / (1.0 + libm::expf(-odds));
            let side = if right >= 0.5 { HandSide::Right } else { HandSide::Left };
            track.vote(SideVote { side, probability: right.max(1.0 - right) });
        }
    } else if let Some(only) = looks.first().filter(|_| track.settled().is_none()) {
        track.vote(SideVote { side: only.side, probability: 0.9 });
    }
    let side = track.side().side;
    let mut looks = looks;
    let best = looks.iter().position(|look| look.side == side).unwrap_or(0);
    (best < looks.len()).then(|| looks.swap_remove(best))
}

/// Difference of what is unexplained that counts as one unit of log odds for a side, pixels of the patch.
const SIDE_UNEXPLAINED_PX: f32 = 0.15;
/// Difference of fit residuals that counts as one unit of log odds for a side, metres.
const SIDE_RESIDUAL_M: f32 = 0.002;

impl Person {
    fn new(rig: &Rig, settings: &TrackerSettings) -> Self {
        let shape = HandShape(vec![0.0; rig.shapes.len()]);
        Self { bones: BoneLearner::new(settings.bones), shape, learned: 0 }
    }

    fn learn(&mut self, rig: &Rig, raised: &Raised) {
        if !raised.metric || raised.camera_m.iter().all(Option::is_none) {
            return;
        }
        self.bones.learn(&raised.camera_m, &raised.confidence);
        self.learned += 1;
        if self.learned.is_multiple_of(LEARN_EVERY) {
            self.shape = self.bones.shape(rig).unwrap_or_else(|| self.shape.clone());
        }
    }
}

/// Sides to try, and whether the patch is mirrored for them.
fn sides(known: Option<HandSide>, place: Option<HandSide>) -> Vec<(HandSide, bool)> {
    let other = |side| if side == HandSide::Right { HandSide::Left } else { HandSide::Right };
    match (known, place) {
        (None, side) => vec![(side.unwrap_or(HandSide::Right), false)],
        (Some(known), Some(side)) => vec![(side, side != known)],
        (Some(known), None) => vec![(known, false), (other(known), true)],
    }
}

/// True if two places are one hand's.
fn is_same(a: &Place, b: &Place) -> bool {
    match (a.centre_m, b.centre_m, a.boxes_px.first(), b.boxes_px.first()) {
        (Some(a), Some(b), ..) => a.distance(b) < 2.5 * SAME_M,
        (_, _, Some(a), Some(b)) => overlap(a, b) > SAME_IOU / 2.0,
        _ => false,
    }
}

/// Intersection over union of two boxes.
fn overlap(a: &[f32; 4], b: &[f32; 4]) -> f32 {
    let w = (a[0] + a[2]).min(b[0] + b[2]) - a[0].max(b[0]);
    let h = (a[1] + a[3]).min(b[1] + b[3]) - a[1].max(b[1]);
    let common = w.max(0.0) * h.max(0.0);
    common / (a[2] * a[3] + b[2] * b[3] - common).max(f32::MIN_POSITIVE)
}

fn ms_since(start: Instant) -> f32 {
    start.elapsed().as_secs_f32() * 1000.0
}
