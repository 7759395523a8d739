//! What the renderer needs to know of each point besides relief and colour: how strongly veins show, where hair grows,
//! and the coordinate across the friction ridges of palm and pulps.
//!
//! Ridges follow the iso-lines of one smooth field in millimetres, so that they keep their distance, meet in deltas and
//! close around a core: concentric about the pulp's middle (whorl) or about a slanting line (loop), flat towards the
//! last crease, oblique on the other segments, and around the ball of the thumb on the palm.

use glam::{Vec2, Vec3};

use crate::math::smoothstep;
use crate::rig::joint::DIGITS;
use crate::rig::{Digit, HandPart, RIDGE_STEP_M};

use super::Subject;
use super::skin_relief::Relief;
use super::skin_space::{DigitSpace, SkinPoint, SkinSpace, bump, noise};

/// Added to every coordinate, so that none is negative.
const RIDGE_START_MM: f32 = 12.0;
/// Loops' legs run down from the core over this share of the tip's length, and aside by this share of its half breadth.
const LEGS: Vec2 = Vec2::new(0.7, 0.5);

/// Marks at one point of the skin.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mark {
    /// 1 over the middle of a large vein.
    pub vein: f32,
    /// 1 where hair is densest.
    pub hair: f32,
    /// Coordinate across the friction ridges, mm.
    pub ridge_mm: f32,
}

impl Mark {
    /// The four bytes of [`crate::rig::SkinMaps::marks`].
    pub fn bytes(&self) -> [u8; 4] {
        let share = |v: f32| libm::roundf(255.0 * v.clamp(0.0, 1.0)) as u8;
        let steps = libm::roundf((self.ridge_mm * 1e-3 / RIDGE_STEP_M).clamp(0.0, 65_535.0)) as u16;
        let [high, low] = steps.to_be_bytes();
        [share(self.vein), share(self.hair), high, low]
    }
}

/// Marks of one subject.
#[derive(Debug, Clone)]
pub struct Marks {
    space: SkinSpace,
}

impl Marks {
    /// Marks of a subject.
    pub fn new(subject: &Subject) -> Self {
        Self { space: SkinSpace::new(subject) }
    }

    /// Marks at a point; the relief knows where veins are.
    pub fn at(&self, at: &SkinPoint, relief: &Relief) -> Mark {
        Mark { vein: relief.vein_share(at), hair: self.hair(at), ridge_mm: self.ridge_mm(at) }
    }

    /// Back of the forearm, of the hand's ulnar half and of the first two phalanges.
    fn hair(&self, at: &SkinPoint) -> f32 {
        let scale = self.space.scale;
        if at.part == HandPart::Palm.index() || at.part == HandPart::Arm.index() {
            let y = at.p.y / scale;
            let back = smoothstep(-at.normal.z, -0.45, 0.35);
            let arm = 0.12 + 0.88 * smoothstep(-y, -15.0, 70.0);
            let hand = smoothstep(y, 25.0, 50.0) * smoothstep(75.0 - y, 0.0, 20.0);
            let ulnar = smoothstep(-at.p.x / scale, -20.0, 25.0);
            return back * (arm * smoothstep(30.0 - y, 0.0, 30.0) + 0.3 * hand * ulnar);
        }
        let digit = &self.space.digits[usize::from(at.part / 3).min(4)];
        let on = |bone: usize| {
            let q = digit.bone_from_hand[bone].point(at.p);
            let along = bump(q.y / digit.lengths[bone] - 0.5, 0.28);
            along * smoothstep(-digit.bone_from_hand[bone].direction(at.normal).z, 0.15, 0.75)
        };
        match (digit.digit, at.part % 3) {
            (_, 2) if digit.digit != Digit::Thumb => 0.6 * on(0),
            (_, 1) => 0.2 * on(1),
            _ => 0.0,
        }
    }

