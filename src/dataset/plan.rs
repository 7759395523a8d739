//! What a dataset shall hold, known before the first sample: splits, shards, names. Stored as `shards/plan.json`.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::disk::SHARDS;
use super::rhd;
use super::settings::{OutputFormat, OutputSettings};

/// Version of the files in `shards/` and of `manifest.json`.
pub const FORMAT_VERSION: u32 = 1;

/// What a dataset shall hold. Two runs with equal plans write equal bytes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatasetPlan {
    /// [`FORMAT_VERSION`] of the writer.
    pub format_version: u32,
    /// Program and version, such as `handloom 0.1.0`.
    pub generator: String,
    /// Seed of the dataset.
    pub seed: u64,
    /// Hash of the folded preset, hexadecimal.
    pub preset_hash: String,
    /// Files and format.
    pub output: OutputSettings,
    /// Splits in order; sample indices run on from one to the next.
    pub splits: Vec<SplitPlan>,
    /// How the samples make up clips; `None` for single pictures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clips: Option<ClipPlan>,
    /// Where the samples come from, in order; empty if they are rendered for this dataset.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<SourcePlan>,
}

/// One source of a converted or blended dataset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourcePlan {
    /// Name in the blend, or of the dataset's folder.
    pub name: String,
    /// Format it is read from.
    pub format: String,
    /// Number of samples taken from it.
    pub samples: u64,
}

/// Consecutive samples of a split make up clips; the last clip of a split may be shorter.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClipPlan {
    /// Frames of one clip.
    pub frames: u64,
    /// Frames in a second.
    pub rate_hz: f32,
}

/// One split.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SplitPlan {
    /// Name, such as `train`; it becomes part of file names.
    pub name: String,
    /// Number of samples.
    pub count: u64,
}

/// Consecutive samples of one split: the unit of work, one tar file or the like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk {
    /// Number over the whole dataset, from 0.
    pub index: u64,
    /// Position of its split in the plan.
    pub split: usize,
    /// `{split}-{number in the split, six digits}`.
    pub name: String,
    /// Index of the first sample in the dataset.
    pub first: u64,
    /// Number of samples.
    pub count: u64,
}

impl Chunk {
    /// Indices of the samples in the dataset.
    pub fn samples(&self) -> std::ops::Range<u64> {
        self.first..self.first + self.count
    }
}

impl DatasetPlan {
    /// Every fault of the plan, each with place, value and legal values; empty if it can be written.
    pub fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        let output = &self.output;
        if output.samples_per_shard == 0 {
            faults.push("`output.samples_per_shard` is 0, it must be at least 1".into());
        }
        if !(output.depth_unit_m.is_finite() && output.depth_unit_m > 0.0) {
            faults.push(format!("`output.depth_unit_m` is {}, it must be a positive number", output.depth_unit_m));
        }
        let mut names = BTreeSet::new();
        for (k, split) in self.splits.iter().enumerate() {
            faults.extend(self.split_fault(&split.name).map(|fault| format!("`split[{k}].name` {fault}")));
            if !names.insert(self.split_folder(k).to_lowercase()) {
                faults.push(format!("`split[{k}].name` is `{}`, which takes the place of another split", split.name));
            }
        }
        if self.total() == 0 {
            faults.push("the splits hold no sample, `count` must be at least 1 in one of them".into());
        }
        faults
    }

    fn split_fault(&self, name: &str) -> Option<String> {
        let legal = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        if name.is_empty() || !name.chars().all(legal) {
            return Some(format!("is `{name}`, legal are letters, digits, `-` and `_`"));
        }
        if name.eq_ignore_ascii_case(SHARDS) {
            return Some(format!("is `{name}`, a folder that every dataset has"));
        }
        let format = match self.output.format {
            OutputFormat::Rhd => "rhd",
            OutputFormat::Freihand => "freihand",
            _ => return None,
        };
        rhd::split_folder(name).is_none().then(|| {
            format!(
                "is `{name}`, legal with format `{format}` are `train` and `test` (or `training`, `evaluation`, `val`)"
            )
        })
    }

    /// Number of samples of all splits.
    pub fn total(&self) -> u64 {
        self.splits.iter().map(|s| s.count).sum()
    }

    /// A split's name in paths: its own, but for RHD and `FreiHAND`, which know `training` and `evaluation`.
    pub fn split_folder(&self, split: usize) -> &str {
        let name = &self.splits[split].name;
        match self.output.format {
            OutputFormat::Rhd | OutputFormat::Freihand => rhd::split_folder(name).unwrap_or(name),
            _ => name,
        }
    }

    /// Index of the first sample of a split.
    pub fn split_start(&self, split: usize) -> u64 {
        self.splits.iter().take(split).map(|s| s.count).sum()
    }

    /// Position of the split that holds a sample; `None` beyond the last sample.
    pub fn split_of(&self, index: u64) -> Option<usize> {
        let mut end = 0;
        self.splits.iter().position(|split| {
            end += split.count;
            index < end
        })
    }

    /// Id of a sample: its index with leading zeros, at least six digits. No dots: they would end a `WebDataset` key.
    pub fn sample_id(&self, index: u64) -> String {
        let width = self.total().saturating_sub(1).max(1).ilog10() as usize + 1;
        format!("{index:0width$}", width = width.max(6))
    }

    /// All units of work, in order.
    pub fn chunks(&self) -> Vec<Chunk> {
        let size = self.output.samples_per_shard.max(1);
        let mut chunks: Vec<Chunk> = Vec::new();
        for (split, plan) in self.splits.iter().enumerate() {
            let start = self.split_start(split);
            for number in 0..plan.count.div_ceil(size) {
                chunks.push(Chunk {
                    index: chunks.len() as u64,
                    split,
                    name: format!("{}-{number:06}", plan.name),
                    first: start + number * size,
                    count: size.min(plan.count - number * size),
                });
            }
        }
        chunks
    }

    /// How another plan differs, one line per key; empty if it does not.
    pub fn differences(&self, other: &Self) -> Vec<String> {
        let table = |plan| serde_json::to_value(plan).unwrap_or_default();
        let (ours, theirs) = (table(self), table(other));
        let mut out = Vec::new();
        compare("", &ours, &theirs, &mut out);
        out
    }
}

