//! Assembles a rig: mean mesh, skeleton, blend shapes, limits and capsules.

use std::collections::BTreeMap;
use std::sync::Arc;

use glam::Vec3;

use crate::rig::skeleton::TWIST_SHARES;
use crate::rig::{BlendShape, Corrective, JOINT_COUNT, Joint, Rig, RigMesh, SLOT_COUNT, Surface, VertexDeltas};

use super::bake::{SKIN_TEXELS, bake};
use super::correct::corrections;
use super::deform::{LEAST_MM, carry};
use super::mesh::{Face, neighbours, normals, triangles};
use super::settle::{Deltas, settle};
use super::spec::{RigSpec, ShapeSpec};
use super::{Subject, Template, capsules, skeleton, template};

const M_PER_MM: f32 = 1e-3;
const INFLUENCES: usize = 4;
/// Shorter differences of a corrective are left out, metres.
const CORRECTIVE_LEAST_M: f32 = 3e-5;
/// Where along the forearm its twist begins and is complete, fractions of HL behind the wrist.
const TWIST_RANGE: [f32; 2] = [-1.15, -0.10];

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
    let around = neighbours(template.positions.len(), &template.faces);
    let ends = |row: &ShapeSpec| [-row.step, row.step].map(|step| mean.clone().with(row.parameter, step));
    let mut deltas: Vec<Deltas> = spec.shapes.iter().map(|row| deltas(&template, &around, &ends(row))).collect();
    settle(&template, &around, &mut deltas);
    let shapes = spec.shapes.iter().zip(&deltas).map(|(row, deltas)| {
        let [low, high] = ends(row).map(|end| skeleton(&end));
        BlendShape {
            name: row.name.clone(),
            position_deltas_m: on_mesh(&source, &deltas.all(), 1.0, LEAST_MM * M_PER_MM),
            offset_deltas_m: std::array::from_fn(|k| (high.offset_m[k] - low.offset_m[k]) * 0.5),
        }
    });
    let shapes = shapes.collect();
    let correctives = corrections(&template).into_iter().map(|c| Corrective {
        name: c.name,
        ramps: c.ramps,
        position_deltas_m: on_mesh(&source, &c.deltas_mm, 1.0, CORRECTIVE_LEAST_M),
    });
    let rig = Rig {
        name: spec.name.clone(),
        shapes,
        correctives: correctives.filter(|c| !c.position_deltas_m.is_empty()).collect(),
        surface: Surface::of(&mesh),
        mesh,
        skeleton: skeleton(&mean),
        limits: spec.limits(),
        capsules: capsules(&mean),
        skin: None,
    };
    Built { rig, template, source }
}

/// Half the way from one subject's surface to another's, per vertex, mm.
fn deltas(template: &Template, around: &[Vec<u32>], ends: &[Subject; 2]) -> Deltas {
    let [low, high] = ends.each_ref().map(|end| carry(template, around, end));
    let half = |low: &[Vec3], high: &[Vec3]| -> Vec<Vec3> {
        low.iter().zip(high).map(|(a, b)| (*b - *a) * 0.5).collect()
    };
    let growth = half(&low.guess, &high.guess);
    let all = half(&low.positions, &high.positions);
    Deltas { fit: all.iter().zip(&growth).map(|(a, g)| *a - *g).collect(), growth }
}

/// Differences (mm) of the template's vertices on the rig's mesh, times a factor.
fn on_mesh(source: &[u32], deltas_mm: &[Vec3], factor: f32, least_m: f32) -> VertexDeltas {
    let dense: Vec<Vec3> = source.iter().map(|v| deltas_mm[*v as usize] * (factor * M_PER_MM)).collect();
    VertexDeltas::from_dense(&dense, least_m)
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
                let (joints, weights) = influences(template, at);
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
        mesh.triangles.extend(triangles(rounder(template, face, corner)));
        mesh.triangle_part.extend([face.part; 2]);
    }
    (mesh, source)
}

/// The corners, turned by one where the quad's other diagonal lies closer to the surface.
fn rounder(template: &Template, face: &Face, corner: [u32; 4]) -> [u32; 4] {
    let [a, b, c, d] = face.v.map(|v| template.positions[v as usize]);
    let off = |p: Vec3| template.field.distance(p).abs();
    let [a2, b2, c2, d2] = corner;
    if off(0.5 * (b + d)) < off(0.5 * (a + c)) { [b2, c2, d2, a2] } else { corner }
}

/// The largest shares of a vertex, made to sum 1.
pub(super) fn influences(template: &Template, vertex: usize) -> ([u8; INFLUENCES], [f32; INFLUENCES]) {
    prune(&spread_twist(template, vertex))
}

