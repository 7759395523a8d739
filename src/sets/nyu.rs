//! NYU Hand Pose: `{train,test}/{depth,rgb}_<kinect>_<frame>.png` and `{train,test}/joint_data.mat`.
//!
//! * 640 x 480, three Kinects (1 to 3), frames from 1, seven digits. Depth in millimetres: green is the high byte, blue the
//!   low one. Colour is registered to depth. Every Kinect's picture is a sample of its own.
//! * `joint_xyz` is 3 x frames x 36 x 3, millimetres, y up. `joint_uvd` is its projection and is not read.
//! * 36 points by name (`joint_names`): 21 of them stand for our keypoints, all are extra points. The wrist is the last palm
//!   point, in the middle of the wrist.
//! * The set does not say which hand it is, nor whose.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use glam::Vec3;

use super::common::{
    CENTRE_NOTE, bad_labels, check_before_camera, depth_of_channels, in_order, k_from_centre, matched, numbers,
};
use super::{files, foreign};
use crate::dataset::codec::Array;
use crate::dataset::codec::mat::{self, MatValue};
use crate::dataset::orders::{NYU, NYU_NAMES};
use crate::dataset::{DatasetError, DatasetReader, ExtraPoint, HandRecord, Pictures, SampleLabel, SampleName, SetInfo};

const WIDTH: u32 = 640;
const HEIGHT: u32 = 480;
const SPLITS: [&str; 2] = ["train", "test"];
const KINECTS: u64 = 3;
const POINTS: usize = NYU_NAMES.len();
/// Of every Kinect, as the set's own scripts have it; pixels count from the centre of the first.
const CAMERA: [f32; 4] = [588.036_9, 587.075_1, 320.0, 240.0];

#[derive(Debug)]
struct Split {
    name: &'static str,
    /// `joint_xyz`.
    points: Array,
    /// Place in the file of each of [`NYU_NAMES`].
    places: Vec<usize>,
    /// Kinects that have colour.
    colour: Vec<u64>,
}

#[derive(Debug)]
struct Entry {
    split: usize,
    /// From 1.
    kinect: u64,
    /// From 1.
    frame: u64,
}

#[derive(Debug)]
struct Nyu {
    info: SetInfo,
    splits: Vec<Split>,
    samples: Vec<Entry>,
}

fn label_path(folder: &Path, split: &str) -> PathBuf {
    folder.join(split).join("joint_data.mat")
}

/// True if a folder looks like one.
pub fn is_here(folder: &Path) -> bool {
    SPLITS.iter().any(|split| label_path(folder, split).is_file())
}

/// Opens the dataset in a folder.
pub fn open(folder: &Path) -> Result<Box<dyn DatasetReader>, DatasetError> {
    let mut info = SetInfo { format: "nyu".into(), root: folder.to_owned(), ..SetInfo::default() };
    info.lacks = ["no side", "no subjects", "no masks", "no visibility"].map(str::to_owned).to_vec();
    info.notes.push(CENTRE_NOTE.into());
    info.notes.push("every Kinect's picture is a sample of its own; pixels are projected from `joint_xyz`".into());
    let mut set = Nyu { info, splits: Vec::new(), samples: Vec::new() };
    for name in SPLITS {
        if folder.join(name).is_dir() {
            set.add(folder, name)?;
        }
    }
    if set.splits.is_empty() {
        return Err(foreign(folder, "holds neither `train` nor `test`".into()));
    }
    let faults = bad_labels(&set);
    set.info.faults.extend(faults);
    Ok(Box::new(set))
}

fn id_of(split: &str, kinect: u64, frame: u64) -> String {
    format!("{split}/{kinect}_{frame:07}")
}

impl Nyu {
    fn add(&mut self, folder: &Path, name: &'static str) -> Result<(), DatasetError> {
        let path = label_path(folder, name);
        let (points, places) = read_labels(&path, &mut self.info)?;
        let labels: BTreeSet<u64> = (1..=points.shape()[1] as u64).collect();
        let before = self.samples.len();
        let mut colour = Vec::new();
        let kinects = 1..=KINECTS.min(points.shape()[0] as u64);
        for kinect in kinects {
            let pictures = folder.join(name);
            let found = numbers(&mut self.info, &pictures, &format!("depth_{kinect}_"), ".png")?;
            if found.is_empty() {
                self.info.notes.push(format!("`{name}` has no depth pictures of Kinect {kinect}"));
                continue;
            }
            if numbers(&mut self.info, &pictures, &format!("rgb_{kinect}_"), ".png")?.is_empty() {
                self.info.notes.push(format!("`{name}` has no colour pictures of Kinect {kinect}"));
            } else {
                colour.push(kinect);
            }
            let picture = |n: u64| pictures.join(format!("depth_{kinect}_{n:07}.png"));
            let kept = matched(&mut self.info, &labels, &found, |n| id_of(name, kinect, n), picture);
            let split = self.splits.len();
            self.samples.extend(kept.into_iter().map(|frame| Entry { split, kinect, frame }));
        }
        self.info.splits.push((name.to_owned(), (self.samples.len() - before) as u64));
        self.splits.push(Split { name, points, places, colour });
        Ok(())
    }

