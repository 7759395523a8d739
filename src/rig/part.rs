//! The parts of a hand that masks tell apart, and their ids in the Rendered Hand Pose dataset (RHD).

use serde::{Deserialize, Serialize};

use super::HandSide;
use super::joint::Digit;

/// Number of hand parts of one hand (15 segments and the palm); the arm is a 17th, class person.
pub const PART_COUNT: usize = 17;

/// A part of a hand or the arm behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum HandPart {
    /// A segment of a digit: 0 at the tip, 2 at the palm.
    Segment(Digit, u8),
    /// The palm and the back of the hand.
    Palm,
    /// The forearm: class person.
    Arm,
}

/// RHD id of background.
pub const BACKGROUND_ID: u8 = 0;
/// RHD id of a person other than the hands.
pub const PERSON_ID: u8 = 1;

impl HandPart {
    /// Number of the part within a hand: 0..15 segments digit by digit from the thumb's tip, 15 palm, 16 arm.
    pub fn index(self) -> u8 {
        match self {
            Self::Segment(digit, k) => digit as u8 * 3 + k,
            Self::Palm => 15,
            Self::Arm => 16,
        }
    }

    /// RHD id: 1 arm, 2..=16 left segments, 17 left palm, 18..=32 right segments, 33 right palm.
    pub fn rhd_id(index: u8, side: HandSide) -> u8 {
        let base = if side == HandSide::Left { 2 } else { 18 };
        if index >= 16 { PERSON_ID } else { base + index }
    }

    /// Hand side of an RHD id; `None` for background and person.
    pub fn side_of_rhd_id(id: u8) -> Option<HandSide> {
        match id {
            2..=17 => Some(HandSide::Left),
            18..=33 => Some(HandSide::Right),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_those_of_rhd() {
        use HandSide::{Left, Right};
        let id = |part: HandPart, side| HandPart::rhd_id(part.index(), side);
        assert_eq!(id(HandPart::Segment(Digit::Thumb, 0), Left), 2);
        assert_eq!(id(HandPart::Segment(Digit::Index, 0), Left), 5);
        assert_eq!(id(HandPart::Segment(Digit::Little, 2), Left), 16);
        assert_eq!(id(HandPart::Palm, Left), 17);
        assert_eq!(id(HandPart::Segment(Digit::Thumb, 0), Right), 18);
        assert_eq!(id(HandPart::Segment(Digit::Little, 2), Right), 32);
        assert_eq!(id(HandPart::Palm, Right), 33);
        assert_eq!(id(HandPart::Arm, Right), PERSON_ID);
    }
}
