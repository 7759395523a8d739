//! COCO keypoint annotations, read by pycocotools, xtcocotools and mmpose as they are: `annotations/{split}.json` beside
//! `images/`.
//!
//! * Keypoints in the order of [`LANDMARK_NAMES`] as `x, y, v`: v is 2 visible, 1 hidden, 0 not in the picture (then x
//!   and y are 0). Their pixels, like `princpt`, count from the *centre* of the first pixel as in `OpenCV`: 0.5 less than in
//!   this crate. `bbox` is left, top, width, height in whole pixel edges, which is the same number in both conventions.
//! * `image_id` is the sample's index, an annotation's id is `256 * image_id + instance`.
//! * More than COCO asks for, as mmpose's hand datasets have it: `hand_type`, `joint_cam` (camera frame,
//!   *millimetres*), `joint_valid`, `cam_param`. `lens` is there if the lens distorts.
//! * Pictures of clips have `video_id`, `frame_id` (from 0) and `time_s`, and `videos` lists the clips.

use serde::Serialize;

use super::disk::{Disk, FileDigest, NewFile, Sync};
use super::error::DatasetError;
use super::label_json::{HandRecord, SampleLabel};
use crate::camera::Lens;
use crate::rig::joint::{LANDMARK_NAMES, LANDMARK_PARENT};
use crate::rig::{HandSide, LANDMARK_COUNT};

/// From our pixels (corner of the first is 0) to COCO's (centre of the first is 0).
const CENTRE: f32 = 0.5;

#[derive(Serialize)]
struct Image<'a> {
    id: u64,
    file_name: &'a str,
    width: u32,
    height: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    video_id: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    frame_id: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    time_s: Option<f64>,
}

#[derive(Serialize)]
struct Video {
    id: u64,
    name: String,
}

#[derive(Serialize)]
struct Annotation {
    id: u64,
    image_id: u64,
    category_id: u32,
    bbox: [f32; 4],
    area: f32,
    iscrowd: u8,
    keypoints: Vec<f32>,
    num_keypoints: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    hand_type: Option<HandSide>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    joint_cam: Vec<[f32; 3]>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    joint_valid: Vec<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cam_param: Option<CamParam>,
}

#[derive(Serialize)]
struct CamParam {
    focal: [f32; 2],
    princpt: [f32; 2],
    #[serde(skip_serializing_if = "Option::is_none")]
    lens: Option<Lens>,
}

#[derive(Serialize)]
struct Category {
    id: u32,
    name: &'static str,
    supercategory: &'static str,
    keypoints: [&'static str; LANDMARK_COUNT],
    skeleton: Vec<[usize; 2]>,
}

/// Writes `annotations/{split}.json` from labels and the paths of their pictures below `images/`. The labels are asked
/// for twice, so that not all of them need memory.
pub(super) fn write_annotations<F, I>(disk: &Disk, split: &str, labels: F) -> Result<FileDigest, DatasetError>
where
    F: Fn() -> I,
    I: Iterator<Item = Result<(String, SampleLabel), DatasetError>>,
{
    let mut file = disk.create()?;
    file.append(b"{\"info\":{\"description\":\"handloom\",\"version\":\"1\"},\"licenses\":[],\n\"images\":[")?;
    let mut list = List::default();
    let mut videos: Vec<u64> = Vec::new();
    for item in labels() {
        let (path, label) = item?;
        list.push(&mut file, &image(&path, &label))?;
        videos.extend(label.clip.filter(|clip| videos.last() != Some(clip)));
    }
    if !videos.is_empty() {
        file.append(b"],\n\"videos\":[")?;
        let mut list = List::default();
        for id in videos {
            list.push(&mut file, &Video { id, name: format!("{id:06}") })?;
        }
    }
    file.append(b"],\n\"annotations\":[")?;
    let mut list = List::default();
    for item in labels() {
        let (_, label) = item?;
        for hand in &label.hands {
            list.push(&mut file, &annotation(&label, hand))?;
        }
    }
    file.append(b"],\n\"categories\":[")?;
    List::default().push(&mut file, &category())?;
    file.append(b"]}\n")?;
    file.commit(&annotations_path(split), Sync::Disk)
}

/// Path of a split's annotations in the dataset's folder.
pub(super) fn annotations_path(split: &str) -> String {
    format!("annotations/{split}.json")
}

/// Items of a JSON list, one per line.
#[derive(Default)]
struct List {
    started: bool,
}

impl List {
    fn push(&mut self, file: &mut NewFile, item: &impl Serialize) -> Result<(), DatasetError> {
        let json = serde_json::to_vec(item).map_err(DatasetError::json("annotations".as_ref()))?;
        file.append(if self.started { b",\n" } else { b"\n" })?;
        self.started = true;
        file.append(&json)
    }
}

fn category() -> Category {
    let skeleton = (1..LANDMARK_COUNT).map(|k| [LANDMARK_PARENT[k] + 1, k + 1]).collect();
    Category { id: 1, name: "hand", supercategory: "person", keypoints: LANDMARK_NAMES, skeleton }
}

fn image<'a>(path: &'a str, label: &SampleLabel) -> Image<'a> {
    Image {
        id: label.index,
        file_name: path,
        width: label.width,
        height: label.height,
        video_id: label.clip,
        frame_id: label.frame,
        time_s: label.time_s,
    }
}

