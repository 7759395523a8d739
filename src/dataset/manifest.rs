//! What is in a dataset: `manifest.json`, the last file written.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::disk::{Disk, FileDigest};
use super::error::DatasetError;
use super::plan::{ClipPlan, DatasetPlan, SourcePlan};
use super::rhd;
use super::sample::{HeldCounts, SampleFailure};
use super::settings::{OutputFormat, OutputSettings};
use super::sidecar::Sidecar;
use super::{coco, freihand, layout, lines, yolo};
use crate::rig::JOINTS;
use crate::rig::joint::LANDMARK_NAMES;

/// Path of the manifest in the dataset's folder.
pub(super) const PATH: &str = "manifest.json";

/// What is in a dataset. Holds no time and no host: equal datasets have equal manifests.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// [`super::FORMAT_VERSION`] of the writer.
    pub format_version: u32,
    /// Program and version.
    pub generator: String,
    /// Seed of the dataset.
    pub seed: u64,
    /// Hash of the folded preset.
    pub preset_hash: String,
    /// Files and format.
    pub output: OutputSettings,
    /// Units, axes and orders in words.
    pub conventions: BTreeMap<String, String>,
    /// Names of the 21 keypoints, in order.
    pub keypoints: Vec<String>,
    /// Names of the 26 joints, in order.
    pub joints: Vec<String>,
    /// Samples written, over all splits.
    pub samples: u64,
    /// Files that stand for all shards together (annotations of COCO, RHD and `FreiHAND`).
    pub annotations: Vec<FileDigest>,
    /// Number of files but for this one and those in `shards/`.
    pub files: u64,
    /// Length of those files together.
    pub bytes: u64,
    /// Pixels beyond the range of the 16-bit depth.
    pub depth_saturated_px: u64,
    /// Hands that were to hold a thing.
    #[serde(default)]
    pub held: HeldCounts,
    /// In the plan's order.
    pub splits: Vec<ManifestSplit>,
    /// Frames and rate of clips; `None` for single pictures.
    #[serde(default)]
    pub clips: Option<ClipPlan>,
    /// Where the samples come from; empty if they are rendered for this dataset.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<SourcePlan>,
    /// Samples that could not be made, in order.
    pub failures: Vec<SampleFailure>,
    /// In order.
    pub shards: Vec<ManifestShard>,
}

/// One split.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManifestSplit {
    /// Name.
    pub name: String,
    /// Samples asked for.
    pub planned: u64,
    /// Samples written.
    pub samples: u64,
    /// Samples that could not be made.
    pub failed: u64,
}

/// One shard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManifestShard {
    /// Name.
    pub name: String,
    /// Index of its first sample in the dataset.
    pub first: u64,
    /// Samples written.
    pub samples: u64,
    /// Length of its files.
    pub bytes: u64,
    /// BLAKE3 of the listing `hash  path` of its files, one per line, as `b3sum FILES | b3sum` makes it.
    pub blake3: String,
}

/// Writes the files that stand for all shards together, the manifest last.
pub(super) fn write(disk: &Disk, plan: &DatasetPlan, sidecars: &[Sidecar]) -> Result<Manifest, DatasetError> {
    let annotations = write_annotations(disk, plan)?;
    let manifest = build(plan, sidecars, annotations);
    disk.write_json(PATH, &manifest)?;
    disk.sweep()?;
    Ok(manifest)
}

/// Writes every split's annotations.
fn write_annotations(disk: &Disk, plan: &DatasetPlan) -> Result<Vec<FileDigest>, DatasetError> {
    let splits = (0..plan.splits.len()).map(|k| (k, plan.split_folder(k)));
    match plan.output.format {
        OutputFormat::Loose | OutputFormat::Tar => Ok(Vec::new()),
        OutputFormat::Rhd => {
            splits.map(|(k, folder)| rhd::write_annotations(disk, folder, numbered(disk, plan, k))).collect()
        }
        OutputFormat::Yolo => Ok(vec![yolo::write_annotations(disk, plan)?]),
        OutputFormat::Freihand => {
            let lists = splits.map(|(k, folder)| {
                freihand::write_annotations(disk, folder, plan.splits[k].count, numbered(disk, plan, k))
            });
            Ok(lists.collect::<Result<Vec<_>, _>>()?.concat())
        }
        OutputFormat::Coco => {
            splits.map(|(k, folder)| coco::write_annotations(disk, folder, || pictured(disk, plan, k))).collect()
        }
    }
}

