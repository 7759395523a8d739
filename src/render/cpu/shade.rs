//! Colour of fragments: eight at a time, once per pixel and surface.

#![expect(clippy::inline_always, reason = "must be compiled for the dispatched instruction set")]

use fearless_simd::{Simd, prelude::*};
use glam::Vec3;

use super::fragment::Fragment;
use super::gather::{Batch, channel};
use super::geometry::{Geometry, slot};
use super::lanes::{F8, LANES, V8, load, mix, positive, pow5, splat, unit};
use super::light::{Cosines, Lobe, Rgb8, fresnel, ggx, soft_cosine, transmitted, visibility, with_bounces};
use super::prepared::PreparedRig;
use super::shadow::ShadowMap;
use crate::frame::Plane;
use crate::scene::{DirectionalLight, SkinMaterial};
use crate::tone::{Palette, palette};

/// Distance over which light spreads below the skin, metres: mean free paths of red, green and blue.
const SPREAD_M: [f32; 3] = [0.0034, 0.0014, 0.0009];
/// Rounding of the terminator: never sharper and never rounder than this.
const SOFTNESS: [f32; 2] = [0.03, 0.40];
/// Share of the smooth normal in the diffuse light of each channel: relief is blurred below the skin.
const SMOOTH_SHARE: [f32; 3] = [0.60, 0.35, 0.20];
/// How much light spreads into the penumbra of a shadow.
const SHADOW_BLEED: [f32; 3] = [0.55, 0.15, 0.05];
/// Absorption on the way through flesh, 1/m.
const ABSORPTION: [f32; 3] = [250.0, 900.0, 1200.0];
/// Share of light that leaves on the other side of an infinitely thin body.
const TRANSMISSION: f32 = 0.16;

/// Reflectance of skin at normal incidence (n = 1.4) and of nails (n = 1.5).
const SKIN_F0: f32 = 0.028;
const NAIL_F0: f32 = 0.04;
/// Roughness of skin's two lobes as factors on the material's, and the share of the second.
const LOBE_FACTORS: [f32; 2] = [0.75, 1.30];
const SECOND_LOBE: f32 = 0.60;
/// Steepest relief, as tangent.
const MAX_RELIEF: f32 = 1.2;

/// Everything of a picture that does not belong to one hand.
pub(super) struct Lighting<'a> {
    /// Camera's position in the world.
    pub(super) eye: Vec3,
    pub(super) lights: &'a [DirectionalLight],
    /// In the lights' order.
    pub(super) shadows: &'a [ShadowMap],
    pub(super) ambient: Lobe,
    /// The environment as blurred by a rough reflection.
    pub(super) reflected: Lobe,
}

/// One hand's skin.
pub(super) struct Material {
    palette: Palette,
    skin: SkinMaterial,
    f0: f32,
    /// Reflectance that a smooth surface gains at grazing view.
    grazing: f32,
    /// Alphas of the two skin lobes and of the nail.
    alpha: [f32; 3],
}

impl Material {
    pub(super) fn new(skin: SkinMaterial) -> Self {
        let alpha = |roughness: f32| {
            let r = roughness.clamp(0.05, 1.0);
            r * r
        };
        Self {
            palette: palette(skin.melanin, skin.blood),
            skin,
            f0: SKIN_F0 * skin.specular.max(0.0),
            grazing: 0.5 * skin.specular.clamp(0.0, 1.0),
            alpha: [
                alpha(skin.roughness * LOBE_FACTORS[0]),
                alpha(skin.roughness * LOBE_FACTORS[1]),
                alpha(skin.nail_roughness),
            ],
        }
    }
}

/// A surface in eight pixels.
struct Surface<S: Simd> {
    position: V8<S>,
    /// Without and with relief.
    smooth: V8<S>,
    normal: V8<S>,
    view: V8<S>,
    normal_view: F8<S>,
    openness: F8<S>,
    curvature: F8<S>,
    albedo: Rgb8<S>,
    nail: F8<S>,
    f0: F8<S>,
}

