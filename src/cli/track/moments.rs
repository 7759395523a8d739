//! The moments of a source that the model can look at; the others are counted.

use std::collections::VecDeque;

use anyhow::bail;

use super::stop;
use crate::cli::talk::say;
use crate::sequence::{Moment, SequenceError, Source, SourceInfo};
use crate::tracker::Tracker;

/// After so many moments in vain the user is told that the search goes on.
const MANY: u64 = 500;

/// The moments of a source that the model can look at.
pub(super) struct Moments {
    source: Box<dyn Source>,
    /// What was read while the first good one was sought.
    waiting: VecDeque<Result<Moment, SequenceError>>,
    needs_label: bool,
    /// Left out: without the pictures that the model takes.
    lacking: u64,
    /// Left out: without the labels that say where hands are.
    unlabelled: u64,
}

impl Moments {
    /// Looks for the first good moment, so that a source without any is refused before anything is written. `needs_label` if the
    /// tracker is told from labels where hands are.
    pub(super) fn new(source: Box<dyn Source>, tracker: &Tracker, needs_label: bool) -> anyhow::Result<Self> {
        let mut moments = Self { source, waiting: VecDeque::new(), needs_label, lacking: 0, unlabelled: 0 };
        let mut why = None;
        while !stop::is_asked() {
            let Some(moment) = moments.source.next_moment() else { break };
            match moment.map(|moment| (tracker.check(&moment.shot), moment)) {
                Ok((Ok(()), moment)) if moments.has_label(&moment) => {
                    moments.waiting.push_back(Ok(moment));
                    return Ok(moments);
                }
                Ok((Ok(()), _)) => moments.unlabelled += 1,
                Ok((Err(error), _)) => {
                    moments.lacking += 1;
                    why.get_or_insert(error);
                    // a video or camera gives the same for ever
                    if moments.source.info().count.is_none() {
                        break;
                    }
                }
                Err(error) => moments.waiting.push_back(Err(error)),
            }
            if moments.lacking + moments.unlabelled == MANY {
                say(&format!("none of the first {MANY} moments can be tracked; looking on"));
            }
        }
        let unreadable = moments.waiting.len();
        match (why, moments.waiting.pop_front(), moments.unlabelled) {
            (Some(why), ..) => {
                let all =
                    if moments.lacking > 1 { format!(" (all of {} moments)", moments.lacking) } else { String::new() };
                bail!("nothing in `{}` can be tracked{all}: {why}", moments.info().name)
            }
            (None, _, unlabelled) if unlabelled > 0 => bail!(
                "`--given` takes from labels where hands are, and no moment of `{}` has one\nhint: leave `--given` out",
                moments.info().name
            ),
            (None, Some(Err(error)), _) => {
                Err(anyhow::Error::from(error)
                    .context(format!("none of {unreadable} moments can be read; the first one")))
            }
            (None, ..) => Ok(moments),
        }
    }

    pub(super) fn info(&self) -> &SourceInfo {
        self.source.info()
    }

    fn has_label(&self, moment: &Moment) -> bool {
        moment.truth.is_some() || !self.needs_label
    }

    /// The next moment that can be tracked, or what is wrong with one; `None` at the end.
    pub(super) fn next(&mut self, tracker: &Tracker) -> Option<Result<Moment, SequenceError>> {
        loop {
            let moment = match self.waiting.pop_front().or_else(|| self.source.next_moment())? {
                Ok(moment) => moment,
                Err(error) => return Some(Err(error)),
            };
            if tracker.check(&moment.shot).is_err() {
                self.lacking += 1;
            } else if !self.has_label(&moment) {
                self.unlabelled += 1;
            } else {
                return Some(Ok(moment));
            }
            if stop::is_asked() {
                return None;
            }
        }
    }

    /// What was left out, in words.
    pub(super) fn left_out(&self) -> Vec<String> {
        let counts = [
            (self.lacking, "have not the pictures that the model looks at and were left out"),
            (self.unlabelled, "have no label, from which `--given` takes where hands are, and were left out"),
        ];
        counts
            .into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, words)| format!("{count} moments {words}"))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::assets::Assets;
    use crate::frame::Plane;
    use crate::sequence::guessed_camera;
    use crate::tracker::model::{KeypointModel, RunSettings};
    use crate::tracker::{Shot, TrackerSettings, View};

    /// What each moment of a source has.
    #[derive(Clone, Copy)]
    enum Has {
        Colour,
        Depth,
        Damage,
    }

    struct Fake(SourceInfo, VecDeque<Has>);

    fn source(moments: &[Has]) -> Box<dyn Source> {
        let info = SourceInfo { name: "fake".into(), count: Some(moments.len() as u64), notes: Vec::new() };
        Box::new(Fake(info, moments.iter().copied().collect()))
    }

    impl Source for Fake {
        fn info(&self) -> &SourceInfo {
            &self.0
        }

        fn next_moment(&mut self) -> Option<Result<Moment, SequenceError>> {
            let (mut rgb, mut depth_z_m) = (None, None);
            match self.1.pop_front()? {
                Has::Colour => rgb = Some(Plane::filled(8, 8, [0; 3])),
                Has::Depth => depth_z_m = Some(Plane::filled(8, 8, 0.5)),
                Has::Damage => return Some(Err(SequenceError::NoPicture { id: "damaged".into() })),
            }
            let view = View { camera: guessed_camera(8, 8, 60.0), calibrated: false, rgb, grey: None, depth_z_m };
            let shot = Shot { time_s: 0.0, views: vec![view] };
            Some(Ok(Moment { shot, id: String::new(), index: 0, starts_clip: true, truth: None }))
        }
    }

    /// Of a model that looks at colour.
    fn tracker() -> Tracker {
        let model = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/models/heatmaps.toml");
        let model = KeypointModel::load(&model, &RunSettings::default()).unwrap();
        let assets = Assets::new().unwrap();
        assets.open_rig("adult").unwrap();
        Tracker::new(model, None, assets.coarse_rig("adult").unwrap(), TrackerSettings::default())
    }

    #[test]
    fn a_source_without_what_the_model_sees_is_one_error() {
        let tracker = tracker();
        let error = |moments: &[Has], needs_label| {
            Moments::new(source(moments), &tracker, needs_label).err().map(|e| format!("{e:#}")).unwrap()
        };
        let depth = error(&[Has::Damage, Has::Depth, Has::Depth], false);
        assert!(
            depth.contains("`fake`") && depth.contains("all of 2 moments") && depth.contains("looks at colour"),
            "{depth}"
        );
        assert_eq!(depth.matches("hint:").count(), 1);
        assert!(error(&[Has::Damage, Has::Damage], false).contains("none of 2 moments can be read"));
        let unlabelled = error(&[Has::Colour, Has::Colour], true);
        assert!(unlabelled.contains("`--given`") && unlabelled.contains("hint: "), "{unlabelled}");
    }

    #[test]
    fn moments_that_lack_what_the_model_sees_are_counted_once() {
        let tracker = tracker();
        let mixed = [Has::Depth, Has::Damage, Has::Depth, Has::Colour, Has::Damage, Has::Depth, Has::Colour];
        let mut moments = Moments::new(source(&mixed), &tracker, false).unwrap();
        let mut seen = [0, 0];
        while let Some(moment) = moments.next(&tracker) {
            seen[usize::from(moment.is_ok())] += 1;
        }
        assert_eq!(seen, [2, 2], "damaged ones are told one by one");
        let left_out = moments.left_out();
        assert!(left_out.len() == 1 && left_out[0].starts_with("3 moments have not"), "{left_out:?}");
    }
}
