//! Melanin and blood to skin colours.
//!
//! Skin is modelled as an absorbing epidermis (melanosomes) over a scattering dermis (blood), evaluated from 400 to
//! 720 nm in steps of 10 nm and turned to linear sRGB under daylight. Absorption and scattering laws are the published
//! optical properties of skin (melanosomes and bloodless tissue as power law and exponential, haemoglobin as a table),
//! the dermis reflects by the diffusion dipole of a semi-infinite medium, and the observer is a sum of lobes fitted to
//! CIE 1931. Whatever the preset calls a tone, only the two volume fractions decide the colour.

use std::sync::LazyLock;

use crate::math::smoothstep;

/// Samples of every spectrum.
const BANDS: usize = 33;
const FIRST_NM: f64 = 400.0;
const STEP_NM: f64 = 10.0;

/// Molar extinction of haemoglobin without oxygen, per cm and mol/l.
const DEOXY: [f64; BANDS] = [
    223_296.0, 303_956.0, 407_560.0, 528_600.0, 413_280.0, 103_292.0, 23_388.8, 16_156.4, 14_550.0, 16_684.0, 20_862.0,
    25_773.6, 31_589.6, 39_036.4, 46_592.0, 53_412.0, 53_788.0, 45_072.0, 37_020.0, 28_324.4, 14_677.2, 9_443.6,
    6_509.6, 5_148.8, 4_345.2, 3_750.12, 3_226.56, 2_795.12, 2_407.92, 2_051.96, 1_794.28, 1_540.48, 1_325.88,
];
/// Molar extinction of haemoglobin with oxygen, per cm and mol/l.
const OXY: [f64; BANDS] = [
    266_232.0, 466_840.0, 480_360.0, 246_072.0, 102_580.0, 62_816.0, 44_480.0, 33_209.2, 26_629.2, 23_684.4, 20_932.8,
    20_035.2, 24_202.4, 39_956.8, 53_236.0, 43_016.0, 32_613.2, 44_496.0, 50_104.0, 14_400.8, 3_200.0, 1_506.0, 942.0,
    610.0, 442.0, 368.0, 319.6, 294.0, 277.6, 276.0, 290.0, 314.0, 348.0,
];
/// Relative power of daylight D65.
const D65: [f64; BANDS] = [
    82.75, 91.49, 93.43, 86.68, 104.86, 117.01, 117.81, 114.86, 115.92, 108.81, 109.35, 107.80, 104.79, 107.69, 104.41,
    104.05, 100.00, 96.33, 95.79, 88.69, 90.01, 89.60, 87.70, 83.29, 83.70, 80.03, 80.21, 82.28, 78.28, 69.72, 71.61,
    74.35, 61.60,
];
/// XYZ of white under D65.
const WHITE_XYZ: [f64; 3] = [0.9505, 1.0, 1.089];
const RGB_FROM_XYZ: [[f64; 3]; 3] = [[3.2406, -1.5372, -0.4986], [-0.9689, 1.8758, 0.0415], [0.0557, -0.2040, 1.0570]];
const XYZ_FROM_RGB: [[f64; 3]; 3] = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]];

/// Share of haemoglobin that carries oxygen.
const OXYGENATION: f64 = 0.75;
/// Absorption per extinction for 150 g/l of haemoglobin at 64,500 g/mol, natural logarithm.
const ABSORPTION_PER_EXTINCTION: f64 = 2.303 * 150.0 / 64_500.0;
const EPIDERMIS_CM: f64 = 0.006;
/// Mean path through the epidermis in thicknesses, each way.
const EPIDERMIS_PATH: f64 = 1.5;
const REFRACTIVE_INDEX: f64 = 1.4;
/// Spectrally flat share scattered back by the epidermis: keeps dark skin from turning orange.
const GREY_SHARE: f32 = 0.030;

/// Melanin fractions between which the correction of dark tones grows to its full size.
const DARK_MELANIN: (f32, f32) = (0.11, 0.18);
/// Share of a plain brown of equal luminance in the darkest tones: the model alone is too red there, and turns mauve in
/// bluish light.
const DARK_BROWN: f32 = 0.40;
/// That brown, linear sRGB of luminance 1.
const BROWN: [f32; 3] = [1.200, 0.980, 0.603];

