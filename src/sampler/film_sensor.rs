//! From linear light to picture values: exposure, white balance, noise, JPEG.

use crate::preset::types::{Film as FilmPreset, Sensor as SensorPreset};
use crate::scene::{Film, Sensor};
use crate::seed::Stream;

/// Exposure and white balance of one picture.
pub fn film(preset: &FilmPreset, stream: &mut Stream) -> Film {
    let exposure_ev = preset.exposure_ev.sample(stream);
    let red = 1.0 + preset.white_balance_error.sample(stream);
    let blue = 1.0 + preset.white_balance_error.sample(stream);
    let metering = preset.metering.sample(stream);
    Film { exposure_ev, metering, white_balance: [red, 1.0, blue], curve: preset.curve }
}

/// Noise and compression of one picture.
pub fn sensor(preset: &SensorPreset, stream: &mut Stream) -> Sensor {
    let quality = 100.0 - preset.jpeg_loss_percent.sample(stream);
    Sensor {
        full_well_e: preset.full_well_e.sample(stream),
        read_noise_e: preset.read_noise_e.sample(stream),
        vignetting: preset.vignetting.sample(stream),
        jpeg_quality: Some(libm::roundf(quality).clamp(1.0, 100.0) as u8),
        grey_weights: preset.grey_weights,
    }
}
