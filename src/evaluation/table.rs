//! The tables of the report, as text and for the page.

use serde::Serialize;

use crate::metrics::{EvaluationSummary, MethodSummary, PART_NAMES};

/// A table: its title, names of the columns (the first names the rows), and rows of a name and values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Table {
    pub(super) title: String,
    pub(super) columns: Vec<String>,
    pub(super) rows: Vec<Vec<String>>,
}

impl Table {
    fn new(title: &str, columns: &[&str]) -> Self {
        let columns = columns.iter().map(|c| (*c).to_owned()).collect();
        Self { title: title.to_owned(), columns, rows: Vec::new() }
    }

    fn row(&mut self, name: &str, values: Vec<String>) {
        self.rows.push(std::iter::once(name.to_owned()).chain(values).collect());
    }
}

/// A number with digits behind the point, or `-` for what is not there.
pub(super) fn number(value: Option<f64>, digits: usize) -> String {
    value.map_or_else(|| "-".to_owned(), |v| format!("{v:.digits$}"))
}

fn percent(value: Option<f64>) -> String {
    value.map_or_else(|| "-".to_owned(), |v| format!("{:.1} %", 100.0 * v))
}

/// All tables of a summary; those that would be empty are left out.
pub(super) fn tables(summary: &EvaluationSummary) -> Vec<Table> {
    let mut tables = Vec::new();
    if summary.labelled_frames > 0 {
        tables.push(hands(summary));
        tables.push(errors(summary));
        tables.extend(fingers("Keypoints", &summary.keypoints, &summary.root));
        tables.extend(fingers("Fit", &summary.fit, &summary.root));
    } else if summary.frames > 0 {
        tables.push(alone(summary));
    }
    tables.extend(trouble(summary));
    if !summary.latency.is_empty() {
        tables.push(latency(summary));
    }
    tables
}

fn hands(summary: &EvaluationSummary) -> Table {
    let t = &summary.tracks;
    let count = |value: Option<u64>| value.map_or_else(|| "-".to_owned(), |v| v.to_string());
    let mut table = Table::new("Hands", &["", "value"]);
    table.row("frames", vec![summary.frames.to_string()]);
    table.row("hands to be found", vec![t.true_hands.to_string()]);
    table.row("found", vec![format!("{} ({})", t.found, percent(t.detection_rate))]);
    table.row("missed", vec![t.missed.to_string()]);
    table.row("estimates without a hand", vec![t.surplus.to_string()]);
    table.row("side right", vec![percent(t.side_accuracy)]);
    table.row("lost tracks", vec![count(t.lost_tracks)]);
    table.row("identity switches", vec![count(t.identity_switches)]);
    table
}

/// What is known without labels.
fn alone(summary: &EvaluationSummary) -> Table {
    let (a, motion) = (&summary.alone, &summary.keypoints.motion);
    let count = |value: Option<u64>| value.map_or_else(|| "-".to_owned(), |v| v.to_string());
    let mut table = Table::new("Without labels", &["", "value"]);
    table.row("frames", vec![summary.frames.to_string()]);
    table.row("with a hand", vec![format!("{} ({})", a.frames_with_hands, percent(a.found_share))]);
    table.row("left hands, right hands", vec![format!("{}, {}", a.left_hands, a.right_hands)]);
    table.row("confidence, mean", vec![number(a.confidence_mean, 3)]);
    table.row("confidence, lowest tenth", vec![number(a.confidence_p10, 3)]);
    table.row("tracks", vec![count(a.tracks)]);
    table.row("lost tracks", vec![count(a.lost_tracks)]);
    table.row("changes of side", vec![count(a.side_changes)]);
    table.row("spread of bone lengths", vec![percent(a.bone_spread)]);
    table.row("acceleration, px/frame\u{b2}", vec![number(a.acceleration_px_per_frame2, 2)]);
    table.row("jitter, px/frame\u{b3}", vec![number(a.jitter_px_per_frame3, 2)]);
    table.row("jitter, m/s\u{b3}", vec![number(motion.jitter_m_s3, 1)]);
    table
}

