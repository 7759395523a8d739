//! `report.html`: one file that opens offline, without a script.

use std::collections::BTreeMap;

use minijinja::value::{Serde, Value};
use minijinja::{Environment, context};

use super::bins::{Bin, Effect, Weakness, weaknesses};
use super::charts::{self, Line, Trace};
use super::factors::{SIDE_TOLD, WRONG_SIDE};
use super::table::tables;
use super::{EvaluationError, Measure, Outcome};
use crate::metrics::curves::{mean, quantile};
use crate::metrics::{Curve, SpaceSummary};
use crate::report::histogram::Histogram;

/// Clips whose errors are drawn over time: the worst ones.
const CLIPS: usize = 12;
/// Factors that explain less than this share of the variance are listed, not drawn.
const DRAWN: f64 = 0.005;

/// The page; `facts` are names and values for its head.
pub(super) fn page(outcome: &Outcome, title: &str, facts: &[(String, String)]) -> Result<String, EvaluationError> {
    let effects = outcome.effects();
    let (drawn, idle): (Vec<&Effect>, Vec<&Effect>) = effects.iter().partition(|e| e.explained >= DRAWN);
    let unit = outcome.measure.map_or("", Measure::unit);
    let most = drawn.iter().flat_map(|e| &e.bins).filter_map(|b| Some(b.median_and_p90()?[1])).fold(0.0, f64::max);
    let factors: Vec<String> = drawn.iter().map(|e| charts::effect(e, unit, most)).collect();
    let idle: Vec<&str> = idle.iter().map(|e| e.factor.name).collect();
    let mut environment = Environment::new();
    environment.add_template("evaluation.html", include_str!("template.html"))?;
    Ok(environment.get_template("evaluation.html")?.render(context! {
        title => title,
        facts => Value::from(Serde(&facts)),
        tiles => Value::from(Serde(&tiles(outcome))),
        verdicts => verdicts(outcome, &effects),
        measure => outcome.measure.map(Measure::name),
        tables => Value::from(Serde(&tables(&outcome.summary))),
        curves => curve_charts(outcome),
        joints => joint_chart(outcome),
        factors => factors,
        idle => idle.join(", "),
        timelines => timelines(outcome),
        latency => latency(outcome),
        worst => Value::from(Serde(&outcome.worst)),
        missed => Value::from(Serde(&outcome.missed)),
        missed_count => outcome.summary.tracks.missed,
    })?)
}

/// The few numbers that are looked for first: value, name.
fn tiles(outcome: &Outcome) -> Vec<(String, &'static str)> {
    let s = &outcome.summary;
    let (k, unlabelled) = (&s.keypoints, s.labelled_frames == 0);
    let mm = |v: Option<f64>| v.map(|v| format!("{v:.1} mm"));
    let share = |v: Option<f64>| v.map(|v| format!("{:.1} %", 100.0 * v));
    let all = [
        (mm(k.root_relative.all.mpjpe_mm), "mean error seen from the root"),
        (mm(k.aligned.all.mpjpe_mm), "mean error after alignment"),
        (k.root_relative.all.auc_0_50.map(|v| format!("{v:.3}")), "AUC, 0 to 50 mm, from the root"),
        (k.pixels.epe_mean_px.map(|v| format!("{v:.1} px")), "mean error in the picture"),
        (share(s.tracks.detection_rate), "of hands found"),
        (share(s.tracks.side_accuracy), "of sides right"),
        (share(s.alone.found_share.filter(|_| unlabelled)), "of frames have a hand"),
        (s.alone.confidence_mean.filter(|_| unlabelled).map(|v| format!("{v:.2}")), "mean confidence"),
        (share(s.alone.bone_spread.filter(|_| unlabelled)), "spread of bone lengths"),
        (s.alone.jitter_px_per_frame3.filter(|_| unlabelled).map(|v| format!("{v:.1}")), "jitter, px/frame\u{b3}"),
        (s.alone.lost_tracks.filter(|_| unlabelled).map(|v| v.to_string()), "lost tracks"),
        (s.latency.get("total").and_then(|l| l.p50_ms).map(|v| format!("{v:.1} ms")), "median latency"),
    ];
    all.into_iter().filter_map(|(value, name)| Some((value?, name))).collect()
}

