//! The end of every command that writes a dataset: samples, manifest, report, and what failed.

use anyhow::{Context, bail};

use super::Outcome;
use super::args::WriteArgs;
use super::progress::Bar;
use super::talk::{say, warn};
use crate::dataset::{DatasetWriter, Finished, OpenMode, SampleFailure, ShardOf};
use crate::pipeline::{self, Maker};
use crate::report;

/// Failed samples named on the terminal; the manifest names all.
const FAILURES_SHOWN: usize = 10;

impl WriteArgs {
    /// What happens to a dataset that is already there.
    pub(super) fn mode(&self) -> OpenMode {
        match (self.resume, self.overwrite) {
            (true, _) => OpenMode::Resume,
            (_, true) => OpenMode::Overwrite,
            _ => OpenMode::New,
        }
    }

    /// The worker threads.
    pub(super) fn pool(&self) -> anyhow::Result<rayon::ThreadPool> {
        let threads = self.threads.map_or(0, usize::from);
        rayon::ThreadPoolBuilder::new().num_threads(threads).build().context("cannot start threads")
    }
}

/// Makes and writes all samples of a dataset, and says how it went.
pub(super) fn write(writer: &DatasetWriter, make: Maker<'_>) -> anyhow::Result<Outcome> {
    let chunks = writer.chunks_to_do(ShardOf::ALL)?;
    let bar = Bar::new(chunks.iter().map(|chunk| chunk.count).sum());
    pipeline::write_samples(writer, &chunks, make, &|made| bar.step(made.is_err()))?;
    bar.finish();
    let Finished::Complete(manifest) = writer.finalize()? else { bail!("the dataset misses shards") };
    report::write(writer.folder())?;
    let folder = writer.folder().display();
    say(&format!("{} samples in `{folder}`: look at `{folder}/report.html`", manifest.samples));
    tell_failures(manifest.failures.iter());
    Ok(if manifest.failures.is_empty() { Outcome::Done } else { Outcome::Failures })
}

/// Names the first samples that failed.
pub(super) fn tell_failures<'a>(failures: impl Iterator<Item = &'a SampleFailure>) {
    let failures: Vec<_> = failures.collect();
    for failure in failures.iter().take(FAILURES_SHOWN) {
        warn(&format!("sample {} failed: {}", failure.index, failure.cause));
    }
    if failures.len() > FAILURES_SHOWN {
        warn(&format!("{} more samples failed; `manifest.json` names them", failures.len() - FAILURES_SHOWN));
    }
}
