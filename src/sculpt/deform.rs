//! Carries the mesh of one subject over to another of nearly the same shape.

use glam::{Mat3, Vec3};

use crate::math::{RigidTransform, smoothstep};
use crate::rig::joint::{DIGITS, FINGERS};
use crate::rig::{Digit, JOINT_COUNT, JOINTS, Joint};

use super::project::newton;
use super::skeleton::rest_frames_mm;
use super::skin_space::SkinSpace;
use super::{HandField, Subject, Template};

/// Steps onto the surface, with evening out between any two.
const ROUNDS: usize = 4;
/// Steps of evening out along the surface: without them the walls of a narrow web push its floor into folds.
const EVEN_OUT_STEPS: usize = 12;
/// Share of the way to the neighbours' mean displacement in one such step.
const EVEN_OUT: f32 = 0.5;
/// What moves less than this does not move, mm.
pub(super) const LEAST_MM: f32 = 0.002;
/// Radius around a nail, in multiples of its size, at which its skin no longer follows; it follows fully up to 1.
const NAIL_REACH: f32 = 1.7;

/// A mesh carried over, hand space, mm.
pub(super) struct Carried {
    /// On the surface.
    pub(super) positions: Vec<Vec3>,
    /// Where the bones took it before that.
    pub(super) guess: Vec<Vec3>,
}

/// Vertices of `template` on the surface of another subject, mm: each bone's frame is moved and scaled, then projected.
///
/// Unlike a template made from that subject's own cage, positions are a smooth function of the subject's parameters, and
/// what a parameter does not reach keeps its place to the bit. `around` are the neighbours of every vertex.
pub(super) fn carry(template: &Template, around: &[Vec<u32>], to: &Subject) -> Carried {
    let field = HandField::new(to);
    let guess = guess(template, to);
    let mut positions = guess.clone();
    let moved = |(k, distance): (usize, f32)| {
        let off = (distance - template.residual[k]).abs();
        off > LEAST_MM || positions[k].distance(template.positions[k]) > LEAST_MM
    };
    let distances = field.distances(&template.positions);
    let reached: Vec<usize> =
        distances.into_iter().enumerate().filter(|(k, d)| moved((*k, *d))).map(|(k, _)| k).collect();
    let mut on_surface: Vec<Vec3> = reached.iter().map(|k| positions[*k]).collect();
    positions.clone_from(&template.positions);
    for round in 0..ROUNDS {
        let normals = newton(&field, &mut on_surface);
        for (k, p) in reached.iter().zip(&on_surface) {
            positions[*k] = *p;
        }
        if round + 1 == ROUNDS {
            break;
        }
        let normals: Vec<(usize, Vec3)> = reached.iter().copied().zip(normals).collect();
        even_out(&guess, around, &normals, &mut positions);
        for (k, p) in reached.iter().zip(&mut on_surface) {
            *p = positions[*k];
        }
    }
    Carried { positions, guess }
}

/// Moves vertices along the surface towards the mean displacement, from the guess, of their neighbours. Growth as such is in
/// the guess: evened out, it would squeeze small faces beside large ones.
fn even_out(guess: &[Vec3], around: &[Vec<u32>], normals: &[(usize, Vec3)], positions: &mut [Vec3]) {
    for _ in 0..EVEN_OUT_STEPS {
        let displacement = |k: usize| positions[k] - guess[k];
        let step = |(k, normal): &(usize, Vec3)| {
            let middle = around[*k].iter().map(|w| displacement(*w as usize)).sum::<Vec3>() / around[*k].len() as f32;
            let step = middle - displacement(*k);
            (step - *normal * step.dot(*normal)) * EVEN_OUT
        };
        let steps: Vec<Vec3> = normals.iter().map(step).collect();
        normals.iter().zip(steps).for_each(|((k, _), step)| positions[*k] += step);
    }
}

/// Where vertices go with the bones, the webs and the nails, mm.
fn guess(template: &Template, to: &Subject) -> Vec<Vec3> {
    let skin = SkinSlide::new(template.field.subject(), to);
    let maps = bone_maps(skin.from, skin.to);
    let carried = |(p, weights): (&Vec3, &[f32; JOINT_COUNT])| {
        let p = *p + skin.webs(*p, weights) + skin.nails(*p, weights);
        let used = weights.iter().zip(&maps).filter(|(w, _)| **w > 0.0);
        used.map(|(w, (matrix, shift))| (*matrix * p + *shift) * *w).sum()
    };
    template.positions.iter().zip(&template.weights).map(carried).collect()
}

