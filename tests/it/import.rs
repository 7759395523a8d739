//! The shipped rig as a file, and the `WebXR` hand with the shipped mapping and limits.

use std::path::PathBuf;
use std::process::Command;
use std::sync::LazyLock;

use handloom::import::{RigMapping, RigMeta, check_rig, from_glb, import_foreign, to_glb};
use handloom::rig::part::PART_COUNT;
use handloom::rig::{JOINTS, Rig, SkinMaps};
use handloom::sculpt::{RigSpec, build_with_template};

static SPEC: LazyLock<std::sync::Arc<RigSpec>> =
    LazyLock::new(|| RigSpec::parse(include_str!("../../rigs/adult/rig.toml")).unwrap());

/// The adult with fewer triangles than the shipped one, and skin maps that a PNG cannot cheat on.
fn adult() -> Rig {
    let mut rig = build_with_template(&SPEC, 1).rig;
    let texel = |k: u32| (k.wrapping_mul(2_654_435_761) >> 24) as u8;
    rig.skin = Some(SkinMaps {
        size: 64,
        regions: (0..4096).map(|k| [texel(k), texel(k + 1), texel(k * 3), texel(k * 7)]).collect(),
        slopes: (0..4096).map(|k| [5, 11, 13, 17, 19, 23, 29, 31].map(|f| texel(k * f))).collect(),
        max_slopes: [0.1; 4],
        marks: (0..4096).map(|k| [37, 41, 43, 47].map(|f| texel(k * f))).collect(),
    });
    rig
}

fn bytes_of(rig: &Rig) -> Vec<u8> {
    to_glb(rig, &RigMeta { generator: "handloom".into(), copyright: "MIT OR Apache-2.0".into() }).unwrap()
}

fn peers() -> Option<PathBuf> {
    let folder = std::env::var_os("HANDLOOM_PEERS").map(|folder| std::fs::canonicalize(folder).unwrap());
    if folder.is_none() {
        println!("skipped: HANDLOOM_PEERS is not set");
    }
    folder
}

#[test]
fn the_adult_survives_its_file() {
    let rig = adult();
    let bytes = bytes_of(&rig);
    let back = from_glb(&bytes).unwrap();
    assert_eq!(back, rig);
    assert_eq!(bytes_of(&back), bytes);
}

#[test]
fn khronos_validator_finds_no_fault_in_the_adult() {
    let Some(folder) = peers() else { return };
    let files = tempfile::tempdir().unwrap();
    let path = files.path().join("adult.glb");
    std::fs::write(&path, bytes_of(&adult())).unwrap();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers/validate_glb.mjs");
    let run =
        Command::new("node").arg(script).arg(&path).env("NODE_PATH", folder.join("node_modules")).output().unwrap();
    let text = String::from_utf8_lossy(&run.stdout);
    assert!(run.status.success(), "{text}{}", String::from_utf8_lossy(&run.stderr));
}

#[test]
fn the_adult_read_as_a_foreign_hand_keeps_joints_and_parts() {
    let rig = adult();
    let mapping = RigMapping::from_toml("name = \"again\"\nside = \"right\"\nscheme = \"webxr\"").unwrap();
    let again = import_foreign(&bytes_of(&rig), &mapping, &SPEC.limits()).unwrap();
    let frames = |rig: &Rig| rig.skeleton.hand_from_joint(&rig.skeleton.bind_pose);
    let (was, is) = (frames(&rig), frames(&again));
    // the importer's hand space looks along the middle metacarpal, the adult's along the middle finger
    let hand = handloom::rig::Joint::MiddleFingerPhalanxProximal.index();
    let turn = glam::Quat::from_rotation_arc(
        was[hand].translation_m.normalize_or_zero(),
        is[hand].translation_m.normalize_or_zero(),
    );
    assert!(turn.angle_between(glam::Quat::IDENTITY) < 0.1);
    for joint in JOINTS.into_iter().filter(|j| !j.is_tip()) {
        let (a, b) = (was[joint.index()].translation_m, is[joint.index()].translation_m);
        assert!((a.length() - b.length()).abs() < 1e-5, "{joint:?}: {a} and {b}");
    }
    for joint in JOINTS.into_iter().filter(|j| j.is_tip()) {
        let (a, b) = (was[joint.index()].translation_m, is[joint.index()].translation_m);
        assert!((a.length() - b.length()).abs() < 2e-3, "{joint:?}: {a} and {b}");
    }
    let same = rig.mesh.triangle_part.iter().zip(&again.mesh.triangle_part).filter(|(a, b)| a == b).count();
    let share = same as f32 / rig.mesh.triangles.len() as f32;
    assert!(share > 0.9, "{share} of the triangles are of the same part");
}

#[test]
fn the_generic_hand_fits_the_shipped_mapping_and_limits() {
    let Some(folder) = peers() else { return };
    let file = folder.join("node_modules/@webxr-input-profiles/assets/dist/profiles/generic-hand/left.glb");
    let bytes = std::fs::read(&file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    let mapping = RigMapping::from_toml(include_str!("../../rigs/webxr/rig.toml")).unwrap();
    let rig = import_foreign(&bytes, &mapping, &SPEC.limits()).unwrap();
    check_rig(&rig).unwrap();
    for part in 0..PART_COUNT as u8 - 1 {
        assert!(rig.mesh.triangle_part.contains(&part), "no triangle of part {part}");
    }
    for (dof, (angle, limit)) in handloom::rig::DOFS.iter().zip(rig.skeleton.bind_pose.0.iter().zip(&rig.limits)) {
        let [low, high] = limit.hard_rad;
        println!("{dof:?}: {:.1} deg in {:.0} to {:.0}", angle.to_degrees(), low.to_degrees(), high.to_degrees());
        assert!((low - 0.1..=high + 0.1).contains(angle), "{dof:?}: {angle} outside {low} to {high}");
    }
}
