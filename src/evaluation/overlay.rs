//! Truth and estimate drawn over a picture.

use glam::Vec2;

use crate::camera::Camera;
use crate::dataset::{HandRecord, SampleLabel};
use crate::label::Visibility;
use crate::metrics::Points2;
use crate::report::draw::{self, Canvas};
use crate::rig::LANDMARK_COUNT;
use crate::rig::joint::LANDMARK_PARENT;
use crate::tracker::HandEstimate;

/// Keypoints below this confidence are drawn as small dots.
const SURE: f32 = 0.5;

/// The picture with the truth as thin white lines, if there is one, and every estimate in the colours of the digits.
pub fn overlay(picture: &Canvas, label: Option<&SampleLabel>, hands: &[HandEstimate]) -> Canvas {
    let mut canvas = picture.clone();
    let side = picture.width.max(picture.height).max(1);
    draw_hands(&mut canvas, label, hands, [0.0, 0.0, side as f32]);
    canvas
}

/// The square `[left, top, side]` of the picture at another size, drawn over; what lies outside the picture is dark.
pub(super) fn close_up(
    picture: &Canvas,
    label: Option<&SampleLabel>,
    hands: &[HandEstimate],
    square: [f32; 3],
    side_px: u32,
) -> Canvas {
    let scale = square[2] / side_px as f32;
    let pixel = |k: u32| {
        let at = Vec2::new((k % side_px) as f32 + 0.5, (k / side_px) as f32 + 0.5) * scale;
        picture.at(at + Vec2::new(square[0], square[1])).unwrap_or([28; 3])
    };
    let data = (0..side_px * side_px).map(pixel).collect();
    let mut canvas = Canvas { width: side_px, height: side_px, data };
    draw_hands(&mut canvas, label, hands, square);
    canvas
}

/// Keypoints of an estimate in the picture: the model's own, else those of its points in space.
pub(super) fn shown_px(hand: &HandEstimate, camera: Option<&Camera>) -> Points2 {
    std::array::from_fn(|k| {
        let in_space = || camera?.project(hand.keypoints_camera_m[k]?);
        hand.keypoints_px[k].or_else(in_space).filter(|p| p.is_finite())
    })
}

/// Draws hands into a canvas that shows the square `[left, top, side]` of the picture.
fn draw_hands(canvas: &mut Canvas, label: Option<&SampleLabel>, hands: &[HandEstimate], square: [f32; 3]) {
    let scale = canvas.width.max(canvas.height) as f32 / square[2];
    let placed = |points: &Points2| points.map(|p| p.map(|p| (p - Vec2::new(square[0], square[1])) * scale));
    let camera = label.and_then(SampleLabel::camera);
    for hand in label.iter().flat_map(|label| &label.hands) {
        thin_skeleton(canvas, &placed(&hand.keypoints_px));
    }
    for hand in hands {
        let mut record = HandRecord::unknown(1);
        record.keypoints_px = placed(&shown_px(hand, camera.as_ref()));
        record.visibility =
            hand.keypoint_confidence.map(|c| if c >= SURE { Visibility::Visible } else { Visibility::Hidden });
        draw::skeleton(canvas, &record);
    }
}

fn thin_skeleton(canvas: &mut Canvas, points: &Points2) {
    let width = (canvas.width.max(canvas.height) as f32 / 400.0).max(0.6);
    for (half_width, colour) in [(1.5 * width, [20; 3]), (0.7 * width, [255; 3])] {
        for k in 1..LANDMARK_COUNT {
            if let (Some(a), Some(b)) = (points[LANDMARK_PARENT[k]], points[k]) {
                draw::line(canvas, a, b, half_width, colour);
            }
        }
    }
}
