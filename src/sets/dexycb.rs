//! `DexYCB`: `<subject>/<session>/<camera>/{color_%06d.jpg,aligned_depth_to_color_%06d.png,labels_%06d.npz}`,
//! `<subject>/<session>/meta.yml`, `calibration/intrinsics/<camera>_640x480.yml`.
//!
//! * 640 x 480. `labels`: `joint_3d` (1 x 21 x 3, metres, our axes and order; -1 throughout where there is no hand), `seg`
//!   (0 background, 1 to 21 objects, 255 hand), MANO and object poses, which stay in `extra`. `joint_2d` is its projection
//!   and is not read. Depth: 16 bits, millimetres, registered to colour.
//! * `meta.yml` tells which hand it is (`mano_sides`), the number of frames and the objects in view.
//! * Subjects are numbered in the order of their folders; a session, seen by all its cameras, is one clip.
//! * Splits are those of the authors' setup `s0`: of every five sessions of a subject the last one is `val` for the first two
//!   subjects and `test` for the others.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use glam::Vec3;
use serde_json::Value;

use super::common::{CENTRE_NOTE, check_finite, hand_instance, k_from_centre, matched, numbers, yaml};
use super::{files, foreign};
use crate::dataset::codec::npy::Npz;
use crate::dataset::codec::{Array, Numbers};
use crate::dataset::decode::depth_from_steps;
use crate::dataset::{DatasetError, DatasetReader, HandRecord, Pictures, SampleLabel, SampleName, SetInfo};
use crate::frame::Plane;
use crate::rig::{HandSide, LANDMARK_COUNT};
use crate::scene::{Instance, InstanceKind};

const WIDTH: u32 = 640;
const HEIGHT: u32 = 480;
/// Value of the hand in `seg`.
const SEG_HAND: u8 = 255;
/// Of the depth pictures.
const DEPTH_PREFIX: &str = "aligned_depth_to_color_";
/// Marks what is missing in `joint_3d`.
const MISSING: f64 = -1.0;
/// More frames than any session has: such a `num_frames` is damaged.
const MAX_FRAMES: u64 = 100_000;
/// Sessions of a cycle of the authors' split, of which the last is held out.
const CYCLE: usize = 5;

/// One camera's view of one session.
#[derive(Debug)]
struct Stream {
    folder: PathBuf,
    /// Relative to the root.
    name: String,
    split: &'static str,
    subject: u32,
    clip: u64,
    side: HandSide,
    /// Numbers of the objects in `seg`.
    objects: Vec<u8>,
    k: [[f32; 3]; 3],
    frames: Vec<u64>,
    has_depth: bool,
    /// Number of the first frame among all samples.
    first: u64,
}

#[derive(Debug)]
struct DexYcb {
    info: SetInfo,
    streams: Vec<Stream>,
    cameras: BTreeMap<String, [[f32; 3]; 3]>,
    count: u64,
}

/// True if a folder looks like one.
pub fn is_here(folder: &Path) -> bool {
    folder.join("calibration/intrinsics").is_dir()
}

/// Opens the dataset in a folder.
pub fn open(folder: &Path) -> Result<Box<dyn DatasetReader>, DatasetError> {
    let mut info = SetInfo { format: "dexycb".into(), root: folder.to_owned(), ..SetInfo::default() };
    info.lacks = ["no parts of the hand in masks", "no visibility"].map(str::to_owned).to_vec();
    info.notes.push(CENTRE_NOTE.into());
    info.notes.push("splits are those of setup s0; all cameras of a session are one clip".into());
    let cameras = read_cameras(&folder.join("calibration/intrinsics"))?;
    let mut set = DexYcb { info, streams: Vec::new(), cameras, count: 0 };
    let (mut subject, mut clip) = (0, 0);
    for path in files::list(folder)? {
        let inside = if path.is_dir() { files::list(&path)? } else { Vec::new() };
        let sessions: Vec<PathBuf> = inside.into_iter().filter(|p| p.join("meta.yml").is_file()).collect();
        for (k, session) in sessions.iter().enumerate() {
            let split = match (k % CYCLE == CYCLE - 1, subject < 2) {
                (false, _) => "train",
                (true, true) => "val",
                (true, false) => "test",
            };
            set.add(session, split, subject, clip)?;
            clip += 1;
        }
        subject += u32::from(!sessions.is_empty());
    }
    if set.streams.is_empty() {
        return Err(foreign(folder, "holds no `<subject>/<session>/meta.yml`".into()));
    }
    for split in ["train", "val", "test"] {
        let count: usize = set.streams.iter().filter(|s| s.split == split).map(|s| s.frames.len()).sum();
        if count > 0 {
            set.info.splits.push((split.to_owned(), count as u64));
        }
    }
    Ok(Box::new(set))
}

