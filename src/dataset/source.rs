//! What every dataset looks like to the rest of the program, whoever wrote it.

use std::path::PathBuf;

use rayon::prelude::*;

use super::decode;
use super::error::DatasetError;
use super::label_json::SampleLabel;
use crate::frame::Plane;

/// One dataset on disk, read sample by sample from any thread; only an index of it is in memory.
pub trait DatasetReader: Send + Sync {
    /// What the dataset is, what it lacks, and what was wrong with it when it was opened.
    fn info(&self) -> &SetInfo;

    /// Number of samples; they are addressed by 0..count.
    fn count(&self) -> u64;

    /// Label of a sample: canonical order, metres, camera frame +X right +Y down +Z forward, pixels from the corner of the
    /// first. No picture is decoded for it.
    fn label(&self, number: u64) -> Result<SampleLabel, DatasetError>;

    /// Pictures of a sample, given its label.
    fn pictures(&self, number: u64, label: &SampleLabel) -> Result<Pictures, DatasetError>;

    /// Compares files with what was noted when they were written, where the format notes it.
    fn changes(&self) -> Vec<DatasetError> {
        Vec::new()
    }

    /// Label and pictures of a sample.
    fn read(&self, number: u64) -> Result<StoredSample, DatasetError> {
        let label = self.label(number)?;
        let pictures = self.pictures(number, &label)?;
        pictures
            .check_sizes(label.width, label.height)
            .map_err(|source| DatasetError::Picture { path: self.info().root.join(&label.id), source })?;
        Ok(StoredSample { label, pictures })
    }
}

/// What a dataset is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SetInfo {
    /// Name of the format, such as `freihand`.
    pub format: String,
    /// The folder that was opened.
    pub root: PathBuf,
    /// Name and number of samples of each split, in order.
    pub splits: Vec<(String, u64)>,
    /// What the format or this copy of it does not hold, in words: `no wrist`, `no depth`.
    pub lacks: Vec<String>,
    /// What a user should know: conventions that were undone, assumptions that were made.
    pub notes: Vec<String>,
    /// What is wrong with the files, found while opening: labels without pictures, pictures without labels, bad values.
    pub faults: Vec<SetFault>,
}

/// Something wrong with a dataset on disk.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SetFault {
    /// The sample, if it is one sample's.
    pub id: Option<String>,
    /// File, place, value and what was expected.
    pub message: String,
}

/// Pictures of one sample. What a dataset does not have is `None`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Pictures {
    /// Display values.
    pub rgb: Option<Plane<[u8; 3]>>,
    /// The JPEG file that `rgb` was decoded from, if it was one.
    pub rgb_jpeg: Option<Vec<u8>>,
    /// Display values.
    pub grey: Option<Plane<u8>>,
    /// Metres along the axis; [`crate::frame::NO_DEPTH`] is no surface.
    pub depth_z_m: Option<Plane<f32>>,
    /// RHD part ids. Sets that only tell hand from background have `instance` instead.
    pub part: Option<Plane<u8>>,
    /// Instance ids: 0 background, hands from 1 as in the label, then what the label's `instances` lists.
    pub instance: Option<Plane<u8>>,
}

impl Pictures {
    /// Fails if a picture has another size than its label says.
    pub fn check_sizes(&self, width: u32, height: u32) -> Result<(), decode::DecodeError> {
        let size = |found: Option<(u32, u32)>| match found {
            Some(found) if found != (width, height) => {
                Err(decode::DecodeError::Size { found, expected: (width, height) })
            }
            _ => Ok(()),
        };
        size(self.rgb.as_ref().map(|p| (p.width, p.height)))?;
        size(self.grey.as_ref().map(|p| (p.width, p.height)))?;
        size(self.depth_z_m.as_ref().map(|p| (p.width, p.height)))?;
        size(self.part.as_ref().map(|p| (p.width, p.height)))?;
        size(self.instance.as_ref().map(|p| (p.width, p.height)))
    }

    /// The colour picture, or the grey one as colour; `None` if the sample has neither.
    pub fn shown(&self) -> Option<Plane<[u8; 3]>> {
        self.rgb.clone().or_else(|| {
            let grey = self.grey.as_ref()?;
            Some(Plane { width: grey.width, height: grey.height, data: grey.data.iter().map(|v| [*v; 3]).collect() })
        })
    }
}

/// One sample with its pictures decoded.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredSample {
    /// Its label.
    pub label: SampleLabel,
    /// Its pictures.
    pub pictures: Pictures,
}

/// Samples worked on at a time by [`in_order`].
const WINDOW: usize = 64;

/// Does slow work on samples in parallel and takes the results in order; a window of samples is in memory.
pub fn in_order<T: Send, E>(
    numbers: impl IntoIterator<Item = u64>,
    work: impl Fn(u64) -> T + Sync,
    mut take: impl FnMut(u64, T) -> Result<(), E>,
) -> Result<(), E> {
    let mut numbers = numbers.into_iter().peekable();
    while numbers.peek().is_some() {
        let window: Vec<u64> = numbers.by_ref().take(WINDOW).collect();
        let done: Vec<T> = window.par_iter().map(|number| work(*number)).collect();
        for (number, result) in window.into_iter().zip(done) {
            take(number, result)?;
        }
    }
    Ok(())
}
