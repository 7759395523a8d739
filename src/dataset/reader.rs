//! Reads a dataset of any format that [`super::DatasetWriter`] writes, finished or not.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;
use std::sync::OnceLock;

use super::decode::{self, DecodeError};
use super::disk::Disk;
use super::error::DatasetError;
use super::label_json::SampleLabel;
use super::layout::{self, Picture};
use super::manifest::{self, Manifest};
use super::plan::{Chunk, DatasetPlan};
use super::settings::OutputFormat;
use super::sidecar::{Sidecar, lines_path, tar_paths};
use super::source::{DatasetReader, Pictures, SetFault, SetInfo, StoredSample};
use super::{freihand, rhd, tar_shard, writer};

/// A dataset that this program wrote.
#[derive(Debug)]
pub struct HandloomReader {
    disk: Disk,
    plan: DatasetPlan,
    info: SetInfo,
    shards: Vec<Shard>,
    samples: Vec<Entry>,
}

/// A shard that is whole, and where its samples stand in its files, found when first needed.
#[derive(Debug)]
struct Shard {
    chunk: Chunk,
    places: OnceLock<Result<Vec<Place>, String>>,
}

/// One sample of a shard.
#[derive(Debug, Clone, Copy)]
struct Entry {
    shard: usize,
    /// Index in the dataset.
    index: u64,
    /// Number among those of the shard that were made.
    nth: usize,
}

/// Bytes of the label in the file of lines (one nameless member), or of each member in the tar file.
type Place = tar_shard::Members;

impl HandloomReader {
    /// Opens the dataset in a folder.
    pub fn open(folder: &Path) -> Result<Self, DatasetError> {
        let disk = Disk::new(folder);
        let Some(plan) = writer::stored_plan(&disk)? else {
            return Err(DatasetError::NotADataset { path: folder.to_owned() });
        };
        let format = format!("{:?}", plan.output.format).to_lowercase();
        let mut info = SetInfo { format, root: folder.to_owned(), ..SetInfo::default() };
        info.splits = plan.splits.iter().map(|split| (split.name.clone(), 0)).collect();
        let (mut shards, mut samples) = (Vec::new(), Vec::new());
        for chunk in plan.chunks() {
            match Sidecar::load(&disk, &plan, &chunk)? {
                None => info.faults.push(SetFault {
                    id: None,
                    message: DatasetError::MissingShard { shard: chunk.name.clone() }.to_string(),
                }),
                Some(sidecar) => {
                    let failed = |index: &u64| sidecar.failures.binary_search_by_key(index, |f| f.index).is_ok();
                    let made = chunk.samples().filter(|index| !failed(index));
                    let shard = shards.len();
                    samples.extend(made.enumerate().map(|(nth, index)| Entry { shard, index, nth }));
                    info.splits[chunk.split].1 += sidecar.samples;
                    shards.push(Shard { chunk, places: OnceLock::new() });
                }
            }
        }
        info.lacks = lacks(&plan);
        Ok(Self { disk, plan, info, shards, samples })
    }

    /// What the dataset shall hold.
    pub fn plan(&self) -> &DatasetPlan {
        &self.plan
    }

    /// What the dataset holds; `None` if it is not finished.
    pub fn manifest(&self) -> Result<Option<Manifest>, DatasetError> {
        self.disk.read_json(manifest::PATH)
    }

