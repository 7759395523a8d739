//! `handloom track`: is my model good on this sequence?

mod args;
mod moments;
mod results;
mod source;
mod stop;
mod watch;

use std::io::Write;
use std::path::PathBuf;

use anyhow::bail;

use super::Outcome;
use super::talk::{say, warn};
use crate::assets::Assets;
use crate::dataset::{HandRecord, SampleLabel};
use crate::evaluation::{Condition, parse_conditions, table_text};
use crate::preset::Preset;
use crate::rig::LANDMARK_COUNT;
use crate::sequence::Moment;
use crate::tracker::fit::FitSettings;
use crate::tracker::model::{KeypointModel, RunSettings, Runtime};
use crate::tracker::smooth::Smoothing;
use crate::tracker::{Place, TrackError, Tracker, TrackerSettings};
pub use args::{ChoiceArgs, Given, RuntimeArg, SmoothArg, TrackArgs};
use moments::Moments;
use results::Results;
use watch::Watch;

/// Moments that failed and are named.
const NAMED: u64 = 5;
/// The one-euro filter's parameters that keep a resting hand quiet and a fast one in step: README, "Smoothing".
const ONE_EURO: Smoothing = Smoothing::OneEuro { min_cutoff_hz: 1.5, beta: 30.0, derivative_cutoff_hz: 1.0 };
/// Hands change their speed by metres per second within a second; networks are off by millimetres.
const KALMAN: Smoothing = Smoothing::Kalman { agility: 4.0, noise_m: 0.004 };

impl TrackArgs {
    pub(super) fn run(&self, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        let conditions = parse_conditions(&self.fail_if)?;
        let mut tracker = self.tracker()?;
        let source = source::open(self)?;
        source.info().notes.iter().for_each(|note| warn(note));
        if !tracker.finds_hands() && self.given == Given::Nothing {
            warn(
                &"the model has no `[detector]`: the whole picture is taken for a hand until one is seen\nhint: `--given boxes` tells it where hands are",
            );
        }
        stop::listen();
        let mut moments = Moments::new(source, &tracker, self.given != Given::Nothing)?;
        let folder = self.folder(&moments.info().name);
        let mut results = Results::create(&folder, self, &tracker, moments.info())?;
        let watch = self.view.map(|port| Watch::start(port, &tracker, moments.info())).transpose()?;
        let failed = self.follow(&mut tracker, &mut moments, &mut results, watch.as_ref())?;
        let left_out = moments.left_out();
        let (tracked, summary, remarks) = results.finish(&folder, left_out.clone())?;
        write!(out, "{}", table_text(&summary))?;
        out.flush()?;
        say(&format!("{tracked} moments: look at `{}`", folder.join("report.html").display()));
        let unmet = unmet(&conditions, &summary);
        if let Some(watch) = watch {
            watch.stay(&summary);
        }
        left_out.iter().chain(&remarks).for_each(|remark| warn(remark));
        if failed > 0 {
            warn(&format!("{failed} moments could not be tracked"));
        }
        // a network whose numbers are none and that found nothing did not work
        let broken = !summary.broken_outputs.is_empty() && summary.alone.frames_with_hands == 0;
        Ok(if failed > 0 || unmet || broken { Outcome::Failures } else { Outcome::Done })
    }

    fn tracker(&self) -> anyhow::Result<Tracker> {
        if !self.model.exists() {
            let hint = "a model is a folder with a model.toml, that file, or an ONNX file with a TOML file of the same name, or a \
                        model.toml, beside it";
            bail!("`{}`: there is no such model\nhint: {hint}", self.model.display());
        }
        let runtime = match self.runtime {
            RuntimeArg::Rten => Runtime::Rten,
            RuntimeArg::Ort => Runtime::Ort,
        };
        let cores = || std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let run = RunSettings { runtime, threads: self.threads.map_or_else(cores, usize::from) };
        let model = KeypointModel::load(&self.model, &run)?;
        let detector = model.detector(&run)?;
        let settings = TrackerSettings {
            hands: usize::from(self.hands),
            smoothing: match self.smooth {
                SmoothArg::None => Smoothing::None,
                SmoothArg::OneEuro => ONE_EURO,
                SmoothArg::Kalman => KALMAN,
            },
            fit: (!self.no_fit).then(FitSettings::default),
            ..TrackerSettings::default()
        };
        let (assets, name) = (Assets::new()?, Preset::default().rig);
        assets.open_rig(&name)?;
        Ok(Tracker::new(model, detector, assets.coarse_rig(&name)?, settings))
    }

