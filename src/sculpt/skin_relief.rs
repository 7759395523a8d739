//! Relief of the skin in the rest pose: nails and grain, folds (creases, wrinkles and palm lines), veins and tendons.

use std::sync::Arc;

use glam::{Vec2, Vec3};

use crate::math::smoothstep;

use super::Subject;
use super::skin_space::{Curve, CurvePoint, DigitSpace, SkinPoint, SkinSpace, bump, noise};
use super::skin_spec::{LineSpec, NailSpec, ReliefSpec};
use super::spec::RigSpec;

/// Skin that bulges on both sides of a line, as a share of its depth.
const CREASE_LIP: f32 = 0.34;
const PALM_LIP: f32 = 0.20;
/// Where lips are highest, and where they have fallen to 37 % from there, in widths of the line.
const LIP_AT: f32 = 3.4;
const LIP_WIDTH: f32 = 2.3;

/// Height of the skin above the smooth surface of one subject.
#[derive(Debug, Clone)]
pub struct Relief {
    spec: Arc<RigSpec>,
    space: SkinSpace,
    palm_lines: Vec<Curve>,
    veins: Vec<Curve>,
    volar_veins: Vec<Curve>,
    tendons: Vec<Curve>,
}

impl Relief {
    /// Relief of a subject.
    pub fn new(subject: &Subject) -> Self {
        let spec = &subject.spec.relief;
        let space = SkinSpace::new(subject);
        let curves = |paths: &[_]| paths.iter().map(|path| space.curve(path)).collect();
        Self {
            palm_lines: curves(&spec.palm_lines),
            veins: curves(&spec.veins),
            volar_veins: curves(&spec.volar_veins),
            tendons: tendons(&space, spec),
            spec: Arc::clone(&subject.spec),
            space,
        }
    }

    /// Height outward, metres.
    pub fn height_m(&self, at: &SkinPoint) -> f32 {
        self.layers_m(at).into_iter().sum()
    }

    /// Height outward of each of [`crate::rig::RELIEF_LAYERS`], metres.
    pub fn layers_m(&self, at: &SkinPoint) -> [f32; 4] {
        let spec = &self.spec.relief;
        let scale = self.space.scale;
        let wander = noise(at.p, spec.grain.wander_cell_mm * scale, 11) * spec.grain.wander_mm * scale;
        let (mut surface, mut folds) = (0.0, 0.0);
        let mut bare = 1.0;
        for digit in &self.space.digits {
            if at.may_show(digit.digit) {
                folds += self.across(digit, at.p, wander);
                let (nail, plate) = nail_height(digit, &spec.nail, at.p, scale);
                surface += nail;
                bare *= 1.0 - plate;
            }
        }
        folds += self.palm_height(at, wander);
        surface += bare * self.grain_height(at);
        let dorsal = at.dorsal();
        let tendons = if dorsal > 0.0 { dorsal * self.highest(&self.tendons, at, wander) } else { 0.0 };
        [surface, folds * bare, self.vein_height(at, wander), tendons].map(|mm| mm * 1e-3)
    }

    /// 1 over the middle of a large vein, 0 away from veins.
    pub fn vein_share(&self, at: &SkinPoint) -> f32 {
        let wander = 2.0 * noise(at.p, self.spec.relief.grain.wander_cell_mm * self.space.scale, 11);
        let share = |(veins, side): (&[Curve], f32)| {
            if side <= 0.0 {
                return 0.0;
            }
            let near = veins.iter().filter_map(|vein| Some((vein, vein.nearest(at.p.truncate() + wander)?)));
            side * near.map(|(vein, near)| near.fade() * bump(near.distance, 1.25 * vein.width)).fold(0.0, f32::max)
        };
        share((&self.veins, at.dorsal())).max(share((&self.volar_veins, volar(at))))
    }

    /// Creases and wrinkles across one digit, mm.
    fn across(&self, digit: &DigitSpace, p: Vec3, wander: f32) -> f32 {
        let lines = self.spec.relief.lines(digit.digit);
        let q = digit.bone_from_hand.map(|bone| bone.point(p));
        let scale = self.space.scale;
        let mut height = 0.0;
        for line in &lines.creases {
            let (q, size, width) = (q[line.bone], line.bone.saturating_sub(1), line.width_mm * scale);
            let y = offset(line, digit, q, scale) + wander;
            if y.abs() < Curve::REACH * width {
                let side = digit.beside(q, size) * smoothstep(q.z, 0.0, 0.6 * digit.half_depths[size]);
                let depth = line.depth_mm * (1.0 + 0.55 * noise(p + Vec3::splat(53.0 * line.at_mm), 4.0 * scale, 16));
                height -= side * groove(y, depth * scale, width, CREASE_LIP);
            }
        }
        for line in &lines.wrinkles {
            let (q, size, width) = (q[line.bone], line.bone.saturating_sub(1), line.width_mm * scale);
            let y = offset(line, digit, q, scale) + wander;
            if y.abs() < 4.0 * width {
                let half_depth = digit.half_depths[size];
                let side = digit.beside(q, size) * smoothstep(-q.z, 0.15 * half_depth, 0.75 * half_depth);
                // each line has deep and shallow stretches of its own
                let depth = line.depth_mm * (1.0 + 0.6 * noise(p + Vec3::splat(37.0 * line.at_mm), 3.0 * scale, 12));
                height -= scale * side * depth * bump(y, width);
            }
        }
        height
    }

