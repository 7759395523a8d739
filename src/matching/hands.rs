//! Where hands are in a picture, how they are seen and how they are bent, from keypoints.

use glam::{Vec2, Vec3};

use crate::rig::{HandSide, LANDMARK_COUNT};

use super::statistics::Quantity;

/// What is known of one hand; landmarks in the order of [`crate::rig::joint::LANDMARK_NAMES`].
#[derive(Debug, Clone, PartialEq)]
pub struct ObservedHand {
    /// Left or right, if known.
    pub side: Option<HandSide>,
    /// Pixels from the corner of the first pixel; `None` where there is no keypoint.
    pub keypoints_px: [Option<Vec2>; LANDMARK_COUNT],
    /// Camera frame, metres; `None` where that is not known.
    pub keypoints_camera_m: [Option<Vec3>; LANDMARK_COUNT],
    /// Seen or not, if known.
    pub visible: Option<[bool; LANDMARK_COUNT]>,
}

/// Landmarks: wrist, and the first of index, middle and little finger.
const WRIST: usize = 0;
const INDEX: usize = 5;
const MIDDLE: usize = 9;
const LITTLE: usize = 17;

/// Measures of one hand in a picture of a size in pixels.
pub fn of_hand(hand: &ObservedHand, size: Vec2) -> Vec<(Quantity, f32)> {
    let mut found = Vec::new();
    if let Some(side) = hand.side {
        found.push((Quantity::Left, if side == HandSide::Left { 100.0 } else { 0.0 }));
    }
    if let Some((low, high)) = extent(hand.keypoints_px.iter().flatten()) {
        let middle = 50.0 * (low + high) / size;
        found.push((Quantity::HandSize, 100.0 * (high - low).max_element() / size.min_element()));
        found.push((Quantity::CentreX, middle.x));
        found.push((Quantity::CentreY, middle.y));
    }
    if let (Some(wrist), Some(middle)) = (hand.keypoints_px[WRIST], hand.keypoints_px[MIDDLE]) {
        let along = middle - wrist;
        found.push((Quantity::Direction, libm::atan2f(along.x, -along.y).to_degrees()));
    }
    if let Some(visible) = &hand.visible {
        let share = visible.iter().filter(|v| **v).count() as f32 / LANDMARK_COUNT as f32;
        found.push((Quantity::VisibleKeypoints, 100.0 * share));
    }
    let points = &hand.keypoints_camera_m;
    let curls = Quantity::CURLS.into_iter().enumerate();
    found.extend(curls.filter_map(|(digit, quantity)| Some((quantity, curl_deg(points, digit)?))));
    if let Some([azimuth, elevation]) = hand.side.and_then(|side| view_deg(points, side)) {
        found.push((Quantity::ViewAzimuth, azimuth));
        found.push((Quantity::ViewElevation, elevation));
    }
    found
}

/// Measures of all hands of a picture together; the focal length is in pixels.
pub fn of_picture(hands: &[ObservedHand], size: Vec2, focal_px: Option<f32>) -> Vec<(Quantity, f32)> {
    let mut found = vec![(Quantity::HandsInPicture, hands.len() as f32)];
    found.extend(focal_px.map(|f| (Quantity::FieldOfView, f / size.x)));
    let points = || hands.iter().flat_map(|h| h.keypoints_px.iter().flatten());
    if let Some((low, high)) = extent(points()) {
        let out = ((low + high) / size - 1.0).abs().max_element();
        found.push((Quantity::OffCentre, 100.0 * out));
        let is_inside = |p: &&Vec2| p.cmpge(Vec2::ZERO).all() && p.cmplt(size).all();
        let inside = points().filter(is_inside).count() as f32 / points().count() as f32;
        found.push((Quantity::InFrame, 100.0 * inside));
    }
    let in_space: Vec<Vec3> = hands.iter().flat_map(|h| h.keypoints_camera_m).flatten().collect();
    if in_space.len() * 2 > hands.len() * LANDMARK_COUNT {
        let middle = in_space.iter().sum::<Vec3>() / in_space.len() as f32;
        found.push((Quantity::Distance, middle.length()));
    }
    found
}

fn extent<'a>(mut points: impl Iterator<Item = &'a Vec2>) -> Option<(Vec2, Vec2)> {
    let first = *points.next()?;
    Some(points.fold((first, first), |(low, high), p| (low.min(*p), high.max(*p))))
}

/// Direction from the hand to the camera in the hand's frame, degrees: azimuth about the axis to the fingers (0 from the
/// palm, 90 from the thumb's side), and elevation towards the fingertips. `None` of a hand without extent.
fn view_deg(points: &[Option<Vec3>; LANDMARK_COUNT], side: HandSide) -> Option<[f32; 2]> {
    let (wrist, index, little) = (points[WRIST]?, points[INDEX]?, points[LITTLE]?);
    let distal = (0.5 * (index + little) - wrist).try_normalize()?;
    let across = index - little;
    let radial = (across - distal * across.dot(distal)).try_normalize()?;
    let palmar = if side == HandSide::Right { radial.cross(distal) } else { distal.cross(radial) };
    let to_camera = (-wrist).try_normalize()?;
    let (x, y, z) = (to_camera.dot(radial), to_camera.dot(distal), to_camera.dot(palmar));
    Some([libm::atan2f(x, z).to_degrees(), libm::asinf(y.clamp(-1.0, 1.0)).to_degrees()])
}

