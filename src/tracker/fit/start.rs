//! Where to begin without an earlier fit.

use glam::{Quat, Vec2, Vec3};

use super::align::rigid_alignment;
use super::kinematics::{FIRST_DOF, Hand, Posed};
use super::prior::natural_pose;
use super::solve::{Goal, Problem};
use crate::math::{RigidTransform, mirror_x};
use crate::rig::skeleton::axis_angle;
use crate::rig::{DOF_COUNT, HandPose, LANDMARK_COUNT, Limit};

/// Landmarks that hardly move against each other: wrist, thumb CMC, the fingers' MCPs.
const PALM: [usize; 6] = [0, 1, 5, 9, 13, 17];
/// Directions from which the palm is tried where only pixels are known, and how many of them are followed up.
const DIRECTIONS: usize = 64;
const FOLLOWED: usize = 6;
/// Those that are followed up are at least this far apart, cosine (35 degrees).
const APART: f32 = 0.82;

/// Hands to begin with, the likeliest first; empty if the keypoints do not say where the hand is.
pub(super) fn starts(problem: &Problem) -> Vec<Hand> {
    let in_space = problem.goals.iter().filter(|g| g.weight > 0.0 && g.point_m.is_some()).count();
    let found = if in_space >= 4 { from_points(problem) } else { Vec::new() };
    if found.is_empty() { from_pixels(problem) } else { found }
}

/// Half closed, open, closed.
fn poses(limits: &[Limit; DOF_COUNT]) -> [HandPose; 3] {
    let natural = natural_pose(limits);
    let (mut open, mut closed) = (natural, natural);
    for (dof, limit) in limits.iter().enumerate().skip(FIRST_DOF) {
        let [low, high] = limit.soft_rad;
        // only what bends far
        if high - low > 1.2 {
            open.0[dof] = low + 0.15 * (high - low);
            closed.0[dof] = low + 0.85 * (high - low);
        }
    }
    [natural, open, closed]
}

fn at_origin(problem: &Problem, pose: HandPose) -> [Vec3; LANDMARK_COUNT] {
    Posed::new(problem.skeleton, &Hand { camera_from_hand: RigidTransform::IDENTITY, pose }).landmarks_m
}

/// The palm's points give the place; if they are too few, all points do.
fn from_points(problem: &Problem) -> Vec<Hand> {
    let hand = |pose: HandPose| {
        let rig = at_origin(problem, pose);
        let pair = |k: usize| {
            let Goal { point_m, weight, .. } = problem.goals[k];
            Some((rig[k], point_m?, weight)).filter(|_| weight > 0.0)
        };
        let palm: Vec<_> = PALM.into_iter().filter_map(pair).collect();
        let all = || (0..LANDMARK_COUNT).filter_map(pair).collect::<Vec<_>>();
        let camera_from_hand = rigid_alignment(&palm).or_else(|| rigid_alignment(&all()))?;
        Some(Hand { camera_from_hand, pose })
    };
    poses(problem.limits).into_iter().filter_map(hand).collect()
}

/// A direction in which the palm may be seen, judged by a parallel projection.
struct Sight {
    direction: Vec3,
    misfit: f32,
    camera_from_hand: RigidTransform,
}

/// Pixels alone: for directions all over the sphere, the turn in the picture, the scale and the place follow in closed form
/// from a parallel projection. A flat palm looks much the same from two directions, so several are followed up.
fn from_pixels(problem: &Problem) -> Vec<Hand> {
    let pose = natural_pose(problem.limits);
    let rig = at_origin(problem, pose);
    let pair = |k: usize| {
        let Goal { px, weight, .. } = problem.goals[k];
        let ray = problem.camera.ray(px?);
        let ray = if problem.mirrored { mirror_x(ray) } else { ray };
        Some((rig[k], ray.truncate(), weight)).filter(|(_, ray, w)| *w > 0.0 && ray.is_finite())
    };
    let palm: Vec<_> = PALM.into_iter().filter_map(pair).collect();
    let all: Vec<_> = (0..LANDMARK_COUNT).filter_map(pair).collect();
    let pairs = if palm.len() >= 5 { &palm } else { &all };
    let mut sights: Vec<Sight> =
        (0..DIRECTIONS).filter_map(|k| sight(pairs, spiral(k, DIRECTIONS), problem.camera.intrinsics.fx)).collect();
    sights.sort_by(|a, b| a.misfit.total_cmp(&b.misfit));
    let mut followed: Vec<Sight> = Vec::new();
    for sight in sights {
        if followed.len() < FOLLOWED && followed.iter().all(|f| f.direction.dot(sight.direction) < APART) {
            followed.push(sight);
        }
    }
    followed.into_iter().map(|s| Hand { camera_from_hand: s.camera_from_hand, pose }).collect()
}