/// Melanin of the nail bed relative to the back.
const NAIL_MELANIN: f32 = 0.20;
/// How much melanin slows down the darkening of the palm.
const PALM_SATURATION: f32 = 2.2;
/// Share of blue light that the yellow of the horny layer swallows, on the back and in the palm's thick one.
const CAROTENE: f32 = 0.10;
const PALM_CAROTENE: f32 = 0.17;

/// The ten tones S1 to S10: (melanin, blood) volume fractions of the back of the hand, light to dark.
pub const TONES: [(f32, f32); 10] = [
    (0.006, 0.012),
    (0.014, 0.014),
    (0.026, 0.016),
    (0.043, 0.016),
    (0.065, 0.016),
    (0.090, 0.016),
    (0.130, 0.015),
    (0.180, 0.013),
    (0.230, 0.012),
    (0.310, 0.011),
];

/// (melanin, blood) of tone 1..=10; numbers outside are moved to the nearest end.
pub fn tone(number: u8) -> (f32, f32) {
    TONES[usize::from(number.clamp(1, 10)) - 1]
}

/// Diffuse albedo of each region of one hand, linear sRGB.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Palette {
    /// Back of the hand.
    pub dorsum: [f32; 3],
    /// Palm: less melanin, more blood.
    pub palm: [f32; 3],
    /// Nail plate over its bed.
    pub nail: [f32; 3],
    /// Pale moon at the root of the nail.
    pub lunula: [f32; 3],
    /// Free edge of the nail.
    pub free_edge: [f32; 3],
    /// Blood-rich spots on the back: over joints and beside nails.
    pub flush: [f32; 3],
    /// Blood-rich spots on the palm: pulps and the balls of thumb and hand.
    pub palm_flush: [f32; 3],
    /// Freckles and age spots.
    pub spot: [f32; 3],
    /// Scars, old and fresh.
    pub scar: [[f32; 3]; 2],
}

/// Palette of a hand with the given volume fractions on its back: melanin 0..=0.45, blood 0..=0.1 (clamped).
///
/// Ratios between regions: the palm has a quarter of the melanin (less in dark skin, whose palms are nearly as light as
/// others') and 1.25 times the blood, the nail bed 0.2 and 2 times.
pub fn palette(melanin: f32, blood: f32) -> Palette {
    let (melanin, blood) = (melanin.clamp(0.0, 0.45), blood.clamp(0.0, 0.1));
    let dorsum = yellowed(skin(melanin, blood), CAROTENE);
    let bed = two_layer((NAIL_MELANIN * melanin).max(0.008), 2.0 * blood);
    // the plate scatters some light of its own
    let nail = bed.map(|v| 0.86 * v + 0.035);
    let palmar = (0.25 * melanin / (1.0 + PALM_SATURATION * melanin)).max(0.010);
    let palm = yellowed(skin(palmar, 1.25 * blood), PALM_CAROTENE);
    let dorsal = |melanin: f32, blood: f32| yellowed(skin(melanin, blood), CAROTENE);
    Palette {
        dorsum,
        palm,
        nail,
        lunula: scaled(nail, [1.10, 1.26, 1.30]),
        free_edge: [0.56, 0.44, 0.36],
        flush: dorsal(1.10 * melanin, 2.4 * blood),
        palm_flush: yellowed(skin(palmar, 3.2 * blood), PALM_CAROTENE),
        spot: dorsal(1.35 * melanin + 0.035, 1.2 * blood),
        scar: [scaled(dorsal(0.55 * melanin, 0.8 * blood), [1.05; 3]), dorsal(0.7 * melanin, 3.5 * blood)],
    }
}

/// Colour of skin whose horny layer holds carotene.
fn yellowed(rgb: [f32; 3], carotene: f32) -> [f32; 3] {
    [rgb[0], rgb[1] * (1.0 - 0.12 * carotene), rgb[2] * (1.0 - carotene)]
}

/// Albedo of skin with the correction of dark tones, linear sRGB.
fn skin(melanin: f32, blood: f32) -> [f32; 3] {
    let rgb = two_layer(melanin, blood);
    let luminance = 0.2126 * rgb[0] + 0.7152 * rgb[1] + 0.0722 * rgb[2];
    let share = DARK_BROWN * smoothstep(melanin, DARK_MELANIN.0, DARK_MELANIN.1);
    std::array::from_fn(|k| rgb[k] + (luminance * BROWN[k] - rgb[k]) * share)
}

