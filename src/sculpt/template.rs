//! The wrapped rest mesh of one subject: cage, subdivision and projection onto the implicit surface.

use glam::Vec3;

use crate::rig::JOINT_COUNT;

use super::mesh::{Face, Vertex, catmull_clark, orient};
use super::{HandField, Subject, atlas, cage, project::project};

const CAGE_ITERATIONS: usize = 10;
const CAGE_RELAX: f32 = 0.5;
const LEVEL_ITERATIONS: usize = 9;
const LEVEL_RELAX: f32 = 0.5;

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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::rig::{DOFS, HandPose};
    use crate::sculpt::mesh::{normals, volume};
    use crate::sculpt::{skeleton, skin_mm, testing};

    fn drawn(number: u64) -> Subject {
        let spec = testing::spec();
        Subject::of_shape(&spec, &testing::drawn_shape(&spec, number))
    }

    #[test]
    fn topology_is_the_same_for_every_subject() {
        let reference = template(&testing::reference_subject(), 0);
        let indices = |t: &Template| t.faces.iter().map(|f| (f.v, f.part, f.chart)).collect::<Vec<_>>();
        for number in 0..30 {
            let t = template(&drawn(number), 0);
            assert_eq!(indices(&t), indices(&reference), "subject {number}");
            assert_eq!(t.weights, reference.weights, "subject {number}");
        }
    }

    #[test]
    fn mesh_is_closed_and_every_edge_has_two_faces_of_the_same_winding() {
        let t = template(&testing::reference_subject(), 0);
        let mut edges: BTreeMap<(u32, u32), u32> = BTreeMap::new();
        for face in &t.faces {
            for k in 0..4 {
                *edges.entry((face.v[k], face.v[(k + 1) % 4])).or_default() += 1;
            }
        }
        assert!(edges.iter().all(|(&(a, b), n)| *n == 1 && edges.get(&(b, a)) == Some(&1)));
        // Euler characteristic of a sphere
        assert_eq!(t.positions.len() + t.faces.len(), edges.len() / 2 + 2);
        assert!(volume(&t.positions, &t.faces) > 1e6, "wound outward");
    }

    #[test]
    fn mesh_lies_on_the_surface_and_faces_its_way() {
        for number in 0..2 {
            let t = template(&drawn(number), 1);
            assert!(t.residual.iter().all(|r| r.abs() < 0.01));
            let gradients = t.field.distances_and_gradients(&t.positions);
            let facing = |(n, g): (&Vec3, &(f32, Vec3))| n.dot(g.1.normalize_or_zero());
            let worst = normals(&t.positions, &t.faces).iter().zip(&gradients).map(facing).fold(1.0, f32::min);
            assert!(worst > 0.3, "subject {number}: {worst}");
        }
    }

    #[test]
    fn every_joint_sweeps_without_tearing() {
        let t = template(&testing::reference_subject(), 1);
        let s = skeleton(t.field.subject());
        let rest = volume(&t.positions, &t.faces);
        assert_eq!(skin_mm(&t, &s.bind_pose).len(), t.positions.len());
        for dof in DOFS {
            let limit = t.field.subject().spec.limits()[dof.index()];
            for angle in limit.soft_rad {
                let mut pose: HandPose = s.bind_pose;
                pose.set(dof, angle);
                let skinned = skin_mm(&t, &pose);
                assert!(skinned.iter().all(|p| p.is_finite()));
                let change = volume(&skinned, &t.faces) / rest - 1.0;
                assert!(change.abs() < 0.03, "{dof:?} {angle}: {change}");
            }
        }
    }
}
