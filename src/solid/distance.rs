//! Signed distances to solids: negative inside, in the solid's own space, metres.
//!
//! Box, cylinder, round cone and torus after the closed forms collected by Inigo Quilez ("Distance functions"); a turned
//! body by the polyline of its outline; an ellipsoid to first order around its surface.

use glam::{Vec2, Vec3};

use crate::scene::SolidKind;

/// Distance (metres) from a point in a solid's own space to its surface, negative inside. Meshes from files have a
/// [`Field`](super::Field) instead: theirs, and that of cross-sections, is infinite.
pub fn distance(kind: &SolidKind, p: Vec3) -> f32 {
    match kind {
        SolidKind::Box { size_m, rounding_m } => {
            let half = Vec3::from(*size_m) * 0.5;
            let rounding = rounding_m.min(half.min_element());
            let q = p.abs() - (half - rounding);
            q.max(Vec3::ZERO).length() + q.max_element().min(0.0) - rounding
        }
        SolidKind::Cylinder { radius_m, length_m, rounding_m } => {
            let half = Vec2::new(*radius_m, 0.5 * length_m);
            let rounding = rounding_m.min(half.min_element());
            let q = Vec2::new(aside(p), p.y.abs()) - (half - rounding);
            q.max(Vec2::ZERO).length() + q.max_element().min(0.0) - rounding
        }
        SolidKind::RoundCone { radii_m, length_m } => round_cone(*radii_m, *length_m, p),
        SolidKind::Ellipsoid { semi_axes_m } => ellipsoid(Vec3::from(*semi_axes_m), p),
        SolidKind::Torus { radius_m, tube_m } => Vec2::new(aside(p) - radius_m, p.y).length() - tube_m,
        SolidKind::Lathe { profile_m } => lathe(profile_m, Vec2::new(aside(p), p.y)),
        SolidKind::Tube { path_m, radius_m } => {
            let pieces = path_m.windows(2).map(|w| to_segment(p, Vec3::from(w[0]), Vec3::from(w[1])));
            pieces.fold(f32::INFINITY, f32::min) - radius_m
        }
        // parts of persons are not asked
        SolidKind::Mesh { .. } | SolidKind::Sections { .. } => f32::INFINITY,
    }
}

/// Distance from the Y axis.
fn aside(p: Vec3) -> f32 {
    Vec2::new(p.x, p.z).length()
}

fn to_segment(p: Vec3, a: Vec3, b: Vec3) -> f32 {
    let ab = b - a;
    let t = ((p - a).dot(ab) / ab.length_squared().max(1e-12)).clamp(0.0, 1.0);
    p.distance(a + ab * t)
}

fn round_cone([lower, upper]: [f32; 2], length: f32, p: Vec3) -> f32 {
    let q = Vec2::new(aside(p), p.y + 0.5 * length);
    if (lower - upper).abs() >= length {
        // one sphere holds the other
        return if lower > upper { q.length() - lower } else { q.distance(Vec2::Y * length) - upper };
    }
    let slope = (lower - upper) / length;
    let flank = (1.0 - slope * slope).sqrt();
    let along = q.dot(Vec2::new(-slope, flank));
    if along < 0.0 {
        q.length() - lower
    } else if along > flank * length {
        q.distance(Vec2::Y * length) - upper
    } else {
        q.dot(Vec2::new(flank, slope)) - lower
    }
}

/// The value of the implicit function over the length of its gradient.
fn ellipsoid(semi_axes: Vec3, p: Vec3) -> f32 {
    let scaled = p / semi_axes;
    let (value, slope) = (scaled.length(), (scaled / semi_axes).length());
    if slope < 1e-6 { -semi_axes.min_element() } else { value * (value - 1.0) / slope }
}

