//! The comparison as one HTML page that opens offline: pictures side by side, and overlaid curves of every statistic.

use minijinja::value::{Serde, Value};
use minijinja::{Environment, context};
use serde::Serialize;

use crate::report::ReportError;
use crate::report::draw::Canvas;
use crate::report::histogram::escape;

use super::gap::{GapRow, compare, total};
use super::solve::{Matched, shown};
use super::statistics::{Curve, Statistics, quantile};
use super::{depth, noise, spectrum};

/// Bins of a distribution's outline.
const BINS: usize = 28;
/// Size of a chart and its frame, pixels.
const WIDTH: f32 = 300.0;
const HEIGHT: f32 = 130.0;
const LEFT: f32 = 10.0;
const TOP: f32 = 30.0;
const BOTTOM: f32 = 108.0;
/// Classes of the three sets' lines.
const CLASSES: [&str; 3] = ["captured", "before", "after"];

/// Heading and pictures of the page.
#[derive(Debug, Clone, Default)]
pub struct PageHead {
    /// Name of the captured set.
    pub captured: String,
    /// Name of the preset.
    pub preset: String,
    /// Facts: name, value.
    pub facts: Vec<(String, String)>,
    /// Some pictures: captured, rendered before, rendered after.
    pub pictures: [Vec<Canvas>; 3],
    /// The changed preset's text.
    pub text: String,
}

#[derive(Serialize)]
struct Group {
    name: &'static str,
    charts: Vec<String>,
}

#[derive(Serialize)]
struct Strip {
    name: &'static str,
    class: &'static str,
    pictures: Vec<String>,
}

/// The whole page.
///
/// # Errors
///
/// A picture that cannot be compressed, or a fault of the page's template.
pub fn page(head: &PageHead, captured: &Statistics, matched: &Matched) -> Result<String, ReportError> {
    let sets = [captured, &matched.before, &matched.after];
    let rows = compare(captured, &matched.before, &matched.after);
    let names = ["captured", "rendered before", "rendered after"];
    let strips = names.into_iter().zip(CLASSES).zip(&head.pictures).map(|((name, class), pictures)| {
        let pictures = pictures.iter().map(crate::report::thumbnail).collect::<Result<_, _>>()?;
        Ok(Strip { name, class, pictures })
    });
    let strips = strips.collect::<Result<Vec<_>, ReportError>>()?;
    let mut environment = Environment::new();
    environment.add_template("match.html", include_str!("page.html"))?;
    let [before, after] = total(&rows);
    Ok(environment.get_template("match.html")?.render(context! {
        captured => head.captured.as_str(), preset => head.preset.as_str(), text => head.text.as_str(),
        facts => Value::from(Serde(&head.facts)), strips => Value::from(Serde(&strips)),
        groups => Value::from(Serde(&groups(&rows, sets))), curves => curves(sets),
        left => matched.left.iter().map(|(q, _)| q.facts().name).collect::<Vec<_>>().join(", "),
        rows => Value::from(Serde(&table(&rows))), before => format!("{before:.2}"), after => format!("{after:.2}"),
    })?)
}

fn table(rows: &[GapRow]) -> Vec<[String; 6]> {
    let cell = |(mean, sd): (f32, f32)| format!("{} ± {}", shown(mean), shown(sd));
    let line = |row: &GapRow| {
        let facts = row.quantity.facts();
        let [captured, before, after] = row.moments.map(cell);
        let [gap_before, gap_after] = row.gaps.map(|gap| format!("{gap:.2}"));
        let unit = if facts.unit.is_empty() { String::new() } else { format!(" ({})", facts.unit) };
        [format!("{}{unit}", facts.name), captured, before, after, gap_before, gap_after]
    };
    rows.iter().map(line).collect()
}

fn groups(rows: &[GapRow], sets: [&Statistics; 3]) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for row in rows {
        let name = row.quantity.group();
        if groups.last().is_none_or(|group| group.name != name) {
            groups.push(Group { name, charts: Vec::new() });
        }
        if let Some(group) = groups.last_mut() {
            group.charts.push(distribution_chart(row, sets));
        }
    }
    groups
}

