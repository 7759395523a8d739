//! Motion from tables, and from a small character that is built here: bones named and placed as Mixamo's are (a scaled
//! and turned armature, +Y along the bones, flat fingers at rest, three bones and an end), moved by known angles.

use glam::{EulerRot, Quat, Vec3};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::import::ImportError;
use crate::import::tube_hand;
use crate::math::{RigidTransform, axes_along_y};
use crate::rig::skeleton::axis_angle;
use crate::rig::{DOFS, Dof, HandMotion, HandPose, HandSide, JOINT_COUNT, Joint, MotionKey, MotionTrack, Skeleton};

/// Moments of the character's animation, and their rate.
const KEYS: usize = 49;
const RATE_HZ: f32 = 60.0;

/// Name of a bone, the joint of ours that it is, and its parent among the bones.
fn bones(side: &str) -> Vec<(String, Option<Joint>, Option<usize>)> {
    let mut bones = vec![
        ("Armature".to_owned(), None, None),
        ("mixamorig:Hips".to_owned(), None, Some(0)),
        (format!("mixamorig:{side}ForeArm"), Some(Joint::Forearm), Some(1)),
        (format!("mixamorig:{side}Hand"), Some(Joint::Wrist), Some(2)),
    ];
    for (digit, word) in crate::rig::joint::DIGITS.into_iter().zip(["Thumb", "Index", "Middle", "Ring", "Pinky"]) {
        for (k, joint) in digit.chain().into_iter().enumerate() {
            let parent = if k == 0 { 3 } else { bones.len() - 1 };
            bones.push((format!("mixamorig:{side}Hand{word}{}", k + 1), Some(joint), Some(parent)));
        }
    }
    bones
}

/// Flat fingers and a slightly bent thumb.
fn rest_pose() -> HandPose {
    let mut pose = HandPose::default();
    pose.set(Dof::ThumbMcpFlexion, 0.2);
    pose.set(Dof::ThumbIpFlexion, 0.2);
    pose
}

/// Known angles, radians: all but the thumb's base, which [`lift`] moves.
fn known(time_s: f32) -> HandPose {
    let mut pose = rest_pose();
    let wave = |k: usize| 0.5 - 0.5 * (4.0 * time_s + 0.7 * k as f32).cos();
    for (k, digit) in crate::rig::joint::FINGERS.into_iter().enumerate() {
        let [abduction, mcp, pip, dip] = Dof::finger(digit).unwrap();
        pose.set(abduction, 0.17 * (3.0 * time_s + k as f32).sin());
        pose.set(mcp, 1.4 * wave(k) - 0.2);
        pose.set(pip, 1.8 * wave(k + 4));
        pose.set(dip, 1.2 * wave(k + 9));
    }
    pose.set(Dof::WristFlexion, 0.9 * (3.0 * time_s).sin());
    pose.set(Dof::WristDeviation, 0.4 * (5.0 * time_s).sin());
    pose.set(Dof::ForearmTwist, 1.1 * (2.0 * time_s).sin());
    pose.set(Dof::ThumbMcpFlexion, 0.2 + 0.6 * wave(2));
    pose.set(Dof::ThumbIpFlexion, 0.2 + 0.9 * wave(5));
    pose
}

/// Palmar abduction of the thumb's base since rest, radians.
fn lift(time_s: f32) -> f32 {
    0.35 * (3.0 * time_s).sin()
}

/// Where the hand is: an arm's swing.
fn place(time_s: f32) -> RigidTransform {
    let turn = Quat::from_euler(EulerRot::YXZ, 0.8 * time_s, 0.3 * (4.0 * time_s).sin(), 1.2);
    RigidTransform::new(turn, Vec3::new(0.6 + 0.1 * (3.0 * time_s).sin(), 1.3, 0.1 * time_s))
}

/// The synthetic hand, with a thumb that bends to the ring finger, as thumbs do.
fn tubes() -> Skeleton {
    let mut skeleton = tube_hand::rig().skeleton;
    let neutral = &mut skeleton.neutral[Joint::ThumbMetacarpal.index()];
    let axes = axes_along_y(*neutral * Vec3::Y, Vec3::new(-0.051, 0.059, -0.010)).unwrap();
    *neutral = Quat::from_mat3(&axes);
    skeleton
}

