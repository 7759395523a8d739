//! Where the hands are: turned about the world, and beside each other as those of one person.
//!
//! The first hand points anywhere, upwards more often than downwards, and turns about its own axis evenly: seen from
//! cameras whose elevation is even around the horizon, all views of a hand are equally likely. A second hand is roughly
//! the first one's mirror image, on the side to which the first one's forearm does not reach. Afterwards the middle of
//! all keypoints is moved to the world's origin.

use std::f32::consts::TAU;

use glam::{Mat3, Quat, Vec3};

use super::pose::Flesh;
use super::pose::cone::RoundCone;
use crate::math::{RigidTransform, axes_along_y, mirror_x};
use crate::rig::skeleton::{axis_angle, landmarks};
use crate::rig::{HandPose, HandSide, JOINT_COUNT, Joint, LANDMARK_COUNT};
use crate::seed::Stream;

/// Density of finger directions over the sphere is 1 + UPWARD cos(angle to +Y).
const UPWARD: f32 = 0.6;
/// Share of second hands that are turned on their own instead of mirrored.
const FREE_SHARE: f32 = 0.25;
/// Turn of a second hand away from the mirror image, radians (deviation).
const MIRROR_SD_RAD: f32 = 0.45;
/// Shift of the second hand along the mirror plane, metres (deviation).
const SHIFT_SD_M: f32 = 0.03;
/// Lean of a hand one side of which points up, radians (deviation).
const UPRIGHT_SD_RAD: f32 = 0.2;
/// Flesh beyond the keypoints, metres.
const FLESH_M: f32 = 0.012;
/// Turns of the second hand that are tried before it is moved away.
const TRIES: usize = 12;
/// Steps by which it is moved away, metres.
const AWAY_M: f32 = 0.02;

/// One hand to be placed.
#[derive(Debug, Clone, Copy)]
pub struct HandToPlace<'a> {
    /// Left or right.
    pub side: HandSide,
    /// The person's hand.
    pub flesh: &'a Flesh,
    /// Its pose.
    pub pose: &'a HandPose,
    /// The side of the hand that points up, if one must: a unit vector in hand space of a right hand.
    pub up: Option<Vec3>,
}

/// A hand in the world.
#[derive(Debug, Clone, PartialEq)]
pub struct PlacedHand {
    /// Hand space to world.
    pub world_from_wrist: RigidTransform,
    /// The 21 landmarks in the world, metres.
    pub landmarks_m: [Vec3; LANDMARK_COUNT],
    /// The forearm's far end in the world, metres.
    pub elbow_m: Vec3,
}

/// A hand in its own, possibly mirrored, space.
struct Body<'a> {
    hand: HandToPlace<'a>,
    frames: [RigidTransform; JOINT_COUNT],
    landmarks_m: [Vec3; LANDMARK_COUNT],
    centre_m: Vec3,
    radius_m: f32,
}

/// Place one or two hands; the gap between the bounding spheres of two is `separation_m`, or the next larger one at which
/// their flesh does not overlap by more than `max_penetration_m`.
pub fn place(hands: &[HandToPlace], separation_m: f32, max_penetration_m: f32, stream: &mut Stream) -> Vec<PlacedHand> {
    let bodies: Vec<Body> = hands.iter().map(Body::new).collect();
    let mut placed = Vec::new();
    if let Some(first) = bodies.first() {
        placed.push(first.placed(first.orientation(stream), Vec3::ZERO));
    }
    if let [first, second] = bodies.as_slice() {
        placed.push(beside(first, &placed[0], second, separation_m, max_penetration_m, stream));
    }
    centre(&mut placed);
    placed
}