/// Matrix of the colour picture of every camera that is calibrated.
fn read_cameras(folder: &Path) -> Result<BTreeMap<String, [[f32; 3]; 3]>, DatasetError> {
    let mut cameras = BTreeMap::new();
    for path in files::list(folder)? {
        let serial = path.file_name().and_then(|n| n.to_str()?.strip_suffix("_640x480.yml"));
        let Some(serial) = serial.map(str::to_owned) else { continue };
        let values = yaml(&files::read_text(&path)?);
        let mut numbers = [0.0; 4];
        for (number, key) in numbers.iter_mut().zip(["color.fx", "color.fy", "color.ppx", "color.ppy"]) {
            let value = values.get(key).and_then(|v| v.first()).and_then(|v| v.parse().ok());
            *number = value.ok_or_else(|| foreign(&path, format!("has no number `{key}`")))?;
        }
        cameras.insert(serial, k_from_centre(numbers));
    }
    Ok(cameras)
}

impl DexYcb {
    fn add(&mut self, session: &Path, split: &'static str, subject: u32, clip: u64) -> Result<(), DatasetError> {
        let path = session.join("meta.yml");
        let meta = yaml(&files::read_text(&path)?);
        let list = |key: &str| meta.get(key).cloned().unwrap_or_default();
        let side = match list("mano_sides").first().map(String::as_str) {
            Some("right") => HandSide::Right,
            Some("left") => HandSide::Left,
            other => return Err(foreign(&path, format!("`mano_sides` begins with {other:?}, expected right or left"))),
        };
        let count = list("num_frames").first().and_then(|n| n.parse::<u64>().ok());
        let count = count.filter(|n| *n <= MAX_FRAMES);
        let count = count.ok_or_else(|| foreign(&path, format!("has no `num_frames` of 0 to {MAX_FRAMES}")))?;
        let objects = list("ycb_ids").iter().map(|id| id.parse()).collect::<Result<Vec<u8>, _>>();
        let objects = objects.map_err(|_| foreign(&path, "`ycb_ids` holds something else than numbers".into()))?;
        let labels: BTreeSet<u64> = (0..count).collect();
        for serial in list("serials") {
            let folder = session.join(&serial);
            let k = self.cameras.get(&serial).copied();
            let k = k.ok_or_else(|| foreign(&path, format!("camera {serial} has no `{serial}_640x480.yml`")))?;
            let name = folder.strip_prefix(&self.info.root).unwrap_or(&folder).to_string_lossy().replace('\\', "/");
            let id = |n: u64| format!("{name}/{n:06}");
            let files = numbers(&mut self.info, &folder, "labels_", ".npz")?;
            let kept = matched(&mut self.info, &labels, &files, id, |n| folder.join(format!("labels_{n:06}.npz")));
            let colour = numbers(&mut self.info, &folder, "color_", ".jpg")?;
            let picture = |n: u64| folder.join(format!("color_{n:06}.jpg"));
            let frames = matched(&mut self.info, &kept.into_iter().collect(), &colour, id, picture);
            let has_depth = !numbers(&mut self.info, &folder, DEPTH_PREFIX, ".png")?.is_empty();
            if !has_depth {
                self.info.notes.push(format!("`{name}` has no depth"));
            }
            let (first, objects) = (self.count, objects.clone());
            self.count += frames.len() as u64;
            self.streams.push(Stream {
                folder,
                name,
                split,
                subject,
                clip,
                side,
                objects,
                k,
                frames,
                has_depth,
                first,
            });
        }
        Ok(())
    }

    /// Camera's view and frame of a sample.
    fn entry(&self, number: u64) -> Result<(&Stream, u64), DatasetError> {
        let beyond = || DatasetError::NoSuchSample { number, count: self.count };
        let place = self.streams.partition_point(|stream| stream.first <= number);
        let stream = place.checked_sub(1).and_then(|k| self.streams.get(k)).ok_or_else(beyond)?;
        let frame = stream.frames.get((number - stream.first) as usize).copied();
        Ok((stream, frame.ok_or_else(beyond)?))
    }
}

/// An array of a label file.
fn array(npz: &mut Npz<'_>, path: &Path, name: &str) -> Result<Array, DatasetError> {
    let array = npz.read(name).map_err(|error| foreign(path, format!("`{name}`: {error}")))?;
    array.ok_or_else(|| foreign(path, format!("has no array `{name}`, but {}", npz.names().join(", "))))
}

