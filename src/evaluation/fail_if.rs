//! `--fail-if "auc<0.8, detection_rate<0.95"`: conditions under which a run counts as failed.

use std::fmt;

use super::EvaluationError;
use crate::metrics::EvaluationSummary;
use crate::near::nearest;

/// Short names and what they stand for.
const SHORT: [(&str, &str); 19] = [
    ("auc", "keypoints.root_relative.all.auc_0_50"),
    ("auc_20_50", "keypoints.root_relative.all.auc_20_50"),
    ("mpjpe_mm", "keypoints.absolute.all.mpjpe_mm"),
    ("root_relative_mpjpe_mm", "keypoints.root_relative.all.mpjpe_mm"),
    ("scale_restored_mpjpe_mm", "keypoints.scale_restored.all.mpjpe_mm"),
    ("pa_mpjpe_mm", "keypoints.aligned.all.mpjpe_mm"),
    ("pa_auc", "keypoints.aligned.all.auc_0_50"),
    ("epe_px", "keypoints.pixels.epe_mean_px"),
    ("auc_px", "keypoints.pixels.auc_0_30"),
    ("pck_box_02", "keypoints.pixels.pck_box_02"),
    ("fit_auc", "fit.root_relative.all.auc_0_50"),
    ("fit_mpjpe_mm", "fit.absolute.all.mpjpe_mm"),
    ("fit_pa_mpjpe_mm", "fit.aligned.all.mpjpe_mm"),
    ("mpvpe_mm", "fit.mesh.mpvpe_mm"),
    ("detection_rate", "tracks.detection_rate"),
    ("side_accuracy", "tracks.side_accuracy"),
    ("lost_tracks", "tracks.lost_tracks"),
    ("latency_p50_ms", "latency.total.p50_ms"),
    ("latency_p99_ms", "latency.total.p99_ms"),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comparison {
    Below,
    AtMost,
    Above,
    AtLeast,
}

/// The two-letter ones first, so that `<=` is not read as `<`.
const SIGNS: [(&str, Comparison); 4] =
    [("<=", Comparison::AtMost), (">=", Comparison::AtLeast), ("<", Comparison::Below), (">", Comparison::Above)];

/// A number of the summary, compared with a limit; the run fails where it holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    name: String,
    comparison: Comparison,
    limit: f64,
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let sign = SIGNS.iter().find(|(_, c)| *c == self.comparison).map_or("", |(sign, _)| sign);
        write!(f, "{}{sign}{}", self.name, self.limit)
    }
}

/// Reads conditions separated by commas; all faults of all texts are told at once.
pub fn parse_conditions<S: AsRef<str>>(texts: &[S]) -> Result<Vec<Condition>, EvaluationError> {
    let parts = texts.iter().flat_map(|text| text.as_ref().split(',')).map(str::trim).filter(|part| !part.is_empty());
    let known = values(&EvaluationSummary::default());
    let (mut conditions, mut faults) = (Vec::new(), Vec::new());
    if texts.iter().any(|text| text.as_ref().trim().is_empty()) {
        faults.push(
            "`--fail-if` is empty\nhint: write a name, one of < <= > >=, and a number, as in `auc<0.8`".to_owned(),
        );
    }
    for part in parts {
        match parse(part, &known) {
            Ok(condition) => conditions.push(condition),
            Err(fault) => faults.push(fault),
        }
    }
    if faults.is_empty() { Ok(conditions) } else { Err(EvaluationError::Conditions(faults.join("\n"))) }
}

fn parse(text: &str, known: &[(String, Option<f64>)]) -> Result<Condition, String> {
    let fault = |what: &str| {
        format!("`--fail-if {text}`: {what}\nhint: write a name, one of < <= > >=, and a number, as in `auc<0.8`")
    };
    let split = SIGNS.iter().find_map(|(sign, c)| text.split_once(sign).map(|(name, limit)| (name, *c, limit)));
    let (name, comparison, limit) = split.ok_or_else(|| fault("no comparison found"))?;
    let (name, limit) = (name.trim(), limit.trim());
    let limit: f64 = limit.parse().map_err(|_| fault(&format!("`{limit}` is not a number")))?;
    if !limit.is_finite() {
        return Err(fault("the number must be finite"));
    }
    // stages of latency are only known after the run
    let of_stage = name.strip_prefix("latency.").and_then(|rest| rest.split_once('.'));
    let is_stage = of_stage.is_some_and(|(_, number)| ["mean_ms", "p50_ms", "p99_ms"].contains(&number));
    let is_known = SHORT.iter().any(|(short, _)| *short == name) || known.iter().any(|(n, _)| n == name);
    if is_known || is_stage {
        return Ok(Condition { name: name.to_owned(), comparison, limit });
    }
    let legal = || SHORT.iter().map(|(short, _)| *short).chain(known.iter().map(|(n, _)| n.as_str()));
    let near = nearest(name, legal()).map_or(String::new(), |n| format!(", did you mean `{n}`?"));
    let short: Vec<&str> = SHORT.iter().map(|(short, _)| *short).collect();
    Err(format!(
        "`--fail-if {text}`: there is no metric `{name}`{near}\nhint: metrics are {}, and every number of `metrics.json` by its \
         path, such as `keypoints.aligned.visible.auc_20_50`",
        short.join(", ")
    ))
}

