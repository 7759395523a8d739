//! Normals of a deformed mesh.

#![expect(clippy::inline_always, reason = "must be compiled for the caller's instruction set")]

use std::collections::BTreeMap;

use glam::Vec3;

use super::RigMesh;

/// Differences of unit normals below this come from rounding.
const ROUNDING: f32 = 1e-4;

/// What normals of a deformed mesh are computed with: vertices at one place share theirs, and where the mesh's own normals
/// differ from those of its triangles, the difference is carried along.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Surface {
    /// Lowest vertex at the same place, for every vertex.
    first: Vec<u32>,
    /// The mesh's triangles between such vertices.
    triangles: Vec<[u32; 3]>,
    /// The mesh's normals less those of its triangles in the bind pose; empty if they agree.
    detail: Vec<Vec3>,
}

impl Surface {
    /// Of a mesh in the bind pose.
    pub fn of(mesh: &RigMesh) -> Self {
        let mut known: BTreeMap<[u32; 3], u32> = BTreeMap::new();
        let place = |p: &Vec3| p.to_array().map(f32::to_bits);
        let first: Vec<u32> =
            (0_u32..).zip(&mesh.positions_m).map(|(k, p)| *known.entry(place(p)).or_insert(k)).collect();
        let welded = |v: u32| first.get(v as usize).copied().unwrap_or(0);
        let triangles = mesh.triangles.iter().map(|t| t.map(welded)).collect();
        let mut surface = Self { first, triangles, detail: Vec::new() };
        let mut computed = vec![Vec3::ZERO; mesh.positions_m.len()];
        surface.normals(&mesh.positions_m, false, &mut computed);
        let detail: Vec<Vec3> = mesh.normals.iter().zip(&computed).map(|(own, n)| *own - *n).collect();
        if detail.iter().any(|d| d.abs().max_element() > ROUNDING) {
            surface.detail = detail;
        }
        surface
    }

    /// Differences to be turned along with the vertices before [`Self::normals`] gets them; empty if there are none.
    pub fn detail(&self) -> &[Vec3] {
        &self.detail
    }

    /// Unit normals (area-weighted mean of the triangles' plus what `normals` holds) of the mesh with other positions.
    ///
    /// Triangles of a `mirrored` mesh are clockwise seen from outside.
    #[inline(always)]
    pub fn normals(&self, positions_m: &[Vec3], mirrored: bool, normals: &mut [Vec3]) {
        let mut sums = vec![[0.0_f32; 4]; self.first.len()];
        let padded = |v: Vec3| [v.x, v.y, v.z, 0.0];
        for corners in &self.triangles {
            let [Some(a), Some(b), Some(c)] = corners.map(|k| positions_m.get(k as usize).copied()) else { continue };
            let (u, v) = if mirrored { (c - a, b - a) } else { (b - a, c - a) };
            let cross = padded(Vec3::new(u.y * v.z - u.z * v.y, u.z * v.x - u.x * v.z, u.x * v.y - u.y * v.x));
            for k in corners {
                if let Some(sum) = sums.get_mut(*k as usize) {
                    sum.iter_mut().zip(&cross).for_each(|(s, x)| *s += *x);
                }
            }
        }
        for (first, normal) in self.first.iter().zip(normals) {
            let [x, y, z, _] = sums.get(*first as usize).copied().unwrap_or_default();
            let scale = 1.0 / (x * x + y * y + z * z).sqrt().max(f32::MIN_POSITIVE);
            let n = Vec3::new(x * scale + normal.x, y * scale + normal.y, z * scale + normal.z);
            let scale = 1.0 / (n.x * n.x + n.y * n.y + n.z * n.z).sqrt().max(f32::MIN_POSITIVE);
            *normal = Vec3::new(n.x * scale, n.y * scale, n.z * scale);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An octahedron of radius 1 cm whose vertex at +X stands twice.
    fn octahedron(normals: impl Fn(Vec3) -> Vec3) -> RigMesh {
        let [x, y, z] = [Vec3::X, Vec3::Y, Vec3::Z];
        let unit = [x, y, z, -x, -y, -z, x];
        let triangles = vec![[0, 1, 2], [1, 3, 2], [3, 4, 2], [4, 6, 2], [1, 0, 5], [3, 1, 5], [4, 3, 5], [6, 4, 5]];
        RigMesh {
            positions_m: unit.map(|p| p * 0.01).to_vec(),
            normals: unit.map(normals).to_vec(),
            triangles,
            ..RigMesh::default()
        }
    }

    #[test]
    fn doubled_vertices_share_the_mean_normal() {
        let mesh = octahedron(|p| p);
        let surface = Surface::of(&mesh);
        assert!(surface.detail().is_empty());
        for mirrored in [false, true] {
            let side = |p: Vec3| if mirrored { crate::math::mirror_x(p) } else { p };
            let positions: Vec<Vec3> = mesh.positions_m.iter().map(|p| side(*p)).collect();
            let mut normals = vec![Vec3::ZERO; 7];
            surface.normals(&positions, mirrored, &mut normals);
            assert!(normals.iter().zip(&mesh.normals).all(|(n, own)| n.abs_diff_eq(side(*own), 1e-6)), "{normals:?}");
        }
    }

    #[test]
    fn normals_follow_the_deformation() {
        let mesh = octahedron(|p| p);
        let stretched: Vec<Vec3> = mesh.positions_m.iter().map(|p| *p + Vec3::X * p.y).collect();
        let mut normals = vec![Vec3::ZERO; 7];
        Surface::of(&mesh).normals(&stretched, false, &mut normals);
        assert!(normals[1].abs_diff_eq(Vec3::Y, 0.3) && !normals[0].abs_diff_eq(Vec3::X, 0.1));
        assert_eq!(normals[0], normals[6]);
    }

    #[test]
    fn own_normals_are_kept_in_the_bind_pose() {
        let mesh = octahedron(|p| (p + Vec3::new(0.1, 0.2, 0.0)).normalize_or_zero());
        let surface = Surface::of(&mesh);
        let mut normals = surface.detail().to_vec();
        surface.normals(&mesh.positions_m, false, &mut normals);
        assert!(normals.iter().zip(&mesh.normals).all(|(n, own)| n.abs_diff_eq(*own, 1e-6)));
    }
}
