//! COCO lists with 21 keypoints per hand, mmpose's lists of hands, and COCO-WholeBody.
//!
//! * Any `*.json` in the folder or its `annotations` that begins like a COCO list; lists without hands are left out. The split
//!   is what the file's name speaks of (`train`, `val`, `test`), else the name. Pictures lie below `images`, the folder itself
//!   or a folder in one of the two, wherever most of a list's are found.
//! * A hand is an annotation with 21 keypoints, or `lefthand_kpts` and `righthand_kpts` of a person (where `*_valid`). All hands
//!   of a picture are one sample, in the order of their ids. `keypoints` may be nested or flat. The names of keypoints are
//!   not looked at: they are known to be wrong. Our order is assumed, except in mmpose's `rhd_*.json`, which has RHD's; where bones are
//!   shorter in another known order, that is a fault of the list.
//! * Flags: 2 visible, 1 hidden, 0 not labelled. In a list without any 2, 1 is only `labelled` (mmpose's lists); in
//!   `rhd_*.json`, 1 is visible and 0 hidden. Pixels count from the centre of the first: 0.5 is added.
//! * Beyond COCO: `hand_type` (a word, or mmpose's flags right and left), `joint_cam` (millimetres), `joint_valid`, `cam_param` with
//!   `focal` and `princpt` (of the annotation or the image) and our `lens`; `video_id`, `frame_id`, `time_s`.
//! * `bbox` is drawn by hand or derived, tight or wide: it is no box of visible pixels. It stands in `extra` as `bbox`, one per
//!   hand, and is `box_keypoints_px` of hands without keypoints only. `segmentation` is not read.

mod find;
mod list;
mod order;
mod parse;

use std::path::Path;

use glam::{Vec2, Vec3};
use serde_json::json;

use super::common::{CENTRE, CENTRE_NOTE};
use super::faults::{Faults, Wanted};
use super::{files, foreign};
use crate::dataset::{DatasetError, DatasetReader, HandRecord, Pictures, SampleLabel, SampleName, SetInfo};
use crate::rig::LANDMARK_COUNT;
use list::{Flags, List};
use parse::RawHand;

/// One list with hands.
#[derive(Debug)]
struct Split {
    name: String,
    list: List,
    /// Below which its pictures lie, below the dataset's own folder.
    folder: String,
    /// Places of the pictures that are there.
    samples: Vec<u32>,
    /// Added to its clips' numbers.
    first_clip: u64,
}

/// The whole dataset.
#[derive(Debug)]
pub struct Coco {
    info: SetInfo,
    splits: Vec<Split>,
}

/// True if a folder looks like one.
pub fn is_here(folder: &Path) -> bool {
    !find::lists(folder).is_empty()
}

/// Opens the dataset in a folder.
pub fn open(folder: &Path) -> Result<Box<dyn DatasetReader>, DatasetError> {
    let mut info = SetInfo { format: "coco".into(), root: folder.to_owned(), ..SetInfo::default() };
    let mut faults = Faults::default();
    let (mut paths, mut lists) = (Vec::new(), Vec::new());
    for path in find::lists(folder) {
        let list = List::read(&path, &mut faults)?;
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if list.hands.is_empty() {
            info.notes.push(format!("`{name}` has no hand with 21 keypoints and was left out"));
            continue;
        }
        describe(&name, &list, &mut info.notes);
        paths.push(path);
        lists.push(list);
    }
    if lists.is_empty() {
        let why = if info.notes.is_empty() { "holds no COCO list".into() } else { info.notes.join("; ") };
        return Err(foreign(folder, why));
    }
    for path in find::strangers(folder) {
        let message = format!("`{}` is no COCO list: its pictures, if it had any, are left out", path.display());
        faults.add("files are no lists", None, message);
    }
    let mut named: Vec<_> = find::splits(&paths).into_iter().zip(lists).collect();
    named.sort_by(|a, b| a.0.cmp(&b.0));
    let mut splits: Vec<Split> = Vec::new();
    for ((_, name), list) in named {
        let names: Vec<&str> = list.images.iter().map(|image| &*image.file_name).collect();
        let pictures = find::picture_folder(folder, &names).unwrap_or_else(|| "images".into());
        let first_clip = first_clip(&splits, &list);
        splits.push(Split { name, list, folder: pictures, samples: Vec::new(), first_clip });
    }
    find_pictures(&mut splits, &mut info, &mut faults);
    info.splits = splits.iter().map(|split| (split.name.clone(), split.samples.len() as u64)).collect();
    info.lacks = lacks(&splits);
    info.notes.push(CENTRE_NOTE.into());
    info.faults = faults.into_list();
    Ok(Box::new(Coco { info, splits }))
}

/// What a user should know of a list.
fn describe(name: &str, list: &List, notes: &mut Vec<String>) {
    match list.flags {
        Flags::Coco => {}
        Flags::Labelled => {
            notes.push(format!("`{name}` has no flag 2: flags above 0 do not say whether a keypoint is seen"));
        }
        Flags::Rhd => {
            notes.push(format!("`{name}` is taken for mmpose's list of RHD: order of RHD, flag 1 is visible"));
        }
    }
    if list.others > 0 {
        notes.push(format!("`{name}` has {} annotations that are not of hands", list.others));
    }
}

fn lacks(splits: &[Split]) -> Vec<String> {
    let hands = || splits.iter().flat_map(|split| &split.list.hands);
    let images = || splits.iter().flat_map(|split| &split.list.images);
    let mut lacks = vec!["no depth", "no masks", "no subjects"];
    if hands().all(|hand| hand.joints.is_none()) {
        lacks.push("no 3D");
    }
    if hands().all(|hand| hand.camera.is_none()) && images().all(|image| image.camera.is_none()) {
        lacks.push("no camera");
    }
    if hands().all(|hand| hand.side.is_none()) {
        lacks.push("no sides");
    }
    lacks.into_iter().map(str::to_owned).collect()
}

