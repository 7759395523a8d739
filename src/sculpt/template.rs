//! The wrapped rest mesh of one subject: cage, subdivision and projection onto the implicit surface.

use glam::Vec3;

use crate::rig::JOINT_COUNT;

use super::mesh::{Face, Vertex, catmull_clark, orient};
use super::{HandField, Subject, atlas, cage, project::project};

const CAGE_ITERATIONS: usize = 10;
const CAGE_RELAX: f32 = 0.25;
const LEVEL_ITERATIONS: usize = 8;
const LEVEL_RELAX: f32 = 0.35;

/// Rest mesh of a subject. Vertex order, faces and weights are the same for every subject; texture coordinates are not.
#[derive(Debug, Clone)]
pub struct Template {
    /// The surface it lies on.
    pub field: HandField,
    /// Hand space, mm.
    pub positions: Vec<Vec3>,
    /// Quads, counter-clockwise seen from outside.
    pub faces: Vec<Face>,
    /// Share of each joint per vertex, sum 1, unpruned.
    pub weights: Vec<[f32; JOINT_COUNT]>,
    /// 0 on the back of the hand to 1 on the palm, per vertex.
    pub palmar: Vec<f32>,
    /// Distance left to the surface per vertex, mm.
    pub residual: Vec<f32>,
}

/// The mesh of a subject after `levels` subdivisions: about 800 x 4^levels quads.
pub fn template(subject: &Subject, levels: usize) -> Template {
    let field = HandField::new(subject);
    let (mut vertices, mut quads) = cage::build(&field);
    orient(&vertices, &mut quads);
    let mut faces: Vec<Face> = quads.iter().map(atlas::without_uv).collect();
    let mut residual = project(&field, &mut vertices, &faces, CAGE_ITERATIONS, CAGE_RELAX);
    let positions: Vec<Vec3> = vertices.iter().map(|v| v.position).collect();
    for (face, uv) in faces.iter_mut().zip(atlas::layout(&positions, &quads)) {
        face.uv = uv;
    }
    for _ in 0..levels {
        (vertices, faces) = catmull_clark(&vertices, &faces);
        residual = project(&field, &mut vertices, &faces, LEVEL_ITERATIONS, LEVEL_RELAX);
    }
    let unit = |v: &Vertex| {
        let sum: f32 = v.weights.iter().map(|w| w.max(0.0)).sum();
        v.weights.map(|w| w.max(0.0) / sum)
    };
    Template {
        positions: vertices.iter().map(|v| v.position).collect(),
        weights: vertices.iter().map(unit).collect(),
        palmar: vertices.iter().map(|v| v.palmar.clamp(0.0, 1.0)).collect(),
        faces,
        residual,
        field,
    }
}
