//! Networks that give maps which are greatest where a joint is: heatmaps, 2.5D, volumes, `SimCC`.

use glam::Vec3;

use super::{Context, JointFound, Joints, asked, cell_to_pixel};
use crate::tracker::model::output_spec::{Activation, Cells, MapSpec, Refine};
use crate::tracker::model::outputs::{probability, softmax};
use crate::tracker::model::spec::Layout;

/// Where a map of slices, rows and columns is greatest.
struct Peak {
    /// Slice, row, column; between cells after refinement.
    place: [f32; 3],
    /// Nearest cell.
    cell: usize,
    confidence: f32,
    /// Weights of all cells if the place is their mean.
    weights: Option<Vec<f32>>,
}

/// `[N, J, h, w]`, and z from depth maps of the same shape.
pub(super) fn heatmaps(
    context: &Context,
    tensor: Option<&str>,
    depth: Option<&str>,
    spec: MapSpec,
) -> Option<Vec<Joints>> {
    let joints = context.spec.joints.count;
    let maps = context.outputs.maps(tensor, context.items, joints, 2, spec.layout);
    let depth = asked(depth, |name| context.outputs.maps(Some(name), context.items, joints, 2, spec.layout));
    let (maps, depth) = (maps?, depth.ok()?);
    let joint = |item: usize, joint: usize| {
        let Some(peak) = peak(&maps.map(item, joint), maps.size, spec) else { return lost() };
        let z = depth.as_ref().map_or(0.0, |depth| peak.read(&depth.map(item, joint)));
        JointFound { place: in_patch(context, &peak, maps.size, spec).with_z(z), confidence: peak.confidence }
    };
    Some((0..context.items).map(|item| (0..joints).map(|k| joint(item, k)).collect()).collect())
}

/// `[N, J, d, h, w]`, z from -1 to 1.
pub(super) fn volumes(context: &Context, tensor: Option<&str>, spec: MapSpec) -> Option<Vec<Joints>> {
    let joints = context.spec.joints.count;
    let maps = context.outputs.maps(tensor, context.items, joints, 3, spec.layout)?;
    let joint = |item: usize, joint: usize| {
        let Some(peak) = peak(&maps.map(item, joint), maps.size, spec) else { return lost() };
        let place = in_patch(context, &peak, maps.size, spec).with_z(axis_z(peak.place[0], maps.size[0], spec.cells));
        JointFound { place, confidence: peak.confidence }
    };
    Some((0..context.items).map(|item| (0..joints).map(|k| joint(item, k)).collect()).collect())
}

/// One row of numbers per axis. The least sure axis says how sure the joint is.
pub(super) fn sim_cc(context: &Context, names: [Option<&String>; 3], spec: MapSpec) -> Option<Vec<Joints>> {
    let joints = context.spec.joints.count;
    let [x, y, z] =
        names.map(|name| asked(name, |name| context.outputs.maps(Some(name), context.items, joints, 1, Layout::Nchw)));
    let (x, y, z) = (x.ok()??, y.ok()??, z.ok()?);
    let extent = context.extent();
    let joint = |item: usize, joint: usize| {
        let along = |maps: &super::super::outputs::Maps| peak(&maps.map(item, joint), maps.size, spec);
        let (Some(px), Some(py)) = (along(&x), along(&y)) else { return lost() };
        let pz = z.as_ref().map(|z| (along(z), z.size[2]));
        let depth = match &pz {
            None => 0.0,
            Some((Some(peak), n)) => axis_z(peak.place[2], *n, spec.cells),
            Some((None, _)) => return lost(),
        };
        let place = Vec3::new(
            cell_to_pixel(px.place[2], x.size[2], extent.x, spec.cells),
            cell_to_pixel(py.place[2], y.size[2], extent.y, spec.cells),
            depth,
        );
        let sure = pz.and_then(|(peak, _)| peak).map_or(1.0, |peak| peak.confidence);
        JointFound { place, confidence: px.confidence.min(py.confidence).min(sure) }
    };
    Some((0..context.items).map(|item| (0..joints).map(|k| joint(item, k)).collect()).collect())
}

/// A joint of a map that says nothing.
fn lost() -> JointFound {
    JointFound { place: Vec3::NAN, confidence: 0.0 }
}

fn in_patch(context: &Context, peak: &Peak, [_, rows, columns]: [usize; 3], spec: MapSpec) -> Vec3 {
    let extent = context.extent();
    let x = cell_to_pixel(peak.place[2], columns, extent.x, spec.cells);
    Vec3::new(x, cell_to_pixel(peak.place[1], rows, extent.y, spec.cells), 0.0)
}

/// -1 to 1 over n cells.
fn axis_z(k: f32, n: usize, cells: Cells) -> f32 {
    let start = if cells == Cells::Strides { 0.5 } else { 0.0 };
    cell_to_pixel(k, n, 2.0, cells) - start - 1.0
}

impl Peak {
    /// A map's number where the peak is.
    fn read(&self, map: &[f32]) -> f32 {
        match &self.weights {
            Some(weights) => weights.iter().zip(map).map(|(w, x)| w * x).sum(),
            None => map.get(self.cell).copied().unwrap_or(f32::NAN),
        }
    }
}

