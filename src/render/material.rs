//! A hand's skin, ready for shading.

use super::decal::Decals;
use super::shading::{SKIN_F0, SKIN_GRAZING};
use crate::rig::RigMesh;
use crate::scene::SkinMaterial;
use crate::tone::{Palette, palette};

/// One hand's skin.
pub(super) struct Material {
    pub(super) palette: Palette,
    pub(super) skin: SkinMaterial,
    pub(super) f0: f32,
    /// Reflectance at grazing incidence.
    pub(super) grazing: f32,
    /// Colour over the nails and its share, roughness of what they show.
    pub(super) nail_cover: ([f32; 3], f32),
    pub(super) nail_roughness: f32,
    /// Scar colour.
    pub(super) scar_rgb: [f32; 3],
    pub(super) has_hair: bool,
    pub(super) has_spots: bool,
    pub(super) decals: Option<Decals>,
    /// Moves the repeated structures from person to person, repeats.
    pub(super) offset: [f32; 2],
}

impl Material {
    pub(super) fn new(skin: &SkinMaterial, mesh: &RigMesh) -> Self {
        let traits = &skin.traits;
        let palette = palette(skin.melanin, skin.blood);
        let varnish = traits.varnish.map_or(([0.0; 3], 0.0), |v| (v.rgb, v.cover.clamp(0.0, 1.0)));
        let redness = traits.scar.map_or(0.0, |s| s.redness.clamp(0.0, 1.0));
        let seed = traits.seed;
        Self {
            f0: SKIN_F0 * skin.specular.max(0.0),
            grazing: skin_grazing(skin.specular),
            nail_cover: varnish,
            nail_roughness: traits.varnish.map_or(skin.nail_roughness, |v| v.roughness),
            scar_rgb: std::array::from_fn(|c| palette.scar[0][c] + (palette.scar[1][c] - palette.scar[0][c]) * redness),
            has_hair: traits.hair > 0.0,
            has_spots: traits.freckles > 0.0 || traits.age_spots > 0.0,
            decals: Decals::new(traits.scar, traits.tattoo, mesh),
            offset: [(seed & 0xff) as f32 / 256.0, (seed >> 8 & 0xff) as f32 / 256.0],
            palette,
            skin: *skin,
        }
    }
}

/// Reflectance of skin of some gloss at grazing incidence.
pub(super) fn skin_grazing(specular: f32) -> f32 {
    SKIN_GRAZING * specular.clamp(0.0, 1.0)
}
