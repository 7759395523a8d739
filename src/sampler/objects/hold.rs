//! Puts a thing into a grasping hand: places it as the grasp says, closes the digits around it, and measures on the skinned
//! mesh whether it is held.

use std::sync::Arc;

use glam::{Mat3, Quat, Vec3};

use super::close::{Closer, PRESS_M};
use super::place::Place;
use super::skin::{Probes, Skin};
use super::thing::{Piece, Thing};
use crate::math::RigidTransform;
use crate::posed;
use crate::rig::joint::{DIGITS, FINGERS};
use crate::rig::skeleton::axis_angle;
use crate::rig::{DOFS, Digit, HandPart, HandPose, HandShape, Joint, Rig};
use crate::sampler::pose::gestures::ObjectPlace;
use crate::sampler::pose::{Coupling, Flesh, Grasp, Repair};
use crate::seed::Stream;

/// Deepest that skin may lie inside a held thing, metres.
pub const MOST_PENETRATION_M: f32 = 0.002;
/// Skin at most this far from a thing touches it, metres.
pub const CONTACT_M: f32 = 0.001;
/// Deviation of the angles of a grasp before it closes, degrees.
const NOISE_DEG: f32 = 3.0;
/// Deviation of a thing's direction from the grasp's, degrees.
const TILT_DEG: f32 = 6.0;
/// Closings around one place: each starts from the skin of the last.
const CLOSINGS: usize = 2;

/// A held thing.
#[derive(Debug, Clone, PartialEq)]
pub struct Hold {
    /// Pose of the hand.
    pub pose: HandPose,
    /// The thing in the space of the right hand (of a left hand: its mirror image).
    pub hand_from_thing: RigidTransform,
    /// What was measured.
    pub contact: Contact,
}

/// How a hand and a thing touch, measured on the skinned mesh.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Contact {
    /// Least distance of each digit's skin, from the thumb on, metres; negative inside.
    pub digits_m: [f32; 5],
    /// The same of the palm.
    pub palm_m: f32,
    /// The same of all skin, the arm's too.
    pub least_m: f32,
}

impl Contact {
    /// Whether nothing sinks in, and the digits that must touch do: the thumb and a finger, in the palm also palm and two
    /// fingers, or of grasps without the thumb two fingers.
    pub fn holds(&self, place: ObjectPlace) -> bool {
        let touches = |d: &Digit| self.digits_m[*d as usize] < CONTACT_M;
        let fingers = FINGERS.iter().filter(|d| touches(d)).count();
        let held = match place {
            ObjectPlace::Fingers | ObjectPlace::Between => fingers >= 2,
            // pressed into the palm, or around the thing
            ObjectPlace::Palm if self.palm_m < CONTACT_M && fingers >= 2 => true,
            _ => touches(&Digit::Thumb) && fingers >= 1,
        };
        held && self.least_m > -MOST_PENETRATION_M
    }
}

/// Everything about a rig that holding needs.
#[derive(Debug, Clone)]
pub struct Holder {
    rig: Arc<Rig>,
    coupling: Coupling,
    probes: Probes,
    /// Part of each vertex: 0 palm, 1.. digits from the thumb on, 6 arm.
    owner: Vec<u8>,
    max_overlap_m: f32,
}

impl Holder {
    /// For a rig; flesh may overlap itself by as much as `repair` allows.
    pub fn new(rig: Arc<Rig>, repair: &Repair, max_overlap_m: f32) -> Self {
        let mut owner = vec![0; rig.mesh.positions_m.len()];
        for (triangle, part) in rig.mesh.triangles.iter().zip(&rig.mesh.triangle_part) {
            let group = if *part < 15 {
                part / 3 + 1
            } else if *part == HandPart::Arm.index() {
                6
            } else {
                0
            };
            for k in triangle {
                owner[*k as usize] = group;
            }
        }
        Self { probes: Probes::new(&rig), coupling: repair.coupling().clone(), owner, rig, max_overlap_m }
    }

