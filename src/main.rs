//! The `handloom` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    handloom::cli::main()
}
