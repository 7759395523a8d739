//! Things in front of the hands: blobs, plates, bars and leaves between them and the camera.

use std::f32::consts::TAU;

use glam::{Quat, Vec2, Vec3};

use super::material::surface;
use crate::camera::Camera;
use crate::math::RigidTransform;
use crate::preset::types::{OccluderKind, Occluders, ThingMaterial};
use crate::rig::LANDMARK_COUNT;
use crate::rig::joint::LANDMARK_PARENT;
use crate::rig::skeleton::axis_angle;
use crate::scene::{Scene, Solid, SolidClass, SolidKind};
use crate::seed::Stream;
use crate::solid::{distance, mesh};

/// Places that are tried for one occluder.
const TRIES: usize = 10;
/// Space between an occluder and joints, flesh included, metres.
const CLEAR_M: f32 = 0.028;
/// The same around the forearm's axis.
const ARM_M: f32 = 0.05;
/// Space between an occluder and other things, metres.
const APART_M: f32 = 0.004;
/// Space between an occluder and the camera, metres.
const CAMERA_M: f32 = 0.08;
/// Steps along a line of sight.
const STEPS: usize = 24;

/// The occluders of a scene whose hands have these keypoints (world, metres, 21 a hand).
pub(super) fn occluders(
    preset: &Occluders,
    scene: &Scene,
    (keypoints_m, elbows_m): (&[Vec3], &[Vec3]),
    stream: &mut Stream,
) -> Vec<Solid> {
    let camera = &scene.camera;
    if !stream.chance(preset.share) || keypoints_m.is_empty() {
        return Vec::new();
    }
    let count = preset.count.sample(stream).unwrap_or(1);
    let there: Vec<Vec3> = scene.solids.iter().flat_map(surface_points).collect();
    let mut solids = Vec::new();
    for _ in 0..count {
        let kind = preset.kind.sample(stream).unwrap_or(OccluderKind::Blob);
        for _ in 0..TRIES {
            let size_m = preset.size_m.sample(stream);
            let shape = shape(kind, size_m, preset.pattern, stream);
            let near = preset.nearness.sample(stream).clamp(0.0, 1.0);
            let at = place(camera, keypoints_m, near, 0.5 * size_m, stream);
            let placed: Vec<Solid> =
                shape.into_iter().map(|s| Solid { world_from_solid: at * s.world_from_solid, ..s }).collect();
            let apart = there.iter().all(|p| world_distance(&placed, *p) > APART_M);
            if apart
                && is_clear(&placed, camera, (keypoints_m, elbows_m))
                && may_hide(preset, &solids, &placed, camera, keypoints_m)
            {
                solids.extend(placed);
                break;
            }
        }
    }
    solids
}

/// A place between a keypoint and the camera, turned anyhow.
fn place(camera: &Camera, keypoints_m: &[Vec3], near: f32, half_m: f32, stream: &mut Stream) -> RigidTransform {
    let eye = camera.camera_from_world.inverse().translation_m;
    let target = keypoints_m[stream.index(keypoints_m.len())];
    let at = target.lerp(eye, near);
    let sight = (eye - target).normalize_or(Vec3::Z);
    let (aside, turn) = (half_m * stream.unit(), stream.uniform(0.0, TAU));
    let right = sight.any_orthonormal_vector();
    let offset = (right * libm::cosf(turn) + sight.cross(right) * libm::sinf(turn)) * aside;
    let rotation = axis_angle(stream.direction(), stream.uniform(0.0, TAU));
    RigidTransform::new(rotation.normalize(), at + offset)
}

/// Whether solids keep off all joints and the camera.
fn is_clear(solids: &[Solid], camera: &Camera, (keypoints_m, elbows_m): (&[Vec3], &[Vec3])) -> bool {
    let eye = camera.camera_from_world.inverse().translation_m;
    let is_far = |a: Vec3, b: Vec3, steps: usize, far_m: f32| {
        (0..=steps).all(|k| world_distance(solids, a.lerp(b, k as f32 / steps as f32)) > far_m)
    };
    world_distance(solids, eye) > CAMERA_M
        && keypoints_m.chunks_exact(LANDMARK_COUNT).zip(elbows_m).all(|(hand, elbow)| {
            let mut bones = LANDMARK_PARENT.iter().zip(hand).skip(1);
            bones.all(|(parent, end)| is_far(hand[*parent], *end, 3, CLEAR_M)) && is_far(hand[0], *elbow, 8, ARM_M)
        })
}

/// Distance of a world point from the nearest of some solids; meshes are not asked.
fn world_distance(solids: &[Solid], p: Vec3) -> f32 {
    let each = solids.iter().map(|s| distance(&s.kind, s.world_from_solid.inverse().point(p)));
    each.fold(f32::INFINITY, f32::min)
}