/// Albedo by the two-layer model alone, linear sRGB.
fn two_layer(melanin: f32, blood: f32) -> [f32; 3] {
    let grey = 0.35 + 0.65 * libm::expf(-6.0 * melanin);
    let rgb = SPECTRA.rgb(|band| SPECTRA.reflectance(band, f64::from(melanin), f64::from(blood)));
    rgb.map(|v| (1.0 - GREY_SHARE) * (v as f32).max(0.0) + GREY_SHARE * grey)
}

fn scaled(rgb: [f32; 3], factors: [f32; 3]) -> [f32; 3] {
    [rgb[0] * factors[0], rgb[1] * factors[1], rgb[2] * factors[2]].map(|v| v.min(1.0))
}

/// What does not depend on melanin and blood, per band.
struct Spectra {
    /// Absorption of pure melanosomes, per cm.
    melanin: [f64; BANDS],
    /// Absorption of bloodless tissue, per cm.
    baseline: [f64; BANDS],
    /// Absorption of whole blood, per cm.
    blood: [f64; BANDS],
    /// Reduced scattering of the dermis, per cm.
    scattering: [f64; BANDS],
    /// Linear red, green, blue of a unit reflectance in the band alone; white adds to 1 per channel.
    rgb_of_band: [[f64; 3]; BANDS],
    /// (1 + A) / (1 - A) of the internal reflection A at the skin's surface.
    mismatch: f64,
}

static SPECTRA: LazyLock<Spectra> = LazyLock::new(|| {
    let bands = |f: &dyn Fn(f64) -> f64| std::array::from_fn(|k| f(FIRST_NM + STEP_NM * k as f64));
    let n = REFRACTIVE_INDEX;
    let internal = -1.440 / (n * n) + 0.710 / n + 0.668 + 0.0636 * n;
    Spectra {
        melanin: bands(&|nm| 6.6e11 * libm::pow(nm, -3.33)),
        baseline: bands(&|nm| 0.244 + 85.3 * libm::exp(-(nm - 154.0) / 66.2)),
        blood: std::array::from_fn(|k| {
            ABSORPTION_PER_EXTINCTION * (OXYGENATION * OXY[k] + (1.0 - OXYGENATION) * DEOXY[k])
        }),
        scattering: bands(&|nm| 2e5 * libm::pow(nm, -1.5) + 2e12 * libm::pow(nm, -4.0)),
        rgb_of_band: rgb_of_bands(),
        mismatch: (1.0 + internal) / (1.0 - internal),
    }
});

impl Spectra {
    /// Diffuse reflectance of one band.
    fn reflectance(&self, band: usize, melanin: f64, blood: f64) -> f64 {
        let epidermis = melanin * self.melanin[band] + (1.0 - melanin) * self.baseline[band];
        let transmission = libm::exp(-2.0 * EPIDERMIS_PATH * epidermis * EPIDERMIS_CM);
        let dermis = blood * self.blood[band] + (1.0 - blood) * self.baseline[band];
        let albedo = self.scattering[band] / (self.scattering[band] + dermis);
        let depth = (3.0 * (1.0 - albedo)).sqrt();
        let escape = 1.0 + libm::exp(-4.0 / 3.0 * self.mismatch * depth);
        transmission * albedo / 2.0 * escape * libm::exp(-depth)
    }

    /// Linear sRGB of a reflectance spectrum under D65; 1 everywhere gives white.
    fn rgb(&self, reflectance: impl Fn(usize) -> f64) -> [f64; 3] {
        self.rgb_of_band.iter().enumerate().fold([0.0; 3], |sum, (band, unit)| {
            let r = reflectance(band);
            std::array::from_fn(|c| sum[c] + r * unit[c])
        })
    }
}

/// D65 times observer, white-balanced, as linear sRGB per band.
fn rgb_of_bands() -> [[f64; 3]; BANDS] {
    let weighted: [[f64; 3]; BANDS] =
        std::array::from_fn(|k| observer(FIRST_NM + STEP_NM * k as f64).map(|v| v * D65[k]));
    let white = weighted.iter().fold([0.0; 3], |sum, w| std::array::from_fn(|c| sum[c] + w[c]));
    weighted.map(|w| times(&RGB_FROM_XYZ, std::array::from_fn(|c| w[c] * WHITE_XYZ[c] / white[c])))
}

