//! Errors of one method (keypoints, or the fit), gathered over hands.

use super::curves::{hand3d_thresholds_mm, linspace, mean, quantile};
use super::errors::{HandErrors, PerPoint};
use super::mesh::MeshErrors;
use super::pooled::Pooled;
use super::summary::{MeshSummary, MethodSummary, MotionSummary, Parts, PixelSummary};
use crate::dataset::HandRecord;
use crate::label::Visibility;
use crate::rig::LANDMARK_COUNT;

/// Errors of one method.
#[derive(Debug, Clone, Default)]
pub(super) struct Method {
    pub(super) hands: u64,
    /// Absolute, root-relative, scale-restored, aligned; of all and of visible keypoints.
    spaces: [[Pooled; 2]; 4],
    px: [Pooled; 2],
    of_box: Pooled,
    of_region: Pooled,
    /// As they are, and aligned.
    pub(super) meshes: [Vec<MeshErrors>; 2],
    pub(super) between_roots_mm: Vec<f32>,
}

/// Which true keypoints count as visible.
fn visible(hand: &HandRecord) -> [bool; LANDMARK_COUNT] {
    hand.visibility.map(|v| matches!(v, Visibility::Visible | Visibility::Unstated))
}

impl Method {
    /// Takes a hand in.
    pub(super) fn add(&mut self, hand: &HandRecord, errors: &HandErrors) {
        self.hands += 1;
        let visible = visible(hand);
        let seen = |errors: &PerPoint| std::array::from_fn(|k| errors[k].filter(|_| visible[k]));
        let spaces = [&errors.absolute_mm, &errors.root_relative_mm, &errors.scale_restored_mm, &errors.aligned_mm];
        let labelled = hand.keypoints_camera_m.map(|p| p.is_some());
        for ([all, of_visible], errors) in self.spaces.iter_mut().zip(spaces) {
            all.add(errors);
            of_visible.add(&seen(errors));
            let unknown: [bool; LANDMARK_COUNT] = std::array::from_fn(|k| labelled[k] && errors[k].is_none());
            all.miss(&unknown);
            of_visible.miss(&std::array::from_fn(|k| unknown[k] && visible[k]));
        }
        self.px[0].add(&errors.px);
        self.px[1].add(&seen(&errors.px));
        self.of_box.add(&errors.of_box);
        self.of_region.add(&errors.of_region);
    }

    /// Counts a hand that was not found.
    pub(super) fn miss(&mut self, hand: &HandRecord) {
        let (labelled, visible) = (hand.keypoints_camera_m.map(|p| p.is_some()), visible(hand));
        for [all, of_visible] in &mut self.spaces {
            all.miss(&labelled);
            of_visible.miss(&std::array::from_fn(|k| labelled[k] && visible[k]));
        }
    }

    /// All numbers but those along tracks.
    pub(super) fn summary(&self) -> MethodSummary {
        let space = |k: usize| self.spaces[k][0].space_mm(&self.spaces[k][1]);
        MethodSummary {
            hands: self.hands,
            absolute: space(0),
            root_relative: space(1),
            scale_restored: space(2),
            aligned: space(3),
            pixels: self.pixels(),
            mesh: self.mesh(),
            motion: MotionSummary::default(),
            mrrpe_mm: mean(&self.between_roots_mm),
        }
    }

    fn pixels(&self) -> PixelSummary {
        let [all, visible] = &self.px;
        let thresholds = linspace(0.0, 30.0, hand3d_thresholds_mm().len());
        let percent = |part: Option<f64>| part.map(|share| 100.0 * (1.0 - share));
        let of_region = self.of_region.joints(mean).map(percent);
        PixelSummary {
            hands: all.hand_means().len() as u64,
            mean_px: all.mean_of_hands(),
            epe_mean_px: all.over_keypoints(mean),
            epe_median_px: all.over_keypoints(|e| quantile(e, 0.5)),
            visible_epe_mean_px: visible.over_keypoints(mean),
            visible_epe_median_px: visible.over_keypoints(|e| quantile(e, 0.5)),
            auc_0_30: all.area(&thresholds),
            visible_auc_0_30: visible.area(&thresholds),
            pck_box_02: self.of_box.share_below(0.2),
            parts_px: all.parts(mean),
            parts_percent: Parts::from_joints(&of_region),
        }
    }

    fn mesh(&self) -> MeshSummary {
        let of = |k: usize, value: &dyn Fn(&MeshErrors) -> f32| {
            mean(&self.meshes[k].iter().map(value).collect::<Vec<f32>>())
        };
        MeshSummary {
            hands: self.meshes[1].len() as u64,
            mpvpe_mm: of(0, &|m| m.mpvpe_mm),
            f_5: of(0, &|m| m.f[0]),
            f_15: of(0, &|m| m.f[1]),
            pa_mpvpe_mm: of(1, &|m| m.mpvpe_mm),
            pa_f_5: of(1, &|m| m.f[0]),
            pa_f_15: of(1, &|m| m.f[1]),
        }
    }
}
