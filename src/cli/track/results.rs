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
use crate::sequence::{Moment, SourceInfo};
use crate::tracker::{StageTimes, Tracked, Tracker};
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
    /// First moment in which each output held no numbers.
    broken_first: BTreeMap<String, String>,
}

impl Results {
    pub(super) fn create(
        folder: &Path,
        args: &TrackArgs,
        tracker: &Tracker,
        source: &SourceInfo,
    ) -> anyhow::Result<Self> {
        empty(folder, &args.source)?;
        let pictures = folder.join("overlays");
        std::fs::create_dir_all(&pictures).with_context(|| format!("cannot create `{}`", pictures.display()))?;
        let path = folder.join(ESTIMATES);
        let file = File::create(&path).with_context(|| format!("cannot write `{}`", path.display()))?;
        let spec = tracker.model().spec();
        let header = EstimatesHeader::new(&spec.name, &source.name);
        Ok(Self {
            folder: folder.to_owned(),
            estimates: EstimatesWriter::new(BufWriter::new(file), &path, &header)?,
            coco: CocoResults::default(),
            collector: Collector::new(Options { root: 0, rig: Some(tracker.rig().clone()) }),
            animation: Animation::default(),
            title: format!("{} on {}", spec.name, source.name),
            facts: facts(args, tracker, source),
            count: source.count,
            overlays: args.overlays,
            moments: 0,
            tracked: 0,
            times_s: [None; 2],
            broken_first: BTreeMap::new(),
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
        for output in &tracked.broken_outputs {
            self.broken_first.entry(output.clone()).or_insert_with(|| moment.id.clone());
        }
        let record = EstimateRecord {
            id: moment.id.clone(),
            index: moment.index,
            split: moment.truth.as_ref().map_or(String::new(), |label| label.split.clone()),
            time_s: moment.shot.time_s,
            latency_ms: latency_ms(&tracked.times),
            hands: tracked.hands.clone(),
            starts_clip: moment.starts_clip,
            refused: tracked.refused.clone(),
            broken_outputs: tracked.broken_outputs.clone(),
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

    /// Writes what sums the run up, with `notes` on its head; returns the number of moments, the metrics, and what a user should
    /// know besides.
    pub(super) fn finish(
        mut self,
        folder: &Path,
        notes: Vec<String>,
    ) -> anyhow::Result<(u64, EvaluationSummary, Vec<String>)> {
        self.facts.extend(notes.into_iter().map(|note| ("note".to_owned(), note)));
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
        let remarks = remarks(&outcome.summary, &self.broken_first);
        Ok((self.tracked, outcome.summary, remarks))
    }
}

/// Only stages that ran; the total only if the network did.
fn latency_ms(times: &StageTimes) -> BTreeMap<String, f64> {
    let ran = times.named().into_iter().filter(|(_, ms)| *ms > 0.0);
    let total = (times.network > 0.0).then(|| ("total", times.total()));
    ran.chain(total).map(|(name, ms)| (name.to_owned(), f64::from(ms))).collect()
}

/// Outputs that were no numbers, and why nothing was found if nothing was.
fn remarks(summary: &EvaluationSummary, broken_first: &BTreeMap<String, String>) -> Vec<String> {
    let mut remarks: Vec<String> = summary
        .broken_outputs
        .iter()
        .map(|(output, count)| {
            let first = broken_first.get(output).map_or("", String::as_str);
            format!(
                "output `{output}` held NaN or infinity in {count} of {} moments, first in `{first}`\nhint: check the network in Python \
                 on that picture; `input.mean`, `input.std` and `input.white` of model.toml may not be those of its training",
                summary.frames
            )
        })
        .collect();
    if summary.alone.frames_with_hands == 0 && summary.frames > 0 {
        let reasons: Vec<String> =
            summary.refused.iter().map(|(reason, count)| format!("{} ({count})", reason.words())).collect();
        let why = if reasons.is_empty() { "no place was found to look at".to_owned() } else { reasons.join("; ") };
        remarks.push(format!("no hand was found in any of {} moments: {why}", summary.frames));
    }
    remarks
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

fn facts(args: &TrackArgs, tracker: &Tracker, source: &SourceInfo) -> Vec<(String, String)> {
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
    facts.extend(source.notes.iter().map(|note| ("note".to_owned(), note.clone())));
    facts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tracker::Refusal;

    #[test]
    fn what_did_not_run_has_no_latency() {
        let nothing = StageTimes { detect: 0.2, ..StageTimes::default() };
        assert_eq!(latency_ms(&nothing).into_keys().collect::<Vec<_>>(), ["detect"]);
        let all = latency_ms(&StageTimes { network: 8.0, fit: 0.5, ..nothing });
        assert_eq!(all.keys().collect::<Vec<_>>(), ["detect", "fit", "network", "total"]);
        assert!((all["total"] - 8.7).abs() < 1e-4);
    }

    #[test]
    fn broken_outputs_and_empty_runs_are_told_with_their_reason() {
        let mut summary = EvaluationSummary { frames: 16, ..EvaluationSummary::default() };
        summary.broken_outputs.insert("heat".into(), 5);
        summary.refused.insert(Refusal::NoNumbers, 5);
        let first = BTreeMap::from([("heat".to_owned(), "000003".to_owned())]);
        let told = remarks(&summary, &first);
        assert_eq!(told.len(), 2);
        assert!(told[0].contains("`heat` held NaN or infinity in 5 of 16 moments, first in `000003`"), "{told:?}");
        assert!(
            told[1].contains("no hand was found in any of 16 moments: the model gave numbers that are none (5)"),
            "{told:?}"
        );
        summary.alone.frames_with_hands = 11;
        assert_eq!(remarks(&summary, &first).len(), 1);
        summary.broken_outputs.clear();
        assert!(remarks(&summary, &first).is_empty());
    }
}