/// CIE 1931 colour matching functions as sums of lobes with different widths (nm) on both sides.
fn observer(nm: f64) -> [f64; 3] {
    let lobe = |centre: f64, left: f64, right: f64| {
        let t = (nm - centre) / if nm < centre { left } else { right };
        libm::exp(-0.5 * t * t)
    };
    [
        1.056 * lobe(599.8, 37.9, 31.0) + 0.362 * lobe(442.0, 16.0, 26.7) - 0.065 * lobe(501.1, 20.4, 26.2),
        0.821 * lobe(568.8, 46.9, 40.5) + 0.286 * lobe(530.9, 16.3, 31.1),
        1.217 * lobe(437.0, 11.8, 36.0) + 0.681 * lobe(459.0, 26.0, 13.8),
    ]
}

fn times(m: &[[f64; 3]; 3], v: [f64; 3]) -> [f64; 3] {
    m.map(|row| row[0] * v[0] + row[1] * v[1] + row[2] * v[2])
}

/// CIE L\*a\*b\* (D65) of a linear sRGB colour.
pub fn lab_from_rgb(rgb: [f32; 3]) -> [f32; 3] {
    let xyz = times(&XYZ_FROM_RGB, rgb.map(f64::from));
    let f: [f64; 3] = std::array::from_fn(|c| {
        let v = xyz[c] / WHITE_XYZ[c];
        if v > 0.008_856 { libm::cbrt(v) } else { 7.787 * v + 16.0 / 116.0 }
    });
    [116.0 * f[1] - 16.0, 500.0 * (f[0] - f[1]), 200.0 * (f[1] - f[2])].map(|v| v as f32)
}

