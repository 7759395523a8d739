//! The texture atlas: one chart per sheet of the palm, per digit and for the forearm, unrolled from the cage's lattice.
//!
//! A digit's strip is cut along the palmar edge of its ulnar side and ends in a crown of four wedges around the tip.

use std::collections::BTreeMap;

use glam::{Vec2, Vec3};

use super::mesh::{CHART_CAP, CHART_COUNT, CHART_DORSAL, CHART_FOREARM, CHART_PALMAR, Face, Quad};

/// Texels of padding around each chart, and the texture size that they count at.
const PADDING_TEXELS: f32 = 4.0;
const TEXTURE_TEXELS: f32 = 1024.0;

/// Place on a chart's lattice: (row, column), and the vertex there.
type Lattice = BTreeMap<(u8, u8), u32>;

/// Texture density of a chart relative to the palm's.
fn density(chart: u8) -> f32 {
    match chart {
        CHART_CAP => 0.2,
        CHART_FOREARM => 0.42,
        CHART_PALMAR | CHART_DORSAL => 1.0,
        _ => 1.3,
    }
}

/// A cage quad as a face, texture coordinates still missing.
pub(super) fn without_uv(quad: &Quad) -> Face {
    Face { v: quad.corners.map(|c| c.vertex), uv: [Vec2::ZERO; 4], chart: quad.chart, part: quad.part }
}

/// Texture coordinates of every quad's corners.
pub(super) fn layout(positions: &[Vec3], quads: &[Quad]) -> Vec<[Vec2; 4]> {
    let mut lattices: Vec<Lattice> = vec![BTreeMap::new(); CHART_COUNT];
    for quad in quads {
        for c in quad.corners {
            lattices[usize::from(quad.chart)].insert((c.row, c.column), c.vertex);
        }
    }
    let charts: Vec<BTreeMap<(u8, u8), Vec2>> = lattices
        .iter()
        .enumerate()
        .map(|(k, lattice)| {
            let chart = k as u8;
            let flat = match chart {
                CHART_PALMAR => sheet(positions, lattice, 1.0),
                CHART_DORSAL => sheet(positions, lattice, -1.0),
                CHART_CAP => lattice
                    .iter()
                    .map(|(k, v)| (*k, Vec2::new(positions[*v as usize].x, positions[*v as usize].z)))
                    .collect(),
                CHART_FOREARM => strip(positions, lattice, 26, 14),
                _ => strip(positions, lattice, 8, 5),
            };
            at_origin(flat, density(chart))
        })
        .collect();
    let (offsets, side) = pack(&charts.iter().map(size).collect::<Vec<_>>());
    let place = |quad: &Quad, k: usize| {
        let (c, chart) = (quad.corners[k], usize::from(quad.chart));
        (charts[chart].get(&(c.row, c.column)).copied().unwrap_or_default() + offsets[chart]) / side
    };
    quads.iter().map(|q| std::array::from_fn(|k| place(q, k))).collect()
}

/// Palmar or dorsal sheet seen from outside; columns 0 and 13 and row 6 are folded out from the side.
fn sheet(positions: &[Vec3], lattice: &Lattice, facing: f32) -> BTreeMap<(u8, u8), Vec2> {
    let at = |v: u32| positions[v as usize];
    let flat = |p: Vec3| Vec2::new(p.x * facing, -p.y);
    let fold = |key: (u8, u8), out: Vec2, v: u32| {
        let from = lattice.get(&key).map_or(at(v), |w| at(*w));
        flat(from) + out * from.distance(at(v))
    };
    lattice
        .iter()
        .map(|(&(row, column), &v)| {
            let uv = match (row, column) {
                (_, 0) => fold((row, 1), Vec2::new(facing, 0.0), v),
                (_, 13) => fold((row, 12), Vec2::new(-facing, 0.0), v),
                (6, _) => fold((5, column), Vec2::new(0.0, -1.0), v),
                _ => flat(at(v)),
            };
            ((row, column), uv)
        })
        .collect()
}

/// Rings of `columns` unrolled: arc length around from the middle column, arc length along from row `level`.
fn strip(positions: &[Vec3], lattice: &Lattice, columns: u8, level: u8) -> BTreeMap<(u8, u8), Vec2> {
    let at = |row: u8, column: u8| lattice.get(&(row, column)).map(|v| positions[*v as usize]);
    let step = |a: Option<Vec3>, b: Option<Vec3>| a.zip(b).map_or(0.0, |(a, b)| a.distance(b));
    let middle = columns / 2;
    let rings = lattice.keys().map(|k| k.0).filter(|r| at(*r, 0).is_some()).max().unwrap_or(0);
    let level = level.min(rings);
    let mut out = BTreeMap::new();
    for column in 0..=columns {
        for row in 0..=rings {
            let around: f32 = (column.min(middle)..column.max(middle)).map(|c| step(at(row, c), at(row, c + 1))).sum();
            let along: f32 = (row.min(level)..row.max(level)).map(|r| step(at(r, column), at(r + 1, column))).sum();
            let u = if column < middle { around } else { -around };
            out.insert((row, column), Vec2::new(u, if row < level { along } else { -along }));
        }
    }
    // the tip stands above the middle of each wedge
    for &(row, column) in lattice.keys().filter(|k| k.0 > rings) {
        let base = out.get(&(rings, column)).copied().unwrap_or_default();
        out.insert((row, column), base - Vec2::Y * step(at(rings, column), at(row, column)));
    }
    out
}

fn at_origin(chart: BTreeMap<(u8, u8), Vec2>, density: f32) -> BTreeMap<(u8, u8), Vec2> {
    let low = chart.values().fold(Vec2::INFINITY, |m, v| m.min(*v));
    chart.into_iter().map(|(k, v)| (k, (v - low) * density)).collect()
}

fn size(chart: &BTreeMap<(u8, u8), Vec2>) -> Vec2 {
    chart.values().fold(Vec2::ZERO, |m, v| m.max(*v))
}

/// Shelves of charts, tallest first, in the smallest square that a scan over its side finds: offsets and side.
fn pack(sizes: &[Vec2]) -> (Vec<Vec2>, f32) {
    let mut order: Vec<usize> = (0..sizes.len()).collect();
    order.sort_by(|a, b| sizes[*b].y.total_cmp(&sizes[*a].y));
    let area: f32 = sizes.iter().map(|s| s.x * s.y).sum();
    let mut side = area.sqrt();
    loop {
        if let Some(offsets) = shelves(sizes, &order, side) {
            return (offsets, side);
        }
        side *= 1.01;
    }
}

fn shelves(sizes: &[Vec2], order: &[usize], side: f32) -> Option<Vec<Vec2>> {
    let pad = PADDING_TEXELS / TEXTURE_TEXELS * side;
    let mut offsets = vec![Vec2::ZERO; sizes.len()];
    // shelves hold what still fits: (next x, y, height)
    let mut open: Vec<(f32, f32, f32)> = Vec::new();
    let mut bottom = 0.0;
    for &k in order {
        let need = sizes[k] + 2.0 * pad;
        if need.x > side {
            return None;
        }
        let found = open.iter_mut().find(|s| s.0 + need.x <= side && need.y <= s.2);
        if let Some(shelf) = found {
            offsets[k] = Vec2::new(shelf.0 + pad, shelf.1 + pad);
            shelf.0 += need.x;
        } else {
            offsets[k] = Vec2::new(pad, bottom + pad);
            open.push((need.x, bottom, need.y));
            bottom += need.y;
        }
    }
    (bottom <= side).then_some(offsets)
}
