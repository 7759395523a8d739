//! The 26 joints of every hand: the 25 of `WebXR` and the forearm. Whatever a rig file holds is mapped onto these.

use serde::{Deserialize, Serialize};

/// Number of joints.
pub const JOINT_COUNT: usize = 26;

/// A joint of the skeleton; its frame has the origin at the proximal end of its bone, +Y along the bone, +X radial and
/// +Z palmar (right hand). A tip is the end of the flesh on the axis of the last bone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[repr(u8)]
#[expect(missing_docs, reason = "the names are WebXR's")]
pub enum Joint {
    Forearm,
    Wrist,
    ThumbMetacarpal,
    ThumbPhalanxProximal,
    ThumbPhalanxDistal,
    ThumbTip,
    IndexFingerMetacarpal,
    IndexFingerPhalanxProximal,
    IndexFingerPhalanxIntermediate,
    IndexFingerPhalanxDistal,
    IndexFingerTip,
    MiddleFingerMetacarpal,
    MiddleFingerPhalanxProximal,
    MiddleFingerPhalanxIntermediate,
    MiddleFingerPhalanxDistal,
    MiddleFingerTip,
    RingFingerMetacarpal,
    RingFingerPhalanxProximal,
    RingFingerPhalanxIntermediate,
    RingFingerPhalanxDistal,
    RingFingerTip,
    PinkyFingerMetacarpal,
    PinkyFingerPhalanxProximal,
    PinkyFingerPhalanxIntermediate,
    PinkyFingerPhalanxDistal,
    PinkyFingerTip,
}

/// All joints, parents before children.
pub const JOINTS: [Joint; JOINT_COUNT] = {
    use Joint as J;
    [
        J::Forearm,
        J::Wrist,
        J::ThumbMetacarpal,
        J::ThumbPhalanxProximal,
        J::ThumbPhalanxDistal,
        J::ThumbTip,
        J::IndexFingerMetacarpal,
        J::IndexFingerPhalanxProximal,
        J::IndexFingerPhalanxIntermediate,
        J::IndexFingerPhalanxDistal,
        J::IndexFingerTip,
        J::MiddleFingerMetacarpal,
        J::MiddleFingerPhalanxProximal,
        J::MiddleFingerPhalanxIntermediate,
        J::MiddleFingerPhalanxDistal,
        J::MiddleFingerTip,
        J::RingFingerMetacarpal,
        J::RingFingerPhalanxProximal,
        J::RingFingerPhalanxIntermediate,
        J::RingFingerPhalanxDistal,
        J::RingFingerTip,
        J::PinkyFingerMetacarpal,
        J::PinkyFingerPhalanxProximal,
        J::PinkyFingerPhalanxIntermediate,
        J::PinkyFingerPhalanxDistal,
        J::PinkyFingerTip,
    ]
};

/// Thumb or finger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
#[expect(missing_docs, reason = "plain names")]
pub enum Digit {
    Thumb,
    Index,
    Middle,
    Ring,
    Little,
}

/// Thumb first.
pub const DIGITS: [Digit; 5] = [Digit::Thumb, Digit::Index, Digit::Middle, Digit::Ring, Digit::Little];

/// The four fingers, radial to ulnar.
pub const FINGERS: [Digit; 4] = [Digit::Index, Digit::Middle, Digit::Ring, Digit::Little];

impl Digit {
    /// The joints of the digit from the metacarpal to the tip: 4 for the thumb, 5 for a finger.
    pub fn joints(self) -> &'static [Joint] {
        match self {
            Self::Thumb => &JOINTS[2..6],
            Self::Index => &JOINTS[6..11],
            Self::Middle => &JOINTS[11..16],
            Self::Ring => &JOINTS[16..21],
            Self::Little => &JOINTS[21..26],
        }
    }

    /// The three joints that bend (thumb CMC, MCP, IP; finger MCP, PIP, DIP) and the tip.
    pub fn chain(self) -> [Joint; 4] {
        let joints = self.joints();
        let n = joints.len();
        [joints[n - 4], joints[n - 3], joints[n - 2], joints[n - 1]]
    }
}

impl Joint {
    /// Position in [`JOINTS`].
    pub fn index(self) -> usize {
        self as usize
    }

    /// The joint it hangs from; `None` for the forearm.
    pub fn parent(self) -> Option<Self> {
        match self {
            Self::Forearm => None,
            Self::Wrist => Some(Self::Forearm),
            Self::ThumbMetacarpal
            | Self::IndexFingerMetacarpal
            | Self::MiddleFingerMetacarpal
            | Self::RingFingerMetacarpal
            | Self::PinkyFingerMetacarpal => Some(Self::Wrist),
            other => Some(JOINTS[other.index() - 1]),
        }
    }

