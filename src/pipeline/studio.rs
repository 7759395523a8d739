//! From one scene to one sample: pose, backdrop, picture, labels, sensor.

use std::sync::Arc;

use crate::assets::{AssetError, Assets};
use crate::backdrop::{self, BackdropError};
use crate::dataset::{OutputFormat, OutputSettings, RgbFormat, Sample};
use crate::frame::Plane;
use crate::label;
use crate::posed::{self, PoseError};
use crate::render::{RenderError, Renderer};
use crate::rig::Rig;
use crate::scene::Scene;
use crate::seed::SampleId;
use crate::sensor::{self, SensorError, SensorImage};

/// Quality of a JPEG file whose scene asks for no loss.
const LOSSLESS_QUALITY: u8 = 100;

/// Why a scene became no sample.
#[derive(Debug, thiserror::Error)]
pub enum StudioError {
    /// A rig or a picture is missing or damaged.
    #[error(transparent)]
    Asset(#[from] AssetError),
    /// A hand could not be posed.
    #[error(transparent)]
    Pose(#[from] PoseError),
    /// The background could not be made.
    #[error(transparent)]
    Backdrop(#[from] BackdropError),
    /// The picture could not be drawn.
    #[error(transparent)]
    Render(#[from] RenderError),
    /// The picture could not be compressed.
    #[error(transparent)]
    Sensor(#[from] SensorError),
}

/// Rigs, backgrounds and a renderer: everything that turns scenes into samples. Shared between threads.
pub struct Studio {
    /// Rigs and backgrounds.
    pub assets: Assets,
    /// What draws.
    pub renderer: Box<dyn Renderer>,
}

impl Studio {
    /// The sample of a scene, with the pictures that the settings ask for.
    pub fn shoot(&self, index: u64, scene: Scene, output: &OutputSettings) -> Result<Sample, StudioError> {
        let rigs = scene.hands.iter().map(|hand| self.assets.rig(&hand.rig)).collect::<Result<Vec<Arc<Rig>>, _>>()?;
        let posed = posed::pose(&scene, &rigs)?;
        let backdrop = backdrop::resolve(&scene, &self.assets)?;
        let frame = self.renderer.render(&posed, &backdrop)?;
        let labels = label::derive(&posed, &frame);
        // noise belongs to the scene: drawing it again gives the same picture
        let mut noise = SampleId { seed: scene.seed, index: 0 }.stream("sensor");
        let image = sensor::expose(&frame.colour, &scene.film, &scene.sensor, &mut noise);
        // the grey camera stands beside the colour camera: same light and noise, its own lossless file
        let grey = output.grey.then(|| sensor::grey(&image, scene.sensor.grey_weights));
        let (rgb, rgb_jpeg) = stored_picture(image, scene.sensor.jpeg_quality, output)?;
        Ok(Sample { index, scene, labels, frame, rgb, grey, rgb_jpeg })
    }
}

/// Pixels, and the JPEG file they stand for if that is what is stored.
type StoredPicture = (Plane<[u8; 3]>, Option<Vec<u8>>);

/// The picture as the dataset stores it: the camera's JPEG as it is, or decoded again where the format wants PNG.
fn stored_picture(
    image: SensorImage,
    quality: Option<u8>,
    output: &OutputSettings,
) -> Result<StoredPicture, SensorError> {
    let as_jpeg = output.rgb == RgbFormat::Jpg && output.format != OutputFormat::Rhd;
    if as_jpeg {
        let bytes = sensor::jpeg_encode(&image, quality.unwrap_or(LOSSLESS_QUALITY))?;
        return Ok((plane(image), Some(bytes)));
    }
    let image = match quality {
        Some(quality) => sensor::jpeg_round_trip(&image, quality)?,
        None => image,
    };
    Ok((plane(image), None))
}

fn plane(image: SensorImage) -> Plane<[u8; 3]> {
    Plane { width: image.width, height: image.height, data: image.rgb }
}
