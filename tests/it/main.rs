//! Integration tests, one target.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop with the place")]
#![expect(clippy::print_stdout, reason = "a skipped test must say so")]

mod blend;
mod check_rules;
mod cli;
mod convert;
mod crops;
mod generate;
mod golden;
#[cfg(feature = "gpu")]
mod gpu;
mod import;
mod matching;
mod metrics;
mod poses;
mod render;
mod sampler;
mod sequence;
mod sets;
mod sets_more;
mod shapes;
mod skin;
mod solids;
mod sweeps;
mod synthetic;
mod tidy;
mod track;
mod view;
mod worn;
