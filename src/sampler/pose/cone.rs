//! Round cones (two spheres and what lies between) and the exact gap between two of them.

use glam::Vec3;

/// A round cone: spheres of linearly growing radius along a segment, metres.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RoundCone {
    /// Centre of the first sphere.
    pub start: Vec3,
    /// Centre of the second sphere.
    pub end: Vec3,
    /// Radius of the first sphere.
    pub start_radius: f32,
    /// Radius of the second sphere.
    pub end_radius: f32,
}

/// Where two round cones come closest.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Gap {
    /// Metres between the surfaces; negative where they overlap.
    pub distance: f32,
    /// Share of the way along the first cone.
    pub along_first: f32,
    /// Share of the way along the second cone.
    pub along_second: f32,
}

impl RoundCone {
    /// Point on the axis.
    pub fn at(&self, share: f32) -> Vec3 {
        self.start + (self.end - self.start) * share
    }

    /// Radius at a point of the axis.
    pub fn radius(&self, share: f32) -> f32 {
        self.start_radius + (self.end_radius - self.start_radius) * share
    }

    /// Centre and radius of a sphere around the whole cone.
    pub fn bound(&self) -> (Vec3, f32) {
        let half = (self.end - self.start).length() * 0.5;
        ((self.start + self.end) * 0.5, half + self.start_radius.max(self.end_radius))
    }

    /// The smallest distance from a sphere on one axis to a sphere on the other.
    ///
    /// `|A(t) - B(s)| - r(t) - r(s)` is convex in (t, s): the minimum is where the gradient vanishes, or on the border
    /// of the unit square.
    pub fn gap(&self, other: &Self) -> Gap {
        if let Some((t, s)) = self.interior(other) {
            return self.gap_at(other, t, s);
        }
        let candidates = [
            (0.0, other.closest(self.start)),
            (1.0, other.closest(self.end)),
            (self.closest(other.start), 0.0),
            (self.closest(other.end), 1.0),
        ];
        let gaps = candidates.map(|(t, s)| self.gap_at(other, t, s));
        gaps.into_iter().fold(gaps[0], |best, g| if g.distance < best.distance { g } else { best })
    }

    fn gap_at(&self, other: &Self, t: f32, s: f32) -> Gap {
        let distance = (self.at(t) - other.at(s)).length() - self.radius(t) - other.radius(s);
        Gap { distance, along_first: t, along_second: s }
    }

    /// Share along the axis whose sphere is closest to a point.
    fn closest(&self, point: Vec3) -> f32 {
        let axis = self.end - self.start;
        let length = axis.length();
        let growth = self.end_radius - self.start_radius;
        if length <= growth.abs() {
            return if growth > 0.0 { 1.0 } else { 0.0 };
        }
        let slope = growth / length;
        let along = (point - self.start).dot(axis) / length;
        let aside = ((point - self.start).length_squared() - along * along).max(0.0).sqrt();
        ((along + slope * aside / (1.0 - slope * slope).sqrt()) / length).clamp(0.0, 1.0)
    }

    /// The point inside the unit square where the gradient vanishes.
    ///
    /// There the unit vector u between the axes has `u . a = ra` and `u . b = -rb`, with a, b the axes and ra, rb the
    /// growth of the radii; its part across both axes is what is left to length 1.
    fn interior(&self, other: &Self) -> Option<(f32, f32)> {
        let (a, b) = (self.end - self.start, other.end - other.start);
        let (ra, rb) = (self.end_radius - self.start_radius, other.end_radius - other.start_radius);
        let w = self.start - other.start;
        let (aa, ab, bb) = (a.dot(a), a.dot(b), b.dot(b));
        let det = aa * bb - ab * ab;
        if det <= 1e-4 * aa * bb {
            return None;
        }
        let across = a.cross(b) / det.sqrt();
        // in-plane part of u: alpha a + beta b
        let (alpha, beta) = ((ra * bb + rb * ab) / det, (-rb * aa - ra * ab) / det);
        let in_plane = a * alpha + b * beta;
        let left = 1.0 - in_plane.length_squared();
        if left <= 0.0 {
            return None;
        }
        let length = w.dot(across).abs() / left.sqrt();
        let (da, db) = (length * ra - w.dot(a), -length * rb - w.dot(b));
        let (t, s) = ((da * bb - db * ab) / det, (da * ab - db * aa) / det);
        ((0.0..=1.0).contains(&t) && (0.0..=1.0).contains(&s)).then_some((t, s))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::{Stream, dataset_stream};

    fn random_cone(stream: &mut Stream) -> RoundCone {
        let mut point =
            || Vec3::new(stream.uniform(-0.03, 0.03), stream.uniform(-0.03, 0.03), stream.uniform(-0.03, 0.03));
        let (start, end) = (point(), point());
        RoundCone { start, end, start_radius: stream.uniform(0.004, 0.012), end_radius: stream.uniform(0.004, 0.012) }
    }

    fn brute_force(a: &RoundCone, b: &RoundCone) -> f32 {
        let steps = 60;
        let mut best = f32::INFINITY;
        for i in 0..=steps {
            for k in 0..=steps {
                best = best.min(a.gap_at(b, i as f32 / steps as f32, k as f32 / steps as f32).distance);
            }
        }
        best
    }

    #[test]
    fn gap_is_that_of_a_fine_search() {
        let mut stream = dataset_stream(1, "cones", 0);
        for _ in 0..400 {
            let (a, b) = (random_cone(&mut stream), random_cone(&mut stream));
            let (exact, searched) = (a.gap(&b).distance, brute_force(&a, &b));
            assert!(exact <= searched + 1e-6 && searched - exact < 1.5e-4, "{exact} {searched} {a:?} {b:?}");
        }
    }

    #[test]
    fn gap_of_parallel_and_crossing_cones() {
        let cone = |start: Vec3, end: Vec3| RoundCone { start, end, start_radius: 0.01, end_radius: 0.01 };
        let a = cone(Vec3::ZERO, Vec3::X);
        let beside = a.gap(&cone(Vec3::new(0.2, 0.05, 0.0), Vec3::new(0.7, 0.05, 0.0)));
        assert!((beside.distance - 0.03).abs() < 1e-6, "{beside:?}");
        let crossing = a.gap(&cone(Vec3::new(0.25, -0.3, 0.04), Vec3::new(0.25, 0.5, 0.04)));
        assert!((crossing.distance - 0.02).abs() < 1e-6 && (crossing.along_first - 0.25).abs() < 1e-5, "{crossing:?}");
    }
}