fn annotation(label: &SampleLabel, hand: &HandRecord) -> Annotation {
    let cam_param = label.k.map(|[[fx, _, cx], [_, fy, cy], _]| CamParam {
        focal: [fx, fy],
        princpt: [cx - CENTRE, cy - CENTRE],
        lens: (label.lens != Lens::Pinhole).then_some(label.lens),
    });
    let bbox = hand.box_in_picture(label.width, label.height).unwrap_or_default();
    let in_3d = if hand.keypoints_camera_m.iter().any(Option::is_some) { &hand.keypoints_camera_m[..] } else { &[] };
    let keypoints = hand.keypoints_px.iter().zip(hand.visibility_coco).flat_map(|(pixel, flag)| match pixel {
        Some(p) if flag > 0 => [p.x - CENTRE, p.y - CENTRE, f32::from(flag)],
        _ => [0.0; 3],
    });
    Annotation {
        id: label.index * 256 + u64::from(hand.instance),
        image_id: label.index,
        category_id: 1,
        bbox,
        area: hand.visible_px.map_or(bbox[2] * bbox[3], |n| n as f32),
        iscrowd: 0,
        keypoints: keypoints.collect(),
        num_keypoints: hand.visibility_coco.iter().filter(|flag| **flag > 0).count(),
        hand_type: hand.side,
        joint_cam: in_3d.iter().map(|p| (p.unwrap_or_default() * 1000.0).to_array()).collect(),
        joint_valid: in_3d.iter().map(|p| u8::from(p.is_some())).collect(),
        cam_param,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::float_cmp, reason = "these values are exact")]

    use super::*;
    use crate::dataset::fixture;
    use crate::dataset::label_json::SampleName;

    fn label(hands: u8) -> SampleLabel {
        let sample = fixture::sample(3, 64, hands);
        SampleLabel::new(SampleName { index: 3, id: "000003", split: "train" }, &sample.scene, &sample.labels, None)
    }

    #[test]
    fn annotation_counts_pixels_from_the_centre_of_the_first() {
        let label = label(2);
        let annotation = annotation(&label, &label.hands[1]);
        assert_eq!((annotation.id, annotation.image_id), (3 * 256 + 2, 3));
        let wrist = label.hands[1].keypoints_px[0].unwrap();
        assert_eq!(annotation.keypoints[..3], [wrist.x - 0.5, wrist.y - 0.5, 2.0]);
        let camera = annotation.cam_param.unwrap();
        assert_eq!(camera.princpt, [31.5, 31.5]);
        // projecting joint_cam with cam_param gives the keypoints
        let [x, y, z] = annotation.joint_cam[8];
        let u = camera.focal[0] * x / z + camera.princpt[0];
        let v = camera.focal[1] * y / z + camera.princpt[1];
        assert!((u - annotation.keypoints[24]).abs() < 1e-3 && (v - annotation.keypoints[25]).abs() < 1e-3);
        assert!((z - 1000.0 * label.hands[1].keypoints_camera_m[8].unwrap().z).abs() < 1e-3);
    }

    #[test]
    fn flags_follow_visibility() {
        let label = label(1);
        let annotation = annotation(&label, &label.hands[0]);
        assert_eq!(annotation.keypoints[7 * 3 + 2], 1.0);
        assert_eq!(annotation.keypoints[20 * 3..], [0.0; 3]);
        assert_eq!(annotation.num_keypoints, 20);
    }

    #[test]
    fn an_unseen_hand_has_the_box_of_its_keypoints() {
        let mut label = label(1);
        label.hands[0].box_visible_px = None;
        label.hands[0].box_keypoints_px = Some([-5.0, 12.0, 20.0, 80.0]);
        assert_eq!(annotation(&label, &label.hands[0]).bbox, [0.0, 12.0, 15.0, 52.0]);
        label.hands[0].box_keypoints_px = Some([70.0, 0.0, 5.0, 5.0]);
        assert_eq!(annotation(&label, &label.hands[0]).bbox, [0.0; 4]);
    }
}
