//! What the browser test of the live view looks at: a made-up run of a tracker, two hands on a fixed script, without a model.
//!
//! `cargo run --example view_demo [port]` prints the address and goes on until standard input ends. A cycle has [`CYCLE`] frames of 1/30 s: rest,
//! reach for a block, pinch, lift, turn and carry it, drop it, back, make a fist. The blocks' layout is that of `src/view/page/blocks.js`.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a test's other half")]

use std::io::{Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use glam::{Quat, Vec3};

use handloom::assets::Assets;
use handloom::camera::{Camera, Intrinsics, Lens};
use handloom::dataset::{DepthFormat, OutputFormat, OutputSettings, RgbFormat};
use handloom::math::{RigidTransform, smoothstep};
use handloom::pipeline::Studio;
use handloom::render::cpu::CpuRenderer;
use handloom::rig::joint::FINGERS;
use handloom::rig::{Dof, HandPose, HandSide, LANDMARK_COUNT, Rig, Skeleton, skeleton};
use handloom::scene::Scene;
use handloom::tracker::{HandEstimate, HandFit, StageTimes};
use handloom::view::{HandView, Truth, ViewFrame, ViewServer, ViewSetup};

/// Frames after which the script starts again.
const CYCLE: u64 = 360;
/// Palm to the table, and the second block's place from the table's middle: +X right, +Y down, +Z forward.
const BLOCK_M: Vec3 = Vec3::new(-0.045, 0.12 - 0.018, -0.06);
/// Where the script drops it, from there.
const CARRY_M: Vec3 = Vec3::new(0.05, 0.0, 0.07);

fn main() {
    let port = std::env::args().nth(1).map(|port| port.parse().unwrap());
    let assets = Assets::new().unwrap();
    let rig = assets.open_rig("adult").unwrap();
    let setup = ViewSetup { source: "scripted hands".into(), model: "no-model.onnx".into(), rig: Arc::clone(&rig) };
    let server = ViewServer::start(port, &setup).unwrap();
    println!("{}", server.url());
    std::io::stdout().flush().unwrap();

    let over = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&over);
    std::thread::spawn(move || {
        std::io::stdin().read_to_end(&mut Vec::new()).ok();
        told.store(true, Ordering::Relaxed);
    });
    let stage = Stage::new(&rig, Studio { assets, renderer: Box::new(CpuRenderer::new()) });
    let mut number = 0;
    while !over.load(Ordering::Relaxed) {
        let start = Instant::now();
        if server.is_watched() {
            server.publish(stage.frame(number));
            number += 1;
        }
        std::thread::sleep(Duration::from_millis(33).saturating_sub(start.elapsed()));
    }
    server.finish(&[("frames".into(), number.to_string()), ("mean error".into(), "4.2 mm".into())]);
    drop(server);
}

/// The actors and what they need.
struct Stage {
    skeleton: Skeleton,
    studio: Studio,
    scene: Scene,
    open: HandPose,
    pinched: HandPose,
}

/// A hand at one moment.
struct Act {
    side: HandSide,
    pose: HandPose,
    camera_from_hand: RigidTransform,
}

impl Stage {
    fn new(rig: &Rig, studio: Studio) -> Self {
        let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/scenes/right-on-room.toml")).unwrap();
        let mut scene: Scene = toml::from_str(&text).unwrap();
        scene.camera.intrinsics = Intrinsics { width: 400, height: 300, fx: 330.0, fy: 330.0, cx: 200.0, cy: 150.0 };
        scene.hands[0].shape.0.clear();
        let (open, pinched) = (open_pose(), pinched_pose(rig));
        Self { skeleton: rig.skeleton.clone(), studio, scene, open, pinched }
    }

    fn frame(&self, number: u64) -> ViewFrame {
        let mut acts = vec![self.right(number % CYCLE)];
        // the left hand is lost for a moment in each cycle
        let lost = number % CYCLE == 300;
        if !(300..312).contains(&(number % CYCLE)) {
            acts.push(self.left(number));
        }
        let wave = |k: f32| libm::sinf(number as f32 * k);
        ViewFrame {
            number,
            time_s: number as f64 / 30.0,
            camera: self.camera(),
            picture: Some(self.picture(&acts)),
            hands: acts.iter().enumerate().map(|(k, act)| self.hand(k as u32, act, number)).collect(),
            error_mm: Some(4.2 + 0.8 * wave(0.11) + 0.5 * wave(0.37) + if lost { 6.0 } else { 0.0 }),
            stages: StageTimes {
                detect: if number.is_multiple_of(30) || lost { 7.5 } else { 0.3 },
                crop: 0.7 + 0.1 * wave(0.9),
                network: 5.6 + 0.6 * wave(0.23) + 0.4 * wave(1.7),
                lift: 0.3,
                smooth: 0.1,
                fit: 2.2 + 0.4 * wave(0.41),
            },
            lost,
        }
    }

