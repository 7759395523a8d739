//! Signed-distance primitives. Millimetres, negative inside; most are first-order estimates near their surface.

use glam::Vec3;

const PROFILE_TABLE_SIZE: usize = 97;

/// Union of two distances with a fillet of size `k` mm (quadratic polynomial).
pub(super) fn smooth_min(a: f32, b: f32, k: f32) -> f32 {
    let h = (k - (a - b).abs()).max(0.0) / k;
    a.min(b) - h * h * k * 0.25
}

/// Intersection of two distances with a fillet of size `k` mm.
pub(super) fn smooth_max(a: f32, b: f32, k: f32) -> f32 {
    -smooth_min(-a, -b, k)
}

/// First-order distance to an ellipsoid at the origin.
pub(super) fn ellipsoid(q: Vec3, radii: Vec3) -> f32 {
    let a = q / radii;
    let k0 = a.length();
    k0 * (k0 - 1.0) / ((a / radii).length() + 1e-6)
}

/// A segment with a radius at each end.
#[derive(Debug, Clone, Copy)]
pub(super) struct RoundCone {
    pub(super) start: Vec3,
    pub(super) end: Vec3,
    pub(super) radius: [f32; 2],
}

impl RoundCone {
    pub(super) fn distance(&self, p: Vec3) -> f32 {
        let (along, to) = (self.end - self.start, p - self.start);
        let h = (to.dot(along) / along.length_squared()).clamp(0.0, 1.0);
        (to - along * h).length() - (self.radius[0] + (self.radius[1] - self.radius[0]) * h)
    }
}

/// A triangle thickened by a radius per corner.
#[derive(Debug, Clone, Copy)]
pub(super) struct RoundTriangle {
    pub(super) corners: [Vec3; 3],
    pub(super) radius: [f32; 3],
}

impl RoundTriangle {
    pub(super) fn distance(&self, p: Vec3) -> f32 {
        let ([a, b, c], [ra, rb, rc]) = (self.corners, self.radius);
        let (ab, ac, ap) = (b - a, c - a, p - a);
        let (d00, d01, d11) = (ab.dot(ab), ab.dot(ac), ac.dot(ac));
        let (d20, d21) = (ap.dot(ab), ap.dot(ac));
        let den = d00 * d11 - d01 * d01;
        let v = (d11 * d20 - d01 * d21) / den;
        let w = (d00 * d21 - d01 * d20) / den;
        let u = 1.0 - v - w;
        if u >= 0.0 && v >= 0.0 && w >= 0.0 {
            let normal = ab.cross(ac).normalize_or_zero();
            return ap.dot(normal).abs() - (u * ra + v * rb + w * rc);
        }
        let edge = |start, end, r0, r1| RoundCone { start, end, radius: [r0, r1] }.distance(p);
        edge(a, b, ra, rb).min(edge(b, c, rb, rc)).min(edge(c, a, rc, ra))
    }
}

/// One cross-section of a limb.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Station {
    /// Position along local +Y, mm.
    pub(super) y: f32,
    /// Half breadth, dorsal half depth, palmar half depth, palmar shift of the centre, mm.
    pub(super) section: [f32; 4],
}

/// A limb along local +Y (+X radial, +Z palmar) with superelliptic sections and ellipsoidal end caps.
#[derive(Debug, Clone)]
pub(super) struct Profile {
    start: f32,
    end: f32,
    caps: [f32; 2],
    exponent: f32,
    table: Vec<[f32; 4]>,
}

impl Profile {
    /// Stations in rising order; `caps` are the axial lengths of the end caps.
    pub(super) fn new(stations: &[Station], caps: [f32; 2], exponent: f32) -> Self {
        let y: Vec<f32> = stations.iter().map(|s| s.y).collect();
        let (start, end) = (y[0], y[y.len() - 1]);
        let columns: [Vec<f32>; 4] =
            std::array::from_fn(|c| monotone_cubic(&y, &stations.iter().map(|s| s.section[c]).collect::<Vec<_>>()));
        let table = (0..PROFILE_TABLE_SIZE).map(|k| std::array::from_fn(|c| columns[c][k])).collect();
        Self { start, end, caps, exponent, table }
    }

    /// Half breadth, dorsal and palmar half depth and palmar shift at an axial position.
    fn section(&self, y: f32) -> [f32; 4] {
        let x = (y - self.start) / (self.end - self.start) * (PROFILE_TABLE_SIZE as f32 - 1.001);
        let (k, f) = (x as usize, x.fract());
        let (a, b) = (self.table[k], self.table[k + 1]);
        std::array::from_fn(|c| a[c] * (1.0 - f) + b[c] * f)
    }

    /// Centre and radius of a sphere around the limb.
    pub(super) fn bounds(&self) -> (Vec3, f32) {
        let widest = self.table.iter().flat_map(|r| &r[..3]).fold(0.0_f32, |m, v| m.max(*v));
        let length = 0.5 * (self.end - self.start) + self.caps[0].max(self.caps[1]);
        (Vec3::Y * (0.5 * (self.start + self.end)), (length * length + widest * widest).sqrt())
    }

