//! What the tracker sees at one moment.

use crate::camera::Camera;
use crate::frame::Plane;

/// One moment as the cameras see it.
#[derive(Debug, Clone, PartialEq)]
pub struct Shot {
    /// Time since the first shot, seconds; rises from shot to shot.
    pub time_s: f64,
    /// One per camera. Estimates are given in the first one's frame and pixels.
    pub views: Vec<View>,
}

/// One camera's pictures, all of the camera's size. At least one is there.
#[derive(Debug, Clone, PartialEq)]
pub struct View {
    /// The camera; its extrinsics matter where there are several.
    pub camera: Camera,
    /// False if the intrinsics are a guess: points in space are then only right up to scale.
    pub calibrated: bool,
    /// Display values.
    pub rgb: Option<Plane<[u8; 3]>>,
    /// Display values.
    pub grey: Option<Plane<u8>>,
    /// Metres along the axis; [`crate::frame::NO_DEPTH`] where nothing was measured.
    pub depth_z_m: Option<Plane<f32>>,
}
