//! Levenberg and Marquardt's descent from one hand to a nearby one that explains the keypoints better.

use glam::{Vec2, Vec3};

use super::kinematics::{FIRST_DOF, Hand, Movers, Posed, UNKNOWNS, unknown_of};
use super::lens::project_with_derivative;
use super::normal::Normal;
use super::prior::Prior;
use crate::camera::Camera;
use crate::math::mirror_x;
use crate::rig::{DOF_COUNT, HandPose, LANDMARK_COUNT, Limit, Skeleton};

/// A keypoint as it is fitted: that of a left hand is mirrored across x = 0 of the camera's frame.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Goal {
    pub(super) point_m: Option<Vec3>,
    /// Not mirrored.
    pub(super) px: Option<Vec2>,
    /// 0 if it is not seen.
    pub(super) weight: f32,
}

impl Goal {
    /// A residual or its change in space, with the part along the line of sight times `depth_trust`.
    fn weighed(&self, change: Vec3, depth_trust: f32) -> Vec3 {
        let sight = self.point_m.unwrap_or_default().normalize_or_zero();
        change - sight * (sight.dot(change) * (1.0 - depth_trust))
    }
}

/// How far a stage of the fit trusts what it is given.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stage {
    /// Residual at which a keypoint begins to be taken for wrong, metres.
    pub(super) robust_m: f32,
    /// Standard deviation of a keypoint's coordinates, metres: the larger, the more the prior says.
    pub(super) noise_m: f32,
    pub(super) steps: usize,
}

/// A step that moves less than this ends the descent: radians and metres.
const SMALL_RAD: f64 = 1e-4;
const SMALL_M: f64 = 1e-5;
/// So does one that lowers the cost by a smaller share.
const SMALL_GAIN: f64 = 1e-4;
const MOST_DAMPING: f64 = 1e8;

/// Everything but the unknowns.
pub(super) struct Problem<'a> {
    pub(super) skeleton: &'a Skeleton,
    pub(super) movers: &'a Movers,
    pub(super) limits: &'a [Limit; DOF_COUNT],
    pub(super) goals: [Goal; LANDMARK_COUNT],
    pub(super) camera: &'a Camera,
    pub(super) mirrored: bool,
    /// Noise of keypoints in space across the line of sight over that along it.
    pub(super) depth_trust: f32,
    pub(super) prior: Prior,
}

/// A keypoint's residual: metres in space, and metres across the view.
#[derive(Clone, Copy, Default)]
struct Residual {
    space: Vec3,
    view: Vec2,
    /// Derivative of `view` by the landmark, row by row; 0 without a pixel.
    view_rows: [Vec3; 2],
    weight: f32,
}

impl Residual {
    fn length_squared(&self) -> f32 {
        self.space.length_squared() + self.view.length_squared()
    }
}