    fn camera(&self) -> Camera {
        Camera { camera_from_world: RigidTransform::IDENTITY, lens: Lens::Pinhole, ..self.scene.camera }
    }

    fn picture(&self, acts: &[Act]) -> handloom::frame::Plane<[u8; 3]> {
        let mut scene = self.scene.clone();
        let world_from_camera = scene.camera.camera_from_world.inverse();
        let hands = acts.iter().map(|act| {
            let mut hand = scene.hands[0].clone();
            (hand.side, hand.pose) = (act.side, act.pose);
            hand.world_from_wrist = world_from_camera * act.camera_from_hand;
            hand
        });
        scene.hands = hands.collect();
        let output = OutputSettings {
            format: OutputFormat::Loose,
            samples_per_shard: 1,
            rgb: RgbFormat::Png,
            grey: false,
            depth: DepthFormat::None,
            depth_unit_m: 0.0001,
            mask: false,
            instance: false,
        };
        self.studio.shoot(0, scene, &output).unwrap().rgb
    }

    fn landmarks(&self, act: &Act) -> [Vec3; LANDMARK_COUNT] {
        let mirror = |p: Vec3| if act.side == HandSide::Left { handloom::math::mirror_x(p) } else { p };
        skeleton::landmarks(&self.skeleton.hand_from_joint(&act.pose)).map(|p| act.camera_from_hand.point(mirror(p)))
    }

    fn hand(&self, track: u32, act: &Act, number: u64) -> HandView {
        let points = self.landmarks(act);
        let project = |p: Vec3| self.camera().project(p);
        // the truth is a few millimetres from what the tracker says
        let drift = |k: usize, p: Vec3| {
            let phase = number as f32 * 0.13 + k as f32;
            p + 0.003 * Vec3::new(libm::sinf(phase), libm::cosf(1.3 * phase), libm::sinf(0.7 * phase))
        };
        let truth: [Vec3; LANDMARK_COUNT] = std::array::from_fn(|k| drift(k, points[k]));
        let pixels = points.map(project);
        let known: Vec<_> = pixels.iter().flatten().collect();
        let low = known.iter().fold(glam::Vec2::INFINITY, |a, p| a.min(**p)) - 12.0;
        let high = known.iter().fold(glam::Vec2::NEG_INFINITY, |a, p| a.max(**p)) + 12.0;
        let estimate = HandEstimate {
            track,
            side: act.side,
            side_confidence: 0.98,
            confidence: 0.97,
            box_px: [low.x, low.y, high.x - low.x, high.y - low.y],
            keypoints_px: pixels,
            keypoints_camera_m: points.map(Some),
            keypoint_confidence: std::array::from_fn(|k| if k == 20 { 0.3 } else { 0.95 }),
            metric: true,
            fit: Some(HandFit {
                camera_from_hand: act.camera_from_hand,
                pose: act.pose,
                shape: handloom::rig::HandShape::default(),
                keypoints_camera_m: points,
                residual_m: 0.002,
            }),
        };
        let truth = Truth { keypoints_px: truth.map(project), keypoints_camera_m: truth.map(Some) };
        HandView { estimate, truth: Some(truth) }
    }

    /// The right hand's part: the script above.
    fn right(&self, frame: u64) -> Act {
        let t = frame as f32 / 30.0;
        let rest = rest_rotation();
        let wrist = Vec3::new(0.085, 0.055, 0.40);
        let palm = wrist + rest * self.palm(&self.open);
        let reach = tilted(-0.2);
        let block = palm + BLOCK_M;
        let close = ramp(t, 3.6, 4.2) - ramp(t, 7.6, 8.0);
        let pose = blend(&self.open, &self.pinched, close);
        let lift = Vec3::new(0.0, -0.09 * (ramp(t, 4.6, 5.4) - ramp(t, 6.6, 7.2)), 0.0);
        let place = block + lift + CARRY_M * ramp(t, 5.4, 6.4);
        let turned = Quat::from_rotation_y(-0.8 * ramp(t, 5.2, 6.2)) * reach;
        let working = RigidTransform::new(turned, place - turned * self.pinch_point(&self.pinched));
        let resting = RigidTransform::new(rest, wrist);
        let share = ramp(t, 2.0, 3.4) - ramp(t, 8.4, 9.6);
        let fist = blend(&pose, &fist_pose(), ramp(t, 9.8, 10.4) - ramp(t, 11.2, 11.8));
        Act { side: HandSide::Right, pose: fist, camera_from_hand: between(&resting, &working, share) }
    }

    /// The left hand: fingers play.
    fn left(&self, number: u64) -> Act {
        let mut pose = self.open;
        for (k, digit) in FINGERS.into_iter().enumerate() {
            let [_, mcp, pip, dip] = Dof::finger(digit).unwrap();
            let bend = 0.5 - 0.5 * libm::cosf(number as f32 * 0.07 - 0.8 * k as f32);
            for (dof, most) in [(mcp, 0.6), (pip, 0.9), (dip, 0.5)] {
                pose.set(dof, pose.get(dof) + most * bend);
            }
        }
        let rotation = rest_rotation().to_array();
        let mirrored = Quat::from_xyzw(rotation[0], -rotation[1], -rotation[2], rotation[3]);
        Act {
            side: HandSide::Left,
            pose,
            camera_from_hand: RigidTransform::new(mirrored, Vec3::new(-0.115, 0.05, 0.42)),
        }
    }

