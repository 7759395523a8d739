//! Correctives: how far skinning by joints alone is from the surface that the posed bones would have.
//!
//! Joints are bent step by step. After each step the skinned vertices are pulled towards a place where the edges around
//! them keep the length they have in the rest pose, turned along with the bones (as rigid as possible), and onto the posed
//! implicit surface. What that changes goes back through the inverse of the skinning into the rest pose.

use glam::{Mat3, Quat, Vec3};

use crate::math::{RigidTransform, smoothstep};
use crate::rig::{Dof, HandPose, Ramp, SLOT_COUNT, Skeleton};

use super::bends::{Bend, GROUPS, Group};
use super::build::influences;
use super::mesh::neighbours;
use super::project::newton;
use super::skeleton::{in_mm, skeleton};
use super::{HandField, Template};

/// Largest turn of a joint between two solutions, degrees.
const STEP_DEG: f32 = 20.0;
/// Relaxations and projections after each step.
const ROUNDS: usize = 5;
/// Relaxations before each projection.
const RELAXATIONS: usize = 3;
/// Passes that smooth a solution's differences.
const SMOOTHING: usize = 2;

/// Name, ramps and difference of every vertex of the template (mm in the rest pose) of all correctives.
pub(super) fn correctives(template: &Template) -> Vec<(String, Vec<Ramp>, Vec<Vec3>)> {
    let solver = Solver::new(template);
    GROUPS.iter().flat_map(|group| solver.group(group)).collect()
}

/// Where a vertex goes: blended matrix and shift of its bones, and their mean rotation.
struct Carried {
    matrix: Mat3,
    shift: Vec3,
    turn: Quat,
}

struct Solver<'a> {
    template: &'a Template,
    skeleton: Skeleton,
    rest: [RigidTransform; SLOT_COUNT],
    influences: Vec<([u8; 4], [f32; 4])>,
    around: Vec<Vec<u32>>,
}

impl<'a> Solver<'a> {
    fn new(template: &'a Template) -> Self {
        let skeleton = skeleton(template.field.subject());
        let count = template.positions.len();
        Self {
            rest: skeleton.hand_from_slot(&skeleton.bind_pose).map(in_mm),
            skeleton,
            influences: (0..count).map(|v| influences(template, v)).collect(),
            around: neighbours(count, &template.faces),
            template,
        }
    }

    /// The correctives of joints that are bent together, one for each joint and angle.
    fn group(&self, group: &Group) -> Vec<(String, Vec<Ramp>, Vec<Vec3>)> {
        let reach = self.reach(group);
        let active: Vec<u32> = (0..reach.len() as u32).filter(|v| reach[*v as usize] > 0.0).collect();
        let mut deltas = vec![Vec3::ZERO; reach.len()];
        let mut out = Vec::new();
        for knot in 0..group.knots() {
            self.bend(group, knot, &active, &mut deltas);
            let faded: Vec<Vec3> = deltas.iter().zip(&reach).map(|(d, share)| *d * *share).collect();
            for bend in group.bends {
                let own = self.owned(group, bend, &faded);
                out.push((bend.name(knot), vec![self.ramp(bend, knot)], own));
            }
        }
        out
    }

    /// 1 near a group's joints to 0 where nothing is to change, for every vertex.
    fn reach(&self, group: &Group) -> Vec<f32> {
        let scale = self.template.field.subject().scale();
        let near = |p: &Vec3| {
            let centres = group.bends.iter().map(|b| self.rest[b.dof.joint().index()].translation_m);
            let nearest = centres.map(|c| c.distance(*p)).fold(f32::INFINITY, f32::min) / scale;
            1.0 - smoothstep(nearest, group.reach_mm[0], group.reach_mm[1])
        };
        self.template.positions.iter().map(near).collect()
    }

    /// Bend from the knot before (or from rest) to a knot, solving on the way.
    fn bend(&self, group: &Group, knot: usize, active: &[u32], deltas: &mut [Vec3]) {
        let angle = |bend: &Bend, t: f32| {
            let rest = self.skeleton.bind_pose.get(bend.dof);
            let from = if knot == 0 { rest } else { bend.knots_deg[knot - 1].to_radians() };
            from + (bend.knots_deg[knot].to_radians() - from) * t
        };
        let turn = group.bends.iter().map(|b| (angle(b, 1.0) - angle(b, 0.0)).abs()).fold(0.0, f32::max);
        let steps = (turn.to_degrees() / STEP_DEG).ceil().max(1.0) as usize;
        for step in 1..=steps {
            let mut pose = self.skeleton.bind_pose;
            for bend in group.bends {
                pose.set(bend.dof, angle(bend, step as f32 / steps as f32));
            }
            self.solve(&pose, active, deltas);
        }
    }

