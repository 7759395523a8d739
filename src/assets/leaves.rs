//! Dead leaves: opaque shapes with power-law sizes that cover each other, wrapped around the texture's edges.

use super::noise::NOISE_DEVIATIONS;
use super::settings::{Colour, DeadLeaves, Settings};
use super::texture::Texture;
use crate::frame::Plane;
use crate::seed::{Stream, dataset_stream};

/// Linear light of byte 255; the mean is 1.
const WHITE: f32 = 4.0;
/// Palettes that a texture may take its colours from.
const PALETTES: [&str; 7] = ["indoors", "garden", "street", "shore", "workshop", "textile", "furniture"];

/// Dead-leaves texture of a number: linear light whose mean luminance is 1. `grain` is a noise texture of the same size.
pub(super) fn leaves_texture(settings: &Settings, number: u32, grain: &Texture) -> Texture {
    let mut stream = dataset_stream(0, "dead-leaves-texture", u64::from(number));
    let size = settings.pool.size_px;
    let palette = settings.palette(PALETTES[stream.index(PALETTES.len())]);
    let accents = settings.palette("accents");
    let mut canvas = Plane::filled(size, size, palette[0].0);
    for _ in 0..settings.dead_leaves.shapes {
        let leaf = Leaf::draw(&settings.dead_leaves, &canvas, [palette, accents], &mut stream);
        leaf.paint(&mut canvas, grain);
    }
    let mean = canvas.data.iter().map(|c| f64::from(luminance(*c))).sum::<f64>() / canvas.data.len() as f64;
    for colour in &mut canvas.data {
        *colour = colour.map(|v| v / mean as f32);
    }
    Texture::from_linear(&canvas, WHITE)
}

fn luminance([r, g, b]: [f32; 3]) -> f32 {
    0.2126 * r + 0.7152 * g + 0.0722 * b
}

/// One shape.
struct Leaf {
    centre: [f32; 2],
    /// Half sizes along its own axes.
    half: [f32; 2],
    /// First axis.
    axis: [f32; 2],
    is_box: bool,
    colour: [f32; 3],
    /// Brightening per unit of the shape's own coordinates (-1..1).
    gradient: [f32; 2],
    /// Contrast and magnification of the grain, and where it starts.
    grain: f32,
    grain_scale: f32,
    grain_start: [f32; 2],
    edge: f32,
}

impl Leaf {
    fn draw(s: &DeadLeaves, canvas: &Plane<[f32; 3]>, [palette, accents]: [&[Colour]; 2], stream: &mut Stream) -> Self {
        let is_box = stream.chance(s.box_share);
        let angle = if is_box && stream.chance(s.upright_share) {
            0.03 * stream.normal()
        } else {
            std::f32::consts::TAU * stream.unit()
        };
        let radius = power_law(s.radius_px, s.size_exponent, stream.unit());
        let slim = libm::expf(0.45 * stream.normal()).clamp(0.3, 3.3).sqrt();
        let from = if stream.chance(s.accent_share) { accents } else { palette };
        let Colour(base) = from[stream.index(from.len())];
        let light = libm::expf(s.lightness_spread * stream.normal());
        let mut place = || canvas.width as f32 * stream.unit();
        let (centre, grain_start) = ([place(), place()], [place(), place()]);
        // things that lie together look alike: a small shape takes after what it lies on
        let under = canvas.at(centre.into()).unwrap_or(base);
        let share = stream.unit() * stream.unit();
        let own = s.own_colour[0] + (s.own_colour[1] - s.own_colour[0]) * share;
        let own = own.max(radius / s.radius_px[1]);
        let slope = std::f32::consts::TAU * stream.unit();
        let strength = stream.uniform(s.gradient[0], s.gradient[1]);
        Self {
            centre,
            half: [radius * slim, radius / slim],
            axis: [libm::cosf(angle), libm::sinf(angle)],
            is_box,
            colour: std::array::from_fn(|c| {
                (under[c] + (base[c] - under[c]) * own) * light * stream.uniform(0.94, 1.06)
            }),
            gradient: [strength * libm::cosf(slope), strength * libm::sinf(slope)],
            grain: stream.uniform(s.texture[0], s.texture[1]),
            grain_scale: stream.uniform(0.3, 1.6),
            grain_start,
            edge: stream.uniform(s.edge_px[0], s.edge_px[1]),
        }
    }

