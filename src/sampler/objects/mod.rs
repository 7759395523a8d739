//! Things in hands and in front of them.
//!
//! A held thing is drawn with a grasp: its size from what the grasp holds, its place from the grasping pose. The digits then
//! close around it joint by joint, and it is kept only if the skinned mesh touches it without sinking in ([`Hold`]).

mod close;
mod hold;
mod material;
mod occluder;
mod place;
mod skin;
mod thing;
mod things;

use std::sync::Arc;

pub use hold::{CONTACT_M, Contact, Graspable, Hold, Holder, MOST_PENETRATION_M};

use glam::Vec3;

use crate::camera::Camera;
use crate::math::RigidTransform;
use crate::preset::Preset;
use crate::preset::types::{Objects, Occluders, ThingKind};
use crate::rig::{HandPose, HandShape, HandSide, Rig};
use crate::sampler::pose::cone::RoundCone;
use crate::sampler::pose::{Flesh, Grasp, PoseSampler};
use crate::scene::{Scene, Solid, SolidClass, SolidKind, SurfaceMaterial};
use crate::seed::{SampleId, Stream, dataset_stream};
use crate::solid::{Field, mesh};
use material::surface;
use thing::{Form, Piece};

/// Tries to put a thing into a hand; after them the hand stays empty.
const TRIES: usize = 12;
/// Steps along the flesh of another hand.
const ALONG: usize = 6;
/// A camera keeps this far from a held thing, metres.
const CAMERA_M: f32 = 0.08;
/// Largest share of keypoints that a held thing may hide.
const MOST_HIDDEN: f32 = 0.75;

/// A mesh of the user's that may be held.
#[derive(Debug, Clone)]
pub struct MeshFile {
    /// Path as found.
    pub path: String,
    /// Its distances, in the file's unit.
    pub field: Arc<Field>,
    /// Least and greatest corner of the mesh, in the file's unit.
    pub bounds: [Vec3; 2],
}

impl MeshFile {
    /// A mesh that was read from a file.
    pub fn new(path: String, positions: &[Vec3], triangles: &[[u32; 3]]) -> Self {
        let corners = positions.iter().fold([Vec3::INFINITY, Vec3::NEG_INFINITY], |[l, h], p| [l.min(*p), h.max(*p)]);
        Self { path, field: Arc::new(Field::new(positions, triangles)), bounds: corners }
    }
}

/// A thing in a hand.
#[derive(Debug, Clone)]
pub struct Held {
    /// Name of the grasp.
    pub grasp: String,
    /// The pose of the hand around it.
    pub pose: HandPose,
    /// How they touch.
    pub contact: Contact,
    /// Its pieces in the space of the hand that holds it.
    solids: Vec<Solid>,
    pieces: Graspable,
    hand_from_thing: RigidTransform,
}

/// Steps of size that are looked at to find out whether a thing suits a grasp.
const SIZES: usize = 16;

/// Draws things to hold, and things in the way.
#[derive(Debug, Clone)]
pub struct ObjectSampler {
    seed: u64,
    preset: Objects,
    holder: Holder,
    grasps: Vec<Grasp>,
    meshes: Vec<MeshFile>,
}

impl ObjectSampler {
    /// For a preset, a rig and its poses, and the meshes of the preset's folder.
    pub fn new(preset: &Preset, rig: &Arc<Rig>, poses: &PoseSampler) -> Self {
        // `pose.names` restricts what hands do, whether they hold something or not
        let lists = [&preset.objects.grasps, &preset.pose.names];
        let chosen = |g: &&Grasp| lists.iter().all(|names| names.is_empty() || names.contains(&g.shape.name));
        let grasps = poses.library().grasps.iter().filter(chosen).cloned().collect();
        let holder = Holder::new(Arc::clone(rig), poses.repair(), preset.pose.max_penetration_mm * 1e-3);
        Self { seed: preset.seed, preset: preset.objects.clone(), holder, grasps, meshes: Vec::new() }
    }

    /// Whether some wanted thing suits some wanted grasp, or none need to.
    pub(in crate::sampler) fn suits_some(&self) -> bool {
        if self.preset.held <= 0.0 || self.preset.meshes >= 1.0 || self.grasps.is_empty() {
            return true;
        }
        let (first, last) = self.preset.size.range();
        let suits = |grasp: &Grasp, kind: ThingKind| {
            let [low, high] = grasp.object.size_mm.map(|mm| mm * 1e-3);
            (0..=SIZES).any(|k| {
                let share = first + (last - first) * k as f32 / SIZES as f32;
                things::suits(kind, grasp.object.kind, low + (high - low) * share.clamp(0.0, 1.0))
            })
        };
        self.grasps.iter().any(|grasp| self.preset.kind.values.iter().any(|kind| suits(grasp, *kind)))
    }

