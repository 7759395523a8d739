//! The renderer against pictures known in closed form.

use std::sync::Arc;

use glam::{Quat, Vec3};
use handloom::camera::Lens;
use handloom::frame::Frame;
use handloom::math::RigidTransform;
use handloom::posed::pose;
use handloom::render::cpu::CpuRenderer;
use handloom::render::{RenderError, Renderer};
use handloom::rig::{HandSide, Rig, RigMesh};
use handloom::scene::{Scene, SceneHand};

use crate::synthetic::{backdrop, capsule, hand, light, mesh, plane, rigid, scene, sphere};

const RIGHT_PALM: u8 = 33;

fn draw(scene: &Scene, rigs: &[Arc<Rig>], colour: f32, radiance: f32) -> Frame {
    let posed = pose(scene, rigs).unwrap();
    CpuRenderer::new().render(&posed, &backdrop(scene.camera.intrinsics.width, colour, radiance)).unwrap()
}

fn at(x: f32, y: f32, z: f32) -> SceneHand {
    hand(HandSide::Right, RigidTransform::new(Quat::IDENTITY, Vec3::new(x, y, z)))
}

/// Share of each pixel that is not backdrop, from a white backdrop behind an unlit body.
fn coverage(frame: &Frame) -> Vec<f32> {
    frame.colour.data.iter().map(|c| 1.0 - c[0]).collect()
}

#[test]
fn plane_has_its_depth_and_id_everywhere() {
    let frame = draw(&scene(64, 64.0, vec![at(0.0, 0.0, -0.7)]), &[rigid(plane(2.0, 40))], 1.0, 0.0);
    assert!(frame.depth_z_m.data.iter().all(|z| (z - 0.7).abs() < 1e-5));
    assert!(frame.part.data.iter().all(|p| *p == RIGHT_PALM));
    assert!(frame.instance.data.iter().all(|i| *i == 1));
    assert!(coverage(&frame).iter().all(|c| *c > 0.999_999));
}

#[test]
fn tilted_plane_has_perspective_depth() {
    let turn = Quat::from_rotation_x(-0.9);
    let tilted = hand(HandSide::Right, RigidTransform::new(turn, Vec3::new(0.0, 0.0, -1.0)));
    let frame = draw(&scene(64, 64.0, vec![tilted]), &[rigid(plane(0.6, 2))], 1.0, 0.0);
    let normal = turn * Vec3::Z;
    let mut seen = 0;
    for (k, z) in frame.depth_z_m.data.iter().enumerate().filter(|(_, z)| **z > 0.0) {
        let (x, y) = ((k % 64) as f32 + 0.5, (k / 64) as f32 + 0.5);
        let ray = Vec3::new((x - 32.0) / 64.0, -(y - 32.0) / 64.0, -1.0);
        let expected = normal.dot(Vec3::new(0.0, 0.0, -1.0)) / normal.dot(ray);
        assert!((z - expected).abs() < 1e-4, "{z} {expected}");
        seen += 1;
    }
    assert!(seen > 1000);
}

#[test]
fn sphere_fills_its_silhouette() {
    let (size, focal, distance, radius) = (200.0_f32, 300.0_f32, 0.6_f32, 0.05_f32);
    let frame = draw(&scene(200, focal, vec![at(0.0, 0.0, -distance)]), &[rigid(sphere(radius, 90))], 1.0, 0.0);
    let silhouette = focal * radius / (distance * distance - radius * radius).sqrt();
    let area: f32 = coverage(&frame).iter().sum();
    let expected = std::f32::consts::PI * silhouette * silhouette;
    assert!((area / expected - 1.0).abs() < 4e-3, "{area} {expected}");
    let moment = |axis: usize| {
        let place = |k: usize| [(k % 200) as f32 + 0.5, (k / 200) as f32 + 0.5][axis];
        coverage(&frame).iter().enumerate().map(|(k, c)| c * place(k)).sum::<f32>() / area
    };
    assert!((moment(0) - size / 2.0).abs() < 0.03 && (moment(1) - size / 2.0).abs() < 0.03);
    assert!((frame.depth_z_m.get(100, 100).unwrap() - (distance - radius)).abs() < 5e-5);
}

