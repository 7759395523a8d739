//! Two hands together: palm to palm, fingertips to fingertips, fingers between fingers, one over the other, a fist in a palm.
//!
//! All of this happens in the space of the first hand, as if it were a right hand; the second is then a left one. Each
//! arrangement says how the second hand is turned, from where it comes and which points meet. It comes closer by no more
//! than the gap that is left until it touches; then the fingers close around the other hand until they touch it.
//! Interlocked fingers start between each other, and both hands give way together.

use glam::{Mat3, Quat, Vec3};

use super::hands::mirrored;
use super::pair_repair::{PairRepair, cross_gap};
use super::pose::{Flesh, Library, Repair};
use crate::math::{RigidTransform, mirror_x};
use crate::preset::types::Arrangement;
use crate::rig::joint::FINGERS;
use crate::rig::skeleton::axis_angle;
use crate::rig::{Digit, Dof, HandPose, Joint};
use crate::seed::Stream;

/// Draws of turn and shift that are tried.
const TRIES: usize = 12;
/// Where the second hand starts, metres from where the points would meet.
const FAR_M: f32 = 0.35;
/// Most steps of the approach; each leaves less than a few tenths of the gap.
const STEPS: usize = 48;
/// The approach ends this close to the gap that is wanted, metres.
const NEAR_M: f32 = 2e-4;
/// Hands farther apart than this are not together: their forearms met first. Metres.
const TOGETHER_M: f32 = 0.01;
/// Halvings of the way on which a digit closes.
const HALVINGS: usize = 6;
/// Share of the allowed overlap by which closing fingers press into the other hand.
const PRESSED: f32 = 0.3;
/// Steps outwards in which interlocked hands are tried, metres.
const OUTWARD_M: [f32; 7] = [0.0, 0.005, 0.01, 0.015, 0.02, 0.026, 0.034];
/// Fingers that must reach through the other hand, and how far, metres.
const THROUGH: (usize, f32) = (5, 0.006);
/// Turn of the second hand and shift of where the hands meet (deviations).
const TURN_SD_RAD: f32 = 0.05;
const SHIFT_SD_M: f32 = 0.004;

/// Two hands together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Together {
    /// Poses of the first and the second hand.
    pub poses: [HandPose; 2],
    /// Space of the second hand (a left one) to that of the first (a right one).
    pub first_from_second: RigidTransform,
}

/// Shape and wrist of a hand in an arrangement.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Part {
    /// Gesture from which it starts.
    pub gesture: &'static str,
    /// Flexion and deviation of the wrist, degrees.
    pub wrist_deg: [f32; 2],
    /// Gesture towards which the fingers close.
    pub closes_to: Option<&'static str>,
}

/// The hands of an arrangement; `None` for those whose hands are drawn as single ones are.
pub fn parts(arrangement: Arrangement) -> Option<[Part; 2]> {
    let part = |gesture, wrist_deg, closes_to| Part { gesture, wrist_deg, closes_to };
    match arrangement {
        Arrangement::Apart | Arrangement::SideBySide => None,
        Arrangement::Praying => Some([part("flat", [-66.0, -4.0], None); 2]),
        Arrangement::Steeple => Some([part("fingertips_meet", [-26.0, -4.0], Some("duck_open")); 2]),
        Arrangement::Interlocked => Some([part("fingers_between", [-24.0, -6.0], Some("fingers_folded")); 2]),
        Arrangement::Over => {
            Some([part("palm_over", [-4.0, -4.0], None), part("palm_over", [-42.0, -4.0], Some("grip"))])
        }
        Arrangement::Clasped => {
            Some([part("fist", [-6.0, -4.0], None), part("handshake", [-18.0, -4.0], Some("grip"))])
        }
    }
}

/// What an arrangement needs to know.
#[derive(Debug, Clone, Copy)]
pub struct Arranging<'a> {
    /// The person's hand.
    pub flesh: &'a Flesh,
    /// What both poses keep to.
    pub repair: &'a Repair,
    /// Gestures towards which fingers close.
    pub library: &'a Library,
    /// Gap between the flesh of both hands, metres.
    pub gap_m: f32,
}

