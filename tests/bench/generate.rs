//! Time of whole samples by stage, one thread: `cargo bench`.
//!
//! Every preset's samples are made several times, and of each sample and stage the least time counts: what other
//! programs take of the machine is not ours. The renderer's stages are indented below their sum.

#![expect(clippy::print_stdout, reason = "a benchmark's result")]

use std::error::Error;
use std::sync::Arc;
use std::time::Instant;

use handloom::assets::Assets;
use handloom::backdrop;
use handloom::dataset::{DatasetWriter, EncodedSample, OpenMode, Sample};
use handloom::label;
use handloom::pipeline::{self, Pictures, Studio, develop};
use handloom::posed::pose;
use handloom::preset::load;
use handloom::render::cpu::{CpuRenderer, Stage};
use handloom::sampler::SceneSampler;
use handloom::scene::{Scene, Wear};

const PRESETS: [&str; 2] = ["rhd", "quickstart"];
const SAMPLES: u64 = 100;
const ROUNDS: usize = 5;

const BEFORE: [&str; 3] = ["sample", "pose", "backdrop"];
const RENDER: [Stage; 6] =
    [Stage::Project, Stage::Occlusion, Stage::Shadow, Stage::Raster, Stage::Collect, Stage::Shade];
const AFTER: [&str; 3] = ["labels", "sensor", "encode"];
const STEPS: usize = BEFORE.len() + RENDER.len() + AFTER.len();

/// Milliseconds of every step of one sample.
type Times = [f64; STEPS];

/// Adds the time since its last call to a step.
struct Watch {
    last: Instant,
    times: Times,
}

impl Watch {
    fn lap(&mut self, step: usize) {
        let now = Instant::now();
        self.times[step] += (now - self.last).as_secs_f64() * 1e3;
        self.last = now;
    }
}

/// What makes the samples of one preset.
struct Line {
    studio: Studio,
    renderer: CpuRenderer,
    sampler: SceneSampler,
    writer: DatasetWriter,
}

impl Line {
    /// One sample, step by step as [`Studio::shoot`] makes it.
    fn make(&self, index: u64) -> Result<(EncodedSample, Times), Box<dyn Error>> {
        let mut watch = Watch { last: Instant::now(), times: [0.0; STEPS] };
        let after = BEFORE.len() + RENDER.len();
        let scene = self.sampler.sample(index)?;
        watch.lap(0);
        let posed = self.studio.pose(&scene)?;
        watch.lap(1);
        let backdrop = backdrop::resolve(&scene, &self.studio.assets)?;
        watch.lap(2);
        let frame = self.renderer.render_observed(&posed, &backdrop, &mut |stage| {
            watch.lap(BEFORE.len() + stage as usize);
        })?;
        let labels = label::derive(&posed, &frame);
        let gain = backdrop.gain;
        drop((posed, backdrop));
        watch.lap(after);
        let Pictures { rgb, rgb_jpeg, grey } = develop(&frame.colour, gain, &scene, &self.writer.plan().output)?;
        watch.lap(after + 1);
        let encoded = self.writer.encode(&Sample { index, labels, frame, rgb, grey, rgb_jpeg, scene })?;
        watch.lap(after + 2);
        Ok((encoded, watch.times))
    }

    /// Milliseconds to write all samples into their shards.
    fn write(&self, samples: &[EncodedSample]) -> Result<f64, Box<dyn Error>> {
        let start = Instant::now();
        for chunk in self.writer.plan().chunks() {
            let range = chunk.first as usize..(chunk.first + chunk.count) as usize;
            self.writer.write_chunk(&chunk, samples[range].iter().cloned().map(Ok))?;
        }
        Ok(start.elapsed().as_secs_f64() * 1e3)
    }
}

