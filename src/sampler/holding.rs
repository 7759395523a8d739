//! Hands of which one holds a thing, and what is put into the scene with them.

use glam::Vec3;

use super::hands::{self, HandToPlace, PlacedHand};
use super::objects::Held;
use super::pose::Action;
use super::{Person, SceneSampler};
use crate::math::mirror_x;
use crate::preset::types::HoldingHand;
use crate::rig::skeleton::landmarks;
use crate::rig::{HandShape, HandSide, Joint, Rig};
use crate::scene::{Scene, SceneHand};
use crate::seed::{SampleId, Stream};

/// Added to the gap between two hands until the other hand keeps off what one holds, metres.
const APART_M: [f32; 4] = [0.0, 0.04, 0.1, 0.2];

/// Number of a hand, and what it holds.
pub(super) type InHand = (usize, Held);

/// What came of the wish that a hand holds something.
pub(super) struct Wish {
    /// A thing was to be held.
    pub(super) asked: bool,
    pub(super) held: Option<InHand>,
}

impl SceneSampler {
    /// Whether one of two hands apart is to hold a thing, and the stream that it is drawn from.
    pub(super) fn wants_held(&self, id: SampleId) -> (bool, Stream) {
        let mut stream = id.stream("held object");
        (stream.chance(self.preset.objects.held), stream)
    }

    /// One hand, or two beside each other, of which one holds a thing; `None` if none could be held.
    pub(super) fn holding(
        &self,
        id: SampleId,
        count: u8,
        person: &Person,
        shape: &HandShape,
        stream: &mut Stream,
    ) -> Option<(Vec<Action>, Vec<PlacedHand>, InHand)> {
        let second = self.preset.objects.hand.sample(&mut id.stream("holding hand")) == Some(HoldingHand::Second);
        let number = usize::from(second && count > 1);
        let mut drawn = self.actions(id, count, person);
        let bare = (person.flesh, shape, &drawn.get(number)?.pose);
        let held = self.objects.held(person.actions, person.sides[number], bare, stream)?;
        drawn[number] = Action { name: held.grasp.clone(), pose: held.pose };
        let to_place = person.sides.into_iter().zip(&drawn).map(|(side, action)| {
            let up = self.poses.up(&action.name);
            HandToPlace { side, flesh: person.flesh, pose: &action.pose, up }
        });
        let to_place: Vec<HandToPlace> = to_place.collect();
        let separation_m = self.preset.hands.separation_m.sample(&mut id.stream("separation"));
        let max_penetration_m = self.preset.pose.max_penetration_mm * 1e-3;
        let place =
            |more: f32| hands::place(&to_place, separation_m + more, max_penetration_m, &mut id.stream("placement"));
        let is_free = |placed: &Vec<PlacedHand>| {
            let at = &placed[number].world_from_wrist;
            to_place.iter().zip(placed).enumerate().filter(|(k, _)| *k != number).all(|(_, (hand, other))| {
                let frames = hand.flesh.skeleton.hand_from_joint(hand.pose);
                held.is_free_of(at, &hand.flesh.cones_in_world(&frames, hand.side, &other.world_from_wrist))
            })
        };
        let placed = APART_M.into_iter().map(place).find(is_free)?;
        Some((drawn, placed, (number, held)))
    }

    /// Put what is held and what stands in front into a scene.
    pub(super) fn add_objects(&self, id: SampleId, wish: Wish, scene: &mut Scene) {
        let (keypoints_m, elbows_m) = joints_m(&self.rig, &scene.hands);
        scene.empty_handed = wish.asked;
        if let Some((number, held)) = wish.held
            && let Some(hand) = scene.hands.get(number)
            && held.is_clear_of(&hand.world_from_wrist, &scene.camera, &keypoints_m)
        {
            scene.solids.extend(held.solids(number, &hand.world_from_wrist));
            scene.empty_handed = false;
        }
        let occluders = self.objects.occluders(&self.preset.occluders, id, scene, (&keypoints_m, &elbows_m));
        scene.solids.extend(occluders);
    }
}

/// The 21 keypoints of each hand and the far ends of the forearms, world, metres.
fn joints_m(rig: &Rig, hands: &[SceneHand]) -> (Vec<Vec3>, Vec<Vec3>) {
    let (mut keypoints, mut elbows) = (Vec::new(), Vec::new());
    for hand in hands {
        let frames = rig.shaped_skeleton(&hand.shape).hand_from_joint(&hand.pose);
        let to_world = |p: Vec3| hand.world_from_wrist.point(if hand.side == HandSide::Left { mirror_x(p) } else { p });
        keypoints.extend(landmarks(&frames).map(to_world));
        elbows.push(to_world(frames[Joint::Forearm.index()].translation_m));
    }
    (keypoints, elbows)
}
