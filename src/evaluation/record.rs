//! `estimates.jsonl`: a line that says what the file is, then one line per frame.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::EvaluationError;
use crate::rig::joint::LANDMARK_NAMES;
use crate::tracker::{HandEstimate, Refusal};

/// Version of the files written by this build.
pub const ESTIMATES_VERSION: u32 = 1;
/// First value of the header.
const FORMAT: &str = "handloom-estimates";

/// First line of the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EstimatesHeader {
    /// Always `handloom-estimates`.
    pub format: String,
    /// [`ESTIMATES_VERSION`] of the writer.
    pub format_version: u32,
    /// The model.
    pub model: String,
    /// Where the pictures came from.
    pub source: String,
    /// Names of the 21 keypoints, in order.
    pub keypoints: Vec<String>,
    /// In words.
    pub units: String,
}

impl EstimatesHeader {
    /// For a model and a source of pictures.
    pub fn new(model: &str, source: &str) -> Self {
        Self {
            format: FORMAT.to_owned(),
            format_version: ESTIMATES_VERSION,
            model: model.to_owned(),
            source: source.to_owned(),
            keypoints: LANDMARK_NAMES.map(str::to_owned).to_vec(),
            units: "metres in the first camera's frame (+X right, +Y down, +Z forward), pixels from the corner of the first \
                    pixel, radians, seconds, milliseconds where a name says so"
                .to_owned(),
        }
    }
}

/// What the tracker said of one frame.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EstimateRecord {
    /// Name of the sample or frame.
    pub id: String,
    /// Its number in the source.
    pub index: u64,
    /// Split of the dataset; empty if there is none.
    pub split: String,
    /// Seconds since the first frame (of its clip).
    pub time_s: f64,
    /// By stage that ran; `total` is the whole, if the network ran.
    pub latency_ms: BTreeMap<String, f64>,
    /// One per hand.
    pub hands: Vec<HandEstimate>,
    /// True if the frame has nothing to do with the one before.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub starts_clip: bool,
    /// Why there was no hand at places that were looked at.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refused: Vec<Refusal>,
    /// Outputs of networks that held numbers which are none (NaN or infinite).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub broken_outputs: Vec<String>,
}

/// Writes the file line by line.
#[derive(Debug)]
pub struct EstimatesWriter<W: Write> {
    out: W,
    path: PathBuf,
}

impl<W: Write> EstimatesWriter<W> {
    /// Writes the header; `path` is named in errors.
    pub fn new(out: W, path: &Path, header: &EstimatesHeader) -> Result<Self, EvaluationError> {
        let mut writer = Self { out, path: path.to_owned() };
        writer.line("header", header)?;
        Ok(writer)
    }

    /// One frame.
    pub fn write(&mut self, record: &EstimateRecord) -> Result<(), EvaluationError> {
        self.line(&record.id, record)
    }

    /// Hands everything to the operating system.
    pub fn finish(mut self) -> Result<W, EvaluationError> {
        self.out.flush().map_err(|source| EvaluationError::Write { path: self.path.clone(), source })?;
        Ok(self.out)
    }

    fn line(&mut self, id: &str, value: &impl Serialize) -> Result<(), EvaluationError> {
        let json = |source| EvaluationError::Json { id: id.to_owned(), source };
        let mut line = serde_json::to_vec(value).map_err(json)?;
        line.push(b'\n');
        self.out.write_all(&line).map_err(|source| EvaluationError::Write { path: self.path.clone(), source })
    }
}

/// Reads the file line by line.
#[derive(Debug)]
pub struct EstimatesReader<R> {
    lines: std::iter::Enumerate<std::io::Lines<R>>,
    path: PathBuf,
    header: EstimatesHeader,
}

impl EstimatesReader<BufReader<std::fs::File>> {
    /// Opens a file and reads its header.
    pub fn open(path: &Path) -> Result<Self, EvaluationError> {
        let file =
            std::fs::File::open(path).map_err(|source| EvaluationError::Read { path: path.to_owned(), source })?;
        Self::new(BufReader::new(file), path)
    }
}

impl<R: BufRead> EstimatesReader<R> {
    /// Reads the header; `path` is named in errors.
    pub fn new(input: R, path: &Path) -> Result<Self, EvaluationError> {
        let mut lines = input.lines().enumerate();
        let first = match lines.next() {
            Some((_, line)) => line.map_err(|source| EvaluationError::Read { path: path.to_owned(), source })?,
            None => String::new(),
        };
        let fault = |message: String| EvaluationError::Line {
            path: path.to_owned(),
            line: 1,
            message,
            hint: "give an `estimates.jsonl` that `handloom track` of this version wrote",
        };
        let header: EstimatesHeader = serde_json::from_str(&first).map_err(|e| {
            fault(format!("not the header of a file of estimates ({e}), expected `format` \"{FORMAT}\""))
        })?;
        if header.format != FORMAT || header.format_version != ESTIMATES_VERSION {
            let found = format!("`{}` version {}", header.format, header.format_version);
            return Err(fault(format!("found {found}, expected `{FORMAT}` version {ESTIMATES_VERSION}")));
        }
        Ok(Self { lines, path: path.to_owned(), header })
    }

    /// The first line.
    pub fn header(&self) -> &EstimatesHeader {
        &self.header
    }
}

impl<R: BufRead> Iterator for EstimatesReader<R> {
    type Item = Result<EstimateRecord, EvaluationError>;

    fn next(&mut self) -> Option<Self::Item> {
        let (number, line) = self.lines.next()?;
        let line = match line {
            Ok(line) => line,
            Err(source) => return Some(Err(EvaluationError::Read { path: self.path.clone(), source })),
        };
        Some(serde_json::from_str(&line).map_err(|e| EvaluationError::Line {
            path: self.path.clone(),
            line: number + 1,
            message: format!("not a frame's estimates: {e}"),
            hint: "the file may have been cut short; run `handloom track` again",
        }))
    }
}
