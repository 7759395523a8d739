//! What came of a run, and the files that tell it.

use std::collections::BTreeMap;
use std::path::Path;

use super::bins::{Effect, effect};
use super::collect::Row;
use super::factors::FACTORS;
use super::gallery::Exhibit;
use super::{EvaluationError, page};
use crate::metrics::EvaluationSummary;
use crate::report::write_file;

/// The error by which hands are compared with each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// Seen from the root, millimetres.
    RootRelative,
    /// After Procrustes alignment, millimetres.
    Aligned,
    /// In the picture.
    Pixels,
}

impl Measure {
    /// What is known first is used.
    pub const ALL: [Self; 3] = [Self::RootRelative, Self::Aligned, Self::Pixels];

    /// Place in [`Measure::ALL`].
    pub fn index(self) -> usize {
        self as usize
    }

    /// Unit of the error.
    pub fn unit(self) -> &'static str {
        if self == Self::Pixels { "px" } else { "mm" }
    }

    /// In words.
    pub fn name(self) -> &'static str {
        match self {
            Self::RootRelative => "mean keypoint error seen from the root",
            Self::Aligned => "mean keypoint error after alignment",
            Self::Pixels => "mean keypoint error in the picture",
        }
    }
}

/// Everything a report needs.
#[derive(Debug)]
pub struct Outcome {
    /// All metrics.
    pub summary: EvaluationSummary,
    /// One per true hand that should be found, in the order of frames.
    pub rows: Vec<Row>,
    /// The error used for factors and the worst hands; `None` if nothing was compared.
    pub measure: Option<Measure>,
    pub(super) worst: Vec<Exhibit>,
    pub(super) missed: Vec<Exhibit>,
    pub(super) latency_ms: BTreeMap<String, Vec<f32>>,
}

impl Outcome {
    /// What each factor does to the error, those that explain most first.
    pub fn effects(&self) -> Vec<Effect> {
        let Some(measure) = self.measure else { return Vec::new() };
        let of = |k: usize| {
            let known = self.rows.iter().filter_map(|row| {
                let error = row.errors[measure.index()];
                // found but without this error: neither a number nor a miss
                (error.is_some() || !row.found).then_some((
                    row.factors[k].as_ref()?,
                    error,
                    row.place.map(|(clip, _)| clip),
                ))
            });
            effect(FACTORS[k], &known.collect::<Vec<_>>())
        };
        let mut effects: Vec<Effect> = (0..FACTORS.len()).filter_map(of).collect();
        effects.sort_by(|a, b| b.explained.total_cmp(&a.explained));
        effects
    }

    /// The page as HTML; `facts` are names and values for its head (model, source ..).
    pub fn page(&self, title: &str, facts: &[(String, String)]) -> Result<String, EvaluationError> {
        page::page(self, title, facts)
    }

    /// Writes `metrics.json` and `report.html` into a folder that exists.
    pub fn write(&self, folder: &Path, title: &str, facts: &[(String, String)]) -> Result<(), EvaluationError> {
        let mut json = serde_json::to_vec_pretty(&self.summary)
            .map_err(|source| EvaluationError::Json { id: "metrics.json".to_owned(), source })?;
        json.push(b'\n');
        write_file(&folder.join("metrics.json"), &json)?;
        Ok(write_file(&folder.join("report.html"), self.page(title, facts)?.as_bytes())?)
    }
}
