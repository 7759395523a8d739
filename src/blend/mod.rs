//! Datasets blended into one: chosen sample by sample, some of them composed of two pictures.
//!
//! ```text
//! preset.toml ─load─▶ BlendPreset ─┐
//! sources ─────filter─▶ Pools ─────┴─select─▶ Items ─make─▶ label and pictures ─▶ dataset ─▶ out/
//! ```

pub mod alpha;
pub mod background;
pub mod compose;
pub mod harmonise;
pub mod light;
pub mod load;
pub mod preset;
pub mod schema;
pub mod select;
pub mod shares;
pub mod split;
pub mod warp;

pub use load::{load, load_text};
pub use preset::BlendPreset;
