//! Analytic networks of `tests/data/models` (made by `tests/peers/make_models.py`), whose right answers are known.

use std::path::{Path, PathBuf};

use glam::{Vec2, Vec3};

use super::*;
use crate::camera::{Camera, Intrinsics, Lens};
use crate::crop::CropSettings;
use crate::frame::Plane;
use crate::math::RigidTransform;
use crate::tracker::patch::{Patch, Pixels, Region};
use crate::tracker::shot::View;

const SIZE: u32 = 64;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/models")
}

/// rten, and onnxruntime where it is there.
fn runtimes() -> Vec<RunSettings> {
    let ort = cfg!(feature = "ort") && std::env::var_os("ORT_DYLIB_PATH").is_some();
    let both = [(true, Runtime::Rten), (ort, Runtime::Ort)];
    both.into_iter().filter(|(there, _)| *there).map(|(_, runtime)| RunSettings { runtime, threads: 1 }).collect()
}

fn load(name: &str, settings: &RunSettings) -> KeypointModel {
    KeypointModel::load(&folder().join(format!("{name}.toml")), settings).unwrap_or_else(|error| panic!("{error}"))
}

#[derive(serde::Deserialize)]
struct Expected {
    hues: Vec<[f32; 3]>,
    points: Vec<Vec<Vec2>>,
    discs: Vec<Vec2>,
    outputs: std::collections::BTreeMap<String, Vec<ExpectedTensor>>,
}

#[derive(serde::Deserialize)]
struct ExpectedTensor {
    name: String,
    shape: Vec<usize>,
    step: usize,
    numbers: Vec<f32>,
}

fn expected() -> Expected {
    serde_json::from_str(&std::fs::read_to_string(folder().join("expected.json")).unwrap()).unwrap()
}

fn view(width: u32, height: u32) -> View {
    let (cx, cy) = (width as f32 / 2.0, height as f32 / 2.0);
    let intrinsics = Intrinsics { width, height, fx: 100.0, fy: 100.0, cx, cy };
    let camera = Camera { intrinsics, lens: Lens::Pinhole, camera_from_world: RigidTransform::IDENTITY };
    View { camera, calibrated: true, rgb: None, grey: None, depth_z_m: None }
}

/// A black picture with a disc of 5 pixels at each point.
fn dots(width: u32, height: u32, points: &[Vec2], hues: &[[f32; 3]]) -> View {
    let mut picture = Plane::filled(width, height, [0_u8; 3]);
    for (k, pixel) in picture.data.iter_mut().enumerate() {
        let centre = Vec2::new((k as u32 % width) as f32 + 0.5, (k as u32 / width) as f32 + 0.5);
        for (p, hue) in points.iter().zip(hues) {
            if centre.distance(*p) <= 2.5 {
                *pixel = hue.map(|x| (x * 255.0).round() as u8);
            }
        }
    }
    View { rgb: Some(picture), ..view(width, height) }
}

fn whole(size: u32) -> Region {
    Region::around_box([0.0, 0.0, size as f32, size as f32], 1.0, size, size)
}

fn colour(view: &View) -> Patch {
    Patch::colour(view, &whole(SIZE), SIZE, SIZE, false).unwrap()
}

/// Both pictures of `expected.json`.
fn pictures(expected: &Expected) -> Vec<Patch> {
    expected.points.iter().map(|points| colour(&dots(SIZE, SIZE, points, &expected.hues))).collect()
}

fn depth_patches(expected: &Expected) -> Vec<Patch> {
    let crop = |centre: &Vec2| {
        // the cube (200 mm at 500 mm, f = 160) fills the picture
        let mut view = view(SIZE, SIZE);
        (view.camera.intrinsics.fx, view.camera.intrinsics.fy) = (160.0, 160.0);
        let mut depth = Plane::filled(SIZE, SIZE, 0.0);
        for (k, z) in depth.data.iter_mut().enumerate() {
            let at = Vec2::new((k as u32 % SIZE) as f32 + 0.5, (k as u32 / SIZE) as f32 + 0.5);
            *z = if at.distance(*centre) <= 9.0 { 0.475 } else { 0.0 };
        }
        view.depth_z_m = Some(depth);
        let settings = CropSettings { cube_m: 0.2, size_px: SIZE, passes: 0 };
        Patch::depth(&view, Vec3::new(0.0, 0.0, 0.5), &settings, false).unwrap()
    };
    expected.discs.iter().map(crop).collect()
}

