//! The rotation and translation that bring points onto points.

use glam::{DQuat, DVec3, Vec3};

use crate::math::RigidTransform;

/// Points that lie on a line, or nearer to one than this allows, have no rotation: square metres.
const LEAST_AREA_M2: f64 = 1e-4;

/// Takes the first of each pair (point, its image, weight) as near as possible to the second in the sense of least squares
/// (Horn 1987: the rotation's quaternion is the eigenvector of a 4 x 4 matrix). `None` if either side's points are nearly on a
/// line.
pub fn rigid_alignment(pairs: &[(Vec3, Vec3, f32)]) -> Option<RigidTransform> {
    let total: f64 = pairs.iter().map(|(.., w)| f64::from(*w)).sum();
    if total.is_nan() || total <= 0.0 {
        return None;
    }
    let mean = |of: fn(&(Vec3, Vec3, f32)) -> Vec3| {
        pairs.iter().map(|pair| of(pair).as_dvec3() * f64::from(pair.2)).sum::<DVec3>() / total
    };
    let (from_mean, to_mean) = (mean(|p| p.0), mean(|p| p.1));
    let centred = pairs.iter().map(|(a, b, w)| (a.as_dvec3() - from_mean, b.as_dvec3() - to_mean, f64::from(*w)));
    let centred: Vec<(DVec3, DVec3, f64)> = centred.filter(|(.., w)| *w > 0.0).collect();
    // also if one is not a number
    if !(spread_m2(&centred, |c| c.0) >= LEAST_AREA_M2 && spread_m2(&centred, |c| c.1) >= LEAST_AREA_M2) {
        return None;
    }
    // s[r][c]: sum of the first's r-th times the second's c-th coordinate
    let mut s = [[0.0; 3]; 3];
    for (a, b, w) in &centred {
        for (r, row) in s.iter_mut().enumerate() {
            for (c, entry) in row.iter_mut().enumerate() {
                *entry += w * a[r] * b[c];
            }
        }
    }
    let [[xx, xy, xz], [yx, yy, yz], [zx, zy, zz]] = s;
    // order w x y z
    let n = [
        [xx + yy + zz, yz - zy, zx - xz, xy - yx],
        [yz - zy, xx - yy - zz, xy + yx, zx + xz],
        [zx - xz, xy + yx, yy - xx - zz, yz + zy],
        [xy - yx, zx + xz, yz + zy, zz - xx - yy],
    ];
    let [w, x, y, z] = largest_eigenvector(n);
    let rotation = DQuat::from_xyzw(x, y, z, w).normalize();
    let place = to_mean - rotation * from_mean;
    let found = RigidTransform::new(rotation.as_quat(), place.as_vec3());
    (found.rotation.is_finite() && found.translation_m.is_finite()).then_some(found)
}

/// Largest double area of a triangle of the centre and two points.
fn spread_m2(points: &[(DVec3, DVec3, f64)], of: fn(&(DVec3, DVec3, f64)) -> DVec3) -> f64 {
    let areas = points.iter().flat_map(|a| points.iter().map(move |b| of(a).cross(of(b)).length()));
    areas.fold(0.0, f64::max)
}

/// Jacobi's rotations.
fn largest_eigenvector(mut a: [[f64; 4]; 4]) -> [f64; 4] {
    let mut vectors: [[f64; 4]; 4] = std::array::from_fn(|r| std::array::from_fn(|c| f64::from(r == c)));
    for _ in 0..16 {
        for (p, q) in [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)] {
            if a[p][q].abs() <= f64::MIN_POSITIVE {
                continue;
            }
            let theta = (a[q][q] - a[p][p]) / (2.0 * a[p][q]);
            let t = theta.signum() / (theta.abs() + libm::sqrt(theta * theta + 1.0));
            let c = 1.0 / libm::sqrt(t * t + 1.0);
            let s = t * c;
            for row in &mut a {
                (row[p], row[q]) = (c * row[p] - s * row[q], s * row[p] + c * row[q]);
            }
            let (above, below) = (a[p], a[q]);
            a[p] = std::array::from_fn(|k| c * above[k] - s * below[k]);
            a[q] = std::array::from_fn(|k| s * above[k] + c * below[k]);
            for row in &mut vectors {
                (row[p], row[q]) = (c * row[p] - s * row[q], s * row[p] + c * row[q]);
            }
        }
    }
    let largest = (1..4).fold(0, |best, k| if a[k][k] > a[best][best] { k } else { best });
    vectors.map(|row| row[largest])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rig::skeleton::axis_angle;
    use crate::seed::dataset_stream;

    #[test]
    fn a_known_motion_is_found() {
        let mut s = dataset_stream(1, "align", 0);
        for flat in [false, true] {
            for _ in 0..50 {
                let truth = RigidTransform::new(axis_angle(s.direction(), s.uniform(0.0, 3.0)), s.direction());
                let pairs: Vec<_> = (0..6)
                    .map(|_| {
                        let p = s.direction() * 0.1;
                        let p = if flat { p.with_z(0.0) } else { p };
                        (p, truth.point(p), s.uniform(0.1, 1.0))
                    })
                    .collect();
                let found = rigid_alignment(&pairs).unwrap();
                assert!(pairs.iter().all(|(a, b, _)| found.point(*a).abs_diff_eq(*b, 1e-6)), "{found:?} {truth:?}");
            }
        }
    }

    #[test]
    fn a_reflection_is_not_made() {
        let points = [Vec3::ZERO, Vec3::X, Vec3::Y, Vec3::Z].map(|p| p * 0.1);
        let pairs = points.map(|p| (p, crate::math::mirror_x(p), 1.0));
        let found = rigid_alignment(&pairs).unwrap();
        assert!((found.rotation.length() - 1.0).abs() < 1e-6);
        assert!(pairs.iter().any(|(a, b, _)| found.point(*a).distance(*b) > 0.02));
    }

    #[test]
    fn points_on_a_line_have_no_rotation() {
        let on_line: Vec<_> = (0..5).map(|k| (Vec3::X * 0.02 * k as f32, Vec3::Y * 0.02 * k as f32, 1.0)).collect();
        assert!(rigid_alignment(&on_line).is_none());
        assert!(rigid_alignment(&[]).is_none());
        assert!(rigid_alignment(&[(Vec3::X, Vec3::Y, f32::NAN)]).is_none());
    }
}