/// Affine map of each bone: its frame goes to the other subject's, scaled along and across the bone.
fn bone_maps(from: &Subject, to: &Subject) -> [(Mat3, Vec3); JOINT_COUNT] {
    let (a, b) = (rest_frames_mm(from), rest_frames_mm(to));
    std::array::from_fn(|k| {
        // thicker digits are left to the projection, which is evened out: here they would close the webs face by face
        let across = to.scale() / from.scale();
        let along = bone_length(to, &b, JOINTS[k]) / bone_length(from, &a, JOINTS[k]);
        let scale = Mat3::from_diagonal(Vec3::new(across, along, across));
        let turn = |f: &RigidTransform| Mat3::from_quat(f.rotation);
        let matrix = turn(&b[k]) * scale * turn(&a[k]).transpose();
        (matrix, b[k].translation_m - matrix * a[k].translation_m)
    })
}

/// Length of the bone that starts at a joint, mm.
fn bone_length(s: &Subject, frames: &[RigidTransform; JOINT_COUNT], joint: Joint) -> f32 {
    match joint {
        Joint::Wrist => s.hand_length_mm,
        _ if joint.is_tip() => 1.0,
        _ => {
            let next = JOINTS[joint.index() + 1];
            frames[next.index()].translation_m.distance(frames[joint.index()].translation_m)
        }
    }
}

/// Skin that moves along the surface: webs along the fingers, nails on the tips.
struct SkinSlide<'a> {
    from: &'a Subject,
    to: &'a Subject,
    space: SkinSpace,
}

impl<'a> SkinSlide<'a> {
    fn new(from: &'a Subject, to: &'a Subject) -> Self {
        Self { from, to, space: SkinSpace::new(from) }
    }

    /// With the webs; the palm next to a finger's root goes with it.
    fn webs(&self, p: Vec3, weights: &[f32; JOINT_COUNT]) -> Vec3 {
        let with = |digit: &Digit| weights[digit.chain()[0].index()] + weights[digit.joints()[0].index()];
        let of = |digit: Digit| {
            let along = self.space.digits[digit as usize].bone_from_hand[0].inverse().direction(Vec3::Y);
            along * (with(&digit) * self.web(p, digit as usize))
        };
        FINGERS.into_iter().filter(|digit| with(digit) > 0.0).map(of).sum()
    }

    /// With the nails.
    fn nails(&self, p: Vec3, weights: &[f32; JOINT_COUNT]) -> Vec3 {
        let with = |digit: &Digit| weights[digit.chain()[2].index()];
        let of = |digit: Digit| {
            let hand_from_bone = self.space.digits[digit as usize].bone_from_hand[2].inverse();
            hand_from_bone.direction(self.nail(p, digit as usize)) * with(&digit)
        };
        DIGITS.into_iter().filter(|digit| with(digit) > 0.0).map(of).sum()
    }

    /// Along the proximal phalanx, mm.
    fn web(&self, p: Vec3, digit: usize) -> f32 {
        let space = &self.space.digits[digit];
        let t = space.bone_from_hand[0].point(p).y / space.lengths[0];
        (self.to.web_place(t) - self.from.web_place(t)) * space.lengths[0]
    }

    /// In the frame of the last bone, mm: the nail grows sideways from its middle and backwards from its free edge.
    fn nail(&self, p: Vec3, digit: usize) -> Vec3 {
        let space = &self.space.digits[digit];
        let spec = &self.from.spec.relief.nail;
        let q = space.bone_from_hand[2].point(p);
        let at = space.nail(spec, q);
        let follows = at.on_top * (1.0 - smoothstep(at.radius, 1.0, NAIL_REACH));
        let broader = self.to.nail_breadth / self.from.nail_breadth - 1.0;
        let longer = self.to.nail_length / self.from.nail_length - 1.0;
        let from_edge = (1.0 - at.v).max(0.0) * 0.5 * spec.length * space.tip_length;
        Vec3::new(q.x * broader, -from_edge * longer, 0.0) * follows
    }
}