/// Places without a hand and outputs that were no numbers; `None` if there were none of either.
fn trouble(summary: &EvaluationSummary) -> Option<Table> {
    let mut table = Table::new("Looked at in vain", &["", "count"]);
    for (reason, count) in &summary.refused {
        table.row(reason.words(), vec![count.to_string()]);
    }
    for (output, count) in &summary.broken_outputs {
        table.row(&format!("frames in which output `{output}` held NaN or infinity"), vec![count.to_string()]);
    }
    (!table.rows.is_empty()).then_some(table)
}

/// Name, digits, and where it is found.
type Line = (&'static str, usize, fn(&MethodSummary) -> Option<f64>);

const LINES: [Line; 25] = [
    ("MPJPE, camera frame, mm", 2, |m| m.absolute.all.mpjpe_mm),
    ("MPJPE, root-relative, mm", 2, |m| m.root_relative.all.mpjpe_mm),
    ("  visible keypoints", 2, |m| m.root_relative.visible.mpjpe_mm),
    ("  median of hands", 2, |m| m.root_relative.all.median_mm),
    ("  worst keypoint", 2, |m| m.root_relative.all.max_joint_mm),
    ("MPJPE, scale restored, mm", 2, |m| m.scale_restored.all.mpjpe_mm),
    ("MPJPE, aligned (PA), mm", 2, |m| m.aligned.all.mpjpe_mm),
    ("AUC 0-50 mm, root-relative", 3, |m| m.root_relative.all.auc_0_50),
    ("  visible keypoints", 3, |m| m.root_relative.visible.auc_0_50),
    ("  missed hands count as wrong", 3, |m| m.root_relative.all.auc_0_50_misses_count),
    ("  100 steps", 3, |m| m.root_relative.all.auc_0_50_steps_100),
    ("AUC 20-50 mm, root-relative", 3, |m| m.root_relative.all.auc_20_50),
    ("AUC 0-50 mm, aligned (PA)", 3, |m| m.aligned.all.auc_0_50),
    ("PCK 20 mm, root-relative", 3, |m| m.root_relative.all.pck_20),
    ("EPE, px", 2, |m| m.pixels.epe_mean_px),
    ("EPE median, px", 2, |m| m.pixels.epe_median_px),
    ("AUC 0-30 px", 3, |m| m.pixels.auc_0_30),
    ("PCK .2 of the box", 3, |m| m.pixels.pck_box_02),
    ("left to right root (MRRPE), mm", 2, |m| m.mrrpe_mm),
    ("MPVPE, mm", 2, |m| m.mesh.mpvpe_mm),
    ("MPVPE, aligned (PA), mm", 2, |m| m.mesh.pa_mpvpe_mm),
    ("F@5 mm, aligned", 3, |m| m.mesh.pa_f_5),
    ("F@15 mm, aligned", 3, |m| m.mesh.pa_f_15),
    ("acceleration error, mm/frame\u{b2}", 3, |m| m.motion.acceleration_error_mm_per_frame2),
    ("jitter, m/s\u{b3}", 1, |m| m.motion.jitter_m_s3),
];

fn errors(summary: &EvaluationSummary) -> Table {
    let methods = [&summary.keypoints, &summary.fit];
    let mut table = Table::new("Errors", &["", "keypoints", "fit"]);
    table.row("hands compared", methods.map(|m| m.hands.to_string()).to_vec());
    for (name, digits, value) in LINES {
        table.row(name, methods.map(|m| number(value(m), digits)).to_vec());
    }
    if summary.truth_jitter_m_s3.is_some() {
        let jitter = number(summary.truth_jitter_m_s3, 1);
        table.row("  of the truth", vec![jitter.clone(), jitter]);
    }
    table
}

/// Fingers by joints as in the tables of papers: mean errors in space, then in the picture.
fn fingers(name: &str, method: &MethodSummary, root: &str) -> Option<Table> {
    if method.hands == 0 {
        return None;
    }
    let space = &method.root_relative;
    let title = format!("{name} by finger: mean error seen from the {root}, mm; in the picture, px; performance, %");
    let mut table = Table::new(&title, &["", "CMC, MCP", "MCP, PIP", "IP, DIP", "tip", "mean", "px", "%"]);
    let means = (space.parts_mm.values(), method.pixels.parts_px.values(), method.pixels.parts_percent.values());
    for (k, part) in PART_NAMES.into_iter().enumerate() {
        let joint = |j: usize| if k < 5 { number(space.joints_mm[1 + 4 * k + j], 1) } else { String::new() };
        let seen_from_root = if part == root { "root".to_owned() } else { number(means.0[k], 1) };
        let values = (0..4).map(joint).chain([seen_from_root, number(means.1[k], 1), number(means.2[k], 1)]);
        table.row(part, values.collect());
    }
    Some(table)
}

fn latency(summary: &EvaluationSummary) -> Table {
    let mut table = Table::new("Latency, ms", &["", "mean", "p50", "p99"]);
    let last = |stage: &&String| stage.as_str() == "total";
    let stages = summary.latency.keys().filter(|s| !last(s)).chain(summary.latency.keys().filter(last));
    for stage in stages {
        let Some(l) = summary.latency.get(stage) else { continue };
        table.row(stage, [l.mean_ms, l.p50_ms, l.p99_ms].map(|v| number(v, 2)).to_vec());
    }
    table
}

/// All tables as text, columns aligned.
pub fn text(summary: &EvaluationSummary) -> String {
    tables(summary).iter().map(render).collect::<Vec<_>>().join("\n")
}

fn render(table: &Table) -> String {
    let chars = |s: &String| s.chars().count();
    let all = || std::iter::once(&table.columns).chain(&table.rows);
    let width = |k: usize| all().filter_map(|row| row.get(k)).map(chars).max().unwrap_or(0);
    let widths: Vec<usize> = (0..table.columns.len()).map(width).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).enumerate();
        let text: String = cells
            .map(|(k, (cell, w))| if k == 0 { format!("  {cell:<w$}") } else { format!("  {cell:>w$}") })
            .collect();
        text.trim_end().to_owned() + "\n"
    };
    let head = if table.columns.len() > 2 { line(&table.columns) } else { String::new() };
    format!("{}\n{head}{}", table.title, table.rows.iter().map(line).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_labels_what_can_be_known_is_shown() {
        let mut summary = EvaluationSummary { frames: 10, ..EvaluationSummary::default() };
        summary.alone = crate::metrics::AloneSummary {
            frames_with_hands: 8,
            found_share: Some(0.8),
            bone_spread: Some(0.034),
            lost_tracks: Some(2),
            ..Default::default()
        };
        summary.refused.insert(crate::tracker::Refusal::Unsure, 7);
        summary.broken_outputs.insert("heat".to_owned(), 3);
        let text = text(&summary);
        for words in ["8 (80.0 %)", "3.4 %", "lost tracks", "not sure enough", "output `heat` held NaN"] {
            assert!(text.contains(words), "{words}:\n{text}");
        }
        assert!(!text.contains("MPJPE") && !text.contains("missed") && !text.contains("Latency"), "{text}");
    }

    #[test]
    fn what_is_not_there_is_a_dash_and_columns_are_aligned() {
        let mut summary = EvaluationSummary { labelled_frames: 1, ..EvaluationSummary::default() };
        summary.keypoints.hands = 1;
        summary.keypoints.aligned.all.mpjpe_mm = Some(12.345);
        let text = text(&summary);
        let line = text.lines().find(|l| l.contains("aligned (PA), mm")).unwrap();
        assert_eq!(line.split_whitespace().rev().take(2).collect::<Vec<_>>(), ["-", "12.35"], "{line}");
        assert!(!text.contains("0.00 "), "nothing that is missing may be shown as 0:\n{text}");
        assert!(text.lines().all(|l| l.chars().count() <= 110));
    }
}
