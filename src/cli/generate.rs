//! `handloom generate`: a preset becomes a dataset.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use clap::ValueEnum;

use super::Outcome;
use super::args::{Backend, GenerateArgs, Shard};
use super::progress::Bar;
use super::talk::{say, warn};
use super::written::tell_failures;
use crate::assets::{Assets, PictureKind, list_meshes, list_pictures};
use crate::dataset::{DatasetPlan, DatasetWriter, Finished, HeldCounts, OpenMode, ShardOf, Sidecar};
use crate::import::{MotionMapping, motion_from_csv, motion_from_glb, motion_from_json};
use crate::pipeline::{self, Studio};
use crate::preset::types::Sequence;
use crate::preset::{Loaded, Preset, PresetError, load};
#[cfg(feature = "gpu")]
use crate::render::gpu::GpuRenderer;
use crate::render::{Renderer, cpu::CpuRenderer};
use crate::report;
use crate::rig::{HandMotion, Rig};
use crate::sampler::objects::MeshFile;
use crate::sampler::{BackgroundFile, SceneSampler};

impl GenerateArgs {
    pub(super) fn run(&self, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        let loaded = self.load()?;
        loaded.warnings.iter().for_each(|warning| warn(warning));
        let job = Job::new(&loaded.preset, renderer(self.backend, self.batch)?)?;
        // other adapters round otherwise: their shards are not taken for these
        let plan = DatasetPlan {
            generator: generator(job.studio.renderer.as_ref()),
            ..pipeline::plan(&loaded.preset, &loaded.hash)
        };
        if self.dry_run {
            out.write_all(loaded.preset.to_toml().as_bytes())?;
            self.tell_plan(&plan);
            return Ok(Outcome::Done);
        }
        let folder = self.out_dir();
        let writer = DatasetWriter::open(&folder, plan, self.open_mode())?;
        report::write_file(&folder.join("preset.toml"), loaded.preset.to_toml().as_bytes())?;
        let sidecars = self.in_pool(|| job.make(&writer, self.shard.into()))??;
        tell_failures(sidecars.iter().flat_map(|s| &s.failures));
        self.finish(&writer, !sidecars.iter().all(|s| s.failures.is_empty()))
    }

    fn tell_plan(&self, plan: &DatasetPlan) {
        let part = ShardOf::from(self.shard);
        let mine: Vec<_> = plan.chunks().into_iter().filter(|chunk| part.holds(chunk)).collect();
        let folder = self.out_dir();
        say(&format!(
            "would make {} of {} samples in {} of {} shards, format {:?}, in `{}`",
            mine.iter().map(|chunk| chunk.count).sum::<u64>(),
            plan.total(),
            mine.len(),
            plan.chunks().len(),
            plan.output.format,
            folder.display()
        ));
        if folder.read_dir().is_ok_and(|mut entries| entries.next().is_some()) {
            warn(&format!("`{}` is not empty: it takes `--resume` or `--overwrite`", folder.display()));
        }
    }

    fn open_mode(&self) -> OpenMode {
        match self.write.mode() {
            // the parts of a dataset go into one folder, whoever comes first
            OpenMode::New if self.shard != Shard::default() => OpenMode::Resume,
            mode => mode,
        }
    }

    fn in_pool<T: Send>(&self, work: impl FnOnce() -> T + Send) -> anyhow::Result<T> {
        Ok(self.write.pool()?.install(work))
    }

    /// Finalizes once every part is there, and makes the report.
    fn finish(&self, writer: &DatasetWriter, failures: bool) -> anyhow::Result<Outcome> {
        let folder = writer.folder().display();
        match writer.finalize()? {
            Finished::Missing(shards) => say(&format!(
                "part {} is done; the dataset in `{folder}` still misses {} shards ({} ...)",
                self.shard,
                shards.len(),
                shards.first().map_or("", String::as_str)
            )),
            Finished::Complete(manifest) => {
                self.in_pool(|| report::write(writer.folder()))??;
                tell_empty_hands(manifest.held);
                say(&format!("{} samples in `{folder}`: look at `{folder}/report.html`", manifest.samples));
                if !manifest.failures.is_empty() {
                    return Ok(Outcome::Failures);
                }
            }
        }
        Ok(if failures { Outcome::Failures } else { Outcome::Done })
    }

