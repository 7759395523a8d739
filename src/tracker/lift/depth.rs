//! Keypoints in a depth picture: the surface is looked up, the joint lies below it.

use glam::{Vec2, Vec3};

use crate::camera::Camera;
use crate::frame::{NO_DEPTH, Plane};
use crate::rig::joint::FINGERS;
use crate::rig::{HandShape, Joint, LANDMARK_COUNT, LANDMARKS, Rig};

/// Half the thickness of the mean hand at the wrist and at the thumb's root, metres: capsules are no measure of it there.
const ROOTS_M: [(Joint, f32); 2] = [(Joint::Wrist, 0.021), (Joint::ThumbMetacarpal, 0.021)];
/// At the knuckles the palm's flesh is added to that of the finger.
const KNUCKLE: f32 = 1.5;
/// What the surface lies before a tip, which itself ends the flesh, in radii of the tip.
const TIP: f32 = 0.5;
/// Surfaces this far before or behind the middle of the hand are not it, metres.
const HAND_M: f32 = 0.16;
/// The window is as wide as the flesh times this.
const WINDOW: f32 = 0.7;
/// Half the window, pixels, at least and at most.
const HALF_PX: [i64; 2] = [1, 6];
/// Depths that differ by more from the near ones of their window belong to something behind, metres.
const STEP_M: f32 = 0.012;

/// Looks keypoints up in depth pictures.
#[derive(Debug, Clone, PartialEq)]
pub struct DepthLift {
    /// From the surface to each joint's centre, metres.
    flesh_m: [f32; LANDMARK_COUNT],
}

impl DepthLift {
    /// With the flesh of a rig's person: radii of the capsules that meet at a joint, scaled by the hand's breadth.
    pub fn new(rig: &Rig, shape: &HandShape) -> Self {
        let scale = rig.corrective_scale(&rig.shaped_skeleton(shape));
        let radius = |joint: Joint| {
            let starts = rig.capsules.iter().filter(|c| c.joint == joint).map(|c| c.start_radius_m);
            let ends = rig.capsules.iter().filter(|c| Some(c.joint) == joint.parent()).map(|c| c.end_radius_m);
            let radii: Vec<f32> = starts.chain(ends).collect();
            let mean = radii.iter().sum::<f32>() / radii.len().max(1) as f32;
            let knuckle = FINGERS.iter().any(|finger| finger.chain()[0] == joint);
            let factor = if joint.is_tip() {
                TIP
            } else if knuckle {
                KNUCKLE
            } else {
                1.0
            };
            let root = ROOTS_M.into_iter().find(|root| root.0 == joint);
            scale * root.map_or(mean * factor, |root| root.1)
        };
        Self { flesh_m: LANDMARKS.map(radius) }
    }

    /// Points of the camera's frame: the median of the near surface in a small window around each keypoint, and from there along
    /// the ray to the joint. `None` outside the picture, where nothing was measured and where only background was: further than
    /// a hand from where most keypoints are.
    pub fn lift(
        &self,
        depth_z_m: &Plane<f32>,
        camera: &Camera,
        px: &[Option<Vec2>; LANDMARK_COUNT],
    ) -> [Option<Vec3>; LANDMARK_COUNT] {
        let mut middle: Vec<f32> = px.iter().filter_map(|p| depth_z_m.at((*p)?)).filter(|z| is_depth(*z)).collect();
        let Some(hand_z) = median(&mut middle) else { return [None; LANDMARK_COUNT] };
        std::array::from_fn(|k| {
            let (pixel, flesh) = (px[k]?, self.flesh_m[k]);
            let half = WINDOW * 0.5 * flesh * camera.intrinsics.fx / hand_z;
            let half = (half as i64).clamp(HALF_PX[0], HALF_PX[1]);
            let z = near_surface(depth_z_m, pixel, half, [hand_z - HAND_M, hand_z + HAND_M], flesh)?;
            let ray = camera.ray(pixel);
            let lifted = ray * z + ray.normalize_or_zero() * flesh;
            lifted.is_finite().then_some(lifted)
        })
    }
}

fn is_depth(z: f32) -> bool {
    z.is_finite() && z > NO_DEPTH
}

/// Median of the depths in a window that are near the nearest fifth of them.
fn near_surface(depth: &Plane<f32>, pixel: Vec2, half: i64, [from, to]: [f32; 2], flesh_m: f32) -> Option<f32> {
    depth.at(pixel)?;
    let (x, y) = (pixel.x.floor() as i64, pixel.y.floor() as i64);
    let window = (y - half..=y + half).flat_map(|row| (x - half..=x + half).map(move |column| (column, row)));
    let mut depths: Vec<f32> = window.filter_map(|(column, row)| depth.get(column, row)).collect();
    depths.retain(|z| is_depth(*z) && (from..=to).contains(z));
    depths.sort_unstable_by(f32::total_cmp);
    let near = *depths.get(depths.len() / 5)?;
    depths.retain(|z| (*z - near).abs() <= STEP_M + flesh_m);
    median(&mut depths)
}

