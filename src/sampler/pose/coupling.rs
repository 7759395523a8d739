//! What joints may do, alone and together: hard limits, and angles that follow others.

use crate::rig::joint::FINGERS;
use crate::rig::{DOF_COUNT, Digit, Dof, HandPose, Limit, Rig};

/// DIP flexion that comes with PIP flexion.
pub const DIP_PER_PIP: f32 = 0.67;
/// How far DIP flexion may lie below and above that, degrees: pressed straight, or bent alone.
const DIP_FREEDOM_DEG: [f32; 2] = [-50.0, 25.0];
/// Flexion of the ring and little metacarpals that comes with that of their MCP joints: the arch of the palm.
const ARCH_PER_MCP: [(Dof, Dof, f32); 2] =
    [(Dof::RingCmcFlexion, Dof::RingMcpFlexion, 0.12), (Dof::LittleCmcFlexion, Dof::LittleMcpFlexion, 0.22)];
/// Pronation of the thumb that comes with abduction and flexion of its CMC joint.
const PRONATION_PER_CMC: [f32; 2] = [0.4, 0.3];
/// MCP flexion at which fingers can no longer be spread, degrees.
const LOCKED_DEG: f32 = 90.0;
/// Spread that always remains, degrees.
const PLAY_DEG: f32 = 2.0;

/// Limits and couplings of one rig.
#[derive(Debug, Clone)]
pub struct Coupling {
    limits: [Limit; DOF_COUNT],
    /// MCP abduction that lays a finger parallel to the middle finger, radians.
    parallel_rad: [f32; 4],
}

impl Coupling {
    /// Those of a rig.
    pub fn new(rig: &Rig) -> Self {
        let frames = rig.skeleton.hand_from_joint(&HandPose::default());
        let splay = FINGERS.map(|digit| {
            let along = frames[digit.chain()[0].index()].rotation * glam::Vec3::Y;
            libm::atan2f(along.x, along.y)
        });
        Self { limits: rig.limits, parallel_rad: splay.map(|s| splay[1] - s) }
    }

    /// Range of one degree of freedom.
    pub fn limit(&self, dof: Dof) -> Limit {
        self.limits[dof.index()]
    }

    /// Move a pose to the nearest one that keeps to limits and couplings. A pose that does is left as it is.
    pub fn apply(&self, pose: &mut HandPose) {
        for (angle, limit) in pose.0.iter_mut().zip(&self.limits) {
            *angle = clamped(*angle, limit.hard_rad);
        }
        for (k, digit) in FINGERS.into_iter().enumerate() {
            if let Some([abduction, mcp, pip, dip]) = Dof::finger(digit) {
                self.set(
                    pose,
                    abduction,
                    clamped(pose.get(abduction), self.abduction_range(k, abduction, pose.get(mcp))),
                );
                let follows = pose.get(pip) * DIP_PER_PIP;
                self.set(pose, dip, clamped(pose.get(dip), DIP_FREEDOM_DEG.map(|d| follows + d.to_radians())));
            }
        }
        for (arch, mcp, share) in ARCH_PER_MCP {
            self.set(pose, arch, share * pose.get(mcp));
        }
        let [per_abduction, per_flexion] = PRONATION_PER_CMC;
        let pronation = per_abduction * pose.get(Dof::ThumbCmcAbduction) + per_flexion * pose.get(Dof::ThumbCmcFlexion);
        self.set(pose, Dof::ThumbCmcPronation, pronation);
    }

    /// The abduction that a finger takes up by itself: its splay is lost as it bends.
    pub fn natural_abduction(&self, digit: Digit, mcp_rad: f32) -> f32 {
        FINGERS.iter().position(|d| *d == digit).map_or(0.0, |k| self.parallel_rad[k] * bent_share(mcp_rad))
    }

    /// The range of abduction shrinks around the natural one as the finger bends.
    fn abduction_range(&self, finger: usize, dof: Dof, mcp_rad: f32) -> [f32; 2] {
        let bent = bent_share(mcp_rad);
        let [low, high] = self.limit(dof).hard_rad;
        let (centre, play) = (self.parallel_rad[finger] * bent, PLAY_DEG.to_radians());
        [centre + (low * (1.0 - bent)).min(-play), centre + (high * (1.0 - bent)).max(play)]
    }

    fn set(&self, pose: &mut HandPose, dof: Dof, angle: f32) {
        pose.set(dof, clamped(angle, self.limit(dof).hard_rad));
    }
}

/// 0 straight to 1 where the finger can no longer be spread.
fn bent_share(mcp_rad: f32) -> f32 {
    (mcp_rad / LOCKED_DEG.to_radians()).clamp(0.0, 1.0)
}

fn clamped(angle: f32, [low, high]: [f32; 2]) -> f32 {
    angle.max(low).min(high)
}
