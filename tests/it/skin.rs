//! How skin looks, against what is known of it without looking.

use glam::{Quat, Vec3};
use handloom::assets::Assets;
use handloom::frame::Frame;
use handloom::math::RigidTransform;
use handloom::posed::pose;
use handloom::render::Renderer;
use handloom::render::cpu::CpuRenderer;
use handloom::rig::{Dof, HandSide};
use handloom::scene::{DirectionalLight, Scene, SceneHand, SkinTraits};
use handloom::tone::tone;

use crate::synthetic::{backdrop, hand, light, scene};

fn draw(scene: &Scene, radiance: f32) -> Frame {
    let rig = Assets::new().unwrap().open_rig("adult").unwrap();
    let posed = pose(scene, &[rig]).unwrap();
    CpuRenderer::new().render(&posed, &backdrop(scene.camera.intrinsics.width, 0.0, radiance)).unwrap()
}

/// The adult's right hand of a tone in front of the camera, its back or palm towards it.
fn adult(number: u8, back: bool, distance_m: f32) -> SceneHand {
    let turn = if back { Quat::from_rotation_y(std::f32::consts::PI) } else { Quat::IDENTITY };
    let mut hand = hand(HandSide::Right, RigidTransform::new(turn, Vec3::new(0.0, -0.09, -distance_m)));
    (hand.skin.melanin, hand.skin.blood) = tone(number);
    hand.skin.specular = 1.0;
    hand
}

/// Mean colour where the hand is.
fn mean(frame: &Frame) -> [f32; 3] {
    let seen = || frame.colour.data.iter().zip(&frame.part.data).filter(|(_, part)| **part > 1);
    let count = seen().count() as f32;
    std::array::from_fn(|c| seen().map(|(rgb, _)| rgb[c]).sum::<f32>() / count)
}

#[test]
fn nothing_reflects_more_than_it_gets() {
    // the same radiance from everywhere, by the environment and then by lights all around
    const LIGHTS: usize = 48;
    for (number, wetness, environment) in [(1, 1.0, true), (1, 0.0, true), (1, 0.0, false), (10, 0.0, false)] {
        let mut scene = scene(96, 160.0, vec![adult(number, true, 0.4)]);
        scene.hands[0].skin.wetness = wetness;
        if !environment {
            let spiral = |k: usize| {
                let (z, turn) = (1.0 - (2.0 * k as f32 + 1.0) / LIGHTS as f32, 2.399_963 * k as f32);
                let flat = (1.0 - z * z).sqrt();
                Vec3::new(flat * turn.cos(), flat * turn.sin(), z)
            };
            let share = [4.0 / LIGHTS as f32; 3];
            scene.lights = (0..LIGHTS)
                .map(|k| DirectionalLight { irradiance: share, angular_radius_rad: 0.1, ..light(spiral(k)) })
                .collect();
        }
        let frame = draw(&scene, if environment { 1.0 } else { 0.0 });
        let seen = frame.colour.data.iter().zip(&frame.part.data).filter(|(_, part)| **part > 1);
        let brightest = seen.flat_map(|(rgb, _)| *rgb).fold(0.0, f32::max);
        assert!(brightest < 1.0, "S{number}, wet {wetness}, environment {environment}: {brightest}");
        assert!(mean(&frame).iter().all(|v| *v < 0.75 && *v > 0.005));
    }
}

#[test]
fn detail_keeps_the_mean_colour_at_every_distance() {
    for back in [true, false] {
        let picture = |size: u32| {
            let mut hand = adult(4, back, 0.4);
            hand.skin.traits = SkinTraits { hair: 0.6, freckles: 0.5, age_spots: 0.5, ..SkinTraits::default() };
            let mut scene = scene(size, size as f32 * 1.4, vec![hand]);
            scene.lights = vec![light(Vec3::new(0.3, 0.4, 0.8))];
            mean(&draw(&scene, 0.4))
        };
        let (near, far) = (picture(1024), picture(128));
        for (a, b) in near.iter().zip(far) {
            assert!((a / b - 1.0).abs() < 0.03, "back {back}: {near:?} {far:?}");
        }
    }
}

#[test]
fn wrinkles_of_the_back_fade_when_the_joint_bends() {
    let relief_at_middle_joint = |bent: f32| {
        let picture = |wrinkles: f32| {
            let mut hand = adult(4, true, 0.25);
            hand.pose.0[Dof::MiddlePipFlexion.index()] = bent;
            hand.skin.traits.wrinkles = wrinkles;
            let mut scene = scene(256, 560.0, vec![hand]);
            scene.lights = vec![light(Vec3::new(0.2, 0.9, 0.4))];
            draw(&scene, 0.3)
        };
        let (with, without) = (picture(1.0), picture(0.0));
        let rig = Assets::new().unwrap().open_rig("adult").unwrap();
        let mut posed_scene = scene(256, 560.0, vec![adult(4, true, 0.25)]);
        posed_scene.hands[0].pose.0[Dof::MiddlePipFlexion.index()] = bent;
        let joint = pose(&posed_scene, &[rig]).unwrap().hands[0].landmarks_m[10];
        let camera_from_world = posed_scene.camera.camera_from_world;
        let at = posed_scene.camera.project(camera_from_world.point(joint)).unwrap();
        let (mut sum, mut count) = (0.0, 0.0);
        for (k, (a, b)) in with.colour.data.iter().zip(&without.colour.data).enumerate() {
            let (x, y) = ((k % 256) as f32 + 0.5, (k / 256) as f32 + 0.5);
            if (x - at.x).hypot(y - at.y) < 14.0 && b[1] > 0.0 {
                sum += (a[1] / b[1] - 1.0).abs();
                count += 1.0;
            }
        }
        sum / count
    };
    let (straight, bent) = (relief_at_middle_joint(0.0), relief_at_middle_joint(1.4));
    assert!(straight > 0.01 && bent < 0.5 * straight, "{straight} {bent}");
}
