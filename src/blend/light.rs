//! Pictures as linear light, and the filters that the other files need.

use crate::frame::Plane;
use crate::sensor::curve::{Encoder, light_table};

/// Linear red green blue, 0 black to 1 white.
pub type Light = Plane<[f32; 3]>;

/// Weights of red, green and blue in luminance (Rec. 709).
pub const LUMINANCE: [f32; 3] = [0.2126, 0.7152, 0.0722];

/// Linear light of an sRGB picture.
pub fn decode(rgb: &Plane<[u8; 3]>) -> Light {
    let table = light_table();
    map(rgb, |p| p.map(|v| table[usize::from(v)]))
}

/// sRGB picture of linear light, clipped; undoes [`decode`] byte for byte.
pub fn encode(light: &Light) -> Plane<[u8; 3]> {
    let encoder = Encoder::srgb();
    map(light, |p| p.map(|v| encoder.encode(v)))
}

/// A grey picture as one of three equal channels.
pub fn from_grey(grey: &Plane<u8>) -> Plane<[u8; 3]> {
    map(grey, |v| [v; 3])
}

/// Luminance of linear light.
pub fn luminance(p: [f32; 3]) -> f32 {
    LUMINANCE[0] * p[0] + LUMINANCE[1] * p[1] + LUMINANCE[2] * p[2]
}

/// A plane of the same size, value by value.
pub fn map<T: Copy, U>(plane: &Plane<T>, f: impl Fn(T) -> U) -> Plane<U> {
    Plane { width: plane.width, height: plane.height, data: plane.data.iter().map(|v| f(*v)).collect() }
}

/// Weights of a Gaussian to one side, the centre first; they add to 1 over both sides.
fn gaussian(sigma_px: f32) -> Vec<f32> {
    let reach = (3.0 * sigma_px).ceil() as usize;
    let bell = |k: usize| libm::expf(-0.5 * (k as f32 / sigma_px) * (k as f32 / sigma_px));
    let total = (1..=reach).map(bell).fold(1.0, |sum, w| sum + 2.0 * w);
    (0..=reach).map(|k| bell(k) / total).collect()
}

/// Gaussian blur of every channel; what lies outside is taken to be like the nearest pixel inside.
pub fn blurred<const N: usize>(plane: &Plane<[f32; N]>, sigma_px: f32) -> Plane<[f32; N]> {
    if sigma_px < 0.05 || plane.data.is_empty() {
        return plane.clone();
    }
    let weights = gaussian(sigma_px);
    let (width, height) = (plane.width as usize, plane.height as usize);
    let mut across = plane.clone();
    for (row, out) in plane.data.chunks_exact(width).zip(across.data.chunks_exact_mut(width)) {
        for (x, out) in out.iter_mut().enumerate() {
            *out = weighted(&weights, |k| [row[x.saturating_sub(k)], row[(x + k).min(width - 1)]]);
        }
    }
    let mut out = plane.clone();
    for y in 0..height {
        for x in 0..width {
            let at = |y: usize| across.data[y * width + x];
            out.data[y * width + x] = weighted(&weights, |k| [at(y.saturating_sub(k)), at((y + k).min(height - 1))]);
        }
    }
    out
}

/// Sum over the pairs of values at each distance from the centre.
fn weighted<const N: usize>(weights: &[f32], pair: impl Fn(usize) -> [[f32; N]; 2]) -> [f32; N] {
    let mut sum = pair(0)[0].map(|v| v * weights[0]);
    for (k, w) in weights.iter().enumerate().skip(1) {
        let [a, b] = pair(k);
        for c in 0..N {
            sum[c] += w * (a[c] + b[c]);
        }
    }
    sum
}

/// Fills in where the weight is below 1, smoothly from what surrounds it (pull and push over halved pictures, Gortler et
/// al. 1996). Values of weight 1 stay; where nothing has weight the result is 0.
pub fn filled<const N: usize>(values: &Plane<[f32; N]>, weight: &Plane<f32>) -> Plane<[f32; N]> {
    let mut levels = vec![(values.clone(), weight.clone())];
    while let Some((values, weight)) = levels.last()
        && (values.width > 1 || values.height > 1)
    {
        let halved = pulled(values, weight);
        levels.push(halved);
    }
    let Some((mut coarse, weight)) = levels.pop() else { return values.clone() };
    for (value, weight) in coarse.data.iter_mut().zip(&weight.data) {
        if *weight <= 0.0 {
            *value = [0.0; N];
        }
    }
    while let Some((values, weight)) = levels.pop() {
        coarse = pushed(&values, &weight, &coarse);
    }
    coarse
}

