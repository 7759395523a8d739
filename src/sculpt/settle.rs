//! Evens out blend shapes where they would fold the mesh: in the floors of the webs, where walls close in on small faces.

use glam::Vec3;

use super::Template;
use super::mesh::triangles;

/// Shrinking of a face's area, per standard deviation of all shapes together, that is let be: 5 fold it.
const MOST_SHRINKING: f32 = 0.20;
/// Most passes; each evens out around the faces that are left.
const PASSES: usize = 60;
/// Rings of neighbours around such a face that are evened out with it.
const RINGS: usize = 2;
/// Share of the way to the neighbours' mean in one pass.
const SHARE: f32 = 0.5;

/// What one shape adds to each vertex, mm at a coefficient of 1.
pub(super) struct Deltas {
    /// With the bones.
    pub(super) growth: Vec<Vec3>,
    /// From there onto the surface; only this part is evened out.
    pub(super) fit: Vec<Vec3>,
}

impl Deltas {
    /// Of every vertex.
    pub(super) fn all(&self) -> Vec<Vec3> {
        (0..self.growth.len()).map(|v| self.at(v)).collect()
    }

    /// Of one vertex.
    pub(super) fn at(&self, v: usize) -> Vec3 {
        self.growth[v] + self.fit[v]
    }
}

/// Even out the deltas of each shape until no face is in danger.
pub(super) fn settle(template: &Template, around: &[Vec<u32>], deltas: &mut [Deltas]) {
    for _ in 0..PASSES {
        let marked = in_danger(template, around, deltas);
        if marked.is_empty() {
            break;
        }
        for shape in deltas.iter_mut() {
            let fit = &mut shape.fit;
            let middle = |v: usize| around[v].iter().map(|w| fit[*w as usize]).sum::<Vec3>() / around[v].len() as f32;
            let moved: Vec<Vec3> = marked.iter().map(|v| fit[*v].lerp(middle(*v), SHARE)).collect();
            marked.iter().zip(moved).for_each(|(v, d)| fit[*v] = d);
        }
    }
}

/// Vertices of faces that shapes shrink too much, and those near them, in rising order.
fn in_danger(template: &Template, around: &[Vec<u32>], deltas: &[Deltas]) -> Vec<usize> {
    let mut marked = vec![false; template.positions.len()];
    for quad in template.faces.iter().map(|f| f.v) {
        // both ways of cutting the quad
        let halves = triangles(quad).into_iter().chain(triangles([quad[1], quad[2], quad[3], quad[0]]));
        if halves.into_iter().any(|t| shrinking(template, t, deltas) > MOST_SHRINKING) {
            quad.iter().for_each(|v| marked[*v as usize] = true);
        }
    }
    for _ in 0..RINGS {
        let before = marked.clone();
        let near = |v: usize| before[v] || around[v].iter().any(|w| before[*w as usize]);
        marked = (0..before.len()).map(near).collect();
    }
    (0..marked.len()).filter(|v| marked[*v]).collect()
}

/// Root of the sum of squares, over all shapes, of how much a coefficient of 1 shrinks or grows a triangle as seen along
/// its normal.
fn shrinking(template: &Template, triangle: [u32; 3], deltas: &[Deltas]) -> f32 {
    let [a, b, c] = triangle.map(|v| template.positions[v as usize]);
    let (ab, ac) = (b - a, c - a);
    let normal = ab.cross(ac);
    let square = normal.length_squared().max(1e-12);
    let of = |shape: &Deltas| {
        let [da, db, dc] = triangle.map(|v| shape.at(v as usize));
        ((db - da).cross(ac) + ab.cross(dc - da)).dot(normal) / square
    };
    deltas.iter().map(|shape| of(shape) * of(shape)).sum::<f32>().sqrt()
}