fn median(values: &mut [f32]) -> Option<f32> {
    values.sort_unstable_by(f32::total_cmp);
    values.get(values.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assets::Assets;
    use crate::camera::{Intrinsics, Lens};
    use crate::math::RigidTransform;
    use crate::posed::skin_of_right_hand_m;
    use crate::rig::skeleton::{axis_angle, landmarks};
    use crate::rig::{HandPose, Limit};
    use crate::seed::dataset_stream;

    fn camera() -> Camera {
        Camera {
            intrinsics: Intrinsics { width: 240, height: 240, fx: 260.0, fy: 260.0, cx: 120.0, cy: 120.0 },
            lens: Lens::Pinhole,
            camera_from_world: RigidTransform::IDENTITY,
        }
    }

    /// Nearest triangle at every pixel centre, before a wall.
    fn drawn(points: &[Vec3], triangles: &[[u32; 3]], wall_m: f32) -> Plane<f32> {
        let camera = camera();
        let mut depth = Plane::filled(240, 240, wall_m);
        for corners in triangles {
            let p = corners.map(|c| points[c as usize]);
            let [a, b, c] = p.map(|p| camera.project(p).unwrap());
            let (low, high) = (a.min(b).min(c), a.max(b).max(c));
            let area = (b - a).perp_dot(c - a);
            for y in low.y.max(0.0) as usize..(high.y.max(0.0) as usize + 1).min(240) {
                for x in low.x.max(0.0) as usize..(high.x.max(0.0) as usize + 1).min(240) {
                    let q = Vec2::new(x as f32 + 0.5, y as f32 + 0.5);
                    let (u, v) = ((q - a).perp_dot(c - a) / area, (b - a).perp_dot(q - a) / area);
                    if area.abs() > 1e-9 && u >= 0.0 && v >= 0.0 && u + v <= 1.0 {
                        let near = (1.0 - u - v) / p[0].z + u / p[1].z + v / p[2].z;
                        let z = &mut depth.data[y * 240 + x];
                        *z = z.min(1.0 / near);
                    }
                }
            }
        }
        depth
    }

    #[test]
    fn joints_of_a_drawn_hand_lie_below_its_surface() {
        let rig = Assets::new().unwrap().open_rig("adult").unwrap();
        let lift = DepthLift::new(&rig, &HandShape::default());
        let mut errors = Vec::new();
        for seed in 0..6 {
            let mut s = dataset_stream(seed, "depth", 0);
            // an open hand, palm or back to the camera, tilted by up to 30 degrees
            let pose = HandPose(rig.limits.map(|l: Limit| l.soft_rad[0] + 0.2 * (l.soft_rad[1] - l.soft_rad[0])));
            let mut pose = pose;
            pose.0[..3].fill(0.0);
            let back = axis_angle(Vec3::Y, if seed % 2 == 0 { 0.0 } else { std::f32::consts::PI });
            let at =
                RigidTransform::new(axis_angle(s.direction(), s.uniform(0.0, 0.5)) * back, Vec3::new(0.0, -0.08, 0.45));
            let skin: Vec<Vec3> =
                skin_of_right_hand_m(&rig, &HandShape::default(), &pose).iter().map(|p| at.point(*p)).collect();
            let depth = drawn(&skin, &rig.mesh.triangles, 1.5);
            let truth = landmarks(&rig.skeleton.hand_from_joint(&pose)).map(|p| at.point(p));
            let found = lift.lift(&depth, &camera(), &truth.map(|p| camera().project(p)));
            let off = |k: usize| found[k].map(|p| (p.z - truth[k].z) * 1e3);
            errors.push(std::array::from_fn::<_, LANDMARK_COUNT, _>(off));
        }
        let all: Vec<f32> = errors.iter().flatten().filter_map(|e| *e).collect();
        assert!(all.len() > errors.len() * 19, "{errors:?}");
        let mean = all.iter().map(|e| e.abs()).sum::<f32>() / all.len() as f32;
        let bias = all.iter().sum::<f32>() / all.len() as f32;
        println!("depth look-up: mean error along the axis {mean} mm, bias {bias} mm");
        assert!(mean < 4.0 && bias.abs() < 2.5, "{mean} {bias} {errors:?}");
    }

    #[test]
    fn what_is_not_the_hand_is_not_lifted() {
        let rig = Assets::new().unwrap().open_rig("adult").unwrap();
        let lift = DepthLift::new(&rig, &HandShape::default());
        // a plate at .5 m on the left, a wall on the right, a strip without depth on top
        let mut depth = Plane::filled(240, 240, 0.5);
        for (k, z) in depth.data.iter_mut().enumerate() {
            *z = if k / 240 < 20 {
                NO_DEPTH
            } else if k % 240 > 200 {
                1.4
            } else {
                0.5
            };
        }
        let mut px: [Option<Vec2>; LANDMARK_COUNT] =
            std::array::from_fn(|k| Some(Vec2::new(20.0 + 8.0 * k as f32, 100.0)));
        px[3] = Some(Vec2::new(230.0, 100.0));
        px[4] = Some(Vec2::new(50.0, 5.0));
        px[5] = Some(Vec2::new(-3.0, 100.0));
        px[6] = None;
        px[7] = Some(Vec2::new(f32::NAN, 100.0));
        // most of the window is wall, the keypoint's own pixel too
        px[8] = Some(Vec2::new(201.5, 100.0));
        let found = lift.lift(&depth, &camera(), &px);
        assert!(found[3..8].iter().all(Option::is_none), "{found:?}");
        assert!(found[8].is_some_and(|p| p.z < 0.53), "{found:?}");
        let first = found[0].unwrap();
        assert!(first.z > 0.5 && first.z < 0.53 && lift.lift(&Plane::filled(0, 0, 0.0), &camera(), &px)[0].is_none());
        let nothing = Plane::filled(240, 240, f32::NAN);
        assert!(lift.lift(&nothing, &camera(), &px).iter().all(Option::is_none));
    }
}
