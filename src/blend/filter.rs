//! Which samples of a source are taken.

use super::preset::{Filter, Need};
use crate::dataset::{HandRecord, SampleLabel, SetInfo, box_around};
use crate::label::Visibility;

/// True if a sample passes: what the filter says holds for every hand.
pub fn passes(filter: &Filter, label: &SampleLabel) -> bool {
    let count = label.hands.len() as u32;
    filter.hands.is_none_or(|[low, high]| (low..=high).contains(&count))
        && label.hands.iter().all(|hand| hand_passes(filter, hand, label))
        && (!filter.needs.contains(&Need::Keypoints3d) || has_points(label))
}

fn has_points(label: &SampleLabel) -> bool {
    label.k.is_some() && label.hands.iter().all(|hand| hand.keypoints_camera_m.iter().flatten().count() > 0)
}

fn hand_passes(filter: &Filter, hand: &HandRecord, label: &SampleLabel) -> bool {
    let seen =
        hand.visibility.iter().filter(|v| matches!(v, Visibility::Visible | Visibility::Unstated)).count() as u32;
    let distance = hand.keypoints_camera_m[0].or(hand.keypoints_camera_m[9]).map(glam::Vec3::length);
    let within = |range: [f32; 2], value: Option<f32>| value.is_some_and(|v| (range[0]..=range[1]).contains(&v));
    filter.side.is_none_or(|side| hand.side == Some(side))
        && seen >= filter.min_visible
        && (filter.min_hand_px <= 0.0 || size_px(hand, label) >= filter.min_hand_px)
        && filter.distance_m.is_none_or(|range| within(range, distance))
        && filter.subjects.is_none_or(|[first, end]| hand.subject.is_some_and(|s| (first..end).contains(&s)))
        && (filter.gestures.is_empty() || filter.gestures.contains(&hand.gesture))
}

/// Longer side of the box around the keypoints inside the picture, pixels.
fn size_px(hand: &HandRecord, label: &SampleLabel) -> f32 {
    let inside = |p: &glam::Vec2| p.x >= 0.0 && p.y >= 0.0 && p.x < label.width as f32 && p.y < label.height as f32;
    let points = hand.keypoints_px.iter().flatten().copied().filter(inside);
    box_around(points).map_or(0.0, |[_, _, w, h]| w.max(h))
}

/// What a source must have and lacks, in words; empty if it has all.
pub fn lacking(filter: &Filter, info: &SetInfo, has: super::sources::Has) -> Vec<String> {
    let needs = filter.needs.iter().filter_map(|need| match need {
        Need::Rgb if !has.rgb => Some("a colour picture"),
        Need::Depth if !has.depth => Some("depth"),
        Need::Mask if !has.part && !has.instance => Some("masks"),
        _ => None,
    });
    needs.map(|what| format!("`{}` has no {what}", info.root.display())).collect()
}

#[cfg(test)]
mod tests {
    use glam::{Vec2, Vec3};

    use super::*;
    use crate::dataset::SampleName;
    use crate::rig::HandSide;

    fn label() -> SampleLabel {
        let mut label = SampleLabel::captured(SampleName { index: 0, id: "0", split: "train" }, 100, 100);
        let mut hand = HandRecord::unknown(1);
        hand.side = Some(HandSide::Right);
        hand.subject = Some(7);
        hand.gesture = "fist".to_owned();
        hand.keypoints_px = std::array::from_fn(|k| Some(Vec2::new(10.0 + 5.0 * k as f32, 50.0)));
        hand.keypoints_camera_m = std::array::from_fn(|_| Some(Vec3::new(0.0, 0.3, 0.4)));
        hand.complete(None, 100, 100);
        label.hands.push(hand);
        label
    }

    #[test]
    fn every_word_of_a_filter_counts() {
        let label = label();
        let all = Filter::default();
        assert!(passes(&all, &label));
        // 18 of the 21 points lie inside, 85 pixels apart
        let cases = [
            (Filter { side: Some(HandSide::Right), ..all.clone() }, true),
            (Filter { side: Some(HandSide::Left), ..all.clone() }, false),
            (Filter { hands: Some([1, 1]), ..all.clone() }, true),
            (Filter { hands: Some([2, 2]), ..all.clone() }, false),
            (Filter { min_visible: 18, ..all.clone() }, true),
            (Filter { min_visible: 19, ..all.clone() }, false),
            (Filter { min_hand_px: 85.0, ..all.clone() }, true),
            (Filter { min_hand_px: 86.0, ..all.clone() }, false),
            (Filter { distance_m: Some([0.4, 0.6]), ..all.clone() }, true),
            (Filter { distance_m: Some([0.6, 0.7]), ..all.clone() }, false),
            (Filter { subjects: Some([0, 8]), ..all.clone() }, true),
            (Filter { subjects: Some([0, 7]), ..all.clone() }, false),
            (Filter { gestures: vec!["fist".to_owned()], ..all.clone() }, true),
            (Filter { gestures: vec!["open".to_owned()], ..all.clone() }, false),
            (Filter { needs: vec![Need::Keypoints3d], ..all.clone() }, false),
        ];
        for (filter, expected) in cases {
            assert_eq!(passes(&filter, &label), expected, "{filter:?}");
        }
    }
}
