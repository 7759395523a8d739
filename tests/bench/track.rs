//! The tracker, stage by stage, with the bundled model on a rendered clip of depth: `cargo bench --bench track`.
//!
//! One thread unless said otherwise. Of many passes the least and the median time count.

#![expect(clippy::print_stdout, reason = "a benchmark's result")]
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on should stop with the place")]

use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use glam::Vec3;
use handloom::assets::Assets;
use handloom::crop::{self, CropSettings};
use handloom::pipeline::Studio;
use handloom::preset::load;
use handloom::render::cpu::CpuRenderer;
use handloom::rig::{HandShape, HandSide, LANDMARK_COUNT, Rig};
use handloom::sampler::SceneSampler;
use handloom::sequence::{Moment, PresetSettings, PresetSource, Source};
use handloom::tracker::detect::hands_in_depth;
use handloom::tracker::fit::{FitSettings, FitTarget, Fitter, mesh_of};
use handloom::tracker::model::{KeypointModel, RunSettings};
use handloom::tracker::patch::Patch;
use handloom::tracker::smooth::{Smoother, Smoothing};
use handloom::tracker::{Tracker, TrackerSettings};

const PASSES: usize = 60;

/// Prints the least and the median time of several passes.
fn measure<T>(name: &str, mut pass: impl FnMut(usize) -> T) {
    let mut times: Vec<f64> = (0..PASSES)
        .map(|nth| {
            let start = Instant::now();
            black_box(pass(nth));
            start.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    times.sort_by(f64::total_cmp);
    println!("  {name:<44} least {:7.3} ms, median {:7.3} ms", times[0], times[PASSES / 2]);
}

/// A clip of one right hand before a depth camera.
fn clip() -> Vec<Moment> {
    let preset = load("jgr", &["sequence.frames=48".to_owned()]).unwrap().preset;
    let assets = Assets::new().unwrap();
    let rig = assets.open_rig(&preset.rig).unwrap();
    let sampler = SceneSampler::new(preset.clone(), rig, Vec::new()).unwrap();
    let studio = Studio { assets, renderer: Box::new(CpuRenderer::new()) };
    let settings = PresetSettings { count: Some(48), ..PresetSettings::default() };
    let mut source = PresetSource::new(studio, sampler, &preset, "clip", &settings).unwrap();
    std::iter::from_fn(|| source.next_moment()).map(Result::unwrap).collect()
}

fn rig() -> Arc<Rig> {
    let assets = Assets::new().unwrap();
    assets.open_rig("adult").unwrap();
    assets.coarse_rig("adult").unwrap()
}

fn model(threads: usize) -> KeypointModel {
    KeypointModel::load(Path::new("models/jgr-p2o"), &RunSettings { threads, ..RunSettings::default() }).unwrap()
}

fn truth_m(moment: &Moment) -> [Option<Vec3>; LANDMARK_COUNT] {
    moment.truth.as_ref().unwrap().hands[0].keypoints_camera_m
}

fn middle(moment: &Moment) -> Vec3 {
    truth_m(moment).iter().flatten().sum::<Vec3>() / LANDMARK_COUNT as f32
}

fn patch(moment: &Moment) -> Patch {
    let (view, settings) = (&moment.shot.views[0], CropSettings::default());
    let centre = crop::refined(view.depth_z_m.as_ref().unwrap(), &view.camera, middle(moment), &settings);
    Patch::depth(view, centre, &settings, false).unwrap()
}

fn networks(clip: &[Moment]) {
    let patches: Vec<Patch> = clip.iter().map(patch).collect();
    let models = [1, 1, 2].map(model);
    let one = |model: &KeypointModel, k: usize| model.predict(std::slice::from_ref(&patches[k % clip.len()])).unwrap();
    measure("network, 1 thread", |nth| one(&models[0], nth));
    measure("network, 2 threads", |nth| one(&models[2], nth));
    measure("two networks side by side, per pair", |nth| {
        std::thread::scope(|scope| {
            scope.spawn(|| one(&models[0], nth));
            scope.spawn(|| one(&models[1], nth + 1));
        });
    });
}

fn fits(clip: &[Moment], rig: &Rig) {
    let fitter = Fitter::new(rig, FitSettings::default());
    let shape = HandShape(vec![0.0; rig.shapes.len()]);
    let target = |k: usize| FitTarget::in_space(HandSide::Right, &truth_m(&clip[k]), &[1.0; LANDMARK_COUNT]);
    let camera = &clip[0].shot.views[0].camera;
    let mut before = fitter.fit(&target(0), camera, &shape, None).unwrap();
    measure("fit, cold", |nth| fitter.fit(&target(nth % clip.len()), camera, &shape, None).unwrap());
    measure("fit, from the last shot", |nth| {
        before = fitter.fit(&target(nth % clip.len()), camera, &shape, Some(&before)).unwrap();
    });
    measure("mesh", |_| mesh_of(rig, &before, HandSide::Right));
}

fn main() {
    let (clip, rig) = (clip(), rig());
    let view = |k: usize| &clip[k % clip.len()].shot.views[0];
    measure("find hands in 320 x 240", |nth| {
        hands_in_depth(view(nth).depth_z_m.as_ref().unwrap(), &view(nth).camera, 1)
    });
    measure("crop of 96 x 96", |nth| patch(&clip[nth % clip.len()]));
    networks(&clip);
    let mut smoother = Smoother::new(Smoothing::OneEuro { min_cutoff_hz: 1.5, beta: 30.0, derivative_cutoff_hz: 1.0 });
    measure("smoothing", |nth| {
        smoother.update(nth as f64 / 30.0, &truth_m(&clip[nth % clip.len()]), &[1.0; LANDMARK_COUNT])
    });
    fits(&clip, &rig);
    for threads in [1, 2] {
        let mut tracker = Tracker::new(model(threads), None, rig.clone(), TrackerSettings::default());
        measure(&format!("whole tracker, {threads} thread(s)"), |nth| {
            if nth % clip.len() == 0 {
                tracker.reset();
            }
            tracker.step(&clip[nth % clip.len()].shot, None).unwrap()
        });
    }
}