/// Where the model fails, in sentences.
fn verdicts(outcome: &Outcome, effects: &[Effect]) -> Vec<String> {
    let Some(measure) = outcome.measure else { return Vec::new() };
    let unit = measure.unit();
    let place = |w: &Weakness| format!("{} is {}", w.factor.name, value(&w.label, w.factor.unit));
    // factors that single out the same hands (a person has one tone) are one finding
    let mut findings: Vec<Vec<Weakness>> = Vec::new();
    for weak in weaknesses(effects) {
        match findings.iter_mut().find(|found| found[0].is_of_the_same_hands(&weak)) {
            Some(same) => same.push(weak),
            None => findings.push(vec![weak]),
        }
    }
    let sentence = |(k, found): (usize, &Vec<Weakness>)| {
        let places: Vec<String> = found.iter().map(place).collect();
        let Weakness { means: [here, rest], hands, .. } = &found[0];
        format!(
            "{} where {}: {here:.1} {unit} against {rest:.1} {unit} elsewhere ({hands} hands).",
            if k == 0 { "Fails most" } else { "Also" },
            places.join(" and ")
        )
    };
    let mut out: Vec<String> = findings.iter().take(3).enumerate().map(sentence).collect();
    if !findings.iter().flatten().any(|weak| weak.factor == SIDE_TOLD) {
        out.extend(wrong_sides(effects).map(|sides| sides.words(unit)));
    }
    if out.is_empty() {
        out.push("No factor stands out: where hands are worse, it may be chance.".to_owned());
    }
    out.extend(missed_most(effects));
    out
}

/// What it costs to take hands for the other side. Told also where few clips show it: it says of the run at hand what went wrong.
struct WrongSides {
    hands: usize,
    means: [f64; 2],
}

impl WrongSides {
    fn words(&self, unit: &str) -> String {
        let [wrong, correct] = self.means;
        format!(
            "Hands taken for the other side: {wrong:.1} {unit} against {correct:.1} {unit} where the side is correct ({} hands).",
            self.hands
        )
    }
}

/// `None` if no hand, or hardly any, is taken for the other side, or if that costs less than a tenth.
fn wrong_sides(effects: &[Effect]) -> Option<WrongSides> {
    let effect = effects.iter().find(|effect| effect.factor == SIDE_TOLD)?;
    let (wrong, correct): (Vec<&Bin>, Vec<&Bin>) = effect.bins.iter().partition(|bin| bin.label == WRONG_SIDE);
    let errors = |bins: &[&Bin]| bins.iter().flat_map(|bin| bin.errors.iter().copied()).collect::<Vec<f32>>();
    let (wrong, correct) = (errors(&wrong), errors(&correct));
    let means = [mean(&wrong)?, mean(&correct)?];
    (means[0] > 1.1 * means[1]).then_some(WrongSides { hands: wrong.len(), means })
}

/// A bin's label with its unit.
fn value(label: &str, unit: &str) -> String {
    format!("{} {unit}", label.replace('_', " ")).trim_end().to_owned()
}

/// The bin with the most misses beyond its share, if that is more than three standard deviations of chance.
fn missed_most(effects: &[Effect]) -> Option<String> {
    let surprise = |effect: &Effect, bin: &Bin| {
        let all =
            (effect.bins.iter().map(|b| b.missed).sum::<usize>(), effect.bins.iter().map(|b| b.hands).sum::<usize>());
        let share = all.0 as f64 / all.1.max(1) as f64;
        let hands = bin.hands as f64;
        let spread = (hands * share * (1.0 - share)).sqrt().max(1e-9);
        ((bin.missed as f64 - hands * share) / spread, share)
    };
    let bins = effects.iter().flat_map(|effect| effect.bins.iter().map(move |bin| (effect, bin)));
    let judged = bins.map(|(effect, bin)| (surprise(effect, bin), effect.factor, bin));
    let ((certainty, share), factor, bin) = judged.max_by(|a, b| a.0.0.total_cmp(&b.0.0))?;
    let here = 100.0 * bin.missed as f64 / bin.hands.max(1) as f64;
    (certainty > 3.0 && bin.missed >= 5).then(|| {
        format!(
            "Most often missed where {} is {}: {here:.0} % of {} hands, {:.0} % of all.",
            factor.name,
            value(&bin.label, factor.unit),
            bin.hands,
            100.0 * share
        )
    })
}