fn grey_pairs(expected: &Expected) -> Vec<Patch> {
    let dot = |p: &Vec2| {
        let white = dots(SIZE, SIZE, &[*p], &[[1.0; 3]]);
        Patch::grey(&white, &whole(SIZE), SIZE, SIZE, false).unwrap()
    };
    expected.points.iter().flat_map(|points| [dot(&points[0]), dot(&points[1])]).collect()
}

fn patches_of(name: &str, expected: &Expected) -> Vec<Patch> {
    match name {
        "offsets" | "anchors" => depth_patches(expected),
        "stereo" => grey_pairs(expected),
        "coordinates_fixed" => pictures(expected)[..1].to_vec(),
        _ => pictures(expected),
    }
}

#[test]
fn runtimes_give_the_numbers_of_onnxruntime() {
    let expected = expected();
    for settings in runtimes() {
        for (name, tensors) in &expected.outputs {
            let model = load(name, &settings);
            let patches = patches_of(name, &expected);
            let hands = patches.len() / model.spec.input.views();
            let found = model.runner.tensors(&patches, hands);
            for ((signature, tensor), wanted) in found.iter().zip(tensors) {
                assert_eq!((signature, &tensor.shape), (&wanted.name, &wanted.shape), "{name}");
                for (a, b) in tensor.data.iter().step_by(wanted.step).zip(&wanted.numbers) {
                    assert!((a - b).abs() < 2e-3, "{name} {}: {a} {b}", wanted.name);
                }
            }
        }
    }
}

fn near(found: Option<Vec3>, expected: Vec3, most: f32, what: &str) {
    let found = found.unwrap_or_else(|| panic!("{what}: nothing"));
    assert!((found - expected).abs().max_element() <= most, "{what}: {found}, expected {expected}");
}

/// What z is for a joint at a place.
type Depth = fn(usize, Vec2) -> f32;

#[test]
fn every_kind_of_colour_network_finds_the_dots() {
    let expected = expected();
    let along: Depth = |_, p| 0.1 * p.x / 64.0 - 0.05;
    let cases: [(&str, f32, Depth); 6] = [
        ("heatmaps", 0.26, |_, _| 0.0),
        ("coordinates", 0.05, along),
        ("coordinates_fixed", 0.05, along),
        ("simcc", 0.26, |_, _| 0.0),
        ("two_and_a_half", 1.01, |_, p| (p.x / 2.0).floor() * 0.01),
        ("volumes", 0.3, |k, _| 0.2 * ((k % 16) as f32 + 0.5) / 8.0 - 0.2),
    ];
    for settings in runtimes() {
        for (name, most, depth) in cases {
            let model = load(name, &settings);
            let predictions = model.predict(&pictures(&expected)).unwrap();
            assert_eq!(predictions.len(), 2);
            for (prediction, points) in predictions.iter().zip(&expected.points) {
                for keypoint in 0..LANDMARK_COUNT {
                    let joint = model.spec.output.joints.places[keypoint].unwrap();
                    let truth = points[joint].extend(depth(joint, points[joint]));
                    let z_off = (prediction.keypoints[keypoint].unwrap() - truth).z.abs();
                    near(prediction.keypoints[keypoint], truth, most, &format!("{name} {keypoint}"));
                    assert!(z_off < if name == "two_and_a_half" { 0.011 } else { 0.01 }, "{name} {keypoint}: {z_off}");
                    assert!(prediction.confidence[keypoint] > 0.3, "{name} {}", prediction.confidence[keypoint]);
                }
            }
        }
    }
}

/// Mean of the depth at the first pixel of each 4 x 4 cell, weighted by how much of the disc the cell holds.
fn surface_mean(patch: &Patch) -> f32 {
    let Pixels::Depth(plane) = &patch.pixels else { panic!("not depth") };
    let at = |x: u32, y: u32| plane.get(i64::from(x), i64::from(y)).unwrap();
    let cells = (0..SIZE / 4).flat_map(|y| (0..SIZE / 4).map(move |x| (4 * x, 4 * y)));
    let (sum, total) = cells.fold((0.0, 0.0), |(sum, total), (x, y)| {
        let weight: f32 = (0..16).map(|k| (0.5 - at(x + k % 4, y + k / 4)).max(0.0)).sum();
        (sum + weight * at(x, y), total + weight)
    });
    sum / total
}

