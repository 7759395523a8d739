//! The environment as a surface reflects it.

use crate::backdrop::Sh9;

/// Spherical harmonics with a factor per band folded in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lobe(pub(super) [[f32; 9]; 3]);

impl Lobe {
    /// `sh` blurred by a kernel with the given weight in bands 0, 1 and 2.
    pub(super) fn new(sh: &Sh9, bands: [f32; 3]) -> Self {
        // normalisation of the basis, split off so that evaluation needs only products of coordinates
        const SCALE: [f32; 9] = [
            0.282_094_8,
            0.488_602_5,
            0.488_602_5,
            0.488_602_5,
            1.092_548_4,
            1.092_548_4,
            0.315_391_57,
            1.092_548_4,
            0.546_274_2,
        ];
        let band = |k: usize| bands[if k == 0 { 0 } else { 1 + usize::from(k > 3) }];
        Self(std::array::from_fn(|c| std::array::from_fn(|k| sh.0[k][c] * SCALE[k] * band(k))))
    }

    /// Light reflected by a white diffuse surface.
    pub(super) fn diffuse(sh: &Sh9) -> Self {
        // the cosine's bands, pi, 2 pi / 3 and pi / 4, over the pi of the diffuse surface
        Self::new(sh, [1.0, 2.0 / 3.0, 0.25])
    }
}
