//! Where in a grasping hand a thing lies, and how it is turned.

use glam::Vec3;

use super::close::{Closer, PRESS_M};
use super::skin::Frames;
use super::thing::Thing;
use crate::rig::joint::{DIGITS, FINGERS};
use crate::rig::{Digit, HandPose, Joint};
use crate::sampler::pose::GraspObject;
use crate::sampler::pose::gestures::{ObjectAxis, ObjectKind, ObjectPlace};

/// Fingers whose pads are farther from the thumb's than the nearest one by this do not oppose it, metres.
const OPPOSING_M: f32 = 0.022;
/// Alternations of moving a thing to the palm and out of the thumb's way.
const SETTLINGS: usize = 3;
/// Pads and sides between which a thing could lie are at most this far apart, metres.
const FARTHEST_M: f32 = 0.15;

/// Place and directions of a thing, hand space.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    /// Middle of the grip, metres.
    pub(super) centre: Vec3,
    /// Unit, direction of the thing's axis.
    pub(super) axis: Vec3,
    /// Unit, across the axis: the normal of a flat thing.
    pub(super) normal: Vec3,
    /// Unit, towards what the thing rests on.
    towards: Vec3,
}

impl Place {
    /// The place that a grasp in a pose gives a thing; `None` if there is none.
    pub(super) fn of(object: &GraspObject, closer: &Closer, pose: &HandPose) -> Option<Self> {
        let frames = closer.frames(pose);
        let pads = closer.skin.pads_m(&frames);
        let along = direction(object.axis);
        match object.at {
            ObjectPlace::Palm => {
                let knuckle = |d: Digit| frames[d.chain()[0].index()].translation_m;
                let hollows = FINGERS.into_iter().filter_map(|d| hollow(&frames, d, [0, 1, 3]));
                // fingers bend around the edge of a plate
                let centre = match object.kind {
                    ObjectKind::Plate => mean(FINGERS.into_iter().map(knuckle))?,
                    _ => mean(hollows)?,
                };
                let flat = matches!(object.kind, ObjectKind::Plate | ObjectKind::Disk);
                let normal = if object.kind == ObjectKind::Disk { Vec3::X } else { Vec3::Z };
                let centre = if flat { Vec3::new(centre.x, centre.y, 0.02) } else { centre };
                Self::new(centre, along, normal, Vec3::NEG_Z)
            }
            ObjectPlace::Fingers => {
                let centre = mean(FINGERS.into_iter().filter_map(|d| hollow(&frames, d, [1, 2, 3])))?;
                Self::new(centre, along, Vec3::Z, Vec3::Y)
            }
            ObjectPlace::Pads => {
                let thumb = pads[0];
                let reach = |d: Digit| pads[d as usize].distance(thumb);
                let least = FINGERS.into_iter().map(reach).fold(f32::INFINITY, f32::min);
                let opposing = FINGERS.into_iter().filter(|d| reach(*d) < least + OPPOSING_M);
                let fingers = mean(opposing.map(|d| pads[d as usize]))?;
                let across = (fingers - thumb).try_normalize()?;
                let centre = 0.5 * (fingers + thumb);
                match (object.kind, object.axis) {
                    (ObjectKind::Disk, _) => {
                        let [_, index, middle, _, little] = pads;
                        let rim = (little - index).cross(middle - thumb).try_normalize()?;
                        let middle = mean(DIGITS.into_iter().map(|d| pads[d as usize]))?;
                        Self::new(middle, if rim.z < 0.0 { -rim } else { rim }, across, across)
                    }
                    // a pen lies on the root of the index finger
                    (ObjectKind::Stick, ObjectAxis::Oblique) => {
                        let root = frames[Joint::IndexFingerPhalanxProximal.index()];
                        Self::new(centre, root.point(Vec3::new(0.012, 0.0, -0.004)) - centre, across, across)
                    }
                    _ => Self::new(centre, along - across * across.dot(along), across, across),
                }
            }
            ObjectPlace::Side => {
                let thumb = pads[0];
                let range = closer.skin.probes.range(Some(Digit::Index));
                let index = closer.skin.posed(&frames, range).filter(|(probe, _)| probe.level >= 2);
                let nearest = index.map(|(_, at)| at).min_by(|a, b| a.distance(thumb).total_cmp(&b.distance(thumb)))?;
                let across = (nearest - thumb).try_normalize()?;
                Self::new(0.5 * (nearest + thumb), along - across * across.dot(along), across, across)
            }
            ObjectPlace::Between => {
                let bone =
                    |d: Digit| mean([d.chain()[1], d.chain()[2]].into_iter().map(|j| frames[j.index()].translation_m));
                let (index, middle) = (bone(Digit::Index)?, bone(Digit::Middle)?);
                let across = (middle - index).try_normalize()?;
                Self::new(0.5 * (index + middle), along - across * across.dot(along), across, across)
            }
        }
    }