#[test]
fn depth_networks_vote_for_the_disc() {
    let expected = expected();
    for settings in runtimes() {
        let patches = depth_patches(&expected);
        let offsets = load("offsets", &settings).predict(&patches).unwrap();
        let anchors = load("anchors", &settings).predict(&patches).unwrap();
        for (k, disc) in expected.discs.iter().enumerate() {
            for joint in [0, 7, 20] {
                let shift = 0.02 * joint as f32 * 64.0;
                // weights are means of 4 x 4 pixels: their centroid is the disc's
                let z = surface_mean(&patches[k]) + 0.1;
                near(offsets[k].keypoints[joint], Vec3::new(disc.x + shift, disc.y, z), 0.1, "offsets");
                assert!((offsets[k].keypoints[joint].unwrap().z - z).abs() < 1e-4, "surface");
                // anchors lie every 4 pixels; rows are moved by 1, columns by the joint's number
                let truth = Vec3::new(disc.x + joint as f32, disc.y + 1.0, -0.25);
                near(anchors[k].keypoints[joint], truth, 1.0, "anchors");
            }
        }
    }
}

#[test]
fn votes_of_depth_come_back_to_the_camera() {
    let expected = expected();
    let patch = &depth_patches(&expected)[1];
    // the disc's middle at 475 mm, seen by f = 160 with the principal point at 32
    let disc = expected.discs[1];
    let camera = Camera {
        intrinsics: Intrinsics { width: SIZE, height: SIZE, fx: 160.0, fy: 160.0, cx: 32.0, cy: 32.0 },
        ..view(SIZE, SIZE).camera
    };
    let point = patch.to_camera(&camera, disc.extend(-0.25)).unwrap();
    let truth = ((disc - 32.0) / 160.0 * 0.475).extend(0.475);
    assert!(point.distance(truth) < 1e-5, "{point} {truth}");
}

#[test]
fn stereo_networks_speak_of_each_view() {
    let expected = expected();
    for settings in runtimes() {
        let predictions = load("stereo", &settings).predict(&grey_pairs(&expected)).unwrap();
        assert_eq!(predictions.len(), 4);
        for (k, prediction) in predictions.iter().enumerate() {
            let truth = expected.points[k / 2][k % 2];
            near(prediction.keypoints[8], truth.extend(0.0), 0.01, "index tip");
            assert_eq!(prediction.keypoints.iter().flatten().count(), 1);
            // the network says the sum of the light, which is more than 9
            let (side, probability) = prediction.side.unwrap();
            assert_eq!(side, HandSide::Right);
            assert!(probability > 0.99);
        }
    }
}

#[test]
fn networks_of_bytes_and_of_one_hand_at_a_time_are_fed_so() {
    let white = dots(32, 32, &[Vec2::new(10.5, 20.5)], &[[1.0; 3]]);
    let patch = Patch::grey(&white, &whole(32), 32, 32, false).unwrap();
    let mirrored = Patch::grey(&white, &whole(32), 32, 32, true).unwrap();
    for settings in runtimes() {
        let model = load("bytes", &settings);
        let predictions = model.predict(&[patch.clone(), mirrored.clone(), patch.clone()]).unwrap();
        near(predictions[0].keypoints[0], Vec3::new(10.5, 20.5, 0.0), 0.01, "bytes");
        near(predictions[1].keypoints[0], Vec3::new(21.5, 20.5, 0.0), 0.01, "bytes mirrored");
        assert_eq!(predictions[0], predictions[2]);
        let back = mirrored.to_picture(predictions[1].keypoints[0].unwrap().truncate());
        assert!(back.distance(Vec2::new(10.5, 20.5)) < 0.01);
    }
}

#[test]
fn what_is_no_number_is_no_keypoint() {
    let expected = expected();
    for settings in runtimes() {
        for prediction in load("nan", &settings).predict(&pictures(&expected)).unwrap() {
            let broken_outputs = vec!["heat".to_owned()];
            assert_eq!(prediction, Prediction { broken_outputs, ..Prediction::nothing() });
        }
    }
}

