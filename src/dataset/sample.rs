//! One sample on its way to a file.

use crate::frame::{Frame, Plane};
use crate::label::Labels;
use crate::scene::Scene;

/// Everything the pipeline made for one sample.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// Index in the dataset, over all splits; id and split follow from it and the plan.
    pub index: u64,
    /// What was drawn.
    pub scene: Scene,
    /// Labels.
    pub labels: Labels,
    /// Clean buffers: depth, parts and instances are written.
    pub frame: Frame,
    /// The sensor's picture, display values (after the JPEG round trip where there was one).
    pub rgb: Plane<[u8; 3]>,
    /// The sensor's grey picture.
    pub grey: Option<Plane<u8>>,
    /// The JPEG that `rgb` was decoded from; needed for `rgb = "jpg"`.
    pub rgb_jpeg: Option<Vec<u8>>,
}

/// One sample as file contents, ready for [`super::DatasetWriter::write_chunk`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncodedSample {
    /// Index in the dataset.
    pub index: u64,
    /// Picture files, in the order in which they are written.
    pub members: Vec<Member>,
    /// The label file, written last.
    pub label_json: Vec<u8>,
    /// Pixels beyond the range of the 16-bit depth.
    pub depth_saturated_px: u64,
}

/// One file of a sample.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Path in the dataset's folder, or name in the tar file; `/` between folders.
    pub path: String,
    /// Content.
    pub bytes: Vec<u8>,
}

/// A sample that could not be made; recorded in the shard's sidecar and the manifest.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SampleFailure {
    /// Index in the dataset.
    pub index: u64,
    /// What failed, in words.
    pub cause: String,
}
