//! The report of runs whose errors are known: truth, perturbed.

use std::collections::BTreeMap;

use glam::{Quat, Vec2, Vec3};

use super::*;
use crate::camera::{Camera, Intrinsics, Lens};
use crate::dataset::{HandRecord, SampleLabel, SampleName};
use crate::label::Visibility;
use crate::math::RigidTransform;
use crate::metrics::Options;
use crate::report::draw::Canvas;
use crate::rig::{HandSide, LANDMARK_COUNT};
use crate::tracker::HandEstimate;

const CAMERA: Camera = Camera {
    intrinsics: Intrinsics { width: 320, height: 240, fx: 300.0, fy: 300.0, cx: 160.0, cy: 120.0 },
    lens: Lens::Pinhole,
    camera_from_world: RigidTransform::IDENTITY,
};

/// A flat hand: fingers fan out from the wrist.
fn hand(side: HandSide, at: Vec3, turn: f32, gesture: &str) -> HandRecord {
    let mut hand = HandRecord::unknown(if side == HandSide::Left { 1 } else { 2 });
    hand.side = Some(side);
    hand.gesture = gesture.to_owned();
    let turn = Quat::from_rotation_y(turn);
    hand.keypoints_camera_m = std::array::from_fn(|k| {
        let (digit, step) = if k == 0 { (0.0, 0.0) } else { (((k - 1) / 4) as f32 - 2.0, ((k - 1) % 4) as f32) };
        let point = if k == 0 { Vec3::ZERO } else { Vec3::new(0.02 * digit, -0.07 - 0.025 * step, 0.0) };
        Some(at + turn * point)
    });
    hand.visibility = [Visibility::Visible; LANDMARK_COUNT];
    hand.complete(Some(&CAMERA), 320, 240);
    hand
}

fn label(index: u64, clip: Option<(u64, u64)>, hands: Vec<HandRecord>) -> SampleLabel {
    let id = format!("{index:06}");
    let mut label = SampleLabel::captured(SampleName { index, id: &id, split: "test" }, 320, 240);
    label.k = Some(CAMERA.k_matrix());
    label.clip = clip.map(|c| c.0);
    label.frame = clip.map(|c| c.1);
    label.time_s = clip.map(|c| c.1 as f64 / 30.0);
    label.hands = hands;
    label
}

/// The truth, moved, with its fingertips moved on.
fn estimate(truth: &HandRecord, track: u32, shift_m: Vec3, tips_m: Vec3) -> HandEstimate {
    let keypoints_camera_m = std::array::from_fn(|k| {
        let tip = if k > 0 && k % 4 == 0 { tips_m } else { Vec3::ZERO };
        truth.keypoints_camera_m[k].map(|p| p + shift_m + tip)
    });
    HandEstimate {
        track,
        side: truth.side.unwrap_or(HandSide::Right),
        side_confidence: 0.9,
        confidence: 0.8,
        box_px: [100.0, 50.0, 120.0, 120.0],
        keypoints_px: keypoints_camera_m.map(|p: Option<Vec3>| CAMERA.project(p?)),
        keypoints_camera_m,
        keypoint_confidence: [0.9; LANDMARK_COUNT],
        metric: true,
        fit: None,
    }
}

fn record(label: &SampleLabel, hands: Vec<HandEstimate>) -> EstimateRecord {
    let latency_ms = BTreeMap::from([("model".to_owned(), 4.0), ("total".to_owned(), 5.0 + (label.index % 3) as f64)]);
    EstimateRecord {
        id: label.id.clone(),
        index: label.index,
        split: label.split.clone(),
        time_s: label.time_s.unwrap_or(0.0),
        latency_ms,
        hands,
        ..EstimateRecord::default()
    }
}

