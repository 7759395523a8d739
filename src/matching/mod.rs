//! Measures captured pictures and finds the preset whose pictures are like them.
//!
//! [`measure()`] takes one picture with what is known of it to numbers, [`Statistics`] gathers those of a set, [`compare`]
//! says how far two sets are apart, and [`solve()`] changes a preset, key by key, until rendered pictures are near. All of
//! it works on planes in memory; who reads the captured set and who renders is the caller's affair.

pub mod blur;
pub mod colour;
pub mod depth;
pub mod fit;
pub mod gap;
pub mod hands;
pub mod jpeg;
mod knobs;
pub mod luma;
mod measure;
mod mixture;
pub mod noise;
pub mod page;
pub mod solve;
pub mod spectrum;
pub mod statistics;
mod text;
pub mod traces;

pub use gap::{GapRow, compare, total};
pub use hands::ObservedHand;
pub use measure::{Observation, measure};
pub use solve::{Change, Matched, Rendered, solve};
pub use statistics::{Measures, Quantity, Statistics};
pub use text::{override_text, table_text};

#[cfg(test)]
mod tests;
