//! Foreign hands made from a synthetic one whose joints are known.

use std::path::PathBuf;

use glam::Vec3;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::import::tube_hand::{self, LIMITS};
use crate::import::{RigMeta, from_glb, to_glb};
use crate::math::RigidTransform;
use crate::rig::joint::{DIGITS, FINGERS};
use crate::rig::{Digit, Dof, HandPose, JOINT_COUNT, JOINTS, Joint};

mod bad_input;
mod look;
mod webxr;

fn mapping(side: &str) -> RigMapping {
    RigMapping::from_toml(&format!("name = \"test\"\nside = \"{side}\"\nscheme = \"webxr\"")).unwrap()
}

/// The synthetic hand as a foreign file would hold it, with the JSON changed.
fn tubes(change: impl FnOnce(&mut Value, &mut Vec<u8>)) -> Vec<u8> {
    let rig = Rig { skin: None, shapes: Vec::new(), correctives: Vec::new(), ..tube_hand::rig() };
    let meta = RigMeta { generator: "test".into(), copyright: String::new() };
    let bytes = to_glb(&rig, &meta).unwrap();
    let glb = gltf::Glb::from_slice(&bytes).unwrap();
    let mut json: Value = serde_json::from_slice(&glb.json).unwrap();
    let mut bin = glb.bin.unwrap().into_owned();
    json.as_object_mut().unwrap().remove("extras");
    change(&mut json, &mut bin);
    json["buffers"][0]["byteLength"] = json!(bin.len());
    let json = json.to_string().into_bytes().into();
    gltf::Glb { header: glb.header, json, bin: Some(bin.into()) }.to_vec().unwrap()
}

fn import(bytes: &[u8]) -> Result<Rig, ImportError> {
    import_foreign(bytes, &mapping("right"), &LIMITS)
}

fn frames(rig: &Rig) -> [RigidTransform; JOINT_COUNT] {
    rig.skeleton.hand_from_joint(&rig.skeleton.bind_pose)
}

/// Largest distance between joints of the same name, metres.
fn joint_distance(a: &Rig, b: &Rig) -> f32 {
    let (a, b) = (frames(a), frames(b));
    JOINTS.iter().map(|j| a[j.index()].translation_m.distance(b[j.index()].translation_m)).fold(0.0, f32::max)
}

/// Linear blend skinning, written once more.
fn skinned(rig: &Rig, pose: &HandPose) -> Vec<Vec3> {
    let (from, to) = (frames(rig), rig.skeleton.hand_from_joint(pose));
    let moves: Vec<RigidTransform> = (0..JOINT_COUNT).map(|k| to[k] * from[k].inverse()).collect();
    let vertices = rig.mesh.positions_m.iter().zip(rig.mesh.joints.iter().zip(&rig.mesh.weights));
    let blend = |(p, (joints, weights)): (&Vec3, (&[u8; 4], &[f32; 4]))| {
        joints.iter().zip(weights).map(|(j, w)| moves[usize::from(*j)].point(*p) * *w).sum()
    };
    vertices.map(blend).collect()
}

#[test]
fn a_known_hand_comes_back() {
    let (original, rig) = (tube_hand::rig(), import(&tubes(|_, _| {})).unwrap());
    assert!(joint_distance(&original, &rig) < 1e-5, "{}", joint_distance(&original, &rig));
    let (was, is) = (frames(&original), frames(&rig));
    for joint in JOINTS.into_iter().filter(|j| j.digit().is_some_and(|d| d != Digit::Thumb)) {
        let angle = was[joint.index()].rotation.angle_between(is[joint.index()].rotation);
        assert!(angle < 0.01, "{joint:?}: {angle}");
    }
    for finger in FINGERS {
        for (dof, angle) in Dof::finger(finger).unwrap().into_iter().zip([0.0, 0.1, 0.2, 0.15]) {
            let found = rig.skeleton.bind_pose.get(dof);
            assert!((found - angle).abs() < 0.01, "{dof:?}: {found} instead of {angle}");
        }
    }
    assert_eq!(rig.mesh.triangle_part, original.mesh.triangle_part);
    assert_eq!(rig.mesh.triangles, original.mesh.triangles);
    assert!(rig.shapes.is_empty() && rig.skin.is_none());
    for capsule in &rig.capsules {
        let range = 0.8 * tube_hand::RADIUS_M..1.2 * tube_hand::RADIUS_M;
        assert!(range.contains(&capsule.end_radius_m), "{capsule:?}");
    }
}

