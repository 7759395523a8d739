//! `GANerated` Hands: rendered left hands made to look real, crops of 256 x 256.
//!
//! * `GANeratedHands_Release/data/{noObject,withObject}/0001../`: `%04d_color_composed.png`, `%04d_joint_pos.txt`,
//!   `%04d_joint_pos_global.txt`, `%04d_joint2D.txt`, `%04d_crop_params.txt`. The folder may be any of the three levels
//!   above `noObject`.
//! * `joint_pos_global`: 63 numbers, millimetres, camera frame, our order. `joint_pos` is the same relative to the middle
//!   MCP, in units of wrist to middle MCP, and is not read. `joint2D`: 42 numbers, pixels of the crop.
//! * `crop_params`: `u, v, scale`; a pixel p of the whole picture is scale (p - (u, v)) in the crop. The label's K is that of
//!   the crop. All pixels count from the centre of the first: 0.5 is added.

use std::path::{Path, PathBuf};

use glam::Vec2;

use super::common::{CENTRE, CENTRE_NOTE, k_from_centre};
use super::faults::Faults;
use super::frames::{Frame, Frames};
use super::text::Place;
use super::{files, foreign};
use crate::dataset::{DatasetError, DatasetReader, HandRecord, Pictures, SampleLabel, SampleName, SetInfo};
use crate::rig::joint::LANDMARK_NAMES;
use crate::rig::{HandSide, LANDMARK_COUNT};

/// Columns and rows of every picture.
pub const SIZE: u32 = 256;
/// Focal length (both) and principal point of the whole picture, pixels from the centre of the first.
pub const CAMERA: [f32; 3] = [617.173, 315.453, 242.259];

const KINDS: [&str; 2] = ["noObject", "withObject"];
const MEMBERS: [&str; 4] = ["color_composed.png", "joint_pos_global.txt", "joint2D.txt", "crop_params.txt"];
const SPLIT: &str = "train";

/// The whole dataset.
#[derive(Debug)]
pub struct Ganerated {
    info: SetInfo,
    frames: Frames,
}

fn base(folder: &Path) -> Option<PathBuf> {
    let has_kind = |base: &PathBuf| KINDS.iter().any(|kind| base.join(kind).is_dir());
    let bases = [folder.join("GANeratedHands_Release/data"), folder.join("data"), folder.to_owned()];
    bases.into_iter().find(has_kind)
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
    let lacks = ["no depth", "no masks", "no visibility", "no subjects", "no splits", "left hands only"];
    let notes = [CENTRE_NOTE, "K is that of the crop", "a folder of 1024 frames is one clip"];
    let info = SetInfo {
        format: "ganerated".into(),
        root: folder.to_owned(),
        splits: vec![(SPLIT.into(), frames.count())],
        lacks: lacks.map(str::to_owned).to_vec(),
        notes: notes.map(str::to_owned).to_vec(),
        faults: faults.into_list(),
    };
    Ok(Box::new(Ganerated { info, frames }))
}

/// Numbers of one of a frame's files.
fn numbers(path: &Path, expected: usize) -> Result<Vec<f32>, DatasetError> {
    Place { path, line: None }.numbers(&files::read_text(path)?, expected)
}

/// Camera matrix of a frame's crop.
fn crop_k(frame: &Frame) -> Result<[[f32; 3]; 3], DatasetError> {
    let path = frame.path("crop_params.txt");
    let crop = numbers(&path, 3)?;
    let (u, v, scale) = (crop[0], crop[1], crop[2]);
    if scale <= 0.0 {
        return Err(foreign(&path, format!("the scale is {scale}, expected more than 0")));
    }
    let [f, cx, cy] = CAMERA;
    Ok(k_from_centre([scale * f, scale * f, scale * (cx - u), scale * (cy - v)]))
}

impl DatasetReader for Ganerated {
    fn info(&self) -> &SetInfo {
        &self.info
    }

    fn count(&self) -> u64 {
        self.frames.count()
    }

    fn label(&self, number: u64) -> Result<SampleLabel, DatasetError> {
        let frame = self.frames.get(number)?;
        let path = frame.path("joint_pos_global.txt");
        let points =
            Place { path: &path, line: None }.points_mm(&numbers(&path, 3 * LANDMARK_COUNT)?, |k| LANDMARK_NAMES[k])?;
        let pixels = numbers(&frame.path("joint2D.txt"), 2 * LANDMARK_COUNT)?;
        let id = frame.id();
        let mut label = SampleLabel::captured(SampleName { index: number, id: &id, split: SPLIT }, SIZE, SIZE);
        label.clip = Some(frame.clip_number);
        label.k = Some(crop_k(&frame)?);
        let mut hand = HandRecord::unknown(1);
        hand.side = Some(HandSide::Left);
        hand.keypoints_camera_m = std::array::from_fn(|k| points[k]);
        hand.keypoints_px = std::array::from_fn(|k| Some(Vec2::new(pixels[2 * k], pixels[2 * k + 1]) + CENTRE));
        hand.complete(label.camera().as_ref(), SIZE, SIZE);
        label.hands.push(hand);
        Ok(label)
    }

    fn pictures(&self, number: u64, _: &SampleLabel) -> Result<Pictures, DatasetError> {
        let (rgb, rgb_jpeg) = files::colour(&self.frames.get(number)?.path("color_composed.png"))?;
        Ok(Pictures { rgb: Some(rgb), rgb_jpeg, ..Pictures::default() })
    }
}
