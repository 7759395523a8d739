//! Colour of solids: cloth, metal, plastic, skin far from the hands. Eight fragments at a time.

#![expect(clippy::inline_always, reason = "must be compiled for the dispatched instruction set")]

use fearless_simd::{Simd, prelude::*};

use super::finish::{Detail, Finish};
use super::fragment::{self, Fragment};
use super::gather::Batch;
use super::geometry::{Geometry, slot};
use super::lanes::{F8, LANES, V8, load, mix, positive, splat, unit};
use super::light::{Cosines, Rgb8, environment_share, fresnel, ggx, reflected_direction, soft_cosine, with_bounces};
use super::shade::Lighting;
use crate::frame::Plane;
use crate::scene::PatternKind;

/// A surface in eight pixels.
struct Surface<S: Simd> {
    position: V8<S>,
    normal: V8<S>,
    view: V8<S>,
    normal_view: F8<S>,
    openness: F8<S>,
    albedo: Rgb8<S>,
}

/// Shade one solid's fragments and add them to the picture.
#[inline(always)]
pub(super) fn shade<S: Simd>(
    simd: S,
    fragments: &[Fragment],
    (geometry, finish): (&Geometry, &Finish),
    lighting: &Lighting<'_>,
    colour: &mut Plane<[f32; 3]>,
) {
    let mut batch = Batch::default();
    for eight in fragments.chunks(LANES) {
        batch.fill(simd, eight, geometry, None);
        let surface = surface(simd, &batch, finish, lighting);
        let rgb = radiance(simd, &surface, finish, lighting);
        fragment::add(eight, &rgb, colour);
    }
}

#[inline(always)]
fn surface<S: Simd>(simd: S, batch: &Batch, finish: &Finish, lighting: &Lighting<'_>) -> Surface<S> {
    let position = V8::load(simd, &batch.attribute[slot::POSITION..]);
    let normal = V8::load(simd, &batch.attribute[slot::NORMAL..]).unit();
    let to_eye = V8::splat(simd, lighting.eye).sub(position);
    let view = to_eye.unit();
    let detail = unit(load(simd, &batch.attribute[slot::DETAIL]));
    let open = if finish.detail == Detail::Hollow { 1.0 - detail } else { splat(simd, 1.0) };
    let second = match finish.pattern {
        Some((kind, period)) => {
            let uv = [slot::UV, slot::UV + 1].map(|k| load(simd, &batch.attribute[k]) * (finish.uv_m / period));
            let pixel = to_eye.dot(to_eye).sqrt() * (finish.pixel_tangent / period);
            pattern(simd, kind, uv, pixel)
        }
        None => splat(simd, 0.0),
    };
    let mut albedo = [second; 3];
    for (c, value) in albedo.iter_mut().enumerate() {
        *value = mix(splat(simd, finish.colour[c]), splat(simd, finish.second[c]), second);
    }
    Surface {
        position,
        normal,
        view,
        normal_view: normal.dot(view).max(splat(simd, 0.04)),
        openness: load(simd, &batch.attribute[slot::OPENNESS]) * open,
        albedo,
    }
}

/// Share of the second colour at places given in periods; edges are as soft as a pixel, and what is finer is grey.
#[inline(always)]
fn pattern<S: Simd>(simd: S, kind: PatternKind, [u, v]: [F8<S>; 2], pixel: F8<S>) -> F8<S> {
    // 0 at whole numbers, 1 half way
    let wave = |x: F8<S>| 1.0 - ((x - x.floor()) * 2.0 - 1.0).abs();
    let slope = 1.0 / (pixel * 2.0).max(splat(simd, 0.02));
    let step = |x: F8<S>| unit(x * slope + 0.5);
    match kind {
        PatternKind::Stripes => step(wave(v) - 0.5),
        PatternKind::Pinstripes => step(wave(u) - 0.8),
        PatternKind::Checks => {
            let (a, b) = (step(wave(u) - 0.5), step(wave(v) - 0.5));
            (a + b) * 0.5
        }
        PatternKind::Dots => {
            let (a, b) = (1.0 - wave(u), 1.0 - wave(v));
            let faded = unit(pixel * 2.0);
            mix(step(0.5 - (a * a + b * b).sqrt()), splat(simd, 0.2), faded)
        }
        PatternKind::Noise => {
            let (u, v) = (u.to_array(), v.to_array());
            let noise: [f32; LANES] =
                std::array::from_fn(|k| 0.6 * noise(u[k], v[k]) + 0.4 * noise(2.3 * u[k] + 5.2, 2.3 * v[k] + 9.1));
            let sharp = unit((load(simd, &noise) - 0.5) * 2.0 + 0.5);
            mix(sharp, splat(simd, 0.5), unit(pixel - 0.5))
        }
    }
}