#[test]
fn the_bind_pose_reproduces_the_joints() {
    let source = Source::read(&Glb::open(&tubes(|_, _| {})).unwrap(), &mapping("right")).unwrap();
    let bones = Bones::new(&source).unwrap();
    let skeleton = bones.skeleton();
    for (k, frame) in skeleton.hand_from_joint(&skeleton.bind_pose).into_iter().enumerate() {
        assert!(frame.translation_m.abs_diff_eq(bones.frames[k].translation_m, 1e-6), "{k}");
        assert!(frame.rotation.angle_between(bones.frames[k].rotation) < 2e-3, "{k}");
    }
}

#[test]
fn flat_joints_are_put_in_order() {
    let flat = tubes(|json, _| {
        // world transforms on siblings: undo the tree by hand
        let rig = tube_hand::rig();
        for (k, frame) in frames(&rig).into_iter().enumerate() {
            let node = json["nodes"][k].as_object_mut().unwrap();
            node.remove("children");
            node.insert("translation".into(), json!(frame.translation_m));
            node.insert("rotation".into(), json!(frame.rotation));
        }
        json["scenes"][0]["nodes"] = json!((0..=JOINT_COUNT).collect::<Vec<_>>());
    });
    let rig = import(&flat).unwrap();
    assert!(joint_distance(&rig, &tube_hand::rig()) < 1e-5);
}

#[test]
fn a_hand_in_centimetres_below_a_turned_node_is_brought_home() {
    let moved = tubes(|json, _| {
        let nodes = json["nodes"].as_array_mut().unwrap();
        nodes.push(json!({
            "children": [0],
            "translation": [3.0, 4.0, 5.0],
            "rotation": [0.5, 0.5, 0.5, 0.5],
            "scale": [100.0, 100.0, 100.0],
        }));
        json["scenes"][0]["nodes"] = json!([JOINT_COUNT + 1, JOINT_COUNT]);
    });
    let mapping = RigMapping { unit_m: 0.01, ..mapping("right") };
    let rig = import_foreign(&moved, &mapping, &LIMITS).unwrap();
    assert!(joint_distance(&rig, &tube_hand::rig()) < 1e-4);
    let message = import(&moved).unwrap_err().to_string();
    assert!(message.contains("`unit_m`") && message.contains("18."), "{message}");
}

#[test]
fn joints_without_a_name_join_their_ancestors() {
    let rename = |name: &'static str| {
        move |json: &mut Value, _: &mut Vec<u8>| {
            let nodes = json["nodes"].as_array_mut().unwrap();
            let node = nodes.iter_mut().find(|n| n["name"] == name).unwrap();
            node["name"] = json!("helper");
        }
    };
    let original = tube_hand::rig();
    for (name, heir) in [
        ("index-finger-metacarpal", Joint::Wrist),
        ("forearm", Joint::Forearm),
        ("ring-finger-tip", Joint::RingFingerPhalanxDistal),
    ] {
        let rig = import(&tubes(rename(name))).unwrap();
        let own = Joint::from_name(name).unwrap();
        for (was, is) in original.mesh.joints.iter().zip(&rig.mesh.joints) {
            let expected = if usize::from(was[0]) == own.index() { heir.index() } else { usize::from(was[0]) };
            assert_eq!(usize::from(is[0]), expected, "{name}");
        }
        assert!(rig.skeleton.offset_m[own.index()].is_finite());
    }
}

