//! A scene with its hands skinned and its solids placed: computed once, used by the picture and the labels, which therefore cannot disagree.
//!
//! Blend shapes move vertices and joints of the bind pose, the pose's correctives move vertices again, linear blend
//! skinning carries them along with the joints, a left hand is then mirrored across x = 0 of hand space, and the wrist's
//! transform takes all to the world. Normals are those of the deformed triangles.

#![expect(clippy::inline_always, reason = "must be compiled for the dispatched instruction set")]

mod worn;

use std::collections::BTreeMap;
use std::sync::Arc;

use fearless_simd::{Level, dispatch};
use glam::Vec3;

use crate::math::{RigidTransform, mirror_x};
use crate::rig::part::{BACKGROUND_ID, PERSON_ID};
use crate::rig::{
    HandPose, HandShape, HandSide, JOINT_COUNT, LANDMARK_COUNT, Rig, RigMesh, SLOT_COUNT, VertexDeltas, skeleton,
};
use crate::scene::{Scene, SceneHand, Solid, SolidClass, SolidKind, SurfaceMaterial};
use crate::solid::{self, Bulk, SolidMesh};

pub use worn::PosedGlove;

/// A scene ready to be drawn and labelled.
#[derive(Debug, Clone)]
pub struct PosedScene<'a> {
    /// The scene it came from.
    pub scene: &'a Scene,
    /// Its hands, in the scene's order; the k-th has instance id k + 1.
    pub hands: Vec<PosedHand>,
    /// Everything else that is drawn.
    pub solids: Vec<PosedSolid>,
    /// Hands that are drawn as gloves; depth is the glove's surface, keypoints are the skeleton's.
    pub gloves: Vec<PosedGlove>,
}

/// A solid in world space.
#[derive(Debug, Clone)]
pub struct PosedSolid {
    /// World, metres; triangles counter-clockwise from outside.
    pub mesh: SolidMesh,
    /// RHD part id: 0 object, 1 person.
    pub part: u8,
    /// Instance id, from 1.
    pub instance: u8,
    /// Its surface.
    pub material: SurfaceMaterial,
    /// World: what it hides of the sky.
    pub bulks: Vec<Bulk>,
}

/// One hand, skinned, in world space.
#[derive(Debug, Clone)]
pub struct PosedHand {
    /// Topology, parts and maps.
    pub rig: Arc<Rig>,
    /// A left hand's triangles are wound the other way round.
    pub side: HandSide,
    /// World, metres, one per vertex of the rig's mesh.
    pub positions_m: Vec<Vec3>,
    /// World, unit, outward.
    pub normals: Vec<Vec3>,
    /// Joint frames. Those of a left hand are mirrored: `world_from_hand * mirror * hand_from_joint` applied to points.
    pub world_from_joint: [RigidTransform; JOINT_COUNT],
    /// The 21 landmarks in the world, metres.
    pub landmarks_m: [Vec3; LANDMARK_COUNT],
}

