//! Bakes the skin maps: every texel of the atlas finds its point of the skin in the rest pose, and asks it for relief
//! and regions.

use glam::{Vec2, Vec3};
use rayon::prelude::*;

use crate::rig::{RigMesh, SkinMaps};

use super::Subject;
use super::skin_marks::Marks;
use super::skin_regions::Regions;
use super::skin_relief::Relief;
use super::skin_space::SkinPoint;

/// Texels per side of a rig's skin maps; the atlas is padded for this size.
pub const SKIN_TEXELS: u32 = 1024;

const MM_PER_M: f32 = 1e3;
/// Texels around each chart that continue its triangles, so that slopes at the edge see both sides.
const CONTINUED: usize = 2;
/// Texels around those that repeat the nearest value, so that filtering never sees the gap between charts.
const REPEATED: usize = 6;
/// Marks a texel without a triangle.
const NONE: u32 = u32::MAX;

/// Maps of a mesh in the rest pose of its subject; `size` texels per side.
pub fn bake(mesh: &RigMesh, subject: &Subject, size: u32) -> SkinMaps {
    let atlas = Atlas::new(mesh, size as usize);
    let relief = Relief::new(subject);
    let (regions, marks) = (Regions::new(subject), Marks::new(subject));
    let skin = |at: SkinPoint| Texel {
        layers_m: relief.layers_m(&at),
        region: regions.at(&at, relief.height_m(&at)).bytes(),
        marks: marks.at(&at, &relief).bytes(),
    };
    let empty = Texel { layers_m: [0.0; 4], region: [0, 128, 0, 128], marks: [0; 4] };
    let texels = atlas.map(skin, empty);
    let mut maps = SkinMaps {
        size,
        regions: texels.iter().map(|t| t.region).collect(),
        slopes: vec![[128; 8]; texels.len()],
        max_slopes: [1.0; 4],
        marks: texels.iter().map(|t| t.marks).collect(),
    };
    for layer in 0..maps.max_slopes.len() {
        let heights: Vec<f32> = texels.iter().map(|t| t.layers_m[layer]).collect();
        let (slopes, largest) = atlas.slopes(&heights);
        let code = |v: f32| libm::roundf(128.0 + 127.0 * v / largest).clamp(1.0, 255.0) as u8;
        for (coded, slope) in maps.slopes.iter_mut().zip(slopes) {
            (coded[2 * layer], coded[2 * layer + 1]) = (code(slope.x), code(slope.y));
        }
        maps.max_slopes[layer] = largest;
    }
    atlas.repeat(&mut maps.regions);
    atlas.repeat(&mut maps.slopes);
    atlas.repeat(&mut maps.marks);
    maps
}

/// What is known of one texel.
#[derive(Clone, Copy)]
struct Texel {
    /// Height of each layer of relief.
    layers_m: [f32; 4],
    region: [u8; 4],
    marks: [u8; 4],
}

/// Which point of the mesh each texel shows.
struct Atlas<'a> {
    mesh: &'a RigMesh,
    size: usize,
    /// Triangle of each texel, or [`NONE`].
    triangle: Vec<u32>,
}

impl<'a> Atlas<'a> {
    fn new(mesh: &'a RigMesh, size: usize) -> Self {
        let mut atlas = Self { mesh, size, triangle: vec![NONE; size * size] };
        for k in 0..mesh.triangles.len() {
            atlas.fill(k as u32);
        }
        for _ in 0..CONTINUED {
            atlas.triangle = atlas.grown(&atlas.triangle, |t| *t != NONE);
        }
        atlas
    }

    /// Texel coordinates of a triangle's corners; texel centres are at whole numbers.
    fn corners(&self, triangle: u32) -> [Vec2; 3] {
        let corner = |k: u32| self.mesh.uvs[k as usize] * self.size as f32 - 0.5;
        self.mesh.triangles[triangle as usize].map(corner)
    }

    /// Claims the free texels whose centre lies in a triangle.
    fn fill(&mut self, triangle: u32) {
        let corners = self.corners(triangle);
        let last = Vec2::splat(self.size as f32 - 1.0);
        let lo = corners[0].min(corners[1]).min(corners[2]).floor().clamp(Vec2::ZERO, last);
        let hi = corners[0].max(corners[1]).max(corners[2]).ceil().clamp(Vec2::ZERO, last);
        for y in lo.y as usize..=hi.y as usize {
            for x in lo.x as usize..=hi.x as usize {
                let texel = y * self.size + x;
                let shares = barycentric(corners, Vec2::new(x as f32, y as f32));
                if self.triangle[texel] == NONE && shares.is_some_and(|s| s.min_element() >= -1e-4) {
                    self.triangle[texel] = triangle;
                }
            }
        }
    }

    /// A copy of `data` in which unset texels take the value of a set neighbour.
    fn grown<T: Copy + Send + Sync>(&self, data: &[T], set: impl Fn(&T) -> bool + Sync) -> Vec<T> {
        let n = self.size;
        let at = |k: usize| {
            let (x, y) = (k % n, k / n);
            let beside = [(x > 0, -1), (x + 1 < n, 1), (y > 0, -(n as isize)), (y + 1 < n, n as isize)];
            let found = beside.into_iter().filter(|b| b.0).map(|b| data[(k as isize + b.1) as usize]).find(&set);
            if set(&data[k]) { data[k] } else { found.unwrap_or(data[k]) }
        };
        (0..n * n).into_par_iter().map(at).collect()
    }

    /// A value per texel: that of its point of the skin, or `empty` where it shows none.
    fn map<T: Copy + Send + Sync>(&self, value: impl Fn(SkinPoint) -> T + Sync, empty: T) -> Vec<T> {
        (0..self.triangle.len()).into_par_iter().map(|k| self.point(k).map_or(empty, &value)).collect()
    }

