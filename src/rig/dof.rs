//! Degrees of freedom: 26 anatomical angles that pose any rig.

use serde::{Deserialize, Serialize};

use super::joint::{Digit, Joint};

/// Number of degrees of freedom.
pub const DOF_COUNT: usize = 26;

/// One anatomical angle, radians.
///
/// * Flexion bends towards the palm; 0 is a straight joint. Wrist flexion likewise.
/// * MCP abduction is positive to the radial side; 0 is the digit's natural direction in the bind pose.
/// * Wrist deviation is positive to the radial side. Forearm twist is positive in supination (right hand: the palm turns up).
/// * Thumb CMC abduction (palmar abduction) lifts the thumb out of the palm plane towards +Z; CMC flexion sweeps it across
///   the palm to the ulnar side (negative: radial extension); pronation turns its pad towards the fingers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
#[expect(missing_docs, reason = "anatomical names, see the type")]
pub enum Dof {
    ForearmTwist,
    WristFlexion,
    WristDeviation,
    ThumbCmcAbduction,
    ThumbCmcFlexion,
    ThumbCmcPronation,
    ThumbMcpFlexion,
    ThumbIpFlexion,
    IndexMcpAbduction,
    IndexMcpFlexion,
    IndexPipFlexion,
    IndexDipFlexion,
    MiddleMcpAbduction,
    MiddleMcpFlexion,
    MiddlePipFlexion,
    MiddleDipFlexion,
    RingCmcFlexion,
    RingMcpAbduction,
    RingMcpFlexion,
    RingPipFlexion,
    RingDipFlexion,
    LittleCmcFlexion,
    LittleMcpAbduction,
    LittleMcpFlexion,
    LittlePipFlexion,
    LittleDipFlexion,
}

/// All degrees of freedom; those of one joint stand in the order in which they are applied (first turns the others' axes).
pub const DOFS: [Dof; DOF_COUNT] = {
    use Dof as D;
    [
        D::ForearmTwist,
        D::WristFlexion,
        D::WristDeviation,
        D::ThumbCmcAbduction,
        D::ThumbCmcFlexion,
        D::ThumbCmcPronation,
        D::ThumbMcpFlexion,
        D::ThumbIpFlexion,
        D::IndexMcpAbduction,
        D::IndexMcpFlexion,
        D::IndexPipFlexion,
        D::IndexDipFlexion,
        D::MiddleMcpAbduction,
        D::MiddleMcpFlexion,
        D::MiddlePipFlexion,
        D::MiddleDipFlexion,
        D::RingCmcFlexion,
        D::RingMcpAbduction,
        D::RingMcpFlexion,
        D::RingPipFlexion,
        D::RingDipFlexion,
        D::LittleCmcFlexion,
        D::LittleMcpAbduction,
        D::LittleMcpFlexion,
        D::LittlePipFlexion,
        D::LittleDipFlexion,
    ]
};

impl Dof {
    /// Position in [`DOFS`].
    pub fn index(self) -> usize {
        self as usize
    }

    /// The joint that turns. The forearm's twist turns the wrist against the forearm.
    pub fn joint(self) -> Joint {
        use Dof as D;
        use Joint as J;
        match self {
            D::ForearmTwist | D::WristFlexion | D::WristDeviation => J::Wrist,
            D::ThumbCmcAbduction | D::ThumbCmcFlexion | D::ThumbCmcPronation => J::ThumbMetacarpal,
            D::ThumbMcpFlexion => J::ThumbPhalanxProximal,
            D::ThumbIpFlexion => J::ThumbPhalanxDistal,
            D::IndexMcpAbduction | D::IndexMcpFlexion => J::IndexFingerPhalanxProximal,
            D::IndexPipFlexion => J::IndexFingerPhalanxIntermediate,
            D::IndexDipFlexion => J::IndexFingerPhalanxDistal,
            D::MiddleMcpAbduction | D::MiddleMcpFlexion => J::MiddleFingerPhalanxProximal,
            D::MiddlePipFlexion => J::MiddleFingerPhalanxIntermediate,
            D::MiddleDipFlexion => J::MiddleFingerPhalanxDistal,
            D::RingCmcFlexion => J::RingFingerMetacarpal,
            D::RingMcpAbduction | D::RingMcpFlexion => J::RingFingerPhalanxProximal,
            D::RingPipFlexion => J::RingFingerPhalanxIntermediate,
            D::RingDipFlexion => J::RingFingerPhalanxDistal,
            D::LittleCmcFlexion => J::PinkyFingerMetacarpal,
            D::LittleMcpAbduction | D::LittleMcpFlexion => J::PinkyFingerPhalanxProximal,
            D::LittlePipFlexion => J::PinkyFingerPhalanxIntermediate,
            D::LittleDipFlexion => J::PinkyFingerPhalanxDistal,
        }
    }

