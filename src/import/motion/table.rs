//! A table of joint angles: one row per moment, one column per angle. As CSV or as a JSON list of objects.
//!
//! Columns are `time_s`, any of the 26 degrees of freedom by name (degrees; absent ones are 0), and, all or none, the
//! wrist's place and rotation `wrist_x_m wrist_y_m wrist_z_m wrist_qx wrist_qy wrist_qz wrist_qw`. Lines of a CSV file
//! that start with `#` are remarks. Angles outside a rig's limits are no fault here: [`HandMotion::clamp`] counts them.

use glam::{Quat, Vec3};
use serde_json::Value;

use crate::import::{Fault, ImportError};
use crate::math::RigidTransform;
use crate::near::nearest;
use crate::rig::{DOFS, Dof, HandMotion, HandPose, MotionKey, MotionTrack};

const TIME: &str = "time_s";
const WRIST: [&str; 7] = ["wrist_x_m", "wrist_y_m", "wrist_z_m", "wrist_qx", "wrist_qy", "wrist_qz", "wrist_qw"];
/// Larger angles are no joint's.
const MOST_DEG: f32 = 180.0;
/// How far a quaternion's length may be from 1.
const UNIT_ERROR: f32 = 0.02;
/// Faults that are told; the rest is counted.
const TOLD: usize = 20;

/// Names of columns, and rows with their place in the file.
struct Table {
    columns: Vec<String>,
    rows: Vec<(String, Vec<f32>)>,
}

/// Reads a CSV file; `name` becomes the motion's.
pub fn motion_from_csv(name: &str, text: &str) -> Result<HandMotion, ImportError> {
    let mut faults = Vec::new();
    let lines = text.lines().enumerate().map(|(k, line)| (k + 1, line.trim()));
    let mut lines = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    let Some((header_line, header)) = lines.next() else {
        let hint = "the first line names the columns: time_s,thumb_cmc_abduction,...";
        return Err(Fault::new("line 1", "the file is empty", hint).into());
    };
    let columns: Vec<String> = header.split(',').map(|c| c.trim().trim_matches('"').to_owned()).collect();
    faults.extend(column_faults(&format!("line {header_line}"), &columns));
    let mut rows = Vec::new();
    for (number, line) in lines {
        let place = format!("line {number}");
        let cells: Vec<&str> = line.split(',').map(str::trim).collect();
        if cells.len() != columns.len() {
            let problem = format!("{} values for {} columns", cells.len(), columns.len());
            faults.push(Fault::new(&place, problem, "write one value for each column"));
            continue;
        }
        let values = cells.iter().zip(&columns).map(|(cell, column)| {
            cell.parse().unwrap_or_else(|_| {
                let problem = format!("`{cell}` is no number");
                faults.push(Fault::new(format!("{place}, column {column}"), problem, "write a number, such as 12.5"));
                0.0
            })
        });
        let values = values.collect();
        rows.push((place, values));
    }
    motion(name, &Table { columns, rows }, faults)
}

/// Reads a JSON list of objects, each a moment with the same keys; `name` becomes the motion's.
pub fn motion_from_json(name: &str, text: &str) -> Result<HandMotion, ImportError> {
    let hint = "write a list of objects: [{\"time_s\": 0, \"index_pip_flexion\": 30}, ...]";
    let list: Vec<serde_json::Map<String, Value>> = serde_json::from_str(text)
        .map_err(|e| Fault::new(format!("line {}, column {}", e.line(), e.column()), e.to_string(), hint))?;
    let mut faults = Vec::new();
    let columns: Vec<String> = list.first().map(|first| first.keys().cloned().collect()).unwrap_or_default();
    faults.extend(column_faults("item 0", &columns));
    let mut rows = Vec::new();
    for (number, item) in list.iter().enumerate() {
        let place = format!("item {number}");
        if let Some(extra) = item.keys().find(|key| !columns.contains(key)) {
            let problem = format!("`{extra}` is not in the first object");
            faults.push(Fault::new(&place, problem, "all objects have the same keys"));
        }
        let value = |column: &String| {
            if let Some(value) = item.get(column).and_then(Value::as_f64) {
                return value as f32;
            }
            let found = item.get(column).map_or_else(|| "nothing".to_owned(), ToString::to_string);
            let problem = format!("{found} is no number");
            faults.push(Fault::new(format!("{place}, key {column}"), problem, "write a number, such as 12.5"));
            0.0
        };
        let values = columns.iter().map(value).collect();
        rows.push((place, values));
    }
    motion(name, &Table { columns, rows }, faults)
}

