//! Makes a cut-out look as if the other picture's camera had taken it: light, sharpness, noise.

use super::alpha::CutOut;
use super::light::{LUMINANCE, Light, blurred, luminance, map};
use crate::frame::Plane;
use crate::sensor::noise::PixelNoise;

/// Brightness is changed by at most this factor, up or down, before the strength is applied.
const MOST_BRIGHTER: f32 = 1.7;
/// The channels are changed against each other by at most this factor: walls have colours too, and skin stays skin.
const MOST_TINTED: f32 = 1.12;
/// Exponent of the mean that stands for the colour of the light: between the mean (1) and the brightest pixel.
const LIGHT_EXPONENT: f32 = 5.0;
/// Least share of a picture that tells its light.
const TELLING_SHARE: f32 = 0.05;
/// Brighter pixels are clipped and tell nothing.
const CLIPPED: f32 = 0.98;
/// Highlights of the cut-out stay below this, if they were.
const HIGHLIGHT: f32 = 0.9;

/// Factors on red, green and blue that bring the light of one picture to that of another: the brightness by the geometric
/// mean, the colour by a high power mean (shades of grey, Finlayson and Trezzi 2004). `strength` 0 leaves all as it is.
pub fn gains(from: impl Iterator<Item = [f32; 3]>, to: impl Iterator<Item = [f32; 3]>, strength: f32) -> [f32; 3] {
    let (Some(from), Some(to)) = (Lit::of(from), Lit::of(to)) else { return [1.0; 3] };
    let power = |ratio: f32, most: f32| libm::powf(ratio.clamp(1.0 / most, most), strength);
    let brightness = power(to.brightness / from.brightness, MOST_BRIGHTER);
    let tint: [f32; 3] = std::array::from_fn(|c| power(to.colour[c] / from.colour[c], MOST_TINTED));
    tint.map(|t| brightness * t / luminance(tint))
}

/// What a picture tells of its light.
struct Lit {
    /// Geometric mean of the luminance.
    brightness: f32,
    /// Relative to its own luminance.
    colour: [f32; 3],
}

impl Lit {
    fn of(pixels: impl Iterator<Item = [f32; 3]>) -> Option<Self> {
        let (mut logs, mut powers, mut n) = (0.0_f64, [0.0_f64; 3], 0_u32);
        for p in pixels.filter(|p| p.iter().all(|v| *v < CLIPPED)) {
            logs += f64::from(libm::logf(luminance(p).max(1e-3)));
            for c in 0..3 {
                powers[c] += f64::from(libm::powf(p[c], LIGHT_EXPONENT));
            }
            n += 1;
        }
        let mean = |sum: f64| libm::pow(sum / f64::from(n), f64::from(1.0 / LIGHT_EXPONENT)) as f32;
        let colour = powers.map(|sum| mean(sum).max(1e-3));
        let brightness = libm::exp(logs / f64::from(n.max(1))) as f32;
        (n > 0).then(|| Self { brightness, colour: colour.map(|v| v / luminance(colour)) })
    }
}

/// Brings the light of a cut-out from that of its old surroundings to that of the picture behind it.
pub fn match_light(cut: &mut CutOut, surroundings: &Light, mask: &Plane<bool>, back: &Light, strength: f32) {
    let old = || surroundings.data.iter().zip(&mask.data).filter(|(_, inside)| !**inside).map(|(p, _)| *p);
    if strength <= 0.0 || (old().count() as f32) < TELLING_SHARE * mask.data.len() as f32 {
        return;
    }
    let gains = gains(old(), back.data.iter().copied(), strength);
    let shown = cut.light.data.iter().zip(&cut.alpha.data).filter(|(_, a)| **a > 0.5).map(|(p, _)| luminance(*p));
    let mut shown: Vec<f32> = shown.collect();
    shown.sort_by(f32::total_cmp);
    let bright = shown.get(shown.len() * 98 / 100).copied().unwrap_or(0.0);
    let least_loss = if bright > 0.0 { (HIGHLIGHT / bright).max(1.0) } else { 1.0 };
    let held = (least_loss / luminance(gains)).min(1.0);
    for p in &mut cut.light.data {
        for c in 0..3 {
            p[c] *= gains[c] * held;
        }
    }
}

/// Luma of a picture, 0 to 255: what the measures below look at.
pub fn luma(rgb: &Plane<[u8; 3]>) -> Plane<[f32; 1]> {
    map(rgb, |p| [luminance(p.map(f32::from))])
}

/// Blur by which edges are measured, pixels.
const PROBE_PX: f32 = 1.0;
/// Variance of the central difference's own box, pixels squared.
const DIFFERENCE_VARIANCE: f32 = 1.0 / 3.0;
/// Weaker edges (levels per pixel) are noise.
const LEAST_EDGE: f32 = 6.0;
/// Fewer edges tell nothing.
const LEAST_EDGES: usize = 40;

