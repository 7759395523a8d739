//! A cut-out put on another picture: placed, lit, softened, covered with noise like what lies behind it.

use glam::Affine2;

use super::alpha::{CutOut, cut_out, grown, soft};
use super::compose::{in_front, over};
use super::harmonise::{add_noise, blur_px, luma, match_light, noise_levels, soften};
use super::light::{Light, blurred, decode, encode, map};
use super::warp::resampled;
use crate::frame::Plane;

/// Neither picture is blurred by more than this, pixels: a background may be out of focus where the hand is not.
const MOST_BLUR_PX: f32 = 1.0;
/// Blur that takes most of the noise away, pixels.
const CALMING_PX: f32 = 0.4;
/// Noise is added up to this, levels of 255.
const MOST_NOISE: f32 = 12.0;
/// Pixels around the mask that do not tell the light of its surroundings.
const MARGIN_PX: u32 = 3;

/// How the parts are made to agree.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Look {
    /// Width of the soft edge in the result, pixels.
    pub edge_px: f32,
    /// How far the light follows, 0 to 1.
    pub light: f32,
    /// Blur the sharper.
    pub sharpness: bool,
    /// Add noise to the cleaner.
    pub noise: bool,
    /// The picture behind may be changed too; else only what is pasted is.
    pub change_back: bool,
    /// Seed of the noise.
    pub seed: u64,
}

/// What is pasted.
#[derive(Debug, Clone, Copy)]
pub struct Front<'a> {
    /// The picture that it is cut from.
    pub rgb: &'a Plane<[u8; 3]>,
    /// Its place in that picture.
    pub mask: &'a Plane<bool>,
    /// Takes points of that picture to points of the result.
    pub to_from: Affine2,
    /// Its place in the result, pixel by pixel.
    pub placed: &'a Plane<bool>,
    /// Its depth in the result.
    pub z_m: Option<&'a Plane<f32>>,
}

/// What it is pasted on.
#[derive(Debug, Clone, Copy)]
pub struct Back<'a> {
    /// The picture, of the size of the result.
    pub light: &'a Light,
    /// Its depth, if what is nearer hides what is pasted.
    pub z_m: Option<&'a Plane<f32>>,
}

/// The result, and where what was pasted is seen in it.
pub fn paste(front: Front, back: Back, look: Look) -> (Plane<[u8; 3]>, Plane<bool>) {
    let scale = front.to_from.matrix2.x_axis.length().max(1e-3);
    let light = decode(front.rgb);
    let mut cut = cut_out(&light, front.mask, look.edge_px / scale);
    match_light(&mut cut, &light, &grown(front.mask, MARGIN_PX), back.light, look.light);
    let back_rgb = encode(back.light);
    let [front_luma, back_luma] = [luma(front.rgb), luma(&back_rgb)];
    let blur =
        if look.sharpness { blurs(blur_px(&front_luma).map(|b| b * scale), blur_px(&back_luma)) } else { [0.0; 2] };
    let size = [back.light.width, back.light.height];
    let mut cut = placed(cut, front.to_from, size);
    let seen = in_front(front.placed, front.z_m, back.z_m);
    take_away(&mut cut.alpha, front.placed, &seen, look.edge_px);
    soften(&mut cut, blur[0]);
    let back_blur = if look.change_back { blur[1] } else { 0.0 };
    let mut rgb = encode(&over(&cut, &blurred(back.light, back_blur)));
    if look.noise {
        let left = |levels: f32, blur: f32| if blur > CALMING_PX { 0.0 } else { levels };
        let levels = [left(noise_levels(&front_luma), blur[0]), left(noise_levels(&back_luma), back_blur)];
        let missing = |own: f32, other: f32| (other * other - own * own).max(0.0).sqrt().min(MOST_NOISE);
        add_noise(&mut rgb, &cut.alpha, missing(levels[0], levels[1]), look.seed);
        if look.change_back {
            add_noise(&mut rgb, &map(&cut.alpha, |a| 1.0 - a), missing(levels[1], levels[0]), look.seed ^ 1);
        }
    }
    (rgb, seen)
}

/// Blur that brings front and back to the blur of the blurrier of both.
fn blurs(front: Option<f32>, back: Option<f32>) -> [f32; 2] {
    let (Some(front), Some(back)) = (front, back) else { return [0.0; 2] };
    let missing = |own: f32, other: f32| (other * other - own * own).max(0.0).sqrt().min(MOST_BLUR_PX);
    [missing(front, back), missing(back, front)]
}

