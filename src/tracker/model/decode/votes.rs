//! Networks whose cells or anchors vote: JGR-P2O's offset maps, A2J's anchors.

use glam::{Vec2, Vec3};

use super::{Context, JointFound, Joints, asked, cell_to_pixel};
use crate::tracker::model::output_spec::{Activation, MapSpec, OutputKind, PixelUnit};
use crate::tracker::model::outputs::{Maps, softmax};
use crate::tracker::patch::Pixels;

/// Each cell says where the joint is from its own place, in parts of the crop: the mean weighted by `weights`.
pub(super) fn offsets(
    context: &Context,
    weights: &str,
    names: &[String],
    from_surface: bool,
    spec: MapSpec,
) -> Option<Vec<Joints>> {
    let joints = context.spec.joints.count;
    let read = |name: &str| context.outputs.maps(Some(name), context.items, joints, 2, spec.layout);
    let weights = read(weights);
    let offsets: Vec<Option<Maps>> = names.iter().map(|name| read(name)).collect();
    let (weights, offsets) = (weights?, offsets.into_iter().collect::<Option<Vec<Maps>>>()?);
    if let Some(odd) = offsets.iter().find(|maps| maps.size != weights.size) {
        context.outputs.fault(format!("  offset maps are {:?}, but weights are {:?}", odd.size, weights.size));
        return None;
    }
    let vote = |item: usize, joint: usize| {
        let mut shares = weights.map(item, joint).into_owned();
        if spec.activation == Activation::Softmax {
            softmax(&mut shares, spec.beta);
        }
        let total: f32 = shares.iter().sum();
        let mean = |axis: usize, base: &dyn Fn(usize) -> f32| {
            let Some(maps) = offsets.get(axis) else { return 0.0 };
            let map = maps.map(item, joint);
            shares.iter().zip(map.iter()).enumerate().map(|(k, (w, o))| w * (o + base(k))).sum::<f32>() / total
        };
        let [_, rows, columns] = weights.size;
        let x = mean(0, &|k| cell_to_pixel((k % columns) as f32, columns, 1.0, spec.cells));
        let y = mean(1, &|k| cell_to_pixel((k / columns) as f32, rows, 1.0, spec.cells));
        let z = mean(2, &|k| if from_surface { surface(context, item, k, [rows, columns]) } else { 0.0 });
        let place = super::in_pixels(Vec2::new(x, y), PixelUnit::Crop, context.extent()).extend(z);
        JointFound { place, confidence: 1.0 }
    };
    Some((0..context.items).map(|item| (0..joints).map(|k| vote(item, k)).collect()).collect())
}

/// The input's own depth at a cell: that of pixel k W / w (as `TensorFlow` resizes).
fn surface(context: &Context, item: usize, cell: usize, [rows, columns]: [usize; 2]) -> f32 {
    let (row, column) = (cell / columns, cell % columns);
    match context.patches.get(item).map(|patch| &patch.pixels) {
        Some(Pixels::Depth(plane)) => {
            let (x, y) = (column * plane.width as usize / columns, row * plane.height as usize / rows);
            plane.get(x as i64, y as i64).unwrap_or(1.0)
        }
        _ => 0.0,
    }
}

/// Anchor-to-joint regression: a softmax of the responses weighs anchor + offset, and depth.
pub(super) fn anchors(context: &Context, kind: &OutputKind) -> Option<Vec<Joints>> {
    let OutputKind::Anchors { responses, offsets, depth, stride, places, row_first } = kind else { return None };
    let (joints, items) = (context.spec.joints.count, context.items);
    let anchors = anchor_places(context.extent(), *stride, places);
    let count = anchors.len();
    let words = format!("[N, {count} anchors, {joints}");
    let read = |name: &str, tail: &[usize], rest: &str| {
        context.outputs.plain(Some(name), items * count * joints, tail, &format!("{words}{rest}] for N = {items}"))
    };
    let responses = read(responses, &[], "");
    let offsets = read(offsets, &[2], ", 2");
    let depth = asked(depth.as_ref(), |name| read(name, &[], ""));
    let (responses, offsets, depth) = (responses?, offsets?, depth.ok()?);
    let vote = |item: usize, joint: usize| {
        let place = |anchor: usize| (item * count + anchor) * joints + joint;
        let mut shares: Vec<f32> = (0..count).filter_map(|k| responses.get(place(k)).copied()).collect();
        softmax(&mut shares, 1.0);
        let mut sum = Vec3::ZERO;
        for (k, (share, anchor)) in shares.iter().zip(&anchors).enumerate() {
            let offset = offsets.get(2 * place(k)..2 * place(k) + 2).unwrap_or(&[f32::NAN; 2]);
            let offset = if *row_first { Vec2::new(offset[1], offset[0]) } else { Vec2::new(offset[0], offset[1]) };
            let z = depth.map_or(0.0, |depth| depth.get(place(k)).copied().unwrap_or(f32::NAN));
            sum += *share * (*anchor + offset).extend(z);
        }
        JointFound { place: sum, confidence: 1.0 }
    };
    Some((0..items).map(|item| (0..joints).map(|k| vote(item, k)).collect()).collect())
}

/// Pixels of all anchors: cell by cell (row by row), in each row of places by row of places.
fn anchor_places(extent: Vec2, stride: u32, places: &[f32]) -> Vec<Vec2> {
    let cells = (extent / stride as f32).floor();
    let mut anchors = Vec::new();
    for cell in 0..(cells.x * cells.y) as usize {
        let corner = Vec2::new((cell % cells.x as usize) as f32, (cell / cells.x as usize) as f32) * stride as f32;
        anchors.extend(places.iter().flat_map(|y| places.iter().map(move |x| corner + Vec2::new(*x, *y))));
    }
    anchors
}
