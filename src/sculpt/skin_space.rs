//! Where skin detail is placed: the bones of each digit in the rest pose, smooth curves, and smooth noise. Millimetres.

use glam::{Vec2, Vec3};

use crate::math::{RigidTransform, smoothstep};
use crate::rig::joint::{DIGITS, FINGERS};
use crate::rig::{Digit, HandPart};

use super::Subject;
use super::skeleton::rest_frames_mm;
use super::skin_spec::{NailSpec, PathSpec};

/// A point of the skin in the rest pose.
#[derive(Debug, Clone, Copy)]
pub struct SkinPoint {
    /// Hand space, mm.
    pub p: Vec3,
    /// Unit, outward.
    pub normal: Vec3,
    /// [`HandPart::index`].
    pub part: u8,
}

impl SkinPoint {
    /// True where detail of the digit may lie: on its own segments and on the palm next to it.
    pub fn may_show(&self, digit: Digit) -> bool {
        self.part == HandPart::Palm.index() || self.part / 3 == digit as u8
    }

    /// 1 on the back of the hand, 0 on the sides and the palm.
    pub fn dorsal(&self) -> f32 {
        smoothstep(-self.normal.z, 0.1, 0.6)
    }
}

/// Frames and sizes of one subject's hand in the rest pose.
#[derive(Debug, Clone)]
pub struct SkinSpace {
    /// Factor from the hand breadth at which constants were chosen.
    pub scale: f32,
    /// Hand breadth and hand length, mm.
    pub size: Vec2,
    /// Thumb first.
    pub digits: [DigitSpace; 5],
    /// Frame and length of the four fingers' metacarpals, index first.
    pub metacarpals: [(RigidTransform, f32); 4],
}

/// Frames and sizes of one digit.
#[derive(Debug, Clone, Copy)]
pub struct DigitSpace {
    /// Which digit.
    pub digit: Digit,
    /// Hand space to the frame of each of its three bones: origin at the proximal joint, +Y along the bone.
    pub bone_from_hand: [RigidTransform; 3],
    /// Of the bones.
    pub lengths: [f32; 3],
    /// At the two joints and the tip.
    pub half_breadths: [f32; 3],
    /// At the two joints and the tip.
    pub half_depths: [f32; 3],
    /// Last joint to fleshy tip.
    pub tip_length: f32,
}

impl SkinSpace {
    /// Frames and sizes of a subject.
    pub fn new(subject: &Subject) -> Self {
        let frames = rest_frames_mm(subject);
        let digits = DIGITS.map(|digit| {
            let [a, b, c, _] = digit.chain();
            DigitSpace {
                digit,
                bone_from_hand: [a, b, c].map(|joint| frames[joint.index()].inverse()),
                lengths: subject.bone_lengths(digit),
                half_breadths: subject.half_breadths(digit),
                half_depths: subject.half_depths(digit),
                tip_length: subject.tip_length(digit),
            }
        });
        let metacarpals = FINGERS.map(|finger| {
            let frame = frames[finger.joints()[0].index()];
            let head = frames[finger.chain()[0].index()].translation_m;
            (frame.inverse(), frame.translation_m.distance(head))
        });
        let size = Vec2::new(subject.hand_breadth_mm, subject.hand_length_mm);
        Self { scale: subject.scale(), size, digits, metacarpals }
    }

    /// Smooth curve of a path, mm, with its width.
    pub fn curve(&self, path: &PathSpec) -> Curve {
        let points: Vec<Vec2> = path.points.iter().map(|p| Vec2::from(*p) * self.size).collect();
        Curve::new(&points, path.size_mm * self.scale, path.width_mm * self.scale)
    }
}

impl DigitSpace {
    /// True where `q`, in the frame of a bone, lies in the box around the digit at a joint, in multiples of its half
    /// breadth and half depth.
    pub fn within(&self, q: Vec3, size: usize, breadth: f32, depth: f32) -> bool {
        q.x.abs() < self.half_breadths[size] * breadth && q.z.abs() < self.half_depths[size] * depth
    }

    /// Place on the nail of a point in the frame of the last bone.
    pub fn nail(&self, spec: &NailSpec, q: Vec3) -> NailPoint {
        let u = q.x.abs() / (self.half_breadths[2] * spec.half_width);
        let v = (q.y - self.tip_length * spec.centre) / (self.tip_length * spec.length * 0.5);
        let end = if v > 0.0 { 2.4 } else { 3.6 };
        let radius = libm::cbrtf(libm::powf(u, 3.2) + libm::powf(v.abs(), end));
        let top = |hi: f32| smoothstep(-q.z, 0.05 * self.half_depths[2], hi * self.half_depths[2]);
        NailPoint { u, v, radius, on_top: top(0.3) }
    }
}

/// Place on a nail.
#[derive(Debug, Clone, Copy)]
pub struct NailPoint {
    /// 0 in the middle, 1 on the side edge.
    pub u: f32,
    /// -1 at the cuticle, +1 at the free edge.
    pub v: f32,
    /// 1 on the plate's outline.
    pub radius: f32,
    /// 1 on the dorsal side, 0 on the palmar side.
    pub on_top: f32,
}

/// A smooth curve in the plane of the hand.
#[derive(Debug, Clone)]
pub struct Curve {
    pub(super) points: Vec<Vec2>,
    lo: Vec2,
    hi: Vec2,
    /// Depth or height, mm.
    pub size: f32,
    /// Distance from the middle at which the size has fallen to 37 %, mm.
    pub width: f32,
}

/// Place beside a curve.
#[derive(Debug, Clone, Copy)]
pub struct CurvePoint {
    /// Distance, mm.
    pub distance: f32,
    /// 0 at the start, 1 at the end.
    pub along: f32,
}

const STEPS: usize = 8;

