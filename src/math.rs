//! Rigid transforms and small helpers on top of glam. Names read `a_from_b`: the transform takes b's coordinates to a's.

pub mod fft;

use glam::{Mat3, Quat, Vec3};
use serde::{Deserialize, Serialize};

/// Rotation followed by translation (metres).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RigidTransform {
    /// Unit quaternion, x y z w.
    pub rotation: Quat,
    /// Metres.
    pub translation_m: Vec3,
}

impl Default for RigidTransform {
    fn default() -> Self {
        Self::IDENTITY
    }
}

impl RigidTransform {
    /// Leaves everything where it is.
    pub const IDENTITY: Self = Self { rotation: Quat::IDENTITY, translation_m: Vec3::ZERO };

    /// Rotation followed by translation (metres).
    pub fn new(rotation: Quat, translation_m: Vec3) -> Self {
        Self { rotation, translation_m }
    }

    /// Rotation part only.
    pub fn from_rotation(rotation: Quat) -> Self {
        Self::new(rotation, Vec3::ZERO)
    }

    /// The transform the other way.
    #[must_use]
    pub fn inverse(&self) -> Self {
        let rotation = self.rotation.conjugate();
        Self { rotation, translation_m: -(rotation * self.translation_m) }
    }

    /// A point, moved and turned.
    pub fn point(&self, p: Vec3) -> Vec3 {
        self.rotation * p + self.translation_m
    }

    /// A direction, turned only.
    pub fn direction(&self, d: Vec3) -> Vec3 {
        self.rotation * d
    }

    /// The same transform seen in a mirror across the plane x = 0: M T M with M = diag(-1, 1, 1).
    #[must_use]
    pub fn mirrored_x(&self) -> Self {
        let q = self.rotation;
        Self { rotation: Quat::from_xyzw(q.x, -q.y, -q.z, q.w), translation_m: mirror_x(self.translation_m) }
    }
}

impl std::ops::Mul for RigidTransform {
    type Output = Self;

    /// `a_from_b * b_from_c = a_from_c`.
    fn mul(self, other: Self) -> Self {
        Self { rotation: (self.rotation * other.rotation).normalize(), translation_m: self.point(other.translation_m) }
    }
}

/// The point seen in a mirror across the plane x = 0.
pub fn mirror_x(p: Vec3) -> Vec3 {
    Vec3::new(-p.x, p.y, p.z)
}

/// Right-handed axes with the given +Y, and +Z as close to `towards_z` as possible. Columns are X, Y, Z.
///
/// Returns `None` if either vector has no length or both are parallel.
pub fn axes_along_y(y: Vec3, towards_z: Vec3) -> Option<Mat3> {
    let y = y.try_normalize()?;
    let z = (towards_z - y * y.dot(towards_z)).try_normalize()?;
    Some(Mat3::from_cols(y.cross(z), y, z))
}

/// 0 below `lo`, 1 above `hi`, cubic in between.
pub fn smoothstep(x: f32, lo: f32, hi: f32) -> f32 {
    let t = ((x - lo) / (hi - lo)).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> RigidTransform {
        RigidTransform::new(Quat::from_rotation_y(0.4) * Quat::from_rotation_x(-1.1), Vec3::new(0.1, -0.2, 0.3))
    }

    #[test]
    fn inverse_undoes() {
        let p = Vec3::new(0.5, 0.25, -1.0);
        assert!(sample().inverse().point(sample().point(p)).abs_diff_eq(p, 1e-6));
    }

    #[test]
    fn product_applies_right_factor_first() {
        let (a, b) = (sample(), RigidTransform::from_rotation(Quat::from_rotation_z(0.7)));
        let p = Vec3::new(0.5, 0.25, -1.0);
        assert!((a * b).point(p).abs_diff_eq(a.point(b.point(p)), 1e-6));
    }

    #[test]
    fn mirrored_transform_commutes_with_mirrored_points() {
        let p = Vec3::new(0.5, 0.25, -1.0);
        assert!(sample().mirrored_x().point(mirror_x(p)).abs_diff_eq(mirror_x(sample().point(p)), 1e-6));
    }

    #[test]
    fn axes_along_y_are_right_handed() {
        let m = axes_along_y(Vec3::new(0.2, 1.0, 0.1), Vec3::Z).unwrap();
        assert!((m.determinant() - 1.0).abs() < 1e-6);
        assert!(axes_along_y(Vec3::Y, Vec3::Y).is_none());
    }
}
