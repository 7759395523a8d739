//! `handloom generate`: the preset it runs, and where the dataset goes.

use std::path::{Path, PathBuf};

use clap::ValueEnum;

use super::args::GenerateArgs;
use crate::preset::{Loaded, PresetError, load};

impl GenerateArgs {
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