impl Arranging<'_> {
    /// Two posed hands brought together; `None` if nothing that was tried ends without overlap.
    pub fn arrange(&self, arrangement: Arrangement, poses: [HandPose; 2], stream: &mut Stream) -> Option<Together> {
        (0..TRIES).find_map(|_| {
            let meeting = self.meeting(arrangement, &poses, stream)?;
            let together = if arrangement == Arrangement::Interlocked {
                self.interlock(meeting, poses)?
            } else {
                Together { poses, first_from_second: self.approach(meeting, &poses)? }
            };
            let closed = self.close(arrangement, together);
            self.pair_repair().fits(&closed, self.repair.tolerance_m(self.flesh)).then_some(closed)
        })
    }

    fn pair_repair(&self) -> PairRepair<'_> {
        PairRepair { flesh: self.flesh, repair: self.repair }
    }

    /// How the second hand is turned, and from where it comes to which point.
    fn meeting(&self, arrangement: Arrangement, poses: &[HandPose; 2], stream: &mut Stream) -> Option<Meeting> {
        let points = poses.map(|pose| Points::new(self.flesh, &pose));
        let mut even = |low: f32, high: f32| stream.uniform(low, high);
        let (turn, towards, at) = match arrangement {
            Arrangement::Apart => return None,
            Arrangement::SideBySide => {
                let side = if even(0.0, 1.0) < 0.5 { Vec3::X } else { Vec3::NEG_X };
                let lean = axis_angle(Vec3::Z, -side.x * even(-0.1, 0.35)) * axis_angle(Vec3::Y, even(-0.35, 0.35));
                (lean, side, [points[0].palm, points[1].palm])
            }
            Arrangement::Praying => (mirrored(Quat::IDENTITY, Vec3::Z), Vec3::Z, [points[0].palm, points[1].palm]),
            Arrangement::Steeple => {
                let normal = leaning(even(0.12, 0.3));
                (mirrored(Quat::IDENTITY, normal), normal, [points[0].tips, points[1].tips])
            }
            Arrangement::Interlocked => {
                let normal = leaning(even(0.5, 0.75));
                // half a finger to either side
                let aside = Vec3::X * (points[0].pitch_m * if even(0.0, 1.0) < 0.5 { 0.5 } else { -0.5 });
                (mirrored(Quat::IDENTITY, normal), normal, [points[0].middles + aside, points[1].middles])
            }
            Arrangement::Over => {
                let turn = axis_angle(Vec3::Z, even(0.9, 1.7));
                (turn, Vec3::NEG_Z, [points[0].knuckles.lerp(points[0].palm, even(0.0, 0.8)), points[1].palm])
            }
            Arrangement::Clasped => {
                let facing = Quat::from_mat3(&Mat3::from_cols(Vec3::NEG_X, Vec3::NEG_Z, Vec3::NEG_Y));
                (axis_angle(Vec3::Y, even(-0.3, 1.2)) * facing, Vec3::Y, [points[0].middles, points[1].hollow])
            }
        };
        let rotation = axis_angle(stream.direction(), TURN_SD_RAD * stream.normal()) * turn;
        let shift = stream.direction() * (SHIFT_SD_M * stream.normal());
        let start_m = at[0] + shift - rotation * mirror_x(at[1]);
        Some(Meeting { rotation: rotation.normalize(), towards, start_m })
    }

    /// The second hand comes closer until the gap is the one wanted.
    fn approach(&self, meeting: Meeting, poses: &[HandPose; 2]) -> Option<RigidTransform> {
        let mut away = FAR_M;
        for _ in 0..STEPS {
            let gap = cross_gap(self.flesh, poses, &meeting.at(away), true) - self.gap_m;
            if gap < NEAR_M {
                let at = meeting.at(away);
                let together = cross_gap(self.flesh, poses, &at, false) <= TOGETHER_M.max(self.gap_m);
                return together.then_some(at);
            }
            away -= gap;
            if away < -FAR_M {
                return None;
            }
        }
        None
    }

    /// Fingers between fingers: as deep as both hands can give way.
    fn interlock(&self, meeting: Meeting, poses: [HandPose; 2]) -> Option<Together> {
        OUTWARD_M.into_iter().find_map(|outward| {
            let start = Together { poses, first_from_second: meeting.at(outward) };
            let together = self.pair_repair().apply(start)?;
            self.is_through(meeting.towards, &together).then_some(together)
        })
    }

    /// Whether enough fingertips are beyond the middle between the hands.
    fn is_through(&self, towards: Vec3, together: &Together) -> bool {
        let tips = |pose: &HandPose| {
            let frames = self.flesh.skeleton.hand_from_joint(pose);
            FINGERS.map(|d| frames[d.chain()[3].index()].translation_m)
        };
        let second = tips(&together.poses[1]).map(|p| together.first_from_second.point(mirror_x(p)));
        let middle = 0.5 * together.first_from_second.translation_m.dot(towards);
        let (least, beyond) = THROUGH;
        let first = tips(&together.poses[0]).into_iter().filter(|p| p.dot(towards) - middle > beyond).count();
        let second = second.into_iter().filter(|p| middle - p.dot(towards) > beyond).count();
        first + second >= least
    }

    /// Fingers close towards the gesture of their arrangement as far as nothing overlaps, one after the other.
    fn close(&self, arrangement: Arrangement, mut together: Together) -> Together {
        let Some(parts) = parts(arrangement) else { return together };
        let interlocked = arrangement == Arrangement::Interlocked;
        // fingers between others are pressed already, and bend where they come out
        let pressed_m = self.repair.tolerance_m(self.flesh) * if interlocked { 1.0 } else { PRESSED };
        let closing = Closing { pressed_m, first_joint: usize::from(interlocked) };
        for (hand, part) in parts.into_iter().enumerate() {
            let Some(target) = part.closes_to.and_then(|name| self.library.find(name)) else { continue };
            for digit in FINGERS {
                together = self.close_digit(together, hand, digit, &target.pose, closing);
            }
        }
        together
    }

    fn close_digit(
        &self,
        together: Together,
        hand: usize,
        digit: Digit,
        target: &HandPose,
        closing: Closing,
    ) -> Together {
        let from = together.poses[hand];
        let at = |share: f32| {
            let mut pose = from;
            for dof in closing.dofs(digit) {
                pose.set(dof, from.get(dof) + (target.get(dof) - from.get(dof)) * share);
            }
            self.repair.coupling().apply(&mut pose);
            let mut poses = together.poses;
            poses[hand] = pose;
            Together { poses, ..together }
        };
        let (mut low, mut high) = (0.0, 1.0);
        for _ in 0..HALVINGS {
            let middle = 0.5 * (low + high);
            if self.pair_repair().fits(&at(middle), closing.pressed_m) { low = middle } else { high = middle }
        }
        if low > 0.0 { at(low) } else { together }
    }
}

