//! The surface of skin in eight pixels: colour, relief and gloss of its regions, folds and marks.

#![expect(clippy::inline_always, reason = "must be compiled for the dispatched instruction set")]

use fearless_simd::{Simd, prelude::*};
use glam::Vec3;

use super::gather::{Batch, channel};
use super::geometry::slot;
use super::lanes::{F8, V8, load, mix, positive, splat, unit};
use super::light::Rgb8;
use super::material::Material;
use super::shading::{
    FLEXED_FOLDS, FURROW_DARKENING, FURROW_DULLING, LOBE_FACTORS, MAX_RELIEF, NAIL_F0, PALM_ROUGHER, PLAIN_ARM_M,
    RIDGE_CONTRAST, RIDGE_FADE, RIDGE_HEIGHT_M, RIDGE_MEAN, RIDGE_SPACING_M, STRAIGHT_FOLDS, STRETCHED, VEIN_TINT,
    WET_DARKENING, WET_ROUGHNESS,
};
use super::tile;
use crate::rig::RIDGE_STEP_M;
use crate::tone::Palette;

/// A surface in eight pixels.
pub(super) struct Surface<S: Simd> {
    pub(super) position: V8<S>,
    /// Without and with relief.
    pub(super) smooth: V8<S>,
    pub(super) normal: V8<S>,
    pub(super) view: V8<S>,
    pub(super) normal_view: F8<S>,
    pub(super) openness: F8<S>,
    pub(super) curvature: F8<S>,
    pub(super) albedo: Rgb8<S>,
    pub(super) f0: F8<S>,
    pub(super) roughness: F8<S>,
    /// Alphas of the two lobes.
    pub(super) alpha: [F8<S>; 2],
}

/// What the maps say about eight points.
struct Regions<S: Simd> {
    palmar: F8<S>,
    nail: F8<S>,
    flexion: F8<S>,
    /// Depth in the furrows of the fine relief beyond their mean; 0 from far.
    furrow: F8<S>,
    /// Height of the ridges' profile beyond its mean; 0 from far.
    ridge: F8<S>,
}

/// The surface that a batch shows; `max_slopes` of the skin maps if the rig has them.
#[inline(always)]
pub(super) fn surface<S: Simd>(
    simd: S,
    batch: &Batch,
    max_slopes: Option<[f32; 4]>,
    material: &Material,
    eye: Vec3,
) -> Surface<S> {
    let attribute = |k: usize| load(simd, &batch.attribute[k]);
    let position = V8::load(simd, &batch.attribute[slot::POSITION..]);
    let smooth = V8::load(simd, &batch.attribute[slot::NORMAL..]).unit();
    let view = V8::splat(simd, eye).sub(position).unit();
    let zero = splat(simd, 0.0);
    let mut regions =
        Regions { palmar: zero, nail: zero, flexion: attribute(slot::FLEXION), furrow: zero, ridge: zero };
    let (normal, albedo) = if let Some(max_slopes) = max_slopes {
        regions.palmar = load(simd, &batch.texel[channel::PALMAR]) * (1.0 / 255.0);
        regions.nail = load(simd, &batch.texel[channel::NAIL]) * (1.0 / 255.0);
        let mut rise = baked_rise(simd, batch, max_slopes, material, &regions);
        if batch.fine.is_near {
            let facing = smooth.dot(view).max(splat(simd, 0.15));
            add_fine_rise(simd, batch, (material, facing), &mut regions, &mut rise);
        }
        if material.decals.is_some() {
            for (rise, scar) in rise.iter_mut().zip(&batch.fine.scar_rise_m) {
                *rise += load(simd, scar);
            }
        }
        (with_relief(simd, batch, smooth, rise), mapped_albedo(simd, batch, material, &regions))
    } else {
        regions.palmar = unit(attribute(slot::PALMAR));
        (smooth, palmar_albedo(simd, regions.palmar, &material.palette))
    };
    let wet = material.skin.wetness.clamp(0.0, 1.0);
    let dry = regions.palmar * PALM_ROUGHER + material.skin.roughness;
    let roughness = dry + (dry * -1.0 + WET_ROUGHNESS) * wet;
    let roughness = mix(roughness, splat(simd, material.nail_roughness), regions.nail);
    let alpha = LOBE_FACTORS.map(|factor| {
        let factor = (regions.nail * -1.0 + 1.0) * (factor - 1.0) + 1.0;
        let r = (roughness * factor).max(splat(simd, 0.05)).min(splat(simd, 1.0));
        r * r
    });
    let f0 = mix(splat(simd, material.f0), splat(simd, NAIL_F0), regions.nail);
    Surface {
        position,
        smooth,
        normal,
        view,
        normal_view: normal.dot(view).max(splat(simd, 0.04)),
        openness: attribute(slot::OPENNESS),
        curvature: attribute(slot::CURVATURE),
        albedo,
        f0: f0 * positive(1.0 - regions.furrow * FURROW_DULLING * (1.0 - wet)),
        roughness,
        alpha,
    }
}

