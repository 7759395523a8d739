//! The label file of one sample: `{id}.json`.
//!
//! Metres, radians, pixels from the corner of the first pixel (its centre is (0.5, 0.5)); camera axes +X right, +Y down,
//! +Z forward. Floats come back bit for bit.

use std::collections::BTreeMap;

use glam::{Vec2, Vec3};
use serde::{Deserialize, Serialize};

use crate::camera::{Camera, Intrinsics, Lens};
use crate::label::{HandLabels, Labels, Visibility};
use crate::math::RigidTransform;
use crate::rig::{HandPose, HandShape, HandSide, JOINT_COUNT, LANDMARK_COUNT};
use crate::scene::{Instance, Scene, SolidClass};

/// Version of the label file written by this build.
pub const LABEL_VERSION: u32 = 1;

/// Everything known about one sample but its pixels, rendered or captured. What a captured dataset does not say is
/// `None`, [`Visibility::Absent`] or empty.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SampleLabel {
    /// [`LABEL_VERSION`] of the writer.
    pub format_version: u32,
    /// Name of the sample, the part of its file names before the first dot.
    pub id: String,
    /// Index in the dataset, over all splits.
    pub index: u64,
    /// Split it belongs to.
    pub split: String,
    /// Number of its clip in the dataset, from 0; `None` for a single picture.
    #[serde(default)]
    pub clip: Option<u64>,
    /// Number of the frame in its clip, from 0.
    #[serde(default)]
    pub frame: Option<u64>,
    /// Time since the clip's first frame, seconds.
    #[serde(default)]
    pub time_s: Option<f64>,
    /// Columns of every picture of the sample.
    pub width: u32,
    /// Rows of every picture of the sample.
    pub height: u32,
    /// Where pixel coordinates count from.
    pub pixel_origin: PixelOrigin,
    /// Row-major camera matrix, pixels.
    #[serde(default)]
    pub k: Option<[[f32; 3]; 3]>,
    /// Distortion.
    #[serde(default)]
    pub lens: Lens,
    /// Extrinsics: world coordinates to camera coordinates; none moves nothing.
    #[serde(default)]
    pub camera_from_world: RigidTransform,
    /// Metres per step of the 16-bit depth picture (0 is no surface); `None` if there is none.
    pub depth_unit_m: Option<f32>,
    /// In the order of their instance ids.
    pub hands: Vec<HandRecord>,
    /// What the values of the instance picture stand for, in rising order: the hands, then solids.
    #[serde(default)]
    pub instances: Vec<Instance>,
    /// Things, in the order of their instance ids.
    #[serde(default)]
    pub objects: Vec<ObjectRecord>,
    /// Where the sample came from, if not from its scene alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Provenance>,
    /// What the source says beyond all this, as it says it (MANO parameters, poses of objects), for writers of the same format.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub extra: BTreeMap<String, serde_json::Value>,
    /// Pictures that the dataset holds, but not of this sample.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lacks: Vec<PictureKind>,
    /// What was drawn; `handloom render` makes the sample again from it. `None` for captured samples.
    #[serde(default)]
    pub scene: Option<Scene>,
}

/// Where a converted or blended sample came from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provenance {
    /// Name of the source in the blend, or of the dataset's folder.
    pub source: String,
    /// Format it was read from.
    pub format: String,
    /// Its split there.
    pub split: String,
    /// Its id there.
    pub id: String,
    /// What else went into the picture, and how: `background rgbd/000017`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub composed_with: Vec<String>,
}

/// What a picture of a sample shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PictureKind {
    /// Colour.
    Rgb,
    /// Grey.
    Grey,
    /// Depth, as PNG, EXR or both.
    Depth,
    /// Parts of hands.
    Mask,
    /// Instances.
    Instance,
}

/// Where pixel coordinates count from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PixelOrigin {
    /// The corner of the first pixel is (0, 0), its centre (0.5, 0.5).
    Corner,
}

