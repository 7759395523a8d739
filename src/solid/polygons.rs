//! A drawable mesh from bare triangles.

use std::collections::BTreeMap;

use glam::{Vec2, Vec3};

use super::SolidMesh;

/// Triangles that meet at a smaller angle than this share normals, cosine.
const EDGE_COSINE: f32 = 0.75;

/// A mesh with normals that are smooth but at edges, and places on the surface from the side that faces an axis.
pub fn from_triangles(positions: &[Vec3], triangles: &[[u32; 3]], scale: f32) -> SolidMesh {
    let place = |k: u32| positions[k as usize].to_array().map(f32::to_bits);
    let face = |t: &[u32; 3]| {
        let [a, b, c] = t.map(|k| positions[k as usize]);
        (b - a).cross(c - a)
    };
    let mut around: BTreeMap<[u32; 3], Vec<Vec3>> = BTreeMap::new();
    for t in triangles {
        for k in t {
            around.entry(place(*k)).or_default().push(face(t));
        }
    }
    let mut mesh = SolidMesh::default();
    let mut known: BTreeMap<([u32; 3], [i32; 3], usize), u32> = BTreeMap::new();
    for t in triangles {
        let own = face(t).normalize_or_zero();
        if own == Vec3::ZERO {
            continue;
        }
        // larger triangles weigh more
        let normal = |k: u32| {
            let meeting = around[&place(k)].iter().filter(|n| n.dot(own) > EDGE_COSINE * n.length());
            meeting.copied().sum::<Vec3>().normalize_or(own)
        };
        let axis = own.abs().max_position();
        mesh.triangles.push(t.map(|k| {
            let n = normal(k);
            let key = (place(k), (n * 4096.0).round().as_ivec3().to_array(), axis);
            *known.entry(key).or_insert_with(|| {
                let p = positions[k as usize] * scale;
                mesh.positions_m.push(p);
                mesh.normals.push(n);
                mesh.uvs_m.push(Vec2::new(p[(axis + 1) % 3], p[(axis + 2) % 3]));
                mesh.positions_m.len() as u32 - 1
            })
        }));
    }
    mesh
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scene::SolidKind;
    use crate::solid::mesh;

    #[test]
    fn balls_are_smooth_and_boxes_have_edges() {
        let ball = mesh(&SolidKind::Ellipsoid { semi_axes_m: [0.04; 3] });
        let drawn = from_triangles(&ball.positions_m, &ball.triangles, 2.0);
        for (p, n) in drawn.positions_m.iter().zip(&drawn.normals) {
            assert!((p.length() - 0.08).abs() < 1e-6 && n.dot(p.normalize_or(Vec3::Y)) > 0.995, "{p} {n}");
        }
        let corner = |k: usize| Vec3::new((k & 1) as f32, (k >> 1 & 1) as f32, (k >> 2) as f32);
        let corners: Vec<Vec3> = (0..8).map(corner).collect();
        let sides = [[0, 2, 3, 1], [4, 5, 7, 6], [0, 1, 5, 4], [2, 6, 7, 3], [0, 4, 6, 2], [1, 3, 7, 5]];
        let triangles: Vec<[u32; 3]> = sides.iter().flat_map(|[a, b, c, d]| [[*a, *b, *c], [*a, *c, *d]]).collect();
        let cube = from_triangles(&corners, &triangles, 1.0);
        assert_eq!((cube.positions_m.len(), cube.triangles.len()), (24, 12));
        assert!(cube.normals.iter().all(|n| n.abs().max_element() > 0.999_9));
    }
}
