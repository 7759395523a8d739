//! The angles of an animated character's hands.
//!
//! The character's own joints in its rest pose tell where our joint frames would be in it, as when a foreign rig is read.
//! In each moment these frames are turned as its bones are; the angles are those that come nearest to it.

use glam::{Mat3, Mat4, Quat, Vec3};

use super::animation::Animation;
use super::mapping::MotionMapping;
use crate::import::foreign::bones::Bones;
use crate::import::foreign::nodes::Nodes;
use crate::import::foreign::source::{Source, SourceJoint};
use crate::import::glb::Glb;
use crate::import::mapping::RigMapping;
use crate::import::{Fault, ImportError};
use crate::math::RigidTransform;
use crate::rig::joint::DIGITS;
use crate::rig::skeleton::axis_angle;
use crate::rig::{
    DOF_COUNT, DOFS, HandMotion, HandPose, HandSide, JOINT_COUNT, JOINTS, Joint, MotionKey, MotionTrack, Skeleton,
};

/// Moments in a second.
const RATE_HZ: f32 = 60.0;
/// Longest animation that is read, seconds.
const LONGEST_S: f32 = 600.0;
/// Length of a last bone without a tip, as a share of the bone before it.
const LAST_BONE: f32 = 0.85;
/// Steps of the search for angles; it converges quadratically.
const STEPS: usize = 10;
/// How much a twist that a joint cannot make counts against bends that it can.
const TWIST_WEIGHT: f32 = 0.1;

/// Reads the first animation of a binary glTF file; `name` becomes the motion's. Both hands are read if both are there.
pub fn motion_from_glb(name: &str, glb: &[u8], mapping: &MotionMapping) -> Result<HandMotion, ImportError> {
    let glb = Glb::open(glb)?;
    let names: Vec<&str> = glb.document.nodes().map(|node| node.name().unwrap_or_default()).collect();
    let nodes = Nodes::new(&glb.document)?;
    let animation = Animation::read(&glb, &nodes)?;
    let length_s = animation.span_s[1] - animation.span_s[0];
    if length_s > LONGEST_S {
        let problem = format!("it lasts {length_s} s, at most {LONGEST_S} are read");
        return Err(Fault::new("animations[0]", problem, "cut the animation").into());
    }
    let root = mapping.root_node(&names).and_then(|root| names.iter().position(|name| *name == root));
    let mut tracks = Vec::new();
    for side in [HandSide::Left, HandSide::Right] {
        let Some(mapping) = mapping.of_side(side, &names) else { continue };
        mapping.check_nodes(&names)?;
        tracks.push(Character::new(&glb, &nodes, &names, &mapping)?.track(&animation, root));
    }
    if tracks.is_empty() {
        return Err(mapping.no_hand(&names).into());
    }
    Ok(HandMotion { name: name.to_owned(), tracks })
}

/// One hand of a character, seen as a right hand.
struct Character {
    side: HandSide,
    unit_m: f32,
    /// Node of each joint of ours.
    nodes: [Option<usize>; JOINT_COUNT],
    /// Rotation of each mapped node at rest, in the world.
    rest: [Quat; JOINT_COUNT],
    /// Rotation of our joint frames at rest, in the world.
    frames: [Quat; JOINT_COUNT],
    skeleton: Skeleton,
}