fn pulled<const N: usize>(values: &Plane<[f32; N]>, weight: &Plane<f32>) -> (Plane<[f32; N]>, Plane<f32>) {
    let (width, height) = (values.width.div_ceil(2), values.height.div_ceil(2));
    let (mut mean, mut sum) = (Plane::filled(width, height, [0.0; N]), Plane::filled(width, height, 0.0_f32));
    for (k, (value, weight)) in values.data.iter().zip(&weight.data).enumerate() {
        let (x, y) = (k % values.width as usize / 2, k / values.width as usize / 2);
        let at = y * width as usize + x;
        sum.data[at] += weight;
        for (mean, value) in mean.data[at].iter_mut().zip(value) {
            *mean += weight * value;
        }
    }
    for (mean, sum) in mean.data.iter_mut().zip(&mut sum.data) {
        *mean = mean.map(|v| if *sum > 0.0 { v / *sum } else { 0.0 });
        *sum = sum.min(1.0);
    }
    (mean, sum)
}

fn pushed<const N: usize>(values: &Plane<[f32; N]>, weight: &Plane<f32>, coarse: &Plane<[f32; N]>) -> Plane<[f32; N]> {
    let mut out = values.clone();
    for (k, (out, weight)) in out.data.iter_mut().zip(&weight.data).enumerate() {
        let w = weight.clamp(0.0, 1.0);
        if w >= 1.0 {
            continue;
        }
        let (x, y) = (k % values.width as usize, k / values.width as usize);
        let up = bilinear(coarse, 0.5 * x as f32 + 0.25, 0.5 * y as f32 + 0.25);
        for c in 0..N {
            out[c] = w * out[c] + (1.0 - w) * up[c];
        }
    }
    out
}

/// Value between pixel centres; outside it is that of the nearest pixel.
pub fn bilinear<const N: usize>(plane: &Plane<[f32; N]>, x: f32, y: f32) -> [f32; N] {
    let (width, height) = (plane.width as usize, plane.height as usize);
    let place = |v: f32, n: usize| {
        let v = (v - 0.5).clamp(0.0, (n - 1) as f32);
        let k = v as usize;
        (k, (k + 1).min(n - 1), v - k as f32)
    };
    let ((x0, x1, u), (y0, y1, v)) = (place(x, width), place(y, height));
    let [a, b, c, d] = [(x0, y0), (x1, y0), (x0, y1), (x1, y1)].map(|(x, y)| plane.data[y * width + x]);
    std::array::from_fn(|k| (a[k] * (1.0 - u) + b[k] * u) * (1.0 - v) + (c[k] * (1.0 - u) + d[k] * u) * v)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_survive_light() {
        let data = (0..=255_u8).map(|v| [v, 255 - v, v / 2]).collect();
        let picture = Plane { width: 16, height: 16, data };
        assert_eq!(encode(&decode(&picture)), picture);
    }

    #[test]
    fn blur_keeps_the_sum_and_has_the_variance_it_says() {
        let mut point = Plane::filled(41, 41, [0.0_f32]);
        point.data[20 * 41 + 20] = [1.0];
        let soft = blurred(&point, 2.0);
        let sum: f32 = soft.data.iter().map(|v| v[0]).sum();
        let variance: f32 =
            soft.data.iter().enumerate().map(|(k, v)| v[0] * ((k % 41) as f32 - 20.0) * ((k % 41) as f32 - 20.0)).sum();
        assert!((sum - 1.0).abs() < 1e-4, "{sum}");
        assert!((variance - 4.0).abs() < 0.2, "{variance}");
        let even = Plane::filled(9, 5, [0.3_f32, 0.6]);
        assert!(blurred(&even, 3.0).data.iter().all(|v| (v[0] - 0.3).abs() < 1e-5 && (v[1] - 0.6).abs() < 1e-5));
    }

    #[test]
    fn holes_are_filled_from_around_and_the_rest_stays() {
        // a ramp across with a hole in its middle comes back nearly as it was
        let ramp = Plane { width: 64, height: 64, data: (0..4096).map(|k| [(k % 64) as f32 / 64.0]).collect() };
        let weight = Plane {
            width: 64,
            height: 64,
            data: (0..4096_i32)
                .map(|k| if (k % 64 - 32).abs() < 8 && (k / 64 - 32).abs() < 8 { 0.0 } else { 1.0 })
                .collect(),
        };
        let mut holed = ramp.clone();
        holed.data.iter_mut().zip(&weight.data).filter(|(_, w)| **w < 0.5).for_each(|(v, _)| *v = [77.0]);
        let filled = filled(&holed, &weight);
        for (k, (found, was)) in filled.data.iter().zip(&ramp.data).enumerate() {
            let near = if weight.data[k] > 0.5 { 1e-6 } else { 0.08 };
            assert!((found[0] - was[0]).abs() < near, "{k}: {} {}", found[0], was[0]);
        }
        let nothing = super::filled(&holed, &Plane::filled(64, 64, 0.0));
        assert!(nothing.data.iter().all(|v| v[0].abs() < 1e-9));
    }
}
