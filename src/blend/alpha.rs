//! From a hard mask to a soft edge and to colours without the old background in them.

use super::light::{Light, blurred, filled, map};
use crate::frame::Plane;

/// A cut-out: colours that hold everywhere near the mask, and how much of each pixel they cover.
#[derive(Debug, Clone, PartialEq)]
pub struct CutOut {
    /// Linear light of the thing alone, continued beyond its edge.
    pub light: Light,
    /// 0 nothing to 1 all of the pixel.
    pub alpha: Plane<f32>,
}

/// How far inside the mask's own edge the soft edge has its middle, pixels: what is left of the old background lies there.
const INSET_PX: f32 = 0.25;
/// Least blur that finds the edge between pixels, pixels.
const EDGE_SIGMA_PX: f32 = 0.8;
/// Distance from the outside at which a pixel's colour begins to count, and at which it is trusted, pixels. Anti-aliasing
/// reaches 1 pixel; half-size chroma and the ringing of JPEG files reach further.
const PURE_PX: [f32; 2] = [1.0, 2.6];
/// Largest distance that is measured, pixels.
const REACH_PX: i64 = 3;
/// How far colours are averaged along the edge, pixels.
const COLOUR_SIGMA_PX: f32 = 1.3;

/// The soft edge and clean colours of what a mask shows.
pub fn cut_out(light: &Light, mask: &Plane<bool>, edge_px: f32) -> CutOut {
    CutOut { light: clean(light, mask), alpha: soft(mask, edge_px) }
}

/// How much of each pixel the mask's thing covers: a ramp `edge_px` wide across its edge, the edge found between pixels.
///
/// The mask, blurred, is the normal distribution of the signed distance to the edge; its quantile gives the distance.
/// Masks go on beyond the picture's border.
pub fn soft(mask: &Plane<bool>, edge_px: f32) -> Plane<f32> {
    let edge_px = edge_px.max(0.1);
    let sigma = EDGE_SIGMA_PX.max(0.4 * edge_px);
    let share = blurred(&map(mask, |inside| [f32::from(u8::from(inside))]), sigma);
    map(&share, |[share]| {
        let distance_px = sigma * normal_quantile(share);
        (0.5 + (distance_px - INSET_PX) / edge_px).clamp(0.0, 1.0)
    })
}

/// Quantile of the normal distribution by the logistic one: within 0.04 where a soft edge is.
fn normal_quantile(share: f32) -> f32 {
    let share = share.clamp(1e-4, 1.0 - 1e-4);
    libm::logf(share / (1.0 - share)) / 1.68
}

/// Colours of a mask's thing without those of its old background: near the edge they come from further inside, and they
/// go on outside.
pub fn clean(light: &Light, mask: &Plane<bool>) -> Light {
    let trust = trust(mask);
    let weighted = Plane {
        width: light.width,
        height: light.height,
        data: light.data.iter().zip(&trust.data).map(|(p, w)| [p[0] * w, p[1] * w, p[2] * w, *w]).collect(),
    };
    let near = blurred(&weighted, COLOUR_SIGMA_PX);
    let known = map(&near, |p| (p[3] * 50.0).min(1.0));
    let mean = map(&near, |p| if p[3] > 0.0 { [p[0] / p[3], p[1] / p[3], p[2] / p[3]] } else { [0.0; 3] });
    let mut out = filled(&mean, &known);
    for (out, (own, trust)) in out.data.iter_mut().zip(light.data.iter().zip(&trust.data)) {
        for c in 0..3 {
            out[c] += trust * (own[c] - out[c]);
        }
    }
    out
}

/// How far a pixel's colour is the thing's own: 0 outside and at the edge, 1 well inside. Thin things have no inside:
/// their middle must do.
fn trust(mask: &Plane<bool>) -> Plane<f32> {
    let mut trust = Plane::filled(mask.width, mask.height, 0.0);
    let width = i64::from(mask.width);
    for (k, out) in trust.data.iter_mut().enumerate() {
        if mask.data[k] {
            let distance = outside_px(mask, k as i64 % width, k as i64 / width);
            let t = ((distance - PURE_PX[0]) / (PURE_PX[1] - PURE_PX[0])).clamp(0.0, 1.0);
            *out = (t * t * (3.0 - 2.0 * t)).max(1e-3);
        }
    }
    trust
}

/// Distance between a pixel's centre and that of the nearest pixel outside the mask, up to one more than the reach.
fn outside_px(mask: &Plane<bool>, x: i64, y: i64) -> f32 {
    let mut nearest = (REACH_PX + 1) * (REACH_PX + 1);
    for dy in -REACH_PX..=REACH_PX {
        for dx in -REACH_PX..=REACH_PX {
            if mask.get(x + dx, y + dy) == Some(false) {
                nearest = nearest.min(dx * dx + dy * dy);
            }
        }
    }
    (nearest as f32).sqrt()
}

