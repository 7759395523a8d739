//! Clips: what frames share, how hands move from one to the next, recorded motions, and what `check` finds.

use std::path::Path;
use std::sync::Arc;

use glam::Vec3;
use handloom::assets::Assets;
use handloom::check::{check_dataset, faults_between};
use handloom::dataset::{HandloomReader, SampleLabel};
use handloom::import::{motion_from_csv, motion_to_csv};
use handloom::math::{RigidTransform, mirror_x};
use handloom::preset::types::CameraMotion;
use handloom::preset::{Choice, Preset};
use handloom::rig::skeleton::{axis_angle, landmarks};
use handloom::rig::{DOFS, Dof, HandMotion, HandPose, HandSide, MotionKey, MotionTrack, Rig};
use handloom::sampler::SceneSampler;
use handloom::sampler::motion::timing::minimum_jerk;
use handloom::sampler::pose::Flesh;
use handloom::scene::{Scene, SceneHand};

/// Clips of 24 frames, 30 in a second.
const FRAMES: u64 = 24;

fn rig() -> Arc<Rig> {
    Assets::new().unwrap().open_rig("adult").unwrap()
}

fn preset() -> Preset {
    let mut preset = Preset::default();
    preset.sequence.frames = FRAMES;
    preset.split[0].count = 1000 * FRAMES;
    preset
}

fn sampler(rig: &Arc<Rig>, preset: Preset) -> SceneSampler {
    SceneSampler::new(preset, Arc::clone(rig), Vec::new()).unwrap()
}

fn clip(sampler: &SceneSampler, number: u64) -> Vec<Scene> {
    (number * FRAMES..(number + 1) * FRAMES).map(|k| sampler.sample(k).unwrap()).collect()
}

/// Landmarks of a hand in the world, metres.
fn keypoints(rig: &Rig, hand: &SceneHand) -> [Vec3; 21] {
    let frames = rig.shaped_skeleton(&hand.shape).hand_from_joint(&hand.pose);
    landmarks(&frames).map(|p| hand.world_from_wrist.point(if hand.side == HandSide::Left { mirror_x(p) } else { p }))
}

#[test]
fn a_frame_depends_on_preset_and_index_alone() {
    let rig = rig();
    let all = sampler(&rig, preset());
    let forward: Vec<Scene> = (0..3 * FRAMES).map(|k| all.sample(k).unwrap()).collect();
    for k in [71_u64, 3, 40, 24, 0, 47] {
        // another sampler, which has planned nothing before
        let scene = sampler(&rig, preset()).sample(k).unwrap();
        assert_eq!(scene, forward[k as usize], "{k}");
    }
    let fresh = sampler(&rig, preset());
    let scenes: Vec<Scene> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..3 * FRAMES).rev().map(|k| (k, fresh.clone())).collect();
        let threads: Vec<_> = threads.into_iter().map(|(k, s)| scope.spawn(move || s.sample(k).unwrap())).collect();
        threads.into_iter().rev().map(|t| t.join().unwrap()).collect()
    });
    assert_eq!(scenes, forward);
}

#[test]
fn frames_share_all_but_what_moves() {
    let rig = rig();
    let mut preset = preset();
    preset.sequence.camera = Choice::always(CameraMotion::Still);
    let sampler = sampler(&rig, preset);
    for number in 0..4 {
        let scenes = clip(&sampler, number);
        for (k, scene) in scenes.iter().enumerate() {
            let place = scene.clip.unwrap();
            assert_eq!((place.clip, place.frame), (number, k as u64));
            assert!((place.time_s - k as f64 / 30.0).abs() < 1e-12);
            let mut same = scene.clone();
            same.clip = scenes[0].clip;
            for (hand, first) in same.hands.iter_mut().zip(&scenes[0].hands) {
                (hand.pose, hand.world_from_wrist) = (first.pose, first.world_from_wrist);
                hand.gesture.clone_from(&first.gesture);
            }
            assert_eq!(same, scenes[0], "clip {number}, frame {k}");
        }
    }
    assert_ne!(clip(&sampler, 0)[0].background, clip(&sampler, 1)[0].background);
}

