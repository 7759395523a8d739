//! Fine structure of skin as one small texture that repeats: furrows of the back, lines of the palm, hairs, and blobs
//! from which freckles and age spots grow. Made once from hashes, averaged down for distance.

use std::sync::LazyLock;

use super::prepared::MapLevel;

/// Texels per side; a power of two.
const SIZE: usize = 512;
/// Slope at byte 255.
pub(super) const MAX_SLOPE: f32 = 1.0;

/// Side of the repeated square on the skin, millimetres: of the relief, of hairs, freckles and age spots.
pub(super) const RELIEF_MM: f32 = 18.0;
pub(super) const HAIR_MM: f32 = 46.0;
pub(super) const FRECKLES_MM: f32 = 33.0;
pub(super) const SPOTS_MM: f32 = 97.0;

/// Channels of a texel.
pub(super) mod channel {
    /// Slope across and along, furrows of the back.
    pub(in super::super) const BACK: usize = 0;
    /// Depth in a furrow of the back.
    pub(in super::super) const BACK_DEPTH: usize = 2;
    pub(in super::super) const HAIR: usize = 3;
    /// Slope across and along, lines of the palm.
    pub(in super::super) const PALM: usize = 4;
    pub(in super::super) const PALM_DEPTH: usize = 6;
    pub(in super::super) const BLOB: usize = 7;
    pub(in super::super) const COUNT: usize = 8;
}

pub(super) type Texel = [u8; channel::COUNT];

/// The texture at falling sizes.
pub(super) struct Tile {
    pub(super) levels: Vec<MapLevel<{ channel::COUNT }>>,
    /// Mean of each channel, bytes as floats.
    pub(super) mean: [f32; channel::COUNT],
}

static TILE: LazyLock<Tile> = LazyLock::new(Tile::new);

impl Tile {
    pub(super) fn get() -> &'static Self {
        &TILE
    }

    fn new() -> Self {
        let cells = |x, y, seed| Cells { count: [x, y], seed };
        let [wide, furrows, fine] = [cells(9, 7, 5), cells(25, 20, 1), cells(57, 49, 2)];
        let back = Relief::new(&|x, y| {
            let [wide, furrow, fine] = [wide.groove(x, y, 0.20), furrows.groove(x, y, 0.30), fine.groove(x, y, 0.35)];
            (0.030 * wide + 0.024 * furrow + 0.010 * fine, 0.35 * wide + 0.45 * furrow + 0.20 * fine)
        });
        let [lines, pits] = [cells(9, 6, 3), cells(31, 29, 4)];
        let palm = Relief::new(&|x, y| {
            let [line, pit] = [lines.groove(x, y, 0.22), pits.groove(x, y, 0.6)];
            (0.016 * line + 0.008 * pit, 0.30 * line + 0.25 * pit)
        });
        let (hair, blobs) = (hairs(), blobs());
        let byte = |v: f32| libm::roundf(255.0 * v.clamp(0.0, 1.0)) as u8;
        let texels: Vec<Texel> = (0..SIZE * SIZE)
            .map(|k| {
                let ([bu, bv], [pu, pv]) = (back.slope(k), palm.slope(k));
                [bu, bv, byte(back.depth[k]), byte(hair[k]), pu, pv, byte(palm.depth[k]), byte(blobs[k])]
            })
            .collect();
        let mut mean = [0.0; channel::COUNT];
        for (k, mean) in mean.iter_mut().enumerate() {
            *mean = texels.iter().map(|t| f64::from(t[k])).sum::<f64>() as f32 / (SIZE * SIZE) as f32;
        }
        let mut levels = vec![MapLevel { size: SIZE, texels }];
        while let Some(next) = levels.last().and_then(MapLevel::halved) {
            levels.push(next);
        }
        Self { levels, mean }
    }

    /// Values at a place in repeats, where a pixel covers `area` squared repeats.
    #[inline]
    pub(super) fn at(&self, [u, v]: [f32; 2], area: f32) -> [f32; channel::COUNT] {
        let texels = (area * (SIZE * SIZE) as f32).max(1.0);
        let log2 = ((texels.to_bits() >> 23) as usize).saturating_sub(127);
        let level = &self.levels[(log2 / 2).min(self.levels.len() - 1)];
        let size = level.size as f32;
        let (x, y) = ((u - u.floor()) * size, (v - v.floor()) * size);
        let (x0, y0) = (x as usize, y as usize);
        let (fx, fy) = (x - x0 as f32, y - y0 as f32);
        let mask = level.size - 1;
        let taps = [
            (x0, y0, (1.0 - fx) * (1.0 - fy)),
            (x0 + 1, y0, fx * (1.0 - fy)),
            (x0, y0 + 1, (1.0 - fx) * fy),
            (x0 + 1, y0 + 1, fx * fy),
        ];
        let mut out = [0.0; channel::COUNT];
        for (x, y, weight) in taps {
            let texel = &level.texels[(y & mask) * level.size + (x & mask)];
            for (out, byte) in out.iter_mut().zip(texel) {
                *out += weight * f32::from(*byte);
            }
        }
        out
    }
}