/// Shade one hand's fragments and add them to the picture.
#[inline(always)]
pub(super) fn shade<S: Simd>(
    simd: S,
    fragments: &[Fragment],
    (geometry, rig, material): (&Geometry, &PreparedRig, &Material),
    lighting: &Lighting<'_>,
    colour: &mut Plane<[f32; 3]>,
) {
    let mut batch = Batch::default();
    for eight in fragments.chunks(LANES) {
        batch.fill(simd, eight, geometry, colour.width, rig.maps.as_ref());
        let max_slope = rig.maps.as_ref().map(|m| m.max_slope);
        let surface = surface(simd, &batch, max_slope, material, lighting.eye);
        let rgb = radiance(simd, &surface, material, lighting);
        for (lane, fragment) in eight.iter().enumerate() {
            let weight = f32::from(fragment.count) * (1.0 / LANES as f32);
            let pixel = &mut colour.data[fragment.pixel as usize];
            for (value, channel) in pixel.iter_mut().zip(&rgb) {
                *value += channel[lane] * weight;
            }
        }
    }
}

#[inline(always)]
fn surface<S: Simd>(simd: S, batch: &Batch, max_slope: Option<f32>, material: &Material, eye: Vec3) -> Surface<S> {
    let attribute = |k: usize| load(simd, &batch.attribute[k]);
    let position = V8::load(simd, &batch.attribute[slot::POSITION..]);
    let smooth = V8::load(simd, &batch.attribute[slot::NORMAL..]).unit();
    let view = V8::splat(simd, eye).sub(position).unit();
    let zero = splat(simd, 0.0);
    let (normal, albedo, nail) = match max_slope {
        Some(max_slope) => {
            let normal = with_relief(simd, batch, smooth, max_slope * material.skin.relief);
            let (albedo, nail) = mapped_albedo(simd, batch, &material.palette);
            (normal, albedo, nail)
        }
        None => (smooth, palmar_albedo(simd, unit(attribute(slot::PALMAR)), &material.palette), zero),
    };
    Surface {
        position,
        smooth,
        normal,
        view,
        normal_view: normal.dot(view).max(splat(simd, 0.04)),
        openness: attribute(slot::OPENNESS),
        curvature: attribute(slot::CURVATURE),
        albedo,
        nail,
        f0: mix(splat(simd, material.f0), splat(simd, NAIL_F0), nail),
    }
}

/// Tilt the normal by the slope of the skin's relief.
#[inline(always)]
fn with_relief<S: Simd>(simd: S, batch: &Batch, smooth: V8<S>, slope_scale: f32) -> V8<S> {
    let slope = |k: usize| (load(simd, &batch.texel[channel::SLOPE + k]) - 128.0) * (slope_scale / 127.0);
    let (along_u, along_v) = (slope(0), slope(1));
    let edge_uv = |k: usize| load(simd, &batch.edge_uvs[k]);
    // change of height along the two edges, then its gradient in the triangle's plane
    let rise = [along_u * edge_uv(0) + along_v * edge_uv(1), along_u * edge_uv(2) + along_v * edge_uv(3)];
    let (first, second) = (V8::load(simd, &batch.edges[0..3]), V8::load(simd, &batch.edges[3..6]));
    let face = first.cross(second);
    let gradient = second.cross(face).scale(rise[0]).add(face.cross(first).scale(rise[1]));
    let gradient = gradient.scale(1.0 / face.dot(face).max(splat(simd, 1e-24)));
    let steepness = gradient.dot(gradient).sqrt().max(splat(simd, 1e-6));
    let limit = (MAX_RELIEF / steepness).min(splat(simd, 1.0));
    smooth.sub(gradient.scale(limit)).unit()
}

#[inline(always)]
fn palmar_albedo<S: Simd>(simd: S, palmar: F8<S>, palette: &Palette) -> Rgb8<S> {
    std::array::from_fn(|c| mix(splat(simd, palette.dorsum[c]), splat(simd, palette.palm[c]), palmar))
}

/// Albedo and share of nail from the skin maps.
#[inline(always)]
fn mapped_albedo<S: Simd>(simd: S, batch: &Batch, palette: &Palette) -> (Rgb8<S>, F8<S>) {
    let texel = |k: usize| load(simd, &batch.texel[k]) * (1.0 / 255.0);
    let (palmar, nail) = (texel(channel::PALMAR), texel(channel::NAIL));
    // 128 is neutral in both: above it lies redder skin and the free edge, below it paler skin and the lunula
    let signed = |k: usize| (load(simd, &batch.texel[k]) - 128.0) * (1.0 / 127.0);
    let (flush, nail_part) = (signed(channel::FLUSH), signed(channel::NAIL_PART));
    let (edge, moon) = (unit(nail_part), unit(-nail_part));
    let albedo = std::array::from_fn(|c| {
        let skin = mix(splat(simd, palette.dorsum[c]), splat(simd, palette.palm[c]), palmar);
        let flushed = skin * (flush * (palette.flush[c] / palette.dorsum[c].max(1e-3) - 1.0) + 1.0);
        let plate = mix(splat(simd, palette.nail[c]), splat(simd, palette.lunula[c]), moon);
        let plate = mix(plate, splat(simd, palette.free_edge[c]), edge);
        mix(flushed, plate, nail)
    });
    (albedo, nail)
}

