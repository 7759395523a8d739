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
    chunks.iter().map(|chunk| write_chunk(studio, sampler, writer, chunk, progress)).collect()
}

fn write_chunk(
    studio: &Studio,
    sampler: &SceneSampler,
    writer: &DatasetWriter,
    chunk: &Chunk,
    progress: Progress<'_>,
) -> Result<Sidecar, DatasetError> {
    let window = (IN_FLIGHT * rayon::current_num_threads()) as u64;
    let range = chunk.samples();
    let starts = range.clone().step_by(window as usize);
    let samples = starts.flat_map(|start| {
        let window = start..range.end.min(start + window);
        let make = |index| {
            let made = make_sample(studio, sampler, writer, index);
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
fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(e) = cause {
        text = format!("{text}: {e}");
        cause = e.source();
    }
    text.replace('\n', " ")
}

/// What the dataset of a preset shall hold.
pub fn plan(preset: &Preset, hash: &str) -> DatasetPlan {
    DatasetPlan {
        format_version: FORMAT_VERSION,
        generator: concat!("handloom ", env!("CARGO_PKG_VERSION")).to_owned(),
        seed: preset.seed,
        preset_hash: hash.to_owned(),
        output: output_settings(preset.output),
        splits: preset.split.iter().map(|s| SplitPlan { name: s.name.clone(), count: s.count }).collect(),
        clips: (preset.sequence.frames > 0)
            .then_some(ClipPlan { frames: preset.sequence.frames, rate_hz: preset.sequence.rate_hz }),
    }
}

/// The dataset's form of the preset's `[output]`.
pub fn output_settings(output: types::Output) -> OutputSettings {
    OutputSettings {
        format: match output.format {
            types::Format::Loose => OutputFormat::Loose,
            types::Format::Tar => OutputFormat::Tar,
            types::Format::Rhd => OutputFormat::Rhd,
            types::Format::Coco => OutputFormat::Coco,
        },
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
