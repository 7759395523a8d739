//! What may happen: presets, their folding, validation, schema and explanation.
//!
//! A file says only what it says differently: `presets/reference.toml` holds every key with its meaning and its default.
//! [`load()`] folds reference, parent (`extends`), file and overrides, later ones winning, and reports all faults at once.
//!
//! ```
//! let loaded = handloom::preset::load("quickstart", &["camera.distance_m={ uniform = [0.3, 0.5] }".to_owned()])?;
//! assert_eq!(loaded.preset.camera.distance_m.range(), (0.3, 0.5));
//! # Ok::<(), handloom::preset::PresetError>(())
//! ```

pub mod distribution;
mod fault;
mod fold;
pub mod limits;
mod load;
mod names;
mod schema;
mod text;
mod together;
pub mod types;
mod validate;

pub use distribution::{Choice, Distribution};
pub use fault::{Fault, Faults, Origin, PresetError};
pub(crate) use load::parse_override;
pub use load::{BUILT_IN, Loaded, load, load_text};
pub use names::pose_names;
pub use schema::{schema, schema_text};
pub use text::ExplainedKey;
pub(crate) use text::shorten;
pub use types::Preset;
pub(crate) use validate::value_faults;

/// Every key with its meaning and its default; the only place where defaults stand.
const REFERENCE: &str = include_str!("../../presets/reference.toml");

impl Default for Preset {
    /// The defaults of every key, as in `presets/reference.toml`.
    #[expect(clippy::expect_used, reason = "the file is part of this build, and a test reads it")]
    fn default() -> Self {
        toml::from_str(REFERENCE).expect("the reference preset is a whole preset")
    }
}

#[cfg(test)]
mod tests;
