//! Correctives: how far skinning by joints alone is from the surface that the posed bones would have.
//!
//! Joints are bent step by step. After each step the skinned vertices are pulled towards a place where the edges around
//! them keep the length they have in the rest pose, turned along with the bones (as rigid as possible), and onto the posed
//! implicit surface. The wrist bends along an arc instead. What that changes goes back through the inverse of the
//! skinning into the rest pose.

use glam::{Mat3, Quat, Vec3};

use crate::math::{RigidTransform, smoothstep};
use crate::rig::{Dof, HandPose, Ramp, SLOT_COUNT, Skeleton};

use super::bends::{Bend, Form, GROUPS, Group};
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
/// How far from the wrist its bend changes anything, as a fraction of HL: as far as its skin weights reach.
const ARC_REACH: f32 = 0.5;
/// Thickness of the bent wrist as a power of how much its middle is shortened; 0.5 would keep the volume.
const ARC_BULGE: f32 = 0.4;

/// What is to become a corrective.
pub(super) struct Correction {
    pub(super) name: String,
    pub(super) ramps: Vec<Ramp>,
    /// Difference of every vertex of the template in the rest pose, mm.
    pub(super) deltas_mm: Vec<Vec3>,
}

/// All corrections of a template.
pub(super) fn corrections(template: &Template) -> Vec<Correction> {
    let solver = Solver::new(template);
    let mut all = Vec::new();
    for group in GROUPS {
        let mut own = solver.group(group);
        if group.together {
            solver.merge(&mut own, &all);
        }
        all.extend(own);
    }
    all
}

/// Where a vertex goes: blended matrix and shift of its bones, and their mean rotation.
struct Carried {
    matrix: Mat3,
    shift: Vec3,
    turn: Quat,
}

impl Carried {
    /// The point of the rest pose that goes to `place`.
    fn rest(&self, place: Vec3) -> Vec3 {
        self.matrix.inverse() * (place - self.shift)
    }
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

    /// The corrections of joints that are bent together, one for each joint and angle.
    fn group(&self, group: &Group) -> Vec<Correction> {
        let reach = self.reach(group);
        let active: Vec<u32> = (0..reach.len() as u32).filter(|v| reach[*v as usize] > 0.0).collect();
        let mut deltas = vec![Vec3::ZERO; reach.len()];
        let mut out = Vec::new();
        for knot in 0..group.knots() {
            self.bend(group, knot, &active, &mut deltas);
            let faded: Vec<Vec3> = deltas.iter().zip(&reach).map(|(d, share)| *d * *share).collect();
            out.extend(group.bends.iter().map(|bend| Correction {
                name: bend.name(knot),
                ramps: vec![self.ramp(bend, knot)],
                deltas_mm: if group.together { faded.clone() } else { self.owned(group, bend, &faded) },
            }));
        }
        out
    }

    /// Make one correction of those of joints bent together: what the corrections of each alone leave.
    fn merge(&self, own: &mut Vec<Correction>, alone: &[Correction]) {
        let mut pose = self.skeleton.bind_pose;
        let ramps: Vec<Ramp> = own.iter().flat_map(|c| c.ramps.clone()).collect();
        for ramp in &ramps {
            pose.set(ramp.dof, ramp.full_rad);
        }
        let name = own.iter().map(|c| c.name.as_str()).collect::<Vec<_>>().join("_");
        let Some(mut deltas_mm) = own.pop().map(|c| c.deltas_mm) else { return };
        for other in alone {
            let share: f32 = other.ramps.iter().map(|r| r.at(pose.get(r.dof))).product();
            deltas_mm.iter_mut().zip(&other.deltas_mm).for_each(|(d, done)| *d -= *done * share);
        }
        *own = vec![Correction { name, ramps, deltas_mm }];
    }

    /// 1 near a group's joints to 0 where nothing is to change, for every vertex.
    fn reach(&self, group: &Group) -> Vec<f32> {
        let scale = self.template.field.subject().scale();
        let near = |p: &Vec3| {
            let centres = group.bends.iter().map(|b| self.rest[b.dof.joint().index()].translation_m);
            let nearest = centres.map(|c| c.distance(*p)).fold(f32::INFINITY, f32::min) / scale;
            match group.form {
                Form::Surface { reach_mm, .. } => 1.0 - smoothstep(nearest, reach_mm[0], reach_mm[1]),
                Form::Arc { .. } => f32::from(p.y.abs() < ARC_REACH * self.template.field.subject().hand_length_mm),
            }
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
            pronate(&mut pose);
            match group.form {
                Form::Surface { smoothing, .. } => self.solve(&pose, active, deltas, smoothing),
                Form::Arc { leg_mm } => self.bend_arc(&pose, active, deltas, leg_mm),
            }
        }
    }

    /// Difference in the rest pose of the active vertices if the wrist were an arc (a parabola) instead of a joint.
    fn bend_arc(&self, pose: &HandPose, active: &[u32], deltas: &mut [Vec3], leg_mm: f32) {
        let leg = leg_mm * self.template.field.subject().scale();
        let forearm = in_mm(self.skeleton.hand_from_slot(pose)[SLOT_COUNT - 1]);
        let (start, end) = (forearm.point(Vec3::NEG_Y * leg), Vec3::Y * leg);
        let carried = self.carried(pose);
        for &v in active {
            let v = v as usize;
            let p = self.template.positions[v];
            let t = (0.5 * (p.y / leg + 1.0)).clamp(0.0, 1.0);
            let centre = start * (1.0 - t).powi(2) + end * t.powi(2);
            let step = (end * t - start * (1.0 - t)) / leg;
            // the parabola is shorter than its legs: flesh makes way sideways
            let thick = libm::powf(step.length().max(0.1), -ARC_BULGE);
            let straight = p.y - (2.0 * t - 1.0) * leg;
            let place = Vec3::new(p.x * thick, straight, p.z * thick);
            let place = centre + Quat::from_rotation_arc(Vec3::Y, step.normalize_or(Vec3::Y)) * place;
            deltas[v] = carried[v].rest(place) - p;
        }
    }

    /// Difference in the rest pose of the active vertices in a pose, from a first guess.
    fn solve(&self, pose: &HandPose, active: &[u32], deltas: &mut [Vec3], smoothing: usize) {
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
            deltas[v] = carried[v].rest(p[v]) - rest[v];
        }
        for _ in 0..smoothing {
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

/// Pronation goes with the thumb's abduction and flexion.
fn pronate(pose: &mut HandPose) {
    let [abduction, flexion] = [Dof::ThumbCmcAbduction, Dof::ThumbCmcFlexion].map(|dof| pose.get(dof));
    pose.set(Dof::ThumbCmcPronation, 0.4 * abduction + 0.3 * flexion.max(0.0));
}