/// Why a scene could not be posed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PoseError {
    /// Not one rig per hand.
    #[error("posing a scene failed: it has {hands} hands but {rigs} rigs were given, expected one rig per hand")]
    RigCount {
        /// Hands in the scene.
        hands: usize,
        /// Rigs given.
        rigs: usize,
    },
    /// More shape coefficients than the rig has blend shapes.
    #[error(
        "posing hand {hand} failed: `shape` has {coefficients} coefficients, rig `{rig}` takes at most {shapes}\n\
         hint: the scene was made with another version of the rig"
    )]
    ShapeCount {
        /// Number of the hand in the scene, from 0.
        hand: usize,
        /// Name of the rig.
        rig: String,
        /// Coefficients in the scene.
        coefficients: usize,
        /// Blend shapes of the rig.
        shapes: usize,
    },
    /// A pose, shape or transform is not a finite number.
    #[error("posing hand {hand} failed: `{field}` holds a value that is not a finite number")]
    NotFinite {
        /// Number of the hand in the scene, from 0.
        hand: usize,
        /// Field of the scene's hand.
        field: &'static str,
    },
    /// A size of what a hand wears is out of range.
    #[error(
        "posing hand {hand} failed: a size of `{field}` is out of range, legal are 0 to 0.5 m and shares of 0 to 1"
    )]
    Wear {
        /// Number of the hand in the scene, from 0.
        hand: usize,
        /// Field of the scene's hand.
        field: &'static str,
    },
    /// A size or place of a solid is out of range.
    #[error(
        "placing solid {solid} (`{name}`) failed: `{field}` is out of range, legal are finite lengths above 0 and below 20 m"
    )]
    Solid {
        /// Number of the solid in the scene, from 0.
        solid: usize,
        /// Its name.
        name: String,
        /// Field of the scene's solid.
        field: &'static str,
    },
    /// The mesh of a solid was not loaded.
    #[error("placing solid {solid} (`{name}`) failed: its mesh `{path}` was not loaded")]
    NoMesh {
        /// Number of the solid in the scene, from 0.
        solid: usize,
        /// Its name.
        name: String,
        /// Path in the scene.
        path: String,
    },
}

/// Skin the hands of a scene; `rigs` holds the rig of each hand, in the scene's order.
///
/// # Errors
///
/// [`PoseError`]; also if the scene holds meshes of files, which [`pose_with`] is told.
pub fn pose<'a>(scene: &'a Scene, rigs: &[Arc<Rig>]) -> Result<PosedScene<'a>, PoseError> {
    pose_with(scene, rigs, &BTreeMap::new())
}

/// [`pose`] with the meshes of the files that the scene's solids name, by path, in the files' unit.
///
/// # Errors
///
/// [`PoseError`].
pub fn pose_with<'a>(
    scene: &'a Scene,
    rigs: &[Arc<Rig>],
    meshes: &BTreeMap<String, Arc<SolidMesh>>,
) -> Result<PosedScene<'a>, PoseError> {
    if rigs.len() != scene.hands.len() {
        return Err(PoseError::RigCount { hands: scene.hands.len(), rigs: rigs.len() });
    }
    let hands = scene.hands.iter().zip(rigs).enumerate();
    let hands = hands.map(|(k, (hand, rig))| {
        check(k, hand, rig)?;
        Ok(pose_hand(hand, rig))
    });
    let mut hands = hands.collect::<Result<Vec<_>, _>>()?;
    let dressed = scene.hands.iter().zip(&mut hands).enumerate();
    let gloves = dressed.filter_map(|(k, (scene_hand, hand))| worn::put_on_glove(k, scene_hand, hand)).collect();
    let worn = scene.hands.iter().zip(&hands).enumerate();
    let worn: Vec<_> = worn.flat_map(|(k, (scene_hand, hand))| worn::solids(k, scene_hand, hand)).collect();
    let solids = scene.solids.iter().zip(scene.solid_ids()).enumerate();
    let solids = solids.map(|(k, (solid, id))| {
        check_solid(k, solid)?;
        let mesh = match &solid.kind {
            SolidKind::Mesh { path, scale, .. } => {
                let name = || solid.name.clone();
                let mesh =
                    meshes.get(path).ok_or_else(|| PoseError::NoMesh { solid: k, name: name(), path: path.clone() })?;
                mesh.scaled(*scale)
            }
            kind => solid::mesh(kind),
        };
        Ok(place_solid(solid, id, mesh))
    });
    let solids = worn.into_iter().map(Ok).chain(solids).collect::<Result<_, _>>()?;
    Ok(PosedScene { scene, hands, solids, gloves })
}

fn check_solid(number: usize, solid: &Solid) -> Result<(), PoseError> {
    let at = solid.world_from_solid;
    let placed = at.rotation.is_finite() && at.translation_m.is_finite();
    match solid.kind.fault().or((!placed).then_some("world_from_solid")) {
        Some(field) => Err(PoseError::Solid { solid: number, name: solid.name.clone(), field }),
        None => Ok(()),
    }
}