/// 0 if the clips of a list have numbers of their own, else the first number that is free.
fn first_clip(before: &[Split], list: &List) -> u64 {
    let clips =
        |list: &List| list.images.iter().filter_map(|image| image.video_id).collect::<std::collections::BTreeSet<_>>();
    let own = clips(list);
    let others = before.iter().flat_map(|split| clips(&split.list).into_iter().map(|clip| clip + split.first_clip));
    let others: std::collections::BTreeSet<u64> = others.collect();
    if own.is_disjoint(&others) { 0 } else { others.last().map_or(0, |last| last + 1) }
}

/// Notes which pictures are there; the others are left out and listed.
fn find_pictures(splits: &mut [Split], info: &mut SetInfo, faults: &mut Faults) {
    let root = &info.root;
    let mut wanted = Wanted::default();
    for (n, split) in splits.iter().enumerate() {
        for (k, image) in split.list.images.iter().enumerate() {
            wanted.add(&root.join(&split.folder), &image.file_name, (n as u64) << 32 | k as u64);
        }
    }
    let parts = |key: u64| ((key >> 32) as usize, key as u32);
    let found = wanted.compare(faults, |key| splits[parts(key).0].id(parts(key).1));
    if found.strangers > 0 {
        info.notes.push(format!("{} pictures beside those of the lists have no entry in them", found.strangers));
    }
    let there = found.there;
    for key in there {
        let (n, k) = parts(key);
        splits[n].samples.push(k);
    }
    for split in splits {
        split.samples.sort_unstable();
    }
}

impl Split {
    /// Path of a picture's file below the folder of pictures, without suffix.
    fn id(&self, image: u32) -> String {
        let folder = self.folder.strip_prefix("images").unwrap_or(&self.folder).trim_start_matches('/');
        let name = &*self.list.images[image as usize].file_name;
        let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
        if folder.is_empty() { stem.to_owned() } else { format!("{folder}/{stem}") }
    }

    fn label(&self, index: u64, image: u32) -> SampleLabel {
        let (id, record) = (self.id(image), &self.list.images[image as usize]);
        let (width, height) = (record.width.unwrap_or_default(), record.height.unwrap_or_default());
        let mut label = SampleLabel::captured(SampleName { index, id: &id, split: &self.name }, width, height);
        label.clip = record.video_id.map(|clip| clip + self.first_clip);
        label.frame = record.frame_id;
        label.time_s = record.time_s;
        let hands = self.list.hands(image as usize);
        let camera = record.camera.as_ref().or_else(|| hands.iter().find_map(|hand| hand.camera.as_ref()));
        if let Some(camera) = camera {
            label.k = Some(camera.k);
            label.lens = camera.lens;
        }
        let boxes: Vec<_> = hands.iter().map(|hand| hand.bbox).collect();
        if boxes.iter().any(Option::is_some) {
            label.extra.insert("bbox".into(), json!(boxes));
        }
        // instance ids are bytes
        for (hand, instance) in hands.iter().zip(1..=u8::MAX) {
            let mut made = self.hand(hand, instance);
            made.complete(label.camera().as_ref(), width, height);
            made.box_keypoints_px = made.box_keypoints_px.or(hand.bbox);
            label.hands.push(made);
        }
        label
    }

    fn hand(&self, raw: &RawHand, instance: u8) -> HandRecord {
        let mut hand = HandRecord::unknown(instance);
        hand.side = raw.side;
        for k in 0..LANDMARK_COUNT {
            let place = self.list.order.map_or(k, |order| order[k]);
            if let Some(points) = &raw.points
                && let Some(visibility) = self.list.flags.visibility(points[place])
            {
                hand.keypoints_px[k] = Some(Vec2::new(points[place][0], points[place][1]) + CENTRE);
                hand.visibility[k] = visibility;
            }
            if let Some(joints) = raw.joints.as_ref().filter(|_| raw.valid >> place & 1 == 1) {
                hand.keypoints_camera_m[k] = Some(Vec3::from(joints[place]) / 1000.0);
            }
        }
        hand
    }
}

impl Coco {
    /// Split and place of its picture.
    fn find(&self, number: u64) -> Result<(&Split, u32), DatasetError> {
        let mut rest = number;
        for split in &self.splits {
            if let Some(image) = split.samples.get(rest as usize) {
                return Ok((split, *image));
            }
            rest -= split.samples.len() as u64;
        }
        Err(DatasetError::NoSuchSample { number, count: self.count() })
    }
}

impl DatasetReader for Coco {
    fn info(&self) -> &SetInfo {
        &self.info
    }

    fn count(&self) -> u64 {
        self.splits.iter().map(|split| split.samples.len() as u64).sum()
    }

    fn label(&self, number: u64) -> Result<SampleLabel, DatasetError> {
        let (split, image) = self.find(number)?;
        Ok(split.label(number, image))
    }

    fn pictures(&self, number: u64, _: &SampleLabel) -> Result<Pictures, DatasetError> {
        let (split, image) = self.find(number)?;
        let path = self.info.root.join(&split.folder).join(&*split.list.images[image as usize].file_name);
        let (rgb, rgb_jpeg) = files::colour(&path)?;
        Ok(Pictures { rgb: Some(rgb), rgb_jpeg, ..Pictures::default() })
    }
}
