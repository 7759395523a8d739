//! Regions of the skin in the rest pose: palmar skin, blood, nail plates with moon and free edge.

use std::sync::Arc;

use crate::math::smoothstep;

use super::Subject;
use super::skin_space::{DigitSpace, SkinPoint, SkinSpace, bump, noise};
use super::spec::RigSpec;

/// Regions at one point of the skin.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Region {
    /// 0 on the back of the hand to 1 on the palm.
    pub palmar: f32,
    /// -1 pale or bluish, 0 neutral, 1 full of blood.
    pub flush: f32,
    /// 1 on a nail plate.
    pub nail: f32,
    /// On nails: -1 moon, 0 plain plate, 1 free edge.
    pub edge: f32,
}

impl Region {
    /// The four bytes of [`crate::rig::SkinMaps::regions`].
    pub fn bytes(&self) -> [u8; 4] {
        let share = |v: f32| libm::roundf(255.0 * v.clamp(0.0, 1.0)) as u8;
        let signed = |v: f32| libm::roundf(128.0 + 127.0 * v.clamp(-1.0, 1.0)) as u8;
        let edge = if self.edge < -0.99 { 0 } else { signed(self.edge) };
        [share(self.palmar), signed(self.flush), share(self.nail), edge]
    }
}

/// Regions of one subject.
#[derive(Debug, Clone)]
pub struct Regions {
    spec: Arc<RigSpec>,
    space: SkinSpace,
}

impl Regions {
    /// Regions of a subject.
    pub fn new(subject: &Subject) -> Self {
        Self { spec: Arc::clone(&subject.spec), space: SkinSpace::new(subject) }
    }

    /// Regions at a point with the given height of the relief, metres.
    pub fn at(&self, at: &SkinPoint, height_m: f32) -> Region {
        let spec = &self.spec.regions;
        let scale = self.space.scale;
        let mut region = Region { palmar: smoothstep(at.normal.z, -0.25, 0.30), flush: 0.0, nail: 0.0, edge: 0.0 };
        for digit in &self.space.digits {
            if at.may_show(digit.digit) {
                self.add_digit(&mut region, digit, at);
            }
        }
        self.add_knuckles(&mut region, at);
        let bare = 1.0 - region.nail;
        // the thick skin of the palm ends at the wrist, and creases keep some of the pigment of the back
        let [above, below] = spec.wrist_mm.map(|y| y * scale);
        let y = at.p.y + 0.3 * (above - below) * noise(at.p, 9.0 * scale, 20);
        region.palmar *= spec.volar_forearm + (1.0 - spec.volar_forearm) * smoothstep(y, below, above);
        let crease = bare * smoothstep(-height_m * 1e3, 0.05 * scale, 0.5 * scale);
        region.palmar *= 1.0 - spec.crease_pigment * crease;
        region.flush += spec.crease_flush * crease;
        for (k, (amount, cell)) in spec.mottle.iter().zip(spec.mottle_cell_mm).enumerate() {
            let amount = amount[0] + (amount[1] - amount[0]) * region.palmar;
            region.flush += bare * amount * (0.5 + noise(at.p, cell * scale, 21 + k as u32));
        }
        region
    }

    /// What one digit adds: its own palmar side, pulp, joints and nail.
    fn add_digit(&self, region: &mut Region, digit: &DigitSpace, at: &SkinPoint) {
        let spec = &self.spec.regions;
        let scale = self.space.scale;
        let q_middle = digit.bone_from_hand[1].point(at.p);
        let q_distal = digit.bone_from_hand[2].point(at.p);
        let facing = |bone: usize| digit.bone_from_hand[bone].direction(at.normal).z;
        let (facing_middle, facing_distal) = (facing(1), facing(2));
        let distal = digit.within(q_distal, 2, 1.4, 2.0) && q_distal.y > -6.0 * scale;
        let middle = digit.within(q_middle, 0, 1.4, 2.0)
            && q_middle.y > -8.0 * scale
            && q_middle.y < digit.lengths[1] + 4.0 * scale;
        if distal || middle {
            region.palmar = smoothstep(if distal { facing_distal } else { facing_middle }, -0.35, 0.25);
        }
        if distal {
            let pulp = bump(q_distal.y - 0.75 * digit.tip_length, 0.45 * digit.tip_length);
            region.flush = region.flush.max(spec.pulp * pulp * smoothstep(facing_distal, -0.4, 0.0));
            let nail = digit.nail(&self.spec.relief.nail, q_distal);
            region.nail = region.nail.max(nail.on_top * smoothstep(1.03 - nail.radius, 0.0, 0.06));
            let bend = nail.u * nail.u;
            let moon = spec.lunula[digit.digit as usize] * smoothstep(-0.55 - nail.v - 0.35 * bend, 0.0, 0.15);
            region.edge += nail.on_top * (smoothstep(nail.v + 0.15 * bend, 0.80, 0.86) - moon);
        }
        let dorsal = smoothstep(-facing_middle, 0.0, 0.5);
        for (q, k) in [(q_middle, 1), (q_distal, 2)] {
            if digit.within(q, k - 1, 1.3, 1.8) {
                let width = spec.knuckle_width_mm[k] * scale * (1.0 + 0.35 * noise(at.p, 5.0 * scale, 26));
                let spot = bump(q.y, width) * bump(q.x, 0.85 * digit.half_breadths[k - 1]) * self.patchy(at);
                region.flush = region.flush.max(spec.knuckle[k] * dorsal * spot);
            }
        }
    }