/// A solid's mesh, carried to the world.
fn place_solid(solid: &Solid, instance: u8, mut mesh: SolidMesh) -> PosedSolid {
    let world = solid.world_from_solid;
    mesh.carry(&world);
    let part = match solid.class {
        SolidClass::Object | SolidClass::Held { .. } => BACKGROUND_ID,
        SolidClass::Person => PERSON_ID,
    };
    let carried = |bulk: Bulk| Bulk { ends_m: bulk.ends_m.map(|p| world.point(p)), ..bulk };
    let bulks = match &solid.kind {
        SolidKind::Mesh { .. } => vec![Bulk::around(&mesh.positions_m)],
        kind => solid::bulks(kind).into_iter().map(carried).collect(),
    };
    PosedSolid { mesh, part, instance, material: solid.material, bulks }
}

fn check(hand: usize, scene_hand: &SceneHand, rig: &Rig) -> Result<(), PoseError> {
    let coefficients = scene_hand.shape.0.len();
    if coefficients > rig.shapes.len() {
        return Err(PoseError::ShapeCount { hand, rig: rig.name.clone(), coefficients, shapes: rig.shapes.len() });
    }
    let wrist = scene_hand.world_from_wrist;
    let fields = [
        ("shape", scene_hand.shape.0.iter().all(|c| c.is_finite())),
        ("pose", scene_hand.pose.0.iter().all(|a| a.is_finite())),
        ("world_from_wrist", wrist.rotation.is_finite() && wrist.translation_m.is_finite()),
        ("arm", scene_hand.arm.is_none_or(|arm| arm.shoulder_m.is_finite())),
    ];
    if let Some((field, _)) = fields.into_iter().find(|(_, finite)| !finite) {
        return Err(PoseError::NotFinite { hand, field });
    }
    match scene_hand.wear.fault() {
        Some(field) => Err(PoseError::Wear { hand, field }),
        None => Ok(()),
    }
}

fn pose_hand(hand: &SceneHand, rig: &Arc<Rig>) -> PosedHand {
    let skeleton = rig.shaped_skeleton(&hand.shape);
    let bind = skeleton.hand_from_slot(&skeleton.bind_pose);
    let posed = skeleton.hand_from_slot(&hand.pose);

    let mirrored = hand.side == HandSide::Left;
    let world = hand.world_from_wrist;
    let mut world_from_bind = [Affine::default(); JOINT_SLOTS];
    for (slot, (posed, bind)) in world_from_bind.iter_mut().zip(posed.iter().zip(&bind)) {
        *slot = Affine::new(world, mirrored, *posed * bind.inverse());
    }
    let to_world = |t: RigidTransform| world * if mirrored { t.mirrored_x() } else { t };
    let world_from_joint: [RigidTransform; JOINT_COUNT] = std::array::from_fn(|k| to_world(posed[k]));

    let deltas = active((&hand.shape, &hand.pose), rig, rig.corrective_scale(&skeleton));
    let mut positions_m = rig.mesh.positions_m.clone();
    let mut normals = rig.surface.detail().to_vec();
    normals.resize(positions_m.len(), Vec3::ZERO);
    // the same arithmetic, compiled for this machine's vector unit
    dispatch!(Level::new(), _simd => {
        for (share, deltas) in &deltas {
            deltas.add_to(*share, &mut positions_m);
        }
        skin(&rig.mesh, &world_from_bind, &mut positions_m, &mut normals, !rig.surface.detail().is_empty());
        rig.surface.normals(&positions_m, mirrored, &mut normals);
    });
    let landmarks_m = skeleton::landmarks(&world_from_joint);
    PosedHand { rig: Arc::clone(rig), side: hand.side, positions_m, normals, world_from_joint, landmarks_m }
}

