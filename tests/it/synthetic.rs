//! Rigs and scenes whose pictures are known in closed form.

use std::sync::Arc;

use glam::{Quat, Vec2, Vec3};
use handloom::backdrop::{Backdrop, Sh9};
use handloom::camera::{Camera, Intrinsics, Lens};
use handloom::frame::Plane;
use handloom::math::RigidTransform;
use handloom::rig::{
    Capsule, DOF_COUNT, HandPose, HandShape, HandSide, JOINT_COUNT, Joint, Limit, Person, Rig, RigMesh, Skeleton,
    Surface,
};
use handloom::scene::{
    Background, DirectionalLight, Environment, FORMAT_VERSION, Film, FilmCurve, Scene, SceneHand, Sensor, SkinMaterial,
    SkinTraits, Wear,
};

/// A rig that is one rigid body on the wrist.
pub(crate) fn rigid(mesh: RigMesh) -> Arc<Rig> {
    let skeleton = Skeleton {
        offset_m: [Vec3::ZERO; JOINT_COUNT],
        neutral: [Quat::IDENTITY; JOINT_COUNT],
        axis: [Vec3::X; DOF_COUNT],
        bind_pose: HandPose::default(),
    };
    let limits = [Limit { hard_rad: [-1.0, 1.0], soft_rad: [-1.0, 1.0] }; DOF_COUNT];
    Arc::new(Rig {
        name: "synthetic".into(),
        surface: Surface::of(&mesh),
        mesh,
        skeleton,
        shapes: Vec::new(),
        correctives: Vec::new(),
        limits,
        capsules: Vec::new(),
        skin: None,
    })
}

/// A mesh on the wrist from positions, normals and triangles; every triangle is of one part.
pub(crate) fn mesh(positions_m: Vec<Vec3>, normals: Vec<Vec3>, triangles: Vec<[u32; 3]>, part: u8) -> RigMesh {
    let n = positions_m.len();
    let mut joints = [0; 4];
    joints[0] = Joint::Wrist.index() as u8;
    RigMesh {
        uvs: vec![Vec2::ZERO; n],
        joints: vec![joints; n],
        weights: vec![[1.0, 0.0, 0.0, 0.0]; n],
        palmar: vec![0.0; n],
        triangle_part: vec![part; triangles.len()],
        positions_m,
        normals,
        triangles,
    }
}

/// A square of half side `half` in the plane z = 0, facing +Z, of `cells` x `cells` squares.
pub(crate) fn plane(half: f32, cells: u32) -> RigMesh {
    let side = cells + 1;
    let at = |k: u32| -half + 2.0 * half * k as f32 / cells as f32;
    let positions: Vec<_> = (0..side * side).map(|k| Vec3::new(at(k % side), at(k / side), 0.0)).collect();
    let mut triangles = Vec::new();
    for k in (0..cells).flat_map(|y| (0..cells).map(move |x| y * side + x)) {
        triangles.push([k, k + 1, k + side + 1]);
        triangles.push([k, k + side + 1, k + side]);
    }
    let normals = vec![Vec3::Z; positions.len()];
    mesh(positions, normals, triangles, 15)
}

/// A sphere about the origin from `2 * rings` meridians.
pub(crate) fn sphere(radius: f32, rings: u32) -> RigMesh {
    let around = 2 * rings;
    let mut normals = Vec::new();
    for k in 0..=rings {
        let polar = std::f32::consts::PI * k as f32 / rings as f32;
        for j in 0..around {
            let azimuth = std::f32::consts::TAU * j as f32 / around as f32;
            normals.push(Vec3::new(polar.sin() * azimuth.cos(), polar.cos(), -polar.sin() * azimuth.sin()));
        }
    }
    let mut triangles = Vec::new();
    for (k, j) in (0..rings).flat_map(|k| (0..around).map(move |j| (k, j))) {
        let next = (j + 1) % around;
        let [a, b] = [k * around + j, k * around + next];
        let [c, d] = [a + around, b + around];
        triangles.push([a, c, d]);
        triangles.push([a, d, b]);
    }
    mesh(normals.iter().map(|n| *n * radius).collect(), normals, triangles, 15)
}

/// A capsule around the origin of hand space, for occlusion.
pub(crate) fn capsule(radius: f32) -> Capsule {
    let end_m = Vec3::ZERO;
    Capsule { joint: Joint::Wrist, start_m: Vec3::ZERO, end_m, start_radius_m: radius, end_radius_m: radius }
}

/// A matt hand at a place in the world.
pub(crate) fn hand(side: HandSide, world_from_wrist: RigidTransform) -> SceneHand {
    SceneHand {
        rig: "synthetic".into(),
        side,
        subject: 0,
        person: Person::default(),
        shape: HandShape::default(),
        gesture: String::new(),
        pose: HandPose::default(),
        world_from_wrist,
        arm: None,
        wear: Wear::default(),
        skin: SkinMaterial {
            tone: 4,
            melanin: 0.045,
            blood: 0.012,
            roughness: 0.5,
            specular: 0.0,
            nail_roughness: 0.25,
            relief: 1.0,
            wetness: 0.0,
            traits: SkinTraits::default(),
        },
    }
}

/// A square picture; the camera stands at the origin and looks along -Z with +Y up.
pub(crate) fn scene(size: u32, focal_px: f32, hands: Vec<SceneHand>) -> Scene {
    let middle = size as f32 * 0.5;
    Scene {
        format_version: FORMAT_VERSION,
        seed: 0,
        camera: Camera {
            intrinsics: Intrinsics { width: size, height: size, fx: focal_px, fy: focal_px, cx: middle, cy: middle },
            lens: Lens::Pinhole,
            camera_from_world: RigidTransform::from_rotation(Quat::from_xyzw(1.0, 0.0, 0.0, 0.0)),
        },
        hands,
        solids: Vec::new(),
        empty_handed: false,
        lights: Vec::new(),
        environment: Environment::Background { gain: 1.0 },
        background: Background::Colour { rgb: [0.0; 3] },
        film: Film { exposure_ev: 0.0, metering: 0.0, white_balance: [1.0; 3], curve: FilmCurve::Clip },
        sensor: Sensor {
            full_well_e: 0.0,
            read_noise_e: 0.0,
            vignetting: 0.0,
            jpeg_quality: None,
            grey_weights: [0.3, 0.6, 0.1],
            blur_px: 0.0,
            depth: handloom::scene::DepthSensor::default(),
        },
        clip: None,
    }
}

/// A light without a disc.
pub(crate) fn light(to_light: Vec3) -> DirectionalLight {
    DirectionalLight { to_light: to_light.normalize_or(Vec3::Y), irradiance: [1.0; 3], angular_radius_rad: 0.0 }
}

/// One colour behind the hands and one radiance around them.
pub(crate) fn backdrop(size: u32, colour: f32, radiance: f32) -> Backdrop {
    Backdrop { pixels: Plane::filled(size, size, [colour; 3]), irradiance: Sh9::uniform([radiance; 3]), gain: 1.0 }
}
