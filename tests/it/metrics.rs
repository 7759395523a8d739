//! Metrics against numpy's and scipy's on the same numbers (`tests/peers/make_metrics.py`), and errors of meshes of the real rig.

use std::collections::BTreeMap;
use std::sync::Arc;

use glam::{Quat, Vec2, Vec3};
use handloom::assets::Assets;
use handloom::camera::{Camera, Intrinsics, Lens};
use handloom::dataset::{HandRecord, SampleLabel, SampleName};
use handloom::label::Visibility;
use handloom::math::{RigidTransform, mirror_x};
use handloom::metrics::mesh::{aligned_mesh_m, mesh_errors};
use handloom::metrics::{Evaluation, Moment, Options};
use handloom::rig::{HandPose, HandShape, HandSide, LANDMARK_COUNT, skeleton};
use handloom::tracker::{HandEstimate, HandFit};
use serde_json::Value;

fn numbers(value: &Value) -> Vec<f32> {
    value.as_array().map_or_else(Vec::new, |list| list.iter().map(|v| v.as_f64().unwrap() as f32).collect())
}

fn vec3(value: &Value) -> Option<Vec3> {
    (!value.is_null()).then(|| Vec3::from_slice(&numbers(value)))
}

fn vec2(value: &Value) -> Option<Vec2> {
    (!value.is_null()).then(|| Vec2::from_slice(&numbers(value)))
}

fn case() -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/metrics/case.json");
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn label(case: &Value, k: usize) -> SampleLabel {
    let mut hand = HandRecord::unknown(1);
    hand.side = Some(HandSide::Right);
    hand.keypoints_camera_m = std::array::from_fn(|j| vec3(&case["truth_m"][k][j]));
    hand.keypoints_px = std::array::from_fn(|j| vec2(&case["truth_px"][k][j]));
    hand.visibility = std::array::from_fn(|j| match case["visible"][k][j].as_bool() {
        Some(true) => Visibility::Visible,
        _ => Visibility::HiddenBySelf,
    });
    hand.complete(None, 640, 480);
    let mut label = SampleLabel::captured(SampleName { index: k as u64, id: "x", split: "test" }, 640, 480);
    (label.clip, label.frame) = (Some(0), Some(k as u64));
    label.time_s = Some(k as f64 / case["fps"].as_f64().unwrap());
    label.hands = vec![hand];
    label
}

fn unknown_estimate() -> HandEstimate {
    HandEstimate {
        track: 0,
        side: HandSide::Right,
        side_confidence: 1.0,
        confidence: 1.0,
        box_px: [0.0, 0.0, 100.0, 100.0],
        keypoints_px: [None; LANDMARK_COUNT],
        keypoints_camera_m: [None; LANDMARK_COUNT],
        keypoint_confidence: [1.0; LANDMARK_COUNT],
        metric: true,
        fit: None,
    }
}

fn estimate(case: &Value, k: usize) -> Option<HandEstimate> {
    let fit: [Option<Vec3>; LANDMARK_COUNT] = std::array::from_fn(|j| vec3(&case["fit_m"][k][j]));
    fit[0]?;
    Some(HandEstimate {
        track: case["track"][k].as_u64().unwrap() as u32,
        keypoints_px: std::array::from_fn(|j| vec2(&case["estimate_px"][k][j])),
        keypoints_camera_m: std::array::from_fn(|j| vec3(&case["estimate_m"][k][j])),
        fit: Some(HandFit {
            camera_from_hand: RigidTransform::IDENTITY,
            pose: HandPose::default(),
            shape: HandShape::default(),
            keypoints_camera_m: fit.map(Option::unwrap),
            residual_m: 0.0,
        }),
        ..unknown_estimate()
    })
}

/// Every number that is expected must be found at the same place.
fn compare(path: &str, expected: &Value, found: &Value, compared: &mut usize) {
    match expected {
        Value::Object(fields) => {
            fields.iter().for_each(|(name, value)| compare(&format!("{path}.{name}"), value, &found[name], compared));
        }
        Value::Array(list) => {
            assert_eq!(list.len(), found.as_array().map_or(0, Vec::len), "{path}");
            list.iter().enumerate().for_each(|(k, value)| compare(&format!("{path}[{k}]"), value, &found[k], compared));
        }
        _ => {
            let expected = expected.as_f64().unwrap();
            let found = found.as_f64().unwrap_or_else(|| panic!("{path} is {found}, expected {expected}"));
            assert!(
                (found - expected).abs() <= 1e-4 * expected.abs().max(1e-3),
                "{path}: {found}, expected {expected}"
            );
            *compared += 1;
        }
    }
}

fn moment<'a>(label: &'a SampleLabel, hands: &'a [HandEstimate], latency_ms: &'a BTreeMap<String, f64>) -> Moment<'a> {
    Moment { label: Some(label), time_s: 0.0, hands, latency_ms, starts_clip: false, refused: &[], broken_outputs: &[] }
}

