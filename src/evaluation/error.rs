//! What can go wrong while estimates are read or a report is written.

use std::path::PathBuf;

use crate::report::ReportError;

/// Why estimates could not be read, or a report not be made.
#[derive(Debug, thiserror::Error)]
pub enum EvaluationError {
    /// A file could not be read.
    #[error("cannot read `{}`", path.display())]
    Read {
        /// Where.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file could not be written.
    #[error("cannot write `{}`", path.display())]
    Write {
        /// Where.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A line of a file of estimates is not one.
    #[error("`{}`, line {line}: {message}\nhint: {hint}", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// From 1.
        line: usize,
        /// What was found and what was expected.
        message: String,
        /// What to do.
        hint: &'static str,
    },
    /// An estimate cannot be written as JSON.
    #[error("frame `{id}` cannot be written as JSON")]
    Json {
        /// The frame.
        id: String,
        /// Why.
        source: serde_json::Error,
    },
    /// Conditions of `--fail-if` that cannot be understood, all of them.
    #[error("{0}")]
    Conditions(String),
    /// A picture could not be compressed.
    #[error("`{what}` could not be compressed")]
    Picture {
        /// Which.
        what: String,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The page could not be made.
    #[error(transparent)]
    Report(#[from] ReportError),
    /// The page's template and its data do not fit: a fault of this crate.
    #[error("the report page could not be filled in")]
    Template(#[from] minijinja::Error),
}
