//! Depth crops of a dataset as arrays, one row per hand, for trainers that read nothing else.
//!
//! ```text
//! out/crops.json                     settings and counts, written last
//!     {split}/depth.npy              f32 (N, S, S): -1 at the front of the cube, 1 at its back and where nothing is
//!             keypoints_crop.npy     f32 (N, 21, 3): column, row (pixels of the crop from the corner of the first), depth in half
//!                                    cube edges from the centre; NaN where there is no keypoint
//!             keypoints_camera.npy   f32 (N, 21, 3): metres, +X right +Y down +Z forward; NaN where there is no keypoint
//!             centre.npy             f32 (N, 3): metres       cube.npy  f32 (N,): edge, metres
//!             picture_from_crop.npy  f32 (N, 3, 3)            k.npy     f32 (N, 3, 3), pixels from the corner of the first
//!             side.npy               i64 (N,): 0 left, 1 right, -1 not known
//!             sample.npy             i64 (N, 2): number of the sample in the dataset, instance of the hand
//!             subject.npy            i64 (N,): number of the person, -1 not known
//! ```

use std::path::Path;

use glam::Vec3;
use serde::Serialize;

use super::error::DatasetError;
use super::label_json::{HandRecord, SampleLabel};
use super::npy::{NpyFile, NpyType, make_folder};
use super::source::{DatasetReader, Pictures, in_order};
use crate::crop::{CropSettings, DepthCrop, centre_of_mass, nearest_thing, refined};
use crate::rig::HandSide;

/// Where the cube is put.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CropCentre {
    /// On the mean of the hand's points, refined: what a tracker can do as well. From the mask if there is one, else the
    /// points around the labelled keypoints, else the nearest thing.
    Mass,
    /// On the labelled middle MCP.
    MiddleMcp,
}

/// What became of a dataset's hands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct CropCounts {
    /// Name and number of crops of each split.
    pub splits: Vec<(String, u64)>,
    /// Samples and hands left out, and why.
    pub left_out: Vec<String>,
}

#[derive(Serialize)]
struct CropFile<'a> {
    format_version: u32,
    cube_m: f32,
    size_px: u32,
    passes: u32,
    centre: CropCentre,
    #[serde(flatten)]
    counts: &'a CropCounts,
}

/// Name of the file that marks a folder of crops.
pub const CROPS: &str = "crops.json";

/// One hand's row.
struct Row {
    crop: DepthCrop,
    hand: HandRecord,
    label: SampleLabel,
    in_crop: [[f32; 3]; 21],
}

/// Writes the crops of every hand of a dataset. The folder must be empty or hold crops.
pub fn write_crops(
    reader: &dyn DatasetReader,
    folder: &Path,
    settings: &CropSettings,
    centre: CropCentre,
    progress: &(dyn Fn(bool) + Sync),
) -> Result<CropCounts, DatasetError> {
    let mut counts = CropCounts::default();
    let mut first = 0;
    // the mark of an older run must not outlive its arrays
    std::fs::remove_file(folder.join(CROPS)).ok();
    for (split, count) in &reader.info().splits {
        make_folder(&folder.join(split))?;
        let mut arrays = Arrays::create(&folder.join(split), settings.size_px as usize)?;
        let mut written = 0;
        in_order::<_, DatasetError>(
            first..first + count,
            |number| rows(reader, number, settings, centre),
            |number, result| {
                let (rows, left_out) = result.unwrap_or_else(|e| (Vec::new(), vec![e.to_string()]));
                progress(!left_out.is_empty());
                counts.left_out.extend(left_out);
                written += rows.len() as u64;
                rows.iter().try_for_each(|row| arrays.push(number, row))
            },
        )?;
        arrays.commit()?;
        counts.splits.push((split.clone(), written));
        first += count;
    }
    let CropSettings { cube_m, size_px, passes } = *settings;
    let file = CropFile { format_version: 1, cube_m, size_px, passes, centre, counts: &counts };
    let path = folder.join(CROPS);
    let json = serde_json::to_vec_pretty(&file).map_err(DatasetError::json(&path))?;
    std::fs::write(&path, json).map_err(DatasetError::io("write", &path))?;
    Ok(counts)
}

type Rows = (Vec<Row>, Vec<String>);

fn rows(
    reader: &dyn DatasetReader,
    number: u64,
    settings: &CropSettings,
    centre: CropCentre,
) -> Result<Rows, DatasetError> {
    let sample = reader.read(number)?;
    let (mut rows, mut left_out) = (Vec::new(), Vec::new());
    for hand in &sample.label.hands {
        match row(&sample.label, &sample.pictures, hand, settings, centre) {
            Ok(row) => rows.push(row),
            Err(why) => left_out.push(format!("{}: hand {}: {why}", sample.label.id, hand.instance)),
        }
    }
    Ok((rows, left_out))
}

