//! Arguments of the commands.

use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, Subcommand, ValueEnum, ValueHint};

use crate::preset::types::Format;

/// More threads than any machine has cores would only use memory.
const MOST_THREADS: i64 = 1024;

/// Which preset, and what is said differently on the command line.
#[derive(Debug, Clone, Args)]
pub struct PresetArgs {
    /// A preset file (with its ending .toml), or the name of a built-in preset
    #[arg(value_name = "PRESET", value_hint = ValueHint::FilePath)]
    pub preset: String,

    /// Set a key of the preset to a TOML value, as in `--set camera.distance_m='{ uniform = [0.3, 0.5] }'`
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub sets: Vec<String>,
}

/// How a dataset is written, whatever it is made of.
#[derive(Debug, Clone, Args)]
pub struct WriteArgs {
    /// Worker threads [default: one per core]; the dataset does not depend on them
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=MOST_THREADS))]
    pub threads: Option<u16>,

    /// Keep the samples that are already there and whole, and make the others
    #[arg(long, conflicts_with = "overwrite")]
    pub resume: bool,

    /// Replace a dataset that is already there
    #[arg(long)]
    pub overwrite: bool,
}

/// Arguments of `handloom generate`.
#[derive(Debug, Clone, Args)]
pub struct GenerateArgs {
    /// The preset.
    #[command(flatten)]
    pub preset: PresetArgs,

    /// Where the dataset goes [default: out/ and the preset's name]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub out: Option<PathBuf>,

    /// Samples of the whole dataset, shared by the splits in proportion to their own counts, each at least 1
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub count: Option<u64>,

    /// Seed of everything random
    #[arg(long, value_name = "S", value_parser = clap::value_parser!(u64).range(..=i64::MAX as u64))]
    pub seed: Option<u64>,

    /// Make only part k of n of the dataset, counted from 1
    #[arg(long, value_name = "K/N", default_value_t)]
    pub shard: Shard,

    /// What draws the pictures
    #[arg(long, value_enum, default_value_t)]
    pub backend: Backend,

    /// Pictures that a graphics adapter draws at once
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub batch: Option<u16>,

    /// Layout of the dataset, instead of the preset's
    #[arg(long, value_enum)]
    pub format: Option<Format>,

    /// How it is written.
    #[command(flatten)]
    pub write: WriteArgs,

    /// Say what would be made, and make nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// What draws the pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Backend {
    /// The reference: needs no graphics card
    #[default]
    Cpu,
    /// A graphics adapter by Vulkan, Metal or DX12; `HANDLOOM_ADAPTER` picks one by a part of its name
    Gpu,
}

/// Arguments of `handloom render`.
#[derive(Debug, Clone, Args)]
pub struct RenderArgs {
    /// A scene file (.toml or .json), as stored with every sample
    #[arg(value_hint = ValueHint::FilePath)]
    pub scene: PathBuf,

    /// Where the pictures and labels go
    #[arg(long, value_name = "DIR", default_value = "out/render", value_hint = ValueHint::DirPath)]
    pub out: PathBuf,

    /// What draws the picture
    #[arg(long, value_enum, default_value_t)]
    pub backend: Backend,
}

/// A dataset that is there, in any format that can be read.
#[derive(Debug, Clone, Args)]
pub struct SetArgs {
    /// A dataset: of this program or of another (`handloom inspect --formats` lists them)
    #[arg(value_hint = ValueHint::DirPath)]
    pub dir: PathBuf,

    /// Format of the dataset, where the guess is wrong
    #[arg(long, value_name = "FORMAT")]
    pub from: Option<String>,
}

/// Arguments of `handloom check`.
#[derive(Debug, Clone, Args)]
pub struct CheckArgs {
    /// The dataset.
    #[command(flatten)]
    pub set: SetArgs,
}

/// Arguments of `handloom inspect`.
#[derive(Debug, Clone, Args)]
pub struct InspectArgs {
    /// A dataset: of this program or of another
    #[arg(value_hint = ValueHint::DirPath, required_unless_present = "formats")]
    pub dir: Option<PathBuf>,

    /// Format of the dataset, where the guess is wrong
    #[arg(long, value_name = "FORMAT")]
    pub from: Option<String>,

    /// Where report.html and contact-sheet.png go [default: out/inspect/ and the dataset's name]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub out: Option<PathBuf>,

    /// Show the report in the browser
    #[arg(long)]
    pub open: bool,

    /// List the formats that can be read, and by what each is known
    #[arg(long)]
    pub formats: bool,
}

/// Arguments of `handloom convert`.
#[derive(Debug, Clone, Args)]
pub struct ConvertArgs {
    /// The dataset.
    #[command(flatten)]
    pub set: SetArgs,

    /// Where the new dataset goes
    #[arg(value_hint = ValueHint::DirPath)]
    pub out: PathBuf,

    /// Layout of the new dataset
    #[arg(long, value_enum)]
    pub format: Format,

    /// Only these splits
    #[arg(long, value_name = "NAME")]
    pub split: Vec<String>,

    /// At most this many samples of each split, the first ones
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub limit: Option<u64>,

    /// Colour pictures: JPEG files are kept as they are, others become JPEG of quality 95 if `jpg` is said [default: jpg if
    /// the dataset has JPEG, else png]
    #[arg(long, value_enum)]
    pub rgb: Option<crate::preset::types::RgbFormat>,

