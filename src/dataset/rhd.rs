//! The tree of the Rendered Hand Pose dataset (RHD), for programs that read nothing else.
//!
//! * `RHD_published_v2/{training,evaluation}/{color,mask,depth}/00000.png` and `anno_{training,evaluation}.pickle`.
//! * Pictures have 320 x 320 pixels. Depth: red is the high byte, green the low byte, 65535 steps are 5 m; pixels
//!   without a surface are 65535, as far as the format goes.
//! * 42 keypoints: left hand, then right hand; in each the wrist, then every digit from tip to base. `xyz` is in metres
//!   in the camera frame, `uv_vis` in pixels with a flag that is 1 for visible keypoints only.
//! * RHD's K has `cx = cy = 160` in a picture of 320 pixels, which is the middle if pixels count from the corner of the
//!   first one. That is this crate's own convention: `uv` and `K` are written as they are, and `uv = K xyz / z`.
//! * A hand that is not in the scene has zeros everywhere. RHD itself always knows both hands of a person.
//! * A split named `train` is written as `training`, one named `test` or `val` as `evaluation`.
//! * A sample that could not be made leaves a gap in the numbers.

use super::disk::{Disk, FileDigest, Sync};
use super::error::{DatasetError, SampleError};
use super::label_json::SampleLabel;
use super::orders::RHD;
use super::pickle::{self, Array};
use crate::camera::Lens;
use crate::frame::{NO_DEPTH, Plane};
use crate::label::Visibility;
use crate::rig::{HandSide, LANDMARK_COUNT};

/// Folder that holds the splits.
pub const ROOT: &str = "RHD_published_v2";
/// Columns and rows of every picture.
pub const SIZE: u32 = 320;
/// Depth at the value 65535, metres.
pub const FULL_SCALE_M: f32 = 5.0;
/// The format's name for a split; `None` if it has none.
pub fn split_folder(split: &str) -> Option<&'static str> {
    match split {
        "train" | "training" => Some("training"),
        "test" | "val" | "evaluation" => Some("evaluation"),
        _ => None,
    }
}

/// Refuses what the format cannot hold.
pub(super) fn check(label: &SampleLabel) -> Result<(), SampleError> {
    let unsupported = |what: String| Err(SampleError::Unsupported { format: "rhd", what });
    let (width, height) = (label.width, label.height);
    if (width, height) != (SIZE, SIZE) {
        return unsupported(format!("a picture of {width} x {height} pixels, only {SIZE} x {SIZE}"));
    }
    if label.lens != Lens::Pinhole {
        return unsupported("lens distortion, only `lens = \"pinhole\"`".into());
    }
    if label.k.is_none() {
        return unsupported("a sample without camera matrix".into());
    }
    if label.hands.iter().any(|hand| hand.side.is_none()) {
        return unsupported("a hand without side".into());
    }
    for side in [HandSide::Left, HandSide::Right] {
        let hands = label.hands.iter().filter(|hand| hand.side == Some(side)).count();
        if hands > 1 {
            return unsupported(format!("{hands} hands of one side"));
        }
    }
    Ok(())
}

/// Depth as RHD's colour picture, and the number of pixels beyond its range.
pub(super) fn depth_picture(depth_z_m: &Plane<f32>) -> (Plane<[u8; 3]>, u64) {
    let per_m = 65535.0 / f64::from(FULL_SCALE_M);
    let mut saturated = 0;
    let data = depth_z_m.data.iter().map(|z| {
        let steps = if *z == NO_DEPTH { 65535.0 } else { (f64::from(*z) * per_m).round() };
        saturated += u64::from(steps > 65535.0);
        let [high, low] = (steps as u16).to_be_bytes();
        [high, low, 0]
    });
    (Plane { width: depth_z_m.width, height: depth_z_m.height, data: data.collect() }, saturated)
}

/// Metres from RHD's depth picture; pixels at the end of the range have [`NO_DEPTH`].
pub fn depth_from_picture(picture: &Plane<[u8; 3]>) -> Plane<f32> {
    let per_step = f64::from(FULL_SCALE_M) / 65535.0;
    let metres = |[high, low, _]: [u8; 3]| match u16::from_be_bytes([high, low]) {
        u16::MAX => NO_DEPTH,
        steps => (f64::from(steps) * per_step) as f32,
    };
    Plane { width: picture.width, height: picture.height, data: picture.data.iter().copied().map(metres).collect() }
}

/// Writes a split's `anno_{split}.pickle`. Labels come with their number in the split, in order.
pub(super) fn write_annotations<I>(disk: &Disk, split: &str, labels: I) -> Result<FileDigest, DatasetError>
where
    I: Iterator<Item = Result<(u64, SampleLabel), DatasetError>>,
{
    let mut file = disk.create()?;
    pickle::begin(&mut file)?;
    for label in labels {
        let (number, label) = label?;
        pickle::item(&mut file, number as u32, &arrays(&label))?;
    }
    pickle::end(&mut file)?;
    file.commit(&annotations_path(split), Sync::Disk)
}

