//! Rendered Hand Pose: `{training,evaluation}/{color,mask,depth}/%05d.png` and a pickle of labels for each split.
//!
//! * Pickle: a dictionary from the sample's number to `xyz` (42 x 3, metres, camera frame), `uv_vis` (42 x 3: column, row,
//!   1 if visible) and `K`. Left hand first; in each hand the wrist, then every digit from tip to base.
//! * Depth: red is the high byte, green the low one, 65535 steps are 5 m. Masks hold our own part ids, which are RHD's.
//! * Pixels count from the corner of the first, as ours: see [`crate::dataset::rhd`].
//! * Both hands of a person are labelled, also outside the picture; a hand of zeros only (as this program writes it) is
//!   none. Characters and actions are not told.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use glam::{Vec2, Vec3};

use super::common::{bad_labels, check_finite, hand_instance, in_order, matched, numbers};
use super::{files, foreign};
use crate::dataset::codec::Array;
use crate::dataset::codec::pickle::{Item, Pickle};
use crate::dataset::orders::RHD;
use crate::dataset::rhd::{ROOT, SIZE, depth_from_picture};
use crate::dataset::{DatasetError, DatasetReader, HandRecord, Pictures, SampleLabel, SampleName, SetFault, SetInfo};
use crate::frame::Plane;
use crate::label::Visibility;
use crate::rig::{HandSide, LANDMARK_COUNT, part};
use crate::scene::{Instance, InstanceKind};

const SPLITS: [&str; 2] = ["training", "evaluation"];
/// Keypoints of both hands.
const POINTS: usize = 2 * LANDMARK_COUNT;
/// Largest part id.
const LAST_PART: u8 = 33;

/// One entry of a pickle.
#[derive(Debug)]
struct Annotation {
    split: &'static str,
    number: u64,
    xyz: Vec<Vec3>,
    uv_vis: Vec<[f32; 3]>,
    k: [[f32; 3]; 3],
}

/// The whole dataset.
#[derive(Debug)]
struct Rhd {
    info: SetInfo,
    root: PathBuf,
    samples: Vec<Annotation>,
}

/// Folder that holds the splits: the one given, or `RHD_published_v2` in it.
fn root_of(folder: &Path) -> PathBuf {
    let inside = folder.join(ROOT);
    if inside.is_dir() { inside } else { folder.to_owned() }
}

fn pickle_path(root: &Path, split: &str) -> PathBuf {
    root.join(split).join(format!("anno_{split}.pickle"))
}

/// True if a folder looks like one.
pub fn is_here(folder: &Path) -> bool {
    let root = root_of(folder);
    folder.join(ROOT).is_dir() || SPLITS.iter().any(|split| pickle_path(&root, split).is_file())
}

/// Opens the dataset in a folder.
pub fn open(folder: &Path) -> Result<Box<dyn DatasetReader>, DatasetError> {
    let root = root_of(folder);
    let mut info = SetInfo { format: "rhd".into(), root: folder.to_owned(), ..SetInfo::default() };
    info.lacks = ["no subjects", "no clips", "no objects"].map(str::to_owned).to_vec();
    info.notes.push("pixels of this set count from the corner of the first pixel, as cx = cy = 160 says".into());
    let mut samples = Vec::new();
    for split in SPLITS {
        if !root.join(split).is_dir() {
            continue;
        }
        for kind in ["depth", "mask"].iter().filter(|kind| !root.join(split).join(kind).is_dir()) {
            info.lacks.push(format!("no {kind} in `{split}`"));
        }
        let before = samples.len();
        read_split(&root, split, &mut info, &mut samples)?;
        info.splits.push((split.to_owned(), (samples.len() - before) as u64));
    }
    if info.splits.is_empty() {
        return Err(foreign(&root, "holds neither `training` nor `evaluation`".into()));
    }
    let mut set = Rhd { info, root, samples };
    let faults = bad_labels(&set);
    set.info.faults.extend(faults);
    Ok(Box::new(set))
}

fn read_split(
    root: &Path,
    split: &'static str,
    info: &mut SetInfo,
    samples: &mut Vec<Annotation>,
) -> Result<(), DatasetError> {
    let path = pickle_path(root, split);
    let bytes = files::read(&path)?;
    let pickle = Pickle::read(&bytes).map_err(|error| foreign(&path, error.to_string()))?;
    let entries = pickle.root().entries();
    let entries =
        entries.ok_or_else(|| foreign(&path, format!("holds a {}, expected a dict", pickle.root().type_name())))?;
    let mut labels = BTreeMap::new();
    let mut named = BTreeSet::new();
    for (key, value) in entries {
        let number = key.as_i64().and_then(|n| u64::try_from(n).ok());
        let number = number.ok_or_else(|| foreign(&path, "has a key that is no sample number".into()))?;
        named.insert(number);
        match annotation(split, number, value) {
            Ok(label) => drop(labels.insert(number, label)),
            Err(fault) => {
                let message = format!("`{}`, sample {number}: {fault}; the sample is left out", path.display());
                info.faults.push(SetFault { id: Some(id(split, number)), message });
            }
        }
    }
    let colour = root.join(split).join("color");
    let found = numbers(info, &colour, "", ".png")?;
    let kept = matched(info, &named, &found, |n| id(split, n), |n| colour.join(format!("{n:05}.png")));
    samples.extend(kept.into_iter().filter_map(|number| labels.remove(&number)));
    Ok(())
}

fn id(split: &str, number: u64) -> String {
    format!("{split}/{number:05}")
}

