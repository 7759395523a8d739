//! In which order other datasets keep the 21 keypoints of a hand.
//!
//! Each table gives, for every canonical keypoint (wrist; thumb CMC MCP IP TIP; index, middle, ring, little MCP PIP DIP TIP), its
//! place in the other order. Sets in our own order (`FreiHAND`, `DexYCB`, `SynthHands`,
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
/// NYU: our keypoints among its 36 points, which are named in [`NYU_NAMES`].
pub const NYU: Order = [35, 28, 27, 25, 24, 22, 21, 19, 18, 16, 15, 13, 12, 10, 9, 7, 6, 4, 3, 1, 0];
/// Points of NYU: little, ring, middle and index finger and thumb from tip to base, then the palm: ulnar and radial side of
/// the wrist, palm centre, two more, middle of the wrist.
pub const NYU_NAMES: [&str; 36] = [
    "F1_KNU3_A",
    "F1_KNU3_B",
    "F1_KNU2_A",
    "F1_KNU2_B",
    "F1_KNU1_A",
    "F1_KNU1_B",
    "F2_KNU3_A",
    "F2_KNU3_B",
    "F2_KNU2_A",
    "F2_KNU2_B",
    "F2_KNU1_A",
    "F2_KNU1_B",
    "F3_KNU3_A",
    "F3_KNU3_B",
    "F3_KNU2_A",
    "F3_KNU2_B",
    "F3_KNU1_A",
    "F3_KNU1_B",
    "F4_KNU3_A",
    "F4_KNU3_B",
    "F4_KNU2_A",
    "F4_KNU2_B",
    "F4_KNU1_A",
    "F4_KNU1_B",
    "TH_KNU3_A",
    "TH_KNU3_B",
    "TH_KNU2_A",
    "TH_KNU2_B",
    "TH_KNU1_A",
    "TH_KNU1_B",
    "PALM_1",
    "PALM_2",
    "PALM_3",
    "PALM_4",
    "PALM_5",
    "PALM_6",
];
/// ICVL: palm centre, then root, middle and tip of thumb, index, middle, ring and little finger. They take the places of
/// CMC, IP and tip of the thumb, MCP, DIP and tip of the fingers by convention only.
pub const ICVL: [Option<usize>; LANDMARK_COUNT] = [
    None,
    Some(1),
    None,
    Some(2),
    Some(3),
    Some(4),
    None,
    Some(5),
    Some(6),
    Some(7),
    None,
    Some(8),
    Some(9),
    Some(10),
    None,
    Some(11),
    Some(12),
    Some(13),
    None,
    Some(14),
    Some(15),
];

/// All whole ones, by name.
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
