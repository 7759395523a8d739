//! The label file of one sample: `{id}.json`.
//!
//! Metres, radians, pixels from the corner of the first pixel (its centre is (0.5, 0.5)); camera axes +X right, +Y down,
//! +Z forward. Floats come back bit for bit.

use glam::{Vec2, Vec3};
use serde::{Deserialize, Serialize};

use crate::camera::Lens;
use crate::label::{HandLabels, Labels, Visibility};
use crate::math::RigidTransform;
use crate::rig::{HandPose, HandShape, HandSide, JOINT_COUNT, LANDMARK_COUNT};
use crate::scene::{Instance, Scene, SolidClass};

/// Version of the label file written by this build.
pub const LABEL_VERSION: u32 = 1;

/// Everything known about one sample but its pixels.
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
    pub k: [[f32; 3]; 3],
    /// Distortion.
    pub lens: Lens,
    /// Extrinsics: world coordinates to camera coordinates.
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
    /// What was drawn; `handloom render` makes the sample again from it.
    pub scene: Scene,
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
    pub side: HandSide,
    /// Number of the person over the dataset.
    pub subject: u32,
    /// Skin tone, 1..=10.
    pub tone: u8,
    /// Gesture or family the pose came from.
    pub gesture: String,
    /// Pixels; `None` behind the camera.
    pub keypoints_px: [Option<Vec2>; LANDMARK_COUNT],
    /// Camera frame, metres.
    pub keypoints_camera_m: [Vec3; LANDMARK_COUNT],
    /// Seen or not, and why.
    pub visibility: [Visibility; LANDMARK_COUNT],
    /// The same as COCO's flag: 2 visible, 1 hidden, 0 not in the picture.
    pub visibility_coco: [u8; LANDMARK_COUNT],
    /// Left, top, width, height of the visible pixels of the hand (without arm); `None` if there are none.
    pub box_visible_px: Option<[f32; 4]>,
    /// Left, top, width, height around all keypoints in front of the camera, not clipped to the picture.
    pub box_keypoints_px: Option<[f32; 4]>,
    /// Number of visible pixels of the hand (without arm).
    pub visible_px: u32,
    /// Joint angles by name, radians.
    pub pose_rad: HandPose,
    /// Coefficients of the rig's blend shapes.
    pub shape: HandShape,
    /// Joint frames in the camera frame, in the order of [`crate::rig::JOINTS`]; those of left hands are mirrored.
    pub camera_from_joint: [RigidTransform; JOINT_COUNT],
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
            side: labels.side,
            subject: hand.map_or(0, |h| h.subject),
            tone: hand.map_or(0, |h| h.skin.tone),
            gesture: hand.map_or_else(String::new, |h| h.gesture.clone()),
            keypoints_px: labels.keypoints_px,
            keypoints_camera_m: labels.keypoints_camera_m,
            visibility: labels.visibility,
            visibility_coco: labels.visibility.map(Visibility::coco),
            box_visible_px: labels.box_visible_px,
            box_keypoints_px: labels.box_keypoints_px,
            visible_px: labels.visible_px,
            pose_rad: labels.pose,
            shape: labels.shape.clone(),
            camera_from_joint: labels.camera_from_joint,
        }
    }

    fn to_labels(&self) -> HandLabels {
        HandLabels {
            instance: self.instance,
            side: self.side,
            keypoints_px: self.keypoints_px,
            keypoints_camera_m: self.keypoints_camera_m,
            visibility: self.visibility,
            box_visible_px: self.box_visible_px,
            box_keypoints_px: self.box_keypoints_px,
            visible_px: self.visible_px,
            camera_from_joint: self.camera_from_joint,
            pose: self.pose_rad,
            shape: self.shape.clone(),
        }
    }

    fn is_finite(&self) -> bool {
        self.keypoints_camera_m.iter().all(|p| p.is_finite())
            && self.keypoints_px.iter().flatten().all(|p| p.is_finite())
            && self.pose_rad.0.iter().chain(&self.shape.0).all(|x| x.is_finite())
            && self.camera_from_joint.iter().all(|t| t.rotation.is_finite() && t.translation_m.is_finite())
            && self.box_visible_px.iter().chain(&self.box_keypoints_px).flatten().all(|x| x.is_finite())
    }
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
            k: camera.k_matrix(),
            lens: camera.lens,
            camera_from_world: camera.camera_from_world,
            depth_unit_m,
            hands: labels.hands.iter().map(|hand| HandRecord::new(hand, scene)).collect(),
            instances: scene.instances(),
            objects: ObjectRecord::all(scene),
            scene: scene.clone(),
        }
    }

    /// The labels alone, as the label module made them.
    pub fn labels(&self) -> Labels {
        Labels { hands: self.hands.iter().map(HandRecord::to_labels).collect() }
    }

    /// False if a label is infinite or not a number, which JSON cannot hold.
    pub fn is_finite(&self) -> bool {
        self.hands.iter().all(HandRecord::is_finite)
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
        assert_eq!(back.labels(), sample.labels);
        assert_eq!(back.scene, sample.scene);
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
                label.hands[0].keypoints_camera_m[3] = Vec3::from(values);
                let back = SampleLabel::from_json(&label.to_json().unwrap()).unwrap();
                let found = back.hands[0].keypoints_camera_m[3].to_array().map(f32::to_bits);
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
