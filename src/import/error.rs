//! What can be wrong with a foreign file.

use std::fmt;
use std::path::PathBuf;

/// Why a foreign file was not taken.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file system said no.
    #[error("cannot read `{}`", path.display())]
    Read {
        /// File or folder.
        path: PathBuf,
        /// What the file system said.
        #[source]
        source: std::io::Error,
    },
    /// The bytes are no binary glTF, or a part of them is missing.
    #[error("not a whole .glb file: {problem}\nhint: export the model as binary glTF 2.0 (.glb) again")]
    Container {
        /// What was found where, and what should stand there.
        problem: String,
    },
    /// The JSON part of a `.glb` file does not follow the glTF 2.0 schema.
    #[error("the JSON of the .glb file is not valid glTF 2.0: {source}")]
    Gltf {
        /// Every fault with its JSON path.
        #[source]
        source: Box<gltf::Error>,
    },
    /// The part of a rig file that only this program writes cannot be read.
    #[error("`extras.handloom` is not a rig description of format {format}: {source}\nhint: write the rig file again")]
    Extras {
        /// The format this version reads.
        format: u32,
        /// Where reading stopped.
        #[source]
        source: serde_json::Error,
    },
    /// The contents do not make sense; all faults found.
    #[error("{}", list(faults))]
    Faults {
        /// At least one.
        faults: Vec<Fault>,
    },
}

/// One thing wrong at one place of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Where in the file, such as `meshes[0].primitives[1].attributes.POSITION`.
    pub place: String,
    /// What was found, and what would be legal.
    pub problem: String,
    /// What to do about it.
    pub hint: &'static str,
}

impl Fault {
    pub(super) fn new(place: impl Into<String>, problem: impl Into<String>, hint: &'static str) -> Self {
        Self { place: place.into(), problem: problem.into(), hint }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`: {}\nhint: {}", self.place, self.problem, self.hint)
    }
}

impl From<Fault> for ImportError {
    fn from(fault: Fault) -> Self {
        Self::Faults { faults: vec![fault] }
    }
}

impl ImportError {
    /// Nothing if the list is empty, otherwise all of it as one error.
    pub(super) fn from_faults(faults: Vec<Fault>) -> Result<(), Self> {
        if faults.is_empty() { Ok(()) } else { Err(Self::Faults { faults }) }
    }
}

fn list(faults: &[Fault]) -> String {
    faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}