/// One hand. Keypoints are in the order of [`crate::rig::joint::LANDMARK_NAMES`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HandRecord {
    /// Value in the instance picture, from 1.
    pub instance: u8,
    /// Left or right.
    pub side: Option<HandSide>,
    /// Number of the person over the dataset.
    pub subject: Option<u32>,
    /// Skin tone, 1..=10.
    #[serde(default)]
    pub tone: Option<u8>,
    /// Gesture or family the pose came from; empty if nobody says.
    #[serde(default)]
    pub gesture: String,
    /// Pixels; `None` behind the camera or not labelled.
    pub keypoints_px: [Option<Vec2>; LANDMARK_COUNT],
    /// Camera frame, metres.
    pub keypoints_camera_m: [Option<Vec3>; LANDMARK_COUNT],
    /// Seen or not, and why.
    pub visibility: [Visibility; LANDMARK_COUNT],
    /// The same as COCO's flag: 2 visible, 1 hidden, 0 not in the picture.
    pub visibility_coco: [u8; LANDMARK_COUNT],
    /// Left, top, width, height of the visible pixels of the hand (without arm); `None` if there are none.
    pub box_visible_px: Option<[f32; 4]>,
    /// Left, top, width, height around all keypoints in front of the camera, not clipped to the picture.
    pub box_keypoints_px: Option<[f32; 4]>,
    /// Number of visible pixels of the hand (without arm); `None` without a mask.
    pub visible_px: Option<u32>,
    /// Joint angles by name, radians.
    #[serde(default)]
    pub pose_rad: Option<HandPose>,
    /// Coefficients of the rig's blend shapes.
    #[serde(default)]
    pub shape: Option<HandShape>,
    /// Joint frames in the camera frame, in the order of [`crate::rig::JOINTS`]; those of left hands are mirrored.
    #[serde(default)]
    pub camera_from_joint: Option<[RigidTransform; JOINT_COUNT]>,
    /// Points that the source has beyond the 21 (a palm centre, NYU's 36), by its own names.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub extra_points: BTreeMap<String, ExtraPoint>,
}

/// A labelled point that is none of the 21 keypoints.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExtraPoint {
    /// Pixels from the corner of the first.
    pub px: Option<Vec2>,
    /// Camera frame, metres.
    pub camera_m: Option<Vec3>,
}

/// One thing: held, or in the way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ObjectRecord {
    /// Value in the instance picture.
    pub instance: u8,
    /// What it is.
    pub name: String,
    /// Index in `hands` of the hand that holds it; `None` if none does.
    pub held_by: Option<u8>,
    /// Its own space (the first solid's in `scene`) to the world.
    pub world_from_object: RigidTransform,
    /// Its own space to the camera.
    pub camera_from_object: RigidTransform,
    /// Least and greatest corner of a box around it in its own space, metres.
    pub box_m: [Vec3; 2],
    /// Sides of that box, metres.
    pub size_m: Vec3,
}

impl ObjectRecord {
    /// The things of a scene; joined solids are one.
    fn all(scene: &Scene) -> Vec<Self> {
        let mut records: Vec<Self> = Vec::new();
        let things = scene.solids.iter().zip(scene.solid_ids()).filter(|(s, _)| s.class != SolidClass::Person);
        for (solid, instance) in things {
            if records.last().is_none_or(|r| r.instance != instance) {
                records.push(Self {
                    instance,
                    name: solid.name.clone(),
                    held_by: solid.class.holding_hand(),
                    world_from_object: solid.world_from_solid,
                    camera_from_object: scene.camera.camera_from_world * solid.world_from_solid,
                    box_m: solid.kind.bounds_m(),
                    size_m: Vec3::ZERO,
                });
            }
            let Some(record) = records.last_mut() else { continue };
            let object_from_solid = record.world_from_object.inverse() * solid.world_from_solid;
            let [low, high] = solid.kind.bounds_m();
            for k in 0..8 {
                let pick = |axis: usize| if k >> axis & 1 == 0 { low[axis] } else { high[axis] };
                let corner = object_from_solid.point(Vec3::new(pick(0), pick(1), pick(2)));
                record.box_m = [record.box_m[0].min(corner), record.box_m[1].max(corner)];
            }
            record.size_m = record.box_m[1] - record.box_m[0];
        }
        records
    }
}

