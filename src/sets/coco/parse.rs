//! One COCO list, piece by piece into as little memory as its hands need.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, SeqAccess, Visitor};
use serde_json::Value;

use crate::camera::Lens;
use crate::rig::{HandSide, LANDMARK_COUNT};
use crate::sets::common::k_from_centre;
use crate::sets::json::Flat;

/// A whole file.
#[derive(Debug, Deserialize)]
pub(super) struct RawList {
    #[serde(default)]
    pub(super) images: Vec<Image>,
    #[serde(default, deserialize_with = "hands_of")]
    pub(super) annotations: Vec<RawHand>,
    #[serde(default)]
    pub(super) categories: Vec<Category>,
}

/// One picture.
#[derive(Debug, Deserialize)]
pub(super) struct Image {
    pub(super) id: i64,
    pub(super) file_name: Box<str>,
    pub(super) width: Option<u32>,
    pub(super) height: Option<u32>,
    pub(super) video_id: Option<u64>,
    pub(super) frame_id: Option<u64>,
    pub(super) time_s: Option<f64>,
    #[serde(default, rename = "cam_param", deserialize_with = "camera_of")]
    pub(super) camera: Option<Box<Camera>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Category {
    pub(super) id: i64,
    #[serde(default)]
    pub(super) name: String,
    pub(super) keypoints: Option<Vec<String>>,
}

/// Camera of a picture.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Camera {
    /// Pixels from the corner of the first.
    pub(super) k: [[f32; 3]; 3],
    pub(super) lens: Lens,
}

/// Which part of an annotation a hand stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Source {
    /// The annotation is of a hand.
    Own,
    /// `lefthand_kpts` of a person.
    Left,
    /// `righthand_kpts` of a person.
    Right,
}

/// What may be a hand.
#[derive(Debug)]
pub(super) struct RawHand {
    pub(super) annotation: i64,
    pub(super) image: i64,
    pub(super) category: Option<i64>,
    pub(super) source: Source,
    pub(super) side: Option<HandSide>,
    /// Numbers that `keypoints` holds.
    pub(super) values: usize,
    /// x, y, flag, if there are 21.
    pub(super) points: Option<Box<[[f32; 3]; LANDMARK_COUNT]>>,
    /// Camera frame, millimetres.
    pub(super) joints: Option<Box<[[f32; 3]; LANDMARK_COUNT]>>,
    /// Bit k: joint k is labelled.
    pub(super) valid: u32,
    pub(super) bbox: Option<[f32; 4]>,
    pub(super) camera: Option<Box<Camera>>,
    /// What is wrong with it.
    pub(super) fault: Option<Box<str>>,
}

#[derive(Debug, Deserialize)]
struct RawAnnotation {
    id: Option<i64>,
    image_id: i64,
    category_id: Option<i64>,
    bbox: Option<Flat>,
    keypoints: Option<Flat>,
    hand_type: Option<Value>,
    joint_cam: Option<Flat>,
    joint_valid: Option<Flat>,
    #[serde(default, rename = "cam_param", deserialize_with = "camera_of")]
    camera: Option<Box<Camera>>,
    lefthand_valid: Option<Flat>,
    lefthand_kpts: Option<Flat>,
    lefthand_box: Option<Flat>,
    righthand_valid: Option<Flat>,
    righthand_kpts: Option<Flat>,
    righthand_box: Option<Flat>,
}

