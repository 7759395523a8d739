//! Hands in the whole picture, and which places and tracks are one hand's.

use super::detect::hands_in_depth;
use super::error::TrackError;
use super::follow::{Tracked, Tracker, add_names};
use super::model::{InputKind, ModelError};
use super::place::{Place, views_seen};
use super::shot::Shot;
use super::track::Track;

/// Hands whose boxes overlap by more (intersection over union), or whose middles are nearer (metres), are one.
const SAME_IOU: f32 = 0.5;
const SAME_M: f32 = 0.04;

impl Tracker {
    /// Where hands may be in the whole picture, the likeliest first.
    pub(super) fn find(&self, shot: &Shot, tracked: &mut Tracked) -> Result<Vec<Place>, TrackError> {
        let view = &shot.views[0];
        if let Some(detector) = &self.detector {
            let mut detect = |view| {
                let found = detector.detect(view)?;
                add_names(&mut tracked.broken_outputs, &found.broken_outputs);
                Ok::<_, ModelError>(found.hands)
            };
            let mut places: Vec<Place> =
                detect(view)?.into_iter().map(|found| Place::in_box(found.box_px, found.side)).collect();
            for other in shot.views.iter().take(views_seen(shot, self.model.spec())).skip(1) {
                let found = detect(other)?;
                places.retain_mut(|place| {
                    let row = |b: &[f32; 4]| b[1] + b[3] / 2.0;
                    let first = place.boxes_px[0];
                    let near = found
                        .iter()
                        .map(|f| f.box_px)
                        .min_by(|a, b| (row(a) - row(&first)).abs().total_cmp(&(row(b) - row(&first)).abs()));
                    place.boxes_px.extend(near);
                    near.is_some()
                });
            }
            return Ok(places);
        }
        match (&view.depth_z_m, self.model.spec().input.kind) {
            (Some(depth), InputKind::Depth) => {
                let found = hands_in_depth(depth, &view.camera, self.settings.hands);
                Ok(found.into_iter().map(Place::around).collect())
            }
            _ => Ok(vec![Place::everywhere(shot)]),
        }
    }

    /// Two tracks on one hand become the older one.
    pub(super) fn join_same(&mut self) {
        if let [first, second] = self.tracks.as_slice() {
            let middle = |track: &Track| {
                let points: Vec<_> = track.last.keypoints_camera_m.iter().flatten().copied().collect();
                (!points.is_empty()).then(|| points.iter().sum::<glam::Vec3>() / points.len() as f32)
            };
            let near = match (middle(first), middle(second)) {
                (Some(a), Some(b)) => a.distance(b) < SAME_M,
                _ => overlap(&first.last.box_px, &second.last.box_px) > SAME_IOU,
            };
            if near {
                self.tracks.truncate(1);
            }
        }
    }
}

/// True if two places are one hand's.
pub(super) fn is_same(a: &Place, b: &Place) -> bool {
    match (a.centre_m, b.centre_m, a.boxes_px.first(), b.boxes_px.first()) {
        (Some(a), Some(b), ..) => a.distance(b) < 2.5 * SAME_M,
        (_, _, Some(a), Some(b)) => overlap(a, b) > SAME_IOU / 2.0,
        _ => false,
    }
}

/// Intersection over union of two boxes.
fn overlap(a: &[f32; 4], b: &[f32; 4]) -> f32 {
    let w = (a[0] + a[2]).min(b[0] + b[2]) - a[0].max(b[0]);
    let h = (a[1] + a[3]).min(b[1] + b[3]) - a[1].max(b[1]);
    let common = w.max(0.0) * h.max(0.0);
    common / (a[2] * a[3] + b[2] * b[3] - common).max(f32::MIN_POSITIVE)
}
