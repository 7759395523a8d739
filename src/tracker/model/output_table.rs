//! Reads the `[output]` table of a `model.toml`.

use super::orders::{JointOrder, OTHER};
use super::output_spec::{
    Activation, Cells, MapSpec, OutputKind, OutputSpec, PixelUnit, Refine, Score, SideScore, ZUnit,
};
use super::section::{Reader, Section};
use super::spec::{InputKind, Layout};
use crate::rig::HandSide;
use crate::rig::joint::LANDMARK_NAMES;

const ACTIVATIONS: [(&str, Activation); 3] =
    [("none", Activation::None), ("sigmoid", Activation::Sigmoid), ("softmax", Activation::Softmax)];

impl OutputSpec {
    /// `input` is the kind of input, if it is known.
    pub(super) fn read(section: &mut Section, input: Option<InputKind>) -> Option<Self> {
        let kind = OutputKind::read(section);
        let joints = read_joints(section);
        let per_view = input.is_none_or(|input| input == InputKind::StereoGrey) && section.flag("per_view", false);
        let (z, z_scale) = read_z(section, input);
        let mut read = |key| {
            let mut inner = section.section(key)?;
            let score = Score::read(&mut inner);
            let first = (key == "side").then(|| read_first(&mut inner)).flatten();
            section.absorb(inner);
            Some((score?, first))
        };
        let confidence = read("confidence").map(|(score, _)| score);
        let presence = read("presence").map(|(score, _)| score);
        let side = read("side").and_then(|(score, first)| Some(SideScore { score, first: first? }));
        Some(Self { kind: kind?, joints: joints?, per_view, z, z_scale, confidence, side, presence })
    }
}

fn read_first(section: &mut Section) -> Option<HandSide> {
    section.choice("first", None, &[("left", HandSide::Left), ("right", HandSide::Right)])
}

impl Score {
    fn read(section: &mut Section) -> Option<Self> {
        let tensor = required(section, "tensor");
        let activation = section.choice("activation", Some(Activation::None), &ACTIVATIONS);
        Some(Self { tensor: tensor?, activation: activation? })
    }
}

/// A tensor's name that must be there.
pub(super) fn required(section: &mut Section, key: &'static str) -> Option<String> {
    section.required_text(key, "the name of an output of the network")
}

/// Keys that some kind of output has.
const KEYS_OF_KINDS: [&str; 19] = [
    "tensor",
    "unit",
    "depth",
    "layout",
    "activation",
    "refine",
    "cells",
    "beta",
    "weights",
    "offsets",
    "z_from_surface",
    "responses",
    "stride",
    "places",
    "order",
    "x",
    "y",
    "z_tensor",
    "per_view",
];

impl OutputKind {
    fn read(section: &mut Section) -> Option<Self> {
        let kinds: [(&str, Reader<Self>); 7] = [
            ("coordinates", Self::coordinates),
            ("heatmaps", |section| Self::heatmaps(section, false)),
            ("2.5d", |section| Self::heatmaps(section, true)),
            ("volumes", Self::volumes),
            ("offsets", Self::offsets),
            ("anchors", Self::anchors),
            ("simcc", Self::sim_cc),
        ];
        let Some(read) = section.choice("kind", None, &kinds) else {
            section.forgive(&KEYS_OF_KINDS);
            return None;
        };
        read(section)
    }

    fn coordinates(section: &mut Section) -> Option<Self> {
        let units = [
            ("crop", PixelUnit::Crop),
            ("symmetric", PixelUnit::Symmetric),
            ("pixels", PixelUnit::Pixels),
            ("pixel_centres", PixelUnit::PixelCentres),
        ];
        let tensor = section.text("tensor");
        Some(Self::Coordinates { tensor, unit: section.choice("unit", Some(PixelUnit::Crop), &units)? })
    }

    fn heatmaps(section: &mut Section, with_depth: bool) -> Option<Self> {
        let tensor = section.text("tensor");
        let depth = if with_depth { required(section, "depth") } else { None };
        Some(Self::Heatmaps { tensor, depth, maps: MapSpec::read(section, Refine::Quarter)? })
    }

    fn volumes(section: &mut Section) -> Option<Self> {
        let tensor = section.text("tensor");
        Some(Self::Volumes { tensor, maps: MapSpec::read(section, Refine::SoftArgmax)? })
    }