/// A mask grown by a number of pixels in all directions.
pub fn grown(mask: &Plane<bool>, by_px: u32) -> Plane<bool> {
    let by = i64::from(by_px);
    let row_reach = |dy: i64| ((by * by - dy * dy) as f32).sqrt() as i64;
    let width = i64::from(mask.width);
    let mut out = mask.clone();
    for k in (0..mask.data.len() as i64).filter(|k| mask.data[*k as usize]) {
        let (x, y) = (k % width, k / width);
        // only the edge reaches further than the mask itself
        let inner = [(1, 0), (-1, 0), (0, 1), (0, -1)].iter().all(|(dx, dy)| mask.get(x + dx, y + dy) != Some(false));
        if inner {
            continue;
        }
        for dy in -by..=by {
            let (left, right) = ((x - row_reach(dy)).max(0), (x + row_reach(dy)).min(width - 1));
            if (0..i64::from(mask.height)).contains(&(y + dy)) {
                let row = (y + dy) * width;
                out.data[(row + left) as usize..=(row + right) as usize].fill(true);
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Half plane `x cos + y sin < offset` around the middle of a 48 x 48 picture: mask at the centres and covered share.
    fn half_plane(angle: f32, offset: f32) -> (Plane<bool>, Plane<f32>) {
        let (sin, cos) = libm::sincosf(angle);
        let distance = |x: f32, y: f32| offset - ((x - 24.0) * cos + (y - 24.0) * sin);
        let at = |k: i32| ((k % 48) as f32 + 0.5, (k / 48) as f32 + 0.5);
        let mask = (0..48 * 48).map(|k| distance(at(k).0, at(k).1) > 0.0).collect();
        let covered = |k: i32| {
            let inside = (0..256).filter(|s| {
                let (u, v) = ((s % 16) as f32 / 16.0 - 0.46875, (s / 16) as f32 / 16.0 - 0.46875);
                distance(at(k).0 + u, at(k).1 + v) > 0.0
            });
            inside.count() as f32 / 256.0
        };
        let plane = |data| Plane { width: 48, height: 48, data };
        (plane(mask), Plane { width: 48, height: 48, data: (0..48 * 48).map(covered).collect() })
    }

    #[test]
    fn alpha_of_a_half_plane_is_the_covered_share_moved_inward() {
        for step in 1..9 {
            let (sin, cos) = libm::sincosf(0.17 * step as f32);
            let (mask, _) = half_plane(0.17 * step as f32, 1.37);
            let alpha = soft(&mask, 1.0);
            let (mut sum, mut worst, mut n) = (0.0, 0.0_f32, 0.0);
            for y in 6..42 {
                for x in 6..42 {
                    let d = 1.37 - ((x as f32 + 0.5 - 24.0) * cos + (y as f32 + 0.5 - 24.0) * sin);
                    if d.abs() < 1.2 {
                        let error = alpha.get(x, y).unwrap() - (0.5 + d - INSET_PX).clamp(0.0, 1.0);
                        (sum, worst, n) = (sum + error, worst.max(error.abs()), n + 1.0);
                    }
                }
            }
            assert!((sum / n).abs() < 0.04 && worst < 0.35, "angle {step}: mean {}, worst {worst}", sum / n);
            assert_eq!((alpha.get(2, 2), alpha.get(45, 45)), (Some(1.0), Some(0.0)));
        }
    }

    #[test]
    fn masks_go_on_beyond_the_border() {
        let alpha = soft(&Plane::filled(20, 10, true), 2.0);
        assert!(alpha.data.iter().all(|a| *a >= 1.0));
    }

    #[test]
    fn no_halo_of_the_old_background_is_left() {
        // black thing, anti-aliased on white: on black nothing of the white may be seen
        for step in 0..8 {
            let (mask, covered) = half_plane(0.2 * step as f32, 0.6);
            let picture = map(&covered, |share| [1.0 - share; 3]);
            let cut = cut_out(&picture, &mask, 1.0);
            let worst = cut.light.data.iter().zip(&cut.alpha.data).map(|(p, a)| p[0] * a).fold(0.0, f32::max);
            assert!(worst < 0.01, "angle {step}: {worst}");
        }
    }

    #[test]
    fn the_inside_keeps_its_own_colours() {
        let (mask, _) = half_plane(0.3, 0.0);
        let picture = Plane { width: 48, height: 48, data: (0..48 * 48).map(|k| [(k % 7) as f32, 0.0, 0.0]).collect() };
        let clean = clean(&picture, &mask);
        assert_eq!(clean.get(8, 24), picture.get(8, 24));
    }

    #[test]
    fn masks_grow_by_discs() {
        let mut mask = Plane::filled(21, 21, false);
        mask.data[10 * 21 + 10] = true;
        let disc = grown(&mask, 4);
        for k in 0..441_i32 {
            let (dx, dy) = (k % 21 - 10, k / 21 - 10);
            assert_eq!(disc.data[k as usize], dx * dx + dy * dy <= 16, "{dx} {dy}");
        }
    }
}
