//! Labels of formats without a label file per sample: one JSON line per sample in `shards/{shard}.jsonl`.

use std::fs::File;
use std::io::{BufRead as _, BufReader};

use super::disk::Disk;
use super::error::DatasetError;
use super::label_json::SampleLabel;
use super::plan::{Chunk, DatasetPlan};
use super::sidecar::lines_path;

/// Labels, one in memory at a time.
pub(super) type Labels = Box<dyn Iterator<Item = Result<SampleLabel, DatasetError>> + Send>;

/// Labels of one shard.
pub(super) fn read(disk: &Disk, chunk: &Chunk) -> Result<Labels, DatasetError> {
    let path = disk.path(&lines_path(chunk));
    let file = File::open(&path).map_err(DatasetError::io("read", &path))?;
    Ok(Box::new(BufReader::new(file).split(b'\n').map(move |line| {
        let line = line.map_err(DatasetError::io("read", &path))?;
        SampleLabel::from_json(&line).map_err(DatasetError::json(&path))
    })))
}

/// Labels of one split, in order.
pub(super) fn of_split(
    disk: &Disk,
    plan: &DatasetPlan,
    split: usize,
) -> impl Iterator<Item = Result<SampleLabel, DatasetError>> {
    let chunks = plan.chunks().into_iter().filter(move |chunk| chunk.split == split);
    let disk = disk.clone();
    chunks.flat_map(move |chunk| read(&disk, &chunk).unwrap_or_else(|e| Box::new(std::iter::once(Err(e)))))
}