/// Sum of the angles between the bones of a digit, from the wrist on, degrees.
fn curl_deg(points: &[Option<Vec3>; LANDMARK_COUNT], digit: usize) -> Option<f32> {
    let chain = [
        points[WRIST]?,
        points[4 * digit + 1]?,
        points[4 * digit + 2]?,
        points[4 * digit + 3]?,
        points[4 * digit + 4]?,
    ];
    let bend = |w: &[Vec3]| {
        let cosine = (w[1] - w[0]).try_normalize()?.dot((w[2] - w[1]).try_normalize()?);
        Some(libm::acosf(cosine.clamp(-1.0, 1.0)).to_degrees())
    };
    chain.windows(3).map(bend).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A flat right hand at 0.5 m, fingers up in the picture, palm to the camera.
    fn flat() -> ObservedHand {
        let digit = |k: usize| [0.03, 0.02, 0.0, -0.02, -0.035][k];
        let points: [Vec3; LANDMARK_COUNT] = std::array::from_fn(|k| match k {
            0 => Vec3::new(0.0, 0.0, 0.5),
            k => Vec3::new(digit((k - 1) / 4), -0.05 - 0.025 * ((k - 1) % 4) as f32, 0.5),
        });
        // straight fingers: each on a ray from the wrist
        let points = std::array::from_fn(|k| {
            let first = points[if k == 0 { 0 } else { 4 * ((k - 1) / 4) + 1 }] - points[0];
            points[0] + first * (1.0 + 0.4 * if k == 0 { 0.0 } else { ((k - 1) % 4) as f32 })
        });
        let to_px = |p: Vec3| Some(Vec2::new(400.0 * p.x / p.z + 160.0, 400.0 * p.y / p.z + 200.0));
        ObservedHand {
            side: Some(HandSide::Right),
            keypoints_px: points.map(to_px),
            keypoints_camera_m: points.map(Some),
            visible: None,
        }
    }

    fn value(found: &[(Quantity, f32)], quantity: Quantity) -> f32 {
        found.iter().find(|(q, _)| *q == quantity).unwrap().1
    }

    #[test]
    fn a_flat_hand_is_straight_and_seen_from_the_palm() {
        let found = of_hand(&flat(), Vec2::new(320.0, 320.0));
        for curl in Quantity::CURLS {
            assert!(value(&found, curl) < 0.1, "{found:?}");
        }
        // the thumb is right of the little finger in the picture: a right palm
        assert!(value(&found, Quantity::ViewAzimuth).abs() < 5.0, "{found:?}");
        assert!(value(&found, Quantity::ViewElevation).abs() < 10.0, "{found:?}");
        assert!(value(&found, Quantity::Direction).abs() < 10.0, "{found:?}");
        let left = ObservedHand { side: Some(HandSide::Left), ..flat() };
        let found = of_hand(&left, Vec2::new(320.0, 320.0));
        assert!(value(&found, Quantity::ViewAzimuth).abs() > 175.0, "the same points of a left hand show its back");
    }

    #[test]
    fn a_bent_finger_has_the_sum_of_its_angles() {
        let mut hand = flat();
        let mut points = hand.keypoints_camera_m.map(Option::unwrap);
        // index: 90 degrees at its second joint
        let bone = points[7].distance(points[6]);
        points[7] = points[6] + Vec3::Z * -bone;
        points[8] = points[7] + Vec3::Z * -bone;
        hand.keypoints_camera_m = points.map(Some);
        let found = of_hand(&hand, Vec2::new(320.0, 320.0));
        assert!((value(&found, Quantity::CurlIndex) - 90.0).abs() < 0.1, "{found:?}");
    }

    #[test]
    fn place_and_size_are_shares_of_the_picture() {
        let hand = flat();
        let found = of_hand(&hand, Vec2::new(640.0, 320.0));
        let xs: Vec<f32> = hand.keypoints_px.iter().flatten().map(|p| p.x).collect();
        let ends = (xs.iter().copied().fold(f32::MAX, f32::min), xs.iter().copied().fold(f32::MIN, f32::max));
        assert!((value(&found, Quantity::CentreX) - 50.0 * (ends.0 + ends.1) / 640.0).abs() < 1e-3);
        let whole = of_picture(&[hand.clone(), hand], Vec2::new(320.0, 320.0), Some(400.0));
        assert!((value(&whole, Quantity::HandsInPicture) - 2.0).abs() < 1e-6);
        assert!((value(&whole, Quantity::FieldOfView) - 1.25).abs() < 1e-6);
        assert!((value(&whole, Quantity::InFrame) - 100.0).abs() < 1e-3);
        assert!(value(&whole, Quantity::Distance) > 0.49);
    }
}
