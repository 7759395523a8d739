//! What must hold in one sample, whatever wrote it. Each rule compares two things that were stored apart.

use glam::{Vec2, Vec3};

use crate::camera::Camera;
use crate::dataset::orders::ORDERS;
use crate::dataset::{HandRecord, Pictures, SampleLabel};
use crate::frame::{NO_DEPTH, Plane};
use crate::label::Visibility;
use crate::rig::joint::{LANDMARK_NAMES, LANDMARK_PARENT};
use crate::rig::part::{BACKGROUND_ID, PERSON_ID};
use crate::rig::{HandPart, HandSide, LANDMARK_COUNT};
use crate::scene::{Instance, InstanceKind};

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

/// How exactly captured labels agree with each other: annotations are rounded, fitted or noisy.
pub const CAPTURED_REPROJECTION_PX: f32 = 1.5;
/// A captured surface lies no further behind a labelled joint centre than this, metres.
pub const CAPTURED_BEHIND_M: f32 = 0.03;
/// Share of a captured hand's keypoints that must agree with the mask,
const CAPTURED_ON_MASK: f32 = 0.5;
/// and with the depth, where nobody says which are seen.
const CAPTURED_AT_DEPTH: f32 = 0.3;

/// How exactly the labels of a sample must agree with each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exactness {
    /// Rendered: as the generator promises.
    Rendered,
    /// Captured: as annotations can reach.
    Captured,
}

impl Exactness {
    /// Samples with a scene were rendered.
    pub fn of(label: &SampleLabel) -> Self {
        if label.scene.is_some() { Self::Rendered } else { Self::Captured }
    }
}

/// All faults of one sample. Rules about what the sample does not hold are skipped.
pub fn faults(label: &SampleLabel, pictures: &Pictures, exactness: Exactness) -> Vec<Fault> {
    let mut found = Vec::new();
    for hand in &label.hands {
        let who = format!("hand {} ({})", hand.instance, side_name(hand.side));
        let evidence = Evidence { pictures, hand, camera: label.camera(), exactness };
        let add = |f: Fault| Fault { message: format!("{who}: {}", f.message), ..f };
        found.extend(evidence.faults().into_iter().map(add));
    }
    let sensor = label.scene.as_ref().map(|scene| &scene.sensor.depth);
    let has_holes = sensor.is_some_and(|depth| depth.holes.max(depth.edge_holes) > 0.0);
    let whole = exactness == Exactness::Rendered && !has_holes;
    if let (Some(part), Some(depth), true) = (&pictures.part, &pictures.depth_z_m, whole) {
        found.extend(mask_has_depth(part, depth));
    }
    if let (Some(part), Some(instance)) = (&pictures.part, &pictures.instance) {
        found.extend(instance_kinds(&label.instances, part, instance));
    }
    found
}

/// One hand and all that there is to compare it with.
struct Evidence<'a> {
    pictures: &'a Pictures,
    hand: &'a HandRecord,
    camera: Option<Camera>,
    exactness: Exactness,
}

