//! A small synthetic hand for tests: an eight-sided tube around every bone.

use glam::{Quat, Vec2, Vec3};

use crate::math::RigidTransform;
use crate::rig::part::HandPart;
use crate::rig::skeleton::axis_angle;
use crate::rig::{
    BlendShape, Capsule, Corrective, DOF_COUNT, DOFS, Digit, Dof, HandPose, JOINT_COUNT, JOINTS, Joint, Limit, Ramp,
    Rig, RigMesh, Skeleton, SkinMaps, Surface, VertexDeltas,
};

/// Limits wide enough for any test pose.
pub(super) const LIMITS: [Limit; DOF_COUNT] = [Limit { hard_rad: [-1.6, 2.0], soft_rad: [-0.5, 1.5] }; DOF_COUNT];

/// Radius of every tube, metres.
pub(super) const RADIUS_M: f32 = 0.007;

/// (radial position of the MCP, distal position of the MCP, phalanx lengths), metres.
const FINGERS: [(f32, f32, [f32; 3]); 4] = [
    (0.024, 0.090, [0.042, 0.025, 0.022]),
    (0.0, 0.092, [0.046, 0.029, 0.024]),
    (-0.020, 0.086, [0.043, 0.027, 0.024]),
    (-0.038, 0.076, [0.034, 0.020, 0.022]),
];

/// A right hand with two blend shapes and small skin maps, modelled with slightly bent fingers.
pub(super) fn rig() -> Rig {
    let skeleton = skeleton();
    let mesh = mesh(&skeleton.hand_from_joint(&skeleton.bind_pose));
    let shapes = ["length", "breadth"].into_iter().enumerate().map(|(k, name)| shape(name, k, &mesh)).collect();
    let capsules = JOINTS.into_iter().filter(|j| child(*j).is_some() && *j != Joint::Forearm);
    let capsules = capsules.map(|joint| capsule(joint, &skeleton)).collect();
    let (name, surface, correctives) = ("tubes".into(), Surface::of(&mesh), vec![corrective(&mesh)]);
    Rig { name, mesh, skeleton, shapes, correctives, limits: LIMITS, capsules, skin: Some(maps()), surface }
}

/// The joint at the far end of a joint's bone; the wrist has none of its own.
pub(super) fn child(joint: Joint) -> Option<Joint> {
    if joint == Joint::Wrist { None } else { JOINTS.into_iter().find(|j| j.parent() == Some(joint)) }
}

fn skeleton() -> Skeleton {
    let mut offset_m = [Vec3::ZERO; JOINT_COUNT];
    let mut neutral = [Quat::IDENTITY; JOINT_COUNT];
    offset_m[Joint::Wrist.index()] = Vec3::new(0.0, 0.25, 0.0);
    let thumb = axis_angle(Vec3::Z, -0.8) * axis_angle(Vec3::Y, 1.0);
    (offset_m[2], neutral[2]) = (Vec3::new(0.022, 0.022, 0.010), thumb);
    for (k, length) in [0.044, 0.034, 0.026].into_iter().enumerate() {
        offset_m[3 + k] = Vec3::new(0.0, length, 0.0);
    }
    for (f, (x, y, lengths)) in FINGERS.into_iter().enumerate() {
        let first = 6 + 5 * f;
        let (base, knuckle) = (Vec3::new(x * 0.6, 0.028, 0.0), Vec3::new(x, y, 0.0));
        let ray = knuckle - base;
        offset_m[first] = base;
        neutral[first] = axis_angle(Vec3::Z, -libm::atan2f(ray.x, ray.y));
        offset_m[first + 1] = Vec3::new(0.0, ray.length(), 0.0);
        for (k, length) in lengths.into_iter().enumerate() {
            offset_m[first + 2 + k] = Vec3::new(0.0, length, 0.0);
        }
    }
    Skeleton { offset_m, neutral, axis: axes(), bind_pose: bind_pose() }
}

fn axes() -> [Vec3; DOF_COUNT] {
    DOFS.map(|dof| match dof {
        Dof::ForearmTwist | Dof::ThumbCmcPronation => Vec3::Y,
        Dof::WristDeviation
        | Dof::ThumbCmcAbduction
        | Dof::IndexMcpAbduction
        | Dof::MiddleMcpAbduction
        | Dof::RingMcpAbduction
        | Dof::LittleMcpAbduction => Vec3::NEG_Z,
        _ => Vec3::X,
    })
}

fn bind_pose() -> HandPose {
    let mut pose = HandPose::default();
    for digit in [Digit::Index, Digit::Middle, Digit::Ring, Digit::Little] {
        for (dof, angle) in Dof::finger(digit).unwrap().into_iter().zip([0.0, 0.1, 0.2, 0.15]) {
            pose.set(dof, angle);
        }
    }
    pose.set(Dof::ThumbMcpFlexion, 0.2);
    pose.set(Dof::ThumbIpFlexion, 0.2);
    pose
}

