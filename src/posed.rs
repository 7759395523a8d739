//! A scene with its hands skinned: computed once, used by the picture and the labels, which therefore cannot disagree.

use std::sync::Arc;

use glam::Vec3;

use crate::math::RigidTransform;
use crate::rig::{HandSide, JOINT_COUNT, LANDMARK_COUNT, Rig};
use crate::scene::Scene;

/// A scene ready to be drawn and labelled.
#[derive(Debug, Clone)]
pub struct PosedScene<'a> {
    /// The scene it came from.
    pub scene: &'a Scene,
    /// Its hands, in the scene's order; the k-th has instance id k + 1.
    pub hands: Vec<PosedHand>,
}

/// One hand, skinned, in world space.
#[derive(Debug, Clone)]
pub struct PosedHand {
    /// Topology, parts and maps.
    pub rig: Arc<Rig>,
    /// A left hand's triangles are wound the other way round.
    pub side: HandSide,
    /// World, metres, one per vertex of the rig's mesh.
    pub positions_m: Vec<Vec3>,
    /// World, unit, outward.
    pub normals: Vec<Vec3>,
    /// Joint frames. Those of a left hand are mirrored: `world_from_hand * mirror * hand_from_joint` applied to points.
    pub world_from_joint: [RigidTransform; JOINT_COUNT],
    /// The 21 landmarks in the world, metres.
    pub landmarks_m: [Vec3; LANDMARK_COUNT],
}
