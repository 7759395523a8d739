//! A preset's samples, shard by shard, every shard's samples in parallel.

use rayon::prelude::*;

use super::Studio;
use crate::dataset::{
    Chunk, ClipPlan, DatasetError, DatasetPlan, DatasetWriter, DepthFormat, EncodedSample, FORMAT_VERSION,
    OutputFormat, OutputSettings, RgbFormat, SampleFailure, Sidecar, SplitPlan,
};
use crate::preset::types::{self, Preset};
use crate::sampler::SceneSampler;

/// Samples in flight per thread: enough to keep threads busy, few enough to keep memory flat.
const IN_FLIGHT: usize = 16;

/// Told of every sample that is made or has failed, from any thread.
pub type Progress<'a> = &'a (dyn Fn(Result<(), &SampleFailure>) + Sync);

/// Makes the missing shards of one part of the dataset.
///
/// Returns the number of samples made and their failures; samples of shards that were there before are not counted.
pub fn generate(
    studio: &Studio,
    sampler: &SceneSampler,
    writer: &DatasetWriter,
    chunks: &[Chunk],
    progress: Progress<'_>,
) -> Result<Vec<Sidecar>, DatasetError> {
    write_samples(writer, chunks, &|index| make_sample(studio, sampler, writer, index), progress)
}

/// Makes one sample of a dataset, by its index; called from many threads.
pub type Maker<'a> = &'a (dyn Fn(u64) -> Result<EncodedSample, SampleFailure> + Sync);

/// Writes shards from samples that are made in parallel, a window of them in memory.
pub fn write_samples(
    writer: &DatasetWriter,
    chunks: &[Chunk],
    make: Maker<'_>,
    progress: Progress<'_>,
) -> Result<Vec<Sidecar>, DatasetError> {
    chunks.iter().map(|chunk| write_chunk(writer, chunk, make, progress)).collect()
}

fn write_chunk(
    writer: &DatasetWriter,
    chunk: &Chunk,
    make: Maker<'_>,
    progress: Progress<'_>,
) -> Result<Sidecar, DatasetError> {
    let window = (IN_FLIGHT * rayon::current_num_threads()) as u64;
    let range = chunk.samples();
    let starts = range.clone().step_by(window as usize);
    let samples = starts.flat_map(|start| {
        let window = start..range.end.min(start + window);
        let make = |index| {
            let made = make(index);
            progress(made.as_ref().map(|_| ()));
            made
        };
        window.into_par_iter().map(make).collect::<Vec<_>>()
    });
    writer.write_chunk(chunk, samples)
}

fn make_sample(
    studio: &Studio,
    sampler: &SceneSampler,
    writer: &DatasetWriter,
    index: u64,
) -> Result<EncodedSample, SampleFailure> {
    let failed = |error: &dyn std::error::Error| SampleFailure { index, cause: with_causes(error) };
    let scene = sampler.sample(index).map_err(|e| failed(&e))?;
    let sample = studio.shoot(index, scene, &writer.plan().output).map_err(|e| failed(&e))?;
    writer.encode(&sample).map_err(|e| failed(&e))
}

/// An error and what caused it, on one line.
pub fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(e) = cause {
        text = format!("{text}: {e}");
        cause = e.source();
    }
    text.replace('\n', " ")
}

/// Program and version, as written into datasets.
pub const GENERATOR: &str = concat!("handloom ", env!("CARGO_PKG_VERSION"));

/// What the dataset of a preset shall hold.
pub fn plan(preset: &Preset, hash: &str) -> DatasetPlan {
    DatasetPlan {
        format_version: FORMAT_VERSION,
        generator: GENERATOR.to_owned(),
        seed: preset.seed,
        preset_hash: hash.to_owned(),
        output: output_settings(preset.output),
        splits: preset.split.iter().map(|s| SplitPlan { name: s.name.clone(), count: s.count }).collect(),
        clips: (preset.sequence.frames > 0)
            .then_some(ClipPlan { frames: preset.sequence.frames, rate_hz: preset.sequence.rate_hz }),
        sources: Vec::new(),
    }
}

/// The dataset's form of the preset's `output.format`.
pub fn output_format(format: types::Format) -> OutputFormat {
    match format {
        types::Format::Loose => OutputFormat::Loose,
        types::Format::Tar => OutputFormat::Tar,
        types::Format::Rhd => OutputFormat::Rhd,
        types::Format::Coco => OutputFormat::Coco,
        types::Format::Freihand => OutputFormat::Freihand,
        types::Format::Yolo => OutputFormat::Yolo,
    }
}

/// The dataset's form of the preset's `[output]`.
pub fn output_settings(output: types::Output) -> OutputSettings {
    OutputSettings {
        format: output_format(output.format),
        samples_per_shard: output.samples_per_shard,
        rgb: match output.rgb {
            types::RgbFormat::Jpg => RgbFormat::Jpg,
            types::RgbFormat::Png => RgbFormat::Png,
        },
        grey: output.grey,
        depth: match output.depth {
            types::DepthFormat::Png => DepthFormat::Png,
            types::DepthFormat::Exr => DepthFormat::Exr,
            types::DepthFormat::Both => DepthFormat::Both,
            types::DepthFormat::None => DepthFormat::None,
        },
        depth_unit_m: output.depth_unit_m,
        mask: output.mask,
        instance: output.instance,
    }
}
