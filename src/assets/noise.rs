//! Noise with amplitude spectra 1/f^a: four exponents with the same phases in the four channels of one texture.

use super::settings::{Noise, Pool};
use super::texture::{Encoding, Texture};
use crate::frame::Plane;
use crate::math::fft::{Complex, transform_square};
use crate::seed::dataset_stream;

/// Standard deviations from the middle byte to the ends.
pub const NOISE_DEVIATIONS: f32 = 3.0;

/// Noise texture of a number. Bytes are values: 127.5 is the mean, 0 and 255 lie [`NOISE_DEVIATIONS`] away.
pub(super) fn noise_texture(pool: &Pool, settings: &Noise, number: u32) -> Texture {
    let size = pool.size_px as usize;
    let phases = phases(size, number);
    let mut data = vec![[0_u8; 4]; size * size];
    for pair in [0, 2] {
        let exponents = [settings.exponents[pair], settings.exponents[pair + 1]];
        let field = two_fields(&phases, size, exponents);
        for (c, scale) in deviations(&field).map(|d| 127.5 / (NOISE_DEVIATIONS * d)).into_iter().enumerate() {
            for (texel, value) in data.iter_mut().zip(&field) {
                texel[pair + c] = (value[c] * scale + 128.0).clamp(0.0, 255.0) as u8;
            }
        }
    }
    Texture::new(Encoding::Values, Plane { width: pool.size_px, height: pool.size_px, data })
}

/// Unit numbers with random phases; those of opposite frequencies are conjugate, so that the field is real.
fn phases(size: usize, number: u32) -> Vec<Complex> {
    let mut stream = dataset_stream(0, "noise-texture", u64::from(number));
    let mut phases = vec![[0.0; 2]; size * size];
    for k in 1..size * size {
        let opposite = (size - k / size) % size * size + (size - k % size) % size;
        if opposite < k {
            continue;
        }
        let angle = std::f32::consts::TAU * stream.unit();
        let [re, im] = [libm::cosf(angle), libm::sinf(angle)];
        phases[opposite] = [re, -im];
        phases[k] = if opposite == k { [1.0, 0.0] } else { [re, im] };
    }
    phases
}

/// Two real fields with their own exponents as the real and imaginary part of one transform.
fn two_fields(phases: &[Complex], size: usize, exponents: [f32; 2]) -> Vec<Complex> {
    let mut data: Vec<Complex> = (0..size * size)
        .map(|k| {
            let [fx, fy] = [k % size, k / size].map(|f| f.min(size - f) as f32);
            let log_f = 0.5 * libm::logf((fx * fx + fy * fy).max(1.0));
            let [a, b] = exponents.map(|e| libm::expf(-e * log_f));
            let [re, im] = phases[k];
            [a * re - b * im, a * im + b * re]
        })
        .collect();
    transform_square(&mut data, size);
    data
}

/// Standard deviations of both parts; their means are 0.
fn deviations(field: &[Complex]) -> [f32; 2] {
    [0, 1].map(|c| {
        let sum: f64 = field.iter().map(|v| f64::from(v[c]) * f64::from(v[c])).sum();
        libm::sqrt(sum / field.len() as f64).max(1e-12) as f32
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Slope of the logarithm of amplitude over that of frequency, by direct sums over rows.
    fn slope(texture: &Texture, channel: usize) -> f32 {
        let (plane, _) = texture.level(1.0);
        let n = plane.width as usize;
        // along one axis only: rows summed first keep just the frequencies (f, 0), a clean section of the spectrum
        let columns: Vec<f64> =
            (0..n).map(|x| (0..n).map(|y| f64::from(plane.data[y * n + x][channel])).sum()).collect();
        let amplitude = |f: usize| {
            let part = |turn: fn(f64) -> f64| -> f64 {
                let angle = |x: usize| std::f64::consts::TAU * (f * x) as f64 / n as f64;
                columns.iter().enumerate().map(|(x, v)| v * turn(angle(x))).sum()
            };
            let (c, s) = (part(libm::cos), part(libm::sin));
            libm::sqrt(c * c + s * s)
        };
        let points: Vec<[f64; 2]> = (2..40).map(|f| [libm::log(f as f64), libm::log(amplitude(f))]).collect();
        let mean = |k: usize| points.iter().map(|p| p[k]).sum::<f64>() / points.len() as f64;
        let (mx, my) = (mean(0), mean(1));
        let covariance: f64 = points.iter().map(|p| (p[0] - mx) * (p[1] - my)).sum();
        let variance: f64 = points.iter().map(|p| (p[0] - mx) * (p[0] - mx)).sum();
        (covariance / variance) as f32
    }

    #[test]
    fn spectra_fall_with_their_exponents() {
        let pool = Pool { size_px: 128, noise: 1, dead_leaves: 1 };
        let settings = Noise { exponents: [0.8, 0.93, 1.07, 1.2] };
        let texture = noise_texture(&pool, &settings, 3);
        for (channel, exponent) in settings.exponents.into_iter().enumerate() {
            let found = slope(&texture, channel);
            assert!((found + exponent).abs() < 0.05, "{found} instead of -{exponent}");
        }
        assert_eq!(texture, noise_texture(&pool, &settings, 3));
        assert_ne!(texture, noise_texture(&pool, &settings, 4));
    }
}