impl Evidence<'_> {
    fn faults(&self) -> Vec<Fault> {
        let (hand, pictures) = (self.hand, self.pictures);
        let mut found: Vec<Option<Fault>> = vec![finite(hand), self.reprojection(), bones(hand), chirality(hand)];
        if let Some(depth) = &pictures.depth_z_m {
            found.push(self.keypoints_at_depth(depth));
        }
        if let Some(part) = &pictures.part {
            found.push(mask_side(hand, part, pictures.instance.as_ref()));
            found.push(self.keypoints_on_mask(part, |id| {
                HandPart::side_of_rhd_id(id).is_some_and(|s| Some(s) == hand.side) || id == PERSON_ID
            }));
            found.push(self.keypoints_on_segments(part));
        } else if let Some(instance) = &pictures.instance {
            found.push(self.keypoints_on_mask(instance, |id| id == hand.instance));
        }
        if let (Some(instance), Some(part)) = (&pictures.instance, &pictures.part) {
            found.push(pixel_count(hand, instance, part));
        }
        found.into_iter().flatten().collect()
    }

    fn is_captured(&self) -> bool {
        self.exactness == Exactness::Captured
    }

    fn reprojection(&self) -> Option<Fault> {
        let (camera, hand) = (self.camera?, self.hand);
        let limit = if self.is_captured() { CAPTURED_REPROJECTION_PX } else { REPROJECTION_PX };
        let (worst, k) = (0..LANDMARK_COUNT)
            .filter_map(|k| {
                let stored = hand.keypoints_px[k]?;
                let projected = camera.project(hand.keypoints_camera_m[k]?)?;
                Some((stored.distance(projected), k))
            })
            .max_by(|a, b| a.0.total_cmp(&b.0))?;
        (worst > limit).then(|| {
            let name = LANDMARK_NAMES[k];
            let message = format!("keypoint `{name}` lies {worst:.2} px from its projected 3D point (at most {limit})");
            fault("reprojection", message)
        })
    }

    /// Keypoints that may be compared with what the camera sees: the visible ones or, where nobody says, those in the picture.
    fn seen(&self) -> Vec<(usize, Vec2)> {
        let visibility = &self.hand.visibility;
        let legal = |k: &usize| matches!(visibility[*k], Visibility::Visible | Visibility::Unstated);
        (0..LANDMARK_COUNT).filter(legal).filter_map(|k| Some((k, self.hand.keypoints_px[k]?))).collect()
    }

    /// Pixels around a keypoint in which its mask or depth is looked for.
    fn reach_px(&self, landmark: usize) -> i64 {
        let fine = self.hand.keypoints_camera_m[landmark]
            .zip(self.camera)
            .map_or(0.0, |(p, camera)| (MASK_REACH_M * camera.intrinsics.fx / p.z.max(crate::camera::NEAR_M)).ceil());
        MASK_REACH_PX.max(fine.min(64.0) as i64)
    }

    /// A fault if too few of the seen keypoints agree with a plane.
    fn too_few(&self, rule: &'static str, seen: usize, off: &[String], share: f32, what: &str) -> Option<Fault> {
        let bad =
            if self.is_captured() { ((seen - off.len()) as f32) < share * seen as f32 } else { off.len() > TOLERATED };
        let hint = if self.is_captured() { " (wrong unit, byte order or joint order?)" } else { "" };
        bad.then(|| fault(rule, format!("{what}: {}{hint}", off.join(", "))))
    }

    fn keypoints_on_mask(&self, mask: &Plane<u8>, on_hand: impl Fn(u8) -> bool) -> Option<Fault> {
        let seen = self.seen();
        let off: Vec<String> = seen
            .iter()
            .filter(|(k, p)| !around(mask, *p, self.reach_px(*k)).any(&on_hand))
            .map(|(k, _)| LANDMARK_NAMES[*k].to_owned())
            .collect();
        self.too_few("mask", seen.len(), &off, CAPTURED_ON_MASK, "visible keypoints off the mask")
    }

    fn keypoints_on_segments(&self, part: &Plane<u8>) -> Option<Fault> {
        let side = self.hand.side?;
        let seen = self.seen();
        let off: Vec<_> = seen
            .iter()
            .filter(|(k, p)| {
                let ids = segments_at(*k).iter().map(|s| HandPart::rhd_id(*s, side)).collect::<Vec<_>>();
                !around(part, *p, self.reach_px(*k)).any(|id| ids.contains(&id))
            })
            .map(|(k, _)| LANDMARK_NAMES[*k])
            .collect();
        let bad = if self.is_captured() { 2 * off.len() > seen.len() } else { off.len() > TOLERATED + 1 };
        bad.then(|| fault("mask", format!("visible keypoints on the wrong segment: {}", off.join(", "))))
    }

    fn keypoints_at_depth(&self, depth: &Plane<f32>) -> Option<Fault> {
        let behind_m = if self.is_captured() { CAPTURED_BEHIND_M } else { BEHIND_M };
        let seen: Vec<_> =
            self.seen().into_iter().filter_map(|(k, p)| Some((k, p, self.hand.keypoints_camera_m[k]?.z))).collect();
        let off: Vec<String> = seen
            .iter()
            .filter(|(k, p, z)| {
                !around(depth, *p, self.reach_px(*k))
                    .any(|seen| seen > NO_DEPTH && (z - FLESH_M..=z + behind_m).contains(&seen))
            })
            .map(|(k, p, z)| {
                let found = depth.at(*p).unwrap_or(NO_DEPTH);
                format!("{} (joint {z:.3} m, depth {found:.3} m)", LANDMARK_NAMES[*k])
            })
            .collect();
        self.too_few("depth", seen.len(), &off, CAPTURED_AT_DEPTH, "depth does not fit visible keypoints")
    }
}

fn side_name(side: Option<HandSide>) -> &'static str {
    match side {
        Some(HandSide::Left) => "left",
        Some(HandSide::Right) => "right",
        None => "side unknown",
    }
}