impl Curve {
    /// Catmull-Rom curve through two points or more, mm.
    pub fn new(controls: &[Vec2], size: f32, width: f32) -> Self {
        let at = |k: isize| controls[k.clamp(0, controls.len() as isize - 1) as usize];
        let mut points = Vec::new();
        for k in 0..controls.len() as isize - 1 {
            let (a, b, c, d) = (at(k - 1), at(k), at(k + 1), at(k + 2));
            points.extend((0..STEPS).map(|s| {
                let t = s as f32 / STEPS as f32;
                let (t2, t3) = (t * t, t * t * t);
                0.5 * (2.0 * b + (c - a) * t + (2.0 * a - 5.0 * b + 4.0 * c - d) * t2 + (3.0 * (b - c) + d - a) * t3)
            }));
        }
        points.extend(controls.last());
        let reach = Vec2::splat(6.0 * width);
        let lo = points.iter().copied().reduce(Vec2::min).unwrap_or_default() - reach;
        let hi = points.iter().copied().reduce(Vec2::max).unwrap_or_default() + reach;
        Self { points, lo, hi, size, width }
    }

    /// Nearest place on the curve; `None` far from it.
    pub fn nearest(&self, p: Vec2) -> Option<CurvePoint> {
        if p.cmplt(self.lo).any() || p.cmpgt(self.hi).any() {
            return None;
        }
        let count = self.points.len().saturating_sub(1) as f32;
        let mut best = CurvePoint { distance: f32::INFINITY, along: 0.0 };
        for (k, pair) in self.points.windows(2).enumerate() {
            let ab = pair[1] - pair[0];
            let h = ((p - pair[0]).dot(ab) / ab.length_squared().max(1e-12)).clamp(0.0, 1.0);
            let distance = p.distance(pair[0] + ab * h);
            if distance < best.distance {
                best = CurvePoint { distance, along: (k as f32 + h) / count };
            }
        }
        (best.distance < 6.0 * self.width).then_some(best)
    }
}

impl CurvePoint {
    /// 1 in the middle, falling to 0 over the first and last part of the curve.
    pub fn fade(&self) -> f32 {
        smoothstep(self.along.min(1.0 - self.along), 0.0, 0.15)
    }
}

/// Bell of the given width: 1 at 0, 37 % at one width.
pub fn bump(x: f32, width: f32) -> f32 {
    let t = x / width;
    if t.abs() > 4.0 { 0.0 } else { libm::expf(-t * t) }
}

/// Smooth noise in -1..1 with cells of the given size, mm; every `seed` gives another.
pub fn noise(p: Vec3, cell_mm: f32, seed: u32) -> f32 {
    let x = p / cell_mm;
    let cell = x.floor();
    let f = x - cell;
    let w = f * f * f * (f * (f * 6.0 - 15.0) + 10.0);
    let [i, j, k] = cell.to_array().map(|v| v as i32 as u32);
    let corner = |di: u32, dj: u32, dk: u32| lattice(i.wrapping_add(di), j.wrapping_add(dj), k.wrapping_add(dk), seed);
    let mix = |a: f32, b: f32, t: f32| a + (b - a) * t;
    let edge = |dj, dk| mix(corner(0, dj, dk), corner(1, dj, dk), w.x);
    let face = |dk| mix(edge(0, dk), edge(1, dk), w.y);
    mix(face(0), face(1), w.z)
}

/// Value in -1..1 of a lattice point.
fn lattice(i: u32, j: u32, k: u32, seed: u32) -> f32 {
    let mut h = i.wrapping_mul(0x9E37_79B1) ^ j.wrapping_mul(0x85EB_CA77) ^ k.wrapping_mul(0xC2B2_AE3D);
    h ^= seed.wrapping_mul(0x27D4_EB2F);
    h = (h ^ (h >> 15)).wrapping_mul(0x2C1B_3C6D);
    h = (h ^ (h >> 12)).wrapping_mul(0x297A_2D39);
    h ^= h >> 15;
    (h >> 8) as f32 / 8_388_608.0 - 1.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn curve_passes_through_its_points() {
        let controls = [Vec2::new(0.0, 0.0), Vec2::new(10.0, 4.0), Vec2::new(18.0, 20.0)];
        let curve = Curve::new(&controls, 1.0, 2.0);
        for (p, along) in controls.into_iter().zip([0.0, 0.5, 1.0]) {
            let at = curve.nearest(p).unwrap();
            assert!(at.distance < 1e-5 && (at.along - along).abs() < 1e-5, "{at:?}");
        }
        assert!(curve.nearest(Vec2::new(-13.0, 0.0)).is_none());
        let beside = Curve::new(&[Vec2::ZERO, Vec2::new(0.0, 10.0)], 1.0, 2.0).nearest(Vec2::new(3.0, 5.0)).unwrap();
        assert!((beside.distance - 3.0).abs() < 1e-5 && (beside.fade() - 1.0).abs() < 1e-6);
    }

    #[test]
    fn noise_is_smooth_balanced_and_seeded() {
        let at = |k: u16, seed| noise(Vec3::new(f32::from(k) * 0.37, -f32::from(k) * 0.11, 4.0), 1.5, seed);
        let mean = (0..20_000).map(|k| at(k, 1)).sum::<f32>() / 20_000.0;
        assert!(mean.abs() < 0.03, "{mean}");
        assert!((0..20_000).all(|k| at(k, 1).abs() <= 1.0));
        let p = Vec3::new(3.0, -7.49, 1.0);
        assert!((noise(p, 2.0, 3) - noise(p + Vec3::splat(1e-3), 2.0, 3)).abs() < 0.01);
        assert!((noise(p, 2.0, 3) - noise(p, 2.0, 4)).abs() > 1e-4);
    }
}
