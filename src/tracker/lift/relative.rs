//! Points that are known relative to each other, placed before the camera.

use glam::{Vec2, Vec3};

use super::rows::Rows;
use crate::camera::Camera;
use crate::rig::LANDMARK_COUNT;
use crate::rig::joint::LANDMARK_PARENT;
use crate::tracker::fit::lens::project_with_derivative;

/// Keypoints that a place needs.
const LEAST_KEYPOINTS: usize = 4;
/// A bone off by this share of its length is believed half as much.
const HALF_BELIEVED: f32 = 0.1;
/// Nearest and furthest root, metres.
const ROOT_M: [f32; 2] = [0.02, 20.0];

/// Pixels and depths relative to a common root (metres, positive away from the camera; in units of a hand's size, multiply by
/// it first) become points of the camera's frame.
///
/// A bone of known length L between keypoints with rays a and b (z = 1) and relative depths p and q has |a (Z + p) - b (Z + q)| = L,
/// a quadratic equation for the root's depth Z (Iqbal et al. 2018). All bones whose ends are known vote; the median of their
/// answers is refined by least squares over all. `bones_m[k]` is the length of the bone that ends in keypoint k, `None` where it
/// is not known. `None` without a bone that says something.
pub fn place_relative_depth(
    px: &[Option<Vec2>; LANDMARK_COUNT],
    relative_z_m: &[Option<f32>; LANDMARK_COUNT],
    bones_m: &[Option<f32>; LANDMARK_COUNT],
    confidence: &[f32; LANDMARK_COUNT],
    camera: &Camera,
) -> Option<[Option<Vec3>; LANDMARK_COUNT]> {
    let known = |k: usize| {
        let (px, z) = (px[k]?, relative_z_m[k]?);
        let ray = camera.ray(px);
        (ray.is_finite() && z.is_finite()).then_some((ray, z))
    };
    let bone = |k: usize| {
        let parent = LANDMARK_PARENT[k];
        let ((a, p), (b, q), length_m) = (known(k)?, known(parent)?, bones_m[k]?);
        let trust = confidence[k].min(confidence[parent]);
        let bone = Bone { across: a - b, along: a * p - b * q, length_m, trust };
        (trust > 0.0 && trust.is_finite() && length_m > 0.0 && length_m.is_finite()).then_some(bone)
    };
    let bones: Vec<Bone> = (1..LANDMARK_COUNT).filter_map(bone).collect();
    let root_m = root_depth(&bones)?;
    let place = |k: usize| known(k).map(|(ray, z)| ray * (root_m + z)).filter(|p| p.z > 0.0);
    Some(std::array::from_fn(place))
}

/// |across Z + along| should be `length_m`.
struct Bone {
    across: Vec3,
    along: Vec3,
    length_m: f32,
    trust: f32,
}

impl Bone {
    /// The farther solution, or where the bone comes nearest to its length.
    fn root_m(&self) -> f32 {
        let (a, b) = (self.across.length_squared(), self.across.dot(self.along));
        let c = self.along.length_squared() - self.length_m * self.length_m;
        (-b + (b * b - a * c).max(0.0).sqrt()) / a
    }

    /// Length less its due, and its derivative by the root's depth.
    fn residual(&self, root_m: f32) -> (f32, f32) {
        let bone = self.across * root_m + self.along;
        (bone.length() - self.length_m, bone.normalize_or_zero().dot(self.across))
    }
}

fn root_depth(bones: &[Bone]) -> Option<f32> {
    let in_reach = |z: &f32| z.is_finite() && (ROOT_M[0]..=ROOT_M[1]).contains(z);
    // a bone's vote counts by how much its picture shrinks with depth
    let mut votes: Vec<(f32, f32)> =
        bones.iter().map(|b| (b.root_m(), b.trust * b.across.length())).filter(|(z, _)| in_reach(z)).collect();
    votes.sort_by(|a, b| a.0.total_cmp(&b.0));
    let half = 0.5 * votes.iter().map(|v| v.1).sum::<f32>();
    let mut passed = 0.0;
    let mut root_m = votes
        .iter()
        .find(|vote| {
            passed += vote.1;
            passed >= half
        })?
        .0;
    for _ in 0..10 {
        let (mut slope, mut curvature) = (0.0, 0.0);
        for bone in bones {
            let (off, change) = bone.residual(root_m);
            let share = off / (HALF_BELIEVED * bone.length_m);
            let weight = bone.trust / (1.0 + share * share);
            slope += weight * off * change;
            curvature += weight * change * change;
        }
        let step = if curvature > 0.0 { slope / curvature } else { 0.0 };
        root_m -= step.clamp(-0.2 * root_m, 0.2 * root_m);
    }
    Some(root_m).filter(in_reach)
}