    fn entry(&self, number: u64) -> Result<(&Entry, &Split), DatasetError> {
        let entry = usize::try_from(number).ok().and_then(|n| self.samples.get(n));
        let entry = entry.ok_or_else(|| DatasetError::NoSuchSample { number, count: self.count() })?;
        Ok((entry, &self.splits[entry.split]))
    }
}

/// `joint_xyz`, and where each of [`NYU_NAMES`] stands in it.
fn read_labels(path: &Path, info: &mut SetInfo) -> Result<(Array, Vec<usize>), DatasetError> {
    let file = File::open(path).map_err(|e| foreign(path, format!("cannot be read: {e}")))?;
    let wanted = ["joint_xyz", "joint_names"];
    let variables = mat::read(BufReader::new(file), &wanted).map_err(|e| foreign(path, e.to_string()))?;
    let mut variables: BTreeMap<String, MatValue> = variables.into_iter().collect();
    let Some(MatValue::Numbers(points)) = variables.remove("joint_xyz") else {
        let names: Vec<&str> = variables.keys().map(String::as_str).collect();
        return Err(foreign(path, format!("holds no array `joint_xyz`, but {}", names.join(", "))));
    };
    match points.shape() {
        [_, _, POINTS, 3] => {}
        other => return Err(foreign(path, format!("`joint_xyz` is {other:?}, expected [3, frames, {POINTS}, 3]"))),
    }
    let Some(MatValue::Cells(cells)) = variables.remove("joint_names") else {
        info.notes.push(format!("`{}` has no `joint_names`: the published order is assumed", path.display()));
        return Ok((points, (0..POINTS).collect()));
    };
    let place = |name: &str| {
        let found = cells.iter().position(|cell| matches!(cell, MatValue::Text(text) if text == name));
        found.ok_or_else(|| foreign(path, format!("`joint_names` has no `{name}`")))
    };
    let places = NYU_NAMES.iter().map(|name| place(name)).collect::<Result<Vec<_>, _>>()?;
    Ok((points, places))
}

impl DatasetReader for Nyu {
    fn info(&self) -> &SetInfo {
        &self.info
    }

    fn count(&self) -> u64 {
        self.samples.len() as u64
    }

    fn label(&self, number: u64) -> Result<SampleLabel, DatasetError> {
        let (entry, split) = self.entry(number)?;
        let (kinect, frame) = (entry.kinect as usize - 1, entry.frame as usize - 1);
        let metres = |place: usize, axis: usize| {
            split.points.get(&[kinect, frame, place, axis]).map_or(f32::NAN, |mm| (mm / 1000.0) as f32)
        };
        // y points up in the file
        let point = |place: &usize| Vec3::new(metres(*place, 0), -metres(*place, 1), metres(*place, 2));
        let points: Vec<Vec3> = split.places.iter().map(point).collect();
        let place = format!("Kinect {}, frame {}", entry.kinect, entry.frame);
        check_before_camera(&label_path(&self.info.root, split.name), &place, &points)?;
        let id = id_of(split.name, entry.kinect, entry.frame);
        let name = SampleName { index: number, id: &id, split: split.name };
        let mut label = SampleLabel::captured(name, WIDTH, HEIGHT);
        label.clip = Some(entry.split as u64);
        label.frame = Some(entry.frame - 1);
        label.k = Some(k_from_centre(CAMERA));
        let camera = label.camera();
        let mut hand = HandRecord::unknown(1);
        hand.keypoints_camera_m = in_order(&points, &NYU);
        for (name, point) in NYU_NAMES.iter().zip(&points) {
            let px = camera.as_ref().and_then(|c| c.project(*point));
            hand.extra_points.insert((*name).to_owned(), ExtraPoint { px, camera_m: Some(*point) });
        }
        hand.complete(camera.as_ref(), WIDTH, HEIGHT);
        label.hands.push(hand);
        Ok(label)
    }

    fn pictures(&self, number: u64, _: &SampleLabel) -> Result<Pictures, DatasetError> {
        let (entry, split) = self.entry(number)?;
        let file = |kind: &str| {
            self.info.root.join(split.name).join(format!("{kind}_{}_{:07}.png", entry.kinect, entry.frame))
        };
        let depth = depth_of_channels(&files::rgb8(&file("depth"))?, 1, 2, 0.001);
        let mut pictures = Pictures { depth_z_m: Some(depth), ..Pictures::default() };
        if split.colour.contains(&entry.kinect) {
            pictures.rgb = Some(files::colour(&file("rgb"))?.0);
        }
        Ok(pictures)
    }
}
