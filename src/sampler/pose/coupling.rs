//! What joints may do, alone and together: hard limits, and angles that follow others.

use serde::Deserialize;

use crate::rig::joint::FINGERS;
use crate::rig::{DOF_COUNT, Digit, Dof, HandPose, Limit, Rig};

/// The rig whose `couplings` all rigs share: how hands move together is not a matter of the mesh.
const ADULT: &str = include_str!("../../../rigs/adult/rig.toml");
/// How far DIP flexion may lie below and above that, degrees: pressed straight, or bent alone.
const DIP_FREEDOM_DEG: [f32; 2] = [-50.0, 25.0];
/// MCP flexion at which fingers can no longer be spread, degrees.
const LOCKED_DEG: f32 = 90.0;

/// How joints go together: the `couplings` table of a parametric rig's file.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
pub struct Couplings {
    /// DIP flexion per PIP flexion.
    pub dip_from_pip: f32,
    /// Standard deviation around it, degrees.
    pub dip_spread_deg: f32,
    /// Ring CMC flexion per MCP flexion: the arch of the palm.
    pub ring_cmc_from_mcp: f32,
    /// Little CMC flexion per MCP flexion.
    pub little_cmc_from_mcp: f32,
    /// Thumb pronation per CMC abduction.
    pub thumb_pronation_from_abduction: f32,
    /// Thumb pronation per CMC flexion.
    pub thumb_pronation_from_flexion: f32,
    /// MCP abduction to either side that is left at 90 degrees of flexion.
    pub abduction_kept_deg: f32,
    /// Largest difference of MCP flexion between neighbours, index to little, degrees.
    pub mcp_difference_deg: [f32; 3],
    /// MCP flexion lost per wrist flexion: the tendons of a bent wrist open the fingers.
    pub tenodesis: f32,
}

#[derive(Deserialize)]
struct File {
    couplings: Couplings,
}

/// Limits and couplings of one rig.
#[derive(Debug, Clone)]
pub struct Coupling {
    limits: [Limit; DOF_COUNT],
    shares: Couplings,
    /// MCP abduction that lays a finger parallel to the middle finger, radians.
    parallel_rad: [f32; 4],
}

impl Coupling {
    /// Those of a rig.
    ///
    /// # Errors
    ///
    /// If the built-in table does not fit [`Couplings`].
    pub fn new(rig: &Rig) -> Result<Self, toml::de::Error> {
        let File { couplings } = toml::from_str(ADULT)?;
        let frames = rig.skeleton.hand_from_joint(&HandPose::default());
        let splay = FINGERS.map(|digit| {
            let along = frames[digit.chain()[0].index()].rotation * glam::Vec3::Y;
            libm::atan2f(along.x, along.y)
        });
        Ok(Self { limits: rig.limits, shares: couplings, parallel_rad: splay.map(|s| splay[1] - s) })
    }

    /// How joints go together.
    pub fn shares(&self) -> &Couplings {
        &self.shares
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
                let follows = pose.get(pip) * self.shares.dip_from_pip;
                self.set(pose, dip, clamped(pose.get(dip), DIP_FREEDOM_DEG.map(|d| follows + d.to_radians())));
            }
        }
        let shares = self.shares;
        for (arch, mcp, share) in [
            (Dof::RingCmcFlexion, Dof::RingMcpFlexion, shares.ring_cmc_from_mcp),
            (Dof::LittleCmcFlexion, Dof::LittleMcpFlexion, shares.little_cmc_from_mcp),
        ] {
            self.set(pose, arch, share * pose.get(mcp));
        }
        let pronation = shares.thumb_pronation_from_abduction * pose.get(Dof::ThumbCmcAbduction)
            + shares.thumb_pronation_from_flexion * pose.get(Dof::ThumbCmcFlexion);
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
        let (centre, play) = (self.parallel_rad[finger] * bent, self.shares.abduction_kept_deg.to_radians());
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
