//! STB (Stereo Hand Pose Tracking Benchmark): `images/<sequence>/{BB_left,BB_right,SK_color,SK_depth}_<n>.png` and
//! `labels/<sequence>_{BB,SK}.mat`.
//!
//! * 640 x 480. `handPara` is 3 x 21 x frames, millimetres: `BB` in the left stereo camera's frame, `SK` in the depth
//!   camera's. Every camera's picture is a sample of its own with its own matrix, as the pictures are not registered.
//! * Order: the palm's centre (not the wrist), then little finger to thumb from base to tip. The 21 keypoints thus lack the
//!   wrist, and `palm` is an extra point. Left hands of one person.
//! * Depth in millimetres: red is the low byte, green the high one.
//! * Sequences that begin with `B1` are `evaluation`, the others `training`, as in the work of RHD's authors.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use glam::{Mat3, Quat, Vec3};

use super::common::{
    CENTRE_NOTE, bad_labels, check_before_camera, depth_of_channels, in_order, k_from_centre, matched, numbers,
};
use super::{files, foreign};
use crate::dataset::codec::Array;
use crate::dataset::codec::mat::{self, MatValue};
use crate::dataset::orders::STB;
use crate::dataset::{DatasetError, DatasetReader, ExtraPoint, HandRecord, Pictures, SampleLabel, SampleName, SetInfo};
use crate::math::RigidTransform;
use crate::rig::{HandSide, LANDMARK_COUNT};

const WIDTH: u32 = 640;
const HEIGHT: u32 = 480;
/// Between the two lenses of the stereo camera.
const BASELINE_M: f32 = 0.120_054;
/// Of the stereo camera; pixels count from the centre of the first.
const BUMBLEBEE: [f32; 4] = [822.790_4, 822.790_4, 318.473_45, 250.312_96];
const F200_COLOUR: [f32; 4] = [607.922_7, 607.881_9, 314.783_37, 236.424_84];
const F200_DEPTH: [f32; 4] = [475.627_7, 474.777_1, 336.411_8, 238.779_62];
/// Rotation from the colour to the depth camera, column by column: the Rodrigues vector (0.00531, -0.01196, 0.00301).
const DEPTH_FROM_COLOUR: Mat3 = Mat3::from_cols(
    Vec3::new(0.999_923_95, 0.002_978_156, 0.011_967_632),
    Vec3::new(-0.003_041_663, 0.999_981_37, 0.005_291_841),
    Vec3::new(-0.011_951_649, -0.005_327_84, 0.999_914_4),
);
/// The colour camera in the depth camera's frame.
const COLOUR_IN_DEPTH_M: Vec3 = Vec3::new(-0.024_038_1, -0.000_456_3, -0.001_232_6);
/// Prefix of the pictures, label file and matrix of each camera.
const VIEWS: [(&str, &str, [f32; 4]); 4] = [
    ("BB_left", "BB", BUMBLEBEE),
    ("BB_right", "BB", BUMBLEBEE),
    ("SK_color", "SK", F200_COLOUR),
    ("SK_depth", "SK", F200_DEPTH),
];

/// Labels of one sequence and camera pair.
#[derive(Debug)]
struct Labels {
    path: PathBuf,
    sequence: String,
    /// `handPara`.
    points: Array,
    clip: u64,
}

#[derive(Debug)]
struct Entry {
    labels: usize,
    view: usize,
    frame: u64,
}

#[derive(Debug)]
struct Stb {
    info: SetInfo,
    root: PathBuf,
    labels: Vec<Labels>,
    samples: Vec<Entry>,
}

/// Name of the sequence and of the camera pair of a label file.
fn label_name(path: &Path) -> Option<(String, String)> {
    let stem = path.file_name()?.to_str()?.strip_suffix(".mat")?;
    let (sequence, rig) = stem.rsplit_once('_')?;
    ["BB", "SK"].contains(&rig).then(|| (sequence.to_owned(), rig.to_owned()))
}

fn label_files(folder: &Path) -> Vec<PathBuf> {
    let paths = files::list(&folder.join("labels")).unwrap_or_default();
    paths.into_iter().filter(|path| label_name(path).is_some()).collect()
}

/// True if a folder looks like one.
pub fn is_here(folder: &Path) -> bool {
    !label_files(folder).is_empty()
}