impl Character {
    fn new(glb: &Glb, nodes: &Nodes, names: &[&str], mapping: &RigMapping) -> Result<Self, ImportError> {
        let mut character = Self {
            side: mapping.side,
            unit_m: mapping.unit_m,
            nodes: [None; JOINT_COUNT],
            rest: [Quat::IDENTITY; JOINT_COUNT],
            frames: [Quat::IDENTITY; JOINT_COUNT],
            skeleton: Skeleton {
                offset_m: [Vec3::ZERO; JOINT_COUNT],
                neutral: [Quat::IDENTITY; JOINT_COUNT],
                axis: [Vec3::X; DOF_COUNT],
                bind_pose: HandPose::default(),
            },
        };
        for (node, name) in names.iter().enumerate() {
            if let Some(joint) = mapping.joint(name) {
                character.nodes[joint.index()] = Some(node);
            }
        }
        let bind = bind_frames(glb, nodes, character.nodes[Joint::Wrist.index()].unwrap_or_default())?;
        let mut source = Source::default();
        for joint in JOINTS {
            let Some(node) = character.nodes[joint.index()] else { continue };
            let frame = character.seen(bind[node].unwrap_or(nodes.world[node]));
            character.rest[joint.index()] = frame.rotation;
            let axis = mapping.flexion_axis.map(|axis| frame.rotation * axis.unit());
            source.joints[joint.index()] = Some(SourceJoint { centre_m: frame.translation_m, flexion_axis: axis });
        }
        for digit in DIGITS {
            let [_, middle, last, tip] = digit.chain();
            let at = |joint: Joint| source.joints[joint.index()].map(|j| j.centre_m).unwrap_or_default();
            let end = source.joints[tip.index()].map_or(at(last) + (at(last) - at(middle)) * LAST_BONE, |j| j.centre_m);
            // a point of flesh at the end of each digit: the rest of the character is not needed
            source.positions_m.push(end);
            let mut shares = [0.0; JOINT_COUNT];
            shares[last.index()] = 1.0;
            source.shares.push(shares);
        }
        let bones = Bones::new(&source)?;
        let world_from_hand = bones.hand_from_world.inverse().rotation;
        character.frames = bones.frames.map(|frame| world_from_hand * frame.rotation);
        character.skeleton = bones.skeleton();
        Ok(character)
    }

    /// A node's frame in metres, seen in the mirror if it is of a left hand.
    fn seen(&self, world: Mat4) -> RigidTransform {
        let columns = [world.x_axis, world.y_axis, world.z_axis].map(|axis| axis.truncate().normalize_or(Vec3::X));
        let rotation = Quat::from_mat3(&Mat3::from_cols(columns[0], columns[1], columns[2])).normalize();
        let frame = RigidTransform::new(rotation, world.w_axis.truncate() * self.unit_m);
        if self.side == HandSide::Left { frame.mirrored_x() } else { frame }
    }

    fn track(&self, animation: &Animation, root: Option<usize>) -> MotionTrack {
        let [first, last] = animation.span_s;
        let count = (libm::ceilf((last - first) * RATE_HZ) as usize).max(1);
        let mut pose = self.skeleton.bind_pose;
        let mut keys = Vec::with_capacity(count + 1);
        for k in 0..=count {
            let time_s = (first + k as f32 / RATE_HZ).min(last);
            let turned = self.turned(animation, time_s);
            pose = self.pose(&turned, &pose);
            keys.push(MotionKey {
                time_s: k as f32 / RATE_HZ,
                pose,
                wrist: self.wrist(animation, &turned, root, time_s),
            });
        }
        MotionTrack { side: Some(self.side), keys }
    }

    /// Rotation of each of our joint frames in the world; joints that the character lacks go with their parents.
    fn turned(&self, animation: &Animation, time_s: f32) -> [Quat; JOINT_COUNT] {
        let mut moved = [Quat::IDENTITY; JOINT_COUNT];
        for joint in JOINTS {
            let k = joint.index();
            moved[k] = match (self.nodes[k], joint.parent()) {
                (Some(node), _) => self.seen(animation.world(node, time_s)).rotation * self.rest[k].conjugate(),
                (None, Some(parent)) => moved[parent.index()],
                (None, None) => Quat::IDENTITY,
            };
        }
        if self.nodes[0].is_none() {
            moved[0] = moved[Joint::Wrist.index()];
        }
        std::array::from_fn(|k| (moved[k] * self.frames[k]).normalize())
    }

    /// The angles nearest to a moment's frames, searched from those of the moment before.
    fn pose(&self, turned: &[Quat; JOINT_COUNT], from: &HandPose) -> HandPose {
        let mut pose = *from;
        for joint in JOINTS {
            let dofs: Vec<usize> = (0..DOF_COUNT).filter(|k| DOFS[*k].joint() == joint).collect();
            let Some(parent) = joint.parent().filter(|_| !dofs.is_empty()) else { continue };
            let local = turned[parent.index()].conjugate() * turned[joint.index()];
            let target = self.skeleton.neutral[joint.index()].conjugate() * local;
            let axes: Vec<Vec3> = dofs.iter().map(|k| self.skeleton.axis[*k]).collect();
            let mut angles: Vec<f32> = dofs.iter().map(|k| pose.0[*k]).collect();
            solve(target, &axes, &mut angles);
            for (k, angle) in dofs.iter().zip(angles) {
                pose.0[*k] = angle;
            }
        }
        pose
    }