    /// Use meshes of the user's.
    pub(in crate::sampler) fn set_meshes(&mut self, meshes: Vec<MeshFile>) {
        self.meshes = meshes;
    }

    /// A thing in a hand; `None` if no try succeeds. The wrist stays as in `pose`; grasps follow from the numbers of a
    /// half-open range of actions.
    pub fn held(
        &self,
        actions: [u32; 2],
        side: HandSide,
        (flesh, shape, pose): (&Flesh, &HandShape, &HandPose),
        stream: &mut Stream,
    ) -> Option<Held> {
        if self.grasps.is_empty() {
            return None;
        }
        (0..TRIES).find_map(|_| {
            let grasp = self.grasp(actions, stream);
            let (name, mut solids, pieces) = self.thing(grasp, side, stream)?;
            let hold = self.holder.hold((flesh, shape), (grasp, pose), &pieces, stream)?;
            let in_hand = if side == HandSide::Left { hold.hand_from_thing.mirrored_x() } else { hold.hand_from_thing };
            for solid in &mut solids {
                solid.name.clone_from(&name);
                solid.world_from_solid = in_hand * solid.world_from_solid;
            }
            Some(Held {
                grasp: grasp.shape.name.clone(),
                pose: hold.pose,
                contact: hold.contact,
                solids,
                pieces,
                hand_from_thing: hold.hand_from_thing,
            })
        })
    }

    /// The grasp of one action of a range.
    fn grasp(&self, [first, end]: [u32; 2], stream: &mut Stream) -> &Grasp {
        let action = first + stream.index(end.saturating_sub(first).max(1) as usize) as u32;
        let number = dataset_stream(self.seed, "grasp", u64::from(action)).index(self.grasps.len());
        &self.grasps[number]
    }

    /// A thing that a grasp holds: name, solids in its own space, and what a hand feels of it.
    fn thing(&self, grasp: &Grasp, side: HandSide, stream: &mut Stream) -> Option<(String, Vec<Solid>, Graspable)> {
        let [low, high] = grasp.object.size_mm.map(|mm| mm * 1e-3);
        let size_m = low + (high - low) * self.preset.size.sample(stream).clamp(0.0, 1.0);
        let of_file = stream.chance(self.preset.meshes) && !self.meshes.is_empty();
        let main = surface(self.preset.material.sample(stream)?, self.preset.pattern, stream);
        let second = surface(self.preset.material.sample(stream)?, 0.0, stream);
        if of_file {
            return Some(self.file(side, main, stream));
        }
        let kind = self.kind(grasp, size_m, stream)?;
        let made = things::make(kind, size_m, grasp.object.at, stream);
        let has_tool_head = matches!(kind, ThingKind::Hammer | ThingKind::Screwdriver);
        let solid = |(k, (at, kind)): (usize, &(RigidTransform, SolidKind))| Solid {
            name: String::new(),
            class: SolidClass::Object,
            joined: k > 0,
            kind: kind.clone(),
            world_from_solid: *at,
            material: if k > 0 && has_tool_head { second } else { main },
        };
        let solids: Vec<Solid> = made.pieces.iter().enumerate().map(solid).collect();
        let pieces =
            made.pieces.into_iter().map(|(thing_from_piece, kind)| Piece { thing_from_piece, form: Form::Kind(kind) });
        let pieces = Graspable {
            pieces: pieces.collect(),
            radius_m: radius_m(&solids),
            grip_m: made.grip_m,
            slide_m: made.slide_m,
            round: made.round,
            mirrored: side == HandSide::Left,
        };
        Some((kind.name().to_owned(), solids, pieces))
    }

