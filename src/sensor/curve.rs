//! Tone curves and the sRGB transfer as one table from light to byte.

#![expect(clippy::inline_always, reason = "must be compiled for the dispatched instruction set")]

use std::sync::LazyLock;

use crate::scene::FilmCurve;

/// Entries of an encoder's table; a power of two.
const ENTRIES: usize = 4096;
/// Light at which the filmic curve reaches white: 2.6 stops above a white surface.
const FILMIC_WHITE: f64 = 6.0;
/// Contrast of the filmic curve: slope in log-log of its toe.
const FILMIC_SLOPE: f64 = 1.3;
/// Light that the filmic curve leaves where it is.
const MID_GREY: f64 = 0.18;

/// Light to sRGB byte through a tone curve.
///
/// The table is indexed by the square root of light, which spaces its entries about evenly in the result: the result
/// is within 0.6 of the exact value, and never falls as light grows.
#[derive(Debug)]
pub struct Encoder {
    /// Table index is `sqrt(light * index_squared_per_light)`.
    index_squared_per_light: f32,
    bytes: Box<[u8; ENTRIES]>,
}

static FILMIC: LazyLock<Encoder> = LazyLock::new(|| Encoder::new(FILMIC_WHITE, filmic));
static SRGB: LazyLock<Encoder> = LazyLock::new(|| Encoder::new(1.0, |light| light));

impl Encoder {
    /// The encoder of a film curve.
    pub fn of_film(curve: FilmCurve) -> &'static Self {
        match curve {
            FilmCurve::Filmic => &FILMIC,
            FilmCurve::Clip => &SRGB,
        }
    }

    /// sRGB alone, clipped at 1.
    pub fn srgb() -> &'static Self {
        &SRGB
    }

    fn new(white: f64, curve: impl Fn(f64) -> f64) -> Self {
        let last = (ENTRIES - 1) as f64;
        let mut bytes = Box::new([0; ENTRIES]);
        for (k, byte) in bytes.iter_mut().enumerate() {
            let root = k as f64 / last;
            *byte = libm::round(255.0 * srgb_from_light(curve(white * root * root))) as u8;
        }
        Self { index_squared_per_light: (last * last / white) as f32, bytes }
    }

    /// Byte of an amount of light; light beyond white gives 255, negative or undefined light 0.
    pub fn encode(&self, light: f32) -> u8 {
        self.bytes[self.index(light) as usize % ENTRIES]
    }

    /// Bytes of many amounts of light.
    #[inline(always)]
    pub fn encode_all(&self, light: &[f32], out: &mut [u8]) {
        let mut index = [0; 64];
        for (light, out) in light.chunks(index.len()).zip(out.chunks_mut(index.len())) {
            // apart from the lookups, so that the compiler can use vectors
            for (index, light) in index.iter_mut().zip(light) {
                *index = self.index(*light);
            }
            for (out, index) in out.iter_mut().zip(index) {
                *out = self.bytes[index as usize % ENTRIES];
            }
        }
    }

    /// Table index in the low bits.
    #[inline(always)]
    fn index(&self, light: f32) -> u32 {
        let last = (ENTRIES - 1) as f32;
        let index = (light.max(0.0) * self.index_squared_per_light).sqrt().min(last);
        // 2^23 + x holds x, rounded, in its low bits: cheaper than a saturating cast
        (index + 8_388_608.0).to_bits()
    }
}

/// Film curve: logistic in log light, so that it has a toe and a shoulder, scaled to pass through (0, 0), (0.18, 0.18)
/// and (6, 1). With p the contrast, w white and g mid grey:
///
/// `f(x) = (1 + c / w^p) * x^p / (x^p + c)`, and `f(g) = g` gives `c = g^p (1 - g) / (g - (g / w)^p)`.
pub fn filmic(light: f64) -> f64 {
    let power = |x: f64| libm::pow(x, FILMIC_SLOPE);
    let c = power(MID_GREY) * (1.0 - MID_GREY) / (MID_GREY - power(MID_GREY / FILMIC_WHITE));
    let x = power(light.clamp(0.0, FILMIC_WHITE));
    (1.0 + c / power(FILMIC_WHITE)) * x / (x + c)
}

/// sRGB value 0..=1 of linear light 0..=1 (IEC 61966-2-1).
pub fn srgb_from_light(light: f64) -> f64 {
    if light <= 0.003_130_8 { 12.92 * light } else { 1.055 * libm::pow(light, 1.0 / 2.4) - 0.055 }
}

/// Linear light 0..=1 of each sRGB byte.
pub fn light_table() -> &'static [f32; 256] {
    static TABLE: LazyLock<[f32; 256]> = LazyLock::new(|| {
        std::array::from_fn(|k| {
            let v = k as f64 / 255.0;
            let light = if v <= 0.040_45 { v / 12.92 } else { libm::pow((v + 0.055) / 1.055, 2.4) };
            light as f32
        })
    });
    &TABLE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filmic_keeps_black_mid_grey_and_white_and_rises() {
        assert!(filmic(0.0).abs() < 1e-12);
        assert!((filmic(0.18) - 0.18).abs() < 1e-9);
        assert!((filmic(6.0) - 1.0).abs() < 1e-9);
        assert!((0.6..0.8).contains(&filmic(1.0)), "{}", filmic(1.0));
        let values: Vec<f64> = (0..=600).map(|k| filmic(f64::from(k) / 100.0)).collect();
        assert!(values.windows(2).all(|w| w[1] > w[0]));
    }

    #[test]
    fn encoders_never_fall_and_are_exact_to_the_step() {
        for (curve, exact) in [(FilmCurve::Filmic, filmic as fn(f64) -> f64), (FilmCurve::Clip, |x| x.min(1.0))] {
            let encoder = Encoder::of_film(curve);
            let mut before = 0;
            for k in 0..60_000 {
                let light = k as f32 * 1.1e-4;
                let byte = encoder.encode(light);
                let expected = 255.0 * srgb_from_light(exact(f64::from(light)));
                assert!((f64::from(byte) - expected).abs() < 0.6, "{curve:?} {light}: {byte} {expected}");
                assert!(byte >= before);
                before = byte;
            }
            assert_eq!(before, 255);
        }
    }

    #[test]
    fn encoders_survive_any_number() {
        let encoder = Encoder::srgb();
        let bytes = [f32::NAN, f32::NEG_INFINITY, -1.0, -0.0, 1.0, 7.0, f32::INFINITY].map(|x| encoder.encode(x));
        assert_eq!(bytes, [0, 0, 0, 0, 255, 255, 255]);
    }

    #[test]
    fn bytes_survive_decoding_and_encoding() {
        for byte in 0..=255_u8 {
            assert_eq!(Encoder::srgb().encode(light_table()[usize::from(byte)]), byte);
        }
    }
}
