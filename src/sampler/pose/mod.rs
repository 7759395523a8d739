//! Hand poses: actions (base poses with a number), samples of them, and the repair of overlaps.
//!
//! An action is a gesture, a grasp, a mixture of synergies, a pose of coupled joints or a pose near the limits; which one
//! follows from the dataset's seed and its number alone. A sample varies one action of its split or blends two, sets the
//! wrist, and repairs overlaps. Splits with disjoint ranges of actions share no
//! random pose, and no gesture as long as there are fewer actions than gestures.

pub mod cone;
pub mod coupling;
pub mod flesh;
pub mod gestures;
pub mod random;
pub mod repair;
pub mod synergy;

pub use coupling::{Coupling, Couplings};
pub use flesh::{Flesh, deepest_penetration};
pub use gestures::{Gesture, GestureError, Grasp, GraspObject, Library, Up};
pub use repair::Repair;
pub use synergy::Synergies;

use glam::Vec3;

use crate::preset::types::Pose;
use crate::rig::joint::FINGERS;
use crate::rig::{DOFS, Dof, HandPose, Joint, Rig};
use crate::seed::{Stream, dataset_stream};

/// Share of samples that blend two actions.
const BLEND_SHARE: f32 = 0.25;
/// Twist of the forearm, degrees (deviation).
const TWIST_SD_DEG: f32 = 18.0;
/// Share of the noise that varies the hands of an arrangement, and spread of their wrists.
const PART_NOISE: f32 = 0.35;
const PART_WRIST_SD_DEG: f32 = 4.0;
/// Share of the drawn wrist angles that a gesture with a wrist of its own takes up.
const OWN_WRIST_NOISE: f32 = 0.25;

/// A base pose and where it came from.
#[derive(Debug, Clone, PartialEq)]
pub struct Action {
    /// Name of the gesture or grasp, or `synergies`, `coupled`, `near_limit`, `blend`.
    pub name: String,
    /// Angles, radians; inside limits and couplings.
    pub pose: HandPose,
}

/// Draws poses as a preset says.
#[derive(Debug, Clone)]
pub struct PoseSampler {
    seed: u64,
    preset: Pose,
    library: Library,
    /// Gestures and grasps in the order in which actions take them up: none comes twice before all had their turn.
    gestures: Vec<Gesture>,
    grasps: Vec<Gesture>,
    /// The hand shapes that `names` of the preset asks for; all of an action's if not empty.
    named: Vec<Gesture>,
    synergies: Synergies,
    repair: Repair,
}

impl PoseSampler {
    /// Poses for a rig.
    pub fn new(seed: u64, preset: &Pose, rig: &Rig) -> Result<Self, GestureError> {
        let coupling = Coupling::new(rig).map_err(GestureError::Couplings)?;
        let library = Library::new(&coupling)?;
        let find =
            |name: &String| library.find(name).cloned().ok_or_else(|| GestureError::Unknown { name: name.clone() });
        let named = preset.names.iter().map(find).collect::<Result<_, _>>()?;
        let poses: Vec<HandPose> = library.own().map(|g| g.pose).collect();
        let repair = Repair::new(coupling, preset.max_penetration_mm * 1e-3);
        let own = library.gestures.iter().filter(|g| g.same_as.is_none()).cloned().collect();
        let grasps = library.grasps.iter().map(|g| g.shape.clone()).collect();
        Ok(Self {
            seed,
            preset: preset.clone(),
            gestures: shuffled(own, &mut dataset_stream(seed, "order of gestures", 0)),
            grasps: shuffled(grasps, &mut dataset_stream(seed, "order of grasps", 0)),
            library,
            named,
            synergies: Synergies::new(&poses),
            repair,
        })
    }

    /// The gestures and grasps.
    pub fn library(&self) -> &Library {
        &self.library
    }

    /// The synergies of the library.
    pub fn synergies(&self) -> &Synergies {
        &self.synergies
    }

    /// What every sampled pose keeps to.
    pub fn repair(&self) -> &Repair {
        &self.repair
    }

