//! Surfaces through rings of points: tubes along a path, arms, sleeves.

use std::f32::consts::{FRAC_PI_2, TAU};

use glam::{Vec2, Vec3};

use super::SolidMesh;

/// Steps around a tube, and of the quarter circle of its round ends.
const AROUND: usize = 20;
const END_STEPS: usize = 4;

/// Rings of points, one after the other; the last point of a ring is followed by its first.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Grid {
    /// Points of one ring.
    pub columns: usize,
    /// Ring by ring, metres. Seen along the rings' order, points run so that (next ring) x (next point) is outward.
    pub points_m: Vec<Vec3>,
    /// Places of the points on the surface, metres: around the widest ring, and along.
    pub along_m: Vec<f32>,
    /// [`SolidMesh::detail`] of the points; may be empty.
    pub detail: Vec<f32>,
}

impl Grid {
    /// Rings in the grid.
    pub fn rows(&self) -> usize {
        self.points_m.len().checked_div(self.columns).unwrap_or(0)
    }
}

/// The surface through a grid, normals from its own triangles. Rings of one point close the ends.
pub fn loft(grid: &Grid) -> SolidMesh {
    let (columns, rows) = (grid.columns, grid.rows());
    let at = |row: usize, k: usize| grid.points_m[row * columns + k % columns];
    // change from ring to ring and around, by central differences; collapsed rings borrow from their neighbours
    let normal = |row: usize, k: usize| {
        let along = at((row + 1).min(rows - 1), k) - at(row.saturating_sub(1), k);
        let around = |row: usize| at(row, k + 1) - at(row, k + columns - 1);
        let here = around(row);
        let around = if here.length_squared() > 1e-14 {
            here
        } else {
            around(row.saturating_sub(1)) + around((row + 1).min(rows - 1))
        };
        along.cross(around)
    };
    let radius = grid.points_m.chunks(columns.max(1)).map(girth).fold(0.0, f32::max);
    let mut mesh = SolidMesh::default();
    for row in 0..rows {
        let closed = (0..columns).all(|k| at(row, k).distance_squared(at(row, 0)) < 1e-14);
        let mean = closed.then(|| (0..columns).map(|k| normal(row, k)).sum::<Vec3>());
        for k in 0..=columns {
            mesh.positions_m.push(at(row, k));
            mesh.normals.push(mean.unwrap_or_else(|| normal(row, k)).normalize_or(Vec3::Y));
            let around = radius * k as f32 / columns as f32;
            mesh.uvs_m.push(Vec2::new(around, grid.along_m.get(row).copied().unwrap_or(0.0)));
            if !grid.detail.is_empty() {
                mesh.detail.push(grid.detail.get(row * columns + k % columns).copied().unwrap_or(0.0));
            }
        }
    }
    let stride = columns as u32 + 1;
    for row in 0..rows.saturating_sub(1) as u32 {
        for k in 0..columns as u32 {
            let a = row * stride + k;
            let (b, c, d) = (a + 1, a + stride, a + stride + 1);
            mesh.triangles.extend([[a, c, b], [b, c, d]]);
        }
    }
    mesh
}

/// Length around a ring.
fn girth(ring: &[Vec3]) -> f32 {
    let next = ring.iter().cycle().skip(1);
    ring.iter().zip(next).map(|(a, b)| a.distance(*b)).sum()
}

/// A round tube along a path of at least two points, with round ends.
pub fn tube(path: &[Vec3], radius: f32) -> SolidMesh {
    let mut grid = Grid { columns: AROUND, ..Grid::default() };
    let Some((first, last)) = path.first().zip(path.last()) else {
        return SolidMesh::default();
    };
    let tangents: Vec<Vec3> = (0..path.len())
        .map(|k| (path[(k + 1).min(path.len() - 1)] - path[k.saturating_sub(1)]).normalize_or(Vec3::Y))
        .collect();
    let mut side = tangents[0].any_orthonormal_vector();
    let ring = |centre: Vec3, tangent: Vec3, side: Vec3, radius: f32, grid: &mut Grid| {
        let other = side.cross(tangent);
        let along = grid.along_m.last().copied().unwrap_or(0.0);
        let before = grid.points_m.len().checked_sub(AROUND).map(|k| grid.points_m[k]);
        for k in 0..AROUND {
            let (sin, cos) = libm::sincosf(TAU * k as f32 / AROUND as f32);
            grid.points_m.push(centre + (side * cos + other * sin) * radius);
        }
        let here = grid.points_m[grid.points_m.len() - AROUND];
        grid.along_m.push(along + before.map_or(0.0, |p| p.distance(here)));
    };
    let cap = |k: usize| libm::sincosf(FRAC_PI_2 * k as f32 / END_STEPS as f32);
    for k in 0..END_STEPS {
        let (sin, cos) = cap(k);
        ring(*first - tangents[0] * (radius * cos), tangents[0], side, radius * sin, &mut grid);
    }
    for (centre, tangent) in path.iter().zip(&tangents) {
        side = (side - *tangent * side.dot(*tangent)).normalize_or(tangent.any_orthonormal_vector());
        ring(*centre, *tangent, side, radius, &mut grid);
    }
    let tangent = tangents[tangents.len() - 1];
    for k in 1..=END_STEPS {
        let (sin, cos) = cap(k);
        ring(
            *last + tangent * (radius * sin),
            tangent,
            side,
            if k == END_STEPS { 0.0 } else { radius * cos },
            &mut grid,
        );
    }
    loft(&grid)
}