/// Outlines of the three distributions of a quantity; a mark warns of a gap that has grown.
fn distribution_chart(row: &GapRow, sets: [&Statistics; 3]) -> String {
    let facts = row.quantity.facts();
    let around = sets[0].middle(row.quantity).unwrap_or(0.0);
    let values = sets.map(|set| set.sorted(row.quantity, around));
    let (mut low, mut high) = (f32::MAX, f32::MIN);
    for sorted in &values {
        low = low.min(quantile(sorted, 0.005));
        high = high.max(quantile(sorted, 0.995));
    }
    let room = (0.06 * (high - low)).max(facts.step);
    let range = [low - room, high + room];
    let shares = values.map(|sorted| outline(&sorted, range));
    let most = shares.iter().flatten().copied().fold(1e-6, f32::max);
    let lines = shares.map(|shares| {
        let x = |k: usize| range[0] + (k as f32 + 0.5) / BINS as f32 * (range[1] - range[0]);
        shares.iter().enumerate().map(|(k, share)| (x(k), Some(share / most))).collect()
    });
    let unit = if facts.unit.is_empty() { String::new() } else { format!(" {}", facts.unit) };
    let ends = [shown(range[0]), format!("{}{unit}", shown(range[1]))];
    let mark = if row.gaps[1] > row.gaps[0] + 0.1 { " ▲" } else { "" };
    chart(facts.name, &format!("gap {:.2} → {:.2}{mark}", row.gaps[0], row.gaps[1]), &lines, range, &ends)
}

/// Shares of values in each bin, softened over neighbours.
fn outline(sorted: &[f32], range: [f32; 2]) -> Vec<f32> {
    let mut shares = [0.0; BINS];
    for value in sorted {
        let bin = (value - range[0]) / (range[1] - range[0]) * BINS as f32;
        shares[(bin.max(0.0) as usize).min(BINS - 1)] += 1.0 / sorted.len() as f32;
    }
    let at = |k: usize, d: usize| (k + d).checked_sub(1).and_then(|k| shares.get(k)).copied().unwrap_or(0.0);
    (0..BINS).map(|k| 0.25 * at(k, 0) + 0.5 * at(k, 1) + 0.25 * at(k, 2)).collect()
}

/// Spectrum, noise and noise of depth, where there are any.
fn curves(sets: [&Statistics; 3]) -> Vec<String> {
    let ticks = |x: fn(usize) -> f32, n: usize| (0..n).map(x).collect::<Vec<f32>>();
    let spectrum = curve_chart(
        "amplitude spectrum, dB",
        &spectrum::frequencies().into_iter().map(libm::log10f).collect::<Vec<_>>(),
        sets.map(|s| &s.spectrum),
        |v| v,
        &["1/45 per px".to_owned(), "1/2 per px".to_owned()],
    );
    let noise = curve_chart(
        "noise against brightness, grey levels",
        &ticks(|k| (k as f32 + 0.5) / noise::BINS as f32, noise::BINS),
        sets.map(|s| &s.noise),
        |v| v.max(0.0).sqrt(),
        &["black".to_owned(), "white".to_owned()],
    );
    let depth = curve_chart(
        "noise of depth against depth, mm",
        &ticks(|k| (k as f32 + 0.5) * depth::BIN_M, depth::BINS),
        sets.map(|s| &s.depth_noise),
        |v| v.max(0.0).sqrt(),
        &["0 m".to_owned(), "2 m".to_owned()],
    );
    [spectrum, noise, depth].into_iter().flatten().collect()
}

