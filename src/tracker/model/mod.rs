//! Users' models: a network in an ONNX file and a `model.toml` beside it that says how pictures go in and what comes out.
//!
//! ```toml
//! format_version = 1
//! name = "my net"
//! weights = "model.onnx"          # beside this file; PyTorch's exports run unchanged
//!
//! [input]
//! kind = "colour"                 # colour | grey | depth | stereo_grey
//! width = 256
//! height = 256
//! mean = [0.485, 0.456, 0.406]    # (value / 255 * white - mean) / std; one number, or one per channel
//! std = [0.229, 0.224, 0.225]
//!
//! [output]
//! kind = "heatmaps"               # coordinates | heatmaps | 2.5d | volumes | offsets | anchors | simcc
//! joints = "canonical"            # a dataset's order, or a list of names
//! ```
//!
//! | table | key | legal (default) | means |
//! |---|---|---|---|
//! | top | `format_version` | 1 | |
//! | top | `name`, `description`, `weights` | texts ("unnamed", "", "model.onnx") | |
//! | `input` | `kind` | colour, grey, depth, `stereo_grey` | depth is a cube, -1 at its front, 1 at its back and where nothing is |
//! | `input` | `width`, `height` | 8 to 4096 | of the patch |
//! | `input` | `tensor` | name or names (all) | the network's input, or one for each view |
//! | `input` | `layout` | nchw, nhwc (nchw) | |
//! | `input` | `channels` | rgb, bgr (rgb) | colour only |
//! | `input` | `white`, `mean`, `std` | numbers (1, 0, 1) | white is 1 or 255 for most; depth has only mean and std |
//! | `input` | `cube_mm` | 50 to 1000 (250) | depth only |
//! | `input` | `box_scale`, `rotate` | .5 to 4 (1.25), true or false (false) | crop over the hand's box; wrist to middle MCP upwards |
//! | `input` | `side` | left, right, both (both) | the hand that the network knows: the other one is mirrored |
//! | `output` | `kind` | see below | |
//! | `output` | `joints` | canonical, rhd, stb, msra, hands2017, interhand, mano, nyu, icvl, openxr, webxr, or names (canonical) | "-" for other joints |
//! | `output` | `z`, `z_scale`, `root` | see [`ZUnit`] (`half_cubes` for depth, else none), number (1), name (wrist) | what the third number says, factor to that unit |
//! | `output` | `per_view` | true, false (false) | stereo: joints in each view, view after view |
//! | `output.confidence`, `output.presence` | `tensor`, `activation` | name; none, sigmoid (none) | `[N, J]`, `[N]` |
//! | `output.side` | `tensor`, `activation`, `first` | name; none, sigmoid, softmax (none); left, right | which hand of the patch the number, or the first of two, means; in a mirrored patch it is the other one |
//! | `detector` | `kind`, `weights`, `input.*`, ... | see [`DetectorSpec`] | finds hands in the whole picture |
//!
//! Kinds of output and their keys: [`OutputKind`]. Maps also have `activation` (none, sigmoid, softmax), `refine` (none,
//! quarter, dark, `soft_argmax`), `cells` (centres, strides, ends), `layout` and `beta`: [`MapSpec`].
//!
//! Networks are tried out when they are loaded, so that a wrong shape or a missing output is told before the first picture.

mod decode;
mod detector;
mod detector_spec;
mod error;
mod inputs;
mod named;
mod network;
mod orders;
#[cfg(feature = "ort")]
mod ort_network;
mod output_spec;
mod output_table;
mod outputs;
mod regions;
mod rten_network;
mod runner;
mod section;
mod spec;
#[cfg(test)]
mod tests;
mod weights_file;

use std::path::Path;

use glam::Vec3;

pub use detector::{Detection, Detections, Detector};
pub use detector_spec::{BoxForm, Class, DetectorOutput, DetectorSpec};
pub use error::{Fault, ModelError};
pub use network::{Dim, Element, RunSettings, Runtime, Signature, TensorInfo};
pub use orders::JointOrder;
pub use output_spec::{Activation, Cells, MapSpec, OutputKind, OutputSpec, PixelUnit, Refine, Score, SideScore, ZUnit};
pub use spec::{CropSpec, InputKind, InputSpec, Layout, ModelSpec};

