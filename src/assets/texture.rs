//! A picture in memory with its smaller copies, small enough to keep many.

use crate::frame::Plane;

/// What the bytes of a texture mean.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Encoding {
    /// Linear light is `(byte / 255)² * white`, channels red green blue and an unused one.
    Colour {
        /// Linear light of byte 255.
        white: f32,
    },
    /// Four values in their own right.
    Values,
}

/// A picture in memory with copies of half, a quarter, ... the size.
#[derive(Debug, Clone, PartialEq)]
pub struct Texture {
    /// What the bytes mean.
    pub encoding: Encoding,
    levels: Vec<Plane<[u8; 4]>>,
}

/// Smallest side of a copy, texels.
const SMALLEST: u32 = 8;

impl Texture {
    /// A texture from its full-sized picture, which must not be empty.
    pub fn new(encoding: Encoding, full: Plane<[u8; 4]>) -> Self {
        let mut levels = vec![full];
        while let Some(last) = levels.last().filter(|l| l.width.min(l.height) >= 2 * SMALLEST) {
            levels.push(halved(last, encoding));
        }
        Self { encoding, levels }
    }

    /// A texture of linear light; `white` and above are stored as byte 255.
    pub fn from_linear(pixels: &Plane<[f32; 3]>, white: f32) -> Self {
        let byte = |v: f32| ((v / white).clamp(0.0, 1.0).sqrt() * 255.0 + 0.5) as u8;
        let data = pixels.data.iter().map(|[r, g, b]| [byte(*r), byte(*g), byte(*b), 255]).collect();
        Self::new(Encoding::Colour { white }, Plane { width: pixels.width, height: pixels.height, data })
    }

    /// The copy to sample when neighbouring samples lie `step` full-sized texels apart, and how many times smaller it is.
    pub fn level(&self, step: f32) -> (&Plane<[u8; 4]>, f32) {
        // a copy is used as soon as samples lie 1.5 of its own texels apart at most
        let wanted = (step.max(1.0) * (4.0 / 3.0)).min(32_768.0) as u32;
        let k = (wanted.ilog2() as usize).min(self.levels.len() - 1);
        (&self.levels[k], (1_u32 << k) as f32)
    }

    /// Bytes in memory.
    pub fn bytes(&self) -> usize {
        self.levels.iter().map(|l| l.data.len() * 4).sum()
    }
}

/// A copy of half the size: means of 2 x 2 texels, of light where the bytes are colours.
fn halved(full: &Plane<[u8; 4]>, encoding: Encoding) -> Plane<[u8; 4]> {
    let (width, height) = (full.width / 2, full.height / 2);
    let stride = full.width as usize;
    let mean = |a: [u8; 4]| -> u8 {
        match encoding {
            Encoding::Values => ((a.iter().map(|v| u32::from(*v)).sum::<u32>() + 2) / 4) as u8,
            Encoding::Colour { .. } => {
                let light: u32 = a.iter().map(|v| u32::from(*v) * u32::from(*v)).sum();
                ((light as f32 * 0.25).sqrt() + 0.5) as u8
            }
        }
    };
    let texel = |x: usize, y: usize| {
        let k = 2 * y * stride + 2 * x;
        let block = [full.data[k], full.data[k + 1], full.data[k + stride], full.data[k + stride + 1]];
        std::array::from_fn(|c| mean(block.map(|t| t[c])))
    };
    let data = (0..height as usize).flat_map(|y| (0..width as usize).map(move |x| (x, y)));
    Plane { width, height, data: data.map(|(x, y)| texel(x, y)).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn smaller_copies_keep_the_light() {
        let mut full = Plane::filled(64, 32, [0, 0, 0, 255]);
        for (k, texel) in full.data.iter_mut().enumerate() {
            *texel = if k % 2 == 0 { [255, 0, 0, 255] } else { [0, 0, 100, 255] };
        }
        let texture = Texture::new(Encoding::Colour { white: 1.0 }, full);
        let (small, times) = texture.level(4.0);
        assert_eq!((small.width, small.height, times), (16, 8, 4.0));
        let light = |byte: u8| (f32::from(byte) / 255.0) * (f32::from(byte) / 255.0);
        assert!((light(small.data[5][0]) - 0.5).abs() < 0.01);
        assert!((light(small.data[5][2]) - light(100) / 2.0).abs() < 0.01);
    }

    #[test]
    fn levels_follow_the_step_and_end_at_the_smallest() {
        let texture = Texture::new(Encoding::Values, Plane::filled(64, 64, [7; 4]));
        let times = |step| texture.level(step).1;
        assert_eq!([times(0.1), times(1.4), times(1.6), times(3.1), times(1e9)], [1.0, 1.0, 2.0, 4.0, 8.0]);
        assert_eq!(texture.level(1e9).0.data[0], [7; 4]);
        assert_eq!(texture.level(f32::NAN).1, 1.0);
    }
}