/// Place two hands that are together, as if the first were a right one.
pub fn place_together(
    hands: [HandToPlace; 2],
    first_from_second: &RigidTransform,
    stream: &mut Stream,
) -> Vec<PlacedHand> {
    let [first, second] = hands.map(|hand| Body::new(&hand));
    let mirrored = first.hand.side == HandSide::Left;
    let between = if mirrored { first_from_second.mirrored_x() } else { *first_from_second };
    let world_from_first = RigidTransform::from_rotation(first.orientation(stream));
    let world_from_second = world_from_first * between;
    let mut placed = vec![
        first.placed(world_from_first.rotation, world_from_first.translation_m),
        second.placed(world_from_second.rotation.normalize(), world_from_second.translation_m),
    ];
    centre(&mut placed);
    placed
}

/// Rotation that turns a side of the hand up, nearly.
fn upright(up: Vec3, stream: &mut Stream) -> Quat {
    let level = axes_along_y(up, Vec3::Z).map_or(Quat::IDENTITY, |axes| Quat::from_mat3(&axes).conjugate());
    let turn = axis_angle(Vec3::Y, stream.uniform(0.0, TAU));
    (axis_angle(stream.direction(), UPRIGHT_SD_RAD * stream.normal()) * turn * level).normalize()
}

/// Rotation of a hand in the world, as told in the module's docs.
fn orientation(stream: &mut Stream) -> Quat {
    // inverse of the distribution function of the height of the finger direction
    let u = stream.unit();
    let up = ((1.0 - UPWARD * (2.0 - UPWARD - 4.0 * u)).max(0.0).sqrt() - 1.0) / UPWARD;
    let (out, turn) = ((1.0 - up * up).max(0.0).sqrt(), stream.uniform(0.0, TAU));
    let fingers = Vec3::new(out * libm::cosf(turn), up, out * libm::sinf(turn));
    let aside = if fingers.x.abs() < 0.8 { Vec3::X } else { Vec3::Z };
    let axes = axes_along_y(fingers, aside).unwrap_or(Mat3::IDENTITY);
    (Quat::from_mat3(&axes) * axis_angle(Vec3::Y, stream.uniform(0.0, TAU))).normalize()
}

/// The second hand beside the first.
fn beside(
    first: &Body,
    at: &PlacedHand,
    second: &Body,
    separation_m: f32,
    max_penetration_m: f32,
    stream: &mut Stream,
) -> PlacedHand {
    let first_cones = first.cones(at);
    let rotation = at.world_from_wrist.rotation;
    let fits = |hand: &PlacedHand| !overlap(&first_cones, &second.cones(hand), max_penetration_m);
    let mut away = 0.0;
    let mut try_number = 0;
    loop {
        // the mirror plane is upright, and the first hand's forearm comes from its own side of it
        let turn = stream.uniform(0.0, TAU);
        let across = Vec3::new(libm::cosf(turn), 0.0, libm::sinf(turn));
        let across = if (rotation * Vec3::NEG_Y).dot(across) > 0.0 { -across } else { across };
        let turned = if second.hand.up.is_some() || stream.chance(FREE_SHARE) {
            second.orientation(stream)
        } else {
            axis_angle(stream.direction(), MIRROR_SD_RAD * stream.normal()) * mirrored(rotation, across)
        };
        let shift = stream.direction() * (SHIFT_SD_M * stream.normal());
        let apart = first.radius_m + second.radius_m + separation_m + away;
        let centre = at.world_from_wrist.point(first.centre_m) + across * apart + shift - across * shift.dot(across);
        let hand = second.placed(turned, centre - turned * second.centre_m);
        if fits(&hand) {
            return hand;
        }
        try_number += 1;
        if try_number >= TRIES {
            away += AWAY_M;
        }
    }
}

/// Orientation of a hand of the other side that is the mirror image of the first one in a plane with the given normal.
pub(super) fn mirrored(rotation: Quat, normal: Vec3) -> Quat {
    let reflect = |v: Vec3| v - normal * (2.0 * v.dot(normal));
    let image = |axis: Vec3| reflect(rotation * mirror_x(axis));
    Quat::from_mat3(&Mat3::from_cols(image(Vec3::X), image(Vec3::Y), image(Vec3::Z))).normalize()
}

