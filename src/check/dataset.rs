//! Runs the rules over a whole dataset and compares what is there with what the manifest promises.

use std::path::Path;

use rayon::prelude::*;

use super::continuity::Continuity;
use super::rules::{Evidence, Fault, faults};
use crate::camera::{Camera, Intrinsics};
use crate::dataset::{
    Chunk, DatasetError, DatasetPlan, DatasetReader, Manifest, OutputFormat, SampleLabel, StoredBytes,
};

/// Samples decoded at a time.
const WINDOW: usize = 256;

/// What a check found.
#[derive(Debug, Clone, Default)]
pub struct CheckReport {
    /// Samples looked at.
    pub samples: u64,
    /// Hands looked at.
    pub hands: u64,
    /// Faults of the dataset as a whole: shards, counts, files.
    pub dataset: Vec<Fault>,
    /// Faults of single samples: id and fault, in order.
    pub by_sample: Vec<(String, Fault)>,
    /// Samples that are there and cannot be read; each has a fault.
    unreadable: u64,
    /// Samples that the manifest lists as failed.
    pub failed: u64,
}

impl CheckReport {
    /// True if nothing is wrong.
    pub fn is_sound(&self) -> bool {
        self.dataset.is_empty() && self.by_sample.is_empty()
    }

    /// A file that cannot be read or is not the one that was written, at its sample if it is a sample's.
    fn add_file_fault(&mut self, plan: &DatasetPlan, error: &DatasetError) {
        let fault = Fault { rule: "files", message: said(error) };
        match sample_of(plan, error) {
            Some(id) => self.by_sample.push((id, fault)),
            None => self.dataset.push(fault),
        }
    }

    /// Number of samples with at least one fault.
    pub fn bad_samples(&self) -> usize {
        self.by_sample.chunk_by(|a, b| a.0 == b.0).count()
    }
}

/// Checks every file, label and count of the dataset in a folder.
pub fn check_dataset(folder: &Path) -> Result<CheckReport, DatasetError> {
    let reader = DatasetReader::open(folder)?;
    let mut report = CheckReport::default();
    let manifest = check_manifest(&reader, &mut report);
    let mut continuity = Continuity::default();
    for chunk in reader.plan().chunks() {
        let changes = reader.changes(&chunk);
        let is_missing = changes.iter().any(|e| matches!(e, DatasetError::MissingShard { .. }));
        for error in &changes {
            report.add_file_fault(reader.plan(), error);
        }
        if !is_missing {
            check_chunk(&reader, &chunk, &mut continuity, &mut report);
        }
    }
    if let Some(manifest) = manifest {
        for error in reader.changed_annotations(&manifest) {
            report.add_file_fault(reader.plan(), &error);
        }
        check_counts(&manifest, &mut report);
    }
    report.by_sample.sort();
    report.by_sample.dedup();
    Ok(report)
}

fn check_manifest(reader: &DatasetReader, report: &mut CheckReport) -> Option<Manifest> {
    let message = match reader.manifest() {
        Ok(Some(manifest)) => return Some(manifest),
        Ok(None) => "`manifest.json` is missing: the dataset is not finished".to_owned(),
        Err(error) => said(&error),
    };
    report.dataset.push(Fault { rule: "manifest", message });
    None
}

fn check_counts(manifest: &Manifest, report: &mut CheckReport) {
    report.failed = manifest.failures.len() as u64;
    let readable = report.samples;
    if manifest.samples != readable + report.unreadable {
        let message = format!("the manifest promises {} samples, {readable} could be read", manifest.samples);
        report.dataset.push(Fault { rule: "manifest", message });
    }
    for split in &manifest.splits {
        if split.samples + split.failed != split.planned {
            let message = format!(
                "split `{}`: {} samples and {} failures do not make the {} planned",
                split.name, split.samples, split.failed, split.planned
            );
            report.dataset.push(Fault { rule: "manifest", message });
        }
    }
}

fn check_chunk(reader: &DatasetReader, chunk: &Chunk, continuity: &mut Continuity, report: &mut CheckReport) {
    let stored = match reader.stored(chunk) {
        Ok(stored) => stored,
        Err(error) => return report.add_file_fault(reader.plan(), &error),
    };
    let mut stored = stored.peekable();
    while stored.peek().is_some() {
        let window: Vec<_> = stored.by_ref().take(WINDOW).collect();
        let checked: Vec<_> = window.into_par_iter().map(|bytes| check_stored(reader, bytes)).collect();
        for result in checked {
            match result {
                Ok((label, found)) => {
                    report.samples += 1;
                    report.hands += label.hands.len() as u64;
                    let found = found.into_iter().chain(continuity.next(&label));
                    report.by_sample.extend(found.map(|f| (label.id.clone(), f)));
                }
                Err(error) => {
                    let sample = sample_of(reader.plan(), &error);
                    report.unreadable += u64::from(sample.is_some());
                    // a sample whose files are not those written was told of: that it cannot be read follows
                    if !report.by_sample.iter().any(|(id, fault)| fault.rule == "files" && sample.as_ref() == Some(id))
                    {
                        report.add_file_fault(reader.plan(), &error);
                    }
                }
            }
        }
    }
}

fn check_stored(
    reader: &DatasetReader,
    bytes: Result<StoredBytes, DatasetError>,
) -> Result<(SampleLabel, Vec<Fault>), DatasetError> {
    let bytes = bytes?;
    let sample = reader.decode(&bytes)?;
    let mut found = faults(&Evidence {
        camera: &camera_of(&sample.label),
        labels: &sample.label.labels(),
        instances: &sample.label.instances,
        part: sample.part.as_ref(),
        instance: sample.instance.as_ref(),
        depth_z_m: sample.depth_z_m.as_ref(),
    });
    if sample.label.index != bytes.index {
        let message = format!("the label is that of sample {}, not {}", sample.label.index, bytes.index);
        found.push(Fault { rule: "label", message });
    }
    Ok((sample.label, found))
}

/// The camera as the label file tells it (not as the scene in it does: readers of the dataset use the label).
fn camera_of(label: &SampleLabel) -> Camera {
    let k = label.k;
    Camera {
        intrinsics: Intrinsics {
            width: label.width,
            height: label.height,
            fx: k[0][0],
            fy: k[1][1],
            cx: k[0][2],
            cy: k[1][2],
        },
        lens: label.lens,
        camera_from_world: label.camera_from_world,
    }
}

/// The sample whose file an error speaks of: files of samples begin with its number.
fn sample_of(plan: &DatasetPlan, error: &DatasetError) -> Option<String> {
    let (DatasetError::Changed { path, .. }
    | DatasetError::Picture { path, .. }
    | DatasetError::Json { path, .. }
    | DatasetError::Io { path, .. }) = error
    else {
        return None;
    };
    let number = path.file_name()?.to_str()?.split('.').next()?.parse().ok()?;
    (plan.output.format != OutputFormat::Rhd).then(|| plan.sample_id(number))
}

/// An error and what caused it, on one line.
fn said(error: &DatasetError) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(e) = cause {
        text = format!("{text}: {e}");
        cause = e.source();
    }
    text.replace('\n', " ")
}
