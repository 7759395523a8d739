//! One picture over another: colour by coverage, depth and ids by what is nearest.

use super::alpha::CutOut;
use super::light::Light;
use crate::frame::{NO_DEPTH, Plane};

/// `I_a = I_o * M + I_b * (1 - M)` in linear light, pixel by pixel: the picture behind stays as it is where M is 0, the
/// cut-out where M is 1.
pub fn over(cut: &CutOut, back: &Light) -> Light {
    let mut out = back.clone();
    for ((out, front), m) in out.data.iter_mut().zip(&cut.light.data).zip(&cut.alpha.data) {
        for c in 0..3 {
            out[c] = if *m >= 1.0 { front[c] } else { front[c] * m + out[c] * (1.0 - m) };
        }
    }
    out
}

/// Where a cut-out is what is seen: in its mask, but for what is known to lie in front of it. What has no depth is no
/// surface, or one that nobody measured: it hides nothing.
pub fn in_front(mask: &Plane<bool>, front_z_m: Option<&Plane<f32>>, back_z_m: Option<&Plane<f32>>) -> Plane<bool> {
    let (Some(front), Some(back)) = (front_z_m, back_z_m) else { return mask.clone() };
    let mut out = mask.clone();
    for ((out, front), back) in out.data.iter_mut().zip(&front.data).zip(&back.data) {
        let hidden = *front > NO_DEPTH && *back > NO_DEPTH && back < front;
        *out = *out && !hidden;
    }
    out
}

/// Values of the front where it is seen, else of the back.
pub fn chosen<T: Copy>(seen: &Plane<bool>, front: &Plane<T>, back: &Plane<T>) -> Plane<T> {
    let pick = |((seen, front), back): ((&bool, &T), &T)| if *seen { *front } else { *back };
    let data = seen.data.iter().zip(&front.data).zip(&back.data).map(pick).collect();
    Plane { width: seen.width, height: seen.height, data }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row<T>(data: Vec<T>) -> Plane<T> {
        Plane { width: data.len() as u32, height: 1, data }
    }

    #[test]
    fn equation_1_holds_exactly_inside_and_outside() {
        let back = row(vec![[0.1, 0.7, 1.0 / 3.0]; 3]);
        let cut = CutOut { light: row(vec![[0.9, 0.3, 1.0 / 7.0]; 3]), alpha: row(vec![0.0, 1.0, 0.25]) };
        let out = over(&cut, &back);
        assert_eq!(out.data[0].map(f32::to_bits), back.data[0].map(f32::to_bits));
        assert_eq!(out.data[1].map(f32::to_bits), cut.light.data[1].map(f32::to_bits));
        assert!((out.data[2][0] - (0.9 * 0.25 + 0.1 * 0.75)).abs() < 1e-7);
    }

    #[test]
    fn the_nearest_wins_and_what_has_no_depth_hides_nothing() {
        let mask = row(vec![true, true, true, true, false]);
        let front = row(vec![0.5, 0.5, 0.0, 0.5, 0.1]);
        let back = row(vec![0.4, 0.6, 0.3, 0.0, 0.9]);
        let seen = in_front(&mask, Some(&front), Some(&back));
        assert_eq!(seen.data, [false, true, true, true, false]);
        assert_eq!(chosen(&seen, &front, &back).data, [0.4, 0.5, 0.0, 0.5, 0.9]);
        assert_eq!(in_front(&mask, None, Some(&back)), mask);
    }
}