/// Path of the annotations of a split (by its folder) in the dataset's folder.
pub(super) fn annotations_path(split: &str) -> String {
    format!("{ROOT}/{split}/anno_{split}.pickle")
}

/// `xyz`, `uv_vis` and `K` of one sample.
fn arrays(label: &SampleLabel) -> [Array; 3] {
    let mut xyz = vec![[0.0; 3]; 2 * LANDMARK_COUNT];
    let mut uv_vis = xyz.clone();
    for hand in &label.hands {
        let base = if hand.side == Some(HandSide::Left) { 0 } else { LANDMARK_COUNT };
        for (k, place) in RHD.into_iter().enumerate() {
            xyz[base + place] = hand.keypoints_camera_m[k].unwrap_or_default().to_array();
            let visible = if hand.visibility[k] == Visibility::Visible { 1.0 } else { 0.0 };
            uv_vis[base + place] = hand.keypoints_px[k].map_or([0.0; 3], |p| [p.x, p.y, visible]);
        }
    }
    [
        Array { name: "xyz", rows: 42, columns: 3, values: xyz.into_flattened() },
        Array { name: "uv_vis", rows: 42, columns: 3, values: uv_vis.into_flattened() },
        Array { name: "K", rows: 3, columns: 3, values: label.k.unwrap_or_default().as_flattened().to_vec() },
    ]
}

#[cfg(test)]
mod tests {
    #![expect(clippy::float_cmp, reason = "these values are exact")]

    use super::*;
    use crate::dataset::fixture;
    use crate::dataset::label_json::SampleName;

    #[test]
    fn order_swaps_tips_and_bases() {
        // our thumb CMC (1) stands at 4, our thumb tip (4) at 1; likewise for every digit
        assert!((1..LANDMARK_COUNT).all(|k| RHD[RHD[k]] == k && (RHD[k] - 1) / 4 == (k - 1) / 4));
    }

    #[test]
    fn depth_has_its_high_byte_in_red() {
        let depth = Plane { width: 4, height: 1, data: vec![0.5, NO_DEPTH, 2.0, 6.0] };
        let (picture, saturated) = depth_picture(&depth);
        // 0.5 / 5 * 65535 = 6553.5, rounded away from zero: 6554 = 25 * 256 + 154
        assert_eq!(picture.data, [[25, 154, 0], [255, 255, 0], [102, 102, 0], [255, 255, 0]]);
        assert_eq!(saturated, 1);
        let back = depth_from_picture(&picture);
        assert!((back.data[0] - 0.5).abs() < 4e-5);
        assert_eq!(back.data[1].to_bits(), NO_DEPTH.to_bits());
    }

    #[test]
    fn arrays_hold_left_then_right_from_tip_to_base() {
        let sample = fixture::sample(0, SIZE, 2);
        let name = SampleName { index: 0, id: "0", split: "training" };
        let label = SampleLabel::new(name, &sample.scene, &sample.labels, None);
        let [xyz, uv_vis, k] = arrays(&label);
        let row = |array: &Array, row: usize| array.values[row * 3..row * 3 + 3].to_vec();
        let right = &sample.labels.hands[1];
        assert_eq!(row(&xyz, 21 + 5), right.keypoints_camera_m[8].to_array());
        let tip = right.keypoints_px[8].unwrap();
        assert_eq!(row(&uv_vis, 21 + 5), [tip.x, tip.y, 1.0]);
        // landmark 7 is hidden and stands at 6
        assert_eq!(row(&uv_vis, 6)[2].to_bits(), 0.0f32.to_bits());
        assert_eq!(row(&k, 0)[2], 160.0);
    }

    #[test]
    fn an_absent_hand_is_zero() {
        let sample = fixture::sample(0, SIZE, 1);
        let name = SampleName { index: 0, id: "0", split: "training" };
        let [xyz, uv_vis, _] = arrays(&SampleLabel::new(name, &sample.scene, &sample.labels, None));
        assert!(xyz.values[63..].iter().chain(&uv_vis.values[63..]).all(|v| v.to_bits() == 0));
        assert!(xyz.values[..63].iter().any(|v| *v > 0.0));
    }

    #[test]
    fn what_rhd_cannot_hold_is_refused() {
        let label = |size, hands| {
            let sample = fixture::sample(0, size, hands);
            let name = SampleName { index: 0, id: "0", split: "training" };
            SampleLabel::new(name, &sample.scene, &sample.labels, None)
        };
        let refused = |label: &SampleLabel| check(label).unwrap_err().to_string();
        let mut two = label(SIZE, 2);
        check(&two).unwrap();
        two.hands[0].side = Some(HandSide::Right);
        assert!(refused(&two).contains("2 hands of one side"));
        two.hands[0].side = None;
        assert!(refused(&two).contains("a hand without side"));
        assert!(refused(&label(64, 1)).contains("64 x 64"));
        let mut fisheye = label(SIZE, 1);
        fisheye.lens = Lens::KannalaBrandt4 { k: [0.0; 4] };
        assert!(refused(&fisheye).contains("pinhole"));
        let mut blind = label(SIZE, 1);
        blind.k = None;
        assert!(refused(&blind).contains("camera matrix"));
    }
}
