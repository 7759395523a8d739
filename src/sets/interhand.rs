//! `InterHand2.6M`: captured right, left and interacting hands before many colour cameras.
//!
//! * `InterHand2.6M_{train,val,test}_{data,camera,joint_3d}.json` in the folder, in `annotations` or in a folder of it (of
//!   several lists of one split, that of a folder called `all`, else the first); pictures in `images/{split}/` below which
//!   `file_name` counts. The pictures may lie beside `annotations` or above it.
//! * World coordinates in millimetres, per hand from tip to base and the wrist last, right 0..21, left 21..42;
//!   camera = R (X - campos). A joint counts where both its `joint_valid` (of the picture, of the world) say so; flags of the
//!   picture also are 0 where it is cut off. A hand without a valid joint is not in the label.
//! * `princpt` counts pixels from the centre of the first: 0.5 is added. Keypoints are projected; nobody says which are seen.
//! * `subject` is the person, or the capture where it is not given; a clip is one sequence of a capture and split.
//! * Keys of the lists after the set's own tools: `images` {id, `file_name`, width, height, capture, subject, `seq_name`, camera,
//!   `frame_idx`}, `annotations` {`image_id`, bbox, `joint_valid`, `hand_type`, `hand_type_valid`}. Keys and cameras may be quoted or
//!   not, `joint_valid` flat or nested. `bbox` (not cut by the picture) stands in `extra`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use glam::{DMat3, DVec3, Quat, Vec3};
use serde::Deserialize;
use serde_json::json;

use super::common::{CENTRE_NOTE, k_from_centre};
use super::faults::{Faults, Wanted};
use super::json::{self, Flat, Text};
use super::{files, foreign};
use crate::dataset::orders::INTERHAND;
use crate::dataset::{DatasetError, DatasetReader, HandRecord, Pictures, SampleLabel, SampleName, SetInfo};
use crate::math::RigidTransform;
use crate::rig::{HandSide, LANDMARK_COUNT};

/// Joints of both hands.
const JOINTS: usize = 2 * LANDMARK_COUNT;
const SPLITS: [&str; 3] = ["train", "val", "test"];
/// How far a rotation's rows may be from unit length and right angles.
const NEAR: f64 = 1e-3;

#[derive(Debug, Deserialize)]
struct RawData {
    images: Vec<RawImage>,
    annotations: Vec<RawAnnotation>,
}

#[derive(Debug, Deserialize)]
struct RawImage {
    id: u64,
    file_name: Box<str>,
    width: u32,
    height: u32,
    capture: Text,
    subject: Option<Text>,
    seq_name: Text,
    camera: Text,
    frame_idx: Text,
}

#[derive(Debug, Deserialize)]
struct RawAnnotation {
    image_id: u64,
    bbox: Option<Flat>,
    joint_valid: Flat,
    hand_type: Option<Box<str>>,
    hand_type_valid: Option<Flat>,
}

/// Cameras of one capture, by name.
#[derive(Debug, Deserialize)]
struct RawCameras {
    campos: BTreeMap<String, Flat>,
    camrot: BTreeMap<String, Flat>,
    focal: BTreeMap<String, Flat>,
    princpt: BTreeMap<String, Flat>,
}

#[derive(Debug, Deserialize)]
#[serde(from = "RawWorld")]
struct World {
    /// Millimetres; `None` if there are not 42 points.
    points: Option<Box<[[f32; 3]; JOINTS]>>,
    /// Bit k: joint k is valid.
    valid: u64,
}

#[derive(Debug, Deserialize)]
struct RawWorld {
    world_coord: Flat,
    joint_valid: Option<Flat>,
}

impl From<RawWorld> for World {
    fn from(raw: RawWorld) -> Self {
        let valid = raw.joint_valid.map_or(Some(u64::MAX), |valid| flags(&valid));
        let points = raw.world_coord.rows().filter(|_| valid.is_some());
        Self { points: points.map(Box::new), valid: valid.unwrap_or(0) }
    }
}