    /// The action of a number: the same for every sample of the dataset.
    pub fn action(&self, number: u32) -> Action {
        let mut stream = dataset_stream(self.seed, "action", u64::from(number));
        let stream = &mut stream;
        if !self.named.is_empty() {
            return of(&self.named[stream.index(self.named.len())]);
        }
        let Pose { gestures, grasps, synergies, coupled, near_limit, .. } = self.preset;
        let coupling = self.repair.coupling();
        let (name, pose) = match stream.weighted(&[gestures, grasps, synergies, coupled, near_limit]) {
            Some(0) => return of(&self.gestures[number as usize % self.gestures.len()]),
            Some(1) => return of(&self.grasps[number as usize % self.grasps.len()]),
            Some(2) => {
                let count = self.preset.synergy_count.sample(stream).unwrap_or(1);
                ("synergies", self.synergies.sample(usize::from(count), coupling, stream))
            }
            Some(4) => ("near_limit", random::near_limit(coupling, stream)),
            _ => ("coupled", random::coupled(coupling, stream)),
        };
        Action { name: name.to_owned(), pose }
    }

    /// A pose for one person's hand from the actions of a half-open range; its flesh overlaps no deeper than the preset
    /// allows.
    pub fn sample(&self, flesh: &Flesh, actions: [u32; 2], stream: &mut Stream) -> Action {
        let Action { name, mut pose } = self.base(actions, stream);
        let gesture = self.library.find(&name);
        for (dof, angle) in DOFS.into_iter().zip(&mut pose.0) {
            let noise = self.preset.noise_deg.sample(stream).to_radians();
            if dof.joint() != Joint::Wrist {
                *angle += noise;
            }
        }
        self.set_wrist(&mut pose, stream);
        match gesture {
            Some(gesture) => keep_wrist(gesture, &mut pose),
            None => self.tenodesis(&mut pose),
        }
        Action { name, pose: self.repair.apply(flesh, &pose) }
    }

    /// A gesture as a part of two hands together: varied less than an action, with a wrist (flexion, deviation, degrees)
    /// of its own. `None` if there is no gesture of that name.
    pub fn part(&self, flesh: &Flesh, name: &str, wrist_deg: [f32; 2], stream: &mut Stream) -> Option<HandPose> {
        let mut pose = self.library.find(name)?.pose;
        for (dof, angle) in DOFS.into_iter().zip(&mut pose.0) {
            let noise = PART_NOISE * self.preset.noise_deg.sample(stream).to_radians();
            if dof.joint() != Joint::Wrist {
                *angle += noise;
            }
        }
        for (dof, degrees) in [Dof::WristFlexion, Dof::WristDeviation].into_iter().zip(wrist_deg) {
            pose.set(dof, (degrees + PART_WRIST_SD_DEG * stream.normal()).to_radians());
        }
        Some(self.repair.apply(flesh, &pose))
    }

    /// The side that points up in a gesture, in hand space of a right hand; `None` for most.
    pub fn up(&self, name: &str) -> Option<Vec3> {
        self.library.find(name)?.up.map(|up| match up {
            Up::Radial => Vec3::X,
            Up::Ulnar => Vec3::NEG_X,
        })
    }

    /// One action of the range, or a blend of two.
    fn base(&self, [first, end]: [u32; 2], stream: &mut Stream) -> Action {
        let count = end.saturating_sub(first).max(1) as usize;
        let mut draw = || self.action(first + stream.index(count) as u32);
        let (action, other) = (draw(), draw());
        let (blends, share) = (stream.chance(BLEND_SHARE), stream.uniform(0.25, 0.75));
        if !blends || action.pose == other.pose || !self.named.is_empty() {
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

fn shuffled<T>(mut list: Vec<T>, stream: &mut Stream) -> Vec<T> {
    for k in (1..list.len()).rev() {
        list.swap(k, stream.index(k + 1));
    }
    list
}

fn of(gesture: &Gesture) -> Action {
    Action { name: gesture.name.clone(), pose: gesture.pose }
}

/// The wrist of a gesture that has its own, varied by some of what was drawn.
fn keep_wrist(gesture: &Gesture, pose: &mut HandPose) {
    let Some(own) = gesture.wrist_rad else { return };
    for (dof, angle) in [Dof::WristFlexion, Dof::WristDeviation].into_iter().zip(own) {
        pose.set(dof, angle + OWN_WRIST_NOISE * pose.get(dof));
    }
}