/// Individual typology angle of a linear sRGB skin colour, degrees: above 55 very light, below -30 dark.
pub fn typology_angle_deg(rgb: [f32; 3]) -> f32 {
    let [l, _, b] = lab_from_rgb(rgb);
    libm::atan2f(l - 50.0, b).to_degrees()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Back of the hand, palm and nail bed of S1..S10 as an independent implementation of the model gives them.
    const TABLE: [[[f32; 3]; 3]; 10] = [
        [[0.479, 0.339, 0.275], [0.457, 0.298, 0.248], [0.429, 0.254, 0.216]],
        [[0.458, 0.310, 0.240], [0.452, 0.288, 0.241], [0.422, 0.244, 0.209]],
        [[0.433, 0.276, 0.200], [0.446, 0.280, 0.234], [0.416, 0.236, 0.202]],
        [[0.402, 0.241, 0.158], [0.444, 0.277, 0.230], [0.414, 0.234, 0.199]],
        [[0.364, 0.202, 0.116], [0.433, 0.264, 0.212], [0.406, 0.225, 0.187]],
        [[0.320, 0.161, 0.080], [0.420, 0.250, 0.193], [0.396, 0.215, 0.174]],
        [[0.260, 0.114, 0.047], [0.400, 0.228, 0.165], [0.381, 0.200, 0.154]],
        [[0.202, 0.077, 0.027], [0.381, 0.210, 0.140], [0.369, 0.190, 0.137]],
        [[0.141, 0.046, 0.016], [0.353, 0.185, 0.111], [0.349, 0.174, 0.115]],
        [[0.079, 0.024, 0.012], [0.307, 0.145, 0.074], [0.313, 0.143, 0.084]],
    ];

    fn assert_close(a: [f32; 3], b: [f32; 3]) {
        assert!(a.iter().zip(b).all(|(x, y)| (x - y).abs() < 0.01), "{a:?} {b:?}");
    }

    /// Volume fractions at which the table was made.
    const TABLE_AT: [(f32, f32); 10] = [
        (0.013, 0.010),
        (0.020, 0.011),
        (0.030, 0.012),
        (0.045, 0.012),
        (0.065, 0.012),
        (0.090, 0.012),
        (0.130, 0.012),
        (0.180, 0.011),
        (0.250, 0.010),
        (0.360, 0.010),
    ];

    #[test]
    fn the_model_matches_the_table() {
        for ((melanin, blood), [dorsum, palm, nail]) in TABLE_AT.into_iter().zip(TABLE) {
            assert_close(two_layer(melanin, blood), dorsum);
            assert_close(skin((0.25 * melanin).max(0.010), 1.7 * blood), palm);
            assert_close(two_layer((0.20 * melanin).max(0.008), 2.8 * blood), nail);
        }
    }

    #[test]
    fn typology_angles_are_spread_evenly_over_the_tones() {
        let angles: Vec<f32> = TONES.map(|(m, b)| typology_angle_deg(palette(m, b).dorsum)).to_vec();
        let steps: Vec<f32> = angles.windows(2).map(|w| w[0] - w[1]).collect();
        let mean = (angles[0] - angles[9]) / 9.0;
        assert!(angles[0] > 50.0 && angles[9] < -45.0, "{angles:?}");
        assert!(steps.iter().all(|s| (0.3 * mean..2.0 * mean).contains(s)), "{angles:?}");
    }

    #[test]
    fn dark_tones_lose_chroma_and_keep_lightness() {
        for (k, (melanin, blood)) in TONES.into_iter().enumerate() {
            let before = lab_from_rgb(two_layer(melanin, blood));
            let after = lab_from_rgb(skin(melanin, blood));
            let chroma = |lab: [f32; 3]| (lab[1] * lab[1] + lab[2] * lab[2]).sqrt();
            assert!((before[0] - after[0]).abs() < 0.1, "S{}: {before:?} {after:?}", k + 1);
            let kept = chroma(after) / chroma(before);
            if k < 6 {
                assert!((kept - 1.0).abs() < 1e-5, "S{}: {kept}", k + 1);
            } else if k > 6 {
                assert!((0.55..0.8).contains(&kept), "S{}: {kept}", k + 1);
            }
        }
    }

    #[test]
    fn the_back_of_the_hand_is_brown_in_every_tone() {
        for (melanin, blood) in TONES {
            let [_, a, b] = lab_from_rgb(palette(melanin, blood).dorsum);
            let hue = libm::atan2f(b, a).to_degrees();
            assert!((48.0..72.0).contains(&hue), "melanin {melanin}: {hue}");
        }
    }

    #[test]
    fn albedo_is_in_range_everywhere() {
        for m in 0..=20 {
            for b in 0..=10 {
                let p = palette(0.43 * m as f32 / 20.0, 0.07 * b as f32 / 10.0);
                let [old, fresh] = p.scar;
                for rgb in [p.dorsum, p.palm, p.nail, p.lunula, p.free_edge, p.flush, p.palm_flush, p.spot, old, fresh]
                {
                    assert!(rgb.iter().all(|v| (0.002..0.98).contains(v)), "{m} {b} {p:?}");
                }
            }
        }
        for (melanin, blood) in TONES {
            let p = palette(melanin, blood);
            for rgb in [p.dorsum, p.palm, p.nail, p.flush, p.palm_flush] {
                let luminance = 0.2126 * rgb[0] + 0.7152 * rgb[1] + 0.0722 * rgb[2];
                assert!((0.02..0.55).contains(&luminance), "{melanin}: {luminance} {p:?}");
            }
        }
        assert_eq!(palette(9.0, -1.0), palette(0.45, 0.0));
    }

    #[test]
    fn palm_is_never_much_darker_than_the_back() {
        for (melanin, blood) in TONES {
            let p = palette(melanin, blood);
            assert!(lab_from_rgb(p.palm)[0] >= lab_from_rgb(p.dorsum)[0] - 3.0, "{p:?}");
        }
    }

    #[test]
    fn more_melanin_is_darker_and_more_blood_is_redder() {
        let angles: Vec<f32> = (1..=10).map(tone).map(|(m, b)| typology_angle_deg(palette(m, b).dorsum)).collect();
        assert!(angles.windows(2).all(|w| w[1] < w[0]), "{angles:?}");
        let (melanin, blood) = tone(4);
        assert!(
            lab_from_rgb(palette(melanin, 2.0 * blood).dorsum)[1]
                > lab_from_rgb(palette(melanin, blood).dorsum)[1] + 1.0
        );
    }

    #[test]
    fn lab_of_known_colours() {
        let white = lab_from_rgb([1.0; 3]);
        assert!((white[0] - 100.0).abs() < 0.05 && white[1].abs() < 0.05 && white[2].abs() < 0.05, "{white:?}");
        let red = lab_from_rgb([1.0, 0.0, 0.0]);
        assert!((red[0] - 53.24).abs() < 0.1 && (red[1] - 80.09).abs() < 0.2 && (red[2] - 67.2).abs() < 0.2, "{red:?}");
    }
}