/// PCK, mean and largest error; keypoints in full, fit in dashed lines.
fn curve_charts(outcome: &Outcome) -> Vec<String> {
    let (keypoints, fit) = (&outcome.summary.keypoints, &outcome.summary.fit);
    let spaces = [
        ("camera frame", "c0", &keypoints.absolute, &fit.absolute),
        ("from the root", "c1", &keypoints.root_relative, &fit.root_relative),
        ("scale restored", "c2", &keypoints.scale_restored, &fit.scale_restored),
        ("aligned", "c3", &keypoints.aligned, &fit.aligned),
    ];
    let chart = |title: &str, across: &str, curve: fn(&SpaceSummary) -> &Curve, with_auc: bool| {
        let names: Vec<(String, String)> =
            spaces.iter().map(|(name, class, ..)| (format!("fit, {name}"), format!("{class} dashed"))).collect();
        let note = |s: &SpaceSummary| match s.all.auc_0_50.filter(|_| with_auc) {
            Some(auc) => format!("{auc:.3}"),
            None => String::new(),
        };
        let own = spaces.iter().map(|(name, class, s, _)| Line { name, class, curve: curve(s), note: note(s) });
        let fitted = spaces.iter().zip(&names).map(|((.., s), (name, class))| Line {
            name,
            class,
            curve: curve(s),
            note: note(s),
        });
        charts::curves(title, across, &own.chain(fitted).collect::<Vec<_>>())
    };
    let all = [
        chart("PCK: % of keypoints within (legend: AUC)", "mm", |s| &s.pck, true),
        chart("% of hands whose mean error is within", "mm", |s| &s.success_mean, false),
        chart("% of hands whose worst keypoint is within", "mm", |s| &s.success_max, false),
    ];
    all.into_iter().filter(|svg| !svg.is_empty()).collect()
}

fn joint_chart(outcome: &Outcome) -> String {
    let of = [&outcome.summary.keypoints.root_relative, &outcome.summary.fit.root_relative];
    charts::joints(of.map(|s| s.joints_mm.as_slice()), of.map(|s| s.joints_p90_mm.as_slice()))
}

/// Error over time in the worst clips.
fn timelines(outcome: &Outcome) -> Vec<String> {
    let Some(measure) = outcome.measure else { return Vec::new() };
    let mut clips: BTreeMap<u64, BTreeMap<u8, Trace>> = BTreeMap::new();
    for row in &outcome.rows {
        let Some((clip, frame)) = row.place else { continue };
        let error = row.errors[measure.index()];
        clips.entry(clip).or_default().entry(row.instance).or_default().push((frame, error));
    }
    let badness = |hands: &BTreeMap<u8, Trace>| {
        let points: Vec<Option<f32>> = hands.values().flatten().map(|p| p.1).collect();
        let known: Vec<f32> = points.iter().flatten().copied().collect();
        // a missed frame counts like the worst tenth
        let p90 = quantile(&known, 0.9).unwrap_or(f64::INFINITY);
        points.iter().map(|e| e.map_or(p90, f64::from)).sum::<f64>() / points.len().max(1) as f64
    };
    let mut worst: Vec<(f64, u64, Vec<Trace>)> =
        clips.into_iter().map(|(clip, hands)| (badness(&hands), clip, hands.into_values().collect())).collect();
    worst.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    worst.truncate(CLIPS);
    let draw =
        |(_, clip, traces): &(f64, u64, Vec<Trace>)| charts::timeline(&format!("clip {clip}"), traces, measure.unit());
    worst.iter().map(draw).filter(|svg| !svg.is_empty()).collect()
}

/// A histogram per stage; the total last.
fn latency(outcome: &Outcome) -> Vec<String> {
    let stages = || outcome.latency_ms.iter().filter(|(stage, _)| stage.as_str() != "total");
    let total = outcome.latency_ms.get_key_value("total");
    let histogram = |(stage, values): (&String, &Vec<f32>)| {
        let most = quantile(values, 0.995).unwrap_or(1.0).max(0.01) as f32;
        let digits = if most < 1.0 { 100.0 } else { 1.0 };
        let mut histogram = Histogram::new(stage, "ms", [0.0, (most * digits).ceil() / digits], 40);
        for ms in values {
            histogram.add(*ms);
        }
        histogram.svg()
    };
    stages().chain(total).map(histogram).collect()
}
