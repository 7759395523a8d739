//! Where arms come from: a body behind the hands where one can stand there, otherwise upper arms that leave the picture.
//!
//! A body is turned and tilted until both shoulders are an upper arm away from the elbows, the arms bend as arms do, the
//! hands are in front of it and the camera sees them past it; the more it has to tilt, the later it is tried.

use std::f32::consts::TAU;

use glam::{Mat3, Quat, Vec3};

use super::figure::{self, Figure};
use crate::camera::Camera;
use crate::math::{RigidTransform, mirror_x};
use crate::rig::skeleton::{axis_angle, landmarks};
use crate::rig::{HandSide, Joint, LANDMARK_COUNT, Rig};
use crate::scene::{Arm, SceneHand, Solid};
use crate::seed::Stream;

/// Length of an upper arm over that of the forearm's bone: shoulder to elbow against elbow to wrist, ANSUR II.
const UPPER_ARM: f32 = 1.19;
/// Bodies and directions of a lone upper arm that are tried.
const BODIES: usize = 500;
const DIRECTIONS: usize = 90;
/// Lengths of a lone upper arm that are tried to leave the picture, and the share by which they grow.
const STRETCHES: usize = 21;
const STRETCH: f32 = 0.2;
/// Cosine of the sharpest bend of an elbow (125 degrees from straight).
const SHARPEST: f32 = -0.57;
/// Tilt of the body from upright: at first and added until the last try, radians (deviation).
const TILT_RAD: [f32; 2] = [0.15, 0.9];
/// Nothing of a person is nearer to the camera, metres.
const NEAREST_M: f32 = 0.14;
/// Hands and forearms stay this far from trunk and head, metres.
const FREE_M: f32 = 0.015;
/// Radii of an upper arm and of a forearm as obstacles, metres.
const ARM_M: [f32; 2] = [0.055, 0.04];
/// Shares of the hands' keypoints that may be hidden by what is added.
const HIDDEN: f32 = 0.1;

/// A hand with its forearm in the world.
struct Reach {
    side: HandSide,
    wrist: Vec3,
    elbow: Vec3,
    keypoints: [Vec3; LANDMARK_COUNT],
}

impl Reach {
    fn new(rig: &Rig, hand: &SceneHand) -> Self {
        let frames = rig.shaped_skeleton(&hand.shape).hand_from_joint(&hand.pose);
        let mirror = |p| if hand.side == HandSide::Left { mirror_x(p) } else { p };
        let placed = |p| hand.world_from_wrist.point(mirror(p));
        Self {
            side: hand.side,
            wrist: placed(frames[Joint::Wrist.index()].translation_m),
            elbow: placed(frames[Joint::Forearm.index()].translation_m),
            keypoints: landmarks(&frames).map(placed),
        }
    }

    fn upper_arm_m(&self) -> f32 {
        UPPER_ARM * self.elbow.distance(self.wrist)
    }
}

/// Arms that hang on a body behind the hands; the body's solids, or `None` if it fits nowhere.
pub fn stand_behind(
    hands: &mut [SceneHand],
    rig: &Rig,
    camera: &Camera,
    figure: &Figure,
    stream: &mut Stream,
) -> Option<Vec<Solid>> {
    let reaches: Vec<Reach> = hands.iter().map(|hand| Reach::new(rig, hand)).collect();
    let eye = camera.camera_from_world.inverse().translation_m;
    let (place, shoulders) = stand(figure, &reaches, eye, stream)?;
    for (hand, shoulder_m) in hands.iter_mut().zip(shoulders) {
        hand.arm = Some(Arm { shoulder_m });
    }
    let seen: Vec<HandSide> = reaches.iter().map(|r| r.side).collect();
    Some(figure.solids(&place, &seen))
}

