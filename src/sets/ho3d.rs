//! HO-3D, versions 2 and 3: `{train,evaluation}/<sequence>/{rgb,depth,meta}/%04d.{png|jpg,png,pkl}` and lists
//! `train.txt`, `evaluation.txt` of `<sequence>/<frame>`.
//!
//! * 640 x 480. `meta` is a pickle of one frame: `handJoints3D` (metres, **`OpenGL` axes**: y up, z towards the viewer; MANO's
//!   order), `camMat`, MANO parameters, the pose of the object. What is not keypoints or camera stays in `extra`.
//! * `handJoints3D` holds the wrist alone in the evaluation split, and is `None` for frames that were never labelled.
//! * Depth: red is the low byte, green the high one, in steps of 0.12498664727900177 mm; registered to colour.
//! * Right hands only. Persons are not told; each sequence is a clip.
//! * Without the lists every frame that has a pickle is a sample.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use glam::Vec3;
use serde_json::Value;

use super::common::{CENTRE, CENTRE_NOTE, check_before_camera, depth_of_channels, in_order};
use super::{files, foreign};
use crate::dataset::codec::Array;
use crate::dataset::codec::pickle::{Item, Pickle};
use crate::dataset::orders::MANO;
use crate::dataset::{DatasetError, DatasetReader, HandRecord, Pictures, SampleLabel, SampleName, SetFault, SetInfo};
use crate::rig::{HandSide, LANDMARK_COUNT};

const WIDTH: u32 = 640;
const HEIGHT: u32 = 480;
const SPLITS: [&str; 2] = ["train", "evaluation"];
const DEPTH_STEP_M: f64 = 0.000_124_986_647_279_001_77;
/// Entries of a pickle that are kept in `extra`.
const KEPT: [&str; 9] = [
    "handPose",
    "handTrans",
    "handBeta",
    "objName",
    "objLabel",
    "objRot",
    "objTrans",
    "objCorners3DRest",
    "handBoundingBox",
];

/// One frame.
#[derive(Debug)]
struct Entry {
    split: &'static str,
    sequence: String,
    /// Its file name without ending.
    frame: String,
    clip: u64,
}

#[derive(Debug)]
struct Ho3d {
    info: SetInfo,
    samples: Vec<Entry>,
}

/// Sequences of a split, in order.
fn sequences(folder: &Path, split: &str) -> Vec<PathBuf> {
    let paths = files::list(&folder.join(split)).unwrap_or_default();
    paths.into_iter().filter(|path| path.join("meta").is_dir()).collect()
}

/// True if a folder looks like one.
pub fn is_here(folder: &Path) -> bool {
    SPLITS.iter().any(|split| !sequences(folder, split).is_empty())
}

/// Opens the dataset in a folder.
pub fn open(folder: &Path) -> Result<Box<dyn DatasetReader>, DatasetError> {
    let mut info = SetInfo { format: "ho3d".into(), root: folder.to_owned(), ..SetInfo::default() };
    info.lacks = ["no subjects", "no masks", "no visibility", "no keypoints but the wrist in `evaluation`"]
        .map(str::to_owned)
        .to_vec();
    info.notes.push(CENTRE_NOTE.into());
    let mut set = Ho3d { info, samples: Vec::new() };
    for split in SPLITS {
        if folder.join(split).is_dir() {
            set.add(folder, split)?;
        }
    }
    if set.samples.is_empty() && set.info.faults.is_empty() {
        return Err(foreign(folder, "holds no `train/<sequence>/meta/` or `evaluation/<sequence>/meta/`".into()));
    }
    Ok(Box::new(set))
}

/// Sequence and frame of every line of a split's list; `None` without a list.
fn listed(folder: &Path, split: &str) -> Result<Option<Vec<(String, String)>>, DatasetError> {
    let path = folder.join(format!("{split}.txt"));
    if !path.is_file() {
        return Ok(None);
    }
    let text = files::read_text(&path)?;
    let entry = |(k, line): (usize, &str)| match line.trim().split_once('/') {
        Some((sequence, frame)) => Ok((sequence.to_owned(), frame.to_owned())),
        None => Err(foreign(&path, format!("line {} is `{line}`, expected <sequence>/<frame>", k + 1))),
    };
    text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()).map(entry).collect::<Result<_, _>>().map(Some)
}

