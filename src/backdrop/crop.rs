//! Flat backgrounds: a crop of a texture, filling the picture.

use glam::Vec4;

use crate::assets::Texture;
use crate::frame::Plane;

/// The part of a texture that fills the picture.
pub(super) struct Crop {
    /// Left and top as fractions of the texture.
    pub start: [f32; 2],
    /// Width and height as fractions of the texture.
    pub size: [f32; 2],
    /// Mirror left and right.
    pub flip: bool,
    /// Beyond the texture's edge it starts again; otherwise its last texel goes on.
    pub wrap: bool,
}

impl Crop {
    /// A crop of a square texture that wraps: left, top and the longer side as fractions; squares stay squares.
    pub(super) fn wrapped([left, top, longer]: [f32; 3], [width, height]: [u32; 2]) -> Self {
        let scale = longer / width.max(height).max(1) as f32;
        Self { start: [left, top], size: [width as f32 * scale, height as f32 * scale], flip: false, wrap: true }
    }
}

/// The picture made of a crop; `look` takes the four blended bytes (0..=255) to linear light.
pub(super) fn draw(
    texture: &Texture,
    crop: &Crop,
    [width, height]: [u32; 2],
    look: impl Fn(Vec4) -> [f32; 3],
) -> Plane<[f32; 3]> {
    let (full, _) = texture.level(1.0);
    let step = |k: usize, texels: u32, pixels: u32| crop.size[k].abs() * texels as f32 / pixels.max(1) as f32;
    let (level, _) = texture.level(step(0, full.width, width).max(step(1, full.height, height)));
    let mut columns = Samples::new(crop.start[0], crop.size[0], level.width, width, crop.wrap);
    let rows = Samples::new(crop.start[1], crop.size[1], level.height, height, crop.wrap);
    if crop.flip {
        columns.at.reverse();
    }
    let mut line = vec![Vec4::ZERO; columns.texels.len()];
    let mut data = Vec::with_capacity(width as usize * height as usize);
    for &(k, share) in &rows.at {
        let texels = |k: usize| &level.data[rows.texels[k] * level.width as usize..][..level.width as usize];
        let (upper, lower) = (texels(k), texels(k + 1));
        for (value, &column) in line.iter_mut().zip(&columns.texels) {
            let (a, b) = (vector(upper[column]), vector(lower[column]));
            *value = a + (b - a) * share;
        }
        data.extend(columns.at.iter().map(|&(k, share)| look(line[k] + (line[k + 1] - line[k]) * share)));
    }
    Plane { width, height, data }
}

fn vector(texel: [u8; 4]) -> Vec4 {
    Vec4::from(texel.map(f32::from))
}

/// Where pixels along one axis lie between texels.
struct Samples {
    /// Texel of each step over the crop, wrapped or held at the edge.
    texels: Vec<usize>,
    /// Per pixel: first of two steps, and the share of the second.
    at: Vec<(usize, f32)>,
}

/// Texels along one axis that a crop may touch; larger ones are held there.
const MOST_STEPS: f32 = 16_384.0;

impl Samples {
    fn new(start: f32, size: f32, texels: u32, pixels: u32, wrap: bool) -> Self {
        let n = texels as f32;
        let (begin, reach) = ((start - start.floor()) * n, (size * n).clamp(-MOST_STEPS, MOST_STEPS));
        // not a number becomes 0: a picture, if a dull one
        let begin = if wrap { begin } else { start * n }.clamp(-MOST_STEPS, MOST_STEPS);
        let place = |pixel: u32| begin + (pixel as f32 + 0.5) / pixels as f32 * reach - 0.5;
        let (first, last) = (place(0), place(pixels.saturating_sub(1)));
        let (lo, hi) = (first.min(last).floor() as i64, first.max(last).floor() as i64 + 1);
        let texel = |k: i64| if wrap { k.rem_euclid(i64::from(texels)) } else { k.clamp(0, i64::from(texels) - 1) };
        let at = (0..pixels).map(|pixel| {
            let from_lo = (place(pixel) - lo as f32).max(0.0);
            let k = (from_lo as usize).min((hi - lo - 1).max(0) as usize);
            (k, (from_lo - k as f32).clamp(0.0, 1.0))
        });
        Self { at: at.collect(), texels: (lo..=hi).map(|k| texel(k) as usize).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assets::Encoding;

    /// 16 x 16 texels that hold their own column and row times 10.
    fn ramp() -> Texture {
        let data = (0..256).map(|k| [(k % 16 * 10) as u8, (k / 16 * 10) as u8, 0, 0]).collect();
        Texture::new(Encoding::Values, Plane { width: 16, height: 16, data })
    }

    fn raw(v: Vec4) -> [f32; 3] {
        [v.x, v.y, v.z]
    }

    fn crop(start: [f32; 2], size: [f32; 2]) -> Crop {
        Crop { start, size, flip: false, wrap: true }
    }

    #[test]
    fn a_whole_crop_at_full_size_is_the_texture() {
        let picture = draw(&ramp(), &crop([0.0; 2], [1.0; 2]), [16, 16], raw);
        assert_eq!(picture.get(3, 5), Some([30.0, 50.0, 0.0]));
        let flipped = draw(&ramp(), &Crop { flip: true, ..crop([0.0; 2], [1.0; 2]) }, [16, 16], raw);
        assert_eq!(flipped.get(12, 5), Some([30.0, 50.0, 0.0]));
    }

    #[test]
    fn enlarged_pixels_lie_between_texels() {
        let picture = draw(&ramp(), &crop([0.25, 0.5], [0.25, 0.25]), [16, 16], raw);
        let [x, y, _] = picture.get(6, 6).unwrap();
        // column 4 + 6.5 / 4 - 0.5 = 5.125
        assert!((x - 51.25).abs() < 1e-3 && (y - 91.25).abs() < 1e-3, "{x} {y}");
    }

    #[test]
    fn crops_wrap_or_hold_the_edge() {
        let over = crop([0.75, 0.0], [0.5, 0.5]);
        assert_eq!(draw(&ramp(), &over, [8, 8], raw).get(5, 0), Some([10.0, 0.0, 0.0]));
        let held = Crop { wrap: false, ..over };
        assert_eq!(draw(&ramp(), &held, [8, 8], raw).get(5, 0), Some([150.0, 0.0, 0.0]));
    }

    #[test]
    fn shrunk_pictures_are_means_and_senseless_crops_do_no_harm() {
        let picture = draw(&ramp(), &crop([0.0; 2], [4.0, 4.0]), [32, 32], raw);
        assert!(picture.data.iter().all(|p| (p[0] - 75.0).abs() < 76.0));
        for bad in [f32::NAN, f32::INFINITY, -1e30, 0.0] {
            let picture = draw(&ramp(), &crop([bad, 0.1], [bad, 0.5]), [7, 3], raw);
            assert_eq!(picture.data.len(), 21);
        }
        assert_eq!(draw(&ramp(), &crop([0.0; 2], [1.0; 2]), [0, 0], raw).data.len(), 0);
    }
}
