//! The tracker on drawn hands whose keypoints are coloured dots, which a network of plain operators surely finds.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use glam::{Quat, Vec2, Vec3};
use handloom::assets::Assets;
use handloom::camera::{Camera, Intrinsics, Lens};
use handloom::frame::Plane;
use handloom::math::RigidTransform;
use handloom::rig::joint::LANDMARK_PARENT;
use handloom::rig::skeleton::landmarks;
use handloom::rig::{Dof, HandPose, HandSide, LANDMARK_COUNT, Rig};
use handloom::tracker::model::{KeypointModel, RunSettings};
use handloom::tracker::smooth::Smoothing;
use handloom::tracker::{Place, Refusal, Shot, Tracked, Tracker, TrackerSettings, View};

/// The colours that the network knows, in the order of the keypoints.
fn hues() -> &'static [[u8; 3]] {
    static HUES: OnceLock<Vec<[u8; 3]>> = OnceLock::new();
    HUES.get_or_init(read_hues)
}

fn read_hues() -> Vec<[u8; 3]> {
    let text = std::fs::read_to_string(models().join("expected.json")).unwrap();
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    let byte = |value: &serde_json::Value| (value.as_f64().unwrap() * 255.0).round() as u8;
    let hue = |value: &serde_json::Value| [byte(&value[0]), byte(&value[1]), byte(&value[2])];
    json["hues"].as_array().unwrap().iter().map(hue).collect()
}

fn models() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/models")
}

fn rig() -> Arc<Rig> {
    let assets = Assets::new().unwrap();
    assets.open_rig("adult").unwrap();
    assets.coarse_rig("adult").unwrap()
}

fn tracker(settings: TrackerSettings) -> Tracker {
    let run = RunSettings::default();
    let model = KeypointModel::load(&models().join("heatmaps.toml"), &run).unwrap();
    let detector = model.detector(&run).unwrap();
    Tracker::new(model, detector, rig(), settings)
}

fn camera(size: u32, right_m: f32) -> Camera {
    let focal = size as f32;
    let (cx, cy) = (size as f32 / 2.0, size as f32 / 2.0);
    Camera {
        intrinsics: Intrinsics { width: size, height: size, fx: focal, fy: focal, cx, cy },
        lens: Lens::Pinhole,
        camera_from_world: RigidTransform::new(Quat::IDENTITY, Vec3::new(-right_m, 0.0, 0.0)),
    }
}

/// Keypoints of a spread right hand, palm to the camera, world frame (that of the first camera), metres.
fn hand(at_m: Vec3, bend_rad: f32) -> [Vec3; LANDMARK_COUNT] {
    let mut pose = HandPose::default();
    for (dof, angle) in
        [(Dof::IndexMcpAbduction, 0.15), (Dof::LittleMcpAbduction, -0.25), (Dof::RingMcpAbduction, -0.1)]
    {
        pose.set(dof, angle);
    }
    for dof in [Dof::IndexMcpFlexion, Dof::MiddleMcpFlexion, Dof::RingMcpFlexion, Dof::LittleMcpFlexion] {
        pose.set(dof, bend_rad);
    }
    pose.set(Dof::ThumbCmcFlexion, -0.3);
    // +Y distal is up in the picture, +Z palmar is towards the camera
    let camera_from_hand = RigidTransform::new(Quat::from_rotation_x(std::f32::consts::PI), at_m);
    landmarks(&rig().skeleton.hand_from_joint(&pose)).map(|p| camera_from_hand.point(p))
}

/// A black picture with a grey hand of thick bones and a disc in its own colour at every keypoint.
fn dots(camera: &Camera, hands: &[[Vec3; LANDMARK_COUNT]]) -> View {
    let (width, height) = (camera.intrinsics.width, camera.intrinsics.height);
    let mut rgb = Plane::filled(width, height, [0_u8; 3]);
    let radius = width as f32 * 0.018;
    for keypoints in hands {
        let seen = keypoints.map(|p| camera.project(camera.camera_from_world.point(p)).unwrap());
        let bones: Vec<(Vec2, Vec2)> = (1..LANDMARK_COUNT).map(|k| (seen[k], seen[LANDMARK_PARENT[k]])).collect();
        for (k, pixel) in rgb.data.iter_mut().enumerate() {
            let at = Vec2::new((k as u32 % width) as f32 + 0.5, (k as u32 / width) as f32 + 0.5);
            if bones.iter().any(|(a, b)| distance(at, *a, *b) < 1.6 * radius) {
                *pixel = [90; 3];
            }
            if let Some(k) = seen.iter().position(|p| p.distance(at) <= radius) {
                *pixel = hues()[k];
            }
        }
    }
    View { camera: *camera, calibrated: true, rgb: Some(rgb), grey: None, depth_z_m: None }
}

