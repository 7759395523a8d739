//! What a `model.toml` says: how pictures go into a network and how its outputs are read.

use std::path::{Path, PathBuf};

use super::detector_spec::DetectorSpec;
use super::error::{Fault, ModelError};
use super::named::Named;
use super::output_spec::OutputSpec;
use super::section::Section;
use crate::crop::CropSettings;
use crate::rig::HandSide;
use crate::tracker::patch::{Patch, Region};
use crate::tracker::shot::View;

/// A whole `model.toml`. The module's docs show one.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelSpec {
    /// Name, for people.
    pub name: String,
    /// What it is, for people; may be empty.
    pub description: String,
    /// The ONNX file.
    pub weights: PathBuf,
    /// What goes in.
    pub input: InputSpec,
    /// Which part of the picture is cut out.
    pub crop: CropSpec,
    /// The hand that the network knows; crops of the other one are mirrored. `None` if it knows both.
    pub side: Option<HandSide>,
    /// What comes out.
    pub output: OutputSpec,
    /// What finds hands; `None` if nothing does.
    pub detector: Option<DetectorSpec>,
}

/// Which pictures a network takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InputKind {
    /// Red, green and blue.
    Colour,
    /// One channel of light.
    Grey,
    /// A cube of depth, -1 at its front to 1 at its back and where nothing is (see [`crate::crop`]).
    Depth,
    /// One channel of light from each of two cameras.
    StereoGrey,
}

/// Which of an input's axes the channels are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// Channels before rows (`PyTorch`).
    Nchw,
    /// Channels after columns (`TensorFlow`).
    Nhwc,
}

/// How pictures become tensors.
#[derive(Debug, Clone, PartialEq)]
pub struct InputSpec {
    /// Names of the network's inputs, one for all views or one for each; empty: all that there are, in their order.
    pub tensors: Vec<String>,
    /// Which pictures.
    pub kind: InputKind,
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Where the channels are.
    pub layout: Layout,
    /// True if blue comes first.
    pub bgr: bool,
    /// What white (255) is before `mean` and `std`; depth has no such factor.
    pub white: f32,
    /// Subtracted, per channel.
    pub mean: [f32; 3],
    /// Divided by after that, per channel.
    pub std: [f32; 3],
}

impl InputSpec {
    /// Pictures that one hand takes.
    pub fn views(&self) -> usize {
        if self.kind == InputKind::StereoGrey { 2 } else { 1 }
    }

    /// Channels of one view.
    pub fn channels(&self) -> usize {
        if self.kind == InputKind::Colour { 3 } else { 1 }
    }
}

/// Which part of the picture is cut out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CropSpec {
    /// Edge of a depth crop's cube, metres.
    pub cube_m: f32,
    /// Width of a colour or grey crop over the longer side of the hand's box.
    pub box_scale: f32,
    /// True if crops are turned so that the middle finger's MCP is above the wrist, once a last frame is known.
    pub rotate: bool,
}

impl ModelSpec {
    /// True if crops of hands of this side are mirrored for the network.
    pub fn mirrors(&self, side: HandSide) -> bool {
        self.side.is_some_and(|known| known != side)
    }

    /// Cuts what the network sees of a region of a colour or grey picture; `None` if the view has no such picture.
    pub fn cut(&self, view: &View, region: &Region, mirrored: bool) -> Option<Patch> {
        let (width, height) = (self.input.width, self.input.height);
        match self.input.kind {
            InputKind::Colour => Patch::colour(view, region, width, height, mirrored),
            InputKind::Grey | InputKind::StereoGrey => Patch::grey(view, region, width, height, mirrored),
            InputKind::Depth => None,
        }
    }

    /// The cube of depth that the network sees, for [`Patch::depth`] and [`crate::crop::refined`].
    pub fn cube(&self) -> CropSettings {
        CropSettings { cube_m: self.crop.cube_m, size_px: self.input.width, ..CropSettings::default() }
    }

    /// Of a model as users name it: see [`super::KeypointModel::load`].
    ///
    /// # Errors
    /// There is no description, it cannot be read, is not TOML, or says what is not legal (all faults at once).
    pub fn load(path: &Path) -> Result<Self, ModelError> {
        let named = Named::find(path)?;
        let text = std::fs::read_to_string(&named.description).map_err(|source| ModelError::Read {
            file: named.description.clone(),
            what: "the description of a model",
            hint: "a model is a folder with a model.toml and the ONNX file that it names",
            source,
        })?;
        Self::of(&text, &named.description, named.weights.as_deref())
    }

    /// Of the text of `file`, which need not exist; weights stand beside it.
    ///
    /// # Errors
    /// The text is not TOML, or says what is not legal (all faults at once).
    pub fn parse(text: &str, file: &Path) -> Result<Self, ModelError> {
        Self::of(text, file, None)
    }