/// Opens the dataset in a folder.
pub fn open(folder: &Path) -> Result<Box<dyn DatasetReader>, DatasetError> {
    let mut info = SetInfo { format: "stb".into(), root: folder.to_owned(), ..SetInfo::default() };
    info.lacks = ["no wrist (the palm's centre is the extra point `palm`)", "no masks", "no visibility"]
        .map(str::to_owned)
        .to_vec();
    info.notes.push(CENTRE_NOTE.into());
    info.notes.push("each of the four cameras' pictures is a sample of its own; pixels are projected".into());
    let paths = label_files(folder);
    if paths.is_empty() {
        return Err(foreign(&folder.join("labels"), "holds no `<sequence>_BB.mat` or `<sequence>_SK.mat`".into()));
    }
    let mut set = Stb { info, root: folder.to_owned(), labels: Vec::new(), samples: Vec::new() };
    for path in paths {
        set.add(path)?;
    }
    for split in ["training", "evaluation"] {
        let count = set.samples.iter().filter(|s| split_of(&set.labels[s.labels].sequence) == split).count();
        if count > 0 {
            set.info.splits.push((split.to_owned(), count as u64));
        }
    }
    let faults = bad_labels(&set);
    set.info.faults.extend(faults);
    Ok(Box::new(set))
}

fn split_of(sequence: &str) -> &'static str {
    if sequence.starts_with("B1") { "evaluation" } else { "training" }
}

fn id_of(sequence: &str, view: &str, frame: u64) -> String {
    format!("{sequence}/{view}_{frame}")
}

impl Stb {
    fn add(&mut self, path: PathBuf) -> Result<(), DatasetError> {
        let Some((sequence, rig)) = label_name(&path) else { return Ok(()) };
        let points = hand_para(&path)?;
        let frames: BTreeSet<u64> = (0..points.shape()[2] as u64).collect();
        let folder = self.root.join("images").join(&sequence);
        let clip = match self.labels.last() {
            Some(last) if last.sequence == sequence => last.clip,
            Some(last) => last.clip + 1,
            None => 0,
        };
        for (view, (prefix, _, _)) in VIEWS.iter().enumerate().filter(|(_, (_, of, _))| *of == rig) {
            let found = numbers(&mut self.info, &folder, &format!("{prefix}_"), ".png")?;
            if found.is_empty() {
                self.info.notes.push(format!("`{sequence}` has no pictures `{prefix}_<n>.png`"));
                continue;
            }
            let picture = |n: u64| folder.join(format!("{prefix}_{n}.png"));
            let kept = matched(&mut self.info, &frames, &found, |n| id_of(&sequence, prefix, n), picture);
            let labels = self.labels.len();
            self.samples.extend(kept.into_iter().map(|frame| Entry { labels, view, frame }));
        }
        self.labels.push(Labels { path, sequence, points, clip });
        Ok(())
    }

    fn entry(&self, number: u64) -> Result<(&Entry, &Labels), DatasetError> {
        let entry = usize::try_from(number).ok().and_then(|n| self.samples.get(n));
        let entry = entry.ok_or_else(|| DatasetError::NoSuchSample { number, count: self.count() })?;
        Ok((entry, &self.labels[entry.labels]))
    }
}

/// The array of a label file.
fn hand_para(path: &Path) -> Result<Array, DatasetError> {
    let file = File::open(path).map_err(|e| foreign(path, format!("cannot be read: {e}")))?;
    let variables = mat::read(BufReader::new(file), &["handPara"]).map_err(|e| foreign(path, e.to_string()))?;
    let names: Vec<&str> = variables.iter().map(|(name, _)| name.as_str()).collect();
    let missing = format!(
        "holds no array `handPara`, but {}",
        if names.is_empty() { "nothing".into() } else { names.join(", ") }
    );
    let found = variables.into_iter().find_map(|(name, value)| match value {
        MatValue::Numbers(array) if name == "handPara" => Some(array),
        _ => None,
    });
    let array = found.ok_or_else(|| foreign(path, missing))?;
    match array.shape() {
        [3, LANDMARK_COUNT, _] => Ok(array),
        // MATLAB drops a last axis of one frame
        [3, LANDMARK_COUNT] => {
            array.reshaped(vec![3, LANDMARK_COUNT, 1]).ok_or_else(|| foreign(path, "is empty".into()))
        }
        other => Err(foreign(path, format!("`handPara` is {other:?}, expected [3, 21, frames]"))),
    }
}

