//! Where a piece of one sample may stand in front of the hands of another.

use glam::{Affine2, Mat2, Vec2};

use super::layer::Piece;
use crate::dataset::SampleLabel;
use crate::frame::{NO_DEPTH, Plane};
use crate::label::Visibility;
use crate::seed::Stream;

/// Places that are tried for one piece.
const TRIES: usize = 400;
/// Ends that go on unseen lie at least this far outside the picture, pixels.
const END_MARGIN_PX: f32 = 1.5;
/// Enlarged further, a piece would be nothing but blur.
const MOST_SCALE: f32 = 3.0;
/// Smaller, it would hide nothing.
const LEAST_SCALE: f32 = 0.3;
/// How much nearer than the hand a piece stands: share of the hand's distance.
const NEARNESS: [f32; 2] = [0.55, 0.95];
/// A piece stands at least this far in front of what it hides, metres.
const GAP_M: f32 = 0.005;

/// Draws a place for a piece: some visible keypoints are hidden, no more than the given share of them, and no end comes
/// into the picture. `focal_ratio` is the picture's focal length over that of the piece's own. `None` if none was found.
pub fn place(
    piece: &Piece,
    label: &SampleLabel,
    scale: f32,
    focal_ratio: Option<f32>,
    max_hidden: f32,
    stream: &mut Stream,
) -> Option<Affine2> {
    let shown: Vec<usize> = (0..piece.mask.data.len()).filter(|k| piece.mask.data[*k]).collect();
    let points: Vec<Vec2> = visible(label).collect();
    if shown.is_empty() || points.is_empty() {
        return None;
    }
    let most = ((max_hidden * points.len() as f32) as usize).max(1);
    let size = Vec2::new(label.width as f32, label.height as f32);
    let natural = natural_scale(piece, label, focal_ratio);
    (0..TRIES).find_map(|_| {
        let nearer = 1.0 / stream.uniform(NEARNESS[0], NEARNESS[1]);
        let scale = (natural * nearer * scale).clamp(LEAST_SCALE, MOST_SCALE);
        let turn = turned(stream.uniform(0.0, std::f32::consts::TAU), scale, stream.chance(0.5));
        let from = pixel_centre(shown[stream.index(shown.len())], piece.mask.width);
        let to_from = Affine2 { matrix2: turn, translation: points[stream.index(points.len())] - turn * from };
        let ends_hidden = piece.open_ends.iter().all(|end| {
            let p = to_from.transform_point2(*end);
            p.cmplt(Vec2::splat(-END_MARGIN_PX)).any() || p.cmpgt(size + END_MARGIN_PX).any()
        });
        if !ends_hidden {
            return None;
        }
        let from_to = to_from.inverse();
        let hidden = points.iter().filter(|p| piece.mask.at(from_to.transform_point2(**p)) == Some(true)).count();
        (1..=most).contains(&hidden).then_some(to_from)
    })
}

/// Keypoints that are seen, pixels.
fn visible(label: &SampleLabel) -> impl Iterator<Item = Vec2> + '_ {
    let seen = |v: Visibility| matches!(v, Visibility::Visible | Visibility::Unstated);
    label.hands.iter().flat_map(move |hand| {
        hand.keypoints_px.iter().zip(hand.visibility).filter(move |(_, v)| seen(*v)).filter_map(|(p, _)| *p)
    })
}

/// Factor on a piece's pixels that shows it in its own size at the distance of the hands; 1 where nobody knows.
fn natural_scale(piece: &Piece, label: &SampleLabel, focal_ratio: Option<f32>) -> f32 {
    let nearest = nearest_keypoint_m(label);
    match (piece.nearest_m, nearest, focal_ratio) {
        (Some(own), Some(hand), Some(ratio)) if hand > 0.0 => ratio * own / hand,
        _ => 1.0,
    }
}

fn nearest_keypoint_m(label: &SampleLabel) -> Option<f32> {
    let depths = label.hands.iter().flat_map(|hand| hand.keypoints_camera_m.iter().flatten().map(|p| p.z));
    depths.reduce(f32::min)
}

fn turned(angle: f32, scale: f32, mirrored: bool) -> Mat2 {
    let (sin, cos) = libm::sincosf(angle);
    let flip = if mirrored { -1.0 } else { 1.0 };
    Mat2::from_cols(Vec2::new(cos, sin) * scale * flip, Vec2::new(-sin, cos) * scale)
}

fn pixel_centre(k: usize, width: u32) -> Vec2 {
    Vec2::new((k % width as usize) as f32 + 0.5, (k / width as usize) as f32 + 0.5)
}

