//! What hands wear fits the posed hand, and bodies stand where arms reach and cameras see past them.

use std::sync::Arc;

use glam::{Quat, Vec3};
use handloom::assets::Assets;
use handloom::math::RigidTransform;
use handloom::posed::{PosedHand, PosedScene, PosedSolid, pose};
use handloom::preset::Preset;
use handloom::preset::types::Wear as WearPreset;
use handloom::rig::joint::FINGERS;
use handloom::rig::{Dof, HandPart, HandShape, HandSide, Joint, Rig};
use handloom::sampler::SceneSampler;
use handloom::scene::{Arm, Glove, Ring, Scene, SceneHand, Sleeve, SurfaceMaterial, Wear};

use crate::synthetic::{hand, scene};

fn adult() -> Arc<Rig> {
    Assets::new().unwrap().open_rig("adult").unwrap()
}

fn steel() -> SurfaceMaterial {
    SurfaceMaterial::metal([0.5; 3], 0.3)
}

/// A hand that points up, its arm bent by a right angle, wearing something.
fn dressed(side: HandSide, wear: Wear) -> SceneHand {
    let world_from_wrist = RigidTransform::new(Quat::from_rotation_y(0.7), Vec3::new(0.05, 0.1, -0.6));
    let shoulder_m = Vec3::new(0.35, -0.15, -0.6);
    let shape = HandShape(vec![0.0; adult().shapes.len()]);
    SceneHand { wear, shape, arm: Some(Arm { shoulder_m }), ..hand(side, world_from_wrist) }
}

fn sleeve(share: f32, looseness_m: f32) -> Sleeve {
    Sleeve { share, looseness_m, folds: 1.0, cuff_m: 0.0, seed: 7, material: steel() }
}

/// Distance along a ray to a solid, if it is hit.
fn hit(solid: &PosedSolid, from: Vec3, along: Vec3) -> Option<f32> {
    let mesh = &solid.mesh;
    let crossings = mesh.triangles.iter().filter_map(|t| {
        let [a, b, c] = t.map(|k| mesh.positions_m[k as usize]);
        let (first, second) = (b - a, c - a);
        let across = along.cross(second);
        let inverse = 1.0 / first.dot(across);
        let (from_a, u) = (from - a, (from - a).dot(across) * inverse);
        let around = from_a.cross(first);
        let (v, t) = (along.dot(around) * inverse, second.dot(around) * inverse);
        (u >= 0.0 && v >= 0.0 && u + v <= 1.0 && t > 0.0).then_some(t)
    });
    crossings.min_by(f32::total_cmp)
}

/// Vertices of a hand's forearm with the way from the wrist.
fn forearm(hand: &PosedHand) -> Vec<(Vec3, Vec3, f32)> {
    let wrist = hand.world_from_joint[Joint::Wrist.index()].translation_m;
    let elbow = hand.world_from_joint[Joint::Forearm.index()].translation_m;
    let up = (elbow - wrist).normalize_or_zero();
    let mesh = &hand.rig.mesh;
    let mut is_arm = vec![false; hand.positions_m.len()];
    for (corners, part) in mesh.triangles.iter().zip(&mesh.triangle_part) {
        corners.iter().filter(|_| *part == HandPart::Arm.index()).for_each(|k| is_arm[*k as usize] = true);
    }
    let all = hand.positions_m.iter().zip(&hand.normals).zip(is_arm).filter(|(_, arm)| *arm);
    all.map(|((p, n), _)| (*p, *n, (*p - wrist).dot(up))).collect()
}

#[test]
fn no_skin_comes_through_a_sleeve() {
    let rig = adult();
    for (side, looseness_m) in [(HandSide::Right, 0.002), (HandSide::Left, 0.010)] {
        for twist in [-0.6, 0.0, 0.7] {
            let mut hand = dressed(side, Wear { sleeve: Some(sleeve(0.96, looseness_m)), ..Wear::default() });
            hand.pose.set(Dof::ForearmTwist, twist);
            let scene = scene(64, 100.0, vec![hand]);
            let posed = pose(&scene, &[Arc::clone(&rig)]).unwrap();
            let [cloth] = posed.solids.as_slice() else { panic!("{} solids", posed.solids.len()) };
            let skin = forearm(&posed.hands[0]);
            let covered = skin.iter().filter(|(_, _, way)| (0.035..0.30).contains(way)).step_by(5);
            let mut count = 0;
            for (p, n, way) in covered {
                let gap = hit(cloth, *p, *n);
                // rays from the crook of the elbow leave along the upper arm
                let most = if *way < 0.2 { 0.03 } else { f32::MAX };
                assert!(gap.is_some_and(|gap| gap < most), "{side:?} skin at {way} m from the wrist: {gap:?}");
                count += 1;
            }
            assert!(count > 200, "{count}");
            // the wrist itself is bare
            let bare = skin.iter().filter(|(_, _, way)| *way < 0.008).step_by(3);
            assert!(bare.clone().count() > 5);
            assert!(bare.into_iter().all(|(p, n, _)| hit(cloth, *p, *n).is_none_or(|gap| gap > 0.002)));
        }
    }
}

