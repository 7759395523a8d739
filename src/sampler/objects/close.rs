//! Closes a hand around a thing: digits bend joint by joint, from the root to the tip, until their skin touches.

use glam::Vec3;

use super::skin::{Frames, Skin};
use super::thing::Thing;
use crate::rig::joint::DIGITS;
use crate::rig::{Digit, Dof, HandPose};
use crate::sampler::pose::{Coupling, Flesh};

/// How deep skin is pressed into a thing, metres: flesh flattens where it touches.
pub(super) const PRESS_M: f32 = 0.0009;
/// A digit may close to this share of the way from its open to its grasping angles.
const FURTHEST: f32 = 1.7;
/// Least step of a search, a share of that way.
const LEAST_STEP: f32 = 0.025;
/// Halvings of the last step.
const HALVINGS: usize = 5;
/// Steps of one search at most.
const STEPS: usize = 24;
/// Farthest skin from the joint of each degree of freedom of a digit, metres.
const LEVERS_M: [f32; 4] = [0.1, 0.1, 0.065, 0.035];
/// Least way between open and grasping flexion, radians.
const LEAST_WAY: f32 = 0.25;

/// A hand and the thing that it closes around.
pub(super) struct Closer<'a> {
    pub(super) flesh: &'a Flesh,
    pub(super) coupling: &'a Coupling,
    pub(super) skin: Skin<'a>,
    /// Overlap of the hand with itself that is allowed, metres.
    pub(super) tolerance_m: f32,
}

/// How near a digit is to a thing.
#[derive(Debug, Clone, Copy)]
pub(super) struct Touch {
    /// Least distance, metres; negative inside.
    pub(super) gap_m: f32,
    /// Bone on which it is, 1 to 3; 0 the palm.
    pub(super) level: u8,
}

/// Angles of the four degrees of freedom of a digit.
type Bend = [f32; 4];

impl Closer<'_> {
    pub(super) fn frames(&self, pose: &HandPose) -> Frames {
        self.flesh.skeleton.hand_from_joint(pose)
    }

    /// The nearest skin of a digit (`None`: the palm) from a level on.
    pub(super) fn touch(&self, frames: &Frames, thing: &Thing, digit: Option<Digit>, from_level: u8) -> Touch {
        let mut nearest = Touch { gap_m: f32::INFINITY, level: 0 };
        for (probe, at) in self.skin.posed(frames, self.skin.probes.range(digit)) {
            if probe.level >= from_level {
                let gap_m = thing.distance(at);
                if gap_m < nearest.gap_m {
                    nearest = Touch { gap_m, level: probe.level };
                }
            }
        }
        nearest
    }

    /// Close a digit around a thing as far as it goes; true if it touches it in the end. A digit that finds nothing to
    /// touch is left as in the grasp.
    pub(super) fn close(&self, pose: &mut HandPose, thing: &Thing, digit: Digit) -> bool {
        let dofs = dofs(digit);
        let grasp: Bend = dofs.map(|dof| pose.get(dof));
        let open = opened(digit, grasp);
        let mut way: Bend = std::array::from_fn(|k| grasp[k] - open[k]);
        way.iter_mut().zip(dofs).filter(|(_, dof)| is_flexion(*dof)).for_each(|(w, _)| *w = w.max(LEAST_WAY));
        let mut bend = open;
        let mut first = 0;
        let mut touched = None;
        while first < 3 {
            let moving: Bend = std::array::from_fn(|k| if BONES[k] > first { way[k] } else { 0.0 });
            let search = Search { closer: self, thing, digit, pose, first, bend, moving };
            let (share, touch) = search.run();
            bend = at(bend, moving, share);
            match touch {
                Some(level) => {
                    touched = Some(level);
                    first = level.max(first + 1);
                }
                None => break,
            }
        }
        if touched.is_none() {
            bend = grasp;
        }
        set(self.coupling, pose, dofs, bend);
        let frames = self.frames(pose);
        let gap = self.touch(&frames, thing, Some(digit), 1).gap_m;
        if touched.is_none() && gap < -PRESS_M {
            set(self.coupling, pose, dofs, open);
        }
        touched.is_some()
    }

    /// Open all digits.
    pub(super) fn open(&self, pose: &mut HandPose) {
        for digit in DIGITS {
            let dofs = dofs(digit);
            let open = opened(digit, dofs.map(|dof| pose.get(dof)));
            set(self.coupling, pose, dofs, open);
        }
    }

    /// How deep a digit overlaps other parts of the hand, metres.
    fn overlap(&self, frames: &Frames, digit: Digit) -> f32 {
        let contacts = self.flesh.contacts(frames, 0.0);
        let own = contacts.iter().filter(|c| c.joints.iter().any(|j| j.digit() == Some(digit)));
        own.map(|c| c.depth_m).fold(0.0, f32::max)
    }

    /// Move a thing along a direction (unit) until the given parts of the hand touch it: forward if nothing does yet, back
    /// if they are pressed in. The parts are those of the digits from a level on, and the palm.
    pub(super) fn seat<'t>(
        &self,
        frames: &Frames,
        thing: &Thing<'t>,
        towards: Vec3,
        digits: &[Option<Digit>],
    ) -> Thing<'t> {
        let skin: Vec<Vec3> =
            digits.iter().flat_map(|d| self.skin.posed(frames, self.skin.probes.range(*d))).map(|(_, at)| at).collect();
        let gap = |thing: &Thing| skin.iter().map(|at| thing.distance(*at)).fold(f32::INFINITY, f32::min);
        let mut thing = thing.clone();
        for _ in 0..STEPS {
            let off = gap(&thing) + PRESS_M;
            if off.abs() < 2e-4 {
                break;
            }
            thing = thing.moved(towards * off.clamp(-0.01, 0.01));
        }
        thing
    }

    /// Push a thing out of the flesh, sideways too, as far as it stays near its place.
    pub(super) fn relax<'t>(&self, frames: &Frames, thing: &Thing<'t>) -> Thing<'t> {
        const ROUNDS: usize = 8;
        const STEP_M: f32 = 0.004;
        let mut thing = thing.clone();
        let skin = self.skin.posed(frames, 0..self.skin.probes.all.len()).map(|(_, at)| at);
        // what is farther off is not reached in all rounds
        let skin: Vec<Vec3> = skin.filter(|at| thing.distance(*at) < ROUNDS as f32 * STEP_M).collect();
        for _ in 0..ROUNDS {
            let (mut push, mut weight) = (Vec3::ZERO, 0.0_f32);
            for at in &skin {
                let depth = -PRESS_M - thing.distance(*at);
                if depth > 0.0 {
                    // skin inside the thing drives it the other way
                    push -= thing.outward(*at) * (depth * depth);
                    weight += depth;
                }
            }
            if weight <= 0.0 {
                break;
            }
            thing = thing.moved((push * (1.3 / weight)).clamp_length_max(STEP_M));
        }
        thing
    }
}

