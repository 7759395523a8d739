//! The numbers of a parametric rig, as read from its `rig.toml`. Their meaning and units stand in that file.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;

use crate::rig::joint::Digit;
use crate::rig::{DOF_COUNT, DOFS, Dof, HandShape, Limit, Population};

use super::SculptError;
use super::field_spec::{CageSpec, FieldSpec};
use super::skin_spec::{RegionSpec, ReliefSpec};

/// Version of the file format that this module reads.
pub const FORMAT_VERSION: u32 = 1;
/// Most subdivisions: 200,000 quads.
const MAX_LEVELS: usize = 4;

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
    /// The mean adult.
    pub mean: MeanHand,
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
    /// Its subdivision.
    pub mesh: MeshSpec,
    /// Ways in which hands differ.
    pub shapes: Vec<ShapeSpec>,
    /// Named hands: coefficient per shape.
    pub subjects: BTreeMap<String, BTreeMap<String, f32>>,
    /// How often hands differ how much.
    pub population: Population,
    /// How joints go together.
    pub couplings: CouplingSpec,
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
                    faults.push(format!("`limits.{}`: `soft` must lie within `hard`, low before high", dof.name()));
                }
            }
        }
        faults.extend(self.relief.faults());
        faults.extend(self.regions.faults());
        let known = |name: &String| self.shapes.iter().any(|s| s.name == *name);
        for (subject, coefficients) in &self.subjects {
            let unknown = coefficients.keys().filter(|k| !known(k));
            faults.extend(unknown.map(|k| format!("`subjects.{subject}.{k}` names no shape")));
        }
        faults.extend(self.population.faults(&|name| self.shapes.iter().any(|s| s.name == name)));
        if self.mesh.levels > MAX_LEVELS {
            faults.push(format!("`mesh.levels` is {}, legal are 0 to {MAX_LEVELS}", self.mesh.levels));
        }
        faults
    }

    /// Coefficients of a named hand; `None` if there is none of that name.
    pub fn subject(&self, name: &str) -> Option<HandShape> {
        let row = self.subjects.get(name)?;
        Some(HandShape(self.shapes.iter().map(|s| row.get(&s.name).copied().unwrap_or(0.0)).collect()))
    }

    /// Ranges of all degrees of freedom, radians.
    pub fn limits(&self) -> [Limit; DOF_COUNT] {
        DOFS.map(|dof| {
            let deg = self.limits.get(&dof).copied().unwrap_or_default();
            Limit { hard_rad: deg.hard.map(f32::to_radians), soft_rad: deg.soft.map(f32::to_radians) }
        })
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

/// The hand around which blend shapes are made.
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
    /// How far webs and finger-base creases move along the proximal phalanges, per growth of the palm.
    pub web_per_palm: f32,
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

/// Subdivision of the cage.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MeshSpec {
    /// Steps; each makes four quads of one.
    pub levels: usize,
}

/// One blend shape.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShapeSpec {
    /// Name of the shape.
    pub name: String,
    /// What it changes.
    pub parameter: Parameter,
    /// By how much a coefficient of 1 changes it.
    pub step: f32,
}

/// A parameter of a subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "named as the fields of `Subject`")]
pub enum Parameter {
    HandLengthMm,
    HandBreadthMm,
    PalmLength,
    PalmThickness,
    Wrist,
    Forearm,
    Knuckle,
    Thenar,
    Taper,
    Fat,
    NailLength,
    NailBreadth,
    /// Digit and bone, 0 to 2 from proximal.
    BoneLength(Digit, u8),
    Breadth(Digit),
    Depth(Digit),
}

/// How joints go together; ratios of angles, and degrees.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CouplingSpec {
    /// DIP flexion per PIP flexion.
    pub dip_from_pip: f32,
    /// Standard deviation around it.
    pub dip_spread_deg: f32,
    /// Ring CMC flexion per MCP flexion.
    pub ring_cmc_from_mcp: f32,
    /// Little CMC flexion per MCP flexion.
    pub little_cmc_from_mcp: f32,
    /// Thumb pronation per CMC abduction.
    pub thumb_pronation_from_abduction: f32,
    /// Thumb pronation per CMC flexion.
    pub thumb_pronation_from_flexion: f32,
    /// MCP abduction range left at 90 degrees of flexion.
    pub abduction_kept_deg: f32,
    /// Soft limit of the difference between neighbouring MCP flexions, index to little.
    pub mcp_difference_deg: [f32; 3],
    /// MCP flexion per wrist extension.
    pub tenodesis: f32,
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = include_str!("../../rigs/adult/rig.toml");

    #[test]
    fn faults_are_collected_and_unknown_keys_refused() {
        let broken = TEXT
            .replace("format_version = 1", "format_version = 9")
            .replace("hard = [-38.0, 22.0]", "hard = [-8.0, 22.0]")
            .replace("slender = { hand_length", "slender = { hand_lengt");
        let Err(SculptError::Spec { faults }) = RigSpec::parse(&broken) else { panic!("accepted") };
        assert_eq!(faults.len(), 3, "{faults:?}");
        assert!(faults[1].contains("`limits.wrist_deviation`") && faults[2].contains("`subjects.slender.hand_lengt`"));
        assert!(matches!(RigSpec::parse(&format!("colour = 1\n{TEXT}")), Err(SculptError::Parse(_))));
    }
}
