//! What every rig must fulfil before anything is computed with it.

use glam::Vec3;

use super::{Fault, ImportError};
use crate::rig::part::PART_COUNT;
use crate::rig::{DOFS, JOINTS, Joint, Ramp, Rig, SLOT_COUNT, VertexDeltas};

/// Largest distance of a weight sum from 1.
const WEIGHT_SUM_TOLERANCE: f32 = 1e-4;
/// Largest distance of a unit vector's length from 1.
const UNIT_TOLERANCE: f32 = 1e-3;
/// Joints closer than this have no bone between them, metres.
const MIN_BONE_M: f32 = 1e-5;

/// Check a rig as a whole; the error lists every kind of fault once, with the first place where it occurs.
pub fn check_rig(rig: &Rig) -> Result<(), ImportError> {
    let mut faults = Faults(Vec::new());
    faults.lengths(rig);
    faults.vertices(rig);
    faults.triangles(rig);
    faults.skeleton(rig);
    faults.shapes(rig);
    faults.correctives(rig);
    faults.limits(rig);
    faults.capsules(rig);
    faults.skin(rig);
    ImportError::from_faults(faults.0)
}

struct Faults(Vec<Fault>);

impl Faults {
    fn add(&mut self, place: impl Into<String>, problem: impl Into<String>, hint: &'static str) {
        self.0.push(Fault::new(place, problem, hint));
    }

    /// One fault for all elements that fail: the first of them, and how many more there are.
    fn each<T: std::fmt::Debug>(&mut self, place: &str, items: &[T], good: impl Fn(&T) -> bool, hint: &'static str) {
        let mut bad = items.iter().enumerate().filter(|(_, item)| !good(item));
        if let Some((k, item)) = bad.next() {
            let more = bad.count();
            let others = if more > 0 { format!(" (and {more} more)") } else { String::new() };
            self.add(format!("{place}[{k}]"), format!("is {item:?}{others}"), hint);
        }
    }

    fn length(&mut self, place: &str, found: usize, wanted: usize) {
        if found != wanted {
            self.add(place, format!("has {found} entries instead of {wanted}"), "every list of a kind is equally long");
        }
    }

    fn lengths(&mut self, rig: &Rig) {
        let (mesh, n) = (&rig.mesh, rig.mesh.positions_m.len());
        if n == 0 || mesh.triangles.is_empty() {
            self.add("mesh", "has no triangles", "a rig needs a mesh");
        }
        self.length("mesh.normals", mesh.normals.len(), n);
        self.length("mesh.uvs", mesh.uvs.len(), n);
        self.length("mesh.joints", mesh.joints.len(), n);
        self.length("mesh.weights", mesh.weights.len(), n);
        self.length("mesh.palmar", mesh.palmar.len(), n);
        self.length("mesh.triangle_part", mesh.triangle_part.len(), mesh.triangles.len());
    }

    fn vertices(&mut self, rig: &Rig) {
        let mesh = &rig.mesh;
        self.each("mesh.positions_m", &mesh.positions_m, |p| p.is_finite(), "positions must be finite");
        self.each("mesh.normals", &mesh.normals, |n| is_unit(*n), "normals must have length 1");
        self.each("mesh.uvs", &mesh.uvs, |uv| uv.is_finite(), "texture coordinates must be finite");
        let known = |joints: &[u8; 4]| joints.iter().all(|j| usize::from(*j) < SLOT_COUNT);
        let hint = "joints are numbered 0 to 25, helpers of the forearm's twist 26 to 31";
        self.each("mesh.joints", &mesh.joints, known, hint);
        self.each("mesh.weights", &mesh.weights, is_share, "weights must be non-negative and have sum 1");
        self.each("mesh.palmar", &mesh.palmar, |x| (0.0..=1.0).contains(x), "palmar runs from 0 to 1");
    }

    fn triangles(&mut self, rig: &Rig) {
        let n = rig.mesh.positions_m.len();
        let inside = |t: &[u32; 3]| t.iter().all(|k| (*k as usize) < n);
        self.each("mesh.triangles", &rig.mesh.triangles, inside, "a triangle names vertices of the mesh");
        let known = |part: &u8| usize::from(*part) < PART_COUNT;
        self.each("mesh.triangle_part", &rig.mesh.triangle_part, known, "parts are numbered 0 to 16");
    }

