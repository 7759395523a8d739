//! MSRA hand gestures (2015): `P<n>/<gesture>/%06d_depth.bin` and `P<n>/<gesture>/joint.txt`.
//!
//! * Depth: six 32-bit integers (columns and rows of the picture, left, top, right, bottom of the part that is stored), then
//!   the part as 32-bit floats, millimetres, row by row, low byte first. 0 is no surface. The picture has 320 x 240 pixels.
//! * `joint.txt`: the number of frames, then 63 numbers a line: 21 points, millimetres, y up and **z negative**. Order: wrist,
//!   index, middle, ring, little finger, thumb, each from base to tip.
//! * Right hands of nine people. Each person is a split of its own, as the set is used leaving one out.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use glam::Vec3;

use super::common::{CENTRE_NOTE, bad_labels, check_before_camera, in_order, k_from_centre, matched, numbers};
use super::{files, foreign};
use crate::dataset::orders::MSRA;
use crate::dataset::{DatasetError, DatasetReader, HandRecord, Pictures, SampleLabel, SampleName, SetFault, SetInfo};
use crate::frame::{NO_DEPTH, Plane};
use crate::rig::{HandSide, LANDMARK_COUNT};

const WIDTH: u32 = 320;
const HEIGHT: u32 = 240;
/// Pixels count from the centre of the first.
const CAMERA: [f32; 4] = [241.42, 241.42, 160.0, 120.0];
/// Folder of the published archive.
const ROOT: &str = "cvpr15_MSRAHandGestureDB";
/// Labels that are known to be wrong, by those who use the set.
const BAD_FRAMES: &str =
    "known to be labelled wrongly: P2/TIP 172-174; P2/MP 173-175, 345-354, 356, 359, 360; P3/T 120, 489; P8/4 168";

/// The frames of one gesture.
#[derive(Debug)]
struct Folder {
    path: PathBuf,
    person: u32,
    gesture: String,
    /// 21 points of each frame, metres, our axes.
    points: Vec<[Vec3; LANDMARK_COUNT]>,
}

#[derive(Debug)]
struct Msra {
    info: SetInfo,
    folders: Vec<Folder>,
    /// Folder and frame.
    samples: Vec<(usize, u64)>,
}

fn root_of(folder: &Path) -> PathBuf {
    let inside = folder.join(ROOT);
    if inside.is_dir() { inside } else { folder.to_owned() }
}

/// Folders `P<n>` with their numbers, in order.
fn people(root: &Path) -> Vec<(u32, PathBuf)> {
    let paths = files::list(root).unwrap_or_default();
    let number = |path: &PathBuf| path.file_name()?.to_str()?.strip_prefix('P')?.parse().ok();
    let mut found: Vec<(u32, PathBuf)> = paths.into_iter().filter_map(|p| Some((number(&p)?, p))).collect();
    found.sort();
    found
}

/// Folders of one person that hold labels.
fn gestures(person: &Path) -> Vec<PathBuf> {
    let paths = files::list(person).unwrap_or_default();
    paths.into_iter().filter(|path| path.join("joint.txt").is_file()).collect()
}

/// True if a folder looks like one.
pub fn is_here(folder: &Path) -> bool {
    people(&root_of(folder)).iter().any(|(_, path)| !gestures(path).is_empty())
}

/// Opens the dataset in a folder.
pub fn open(folder: &Path) -> Result<Box<dyn DatasetReader>, DatasetError> {
    let root = root_of(folder);
    let mut info = SetInfo { format: "msra".into(), root: folder.to_owned(), ..SetInfo::default() };
    info.lacks = ["no colour", "no depth outside the hand", "no masks", "no visibility"].map(str::to_owned).to_vec();
    info.notes.push(CENTRE_NOTE.into());
    info.notes.push(BAD_FRAMES.into());
    let mut set = Msra { info, folders: Vec::new(), samples: Vec::new() };
    for (person, path) in people(&root) {
        let before = set.samples.len();
        for folder in files::list(&path)?.into_iter().filter(|p| p.is_dir() && !p.join("joint.txt").is_file()) {
            let message =
                format!("`{}` is missing: the frames beside it are left out", folder.join("joint.txt").display());
            set.info.faults.push(SetFault { id: None, message });
        }
        for gesture in gestures(&path) {
            set.add(person, gesture)?;
        }
        set.info.splits.push((format!("P{person}"), (set.samples.len() - before) as u64));
    }
    if set.folders.is_empty() {
        return Err(foreign(&root, "holds no `P<n>/<gesture>/joint.txt`".into()));
    }
    let faults = bad_labels(&set);
    set.info.faults.extend(faults);
    Ok(Box::new(set))
}

fn id_of(person: u32, gesture: &str, frame: u64) -> String {
    format!("P{person}/{gesture}/{frame:06}")
}

impl Msra {
    fn add(&mut self, person: u32, path: PathBuf) -> Result<(), DatasetError> {
        let gesture = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        let labels = path.join("joint.txt");
        let (points, fault) = read_labels(&labels)?;
        self.info.faults.extend(fault.map(|message| SetFault { id: None, message }));
        let named: BTreeSet<u64> = (0..points.len() as u64).collect();
        let found = numbers(&mut self.info, &path, "", "_depth.bin")?;
        let picture = |n: u64| path.join(format!("{n:06}_depth.bin"));
        let kept = matched(&mut self.info, &named, &found, |n| id_of(person, &gesture, n), picture);
        let folder = self.folders.len();
        self.samples.extend(kept.into_iter().map(|frame| (folder, frame)));
        self.folders.push(Folder { path, person, gesture, points });
        Ok(())
    }

