//! A scene's background and environment to a [`Backdrop`].

use glam::{Vec3, Vec4};
use thiserror::Error;

use super::crop::{Crop, draw};
use super::gradient::{self, Sky};
use super::room::{Placement, Room};
use super::{Backdrop, Sh9, meter, panorama};
use crate::assets::{AssetError, Assets, Encoding, Texture};
use crate::frame::Plane;
use crate::scene::{Background, Environment, Scene};

/// Why a backdrop could not be made.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BackdropError {
    /// The background needs something that could not be loaded.
    #[error("cannot load the background")]
    Asset(#[from] AssetError),
}

/// The picture behind a scene's hands and the light of its environment.
///
/// Dead leaves and rooms have a mean luminance near 1 before the scene's gain: the gain is their brightness. Rooms,
/// panoramas and gradients surround the scene and follow the camera. The others are flat; as an environment they light
/// the hands evenly with their mean colour.
///
/// # Errors
///
/// If a file of the user's cannot be read.
pub fn resolve(scene: &Scene, assets: &Assets) -> Result<Backdrop, BackdropError> {
    let (mut pixels, light) = behind(scene, assets)?;
    let irradiance = match scene.environment {
        Environment::Sky { ground, horizon, zenith } => Sky { ground, horizon, zenith }.light(&[]),
        Environment::Background { gain } => light.unwrap_or_else(|| Sh9::uniform(mean(&pixels))).scaled(gain),
    };
    let gain = meter::gain(scene, &irradiance);
    let shares_light = matches!(scene.environment, Environment::Background { .. });
    if !shares_light && scene.film.metering > 0.0 {
        pixels.data.iter_mut().flatten().for_each(|v| *v /= gain);
    }
    Ok(Backdrop { pixels, irradiance, gain })
}

type Pixels = Plane<[f32; 3]>;

/// Pixels of the background and, if it surrounds the scene and is asked for, its light.
fn behind(scene: &Scene, assets: &Assets) -> Result<(Pixels, Option<Sh9>), BackdropError> {
    let camera = &scene.camera;
    let size = [camera.intrinsics.width, camera.intrinsics.height];
    let lights = matches!(scene.environment, Environment::Background { .. });
    Ok(match &scene.background {
        Background::Colour { rgb } => (Plane::filled(size[0], size[1], *rgb), None),
        Background::Picture { path, crop: [left, top, width, height], flip, gain } => {
            let crop = Crop { start: [*left, *top], size: [*width, *height], flip: *flip, wrap: false };
            (coloured(&*assets.picture(path)?, &crop, size, [*gain; 3]), None)
        }
        Background::DeadLeaves { texture, crop, gain } => {
            (coloured(assets.dead_leaves(*texture), &Crop::wrapped(*crop, size), size, *gain), None)
        }
        Background::Noise { texture, exponent, colours, crop } => {
            let look = noise_look(&assets.settings().noise.exponents, *exponent, *colours);
            (draw(assets.noise(*texture), &Crop::wrapped(*crop, size), size, look), None)
        }
        Background::Gradient { ground, horizon, zenith, lamps } => {
            let sky = Sky { ground: *ground, horizon: *horizon, zenith: *zenith };
            let pixels = gradient::pixels(&sky, lamps, assets.noise(scene.seed as u32), camera);
            (pixels, lights.then(|| sky.light(lamps)))
        }
        Background::Panorama { path, yaw_rad, gain } => {
            let picture = assets.panorama(path)?;
            let light = lights.then(|| panorama::light(&picture, *yaw_rad).scaled(*gain));
            (panorama::pixels(&picture, *yaw_rad, *gain, camera), light)
        }
        Background::Room { size_m, centre_m, yaw_rad, seed, gain } => {
            let (size_m, centre_m) = (Vec3::from(*size_m), Vec3::from(*centre_m));
            let room = Room::new(&Placement { size_m, centre_m, yaw_rad: *yaw_rad, seed: *seed }, assets);
            (room.pixels(*gain, camera), lights.then(|| room.light().scaled(*gain)))
        }
    })
}

/// A crop of a texture of colours, brightened per channel.
fn coloured(texture: &Texture, crop: &Crop, size: [u32; 2], gain: [f32; 3]) -> Pixels {
    let white = match texture.encoding {
        Encoding::Colour { white } => white,
        Encoding::Values => 1.0,
    };
    let scale = Vec4::from([gain[0], gain[1], gain[2], 0.0]) * (white / (255.0 * 255.0));
    draw(texture, crop, size, |bytes| {
        let light = bytes * bytes * scale;
        [light.x, light.y, light.z]
    })
}

/// Standard deviations of noise between the two colours' ends and the middle.
const COLOUR_DEVIATIONS: f32 = 2.2;

/// Blend of the two channels whose exponents lie around the one asked for, as a place between two colours.
fn noise_look(exponents: &[f32; 4], exponent: f32, [low, high]: [[f32; 3]; 2]) -> impl Fn(Vec4) -> [f32; 3] {
    let k = exponents[1..3].iter().filter(|e| exponent > **e).count();
    let share = ((exponent - exponents[k]) / (exponents[k + 1] - exponents[k]).max(1e-6)).clamp(0.0, 1.0);
    let mut weights = [0.0; 4];
    (weights[k], weights[k + 1]) = (1.0 - share, share);
    let scale = crate::assets::NOISE_DEVIATIONS / (COLOUR_DEVIATIONS * 255.0);
    let weights = Vec4::from(weights) * scale;
    let (low, step) = (Vec3::from(low), Vec3::from(high) - Vec3::from(low));
    move |bytes| {
        let place = (bytes.dot(weights) + 0.5 - 127.5 * scale).clamp(0.0, 1.0);
        (low + step * place).to_array()
    }
}

/// Mean colour of a picture; black if it is empty.
fn mean(pixels: &Pixels) -> [f32; 3] {
    let mut sum = [0.0_f64; 3];
    for p in &pixels.data {
        sum = std::array::from_fn(|c| sum[c] + f64::from(p[c]));
    }
    sum.map(|s| (s / pixels.data.len().max(1) as f64) as f32)
}

#[cfg(test)]
mod tests;
