//! Eight lanes side by side: short names and three-vectors over the vector unit.
//!
//! Everything here is plain IEEE arithmetic lane by lane (no fused multiply-add, no approximate reciprocals), so that
//! every vector width gives the same bytes. Functions must be inlined into the dispatched loop to be compiled for its
//! instruction set.

use fearless_simd::{Simd, f32x8, prelude::*};

/// Lanes of every batch.
pub(super) const LANES: usize = 8;

/// Eight floats.
pub(super) type F8<S> = f32x8<S>;

#[inline(always)]
pub(super) fn splat<S: Simd>(simd: S, value: f32) -> F8<S> {
    F8::splat(simd, value)
}

#[inline(always)]
pub(super) fn load<S: Simd>(simd: S, values: &[f32; LANES]) -> F8<S> {
    F8::load_array_ref(simd, values)
}

/// `max(v, 0)`.
#[inline(always)]
pub(super) fn positive<S: Simd>(v: F8<S>) -> F8<S> {
    v.max(splat(v.simd, 0.0))
}

/// `v` kept in 0..=1.
#[inline(always)]
pub(super) fn unit<S: Simd>(v: F8<S>) -> F8<S> {
    positive(v).min(splat(v.simd, 1.0))
}

/// `a` at t = 0, `b` at t = 1.
#[inline(always)]
pub(super) fn mix<S: Simd>(a: F8<S>, b: F8<S>, t: F8<S>) -> F8<S> {
    a + (b - a) * t
}

/// exp(-x) for x >= 0 to within 0.03: the eighth power of 1 / (1 + x / 8).
#[inline(always)]
pub(super) fn exp_neg<S: Simd>(x: F8<S>) -> F8<S> {
    let a = 1.0 / (x * 0.125 + 1.0);
    let b = a * a;
    let c = b * b;
    c * c
}

/// `x^5`.
#[inline(always)]
pub(super) fn pow5<S: Simd>(x: F8<S>) -> F8<S> {
    let square = x * x;
    square * square * x
}

/// Eight three-vectors.
#[derive(Clone, Copy)]
pub(super) struct V8<S: Simd> {
    pub(super) x: F8<S>,
    pub(super) y: F8<S>,
    pub(super) z: F8<S>,
}

impl<S: Simd> V8<S> {
    #[inline(always)]
    pub(super) fn load(simd: S, rows: &[[f32; LANES]]) -> Self {
        Self { x: load(simd, &rows[0]), y: load(simd, &rows[1]), z: load(simd, &rows[2]) }
    }

    #[inline(always)]
    pub(super) fn splat(simd: S, v: glam::Vec3) -> Self {
        Self { x: splat(simd, v.x), y: splat(simd, v.y), z: splat(simd, v.z) }
    }

    #[inline(always)]
    pub(super) fn dot(self, o: Self) -> F8<S> {
        self.x * o.x + self.y * o.y + self.z * o.z
    }

    #[inline(always)]
    pub(super) fn cross(self, o: Self) -> Self {
        Self { x: self.y * o.z - self.z * o.y, y: self.z * o.x - self.x * o.z, z: self.x * o.y - self.y * o.x }
    }

    #[inline(always)]
    pub(super) fn scale(self, s: F8<S>) -> Self {
        Self { x: self.x * s, y: self.y * s, z: self.z * s }
    }

    #[inline(always)]
    pub(super) fn add(self, o: Self) -> Self {
        Self { x: self.x + o.x, y: self.y + o.y, z: self.z + o.z }
    }

    #[inline(always)]
    pub(super) fn sub(self, o: Self) -> Self {
        Self { x: self.x - o.x, y: self.y - o.y, z: self.z - o.z }
    }

    /// Unit vector; zero stays zero.
    #[inline(always)]
    pub(super) fn unit(self) -> Self {
        let length = self.dot(self).sqrt().max(splat(self.x.simd, 1e-12));
        self.scale(1.0 / length)
    }
}
