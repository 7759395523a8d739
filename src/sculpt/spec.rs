//! The numbers of a parametric rig, as read from its `rig.toml`. Their meaning and units stand in that file.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;

use crate::rig::joint::Digit;
use crate::rig::{DOF_COUNT, DOFS, Dof, Limit};

use super::SculptError;
use super::field_spec::{CageSpec, FieldSpec};
use super::skin_spec::{RegionSpec, ReliefSpec};

/// Version of the file format that this module reads.
pub const FORMAT_VERSION: u32 = 1;

/// A whole `rig.toml`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RigSpec {
    /// [`FORMAT_VERSION`].
    pub format_version: u32,
    /// Name of the rig.
    pub name: String,
    /// Size at which the constant joint frames are taken.
    pub reference: Size,
    /// Mean hands of both sexes.
    pub mean: BySex<MeanHand>,
    /// Joint centres, bones and rest pose.
    pub proportions: Proportions,
    /// Flesh around the bones for collision tests.
    pub capsules: CapsuleSpec,
    /// Range of every degree of freedom, degrees.
    pub limits: BTreeMap<Dof, LimitDeg>,
    /// Creases, wrinkles, nails, veins.
    pub relief: ReliefSpec,
    /// Where skin is red.
    pub regions: RegionSpec,
    /// The implicit surface.
    pub field: FieldSpec,
    /// The quad cage.
    pub cage: CageSpec,
}

impl RigSpec {
    /// The spec in the text of a `rig.toml`.
    ///
    /// # Errors
    ///
    /// [`SculptError::Parse`] where the text is no TOML or does not fit, [`SculptError::Spec`] where a value makes no sense.
    pub fn parse(text: &str) -> Result<Arc<Self>, SculptError> {
        let spec: Self = toml::from_str(text).map_err(SculptError::Parse)?;
        let faults = spec.faults();
        if faults.is_empty() { Ok(Arc::new(spec)) } else { Err(SculptError::Spec { faults }) }
    }

    fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if self.format_version != FORMAT_VERSION {
            faults.push(format!("`format_version` is {}, legal is {FORMAT_VERSION}", self.format_version));
        }
        for dof in DOFS {
            match self.limits.get(&dof) {
                None => faults.push(format!("`limits.{}` is missing", dof.name())),
                Some(l) if l.hard[0] <= l.soft[0] && l.soft[0] <= l.soft[1] && l.soft[1] <= l.hard[1] => {}
                Some(_) => {
                    faults.push(format!("`limits.{}`: `soft` must lie within `hard`, low before high", dof.name()))
                }
            }
        }
        faults.extend(self.relief.faults());
        faults
    }

    /// Ranges of all degrees of freedom, radians.
    pub fn limits(&self) -> [Limit; DOF_COUNT] {
        DOFS.map(|dof| {
            let deg = self.limits.get(&dof).copied().unwrap_or_default();
            Limit { hard_rad: deg.hard.map(f32::to_radians), soft_rad: deg.soft.map(f32::to_radians) }
        })
    }
}

/// Female or male.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "plain names")]
pub enum Sex {
    Female,
    Male,
}

/// One value per sex.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "plain names")]
pub struct BySex<T> {
    pub female: T,
    pub male: T,
}

impl<T> BySex<T> {
    /// The value of one sex.
    pub fn get(&self, sex: Sex) -> &T {
        match sex {
            Sex::Female => &self.female,
            Sex::Male => &self.male,
        }
    }
}

/// One value per finger.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "plain names")]
pub struct PerFinger<T> {
    pub index: T,
    pub middle: T,
    pub ring: T,
    pub little: T,
}

impl<T> PerFinger<T> {
    /// The value of one finger; `None` for the thumb.
    pub fn get(&self, digit: Digit) -> Option<&T> {
        match digit {
            Digit::Thumb => None,
            Digit::Index => Some(&self.index),
            Digit::Middle => Some(&self.middle),
            Digit::Ring => Some(&self.ring),
            Digit::Little => Some(&self.little),
        }
    }

