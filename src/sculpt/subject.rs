//! Parameters of one hand.

use std::sync::Arc;

use glam::Vec3;

use crate::rig::joint::Digit;

use super::spec::{RigSpec, Sex};

/// Hand breadth at which the constants in mm were chosen.
pub const REFERENCE_BREADTH_MM: f32 = 86.0;

/// One hand: its size, and factors on the tables of its [`RigSpec`].
#[derive(Debug, Clone, PartialEq)]
pub struct Subject {
    /// The tables.
    pub spec: Arc<RigSpec>,
    /// Distal wrist crease to middle fingertip, mm (nominal: finger lengths below change what a ruler finds).
    pub hand_length_mm: f32,
    /// Across the metacarpal heads, mm.
    pub hand_breadth_mm: f32,
    /// Factor on finger breadth and depth.
    pub finger_thickness: f32,
    /// Factor on palm depth.
    pub palm_thickness: f32,
    /// Factor on wrist breadth and depth.
    pub wrist: f32,
    /// Factor on forearm breadth and depth.
    pub forearm: f32,
    /// Factor on joint breadth and on the knuckles.
    pub knuckle: f32,
    /// Factor on thenar and hypothenar radii.
    pub thenar: f32,
    /// Factor on the three free bones of each digit, thumb first.
    pub bone_length: [[f32; 3]; 5],
}

impl Subject {
    /// Average hand of the given size, mm.
    pub fn of_size(spec: &Arc<RigSpec>, hand_length_mm: f32, hand_breadth_mm: f32) -> Self {
        Self {
            spec: Arc::clone(spec),
            hand_length_mm,
            hand_breadth_mm,
            finger_thickness: 1.0,
            palm_thickness: 1.0,
            wrist: 1.0,
            forearm: 1.0,
            knuckle: 1.0,
            thenar: 1.0,
            bone_length: [[1.0; 3]; 5],
        }
    }

    /// Mean hand of one sex.
    pub fn mean(spec: &Arc<RigSpec>, sex: Sex) -> Self {
        let mean = spec.mean.get(sex);
        Self {
            finger_thickness: mean.finger_thickness,
            palm_thickness: mean.palm_thickness,
            ..Self::of_size(spec, mean.hand_length_mm, mean.hand_breadth_mm)
        }
    }

    /// Factor from the hand breadth at which the constants in mm were chosen.
    pub fn scale(&self) -> f32 {
        self.hand_breadth_mm / REFERENCE_BREADTH_MM
    }

    /// Point from a table row (fraction of HB, fraction of HL, mm at HB 86), mm in the hand.
    pub fn point(&self, row: [f32; 3]) -> Vec3 {
        Vec3::new(row[0] * self.hand_breadth_mm, row[1] * self.hand_length_mm, row[2] * self.scale())
    }

    /// Centre of the carpometacarpal joint, mm in the hand.
    pub fn cmc(&self, digit: Digit) -> Vec3 {
        let p = &self.spec.proportions;
        self.point(p.fingers.get(digit).map_or(p.thumb.cmc, |f| f.cmc))
    }

    /// Length of the digit's three free bones (thumb: metacarpal, proximal, distal), mm.
    pub fn bone_lengths(&self, digit: Digit) -> [f32; 3] {
        let p = &self.spec.proportions;
        let fractions = p.fingers.get(digit).map_or(p.thumb.bones, |f| f.bones);
        let factors = self.bone_length[digit as usize];
        std::array::from_fn(|k| fractions[k] * factors[k] * self.hand_length_mm)
    }

    /// Last joint centre to fleshy tip, mm.
    pub fn tip_length(&self, digit: Digit) -> f32 {
        let tip = &self.spec.proportions.tip;
        let row = if digit == Digit::Thumb { tip.thumb } else { tip.finger };
        row.factor * self.bone_lengths(digit)[2] + row.addition * self.hand_length_mm
    }

    /// Half breadths at the two joints and the tip, mm.
    pub fn half_breadths(&self, digit: Digit) -> [f32; 3] {
        let p = &self.spec.proportions;
        let row = p.fingers.get(digit).map_or(p.thumb.breadth, |f| f.breadth);
        row.map(|v| v * self.hand_breadth_mm * 0.5 * self.finger_thickness)
    }

    /// Half depths at the two joints and the tip, mm.
    pub fn half_depths(&self, digit: Digit) -> [f32; 3] {
        let p = &self.spec.proportions;
        let row = p.fingers.get(digit).map_or(p.thumb.depth, |f| f.depth);
        row.map(|v| v * self.hand_breadth_mm * 0.5 * self.finger_thickness)
    }

    /// Length of the forearm, mm.
    pub fn forearm_length(&self) -> f32 {
        self.spec.proportions.forearm.length * self.hand_length_mm
    }
}
