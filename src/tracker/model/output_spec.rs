//! How a network's outputs are read.

use super::orders::JointOrder;
use super::spec::Layout;
use crate::rig::HandSide;

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
