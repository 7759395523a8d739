//! The kinematic fit: a rig is bent and placed so that its keypoints explain those that were found.
//!
//! Unknowns are the hand's rotation and translation and the 23 angles of thumb and fingers; the three of forearm and wrist do
//! not show in 21 keypoints. Minimised is the sum of
//!
//! * squared distances to keypoints in space, and of projections to keypoints in the picture (times depth over focal length, so
//!   both are metres), weighted by confidence, under the robust loss of Geman and `McClure`, which lets go of single wrong keypoints;
//! * what is known beforehand (natural poses, joints that go together, soft limits, the last pose), which counts the more the
//!   noisier the keypoints are. How noisy, the fit tells from its own residuals.
//!
//! Levenberg and Marquardt's method with analytic derivatives; angles that reach a hard limit are held there. A left hand is
//! fitted as its mirror image.

mod align;
mod bones;
mod kinematics;
pub mod lens;
mod mesh;
pub(super) mod normal;
mod prior;
mod side;
mod solve;
mod start;

use glam::{Vec2, Vec3};
use serde::{Deserialize, Serialize};

use crate::camera::Camera;
use crate::math::{RigidTransform, mirror_x};
use crate::rig::{BlendShape, DOF_COUNT, HandShape, HandSide, JOINT_COUNT, LANDMARK_COUNT, Limit, Rig, Skeleton};
use crate::tracker::estimate::HandFit;
use kinematics::{Hand, Movers, Posed};
use prior::Prior;
use solve::{Goal, Problem, Stage};

pub use align::rigid_alignment;
pub use bones::{BoneLearner, BoneSettings, bone_lengths_m};
pub use mesh::{mesh_of, triangles_of};
pub use side::SideFits;

/// Keypoints that a fit needs.
pub const LEAST_KEYPOINTS: usize = 6;
/// Keypoints all of which are nearer to their middle than this are no hand, metres.
const LEAST_EXTENT_M: f32 = 0.015;
/// The same in the picture, pixels.
const LEAST_EXTENT_PX: f32 = 2.0;
/// Bounds of the noise that residuals are taken to show, metres.
const NOISE_M: [f32; 2] = [0.000_1, 0.012];
/// A keypoint begins to be taken for wrong at this many standard deviations of the others, and never below so many metres.
const WRONG: f32 = 4.0;
const LEAST_WRONG_M: f32 = 0.005;
/// If a keypoint is further off than this after a fit from the last pose, metres, the hand is sought anew as well: a finger that
/// moved too fast to be followed would otherwise be taken for wrong.
const LOST_M: f32 = 0.015;
/// Most steps of each of a refinement's three stages.
const STEPS: usize = 8;
/// Median length of a vector whose three coordinates have deviation 1.
const MEDIAN_LENGTH: f32 = 1.538;
/// Half of what is measured goes into the unknowns and does not show in residuals.
const HIDDEN: f32 = 1.36;

/// How far the fit trusts what it knows beforehand.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FitSettings {
    /// Standard deviation of an angle's change since the last fit, radians; 0 if the last pose is only where to begin.
    pub motion_sd_rad: f32,
    /// Factor on all that is known beforehand; 0 trusts the keypoints alone, 1 is what their noise suggests.
    pub prior: f32,
    /// Noise of keypoints in space along the line of sight over that across it, 1 or more: 1 where the
    /// depth is as good as the picture, more where a model guesses it from one picture.
    pub depth_noise: f32,
}

impl Default for FitSettings {
    fn default() -> Self {
        Self { motion_sd_rad: 0.35, prior: 1.0, depth_noise: 1.0 }
    }
}

/// One keypoint to be fitted.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct TargetPoint {
    /// Camera frame, metres.
    pub camera_m: Option<Vec3>,
    /// Pixels; may be given besides `camera_m` or alone.
    pub px: Option<Vec2>,
    /// Trust, 0 (not seen) to 1.
    pub weight: f32,
}

/// The keypoints of one hand, in the order of [`crate::rig::joint::LANDMARK_NAMES`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FitTarget {
    /// Left or right.
    pub side: HandSide,
    /// One per landmark.
    pub points: [TargetPoint; LANDMARK_COUNT],
}

impl FitTarget {
    /// Of keypoints in space; those that are `None` have no weight.
    pub fn in_space(
        side: HandSide,
        camera_m: &[Option<Vec3>; LANDMARK_COUNT],
        confidence: &[f32; LANDMARK_COUNT],
    ) -> Self {
        let point = |k: usize| TargetPoint { camera_m: camera_m[k], px: None, weight: confidence[k] };
        Self { side, points: std::array::from_fn(point) }
    }

