//! A box with rounded edges: six grids whose inner cells are flat and whose outer cells bend by an eighth of a turn.

use std::f32::consts::FRAC_PI_4;

use glam::{Vec2, Vec3};

use super::{CELL_M, SolidMesh};

/// Steps of an eighth of a turn.
const ROUND: usize = 3;

/// Box of half sizes `half`, edges of radius `rounding`.
pub(super) fn rounded_box(half: Vec3, rounding: f32) -> SolidMesh {
    let rounding = rounding.clamp(1e-4, half.min_element());
    let core = half - rounding;
    let mut mesh = SolidMesh::default();
    for (out, u, v) in [(0, 1, 2), (1, 2, 0), (2, 0, 1)] {
        for side in [1.0, -1.0] {
            // u x v points outward on the positive side; the other is wound the other way by turning u
            let lines_u: Vec<Line> = lines(core[u]).into_iter().map(|l| l.scaled(side)).collect();
            face(&mut mesh, [&lines_u, &lines(core[v])], |a, b| {
                let (mut centre, mut direction) = (Vec3::ZERO, Vec3::ZERO);
                (centre[out], centre[u], centre[v]) = (core[out] * side, a.core, b.core);
                (direction[out], direction[u], direction[v]) = (side, a.tangent, b.tangent);
                let normal = direction.normalize_or(Vec3::Y);
                (
                    centre + normal * rounding,
                    normal,
                    Vec2::new(a.core + a.tangent * rounding, b.core + b.tangent * rounding),
                )
            });
        }
    }
    mesh
}

/// A line of a face's grid: its place on the core, and the tangent of its bend.
#[derive(Clone, Copy)]
struct Line {
    core: f32,
    tangent: f32,
}

impl Line {
    fn scaled(self, side: f32) -> Self {
        Self { core: self.core * side, tangent: self.tangent * side }
    }
}

/// Grid lines across a face whose core has the given half size, in rising order.
fn lines(half: f32) -> Vec<Line> {
    let bend = |k: usize| libm::tanf(FRAC_PI_4 * k as f32 / ROUND as f32);
    let cells = (2.0 * half / CELL_M).ceil().clamp(1.0, 24.0);
    let flat = (0..=cells as usize).map(|k| Line { core: half * (2.0 * k as f32 / cells - 1.0), tangent: 0.0 });
    let low = (1..=ROUND).rev().map(|k| Line { core: -half, tangent: -bend(k) });
    low.chain(flat).chain((1..=ROUND).map(|k| Line { core: half, tangent: bend(k) })).collect()
}

fn face(mesh: &mut SolidMesh, [us, vs]: [&[Line]; 2], point: impl Fn(Line, Line) -> (Vec3, Vec3, Vec2)) {
    let first = mesh.positions_m.len() as u32;
    for b in vs {
        for a in us {
            let (position, normal, uv) = point(*a, *b);
            mesh.positions_m.push(position);
            mesh.normals.push(normal);
            mesh.uvs_m.push(uv);
        }
    }
    let columns = us.len() as u32;
    for row in 0..vs.len() as u32 - 1 {
        for k in 0..columns - 1 {
            let a = first + row * columns + k;
            let (b, c, d) = (a + 1, a + columns, a + columns + 1);
            mesh.triangles.extend([[a, b, d], [a, d, c]]);
        }
    }
}
