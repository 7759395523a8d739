//! Time of one picture of 320 x 320 pixels with one hand-sized body, one light, one thread: whole, and by stage.

use std::sync::Arc;
use std::time::Instant;

use divan::Bencher;
use glam::{Quat, Vec3};
use handloom::backdrop::Backdrop;
use handloom::math::RigidTransform;
use handloom::posed::{PosedScene, pose};
use handloom::render::Renderer;
use handloom::render::cpu::{CpuRenderer, Stage};
use handloom::rig::{BlendShape, HandShape, HandSide, JOINT_COUNT, Rig};
use handloom::scene::Scene;

#[path = "../it/synthetic.rs"]
#[expect(dead_code, reason = "shared with the tests")]
mod synthetic;

const STAGES: [Stage; 6] =
    [Stage::Project, Stage::Occlusion, Stage::Shadow, Stage::Raster, Stage::Collect, Stage::Shade];

/// A flattened sphere with as many vertices as a hand and twelve blend shapes.
fn body() -> Arc<Rig> {
    let mut mesh = synthetic::sphere(0.1, 76);
    for p in &mut mesh.positions_m {
        *p = Vec3::new(p.x * 0.8, p.y, p.z * 0.3);
    }
    let mut rig = Rig::clone(&synthetic::rigid(mesh));
    let shape = |k: usize| BlendShape {
        name: format!("shape_{k}"),
        position_deltas_m: rig.mesh.positions_m.iter().map(|p| *p * 1e-3 * k as f32).collect(),
        offset_deltas_m: [Vec3::ZERO; JOINT_COUNT],
    };
    rig.shapes = (0..12).map(shape).collect();
    rig.capsules = vec![synthetic::capsule(0.02); 20];
    Arc::new(rig)
}

fn scene() -> Scene {
    let place = RigidTransform::new(Quat::from_rotation_y(0.2), Vec3::new(0.0, 0.0, -0.45));
    let mut hand = synthetic::hand(HandSide::Right, place);
    hand.shape = HandShape(vec![0.3; 12]);
    hand.skin.specular = 1.0;
    let mut scene = synthetic::scene(320, 290.0, vec![hand]);
    scene.lights = vec![synthetic::light(Vec3::new(0.4, 0.6, 0.7))];
    scene
}

fn backdrop() -> Backdrop {
    synthetic::backdrop(320, 0.2, 0.4)
}

#[divan::bench]
fn pose_hand(bencher: Bencher<'_, '_>) {
    let (scene, rigs) = (scene(), [body()]);
    bencher.bench_local(|| pose(&scene, &rigs).map(|posed| posed.hands.len()));
}

#[divan::bench(args = ["best", "portable"])]
fn render(bencher: Bencher<'_, '_>, unit: &str) {
    let (scene, rigs, backdrop) = (scene(), [body()], backdrop());
    let renderer = if unit == "best" { CpuRenderer::new() } else { CpuRenderer::portable() };
    let posed = pose(&scene, &rigs);
    bencher.bench_local(|| posed.as_ref().ok().map(|posed| renderer.render(posed, &backdrop)));
}

/// Least time of every stage over many pictures, milliseconds.
fn stages(posed: &PosedScene<'_>) -> [f64; STAGES.len()] {
    let (renderer, backdrop) = (CpuRenderer::new(), backdrop());
    let mut least = [f64::MAX; STAGES.len()];
    for _ in 0..300 {
        let mut sums = [0.0; STAGES.len()];
        let mut last = Instant::now();
        let frame = renderer.render_observed(posed, &backdrop, &mut |stage| {
            let now = Instant::now();
            sums[stage as usize] += (now - last).as_secs_f64() * 1e3;
            last = now;
        });
        assert!(divan::black_box(frame).is_ok());
        for (least, sum) in least.iter_mut().zip(sums) {
            *least = least.min(sum);
        }
    }
    least
}

#[expect(clippy::print_stdout, reason = "a benchmark's result")]
fn main() {
    let (scene, rigs) = (scene(), [body()]);
    if let Ok(posed) = pose(&scene, &rigs) {
        for (stage, ms) in STAGES.iter().zip(stages(&posed)) {
            println!("{stage:?}: {ms:.3} ms");
        }
    }
    divan::main();
}
