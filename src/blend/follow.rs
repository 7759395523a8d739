//! Labels follow the picture: moved, scaled, covered.

use glam::Vec2;

use crate::dataset::{Pictures, SampleLabel, box_around};
use crate::frame::Plane;
use crate::label::Visibility;
use crate::rig::part::PERSON_ID;

/// A keypoint stays visible while its hand is seen within this many pixels of it.
const REACH_PX: i64 = 2;

/// The label of a picture that is scaled around its first corner and then moved, cut to another size: camera matrix,
/// points and boxes follow; the points in space stay where they are.
pub fn moved(label: &mut SampleLabel, scale: f32, offset: Vec2, size: [u32; 2]) {
    [label.width, label.height] = size;
    if let Some(k) = &mut label.k {
        for (row, offset) in k.iter_mut().zip([offset.x, offset.y]) {
            *row = [row[0] * scale, row[1] * scale, row[2] * scale + offset];
        }
    }
    let inside = |p: Vec2| p.x >= 0.0 && p.y >= 0.0 && p.x < size[0] as f32 && p.y < size[1] as f32;
    for hand in &mut label.hands {
        for (point, seen) in hand.keypoints_px.iter_mut().zip(&mut hand.visibility) {
            let Some(p) = point else { continue };
            *p = *p * scale + offset;
            *seen = match (*seen, inside(*p)) {
                (Visibility::BehindCamera, _) => *seen,
                (_, false) => Visibility::OutsidePicture,
                // the picture that it came from did not reach so far
                (Visibility::OutsidePicture, true) => Visibility::Hidden,
                _ => *seen,
            };
        }
        for point in hand.extra_points.values_mut().filter_map(|point| point.px.as_mut()) {
            *point = *point * scale + offset;
        }
        hand.box_keypoints_px = box_around(hand.keypoints_px.iter().flatten().copied());
        hand.box_visible_px =
            hand.box_visible_px.map(|[x, y, w, h]| [x * scale + offset.x, y * scale + offset.y, w * scale, h * scale]);
        hand.visibility_coco = hand.visibility.map(Visibility::coco);
    }
}

/// Keypoints that something now covers are hidden by it. `cause` says by what at a covered pixel.
pub fn hide(label: &mut SampleLabel, pictures: &Pictures, covered: &Plane<bool>, cause: &dyn Fn(usize) -> Visibility) {
    let pixel = |x: i64, y: i64| (y * i64::from(covered.width) + x) as usize;
    for hand in &mut label.hands {
        let shows = |k: usize| match (&pictures.instance, &pictures.part) {
            (Some(instance), _) => instance.data[k] == hand.instance,
            (None, Some(part)) => part.data[k] > PERSON_ID,
            (None, None) => !covered.data[k],
        };
        for (point, seen) in hand.keypoints_px.iter().zip(&mut hand.visibility) {
            if !matches!(seen, Visibility::Visible | Visibility::Unstated) {
                continue;
            }
            let Some(p) = point.filter(|p| covered.at(*p).is_some()) else { continue };
            let (x, y) = (p.x.floor() as i64, p.y.floor() as i64);
            let near = || (-REACH_PX..=REACH_PX).flat_map(|dy| (-REACH_PX..=REACH_PX).map(move |dx| (x + dx, y + dy)));
            let near = || near().filter(|(x, y)| covered.get(*x, *y).is_some()).map(|(x, y)| pixel(x, y));
            let cover = if covered.at(p) == Some(true) {
                Some(pixel(x, y))
            } else if near().any(shows) {
                None
            } else {
                near().find(|k| covered.data[*k])
            };
            if let Some(k) = cover {
                *seen = cause(k);
            }
        }
        hand.visibility_coco = hand.visibility.map(Visibility::coco);
    }
}

/// Counts and boxes of what is seen of each hand, from the masks; without masks nobody knows.
pub fn recount(label: &mut SampleLabel, pictures: &Pictures) {
    let hands = label.hands.len();
    for hand in &mut label.hands {
        let part = |k: usize| pictures.part.as_ref().is_none_or(|part| part.data[k] > PERSON_ID);
        let shows = |k: usize| match &pictures.instance {
            Some(instance) => instance.data[k] == hand.instance && part(k),
            None => hands == 1 && part(k),
        };
        let Some(plane) = pictures.instance.as_ref().or(pictures.part.as_ref().filter(|_| hands == 1)) else {
            (hand.visible_px, hand.box_visible_px) = (None, None);
            continue;
        };
        let width = plane.width as usize;
        let seen: Vec<usize> = (0..plane.data.len()).filter(|k| shows(*k)).collect();
        let corner = |k: &usize| Vec2::new((k % width) as f32, (k / width) as f32);
        let corners = seen.iter().flat_map(|k| [corner(k), corner(k) + Vec2::ONE]);
        hand.box_visible_px = box_around(corners);
        hand.visible_px = Some(seen.len() as u32);
    }
}

