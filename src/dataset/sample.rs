//! One sample on its way to a file.

use super::source::Pictures;
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

/// The pictures of a sample on their way to files.
#[derive(Debug, Clone, Copy)]
pub(super) struct Planes<'a> {
    pub(super) rgb: Option<&'a Plane<[u8; 3]>>,
    pub(super) rgb_jpeg: Option<&'a [u8]>,
    pub(super) grey: Option<&'a Plane<u8>>,
    pub(super) depth_z_m: Option<&'a Plane<f32>>,
    pub(super) part: Option<&'a Plane<u8>>,
    pub(super) instance: Option<&'a Plane<u8>>,
}

impl<'a> From<&'a Sample> for Planes<'a> {
    fn from(sample: &'a Sample) -> Self {
        Self {
            rgb: Some(&sample.rgb),
            rgb_jpeg: sample.rgb_jpeg.as_deref(),
            grey: sample.grey.as_ref(),
            depth_z_m: Some(&sample.frame.depth_z_m),
            part: Some(&sample.frame.part),
            instance: Some(&sample.frame.instance),
        }
    }
}

impl<'a> From<&'a Pictures> for Planes<'a> {
    fn from(pictures: &'a Pictures) -> Self {
        Self {
            rgb: pictures.rgb.as_ref(),
            rgb_jpeg: pictures.rgb_jpeg.as_deref(),
            grey: pictures.grey.as_ref(),
            depth_z_m: pictures.depth_z_m.as_ref(),
            part: pictures.part.as_ref(),
            instance: pictures.instance.as_ref(),
        }
    }
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
    /// What it adds to the counts of held things.
    pub held: HeldCounts,
}

/// Pictures in which a hand was to hold a thing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeldCounts {
    /// All of them.
    pub asked: u64,
    /// Those in which the hand stayed empty.
    pub empty: u64,
}

impl HeldCounts {
    /// Of one scene.
    pub(super) fn of(scene: &Scene) -> Self {
        let holds = scene.solids.iter().any(|solid| solid.class.holding_hand().is_some());
        Self { asked: u64::from(holds || scene.empty_handed), empty: u64::from(scene.empty_handed) }
    }

    /// Share of the hands that stayed empty.
    pub fn empty_share(self) -> f64 {
        self.empty as f64 / self.asked.max(1) as f64
    }
}

impl std::ops::AddAssign for HeldCounts {
    fn add_assign(&mut self, other: Self) {
        self.asked += other.asked;
        self.empty += other.empty;
    }
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
