//! One keypoint seen by several cameras.

use glam::{Vec2, Vec3};

use super::rows::Rows;
use crate::camera::Camera;
use crate::math::RigidTransform;
use crate::rig::LANDMARK_COUNT;
use crate::tracker::fit::lens::project_with_derivative;

/// Rays that meet at a smaller angle do not tell how far the point is, radians (about 1 degree).
const LEAST_ANGLE_RAD: f32 = 0.02;
/// Steps of the two refinements.
const PASSES: usize = 3;

/// Where one camera saw a point.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ViewPoint<'a> {
    /// Intrinsics, lens and extrinsics.
    pub camera: &'a Camera,
    /// Pixels.
    pub px: Vec2,
    /// Trust, above 0.
    pub weight: f32,
}

/// A point seen by several cameras.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Triangulated {
    /// Frame of the first camera, metres.
    pub point_m: Vec3,
    /// Root of the weighted mean square distance between pixels and projections.
    pub residual_px: f32,
    /// Widest angle at which two rays meet, radians.
    pub angle_rad: f32,
}

/// The point that all views saw: linear triangulation (rays z = 1 after undistortion, rows weighted by confidence and one over
/// depth, so that residuals are those of the picture), then Gauss and Newton on the pixels through the full lens.
///
/// The frame is that of `views[0].camera`. `None` for fewer than two views with weight, for rays that are nearly parallel, and for
/// points that come to lie behind a camera.
pub fn triangulate(views: &[ViewPoint]) -> Option<Triangulated> {
    let first = views.first()?.camera.camera_from_world;
    let seen: Vec<Seen> = views.iter().filter_map(|view| Seen::new(view, &first)).collect();
    let angle_rad = widest_angle(&seen);
    if seen.len() < 2 || angle_rad < LEAST_ANGLE_RAD {
        return None;
    }
    let mut point_m = linear(&seen, None)?;
    for _ in 0..PASSES {
        point_m = linear(&seen, Some(point_m))?;
    }
    let mut residual_px = residual(&seen, point_m)?;
    for _ in 0..PASSES {
        let next = point_m + step(&seen, point_m)?;
        match residual(&seen, next) {
            Some(better) if better < residual_px => (point_m, residual_px) = (next, better),
            _ => break,
        }
    }
    point_m.is_finite().then_some(Triangulated { point_m, residual_px, angle_rad })
}

/// [`triangulate`] for every keypoint; `px[v][k]` is keypoint k in the picture of `cameras[v]`. Points are in the frame of
/// `cameras[0]`, whether or not it sees them.
pub fn triangulate_hand(
    cameras: &[Camera],
    px: &[[Option<Vec2>; LANDMARK_COUNT]],
    confidence: &[[f32; LANDMARK_COUNT]],
) -> [Option<Triangulated>; LANDMARK_COUNT] {
    std::array::from_fn(|k| {
        let views = cameras.iter().zip(px).zip(confidence).enumerate();
        let view = |(number, ((camera, px), trust)): (usize, _)| {
            let (px, trust): (&[Option<Vec2>; LANDMARK_COUNT], &[f32; LANDMARK_COUNT]) = (px, trust);
            match px[k] {
                Some(px) => Some(ViewPoint { camera, px, weight: trust[k] }),
                // the first camera gives the frame
                None if number == 0 => Some(ViewPoint { camera, px: Vec2::ZERO, weight: 0.0 }),
                None => None,
            }
        };
        triangulate(&views.filter_map(view).collect::<Vec<_>>())
    })
}

/// A view with its place relative to the first.
struct Seen<'a> {
    view: &'a ViewPoint<'a>,
    own_from_first: RigidTransform,
    /// Own frame, z = 1.
    ray: Vec3,
    /// First camera's frame, unit.
    direction: Vec3,
}

