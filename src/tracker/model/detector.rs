//! Finds hands in whole pictures with a user's network.

use glam::Vec2;

use super::detector_spec::{BoxForm, Class, DetectorOutput, DetectorSpec};
use super::error::ModelError;
use super::network::{RunSettings, Tensor};
use super::output_spec::Activation;
use super::outputs::{Outputs, probability, softmax};
use super::regions::{centres, mask};
use super::runner::Runner;
use super::spec::InputKind;
use crate::rig::HandSide;
use crate::tracker::patch::{Patch, Region};
use crate::tracker::shot::View;

/// A hand found in a picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Detection {
    /// Left, top, width, height, pixels of the picture; inside it.
    pub box_px: [f32; 4],
    /// 0 to 1.
    pub score: f32,
    /// `None` if the network does not tell.
    pub side: Option<HandSide>,
}

/// What a network found in a picture.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Detections {
    /// The surest first.
    pub hands: Vec<Detection>,
    /// Outputs with numbers that are none (NaN).
    pub broken_outputs: Vec<String>,
}

/// A network that finds hands.
pub struct Detector {
    spec: DetectorSpec,
    runner: Runner,
}

/// A box in the network's input: its corners from 0 to 1, score, class.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Candidate {
    pub(super) start: Vec2,
    pub(super) end: Vec2,
    pub(super) score: f32,
    pub(super) class: Class,
}

impl Detector {
    /// Loads the network of a description and tries it out.
    ///
    /// # Errors
    /// The weights are missing or broken, the runtime is not there or does not take the network, or the network is not what
    /// the description says.
    pub fn new(spec: DetectorSpec, settings: &RunSettings) -> Result<Self, ModelError> {
        let runner = Runner::load(&spec.weights, &spec.input, settings)?;
        let hands = runner.batch(1);
        runner.run(&[], hands, |outputs| read(outputs, &spec))?;
        Ok(Self { spec, runner })
    }

    /// What the description says.
    pub fn spec(&self) -> &DetectorSpec {
        &self.spec
    }

    /// Hands in a picture, the surest first; none if the view has no picture of the kind that the network takes.
    ///
    /// # Errors
    /// The runtime fails.
    pub fn detect(&self, view: &View) -> Result<Detections, ModelError> {
        let Some(patch) = self.letterbox(view) else { return Ok(Detections::default()) };
        let patch = [patch];
        let both = |outputs: &Outputs| Some((read(outputs, &self.spec)?, outputs.with_nan()));
        let (candidates, broken_outputs) = self.runner.run(&patch, self.runner.batch(1), both)?;
        let size = Vec2::new(view.camera.intrinsics.width as f32, view.camera.intrinsics.height as f32);
        let found = candidates.into_iter().filter_map(|c| self.detection(&c, &patch[0], size)).collect();
        Ok(Detections { hands: best(found, self.spec.most_overlap), broken_outputs })
    }

    /// The whole picture in the middle of the network's input, black beside it.
    fn letterbox(&self, view: &View) -> Option<Patch> {
        let (width, height) = (self.spec.input.width, self.spec.input.height);
        let i = &view.camera.intrinsics;
        let region = Region::around_box([0.0, 0.0, i.width as f32, i.height as f32], 1.0, width, height);
        match self.spec.input.kind {
            InputKind::Colour => Patch::colour(view, &region, width, height, false),
            _ => Patch::grey(view, &region, width, height, false),
        }
    }

    fn detection(&self, found: &Candidate, patch: &Patch, size: Vec2) -> Option<Detection> {
        let extent = Vec2::new(self.spec.input.width as f32, self.spec.input.height as f32);
        let inside = |p: Vec2| patch.to_picture(p * extent).clamp(Vec2::ZERO, size);
        let (sound, known) = (found.start.is_finite() && found.end.is_finite(), found.class != Class::Other);
        if !(sound && known && found.score >= self.spec.least_score) {
            return None;
        }
        let (start, end) = (inside(found.start), inside(found.end));
        let side = match found.class {
            Class::Left => Some(HandSide::Left),
            Class::Right => Some(HandSide::Right),
            _ => None,
        };
        let [w, h] = (end - start).to_array();
        (w >= 1.0 && h >= 1.0).then_some(Detection { box_px: [start.x, start.y, w, h], score: found.score, side })
    }
}

/// The surest first; of those that overlap by more than `most`, the surest only.
fn best(mut found: Vec<Detection>, most: f32) -> Vec<Detection> {
    found.sort_by(|a, b| b.score.total_cmp(&a.score));
    let mut kept: Vec<Detection> = Vec::new();
    for detection in found {
        if kept.iter().all(|other| overlap(other.box_px, detection.box_px) <= most) {
            kept.push(detection);
        }
    }
    kept
}

