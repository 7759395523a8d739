//! Light from everywhere as nine spherical harmonics.

use std::sync::OnceLock;

use glam::Vec3;

use super::Sh9;

/// Directions that stand for the whole sphere.
const DIRECTIONS: usize = 256;

/// Unit directions that share the sphere evenly (a Fibonacci spiral).
pub(super) fn directions() -> &'static [Vec3] {
    static SPIRAL: OnceLock<Vec<Vec3>> = OnceLock::new();
    SPIRAL.get_or_init(|| {
        let golden_angle = std::f64::consts::PI * (3.0 - libm::sqrt(5.0));
        let direction = |k: usize| {
            let y = 1.0 - (2 * k + 1) as f64 / DIRECTIONS as f64;
            let (r, angle) = (libm::sqrt(1.0 - y * y), golden_angle * k as f64);
            Vec3::new((r * libm::cos(angle)) as f32, y as f32, (r * libm::sin(angle)) as f32)
        };
        (0..DIRECTIONS).map(direction).collect()
    })
}

impl Sh9 {
    /// Projection of a radiance that varies slowly, from samples in fixed directions.
    pub fn project(radiance: impl Fn(Vec3) -> [f32; 3]) -> Self {
        let mut sh = Self::default();
        let share = 4.0 * std::f32::consts::PI / DIRECTIONS as f32;
        for d in directions() {
            sh.add(*d, radiance(*d), share);
        }
        sh
    }

    /// Light of a small source: its radiance, unit direction towards it and solid angle, steradians.
    pub fn add(&mut self, to_source: Vec3, radiance: [f32; 3], solid_angle_sr: f32) {
        for (coefficient, basis) in self.0.iter_mut().zip(Self::basis(to_source)) {
            let weight = basis * solid_angle_sr;
            *coefficient = std::array::from_fn(|c| coefficient[c] + weight * radiance[c]);
        }
    }

    /// The same light, brighter or darker.
    #[must_use]
    pub fn scaled(self, gain: f32) -> Self {
        Self(self.0.map(|coefficient| coefficient.map(|v| v * gain)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Irradiance on a surface: bands weighted by pi, 2 pi / 3, pi / 4 (the cosine lobe's own harmonics).
    fn irradiance(sh: &Sh9, normal: Vec3) -> f32 {
        let pi = std::f32::consts::PI;
        let band =
            [pi, 2.0 * pi / 3.0, 2.0 * pi / 3.0, 2.0 * pi / 3.0, pi / 4.0, pi / 4.0, pi / 4.0, pi / 4.0, pi / 4.0];
        Sh9::basis(normal).iter().zip(band).zip(sh.0).map(|((b, w), c)| b * w * c[0]).sum()
    }

    #[test]
    fn constant_radiance_gives_pi_times_itself() {
        let sh = Sh9::project(|_| [2.0; 3]);
        for normal in directions() {
            assert!((irradiance(&sh, *normal) / std::f32::consts::PI - 2.0).abs() < 0.01, "{normal}");
        }
        assert!((sh.0[0][0] - Sh9::uniform([2.0; 3]).0[0][0]).abs() < 1e-4);
    }

    #[test]
    fn a_hemisphere_lights_what_faces_it() {
        let sh = Sh9::project(|d| if d.y > 0.0 { [1.0; 3] } else { [0.0; 3] });
        let pi = std::f32::consts::PI;
        assert!((irradiance(&sh, Vec3::Y) - pi).abs() < 0.05);
        assert!((irradiance(&sh, Vec3::X) - pi / 2.0).abs() < 0.05);
        assert!(irradiance(&sh, -Vec3::Y).abs() < 0.05);
    }

    #[test]
    fn a_source_lights_from_its_side() {
        let to = Vec3::new(0.6, 0.0, -0.8);
        let mut sh = Sh9::default();
        sh.add(to, [10.0; 3], 0.05);
        let brightest = directions().iter().max_by(|a, b| irradiance(&sh, **a).total_cmp(&irradiance(&sh, **b)));
        assert!(brightest.unwrap().dot(to) > 0.97);
        // a far source of 0.5 gives 0.5 on what faces it; nine harmonics keep that within 7 %
        assert!((irradiance(&sh, to) / 0.5 - 1.0).abs() < 0.07, "{}", irradiance(&sh, to));
    }
}
