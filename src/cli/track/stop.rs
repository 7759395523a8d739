//! The first Ctrl-C ends a run as if its source had ended, so that its report is made; the second ends the program.

use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::cli::talk::say;

static ASKED: AtomicBool = AtomicBool::new(false);
static LISTENING: Once = Once::new();

/// Listens for Ctrl-C from now on.
pub(super) fn listen() {
    ASKED.store(false, Ordering::Relaxed);
    LISTENING.call_once(|| {
        let set = ctrlc::set_handler(|| {
            if ASKED.swap(true, Ordering::Relaxed) {
                end();
            }
            say(&"finishing up; Ctrl-C again ends at once");
        });
        if let Err(error) = set {
            say(&format!("Ctrl-C will end the run without a report: {error}"));
        }
    });
}

#[expect(clippy::exit, reason = "the user wants it to end now")]
fn end() {
    std::process::exit(130);
}

/// The user wants the run to end.
pub(super) fn is_asked() -> bool {
    ASKED.load(Ordering::Relaxed)
}
