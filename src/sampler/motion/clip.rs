//! A whole clip, planned once: hands and camera of each frame, and the scene that all frames share.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::super::camera::InPicture;
use super::super::pose::{Action, Flesh, PoseSampler};
use super::arm::{ArmPath, Joints};
use super::finger::{PosePath, drawing};
use super::opening::open_where_needed;
use super::pair::{Carrier, MovingHand, forearm, settle};
use super::playback::Playback;
use super::timing::{Movement, movements};
use super::tremor::Oscillation;
use super::view::View;
use crate::math::{RigidTransform, mirror_x};
use crate::preset::Preset;
use crate::preset::types::Sequence;
use crate::rig::skeleton::landmarks;
use crate::rig::{HandMotion, HandPose, HandSide, Joint};
use crate::scene::{ClipFrame, Scene, SceneHand};
use crate::seed::{SampleId, Stream};

/// Frames of a clip for which the camera is placed: more would only take longer.
const FRAMED: usize = 32;
/// Frames that are remembered, and clips at least.
const REMEMBERED: [u64; 2] = [16_384, 8];

/// Where a sample stands in its clip.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClipPlace {
    /// Number of the clip in the dataset.
    pub clip: u64,
    /// Index of its first sample in the dataset: the address of all that its frames share.
    pub first: u64,
    /// Number of the frame in the clip.
    pub frame: u64,
}

/// One hand at one moment.
#[derive(Debug, Clone, PartialEq)]
struct Moment {
    pose: HandPose,
    world_from_wrist: RigidTransform,
    gesture: String,
}

/// The hands of a clip, and how the camera moves.
#[derive(Debug, Clone)]
pub struct Motion {
    /// Frame by frame, hand by hand.
    frames: Vec<Vec<Moment>>,
    view: View,
    rate_hz: f32,
}

/// A planned clip.
#[derive(Debug, Clone)]
pub struct Clip {
    scene: Scene,
    motion: Motion,
}

/// Who draws a clip's poses.
#[derive(Debug, Clone, Copy)]
pub struct Cast<'a> {
    /// Draws poses.
    pub poses: &'a PoseSampler,
    /// The person's hand.
    pub flesh: &'a Flesh,
    /// Actions of the split.
    pub actions: [u32; 2],
    /// Recorded motions.
    pub motions: &'a [HandMotion],
}

impl Motion {
    /// The motion of hands that begin as given.
    pub fn new(preset: &Preset, id: SampleId, cast: &Cast, hands: &[SceneHand]) -> Self {
        let sequence = &preset.sequence;
        let times_s: Vec<f32> = (0..sequence.frames).map(|k| k as f32 / sequence.rate_hz).collect();
        let last_s = times_s.last().copied().unwrap_or(0.0);
        let playback = Playback::draw(sequence, cast.motions, last_s, &mut id.stream("recorded motion"));
        let streams = ["motion", "motion of second hand"];
        let move_hand = |(hand, name): (&SceneHand, &str)| {
            let mut draft = Draft { sequence, cast, hand, times_s: &times_s, stream: id.stream(name) };
            match &playback {
                Some(playback) => draft.recorded(playback),
                None => draft.drawn(),
            }
        };
        let drawn: Vec<_> = hands.iter().zip(streams).map(move_hand).collect();
        let (moving, names): (Vec<_>, Vec<_>) = drawn.into_iter().unzip();
        let together = id.stream("motion together").chance(sequence.together);
        let (placed, frozen) = settle(&moving, &times_s, together, preset.pose.max_penetration_mm * 1e-3);
        let moment = |frame: usize, hand: usize, (pose, world_from_wrist)| {
            let gesture: &Vec<String> = &names[hand];
            let gesture = if frozen { &hands[hand].gesture } else { &gesture[frame] };
            Moment { pose, world_from_wrist, gesture: gesture.clone() }
        };
        let frame = |(k, hands): (usize, Vec<_>)| hands.into_iter().enumerate().map(|(h, p)| moment(k, h, p)).collect();
        Self {
            frames: placed.into_iter().enumerate().map(frame).collect(),
            view: View::new(sequence, &mut id.stream("camera motion")),
            rate_hz: sequence.rate_hz,
        }
    }

    /// What the camera has before it, frame by frame, but for its own motion; of long clips, some frames.
    pub fn pictures(&self, flesh: &Flesh, hands: &[SceneHand]) -> Vec<InPicture> {
        let last = self.frames.len().saturating_sub(1);
        let count = self.frames.len().min(FRAMED);
        let chosen = (0..count).map(|k| if count > 1 { k * last / (count - 1) } else { 0 });
        chosen.map(|k| self.picture(k, flesh, hands)).collect()
    }

    fn picture(&self, frame: usize, flesh: &Flesh, hands: &[SceneHand]) -> InPicture {
        let view = self.view.at(self.time_s(frame));
        let mut picture = InPicture { keypoints_m: Vec::new(), elbows_m: Vec::new() };
        for (hand, moment) in hands.iter().zip(&self.frames[frame]) {
            let frames = flesh.skeleton.hand_from_joint(&moment.pose);
            let mirror = |p| if hand.side == HandSide::Left { mirror_x(p) } else { p };
            let seen = |p| view.point(moment.world_from_wrist.point(mirror(p)));
            picture.keypoints_m.extend(landmarks(&frames).map(seen));
            picture.elbows_m.push(seen(frames[Joint::Forearm.index()].translation_m));
        }
        picture
    }

    fn time_s(&self, frame: usize) -> f32 {
        frame as f32 / self.rate_hz
    }
}

