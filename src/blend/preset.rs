//! What a blend is made of: the types of its preset file. Their doc comments are the words of the schema.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::preset::Distribution;
use crate::preset::types::Output;
use crate::rig::HandSide;

/// A dataset made of other datasets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct BlendPreset {
    /// What it is for.
    pub description: String,
    /// Seed of everything random.
    pub seed: u64,
    /// Samples of the whole; left out: as many as the shares allow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// What may not be in two splits: a person, a clip.
    pub keep_apart: Vec<Unit>,
    /// What is written, and how, as in other presets.
    pub output: Output,
    /// Parts of the dataset, in order.
    pub split: Vec<Split>,
    /// Datasets to take samples from.
    pub source: Vec<Source>,
    /// Pictures to compose of two sources' pictures.
    pub compose: Vec<Compose>,
}

impl Default for BlendPreset {
    fn default() -> Self {
        Self {
            description: String::new(),
            seed: 0,
            count: None,
            keep_apart: vec![Unit::Subject, Unit::Clip],
            output: crate::preset::Preset::default().output,
            split: vec![Split { name: "train".to_owned(), share: 1.0, from: Vec::new() }],
            source: Vec::new(),
            compose: Vec::new(),
        }
    }
}

/// What may not be in two splits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// A person.
    Subject,
    /// A clip, or another unit that the source names.
    Clip,
}

/// One part of the blend.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Split {
    /// Its name.
    pub name: String,
    /// Its share of the samples, in proportion to those of the other splits.
    #[serde(default = "one")]
    pub share: f64,
    /// Splits of the sources that it takes samples from; empty: any.
    #[serde(default)]
    pub from: Vec<String>,
}

/// One dataset to take samples from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// Its name in this file and in the provenance of the samples.
    pub name: String,
    /// Folder of the dataset, of any format that can be read.
    pub path: String,
    /// Its share of the samples, in proportion to all other shares. A source with neither share nor count is only composed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share: Option<f64>,
    /// Number of its samples, instead of a share.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// Its splits to take samples from; empty: all.
    #[serde(default)]
    pub splits: Vec<String>,
    /// Take samples more than once if there are too few; otherwise that is an error.
    #[serde(default)]
    pub repeat: bool,
    /// Which of its samples.
    #[serde(default)]
    pub filter: Filter,
}

/// Which samples of a source are taken: what is said must hold for every hand of a sample.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Filter {
    /// Left or right hands only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub side: Option<HandSide>,
    /// Least and greatest number of hands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hands: Option<[u32; 2]>,
    /// Least number of visible keypoints.
    pub min_visible: u32,
    /// Least size: longer side of the box around the keypoints, pixels.
    pub min_hand_px: f32,
    /// Nearest and farthest wrist, metres from the camera.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub distance_m: Option<[f32; 2]>,
    /// Persons by number, half-open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subjects: Option<[u32; 2]>,
    /// Gestures by name; empty: any.
    pub gestures: Vec<String>,
    /// What a sample must have.
    pub needs: Vec<Need>,
}

/// What a sample may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Need {
    /// A colour picture.
    Rgb,
    /// Depth of every pixel.
    Depth,
    /// Masks of hands, parts or instances.
    Mask,
    /// Keypoints in space and a camera.
    #[serde(rename = "keypoints_3d")]
    Keypoints3d,
}

/// Pictures composed of two.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Compose {
    /// Its name in the provenance of the samples.
    pub name: String,
    /// What is pasted on what.
    pub kind: ComposeKind,
    /// Source of what is pasted; its samples need masks.
    pub foreground: String,
    /// Source of what lies behind.
    pub background: String,
    /// Share of the samples, in proportion to all other shares.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share: Option<f64>,
    /// Number of samples, instead of a share.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// Take the labelled picture more than once if there are too few.
    #[serde(default)]
    pub repeat: bool,
    /// What hides what, where a hand stands on a background.
    #[serde(default)]
    pub order: Order,
    /// Width of the soft edge, pixels.
    #[serde(default = "edge")]
    pub edge_px: Distribution,
    /// Factor on the size of what is pasted.
    #[serde(default = "unscaled")]
    pub scale: Distribution,
    /// How far a hand is moved across and down, in widths and heights of the picture; not where the picture cuts it off.
    #[serde(default = "unmoved")]
    pub shift: Distribution,
    /// What occluders are cut from.
    #[serde(default)]
    pub cut: OccluderCut,
    /// Greatest share of a picture's visible keypoints that an occluder may hide; it hides at least one.
    #[serde(default = "half")]
    pub max_hidden: f32,
    /// Quality of the composed picture's JPEG file.
    #[serde(default = "quality")]
    pub jpeg_quality: Distribution,
    /// How both pictures are made to agree.
    #[serde(default)]
    pub harmonise: Harmonise,
}

/// What is pasted on what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ComposeKind {
    /// Hands, with all that stands with them before the background, on another picture, whose own people are taken out.
    HandOnBackground,
    /// An object or an arm from the foreground in front of the background's hands, whose labels stay.
    Occluder,
}

/// What hides what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// The foreground hides the background.
    #[default]
    Front,
    /// The nearest hides what is behind it, where both have depth.
    Depth,
}

/// What occluders are cut from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OccluderCut {
    /// Both, by chance.
    #[default]
    Any,
    /// Things.
    Object,
    /// Arms, without their hands.
    Arm,
}

/// How the pasted part and the picture behind are made to agree.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Harmonise {
    /// How far brightness and colour follow those of the picture behind, 0 not at all to 1 wholly, within 3/4 of a stop.
    pub light: Distribution,
    /// Blur the sharper of both as the other is.
    pub sharpness: bool,
    /// Give the cleaner of both the other's noise.
    pub noise: bool,
}

impl Default for Harmonise {
    fn default() -> Self {
        Self { light: Distribution::Constant(0.5), sharpness: true, noise: true }
    }
}

fn one() -> f64 {
    1.0
}

fn edge() -> Distribution {
    Distribution::Uniform { uniform: [0.8, 1.4] }
}

fn unscaled() -> Distribution {
    Distribution::Constant(1.0)
}

fn unmoved() -> Distribution {
    Distribution::Constant(0.0)
}

fn half() -> f32 {
    0.5
}

fn quality() -> Distribution {
    Distribution::Uniform { uniform: [80.0, 98.0] }
}

impl BlendPreset {
    /// Position of a source by its name.
    pub fn source_index(&self, name: &str) -> Option<usize> {
        self.source.iter().position(|source| source.name == name)
    }
}

impl Compose {
    /// Name of the source whose labels decide: its samples are used once, those of the other as often as needed.
    pub fn labelled(&self) -> &str {
        match self.kind {
            ComposeKind::HandOnBackground => &self.foreground,
            ComposeKind::Occluder => &self.background,
        }
    }

    /// Name of the other source.
    pub fn partner(&self) -> &str {
        match self.kind {
            ComposeKind::HandOnBackground => &self.background,
            ComposeKind::Occluder => &self.foreground,
        }
    }
}
