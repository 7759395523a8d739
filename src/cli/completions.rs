//! `handloom completions` and `handloom man`.

use std::io::Write;
use std::path::PathBuf;

use anyhow::Context;
use clap::{Args, CommandFactory, ValueHint};

use super::{Cli, Outcome};

/// Arguments of `handloom completions`.
#[derive(Debug, Clone, Args)]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    pub shell: clap_complete::Shell,
}

impl CompletionsArgs {
    pub(super) fn run(&self, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        // written to memory first: the generator panics where its writer fails
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "handloom", &mut script);
        out.write_all(&script)?;
        Ok(Outcome::Done)
    }
}

/// Arguments of `handloom man`.
#[derive(Debug, Clone, Args)]
pub struct ManArgs {
    /// Write the pages of all commands into a folder instead
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub out: Option<PathBuf>,
}

impl ManArgs {
    pub(super) fn run(&self, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        let Some(dir) = &self.out else {
            let mut page = Vec::new();
            clap_mangen::Man::new(Cli::command()).render(&mut page)?;
            out.write_all(&page)?;
            return Ok(Outcome::Done);
        };
        let written = std::fs::create_dir_all(dir).and_then(|()| clap_mangen::generate_to(Cli::command(), dir));
        written.with_context(|| format!("{}: cannot write the manual pages", dir.display()))?;
        Ok(Outcome::Done)
    }
}