    fn folder(&self, source: &str) -> PathBuf {
        let model = self.model.canonicalize().unwrap_or_else(|_| self.model.clone());
        // `model` is the name of all models' files: then their folder's tells more
        let own = model.file_stem().filter(|stem| !model.is_dir() && *stem != "model");
        let folder = if model.is_dir() { Some(model.as_path()) } else { model.parent() };
        let model = own.or(folder.and_then(std::path::Path::file_name)).unwrap_or("model".as_ref());
        let name = format!("{}-{source}", model.to_string_lossy());
        self.out.clone().unwrap_or_else(|| PathBuf::from("out/track").join(name))
    }

    /// Tracks all moments; returns how many could not be.
    fn follow(
        &self,
        tracker: &mut Tracker,
        moments: &mut Moments,
        results: &mut Results,
        watch: Option<&Watch>,
    ) -> anyhow::Result<u64> {
        let (mut failed, mut most) = (0, 0);
        while let Some(moment) = moments.next(tracker).filter(|_| !stop::is_asked()) {
            let stepped = moment.map_err(anyhow::Error::from).and_then(|moment| {
                if moment.starts_clip {
                    tracker.reset();
                }
                most = most.max(moment.truth.as_ref().map_or(0, |truth| truth.hands.len()));
                let given = self.places(&moment);
                Ok((tracker.step(&moment.shot, given.as_deref())?, moment))
            });
            match stepped {
                Ok((tracked, moment)) => {
                    if let Some(watch) = watch {
                        watch.show(&moment, &tracked);
                    }
                    results.add(&moment, &tracked)?;
                }
                // the model fails, and will fail again
                Err(error) if error.downcast_ref::<TrackError>().is_some() && results.is_empty() => return Err(error),
                Err(error) => {
                    failed += 1;
                    results.skip();
                    if failed <= NAMED {
                        warn(&format!("{error:#}"));
                    }
                }
            }
        }
        if most > usize::from(self.hands) {
            warn(&format!("labels hold up to {most} hands in a picture, and `--hands {}` follows no more", self.hands));
        }
        if results.is_empty() && failed > 0 {
            bail!("none of {failed} moments could be tracked");
        }
        Ok(failed)
    }

    /// Where the tracker is told that hands are.
    fn places(&self, moment: &Moment) -> Option<Vec<Place>> {
        if self.given == Given::Nothing {
            return None;
        }
        let truth = moment.truth.as_ref();
        let hands = truth.map_or(&[][..], |truth| &truth.hands);
        let place = |hand: &HandRecord| {
            let truth = truth?;
            let known: Vec<glam::Vec3> = hand.keypoints_camera_m.iter().flatten().copied().collect();
            Some(Place {
                boxes_px: boxes(hand, moment, truth)?,
                centre_m: (known.len() == LANDMARK_COUNT)
                    .then(|| known.iter().sum::<glam::Vec3>() / known.len() as f32),
                side: hand.side.filter(|_| self.given == Given::Sides),
                ..Place::default()
            })
        };
        Some(hands.iter().filter_map(place).take(usize::from(self.hands)).collect())
    }
}

/// Boxes of a hand's keypoints in every view; `None` if it is not in the first one.
fn boxes(hand: &HandRecord, moment: &Moment, truth: &SampleLabel) -> Option<Vec<[f32; 4]>> {
    let first = hand.box_in_picture(truth.width, truth.height)?;
    let keypoints = hand.box_keypoints_px.unwrap_or(first);
    let world_from_first = moment.shot.views[0].camera.camera_from_world.inverse();
    let others = moment.shot.views.iter().skip(1).map(|view| {
        let other_from_first = view.camera.camera_from_world * world_from_first;
        let seen = |p: &Option<glam::Vec3>| view.camera.project(other_from_first.point((*p)?));
        crate::dataset::box_around(hand.keypoints_camera_m.iter().filter_map(seen))
    });
    Some(std::iter::once(keypoints).chain(others.map(|other| other.unwrap_or(NOWHERE))).collect())
}

/// A box that lies in no picture: of a hand behind the camera.
const NOWHERE: [f32; 4] = [-1e9, -1e9, 1.0, 1.0];

/// Says which conditions of the user are not met.
fn unmet(conditions: &[Condition], summary: &crate::metrics::EvaluationSummary) -> bool {
    let failures: Vec<String> = conditions.iter().filter_map(|condition| condition.failure(summary)).collect();
    for failure in &failures {
        warn(&format!("`--fail-if` {failure}"));
    }
    !failures.is_empty()
}