/// The search for the share of a way at which a digit touches.
struct Search<'a> {
    closer: &'a Closer<'a>,
    thing: &'a Thing<'a>,
    digit: Digit,
    pose: &'a HandPose,
    /// Bones up to this one stand still.
    first: u8,
    bend: Bend,
    moving: Bend,
}

impl Search<'_> {
    /// Gap left at a share of the way, and the bone it is on (3 where another part of the hand is in the way).
    fn look(&self, share: f32) -> Touch {
        let mut pose = *self.pose;
        set(self.closer.coupling, &mut pose, dofs(self.digit), at(self.bend, self.moving, share));
        let frames = self.closer.frames(&pose);
        let mut touch = self.closer.touch(&frames, self.thing, Some(self.digit), self.first + 1);
        touch.gap_m += PRESS_M;
        if self.digit == Digit::Thumb && touch.gap_m > 0.0 {
            let free = self.closer.tolerance_m - self.closer.overlap(&frames, self.digit);
            if free <= 0.0 {
                touch = Touch { gap_m: free, level: 4 };
            }
        }
        touch
    }

    /// Share of the way, and the bone that touches there; `None` if none does.
    fn run(&self) -> (f32, Option<u8>) {
        let speed = self.moving.iter().zip(LEVERS_M).map(|(way, lever)| way.abs() * lever).sum::<f32>();
        if speed <= 0.0 {
            return (0.0, None);
        }
        let limit = FURTHEST;
        let start = self.look(0.0);
        let (mut low, mut high, mut level) = (0.0, 0.0, start.level);
        if start.gap_m <= 0.0 {
            // pressed in from the start: further open, a little
            low = -0.4;
            let opened = self.look(low);
            if opened.gap_m <= 0.0 {
                return (0.0, Some(level.min(3)));
            }
        } else {
            let mut gap = start.gap_m;
            for _ in 0..STEPS {
                high = (low + (gap / speed).max(LEAST_STEP)).min(limit);
                let touch = self.look(high);
                if touch.gap_m <= 0.0 {
                    level = touch.level;
                    break;
                }
                (low, gap) = (high, touch.gap_m);
                if high >= limit {
                    return (limit, None);
                }
            }
            if low >= high {
                return (low, None);
            }
        }
        for _ in 0..HALVINGS {
            let middle = 0.5 * (low + high);
            let touch = self.look(middle);
            if touch.gap_m <= 0.0 { (high, level) = (middle, touch.level) } else { low = middle }
        }
        // another part of the hand in the way is no touch
        if level > 3 { (low, None) } else { (high, Some(level)) }
    }
}

fn at(bend: Bend, moving: Bend, share: f32) -> Bend {
    std::array::from_fn(|k| bend[k] + moving[k] * share)
}

fn set(coupling: &Coupling, pose: &mut HandPose, dofs: [Dof; 4], bend: Bend) {
    for (dof, angle) in dofs.into_iter().zip(bend) {
        pose.set(dof, angle);
    }
    coupling.apply(pose);
}

/// Degrees of freedom that close a digit, from the root on.
pub(super) fn dofs(digit: Digit) -> [Dof; 4] {
    Dof::finger(digit).unwrap_or([
        Dof::ThumbCmcAbduction,
        Dof::ThumbCmcFlexion,
        Dof::ThumbMcpFlexion,
        Dof::ThumbIpFlexion,
    ])
}

fn is_flexion(dof: Dof) -> bool {
    !matches!(
        dof,
        Dof::ThumbCmcAbduction
            | Dof::ThumbCmcFlexion
            | Dof::IndexMcpAbduction
            | Dof::MiddleMcpAbduction
            | Dof::RingMcpAbduction
            | Dof::LittleMcpAbduction
    )
}

/// First bone that each degree of freedom of a digit moves.
const BONES: [u8; 4] = [1, 1, 2, 3];

/// The digit's angles before it closes.
fn opened(digit: Digit, grasp: Bend) -> Bend {
    let deg = |d: f32| d.to_radians();
    match digit {
        Digit::Thumb => [grasp[0] + deg(6.0), grasp[1] - deg(22.0), grasp[2] - deg(18.0), grasp[3] - deg(18.0)],
        _ => [grasp[0], (grasp[1] - deg(35.0)).max(deg(-20.0)), grasp[2] * 0.35, grasp[3] * 0.35],
    }
}
