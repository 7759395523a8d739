//! Writes a dataset shard by shard; see the module's docs for the contract.

use std::fs;
use std::io;
use std::path::Path;

use rayon::prelude::*;

use super::container::Container;
use super::disk::{Disk, SHARDS};
use super::error::{DatasetError, SampleError};
use super::label_json::SampleLabel;
use super::manifest::{self, Manifest};
use super::plan::{Chunk, DatasetPlan, FORMAT_VERSION};
use super::sample::{EncodedSample, Sample, SampleFailure};
use super::sidecar::{Outcome, Sidecar};
use super::source::Pictures;
use super::{erase, layout};

/// Path of the plan in the dataset's folder.
pub(super) const PLAN_PATH: &str = "shards/plan.json";

/// What to do with what is already in the folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OpenMode {
    /// Nothing may be there.
    New,
    /// Continue a dataset of the same plan, or start one where nothing is.
    Resume,
    /// Delete the dataset that is there; files that are not a dataset's stay. Refuses a folder without a dataset.
    Overwrite,
}

/// A part of the work: shards whose index leaves the remainder `part - 1` when divided by `of`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShardOf {
    /// From 1 to `of`.
    pub part: u64,
    /// Number of parts, at least 1.
    pub of: u64,
}

impl ShardOf {
    /// All of the work.
    pub const ALL: Self = Self { part: 1, of: 1 };

    /// True if a shard belongs to this part.
    pub fn holds(self, chunk: &Chunk) -> bool {
        chunk.index % self.of.max(1) == self.part.saturating_sub(1)
    }
}

/// What [`DatasetWriter::finalize`] found.
#[derive(Debug, Clone, PartialEq)]
pub enum Finished {
    /// Every shard is there; the manifest is written.
    Complete(Box<Manifest>),
    /// These shards are not there yet; no manifest was written.
    Missing(Vec<String>),
}

/// Writes one dataset. Shared between threads by reference.
#[derive(Debug)]
pub struct DatasetWriter {
    disk: Disk,
    plan: DatasetPlan,
}

impl DatasetWriter {
    /// Prepares the folder and stores the plan.
    ///
    /// # Errors
    /// Every fault of the plan; a folder that the mode does not allow; another plan's dataset; the file system.
    pub fn open(folder: &Path, plan: DatasetPlan, mode: OpenMode) -> Result<Self, DatasetError> {
        let faults = plan.faults();
        if !faults.is_empty() {
            return Err(DatasetError::BadPlan { faults });
        }
        let disk = Disk::new(folder);
        let path = folder.to_owned();
        match (mode, stored_plan(&disk)?) {
            (OpenMode::Resume, Some(stored)) => {
                let differences = stored.differences(&plan);
                if !differences.is_empty() {
                    return Err(DatasetError::OtherPlan { path, differences });
                }
            }
            (OpenMode::Overwrite, Some(stored)) => erase::erase(&disk, &stored)?,
            (_, None) if is_vacant(folder)? => {}
            (OpenMode::New, _) => return Err(DatasetError::NotEmpty { path }),
            (_, None) => return Err(DatasetError::NotADataset { path }),
        }
        disk.write_json(PLAN_PATH, &plan)?;
        Ok(Self { disk, plan })
    }

    /// What the dataset shall hold.
    pub fn plan(&self) -> &DatasetPlan {
        &self.plan
    }

    /// The dataset's folder.
    pub fn folder(&self) -> &Path {
        self.disk.root()
    }

    /// Shards of a part of the work that are not there or not as their sidecars say. Reads every file that is there.
    pub fn chunks_to_do(&self, part: ShardOf) -> Result<Vec<Chunk>, DatasetError> {
        let chunks = self.plan.chunks().into_iter().filter(|chunk| part.holds(chunk)).collect::<Vec<_>>();
        let checked = chunks.into_par_iter().map(|chunk| Ok((!self.is_done(&chunk)?).then_some(chunk)));
        let to_do = checked.collect::<Result<Vec<_>, DatasetError>>()?;
        Ok(to_do.into_iter().flatten().collect())
    }

    fn is_done(&self, chunk: &Chunk) -> Result<bool, DatasetError> {
        let Some(sidecar) = Sidecar::load(&self.disk, &self.plan, chunk)? else { return Ok(false) };
        match sidecar.verify(&self.disk) {
            Ok(()) => Ok(true),
            Err(DatasetError::Changed { .. }) => Ok(false),
            Err(e) => Err(e),
        }
    }