    fn new(centre: Vec3, axis: Vec3, towards_normal: Vec3, towards: Vec3) -> Option<Self> {
        let axis = axis.try_normalize()?;
        let normal = (towards_normal - axis * axis.dot(towards_normal)).try_normalize()?;
        (centre.is_finite() && centre.length() < 0.4).then_some(Self { centre, axis, normal, towards })
    }

    /// Move a thing until it rests where the grasp wants it.
    pub(super) fn settle<'t>(
        &self,
        closer: &Closer,
        pose: &HandPose,
        thing: Thing<'t>,
        at: ObjectPlace,
    ) -> Option<Thing<'t>> {
        let frames = closer.frames(pose);
        let before = thing.hand_from_thing.translation_m;
        let thing = match at {
            ObjectPlace::Palm => {
                let mut thing = closer.relax(&frames, &thing);
                let mut open = *pose;
                closer.open(&mut open);
                let open = closer.frames(&open);
                let rests_on: Vec<Option<Digit>> = [None].into_iter().chain(FINGERS.map(Some)).collect();
                for _ in 0..SETTLINGS {
                    thing = closer.seat(&open, &thing, self.towards, &rests_on);
                    let thumb = closer.touch(&open, &thing, Some(Digit::Thumb), 0);
                    if thumb.gap_m > -PRESS_M {
                        break;
                    }
                    // distally, out of the thumb's web
                    thing = thing.moved(Vec3::Y * (-thumb.gap_m + 1e-3));
                }
                thing
            }
            ObjectPlace::Side => closer.seat(&frames, &thing, self.towards, &[Some(Digit::Index)]),
            ObjectPlace::Pads => thing,
            ObjectPlace::Fingers | ObjectPlace::Between => closer.relax(&frames, &thing),
        };
        (thing.hand_from_thing.translation_m.distance(before) < FARTHEST_M).then_some(thing)
    }
}

/// Centre of the circle through three joints of a finger (0 MCP, 1 PIP, 2 DIP, 3 tip); `None` if it is nearly straight.
fn hollow(frames: &Frames, digit: Digit, joints: [usize; 3]) -> Option<Vec3> {
    let [a, b, c] = joints.map(|k| frames[digit.chain()[k].index()].translation_m);
    let (u, v) = (b - a, c - a);
    let across = u.cross(v);
    let square = across.length_squared();
    if square < 1e-12 {
        return None;
    }
    let to_centre = (across.cross(u) * v.length_squared() + v.cross(across) * u.length_squared()) / (2.0 * square);
    (to_centre.length() < 0.08).then_some(a + to_centre)
}

fn mean(points: impl Iterator<Item = Vec3>) -> Option<Vec3> {
    let (sum, count) = points.fold((Vec3::ZERO, 0.0_f32), |(sum, n), p| (sum + p, n + 1.0));
    (count > 0.0).then(|| sum / count)
}

/// Direction of an axis in hand space.
fn direction(axis: ObjectAxis) -> Vec3 {
    match axis {
        ObjectAxis::Across => Vec3::X,
        ObjectAxis::Along => Vec3::Y,
        ObjectAxis::Normal => Vec3::Z,
        ObjectAxis::Oblique => Vec3::new(std::f32::consts::FRAC_1_SQRT_2, std::f32::consts::FRAC_1_SQRT_2, 0.0),
    }
}
