//! The picture behind the hands and the light it throws on them.

mod crop;
mod gradient;
mod light;
mod meter;
mod panorama;
mod rays;
mod resolve;
mod room;

use glam::Vec3;

pub use resolve::{BackdropError, resolve};

use crate::frame::Plane;

/// What a renderer needs to know of everything that is not a hand.
#[derive(Debug, Clone, PartialEq)]
pub struct Backdrop {
    /// Linear light behind the hands, picture-sized.
    pub pixels: Plane<[f32; 3]>,
    /// Light from everywhere on the hands.
    pub irradiance: Sh9,
    /// Factor on all light that the camera's exposure meter asks for. A picture that does not share the hands' light is
    /// already divided by it, so that it keeps its own brightness.
    pub gain: f32,
}

/// Radiance over all directions, linear red green blue, as real spherical harmonics of bands 0 to 2 in world axes.
///
/// A coefficient is the integral over the sphere of radiance times its orthonormal basis function of the unit
/// direction (x, y, z) the light comes from. Order:
///
/// | k | basis function |
/// |---|---|
/// | 0 | 0.282095 |
/// | 1 | 0.488603 y |
/// | 2 | 0.488603 z |
/// | 3 | 0.488603 x |
/// | 4 | 1.092548 x y |
/// | 5 | 1.092548 y z |
/// | 6 | 0.315392 (3 z² - 1) |
/// | 7 | 1.092548 x z |
/// | 8 | 0.546274 (x² - y²) |
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Sh9(pub [[f32; 3]; 9]);

impl Sh9 {
    /// Values of the nine basis functions in a unit direction.
    pub fn basis(d: Vec3) -> [f32; 9] {
        [
            0.282_094_8,
            0.488_602_5 * d.y,
            0.488_602_5 * d.z,
            0.488_602_5 * d.x,
            1.092_548_4 * d.x * d.y,
            1.092_548_4 * d.y * d.z,
            0.315_391_57 * (3.0 * d.z * d.z - 1.0),
            1.092_548_4 * d.x * d.z,
            0.546_274_2 * (d.x * d.x - d.y * d.y),
        ]
    }

    /// The same radiance from everywhere.
    pub fn uniform(radiance: [f32; 3]) -> Self {
        let mut sh = Self::default();
        sh.0[0] = radiance.map(|r| r * 3.544_907_7); // sqrt(4 pi)
        sh
    }
}

#[cfg(test)]
mod tests {
    use std::sync::OnceLock;

    use crate::assets::Assets;
    use crate::assets::settings::{Pool, Settings};

    /// Assets with few and small textures, made once for all tests.
    pub(super) fn assets() -> &'static Assets {
        static ASSETS: OnceLock<Assets> = OnceLock::new();
        ASSETS.get_or_init(|| {
            let mut settings = Settings::built_in().unwrap();
            settings.pool = Pool { size_px: 128, noise: 5, dead_leaves: 6 };
            settings.dead_leaves.shapes = 300;
            Assets::with_settings(settings)
        })
    }
}
