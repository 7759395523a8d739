//! What might decide how well a hand is tracked: numbers and names known of each true hand.

use glam::Vec3;

use crate::dataset::{HandRecord, SampleLabel};
use crate::label::Visibility;
use crate::report::draw::Canvas;
use crate::report::view;
use crate::rig::{HandSide, LANDMARK_COUNT};

/// Something known of a hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Factor {
    /// Name on the page.
    pub name: &'static str,
    /// Unit of a number; empty for names.
    pub unit: &'static str,
    /// Digits behind the point of a number.
    pub digits: usize,
}

const fn number(name: &'static str, unit: &'static str, digits: usize) -> Factor {
    Factor { name, unit, digits }
}

const fn names(name: &'static str) -> Factor {
    Factor { name, unit: "", digits: 0 }
}

/// All factors, in the order of a row's values.
pub const FACTORS: [Factor; 18] = [
    names("gesture"),
    names("skin tone"),
    names("person"),
    names("side of the hand seen"),
    number("turn of the palm from the camera", "°", 0),
    number("distance", "m", 2),
    number("size in the picture", "px", 0),
    number("hidden keypoints", "%", 0),
    number("keypoints in the picture", "%", 0),
    number("speed", "m/s", 2),
    number("irradiance of the lights", "", 2),
    number("brightness around the hand", "of 255", 0),
    names("hands in the picture"),
    names("hand"),
    names("holds a thing"),
    names("split"),
    names("source"),
    SIDE_TOLD,
];

/// Whether the estimate is of the true side.
pub(super) const SIDE_TOLD: Factor = names("side told");
/// Its value where it is not.
pub(super) const WRONG_SIDE: &str = "wrong";

/// Value of a factor.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// One of few, by name.
    Name(String),
    /// A number.
    Number(f32),
}

/// Values of all [`FACTORS`]; `None` where the label does not say. `speed_m_s` is known from the frame before, `side_is_right` from the
/// estimate.
pub(super) fn of_hand(
    label: &SampleLabel,
    hand: &HandRecord,
    speed_m_s: Option<f32>,
    side_is_right: Option<bool>,
    picture: Option<&Canvas>,
) -> [Option<Value>; FACTORS.len()] {
    let name = |name: Option<String>| name.filter(|n| !n.is_empty()).map(Value::Name);
    let number = |number: Option<f32>| number.filter(|n| n.is_finite()).map(Value::Number);
    let direction = view::camera_in_hand(hand).and_then(Vec3::try_normalize);
    let position = hand.keypoints_camera_m[0].or(hand.keypoints_camera_m[9]);
    let lights = label.scene.as_ref().map(|scene| scene.lights.iter().map(|light| light.irradiance[1]).sum());
    let index = label.hands.iter().position(|other| other.instance == hand.instance);
    let holds = || label.objects.iter().any(|object| object.held_by.map(usize::from) == index && index.is_some());
    [
        name(Some(hand.gesture.clone())),
        name(hand.tone.map(|tone| format!("S{tone:02}"))),
        name(hand.subject.map(|subject| format!("{subject:04}"))),
        name(direction.map(|d| side_seen(d).to_owned())),
        number(direction.map(|d| libm::acosf(d.z.clamp(-1.0, 1.0)).to_degrees())),
        number(position.map(Vec3::length)),
        number(hand.box_keypoints_px.map(|[_, _, w, h]| w.max(h))),
        number(hidden_percent(hand)),
        number(inside_percent(label, hand)),
        number(speed_m_s),
        number(lights),
        number(picture.and_then(|picture| brightness(picture, hand.box_in_picture(label.width, label.height)?))),
        name(Some(label.hands.len().to_string())),
        name(hand.side.map(|side| side_name(side).to_owned())),
        name(label.scene.as_ref().map(|_| if holds() { "yes" } else { "no" }.to_owned())),
        name(Some(label.split.clone())),
        name(label.source.as_ref().map(|source| source.source.clone())),
        name(side_is_right.map(|right| if right { "correct" } else { WRONG_SIDE }.to_owned())),
    ]
}

/// `left` or `right`.
pub(super) fn side_name(side: HandSide) -> &'static str {
    match side {
        HandSide::Left => "left",
        HandSide::Right => "right",
    }
}

