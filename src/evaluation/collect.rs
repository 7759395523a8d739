//! Gathers a run frame by frame: metrics, one row per true hand, the worst of them as pictures.

use std::collections::BTreeMap;

use super::factors::{self, FACTORS, Value};
use super::gallery::{Exhibit, Gallery, picture_of};
use super::outcome::{Measure, Outcome};
use super::{EstimateRecord, EvaluationError};
use crate::dataset::{HandRecord, SampleLabel};
use crate::metrics::errors::mean;
use crate::metrics::{Evaluation, HandResult, Moment, Options};
use crate::report::draw::Canvas;

/// Worst hands shown.
const WORST: usize = 50;
/// Missed hands shown.
const MISSED: usize = 12;

/// One true hand that should be found.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Values of [`FACTORS`].
    pub factors: [Option<Value>; FACTORS.len()],
    /// Clip and number of the frame in it.
    pub place: Option<(u64, u64)>,
    /// Which hand of the frame, from 1.
    pub instance: u8,
    /// Whether an estimate matches it.
    pub found: bool,
    /// Mean errors by [`Measure`]: root-relative millimetres, aligned millimetres, pixels.
    pub errors: [Option<f32>; 3],
}

/// Gathers a run.
#[derive(Debug)]
pub struct Collector {
    evaluation: Evaluation,
    rows: Vec<Row>,
    /// By [`Measure`].
    worst: [Gallery; 3],
    missed: Gallery,
    latency_ms: BTreeMap<String, Vec<f32>>,
    before: Option<Before>,
}

/// The frame before, to tell how fast hands are.
#[derive(Debug)]
struct Before {
    clip: u64,
    frame: u64,
    time_s: f64,
    hands: Vec<HandRecord>,
}

impl Collector {
    /// Nothing seen yet.
    pub fn new(options: Options) -> Self {
        Self {
            evaluation: Evaluation::new(options),
            rows: Vec::new(),
            worst: [Gallery::new(WORST), Gallery::new(WORST), Gallery::new(WORST)],
            missed: Gallery::new(MISSED),
            latency_ms: BTreeMap::new(),
            before: None,
        }
    }

    /// Takes a frame in, with its truth and the picture if they are known; frames of a clip come in order.
    pub fn add(
        &mut self,
        record: &EstimateRecord,
        label: Option<&SampleLabel>,
        picture: Option<&Canvas>,
    ) -> Result<(), EvaluationError> {
        for (stage, ms) in &record.latency_ms {
            self.latency_ms.entry(stage.clone()).or_default().push(*ms as f32);
        }
        let moment = Moment {
            label,
            time_s: record.time_s,
            hands: &record.hands,
            latency_ms: &record.latency_ms,
            starts_clip: record.starts_clip,
            refused: &record.refused,
            broken_outputs: &record.broken_outputs,
        };
        let result = self.evaluation.add(&moment);
        let Some(label) = label else { return Ok(()) };
        for (hand, result) in label.hands.iter().zip(&result.hands).filter(|(_, r)| r.expected) {
            let row = self.row(label, hand, result, picture);
            self.exhibit(&row, record, (label, hand), result, picture)?;
            self.rows.push(row);
        }
        self.before = label.clip.zip(label.frame).zip(label.time_s).map(|((clip, frame), time_s)| Before {
            clip,
            frame,
            time_s,
            hands: label.hands.clone(),
        });
        Ok(())
    }

    fn row(&self, label: &SampleLabel, hand: &HandRecord, result: &HandResult, picture: Option<&Canvas>) -> Row {
        let errors = |e: &crate::metrics::HandErrors| [mean(&e.root_relative_mm), mean(&e.aligned_mm), mean(&e.px)];
        Row {
            factors: factors::of_hand(label, hand, self.speed_m_s(label, hand), result.side_is_right, picture),
            place: label.clip.zip(label.frame),
            instance: hand.instance,
            found: result.estimate.is_some(),
            errors: result.keypoints.as_ref().map_or([None; 3], errors),
        }
    }

    fn speed_m_s(&self, label: &SampleLabel, hand: &HandRecord) -> Option<f32> {
        let before = self.before.as_ref()?;
        let follows = label.clip == Some(before.clip) && label.frame == Some(before.frame + 1);
        let same = before.hands.iter().find(|other| other.instance == hand.instance).filter(|_| follows)?;
        factors::speed_m_s(same, hand, label.time_s? - before.time_s)
    }

    fn exhibit(
        &mut self,
        row: &Row,
        record: &EstimateRecord,
        (label, hand): (&SampleLabel, &HandRecord),
        result: &HandResult,
        picture: Option<&Canvas>,
    ) -> Result<(), EvaluationError> {
        let matched = result.estimate.and_then(|k| record.hands.get(k));
        let exhibit = |error: f32, lead: String| {
            let image = picture_of(picture, label, hand, matched, &record.hands)?;
            let caption = [lead, caption(row, result)].join(" ");
            Ok(Exhibit { error, id: record.id.clone(), caption, image })
        };
        if !row.found {
            // large hands first: they are the least excusable
            let size = hand.box_keypoints_px.map_or(0.0, |[_, _, w, h]| w.max(h));
            return self.missed.offer(size, || exhibit(size, String::new()));
        }
        for (gallery, (measure, error)) in self.worst.iter_mut().zip(Measure::ALL.into_iter().zip(row.errors)) {
            if let Some(error) = error.filter(|e| e.is_finite()) {
                gallery.offer(error, || exhibit(error, format!("{error:.1} {},", measure.unit())))?;
            }
        }
        Ok(())
    }

    /// Sums everything up.
    pub fn finish(self) -> Outcome {
        let summary = self.evaluation.summary();
        let measure = Measure::ALL.into_iter().find(|m| self.rows.iter().any(|row| row.errors[m.index()].is_some()));
        let worst = measure.map_or_else(Vec::new, |m| self.worst[m.index()].exhibits.clone());
        Outcome { summary, rows: self.rows, measure, worst, missed: self.missed.exhibits, latency_ms: self.latency_ms }
    }
}

/// The factors in few words.
fn caption(row: &Row, result: &HandResult) -> String {
    let value = |name: &str| {
        let k = FACTORS.iter().position(|factor| factor.name == name)?;
        Some(match row.factors[k].as_ref()? {
            Value::Name(name) => name.replace('_', " "),
            Value::Number(x) => format!("{x:.*} {}", FACTORS[k].digits, FACTORS[k].unit),
        })
    };
    let mut words: Vec<String> =
        ["gesture", "hand", "skin tone", "side of the hand seen", "distance"].into_iter().filter_map(value).collect();
    words.extend(value("hidden keypoints").map(|hidden| format!("{hidden} hidden")));
    if result.side_is_right == Some(false) {
        words.insert(0, "taken for the other hand".to_owned());
    }
    words.join(", ")
}