/// Sequence and frame of every pickle of a split.
fn present(folder: &Path, split: &str) -> Result<Vec<(String, String)>, DatasetError> {
    let mut found = Vec::new();
    for sequence in sequences(folder, split) {
        let name = sequence.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        for path in files::list(&sequence.join("meta"))? {
            let frame = path.file_name().and_then(|n| n.to_str()?.strip_suffix(".pkl"));
            found.extend(frame.map(|frame| (name.clone(), frame.to_owned())));
        }
    }
    Ok(found)
}

impl Ho3d {
    fn add(&mut self, folder: &Path, split: &'static str) -> Result<(), DatasetError> {
        for sequence in sequences(folder, split).iter().filter(|sequence| !sequence.join("depth").is_dir()) {
            self.info.notes.push(format!("`{}` has no depth", sequence.display()));
        }
        let there = present(folder, split)?;
        let entries = if let Some(entries) = listed(folder, split)? {
            self.note_unlisted(folder, split, &entries)?;
            entries
        } else {
            self.info.notes.push(format!("`{split}.txt` is not there: every frame with a pickle is a sample"));
            there.clone()
        };
        let there: BTreeSet<(String, String)> = there.into_iter().collect();
        let before = self.samples.len();
        let mut clip = self.samples.last().map_or(0, |last| last.clip + 1);
        for pair in entries {
            let is_labelled = there.contains(&pair);
            let (sequence, frame) = pair;
            let changed = self.samples.get(before..).and_then(<[Entry]>::last).is_some_and(|e| e.sequence != sequence);
            clip += u64::from(changed);
            let entry = Entry { split, sequence, frame, clip };
            let colour = self.colour_path(&entry);
            if is_labelled && colour.is_file() {
                self.samples.push(entry);
                continue;
            }
            let missing = if is_labelled { colour } else { self.path(&entry, "meta", "pkl") };
            let message = format!("`{}` is missing; the sample is left out", missing.display());
            self.info.faults.push(SetFault { id: Some(id_of(&entry)), message });
        }
        self.info.splits.push((split.to_owned(), (self.samples.len() - before) as u64));
        Ok(())
    }

    /// Frames on disk that the list leaves out, which the published set has: they were not labelled.
    fn note_unlisted(&mut self, folder: &Path, split: &str, listed: &[(String, String)]) -> Result<(), DatasetError> {
        let listed: BTreeSet<&(String, String)> = listed.iter().collect();
        let count = present(folder, split)?.iter().filter(|pair| !listed.contains(pair)).count();
        if count > 0 {
            self.info.notes.push(format!("{count} frames of `{split}` are not in `{split}.txt` and are left out"));
        }
        Ok(())
    }

    fn entry(&self, number: u64) -> Result<&Entry, DatasetError> {
        let entry = usize::try_from(number).ok().and_then(|n| self.samples.get(n));
        entry.ok_or_else(|| DatasetError::NoSuchSample { number, count: self.count() })
    }

    fn path(&self, entry: &Entry, kind: &str, ending: &str) -> PathBuf {
        self.info.root.join(entry.split).join(&entry.sequence).join(kind).join(format!("{}.{ending}", entry.frame))
    }

    /// Version 2 has PNG, version 3 JPEG.
    fn colour_path(&self, entry: &Entry) -> PathBuf {
        let jpeg = self.path(entry, "rgb", "jpg");
        if jpeg.is_file() { jpeg } else { self.path(entry, "rgb", "png") }
    }
}

fn id_of(entry: &Entry) -> String {
    format!("{}/{}/{}", entry.split, entry.sequence, entry.frame)
}

