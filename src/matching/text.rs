//! What matching found, as a preset file and as a table.

use toml::{Table, Value};

use super::gap::{GapRow, total};
use super::solve::{Change, Matched, shown};

/// The changed preset as a file: the keys that were changed, each below what was measured.
///
/// With `extends` the file holds only these keys; without it holds every key, as a preset may extend only one that does not
/// extend another.
pub fn override_text(head: &[String], extends: Option<&str>, description: &str, matched: &Matched) -> String {
    let mut text: String = head.iter().map(|line| format!("# {line}\n")).collect();
    let table = matched.preset.to_table();
    if let Some(parent) = extends {
        text.push_str(&format!("extends = {}\n", Value::from(parent)));
    }
    for (key, value) in table.iter().filter(|(_, value)| !is_section(value)) {
        if key == "description" {
            text.push_str(&format!("description = {}\n", Value::from(description)));
        } else if extends.is_none() {
            text.push_str(&format!("{key} = {value}\n"));
        }
    }
    for (name, value) in &table {
        match value {
            Value::Table(section) => add_section(&mut text, name, section, extends.is_none(), &matched.changes),
            Value::Array(items) if is_section(value) && extends.is_none() => {
                for item in items.iter().filter_map(Value::as_table) {
                    text.push_str(&format!("\n[[{name}]]\n"));
                    text.extend(item.iter().map(|(key, value)| format!("{key} = {value}\n")));
                }
            }
            _ => {}
        }
    }
    if !matched.left.is_empty() {
        text.push_str("\n# gaps that are left:\n");
        text.extend(matched.left.iter().map(|(quantity, why)| {
            let why = why.map_or_else(String::new, |why| format!(" ({why})"));
            format!("# * {}{why}\n", quantity.facts().name)
        }));
    }
    text
}

fn is_section(value: &Value) -> bool {
    value.is_table() || value.as_array().is_some_and(|items| items.first().is_some_and(Value::is_table))
}

fn add_section(text: &mut String, name: &str, section: &Table, whole: bool, changes: &[Change]) {
    let change = |key: &str| changes.iter().find(|c| c.key.split_once('.') == Some((name, key)));
    if !whole && !section.keys().any(|key| change(key).is_some()) {
        return;
    }
    text.push_str(&format!("\n[{name}]\n"));
    let mut told: &[String] = &[];
    for (key, value) in section {
        let change = change(key);
        // keys that are turned together are told about once
        if let Some(change) = change.filter(|change| change.why != told) {
            text.extend(change.why.iter().map(|line| format!("# {line}\n")));
            told = &change.why;
        }
        if whole || change.is_some() {
            text.push_str(&format!("{key} = {value}\n"));
        }
    }
}

/// The comparison as a table for the terminal: statistic, captured, rendered before and after, gaps.
pub fn table_text(rows: &[GapRow]) -> String {
    let head = ["statistic", "captured", "before", "after", "gap before", "gap after"].map(str::to_owned);
    let mut lines = vec![head];
    for row in rows {
        let facts = row.quantity.facts();
        let unit = if facts.unit.is_empty() { String::new() } else { format!(" ({})", facts.unit) };
        let [captured, before, after] = row.moments.map(|(mean, sd)| format!("{} ± {}", shown(mean), shown(sd)));
        let [gap_before, gap_after] = row.gaps.map(|gap| format!("{gap:.2}"));
        lines.push([format!("{}{unit}", facts.name), captured, before, after, gap_before, gap_after]);
    }
    let [before, after] = total(rows).map(|gap| format!("{gap:.2}"));
    lines.push(["all (mean)".to_owned(), String::new(), String::new(), String::new(), before, after]);
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; 6] = std::array::from_fn(width);
    let padded = |line: &[String; 6]| {
        let cell = |(k, text): (usize, &String)| {
            let space = " ".repeat(widths[k] - text.chars().count());
            if k == 0 { format!("{text}{space}") } else { format!("{space}{text}") }
        };
        line.iter().enumerate().map(cell).collect::<Vec<_>>().join("  ").trim_end().to_owned() + "\n"
    };
    lines.iter().map(padded).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::matching::{Quantity, Statistics, compare};
    use crate::preset::{Distribution, load, load_text};

    fn matched() -> Matched {
        let mut preset = load("quickstart", &[]).unwrap().preset;
        preset.sensor.blur_px = Distribution::Constant(1.25);
        preset.camera.distance_m = Distribution::Uniform { uniform: [0.4, 0.7] };
        let why = vec!["blur of strong edges, px: captured 1 ± 1, rendered 2 ± 1 before and 1 ± 1 now".to_owned()];
        let change = |key, value| Change { key, value, why: why.clone() };
        let changes = vec![
            change("camera.distance_m", "x = { uniform = [0.4, 0.7] }".parse::<Table>().unwrap()["x"].clone()),
            change("sensor.blur_px", Value::from(1.25)),
        ];
        let (before, after) = (Statistics::default(), Statistics::default());
        Matched { preset, changes, before, after, left: vec![(Quantity::Direction, Some("no key"))] }
    }

    #[test]
    fn a_preset_file_holds_what_was_changed_and_loads_to_the_same_preset() {
        let matched = matched();
        let text = override_text(&["head".to_owned()], Some("quickstart"), "like \"mine\"", &matched);
        assert!(
            text.starts_with("# head\nextends = \"quickstart\"\n") && text.contains("\n# blur of strong"),
            "{text}"
        );
        assert!(text.contains("fingers point") && text.lines().count() < 20, "{text}");
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mine.toml");
        std::fs::write(&path, &text).unwrap();
        let mut loaded = load(path.to_str().unwrap(), &[]).unwrap().preset;
        loaded.description.clone_from(&matched.preset.description);
        assert_eq!(loaded, matched.preset);
    }

    #[test]
    fn without_a_parent_every_key_is_said() {
        let matched = matched();
        let text = override_text(&[], None, &matched.preset.description.clone(), &matched);
        assert_eq!(load_text("whole", &text, &[]).unwrap().preset, matched.preset);
    }

    #[test]
    fn the_table_is_aligned_and_ends_with_the_mean() {
        let mut set = Statistics::default();
        (0..9).for_each(|k| set.add_hand(&[(Quantity::Contrast, k as f32), (Quantity::Distance, 0.5)]));
        let text = table_text(&compare(&set, &set, &set));
        let ends: Vec<usize> = text.lines().map(|line| line.chars().count()).collect();
        assert_eq!(ends.len(), 4);
        assert!(ends.iter().all(|n| *n == ends[0]), "{text}");
        assert!(text.contains("4.00 ± 2.58") && text.lines().last().unwrap().starts_with("all (mean)"), "{text}");
    }
}