#[test]
fn all_metrics_are_those_of_numpy() {
    let case = case();
    let mut evaluation = Evaluation::new(Options::default());
    for k in 0..case["truth_m"].as_array().unwrap().len() {
        let label = label(&case, k);
        let hands: Vec<HandEstimate> = estimate(&case, k).into_iter().collect();
        let latency_ms = &BTreeMap::new();
        evaluation.add(&moment(&label, &hands, latency_ms));
    }
    let found = serde_json::to_value(evaluation.summary()).unwrap();
    let mut compared = 0;
    compare("", &case["expected"], &found, &mut compared);
    assert!(compared > 2000, "{compared}");
}

#[test]
fn errors_of_meshes_are_those_of_scipy() {
    let case = &case()["mesh"];
    let mesh = |name: &str| -> Vec<Vec3> { case[name].as_array().unwrap().iter().map(|p| vec3(p).unwrap()).collect() };
    let (truth, estimate) = (mesh("truth"), mesh("estimate"));
    let aligned = aligned_mesh_m(&truth, &estimate).unwrap();
    for (name, estimate) in [("expected", &estimate), ("aligned", &aligned)] {
        let found = mesh_errors(&truth, estimate).unwrap();
        let found = serde_json::json!({ "mpvpe_mm": found.mpvpe_mm, "f": found.f });
        compare(name, &case[name], &found, &mut 0);
    }
}

#[test]
fn a_fit_that_is_the_truth_has_no_error_and_a_shifted_one_its_shift() {
    let assets = Assets::new().unwrap();
    assets.open_rig("adult").unwrap();
    let rig = assets.coarse_rig("adult").unwrap();
    for side in [HandSide::Left, HandSide::Right] {
        for shift_m in [0.0, 0.006] {
            let summary = fitted(&rig, side, shift_m);
            let mesh = summary.fit.mesh;
            assert!((mesh.mpvpe_mm.unwrap() - 1000.0 * f64::from(shift_m)).abs() < 1e-2, "{side:?} {mesh:?}");
            assert!(mesh.pa_mpvpe_mm.unwrap() < 1e-2 && mesh.pa_f_5 == Some(1.0));
            assert!((summary.fit.absolute.all.mpjpe_mm.unwrap() - 1000.0 * f64::from(shift_m)).abs() < 1e-2);
            assert_eq!(summary.keypoints.absolute.all.mpjpe_mm, None);
        }
    }
}

fn fitted(rig: &Arc<handloom::rig::Rig>, side: HandSide, shift_m: f32) -> handloom::metrics::EvaluationSummary {
    let place = RigidTransform::new(Quat::from_rotation_y(0.7), Vec3::new(0.02, 0.05, 0.5));
    let (mut pose, shape) = (HandPose::default(), HandShape(vec![0.5, -0.3]));
    pose.0[10] = 0.6;
    let frames = rig.shaped_skeleton(&shape).hand_from_joint(&pose);
    let seen = |t: RigidTransform| place * if side == HandSide::Left { t.mirrored_x() } else { t };
    let mirrored = |p: Vec3| place.point(if side == HandSide::Left { mirror_x(p) } else { p });
    let landmarks_m = skeleton::landmarks(&frames).map(mirrored);
    let camera = Camera {
        intrinsics: Intrinsics { width: 640, height: 480, fx: 500.0, fy: 500.0, cx: 320.0, cy: 240.0 },
        lens: Lens::Pinhole,
        camera_from_world: RigidTransform::IDENTITY,
    };
    let mut hand = HandRecord::unknown(1);
    hand.side = Some(side);
    hand.keypoints_camera_m = landmarks_m.map(Some);
    (hand.pose_rad, hand.shape) = (Some(pose), Some(shape.clone()));
    hand.camera_from_joint = Some(frames.map(seen));
    hand.complete(Some(&camera), 640, 480);
    let shift = Vec3::new(0.0, 0.0, shift_m);
    let fit = HandFit {
        camera_from_hand: RigidTransform::new(place.rotation, place.translation_m + shift),
        pose,
        shape,
        keypoints_camera_m: landmarks_m.map(|p| p + shift),
        residual_m: 0.0,
    };
    let found = HandEstimate { side, keypoints_px: hand.keypoints_px, fit: Some(fit), ..unknown_estimate() };
    let mut label = SampleLabel::captured(SampleName { index: 0, id: "x", split: "test" }, 640, 480);
    label.k = Some(camera.k_matrix());
    label.hands = vec![hand];
    let mut evaluation = Evaluation::new(Options { rig: Some(Arc::clone(rig)), ..Options::default() });
    evaluation.add(&moment(&label, &[found], &BTreeMap::new()));
    evaluation.summary()
}
