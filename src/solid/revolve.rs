//! Solids of revolution around the Y axis: an outline with normals, turned in equal steps.

use std::f32::consts::{FRAC_PI_2, PI, TAU};

use glam::{Vec2, Vec3};

use super::{CELL_M, SolidMesh};

/// Steps around the axis.
const STEPS: usize = 40;
/// Steps of a quarter of a circle along the outline.
const QUARTER: usize = 8;
/// Outlines that turn by more than this have an edge there, cosine.
const EDGE_COSINE: f32 = 0.8;

/// A point of an outline: distance from the axis and height, metres, with the unit normal.
#[derive(Debug, Clone, Copy)]
struct Point {
    at: Vec2,
    normal: Vec2,
}

/// A part of a circle around `centre` from one angle to another; 0 is away from the axis, a quarter turn is up.
fn arc(centre: Vec2, radius: f32, from: f32, to: f32, out: &mut Vec<Point>) {
    let steps = ((to - from).abs() / FRAC_PI_2 * QUARTER as f32).ceil().max(1.0) as usize;
    out.extend((0..=steps).map(|k| {
        let (sin, cos) = libm::sincosf(from + (to - from) * k as f32 / steps as f32);
        let normal = Vec2::new(cos, sin);
        Point { at: centre + normal * radius, normal }
    }));
}

pub(super) fn cylinder(radius: f32, length: f32, rounding: f32) -> SolidMesh {
    let rounding = rounding.clamp(1e-4, f32::min(radius, 0.5 * length));
    let corner = Vec2::new(radius - rounding, 0.5 * length - rounding);
    let mut outline = vec![Point { at: Vec2::new(0.0, -0.5 * length), normal: Vec2::NEG_Y }];
    arc(Vec2::new(corner.x, -corner.y), rounding, -FRAC_PI_2, 0.0, &mut outline);
    arc(corner, rounding, 0.0, FRAC_PI_2, &mut outline);
    outline.push(Point { at: Vec2::new(0.0, 0.5 * length), normal: Vec2::Y });
    turn(&subdivided(&outline))
}

pub(super) fn round_cone([lower, upper]: [f32; 2], length: f32) -> SolidMesh {
    let slant = libm::asinf(((lower - upper) / length).clamp(-0.999, 0.999));
    let mut outline = Vec::new();
    arc(Vec2::new(0.0, -0.5 * length), lower, -FRAC_PI_2, slant, &mut outline);
    arc(Vec2::new(0.0, 0.5 * length), upper, slant, FRAC_PI_2, &mut outline);
    turn(&subdivided(&outline))
}

pub(super) fn ellipsoid(semi_axes: Vec3) -> SolidMesh {
    let mut outline = Vec::new();
    arc(Vec2::ZERO, 1.0, -FRAC_PI_2, 0.0, &mut outline);
    outline.pop();
    arc(Vec2::ZERO, 1.0, 0.0, FRAC_PI_2, &mut outline);
    let mut mesh = turn(&outline);
    mesh.positions_m.iter_mut().for_each(|p| *p *= semi_axes);
    mesh.normals.iter_mut().for_each(|n| *n = (*n / semi_axes).normalize_or(*n));
    mesh.uvs_m.iter_mut().for_each(|uv| *uv *= Vec2::new(semi_axes.x.max(semi_axes.z), semi_axes.y));
    mesh
}

pub(super) fn torus(radius: f32, tube: f32) -> SolidMesh {
    let mut outline = Vec::new();
    arc(Vec2::new(radius, 0.0), tube.min(0.999 * radius), -PI, PI, &mut outline);
    turn(&outline)
}

/// A turned polyline: smooth where it bends little, with an edge where it bends more.
pub(super) fn lathe(profile: &[[f32; 2]]) -> SolidMesh {
    let points: Vec<Vec2> = profile.iter().map(|p| Vec2::from(*p)).collect();
    let normals: Vec<Vec2> = points.windows(2).map(|w| -(w[1] - w[0]).perp().normalize_or_zero()).collect();
    let mut outline = Vec::new();
    for (k, at) in points.iter().enumerate() {
        let before = k.checked_sub(1).map(|k| normals[k]);
        let (before, after) = (before.or(normals.get(k).copied()), normals.get(k).copied().or(before));
        let (before, after) = (before.unwrap_or(Vec2::X), after.unwrap_or(Vec2::X));
        if before.dot(after) > EDGE_COSINE {
            outline.push(Point { at: *at, normal: (before + after).normalize_or(after) });
        } else {
            outline.extend([before, after].map(|normal| Point { at: *at, normal }));
        }
    }
    turn(&subdivided(&outline))
}

/// Long straight pieces cut into cells.
fn subdivided(outline: &[Point]) -> Vec<Point> {
    let mut out = Vec::new();
    for pair in outline.windows(2) {
        let cells = (pair[0].at.distance(pair[1].at) / CELL_M).ceil().clamp(1.0, 40.0) as usize;
        out.extend((0..cells).map(|k| {
            let t = k as f32 / cells as f32;
            let normal = pair[0].normal.lerp(pair[1].normal, t).normalize_or(pair[0].normal);
            Point { at: pair[0].at.lerp(pair[1].at, t), normal }
        }));
    }
    out.extend(outline.last());
    out
}

/// Turn an outline that runs up the outside around the Y axis.
fn turn(outline: &[Point]) -> SolidMesh {
    let widest = outline.iter().map(|p| p.at.x).fold(0.0, f32::max);
    let mut mesh = SolidMesh::default();
    let mut along = 0.0;
    for (row, point) in outline.iter().enumerate() {
        along += row.checked_sub(1).map_or(0.0, |before| outline[before].at.distance(point.at));
        for k in 0..=STEPS {
            // the last column stands on the first, to the bit
            let angle = TAU / STEPS as f32 * (k % STEPS) as f32;
            let (sin, cos) = libm::sincosf(angle);
            mesh.positions_m.push(Vec3::new(point.at.x * cos, point.at.y, point.at.x * sin));
            mesh.normals.push(Vec3::new(point.normal.x * cos, point.normal.y, point.normal.x * sin));
            mesh.uvs_m.push(Vec2::new(TAU * widest * k as f32 / STEPS as f32, along));
        }
    }
    let columns = STEPS as u32 + 1;
    for (row, pair) in (0_u32..).zip(outline.windows(2)) {
        for k in 0..STEPS as u32 {
            let a = row * columns + k;
            let (b, c, d) = (a + 1, a + columns, a + columns + 1);
            if pair[1].at.x > 0.0 {
                mesh.triangles.push([b, c, d]);
            }
            if pair[0].at.x > 0.0 {
                mesh.triangles.push([a, c, b]);
            }
        }
    }
    mesh
}
