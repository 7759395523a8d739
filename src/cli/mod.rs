//! The command line: clap types to commands to exit codes.
//!
//! Standard output is data, standard error is talk. Exit codes: 0 all well, 1 finished with failures, 2 could not run.

mod args;
mod blend;
mod check;
mod completions;
mod convert;
mod crop;
mod gallery;
mod generate;
mod inspect;
mod matching;
mod preset;
mod progress;
mod render;
mod rig;
mod talk;
mod track;
mod written;

use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

pub use args::{
    Backend, BlendArgs, CheckArgs, ConvertArgs, GenerateArgs, InspectArgs, MatchArgs, RenderArgs, ReportArgs,
    RigCommand, SetArgs, Shard,
};
pub use completions::{CompletionsArgs, ManArgs};
pub use crop::{Centre, CropArgs};
pub use preset::PresetCommand;
pub use talk::warn;
pub use track::{ChoiceArgs, Given, RuntimeArg, SmoothArg, TrackArgs};

/// Makes labelled pictures of hands.
#[derive(Debug, Parser)]
#[command(name = "handloom", version, about, max_term_width = 100, after_help = EXIT_CODES)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

const EXIT_CODES: &str = "Exit codes: 0 all well, 1 finished with failures, 2 could not run.";

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make a dataset from a preset
    Generate(GenerateArgs),
    /// Make a dataset of other datasets: in given shares, filtered, some pictures composed of two
    Blend(BlendArgs),
    /// Draw one scene again
    Render(RenderArgs),
    /// Check every file, label and count of a dataset, ours or anyone's
    Check(CheckArgs),
    /// Say what is in a folder: format, counts, ranges, labels, faults; make a report of it
    Inspect(InspectArgs),
    /// Write a dataset of any format in another layout
    Convert(ConvertArgs),
    /// Measure a captured sample and find the preset whose pictures are like it
    Match(MatchArgs),
    /// Cut depth crops around the hands of a dataset, as arrays for trainers
    Crop(CropArgs),
    /// Run a model on a sequence: errors, where it fails, pictures, a live view
    Track(Box<TrackArgs>),
    /// Make the report of a dataset again
    Report(ReportArgs),
    /// Build, import and show rigs
    #[command(subcommand)]
    Rig(RigCommand),
    /// List, explain and check presets
    #[command(subcommand)]
    Preset(PresetCommand),
    /// Print completions for a shell
    Completions(CompletionsArgs),
    /// Print the manual page
    Man(ManArgs),
}

/// How a command ended that could run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// All well.
    Done,
    /// Finished, and some of it failed; the command has said what.
    Failures,
}

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    talk::start_log();
    run(std::env::args_os(), &mut std::io::stdout().lock())
}

/// Runs one command line, its data written to `out`.
pub fn run(args: impl IntoIterator<Item = OsString>, out: &mut dyn Write) -> ExitCode {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        // help and version come this way too, with code 0; if nobody listens there is nothing to say
        Err(said) => {
            said.print().ok();
            return ExitCode::from(said.exit_code() as u8);
        }
    };
    let ended = cli.command.run(out).and_then(|outcome| {
        out.flush()?;
        Ok(outcome)
    });
    match ended {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::Failures) => ExitCode::from(1),
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            talk::error(&error);
            ExitCode::from(2)
        }
    }
}

impl Command {
    fn run(self, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        match self {
            Self::Generate(args) => args.run(out),
            Self::Blend(args) => args.run(out),
            Self::Render(args) => args.run(),
            Self::Check(args) => args.run(out),
            Self::Inspect(args) => args.run(out),
            Self::Convert(args) => args.run(),
            Self::Match(args) => args.run(out),
            Self::Crop(args) => args.run(),
            Self::Track(args) => args.run(out),
            Self::Report(args) => args.run(),
            Self::Rig(command) => command.run(out),
            Self::Preset(command) => command.run(out),
            Self::Completions(args) => args.run(out),
            Self::Man(args) => args.run(out),
        }
    }
}

/// The reader of our output has seen enough, as in `handloom preset list | head`.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let io = error.chain().filter_map(|cause| cause.downcast_ref::<std::io::Error>());
    io.into_iter().any(|io| io.kind() == std::io::ErrorKind::BrokenPipe)
}
