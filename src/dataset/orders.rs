//! In which order other datasets keep the 21 keypoints of a hand.
//!
//! Each table gives, for every canonical keypoint (wrist; thumb CMC MCP IP TIP; index, middle, ring, little MCP PIP DIP TIP), its
//! place in the other order. Sets without all 21 (NYU, ICVL) and sets in our own order (`FreiHAND`, `DexYCB`, `SynthHands`,
//! `GANerated`, `MediaPipe`, `OpenPose`, COCO-`WholeBody`) are not here.

use crate::rig::LANDMARK_COUNT;

/// Place of every canonical keypoint in another order.
pub type Order = [usize; LANDMARK_COUNT];

/// One hand of RHD, after its wrist: every digit from tip to base.
pub const RHD: Order = [0, 4, 3, 2, 1, 8, 7, 6, 5, 12, 11, 10, 9, 16, 15, 14, 13, 20, 19, 18, 17];
/// STB: palm centre (not the wrist), then little finger to thumb, each from base to tip.
pub const STB: Order = [0, 17, 18, 19, 20, 13, 14, 15, 16, 9, 10, 11, 12, 5, 6, 7, 8, 1, 2, 3, 4];
/// MSRA: wrist, index to little finger, thumb last, each from base to tip.
pub const MSRA: Order = [0, 17, 18, 19, 20, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16];
/// HANDS 2017: wrist, the five knuckles, then PIP, DIP and tip of every digit.
pub const HANDS2017: Order = [0, 1, 6, 7, 8, 2, 9, 10, 11, 3, 12, 13, 14, 4, 15, 16, 17, 5, 18, 19, 20];
/// One hand of InterHand2.6M: every digit from tip to base, the wrist last.
pub const INTERHAND: Order = [20, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12, 19, 18, 17, 16];
/// MANO's sixteen joints (index, middle, little, ring, thumb), then the five tips, as HO-3D has them.
pub const MANO: Order = [0, 13, 14, 15, 16, 1, 2, 3, 17, 4, 5, 6, 18, 10, 11, 12, 19, 7, 8, 9, 20];

/// All of them, by name.
pub const ORDERS: [(&str, Order); 6] = [
    ("RHD (wrist, then every digit from tip to base)", RHD),
    ("STB (little finger to thumb)", STB),
    ("MSRA (thumb last)", MSRA),
    ("HANDS 2017 (knuckles first)", HANDS2017),
    ("InterHand2.6M (tips first, wrist last)", INTERHAND),
    ("MANO (little before ring, thumb after, tips last)", MANO),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_order_names_every_place_once() {
        for (name, order) in ORDERS {
            let mut sorted = order;
            sorted.sort_unstable();
            assert_eq!(sorted, std::array::from_fn(|k| k), "{name}");
        }
    }
}
