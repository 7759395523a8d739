//! Follows hands through a sequence with a user's model: pictures and cameras in, [`HandEstimate`]s out.
//!
//! ```text
//! Shot ─detect or last frame─▶ region ─crop─▶ model ─lift─▶ 3D ─smooth─▶ fit ─▶ HandEstimate
//! ```
//!
//! The tracker never sees a scene, a label or a preset; estimates meet the truth in `metrics` only.

mod agreement;
pub mod detect;
pub mod estimate;
pub mod fit;
mod follow;
pub mod lift;
pub mod model;
pub mod patch;
mod place;
mod raise;
mod settings;
pub mod shot;
pub mod smooth;
mod track;

pub use estimate::{HandEstimate, HandFit};
pub use follow::{StageTimes, TrackError, Tracked, Tracker};
pub use place::Place;
pub use settings::TrackerSettings;
pub use shot::{Shot, View};