impl HandRecord {
    /// Joins what was drawn and how it looks.
    fn new(labels: &HandLabels, scene: &Scene) -> Self {
        let hand = usize::from(labels.instance).checked_sub(1).and_then(|k| scene.hands.get(k));
        Self {
            instance: labels.instance,
            side: Some(labels.side),
            subject: hand.map(|h| h.subject),
            tone: hand.map(|h| h.skin.tone),
            gesture: hand.map_or_else(String::new, |h| h.gesture.clone()),
            keypoints_px: labels.keypoints_px,
            keypoints_camera_m: labels.keypoints_camera_m.map(Some),
            visibility: labels.visibility,
            visibility_coco: labels.visibility.map(Visibility::coco),
            box_visible_px: labels.box_visible_px,
            box_keypoints_px: labels.box_keypoints_px,
            visible_px: Some(labels.visible_px),
            pose_rad: Some(labels.pose),
            shape: Some(labels.shape.clone()),
            camera_from_joint: Some(labels.camera_from_joint),
            extra_points: BTreeMap::new(),
        }
    }

    /// A hand of which nothing is known yet; readers fill in what their format says, then call [`HandRecord::complete`].
    pub fn unknown(instance: u8) -> Self {
        Self {
            instance,
            side: None,
            subject: None,
            tone: None,
            gesture: String::new(),
            keypoints_px: [None; LANDMARK_COUNT],
            keypoints_camera_m: [None; LANDMARK_COUNT],
            visibility: [Visibility::Absent; LANDMARK_COUNT],
            visibility_coco: [0; LANDMARK_COUNT],
            box_visible_px: None,
            box_keypoints_px: None,
            visible_px: None,
            pose_rad: None,
            shape: None,
            camera_from_joint: None,
            extra_points: BTreeMap::new(),
        }
    }

    /// Projects 3D keypoints that have no pixel, turns [`Visibility::Absent`] into [`Visibility::Unstated`] (or outside,
    /// behind) where there is a keypoint, and fills in COCO's flags and the box of the keypoints.
    pub fn complete(&mut self, camera: Option<&Camera>, width: u32, height: u32) {
        for k in 0..LANDMARK_COUNT {
            let point = self.keypoints_camera_m[k];
            if let (None, Some(p), Some(camera)) = (self.keypoints_px[k], point, camera) {
                self.keypoints_px[k] = camera.project(p);
            }
            if self.visibility[k] == Visibility::Absent {
                self.visibility[k] = match self.keypoints_px[k] {
                    Some(p) if is_inside(p, width, height) => Visibility::Unstated,
                    Some(_) => Visibility::OutsidePicture,
                    None if point.is_some() && camera.is_some() => Visibility::BehindCamera,
                    None if point.is_some() => Visibility::Unstated,
                    None => Visibility::Absent,
                };
            }
        }
        self.visibility_coco = self.visibility.map(Visibility::coco);
        self.box_keypoints_px = box_around(self.keypoints_px.iter().flatten().copied());
    }

    /// Box of the visible hand or, unseen, of its keypoints, clipped to the picture; `None` if none of it is there.
    pub fn box_in_picture(&self, width: u32, height: u32) -> Option<[f32; 4]> {
        let [left, top, w, h] = self.box_visible_px.or(self.box_keypoints_px)?;
        let (x0, y0) = (left.max(0.0), top.max(0.0));
        let (x1, y1) = ((left + w).min(width as f32), (top + h).min(height as f32));
        (x1 > x0 && y1 > y0).then_some([x0, y0, x1 - x0, y1 - y0])
    }

