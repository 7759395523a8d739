//! The file that says a shard is whole: `shards/{shard}.json`, written last.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::disk::{Disk, FileDigest, SHARDS};
use super::error::DatasetError;
use super::layout;
use super::plan::{Chunk, DatasetPlan, FORMAT_VERSION};
use super::sample::{HeldCounts, SampleFailure};
use super::settings::OutputFormat;

/// What a shard holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sidecar {
    /// [`FORMAT_VERSION`] of the writer.
    pub format_version: u32,
    /// Program and version.
    pub generator: String,
    /// Seed of the dataset.
    pub seed: u64,
    /// Hash of the folded preset.
    pub preset_hash: String,
    /// Name of the shard.
    pub shard: String,
    /// Index of its first sample in the dataset.
    pub first: u64,
    /// Samples written.
    pub samples: u64,
    /// Samples that could not be made.
    pub failures: Vec<SampleFailure>,
    /// Pixels beyond the range of the 16-bit depth.
    pub depth_saturated_px: u64,
    /// Hands that were to hold a thing.
    #[serde(default)]
    pub held: HeldCounts,
    /// Length of all files together.
    pub bytes: u64,
    /// Every file, in the order in which it was written.
    pub files: Vec<FileDigest>,
}

/// What became of a shard's samples.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub(super) failures: Vec<SampleFailure>,
    pub(super) depth_saturated_px: u64,
    pub(super) held: HeldCounts,
    pub(super) files: Vec<FileDigest>,
}

impl Sidecar {
    pub(super) fn new(plan: &DatasetPlan, chunk: &Chunk, outcome: Outcome) -> Self {
        Self {
            format_version: FORMAT_VERSION,
            generator: plan.generator.clone(),
            seed: plan.seed,
            preset_hash: plan.preset_hash.clone(),
            shard: chunk.name.clone(),
            first: chunk.first,
            samples: chunk.count - outcome.failures.len() as u64,
            failures: outcome.failures,
            depth_saturated_px: outcome.depth_saturated_px,
            held: outcome.held,
            bytes: outcome.files.iter().map(|file| file.bytes).sum(),
            files: outcome.files,
        }
    }

    /// Path of a shard's sidecar in the dataset's folder.
    pub(super) fn path(chunk: &Chunk) -> String {
        format!("{SHARDS}/{}.json", chunk.name)
    }

    /// The sidecar of a shard; `None` if there is none, it is damaged, or it belongs to something else.
    pub(super) fn load(disk: &Disk, plan: &DatasetPlan, chunk: &Chunk) -> Result<Option<Self>, DatasetError> {
        match disk.read_json::<Self>(&Self::path(chunk)) {
            Ok(sidecar) => Ok(sidecar.filter(|sidecar| sidecar.belongs_to(plan, chunk))),
            Err(DatasetError::Json { .. }) => Ok(None),
            Err(e) => Err(e),
        }
    }

    fn belongs_to(&self, plan: &DatasetPlan, chunk: &Chunk) -> bool {
        let files = self.files.iter().map(|file| file.path.clone());
        self.format_version == FORMAT_VERSION
            && (&self.generator, self.seed, &self.preset_hash) == (&plan.generator, plan.seed, &plan.preset_hash)
            && (&self.shard, self.first) == (&chunk.name, chunk.first)
            && self.samples + self.failures.len() as u64 == chunk.count
            && are_files_of(plan, files, expected_files(plan, chunk, &self.failures))
    }

    /// Reads every file of the shard again and compares; the error names the first that differs.
    pub(super) fn verify(&self, disk: &Disk) -> Result<(), DatasetError> {
        self.files.iter().try_for_each(|file| disk.verify(file))
    }

    /// Reads every file of the shard again: an error for each that differs.
    pub(super) fn changes(&self, disk: &Disk) -> Vec<DatasetError> {
        self.files.par_iter().filter_map(|file| disk.verify(file).err()).collect()
    }
}

/// Paths of a shard's tar file and its index.
pub(super) fn tar_paths(chunk: &Chunk) -> [String; 2] {
    [format!("{}.tar", chunk.name), format!("{}.idx", chunk.name)]
}

/// Path of the label lines of a shard whose format has no label file per sample.
pub(super) fn lines_path(chunk: &Chunk) -> String {
    format!("{SHARDS}/{}.jsonl", chunk.name)
}

/// True if a shard has the files that it shall have. Samples of other datasets may lack pictures, but no labels.
fn are_files_of(plan: &DatasetPlan, found: impl Iterator<Item = String>, expected: Vec<String>) -> bool {
    let mut found = found.peekable();
    let suffix = |path: &String| path.rsplit_once('.').map_or("", |(_, suffix)| suffix).to_owned();
    let may_lack = |path: &String| !plan.sources.is_empty() && !["json", "jsonl"].contains(&suffix(path).as_str());
    expected.into_iter().all(|path| found.next_if_eq(&path).is_some() || may_lack(&path)) && found.next().is_none()
}

/// Every file of a shard, in the order in which it is written; of every sample all pictures that the plan holds.
fn expected_files(plan: &DatasetPlan, chunk: &Chunk, failures: &[SampleFailure]) -> Vec<String> {
    if plan.output.format == OutputFormat::Tar {
        return tar_paths(chunk).into();
    }
    let made = chunk.samples().filter(|index| failures.binary_search_by_key(index, |f| f.index).is_err());
    let mut files: Vec<String> = made.flat_map(|index| sample_files(plan, chunk.split, index)).collect();
    if !matches!(plan.output.format, OutputFormat::Loose) {
        files.push(lines_path(chunk));
    }
    files
}

/// Every file of one sample (members of the tar file for tar), label last.
pub(super) fn sample_files(plan: &DatasetPlan, split: usize, index: u64) -> Vec<String> {
    let pictures = layout::pictures(plan).into_iter().map(|p| layout::picture_path(plan, split, index, p));
    pictures.chain(layout::label_path(plan, split, index)).collect()
}
