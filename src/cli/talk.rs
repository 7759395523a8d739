//! Words to the user, on standard error. If it is closed there is nobody to tell.

use std::fmt::Display;
use std::io::{IsTerminal, Write, stderr};

/// Why a command could not run, with its causes.
pub(super) fn error(error: &anyhow::Error) {
    writeln!(stderr(), "{}", error_text(error)).ok();
}

/// What is legal and doubtful.
pub fn warn(what: &dyn Display) {
    writeln!(stderr(), "warning: {what}").ok();
}

/// What was done.
pub(super) fn say(what: &dyn Display) {
    writeln!(stderr(), "{what}").ok();
}

/// Causes are indented below the message.
fn error_text(error: &anyhow::Error) -> String {
    let mut text = format!("error: {error}");
    for cause in error.chain().skip(1) {
        let cause = cause.to_string();
        text.push_str("\n  ");
        text.push_str(&cause.trim_end().replace('\n', "\n  "));
    }
    text
}

/// Log lines of the library: `RUST_LOG` style levels are not needed, warnings and worse are shown.
pub(super) fn start_log() {
    let colour = stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let log = tracing_subscriber::fmt().with_writer(stderr).with_ansi(colour).without_time().with_target(false);
    // a second start in the same process changes nothing
    log.with_max_level(tracing::Level::WARN).try_init().ok();
}

#[cfg(test)]
mod tests {
    use anyhow::Context;

    use super::*;

    #[test]
    fn causes_stand_below_the_message() {
        let failed: Result<(), _> = Err(std::io::Error::other("no space\nleft"));
        let error = failed.context("out/a.tar: cannot write").unwrap_err();
        assert_eq!(error_text(&error), "error: out/a.tar: cannot write\n  no space\n  left");
    }
}
