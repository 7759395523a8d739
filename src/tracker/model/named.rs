//! What a user names as a model: its folder, its description, or its weights.

use std::path::{Path, PathBuf};

use super::error::ModelError;

/// The description of a folder, and of weights that have none of their own.
const DESCRIPTION: &str = "model.toml";

/// Files of a model.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Named {
    /// The TOML file.
    pub(super) description: PathBuf,
    /// The weights, if it was they that were named; else the description names them.
    pub(super) weights: Option<PathBuf>,
}

impl Named {
    /// A folder has a `model.toml`; weights have a description of the same name, or a `model.toml`, beside them.
    ///
    /// # Errors
    /// There is none; the error names what was looked for.
    pub(super) fn find(path: &Path) -> Result<Self, ModelError> {
        let is_description = path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("toml"));
        if is_description && !path.is_dir() {
            return Ok(Self { description: path.to_owned(), weights: None });
        }
        let (places, weights) = if path.is_file() {
            (vec![path.with_extension("toml"), path.with_file_name(DESCRIPTION)], Some(path.to_owned()))
        } else {
            (vec![path.join(DESCRIPTION)], None)
        };
        match places.iter().find(|place| place.is_file()) {
            Some(description) => Ok(Self { description: description.clone(), weights }),
            None => Err(ModelError::NoDescription { path: path.to_owned(), places }),
        }
    }
}
