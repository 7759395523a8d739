//! A network's outputs by name, their shapes checked; faults are collected.

use std::borrow::Cow;
use std::cell::RefCell;

use super::network::{Signature, Tensor};
use super::output_spec::{Activation, Score};
use super::spec::Layout;

/// Stands for keypoints that are no numbers although every output is.
const DECODED: &str = "(keypoints computed from the outputs)";

/// What one run gave.
pub(super) struct Outputs<'a> {
    signature: &'a Signature,
    tensors: &'a [Tensor],
    faults: RefCell<Vec<String>>,
}

/// One map per item and channel.
pub(super) struct Maps<'a> {
    tensor: &'a Tensor,
    channels: usize,
    layout: Layout,
    /// Slices, rows, columns.
    pub(super) size: [usize; 3],
}

impl<'a> Outputs<'a> {
    pub(super) fn new(signature: &'a Signature, tensors: &'a [Tensor]) -> Self {
        Self { signature, tensors, faults: RefCell::default() }
    }

    /// What did not fit.
    pub(super) fn into_faults(self) -> Vec<String> {
        self.faults.into_inner()
    }

    /// Names of outputs with numbers of one of several hands that are none; [`DECODED`] if there is no such output.
    pub(super) fn not_finite(&self, hand: usize, hands: usize) -> Vec<String> {
        let own = |tensor: &'a Tensor| {
            let each = tensor.data.len() / hands.max(1);
            tensor.data.get(hand * each..(hand + 1) * each).unwrap_or(&tensor.data)
        };
        let names = self.named(|tensor| own(tensor).iter().any(|x| !x.is_finite()));
        if names.is_empty() { vec![DECODED.to_owned()] } else { names }
    }

    /// Names of outputs with a NaN.
    pub(super) fn with_nan(&self) -> Vec<String> {
        self.named(|tensor| tensor.data.iter().any(|x| x.is_nan()))
    }

    fn named(&self, is_meant: impl Fn(&'a Tensor) -> bool) -> Vec<String> {
        let all = self.signature.outputs.iter().zip(self.tensors);
        all.filter(|(_, tensor)| is_meant(tensor)).map(|(info, _)| info.name.clone()).collect()
    }

    /// Notes what does not fit.
    pub(super) fn fault(&self, text: String) {
        let mut faults = self.faults.borrow_mut();
        if !faults.contains(&text) {
            faults.push(text);
        }
    }

    /// A tensor with its name; without a name, the only one.
    fn find(&self, name: Option<&str>) -> Option<(&'a str, &'a Tensor)> {
        let infos = &self.signature.outputs;
        let place = match name {
            None if infos.len() == 1 => 0,
            None => {
                self.fault(format!("  there are {} outputs: name the one that is meant by `tensor`", infos.len()));
                return None;
            }
            Some(name) => infos.iter().position(|info| info.name == name).or_else(|| {
                let near = crate::near::nearest(name, infos.iter().map(|info| info.name.as_str()));
                let near = near.map(|near| format!(": did you mean `{near}`?")).unwrap_or_default();
                self.fault(format!("  output `{name}` was expected, but there is none of this name{near}"));
                None
            })?,
        };
        Some((&infos.get(place)?.name, self.tensors.get(place)?))
    }

    fn misfit(&self, name: &str, expected: &str, found: &Tensor) {
        self.fault(format!("  output `{name}`: expected {expected}, found {:?}", found.shape));
    }

    /// A tensor whose last axes are `tail`, as many numbers as `count` of these.
    pub(super) fn plain(&self, name: Option<&str>, count: usize, tail: &[usize], words: &str) -> Option<&'a [f32]> {
        let (name, tensor) = self.find(name)?;
        let fits = tensor.data.len() == count * tail.iter().product::<usize>();
        if !fits {
            let tail: String = tail.iter().map(|n| format!(", {n}")).collect();
            self.misfit(name, &format!("{words} ([{count}{tail}])"), tensor);
        }
        fits.then_some(&tensor.data)
    }

    /// Coordinates of `count` points of at least `least` numbers, and how many numbers each has.
    pub(super) fn points(
        &self,
        name: Option<&str>,
        items: usize,
        joints: usize,
        least: usize,
    ) -> Option<(&'a [f32], usize)> {
        let (name, tensor) = self.find(name)?;
        let each = tensor.data.len() / (items * joints).max(1);
        let fits = (least..=4).contains(&each) && each * items * joints == tensor.data.len();
        if !fits {
            self.misfit(name, &format!("[N, {joints}, {least}] or [N, {}] for N = {items}", joints * least), tensor);
        }
        fits.then_some((&tensor.data, each))
    }

    /// Maps of one to three axes; `axes` of them are in the tensor.
    pub(super) fn maps(
        &self,
        name: Option<&str>,
        items: usize,
        channels: usize,
        axes: usize,
        layout: Layout,
    ) -> Option<Maps<'a>> {
        let (name, tensor) = self.find(name)?;
        let (shape, rank) = (&tensor.shape, tensor.shape.len());
        let inner = match layout {
            Layout::Nchw => (rank >= axes).then(|| &shape[rank - axes..]),
            Layout::Nhwc => (rank > axes).then(|| &shape[rank - axes - 1..rank - 1]),
        };
        let cells: usize = inner.map_or(0, |inner| inner.iter().product());
        let last = layout == Layout::Nchw || shape.last() == Some(&channels);
        if cells == 0 || !last || tensor.data.len() != items * channels * cells {
            let axes = ["", "", ", h, w", ", d, h, w"].get(axes).filter(|a| !a.is_empty()).copied().unwrap_or(", n");
            let expected = match layout {
                Layout::Nchw => format!("[N, {channels}{axes}] for N = {items}"),
                Layout::Nhwc => format!("[N{axes}, {channels}] for N = {items}"),
            };
            self.misfit(name, &expected, tensor);
            return None;
        }
        let mut size = [1; 3];
        size[3 - axes..].copy_from_slice(inner?);
        Some(Maps { tensor, channels, layout, size })
    }

    /// One probability for each of `count` things.
    pub(super) fn scores(&self, score: &Score, count: usize, words: &str) -> Option<Vec<f32>> {
        let numbers = self.plain(Some(&score.tensor), count, &[], words)?;
        Some(numbers.iter().map(|x| probability(*x, score.activation)).collect())
    }

    /// Numbers of a tensor and how many there are for each of `count` things, one or two.
    pub(super) fn one_or_two(&self, name: &str, count: usize) -> Option<(&'a [f32], usize)> {
        let (name, tensor) = self.find(Some(name))?;
        let each = tensor.data.len() / count.max(1);
        let fits = (each == 1 || each == 2) && each * count == tensor.data.len();
        if !fits {
            self.misfit(name, &format!("[N] or [N, 2] for N = {count}"), tensor);
        }
        fits.then_some((&tensor.data, each))
    }

    /// A tensor's last two axes, all before them being 1.
    pub(super) fn table(&self, name: Option<&str>, expected: &str) -> Option<(&'a Tensor, usize, usize)> {
        let (name, tensor) = self.find(name)?;
        match tensor.shape.as_slice() {
            [front @ .., rows, columns] if front.iter().all(|n| *n == 1) => Some((tensor, *rows, *columns)),
            _ => {
                self.misfit(name, expected, tensor);
                None
            }
        }
    }

    /// Notes that a table has another number of columns or rows.
    pub(super) fn wrong_table(&self, tensor: &Tensor, expected: &str) {
        self.fault(format!("  an output of shape {:?}: expected {expected}", tensor.shape));
    }
}

