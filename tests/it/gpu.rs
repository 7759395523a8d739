//! The graphics adapter draws what the processor draws.
//!
//! Without an adapter these tests fail, and say what to install; `HANDLOOM_GPU=off` leaves them out, and says so.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;

use handloom::assets::Assets;
use handloom::backdrop::{self, Backdrop};
use handloom::dataset::{DatasetWriter, Finished, OpenMode, ShardOf};
use handloom::frame::Frame;
use handloom::pipeline::{self, GenerateError, Studio};
use handloom::posed::PosedScene;
use handloom::preset::load;
use handloom::render::cpu::CpuRenderer;
use handloom::render::gpu::{GpuError, GpuRenderer};
use handloom::render::{RenderError, Renderer};
use handloom::sampler::SceneSampler;
use handloom::scene::Scene;

/// Pixels of a hand that may show another part, as share of all.
const OTHER_IDS: f64 = 0.005;
/// Largest difference of depth where both show the same part, metres.
const DEPTH_M: f32 = 1e-4;
/// Least peak signal-to-noise ratio of the picture: a factor of the shading that is changed by a tenth on one side shows at 55.
const PSNR_DB: f64 = 70.0;

/// The adapter, or `None` where tests on it are turned off.
fn adapter() -> Option<GpuRenderer> {
    if std::env::var("HANDLOOM_GPU").is_ok_and(|v| v == "off") {
        println!("HANDLOOM_GPU=off: nothing was drawn on a graphics adapter");
        return None;
    }
    match GpuRenderer::new() {
        Ok(renderer) => Some(renderer),
        Err(error) => panic!("{error}\nhint: HANDLOOM_GPU=off leaves these tests out"),
    }
}

/// Scenes of a preset with changes.
struct Stage {
    studio: Studio,
    scenes: Vec<Scene>,
}

impl Stage {
    fn new(preset: &str, count: usize, sets: &[&str]) -> Self {
        let sets: Vec<String> = sets.iter().map(ToString::to_string).collect();
        let preset = load(preset, &sets).unwrap().preset;
        let assets = Assets::new().unwrap();
        let rig = assets.open_rig(&preset.rig).unwrap();
        let sampler = SceneSampler::new(preset, rig, Vec::new()).unwrap();
        // small pictures leave a few framings without a solution
        let scenes: Vec<_> = (0..sampler.count()).filter_map(|index| sampler.sample(index).ok()).take(count).collect();
        assert_eq!(scenes.len(), count);
        Self { studio: Studio { assets, renderer: Box::new(CpuRenderer::new()) }, scenes }
    }

    fn backdrops(&self) -> Vec<Backdrop> {
        self.scenes.iter().map(|scene| backdrop::resolve(scene, &self.studio.assets).unwrap()).collect()
    }

    /// Every scene drawn by the adapter, and by the processor.
    fn drawn(&self, gpu: &GpuRenderer) -> Vec<(Frame, Frame)> {
        let posed: Vec<_> = self.scenes.iter().map(|scene| self.studio.pose(scene).unwrap()).collect();
        let backdrops = self.backdrops();
        let jobs: Vec<_> = posed.iter().zip(&backdrops).collect();
        let reference = jobs.iter().map(|(posed, backdrop)| self.studio.renderer.render(posed, backdrop).unwrap());
        gpu.render_batch(&jobs).into_iter().map(Result::unwrap).zip(reference).collect()
    }
}

/// How far two pictures are apart.
struct Difference {
    other_ids: usize,
    hand_pixels: usize,
    depth_m: f32,
    psnr_db: f64,
}

fn difference(a: &Frame, b: &Frame) -> Difference {
    let ids = |frame: &Frame, k: usize| (frame.part.data[k], frame.instance.data[k]);
    let all = || 0..a.part.data.len();
    let same = |k: &usize| ids(a, *k) == ids(b, *k);
    let depth = |k: usize| (a.depth_z_m.data[k] - b.depth_z_m.data[k]).abs();
    // as the eye and a camera see it: bright differences count no more than dark ones
    let seen = |light: f32| f64::from(light.clamp(0.0, 1.0)).powf(1.0 / 2.2);
    let channels = a.colour.data.as_flattened().iter().zip(b.colour.data.as_flattened());
    let squares: f64 = channels.map(|(x, y)| (seen(*x) - seen(*y)).powi(2)).sum();
    let mean = squares / (3 * a.colour.data.len()) as f64;
    Difference {
        other_ids: all().filter(|k| !same(k)).count(),
        hand_pixels: b.part.data.iter().filter(|part| **part > 1).count(),
        depth_m: all().filter(same).map(depth).fold(0.0, f32::max),
        psnr_db: -10.0 * mean.max(1e-15).log10(),
    }
}