/// Points of the surface of a solid, world, metres.
fn surface_points(solid: &Solid) -> Vec<Vec3> {
    let points = mesh(&solid.kind).positions_m;
    points.into_iter().step_by(3).map(|p| solid.world_from_solid.point(p)).collect()
}

/// Whether enough keypoints of the picture stay in sight with new occluders.
fn may_hide(preset: &Occluders, old: &[Solid], new: &[Solid], camera: &Camera, keypoints_m: &[Vec3]) -> bool {
    let eye = camera.camera_from_world.inverse().translation_m;
    let behind = |solids: &[Solid], p: Vec3| is_hidden(|at| world_distance(solids, at), eye, p);
    let hidden = keypoints_m.iter().filter(|p| behind(old, **p) || behind(new, **p)).count();
    let by_new = keypoints_m.iter().filter(|p| behind(new, **p)).count();
    by_new > 0 && hidden as f32 <= preset.max_hidden * keypoints_m.len() as f32
}

/// Whether something of which the distance is known stands between two points (sphere tracing).
pub(super) fn is_hidden(distance: impl Fn(Vec3) -> f32, eye: Vec3, p: Vec3) -> bool {
    let (to, length) = ((p - eye).normalize_or_zero(), p.distance(eye));
    let mut gone = 0.0;
    for _ in 0..STEPS {
        let gap = distance(eye + to * gone);
        if gap < 5e-4 {
            return true;
        }
        gone += gap;
        if gone > length {
            break;
        }
    }
    false
}

/// Pieces of an occluder around the origin.
fn shape(occluder: OccluderKind, size_m: f32, pattern: f32, stream: &mut Stream) -> Vec<Solid> {
    let half = 0.5 * size_m;
    let mut pieces: Vec<(RigidTransform, SolidKind)> = Vec::new();
    let any = [
        ThingMaterial::Plastic,
        ThingMaterial::Wood,
        ThingMaterial::Cardboard,
        ThingMaterial::Rubber,
        ThingMaterial::Ceramic,
    ];
    let mut material = any[stream.index(any.len())];
    match occluder {
        OccluderKind::Blob => {
            // overlapping ellipsoids
            for _ in 0..3 + stream.index(4) {
                let semi_axes_m = std::array::from_fn(|_| half * stream.uniform(0.35, 0.75));
                let at = stream.direction() * (half * stream.uniform(0.0, 0.45));
                let turn = axis_angle(stream.direction(), stream.uniform(0.0, TAU));
                pieces.push((RigidTransform::new(turn, at), SolidKind::Ellipsoid { semi_axes_m }));
            }
        }
        OccluderKind::Plate => {
            let size = [size_m * stream.uniform(0.4, 1.0), size_m, stream.uniform(0.002, 0.02)];
            pieces.push((RigidTransform::IDENTITY, SolidKind::Box { size_m: size, rounding_m: 8e-4 }));
        }
        OccluderKind::Bar => {
            let (radius_m, length_m) = (half * stream.uniform(0.05, 0.16), 2.0 * size_m);
            pieces.push((
                RigidTransform::IDENTITY,
                SolidKind::Cylinder { radius_m, length_m, rounding_m: 0.3 * radius_m },
            ));
        }
        OccluderKind::Leaves => {
            material = ThingMaterial::Leaf;
            let path: Vec<Vec2> =
                (0..6).map(|k| Vec2::new(0.04 * half * stream.normal(), half * (0.4 * k as f32 - 1.0))).collect();
            let path_m = path.iter().map(|p| [p.x, p.y, 0.0]).collect();
            pieces.push((RigidTransform::IDENTITY, SolidKind::Tube { path_m, radius_m: 0.0015 }));
            for (k, p) in path.iter().enumerate().skip(1) {
                let length = half * stream.uniform(0.3, 0.6);
                let out = axis_angle(Vec3::Y, TAU * 0.38 * k as f32) * axis_angle(Vec3::X, stream.uniform(0.6, 1.3));
                let turn: Quat = (out * axis_angle(Vec3::Y, stream.uniform(-0.6, 0.6))).normalize();
                let at = Vec3::new(p.x, p.y, 0.0) + turn * Vec3::Y * (0.95 * length);
                let semi_axes_m = [length * stream.uniform(0.3, 0.5), length, 0.0008];
                pieces.push((RigidTransform::new(turn, at), SolidKind::Ellipsoid { semi_axes_m }));
            }
        }
    }
    let material = surface(material, pattern, stream);
    let solid = |(k, (at, kind)): (usize, (RigidTransform, SolidKind))| Solid {
        name: name(occluder).to_owned(),
        class: SolidClass::Object,
        joined: k > 0,
        kind,
        world_from_solid: at,
        material,
    };
    pieces.into_iter().enumerate().map(solid).collect()
}

fn name(kind: OccluderKind) -> &'static str {
    match kind {
        OccluderKind::Blob => "blob",
        OccluderKind::Plate => "plate",
        OccluderKind::Bar => "bar",
        OccluderKind::Leaves => "leaves",
    }
}
