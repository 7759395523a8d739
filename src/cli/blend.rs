//! `handloom blend`: datasets become one.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::ValueEnum;

use super::Outcome;
use super::args::BlendArgs;
use super::progress::Bar;
use super::talk::{say, warn};
use crate::blend::{self, Blend, BlendPreset};
use crate::dataset::{DatasetWriter, Finished, OpenMode, SampleFailure, ShardOf};
use crate::preset::PresetError;
use crate::{pipeline, report};

/// Failed samples named on the terminal; the manifest names all.
const FAILURES_SHOWN: usize = 10;

impl BlendArgs {
    pub(super) fn run(&self, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        let preset = self.load()?;
        let threads = self.threads.map_or(0, usize::from);
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().context("cannot start threads")?;
        let blend = pool.install(|| Blend::new(preset))?;
        blend.warnings().iter().for_each(|warning| warn(warning));
        if self.dry_run {
            out.write_all(blend.preset().to_toml().as_bytes())?;
            tell_counts(&blend);
            say(&format!("would make {} samples in `{}`", blend.plan().total(), self.out_dir().display()));
            return Ok(Outcome::Done);
        }
        let mode = match (self.resume, self.overwrite) {
            (true, _) => OpenMode::Resume,
            (_, true) => OpenMode::Overwrite,
            _ => OpenMode::New,
        };
        let folder = self.out_dir();
        let writer = DatasetWriter::open(&folder, blend.plan().clone(), mode)?;
        report::write_file(&folder.join("preset.toml"), blend.preset().to_toml().as_bytes())?;
        pool.install(|| write(&blend, &writer))
    }

    /// The preset with `--set`, then `--seed`, `--count` and `--format` over it.
    fn load(&self) -> Result<BlendPreset, PresetError> {
        let mut sets = self.sets.clone();
        sets.extend(self.seed.map(|seed| format!("seed={seed}")));
        sets.extend(self.count.map(|count| format!("count={count}")));
        let format = self.format.and_then(|format| format.to_possible_value());
        sets.extend(format.map(|format| format!("output.format={:?}", format.get_name())));
        blend::load(&self.preset, &sets)
    }

    /// `--out`, or a folder below `out/` with the preset's name.
    fn out_dir(&self) -> PathBuf {
        let name = || Path::new(&self.preset).file_stem().unwrap_or("blend".as_ref()).to_owned();
        self.out.clone().unwrap_or_else(|| Path::new("out").join(name()))
    }
}

/// How many samples each source gives to each split.
fn tell_counts(blend: &Blend) {
    let splits: Vec<&str> = blend.plan().splits.iter().map(|split| split.name.as_str()).collect();
    for (name, counts) in blend.counts() {
        let of_split = counts.iter().zip(&splits).map(|(count, split)| format!("{split} {count}"));
        say(&format!("{name}: {}", of_split.collect::<Vec<_>>().join(", ")));
    }
}

fn write(blend: &Blend, writer: &DatasetWriter) -> anyhow::Result<Outcome> {
    let make = |index: u64| {
        let failed = |error: &dyn std::error::Error| SampleFailure { index, cause: pipeline::with_causes(error) };
        let sample = blend.sample(index).map_err(|e| failed(&e))?;
        writer.encode_stored(index, sample.label, &sample.pictures).map_err(|e| failed(&e))
    };
    let chunks = writer.chunks_to_do(ShardOf::ALL)?;
    let bar = Bar::new(chunks.iter().map(|chunk| chunk.count).sum());
    pipeline::write_samples(writer, &chunks, &make, &|made| bar.step(made.is_err()))?;
    bar.finish();
    let Finished::Complete(manifest) = writer.finalize()? else { bail!("the dataset misses shards") };
    report::write(writer.folder())?;
    tell_counts(blend);
    let folder = writer.folder().display();
    say(&format!("{} samples in `{folder}`: look at `{folder}/report.html`", manifest.samples));
    for failure in manifest.failures.iter().take(FAILURES_SHOWN) {
        warn(&format!("sample {} failed: {}", failure.index, failure.cause));
    }
    if manifest.failures.len() > FAILURES_SHOWN {
        let more = manifest.failures.len() - FAILURES_SHOWN;
        warn(&format!("{more} more samples failed; `manifest.json` names them"));
    }
    Ok(if manifest.failures.is_empty() { Outcome::Done } else { Outcome::Failures })
}