/// Depth of furrows, mm, with its slopes.
struct Relief {
    height_mm: Vec<f32>,
    /// 0 outside furrows, 1 in the deepest.
    depth: Vec<f32>,
}

impl Relief {
    /// `furrow` gives depth in mm and share at a place 0..1 of the repeat.
    fn new(furrow: &dyn Fn(f32, f32) -> (f32, f32)) -> Self {
        let place = |k: usize| (k as f32 + 0.5) / SIZE as f32;
        let (depth_mm, depth): (Vec<f32>, Vec<f32>) =
            (0..SIZE * SIZE).map(|k| furrow(place(k % SIZE), place(k / SIZE))).unzip();
        Self { height_mm: depth_mm.into_iter().map(|d| -d).collect(), depth }
    }

    /// Coded slope across and along at texel `k`.
    fn slope(&self, k: usize) -> [u8; 2] {
        let (x, y) = (k % SIZE, k / SIZE);
        let at = |x: usize, y: usize| self.height_mm[(y % SIZE) * SIZE + x % SIZE];
        let texel_mm = RELIEF_MM / SIZE as f32;
        let code =
            |rise: f32| libm::roundf(128.0 + 127.0 * (rise / (2.0 * texel_mm) / MAX_SLOPE).clamp(-1.0, 1.0)) as u8;
        [code(at(x + 1, y) - at(x + SIZE - 1, y)), code(at(x, y + 1) - at(x, y + SIZE - 1))]
    }
}

/// Periodic cells around random points.
struct Cells {
    count: [usize; 2],
    seed: u32,
}

impl Cells {
    /// 1 on the borders between cells, 0 farther from them than `width` cells.
    fn groove(&self, u: f32, v: f32, width: f32) -> f32 {
        let (x, y) = (u * self.count[0] as f32, v * self.count[1] as f32);
        let (i, j) = (x as usize, y as usize);
        let mut nearest = [f32::MAX; 2];
        let mut owner = 0;
        for dj in 0..3 {
            for di in 0..3 {
                let cell = [(i + di + self.count[0] - 1) % self.count[0], (j + dj + self.count[1] - 1) % self.count[1]];
                let number = (cell[1] * self.count[0] + cell[0]) as u32;
                let px = (i + di) as f32 - 1.0 + 0.1 + 0.8 * hash(number, self.seed) - x;
                let py = (j + dj) as f32 - 1.0 + 0.1 + 0.8 * hash(number, self.seed + 77) - y;
                let distance = (px * px + py * py).sqrt();
                if distance < nearest[0] {
                    nearest = [distance, nearest[0]];
                    owner = number;
                } else if distance < nearest[1] {
                    nearest[1] = distance;
                }
            }
        }
        let t = (1.0 - (nearest[1] - nearest[0]) / width).clamp(0.0, 1.0);
        // some furrows are shallow
        t * t * (3.0 - 2.0 * t) * (0.55 + 0.45 * hash(owner, self.seed + 154))
    }
}

