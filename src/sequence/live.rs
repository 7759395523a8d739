//! A preset, rendered moment by moment as it is tracked; nothing is written.

use super::{Moment, SequenceError, Source, SourceInfo};
use crate::dataset::{DepthFormat, OutputFormat, OutputSettings, RgbFormat, SampleLabel, SampleName};
use crate::math::RigidTransform;
use crate::pipeline::Studio;
use crate::preset::Preset;
use crate::sampler::SceneSampler;
use crate::scene::Scene;
use crate::tracker::{Shot, View};

/// Which samples of a preset, and with how many cameras.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PresetSettings {
    /// Only this split.
    pub split: Option<String>,
    /// Only so many samples, the first ones.
    pub count: Option<u64>,
    /// A second camera stands so far to the right of the first one, metres.
    pub stereo_m: Option<f32>,
}

/// The samples of a preset, rendered when they are asked for.
pub struct PresetSource {
    studio: Studio,
    sampler: SceneSampler,
    info: SourceInfo,
    next: u64,
    end: u64,
    stereo_m: Option<f32>,
    rate_hz: f64,
    clip: Option<u64>,
    split_of: Vec<(String, u64)>,
}

impl PresetSource {
    /// The samples of a preset that the settings ask for.
    pub fn new(
        studio: Studio,
        sampler: SceneSampler,
        preset: &Preset,
        name: &str,
        settings: &PresetSettings,
    ) -> Result<Self, SequenceError> {
        let split_of: Vec<(String, u64)> = preset.split.iter().map(|split| (split.name.clone(), split.count)).collect();
        let (next, all) = part(&split_of, settings.split.as_deref(), name)?;
        let end = next + settings.count.map_or(all, |count| count.min(all));
        let info = SourceInfo { name: name.to_owned(), count: Some(end - next), notes: Vec::new() };
        let (rate_hz, stereo_m) = (f64::from(preset.sequence.rate_hz), settings.stereo_m);
        Ok(Self { studio, sampler, info, next, end, stereo_m, rate_hz, clip: None, split_of })
    }

    fn moment(&mut self, index: u64) -> Result<Moment, SequenceError> {
        let scene = self.sampler.sample(index).map_err(|source| SequenceError::Sample { index, source })?;
        let (first, truth) = self.view(index, scene.clone())?;
        let clip = truth.clip;
        let starts_clip = clip.is_none() || clip != self.clip;
        self.clip = clip;
        let mut views = vec![first];
        if let Some(baseline_m) = self.stereo_m {
            views.push(self.view(index, moved_right(scene, baseline_m))?.0);
        }
        let time_s = truth.time_s.unwrap_or(index as f64 / self.rate_hz);
        let shot = Shot { time_s, views };
        Ok(Moment { shot, id: truth.id.clone(), index, starts_clip, truth: Some(truth) })
    }

    fn view(&self, index: u64, scene: Scene) -> Result<(View, SampleLabel), SequenceError> {
        let shot = self.studio.shoot(index, scene, &output());
        let sample = shot.map_err(|source| SequenceError::Studio { index, source })?;
        let id = format!("{index:08}");
        let name = SampleName { index, id: &id, split: self.split(index) };
        let label = SampleLabel::new(name, &sample.scene, &sample.labels, None);
        let view = View {
            camera: sample.scene.camera,
            calibrated: true,
            rgb: Some(sample.rgb),
            grey: sample.grey,
            depth_z_m: Some(sample.frame.depth_z_m),
        };
        Ok((view, label))
    }

    fn split(&self, index: u64) -> &str {
        let mut before = 0;
        for (name, count) in &self.split_of {
            before += count;
            if index < before {
                return name;
            }
        }
        ""
    }
}

/// First sample and number of samples of a split, or of all.
fn part(splits: &[(String, u64)], wanted: Option<&str>, preset: &str) -> Result<(u64, u64), SequenceError> {
    let Some(wanted) = wanted else { return Ok((0, splits.iter().map(|(_, count)| count).sum())) };
    let before = splits.iter().take_while(|(name, _)| name != wanted).map(|(_, count)| count).sum();
    if let Some((_, count)) = splits.iter().find(|(name, _)| name == wanted) {
        return Ok((before, *count));
    }
    let names: Vec<String> = splits.iter().map(|(name, count)| format!("`{name}` ({count})")).collect();
    Err(SequenceError::Nothing {
        what: format!("the preset `{preset}` has no split `{wanted}`"),
        hint: format!("its splits are {}", names.join(", ")),
    })
}

impl Source for PresetSource {
    fn info(&self) -> &SourceInfo {
        &self.info
    }

    fn next_moment(&mut self) -> Option<Result<Moment, SequenceError>> {
        let index = self.next;
        if index >= self.end {
            return None;
        }
        self.next += 1;
        Some(self.moment(index))
    }
}

/// The scene as a camera sees it that stands beside the first one, looking the same way.
fn moved_right(mut scene: Scene, baseline_m: f32) -> Scene {
    let shift = RigidTransform::new(glam::Quat::IDENTITY, glam::Vec3::new(-baseline_m, 0.0, 0.0));
    scene.camera.camera_from_world = shift * scene.camera.camera_from_world;
    scene
}

/// Colour (after the sensor's JPEG), grey and depth in memory.
fn output() -> OutputSettings {
    OutputSettings {
        format: OutputFormat::Loose,
        samples_per_shard: 1,
        rgb: RgbFormat::Png,
        grey: true,
        depth: DepthFormat::None,
        depth_unit_m: 1e-4,
        mask: false,
        instance: false,
    }
}