#[test]
fn a_known_error_is_reported_where_it_is() {
    let mut collector = Collector::new(Options::default());
    for k in 0..100 {
        // the left hand's tips are 10 mm off, the right one's 20 mm; every tenth right hand is missed
        let at = |x: f32| Vec3::new(x, 0.08, 0.6);
        let truth = label(
            k,
            None,
            vec![
                hand(HandSide::Left, at(-0.15), 0.2, if k % 2 == 0 { "fist" } else { "point" }),
                hand(HandSide::Right, at(0.15), 0.1 * (k % 7) as f32, "open_palm"),
            ],
        );
        let shift = Vec3::new(0.0, 0.003, 0.0);
        let mut hands = vec![estimate(&truth.hands[0], 0, shift, Vec3::new(0.0, 0.0, 0.010))];
        if k % 10 != 0 {
            hands.insert(0, estimate(&truth.hands[1], 1, shift, Vec3::new(0.0, 0.0, 0.020)));
        }
        let picture = Canvas::filled(320, 240, [90; 3]);
        collector.add(&record(&truth, hands), Some(&truth), Some(&picture)).unwrap();
    }
    let outcome = collector.finish();
    let s = &outcome.summary;
    let t = &s.tracks;
    assert_eq!((t.true_hands, t.found, t.missed, t.surplus), (200, 190, 10, 0));
    assert_eq!((t.side_accuracy, t.lost_tracks), (Some(1.0), None));
    let near =
        |value: Option<f64>, expected: f64| assert!((value.unwrap() - expected).abs() < 1e-3, "{value:?} {expected}");
    // five tips of 21 keypoints; seen from the root the shift is gone
    let mpjpe = (100.0 * 50.0 / 21.0 + 90.0 * 100.0 / 21.0) / 190.0;
    near(s.keypoints.root_relative.all.mpjpe_mm, mpjpe);
    near(s.keypoints.root_relative.parts_mm.fingertips, (100.0 * 10.0 + 90.0 * 20.0) / 190.0);
    near(s.keypoints.root_relative.joints_mm[3], 0.0);
    near(s.keypoints.absolute.joints_mm[0], 3.0);
    assert_eq!(s.keypoints.root_relative.all.pck_20, Some(1.0));
    let all = &s.keypoints.root_relative.all;
    near(all.auc_0_50_misses_count, all.auc_0_50.unwrap() * 190.0 / 200.0);
    near(s.latency["total"].p50_ms, 6.0);
    assert_eq!(s.fit.absolute.all.mpjpe_mm, None);
    let effects = outcome.effects();
    let side = effects.iter().position(|e| e.factor.name == "hand").unwrap();
    assert!(effects[side].explained > 0.99);
    assert_eq!(effects[side].bins[0].label, "right");
    assert_eq!(effects[side].bins[0].missed, 10);
    let html = outcome.page("a <model>", &[("source".into(), "out/seq".into())]).unwrap();
    assert!(html.contains("Fails most where") && html.contains("right"));
    assert!(html.contains("a &lt;model&gt;") && !html.contains("http") && !html.contains("<script"));
    assert_eq!(html.matches("<figure").count(), 50 + 10);
    assert!(table_text(s).contains("190 (95.0 %)"));
}

#[test]
fn what_a_wrong_side_costs_is_told_even_of_one_clip() {
    let page = |wrong: u64, tips_m: f32| {
        let mut collector = Collector::new(Options::default());
        for frame in 0..48_u64 {
            let at = Vec3::new(0.002 * frame as f32, 0.08, 0.6);
            let truth = label(frame, Some((3, frame)), vec![hand(HandSide::Right, at, 0.0, "fist")]);
            let mut found =
                estimate(&truth.hands[0], 0, Vec3::ZERO, Vec3::Z * if frame < wrong { tips_m } else { 0.01 });
            if frame < wrong {
                found.side = HandSide::Left;
            }
            let picture = Canvas::filled(320, 240, [90; 3]);
            collector.add(&record(&truth, vec![found]), Some(&truth), Some(&picture)).unwrap();
        }
        collector.finish().page("clip", &[]).unwrap()
    };
    let html = page(13, 0.02);
    // five tips of 21 keypoints
    assert!(html.contains("taken for the other side: 4.8 mm against 2.4 mm where the side is correct (13 hands)"));
    assert!(!html.contains("No factor stands out"));
    assert_eq!(html.matches("taken for the other hand").count(), 13, "in the captions of the worst");
    assert!(page(13, 0.01).contains("No factor stands out"), "a wrong side that costs nothing is no finding");
    assert!(page(0, 0.0).contains("No factor stands out"));
}

