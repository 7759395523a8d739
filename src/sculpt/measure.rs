//! Anthropometry on a mesh: lengths, breadths and tape measures from plane sections.

use glam::{Vec2, Vec3};

use crate::rig::{JOINT_COUNT, Joint, Rig};

/// Share of the hand breadth between the centres of index and little MCP.
const BREADTH_BETWEEN_CENTRES: f32 = 0.654;
/// Crease at the middle finger's base: fraction of the proximal phalanx.
const CREASE: f32 = 0.60;
/// Middle of a digit on which the crease is looked for, metres from the axis.
const BESIDE_AXIS_M: f32 = 0.004;

/// Sizes as surveys take them, in the mesh's unit.
#[derive(Debug, Clone, Copy, PartialEq)]
#[expect(missing_docs, reason = "plain names")]
pub struct Anthropometry {
    pub hand_length: f32,
    pub hand_breadth: f32,
    pub hand_circumference: f32,
    pub palm_length: f32,
    pub wrist_circumference: f32,
    pub palm_thickness: f32,
    pub forearm_circumference: f32,
}

impl Anthropometry {
    /// The five sizes of a [`crate::rig::population::Survey`].
    pub fn survey(&self) -> [f32; crate::rig::population::SIZE_COUNT] {
        [self.hand_length, self.hand_breadth, self.hand_circumference, self.palm_length, self.wrist_circumference]
    }
}

/// Measures hands of one topology in the rest pose.
#[derive(Debug, Clone)]
pub struct Ruler {
    edges: Vec<[u32; 2]>,
    /// Edge that the finger-base crease of the middle finger crosses, and where.
    crease: Option<([u32; 2], f32)>,
}

impl Ruler {
    /// A ruler for the shapes of a rig.
    pub fn new(rig: &Rig) -> Self {
        let corners = rig.mesh.triangles.iter().flat_map(|[a, b, c]| [[*a, *b], [*b, *c], [*c, *a]]);
        let mut edges: Vec<[u32; 2]> = corners.map(|[a, b]| [a.min(b), a.max(b)]).collect();
        edges.sort_unstable();
        edges.dedup();
        let crease = crease(rig, &edges);
        Self { edges, crease }
    }

    /// Sizes of a mesh with its joint centres.
    pub fn measure(&self, positions: &[Vec3], joints: &[Vec3; JOINT_COUNT]) -> Anthropometry {
        let length = positions.iter().map(|p| p.y).fold(0.0, f32::max);
        // oblique section through the index and little metacarpal heads
        let centre = |joint: Joint| joints[joint.index()];
        let (index, little) = (centre(Joint::IndexFingerPhalanxProximal), centre(Joint::PinkyFingerPhalanxProximal));
        let breadth = (index.x - little.x) / BREADTH_BETWEEN_CENTRES;
        let across = ((index - little) * Vec3::new(1.0, 1.0, 0.0)).normalize_or(Vec3::X);
        let heads = self.section(positions, 0.5 * (index + little), across.cross(Vec3::Z));
        let heads = heads.iter().filter(|p| p.x < 0.52 * breadth && p.y > 0.0);
        let flat: Vec<Vec2> = heads.map(|p| Vec2::new(p.dot(across), p.z)).collect();
        let level = |y: f32| -> Vec<Vec2> {
            let points = self.section(positions, Vec3::Y * y * length, Vec3::Y);
            points.iter().map(|p| Vec2::new(p.x, p.z)).collect()
        };
        let middle: Vec<f32> = level(0.42).iter().filter(|p| p.x.abs() < 0.047 * breadth).map(|p| p.y).collect();
        let crease = self.crease.map_or(0.0, |([a, b], t)| positions[a as usize].lerp(positions[b as usize], t).y);
        Anthropometry {
            hand_length: length,
            hand_breadth: extent(flat.iter().map(|p| p.x)),
            hand_circumference: tape(&flat),
            palm_length: crease,
            wrist_circumference: tape(&level(-0.03)),
            palm_thickness: extent(middle.into_iter()),
            forearm_circumference: tape(&level(-1.0)),
        }
    }

    /// Points where edges cross a plane.
    pub fn section(&self, positions: &[Vec3], origin: Vec3, normal: Vec3) -> Vec<Vec3> {
        let crossing = |[a, b]: &[u32; 2]| {
            let (a, b) = (positions[*a as usize], positions[*b as usize]);
            let (da, db) = ((a - origin).dot(normal), (b - origin).dot(normal));
            ((da < 0.0) != (db < 0.0)).then(|| a.lerp(b, da / (da - db)))
        };
        self.edges.iter().filter_map(crossing).collect()
    }
}

/// The edge on the middle of the middle finger's palmar side that its base crease crosses.
fn crease(rig: &Rig, edges: &[[u32; 2]]) -> Option<([u32; 2], f32)> {
    let frames = rig.skeleton.hand_from_joint(&rig.skeleton.bind_pose);
    let bone = frames[Joint::MiddleFingerPhalanxProximal.index()].inverse();
    let length = rig.skeleton.offset_m[Joint::MiddleFingerPhalanxIntermediate.index()].length();
    let local = |v: u32| bone.point(rig.mesh.positions_m[v as usize]);
    let crossing = edges.iter().filter_map(|edge| {
        let [a, b] = edge.map(local);
        let (da, db) = (a.y - CREASE * length, b.y - CREASE * length);
        let at = a.lerp(b, da / (da - db));
        ((da < 0.0) != (db < 0.0) && at.z > 0.0 && at.x.abs() < BESIDE_AXIS_M)
            .then(|| (at.x.abs(), (*edge, da / (da - db))))
    });
    crossing.min_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, found)| found)
}

fn extent(values: impl Iterator<Item = f32> + Clone) -> f32 {
    values.clone().fold(f32::NEG_INFINITY, f32::max) - values.fold(f32::INFINITY, f32::min)
}

/// Length of a tape around the points: perimeter of their convex hull (gift wrapping by angle, monotone chain).
pub fn tape(points: &[Vec2]) -> f32 {
    let mut sorted = points.to_vec();
    sorted.sort_by(|a, b| a.x.total_cmp(&b.x).then(a.y.total_cmp(&b.y)));
    let half = |points: &mut dyn Iterator<Item = &Vec2>| {
        let mut hull: Vec<Vec2> = Vec::new();
        for p in points {
            while hull.len() >= 2
                && (hull[hull.len() - 1] - hull[hull.len() - 2]).perp_dot(*p - hull[hull.len() - 1]) <= 0.0
            {
                hull.pop();
            }
            hull.push(*p);
        }
        hull.windows(2).map(|w| w[0].distance(w[1])).sum::<f32>()
    };
    half(&mut sorted.iter()) + half(&mut sorted.iter().rev())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tape_goes_around_the_hull() {
        let square = [(0.0, 0.0), (2.0, 0.0), (2.0, 2.0), (0.0, 2.0), (1.0, 1.0), (1.0, 0.0)].map(Vec2::from);
        assert!((tape(&square) - 8.0).abs() < 1e-6);
    }
}