#[test]
fn rings_lie_on_their_fingers() {
    let rig = adult();
    for (side, bend) in [(HandSide::Right, 0.0), (HandSide::Left, 0.9)] {
        for digit in FINGERS {
            let ring =
                Ring { digit, share: 0.55, width_m: 0.004, thickness_m: 0.0015, stone_m: 0.0, material: steel() };
            let mut hand = dressed(side, Wear { rings: vec![ring], ..Wear::default() });
            for dof in [Dof::IndexMcpFlexion, Dof::MiddleMcpFlexion, Dof::RingMcpFlexion, Dof::LittleMcpFlexion] {
                hand.pose.set(dof, bend);
            }
            let scene = scene(64, 100.0, vec![hand]);
            let posed = pose(&scene, &[Arc::clone(&rig)]).unwrap();
            let part = HandPart::rhd_id(HandPart::Segment(digit, 2).index(), side);
            let found: Vec<_> = posed.solids.iter().filter(|s| s.part == part).collect();
            assert_eq!(found.len(), 1, "{digit:?}");
            assert_eq!(found[0].instance, 1);
            for p in &found[0].mesh.positions_m {
                let near = posed.hands[0].positions_m.iter().map(|q| q.distance(*p)).fold(f32::MAX, f32::min);
                assert!(near < 0.006, "{side:?} {digit:?}: {near} m from the skin");
            }
            // not through the finger: the bone's points see the ring all around them from inside
            let ring_middle = found[0].mesh.positions_m.iter().sum::<Vec3>() / found[0].mesh.positions_m.len() as f32;
            let radii = found[0].mesh.positions_m.iter().map(|p| p.distance(ring_middle));
            assert!(radii.clone().fold(f32::MAX, f32::min) > 0.0055 && radii.fold(0.0, f32::max) < 0.0145, "{digit:?}");
        }
    }
}

#[test]
fn gloves_move_the_surface_and_no_keypoint() {
    let rig = adult();
    let glove = |thickness_m| Glove { thickness_m, cuff_m: 0.05, material: steel() };
    let bare = scene(64, 100.0, vec![dressed(HandSide::Left, Wear::default())]);
    let bare = pose(&bare, &[Arc::clone(&rig)]).unwrap();
    for (thickness_m, exact) in [(0.0005, true), (0.002, false)] {
        let scene = scene(
            64,
            100.0,
            vec![dressed(HandSide::Left, Wear { glove: Some(glove(thickness_m)), ..Wear::default() })],
        );
        let posed = pose(&scene, &[Arc::clone(&rig)]).unwrap();
        assert_eq!(posed.hands[0].landmarks_m, bare.hands[0].landmarks_m);
        let moved: Vec<f32> = posed.hands[0]
            .positions_m
            .iter()
            .zip(&bare.hands[0].positions_m)
            .zip(&bare.hands[0].normals)
            .map(|((a, b), n)| (*a - *b).dot(*n))
            .collect();
        let gloved = posed.gloves[0].triangles.iter().filter(|g| **g).count();
        assert!(gloved > rig.mesh.triangles.len() / 2 && gloved < rig.mesh.triangles.len());
        let (still, out): (Vec<f32>, Vec<f32>) = moved.iter().partition(|m| m.abs() < 1e-7);
        assert!(still.len() > 500, "{} vertices of the forearm stay", still.len());
        let mean = out.iter().sum::<f32>() / out.len() as f32;
        assert!((mean / thickness_m - 1.0).abs() < if exact { 0.01 } else { 0.2 }, "{mean} for {thickness_m}");
    }
}

