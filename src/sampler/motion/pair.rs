//! One or two hands that move: where each is, so that two do not pass through each other.

use glam::{Quat, Vec3};

use super::super::hands::overlap;
use super::super::pose::Flesh;
use super::arm::ArmPath;
use super::finger::with_wrist_of;
use super::tremor::Oscillation;
use crate::math::RigidTransform;
use crate::rig::{HandPose, HandSide, Joint};

/// What carries a hand.
#[derive(Debug, Clone)]
pub enum Carrier {
    /// An arm: its path, and the share that each movement has made, frame by frame.
    Arm {
        /// The path.
        path: ArmPath,
        /// Shares of each frame.
        shares: Vec<Vec<f32>>,
        /// Forearm to world before anything moved; of left hands, mirrored.
        world_from_forearm: RigidTransform,
    },
    /// A recorded motion of the wrist, frame by frame, in the space of the hand before anything moved.
    Recorded(Vec<RigidTransform>),
}

/// One hand through a clip, before it is known where the other one is.
#[derive(Debug, Clone)]
pub struct MovingHand<'a> {
    /// Left or right.
    pub side: HandSide,
    /// The person's hand.
    pub flesh: &'a Flesh,
    /// Pose before anything moved.
    pub home_pose: HandPose,
    /// Hand to world before anything moved.
    pub home: RigidTransform,
    /// Pose of each frame.
    pub poses: Vec<HandPose>,
    /// What carries it.
    pub carrier: Carrier,
    /// Tremor of the wrist along the world's axes, metres.
    pub tremor: [Oscillation; 3],
}

/// A hand's pose and place.
pub type Placed = (HandPose, RigidTransform);

/// How two hands go together.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Way {
    /// Each on its own path, of which this share is gone.
    Own(f32),
    /// Both carried by the first one's arm; fingers move.
    Together,
    /// Both carried by the first one's arm; nothing else moves.
    Frozen,
}

/// From much motion to little; the last cannot collide if the hands did not before they moved.
const WAYS: [Way; 5] = [Way::Own(1.0), Way::Own(0.5), Way::Own(0.2), Way::Together, Way::Frozen];
/// The first way in which hands move together.
const TOGETHER: usize = 3;

/// Hands nearer than this before they move hold each other, metres.
const HOLDING_M: f32 = 0.006;

/// Pose and place of each hand in each frame, and whether their poses stay as before the clip. Flesh of two hands overlaps
/// no deeper than `max_penetration_m`; hands that hold each other stay so.
pub fn settle(
    hands: &[MovingHand],
    times_s: &[f32],
    together: bool,
    max_penetration_m: f32,
) -> (Vec<Vec<Placed>>, bool) {
    let frames_of = |way: Way| -> Vec<Vec<Placed>> {
        let frame = |(k, time): (usize, &f32)| hands.iter().map(|h| place(h, &hands[0], way, k, *time)).collect();
        times_s.iter().enumerate().map(frame).collect()
    };
    if hands.len() < 2 {
        return (frames_of(WAYS[0]), false);
    }
    let home: Vec<Placed> = hands.iter().map(|hand| (hand.home_pose, hand.home)).collect();
    let first = match () {
        () if collides(hands, &home, -HOLDING_M) => WAYS.len() - 1,
        () if together => TOGETHER,
        () => 0,
    };
    for way in &WAYS[first..WAYS.len() - 1] {
        let frames = frames_of(*way);
        if !frames.iter().any(|frame| collides(hands, frame, max_penetration_m)) {
            return (frames, false);
        }
    }
    (frames_of(Way::Frozen), true)
}

fn place(hand: &MovingHand, leader: &MovingHand, way: Way, frame: usize, time_s: f32) -> Placed {
    match way {
        Way::Own(amplitude) => hand.own(frame, time_s, amplitude),
        Way::Together => {
            let pose = with_wrist_of(&hand.poses[frame], &hand.home_pose);
            (pose, leader.moved(frame, time_s, 1.0) * hand.home)
        }
        Way::Frozen => (hand.home_pose, leader.moved(frame, time_s, 1.0) * hand.home),
    }
}

fn collides(hands: &[MovingHand], placed: &[Placed], max_penetration_m: f32) -> bool {
    let cones = |k: usize| {
        let (hand, (pose, world_from_wrist)) = (&hands[k], &placed[k]);
        hand.flesh.cones_in_world(&hand.flesh.skeleton.hand_from_joint(pose), hand.side, world_from_wrist)
    };
    overlap(&cones(0), &cones(1), max_penetration_m)
}

impl MovingHand<'_> {
    /// How what carries the hand has moved in the world.
    fn moved(&self, frame: usize, time_s: f32, amplitude: f32) -> RigidTransform {
        let mut moved = match &self.carrier {
            Carrier::Arm { path, shares, .. } => path.moved(&shares[frame], amplitude),
            Carrier::Recorded(wrist) => self.home * scaled(&wrist[frame], amplitude) * self.home.inverse(),
        };
        let [x, y, z] = self.tremor.each_ref().map(|t| t.at(time_s));
        moved.translation_m += Vec3::new(x, y, z);
        moved
    }

    fn own(&self, frame: usize, time_s: f32, amplitude: f32) -> Placed {
        let (pose, moved) = (self.poses[frame], self.moved(frame, time_s, amplitude));
        let place = match &self.carrier {
            Carrier::Arm { world_from_forearm, .. } => {
                moved * *world_from_forearm * forearm(self.flesh, &pose, self.side).inverse()
            }
            Carrier::Recorded(_) => moved * self.home,
        };
        (pose, place)
    }
}

/// Forearm to hand space of a posed hand, mirrored for a left one.
pub fn forearm(flesh: &Flesh, pose: &HandPose, side: HandSide) -> RigidTransform {
    let frame = flesh.skeleton.hand_from_joint(pose)[Joint::Forearm.index()];
    if side == HandSide::Left { frame.mirrored_x() } else { frame }
}

/// A share of a motion.
fn scaled(motion: &RigidTransform, share: f32) -> RigidTransform {
    let turn = if motion.rotation.w < 0.0 { -motion.rotation } else { motion.rotation };
    RigidTransform::new(Quat::IDENTITY.lerp(turn, share), motion.translation_m * share)
}
