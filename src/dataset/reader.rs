//! Reads a dataset of any format that [`super::DatasetWriter`] writes, finished or not.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Read as _};
use std::path::Path;

use super::decode::{self, DecodeError};
use super::disk::Disk;
use super::error::DatasetError;
use super::label_json::SampleLabel;
use super::layout::{self, Picture};
use super::manifest::{self, Manifest};
use super::plan::{Chunk, DatasetPlan};
use super::settings::{OutputFormat, RgbFormat};
use super::sidecar::{Sidecar, tar_paths};
use super::{lines, rhd, writer};
use crate::frame::Plane;

/// One dataset on disk.
#[derive(Debug, Clone)]
pub struct DatasetReader {
    disk: Disk,
    plan: DatasetPlan,
}

/// One sample with its pictures decoded.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredSample {
    /// Its label.
    pub label: SampleLabel,
    /// Display values.
    pub rgb: Plane<[u8; 3]>,
    /// Display values.
    pub grey: Option<Plane<u8>>,
    /// Metres; from the EXR file if there is one, else from the 16-bit picture. [`crate::frame::NO_DEPTH`] is no surface.
    pub depth_z_m: Option<Plane<f32>>,
    /// RHD part ids.
    pub part: Option<Plane<u8>>,
    /// Instance ids.
    pub instance: Option<Plane<u8>>,
}

/// One sample as its files: cheap to read in order, decoded on any thread.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredBytes {
    /// Index in the dataset.
    pub index: u64,
    label: Label,
    /// In the order of the plan's pictures, with the path to name in errors.
    pictures: Vec<(String, Vec<u8>)>,
}

#[derive(Debug, Clone, PartialEq)]
enum Label {
    Json(String, Vec<u8>),
    Line(Box<SampleLabel>),
}

impl DatasetReader {
    /// Opens the dataset in a folder.
    pub fn open(folder: &Path) -> Result<Self, DatasetError> {
        let disk = Disk::new(folder);
        match writer::stored_plan(&disk)? {
            Some(plan) => Ok(Self { disk, plan }),
            None => Err(DatasetError::NotADataset { path: folder.to_owned() }),
        }
    }

    /// What the dataset shall hold.
    pub fn plan(&self) -> &DatasetPlan {
        &self.plan
    }

    /// What the dataset holds; `None` if it is not finished.
    pub fn manifest(&self) -> Result<Option<Manifest>, DatasetError> {
        self.disk.read_json(manifest::PATH)
    }

    /// The sidecar of a shard; `None` if the shard is not whole.
    pub fn sidecar(&self, chunk: &Chunk) -> Result<Option<Sidecar>, DatasetError> {
        Sidecar::load(&self.disk, &self.plan, chunk)
    }

    /// Reads every file of a shard and compares it with the sidecar: what is wrong, file by file.
    pub fn changes(&self, chunk: &Chunk) -> Vec<DatasetError> {
        match self.whole(chunk) {
            Ok(sidecar) => sidecar.changes(&self.disk),
            Err(missing) => vec![missing],
        }
    }

    /// Reads the files that stand for all shards and compares them with the manifest: what is wrong, file by file.
    pub fn changed_annotations(&self, manifest: &Manifest) -> Vec<DatasetError> {
        manifest.annotations.iter().filter_map(|file| self.disk.verify(file).err()).collect()
    }