#[test]
fn the_last_clip_of_a_split_may_be_short_and_clips_keep_to_their_split() {
    let rig = rig();
    let mut preset = preset();
    let second = handloom::preset::types::Split { name: "test".to_owned(), count: 30, ..preset.split[0].clone() };
    preset.split[0].count = 50;
    preset.split.push(second);
    let sampler = sampler(&rig, preset);
    let place = |index: u64| {
        let clip = sampler.sample(index).unwrap().clip.unwrap();
        (clip.clip, clip.frame)
    };
    assert_eq!([0, 23, 24, 48, 49].map(place), [(0, 0), (0, 23), (1, 0), (2, 0), (2, 1)]);
    assert_eq!([50, 73, 74, 79].map(place), [(3, 0), (3, 23), (4, 0), (4, 5)]);
    assert!(sampler.sample(80).is_err());
}

/// Largest step (metres, over frames), acceleration (m/s²), overlap of flesh (metres) within and between hands.
struct Worst {
    step_m: f32,
    acceleration: f32,
    own_m: f32,
    other_m: f32,
}

fn worst(rig: &Rig, scenes: &[Scene]) -> Worst {
    let mut worst = Worst { step_m: 0.0, acceleration: 0.0, own_m: 0.0, other_m: 0.0 };
    let flesh = Flesh::new(rig, &scenes[0].hands[0].shape);
    for scene in scenes {
        let mut cones = Vec::new();
        for hand in &scene.hands {
            let frames = flesh.skeleton.hand_from_joint(&hand.pose);
            cones.push(flesh.cones_in_world(&frames, hand.side, &hand.world_from_wrist));
            worst.own_m = worst.own_m.max(flesh.deepest(&hand.pose).map_or(0.0, |c| c.depth_m));
            for (angle, limit) in hand.pose.0.iter().zip(&rig.limits) {
                assert!(*angle >= limit.hard_rad[0] - 1e-5 && *angle <= limit.hard_rad[1] + 1e-5);
            }
        }
        if let [a, b] = cones.as_slice() {
            let depths = a.iter().flat_map(|x| b.iter().map(|y| -x.gap(y).distance));
            worst.other_m = depths.fold(worst.other_m, f32::max);
        }
    }
    for hand in 0..scenes[0].hands.len() {
        let points: Vec<[Vec3; 21]> = scenes.iter().map(|s| keypoints(rig, &s.hands[hand])).collect();
        for k in 0..21 {
            for pair in points.windows(2) {
                worst.step_m = worst.step_m.max(pair[0][k].distance(pair[1][k]));
            }
            for three in points.windows(3) {
                let bend = three[0][k] + three[2][k] - three[1][k] * 2.0;
                worst.acceleration = worst.acceleration.max(bend.length() * 900.0);
            }
        }
    }
    worst
}

#[test]
fn hands_move_smoothly_within_limits_and_through_nothing() {
    let rig = rig();
    let sampler = sampler(&rig, preset());
    let mut accelerations = Vec::new();
    let mut steps = Vec::new();
    for number in 0..60 {
        let found = worst(&rig, &clip(&sampler, number));
        assert!(found.own_m <= 1.5e-3, "clip {number}: {} m", found.own_m);
        assert!(found.other_m <= 1.5e-3 + 1e-6, "clip {number}: {} m between the hands", found.other_m);
        assert!(found.step_m < 0.12 && found.acceleration < 120.0, "clip {number}: {} m", found.step_m);
        steps.push(found.step_m);
        accelerations.push(found.acceleration);
    }
    steps.sort_by(f32::total_cmp);
    accelerations.sort_by(f32::total_cmp);
    println!("largest step of a clip: median {} m, most {} m", steps[30], steps[59]);
    println!("largest acceleration of a clip: median {}, most {} m/s2", accelerations[30], accelerations[59]);
    // hands do move
    assert!(steps[30] > 0.004);
}

