//! Signed distances of a closed triangle mesh on a grid.
//!
//! Distances are exact at the grid's nodes (nearest triangle, found near the surface and handed on from node to node as in
//! Bridson's level sets from meshes) and linear between them. The sign is that of two of three rays along the axes, which
//! forgives small holes.

use glam::{IVec3, Vec2, Vec3, Vec3Swizzles};

/// Nodes along the longest side.
const NODES: usize = 56;
/// Empty cells around the mesh.
const MARGIN: f32 = 3.0;
/// Rounds of handing on.
const ROUNDS: usize = 2;
/// Rays are moved off the grid by this share of a cell, lest they hit edges.
const OFF: Vec2 = Vec2::new(1.234_5e-3, 2.345_6e-3);

/// A grid of signed distances, in the space and unit of its mesh.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    low: Vec3,
    cell: f32,
    size: [usize; 3],
    values: Vec<f32>,
    /// Radius of the sphere around the origin that holds the mesh.
    pub radius: f32,
}

impl Field {
    /// The field of a mesh; triangles are counter-clockwise seen from outside, but the sign does not depend on it.
    pub fn new(positions: &[Vec3], triangles: &[[u32; 3]]) -> Self {
        let (low, high) =
            positions.iter().fold((Vec3::INFINITY, Vec3::NEG_INFINITY), |(l, h), p| (l.min(*p), h.max(*p)));
        let cell = ((high - low).max_element() / NODES as f32).max(1e-9);
        let low = low - MARGIN * cell;
        let size = ((high - low) / cell + MARGIN).ceil().to_array().map(|n| n as usize + 1);
        let mut field = Self {
            low,
            cell,
            size,
            values: Vec::new(),
            radius: positions.iter().map(|p| p.length()).fold(0.0, f32::max),
        };
        let corners: Vec<[Vec3; 3]> = triangles.iter().map(|t| t.map(|k| positions[k as usize])).collect();
        field.values = field.unsigned(&corners);
        let inside = field.inside(&corners);
        field.values.iter_mut().zip(inside).filter(|(_, inside)| *inside).for_each(|(v, _)| *v = -*v);
        field
    }

    /// Distance at a point, negative inside; outside the grid a lower bound.
    pub fn distance(&self, p: Vec3) -> f32 {
        let top = Vec3::from_array(self.size.map(|n| n as f32 - 1.001));
        let at = (p - self.low) / self.cell;
        let clamped = at.clamp(Vec3::ZERO, top);
        let base = clamped.floor();
        let t = clamped - base;
        let [x, y, z] = base.to_array().map(|v| v as usize);
        let value = |dx: usize, dy: usize, dz: usize| self.values[self.index([x + dx, y + dy, z + dz])];
        let along_x = |dy, dz| value(0, dy, dz) + (value(1, dy, dz) - value(0, dy, dz)) * t.x;
        let along_y = |dz| along_x(0, dz) + (along_x(1, dz) - along_x(0, dz)) * t.y;
        let inner = along_y(0) + (along_y(1) - along_y(0)) * t.z;
        // beyond the grid, which is outside the mesh
        if at == clamped { inner } else { inner.max((at - clamped).length() * self.cell) }
    }

    fn index(&self, [x, y, z]: [usize; 3]) -> usize {
        (z * self.size[1] + y) * self.size[0] + x
    }

    fn node(&self, [x, y, z]: [usize; 3]) -> Vec3 {
        self.low + Vec3::new(x as f32, y as f32, z as f32) * self.cell
    }

