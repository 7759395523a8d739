//! How a network's outputs are read.

use super::orders::{JointOrder, OTHER};
use super::section::{Reader, Section};
use super::spec::{InputKind, Layout};
use crate::rig::HandSide;
use crate::rig::joint::LANDMARK_NAMES;

/// The `[output]` table.
#[derive(Debug, Clone, PartialEq)]
pub struct OutputSpec {
    /// Which numbers say where the joints are.
    pub kind: OutputKind,
    /// Which joints they are.
    pub joints: JointOrder,
    /// True if a model of several views gives the joints in each of them, view after view.
    pub per_view: bool,
    /// What z says.
    pub z: ZUnit,
    /// Factor from the network's numbers to the unit of `z`.
    pub z_scale: f32,
    /// Trust in each joint, `[N, J]`.
    pub confidence: Option<Score>,
    /// Left or right.
    pub side: Option<SideScore>,
    /// Whether there is a hand, `[N]`.
    pub presence: Option<Score>,
}

/// What the third number of a keypoint says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ZUnit {
    /// Nothing: only pixels are known.
    None,
    /// Depth behind the centre of the depth crop, in half edges of its cube.
    HalfCubes,
    /// Depth behind the root joint, metres.
    MetresFromRoot(usize),
    /// Depth behind the root joint over the distance from wrist to middle MCP.
    HandSizesFromRoot(usize),
    /// Depth behind the root joint over the width that the crop has there.
    CropWidthsFromRoot(usize),
    /// Depth along the camera's axis, metres.
    Metres,
    /// Columns by which the second view sees it further left than the first one; pixels of the crop.
    Disparity,
}

/// Which numbers say where the joints are. Names are those of tensors; J joints, h x w cells.
#[derive(Debug, Clone, PartialEq)]
pub enum OutputKind {
    /// `[N, J, 2 or 3]` or the same in a row.
    Coordinates {
        /// Name.
        tensor: Option<String>,
        /// What the first two numbers are.
        unit: PixelUnit,
    },
    /// `[N, J, h, w]`, the joint is where the value is greatest; with depth maps beside them this is 2.5D.
    Heatmaps {
        /// Name.
        tensor: Option<String>,
        /// `[N, J, h, w]` of z.
        depth: Option<String>,
        /// How maps are read.
        maps: MapSpec,
    },
    /// `[N, J, d, h, w]`; the d slices go from z = -1 to z = 1.
    Volumes {
        /// Name.
        tensor: Option<String>,
        /// How maps are read.
        maps: MapSpec,
    },
    /// Every cell says where the joint is, in parts of the crop from its own place; the mean weighted by `weights` counts
    /// (JGR-P2O).
    Offsets {
        /// `[N, J, h, w]`.
        weights: String,
        /// Two or three, `[N, J, h, w]` each.
        offsets: Vec<String>,
        /// True if z is told from the input's own depth at the cell.
        from_surface: bool,
        /// How maps are read.
        maps: MapSpec,
    },
    /// Anchors vote (A2J): mean of anchor + offset, weighted by softmax of the responses over K anchors.
    Anchors {
        /// `[N, K, J]`.
        responses: String,
        /// `[N, K, J, 2]`, pixels of the crop.
        offsets: String,
        /// `[N, K, J]`.
        depth: Option<String>,
        /// Pixels between cells of anchors.
        stride: u32,
        /// Rows and columns of anchors inside each cell, pixels.
        places: Vec<f32>,
        /// True if offsets are row, column.
        row_first: bool,
    },
    /// One row of numbers per axis: `[N, J, W s]`, `[N, J, H s]`, and for z from -1 to 1 any number.
    SimCc {
        /// Name.
        x: String,
        /// Name.
        y: String,
        /// Name.
        z: Option<String>,
        /// How maps are read.
        maps: MapSpec,
    },
}

/// What two numbers of a place are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PixelUnit {
    /// 0 to 1 across the crop.
    Crop,
    /// -1 to 1 across the crop.
    Symmetric,
    /// Pixels of the crop, from the corner of the first one.
    Pixels,
    /// Pixels of the crop, from the centre of the first one.
    PixelCentres,
}