impl Maps<'_> {
    /// One map, row by row.
    pub(super) fn map(&self, item: usize, channel: usize) -> Cow<'_, [f32]> {
        let cells: usize = self.size.iter().product();
        match self.layout {
            Layout::Nchw => {
                let start = (item * self.channels + channel) * cells;
                Cow::Borrowed(self.tensor.data.get(start..start + cells).unwrap_or_default())
            }
            Layout::Nhwc => {
                let start = item * cells * self.channels;
                let data = self.tensor.data.get(start..start + cells * self.channels).unwrap_or_default();
                Cow::Owned(data.iter().skip(channel).step_by(self.channels).copied().collect())
            }
        }
    }
}

/// A number on its own as a probability, 0 to 1; NaN stays NaN.
pub(super) fn probability(x: f32, activation: Activation) -> f32 {
    let p = if activation == Activation::Sigmoid { 1.0 / (1.0 + libm::expf(-x)) } else { x };
    p.clamp(0.0, 1.0)
}

/// exp(beta x) over its sum; NaN where there is any.
pub(super) fn softmax(values: &mut [f32], beta: f32) {
    let greatest = values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut sum = 0.0;
    for x in values.iter_mut() {
        *x = libm::expf(beta * (*x - greatest));
        sum += *x;
    }
    for x in values {
        *x /= sum;
    }
}