/// 42 flags as bits.
fn flags(flat: &Flat) -> Option<u64> {
    let rows = flat.rows::<1, JOINTS>()?;
    Some(rows.iter().enumerate().map(|(k, [flag])| u64::from(*flag > 0.0) << k).sum())
}

/// One picture with what its annotation says.
#[derive(Debug)]
struct Image {
    file_name: Box<str>,
    size: (u32, u32),
    capture: u32,
    subject: Option<u32>,
    clip: u32,
    camera: u32,
    frame: u32,
    valid: u64,
    bbox: Option<[f32; 4]>,
}

/// Where a camera stands and how it projects.
#[derive(Debug, Clone, Copy)]
struct View {
    /// Rows.
    turn: DMat3,
    at_mm: DVec3,
    k: [[f32; 3]; 3],
}

/// One split's lists.
#[derive(Debug)]
struct Split {
    name: &'static str,
    /// `joint_3d`, for messages.
    world_path: PathBuf,
    pictures: PathBuf,
    images: Vec<Image>,
    /// Names of cameras.
    cameras: Vec<String>,
    /// By capture and place in `cameras`.
    views: BTreeMap<(u32, u32), View>,
    /// By capture and frame.
    world: BTreeMap<(u32, u32), World>,
}

/// The whole dataset.
#[derive(Debug)]
pub struct InterHand {
    info: SetInfo,
    splits: Vec<Split>,
}

/// Path of a split's list, if there is one.
fn data_path(folder: &Path, split: &str) -> Option<PathBuf> {
    let name = format!("InterHand2.6M_{split}_data.json");
    let annotations = folder.join("annotations");
    let mut folders = vec![annotations.join("all"), folder.to_owned(), annotations.clone()];
    folders.extend(files::list(&annotations).unwrap_or_default());
    folders.into_iter().map(|folder| folder.join(&name)).find(|path| path.is_file())
}

/// True if a folder looks like one.
pub fn is_here(folder: &Path) -> bool {
    SPLITS.iter().any(|split| data_path(folder, split).is_some())
}

/// Opens the dataset in a folder.
pub fn open(folder: &Path) -> Result<Box<dyn DatasetReader>, DatasetError> {
    let mut info = SetInfo { format: "interhand".into(), root: folder.to_owned(), ..SetInfo::default() };
    info.lacks = ["no depth", "no masks", "no visibility"].map(str::to_owned).to_vec();
    info.notes.push(CENTRE_NOTE.into());
    let mut faults = Faults::default();
    let (mut splits, mut clips) = (Vec::new(), BTreeMap::new());
    for name in SPLITS {
        let Some(path) = data_path(folder, name) else { continue };
        info.notes.push(format!("`{name}` is read from `{}`", path.display()));
        let mut split = Split::open(folder, name, &path, &mut clips, &mut faults)?;
        split.find_pictures(&mut info.notes, &mut faults);
        info.splits.push((name.to_owned(), split.images.len() as u64));
        splits.push(split);
    }
    if splits.is_empty() {
        return Err(foreign(folder, "holds no `InterHand2.6M_{train,val,test}_data.json`".into()));
    }
    info.faults = faults.into_list();
    Ok(Box::new(InterHand { info, splits }))
}

/// Number of a name in a list that grows.
fn number_of(names: &mut Vec<String>, places: &mut BTreeMap<String, u32>, name: &str) -> u32 {
    if let Some(place) = places.get(name) {
        return *place;
    }
    let place = names.len() as u32;
    names.push(name.to_owned());
    places.insert(name.to_owned(), place);
    place
}

/// A number that may be quoted.
fn parsed(path: &Path, key: &str, text: &str) -> Result<u32, DatasetError> {
    text.parse().map_err(|_| foreign(path, format!("`{key}` is `{text}`, expected a whole number")))
}