    /// Files of a shard's samples, in order.
    ///
    /// # Errors
    /// [`DatasetError::MissingShard`] if the shard is not whole; damaged files come as errors of their samples.
    pub fn stored(
        &self,
        chunk: &Chunk,
    ) -> Result<Box<dyn Iterator<Item = Result<StoredBytes, DatasetError>> + Send + '_>, DatasetError> {
        let failures = self.whole(chunk)?.failures;
        let made: Vec<u64> =
            chunk.samples().filter(|index| failures.binary_search_by_key(index, |f| f.index).is_err()).collect();
        let split = chunk.split;
        match self.plan.output.format {
            OutputFormat::Tar => self.stored_in_tar(chunk, made),
            OutputFormat::Loose => Ok(Box::new(made.into_iter().map(move |index| self.stored_loose(split, index)))),
            OutputFormat::Coco | OutputFormat::Rhd => {
                let labels = lines::read(&self.disk, chunk)?;
                Ok(Box::new(labels.map(move |label| {
                    let label = label?;
                    let pictures = self.pictures(split, label.index)?;
                    Ok(StoredBytes { index: label.index, label: Label::Line(Box::new(label)), pictures })
                })))
            }
        }
    }

    /// Decodes a sample.
    pub fn decode(&self, stored: &StoredBytes) -> Result<StoredSample, DatasetError> {
        let label = match &stored.label {
            Label::Line(label) => label.as_ref().clone(),
            Label::Json(path, bytes) => {
                SampleLabel::from_json(bytes).map_err(DatasetError::json(&self.disk.path(path)))?
            }
        };
        let empty = Plane { width: 0, height: 0, data: Vec::new() };
        let mut sample = StoredSample { label, rgb: empty, grey: None, depth_z_m: None, part: None, instance: None };
        for (picture, (path, bytes)) in layout::pictures(&self.plan).into_iter().zip(&stored.pictures) {
            self.decode_picture(picture, bytes, &mut sample)
                .map_err(|source| DatasetError::Picture { path: self.disk.path(path), source })?;
        }
        Ok(sample)
    }

    /// All samples of all whole shards, decoded, in order. Shards that are not there are left out.
    pub fn samples(&self) -> impl Iterator<Item = Result<StoredSample, DatasetError>> + '_ {
        self.plan
            .chunks()
            .into_iter()
            .flat_map(move |chunk| match self.stored(&chunk) {
                Ok(stored) => stored,
                Err(DatasetError::MissingShard { .. }) => Box::new(std::iter::empty()),
                Err(e) => Box::new(std::iter::once(Err(e))),
            })
            .map(move |stored| self.decode(&stored?))
    }

    fn whole(&self, chunk: &Chunk) -> Result<Sidecar, DatasetError> {
        self.sidecar(chunk)?.ok_or_else(|| DatasetError::MissingShard { shard: chunk.name.clone() })
    }

    fn stored_loose(&self, split: usize, index: u64) -> Result<StoredBytes, DatasetError> {
        let path = layout::label_path(&self.plan, split, index).unwrap_or_default();
        let label = Label::Json(path.clone(), self.disk.read(&path)?);
        Ok(StoredBytes { index, label, pictures: self.pictures(split, index)? })
    }

    fn pictures(&self, split: usize, index: u64) -> Result<Vec<(String, Vec<u8>)>, DatasetError> {
        let paths = layout::pictures(&self.plan).into_iter().map(|p| layout::picture_path(&self.plan, split, index, p));
        paths.map(|path| self.disk.read(&path).map(|bytes| (path, bytes))).collect()
    }

    fn stored_in_tar(
        &self,
        chunk: &Chunk,
        made: Vec<u64>,
    ) -> Result<Box<dyn Iterator<Item = Result<StoredBytes, DatasetError>> + Send + '_>, DatasetError> {
        let [tar, _] = tar_paths(chunk);
        let path = self.disk.path(&tar);
        let file = File::open(&path).map_err(DatasetError::io("read", &path))?;
        let mut reader = TarReader { file: BufReader::new(file), path: tar };
        let split = chunk.split;
        Ok(Box::new(made.into_iter().map(move |index| {
            let mut members = BTreeMap::new();
            let label_path = layout::label_path(&self.plan, split, index).unwrap_or_default();
            for _ in 0..=layout::pictures(&self.plan).len() {
                let (name, bytes) = reader.next(&self.disk)?;
                members.insert(name, bytes);
            }
            let mut take = |name: &str| {
                let lost = || reader.fault(&self.disk, format!("member `{name}` is missing"));
                members.remove(name).map(|bytes| (format!("{}/{name}", reader.path), bytes)).ok_or_else(lost)
            };
            let (path, json) = take(&label_path)?;
            let names =
                layout::pictures(&self.plan).into_iter().map(|p| layout::picture_path(&self.plan, split, index, p));
            let pictures = names.map(|name| take(&name)).collect::<Result<_, _>>()?;
            Ok(StoredBytes { index, label: Label::Json(path, json), pictures })
        })))
    }

    fn decode_picture(&self, picture: Picture, bytes: &[u8], sample: &mut StoredSample) -> Result<(), DecodeError> {
        let (width, height) = (sample.label.width, sample.label.height);
        let is_rhd = self.plan.output.format == OutputFormat::Rhd;
        match picture {
            Picture::Rgb if is_rhd || self.plan.output.rgb == RgbFormat::Png => {
                sample.rgb = decode::of_size(decode::png_rgb8(bytes)?, width, height)?;
            }
            Picture::Rgb => sample.rgb = decode::of_size(decode::jpeg_rgb8(bytes)?, width, height)?,
            Picture::Grey => sample.grey = Some(decode::of_size(decode::png_grey8(bytes)?, width, height)?),
            Picture::Depth16 => {
                let depth = if is_rhd {
                    rhd::depth_from_picture(&decode::png_rgb8(bytes)?)
                } else {
                    // the label's unit, as any other reader of the files would use it
                    let unit_m = sample.label.depth_unit_m.unwrap_or(self.plan.output.depth_unit_m);
                    decode::depth_from_steps(&decode::png_grey16(bytes)?, unit_m)
                };
                sample.depth_z_m = Some(decode::of_size(depth, width, height)?);
            }
            Picture::DepthExr => sample.depth_z_m = Some(decode::of_size(decode::exr_depth(bytes)?, width, height)?),
            Picture::Mask => sample.part = Some(decode::of_size(decode::png_grey8(bytes)?, width, height)?),
            Picture::Instance => sample.instance = Some(decode::of_size(decode::png_grey8(bytes)?, width, height)?),
        }
        Ok(())
    }
}

/// Members of a tar file one after the other.
struct TarReader {
    file: BufReader<File>,
    path: String,
}

impl TarReader {
    fn next(&mut self, disk: &Disk) -> Result<(String, Vec<u8>), DatasetError> {
        let path = disk.path(&self.path);
        let mut header = tar::Header::new_ustar();
        self.file.read_exact(header.as_mut_bytes()).map_err(DatasetError::io("read", &path))?;
        let size = header.entry_size().map_err(DatasetError::io("read", &path))?;
        let name = header.path().map_err(DatasetError::io("read", &path))?.to_string_lossy().into_owned();
        let mut bytes = Vec::new();
        let read =
            (&mut self.file).take(size.checked_next_multiple_of(512).unwrap_or(u64::MAX)).read_to_end(&mut bytes);
        read.map_err(DatasetError::io("read", &path))?;
        if (bytes.len() as u64) < size {
            return Err(self.fault(disk, format!("member `{name}` is cut off")));
        }
        bytes.truncate(size as usize);
        Ok((name, bytes))
    }

    fn fault(&self, disk: &Disk, fault: String) -> DatasetError {
        DatasetError::Changed { path: disk.path(&self.path), fault }
    }
}
