//! Pictures moved, turned and scaled.

use glam::{Affine2, Vec2};

use super::light::bilinear;
use crate::frame::Plane;

/// A picture resampled: `to_from` takes points of the picture (pixels, corner convention) to points of the result.
/// Enlarged pictures are smooth (Mitchell's cubic), shrunk ones are averaged; outside lies `outside`, or what is nearest.
pub fn resampled<const N: usize>(
    plane: &Plane<[f32; N]>,
    to_from: Affine2,
    size: [u32; 2],
    outside: Option<[f32; N]>,
) -> Plane<[f32; N]> {
    if to_from == Affine2::IDENTITY && size == [plane.width, plane.height] {
        return plane.clone();
    }
    let from_to = to_from.inverse();
    let shrink = from_to.matrix2.x_axis.length();
    let taps = shrink.ceil().clamp(1.0, 16.0) as u32;
    let mut out = Plane::filled(size[0], size[1], [0.0; N]);
    for (k, out) in out.data.iter_mut().enumerate() {
        let (x, y) = ((k % size[0] as usize) as f32, (k / size[0] as usize) as f32);
        for tap in 0..taps * taps {
            let inside = |n: u32| (n as f32 + 0.5) / taps as f32;
            let p = from_to.transform_point2(Vec2::new(x + inside(tap % taps), y + inside(tap / taps)));
            let value = match outside {
                Some(outside) if !holds(plane, p) => outside,
                _ if shrink < 0.95 => mitchell(plane, p),
                _ => bilinear(plane, p.x, p.y),
            };
            for c in 0..N {
                out[c] += value[c];
            }
        }
        *out = out.map(|v| v / (taps * taps) as f32);
    }
    out
}

/// Ids or depths moved: that of the pixel that holds the point, never a mean of two; `outside` elsewhere.
pub fn picked<T: Copy>(plane: &Plane<T>, to_from: Affine2, size: [u32; 2], outside: T) -> Plane<T> {
    let from_to = to_from.inverse();
    let mut out = Plane::filled(size[0], size[1], outside);
    for (k, out) in out.data.iter_mut().enumerate() {
        let (x, y) = ((k % size[0] as usize) as f32, (k / size[0] as usize) as f32);
        *out = plane.at(from_to.transform_point2(Vec2::new(x + 0.5, y + 0.5))).unwrap_or(outside);
    }
    out
}

fn holds<T>(plane: &Plane<T>, p: Vec2) -> bool {
    p.x >= 0.0 && p.y >= 0.0 && p.x <= plane.width as f32 && p.y <= plane.height as f32
}

/// Mitchell and Netravali's filter with B = C = 1/3: does not ring, and hides the grid better than bilinear.
fn mitchell<const N: usize>(plane: &Plane<[f32; N]>, p: Vec2) -> [f32; N] {
    let (x, y) = (p.x - 0.5, p.y - 0.5);
    let (x0, y0) = (x.floor(), y.floor());
    let (wx, wy) = (cubic_weights(x - x0), cubic_weights(y - y0));
    let (last_x, last_y) = (i64::from(plane.width) - 1, i64::from(plane.height) - 1);
    let mut sum = [0.0; N];
    for (j, wy) in wy.iter().enumerate() {
        let row = (y0 as i64 + j as i64 - 1).clamp(0, last_y) * i64::from(plane.width);
        for (i, wx) in wx.iter().enumerate() {
            let column = (x0 as i64 + i as i64 - 1).clamp(0, last_x);
            let value = plane.data[(row + column) as usize];
            for c in 0..N {
                sum[c] += wx * wy * value[c];
            }
        }
    }
    sum
}

fn cubic_weights(t: f32) -> [f32; 4] {
    let near = |x: f32| (7.0 * x * x * x - 12.0 * x * x + 16.0 / 3.0) / 6.0;
    let far = |x: f32| (-7.0 / 3.0 * x * x * x + 12.0 * x * x - 20.0 * x + 32.0 / 3.0) / 6.0;
    [far(1.0 + t), near(t), near(1.0 - t), far(2.0 - t)]
}

/// The map that makes a picture cover another size, cut where `at` (0 left or top to 1 right or bottom) says.
pub fn covering(from: [u32; 2], to: [u32; 2], at: [f32; 2]) -> Affine2 {
    let [w, h, to_w, to_h] = [from[0], from[1], to[0], to[1]].map(|n| n as f32);
    let scale = (to_w / w).max(to_h / h);
    let spare = Vec2::new(to_w - scale * w, to_h - scale * h);
    scaled_and_moved(scale, spare * Vec2::from(at))
}

/// The map that scales by a factor around the first pixel's corner, then moves.
pub fn scaled_and_moved(scale: f32, offset: Vec2) -> Affine2 {
    Affine2::from_cols(Vec2::new(scale, 0.0), Vec2::new(0.0, scale), offset)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ramp() -> Plane<[f32; 2]> {
        Plane {
            width: 24,
            height: 16,
            data: (0..384).map(|k| [(k % 24) as f32 + 0.5, (k / 24) as f32 + 0.5]).collect(),
        }
    }

    #[test]
    fn points_land_where_the_map_says() {
        // a ramp holds its own coordinates: resampled, each pixel must hold those of the point it came from
        for (scale, size) in [(1.0, [24, 16]), (2.5, [60, 40]), (0.4, [9, 6])] {
            let map = scaled_and_moved(scale, Vec2::new(0.7, -0.4));
            let out = resampled(&ramp(), map, size, None);
            // away from the border, beyond which the ramp does not go on
            for y in size[1] / 4..size[1] * 3 / 4 {
                for x in size[0] / 4..size[0] * 3 / 4 {
                    let from = map.inverse().transform_point2(Vec2::new(x as f32 + 0.5, y as f32 + 0.5));
                    let found = Vec2::from(out.get(x.into(), y.into()).unwrap());
                    assert!(found.distance(from) < 0.02, "{scale} {x} {y}: {found} {from}");
                }
            }
        }
    }

    #[test]
    fn even_pictures_stay_even_and_the_outside_is_as_told() {
        let even = Plane::filled(10, 10, [0.25_f32]);
        for scale in [0.3, 1.0, 3.3] {
            let out = resampled(&even, scaled_and_moved(scale, Vec2::splat(0.3)), [3, 3], None);
            assert!(out.data.iter().all(|v| (v[0] - 0.25).abs() < 1e-6));
        }
        let moved = resampled(&even, scaled_and_moved(1.0, Vec2::new(5.0, 0.0)), [10, 10], Some([0.0]));
        assert_eq!(moved.get(2, 5), Some([0.0]));
        assert_eq!(moved.get(8, 5), Some([0.25]));
        let ids = picked(&Plane::filled(10, 10, 7_u8), scaled_and_moved(1.0, Vec2::new(5.0, 0.0)), [10, 10], 0);
        assert_eq!((ids.get(4, 0), ids.get(5, 0)), (Some(0), Some(7)));
    }

    #[test]
    fn a_covering_picture_leaves_nothing_bare() {
        for at in [[0.0, 0.0], [1.0, 1.0], [0.3, 0.6]] {
            let map = covering([640, 480], [320, 320], at);
            let (a, b) = (map.transform_point2(Vec2::ZERO), map.transform_point2(Vec2::new(640.0, 480.0)));
            assert!(a.x <= 1e-3 && a.y <= 1e-3 && b.x >= 319.99 && b.y >= 319.99, "{a} {b}");
        }
    }
}