/// A square cut into irregular triangles: corners jittered, but the same for both sides of every edge.
fn jittered_plane(half: f32, cells: u32) -> RigMesh {
    let mut body = plane(half, cells);
    let mut stream = handloom::seed::dataset_stream(5, "jitter", 0);
    let step = half / cells as f32;
    for p in body.positions_m.iter_mut().filter(|p| p.x.abs() < half * 0.99 && p.y.abs() < half * 0.99) {
        p.x += stream.uniform(-0.6, 0.6) * step;
        p.y += stream.uniform(-0.6, 0.6) * step;
    }
    body
}

#[test]
fn shared_edges_leave_neither_gaps_nor_double_hits() {
    // every vertex stands twice, so that no two triangles share an index, as along the seams of an atlas
    let body = jittered_plane(2.0, 60);
    let corners: Vec<_> = body.triangles.as_flattened().iter().map(|i| body.positions_m[*i as usize]).collect();
    let triangles = (0..body.triangles.len() as u32).map(|k| [3 * k, 3 * k + 1, 3 * k + 2]).collect();
    let normals = vec![Vec3::Z; corners.len()];
    for (turn, depth) in [(0.0, -0.7), (0.3, -0.9), (std::f32::consts::FRAC_PI_4, -1.3)] {
        let rig = rigid(mesh(corners.clone(), normals.clone(), Clone::clone(&triangles), 15));
        let transform = RigidTransform::new(Quat::from_rotation_z(turn), Vec3::new(0.0, 0.0, depth));
        let frame = draw(&scene(96, 96.0, vec![hand(HandSide::Right, transform)]), &[rig], 1.0, 0.0);
        assert!(coverage(&frame).iter().all(|c| *c > 0.999_999), "turn {turn}");
    }
}

#[test]
fn edges_cover_their_share_of_a_pixel() {
    for step in 0..32 {
        let shift = step as f32 / 32.0;
        // the right edge of a square at column 32 + shift, then its lower edge at row 32 + shift
        for axis in [Vec3::X, Vec3::NEG_Y] {
            let centre = axis * ((shift - 32.0) / 64.0) + Vec3::NEG_Z;
            let square = hand(HandSide::Right, RigidTransform::new(Quat::IDENTITY, centre));
            let frame = draw(&scene(64, 64.0, vec![square]), &[rigid(plane(0.5, 1))], 1.0, 0.0);
            let pixel = if axis == Vec3::X { 20 * 64 + 32 } else { 32 * 64 + 20 };
            let found = coverage(&frame)[pixel];
            assert!((found - shift).abs() <= 0.126, "{axis} {shift}: {found}");
        }
    }
}

#[test]
fn white_furnace() {
    // a surface reflects its albedo under radiance 1 from everywhere, whatever its direction
    let scene = scene(96, 200.0, vec![at(0.0, 0.0, -0.5)]);
    let palette = handloom::tone::palette(scene.hands[0].skin.melanin, scene.hands[0].skin.blood);
    let frame = draw(&scene, &[rigid(sphere(0.08, 60))], 0.0, 1.0);
    for (k, colour) in frame.colour.data.iter().enumerate() {
        if coverage_is_full(&frame, k) {
            for c in 0..3 {
                assert!((colour[c] / palette.dorsum[c] - 1.0).abs() < 2e-3, "{colour:?} {:?}", palette.dorsum);
            }
        }
    }
}

fn coverage_is_full(frame: &Frame, k: usize) -> bool {
    let (x, y) = ((k % frame.part.width as usize) as i64, (k / frame.part.width as usize) as i64);
    (-1..=1).all(|dy| (-1..=1).all(|dx| frame.instance.get(x + dx, y + dy) == Some(1)))
}

