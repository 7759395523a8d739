//! Runs samples in parallel and collects failures.
//!
//! [`Studio`] turns one scene into one sample. [`generate`] runs a [`SceneSampler`](crate::sampler::SceneSampler)'s scenes through it, shard by shard.

mod run;
mod studio;

pub use run::{Progress, generate, output_settings, plan};
pub use studio::{Pictures, Studio, StudioError, develop};