/// Standard deviation of the blur of a picture's sharp edges, pixels: how much they lose when blurred again (Zhuo and Sim
/// 2011). `None` if it has too few edges.
pub fn blur_px(luma: &Plane<[f32; 1]>) -> Option<f32> {
    let soft = blurred(luma, PROBE_PX);
    let (width, height) = (i64::from(luma.width), i64::from(luma.height));
    let slope = |p: &Plane<[f32; 1]>, x: i64, y: i64, dx: i64, dy: i64| {
        let at = |x: i64, y: i64| p.get(x, y).map_or(0.0, |v| v[0]);
        0.5 * (at(x + dx, y + dy) - at(x - dx, y - dy))
    };
    let mut edges = Vec::new();
    for y in 4..height - 4 {
        for x in 4..width - 4 {
            for (dx, dy) in [(1, 0), (0, 1)] {
                let here = slope(luma, x, y, dx, dy).abs();
                let is_top = here > slope(luma, x - dx, y - dy, dx, dy).abs()
                    && here >= slope(luma, x + dx, y + dy, dx, dy).abs();
                // edges along an axis only: a slanted one is wider across
                if here > LEAST_EDGE && is_top && slope(luma, x, y, dy, dx).abs() < 0.35 * here {
                    edges.push((here, slope(&soft, x, y, dx, dy).abs()));
                }
            }
        }
    }
    if edges.len() < LEAST_EDGES {
        return None;
    }
    // the strongest edges are the picture's sharpest
    edges.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut blurs: Vec<f32> = edges[..LEAST_EDGES.max(edges.len() / 4)]
        .iter()
        .map(|(before, after)| {
            let ratio = (before / after.max(1e-3)).max(1.001);
            (PROBE_PX * PROBE_PX / (ratio * ratio - 1.0) - DIFFERENCE_VARIANCE).max(0.0).sqrt()
        })
        .collect();
    blurs.sort_by(f32::total_cmp);
    blurs.get(blurs.len() / 3).copied()
}

/// Standard deviation of a picture's noise in its even places, levels of 255 (second differences, Immerkær 1996; median
/// of the least structured half).
pub fn noise_levels(luma: &Plane<[f32; 1]>) -> f32 {
    let soft = blurred(luma, 1.5);
    let (width, height) = (i64::from(luma.width), i64::from(luma.height));
    let mut found = Vec::new();
    for y in 1..height - 1 {
        for x in 1..width - 1 {
            let at = |p: &Plane<[f32; 1]>, dx: i64, dy: i64| p.get(x + dx, y + dy).map_or(0.0, |v| v[0]);
            if !(4.0..250.0).contains(&at(luma, 0, 0)) {
                continue;
            }
            let structure = (at(&soft, 1, 0) - at(&soft, -1, 0)).abs() + (at(&soft, 0, 1) - at(&soft, 0, -1)).abs();
            let corners = at(luma, -1, -1) + at(luma, 1, -1) + at(luma, -1, 1) + at(luma, 1, 1);
            let sides = at(luma, 0, -1) + at(luma, -1, 0) + at(luma, 1, 0) + at(luma, 0, 1);
            found.push((structure, (corners - 2.0 * sides + 4.0 * at(luma, 0, 0)).abs() / 6.0));
        }
    }
    found.sort_by(|a, b| a.0.total_cmp(&b.0));
    found.truncate(found.len().div_ceil(2));
    found.sort_by(|a, b| a.1.total_cmp(&b.1));
    found.get(found.len() / 2).map_or(0.0, |(_, deviation)| deviation / 0.6745)
}

/// Blurs a cut-out: colours are averaged by how much of each pixel they cover.
pub fn soften(cut: &mut CutOut, sigma_px: f32) {
    let covering = Plane {
        width: cut.alpha.width,
        height: cut.alpha.height,
        data: cut.light.data.iter().zip(&cut.alpha.data).map(|(p, a)| [p[0] * a, p[1] * a, p[2] * a, *a]).collect(),
    };
    let soft = blurred(&covering, sigma_px);
    for (k, p) in soft.data.iter().enumerate() {
        cut.alpha.data[k] = p[3].min(1.0);
        if p[3] > 1e-3 {
            cut.light.data[k] = [p[0] / p[3], p[1] / p[3], p[2] / p[3]];
        }
    }
}

