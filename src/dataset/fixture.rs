//! Made-up samples with known answers for the tests of this module: discs around known keypoints.

use glam::{Quat, Vec2, Vec3};

use super::sample::Sample;
use crate::camera::{Camera, Intrinsics, Lens};
use crate::frame::{Frame, Plane};
use crate::label::{HandLabels, Labels, Visibility};
use crate::math::RigidTransform;
use crate::rig::joint::DIGITS;
use crate::rig::{HandPart, HandPose, HandShape, HandSide, JOINT_COUNT, LANDMARK_COUNT, Person};
use crate::scene::{
    Background, DirectionalLight, Environment, FORMAT_VERSION, Film, FilmCurve, Scene, SceneHand, Sensor, SkinMaterial,
    SkinTraits, Wear,
};

/// Depth of the discs in front of their keypoints, metres.
pub(crate) const FLESH_M: f32 = 0.008;

/// A square picture of one hand (left) or two (left, right). Landmark 20 of the left hand lies outside the picture.
pub(crate) fn sample(index: u64, size: u32, hands: u8) -> Sample {
    let scene = scene(index, size, hands);
    let labels = Labels { hands: (0..hands).map(|k| hand_labels(k, index, &scene)).collect() };
    let frame = frame(&scene, &labels);
    let rgb = Plane {
        width: size,
        height: size,
        data: (0..size * size).map(|k| [k as u8, (k / size) as u8, index as u8]).collect(),
    };
    let grey = Plane { width: size, height: size, data: rgb.data.iter().map(|p| p[1]).collect() };
    let mut jpeg = Vec::new();
    let encoder = jpeg_encoder::Encoder::new(&mut jpeg, 90);
    encoder.encode(rgb.data.as_flattened(), size as u16, size as u16, jpeg_encoder::ColorType::Rgb).unwrap();
    Sample { index, scene, labels, frame, rgb, grey: Some(grey), rgb_jpeg: Some(jpeg) }
}

fn scene(index: u64, size: u32, hands: u8) -> Scene {
    let half = size as f32 / 2.0;
    let focal = 0.95 * size as f32;
    let turn = Quat::from_rotation_x(0.3);
    Scene {
        format_version: FORMAT_VERSION,
        seed: index * 31,
        camera: Camera {
            intrinsics: Intrinsics { width: size, height: size, fx: focal, fy: focal, cx: half, cy: half },
            lens: Lens::Pinhole,
            camera_from_world: RigidTransform::new(turn, Vec3::new(0.1, 0.2, 0.5)),
        },
        hands: (0..hands).map(scene_hand).collect(),
        solids: Vec::new(),
        empty_handed: false,
        lights: vec![DirectionalLight { to_light: Vec3::Y, irradiance: [1.0, 0.9, 0.8], angular_radius_rad: 0.01 }],
        environment: Environment::Sky { ground: [0.1; 3], horizon: [0.2; 3], zenith: [0.3; 3] },
        background: Background::Colour { rgb: [0.1, 0.2, 0.3] },
        film: Film { exposure_ev: 0.1, metering: 0.0, white_balance: [1.0; 3], curve: FilmCurve::Filmic },
        sensor: Sensor {
            full_well_e: 9000.0,
            read_noise_e: 3.0,
            vignetting: 0.1,
            jpeg_quality: Some(90),
            grey_weights: [0.299, 0.587, 0.114],
            blur_px: 0.0,
            depth: crate::scene::DepthSensor::default(),
        },
        clip: None,
    }
}

fn scene_hand(k: u8) -> SceneHand {
    SceneHand {
        rig: "adult".into(),
        side: side(k),
        subject: 4,
        person: Person::default(),
        shape: HandShape(vec![0.5, -1.25]),
        gesture: "fist".into(),
        pose: HandPose([0.123_456_79; 26]),
        world_from_wrist: RigidTransform::IDENTITY,
        arm: None,
        wear: Wear::default(),
        skin: SkinMaterial {
            tone: 6,
            melanin: 0.1,
            blood: 0.02,
            roughness: 0.5,
            specular: 1.0,
            nail_roughness: 0.2,
            relief: 1.0,
            wetness: 0.0,
            traits: SkinTraits::default(),
        },
    }
}

