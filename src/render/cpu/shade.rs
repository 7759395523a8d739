//! Colour of fragments: eight at a time, once per pixel and surface.

#![expect(clippy::inline_always, reason = "must be compiled for the dispatched instruction set")]

use fearless_simd::{Simd, prelude::*};
use glam::Vec3;

use super::fragment::{self, Fragment};
use super::gather::Batch;
use super::geometry::Geometry;
use super::lanes::{F8, LANES, V8, positive, splat, unit};
use super::light::{
    Cosines, Rgb8, environment_share, fresnel, ggx, reflected_direction, soft_cosine, transmitted, with_bounces,
};
use super::lobe::Lobe;
use super::material::Material;
use super::prepared::PreparedRig;
use super::shading::{
    ABSORPTION, SECOND_LOBE, SHADOW_BLEED, SMOOTH_SHARE, SOFTNESS, SPREAD_M, THIN_CURVATURE, TRANSMISSION,
};
use super::shadow::ShadowMap;
use super::skin::{Surface, surface};
use crate::frame::Plane;
use crate::scene::DirectionalLight;

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
        batch.fill(simd, eight, geometry, Some((rig, material)));
        let max_slopes = rig.maps.as_ref().map(|m| m.max_slopes);
        let surface = surface(simd, &batch, max_slopes, material, lighting.eye);
        let rgb = radiance(simd, &surface, material, lighting);
        fragment::add(eight, &rgb, colour);
    }
}

#[inline(always)]
fn radiance<S: Simd>(simd: S, surface: &Surface<S>, material: &Material, lighting: &Lighting<'_>) -> Rgb8<S> {
    let mut diffuse = lighting.ambient.at(surface.normal);
    for (value, albedo) in diffuse.iter_mut().zip(surface.albedo) {
        *value *= with_bounces(surface.openness, albedo);
    }
    let mut specular = environment_reflection(surface, material, &lighting.reflected);
    for (light, shadow) in lighting.lights.iter().zip(lighting.shadows) {
        let to_light = V8::splat(simd, light.to_light);
        let lit = shadow.lit(simd, surface.position, surface.smooth);
        let reflected = highlight(surface, material.grazing, to_light) * lit;
        let facing = diffuse_cosines(simd, surface, to_light, lit);
        for c in 0..3 {
            diffuse[c] += facing[c] * light.irradiance[c];
            specular[c] += reflected * light.irradiance[c];
        }
    }
    for c in 0..3 {
        specular[c] += diffuse[c] * surface.albedo[c];
    }
    specular
}

/// Diffuse light per channel from one light of unit irradiance, spread below the skin.
#[inline(always)]
fn diffuse_cosines<S: Simd>(simd: S, surface: &Surface<S>, to_light: V8<S>, lit: F8<S>) -> Rgb8<S> {
    let (smooth, bumped) = (surface.smooth.dot(to_light), surface.normal.dot(to_light));
    // a body of mean curvature k is taken for a cylinder: radius 1 / 2k
    let chord = 1.0 / surface.curvature.max(splat(simd, 5.0));
    let thin = unit(surface.curvature * (1.0 / THIN_CURVATURE));
    let through = lit * thin * thin * TRANSMISSION;
    let mut out = [lit; 3];
    for (c, value) in out.iter_mut().enumerate() {
        let softness = (surface.curvature * (SPREAD_M[c] * 2.0)).max(splat(simd, SOFTNESS[0]));
        let softness = softness.min(splat(simd, SOFTNESS[1]));
        let cosine = soft_cosine(bumped + (smooth - bumped) * SMOOTH_SHARE[c], softness);
        let bled = lit + lit * (1.0 - lit) * SHADOW_BLEED[c];
        *value = cosine * bled + transmitted(smooth, chord, ABSORPTION[c]) * through;
    }
    out
}

/// Specular reflection of one light of unit irradiance.
#[inline(always)]
fn highlight<S: Simd>(surface: &Surface<S>, grazing: f32, to_light: V8<S>) -> F8<S> {
    let half = to_light.add(surface.view).unit();
    let cosines = Cosines {
        normal_light: positive(surface.normal.dot(to_light)),
        normal_view: surface.normal_view,
        normal_half: positive(surface.normal.dot(half)),
        light_half: positive(to_light.dot(half)),
    };
    let [first, second] = surface.alpha;
    let reflected = ggx(&cosines, first) * (1.0 - SECOND_LOBE) + ggx(&cosines, second) * SECOND_LOBE;
    // no highlight where the surface as a whole turns away
    let horizon = unit(surface.smooth.dot(to_light) * 8.0);
    reflected * fresnel(surface.f0, grazing, cosines.light_half) * cosines.normal_light * horizon
}

/// The environment around the mirror direction, dimmed in hollows.
#[inline(always)]
fn environment_reflection<S: Simd>(surface: &Surface<S>, material: &Material, lobe: &Lobe) -> Rgb8<S> {
    let [factor, added] = environment_share(surface.roughness, surface.normal_view);
    let reflectance = (surface.f0 * factor + added * material.grazing) * surface.openness * surface.openness;
    let mut light = lobe.at(reflected_direction(surface.normal, surface.view, surface.roughness));
    for channel in &mut light {
        *channel *= reflectance;
    }
    light
}
