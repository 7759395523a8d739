//! Pictures out of the drawn pixels and their backdrops.

use std::ops::Range;

use super::super::empty_frame;
use super::pack::{BLOCK, BLOCK_WORDS, Batch, PIXEL};
use crate::backdrop::Backdrop;
use crate::frame::{Frame, Plane};

/// The backdrop with the drawn blocks before it.
pub(super) fn composed(backdrop: &Backdrop, batch: &Batch, blocks: Range<usize>, words: &[u32]) -> Frame {
    let mut frame = empty_frame(backdrop);
    let (pixels, _) = words.as_chunks::<PIXEL>();
    let (lists, _) = batch.blocks.0.as_chunks::<BLOCK_WORDS>();
    let size = (BLOCK * BLOCK) as usize;
    let pixels = pixels.get(blocks.start * size..blocks.end * size).unwrap_or_default();
    for (pixels, [_, corner, ..]) in pixels.chunks_exact(size).zip(lists.get(blocks).unwrap_or_default()) {
        let (left, top) = (corner & 0xffff, corner >> 16);
        for (k, pixel) in (0..).zip(pixels) {
            put(&mut frame, left + k % BLOCK, top + k / BLOCK, *pixel);
        }
    }
    frame
}

/// One drawn pixel before the backdrop; blocks may reach over the picture's border.
fn put(frame: &mut Frame, column: u32, row: u32, [red, green, blue, open, depth, ids]: [u32; PIXEL]) {
    let open = f32::from_bits(open);
    if open >= 1.0 || column >= frame.part.width || row >= frame.part.height {
        return;
    }
    let target = (row * frame.part.width + column) as usize;
    let light = [red, green, blue].map(f32::from_bits);
    let behind = &mut frame.colour.data[target];
    *behind = std::array::from_fn(|c| behind[c] * open + light[c]);
    let [part, instance, ..] = ids.to_le_bytes();
    frame.depth_z_m.data[target] = f32::from_bits(depth);
    frame.part.data[target] = part;
    frame.instance.data[target] = instance;
}

/// Some rows of a picture take the place of those in another of the same size.
pub(super) fn take_rows(frame: &mut Frame, other: &Frame, rows: Range<u32>) {
    take(&mut frame.colour, &other.colour, &rows);
    take(&mut frame.depth_z_m, &other.depth_z_m, &rows);
    take(&mut frame.part, &other.part, &rows);
    take(&mut frame.instance, &other.instance, &rows);
}

fn take<T: Copy>(plane: &mut Plane<T>, other: &Plane<T>, rows: &Range<u32>) {
    let pixels = (rows.start * plane.width) as usize..(rows.end * plane.width) as usize;
    plane.data[pixels.clone()].copy_from_slice(&other.data[pixels]);
}
