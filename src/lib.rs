//! Handloom makes labelled pictures of hands.
//!
//! It poses a rigged hand mesh from articulation priors, places it in front of random cameras, lights and backgrounds,
//! and writes RGB, grey, depth, part masks and 21 keypoints in 2D and 3D.
//!
//! # A sample's life
//!
//! ```text
//! preset.toml + --set ─fold─▶ Preset ─sampler(SampleId)─▶ Scene ─pose─▶ PosedScene ─┬─▶ Renderer ─▶ Frame ─▶ sensor ─▶ SensorImage
//!                                                        (saved)                    └─▶ label ◀── Frame          │
//!                                                                                       └──▶ Sample ◀─────────────┘ ─▶ writer
//! ```
//!
//! `Preset` says what may happen, `Scene` says what did happen. Units inside are metres, radians and linear light; the
//! conventions for axes, pixels and depth are the docs of [`camera`].
//!
//! Module layers, what each may use, and what none may do: `ARCHITECTURE.md`.

pub mod assets;
pub mod backdrop;
pub mod blend;
pub mod camera;
pub mod check;
#[cfg(feature = "cli")]
pub mod cli;
pub mod crop;
pub mod dataset;
pub mod evaluation;
pub mod frame;
pub mod import;
pub mod label;
pub mod matching;
pub mod math;
pub mod metrics;
mod near;
pub mod pipeline;
pub mod posed;
pub mod preset;
pub mod render;
pub mod report;
pub mod rig;
pub mod sampler;
pub mod scene;
pub mod sculpt;
pub mod seed;
pub mod sensor;
pub mod sequence;
pub mod sets;
pub mod solid;
pub mod tone;
pub mod tracker;
pub mod view;