/// The translation that puts a form of known size (metres, relative to any root, in the camera's orientation) before the camera
/// so that it is seen at the pixels: linear least squares on the rays, then Gauss and Newton on the pixels through the full lens.
/// Add it to the points. `None` for fewer than four keypoints, or if it would come to lie behind the camera.
pub fn place_form(
    form_m: &[Option<Vec3>; LANDMARK_COUNT],
    px: &[Option<Vec2>; LANDMARK_COUNT],
    confidence: &[f32; LANDMARK_COUNT],
    camera: &Camera,
) -> Option<Vec3> {
    let pair = |k: usize| {
        let (point, px, trust) = (form_m[k]?, px[k]?, confidence[k]);
        let usable = point.is_finite() && px.is_finite() && trust.is_finite() && trust > 0.0;
        usable.then_some((point, px, trust))
    };
    let pairs: Vec<(Vec3, Vec2, f32)> = (0..LANDMARK_COUNT).filter_map(pair).collect();
    if pairs.len() < LEAST_KEYPOINTS {
        return None;
    }
    let mut rows = Rows::default();
    for (point, px, trust) in &pairs {
        // (X + tx) = rx (Z + tz), the same for y
        let ray = camera.ray(*px);
        rows.add(Vec3::new(1.0, 0.0, -ray.x), ray.x * point.z - point.x, *trust);
        rows.add(Vec3::new(0.0, 1.0, -ray.y), ray.y * point.z - point.y, *trust);
    }
    let mut place = rows.solved()?;
    for _ in 0..5 {
        let mut rows = Rows::default();
        for (point, px, trust) in &pairs {
            let (pixel, by_place) = project_with_derivative(camera, *point + place)?;
            rows.add(by_place[0], px.x - pixel.x, *trust);
            rows.add(by_place[1], px.y - pixel.y, *trust);
        }
        place += rows.solved()?;
    }
    let in_front = pairs.iter().all(|(point, ..)| camera.project(*point + place).is_some());
    (place.is_finite() && in_front).then_some(place)
}

