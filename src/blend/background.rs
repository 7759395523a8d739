//! Takes hands out of a picture, so that it can stand behind other hands.

use super::alpha::grown;
use super::light::{Light, filled, luminance, map};
use crate::frame::Plane;
use crate::seed::Stream;

/// Hands are taken out with this many pixels around them: shadows, soft edges, JPEG's ringing.
const MARGIN_PX: u32 = 4;
/// Width of the ring around a hole that must fit, pixels.
const RING_PX: u32 = 3;
/// Pieces that fill a hole one after the other.
const PIECES: usize = 6;
/// Places that are tried as the origin of what fills a hole.
const TRIES: usize = 96;
/// Mismatch that a pixel without an origin counts as (linear luminance, squared).
const BARE: f32 = 0.05;

/// The picture with what a mask shows taken out and filled in.
///
/// Pieces of the same picture, moved and perhaps mirrored, that fit best around the hole and cover it, one after the other
/// while something is bare; the difference at the rim is spread smoothly over each. What stays bare becomes smooth.
pub fn without(light: &Light, mask: &Plane<bool>, stream: &mut Stream) -> Light {
    let mut out = light.clone();
    if !mask.data.contains(&true) {
        return out;
    }
    let mut hole = grown(mask, MARGIN_PX);
    for _ in 0..PIECES {
        let before = hole.data.iter().filter(|bare| **bare).count();
        fill_once(&mut out, &mut hole, stream);
        let bare = hole.data.iter().filter(|bare| **bare).count();
        if bare == 0 || bare == before {
            break;
        }
    }
    filled(&out, &map(&hole, |bare| f32::from(u8::from(!bare))))
}

/// Fills what the best of some pieces can, and takes it out of the hole.
fn fill_once(out: &mut Light, hole: &mut Plane<bool>, stream: &mut Stream) {
    let ring = ring(hole);
    let best = (0..TRIES)
        .map(|_| Origin::draw(hole, stream))
        .map(|origin| (origin.mismatch(out, hole, &ring), origin))
        .min_by(|a, b| a.0.total_cmp(&b.0));
    let Some((_, origin)) = best else { return };
    let (mut offsets, mut known) = (out.clone(), Plane::filled(out.width, out.height, 0.0_f32));
    for k in ring {
        if let Some(from) = origin.pixel(k, out, hole) {
            offsets.data[k] = std::array::from_fn(|c| out.data[k][c] - from[c]);
            known.data[k] = 1.0;
        }
    }
    let offsets = filled(&offsets, &known);
    let pieces: Vec<Option<[f32; 3]>> =
        (0..hole.data.len()).map(|k| if hole.data[k] { origin.pixel(k, out, hole) } else { None }).collect();
    for (k, from) in pieces.into_iter().enumerate() {
        if let Some(from) = from {
            out.data[k] = std::array::from_fn(|c| (from[c] + offsets.data[k][c]).clamp(0.0, 1.0));
            hole.data[k] = false;
        }
    }
}

/// Pixels of a ring around a hole.
fn ring(hole: &Plane<bool>) -> Vec<usize> {
    let wide = grown(hole, RING_PX);
    (0..hole.data.len()).filter(|k| wide.data[*k] && !hole.data[*k]).collect()
}

/// Where a hole's new content comes from: each pixel from one further along, in the mirrored picture if so said.
#[derive(Debug, Clone, Copy)]
struct Origin {
    dx: i64,
    dy: i64,
    mirrored: bool,
}

impl Origin {
    fn draw(hole: &Plane<bool>, stream: &mut Stream) -> Self {
        let (w, h) = (hole.width as f32, hole.height as f32);
        let mut by = |n: f32| stream.uniform(-0.7 * n, 0.7 * n) as i64;
        Self { dx: by(w), dy: by(h), mirrored: stream.chance(0.5) }
    }