    fn offsets(section: &mut Section) -> Option<Self> {
        let weights = required(section, "weights");
        let offsets = section.texts("offsets");
        if let Some(count) = offsets.as_ref().map(Vec::len).filter(|count| !(2..=3).contains(count)) {
            let what = if count == 0 { "is missing".to_owned() } else { format!("names {count} tensors") };
            section.fault("offsets", what, "legal here: a list of two (x, y) or three (x, y, z) outputs");
        }
        let from_surface = section.flag("z_from_surface", false);
        let maps = MapSpec::read(section, Refine::SoftArgmax)?;
        Some(Self::Offsets { weights: weights?, offsets: offsets?, from_surface, maps })
    }

    fn anchors(section: &mut Section) -> Option<Self> {
        let (responses, offsets) = (required(section, "responses"), required(section, "offsets"));
        let depth = section.text("depth");
        let stride = section.whole("stride", Some(16), 1..=512);
        let places = section.numbers("places", &[2.0, 6.0, 10.0, 14.0]);
        let row_first = section.choice("order", Some(true), &[("yx", true), ("xy", false)])?;
        Some(Self::Anchors { responses: responses?, offsets: offsets?, depth, stride: stride?, places, row_first })
    }

    fn sim_cc(section: &mut Section) -> Option<Self> {
        let (x, y, z) = (required(section, "x"), required(section, "y"), section.text("z_tensor"));
        let maps = MapSpec::read(section, Refine::None)?;
        Some(Self::SimCc { x: x?, y: y?, z, maps })
    }
}

impl MapSpec {
    fn read(section: &mut Section, refine: Refine) -> Option<Self> {
        let refines = [
            ("none", Refine::None),
            ("quarter", Refine::Quarter),
            ("dark", Refine::Dark),
            ("soft_argmax", Refine::SoftArgmax),
        ];
        let cells = [("centres", Cells::Centres), ("strides", Cells::Strides), ("ends", Cells::Ends)];
        let layouts = [("nchw", Layout::Nchw), ("nhwc", Layout::Nhwc)];
        let layout = section.choice("layout", Some(Layout::Nchw), &layouts);
        let activation = section.choice("activation", Some(Activation::None), &ACTIVATIONS);
        let refine = section.choice("refine", Some(refine), &refines);
        let cells = section.choice("cells", Some(Cells::Centres), &cells);
        let beta = section.number("beta", 1.0, 1e-3..=1e4);
        Some(Self { layout: layout?, activation: activation?, refine: refine?, cells: cells?, beta })
    }
}

fn read_joints(section: &mut Section) -> Option<JointOrder> {
    let legal = JointOrder::names().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ");
    let hint = format!(
        "legal here: {legal}, or a list of the names {}, with \"{OTHER}\" for joints that are none of these",
        LANDMARK_NAMES.join(", ")
    );
    if !section.has("joints") {
        return JointOrder::named("canonical");
    }
    let names = section.texts("joints")?;
    if names.iter().all(|name| name == OTHER) {
        section.fault("joints", "names no keypoint", hint);
        return None;
    }
    if let [name] = names.as_slice()
        && let Some(order) = JointOrder::named(name)
    {
        return Some(order);
    }
    let wrong = |wrong: Vec<String>| format!("\"{}\" is unknown, or stands twice", wrong.join("\", \""));
    JointOrder::listed(&names).map_err(|names| section.fault("joints", wrong(names), hint)).ok()
}

fn read_z(section: &mut Section, input: Option<InputKind>) -> (ZUnit, f32) {
    let root = section.text("root").unwrap_or_else(|| "wrist".to_owned());
    let joint = LANDMARK_NAMES.iter().position(|name| *name == root);
    if joint.is_none() {
        section.fault("root", format!("is \"{root}\""), format!("legal here: {}", LANDMARK_NAMES.join(", ")));
    }
    let joint = joint.unwrap_or(0);
    let units = [
        ("none", ZUnit::None),
        ("metres_from_root", ZUnit::MetresFromRoot(joint)),
        ("hand_sizes_from_root", ZUnit::HandSizesFromRoot(joint)),
        ("crop_widths_from_root", ZUnit::CropWidthsFromRoot(joint)),
        ("metres", ZUnit::Metres),
        ("half_cubes", ZUnit::HalfCubes),
        ("disparity_px", ZUnit::Disparity),
    ];
    let default = if input == Some(InputKind::Depth) { ZUnit::HalfCubes } else { ZUnit::None };
    let unit = section.choice("z", Some(default), &units).unwrap_or(default);
    let fits = match unit {
        ZUnit::HalfCubes => input.is_none_or(|input| input == InputKind::Depth),
        ZUnit::Disparity => input.is_none_or(|input| input == InputKind::StereoGrey),
        _ => true,
    };
    if !fits {
        section.fault("z", "does not go with `input.kind`", "half_cubes is for depth, disparity_px for stereo_grey");
    }
    (unit, section.number("z_scale", 1.0, -1e6..=1e6))
}