    /// The preset with `--set`, then `--seed`, `--format` and `--count` over it.
    pub fn load(&self) -> Result<Loaded, PresetError> {
        let mut sets = self.preset.sets.clone();
        sets.extend(self.seed.map(|seed| format!("seed={seed}")));
        let format = self.format.and_then(|format| format.to_possible_value());
        sets.extend(format.map(|format| format!("output.format={:?}", format.get_name())));
        let mut loaded = load(&self.preset.preset, &sets)?;
        if let Some(total) = self.count {
            loaded.set_total_count(total)?;
        }
        Ok(loaded)
    }

    /// `--out`, or a folder below `out/` with the preset's name.
    pub fn out_dir(&self) -> PathBuf {
        let name = || Path::new(&self.preset.preset).file_stem().unwrap_or("dataset".as_ref()).to_owned();
        self.out.clone().unwrap_or_else(|| Path::new("out").join(name()))
    }
}

impl From<Shard> for ShardOf {
    fn from(shard: Shard) -> Self {
        Self { part: shard.index.into(), of: shard.of.into() }
    }
}

/// Everything that must be there before sample 0.
pub(super) struct Job {
    pub(super) studio: Studio,
    pub(super) sampler: SceneSampler,
}

impl Job {
    pub(super) fn new(preset: &Preset, renderer: Box<dyn Renderer>) -> anyhow::Result<Self> {
        let assets = Assets::new()?;
        let rig: Arc<Rig> = assets.open_rig(&preset.rig)?;
        let pictures = background_files(preset)?;
        let motions = motions(&preset.sequence)?;
        let sampler = SceneSampler::new(preset.clone(), rig, pictures)?.with_meshes(object_files(preset)?);
        let (sampler, outside) = sampler.with_motions(motions);
        for (path, count) in preset.sequence.motions.iter().zip(outside).filter(|(_, count)| *count > 0) {
            warn(&format!(
                "`{path}`: in {count} moments some angle is outside the rig's limits, and is brought to them"
            ));
        }
        Ok(Self { studio: Studio { assets, renderer }, sampler })
    }

    fn make(&self, writer: &DatasetWriter, part: ShardOf) -> anyhow::Result<Vec<Sidecar>> {
        let chunks = writer.chunks_to_do(part)?;
        let bar = Bar::new(chunks.iter().map(|c| c.count).sum());
        let sidecars =
            pipeline::generate(&self.studio, &self.sampler, writer, &chunks, &|made| bar.step(made.is_err()))?;
        bar.finish();
        Ok(sidecars)
    }
}

fn background_files(preset: &Preset) -> anyhow::Result<Vec<BackgroundFile>> {
    let background = &preset.background;
    if background.pictures <= 0.0 {
        return Ok(Vec::new());
    }
    let key = || format!("`background.folder` is `{}`", background.folder);
    let files = list_pictures(Path::new(&background.folder)).with_context(key)?;
    let file =
        |f: crate::assets::PictureFile| BackgroundFile { panorama: f.kind == PictureKind::Panorama, path: f.path };
    Ok(files.into_iter().map(file).collect())
}

/// The recorded motions that a preset names; all are read before a fault of one is told.
fn motions(sequence: &Sequence) -> anyhow::Result<Vec<HandMotion>> {
    if sequence.imported <= 0.0 {
        return Ok(Vec::new());
    }
    let mapping = match sequence.mapping.as_str() {
        "" => MotionMapping::mixamo()?,
        path => {
            let key = || format!("`sequence.mapping` is `{path}`");
            MotionMapping::from_toml(&std::fs::read_to_string(path).with_context(key)?).with_context(key)?
        }
    };
    let read = sequence.motions.iter().map(|path| (path, read_motion(path, &mapping)));
    let (whole, faulty): (Vec<_>, Vec<_>) = read.partition(|(_, motion)| motion.is_ok());
    if faulty.is_empty() {
        return Ok(whole.into_iter().filter_map(|(_, motion)| motion.ok()).collect());
    }
    let told = faulty.into_iter().filter_map(|(path, motion)| Some(format!("`{path}`: {:#}", motion.err()?)));
    anyhow::bail!("`sequence.motions` cannot all be read\n{}", told.collect::<Vec<_>>().join("\n"))
}