/// Shares of a vertex with the forearm's handed on to the helpers that twist along it.
fn spread_twist(template: &Template, vertex: usize) -> [f32; SLOT_COUNT] {
    let weights = &template.weights[vertex];
    let forearm = Joint::Forearm.index();
    let mut slots: [f32; SLOT_COUNT] = std::array::from_fn(|k| weights.get(k).copied().unwrap_or(0.0));
    let [from, to] = TWIST_RANGE.map(|t| t * template.field.subject().hand_length_mm);
    let along = ((template.positions[vertex].y - from) / (to - from)).clamp(0.0, 1.0);
    let share = std::mem::take(&mut slots[forearm]);
    let knots: Vec<(usize, f32)> = [(forearm, 0.0)].into_iter().chain((JOINT_COUNT..).zip(TWIST_SHARES)).collect();
    for pair in knots.windows(2) {
        let [(a, low), (b, high)] = [pair[0], pair[1]];
        if along >= low && (along < high || b + 1 == SLOT_COUNT) {
            let t = (along - low) / (high - low);
            slots[a] += share * (1.0 - t);
            slots[b] += share * t;
        }
    }
    slots
}

fn prune(weights: &[f32; SLOT_COUNT]) -> ([u8; INFLUENCES], [f32; INFLUENCES]) {
    let mut order: Vec<usize> = (0..SLOT_COUNT).collect();
    order.sort_by(|a, b| weights[*b].total_cmp(&weights[*a]));
    let sum: f32 = order[..INFLUENCES].iter().map(|k| weights[*k]).sum();
    let kept = |k: usize| weights[order[k]] / sum;
    let shares = std::array::from_fn(kept);
    (std::array::from_fn(|k| if shares[k] > 0.0 { order[k] as u8 } else { 0 }), shares)
}