/// Which side of the hand a camera in this direction sees; hand space of a right hand.
fn side_seen(d: Vec3) -> &'static str {
    let across = d.abs();
    if across.z >= across.x && across.z >= across.y {
        if d.z > 0.0 { "palm" } else { "back" }
    } else if across.x >= across.y {
        if d.x > 0.0 { "thumb side" } else { "little finger side" }
    } else if d.y > 0.0 {
        "fingertips first"
    } else {
        "wrist first"
    }
}

/// Share of the keypoints in the picture that something hides; `None` if nobody says.
fn hidden_percent(hand: &HandRecord) -> Option<f32> {
    use Visibility::{Absent, BehindCamera, OutsidePicture, Unstated, Visible};
    let inside = hand.visibility.iter().filter(|v| !matches!(v, OutsidePicture | BehindCamera | Absent));
    let (count, hidden, unstated) = inside.fold((0, 0, 0), |(count, hidden, unstated), v| {
        let is_hidden = !matches!(v, Visible | Unstated);
        (count + 1, hidden + u32::from(is_hidden), unstated + u32::from(*v == Unstated))
    });
    (count > 0 && unstated == 0).then(|| 100.0 * hidden as f32 / count as f32)
}

fn inside_percent(label: &SampleLabel, hand: &HandRecord) -> Option<f32> {
    let (w, h) = (label.width as f32, label.height as f32);
    let inside = |p: &&glam::Vec2| p.x >= 0.0 && p.y >= 0.0 && p.x < w && p.y < h;
    let known = hand.keypoints_px.iter().flatten().count();
    let count = hand.keypoints_px.iter().flatten().filter(inside).count();
    (known > 0).then(|| 100.0 * count as f32 / known as f32)
}

/// Mean luma in a box of the picture.
fn brightness(picture: &Canvas, [left, top, w, h]: [f32; 4]) -> Option<f32> {
    let (mut sum, mut count) = (0.0, 0.0);
    for y in top as i64..(top + h).ceil() as i64 {
        for x in left as i64..(left + w).ceil() as i64 {
            let Some([r, g, b]) = picture.get(x, y).map(|p| p.map(f32::from)) else { continue };
            sum += 0.299 * r + 0.587 * g + 0.114 * b;
            count += 1.0;
        }
    }
    (count > 0.0).then(|| sum / count)
}

/// Mean distance that keypoints moved since the frame before, metres per second.
pub(super) fn speed_m_s(before: &HandRecord, now: &HandRecord, seconds: f64) -> Option<f32> {
    let moved = |k: usize| Some(before.keypoints_camera_m[k]?.distance(now.keypoints_camera_m[k]?));
    let distances: Vec<f32> = (0..LANDMARK_COUNT).filter_map(moved).collect();
    (seconds > 0.0 && !distances.is_empty())
        .then(|| distances.iter().sum::<f32>() / distances.len() as f32 / seconds as f32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sides_are_named_by_the_largest_component() {
        assert_eq!(side_seen(Vec3::new(0.1, 0.2, 0.9)), "palm");
        assert_eq!(side_seen(Vec3::new(0.1, 0.2, -0.9)), "back");
        assert_eq!(side_seen(Vec3::new(-0.9, 0.2, 0.3)), "little finger side");
        assert_eq!(side_seen(Vec3::new(0.1, 0.9, 0.3)), "fingertips first");
    }

    #[test]
    fn hidden_shares_need_labels_that_say() {
        let mut hand = HandRecord::unknown(1);
        assert_eq!(hidden_percent(&hand), None);
        hand.visibility = [Visibility::Visible; LANDMARK_COUNT];
        hand.visibility[1] = Visibility::HiddenBySelf;
        hand.visibility[2] = Visibility::OutsidePicture;
        assert_eq!(hidden_percent(&hand), Some(5.0));
        hand.visibility[3] = Visibility::Unstated;
        assert_eq!(hidden_percent(&hand), None);
    }

    #[test]
    fn speed_is_a_distance_by_time() {
        let mut before = HandRecord::unknown(1);
        before.keypoints_camera_m[4] = Some(Vec3::ZERO);
        let mut now = before.clone();
        now.keypoints_camera_m[4] = Some(Vec3::new(0.01, 0.0, 0.0));
        now.keypoints_camera_m[5] = Some(Vec3::ONE);
        assert!((speed_m_s(&before, &now, 0.02).unwrap() - 0.5).abs() < 1e-6);
        assert_eq!(speed_m_s(&before, &now, 0.0), None);
    }
}