fn column_faults(place: &str, columns: &[String]) -> Vec<Fault> {
    let mut faults = Vec::new();
    let legal = || DOFS.iter().map(|d| d.name()).chain(WRIST).chain([TIME]);
    for (k, column) in columns.iter().enumerate() {
        let at = format!("{place}, column {}", k + 1);
        if !legal().any(|name| name == column) {
            let near = nearest(column, legal()).map_or_else(String::new, |n| format!("; did you mean `{n}`?"));
            let hint = "columns are `time_s`, names of joint angles such as `index_pip_flexion`, and `wrist_x_m` to `wrist_qw`";
            faults.push(Fault::new(at, format!("`{column}` is no column{near}"), hint));
        } else if columns[..k].contains(column) {
            faults.push(Fault::new(at, format!("`{column}` stands here a second time"), "name each column once"));
        }
    }
    let has = |name: &str| columns.iter().any(|column| column == name);
    if !has(TIME) {
        faults.push(Fault::new(place, "there is no column `time_s`", "time in seconds comes first"));
    }
    let missing: Vec<&str> = WRIST.into_iter().filter(|name| !has(name)).collect();
    if !missing.is_empty() && missing.len() < WRIST.len() {
        let problem = format!("columns of the wrist are missing: {}", missing.join(", "));
        faults.push(Fault::new(place, problem, "write all seven columns of the wrist, or none"));
    }
    faults
}

fn motion(name: &str, table: &Table, mut faults: Vec<Fault>) -> Result<HandMotion, ImportError> {
    let mut keys: Vec<MotionKey> = Vec::new();
    if faults.is_empty() {
        for (place, values) in &table.rows {
            let key = key(table, place, values, &mut faults);
            if let Some(last) = keys.last().filter(|last| last.time_s >= key.time_s) {
                let problem = format!("time {} s does not come after {} s", key.time_s, last.time_s);
                faults.push(Fault::new(place, problem, "times increase from row to row"));
            }
            keys.push(key);
        }
        if keys.len() < 2 {
            let problem = format!("{} moments", keys.len());
            faults.push(Fault::new("the end", problem, "a motion has at least two moments"));
        }
    }
    if faults.len() > TOLD {
        let rest = faults.len() - TOLD;
        faults.truncate(TOLD);
        faults.push(Fault::new("the rest", format!("{rest} more faults"), "mend these first"));
    }
    ImportError::from_faults(faults)?;
    Ok(HandMotion { name: name.to_owned(), tracks: vec![MotionTrack { side: None, keys }] })
}

fn key(table: &Table, place: &str, values: &[f32], faults: &mut Vec<Fault>) -> MotionKey {
    let mut pose = HandPose::default();
    let (mut time_s, mut wrist) = (0.0, [None; 7]);
    for (column, value) in table.columns.iter().zip(values) {
        let mut fault = |problem: String, hint| {
            faults.push(Fault::new(format!("{place}, column {column}"), problem, hint));
        };
        if !value.is_finite() {
            fault(format!("is {value}"), "values must be finite");
        } else if let Some(dof) = Dof::from_name(column) {
            if value.abs() > MOST_DEG {
                fault(format!("{value} degrees is no angle of a joint"), "angles are degrees from -180 to 180");
            }
            pose.set(dof, value.to_radians());
        } else if column == TIME {
            time_s = *value;
        } else if let Some(k) = WRIST.iter().position(|name| name == column) {
            wrist[k] = Some(*value);
        }
    }
    let wrist = match wrist {
        [Some(x), Some(y), Some(z), Some(a), Some(b), Some(c), Some(w)] => {
            let turn = Quat::from_xyzw(a, b, c, w);
            if (turn.length() - 1.0).abs() > UNIT_ERROR {
                let problem = format!("the quaternion of the wrist has length {}", turn.length());
                faults.push(Fault::new(place, problem, "wrist_qx to wrist_qw are a unit quaternion"));
            }
            Some(RigidTransform::new(turn.normalize(), Vec3::new(x, y, z)))
        }
        _ => None,
    };
    MotionKey { time_s, pose, wrist }
}

/// A track as CSV, as [`motion_from_csv`] reads it: degrees with three decimals, metres and quaternions with five.
pub fn motion_to_csv(track: &MotionTrack) -> String {
    let has_wrist = track.keys.iter().all(|key| key.wrist.is_some());
    let wrist = WRIST.into_iter().filter(|_| has_wrist);
    let columns: Vec<&str> = [TIME].into_iter().chain(DOFS.map(Dof::name)).chain(wrist).collect();
    let mut text = columns.join(",");
    for key in &track.keys {
        text += &format!("\n{:.4}", key.time_s);
        text.extend(key.pose.0.map(|angle| format!(",{:.3}", angle.to_degrees())));
        if let Some(wrist) = key.wrist.filter(|_| has_wrist) {
            let values = wrist.translation_m.to_array().into_iter().chain(wrist.rotation.to_array());
            text.extend(values.map(|value| format!(",{value:.5}")));
        }
    }
    text + "\n"
}
