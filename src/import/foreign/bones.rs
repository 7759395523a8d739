//! Joint centres and frames of a foreign hand in hand space, and the skeleton that follows from them.

use glam::{Mat3, Quat, Vec3};

use super::source::Source;
use crate::import::{Fault, ImportError};
use crate::math::{RigidTransform, axes_along_y};
use crate::rig::joint::{DIGITS, FINGERS};
use crate::rig::skeleton::axis_angle;
use crate::rig::{DOFS, Digit, Dof, HandPose, JOINT_COUNT, JOINTS, Joint, Skeleton};

/// Where a missing metacarpal starts, as a share of the way from the wrist to the knuckle.
const METACARPAL_START: f32 = 0.3;
/// Length of a missing forearm, as a multiple of the hand's length (ANSUR II: radius 268 mm to hand length 193 mm).
const FOREARM_PER_HAND: f32 = 1.39;
/// Bones bent by less than this together do not tell a plane, radians.
const MIN_CURL_RAD: f32 = 0.2;
/// A plane of bending farther than this from the palm's is not believed: cosine.
const MIN_AGREEMENT: f32 = 0.77;
/// Pronation of a thumb at rest, as in the adult rig, radians: no bone shows it.
const THUMB_BIND_PRONATION_RAD: f32 = 0.17;
/// Joints closer than this have no bone between them, metres.
const MIN_BONE_M: f32 = 1e-4;
/// Fingertips and thumb together must not stand farther than this behind the palm, in hand lengths.
const MAX_BACKWARDS: f32 = 0.25;

/// A hand's joints in hand space, in the bind pose.
pub(in crate::import) struct Bones {
    /// `hand_from_world` of the model.
    pub(in crate::import) hand_from_world: RigidTransform,
    /// Hand space, metres; tips lie at the end of the flesh.
    pub(in crate::import) frames: [RigidTransform; JOINT_COUNT],
}

impl Bones {
    /// Find hand space, the joints that the model lacks, the tips, and the frames.
    pub(in crate::import) fn new(source: &Source) -> Result<Self, ImportError> {
        let hand_from_world = hand_space(source)?;
        let mut centres = known_centres(source, &hand_from_world);
        check_bones(&centres)?;
        let centre = |joint: Joint, centres: &[Option<Vec3>; JOINT_COUNT]| centres[joint.index()].unwrap_or_default();
        for digit in DIGITS {
            let [knuckle, middle, last, tip] = digit.chain();
            let start = centre(knuckle, &centres) * METACARPAL_START;
            centres[digit.joints()[0].index()].get_or_insert(start);
            let last_bone = centre(last, &centres) - centre(middle, &centres);
            let known = centres[tip.index()].map_or(last_bone, |t| t - centre(last, &centres));
            let axis = known.try_normalize().unwrap_or(last_bone.normalize_or(Vec3::Y));
            let end = flesh_end(source, &hand_from_world, last, centre(last, &centres), axis)?;
            centres[tip.index()] = Some(end);
        }
        let length = centre(Joint::MiddleFingerTip, &centres).length();
        centres[0].get_or_insert(Vec3::NEG_Y * (FOREARM_PER_HAND * length));
        let centres = centres.map(Option::unwrap_or_default);
        check_side(&centres, length)?;
        let frames = frames(source, &hand_from_world, &centres);
        Ok(Self { hand_from_world, frames })
    }

    /// Wrist to middle fingertip, metres.
    pub(in crate::import) fn hand_length_m(&self) -> f32 {
        self.frames[Joint::MiddleFingerTip.index()].translation_m.length()
    }

    /// The skeleton whose bind pose has these frames.
    pub(in crate::import) fn skeleton(&self) -> Skeleton {
        let mut skeleton = Skeleton {
            offset_m: [Vec3::ZERO; JOINT_COUNT],
            neutral: [Quat::IDENTITY; JOINT_COUNT],
            axis: DOFS.map(axis),
            bind_pose: HandPose::default(),
        };
        for joint in JOINTS {
            let Some(parent) = joint.parent() else { continue };
            let local = self.frames[parent.index()].inverse() * self.frames[joint.index()];
            skeleton.offset_m[joint.index()] = local.translation_m;
            skeleton.neutral[joint.index()] = local.rotation;
        }
        bend_wrist(&mut skeleton);
        bend_thumb(&mut skeleton);
        for finger in FINGERS {
            self.bend_finger(&mut skeleton, finger);
        }
        skeleton
    }

    /// MCP flexion is the angle of the proximal bone above the hand's plane.
    fn bend_finger(&self, skeleton: &mut Skeleton, finger: Digit) {
        let Some([_, flexion, pip, dip]) = Dof::finger(finger) else { return };
        let knuckle = flexion.joint();
        let proximal = Mat3::from_quat(self.frames[knuckle.index()].rotation);
        let angle = libm::atan2f(proximal.y_axis.z, proximal.z_axis.z);
        unbend(skeleton, flexion, angle);
        bend(skeleton, pip);
        bend(skeleton, dip);
    }
}

