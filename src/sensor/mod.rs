//! From linear light to stored pixels: exposure, tone curve, noise, JPEG. Moves no pixel.
//!
//! Order of one picture, as in a camera: the optics blur, vignetting and exposure scale the light, the sensor adds shot and read noise,
//! white balance scales the channels, the film curve compresses, sRGB encodes, and 8 bits are kept.

#![expect(clippy::inline_always, reason = "must be compiled for the dispatched instruction set")]

pub mod blur;
pub mod curve;
pub mod depth;
pub mod jpeg;
pub mod noise;

use fearless_simd::{Level, dispatch};

use crate::frame::Plane;
use crate::scene::{Film, Sensor};
use crate::seed::Stream;

use curve::Encoder;
use noise::PixelNoise;

pub use depth::measure_depth;
pub use jpeg::{SensorError, jpeg_encode, jpeg_round_trip};

/// Squared tangent of the angle at the picture's corner for which full vignetting is the natural cos⁴: a 77 degree
/// diagonal, that of a picture 320 pixels square with a focal length of 283 pixels.
const CORNER_TANGENT_SQUARED: f32 = 0.64;

/// An 8-bit sRGB picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SensorImage {
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// sRGB-encoded red, green, blue; `width * height` pixels row by row from the top left.
    pub rgb: Vec<[u8; 3]>,
}

/// Turns linear light into a picture.
///
/// Noise is addressed by one draw from `rng` and the pixel's index, so equal streams give equal bytes. Negative or
/// non-finite light counts as none.
pub fn expose(colour: &Plane<[f32; 3]>, film: &Film, sensor: &Sensor, rng: &mut Stream) -> SensorImage {
    let noise = PixelNoise::new(rng.next_u64());
    let blurred = (sensor.blur_px > 0.0).then(|| blur::gaussian(colour, sensor.blur_px));
    let colour = blurred.as_ref().unwrap_or(colour);
    // the same arithmetic, compiled for this machine's vector unit
    dispatch!(Level::new(), _simd => expose_rows(colour, film, sensor, &noise))
}

#[inline(always)]
fn expose_rows(colour: &Plane<[f32; 3]>, film: &Film, sensor: &Sensor, noise: &PixelNoise) -> SensorImage {
    let encoder = Encoder::of_film(film.curve);
    let gain = libm::exp2f(film.exposure_ev);
    let per_electron = if sensor.full_well_e > 0.0 { 1.0 / sensor.full_well_e } else { 0.0 };
    let read_variance = (sensor.read_noise_e * per_electron) * (sensor.read_noise_e * per_electron);
    let width = colour.width as usize;
    let mut shade = vec![[0.0; 3]; width];
    let mut normals = vec![[0.0; 3]; width];
    let balance = vec![film.white_balance; width];
    let mut sensed = vec![[0.0; 3]; width];
    let mut rgb = vec![[0; 3]; colour.data.len()];
    for (y, (row, out)) in colour.data.chunks_exact(width.max(1)).zip(rgb.chunks_exact_mut(width.max(1))).enumerate() {
        vignette_row(&mut shade, y, [colour.width, colour.height], sensor.vignetting);
        noise.fill(&mut normals, (y * width) as u64);
        let inputs = row.as_flattened().iter().zip(shade.as_flattened()).zip(normals.as_flattened());
        for (sensed, (((light, shade), normal), balance)) in
            sensed.as_flattened_mut().iter_mut().zip(inputs.zip(balance.as_flattened()))
        {
            let exposed = (light * (gain * shade)).max(0.0);
            *sensed = (exposed + normal * (exposed * per_electron + read_variance).sqrt()) * balance;
        }
        encoder.encode_all(sensed.as_flattened(), out.as_flattened_mut());
    }
    SensorImage { width: colour.width, height: colour.height, rgb }
}

/// Share of light that reaches each pixel of row `y`, once per channel: `1 - amount * (1 - cos⁴)`, full size in the corners.
#[inline(always)]
fn vignette_row(shade: &mut [[f32; 3]], y: usize, size: [u32; 2], amount: f32) {
    let half = size.map(|n| n as f32 / 2.0);
    let per_px = CORNER_TANGENT_SQUARED / (half[0] * half[0] + half[1] * half[1]);
    let dy = y as f32 + 0.5 - half[1];
    for (x, shade) in shade.iter_mut().enumerate() {
        let dx = x as f32 + 0.5 - half[0];
        let cos_squared = 1.0 / (1.0 + per_px * (dx * dx + dy * dy));
        *shade = [1.0 - amount * (1.0 - cos_squared * cos_squared); 3];
    }
}

/// The picture as a grey camera sees it: red, green and blue are weighted as light, not as encoded values, and encoded
/// again by sRGB. Comes from the stored picture, so noise and JPEG artefacts are the same in both.
pub fn grey(image: &SensorImage, weights: [f32; 3]) -> Plane<u8> {
    let light = curve::light_table();
    let grey = |p: &[u8; 3]| {
        let [r, g, b] = p.map(|v| light[usize::from(v)]);
        weights[0] * r + weights[1] * g + weights[2] * b
    };
    let light: Vec<f32> = image.rgb.iter().map(grey).collect();
    let mut data = vec![0; light.len()];
    Encoder::srgb().encode_all(&light, &mut data);
    Plane { width: image.width, height: image.height, data }
}

#[cfg(test)]
mod tests;