fn box_around(camera: &Camera, keypoints: &[Vec3; LANDMARK_COUNT]) -> [f32; 4] {
    let points = keypoints.map(|p| camera.project(camera.camera_from_world.point(p)).unwrap());
    let low = points.into_iter().fold(points[0], Vec2::min);
    let size = points.into_iter().fold(points[0], Vec2::max) - low;
    [low.x, low.y, size.x, size.y]
}

fn distance(p: Vec2, a: Vec2, b: Vec2) -> f32 {
    let along = ((p - a).dot(b - a) / (b - a).length_squared()).clamp(0.0, 1.0);
    p.distance(a + (b - a) * along)
}

fn shot(time_s: f64, size: u32, hands: &[[Vec3; LANDMARK_COUNT]]) -> Shot {
    Shot { time_s, views: vec![dots(&camera(size, 0.0), hands)] }
}

const MIDDLE: Vec3 = Vec3::new(0.0, 0.09, 0.45);

fn worst_px(tracked: &Tracked, nth: usize, camera: &Camera, truth: &[Vec3; LANDMARK_COUNT]) -> f32 {
    let hand = &tracked.hands[nth];
    let gap = |k: usize| hand.keypoints_px[k].unwrap().distance(camera.project(truth[k]).unwrap());
    (0..LANDMARK_COUNT).map(gap).fold(0.0, f32::max)
}

#[test]
fn a_hand_is_found_and_followed_in_one_picture() {
    let mut tracker = tracker(TrackerSettings::default());
    for frame in 0..8 {
        let truth = hand(MIDDLE + Vec3::X * 0.008 * frame as f32, 0.1);
        let shot = shot(f64::from(frame) / 30.0, 512, &[truth]);
        let tracked = tracker.step(&shot, None).unwrap();
        assert_eq!((tracked.hands.len(), tracked.lost.len()), (1, 0), "frame {frame}");
        assert_eq!(tracked.hands[0].track, 0);
        // a cell of the map is about 6 pixels
        let worst = worst_px(&tracked, 0, &shot.views[0].camera, &truth);
        assert!(worst < 6.0, "frame {frame}: {worst} px");
        let fit = tracked.hands[0].fit.as_ref().expect("pixels alone can be fitted");
        assert!(!tracked.hands[0].metric && fit.residual_m < 0.02, "{}", fit.residual_m);
    }
}

#[test]
fn two_views_of_one_hand_give_it_in_space_with_its_side() {
    let mut tracker = tracker(TrackerSettings::default());
    let mut last = Tracked::default();
    for frame in 0..10 {
        let truth = hand(MIDDLE + Vec3::Z * 0.006 * frame as f32, 0.3);
        let views = [camera(512, 0.0), camera(512, 0.08)].map(|camera| dots(&camera, &[truth])).to_vec();
        last = tracker.step(&Shot { time_s: f64::from(frame) / 30.0, views }, None).unwrap();
        assert_eq!(last.hands.len(), 1, "frame {frame}");
        let points = last.hands[0].keypoints_camera_m;
        let errors: Vec<f32> = points.iter().zip(&truth).filter_map(|(p, t)| Some((*p)?.distance(*t))).collect();
        assert_eq!(errors.len(), LANDMARK_COUNT, "frame {frame}");
        let mean = errors.iter().sum::<f32>() / 21.0;
        // half a cell of the map is 3 pixels: 15 mm of depth at this baseline
        assert!(mean < 0.015, "frame {frame}: {mean}");
    }
    assert!(last.hands[0].metric);
    assert_eq!(last.hands[0].side, HandSide::Right);
}

#[test]
fn hands_are_lost_and_found_again_under_a_new_number() {
    let mut tracker = tracker(TrackerSettings::default());
    let truth = hand(MIDDLE, 0.1);
    let mut numbers = Vec::new();
    for (frame, seen) in [true, true, false, false, true, true].into_iter().enumerate() {
        let hands = if seen { vec![truth] } else { Vec::new() };
        let tracked = tracker.step(&shot(frame as f64 / 30.0, 512, &hands), None).unwrap();
        numbers.push((tracked.hands.first().map(|hand| hand.track), tracked.lost));
    }
    let expected =
        [(Some(0), vec![]), (Some(0), vec![]), (None, vec![0]), (None, vec![]), (Some(1), vec![]), (Some(1), vec![])];
    assert_eq!(numbers, expected);
}

