//! Gloves: the hand's own mesh, smoothed by thick stuff and moved outward.

use glam::Vec3;

use super::band::Loop;
use super::limb::Limb;
use crate::posed::PosedHand;
use crate::rig::{HandPart, Joint};
use crate::scene::{Glove, SurfaceMaterial};
use crate::solid::SolidMesh;

/// Stuff thicker than this hides nails and creases, metres.
const SMOOTHING_FROM_M: f32 = 0.0009;
/// Passes of smoothing, each over the neighbours.
const PASSES: usize = 5;
/// Width of the hem, metres.
const HEM_M: f32 = 0.008;

/// A hand drawn as its glove.
#[derive(Debug, Clone)]
pub struct PosedGlove {
    /// Number of the hand in the scene, from 0.
    pub hand: usize,
    /// Which triangles of its mesh are glove; the others are skin.
    pub triangles: Vec<bool>,
    /// What it is made of.
    pub material: SurfaceMaterial,
}

/// Move the surface of a hand out to its glove.
pub(super) fn put_on(number: usize, glove: &Glove, hand: &mut PosedHand) -> PosedGlove {
    let inside = covered(hand, glove.cuff_m);
    if glove.thickness_m > SMOOTHING_FROM_M {
        let twins = Twins::new(&hand.rig.mesh.positions_m, &hand.rig.mesh.triangles);
        for _ in 0..PASSES {
            twins.smooth(&mut hand.positions_m, &inside);
            twins.smooth(&mut hand.normals, &inside);
        }
        hand.normals.iter_mut().for_each(|n| *n = n.normalize_or(Vec3::Y));
    }
    for ((p, n), inside) in hand.positions_m.iter_mut().zip(&hand.normals).zip(&inside) {
        if *inside {
            *p += *n * glove.thickness_m;
        }
    }
    let any = |corners: &[u32; 3]| corners.iter().any(|k| inside[*k as usize]);
    let triangles = hand.rig.mesh.triangles.iter().map(any).collect();
    PosedGlove { hand: number, triangles, material: glove.material }
}

/// Vertices below the end of the glove: all of the hand, and of the arm what is near enough to the wrist.
fn covered(hand: &PosedHand, cuff_m: f32) -> Vec<bool> {
    let wrist = hand.world_from_joint[Joint::Wrist.index()].translation_m;
    let elbow = hand.world_from_joint[Joint::Forearm.index()].translation_m;
    let up = (elbow - wrist).normalize_or_zero();
    let mut inside: Vec<bool> = hand.positions_m.iter().map(|p| (*p - wrist).dot(up) < cuff_m).collect();
    let mesh = &hand.rig.mesh;
    for (corners, part) in mesh.triangles.iter().zip(&mesh.triangle_part) {
        if *part < HandPart::Arm.index() {
            for k in corners {
                inside[*k as usize] = true;
            }
        }
    }
    inside
}

/// A glove's hem around the forearm. The skin's distance already contains the glove there.
pub(super) fn cuff(limb: &Limb, glove: &Glove) -> SolidMesh {
    let at = (glove.cuff_m - 0.4 * HEM_M).max(0.0);
    Loop::around(limb, at, HEM_M, -0.0010).mesh(HEM_M, 0.0013 + 0.6 * glove.thickness_m)
}

/// Vertices at one place (seams of the texture) are one.
struct Twins {
    /// Number of the place of each vertex.
    place: Vec<u32>,
    /// Pairs of places that an edge joins.
    edges: Vec<[u32; 2]>,
    count: usize,
}

impl Twins {
    fn new(positions: &[Vec3], triangles: &[[u32; 3]]) -> Self {
        let key = |k: &u32| positions[*k as usize].to_array().map(f32::to_bits);
        let mut order: Vec<u32> = (0..positions.len() as u32).collect();
        order.sort_unstable_by_key(key);
        let mut place = vec![0; positions.len()];
        let mut count = 0_u32;
        for pair in order.windows(2) {
            count += u32::from(key(&pair[0]) != key(&pair[1]));
            place[pair[1] as usize] = count;
        }
        let at = |k: u32| place[k as usize];
        let edges = triangles.iter().flat_map(|[a, b, c]| [[at(*a), at(*b)], [at(*b), at(*c)], [at(*c), at(*a)]]);
        Self { edges: edges.collect(), count: count as usize + 1, place }
    }

    /// Move values half way to the mean of their neighbours.
    fn smooth(&self, values: &mut [Vec3], chosen: &[bool]) {
        let mut at = vec![Vec3::ZERO; self.count];
        values.iter().zip(&self.place).for_each(|(v, place)| at[*place as usize] = *v);
        let mut sums = vec![(Vec3::ZERO, 0.0_f32); self.count];
        for [a, b] in &self.edges {
            let (a, b) = (*a as usize, *b as usize);
            sums[a] = (sums[a].0 + at[b], sums[a].1 + 1.0);
            sums[b] = (sums[b].0 + at[a], sums[b].1 + 1.0);
        }
        for ((value, place), _) in values.iter_mut().zip(&self.place).zip(chosen).filter(|(_, chosen)| **chosen) {
            let (sum, n) = sums[*place as usize];
            *value = (*value + sum / n.max(1.0)) * 0.5;
        }
    }
}
