//! Light from everywhere: a sky of three colours, or the background itself.

use super::background::tinted;
use crate::preset::types::Environment as Preset;
use crate::scene::{Background, Environment};
use crate::seed::Stream;

/// Factors on the middle's radiance: straight up and straight down.
const ZENITH: [f32; 2] = [0.8, 1.7];
const GROUND: [f32; 2] = [0.2, 0.8];
/// Saturation of each of the three colours, at most.
const SATURATION: f32 = 0.25;

/// Light from everywhere. Only backgrounds that have real extent can light the hands.
pub fn environment(preset: &Preset, background: &Background, stream: &mut Stream) -> Environment {
    let middle = preset.intensity.sample(stream);
    let (zenith, ground) = (stream.uniform(ZENITH[0], ZENITH[1]), stream.uniform(GROUND[0], GROUND[1]));
    let mut colour = |factor: f32| tinted(middle * factor, SATURATION, stream);
    let sky = Environment::Sky { ground: colour(ground), horizon: colour(1.0), zenith: colour(zenith) };
    let surrounds =
        matches!(background, Background::Room { .. } | Background::Gradient { .. } | Background::Panorama { .. });
    if stream.chance(preset.from_background) && surrounds { Environment::Background { gain: 1.0 } } else { sky }
}
