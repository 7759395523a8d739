//! Errors of one hand's keypoints, in millimetres and pixels.

use glam::{Vec2, Vec3};

use super::align::Similarity;
use crate::rig::LANDMARK_COUNT;

/// Keypoints of one hand in space, metres; `None` where one is not known.
pub type Points = [Option<Vec3>; LANDMARK_COUNT];
/// Keypoints of one hand in the picture, pixels.
pub type Points2 = [Option<Vec2>; LANDMARK_COUNT];
/// A number per keypoint.
pub type PerPoint = [Option<f32>; LANDMARK_COUNT];

/// The bone whose length gives a hand its scale: middle MCP and PIP (hand3d, `FreiHAND`).
pub const SCALE_BONE: [usize; 2] = [9, 10];

const MM: f32 = 1000.0;

/// Distances of keypoints that both hands have.
pub fn distances_mm(truth_m: &Points, estimate_m: &Points) -> PerPoint {
    std::array::from_fn(|k| {
        let distance = MM * truth_m[k]?.distance(estimate_m[k]?);
        distance.is_finite().then_some(distance)
    })
}

/// Distances in the picture.
pub fn distances_px(truth: &Points2, estimate: &Points2) -> PerPoint {
    std::array::from_fn(|k| {
        let distance = truth[k]?.distance(estimate[k]?);
        distance.is_finite().then_some(distance)
    })
}

/// The points seen from one of them; none if that one is not known.
pub fn rooted(points_m: &Points, root: usize) -> Points {
    let Some(origin) = points_m.get(root).copied().flatten() else { return [None; LANDMARK_COUNT] };
    points_m.map(|p| p.map(|p| p - origin))
}

/// The estimate seen from its root, scaled so that its [`SCALE_BONE`] is as long as the true one; none without that bone.
pub fn scale_restored(truth_m: &Points, estimate_m: &Points, root: usize) -> Points {
    let length = |p: &Points| Some(p[SCALE_BONE[0]]?.distance(p[SCALE_BONE[1]]?)).filter(|l| *l > 1e-6);
    match (length(truth_m), length(estimate_m)) {
        (Some(true_m), Some(found_m)) => rooted(estimate_m, root).map(|p| p.map(|p| p * (true_m / found_m))),
        _ => [None; LANDMARK_COUNT],
    }
}

/// The estimate after the similarity that brings it nearest to the truth; none if fewer than three points are common.
pub fn aligned(truth_m: &Points, estimate_m: &Points) -> Points {
    let pairs = truth_m.iter().zip(estimate_m).filter_map(|(t, e)| Some(((*e)?, (*t)?)));
    let (from, to): (Vec<Vec3>, Vec<Vec3>) = pairs.unzip();
    match Similarity::between(&from, &to) {
        Some(similarity) => estimate_m.map(|p| p.map(|p| similarity.point(p))),
        None => [None; LANDMARK_COUNT],
    }
}

/// Mean of what is there; `None` if nothing is.
pub fn mean(errors: &PerPoint) -> Option<f32> {
    let (sum, count) = errors.iter().flatten().fold((0.0, 0), |(sum, count), e| (sum + e, count + 1));
    (count > 0).then(|| sum / count as f32)
}

/// Largest of what is there.
pub fn max(errors: &PerPoint) -> Option<f32> {
    errors.iter().flatten().copied().reduce(f32::max)
}

/// Errors of one hand, each way of comparing for itself.
#[derive(Debug, Clone, PartialEq)]
pub struct HandErrors {
    /// In the camera's frame, millimetres; none if the estimate is only right up to place or scale.
    pub absolute_mm: PerPoint,
    /// Seen from the root, millimetres.
    pub root_relative_mm: PerPoint,
    /// Seen from the root, with the true scale, millimetres.
    pub scale_restored_mm: PerPoint,
    /// After Procrustes alignment, millimetres.
    pub aligned_mm: PerPoint,
    /// In the picture, pixels.
    pub px: PerPoint,
    /// `px` over the longer side of the true box around the keypoints.
    pub of_box: PerPoint,
    /// `px` over the longer side of the region that the model saw.
    pub of_region: PerPoint,
}

