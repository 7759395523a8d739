//! Progress of long work on a terminal: shown from the second second on, with rate and time left.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// Work that takes no longer stays silent.
const QUIET: Duration = Duration::from_secs(2);

/// A progress bar that hides on short work and where there is no terminal.
pub(super) struct Bar {
    drawn: ProgressBar,
    start: Instant,
    failed: AtomicU64,
}

impl Bar {
    pub(super) fn new(total: u64) -> Self {
        let bar = ProgressBar::hidden();
        bar.set_length(total);
        let style = ProgressStyle::with_template("{bar:30} {pos}/{len} samples, {per_sec}, {eta} left{msg}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        Self { drawn: bar, start: Instant::now(), failed: AtomicU64::new(0) }
    }

    /// One sample is done.
    pub(super) fn step(&self, failed: bool) {
        if self.drawn.is_hidden() && self.start.elapsed() > QUIET {
            self.drawn.set_draw_target(indicatif::ProgressDrawTarget::stderr());
        }
        if failed {
            let count = self.failed.fetch_add(1, Ordering::Relaxed) + 1;
            self.drawn.set_message(format!(", {count} failed"));
        }
        self.drawn.inc(1);
    }

    pub(super) fn finish(&self) {
        self.drawn.finish_and_clear();
    }
}
