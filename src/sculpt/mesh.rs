//! Quad meshes with skin weights: consistent winding, Catmull-Clark subdivision, normals.

use std::collections::{BTreeMap, VecDeque};
use std::ops::{Add, Mul};

use glam::{Vec2, Vec3};

use crate::rig::JOINT_COUNT;
use crate::rig::joint::Digit;

/// Chart of the palm.
pub(super) const CHART_PALMAR: u8 = 0;
/// Chart of the back of the hand.
pub(super) const CHART_DORSAL: u8 = 1;
/// Chart of the forearm.
pub(super) const CHART_FOREARM: u8 = 2;
/// Chart of the elbow's end.
pub(super) const CHART_CAP: u8 = 3;
/// Number of charts.
pub(super) const CHART_COUNT: usize = 9;

/// Chart of a digit.
pub(super) fn chart_of(digit: Digit) -> u8 {
    4 + digit as u8
}

/// What is interpolated along with a vertex.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Vertex {
    /// Hand space, mm.
    pub position: Vec3,
    /// Share of each joint, sum 1.
    pub weights: [f32; JOINT_COUNT],
    /// 0 on the back of the hand to 1 on the palm.
    pub palmar: f32,
}

impl Vertex {
    const ZERO: Self = Self { position: Vec3::ZERO, weights: [0.0; JOINT_COUNT], palmar: 0.0 };
}

impl Add for Vertex {
    type Output = Self;

    fn add(self, o: Self) -> Self {
        let weights = std::array::from_fn(|k| self.weights[k] + o.weights[k]);
        Self { position: self.position + o.position, weights, palmar: self.palmar + o.palmar }
    }
}

impl Mul<f32> for Vertex {
    type Output = Self;

    fn mul(self, f: f32) -> Self {
        Self { position: self.position * f, weights: self.weights.map(|w| w * f), palmar: self.palmar * f }
    }
}

/// Corner of a cage quad and its place on the chart's lattice.
#[derive(Debug, Clone, Copy)]
pub(super) struct Corner {
    pub(super) vertex: u32,
    pub(super) column: u8,
    pub(super) row: u8,
}

/// Quad of the cage.
#[derive(Debug, Clone, Copy)]
pub(super) struct Quad {
    pub(super) corners: [Corner; 4],
    pub(super) chart: u8,
    pub(super) part: u8,
}

/// Quad of a mesh, counter-clockwise seen from outside.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Face {
    /// Vertices.
    pub v: [u32; 4],
    /// Texture coordinates of the corners.
    pub uv: [Vec2; 4],
    /// Chart of the atlas: palm, back, forearm, elbow, then the digits from the thumb.
    pub chart: u8,
    /// [`crate::rig::HandPart::index`].
    pub part: u8,
}

fn edge(a: u32, b: u32) -> (u32, u32) {
    (a.min(b), a.max(b))
}

/// Wind all quads the same way round, outward.
pub(super) fn orient(vertices: &[Vertex], quads: &mut [Quad]) {
    let mut owners: BTreeMap<(u32, u32), Vec<usize>> = BTreeMap::new();
    for (q, quad) in quads.iter().enumerate() {
        for a in 0..4 {
            owners.entry(edge(quad.corners[a].vertex, quad.corners[(a + 1) % 4].vertex)).or_default().push(q);
        }
    }
    let mut seen = vec![false; quads.len()];
    let mut queue = VecDeque::from([0]);
    seen[0] = true;
    while let Some(q) = queue.pop_front() {
        for a in 0..4 {
            let (x, y) = (quads[q].corners[a].vertex, quads[q].corners[(a + 1) % 4].vertex);
            for &other in owners.get(&edge(x, y)).into_iter().flatten() {
                if seen[other] {
                    continue;
                }
                let c = &mut quads[other].corners;
                if (0..4).any(|k| c[k].vertex == x && c[(k + 1) % 4].vertex == y) {
                    c.reverse();
                }
                seen[other] = true;
                queue.push_back(other);
            }
        }
    }
    let six_volumes: f32 = quads
        .iter()
        .map(|q| {
            let [a, b, c, d] = q.corners.map(|c| vertices[c.vertex as usize].position);
            a.dot(b.cross(c)) + a.dot(c.cross(d))
        })
        .sum();
    if six_volumes < 0.0 {
        quads.iter_mut().for_each(|q| q.corners.reverse());
    }
}

/// One Catmull-Clark step of a closed mesh. A face's four children follow it in its corners' order.
pub(super) fn catmull_clark(vertices: &[Vertex], faces: &[Face]) -> (Vec<Vertex>, Vec<Face>) {
    let n = vertices.len();
    let face_points: Vec<Vertex> =
        faces.iter().map(|f| f.v.iter().fold(Vertex::ZERO, |sum, v| sum + vertices[*v as usize]) * 0.25).collect();
    let mut edges: BTreeMap<(u32, u32), usize> = BTreeMap::new();
    let mut ends: Vec<(u32, u32)> = Vec::new();
    let mut around: Vec<Vertex> = Vec::new();
    for (f, face) in faces.iter().enumerate() {
        for a in 0..4 {
            let key = edge(face.v[a], face.v[(a + 1) % 4]);
            let id = *edges.entry(key).or_insert_with(|| {
                ends.push(key);
                around.push(Vertex::ZERO);
                ends.len() - 1
            });
            around[id] = around[id] + face_points[f];
        }
    }
    let middle = |id: usize| vertices[ends[id].0 as usize] + vertices[ends[id].1 as usize];
    let mut face_sum = vec![Vertex::ZERO; n];
    let mut edge_sum = vec![Vertex::ZERO; n];
    let mut valence = vec![0.0_f32; n];
    for (f, face) in faces.iter().enumerate() {
        for v in face.v {
            face_sum[v as usize] = face_sum[v as usize] + face_points[f];
            valence[v as usize] += 1.0;
        }
    }
    for (id, (a, b)) in ends.iter().enumerate() {
        for v in [*a, *b] {
            edge_sum[v as usize] = edge_sum[v as usize] + middle(id) * 0.5;
        }
    }
    // (average of face points + 2 x average of edge middles + (valence - 3) x vertex) / valence
    let mut out: Vec<Vertex> = (0..n)
        .map(|v| {
            let k = 1.0 / valence[v];
            (face_sum[v] * k + edge_sum[v] * (2.0 * k) + vertices[v] * (valence[v] - 3.0)) * k
        })
        .collect();
    out.extend((0..ends.len()).map(|id| (middle(id) + around[id]) * 0.25));
    out.extend(face_points);
    let faces = faces.iter().enumerate().flat_map(|(f, face)| children(face, n, ends.len(), f, &edges)).collect();
    (out, faces)
}

