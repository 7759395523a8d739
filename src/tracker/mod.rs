//! Follows hands through a sequence with a user's model: pictures and cameras in, [`HandEstimate`]s out.
//!
//! ```text
//! Shot ─detect or last frame─▶ region ─crop─▶ model ─lift─▶ 3D ─smooth─▶ fit ─▶ HandEstimate
//! ```
//!
//! The tracker never sees a scene, a label or a preset; estimates meet the truth in `metrics` only.

mod agreement;
mod choose;
pub mod detect;
mod error;
pub mod estimate;
pub mod fit;
mod follow;
pub mod lift;
mod look;
pub mod model;
pub mod patch;
mod person;
mod place;
mod raise;
mod refusal;
mod seek;
mod settings;
pub mod shot;
mod side;
pub mod smooth;
mod times;
mod track;

pub use error::TrackError;
pub use estimate::{HandEstimate, HandFit};
pub use follow::{Tracked, Tracker};
pub use place::Place;
pub use refusal::Refusal;
pub use settings::TrackerSettings;
pub use shot::{Shot, View};
pub use times::StageTimes;