fn measure(preset: &str) -> Result<(), Box<dyn Error>> {
    let mut loaded = load(preset, &[])?;
    loaded.set_total_count(SAMPLES)?;
    let assets = Assets::new()?;
    let sampler = SceneSampler::new(loaded.preset.clone(), assets.open_rig(&loaded.preset.rig)?, Vec::new())?;
    let folder = tempfile::tempdir()?;
    let writer = DatasetWriter::open(folder.path(), pipeline::plan(&loaded.preset, &loaded.hash), OpenMode::New)?;
    let studio = Studio { assets, renderer: Box::new(CpuRenderer::new()) };
    let line = Line { studio, renderer: CpuRenderer::new(), sampler, writer };

    let mut least = vec![[f64::MAX; STEPS]; SAMPLES as usize];
    let mut write = f64::MAX;
    for _ in 0..ROUNDS {
        let mut samples = Vec::new();
        for (index, least) in least.iter_mut().enumerate() {
            let (encoded, times) = line.make(index as u64)?;
            samples.push(encoded);
            least.iter_mut().zip(times).for_each(|(least, time)| *least = least.min(time));
        }
        write = write.min(line.write(&samples)?);
    }
    let mean = |step: usize| least.iter().map(|times| times[step]).sum::<f64>() / SAMPLES as f64;
    print_table(preset, &std::array::from_fn(mean), write / SAMPLES as f64);
    Ok(())
}

fn print_table(preset: &str, means: &Times, write: f64) {
    let row = |name: &str, ms: f64| println!("  {name:<12} {ms:7.3}");
    println!("{preset}: mean ms per sample, {SAMPLES} samples");
    let (before, rest) = means.split_at(BEFORE.len());
    let (render, after) = rest.split_at(RENDER.len());
    BEFORE.iter().zip(before).for_each(|(name, ms)| row(name, *ms));
    row("render", render.iter().sum());
    RENDER.iter().zip(render).for_each(|(stage, ms)| row(&format!("  {stage:?}").to_lowercase(), *ms));
    AFTER.iter().zip(after).for_each(|(name, ms)| row(name, *ms));
    row("write", write);
    row("total", means.iter().sum::<f64>() + write);
}

/// Milliseconds per hand of shape, correctives, skinning and normals, on the fine and on the coarse mesh.
fn measure_posing() -> Result<(), Box<dyn Error>> {
    let mut loaded = load(PRESETS[1], &[])?;
    loaded.set_total_count(SAMPLES)?;
    let fine = Assets::new()?.open_rig(&loaded.preset.rig)?;
    let coarse = Arc::new(fine.coarser());
    let sampler = SceneSampler::new(loaded.preset, Arc::clone(&fine), Vec::new())?;
    let scenes = (0..SAMPLES).map(|index| sampler.sample(index)).collect::<Result<Vec<_>, _>>()?;
    let hands: usize = scenes.iter().map(|scene| scene.hands.len()).sum();
    let bare: Vec<Scene> = scenes.iter().cloned().map(undressed).collect();
    println!("posed subject: mean ms per hand, {hands} hands");
    let rows = [("fine", &fine, &bare), ("coarse", &coarse, &bare), ("dressed fine", &fine, &scenes)];
    for (name, rig, scenes) in rows {
        let mut sum = 0.0;
        for scene in scenes {
            let rigs = vec![Arc::clone(rig); scene.hands.len()];
            let mut least = f64::MAX;
            for _ in 0..4 * ROUNDS {
                let start = Instant::now();
                std::hint::black_box(pose(scene, &rigs)?);
                least = least.min(start.elapsed().as_secs_f64() * 1e3);
            }
            sum += least;
        }
        println!("  {name:<12} {:7.3}   {} vertices", sum / hands as f64, rig.mesh.positions_m.len());
    }
    Ok(())
}

/// The scene's hands alone, without arms, clothes and things.
fn undressed(mut scene: Scene) -> Scene {
    scene.solids.clear();
    for hand in &mut scene.hands {
        (hand.arm, hand.wear) = (None, Wear::default());
    }
    scene
}

fn main() -> Result<(), Box<dyn Error>> {
    measure_posing()?;
    PRESETS.into_iter().try_for_each(measure)
}