#[test]
fn the_camera_keeps_every_frame_in_the_picture() {
    let rig = rig();
    let preset = preset();
    let needed = preset.camera.min_in_frame;
    let sampler = sampler(&rig, preset);
    for number in 0..20 {
        for scene in clip(&sampler, number) {
            let points: Vec<Vec3> = scene.hands.iter().flat_map(|hand| keypoints(&rig, hand)).collect();
            let inside = points.iter().filter(|p| {
                let pixel = scene.camera.project(scene.camera.camera_from_world.point(**p));
                pixel.is_some_and(|p| p.cmpge(glam::Vec2::ZERO).all() && p.max_element() <= 320.0)
            });
            assert!(inside.count() as f32 >= needed * points.len() as f32, "clip {number}");
        }
    }
}

#[test]
fn a_moving_camera_moves_smoothly_and_a_still_one_not() {
    let rig = rig();
    for kind in [CameraMotion::Still, CameraMotion::Drift, CameraMotion::Sway] {
        let mut preset = preset();
        preset.sequence.camera = Choice::always(kind);
        let sampler = sampler(&rig, preset);
        let at: Vec<Vec3> =
            clip(&sampler, 2).iter().map(|s| s.camera.camera_from_world.inverse().translation_m).collect();
        let way: f32 = at.windows(2).map(|p| p[0].distance(p[1])).sum();
        let bend = at.windows(3).map(|p| (p[0] + p[2] - p[1] * 2.0).length()).fold(0.0, f32::max);
        assert_eq!(kind == CameraMotion::Still, way < 1e-9, "{kind:?} {way}");
        assert!(way < 0.5 && bend < 0.01, "{kind:?} {way} {bend}");
    }
}

/// A hand that waves from the elbow, then closes to a pinch: the example in `presets/motion/wave.csv`.
fn wave() -> MotionTrack {
    let key = |k: usize| {
        let t = k as f32 / 30.0;
        let waving = minimum_jerk(t / 0.8) * (1.0 - minimum_jerk((t - 2.4) / 0.8));
        let swing = waving * 0.3 * libm::sinf(std::f32::consts::TAU * 1.5 * t);
        let close = minimum_jerk((t - 2.9) / 0.7);
        let mut pose = HandPose::default();
        let mut set = |dof: Dof, open: f32, closed: f32| pose.set(dof, (open + (closed - open) * close).to_radians());
        set(Dof::ThumbCmcAbduction, 20.0, 42.0);
        set(Dof::ThumbCmcFlexion, -8.0, 8.0);
        set(Dof::ThumbMcpFlexion, 2.0, 20.0);
        set(Dof::ThumbIpFlexion, 5.0, 25.0);
        for (digit, mcp, pip) in [
            (handloom::rig::Digit::Index, 42.0, 48.0),
            (handloom::rig::Digit::Middle, 30.0, 25.0),
            (handloom::rig::Digit::Ring, 25.0, 22.0),
            (handloom::rig::Digit::Little, 20.0, 20.0),
        ] {
            let [_, flexion, middle, last] = Dof::finger(digit).unwrap();
            set(flexion, 6.0, mcp);
            set(middle, 8.0, pip);
            set(last, 5.0, 0.67 * pip);
        }
        pose.set(Dof::WristDeviation, -0.1 + 0.35 * swing);
        let turn = axis_angle(Vec3::Z, swing);
        let wrist = Some(RigidTransform::new(turn, turn * (Vec3::Y * 0.26)));
        MotionKey { time_s: t, pose, wrist }
    };
    MotionTrack { side: None, keys: (0..=120).map(key).collect() }
}

#[test]
fn the_example_motion_is_what_is_written_here() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("presets/motion/wave.csv");
    let text = format!("# A hand that waves from the elbow, then closes to a pinch.\n{}", motion_to_csv(&wave()));
    if std::env::var_os("BLESS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &text).unwrap();
    }
    assert!(std::fs::read_to_string(&path).unwrap() == text, "run again with BLESS=1 to write {}", path.display());
}