impl<'a> Seen<'a> {
    fn new(view: &'a ViewPoint<'a>, first_from_world: &RigidTransform) -> Option<Self> {
        let own_from_first = view.camera.camera_from_world * first_from_world.inverse();
        let ray = view.camera.ray(view.px);
        let direction = own_from_first.inverse().direction(ray).try_normalize()?;
        let usable = view.weight > 0.0 && view.weight.is_finite() && ray.is_finite();
        usable.then_some(Self { view, own_from_first, ray, direction })
    }
}

fn widest_angle(seen: &[Seen]) -> f32 {
    let angle =
        |a: &Seen, b: &Seen| libm::atan2f(a.direction.cross(b.direction).length(), a.direction.dot(b.direction));
    seen.iter().flat_map(|a| seen.iter().map(move |b| angle(a, b))).fold(0.0, f32::max)
}

/// Least squares on r x (R X + t) = 0, two rows a view; divided by the depth of an earlier solution if there is one.
fn linear(seen: &[Seen], earlier: Option<Vec3>) -> Option<Vec3> {
    let mut rows = Rows::default();
    for one in seen {
        let depth = earlier.map_or(1.0, |p| one.own_from_first.point(p).z);
        let weight = one.view.weight / (depth * depth).max(1e-6);
        let back = one.own_from_first.rotation.inverse();
        for (axis, slope) in [(Vec3::X, one.ray.x), (Vec3::Y, one.ray.y)] {
            // (slope z - axis) . (R X + t) = 0
            let normal = Vec3::Z * slope - axis;
            rows.add(back * normal, -normal.dot(one.own_from_first.translation_m), weight);
        }
    }
    rows.solved()
}

/// Root mean square distance in the pictures; `None` behind a camera.
fn residual(seen: &[Seen], point_m: Vec3) -> Option<f32> {
    let (mut sum, mut weights) = (0.0, 0.0);
    for one in seen {
        let pixel = one.view.camera.project(one.own_from_first.point(point_m))?;
        sum += one.view.weight * pixel.distance_squared(one.view.px);
        weights += one.view.weight;
    }
    Some((sum / weights).sqrt())
}