#[test]
fn sizes_out_of_range_are_named() {
    let rig = adult();
    let wear = Wear { sleeve: Some(sleeve(0.5, f32::NAN)), ..Wear::default() };
    let error = pose(&scene(64, 100.0, vec![dressed(HandSide::Left, wear)]), &[rig]).unwrap_err();
    assert!(error.to_string().contains("`wear.sleeve`"), "{error}");
}

fn sampler(rig: &Arc<Rig>, body: f32) -> SceneSampler {
    let mut preset = Preset::default();
    preset.split[0].count = 100_000;
    preset.wear = WearPreset { body, ..preset.wear };
    (preset.objects.held, preset.occluders.share) = (0.0, 0.0);
    SceneSampler::new(preset, Arc::clone(rig), Vec::new()).unwrap()
}

fn eye(scene: &Scene) -> Vec3 {
    scene.camera.camera_from_world.inverse().translation_m
}

fn elbow(posed: &PosedScene, k: usize) -> [Vec3; 2] {
    [Joint::Forearm, Joint::Wrist].map(|joint| posed.hands[k].world_from_joint[joint.index()].translation_m)
}

#[test]
fn bodies_stand_where_arms_reach_and_nothing_is_in_the_camera() {
    let rig = adult();
    let sampler = sampler(&rig, 1.0);
    let (mut bodies, mut scenes) = (0, 0);
    for index in 0..60 {
        let scene = sampler.sample(index).unwrap();
        let posed = pose(&scene, &vec![Arc::clone(&rig); scene.hands.len()]).unwrap();
        scenes += 1;
        bodies += usize::from(!scene.solids.is_empty());
        for (k, hand) in scene.hands.iter().enumerate() {
            let shoulder = hand.arm.unwrap().shoulder_m;
            let [elbow, wrist] = elbow(&posed, k);
            let ratio = shoulder.distance(elbow) / elbow.distance(wrist);
            // an arm without a body may be longer, so that it leaves the picture
            let most = if scene.solids.is_empty() { 6.0 } else { 1.28 };
            assert!((1.10..most).contains(&ratio), "sample {index}: upper arm is {ratio} of the forearm");
        }
        for solid in posed.solids.iter().filter(|s| usize::from(s.instance) > scene.hands.len()) {
            let near = solid.mesh.positions_m.iter().map(|p| p.distance(eye(&scene))).fold(f32::MAX, f32::min);
            assert!(near > 0.05, "sample {index}: {near} m from the camera");
            for p in posed.hands.iter().flat_map(|h| &h.landmarks_m) {
                // a point inside a closed mesh is left behind by an odd number of its faces, whatever the direction
                let inside = hit(solid, *p, Vec3::X).is_some()
                    && hit(solid, *p, Vec3::NEG_X).is_some()
                    && hit(solid, *p, Vec3::Y).is_some()
                    && hit(solid, *p, Vec3::NEG_Y).is_some()
                    && hit(solid, *p, Vec3::Z).is_some()
                    && hit(solid, *p, Vec3::NEG_Z).is_some();
                assert!(!inside, "sample {index}: a keypoint is inside the body");
            }
        }
    }
    assert!(bodies * 100 > 45 * scenes, "{bodies} bodies in {scenes} scenes");
}

#[test]
fn jewellery_belongs_to_the_person_and_clothes_to_the_picture() {
    let rig = adult();
    let mut preset = Preset::default();
    preset.split[0].count = 100_000;
    preset.split[0].subjects = [3, 4];
    preset.wear.rings = 1.0;
    preset.wear.thin_gloves = 0.0;
    preset.wear.thick_gloves = 0.0;
    let sampler = SceneSampler::new(preset, rig, Vec::new()).unwrap();
    let scenes: Vec<Scene> = (0..12).map(|k| sampler.sample(k).unwrap()).collect();
    let left = |scene: &Scene| scene.hands.iter().find(|h| h.side == HandSide::Left).map(|h| h.wear.rings.clone());
    let worn: Vec<_> = scenes.iter().filter_map(left).collect();
    assert!(worn.len() > 3 && worn.windows(2).all(|pair| pair[0] == pair[1]));
    let shirts: Vec<_> = scenes.iter().filter_map(|s| s.hands[0].wear.sleeve).collect();
    assert!(shirts.windows(2).any(|pair| pair[0].material != pair[1].material));
}