/// How fingers close.
#[derive(Debug, Clone, Copy)]
struct Closing {
    /// How deep they press into the other hand, metres.
    pressed_m: f32,
    /// The first joint that bends: 0 the knuckle, 1 the middle joint.
    first_joint: usize,
}

impl Closing {
    /// Flexion of the joints that bend; abduction stays, it keeps a finger where it is between others.
    fn dofs(self, digit: Digit) -> impl Iterator<Item = Dof> {
        Dof::finger(digit).into_iter().flat_map(|[_, flexions @ ..]| flexions).skip(self.first_joint)
    }
}

/// Where the second hand comes from, in the first one's space.
#[derive(Debug, Clone, Copy)]
struct Meeting {
    rotation: Quat,
    /// Unit, from the first hand to the second.
    towards: Vec3,
    /// Translation at which the points meet, metres.
    start_m: Vec3,
}

impl Meeting {
    fn at(&self, away_m: f32) -> RigidTransform {
        RigidTransform::new(self.rotation, self.start_m + self.towards * away_m)
    }
}

/// Points of a posed hand that meet those of another, hand space, metres.
struct Points {
    palm: Vec3,
    hollow: Vec3,
    knuckles: Vec3,
    middles: Vec3,
    tips: Vec3,
    /// From finger to finger at their middle joints.
    pitch_m: f32,
}

impl Points {
    fn new(flesh: &Flesh, pose: &HandPose) -> Self {
        let frames = flesh.skeleton.hand_from_joint(pose);
        let mean = |n: usize| {
            FINGERS.map(|d| frames[d.chain()[n].index()].translation_m).into_iter().sum::<Vec3>() / FINGERS.len() as f32
        };
        let at = |joint: Joint| frames[joint.index()].translation_m;
        let (knuckles, middles) = (mean(0), mean(1));
        let ends = at(Joint::IndexFingerPhalanxIntermediate) - at(Joint::PinkyFingerPhalanxIntermediate);
        Self {
            palm: knuckles * 0.6,
            hollow: knuckles * 0.8,
            knuckles,
            middles,
            tips: mean(3),
            pitch_m: ends.x.abs() / 3.0,
        }
    }
}

/// Normal of a plane that the fingers lean towards, by an angle from the palm's normal.
fn leaning(angle_rad: f32) -> Vec3 {
    Vec3::new(0.0, libm::sinf(angle_rad), libm::cosf(angle_rad))
}
