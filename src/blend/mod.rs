//! Datasets blended into one: chosen sample by sample, some of them composed of two pictures.
//!
//! ```text
//! preset.toml ─load─▶ BlendPreset ─┐
//! sources ─────filter─▶ Pools ─────┴─select─▶ Items ─make─▶ label and pictures ─▶ dataset ─▶ out/
//! ```
//!
//! Composed pictures follow `I_a = I_o * M + I_b * (1 - M)` in linear light, with a soft edge M and colours that hold
//! nothing of the old background. The picture whose labels count keeps its camera; the other is brought to it.

pub mod alpha;
pub mod background;
pub mod compose;
pub mod counts;
pub mod filter;
pub mod follow;
pub mod harmonise;
pub mod layer;
pub mod light;
pub mod load;
pub mod make;
pub mod occlude;
pub mod paste;
pub mod plan;
pub mod preset;
pub mod schema;
pub mod select;
pub mod shares;
pub mod sources;
pub mod split;
pub mod warp;

pub use load::{load, load_text};
pub use make::Maker;
pub use plan::Blend;
pub use preset::BlendPreset;