/// Value noise, 0..1, with lattice 1.
#[inline(always)]
fn noise(u: f32, v: f32) -> f32 {
    let (i, j) = (u.floor(), v.floor());
    let smooth = |t: f32| t * t * (3.0 - 2.0 * t);
    let (s, t) = (smooth(u - i), smooth(v - j));
    let at = |di: i32, dj: i32| lattice((i as i32).wrapping_add(di), (j as i32).wrapping_add(dj));
    let (low, high) = (at(0, 0) + (at(1, 0) - at(0, 0)) * s, at(0, 1) + (at(1, 1) - at(0, 1)) * s);
    low + (high - low) * t
}

/// A fixed number of 0..1 for each lattice point.
#[inline(always)]
fn lattice(i: i32, j: i32) -> f32 {
    let mut h = (i as u32).wrapping_mul(0x9E37_79B1) ^ (j as u32).wrapping_mul(0x85EB_CA77);
    h = (h ^ (h >> 15)).wrapping_mul(0xC2B2_AE3D);
    h = (h ^ (h >> 13)).wrapping_mul(0x27D4_EB2F);
    (h >> 8) as f32 * (1.0 / 16_777_216.0)
}

#[inline(always)]
fn radiance<S: Simd>(simd: S, surface: &Surface<S>, finish: &Finish, lighting: &Lighting<'_>) -> Rgb8<S> {
    let mut diffuse = lighting.ambient.at(surface.normal);
    for (value, albedo) in diffuse.iter_mut().zip(surface.albedo) {
        *value *= with_bounces(surface.openness, albedo);
    }
    let mut out = environment_reflection(simd, surface, finish, lighting);
    for (light, shadow) in lighting.lights.iter().zip(lighting.shadows) {
        let to_light = V8::splat(simd, light.to_light);
        let lit = shadow.lit(simd, surface.position, surface.normal);
        let facing = surface.normal.dot(to_light);
        let half = to_light.add(surface.view).unit();
        let cosines = Cosines {
            normal_light: positive(facing),
            normal_view: surface.normal_view,
            normal_half: positive(surface.normal.dot(half)),
            light_half: positive(to_light.dot(half)),
        };
        let lobe = ggx(&cosines, splat(simd, finish.alpha)) * cosines.normal_light * lit;
        for c in 0..3 {
            diffuse[c] += soft_cosine(facing, splat(simd, finish.softness[c])) * lit * light.irradiance[c];
            out[c] +=
                lobe * fresnel(splat(simd, finish.f0[c]), finish.grazing, cosines.light_half) * light.irradiance[c];
        }
    }
    let rim = positive(1.0 - surface.normal_view);
    let rim = rim * rim * rim * finish.sheen;
    for c in 0..3 {
        // fibres at the rim are lighter than the cloth, of its hue
        let fibre = mix(surface.albedo[c], surface.albedo[c].sqrt(), rim);
        out[c] += diffuse[c] * fibre * finish.diffuse;
    }
    out
}

/// The environment around the mirror direction, dimmed in hollows.
#[inline(always)]
fn environment_reflection<S: Simd>(simd: S, surface: &Surface<S>, finish: &Finish, lighting: &Lighting<'_>) -> Rgb8<S> {
    let roughness = splat(simd, finish.roughness);
    let [factor, added] = environment_share(roughness, surface.normal_view);
    let open = surface.openness * surface.openness;
    let mut light = lighting.reflected.at(reflected_direction(surface.normal, surface.view, roughness));
    for (channel, f0) in light.iter_mut().zip(finish.f0) {
        *channel *= (factor * f0 + added * finish.grazing) * open;
    }
    light
}
