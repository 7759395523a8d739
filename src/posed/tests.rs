//! Posing against an independent implementation.

use glam::{DMat4, DQuat, DVec3, Quat, Vec2};

use super::*;
use crate::camera::{Camera, Intrinsics, Lens};
use crate::rig::{
    BlendShape, Corrective, DOF_COUNT, DOFS, Dof, HandPose, HandShape, Joint, Limit, Person, Ramp, Skeleton, Surface,
};
use crate::scene::{Background, Environment, FORMAT_VERSION, Film, FilmCurve, Sensor, SkinMaterial, SkinTraits, Wear};
use crate::seed::{Stream, dataset_stream};

const VERTICES: usize = 1500;

fn vector(s: &mut Stream) -> Vec3 {
    Vec3::new(s.uniform(-1.0, 1.0), s.uniform(-1.0, 1.0), s.uniform(-1.0, 1.0))
}

fn rotation(s: &mut Stream) -> Quat {
    Quat::from_vec4(vector(s).extend(s.uniform(0.2, 1.0))).normalize()
}

/// A rig without sense: every number random, so that no two errors cancel.
fn random_rig(s: &mut Stream) -> Rig {
    let skeleton = Skeleton {
        offset_m: std::array::from_fn(|_| vector(s) * 0.1),
        neutral: std::array::from_fn(|_| rotation(s)),
        axis: std::array::from_fn(|_| vector(s).normalize_or(Vec3::X)),
        bind_pose: HandPose(std::array::from_fn(|_| s.uniform(-0.5, 0.5))),
    };
    let weights = (0..VERTICES).map(|_| {
        let (a, b, c) = (s.unit(), s.unit(), s.unit());
        let sum = a + b + c;
        [a / sum, b / sum, 0.0, c / sum]
    });
    let weights: Vec<_> = weights.collect();
    let mesh = RigMesh {
        positions_m: (0..VERTICES).map(|_| vector(s) * 0.1).collect(),
        normals: (0..VERTICES).map(|_| vector(s).normalize_or(Vec3::X)).collect(),
        uvs: vec![Vec2::ZERO; VERTICES],
        joints: (0..VERTICES).map(|_| std::array::from_fn(|_| s.index(SLOT_COUNT) as u8)).collect(),
        weights,
        palmar: vec![0.0; VERTICES],
        triangles: (0..2 * VERTICES).map(|_| std::array::from_fn(|_| s.index(VERTICES) as u32)).collect(),
        triangle_part: vec![0; 2 * VERTICES],
    };
    let deltas = |s: &mut Stream| {
        let dense: Vec<Vec3> =
            (0..VERTICES).map(|k| if k / 100 % 3 == 0 { vector(s) * 0.01 } else { Vec3::ZERO }).collect();
        VertexDeltas::from_dense(&dense, 1e-9)
    };
    let shape = |s: &mut Stream, k: usize| BlendShape {
        name: format!("shape_{k}"),
        position_deltas_m: deltas(s),
        offset_deltas_m: std::array::from_fn(|_| vector(s) * 0.01),
    };
    let shapes = (0..5).map(|k| shape(s, k)).collect();
    let ramp = |dof, full_rad| Ramp { dof, from_rad: 0.0, full_rad, to_rad: None };
    let ramps =
        [vec![ramp(Dof::IndexPipFlexion, 1.0)], vec![ramp(Dof::WristFlexion, 1.3), ramp(Dof::ForearmTwist, -0.9)]];
    let corrective = |ramps| Corrective { name: String::new(), ramps, position_deltas_m: deltas(s) };
    let correctives = ramps.into_iter().map(corrective).collect();
    let surface = Surface::of(&mesh);
    let limits = [Limit { hard_rad: [-1.0, 1.0], soft_rad: [-1.0, 1.0] }; DOF_COUNT];
    let name = "random".into();
    Rig { name, mesh, skeleton, shapes, correctives, limits, capsules: Vec::new(), skin: None, surface }
}

fn scene(hands: Vec<SceneHand>) -> Scene {
    Scene {
        format_version: FORMAT_VERSION,
        seed: 0,
        camera: Camera {
            intrinsics: Intrinsics { width: 8, height: 8, fx: 8.0, fy: 8.0, cx: 4.0, cy: 4.0 },
            lens: Lens::Pinhole,
            camera_from_world: RigidTransform::IDENTITY,
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
            depth: crate::scene::DepthSensor::default(),
        },
        clip: None,
    }
}