fn placed(cut: CutOut, to_from: Affine2, size: [u32; 2]) -> CutOut {
    if to_from == Affine2::IDENTITY && size == [cut.alpha.width, cut.alpha.height] {
        return cut;
    }
    let covering = Plane {
        width: cut.alpha.width,
        height: cut.alpha.height,
        data: cut.light.data.iter().zip(&cut.alpha.data).map(|(p, a)| [p[0] * a, p[1] * a, p[2] * a, *a]).collect(),
    };
    let moved = resampled(&covering, to_from, size, Some([0.0; 4]));
    CutOut {
        light: map(&moved, |p| if p[3] > 1e-4 { [p[0] / p[3], p[1] / p[3], p[2] / p[3]] } else { [0.0; 3] }),
        alpha: map(&moved, |p| p[3].clamp(0.0, 1.0)),
    }
}

/// What is hidden by something nearer covers nothing, with a soft edge there too.
fn take_away(alpha: &mut Plane<f32>, placed: &Plane<bool>, seen: &Plane<bool>, edge_px: f32) {
    if placed == seen {
        return;
    }
    let data = placed.data.iter().zip(&seen.data).map(|(placed, seen)| *placed && !*seen).collect();
    let hidden = soft(&Plane { width: placed.width, height: placed.height, data }, edge_px);
    for (alpha, hidden) in alpha.data.iter_mut().zip(&hidden.data) {
        *alpha *= 1.0 - hidden;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(mask: &Plane<bool>, rgb: [[u8; 3]; 2]) -> Plane<[u8; 3]> {
        map(mask, |inside| rgb[usize::from(inside)])
    }

    const AS_IT_IS: Look =
        Look { edge_px: 1.0, light: 0.0, sharpness: false, noise: false, change_back: false, seed: 0 };

    #[test]
    fn pictures_are_untouched_away_from_the_edge() {
        let mask = Plane { width: 40, height: 30, data: (0..1200).map(|k| k % 40 < 17).collect() };
        let (front, back) = (plain(&mask, [[250, 250, 250], [10, 60, 20]]), Plane::filled(40, 30, [0_u8, 0, 3]));
        let light = decode(&back);
        let front = Front { rgb: &front, mask: &mask, to_from: Affine2::IDENTITY, placed: &mask, z_m: None };
        let (out, seen) = paste(front, Back { light: &light, z_m: None }, AS_IT_IS);
        assert_eq!(seen, mask);
        for (k, p) in out.data.iter().enumerate() {
            match k % 40 {
                0..=14 => assert_eq!(*p, [10, 60, 20]),
                19.. => assert_eq!(*p, [0, 0, 3]),
                // nothing of the white that was there
                _ => assert!(p[0] <= 10 && p[1] <= 60 && p[2] <= 20, "{p:?}"),
            }
        }
    }

    #[test]
    fn what_is_nearer_stays_in_front() {
        let mask = Plane::filled(40, 30, true);
        let front = Plane::filled(40, 30, [200_u8, 0, 0]);
        let back = decode(&Plane::filled(40, 30, [0_u8, 200, 0]));
        let front_z = Plane::filled(40, 30, 0.5);
        let back_z =
            Plane { width: 40, height: 30, data: (0..1200).map(|k| if k % 40 < 20 { 0.3 } else { 0.0 }).collect() };
        let front = Front { rgb: &front, mask: &mask, to_from: Affine2::IDENTITY, placed: &mask, z_m: Some(&front_z) };
        let (out, seen) = paste(front, Back { light: &back, z_m: Some(&back_z) }, AS_IT_IS);
        assert_eq!(seen.data.iter().filter(|s| **s).count(), 600);
        assert_eq!((out.get(5, 5), out.get(30, 5)), (Some([0, 200, 0]), Some([200, 0, 0])));
    }

    #[test]
    fn blur_is_that_of_the_blurrier() {
        let [front, back] = blurs(Some(0.6), Some(1.0));
        assert!((front - 0.8).abs() < 1e-6 && back.abs() < 1e-6, "{front} {back}");
        assert!(blurs(None, Some(1.0)).iter().all(|blur| blur.abs() < 1e-6));
    }
}
