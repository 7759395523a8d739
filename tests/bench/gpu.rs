//! The graphics adapter against the processor: `cargo bench --bench gpu`.
//!
//! Pictures a second and processor time a picture, drawn only and made end to end with everything written, for batches of
//! different size. On a machine with a graphics card the first is what counts, in software the second. The least of
//! several rounds counts: what other programs take of the machine is not ours.

#![expect(clippy::print_stdout, reason = "a benchmark's result")]

use std::error::Error;
use std::time::Instant;

use handloom::assets::Assets;
use handloom::backdrop;
use handloom::dataset::{DatasetWriter, OpenMode, ShardOf};
use handloom::pipeline::{self, Studio};
use handloom::preset::load;
use handloom::render::Renderer;
use handloom::render::cpu::CpuRenderer;
use handloom::render::gpu::GpuRenderer;
use handloom::sampler::{SampleError, SceneSampler};

const PRESET: &str = "rhd";
const PICTURES: u64 = 96;
const BATCHES: [usize; 4] = [1, 4, 16, 64];
const ROUNDS: usize = 2;

/// Seconds that a piece of work took, and those of the processor.
#[derive(Clone, Copy)]
struct Took {
    wall: f64,
    processor: f64,
}

fn timed(work: impl Fn() -> Result<(), Box<dyn Error>>) -> Result<Took, Box<dyn Error>> {
    let mut least = Took { wall: f64::MAX, processor: f64::MAX };
    for _ in 0..ROUNDS {
        let (start, before) = (Instant::now(), processor_seconds()?);
        work()?;
        least.wall = least.wall.min(start.elapsed().as_secs_f64());
        least.processor = least.processor.min(processor_seconds()? - before);
    }
    Ok(least)
}

/// Of this process, all threads; steps of 10 ms. 0 where the system does not tell.
fn processor_seconds() -> Result<f64, Box<dyn Error>> {
    let Ok(stat) = std::fs::read_to_string("/proc/self/stat") else { return Ok(0.0) };
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |k: usize| fields.get(k).map_or(Ok(0.0), |v| v.parse::<f64>());
    Ok((ticks(11)? + ticks(12)?) / 100.0)
}

fn row(name: &str, took: Took) {
    let (rate, each) = (PICTURES as f64 / took.wall, 1e3 * took.processor / PICTURES as f64);
    println!("  {name:<14} {rate:9.1} /s {each:9.2} ms");
}

fn draw_only(renderers: &[Named]) -> Result<(), Box<dyn Error>> {
    let preset = load(PRESET, &[])?.preset;
    let assets = Assets::new()?;
    let sampler = SceneSampler::new(preset.clone(), assets.open_rig(&preset.rig)?, Vec::new())?;
    let studio = Studio { assets, renderer: Box::new(CpuRenderer::new()) };
    let scenes = (0..PICTURES).map(|index| sampler.sample(index)).collect::<Result<Vec<_>, _>>()?;
    let posed = scenes.iter().map(|scene| studio.pose(scene)).collect::<Result<Vec<_>, _>>()?;
    let backdrops = scenes.iter().map(|s| backdrop::resolve(s, &studio.assets)).collect::<Result<Vec<_>, _>>()?;
    let jobs: Vec<_> = posed.iter().zip(&backdrops).collect();
    println!("drawn only, one thread of this program: pictures a second, processor time a picture");
    for (name, renderer) in renderers {
        let draw = || {
            for frame in renderer.render_batch(&jobs) {
                frame?;
            }
            Ok(())
        };
        row(name, timed(draw)?);
    }
    Ok(())
}

fn end_to_end(name: &str, renderer: Box<dyn Renderer>) -> Result<(), Box<dyn Error>> {
    let mut loaded = load(PRESET, &["output.format=\"tar\"".to_owned()])?;
    loaded.set_total_count(PICTURES)?;
    let assets = Assets::new()?;
    let sampler = SceneSampler::new(loaded.preset.clone(), assets.open_rig(&loaded.preset.rig)?, Vec::new())?;
    let studio = Studio { assets, renderer };
    let make = || {
        let folder = tempfile::tempdir()?;
        let plan = pipeline::plan(&loaded.preset, &loaded.hash);
        let writer = DatasetWriter::open(folder.path(), plan, OpenMode::New)?;
        let chunks = writer.chunks_to_do(ShardOf::ALL)?;
        pipeline::generate(&studio, &sampler, &writer, &chunks, &|_| ())?;
        Ok(())
    };
    row(name, timed(make)?);
    Ok(())
}

/// Processor time that it takes to turn drawn samples into files: its share of making them end to end.
fn encoding() -> Result<(), Box<dyn Error>> {
    let mut loaded = load(PRESET, &["output.format=\"tar\"".to_owned()])?;
    loaded.set_total_count(PICTURES)?;
    let assets = Assets::new()?;
    let sampler = SceneSampler::new(loaded.preset.clone(), assets.open_rig(&loaded.preset.rig)?, Vec::new())?;
    let studio = Studio { assets, renderer: Box::new(CpuRenderer::new()) };
    let folder = tempfile::tempdir()?;
    let writer = DatasetWriter::open(folder.path(), pipeline::plan(&loaded.preset, &loaded.hash), OpenMode::New)?;
    let scenes = (0..PICTURES).map(|index| Ok((index, sampler.sample(index)?))).collect::<Result<_, SampleError>>()?;
    let drawn = studio.shoot_all(scenes, &writer.plan().output);
    let samples = drawn.into_iter().collect::<Result<Vec<_>, _>>()?;
    let encode = || {
        for sample in &samples {
            writer.encode(sample)?;
        }
        Ok(())
    };
    row("encoding alone", timed(encode)?);
    Ok(())
}

/// A renderer and its name in the table.
type Named = (String, Box<dyn Renderer>);

fn renderers() -> Result<Vec<Named>, Box<dyn Error>> {
    let mut all: Vec<Named> = vec![("cpu".to_owned(), Box::new(CpuRenderer::new()))];
    for batch in BATCHES {
        all.push((format!("gpu, {batch} at once"), Box::new(GpuRenderer::new()?.with_batch(batch))));
    }
    Ok(all)
}

fn main() -> Result<(), Box<dyn Error>> {
    let all = renderers()?;
    println!("{PRESET}, {PICTURES} pictures; adapter: {}", all.last().map_or(String::new(), |(_, r)| r.name()));
    draw_only(&all)?;
    println!(
        "end to end, {} threads: the stages beside drawing are those of `cargo bench --bench generate`",
        rayon::current_num_threads()
    );
    all.into_iter().try_for_each(|(name, renderer)| end_to_end(&name, renderer))?;
    encoding()
}
