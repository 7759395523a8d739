//! What the values of a preset say together: shares that add to nothing, splits that share persons, hands that cannot
//! fit into the picture.

use std::collections::BTreeSet;

use super::fault::{Fault, Origin};
use super::types::{DepthFormat, Format, Preset, Sequence, Split};
use crate::camera::Lens;

/// Length of a small adult's hand, metres: with it, a preset called impossible is so for every hand.
const HAND_M: f32 = 0.16;
/// Width and height of every picture of RHD.
const RHD_PX: u32 = 320;
/// Columns and rows of `FreiHAND`'s pictures.
const FREIHAND_PX: u32 = 224;
/// How far the weights of the grey picture may be from adding to 1.
const WEIGHT_ERROR: f32 = 0.001;
/// Greatest value of a 16-bit depth picture.
const DEPTH_STEPS: f32 = 65_535.0;

/// Faults and warnings of a preset whose values are legal one by one.
pub(crate) fn judge(preset: &Preset, origin: &dyn Fn(&str) -> Origin) -> (Vec<Fault>, Vec<Fault>) {
    let mut faults = Vec::new();
    let mut fault = |key: &str, what: String, hint: &str| {
        faults.push(Fault { origin: origin(key), key: key.to_owned(), what, hint: hint.to_owned() });
    };
    shares(preset, &mut fault);
    splits(&preset.split, &mut fault);
    framing(preset, &mut fault);
    outputs(preset, &mut fault);
    fixed_pictures(preset, &mut fault);
    motions(&preset.sequence, &mut fault);
    let mut warnings = Vec::new();
    let mut warn = |key: &str, what: String, hint: &str| {
        warnings.push(Fault { origin: origin(key), key: key.to_owned(), what, hint: hint.to_owned() });
    };
    shared_subjects(&preset.split, &mut warn);
    short_clips(preset, &mut warn);
    (faults, warnings)
}

type Report<'a> = &'a mut dyn FnMut(&str, String, &str);

/// Pictures of RHD and `FreiHAND` have one size and no lens distortion.
fn fixed_pictures(preset: &Preset, fault: Report) {
    let (name, label, side) = match preset.output.format {
        Format::Rhd => ("rhd", "RHD", RHD_PX),
        Format::Freihand => ("freihand", "FreiHAND", FREIHAND_PX),
        _ => return,
    };
    for (key, size) in [("camera.width_px", preset.camera.width_px), ("camera.height_px", preset.camera.height_px)] {
        if size != side {
            let hint = format!("pictures of {label} are {side} pixels wide and high");
            fault(key, format!("{size}, but `output.format` is `{name}`"), &hint);
        }
    }
    if preset.camera.lens != Lens::Pinhole {
        let hint = format!("{label} knows no lens distortion: leave `camera.lens` at \"pinhole\"");
        fault("camera.lens", format!("bent, but `output.format` is `{name}`"), &hint);
    }
}

fn shares(preset: &Preset, fault: Report) {
    let (pose, background) = (&preset.pose, &preset.background);
    if pose.gestures + pose.grasps + pose.synergies + pose.coupled + pose.near_limit <= 0.0 {
        let hint = "give `pose.gestures`, `pose.coupled` or another share a number above 0";
        fault("pose", "all shares are 0".to_owned(), hint);
    }
    for (name, near) in super::names::unknown(&pose.names) {
        fault("pose.names", format!("there is no gesture or grasp {name:?}"), &near);
    }
    let b = background;
    if b.colour + b.noise + b.dead_leaves + b.room + b.gradient + b.pictures <= 0.0 {
        fault("background", "all shares are 0".to_owned(), "give one of its kinds a share above 0");
    }
    if b.pictures > 0.0 && b.folder.is_empty() {
        let hint = "set `background.folder` to a folder of pictures, or `background.pictures` to 0";
        fault(
            "background.pictures",
            format!("{} of the pictures need a folder, and `background.folder` is empty", b.pictures),
            hint,
        );
    }
    let gloves = preset.wear.thin_gloves + preset.wear.thick_gloves;
    if gloves > 1.0 {
        let hint =
            "a picture has thin gloves, thick ones or none: lower `wear.thin_gloves` (0.04 if you did not say it)";
        fault("wear.thick_gloves", format!("with `wear.thin_gloves` the shares add to {gloves}, at most 1"), hint);
    }
    let objects = &preset.objects;
    if objects.held > 0.0 && objects.meshes > 0.0 && objects.folder.is_empty() {
        let hint = "set `objects.folder` to a folder of meshes, or `objects.meshes` to 0";
        fault(
            "objects.meshes",
            format!("{} of the held things need a folder, and `objects.folder` is empty", objects.meshes),
            hint,
        );
    }
    for (name, hint) in super::names::unknown(&objects.grasps) {
        fault("objects.grasps", format!("there is no grasp {name:?}"), &hint);
    }
    let grey: f32 = preset.sensor.grey_weights.iter().sum();
    let legal = preset.sensor.grey_weights.iter().all(|w| (0.0..=1.0).contains(w));
    if !(legal && (grey - 1.0).abs() <= WEIGHT_ERROR) {
        let what = format!("{:?} do not add to 1", preset.sensor.grey_weights);
        fault("sensor.grey_weights", what, "three weights from 0 to 1 that add to 1, such as [0.299, 0.587, 0.114]");
    }
}

