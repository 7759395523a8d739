//! Whether the keypoints of a list stand in another order than they are taken to: where nothing is known but pixels, the right
//! order is the one whose bones are shortest.

use glam::Vec2;

use super::parse::RawHand;
use crate::dataset::orders::{ORDERS, Order};
use crate::rig::{LANDMARK_COUNT, LANDMARK_PARENT};

/// Hands from which on anything is said.
const LEAST_HANDS: usize = 8;
/// Share of the hands whose bones must be shorter in the other order. Of 200 rendered pictures in the order of another set, about
/// nine of ten hands are shorter in it, and of those in our own at most three of ten in any other.
const LEAST_SHARE: f64 = 0.6;
/// Knuckles that lie beside each other, the MCP joints.
const NEIGHBOURS: [[usize; 2]; 4] = [[2, 5], [5, 9], [9, 13], [13, 17]];

/// Name of the order in which bones and knuckles of most hands lie closer together than in the given one.
pub(super) fn better(hands: &[RawHand], taken: Option<Order>) -> Option<&'static str> {
    let taken = taken.unwrap_or(std::array::from_fn(|k| k));
    let whole: Vec<[Vec2; LANDMARK_COUNT]> = hands.iter().filter_map(pixels).collect();
    let shorter = |order: &Order| whole.iter().filter(|hand| length(hand, order) < length(hand, &taken)).count();
    let total = |order: &Order| whole.iter().map(|hand| length(hand, order) / length(hand, &taken)).sum::<f32>();
    let others = ORDERS.iter().filter(|(_, order)| shorter(order) as f64 >= LEAST_SHARE * whole.len() as f64);
    let best = others.min_by(|(_, a), (_, b)| total(a).total_cmp(&total(b)))?;
    (whole.len() >= LEAST_HANDS).then_some(best.0)
}

/// A hand with all its keypoints, not all in one place.
fn pixels(hand: &RawHand) -> Option<[Vec2; LANDMARK_COUNT]> {
    let points = hand.points.as_ref()?;
    let pixels = points.map(|[x, y, _]| Vec2::new(x, y));
    let is_whole = points.iter().all(|p| p[2] > 0.0) && pixels.iter().any(|p| p.distance(pixels[0]) > 1.0);
    is_whole.then_some(pixels)
}

/// Bones and gaps between knuckles, pixels; `order` names the place of every canonical keypoint.
fn length(points: &[Vec2; LANDMARK_COUNT], order: &Order) -> f32 {
    let bones = (1..LANDMARK_COUNT).map(|k| [k, LANDMARK_PARENT[k]]);
    bones.chain(NEIGHBOURS).map(|[a, b]| points[order[a]].distance(points[order[b]])).sum()
}
