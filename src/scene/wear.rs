//! The arm behind a hand and what is worn on both: all of it belongs to the hand's instance.

use glam::Vec3;
use serde::{Deserialize, Serialize};

use super::SurfaceMaterial;
use crate::rig::joint::Digit;

/// The upper arm, from the forearm's elbow to the shoulder.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Arm {
    /// Centre of the shoulder joint, world, metres.
    pub shoulder_m: Vec3,
}

/// What a hand and its arm wear.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Wear {
    /// Of a shirt or pullover.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sleeve: Option<Sleeve>,
    /// Over the hand and up to the forearm.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub glove: Option<Glove>,
    /// On the back of the wrist.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub watch: Option<Watch>,
    /// Around the wrist.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bracelet: Option<Band>,
    /// Around fingers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rings: Vec<Ring>,
}

impl Wear {
    /// True if nothing is worn.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Name of the first thing with a size that is not a number or out of range: lengths lie between 0 and 0.5 m.
    pub fn fault(&self) -> Option<&'static str> {
        let legal = |sizes: &[f32]| sizes.iter().all(|x| (0.0..=0.5).contains(x));
        let band = |b: &Band| legal(&[b.at_m, b.width_m, b.thickness_m, b.gap_m]);
        let sleeve = |s: &Sleeve| legal(&[s.looseness_m, s.cuff_m]) && legal(&[0.5 * s.share, 0.1 * s.folds]);
        let watch = |w: &Watch| band(&w.strap) && legal(&[w.case_radius_m - 1e-4, w.case_height_m - 1e-4]);
        let ring = |r: &Ring| legal(&[r.width_m, r.thickness_m, r.stone_m, 0.5 * r.share]);
        let fits = [
            ("wear.sleeve", self.sleeve.is_none_or(|s| sleeve(&s))),
            ("wear.glove", self.glove.is_none_or(|g| legal(&[g.thickness_m, g.cuff_m]))),
            ("wear.watch", self.watch.is_none_or(|w| watch(&w))),
            ("wear.bracelet", self.bracelet.is_none_or(|b| band(&b))),
            ("wear.rings", self.rings.iter().all(ring)),
        ];
        fits.iter().find(|(_, fits)| !fits).map(|(field, _)| *field)
    }
}

/// A sleeve.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sleeve {
    /// Where it ends, as a share of the way along the arm: 0 shoulder, 1 wrist.
    pub share: f32,
    /// Distance of the cloth from the skin where it hangs, metres.
    pub looseness_m: f32,
    /// Depth of the folds: 0 none, 1 ordinary.
    pub folds: f32,
    /// Length of a tight cuff, metres; 0 is an open hem.
    pub cuff_m: f32,
    /// Picks the folds.
    pub seed: u32,
    /// Cloth.
    pub material: SurfaceMaterial,
}

/// A glove: the drawn surface of the hand lies this far outside the skin; keypoints stay those of the skeleton.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Glove {
    /// Distance from the skin, metres.
    pub thickness_m: f32,
    /// How far it reaches up the forearm from the wrist, metres.
    pub cuff_m: f32,
    /// Rubber, leather, cloth.
    pub material: SurfaceMaterial,
}

/// A watch on the back of the wrist.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Watch {
    /// Strap.
    pub strap: Band,
    /// Radius of the case, metres.
    pub case_radius_m: f32,
    /// Height of the case, metres.
    pub case_height_m: f32,
    /// Case.
    pub case: SurfaceMaterial,
    /// Face.
    pub face: SurfaceMaterial,
}

/// A band around the wrist.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Band {
    /// Distance of its middle from the wrist along the forearm, metres.
    pub at_m: f32,
    /// Width along the arm, metres.
    pub width_m: f32,
    /// Thickness, metres.
    pub thickness_m: f32,
    /// Gap between band and skin, metres.
    pub gap_m: f32,
    /// What it is made of.
    pub material: SurfaceMaterial,
}

/// A ring on the proximal phalanx of a finger.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ring {
    /// Finger.
    pub digit: Digit,
    /// Place along the phalanx, 0 at the knuckle, 1 at the next joint.
    pub share: f32,
    /// Width along the finger, metres.
    pub width_m: f32,
    /// Thickness, metres.
    pub thickness_m: f32,
    /// Radius of a stone on its back, metres; 0 is none.
    pub stone_m: f32,
    /// Metal.
    pub material: SurfaceMaterial,
}