/// Part of the flesh around a joint's bone.
pub(super) fn part(joint: Joint) -> HandPart {
    let Some(digit) = joint.digit() else {
        return if joint == Joint::Forearm { HandPart::Arm } else { HandPart::Palm };
    };
    match digit.chain().iter().position(|j| *j == joint) {
        Some(k) => HandPart::Segment(digit, 2 - k as u8),
        None => HandPart::Palm,
    }
}

fn mesh(frames: &[RigidTransform; JOINT_COUNT]) -> RigMesh {
    let mut mesh = RigMesh::default();
    for joint in JOINTS {
        let Some(child) = child(joint) else { continue };
        let length = frames[child.index()].translation_m.distance(frames[joint.index()].translation_m);
        tube(&mut mesh, joint, &frames[joint.index()], length);
    }
    mesh
}

/// Three rings and two end points; the end points lie on the axis, at the joint and at the far end.
fn tube(mesh: &mut RigMesh, joint: Joint, frame: &RigidTransform, length: f32) {
    let first = mesh.positions_m.len() as u32;
    let mut vertex = |local: Vec3, normal: Vec3| {
        mesh.positions_m.push(frame.point(local));
        mesh.normals.push(frame.direction(normal));
        mesh.uvs.push(Vec2::new(local.y / length, 0.5 + local.x));
        mesh.joints.push([joint.index() as u8, 0, 0, 0]);
        mesh.weights.push([1.0, 0.0, 0.0, 0.0]);
        mesh.palmar.push(0.5 + 0.5 * normal.z);
    };
    for ring in [0.1, 0.5, 0.9] {
        for side in 0..8 {
            let angle = std::f32::consts::FRAC_PI_4 * side as f32;
            let out = Vec3::new(libm::cosf(angle), 0.0, -libm::sinf(angle));
            vertex(out * RADIUS_M + Vec3::Y * (ring * length), out);
        }
    }
    vertex(Vec3::ZERO, Vec3::NEG_Y);
    vertex(Vec3::Y * length, Vec3::Y);
    let mut triangle = |a: u32, b: u32, c: u32| {
        mesh.triangles.push([first + a, first + b, first + c]);
        mesh.triangle_part.push(part(joint).index());
    };
    for side in 0..8 {
        let next = (side + 1) % 8;
        triangle(24, next, side);
        for ring in [0, 8] {
            triangle(ring + side, ring + next, ring + 8 + side);
            triangle(ring + next, ring + 8 + next, ring + 8 + side);
        }
        triangle(16 + side, 16 + next, 25);
    }
}

fn shape(name: &str, which: usize, mesh: &RigMesh) -> BlendShape {
    let direction = [Vec3::Y, Vec3::X][which];
    BlendShape {
        name: name.into(),
        position_deltas_m: deltas(mesh, |p| p * direction * 0.1, 0.0),
        offset_deltas_m: std::array::from_fn(|k| direction * (0.001 * k as f32)),
    }
}

fn deltas(mesh: &RigMesh, at: impl Fn(Vec3) -> Vec3, least_m: f32) -> VertexDeltas {
    VertexDeltas::from_dense(&mesh.positions_m.iter().map(|p| at(*p)).collect::<Vec<_>>(), least_m)
}

/// Swells what lies beyond 10 cm where the index' middle joint bends.
fn corrective(mesh: &RigMesh) -> Corrective {
    let ramp = |dof, from_rad, full_rad, to_rad| Ramp { dof, from_rad, full_rad, to_rad };
    Corrective {
        name: "bent".into(),
        ramps: vec![ramp(Dof::IndexPipFlexion, 0.2, 1.5, None), ramp(Dof::WristFlexion, -0.5, 0.0, Some(0.5))],
        position_deltas_m: deltas(mesh, |p| if p.y > 0.1 { p * 0.01 } else { Vec3::ZERO }, 1e-9),
    }
}

fn capsule(joint: Joint, skeleton: &Skeleton) -> Capsule {
    let end_m = skeleton.offset_m[child(joint).unwrap().index()];
    Capsule { joint, start_m: Vec3::ZERO, end_m, start_radius_m: RADIUS_M, end_radius_m: 0.9 * RADIUS_M }
}

fn maps() -> SkinMaps {
    let texel = |k: u32| k as u8;
    SkinMaps {
        size: 16,
        regions: (0..256).map(|k| [texel(k), texel(k * 7), texel(k * 31), texel(k / 16)]).collect(),
        slopes: (0..256).map(|k| [3, 5, 7, 9, 11, 13, 15, 17].map(|f| texel(k * f))).collect(),
        max_slopes: [0.012_345_678, 0.1, 0.2, 0.3],
        marks: (0..256).map(|k| [texel(k * 5), texel(255 - k), texel(k * 3), texel(k)]).collect(),
    }
}
