//! Solids in the picture: ids, depth, light, shadow, and their place in scene files.

use glam::{Quat, Vec3};
use handloom::frame::Frame;
use handloom::math::RigidTransform;
use handloom::posed::{PoseError, pose};
use handloom::render::Renderer;
use handloom::render::cpu::CpuRenderer;
use handloom::rig::HandSide;
use handloom::scene::{
    InstanceKind, Pattern, PatternKind, Scene, SkinTone, Solid, SolidClass, SolidKind, SurfaceMaterial,
};

use crate::synthetic::{backdrop, hand, light, plane, rigid, scene};

const SIZE: u32 = 96;

fn solid(kind: SolidKind, at: Vec3) -> Solid {
    Solid {
        name: "thing".into(),
        class: SolidClass::Object,
        joined: false,
        kind,
        world_from_solid: RigidTransform::new(Quat::IDENTITY, at),
        material: SurfaceMaterial { f0: 0.0, ..SurfaceMaterial::plain([0.5, 0.4, 0.3], 1.0) },
    }
}

fn ball(radius: f32) -> SolidKind {
    SolidKind::Ellipsoid { semi_axes_m: [radius; 3] }
}

/// A hand that is a square wall 0.7 m ahead, and solids.
fn before_wall(solids: Vec<Solid>) -> Scene {
    let wall = hand(HandSide::Right, RigidTransform::new(Quat::IDENTITY, Vec3::new(0.0, 0.0, -0.7)));
    Scene { solids, ..scene(SIZE, 120.0, vec![wall]) }
}

fn draw(scene: &Scene, radiance: f32) -> Frame {
    let posed = pose(scene, &[rigid(plane(0.5, 40))]).unwrap();
    CpuRenderer::new().render(&posed, &backdrop(SIZE, 0.0, radiance)).unwrap()
}

#[test]
fn a_ball_in_front_has_its_ids_and_depth() {
    let middle = (i64::from(SIZE) / 2, i64::from(SIZE) / 2);
    for (class, part) in [(SolidClass::Object, 0), (SolidClass::Person, 1)] {
        let at = Vec3::new(0.0, 0.0, -0.5);
        let frame = draw(&before_wall(vec![Solid { class, ..solid(ball(0.05), at) }]), 1.0);
        assert_eq!(frame.part.get(middle.0, middle.1), Some(part));
        assert_eq!(frame.instance.get(middle.0, middle.1), Some(2));
        assert!((frame.depth_z_m.get(middle.0, middle.1).unwrap() - 0.45).abs() < 5e-4);
        assert_eq!(frame.instance.get(2, 2), Some(1));
        let pixels: f32 = frame.instance.data.iter().map(|i| f32::from(u8::from(*i == 2))).sum();
        let radius: f32 = 120.0 * 0.05 / (0.5_f32 * 0.5 - 0.05 * 0.05).sqrt();
        let silhouette = std::f32::consts::PI * radius * radius;
        assert!((pixels / silhouette - 1.0).abs() < 0.03, "{pixels} {silhouette}");
    }
}

#[test]
fn a_matt_plate_reflects_albedo_times_irradiance() {
    let plate = solid(SolidKind::Box { size_m: [0.9, 0.9, 0.02], rounding_m: 0.001 }, Vec3::new(0.0, 0.0, -0.5));
    let mut scene = before_wall(vec![plate]);
    scene.lights = vec![light(Vec3::Z)];
    let found = draw(&scene, 0.0).colour.get(48, 48).unwrap();
    for (found, albedo) in found.iter().zip([0.5, 0.4, 0.3]) {
        assert!((found - albedo).abs() < 0.01, "{found} {albedo}");
    }
}

#[test]
fn a_ball_throws_its_shadow_on_the_hand() {
    let mut scene = before_wall(vec![solid(ball(0.04), Vec3::new(0.0, 0.1, -0.6))]);
    scene.lights = vec![light(Vec3::new(0.0, 1.0, 1.0))];
    let frame = draw(&scene, 0.0);
    let row = |y_m: f32| (f64::from(48.0 - y_m * 120.0 / 0.7)) as i64;
    // the shadow falls 0.1 m lower than the ball, as far as the wall is behind it
    let (shaded, open) = (frame.colour.get(48, row(0.0)).unwrap()[0], frame.colour.get(48, row(-0.2)).unwrap()[0]);
    assert!(shaded < 0.1 * open, "{shaded} {open}");
}

#[test]
fn what_a_solid_hides_of_the_sky_darkens_the_hand() {
    let open = draw(&before_wall(Vec::new()), 1.0).colour.get(46, 48).unwrap()[0];
    let near = draw(&before_wall(vec![solid(ball(0.09), Vec3::new(-0.12, 0.0, -0.6))]), 1.0);
    let dark = near.colour.get(46, 48).unwrap()[0];
    assert!(dark < 0.9 * open, "{dark} {open}");
}

