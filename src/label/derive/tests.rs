//! Labels of hand-made frames whose answer is known.

use std::sync::Arc;

use glam::{Quat, Vec2, Vec3};
use proptest::prelude::*;

use super::*;
use crate::camera::{Intrinsics, Lens};
use crate::frame::Plane;
use crate::math::RigidTransform;
use crate::rig::part::PERSON_ID;
use crate::rig::{Capsule, DOF_COUNT, HandPose, HandShape, JOINT_COUNT, Limit, Person, RigMesh, Skeleton, Surface};
use crate::scene::{Background, Environment, Film, FilmCurve, SceneHand, Sensor, SkinMaterial, SkinTraits, Wear};
use crate::scene::{FORMAT_VERSION, Scene};

const SIZE: u32 = 64;
const MIDDLE_MCP: usize = 9;
const MIDDLE_TIP: usize = 12;

/// Ten centimetres between joints, 1 cm of flesh around the middle finger's proximal phalanx.
fn rig() -> Arc<Rig> {
    Arc::new(Rig {
        name: "ladder".into(),
        mesh: RigMesh::default(),
        skeleton: Skeleton {
            offset_m: [Vec3::new(0.0, 0.1, 0.0); JOINT_COUNT],
            neutral: [Quat::IDENTITY; JOINT_COUNT],
            axis: [Vec3::X; DOF_COUNT],
            bind_pose: HandPose::default(),
        },
        shapes: Vec::new(),
        correctives: Vec::new(),
        limits: [Limit { hard_rad: [-1.0, 1.0], soft_rad: [-1.0, 1.0] }; DOF_COUNT],
        capsules: vec![Capsule {
            joint: Joint::MiddleFingerPhalanxProximal,
            start_m: Vec3::ZERO,
            end_m: Vec3::new(0.0, 0.1, 0.0),
            start_radius_m: 0.010,
            end_radius_m: 0.009,
        }],
        skin: None,
        surface: Surface::default(),
    })
}

/// The camera looks along +Z from the world's origin; 100 pixels per unit of x/z.
fn scene(sides: &[HandSide]) -> Scene {
    let hand = |side: &HandSide| SceneHand {
        rig: "ladder".into(),
        side: *side,
        subject: 0,
        person: Person::default(),
        shape: HandShape(vec![0.5]),
        gesture: "open".into(),
        pose: HandPose::default(),
        world_from_wrist: RigidTransform::IDENTITY,
        arm: None,
        wear: Wear::default(),
        skin: SkinMaterial {
            tone: 3,
            melanin: 0.1,
            blood: 0.02,
            roughness: 0.5,
            specular: 1.0,
            nail_roughness: 0.3,
            relief: 1.0,
            wetness: 0.0,
            traits: SkinTraits::default(),
        },
    };
    Scene {
        format_version: FORMAT_VERSION,
        seed: 0,
        camera: Camera {
            intrinsics: Intrinsics { width: SIZE, height: SIZE, fx: 100.0, fy: 100.0, cx: 32.0, cy: 32.0 },
            lens: Lens::Pinhole,
            camera_from_world: RigidTransform::IDENTITY,
        },
        hands: sides.iter().map(hand).collect(),
        solids: Vec::new(),
        empty_handed: false,
        lights: Vec::new(),
        environment: Environment::Background { gain: 1.0 },
        background: Background::Colour { rgb: [0.0; 3] },
        film: Film { exposure_ev: 0.0, metering: 0.0, white_balance: [1.0; 3], curve: FilmCurve::Clip },
        sensor: Sensor {
            full_well_e: 0.0,
            read_noise_e: 0.0,
            vignetting: 0.0,
            jpeg_quality: None,
            grey_weights: [0.299, 0.587, 0.114],
            blur_px: 0.0,
            depth: crate::scene::DepthSensor::default(),
        },
        clip: None,
    }
}

