//! Parameters of one hand.

use std::sync::Arc;

use glam::Vec3;

use crate::rig::joint::Digit;
use crate::rig::{HandShape, Sex};

use super::spec::{Parameter, RigSpec};

/// Hand breadth at which the constants in mm were chosen.
pub const REFERENCE_BREADTH_MM: f32 = 86.0;
/// Stretch of the proximal phalanx over which a web that is moved along it takes the skin with it: from nothing at the
/// knuckle to all of it between the middle two, to nothing at the next joint.
const WEB_STRETCH: [f32; 4] = [0.0, 0.42, 0.62, 1.0];

/// One hand: its size, and factors on the tables of its [`RigSpec`].
#[derive(Debug, Clone, PartialEq)]
pub struct Subject {
    /// The tables.
    pub spec: Arc<RigSpec>,
    /// Distal wrist crease to middle fingertip, mm (nominal: bone lengths below change what a ruler finds).
    pub hand_length_mm: f32,
    /// Across the metacarpal heads, mm.
    pub hand_breadth_mm: f32,
    /// Factor on the distance of the finger roots from the wrist, at constant hand length.
    pub palm_length: f32,
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
    /// How much thinner the tips of digits are, and thicker their first joints, as shares.
    pub taper: f32,
    /// Padding; 0 is average, 1 one standard deviation more.
    pub fat: f32,
    /// Factor on the length of nails.
    pub nail_length: f32,
    /// Factor on the breadth of nails.
    pub nail_breadth: f32,
    /// Factor on the three free bones of each digit, thumb first.
    pub bone_length: [[f32; 3]; 5],
    /// Factor on the breadth of each digit, thumb first.
    pub breadth: [f32; 5],
    /// Factor on the depth of each digit, thumb first.
    pub depth: [f32; 5],
}

impl Subject {
    /// Average hand of the given size, mm.
    pub fn of_size(spec: &Arc<RigSpec>, hand_length_mm: f32, hand_breadth_mm: f32) -> Self {
        Self {
            spec: Arc::clone(spec),
            hand_length_mm,
            hand_breadth_mm,
            palm_length: 1.0,
            palm_thickness: 1.0,
            wrist: 1.0,
            forearm: 1.0,
            knuckle: 1.0,
            thenar: 1.0,
            taper: 0.0,
            fat: 0.0,
            nail_length: 1.0,
            nail_breadth: 1.0,
            bone_length: [[1.0; 3]; 5],
            breadth: [1.0; 5],
            depth: [1.0; 5],
        }
    }

    /// Mean hand of one sex.
    pub fn mean(spec: &Arc<RigSpec>, sex: Sex) -> Self {
        let name = match sex {
            Sex::Female => "mean_female",
            Sex::Male => "mean_male",
        };
        Self::of_shape(spec, &spec.subject(name).unwrap_or_default())
    }

    /// The hand around which the blend shapes are made.
    pub fn mean_adult(spec: &Arc<RigSpec>) -> Self {
        let mean = spec.mean;
        Self {
            palm_thickness: mean.palm_thickness,
            breadth: [mean.finger_thickness; 5],
            depth: [mean.finger_thickness; 5],
            ..Self::of_size(spec, mean.hand_length_mm, mean.hand_breadth_mm)
        }
    }

    /// The subject that blend-shape coefficients stand for.
    pub fn of_shape(spec: &Arc<RigSpec>, shape: &HandShape) -> Self {
        let rows = spec.shapes.iter().zip(&shape.0);
        rows.fold(Self::mean_adult(spec), |s, (row, c)| s.with(row.parameter, c * row.step))
    }