    /// Colour that a pixel gets; `None` if its origin is outside the picture or in the hole.
    fn pixel(self, k: usize, light: &Light, hole: &Plane<bool>) -> Option<[f32; 3]> {
        let width = light.width as usize;
        let (x, y) = ((k % width) as i64, (k / width) as i64);
        let x = if self.mirrored { i64::from(light.width) - 1 - x } else { x };
        let (x, y) = (x + self.dx, y + self.dy);
        if hole.get(x, y) == Some(false) { light.get(x, y) } else { None }
    }

    /// How badly the piece fits: mean squared difference of luminance on the ring, and what it leaves bare.
    fn mismatch(self, light: &Light, hole: &Plane<bool>, ring: &[usize]) -> f32 {
        let apart = |k: &usize| {
            self.pixel(*k, light, hole).map_or(BARE, |p| {
                let d = luminance(p) - luminance(light.data[*k]);
                d * d
            })
        };
        let at_rim = ring.iter().map(apart).sum::<f32>() / ring.len().max(1) as f32;
        let inside = (0..hole.data.len()).filter(|k| hole.data[*k]).step_by(7);
        let (bare, all) =
            inside.fold((0, 0), |(bare, all), k| (bare + u32::from(self.pixel(k, light, hole).is_none()), all + 1));
        at_rim + BARE * bare as f32 / all.max(1) as f32
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::SampleId;

    fn disc(radius: i32) -> Plane<bool> {
        let data =
            (0..96 * 96).map(|k| (k % 96 - 48_i32).pow(2) + (k / 96 - 40_i32).pow(2) < radius * radius).collect();
        Plane { width: 96, height: 96, data }
    }

    fn stream() -> Stream {
        SampleId { seed: 1, index: 2 }.stream("test")
    }

    #[test]
    fn an_even_ramp_comes_back_without_the_hand() {
        let ramp = |k: i32| 0.2 + 0.5 * (k % 96) as f32 / 96.0;
        let mask = disc(14);
        let mut picture = Plane { width: 96, height: 96, data: (0..96 * 96).map(|k| [ramp(k); 3]).collect() };
        picture.data.iter_mut().zip(&mask.data).filter(|(_, m)| **m).for_each(|(p, _)| *p = [1.0, 0.0, 0.0]);
        let out = without(&picture, &mask, &mut stream());
        for k in 0..96 * 96 {
            let found = out.data[k as usize];
            assert!((found[0] - ramp(k)).abs() < 0.03 && (found[1] - ramp(k)).abs() < 0.03, "{k}: {found:?}");
        }
        // outside the hole and its margin nothing changes
        assert_eq!(out.data[0].map(f32::to_bits), picture.data[0].map(f32::to_bits));
    }

    #[test]
    fn texture_is_filled_with_texture() {
        let grain = |k: i32| if (k % 96 / 4 + k / 96 / 4) % 2 == 0 { 0.2 } else { 0.6 };
        let mask = disc(12);
        let mut picture = Plane { width: 96, height: 96, data: (0..96 * 96).map(|k| [grain(k); 3]).collect() };
        picture.data.iter_mut().zip(&mask.data).filter(|(_, m)| **m).for_each(|(p, _)| *p = [1.0, 0.0, 0.0]);
        let out = without(&picture, &mask, &mut stream());
        let inside: Vec<f32> = out.data.iter().zip(&mask.data).filter(|(_, m)| **m).map(|(p, _)| p[1]).collect();
        let mean = inside.iter().sum::<f32>() / inside.len() as f32;
        let variance = inside.iter().map(|v| (v - mean) * (v - mean)).sum::<f32>() / inside.len() as f32;
        assert!((mean - 0.4).abs() < 0.12 && variance > 0.015, "{mean} {variance}");
    }

    #[test]
    fn a_picture_that_is_all_hand_does_no_harm() {
        let picture = Plane::filled(16, 16, [0.5; 3]);
        let out = without(&picture, &Plane::filled(16, 16, true), &mut stream());
        assert!(out.data.iter().all(|p| p.iter().all(|v| v.is_finite())));
        assert_eq!(without(&picture, &Plane::filled(16, 16, false), &mut stream()), picture);
    }
}