    /// The digit it belongs to; `None` for forearm and wrist.
    pub fn digit(self) -> Option<Digit> {
        DIGITS.into_iter().find(|d| d.joints().contains(&self))
    }

    /// True for the five tips, which never turn.
    pub fn is_tip(self) -> bool {
        self.digit().is_some_and(|d| d.chain()[3] == self)
    }

    /// `WebXR`'s name; `forearm` is ours.
    pub fn name(self) -> &'static str {
        NAMES[self.index()]
    }

    /// The joint of a `WebXR` name.
    pub fn from_name(name: &str) -> Option<Self> {
        NAMES.iter().position(|n| *n == name).map(|k| JOINTS[k])
    }
}

const NAMES: [&str; JOINT_COUNT] = [
    "forearm",
    "wrist",
    "thumb-metacarpal",
    "thumb-phalanx-proximal",
    "thumb-phalanx-distal",
    "thumb-tip",
    "index-finger-metacarpal",
    "index-finger-phalanx-proximal",
    "index-finger-phalanx-intermediate",
    "index-finger-phalanx-distal",
    "index-finger-tip",
    "middle-finger-metacarpal",
    "middle-finger-phalanx-proximal",
    "middle-finger-phalanx-intermediate",
    "middle-finger-phalanx-distal",
    "middle-finger-tip",
    "ring-finger-metacarpal",
    "ring-finger-phalanx-proximal",
    "ring-finger-phalanx-intermediate",
    "ring-finger-phalanx-distal",
    "ring-finger-tip",
    "pinky-finger-metacarpal",
    "pinky-finger-phalanx-proximal",
    "pinky-finger-phalanx-intermediate",
    "pinky-finger-phalanx-distal",
    "pinky-finger-tip",
];

/// Number of landmarks.
pub const LANDMARK_COUNT: usize = 21;

/// The joints behind the 21 landmarks: wrist; thumb CMC MCP IP TIP; index, middle, ring, little MCP PIP DIP TIP.
pub const LANDMARKS: [Joint; LANDMARK_COUNT] = {
    use Joint as J;
    [
        J::Wrist,
        J::ThumbMetacarpal,
        J::ThumbPhalanxProximal,
        J::ThumbPhalanxDistal,
        J::ThumbTip,
        J::IndexFingerPhalanxProximal,
        J::IndexFingerPhalanxIntermediate,
        J::IndexFingerPhalanxDistal,
        J::IndexFingerTip,
        J::MiddleFingerPhalanxProximal,
        J::MiddleFingerPhalanxIntermediate,
        J::MiddleFingerPhalanxDistal,
        J::MiddleFingerTip,
        J::RingFingerPhalanxProximal,
        J::RingFingerPhalanxIntermediate,
        J::RingFingerPhalanxDistal,
        J::RingFingerTip,
        J::PinkyFingerPhalanxProximal,
        J::PinkyFingerPhalanxIntermediate,
        J::PinkyFingerPhalanxDistal,
        J::PinkyFingerTip,
    ]
};

/// Names of the 21 landmarks, in order.
pub const LANDMARK_NAMES: [&str; LANDMARK_COUNT] = [
    "wrist",
    "thumb_cmc",
    "thumb_mcp",
    "thumb_ip",
    "thumb_tip",
    "index_mcp",
    "index_pip",
    "index_dip",
    "index_tip",
    "middle_mcp",
    "middle_pip",
    "middle_dip",
    "middle_tip",
    "ring_mcp",
    "ring_pip",
    "ring_dip",
    "ring_tip",
    "little_mcp",
    "little_pip",
    "little_dip",
    "little_tip",
];

/// Landmark from which each landmark's bone starts; the wrist is its own.
pub const LANDMARK_PARENT: [usize; LANDMARK_COUNT] =
    [0, 0, 1, 2, 3, 0, 5, 6, 7, 0, 9, 10, 11, 0, 13, 14, 15, 0, 17, 18, 19];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_parent_comes_first_and_names_agree() {
        for (k, joint) in JOINTS.into_iter().enumerate() {
            assert_eq!(joint.index(), k);
            assert!(joint.parent().is_none_or(|p| p.index() < k));
            assert_eq!(Joint::from_name(joint.name()), Some(joint));
            assert_eq!(serde_json::to_string(&joint).unwrap(), format!("\"{}\"", joint.name()));
        }
    }

    #[test]
    fn landmarks_follow_the_skeleton() {
        for (k, joint) in LANDMARKS.into_iter().enumerate().skip(1) {
            let parent = LANDMARKS[LANDMARK_PARENT[k]];
            let up = joint.parent().unwrap();
            assert!(up == parent || up.parent() == Some(parent), "{joint:?}");
        }
    }
}
