//! `handloom check` and `handloom report`.

use std::io::Write;

use super::Outcome;
use super::args::{CheckArgs, ReportArgs, SetArgs};
use super::talk::say;
use crate::check::{check_dataset, check_set};
use crate::dataset::{DatasetError, DatasetReader};
use crate::{report, sets};

impl SetArgs {
    /// Opens the dataset as the format that was named, or as the one it looks like.
    pub(super) fn reader(&self) -> Result<Box<dyn DatasetReader>, DatasetError> {
        match &self.from {
            Some(name) => sets::open_as(&self.dir, name),
            None => sets::open(&self.dir),
        }
    }

    /// True if this program wrote the dataset.
    pub(super) fn is_ours(&self) -> bool {
        self.from.as_deref().is_none_or(|name| name == "handloom") && self.dir.join("shards/plan.json").is_file()
    }
}

impl CheckArgs {
    pub(super) fn run(&self, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        let report =
            if self.set.is_ours() { check_dataset(&self.set.dir)? } else { check_set(self.set.reader()?.as_ref()) };
        for fault in &report.dataset {
            writeln!(out, "dataset\t{}\t{}", fault.rule, fault.message)?;
        }
        for (id, fault) in &report.by_sample {
            writeln!(out, "{id}\t{}\t{}", fault.rule, fault.message)?;
        }
        let looked = format!("{} samples, {} hands", report.samples, report.hands);
        if report.failed > 0 {
            say(&format!("the manifest lists {} samples that could not be made", report.failed));
        }
        if report.is_sound() {
            say(&format!("{looked}: no faults"));
            return Ok(Outcome::Done);
        }
        let (bad, whole) = (report.bad_samples(), report.dataset.len());
        say(&format!("{looked}: {bad} bad samples, {whole} faults of the dataset"));
        Ok(Outcome::Failures)
    }
}

impl ReportArgs {
    pub(super) fn run(&self) -> anyhow::Result<Outcome> {
        report::write(&self.dir)?;
        say(&format!("`{0}/report.html` and `{0}/contact-sheet.png` are written", self.dir.display()));
        Ok(Outcome::Done)
    }
}
