//! Procrustes alignment: the similarity that brings one set of points nearest to another.

use glam::{DMat3, DQuat, DVec3, Vec3};

/// Rotation (determinant +1, never a reflection), scale and shift.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Similarity {
    rotation: DQuat,
    scale: f64,
    shift: DVec3,
}

impl Similarity {
    /// The one with the least sum of squared distances between `from`, moved, and `to` (same length and order).
    ///
    /// By Horn's quaternions ("Closed-form solution of absolute orientation", 1987): the same optimum as the singular value
    /// decomposition with its determinant corrected. `None` for fewer than three points, or if all of a set coincide.
    pub fn between(from: &[Vec3], to: &[Vec3]) -> Option<Self> {
        if from.len() != to.len() || from.len() < 3 {
            return None;
        }
        let (from_mean, to_mean) = (mean(from), mean(to));
        let mut covariance = DMat3::ZERO;
        let (mut spread, mut to_spread) = (0.0, 0.0);
        for (a, b) in from.iter().zip(to) {
            let (a, b) = (a.as_dvec3() - from_mean, b.as_dvec3() - to_mean);
            // column j is a * b[j]: entry (i, j) is the sum of a[i] b[j]
            covariance += DMat3::from_cols(a * b.x, a * b.y, a * b.z);
            spread += a.length_squared();
            to_spread += b.length_squared();
        }
        if !(spread > 1e-18 && to_spread > 1e-18 && spread.is_finite() && to_spread.is_finite()) {
            return None;
        }
        let (value, rotation) = largest_eigenpair(horn(&covariance));
        let scale = value / spread;
        Some(Self { rotation, scale, shift: to_mean - scale * (rotation * from_mean) })
    }

    /// The point, moved.
    pub fn point(&self, p: Vec3) -> Vec3 {
        (self.scale * (self.rotation * p.as_dvec3()) + self.shift).as_vec3()
    }

    /// Factor on lengths.
    pub fn scale(&self) -> f64 {
        self.scale
    }
}

fn mean(points: &[Vec3]) -> DVec3 {
    points.iter().map(|p| p.as_dvec3()).sum::<DVec3>() / points.len() as f64
}

type Matrix4 = [[f64; 4]; 4];

/// Horn's symmetric matrix; quaternions are w x y z.
fn horn(covariance: &DMat3) -> Matrix4 {
    let s = |i: usize, j: usize| covariance.col(j)[i];
    let (yz, zx, xy) = (s(1, 2) - s(2, 1), s(2, 0) - s(0, 2), s(0, 1) - s(1, 0));
    let (xx, yy, zz) = (s(0, 0), s(1, 1), s(2, 2));
    [
        [xx + yy + zz, yz, zx, xy],
        [yz, xx - yy - zz, s(0, 1) + s(1, 0), s(2, 0) + s(0, 2)],
        [zx, s(0, 1) + s(1, 0), yy - xx - zz, s(1, 2) + s(2, 1)],
        [xy, s(2, 0) + s(0, 2), s(1, 2) + s(2, 1), zz - xx - yy],
    ]
}

/// Largest eigenvalue of a symmetric matrix and its eigenvector as a rotation, by Jacobi's rotations.
fn largest_eigenpair(mut a: Matrix4) -> (f64, DQuat) {
    let mut v: Matrix4 = std::array::from_fn(|i| std::array::from_fn(|j| f64::from(u8::from(i == j))));
    for _ in 0..30 {
        for p in 0..3 {
            for q in p + 1..4 {
                rotate(&mut a, &mut v, p, q);
            }
        }
    }
    let largest = (0..4).max_by(|i, j| a[*i][*i].total_cmp(&a[*j][*j])).unwrap_or(0);
    let q = [0, 1, 2, 3].map(|row| v[row][largest]);
    (a[largest][largest], DQuat::from_xyzw(q[1], q[2], q[3], q[0]).normalize())
}

/// One of Jacobi's rotations: makes entry (p, q) of `a` zero, and turns the basis `v` along.
fn rotate(a: &mut Matrix4, v: &mut Matrix4, p: usize, q: usize) {
    if a[p][q].abs() < 1e-300 {
        return;
    }
    let theta = (a[q][q] - a[p][p]) / (2.0 * a[p][q]);
    let t = theta.signum() / (theta.abs() + (theta * theta + 1.0).sqrt());
    let c = 1.0 / (t * t + 1.0).sqrt();
    let s = t * c;
    for row in a.iter_mut().chain(v.iter_mut()) {
        (row[p], row[q]) = (c * row[p] - s * row[q], s * row[p] + c * row[q]);
    }
    let (of_p, of_q) = (a[p], a[q]);
    a[p] = std::array::from_fn(|k| c * of_p[k] - s * of_q[k]);
    a[q] = std::array::from_fn(|k| s * of_p[k] + c * of_q[k]);
}

#[cfg(test)]
mod tests {
    use glam::Quat;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_similarity_is_found_again(
            points in proptest::collection::vec(proptest::array::uniform3(-0.1_f32..0.1), 5..22),
            axis in proptest::array::uniform3(-1.0_f32..1.0),
            angle in -3.1_f32..3.1,
            scale in 0.3_f32..3.0,
        ) {
            let from: Vec<Vec3> = points.into_iter().map(Vec3::from).collect();
            let turn = Quat::from_axis_angle(Vec3::from(axis).try_normalize().unwrap_or(Vec3::X), angle);
            let to: Vec<Vec3> = from.iter().map(|p| scale * (turn * *p) + Vec3::new(0.1, -0.2, 0.5)).collect();
            let found = Similarity::between(&from, &to).unwrap();
            for (a, b) in from.iter().zip(&to) {
                prop_assert!(found.point(*a).distance(*b) < 1e-5);
            }
        }
    }

    #[test]
    fn a_mirror_image_is_not_turned_inside_out() {
        let hand: Vec<Vec3> =
            (0..21).map(|k| Vec3::new(0.01 * k as f32, (k % 4) as f32 * 0.02, (k % 3) as f32 * 0.03)).collect();
        let mirrored: Vec<Vec3> = hand.iter().map(|p| Vec3::new(-p.x, p.y, p.z)).collect();
        let found = Similarity::between(&hand, &mirrored).unwrap();
        assert!(hand.iter().zip(&mirrored).any(|(a, b)| found.point(*a).distance(*b) > 0.01));
    }

    #[test]
    fn too_little_to_align_is_said() {
        assert_eq!(Similarity::between(&[Vec3::ZERO; 2], &[Vec3::ZERO; 2]), None);
        assert_eq!(Similarity::between(&[Vec3::ONE; 5], &[Vec3::ONE; 5]), None);
        assert_eq!(Similarity::between(&[Vec3::NAN; 5], &[Vec3::ONE; 5]), None);
    }
}
