//! Moments one after the other, for the tracker to follow, with the truth where it is known: datasets and folders of
//! pictures, videos and cameras, and presets that are rendered as they are shown.

mod live;
mod stored;
mod video;

use std::path::PathBuf;

use crate::camera::{Camera, Intrinsics, Lens};
use crate::dataset::{DatasetError, SampleLabel};
use crate::math::RigidTransform;
use crate::pipeline::StudioError;
use crate::sampler::SampleError;
use crate::tracker::Shot;

pub use live::{PresetSettings, PresetSource};
pub use stored::{GUESSED_RATE_HZ, StoredSettings, StoredSource};
pub use video::{VideoInput, VideoSource};

/// Moments one after the other.
pub trait Source {
    /// What it is.
    fn info(&self) -> &SourceInfo;

    /// The next moment; `None` at the end. An error is one moment that could not be had: the next one may be.
    fn next_moment(&mut self) -> Option<Result<Moment, SequenceError>>;
}

/// What a source is.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SourceInfo {
    /// For headings, such as the name of the folder.
    pub name: String,
    /// Moments, where their number is known.
    pub count: Option<u64>,
    /// What a user should know.
    pub notes: Vec<String>,
}

/// One moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Moment {
    /// What the tracker sees.
    pub shot: Shot,
    /// Name of the sample, or number of the frame.
    pub id: String,
    /// Number of the sample in its source.
    pub index: u64,
    /// True if the moment has nothing to do with the one before: another clip, or a single picture.
    pub starts_clip: bool,
    /// What is truly there, in the first view's frame and pixels; `None` if nobody knows.
    pub truth: Option<SampleLabel>,
}

/// Why a moment, or a whole source, could not be had.
#[derive(Debug, thiserror::Error)]
pub enum SequenceError {
    /// A stored sample cannot be read.
    #[error(transparent)]
    Dataset(#[from] DatasetError),
    /// A scene cannot be drawn.
    #[error("moment {index} of the preset could not be drawn")]
    Sample {
        /// Number of the sample.
        index: u64,
        /// Why.
        source: SampleError,
    },
    /// A scene became no picture.
    #[error("moment {index} of the preset could not be rendered")]
    Studio {
        /// Number of the sample.
        index: u64,
        /// Why.
        source: StudioError,
    },
    /// A sample has no picture at all.
    #[error("`{id}` has neither a colour, a grey nor a depth picture")]
    NoPicture {
        /// The sample.
        id: String,
    },
    /// Nothing is left after the choice of split, views and number.
    #[error("{what}\nhint: {hint}")]
    Nothing {
        /// What was asked for and what is there.
        what: String,
        /// What to do.
        hint: String,
    },
    /// A video or camera cannot be read.
    #[error("`{}`: {why}\nhint: {hint}", path.display())]
    Video {
        /// File or device.
        path: PathBuf,
        /// What happened.
        why: String,
        /// What to do.
        hint: String,
    },
}

/// A pinhole camera of a picture of which nothing is known but its size and, perhaps, its horizontal field of view.
pub fn guessed_camera(width: u32, height: u32, fov_deg: f32) -> Camera {
    let f = width as f32 / 2.0 / libm::tanf(fov_deg.to_radians() / 2.0);
    let (cx, cy) = (width as f32 / 2.0, height as f32 / 2.0);
    let intrinsics = Intrinsics { width, height, fx: f, fy: f, cx, cy };
    Camera { intrinsics, lens: Lens::Pinhole, camera_from_world: RigidTransform::IDENTITY }
}

/// Horizontal field of view that is assumed of pictures of which nothing is known, degrees: that of common webcams.
pub const GUESSED_FOV_DEG: f32 = 62.0;