/// Hairs of about 10 mm that lean the same way; 1 where a hair is opaque.
fn hairs() -> Vec<f32> {
    const COUNT: u32 = 330;
    const STEPS: usize = 420;
    let mut out = vec![0.0_f32; SIZE * SIZE];
    for k in 0..COUNT {
        let random = |n: u32| hash(k, 900 + n);
        let length = (7.0 + 7.0 * random(0)) / HAIR_MM;
        let turn = 0.35 + 0.9 * (random(1) - 0.5);
        let bend = 1.3 * (random(2) - 0.5);
        let (mut x, mut y) = (random(3), random(4));
        let strength = 0.55 + 0.45 * random(5);
        for step in 0..STEPS {
            let t = step as f32 / STEPS as f32;
            let angle = turn + bend * t;
            x += libm::sinf(angle) * length / STEPS as f32;
            y += libm::cosf(angle) * length / STEPS as f32;
            let opacity = strength * (1.0 - t * t * t);
            let (px, py) = ((x - x.floor()) * SIZE as f32, (y - y.floor()) * SIZE as f32);
            for (dx, dy) in [(0, 0), (1, 0), (0, 1), (1, 1)] {
                let (cx, cy) = (px as usize + dx, py as usize + dy);
                let away = (px - cx as f32) * (px - cx as f32) + (py - cy as f32) * (py - cy as f32);
                let covered = &mut out[(cy % SIZE) * SIZE + cx % SIZE];
                *covered = covered.max(opacity * (1.0 - away).max(0.0));
            }
        }
    }
    out
}

/// Round spots of different size: the lower the threshold, the more of them show and the larger they are.
fn blobs() -> Vec<f32> {
    const COUNT: u32 = 420;
    let mut out = vec![0.0_f32; SIZE * SIZE];
    for k in 0..COUNT {
        let random = |n: u32| hash(k, 1900 + n);
        let rank = 1.0 - random(0) * 0.95;
        let radius = (5.0 + 13.0 * random(1) * random(1)) * (0.6 + 0.4 * rank);
        let (x, y) = (random(2) * SIZE as f32, random(3) * SIZE as f32);
        let (stretch, turn) = (0.75 + 0.25 * random(4), core::f32::consts::PI * random(5));
        let (sine, cosine) = (libm::sinf(turn), libm::cosf(turn));
        let reach = (radius / stretch) as isize + 2;
        for dy in -reach..=reach {
            for dx in -reach..=reach {
                let (fx, fy) = (dx as f32, dy as f32);
                let (a, b) = (fx * cosine + fy * sine, (fy * cosine - fx * sine) * stretch);
                let edge = 0.75 + 0.5 * hash((dx + 64) as u32 / 3 + 97 * ((dy + 64) as u32 / 3), k);
                let t = (1.0 - (a * a + b * b) / (radius * radius) * edge).max(0.0);
                let wrap = |base: f32, d: isize| (base as isize + d).rem_euclid(SIZE as isize) as usize;
                let value = &mut out[wrap(y, dy) * SIZE + wrap(x, dx)];
                *value = value.max(rank * t.sqrt());
            }
        }
    }
    out
}

/// 0..1 from a number and a seed.
fn hash(n: u32, seed: u32) -> f32 {
    let mut h = n.wrapping_mul(0x9E37_79B1) ^ seed.wrapping_mul(0x85EB_CA77);
    h = (h ^ (h >> 15)).wrapping_mul(0x2C1B_3C6D);
    h = (h ^ (h >> 12)).wrapping_mul(0x297A_2D39);
    h ^= h >> 15;
    (h >> 8) as f32 / 16_777_216.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distance_averages_and_repeats() {
        let tile = Tile::get();
        let far = tile.at([0.3, 0.7], 4.0);
        for (k, (far, mean)) in far.iter().zip(tile.mean).enumerate() {
            assert!((far - mean).abs() < 12.0, "channel {k}: {far} {mean}");
        }
        let [near, again] = [tile.at([0.3, 0.7], 1e-9), tile.at([-2.7, 5.7], 1e-9)];
        assert!(near.iter().zip(again).all(|(a, b)| (a - b).abs() < 0.05), "{near:?} {again:?}");
    }

    #[test]
    fn relief_is_level_on_the_whole() {
        let mean = Tile::get().mean;
        for k in [channel::BACK, channel::BACK + 1, channel::PALM, channel::PALM + 1] {
            assert!((mean[k] - 128.0).abs() < 0.5, "{k}: {}", mean[k]);
        }
        assert!((5.0..60.0).contains(&mean[channel::HAIR]), "{}", mean[channel::HAIR]);
    }
}