/// Area common to two boxes over the area of either.
fn overlap(a: [f32; 4], b: [f32; 4]) -> f32 {
    let side = |k: usize| ((a[k] + a[k + 2]).min(b[k] + b[k + 2]) - a[k].max(b[k])).max(0.0);
    let common = side(0) * side(1);
    common / (a[2] * a[3] + b[2] * b[3] - common).max(f32::MIN_POSITIVE)
}

/// What the network found; `None` if an output does not fit, which `outputs` then knows.
fn read(outputs: &Outputs, spec: &DetectorSpec) -> Option<Vec<Candidate>> {
    match &spec.output {
        DetectorOutput::Boxes { boxes, scores, form, fraction } => {
            read_boxes(outputs, spec, [boxes, scores], (*form, *fraction))
        }
        DetectorOutput::Rows { tensor, form, fraction } => {
            read_rows(outputs, spec, tensor.as_deref(), (*form, *fraction))
        }
        DetectorOutput::Columns { tensor, form, fraction } => {
            read_columns(outputs, spec, tensor.as_deref(), (*form, *fraction))
        }
        DetectorOutput::Centres { tensor, sizes, size, layout } => {
            let maps = outputs.maps(tensor.as_deref(), 1, spec.classes.len(), 2, *layout);
            let sizes = sizes.as_ref().map(|name| outputs.maps(Some(name), 1, 2, 2, *layout));
            let sizes = match sizes {
                None => None,
                Some(found) => Some(found?),
            };
            Some(centres(&maps?, sizes.as_ref(), *size, spec))
        }
        DetectorOutput::Mask { tensor, layout } => mask(outputs, tensor.as_deref(), *layout, spec),
    }
}

fn read_boxes(
    outputs: &Outputs,
    spec: &DetectorSpec,
    [boxes, scores]: [&String; 2],
    form: (BoxForm, bool),
) -> Option<Vec<Candidate>> {
    let found = outputs.table(Some(boxes), "[1, K, 4]");
    let words = format!("[1, K, {}] (one score for each class)", spec.classes.len());
    let single = spec.classes.len() == 1;
    let (tensor, count, four) = found?;
    if four != 4 {
        outputs.wrong_table(tensor, "[1, K, 4]");
        return None;
    }
    let tail = [spec.classes.len()];
    let scores = outputs.plain(Some(scores), count, if single { &[] } else { &tail }, &words)?;
    let candidate = |(four, scores): (&[f32], &[f32])| {
        let (class, score) = likeliest(scores, spec.activation);
        candidate(spec, four, form, score, class)
    };
    Some(tensor.data.chunks(4).zip(scores.chunks(spec.classes.len())).filter_map(candidate).collect())
}

fn read_rows(
    outputs: &Outputs,
    spec: &DetectorSpec,
    name: Option<&str>,
    form: (BoxForm, bool),
) -> Option<Vec<Candidate>> {
    let expected = "[1, K, 6] (box, score, class)";
    let (tensor, _, columns) = outputs.table(name, expected)?;
    if columns != 6 {
        outputs.wrong_table(tensor, expected);
        return None;
    }
    let read = |row: &[f32]| {
        let (score, class) = (probability(*row.get(4)?, spec.activation), *row.get(5)?);
        candidate(spec, row, form, score, class.round().max(0.0) as usize)
    };
    Some(tensor.data.chunks(6).filter_map(read).collect())
}

fn read_columns(
    outputs: &Outputs,
    spec: &DetectorSpec,
    name: Option<&str>,
    form: (BoxForm, bool),
) -> Option<Vec<Candidate>> {
    let expected = format!("[1, 4 + {}, K]", spec.classes.len());
    let (tensor, rows, count): (&Tensor, usize, usize) = outputs.table(name, &expected)?;
    if rows != 4 + spec.classes.len() {
        outputs.wrong_table(tensor, &expected);
        return None;
    }
    let read = |k: usize| {
        let column: Vec<f32> = tensor.data.iter().skip(k).step_by(count).copied().collect();
        let (class, score) = likeliest(column.get(4..)?, spec.activation);
        candidate(spec, &column, form, score, class)
    };
    Some((0..count).filter_map(read).collect())
}

/// The class with the greatest score.
fn likeliest(scores: &[f32], activation: Activation) -> (usize, f32) {
    let mut scores = scores.to_vec();
    if activation == Activation::Softmax {
        softmax(&mut scores, 1.0);
    }
    let scores = scores.into_iter().map(|x| probability(x, activation)).enumerate();
    scores.reduce(|a, b| if b.1 > a.1 { b } else { a }).unwrap_or((0, 0.0))
}