    /// Hand space to the root's space, or the world's.
    fn wrist(
        &self,
        animation: &Animation,
        turned: &[Quat; JOINT_COUNT],
        root: Option<usize>,
        time_s: f32,
    ) -> Option<RigidTransform> {
        let node = self.nodes[Joint::Wrist.index()]?;
        let centre_m = self.seen(animation.world(node, time_s)).translation_m;
        let world_from_hand = RigidTransform::new(turned[Joint::Wrist.index()], centre_m);
        let root = root.map_or(RigidTransform::IDENTITY, |node| self.seen(animation.world(node, time_s)));
        let seen = root.inverse() * world_from_hand;
        Some(if self.side == HandSide::Left { seen.mirrored_x() } else { seen })
    }
}

/// Frames in the bind pose, in the world as it is with the wrist at rest; `None` for nodes of no skin.
fn bind_frames(glb: &Glb, nodes: &Nodes, wrist: usize) -> Result<Vec<Option<Mat4>>, ImportError> {
    let mut bind = vec![None; glb.document.nodes().len()];
    for skin in glb.document.skins() {
        let joints: Vec<usize> = skin.joints().map(|j| j.index()).collect();
        let (Some(accessor), Some(anchor)) =
            (skin.inverse_bind_matrices(), joints.iter().position(|node| *node == wrist))
        else {
            continue;
        };
        let matrices: Vec<Mat4> = glb.floats(&accessor)?.iter().map(Mat4::from_cols_array).collect();
        let Some(anchor) = matrices.get(anchor) else { continue };
        let world_from_mesh = nodes.world[wrist] * *anchor;
        for (node, matrix) in joints.into_iter().zip(&matrices) {
            let frame = world_from_mesh * matrix.inverse();
            if frame.is_finite() {
                bind[node].get_or_insert(frame);
            }
        }
    }
    Ok(bind)
}

/// Angles about axes, applied one after the other, whose rotation comes nearest to a target (Gauss and Newton).
fn solve(target: Quat, axes: &[Vec3], angles: &mut [f32]) {
    let weight = if axes.len() > 2 { Vec3::ONE } else { Vec3::new(1.0, TWIST_WEIGHT, 1.0) };
    for _ in 0..STEPS {
        let mut turned = Quat::IDENTITY;
        // axes as the last frame sees them
        let mut seen = [Vec3::ZERO; 3];
        for (k, (axis, angle)) in axes.iter().zip(angles.iter()).enumerate().rev() {
            if let Some(slot) = seen.get_mut(k) {
                *slot = turned.conjugate() * *axis;
            }
            turned = axis_angle(*axis, *angle) * turned;
        }
        let missing = rotation_vector(turned.conjugate() * target) * weight;
        let seen = seen.map(|axis| axis * weight);
        // normal equations; axes that are not there leave the identity
        let entry = |i: usize, k: usize| {
            let own = if i == k { if i < axes.len() { 1e-6 } else { 1.0 } } else { 0.0 };
            seen[i].dot(seen[k]) + own
        };
        let column = |k: usize| Vec3::new(entry(0, k), entry(1, k), entry(2, k));
        let normal = Mat3::from_cols(column(0), column(1), column(2));
        let step = normal.inverse() * Vec3::new(seen[0].dot(missing), seen[1].dot(missing), seen[2].dot(missing));
        for (angle, turn) in angles.iter_mut().zip(step.to_array()) {
            *angle += turn.clamp(-1.0, 1.0);
        }
    }
}

fn rotation_vector(turn: Quat) -> Vec3 {
    let turn = if turn.w < 0.0 { -turn } else { turn };
    let sine = turn.xyz().length();
    if sine < 1e-8 { turn.xyz() * 2.0 } else { turn.xyz() * (2.0 * libm::atan2f(sine, turn.w) / sine) }
}