    /// (MCP abduction, MCP flexion, PIP flexion, DIP flexion) of a finger; `None` for the thumb.
    pub fn finger(digit: Digit) -> Option<[Self; 4]> {
        let first = match digit {
            Digit::Thumb => return None,
            Digit::Index => Self::IndexMcpAbduction,
            Digit::Middle => Self::MiddleMcpAbduction,
            Digit::Ring => Self::RingMcpAbduction,
            Digit::Little => Self::LittleMcpAbduction,
        };
        let k = first.index();
        Some([DOFS[k], DOFS[k + 1], DOFS[k + 2], DOFS[k + 3]])
    }

    /// Name in files, such as `index_mcp_flexion`.
    pub fn name(self) -> &'static str {
        NAMES[self.index()]
    }

    /// The degree of freedom of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        NAMES.iter().position(|n| *n == name).map(|k| DOFS[k])
    }
}

const NAMES: [&str; DOF_COUNT] = [
    "forearm_twist",
    "wrist_flexion",
    "wrist_deviation",
    "thumb_cmc_abduction",
    "thumb_cmc_flexion",
    "thumb_cmc_pronation",
    "thumb_mcp_flexion",
    "thumb_ip_flexion",
    "index_mcp_abduction",
    "index_mcp_flexion",
    "index_pip_flexion",
    "index_dip_flexion",
    "middle_mcp_abduction",
    "middle_mcp_flexion",
    "middle_pip_flexion",
    "middle_dip_flexion",
    "ring_cmc_flexion",
    "ring_mcp_abduction",
    "ring_mcp_flexion",
    "ring_pip_flexion",
    "ring_dip_flexion",
    "little_cmc_flexion",
    "little_mcp_abduction",
    "little_mcp_flexion",
    "little_pip_flexion",
    "little_dip_flexion",
];

/// Joint angles of one hand, radians, one per [`Dof`].
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct HandPose(pub [f32; DOF_COUNT]);

impl HandPose {
    /// Angle of one degree of freedom, radians.
    pub fn get(&self, dof: Dof) -> f32 {
        self.0[dof.index()]
    }

    /// Set the angle of one degree of freedom, radians.
    pub fn set(&mut self, dof: Dof, angle_rad: f32) {
        self.0[dof.index()] = angle_rad;
    }
}

// a pose is a table of names in files: a reader must not have to count to 26
impl Serialize for HandPose {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(DOFS.into_iter().map(|d| (d.name(), self.get(d))))
    }
}

impl<'de> Deserialize<'de> for HandPose {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let map = std::collections::BTreeMap::<Dof, f32>::deserialize(deserializer)?;
        let mut pose = Self::default();
        for (dof, angle) in map {
            pose.set(dof, angle);
        }
        Ok(pose)
    }
}

/// Range of one degree of freedom, radians.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limit {
    /// No pose leaves this range.
    pub hard_rad: [f32; 2],
    /// 95 % of natural poses stay in this range.
    pub soft_rad: [f32; 2],
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_order_agree() {
        for (k, dof) in DOFS.into_iter().enumerate() {
            assert_eq!(dof.index(), k);
            assert_eq!(Dof::from_name(dof.name()), Some(dof));
            assert_eq!(serde_json::to_string(&dof).unwrap(), format!("\"{}\"", dof.name()));
        }
        assert_eq!(Dof::finger(Digit::Little).unwrap()[3], Dof::LittleDipFlexion);
    }

    #[test]
    fn pose_survives_a_file() {
        let mut pose = HandPose::default();
        pose.set(Dof::RingPipFlexion, 1.234_567);
        let text = serde_json::to_string(&pose).unwrap();
        assert_eq!(serde_json::from_str::<HandPose>(&text).unwrap(), pose);
        assert!(serde_json::from_str::<HandPose>("{\"ring_pip\": 1}").is_err());
    }
}