/// Distance in the half plane to the outline; inside where a ray to the outside crosses the closed outline oddly often.
fn lathe(profile: &[[f32; 2]], p: Vec2) -> f32 {
    let mut nearest = f32::INFINITY;
    let mut inside = false;
    for pair in profile.windows(2) {
        let (a, b) = (Vec2::from(pair[0]), Vec2::from(pair[1]));
        // pieces on the axis are no surface
        if a.x > 1e-6 || b.x > 1e-6 {
            let ab = b - a;
            let t = ((p - a).dot(ab) / ab.length_squared().max(1e-12)).clamp(0.0, 1.0);
            nearest = nearest.min(p.distance_squared(a + ab * t));
        }
        if (a.y > p.y) != (b.y > p.y) && p.x < a.x + (b.x - a.x) * (p.y - a.y) / (b.y - a.y) {
            inside = !inside;
        }
    }
    if inside { -nearest.sqrt() } else { nearest.sqrt() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::{Stream, dataset_stream};
    use crate::solid::mesh;

    fn kinds() -> Vec<SolidKind> {
        vec![
            SolidKind::Box { size_m: [0.06, 0.1, 0.02], rounding_m: 0.004 },
            SolidKind::Cylinder { radius_m: 0.03, length_m: 0.1, rounding_m: 0.003 },
            SolidKind::RoundCone { radii_m: [0.03, 0.02], length_m: 0.06 },
            SolidKind::RoundCone { radii_m: [0.02, 0.02], length_m: 0.06 },
            SolidKind::Ellipsoid { semi_axes_m: [0.03, 0.04, 0.025] },
            SolidKind::Torus { radius_m: 0.04, tube_m: 0.01 },
            SolidKind::Lathe {
                profile_m: vec![[0.0, 0.0], [0.04, 0.0], [0.04, 0.09], [0.035, 0.09], [0.035, 0.005], [0.0, 0.005]],
            },
            SolidKind::Tube { path_m: vec![[0.0; 3], [0.0, 0.05, 0.0], [0.04, 0.05, 0.0]], radius_m: 0.008 },
        ]
    }

    #[test]
    fn surfaces_of_the_meshes_are_at_distance_0() {
        for kind in kinds() {
            let mesh = mesh(&kind);
            for (p, n) in mesh.positions_m.iter().zip(&mesh.normals) {
                let d = distance(&kind, *p);
                // bent tubes are cut off at the joint's mitre
                let bend = matches!(kind, SolidKind::Tube { .. });
                assert!(d.abs() < if bend { 4e-3 } else { 2e-5 }, "{kind:?} at {p}: {d}");
                if !bend {
                    let out = distance(&kind, *p + *n * 1e-3);
                    // a hollow body has corners that face each other
                    let least = if matches!(kind, SolidKind::Lathe { .. }) { -2e-5 } else { 4e-4 };
                    assert!(out > least, "{kind:?} at {p}: {out} a millimetre outside");
                }
            }
        }
    }

    #[test]
    fn known_points_have_known_distances() {
        let kinds = kinds();
        let at = |k: usize, p: [f32; 3]| distance(&kinds[k], Vec3::from(p));
        let is = |found: f32, known: f32| assert!((found - known).abs() < 1e-6, "{found} instead of {known}");
        is(at(0, [0.0; 3]), -0.01);
        is(at(0, [0.05, 0.0, 0.0]), 0.02);
        is(at(1, [0.04, 0.0, 0.0]), 0.01);
        is(at(1, [0.0, 0.06, 0.0]), 0.01);
        is(at(3, [0.0, 0.06, 0.0]), 0.01);
        is(at(5, [0.04, 0.0, 0.0]), -0.01);
        is(at(6, [0.0, 0.05, 0.0]), 0.035);
        is(at(6, [0.0375, 0.05, 0.0]), -0.0025);
        is(at(7, [0.0, 0.02, 0.02]), 0.012);
    }

    /// |grad d| is 1 where the distance is exact.
    #[test]
    fn distances_grow_by_a_metre_per_metre() {
        let mut stream = dataset_stream(1, "distance", 0);
        let point = |stream: &mut Stream| Vec3::from_array(std::array::from_fn(|_| stream.uniform(-0.08, 0.08)));
        for kind in kinds().iter().filter(|k| !matches!(k, SolidKind::Ellipsoid { .. })) {
            for _ in 0..400 {
                let (p, q) = (point(&mut stream), point(&mut stream));
                let (a, b) = (distance(kind, p), distance(kind, q));
                assert!((a - b).abs() <= p.distance(q) + 1e-6, "{kind:?} from {p} to {q}: {a} {b}");
            }
        }
    }

    #[test]
    fn ellipsoids_are_right_to_first_order() {
        let kind = SolidKind::Ellipsoid { semi_axes_m: [0.03, 0.04, 0.025] };
        let mesh = mesh(&kind);
        for (p, n) in mesh.positions_m.iter().zip(&mesh.normals) {
            for step in [-2e-3, 2e-3] {
                let d = distance(&kind, *p + *n * step);
                assert!((d - step).abs() < 1e-4, "{d} instead of {step} at {p}");
            }
        }
    }
}