/// Hands whose landmarks all lie at 0.5 m on the axis, except those given for the first hand.
fn posed<'a>(scene: &'a Scene, places: &[(usize, Vec3)]) -> PosedScene<'a> {
    let hand = |k: usize, side: HandSide| {
        let mut landmarks_m = [Vec3::new(0.0, 0.0, 0.5); LANDMARK_COUNT];
        landmarks_m[10] = Vec3::new(0.0, 0.1, 0.5); // middle PIP: the phalanx has the rig's own length
        for (landmark, p) in places.iter().filter(|_| k == 0) {
            landmarks_m[*landmark] = *p;
        }
        PosedHand {
            rig: rig(),
            side,
            positions_m: Vec::new(),
            normals: Vec::new(),
            world_from_joint: [RigidTransform::IDENTITY; JOINT_COUNT],
            landmarks_m,
        }
    };
    PosedScene {
        scene,
        hands: scene.hands.iter().enumerate().map(|(k, h)| hand(k, h.side)).collect(),
        solids: Vec::new(),
        gloves: Vec::new(),
    }
}

fn empty() -> Frame {
    Frame {
        colour: Plane::filled(SIZE, SIZE, [0.0; 3]),
        depth_z_m: Plane::filled(SIZE, SIZE, NO_DEPTH),
        part: Plane::filled(SIZE, SIZE, BACKGROUND_ID),
        instance: Plane::filled(SIZE, SIZE, 0),
    }
}

/// A rectangle (left, top, right, bottom) of one surface.
fn paint(frame: &mut Frame, [x0, y0, x1, y1]: [u32; 4], depth_z_m: f32, part: u8, instance: u8) {
    for (x, y) in (y0..y1).flat_map(|y| (x0..x1).map(move |x| (x, y))) {
        let k = (y * SIZE + x) as usize;
        frame.depth_z_m.data[k] = depth_z_m;
        frame.part.data[k] = part;
        frame.instance.data[k] = instance;
    }
}

const ALL: [u32; 4] = [0, 0, SIZE, SIZE];

fn id(part: HandPart, side: HandSide) -> u8 {
    HandPart::rhd_id(part.index(), side)
}

fn middle(from_tip: u8, side: HandSide) -> u8 {
    id(HandPart::Segment(crate::rig::Digit::Middle, from_tip), side)
}

/// Visibility of the middle MCP, 0.5 m ahead, where the frame shows one surface.
fn mcp_behind(depth_z_m: f32, part: u8, instance: u8, side: HandSide) -> Visibility {
    let scene = scene(&[side, HandSide::Right]);
    let mut frame = empty();
    paint(&mut frame, ALL, depth_z_m, part, instance);
    derive(&posed(&scene, &[]), &frame).hands[0].visibility[MIDDLE_MCP]
}

#[test]
fn own_flesh_within_reach_is_visible_on_both_sides() {
    for side in [HandSide::Left, HandSide::Right] {
        for part in [id(HandPart::Palm, side), middle(2, side)] {
            assert_eq!(mcp_behind(0.49, part, 1, side), Visibility::Visible);
            assert_eq!(mcp_behind(0.505, part, 1, side), Visibility::Visible);
        }
        // 1 cm of flesh: a palm 4 cm in front is another piece of the palm
        assert_eq!(mcp_behind(0.46, id(HandPart::Palm, side), 1, side), Visibility::HiddenBySelf);
    }
}

#[test]
fn what_is_in_front_says_why_it_is_hidden() {
    use Visibility as V;
    for side in [HandSide::Left, HandSide::Right] {
        assert_eq!(mcp_behind(0.49, middle(0, side), 1, side), V::HiddenBySelf);
        assert_eq!(mcp_behind(0.49, id(HandPart::Palm, side), 2, side), V::HiddenByOtherHand);
        assert_eq!(mcp_behind(0.40, PERSON_ID, 1, side), V::HiddenByArm);
        assert_eq!(mcp_behind(0.40, PERSON_ID, 2, side), V::HiddenByArm);
        assert_eq!(mcp_behind(0.40, PERSON_ID, 3, side), V::HiddenByArm);
        assert_eq!(mcp_behind(0.40, BACKGROUND_ID, 3, side), V::HiddenByObject);
    }
}

#[test]
fn the_other_side_s_parts_are_not_own_flesh() {
    let left_palm = id(HandPart::Palm, HandSide::Left);
    assert_eq!(mcp_behind(0.49, left_palm, 1, HandSide::Right), Visibility::HiddenBySelf);
}

#[test]
fn surfaces_behind_hide_nothing() {
    assert_eq!(mcp_behind(0.80, PERSON_ID, 2, HandSide::Right), Visibility::Visible);
}