    fn skeleton(&mut self, rig: &Rig) {
        let skeleton = &rig.skeleton;
        for joint in JOINTS {
            let (offset, neutral) = (skeleton.offset_m[joint.index()], skeleton.neutral[joint.index()]);
            if !offset.is_finite() || (joint != Joint::Forearm && offset.length() < MIN_BONE_M) {
                let place = format!("skeleton.offset_m.{}", joint.name());
                self.add(place, format!("is {offset:?} m"), "a joint must lie away from its parent");
            }
            if !neutral.is_finite() || (neutral.length() - 1.0).abs() > UNIT_TOLERANCE {
                let place = format!("skeleton.neutral.{}", joint.name());
                self.add(place, format!("is {neutral:?}"), "rotations are unit quaternions");
            }
        }
        self.each("skeleton.axis", &skeleton.axis, |a| is_unit(*a), "axes must have length 1");
        self.each("skeleton.bind_pose", &skeleton.bind_pose.0, |a| a.is_finite(), "angles must be finite");
    }

    fn shapes(&mut self, rig: &Rig) {
        let n = rig.mesh.positions_m.len();
        for shape in &rig.shapes {
            self.deltas(&format!("shapes.{}.position_deltas_m", shape.name), &shape.position_deltas_m, n);
            let place = format!("shapes.{}.offset_deltas_m", shape.name);
            self.each(&place, &shape.offset_deltas_m, |d| d.is_finite(), "differences must be finite");
        }
    }

    fn deltas(&mut self, place: &str, deltas: &VertexDeltas, vertices: usize) {
        if let Some((vertex, _)) = deltas.iter().last().filter(|(v, _)| *v as usize >= vertices) {
            let problem = format!("moves vertex {vertex} of {vertices}");
            self.add(place, problem, "differences belong to vertices of the mesh");
        }
        let values: Vec<Vec3> = deltas.iter().map(|d| d.1).collect();
        self.each(place, &values, |d| d.is_finite(), "differences must be finite");
    }

    fn correctives(&mut self, rig: &Rig) {
        for corrective in &rig.correctives {
            let place = |field: &str| format!("correctives.{}.{field}", corrective.name);
            self.deltas(&place("position_deltas_m"), &corrective.position_deltas_m, rig.mesh.positions_m.len());
            self.each(&place("ramps"), &corrective.ramps, Ramp::is_sound, "angles of a ramp are finite and go one way");
        }
    }

    fn limits(&mut self, rig: &Rig) {
        for (dof, limit) in DOFS.into_iter().zip(&rig.limits) {
            let ([h0, h1], [s0, s1]) = (limit.hard_rad, limit.soft_rad);
            let ordered = h0 <= s0 && s0 <= s1 && s1 <= h1 && h0.is_finite() && h1.is_finite();
            if !ordered {
                let place = format!("limits.{}", dof.name());
                self.add(place, format!("is {limit:?}"), "the soft range lies within the finite hard range");
            }
        }
    }

    fn capsules(&mut self, rig: &Rig) {
        let good = |c: &crate::rig::Capsule| {
            let radii = [c.start_radius_m, c.end_radius_m];
            c.start_m.is_finite() && c.end_m.is_finite() && radii.iter().all(|r| r.is_finite() && *r > 0.0)
        };
        self.each("capsules", &rig.capsules, good, "capsules have finite ends and positive radii");
    }

    fn skin(&mut self, rig: &Rig) {
        let Some(skin) = &rig.skin else { return };
        let texels = (skin.size as usize).pow(2);
        if texels == 0 || !skin.max_slopes.iter().all(|s| s.is_finite() && *s > 0.0) {
            let problem = format!("has size {} and max_slopes {:?}", skin.size, skin.max_slopes);
            self.add("skin", problem, "both must be positive");
        }
        self.length("skin.regions", skin.regions.len(), texels);
        self.length("skin.slopes", skin.slopes.len(), texels);
        self.length("skin.marks", skin.marks.len(), texels);
    }
}

fn is_unit(v: Vec3) -> bool {
    v.is_finite() && (v.length() - 1.0).abs() <= UNIT_TOLERANCE
}

fn is_share(weights: &[f32; 4]) -> bool {
    weights.iter().all(|w| *w >= 0.0) && (weights.iter().sum::<f32>() - 1.0).abs() <= WEIGHT_SUM_TOLERANCE
}
