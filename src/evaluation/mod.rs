//! The report of `handloom track`: estimates as files, tables, pictures, and a page that says where a model fails.
//!
//! ```text
//! EstimateRecord ─┬─▶ EstimatesWriter: estimates.jsonl      ┬─▶ metrics.json
//!                 ├─▶ CocoResults: coco_results.json        ├─▶ table on stdout
//!                 ├─▶ overlay, Animation: PNG, APNG         ├─▶ report.html
//!                 └─▶ Collector (with the truth) ─▶ Outcome ┴─▶ Conditions: --fail-if
//! ```

mod apng;
mod bins;
mod charts;
mod coco;
mod collect;
mod error;
mod factors;
mod fail_if;
mod gallery;
mod outcome;
mod overlay;
mod page;
mod record;
mod table;
#[cfg(test)]
mod tests;

pub use apng::Animation;
pub use bins::{Bin, Effect};
pub use coco::CocoResults;
pub use collect::{Collector, Row};
pub use error::EvaluationError;
pub use factors::{FACTORS, Factor, Value};
pub use fail_if::{Condition, headlines, parse_conditions, values};
pub use outcome::{Measure, Outcome};
pub use overlay::overlay;
pub use record::{ESTIMATES_VERSION, EstimateRecord, EstimatesHeader, EstimatesReader, EstimatesWriter};
pub use table::text as table_text;
