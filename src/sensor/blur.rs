//! Optical blur: a Gaussian over linear light, before the sensor sees it.

use crate::frame::Plane;

/// Weights beyond this share of the whole are left out.
const NEGLIGIBLE: f64 = 1e-6;

/// Half of the discrete Gaussian, from the middle outwards: `exp(-t) I_n(t)` with t the variance in square pixels and I the
/// modified Bessel function (Lindeberg 1990, the kernel of diffusion on a grid). Its variance is exact for any t, unlike
/// that of a sampled Gaussian.
pub fn kernel(sigma_px: f32) -> Vec<f32> {
    let t = f64::from(sigma_px) * f64::from(sigma_px);
    let mut weights: Vec<f64> = Vec::new();
    for n in 0..=(6.0 * sigma_px).max(0.0) as usize + 2 {
        let weight = bessel_weight(n, t);
        if n > 0 && weight < NEGLIGIBLE {
            break;
        }
        weights.push(weight);
    }
    let sum = 2.0 * weights.iter().sum::<f64>() - weights[0];
    weights.iter().map(|w| (w / sum) as f32).collect()
}

/// `exp(-t) I_n(t)` by its power series; t up to some hundreds.
fn bessel_weight(n: usize, t: f64) -> f64 {
    let half = 0.5 * t;
    let mut term = (1..=n).fold(libm::exp(-t), |term, k| term * half / k as f64);
    let mut sum = term;
    let mut k = 1.0;
    while k < half + 2.0 || term > 1e-12 * sum {
        term *= half * half / (k * (k + n as f64));
        sum += term;
        k += 1.0;
    }
    sum
}

/// A picture blurred by a Gaussian of the given standard deviation; at the border its last pixels are repeated.
pub fn gaussian<const C: usize>(plane: &Plane<[f32; C]>, sigma_px: f32) -> Plane<[f32; C]> {
    let kernel = kernel(sigma_px);
    let (width, height) = (plane.width as usize, plane.height as usize);
    let mut across = plane.clone();
    for (row, out) in plane.data.chunks_exact(width.max(1)).zip(across.data.chunks_exact_mut(width.max(1))) {
        for (x, out) in out.iter_mut().enumerate() {
            *out = weighted(&kernel, |d| [row[x.saturating_sub(d)], row[(x + d).min(width - 1)]]);
        }
    }
    let mut down = across.clone();
    for (k, out) in down.data.iter_mut().enumerate() {
        let (x, y) = (k % width, k / width);
        let at = |y: usize| across.data[y * width + x];
        *out = weighted(&kernel, |d| [at(y.saturating_sub(d)), at((y + d).min(height - 1))]);
    }
    down
}

/// Sum of the kernel's weights times the two values at each distance.
fn weighted<const C: usize>(kernel: &[f32], pair: impl Fn(usize) -> [[f32; C]; 2]) -> [f32; C] {
    let middle = pair(0)[0];
    let mut sum: [f32; C] = std::array::from_fn(|c| kernel[0] * middle[c]);
    for (d, weight) in kernel.iter().enumerate().skip(1) {
        let [a, b] = pair(d);
        (0..C).for_each(|c| sum[c] += weight * (a[c] + b[c]));
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kernels_have_their_variance() {
        for sigma in [0.3_f32, 0.7, 1.0, 2.5, 6.0] {
            let kernel = kernel(sigma);
            let sum = kernel[0] + 2.0 * kernel[1..].iter().sum::<f32>();
            let variance: f32 = 2.0 * kernel.iter().enumerate().map(|(n, w)| (n * n) as f32 * w).sum::<f32>();
            assert!((sum - 1.0).abs() < 1e-5, "{sigma}: {sum}");
            assert!((variance / (sigma * sigma) - 1.0).abs() < 2e-3, "{sigma}: {variance}");
        }
        assert_eq!(kernel(0.0), [1.0]);
    }

    #[test]
    fn a_point_becomes_a_bell_of_the_same_light() {
        let mut plane = Plane::filled(41, 31, [0.0; 1]);
        plane.data[15 * 41 + 20] = [1.0];
        let blurred = gaussian(&plane, 1.5);
        let sum: f32 = blurred.data.iter().map(|v| v[0]).sum();
        assert!((sum - 1.0).abs() < 1e-4, "{sum}");
        // density of the bell at its top; on a grid it is a little more pointed
        let top = 1.0 / (std::f32::consts::TAU * 1.5 * 1.5);
        assert!((blurred.data[15 * 41 + 20][0] / top - 1.0).abs() < 0.2);
        assert_eq!(gaussian(&Plane::filled(7, 5, [0.25; 3]), 2.0).data.len(), 35);
    }

    #[test]
    fn even_light_stays_even_up_to_the_border() {
        let blurred = gaussian(&Plane::filled(9, 4, [0.5, 0.25, 1.0]), 3.0);
        assert!(
            blurred.data.iter().flatten().zip([0.5, 0.25, 1.0].into_iter().cycle()).all(|(a, b)| (a - b).abs() < 1e-5)
        );
        assert!(gaussian(&Plane::filled(0, 0, [0.0; 3]), 2.0).data.is_empty());
    }
}