impl Clip {
    /// A clip whose frames share all of a scene but what moves.
    pub fn new(scene: Scene, motion: Motion) -> Self {
        Self { scene, motion }
    }

    /// The scene of one frame.
    pub fn scene(&self, place: &ClipPlace) -> Scene {
        let mut scene = self.scene.clone();
        let k = place.frame as usize;
        let moments = self.motion.frames.get(k).into_iter().flatten();
        for (hand, moment) in scene.hands.iter_mut().zip(moments) {
            hand.pose = moment.pose;
            hand.world_from_wrist = moment.world_from_wrist;
            hand.gesture.clone_from(&moment.gesture);
        }
        let view = self.motion.view.at(self.motion.time_s(k));
        scene.camera.camera_from_world = scene.camera.camera_from_world * view;
        let time_s = place.frame as f64 / f64::from(self.motion.rate_hz);
        scene.clip = Some(ClipFrame { clip: place.clip, frame: place.frame, time_s });
        scene
    }
}

/// A hand on its way, and the name of its pose in each frame.
type Moving<'a> = (MovingHand<'a>, Vec<String>);

/// What is needed to put a hand on its way.
struct Draft<'a, 'b> {
    sequence: &'b Sequence,
    cast: &'b Cast<'a>,
    hand: &'b SceneHand,
    times_s: &'b [f32],
    stream: Stream,
}

impl<'a> Draft<'a, '_> {
    /// Through poses drawn one after the other.
    fn drawn(&mut self) -> Moving<'a> {
        let movements = self.movements();
        let start = Action { name: self.hand.gesture.clone(), pose: self.hand.pose };
        let draw = drawing(self.cast.poses, self.cast.flesh, self.cast.actions);
        let path = PosePath::new(self.sequence, start, &movements, draw, &mut self.stream);
        let actions = self.times_s.iter().map(|t| path.at(&movements, *t));
        let (poses, names) = actions.map(|action| (action.pose, action.name)).unzip();
        let arm = self.arm(&movements);
        (self.moving(poses, arm), names)
    }

    /// As recorded; an arm carries the hand if the recording does not.
    fn recorded(&mut self, playback: &Playback) -> Moving<'a> {
        let poses = playback.poses(self.hand.side, self.times_s);
        let names = vec![playback.name().to_owned(); poses.len()];
        let wrists = playback.wrists(self.hand.side, self.times_s);
        let carrier = if let Some(wrists) = wrists {
            Carrier::Recorded(wrists)
        } else {
            let movements = self.movements();
            self.arm(&movements)
        };
        (self.moving(poses, carrier), names)
    }

    fn movements(&mut self) -> Vec<Movement> {
        movements(self.sequence, self.times_s.last().copied().unwrap_or(0.0), &mut self.stream)
    }

    fn arm(&mut self, movements: &[Movement]) -> Carrier {
        let hand = self.hand;
        let world_from_forearm = hand.world_from_wrist * forearm(self.cast.flesh, &hand.pose, hand.side);
        let (elbow_m, wrist_m) = (world_from_forearm.translation_m, hand.world_from_wrist.translation_m);
        let joints = Joints::new(elbow_m, wrist_m, &mut self.stream);
        let path = ArmPath::new(self.sequence, joints, movements, &mut self.stream);
        let shares = self.times_s.iter().map(|t| movements.iter().map(|m| m.arm(*t)).collect()).collect();
        Carrier::Arm { path, shares, world_from_forearm }
    }

    fn moving(&mut self, mut poses: Vec<HandPose>, carrier: Carrier) -> MovingHand<'a> {
        let sequence = self.sequence;
        open_where_needed(self.cast.flesh, self.cast.poses.repair(), sequence.rate_hz, &mut poses);
        // a recorded wrist has its own tremor
        let share = if matches!(carrier, Carrier::Arm { .. }) { 1e-3 / libm::sqrtf(3.0) } else { 0.0 };
        let effective = sequence.tremor_mm.sample(&mut self.stream) * share;
        let hz = sequence.tremor_hz.sample(&mut self.stream);
        MovingHand {
            side: self.hand.side,
            flesh: self.cast.flesh,
            home_pose: self.hand.pose,
            home: self.hand.world_from_wrist,
            poses,
            carrier,
            tremor: [0; 3].map(|_| Oscillation::tremor(effective, hz, &mut self.stream)),
        }
    }
}

/// A clip that is planned, is being planned by another thread, or failed.
type Slot = Arc<OnceLock<Option<Clip>>>;

/// The clips that were asked for last: all frames of one need the same plan. What it holds follows from the preset and
/// the index alone; without it every frame would plan its clip again.
#[derive(Debug, Clone, Default)]
pub struct Memory(Arc<Mutex<VecDeque<(u64, Slot)>>>);

impl Memory {
    /// A frame of the clip that begins at a sample, planned if it is not remembered.
    pub fn frame<E>(&self, place: &ClipPlace, frames: u64, plan: impl Fn() -> Result<Clip, E>) -> Result<Scene, E> {
        let slot = self.slot(place.first, frames);
        match slot.get_or_init(|| plan().ok()) {
            Some(clip) => Ok(clip.scene(place)),
            // tell why once more
            None => plan().map(|clip| clip.scene(place)),
        }
    }

    fn slot(&self, first: u64, frames: u64) -> Slot {
        let mut slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, slot)) = slots.iter().find(|(known, _)| *known == first) {
            return Arc::clone(slot);
        }
        let slot = Slot::default();
        slots.push_back((first, Arc::clone(&slot)));
        let most = (REMEMBERED[0] / frames.max(1)).max(REMEMBERED[1]);
        if slots.len() as u64 > most {
            slots.pop_front();
        }
        slot
    }
}