#[test]
fn every_vector_width_gives_the_same_bytes() {
    let kinds =
        [PatternKind::Stripes, PatternKind::Pinstripes, PatternKind::Checks, PatternKind::Dots, PatternKind::Noise];
    let solids = kinds.into_iter().enumerate().map(|(k, kind)| {
        let pattern = Some(Pattern { kind, colour: [0.9, 0.1, 0.2], period_m: 0.011 });
        let material = SurfaceMaterial {
            pattern,
            sheen: 0.2 * k as f32,
            metalness: 0.25 * k as f32,
            ..SurfaceMaterial::plain([0.1, 0.2, 0.4], 0.4)
        };
        Solid { material, ..solid(ball(0.03), Vec3::new(-0.12 + 0.06 * k as f32, 0.0, -0.5)) }
    });
    let mut scene = before_wall(solids.collect());
    scene.solids[0].material.skin = Some(SkinTone { melanin: 0.05, blood: 0.01 });
    scene.lights = vec![light(Vec3::new(0.3, 0.8, 1.0))];
    let posed = pose(&scene, &[rigid(plane(0.5, 40))]).unwrap();
    let [first, second] = [CpuRenderer::new(), CpuRenderer::portable()]
        .map(|renderer| renderer.render(&posed, &backdrop(SIZE, 0.3, 0.4)).unwrap());
    assert_eq!(first, second);
    assert!((2..=6).all(|id| first.instance.data.contains(&id)));
    assert!(first.colour.data.iter().flatten().all(|c| c.is_finite() && *c >= 0.0));
}

#[test]
fn joined_pieces_share_an_id_and_the_list_names_them() {
    let piece = |name: &str, joined, class| Solid { name: name.into(), joined, class, ..solid(ball(0.01), Vec3::ZERO) };
    let scene = before_wall(vec![
        piece("mug", false, SolidClass::Object),
        piece("handle", true, SolidClass::Object),
        piece("head", false, SolidClass::Person),
    ]);
    assert_eq!(scene.solid_ids(), [2, 2, 3]);
    let listed = scene.instances();
    let found: Vec<_> = listed.iter().map(|i| (i.id, i.kind, i.name.as_deref(), i.hand)).collect();
    let expected = [
        (1, InstanceKind::Hand, None, Some(0)),
        (2, InstanceKind::Object, Some("mug"), None),
        (3, InstanceKind::Person, Some("head"), None),
    ];
    assert_eq!(found, expected);
}

#[test]
fn scene_files_hold_solids_of_every_kind() {
    let kinds = vec![
        SolidKind::Box { size_m: [0.1, 0.2, 0.3], rounding_m: 0.01 },
        SolidKind::Cylinder { radius_m: 0.03, length_m: 0.1, rounding_m: 0.002 },
        SolidKind::RoundCone { radii_m: [0.02, 0.03], length_m: 0.1 },
        SolidKind::Torus { radius_m: 0.03, tube_m: 0.004 },
        SolidKind::Lathe { profile_m: vec![[0.0, 0.0], [0.04, 0.0], [0.04, 0.1], [0.0, 0.1]] },
        SolidKind::Tube { path_m: vec![[0.0; 3], [0.1, 0.0, 0.0]], radius_m: 0.004 },
    ];
    let scene = before_wall(kinds.into_iter().map(|kind| solid(kind, Vec3::new(0.0, 0.0, -0.5))).collect());
    let text = toml::to_string(&scene).unwrap();
    assert_eq!(toml::from_str::<Scene>(&text).unwrap(), scene);
    let json = serde_json::to_string(&scene).unwrap();
    assert_eq!(serde_json::from_str::<Scene>(&json).unwrap(), scene);
}

#[test]
fn illegal_solids_are_named() {
    let scene = before_wall(vec![solid(ball(0.01), Vec3::ZERO), solid(ball(-1.0), Vec3::ZERO)]);
    let error = pose(&scene, &[rigid(plane(0.5, 4))]).unwrap_err();
    assert_eq!(error, PoseError::Solid { solid: 1, name: "thing".into(), field: "semi_axes_m" });
    let mut scene = before_wall(vec![solid(ball(0.01), Vec3::NAN)]);
    assert!(pose(&scene, &[rigid(plane(0.5, 4))]).unwrap_err().to_string().contains("world_from_solid"));
    scene.solids = vec![solid(ball(0.01), Vec3::ZERO); 250];
    let posed = pose(&scene, &[rigid(plane(0.5, 4))]).unwrap();
    let error = CpuRenderer::new().render(&posed, &backdrop(SIZE, 0.0, 0.0)).unwrap_err();
    assert!(error.to_string().contains("solids 250, at most 249"), "{error}");
}
