//! The upper arm and what a hand and its arm wear, fitted to the posed hand's own surface.

mod band;
mod glove;
mod limb;
mod sleeve;
mod upper_arm;
mod watch;

use super::{PosedHand, PosedSolid};
use crate::rig::part::PERSON_ID;
use crate::scene::{SceneHand, SurfaceMaterial};
use crate::solid::SolidMesh;
use limb::Limb;

pub use glove::PosedGlove;

/// Put on the glove of a hand: from here on its positions are the glove's.
pub(super) fn put_on_glove(number: usize, scene_hand: &SceneHand, hand: &mut PosedHand) -> Option<PosedGlove> {
    let worn = scene_hand.wear.glove?;
    Some(glove::put_on(number, &worn, hand))
}

/// The upper arm and all that is worn, as solids of the hand's instance.
pub(super) fn solids(number: usize, scene_hand: &SceneHand, hand: &PosedHand) -> Vec<PosedSolid> {
    let wear = &scene_hand.wear;
    if scene_hand.arm.is_none() && wear.is_empty() {
        return Vec::new();
    }
    let Some(limb) = Limb::new(hand, scene_hand.arm.map(|arm| arm.shoulder_m)) else {
        return Vec::new();
    };
    let instance = (number + 1).min(255) as u8;
    let piece = |mesh: SolidMesh, material: SurfaceMaterial| PosedSolid {
        mesh,
        part: PERSON_ID,
        instance,
        material,
        bulks: Vec::new(),
    };
    let mut out = Vec::new();
    if scene_hand.arm.is_some()
        && let Some(mesh) = upper_arm::mesh(&limb, wear.sleeve.as_ref())
    {
        out.push(piece(mesh, SurfaceMaterial::skin(&scene_hand.skin)));
    }
    if let Some(worn) = &wear.sleeve {
        out.push(piece(sleeve::mesh(&limb, worn), worn.material));
    }
    if let Some(first) = out.first_mut() {
        first.bulks = limb.bulks();
    }
    let hem = wear.sleeve.map_or(f32::MAX, |worn| sleeve::hem_m(&limb, &worn));
    if let Some(worn) = wear.glove.filter(|worn| worn.cuff_m < hem) {
        out.push(piece(glove::cuff(&limb, &worn), worn.material));
    }
    if let Some(worn) = &wear.bracelet {
        out.push(piece(band::around_wrist(&limb, worn), worn.material));
    }
    if let Some(worn) = &wear.watch {
        out.extend(watch::pieces(&limb, worn).into_iter().map(|(mesh, material)| piece(mesh, material)));
    }
    for worn in &wear.rings {
        let part = band::ring_part(worn, hand.side);
        let pieces = band::ring(hand, worn).into_iter();
        out.extend(pieces.map(|(mesh, material)| PosedSolid { part, ..piece(mesh, material) }));
    }
    out
}
