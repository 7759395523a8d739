//! What may happen: presets, their folding, validation, schema and explanation.

pub mod distribution;
pub mod types;

pub use distribution::{Choice, Distribution};
pub use types::Preset;

/// Every key with its meaning and its default; the only place where defaults stand.
pub(crate) const REFERENCE: &str = include_str!("../../presets/reference.toml");

impl Default for Preset {
    /// The defaults of every key, as in `presets/reference.toml`.
    #[expect(clippy::expect_used, reason = "the file is part of this build, and a test reads it")]
    fn default() -> Self {
        toml::from_str(REFERENCE).expect("the reference preset is a whole preset")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reference_is_a_whole_preset() {
        assert_eq!(Preset::default().camera.width_px, 320);
    }
}