    /// Difference in the rest pose of the active vertices in a pose, from a first guess.
    fn solve(&self, pose: &HandPose, active: &[u32], deltas: &mut [Vec3]) {
        let field = HandField::posed(self.template.field.subject(), pose);
        let carried = self.carried(pose);
        let rest = &self.template.positions;
        let mut p: Vec<Vec3> =
            carried.iter().zip(rest).zip(deltas.iter()).map(|((c, r), d)| c.matrix * (*r + *d) + c.shift).collect();
        for _ in 0..ROUNDS {
            for _ in 0..RELAXATIONS {
                self.relax(&carried, active, &mut p);
            }
            let mut moved: Vec<Vec3> = active.iter().map(|v| p[*v as usize]).collect();
            newton(&field, &mut moved);
            active.iter().zip(moved).for_each(|(v, at)| p[*v as usize] = at);
        }
        for &v in active {
            let v = v as usize;
            let Carried { matrix, shift, .. } = &carried[v];
            deltas[v] = matrix.inverse() * (p[v] - *shift) - rest[v];
        }
        for _ in 0..SMOOTHING {
            let middle = |v: u32| {
                let list = &self.around[v as usize];
                0.5 * (deltas[v as usize] + list.iter().map(|w| deltas[*w as usize]).sum::<Vec3>() / list.len() as f32)
            };
            let smooth: Vec<Vec3> = active.iter().map(|v| middle(*v)).collect();
            active.iter().zip(smooth).for_each(|(v, d)| deltas[*v as usize] = d);
        }
    }

    fn carried(&self, pose: &HandPose) -> Vec<Carried> {
        let posed = self.skeleton.hand_from_slot(pose).map(in_mm);
        let maps: Vec<RigidTransform> = self.rest.iter().zip(&posed).map(|(r, p)| *p * r.inverse()).collect();
        let matrices: Vec<Mat3> = maps.iter().map(|m| Mat3::from_quat(m.rotation)).collect();
        let carried = |(slots, weights): &([u8; 4], [f32; 4])| {
            let (mut matrix, mut shift, mut sum) = (Mat3::ZERO, Vec3::ZERO, Quat::from_xyzw(0.0, 0.0, 0.0, 0.0));
            for (slot, weight) in slots.iter().zip(weights) {
                let at = usize::from(*slot);
                matrix += matrices[at] * *weight;
                shift += maps[at].translation_m * *weight;
                let turn = maps[at].rotation;
                sum = sum + turn * (weight * if sum.dot(turn) < 0.0 { -1.0 } else { 1.0 });
            }
            Carried { matrix, shift, turn: sum.normalize() }
        };
        self.influences.iter().map(carried).collect()
    }

    /// Move active vertices to the mean of where their neighbours would have them, with the edges of the rest pose.
    fn relax(&self, carried: &[Carried], active: &[u32], p: &mut [Vec3]) {
        let rest = &self.template.positions;
        let place = |v: u32| {
            let v = v as usize;
            let around = &self.around[v];
            let from = |w: &u32| {
                let w = *w as usize;
                let (a, b) = (carried[v].turn, carried[w].turn);
                let turn = (a + if a.dot(b) < 0.0 { -b } else { b }).normalize();
                p[w] + turn * (rest[v] - rest[w])
            };
            around.iter().map(from).sum::<Vec3>() / around.len() as f32
        };
        let moved: Vec<Vec3> = active.iter().map(|v| place(*v)).collect();
        active.iter().zip(moved).for_each(|(v, at)| p[*v as usize] = at);
    }

    /// What of a group's differences belongs to one of its joints: nearly all near its digit, half between two.
    fn owned(&self, group: &Group, bend: &Bend, deltas: &[Vec3]) -> Vec<Vec3> {
        if group.bends.len() == 1 {
            return deltas.to_vec();
        }
        let closeness = |dof: Dof, p: Vec3| self.distance_to_digit(dof, p).max(1.0).powi(-6);
        let share = |p: Vec3| {
            let all: f32 = group.bends.iter().map(|b| closeness(b.dof, p)).sum();
            closeness(bend.dof, p) / all
        };
        let own = |(p, d): (&Vec3, &Vec3)| if *d == Vec3::ZERO { Vec3::ZERO } else { *d * share(*p) };
        self.template.positions.iter().zip(deltas).map(own).collect()
    }

    /// Distance of a rest point to the chain of the digit that a degree of freedom moves, mm.
    fn distance_to_digit(&self, dof: Dof, p: Vec3) -> f32 {
        let Some(digit) = dof.joint().digit() else { return 1.0 };
        let at = |k: usize| self.rest[digit.chain()[k].index()].translation_m;
        let to_bone = |k: usize| {
            let (a, b) = (at(k), at(k + 1));
            let t = ((p - a).dot(b - a) / (b - a).length_squared()).clamp(0.0, 1.0);
            p.distance(a + (b - a) * t)
        };
        (0..3).map(to_bone).fold(f32::INFINITY, f32::min)
    }

    fn ramp(&self, bend: &Bend, knot: usize) -> Ramp {
        let at = |k: usize| bend.knots_deg.get(k).map(|deg| deg.to_radians());
        let from_rad = knot.checked_sub(1).and_then(at).unwrap_or_else(|| self.skeleton.bind_pose.get(bend.dof));
        Ramp { dof: bend.dof, from_rad, full_rad: at(knot).unwrap_or(from_rad), to_rad: at(knot + 1) }
    }
}
