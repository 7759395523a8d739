//! From samples to ids, depth and the surfaces that need shading.

#![expect(clippy::inline_always, reason = "must be compiled for the dispatched instruction set")]

use fearless_simd::{Simd, prelude::*};

use super::geometry::Triangle;
use super::lanes::{LANES, load};
use super::light::Rgb8;
use super::raster::{PixelSamples, Window};
use super::shading::SURFACE_PIXELS;
use crate::frame::{Frame, Plane};

/// A surface seen in a pixel: shaded once, whatever its number of samples.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fragment {
    /// Column and row.
    pub(super) pixel: [u16; 2],
    /// Number of the triangle.
    pub(super) triangle: u32,
    /// Sample at which it is shaded.
    pub(super) sample: u8,
    /// Samples it covers.
    pub(super) count: u8,
}

/// Add the colours of up to eight fragments to the picture, each by the share of its pixel that it covers.
#[inline(always)]
pub(super) fn add<S: Simd>(fragments: &[Fragment], rgb: &Rgb8<S>, colour: &mut Plane<[f32; 3]>) {
    for (lane, fragment) in fragments.iter().enumerate() {
        let weight = f32::from(fragment.count) * (1.0 / LANES as f32);
        let [x, y] = fragment.pixel.map(usize::from);
        let pixel = &mut colour.data[y * colour.width as usize + x];
        for (value, channel) in pixel.iter_mut().zip(rgb) {
            *value += channel[lane] * weight;
        }
    }
}

/// Read the window's samples: ids and depth go to the frame, its colour is dimmed to the backdrop's share, fragments are
/// listed per hand and solid.
#[inline(always)]
pub(super) fn collect<S: Simd>(
    simd: S,
    window: Window,
    samples: &[PixelSamples],
    triangles: &[Triangle],
    (focal_px, frame, fragments): (f32, &mut Frame, &mut [Vec<Fragment>]),
) {
    let tolerance = SURFACE_PIXELS / focal_px;
    for (y, row) in samples.chunks_exact(window.width as usize).enumerate() {
        let y = window.top as usize + y;
        for (x, samples) in row.iter().enumerate() {
            let x = window.left as usize + x;
            let inv_z = load(simd, &samples.inv_z);
            let covered = inv_z.simd_gt(0.0);
            if !covered.any_true() {
                continue;
            }
            let pixel = y * frame.part.width as usize + x;
            let place = [x as u16, y as u16];
            if samples.inv_z[0] > 0.0 {
                let triangle = &triangles[samples.triangle(0) as usize];
                frame.depth_z_m.data[pixel] = 1.0 / samples.inv_z[0];
                frame.part.data[pixel] = triangle.part;
                frame.instance.data[pixel] = triangle.instance;
            }
            let near = inv_z.reduce_max();
            let whole = covered.all_true() && inv_z.simd_gt(near - near * tolerance).all_true();
            if whole && same_body(samples) {
                let surface = usize::from(triangles[samples.triangle(0) as usize].surface);
                fragments[surface].push(Fragment {
                    pixel: place,
                    triangle: samples.triangle(0),
                    sample: 0,
                    count: LANES as u8,
                });
                frame.colour.data[pixel] = [0.0; 3];
            } else {
                let open = split(samples, triangles, tolerance, place, fragments);
                let share = f32::from(open) / LANES as f32;
                frame.colour.data[pixel] = frame.colour.data[pixel].map(|c| c * share);
            }
        }
    }
}

/// True if all samples of a fully covered pixel show one body.
#[inline(always)]
fn same_body(samples: &PixelSamples) -> bool {
    let mut different = 0;
    for k in 1..LANES {
        different |= samples.body(k) ^ samples.body(0);
    }
    different == 0
}

/// List the surfaces of a pixel with an edge; returns the number of samples that show the backdrop.
fn split(
    samples: &PixelSamples,
    triangles: &[Triangle],
    tolerance: f32,
    pixel: [u16; 2],
    fragments: &mut [Vec<Fragment>],
) -> u8 {
    let mut waiting: [bool; LANES] = samples.inv_z.map(|z| z > 0.0);
    let open = waiting.iter().filter(|w| !**w).count() as u8;
    for k in 0..LANES {
        if !waiting[k] {
            continue;
        }
        let surface = usize::from(triangles[samples.triangle(k) as usize].surface);
        let near = samples.inv_z[k] * tolerance;
        let mut count = 0;
        for (other, waiting) in waiting.iter_mut().enumerate().skip(k) {
            let close = (samples.inv_z[other] - samples.inv_z[k]).abs() <= near;
            if *waiting && close && samples.body(other) == samples.body(k) {
                *waiting = false;
                count += 1;
            }
        }
        fragments[surface].push(Fragment { pixel, triangle: samples.triangle(k), sample: k as u8, count });
    }
    open
}
