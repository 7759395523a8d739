//! What the live view is told of one moment.

use glam::{Vec2, Vec3};

use crate::camera::Camera;
use crate::frame::Plane;
use crate::report::draw;
use crate::rig::LANDMARK_COUNT;
use crate::tracker::{HandEstimate, StageTimes, View};

/// One moment of a tracked sequence.
#[derive(Debug, Clone)]
pub struct ViewFrame {
    /// Number of the shot, from 0.
    pub number: u64,
    /// Time since the first shot, seconds.
    pub time_s: f64,
    /// The first camera, whose frame and pixels the hands are in.
    pub camera: Camera,
    /// What to show of it, display values; `None` for an empty page.
    pub picture: Option<Plane<[u8; 3]>>,
    /// Hands that are followed.
    pub hands: Vec<HandView>,
    /// Mean distance of estimated from true keypoints, millimetres; `None` where there is no truth.
    pub error_mm: Option<f32>,
    /// Time that each stage took.
    pub stages: StageTimes,
    /// True if a hand that was followed is followed no more.
    pub lost: bool,
}

/// One hand of a [`ViewFrame`].
#[derive(Debug, Clone)]
pub struct HandView {
    /// What the tracker says; its fit is drawn as a mesh.
    pub estimate: HandEstimate,
    /// What is known to be true.
    pub truth: Option<Truth>,
}

/// True keypoints, in the order of [`crate::rig::joint::LANDMARK_NAMES`].
#[derive(Debug, Clone, PartialEq)]
pub struct Truth {
    /// Pixels of the first camera.
    pub keypoints_px: [Option<Vec2>; LANDMARK_COUNT],
    /// Frame of the first camera, metres.
    pub keypoints_camera_m: [Option<Vec3>; LANDMARK_COUNT],
}

/// What a person is shown of a camera: its colours, else its greys, else its depth as colours.
pub fn picture(view: &View) -> Option<Plane<[u8; 3]>> {
    let grey =
        |g: &Plane<u8>| Plane { width: g.width, height: g.height, data: g.data.iter().map(|v| [*v; 3]).collect() };
    let colour = view.rgb.clone().or_else(|| view.grey.as_ref().map(grey));
    colour.or_else(|| view.depth_z_m.as_ref().map(draw::depth_picture))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::camera::{Intrinsics, Lens};
    use crate::math::RigidTransform;

    #[test]
    fn colours_are_shown_before_greys_and_greys_before_depth() {
        let intrinsics = Intrinsics { width: 2, height: 1, fx: 1.0, fy: 1.0, cx: 1.0, cy: 0.5 };
        let camera = Camera { intrinsics, lens: Lens::Pinhole, camera_from_world: RigidTransform::IDENTITY };
        let plane = |data| Plane { width: 2, height: 1, data };
        let mut view = View {
            camera,
            calibrated: true,
            rgb: Some(plane(vec![[1, 2, 3], [4, 5, 6]])),
            grey: Some(Plane { width: 2, height: 1, data: vec![7, 9] }),
            depth_z_m: Some(Plane { width: 2, height: 1, data: vec![0.4, 0.6] }),
        };
        assert_eq!(picture(&view), view.rgb);
        view.rgb = None;
        assert_eq!(picture(&view), Some(plane(vec![[7; 3], [9; 3]])));
        view.grey = None;
        let depth = picture(&view).unwrap();
        assert!(depth.data[0][1] > depth.data[1][1], "near is light: {depth:?}");
        view.depth_z_m = None;
        assert_eq!(picture(&view), None);
    }
}