/// Change of height along the triangle's two edges by the baked layers of relief, metres.
#[inline(always)]
fn baked_rise<S: Simd>(
    simd: S,
    batch: &Batch,
    max_slopes: [f32; 4],
    material: &Material,
    regions: &Regions<S>,
) -> [F8<S>; 2] {
    let (skin, traits) = (&material.skin, &material.skin.traits);
    let [back, palm] = [0, 1].map(|k| positive(regions.flexion * FLEXED_FOLDS[k] + STRAIGHT_FOLDS[k]));
    let folds = mix(back, palm, regions.palmar) * (skin.relief * traits.wrinkles);
    let tendons = load(simd, &batch.attribute[slot::TENSION]) * traits.tendons;
    let weights = [splat(simd, skin.relief), folds, splat(simd, traits.veins), tendons];
    let mut along = [splat(simd, 0.0); 2];
    for (layer, weight) in weights.into_iter().enumerate() {
        let weight = weight * (max_slopes[layer] / 127.0);
        for (axis, along) in along.iter_mut().enumerate() {
            *along += (load(simd, &batch.texel[channel::SLOPES + 2 * layer + axis]) - 128.0) * weight;
        }
    }
    edge_rise(simd, batch, along)
}

/// Change of a height along the two edges from its slopes along u and v.
#[inline(always)]
fn edge_rise<S: Simd>(simd: S, batch: &Batch, [along_u, along_v]: [F8<S>; 2]) -> [F8<S>; 2] {
    let edge_uv = |k: usize| load(simd, &batch.edge_uvs[k]);
    [along_u * edge_uv(0) + along_v * edge_uv(1), along_u * edge_uv(2) + along_v * edge_uv(3)]
}

/// Add furrows and friction ridges.
#[inline(always)]
fn add_fine_rise<S: Simd>(
    simd: S,
    batch: &Batch,
    (material, facing): (&Material, F8<S>),
    regions: &mut Regions<S>,
    rise: &mut [F8<S>; 2],
) {
    let (fine, skin) = (&batch.fine, &material.skin);
    let bare = 1.0 - regions.nail;
    let dry = 1.0 - 0.6 * skin.wetness.clamp(0.0, 1.0);
    let byte = |k: usize| load(simd, &fine.tile[k]);
    let tiled = |back: usize, palm: usize| mix(byte(back), byte(palm), regions.palmar);
    let mean = tile::Tile::get().mean;
    let depth = |k: usize| (byte(k) - mean[k]) * (1.0 / 255.0);
    regions.furrow = bare * mix(depth(tile::channel::BACK_DEPTH), depth(tile::channel::PALM_DEPTH), regions.palmar);
    // stretched skin is smoother
    let taut = 1.0 - unit(regions.flexion) * (1.0 - regions.palmar) * 0.5;
    let scale = load(simd, &fine.mm_per_uv) * (bare * taut) * (1e-3 * tile::MAX_SLOPE / 127.0 * skin.relief * dry);
    let along = [0, 1].map(|axis| (tiled(tile::channel::BACK + axis, tile::channel::PALM + axis) - 128.0) * scale);

    let steps = load(simd, &batch.texel[channel::RIDGE]) * 256.0 + load(simd, &batch.texel[channel::RIDGE + 1]);
    let phase = steps * (RIDGE_STEP_M / RIDGE_SPACING_M);
    let x = (phase - phase.floor()) * 2.0 - 1.0;
    let share = 1.0 - x * x;
    let width = load(simd, &fine.footprint_mm) / facing * (1e-3 / RIDGE_SPACING_M);
    let fade = unit((width * -1.0 + RIDGE_FADE[1]) * (1.0 / (RIDGE_FADE[1] - RIDGE_FADE[0])));
    // where the coordinate jumps from one segment to the next there are none
    let climbs = (load(simd, &fine.ridge[0]).abs() + load(simd, &fine.ridge[1]).abs()).simd_gt(0.0);
    let seen = climbs.select(fade * bare * unit((regions.palmar - 0.45) * 2.5), splat(simd, 0.0));
    regions.ridge = seen * (share * share - RIDGE_MEAN);
    // derivative of (1 - x^2)^2 along the coordinate
    let slope = x * share * seen * (-4.0 * 2.0 * RIDGE_STEP_M / RIDGE_SPACING_M * RIDGE_HEIGHT_M * skin.relief * dry);
    let [tile_u, tile_v] = along;
    let along = [tile_u + load(simd, &fine.ridge[0]) * slope, tile_v + load(simd, &fine.ridge[1]) * slope];
    for (rise, fine) in rise.iter_mut().zip(edge_rise(simd, batch, along)) {
        *rise += fine;
    }
}