    /// Of keypoints in the picture; those that are `None` have no weight.
    pub fn in_picture(side: HandSide, px: &[Option<Vec2>; LANDMARK_COUNT], confidence: &[f32; LANDMARK_COUNT]) -> Self {
        let point = |k: usize| TargetPoint { camera_m: None, px: px[k], weight: confidence[k] };
        Self { side, points: std::array::from_fn(point) }
    }
}

/// Fits one rig to keypoints. Deterministic.
#[derive(Debug, Clone)]
pub struct Fitter {
    skeleton: Skeleton,
    /// What a coefficient of 1 of each blend shape adds to the joints' offsets.
    shapes: Vec<[Vec3; JOINT_COUNT]>,
    limits: [Limit; DOF_COUNT],
    movers: Movers,
    prior: Prior,
    settings: FitSettings,
}

/// A fitted hand, still in the frame in which it was fitted.
struct Fitted {
    hand: Hand,
    /// Standard deviation of the keypoints' coordinates as the residuals show it, metres.
    noise_m: f32,
}

impl Fitter {
    /// For hands of a rig.
    pub fn new(rig: &Rig, settings: FitSettings) -> Self {
        let shapes = rig.shapes.iter().map(|shape: &BlendShape| shape.offset_deltas_m).collect();
        let (skeleton, prior) = (rig.skeleton.clone(), Prior::new(&rig.limits));
        Self { skeleton, shapes, limits: rig.limits, movers: Movers::new(), prior, settings }
    }

    /// The rig of a person's `shape`, bent and placed as the keypoints say; from `start` (the last fit of the same hand) if there
    /// is one, else from a rigid alignment of the palm or, where only pixels are known, from several directions of view.
    ///
    /// `camera` is only asked where pixels are given. `None` for fewer than [`LEAST_KEYPOINTS`] keypoints with weight, for
    /// keypoints in one place, and for numbers that are not finite.
    pub fn fit(
        &self,
        target: &FitTarget,
        camera: &Camera,
        shape: &HandShape,
        start: Option<&HandFit>,
    ) -> Option<HandFit> {
        let skeleton = self.shaped(shape)?;
        let mut problem = self.problem(&skeleton, target, camera)?;
        let fitted = self.solve(&mut problem, start)?;
        finished(&problem, &fitted, shape)
    }

    /// The skeleton of a person.
    fn shaped(&self, shape: &HandShape) -> Option<Skeleton> {
        let mut skeleton = self.skeleton.clone();
        for (coefficient, deltas) in shape.0.iter().zip(&self.shapes) {
            for (offset, delta) in skeleton.offset_m.iter_mut().zip(deltas) {
                *offset += *coefficient * *delta;
            }
        }
        skeleton.offset_m.iter().all(|o| o.is_finite()).then_some(skeleton)
    }

    fn problem<'a>(&'a self, skeleton: &'a Skeleton, target: &FitTarget, camera: &'a Camera) -> Option<Problem<'a>> {
        let mirrored = target.side == HandSide::Left;
        let goals = goals(target, mirrored)?;
        let prior = self.prior.clone();
        let depth_trust = 1.0 / self.settings.depth_noise.max(1.0);
        let (movers, limits) = (&self.movers, &self.limits);
        Some(Problem { skeleton, movers, limits, goals, camera, mirrored, depth_trust, prior })
    }

    /// From the last fit if it leads to the keypoints, else whichever start leads nearest to them.
    fn solve(&self, problem: &mut Problem, start: Option<&HandFit>) -> Option<Fitted> {
        let warm = start.and_then(|fit| self.begin(fit, problem.mirrored)).map(|hand| {
            problem.prior = self.prior.after(&hand.pose, self.settings.motion_sd_rad);
            self.refine(problem, hand)
        });
        problem.prior = self.prior.clone();
        if warm.as_ref().is_none_or(|found| is_lost(problem, found)) {
            let rough = Stage { robust_m: 1.0, noise_m: 0.005, steps: 15 };
            let explored = start::starts(problem).into_iter().map(|hand| {
                let hand = problem.descend(hand, &rough);
                (problem.cost(&hand, &rough), hand)
            });
            let cold = explored.min_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, hand)| self.refine(problem, hand));
            let judge = Stage { robust_m: 2.0 * LOST_M, noise_m: 0.003, steps: 0 };
            let found = [warm, cold].into_iter().flatten().map(|found| (problem.cost(&found.hand, &judge), found));
            return found.min_by(|a, b| a.0.total_cmp(&b.0)).map(|f| f.1).filter(|f| f.hand.is_finite());
        }
        warm
    }

    fn begin(&self, fit: &HandFit, mirrored: bool) -> Option<Hand> {
        let at = fit.camera_from_hand;
        let camera_from_hand = if mirrored { at.mirrored_x() } else { at };
        Some(Hand { camera_from_hand, pose: fit.pose }.within(&self.limits)).filter(Hand::is_finite)
    }

    /// First the keypoints alone, then with the prior's due share.
    fn refine(&self, problem: &Problem, start: Hand) -> Fitted {
        let mut hand = start;
        // the start may be far from all keypoints: what most of them do is right
        let robust_m = (2.0 * median(problem, &hand)).max(2.0 * LOST_M);
        hand = problem.descend(hand, &Stage { robust_m, noise_m: NOISE_M[0], steps: STEPS });
        let robust_m = |noise_m: f32| (WRONG * noise_m).max(LEAST_WRONG_M);
        let rough_m = noise_m(median(problem, &hand));
        hand = problem.descend(hand, &Stage { robust_m: robust_m(rough_m), noise_m: NOISE_M[0], steps: STEPS });
        let noise_m = noise_m(median(problem, &hand));
        let due_m = self.settings.prior * noise_m;
        hand = problem.descend(hand, &Stage { robust_m: robust_m(noise_m), noise_m: due_m, steps: STEPS });
        Fitted { hand, noise_m }
    }
}