fn read_motion(path: &str, mapping: &MotionMapping) -> anyhow::Result<HandMotion> {
    let path = Path::new(path);
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    let bytes = std::fs::read(path).context("cannot be read")?;
    let text = || std::str::from_utf8(&bytes).context("is no text");
    let ending = path.extension().map(|e| e.to_string_lossy().to_lowercase()).unwrap_or_default();
    Ok(match ending.as_str() {
        "csv" => motion_from_csv(&name, text()?)?,
        "json" => motion_from_json(&name, text()?)?,
        "glb" => motion_from_glb(&name, &bytes, mapping)?,
        _ => anyhow::bail!("ends in `.{ending}`, legal are .csv, .json and .glb (binary glTF)"),
    })
}

fn object_files(preset: &Preset) -> anyhow::Result<Vec<MeshFile>> {
    let objects = &preset.objects;
    if objects.held <= 0.0 || objects.meshes <= 0.0 {
        return Ok(Vec::new());
    }
    let key = || format!("`objects.folder` is `{}`", objects.folder);
    let scaled = objects.mesh_size_m.range().0 > 0.0;
    let meshes = list_meshes(Path::new(&objects.folder), scaled).with_context(key)?;
    Ok(meshes.into_iter().map(|(path, mesh)| MeshFile::new(path, &mesh.positions, &mesh.triangles)).collect())
}

/// The renderer of a backend, and of a graphics adapter how many pictures it draws at once.
pub(super) fn renderer(backend: Backend, batch: Option<u16>) -> anyhow::Result<Box<dyn Renderer>> {
    match backend {
        Backend::Cpu if batch.is_some() => {
            anyhow::bail!("`--batch` is for graphics adapters\nhint: add `--backend gpu`, or leave it out")
        }
        Backend::Cpu => Ok(Box::new(CpuRenderer::new())),
        Backend::Gpu => gpu_renderer(batch),
    }
}

/// What made a dataset, as its manifest says it: this program, and what drew unless it is the reference.
pub(super) fn generator(renderer: &dyn Renderer) -> String {
    match renderer.name() {
        reference if reference.is_empty() => pipeline::GENERATOR.to_owned(),
        name => format!("{}, drawn by {name}", pipeline::GENERATOR),
    }
}

#[cfg(feature = "gpu")]
fn gpu_renderer(batch: Option<u16>) -> anyhow::Result<Box<dyn Renderer>> {
    let renderer = GpuRenderer::new()?;
    say(&format!("drawing on {}", renderer.name()));
    Ok(Box::new(match batch {
        Some(pictures) => renderer.with_batch(pictures.into()),
        None => renderer,
    }))
}

#[cfg(not(feature = "gpu"))]
fn gpu_renderer(_: Option<u16>) -> anyhow::Result<Box<dyn Renderer>> {
    anyhow::bail!("this program was built without the feature `gpu`\nhint: build it with its default features")
}

fn tell_empty_hands(held: HeldCounts) {
    if held.empty > 0 {
        say(&format!(
            "{} of {} hands that were to hold something stayed empty ({:.1} %): no try put a thing into them",
            held.empty,
            held.asked,
            100.0 * held.empty_share()
        ));
    }
}

#[cfg(test)]
mod tests {
    use clap::{Args, FromArgMatches};

    use super::*;
    use crate::preset::types::Format;

    fn parse(line: &str) -> Result<GenerateArgs, clap::Error> {
        let command = GenerateArgs::augment_args(clap::Command::new("generate"));
        GenerateArgs::from_arg_matches(&command.try_get_matches_from(line.split(' '))?)
    }

    #[test]
    fn flags_are_laid_over_the_preset() {
        let args = parse("generate rhd --count 100 --seed 7 --format tar --set camera.width_px=64").unwrap();
        let loaded = args.load().unwrap();
        let preset = loaded.preset;
        assert_eq!((preset.seed, preset.output.format, preset.camera.width_px), (7, Format::Tar, 64));
        assert_eq!(preset.split.iter().map(|split| split.count).collect::<Vec<_>>(), [94, 6]);
        assert_eq!(args.out_dir(), Path::new("out/rhd"));
        assert_eq!(parse("generate some/where/a.toml").unwrap().out_dir(), Path::new("out/a"));
    }

    #[test]
    fn flags_that_contradict_are_refused() {
        assert!(parse("generate rhd --resume --overwrite").is_err());
        assert!(parse("generate rhd --count 0").is_err());
        assert!(parse("generate rhd --threads 0").is_err());
        let said = parse("generate rhd --shard 0/4").unwrap_err().to_string();
        assert!(said.contains("shard 0 is outside 1 to 4"), "{said}");
    }
}