impl RawAnnotation {
    /// Its hands; persons without a labelled one have none.
    fn hands(self, number: i64) -> Vec<RawHand> {
        let annotation = self.id.unwrap_or(number);
        if self.lefthand_kpts.is_some() || self.righthand_kpts.is_some() {
            let parts = [
                (Source::Left, HandSide::Left, self.lefthand_valid, self.lefthand_kpts, self.lefthand_box),
                (Source::Right, HandSide::Right, self.righthand_valid, self.righthand_kpts, self.righthand_box),
            ];
            let labelled = parts.into_iter().filter_map(|(source, side, valid, points, bbox)| {
                let points = points?;
                let any = || points.0.as_chunks::<3>().0.iter().any(|p| p[2] > 0.0);
                let is_valid = valid.map_or_else(any, |valid| valid.0.iter().any(|v| *v > 0.0));
                is_valid.then(|| RawHand {
                    side: Some(side),
                    source,
                    ..RawHand::new(annotation, self.image_id, self.category_id, &points, bbox.as_ref())
                })
            });
            return labelled.collect();
        }
        let points = self.keypoints.unwrap_or_default();
        let mut hand = RawHand::new(annotation, self.image_id, self.category_id, &points, self.bbox.as_ref());
        hand.camera = self.camera;
        if let Some(value) = &self.hand_type {
            match side_of(value) {
                Ok(side) => hand.side = side,
                Err(fault) => hand.add_fault(fault),
            }
        }
        if let Some(joints) = self.joint_cam.filter(|joints| !joints.0.is_empty()) {
            hand.joints = joints.rows().map(Box::new);
            if hand.joints.is_none() {
                hand.add_fault(format!("`joint_cam` holds {} numbers, expected 63", joints.0.len()));
            }
            hand.valid = (1 << LANDMARK_COUNT) - 1;
        }
        if let Some(valid) = self.joint_valid.filter(|_| hand.joints.is_some()) {
            match valid.rows::<1, LANDMARK_COUNT>() {
                Some(rows) => hand.valid = (0..LANDMARK_COUNT).map(|k| u32::from(rows[k][0] > 0.0) << k).sum(),
                None => hand.add_fault(format!("`joint_valid` holds {} numbers, expected 21", valid.0.len())),
            }
        }
        vec![hand]
    }
}

impl RawHand {
    fn new(annotation: i64, image: i64, category: Option<i64>, points: &Flat, bbox: Option<&Flat>) -> Self {
        let rows = bbox.filter(|bbox| bbox.0.iter().any(|x| *x != 0.0)).map(Flat::rows::<4, 1>);
        let mut hand = Self {
            annotation,
            image,
            category,
            source: Source::Own,
            side: None,
            values: points.0.len(),
            points: points.rows().map(Box::new),
            joints: None,
            valid: 0,
            bbox: rows.flatten().map(|[row]| row).filter(|row| row.iter().all(|x| x.is_finite())),
            camera: None,
            fault: None,
        };
        if rows.is_some() && hand.bbox.is_none() {
            hand.add_fault(format!("the box is {:?}, expected four numbers", bbox.map_or(&[][..], |bbox| &bbox.0)));
        }
        hand
    }

    fn add_fault(&mut self, fault: String) {
        let text = match self.fault.take() {
            Some(before) => format!("{before}; {fault}"),
            None => fault,
        };
        self.fault = Some(text.into());
    }
}

/// `left`, `right`, or two flags: right, left (as mmpose has them). Both hands at once are no side.
fn side_of(value: &Value) -> Result<Option<HandSide>, String> {
    let flat = Flat::deserialize(value).ok().map(|flat| flat.0);
    match (value.as_str(), flat.as_deref()) {
        (Some(word), _) if word.starts_with("left") => Ok(Some(HandSide::Left)),
        (Some(word), _) if word.starts_with("right") => Ok(Some(HandSide::Right)),
        (Some("interacting" | "both" | "unknown" | ""), _) => Ok(None),
        (_, Some([1.0, 0.0])) => Ok(Some(HandSide::Right)),
        (_, Some([0.0, 1.0])) => Ok(Some(HandSide::Left)),
        (_, Some([_, _])) => Ok(None),
        _ => Err(format!("`hand_type` is {value}, expected `left` or `right`")),
    }
}

