//! What can be wrong with a user's model.

use std::fmt;
use std::path::{Path, PathBuf};

use super::network::Signature;

/// One thing that is wrong with one key of a `model.toml`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Key path, such as `input.width`.
    pub key: String,
    /// What is wrong, with the value and the legal values.
    pub what: String,
    /// What to do about it.
    pub hint: String,
}

/// Why a model cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// A file is not there or cannot be read.
    #[error("{}: cannot read {what}: {source}\nhint: {hint}", file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// What it should be.
        what: &'static str,
        /// What to do about it.
        hint: &'static str,
        /// The system's reason.
        #[source]
        source: std::io::Error,
    },
    /// Nothing says how the network is fed and read.
    #[error(
        "{}: no description of the model, looked for {}\nhint: a model is a folder with a model.toml, that file, or an ONNX file \
         with a TOML file of the same name, or a model.toml, beside it; README shows one",
        path.display(),
        places.iter().map(|place| format!("`{}`", place.display())).collect::<Vec<_>>().join(" and ")
    )]
    NoDescription {
        /// What the user named.
        path: PathBuf,
        /// Files that would have done.
        places: Vec<PathBuf>,
    },
    /// A `model.toml` is not TOML.
    #[error("{}: not a TOML file: {source}\nhint: strings stand in quotes, lists in square brackets", file.display())]
    Syntax {
        /// The file.
        file: PathBuf,
        /// Where and why.
        #[source]
        source: toml::de::Error,
    },
    /// Values of a `model.toml` are wrong.
    #[error("{}", listed(file, faults))]
    Spec {
        /// The file.
        file: PathBuf,
        /// All that is wrong.
        faults: Vec<Fault>,
    },
    /// The weights are no ONNX file, or part of one.
    #[error("{}: no ONNX network: {what} ({bytes} bytes)\nhint: {hint}", file.display())]
    NotOnnx {
        /// The weights.
        file: PathBuf,
        /// Size of the file.
        bytes: u64,
        /// What it is instead.
        what: String,
        /// What to do about it.
        hint: &'static str,
    },
    /// The runtime does not take the weights.
    #[error(
        "{}: {runtime} cannot load the model: {what}\nhint: export it again; check it with `python -m onnx.checker`; \
         if it is sound, an operator may be missing: try the other runtime",
        file.display()
    )]
    Load {
        /// The weights.
        file: PathBuf,
        /// Name of the runtime.
        runtime: &'static str,
        /// Its words.
        what: String,
    },
    /// The network has other inputs or outputs than `model.toml` says.
    #[error("{}", mismatch(file, faults, signature))]
    Mismatch {
        /// The weights.
        file: PathBuf,
        /// All that does not fit: what was expected and what was found.
        faults: Vec<String>,
        /// What the network has.
        signature: Signature,
    },
    /// The network failed while it ran.
    #[error("{}: the network failed: {what}\nhint: try the other runtime; check the file with `python -m onnx.checker`", file.display())]
    Run {
        /// The weights.
        file: PathBuf,
        /// The runtime's words.
        what: String,
    },
    /// The runtime is not there.
    #[error("{runtime} is not available: {what}\nhint: {hint}")]
    Runtime {
        /// Its name.
        runtime: &'static str,
        /// Why not.
        what: String,
        /// How to get it.
        hint: &'static str,
    },
    /// What was given is not what the model takes.
    #[error("the model takes {expected}, but got {found}")]
    Input {
        /// What the model takes.
        expected: String,
        /// What it was given.
        found: String,
    },
}

fn listed(file: &Path, faults: &[Fault]) -> String {
    let mut text =
        if faults.len() > 1 { format!("{}: {} faults\n\n", file.display(), faults.len()) } else { String::new() };
    for (k, fault) in faults.iter().enumerate() {
        let gap = if k > 0 { "\n\n" } else { "" };
        text.push_str(&format!("{gap}{}: `{}`: {}\nhint: {}", file.display(), fault.key, fault.what, fault.hint));
    }
    text
}

fn mismatch(file: &Path, faults: &[String], signature: &Signature) -> String {
    format!(
        "{}: the network is not what model.toml says\n{}\nthe network has\n{signature}\n\
         hint: change model.toml, or export the network with these inputs and outputs",
        file.display(),
        faults.join("\n")
    )
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`: {}\nhint: {}", self.key, self.what, self.hint)
    }
}