#[test]
fn recorded_motions_are_played() {
    let rig = rig();
    let motion = motion_from_csv("wave", &motion_to_csv(&wave())).unwrap();
    let mut preset = preset();
    preset.sequence.imported = 1.0;
    let (sampler, outside) =
        SceneSampler::new(preset, Arc::clone(&rig), Vec::new()).unwrap().with_motions(vec![motion.clone()]);
    assert_eq!(outside, [0]);
    for number in 0..12 {
        let scenes = clip(&sampler, number);
        let found = worst(&rig, &scenes);
        assert!(found.own_m <= 1.5e-3 && found.step_m < 0.1, "clip {number}: {} {}", found.own_m, found.step_m);
        for hand in scenes.iter().flat_map(|s| &s.hands) {
            assert!(hand.gesture == "wave" || scenes[0].hands.len() == 2, "{}", hand.gesture);
        }
        if let [hand] = scenes[0].hands.as_slice() {
            // the clip is a piece of the recording: there is a start from which all frames fit
            let misfit = |start: f32| {
                let frame = |(k, scene): (usize, &Scene)| {
                    let key = motion.tracks[0].at(start + k as f32 / 30.0).unwrap();
                    let dofs = DOFS.into_iter().filter(|d| d.joint().digit() == Some(handloom::rig::Digit::Index));
                    dofs.map(|d| (key.pose.get(d) - scene.hands[0].pose.get(d)).abs()).fold(0.0, f32::max)
                };
                scenes.iter().enumerate().map(frame).fold(0.0, f32::max)
            };
            let best = (0..=330).map(|k| misfit(0.01 * k as f32)).fold(f32::INFINITY, f32::min);
            assert!(best < 0.02, "clip {number}, {:?}: {best} rad", hand.side);
        }
    }
}

#[test]
fn a_recording_shorter_than_the_clip_returns_to_its_start() {
    let rig = rig();
    let mut short = wave();
    short.keys.truncate(16);
    let mut preset = preset();
    preset.sequence.frames = 120;
    preset.sequence.imported = 1.0;
    preset.hands.count = Choice::always(1);
    let motions = vec![HandMotion { name: "short".to_owned(), tracks: vec![short] }];
    let (sampler, _) = SceneSampler::new(preset, Arc::clone(&rig), Vec::new()).unwrap().with_motions(motions);
    let scenes: Vec<Scene> = (0..120).map(|k| sampler.sample(k).unwrap()).collect();
    let found = worst(&rig, &scenes);
    assert!(found.step_m < 0.05, "{}", found.step_m);
}

fn handloom(args: &[&str]) -> std::process::Output {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_handloom"));
    command.args(args).current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap()
}

/// A dataset of two clips of six small frames.
fn generate(out: &str, more: &[&str]) {
    let mut args = vec!["generate", "sequence", "--count", "12", "--out", out];
    for set in ["sequence.frames=6", "camera.width_px=64", "camera.height_px=64", "camera.focal_px=80", "seed=4"] {
        args.extend(["--set", set]);
    }
    args.extend_from_slice(more);
    let output = handloom(&args);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn labels(folder: &Path) -> Vec<SampleLabel> {
    HandloomReader::open(folder).unwrap().samples().map(|s| s.unwrap().label).collect()
}

#[test]
fn clips_are_written_with_time_stamps_and_planted_faults_are_found() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("loose");
    generate(
        out.to_str().unwrap(),
        &["--set", "sequence.imported=0.5", "--set", "sequence.motions=[\"presets/motion/wave.csv\"]"],
    );
    let labels = labels(&out);
    let stamps: Vec<_> = labels.iter().map(|l| (l.clip.unwrap(), l.frame.unwrap())).collect();
    assert_eq!(stamps, (0..12).map(|k| (k / 6, k % 6)).collect::<Vec<_>>());
    assert!(labels.iter().all(|l| (l.time_s.unwrap() - l.frame.unwrap() as f64 / 30.0).abs() < 1e-9));
    let manifest = HandloomReader::open(&out).unwrap().manifest().unwrap().unwrap();
    assert_eq!(manifest.clips.map(|c| (c.frames, c.rate_hz.to_bits())), Some((6, 30.0_f32.to_bits())));
    let report = check_dataset(&out).unwrap();
    assert!(report.is_sound(), "{:?} {:?}", report.dataset, report.by_sample);

    // noise differs from frame to frame even where nothing moves
    let still = |label: &SampleLabel| label.scene.as_ref().unwrap().sensor;
    assert!(labels[..6].iter().all(|l| still(l) == still(&labels[0])));

    let rules = |change: fn(&mut SampleLabel)| {
        let mut changed = labels[3].clone();
        change(&mut changed);
        faults_between(&labels[2], &changed).into_iter().map(|f| f.message).collect::<Vec<_>>().join("; ")
    };
    assert_eq!(rules(|_| {}), "");
    assert!(
        rules(|l| l.hands[0].keypoints_camera_m[8].as_mut().unwrap().y += 0.3).contains("`index_tip` moves at"),
        "keypoint"
    );
    assert!(
        rules(|l| l.hands[0].pose_rad.as_mut().unwrap().set(Dof::RingPipFlexion, -4.0))
            .contains("`ring_pip_flexion` turns")
    );
    assert!(rules(|l| l.hands[0].subject = Some(99)).contains("the subject differs"));
    assert!(rules(|l| l.k.as_mut().unwrap()[0][0] += 1.0).contains("the camera matrix differs"));
    assert!(rules(|l| l.frame = Some(1)).contains("stands after frame 2"));
    assert!(rules(|l| l.scene.as_mut().unwrap().lights.clear()).contains("the light differs"));
    assert_eq!(rules(|l| l.clip = Some(7)), "");

    // the same in a dataset on disk
    let path = out.join("train/000003.json");
    let mut planted = labels[3].clone();
    planted.hands[0].subject = Some(99);
    std::fs::write(&path, planted.to_json().unwrap()).unwrap();
    let report = check_dataset(&out).unwrap();
    let found: Vec<_> = report.by_sample.iter().filter(|(_, f)| f.rule == "clip").map(|(id, _)| id.as_str()).collect();
    assert_eq!(found, ["000003", "000004"]);
}

