//! What a shard's samples are put into: single files, or one tar file with its index.

use super::disk::{Disk, FileDigest, NewFile, Sync};
use super::error::DatasetError;
use super::plan::{Chunk, DatasetPlan};
use super::sample::EncodedSample;
use super::settings::OutputFormat;
use super::sidecar::{lines_path, sample_files, tar_paths};
use super::{layout, tar_shard::TarShard};

/// A shard being written.
pub(super) enum Container {
    Files(FileSet),
    Tar(TarShard),
}

impl Container {
    pub(super) fn create(disk: &Disk, plan: &DatasetPlan) -> Result<Self, DatasetError> {
        match plan.output.format {
            OutputFormat::Tar => Ok(Self::Tar(TarShard::create(disk)?)),
            OutputFormat::Loose => Ok(Self::Files(FileSet { disk: disk.clone(), written: Vec::new(), lines: None })),
            OutputFormat::Coco | OutputFormat::Rhd | OutputFormat::Freihand | OutputFormat::Yolo => {
                Ok(Self::Files(FileSet { disk: disk.clone(), written: Vec::new(), lines: Some(disk.create()?) }))
            }
        }
    }

    /// Adds a sample.
    pub(super) fn add(&mut self, plan: &DatasetPlan, split: usize, sample: &EncodedSample) -> Result<(), DatasetError> {
        let label = layout::label_path(plan, split, sample.index);
        match self {
            Self::Files(files) => files.add(sample, label),
            Self::Tar(tar) => tar.add(&plan.sample_id(sample.index), sample),
        }
    }

    /// Leaves no file of a sample that could not be made, should an earlier run have made it.
    pub(super) fn leave_out(&mut self, plan: &DatasetPlan, split: usize, index: u64) -> Result<(), DatasetError> {
        match self {
            Self::Files(files) => sample_files(plan, split, index).iter().try_for_each(|path| files.disk.remove(path)),
            Self::Tar(_) => Ok(()),
        }
    }

    /// Ends the shard; every file now has its name.
    pub(super) fn close(self, chunk: &Chunk) -> Result<Vec<FileDigest>, DatasetError> {
        match self {
            Self::Files(mut files) => {
                if let Some(lines) = files.lines {
                    files.written.push(lines.commit(&lines_path(chunk), Sync::Disk)?);
                }
                Ok(files.written)
            }
            Self::Tar(tar) => tar.close(&tar_paths(chunk)),
        }
    }
}

/// Samples as single files; labels as files or as lines of one file.
pub(super) struct FileSet {
    disk: Disk,
    written: Vec<FileDigest>,
    lines: Option<NewFile>,
}

impl FileSet {
    fn add(&mut self, sample: &EncodedSample, label: Option<String>) -> Result<(), DatasetError> {
        for member in &sample.members {
            self.written.push(self.disk.write(&member.path, &member.bytes, Sync::Later)?);
        }
        if let Some(path) = label {
            self.written.push(self.disk.write(&path, &sample.label_json, Sync::Later)?);
        }
        if let Some(lines) = &mut self.lines {
            lines.append(&sample.label_json)?;
            lines.append(b"\n")?;
        }
        Ok(())
    }
}