#[test]
fn black_and_broken_pictures_give_defined_answers() {
    let black = colour(&dots(SIZE, SIZE, &[], &[]));
    let mut broken = black.clone();
    broken.pixels = Pixels::Colour(Plane::filled(SIZE, SIZE, [f32::NAN; 3]));
    for settings in runtimes() {
        for name in ["heatmaps", "coordinates", "simcc", "two_and_a_half", "volumes"] {
            let predictions = load(name, &settings).predict(&[black.clone(), broken.clone()]).unwrap();
            for (prediction, most) in predictions.iter().zip([if name == "coordinates" { 1.0 } else { 0.01 }, 1.0]) {
                for k in 0..LANDMARK_COUNT {
                    let known = prediction.keypoints[k].is_some_and(Vec3::is_finite);
                    assert!(known || prediction.confidence[k] == 0.0, "{name}");
                    assert!((0.0..=most).contains(&prediction.confidence[k]), "{name}: {}", prediction.confidence[k]);
                }
            }
        }
    }
}

#[test]
fn patches_of_another_kind_or_size_are_refused() {
    let model = load("heatmaps", &RunSettings::default());
    let picture = dots(SIZE, SIZE, &[], &[]);
    let small = Patch::colour(&picture, &whole(32), 32, 32, false).unwrap();
    let grey = Patch::grey(&picture, &whole(SIZE), SIZE, SIZE, false).unwrap();
    for patch in [small, grey] {
        let error = model.predict(&[patch]).unwrap_err().to_string();
        assert!(error.contains("the model takes 1 colour patch(es) of 64 x 64"), "{error}");
    }
    assert_eq!(model.predict(&[]).unwrap(), Vec::new());
}

/// A model of a `model.toml` text beside the test networks.
fn described(text: &str, settings: &RunSettings) -> Result<KeypointModel, ModelError> {
    KeypointModel::new(ModelSpec::parse(text, &folder().join("some.toml"))?, settings)
}

const COLOUR: &str = "[input]\nkind = \"colour\"\nwidth = 64\nheight = 64\n";

#[test]
fn what_the_network_has_is_held_against_what_is_said() {
    for settings in runtimes() {
        let heat = "weights = \"heatmaps.onnx\"\n";
        let cases = [
            (format!("{heat}{COLOUR}[output]\nkind = \"heatmaps\"\ntensor = \"haet\"\n"), "did you mean `heat`?"),
            (format!("{heat}{COLOUR}[output]\nkind = \"heatmaps\"\n"), "there are 2 outputs"),
            (
                format!("{heat}{COLOUR}[output]\nkind = \"heatmaps\"\ntensor = \"heat\"\njoints = \"icvl\"\n"),
                "expected [N, 16, h, w] for N = 1, found [1, 21, 64, 64]",
            ),
            (
                format!("{heat}{COLOUR}[output]\nkind = \"coordinates\"\ntensor = \"presence\"\n"),
                "expected [N, 21, 2] or [N, 42] for N = 1, found [1, 1]",
            ),
            (
                format!("{heat}{}[output]\nkind = \"heatmaps\"\ntensor = \"heat\"\n", COLOUR.replace("colour", "grey")),
                "expected [N, 1, 64, 64]",
            ),
            (
                format!("{heat}{COLOUR}tensor = \"picture\"\n[output]\nkind = \"heatmaps\"\ntensor = \"heat\"\n"),
                "input `picture` was expected",
            ),
        ];
        for (text, words) in cases {
            let Err(error) = described(&text, &settings) else { panic!("{text}") };
            let error = error.to_string();
            assert!(error.contains(words), "{words}: {error}");
            assert!(
                error.contains("`heat` f32") && error.contains("`image` f32") && error.contains("hint: "),
                "{error}"
            );
        }
    }
}

