//! The tracker: from shot to shot.

use std::sync::Arc;
use std::time::Instant;

use super::error::{TrackError, check};
use super::estimate::HandEstimate;
use super::fit::Fitter;
use super::model::{Detector, InputKind, KeypointModel};
use super::person::Person;
use super::place::Place;
use super::refusal::Refusal;
use super::seek::is_same;
use super::settings::TrackerSettings;
use super::shot::Shot;
use super::side::SideBelief;
use super::times::{StageTimes, ms_since};
use super::track::Track;
use crate::rig::Rig;

/// Times that a place found anew is looked at, the later ones around what was seen before.
const LOOKS: usize = 2;

/// What the tracker says of one shot.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Tracked {
    /// Hands, the longest followed first.
    pub hands: Vec<HandEstimate>,
    /// Tracks that ended with this shot: their hand was not found where it should have been.
    pub lost: Vec<u32>,
    /// Why there was no hand at places that were looked at, one for each.
    pub refused: Vec<Refusal>,
    /// Outputs of the networks that held numbers which are none (NaN or infinite) where keypoints, sides or boxes were wanted.
    pub broken_outputs: Vec<String>,
    /// What it took.
    pub times: StageTimes,
}

/// Follows hands from shot to shot.
pub struct Tracker {
    pub(super) model: KeypointModel,
    pub(super) detector: Option<Detector>,
    pub(super) rig: Arc<Rig>,
    pub(super) fitter: Option<Fitter>,
    pub(super) settings: TrackerSettings,
    pub(super) tracks: Vec<Track>,
    next_number: u32,
    pub(super) person: Person,
    last: Option<(f64, u32, u32)>,
    shots: u64,
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

    /// Whether a shot has what the model looks at.
    ///
    /// # Errors
    /// It has not: [`TrackError::Picture`].
    pub fn check(&self, shot: &Shot) -> Result<(), TrackError> {
        check(shot, self.model.spec())
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
        let looks = self.look(shot, &places, tracked)?;
        let beliefs: Vec<SideBelief> = tracks.iter().map(|track| track.belief).collect();
        for (number, (mut track, looks)) in tracks.into_iter().zip(looks).enumerate() {
            let others = beliefs.iter().enumerate().filter(|(other, _)| *other != number);
            track.belief.beside(others.map(|(_, belief)| belief));
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
        let mut places = self.find(shot, tracked)?;
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
                let looked = self.look(shot, std::slice::from_ref(&place), tracked)?;
                let mut track = Track::new(self.next_number, self.settings.smoothing);
                track.belief.beside(self.tracks.iter().map(|other| &other.belief));
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
            let looks = self.look(shot, std::slice::from_ref(place), tracked)?;
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
}

/// Adds names that are not there yet.
pub(super) fn add_names(all: &mut Vec<String>, names: &[String]) {
    for name in names {
        if !all.contains(name) {
            all.push(name.clone());
        }
    }
}