#[test]
fn shards_threads_and_formats_hold_the_same_clips() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    let tar = ["--format", "tar", "--set", "output.samples_per_shard=5"];
    generate(&path("whole"), &[&tar[..], &["--threads", "1"]].concat());
    for part in ["2/2", "1/2"] {
        generate(&path("parts"), &[&tar[..], &["--shard", part]].concat());
    }
    for name in ["train-000000.tar", "train-000001.tar", "train-000002.tar"] {
        let bytes = |folder: &str| {
            let found = walk(Path::new(&path(folder))).into_iter().find(|p| p.ends_with(name)).unwrap();
            std::fs::read(found).unwrap()
        };
        assert!(bytes("whole") == bytes("parts"), "{name}");
    }
    let order: Vec<_> = labels(Path::new(&path("whole"))).iter().map(|l| (l.clip, l.frame)).collect();
    assert!(order.is_sorted());
    generate(&path("coco"), &["--format", "coco"]);
    let text = std::fs::read_to_string(folder.path().join("coco/annotations/train.json")).unwrap();
    let coco: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(coco["videos"].as_array().unwrap().len(), 2);
    let image = &coco["images"][8];
    assert_eq!((image["video_id"].as_u64(), image["frame_id"].as_u64()), (Some(1), Some(2)));
    assert!((image["time_s"].as_f64().unwrap() - 2.0 / 30.0).abs() < 1e-9);
}

fn walk(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] }).collect()
}

#[test]
fn faults_of_motions_are_told_together() {
    let folder = tempfile::tempdir().unwrap();
    let bad = folder.path().join("bad.csv");
    std::fs::write(&bad, "time_s,index_pip_flexion\n0,1\n1,x\n").unwrap();
    let motions = format!("sequence.motions=[\"nowhere.csv\", \"{}\", \"a.fbx\"]", bad.display());
    let out = folder.path().join("out").to_string_lossy().into_owned();
    let args =
        ["generate", "sequence", "--count", "2", "--out", &out, "--set", "sequence.imported=1", "--set", &motions];
    let output = handloom(&args);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success());
    for part in ["nowhere.csv", "line 3, column index_pip_flexion", "a.fbx"] {
        assert!(said.contains(part), "{part} not in {said}");
    }
    let said = String::from_utf8_lossy(&handloom(&args[..8]).stderr).into_owned();
    assert!(said.contains("sequence.motions` is empty"), "{said}");
}
