//! `FreiHAND`: `{training,evaluation}/rgb/%08d.jpg`, `training/mask/%08d.jpg`, and JSON lists at the root.
//!
//! * 224 x 224 JPEG. `{split}_K.json`, `{split}_xyz.json` (metres, camera frame, our order), `{split}_scale.json`,
//!   `training_mano.json` (61 numbers). Vertices are not read.
//! * `training/rgb` holds every pose several times (green screen, then other backgrounds): picture number n has label
//!   n modulo the number of labels, and so has the mask. Poses keep their number as `clip`, so that blends keep versions of one
//!   picture together.
//! * Right hands only. K projects to pixels counted from the centre of the first: `cx` and `cy` grow by 0.5.
//! * `evaluation_xyz.json` was released later and may be missing: those samples then have no keypoints.

use std::path::{Path, PathBuf};

use glam::Vec3;
use serde_json::Value;

use super::files;
use crate::dataset::{DatasetError, DatasetReader, HandRecord, Pictures, SampleLabel, SampleName, SetFault, SetInfo};
use crate::frame::Plane;
use crate::rig::{HandSide, LANDMARK_COUNT};
use crate::sets::foreign;

/// Columns and rows of every picture.
pub const SIZE: u32 = 224;
const SPLITS: [&str; 2] = ["training", "evaluation"];

/// One split's lists, and its pictures.
#[derive(Debug)]
struct Split {
    name: &'static str,
    k: Vec<[[f32; 3]; 3]>,
    /// Number of its first pose over all splits.
    first_clip: u64,
    /// Empty if the list is not there.
    xyz: Vec<Vec<[f32; 3]>>,
    /// Empty if the list is not there.
    scale: Vec<f32>,
    /// Empty if the list is not there.
    mano: Vec<Value>,
    pictures: u64,
    has_masks: bool,
}

/// The whole dataset.
#[derive(Debug)]
pub struct FreiHand {
    info: SetInfo,
    splits: Vec<Split>,
}

/// True if a folder looks like one.
pub fn is_here(folder: &Path) -> bool {
    SPLITS.iter().any(|split| folder.join(format!("{split}_K.json")).is_file())
}

/// Opens the dataset in a folder.
pub fn open(folder: &Path) -> Result<Box<dyn DatasetReader>, DatasetError> {
    let mut info = SetInfo { format: "freihand".into(), root: folder.to_owned(), ..SetInfo::default() };
    info.lacks = ["no depth", "no part masks", "no visibility", "no subjects"].map(str::to_owned).to_vec();
    info.notes.push("pixels of K count from the centre of the first pixel: 0.5 was added".into());
    let mut splits = Vec::new();
    for name in SPLITS {
        if folder.join(format!("{name}_K.json")).is_file() {
            let mut split = Split::open(folder, name, &mut info)?;
            split.first_clip = splits.last().map_or(0, |last: &Split| last.first_clip + last.k.len() as u64);
            info.splits.push((name.to_owned(), split.pictures));
            splits.push(split);
        } else if folder.join(name).join("rgb").is_dir() {
            let message =
                format!("`{name}_K.json` is missing: the pictures in `{name}/rgb` have no labels and are left out");
            info.faults.push(SetFault { id: None, message });
        }
    }
    if splits.is_empty() {
        return Err(foreign(folder, "holds neither `training_K.json` nor `evaluation_K.json`".into()));
    }
    Ok(Box::new(FreiHand { info, splits }))
}

impl Split {
    fn open(folder: &Path, name: &'static str, info: &mut SetInfo) -> Result<Self, DatasetError> {
        let k: Vec<[[f32; 3]; 3]> = files::read_json(&folder.join(format!("{name}_K.json")))?;
        let xyz = optional_list(folder, name, "xyz", k.len(), info)?;
        let scale = optional_list(folder, name, "scale", k.len(), info)?;
        let mano = optional_list(folder, name, "mano", k.len(), info)?;
        let pictures = count_pictures(&folder.join(name).join("rgb"), k.len(), info)?;
        Ok(Self {
            name,
            k,
            first_clip: 0,
            xyz,
            scale,
            mano,
            pictures,
            has_masks: folder.join(name).join("mask").is_dir(),
        })
    }
}

