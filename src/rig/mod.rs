//! The rig: skeleton, mesh, skin weights, blend shapes, limits; forward kinematics and linear blend skinning.
//!
//! A rig is always a right hand in hand space (+X radial, +Y distal, +Z palmar, origin at the wrist, metres) on the
//! canonical 26 joints and 26 degrees of freedom, whatever file it came from. A left hand is the mirror image.

mod coarse;
mod corrective;
mod deltas;
pub mod dof;
pub mod joint;
pub mod motion;
pub mod part;
pub mod population;
pub mod skeleton;
mod surface;

use glam::{Vec2, Vec3};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use corrective::{Corrective, Ramp};
pub use deltas::VertexDeltas;
pub use dof::{DOF_COUNT, DOFS, Dof, HandPose, Limit};
pub use joint::{Digit, JOINT_COUNT, JOINTS, Joint, LANDMARK_COUNT, LANDMARK_PARENT, LANDMARKS};
pub use motion::{HandMotion, MotionKey, MotionTrack};
pub use part::HandPart;
pub use population::{Person, Population, Sex};
pub use skeleton::{SLOT_COUNT, Skeleton};
pub use surface::Surface;

/// Left or right hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "plain names")]
pub enum HandSide {
    Left,
    Right,
}

/// A hand that can be posed and drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct Rig {
    /// Name, such as `adult`.
    pub name: String,
    /// Mean mesh in the bind pose.
    pub mesh: RigMesh,
    /// Mean skeleton.
    pub skeleton: Skeleton,
    /// Ways in which hands differ; a [`HandShape`] holds one coefficient per entry.
    pub shapes: Vec<BlendShape>,
    /// What joints alone get wrong in a pose; empty for rigs without any.
    pub correctives: Vec<Corrective>,
    /// Range of every degree of freedom.
    pub limits: [Limit; DOF_COUNT],
    /// Flesh around the bones, for collision tests.
    pub capsules: Vec<Capsule>,
    /// Where skin is thick, red, creased or nail; `None` for rigs without such maps.
    pub skin: Option<SkinMaps>,
    /// What normals of the deformed mesh are computed with: [`Surface::of`] the mesh.
    pub surface: Surface,
}

impl Rig {
    /// The skeleton of a hand of the given shape.
    pub fn shaped_skeleton(&self, shape: &HandShape) -> Skeleton {
        let mut skeleton = self.skeleton.clone();
        for (coefficient, blend) in shape.0.iter().zip(&self.shapes) {
            for (offset, delta) in skeleton.offset_m.iter_mut().zip(&blend.offset_deltas_m) {
                *offset += *coefficient * *delta;
            }
        }
        skeleton
    }

    /// Factor on the correctives of a hand with this skeleton.
    pub fn corrective_scale(&self, shaped: &Skeleton) -> f32 {
        corrective::scale(&self.skeleton, shaped)
    }
}

/// Triangles and what hangs on their vertices. Vertices on seams of the texture atlas stand twice.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RigMesh {
    /// Hand space, metres.
    pub positions_m: Vec<Vec3>,
    /// Unit, outward.
    pub normals: Vec<Vec3>,
    /// Texture coordinates in [0, 1], origin at the top left as in glTF.
    pub uvs: Vec<Vec2>,
    /// Up to four joints per vertex: indices into [`JOINTS`], and from [`JOINT_COUNT`] on the helpers of
    /// [`Skeleton::hand_from_slot`].
    pub joints: Vec<[u8; 4]>,
    /// Share of each joint, non-negative, sum 1.
    pub weights: Vec<[f32; 4]>,
    /// 0 on the back of the hand to 1 on the palm, per vertex.
    pub palmar: Vec<f32>,
    /// Counter-clockwise seen from outside.
    pub triangles: Vec<[u32; 3]>,
    /// [`HandPart::index`] of each triangle.
    pub triangle_part: Vec<u8>,
}

/// One way in which hands differ: what a coefficient of 1 adds to the mean.
#[derive(Debug, Clone, PartialEq)]
pub struct BlendShape {
    /// Name, such as `hand_length`.
    pub name: String,
    /// Added to the vertices, metres.
    pub position_deltas_m: VertexDeltas,
    /// Added to each joint's offset in its parent's frame, metres.
    pub offset_deltas_m: [Vec3; JOINT_COUNT],
}

/// Coefficients of a rig's blend shapes, in the rig's order; missing ones are 0.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct HandShape(pub Vec<f32>);

/// A round cone of flesh fixed to a joint: two spheres and what lies between.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Capsule {
    /// The joint whose frame it lives in.
    pub joint: Joint,
    /// Proximal centre in the joint's frame, metres.
    pub start_m: Vec3,
    /// Distal centre in the joint's frame, metres.
    pub end_m: Vec3,
    /// Radius at the start, metres.
    pub start_radius_m: f32,
    /// Radius at the end, metres.
    pub end_radius_m: f32,
}

/// Square textures over the rig's atlas, row by row from the top left.
#[derive(Debug, Clone, PartialEq)]
pub struct SkinMaps {
    /// Texels per side.
    pub size: u32,
    /// Four channels, 0..=255: palmar skin, blood flush (128 is neutral), nail plate, nail free edge and lunula
    /// (128 is plain plate, 255 free edge, 0 lunula).
    pub regions: Vec<[u8; 4]>,
    /// Relief in four layers ([`RELIEF_LAYERS`]), slope dh/du and dh/dv of each as `(value - 128) / 127 * max_slopes[layer]`,
    /// height in metres outward, u and v in texture units.
    pub slopes: Vec<[u8; 8]>,
    /// Slope of each layer at byte 255, metres per unit of u or v.
    pub max_slopes: [f32; 4],
    /// Four channels, 0..=255: veins, hair, and the coordinate across the friction ridges as two bytes, high first, in
    /// steps of [`RIDGE_STEP_M`].
    pub marks: Vec<[u8; 4]>,
}

/// Layers of [`SkinMaps::slopes`]: what never changes (nails), creases and wrinkles (change with flexion), veins, tendons.
pub const RELIEF_LAYERS: [&str; 4] = ["surface", "folds", "veins", "tendons"];

/// One step of the coordinate across the friction ridges, metres.
pub const RIDGE_STEP_M: f32 = 0.16 / 65_535.0;