#[test]
fn a_left_hand_is_mirrored() {
    let left = tubes(|json, bin| {
        // mirror positions and bind matrices in the bytes, as a left hand's file would have them
        let offset = |json: &Value, accessor: usize| {
            let view = json["accessors"][accessor]["bufferView"].as_u64().unwrap() as usize;
            json["bufferViews"][view]["byteOffset"].as_u64().unwrap() as usize
        };
        let attributes = &json["meshes"][0]["primitives"][0]["attributes"];
        let count = json["accessors"][0]["count"].as_u64().unwrap() as usize;
        let accessors = ["POSITION", "NORMAL"].map(|a| attributes[a].as_u64().unwrap() as usize);
        for accessor in accessors {
            let start = offset(json, accessor);
            (0..count).for_each(|k| bin[start + 12 * k + 3] ^= 0x80);
        }
        let matrices = json["skins"][0]["inverseBindMatrices"].as_u64().unwrap() as usize;
        let start = offset(json, matrices);
        for joint in 0..JOINT_COUNT {
            // M A M with M = diag(-1, 1, 1): the first row and the first column change sign, but for the corner
            for entry in [1, 2, 4, 8, 12] {
                bin[start + 64 * joint + 4 * entry + 3] ^= 0x80;
            }
        }
        for (k, frame) in frames(&tube_hand::rig()).into_iter().enumerate() {
            let mirrored = frame.mirrored_x();
            let node = json["nodes"][k].as_object_mut().unwrap();
            node.remove("children");
            node.insert("translation".into(), json!(mirrored.translation_m));
            node.insert("rotation".into(), json!(mirrored.rotation));
        }
        json["scenes"][0]["nodes"] = json!((0..=JOINT_COUNT).collect::<Vec<_>>());
        let view =
            json["accessors"][json["meshes"][0]["primitives"][0]["indices"].as_u64().unwrap() as usize]["bufferView"]
                .as_u64()
                .unwrap() as usize;
        let (start, length) = (
            json["bufferViews"][view]["byteOffset"].as_u64().unwrap() as usize,
            json["bufferViews"][view]["byteLength"].as_u64().unwrap() as usize,
        );
        for triangle in bin[start..start + length].as_chunks_mut::<12>().0 {
            let (b, c) = triangle[4..].split_at_mut(4);
            b.swap_with_slice(c);
        }
    });
    let rig = import_foreign(&left, &mapping("left"), &LIMITS).unwrap();
    let original = tube_hand::rig();
    assert!(joint_distance(&rig, &original) < 1e-5);
    assert_eq!(rig.mesh.triangles, original.mesh.triangles);
    let farthest = rig.mesh.positions_m.iter().zip(&original.mesh.positions_m).map(|(a, b)| a.distance(*b));
    assert!(farthest.fold(0.0, f32::max) < 1e-5);
    // the same file as a right hand is the back of one: fingers and thumb would bend backwards
    assert!(import(&left).unwrap_err().to_string().contains("`side`"));
}

#[test]
fn skin_shares_from_two_sets_are_merged_and_cut_to_four() {
    let bytes = tubes(|json, _| {
        let attributes = json["meshes"][0]["primitives"][0]["attributes"].as_object_mut().unwrap();
        let (joints, weights) = (attributes["JOINTS_0"].clone(), attributes["WEIGHTS_0"].clone());
        attributes.insert("JOINTS_1".into(), joints);
        attributes.insert("WEIGHTS_1".into(), weights);
    });
    let rig = import(&bytes).unwrap();
    assert_eq!(rig.mesh.weights, tube_hand::rig().mesh.weights);
}

#[test]
fn an_imported_rig_survives_our_file() {
    let rig = import(&tubes(|_, _| {})).unwrap();
    let meta = RigMeta { generator: "test".into(), copyright: String::new() };
    assert_eq!(from_glb(&to_glb(&rig, &meta).unwrap()).unwrap(), rig);
}
