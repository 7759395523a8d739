//! Labels of formats without a label file per sample: one JSON line per sample in `shards/{shard}.jsonl`.

use super::disk::Disk;
use super::error::DatasetError;
use super::label_json::SampleLabel;
use super::plan::{Chunk, DatasetPlan};
use super::sidecar::lines_path;

/// Labels of one shard.
pub(super) fn read(disk: &Disk, chunk: &Chunk) -> Result<Vec<SampleLabel>, DatasetError> {
    let relative = lines_path(chunk);
    let text = disk.read(&relative)?;
    let lines = text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    lines.map(|line| SampleLabel::from_json(line).map_err(DatasetError::json(&disk.path(&relative)))).collect()
}

/// Labels of one split in order, one shard in memory at a time.
pub(super) fn of_split(
    disk: &Disk,
    plan: &DatasetPlan,
    split: usize,
) -> impl Iterator<Item = Result<SampleLabel, DatasetError>> {
    let chunks = plan.chunks().into_iter().filter(move |chunk| chunk.split == split);
    let disk = disk.clone();
    chunks.flat_map(move |chunk| match read(&disk, &chunk) {
        Ok(labels) => labels.into_iter().map(Ok).collect(),
        Err(e) => vec![Err(e)],
    })
}