impl Split {
    fn open(
        folder: &Path,
        name: &'static str,
        path: &Path,
        clips: &mut BTreeMap<(usize, u32, String), u32>,
        faults: &mut Faults,
    ) -> Result<Self, DatasetError> {
        let beside = |what: &str| path.with_file_name(format!("InterHand2.6M_{name}_{what}.json"));
        let raw: RawData = json::read(path)?;
        let above = folder.parent().unwrap_or(folder).join("images").join(name);
        let pictures = [folder.join("images").join(name), above].into_iter().find(|path| path.is_dir());
        let mut split = Self {
            name,
            world_path: beside("joint_3d"),
            pictures: pictures.unwrap_or_else(|| folder.join("images").join(name)),
            images: Vec::new(),
            cameras: Vec::new(),
            views: BTreeMap::new(),
            world: BTreeMap::new(),
        };
        let mut cameras = BTreeMap::new();
        split.join(path, raw, &mut cameras, clips, faults)?;
        split.read_cameras(&beside("camera"), &cameras)?;
        let raw: BTreeMap<String, BTreeMap<String, World>> = json::read(&split.world_path)?;
        for (capture, frames) in raw {
            let capture = parsed(&split.world_path, "capture", &capture)?;
            for (frame, world) in frames {
                split.world.insert((capture, parsed(&split.world_path, "frame", &frame)?), world);
            }
        }
        Ok(split)
    }

    /// Pictures with their annotations. Those that have none, or are listed twice, are left out.
    fn join(
        &mut self,
        path: &Path,
        raw: RawData,
        cameras: &mut BTreeMap<String, u32>,
        clips: &mut BTreeMap<(usize, u32, String), u32>,
        faults: &mut Faults,
    ) -> Result<(), DatasetError> {
        let mut add = |kind, fault: String| faults.add(kind, None, format!("`{}`: {fault}", path.display()));
        let mut annotations: BTreeMap<u64, RawAnnotation> = BTreeMap::new();
        for annotation in raw.annotations {
            let id = annotation.image_id;
            if annotations.insert(id, annotation).is_some() {
                add("pictures have two annotations", format!("image {id} has two annotations; the last is taken"));
            }
        }
        let mut seen = std::collections::BTreeSet::new();
        let split_number = SPLITS.iter().position(|split| *split == self.name).unwrap_or(0);
        for image in raw.images {
            let (id, name) = (image.id, &image.file_name);
            if !seen.insert(id) {
                add("image ids stand twice", format!("image id {id} stands twice; `{name}` is left out"));
                continue;
            }
            let Some(annotation) = annotations.remove(&id) else {
                add("pictures have no annotation", format!("image {id} (`{name}`) has no annotation; it is left out"));
                continue;
            };
            let Some(valid) = flags(&annotation.joint_valid) else {
                let found = annotation.joint_valid.0.len();
                let fault = format!("`joint_valid` of image {id} holds {found} numbers, expected 42; it is left out");
                add("annotations hold a wrong count of numbers", fault);
                continue;
            };
            check_type(&annotation, valid, &mut add);
            let capture = parsed(path, "capture", &image.capture.0)?;
            let next = clips.len() as u32;
            self.images.push(Image {
                size: (image.width, image.height),
                capture,
                subject: image.subject.map(|subject| parsed(path, "subject", &subject.0)).transpose()?,
                clip: *clips.entry((split_number, capture, image.seq_name.0)).or_insert(next),
                camera: number_of(&mut self.cameras, cameras, &image.camera.0),
                frame: parsed(path, "frame_idx", &image.frame_idx.0)?,
                valid,
                bbox: annotation.bbox.and_then(|bbox| bbox.rows::<4, 1>()).map(|[row]| row),
                file_name: image.file_name,
            });
        }
        for id in annotations.keys() {
            add("annotations are of no picture", format!("an annotation is of image {id}, which is not listed"));
        }
        Ok(())
    }