fn random_hand(s: &mut Stream, side: HandSide) -> SceneHand {
    SceneHand {
        rig: "random".into(),
        side,
        subject: 0,
        person: Person::default(),
        shape: HandShape(vec![s.uniform(-1.0, 1.0), 0.0, s.uniform(-1.0, 1.0), 0.7]),
        gesture: String::new(),
        pose: HandPose(std::array::from_fn(|_| s.uniform(-1.0, 1.0))),
        world_from_wrist: RigidTransform::new(rotation(s), vector(s)),
        arm: None,
        wear: Wear::default(),
        skin: SkinMaterial {
            tone: 1,
            melanin: 0.0,
            blood: 0.0,
            roughness: 0.5,
            specular: 1.0,
            nail_roughness: 0.2,
            relief: 1.0,
            wetness: 0.0,
            traits: SkinTraits::default(),
        },
    }
}

/// 4 x 4 matrix of a rotation and an offset, double precision.
fn matrix(rotation: Quat, offset: Vec3) -> DMat4 {
    DMat4::from_rotation_translation(rotation.as_dquat().normalize(), offset.as_dvec3())
}

/// Joint matrices straight from the definition: parent, offset, neutral rotation, then each angle about its axis.
fn naive_frames(rig: &Rig, offsets: &[Vec3; JOINT_COUNT], pose: &HandPose) -> Vec<DMat4> {
    let local = |joint: Joint| {
        let k = joint.index();
        let mut m = matrix(rig.skeleton.neutral[k], offsets[k]);
        for dof in DOFS.into_iter().filter(|d| d.joint() == joint) {
            let (axis, angle) = (rig.skeleton.axis[dof.index()].as_dvec3(), f64::from(pose.get(dof)));
            m *= DMat4::from_quat(DQuat::from_axis_angle(axis.normalize(), angle));
        }
        m
    };
    let frame = |mut joint: Joint| {
        let mut m = local(joint);
        while let Some(parent) = joint.parent() {
            m = local(parent) * m;
            joint = parent;
        }
        m
    };
    let wrist = frame(Joint::Wrist).inverse();
    let (w, twist) = (Joint::Wrist.index(), Dof::ForearmTwist.index());
    let helper = |share: f64| {
        let turn =
            DQuat::from_axis_angle(rig.skeleton.axis[twist].as_dvec3().normalize(), share * f64::from(pose.0[twist]));
        frame(Joint::Forearm) * matrix(rig.skeleton.neutral[w], offsets[w]) * DMat4::from_quat(turn)
    };
    let frames = crate::rig::JOINTS.into_iter().map(|j| wrist * frame(j));
    frames.chain((1..=6).map(|k| wrist * helper(f64::from(k) / 6.0))).collect()
}

/// Sum of the (area-weighted) normals of a vertex' triangles, made unit.
fn naive_normals(mesh: &RigMesh, positions: &[DVec3], sign: f64) -> Vec<DVec3> {
    let mut sums = vec![DVec3::ZERO; positions.len()];
    for t in &mesh.triangles {
        let [a, b, c] = t.map(|k| positions[k as usize]);
        for k in t {
            sums[*k as usize] += (b - a).cross(c - a) * sign;
        }
    }
    sums.into_iter().map(DVec3::normalize_or_zero).collect()
}

