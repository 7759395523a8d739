//! What a rig holds beyond glTF: the object `extras.handloom`.

use std::collections::BTreeMap;

use glam::Vec3;
use serde::{Deserialize, Serialize};

use crate::rig::{Capsule, DOF_COUNT, DOFS, Dof, JOINT_COUNT, Limit, Ramp, Rig, Skeleton};

/// Number of the format written and read here.
pub(super) const FORMAT: u32 = 2;

/// The `extras` of the whole file.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct FileExtras {
    pub(super) handloom: RigExtras,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RigExtras {
    pub(super) format: u32,
    pub(super) name: String,
    pub(super) skeleton: Skeleton,
    limits: BTreeMap<Dof, Limit>,
    /// In the order of the morph targets.
    pub(super) shapes: Vec<ShapeExtras>,
    /// In the order of the morph targets after those of the shapes.
    #[serde(default)]
    pub(super) correctives: Vec<CorrectiveExtras>,
    pub(super) capsules: Vec<Capsule>,
    /// Accessor of one byte per triangle.
    pub(super) triangle_part_accessor: usize,
    pub(super) skin: Option<SkinExtras>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ShapeExtras {
    pub(super) name: String,
    pub(super) offset_deltas_m: [Vec3; JOINT_COUNT],
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CorrectiveExtras {
    pub(super) name: String,
    pub(super) ramps: Vec<Ramp>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SkinExtras {
    pub(super) size: u32,
    /// RGBA image: palm, flush, nail, nail edge.
    pub(super) regions_image: usize,
    /// Two RGBA images: slope along u and v of two layers of relief each.
    pub(super) slope_images: [usize; 2],
    pub(super) max_slopes: [f32; 4],
    /// RGBA image: veins, hair, ridge coordinate in two bytes.
    pub(super) marks_image: usize,
}

impl RigExtras {
    pub(super) fn new(rig: &Rig, triangle_part_accessor: usize, skin: Option<SkinExtras>) -> Self {
        let shape =
            |s: &crate::rig::BlendShape| ShapeExtras { name: s.name.clone(), offset_deltas_m: s.offset_deltas_m };
        let corrective = |c: &crate::rig::Corrective| CorrectiveExtras { name: c.name.clone(), ramps: c.ramps.clone() };
        Self {
            format: FORMAT,
            name: rig.name.clone(),
            skeleton: rig.skeleton.clone(),
            limits: DOFS.into_iter().zip(rig.limits).collect(),
            shapes: rig.shapes.iter().map(shape).collect(),
            correctives: rig.correctives.iter().map(corrective).collect(),
            capsules: rig.capsules.clone(),
            triangle_part_accessor,
            skin,
        }
    }

    /// The limits in order, or the first degree of freedom without any.
    pub(super) fn limits(&self) -> Result<[Limit; DOF_COUNT], Dof> {
        if let Some(missing) = DOFS.into_iter().find(|d| !self.limits.contains_key(d)) {
            return Err(missing);
        }
        Ok(DOFS.map(|d| self.limits[&d]))
    }
}
