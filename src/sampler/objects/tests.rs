//! What is held is touched and not pierced, measured on the skinned mesh in the world; what hides says so in the labels.

use super::*;
use crate::assets::Assets;
use crate::check::{Exactness, faults};
use crate::dataset::{DepthFormat, OutputFormat, OutputSettings, Pictures, RgbFormat, SampleLabel, SampleName};
use crate::label::Visibility;
use crate::pipeline::Studio;
use crate::posed;
use crate::preset::load_text;
use crate::render::cpu::CpuRenderer;
use crate::rig::{DOFS, HandPart};
use crate::sampler::SceneSampler;
use crate::sampler::shape::ShapeSampler;
use crate::scene::Wear;
use crate::solid::distance;

fn rig() -> Arc<Rig> {
    Assets::new().unwrap().open_rig("adult").unwrap()
}

fn sampler(rig: &Arc<Rig>, text: &str) -> SceneSampler {
    let base =
        "format_version = 1\nsplit = [{ name = \"a\", count = 100000, subjects = [0, 50], actions = [0, 400] }]\n";
    let preset = load_text("test", &format!("{base}{text}"), &[]).unwrap().preset;
    SceneSampler::new(preset, Arc::clone(rig), Vec::new()).unwrap()
}

/// Least distance of each digit's and the palm's and arm's skin (thumb first; 5 palm, 6 arm) from solids, world.
fn gaps_m(positions_m: &[Vec3], rig: &Rig, solids: &[Solid], file: Option<&MeshFile>) -> [f32; 7] {
    let mut owner = vec![5_usize; positions_m.len()];
    for (triangle, part) in rig.mesh.triangles.iter().zip(&rig.mesh.triangle_part) {
        let group = match *part {
            p if p < 15 => usize::from(p / 3),
            p if p == HandPart::Arm.index() => 6,
            _ => 5,
        };
        for k in triangle {
            owner[*k as usize] = group;
        }
    }
    let mut least = [f32::INFINITY; 7];
    for (p, owner) in positions_m.iter().zip(owner) {
        for solid in solids {
            let local = solid.world_from_solid.inverse().point(*p);
            let gap = match (&solid.kind, file) {
                (SolidKind::Mesh { scale, .. }, Some(file)) => scale * file.field.distance(local / *scale),
                (kind, _) => distance(kind, local),
            };
            least[owner] = least[owner].min(gap);
        }
    }
    least
}

fn held_solids(scene: &Scene) -> Vec<Solid> {
    scene.solids.iter().filter(|s| s.class.holding_hand().is_some()).cloned().collect()
}

fn assert_held(scene: &Scene, rig: &Arc<Rig>, poses: &PoseSampler, file: Option<&MeshFile>) {
    let solids = held_solids(scene);
    let hand = solids[0].class.holding_hand().unwrap();
    let rigs = vec![Arc::clone(rig); scene.hands.len()];
    let mut bare = Scene { solids: Vec::new(), ..scene.clone() };
    bare.hands.iter_mut().for_each(|hand| hand.wear = Wear::default());
    let posed = posed::pose(&bare, &rigs).unwrap();
    let name = &scene.hands[usize::from(hand)].gesture;
    for (k, posed) in posed.hands.iter().enumerate() {
        let gaps = gaps_m(&posed.positions_m, rig, &solids, file);
        assert!(gaps.iter().all(|g| *g > -MOST_PENETRATION_M - 2e-5), "{name}: hand {k} sinks in: {gaps:?}");
        if k == usize::from(hand) {
            let fingers = gaps[1..5].iter().filter(|g| **g < CONTACT_M + 2e-5).count();
            let thumb = gaps[0] < CONTACT_M + 2e-5;
            assert!(thumb && fingers >= 1 || fingers >= 2, "{name} does not touch: {gaps:?}");
        } else {
            assert!(gaps.iter().all(|g| *g > -1e-3), "{name}: the other hand is inside: {gaps:?}");
        }
    }
    let mut kept = scene.hands[usize::from(hand)].pose;
    poses.repair().coupling().apply(&mut kept);
    for (dof, (a, b)) in DOFS.iter().zip(kept.0.iter().zip(scene.hands[usize::from(hand)].pose.0)) {
        assert!((a - b).abs() < 1e-4, "{name}: {} leaves limits or couplings: {b} instead of {a}", dof.name());
    }
    let flesh = Flesh::new(rig, &scene.hands[usize::from(hand)].shape);
    let overlap = flesh.deepest(&scene.hands[usize::from(hand)].pose).map_or(0.0, |c| c.depth_m);
    assert!(overlap < poses.repair().tolerance_m(&flesh) + 1e-3, "{name}: flesh overlaps by {overlap}");
}

