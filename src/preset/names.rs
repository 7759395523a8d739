//! The names of gestures and grasps, for the check of `pose.names`.

use toml::{Table, Value};

use crate::near::{edits, nearest};

const GESTURES: &str = include_str!("../../rigs/gestures.toml");
const GRASPS: &str = include_str!("../../rigs/grasps.toml");
/// Names offered for a misspelt one.
const OFFERED: usize = 3;

/// Groups and the names in each.
pub fn pose_names() -> Vec<(String, Vec<String>)> {
    let table = |text: &str, key: &str| {
        let file: Table = toml::from_str(text).unwrap_or_default();
        file.get(key).and_then(Value::as_table).cloned().unwrap_or_default()
    };
    let names = |group: &Value| group.as_table().map_or_else(Vec::new, |t| t.keys().cloned().collect());
    let gestures = table(GESTURES, "gesture");
    let mut groups: Vec<_> = gestures.iter().map(|(group, value)| (group.clone(), names(value))).collect();
    groups.push(("grasp".to_owned(), names(&Value::Table(table(GRASPS, "grasp")))));
    groups
}

/// Each name that nothing has, with a hint.
pub(crate) fn unknown(names: &[String]) -> Vec<(&String, String)> {
    let legal: Vec<String> = pose_names().into_iter().flat_map(|(_, names)| names).collect();
    let hint = |name: &String| {
        let mut near: Vec<&String> = legal.iter().filter(|l| l.contains(name.as_str()) && !name.is_empty()).collect();
        near.extend(nearest(name, legal.iter().map(String::as_str)).and_then(|n| legal.iter().find(|l| *l == n)));
        near.sort_by_key(|l| edits(name, l));
        near.dedup();
        let list: Vec<String> = near.into_iter().take(OFFERED).map(|l| format!("\"{l}\"")).collect();
        let all = "`handloom rig gestures` lists all names";
        if list.is_empty() { all.to_owned() } else { format!("did you mean {}? {all}", list.join(" or ")) }
    };
    names.iter().filter(|n| !legal.contains(n)).map(|n| (n, hint(n))).collect()
}