/// Tilt the normal by a change of height along the two edges.
#[inline(always)]
fn with_relief<S: Simd>(simd: S, batch: &Batch, smooth: V8<S>, rise: [F8<S>; 2]) -> V8<S> {
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
    let mut albedo = [palmar; 3];
    for (c, value) in albedo.iter_mut().enumerate() {
        *value = mix(splat(simd, palette.dorsum[c]), splat(simd, palette.palm[c]), palmar);
    }
    albedo
}

/// Colour from the skin maps and the person's marks.
#[inline(always)]
fn mapped_albedo<S: Simd>(simd: S, batch: &Batch, material: &Material, regions: &Regions<S>) -> Rgb8<S> {
    let (palette, skin, traits) = (&material.palette, &material.skin, &material.skin.traits);
    let marked = unit((load(simd, &batch.attribute[slot::BIND + 1]) - PLAIN_ARM_M[0]) * (1.0 / PLAIN_ARM_M[1]));
    let (palmar, nail) = (regions.palmar * marked, regions.nail);
    // 128 is neutral in both: above it lies redder skin and the free edge, below it paler skin and the lunula
    let signed = |k: usize| (load(simd, &batch.texel[k]) - 128.0) * (1.0 / 127.0);
    let (flush, nail_part) = (signed(channel::FLUSH), signed(channel::NAIL_PART));
    let (edge, moon) = (unit(nail_part), unit(-nail_part));
    let flush = flush * (1.0 - unit(regions.flexion) * (1.0 - palmar) * STRETCHED) * marked;
    let vein = load(simd, &batch.texel[channel::VEIN]) * marked * (traits.veins.clamp(0.0, 2.0) / 255.0);
    let shade = (1.0 - regions.furrow * FURROW_DARKENING) * (1.0 + regions.ridge * RIDGE_CONTRAST);
    let mut albedo = [nail; 3];
    for (c, value) in albedo.iter_mut().enumerate() {
        let ratio = |flushed: [f32; 3], plain: [f32; 3]| splat(simd, flushed[c] / plain[c].max(1e-3) - 1.0);
        let base = mix(splat(simd, palette.dorsum[c]), splat(simd, palette.palm[c]), palmar);
        let redder = mix(ratio(palette.flush, palette.dorsum), ratio(palette.palm_flush, palette.palm), palmar);
        *value = base * (flush * redder + 1.0) * (1.0 - vein * VEIN_TINT[c]) * shade;
    }
    if material.has_spots {
        add_spots(simd, batch, material, palmar, &mut albedo);
    }
    if material.decals.is_some() {
        let (ink, scar) = (load(simd, &batch.fine.ink), load(simd, &batch.fine.scar));
        for (c, value) in albedo.iter_mut().enumerate() {
            let scarred = mix(*value, splat(simd, material.scar_rgb[c]), scar * 0.75);
            // ink lies below the epidermis, whose colour stays
            *value = mix(scarred, scarred * 0.10 + 0.008, ink);
        }
    }
    if material.has_hair {
        let mask = load(simd, &batch.texel[channel::HAIR]) * (traits.hair.clamp(0.0, 1.0) / 255.0);
        let covered = unit(load(simd, &batch.fine.hair) * (1.0 / 255.0) * mask * 1.1);
        for (value, hair) in albedo.iter_mut().zip(traits.hair_rgb) {
            *value = mix(*value, splat(simd, hair), covered);
        }
    }
    let wet = 1.0 - WET_DARKENING * skin.wetness.clamp(0.0, 1.0);
    let (cover_rgb, cover) = material.nail_cover;
    for (c, value) in albedo.iter_mut().enumerate() {
        let plate = mix(splat(simd, palette.nail[c]), splat(simd, palette.lunula[c]), moon);
        let plate = mix(plate, splat(simd, palette.free_edge[c]), edge);
        let plate = plate * (1.0 - cover) + cover_rgb[c] * cover;
        *value = mix(*value * wet, plate, nail);
    }
    albedo
}

/// Freckles and age spots of the back.
#[inline(always)]
fn add_spots<S: Simd>(simd: S, batch: &Batch, material: &Material, palmar: F8<S>, albedo: &mut Rgb8<S>) {
    let traits = &material.skin.traits;
    let share = |blob: &[f32; 8], amount: f32, edge: f32| {
        let threshold = 1.0 - 0.7 * amount.clamp(0.0, 1.0);
        unit((load(simd, blob) * (1.0 / 255.0) - threshold) * (1.0 / edge))
    };
    let back = unit(1.0 - palmar * 2.0);
    let freckle = share(&batch.fine.freckle, traits.freckles, 0.5);
    // they lie where the sun shines: the farther up the arm the fewer
    let arm = unit(load(simd, &batch.attribute[slot::BIND + 1]) * 12.0 + 1.6);
    let spot = share(&batch.fine.spot, traits.age_spots, 0.40) * arm;
    let darker = unit(freckle * 0.6 + spot * 0.75) * back;
    for (c, value) in albedo.iter_mut().enumerate() {
        let ratio = material.palette.spot[c] / material.palette.dorsum[c].max(1e-3);
        *value *= 1.0 + darker * (ratio - 1.0);
    }
}