fn numbered(
    disk: &Disk,
    plan: &DatasetPlan,
    split: usize,
) -> impl Iterator<Item = Result<(u64, super::SampleLabel), DatasetError>> {
    let start = plan.split_start(split);
    lines::of_split(disk, plan, split).map(move |label| label.map(|label| (label.index - start, label)))
}

fn pictured(
    disk: &Disk,
    plan: &DatasetPlan,
    split: usize,
) -> impl Iterator<Item = Result<(String, super::SampleLabel), DatasetError>> {
    lines::of_split(disk, plan, split).map(move |label| {
        let label = label?;
        let path = layout::picture_path(plan, split, label.index, layout::Picture::Rgb);
        let below_images = path.strip_prefix("images/").map_or_else(String::new, str::to_owned);
        Ok((below_images, label))
    })
}

fn build(plan: &DatasetPlan, sidecars: &[Sidecar], annotations: Vec<FileDigest>) -> Manifest {
    let seen = |path: &str| !path.starts_with(super::disk::SHARDS);
    let files = || sidecars.iter().flat_map(|s| &s.files).filter(|file| seen(&file.path));
    Manifest {
        format_version: plan.format_version,
        generator: plan.generator.clone(),
        seed: plan.seed,
        preset_hash: plan.preset_hash.clone(),
        output: plan.output.clone(),
        conventions: conventions(plan),
        keypoints: LANDMARK_NAMES.map(str::to_owned).into(),
        joints: JOINTS.map(|joint| joint.name().to_owned()).into(),
        samples: sidecars.iter().map(|s| s.samples).sum(),
        files: files().count() as u64 + annotations.len() as u64,
        bytes: files().map(|file| file.bytes).sum::<u64>() + annotations.iter().map(|file| file.bytes).sum::<u64>(),
        annotations,
        depth_saturated_px: sidecars.iter().map(|s| s.depth_saturated_px).sum(),
        held: sidecars.iter().fold(HeldCounts::default(), |mut sum, s| {
            sum += s.held;
            sum
        }),
        splits: splits(plan, sidecars),
        clips: plan.clips,
        sources: plan.sources.clone(),
        failures: sidecars.iter().flat_map(|s| s.failures.clone()).collect(),
        shards: sidecars.iter().map(shard).collect(),
    }
}

fn splits(plan: &DatasetPlan, sidecars: &[Sidecar]) -> Vec<ManifestSplit> {
    let chunks = plan.chunks();
    let summary = |k: usize, name: &str, planned: u64| {
        let of_split = || chunks.iter().zip(sidecars).filter(|(chunk, _)| chunk.split == k).map(|(_, s)| s);
        ManifestSplit {
            name: name.to_owned(),
            planned,
            samples: of_split().map(|s| s.samples).sum(),
            failed: of_split().map(|s| s.failures.len() as u64).sum(),
        }
    };
    plan.splits.iter().enumerate().map(|(k, split)| summary(k, &split.name, split.count)).collect()
}

fn shard(sidecar: &Sidecar) -> ManifestShard {
    let mut listing = blake3::Hasher::new();
    for file in &sidecar.files {
        listing.update(format!("{}  {}\n", file.blake3, file.path).as_bytes());
    }
    ManifestShard {
        name: sidecar.shard.clone(),
        first: sidecar.first,
        samples: sidecar.samples,
        bytes: sidecar.bytes,
        blake3: listing.finalize().to_hex().to_string(),
    }
}

fn conventions(plan: &DatasetPlan) -> BTreeMap<String, String> {
    let mut out = BTreeMap::from([
        ("camera", "+X right, +Y down, +Z forward, metres"),
        ("world", "right-handed, +Y up, metres"),
        ("pixels", "(0, 0) is the corner of the first pixel, its centre is (0.5, 0.5)"),
        (
            "mask",
            "0 background, 1 arm, 2..16 left fingers from the thumb's tip, 17 left palm, 18..33 the same of the right hand",
        ),
        ("instance", "0 background, hands from 1 in the order of the label"),
        ("transforms", "`a_from_b` takes coordinates of b to a; quaternions are x y z w"),
    ]);
    out.insert("depth", match plan.output.format {
        OutputFormat::Rhd => "along the optical axis; (256 red + green) / 65535 * 5 m; 65535 is no surface",
        _ => "along the optical axis; 16-bit PNG in steps of `output.depth_unit_m` metres, EXR in metres; 0 is no surface, 65535 is that far or farther",
    });
    if plan.output.format == OutputFormat::Coco {
        out.insert("annotations", "pixels of `keypoints` and `princpt` count from the centre of the first pixel, `joint_cam` is in millimetres");
    }
    out.into_iter().map(|(key, text)| (key.to_owned(), text.to_owned())).collect()
}