/// Draws a stage in both ways and asks for the agreement that is promised.
fn assert_agreement(gpu: &GpuRenderer, name: &str, stage: &Stage) {
    let mut hands = 0;
    for (k, (drawn, reference)) in stage.drawn(gpu).iter().enumerate() {
        let d = difference(drawn, reference);
        let told =
            format!("{name} {k}: {} ids of {}, {} m, {:.1} dB", d.other_ids, d.hand_pixels, d.depth_m, d.psnr_db);
        assert!(d.other_ids as f64 <= OTHER_IDS * d.hand_pixels.max(200) as f64, "{told}");
        assert!(d.depth_m < DEPTH_M && d.psnr_db > PSNR_DB, "{told}");
        hands += usize::from(d.hand_pixels > 0);
    }
    assert!(hands * 2 > stage.scenes.len(), "{name}: most pictures must show a hand, {hands} do");
}

const SMALL: [&str; 3] = ["camera.width_px=160", "camera.height_px=160", "output.format='tar'"];

#[test]
fn two_hundred_scenes_agree() {
    let Some(gpu) = adapter() else { return };
    for (preset, count) in [("rhd", 70), ("quickstart", 60), ("jgr", 40), ("sequence", 30)] {
        assert_agreement(&gpu, preset, &Stage::new(preset, count, &SMALL));
    }
}

#[test]
fn marks_wet_skin_and_close_views_agree() {
    let Some(gpu) = adapter() else { return };
    // the finest relief, ridges, hairs, spots, scars and tattoos show from near only
    let mut stage = Stage::new("quickstart", 16, &["camera.width_px=400", "camera.height_px=400", "seed=5"]);
    for (k, scene) in stage.scenes.iter_mut().enumerate() {
        for hand in &mut scene.hands {
            hand.skin.wetness = k as f32 / 15.0;
            hand.skin.traits.hair = 0.8;
            hand.skin.traits.freckles = 0.7;
            hand.skin.traits.age_spots = 0.6;
        }
        scene.camera.intrinsics.fx *= 1.5;
        scene.camera.intrinsics.fy *= 1.5;
    }
    assert_agreement(&gpu, "marked", &stage);
}

#[test]
fn one_at_a_time_and_many_give_the_same_bytes() {
    let Some(gpu) = adapter() else { return };
    let stage = Stage::new("rhd", 9, &SMALL);
    let drawn = |gpu: &GpuRenderer| stage.drawn(gpu).into_iter().map(|(frame, _)| frame).collect::<Vec<_>>();
    let gpu = gpu.with_batch(9);
    let together = drawn(&gpu);
    let gpu = gpu.with_batch(1);
    assert!(together == drawn(&gpu), "batches of one");
    let gpu = gpu.with_batch(4);
    assert!(together == drawn(&gpu), "batches of four");
}

#[test]
fn a_faulty_scene_leaves_its_batch_be() {
    let Some(gpu) = adapter() else { return };
    let stage = Stage::new("rhd", 3, &SMALL);
    let posed: Vec<_> = stage.scenes.iter().map(|scene| stage.studio.pose(scene).unwrap()).collect();
    let mut backdrops = stage.backdrops();
    backdrops[1].pixels.data.pop();
    let jobs: Vec<_> = posed.iter().zip(&backdrops).collect();
    let drawn = gpu.render_batch(&jobs);
    assert!(drawn[0].is_ok() && drawn[2].is_ok());
    assert!(drawn[1].as_ref().unwrap_err().to_string().contains("backdrop"));
    assert!(gpu.render_batch(&[]).is_empty());
}

/// The processor, until it has drawn some pictures.
struct Breaks {
    left: AtomicUsize,
}

impl Renderer for Breaks {
    fn render(&self, posed: &PosedScene<'_>, backdrop: &Backdrop) -> Result<Frame, RenderError> {
        let is_over = self.left.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1)).is_err();
        let hung = || GpuError::Hung { adapter: "a card".to_owned(), seconds: 120 };
        if is_over { Err(hung().into()) } else { CpuRenderer::new().render(posed, backdrop) }
    }
}

