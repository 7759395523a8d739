//! Clips: what moves from frame to frame. All of it follows from the clip's first index; a frame only picks its moment.
//!
//! A hand goes through poses drawn like those of single pictures, with minimum-jerk timing ([`timing`]): its forearm swings
//! about elbow and shoulder ([`arm`]), the wrist bends, digits follow one by one ([`finger`]), and [`tremor`] comes on top.
//! Fingers on collision course open a little ([`opening`]); two hands that would collide move less, or as one ([`pair`]).

pub mod arm;
pub mod clip;
pub mod finger;
pub mod opening;
pub mod pair;
pub mod playback;
pub mod timing;
pub mod tremor;
pub mod view;

pub use clip::{Cast, Clip, ClipPlace, Memory, Motion};