/// Depth of a placed piece: its own, scaled so that its size fits its pixels, and nearer if it would not stand in front of
/// everything that it hides. Where nobody knows its depth it is flat.
pub fn depth_in_front(
    own_m: Option<&Plane<f32>>,
    placed: &Plane<bool>,
    behind_m: &Plane<f32>,
    natural: Option<f32>,
    label: &SampleLabel,
) -> Plane<f32> {
    let known = |k: usize| own_m.map_or(1.0, |own| own.data[k]);
    let hidden = (0..placed.data.len()).filter(|k| placed.data[*k] && known(*k) > NO_DEPTH);
    let pairs: Vec<(usize, f32)> = hidden.map(|k| (k, known(k))).collect();
    let limits = pairs.iter().filter(|(k, _)| behind_m.data[*k] > NO_DEPTH);
    let most = limits.map(|(k, own)| (behind_m.data[*k] - GAP_M) / own).fold(f32::INFINITY, f32::min);
    let nearest = pairs.iter().map(|(_, own)| *own).fold(f32::INFINITY, f32::min);
    let by_points = nearest_keypoint_m(label).map_or(f32::INFINITY, |z| (z - 4.0 * GAP_M) / nearest);
    let wanted = natural.filter(|_| own_m.is_some()).unwrap_or(f32::INFINITY).min(most);
    let factor = if wanted.is_finite() { wanted } else { by_points };
    let factor = if factor.is_finite() { factor.max(1e-3) } else { 1.0 };
    let mut out = Plane::filled(placed.width, placed.height, NO_DEPTH);
    for (k, own) in pairs {
        out.data[k] = own * factor;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::{HandRecord, SampleName};
    use crate::scene::InstanceKind;
    use crate::seed::SampleId;

    fn label() -> SampleLabel {
        let mut label = SampleLabel::captured(SampleName { index: 0, id: "0", split: "train" }, 120, 100);
        let mut hand = HandRecord::unknown(1);
        hand.keypoints_px =
            std::array::from_fn(|k| Some(Vec2::new(40.0 + 2.0 * k as f32, 50.0 + (k % 3) as f32 * 8.0)));
        hand.visibility = [Visibility::Visible; 21];
        label.hands.push(hand);
        label
    }

    fn bar(open_ends: Vec<Vec2>) -> Piece {
        let data = (0..100 * 80).map(|k| k / 100 >= 30 && k / 100 < 44).collect();
        let mask = Plane { width: 100, height: 80, data };
        Piece { mask, kind: InstanceKind::Object, name: "bar".to_owned(), open_ends, nearest_m: None }
    }

    #[test]
    fn places_hide_some_keypoints_and_show_no_end() {
        let label = label();
        let piece = bar((30..44).flat_map(|y| [0.5, 99.5].map(|x| Vec2::new(x, y as f32 + 0.5))).collect());
        let mut found = 0;
        for index in 0..60 {
            let mut stream = SampleId { seed: 3, index }.stream("test");
            let Some(to_from) = place(&piece, &label, 1.6, None, 0.4, &mut stream) else { continue };
            found += 1;
            for end in &piece.open_ends {
                let p = to_from.transform_point2(*end);
                assert!(p.x < -1.0 || p.y < -1.0 || p.x > 121.0 || p.y > 101.0, "{p}");
            }
            let from_to = to_from.inverse();
            let hidden = visible(&label).filter(|p| piece.mask.at(from_to.transform_point2(*p)) == Some(true)).count();
            assert!((1..=8).contains(&hidden), "{hidden}");
        }
        assert!(found > 40, "{found}");
    }

    #[test]
    fn pieces_stand_in_front_of_all_they_hide() {
        let placed = Plane { width: 4, height: 1, data: vec![true, true, true, false] };
        let own = Plane { width: 4, height: 1, data: vec![1.0, 1.2, 1.1, 0.7] };
        let behind = Plane { width: 4, height: 1, data: vec![0.5, 0.5, 0.0, 0.1] };
        let depth = depth_in_front(Some(&own), &placed, &behind, Some(0.9), &label());
        assert!(depth.data[0] < 0.495 && depth.data[1] <= 0.4951 && depth.data[1] > 0.49, "{:?}", depth.data);
        assert!((depth.data[2] / depth.data[0] - 1.1).abs() < 1e-4);
        assert!(depth.data[3].abs() < 1e-9);
        let far = depth_in_front(Some(&own), &placed, &behind, Some(0.2), &label());
        assert!((far.data[0] - 0.2).abs() < 1e-6, "its own size where that is in front");
        let flat = depth_in_front(None, &placed, &behind, None, &label());
        assert!((flat.data[0] - 0.495).abs() < 1e-6 && (flat.data[2] - 0.495).abs() < 1e-6);
    }
}
