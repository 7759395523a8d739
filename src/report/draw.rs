//! Drawing on 8-bit pictures: discs, lines, skeletons, mask and depth tints.

use glam::Vec2;

use crate::dataset::HandRecord;
use crate::frame::{NO_DEPTH, Plane};
use crate::label::Visibility;
use crate::rig::joint::LANDMARK_PARENT;

/// An 8-bit sRGB picture.
pub type Canvas = Plane<[u8; 3]>;

/// Colours of wrist, thumb, index, middle, ring and little finger: light enough for dark pictures, dark enough for light ones.
pub const DIGIT_COLOURS: [[u8; 3]; 6] =
    [[240, 240, 240], [230, 76, 60], [243, 176, 40], [70, 190, 90], [52, 140, 235], [190, 90, 220]];

/// Colour of a landmark's digit.
pub fn landmark_colour(landmark: usize) -> [u8; 3] {
    DIGIT_COLOURS[if landmark == 0 { 0 } else { (landmark - 1) / 4 + 1 }]
}

/// Skeleton of one hand; hidden keypoints are drawn as small dots, visible ones as discs with a dark rim.
pub fn skeleton(canvas: &mut Canvas, hand: &HandRecord) {
    let width = canvas.width.min(canvas.height) as f32 / 320.0;
    for (k, parent) in LANDMARK_PARENT.into_iter().enumerate().skip(1) {
        if let (Some(a), Some(b)) = (hand.keypoints_px[parent], hand.keypoints_px[k]) {
            line(canvas, a, b, 1.1 * width, landmark_colour(k));
        }
    }
    for (k, point) in hand.keypoints_px.iter().enumerate() {
        let Some(p) = *point else { continue };
        if hand.visibility[k] == Visibility::Visible {
            disc(canvas, p, 3.2 * width, [20, 20, 20]);
            disc(canvas, p, 2.3 * width, landmark_colour(k));
        } else {
            disc(canvas, p, 1.3 * width, landmark_colour(k));
        }
    }
}

/// Filled disc with a soft rim; radius in pixels.
pub fn disc(canvas: &mut Canvas, centre: Vec2, radius_px: f32, colour: [u8; 3]) {
    stroke(canvas, centre, centre, radius_px, colour);
}

/// Line with round ends; half width in pixels.
pub fn line(canvas: &mut Canvas, a: Vec2, b: Vec2, half_width_px: f32, colour: [u8; 3]) {
    stroke(canvas, a, b, half_width_px, colour);
}

fn stroke(canvas: &mut Canvas, a: Vec2, b: Vec2, radius_px: f32, colour: [u8; 3]) {
    let reach = Vec2::splat(radius_px + 1.0);
    let size = Vec2::new(canvas.width as f32, canvas.height as f32);
    let lo = (a.min(b) - reach).clamp(Vec2::ZERO, size).floor();
    let hi = (a.max(b) + reach).clamp(Vec2::ZERO, size).ceil();
    for y in lo.y as u32..hi.y as u32 {
        for x in lo.x as u32..hi.x as u32 {
            let p = Vec2::new(x as f32 + 0.5, y as f32 + 0.5);
            let cover = (radius_px + 0.5 - distance_to_segment(p, a, b)).clamp(0.0, 1.0);
            blend(&mut canvas.data[(y * canvas.width + x) as usize], colour, cover);
        }
    }
}

fn distance_to_segment(p: Vec2, a: Vec2, b: Vec2) -> f32 {
    let ab = b - a;
    let t = ((p - a).dot(ab) / ab.length_squared().max(1e-12)).clamp(0.0, 1.0);
    p.distance(a + ab * t)
}

fn blend(pixel: &mut [u8; 3], colour: [u8; 3], share: f32) {
    for (value, new) in pixel.iter_mut().zip(colour) {
        *value = (f32::from(*value) * (1.0 - share) + f32::from(new) * share).round() as u8;
    }
}

/// The picture with every part tinted in a colour of its own.
pub fn mask_overlay(picture: &Canvas, part: &Plane<u8>) -> Canvas {
    let mut out = picture.clone();
    for (pixel, id) in out.data.iter_mut().zip(&part.data) {
        if *id > 0 {
            blend(pixel, part_colour(*id), 0.65);
        }
    }
    out
}

/// Colour of an RHD part id: hue by digit, lightness by segment, right hands cooler than left.
pub fn part_colour(id: u8) -> [u8; 3] {
    if id <= 1 {
        return [128, 128, 128];
    }
    let index = (id - 2) % 16;
    let base = if index == 15 { [200, 200, 120] } else { DIGIT_COLOURS[usize::from(index / 3) + 1] };
    let light = 1.0 - 0.22 * f32::from(index % 3);
    let tint = if id < 18 { [1.0, 0.92, 0.85] } else { [0.82, 0.92, 1.0] };
    std::array::from_fn(|k| (f32::from(base[k]) * light * tint[k]) as u8)
}

