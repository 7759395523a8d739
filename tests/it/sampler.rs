//! Scenes drawn from presets: anatomy of the poses, framing, independence of the streams.

use std::sync::Arc;

use glam::Vec3;
use handloom::assets::Assets;
use handloom::preset::{Choice, Distribution, Preset};
use handloom::rig::joint::FINGERS;
use handloom::rig::{Dof, HandPose, HandShape, Rig, RigMesh, Surface, skeleton};
use handloom::sampler::pose::{Flesh, PoseSampler, deepest_penetration};
use handloom::sampler::shape::ShapeSampler;
use handloom::sampler::{SampleError, SceneSampler};
use handloom::scene::Scene;
use handloom::sculpt::{RigSpec, Sex, Subject, capsules};
use handloom::seed::dataset_stream;

/// Skeleton, limits and capsules of the adult rig; no mesh.
fn rig() -> Rig {
    let spec = RigSpec::parse(include_str!("../../rigs/adult/rig.toml")).unwrap();
    let subject = Subject::mean(&spec, Sex::Male);
    Rig {
        name: "adult".to_owned(),
        mesh: RigMesh::default(),
        skeleton: handloom::sculpt::skeleton(&subject),
        shapes: Vec::new(),
        correctives: Vec::new(),
        limits: spec.limits(),
        capsules: capsules(&subject),
        skin: None,
        surface: Surface::default(),
    }
}

/// The rig that is built in, with its blend shapes.
fn shipped() -> Arc<Rig> {
    Assets::new().unwrap().open_rig("adult").unwrap()
}

fn sampler(change: impl FnOnce(&mut Preset)) -> SceneSampler {
    let mut preset = Preset::default();
    preset.split[0].count = 100_000;
    change(&mut preset);
    SceneSampler::new(preset, Arc::new(rig()), Vec::new()).unwrap()
}

fn in_hard_limits(rig: &Rig, pose: &HandPose) -> bool {
    pose.0.iter().zip(&rig.limits).all(|(a, l)| *a >= l.hard_rad[0] - 1e-6 && *a <= l.hard_rad[1] + 1e-6)
}

/// Poses of every family.
fn many_poses(rig: &Rig, count: u64) -> Vec<HandPose> {
    let flesh = Flesh::new(rig, &HandShape::default());
    let mut poses = Vec::new();
    for family in 0..5 {
        let mut preset = Preset::default().pose;
        let share = |k: usize| if k == family { 1.0 } else { 0.0 };
        [preset.gestures, preset.grasps, preset.synergies] = [0, 1, 2].map(share);
        [preset.coupled, preset.near_limit] = [3, 4].map(share);
        let sampler = PoseSampler::new(3, &preset, rig).unwrap();
        poses.extend((0..count).map(|n| sampler.sample(&flesh, [0, 500], &mut dataset_stream(9, "poses", n)).pose));
    }
    poses
}

#[test]
fn poses_are_anatomical() {
    let rig = rig();
    let max_m = Preset::default().pose.max_penetration_mm * 1e-3;
    for pose in many_poses(&rig, 500) {
        assert!(in_hard_limits(&rig, &pose), "{pose:?}");
        let (depth, pair) = deepest_penetration(&rig, &HandShape::default(), &pose);
        assert!(depth <= max_m, "{depth} {pair:?} {pose:?}");
        for (arch, mcp, share) in
            [(Dof::RingCmcFlexion, Dof::RingMcpFlexion, 0.12), (Dof::LittleCmcFlexion, Dof::LittleMcpFlexion, 0.22)]
        {
            let [low, high] = rig.limits[arch.index()].hard_rad;
            assert!((pose.get(arch) - (share * pose.get(mcp)).clamp(low, high)).abs() < 1e-5);
        }
        for digit in FINGERS {
            let [abduction, mcp, pip, dip] = Dof::finger(digit).unwrap();
            let follows = 0.67 * pose.get(pip);
            let [low, high] = rig.limits[dip.index()].hard_rad;
            let range = [follows - 50_f32.to_radians(), follows + 25_f32.to_radians()].map(|d| d.clamp(low, high));
            assert!(pose.get(dip) >= range[0] - 1e-5 && pose.get(dip) <= range[1] + 1e-5);
            if pose.get(mcp) > 85_f32.to_radians() {
                let [low, high] = rig.limits[abduction.index()].hard_rad;
                assert!(pose.get(abduction) > low.max(-0.2) && pose.get(abduction) < high.min(0.35) + 0.01);
            }
        }
    }
}