#[test]
fn facing_light_reflects_albedo_times_irradiance() {
    let mut scene = scene(32, 32.0, vec![at(0.0, 0.0, -1.0)]);
    scene.lights = vec![light(Vec3::Z), light(Vec3::new(0.0, 3.0_f32.sqrt(), 1.0))];
    scene.lights[1].irradiance = [2.0, 4.0, 6.0];
    let palette = handloom::tone::palette(scene.hands[0].skin.melanin, scene.hands[0].skin.blood);
    let frame = draw(&scene, &[rigid(plane(2.0, 30))], 0.0, 0.0);
    let colour = frame.colour.get(16, 16).unwrap();
    for (c, expected) in [2.0, 3.0, 4.0].into_iter().enumerate() {
        assert!((colour[c] / palette.dorsum[c] / expected - 1.0).abs() < 0.02, "{c}: {colour:?}");
    }
}

#[test]
fn sphere_throws_its_shadow_on_the_plane() {
    // light from the upper left: the shadow of a sphere 0.2 m before the wall falls 0.2 m to the right and down
    let mut scene = scene(480, 480.0, vec![at(0.0, 0.0, -1.0), at(-0.1, 0.1, -0.8)]);
    scene.lights = vec![light(Vec3::new(-1.0, 1.0, 1.0))];
    let frame = draw(&scene, &[rigid(plane(0.6, 60)), rigid(sphere(0.04, 40))], 0.0, 0.0);
    let red = |x: f32, y: f32| {
        let (column, row) = (240.0 + 480.0 * x, 240.0 - 480.0 * y);
        frame.colour.at(glam::Vec2::new(column, row)).unwrap()[0]
    };
    let lit = red(0.3, 0.3);
    assert!(lit > 0.1);
    // the ellipse around (0.1, -0.1): half axes 0.04 across and 0.04 * sqrt 3 along the diagonal
    for (across, along) in [(0.0, 0.0), (0.03, 0.0), (-0.03, 0.0), (0.0, 0.06), (0.0, -0.06)] {
        let d = std::f32::consts::FRAC_1_SQRT_2;
        let (x, y) = (0.1 + d * (along + across), -0.1 + d * (across - along));
        assert!(red(x, y) < 0.05 * lit, "shadow at {across} {along}: {} {lit}", red(x, y));
    }
    for (across, along) in [(0.05, 0.0), (-0.05, 0.0), (0.0, 0.08), (0.0, -0.08)] {
        let d = std::f32::consts::FRAC_1_SQRT_2;
        let (x, y) = (0.1 + d * (along + across), -0.1 + d * (across - along));
        assert!((red(x, y) / lit - 1.0).abs() < 0.05, "light at {across} {along}: {} {lit}", red(x, y));
    }
}

#[test]
fn lit_bodies_do_not_shade_themselves() {
    let mut scene = scene(160, 400.0, vec![at(0.0, 0.0, -0.6)]);
    scene.lights = vec![light(Vec3::new(0.3, 0.4, 1.0))];
    let frame = draw(&scene, &[rigid(sphere(0.1, 60))], 0.0, 0.0);
    let palette = handloom::tone::palette(scene.hands[0].skin.melanin, scene.hands[0].skin.blood);
    for k in (0..frame.depth_z_m.data.len()).filter(|k| frame.instance.data[*k] == 1) {
        let z = frame.depth_z_m.data[k];
        let (x, y) = ((k % 160) as f32 + 0.5 - 80.0, (k / 160) as f32 + 0.5 - 80.0);
        let normal = (Vec3::new(x / 400.0 * z, -y / 400.0 * z, -z) - Vec3::new(0.0, 0.0, -0.6)) / 0.1;
        let cosine = normal.dot(scene.lights[0].to_light);
        if cosine > 0.4 && coverage_is_full(&frame, k) {
            // blue spreads least below the skin
            let found = frame.colour.data[k][2] / palette.dorsum[2];
            assert!((found - cosine).abs() < 0.03, "{cosine}: {found}");
        }
    }
}

