//! From what a model says of the picture to points in space: depth look-up, several views, known bone lengths, or a known form.
//!
//! All points are in the (first) camera's frame, metres; keypoints stand in the order of
//! [`crate::rig::joint::LANDMARK_NAMES`]; what cannot be lifted is `None`.

pub mod depth;
pub mod relative;
mod rows;
pub mod views;

pub use depth::DepthLift;
pub use relative::{place_form, place_relative_depth, scale_to_bones};
pub use views::{Triangulated, ViewPoint, triangulate, triangulate_hand};