#[test]
fn all_faults_of_outputs_are_told_at_once() {
    let text = format!(
        "weights = \"heatmaps.onnx\"\n{COLOUR}[output]\nkind = \"heatmaps\"\ntensor = \"hot\"\n\
         confidence = {{ tensor = \"sure\" }}\nside = {{ tensor = \"hand\", first = \"left\" }}\n"
    );
    let error = described(&text, &RunSettings::default()).err().unwrap().to_string();
    for name in ["`hot`", "`sure`", "`hand`"] {
        assert!(error.contains(name), "{error}");
    }
}

#[test]
fn all_faults_of_a_description_are_told_at_once() {
    let text = "format_version = 2\nwieghts = \"x.onnx\"\n[input]\nkind = \"color\"\nwidth = 0\nstd = [1, 0, 1]\n\
                [output]\nkind = \"heatmap\"\nz = \"half_cubes\"\njoints = [\"wrist\", \"pinkie\"]\n";
    let error = described(text, &RunSettings::default()).err().unwrap();
    let ModelError::Spec { faults, .. } = &error else { panic!("{error}") };
    let keys: Vec<&str> = faults.iter().map(|fault| fault.key.as_str()).collect();
    assert!(
        ["format_version", "wieghts", "input.kind", "input.width", "input.height", "input.std", "output.kind"]
            .iter()
            .all(|key| keys.contains(key)),
        "{keys:?}"
    );
    let text = error.to_string();
    for words in [
        "did you mean `weights`?",
        "did you mean \"colour\"?",
        "did you mean \"heatmaps\"?",
        "some.toml: `input.width`",
    ] {
        assert!(text.contains(words), "{text}");
    }
}

/// Keys of all faults, in their order.
fn faults(text: &str) -> Vec<String> {
    match described(text, &RunSettings::default()).err().unwrap() {
        ModelError::Spec { faults, .. } => faults.into_iter().map(|fault| fault.key).collect(),
        other => panic!("{other}"),
    }
}

#[test]
fn a_fault_brings_no_other_faults_with_it_and_hides_none() {
    let depth = "[input]\nkind = \"depth\"\nwidth = 0\nheight = 96\ncube_mm = 250\n[output]\nkind = \"offsets\"\nweights = \"w\"\n";
    assert_eq!(faults(&format!("{depth}offsets = [\"x\", \"y\", \"z\"]\n")), ["input.width"]);
    assert_eq!(faults(&format!("{depth}offsets = 5\n")), ["input.width", "output.offsets"]);
    // a misspelt kind of input: what belongs to one of the kinds is not judged by another
    let misspelt = "[input]\nkind = \"dept\"\nwidth = 96\nheight = 96\nmean = [0.5]\ncube_mm = 250\n\
                    [output]\nkind = \"coordinates\"\nz = \"half_cubes\"\n";
    assert_eq!(faults(misspelt), ["input.kind"]);
    // and what is wrong for all of them is
    let wrong = misspelt.replace("cube_mm = 250", "cube_mm = 9\nstd = [1, 2]\nwdith = 3");
    assert_eq!(faults(&wrong), ["input.kind", "input.std", "input.cube_mm", "input.wdith"]);
    // a misspelt kind of output, with other faults beside it
    let output = |rest: &str| {
        faults(&format!("{COLOUR}[output]\nkind = \"heatmap\"\ntensor = \"heat\"\nrefine = \"dark\"\n{rest}"))
    };
    assert_eq!(output(""), ["output.kind"]);
    assert_eq!(
        output("joints = \"rdh\"\nroot = \"thumb\"\ncofidence = 1\n"),
        ["output.kind", "output.joints", "output.root", "output.cofidence"]
    );
    let detector = format!(
        "{COLOUR}[output]\nkind = \"heatmaps\"\n[detector]\nkind = \"boxs\"\nboxes = \"b\"\nclasses = [\"foot\"]\n"
    );
    assert_eq!(faults(&detector), ["detector.input", "detector.kind", "detector.classes"]);
    let detector = detector.replace("boxs", "boxes").replace("boxes = \"b\"", "boxes = 7");
    assert_eq!(faults(&detector), ["detector.input", "detector.boxes", "detector.scores", "detector.classes"]);
    // nothing that is wrong goes without a word
    let joints = |list: &str| faults(&format!("{COLOUR}[output]\nkind = \"heatmaps\"\njoints = {list}\n"));
    assert_eq!((joints("[]"), joints("[\"-\"]")), (vec!["output.joints".to_owned()], vec!["output.joints".to_owned()]));
}