#[test]
fn the_wrist_is_seen_through_palm_or_own_arm() {
    let scene = scene(&[HandSide::Left]);
    for (part, depth_z_m, expected) in [
        (PERSON_ID, 0.49, Visibility::Visible),
        (id(HandPart::Palm, HandSide::Left), 0.49, Visibility::Visible),
        (PERSON_ID, 0.40, Visibility::HiddenByArm),
    ] {
        let mut frame = empty();
        paint(&mut frame, ALL, depth_z_m, part, 1);
        assert_eq!(derive(&posed(&scene, &[]), &frame).hands[0].visibility[0], expected, "{part} at {depth_z_m}");
    }
}

#[test]
fn a_tip_beyond_the_silhouette_looks_around() {
    let scene = scene(&[HandSide::Right]);
    let posed = posed(&scene, &[]);
    let tip = |frame: &Frame| derive(&posed, frame).hands[0].visibility[MIDDLE_TIP];
    let mut frame = empty();
    assert_eq!(tip(&frame), Visibility::Visible, "nothing is in front");
    paint(&mut frame, [0, 33, SIZE, SIZE], 0.4, PERSON_ID, 1);
    assert_eq!(tip(&frame), Visibility::HiddenByArm, "an arm borders on the tip's pixel");
    paint(&mut frame, [31, 31, 32, 32], 0.5, middle(0, HandSide::Right), 1);
    assert_eq!(tip(&frame), Visibility::Visible, "the next pixel shows the tip itself");
}

#[test]
fn outside_and_behind_have_their_own_types() {
    let scene = scene(&[HandSide::Right]);
    let places = [
        (1, Vec3::new(0.5, 0.0, 0.5)),
        (2, Vec3::new(-0.17, 0.0, 0.5)),
        (3, Vec3::new(0.0, 0.0, -0.2)),
        (4, Vec3::new(0.159, 0.0, 0.5)),
    ];
    let labels = derive(&posed(&scene, &places), &empty());
    let hand = &labels.hands[0];
    assert_eq!(hand.visibility[1], Visibility::OutsidePicture);
    assert_eq!(hand.visibility[2], Visibility::OutsidePicture);
    assert_eq!(hand.visibility[3], Visibility::BehindCamera);
    assert_eq!(hand.visibility[4], Visibility::Visible);
    assert_eq!(hand.keypoints_px[3], None);
    assert!(hand.keypoints_px[4].unwrap().abs_diff_eq(Vec2::new(63.8, 32.0), 0.01));
}

#[test]
fn keypoints_and_joints_go_through_the_camera_s_pose() {
    let mut scene = scene(&[HandSide::Right]);
    // the camera stands at x = 1 and looks along the world's -Z, its +Y down
    let camera_from_world = RigidTransform::from_rotation(Quat::from_xyzw(1.0, 0.0, 0.0, 0.0))
        * RigidTransform::new(Quat::IDENTITY, Vec3::new(-1.0, 0.0, 0.0));
    scene.camera.camera_from_world = camera_from_world;
    let mut posed = posed(&scene, &[(5, Vec3::new(1.05, 0.02, -0.5))]);
    posed.hands[0].world_from_joint[7] = RigidTransform::new(Quat::IDENTITY, Vec3::new(1.05, 0.02, -0.5));
    let labels = derive(&posed, &empty());
    let hand = &labels.hands[0];
    assert!(hand.keypoints_camera_m[5].abs_diff_eq(Vec3::new(0.05, -0.02, 0.5), 1e-6));
    assert!(hand.keypoints_px[5].unwrap().abs_diff_eq(Vec2::new(42.0, 28.0), 0.01));
    assert!(hand.camera_from_joint[7].translation_m.abs_diff_eq(hand.keypoints_camera_m[5], 1e-6));
    assert_eq!(hand.shape, HandShape(vec![0.5]));
}

