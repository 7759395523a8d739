//! Makes the report of a dataset on disk.

use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::{Heading, ReportError, ReportSample, Statistics, contact_sheet, draw::Canvas, page};
use crate::dataset::{Chunk, DatasetError, DatasetPlan, DatasetReader, StoredSample, encode};

/// Samples read for the report; larger datasets are represented by whole shards spread evenly over them.
const READ: u64 = 4096;
/// Samples decoded at a time.
const WINDOW: usize = 256;

/// Write `report.html` and `contact-sheet.png` into a dataset's folder.
pub fn write(folder: &Path) -> Result<(), ReportError> {
    let reader = DatasetReader::open(folder)?;
    let chunks = shown_chunks(reader.plan());
    let mut collector = Collector::new(chunks.iter().map(|c| c.count).sum());
    for chunk in &chunks {
        let mut stored = reader.stored(chunk)?.peekable();
        while stored.peek().is_some() {
            let window: Vec<_> = stored.by_ref().take(WINDOW).collect();
            let samples: Vec<_> = window.into_par_iter().map(|bytes| reader.decode(&bytes?)).collect();
            for sample in samples {
                collector.add(&sample?);
            }
        }
    }
    let (html, sheet) = collector.finish(heading(folder, &reader)?)?;
    let sheet = encode::png_rgb8(&sheet).map_err(|source| ReportError::Sheet(Box::new(source)))?;
    write_file(&folder.join("contact-sheet.png"), &sheet)?;
    write_file(&folder.join("report.html"), html.as_bytes())
}

/// Write a file under a temporary name, then give it its own: it is whole or not there.
pub fn write_file(path: &Path, bytes: &[u8]) -> Result<(), ReportError> {
    let part = PathBuf::from(format!("{}.part", path.display()));
    let io = |source| ReportError::Write { path: path.to_owned(), source };
    std::fs::write(&part, bytes).and_then(|()| std::fs::rename(&part, path)).map_err(|source| {
        // nothing half-written stays behind; if even that fails there is no more to do
        std::fs::remove_file(&part).ok();
        io(source)
    })
}

fn shown_chunks(plan: &DatasetPlan) -> Vec<Chunk> {
    let every = plan.total().div_ceil(READ).max(1) as usize;
    plan.chunks().into_iter().step_by(every).collect()
}

/// What the preset beside the dataset says it is for; nothing if there is none.
fn description(folder: &Path) -> String {
    let preset = std::fs::read_to_string(folder.join("preset.toml")).unwrap_or_default();
    let table = preset.parse::<toml::Table>().unwrap_or_default();
    table.get("description").and_then(toml::Value::as_str).unwrap_or_default().to_owned()
}

fn heading(folder: &Path, reader: &DatasetReader) -> Result<Heading, DatasetError> {
    let plan = reader.plan();
    let name = folder.file_name().unwrap_or("dataset".as_ref()).to_string_lossy().into_owned();
    let mut facts = vec![
        ("planned".to_owned(), plan.total().to_string()),
        ("seed".to_owned(), plan.seed.to_string()),
        ("format".to_owned(), format!("{:?}", plan.output.format).to_lowercase()),
        ("preset hash".to_owned(), plan.preset_hash.clone()),
        ("made by".to_owned(), plan.generator.clone()),
    ];
    let mut faults = Vec::new();
    match reader.manifest()? {
        Some(manifest) => {
            facts.push(("size".to_owned(), format!("{:.1} MB", manifest.bytes as f64 / 1e6)));
            faults.extend(manifest.failures.iter().map(|f| format!("sample {}: {}", f.index, f.cause)));
        }
        None => faults.push("the dataset is not finished".to_owned()),
    }
    Ok(Heading { name, description: description(folder), facts, faults })
}

/// Samples shown in the report, spread evenly over the dataset.
const SHOWN: u64 = 64;

/// Gathers statistics over all samples and keeps an even spread of them to show.
pub struct Collector {
    every: u64,
    seen: u64,
    samples: Vec<ReportSample>,
    statistics: Statistics,
}

impl Collector {
    /// For a known number of samples.
    pub fn new(total: u64) -> Self {
        let every = total.div_ceil(SHOWN).max(1);
        Self { every, seen: 0, samples: Vec::new(), statistics: Statistics::default() }
    }

    /// Count one sample, and keep it if its turn has come.
    pub fn add(&mut self, sample: &StoredSample) {
        let labels = sample.label.labels();
        self.statistics.add(&sample.label.split, &sample.label.scene, &labels);
        if self.seen.is_multiple_of(self.every) {
            self.samples.push(ReportSample {
                id: sample.label.id.clone(),
                picture: sample.rgb.clone(),
                part: sample.part.clone(),
                depth_z_m: sample.depth_z_m.clone(),
                caption: caption(sample),
                labels,
            });
        }
        self.seen += 1;
    }

    /// The page and the contact sheet.
    pub fn finish(self, mut heading: Heading) -> Result<(String, Canvas), ReportError> {
        heading.facts.insert(0, ("samples looked at".into(), self.statistics.samples().to_string()));
        heading.facts.insert(1, ("hands in them".into(), self.statistics.hands().to_string()));
        Ok((page(&heading, &self.samples, &self.statistics)?, contact_sheet(&self.samples)))
    }
}

fn caption(sample: &StoredSample) -> String {
    let hands: Vec<_> = sample
        .label
        .hands
        .iter()
        .map(|hand| {
            let side = if hand.side == crate::rig::HandSide::Left { "left" } else { "right" };
            format!("{side} S{} {}", hand.tone, hand.gesture)
        })
        .collect();
    hands.join(", ")
}