#[test]
fn a_model_is_named_by_its_folder_its_description_or_its_weights() {
    let settings = RunSettings::default();
    let name = |path: &Path| KeypointModel::load(path, &settings).map(|model| model.spec().weights.clone());
    let weights = folder().join("heatmaps.onnx");
    assert_eq!(name(&weights).unwrap(), weights, "a description of the same name");
    let scratch = tempfile::tempdir().unwrap();
    let [first, second] = ["first.onnx", "second.onnx"].map(|name| scratch.path().join(name));
    for file in [&first, &second] {
        std::fs::copy(&weights, file).unwrap();
    }
    let error = name(&first).unwrap_err().to_string();
    assert!(error.contains("first.toml` and `") && error.contains("model.toml`") && error.contains("hint:"), "{error}");
    let toml = std::fs::read_to_string(folder().join("heatmaps.toml")).unwrap();
    let toml = toml.replace("heatmaps.onnx", "second.onnx");
    std::fs::write(scratch.path().join("model.toml"), &toml).unwrap();
    assert_eq!(name(&first).unwrap(), first, "the weights that were named, not those of the description");
    assert_eq!(name(scratch.path()).unwrap(), second);
    std::fs::write(scratch.path().join("first.toml"), "name = 3").unwrap();
    assert!(name(&first).unwrap_err().to_string().contains("first.toml"), "its own description comes first");
    assert_eq!(name(&scratch.path().join("model.toml")).unwrap(), second);
}

#[test]
fn outputs_that_are_no_numbers_are_named() {
    let expected = expected();
    for settings in runtimes() {
        let sound = load("heatmaps", &settings).predict(&pictures(&expected)).unwrap();
        assert!(sound.iter().all(|prediction| prediction.broken_outputs.is_empty()));
        let model = load("nan", &settings);
        let broken = model.predict(&pictures(&expected)).unwrap();
        let names: Vec<&str> = broken.iter().flat_map(|p| p.broken_outputs.iter().map(String::as_str)).collect();
        assert!(!names.is_empty(), "{broken:?}");
        let outputs: Vec<String> =
            model.runner.tensors(&pictures(&expected), 2).into_iter().map(|(name, _)| name).collect();
        assert!(names.iter().all(|name| outputs.iter().any(|output| output == name)), "{names:?} {outputs:?}");
    }
}

#[test]
fn missing_and_foreign_files_are_told() {
    let settings = RunSettings::default();
    let text = |error: ModelError| error.to_string();
    let missing = KeypointModel::load(&folder().join("none"), &settings).err().map(text).unwrap();
    assert!(
        missing.contains("looked for") && missing.contains("none/model.toml`") && missing.contains("hint:"),
        "{missing}"
    );
    let spec = format!("weights = \"none.onnx\"\n{COLOUR}[output]\nkind = \"heatmaps\"\n");
    let missing = described(&spec, &settings).err().map(text).unwrap();
    assert!(missing.contains("none.onnx: cannot read the weights"), "{missing}");
    for settings in runtimes() {
        let spec = format!("weights = \"expected.json\"\n{COLOUR}[output]\nkind = \"heatmaps\"\n");
        let foreign = described(&spec, &settings).err().map(text).unwrap();
        assert!(foreign.contains("expected.json: ") && foreign.contains("it is JSON"), "{foreign}");
    }
}

#[cfg(not(feature = "ort"))]
#[test]
fn a_runtime_that_is_not_there_is_told() {
    let settings = RunSettings { runtime: Runtime::Ort, threads: 1 };
    let error = KeypointModel::load(&folder().join("heatmaps.toml"), &settings).err().unwrap().to_string();
    assert!(error.contains("onnxruntime is not available") && error.contains("--features ort"), "{error}");
}