/// Where a map is greatest; `None` if it holds what is no number.
fn peak(map: &[f32], size: [usize; 3], spec: MapSpec) -> Option<Peak> {
    let mean = spec.refine == Refine::SoftArgmax || spec.activation == Activation::Softmax;
    let mut values: Vec<f32> = map.iter().map(|x| probability_kept(*x, spec.activation)).collect();
    if mean {
        softmax(&mut values, spec.beta);
    }
    if values.iter().any(|x| !x.is_finite()) {
        return None;
    }
    let (cell, greatest) = values.iter().copied().enumerate().reduce(|a, b| if b.1 > a.1 { b } else { a })?;
    let at = [cell / (size[1] * size[2]), cell / size[2] % size[1], cell % size[2]];
    if spec.refine == Refine::SoftArgmax {
        let place = centre_of(&values, size);
        return Some(Peak { place, cell, confidence: mass_around(&values, size, at), weights: Some(values) });
    }
    let strides = [size[1] * size[2], size[2], 1];
    let place = std::array::from_fn(|axis| {
        let inside = at[axis] > 0 && at[axis] + 1 < size[axis];
        let step = strides[axis];
        let near = |k: Option<usize>| k.and_then(|k| values.get(k)).copied();
        let (before, after) = (near(cell.checked_sub(step)), near(cell.checked_add(step)));
        let offset = match (inside, before, after) {
            (true, Some(before), Some(after)) => between(before, greatest, after, spec.refine),
            _ => 0.0,
        };
        at[axis] as f32 + offset
    });
    let confidence = if mean { mass_around(&values, size, at) } else { greatest };
    Some(Peak { place, cell, confidence, weights: None })
}

/// Sigmoid where it is asked for; else the number as it is, which may be beyond 0 to 1.
fn probability_kept(x: f32, activation: Activation) -> f32 {
    if activation == Activation::Sigmoid { probability(x, activation) } else { x }
}

/// Offset of the top from the greatest of three neighbouring numbers, cells.
fn between(before: f32, greatest: f32, after: f32, refine: Refine) -> f32 {
    match refine {
        Refine::Quarter if after > before => 0.25,
        Refine::Quarter if after < before => -0.25,
        Refine::Dark => {
            // a Gaussian's logarithm is a parabola; mixed derivatives of a round one are 0
            let [a, b, c] = [before, greatest, after].map(|x| libm::logf(x.max(1e-10)));
            let curvature = a - 2.0 * b + c;
            if curvature < -1e-6 { ((a - c) / (2.0 * curvature)).clamp(-0.5, 0.5) } else { 0.0 }
        }
        _ => 0.0,
    }
}

/// Mean slice, row and column under weights that add up to 1.
fn centre_of(weights: &[f32], size: [usize; 3]) -> [f32; 3] {
    let mut sums = [0.0_f64; 3];
    for (k, w) in weights.iter().enumerate() {
        let at = [k / (size[1] * size[2]), k / size[2] % size[1], k % size[2]];
        sums.iter_mut().zip(at).for_each(|(sum, k)| *sum += f64::from(*w) * k as f64);
    }
    sums.map(|sum| sum as f32)
}

/// Share of the weights in the cells around one.
fn mass_around(weights: &[f32], size: [usize; 3], at: [usize; 3]) -> f32 {
    let range = |axis: usize| at[axis].saturating_sub(1)..(at[axis] + 2).min(size[axis]);
    let mut sum = 0.0;
    for slice in range(0) {
        for row in range(1) {
            let start = (slice * size[1] + row) * size[2];
            sum += range(2).filter_map(|column| weights.get(start + column)).sum::<f32>();
        }
    }
    sum.min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A round Gaussian whose top lies between cells: x, y in cells.
    fn gaussian([x, y]: [f32; 2], size: [usize; 3]) -> Vec<f32> {
        let at = |k: usize| [(k % size[2]) as f32 - x, (k / size[2] % size[1]) as f32 - y];
        (0..size[1] * size[2]).map(at).map(|[x, y]| libm::expf(-(x * x + y * y) / (2.0 * 1.5 * 1.5))).collect()
    }

    fn found(refine: Refine, top: [f32; 2]) -> [f32; 2] {
        let (size, beta) = ([1, 16, 24], 1.0);
        let (layout, activation, cells) = (Layout::Nchw, Activation::None, Cells::Centres);
        let spec = MapSpec { layout, activation, refine, cells, beta };
        let peak = peak(&gaussian(top, size), size, spec).unwrap();
        [peak.place[2], peak.place[1]]
    }

    #[test]
    fn dark_finds_the_top_of_a_gaussian_between_cells() {
        for top in [[7.0, 5.0], [7.3, 5.0], [7.49, 4.62], [18.8, 10.2], [1.1, 13.9]] {
            let off = |refine| {
                let place = found(refine, top);
                (place[0] - top[0]).abs().max((place[1] - top[1]).abs())
            };
            assert!(off(Refine::Dark) < 1e-3, "{top:?}: {:?}", found(Refine::Dark, top));
            assert!(off(Refine::Quarter) <= 0.2501 && off(Refine::None) <= 0.5);
        }
        // half a cell is as far as the greatest cell's neighbours can tell, and the border has but one
        assert!(found(Refine::Dark, [0.0, 0.0]).iter().all(|v| v.abs() < 1e-6));
    }
}