/// How maps are read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MapSpec {
    /// Where the channels are.
    pub layout: Layout,
    /// What is done to the numbers first.
    pub activation: Activation,
    /// How the place is found between cells.
    pub refine: Refine,
    /// Where cells are.
    pub cells: Cells,
    /// Factor on the numbers before softmax.
    pub beta: f32,
}

/// What is done to numbers of a network to make them probabilities.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activation {
    /// Nothing: the network has done it.
    None,
    /// 1 / (1 + exp(-x)).
    Sigmoid,
    /// exp(x) over its sum.
    Softmax,
}

/// How a place is found between cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refine {
    /// The centre of the greatest cell.
    None,
    /// A quarter of a cell towards the greater neighbour, along each axis.
    Quarter,
    /// Top of the paraboloid through the logarithms around the greatest cell (DARK, CVPR 2020).
    Dark,
    /// Mean of all cells weighted by softmax.
    SoftArgmax,
}

/// Where cells of a map are in the crop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cells {
    /// Cell k of n is centred at (k + 1/2) / n of the crop.
    Centres,
    /// Cell k of n is centred at the centre of pixel k W / n.
    Strides,
    /// Cell k of n is at k / (n - 1) of the crop: the first and last lie on its edges.
    Ends,
}

/// A tensor of numbers that are, or become, probabilities.
#[derive(Debug, Clone, PartialEq)]
pub struct Score {
    /// Name.
    pub tensor: String,
    /// What makes them so.
    pub activation: Activation,
}

/// A tensor that says left or right: `[N]` for one of them, or `[N, 2]`.
#[derive(Debug, Clone, PartialEq)]
pub struct SideScore {
    /// The numbers.
    pub score: Score,
    /// The hand that the number, or the first of two, stands for.
    pub first: HandSide,
}

const ACTIVATIONS: [(&str, Activation); 3] =
    [("none", Activation::None), ("sigmoid", Activation::Sigmoid), ("softmax", Activation::Softmax)];

impl OutputSpec {
    pub(super) fn read(section: &mut Section, input: InputKind) -> Option<Self> {
        let kind = OutputKind::read(section);
        let joints = read_joints(section);
        let per_view = input == InputKind::StereoGrey && section.flag("per_view", false);
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
fn required(section: &mut Section, key: &'static str) -> Option<String> {
    if !section.has(key) {
        section.fault(key, "is missing", "legal here: the name of an output of the network");
    }
    section.text(key)
}

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
            section.forgive();
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
        if !(2..=3).contains(&offsets.len()) {
            section.fault(
                "offsets",
                format!("names {} tensors", offsets.len()),
                "legal here: a list of two (x, y) or three (x, y, z) outputs",
            );
        }
        let from_surface = section.flag("z_from_surface", false);
        let maps = MapSpec::read(section, Refine::SoftArgmax)?;
        Some(Self::Offsets { weights: weights?, offsets, from_surface, maps })
    }

    fn anchors(section: &mut Section) -> Option<Self> {
        let (responses, offsets) = (required(section, "responses"), required(section, "offsets"));
        let depth = section.text("depth");
        let stride = section.whole("stride", Some(16), 1..=512);
        let places = section.numbers("places", &[2.0, 6.0, 10.0, 14.0]);
        let row_first = section.choice("order", Some(true), &[("yx", true), ("xy", false)])?;
        Some(Self::Anchors { responses: responses?, offsets: offsets?, depth, stride, places, row_first })
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
    let names = section.texts("joints");
    let order = match names.as_slice() {
        [] => return None,
        [name] if JointOrder::named(name).is_some() => return JointOrder::named(name),
        names => JointOrder::listed(names),
    };
    order.map_err(|name| section.fault("joints", format!("\"{name}\" is unknown, or stands twice"), hint)).ok()
}

fn read_z(section: &mut Section, input: InputKind) -> (ZUnit, f32) {
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
    let default = if input == InputKind::Depth { ZUnit::HalfCubes } else { ZUnit::None };
    let unit = section.choice("z", Some(default), &units).unwrap_or(default);
    let fits = match unit {
        ZUnit::HalfCubes => input == InputKind::Depth,
        ZUnit::Disparity => input == InputKind::StereoGrey,
        _ => true,
    };
    if !fits {
        section.fault("z", "does not go with `input.kind`", "half_cubes is for depth, disparity_px for stereo_grey");
    }
    (unit, section.number("z_scale", 1.0, -1e6..=1e6))
}
