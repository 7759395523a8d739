//! One hand that is followed: what was seen last, and where it will be next.

use glam::{Vec2, Vec3};

use super::estimate::{HandEstimate, HandFit};
use super::place::Place;
use super::raise::Raised;
use super::shot::Shot;
use super::side::SideBelief;
use super::smooth::{Smoother, Smoothing};
use crate::rig::{HandSide, LANDMARK_COUNT};

/// Landmarks.
const WRIST: usize = 0;
const MIDDLE_MCP: usize = 9;

/// One hand that is followed.
#[derive(Debug, Clone)]
pub(super) struct Track {
    pub(super) number: u32,
    /// Left or right, by all shots.
    pub(super) belief: SideBelief,
    smoother: Smoother,
    flat_smoother: Smoother,
    pub(super) last: HandEstimate,
    /// Last pixels in the other views.
    others_px: Vec<[Option<Vec2>; LANDMARK_COUNT]>,
    pub(super) shots: u64,
}

impl Track {
    pub(super) fn new(number: u32, smoothing: Smoothing) -> Self {
        let last = HandEstimate {
            track: number,
            side: HandSide::Right,
            side_confidence: 0.5,
            confidence: 0.0,
            box_px: [0.0; 4],
            keypoints_px: [None; LANDMARK_COUNT],
            keypoints_camera_m: [None; LANDMARK_COUNT],
            keypoint_confidence: [0.0; LANDMARK_COUNT],
            metric: false,
            fit: None,
        };
        let (smoother, flat_smoother) = (Smoother::new(smoothing), Smoother::new(smoothing));
        Self { number, belief: SideBelief::default(), smoother, flat_smoother, last, others_px: Vec::new(), shots: 0 }
    }

    /// The side, once it is so sure that the other one need not be tried in the next shot.
    pub(super) fn settled(&self) -> Option<HandSide> {
        self.belief.settled(self.shots)
    }

    /// Fit to begin the next one from, if it is of the same side.
    pub(super) fn last_fit(&self, side: HandSide) -> Option<&HandFit> {
        self.last.fit.as_ref().filter(|_| self.last.side == side)
    }

    /// Smooths the keypoints and keeps them; pixels follow the points in space.
    pub(super) fn take(&mut self, shot: &Shot, raised: &Raised, box_px: [f32; 4], confidence: f32) {
        let camera = &shot.views[0].camera;
        let camera_m = self.smoother.update(shot.time_s, &raised.camera_m, &raised.confidence);
        // pixels that have no point in space: as if one metre away
        let flat = raised.px.map(|p| p.map(|p| camera.unproject(p, 1.0)));
        let flat = self.flat_smoother.update(shot.time_s, &flat, &raised.confidence);
        let in_picture = |k: usize| {
            let point = camera_m[k].or(flat[k])?;
            camera.project(point)
        };
        let (side, side_confidence) = self.belief.side();
        self.last = HandEstimate {
            track: self.number,
            side,
            side_confidence,
            confidence,
            box_px,
            keypoints_px: std::array::from_fn(in_picture),
            keypoints_camera_m: camera_m,
            keypoint_confidence: raised.confidence,
            metric: raised.metric,
            fit: None,
        };
        self.others_px.clone_from(&raised.others_px);
        self.shots += 1;
    }

    /// Where it is sought at a later moment.
    pub(super) fn place(&self, shot: &Shot) -> Place {
        let camera = &shot.views[0].camera;
        let ahead = self.ahead(shot.time_s);
        let known: Vec<Vec3> = ahead.iter().flatten().copied().collect();
        let centre_m = (!known.is_empty()).then(|| known.iter().sum::<Vec3>() / known.len() as f32);
        let first = std::array::from_fn(|k| match ahead[k] {
            Some(p) => camera.project(p).or(self.last.keypoints_px[k]),
            None => self.last.keypoints_px[k],
        });
        let views: Vec<[Option<Vec2>; LANDMARK_COUNT]> =
            std::iter::once(first).chain(self.others(shot, &ahead)).collect();
        let up = |px: &[Option<Vec2>; LANDMARK_COUNT]| match (px[WRIST], px[MIDDLE_MCP]) {
            (Some(wrist), Some(mcp)) => mcp - wrist,
            _ => Vec2::ZERO,
        };
        Place {
            boxes_px: views.iter().filter_map(box_around).collect(),
            centre_m,
            up: views.iter().map(up).collect(),
            points_px: views.iter().map(|px| px.iter().flatten().copied().collect()).collect(),
            side: self.settled(),
        }
    }

    /// Keypoints as they would go on, or as they were.
    fn ahead(&self, time_s: f64) -> [Option<Vec3>; LANDMARK_COUNT] {
        let predicted = self.smoother.predict(time_s);
        std::array::from_fn(|k| predicted[k].or(self.last.keypoints_camera_m[k]))
    }

    /// Pixels in the other views: projected, or as they were.
    fn others(&self, shot: &Shot, ahead: &[Option<Vec3>; LANDMARK_COUNT]) -> Vec<[Option<Vec2>; LANDMARK_COUNT]> {
        let Some((first, others)) = shot.views.split_first() else { return Vec::new() };
        let world_from_first = first.camera.camera_from_world.inverse();
        let seen = |(number, view): (usize, &super::View)| {
            let other_from_first = view.camera.camera_from_world * world_from_first;
            let before = self.others_px.get(number);
            std::array::from_fn(|k| match ahead[k] {
                Some(p) => view.camera.project(other_from_first.point(p)),
                None => before.and_then(|px| px[k]),
            })
        };
        others.iter().enumerate().map(seen).collect()
    }
}

fn box_around(px: &[Option<Vec2>; LANDMARK_COUNT]) -> Option<[f32; 4]> {
    let mut points = px.iter().flatten();
    let first = *points.next()?;
    let (least, most) = points.fold((first, first), |(least, most), p| (least.min(*p), most.max(*p)));
    Some([least.x, least.y, most.x - least.x, most.y - least.y])
}
