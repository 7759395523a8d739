//! What must hold in one sample, whatever wrote it. Each rule compares two things that were stored apart.

use glam::{Vec2, Vec3};

use crate::camera::Camera;
use crate::frame::{NO_DEPTH, Plane};
use crate::label::{HandLabels, Labels, Visibility};
use crate::rig::joint::{LANDMARK_NAMES, LANDMARK_PARENT};
use crate::rig::part::{BACKGROUND_ID, PERSON_ID};
use crate::rig::{HandPart, HandSide, LANDMARK_COUNT};
use crate::scene::{Instance, InstanceKind};

/// One sample as the rules see it. Planes that the dataset does not hold are `None`: their rules are skipped.
#[derive(Debug, Clone)]
pub struct Evidence<'a> {
    /// How the labels say the picture was projected.
    pub camera: &'a Camera,
    /// The labels.
    pub labels: &'a Labels,
    /// What the instance ids stand for; if empty, its rule is skipped.
    pub instances: &'a [Instance],
    /// Part ids.
    pub part: Option<&'a Plane<u8>>,
    /// Instance ids.
    pub instance: Option<&'a Plane<u8>>,
    /// Metres along the axis.
    pub depth_z_m: Option<&'a Plane<f32>>,
}

/// A rule that a sample breaks.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// Name of the rule.
    pub rule: &'static str,
    /// What was found, with numbers.
    pub message: String,
}

fn fault(rule: &'static str, message: String) -> Fault {
    Fault { rule, message }
}

/// Pixels by which a stored 2D keypoint may differ from its projected 3D point.
pub const REPROJECTION_PX: f32 = 0.05;
/// A visible keypoint must have its hand's mask within this many pixels,
pub const MASK_REACH_PX: i64 = 2;
/// or within this distance on the hand, metres, where pixels are finer.
pub const MASK_REACH_M: f32 = 0.0025;
/// Flesh in front of a joint centre is no thicker than this, metres.
pub const FLESH_M: f32 = 0.045;
/// A visible surface lies no further behind a joint centre than this, metres.
pub const BEHIND_M: f32 = 0.012;
/// Visible keypoints of a hand that may break a mask or depth rule before the sample is at fault.
const TOLERATED: usize = 1;

/// All faults of one sample.
pub fn faults(evidence: &Evidence) -> Vec<Fault> {
    let mut found = Vec::new();
    for hand in &evidence.labels.hands {
        let who = format!("hand {} ({})", hand.instance, side_name(hand.side));
        let mut add =
            |f: Option<Fault>| found.extend(f.map(|f| Fault { message: format!("{who}: {}", f.message), ..f }));
        add(finite(hand));
        add(reprojection(evidence.camera, hand));
        add(bones(hand));
        add(chirality(hand));
        if let Some(part) = evidence.part {
            add(mask_side(hand, part, evidence.instance));
            add(keypoints_on_mask(evidence.camera, hand, part));
            add(keypoints_on_segments(evidence.camera, hand, part));
        }
        if let Some(depth) = evidence.depth_z_m {
            add(keypoints_at_depth(evidence.camera, hand, depth));
        }
        if let (Some(instance), Some(part)) = (evidence.instance, evidence.part) {
            add(pixel_count(hand, instance, part));
        }
    }
    if let (Some(part), Some(depth)) = (evidence.part, evidence.depth_z_m) {
        found.extend(mask_has_depth(part, depth));
    }
    if let (Some(part), Some(instance)) = (evidence.part, evidence.instance) {
        found.extend(instance_kinds(evidence.instances, part, instance));
    }
    found
}

fn side_name(side: HandSide) -> &'static str {
    if side == HandSide::Left { "left" } else { "right" }
}

fn finite(hand: &HandLabels) -> Option<Fault> {
    let bad = (0..LANDMARK_COUNT)
        .find(|k| !hand.keypoints_camera_m[*k].is_finite() || hand.keypoints_px[*k].is_some_and(|p| !p.is_finite()))?;
    Some(fault("finite", format!("keypoint `{}` is not a number", LANDMARK_NAMES[bad])))
}

fn reprojection(camera: &Camera, hand: &HandLabels) -> Option<Fault> {
    let (worst, k) = (0..LANDMARK_COUNT)
        .filter_map(|k| {
            let stored = hand.keypoints_px[k]?;
            let projected = camera.project(hand.keypoints_camera_m[k])?;
            Some((stored.distance(projected), k))
        })
        .max_by(|a, b| a.0.total_cmp(&b.0))?;
    (worst > REPROJECTION_PX).then(|| {
        let name = LANDMARK_NAMES[k];
        fault(
            "reprojection",
            format!("keypoint `{name}` lies {worst:.2} px from its projected 3D point (at most {REPROJECTION_PX})"),
        )
    })
}