    fn read_cameras(&mut self, path: &Path, names: &BTreeMap<String, u32>) -> Result<(), DatasetError> {
        let raw: BTreeMap<String, RawCameras> = json::read(path)?;
        for (capture, cameras) in raw {
            let number = parsed(path, "capture", &capture)?;
            for (name, at) in &cameras.campos {
                let view = View::new(at, cameras.camrot.get(name), cameras.focal.get(name), cameras.princpt.get(name));
                let view =
                    view.map_err(|fault| foreign(path, format!("camera `{name}` of capture {capture}: {fault}")))?;
                if let Some(place) = names.get(name) {
                    self.views.insert((number, *place), view);
                }
            }
        }
        Ok(())
    }

    fn find_pictures(&mut self, notes: &mut Vec<String>, faults: &mut Faults) {
        let mut wanted = Wanted::default();
        for (k, image) in self.images.iter().enumerate() {
            wanted.add(&self.pictures, &image.file_name, k as u64);
        }
        let found = wanted.compare(faults, |k| self.id(&self.images[k as usize]));
        if found.strangers > 0 {
            notes.push(format!("{} pictures of `{}` have no entry in the list", found.strangers, self.name));
        }
        let there: std::collections::BTreeSet<u64> = found.there.into_iter().collect();
        let mut number = 0;
        self.images.retain(|_| {
            number += 1;
            there.contains(&(number - 1))
        });
    }

    fn id(&self, image: &Image) -> String {
        let name = &*image.file_name;
        format!("{}/{}", self.name, name.rsplit_once('.').map_or(name, |(stem, _)| stem))
    }

    /// The valid joints of a picture in its camera's frame, metres.
    fn joints(&self, image: &Image, view: &View) -> Result<[Option<Vec3>; JOINTS], DatasetError> {
        let place = format!("frame {} of capture {}", image.frame, image.capture);
        let wrong = |fault: String| foreign(&self.world_path, format!("{place} {fault}"));
        let world = self.world.get(&(image.capture, image.frame)).ok_or_else(|| wrong("is not there".into()))?;
        let points = world.points.as_ref().ok_or_else(|| {
            wrong("holds another number of points or flags, expected 42 of three numbers and 42 flags".into())
        })?;
        let mut joints = [None; JOINTS];
        for k in (0..JOINTS).filter(|k| image.valid & world.valid & 1 << k != 0) {
            let p = view.turn * (Vec3::from(points[k]).as_dvec3() - view.at_mm) / 1000.0;
            if !p.is_finite() || p.z <= 0.0 {
                let name = &self.cameras[image.camera as usize];
                let at = format!("joint {k} at {:?} mm is at z = {:.3} m for camera `{name}`", points[k], p.z);
                return Err(wrong(format!("has {at}, expected finite numbers before the camera")));
            }
            joints[k] = Some(p.as_vec3());
        }
        Ok(joints)
    }
}