/// Flexion and deviation are the direction of the hand seen from the forearm.
fn bend_wrist(skeleton: &mut Skeleton) {
    let neutral = &mut skeleton.neutral[Joint::Wrist.index()];
    let hand = *neutral * Vec3::Y;
    let deviation = libm::asinf(hand.x.clamp(-1.0, 1.0));
    let flexion = libm::atan2f(hand.z, hand.y);
    skeleton.bind_pose.set(Dof::WristFlexion, flexion);
    skeleton.bind_pose.set(Dof::WristDeviation, deviation);
    let turned = axis_angle(Vec3::X, flexion) * axis_angle(Vec3::NEG_Z, deviation);
    *neutral = (*neutral * turned.conjugate()).normalize();
}

/// CMC abduction is the angle above the palm's plane; the direction within that plane is the thumb's natural one.
fn bend_thumb(skeleton: &mut Skeleton) {
    let k = Joint::ThumbMetacarpal.index();
    let bind = skeleton.neutral[k];
    let along = bind * Vec3::Y;
    let lift = along.cross(Vec3::Z).normalize_or(Vec3::X);
    let abduction = libm::asinf(along.z.clamp(-1.0, 1.0));
    let unrolled = bind * axis_angle(Vec3::Y, THUMB_BIND_PRONATION_RAD);
    let neutral = (axis_angle(lift, -abduction) * unrolled).normalize();
    skeleton.neutral[k] = neutral;
    skeleton.axis[Dof::ThumbCmcAbduction.index()] = neutral.conjugate() * lift;
    skeleton.axis[Dof::ThumbCmcFlexion.index()] = neutral.conjugate() * Vec3::Z;
    skeleton.bind_pose.set(Dof::ThumbCmcAbduction, abduction);
    skeleton.bind_pose.set(Dof::ThumbCmcPronation, THUMB_BIND_PRONATION_RAD);
    bend(skeleton, Dof::ThumbMcpFlexion);
    bend(skeleton, Dof::ThumbIpFlexion);
}

/// Take the part of a joint's rotation about its flexion axis as the bind angle.
fn bend(skeleton: &mut Skeleton, flexion: Dof) {
    let turn = skeleton.neutral[flexion.joint().index()];
    let half = if turn.w < 0.0 { libm::atan2f(-turn.x, -turn.w) } else { libm::atan2f(turn.x, turn.w) };
    unbend(skeleton, flexion, 2.0 * half);
}

/// Note a bind angle and take it out of the joint's neutral rotation.
fn unbend(skeleton: &mut Skeleton, flexion: Dof, angle: f32) {
    let neutral = &mut skeleton.neutral[flexion.joint().index()];
    *neutral = (*neutral * axis_angle(Vec3::X, -angle)).normalize();
    skeleton.bind_pose.set(flexion, angle);
}

/// Axis in the joint's neutral frame; those of the thumb's base depend on its direction and are set later.
fn axis(dof: Dof) -> Vec3 {
    match dof {
        Dof::ForearmTwist => Vec3::Y,
        Dof::ThumbCmcPronation => Vec3::NEG_Y,
        Dof::WristDeviation
        | Dof::IndexMcpAbduction
        | Dof::MiddleMcpAbduction
        | Dof::RingMcpAbduction
        | Dof::LittleMcpAbduction => Vec3::NEG_Z,
        _ => Vec3::X,
    }
}

/// Origin at the wrist, +Y to the middle knuckle, +X from the little to the index knuckle.
fn hand_space(source: &Source) -> Result<RigidTransform, ImportError> {
    let centre = |joint: Joint| {
        let joint = source.joints[joint.index()];
        joint.map(|j| j.centre_m).unwrap_or_default()
    };
    let wrist = centre(Joint::Wrist);
    let distal = centre(Joint::MiddleFingerPhalanxProximal) - wrist;
    let radial = centre(Joint::IndexFingerPhalanxProximal) - centre(Joint::PinkyFingerPhalanxProximal);
    let axes = axes_along_y(distal, radial.cross(distal)).ok_or_else(|| {
        let problem = "wrist, index, middle and little knuckle do not span a palm";
        Fault::new("joints", problem, "check that the mapping names the right nodes")
    })?;
    let world_from_hand = RigidTransform::new(Quat::from_mat3(&axes), wrist);
    Ok(world_from_hand.inverse())
}

fn known_centres(source: &Source, hand_from_world: &RigidTransform) -> [Option<Vec3>; JOINT_COUNT] {
    source.joints.map(|joint| joint.map(|j| hand_from_world.point(j.centre_m)))
}