    fn palm(&self, pose: &HandPose) -> Vec3 {
        let points = skeleton::landmarks(&self.skeleton.hand_from_joint(pose));
        [0, 5, 9, 13, 17].into_iter().map(|k| points[k]).sum::<Vec3>() / 5.0
    }

    fn pinch_point(&self, pose: &HandPose) -> Vec3 {
        let points = skeleton::landmarks(&self.skeleton.hand_from_joint(pose));
        (points[4] + points[8]) / 2.0
    }
}

fn ramp(t: f32, from: f32, to: f32) -> f32 {
    smoothstep(t, from, to)
}

/// The back of the hand to the camera, fingers up and forward; as one sees one's own hand.
fn rest_rotation() -> Quat {
    tilted(-0.75)
}

/// Palm down, fingers forward, then tipped: positive is fingertips down.
fn tilted(angle: f32) -> Quat {
    let palm_down = Quat::from_mat3(&glam::Mat3::from_cols(-Vec3::X, Vec3::Z, Vec3::Y));
    Quat::from_rotation_x(-angle) * palm_down
}

fn between(a: &RigidTransform, b: &RigidTransform, share: f32) -> RigidTransform {
    let along = a.translation_m.lerp(b.translation_m, share);
    RigidTransform::new(a.rotation.slerp(b.rotation, share), along)
}

fn blend(a: &HandPose, b: &HandPose, share: f32) -> HandPose {
    HandPose(std::array::from_fn(|k| a.0[k] + (b.0[k] - a.0[k]) * share))
}

fn open_pose() -> HandPose {
    let mut pose = HandPose::default();
    for (digit, spread) in FINGERS.into_iter().zip([0.10, 0.02, -0.06, -0.16]) {
        let [abduction, mcp, pip, dip] = Dof::finger(digit).unwrap();
        for (dof, angle) in [(abduction, spread), (mcp, 0.15), (pip, 0.22), (dip, 0.12)] {
            pose.set(dof, angle);
        }
    }
    pose.set(Dof::ThumbCmcAbduction, 0.5);
    pose.set(Dof::ThumbMcpFlexion, 0.1);
    pose
}

fn fist_pose() -> HandPose {
    let mut pose = open_pose();
    for digit in FINGERS {
        let [_, mcp, pip, dip] = Dof::finger(digit).unwrap();
        for (dof, angle) in [(mcp, 1.35), (pip, 1.65), (dip, 1.0)] {
            pose.set(dof, angle);
        }
    }
    for (dof, angle) in [(Dof::ThumbCmcFlexion, 0.45), (Dof::ThumbMcpFlexion, 0.6), (Dof::ThumbIpFlexion, 0.7)] {
        pose.set(dof, angle);
    }
    pose
}

/// Thumb and index finger bent until their tips are 14 mm apart: each angle in turn, in steps that shrink.
fn pinched_pose(rig: &Rig) -> HandPose {
    let mut pose = open_pose();
    for (digit, bend) in FINGERS.into_iter().zip([0.5, 0.35, 0.4, 0.45]) {
        let [_, mcp, pip, dip] = Dof::finger(digit).unwrap();
        for dof in [mcp, pip, dip] {
            pose.set(dof, bend);
        }
    }
    let turned = [
        Dof::ThumbCmcAbduction,
        Dof::ThumbCmcFlexion,
        Dof::ThumbCmcPronation,
        Dof::ThumbMcpFlexion,
        Dof::ThumbIpFlexion,
        Dof::IndexMcpFlexion,
        Dof::IndexPipFlexion,
        Dof::IndexDipFlexion,
    ];
    let start = pose;
    let cost = |pose: &HandPose| {
        let points = skeleton::landmarks(&rig.skeleton.hand_from_joint(pose));
        let gap = (points[4].distance(points[8]) - 0.014) * 100.0;
        let bent: f32 = turned.iter().map(|d| (pose.get(*d) - start.get(*d)) * (pose.get(*d) - start.get(*d))).sum();
        gap * gap + 0.02 * bent
    };
    let mut step = 0.2;
    while step > 0.002 {
        let mut better = false;
        for dof in turned {
            for sign in [-1.0, 1.0] {
                let [low, high] = rig.limits[dof.index()].hard_rad;
                let mut tried = pose;
                tried.set(dof, (pose.get(dof) + sign * step).clamp(low, high));
                if cost(&tried) < cost(&pose) {
                    (pose, better) = (tried, true);
                }
            }
        }
        if !better {
            step *= 0.6;
        }
    }
    pose
}