/// Joints of the hand in the world; of left hands in the mirror.
fn frames(side: HandSide, place: RigidTransform, pose: &HandPose, lift_rad: f32) -> [RigidTransform; JOINT_COUNT] {
    let mut frames = tubes().hand_from_joint(pose);
    let root = tubes().hand_from_joint(&rest_pose())[Joint::ThumbMetacarpal.index()];
    let axis = (root.rotation * Vec3::Y).cross(Vec3::Z).normalize_or_zero();
    let lift = axis_angle(axis, lift_rad);
    let lift = RigidTransform::new(lift, root.translation_m - lift * root.translation_m);
    for joint in crate::rig::Digit::Thumb.joints() {
        frames[joint.index()] = lift * frames[joint.index()];
    }
    frames.map(|f| if side == HandSide::Left { place * f.mirrored_x() } else { place * f })
}

/// World transforms of the bones: our frames, each rolled about its bone, and what stands above them.
fn world(side: HandSide, place: RigidTransform, pose: &HandPose, lift_rad: f32) -> Vec<RigidTransform> {
    let frames = frames(side, place, pose, lift_rad);
    let of_bone = |(k, (_, joint, _)): (usize, &(String, Option<Joint>, Option<usize>))| match joint {
        Some(joint) => frames[joint.index()] * RigidTransform::from_rotation(Quat::from_rotation_y(0.9 * k as f32)),
        None if k == 0 => RigidTransform::from_rotation(Quat::from_rotation_x(-1.5)),
        None => RigidTransform::new(Quat::from_rotation_y(0.3), Vec3::new(0.0, 1.0, 0.0)),
    };
    bones("").iter().enumerate().map(of_bone).collect()
}

/// Translation (centimetres below the armature) and rotation of each bone in its parent.
fn locals(side: HandSide, place: RigidTransform, pose: &HandPose, lift_rad: f32) -> Vec<(Vec3, Quat)> {
    let world = world(side, place, pose, lift_rad);
    let local = |(k, (_, _, parent)): (usize, (String, Option<Joint>, Option<usize>))| {
        let above = parent.map_or(RigidTransform::IDENTITY, |p| world[p]);
        let local = above.inverse() * world[k];
        (local.translation_m * if k == 0 { 1.0 } else { 100.0 }, local.rotation)
    };
    bones("").into_iter().enumerate().map(local).collect()
}

/// Numbers of the binary part, and the accessors that point at them.
#[derive(Default)]
struct Numbers {
    bytes: Vec<u8>,
    views: Vec<Value>,
    accessors: Vec<Value>,
}

impl Numbers {
    fn add(&mut self, kind: &str, width: usize, values: &[f32]) -> usize {
        let from = self.bytes.len();
        self.bytes.extend(values.iter().flat_map(|v| v.to_le_bytes()));
        self.views.push(json!({"buffer": 0, "byteOffset": from, "byteLength": values.len() * 4}));
        self.accessors.push(json!({
            "bufferView": self.views.len() - 1, "componentType": 5126, "type": kind, "count": values.len() / width,
            "min": [values.iter().copied().fold(f32::INFINITY, f32::min)],
            "max": [values.iter().copied().fold(f32::NEG_INFINITY, f32::max)],
        }));
        if width > 1 {
            let accessor = self.accessors.last_mut().unwrap().as_object_mut().unwrap();
            accessor.remove("min");
            accessor.remove("max");
        }
        self.accessors.len() - 1
    }
}

fn time(key: usize) -> f32 {
    key as f32 / RATE_HZ
}

/// Rotations at the keys, with their slopes for splines.
fn rotation_keys(rotation: impl Fn(f32) -> Quat, is_spline: bool) -> Vec<f32> {
    let mut values: Vec<f32> = Vec::new();
    let mut last = rotation(0.0);
    for key in 0..KEYS {
        // one sign throughout: splines have no shorter way
        let near = |q: Quat, to: Quat| if q.dot(to) < 0.0 { -q } else { q };
        let (t, h) = (time(key), 1e-3);
        let here = near(rotation(t), last);
        last = here;
        let slope = (near(rotation(t + h), here) - near(rotation(t - h), here)) * (0.5 / h);
        let stored = if is_spline { vec![slope, here, slope] } else { vec![here] };
        values.extend(stored.into_iter().flat_map(|q| q.to_array()));
    }
    values
}