#[test]
fn poses_of_drawn_people_overlap_no_deeper_than_asked() {
    let rig = shipped();
    let preset = Preset::default();
    let max_m = preset.pose.max_penetration_mm * 1e-3;
    let people = ShapeSampler::new(3, &preset.shape, &rig).unwrap();
    let poses = PoseSampler::new(3, &preset.pose, &rig).unwrap();
    for n in 0..600 {
        let shape = people.subject(n).shape;
        let flesh = Flesh::new(&rig, &shape);
        let pose = poses.sample(&flesh, [0, 500], &mut dataset_stream(9, "poses", u64::from(n))).pose;
        let (depth, pair) = deepest_penetration(&rig, &shape, &pose);
        assert!(depth <= max_m, "{n}: {depth} {pair:?}");
        assert!(in_hard_limits(&rig, &pose), "{n}");
    }
}

#[test]
fn bones_keep_their_length_in_every_pose() {
    let rig = rig();
    let lengths = |pose: &HandPose| {
        let points = skeleton::landmarks(&rig.skeleton.hand_from_joint(pose));
        handloom::rig::joint::LANDMARK_PARENT
            .iter()
            .enumerate()
            .map(|(k, p)| (points[k] - points[*p]).length())
            .collect::<Vec<_>>()
    };
    let rest = lengths(&rig.skeleton.bind_pose);
    for pose in many_poses(&rig, 40) {
        for (k, (a, b)) in lengths(&pose).into_iter().zip(&rest).enumerate() {
            // wrist to ring and little MCP: the arch of the palm
            let slack = if [13, 17].contains(&k) { 0.004 } else { 2e-5 };
            assert!((a - b).abs() < slack, "{k} {a} {b}");
        }
    }
}

#[test]
fn actions_depend_on_seed_and_number_alone() {
    let rig = rig();
    let sampler = PoseSampler::new(3, &Preset::default().pose, &rig).unwrap();
    assert_eq!(sampler.action(7), sampler.action(7));
    let other = PoseSampler::new(4, &Preset::default().pose, &rig).unwrap();
    assert!((0..20).any(|n| sampler.action(n).pose != other.action(n).pose));
}

fn keypoints(rig: &Rig, scene: &Scene) -> Vec<Vec3> {
    let hands = scene.hands.iter().flat_map(|hand| {
        let points = skeleton::landmarks(&rig.shaped_skeleton(&hand.shape).hand_from_joint(&hand.pose));
        points.map(|p| {
            let mirrored = hand.side == handloom::rig::HandSide::Left;
            hand.world_from_wrist.point(if mirrored { handloom::math::mirror_x(p) } else { p })
        })
    });
    hands.collect()
}

#[test]
fn scenes_keep_what_the_preset_promises() {
    let sampler = sampler(|_| {});
    let (rig, camera) = (rig(), Preset::default().camera);
    let mut two = 0;
    for index in 0..600 {
        let scene = sampler.sample(index).unwrap();
        let points = keypoints(&rig, &scene);
        let inside = points.iter().filter(|p| {
            let pixel = scene.camera.project(scene.camera.camera_from_world.point(**p));
            pixel.is_some_and(|p| {
                p.x >= 0.0 && p.y >= 0.0 && p.x <= camera.width_px as f32 && p.y <= camera.height_px as f32
            })
        });
        assert!(inside.count() as f32 >= camera.min_in_frame * points.len() as f32, "{index}");
        let middle = points.iter().sum::<Vec3>() / points.len() as f32;
        assert!(middle.length() < 1e-4, "{middle}");
        if let [first, second] = scene.hands.as_slice() {
            two += 1;
            assert_ne!(first.side, second.side);
            assert_eq!((first.subject, &first.shape, first.skin), (second.subject, &second.shape, second.skin));
            assert!(hands_are_apart(&rig, &scene), "{index}");
        }
    }
    assert!((180..300).contains(&two), "{two}");
}

