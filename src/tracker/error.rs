//! Why a shot could not be tracked.

use super::model::{InputKind, ModelError, ModelSpec};
use super::shot::Shot;

/// Why a shot could not be tracked.
#[derive(Debug, thiserror::Error)]
pub enum TrackError {
    /// The model cannot be run.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The shot has not what the model looks at.
    #[error("the model `{model}` looks at {wanted}, and the shot has {found}\nhint: {hint}")]
    Picture {
        /// Name of the model.
        model: String,
        /// What it takes.
        wanted: &'static str,
        /// What there is.
        found: String,
        /// What to do.
        hint: &'static str,
    },
}

/// Refuses a shot that has not the pictures that a model takes.
pub(super) fn check(shot: &Shot, spec: &ModelSpec) -> Result<(), TrackError> {
    let wrong =
        |wanted, found: String, hint| Err(TrackError::Picture { model: spec.name.clone(), wanted, found, hint });
    let Some(view) = shot.views.first() else {
        return wrong("pictures", "none".into(), "give a source with pictures");
    };
    let has = || {
        let kinds =
            [(view.rgb.is_some(), "colour"), (view.grey.is_some(), "grey"), (view.depth_z_m.is_some(), "depth")];
        let names: Vec<&str> = kinds.into_iter().filter(|(there, _)| *there).map(|(_, name)| name).collect();
        format!("only {}", names.join(" and "))
    };
    match spec.input.kind {
        InputKind::Colour if view.rgb.is_none() => wrong("colour", has(), "use a model for what there is"),
        InputKind::Grey if view.grey.is_none() && view.rgb.is_none() => {
            wrong("grey or colour", has(), "use a model for what there is")
        }
        InputKind::Depth if view.depth_z_m.is_none() => {
            wrong("depth", has(), "a depth model needs a source with depth pictures")
        }
        InputKind::StereoGrey if shot.views.len() < 2 => wrong(
            "two views",
            "one".into(),
            "name the two cameras of a dataset with `--views`, or render two with `--stereo-mm`",
        ),
        _ => Ok(()),
    }
}
