//! Patches as the tensors that a network takes.

use super::network::{Dim, Element, Signature, Tensor, TensorInfo};
use super::spec::{InputSpec, Layout};
use crate::tracker::patch::{Patch, Pixels};

/// Where a batch of patches goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct InputPlan {
    /// Of each of the network's inputs: its views, and how many axes it has.
    inputs: Vec<(std::ops::Range<usize>, usize)>,
    /// Hands per run if the network is made for a number of them.
    pub(super) batch: Option<usize>,
}

impl InputPlan {
    /// Of a network; what does not fit is said in words.
    pub(super) fn new(spec: &InputSpec, signature: &Signature) -> Result<Self, Vec<String>> {
        let mut faults = Vec::new();
        let views = spec.views();
        let infos = &signature.inputs;
        for name in &spec.tensors {
            if !infos.iter().any(|info| info.name == *name) {
                let near = crate::near::nearest(name, infos.iter().map(|info| info.name.as_str()));
                let near = near.map(|near| format!(": did you mean `{near}`?")).unwrap_or_default();
                faults.push(format!("  input `{name}` was expected, but there is none of this name{near}"));
            }
        }
        if infos.len() != 1 && infos.len() != views {
            faults.push(format!(
                "  1 input{} was expected, found {}",
                if views > 1 { " or 2" } else { "" },
                infos.len()
            ));
        }
        let mut inputs = Vec::new();
        for (k, info) in infos.iter().enumerate() {
            let own = spec.tensors.iter().position(|name| *name == info.name).unwrap_or(k);
            let seen = if infos.len() == 1 { 0..views } else { own..own + 1 };
            match axes(spec, info, seen.len()) {
                Ok(rank) => inputs.push((seen, rank)),
                Err(fault) => faults.push(fault),
            }
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        let first = infos.first().and_then(|info| info.shape.as_ref()?.first());
        let batch = if let Some(Dim::Fixed(n)) = first { Some((*n).max(1)) } else { None };
        Ok(Self { inputs, batch })
    }

    /// Tensors of `hands` hands, of which those beyond the patches are empty.
    pub(super) fn tensors(&self, spec: &InputSpec, patches: &[Patch], hands: usize) -> Vec<Tensor> {
        self.inputs.iter().map(|(views, rank)| tensor(spec, patches, hands, views.clone(), *rank)).collect()
    }
}

/// Number of axes of an input; what does not fit is said in words.
fn axes(spec: &InputSpec, info: &TensorInfo, views: usize) -> Result<usize, String> {
    if let Element::Other(name) = &info.element {
        return Err(format!("  input `{}`: numbers of type f32 or u8 were expected, found {name}", info.name));
    }
    let Some(found) = &info.shape else { return Ok(4) };
    let shape = shape(spec, 1, views, found.len());
    let fits = shape.len() == found.len()
        && shape.iter().zip(found).skip(1).all(|(n, dim)| !matches!(dim, Dim::Fixed(m) if m != n));
    if fits {
        return Ok(found.len());
    }
    let numbers = |shape: &[usize]| shape.iter().skip(1).map(|n| format!(", {n}")).collect::<String>();
    Err(format!("  input {info}: expected [N{}]", numbers(&shape)))
}

/// Shape of an input of some number of axes, or of 4 if there is none with so many.
fn shape(spec: &InputSpec, hands: usize, views: usize, rank: usize) -> Vec<usize> {
    let (w, h, c) = (spec.width as usize, spec.height as usize, spec.channels());
    match (rank, spec.layout) {
        (3, _) if views * c == 1 => vec![hands, h, w],
        (5, Layout::Nchw) => vec![hands, views, c, h, w],
        (5, Layout::Nhwc) => vec![hands, views, h, w, c],
        (_, Layout::Nchw) => vec![hands, views * c, h, w],
        (_, Layout::Nhwc) => vec![hands, h, w, views * c],
    }
}

fn tensor(spec: &InputSpec, patches: &[Patch], hands: usize, views: std::ops::Range<usize>, rank: usize) -> Tensor {
    let shape = shape(spec, hands, views.len(), rank);
    let (cells, channels) = ((spec.width * spec.height) as usize, spec.channels());
    let mut data = vec![0.0; shape.iter().product()];
    let (all, count) = (spec.views(), views.len());
    let mixed = spec.layout == Layout::Nhwc && rank != 5;
    for (hand, hand_patches) in patches.chunks(all).enumerate() {
        for (k, patch) in hand_patches.get(views.clone()).unwrap_or_default().iter().enumerate() {
            // numbers between pixels and between channels, and where the patch begins
            let start = hand * count * channels * cells;
            let (start, pixel, channel) = match spec.layout {
                Layout::Nchw => (start + k * channels * cells, 1, cells),
                Layout::Nhwc if mixed => (start + k * channels, count * channels, 1),
                Layout::Nhwc => (start + k * channels * cells, channels, 1),
            };
            let place = |p: usize, c: usize| start + p * pixel + c * channel;
            fill(spec, &patch.pixels, &mut data, place);
        }
    }
    Tensor { shape, data }
}

/// Writes a patch's normalised numbers; `place` tells where for a pixel and a channel.
fn fill(spec: &InputSpec, pixels: &Pixels, data: &mut [f32], place: impl Fn(usize, usize) -> usize) {
    let scale = spec.std.map(|std| 1.0 / std);
    let mut write = |p: usize, c: usize, x: f32| {
        if let Some(out) = data.get_mut(place(p, c)) {
            *out = (x - spec.mean[c]) * scale[c];
        }
    };
    match pixels {
        Pixels::Colour(plane) => {
            for (p, rgb) in plane.data.iter().enumerate() {
                for c in 0..3 {
                    write(p, c, rgb[if spec.bgr { 2 - c } else { c }] * spec.white);
                }
            }
        }
        Pixels::Grey(plane) => plane.data.iter().enumerate().for_each(|(p, x)| write(p, 0, x * spec.white)),
        Pixels::Depth(plane) => plane.data.iter().enumerate().for_each(|(p, x)| write(p, 0, *x)),
    }
}