/// Adds noise of given luma deviation (levels of 255) to encoded pixels, in proportion to `share`.
pub fn add_noise(rgb: &mut Plane<[u8; 3]>, share: &Plane<f32>, levels: f32, seed: u64) {
    // equal independent noise in the channels makes less of it in luma
    let per_channel = levels / LUMINANCE.iter().map(|w| w * w).sum::<f32>().sqrt();
    let noise = PixelNoise::new(seed);
    let width = rgb.width as usize;
    let mut normals = vec![[0.0; 3]; width];
    for (y, (row, share)) in rgb.data.chunks_mut(width.max(1)).zip(share.data.chunks(width.max(1))).enumerate() {
        noise.fill(&mut normals, (y * width) as u64);
        for ((p, share), n) in row.iter_mut().zip(share).zip(&normals) {
            if *share > 0.0 {
                *p = std::array::from_fn(|c| (f32::from(p[c]) + n[c] * per_channel * share + 0.5) as u8);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blend::light::{decode, encode};

    /// Bars of two greys, blurred.
    fn bars(sigma_px: f32) -> Plane<[f32; 1]> {
        let data = (0..128 * 128).map(|k| [if (k % 128) / 16 % 2 == 0 { 60.0 } else { 180.0 }]).collect();
        blurred(&Plane { width: 128, height: 128, data }, sigma_px)
    }

    #[test]
    fn blur_is_measured_at_edges() {
        for sigma in [0.7, 1.0, 1.6, 2.4] {
            let found = blur_px(&bars(sigma)).unwrap();
            // pixels are wider than the sharpest edges
            assert!((found - sigma).abs() < if sigma < 0.9 { 0.2 } else { 0.12 * sigma + 0.05 }, "{sigma}: {found}");
        }
        assert_eq!(blur_px(&Plane::filled(64, 64, [90.0])), None);
    }

    #[test]
    fn noise_is_measured_and_added() {
        let mut even = Plane::filled(128, 128, [120_u8; 3]);
        assert!(noise_levels(&luma(&even)) < 0.1);
        add_noise(&mut even, &Plane::filled(128, 128, 1.0), 4.0, 9);
        let found = noise_levels(&luma(&even));
        assert!((found - 4.0).abs() < 0.5, "{found}");
        let mut none = Plane::filled(8, 8, [120_u8; 3]);
        add_noise(&mut none, &Plane::filled(8, 8, 0.0), 4.0, 9);
        assert!(none.data.iter().all(|p| *p == [120; 3]));
        // edges are not noise
        assert!(noise_levels(&bars(1.0)) < 0.3);
    }

    #[test]
    fn gains_undo_a_change_of_the_light() {
        let scene: Vec<[f32; 3]> = (0..400).map(|k| [0.05 + 0.001 * k as f32, 0.3, 0.4 - 0.0005 * k as f32]).collect();
        let change = [1.4, 1.3, 1.25];
        let other = scene.iter().map(|p| [p[0] * change[0], p[1] * change[1], p[2] * change[2]]);
        let full = gains(scene.iter().copied(), other.clone(), 1.0);
        for c in 0..3 {
            assert!((full[c] / change[c] - 1.0).abs() < 0.03, "{full:?}");
        }
        assert!(gains(scene.iter().copied(), other, 0.0).iter().all(|gain| (gain - 1.0).abs() < 1e-6));
        // however far apart, a hand stays a hand
        let far = gains([[0.01, 0.01, 0.01]].into_iter(), [[0.9, 0.1, 0.1]].into_iter(), 1.0);
        assert!(
            luminance(far) <= MOST_BRIGHTER * 1.001 && far[0] / far[1] <= MOST_TINTED * MOST_TINTED * 1.001,
            "{far:?}"
        );
    }

    #[test]
    fn softening_mixes_no_colour_from_outside_the_cut() {
        let alpha = Plane { width: 32, height: 8, data: (0..256).map(|k| f32::from(u8::from(k % 32 < 16))).collect() };
        let light = Plane {
            width: 32,
            height: 8,
            data: (0..256).map(|k| if k % 32 < 16 { [0.2; 3] } else { [9.0; 3] }).collect(),
        };
        let mut cut = CutOut { light, alpha };
        soften(&mut cut, 1.5);
        for (p, a) in cut.light.data.iter().zip(&cut.alpha.data).filter(|(_, a)| **a > 0.01) {
            assert!((p[0] - 0.2).abs() < 1e-3, "{p:?} {a}");
        }
    }

    #[test]
    fn light_matches_without_burning_highlights() {
        let mask = Plane { width: 16, height: 16, data: (0..256).map(|k| k % 16 < 6).collect() };
        let picture =
            Plane { width: 16, height: 16, data: (0..256).map(|k| [if k % 16 < 6 { 0.6 } else { 0.1 }; 3]).collect() };
        let mut cut = CutOut { light: picture.clone(), alpha: map(&mask, |m| f32::from(u8::from(m))) };
        match_light(&mut cut, &picture, &mask, &Plane::filled(16, 16, [0.5; 3]), 1.0);
        assert!((cut.light.data[0][0] - 0.9).abs() < 0.01, "{:?}", cut.light.data[0]);
        assert_eq!(encode(&decode(&encode(&picture))), encode(&picture));
    }
}