    /// Lines of the palm, mm.
    fn palm_height(&self, at: &SkinPoint, wander: f32) -> f32 {
        let palmar = smoothstep(at.p.z, 1.0, 3.0) * smoothstep(at.normal.z, -0.1, 0.3);
        if palmar <= 0.0 {
            return 0.0;
        }
        let bent = wander + 0.22 * self.space.scale * noise(at.p, 1.4 * self.space.scale, 18);
        let lines = self.palm_lines.iter().filter_map(|line| Some((line, line.nearest(at.p.truncate() + bent)?)));
        // deep and shallow, wide and narrow stretches along each line
        let scale = self.space.scale;
        let uneven = |line: &Curve, cell: f32| noise(at.p + Vec3::splat(91.0 * line.size), cell * scale, 17);
        let depth = |(line, near): (&Curve, CurvePoint)| {
            let size = line.size * (1.0 + 0.35 * uneven(line, 7.0) + 0.3 * uneven(line, 1.9));
            near.fade() * groove(near.distance, size, line.width * (0.85 + 0.3 * uneven(line, 4.0)), PALM_LIP)
        };
        -palmar * lines.map(depth).sum::<f32>()
    }

    /// Veins of the back of hand and forearm, mm; those of the volar side lie too deep to stand out.
    fn vein_height(&self, at: &SkinPoint, wander: f32) -> f32 {
        let dorsal = at.dorsal();
        if dorsal > 0.0 { dorsal * self.highest(&self.veins, at, wander) } else { 0.0 }
    }

    /// Height of the highest of some ridges, mm.
    fn highest(&self, curves: &[Curve], at: &SkinPoint, wander: f32) -> f32 {
        let swell = 1.0 + 0.5 * noise(at.p, 14.0 * self.space.scale, 15);
        let ridge = |curve: &Curve| {
            let near = curve.nearest(at.p.truncate() + 2.0 * wander)?;
            Some(swell * curve.size * near.fade() * bump(near.distance, curve.width))
        };
        curves.iter().filter_map(ridge).fold(0.0, f32::max)
    }

    /// Fine structure, mm.
    fn grain_height(&self, at: &SkinPoint) -> f32 {
        let grain = &self.spec.relief.grain;
        let palmar = smoothstep(at.normal.z, -0.25, 0.30);
        let size = grain.size_mm[0] + (grain.size_mm[1] - grain.size_mm[0]) * palmar;
        let cell = grain.cell_mm * self.space.scale;
        self.space.scale * size * (0.65 * noise(at.p, cell, 13) + 0.35 * noise(at.p, 2.3 * cell, 14))
    }
}

/// 1 on the palmar side of wrist and forearm.
fn volar(at: &SkinPoint) -> f32 {
    smoothstep(at.normal.z, 0.1, 0.6) * smoothstep(-at.p.y, -6.0, 8.0)
}

/// Distance from the middle of a line across a digit, mm.
fn offset(line: &LineSpec, digit: &DigitSpace, q: Vec3, scale: f32) -> f32 {
    let bow = line.bow_mm * q.x * q.x / 4.0;
    q.y - line.at_share * digit.lengths[line.bone] - line.at_mm * scale - bow
}

/// Depth of a line with its lips at a distance, mm.
fn groove(distance: f32, depth: f32, width: f32, lip: f32) -> f32 {
    let beside = |side: f32| bump(distance + side * LIP_AT * width, LIP_WIDTH * width);
    depth * (bump(distance, width) - lip * (beside(-1.0) + beside(1.0)))
}

/// Height of groove, fold and free edge of one nail, mm, and 1 on its plate.
fn nail_height(digit: &DigitSpace, spec: &NailSpec, p: Vec3, scale: f32) -> (f32, f32) {
    let q = digit.bone_from_hand[2].point(p);
    if !digit.within(q, 2, 1.35, 1.9) || q.y < 0.0 {
        return (0.0, 0.0);
    }
    let at = digit.nail(spec, q);
    let groove = bump(at.radius - 1.04, 0.055) * smoothstep(1.05 - at.v, 0.0, 0.3);
    let fold = bump(at.radius - 1.22, 0.10) * smoothstep(0.6 - at.v, 0.0, 0.6);
    let edge = smoothstep(at.v, 0.86, 0.96) * smoothstep(1.12 - at.u, 0.0, 0.12) * bump(at.v - 1.0, 0.10);
    let height = spec.fold_mm * fold + spec.edge_mm * edge - spec.groove_mm * groove;
    (scale * at.on_top * height, at.on_top * smoothstep(1.03 - at.radius, 0.0, 0.06))
}

