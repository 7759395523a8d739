//! Validates a written dataset: every label against every other, files, and counts against the manifest.

pub mod continuity;
mod dataset;
pub mod rules;

pub use continuity::{Continuity, faults_between};
pub use dataset::{CheckReport, check_dataset, check_set};
pub use rules::{Exactness, Fault, faults};