/// Positions (mm) of a mesh skinned from the rest pose by full weights, without correctives; for checks of geometry alone.
pub fn skin_mm(template: &Template, pose: &crate::rig::HandPose) -> Vec<Vec3> {
    let skeleton = skeleton(template.field.subject());
    let rest = skeleton.hand_from_slot(&skeleton.bind_pose);
    let posed = skeleton.hand_from_slot(pose);
    let maps: Vec<_> = rest.iter().zip(&posed).map(|(r, p)| *p * r.inverse()).collect();
    let skinned = |(v, p): (usize, &Vec3)| {
        let weights = spread_twist(template, v);
        let used = weights.iter().zip(&maps).filter(|(w, _)| **w > 0.0);
        used.map(|(w, m)| m.point(*p * M_PER_MM) * *w).sum::<Vec3>() / M_PER_MM
    };
    template.positions.iter().enumerate().map(skinned).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::OnceLock;

    use super::*;
    use crate::rig::{HandPart, HandShape};
    use crate::sculpt::{HandField, testing};

    /// Texels per side at which the atlas is checked.
    const SIZE: usize = 256;

    fn built() -> &'static Built {
        static BUILT: OnceLock<Built> = OnceLock::new();
        BUILT.get_or_init(|| build_with_template(&testing::spec(), 1))
    }

    /// Vertices with a shape's deltas added, mm.
    fn shaped(rig: &Rig, shape: &HandShape) -> Vec<Vec3> {
        let mut moved = rig.mesh.positions_m.clone();
        rig.shapes.iter().zip(&shape.0).for_each(|(s, c)| s.position_deltas_m.add_to(*c, &mut moved));
        moved.into_iter().map(|p| p / M_PER_MM).collect()
    }

    #[test]
    fn mesh_is_complete_and_consistent() {
        let mesh = &built().rig.mesh;
        let n = mesh.positions_m.len();
        assert_eq!(
            [mesh.normals.len(), mesh.uvs.len(), mesh.joints.len(), mesh.weights.len(), mesh.palmar.len()],
            [n; 5]
        );
        assert_eq!(mesh.triangles.len(), mesh.triangle_part.len());
        assert!(mesh.triangles.iter().flatten().all(|v| (*v as usize) < n));
        assert!(mesh.weights.iter().all(|w| (w.iter().sum::<f32>() - 1.0).abs() < 1e-5 && w.iter().all(|w| *w >= 0.0)));
        assert!(mesh.uvs.iter().all(|uv| uv.min_element() >= 0.0 && uv.max_element() <= 1.0));
        for part in 0..=HandPart::Arm.index() {
            let of_part = mesh.triangle_part.iter().map(|p| usize::from(*p == part));
            assert!(of_part.sum::<usize>() > 20, "part {part}");
        }
        let top = mesh.positions_m.iter().map(|p| p.y).fold(0.0, f32::max);
        assert!((top - 0.1872).abs() < 1e-3, "{top}");
    }

    #[test]
    fn atlas_charts_neither_fold_nor_overlap() {
        let mesh = &built().rig.mesh;
        let corners = |t: &[u32; 3]| t.map(|v| mesh.uvs[v as usize]);
        let area = |[a, b, c]: [glam::Vec2; 3]| 0.5 * (b - a).perp_dot(c - a);
        assert!(mesh.triangles.iter().map(|t| area(corners(t))).all(|a| a < 0.0), "one orientation: v points down");
        // texels covered by more than one triangle's inside would mean overlap
        let mut owner = vec![0_u8; SIZE * SIZE];
        for t in &mesh.triangles {
            let [a, b, c] = corners(t).map(|uv| uv * SIZE as f32);
            let (lo, hi) = (a.min(b).min(c).as_usizevec2(), a.max(b).max(c).as_usizevec2());
            for (x, y) in (lo.x..=hi.x).flat_map(|x| (lo.y..=hi.y).map(move |y| (x, y))) {
                let p = glam::Vec2::new(x as f32 + 0.5, y as f32 + 0.5);
                let inside = [(a, b), (b, c), (c, a)].iter().all(|(q, r)| (*r - *q).perp_dot(p - *q) < -1e-3);
                owner[y * SIZE + x] += u8::from(inside);
            }
        }
        assert!(owner.iter().all(|n| *n <= 1));
        let used = owner.iter().filter(|n| **n > 0).count() as f32 / owner.len() as f32;
        assert!(used > 0.44, "{used}");
    }

    #[test]
    fn pruned_weights_barely_move_the_skin() {
        let lost: Vec<f32> = built()
            .template
            .weights
            .iter()
            .enumerate()
            .map(|(v, _)| {
                let mut sorted = spread_twist(&built().template, v);
                sorted.sort_by(|a, b| b.total_cmp(a));
                sorted[INFLUENCES..].iter().sum()
            })
            .collect();
        assert!(lost.iter().all(|l| *l < 0.04), "{:?}", lost.iter().fold(0.0_f32, |m, l| m.max(*l)));
    }

    #[test]
    fn blended_hands_lie_on_the_surface_of_the_hand_they_stand_for() {
        let Built { rig, .. } = built();
        let spec = testing::spec();
        for (name, [most, mean]) in [
            ("mean_male", [0.15, 0.03]),
            ("mean_female", [0.15, 0.03]),
            ("broad", [0.7, 0.15]),
            ("slender", [0.7, 0.1]),
        ] {
            let shape = spec.subject(name).unwrap();
            let field = HandField::new(&Subject::of_shape(&spec, &shape));
            let gaps: Vec<f32> = field.distances(&shaped(rig, &shape)).iter().map(|d| d.abs()).collect();
            let worst = gaps.iter().fold(0.0_f32, |m, g| m.max(*g));
            let average = gaps.iter().sum::<f32>() / gaps.len() as f32;
            assert!(worst < most && average < mean, "{name}: {worst} {average}");
        }
    }

    #[test]
    fn blended_skeletons_are_those_of_the_hand_they_stand_for() {
        let spec = testing::spec();
        let shape = spec.subject("broad").unwrap();
        let expected = skeleton(&Subject::of_shape(&spec, &shape));
        for k in 0..JOINT_COUNT {
            let deltas = built().rig.shapes.iter().zip(&shape.0).map(|(s, c)| s.offset_deltas_m[k] * *c);
            let found = built().rig.skeleton.offset_m[k] + deltas.sum::<Vec3>();
            assert!(found.distance(expected.offset_m[k]) < 3e-4, "joint {k}: {found} {}", expected.offset_m[k]);
        }
    }

    #[test]
    fn drawn_hands_fold_at_most_a_web_corner() {
        let Built { rig, template, source } = built();
        let spec = testing::spec();
        for number in 0..30 {
            let blended = shaped(rig, &testing::drawn_shape(&spec, number));
            let mut p = template.positions.clone();
            source.iter().zip(blended).for_each(|(v, at)| p[*v as usize] = at);
            let folded = template.faces.iter().filter(|f| {
                let [a, b, c, d] = f.v.map(|v| p[v as usize]);
                (b - a).cross(d - a).dot((d - c).cross(b - c)) < 0.0
            });
            let at: Vec<Vec3> = folded.map(|f| p[f.v[0] as usize]).collect();
            assert!(at.len() <= 2 && at.iter().all(|p| p.y > 60.0), "subject {number}: {at:?}");
        }
    }
}
