//! Pulls a mesh onto the implicit surface.

use glam::Vec3;

use super::HandField;
use super::mesh::{Face, Vertex, neighbours};

/// Largest step of one iteration, mm.
const LIMIT: f32 = 6.0;

/// Newton steps onto the surface with tangential relaxation towards the neighbours' middle; returns the residuals, mm.
pub(super) fn project(
    field: &HandField,
    vertices: &mut [Vertex],
    faces: &[Face],
    iterations: usize,
    relax: f32,
) -> Vec<f32> {
    let around = neighbours(vertices.len(), faces);
    let mut p: Vec<Vec3> = vertices.iter().map(|v| v.position).collect();
    for k in 0..iterations {
        let normals = newton(field, &mut p);
        if k + 2 >= iterations {
            continue;
        }
        let moved: Vec<Vec3> = (0..p.len())
            .map(|v| {
                let sum: Vec3 = around[v].iter().map(|w| p[*w as usize]).sum();
                let step = sum / around[v].len() as f32 - p[v];
                p[v] + (step - normals[v] * step.dot(normals[v])) * relax
            })
            .collect();
        p = moved;
    }
    for (v, p) in vertices.iter_mut().zip(&p) {
        v.position = *p;
    }
    field.distances(&p)
}

/// One step of every point to the surface; returns the directions of the gradient.
pub(super) fn newton(field: &HandField, points: &mut [Vec3]) -> Vec<Vec3> {
    let values = field.distances_and_gradients(points);
    points
        .iter_mut()
        .zip(values)
        .map(|(p, (d, g))| {
            let length = g.length();
            let normal = g / length.max(1e-6);
            *p -= normal * (d / length.max(0.3)).clamp(-LIMIT, LIMIT);
            normal
        })
        .collect()
}
