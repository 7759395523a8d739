//! How far the skin at each vertex is folded or stretched by the joints around it.

use glam::Vec3;

use crate::rig::joint::{DIGITS, FINGERS};
use crate::rig::{DOFS, Digit, Dof, HandPose, Joint, Rig};

/// Angle that counts as fully bent, radians.
const FULL_RAD: f32 = 1.5;
/// Flexion is kept in this range of full bends.
const RANGE: [f32; 2] = [-0.4, 1.2];
/// How far along the bones a joint folds the skin, metres: first, second and last joint of a digit, and the wrist.
const REACH_M: [f32; 4] = [0.026, 0.018, 0.014, 0.035];
/// How far beside its axis.
const ASIDE_M: f32 = 0.017;
const WRIST_ASIDE_M: f32 = 0.05;
/// Angle at which a finger's tendon has sunk into the back of the hand, radians.
const TENDON_GONE_RAD: f32 = 1.0;

/// What folds the skin at one vertex.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Folding {
    /// Degrees of freedom and their shares.
    joints: [(u8, f32); 2],
    /// The finger's whose tendon passes.
    tendon: u8,
}

impl Folding {
    /// Per vertex of a rig.
    pub(super) fn of_rig(rig: &Rig) -> Vec<Self> {
        let frames = rig.skeleton.hand_from_joint(&rig.skeleton.bind_pose);
        let place = |joint: Joint| frames[joint.index()];
        let mut folds = vec![(Joint::Wrist, Dof::WristFlexion.index() as u8, REACH_M[3], WRIST_ASIDE_M)];
        for digit in DIGITS {
            for (k, joint) in digit.chain()[..3].iter().enumerate().filter(|(k, _)| digit != Digit::Thumb || *k > 0) {
                let bends = |d: &Dof| d.joint() == *joint && d.name().ends_with("flexion");
                let dof = DOFS.iter().position(bends).unwrap_or(0) as u8;
                folds.push((*joint, dof, REACH_M[k], ASIDE_M));
            }
        }
        let rays = FINGERS.map(|finger| {
            let [head, ..] = finger.chain();
            let dof = DOFS.iter().position(|d| d.joint() == head && d.name().ends_with("mcp_flexion"));
            (place(finger.joints()[0]).translation_m, place(head).translation_m, dof.unwrap_or(0) as u8)
        });
        let inverse: Vec<_> = folds.iter().map(|fold| place(fold.0).inverse()).collect();
        let vertices = rig.mesh.positions_m.iter().zip(&rig.mesh.joints);
        let of_vertex = |(p, joints): (&Vec3, &[u8; 4])| {
            let mut best = [(0, 0.0_f32); 2];
            for ((joint, dof, reach, aside), from_hand) in folds.iter().zip(&inverse) {
                let near = |j: &u8| *j == joint.index() as u8 || joint.parent().is_some_and(|p| p.index() as u8 == *j);
                let q = from_hand.point(*p);
                if q.y.abs() > *reach || q.x.abs() > *aside || !joints.iter().any(near) {
                    continue;
                }
                let (y, x) = (q.y / reach, q.x / aside);
                let share = (1.0 - y * y) * (1.0 - y * y) * (1.0 - x * x * x * x);
                if share > best[0].1 {
                    best = [(*dof, share), best[0]];
                } else if share > best[1].1 {
                    best[1] = (*dof, share);
                }
            }
            let nearest = |(start, end, _): &(Vec3, Vec3, u8)| {
                let axis = *end - *start;
                let t = ((*p - *start).dot(axis) / axis.length_squared().max(1e-12)).clamp(0.0, 1.0);
                p.distance_squared(*start + axis * t)
            };
            let ray = rays.iter().min_by(|a, b| nearest(a).total_cmp(&nearest(b)));
            Self { joints: best, tendon: ray.map_or(0, |ray| ray.2) }
        };
        vertices.map(of_vertex).collect()
    }

    /// 0 straight to 1 bent by 86 degrees; negative where overextended.
    pub(super) fn flexion(&self, pose: &HandPose) -> f32 {
        let bent = |(dof, share): (u8, f32)| share * angle(pose, dof);
        let sum = bent(self.joints[0]) + bent(self.joints[1]);
        (sum * (1.0 / FULL_RAD)).clamp(RANGE[0], RANGE[1])
    }

    /// How far the tendon stands out: 1 with a straight finger, more when overextended, 0 when bent.
    pub(super) fn tension(&self, pose: &HandPose) -> f32 {
        (1.0 - angle(pose, self.tendon) * (1.0 / TENDON_GONE_RAD)).clamp(0.0, 1.5)
    }
}

fn angle(pose: &HandPose, dof: u8) -> f32 {
    pose.0.get(usize::from(dof)).copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assets::Assets;

    #[test]
    fn a_bent_finger_folds_its_own_skin_only() {
        let rig = Assets::new().unwrap().open_rig("adult").unwrap();
        let folding = Folding::of_rig(&rig);
        let frames = rig.skeleton.hand_from_joint(&rig.skeleton.bind_pose);
        let mut pose = HandPose([0.0; DOFS.len()]);
        pose.0[Dof::MiddlePipFlexion.index()] = 1.5;
        let at = |joint: Joint| {
            let centre = frames[joint.index()].translation_m;
            let near = (0..folding.len()).min_by(|a, b| {
                let gap = |k: usize| rig.mesh.positions_m[k].distance_squared(centre);
                gap(*a).total_cmp(&gap(*b))
            });
            folding[near.unwrap()].flexion(&pose)
        };
        assert!(at(Joint::MiddleFingerPhalanxIntermediate) > 0.8);
        assert!(at(Joint::RingFingerPhalanxIntermediate).abs() < 0.05);
        assert!(at(Joint::MiddleFingerPhalanxProximal).abs() < 0.1);
        assert!(at(Joint::Wrist).abs() < 1e-6);
        pose.0[Dof::IndexMcpFlexion.index()] = 1.2;
        let tensions: Vec<f32> = folding.iter().map(|f| f.tension(&pose)).collect();
        assert!(tensions.contains(&0.0) && tensions.contains(&1.0));
    }
}