/// Shortest and longest each bone may be, as a share of |wrist - middle MCP|: our own hands, three deviations and more.
const BONE_RANGE: [[f32; 2]; LANDMARK_COUNT] = {
    let mut range = [[0.0, 0.0]; LANDMARK_COUNT];
    let middle = [
        0.0, 0.268, 0.563, 0.439, 0.363, 1.034, 0.549, 0.320, 0.264, 1.0, 0.596, 0.381, 0.289, 0.941, 0.547, 0.370,
        0.287, 0.922, 0.457, 0.262, 0.255,
    ];
    let mut k = 0;
    while k < LANDMARK_COUNT {
        range[k] = [middle[k] * 0.55, middle[k] * 1.6];
        k += 1;
    }
    // rigs and datasets put the wrist anywhere within the carpus
    range[1] = [0.1, 0.75];
    range
};
/// Shortest and longest |wrist - middle MCP| of a human hand, metres.
const PALM_M: [f32; 2] = [0.045, 0.125];

fn bones(hand: &HandLabels) -> Option<Fault> {
    let p = &hand.keypoints_camera_m;
    let palm = p[0].distance(p[9]);
    if !(PALM_M[0]..=PALM_M[1]).contains(&palm) {
        let message = format!(
            "wrist to middle MCP is {:.1} mm (a hand has {:.0} to {:.0}): wrong unit or order?",
            palm * 1e3,
            PALM_M[0] * 1e3,
            PALM_M[1] * 1e3
        );
        return Some(fault("bone length", message));
    }
    (1..LANDMARK_COUNT).find_map(|k| {
        let ratio = p[k].distance(p[LANDMARK_PARENT[k]]) / palm;
        let [lo, hi] = BONE_RANGE[k];
        (!(lo..=hi).contains(&ratio)).then(|| {
            let name = LANDMARK_NAMES[k];
            fault(
                "bone length",
                format!("bone to `{name}` is {ratio:.2} of the palm (a hand has {lo:.2} to {hi:.2}): wrong order?"),
            )
        })
    })
}

/// Below this mean curl (sum of sines) the fingers are too straight to tell a side from.
const CURL_TO_TELL: f32 = 0.9;

/// Fingers curl towards the palm; the palm's normal points there in a right hand and away in a left one.
fn chirality(hand: &HandLabels) -> Option<Fault> {
    let p = &hand.keypoints_camera_m;
    let normal = (p[5] - p[0]).cross(p[17] - p[0]).try_normalize()?;
    let curl: f32 = [5, 9, 13, 17].into_iter().map(|k| finger_curl(&p[k..k + 4], normal)).sum();
    let seen = if curl > 0.0 { HandSide::Right } else { HandSide::Left };
    (curl.abs() > CURL_TO_TELL && seen != hand.side)
        .then(|| fault("side", format!("the fingers curl like those of a {} hand", side_name(seen))))
}

/// How far the last bone leans to the normal beyond the first.
fn finger_curl(joints: &[Vec3], normal: Vec3) -> f32 {
    let first = (joints[1] - joints[0]).normalize_or_zero();
    let last = (joints[3] - joints[2]).normalize_or_zero();
    // the part of the last bone across the first, seen along the normal that turns with the finger
    let axis = first.cross(normal).normalize_or_zero();
    axis.dot(first.cross(last))
}

fn mask_side(hand: &HandLabels, part: &Plane<u8>, instance: Option<&Plane<u8>>) -> Option<Fault> {
    let (mut same, mut other) = (0u32, 0u32);
    for (k, id) in part.data.iter().enumerate() {
        if instance.is_some_and(|i| i.data.get(k) != Some(&hand.instance)) {
            continue;
        }
        match HandPart::side_of_rhd_id(*id) {
            Some(side) if side == hand.side => same += 1,
            Some(_) => other += 1,
            None => {}
        }
    }
    let wrong = if instance.is_some() { other > 0 } else { same == 0 && hand.visible_px > 0 };
    wrong.then(|| fault("side", format!("the mask shows {same} px of the labelled side and {other} px of the other")))
}

fn visible(hand: &HandLabels) -> impl Iterator<Item = (usize, Vec2)> + '_ {
    (0..LANDMARK_COUNT)
        .filter(|k| hand.visibility[*k] == Visibility::Visible)
        .filter_map(|k| Some((k, hand.keypoints_px[k]?)))
}

/// Values of a plane in a small square around a point.
fn around<T: Copy>(plane: &Plane<T>, p: Vec2, reach: i64) -> impl Iterator<Item = T> + '_ {
    let (x, y) = (p.x.floor() as i64, p.y.floor() as i64);
    (-reach..=reach).flat_map(move |dy| (-reach..=reach).filter_map(move |dx| plane.get(x + dx, y + dy)))
}

/// Pixels around a keypoint in which its mask or depth is looked for.
fn reach_px(camera: &Camera, hand: &HandLabels, landmark: usize) -> i64 {
    let z = hand.keypoints_camera_m[landmark].z.max(crate::camera::NEAR_M);
    let fine = (MASK_REACH_M * camera.intrinsics.fx / z).ceil();
    MASK_REACH_PX.max(fine.min(64.0) as i64)
}

