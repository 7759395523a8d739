//! Hands from maps: great at their centres, or all over them.

use glam::Vec2;

use super::detector::Candidate;
use super::detector_spec::DetectorSpec;
use super::output_spec::Activation;
use super::outputs::{Maps, Outputs, probability};
use super::spec::Layout;

/// Regions of a mask smaller than this share of the picture are noise.
const LEAST_AREA: f32 = 0.0004;

/// One candidate for each cell that is no less than its eight neighbours.
pub(super) fn centres(maps: &Maps, sizes: Option<&Maps>, size: f32, spec: &DetectorSpec) -> Vec<Candidate> {
    let [_, rows, columns] = maps.size;
    let extent = Vec2::new(columns as f32, rows as f32);
    let sizes = sizes.map(|sizes| [sizes.map(0, 0), sizes.map(0, 1)]);
    let mut found = Vec::new();
    for (number, class) in spec.classes.iter().enumerate() {
        let map = maps.map(0, number);
        for (k, x) in map.iter().enumerate() {
            let score = probability(*x, spec.activation);
            if !(score >= spec.least_score && is_top(&map, k, columns)) {
                continue;
            }
            let middle = (Vec2::new((k % columns) as f32, (k / columns) as f32) + 0.5) / extent;
            let size = sizes.as_ref().map_or(Vec2::splat(size), |sizes| {
                let [w, h] = sizes.each_ref().map(|map| map.get(k).copied().unwrap_or(f32::NAN));
                Vec2::new(w, h)
            });
            found.push(Candidate { start: middle - size / 2.0, end: middle + size / 2.0, score, class: *class });
        }
    }
    found
}

/// True if no neighbour is greater, and none before it is equal.
fn is_top(map: &[f32], cell: usize, columns: usize) -> bool {
    let (row, column) = (cell / columns, cell % columns);
    let own = map[cell];
    let mut top = true;
    for y in row.saturating_sub(1)..=row + 1 {
        for x in column.saturating_sub(1)..=(column + 1).min(columns - 1) {
            let other = y * columns + x;
            top &= map.get(other).is_none_or(|v| other == cell || *v < own || (*v <= own && other > cell));
        }
    }
    top
}

/// One candidate for each coherent region where a hand is likelier than none.
pub(super) fn mask(
    outputs: &Outputs,
    name: Option<&str>,
    layout: Layout,
    spec: &DetectorSpec,
) -> Option<Vec<Candidate>> {
    let two = spec.activation == Activation::Softmax;
    let maps = outputs.maps(name, 1, if two { 2 } else { 1 }, 2, layout)?;
    let likely: Vec<f32> = if two {
        let difference = |(background, hand): (&f32, &f32)| probability(hand - background, Activation::Sigmoid);
        maps.map(0, 0).iter().zip(maps.map(0, 1).iter()).map(difference).collect()
    } else {
        maps.map(0, 0).iter().map(|x| probability(*x, spec.activation)).collect()
    };
    let [_, rows, columns] = maps.size;
    let class = spec.classes.first().copied()?;
    let extent = Vec2::new(columns as f32, rows as f32);
    let least = (LEAST_AREA * extent.x * extent.y).max(1.0);
    let mut left: Vec<bool> = likely.iter().map(|p| *p >= 0.5).collect();
    let mut found = Vec::new();
    for start in 0..left.len() {
        let region = flood(&mut left, start, columns);
        if (region.len() as f32) < least {
            continue;
        }
        let places = region.iter().map(|k| Vec2::new((k % columns) as f32, (k / columns) as f32));
        let (low, high) = places.fold((extent, Vec2::ZERO), |(low, high), p| (low.min(p), high.max(p + 1.0)));
        let score = region.iter().map(|k| likely[*k]).sum::<f32>() / region.len() as f32;
        found.push(Candidate { start: low / extent, end: high / extent, score, class });
    }
    Some(found)
}

/// Takes the cells out that hang together with one, over their sides.
fn flood(left: &mut [bool], start: usize, columns: usize) -> Vec<usize> {
    let (mut region, mut open) = (Vec::new(), vec![start]);
    while let Some(cell) = open.pop() {
        if !left.get(cell).copied().unwrap_or(false) {
            continue;
        }
        left[cell] = false;
        region.push(cell);
        let column = cell % columns;
        open.extend([(column > 0).then(|| cell - 1), (column + 1 < columns).then_some(cell + 1)].into_iter().flatten());
        open.extend([cell.checked_sub(columns), cell.checked_add(columns)].into_iter().flatten());
    }
    region
}
