//! The validator's rules on a hand of strokes with known labels: silent when all is well, loud for each planted fault.

use glam::{Quat, Vec2, Vec3};
use handloom::camera::{Camera, Intrinsics, Lens};
use handloom::check::{Exactness, faults};
use handloom::dataset::{HandRecord, Pictures, SampleLabel, SampleName};
use handloom::frame::Plane;
use handloom::label::Visibility;
use handloom::math::{RigidTransform, mirror_x};
use handloom::rig::joint::LANDMARK_PARENT;
use handloom::rig::{HandPart, HandSide, LANDMARK_COUNT};
use handloom::scene::{Instance, InstanceKind};

struct Case {
    camera: Camera,
    label: SampleLabel,
    pictures: Pictures,
}

/// 21 landmarks of a half-curled right hand in hand space, metres.
fn right_hand() -> [Vec3; LANDMARK_COUNT] {
    let mut p = [Vec3::ZERO; LANDMARK_COUNT];
    let bases = [(0.022, 0.086), (0.0, 0.086), (-0.018, 0.079), (-0.034, 0.071)];
    let bones = [[0.047, 0.028, 0.022], [0.051, 0.033, 0.024], [0.047, 0.032, 0.024], [0.039, 0.022, 0.022]];
    let thumb = [(0.017, 0.014, 0.006), (0.046, 0.043, 0.024), (0.067, 0.071, 0.030), (0.078, 0.097, 0.036)];
    for (k, (x, y, z)) in thumb.into_iter().enumerate() {
        p[1 + k] = Vec3::new(x, y, z);
    }
    for (f, (x, y)) in bases.into_iter().enumerate() {
        let mut at = Vec3::new(x, y, 0.0);
        p[5 + 4 * f] = at;
        for (k, length) in bones[f].into_iter().enumerate() {
            let angle = 0.25 + 0.35 * k as f32;
            at += Vec3::new(x * 0.3, angle.cos(), angle.sin()).normalize_or_zero() * length;
            p[6 + 4 * f + k] = at;
        }
    }
    p
}

fn segment_of(landmark: usize) -> u8 {
    // the bone that ends at a landmark: thumb metacarpal 2, proximal 1, distal 0; finger palm, 2, 1, 0
    match landmark {
        1 | 5 | 9 | 13 | 17 => HandPart::Palm.index(),
        2..=4 => (4 - landmark) as u8,
        _ => ((landmark - 1) / 4 * 3) as u8 + (3 - (landmark - 5) % 4) as u8,
    }
}

fn case(side: HandSide) -> Case {
    let camera = Camera {
        intrinsics: Intrinsics { width: 320, height: 320, fx: 400.0, fy: 400.0, cx: 160.0, cy: 160.0 },
        lens: Lens::Pinhole,
        camera_from_world: RigidTransform::IDENTITY,
    };
    // looked at from the palm: +Y up in the picture, palm towards the camera
    let camera_from_hand = RigidTransform::new(Quat::from_rotation_x(std::f32::consts::PI), Vec3::new(0.0, 0.08, 0.5));
    let points = right_hand().map(|p| camera_from_hand.point(if side == HandSide::Left { mirror_x(p) } else { p }));
    let px = points.map(|p| camera.project(p));
    let mut part = Plane::filled(320, 320, 0u8);
    let mut depth = Plane::filled(320, 320, 0.0f32);
    for k in 1..LANDMARK_COUNT {
        let (a, b) = (px[LANDMARK_PARENT[k]].unwrap(), px[k].unwrap());
        for step in 0..=60 {
            let t = step as f32 / 60.0;
            let centre = a.lerp(b, t);
            let z = points[LANDMARK_PARENT[k]].lerp(points[k], t).z - 0.008;
            for (dx, dy) in (-5..=5).flat_map(|x| (-5..=5).map(move |y| (x, y))) {
                let at = centre + Vec2::new(dx as f32, dy as f32);
                let pixel = at.y as usize * 320 + at.x as usize;
                part.data[pixel] = HandPart::rhd_id(segment_of(k), side);
                depth.data[pixel] = z;
            }
        }
    }
    let instance = Plane { width: 320, height: 320, data: part.data.iter().map(|p| u8::from(*p > 0)).collect() };
    let name = SampleName { index: 0, id: "000000", split: "train" };
    let mut label = SampleLabel::captured(name, 320, 320);
    label.k = Some(camera.k_matrix());
    let mut hand = HandRecord::unknown(1);
    hand.side = Some(side);
    hand.keypoints_px = px;
    hand.keypoints_camera_m = points.map(Some);
    hand.visibility = [Visibility::Visible; LANDMARK_COUNT];
    hand.visible_px = Some(part.data.iter().filter(|p| **p > 1).count() as u32);
    label.hands.push(hand);
    let instances = vec![
        Instance { id: 1, kind: InstanceKind::Hand, name: None, hand: Some(0) },
        Instance { id: 2, kind: InstanceKind::Object, name: Some("mug".into()), hand: None },
        Instance { id: 3, kind: InstanceKind::Person, name: Some("head".into()), hand: None },
    ];
    label.instances = instances;
    let pictures =
        Pictures { part: Some(part), instance: Some(instance), depth_z_m: Some(depth), ..Pictures::default() };
    Case { camera, label, pictures }
}

