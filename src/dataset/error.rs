//! What can go wrong with a dataset.

use std::io;
use std::path::{Path, PathBuf};

use super::decode::DecodeError;
use super::encode::EncodeError;

/// Why a sample could not be written. The pipeline records it as a [`super::SampleFailure`] and goes on.
#[derive(Debug, thiserror::Error)]
pub enum SampleError {
    /// The plan ends before.
    #[error("sample {index} is not in the plan, which holds {total} samples")]
    BeyondPlan {
        /// Index of the sample.
        index: u64,
        /// Samples of the plan.
        total: u64,
    },
    /// A label is infinite or not a number.
    #[error("a label is infinite or not a number")]
    NotFinite,
    /// A plane has another size than the camera.
    #[error("the {plane} plane has {} x {} pixels, the camera has {} x {}", found.0, found.1, expected.0, expected.1)]
    Size {
        /// Which plane.
        plane: &'static str,
        /// Its columns and rows.
        found: (u32, u32),
        /// The camera's columns and rows.
        expected: (u32, u32),
    },
    /// No JPEG to write.
    #[error("the sensor made no JPEG\nhint: set `output.rgb = \"png\"` for uncompressed pictures")]
    NoJpeg,
    /// A picture that the plan asks for is not there.
    #[error("the sample has no {picture}\nhint: switch it off in `[output]`")]
    Lacks {
        /// Which picture.
        picture: &'static str,
    },
    /// The format cannot hold it.
    #[error("format `{format}` cannot hold {what}")]
    Unsupported {
        /// Name of the format.
        format: &'static str,
        /// What it cannot hold.
        what: String,
    },
    /// A picture could not be encoded.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// The label could not be encoded.
    #[error("cannot encode the label")]
    Label(#[source] serde_json::Error),
}

/// Why a dataset could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum DatasetError {
    /// The file system refused.
    #[error("cannot {action} `{}`{hint}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// On which file or folder.
        path: PathBuf,
        /// What to do about it, or nothing.
        hint: &'static str,
        /// The system's reason.
        #[source]
        source: io::Error,
    },
    /// The plan cannot be written.
    #[error("the dataset cannot be written:\n{}", faults.join("\n"))]
    BadPlan {
        /// Every fault.
        faults: Vec<String>,
    },
    /// A new dataset was asked for where something is.
    #[error("`{}` is not empty\nhint: `--resume` continues a dataset, `--overwrite` replaces one", path.display())]
    NotEmpty {
        /// The folder.
        path: PathBuf,
    },
    /// Something else than a dataset is there.
    #[error("`{}` holds no handloom dataset (`shards/plan.json` is missing)\nhint: choose another folder", path.display())]
    NotADataset {
        /// The folder.
        path: PathBuf,
    },
    /// Another dataset is there.
    #[error("`{}` holds another dataset:\n{}\nhint: use the same preset, seed, version, `--backend` and adapter, or `--overwrite`", path.display(), differences.join("\n"))]
    OtherPlan {
        /// The folder.
        path: PathBuf,
        /// Every differing key.
        differences: Vec<String>,
    },
    /// A JSON file is damaged.
    #[error("`{}` is damaged", path.display())]
    Json {
        /// The file.
        path: PathBuf,
        /// The parser's reason.
        #[source]
        source: serde_json::Error,
    },
    /// Another version of this program made the dataset.
    #[error("`{}` has format version {found}, this build reads {}", path.display(), super::FORMAT_VERSION)]
    Version {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: u64,
    },
    /// A picture is damaged.
    #[error("`{}` is damaged", path.display())]
    Picture {
        /// The file.
        path: PathBuf,
        /// The decoder's reason.
        #[source]
        source: DecodeError,
    },
    /// A file is not what its sidecar says.
    #[error("`{}` is not the file that was written: {fault}", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
        /// How it differs.
        fault: String,
    },
    /// The samples handed to a shard are not the shard's.
    #[error("shard `{shard}` got sample {found} where {expected} was due")]
    WrongSample {
        /// Name of the shard.
        shard: String,
        /// Index that came, or `the end`.
        found: String,
        /// Index that was due, or `the end`.
        expected: String,
    },
    /// A sample beyond the last was asked for.
    #[error("sample {number} was asked for, the dataset has {count}")]
    NoSuchSample {
        /// Its number.
        number: u64,
        /// Samples of the dataset.
        count: u64,
    },
    /// A dataset of another program is not as its format says.
    #[error("`{}`: {fault}", path.display())]
    Foreign {
        /// File or folder.
        path: PathBuf,
        /// Place, value, what was expected, and a hint.
        fault: String,
    },
    /// A shard is not there yet.
    #[error("shard `{shard}` is missing")]
    MissingShard {
        /// Name of the shard.
        shard: String,
    },
}

impl DatasetError {
    /// An error of the file system with the place where it happened.
    pub(super) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| {
            let hint = match source.kind() {
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                    "\nhint: the disk is full; make room and continue with `--resume`"
                }
                io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                    "\nhint: the folder cannot be written to; choose another one with `--out`"
                }
                _ => "",
            };
            Self::Io { action, path, hint, source }
        }
    }

    /// A damaged JSON file.
    pub(super) fn json(path: &Path) -> impl FnOnce(serde_json::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Json { path, source }
    }
}