#[test]
fn a_card_that_fails_ends_the_run_and_loses_no_sample() {
    let sets = [SMALL[0], SMALL[1], SMALL[2], "output.samples_per_shard=8"].map(str::to_owned);
    let mut loaded = load("rhd", &sets).unwrap();
    loaded.set_total_count(24).unwrap();
    let make = |folder: &Path, mode: OpenMode, pictures: usize| {
        let assets = Assets::new().unwrap();
        let rig = assets.open_rig(&loaded.preset.rig).unwrap();
        let sampler = SceneSampler::new(loaded.preset.clone(), rig, Vec::new()).unwrap();
        let studio = Studio { assets, renderer: Box::new(Breaks { left: AtomicUsize::new(pictures) }) };
        let writer = DatasetWriter::open(folder, pipeline::plan(&loaded.preset, &loaded.hash), mode).unwrap();
        let chunks = writer.chunks_to_do(ShardOf::ALL).unwrap();
        pipeline::generate(&studio, &sampler, &writer, &chunks, &|_| ())?;
        assert!(matches!(writer.finalize().unwrap(), Finished::Complete(_)));
        Ok::<_, GenerateError>(())
    };
    let (whole, resumed) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    make(whole.path(), OpenMode::New, usize::MAX).unwrap();
    let error = make(resumed.path(), OpenMode::New, 11).unwrap_err();
    assert!(matches!(error, GenerateError::Renderer(_)), "{error}");
    assert!(error.to_string().contains("`--resume`") && !resumed.path().join("manifest.json").exists());
    make(resumed.path(), OpenMode::Resume, usize::MAX).unwrap();
    let manifest = |folder: &Path| std::fs::read_to_string(folder.join("manifest.json")).unwrap();
    assert_eq!(manifest(whole.path()), manifest(resumed.path()));
    assert!(manifest(whole.path()).contains("\"failures\": []"), "{}", manifest(whole.path()));
}

fn handloom(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_handloom"));
    command.args(arguments);
    command
}

#[test]
fn a_dataset_drawn_on_the_adapter_holds_what_labels_promise() {
    if adapter().is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let set = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let generate = |name: &str, batch: &str| {
        let out = set(name);
        let size = ["--set", "camera.width_px=160", "--set", "camera.height_px=160"];
        let common = [
            "generate",
            "rhd",
            "--count",
            "14",
            "--format",
            "tar",
            "--backend",
            "gpu",
            "--out",
            &out,
            "--batch",
            batch,
        ];
        let output = handloom(&common).args(size).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{said}");
        said
    };
    assert!(generate("a", "5").contains("drawing on "));
    generate("b", "3");
    let manifest = std::fs::read_to_string(folder.path().join("a/manifest.json")).unwrap();
    assert!(manifest.contains("drawn by "), "{manifest}");
    let shards = |name: &str| {
        let files = std::fs::read_dir(folder.path().join(name)).unwrap().map(|entry| entry.unwrap().path());
        let tars = files.filter(|path| path.extension().is_some_and(|ending| ending == "tar"));
        tars.map(|path| (path.file_name().unwrap().to_owned(), std::fs::read(&path).unwrap()))
            .collect::<BTreeMap<_, _>>()
    };
    assert!(shards("a").len() == 2 && shards("a") == shards("b"), "the batch must not show in the files");
    let checked = handloom(&["check", &set("a")]).output().unwrap();
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stdout));
}

#[test]
fn a_stored_scene_is_drawn_again_on_the_adapter() {
    if adapter().is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let run = |arguments: &[&str]| {
        let output = handloom(arguments).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    let small = ["--count", "2", "--set", "camera.width_px=160", "--set", "camera.height_px=160"];
    run(&[&["generate", "quickstart", "--backend", "gpu", "--out", &path("set")], &small[..]].concat());
    run(&["render", &path("set/train/000000.json"), "--backend", "gpu", "--out", &path("again")]);
    let manifest = std::fs::read_to_string(path("again/manifest.json")).unwrap();
    assert!(manifest.contains("drawn by "), "{manifest}");
    let read = |name: &str| std::fs::read(path(name)).unwrap();
    assert!(read("set/train/000000.mask.png") == read("again/render/000000.mask.png"));
    assert!(read("set/train/000000.rgb.jpg") == read("again/render/000000.rgb.jpg"));
}

#[test]
fn an_adapter_that_is_not_there_is_named() {
    let output = handloom(&["generate", "rhd", "--count", "4", "--backend", "gpu", "--dry-run"])
        .env("HANDLOOM_ADAPTER", "no such adapter")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("no such adapter") && said.contains("hint:") && said.contains("--backend cpu"), "{said}");
    let output = handloom(&["generate", "rhd", "--count", "4", "--batch", "4", "--dry-run"]).output().unwrap();
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("--backend gpu"));
}
