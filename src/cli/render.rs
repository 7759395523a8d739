//! `handloom render`: a scene becomes a picture and its labels, as a dataset of one sample.

use std::path::Path;

use anyhow::Context;
use serde::Deserialize;

use super::Outcome;
use super::args::{Backend, RenderArgs};
use super::generate::renderer;
use super::talk::say;
use crate::assets::Assets;
use crate::dataset::{
    DatasetPlan, DatasetWriter, DepthFormat, FORMAT_VERSION, OpenMode, OutputFormat, OutputSettings, RgbFormat,
    SplitPlan,
};
use crate::pipeline::Studio;
use crate::scene::{self, Scene};

/// Name of the only split.
const SPLIT: &str = "render";

impl RenderArgs {
    pub(super) fn run(&self) -> anyhow::Result<Outcome> {
        let scene = read_scene(&self.scene)?;
        let studio = Studio { assets: Assets::new()?, renderer: renderer(Backend::Cpu) };
        for hand in &scene.hands {
            studio.assets.open_rig(&hand.rig)?;
        }
        let writer = DatasetWriter::open(&self.out, plan(scene.seed), OpenMode::Overwrite)?;
        let sample = studio.shoot(0, scene, &writer.plan().output)?;
        let encoded = writer.encode(&sample)?;
        for chunk in writer.plan().chunks() {
            writer.write_chunk(&chunk, [Ok(encoded.clone())])?;
        }
        writer.finalize()?;
        say(&format!("`{}/{SPLIT}/000000.*` is written", self.out.display()));
        Ok(Outcome::Done)
    }
}

fn plan(seed: u64) -> DatasetPlan {
    DatasetPlan {
        format_version: FORMAT_VERSION,
        generator: concat!("handloom ", env!("CARGO_PKG_VERSION")).to_owned(),
        seed,
        preset_hash: String::new(),
        output: OutputSettings {
            format: OutputFormat::Loose,
            samples_per_shard: 1,
            rgb: RgbFormat::Jpg,
            grey: true,
            depth: DepthFormat::Both,
            depth_unit_m: 0.0001,
            mask: true,
            instance: true,
        },
        splits: vec![SplitPlan { name: SPLIT.to_owned(), count: 1 }],
    }
}

/// A label file, of which only the scene is wanted.
#[derive(Deserialize)]
struct WithScene {
    scene: Scene,
}

/// A scene in TOML or JSON, or the scene inside a sample's label file.
fn read_scene(path: &Path) -> anyhow::Result<Scene> {
    let place = || format!("cannot read scene `{}`", path.display());
    let text = std::fs::read_to_string(path).with_context(place)?;
    let scene = if path.extension().is_some_and(|e| e == "json") {
        let value: serde_json::Value = serde_json::from_str(&text).with_context(place)?;
        match value.get("scene") {
            Some(_) => serde_json::from_str::<WithScene>(&text).with_context(place)?.scene,
            None => serde_json::from_str(&text).with_context(place)?,
        }
    } else {
        toml::from_str(&text).with_context(place)?
    };
    check_version(&scene).with_context(place)?;
    Ok(scene)
}

fn check_version(scene: &Scene) -> anyhow::Result<()> {
    anyhow::ensure!(
        scene.format_version == scene::FORMAT_VERSION,
        "`format_version`: {} is not known, this program reads {}",
        scene.format_version,
        scene::FORMAT_VERSION
    );
    Ok(())
}