/// Every bone between two known joints needs a length; a tip on its joint is no fault, as tips are found anew.
fn check_bones(centres: &[Option<Vec3>; JOINT_COUNT]) -> Result<(), ImportError> {
    let mut faults = Vec::new();
    for joint in JOINTS.into_iter().filter(|j| !j.is_tip()) {
        let parent = joint.parent().and_then(|p| centres[p.index()].map(|c| (p, c)));
        if let (Some((parent, from)), Some(to)) = (parent, centres[joint.index()])
            && (to - from).length() < MIN_BONE_M
        {
            let problem = format!("the bone from `{}` to `{}` has no length", parent.name(), joint.name());
            faults.push(Fault::new("joints", problem, "check that the mapping names the right nodes"));
        }
    }
    ImportError::from_faults(faults)
}

/// Fingers and thumb bend to the palm; if they stand far behind it, it is the back of the other hand.
fn check_side(centres: &[Vec3; JOINT_COUNT], hand_length_m: f32) -> Result<(), Fault> {
    let forward = |digit: Digit| {
        let [knuckle, .., tip] = digit.chain();
        centres[tip.index()].z - centres[knuckle.index()].z
    };
    let sum: f32 = DIGITS.into_iter().map(forward).sum();
    if sum >= -MAX_BACKWARDS * hand_length_m {
        return Ok(());
    }
    let problem = "fingers and thumb stand behind the back of the hand";
    Err(Fault::new("side", problem, "set `side` of the mapping to the other hand"))
}

/// Where the flesh of the last bone ends along its axis, hand space.
fn flesh_end(
    source: &Source,
    hand_from_world: &RigidTransform,
    last: Joint,
    from: Vec3,
    axis: Vec3,
) -> Result<Vec3, Fault> {
    let own = source.shares.iter().map(|shares| shares[last.index()] >= 0.5);
    let own = source.positions_m.iter().zip(own).filter(|(_, own)| *own);
    let reach = own.map(|(p, _)| (hand_from_world.point(*p) - from).dot(axis)).fold(0.0, f32::max);
    if reach > MIN_BONE_M {
        return Ok(from + axis * reach);
    }
    let problem = format!("no flesh beyond `{}` is bound to it", last.name());
    Err(Fault::new("joints", problem, "check that the mapping names the right nodes"))
}

fn frames(
    source: &Source,
    hand_from_world: &RigidTransform,
    centres: &[Vec3; JOINT_COUNT],
) -> [RigidTransform; JOINT_COUNT] {
    let mut frames = centres.map(|c| RigidTransform::new(Quat::IDENTITY, c));
    let forearm = axes_along_y(-centres[0], Vec3::Z).unwrap_or(Mat3::IDENTITY);
    frames[0].rotation = Quat::from_mat3(&forearm);
    for digit in DIGITS {
        let joints = digit.joints();
        let bent = bending_axis(digit, centres);
        for pair in joints.windows(2) {
            let [from, to] = [pair[0], pair[1]];
            let bone = centres[to.index()] - centres[from.index()];
            let palm = palm_axis(digit, bone, centres[from.index()], centres);
            let own = source.joints[from.index()].and_then(|j| j.flexion_axis).map(|a| hand_from_world.direction(a));
            let own = own.map(|a| if a.dot(palm) < 0.0 { -a } else { a });
            let chosen = own.or(bent.filter(|a| a.dot(palm) > MIN_AGREEMENT)).unwrap_or(palm);
            let axes = axes_along_y(bone, chosen.cross(bone)).unwrap_or(Mat3::IDENTITY);
            frames[from.index()].rotation = Quat::from_mat3(&axes).normalize();
            frames[to.index()].rotation = frames[from.index()].rotation;
        }
    }
    frames
}

/// Unit normal of the plane in which a digit is bent, such that bending goes on about it; `None` if it is straight.
fn bending_axis(digit: Digit, centres: &[Vec3; JOINT_COUNT]) -> Option<Vec3> {
    let [a, b, c, d] = digit.chain().map(|j| centres[j.index()]);
    let bones = [b - a, c - b, d - c].map(|bone| bone.normalize_or(Vec3::Y));
    let bend = bones[0].cross(bones[1]) + bones[1].cross(bones[2]);
    if bend.length() < MIN_CURL_RAD { None } else { bend.try_normalize() }
}

/// Unit axis about which a bone bends to the palm: a finger parallel to the palm's, the thumb towards the ring and little
/// fingers.
fn palm_axis(digit: Digit, bone: Vec3, from: Vec3, centres: &[Vec3; JOINT_COUNT]) -> Vec3 {
    let ulnar = [Joint::RingFingerPhalanxProximal, Joint::PinkyFingerPhalanxProximal].map(|j| centres[j.index()]);
    let towards = if digit == Digit::Thumb { (ulnar[0] + ulnar[1]) * 0.5 - from } else { Vec3::Z };
    axes_along_y(bone, towards).map_or(Vec3::X, |axes| axes.x_axis)
}
