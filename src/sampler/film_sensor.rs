//! From linear light to picture values, and from exact depth to measured depth: exposure, white balance, blur, noise, JPEG.

use crate::preset::types::{DepthSensor as DepthPreset, Film as FilmPreset, Sensor as SensorPreset};
use crate::scene::{DepthSensor, Film, Sensor};
use crate::seed::{SampleId, Stream};

/// Exposure and white balance of one picture.
pub fn film(preset: &FilmPreset, id: SampleId) -> Film {
    let stream = &mut id.stream("film");
    let exposure_ev = preset.exposure_ev.sample(stream);
    let red = 1.0 + preset.white_balance_error.sample(stream);
    let blue = 1.0 + preset.white_balance_error.sample(stream);
    let metering = preset.metering.sample(stream);
    let gains = &mut id.stream("white balance");
    let white_balance = [red * preset.red_gain.sample(gains), 1.0, blue * preset.blue_gain.sample(gains)];
    Film { exposure_ev, metering, white_balance, curve: preset.curve }
}

/// Blur, noise and compression of one picture.
pub fn sensor(preset: &SensorPreset, depth: &DepthPreset, id: SampleId) -> Sensor {
    let stream = &mut id.stream("sensor");
    let quality = 100.0 - preset.jpeg_loss_percent.sample(stream);
    Sensor {
        full_well_e: preset.full_well_e.sample(stream),
        read_noise_e: preset.read_noise_e.sample(stream),
        vignetting: preset.vignetting.sample(stream),
        jpeg_quality: Some(libm::roundf(quality).clamp(1.0, 100.0) as u8),
        grey_weights: preset.grey_weights,
        blur_px: preset.blur_px.sample(&mut id.stream("blur")),
        depth: depth_sensor(depth, &mut id.stream("depth sensor")),
    }
}

fn depth_sensor(preset: &DepthPreset, stream: &mut Stream) -> DepthSensor {
    let noise = [&preset.noise_mm, &preset.noise_mm_per_m, &preset.noise_mm_per_m2];
    DepthSensor {
        noise: noise.map(|part| part.sample(stream) * 1e-3),
        step_m: preset.step_mm.sample(stream) * 1e-3,
        holes: preset.holes.sample(stream),
        edge_holes: preset.edge_holes.sample(stream),
    }
}