/// The animated character as a .glb file. With a skin, the nodes stand as in the middle of the animation and the bind
/// matrices tell the rest pose.
fn character(side: HandSide, interpolation: &str, with_skin: bool, change: impl FnOnce(&mut Value)) -> Vec<u8> {
    let word = if side == HandSide::Left { "Left" } else { "Right" };
    let bones = bones(word);
    let moment = |t: f32| locals(side, place(t), &known(t), lift(t));
    let rest = if with_skin { moment(0.3) } else { locals(side, place(0.0), &rest_pose(), 0.0) };
    let mut numbers = Numbers::default();
    let times = numbers.add("SCALAR", 1, &(0..KEYS).map(time).collect::<Vec<_>>());
    let (mut channels, mut samplers, mut nodes) = (Vec::new(), Vec::new(), Vec::new());
    for (k, (name, ..)) in bones.iter().enumerate() {
        let children: Vec<usize> = (0..bones.len()).filter(|c| bones[*c].2 == Some(k)).collect();
        let mut node = json!({"name": name, "translation": rest[k].0.to_array(), "rotation": rest[k].1.to_array()});
        if k == 0 {
            node["scale"] = json!([0.01, 0.01, 0.01]);
        }
        if !children.is_empty() {
            node["children"] = json!(children);
        }
        nodes.push(node);
        if k < 2 {
            continue;
        }
        let values = rotation_keys(|t| moment(t)[k].1, interpolation == "CUBICSPLINE");
        let output = numbers.add("VEC4", 4, &values);
        samplers.push(json!({"input": times, "output": output, "interpolation": interpolation}));
        channels.push(json!({"sampler": samplers.len() - 1, "target": {"node": k, "path": "rotation"}}));
        if k < 4 {
            let values: Vec<f32> = (0..KEYS)
                .flat_map(|key| {
                    let at = |t: f32| moment(t)[k].0;
                    let (t, h) = (time(key), 1e-3);
                    let slope = (at(t + h) - at(t - h)) * (0.5 / h);
                    if interpolation == "CUBICSPLINE" { vec![slope, at(t), slope] } else { vec![at(t)] }
                })
                .flat_map(|v| v.to_array())
                .collect();
            let output = numbers.add("VEC3", 3, &values);
            samplers.push(json!({"input": times, "output": output, "interpolation": interpolation}));
            channels.push(json!({"sampler": samplers.len() - 1, "target": {"node": k, "path": "translation"}}));
        }
    }
    let mut json = json!({
        "asset": {"version": "2.0"}, "scene": 0, "scenes": [{"nodes": [0]}], "nodes": nodes,
        "animations": [{"channels": channels, "samplers": samplers}],
    });
    if with_skin {
        let rest = world(side, place(0.0), &rest_pose(), 0.0);
        let matrices: Vec<f32> = rest[2..]
            .iter()
            .flat_map(|w| {
                let inverse = w.inverse();
                glam::Mat4::from_rotation_translation(inverse.rotation, inverse.translation_m).to_cols_array()
            })
            .collect();
        let accessor = numbers.add("MAT4", 16, &matrices);
        json["skins"] = json!([{"joints": (2..bones.len()).collect::<Vec<_>>(), "inverseBindMatrices": accessor}]);
    }
    json["bufferViews"] = json!(numbers.views);
    json["accessors"] = json!(numbers.accessors);
    json["buffers"] = json!([{"byteLength": numbers.bytes.len()}]);
    change(&mut json);
    let header = gltf::binary::Header { magic: *b"glTF", version: 2, length: 0 };
    let json = json.to_string().into_bytes().into();
    gltf::Glb { header, json, bin: Some(numbers.bytes.into()) }.to_vec().unwrap()
}

fn read(bytes: &[u8]) -> Result<HandMotion, ImportError> {
    motion_from_glb("test", bytes, &MotionMapping::mixamo().unwrap())
}

/// Largest error of the recovered angles but the thumb's base, degrees, and where.
fn worst(track: &MotionTrack, every: usize) -> (f32, String) {
    let mut worst = (0.0, String::new());
    for key in track.keys.iter().step_by(every) {
        for dof in DOFS.into_iter().filter(|d| d.joint() != Joint::ThumbMetacarpal) {
            let error = (key.pose.get(dof) - known(key.time_s).get(dof)).abs().to_degrees();
            if error > worst.0 {
                worst = (error, format!("{} at {} s", dof.name(), key.time_s));
            }
        }
    }
    worst
}