    /// Uneven as blood under the skin, around 1.
    fn patchy(&self, at: &SkinPoint) -> f32 {
        1.0 + 0.45 * noise(at.p, 3.2 * self.space.scale, 27)
    }

    /// Redness over the metacarpal heads.
    fn add_knuckles(&self, region: &mut Region, at: &SkinPoint) {
        let spec = &self.spec.regions;
        let width = spec.knuckle_width_mm[0] * self.space.scale;
        for (metacarpal_from_hand, length) in &self.space.metacarpals {
            let q = metacarpal_from_hand.point(at.p);
            let spot = bump(q.y - length, width) * bump(q.x, width) * (1.0 - region.palmar) * self.patchy(at);
            region.flush = region.flush.max(spec.knuckle[0] * spot * smoothstep(-q.z, 0.0, 4.0 * self.space.scale));
        }
    }
}

#[cfg(test)]
mod tests {
    use glam::Vec3;

    use super::*;
    use crate::rig::{Digit, HandPart};
    use crate::sculpt::testing;

    /// Regions at a point of a digit's last bone: share of the tip's length, and side (+1 palmar).
    fn at(digit: Digit, share: f32, side: f32) -> Region {
        let subject = testing::reference_subject();
        let regions = Regions::new(&subject);
        let space = regions.space.digits[digit as usize];
        let frame = space.bone_from_hand[2].inverse();
        let q = Vec3::new(0.0, share * space.tip_length, 0.9 * side * space.half_depths[2]);
        let part = HandPart::Segment(digit, 0).index();
        let point = SkinPoint { p: frame.point(q), normal: frame.direction(Vec3::Z * side), part };
        regions.at(&point, 0.0)
    }

    #[test]
    fn nails_lie_on_the_back_of_every_tip() {
        for digit in [Digit::Thumb, Digit::Index, Digit::Middle, Digit::Ring, Digit::Little] {
            let (plate, moon, edge) = (at(digit, 0.63, -1.0), at(digit, 0.36, -1.0), at(digit, 0.92, -1.0));
            assert!(plate.nail > 0.99 && plate.edge.abs() < 0.01, "{digit:?} {plate:?}");
            assert!(moon.nail > 0.99 && moon.edge < 0.0, "{digit:?} {moon:?}");
            assert!(edge.nail > 0.9 && edge.edge > 0.9, "{digit:?} {edge:?}");
            assert!(at(digit, 0.2, -1.0).nail < 0.01 && at(digit, 0.63, 1.0).nail < 0.01);
        }
    }

    #[test]
    fn pulps_are_palmar_and_red() {
        let pulp = at(Digit::Ring, 0.7, 1.0);
        assert!(pulp.palmar > 0.99 && pulp.flush > 0.2, "{pulp:?}");
        let back = at(Digit::Ring, 0.2, -1.0);
        assert!(back.palmar < 0.01, "{back:?}");
    }

    #[test]
    fn palmar_skin_ends_at_the_wrist_and_thins_in_creases() {
        let subject = testing::reference_subject();
        let regions = Regions::new(&subject);
        let palmar = |y: f32, height_mm: f32| {
            let point = SkinPoint { p: Vec3::new(0.0, y, 14.0), normal: Vec3::Z, part: HandPart::Palm.index() };
            regions.at(&point, height_mm * 1e-3).palmar
        };
        assert!(palmar(40.0, 0.0) > 0.99 && palmar(-40.0, 0.0) < 0.4);
        assert!(palmar(40.0, -0.5) < 0.8 && palmar(40.0, 0.5) > 0.99);
    }

    #[test]
    fn bytes_follow_the_documented_coding() {
        let bytes = |palmar, flush, nail, edge| Region { palmar, flush, nail, edge }.bytes();
        assert_eq!(bytes(0.0, 0.0, 0.0, 0.0), [0, 128, 0, 128]);
        assert_eq!(bytes(1.0, 1.0, 1.0, 1.0), [255; 4]);
        assert_eq!(bytes(2.0, -9.0, 0.5, -1.0), [255, 1, 128, 0]);
    }
}