    fn entry(&self, number: u64) -> Result<(usize, &Folder, u64), DatasetError> {
        let entry = usize::try_from(number).ok().and_then(|n| self.samples.get(n));
        let (folder, frame) = *entry.ok_or_else(|| DatasetError::NoSuchSample { number, count: self.count() })?;
        Ok((folder, &self.folders[folder], frame))
    }
}

/// The points of all frames, and what the first line says wrongly.
fn read_labels(path: &Path) -> Result<(Vec<[Vec3; LANDMARK_COUNT]>, Option<String>), DatasetError> {
    let text = files::read_text(path)?;
    let mut lines = text.lines().map(str::trim).enumerate().filter(|(_, line)| !line.is_empty());
    let stated = lines.next().and_then(|(_, line)| line.parse::<usize>().ok());
    let stated = stated.ok_or_else(|| foreign(path, "line 1 is not the number of frames".into()))?;
    let mut all = Vec::new();
    for (k, line) in lines {
        let values: Result<Vec<f32>, _> = line.split_whitespace().map(str::parse).collect();
        let values = values.map_err(|_| foreign(path, format!("line {} holds something else than numbers", k + 1)))?;
        if values.len() != 3 * LANDMARK_COUNT {
            let fault = format!("line {} holds {} numbers, expected {}", k + 1, values.len(), 3 * LANDMARK_COUNT);
            return Err(foreign(path, fault));
        }
        // y up, z towards the viewer, millimetres
        all.push(std::array::from_fn(|j| Vec3::new(values[3 * j], -values[3 * j + 1], -values[3 * j + 2]) / 1000.0));
    }
    let fault = format!("`{}` states {stated} frames and holds {}", path.display(), all.len());
    Ok((all.clone(), (stated != all.len()).then_some(fault)))
}

impl DatasetReader for Msra {
    fn info(&self) -> &SetInfo {
        &self.info
    }

    fn count(&self) -> u64 {
        self.samples.len() as u64
    }

    fn label(&self, number: u64) -> Result<SampleLabel, DatasetError> {
        let (clip, folder, frame) = self.entry(number)?;
        let points = &folder.points[frame as usize];
        check_before_camera(&folder.path.join("joint.txt"), &format!("frame {frame}"), points)?;
        let (id, split) = (id_of(folder.person, &folder.gesture, frame), format!("P{}", folder.person));
        let mut label = SampleLabel::captured(SampleName { index: number, id: &id, split: &split }, WIDTH, HEIGHT);
        label.clip = Some(clip as u64);
        label.frame = Some(frame);
        label.k = Some(k_from_centre(CAMERA));
        let mut hand = HandRecord::unknown(1);
        hand.side = Some(HandSide::Right);
        hand.subject = Some(folder.person);
        hand.gesture.clone_from(&folder.gesture);
        hand.keypoints_camera_m = in_order(points, &MSRA);
        hand.complete(label.camera().as_ref(), WIDTH, HEIGHT);
        label.hands.push(hand);
        Ok(label)
    }

    fn pictures(&self, number: u64, _: &SampleLabel) -> Result<Pictures, DatasetError> {
        let (_, folder, frame) = self.entry(number)?;
        let path = folder.path.join(format!("{frame:06}_depth.bin"));
        let depth = read_depth(&files::read(&path)?).map_err(|fault| foreign(&path, fault))?;
        Ok(Pictures { depth_z_m: Some(depth), ..Pictures::default() })
    }
}

/// The whole picture from the part of it that is stored.
fn read_depth(bytes: &[u8]) -> Result<Plane<f32>, String> {
    let words = bytes.as_chunks::<4>().0;
    let (head, values) = words.split_at_checked(6).ok_or("ends within its header of 24 bytes")?;
    let head: Vec<i64> = head.iter().map(|word| i64::from(i32::from_le_bytes(*word))).collect();
    let [width, height, left, top, right, bottom] = head[..] else { return Err("has no header".into()) };
    if (width, height) != (i64::from(WIDTH), i64::from(HEIGHT)) {
        return Err(format!("is {width} x {height} pixels, expected {WIDTH} x {HEIGHT}"));
    }
    if !(0 <= left && left <= right && right <= width && 0 <= top && top <= bottom && bottom <= height) {
        return Err(format!("holds the part {left}..{right} x {top}..{bottom} of {width} x {height} pixels"));
    }
    let columns = (right - left) as usize;
    if bytes.len() != 24 + 4 * columns * (bottom - top) as usize {
        let expected = columns * (bottom - top) as usize;
        return Err(format!("holds {} bytes of depth, expected {expected} floats", bytes.len() - 24));
    }
    let mut depth = Plane::filled(WIDTH, HEIGHT, NO_DEPTH);
    for (k, word) in values.iter().enumerate() {
        let mm = f32::from_le_bytes(*word);
        let (column, row) = (left as usize + k % columns, top as usize + k / columns);
        if !(mm.is_finite() && mm >= 0.0) {
            return Err(format!("has a depth of {mm} mm at column {column}, row {row}"));
        }
        depth.data[row * WIDTH as usize + column] = mm / 1000.0;
    }
    Ok(depth)
}