impl HandErrors {
    /// Compares points in space; those of the picture are added by [`HandErrors::with_pixels`].
    pub fn in_space(truth_m: &Points, estimate_m: &Points, root: usize, metric: bool) -> Self {
        let none = [None; LANDMARK_COUNT];
        let mut root_relative_mm = distances_mm(&rooted(truth_m, root), &rooted(estimate_m, root));
        let restored = scale_restored(truth_m, estimate_m, root);
        let scale_restored_mm = distances_mm(&rooted(truth_m, root), &restored);
        if truth_m.iter().flatten().count() < 2 {
            root_relative_mm = none; // the root alone, whose error is 0 by construction, says nothing
        }
        Self {
            absolute_mm: if metric { distances_mm(truth_m, estimate_m) } else { none },
            root_relative_mm,
            scale_restored_mm,
            aligned_mm: distances_mm(truth_m, &aligned(truth_m, estimate_m)),
            px: none,
            of_box: none,
            of_region: none,
        }
    }

    /// Adds what is seen in the picture; boxes are left, top, width, height.
    #[must_use]
    pub fn with_pixels(mut self, truth: &Points2, estimate: &Points2, boxes_px: [Option<[f32; 4]>; 2]) -> Self {
        let side = |b: Option<[f32; 4]>| b.map(|[_, _, w, h]| w.max(h)).filter(|s| *s > 0.0);
        let share = |errors: &PerPoint, side: Option<f32>| errors.map(|e| Some(e? / side?));
        self.px = distances_px(truth, estimate);
        self.of_box = share(&self.px, side(boxes_px[0]));
        self.of_region = share(&self.px, side(boxes_px[1]));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hand() -> Points {
        std::array::from_fn(|k| {
            Some(Vec3::new(0.01 * k as f32, 0.002 * (k * k % 7) as f32, 0.4 + 0.003 * (k % 5) as f32))
        })
    }

    #[test]
    fn a_shift_is_an_absolute_error_only() {
        let shifted = hand().map(|p| p.map(|p| p + Vec3::new(0.003, 0.0, 0.004)));
        let errors = HandErrors::in_space(&hand(), &shifted, 0, true);
        assert!(errors.absolute_mm.iter().all(|e| (e.unwrap() - 5.0).abs() < 1e-3));
        for space in [errors.root_relative_mm, errors.scale_restored_mm, errors.aligned_mm] {
            assert!(max(&space).unwrap() < 1e-3);
        }
        assert_eq!(mean(&HandErrors::in_space(&hand(), &shifted, 0, false).absolute_mm), None);
    }

    #[test]
    fn a_scale_is_restored_by_the_bone() {
        let grown = hand().map(|p| p.map(|p| p * 1.25));
        let errors = HandErrors::in_space(&hand(), &grown, 0, true);
        assert!(mean(&errors.root_relative_mm).unwrap() > 10.0);
        assert!(max(&errors.scale_restored_mm).unwrap() < 1e-2);
        let mut no_bone = grown;
        no_bone[9] = None;
        assert_eq!(max(&HandErrors::in_space(&hand(), &no_bone, 0, true).scale_restored_mm), None);
    }

    #[test]
    fn what_is_missing_stays_missing() {
        let mut estimate = hand();
        estimate[0] = None;
        estimate[7] = Some(Vec3::splat(f32::NAN));
        let errors = HandErrors::in_space(&hand(), &estimate, 0, true);
        assert_eq!((errors.absolute_mm[0], errors.absolute_mm[7]), (None, None));
        assert_eq!(mean(&errors.root_relative_mm), None);
        assert_eq!(errors.absolute_mm[8], Some(0.0));
    }

    #[test]
    fn pixels_are_shares_of_boxes() {
        let truth: Points2 = std::array::from_fn(|k| Some(Vec2::new(10.0 * k as f32, 0.0)));
        let estimate = truth.map(|p| p.map(|p| p + Vec2::new(3.0, 4.0)));
        let none = [None; LANDMARK_COUNT];
        let errors = HandErrors::in_space(&none, &none, 0, true).with_pixels(
            &truth,
            &estimate,
            [Some([0.0, 0.0, 200.0, 50.0]), None],
        );
        assert_eq!((errors.px[3], errors.of_box[3], errors.of_region[3]), (Some(5.0), Some(0.025), None));
    }
}