fn hands_are_apart(rig: &Rig, scene: &Scene) -> bool {
    let cones: Vec<_> = scene
        .hands
        .iter()
        .map(|hand| {
            let flesh = Flesh::new(rig, &hand.shape);
            flesh.cones_in_world(&flesh.skeleton.hand_from_joint(&hand.pose), hand.side, &hand.world_from_wrist)
        })
        .collect();
    cones[0].iter().all(|a| cones[1].iter().all(|b| a.gap(b).distance >= -0.00151))
}

#[test]
fn views_cover_the_sphere_evenly() {
    let sampler = sampler(|p| {
        p.hands.count = Choice::always(1);
        p.camera.elevation_deg = Distribution::Uniform { uniform: [-60.0, 60.0] };
    });
    // octants of the camera's direction seen from the hand: palm or back, radial or ulnar, distal or proximal
    let mut counts = [0_u32; 8];
    let samples = 4000;
    for index in 0..samples {
        let scene = sampler.sample(index).unwrap();
        let wrist = scene.hands[0].world_from_wrist;
        let camera_at = scene.camera.camera_from_world.inverse().translation_m;
        let view = wrist.rotation.conjugate() * camera_at;
        counts[usize::from(view.x > 0.0) + 2 * usize::from(view.y > 0.0) + 4 * usize::from(view.z > 0.0)] += 1;
    }
    // 500 each, deviation 21
    assert!(counts.iter().all(|c| (420..580).contains(c)), "{counts:?}");
}

#[test]
fn light_leaves_everything_else_as_it_was() {
    let (a, b) = (
        sampler(|_| {}),
        sampler(|p| {
            p.light.count = Choice::always(4);
            p.light.temperature_k = Distribution::Constant(3000.0);
            p.environment.intensity = Distribution::Constant(2.0);
        }),
    );
    for index in 0..20 {
        let (a, b) = (a.sample(index).unwrap(), b.sample(index).unwrap());
        assert_ne!(a.lights, b.lights);
        assert_eq!(
            (&a.hands, &a.camera, &a.background, &a.film, &a.sensor),
            (&b.hands, &b.camera, &b.background, &b.film, &b.sensor)
        );
    }
}

#[test]
fn the_same_index_gives_the_same_scene_and_files_keep_it() {
    let sampler = sampler(|_| {});
    for index in [0, 5, 63] {
        let scene = sampler.sample(index).unwrap();
        assert_eq!(scene, sampler.sample(index).unwrap());
        let text = toml::to_string(&scene).unwrap();
        assert_eq!(toml::from_str::<Scene>(&text).unwrap(), scene);
    }
}

#[test]
fn splits_follow_each_other_and_end() {
    let sampler = sampler(|p| {
        let mut second = p.split[0].clone();
        second.name = "evaluation".to_owned();
        (second.count, second.subjects, second.actions) = (5, [50, 52], [70, 71]);
        p.split[0].count = 10;
        p.split.push(second);
    });
    assert_eq!(sampler.split_of(9).unwrap().split, 0);
    let at = sampler.split_of(12).unwrap();
    assert_eq!((at.split, at.within), (1, 2));
    assert!((50..52).contains(&sampler.sample(12).unwrap().hands[0].subject));
    assert!(matches!(sampler.sample(15), Err(SampleError::OutOfRange { index: 15, count: 15 })));
}

#[test]
fn pictures_without_files_are_refused() {
    let mut preset = Preset::default();
    preset.background.pictures = 0.5;
    let error = SceneSampler::new(preset, Arc::new(rig()), Vec::new()).unwrap_err();
    assert!(error.to_string().contains("background.folder"), "{error}");
}

/// Costs, printed: `cargo test --test it -- --ignored sampler_costs --nocapture`.
#[test]
#[ignore = "a measurement"]
fn sampler_costs() {
    let rig = rig();
    let flesh = Flesh::new(&rig, &HandShape::default());
    let poses = PoseSampler::new(3, &Preset::default().pose, &rig).unwrap();
    let start = std::time::Instant::now();
    for n in 0..4000 {
        poses.sample(&flesh, [0, 500], &mut dataset_stream(9, "poses", n));
    }
    println!("pose with repair: {:.1} us", start.elapsed().as_secs_f64() * 1e6 / 4000.0);
    let sampler = sampler(|_| {});
    let start = std::time::Instant::now();
    for index in 0..4000 {
        sampler.sample(index).unwrap();
    }
    println!("scene: {:.1} us", start.elapsed().as_secs_f64() * 1e6 / 4000.0);
}