/// A list beside `K`; empty if it is not there.
fn optional_list<T: serde::de::DeserializeOwned>(
    folder: &Path,
    split: &str,
    what: &str,
    expected: usize,
    info: &mut SetInfo,
) -> Result<Vec<T>, DatasetError> {
    let path = folder.join(format!("{split}_{what}.json"));
    if !path.is_file() {
        let message = format!("`{split}_{what}.json` is not there");
        // only the evaluation's keypoints were held back at first
        if (split, what) == ("training", "xyz") {
            info.faults
                .push(SetFault { id: None, message: format!("{message}: no picture of `{split}` has keypoints") });
        } else {
            info.notes.push(message);
        }
        return Ok(Vec::new());
    }
    let list: Vec<T> = files::read_json(&path)?;
    if list.len() == expected {
        return Ok(list);
    }
    Err(foreign(&path, format!("holds {} entries, `{split}_K.json` holds {expected}", list.len())))
}

/// Number of pictures 0..n in a folder; gaps, strangers and a number that is no multiple of the labels are faults.
fn count_pictures(folder: &Path, labels: usize, info: &mut SetInfo) -> Result<u64, DatasetError> {
    let mut add = |message: String| info.faults.push(SetFault { id: None, message });
    let names = files::list(folder)?;
    let mut numbers = Vec::new();
    for path in &names {
        match path.file_stem().and_then(|stem| stem.to_str()?.parse::<u64>().ok()) {
            Some(number) => numbers.push(number),
            None => add(format!("`{}` is no picture of this set (its name is no number)", path.display())),
        }
    }
    let total = numbers.iter().max().map_or(0, |n| n + 1).max(labels as u64);
    let total = total.min(numbers.len() as u64 + labels as u64);
    let present: std::collections::BTreeSet<u64> = numbers.into_iter().collect();
    for number in (0..total).filter(|n| !present.contains(n)) {
        add(format!("`{}` is missing", picture_path(folder, number).display()));
    }
    if labels > 0 && !total.is_multiple_of(labels as u64) {
        add(format!("`{}` holds {total} pictures, no multiple of the {labels} labels", folder.display()));
    }
    Ok(if labels == 0 { 0 } else { total })
}

fn picture_path(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("{number:08}.jpg"))
}

impl FreiHand {
    /// Split and number in it.
    fn find(&self, number: u64) -> Result<(&Split, u64), DatasetError> {
        let mut rest = number;
        for split in &self.splits {
            if rest < split.pictures {
                return Ok((split, rest));
            }
            rest -= split.pictures;
        }
        Err(DatasetError::NoSuchSample { number, count: self.count() })
    }
}

impl DatasetReader for FreiHand {
    fn info(&self) -> &SetInfo {
        &self.info
    }

    fn count(&self) -> u64 {
        self.splits.iter().map(|split| split.pictures).sum()
    }

    fn label(&self, number: u64) -> Result<SampleLabel, DatasetError> {
        let (split, picture) = self.find(number)?;
        let pose = (picture % split.k.len() as u64) as usize;
        let id = format!("{}/rgb/{picture:08}", split.name);
        let mut label = SampleLabel::captured(SampleName { index: number, id: &id, split: split.name }, SIZE, SIZE);
        label.clip = Some(split.first_clip + pose as u64);
        let mut k = split.k[pose];
        k[0][2] += 0.5;
        k[1][2] += 0.5;
        label.k = Some(k);
        if let Some(mano) = split.mano.get(pose) {
            label.extra.insert("mano".into(), mano.clone());
        }
        if let Some(scale) = split.scale.get(pose) {
            label.extra.insert("scale_m".into(), Value::from(*scale));
        }
        let mut hand = HandRecord::unknown(1);
        hand.side = Some(HandSide::Right);
        if let Some(points) = split.xyz.get(pose) {
            if points.len() != LANDMARK_COUNT {
                let path = self.info.root.join(format!("{}_xyz.json", split.name));
                let fault = format!("entry {pose} holds {} points, expected {LANDMARK_COUNT}", points.len());
                return Err(foreign(&path, fault));
            }
            hand.keypoints_camera_m = std::array::from_fn(|k| Some(Vec3::from(points[k])));
            hand.complete(label.camera().as_ref(), SIZE, SIZE);
            label.hands.push(hand);
        }
        Ok(label)
    }

    fn pictures(&self, number: u64, _: &SampleLabel) -> Result<Pictures, DatasetError> {
        let (split, picture) = self.find(number)?;
        let folder = self.info.root.join(split.name);
        let (rgb, rgb_jpeg) = files::colour(&picture_path(&folder.join("rgb"), picture))?;
        let mut pictures = Pictures { rgb: Some(rgb), rgb_jpeg, ..Pictures::default() };
        if split.has_masks {
            let (mask, _) = files::colour(&picture_path(&folder.join("mask"), picture % split.k.len() as u64))?;
            let data = mask.data.iter().map(|p| u8::from(p[0] >= 128)).collect();
            pictures.instance = Some(Plane { width: mask.width, height: mask.height, data });
        }
        Ok(pictures)
    }
}