fn poses(rig: &Rig) -> PoseSampler {
    let preset = load_text("test", "format_version = 1\n", &[]).unwrap().preset;
    PoseSampler::new(preset.seed, &preset.pose, rig).unwrap()
}

#[test]
fn things_are_touched_and_not_pierced_by_either_hand() {
    let rig = rig();
    let poses = poses(&rig);
    let mut held = 0;
    let mut names = std::collections::BTreeSet::new();
    for (count, samples) in [(1, 70), (2, 30)] {
        let sampler =
            sampler(&rig, &format!("[hands]\ncount = {count}\n[objects]\nheld = 1\n[occluders]\nshare = 0\n"));
        for index in 0..samples {
            let scene = sampler.sample(index).unwrap();
            assert_eq!(scene.hands.len(), count);
            if !held_solids(&scene).is_empty() {
                assert_held(&scene, &rig, &poses, None);
                held += 1;
                names.insert(held_solids(&scene)[0].name.clone());
            }
        }
    }
    assert!(held >= 80, "only {held} of 100 hands hold something");
    assert!(names.len() > 9, "{names:?}");
}

#[test]
fn an_empty_hand_that_should_hold_says_so() {
    let rig = rig();
    let scenes = |objects: &str| -> Vec<Scene> {
        let made = sampler(&rig, &format!("[hands]\ncount = 1\n[occluders]\nshare = 0\n[objects]\n{objects}\n"));
        (0..12).map(|index| made.sample(index).unwrap()).collect()
    };
    assert!(scenes("held = 0").iter().all(|scene| !scene.empty_handed));
    for grasp in ["palmar", "ventral", "fixed_hook"] {
        let scenes = scenes(&format!("held = 1\ngrasps = [\"{grasp}\"]"));
        assert!(scenes.iter().all(|scene| held_solids(scene).is_empty() == scene.empty_handed), "{grasp}");
        let empty = scenes.iter().filter(|scene| scene.empty_handed).count();
        assert!(empty <= 3, "{grasp}: {empty} of 12 are empty");
    }
}

#[test]
fn a_mesh_is_held_like_the_shape_it_is_of() {
    let rig = rig();
    let can = mesh(&SolidKind::Cylinder { radius_m: 30.0, length_m: 110.0, rounding_m: 2.0 });
    let file = MeshFile::new("can.obj".to_owned(), &can.positions_m, &can.triangles);
    let text = "[hands]\ncount = 1\n[occluders]\nshare = 0\n[objects]\nheld = 1\nmeshes = 1\nfolder = \"x\"\nmesh_size_m = 0.11\n\
                grasps = [\"large_diameter\", \"precision_sphere\", \"medium_wrap\"]\n";
    let sampler = sampler(&rig, text).with_meshes(vec![file.clone()]);
    let mut held = 0;
    for scene in (0..12).map(|index| sampler.sample(index).unwrap()).filter(|s| !held_solids(s).is_empty()) {
        let SolidKind::Mesh { scale, bounds_m, .. } = held_solids(&scene)[0].kind.clone() else { panic!() };
        assert!((scale - 1e-3).abs() < 1e-5 && (bounds_m[1][1] - 0.055).abs() < 1e-4, "{scale} {bounds_m:?}");
        assert_held(&scene, &rig, &poses(&rig), Some(&file));
        held += 1;
    }
    assert!(held >= 8, "{held}");
}

#[test]
fn occluders_stand_between_and_leave_enough_in_sight_and_all_else_as_it_was() {
    let rig = rig();
    let with =
        |share: u8| sampler(&rig, &format!("[objects]\nheld = 0.5\n[occluders]\nshare = {share}\nmax_hidden = 0.3\n"));
    let (bare, hidden) = (with(0), with(1));
    let mut kinds = std::collections::BTreeSet::new();
    for index in 0..60 {
        let scene = hidden.sample(index).unwrap();
        let without = bare.sample(index).unwrap();
        let occluders: Vec<Solid> = scene.solids[without.solids.len()..].to_vec();
        assert_eq!(Scene { solids: without.solids.clone(), ..scene.clone() }, without);
        let posed = posed::pose(&without, &vec![Arc::clone(&rig); without.hands.len()]).unwrap();
        let eye = scene.camera.camera_from_world.inverse().translation_m;
        let away = |p: Vec3| {
            let each = occluders.iter().map(|s| distance(&s.kind, s.world_from_solid.inverse().point(p)));
            each.fold(f32::INFINITY, f32::min)
        };
        let keypoints: Vec<Vec3> = posed.hands.iter().flat_map(|h| h.landmarks_m).collect();
        let count = keypoints.iter().filter(|p| occluder::is_hidden(away, eye, **p)).count();
        assert!(count as f32 <= 0.3 * keypoints.len() as f32, "{count} of {}", keypoints.len());
        for p in posed.hands.iter().flat_map(|h| h.positions_m.iter().step_by(7)) {
            assert!(away(*p) > 0.0, "sample {index}: an occluder is in the flesh");
        }
        kinds.extend(occluders.into_iter().map(|s| s.name));
    }
    assert_eq!(kinds.len(), 4, "{kinds:?}");
}