#[test]
fn known_angles_of_a_character_come_back() {
    for side in [HandSide::Left, HandSide::Right] {
        for (interpolation, with_skin) in [("LINEAR", false), ("CUBICSPLINE", false), ("STEP", false), ("LINEAR", true)]
        {
            let motion = read(&character(side, interpolation, with_skin, |_| {})).unwrap();
            let [track] = motion.tracks.as_slice() else { panic!("{} tracks", motion.tracks.len()) };
            assert_eq!(track.side, Some(side));
            assert_eq!(track.keys.len(), KEYS);
            let (degrees, place) = worst(track, 1);
            assert!(degrees < 2.0, "{side:?} {interpolation} {with_skin}: {degrees} degrees, {place}");
        }
    }
}

#[test]
fn the_thumbs_base_lifts_as_far_as_it_was_lifted() {
    for side in [HandSide::Left, HandSide::Right] {
        let motion = read(&character(side, "LINEAR", false, |_| {})).unwrap();
        let keys = &motion.tracks[0].keys;
        for key in keys {
            let since = |dof| (key.pose.get(dof) - keys[0].pose.get(dof)).to_degrees();
            let abducted = since(Dof::ThumbCmcAbduction) - (lift(key.time_s) - lift(0.0)).to_degrees();
            let rest = [since(Dof::ThumbCmcFlexion), since(Dof::ThumbCmcPronation)];
            assert!(abducted.abs() < 2.0 && rest.iter().all(|r| r.abs() < 2.0), "{side:?} {} {rest:?}", key.time_s);
        }
    }
}

#[test]
fn the_wrist_is_told_in_the_space_of_the_hips() {
    for side in [HandSide::Left, HandSide::Right] {
        let motion = read(&character(side, "LINEAR", false, |_| {})).unwrap();
        let hips = RigidTransform::new(Quat::from_rotation_y(0.3), Vec3::new(0.0, 1.0, 0.0));
        let wrist = |t: f32| {
            let wrist = frames(side, place(t), &known(t), 0.0)[Joint::Wrist.index()];
            hips.inverse() * wrist
        };
        for key in &motion.tracks[0].keys {
            let (found, known) = (key.wrist.unwrap(), wrist(key.time_s));
            assert!(found.translation_m.distance(known.translation_m) < 1e-3, "{side:?} {}", key.time_s);
            // where our frame of the hand stands follows from its knuckles: the same in all moments
            let turned = known.rotation.conjugate() * found.rotation;
            let first = wrist(0.0).rotation.conjugate() * motion.tracks[0].keys[0].wrist.unwrap().rotation;
            assert!(turned.angle_between(first) < 0.02 && turned.angle_between(Quat::IDENTITY) < 0.02);
        }
    }
}

#[test]
fn what_a_character_lacks_is_named() {
    let told =
        |change: fn(&mut Value)| read(&character(HandSide::Right, "LINEAR", false, change)).unwrap_err().to_string();
    let text = told(|json| json["animations"] = json!([]));
    assert!(text.contains("`animations`: the file holds none"), "{text}");
    let text = told(|json| {
        for node in json["nodes"].as_array_mut().unwrap() {
            node["name"] = json!(node["name"].as_str().unwrap().replace("mixamorig:", "bip_"));
        }
    });
    assert!(text.contains("neither `mixamorig:RightHand`") && text.contains("hint:"), "{text}");
    let text = told(|json| json["nodes"][9]["name"] = json!("finger"));
    assert!(text.contains("no node `mixamorig:RightHandIndex2`"), "{text}");
    let text = told(|json| json["animations"][0]["samplers"][3]["output"] = json!(0));
    assert!(text.contains("animations") || text.contains("accessors"), "{text}");
    let text =
        MotionMapping::from_toml("name = \"x\"\nside = { left = \"L\", right = \"R\" }\n[joints]\nhand = \"wrist\"");
    assert!(text.unwrap_err().to_string().contains("{side}"));
}

#[test]
fn missing_ends_and_forearm_are_no_fault() {
    let bytes = character(HandSide::Right, "LINEAR", false, |json| {
        for node in json["nodes"].as_array_mut().unwrap() {
            let name = node["name"].as_str().unwrap().to_owned();
            if name.ends_with('4') || name.ends_with("ForeArm") {
                node["name"] = json!("");
            }
        }
    });
    let motion = read(&bytes).unwrap();
    let key = motion.tracks[0].keys[20];
    assert!((key.pose.get(Dof::IndexPipFlexion) - known(key.time_s).get(Dof::IndexPipFlexion)).abs() < 0.02);
}

