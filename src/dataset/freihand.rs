//! The tree of `FreiHAND`, for programs that read nothing else.
//!
//! * `{training,evaluation}/{rgb,mask}/00000000.jpg` (224 x 224; the mask is white on the hand) and JSON lists at the root, one
//!   entry per picture: `{split}_K.json`, `{split}_xyz.json` (metres, camera frame), `{split}_scale.json` (|middle MCP - PIP|).
//! * One right hand per picture. K counts pixels from the centre of the first one: 0.5 less than in this crate.
//! * `FreiHAND` shows every pose in several pictures; here every picture has an entry of its own.
//! * A sample that could not be made leaves a number without picture; its entries are zero.
//! * A split named `train` is written as `training`, one named `test` or `val` as `evaluation`.

use serde_json::{Value, json};

use super::disk::{Disk, FileDigest, NewFile, Sync};
use super::encode::{self, EncodeError};
use super::error::{DatasetError, SampleError};
use super::label_json::{HandRecord, SampleLabel};
use crate::camera::Lens;
use crate::frame::Plane;
use crate::rig::HandSide;

/// Columns and rows of every picture.
pub const SIZE: u32 = 224;
/// Lists at the root.
pub(super) const LISTS: [&str; 3] = ["K", "xyz", "scale"];
/// From our pixels (corner of the first is 0) to `FreiHAND`'s (centre of the first is 0).
const CENTRE: f32 = 0.5;
/// Quality of the masks.
const MASK_QUALITY: u8 = 95;

/// Refuses what the format cannot hold.
pub(super) fn check(label: &SampleLabel) -> Result<(), SampleError> {
    let unsupported = |what: String| Err(SampleError::Unsupported { format: "freihand", what });
    if (label.width, label.height) != (SIZE, SIZE) {
        let (width, height) = (label.width, label.height);
        return unsupported(format!("a picture of {width} x {height} pixels, only {SIZE} x {SIZE}"));
    }
    if label.lens != Lens::Pinhole || label.k.is_none() {
        return unsupported("a camera other than a pinhole with a known matrix".into());
    }
    let [hand] = label.hands.as_slice() else {
        return unsupported(format!("a picture of {} hands, only one right hand", label.hands.len()));
    };
    if hand.side != Some(HandSide::Right) {
        return unsupported("a hand that is not a right one".into());
    }
    if hand.keypoints_camera_m.iter().any(Option::is_none) {
        return unsupported("a hand without all 21 keypoints in 3D".into());
    }
    Ok(())
}

/// The mask's JPEG: white where a hand is.
pub(super) fn mask(instance: &Plane<u8>, part: Option<&Plane<u8>>) -> Result<Vec<u8>, EncodeError> {
    let arm = |k: usize| part.is_some_and(|part| part.data[k] <= 1);
    let white = instance.data.iter().enumerate().map(|(k, id)| if *id == 1 && !arm(k) { [255; 3] } else { [0; 3] });
    encode::jpeg_rgb8(&Plane { width: instance.width, height: instance.height, data: white.collect() }, MASK_QUALITY)
}

/// Instance ids from a mask's picture.
pub(super) fn instance(mask: &Plane<[u8; 3]>) -> Plane<u8> {
    Plane { width: mask.width, height: mask.height, data: mask.data.iter().map(|p| u8::from(p[0] >= 128)).collect() }
}

/// Writes the lists of a split. Labels come with their number in the split, in order.
pub(super) fn write_annotations<I>(
    disk: &Disk,
    split: &str,
    planned: u64,
    labels: I,
) -> Result<Vec<FileDigest>, DatasetError>
where
    I: Iterator<Item = Result<(u64, SampleLabel), DatasetError>>,
{
    let mut lists = LISTS.map(|_| None::<NewFile>);
    for list in &mut lists {
        let mut file = disk.create()?;
        file.append(b"[")?;
        *list = Some(file);
    }
    let mut due = 0;
    for label in labels {
        let (number, label) = label?;
        for missing in due..number {
            append(&mut lists, missing, &entries(None))?;
        }
        append(&mut lists, number, &entries(Some(&label)))?;
        due = number + 1;
    }
    for missing in due..planned {
        append(&mut lists, missing, &entries(None))?;
    }
    let named = LISTS.into_iter().zip(lists).filter_map(|(name, file)| Some((name, file?)));
    named
        .map(|(name, mut file)| {
            file.append(b"]\n")?;
            file.commit(&list_path(split, name), Sync::Disk)
        })
        .collect()
}

/// Path of a list in the dataset's folder.
pub(super) fn list_path(split: &str, name: &str) -> String {
    format!("{split}_{name}.json")
}

fn append(lists: &mut [Option<NewFile>; 3], number: u64, entries: &[Value; 3]) -> Result<(), DatasetError> {
    for (file, entry) in lists.iter_mut().flatten().zip(entries) {
        file.append(if number == 0 { b"\n" } else { b",\n" })?;
        file.append(entry.to_string().as_bytes())?;
    }
    Ok(())
}

/// Entries of [`LISTS`] for one picture.
fn entries(label: Option<&SampleLabel>) -> [Value; 3] {
    let hand = label.and_then(|label| label.hands.first());
    let mut k = label.and_then(|label| label.k).unwrap_or_default();
    if label.is_some() {
        k[0][2] -= CENTRE;
        k[1][2] -= CENTRE;
    }
    let points = hand.map(|hand| hand.keypoints_camera_m).unwrap_or_default();
    let xyz = points.map(|p| p.unwrap_or_default().to_array());
    [json!(k), json!(xyz), json!(hand.and_then(scale_m).unwrap_or_default())]
}

/// |middle MCP - PIP|, metres.
fn scale_m(hand: &HandRecord) -> Option<f32> {
    Some(hand.keypoints_camera_m[9]?.distance(hand.keypoints_camera_m[10]?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::fixture;
    use crate::dataset::label_json::SampleName;

    fn label(hands: u8) -> SampleLabel {
        let sample = fixture::sample(0, SIZE, hands);
        SampleLabel::new(SampleName { index: 0, id: "0", split: "train" }, &sample.scene, &sample.labels, None)
    }

    #[test]
    fn entries_count_pixels_from_the_centre_and_know_the_scale() {
        let mut right = label(1);
        right.hands[0].side = Some(HandSide::Right);
        check(&right).unwrap();
        let [k, xyz, scale] = entries(Some(&right));
        assert_eq!(k[0][2], 111.5);
        let at = |joint: usize| {
            glam::Vec3::from_array(std::array::from_fn(|axis| xyz[joint][axis].as_f64().unwrap() as f32))
        };
        assert!((at(9).distance(at(10)) - scale.as_f64().unwrap() as f32).abs() < 1e-6);
        assert_eq!(entries(None)[0], json!(vec![vec![0.0; 3]; 3]));
    }

    #[test]
    fn what_freihand_cannot_hold_is_refused() {
        let refused = |label: &SampleLabel| check(label).unwrap_err().to_string();
        assert!(refused(&label(2)).contains("2 hands"));
        assert!(refused(&label(1)).contains("not a right one"));
        let mut right = label(1);
        right.hands[0].side = Some(HandSide::Right);
        right.hands[0].keypoints_camera_m[4] = None;
        assert!(refused(&right).contains("without all 21"));
        right.width = 320;
        assert!(refused(&right).contains("320 x 224"));
    }
}
