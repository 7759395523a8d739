//! Follows hands through a sequence with a user's model: pictures and cameras in, [`HandEstimate`]s out.
//!
//! ```text
//! Shot ─detect or last frame─▶ region ─crop─▶ model ─lift─▶ 3D ─smooth─▶ fit ─▶ HandEstimate
//! ```
//!
//! The tracker never sees a scene, a label or a preset; estimates meet the truth in `metrics` only.

pub mod estimate;
pub mod shot;

pub use estimate::{HandEstimate, HandFit};
pub use shot::{Shot, View};
