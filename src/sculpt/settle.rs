//! Evens out blend shapes where they would fold the mesh: in the floors of the webs, where walls close in on small faces.

use glam::Vec3;

use super::Template;
use super::mesh::triangles;

/// Shrinking of a face's area, per standard deviation of all shapes together, that is let be: it takes more than 4 to fold it.
const MOST_SHRINKING: f32 = 0.23;
/// Most passes; each evens out around the faces that are left.
const PASSES: usize = 60;
/// Rings of neighbours around such a face that are evened out with it.
const RINGS: usize = 2;
/// Share of the way to the neighbours' mean in one pass.
const SHARE: f32 = 0.5;

/// Even out `deltas` (of each shape, per vertex, mm at a coefficient of 1) until no face is in danger.
pub(super) fn settle(template: &Template, around: &[Vec<u32>], deltas: &mut [Vec<Vec3>]) {
    for _ in 0..PASSES {
        let marked = in_danger(template, around, deltas);
        if marked.is_empty() {
            break;
        }
        for shape in deltas.iter_mut() {
            let middle = |v: usize| around[v].iter().map(|w| shape[*w as usize]).sum::<Vec3>() / around[v].len() as f32;
            let moved: Vec<Vec3> = marked.iter().map(|v| shape[*v].lerp(middle(*v), SHARE)).collect();
            marked.iter().zip(moved).for_each(|(v, d)| shape[*v] = d);
        }
    }
}

/// Vertices of faces that shapes shrink too much, and those near them, in rising order.
fn in_danger(template: &Template, around: &[Vec<u32>], deltas: &[Vec<Vec3>]) -> Vec<usize> {
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
fn shrinking(template: &Template, triangle: [u32; 3], deltas: &[Vec<Vec3>]) -> f32 {
    let [a, b, c] = triangle.map(|v| template.positions[v as usize]);
    let (ab, ac) = (b - a, c - a);
    let normal = ab.cross(ac);
    let square = normal.length_squared().max(1e-12);
    let of = |shape: &Vec<Vec3>| {
        let [da, db, dc] = triangle.map(|v| shape[v as usize]);
        ((db - da).cross(ac) + ab.cross(dc - da)).dot(normal) / square
    };
    deltas.iter().map(|shape| of(shape) * of(shape)).sum::<f32>().sqrt()
}
