//! Runs samples in parallel and collects failures.
//!
//! [`Studio`] turns one scene into one sample. [`generate`] runs a [`SceneSampler`](crate::sampler::SceneSampler)'s scenes through it, shard by shard.

mod run;
mod studio;

pub use run::{
    GENERATOR, GenerateError, Maker, Progress, generate, output_format, output_settings, plan, with_causes,
    write_samples,
};
pub use studio::{Pictures, Studio, StudioError, develop};
