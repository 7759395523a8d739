//! The same rig with fewer triangles, for hands that are small in the picture.
//!
//! Vertices are taken away one at a time by moving them onto a neighbour, so what remains keeps its place, weights and
//! shapes. Borders of the mesh, seams of the atlas and borders between hand parts stay as they are.

use glam::Vec3;

use super::{BlendShape, Corrective, Rig, RigMesh, Surface};

/// Each pass takes away up to a third of the vertices that are free to go.
const PASSES: usize = 6;
/// Longest edge that is made, metres.
const LONGEST_EDGE_M: f32 = 0.010;
/// How far a vertex may move off the planes of its triangles, metres.
const MOST_OFF_PLANE_M: f32 = 0.0010;
/// Least cosine between a triangle's normals before and after.
const LEAST_TURN: f32 = 0.7;
/// Least double area over the square of the longest edge: 0.87 if all edges are equal.
const LEAST_PLUMPNESS: f32 = 0.2;

impl Rig {
    /// The rig with about a third of the triangles of a fine mesh, nowhere further than about half a millimetre off.
    #[must_use]
    pub fn coarser(&self) -> Self {
        let mut thinning = Thinning::new(&self.mesh);
        for _ in 0..PASSES {
            thinning.pass();
        }
        let (kept, mesh) = thinning.finish();
        let shape = |shape: &BlendShape| BlendShape {
            position_deltas_m: shape.position_deltas_m.picked(&kept),
            ..shape.clone()
        };
        let corrective =
            |c: &Corrective| Corrective { position_deltas_m: c.position_deltas_m.picked(&kept), ..c.clone() };
        let shapes = self.shapes.iter().map(shape).collect();
        let correctives = self.correctives.iter().map(corrective).collect();
        let surface = Surface::of(&mesh);
        Self { mesh, shapes, correctives, surface, ..self.clone() }
    }
}

/// A mesh that is losing vertices.
struct Thinning<'a> {
    mesh: &'a RigMesh,
    triangles: Vec<[u32; 3]>,
    /// Triangles at each vertex; none if it is gone.
    around: Vec<Vec<u32>>,
    /// True if a vertex must stay.
    fixed: Vec<bool>,
}

impl<'a> Thinning<'a> {
    fn new(mesh: &'a RigMesh) -> Self {
        let mut around = vec![Vec::new(); mesh.positions_m.len()];
        for (number, corners) in mesh.triangles.iter().enumerate() {
            for corner in corners {
                around[*corner as usize].push(number as u32);
            }
        }
        let part = |number: &u32| mesh.triangle_part[*number as usize];
        let between_parts = |numbers: &Vec<u32>| numbers.iter().any(|n| part(n) != part(&numbers[0]));
        let mut fixed: Vec<bool> = around.iter().map(between_parts).collect();
        let mut edges: Vec<[u32; 2]> =
            mesh.triangles.iter().flat_map(|[a, b, c]| [[*a, *b], [*b, *c], [*c, *a]]).collect();
        edges.sort_unstable();
        for [a, b] in &edges {
            if edges.binary_search(&[*b, *a]).is_err() {
                (fixed[*a as usize], fixed[*b as usize]) = (true, true);
            }
        }
        Self { mesh, triangles: mesh.triangles.clone(), around, fixed }
    }

    /// Take away vertices that are no neighbours of each other.
    fn pass(&mut self) {
        let mut stays = self.fixed.clone();
        for vertex in 0..self.around.len() as u32 {
            if stays[vertex as usize] {
                continue;
            }
            let ring = self.ring(vertex);
            let costs = ring.iter().filter_map(|to| Some((self.cost(vertex, *to, &ring)?, *to)));
            if let Some((_, to)) = costs.min_by(|a, b| a.0.total_cmp(&b.0)) {
                self.collapse(vertex, to);
                for neighbour in &ring {
                    stays[*neighbour as usize] = true;
                }
            }
        }
    }

    /// Neighbours of a vertex, rising.
    fn ring(&self, vertex: u32) -> Vec<u32> {
        let corners = self.around[vertex as usize].iter().flat_map(|number| self.triangles[*number as usize]);
        let mut ring: Vec<u32> = corners.filter(|corner| *corner != vertex).collect();
        ring.sort_unstable();
        ring.dedup();
        ring
    }

    fn position(&self, vertex: u32) -> Vec3 {
        self.mesh.positions_m[vertex as usize]
    }

    /// How far `vertex` moves off its triangles' planes if it goes to a neighbour; `None` if it must not go there.
    fn cost(&self, vertex: u32, to: u32, ring: &[u32]) -> Option<f32> {
        // a collapse that pinches the surface has more than two neighbours in common
        let shared = self.ring(to).iter().filter(|w| ring.binary_search(w).is_ok()).count();
        if shared != 2 || ring.iter().any(|w| self.position(*w).distance(self.position(to)) > LONGEST_EDGE_M) {
            return None;
        }
        let step = self.position(to) - self.position(vertex);
        let mut cost = 0.0_f32;
        for number in &self.around[vertex as usize] {
            let corners = self.triangles[*number as usize];
            let before = self.normal(corners);
            cost = cost.max(before.normalize_or_zero().dot(step).abs());
            if corners.contains(&to) {
                continue;
            }
            let moved = corners.map(|corner| if corner == vertex { to } else { corner });
            let after = self.normal(moved);
            let [a, b, c] = moved.map(|corner| self.position(corner));
            let longest = a.distance_squared(b).max(b.distance_squared(c)).max(c.distance_squared(a));
            let turned = before.dot(after) < LEAST_TURN * before.length() * after.length();
            if turned || after.length() < LEAST_PLUMPNESS * longest {
                return None;
            }
        }
        (cost <= MOST_OFF_PLANE_M).then_some(cost)
    }