/// Something without symmetry: half a sphere of one part, half of another, stretched.
fn lopsided() -> Arc<Rig> {
    let mut body = sphere(0.05, 30);
    for p in &mut body.positions_m {
        *p = Vec3::new(p.x * 1.7 + 0.013, p.y * 0.8 - 0.021 + 4.0 * p.x * p.x, p.z);
    }
    for (k, part) in body.triangle_part.iter_mut().enumerate() {
        *part = (k / 300 % 15) as u8;
    }
    rigid(body)
}

#[test]
fn left_hand_is_the_mirror_picture() {
    let transform = RigidTransform::new(Quat::from_rotation_y(0.5), Vec3::new(0.02, 0.01, -0.5));
    let right = hand(HandSide::Right, transform);
    let left = hand(HandSide::Left, transform.mirrored_x());
    let mut scenes = [scene(128, 300.0, vec![right]), scene(128, 300.0, vec![left])];
    scenes[0].lights = vec![light(Vec3::new(0.6, 0.5, 0.7))];
    scenes[1].lights = vec![light(Vec3::new(-0.6, 0.5, 0.7))];
    let [a, b] = scenes.map(|s| draw(&s, &[lopsided()], 0.2, 0.3));
    let mut different = 0;
    for (row, column) in (0..128).flat_map(|row| (0..128).map(move |column| (row, column))) {
        let (i, j) = (row * 128 + column, row * 128 + 127 - column);
        // right part ids lie 16 above left ones
        let expected = if a.part.data[i] == 0 { 0 } else { a.part.data[i] - 16 };
        different += usize::from(expected != b.part.data[j]);
        if expected == b.part.data[j] && coverage_is_full(&a, i) {
            assert!((a.depth_z_m.data[i] - b.depth_z_m.data[j]).abs() < 2e-5);
            for c in 0..3 {
                assert!((a.colour.data[i][c] - b.colour.data[j][c]).abs() < 0.01);
            }
        }
    }
    let seen = a.part.data.iter().filter(|p| **p > 0).count();
    assert!(seen > 1500 && different <= 2, "{different} of {seen} ids differ");
}

#[test]
fn every_run_and_every_vector_width_gives_the_same_bytes() {
    let mut scene = scene(96, 250.0, vec![at(0.0, 0.0, -0.5), at(0.04, 0.02, -0.45)]);
    scene.lights = vec![light(Vec3::new(0.6, 0.5, 0.7)), light(Vec3::new(-0.6, 0.5, 0.2))];
    let rigs = [lopsided(), rigid(sphere(0.03, 20))];
    let posed = pose(&scene, &rigs).unwrap();
    let renderer = CpuRenderer::new();
    let first = renderer.render(&posed, &backdrop(96, 0.3, 0.4)).unwrap();
    assert_eq!(first, renderer.render(&posed, &backdrop(96, 0.3, 0.4)).unwrap());
    assert_eq!(first, CpuRenderer::portable().render(&posed, &backdrop(96, 0.3, 0.4)).unwrap());
    assert!(first.instance.data.contains(&2));
}

#[test]
fn what_lies_behind_the_camera_is_cut_off() {
    // a floor below the camera that runs from far ahead to far behind
    let turn = Quat::from_rotation_x(-std::f32::consts::FRAC_PI_2);
    let floor = hand(HandSide::Right, RigidTransform::new(turn, Vec3::new(0.0, -0.1, 0.0)));
    let frame = draw(&scene(64, 64.0, vec![floor]), &[rigid(plane(5.0, 3))], 1.0, 0.0);
    for (k, z) in frame.depth_z_m.data.iter().enumerate() {
        let below = (k / 64) as f32 + 0.5 - 32.0;
        let expected = if below > 0.0 { 0.1 * 64.0 / below } else { 0.0 };
        let expected = if expected > 5.0 { 0.0 } else { expected };
        assert!((z - expected).abs() < 2e-3 * expected.max(1e-3), "row {}: {z} {expected}", k / 64);
    }
}

