//! `handloom render`: a scene becomes a picture and its labels, as a dataset of one sample.

use std::path::Path;

use anyhow::Context;
use serde::Deserialize;

use super::Outcome;
use super::args::RenderArgs;
use super::generate::{generator, renderer};
use super::talk::say;
use crate::assets::Assets;
use crate::dataset::{
    DatasetPlan, DatasetWriter, DepthFormat, FORMAT_VERSION, HandloomReader, OpenMode, OutputFormat, OutputSettings,
    RgbFormat, SplitPlan,
};
use crate::pipeline::Studio;
use crate::render::MAX_SIDE_PX;
use crate::rig::DOFS;
use crate::scene::{self, Scene};

/// No joint turns farther, radians.
const TURN: f32 = std::f32::consts::PI;
/// Name of the only split.
const SPLIT: &str = "render";

impl RenderArgs {
    pub(super) fn run(&self) -> anyhow::Result<Outcome> {
        let scene = read_scene(&self.scene)?;
        let studio = Studio { assets: Assets::new()?, renderer: renderer(self.backend, None)? };
        for hand in &scene.hands {
            studio.assets.open_rig(&hand.rig)?;
        }
        let plan = plan(scene.seed, generator(studio.renderer.as_ref()));
        let sample = studio.shoot(0, scene, &plan.output)?;
        let writer = DatasetWriter::open(&self.out, plan, open_mode(&self.out))?;
        let encoded = writer.encode(&sample)?;
        for chunk in writer.plan().chunks() {
            writer.write_chunk(&chunk, [Ok(encoded.clone())])?;
        }
        writer.finalize()?;
        say(&format!("`{}/{SPLIT}/000000.*` is written", self.out.display()));
        Ok(Outcome::Done)
    }
}

/// An earlier drawing is replaced; anything else is not.
fn open_mode(folder: &Path) -> OpenMode {
    let is_drawing = |reader: HandloomReader| reader.plan().splits.iter().all(|s| s.name == SPLIT && s.count == 1);
    if HandloomReader::open(folder).is_ok_and(is_drawing) { OpenMode::Overwrite } else { OpenMode::New }
}

fn plan(seed: u64, generator: String) -> DatasetPlan {
    DatasetPlan {
        format_version: FORMAT_VERSION,
        generator,
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
        clips: None,
        sources: Vec::new(),
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
    check(&scene).with_context(place)?;
    Ok(scene)
}

/// What a scene that was edited by hand must hold before anything is made of it; all faults at once.
fn check(scene: &Scene) -> anyhow::Result<()> {
    let mut faults = Vec::new();
    let mut rule = |holds: bool, fault: String| (!holds).then(|| faults.push(fault));
    let (known, version) = (scene::FORMAT_VERSION, scene.format_version);
    rule(version == known, format!("`format_version`: {version}, this program reads {known}"));
    let i = &scene.camera.intrinsics;
    for (key, size) in [("width", i.width), ("height", i.height)] {
        rule(
            (1..=MAX_SIDE_PX).contains(&size),
            format!("`camera.intrinsics.{key}`: {size}, legal are 1 to {MAX_SIDE_PX}"),
        );
    }
    for (key, focal) in [("fx", i.fx), ("fy", i.fy)] {
        rule(focal.is_finite() && focal > 0.0, format!("`camera.intrinsics.{key}`: {focal}, legal are pixels above 0"));
    }
    let turns =
        scene.hands.iter().enumerate().map(|(k, h)| (format!("hands.{k}.world_from_wrist"), h.world_from_wrist));
    for (key, t) in turns.chain([("camera.camera_from_world".to_owned(), scene.camera.camera_from_world)]) {
        let length = t.rotation.length();
        rule(
            (length - 1.0).abs() < 1e-3,
            format!("`{key}.rotation`: a quaternion of length {length}, it must have length 1"),
        );
        rule(t.translation_m.is_finite(), format!("`{key}.translation_m`: not a number"));
    }
    for (k, hand) in scene.hands.iter().enumerate() {
        let wild = DOFS.into_iter().find(|d| hand.pose.get(*d).is_nan() || hand.pose.get(*d).abs() > TURN);
        rule(
            wild.is_none(),
            format!("`hands.{k}.pose.{}`: beyond half a turn, angles are radians", wild.map_or("", |d| d.name())),
        );
    }
    anyhow::ensure!(faults.is_empty(), "{}", faults.join("\n"));
    Ok(())
}