#[test]
fn agrees_with_matrices_in_double_precision() {
    let mut s = dataset_stream(1, "posed", 0);
    let rig = Arc::new(random_rig(&mut s));
    for side in [HandSide::Right, HandSide::Left] {
        let mut hand = random_hand(&mut s, side);
        for (dof, angle) in [(Dof::IndexPipFlexion, 0.6), (Dof::WristFlexion, 0.8), (Dof::ForearmTwist, -0.5)] {
            hand.pose.set(dof, angle);
        }
        let scene = scene(vec![hand]);
        let hand = &scene.hands[0];
        let posed = &pose(&scene, &[Arc::clone(&rig)]).unwrap().hands[0];

        let sum = |mean: Vec3, delta: &dyn Fn(&BlendShape) -> Vec3| {
            hand.shape.0.iter().zip(&rig.shapes).fold(mean, |p, (c, shape)| p + *c * delta(shape))
        };
        let offsets = std::array::from_fn(|k| sum(rig.skeleton.offset_m[k], &|b| b.offset_deltas_m[k]));
        let bind = naive_frames(&rig, &offsets, &rig.skeleton.bind_pose);
        let frames = naive_frames(&rig, &offsets, &hand.pose);
        let sign = if side == HandSide::Left { -1.0 } else { 1.0 };
        let mirror = DMat4::from_scale(DVec3::new(sign, 1.0, 1.0));
        let world = matrix(hand.world_from_wrist.rotation, hand.world_from_wrist.translation_m) * mirror;
        let breadth = |o: &[Vec3; JOINT_COUNT]| {
            o[Joint::IndexFingerMetacarpal.index()].x - o[Joint::PinkyFingerMetacarpal.index()].x
        };
        let scale = breadth(&offsets) / breadth(&rig.skeleton.offset_m);
        let [pip, flexion, twist] =
            [Dof::IndexPipFlexion, Dof::WristFlexion, Dof::ForearmTwist].map(|dof| hand.pose.get(dof));
        let shares = [pip.clamp(0.0, 1.0), (flexion / 1.3).clamp(0.0, 1.0) * (-twist / 0.9).clamp(0.0, 1.0)];
        assert!(shares.iter().all(|s| *s > 0.1), "{shares:?}");
        let dense = |deltas: &VertexDeltas| deltas.to_dense(VERTICES);
        let correctives: Vec<_> = rig.correctives.iter().map(|c| dense(&c.position_deltas_m)).collect();
        let shapes: Vec<_> = rig.shapes.iter().map(|b| dense(&b.position_deltas_m)).collect();
        let mut positions = Vec::new();
        let mut details = Vec::new();
        let bound: Vec<DVec3> = rig.mesh.positions_m.iter().map(|p| p.as_dvec3()).collect();
        let computed = naive_normals(&rig.mesh, &bound, 1.0);
        for i in 0..VERTICES {
            let shaped = hand.shape.0.iter().zip(&shapes).fold(rig.mesh.positions_m[i], |p, (c, d)| p + *c * d[i]);
            let rest = shares.iter().zip(&correctives).fold(shaped, |p, (c, d)| p + *c * scale * d[i]).as_dvec3();
            let (mut p, mut n) = (DVec3::ZERO, DVec3::ZERO);
            for k in 0..4 {
                let (joint, weight) = (usize::from(rig.mesh.joints[i][k]), f64::from(rig.mesh.weights[i][k]));
                let m = world * frames[joint] * bind[joint].inverse();
                p += weight * m.transform_point3(rest);
                n += weight * m.transform_vector3(rig.mesh.normals[i].as_dvec3() - computed[i]);
            }
            assert!(posed.positions_m[i].as_dvec3().abs_diff_eq(p, 3e-6), "vertex {i}: {} {p}", posed.positions_m[i]);
            positions.push(p);
            details.push(n);
        }
        for (i, (computed, detail)) in naive_normals(&rig.mesh, &positions, sign).into_iter().zip(details).enumerate() {
            let n = computed + detail;
            if n.length() > 0.1 {
                assert!(posed.normals[i].as_dvec3().abs_diff_eq(n.normalize(), 1e-3), "normal {i}");
            }
        }
        for (k, frame) in frames.iter().take(JOINT_COUNT).enumerate() {
            let p = Vec3::new(0.3, -0.2, 0.1);
            let ours = posed.world_from_joint[k].point(if sign < 0.0 { mirror_x(p) } else { p });
            assert!(ours.as_dvec3().abs_diff_eq((world * *frame).transform_point3(p.as_dvec3()), 2e-6), "joint {k}");
        }
        assert_eq!(posed.landmarks_m[4], posed.world_from_joint[Joint::ThumbTip.index()].translation_m);
    }
}

#[test]
fn left_hand_is_the_mirror_image() {
    let mut s = dataset_stream(2, "posed", 0);
    let rig = Arc::new(random_rig(&mut s));
    let right = random_hand(&mut s, HandSide::Right);
    let world_from_wrist = right.world_from_wrist.mirrored_x();
    let left = SceneHand { side: HandSide::Left, world_from_wrist, ..right.clone() };
    let scene = scene(vec![right, left]);
    let posed = pose(&scene, &[Arc::clone(&rig), rig]).unwrap();
    for i in 0..VERTICES {
        assert!(posed.hands[1].positions_m[i].abs_diff_eq(mirror_x(posed.hands[0].positions_m[i]), 1e-6));
        assert!(posed.hands[1].normals[i].abs_diff_eq(mirror_x(posed.hands[0].normals[i]), 1e-5));
    }
    for k in 0..LANDMARK_COUNT {
        assert!(posed.hands[1].landmarks_m[k].abs_diff_eq(mirror_x(posed.hands[0].landmarks_m[k]), 1e-6));
    }
}

#[test]
fn faults_are_named() {
    let mut s = dataset_stream(3, "posed", 0);
    let rig = Arc::new(random_rig(&mut s));
    let good = random_hand(&mut s, HandSide::Right);
    let error = |hand: SceneHand| pose(&scene(vec![hand]), &[Arc::clone(&rig)]).map(|_| ()).unwrap_err().to_string();
    assert!(pose(&scene(vec![good.clone()]), &[]).is_err());
    assert!(error(SceneHand { shape: HandShape(vec![0.0; 6]), ..good.clone() }).contains("at most 5"));
    let mut bad = good.clone();
    bad.pose.0[3] = f32::NAN;
    assert!(error(bad).contains("`pose`"));
    let translation_m = Vec3::new(f32::INFINITY, 0.0, 0.0);
    let world_from_wrist = RigidTransform { translation_m, ..good.world_from_wrist };
    assert!(error(SceneHand { world_from_wrist, ..good }).contains("`world_from_wrist`"));
}