fn compare(path: &str, ours: &serde_json::Value, theirs: &serde_json::Value, out: &mut Vec<String>) {
    if ours == theirs {
        return;
    }
    if let (Some(a), Some(b)) = (ours.as_object(), theirs.as_object()) {
        for (key, value) in a {
            let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
            compare(&path, value, b.get(key).unwrap_or(&serde_json::Value::Null), out);
        }
        return;
    }
    out.push(format!("`{path}` is {ours} there and {theirs} here"));
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::dataset::settings::{DepthFormat, RgbFormat};

    pub(crate) fn plan(format: OutputFormat, counts: &[(&str, u64)], samples_per_shard: u64) -> DatasetPlan {
        DatasetPlan {
            format_version: FORMAT_VERSION,
            generator: "handloom test".into(),
            seed: 7,
            preset_hash: "abc".into(),
            output: OutputSettings {
                format,
                samples_per_shard,
                rgb: RgbFormat::Png,
                grey: true,
                depth: DepthFormat::Both,
                depth_unit_m: 1e-4,
                mask: true,
                instance: true,
            },
            splits: counts.iter().map(|(name, count)| SplitPlan { name: (*name).into(), count: *count }).collect(),
            clips: None,
            sources: Vec::new(),
        }
    }

    #[test]
    fn chunks_cover_every_sample_once_and_keep_to_one_split() {
        let plan = plan(OutputFormat::Tar, &[("train", 25), ("none", 0), ("test", 10)], 10);
        let chunks = plan.chunks();
        let names: Vec<&str> = chunks.iter().map(|c| c.name.as_str()).collect();
        assert_eq!(names, ["train-000000", "train-000001", "train-000002", "test-000000"]);
        let all: Vec<u64> = chunks.iter().flat_map(Chunk::samples).collect();
        assert_eq!(all, (0..35).collect::<Vec<_>>());
        for chunk in &chunks {
            assert!(chunk.samples().all(|k| plan.split_of(k) == Some(chunk.split)));
        }
        assert_eq!(plan.split_of(35), None);
        assert_eq!(plan.sample_id(7), "000007");
    }

    #[test]
    fn ids_grow_with_the_dataset() {
        let plan = plan(OutputFormat::Tar, &[("train", 10_000_001)], 1000);
        assert_eq!(plan.sample_id(7), "00000007");
        assert_eq!(plan.sample_id(10_000_000), "10000000");
    }

    #[test]
    fn all_faults_are_told_at_once() {
        let mut bad = plan(OutputFormat::Rhd, &[("test", 0), ("a.b", 0), ("val", 0), ("extra", 0)], 0);
        bad.output.depth_unit_m = f32::NAN;
        let faults = bad.faults();
        assert_eq!(faults.len(), 6, "{faults:#?}");
        assert!(faults.iter().any(|f| f.contains("`split[2].name` is `val`, which takes the place of another")));
        assert!(plan(OutputFormat::Rhd, &[("train", 3), ("test", 1)], 2).faults().is_empty());
        assert_eq!(plan(OutputFormat::Tar, &[("Shards", 1)], 1).faults().len(), 1);
        assert_eq!(plan(OutputFormat::Tar, &[("a", 1), ("A", 1)], 1).faults().len(), 1);
    }

    #[test]
    fn differences_name_the_key() {
        let a = plan(OutputFormat::Tar, &[("train", 5)], 10);
        let mut b = a.clone();
        b.seed = 8;
        b.output.grey = false;
        assert_eq!(a.differences(&b), ["`output.grey` is true there and false here", "`seed` is 7 there and 8 here"]);
        assert!(a.differences(&a).is_empty());
    }
}