/// A hand that is said to be there has a valid joint, and no other has.
fn check_type(annotation: &RawAnnotation, valid: u64, add: &mut impl FnMut(&'static str, String)) {
    let is_told = annotation.hand_type_valid.as_ref().is_none_or(|flag| flag.0.iter().any(|f| *f > 0.0));
    let Some(kind) = annotation.hand_type.as_deref().filter(|_| is_told) else { return };
    let expected = match kind {
        "right" => [true, false],
        "left" => [false, true],
        "interacting" => [true, true],
        _ => {
            let fault = format!("`hand_type` of image {} is `{kind}`", annotation.image_id);
            add("hand types are unknown", fault + ", expected right, left or interacting");
            return;
        }
    };
    let half = (1 << LANDMARK_COUNT) - 1;
    let found = [valid & half != 0, valid >> LANDMARK_COUNT & half != 0];
    for ((expected, found), side) in expected.into_iter().zip(found).zip(["right", "left"]) {
        if found && !expected {
            let fault =
                format!("image {} is of type `{kind}`, but has valid joints of the {side} hand", annotation.image_id);
            add("joints are of another hand than the type says", fault);
        }
    }
}

impl View {
    fn new(at: &Flat, turn: Option<&Flat>, focal: Option<&Flat>, princpt: Option<&Flat>) -> Result<Self, String> {
        let none = Flat::default();
        let list = |name: &str, flat: Option<&Flat>, count: usize| -> Result<Vec<f32>, String> {
            let numbers = &flat.unwrap_or(&none).0;
            let is_right = numbers.len() == count && numbers.iter().all(|x| x.is_finite());
            is_right
                .then(|| numbers.clone())
                .ok_or_else(|| format!("`{name}` is {numbers:?}, expected {count} numbers"))
        };
        let at = list("campos", Some(at), 3)?;
        let turn: Vec<f64> = list("camrot", turn, 9)?.into_iter().map(f64::from).collect();
        let (focal, princpt) = (list("focal", focal, 2)?, list("princpt", princpt, 2)?);
        let rows = DMat3::from_cols_slice(&turn);
        let turn = rows.transpose();
        if !(turn * rows).abs_diff_eq(DMat3::IDENTITY, NEAR) || turn.determinant() < 0.0 {
            return Err("`camrot` is no rotation".into());
        }
        let at_mm = Vec3::from_slice(&at).as_dvec3();
        Ok(Self { turn, at_mm, k: k_from_centre([focal[0], focal[1], princpt[0], princpt[1]]) })
    }

    fn camera_from_world(&self) -> RigidTransform {
        let shift = self.turn * -self.at_mm / 1000.0;
        RigidTransform::new(Quat::from_mat3(&self.turn.as_mat3()).normalize(), shift.as_vec3())
    }
}

impl InterHand {
    /// Split and picture.
    fn find(&self, number: u64) -> Result<(&Split, &Image), DatasetError> {
        let mut rest = number;
        for split in &self.splits {
            if let Some(image) = split.images.get(rest as usize) {
                return Ok((split, image));
            }
            rest -= split.images.len() as u64;
        }
        Err(DatasetError::NoSuchSample { number, count: self.count() })
    }
}

impl DatasetReader for InterHand {
    fn info(&self) -> &SetInfo {
        &self.info
    }

    fn count(&self) -> u64 {
        self.splits.iter().map(|split| split.images.len() as u64).sum()
    }

    fn label(&self, number: u64) -> Result<SampleLabel, DatasetError> {
        let (split, image) = self.find(number)?;
        let (id, (width, height)) = (split.id(image), image.size);
        let view = split.views.get(&(image.capture, image.camera)).ok_or_else(|| {
            let name = &split.cameras[image.camera as usize];
            let path = split.world_path.with_file_name(format!("InterHand2.6M_{}_camera.json", split.name));
            foreign(&path, format!("camera `{name}` of capture {} is not there, `{id}` needs it", image.capture))
        })?;
        let joints = split.joints(image, view)?;
        let mut label = SampleLabel::captured(SampleName { index: number, id: &id, split: split.name }, width, height);
        label.clip = Some(u64::from(image.clip));
        label.frame = Some(u64::from(image.frame));
        label.k = Some(view.k);
        label.camera_from_world = view.camera_from_world();
        if let Some(bbox) = image.bbox {
            label.extra.insert("bbox".into(), json!(bbox));
        }
        let halves = joints.as_chunks::<LANDMARK_COUNT>().0.iter();
        for (own, side) in
            halves.zip([HandSide::Right, HandSide::Left]).filter(|(own, _)| own.iter().any(Option::is_some))
        {
            let mut hand = HandRecord::unknown(label.hands.len() as u8 + 1);
            hand.side = Some(side);
            hand.subject = Some(image.subject.unwrap_or(image.capture));
            hand.keypoints_camera_m = INTERHAND.map(|place| own[place]);
            hand.complete(label.camera().as_ref(), width, height);
            label.hands.push(hand);
        }
        Ok(label)
    }

    fn pictures(&self, number: u64, _: &SampleLabel) -> Result<Pictures, DatasetError> {
        let (split, image) = self.find(number)?;
        let (rgb, rgb_jpeg) = files::colour(&split.pictures.join(&*image.file_name))?;
        Ok(Pictures { rgb: Some(rgb), rgb_jpeg, ..Pictures::default() })
    }
}
