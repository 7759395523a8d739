//! Validates a written dataset: every label against every other, files, and counts against the manifest.

pub mod rules;

pub use rules::{Evidence, Fault, faults};