#[test]
fn clips_tell_lost_tracks_switches_and_motion() {
    let mut collector = Collector::new(Options::default());
    for frame in 0..20_u64 {
        let at = Vec3::new(0.002 * frame as f32, 0.08, 0.6);
        let truth = label(frame, Some((3, frame)), vec![hand(HandSide::Right, at, 0.0, "")]);
        // x jumps by 1 mm to and fro: second difference 4 mm per frame², third 8 mm per frame³
        let jump = Vec3::new(0.0005 * if frame % 2 == 0 { 1.0 } else { -1.0 }, 0.0, 0.0);
        let track = u32::from(frame >= 15);
        let hands = if frame == 5 { Vec::new() } else { vec![estimate(&truth.hands[0], track, jump, Vec3::ZERO)] };
        collector.add(&record(&truth, hands), Some(&truth), None).unwrap();
    }
    let outcome = collector.finish();
    let s = &outcome.summary;
    assert_eq!((s.tracks.lost_tracks, s.tracks.identity_switches), (Some(1), Some(1)));
    let m = &s.keypoints.motion;
    assert!((m.acceleration_error_mm_per_frame2.unwrap() - 2.0).abs() < 1e-2, "{m:?}");
    assert!((m.jitter_m_s3.unwrap() - 0.004 * 27_000.0).abs() < 1.0, "{m:?}");
    assert!(s.truth_jitter_m_s3.unwrap() < 3.0);
    let html = outcome.page("clip", &[]).unwrap();
    assert_eq!(html.matches("class='lost'").count(), 1);
    let speed = FACTORS.iter().position(|f| f.name == "speed").unwrap();
    assert!(matches!(outcome.rows[4].factors[speed], Some(Value::Number(v)) if (v - 0.06).abs() < 1e-3));
}

#[test]
fn sets_without_space_have_pixels_only() {
    let mut collector = Collector::new(Options::default());
    for k in 0..30 {
        let mut truth = label(k, None, vec![hand(HandSide::Right, Vec3::new(0.0, 0.08, 0.6), 0.0, "")]);
        truth.hands[0].keypoints_camera_m = [None; LANDMARK_COUNT];
        let mut found = estimate(&hand(HandSide::Right, Vec3::new(0.0, 0.08, 0.6), 0.0, ""), 0, Vec3::ZERO, Vec3::ZERO);
        found.keypoints_px = found.keypoints_px.map(|p| p.map(|p| p + Vec2::new(3.0, 4.0)));
        collector.add(&record(&truth, vec![found]), Some(&truth), None).unwrap();
    }
    let outcome = collector.finish();
    assert_eq!(outcome.measure, Some(Measure::Pixels));
    assert!((outcome.summary.keypoints.pixels.epe_mean_px.unwrap() - 5.0).abs() < 1e-3);
    assert_eq!(outcome.summary.keypoints.absolute.all.mpjpe_mm, None);
    assert_eq!(outcome.summary.keypoints.aligned.all.auc_0_50_misses_count, None);
    assert!(outcome.page("2D", &[]).unwrap().contains("No factor stands out"));
}

