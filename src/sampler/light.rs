//! Lights that cast shadows, and the colour of light.
//!
//! Colours are those that a camera with automatic white balance sees: it takes the strongest light for nearly white, and
//! other lights keep their difference to it.

use glam::Vec3;

use crate::preset::types::Light;
use crate::scene::DirectionalLight;
use crate::seed::Stream;

/// Colour temperature that looks white, kelvin.
const NEUTRAL_K: f32 = 6500.0;
/// Share of the strongest light's cast that the camera takes away (in reciprocal temperature).
const BALANCED_SHARE: f32 = 0.75;

/// The lights of one picture, strongest first.
pub fn lights(preset: &Light, stream: &mut Stream) -> Vec<DirectionalLight> {
    let count = preset.count.sample(stream).unwrap_or_default();
    let strongest = preset.intensity.sample(stream);
    let mut drawn: Vec<(f32, f32, Vec3, f32)> = (0..count)
        .map(|k| {
            let share = if k == 0 { 1.0 } else { preset.secondary_share.sample(stream).clamp(0.0, 1.0) };
            let to_light = direction(preset.elevation_deg.sample(stream), preset.azimuth_deg.sample(stream));
            let kelvin = preset.temperature_k.sample(stream);
            (share, kelvin, to_light, preset.angular_radius_deg.sample(stream).to_radians())
        })
        .collect();
    drawn.sort_by(|a, b| b.0.total_cmp(&a.0));
    let balance = balance_k(drawn.first().map_or(NEUTRAL_K, |d| d.1));
    let lights = drawn.into_iter().map(|(share, kelvin, to_light, angular_radius_rad)| DirectionalLight {
        to_light,
        irradiance: balanced(kelvin, balance).map(|c| c * strongest * share),
        angular_radius_rad,
    });
    lights.collect()
}

/// Unit vector of an elevation above the horizon and an azimuth around +Y from +Z, degrees.
pub fn direction(elevation_deg: f32, azimuth_deg: f32) -> Vec3 {
    let (elevation, azimuth) = (elevation_deg.to_radians(), azimuth_deg.to_radians());
    let (up, out) = (libm::sinf(elevation), libm::cosf(elevation));
    Vec3::new(out * libm::sinf(azimuth), up, out * libm::cosf(azimuth))
}

/// Temperature to which the camera is balanced under a light, kelvin.
fn balance_k(kelvin: f32) -> f32 {
    1.0 / (BALANCED_SHARE / kelvin.max(1.0) + (1.0 - BALANCED_SHARE) / NEUTRAL_K)
}

/// Colour of one temperature seen by a camera balanced to another; luminance 1.
fn balanced(kelvin: f32, balance: f32) -> [f32; 3] {
    let (light, white) = (black_body(kelvin), black_body(balance));
    unit_luminance(std::array::from_fn(|c| light[c] / white[c]))
}

/// Linear sRGB of a black body, luminance 1; never quite 0. Temperatures outside 1,667 to 25,000 K are moved to the end.
///
/// Chromaticity by the cubic fit of Kim et al. (2002).
pub fn black_body(kelvin: f32) -> [f32; 3] {
    let t = 1000.0 / kelvin.clamp(1667.0, 25_000.0);
    let x = if t > 0.25 {
        ((-0.266_123_9 * t - 0.234_358_9) * t + 0.877_695_6) * t + 0.179_910
    } else {
        ((-3.025_847 * t + 2.107_037_9) * t + 0.222_634_7) * t + 0.240_390
    };
    let y = if t > 1000.0 / 2222.0 {
        ((-1.106_381_4 * x - 1.348_110_2) * x + 2.185_558_3) * x - 0.202_196_8
    } else if t > 0.25 {
        ((-0.954_947_6 * x - 1.374_186) * x + 2.091_37) * x - 0.167_489
    } else {
        ((3.081_758 * x - 5.873_387) * x + 3.751_13) * x - 0.370_014_8
    };
    let (big_x, big_z) = (x / y, (1.0 - x - y) / y);
    let rgb = [
        3.2406 * big_x - 1.5372 - 0.4986 * big_z,
        -0.9689 * big_x + 1.8758 + 0.0415 * big_z,
        0.0557 * big_x - 0.2040 + 1.0570 * big_z,
    ];
    unit_luminance(rgb.map(|v| v.max(0.01)))
}

/// A colour scaled to luminance 1.
pub fn unit_luminance(rgb: [f32; 3]) -> [f32; 3] {
    let luminance = 0.2126 * rgb[0] + 0.7152 * rgb[1] + 0.0722 * rgb[2];
    rgb.map(|v| v / luminance.max(1e-6))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::preset::Preset;
    use crate::seed::dataset_stream;

    #[test]
    fn black_bodies_have_known_colours() {
        // linear sRGB of Planckian chromaticities from the CIE's tables: A (2856 K) x .4476 y .4075; 6500 K x .3135 y .3237
        for (kelvin, x, y) in [(2856.0, 0.4476, 0.4075), (6500.0, 0.3135, 0.3237)] {
            let rgb = black_body(kelvin);
            let big_x = 0.4124 * rgb[0] + 0.3576 * rgb[1] + 0.1805 * rgb[2];
            let big_z = 0.0193 * rgb[0] + 0.1192 * rgb[1] + 0.9505 * rgb[2];
            let sum = big_x + 1.0 + big_z;
            assert!((big_x / sum - x).abs() < 1.5e-3 && (1.0 / sum - y).abs() < 1.5e-3, "{kelvin} {rgb:?}");
        }
        let ratio = |k: f32| black_body(k)[2] / black_body(k)[0];
        assert!(ratio(2000.0) < ratio(4000.0) && ratio(4000.0) < ratio(10_000.0));
    }

    #[test]
    fn strongest_light_comes_first_and_has_the_drawn_intensity() {
        let preset = Preset::default().light;
        let (low, high) = preset.intensity.range();
        for item in 0..300 {
            let lights = lights(&preset, &mut dataset_stream(2, "lights", item));
            let strength: Vec<f32> = lights
                .iter()
                .map(|l| 0.2126 * l.irradiance[0] + 0.7152 * l.irradiance[1] + 0.0722 * l.irradiance[2])
                .collect();
            assert!(strength.windows(2).all(|w| w[0] >= w[1]), "{strength:?}");
            assert!(strength[0] > low * 0.999 && strength[0] < high * 1.001, "{strength:?}");
            assert!(lights.iter().all(|l| (l.to_light.length() - 1.0).abs() < 1e-5));
        }
    }

    #[test]
    fn azimuth_and_elevation_point_as_documented() {
        assert!(direction(90.0, 30.0).abs_diff_eq(Vec3::Y, 1e-6));
        assert!(direction(0.0, 90.0).abs_diff_eq(Vec3::X, 1e-6));
        assert!(direction(0.0, 0.0).abs_diff_eq(Vec3::Z, 1e-6));
    }
}