fn keypoints_on_mask(camera: &Camera, hand: &HandLabels, part: &Plane<u8>) -> Option<Fault> {
    let on_hand = |id: u8| HandPart::side_of_rhd_id(id) == Some(hand.side) || id == PERSON_ID;
    let off: Vec<_> = visible(hand)
        .filter(|(k, p)| !around(part, *p, reach_px(camera, hand, *k)).any(on_hand))
        .map(|(k, _)| LANDMARK_NAMES[k])
        .collect();
    (off.len() > TOLERATED).then(|| fault("mask", format!("visible keypoints off the mask: {}", off.join(", "))))
}

/// Part numbers (within a hand) that may be seen at a visible landmark: the segments that meet there.
fn segments_at(landmark: usize) -> &'static [u8] {
    const AT: [&[u8]; LANDMARK_COUNT] = [
        &[15, 16, 2],
        &[2, 15, 16],
        &[1, 2, 15],
        &[0, 1],
        &[0],
        &[5, 15],
        &[4, 5],
        &[3, 4],
        &[3],
        &[8, 15],
        &[7, 8],
        &[6, 7],
        &[6],
        &[11, 15],
        &[10, 11],
        &[9, 10],
        &[9],
        &[14, 15],
        &[13, 14],
        &[12, 13],
        &[12],
    ];
    AT[landmark]
}

fn keypoints_on_segments(camera: &Camera, hand: &HandLabels, part: &Plane<u8>) -> Option<Fault> {
    let off: Vec<_> = visible(hand)
        .filter(|(k, p)| {
            let ids = segments_at(*k).iter().map(|s| HandPart::rhd_id(*s, hand.side)).collect::<Vec<_>>();
            !around(part, *p, reach_px(camera, hand, *k)).any(|id| ids.contains(&id))
        })
        .map(|(k, _)| LANDMARK_NAMES[k])
        .collect();
    (off.len() > TOLERATED + 1)
        .then(|| fault("mask", format!("visible keypoints on the wrong segment: {}", off.join(", "))))
}

fn keypoints_at_depth(camera: &Camera, hand: &HandLabels, depth: &Plane<f32>) -> Option<Fault> {
    let off: Vec<_> = visible(hand)
        .filter(|(k, p)| {
            let z = hand.keypoints_camera_m[*k].z;
            !around(depth, *p, reach_px(camera, hand, *k))
                .any(|seen| seen > NO_DEPTH && (z - FLESH_M..=z + BEHIND_M).contains(&seen))
        })
        .map(|(k, p)| {
            let seen = depth.at(p).unwrap_or(NO_DEPTH);
            format!("{} (joint {:.3} m, depth {seen:.3} m)", LANDMARK_NAMES[k], hand.keypoints_camera_m[k].z)
        })
        .collect();
    (off.len() > TOLERATED).then(|| fault("depth", format!("depth does not fit visible keypoints: {}", off.join(", "))))
}

fn pixel_count(hand: &HandLabels, instance: &Plane<u8>, part: &Plane<u8>) -> Option<Fault> {
    let pixels = instance.data.iter().zip(&part.data).filter(|(i, p)| **i == hand.instance && **p > 1).count();
    (pixels != hand.visible_px as usize)
        .then(|| fault("mask", format!("the labels say {} visible pixels, the mask has {pixels}", hand.visible_px)))
}

fn mask_has_depth(part: &Plane<u8>, depth: &Plane<f32>) -> Option<Fault> {
    let pixels = part.data.iter().filter(|id| **id > 1).count();
    let without = part.data.iter().zip(&depth.data).filter(|(id, z)| **id > 1 && **z <= NO_DEPTH).count();
    (without * 100 > pixels).then(|| fault("depth", format!("{without} of {pixels} hand pixels have no depth")))
}

/// Every instance id is listed, and its pixels have the part ids of its kind.
fn instance_kinds(listed: &[Instance], part: &Plane<u8>, instance: &Plane<u8>) -> Option<Fault> {
    let legal = |id: u8, part: u8| {
        if id == 0 || listed.is_empty() {
            return listed.is_empty() || part == BACKGROUND_ID;
        }
        listed.iter().find(|i| i.id == id).is_some_and(|i| match i.kind {
            InstanceKind::Hand => part != BACKGROUND_ID,
            InstanceKind::Person => part == PERSON_ID,
            InstanceKind::Object => part == BACKGROUND_ID,
        })
    };
    let (id, part) = instance.data.iter().zip(&part.data).find(|(id, part)| !legal(**id, **part))?;
    let what = match listed.iter().find(|i| i.id == *id).map(|i| i.kind) {
        Some(InstanceKind::Hand) => "a hand",
        Some(InstanceKind::Person) => "a person",
        Some(InstanceKind::Object) => "an object",
        None if *id == 0 => "background",
        None => "not listed",
    };
    Some(fault("instance", format!("a pixel of instance {id} ({what}) has part id {part}")))
}