#[cfg(test)]
mod tests {
    use glam::Vec3;

    use super::*;
    use crate::camera::Lens;
    use crate::dataset::{HandRecord, SampleName};

    /// A hand of points around the axis, 0.5 m away.
    fn label() -> SampleLabel {
        let name = SampleName { index: 0, id: "0", split: "train" };
        let mut label = SampleLabel::captured(name, 200, 100);
        label.k = Some([[150.0, 0.0, 101.0], [0.0, 155.0, 49.0], [0.0, 0.0, 1.0]]);
        label.lens = Lens::BrownConrady { k1: -0.1, k2: 0.02, p1: 0.001, p2: 0.0, k3: 0.0 };
        let mut hand = HandRecord::unknown(1);
        hand.keypoints_camera_m = std::array::from_fn(|k| {
            Some(Vec3::new(0.02 * (k % 7) as f32 - 0.06, 0.03 * (k / 7) as f32 - 0.03, 0.5 + 0.01 * (k % 5) as f32))
        });
        hand.complete(label.camera().as_ref(), 200, 100);
        label.hands.push(hand);
        label
    }

    #[test]
    fn points_in_space_project_to_the_moved_points() {
        for (scale, offset) in
            [(1.0, Vec2::new(17.3, -8.0)), (1.7, Vec2::new(-60.0, -30.0)), (0.6, Vec2::new(33.0, 5.0))]
        {
            let mut label = label();
            moved(&mut label, scale, offset, [180, 120]);
            let camera = label.camera().unwrap();
            assert_eq!((camera.intrinsics.width, camera.intrinsics.height), (180, 120));
            for (point, px) in label.hands[0].keypoints_camera_m.iter().zip(label.hands[0].keypoints_px) {
                let projected = camera.project(point.unwrap()).unwrap();
                assert!(projected.distance(px.unwrap()) < 2e-3, "{scale} {offset}: {projected} {px:?}");
            }
        }
    }

    #[test]
    fn points_that_leave_the_picture_are_outside() {
        let mut label = label();
        moved(&mut label, 1.0, Vec2::new(90.0, 0.0), [200, 100]);
        let hand = &label.hands[0];
        for (p, seen) in hand.keypoints_px.iter().zip(hand.visibility) {
            let outside = p.unwrap().x >= 200.0;
            assert_eq!(seen == Visibility::OutsidePicture, outside, "{p:?} {seen:?}");
            assert_eq!(seen.coco() == 0, outside);
        }
        assert!(hand.visibility.contains(&Visibility::OutsidePicture));
    }

    #[test]
    fn covered_points_are_hidden_by_what_covers_them() {
        let mut label = label();
        let covered = Plane { width: 200, height: 100, data: (0..20_000).map(|k| k % 200 < 95).collect() };
        let instance = crate::blend::light::map(&covered, |c| u8::from(!c));
        let pictures = Pictures { instance: Some(instance), ..Pictures::default() };
        hide(&mut label, &pictures, &covered, &|_| Visibility::HiddenByArm);
        recount(&mut label, &pictures);
        let hand = &label.hands[0];
        for (p, seen) in hand.keypoints_px.iter().zip(hand.visibility) {
            let hidden = p.unwrap().x < 95.0;
            assert_eq!(seen, if hidden { Visibility::HiddenByArm } else { Visibility::Unstated });
        }
        assert_eq!(hand.visible_px, Some(105 * 100));
        assert_eq!(hand.box_visible_px, Some([95.0, 0.0, 105.0, 100.0]));
    }

    #[test]
    fn a_camera_without_a_matrix_moves_too() {
        let mut label = label();
        label.k = None;
        moved(&mut label, 2.0, Vec2::ZERO, [400, 200]);
        assert_eq!((label.k, label.width), (None, 400));
    }
}