fn children(face: &Face, n: usize, edge_count: usize, f: usize, edges: &BTreeMap<(u32, u32), usize>) -> [Face; 4] {
    let id = |a: usize, b: usize| (n + edges.get(&edge(face.v[a], face.v[b])).copied().unwrap_or(0)) as u32;
    let uv_middle = (face.uv[0] + face.uv[1] + face.uv[2] + face.uv[3]) * 0.25;
    std::array::from_fn(|a| {
        let (next, before) = ((a + 1) % 4, (a + 3) % 4);
        Face {
            v: [face.v[a], id(a, next), (n + edge_count + f) as u32, id(a, before)],
            uv: [face.uv[a], (face.uv[a] + face.uv[next]) * 0.5, uv_middle, (face.uv[a] + face.uv[before]) * 0.5],
            ..*face
        }
    })
}

/// Two triangles of a quad.
pub(super) fn triangles(v: [u32; 4]) -> [[u32; 3]; 2] {
    [[v[0], v[1], v[2]], [v[0], v[2], v[3]]]
}

/// Area-weighted unit normals, outward.
pub fn normals(positions: &[Vec3], faces: &[Face]) -> Vec<Vec3> {
    let mut out = vec![Vec3::ZERO; positions.len()];
    for t in faces.iter().flat_map(|f| triangles(f.v)) {
        let [a, b, c] = t.map(|v| positions[v as usize]);
        let n = (b - a).cross(c - a);
        for v in t {
            out[v as usize] += n;
        }
    }
    out.into_iter().map(|n| n.normalize_or(Vec3::Z)).collect()
}

/// Volume inside a closed mesh, mm³.
pub fn volume(positions: &[Vec3], faces: &[Face]) -> f64 {
    let six: f64 = faces
        .iter()
        .flat_map(|f| triangles(f.v))
        .map(|t| {
            let [a, b, c] = t.map(|v| positions[v as usize]);
            f64::from(a.dot(b.cross(c)))
        })
        .sum();
    six / 6.0
}

/// The edge neighbours of every vertex, in rising order.
pub(super) fn neighbours(count: usize, faces: &[Face]) -> Vec<Vec<u32>> {
    let mut out = vec![Vec::new(); count];
    for face in faces {
        for a in 0..4 {
            let (x, y) = (face.v[a], face.v[(a + 1) % 4]);
            // every edge of a closed mesh is met once in each direction
            out[x as usize].push(y);
        }
    }
    out.iter_mut().for_each(|list: &mut Vec<u32>| list.sort_unstable());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A cube of edge 2 around the origin.
    fn cube() -> (Vec<Vertex>, Vec<Face>) {
        let sign = |bit: usize| if bit == 0 { -1.0 } else { 1.0 };
        let vertices = (0..8)
            .map(|k| Vertex { position: Vec3::new(sign(k & 1), sign(k & 2), sign(k & 4)), ..Vertex::ZERO })
            .collect();
        let v = [[0, 2, 3, 1], [4, 5, 7, 6], [0, 1, 5, 4], [2, 6, 7, 3], [0, 4, 6, 2], [1, 3, 7, 5]];
        (vertices, v.map(|v| Face { v, uv: [Vec2::ZERO; 4], chart: 0, part: 0 }).to_vec())
    }

    #[test]
    fn cube_subdivides_to_known_points() {
        let (v, f) = cube();
        let (v, f) = catmull_clark(&v, &f);
        assert_eq!((v.len(), f.len()), (26, 24));
        // corner of a cube: (face points 1/3, edge middles 2/3) / 3 + 0 = 5/9; edge point 3/4; face point 1
        assert!(v[7].position.abs_diff_eq(Vec3::splat(5.0 / 9.0), 1e-6), "{}", v[7].position);
        assert!((v[8].position.abs().max_element() - 0.75).abs() < 1e-6);
        assert!((v[25].position.length() - 1.0).abs() < 1e-6);
        let positions: Vec<Vec3> = v.iter().map(|v| v.position).collect();
        assert!(volume(&positions, &f) > 2.0);
        let n = normals(&positions, &f);
        assert!(n.iter().zip(&positions).all(|(n, p)| n.dot(*p) > 0.0));
    }

    #[test]
    fn volume_of_a_cube() {
        let (v, f) = cube();
        let positions: Vec<Vec3> = v.iter().map(|v| v.position).collect();
        assert!((volume(&positions, &f) - 8.0).abs() < 1e-6);
    }
}
