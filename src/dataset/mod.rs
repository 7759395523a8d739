//! Writes and reads datasets: formats, shards, manifest.

pub mod decode;
pub mod encode;
