//! A solid's surface, ready for shading.

use super::material::skin_grazing;
use super::shading::SKIN_F0;
use crate::scene::{PatternKind, SurfaceMaterial};
use crate::tone::palette;

/// Rounding of the terminator: of everything, of cloth at full sheen, and of skin on an arm per channel.
const SOFTNESS: f32 = 0.01;
const CLOTH_SOFTNESS: f32 = 0.12;
const SKIN_SOFTNESS: [f32; 3] = [0.075, 0.031, 0.03];
/// Share of the light on a fibrous surface that comes back at grazing view.
const SHEEN: f32 = 0.35;
/// Side of the hand's texture atlas, metres.
const ATLAS_M: f32 = 0.35;

/// One solid's surface, ready for shading.
pub(super) struct Finish {
    pub(super) colour: [f32; 3],
    pub(super) second: [f32; 3],
    pub(super) pattern: Option<(PatternKind, f32)>,
    pub(super) f0: [f32; 3],
    /// Reflectance at grazing incidence.
    pub(super) grazing: f32,
    /// Share of light that is reflected diffusely.
    pub(super) diffuse: f32,
    pub(super) softness: [f32; 3],
    pub(super) roughness: f32,
    pub(super) alpha: f32,
    pub(super) sheen: f32,
    /// Width of a pixel at a distance of 1.
    pub(super) pixel_tangent: f32,
    /// Metres per unit of the texture coordinates.
    pub(super) uv_m: f32,
    pub(super) detail: Detail,
}

/// What the detail of a vertex means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Detail {
    /// Nothing: gloves have the hand's vertices.
    None,
    /// Share of the sky that folds hide.
    Hollow,
}

impl Finish {
    /// A glove's: the hand's texture coordinates are shares of an atlas.
    pub(super) fn of_glove(material: &SurfaceMaterial, pixel_tangent: f32) -> Self {
        Self { uv_m: ATLAS_M, detail: Detail::None, ..Self::new(material, pixel_tangent) }
    }

    pub(super) fn new(material: &SurfaceMaterial, pixel_tangent: f32) -> Self {
        let skin = material.skin.map(|skin| palette(skin.melanin, skin.blood));
        let colour = skin.map_or(material.colour, |skin| skin.dorsum);
        let second = material.pattern.map_or(colour, |p| p.colour);
        let metal = material.metalness.clamp(0.0, 1.0);
        let f0 = material.f0;
        let roughness = material.roughness.clamp(0.05, 1.0);
        let sheen = material.sheen.clamp(0.0, 1.0);
        Self {
            colour,
            second,
            pattern: material.pattern.map(|p| (p.kind, p.period_m.max(1e-4))),
            f0: colour.map(|c| f0 + (c - f0) * metal),
            grazing: if skin.is_some() { skin_grazing(f0 / SKIN_F0) } else { 1.0 },
            diffuse: 1.0 - metal,
            softness: if material.skin.is_some() { SKIN_SOFTNESS } else { [SOFTNESS + CLOTH_SOFTNESS * sheen; 3] },
            roughness,
            alpha: roughness * roughness,
            sheen: sheen * SHEEN,
            pixel_tangent,
            uv_m: 1.0,
            detail: Detail::Hollow,
        }
    }
}