/// Whether flesh overlaps deeper than allowed.
pub(super) fn overlap(a: &[RoundCone], b: &[RoundCone], max_penetration_m: f32) -> bool {
    a.iter().any(|x| {
        let (p, r) = x.bound();
        b.iter().any(|y| {
            let (q, s) = y.bound();
            (p - q).length_squared() < (r + s) * (r + s) && x.gap(y).distance < -max_penetration_m
        })
    })
}

/// Move the middle of all keypoints to the origin.
fn centre(hands: &mut [PlacedHand]) {
    let count = (hands.len() * LANDMARK_COUNT).max(1) as f32;
    let middle = hands.iter().flat_map(|h| h.landmarks_m).sum::<Vec3>() / count;
    for hand in hands {
        hand.world_from_wrist.translation_m -= middle;
        hand.landmarks_m = hand.landmarks_m.map(|p| p - middle);
        hand.elbow_m -= middle;
    }
}

impl<'a> Body<'a> {
    fn new(hand: &HandToPlace<'a>) -> Self {
        let frames = hand.flesh.skeleton.hand_from_joint(hand.pose);
        let mirrored = hand.side == HandSide::Left;
        let landmarks_m = landmarks(&frames).map(|p| if mirrored { mirror_x(p) } else { p });
        let centre_m = landmarks_m.into_iter().sum::<Vec3>() / LANDMARK_COUNT as f32;
        let radius_m = landmarks_m.into_iter().map(|p| (p - centre_m).length()).fold(0.0, f32::max) + FLESH_M;
        Self { hand: *hand, frames, landmarks_m, centre_m, radius_m }
    }

    fn orientation(&self, stream: &mut Stream) -> Quat {
        let mirrored = self.hand.side == HandSide::Left;
        match self.hand.up {
            Some(up) => upright(if mirrored { mirror_x(up) } else { up }, stream),
            None => orientation(stream),
        }
    }

    fn placed(&self, rotation: Quat, translation_m: Vec3) -> PlacedHand {
        let world_from_wrist = RigidTransform::new(rotation, translation_m);
        let elbow = self.frames[Joint::Forearm.index()].translation_m;
        let elbow = if self.hand.side == HandSide::Left { mirror_x(elbow) } else { elbow };
        PlacedHand {
            world_from_wrist,
            landmarks_m: self.landmarks_m.map(|p| world_from_wrist.point(p)),
            elbow_m: world_from_wrist.point(elbow),
        }
    }

    fn cones(&self, at: &PlacedHand) -> Vec<RoundCone> {
        self.hand.flesh.cones_in_world(&self.frames, self.hand.side, &at.world_from_wrist)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::dataset_stream;

    #[test]
    fn fingers_point_up_more_often_than_down() {
        let mut stream = dataset_stream(3, "orientation", 0);
        let draws: Vec<Vec3> = (0..8000).map(|_| orientation(&mut stream) * Vec3::Y).collect();
        let mean = draws.iter().sum::<Vec3>() / draws.len() as f32;
        // the mean of z under (1 + k z) / 2 is k / 3
        assert!(mean.abs_diff_eq(Vec3::new(0.0, UPWARD / 3.0, 0.0), 0.025), "{mean}");
    }

    #[test]
    fn a_mirrored_hand_is_the_mirror_image() {
        let (rotation, normal) = (Quat::from_euler(glam::EulerRot::XYZ, 0.3, -1.0, 2.0), Vec3::new(0.6, 0.0, 0.8));
        let p = Vec3::new(0.02, 0.1, -0.03);
        let seen = rotation * p;
        let image = mirrored(rotation, normal) * mirror_x(p);
        assert!(image.abs_diff_eq(seen - normal * (2.0 * seen.dot(normal)), 1e-6));
    }
}
