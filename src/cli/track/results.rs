//! Files of a run: estimates, metrics, pictures, the page.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use super::args::TrackArgs;
use crate::evaluation::{Animation, CocoResults, Collector, EstimateRecord, EstimatesHeader, EstimatesWriter, overlay};
use crate::metrics::{EvaluationSummary, Options};
use crate::report::write_file;
use crate::sequence::{Moment, Source};
use crate::tracker::{Tracked, Tracker};
use crate::view;

/// The file that tells a run's folder from others.
const ESTIMATES: &str = "estimates.jsonl";

/// Gathers and writes what comes of a run.
pub(super) struct Results {
    folder: PathBuf,
    estimates: EstimatesWriter<BufWriter<File>>,
    coco: CocoResults,
    collector: Collector,
    animation: Animation,
    title: String,
    facts: Vec<(String, String)>,
    /// Moments of the run, if that is known, and pictures to be written of them.
    count: Option<u64>,
    overlays: u64,
    moments: u64,
    tracked: u64,
    times_s: [Option<f64>; 2],
}

impl Results {
    pub(super) fn create(
        folder: &Path,
        args: &TrackArgs,
        tracker: &Tracker,
        source: &dyn Source,
    ) -> anyhow::Result<Self> {
        empty(folder, &args.source)?;
        let pictures = folder.join("overlays");
        std::fs::create_dir_all(&pictures).with_context(|| format!("cannot create `{}`", pictures.display()))?;
        let path = folder.join(ESTIMATES);
        let file = File::create(&path).with_context(|| format!("cannot write `{}`", path.display()))?;
        let spec = tracker.model().spec();
        let header = EstimatesHeader::new(&spec.name, &source.info().name);
        Ok(Self {
            folder: folder.to_owned(),
            estimates: EstimatesWriter::new(BufWriter::new(file), &path, &header)?,
            coco: CocoResults::default(),
            collector: Collector::new(Options { root: 0, rig: Some(tracker.rig().clone()) }),
            animation: Animation::default(),
            title: format!("{} on {}", spec.name, source.info().name),
            facts: facts(args, tracker, source),
            count: source.info().count,
            overlays: args.overlays,
            moments: 0,
            tracked: 0,
            times_s: [None; 2],
        })
    }

    /// True for the moments of which a picture is written: evenly, or, of a run of unknown length, the first of every second.
    fn is_drawn(&self) -> bool {
        match self.count {
            Some(count) => self.moments * self.overlays / count != (self.moments + 1) * self.overlays / count,
            None => self.moments.is_multiple_of(30) && self.moments / 30 < self.overlays,
        }
    }

    /// Nothing was tracked yet.
    pub(super) fn is_empty(&self) -> bool {
        self.tracked == 0
    }

    /// A moment that could not be tracked.
    pub(super) fn skip(&mut self) {
        self.moments += 1;
    }

    pub(super) fn add(&mut self, moment: &Moment, tracked: &Tracked) -> anyhow::Result<()> {
        let mut latency_ms: BTreeMap<String, f64> =
            tracked.times.named().into_iter().map(|(name, ms)| (name.to_owned(), f64::from(ms))).collect();
        latency_ms.insert("total".into(), f64::from(tracked.times.total()));
        let record = EstimateRecord {
            id: moment.id.clone(),
            index: moment.index,
            split: moment.truth.as_ref().map_or(String::new(), |label| label.split.clone()),
            time_s: moment.shot.time_s,
            latency_ms,
            hands: tracked.hands.clone(),
        };
        self.estimates.write(&record)?;
        self.coco.add(&record)?;
        let picture = view::picture(&moment.shot.views[0]);
        self.collector.add(&record, moment.truth.as_ref(), picture.as_ref())?;
        if let Some(picture) = picture {
            let drawn = overlay(&picture, moment.truth.as_ref(), &record.hands);
            self.animation.add(&drawn);
            if self.is_drawn() {
                let bytes = crate::dataset::encode::png_rgb8(&drawn)?;
                let name = format!("{}.png", record.id.replace(['/', '\\'], "_"));
                write_file(&self.folder.join("overlays").join(name), &bytes)?;
            }
        }
        self.moments += 1;
        self.tracked += 1;
        self.times_s = [self.times_s[0].or(Some(record.time_s)), Some(record.time_s)];
        Ok(())
    }

    /// Writes what sums the run up; returns the number of moments and the metrics.
    pub(super) fn finish(self, folder: &Path) -> anyhow::Result<(u64, EvaluationSummary)> {
        self.estimates.finish()?;
        write_file(&folder.join("coco_results.json"), &self.coco.finish())?;
        let frame_s = match self.times_s {
            [Some(first), Some(last)] if self.tracked > 1 => (last - first).max(0.0) / (self.tracked - 1) as f64,
            _ => 0.0,
        };
        // single pictures have no pace of their own
        let frame_s = if frame_s > 0.0 { frame_s } else { 0.5 };
        if let Some(bytes) = self.animation.finish(frame_s)? {
            write_file(&folder.join("overlay.apng"), &bytes)?;
        }
        let outcome = self.collector.finish();
        outcome.write(folder, &self.title, &self.facts)?;
        Ok((self.tracked, outcome.summary))
    }
}

/// What a run writes beside `estimates.jsonl` and `overlays`.
const FILES: [&str; 4] = ["report.html", "metrics.json", "coco_results.json", "overlay.apng"];

/// Takes away what an earlier run left; a folder with anything else is refused.
fn empty(folder: &Path, source: &str) -> anyhow::Result<()> {
    let real = |path: &Path| path.canonicalize().ok();
    if let (Some(out), Some(source)) = (real(folder), real(Path::new(source)))
        && source.starts_with(&out)
    {
        bail!("`--out {}` holds the source itself\nhint: give another folder", folder.display());
    }
    let Ok(mut entries) = folder.read_dir() else { return Ok(()) };
    if entries.next().is_some() && !folder.join(ESTIMATES).is_file() {
        bail!(
            "`{}` is not empty, and no earlier run of `track`\nhint: give another folder with `--out`",
            folder.display()
        );
    }
    for name in FILES {
        let path = folder.join(name);
        if path.exists() {
            std::fs::remove_file(&path).with_context(|| format!("cannot replace `{}`", path.display()))?;
        }
    }
    let pictures = folder.join("overlays");
    if pictures.exists() {
        std::fs::remove_dir_all(&pictures).with_context(|| format!("cannot empty `{}`", pictures.display()))?;
    }
    Ok(())
}

fn facts(args: &TrackArgs, tracker: &Tracker, source: &dyn Source) -> Vec<(String, String)> {
    let spec = tracker.model().spec();
    let mut facts = vec![
        ("model".to_owned(), format!("{} ({})", spec.name, args.model.display())),
        ("source".to_owned(), args.source.clone()),
        ("told".to_owned(), format!("{:?}", args.given).to_lowercase()),
        ("smoothing".to_owned(), format!("{:?}", args.smooth).to_lowercase()),
        ("runtime".to_owned(), format!("{:?}", args.runtime).to_lowercase()),
    ];
    if !spec.description.is_empty() {
        facts.insert(1, ("description".to_owned(), spec.description.clone()));
    }
    facts.extend(source.info().notes.iter().map(|note| ("note".to_owned(), note.clone())));
    facts
}
