//! Charts of the report as SVG.

use super::bins::Effect;
use crate::metrics::Curve;
use crate::report::histogram::escape;
use crate::rig::joint::LANDMARK_NAMES;

/// Fewer hands than this are drawn pale: chance may have made them.
const FEW: usize = 10;
/// Bars of one chart.
const MOST_BARS: usize = 14;

/// A line of a chart of curves: name, class of its style, curve, area below it.
pub(super) struct Line<'a> {
    pub(super) name: &'a str,
    pub(super) class: &'a str,
    pub(super) curve: &'a Curve,
    pub(super) note: String,
}

fn start(width: u32, height: f64, label: &str) -> String {
    format!("<svg viewBox='0 0 {width} {height:.0}' role='img' aria-label='{}'>", escape(label))
}

fn text(x: f64, y: f64, class: &str, anchor: &str, content: &str) -> String {
    format!("<text x='{x:.1}' y='{y:.1}' class='{class}' text-anchor='{anchor}'>{}</text>", escape(content))
}

fn line(from: [f64; 2], to: [f64; 2], class: &str) -> String {
    let ([x1, y1], [x2, y2]) = (from, to);
    format!("<line x1='{x1:.1}' y1='{y1:.1}' x2='{x2:.1}' y2='{y2:.1}' class='{class}'/>")
}

/// Steps of 1, 2 or 5 that cut a range into about five.
fn ticks(most: f64) -> Vec<f64> {
    let rough = (most / 5.0).max(1e-6);
    let ten = libm::pow(10.0, libm::floor(libm::log10(rough)));
    let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|s| s * ten).find(|s| *s >= rough).unwrap_or(10.0 * ten);
    (0..=(most / step + 1e-6) as u32).map(|k| f64::from(k) * step).collect()
}