    /// Normal of a triangle, as long as its double area.
    fn normal(&self, corners: [u32; 3]) -> Vec3 {
        let [a, b, c] = corners.map(|corner| self.position(corner));
        (b - a).cross(c - a)
    }

    fn collapse(&mut self, vertex: u32, to: u32) {
        for number in std::mem::take(&mut self.around[vertex as usize]) {
            let corners = &mut self.triangles[number as usize];
            if corners.contains(&to) {
                let corners = *corners;
                for corner in corners {
                    self.around[corner as usize].retain(|n| *n != number);
                }
            } else {
                *corners = corners.map(|corner| if corner == vertex { to } else { corner });
                self.around[to as usize].push(number);
            }
        }
    }

    /// Old numbers of the vertices that remain, and their mesh.
    fn finish(self) -> (Vec<u32>, RigMesh) {
        let mesh = self.mesh;
        let kept: Vec<u32> = (0..self.around.len() as u32).filter(|k| !self.around[*k as usize].is_empty()).collect();
        let mut renumbered = vec![0; self.around.len()];
        for (new, old) in kept.iter().enumerate() {
            renumbered[*old as usize] = new as u32;
        }
        let mut numbers: Vec<u32> = self.around.into_iter().flatten().collect();
        numbers.sort_unstable();
        numbers.dedup();
        let corners = |number: &u32| self.triangles[*number as usize].map(|corner| renumbered[corner as usize]);
        let thinned = RigMesh {
            positions_m: pick(&mesh.positions_m, &kept),
            normals: pick(&mesh.normals, &kept),
            uvs: pick(&mesh.uvs, &kept),
            joints: pick(&mesh.joints, &kept),
            weights: pick(&mesh.weights, &kept),
            palmar: pick(&mesh.palmar, &kept),
            triangles: numbers.iter().map(corners).collect(),
            triangle_part: pick(&mesh.triangle_part, &numbers),
        };
        (kept, thinned)
    }
}

fn pick<T: Copy>(all: &[T], numbers: &[u32]) -> Vec<T> {
    numbers.iter().map(|number| all[*number as usize]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assets::Assets;

    fn area(mesh: &RigMesh) -> f32 {
        let corners = |t: &[u32; 3]| t.map(|k| mesh.positions_m[k as usize]);
        let area = |[a, b, c]: [Vec3; 3]| 0.5 * (b - a).cross(c - a).length();
        mesh.triangles.iter().map(|t| area(corners(t))).sum()
    }

    fn volume(mesh: &RigMesh) -> f32 {
        let corners = |t: &[u32; 3]| t.map(|k| mesh.positions_m[k as usize]);
        mesh.triangles.iter().map(corners).map(|[a, b, c]| a.dot(b.cross(c)) / 6.0).sum()
    }

    /// Places of the edges that only one triangle has or that lie between parts.
    fn borders(mesh: &RigMesh) -> Vec<[[u32; 3]; 2]> {
        let place = |k: u32| mesh.positions_m[k as usize].to_array().map(f32::to_bits);
        let sides = mesh.triangles.iter().zip(&mesh.triangle_part);
        let sides = sides.flat_map(|([a, b, c], part)| [[*a, *b], [*b, *c], [*c, *a]].map(|edge| (edge, *part)));
        let sides: std::collections::BTreeMap<[u32; 2], u8> = sides.collect();
        let is_border = |([a, b], part): (&[u32; 2], &u8)| sides.get(&[*b, *a]) != Some(part);
        let mut borders: Vec<_> =
            sides.iter().filter(|s| is_border(*s)).map(|([a, b], _)| [place(*a), place(*b)]).collect();
        borders.sort_unstable();
        borders
    }

    #[test]
    fn a_coarser_hand_has_the_same_form_and_borders() {
        let fine = Assets::new().unwrap().open_rig("adult").unwrap();
        let coarse = fine.coarser();
        let share = coarse.mesh.triangles.len() as f32 / fine.mesh.triangles.len() as f32;
        assert!(share < 0.4, "{share}");
        let (areas, volumes) = ([area(&fine.mesh), area(&coarse.mesh)], [volume(&fine.mesh), volume(&coarse.mesh)]);
        assert!((areas[1] / areas[0] - 1.0).abs() < 0.01, "{areas:?}");
        assert!((volumes[1] / volumes[0] - 1.0).abs() < 0.01, "{volumes:?}");
        assert_eq!(borders(&fine.mesh), borders(&coarse.mesh));
        assert_eq!(coarse.shapes.len(), fine.shapes.len());
        let (vertices, finer) = (coarse.mesh.positions_m.len(), fine.mesh.positions_m.len());
        let kept: Vec<usize> = {
            let place = |p: &Vec3| p.to_array().map(f32::to_bits);
            let at = |p: &Vec3, uv| {
                let same = |k: &usize| place(&fine.mesh.positions_m[*k]) == place(p) && fine.mesh.uvs[*k] == uv;
                (0..finer).find(same).unwrap()
            };
            coarse.mesh.positions_m.iter().zip(&coarse.mesh.uvs).map(|(p, uv)| at(p, *uv)).collect()
        };
        let deltas = |rig: &Rig| -> Vec<crate::rig::VertexDeltas> {
            let shapes = rig.shapes.iter().map(|s| s.position_deltas_m.clone());
            shapes.chain(rig.correctives.iter().map(|c| c.position_deltas_m.clone())).collect()
        };
        for (fine, coarse) in deltas(&fine).iter().zip(deltas(&coarse)) {
            let all = fine.to_dense(finer);
            assert!(coarse.to_dense(vertices).iter().zip(&kept).all(|(d, k)| *d == all[*k]));
        }
    }
}