/// The skin of a right hand, hand space, metres, one place per vertex of the rig's mesh: as [`pose`] makes it, without
/// normals.
pub fn skin_of_right_hand_m(rig: &Rig, shape: &HandShape, pose: &HandPose) -> Vec<Vec3> {
    let skeleton = rig.shaped_skeleton(shape);
    let bind = skeleton.hand_from_slot(&skeleton.bind_pose);
    let posed = skeleton.hand_from_slot(pose);
    let mut hand_from_bind = [Affine::default(); JOINT_SLOTS];
    for (slot, (posed, bind)) in hand_from_bind.iter_mut().zip(posed.iter().zip(&bind)) {
        *slot = Affine::new(RigidTransform::IDENTITY, false, *posed * bind.inverse());
    }
    let deltas = active((shape, pose), rig, rig.corrective_scale(&skeleton));
    let mut positions_m = rig.mesh.positions_m.clone();
    let mut details = vec![Vec3::ZERO; positions_m.len()];
    dispatch!(Level::new(), _simd => {
        for (share, deltas) in &deltas {
            deltas.add_to(*share, &mut positions_m);
        }
        skin(&rig.mesh, &hand_from_bind, &mut positions_m, &mut details, false);
    });
    positions_m
}

/// Blend shapes and correctives that take part, with their shares.
fn active<'a>((shape, pose): (&HandShape, &HandPose), rig: &'a Rig, scale: f32) -> Vec<(f32, &'a VertexDeltas)> {
    let shapes = shape.0.iter().zip(&rig.shapes).map(|(c, s)| (*c, &s.position_deltas_m));
    let correctives = rig.correctives.iter().map(|c| (scale * c.share(pose), &c.position_deltas_m));
    shapes.chain(correctives).filter(|(share, _)| share.abs() > 0.0).collect()
}

/// Joint indices are masked to this many slots, so that no index can be out of range.
const JOINT_SLOTS: usize = 32;
const _: () = assert!(SLOT_COUNT <= JOINT_SLOTS);

/// Columns of a 3 x 4 matrix, padded to four floats each for the vector unit.
#[derive(Clone, Copy, Default)]
struct Affine([[f32; 4]; 4]);

impl Affine {
    /// `world * (mirror) * hand`.
    fn new(world: RigidTransform, mirrored: bool, hand: RigidTransform) -> Self {
        let mirror = |v: Vec3| if mirrored { mirror_x(v) } else { v };
        let column = |axis| world.direction(mirror(hand.direction(axis))).extend(0.0).to_array();
        let origin = world.point(mirror(hand.translation_m)).extend(0.0).to_array();
        Self([column(Vec3::X), column(Vec3::Y), column(Vec3::Z), origin])
    }

    #[inline(always)]
    fn add_scaled(&mut self, other: &Self, factor: f32) {
        for (a, b) in self.0.as_flattened_mut().iter_mut().zip(other.0.as_flattened()) {
            *a += *b * factor;
        }
    }

    #[inline(always)]
    fn linear(&self, v: Vec3) -> [f32; 4] {
        std::array::from_fn(|k| self.0[0][k] * v.x + self.0[1][k] * v.y + self.0[2][k] * v.z)
    }
}

/// Linear blend skinning of positions and, where there are any, of the normals' details; both in place.
#[inline(always)]
fn skin(
    mesh: &RigMesh,
    world_from_bind: &[Affine; JOINT_SLOTS],
    positions: &mut [Vec3],
    details: &mut [Vec3],
    detailed: bool,
) {
    let influences = mesh.joints.iter().zip(&mesh.weights);
    for ((position, detail), (joints, weights)) in positions.iter_mut().zip(details).zip(influences) {
        let mut blended = Affine::default();
        for (joint, weight) in joints.iter().zip(weights) {
            if *weight > 0.0 {
                blended.add_scaled(&world_from_bind[usize::from(*joint) % JOINT_SLOTS], *weight);
            }
        }
        let (p, o) = (blended.linear(*position), &blended.0[3]);
        *position = Vec3::new(p[0] + o[0], p[1] + o[1], p[2] + o[2]);
        if detailed {
            let [x, y, z, _] = blended.linear(*detail);
            *detail = Vec3::new(x, y, z);
        }
    }
}

#[cfg(test)]
mod tests;
