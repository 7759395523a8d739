//! Correctives: what skinning by joints alone gets wrong in a pose, put right in the bind pose before skinning.

use serde::{Deserialize, Serialize};

use super::{Dof, HandPose, Joint, Skeleton, VertexDeltas};

/// A change of the mesh that comes with a pose.
#[derive(Debug, Clone, PartialEq)]
pub struct Corrective {
    /// Name, such as `index_pip_flexion_110`.
    pub name: String,
    /// Its share is the product of these.
    pub ramps: Vec<Ramp>,
    /// Added to the vertices of the mean hand in the bind pose at share 1, metres.
    pub position_deltas_m: VertexDeltas,
}

impl Corrective {
    /// How much of it a pose takes, 0 to 1.
    pub fn share(&self, pose: &HandPose) -> f32 {
        self.ramps.iter().map(|ramp| ramp.at(pose.get(ramp.dof))).product()
    }
}

/// A function of one angle: 0 up to `from_rad`, rising linearly to 1 at `full_rad`, then falling to 0 at `to_rad` or, if
/// that is `None`, staying 1. `from_rad` may be larger than `full_rad`: then all goes the other way.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "see the type")]
pub struct Ramp {
    pub dof: Dof,
    pub from_rad: f32,
    pub full_rad: f32,
    pub to_rad: Option<f32>,
}

impl Ramp {
    /// Value at an angle, 0 to 1.
    pub fn at(&self, angle: f32) -> f32 {
        let rise = (angle - self.from_rad) / (self.full_rad - self.from_rad);
        let fall = self.to_rad.map_or(1.0, |to| (to - angle) / (to - self.full_rad));
        rise.min(fall).clamp(0.0, 1.0)
    }

    /// True if it is finite and goes one way only.
    pub fn is_sound(&self) -> bool {
        let step = self.full_rad - self.from_rad;
        let on = self.to_rad.map_or(step, |to| to - self.full_rad);
        step.is_finite() && on.is_finite() && step * on > 0.0
    }
}

/// Factor on all correctives for another hand than the mean: its breadth across the carpometacarpal joints.
pub(super) fn scale(mean: &Skeleton, shaped: &Skeleton) -> f32 {
    let breadth = |s: &Skeleton| {
        let x = |joint: Joint| s.offset_m[joint.index()].x;
        x(Joint::IndexFingerMetacarpal) - x(Joint::PinkyFingerMetacarpal)
    };
    let ratio = breadth(shaped) / breadth(mean);
    if ratio.is_finite() { ratio.clamp(0.5, 2.0) } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ramps_rise_hold_and_fall() {
        let dof = Dof::IndexPipFlexion;
        let hold = Ramp { dof, from_rad: 0.2, full_rad: 1.2, to_rad: None };
        let is = |ramp: Ramp, angle: f32, value: f32| (ramp.at(angle) - value).abs() < 1e-6;
        assert!([(-1.0, 0.0), (0.2, 0.0), (1.2, 1.0), (3.0, 1.0)].iter().all(|(a, v)| is(hold, *a, *v)));
        assert!((hold.at(0.7) - 0.5).abs() < 1e-6);
        let hat = Ramp { to_rad: Some(2.2), ..hold };
        assert!((hat.at(1.7) - 0.5).abs() < 1e-6 && is(hat, 2.5, 0.0));
        let down = Ramp { dof, from_rad: 0.0, full_rad: -1.0, to_rad: Some(-2.0) };
        let values = [(0.5, 0.0), (-0.5, 0.5), (-1.0, 1.0), (-1.5, 0.5), (-3.0, 0.0)];
        assert!(values.iter().all(|(a, v)| is(down, *a, *v)));
        assert!(hold.is_sound() && hat.is_sound() && down.is_sound());
        assert!(!Ramp { full_rad: 0.2, ..hold }.is_sound() && !Ramp { to_rad: Some(0.0), ..hold }.is_sound());
        assert!(!Ramp { full_rad: f32::NAN, ..hold }.is_sound());
    }

    #[test]
    fn the_share_is_the_product() {
        let ramp = |dof| Ramp { dof, from_rad: 0.0, full_rad: 1.0, to_rad: None };
        let ramps = vec![ramp(Dof::ThumbCmcAbduction), ramp(Dof::ThumbCmcFlexion)];
        let corrective = Corrective { name: String::new(), ramps, position_deltas_m: VertexDeltas::default() };
        let mut pose = HandPose::default();
        pose.set(Dof::ThumbCmcAbduction, 0.5);
        assert!(corrective.share(&pose).abs() < 1e-6);
        pose.set(Dof::ThumbCmcFlexion, 0.5);
        assert!((corrective.share(&pose) - 0.25).abs() < 1e-6);
    }
}