    /// File contents of a sample. Pure and slow: call it from many threads.
    pub fn encode(&self, sample: &Sample) -> Result<EncodedSample, SampleError> {
        layout::encode_sample(&self.plan, sample)
    }

    /// File contents of a sample that came from another dataset, under a new index. Pure and slow.
    pub fn encode_stored(
        &self,
        index: u64,
        label: SampleLabel,
        pictures: &Pictures,
    ) -> Result<EncodedSample, SampleError> {
        layout::encode_stored(&self.plan, index, label, pictures)
    }

    /// Writes one shard from its samples in order of their index, every one made or failed.
    ///
    /// Several threads may write different shards at once. If it fails, or the samples end early, the shard stays undone.
    pub fn write_chunk<I>(&self, chunk: &Chunk, samples: I) -> Result<Sidecar, DatasetError>
    where
        I: IntoIterator<Item = Result<EncodedSample, SampleFailure>>,
    {
        // the old manifest and sidecar must not outlive the files they speak of
        self.disk.remove(manifest::PATH)?;
        self.disk.remove(&Sidecar::path(chunk))?;
        let mut container = Container::create(&self.disk, &self.plan)?;
        let mut outcome = Outcome::default();
        let mut due = chunk.samples();
        for sample in samples {
            let found = sample.as_ref().map_or_else(|failure| failure.index, |sample| sample.index);
            let expected = due.next();
            if expected != Some(found) {
                return Err(wrong_sample(chunk, Some(found), expected));
            }
            match sample {
                Ok(sample) => {
                    container.add(&self.plan, chunk.split, &sample)?;
                    outcome.depth_saturated_px += sample.depth_saturated_px;
                    outcome.held += sample.held;
                }
                Err(failure) => {
                    container.leave_out(&self.plan, chunk.split, failure.index)?;
                    outcome.failures.push(failure);
                }
            }
        }
        if let Some(expected) = due.next() {
            return Err(wrong_sample(chunk, None, Some(expected)));
        }
        outcome.files = container.close(chunk)?;
        let sidecar = Sidecar::new(&self.plan, chunk, outcome);
        self.disk.write_json(&Sidecar::path(chunk), &sidecar)?;
        Ok(sidecar)
    }

    /// Writes the files that stand for all shards together and the manifest, or lists what is missing.
    ///
    /// Processes that each wrote a part may all call it: the last one finds every shard.
    pub fn finalize(&self) -> Result<Finished, DatasetError> {
        let (mut sidecars, mut missing) = (Vec::new(), Vec::new());
        for chunk in self.plan.chunks() {
            match Sidecar::load(&self.disk, &self.plan, &chunk)? {
                Some(sidecar) => sidecars.push(sidecar),
                None => missing.push(chunk.name),
            }
        }
        if !missing.is_empty() {
            return Ok(Finished::Missing(missing));
        }
        Ok(Finished::Complete(Box::new(manifest::write(&self.disk, &self.plan, &sidecars)?)))
    }
}

/// The plan of the dataset in a folder; `None` if there is none.
pub(super) fn stored_plan(disk: &Disk) -> Result<Option<DatasetPlan>, DatasetError> {
    let Some(stored) = disk.read_json::<serde_json::Value>(PLAN_PATH)? else { return Ok(None) };
    let path = disk.path(PLAN_PATH);
    match stored.get("format_version").and_then(serde_json::Value::as_u64) {
        Some(found) if found != u64::from(FORMAT_VERSION) => Err(DatasetError::Version { path, found }),
        _ => serde_json::from_value(stored).map(Some).map_err(DatasetError::json(&path)),
    }
}

/// True if nothing is in a folder, or only what a run killed at its very start left.
fn is_vacant(folder: &Path) -> Result<bool, DatasetError> {
    let only = |folder: &Path, name: Option<&str>| -> Result<bool, DatasetError> {
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(true),
            Err(e) => return Err(DatasetError::io("list", folder)(e)),
        };
        for entry in entries {
            let entry = entry.map_err(DatasetError::io("list", folder))?;
            if entry.file_name().to_str() != name {
                return Ok(false);
            }
        }
        Ok(true)
    };
    Ok(only(folder, Some(SHARDS))? && only(&folder.join(SHARDS), Some("tmp"))?)
}

fn wrong_sample(chunk: &Chunk, found: Option<u64>, expected: Option<u64>) -> DatasetError {
    let word = |index: Option<u64>| index.map_or_else(|| "the end".into(), |index| index.to_string());
    DatasetError::WrongSample { shard: chunk.name.clone(), found: word(found), expected: word(expected) }
}