impl Problem<'_> {
    /// Metres that a pixel spans at the hand's distance, column and row. It stays the same during a descent: otherwise the hand
    /// would come nearer to make its residuals small.
    fn metres_per_px(&self, landmarks_m: &[Vec3; LANDMARK_COUNT]) -> Vec2 {
        let z = landmarks_m.iter().map(|p| p.z).sum::<f32>() / LANDMARK_COUNT as f32;
        let i = &self.camera.intrinsics;
        z.max(crate::camera::NEAR_M) / Vec2::new(i.fx, i.fy)
    }

    /// `None` if the landmark has a pixel but is behind the camera.
    fn residual(&self, landmark: usize, p: Vec3, metres_per_px: Vec2) -> Option<Residual> {
        let goal = &self.goals[landmark];
        let mut residual = Residual { weight: goal.weight, ..Residual::default() };
        if goal.weight > 0.0 {
            if let Some(point) = goal.point_m {
                residual.space = goal.weighed(p - point, self.depth_trust);
            }
            if let Some(px) = goal.px {
                let seen = if self.mirrored { mirror_x(p) } else { p };
                let (pixel, rows) = project_with_derivative(self.camera, seen)?;
                let rows = if self.mirrored { rows.map(mirror_x) } else { rows };
                residual.view = (pixel - px) * metres_per_px;
                residual.view_rows = [rows[0] * metres_per_px.x, rows[1] * metres_per_px.y];
            }
        }
        Some(residual)
    }

    /// Sum of robust squares (Geman and `McClure`'s, which no residual lifts above `robust_m`²) and of the prior's, square metres;
    /// infinite if a keypoint with a pixel is behind the camera.
    pub(super) fn cost(&self, hand: &Hand, stage: &Stage) -> f64 {
        let posed = Posed::new(self.skeleton, hand);
        self.cost_of(&posed, &hand.pose, stage, self.metres_per_px(&posed.landmarks_m))
    }

    fn cost_of(&self, posed: &Posed, pose: &HandPose, stage: &Stage, metres_per_px: Vec2) -> f64 {
        let robust2 = stage.robust_m * stage.robust_m;
        let mut sum = f64::from(stage.noise_m * stage.noise_m) * self.prior.cost(pose);
        for (k, p) in posed.landmarks_m.iter().enumerate() {
            let Some(residual) = self.residual(k, *p, metres_per_px) else { return f64::INFINITY };
            let square = residual.length_squared();
            sum += f64::from(residual.weight * square * robust2 / (robust2 + square));
        }
        sum
    }

    fn linearised(&self, posed: &Posed, pose: &HandPose, stage: &Stage, metres_per_px: Vec2) -> Normal {
        let mut normal = Normal::zero();
        self.prior.add_to(&mut normal, pose, f64::from(stage.noise_m * stage.noise_m));
        let robust2 = stage.robust_m * stage.robust_m;
        for (k, p) in posed.landmarks_m.iter().enumerate() {
            let goal = &self.goals[k];
            let Some(residual) = self.residual(k, *p, metres_per_px).filter(|r| r.weight > 0.0) else { continue };
            let trust = robust2 / (robust2 + residual.length_squared());
            let weight = residual.weight * trust * trust;
            let in_space = if goal.point_m.is_some() { weight } else { 0.0 };
            let columns = posed.columns(self.movers, k);
            let across = |change: Vec3| Vec2::new(residual.view_rows[0].dot(change), residual.view_rows[1].dot(change));
            for (n, (a, change)) in columns.as_slice().iter().enumerate() {
                let (space, view) = (goal.weighed(*change, self.depth_trust) * in_space, across(*change) * weight);
                let space_twice = goal.weighed(space, self.depth_trust);
                normal.add_gradient(*a, f64::from(space.dot(residual.space) + view.dot(residual.view)));
                // columns rise, so that these are in the lower triangle
                for (b, other) in &columns.as_slice()[..=n] {
                    normal.add(*a, *b, f64::from(space_twice.dot(*other) + view.dot(across(*other))));
                }
            }
        }
        normal
    }

    /// Angles at a limit that would go beyond it stay.
    fn free(&self, normal: &Normal, pose: &HandPose) -> [bool; UNKNOWNS] {
        let mut free = [true; UNKNOWNS];
        for dof in FIRST_DOF..DOF_COUNT {
            let ([low, high], unknown) = (self.limits[dof].hard_rad, unknown_of(dof));
            let gradient = normal.gradient(unknown);
            let (at_low, at_high) = (pose.0[dof] <= low, pose.0[dof] >= high);
            free[unknown] = !(at_low && gradient > 0.0 || at_high && gradient < 0.0);
        }
        free
    }

    /// The best hand that a stage's steps lead to; never worse than the start.
    pub(super) fn descend(&self, start: Hand, stage: &Stage) -> Hand {
        let (mut hand, mut posed) = (start, Posed::new(self.skeleton, &start));
        let metres_per_px = self.metres_per_px(&posed.landmarks_m);
        let mut cost = self.cost_of(&posed, &hand.pose, stage, metres_per_px);
        let mut normal = self.linearised(&posed, &hand.pose, stage, metres_per_px);
        let mut damping = 1e-4;
        for _ in 0..stage.steps {
            let free = self.free(&normal, &hand.pose);
            let Some(step) = normal.step(damping, &free) else { break };
            let next = hand.moved(&step, self.limits);
            let next_posed = Posed::new(self.skeleton, &next);
            let next_cost = self.cost_of(&next_posed, &next.pose, stage, metres_per_px);
            if next_cost < cost {
                let done = is_small(&step) || cost - next_cost < SMALL_GAIN * cost;
                (hand, posed, cost) = (next, next_posed, next_cost);
                if done {
                    break;
                }
                normal = self.linearised(&posed, &hand.pose, stage, metres_per_px);
                damping = (damping * 0.2).max(1e-7);
            } else if is_small(&step) || damping > MOST_DAMPING {
                break;
            } else {
                damping = (damping * 10.0).max(1e-3);
            }
        }
        hand
    }

    /// Residuals of the keypoints that are seen, metres, smallest first.
    pub(super) fn residuals_m(&self, hand: &Hand) -> Vec<f32> {
        let posed = Posed::new(self.skeleton, hand);
        let metres_per_px = self.metres_per_px(&posed.landmarks_m);
        let seen = (0..LANDMARK_COUNT).filter(|k| self.goals[*k].weight > 0.0);
        let residual = |k: usize| self.residual(k, posed.landmarks_m[k], metres_per_px);
        let mut all: Vec<f32> = seen.filter_map(residual).map(|r| r.length_squared().sqrt()).collect();
        all.sort_unstable_by(f32::total_cmp);
        all
    }

    /// Root of the weighted mean square distance of landmarks to their goals, metres.
    pub(super) fn root_mean_square_m(&self, landmarks_m: &[Vec3; LANDMARK_COUNT]) -> f32 {
        let metres_per_px = self.metres_per_px(landmarks_m);
        let (mut sum, mut weights) = (0.0, 0.0);
        for ((k, p), goal) in landmarks_m.iter().enumerate().zip(&self.goals) {
            if let Some(residual) = self.residual(k, *p, metres_per_px) {
                let in_space = goal.point_m.map_or(0.0, |point| point.distance_squared(*p));
                sum += residual.weight * (in_space + residual.view.length_squared());
                weights += residual.weight;
            }
        }
        (sum / f32::max(weights, f32::MIN_POSITIVE)).sqrt()
    }
}

fn is_small(step: &[f64; UNKNOWNS]) -> bool {
    step.iter().enumerate().all(|(k, x)| x.abs() < if (3..6).contains(&k) { SMALL_M } else { SMALL_RAD })
}