#[test]
fn corrupt_weights_never_stop_the_program() {
    let scratch = tempfile::tempdir().unwrap();
    let toml = std::fs::read_to_string(folder().join("heatmaps.toml")).unwrap();
    std::fs::write(scratch.path().join("model.toml"), toml.replace("heatmaps.onnx", "model.onnx")).unwrap();
    let sound = std::fs::read(folder().join("heatmaps.onnx")).unwrap();
    let patch = colour(&dots(SIZE, SIZE, &[], &[]));
    let mut refused = 0;
    let mut try_out = |bytes: &[u8]| {
        std::fs::write(scratch.path().join("model.onnx"), bytes).unwrap();
        match KeypointModel::load(scratch.path(), &RunSettings::default()) {
            Err(error) => {
                refused += 1;
                assert!(error.to_string().contains("model.onnx"), "{error}");
            }
            Ok(model) => drop(model.predict(std::slice::from_ref(&patch))),
        }
    };
    for k in 0..40 {
        try_out(&sound[..sound.len() * k / 40]);
    }
    let mut state = 1_u64;
    for _ in 0..250 {
        let mut bytes = sound.clone();
        for _ in 0..3 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let place = (state >> 33) as usize % bytes.len();
            bytes[place] ^= 1 << (state >> 61);
        }
        try_out(&bytes);
    }
    assert!(refused > 100, "{refused}");
}

#[test]
fn detectors_box_what_they_see() {
    let detect = |spec: &str, view: &View, settings: &RunSettings| {
        let text = format!(
            "weights = \"heatmaps.onnx\"\n{COLOUR}[output]\nkind = \"heatmaps\"\ntensor = \"heat\"\n[detector]\n{spec}"
        );
        let model = described(&text, settings).unwrap_or_else(|error| panic!("{error}"));
        model.detector(settings).unwrap_or_else(|error| panic!("{error}")).unwrap().detect(view).unwrap().hands
    };
    // 128 x 64: the network sees it at half size with 16 black rows above and below
    let mut picture = view(128, 64);
    let mut rgb = Plane::filled(128, 64, [0_u8; 3]);
    for (left, top, w, h) in [(16, 8, 24, 32), (80, 24, 16, 24)] {
        for k in 0..w * h {
            rgb.data[(top + k / w) * 128 + left + k % w] = [255; 3];
        }
    }
    picture.rgb = Some(rgb);
    let boxes = [[16.0, 8.0, 24.0, 32.0], [80.0, 24.0, 16.0, 24.0]];
    let close = |found: &Detection, k: usize, most: f32| {
        let off = found.box_px.iter().zip(boxes[k]).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(off <= most, "{found:?} {:?}", boxes[k]);
    };
    let input = "input = { kind = \"colour\", width = 64, height = 64 }\n";
    for settings in runtimes() {
        let rows =
            format!("kind = \"rows\"\nweights = \"detector_rows.onnx\"\nclasses = [\"left\", \"right\"]\n{input}");
        let found = detect(&rows, &picture, &settings);
        assert_eq!(found.len(), 2);
        assert_eq!([found[0].side, found[1].side], [Some(HandSide::Left), Some(HandSide::Right)]);
        (0..2).for_each(|k| close(&found[k], k, 2.01));
        let mask = format!("kind = \"mask\"\nweights = \"detector_mask.onnx\"\nactivation = \"softmax\"\n{input}");
        let mut found = detect(&mask, &picture, &settings);
        found.sort_by(|a, b| a.box_px[0].total_cmp(&b.box_px[0]));
        assert_eq!(found.len(), 2);
        (0..2).for_each(|k| close(&found[k], k, 4.01));
        let nhwc = input.replace("height = 64", "height = 64, layout = \"nhwc\"");
        let centres = format!(
            "kind = \"centres\"\nweights = \"detector_centres.onnx\"\nlayout = \"nhwc\"\nsize = 0.2\nleast_score = 0.8\n{nhwc}"
        );
        let found = detect(&centres, &picture, &settings);
        assert!(!found.is_empty());
        for hand in &found {
            let middle = Vec2::new(hand.box_px[0] + hand.box_px[2] / 2.0, hand.box_px[1] + hand.box_px[3] / 2.0);
            let inside = boxes
                .iter()
                .any(|b| middle.x > b[0] && middle.x < b[0] + b[2] && middle.y > b[1] && middle.y < b[1] + b[3]);
            assert!(inside, "{hand:?}");
        }
        assert_eq!(detect(&rows, &dots(128, 64, &[], &[]), &settings), Vec::new());
        assert_eq!(detect(&rows, &view(128, 64), &settings), Vec::new());
    }
}