/// The joints of a label file; none where all of them are missing.
fn joints(npz: &mut Npz<'_>, path: &Path) -> Result<Vec<Vec3>, DatasetError> {
    let array = array(npz, path, "joint_3d")?;
    let rows = array.rows::<3>().filter(|rows| rows.len() == LANDMARK_COUNT);
    let wrong = || foreign(path, format!("`joint_3d` is {:?}, expected [1, {LANDMARK_COUNT}, 3]", array.shape()));
    let rows = rows.ok_or_else(wrong)?;
    if rows.iter().flatten().all(|x| (x - MISSING).abs() < f64::EPSILON) {
        return Ok(Vec::new());
    }
    let points: Vec<Vec3> = rows.iter().map(|row| Vec3::from(row.map(|x| x as f32))).collect();
    check_finite(path, "`joint_3d`", &points)?;
    Ok(points)
}

fn npz<'a>(path: &Path, bytes: &'a [u8]) -> Result<Npz<'a>, DatasetError> {
    Npz::new(bytes).map_err(|error| foreign(path, error.to_string()))
}

impl DatasetReader for DexYcb {
    fn info(&self) -> &SetInfo {
        &self.info
    }

    fn count(&self) -> u64 {
        self.count
    }

    fn label(&self, number: u64) -> Result<SampleLabel, DatasetError> {
        let (stream, frame) = self.entry(number)?;
        let path = stream.folder.join(format!("labels_{frame:06}.npz"));
        let bytes = files::read(&path)?;
        let mut npz = npz(&path, &bytes)?;
        let points = joints(&mut npz, &path)?;
        let id = format!("{}/{frame:06}", stream.name);
        let mut label =
            SampleLabel::captured(SampleName { index: number, id: &id, split: stream.split }, WIDTH, HEIGHT);
        label.clip = Some(stream.clip);
        label.frame = Some(frame);
        label.k = Some(stream.k);
        for key in ["pose_m", "pose_y"] {
            let values = array(&mut npz, &path, key)?;
            let values: Value = (0..values.numbers().len()).filter_map(|k| values.numbers().get(k)).collect();
            label.extra.insert(key.into(), values);
        }
        if !points.is_empty() {
            let mut hand = HandRecord::unknown(1);
            hand.side = Some(stream.side);
            hand.subject = Some(stream.subject);
            hand.keypoints_camera_m = std::array::from_fn(|k| points.get(k).copied());
            hand.complete(label.camera().as_ref(), WIDTH, HEIGHT);
            label.instances.push(hand_instance(1));
            label.hands.push(hand);
        }
        label.instances.extend(stream.objects.iter().enumerate().map(|(k, object)| Instance {
            id: object_id(k),
            kind: InstanceKind::Object,
            name: Some(format!("ycb {object}")),
            hand: None,
        }));
        Ok(label)
    }

    fn pictures(&self, number: u64, _: &SampleLabel) -> Result<Pictures, DatasetError> {
        let (stream, frame) = self.entry(number)?;
        let (rgb, rgb_jpeg) = files::colour(&stream.folder.join(format!("color_{frame:06}.jpg")))?;
        let mut pictures = Pictures { rgb: Some(rgb), rgb_jpeg, ..Pictures::default() };
        let depth = stream.folder.join(format!("{DEPTH_PREFIX}{frame:06}.png"));
        if stream.has_depth {
            pictures.depth_z_m = Some(depth_from_steps(&files::grey16(&depth)?, 0.001));
        }
        let path = stream.folder.join(format!("labels_{frame:06}.npz"));
        let bytes = files::read(&path)?;
        let seg = array(&mut npz(&path, &bytes)?, &path, "seg")?;
        pictures.instance = Some(instances(&seg, stream).map_err(|fault| foreign(&path, fault))?);
        Ok(pictures)
    }
}

/// Instance id of the k-th object of a session; the hand is 1.
fn object_id(k: usize) -> u8 {
    (k + 2).min(254) as u8
}

fn instances(seg: &Array, stream: &Stream) -> Result<Plane<u8>, String> {
    let (Numbers::U8(values), [height, width]) = (seg.numbers(), seg.shape()) else {
        return Err(format!("`seg` is {:?}, expected [{HEIGHT}, {WIDTH}] bytes", seg.shape()));
    };
    let mut table: [Option<u8>; 256] = [None; 256];
    table[0] = Some(0);
    table[usize::from(SEG_HAND)] = Some(1);
    for (k, object) in stream.objects.iter().enumerate() {
        table[usize::from(*object)] = Some(object_id(k));
    }
    let id = |value: &u8| {
        table[usize::from(*value)].ok_or_else(|| format!("`seg` holds {value}, which is no object of this session"))
    };
    let data = values.iter().map(id).collect::<Result<_, _>>()?;
    Ok(Plane { width: *width as u32, height: *height as u32, data })
}