#[test]
fn boxes_hold_the_visible_hand_without_its_arm() {
    let scene = scene(&[HandSide::Left, HandSide::Right]);
    let mut frame = empty();
    paint(&mut frame, [10, 20, 30, 24], 0.5, id(HandPart::Palm, HandSide::Left), 1);
    paint(&mut frame, [15, 24, 18, 40], 0.5, middle(1, HandSide::Left), 1);
    paint(&mut frame, [0, 50, 64, 60], 0.5, PERSON_ID, 1);
    paint(&mut frame, [29, 20, 33, 21], 0.4, id(HandPart::Palm, HandSide::Right), 2);
    let places = [(1, Vec3::new(-0.4, 0.0, 0.5)), (2, Vec3::new(0.0, -0.1, 0.5)), (3, Vec3::new(9.0, 9.0, -1.0))];
    let labels = derive(&posed(&scene, &places), &frame);
    assert_eq!(labels.hands[0].box_visible_px, Some([10.0, 20.0, 20.0, 20.0]));
    assert_eq!(labels.hands[0].visible_px, 20 * 4 - 1 + 3 * 16);
    assert_eq!(labels.hands[1].box_visible_px, Some([29.0, 20.0, 4.0, 1.0]));
    assert_eq!(labels.hands[1].visible_px, 4);
    let [left, top, width, height] = labels.hands[0].box_keypoints_px.unwrap();
    assert!(Vec2::new(left, top).abs_diff_eq(Vec2::new(-48.0, 12.0), 0.01), "{left} {top}");
    assert!(Vec2::new(width, height).abs_diff_eq(Vec2::new(80.0, 40.0), 0.01), "{width} {height}");
    assert_eq!(derive(&posed(&scene, &[]), &empty()).hands[0].box_visible_px, None);
}

#[test]
fn a_bigger_hand_has_thicker_flesh() {
    let scene = scene(&[HandSide::Right]);
    let mut frame = empty();
    paint(&mut frame, ALL, 0.47, id(HandPart::Palm, HandSide::Right), 1);
    let at = |phalanx_m: f32| {
        let posed = posed(&scene, &[(10, Vec3::new(0.0, phalanx_m, 0.5))]);
        derive(&posed, &frame).hands[0].visibility[MIDDLE_MCP]
    };
    assert_eq!(at(0.1), Visibility::HiddenBySelf);
    assert_eq!(at(0.2), Visibility::Visible);
}

/// Front of a ball of 2 cm around (0, 0, 0.5) with the given part, and a bar of the other hand across it.
fn ball_behind_a_bar(bar: [u32; 4], side: HandSide) -> Frame {
    let mut frame = empty();
    for (x, y) in (0..SIZE).flat_map(|y| (0..SIZE).map(move |x| (x, y))) {
        let ray = Vec3::new((x as f32 + 0.5 - 32.0) / 100.0, (y as f32 + 0.5 - 32.0) / 100.0, 1.0);
        let (b, c) = (0.5, 0.25 - 0.02 * 0.02);
        let discriminant = b * b - ray.length_squared() * c;
        if discriminant > 0.0 {
            let z = (b - discriminant.sqrt()) / ray.length_squared();
            paint(&mut frame, [x, y, x + 1, y + 1], z, id(HandPart::Palm, side), 1);
        }
    }
    paint(&mut frame, bar, 0.3, id(HandPart::Palm, side), 2);
    frame
}

proptest! {
    /// Independent statement: a visible joint inside the ball is in the picture, and its pixel shows its own hand.
    #[test]
    fn visible_means_inside_and_same_hand(
        x in -0.5_f32..0.5, y in -0.5_f32..0.5, depth in 0.485_f32..0.499, // flesh reaches 19.9 mm here, the ball's front lies 20 before its centre
        bar_left in 0_u32..60, bar_width in 1_u32..4, left in any::<bool>(),
    ) {
        let side = if left { HandSide::Left } else { HandSide::Right };
        let scene = scene(&[side, side]);
        let p = Vec3::new(x * depth, y * depth, depth);
        let frame = ball_behind_a_bar([bar_left, 0, bar_left + bar_width, SIZE], side);
        let labels = derive(&posed(&scene, &[(MIDDLE_MCP, p), (10, p + Vec3::new(0.0, 0.1, 0.0))]), &frame);
        let hand = &labels.hands[0];
        let pixel = hand.keypoints_px[MIDDLE_MCP].unwrap();
        let shown = frame.instance.at(pixel);
        match hand.visibility[MIDDLE_MCP] {
            Visibility::Visible => prop_assert!(matches!(shown, Some(0 | 1)), "{shown:?}"),
            Visibility::OutsidePicture => prop_assert_eq!(shown, None),
            Visibility::HiddenByOtherHand => prop_assert!(matches!(shown, Some(0 | 2)), "{shown:?}"),
            other => prop_assert!(false, "{other:?}"),
        }
    }
}