/// `cam_param` with `focal` and `princpt`; others are not known here.
fn camera_of<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Box<Camera>>, D::Error> {
    #[derive(Deserialize)]
    struct Raw {
        focal: Option<Flat>,
        princpt: Option<Flat>,
        lens: Option<Lens>,
    }
    let Some(raw) = Option::<Raw>::deserialize(deserializer)? else { return Ok(None) };
    let (Some(focal), Some(princpt)) = (raw.focal, raw.princpt) else { return Ok(None) };
    let numbers = match (&focal.0[..], &princpt.0[..]) {
        ([f], [cx, cy]) => [*f, *f, *cx, *cy],
        ([fx, fy], [cx, cy]) => [*fx, *fy, *cx, *cy],
        _ => [f32::NAN; 4],
    };
    if numbers.iter().all(|x| x.is_finite()) && numbers[0] > 0.0 && numbers[1] > 0.0 {
        return Ok(Some(Box::new(Camera { k: k_from_centre(numbers), lens: raw.lens.unwrap_or_default() })));
    }
    let fault = format!("`cam_param` has focal {:?}, princpt {:?}, expected two numbers each", focal.0, princpt.0);
    Err(serde::de::Error::custom(fault))
}

/// Annotations one by one, so that only their hands are kept.
fn hands_of<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<RawHand>, D::Error> {
    struct Hands;
    impl<'de> Visitor<'de> for Hands {
        type Value = Vec<RawHand>;

        fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
            f.write_str("a list of annotations")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
            let mut hands = Vec::new();
            let mut number = 0;
            while let Some(raw) = seq.next_element::<RawAnnotation>()? {
                hands.extend(raw.hands(number));
                number += 1;
            }
            Ok(hands)
        }
    }
    deserializer.deserialize_seq(Hands)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::float_cmp, reason = "these values are exact")]

    use super::*;

    fn hands(annotation: &str) -> Vec<RawHand> {
        let text = format!("{{\"annotations\": [{annotation}]}}");
        serde_json::from_str::<RawList>(&text).unwrap().annotations
    }

    #[test]
    fn sides_are_words_or_flags() {
        for (text, side) in [
            ("\"left\"", Some(HandSide::Left)),
            ("\"right_hand\"", Some(HandSide::Right)),
            ("[1, 0]", Some(HandSide::Right)),
            ("[[0, 1]]", Some(HandSide::Left)),
            ("[1, 1]", None),
            ("\"interacting\"", None),
        ] {
            assert_eq!(side_of(&serde_json::from_str(text).unwrap()), Ok(side), "{text}");
        }
        let hand = &hands(r#"{"image_id": 1, "hand_type": "middle", "bbox": [1, 2, null, 3]}"#)[0];
        let fault = hand.fault.as_deref().unwrap();
        assert!(fault.contains("`hand_type` is \"middle\"") && fault.contains("the box is [1.0, 2.0, NaN"), "{fault}");
    }

    #[test]
    fn nested_and_flat_lists_are_the_same() {
        let flat: Vec<String> = (0..63).map(|k| k.to_string()).collect();
        let nested: Vec<String> = flat.chunks(3).map(|row| format!("[{}]", row.join(","))).collect();
        let both = [flat.join(","), nested.join(",")].map(|list| {
            let text =
                format!(r#"{{"image_id": 1, "keypoints": [{list}], "joint_cam": [{list}], "unknown": {{"a": [1]}}}}"#);
            let hand = hands(&text).remove(0);
            (hand.values, hand.points, hand.joints, hand.valid)
        });
        assert_eq!(both[0], both[1]);
        assert_eq!(both[0].1.as_ref().unwrap()[20], [60.0, 61.0, 62.0]);
        assert_eq!(both[0].3, 0x1f_ffff);
    }

    #[test]
    fn cameras_of_other_kinds_are_left_alone_and_bad_ones_are_not() {
        assert!(hands(r#"{"image_id": 1, "cam_param": {"R": [1], "T": [2]}}"#)[0].camera.is_none());
        let camera =
            hands(r#"{"image_id": 1, "cam_param": {"focal": [300, 310], "princpt": [160, 120]}}"#).remove(0).camera;
        assert_eq!(camera.unwrap().k[1], [0.0, 310.0, 120.5]);
        let text = r#"{"annotations": [{"image_id": 1, "cam_param": {"focal": [300], "princpt": [160]}}]}"#;
        let said = serde_json::from_str::<RawList>(text).unwrap_err().to_string();
        assert!(said.contains("princpt [160.0]"), "{said}");
    }
}