    fn unsigned(&self, corners: &[[Vec3; 3]]) -> Vec<f32> {
        const NONE: u32 = u32::MAX;
        let count = self.size.iter().product();
        let (mut square, mut nearest) = (vec![f32::INFINITY; count], vec![NONE; count]);
        for (number, triangle) in (0_u32..).zip(corners) {
            let [a, b, c] = triangle.map(|p| (p - self.low) / self.cell);
            let (low, high) = (a.min(b).min(c).floor() - 1.0, a.max(b).max(c).ceil() + 1.0);
            let span = |axis: usize| (low[axis].max(0.0) as usize)..=(high[axis] as usize).min(self.size[axis] - 1);
            for z in span(2) {
                for y in span(1) {
                    for x in span(0) {
                        let k = self.index([x, y, z]);
                        let d = square_to_triangle(self.node([x, y, z]), triangle);
                        if d < square[k] {
                            (square[k], nearest[k]) = (d, number);
                        }
                    }
                }
            }
        }
        for round in 0..8 * ROUNDS {
            let turned: [bool; 3] = std::array::from_fn(|axis| round >> axis & 1 == 1);
            let place = |axis: usize, n: usize| if turned[axis] { self.size[axis] - 1 - n } else { n };
            let step: [isize; 3] = turned.map(|t| if t { 1 } else { -1 });
            for nz in 0..self.size[2] {
                for ny in 0..self.size[1] {
                    for nx in 0..self.size[0] {
                        let at = [place(0, nx), place(1, ny), place(2, nz)];
                        let k = self.index(at);
                        for axis in 0..3 {
                            let mut from = at;
                            let Some(beside) = from[axis].checked_add_signed(step[axis]) else { continue };
                            if beside >= self.size[axis] {
                                continue;
                            }
                            from[axis] = beside;
                            let candidate = nearest[self.index(from)];
                            if candidate != NONE && candidate != nearest[k] {
                                let d = square_to_triangle(self.node(at), &corners[candidate as usize]);
                                if d < square[k] {
                                    (square[k], nearest[k]) = (d, candidate);
                                }
                            }
                        }
                    }
                }
            }
        }
        square.into_iter().map(f32::sqrt).collect()
    }

    /// Nodes that at least two of three rays call inside.
    fn inside(&self, corners: &[[Vec3; 3]]) -> Vec<bool> {
        let mut votes = vec![0_u8; self.size.iter().product()];
        for axis in 0..3 {
            let (u, v) = ((axis + 1) % 3, (axis + 2) % 3);
            let turned = |p: Vec3| Vec3::new(p[u], p[v], p[axis]);
            let mut hits: Vec<Vec<f32>> = vec![Vec::new(); self.size[u] * self.size[v]];
            for triangle in corners {
                let [a, b, c] = triangle.map(|p| turned((p - self.low) / self.cell));
                let (low, high) = (a.min(b).min(c).ceil(), a.max(b).max(c).floor());
                for row in (low.y as i32).saturating_sub(1).max(0)..=(high.y as i32).min(self.size[v] as i32 - 1) {
                    for column in (low.x as i32).saturating_sub(1).max(0)..=(high.x as i32).min(self.size[u] as i32 - 1)
                    {
                        let at = Vec2::new(column as f32, row as f32) + OFF;
                        if let Some(height) = crossing(at, [a, b, c]) {
                            hits[row as usize * self.size[u] + column as usize].push(height);
                        }
                    }
                }
            }
            for (k, heights) in hits.iter_mut().enumerate() {
                heights.sort_unstable_by(f32::total_cmp);
                for n in 0..self.size[axis] {
                    if heights.partition_point(|h| *h < n as f32) % 2 == 1 {
                        let mut at = [0; 3];
                        (at[u], at[v], at[axis]) = (k % self.size[u], k / self.size[u], n);
                        votes[self.index(at)] += 1;
                    }
                }
            }
        }
        votes.into_iter().map(|v| v >= 2).collect()
    }
}

/// Height at which an upright line through a point of the plane crosses a triangle.
fn crossing(at: Vec2, [a, b, c]: [Vec3; 3]) -> Option<f32> {
    let side = |p: Vec3, q: Vec3| (q.xy() - p.xy()).perp_dot(at - p.xy());
    let (wa, wb, wc) = (side(b, c), side(c, a), side(a, b));
    let all = (wa > 0.0 && wb > 0.0 && wc > 0.0) || (wa < 0.0 && wb < 0.0 && wc < 0.0);
    all.then(|| (wa * a.z + wb * b.z + wc * c.z) / (wa + wb + wc))
}