/// Mirrored if it must be; `None` if there is nothing to be fitted.
fn goals(target: &FitTarget, mirrored: bool) -> Option<[Goal; LANDMARK_COUNT]> {
    let mut goals = [Goal::default(); LANDMARK_COUNT];
    for (goal, point) in goals.iter_mut().zip(&target.points) {
        let known = point.camera_m.is_some() || point.px.is_some();
        if !point.weight.is_finite() || point.weight < 0.0 {
            return None;
        }
        if !known || point.weight <= 0.0 {
            continue;
        }
        if !(point.camera_m.is_none_or(Vec3::is_finite) && point.px.is_none_or(Vec2::is_finite)) {
            return None;
        }
        let point_m = point.camera_m.map(|p| if mirrored { mirror_x(p) } else { p });
        *goal = Goal { point_m, px: point.px, weight: point.weight };
    }
    let seen = || goals.iter().filter(|g| g.weight > 0.0);
    let points: Vec<Vec3> = seen().filter_map(|g| g.point_m).collect();
    let pixels: Vec<Vec3> = seen().filter_map(|g| g.px).map(|p| p.extend(0.0)).collect();
    let wide = extent(&points) > LEAST_EXTENT_M || extent(&pixels) > LEAST_EXTENT_PX;
    (seen().count() >= LEAST_KEYPOINTS && wide).then_some(goals)
}

/// Largest distance from the mean.
fn extent(points: &[Vec3]) -> f32 {
    let mean = points.iter().sum::<Vec3>() / points.len().max(1) as f32;
    points.iter().map(|p| p.distance(mean)).fold(0.0, f32::max)
}

fn median(problem: &Problem, hand: &Hand) -> f32 {
    let residuals = problem.residuals_m(hand);
    residuals.get(residuals.len() / 2).copied().unwrap_or(f32::INFINITY)
}

fn is_lost(problem: &Problem, found: &Fitted) -> bool {
    problem.residuals_m(&found.hand).last().is_none_or(|worst| *worst > LOST_M)
}

/// Standard deviation of the keypoints' coordinates behind a median residual.
fn noise_m(median_m: f32) -> f32 {
    (median_m * HIDDEN / MEDIAN_LENGTH).clamp(NOISE_M[0], NOISE_M[1])
}

/// As the tracker tells it.
fn finished(problem: &Problem, fitted: &Fitted, shape: &HandShape) -> Option<HandFit> {
    let Hand { camera_from_hand, pose } = fitted.hand;
    let landmarks = Posed::new(problem.skeleton, &fitted.hand).landmarks_m;
    let residual_m = problem.root_mean_square_m(&landmarks);
    let mirror = |p: Vec3| if problem.mirrored { mirror_x(p) } else { p };
    let camera_from_hand: RigidTransform =
        if problem.mirrored { camera_from_hand.mirrored_x() } else { camera_from_hand };
    let fit =
        HandFit { camera_from_hand, pose, shape: shape.clone(), keypoints_camera_m: landmarks.map(mirror), residual_m };
    (fit.residual_m.is_finite() && fit.keypoints_camera_m.iter().all(|p| p.is_finite())).then_some(fit)
}

#[cfg(test)]
mod tests;