    /// Distance of a point in the limb's frame.
    pub(super) fn distance(&self, q: Vec3) -> f32 {
        let y = q.y.clamp(self.start, self.end);
        let beyond = q.y - y;
        let [half_breadth, dorsal, palmar, shift] = self.section(y);
        let z = q.z - shift;
        let half_depth = if z > 0.0 { palmar } else { dorsal };
        let cap = if beyond > 0.0 { self.caps[1] } else { self.caps[0] };
        // implicit value k0 (1 on the surface) over the length of its gradient; |x|^(e - 1) = |x|^e / |x|
        let ax = (q.x / half_breadth).abs().max(1e-4);
        let az = (z / half_depth).abs().max(1e-4);
        let ay = (beyond / cap).abs();
        let (px, pz) = (power(ax, self.exponent), power(az, self.exponent));
        let section = px + pz;
        let squared = power(section, 2.0 / self.exponent);
        let k0 = (squared + ay * ay + 1e-9).sqrt();
        let g = squared / section;
        let gx = g * px / (ax * half_breadth);
        let gz = g * pz / (az * half_depth);
        let gy = ay / cap;
        let k1 = (gx * gx + gz * gz + gy * gy).sqrt() + 1e-6;
        (k0 - 1.0) * k0 / k1
    }
}

/// x to the power e for positive x; same bits on every machine.
fn power(x: f32, e: f32) -> f32 {
    libm::exp2f(e * libm::log2f(x))
}

/// Values of a monotone cubic (Fritsch-Carlson slopes, 0 at both ends) on an even grid of [`PROFILE_TABLE_SIZE`] points.
fn monotone_cubic(x: &[f32], v: &[f32]) -> Vec<f32> {
    let n = x.len();
    let width: Vec<f32> = x.windows(2).map(|w| w[1] - w[0]).collect();
    let secant: Vec<f32> = (0..n - 1).map(|k| (v[k + 1] - v[k]) / width[k]).collect();
    let mut slope = vec![0.0; n];
    for k in 1..n - 1 {
        if secant[k - 1] * secant[k] > 0.0 {
            let (w1, w2) = (2.0 * width[k] + width[k - 1], width[k] + 2.0 * width[k - 1]);
            slope[k] = (w1 + w2) / (w1 / secant[k - 1] + w2 / secant[k]);
        }
    }
    (0..PROFILE_TABLE_SIZE)
        .map(|g| {
            let at = x[0] + (x[n - 1] - x[0]) * g as f32 / (PROFILE_TABLE_SIZE - 1) as f32;
            let k = x[1..n - 1].iter().take_while(|s| **s <= at).count();
            let (t, w) = (((at - x[k]) / width[k]).clamp(0.0, 1.0), width[k]);
            let (t2, t3) = (t * t, t * t * t);
            v[k] * (2.0 * t3 - 3.0 * t2 + 1.0)
                + v[k + 1] * (3.0 * t2 - 2.0 * t3)
                + w * (slope[k] * (t3 - 2.0 * t2 + t) + slope[k + 1] * (t3 - t2))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_solids_of_equal_radius_are_exact() {
        let cone = RoundCone { start: Vec3::ZERO, end: Vec3::Y * 10.0, radius: [2.0, 2.0] };
        assert!((cone.distance(Vec3::new(5.0, 4.0, 0.0)) - 3.0).abs() < 1e-5);
        assert!((cone.distance(Vec3::new(0.0, 13.0, 4.0)) - 3.0).abs() < 1e-5);
        let triangle = RoundTriangle { corners: [Vec3::ZERO, Vec3::X * 10.0, Vec3::Y * 10.0], radius: [1.0; 3] };
        assert!((triangle.distance(Vec3::new(2.0, 2.0, -4.0)) - 3.0).abs() < 1e-5);
        assert!((triangle.distance(Vec3::new(-3.0, 0.0, 4.0)) - 4.0).abs() < 1e-5);
        assert!(ellipsoid(Vec3::new(3.0, 0.0, 0.0), Vec3::splat(2.0)) - 1.0 < 1e-5);
    }

    #[test]
    fn fillet_adds_a_quarter_of_its_size_in_the_corner_and_nothing_beyond() {
        assert!((smooth_min(1.0, 1.0, 4.0) - 0.0).abs() < 1e-6);
        assert!((smooth_min(1.0, 6.0, 4.0) - 1.0).abs() < 1e-6);
        assert!((smooth_max(1.0, 1.0, 4.0) - 2.0).abs() < 1e-6);
    }

    #[test]
    fn profile_is_zero_on_its_sections_and_caps() {
        let station = |y, b| Station { y, section: [b, 3.0, 5.0, 1.0] };
        let profile = Profile::new(&[station(0.0, 4.0), station(10.0, 6.0), station(20.0, 4.0)], [2.0, 8.0], 2.5);
        let surface = [
            Vec3::new(4.0, 0.0, 1.0),
            Vec3::new(-6.0, 10.0, 1.0),
            Vec3::new(0.0, 10.0, 6.0),
            Vec3::new(0.0, 10.0, -2.0),
            Vec3::new(0.0, 28.0, 1.0),
            Vec3::new(0.0, -2.0, 1.0),
        ];
        for p in surface {
            assert!(profile.distance(p).abs() < 0.01, "{p}: {}", profile.distance(p));
        }
        assert!(profile.distance(Vec3::new(0.0, 10.0, 1.5)) < -1.0);
        assert!((profile.distance(Vec3::new(7.0, 10.0, 1.0)) - 1.0).abs() < 0.2);
    }

    #[test]
    fn monotone_cubic_meets_its_points_and_never_overshoots() {
        let v = monotone_cubic(&[0.0, 1.0, 4.0], &[1.0, 3.0, 3.5]);
        assert!((v[0] - 1.0).abs() < 1e-6 && (v[24] - 3.0).abs() < 1e-5 && (v[96] - 3.5).abs() < 1e-5);
        assert!(v.windows(2).all(|w| w[1] >= w[0] - 1e-6));
    }
}
