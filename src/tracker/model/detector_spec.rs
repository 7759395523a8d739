//! How a network that finds hands is read: the `[detector]` table.

use std::path::{Path, PathBuf};

use super::output_spec::Activation;
use super::output_table::required;
use super::section::{Reader, Section};
use super::spec::{InputKind, InputSpec, Layout};

/// The `[detector]` table.
#[derive(Debug, Clone, PartialEq)]
pub struct DetectorSpec {
    /// The ONNX file; may be that of the keypoints.
    pub weights: PathBuf,
    /// What goes in: the whole picture, its longer side fitted, the rest black (letterbox).
    pub input: InputSpec,
    /// What comes out.
    pub output: DetectorOutput,
    /// What each class is.
    pub classes: Vec<Class>,
    /// What is done to scores first.
    pub activation: Activation,
    /// Hands with lower scores are dropped.
    pub least_score: f32,
    /// Of hands that overlap by more than this share (area common to both over area of either), the better one stays.
    pub most_overlap: f32,
}

/// What a class of a detector is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// A hand of either side.
    Hand,
    /// A left hand.
    Left,
    /// A right hand.
    Right,
    /// Something else.
    Other,
}

/// Numbers of a box.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BoxForm {
    /// Left, top, right, bottom.
    Corners,
    /// Centre and size.
    CentreSize,
    /// Left, top, width, height.
    StartSize,
}

/// What a detector gives; K boxes, C classes.
#[derive(Debug, Clone, PartialEq)]
pub enum DetectorOutput {
    /// `[1, K, 4]` and `[1, K]` or `[1, K, C]`.
    Boxes {
        /// Name.
        boxes: String,
        /// Name.
        scores: String,
        /// What the four numbers are.
        form: BoxForm,
        /// True if they are parts of the input, false if its pixels.
        fraction: bool,
    },
    /// `[1, K, 6]`: a box, its score, its class.
    Rows {
        /// Name.
        tensor: Option<String>,
        /// What the first four numbers are.
        form: BoxForm,
        /// True if they are parts of the input, false if its pixels.
        fraction: bool,
    },
    /// `[1, 4 + C, K]`: a box, a score for each class (YOLO v8 and later).
    Columns {
        /// Name.
        tensor: Option<String>,
        /// What the first four numbers are.
        form: BoxForm,
        /// True if they are parts of the input, false if its pixels.
        fraction: bool,
    },
    /// `[1, C, h, w]`: great at the centres of hands.
    Centres {
        /// Name.
        tensor: Option<String>,
        /// `[1, 2, h, w]`: width and height there, parts of the input.
        sizes: Option<String>,
        /// Width and height where there are no `sizes`, parts of the input.
        size: f32,
        /// Where the channels are.
        layout: Layout,
    },
    /// `[1, 1, h, w]`, or `[1, 2, h, w]` with the background first: great on hands, a box around each coherent region.
    Mask {
        /// Name.
        tensor: Option<String>,
        /// Where the channels are.
        layout: Layout,
    },
}

impl DetectorSpec {
    pub(super) fn read(section: &mut Section, folder: &Path, weights: &Path) -> Option<Self> {
        let weights = section.text("weights").map_or_else(|| weights.to_owned(), |name| folder.join(name));
        let mut inner = section.required("input");
        let (kind, input) = inner.as_mut().map_or((None, None), InputSpec::read);
        if let Some(inner) = inner {
            section.absorb(inner);
        }
        if kind.is_some_and(|kind| !matches!(kind, InputKind::Colour | InputKind::Grey)) {
            section.fault("input.kind", "is depth or stereo_grey", "a detector looks at one colour or grey picture");
        }
        let output = DetectorOutput::read(section);
        let activations =
            [("none", Activation::None), ("sigmoid", Activation::Sigmoid), ("softmax", Activation::Softmax)];
        let activation = section.choice("activation", Some(Activation::None), &activations);
        let classes = read_classes(section);
        let least_score = section.number("least_score", 0.5, 0.0..=1.0);
        let most_overlap = section.number("most_overlap", 0.5, 0.0..=1.0);
        Some(Self {
            weights,
            input: input?,
            output: output?,
            classes,
            activation: activation?,
            least_score,
            most_overlap,
        })
    }
}

fn read_classes(section: &mut Section) -> Vec<Class> {
    let names = section.texts("classes").unwrap_or_default();
    let known = [("hand", Class::Hand), ("left", Class::Left), ("right", Class::Right), ("-", Class::Other)];
    let mut classes = Vec::new();
    for name in &names {
        match known.iter().find(|(known, _)| known == name) {
            Some((_, class)) => classes.push(*class),
            None => {
                section.fault(
                    "classes",
                    format!("\"{name}\" is unknown"),
                    "legal here: \"hand\", \"left\", \"right\", \"-\" (something else)",
                );
            }
        }
    }
    if classes.is_empty() { vec![Class::Hand] } else { classes }
}

impl DetectorOutput {
    fn read(section: &mut Section) -> Option<Self> {
        let kinds: [(&str, Reader<Self>); 5] = [
            ("boxes", Self::boxes),
            ("rows", |section| {
                let tensor = section.text("tensor");
                read_form(section).map(|(form, fraction)| Self::Rows { tensor, form, fraction })
            }),
            ("columns", |section| {
                let tensor = section.text("tensor");
                read_form(section).map(|(form, fraction)| Self::Columns { tensor, form, fraction })
            }),
            ("centres", Self::centres),
            ("mask", |section| {
                let tensor = section.text("tensor");
                read_layout(section).map(|layout| Self::Mask { tensor, layout })
            }),
        ];
        let Some(read) = section.choice("kind", None, &kinds) else {
            section.forgive(&["tensor", "form", "unit", "layout", "boxes", "scores", "sizes", "size"]);
            return None;
        };
        read(section)
    }

    fn boxes(section: &mut Section) -> Option<Self> {
        let (boxes, scores) = (required(section, "boxes"), required(section, "scores"));
        let (form, fraction) = read_form(section)?;
        Some(Self::Boxes { boxes: boxes?, scores: scores?, form, fraction })
    }

    fn centres(section: &mut Section) -> Option<Self> {
        let (tensor, sizes) = (section.text("tensor"), section.text("sizes"));
        let size = section.number("size", 0.25, 0.01..=1.0);
        Some(Self::Centres { tensor, sizes, size, layout: read_layout(section)? })
    }
}

fn read_layout(section: &mut Section) -> Option<Layout> {
    section.choice("layout", Some(Layout::Nchw), &[("nchw", Layout::Nchw), ("nhwc", Layout::Nhwc)])
}

fn read_form(section: &mut Section) -> Option<(BoxForm, bool)> {
    let forms = [("xyxy", BoxForm::Corners), ("cxcywh", BoxForm::CentreSize), ("xywh", BoxForm::StartSize)];
    let form = section.choice("form", Some(BoxForm::Corners), &forms);
    let fraction = section.choice("unit", Some(false), &[("pixels", false), ("crop", true)]);
    Some((form?, fraction?))
}
