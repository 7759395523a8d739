//! A preset's samples, shard by shard, every shard's samples in parallel.

use std::ops::Range;

use rayon::prelude::*;

use super::{Studio, StudioError};
use crate::dataset::{
    Chunk, ClipPlan, DatasetError, DatasetPlan, DatasetWriter, DepthFormat, EncodedSample, FORMAT_VERSION,
    OutputFormat, OutputSettings, RgbFormat, SampleFailure, Sidecar, SplitPlan,
};
use crate::preset::types::{self, Preset};
use crate::render::RenderError;
use crate::sampler::SceneSampler;

/// Samples in flight per thread: enough to keep threads busy, few enough to keep memory flat.
const IN_FLIGHT: u64 = 16;
/// Batches per thread between two waits for the disk: what threads draw and what they encode then overlaps.
const BATCHES: u64 = 3;

/// Why a dataset was not made.
#[derive(Debug, thiserror::Error)]
pub enum GenerateError {
    /// A file could not be written.
    #[error(transparent)]
    Dataset(#[from] DatasetError),
    /// Nothing can be drawn any more. The shard that was being made stays undone, so that a resumed run makes it.
    #[error(transparent)]
    Renderer(#[from] RenderError),
}

/// Why there is no sample.
enum Unmade {
    /// It has a fault of its own.
    Sample(SampleFailure),
    /// No other could be drawn.
    Renderer(RenderError),
}

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
) -> Result<Vec<Sidecar>, GenerateError> {
    let make = |indices| make_samples(studio, sampler, writer, indices);
    write_batches(writer, chunks, (studio.renderer.batch() as u64, &make), progress)
}

/// Makes one sample of a dataset, by its index; called from many threads.
pub type Maker<'a> = &'a (dyn Fn(u64) -> Result<EncodedSample, SampleFailure> + Sync);

/// Most samples that are made together, and what makes them.
type BatchMaker<'a> = (u64, &'a (dyn Fn(Range<u64>) -> Vec<Result<EncodedSample, Unmade>> + Sync));

/// Writes shards from samples that are made in parallel, a window of them in memory.
pub fn write_samples(
    writer: &DatasetWriter,
    chunks: &[Chunk],
    make: Maker<'_>,
    progress: Progress<'_>,
) -> Result<Vec<Sidecar>, GenerateError> {
    let make = |indices: Range<u64>| indices.map(|index| make(index).map_err(Unmade::Sample)).collect();
    write_batches(writer, chunks, (1, &make), progress)
}

fn write_batches(
    writer: &DatasetWriter,
    chunks: &[Chunk],
    maker: BatchMaker<'_>,
    progress: Progress<'_>,
) -> Result<Vec<Sidecar>, GenerateError> {
    chunks.iter().map(|chunk| write_chunk(writer, chunk, maker, progress)).collect()
}

fn write_chunk(
    writer: &DatasetWriter,
    chunk: &Chunk,
    (together, make): BatchMaker<'_>,
    progress: Progress<'_>,
) -> Result<Sidecar, GenerateError> {
    let threads = rayon::current_num_threads() as u64;
    let range = chunk.samples();
    // few samples are shared among all threads rather than drawn by some of them
    let together = together.min((range.end - range.start).div_ceil(threads)).max(1);
    let window = IN_FLIGHT.max(BATCHES * together) * threads;
    let mut broken = None;
    let samples = range.clone().step_by(window as usize).map_while(|start| {
        let end = range.end.min(start + window);
        let batches: Vec<_> = (start..end).step_by(together as usize).collect();
        let made = batches.into_par_iter().flat_map_iter(|first| make(first..end.min(first + together)));
        let made = made.map(|made| match made {
            Err(Unmade::Renderer(error)) => Err(error),
            Err(Unmade::Sample(failure)) => Ok(Err(failure)),
            Ok(sample) => Ok(Ok(sample)),
        });
        let made = made.inspect(|made| {
            if let Ok(made) = made {
                progress(made.as_ref().map(|_| ()));
            }
        });
        made.collect::<Result<Vec<_>, _>>().map_err(|error| broken = Some(error)).ok()
    });
    let written = writer.write_chunk(chunk, samples.flatten());
    match broken {
        Some(error) => Err(error.into()),
        None => Ok(written?),
    }
}

/// Samples of consecutive indices, drawn together; one that fails leaves the others be.
fn make_samples(
    studio: &Studio,
    sampler: &SceneSampler,
    writer: &DatasetWriter,
    indices: Range<u64>,
) -> Vec<Result<EncodedSample, Unmade>> {
    let failed = |index, error: &dyn std::error::Error| SampleFailure { index, cause: with_causes(error) };
    let (mut scenes, mut made) = (Vec::new(), Vec::new());
    for index in indices.clone() {
        match sampler.sample(index) {
            Ok(scene) => scenes.push((index, scene)),
            Err(error) => made.push((index, Err(Unmade::Sample(failed(index, &error))))),
        }
    }
    let drawn: Vec<u64> = scenes.iter().map(|(index, _)| *index).collect();
    for (index, sample) in drawn.into_iter().zip(studio.shoot_all(scenes, &writer.plan().output)) {
        let encoded = match sample {
            Err(StudioError::Render(error)) if error.is_of_the_renderer() => Err(Unmade::Renderer(error)),
            Err(error) => Err(Unmade::Sample(failed(index, &error))),
            Ok(sample) => writer.encode(&sample).map_err(|e| Unmade::Sample(failed(index, &e))),
        };
        made.push((index, encoded));
    }
    made.sort_by_key(|(index, _)| *index);
    made.into_iter().map(|(_, made)| made).collect()
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
