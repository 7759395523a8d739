//! `handloom blend`: datasets become one.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::ValueEnum;

use super::args::BlendArgs;
use super::talk::{say, warn};
use super::{Outcome, written};
use crate::blend::{self, Blend, BlendPreset};
use crate::dataset::{DatasetWriter, SampleFailure};
use crate::preset::PresetError;
use crate::{pipeline, report};

impl BlendArgs {
    pub(super) fn run(&self, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        let preset = self.load()?;
        let pool = self.write.pool()?;
        let blend = pool.install(|| Blend::new(preset))?;
        blend.warnings().iter().for_each(|warning| warn(warning));
        if self.dry_run {
            out.write_all(blend.preset().to_toml().as_bytes())?;
            tell_counts(&blend);
            say(&format!("would make {} samples in `{}`", blend.plan().total(), self.out_dir().display()));
            return Ok(Outcome::Done);
        }
        let folder = self.out_dir();
        let writer = DatasetWriter::open(&folder, blend.plan().clone(), self.write.mode())?;
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
    let outcome = written::write(writer, &make)?;
    tell_counts(blend);
    Ok(outcome)
}