/// A plate across the whole view, 10 cm in front of a hand: nothing of the hand is seen, and labels, ids and check agree.
#[test]
fn a_plate_in_front_hides_a_hand_from_its_labels() {
    let assets = Assets::new().unwrap();
    let rig = assets.open_rig("adult").unwrap();
    let sampler = sampler(&rig, "[hands]\ncount = 1\n[objects]\nheld = 0\n[occluders]\nshare = 0\n");
    let mut scene = sampler.sample(3).unwrap();
    let camera_from_world = scene.camera.camera_from_world;
    let nearest = camera_from_world.point(scene.hands[0].world_from_wrist.translation_m).z - 0.22;
    let in_camera = RigidTransform::new(glam::Quat::IDENTITY, Vec3::Z * nearest.max(0.1));
    let plate = Solid {
        name: "plate".to_owned(),
        class: SolidClass::Object,
        joined: false,
        kind: SolidKind::Box { size_m: [2.0, 2.0, 0.004], rounding_m: 0.001 },
        world_from_solid: camera_from_world.inverse() * in_camera,
        material: SurfaceMaterial::plain([0.4; 3], 0.6),
    };
    let studio = Studio { assets, renderer: Box::new(CpuRenderer::new()) };
    let output = OutputSettings {
        format: OutputFormat::Loose,
        samples_per_shard: 1,
        rgb: RgbFormat::Jpg,
        grey: false,
        depth: DepthFormat::Png,
        depth_unit_m: 1e-4,
        mask: true,
        instance: true,
    };
    let free = studio.shoot(0, scene.clone(), &output).unwrap();
    assert!(free.labels.hands[0].visibility.contains(&Visibility::Visible));
    scene.solids.push(plate);
    let sample = studio.shoot(0, scene, &output).unwrap();
    let hand = &sample.labels.hands[0];
    assert_eq!(hand.visible_px, 0);
    let legal = |v: &Visibility| matches!(v, Visibility::HiddenByObject | Visibility::OutsidePicture);
    assert!(hand.visibility.iter().all(legal), "{:?}", hand.visibility);
    assert!(sample.frame.instance.data.iter().all(|id| *id == 2) && sample.frame.part.data.iter().all(|id| *id == 0));
    let name = SampleName { index: 0, id: "a", split: "a" };
    let label = SampleLabel::new(name, &sample.scene, &sample.labels, None);
    assert_eq!((label.objects[0].instance, label.objects[0].name.as_str()), (2, "plate"));
    assert!(label.objects[0].size_m.abs_diff_eq(Vec3::new(2.0, 2.0, 0.004), 1e-6));
    assert!((label.objects[0].camera_from_object.translation_m.z - nearest.max(0.1)).abs() < 1e-5);
    let frame = sample.frame;
    let pictures = Pictures {
        part: Some(frame.part),
        instance: Some(frame.instance),
        depth_z_m: Some(frame.depth_z_m),
        ..Pictures::default()
    };
    let found = faults(&label, &pictures, Exactness::Rendered);
    assert!(found.is_empty(), "{found:?}");
}

/// How often a single try of each grasp succeeds, and what it costs.
#[test]
#[ignore = "prints statistics"]
fn success_of_grasps() {
    let rig = rig();
    let preset = load_text("test", "format_version = 1\n", &[]).unwrap().preset;
    let poses = poses(&rig);
    let shapes = ShapeSampler::new(preset.seed, &preset.shape, &rig).unwrap();
    let objects = ObjectSampler::new(&preset, &rig, &poses);
    for grasp in &poses.library().grasps {
        let (mut good, mut time) = (0, std::time::Duration::ZERO);
        let tries = 30;
        for n in 0..tries {
            let mut stream = SampleId { seed: 1, index: n }.stream("trial");
            let shape = shapes.subject(n as u32).shape;
            let flesh = Flesh::new(&rig, &shape);
            let begin = std::time::Instant::now();
            let Some((_, _, pieces)) = objects.thing(grasp, HandSide::Right, &mut stream) else { continue };
            let hold = objects.holder.hold((&flesh, &shape), (grasp, &HandPose::default()), &pieces, &mut stream);
            time += begin.elapsed();
            good += u32::from(hold.is_some());
        }
        let ms = time.as_secs_f32() * 1e3 / tries as f32;
        println!("{:24} {:?} {:?} {good}/{tries} {ms:.2} ms", grasp.shape.name, grasp.object.at, grasp.object.kind);
    }
}