fn splits(splits: &[Split], fault: Report) {
    if splits.is_empty() {
        fault("split", "is empty".to_owned(), "write at least one [[split]]");
    }
    let mut names = BTreeSet::new();
    for (n, split) in splits.iter().enumerate() {
        let legal = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        if split.name.is_empty() || !split.name.chars().all(legal) {
            let hint = "the name becomes a folder: letters, digits, `-` and `_`";
            fault(&format!("split.{n}.name"), format!("{:?} is no name", split.name), hint);
        }
        if !names.insert(split.name.to_lowercase()) {
            fault(
                &format!("split.{n}.name"),
                format!("{:?} names a second split", split.name),
                "give each split a name",
            );
        }
        for (key, [from, to]) in [("subjects", split.subjects), ("actions", split.actions)] {
            if from >= to {
                let what = format!("[{from}, {to}] holds nothing");
                fault(&format!("split.{n}.{key}"), what, "the range is half-open: [0, 16] is 0 to 15");
            }
        }
    }
}

fn framing(preset: &Preset, fault: Report) {
    let camera = &preset.camera;
    let (focal, distance) = (camera.focal_px.range().0, camera.distance_m.range().1);
    let least_px = focal * HAND_M / distance;
    let (w, h) = (camera.width_px as f32, camera.height_px as f32);
    let diagonal_px = libm::sqrtf(w * w + h * h);
    if least_px * camera.min_in_frame > diagonal_px {
        let what = format!(
            "a hand is {least_px:.0} pixels long at {distance} m with a focal length of {focal} pixels, and the \
             picture's diagonal is {diagonal_px:.0}: {} of it never fit",
            camera.min_in_frame
        );
        fault(
            "camera.distance_m",
            what,
            "move the camera away, shorten `camera.focal_px`, or lower `camera.min_in_frame`",
        );
    }
}

fn outputs(preset: &Preset, fault: Report) {
    let output = &preset.output;
    let farthest_m = preset.camera.distance_m.range().1;
    let most_m = output.depth_unit_m * DEPTH_STEPS;
    if matches!(output.depth, DepthFormat::Png | DepthFormat::Both) && farthest_m > most_m {
        let what = format!(
            "{} reaches {most_m:.3} m in 16 bits, and hands are up to {farthest_m} m away",
            output.depth_unit_m
        );
        fault("output.depth_unit_m", what, "write a larger unit, or `output.depth = \"exr\"`");
    }
}

fn motions(sequence: &Sequence, fault: Report) {
    if sequence.imported > 0.0 && sequence.motions.is_empty() {
        let what = format!("{} of the clips need motions, and `sequence.motions` is empty", sequence.imported);
        fault(
            "sequence.imported",
            what,
            "set `sequence.motions` to CSV, JSON or .glb files, or `sequence.imported` to 0",
        );
    }
}

/// Clips that end with their split, and motions that nothing plays.
fn short_clips(preset: &Preset, warn: Report) {
    let sequence = &preset.sequence;
    if sequence.imported <= 0.0 && !sequence.motions.is_empty() {
        let what = format!("{} motions, and `sequence.imported` is 0", sequence.motions.len());
        warn("sequence.motions", what, "set `sequence.imported` to the share of clips that play them");
    }
    for (n, split) in preset.split.iter().enumerate() {
        let rest = split.count.checked_rem(sequence.frames).unwrap_or(0);
        if rest > 0 {
            let what = format!("{} leaves {rest} frames to the last clip of {}", split.count, sequence.frames);
            warn(&format!("split.{n}.count"), what, "a multiple of `sequence.frames` makes whole clips");
        }
    }
}

fn shared_subjects(splits: &[Split], warn: Report) {
    for (n, later) in splits.iter().enumerate() {
        for earlier in &splits[..n] {
            let (from, to) = (later.subjects[0].max(earlier.subjects[0]), later.subjects[1].min(earlier.subjects[1]));
            if from < to {
                let what = format!("persons {from} to {} are also in split {:?}", to - 1, earlier.name);
                warn(
                    &format!("split.{n}.subjects"),
                    what,
                    "give each split its own persons, so that it tests on strangers",
                );
            }
        }
    }
}
