//! The numbers of the skin's relief and regions, as read from a `rig.toml`. Their meaning and units stand in that file.

use serde::Deserialize;

use crate::rig::Digit;

/// Section `relief`: what stands out of or cuts into the skin. Lengths in mm at HB 86.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReliefSpec {
    /// Lines across the four fingers.
    pub finger: DigitLines,
    /// Lines across the thumb.
    pub thumb: DigitLines,
    /// Lines of the palm and the wrist.
    pub palm_lines: Vec<PathSpec>,
    /// Veins on the back; the height is positive.
    pub veins: Vec<PathSpec>,
    /// Veins that show through the volar side of wrist and forearm.
    pub volar_veins: Vec<PathSpec>,
    /// Extensor tendons on the back, from the wrist to each metacarpal head.
    pub tendons: TendonSpec,
    /// Nails.
    pub nail: NailSpec,
    /// Fine structure.
    pub grain: GrainSpec,
}

/// Creases and wrinkles across one kind of digit.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DigitLines {
    /// On the palmar side.
    pub creases: Vec<LineSpec>,
    /// On the dorsal side.
    pub wrinkles: Vec<LineSpec>,
}

/// One line across a digit.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LineSpec {
    /// Bone it lies on, 0..=2 from proximal (thumb: metacarpal) to distal.
    pub bone: usize,
    /// Where along the bone, as a share of its length.
    #[serde(default)]
    pub at_share: f32,
    /// Added to where along the bone.
    #[serde(default)]
    pub at_mm: f32,
    /// Bow of the line: how much farther distal it lies 2 mm beside the middle.
    #[serde(default)]
    pub bow_mm: f32,
    /// Depth.
    pub depth_mm: f32,
    /// Distance from the middle at which the depth has fallen to 37 %.
    pub width_mm: f32,
}

/// A curve on the palm or the back of the hand.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PathSpec {
    /// Control points: radial as a fraction of HB, distal as a fraction of HL.
    pub points: Vec<[f32; 2]>,
    /// Depth of a line, height of a vein.
    pub size_mm: f32,
    /// Distance from the middle at which the size has fallen to 37 %.
    pub width_mm: f32,
}

/// Extensor tendons.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TendonSpec {
    /// Where they meet: radial as a fraction of HB, distal as a fraction of HL.
    pub origin: [f32; 2],
    /// Half of the spread at the origin, as a fraction of HB.
    pub origin_spread: f32,
    /// Height.
    pub size_mm: f32,
    /// Distance from the middle at which the height has fallen to 37 %.
    pub width_mm: f32,
}

/// Nails.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NailSpec {
    /// Length as a fraction of the tip's length.
    pub length: f32,
    /// Middle as a fraction of the tip's length.
    pub centre: f32,
    /// Half width as a fraction of the tip's half breadth.
    pub half_width: f32,
    /// Depth of the groove around the plate.
    pub groove_mm: f32,
    /// Height of the fold of skin around the groove.
    pub fold_mm: f32,
    /// Height of the free edge.
    pub edge_mm: f32,
}

/// Fine structure of the skin.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GrainSpec {
    /// Size of the cells.
    pub cell_mm: f32,
    /// Peak height on the back and on the palm.
    pub size_mm: [f32; 2],
    /// How far noise moves lines sideways.
    pub wander_mm: f32,
    /// Size of the cells of that noise.
    pub wander_cell_mm: f32,
}

/// Section `regions`: where skin is red. Amounts are shares of full flush, lengths mm at HB 86.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegionSpec {
    /// Pulp of the fingertips.
    pub pulp: f32,
    /// Back of the joints: metacarpal head, middle joint, last joint.
    pub knuckle: [f32; 3],
    /// Distance from the joint at which the flush has fallen to 37 %.
    pub knuckle_width_mm: [f32; 3],
    /// Loss of palmar skin in a deep crease.
    pub crease_pigment: f32,
    /// Flush of a deep crease.
    pub crease_flush: f32,
    /// Where along the hand palmar skin is whole and where it ends.
    pub wrist_mm: [f32; 2],
    /// Share of palmar skin on the palmar side of the forearm.
    pub volar_forearm: f32,
    /// Mottling of cells of each size, on the back and on the palm.
    pub mottle: [[f32; 2]; 3],
    /// Size of the cells.
    pub mottle_cell_mm: [f32; 3],
    /// Size of the nails' moon, thumb first.
    pub lunula: [f32; 5],
}

impl ReliefSpec {
    /// Lines across a digit.
    pub fn lines(&self, digit: Digit) -> &DigitLines {
        if digit == Digit::Thumb { &self.thumb } else { &self.finger }
    }

    /// What is wrong, one line each.
    pub fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        let lines = [("finger", &self.finger), ("thumb", &self.thumb)];
        for (name, lines) in lines {
            for line in lines.creases.iter().chain(&lines.wrinkles) {
                if line.bone > 2 || line.width_mm.is_nan() || line.width_mm <= 0.0 {
                    faults.push(format!(
                        "`relief.{name}`: `bone` must be 0 to 2 and `width_mm` positive, found {line:?}"
                    ));
                }
            }
        }
        for (name, paths) in
            [("palm_lines", &self.palm_lines), ("veins", &self.veins), ("volar_veins", &self.volar_veins)]
        {
            for (k, path) in paths.iter().enumerate() {
                if path.points.len() < 2 || path.width_mm.is_nan() || path.width_mm <= 0.0 {
                    faults.push(format!("`relief.{name}[{k}]` must have two points or more and a positive `width_mm`"));
                }
            }
        }
        faults
    }
}

impl RegionSpec {
    /// What is wrong, one line each.
    pub fn faults(&self) -> Vec<String> {
        let sizes = [("knuckle_width_mm", self.knuckle_width_mm), ("mottle_cell_mm", self.mottle_cell_mm)];
        let broken = sizes.into_iter().filter(|(_, values)| !values.iter().all(|v| *v > 0.0));
        broken.map(|(name, values)| format!("`regions.{name}` must be positive, found {values:?}")).collect()
    }
}

#[cfg(test)]
mod tests {
    use crate::sculpt::{RigSpec, SculptError, testing};

    #[test]
    fn shipped_numbers_have_no_faults() {
        let spec = testing::spec();
        assert!(spec.relief.faults().is_empty() && spec.regions.faults().is_empty());
    }

    #[test]
    fn broken_numbers_are_named_all_at_once() {
        let text = include_str!("../../rigs/adult/rig.toml")
            .replace("mottle_cell_mm = [11.0", "mottle_cell_mm = [-11.0")
            .replace("{ bone = 0, at_share = 0.60, depth_mm", "{ bone = 3, at_share = 0.60, depth_mm")
            .replace("points = [[0.09, 0.23], [0.17, 0.19], [0.25, 0.18]]", "points = [[0.09, 0.23]]");
        let Err(SculptError::Spec { faults }) = RigSpec::parse(&text) else { panic!("accepted") };
        assert_eq!(faults.len(), 3, "{faults:?}");
        for name in ["regions.mottle_cell_mm", "relief.finger", "relief.palm_lines[7]"] {
            assert!(faults.iter().any(|f| f.contains(name)), "{name}: {faults:?}");
        }
    }
}