/// Even directions: steps of the golden angle down the axis.
fn spiral(k: usize, count: usize) -> Vec3 {
    let z = 1.0 - (2 * k + 1) as f32 / count as f32;
    let (r, angle) = ((1.0 - z * z).max(0.0).sqrt(), 2.399_963_2 * k as f32);
    Vec3::new(r * libm::cosf(angle), r * libm::sinf(angle), z)
}

/// Seen along a direction of hand space, the points come onto the rays by a turn and scale (a complex factor) and a shift.
fn sight(pairs: &[(Vec3, Vec2, f32)], direction: Vec3, focal_px: f32) -> Option<Sight> {
    let along = Quat::from_rotation_arc(direction, Vec3::Z);
    let flat = |p: Vec3| (along * p).truncate();
    let total: f32 = pairs.iter().map(|p| p.2).sum();
    let from_mean = pairs.iter().map(|(p, _, w)| flat(*p) * *w).sum::<Vec2>() / total;
    let to_mean = pairs.iter().map(|(_, ray, w)| *ray * *w).sum::<Vec2>() / total;
    let (mut factor, mut size) = (Vec2::ZERO, 0.0);
    for (p, ray, w) in pairs {
        let (a, b) = (flat(*p) - from_mean, *ray - to_mean);
        factor += *w * Vec2::new(a.dot(b), a.perp_dot(b));
        size += w * a.length_squared();
    }
    let factor = factor / size;
    let scale = factor.length();
    // less than a pixel across
    if !(scale.is_finite() && scale * 0.1 * focal_px > 1.0) {
        return None;
    }
    let misfit =
        pairs.iter().map(|(p, ray, w)| w * (factor.rotate(flat(*p) - from_mean) + to_mean - *ray).length_squared());
    let misfit = misfit.sum::<f32>() / (scale * scale);
    let turn = axis_angle(Vec3::Z, libm::atan2f(factor.y, factor.x)) * along;
    let middle = pairs.iter().map(|(p, _, w)| turn * *p * *w).sum::<Vec3>() / total;
    let place = to_mean.extend(1.0) / scale - middle;
    let camera_from_hand = RigidTransform::new(turn.normalize(), place);
    Some(Sight { direction, misfit, camera_from_hand })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parallel_projection_is_undone() {
        let truth = RigidTransform::new(axis_angle(Vec3::new(0.6, 0.0, 0.8), 2.0), Vec3::new(0.1, -0.2, 2.0));
        let points = [Vec3::ZERO, Vec3::X, Vec3::Y, Vec3::new(0.3, 0.4, 0.5)].map(|p| p * 0.1);
        let mean_z = points.iter().map(|p| truth.point(*p).z).sum::<f32>() / 4.0;
        let pairs = points.map(|p| (p, truth.point(p).truncate() / mean_z, 1.0));
        let found = sight(&pairs, truth.rotation.inverse() * Vec3::Z, 500.0).unwrap();
        assert!(found.misfit < 1e-9, "{}", found.misfit);
        assert!(found.camera_from_hand.rotation.dot(truth.rotation).abs() > 0.999_99);
        assert!(found.camera_from_hand.translation_m.abs_diff_eq(truth.translation_m, 1e-3));
    }

    #[test]
    fn directions_cover_the_sphere() {
        let all: Vec<Vec3> = (0..DIRECTIONS).map(|k| spiral(k, DIRECTIONS)).collect();
        for k in 0..500 {
            let other = spiral(k, 500);
            assert!(all.iter().any(|d| d.dot(other) > 0.93), "{other}");
        }
    }
}
