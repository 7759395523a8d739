//! `handloom preset`: list, explain, schema.

use std::io::Write;

use clap::Subcommand;

use super::Outcome;
use super::args::PresetArgs;
use super::talk::warn;
use crate::preset::{BUILT_IN, load, schema_text};

/// Commands of `handloom preset`.
#[derive(Debug, Clone, Subcommand)]
pub enum PresetCommand {
    /// List the built-in presets with their descriptions
    List,
    /// Check a preset, and print every key with its value and where it was said
    Explain(PresetArgs),
    /// Print the JSON schema of preset files
    Schema,
}

impl PresetCommand {
    pub(super) fn run(self, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        match self {
            Self::List => list(out)?,
            Self::Explain(args) => explain(&args, out)?,
            Self::Schema => out.write_all(schema_text().as_bytes())?,
        }
        Ok(Outcome::Done)
    }
}

fn list(out: &mut dyn Write) -> anyhow::Result<()> {
    let width = BUILT_IN.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    for (name, _) in BUILT_IN {
        writeln!(out, "{name:width$}  {}", load(name, &[])?.preset.description)?;
    }
    Ok(())
}

fn explain(args: &PresetArgs, out: &mut dyn Write) -> anyhow::Result<()> {
    let loaded = load(&args.preset, &args.sets)?;
    loaded.warnings.iter().for_each(|warning| warn(warning));
    let keys = loaded.explain();
    let key_width = keys.iter().map(|row| row.key.len()).max().unwrap_or(0);
    let value_width = keys.iter().map(|row| row.value.chars().count()).max().unwrap_or(0).min(60);
    for row in &keys {
        writeln!(out, "{:key_width$}  {:value_width$}  {}", row.key, row.value, row.origin)?;
    }
    Ok(())
}
