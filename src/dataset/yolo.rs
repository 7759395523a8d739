//! YOLO pose, as Ultralytics trains on it: `images/{split}/{id}.jpg`, `labels/{split}/{id}.txt` and `data.yaml`.
//!
//! One line per hand: class 0, box centre and size, then x, y and COCO's flag of 21 keypoints; everything in shares of the
//! picture. One class for both sides: a mirrored picture would else have wrong classes. Keypoints outside the picture have 0, 0, 0;
//! hands without a box in the picture have no line.

use std::fmt::Write as _;

use super::disk::{Disk, FileDigest, Sync};
use super::error::DatasetError;
use super::label_json::{HandRecord, SampleLabel};
use super::plan::DatasetPlan;
use crate::rig::LANDMARK_COUNT;

/// Path of the file that names the splits.
pub(super) const DATA: &str = "data.yaml";

/// The label file of a picture.
pub(super) fn label_text(label: &SampleLabel) -> String {
    label.hands.iter().filter_map(|hand| line(label, hand)).collect()
}

fn line(label: &SampleLabel, hand: &HandRecord) -> Option<String> {
    let [left, top, width, height] = hand.box_in_picture(label.width, label.height)?;
    let (columns, rows) = (label.width as f32, label.height as f32);
    let mut line = format!(
        "0 {:.6} {:.6} {:.6} {:.6}",
        (left + width / 2.0) / columns,
        (top + height / 2.0) / rows,
        width / columns,
        height / rows
    );
    for k in 0..LANDMARK_COUNT {
        let (x, y, flag) = match hand.keypoints_px[k] {
            Some(p) if hand.visibility_coco[k] > 0 => (p.x / columns, p.y / rows, hand.visibility_coco[k]),
            _ => (0.0, 0.0, 0),
        };
        write!(line, " {x:.6} {y:.6} {flag}").ok()?;
    }
    line.push('\n');
    Some(line)
}

/// Writes `data.yaml`: the first split trains, the second validates (the first too if it is alone), a third tests.
pub(super) fn write_annotations(disk: &Disk, plan: &DatasetPlan) -> Result<FileDigest, DatasetError> {
    let name = |k: usize| plan.splits.get(k).map(|split| split.name.as_str());
    let mut text = String::from("# YOLO pose: yolo pose train data=data.yaml model=yolo11n-pose.pt\n");
    let train = name(0).unwrap_or_default();
    text.push_str(&format!("train: images/{train}\nval: images/{}\n", name(1).unwrap_or(train)));
    text.push_str(&name(2).map_or_else(String::new, |test| format!("test: images/{test}\n")));
    let same = (0..LANDMARK_COUNT).map(|k| k.to_string()).collect::<Vec<_>>().join(", ");
    text.push_str(&format!("kpt_shape: [{LANDMARK_COUNT}, 3]\nflip_idx: [{same}]\nnames:\n  0: hand\n"));
    disk.write(DATA, text.as_bytes(), Sync::Disk)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::fixture;
    use crate::dataset::label_json::SampleName;

    #[test]
    fn lines_are_shares_of_the_picture() {
        let sample = fixture::sample(3, 64, 2);
        let name = SampleName { index: 3, id: "000003", split: "train" };
        let mut label = SampleLabel::new(name, &sample.scene, &sample.labels, None);
        label.hands[0].box_visible_px = Some([16.0, 8.0, 32.0, 40.0]);
        let text = label_text(&label);
        assert_eq!(text.lines().count(), 2);
        let numbers: Vec<f32> = text.lines().next().unwrap().split(' ').map(|n| n.parse().unwrap()).collect();
        assert_eq!(numbers.len(), 5 + 3 * LANDMARK_COUNT);
        assert_eq!(numbers[..5], [0.0, 0.5, 0.4375, 0.5, 0.625]);
        let wrist = label.hands[0].keypoints_px[0].unwrap();
        assert!((numbers[5] * 64.0 - wrist.x).abs() < 1e-3 && (numbers[6] * 64.0 - wrist.y).abs() < 1e-3);
        // the little finger's tip lies outside
        assert_eq!(numbers[5 + 60..], [0.0, 0.0, 0.0]);
        label.hands[1].box_visible_px = None;
        label.hands[1].box_keypoints_px = Some([70.0, 0.0, 5.0, 5.0]);
        assert_eq!(label_text(&label).lines().count(), 1);
    }
}
