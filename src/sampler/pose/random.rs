//! Poses from joint statistics: fingers that bend together, and poses close to the joints' limits.

use super::coupling::Coupling;
use crate::rig::joint::FINGERS;
use crate::rig::{DOFS, Dof, HandPose, Joint};
use crate::seed::Stream;

/// Common MCP flexion of all fingers: low and high end, degrees.
const COMMON_MCP_DEG: [f32; 2] = [-12.0, 88.0];
/// Common PIP flexion of all fingers, degrees.
const COMMON_PIP_DEG: [f32; 2] = [0.0, 104.0];
/// Deviation of one finger's flexion from the common one, degrees, and how much of it neighbours share.
const FINGER_SD_DEG: f32 = 17.0;
const NEIGHBOUR_SHARE: f32 = 0.6;
/// Deviation of abduction, degrees, and of the common spread as a share of the range.
const ABDUCTION_SD_DEG: f32 = 3.5;
const SPREAD_SD: f32 = 0.4;
/// Joints moved to their limits, at least and at most.
const NEAR_LIMIT_COUNT: [usize; 2] = [3, 8];
/// Distance from the limit, degrees (deviation of a half bell).
const NEAR_LIMIT_SD_DEG: f32 = 4.0;

/// A pose whose fingers bend together; inside limits and couplings.
pub fn coupled(coupling: &Coupling, stream: &mut Stream) -> HandPose {
    let mut pose = HandPose::default();
    let shares = coupling.shares();
    let mcp = flexions(stream, COMMON_MCP_DEG);
    let pip = flexions(stream, COMMON_PIP_DEG);
    let spread = SPREAD_SD * stream.normal();
    for (k, digit) in FINGERS.into_iter().enumerate() {
        let Some([abduction, mcp_dof, pip_dof, dip_dof]) = Dof::finger(digit) else { continue };
        pose.set(mcp_dof, mcp[k].to_radians());
        pose.set(pip_dof, pip[k].max(0.0).to_radians());
        pose.set(
            dip_dof,
            (shares.dip_from_pip * pip[k].max(0.0) + shares.dip_spread_deg * stream.normal()).to_radians(),
        );
        let [low, high] = coupling.limit(abduction).soft_rad;
        // index to the radial side, ring and little to the ulnar side
        let outward = [high, 0.0, low, low][k];
        let own = coupling.natural_abduction(digit, pose.get(mcp_dof));
        pose.set(abduction, own + spread * outward + (ABDUCTION_SD_DEG * stream.normal()).to_radians());
    }
    limit_neighbours(&mut pose, shares.mcp_difference_deg);
    for dof in [Dof::ThumbCmcAbduction, Dof::ThumbCmcFlexion, Dof::ThumbMcpFlexion, Dof::ThumbIpFlexion] {
        let [low, high] = coupling.limit(dof).soft_rad;
        // the mean of two uniform draws: extremes of the soft range are rare
        pose.set(dof, low + (high - low) * 0.5 * (stream.unit() + stream.unit()));
    }
    coupling.apply(&mut pose);
    pose
}

/// A coupled pose with some joints close to their limits.
pub fn near_limit(coupling: &Coupling, stream: &mut Stream) -> HandPose {
    let mut pose = coupled(coupling, stream);
    let count = NEAR_LIMIT_COUNT[0] + stream.index(NEAR_LIMIT_COUNT[1] - NEAR_LIMIT_COUNT[0] + 1);
    for _ in 0..count {
        let dof = DOFS[stream.index(DOFS.len())];
        let [low, high] = coupling.limit(dof).hard_rad;
        let short = (NEAR_LIMIT_SD_DEG * stream.normal().abs()).to_radians();
        let upper = stream.chance(0.5);
        if dof.joint() != Joint::Wrist {
            pose.set(dof, if upper { high - short } else { low + short });
        }
    }
    coupling.apply(&mut pose);
    pose
}

/// Flexion of the four fingers around a common one, degrees; neighbours deviate alike.
fn flexions(stream: &mut Stream, [low, high]: [f32; 2]) -> [f32; 4] {
    let common = stream.uniform(low, high);
    let own = (1.0 - NEIGHBOUR_SHARE * NEIGHBOUR_SHARE).sqrt();
    let mut deviation = stream.normal();
    FINGERS.map(|_| {
        let flexion = common + FINGER_SD_DEG * deviation;
        deviation = NEIGHBOUR_SHARE * deviation + own * stream.normal();
        flexion.max(low).min(high)
    })
}

/// Tendons tie the MCP joints of neighbours: the middle finger leads, the others follow within reach.
fn limit_neighbours(pose: &mut HandPose, reach_deg: [f32; 3]) {
    let mcp = [Dof::IndexMcpFlexion, Dof::MiddleMcpFlexion, Dof::RingMcpFlexion, Dof::LittleMcpFlexion];
    for (follower, leader, reach) in [(0, 1, 0), (2, 1, 1), (3, 2, 2)] {
        let (centre, reach) = (pose.get(mcp[leader]), reach_deg[reach].to_radians());
        pose.set(mcp[follower], pose.get(mcp[follower]).max(centre - reach).min(centre + reach));
    }
}
