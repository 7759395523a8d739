//! Rooms: geometry, light, and what may not change a picture.

use glam::Quat;

use super::*;
use crate::backdrop::tests::assets;
use crate::camera::{Intrinsics, Lens};
use crate::math::RigidTransform;

fn placement(seed: u64) -> Placement {
    Placement { size_m: Vec3::new(4.0, 2.6, 5.0), centre_m: Vec3::new(0.5, 0.1, -0.4), yaw_rad: 0.6, seed }
}

fn camera(azimuth_rad: f32) -> Camera {
    let rotation = Quat::from_axis_angle(Vec3::X, std::f32::consts::PI) * Quat::from_axis_angle(Vec3::Y, azimuth_rad);
    Camera {
        intrinsics: Intrinsics { width: 128, height: 96, fx: 110.0, fy: 110.0, cx: 64.0, cy: 48.0 },
        lens: Lens::Pinhole,
        camera_from_world: RigidTransform::new(rotation, Vec3::new(0.0, 0.0, 0.5)),
    }
}

#[test]
fn rays_enter_boxes_where_they_should() {
    let bounds = Bounds { lo: Vec3A::new(1.0, -1.0, -1.0), hi: Vec3A::new(3.0, 1.0, 1.0) };
    assert_eq!(bounds.enter(Vec3A::new(2.0, 0.5, 0.0).recip()), Some(0.5));
    assert_eq!(bounds.enter(Vec3A::new(-2.0, 0.5, 0.0).recip()), None, "behind");
    assert_eq!(bounds.enter(Vec3A::new(1.0, 1.5, 0.0).recip()), None, "above");
}

#[test]
fn light_falls_off_from_an_emitter() {
    let emitter = Emitter { centre: Vec3::ZERO, normal: Vec3::X, area_m2: 0.5, radiance: Vec3A::ONE };
    let (to, far) = emitter.seen_from(Vec3::new(4.0, 0.0, 0.0));
    assert!(to.abs_diff_eq(-Vec3::X, 1e-6) && (far - 0.5 / 16.0).abs() < 2e-4, "{far}");
    assert!(emitter.seen_from(Vec3::new(1e-3, 0.0, 0.0)).1 < std::f32::consts::TAU + 1e-3);
    assert!(emitter.seen_from(Vec3::new(-2.0, 0.0, 0.0)).1 < 1e-9, "it shines to one side");
}

#[test]
fn surfaces_have_mean_one_from_the_origin() {
    let assets = assets();
    for seed in 0..5 {
        let mean = Room::new(&placement(seed), assets).mean_luminance();
        assert!((mean - 1.0).abs() < 1e-3, "{seed}: {mean}");
    }
}

#[test]
fn leaving_out_what_a_tile_cannot_see_changes_nothing() {
    let assets = assets();
    for seed in 0..6 {
        let room = Room::new(&placement(seed), assets);
        assert!(!room.furniture.is_empty());
        let camera = camera(seed as f32);
        let view = room.view_from(room.frame.point(camera.camera_from_world.inverse().translation_m));
        let look = |pieces: u64, ray| room.look(&view, pieces, room.frame.direction(ray), 0.01, true);
        let all = trace(&camera, STEP, |_| view.outside, |pieces, ray| look(*pieces, ray));
        let few = trace(&camera, STEP, |tile| room.furniture_in(tile, &view), |pieces, ray| look(*pieces, ray));
        assert_eq!(all, few, "{seed}");
    }
}

#[test]
fn walls_stand_where_the_size_says_and_hold_the_camera() {
    let assets = assets();
    let room = Room::new(&placement(1), assets);
    let view = room.view_from(Vec3::ZERO);
    let (_, far) = view.shell.crossings(Vec3A::new(1.0, 0.0, 0.0).recip());
    assert!((far.min_element() - 2.0).abs() < 1e-6, "half of 4 m");
    let moved = room.view_from(Vec3::new(0.5, 0.0, 0.0));
    let (_, far) = moved.shell.crossings(Vec3A::new(1.0, 0.0, 0.0).recip());
    assert!((far.min_element() - 1.5).abs() < 1e-6);
    let outside = room.view_from(Vec3::new(50.0, 0.0, 0.0));
    assert!((outside.eye.x - (2.0 - INSIDE_M)).abs() < 1e-6, "a camera beyond the wall is brought inside");
}

#[test]
fn windows_light_from_their_side() {
    let assets = assets();
    let room = Room::new(&placement(4), assets);
    let sh = room.light();
    let pull = Vec3::new(sh.0[3][1], sh.0[1][1], sh.0[2][1]);
    let towards: Vec3 = room
        .emitters
        .iter()
        .map(|e| {
            let (to, solid_angle_sr) = e.seen_from(room.frame.point(Vec3::ZERO));
            room.frame.world_direction(to) * (e.radiance.y * solid_angle_sr)
        })
        .sum();
    assert!(pull.dot(towards) > 0.5 * pull.length() * towards.length(), "{pull} {towards}");
}