    fn of(text: &str, file: &Path, weights: Option<&Path>) -> Result<Self, ModelError> {
        let table = text.parse().map_err(|source| ModelError::Syntax { file: file.to_owned(), source })?;
        let folder = file.parent().unwrap_or(Path::new(""));
        Self::read(Section::root(table), folder, weights)
            .map_err(|faults| ModelError::Spec { file: file.to_owned(), faults })
    }

    /// `weights` is the file that the user named, if it was one of weights; else what `weights` says.
    fn read(mut root: Section, folder: &Path, weights: Option<&Path>) -> Result<Self, Vec<Fault>> {
        root.whole("format_version", Some(1), 1..=1);
        let said = root.text("weights").unwrap_or_else(|| "model.onnx".to_owned());
        let weights = weights.map_or_else(|| folder.join(said), Path::to_owned);
        let name = root.text("name").unwrap_or_else(|| "unnamed".to_owned());
        let description = root.text("description").unwrap_or_default();
        let mut input_section = root.required("input");
        let (kind, input) = input_section.as_mut().map_or((None, None), InputSpec::read);
        let crop = input_section.as_mut().and_then(|section| CropSpec::read(section, kind));
        let side = input_section.as_mut().and_then(|section| read_side(section, kind));
        let mut output_section = root.required("output");
        let output = output_section.as_mut().and_then(|section| OutputSpec::read(section, kind));
        let mut detector_section = root.section("detector");
        let detector = detector_section.as_mut().and_then(|section| DetectorSpec::read(section, folder, &weights));
        for section in [input_section, output_section, detector_section].into_iter().flatten() {
            root.absorb(section);
        }
        let faults = root.finish();
        match (input, crop, output) {
            (Some(input), Some(crop), Some(output)) if faults.is_empty() => {
                Ok(Self { name, description, weights, input, crop, side, output, detector })
            }
            _ => Err(faults),
        }
    }
}

fn read_side(section: &mut Section, kind: Option<InputKind>) -> Option<HandSide> {
    let sides = [("left", Some(HandSide::Left)), ("right", Some(HandSide::Right)), ("both", None)];
    let side = section.choice("side", Some(None), &sides).flatten();
    if kind == Some(InputKind::StereoGrey) && side.is_some() {
        section.fault(
            "side",
            "names one hand",
            "legal here: \"both\": a mirrored pair of views is not a pair any more",
        );
    }
    side
}

impl InputSpec {
    /// Of a table with `kind` and what belongs to it: the kind alone as well, as others must know it even if the rest is wrong.
    pub(super) fn read(section: &mut Section) -> (Option<InputKind>, Option<Self>) {
        let kinds = [
            ("colour", InputKind::Colour),
            ("grey", InputKind::Grey),
            ("depth", InputKind::Depth),
            ("stereo_grey", InputKind::StereoGrey),
        ];
        let kind = section.choice("kind", None, &kinds);
        let is = |wanted: InputKind| kind.is_none_or(|kind| kind == wanted);
        let tensors = section.texts("tensor");
        let (width, height) = (section.whole("width", None, 8..=4096), section.whole("height", None, 8..=4096));
        let layout = section.choice("layout", Some(Layout::Nchw), &[("nchw", Layout::Nchw), ("nhwc", Layout::Nhwc)]);
        let channels = kind.map(|kind| if kind == InputKind::Colour { 3 } else { 1 });
        let mean = section.per_channel("mean", 0.0, channels, true);
        let std = section.per_channel("std", 1.0, channels, false);
        let white = if kind == Some(InputKind::Depth) { 1.0 } else { section.number("white", 1.0, 1e-3..=65535.0) };
        let bgr = is(InputKind::Colour)
            && section.choice("channels", Some(false), &[("rgb", false), ("bgr", true)]).unwrap_or(false);
        if let (Some(InputKind::Depth), Some(width), Some(height)) = (kind, width, height)
            && width != height
        {
            let what = format!("is {height}, but `width` is {width}");
            section.fault("height", what, "a depth crop is a cube: width and height must be equal");
        }
        let spec = || {
            let (tensors, kind, width, height, layout) = (tensors?, kind?, width?, height?, layout?);
            Some(Self { tensors, kind, width, height, layout, bgr, white, mean, std })
        };
        (kind, spec())
    }
}

impl CropSpec {
    /// Keys of a kind that is not known are judged, and go unused.
    fn read(section: &mut Section, kind: Option<InputKind>) -> Option<Self> {
        let (mut cube_m, mut box_scale, mut rotate) = (0.25, 1.0, false);
        if kind.is_none_or(|kind| kind == InputKind::Depth) {
            cube_m = section.number("cube_mm", 250.0, 50.0..=1000.0) / 1000.0;
        }
        if kind != Some(InputKind::Depth) {
            box_scale = section.number("box_scale", 1.25, 0.5..=4.0);
            rotate = section.flag("rotate", false);
        }
        kind.map(|_| Self { cube_m, box_scale, rotate })
    }
}