#[inline(always)]
fn radiance<S: Simd>(simd: S, surface: &Surface<S>, material: &Material, lighting: &Lighting<'_>) -> Rgb8<S> {
    let ambient = lighting.ambient.at(surface.normal);
    let mut diffuse: Rgb8<S> = std::array::from_fn(|c| ambient[c] * with_bounces(surface.openness, surface.albedo[c]));
    let mut specular = environment_reflection(simd, surface, material, &lighting.reflected);
    for (light, shadow) in lighting.lights.iter().zip(lighting.shadows) {
        let to_light = V8::splat(simd, light.to_light);
        let lit = shadow.lit(simd, surface.position, surface.smooth);
        let reflected = highlight(simd, surface, material, to_light) * lit;
        let facing = diffuse_cosines(simd, surface, to_light, lit);
        for c in 0..3 {
            diffuse[c] += facing[c] * light.irradiance[c];
            specular[c] += reflected * light.irradiance[c];
        }
    }
    std::array::from_fn(|c| diffuse[c] * surface.albedo[c] + specular[c])
}

/// Diffuse light per channel from one light of unit irradiance, spread below the skin.
#[inline(always)]
fn diffuse_cosines<S: Simd>(simd: S, surface: &Surface<S>, to_light: V8<S>, lit: F8<S>) -> Rgb8<S> {
    let (smooth, bumped) = (surface.smooth.dot(to_light), surface.normal.dot(to_light));
    // a body of mean curvature k is taken for a cylinder: radius 1 / 2k
    let chord = 1.0 / surface.curvature.max(splat(simd, 5.0));
    std::array::from_fn(|c| {
        let softness = (surface.curvature * (SPREAD_M[c] * 2.0)).max(splat(simd, SOFTNESS[0]));
        let softness = softness.min(splat(simd, SOFTNESS[1]));
        let cosine = soft_cosine(bumped + (smooth - bumped) * SMOOTH_SHARE[c], softness);
        let bled = lit + lit * (1.0 - lit) * SHADOW_BLEED[c];
        cosine * bled + transmitted(smooth, chord, ABSORPTION[c]) * lit * TRANSMISSION
    })
}

/// Specular reflection of one light of unit irradiance.
#[inline(always)]
fn highlight<S: Simd>(simd: S, surface: &Surface<S>, material: &Material, to_light: V8<S>) -> F8<S> {
    let half = to_light.add(surface.view).unit();
    let cosines = Cosines {
        normal_light: positive(surface.normal.dot(to_light)),
        normal_view: surface.normal_view,
        normal_half: positive(surface.normal.dot(half)),
        light_half: positive(to_light.dot(half)),
    };
    let lobe =
        |alpha: f32| ggx(cosines.normal_half, splat(simd, alpha * alpha)) * visibility(&cosines, splat(simd, alpha));
    let mut reflected = lobe(material.alpha[0]) * (1.0 - SECOND_LOBE) + lobe(material.alpha[1]) * SECOND_LOBE;
    if surface.nail.simd_gt(0.0).any_true() {
        reflected = mix(reflected, lobe(material.alpha[2]), surface.nail);
    }
    // no highlight where the surface as a whole turns away
    let horizon = unit(surface.smooth.dot(to_light) * 8.0);
    reflected * fresnel(surface.f0, cosines.light_half) * cosines.normal_light * horizon
}

/// The environment in the mirror direction, dimmed in hollows.
#[inline(always)]
fn environment_reflection<S: Simd>(simd: S, surface: &Surface<S>, material: &Material, lobe: &Lobe) -> Rgb8<S> {
    let cosine = surface.normal.dot(surface.view);
    let mirrored = surface.normal.scale(cosine * 2.0).sub(surface.view);
    let rough = mix(splat(simd, material.skin.roughness), splat(simd, material.skin.nail_roughness), surface.nail);
    let grazing = (1.0 - rough) * material.grazing;
    let reflectance = surface.f0 + grazing * pow5(positive(1.0 - surface.normal_view));
    let reflectance = reflectance * surface.openness * surface.openness;
    let light = lobe.at(mirrored);
    light.map(|channel| channel * reflectance)
}
