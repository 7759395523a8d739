//! Hand poses: actions (base poses with a number), samples of them, and the repair of overlaps.
//!
//! An action is a gesture, a pose of coupled joints or a pose near the limits; which one follows from the dataset's seed
//! and its number alone. A sample varies one action of its split or blends two, sets the wrist, and repairs overlaps.
//! Splits with disjoint ranges of actions therefore share no pose.

pub mod cone;
pub mod coupling;
pub mod flesh;
pub mod gestures;
pub mod random;
pub mod repair;

pub use coupling::{Coupling, Couplings};
pub use flesh::{Flesh, deepest_penetration};
pub use gestures::{Gesture, GestureError, gestures};
pub use repair::Repair;

use crate::preset::types::Pose;
use crate::rig::joint::FINGERS;
use crate::rig::{DOFS, Dof, HandPose, Joint, Rig};
use crate::seed::{Stream, dataset_stream};

/// Share of samples that blend two actions.
const BLEND_SHARE: f32 = 0.25;
/// Twist of the forearm, degrees (deviation).
const TWIST_SD_DEG: f32 = 18.0;

/// A base pose and where it came from.
#[derive(Debug, Clone, PartialEq)]
pub struct Action {
    /// Name of the gesture, or `coupled`, `near_limit`, `blend`.
    pub name: String,
    /// Angles, radians; inside limits and couplings.
    pub pose: HandPose,
}

/// Draws poses as a preset says.
#[derive(Debug, Clone)]
pub struct PoseSampler {
    seed: u64,
    preset: Pose,
    gestures: Vec<Gesture>,
    repair: Repair,
}

impl PoseSampler {
    /// Poses for a rig.
    pub fn new(seed: u64, preset: &Pose, rig: &Rig) -> Result<Self, GestureError> {
        let coupling = Coupling::new(rig).map_err(GestureError::Couplings)?;
        let gestures = gestures(&coupling)?;
        let repair = Repair::new(coupling, preset.max_penetration_mm * 1e-3);
        Ok(Self { seed, preset: preset.clone(), gestures, repair })
    }

    /// What every pose keeps to.
    pub fn repair(&self) -> &Repair {
        &self.repair
    }

    /// The action of a number: the same for every sample of the dataset.
    pub fn action(&self, number: u32) -> Action {
        let mut stream = dataset_stream(self.seed, "action", u64::from(number));
        let coupling = self.repair.coupling();
        match stream.weighted(&[self.preset.gestures, self.preset.coupled, self.preset.near_limit]) {
            Some(0) => {
                let Gesture { name, pose } = self.gestures[stream.index(self.gestures.len())].clone();
                Action { name, pose }
            }
            Some(2) => Action { name: "near_limit".to_owned(), pose: random::near_limit(coupling, &mut stream) },
            _ => Action { name: "coupled".to_owned(), pose: random::coupled(coupling, &mut stream) },
        }
    }

    /// A pose for one person's hand from the actions of a half-open range; its flesh overlaps no deeper than the preset
    /// allows.
    pub fn sample(&self, flesh: &Flesh, actions: [u32; 2], stream: &mut Stream) -> Action {
        let Action { name, mut pose } = self.base(actions, stream);
        let gesture = self.gestures.iter().any(|g| g.name == name);
        for (dof, angle) in DOFS.into_iter().zip(&mut pose.0) {
            let noise = self.preset.noise_deg.sample(stream).to_radians();
            if dof.joint() != Joint::Wrist {
                *angle += noise;
            }
        }
        self.set_wrist(&mut pose, stream);
        if !gesture {
            self.tenodesis(&mut pose);
        }
        Action { name, pose: self.repair.apply(flesh, &pose) }
    }

    /// One action of the range, or a blend of two.
    fn base(&self, [first, end]: [u32; 2], stream: &mut Stream) -> Action {
        let count = end.saturating_sub(first).max(1) as usize;
        let mut draw = || self.action(first + stream.index(count) as u32);
        let (action, other) = (draw(), draw());
        let (blends, share) = (stream.chance(BLEND_SHARE), stream.uniform(0.25, 0.75));
        if !blends || action.pose == other.pose {
            return action;
        }
        let mut pose = action.pose;
        for (angle, to) in pose.0.iter_mut().zip(other.pose.0) {
            *angle += (to - *angle) * share;
        }
        Action { name: "blend".to_owned(), pose }
    }

    fn set_wrist(&self, pose: &mut HandPose, stream: &mut Stream) {
        pose.set(Dof::WristFlexion, self.preset.wrist_flexion_deg.sample(stream).to_radians());
        pose.set(Dof::WristDeviation, self.preset.wrist_deviation_deg.sample(stream).to_radians());
        let [low, high] = self.repair.coupling().limit(Dof::ForearmTwist).soft_rad;
        pose.set(Dof::ForearmTwist, (TWIST_SD_DEG * stream.normal()).to_radians().max(low).min(high));
    }

    /// A wrist that bends opens the fingers.
    fn tenodesis(&self, pose: &mut HandPose) {
        let opens = self.repair.coupling().shares().tenodesis * pose.get(Dof::WristFlexion);
        for digit in FINGERS {
            if let Some([_, mcp, ..]) = Dof::finger(digit) {
                pose.set(mcp, pose.get(mcp) - opens);
            }
        }
    }
}