fn tick_label(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Shares over thresholds: 0 to 100 % up, millimetres across. Empty if no line has a curve.
pub(super) fn curves(title: &str, across: &str, lines: &[Line]) -> String {
    let lines: Vec<&Line> = lines.iter().filter(|line| !line.curve.shares.is_empty()).collect();
    let Some(most) = lines.iter().filter_map(|l| l.curve.thresholds_mm.last().copied()).reduce(f64::max) else {
        return String::new();
    };
    let (left, top, width, height) = (34.0, 26.0, 316.0, 170.0);
    let x = |mm: f64| left + width * mm / most;
    let y = |share: f64| top + height * (1.0 - share);
    let legend = top + height + 44.0;
    let mut svg = start(360, legend + 14.0 * lines.len().div_ceil(2) as f64 - 4.0, title);
    svg += &text(8.0, 14.0, "title", "start", title);
    for k in 0..=4 {
        let share = 0.25 * f64::from(k);
        svg += &line([left, y(share)], [left + width, y(share)], "grid");
        svg += &text(left - 4.0, y(share) + 3.0, "note", "end", &format!("{}", 25 * k));
    }
    for mm in ticks(most) {
        svg += &text(x(mm), top + height + 12.0, "note", "middle", &tick_label(mm));
    }
    svg += &text(left + width / 2.0, top + height + 24.0, "note", "middle", across);
    for (k, line) in lines.iter().enumerate() {
        let points = line.curve.thresholds_mm.iter().zip(&line.curve.shares);
        let points: Vec<String> = points.map(|(mm, share)| format!("{:.1},{:.1}", x(*mm), y(*share))).collect();
        svg += &format!("<polyline points='{}' class='curve {}'/>", points.join(" "), line.class);
        let (column, row) = (8.0 + 176.0 * (k % 2) as f64, legend + 14.0 * (k / 2) as f64);
        svg += &self::line([column, row - 3.0], [column + 16.0, row - 3.0], &format!("curve {}", line.class));
        svg += &text(column + 21.0, row, "note", "start", &format!("{}  {}", line.name, line.note));
    }
    svg + "</svg>"
}

/// Median (bar) and ninth decile (mark) of the error in each bin of a factor, with the number of hands.
pub(super) fn effect(effect: &Effect, unit: &str, most: f64) -> String {
    let shown = effect.bins.len().min(MOST_BARS);
    let title = match effect.factor.unit {
        "" => effect.factor.name.to_owned(),
        unit => format!("{}, {unit}", effect.factor.name),
    };
    let (left, top, width, row) = (118.0, 30.0, 176.0, 15.0);
    let rest = effect.bins.len() - shown;
    let bottom = top + row * shown as f64;
    let mut svg = start(360, bottom + if rest > 0 { 32.0 } else { 20.0 }, &title);
    svg += &text(8.0, 14.0, "title", "start", &title);
    let explained = format!("explains {:.0} %", 100.0 * effect.explained.max(0.0));
    svg += &text(352.0, 14.0, "note", "end", &explained);
    let x = |value: f64| left + width * (value / most.max(1e-9)).min(1.0);
    for value in ticks(most) {
        svg += &line([x(value), top - 4.0], [x(value), bottom], "grid");
        svg += &text(x(value), bottom + 11.0, "note", "middle", &tick_label(value));
    }
    svg += &text(left - 6.0, bottom + 11.0, "note", "end", unit);
    for (k, bin) in effect.bins.iter().take(shown).enumerate() {
        let y = top + row * k as f64;
        let few = if bin.errors.len() < FEW { " few" } else { "" };
        let mut label = bin.label.replace('_', " ");
        if label.chars().count() > 21 {
            label = label.chars().take(20).collect::<String>() + "\u{2026}";
        }
        svg += &text(left - 6.0, y + 9.0, "note", "end", &label);
        if let Some([median, p90]) = bin.median_and_p90() {
            svg += &format!(
                "<rect x='{left}' y='{y:.1}' width='{:.1}' height='10' class='bar{few}'><title>{}: median {median:.1} {unit}, \
                 90 % below {p90:.1} {unit}, {} hands, {} missed</title></rect>",
                x(median) - left,
                escape(&bin.label),
                bin.hands,
                bin.missed
            );
            svg += &line([x(median), y + 5.0], [x(p90), y + 5.0], &format!("whisker{few}"));
            svg += &line([x(p90), y + 2.0], [x(p90), y + 8.0], &format!("whisker{few}"));
        }
        let missed =
            if bin.missed > 0 { format!("{} ({} missed)", bin.hands, bin.missed) } else { bin.hands.to_string() };
        svg += &text(352.0, y + 9.0, "note", "end", &missed);
    }
    if rest > 0 {
        svg += &text(left, bottom + 25.0, "note", "start", &format!("and {rest} more with smaller medians"));
    }
    svg + "</svg>"
}

/// Error of every keypoint: mean as bars, ninth decile as marks; keypoints and, narrower, fit.
pub(super) fn joints(means: [&[Option<f64>]; 2], p90: [&[Option<f64>]; 2]) -> String {
    let most = p90.iter().flat_map(|p| p.iter().flatten()).copied().fold(0.0, f64::max);
    if most <= 0.0 {
        return String::new();
    }
    let has_fit = means[1].iter().any(Option::is_some);
    let (left, top, width, height) = (34.0, 26.0, 1110.0, 130.0);
    let step = width / LANDMARK_NAMES.len() as f64;
    let y = |mm: f64| top + height * (1.0 - mm / most);
    let mut svg = start(1160, top + height + 62.0, "error of every keypoint");
    let bars = if has_fit {
        "wide bars: keypoints; narrow bars: fit; lines: ninth decile"
    } else {
        "bars: mean; lines: ninth decile"
    };
    svg += &text(8.0, 14.0, "title", "start", "error of every keypoint, mm");
    svg += &text(1152.0, 14.0, "note", "end", bars);
    for value in ticks(most) {
        svg += &line([left, y(value)], [left + width, y(value)], "grid");
        svg += &text(left - 4.0, y(value) + 3.0, "note", "end", &tick_label(value));
    }
    for (k, name) in LANDMARK_NAMES.into_iter().enumerate() {
        let centre = left + step * (k as f64 + 0.5);
        for (method, half) in [(0, 0.36), (1, 0.14)] {
            let Some(mean) = means[method][k] else { continue };
            let digit = if k == 0 { 0 } else { (k - 1) / 4 + 1 };
            svg += &format!(
                "<rect x='{:.1}' y='{:.1}' width='{:.1}' height='{:.1}' class='d{digit} m{method}'><title>{name}: {mean:.1} mm</title></rect>",
                centre - half * step,
                y(mean),
                2.0 * half * step,
                y(0.0) - y(mean)
            );
            if let Some(high) = p90[method][k] {
                svg += &line([centre - half * step, y(high)], [centre + half * step, y(high)], "whisker");
            }
        }
        let (tx, ty) = (centre + 3.0, top + height + 8.0);
        svg += &format!(
            "<text x='{tx:.1}' y='{ty:.1}' class='note' text-anchor='end' transform='rotate(-50 {tx:.1} {ty:.1})'>{}</text>",
            name.replace('_', " ")
        );
    }
    svg + "</svg>"
}

/// One hand along a clip: frame, error if it was found.
pub(super) type Trace = Vec<(u64, Option<f32>)>;

/// Error over the frames of a clip, one line per hand; frames in which a hand was missed are marked.
pub(super) fn timeline(title: &str, traces: &[Trace], unit: &str) -> String {
    let points = || traces.iter().flatten();
    let (Some(first), Some(last)) = (points().map(|p| p.0).min(), points().map(|p| p.0).max()) else {
        return String::new();
    };
    let most = points().filter_map(|p| p.1).fold(1.0_f32, f32::max);
    let (left, top, width, height) = (34.0, 26.0, 690.0, 84.0);
    let frame = width / (last - first + 1) as f64;
    let x = |k: u64| left + frame * ((k - first) as f64 + 0.5);
    let y = |error: f64| top + height * (1.0 - error / f64::from(most));
    let mut svg = start(740, top + height + 28.0, title);
    svg += &text(8.0, 14.0, "title", "start", title);
    for value in ticks(f64::from(most)) {
        svg += &line([left, y(value)], [left + width, y(value)], "grid");
        svg += &text(left - 4.0, y(value) + 3.0, "note", "end", &tick_label(value));
    }
    for (hand, trace) in traces.iter().enumerate() {
        for (k, _) in trace.iter().filter(|(_, error)| error.is_none()) {
            svg += &format!(
                "<rect x='{:.2}' y='{top}' width='{:.2}' height='{height}' class='lost'/>",
                x(*k) - 0.5 * frame,
                frame + 0.05
            );
        }
        let known = |run: &&[(u64, Option<f32>)]| run[0].1.is_some();
        let joined = |a: &(u64, Option<f32>), b: &(u64, Option<f32>)| a.0 + 1 == b.0 && a.1.is_some() == b.1.is_some();
        for run in trace.chunk_by(joined).filter(known) {
            let points: Vec<String> =
                run.iter().filter_map(|(k, e)| Some(format!("{:.1},{:.1}", x(*k), y(f64::from((*e)?))))).collect();
            svg += &match points.as_slice() {
                [one] => format!("<polyline points='{one} {one}' class='curve dot h{}'/>", hand % 2),
                _ => format!("<polyline points='{}' class='curve h{}'/>", points.join(" "), hand % 2),
            };
        }
    }
    svg += &text(left, top + height + 12.0, "note", "start", &format!("frame {first}"));
    svg += &text(left + width, top + height + 12.0, "note", "end", &format!("{last}"));
    svg += &text(left + width / 2.0, top + height + 12.0, "note", "middle", &format!("{unit}; red: missed"));
    svg + "</svg>"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_few() {
        assert_eq!(ticks(50.0), [0.0, 10.0, 20.0, 30.0, 40.0, 50.0]);
        assert_eq!(ticks(84.0), [0.0, 20.0, 40.0, 60.0, 80.0]);
        assert_eq!(ticks(0.7).len(), 4);
        assert!(ticks(0.0).len() <= 2);
    }

    #[test]
    fn losses_break_the_line() {
        let trace: Trace =
            vec![(0, Some(1.0)), (1, Some(2.0)), (2, None), (3, None), (4, Some(1.0)), (7, Some(1.0)), (8, Some(1.0))];
        let svg = timeline("clip", &[trace], "mm");
        assert_eq!(svg.matches("<polyline").count(), 3);
        assert_eq!(svg.matches("class='lost'").count(), 2);
        assert_eq!(timeline("clip", &[Vec::new()], "mm"), "");
        assert_eq!(curves("t", "mm", &[]), "");
    }
}