    /// One try to hold pieces of a thing with a grasp; the wrist's angles are those of `wrist`.
    pub fn hold<'a>(
        &'a self,
        (flesh, shape): (&'a Flesh, &HandShape),
        (grasp, wrist): (&Grasp, &HandPose),
        things: &Graspable,
        stream: &mut Stream,
    ) -> Option<Hold> {
        let mut start = *wrist;
        for (k, dof) in DOFS.into_iter().enumerate() {
            let noise = (NOISE_DEG * stream.normal()).to_radians();
            if dof.joint() != Joint::Wrist {
                start.0[k] = grasp.shape.pose.0[k] + noise;
            }
        }
        self.coupling.apply(&mut start);
        let tilt = axis_angle(stream.direction(), (TILT_DEG * stream.normal()).to_radians());
        let roll = stream.uniform(-std::f32::consts::PI, std::f32::consts::PI);
        let slide = stream.uniform(-1.0, 1.0);
        let positions = self.skinned(shape, &start);
        let skin = Skin::fitted(&self.probes, &flesh.skeleton.hand_from_joint(&start), &positions);
        let mut closer = Closer { flesh, coupling: &self.coupling, skin, tolerance_m: self.tolerance_m(flesh) };
        let place = Place::of(&grasp.object, &closer, &start)?;
        let turn = Quat::from_mat3(&Mat3::from_cols(place.axis.cross(place.normal), place.axis, place.normal));
        let upright = tilt * turn;
        let turn = (upright * things.own_turn(roll)).normalize();
        // in the palm a thing's edge stays where the fingers bend around it
        let grip = if grasp.object.at == ObjectPlace::Palm { upright } else { turn } * things.grip_m;
        let along = place.axis * (slide * things.slide_m);
        let thing = Thing {
            pieces: &things.pieces,
            radius_m: things.radius_m,
            hand_from_thing: RigidTransform::new(turn, place.centre + along - grip),
            mirrored: things.mirrored,
        };
        let thing = place.settle(&closer, &start, thing, grasp.object.at)?;
        self.closed(&mut closer, (flesh, shape), grasp, &start, &thing)
    }

    fn closed<'a>(
        &'a self,
        closer: &mut Closer<'a>,
        (flesh, shape): (&Flesh, &HandShape),
        grasp: &Grasp,
        start: &HandPose,
        thing: &Thing,
    ) -> Option<Hold> {
        for _ in 0..CLOSINGS {
            let mut pose = *start;
            for digit in FINGERS.into_iter().chain([Digit::Thumb]) {
                // a thing at the side of the index finger rests on it
                if grasp.object.at != ObjectPlace::Side || digit != Digit::Index {
                    closer.close(&mut pose, thing, digit);
                }
            }
            let positions = self.skinned(shape, &pose);
            let contact = self.contact(&positions, thing);
            if contact.holds(grasp.object.at) {
                let overlap_m = flesh.deepest(&pose).map_or(0.0, |c| c.depth_m);
                let fits = overlap_m <= closer.tolerance_m + 1e-4;
                return fits.then_some(Hold { pose, hand_from_thing: thing.hand_from_thing, contact });
            }
            closer.skin = Skin::fitted(&self.probes, &flesh.skeleton.hand_from_joint(&pose), &positions);
        }
        None
    }

    fn tolerance_m(&self, flesh: &Flesh) -> f32 {
        self.max_overlap_m.max(flesh.deepest(&flesh.skeleton.bind_pose).map_or(0.0, |c| c.depth_m))
    }

    /// The skinned mesh in hand space.
    fn skinned(&self, shape: &HandShape, pose: &HandPose) -> Vec<Vec3> {
        posed::skin_of_right_hand_m(&self.rig, shape, pose)
    }

    /// Contact of a skinned mesh (hand space) with a thing.
    fn contact(&self, positions_m: &[Vec3], thing: &Thing) -> Contact {
        let mut least = [f32::INFINITY; 7];
        for (at, owner) in positions_m.iter().zip(&self.owner) {
            let slot = &mut least[usize::from(*owner)];
            *slot = slot.min(thing.distance(*at));
        }
        Contact {
            digits_m: DIGITS.map(|d| least[d as usize + 1]),
            palm_m: least[0],
            least_m: least.into_iter().fold(f32::INFINITY, f32::min),
        }
    }
}

/// A thing to be held, in its own space: its axis is +Y, a flat thing's normal +Z.
#[derive(Debug, Clone)]
pub struct Graspable {
    pub(super) pieces: Vec<Piece>,
    /// Radius of the sphere around the origin that holds all of it, metres.
    pub(super) radius_m: f32,
    /// Where it is gripped, metres.
    pub(super) grip_m: Vec3,
    /// How far along its axis it may be gripped elsewhere, metres.
    pub(super) slide_m: f32,
    /// It may be turned about its axis by any angle; otherwise by half turns.
    pub(super) round: bool,
    /// The hand is a left one.
    pub(super) mirrored: bool,
}

impl Graspable {
    /// A turn about its axis that leaves a grasp of it possible.
    fn own_turn(&self, roll: f32) -> Quat {
        let roll = if self.round {
            roll
        } else if roll > 0.0 {
            std::f32::consts::PI
        } else {
            0.0
        };
        axis_angle(Vec3::Y, roll)
    }
}

const _: () = assert!(PRESS_M < MOST_PENETRATION_M);
