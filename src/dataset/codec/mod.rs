//! File formats of other people's labels, from bytes to values: Python pickles, `NumPy` arrays, MATLAB files.
//!
//! Nothing here opens a file, executes anything or trusts a length: what a damaged or hostile file gets is a
//! [`CodecError`] that names the place, and memory in proportion to the bytes that are really there.

mod array;
mod error;
pub mod mat;
pub mod npy;
pub mod pickle;
#[cfg(test)]
mod tests;

pub use array::{Array, Numbers};
pub use error::CodecError;
