//! Brightness of pictures as the measures take it.

use crate::frame::Plane;

/// Weights of red, green and blue in the brightness of JPEG (ITU-R BT.601).
pub const WEIGHTS: [f32; 3] = [0.299, 0.587, 0.114];
/// Variance of the brightness of a grey pixel whose channels have independent noise of variance 1.
pub const INDEPENDENT: f32 = 0.447;

/// Brightness of a colour picture, 0..=255, not rounded.
pub fn of_rgb(rgb: &Plane<[u8; 3]>) -> Plane<f32> {
    let luma = |p: &[u8; 3]| {
        let [r, g, b] = p.map(f32::from);
        WEIGHTS[0] * r + WEIGHTS[1] * g + WEIGHTS[2] * b
    };
    Plane { width: rgb.width, height: rgb.height, data: rgb.data.iter().map(luma).collect() }
}

/// Brightness of a grey picture, 0..=255.
pub fn of_grey(grey: &Plane<u8>) -> Plane<f32> {
    Plane { width: grey.width, height: grey.height, data: grey.data.iter().map(|v| f32::from(*v)).collect() }
}

/// Mixed second differences of a 3 x 3 neighbourhood: 0 of every sum of a function of the column and one of the row,
/// [`RESIDUAL_NORM`] deviations of independent noise (Immerkær 1996). Called at inner pixels only.
pub fn residual(plane: &Plane<f32>, x: usize, y: usize) -> f32 {
    let width = plane.width as usize;
    let row = |y: usize| {
        let k = y * width + x;
        plane.data[k - 1] - 2.0 * plane.data[k] + plane.data[k + 1]
    };
    row(y - 1) - 2.0 * row(y) + row(y + 1)
}

/// Standard deviation of [`residual`] for independent noise of deviation 1.
pub const RESIDUAL_NORM: f32 = 6.0;