/// The camera's matrix, counting from the corner of the first pixel.
fn camera_matrix(root: Item<'_>) -> Result<[[f32; 3]; 3], String> {
    let rows = root.get("camMat").and_then(Item::as_array).and_then(Array::rows::<3>).filter(|rows| rows.len() == 3);
    let rows = rows.ok_or("`camMat` is missing or no 3 x 3 array")?;
    let mut k = [rows[0], rows[1], rows[2]].map(|row| row.map(|x| x as f32));
    k[0][2] += CENTRE;
    k[1][2] += CENTRE;
    Ok(k)
}

/// Labelled points in our axes: 21, the wrist alone, or none.
fn joints(root: Item<'_>) -> Result<Vec<Vec3>, String> {
    let item = root.get("handJoints3D").ok_or("`handJoints3D` is missing")?;
    if item.is_none() {
        return Ok(Vec::new());
    }
    let rows = item.as_array().and_then(Array::rows::<3>).filter(|rows| [1, LANDMARK_COUNT].contains(&rows.len()));
    let rows =
        rows.ok_or_else(|| format!("`handJoints3D` is a {}, expected [{LANDMARK_COUNT}, 3] or [3]", item.type_name()))?;
    Ok(rows.iter().map(|[x, y, z]| Vec3::new(*x as f32, -*y as f32, -*z as f32)).collect())
}

/// A value of the pickle as JSON; arrays become lists of their numbers.
fn json(item: Item<'_>) -> Value {
    if let Some(array) = item.as_array() {
        return (0..array.numbers().len()).filter_map(|k| array.numbers().get(k)).collect();
    }
    if let Some(members) = item.members() {
        return members.map(|member| member.as_f64().map_or(Value::Null, Value::from)).collect();
    }
    match (item.as_i64(), item.as_f64(), item.as_text()) {
        (Some(value), _, _) => value.into(),
        (_, Some(value), _) => value.into(),
        (_, _, Some(text)) => text.into(),
        _ => Value::Null,
    }
}

impl DatasetReader for Ho3d {
    fn info(&self) -> &SetInfo {
        &self.info
    }

    fn count(&self) -> u64 {
        self.samples.len() as u64
    }

    fn label(&self, number: u64) -> Result<SampleLabel, DatasetError> {
        let entry = self.entry(number)?;
        let path = self.path(entry, "meta", "pkl");
        let bytes = files::read(&path)?;
        let pickle = Pickle::read(&bytes).map_err(|error| foreign(&path, error.to_string()))?;
        let k = camera_matrix(pickle.root()).map_err(|fault| foreign(&path, fault))?;
        let points = joints(pickle.root()).map_err(|fault| foreign(&path, fault))?;
        check_before_camera(&path, "`handJoints3D`", &points)?;
        let id = id_of(entry);
        let mut label = SampleLabel::captured(SampleName { index: number, id: &id, split: entry.split }, WIDTH, HEIGHT);
        label.clip = Some(entry.clip);
        label.frame = entry.frame.parse().ok();
        label.k = Some(k);
        let kept = KEPT.iter().filter_map(|key| Some(((*key).to_owned(), json(pickle.root().get(key)?))));
        label.extra.extend(kept.filter(|(_, value)| !value.is_null()));
        if !points.is_empty() {
            let mut hand = HandRecord::unknown(1);
            hand.side = Some(HandSide::Right);
            hand.keypoints_camera_m = in_order(&points, &MANO);
            hand.complete(label.camera().as_ref(), WIDTH, HEIGHT);
            label.hands.push(hand);
        }
        Ok(label)
    }

    fn pictures(&self, number: u64, _: &SampleLabel) -> Result<Pictures, DatasetError> {
        let entry = self.entry(number)?;
        let (rgb, rgb_jpeg) = files::colour(&self.colour_path(entry))?;
        let mut pictures = Pictures { rgb: Some(rgb), rgb_jpeg, ..Pictures::default() };
        let depth = self.path(entry, "depth", "png");
        if depth.parent().is_some_and(Path::is_dir) {
            pictures.depth_z_m = Some(depth_of_channels(&files::rgb8(&depth)?, 1, 0, DEPTH_STEP_M));
        }
        Ok(pictures)
    }
}