#[test]
fn gaps_in_time_and_changes_of_size_begin_anew() {
    let mut tracker = tracker(TrackerSettings::default());
    let truth = hand(MIDDLE, 0.1);
    let mut step = |time_s: f64, size: u32| {
        let tracked = tracker.step(&shot(time_s, size, &[truth]), None).unwrap();
        (tracked.hands[0].track, tracked.lost)
    };
    assert_eq!(step(0.0, 512), (0, vec![]));
    assert_eq!(step(0.03, 512), (0, vec![]));
    assert_eq!(step(3.0, 512), (1, vec![0]), "a gap of three seconds");
    assert_eq!(step(3.03, 384), (2, vec![1]), "another size");
    assert_eq!(step(1.0, 384), (3, vec![2]), "time that runs back");
}

#[test]
fn two_right_hands_are_two_right_hands() {
    let settings = TrackerSettings { hands: 2, ..TrackerSettings::default() };
    let mut tracker = tracker(settings);
    let hands = [hand(Vec3::new(-0.15, 0.09, 0.6), 0.1), hand(Vec3::new(0.15, 0.09, 0.6), 0.1)];
    let camera = camera(640, 0.0);
    let given: Vec<Place> =
        hands.iter().map(|hand| Place::in_box(box_around(&camera, hand), Some(HandSide::Right))).collect();
    for frame in 0..3 {
        let tracked = tracker.step(&shot(f64::from(frame) / 30.0, 640, &hands), Some(&given)).unwrap();
        assert_eq!(tracked.hands.iter().map(|h| h.track).collect::<Vec<_>>(), [0, 1]);
        for (nth, truth) in hands.iter().enumerate() {
            assert_eq!(tracked.hands[nth].side, HandSide::Right);
            let worst = worst_px(&tracked, nth, &camera, truth);
            assert!(worst < 8.0, "hand {nth}: {worst} px");
        }
    }
}

#[test]
fn pictures_without_hands_have_none() {
    let mut tracker = tracker(TrackerSettings::default());
    for frame in 0..3 {
        let tracked = tracker.step(&shot(f64::from(frame), 256, &[]), None).unwrap();
        assert!(tracked.hands.is_empty() && tracked.lost.is_empty());
    }
    assert!(tracker.step(&shot(9.0, 256, &[]), Some(&[])).unwrap().hands.is_empty());
    // a place outside the picture is no place
    let nowhere = Place::in_box([5000.0, 5000.0, 40.0, 40.0], None);
    let tracked = tracker.step(&shot(9.1, 256, &[]), Some(&[nowhere])).unwrap();
    assert!(tracked.hands.is_empty());
    assert_eq!(tracked.refused, [Refusal::NothingThere]);
    // and a black one holds no hand
    let black = Place::in_box([80.0, 80.0, 90.0, 90.0], None);
    let tracked = tracker.step(&shot(9.2, 256, &[]), Some(&[black])).unwrap();
    assert!(tracked.hands.is_empty() && tracked.refused.len() == 1, "{tracked:?}");
}

#[test]
fn a_hand_outside_the_second_picture_is_still_seen_in_the_first() {
    let mut tracker = tracker(TrackerSettings::default());
    let truth = hand(MIDDLE, 0.1);
    // the second camera stands two metres to the right
    let cameras = [camera(512, 0.0), camera(512, 2.0)];
    let views = vec![dots(&cameras[0], &[truth]), dots(&cameras[1], &[])];
    let boxes_px = cameras.map(|camera| box_around(&camera, &truth)).to_vec();
    let given = Place { boxes_px, ..Place::default() };
    let shot = Shot { time_s: 0.0, views };
    let tracked = tracker.step(&shot, Some(&[given])).unwrap();
    assert_eq!((tracked.hands.len(), tracked.refused.as_slice()), (1, &[][..]));
    let worst = worst_px(&tracked, 0, &cameras[0], &truth);
    assert!(worst < 6.0 && !tracked.hands[0].metric, "{worst} px");
}