impl Condition {
    /// Why the run fails by this condition; `None` if it does not. A metric that could not be computed is a failure.
    pub fn failure(&self, summary: &EvaluationSummary) -> Option<String> {
        let path = SHORT.iter().find(|(short, _)| *short == self.name).map_or(self.name.as_str(), |(_, path)| path);
        let value = values(summary).into_iter().find(|(name, _)| name == path).and_then(|(_, value)| value);
        let Some(value) = value else {
            let why = if path.starts_with("latency.") {
                "was not measured: no network ran"
            } else {
                "could not be computed from this run"
            };
            return Some(format!("{self}: `{}` {why}", self.name));
        };
        let holds = match self.comparison {
            Comparison::Below => value < self.limit,
            Comparison::AtMost => value <= self.limit,
            Comparison::Above => value > self.limit,
            Comparison::AtLeast => value >= self.limit,
        };
        holds.then(|| format!("{self}: it is {value:.4}"))
    }
}

/// The numbers that have short names, in the order in which `--fail-if` lists them.
pub fn headlines(summary: &EvaluationSummary) -> Vec<(&'static str, Option<f64>)> {
    let all = values(summary);
    let value = |path: &str| all.iter().find(|(name, _)| name == path).and_then(|(_, value)| *value);
    SHORT.iter().map(|(short, path)| (*short, value(path))).collect()
}

/// Every single number of a summary with its path.
pub fn values(summary: &EvaluationSummary) -> Vec<(String, Option<f64>)> {
    let mut out = Vec::new();
    if let Ok(value) = serde_json::to_value(summary) {
        walk("", &value, &mut out);
    }
    out
}

fn walk(path: &str, value: &serde_json::Value, out: &mut Vec<(String, Option<f64>)>) {
    match value {
        serde_json::Value::Object(fields) => {
            for (name, value) in fields {
                let below = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                walk(&below, value, out);
            }
        }
        serde_json::Value::Number(number) => out.push((path.to_owned(), number.as_f64())),
        serde_json::Value::Null => out.push((path.to_owned(), None)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(auc: f64) -> EvaluationSummary {
        let mut summary = EvaluationSummary::default();
        summary.keypoints.root_relative.all.auc_0_50 = Some(auc);
        summary
    }

    #[test]
    fn every_short_name_stands_for_a_metric() {
        let known = values(&EvaluationSummary::default());
        for (short, path) in SHORT {
            assert!(path.starts_with("latency.") || known.iter().any(|(n, _)| n == path), "{short}: {path}");
        }
    }

    #[test]
    fn an_empty_condition_is_a_fault_and_none_is_not() {
        assert!(parse_conditions(&["auc<0.8", " "]).unwrap_err().to_string().contains("`--fail-if` is empty"));
        assert_eq!(parse_conditions::<&str>(&[]).unwrap(), []);
    }

    #[test]
    fn conditions_hold_where_they_should() {
        let conditions = parse_conditions(&["auc<0.8, keypoints.root_relative.all.auc_0_50 >= .9"]).unwrap();
        let fails = |auc| conditions.iter().map(|c| c.failure(&summary(auc)).is_some()).collect::<Vec<_>>();
        assert_eq!(fails(0.79), [true, false]);
        assert_eq!(fails(0.80), [false, false]);
        assert_eq!(fails(0.90), [false, true]);
        assert_eq!(conditions[0].failure(&summary(0.5)).unwrap(), "auc<0.8: it is 0.5000");
    }

    #[test]
    fn what_could_not_be_computed_fails() {
        let condition = &parse_conditions(&["latency_p99_ms>33"]).unwrap()[0];
        assert!(condition.failure(&summary(1.0)).unwrap().contains("not measured"));
        let condition = &parse_conditions(&["side_accuracy<0.9"]).unwrap()[0];
        assert!(condition.failure(&summary(1.0)).unwrap().contains("could not be computed"));
    }

    #[test]
    fn all_faults_are_told_with_the_nearest_name() {
        let error = parse_conditions(&["auk<0.8,auc=3", "auc<x", "auc<nan"]).unwrap_err().to_string();
        assert!(error.contains("did you mean `auc`"), "{error}");
        assert!(error.contains("no comparison") && error.contains("`x` is not a number") && error.contains("finite"));
        assert_eq!(error.matches("hint:").count(), 4);
    }
}