    fn is_finite(&self) -> bool {
        let extra = || self.extra_points.values();
        self.keypoints_camera_m.iter().flatten().all(|p| p.is_finite())
            && self.keypoints_px.iter().flatten().all(|p| p.is_finite())
            && self.pose_rad.iter().flat_map(|p| &p.0).all(|x| x.is_finite())
            && self.shape.iter().flat_map(|s| &s.0).all(|x| x.is_finite())
            && self.camera_from_joint.iter().flatten().all(|t| t.rotation.is_finite() && t.translation_m.is_finite())
            && extra().all(|p| p.px.is_none_or(Vec2::is_finite) && p.camera_m.is_none_or(Vec3::is_finite))
            && self.box_visible_px.iter().chain(&self.box_keypoints_px).flatten().all(|x| x.is_finite())
    }
}

fn is_inside(p: Vec2, width: u32, height: u32) -> bool {
    p.x >= 0.0 && p.y >= 0.0 && p.x < width as f32 && p.y < height as f32
}

/// Left, top, width, height around points; `None` around none.
pub fn box_around(points: impl Iterator<Item = Vec2>) -> Option<[f32; 4]> {
    let [low, high] =
        points.fold(None, |b: Option<[Vec2; 2]>, p| Some(b.map_or([p, p], |[low, high]| [low.min(p), high.max(p)])))?;
    Some([low.x, low.y, high.x - low.x, high.y - low.y])
}

/// Name and place of a sample in its dataset.
#[derive(Debug, Clone, Copy)]
pub struct SampleName<'a> {
    /// Index in the dataset.
    pub index: u64,
    /// Name of the sample.
    pub id: &'a str,
    /// Split it belongs to.
    pub split: &'a str,
}

impl SampleLabel {
    /// The label file's content from what the pipeline knows.
    pub fn new(name: SampleName, scene: &Scene, labels: &Labels, depth_unit_m: Option<f32>) -> Self {
        let camera = &scene.camera;
        Self {
            format_version: LABEL_VERSION,
            id: name.id.into(),
            index: name.index,
            split: name.split.into(),
            clip: scene.clip.map(|c| c.clip),
            frame: scene.clip.map(|c| c.frame),
            time_s: scene.clip.map(|c| c.time_s),
            width: camera.intrinsics.width,
            height: camera.intrinsics.height,
            pixel_origin: PixelOrigin::Corner,
            k: Some(camera.k_matrix()),
            lens: camera.lens,
            camera_from_world: camera.camera_from_world,
            depth_unit_m,
            hands: labels.hands.iter().map(|hand| HandRecord::new(hand, scene)).collect(),
            instances: scene.instances(),
            objects: ObjectRecord::all(scene),
            source: None,
            extra: BTreeMap::new(),
            lacks: Vec::new(),
            scene: Some(scene.clone()),
        }
    }

    /// A label of which only name and size are known; readers fill in what their format says.
    pub fn captured(name: SampleName, width: u32, height: u32) -> Self {
        Self {
            format_version: LABEL_VERSION,
            id: name.id.into(),
            index: name.index,
            split: name.split.into(),
            clip: None,
            frame: None,
            time_s: None,
            width,
            height,
            pixel_origin: PixelOrigin::Corner,
            k: None,
            lens: Lens::Pinhole,
            camera_from_world: RigidTransform::IDENTITY,
            depth_unit_m: None,
            hands: Vec::new(),
            instances: Vec::new(),
            objects: Vec::new(),
            source: None,
            extra: BTreeMap::new(),
            lacks: Vec::new(),
            scene: None,
        }
    }

    /// The camera as the label tells it (not as the scene in it does: readers of the dataset use the label); `None`
    /// without a camera matrix.
    pub fn camera(&self) -> Option<Camera> {
        let [[fx, _, cx], [_, fy, cy], _] = self.k?;
        Some(Camera {
            intrinsics: Intrinsics { width: self.width, height: self.height, fx, fy, cx, cy },
            lens: self.lens,
            camera_from_world: self.camera_from_world,
        })
    }