    /// All samples of all whole shards, decoded, in order. Shards that are not there are left out.
    pub fn samples(&self) -> impl Iterator<Item = Result<StoredSample, DatasetError>> + '_ {
        (0..self.count()).map(|number| self.read(number))
    }

    fn entry(&self, number: u64) -> Result<(Entry, &Chunk), DatasetError> {
        let entry = self.samples.get(number as usize).copied();
        let entry = entry.ok_or_else(|| DatasetError::NoSuchSample { number, count: self.count() })?;
        Ok((entry, &self.shards[entry.shard].chunk))
    }

    /// Where a sample's label (or members) stand in the shard's file.
    fn place(&self, entry: Entry) -> Result<&Place, DatasetError> {
        let shard = &self.shards[entry.shard];
        let tar = self.plan.output.format == OutputFormat::Tar;
        let relative = if tar { tar_paths(&shard.chunk)[1].clone() } else { lines_path(&shard.chunk) };
        let path = self.disk.path(&relative);
        let find = || {
            let bytes = std::fs::read(&path).map_err(|e| e.to_string())?;
            if tar { tar_shard::members(&bytes) } else { Ok(lines(&bytes)) }
        };
        let changed = |fault: &str| DatasetError::Changed { path: path.clone(), fault: fault.into() };
        let places = shard.places.get_or_init(find).as_ref().map_err(|fault| changed(fault))?;
        places.get(entry.nth).ok_or_else(|| changed(&format!("only {} samples are in it", places.len())))
    }

    fn tar_member(&self, entry: Entry, name: &str) -> Result<(String, Vec<u8>), DatasetError> {
        let [tar, _] = tar_paths(&self.shards[entry.shard].chunk);
        let path = self.disk.path(&tar);
        let place = self.place(entry)?.iter().find(|(member, _)| member == name);
        let (_, range) = place.ok_or_else(|| DatasetError::Changed {
            path: path.clone(),
            fault: format!("member `{name}` is missing"),
        })?;
        let bytes = read_range(&path, range.clone())?;
        if bytes.len() as u64 != range.end - range.start {
            return Err(DatasetError::Changed { path, fault: format!("member `{name}` is cut off") });
        }
        Ok((format!("{tar}/{name}"), bytes))
    }

    fn picture(&self, entry: Entry, picture: Picture) -> Result<(String, Vec<u8>), DatasetError> {
        let split = self.shards[entry.shard].chunk.split;
        let path = layout::picture_path(&self.plan, split, entry.index, picture);
        if self.plan.output.format == OutputFormat::Tar {
            return self.tar_member(entry, &path);
        }
        let bytes = self.disk.read(&path)?;
        Ok((path, bytes))
    }

    fn decode(
        &self,
        picture: Picture,
        bytes: Vec<u8>,
        label: &SampleLabel,
        into: &mut Pictures,
    ) -> Result<(), DecodeError> {
        let (width, height) = (label.width, label.height);
        let is_rhd = self.plan.output.format == OutputFormat::Rhd;
        match picture {
            Picture::Rgb if !self.plan.output.writes_jpeg() => {
                into.rgb = Some(decode::of_size(decode::png_rgb8(&bytes)?, width, height)?);
            }
            Picture::Rgb => {
                into.rgb = Some(decode::of_size(decode::jpeg_rgb8(&bytes)?, width, height)?);
                into.rgb_jpeg = Some(bytes);
            }
            Picture::Grey => into.grey = Some(decode::of_size(decode::png_grey8(&bytes)?, width, height)?),
            Picture::Depth16 if into.depth_z_m.is_some() => {}
            Picture::Depth16 => {
                let depth = if is_rhd {
                    rhd::depth_from_picture(&decode::png_rgb8(&bytes)?)
                } else {
                    // the label's unit, as any other reader of the files would use it
                    let unit_m = label.depth_unit_m.unwrap_or(self.plan.output.depth_unit_m);
                    decode::depth_from_steps(&decode::png_grey16(&bytes)?, unit_m)
                };
                into.depth_z_m = Some(decode::of_size(depth, width, height)?);
            }
            Picture::DepthExr => into.depth_z_m = Some(decode::of_size(decode::exr_depth(&bytes)?, width, height)?),
            Picture::Mask => into.part = Some(decode::of_size(decode::png_grey8(&bytes)?, width, height)?),
            Picture::YoloText => {}
            Picture::Instance if self.plan.output.format == OutputFormat::Freihand => {
                let mask = decode::of_size(decode::jpeg_rgb8(&bytes)?, width, height)?;
                into.instance = Some(freihand::instance(&mask));
            }
            Picture::Instance => into.instance = Some(decode::of_size(decode::png_grey8(&bytes)?, width, height)?),
        }
        Ok(())
    }
}

