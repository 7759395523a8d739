//! `handloom crop`: depth crops of a dataset, as arrays.

use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::{Args, ValueEnum, ValueHint};

use super::Outcome;
use super::args::SetArgs;
use super::progress::Bar;
use super::talk::{say, warn};
use crate::crop::CropSettings;
use crate::dataset::crops::{CROPS, CropCentre, write_crops};

/// Hands left out that are named on the terminal; `crops.json` names all.
const SHOWN: usize = 10;

/// Arguments of `handloom crop`.
#[derive(Debug, Clone, Args)]
pub struct CropArgs {
    /// The dataset.
    #[command(flatten)]
    pub set: SetArgs,

    /// Where the arrays go: {split}/depth.npy and its labels
    #[arg(value_hint = ValueHint::DirPath)]
    pub out: PathBuf,

    /// Edge of the cube around the hand, millimetres (JGR-P2O: 250 for NYU and ICVL, 175 for MSRA)
    #[arg(long, value_name = "MM", default_value_t = 250.0)]
    pub cube_mm: f32,

    /// Columns and rows of a crop
    #[arg(long, value_name = "PX", default_value_t = 96, value_parser = clap::value_parser!(u32).range(8..=1024))]
    pub size: u32,

    /// Where the cube is put
    #[arg(long, value_enum, default_value_t)]
    pub centre: Centre,

    /// Times the centre is moved to the mean of the points inside the cube
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u32).range(..=20))]
    pub passes: u32,

    /// Replace crops that are already there
    #[arg(long)]
    pub overwrite: bool,
}

/// Where the cube is put.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Centre {
    /// On the mean of the hand's points, as a tracker can
    #[default]
    Mass,
    /// On the labelled middle MCP
    MiddleMcp,
}

impl CropArgs {
    pub(super) fn run(&self) -> anyhow::Result<Outcome> {
        if !(20.0..=2000.0).contains(&self.cube_mm) {
            bail!("`--cube-mm {}`: legal are 20 to 2000\nhint: a hand needs about 250", self.cube_mm);
        }
        let there = self.out.read_dir().is_ok_and(|mut entries| entries.next().is_some());
        if there && !(self.overwrite && self.out.join(CROPS).is_file()) {
            let hint = "hint: `--overwrite` replaces a folder of crops, nothing else";
            bail!("`{}` is not empty\n{hint}", self.out.display());
        }
        let reader = self.set.reader()?;
        for fault in &reader.info().faults {
            warn(&fault.message);
        }
        std::fs::create_dir_all(&self.out).with_context(|| format!("cannot create `{}`", self.out.display()))?;
        let settings = CropSettings { cube_m: self.cube_mm / 1000.0, size_px: self.size, passes: self.passes };
        let centre = match self.centre {
            Centre::Mass => CropCentre::Mass,
            Centre::MiddleMcp => CropCentre::MiddleMcp,
        };
        let bar = Bar::new(reader.count());
        let counts = write_crops(reader.as_ref(), &self.out, &settings, centre, &|failed| bar.step(failed))?;
        bar.finish();
        for why in counts.left_out.iter().take(SHOWN) {
            warn(why);
        }
        let made: u64 = counts.splits.iter().map(|(_, n)| n).sum();
        say(&format!("{made} crops in `{}`, {} hands or samples left out", self.out.display(), counts.left_out.len()));
        Ok(if counts.left_out.is_empty() { Outcome::Done } else { Outcome::Failures })
    }
}