#[test]
fn bodies_around_and_across_the_border_do_not_disturb() {
    for centre in [Vec3::ZERO, Vec3::new(0.0, 0.0, 0.05), Vec3::new(0.3, 0.0, -0.3), Vec3::new(0.0, 0.0, -0.06)] {
        let frame = draw(&scene(48, 40.0, vec![at(centre.x, centre.y, centre.z)]), &[lopsided()], 0.5, 1.0);
        assert!(frame.colour.data.iter().flatten().all(|v| v.is_finite()));
        assert!(frame.depth_z_m.data.iter().all(|z| *z == 0.0 || *z >= 0.01));
    }
    // half of the sphere is outside the picture: its centre lies on the right border
    let frame = draw(&scene(64, 64.0, vec![at(0.5, 0.0, -1.0)]), &[rigid(sphere(0.2, 40))], 1.0, 0.0);
    assert_eq!(frame.instance.get(63, 32), Some(1));
    assert_eq!(frame.instance.get(48, 32), Some(0));
    assert_eq!(frame.instance.get(0, 32), Some(0));
}

#[test]
fn strong_distortion_folds_nothing_into_the_picture() {
    // with k1 = -0.3 the lens turns back at a tangent of 1.05: what lies beyond must stay away
    let mut scene = scene(64, 40.0, vec![at(-1.4, 0.0, -1.0)]);
    scene.camera.lens = Lens::BrownConrady { k1: -0.3, k2: 0.0, p1: 0.0, p2: 0.0, k3: 0.0 };
    let frame = draw(&scene, &[rigid(sphere(0.1, 20))], 0.0, 1.0);
    assert!(frame.instance.data.iter().all(|i| *i == 0));
}

#[test]
fn wrong_sizes_are_refused() {
    let scene = scene(32, 32.0, vec![at(0.0, 0.0, -1.0)]);
    let good = rigid(plane(0.2, 1));
    let posed = pose(&scene, std::slice::from_ref(&good)).unwrap();
    let error = CpuRenderer::new().render(&posed, &backdrop(31, 0.0, 1.0)).unwrap_err();
    assert_eq!(error, RenderError::BackdropSize { expected: [32, 32], found: [31, 31] });
    let mut rig = Rig::clone(&good);
    rig.mesh.triangles[0][2] = 99;
    let posed = pose(&scene, &[Arc::new(rig)]).unwrap();
    let error = CpuRenderer::new().render(&posed, &backdrop(32, 0.0, 1.0)).unwrap_err();
    assert!(matches!(error, RenderError::RigArrays { field: "triangles", .. }));
}

#[test]
fn flesh_in_front_hides_its_share_of_the_sky() {
    // a sphere of flesh of 4 cm, drawn as a dot, 10 cm before the wall: its cosine-weighted share is (0.04 / 0.1)²
    let mut dot = Rig::clone(&rigid(sphere(0.004, 10)));
    dot.capsules.push(capsule(0.04));
    let scene = scene(160, 160.0, vec![at(0.0, 0.0, -1.0), at(0.2, 0.0, -0.9)]);
    let frame = draw(&scene, &[rigid(plane(0.6, 60)), Arc::new(dot)], 0.0, 1.0);
    let albedo = handloom::tone::palette(scene.hands[0].skin.melanin, scene.hands[0].skin.blood).dorsum[2];
    let reflected = frame.colour.get(112, 80).unwrap()[2] / albedo;
    // bounces between skin and skin give a little back
    assert!((0.83..0.90).contains(&reflected), "{reflected}");
    assert!(frame.colour.get(20, 80).unwrap()[2] / albedo > 0.995);
}