/// Upper arms without a body, which leave the picture.
pub fn lone_arms(hands: &mut [SceneHand], rig: &Rig, camera: &Camera, stream: &mut Stream) {
    let reaches: Vec<Reach> = hands.iter().map(|hand| Reach::new(rig, hand)).collect();
    for (hand, reach) in hands.iter_mut().zip(&reaches) {
        hand.arm = Some(Arm { shoulder_m: lone_shoulder(reach, &reaches, camera, stream) });
    }
}

/// A place for the body, and where the hands' shoulders are.
fn stand(figure: &Figure, reaches: &[Reach], eye: Vec3, stream: &mut Stream) -> Option<(RigidTransform, Vec<Vec3>)> {
    for attempt in 0..BODIES {
        let spread = TILT_RAD[0] + TILT_RAD[1] * attempt as f32 / BODIES as f32;
        let yaw = axis_angle(Vec3::Y, stream.uniform(0.0, TAU));
        let aside = axis_angle(Vec3::Y, stream.uniform(0.0, TAU)) * Vec3::X;
        let rotation = (axis_angle(aside, spread * stream.normal()) * yaw).normalize();
        let direction = stream.direction();
        let Some(place) = hung(figure, reaches, rotation, direction) else { continue };
        let shoulders: Vec<Vec3> = reaches.iter().map(|r| place.point(figure.shoulder(r.side))).collect();
        let natural = reaches.iter().zip(&shoulders).all(|(r, s)| bends_naturally(r, *s, &place));
        if natural && is_free(figure, &place, reaches, &shoulders, eye) {
            return Some((place, shoulders));
        }
    }
    None
}

/// The body of a given rotation whose shoulders are an upper arm away from the elbows, in a direction.
fn hung(figure: &Figure, reaches: &[Reach], rotation: Quat, direction: Vec3) -> Option<RigidTransform> {
    // where the body's origin would be if the shoulder stood on the elbow
    let from = |r: &Reach| r.elbow - rotation * figure.shoulder(r.side);
    let origin = match reaches {
        [one] => {
            // upper arms hang more often than they are raised
            let up = (direction + rotation * Vec3::new(0.0, 0.7, -0.35)).normalize_or(Vec3::Y);
            from(one) + up * one.upper_arm_m()
        }
        [one, two] => {
            let (a, b) = (from(one), from(two));
            let (middle, half) = ((a + b) * 0.5, 0.5 * a.distance(b));
            let length = 0.5 * (one.upper_arm_m() + two.upper_arm_m());
            let out = (length * length - half * half).max(0.0).sqrt();
            if half > 1.03 * length {
                return None;
            }
            let axis = (b - a).normalize_or(Vec3::X);
            middle + (direction - axis * direction.dot(axis)).normalize_or(axis.any_orthonormal_vector()) * out
        }
        _ => return None,
    };
    Some(RigidTransform::new(rotation, origin))
}

/// Whether a shoulder moves and an elbow bends like that.
fn bends_naturally(reach: &Reach, shoulder: Vec3, place: &RigidTransform) -> bool {
    let into = |v: Vec3| place.rotation.conjugate() * v;
    let upper = into(reach.elbow - shoulder).normalize_or_zero();
    let fore = into(reach.wrist - reach.elbow).normalize_or_zero();
    let outward = if reach.side == HandSide::Left { upper.x } else { -upper.x };
    let bend = fore - upper * upper.dot(fore);
    let raised = upper.y > 0.75;
    // arms cross the chest a little, reach back a little, and forearms fold forward
    upper.dot(fore) > SHARPEST && outward > -0.45 && upper.z > -0.4 && !raised && bend.z > -0.15
}