    fn ridge_mm(&self, at: &SkinPoint) -> f32 {
        let scale = self.space.scale;
        let wander = |cell: f32, seed: u32| noise(at.p, cell * scale, seed);
        let fine = 0.30 * wander(2.6, 31) + 0.7 * wander(6.0, 32);
        let field = if usize::from(at.part / 3) < DIGITS.len() {
            let digit = &self.space.digits[usize::from(at.part / 3)];
            match at.part % 3 {
                0 => pulp(digit, at.p),
                segment => {
                    let bone = 2 - usize::from(segment);
                    let q = digit.bone_from_hand[bone].point(at.p);
                    q.y + 0.35 * q.x + 40.0
                }
            }
        } else {
            let ball = Vec2::new(0.62, 0.40) * self.space.size;
            at.p.truncate().distance(ball) + 1.6 * wander(22.0, 33)
        };
        RIDGE_START_MM + field / scale + fine
    }
}

/// Field around the core of a fingertip, mm.
fn pulp(digit: &DigitSpace, p: Vec3) -> f32 {
    let q = digit.bone_from_hand[2].point(p);
    // towards the ulnar side; the thumb and the ring finger wear whorls
    let slant = match digit.digit {
        Digit::Thumb | Digit::Ring => 0.0,
        Digit::Index => 0.6,
        _ => -1.0,
    };
    let core = Vec3::new(0.06 * digit.half_breadths[2], 0.60 * digit.tip_length, digit.half_depths[2]);
    let legs = Vec3::new(LEGS.y * digit.half_breadths[2] * slant, -LEGS.x * digit.tip_length, 0.0) * slant.abs();
    let from = q - core;
    let along = (from.dot(legs) / legs.length_squared().max(1e-6)).clamp(0.0, 1.0);
    // a slight climb along the legs keeps their ridges apart
    let around = (from - legs * along).length() + 0.3 * along * legs.length();
    let down = core.y - q.y - 0.35 * legs.y.abs();
    let flat = smoothstep(core.y - q.y, 0.30 * digit.tip_length, 0.62 * digit.tip_length);
    around + (down - around) * flat
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sculpt::testing;

    fn marks() -> (Marks, Relief) {
        let subject = testing::reference_subject();
        (Marks::new(&subject), Relief::new(&subject))
    }

    #[test]
    fn ridges_keep_their_distance_on_pulps() {
        let (marks, _) = marks();
        for space in &marks.space.digits {
            let frame = space.bone_from_hand[2].inverse();
            let part = HandPart::Segment(space.digit, 0).index();
            let at = |x: f32, y: f32| {
                let q = Vec3::new(x, y * space.tip_length, space.half_depths[2]);
                marks.ridge_mm(&SkinPoint { p: frame.point(q), normal: frame.direction(Vec3::Z), part })
            };
            // the field climbs about as fast as one walks away from the core
            let climb = at(0.0, 0.9) - at(0.0, 0.65);
            let walked = 0.25 * space.tip_length / marks.space.scale;
            assert!((0.5..1.6).contains(&(climb / walked)), "{:?} {climb} {walked}", space.digit);
            assert!((0..20).all(|k| (5.0..150.0).contains(&at(0.0, k as f32 / 20.0))));
        }
    }

    #[test]
    fn hair_grows_on_the_back_only() {
        let (marks, relief) = marks();
        let hair = |p: Vec3, side: f32, part: HandPart| {
            marks.at(&SkinPoint { p, normal: Vec3::Z * side, part: part.index() }, &relief).hair
        };
        let arm = Vec3::new(0.0, -80.0, 0.0);
        assert!(hair(arm, -1.0, HandPart::Arm) > 0.9 && hair(arm, 1.0, HandPart::Arm) < 0.01);
        assert!(hair(Vec3::new(0.0, 40.0, 0.0), 1.0, HandPart::Palm) < 0.01);
        let digit = &marks.space.digits[2];
        let frame = digit.bone_from_hand[0].inverse();
        let p = frame.point(Vec3::new(0.0, 0.5 * digit.lengths[0], -8.0));
        assert!(hair(p, -1.0, HandPart::Segment(Digit::Middle, 2)) > 0.4);
    }

    #[test]
    fn bytes_hold_the_ridge_coordinate_to_a_few_micrometres() {
        let [_, _, high, low] = Mark { vein: 0.0, hair: 1.0, ridge_mm: 73.21 }.bytes();
        let mm = f32::from(u16::from_be_bytes([high, low])) * RIDGE_STEP_M * 1e3;
        assert!((mm - 73.21).abs() < 2e-3, "{mm}");
    }
}