fn finite(hand: &HandRecord) -> Option<Fault> {
    let bad = (0..LANDMARK_COUNT).find(|k| {
        hand.keypoints_camera_m[*k].is_some_and(|p| !p.is_finite())
            || hand.keypoints_px[*k].is_some_and(|p| !p.is_finite())
    })?;
    Some(fault("finite", format!("keypoint `{}` is not a number", LANDMARK_NAMES[bad])))
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

/// |wrist - middle MCP|, or what it should be after the middle finger's first bone where there is no wrist.
fn palm_m(p: &[Option<Vec3>; LANDMARK_COUNT]) -> Option<f32> {
    let middle = p[9]?;
    p[0].map(|wrist| wrist.distance(middle)).or_else(|| Some(p[10]?.distance(middle) / 0.596))
}

fn bones(hand: &HandRecord) -> Option<Fault> {
    let p = &hand.keypoints_camera_m;
    let palm = palm_m(p)?;
    if let Some(order) = order_guess(p) {
        let message = format!("the keypoints look like those of a set in the order of {order}");
        return Some(fault("joint order", message));
    }
    if !(PALM_M[0]..=PALM_M[1]).contains(&palm) {
        let message = format!(
            "wrist to middle MCP is {:.1} mm (a hand has {:.0} to {:.0}): wrong unit or order?",
            palm * 1e3,
            PALM_M[0] * 1e3,
            PALM_M[1] * 1e3
        );
        return Some(fault("bone length", message));
    }
    let (k, ratio) = bad_bones(p, palm).next()?;
    let [lo, hi] = BONE_RANGE[k];
    let name = LANDMARK_NAMES[k];
    let message = format!("bone to `{name}` is {ratio:.2} of the palm (a hand has {lo:.2} to {hi:.2}): wrong order?");
    Some(fault("bone length", message))
}

/// Bones whose length, as a share of the palm, is not that of a hand.
fn bad_bones(p: &[Option<Vec3>; LANDMARK_COUNT], palm_m: f32) -> impl Iterator<Item = (usize, f32)> + '_ {
    (1..LANDMARK_COUNT).filter_map(move |k| {
        let ratio = p[k]?.distance(p[LANDMARK_PARENT[k]]?) / palm_m;
        let [lo, hi] = BONE_RANGE[k];
        (!(lo..=hi).contains(&ratio)).then_some((k, ratio))
    })
}

/// Bad bones from which on another joint order is tried.
const PERMUTED: usize = 4;

/// The order of another set in which the keypoints make a hand, where in ours they make none.
fn order_guess(p: &[Option<Vec3>; LANDMARK_COUNT]) -> Option<&'static str> {
    if p.iter().any(Option::is_none) || bad_bones(p, palm_m(p)?).count() < PERMUTED {
        return None;
    }
    let tried = ORDERS.iter().map(|(name, order)| {
        let ordered = order.map(|place| p[place]);
        (palm_m(&ordered).map_or(usize::MAX, |palm| bad_bones(&ordered, palm).count()), *name)
    });
    tried.min().filter(|(bad, _)| *bad == 0).map(|(_, name)| name)
}

/// Below this mean curl (sum of sines) the fingers are too straight to tell a side from.
const CURL_TO_TELL: f32 = 0.9;

/// Fingers curl towards the palm; the palm's normal points there in a right hand and away in a left one.
fn chirality(hand: &HandRecord) -> Option<Fault> {
    let side = hand.side?;
    let p: Vec<Vec3> = hand.keypoints_camera_m.iter().copied().collect::<Option<_>>()?;
    let normal = (p[5] - p[0]).cross(p[17] - p[0]).try_normalize()?;
    let curl: f32 = [5, 9, 13, 17].into_iter().map(|k| finger_curl(&p[k..k + 4], normal)).sum();
    let seen = if curl > 0.0 { HandSide::Right } else { HandSide::Left };
    (curl.abs() > CURL_TO_TELL && seen != side)
        .then(|| fault("side", format!("the fingers curl like those of a {} hand", side_name(Some(seen)))))
}

/// How far the last bone leans to the normal beyond the first.
fn finger_curl(joints: &[Vec3], normal: Vec3) -> f32 {
    let first = (joints[1] - joints[0]).normalize_or_zero();
    let last = (joints[3] - joints[2]).normalize_or_zero();
    // the part of the last bone across the first, seen along the normal that turns with the finger
    let axis = first.cross(normal).normalize_or_zero();
    axis.dot(first.cross(last))
}

fn mask_side(hand: &HandRecord, part: &Plane<u8>, instance: Option<&Plane<u8>>) -> Option<Fault> {
    let labelled = hand.side?;
    let (mut same, mut other) = (0u32, 0u32);
    for (k, id) in part.data.iter().enumerate() {
        if instance.is_some_and(|i| i.data.get(k) != Some(&hand.instance)) {
            continue;
        }
        match HandPart::side_of_rhd_id(*id) {
            Some(side) if side == labelled => same += 1,
            Some(_) => other += 1,
            None => {}
        }
    }
    let wrong = if instance.is_some() { other > 0 } else { same == 0 && hand.visible_px.is_some_and(|n| n > 0) };
    wrong.then(|| fault("side", format!("the mask shows {same} px of the labelled side and {other} px of the other")))
}

/// Values of a plane in a small square around a point.
fn around<T: Copy>(plane: &Plane<T>, p: Vec2, reach: i64) -> impl Iterator<Item = T> + '_ {
    let (x, y) = (p.x.floor() as i64, p.y.floor() as i64);
    (-reach..=reach).flat_map(move |dy| (-reach..=reach).filter_map(move |dx| plane.get(x + dx, y + dy)))
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

fn pixel_count(hand: &HandRecord, instance: &Plane<u8>, part: &Plane<u8>) -> Option<Fault> {
    let labelled = hand.visible_px?;
    let pixels = instance.data.iter().zip(&part.data).filter(|(i, p)| **i == hand.instance && **p > 1).count();
    (pixels != labelled as usize)
        .then(|| fault("mask", format!("the labels say {labelled} visible pixels, the mask has {pixels}")))
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
