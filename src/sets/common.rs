//! What several readers do alike: cameras, checks of points, files beside labels.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use glam::Vec3;

use super::{files, foreign};
use crate::dataset::orders::Order;
use crate::dataset::{DatasetError, DatasetReader, SetFault, SetInfo};
use crate::frame::Plane;
use crate::rig::LANDMARK_COUNT;
use crate::scene::{Instance, InstanceKind};

/// Keypoints of a hand in our order, camera frame, metres.
pub(super) type Keypoints = [Option<Vec3>; LANDMARK_COUNT];

/// From pixels counted from the centre of the first to pixels counted from its corner.
pub(super) const CENTRE: f32 = 0.5;

/// What [`SetInfo::notes`] says where [`CENTRE`] was added.
pub(super) const CENTRE_NOTE: &str = "pixels of this set count from the centre of the first pixel: 0.5 was added";

/// A camera matrix of ours from numbers that count pixels from the centre of the first.
pub(super) fn k_from_centre([fx, fy, cx, cy]: [f32; 4]) -> [[f32; 3]; 3] {
    [[fx, 0.0, cx + CENTRE], [0.0, fy, cy + CENTRE], [0.0, 0.0, 1.0]]
}

/// All 21 keypoints from as many points in another order.
pub(super) fn in_order(points: &[Vec3], order: &Order) -> Keypoints {
    std::array::from_fn(|k| points.get(order[k]).copied())
}

/// Points of a label, in metres and our axes, must be numbers.
pub(super) fn check_finite(path: &Path, place: &str, points: &[Vec3]) -> Result<(), DatasetError> {
    match points.iter().position(|p| !p.is_finite()) {
        None => Ok(()),
        Some(k) => Err(foreign(path, format!("{place}: point {k} is {}, which is not made of numbers", points[k]))),
    }
}

/// Points that one camera looks at must be numbers and lie before it.
pub(super) fn check_before_camera(path: &Path, place: &str, points: &[Vec3]) -> Result<(), DatasetError> {
    check_finite(path, place, points)?;
    match points.iter().position(|p| p.z <= 0.0) {
        None => Ok(()),
        Some(k) => {
            let fault = format!("{place}: point {k} lies behind the camera (z = {} m)", points[k].z);
            Err(foreign(path, fault + "; the label is damaged or has other axes than this format"))
        }
    }
}

/// Tells what is wrong with the labels of a set whose labels are all in memory.
pub(super) fn bad_labels(reader: &dyn DatasetReader) -> Vec<SetFault> {
    let failures = (0..reader.count()).filter_map(|number| reader.label(number).err());
    failures.map(|error| SetFault { id: None, message: error.to_string() }).collect()
}

/// Numbers of the files `{prefix}{number}{suffix}` in a folder; none if there is no such folder. Where something else than
/// a number stands in such a name is a fault.
pub(super) fn numbers(
    info: &mut SetInfo,
    folder: &Path,
    prefix: &str,
    suffix: &str,
) -> Result<BTreeSet<u64>, DatasetError> {
    let mut found = BTreeSet::new();
    let paths = if folder.is_dir() { files::list(folder)? } else { Vec::new() };
    for path in paths {
        let name = path.file_name().and_then(|n| n.to_str()).unwrap_or_default();
        let Some(number) = name.strip_prefix(prefix).and_then(|n| n.strip_suffix(suffix)) else { continue };
        match number.parse() {
            Ok(number) => drop(found.insert(number)),
            Err(_) => info.faults.push(SetFault {
                id: None,
                message: format!("`{}` has no number in its name; it is left out", path.display()),
            }),
        }
    }
    Ok(found)
}

/// Which numbers have both label and file, in order; the others become faults. `path` and `id` are those of a number.
pub(super) fn matched(
    info: &mut SetInfo,
    labels: &BTreeSet<u64>,
    found: &BTreeSet<u64>,
    id: impl Fn(u64) -> String,
    path: impl Fn(u64) -> PathBuf,
) -> Vec<u64> {
    for number in labels.difference(found) {
        let message = format!("`{}` is missing; the sample is left out", path(*number).display());
        info.faults.push(SetFault { id: Some(id(*number)), message });
    }
    for number in found.difference(labels) {
        let message = format!("`{}` belongs to no label; it is left out", path(*number).display());
        info.faults.push(SetFault { id: Some(id(*number)), message });
    }
    labels.intersection(found).copied().collect()
}

/// Metres from 16-bit values that stand in two of three channels; 0 is no surface.
pub(super) fn depth_of_channels(plane: &Plane<[u8; 3]>, high: usize, low: usize, step_m: f64) -> Plane<f32> {
    let metres = |p: &[u8; 3]| ((f64::from(p[high]) * 256.0 + f64::from(p[low])) * step_m) as f32;
    Plane { width: plane.width, height: plane.height, data: plane.data.iter().map(metres).collect() }
}

/// What an instance picture's value stands for if it is a hand.
pub(super) fn hand_instance(id: u8) -> Instance {
    Instance { id, kind: InstanceKind::Hand, name: None, hand: None }
}

/// Keys and values of the small YAML files of these sets: `key: value`, lists of `- value`, one level of `outer.inner`.
pub(super) fn yaml(text: &str) -> BTreeMap<String, Vec<String>> {
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let (mut outer, mut current) = (String::new(), String::new());
    let unquoted = |value: &str| value.trim().trim_matches(['\'', '"']).to_owned();
    for line in text.lines() {
        let trimmed = line.trim();
        if let Some(value) = trimmed.strip_prefix("- ") {
            found.entry(current.clone()).or_default().push(unquoted(value));
        } else if let Some((key, value)) = trimmed.split_once(':') {
            let is_inner = line.starts_with(' ');
            if !is_inner {
                key.clone_into(&mut outer);
            }
            current = if is_inner { format!("{outer}.{key}") } else { outer.clone() };
            let values = value.trim().trim_start_matches('[').trim_end_matches(']').split(',').map(unquoted);
            found.entry(current.clone()).or_default().extend(values.filter(|v| !v.is_empty()));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_yaml_files_are_understood() {
        let text =
            "num_frames: 72\nserials:\n- '836'\n- \"932\"\ncolor:\n  fx: 613.5\n  fy: 1\nsides: [right, left]\nnone:\n";
        let found = yaml(text);
        assert_eq!(found["num_frames"], ["72"]);
        assert_eq!(found["serials"], ["836", "932"]);
        assert_eq!(found["color.fx"], ["613.5"]);
        assert_eq!(found["sides"], ["right", "left"]);
        assert!(found["none"].is_empty());
    }
}