fn candidate(
    spec: &DetectorSpec,
    four: &[f32],
    (form, fraction): (BoxForm, bool),
    score: f32,
    class: usize,
) -> Option<Candidate> {
    let (a, b) = (Vec2::new(*four.first()?, *four.get(1)?), Vec2::new(*four.get(2)?, *four.get(3)?));
    let (start, end) = match form {
        BoxForm::Corners => (a, b),
        BoxForm::CentreSize => (a - b / 2.0, a + b / 2.0),
        BoxForm::StartSize => (a, a + b),
    };
    let unit = if fraction { Vec2::ONE } else { Vec2::new(spec.input.width as f32, spec.input.height as f32) };
    let class = spec.classes.get(class).copied().unwrap_or(Class::Other);
    Some(Candidate { start: start / unit, end: end / unit, score, class })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tracker::model::network::{Element, Signature, TensorInfo};
    use crate::tracker::model::spec::ModelSpec;

    fn spec(detector: &str) -> DetectorSpec {
        let text = format!(
            "[input]\nkind = \"colour\"\nwidth = 64\nheight = 64\n[output]\nkind = \"heatmaps\"\n[detector]\n{detector}\n\
             input = {{ kind = \"colour\", width = 100, height = 50 }}\n"
        );
        let spec =
            ModelSpec::parse(&text, std::path::Path::new("model.toml")).unwrap_or_else(|error| panic!("{error}"));
        spec.detector.unwrap()
    }

    /// What is read of outputs with their names and shapes: candidates, or what does not fit.
    fn candidates(detector: &str, outputs: &[(&str, &[usize], &[f32])]) -> Result<Vec<Candidate>, Vec<String>> {
        let info = |name: &str| TensorInfo { name: name.to_owned(), element: Element::F32, shape: None };
        let signature = Signature { inputs: Vec::new(), outputs: outputs.iter().map(|o| info(o.0)).collect() };
        let tensors: Vec<Tensor> =
            outputs.iter().map(|(_, shape, data)| Tensor::new(shape.to_vec(), data.to_vec()).unwrap()).collect();
        let outputs = Outputs::new(&signature, &tensors);
        read(&outputs, &spec(detector)).ok_or_else(|| outputs.into_faults())
    }

    #[test]
    fn boxes_and_scores_in_two_outputs() {
        let detector = "kind = \"boxes\"\nboxes = \"b\"\nscores = \"s\"\nform = \"cxcywh\"\nclasses = [\"-\", \"left\", \"right\"]";
        let boxes = [50.0, 25.0, 20.0, 10.0, 10.0, 10.0, 4.0, 4.0];
        let scores = [0.1, 0.2, 0.7, 0.9, 0.05, 0.05];
        let found = candidates(detector, &[("b", &[1, 2, 4], &boxes), ("s", &[1, 2, 3], &scores)]).unwrap();
        let first = Candidate { start: Vec2::new(0.4, 0.4), end: Vec2::new(0.6, 0.6), score: 0.7, class: Class::Right };
        assert_eq!((found.len(), found[0], found[1].class), (2, first, Class::Other));
        // one class: scores need no axis of their own
        let single = "kind = \"boxes\"\nboxes = \"b\"\nscores = \"s\"\nform = \"xywh\"\nunit = \"crop\"";
        let found = candidates(single, &[("b", &[1, 1, 4], &[0.1, 0.2, 0.3, 0.4]), ("s", &[1, 1], &[0.8])]).unwrap();
        assert!((found[0].end - Vec2::new(0.4, 0.6)).length() < 1e-6 && found[0].class == Class::Hand);
        let faults = candidates(single, &[("b", &[1, 1, 5], &[0.0; 5]), ("s", &[1, 1], &[0.8])]).unwrap_err();
        assert!(faults[0].contains("`b`") || faults[0].contains("[1, K, 4]"), "{faults:?}");
    }

    #[test]
    fn columns_are_read_down() {
        // three boxes, four numbers and two classes each, as YOLO v8 gives them
        let detector = "kind = \"columns\"\nform = \"xyxy\"\nclasses = [\"left\", \"right\"]";
        let columns = [
            [0.0, 10.0, 20.0],
            [0.0, 5.0, 10.0],
            [50.0, 60.0, 70.0],
            [25.0, 30.0, 35.0],
            [0.9, 0.1, 0.3],
            [0.2, 0.8, 0.4],
        ];
        let found = candidates(detector, &[("out", &[1, 6, 3], columns.as_flattened())]).unwrap();
        let sure: Vec<(Class, f32)> = found.iter().map(|c| (c.class, c.score)).collect();
        assert_eq!(sure, [(Class::Left, 0.9), (Class::Right, 0.8), (Class::Right, 0.4)]);
        assert_eq!((found[1].start, found[1].end), (Vec2::new(0.1, 0.1), Vec2::new(0.6, 0.6)));
        let faults = candidates(detector, &[("out", &[1, 3, 6], columns.as_flattened())]).unwrap_err();
        assert!(faults[0].contains("[1, 4 + 2, K]"), "{faults:?}");
    }
}