    /// The subject with one parameter changed by `amount`.
    #[must_use]
    pub fn with(mut self, parameter: Parameter, amount: f32) -> Self {
        let changed = match parameter {
            Parameter::HandLengthMm => &mut self.hand_length_mm,
            Parameter::HandBreadthMm => &mut self.hand_breadth_mm,
            Parameter::PalmLength => &mut self.palm_length,
            Parameter::PalmThickness => &mut self.palm_thickness,
            Parameter::Wrist => &mut self.wrist,
            Parameter::Forearm => &mut self.forearm,
            Parameter::Knuckle => &mut self.knuckle,
            Parameter::Thenar => &mut self.thenar,
            Parameter::Taper => &mut self.taper,
            Parameter::Fat => &mut self.fat,
            Parameter::NailLength => &mut self.nail_length,
            Parameter::NailBreadth => &mut self.nail_breadth,
            Parameter::BoneLength(digit, bone) => &mut self.bone_length[digit as usize][usize::from(bone.min(2))],
            Parameter::Breadth(digit) => &mut self.breadth[digit as usize],
            Parameter::Depth(digit) => &mut self.depth[digit as usize],
        };
        *changed += amount;
        self
    }

    /// Factor from the hand breadth at which the constants in mm were chosen.
    pub fn scale(&self) -> f32 {
        self.hand_breadth_mm / REFERENCE_BREADTH_MM
    }

    /// Point from a table row (fraction of HB, fraction of HL, mm at HB 86), mm in the hand.
    pub fn point(&self, row: [f32; 3]) -> Vec3 {
        Vec3::new(row[0] * self.hand_breadth_mm, row[1] * self.hand_length_mm, row[2] * self.scale())
    }

    /// [`Self::point`] of a place that moves with the roots of the fingers.
    pub fn palm_point(&self, row: [f32; 3]) -> Vec3 {
        self.point([row[0], row[1] * self.palm_length, row[2]])
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
        let share = self.finger_share(digit);
        std::array::from_fn(|k| fractions[k] * factors[k] * share * self.hand_length_mm)
    }

    /// Last joint centre to fleshy tip, mm.
    pub fn tip_length(&self, digit: Digit) -> f32 {
        let tip = &self.spec.proportions.tip;
        let row = if digit == Digit::Thumb { tip.thumb } else { tip.finger };
        row.factor * self.bone_lengths(digit)[2] + row.addition * self.finger_share(digit) * self.hand_length_mm
    }

    /// Factor on the length of a finger that makes up for a long or short palm.
    fn finger_share(&self, digit: Digit) -> f32 {
        let p = &self.spec.proportions;
        p.fingers.get(digit).map_or(1.0, |finger| {
            let free: f32 = finger.bones.iter().sum::<f32>() + p.tip.finger.addition;
            1.0 - (self.palm_length - 1.0) * finger.mcp[1] / free
        })
    }

    /// Where skin and web at a fraction of a finger's proximal phalanx of the average hand lie, as such a fraction.
    pub fn web_place(&self, t: f32) -> f32 {
        let [a, b, c, d] = WEB_STRETCH;
        let share = ((t - a) / (b - a)).min((d - t) / (d - c)).clamp(0.0, 1.0);
        t + (self.palm_length - 1.0) * self.spec.proportions.web_per_palm * share
    }

    /// Half breadths at the two joints and the tip, mm.
    pub fn half_breadths(&self, digit: Digit) -> [f32; 3] {
        let p = &self.spec.proportions;
        let row = p.fingers.get(digit).map_or(p.thumb.breadth, |f| f.breadth);
        self.half_sizes(row, self.breadth[digit as usize])
    }

    /// Half depths at the two joints and the tip, mm.
    pub fn half_depths(&self, digit: Digit) -> [f32; 3] {
        let p = &self.spec.proportions;
        let row = p.fingers.get(digit).map_or(p.thumb.depth, |f| f.depth);
        self.half_sizes(row, self.depth[digit as usize])
    }

    fn half_sizes(&self, row: [f32; 3], factor: f32) -> [f32; 3] {
        let taper = [1.0 + 0.5 * self.taper, 1.0, 1.0 - 0.5 * self.taper];
        std::array::from_fn(|k| row[k] * self.hand_breadth_mm * 0.5 * factor * taper[k])
    }

    /// Length of the forearm, mm.
    pub fn forearm_length(&self) -> f32 {
        self.spec.proportions.forearm.length * self.hand_length_mm
    }
}