#[test]
fn videos_without_truth_have_latency_and_jitter() {
    let mut collector = Collector::new(Options::default());
    let truth = label(0, None, vec![hand(HandSide::Right, Vec3::new(0.0, 0.08, 0.6), 0.0, "")]);
    for k in 0..10_u32 {
        let jump = Vec3::new(0.001 * f32::from(u8::from(k % 2 == 0)), 0.0, 0.0);
        let hands = vec![estimate(&truth.hands[0], 0, jump, Vec3::ZERO)];
        let record = EstimateRecord { time_s: f64::from(k) / 30.0, ..record(&truth, hands) };
        collector.add(&record, None, None).unwrap();
    }
    let outcome = collector.finish();
    let s = &outcome.summary;
    assert_eq!((s.frames, s.labelled_frames, s.tracks.precision, s.tracks.lost_tracks), (10, 0, None, None));
    assert!((s.keypoints.motion.jitter_m_s3.unwrap() - 0.004 * 27_000.0).abs() < 1.0);
    let html = outcome.page("video", &[]).unwrap();
    assert!(html.contains("Latency") && !html.contains("Where does it fail"));
}

#[test]
fn files_of_estimates_come_back_and_faults_name_their_line() {
    let truth = label(7, None, vec![hand(HandSide::Left, Vec3::new(0.1, 0.08, 0.6), 0.3, "")]);
    let mut found = estimate(&truth.hands[0], 2, Vec3::ZERO, Vec3::X);
    found.keypoints_px[3] = None;
    let record = record(&truth, vec![found]);
    let path = std::path::Path::new("estimates.jsonl");
    let mut writer = EstimatesWriter::new(Vec::new(), path, &EstimatesHeader::new("m.onnx", "out/seq")).unwrap();
    writer.write(&record).unwrap();
    let mut bytes = writer.finish().unwrap();
    let mut reader = EstimatesReader::new(bytes.as_slice(), path).unwrap();
    assert_eq!(reader.header().model, "m.onnx");
    assert_eq!(reader.next().unwrap().unwrap(), record);
    assert!(reader.next().is_none());
    bytes.truncate(bytes.len() - 20);
    let error = EstimatesReader::new(bytes.as_slice(), path).unwrap().next().unwrap().unwrap_err().to_string();
    assert!(error.contains("line 2") && error.contains("hint:"), "{error}");
    assert!(EstimatesReader::new(b"{}".as_slice(), path).unwrap_err().to_string().contains("line 1"));
    let mut coco = CocoResults::default();
    coco.add(&record).unwrap();
    let json: serde_json::Value = serde_json::from_slice(&coco.finish()).unwrap();
    assert_eq!(json[0]["image_id"], 7);
    assert_eq!(json[0]["hand_type"], "left");
    assert_eq!(json[0]["keypoints"].as_array().unwrap().len(), 63);
    assert_eq!(json[0]["keypoints"][9], 0.0);
    let x = record.hands[0].keypoints_px[0].unwrap().x - 0.5;
    assert!((json[0]["keypoints"][0].as_f64().unwrap() - f64::from(x)).abs() < 1e-3);
    assert_eq!(serde_json::from_slice::<Vec<u8>>(&CocoResults::default().finish()).unwrap(), Vec::<u8>::new());
}

#[test]
fn overlays_show_truth_and_estimate() {
    let truth = label(0, None, vec![hand(HandSide::Right, Vec3::new(0.0, 0.08, 0.6), 0.0, "")]);
    let found = estimate(&truth.hands[0], 0, Vec3::new(0.05, 0.0, 0.0), Vec3::ZERO);
    let canvas = overlay(&Canvas::filled(320, 240, [90; 3]), Some(&truth), std::slice::from_ref(&found));
    let middle = truth.hands[0].keypoints_px[11].unwrap();
    let bright = |p: Vec2| canvas.at(p).unwrap();
    assert!(bright(middle).iter().all(|v| *v > 180), "{:?}", bright(middle));
    assert_ne!(bright(found.keypoints_px[11].unwrap()), [90; 3]);
    let mut far = found;
    far.keypoints_px = [Some(Vec2::splat(f32::NAN)); LANDMARK_COUNT];
    overlay(&Canvas::filled(8, 8, [0; 3]), None, &[far]);
}
