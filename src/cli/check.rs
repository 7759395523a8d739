//! `handloom check` and `handloom report`.

use std::io::Write;

use super::Outcome;
use super::args::{CheckArgs, ReportArgs};
use super::talk::say;
use crate::check::check_dataset;
use crate::report;

impl CheckArgs {
    pub(super) fn run(&self, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        let report = check_dataset(&self.dir)?;
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