    /// A mesh of the user's, gripped at its middle.
    fn file(&self, side: HandSide, material: SurfaceMaterial, stream: &mut Stream) -> (String, Vec<Solid>, Graspable) {
        let file = &self.meshes[stream.index(self.meshes.len())];
        let [low, high] = file.bounds;
        let wanted_m = self.preset.mesh_size_m.sample(stream);
        let scale = if wanted_m > 0.0 { wanted_m / (high - low).max_element() } else { 1.0 };
        let name = file.path.rsplit(['/', '\\']).next().unwrap_or_default();
        let solid = Solid {
            name: name.to_owned(),
            class: SolidClass::Object,
            joined: false,
            kind: SolidKind::Mesh {
                path: file.path.clone(),
                scale,
                bounds_m: [low, high].map(|c| (c * scale).to_array()),
            },
            world_from_solid: RigidTransform::IDENTITY,
            material,
        };
        let pieces = Graspable {
            pieces: vec![Piece {
                thing_from_piece: RigidTransform::IDENTITY,
                form: Form::Field(Arc::clone(&file.field), scale),
            }],
            radius_m: file.field.radius * scale,
            grip_m: 0.5 * (low + high) * scale,
            slide_m: 0.15 * (high.y - low.y) * scale,
            round: true,
            mirrored: side == HandSide::Left,
        };
        (name.to_owned(), vec![solid], pieces)
    }

    /// One of the preset's kinds that suits a grasp.
    fn kind(&self, grasp: &Grasp, size_m: f32, stream: &mut Stream) -> Option<ThingKind> {
        let kinds = &self.preset.kind;
        let weight = |(k, kind): (usize, &ThingKind)| {
            let suits = things::suits(*kind, grasp.object.kind, size_m);
            if suits { kinds.weights.get(k).copied().unwrap_or(1.0) } else { 0.0 }
        };
        let weights: Vec<f32> = kinds.values.iter().enumerate().map(weight).collect();
        Some(kinds.values[stream.weighted(&weights)?])
    }

    /// What stands between a scene's hands and its camera, for keypoints (21 a hand) and elbows in the world, metres.
    pub fn occluders(
        &self,
        preset: &Occluders,
        id: SampleId,
        scene: &Scene,
        joints_m: (&[Vec3], &[Vec3]),
    ) -> Vec<Solid> {
        occluder::occluders(preset, scene, joints_m, &mut id.stream("occluders"))
    }
}

impl Held {
    /// Its pieces in the world, for a hand of a number and place.
    pub fn solids(&self, hand: usize, world_from_wrist: &RigidTransform) -> Vec<Solid> {
        let class = SolidClass::Held { hand: hand.min(255) as u8 };
        let placed = |s: &Solid| Solid { class, world_from_solid: *world_from_wrist * s.world_from_solid, ..s.clone() };
        self.solids.iter().map(placed).collect()
    }

    /// Distance (metres) of the thing from a point in the space of the hand that holds it.
    fn distance(&self, p: Vec3) -> f32 {
        let mirrored = self.pieces.mirrored;
        let thing = thing::Thing {
            pieces: &self.pieces.pieces,
            radius_m: self.pieces.radius_m,
            hand_from_thing: self.hand_from_thing,
            mirrored,
        };
        thing.distance(if mirrored { crate::math::mirror_x(p) } else { p })
    }

    /// Whether it stays out of the flesh (world) of another hand; `world_from_wrist` is of the hand that holds it.
    pub fn is_free_of(&self, world_from_wrist: &RigidTransform, flesh: &[RoundCone]) -> bool {
        let hand_from_world = world_from_wrist.inverse();
        flesh.iter().all(|cone| {
            (0..=ALONG)
                .map(|k| k as f32 / ALONG as f32)
                .all(|share| self.distance(hand_from_world.point(cone.at(share))) > cone.radius(share))
        })
    }

    /// Whether a camera stands off it and sees enough keypoints (world, metres) past it.
    pub fn is_clear_of(&self, world_from_wrist: &RigidTransform, camera: &Camera, keypoints_m: &[Vec3]) -> bool {
        let hand_from_world = world_from_wrist.inverse();
        let eye = camera.camera_from_world.inverse().translation_m;
        let distance = |p: Vec3| self.distance(hand_from_world.point(p));
        let hidden = || keypoints_m.iter().filter(|p| occluder::is_hidden(distance, eye, **p)).count();
        distance(eye) > CAMERA_M && hidden() as f32 <= MOST_HIDDEN * keypoints_m.len() as f32
    }
}

/// Radius of the sphere around the origin that holds solids.
fn radius_m(solids: &[Solid]) -> f32 {
    let reach = |s: &Solid| {
        let points = mesh(&s.kind).positions_m;
        points.into_iter().map(|p| s.world_from_solid.point(p).length()).fold(0.0, f32::max)
    };
    solids.iter().map(reach).fold(0.0, f32::max)
}

#[cfg(test)]
mod tests;
