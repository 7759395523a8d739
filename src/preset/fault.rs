//! What can be wrong with a preset, and where it was said.

use std::fmt;
use std::path::PathBuf;

/// Where the value of a key was said.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// Nowhere: `presets/reference.toml` holds.
    Default,
    /// A file, or the name of a built-in preset.
    File(String),
    /// The command line.
    CommandLine,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(name) => f.write_str(name),
            Self::CommandLine => f.write_str("command line"),
        }
    }
}

/// One thing that is wrong, or doubtful, with one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Where the value was said.
    pub origin: Origin,
    /// Key path, such as `camera.distance_m.uniform`.
    pub key: String,
    /// What is wrong, with the value and the legal values.
    pub what: String,
    /// What to do about it; may be empty.
    pub hint: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: `{}`: {}", self.origin, self.key, self.what)?;
        if self.hint.is_empty() { Ok(()) } else { write!(f, "\n\nhint: {}", self.hint) }
    }
}

/// Everything that is wrong with a preset; never empty inside a [`PresetError`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Faults(pub Vec<Fault>);

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.len() > 1 {
            write!(f, "{} faults in the preset\n\n", self.0.len())?;
        }
        for (k, fault) in self.0.iter().enumerate() {
            if k > 0 {
                f.write_str("\n\n")?;
            }
            fault.fmt(f)?;
        }
        Ok(())
    }
}

/// Why a preset could not be loaded.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say what the fields are")]
pub enum PresetError {
    /// No built-in preset has this name.
    #[error("no built-in preset is named `{name}`; there are {known}\n\nhint: {hint}")]
    UnknownName { name: String, known: String, hint: String },
    /// A file could not be read.
    #[error("{}: cannot read the preset", file.display())]
    Read {
        file: PathBuf,
        #[source]
        source: std::io::Error,
    },
    /// A file is not TOML.
    #[error("{name}: not a TOML file")]
    Syntax {
        name: String,
        #[source]
        source: toml::de::Error,
    },
    /// A parent has a parent of its own.
    #[error(
        "{child}: `extends`: its parent `{parent}` itself extends `{grandparent}`, and only one level is allowed\n\nhint: extend `{grandparent}` and copy what `{parent}` adds"
    )]
    ExtendsTwice { child: String, parent: String, grandparent: String },
    /// An override is not `KEY=VALUE`.
    #[error(
        "`{text}`: an override is KEY=VALUE, with a TOML value\n\nhint: for example --set camera.distance_m='{{ uniform = [0.3, 0.5] }}'"
    )]
    Override { text: String },
    /// A total that cannot be shared out.
    #[error(
        "a count of {total} cannot be shared by {splits} splits: each needs at least 1\n\nhint: legal counts are {splits} and more"
    )]
    Count { total: u64, splits: usize },
    /// Values are wrong.
    #[error("{0}")]
    Faults(Faults),
}
