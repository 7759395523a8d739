//! Buffers as the shaders read them: words of four bytes.

use glam::Vec3;

/// A growing list of words.
#[derive(Debug, Default)]
pub(super) struct Words(pub(super) Vec<u32>);

impl Words {
    pub(super) fn whole(&mut self, value: u32) {
        self.0.push(value);
    }

    pub(super) fn wholes<const N: usize>(&mut self, values: [u32; N]) {
        self.0.extend(values);
    }

    pub(super) fn real(&mut self, value: f32) {
        self.0.push(value.to_bits());
    }

    pub(super) fn reals(&mut self, values: impl IntoIterator<Item = f32>) {
        self.0.extend(values.into_iter().map(f32::to_bits));
    }

    /// Three floats and a fourth.
    pub(super) fn four(&mut self, v: Vec3, w: f32) {
        self.reals([v.x, v.y, v.z, w]);
    }

    /// A colour and a fourth float.
    pub(super) fn colour(&mut self, [r, g, b]: [f32; 3], w: f32) {
        self.reals([r, g, b, w]);
    }

    /// One item of zeros if there is none, as no buffer may be empty.
    pub(super) fn never_empty(&mut self, words: usize) {
        if self.0.is_empty() {
            self.0.resize(words, 0);
        }
    }

    /// Number of items of some words each.
    pub(super) fn items(&self, words: usize) -> u32 {
        (self.0.len() / words) as u32
    }

    pub(super) fn size_bytes(&self) -> u64 {
        4 * self.0.len() as u64
    }
}