fn row(
    label: &SampleLabel,
    pictures: &Pictures,
    hand: &HandRecord,
    settings: &CropSettings,
    centre: CropCentre,
) -> Result<Row, &'static str> {
    let depth = pictures.depth_z_m.as_ref().ok_or("no depth")?;
    let camera = label.camera().ok_or("no camera matrix")?;
    let centre = match centre {
        CropCentre::MiddleMcp => hand.keypoints_camera_m[9].ok_or("no middle MCP")?,
        CropCentre::Mass => {
            let start = start(pictures, hand, &camera, settings).ok_or("no surface of the hand")?;
            refined(depth, &camera, start, settings)
        }
    };
    let crop = DepthCrop::cut(depth, &camera, centre, settings).ok_or("behind the camera")?;
    let nowhere = [f32::NAN; 3];
    let in_crop =
        hand.keypoints_camera_m.map(|p| p.and_then(|p| crop.from_camera(&camera, p)).map_or(nowhere, |p| p.to_array()));
    Ok(Row { crop, hand: hand.clone(), label: label.clone(), in_crop })
}

/// A first centre: the hand's own surface if a mask tells it, what is near its keypoints, or the nearest thing.
fn start(
    pictures: &Pictures,
    hand: &HandRecord,
    camera: &crate::camera::Camera,
    settings: &CropSettings,
) -> Option<Vec3> {
    let depth = pictures.depth_z_m.as_ref()?;
    if let Some(instance) = &pictures.instance {
        let arm = |k: usize| pictures.part.as_ref().is_some_and(|part| part.data[k] == 1);
        return centre_of_mass(depth, camera, |k, _| instance.data[k] == hand.instance && !arm(k));
    }
    let known: Vec<Vec3> = hand.keypoints_camera_m.iter().flatten().copied().collect();
    if known.is_empty() {
        return nearest_thing(depth, camera, settings);
    }
    let mean = known.iter().sum::<Vec3>() / known.len() as f32;
    let inside = |_, p: Vec3| (p - mean).abs().max_element() <= settings.cube_m / 2.0;
    centre_of_mass(depth, camera, inside)
}

/// The arrays of one split.
struct Arrays {
    depth: NpyFile,
    keypoints_crop: NpyFile,
    keypoints_camera: NpyFile,
    centre: NpyFile,
    cube: NpyFile,
    picture_from_crop: NpyFile,
    k: NpyFile,
    side: NpyFile,
    sample: NpyFile,
    subject: NpyFile,
}

impl Arrays {
    fn create(folder: &Path, size: usize) -> Result<Self, DatasetError> {
        let floats =
            |name: &str, shape: &[usize]| NpyFile::create(folder.join(format!("{name}.npy")), NpyType::F32, shape);
        let whole =
            |name: &str, shape: &[usize]| NpyFile::create(folder.join(format!("{name}.npy")), NpyType::I64, shape);
        Ok(Self {
            depth: floats("depth", &[size, size])?,
            keypoints_crop: floats("keypoints_crop", &[21, 3])?,
            keypoints_camera: floats("keypoints_camera", &[21, 3])?,
            centre: floats("centre", &[3])?,
            cube: floats("cube", &[])?,
            picture_from_crop: floats("picture_from_crop", &[3, 3])?,
            k: floats("k", &[3, 3])?,
            side: whole("side", &[])?,
            sample: whole("sample", &[2])?,
            subject: whole("subject", &[])?,
        })
    }

    fn push(&mut self, number: u64, row: &Row) -> Result<(), DatasetError> {
        let nowhere = Vec3::splat(f32::NAN);
        let camera = row.hand.keypoints_camera_m.map(|p| p.unwrap_or(nowhere).to_array());
        self.depth.push(row.crop.image.data.iter().copied())?;
        self.keypoints_crop.push(row.in_crop.into_iter().flatten())?;
        self.keypoints_camera.push(camera.into_iter().flatten())?;
        self.centre.push(row.crop.centre_m.to_array())?;
        self.cube.push([row.crop.cube_m])?;
        self.picture_from_crop.push(row.crop.picture_from_crop().into_iter().flatten())?;
        self.k.push(row.label.k.unwrap_or_default().into_iter().flatten())?;
        self.side.push_i64([match row.hand.side {
            Some(HandSide::Left) => 0,
            Some(HandSide::Right) => 1,
            None => -1,
        }])?;
        self.sample.push_i64([number as i64, i64::from(row.hand.instance)])?;
        self.subject.push_i64([row.hand.subject.map_or(-1, i64::from)])
    }

    fn commit(self) -> Result<(), DatasetError> {
        let Self { depth, keypoints_crop, keypoints_camera, centre, cube, picture_from_crop, k, side, sample, subject } =
            self;
        [depth, keypoints_crop, keypoints_camera, centre, cube, picture_from_crop, k, side, sample, subject]
            .into_iter()
            .try_for_each(NpyFile::commit)
    }
}