use super::patch::Patch;
use crate::rig::{HandSide, LANDMARK_COUNT};
use runner::Runner;

/// A network that tells where the keypoints of a hand are.
pub struct KeypointModel {
    spec: ModelSpec,
    runner: Runner,
}

/// What a network says of one hand (in one view, if the model speaks of each).
#[derive(Debug, Clone, PartialEq)]
pub struct Prediction {
    /// x, y in pixels of the patch from the corner of the first one, z in the unit of [`OutputSpec::z`] (0 if it is none).
    /// `None` for what the network does not give, or gave as no number.
    pub keypoints: [Option<Vec3>; LANDMARK_COUNT],
    /// 0 to 1; 0 where there is no keypoint, 1 where the network does not say how sure it is.
    pub confidence: [f32; LANDMARK_COUNT],
    /// The likelier side of the hand itself (not of its mirror image) and its probability.
    pub side: Option<(HandSide, f32)>,
    /// Probability that there is a hand.
    pub presence: Option<f32>,
    /// Outputs that hold numbers which are none (NaN or infinite), where a keypoint, the side or the presence is missing for it.
    pub broken_outputs: Vec<String>,
}

impl Prediction {
    /// No keypoint at all.
    pub fn nothing() -> Self {
        Self {
            keypoints: [None; LANDMARK_COUNT],
            confidence: [0.0; LANDMARK_COUNT],
            side: None,
            presence: None,
            broken_outputs: Vec::new(),
        }
    }
}

impl KeypointModel {
    /// Loads a model: its folder (which has a `model.toml`), its description, or its weights with a description of the same name,
    /// or a `model.toml`, beside them; weights that are named are those that are run, whatever the description says. The network
    /// is run once or twice on an empty picture.
    ///
    /// # Errors
    /// A file is missing or broken, `model.toml` says what is not legal, the runtime is not there or does not take the
    /// network, or the network is not what `model.toml` says.
    pub fn load(path: &Path, settings: &RunSettings) -> Result<Self, ModelError> {
        Self::new(ModelSpec::load(path)?, settings)
    }

    /// Loads the network of a description.
    ///
    /// # Errors
    /// As for [`Self::load`].
    pub fn new(spec: ModelSpec, settings: &RunSettings) -> Result<Self, ModelError> {
        let mut runner = Runner::load(&spec.weights, &spec.input, settings)?;
        runner.try_out(|outputs, hands| decode::decode(outputs, &spec.output, &spec.input, &[], hands))?;
        Ok(Self { spec, runner })
    }

    /// What `model.toml` says.
    pub fn spec(&self) -> &ModelSpec {
        &self.spec
    }

    /// What the network says of hands: one patch each, or two neighbouring ones (left view first) for `stereo_grey`. One
    /// prediction for each hand, or for each patch if the model speaks of each view. All go through the network at once if it
    /// takes any number, else as many as it takes.
    ///
    /// # Errors
    /// Patches are not what the model takes, or the runtime fails.
    pub fn predict(&self, patches: &[Patch]) -> Result<Vec<Prediction>, ModelError> {
        self.runner.check(patches)?;
        let views = self.spec.input.views();
        let mut predictions = Vec::new();
        let mut left = patches;
        while !left.is_empty() {
            let hands = self.runner.batch(left.len() / views).max(1);
            let (now, later) = left.split_at((hands * views).min(left.len()));
            let decode =
                |outputs: &outputs::Outputs| decode::decode(outputs, &self.spec.output, &self.spec.input, now, hands);
            let found = self.runner.run(now, hands, decode)?;
            let per_hand = found.len() / hands;
            predictions.extend(found.into_iter().take(per_hand * now.len() / views));
            left = later;
        }
        Ok(predictions)
    }

    /// The detector of the same description, if it names one.
    ///
    /// # Errors
    /// As for [`Self::load`].
    pub fn detector(&self, settings: &RunSettings) -> Result<Option<Detector>, ModelError> {
        self.spec.detector.as_ref().map(|spec| Detector::new(spec.clone(), settings)).transpose()
    }
}