/// Names of the broken rules.
fn rules(case: &Case) -> Vec<&'static str> {
    let found = faults(&case.label, &case.pictures, Exactness::Rendered);
    found.into_iter().map(|f| f.rule).collect()
}

#[test]
fn sound_hands_have_no_faults() {
    assert_eq!(rules(&case(HandSide::Right)), Vec::<&str>::new());
    assert_eq!(rules(&case(HandSide::Left)), Vec::<&str>::new());
}

#[test]
fn shifted_keypoints_break_reprojection_and_mask() {
    let mut case = case(HandSide::Right);
    for p in case.label.hands[0].keypoints_px.iter_mut().flatten() {
        p.x += 12.0;
    }
    let rules = rules(&case);
    assert!(rules.contains(&"reprojection") && rules.contains(&"mask"), "{rules:?}");
}

#[test]
fn labels_of_another_picture_break_mask_and_depth() {
    let mut case = case(HandSide::Right);
    let away = Vec3::new(0.06, 0.03, 0.2);
    let camera = case.camera;
    let hand = &mut case.label.hands[0];
    hand.keypoints_camera_m = hand.keypoints_camera_m.map(|p| p.map(|p| p + away));
    hand.keypoints_px = hand.keypoints_camera_m.map(|p| camera.project(p?));
    let rules = rules(&case);
    assert!(rules.contains(&"depth") && rules.contains(&"mask"), "{rules:?}");
}

#[test]
fn a_swapped_side_is_seen_in_mask_and_fingers() {
    let mut case = case(HandSide::Right);
    case.label.hands[0].side = Some(HandSide::Left);
    assert!(rules(&case).iter().filter(|r| **r == "side").count() == 2, "{:?}", rules(&case));
}

#[test]
fn millimetres_for_metres_break_bone_lengths() {
    let mut case = case(HandSide::Right);
    let hand = &mut case.label.hands[0];
    hand.keypoints_camera_m = hand.keypoints_camera_m.map(|p| p.map(|p| p * 1000.0));
    assert!(rules(&case).contains(&"bone length"));
}

#[test]
fn tip_to_base_order_breaks_bone_lengths() {
    let mut case = case(HandSide::Right);
    let hand = &mut case.label.hands[0];
    for digit in 0..5 {
        hand.keypoints_camera_m[1 + 4 * digit..5 + 4 * digit].reverse();
        hand.keypoints_px[1 + 4 * digit..5 + 4 * digit].reverse();
    }
    let rules = rules(&case);
    assert!(rules.contains(&"joint order") && rules.contains(&"mask"), "{rules:?}");
}

#[test]
fn a_wrong_depth_scale_breaks_depth() {
    let mut case = case(HandSide::Right);
    case.pictures.depth_z_m.as_mut().unwrap().data.iter_mut().for_each(|z| *z *= 1.25);
    assert_eq!(rules(&case), ["depth"]);
}

#[test]
fn a_wrong_pixel_count_and_a_lost_depth_are_seen() {
    let mut case = case(HandSide::Right);
    case.label.hands[0].visible_px = case.label.hands[0].visible_px.map(|n| n + 1);
    case.pictures.depth_z_m.as_mut().unwrap().data.fill(0.0);
    assert_eq!(rules(&case), ["depth", "mask", "depth"]);
}

#[test]
fn a_keypoint_that_is_no_number_is_named() {
    let mut case = case(HandSide::Right);
    case.label.hands[0].keypoints_camera_m[7].as_mut().unwrap().y = f32::NAN;
    assert!(rules(&case).contains(&"finite"));
}

#[test]
fn instance_ids_are_listed_and_have_the_parts_of_their_kind() {
    let planted = |instance: u8, part: u8| {
        let mut case = case(HandSide::Right);
        case.pictures.instance.as_mut().unwrap().data[5] = instance;
        case.pictures.part.as_mut().unwrap().data[5] = part;
        case.pictures.depth_z_m.as_mut().unwrap().data[5] = 0.5;
        rules(&case)
    };
    let sound: Vec<&str> = Vec::new();
    for (instance, part) in [(2, 0), (3, 1), (1, 1)] {
        assert_eq!(planted(instance, part), sound, "instance {instance}, part {part}");
    }
    for (instance, part) in [(0, 1), (1, 0), (2, 1), (2, 33), (3, 0), (3, 20), (4, 0), (4, 1)] {
        assert!(planted(instance, part).contains(&"instance"), "instance {instance}, part {part}");
    }
}
