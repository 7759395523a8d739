//! Samples per second read, converted, cropped and blended, against decoding alone; one thread: `cargo bench --bench datasets`.
//!
//! Datasets of rendered samples are written first. Every pass is made several times, and of each the least time counts.

#![expect(clippy::print_stdout, reason = "a benchmark's result")]

use std::error::Error;
use std::path::Path;
use std::time::Instant;

use handloom::assets::Assets;
use handloom::blend::Blend;
use handloom::crop::CropSettings;
use handloom::dataset::crops::{CropCentre, write_crops};
use handloom::dataset::{
    DatasetPlan, DatasetReader, DatasetWriter, Finished, HandloomReader, OpenMode, OutputFormat, RgbFormat, ShardOf,
    decode,
};
use handloom::pipeline::{self, Studio};
use handloom::preset::load;
use handloom::render::cpu::CpuRenderer;
use handloom::sampler::SceneSampler;

const SAMPLES: u64 = 60;
const ROUNDS: usize = 5;

type Outcome<T> = Result<T, Box<dyn Error>>;

/// Prints the least time per sample of several passes.
fn measure(name: &str, mut pass: impl FnMut() -> Outcome<()>) -> Outcome<()> {
    let mut least = f64::MAX;
    for _ in 0..ROUNDS {
        let start = Instant::now();
        pass()?;
        least = least.min(start.elapsed().as_secs_f64() / SAMPLES as f64);
    }
    println!("  {name:<28} {:7.3} ms {:8.0} samples/s", least * 1e3, 1.0 / least);
    Ok(())
}

/// A dataset of rendered samples in a folder.
fn render(folder: &Path, format: &str) -> Outcome<()> {
    let mut loaded = load("quickstart", &[format!("output.format=\"{format}\"")])?;
    loaded.set_total_count(SAMPLES)?;
    let assets = Assets::new()?;
    let sampler = SceneSampler::new(loaded.preset.clone(), assets.open_rig(&loaded.preset.rig)?, Vec::new())?;
    let writer = DatasetWriter::open(folder, pipeline::plan(&loaded.preset, &loaded.hash), OpenMode::New)?;
    let studio = Studio { assets, renderer: Box::new(CpuRenderer::new()) };
    pipeline::generate(&studio, &sampler, &writer, &writer.chunks_to_do(ShardOf::ALL)?, &|_| {})?;
    finish(&writer)
}

fn finish(writer: &DatasetWriter) -> Outcome<()> {
    match writer.finalize()? {
        Finished::Complete(_) => Ok(()),
        Finished::Missing(shards) => Err(format!("{shards:?} are missing").into()),
    }
}

/// Decodes the files of every sample, already in memory, and nothing else.
fn decode_alone(folder: &Path) -> Outcome<()> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder.join("train"))? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        files.push((name, std::fs::read(path)?));
    }
    measure("decoding the files alone", || {
        for (name, bytes) in &files {
            match name.split_once('.').map_or("", |(_, ending)| ending) {
                "rgb.jpg" => drop(std::hint::black_box(decode::jpeg_rgb8(bytes)?)),
                "depth.png" => drop(std::hint::black_box(decode::png_grey16(bytes)?)),
                "depth.exr" => drop(std::hint::black_box(decode::exr_depth(bytes)?)),
                "json" => {}
                _ => drop(std::hint::black_box(decode::png_grey8(bytes)?)),
            }
        }
        Ok(())
    })
}

fn read(reader: &HandloomReader) -> Outcome<()> {
    for number in 0..reader.count() {
        std::hint::black_box(reader.read(number)?);
    }
    Ok(())
}

fn convert(reader: &HandloomReader, format: OutputFormat, rgb: RgbFormat) -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    let mut output = reader.plan().output.clone();
    (output.format, output.rgb) = (format, rgb);
    let plan = DatasetPlan { output, ..reader.plan().clone() };
    let writer = DatasetWriter::open(folder.path(), plan, OpenMode::New)?;
    for chunk in writer.plan().chunks() {
        let samples = chunk.samples().map(|index| {
            let failed = |cause: String| handloom::dataset::SampleFailure { index, cause };
            let sample = reader.read(index).map_err(|e| failed(e.to_string()))?;
            writer.encode_stored(index, sample.label, &sample.pictures).map_err(|e| failed(e.to_string()))
        });
        writer.write_chunk(&chunk, samples)?;
    }
    finish(&writer)
}

/// A blend of two datasets, half and half or composed by a rule; every sample made and none written.
fn blend(folder: &Path, sources: [&Path; 2], rule: &str) -> Outcome<()> {
    let share = if rule.is_empty() { "share = 0.5" } else { "" };
    let sources = sources
        .iter()
        .zip(["a", "b"])
        .map(|(path, name)| format!("[[source]]\nname = \"{name}\"\npath = \"{}\"\n{share}\n", path.display()));
    let text = format!("count = {SAMPLES}\n{}{rule}", sources.collect::<String>());
    let preset = folder.join("blend.toml");
    std::fs::write(&preset, text)?;
    let blend = Blend::new(handloom::blend::load(&preset.to_string_lossy(), &[])?)?;
    for index in 0..blend.plan().total() {
        std::hint::black_box(blend.sample(index)?);
    }
    Ok(())
}

/// A rule for [`blend`].
const PASTED: &str =
    "[[compose]]\nname = \"p\"\nkind = \"hand_on_background\"\nforeground = \"a\"\nbackground = \"b\"\nshare = 1\n";

fn main() -> Outcome<()> {
    rayon::ThreadPoolBuilder::new().num_threads(1).build_global()?;
    let folder = tempfile::tempdir()?;
    let path = |name: &str| folder.path().join(name);
    render(&path("loose"), "loose")?;
    render(&path("tar"), "tar")?;
    println!("datasets: 320 x 320 with every picture, {SAMPLES} samples");
    decode_alone(&path("loose"))?;
    let (loose, tar) = (HandloomReader::open(&path("loose"))?, HandloomReader::open(&path("tar"))?);
    measure("read loose", || read(&loose))?;
    measure("read tar", || read(&tar))?;
    measure("convert tar to coco", || convert(&tar, OutputFormat::Coco, RgbFormat::Jpg))?;
    measure("convert tar to rhd", || convert(&tar, OutputFormat::Rhd, RgbFormat::Png))?;
    let (loose_path, tar_path) = (path("loose"), path("tar"));
    measure("blend half and half", || blend(folder.path(), [&loose_path, &tar_path], ""))?;
    measure("blend hands on backgrounds", || blend(folder.path(), [&loose_path, &tar_path], PASTED))?;
    measure("crop", || {
        let out = tempfile::tempdir()?;
        write_crops(&tar, out.path(), &CropSettings::default(), CropCentre::Mass, &|_| {})?;
        Ok(())
    })
}
