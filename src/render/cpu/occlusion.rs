//! How much of the sky hands and solids hide from each vertex: every capsule of flesh is taken for the sphere around its
//! nearest point, stretched along the bone, and the open shares of all capsules are multiplied.

#![expect(clippy::inline_always, reason = "must be compiled for the dispatched instruction set")]

use fearless_simd::{Simd, prelude::*};

use super::capsule::WorldCapsule;
use super::geometry::{Vertex, slot};
use super::lanes::{LANES, V8, positive, splat, unit};

/// Write the openness of the listed vertices.
#[inline(always)]
pub(super) fn apply<S: Simd>(simd: S, capsules: &[WorldCapsule], used: &[u32], vertices: &mut [Vertex]) {
    for batch in used.chunks(LANES) {
        let mut rows = [[0.0; LANES]; 6];
        for (lane, index) in batch.iter().enumerate() {
            let vertex = &vertices[*index as usize];
            for (k, row) in rows.iter_mut().enumerate() {
                row[lane] = vertex.0[slot::POSITION + k];
            }
        }
        let middle = vertices[batch[batch.len() / 2] as usize].position();
        let (position, normal) = (V8::load(simd, &rows[0..3]), V8::load(simd, &rows[3..6]));
        let mut open = splat(simd, 1.0);
        for capsule in capsules {
            if capsule.reaches(middle) {
                open *= openness(simd, capsule, position, normal);
            }
        }
        for (lane, index) in batch.iter().enumerate() {
            vertices[*index as usize].0[slot::OPENNESS] = open[lane];
        }
    }
}

/// Share of the cosine-weighted hemisphere that one capsule leaves open.
#[inline(always)]
fn openness<S: Simd>(simd: S, capsule: &WorldCapsule, position: V8<S>, normal: V8<S>) -> super::lanes::F8<S> {
    let to_start = V8::splat(simd, capsule.start).sub(position);
    let axis = V8::splat(simd, capsule.axis);
    let t = unit(-to_start.dot(axis) * capsule.inv_square);
    let to_nearest = to_start.add(axis.scale(t));
    let distance = to_nearest.dot(to_nearest).sqrt().max(splat(simd, 1e-6));
    let radius = t * capsule.growth + capsule.radius;
    // sine of the sphere's half angle
    let sine = (radius / distance).min(splat(simd, 1.0));
    let cosine = normal.dot(to_nearest) / distance;
    // part of the sphere above the horizon: all of it, a falling share, nothing
    let rising = positive(cosine + sine);
    let partly = rising * rising / (sine * 4.0);
    let above = cosine.simd_gt(sine).select(cosine, partly);
    // a long capsule hides more than its nearest sphere, up to a full cylinder
    let length = (distance * 1.5).min(splat(simd, capsule.length));
    let stretched = (sine * (length / radius * 0.64 + 1.0)).min(splat(simd, 1.0));
    let hidden = (above * sine * stretched).min(splat(simd, 1.0));
    1.0 - hidden
}