#[test]
fn a_network_that_does_not_run_takes_no_time() {
    let mut tracker = tracker(TrackerSettings::default());
    let nowhere = Place::in_box([5000.0, 5000.0, 40.0, 40.0], None);
    let nothing = tracker.step(&shot(0.0, 256, &[]), Some(&[nowhere])).unwrap();
    assert!(nothing.times.crop + nothing.times.network < 1e-12);
    let somewhere = Place::in_box([80.0, 80.0, 90.0, 90.0], None);
    assert!(tracker.step(&shot(0.1, 256, &[]), Some(&[somewhere])).unwrap().times.network > 0.0);
}

#[test]
fn smoothing_quiets_a_resting_hand_in_the_picture() {
    let jitter = |smoothing| {
        let mut tracker = tracker(TrackerSettings { smoothing, fit: None, ..TrackerSettings::default() });
        let mut last: Option<Vec2> = None;
        let mut moved = 0.0;
        for frame in 0..12 {
            // a third of a cell to and fro
            let truth = hand(MIDDLE + Vec3::X * if frame % 2 == 0 { 0.002 } else { -0.002 }, 0.1);
            let tracked = tracker.step(&shot(f64::from(frame) / 30.0, 512, &[truth]), None).unwrap();
            let now = tracked.hands[0].keypoints_px[12].unwrap();
            moved += last.replace(now).map_or(0.0, |before| before.distance(now));
        }
        moved
    };
    let raw = jitter(Smoothing::None);
    let smooth = jitter(Smoothing::OneEuro { min_cutoff_hz: 1.0, beta: 0.0, derivative_cutoff_hz: 1.0 });
    assert!(raw > 10.0 && smooth < 0.5 * raw, "{raw} px raw, {smooth} px smoothed");
}

#[test]
fn a_shot_without_what_the_model_sees_is_told() {
    let mut tracker = tracker(TrackerSettings::default());
    let mut shot = shot(0.0, 256, &[]);
    shot.views[0].rgb = None;
    shot.views[0].depth_z_m = Some(Plane::filled(256, 256, 0.5));
    let error = tracker.step(&shot, None).unwrap_err().to_string();
    assert!(error.contains("looks at colour") && error.contains("only depth") && error.contains("hint:"), "{error}");
    shot.views.clear();
    assert!(tracker.step(&shot, None).is_err());
}

fn run(args: &[&str]) -> (String, std::process::ExitCode) {
    let mut out = Vec::new();
    let args = std::iter::once("handloom").chain(args.iter().copied()).map(std::ffi::OsString::from);
    let code = handloom::cli::run(args, &mut out);
    (String::from_utf8(out).unwrap(), code)
}

/// Bundled model, rendered hands, every file that is promised.
#[test]
fn the_bundled_model_is_judged_on_rendered_hands() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("run");
    let model = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/jgr-p2o");
    let track = |fail_if: &str| {
        let (model, out) = (model.to_str().unwrap(), out.to_str().unwrap());
        let source = ["jgr", "--split", "test", "--count", "16"];
        run(&[&["track", model][..], &source, &["--out", out, "--overlays", "3", "--fail-if", fail_if]].concat())
    };
    let (table, code) = track("detection_rate<0.8,auc<0.5");
    assert_eq!(code, std::process::ExitCode::SUCCESS, "{table}");
    assert!(table.contains("mpjpe") || table.contains("MPJPE"), "{table}");
    let lines = std::fs::read_to_string(out.join("estimates.jsonl")).unwrap();
    assert_eq!(lines.lines().count(), 17, "a header and 16 moments");
    for name in ["metrics.json", "coco_results.json"] {
        let json: serde_json::Value = serde_json::from_slice(&std::fs::read(out.join(name)).unwrap()).unwrap();
        assert!(json.is_object() || json.is_array(), "{name}");
    }
    assert!(std::fs::read_to_string(out.join("report.html")).unwrap().contains("jgr-p2o on jgr"));
    assert_eq!(std::fs::read_dir(out.join("overlays")).unwrap().count(), 3);
    assert!(std::fs::metadata(out.join("overlay.apng")).unwrap().len() > 1000);
    let (_, code) = track("auc<0.999");
    assert_eq!(code, std::process::ExitCode::from(1));
}