    /// False if a label is infinite or not a number, which JSON cannot hold.
    pub fn is_finite(&self) -> bool {
        self.hands.iter().all(HandRecord::is_finite) && self.k.iter().flatten().flatten().all(|x| x.is_finite())
    }

    /// One line of JSON without a line break at its end.
    pub fn to_json(&self) -> Result<Vec<u8>, serde_json::Error> {
        serde_json::to_vec(self)
    }

    /// Reads what [`SampleLabel::to_json`] wrote.
    pub fn from_json(bytes: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::fixture;

    #[test]
    fn label_comes_back_bit_for_bit() {
        let sample = fixture::sample(5, 32, 2);
        let name = SampleName { index: 5, id: "000005", split: "train" };
        let label = SampleLabel::new(name, &sample.scene, &sample.labels, Some(1e-4));
        let json = label.to_json().unwrap();
        let back = SampleLabel::from_json(&json).unwrap();
        assert_eq!(back, label);
        assert_eq!(back.hands[1].keypoints_camera_m, sample.labels.hands[1].keypoints_camera_m.map(Some));
        assert_eq!(back.scene, Some(sample.scene));
        assert!(!json.contains(&b'\n'));
        assert!(json.len() < 40_000, "{} bytes", json.len());
    }

    proptest::proptest! {
        #[test]
        fn every_float_comes_back_bit_for_bit(bits in proptest::array::uniform3(proptest::num::u32::ANY)) {
            let values = bits.map(f32::from_bits);
            if values.iter().all(|value| value.is_finite()) {
                let sample = fixture::sample(0, 8, 1);
                let name = SampleName { index: 0, id: "0", split: "train" };
                let mut label = SampleLabel::new(name, &sample.scene, &sample.labels, None);
                label.hands[0].keypoints_camera_m[3] = Some(Vec3::from(values));
                let back = SampleLabel::from_json(&label.to_json().unwrap()).unwrap();
                let found = back.hands[0].keypoints_camera_m[3].unwrap().to_array().map(f32::to_bits);
                proptest::prop_assert_eq!(found, values.map(f32::to_bits));
            }
        }
    }

    #[test]
    fn the_file_speaks_plainly() {
        let sample = fixture::sample(5, 32, 1);
        let name = SampleName { index: 5, id: "000005", split: "train" };
        let json = SampleLabel::new(name, &sample.scene, &sample.labels, None).to_json().unwrap();
        let value: serde_json::Value = serde_json::from_slice(&json).unwrap();
        assert_eq!(value["pixel_origin"], "corner");
        assert_eq!(value["instances"], serde_json::json!([{ "id": 1, "kind": "hand", "hand": 0 }]));
        assert_eq!(value["k"][0][2], 16.0);
        let hand = &value["hands"][0];
        assert_eq!(hand["side"], "left");
        assert_eq!(hand["visibility"][20], "outside_picture");
        assert_eq!(hand["visibility_coco"][20], 0);
        assert_eq!(hand["visibility_coco"][0], 2);
        assert!(hand["pose_rad"]["index_pip_flexion"].is_number());
        assert_eq!(hand["keypoints_px"].as_array().unwrap().len(), 21);
        assert_eq!(value["depth_unit_m"], serde_json::Value::Null);
    }

    #[test]
    fn a_label_that_is_not_a_number_is_noticed() {
        let mut sample = fixture::sample(5, 32, 1);
        let name = SampleName { index: 5, id: "000005", split: "train" };
        assert!(SampleLabel::new(name, &sample.scene, &sample.labels, None).is_finite());
        sample.labels.hands[0].keypoints_camera_m[3].y = f32::NAN;
        assert!(!SampleLabel::new(name, &sample.scene, &sample.labels, None).is_finite());
    }
}
