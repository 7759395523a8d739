//! Settings of the procedural backgrounds: `backgrounds/index.toml`, built into the program.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::AssetError;

const INDEX: &str = include_str!("../../backgrounds/index.toml");

/// Content of `backgrounds/index.toml`; the file explains its values.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Version of the file.
    pub format_version: u32,
    /// How many textures of which size.
    pub pool: Pool,
    /// Noise textures.
    pub noise: Noise,
    /// Dead-leaves textures.
    pub dead_leaves: DeadLeaves,
    /// Rooms.
    pub room: RoomSettings,
    /// Named lists of colours.
    pub palettes: BTreeMap<String, Vec<Colour>>,
}

/// How many textures of which size.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pool {
    /// Side, texels; a power of two.
    pub size_px: u32,
    /// Number of noise textures.
    pub noise: u32,
    /// Number of dead-leaves textures.
    pub dead_leaves: u32,
}

/// Noise textures.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Noise {
    /// Exponents of the amplitude spectra in the four channels of a texture, rising.
    pub exponents: [f32; 4],
}

/// Dead-leaves textures.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeadLeaves {
    /// Shapes per texture.
    pub shapes: u32,
    /// Smallest and largest radius, texels.
    pub radius_px: [f32; 2],
    /// Exponent a of the density r^-a of radii; not 1.
    pub size_exponent: f32,
    /// Share of boxes among the shapes.
    pub box_share: f32,
    /// Share of boxes that stand straight.
    pub upright_share: f32,
    /// Contrast of the texture on a shape, least and most.
    pub texture: [f32; 2],
    /// Brightening across a shape, least and most.
    pub gradient: [f32; 2],
    /// Width of edges, texels, least and most.
    pub edge_px: [f32; 2],
    /// Standard deviation of the logarithm of a shape's brightness.
    pub lightness_spread: f32,
    /// Share of a shape's own colour, the rest is that of what it lies on: least and most.
    pub own_colour: [f32; 2],
    /// Share of shapes in a colour of the palette `accents`.
    pub accent_share: f32,
}

/// Rooms. Ranges are least and most.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoomSettings {
    /// Number of pieces along the walls.
    pub furniture: [u32; 2],
    /// Number of pictures on the walls.
    pub pictures: [u32; 2],
    /// Number of windows.
    pub windows: [u32; 2],
    /// Number of lamps on the ceiling.
    pub lamps: [u32; 2],
    /// Chance of a table below the hands.
    pub table_chance: f32,
    /// Number of things on the table.
    pub things: [u32; 2],
    /// Least distance from the hands to furniture seen from above, metres.
    pub clear_m: f32,
    /// Radiance of windows over the mean of the room's surfaces.
    pub window_radiance: [f32; 2],
    /// Radiance of lamps over the mean of the room's surfaces.
    pub lamp_radiance: [f32; 2],
    /// Light that comes from everywhere, over all light.
    pub ambient: [f32; 2],
}

/// Linear red green blue, written `"#rrggbb"` in sRGB.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(try_from = "String")]
pub struct Colour(pub [f32; 3]);

impl TryFrom<String> for Colour {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let digits = text.strip_prefix('#').filter(|d| d.len() == 6 && d.is_ascii());
        let value = digits.and_then(|d| u32::from_str_radix(d, 16).ok());
        let value = value.ok_or_else(|| format!("colour `{text}` is not of the form `#rrggbb`"))?;
        Ok(Self([16, 8, 0].map(|shift| linear((value >> shift & 255) as f32 / 255.0))))
    }
}

/// Linear light of an sRGB value, both 0..1.
pub(super) fn linear(srgb: f32) -> f32 {
    if srgb <= 0.04045 { srgb / 12.92 } else { libm::powf((srgb + 0.055) / 1.055, 2.4) }
}

impl Settings {
    /// The settings built into the program.
    pub fn built_in() -> Result<Self, AssetError> {
        let settings: Self =
            toml::from_str(INDEX).map_err(|source| AssetError::Settings { source: Box::new(source) })?;
        Ok(settings)
    }

    /// Colours of a palette; white if there is none of this name.
    pub fn palette(&self, name: &str) -> &[Colour] {
        const WHITE: &[Colour] = &[Colour([1.0; 3])];
        self.palettes.get(name).filter(|p| !p.is_empty()).map_or(WHITE, Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn built_in_settings_are_whole() {
        let settings = Settings::built_in().unwrap();
        assert_eq!(settings.format_version, 1);
        assert!(settings.pool.size_px.is_power_of_two());
        assert!(settings.noise.exponents.is_sorted());
        for name in ["walls", "floors", "furniture", "accents"] {
            assert!(settings.palette(name).len() >= 5, "{name}");
        }
    }

    #[test]
    fn colours_are_linear_light() {
        let Colour([r, g, b]) = Colour::try_from("#ff8000".to_owned()).unwrap();
        assert!((r - 1.0).abs() < 1e-6 && (g - 0.215_86).abs() < 1e-4 && b == 0.0, "{r} {g} {b}");
        assert!(Colour::try_from("ff8000".to_owned()).is_err());
        assert!(Colour::try_from("#ff80".to_owned()).unwrap_err().contains("`#ff80`"));
    }
}
