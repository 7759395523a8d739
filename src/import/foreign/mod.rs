//! Any skinned hand in binary glTF to a [`Rig`].
//!
//! The model's joints are mapped by name onto ours. Everything else follows from its geometry in the bind pose: hand
//! space, joint frames, bind angles, tips, parts and capsules.

pub(super) mod bones;
mod flesh;
pub(super) mod nodes;
pub(super) mod source;

use super::glb::Glb;
use super::{Fault, ImportError, RigMapping, check_rig};
use crate::rig::{DOF_COUNT, Limit, Rig, Surface};
use bones::Bones;
use source::Source;

/// Hands between these lengths (wrist to middle fingertip, metres) are taken for hands.
const HAND_LENGTH_M: [f32; 2] = [0.05, 0.4];

/// Read a foreign hand.
///
/// The result is a right hand in hand space whatever the model was, with the model's mesh, texture coordinates and skin
/// weights; it has no blend shapes and no skin maps. `limits` are taken as they are.
pub fn import_foreign(glb: &[u8], mapping: &RigMapping, limits: &[Limit; DOF_COUNT]) -> Result<Rig, ImportError> {
    let source = Source::read(&Glb::open(glb)?, mapping)?;
    let bones = Bones::new(&source)?;
    check_size(&bones)?;
    let mesh = flesh::mesh(&source, &bones);
    let skeleton = bones.skeleton();
    let capsules = flesh::capsules(&mesh, &bones);
    let (name, surface) = (mapping.name.clone(), Surface::of(&mesh));
    let (shapes, correctives) = (Vec::new(), Vec::new());
    let rig = Rig { name, mesh, skeleton, shapes, correctives, limits: *limits, capsules, skin: None, surface };
    check_rig(&rig)?;
    Ok(rig)
}

fn check_size(bones: &Bones) -> Result<(), Fault> {
    let [low, high] = HAND_LENGTH_M;
    let length = bones.hand_length_m();
    if (low..=high).contains(&length) {
        return Ok(());
    }
    let problem = format!("the hand is {length:.3} m long from wrist to middle fingertip, legal is {low} to {high}");
    Err(Fault::new("unit_m", problem, "set `unit_m` of the mapping to the metres per unit of the model"))
}

#[cfg(test)]
mod tests;