fn side(k: u8) -> HandSide {
    if k == 0 { HandSide::Left } else { HandSide::Right }
}

/// A fan of five fingers, on the left half of the picture for the left hand.
fn keypoint(k: u8, landmark: usize, index: u64) -> Vec3 {
    let x0 = if k == 0 { -0.12 } else { 0.12 };
    let z = 0.5 + 0.01 * landmark as f32 + 0.001 * index as f32;
    if landmark == 0 {
        return Vec3::new(x0, 0.15, z);
    }
    if k == 0 && landmark == 20 {
        return Vec3::new(-1.0, 0.0, z);
    }
    let (digit, step) = ((landmark - 1) / 4, (landmark - 1) % 4);
    Vec3::new(x0 + 0.04 * (digit as f32 - 2.0), 0.08 - 0.06 * step as f32, z)
}

fn hand_labels(k: u8, index: u64, scene: &Scene) -> HandLabels {
    let points: [Vec3; LANDMARK_COUNT] = std::array::from_fn(|landmark| keypoint(k, landmark, index));
    let mut visibility = [Visibility::Visible; LANDMARK_COUNT];
    visibility[7] = Visibility::HiddenBySelf;
    if k == 0 {
        visibility[20] = Visibility::OutsidePicture;
    }
    let size = scene.camera.intrinsics.width as f32;
    HandLabels {
        instance: k + 1,
        side: side(k),
        keypoints_px: points.map(|p| scene.camera.project(p)),
        keypoints_camera_m: points,
        visibility,
        box_visible_px: Some([0.1 * size, 0.2 * size, 0.3 * size, 0.4 * size]),
        box_keypoints_px: Some([-5.0, 0.2 * size, 0.6 * size, 0.4 * size]),
        visible_px: 100 + u32::from(k),
        camera_from_joint: [RigidTransform::new(Quat::from_rotation_y(0.7), points[3]); JOINT_COUNT],
        pose: HandPose([0.123_456_79; 26]),
        shape: HandShape(vec![0.5, -1.25]),
    }
}

fn frame(scene: &Scene, labels: &Labels) -> Frame {
    let size = scene.camera.intrinsics.width;
    let mut frame = Frame {
        colour: Plane::filled(size, size, [0.5; 3]),
        depth_z_m: Plane::filled(size, size, 0.0),
        part: Plane::filled(size, size, 0),
        instance: Plane::filled(size, size, 0),
    };
    for hand in &labels.hands {
        for (landmark, point) in hand.keypoints_camera_m.iter().enumerate() {
            let Some(pixel) = hand.keypoints_px[landmark] else { continue };
            let part = HandPart::rhd_id(part_of(landmark).index(), hand.side);
            disc(&mut frame, pixel, size as f32 / 60.0, (point.z - FLESH_M, part, hand.instance));
        }
    }
    frame
}

fn part_of(landmark: usize) -> HandPart {
    match landmark {
        0 => HandPart::Palm,
        _ => HandPart::Segment(DIGITS[(landmark - 1) / 4], [2, 1, 0, 0][(landmark - 1) % 4]),
    }
}

fn disc(frame: &mut Frame, centre: Vec2, radius: f32, (depth, part, instance): (f32, u8, u8)) {
    let width = frame.part.width as usize;
    for k in 0..frame.part.data.len() {
        let pixel = Vec2::new((k % width) as f32 + 0.5, (k / width) as f32 + 0.5);
        if pixel.distance(centre) < radius {
            frame.depth_z_m.data[k] = depth;
            frame.part.data[k] = part;
            frame.instance.data[k] = instance;
        }
    }
}