fn curve_chart(
    title: &str,
    x: &[f32],
    curves: [&Curve; 3],
    shape: impl Fn(f32) -> f32,
    ends: &[String; 2],
) -> Option<String> {
    let means = curves.map(|curve| curve.means().into_iter().map(|v| v.map(&shape)).collect::<Vec<_>>());
    if means.iter().any(|m| m.iter().flatten().next().is_none()) {
        return None;
    }
    let known = || means.iter().flatten().flatten().copied();
    let (low, high) = (known().fold(f32::MAX, f32::min).min(0.0), known().fold(f32::MIN, f32::max));
    let span = (high - low).max(1e-3);
    let lines = means.map(|m| x.iter().zip(m).map(|(x, y)| (*x, y.map(|y| (y - low) / span))).collect());
    let range = [x.first().copied()?, x.last().copied()?];
    Some(chart(title, &format!("{} to {}", shown(low), shown(high)), &lines, range, ends))
}

/// Three lines over each other: the captured one filled; `None` breaks a line. Heights are 0 to 1.
fn chart(title: &str, note: &str, lines: &[Vec<(f32, Option<f32>)>; 3], range: [f32; 2], ends: &[String; 2]) -> String {
    let right = WIDTH - LEFT;
    let place = |(x, y): (f32, f32)| {
        let across = LEFT + (x - range[0]) / (range[1] - range[0]).max(1e-9) * (right - LEFT);
        format!("{across:.1},{:.1}", BOTTOM - y * (BOTTOM - TOP))
    };
    let mut svg = format!(
        "<svg viewBox='0 0 {WIDTH} {HEIGHT}' class='chart' role='img' aria-label='{0}'>\
         <text x='{LEFT}' y='13' class='title'>{0}</text><text x='{LEFT}' y='24' class='note'>{1}</text>",
        escape(title),
        escape(note)
    );
    for (class, line) in CLASSES.into_iter().zip(lines) {
        for run in line.split(|(_, y)| y.is_none()).filter(|run| !run.is_empty()) {
            let points: Vec<(f32, f32)> = run.iter().filter_map(|(x, y)| Some((*x, (*y)?))).collect();
            let path = points.iter().map(|p| place(*p)).collect::<Vec<_>>().join(" ");
            if let (Some((first, _)), Some((last, _)), "captured") = (points.first(), points.last(), class) {
                let (from, to) = (place((*first, 0.0)), place((*last, 0.0)));
                svg.push_str(&format!("<polygon points='{from} {path} {to}' class='area'/>"));
            }
            svg.push_str(&format!("<polyline points='{path}' class='{class}'/>"));
        }
    }
    svg.push_str(&format!(
        "<line x1='{LEFT}' y1='{BOTTOM}' x2='{right}' y2='{BOTTOM}' class='axis'/><text x='{LEFT}' y='121' class='note'>{}</text>\
         <text x='{right}' y='121' class='note' text-anchor='end'>{}</text></svg>",
        escape(&ends[0]),
        escape(&ends[1])
    ));
    svg
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::matching::Quantity;
    use crate::preset::load;

    #[test]
    fn the_page_opens_offline_and_draws_each_common_quantity() {
        let set = |shift: f32| {
            let mut set = Statistics::default();
            for k in 0..40 {
                set.add_hand(&[(Quantity::Contrast, k as f32 + shift), (Quantity::Direction, 9.0 * k as f32)]);
            }
            set
        };
        let preset = load("quickstart", &[]).unwrap().preset;
        let matched = Matched { preset, changes: Vec::new(), before: set(30.0), after: set(2.0), left: Vec::new() };
        let pictures = [1, 2, 3].map(|n| vec![Canvas::filled(16, 16, [50; 3]); n]);
        let head = PageHead { captured: "<mine>".into(), pictures, ..PageHead::default() };
        let html = page(&head, &set(0.0), &matched).unwrap();
        assert_eq!(html.matches("<svg").count(), 2);
        assert_eq!(html.matches("data:image/jpeg;base64,/9j/").count(), 6);
        assert!(html.contains("&lt;mine&gt;") && !html.contains("http") && !html.contains("NaN"), "{html}");
    }
}