/// Depth as a picture: near light, far dark, nothing black-blue; the range is that of the picture.
pub fn depth_picture(depth_z_m: &Plane<f32>) -> Canvas {
    let known = || depth_z_m.data.iter().copied().filter(|z| *z > NO_DEPTH);
    let (near, far) = known().fold((f32::MAX, f32::MIN), |(a, b), z| (a.min(z), b.max(z)));
    let span = (far - near).max(1e-4);
    let data = depth_z_m.data.iter().map(|z| if *z > NO_DEPTH { ramp(1.0 - (z - near) / span) } else { [12, 12, 24] });
    Plane { width: depth_z_m.width, height: depth_z_m.height, data: data.collect() }
}

/// Dark violet over orange to pale yellow.
fn ramp(t: f32) -> [u8; 3] {
    const STOPS: [[f32; 3]; 5] =
        [[40., 16., 84.], [124., 32., 118.], [206., 68., 88.], [250., 148., 60.], [252., 240., 170.]];
    let x = t.clamp(0.0, 1.0) * 3.999;
    let (k, f) = (x as usize, x.fract());
    std::array::from_fn(|c| (STOPS[k][c] * (1.0 - f) + STOPS[k + 1][c] * f) as u8)
}

/// Copy of a picture at another size, averaged over pixel areas when it shrinks, repeated when it grows.
pub fn resized(picture: &Canvas, width: u32, height: u32) -> Canvas {
    let span = |k: u32, from: u32, to: u32| {
        let lo = u64::from(k) * u64::from(from) / u64::from(to);
        let hi = (u64::from(k + 1) * u64::from(from)).div_ceil(u64::from(to));
        lo as u32..(hi as u32).max(lo as u32 + 1)
    };
    let mut data = Vec::with_capacity((width * height) as usize);
    for y in 0..height {
        for x in 0..width {
            let (mut sum, mut count) = ([0u32; 3], 0);
            for sy in span(y, picture.height, height) {
                for sx in span(x, picture.width, width) {
                    let p = picture.data[(sy * picture.width + sx) as usize];
                    (0..3).for_each(|c| sum[c] += u32::from(p[c]));
                    count += 1;
                }
            }
            data.push(sum.map(|s| ((s + count / 2) / count) as u8));
        }
    }
    Canvas { width, height, data }
}

/// Copy a picture into another at a position; what does not fit is left out.
pub fn paste(canvas: &mut Canvas, picture: &Canvas, left: u32, top: u32) {
    let columns = picture.width.min(canvas.width.saturating_sub(left)) as usize;
    for y in 0..picture.height.min(canvas.height.saturating_sub(top)) {
        let from = (y * picture.width) as usize;
        let to = ((y + top) * canvas.width + left) as usize;
        canvas.data[to..to + columns].copy_from_slice(&picture.data[from..from + columns]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disc_has_its_area_and_place() {
        let mut canvas = Canvas::filled(40, 30, [0; 3]);
        disc(&mut canvas, Vec2::new(12.0, 10.0), 5.0, [255; 3]);
        let area: f32 = canvas.data.iter().map(|p| f32::from(p[0]) / 255.0).sum();
        assert!((area - std::f32::consts::PI * 25.0).abs() < 2.5, "{area}");
        assert_eq!(canvas.get(12, 10), Some([255; 3]));
        assert_eq!(canvas.get(20, 20), Some([0; 3]));
    }

    #[test]
    fn drawing_off_the_canvas_is_harmless() {
        let mut canvas = Canvas::filled(8, 8, [7; 3]);
        line(&mut canvas, Vec2::new(-1e6, -1e6), Vec2::new(-5e5, 1e6), 3.0, [255; 3]);
        assert!(canvas.data.iter().all(|p| *p == [7; 3]));
    }

    #[test]
    fn shrinking_averages() {
        let canvas = Canvas { width: 2, height: 2, data: vec![[0; 3], [100; 3], [100; 3], [200; 3]] };
        assert_eq!(resized(&canvas, 1, 1).data, vec![[100; 3]]);
        assert_eq!(resized(&canvas, 4, 4).get(3, 0), Some([100; 3]));
    }

    #[test]
    fn part_colours_tell_all_parts_apart() {
        let colours: std::collections::BTreeSet<_> = (1..=33).map(part_colour).collect();
        assert_eq!(colours.len(), 33);
    }
}