    /// The point of the skin at a texel; beyond the edge of a chart its triangle continues.
    fn point(&self, texel: usize) -> Option<SkinPoint> {
        let triangle = self.triangle[texel];
        let corners = self.mesh.triangles.get(triangle as usize)?;
        let centre = Vec2::new((texel % self.size) as f32, (texel / self.size) as f32);
        let shares = barycentric(self.corners(triangle), centre)?;
        let blend = |values: &[Vec3]| {
            let [a, b, c] = corners.map(|k| values[k as usize]);
            a * shares.x + b * shares.y + c * shares.z
        };
        Some(SkinPoint {
            p: blend(&self.mesh.positions_m) * MM_PER_M,
            normal: blend(&self.mesh.normals).normalize_or_zero(),
            part: self.mesh.triangle_part[triangle as usize],
        })
    }

    /// Slopes of a height by central differences, and the largest size of a component (at least a tiny one).
    fn slopes(&self, heights: &[f32]) -> (Vec<Vec2>, f32) {
        let n = self.size;
        let at = |k: usize| {
            let difference = |inside: bool, step: usize| {
                if !inside || self.triangle[k - step] == NONE || self.triangle[k + step] == NONE {
                    return 0.0;
                }
                (heights[k + step] - heights[k - step]) * 0.5 * n as f32
            };
            if self.triangle[k] == NONE {
                return Vec2::ZERO;
            }
            let (x, y) = (k % n, k / n);
            Vec2::new(difference(x > 0 && x + 1 < n, 1), difference(y > 0 && y + 1 < n, n))
        };
        let slopes: Vec<Vec2> = (0..n * n).into_par_iter().map(at).collect();
        let largest = slopes.iter().map(|s| s.abs().max_element()).fold(1e-6, f32::max);
        (slopes, largest)
    }

    /// Repeats values into the gaps between charts.
    fn repeat<T: Copy + Send + Sync>(&self, data: &mut [T]) {
        let mut source: Vec<u32> =
            self.triangle.iter().zip(0..).map(|(t, k)| if *t == NONE { NONE } else { k }).collect();
        for _ in 0..REPEATED {
            source = self.grown(&source, |s| *s != NONE);
        }
        for (k, source) in source.into_iter().enumerate() {
            if source != NONE {
                data[k] = data[source as usize];
            }
        }
    }
}

/// Shares of a triangle's corners at a point; `None` if it has no area.
fn barycentric([a, b, c]: [Vec2; 3], p: Vec2) -> Option<Vec3> {
    let area = (b - a).perp_dot(c - a);
    if area.abs() < 1e-12 {
        return None;
    }
    let v = (p - a).perp_dot(c - a) / area;
    let w = (b - a).perp_dot(p - a) / area;
    Some(Vec3::new(1.0 - v - w, v, w))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A square of 0.1 m in the plane z = 0 whose chart covers the middle half of the atlas; u runs along x, v down y.
    fn square() -> RigMesh {
        let corners = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)];
        RigMesh {
            positions_m: corners.iter().map(|(u, v)| Vec3::new(0.1 * u, -0.1 * v, 0.0)).collect(),
            normals: vec![Vec3::Z; 4],
            uvs: corners.iter().map(|(u, v)| Vec2::new(0.25 + 0.5 * u, 0.25 + 0.5 * v)).collect(),
            triangles: vec![[0, 2, 1], [0, 3, 2]],
            triangle_part: vec![15, 15],
            ..RigMesh::default()
        }
    }

    #[test]
    fn texels_find_their_points() {
        let mesh = square();
        let atlas = Atlas::new(&mesh, 64);
        let at = atlas.point(32 * 64 + 20).unwrap();
        let uv = Vec2::new(20.5, 32.5) / 64.0;
        let expected = Vec3::new((uv.x - 0.25) * 200.0, -(uv.y - 0.25) * 200.0, 0.0);
        assert!(at.p.abs_diff_eq(expected, 1e-3), "{} {expected}", at.p);
        assert!(atlas.point(0).is_none());
        // two more texels on every side of the chart of 32
        assert_eq!((0..64).filter(|x| atlas.triangle[32 * 64 + x] != NONE).count(), 36);
    }

    #[test]
    fn slopes_are_derivatives_of_height_in_texture_units() {
        let mesh = square();
        let atlas = Atlas::new(&mesh, 64);
        // 3 mm per metre along x, 5 along y; the chart spans 0.2 m per unit, v runs against y
        let heights = atlas.map(|at| 3e-6 * at.p.x + 5e-6 * at.p.y, 0.0);
        let (slopes, largest) = atlas.slopes(&heights);
        for (x, y) in [(16, 16), (47, 47), (30, 21)] {
            assert!(slopes[y * 64 + x].abs_diff_eq(Vec2::new(6e-4, -1e-3), 1e-5), "{}", slopes[y * 64 + x]);
        }
        assert!((largest - 1e-3).abs() < 1e-5);
    }

    #[test]
    fn gaps_repeat_the_nearest_value() {
        let mesh = square();
        let atlas = Atlas::new(&mesh, 64);
        let mut data = atlas.map(|_| 7, 0);
        atlas.repeat(&mut data);
        let row: Vec<usize> = (0..64).filter(|x| data[32 * 64 + x] == 7).collect();
        assert_eq!((row.first(), row.last()), (Some(&8), Some(&55)));
    }

    #[test]
    fn flat_triangles_show_nothing() {
        let mut mesh = square();
        mesh.uvs = vec![Vec2::splat(0.5); 4];
        assert!(Atlas::new(&mesh, 16).triangle.iter().all(|t| *t == NONE));
    }
}
