//! `SynthHands`: rendered left hands before a depth camera and a colour camera.
//!
//! * `SynthHands_Release/{female,male}_{object,noobject}/seq../cam../../`: `%08d_color.png`, `%08d_color_on_depth.png`,
//!   `%08d_depth.png`, `%08d_joint_pos.txt`; 640 x 480. The folder may be the release or the one above it.
//! * `joint_pos`: 63 numbers apart by commas, millimetres, the depth camera's frame, our order. A sample is what the depth
//!   camera sees: `color_on_depth` and `depth`. The colour camera's own picture is not read.
//! * Depth is 16-bit millimetres; 0 and 32001 are taken for no surface (the latter is an assumption, and harmless: 32 m).
//! * K projects to pixels counted from the centre of the first: 0.5 is added.
//! * Frames without object stand before flat green; `extra` then has `screen_rgb`.

use std::path::{Path, PathBuf};

use serde_json::json;

use super::common::{CENTRE_NOTE, k_from_centre};
use super::faults::Faults;
use super::frames::Frames;
use super::text::{MISSING, Place};
use super::{files, foreign};
use crate::dataset::{DatasetError, DatasetReader, HandRecord, Pictures, SampleLabel, SampleName, SetInfo};
use crate::frame::{NO_DEPTH, Plane};
use crate::rig::joint::LANDMARK_NAMES;
use crate::rig::{HandSide, LANDMARK_COUNT};

/// Columns and rows of every picture.
pub const SIZE: (u32, u32) = (640, 480);
/// Focal length (both) and principal point of the depth camera, pixels from the centre of the first.
pub const DEPTH_CAMERA: [f32; 3] = [475.62, 311.125, 245.965];
/// What stands behind hands without object, display values.
pub const SCREEN_RGB: [u8; 3] = [14, 255, 14];

const KINDS: [&str; 4] = ["female_noobject", "female_object", "male_noobject", "male_object"];
const MEMBERS: [&str; 3] = ["color_on_depth.png", "depth.png", "joint_pos.txt"];
const SPLIT: &str = "train";

/// The whole dataset.
#[derive(Debug)]
pub struct SynthHands {
    info: SetInfo,
    frames: Frames,
}

fn base(folder: &Path) -> Option<PathBuf> {
    let has_kind = |base: &PathBuf| KINDS.iter().any(|kind| base.join(kind).is_dir());
    [folder.join("SynthHands_Release"), folder.to_owned()].into_iter().find(has_kind)
}

/// True if a folder looks like one.
pub fn is_here(folder: &Path) -> bool {
    base(folder).is_some()
}

/// Opens the dataset in a folder.
pub fn open(folder: &Path) -> Result<Box<dyn DatasetReader>, DatasetError> {
    let Some(base) = base(folder) else {
        return Err(foreign(folder, format!("holds none of the folders {}", KINDS.join(", "))));
    };
    let mut faults = Faults::default();
    let frames = Frames::find(&base, &KINDS, &MEMBERS, &mut faults)?;
    let lacks = ["no masks", "no visibility", "no subjects", "no splits", "left hands only"];
    let notes = [
        CENTRE_NOTE,
        "the depth camera's view is read (`color_on_depth`, `depth`), `color` is not",
        "depth of 0 and 32001 mm is taken for no surface",
        "frames without object have the flat green (14, 255, 14) behind them",
    ];
    let info = SetInfo {
        format: "synthhands".into(),
        root: folder.to_owned(),
        splits: vec![(SPLIT.into(), frames.count())],
        lacks: lacks.map(str::to_owned).to_vec(),
        notes: notes.map(str::to_owned).to_vec(),
        faults: faults.into_list(),
    };
    Ok(Box::new(SynthHands { info, frames }))
}

impl DatasetReader for SynthHands {
    fn info(&self) -> &SetInfo {
        &self.info
    }

    fn count(&self) -> u64 {
        self.frames.count()
    }

    fn label(&self, number: u64) -> Result<SampleLabel, DatasetError> {
        let frame = self.frames.get(number)?;
        let path = frame.path("joint_pos.txt");
        let place = Place { path: &path, line: None };
        let numbers = place.numbers(&files::read_text(&path)?, 3 * LANDMARK_COUNT)?;
        let points = place.points_mm(&numbers, |k| LANDMARK_NAMES[k])?;
        let id = frame.id();
        let mut label = SampleLabel::captured(SampleName { index: number, id: &id, split: SPLIT }, SIZE.0, SIZE.1);
        label.clip = Some(frame.clip_number);
        label.frame = Some(frame.number());
        let [f, cx, cy] = DEPTH_CAMERA;
        label.k = Some(k_from_centre([f, f, cx, cy]));
        if frame.clip.contains("_noobject") {
            label.extra.insert("screen_rgb".into(), json!(SCREEN_RGB));
        }
        let mut hand = HandRecord::unknown(1);
        hand.side = Some(HandSide::Left);
        hand.keypoints_camera_m = std::array::from_fn(|k| points[k]);
        hand.complete(label.camera().as_ref(), SIZE.0, SIZE.1);
        label.hands.push(hand);
        Ok(label)
    }

    fn pictures(&self, number: u64, _: &SampleLabel) -> Result<Pictures, DatasetError> {
        let frame = self.frames.get(number)?;
        let (rgb, rgb_jpeg) = files::colour(&frame.path("color_on_depth.png"))?;
        let depth = depth_mm(&files::grey16(&frame.path("depth.png"))?);
        Ok(Pictures { rgb: Some(rgb), rgb_jpeg, depth_z_m: Some(depth), ..Pictures::default() })
    }
}

/// Metres from 16-bit millimetres, in which 0 and [`MISSING`] are no surface.
pub(super) fn depth_mm(steps: &Plane<u16>) -> Plane<f32> {
    let metres = |v: &u16| if (f32::from(*v) - MISSING).abs() < 0.5 { NO_DEPTH } else { f32::from(*v) / 1000.0 };
    Plane { width: steps.width, height: steps.height, data: steps.data.iter().map(metres).collect() }
}
