//! How skin answers light: lane by lane, linear light.

#![expect(clippy::inline_always, reason = "must be compiled for the dispatched instruction set")]

use fearless_simd::{Simd, prelude::*};

use super::lanes::{F8, V8, exp_neg, mix, positive, pow5, splat};
use super::lobe::Lobe;

/// Three channels of eight lanes.
pub(super) type Rgb8<S> = [F8<S>; 3];

impl Lobe {
    /// Value in a unit direction, not below 0.
    #[inline(always)]
    pub(super) fn at<S: Simd>(&self, d: V8<S>) -> Rgb8<S> {
        let (xy, yz, xz) = (d.x * d.y, d.y * d.z, d.x * d.z);
        let (zz, difference) = (d.z * d.z * 3.0 - 1.0, d.x * d.x - d.y * d.y);
        let mut out = [xy; 3];
        for (value, k) in out.iter_mut().zip(&self.0) {
            let first = d.y * k[1] + d.z * k[2] + d.x * k[3] + k[0];
            let second = xy * k[4] + yz * k[5] + zz * k[6] + xz * k[7] + difference * k[8];
            *value = positive(first + second);
        }
        out
    }
}

/// max(x, 0) with the corner rounded off over -w..w: the cosine after light has spread below a curved surface.
#[inline(always)]
pub(super) fn soft_cosine<S: Simd>(x: F8<S>, w: F8<S>) -> F8<S> {
    let rising = positive(x + w);
    let rounded = rising * rising / (w * 4.0);
    x.simd_gt(w).select(x, rounded)
}

/// Light that went in beyond the terminator and comes out here: falls with the chord through a round body.
#[inline(always)]
pub(super) fn transmitted<S: Simd>(facing: F8<S>, chord_per_cosine: F8<S>, absorption: f32) -> F8<S> {
    exp_neg(facing.abs() * chord_per_cosine * absorption)
}

/// Openness seen by light that may bounce between surfaces of the given albedo (cubic fit to path-traced cavities).
#[inline(always)]
pub(super) fn with_bounces<S: Simd>(openness: F8<S>, albedo: F8<S>) -> F8<S> {
    let a = albedo * 2.0404 - 0.3324;
    let b = albedo * -4.7951 + 0.6417;
    let c = albedo * 2.7552 + 0.6903;
    openness.max(((openness * a + b) * openness + c) * openness)
}

/// Cosines of one light in a surface's frame.
#[derive(Clone, Copy)]
pub(super) struct Cosines<S: Simd> {
    pub(super) normal_light: F8<S>,
    pub(super) normal_view: F8<S>,
    pub(super) normal_half: F8<S>,
    pub(super) light_half: F8<S>,
}

/// One GGX lobe times pi without Fresnel: distribution, masking and shadowing (Smith, linearised) over four cosines.
#[inline(always)]
pub(super) fn ggx<S: Simd>(c: &Cosines<S>, alpha: F8<S>) -> F8<S> {
    let square = alpha * alpha;
    let d = c.normal_half * c.normal_half * (square - 1.0) + 1.0;
    let light = c.normal_light * (c.normal_view * (1.0 - alpha) + alpha);
    let view = c.normal_view * (c.normal_light * (1.0 - alpha) + alpha);
    0.5 * square / (d * d * (light + view).max(splat(d.simd, 1e-4)))
}

/// Share of an even environment that a rough surface reflects: factor on the reflectance at normal incidence, and what
/// is added to it (fit to the integral of the lobe; Lazarov 2013).
#[inline(always)]
pub(super) fn environment_share<S: Simd>(roughness: F8<S>, normal_view: F8<S>) -> [F8<S>; 2] {
    let smooth = 1.0 - roughness;
    // 2^(-9.28 x)
    let falling = exp_neg(normal_view * 6.43);
    let k = (smooth * smooth).min(falling) * smooth + (roughness * -0.0275 + 0.0425);
    [k * -1.04 + (roughness * -0.572 + 1.04), positive(k * 1.04 + (roughness * 0.022 - 0.04))]
}

/// Where a rough surface reflects from: between mirror direction and normal, as the surface hides part of its lobe
/// (Lagarde and de Rousiers 2014). Not normalised beyond what [`Lobe`] needs.
#[inline(always)]
pub(super) fn reflected_direction<S: Simd>(normal: V8<S>, view: V8<S>, roughness: F8<S>) -> V8<S> {
    let mirrored = normal.scale(normal.dot(view) * 2.0).sub(view);
    let smooth = positive(1.0 - roughness);
    let share = smooth * (smooth.sqrt() + roughness);
    normal.add(mirrored.sub(normal).scale(share)).unit()
}

/// Schlick's Fresnel reflectance between those at normal and at grazing incidence.
#[inline(always)]
pub(super) fn fresnel<S: Simd>(f0: F8<S>, grazing: f32, cosine: F8<S>) -> F8<S> {
    mix(f0, splat(f0.simd, grazing), pow5(positive(1.0 - cosine)))
}
