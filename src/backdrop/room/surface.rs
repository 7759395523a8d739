//! What a face looks like: colour, texture, and cells of slightly different brightness (boards, tiles, drawers).

use glam::Vec3A;

use crate::assets::{Encoding, NOISE_DEVIATIONS, Texture};

/// Appearance of a face; u and v are metres.
#[derive(Clone)]
pub(super) struct Surface<'a> {
    /// Noise (brightens and darkens) or a picture (its light, mean 1).
    pub texture: &'a Texture,
    /// Texels per metre.
    pub texels_per_m: f32,
    /// Texels at u = 0, v = 0.
    pub start: [f32; 2],
    /// Factor on the light, per channel.
    pub colour: Vec3A,
    /// Contrast of noise, per standard deviation.
    pub contrast: f32,
    /// Width and height of a cell, metres; rows are shifted against each other.
    pub cell_m: [f32; 2],
    /// How much cells differ in brightness; 0 for none.
    pub cell_spread: f32,
}

impl Surface<'_> {
    /// Reflectance (or radiance, where it shines) at a place, as the mean over a spot of the given width, metres.
    pub(super) fn colour(&self, u: f32, v: f32, spot_m: f32) -> Vec3A {
        let (level, times) = self.texture.level(spot_m * self.texels_per_m);
        let scale = self.texels_per_m / times;
        let at = |start: f32, metres: f32, size: u32| (start / times + metres * scale) as i32 & (size as i32 - 1);
        // v grows upwards on walls, rows of a picture grow downwards
        let (x, y) = (at(self.start[0], u, level.width), at(self.start[1], -v, level.height));
        let texel = level.data[(y * level.width as i32 + x) as usize];
        self.textured(texel) * self.cell(u, v)
    }

    fn textured(&self, [r, g, b, a]: [u8; 4]) -> Vec3A {
        match self.texture.encoding {
            Encoding::Values => {
                let deviations = (f32::from(a) / 127.5 - 1.0) * NOISE_DEVIATIONS;
                self.colour * (1.0 + self.contrast * deviations).max(0.1)
            }
            Encoding::Colour { white } => {
                let byte = Vec3A::new(f32::from(r), f32::from(g), f32::from(b)) * (1.0 / 255.0);
                self.colour * (byte * byte * white)
            }
        }
    }

    /// Brightness and, a third as much, tint of the cell at a place.
    fn cell(&self, u: f32, v: f32) -> Vec3A {
        if self.cell_spread <= 0.0 {
            return Vec3A::ONE;
        }
        let row = (v / self.cell_m[1]).floor();
        let column = (u / self.cell_m[0] + 0.37 * row).floor();
        // any mixing of the two numbers will do: neighbours must differ
        let mixed = (column as i32 as u32).wrapping_mul(0x9E37_79B1) ^ (row as i32 as u32).wrapping_mul(0x85EB_CA77);
        let mixed = (mixed ^ (mixed >> 15)).wrapping_mul(0x2C1B_3C6D);
        let byte = |shift: u32| (mixed >> shift & 255) as f32 * (1.0 / 127.5) - 1.0;
        let tint = Vec3A::new(byte(0), byte(8), byte(16)) * (1.0 / 3.0);
        Vec3A::ONE + (tint + byte(24)) * (self.cell_spread * 0.75)
    }
}
