//! Runs the rules over a whole dataset and compares what is there with what the manifest promises.

use std::collections::BTreeMap;
use std::path::Path;

use super::continuity::Continuity;
use super::rules::{Exactness, Fault, faults};
use crate::dataset::{
    DatasetError, DatasetPlan, DatasetReader, HandloomReader, Manifest, OutputFormat, Pictures, SampleLabel, in_order,
};

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

    /// Number of samples with at least one fault.
    pub fn bad_samples(&self) -> usize {
        self.by_sample.chunk_by(|a, b| a.0 == b.0).count()
    }

    fn add(&mut self, id: Option<String>, fault: Fault) {
        match id {
            Some(id) => self.by_sample.push((id, fault)),
            None => self.dataset.push(fault),
        }
    }
}

/// Checks every file, label and count of a dataset that this program wrote.
pub fn check_dataset(folder: &Path) -> Result<CheckReport, DatasetError> {
    let reader = HandloomReader::open(folder)?;
    let mut report = check_samples(&reader, |error| sample_of(reader.plan(), error));
    check_manifest(&reader, &mut report);
    Ok(report)
}

/// Checks every label and picture of anyone's dataset.
pub fn check_set(reader: &dyn DatasetReader) -> CheckReport {
    check_samples(reader, |_| None)
}

/// Looks at every sample. `owner` names the sample whose file an error of [`DatasetReader::changes`] speaks of.
fn check_samples(reader: &dyn DatasetReader, owner: impl Fn(&DatasetError) -> Option<String>) -> CheckReport {
    let mut report = CheckReport::default();
    for fault in &reader.info().faults {
        report.add(fault.id.clone(), Fault { rule: "files", message: fault.message.clone() });
    }
    for error in reader.changes() {
        let fault = Fault { rule: "files", message: said(&error) };
        report.add(owner(&error), fault);
    }
    let mut continuity = Continuity::default();
    let mut pictures = Duplicates::default();
    let looked = in_order::<_, std::convert::Infallible>(
        0..reader.count(),
        |number| check_sample(reader, number),
        |_, result| {
            match result {
                Ok((label, found, hash)) => {
                    report.samples += 1;
                    report.hands += label.hands.len() as u64;
                    let found = found.into_iter().chain(continuity.next(&label)).chain(pictures.next(&label, hash));
                    report.by_sample.extend(found.map(|f| (label.id.clone(), f)));
                }
                Err((id, error)) => {
                    let id = id.or_else(|| owner(&error));
                    report.unreadable += u64::from(id.is_some());
                    // a sample whose files are not those written was told of: that it cannot be read follows
                    if !report.by_sample.iter().any(|(other, told)| told.rule == "files" && id.as_ref() == Some(other))
                    {
                        report.add(id, Fault { rule: "files", message: said(&error) });
                    }
                }
            }
            Ok(())
        },
    );
    let Ok(()) = looked;
    if report.samples == 0 {
        let message = "no sample could be read: there is nothing to check".to_owned();
        report.dataset.push(Fault { rule: "files", message });
    }
    report.dataset.sort();
    report.dataset.dedup();
    report.by_sample.sort();
    report.by_sample.dedup();
    report
}

type Checked = (SampleLabel, Vec<Fault>, Option<blake3::Hash>);

fn check_sample(reader: &dyn DatasetReader, number: u64) -> Result<Checked, (Option<String>, DatasetError)> {
    let label = reader.label(number).map_err(|error| (None, error))?;
    let pictures = reader.pictures(number, &label);
    let pictures = pictures.map_err(|error| (Some(label.id.clone()), error))?;
    let mut found = faults(&label, &pictures, Exactness::of(&label));
    if let Err(error) = pictures.check_sizes(label.width, label.height) {
        found.push(Fault { rule: "files", message: error.to_string() });
    }
    let hash = picture_hash(&pictures);
    Ok((label, found, hash))
}

/// Pictures that were seen already.
#[derive(Default)]
struct Duplicates(BTreeMap<[u8; 32], String>);

impl Duplicates {
    fn next(&mut self, label: &SampleLabel, hash: Option<blake3::Hash>) -> Option<Fault> {
        let first = self.0.entry(*hash?.as_bytes()).or_insert_with(|| label.id.clone());
        (*first != label.id).then(|| Fault { rule: "duplicate", message: format!("the picture is that of `{first}`") })
    }
}

fn picture_hash(pictures: &Pictures) -> Option<blake3::Hash> {
    if let Some(rgb) = &pictures.rgb {
        return Some(blake3::hash(rgb.data.as_flattened()));
    }
    let depth = pictures.depth_z_m.as_ref()?;
    let mut hasher = blake3::Hasher::new();
    for z in &depth.data {
        hasher.update(&z.to_le_bytes());
    }
    Some(hasher.finalize())
}

fn check_manifest(reader: &HandloomReader, report: &mut CheckReport) {
    match reader.manifest() {
        Ok(Some(manifest)) => check_counts(&manifest, report),
        Ok(None) => {
            let message = "`manifest.json` is missing: the dataset is not finished".to_owned();
            report.dataset.push(Fault { rule: "manifest", message });
        }
        Err(error) => report.dataset.push(Fault { rule: "manifest", message: said(&error) }),
    }
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
    (!matches!(plan.output.format, OutputFormat::Rhd | OutputFormat::Freihand)).then(|| plan.sample_id(number))
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