    /// The four values, radial to ulnar.
    pub fn each(&self) -> [&T; 4] {
        [&self.index, &self.middle, &self.ring, &self.little]
    }
}

/// Overall size of a hand, millimetres.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Size {
    /// Distal wrist crease to middle fingertip.
    pub hand_length_mm: f32,
    /// Across the metacarpal heads.
    pub hand_breadth_mm: f32,
}

/// Mean hand of one sex.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MeanHand {
    /// Distal wrist crease to middle fingertip.
    pub hand_length_mm: f32,
    /// Across the metacarpal heads.
    pub hand_breadth_mm: f32,
    /// Factor on finger breadth and depth.
    pub finger_thickness: f32,
    /// Factor on palm depth.
    pub palm_thickness: f32,
}

/// Joint centres, bones and rest pose.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proportions {
    /// The four fingers.
    pub fingers: PerFinger<FingerSpec>,
    /// The thumb.
    pub thumb: ThumbSpec,
    /// Flesh beyond the last bones.
    pub tip: TipSpec,
    /// The forearm.
    pub forearm: ForearmSpec,
}

/// Proportions of one finger.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FingerSpec {
    /// Carpometacarpal centre: fraction of HB, fraction of HL, mm at HB 86.
    pub cmc: [f32; 3],
    /// Metacarpophalangeal centre, likewise.
    pub mcp: [f32; 3],
    /// Proximal, middle and distal bone as fractions of HL.
    pub bones: [f32; 3],
    /// Full breadth at PIP, DIP and tip as fractions of HB.
    pub breadth: [f32; 3],
    /// Full depth at PIP, DIP and tip as fractions of HB.
    pub depth: [f32; 3],
    /// Modelled direction from +Y, positive to the radial side.
    pub rest_abduction_deg: f32,
    /// Modelled MCP, PIP and DIP flexion.
    pub rest_flexion_deg: [f32; 3],
    /// Roll of the metacarpal about its length.
    pub metacarpal_roll_deg: f32,
    /// Roll of the finger about its length.
    pub finger_roll_deg: f32,
}

/// Proportions of the thumb.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ThumbSpec {
    /// Carpometacarpal centre: fraction of HB, fraction of HL, mm at HB 86.
    pub cmc: [f32; 3],
    /// Metacarpal, proximal and distal bone as fractions of HL.
    pub bones: [f32; 3],
    /// Full breadth at MCP, IP and tip as fractions of HB.
    pub breadth: [f32; 3],
    /// Full depth at MCP, IP and tip as fractions of HB.
    pub depth: [f32; 3],
    /// Modelled MCP and IP flexion.
    pub rest_flexion_deg: [f32; 2],
    /// Modelled direction of the metacarpal in the hand.
    pub direction: [f32; 3],
    /// Modelled palmar side of the metacarpal in the hand.
    pub palmar: [f32; 3],
    /// Pronation of the modelled pose.
    pub rest_pronation_deg: f32,
}

/// Fleshy tips of fingers and thumb.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "plain names")]
pub struct TipSpec {
    pub finger: TipLength,
    pub thumb: TipLength,
}

/// Length from the last joint to the fleshy tip.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TipLength {
    /// Factor on the distal bone.
    pub factor: f32,
    /// Addition as a fraction of HL.
    pub addition: f32,
}

/// The forearm's bone.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForearmSpec {
    /// Fraction of HL.
    pub length: f32,
}

/// Radii of capsules.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CapsuleSpec {
    /// Factor on half breadths.
    pub breadth_factor: f32,
    /// Factor on half depths.
    pub depth_factor: f32,
    /// Start and end radius of a finger's metacarpal, mm at HB 86.
    pub metacarpal_mm: [f32; 2],
    /// Start radius of the thumb's metacarpal, mm at HB 86.
    pub thumb_metacarpal_mm: f32,
}

/// Range of one degree of freedom, degrees.
#[derive(Debug, Clone, Copy, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LimitDeg {
    /// No pose leaves this range.
    pub hard: [f32; 2],
    /// 95 % of natural poses stay in this range.
    pub soft: [f32; 2],
}