/// Squared distance from a point to a triangle (Ericson, "Real-Time Collision Detection", 5.1.5).
fn square_to_triangle(p: Vec3, [a, b, c]: &[Vec3; 3]) -> f32 {
    let (ab, ac, ap) = (*b - *a, *c - *a, p - *a);
    let (d1, d2) = (ab.dot(ap), ac.dot(ap));
    if d1 <= 0.0 && d2 <= 0.0 {
        return ap.length_squared();
    }
    let bp = p - *b;
    let (d3, d4) = (ab.dot(bp), ac.dot(bp));
    if d3 >= 0.0 && d4 <= d3 {
        return bp.length_squared();
    }
    let vc = d1 * d4 - d3 * d2;
    if vc <= 0.0 && d1 >= 0.0 && d3 <= 0.0 {
        return (ap - ab * (d1 / (d1 - d3))).length_squared();
    }
    let cp = p - *c;
    let (d5, d6) = (ab.dot(cp), ac.dot(cp));
    if d6 >= 0.0 && d5 <= d6 {
        return cp.length_squared();
    }
    let vb = d5 * d2 - d1 * d6;
    if vb <= 0.0 && d2 >= 0.0 && d6 <= 0.0 {
        return (ap - ac * (d2 / (d2 - d6))).length_squared();
    }
    let va = d3 * d6 - d5 * d4;
    if va <= 0.0 && d4 >= d3 && d5 >= d6 {
        let t = (d4 - d3) / ((d4 - d3) + (d5 - d6));
        return (bp - (*c - *b) * t).length_squared();
    }
    let sum = va + vb + vc;
    if sum <= 0.0 {
        return ap.length_squared();
    }
    (ap - ab * (vb / sum) - ac * (vc / sum)).length_squared()
}

/// Edges of a mesh (vertices at one place counted as one) that do not have exactly one triangle on either side, as a
/// share of all edges.
pub fn open_share(positions: &[Vec3], triangles: &[[u32; 3]]) -> f32 {
    let (low, high) = positions.iter().fold((Vec3::INFINITY, Vec3::NEG_INFINITY), |(l, h), p| (l.min(*p), h.max(*p)));
    let grain = ((high - low).max_element() * 1e-5).max(1e-12);
    let place = |k: u32| ((positions[k as usize] - low) / grain).round().as_ivec3();
    let key = |p: IVec3| p.to_array();
    let mut edges: Vec<([i32; 3], [i32; 3], bool)> = Vec::new();
    for t in triangles {
        let [a, b, c] = t.map(|k| key(place(k)));
        for (p, q) in [(a, b), (b, c), (c, a)] {
            if p != q {
                edges.push(if p < q { (p, q, true) } else { (q, p, false) });
            }
        }
    }
    edges.sort_unstable();
    let (mut open, mut all) = (0, 0);
    for group in edges.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)) {
        all += 1;
        open += usize::from(group.len() % 2 == 1);
    }
    open as f32 / (all as f32).max(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scene::SolidKind;
    use crate::seed::dataset_stream;
    use crate::solid::{distance, mesh};

    #[test]
    fn fields_of_meshes_are_the_distances_of_their_shapes() {
        let kinds = [
            (SolidKind::Box { size_m: [0.06, 0.1, 0.02], rounding_m: 0.003 }, 4e-4),
            (SolidKind::Ellipsoid { semi_axes_m: [0.04; 3] }, 4e-4),
            (SolidKind::Cylinder { radius_m: 0.03, length_m: 0.12, rounding_m: 0.002 }, 7e-4),
            (SolidKind::Torus { radius_m: 0.04, tube_m: 0.01 }, 4e-4),
        ];
        let mut stream = dataset_stream(1, "field", 0);
        for (kind, error) in kinds {
            let mesh = mesh(&kind);
            assert!(open_share(&mesh.positions_m, &mesh.triangles) < 1e-9, "{kind:?}");
            let field = Field::new(&mesh.positions_m, &mesh.triangles);
            for _ in 0..2000 {
                let p = Vec3::from_array(std::array::from_fn(|_| stream.uniform(-0.065, 0.065)));
                let (found, known) = (field.distance(p), distance(&kind, p));
                if known < 0.004 {
                    // deep inside, ridges between nodes are cut
                    let error = if known < -0.002 { 1e-3 } else { error };
                    assert!((found - known).abs() < error, "{kind:?} at {p}: {found} instead of {known}");
                } else {
                    assert!(found > 0.0 && found < known + error, "{kind:?} at {p}: {found} is no bound of {known}");
                }
            }
        }
    }

    #[test]
    fn a_missing_triangle_opens_a_mesh_and_does_not_turn_it_inside_out() {
        let kind = SolidKind::Ellipsoid { semi_axes_m: [0.04; 3] };
        let mut mesh = mesh(&kind);
        mesh.triangles.remove(mesh.triangles.len() / 2);
        assert!(open_share(&mesh.positions_m, &mesh.triangles) > 0.0);
        let field = Field::new(&mesh.positions_m, &mesh.triangles);
        for p in [Vec3::ZERO, Vec3::X * 0.03, Vec3::Z * -0.03] {
            assert!(field.distance(p) < -0.005, "{p}");
        }
        assert!(field.distance(Vec3::X * 0.06) > 0.01);
    }
}