fn tracks() -> impl Strategy<Value = MotionTrack> {
    let angle = -2.0_f32..2.0;
    let key =
        (prop::array::uniform26(angle), prop::array::uniform3(-1.0_f32..1.0), prop::array::uniform3(-3.0_f32..3.0));
    (prop::collection::vec(key, 2..6), any::<bool>()).prop_map(|(keys, wrist)| {
        let keys = keys.into_iter().enumerate().map(|(k, (angles, place, turn))| MotionKey {
            time_s: 0.25 * k as f32,
            pose: HandPose(angles),
            wrist: wrist.then(|| {
                RigidTransform::new(Quat::from_euler(EulerRot::XYZ, turn[0], turn[1], turn[2]), Vec3::from(place))
            }),
        });
        MotionTrack { side: None, keys: keys.collect() }
    })
}

fn close(a: &MotionTrack, b: &MotionTrack) -> bool {
    a.keys.len() == b.keys.len()
        && a.keys.iter().zip(&b.keys).all(|(a, b)| {
            let angles = a.pose.0.iter().zip(b.pose.0).all(|(x, y)| (x - y).abs() < 2e-5);
            let wrist = match (a.wrist, b.wrist) {
                (Some(a), Some(b)) => {
                    a.translation_m.distance(b.translation_m) < 2e-5 && a.rotation.angle_between(b.rotation) < 1e-2
                }
                (None, None) => true,
                _ => false,
            };
            (a.time_s - b.time_s).abs() < 1e-4 && angles && wrist
        })
}

/// A CSV table as JSON objects.
fn as_json(csv: &str) -> String {
    let mut lines = csv.lines();
    let columns: Vec<&str> = lines.next().unwrap().split(',').collect();
    let row = |line: &str| {
        let cells = columns.iter().zip(line.split(',')).map(|(c, v)| format!("\"{c}\": {v}"));
        format!("{{{}}}", cells.collect::<Vec<_>>().join(", "))
    };
    format!("[{}]", lines.map(row).collect::<Vec<_>>().join(",\n"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn tables_come_back(track in tracks()) {
        let csv = motion_to_csv(&track);
        let read = motion_from_csv("wave", &csv).unwrap();
        prop_assert!(close(&read.tracks[0], &track));
        let read = motion_from_json("wave", &as_json(&csv)).unwrap();
        prop_assert!(close(&read.tracks[0], &track));
    }
}

#[test]
fn all_faults_of_a_table_are_told_with_line_and_column() {
    let csv = "# remark\ntime_s,index_pip_flexion,thumb_ip_flexion\n0,10,ten\n0.1,20\n0.05,500,1\n";
    let text = motion_from_csv("x", csv).unwrap_err().to_string();
    for part in ["`line 3, column thumb_ip_flexion`: `ten` is no number", "`line 4`: 2 values for 3 columns"] {
        assert!(text.contains(part), "{part} not in {text}");
    }
    let csv = "time_s,index_pip_flexion\n0,10\n0.1,500\n0.05,1\n0.2,nan\n";
    let text = motion_from_csv("x", csv).unwrap_err().to_string();
    for part in
        ["line 3, column index_pip_flexion`: 500 degrees", "`line 4`: time 0.05 s does not come after 0.1 s", "is NaN"]
    {
        assert!(text.contains(part), "{part} not in {text}");
    }
    let csv = "time,index_pip_flexon,wrist_x_m,index_dip_flexion,index_dip_flexion\n0,0,0,0,0\n";
    let text = motion_from_csv("x", csv).unwrap_err().to_string();
    for part in [
        "did you mean `index_pip_flexion`?",
        "`time` is no column",
        "there is no column `time_s`",
        "columns of the wrist are missing: wrist_y_m",
        "column 5`: `index_dip_flexion` stands here a second time",
    ] {
        assert!(text.contains(part), "{part} not in {text}");
    }
    assert!(motion_from_csv("x", "").unwrap_err().to_string().contains("the file is empty"));
    assert!(motion_from_csv("x", "time_s\n0\n").unwrap_err().to_string().contains("at least two moments"));
    let json = "[{\"time_s\": 0, \"index_pip_flexion\": \"a\"}, {\"time_s\": 1, \"ring_pip_flexion\": 2}]";
    let text = motion_from_json("x", json).unwrap_err().to_string();
    for part in ["item 0, key index_pip_flexion`: \"a\" is no number", "`ring_pip_flexion` is not in the first"] {
        assert!(text.contains(part), "{part} not in {text}");
    }
    assert!(motion_from_json("x", "[{]").unwrap_err().to_string().contains("line 1, column 3"));
}