/// From the frame of the labels to that of a camera.
fn to_view(view: usize, point: Vec3) -> Vec3 {
    match VIEWS[view].0 {
        "BB_right" => point - Vec3::new(BASELINE_M, 0.0, 0.0),
        "SK_color" => DEPTH_FROM_COLOUR.transpose() * (point - COLOUR_IN_DEPTH_M),
        _ => point,
    }
}

/// A camera in the frame of the labels, which serves as the world of both cameras of a pair.
fn camera_from_labels(view: usize) -> RigidTransform {
    let origin = to_view(view, Vec3::ZERO);
    let turn = Mat3::from_cols(
        to_view(view, Vec3::X) - origin,
        to_view(view, Vec3::Y) - origin,
        to_view(view, Vec3::Z) - origin,
    );
    RigidTransform::new(Quat::from_mat3(&turn).normalize(), origin)
}

impl DatasetReader for Stb {
    fn info(&self) -> &SetInfo {
        &self.info
    }

    fn count(&self) -> u64 {
        self.samples.len() as u64
    }

    fn label(&self, number: u64) -> Result<SampleLabel, DatasetError> {
        let (entry, labels) = self.entry(number)?;
        let (prefix, _, k) = VIEWS[entry.view];
        let value = |joint: usize, axis: usize| labels.points.get(&[axis, joint, entry.frame as usize]);
        let metres = |joint, axis| value(joint, axis).map_or(f32::NAN, |mm| (mm / 1000.0) as f32);
        let point = |joint| to_view(entry.view, Vec3::new(metres(joint, 0), metres(joint, 1), metres(joint, 2)));
        let points: Vec<Vec3> = (0..LANDMARK_COUNT).map(point).collect();
        check_before_camera(&labels.path, &format!("frame {}", entry.frame), &points)?;
        let id = id_of(&labels.sequence, prefix, entry.frame);
        let name = SampleName { index: number, id: &id, split: split_of(&labels.sequence) };
        let mut label = SampleLabel::captured(name, WIDTH, HEIGHT);
        label.clip = Some(labels.clip);
        label.frame = Some(entry.frame);
        label.k = Some(k_from_centre(k));
        label.camera_from_world = camera_from_labels(entry.view);
        let camera = label.camera();
        let mut hand = HandRecord::unknown(1);
        hand.side = Some(HandSide::Left);
        hand.subject = Some(0);
        hand.keypoints_camera_m = in_order(&points, &STB);
        hand.keypoints_camera_m[0] = None;
        let palm = ExtraPoint { px: camera.as_ref().and_then(|c| c.project(points[0])), camera_m: Some(points[0]) };
        hand.extra_points.insert("palm".into(), palm);
        hand.complete(camera.as_ref(), WIDTH, HEIGHT);
        label.hands.push(hand);
        Ok(label)
    }

    fn pictures(&self, number: u64, _: &SampleLabel) -> Result<Pictures, DatasetError> {
        let (entry, labels) = self.entry(number)?;
        let prefix = VIEWS[entry.view].0;
        let path = self.root.join("images").join(&labels.sequence).join(format!("{prefix}_{}.png", entry.frame));
        if prefix == "SK_depth" {
            let depth = depth_of_channels(&files::rgb8(&path)?, 1, 0, 0.001);
            return Ok(Pictures { depth_z_m: Some(depth), ..Pictures::default() });
        }
        let (rgb, rgb_jpeg) = files::colour(&path)?;
        Ok(Pictures { rgb: Some(rgb), rgb_jpeg, ..Pictures::default() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cameras_of_a_pair_share_their_world() {
        let p = Vec3::new(0.03, -0.05, 0.6);
        for (view, (name, ..)) in VIEWS.iter().enumerate() {
            assert!(camera_from_labels(view).point(p).distance(to_view(view, p)) < 1e-6, "{name}");
        }
        assert!((camera_from_labels(1).translation_m.x + 0.120_054).abs() < 1e-6);
    }

    #[test]
    fn the_rotation_is_that_of_the_published_vector() {
        let vector = Vec3::new(0.005_31, -0.011_96, 0.003_01);
        let expected = Mat3::from_axis_angle(vector.normalize_or_zero(), vector.length());
        assert!(DEPTH_FROM_COLOUR.abs_diff_eq(expected, 1e-6), "{DEPTH_FROM_COLOUR} is not {expected}");
    }
}
