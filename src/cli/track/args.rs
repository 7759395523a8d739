//! Arguments of `handloom track`.

use std::path::PathBuf;

use clap::{Args, ValueEnum, ValueHint};

use crate::cli::args::Backend;

/// Arguments of `handloom track`.
#[derive(Debug, Clone, Args)]
pub struct TrackArgs {
    /// A model: its folder, its TOML file, or its ONNX file with a TOML file of the same name or a model.toml beside it
    #[arg(value_hint = ValueHint::AnyPath)]
    pub model: PathBuf,

    /// What is tracked: a dataset or folder of pictures, a video, `camera` or `camera:N`, or a preset, which is rendered as it is tracked
    #[arg(value_hint = ValueHint::AnyPath)]
    pub source: String,

    /// The source.
    #[command(flatten)]
    pub choice: ChoiceArgs,

    /// What runs the model
    #[arg(long, value_enum, default_value_t)]
    pub runtime: RuntimeArg,

    /// Threads of the model [default: one per core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub threads: Option<u16>,

    /// Most hands followed at once
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=2))]
    pub hands: u8,

    /// What the tracker is told: nothing, where hands are, or also which side they are
    #[arg(long, value_enum, default_value_t)]
    pub given: Given,

    /// Smoothing over time
    #[arg(long, value_enum, default_value_t)]
    pub smooth: SmoothArg,

    /// Do not fit the rig
    #[arg(long)]
    pub no_fit: bool,

    /// Where results go [default: out/track/ and the names of model and source]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub out: Option<PathBuf>,

    /// Pictures with skeletons to write, evenly over the run
    #[arg(long, value_name = "N", default_value_t = 24, value_parser = clap::value_parser!(u64).range(..=100_000))]
    pub overlays: u64,

    /// Fail (exit code 1) if a metric is bad, such as `auc<0.8` or `mpjpe_mm>10,detection_rate<0.99`
    #[arg(long, value_name = "CONDITION")]
    pub fail_if: Vec<String>,

    /// Show the run live on a page of this machine
    #[arg(long, value_name = "PORT", num_args = 0..=1, default_missing_value = "0", value_parser = clap::value_parser!(u16))]
    pub view: Option<u16>,
}

/// Which part of the source.
#[derive(Debug, Clone, Default, Args)]
pub struct ChoiceArgs {
    /// Format of a dataset, where the guess is wrong
    #[arg(long, value_name = "FORMAT")]
    pub from: Option<String>,

    /// Only this split of a dataset or preset
    #[arg(long, value_name = "NAME")]
    pub split: Option<String>,

    /// Only so many moments
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub count: Option<u64>,

    /// Parts of a dataset's sample ids that tell cameras apart, the first view first, such as `BB_left,BB_right`
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    pub views: Vec<String>,

    /// A preset's second camera stands so far to the right of the first, millimetres
    #[arg(long, value_name = "MM", allow_negative_numbers = true)]
    pub stereo_mm: Option<f32>,

    /// Moments per second, where a dataset does not say [default: 30]
    #[arg(long, value_name = "HZ")]
    pub rate_hz: Option<f64>,

    /// Horizontal field of view, where the source has no camera matrix, degrees
    #[arg(long, value_name = "DEG")]
    pub fov_deg: Option<f32>,

    /// What draws a preset's pictures [default: cpu]
    #[arg(long, value_enum)]
    pub backend: Option<Backend>,

    /// Set a key of a preset, such as `hands.count=2`
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub sets: Vec<String>,
}

/// What runs the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum RuntimeArg {
    /// Pure Rust, always there
    #[default]
    Rten,
    /// The onnxruntime library of this machine (named by `ORT_DYLIB_PATH`); needs a build with `--features ort`
    Ort,
}

/// What the tracker is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Given {
    /// Nothing: it finds and follows hands
    #[default]
    Nothing,
    /// Where hands are, in every moment
    Boxes,
    /// Where hands are and which side they are, in every moment
    Sides,
}

/// Smoothing over time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum SmoothArg {
    /// As the model says
    #[default]
    None,
    /// The one-euro filter
    OneEuro,
    /// A Kalman filter of constant velocity
    Kalman,
}
