//! Assembles a rig: mean mesh, skeleton, blend shapes, limits and capsules.

use std::collections::BTreeMap;
use std::sync::Arc;

use glam::Vec3;

use crate::rig::{BlendShape, JOINT_COUNT, Rig, RigMesh};

use super::bake::{SKIN_TEXELS, bake};
use super::deform::carry;
use super::mesh::{normals, triangles};
use super::spec::RigSpec;
use super::{Subject, Template, capsules, skeleton, template};

const M_PER_MM: f32 = 1e-3;
const INFLUENCES: usize = 4;

/// A rig with the template it was made from.
#[derive(Debug, Clone)]
pub struct Built {
    /// The rig; `skin` is still `None`.
    pub rig: Rig,
    /// Mesh of the mean adult before its seams were cut, with its surface.
    pub template: Template,
    /// Vertex of the template behind each vertex of the rig's mesh.
    pub source: Vec<u32>,
}

/// The rig of a spec with its skin maps.
pub fn build(spec: &Arc<RigSpec>) -> Rig {
    let Built { rig, template, .. } = build_with_template(spec, spec.mesh.levels);
    let skin = bake(&rig.mesh, template.field.subject(), SKIN_TEXELS);
    Rig { skin: Some(skin), ..rig }
}

/// The rig of a spec at a number of subdivisions, with what skin maps are baked from.
pub fn build_with_template(spec: &Arc<RigSpec>, levels: usize) -> Built {
    let mean = Subject::mean_adult(spec);
    let template = template(&mean, levels);
    let (mesh, source) = assemble(&template);
    let shapes = spec.shapes.iter().map(|row| {
        let [low, high] = [-row.step, row.step].map(|step| mean.clone().with(row.parameter, step));
        let (before, after) = (carry(&template, &low), carry(&template, &high));
        let (low, high) = (skeleton(&low), skeleton(&high));
        BlendShape {
            name: row.name.clone(),
            position_deltas_m: source
                .iter()
                .map(|&v| (after[v as usize] - before[v as usize]) * (0.5 * M_PER_MM))
                .collect(),
            offset_deltas_m: std::array::from_fn(|k| (high.offset_m[k] - low.offset_m[k]) * 0.5),
        }
    });
    let rig = Rig {
        name: spec.name.clone(),
        shapes: shapes.collect(),
        mesh,
        skeleton: skeleton(&mean),
        limits: spec.limits(),
        capsules: capsules(&mean),
        skin: None,
    };
    Built { rig, template, source }
}

/// The template in metres with vertices doubled along the atlas' seams, and the template's vertex behind each.
fn assemble(template: &Template) -> (RigMesh, Vec<u32>) {
    let normals = normals(&template.positions, &template.faces);
    let mut mesh = RigMesh::default();
    let mut source = Vec::new();
    let mut known: BTreeMap<(u32, u32, u32), u32> = BTreeMap::new();
    for face in &template.faces {
        let corner: [u32; 4] = std::array::from_fn(|k| {
            let (v, uv) = (face.v[k], face.uv[k]);
            *known.entry((v, uv.x.to_bits(), uv.y.to_bits())).or_insert_with(|| {
                let at = v as usize;
                let (joints, weights) = prune(&template.weights[at]);
                mesh.positions_m.push(template.positions[at] * M_PER_MM);
                mesh.normals.push(normals[at]);
                mesh.uvs.push(uv);
                mesh.joints.push(joints);
                mesh.weights.push(weights);
                mesh.palmar.push(template.palmar[at]);
                source.push(v);
                source.len() as u32 - 1
            })
        });
        mesh.triangles.extend(triangles(corner));
        mesh.triangle_part.extend([face.part; 2]);
    }
    (mesh, source)
}

/// The largest shares, made to sum 1.
pub(super) fn prune(weights: &[f32; JOINT_COUNT]) -> ([u8; INFLUENCES], [f32; INFLUENCES]) {
    let mut order: Vec<usize> = (0..JOINT_COUNT).collect();
    order.sort_by(|a, b| weights[*b].total_cmp(&weights[*a]));
    let sum: f32 = order[..INFLUENCES].iter().map(|k| weights[*k]).sum();
    let kept = |k: usize| weights[order[k]] / sum;
    let shares = std::array::from_fn(kept);
    (std::array::from_fn(|k| if shares[k] > 0.0 { order[k] as u8 } else { 0 }), shares)
}

/// Positions (mm) of a mesh skinned from the rest pose by full weights; for checks of geometry alone.
pub fn skin_mm(template: &Template, pose: &crate::rig::HandPose) -> Vec<Vec3> {
    let skeleton = skeleton(template.field.subject());
    let rest = skeleton.hand_from_joint(&skeleton.bind_pose);
    let posed = skeleton.hand_from_joint(pose);
    let maps: Vec<_> = rest.iter().zip(&posed).map(|(r, p)| *p * r.inverse()).collect();
    template
        .positions
        .iter()
        .zip(&template.weights)
        .map(|(p, w)| {
            let used = w.iter().zip(&maps).filter(|(w, _)| **w > 0.0);
            used.map(|(w, m)| m.point(*p * M_PER_MM) * *w).sum::<Vec3>() / M_PER_MM
        })
        .collect()
}