fn annotation(split: &'static str, number: u64, item: Item<'_>) -> Result<Annotation, String> {
    let xyz = rows(item, "xyz", POINTS)?.iter().map(|p| Vec3::from(*p)).collect();
    let uv_vis = rows(item, "uv_vis", POINTS)?;
    let k = rows(item, "K", 3)?;
    Ok(Annotation { split, number, xyz, uv_vis, k: [k[0], k[1], k[2]] })
}

/// A table of three columns.
fn rows(item: Item<'_>, key: &str, count: usize) -> Result<Vec<[f32; 3]>, String> {
    let array = item.get(key).ok_or_else(|| format!("`{key}` is missing"))?.as_array();
    let rows = array.and_then(Array::rows::<3>).filter(|rows| rows.len() == count);
    let shape = || array.map_or_else(|| "no array".to_owned(), |a| format!("{:?}", a.shape()));
    let rows = rows.ok_or_else(|| format!("`{key}` is {}, expected [{count}, 3]", shape()))?;
    Ok(rows.iter().map(|row| row.map(|x| x as f32)).collect())
}

impl Annotation {
    /// One of the two hands; `None` if it is all zeros.
    fn hand(&self, side: HandSide, label: &SampleLabel) -> Option<HandRecord> {
        let first = if side == HandSide::Left { 0 } else { LANDMARK_COUNT };
        let xyz = &self.xyz[first..first + LANDMARK_COUNT];
        if xyz.iter().all(|p| *p == Vec3::ZERO) {
            return None;
        }
        let mut hand = HandRecord::unknown(label.hands.len() as u8 + 1);
        hand.side = Some(side);
        hand.keypoints_camera_m = in_order(xyz, &RHD);
        let uv_vis = RHD.map(|k| self.uv_vis[first + k]);
        hand.keypoints_px = uv_vis.map(|[u, v, _]| Some(Vec2::new(u, v)));
        // visible only if the flag is exactly 1, as the authors' own scripts take it
        let is_flagged = uv_vis.map(|[_, _, flag]| (flag - 1.0).abs() < f32::EPSILON);
        hand.visibility = is_flagged.map(|flag| if flag { Visibility::Visible } else { Visibility::Absent });
        hand.complete(label.camera().as_ref(), SIZE, SIZE);
        for state in &mut hand.visibility {
            if *state == Visibility::Unstated {
                *state = Visibility::Hidden;
            }
        }
        Some(hand)
    }
}

impl Rhd {
    fn sample(&self, number: u64) -> Result<&Annotation, DatasetError> {
        let found = usize::try_from(number).ok().and_then(|n| self.samples.get(n));
        found.ok_or_else(|| DatasetError::NoSuchSample { number, count: self.count() })
    }
}

impl DatasetReader for Rhd {
    fn info(&self) -> &SetInfo {
        &self.info
    }

    fn count(&self) -> u64 {
        self.samples.len() as u64
    }

    fn label(&self, number: u64) -> Result<SampleLabel, DatasetError> {
        let sample = self.sample(number)?;
        let path = pickle_path(&self.root, sample.split);
        let place = format!("sample {}", sample.number);
        check_finite(&path, &place, &sample.xyz)?;
        let uv: Vec<Vec3> = sample.uv_vis.iter().map(|p| Vec3::from(*p)).collect();
        check_finite(&path, &place, &uv)?;
        let id = id(sample.split, sample.number);
        let mut label = SampleLabel::captured(SampleName { index: number, id: &id, split: sample.split }, SIZE, SIZE);
        label.k = Some(sample.k);
        for side in [HandSide::Left, HandSide::Right] {
            if let Some(hand) = sample.hand(side, &label) {
                label.instances.push(hand_instance(hand.instance));
                label.hands.push(hand);
            }
        }
        let person = Instance { id: person_id(&label), kind: InstanceKind::Person, name: None, hand: None };
        label.instances.push(person);
        Ok(label)
    }

    fn pictures(&self, number: u64, label: &SampleLabel) -> Result<Pictures, DatasetError> {
        let sample = self.sample(number)?;
        let folder = |kind: &str| self.root.join(sample.split).join(kind);
        let path = |kind: &str| folder(kind).join(format!("{:05}.png", sample.number));
        let (rgb, rgb_jpeg) = files::colour(&path("color"))?;
        let mut pictures = Pictures { rgb: Some(rgb), rgb_jpeg, ..Pictures::default() };
        if folder("depth").is_dir() {
            pictures.depth_z_m = Some(depth_from_picture(&files::rgb8(&path("depth"))?));
        }
        if folder("mask").is_dir() {
            let parts = files::grey8(&path("mask"))?;
            if let Some(worst) = parts.data.iter().max().filter(|worst| **worst > LAST_PART) {
                let fault = format!("holds class {worst}, expected 0 to {LAST_PART}");
                return Err(foreign(&path("mask"), fault));
            }
            pictures.instance = Some(instances(&parts, label));
            pictures.part = Some(parts);
        }
        Ok(pictures)
    }
}

/// Instance of what is a person but no hand, which may be either hand's arm.
fn person_id(label: &SampleLabel) -> u8 {
    label.hands.len() as u8 + 1
}

/// The hand that each part is of.
fn instances(parts: &Plane<u8>, label: &SampleLabel) -> Plane<u8> {
    let of_side = |side| label.hands.iter().find(|hand| hand.side == Some(side)).map_or(0, |hand| hand.instance);
    let (left, right) = (of_side(HandSide::Left), of_side(HandSide::Right));
    let instance = |id: &u8| match part::HandPart::side_of_rhd_id(*id) {
        Some(HandSide::Left) => left,
        Some(HandSide::Right) => right,
        None if *id == part::PERSON_ID => person_id(label),
        None => 0,
    };
    Plane { width: parts.width, height: parts.height, data: parts.data.iter().map(instance).collect() }
}