impl DatasetReader for HandloomReader {
    fn info(&self) -> &SetInfo {
        &self.info
    }

    fn count(&self) -> u64 {
        self.samples.len() as u64
    }

    fn label(&self, number: u64) -> Result<SampleLabel, DatasetError> {
        let (entry, chunk) = self.entry(number)?;
        let (path, bytes) = match layout::label_path(&self.plan, chunk.split, entry.index) {
            Some(name) if self.plan.output.format == OutputFormat::Tar => self.tar_member(entry, &name)?,
            Some(path) => {
                let bytes = self.disk.read(&path)?;
                (path, bytes)
            }
            None => {
                let path = lines_path(chunk);
                let range = self.place(entry)?.first().map(|(_, range)| range.clone()).unwrap_or_default();
                let bytes = read_range(&self.disk.path(&path), range)?;
                (path, bytes)
            }
        };
        let label = SampleLabel::from_json(&bytes).map_err(DatasetError::json(&self.disk.path(&path)))?;
        if label.index == entry.index {
            return Ok(label);
        }
        let fault = format!("the label is that of sample {}, not {}", label.index, entry.index);
        Err(DatasetError::Changed { path: self.disk.path(&path), fault })
    }

    fn pictures(&self, number: u64, label: &SampleLabel) -> Result<Pictures, DatasetError> {
        let (entry, _) = self.entry(number)?;
        let mut pictures = Pictures::default();
        for picture in layout::held(&self.plan, label) {
            let (path, bytes) = self.picture(entry, picture)?;
            self.decode(picture, bytes, label, &mut pictures)
                .map_err(|source| DatasetError::Picture { path: self.disk.path(&path), source })?;
        }
        Ok(pictures)
    }

    /// Every file of every shard against its sidecar, and the files that stand for all shards against the manifest.
    fn changes(&self) -> Vec<DatasetError> {
        let mut found = Vec::new();
        for chunk in self.plan.chunks() {
            match Sidecar::load(&self.disk, &self.plan, &chunk) {
                Ok(Some(sidecar)) => found.extend(sidecar.changes(&self.disk)),
                Ok(None) => found.push(DatasetError::MissingShard { shard: chunk.name }),
                Err(error) => found.push(error),
            }
        }
        if let Ok(Some(manifest)) = self.manifest() {
            found.extend(manifest.annotations.iter().filter_map(|file| self.disk.verify(file).err()));
        }
        found
    }
}

/// Byte range of each line.
fn lines(bytes: &[u8]) -> Vec<Place> {
    let mut start = 0;
    let ranges = bytes.split_inclusive(|b| *b == b'\n').map(|line| {
        let range = start..start + line.len() as u64;
        start = range.end;
        vec![(String::new(), range)]
    });
    ranges.collect()
}

/// Part of a file; shorter if the file ends before.
fn read_range(path: &Path, range: std::ops::Range<u64>) -> Result<Vec<u8>, DatasetError> {
    let mut file = File::open(path).map_err(DatasetError::io("read", path))?;
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(range.start))
        .and_then(|_| file.take(range.end.saturating_sub(range.start)).read_to_end(&mut bytes))
        .map_err(DatasetError::io("read", path))?;
    Ok(bytes)
}

/// What a plan leaves out.
fn lacks(plan: &DatasetPlan) -> Vec<String> {
    let has = |picture| layout::pictures(plan).contains(&picture);
    let all = [
        ("no grey pictures", has(Picture::Grey)),
        ("no depth", has(Picture::Depth16) || has(Picture::DepthExr)),
        ("no part masks", has(Picture::Mask)),
        ("no instance masks", has(Picture::Instance)),
    ];
    all.into_iter().filter(|(_, there)| !there).map(|(text, _)| text.to_owned()).collect()
}
