//! Validates a written dataset: every label against every other, files, and counts against the manifest.

mod dataset;
pub mod rules;

pub use dataset::{CheckReport, check_dataset};
pub use rules::{Evidence, Fault, faults};