/// Whether nothing hides or touches the hands and the camera stands clear.
fn is_free(figure: &Figure, place: &RigidTransform, reaches: &[Reach], shoulders: &[Vec3], eye: Vec3) -> bool {
    let seen: Vec<HandSide> = reaches.iter().map(|r| r.side).collect();
    let body: Vec<figure::Capsule> = figure.capsules(place, &seen);
    let arms = reaches.iter().zip(shoulders).map(|(r, s)| figure::Capsule([*s, r.elbow], ARM_M[0]));
    let all: Vec<figure::Capsule> = body.iter().copied().chain(arms).collect();
    if all.iter().any(|c| c.distance(eye) < NEAREST_M) {
        return false;
    }
    let clear = |r: &Reach| {
        let fore = (0..6).map(|k| r.elbow.lerp(r.wrist, k as f32 / 5.0));
        let free = |c: &figure::Capsule| {
            r.keypoints.iter().all(|p| c.distance(*p) > FREE_M) && fore.clone().all(|p| c.distance(p) > ARM_M[1])
        };
        body.iter().all(free) && hidden(r, &all, eye) <= HIDDEN
    };
    reaches.iter().all(clear)
}

/// Share of a hand's keypoints that capsules hide from the camera.
fn hidden(reach: &Reach, capsules: &[figure::Capsule], eye: Vec3) -> f32 {
    let behind = reach.keypoints.iter().filter(|p| capsules.iter().any(|c| c.crosses(eye, **p)));
    behind.count() as f32 / LANDMARK_COUNT as f32
}

/// The shoulder of an arm without a body: outside the picture, past the hands and clear of the camera; the best of some.
fn lone_shoulder(reach: &Reach, all: &[Reach], camera: &Camera, stream: &mut Stream) -> Vec3 {
    let eye = camera.camera_from_world.inverse().translation_m;
    let fore = (reach.wrist - reach.elbow).normalize_or(Vec3::Y);
    let length = reach.upper_arm_m();
    let mut best = (f32::MAX, reach.elbow - fore * length);
    for _ in 0..DIRECTIONS {
        let upper = stream.direction();
        if upper.dot(fore) > -SHARPEST {
            continue;
        }
        let shoulder = reach.elbow + upper * length;
        let arm = figure::Capsule([shoulder, reach.elbow], ARM_M[0]);
        let blocked = all.iter().map(|r| hidden(r, &[arm], eye)).fold(0.0, f32::max);
        let touched = all.iter().any(|r| r.keypoints.iter().any(|p| arm.distance(*p) < FREE_M));
        let near = (NEAREST_M - arm.distance(eye)).max(0.0);
        // a hanging upper arm is likelier than a raised one
        let raised = 0.2 * (0.5 - 0.5 * upper.y);
        let shown = if shows(camera, shoulder) { 2.0 } else { 0.0 };
        let cost = shown + 8.0 * blocked + 50.0 * near + f32::from(u8::from(touched)) * 4.0 + raised;
        if cost < best.0 {
            best = (cost, shoulder);
        }
    }
    // rather too long an arm than one that ends in the picture
    let longer = (0..STRETCHES).map(|k| reach.elbow + (best.1 - reach.elbow) * (1.0 + STRETCH * k as f32));
    longer.clone().find(|shoulder| !shows(camera, *shoulder)).unwrap_or(best.1)
}

/// Whether a point with an arm's flesh around it is in the picture.
fn shows(camera: &Camera, p: Vec3) -> bool {
    let at = camera.camera_from_world.point(p);
    let Some(pixel) = camera.project(at) else { return false };
    let flesh = camera.intrinsics.fx * 0.08 / at.z;
    let inside = |x: f32, size: u32| x > -flesh && x < size as f32 + flesh;
    inside(pixel.x, camera.intrinsics.width) && inside(pixel.y, camera.intrinsics.height)
}

/// Axes with +Y along a limb.
pub(super) fn along(from: Vec3, to: Vec3) -> RigidTransform {
    let y = (to - from).normalize_or(Vec3::Y);
    let z = y.any_orthonormal_vector();
    RigidTransform::new(Quat::from_mat3(&Mat3::from_cols(y.cross(z), y, z)), from)
}