#[test]
fn what_cannot_be_tracked_is_told_before_anything_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("run");
    let out = out.to_str().unwrap();
    let heatmaps = models().join("heatmaps.toml");
    let heatmaps = heatmaps.to_str().unwrap();
    let failed = std::process::ExitCode::from(2);
    assert_eq!(run(&["track", "no/model", "quickstart", "--out", out]).1, failed);
    assert_eq!(run(&["track", heatmaps, "no/source", "--out", out]).1, failed);
    assert_eq!(run(&["track", heatmaps, "quickstart", "--out", out, "--fail-if", "aux<1"]).1, failed);
    assert_eq!(run(&["track", heatmaps, "camera:x", "--out", out]).1, failed);
    assert_eq!(run(&["track", heatmaps, "jgr", "--split", "no such", "--out", out]).1, failed);
    assert_eq!(run(&["track", heatmaps, "quickstart", "--out", out, "--rate-hz", "0"]).1, failed);
    assert!(!Path::new(out).exists());
}

/// `metrics.json` of a run.
fn metrics(out: &Path) -> serde_json::Value {
    serde_json::from_slice(&std::fs::read(out.join("metrics.json")).unwrap()).unwrap()
}

#[test]
fn a_model_whose_outputs_are_no_numbers_is_told_and_fails() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("run");
    let args = ["quickstart", "--count", "2", "--given", "boxes", "--out", out.to_str().unwrap()];
    let model = models().join("nan.toml");
    let (table, code) = run(&[&["track", model.to_str().unwrap()][..], &args].concat());
    assert_eq!(code, std::process::ExitCode::from(1));
    assert!(table.contains("held NaN or infinity"), "{table}");
    let metrics = metrics(&out);
    let broken = metrics["broken_outputs"].as_object().unwrap();
    assert!(broken.len() == 1 && broken.values().all(|count| *count == 2), "{broken:?}");
    assert!(metrics["refused"]["no_numbers"].as_u64().unwrap() >= 2, "{metrics}");
    let lines = std::fs::read_to_string(out.join("estimates.jsonl")).unwrap();
    assert_eq!(lines.lines().filter(|line| line.contains("\"broken_outputs\"")).count(), 2);
    assert!(std::fs::read_to_string(out.join("report.html")).unwrap().contains("held NaN or infinity"));
}

#[test]
fn pictures_without_labels_tell_what_can_be_known() {
    let folder = tempfile::tempdir().unwrap();
    let (pictures, out) = (folder.path().join("pictures"), folder.path().join("run"));
    std::fs::create_dir(&pictures).unwrap();
    std::fs::write(pictures.join("notes.txt"), "of the day").unwrap();
    for frame in 0..10 {
        // two frames without a hand
        let hands = if frame < 8 { vec![hand(MIDDLE + Vec3::X * 0.004 * frame as f32, 0.1)] } else { Vec::new() };
        let rgb = dots(&camera(256, 0.0), &hands).rgb.unwrap();
        let flat = rgb.data.iter().flatten().copied().collect();
        image::RgbImage::from_raw(256, 256, flat).unwrap().save(pictures.join(format!("{frame:03}.png"))).unwrap();
    }
    let (model, source) = (models().join("heatmaps.onnx"), pictures.to_str().unwrap());
    let model = model.to_str().unwrap();
    let (table, code) = run(&["track", model, source, "--fov-deg", "53.13", "--out", out.to_str().unwrap()]);
    assert_eq!(code, std::process::ExitCode::SUCCESS, "{table}");
    assert!(table.contains("Without labels") && table.contains("8 (80.0 %)"), "{table}");
    let metrics = metrics(&out);
    let alone = &metrics["alone"];
    assert_eq!((&alone["tracks"], &alone["lost_tracks"]), (&1.into(), &1.into()), "{alone}");
    assert!(alone["confidence_mean"].as_f64().is_some() && alone["jitter_px_per_frame3"].as_f64().is_some(), "{alone}");
    assert!(metrics["latency"]["total"]["p50_ms"].as_f64().is_some());
    let report = std::fs::read_to_string(out.join("report.html")).unwrap();
    assert!(report.contains("of frames have a hand") && report.contains("1 file that is no picture is skipped"));
    // a depth model sees nothing in them: no folder is made
    let depth = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/jgr-p2o");
    let none = folder.path().join("none");
    let (_, code) = run(&["track", depth.to_str().unwrap(), source, "--out", none.to_str().unwrap()]);
    assert_eq!(code, std::process::ExitCode::from(2));
    assert!(!none.exists());
}