    /// Metres per step of 16-bit depth
    #[arg(long, value_name = "M", default_value_t = 1e-4)]
    pub depth_unit: f32,

    /// How it is written.
    #[command(flatten)]
    pub write: WriteArgs,
}

/// Arguments of `handloom blend`.
#[derive(Debug, Clone, Args)]
pub struct BlendArgs {
    /// A blend preset, such as presets/blend/mix.toml
    #[arg(value_name = "PRESET", value_hint = ValueHint::FilePath)]
    pub preset: String,

    /// Set a key of the preset to a TOML value; items of lists by number or name, as in `--set source.captured.share=0.3`
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub sets: Vec<String>,

    /// Where the dataset goes [default: out/ and the preset's name]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub out: Option<PathBuf>,

    /// Samples of the whole dataset
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub count: Option<u64>,

    /// Seed of everything random
    #[arg(long, value_name = "S", value_parser = clap::value_parser!(u64).range(..=i64::MAX as u64))]
    pub seed: Option<u64>,

    /// Layout of the dataset, instead of the preset's
    #[arg(long, value_enum)]
    pub format: Option<Format>,

    /// How it is written.
    #[command(flatten)]
    pub write: WriteArgs,

    /// Say what would be made of what, and make nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// Arguments of `handloom report`.
#[derive(Debug, Clone, Args)]
pub struct ReportArgs {
    /// A dataset that this program wrote
    #[arg(value_hint = ValueHint::DirPath)]
    pub dir: PathBuf,
}

/// Arguments of `handloom match`.
#[derive(Debug, Clone, Args)]
pub struct MatchArgs {
    /// The preset to start from.
    #[command(flatten)]
    pub preset: PresetArgs,

    /// Captured pictures: a dataset of any format (`handloom inspect --formats` lists them)
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub captured: PathBuf,

    /// Format of the captured dataset, where the guess is wrong
    #[arg(long, value_name = "FORMAT")]
    pub from: Option<String>,

    /// Where the changed preset goes; the page with curves goes beside it [default: out/match/ and the preset's name]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub out: Option<PathBuf>,

    /// Pictures measured of the captured dataset, and rendered each time
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u64).range(8..=100_000))]
    pub count: u64,

    /// What draws the pictures
    #[arg(long, value_enum, default_value_t)]
    pub backend: Backend,
}

/// Commands of `handloom rig`.
#[derive(Debug, Clone, Subcommand)]
pub enum RigCommand {
    /// Build a rig from its description
    Build {
        /// A folder below rigs/, or a rig.toml
        rig: String,
        /// Where the .glb goes [default: beside the description]
        #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
        out: Option<PathBuf>,
    },
    /// Read a foreign rig, check it, and write it as ours
    Import {
        /// A .glb or .gltf file
        #[arg(value_hint = ValueHint::FilePath)]
        file: PathBuf,
        /// Which joint is which: a rig.toml
        #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
        mapping: PathBuf,
        /// Where the rig goes
        #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
        out: PathBuf,
    },
    /// Draw sheets of hands of all tones, several people and poses, to be looked at
    Gallery {
        /// A folder below rigs/, or a path to a rig.toml or .glb
        #[arg(default_value = "adult")]
        rig: String,
        /// Where the sheets go
        #[arg(long, value_name = "DIR", default_value = "out/gallery", value_hint = ValueHint::DirPath)]
        out: PathBuf,
        /// Side of a picture on the large sheet, pixels
        #[arg(long, value_name = "PX", default_value_t = 160)]
        cell_px: u32,
    },
    /// Say what a rig holds
    Show {
        /// A folder below rigs/, or a path to a rig.toml or .glb
        rig: String,
    },
    /// List the names of all gestures and grasps, by group
    Gestures,
}

/// Part `index` of `of` of a dataset, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    /// From 1 to `of`.
    pub index: u32,
    /// Number of parts, at least 1.
    pub of: u32,
}

impl Default for Shard {
    /// The whole.
    fn default() -> Self {
        Self { index: 1, of: 1 }
    }
}

impl std::fmt::Display for Shard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.index, self.of)
    }
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (index, of) = text.split_once('/').ok_or("a shard is k/n, such as 2/8 for the second of 8")?;
        let number = |word: &str| word.parse::<u32>().map_err(|_| format!("`{word}` is no whole number"));
        let (index, of) = (number(index)?, number(of)?);
        if (1..=of).contains(&index) {
            return Ok(Self { index, of });
        }
        Err(match of {
            0 => "a dataset has at least 1 shard".to_owned(),
            _ => format!("shard {index} is outside 1 to {of}: shards are counted from 1"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_are_counted_from_1() {
        assert_eq!("2/8".parse(), Ok(Shard { index: 2, of: 8 }));
        assert_eq!("8/8".parse(), Ok(Shard { index: 8, of: 8 }));
        let said = |text: &str| text.parse::<Shard>().unwrap_err();
        assert_eq!(said("0/8"), "shard 0 is outside 1 to 8: shards are counted from 1");
        assert_eq!(said("9/8"), "shard 9 is outside 1 to 8: shards are counted from 1");
        assert_eq!(said("1/0"), "a dataset has at least 1 shard");
        assert_eq!(said("2"), "a shard is k/n, such as 2/8 for the second of 8");
        assert_eq!(said("a/8"), "`a` is no whole number");
        assert_eq!(said("-1/8"), "`-1` is no whole number");
    }
}