/// Tendons fan out from the wrist to the metacarpal heads.
fn tendons(space: &SkinSpace, spec: &ReliefSpec) -> Vec<Curve> {
    let tendon = &spec.tendons;
    let across = [1.0, 0.33, -0.33, -1.0];
    let fan = space.metacarpals.iter().zip(across).map(|((hand_from_metacarpal, length), side)| {
        let head = hand_from_metacarpal.inverse().point(Vec3::Y * *length).truncate();
        let origin = Vec2::new(tendon.origin[0] + side * tendon.origin_spread, tendon.origin[1]) * space.size;
        Curve::new(&[origin, head], tendon.size_mm * space.scale, tendon.width_mm * space.scale)
    });
    fan.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rig::{Digit, HandPart};
    use crate::sculpt::testing;

    /// Height in mm at a point in the frame of a digit's bone.
    fn height(relief: &Relief, digit: Digit, bone: usize, q: Vec3) -> f32 {
        let frame = relief.space.digits[digit as usize].bone_from_hand[bone].inverse();
        let normal = frame.direction(Vec3::new(0.0, 0.0, q.z.signum()));
        let part = HandPart::Segment(digit, 2 - bone as u8).index();
        relief.height_m(&SkinPoint { p: frame.point(q), normal, part }) * 1e3
    }

    /// Lowest height of a stretch along a bone.
    fn lowest(relief: &Relief, digit: Digit, bone: usize, from: Vec3, length: f32) -> f32 {
        (0..=40).map(|k| height(relief, digit, bone, from + Vec3::Y * (length * k as f32 / 40.0))).fold(9.0, f32::min)
    }

    #[test]
    fn joints_are_creased_in_front_and_wrinkled_behind() {
        let relief = Relief::new(&testing::reference_subject());
        for digit in [Digit::Index, Digit::Middle, Digit::Ring, Digit::Little] {
            let depth = relief.space.digits[digit as usize].half_depths[1];
            let crease = lowest(&relief, digit, 2, Vec3::new(0.0, -2.0, depth), 4.0);
            assert!((-0.60..-0.15).contains(&crease), "{digit:?} {crease}");
            let wrinkle = lowest(&relief, digit, 1, Vec3::new(0.0, -4.0, -depth), 7.0);
            assert!((-0.45..-0.1).contains(&wrinkle), "{digit:?} {wrinkle}");
            let shaft = relief.space.digits[digit as usize].lengths[1] * 0.5;
            assert!(height(&relief, digit, 1, Vec3::new(0.0, shaft, depth)).abs() < 0.12);
        }
    }

    #[test]
    fn nails_have_a_groove_and_a_fold_on_the_back_only() {
        let relief = Relief::new(&testing::reference_subject());
        let d = relief.space.digits[Digit::Middle as usize];
        let spec = relief.spec.relief.nail;
        let side = |factor: f32, z: f32| {
            let q = Vec3::new(
                factor * d.half_breadths[2] * spec.half_width,
                spec.centre * d.tip_length,
                z * d.half_depths[2],
            );
            height(&relief, Digit::Middle, 2, q)
        };
        assert!(side(0.0, -0.9).abs() < 0.03);
        assert!(side(1.04, -0.6) < -0.25, "{}", side(1.04, -0.6));
        assert!(side(1.2, -0.6) > 0.1, "{}", side(1.2, -0.6));
        assert!(side(1.04, 0.6).abs() < 0.1, "{}", side(1.04, 0.6));
    }

    #[test]
    fn palm_lines_cut_and_veins_rise() {
        let relief = Relief::new(&testing::reference_subject());
        let at = |p: Vec2, z: f32| {
            let point = SkinPoint { p: p.extend(12.0 * z), normal: Vec3::Z * z, part: HandPart::Palm.index() };
            relief.height_m(&point) * 1e3
        };
        let middle = |curve: &Curve| curve.points[curve.points.len() / 2];
        let near = |curve: &Curve, z: f32| {
            (-30..=30)
                .map(move |k| (k as f32 * 0.05, z))
                .map(|(d, z)| at(middle(curve) + Vec2::new(d, d), z))
                .collect::<Vec<_>>()
        };
        assert!(near(&relief.palm_lines[0], 1.0).into_iter().fold(9.0, f32::min) < -0.35);
        assert!(near(&relief.veins[0], -1.0).into_iter().fold(-9.0, f32::max) > 0.2);
        assert!(near(&relief.veins[0], 1.0).into_iter().fold(-9.0, f32::max) < 0.2);
    }
}