    fn paint(&self, canvas: &mut Plane<[f32; 3]>, grain: &Texture) {
        let [a, b] = self.half;
        let [c, s] = self.axis.map(f32::abs);
        let reach = [a * c + b * s, a * s + b * c].map(|r| r + self.edge);
        let size = canvas.width as i32;
        let (grain, _) = grain.level(1.0);
        let span = |k: usize| {
            let (lo, hi) = ((self.centre[k] - reach[k]) as i32 - 1, (self.centre[k] + reach[k]) as i32 + 1);
            lo..hi.min(lo + size)
        };
        for y in span(1) {
            let row = (y.rem_euclid(size) * size) as usize;
            for x in span(0) {
                let offset = [x as f32 + 0.5 - self.centre[0], y as f32 + 0.5 - self.centre[1]];
                let own = [
                    offset[0] * self.axis[0] + offset[1] * self.axis[1],
                    offset[1] * self.axis[0] - offset[0] * self.axis[1],
                ];
                let cover = (0.5 - self.outside(own) / self.edge).clamp(0.0, 1.0);
                if cover > 0.0 {
                    let light = self.light(own, offset, grain);
                    let pixel = &mut canvas.data[row + x.rem_euclid(size) as usize];
                    *pixel = std::array::from_fn(|k| pixel[k] + cover * (self.colour[k] * light - pixel[k]));
                }
            }
        }
    }

    /// Distance outside the outline (negative inside), texels; for ellipses near the outline only.
    fn outside(&self, own: [f32; 2]) -> f32 {
        let [a, b] = self.half;
        if self.is_box {
            return (own[0].abs() - a).max(own[1].abs() - b);
        }
        let r = ((own[0] / a) * (own[0] / a) + (own[1] / b) * (own[1] / b)).sqrt();
        (r - 1.0) * a.min(b)
    }

    /// Brightness at a place: gradient, grain and, on ellipses, the shading of a ball.
    fn light(&self, own: [f32; 2], offset: [f32; 2], grain: &Plane<[u8; 4]>) -> f32 {
        let unit = [own[0] / self.half[0], own[1] / self.half[1]];
        let slope = 1.0 + self.gradient[0] * unit[0] + self.gradient[1] * unit[1];
        let mask = grain.width as i32 - 1;
        let at = |k: usize| (self.grain_start[k] + offset[k] * self.grain_scale) as i32 & mask;
        let value = f32::from(grain.data[(at(1) * grain.width as i32 + at(0)) as usize][1]) / 127.5 - 1.0;
        let round = if self.is_box { 1.0 } else { 1.1 - 0.3 * (unit[0] * unit[0] + unit[1] * unit[1]) };
        (slope * round * (1.0 + self.grain * value * NOISE_DEVIATIONS)).max(0.05)
    }
}

/// Quantile of a density r^-a between two radii; `a` is not 1.
fn power_law([least, most]: [f32; 2], a: f32, unit: f32) -> f32 {
    let (lo, hi) = (libm::powf(least, 1.0 - a), libm::powf(most, 1.0 - a));
    libm::powf(lo + unit * (hi - lo), 1.0 / (1.0 - a))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assets::noise::noise_texture;
    use crate::assets::settings::Pool;

    #[test]
    fn sizes_follow_the_power_law() {
        let mut stream = dataset_stream(1, "test", 0);
        let radii: Vec<f32> = (0..20_000).map(|_| power_law([2.0, 200.0], 3.0, stream.unit())).collect();
        // density r^-3: the share above 4 is (4^-2 - 200^-2) / (2^-2 - 200^-2), about a quarter
        let above = radii.iter().filter(|r| **r > 4.0).count() as f32 / radii.len() as f32;
        assert!((above - 0.25).abs() < 0.01, "{above}");
        assert!(radii.iter().all(|r| (2.0..=200.001).contains(r)));
    }

    #[test]
    fn light_has_mean_one_and_wraps_around() {
        let mut settings = Settings::built_in().unwrap();
        settings.pool = Pool { size_px: 128, ..settings.pool };
        let grain = noise_texture(&settings.pool, &settings.noise, 0);
        let texture = leaves_texture(&settings, 5, &grain);
        let (plane, _) = texture.level(1.0);
        let light = |byte: u8| f32::from(byte) / 255.0 * (f32::from(byte) / 255.0) * WHITE;
        let mean = plane.data.iter().map(|t| luminance([light(t[0]), light(t[1]), light(t[2])])).sum::<f32>();
        let mean = mean / plane.data.len() as f32;
        assert!((mean - 1.0).abs() < 0.03, "{mean}");
        let step = |x: usize, to: usize| -> u32 {
            (0..128).map(|y| u32::from(plane.data[y * 128 + x][1].abs_diff(plane.data[y * 128 + to][1]))).sum()
        };
        let inner: u32 = (0..127).map(|x| step(x, x + 1)).sum::<u32>() / 127;
        assert!(step(127, 0) < 3 * inner, "seam {} against {inner}", step(127, 0));
        assert_eq!(texture, leaves_texture(&settings, 5, &grain));
    }
}