/// Factor that gives points of unknown size the bone lengths of a hand: the weighted median over the bones. `None` if no bone is
/// known on both sides.
pub fn scale_to_bones(
    points: &[Option<Vec3>; LANDMARK_COUNT],
    bones_m: &[Option<f32>; LANDMARK_COUNT],
    confidence: &[f32; LANDMARK_COUNT],
) -> Option<f32> {
    let ratio = |k: usize| {
        let parent = LANDMARK_PARENT[k];
        let (length, bone) = (points[k]?.distance(points[parent]?), bones_m[k]?);
        let (ratio, weight) = (bone / length, bone * confidence[k].min(confidence[parent]));
        (ratio.is_finite() && ratio > 0.0 && weight > 0.0).then_some((ratio, weight))
    };
    let mut ratios: Vec<(f32, f32)> = (1..LANDMARK_COUNT).filter_map(ratio).collect();
    ratios.sort_by(|a, b| a.0.total_cmp(&b.0));
    let half = 0.5 * ratios.iter().map(|r| r.1).sum::<f32>();
    let mut passed = 0.0;
    let middle = ratios.iter().find(|r| {
        passed += r.1;
        passed >= half
    });
    middle.map(|r| r.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assets::Assets;
    use crate::camera::{Intrinsics, Lens};
    use crate::math::RigidTransform;
    use crate::rig::HandPose;
    use crate::rig::skeleton::{axis_angle, landmarks};
    use crate::seed::{Stream, dataset_stream};

    fn camera() -> Camera {
        Camera {
            intrinsics: Intrinsics { width: 640, height: 480, fx: 500.0, fy: 505.0, cx: 320.0, cy: 240.0 },
            lens: Lens::BrownConrady { k1: -0.1, k2: 0.02, p1: 0.001, p2: -0.001, k3: 0.0 },
            camera_from_world: RigidTransform::IDENTITY,
        }
    }

    fn hand(s: &mut Stream) -> [Vec3; LANDMARK_COUNT] {
        let rig = Assets::new().unwrap().open_rig("adult").unwrap();
        let mut pose = HandPose(rig.limits.map(|l| s.uniform(l.soft_rad[0], l.soft_rad[1])));
        pose.0[..3].fill(0.0);
        let at = RigidTransform::new(
            axis_angle(s.direction(), s.uniform(0.0, 3.0)),
            Vec3::new(s.uniform(-0.1, 0.1), s.uniform(-0.1, 0.1), s.uniform(0.3, 0.9)),
        );
        landmarks(&rig.skeleton.hand_from_joint(&pose)).map(|p| at.point(p))
    }

    fn bones(points: &[Vec3; LANDMARK_COUNT]) -> [Option<f32>; LANDMARK_COUNT] {
        std::array::from_fn(|k| (k > 0).then(|| points[k].distance(points[LANDMARK_PARENT[k]])))
    }

    const SURE: [f32; LANDMARK_COUNT] = [1.0; LANDMARK_COUNT];

    #[test]
    fn relative_depth_and_bones_give_the_place() {
        let mut s = dataset_stream(1, "relative", 0);
        let mut errors = 0.0;
        for _ in 0..60 {
            let truth = hand(&mut s);
            let px = truth.map(|p| camera().project(p));
            let exact = truth.map(|p| Some(p.z - truth[0].z));
            let found = place_relative_depth(&px, &exact, &bones(&truth), &SURE, &camera()).unwrap();
            assert!(found.iter().zip(&truth).all(|(f, t)| f.unwrap().abs_diff_eq(*t, 5e-4)), "{found:?} {truth:?}");
            // 1.5 pixels and 8 mm of noise
            let px = px.map(|p| p.map(|p| p + 1.5 * Vec2::new(s.normal(), s.normal())));
            let rough = exact.map(|z| z.map(|z| z + 0.008 * s.normal()));
            let found = place_relative_depth(&px, &rough, &bones(&truth), &SURE, &camera()).unwrap();
            let root = found[0].unwrap().z - (rough[0].unwrap() + truth[0].z);
            errors += (root / truth[0].z).abs() / 60.0;
        }
        println!("root depth from noisy relative depth: mean error {errors} of the distance");
        assert!(errors < 0.06, "{errors}");
    }

    #[test]
    fn a_form_of_known_size_finds_its_place() {
        let mut s = dataset_stream(2, "relative", 0);
        for _ in 0..60 {
            let truth = hand(&mut s);
            let px = truth.map(|p| camera().project(p));
            let root = truth[9];
            let form = truth.map(|p| Some(p - root));
            let found = place_form(&form, &px, &SURE, &camera()).unwrap();
            assert!(found.abs_diff_eq(root, 2e-4), "{found} {root}");
            let mut some = SURE;
            some[4..].fill(0.0);
            assert!(place_form(&form, &px, &some, &camera()).unwrap().abs_diff_eq(root, 2e-3));
            some[3] = 0.0;
            assert!(place_form(&form, &px, &some, &camera()).is_none());
        }
    }

    #[test]
    fn a_form_of_unknown_size_gets_the_bones() {
        let mut s = dataset_stream(3, "relative", 0);
        let truth = hand(&mut s);
        let points = truth.map(|p| Some((p - truth[0]) * 7.0));
        assert!((scale_to_bones(&points, &bones(&truth), &SURE).unwrap() * 7.0 - 1.0).abs() < 1e-4);
        assert!(scale_to_bones(&[None; LANDMARK_COUNT], &bones(&truth), &SURE).is_none());
        assert!(scale_to_bones(&[Some(Vec3::ONE); LANDMARK_COUNT], &bones(&truth), &SURE).is_none());
    }

    #[test]
    fn nothing_known_gives_nothing() {
        let none = place_relative_depth(&[None; 21], &[None; 21], &[Some(0.05); 21], &SURE, &camera());
        assert!(none.is_none());
        let broken =
            place_relative_depth(&[Some(Vec2::NAN); 21], &[Some(0.0); 21], &[Some(0.05); 21], &SURE, &camera());
        assert!(broken.is_none());
        let one_place =
            place_relative_depth(&[Some(Vec2::ONE); 21], &[Some(0.0); 21], &[Some(0.05); 21], &SURE, &camera());
        assert!(one_place.is_none());
    }
}