fn step(seen: &[Seen], point_m: Vec3) -> Option<Vec3> {
    let mut rows = Rows::default();
    for one in seen {
        let (pixel, by_point) = project_with_derivative(one.view.camera, one.own_from_first.point(point_m))?;
        let back = one.own_from_first.rotation.inverse();
        let off = one.view.px - pixel;
        rows.add(back * by_point[0], off.x, one.view.weight);
        rows.add(back * by_point[1], off.y, one.view.weight);
    }
    rows.solved()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::camera::{Intrinsics, Lens};
    use crate::rig::skeleton::axis_angle;
    use crate::seed::dataset_stream;

    fn camera(lens: Lens, camera_from_world: RigidTransform) -> Camera {
        let intrinsics = Intrinsics { width: 640, height: 480, fx: 500.0, fy: 505.0, cx: 320.0, cy: 240.0 };
        Camera { intrinsics, lens, camera_from_world }
    }

    /// Three cameras side by side, of different lenses, turned inwards.
    fn rigged() -> Vec<Camera> {
        let lenses = [
            Lens::Pinhole,
            Lens::BrownConrady { k1: -0.1, k2: 0.02, p1: 0.001, p2: -0.001, k3: 0.0 },
            Lens::KannalaBrandt4 { k: [0.02, -0.01, 0.0, 0.0] },
        ];
        let place = |k: usize| {
            let turn = axis_angle(Vec3::Y, 0.3 * (k as f32 - 1.0));
            RigidTransform::new(turn, turn * Vec3::new(0.15 * (1.0 - k as f32), 0.02, 0.0))
        };
        lenses.into_iter().enumerate().map(|(k, lens)| camera(lens, place(k))).collect()
    }

    fn views<'a>(cameras: &'a [Camera], world: Vec3, noise: &mut dyn FnMut() -> f32) -> Vec<ViewPoint<'a>> {
        let view = |camera: &'a Camera| {
            let px = camera.project(camera.camera_from_world.point(world)).unwrap();
            ViewPoint { camera, px: px + Vec2::new(noise(), noise()), weight: 1.0 }
        };
        cameras.iter().map(view).collect()
    }

    #[test]
    fn exact_pixels_give_the_point_and_noise_little_error() {
        let cameras = rigged();
        let mut s = dataset_stream(1, "views", 0);
        let mut errors = 0.0;
        for _ in 0..100 {
            let world = Vec3::new(s.uniform(-0.1, 0.1), s.uniform(-0.1, 0.1), s.uniform(0.4, 0.8));
            let truth = cameras[0].camera_from_world.point(world);
            let found = triangulate(&views(&cameras, world, &mut || 0.0)).unwrap();
            assert!(found.point_m.abs_diff_eq(truth, 2e-5) && found.residual_px < 0.05, "{found:?} {truth}");
            let noisy = triangulate(&views(&cameras, world, &mut || s.normal())).unwrap();
            assert!(noisy.residual_px > 0.05 && noisy.residual_px < 4.0);
            errors += noisy.point_m.distance(truth) / 100.0;
        }
        // depth error of a pixel at .6 m, baselines of .15 and .3 m: z² / (f b) = 2.4 to 4.8 mm, and three views share it
        assert!(errors < 0.005, "{errors}");
    }

    #[test]
    fn the_residual_is_the_least() {
        let cameras = rigged();
        let mut s = dataset_stream(2, "views", 0);
        let seen = views(&cameras, Vec3::new(0.03, 0.01, 0.5), &mut || 2.0 * s.normal());
        let found = triangulate(&seen).unwrap();
        let parts: Vec<Seen> = seen.iter().filter_map(|v| Seen::new(v, &cameras[0].camera_from_world)).collect();
        for direction in [Vec3::X, Vec3::Y, Vec3::Z] {
            for sign in [-1.0, 1.0] {
                let other = residual(&parts, found.point_m + direction * sign * 3e-4).unwrap();
                assert!(other >= found.residual_px - 1e-4, "{direction}: {other} {}", found.residual_px);
            }
        }
    }

    #[test]
    fn what_has_no_answer_gets_none() {
        let cameras = rigged();
        let world = Vec3::new(0.0, 0.0, 0.6);
        let seen = views(&cameras, world, &mut || 0.0);
        assert!(triangulate(&[]).is_none() && triangulate(&seen[..1]).is_none());
        assert!(triangulate(&[seen[0], seen[0]]).is_none(), "the same view twice");
        let unsure = ViewPoint { weight: 0.0, ..seen[1] };
        assert!(triangulate(&[seen[0], unsure]).is_none());
        let broken = ViewPoint { px: Vec2::NAN, ..seen[1] };
        assert!(triangulate(&[seen[0], broken]).is_none());
        // crossed eyes the wrong way: rays meet behind
        let (a, b) = (camera(Lens::Pinhole, RigidTransform::IDENTITY), cameras[2]);
        let behind = [
            ViewPoint { camera: &a, px: Vec2::new(100.0, 240.0), weight: 1.0 },
            ViewPoint { camera: &b, px: Vec2::new(620.0, 240.0), weight: 1.0 },
        ];
        assert!(triangulate(&behind).is_none());
    }

    #[test]
    fn a_hand_that_the_first_camera_does_not_see_is_still_in_its_frame() {
        let cameras = rigged();
        let world = Vec3::new(0.05, 0.0, 0.5);
        let px: Vec<[Option<Vec2>; LANDMARK_COUNT]> =
            views(&cameras, world, &mut || 0.0).iter().map(|v| [Some(v.px); LANDMARK_COUNT]).collect();
        let mut px = px;
        px[0][3] = None;
        px[1][4] = None;
        px[2][4] = None;
        let found = triangulate_hand(&cameras, &px, &[[1.0; LANDMARK_COUNT]; 3]);
        let truth = cameras[0].camera_from_world.point(world);
        assert!(found[3].unwrap().point_m.abs_diff_eq(truth, 1e-4));
        assert!(found[4].is_none() && found[0].unwrap().point_m.abs_diff_eq(truth, 1e-4));
    }
}
