//! The real generic hand of `WebXR`, and Khronos' validator; both need `HANDLOOM_PEERS`, which names the folder into which
//! `tests/peers/setup.sh` installs them. Without it these tests say so and pass.

use super::*;

/// The folder with the peers; a file that it lacks is a failure.
pub(super) fn peers() -> Option<PathBuf> {
    let folder = std::env::var_os("HANDLOOM_PEERS").map(PathBuf::from);
    if folder.is_none() {
        println!("skipped: HANDLOOM_PEERS is not set");
    }
    folder
}

pub(super) fn generic_hand(folder: &std::path::Path, side: &str) -> Rig {
    let file = format!("node_modules/@webxr-input-profiles/assets/dist/profiles/generic-hand/{side}.glb");
    let file = folder.join(file);
    let bytes = std::fs::read(&file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    let text = include_str!("../../../../rigs/webxr/rig.toml");
    let mut mapping = RigMapping::from_toml(text).unwrap();
    if side == "right" {
        assert!(import_foreign(&bytes, &mapping, &LIMITS).unwrap_err().to_string().contains("`side`"));
        mapping.side = crate::rig::HandSide::Right;
    }
    import_foreign(&bytes, &mapping, &LIMITS).unwrap()
}

/// Tip of a digit when one of its joints is bent further than in the bind pose.
fn tip_when_bent(rig: &Rig, digit: Digit, dof: Dof, by: f32) -> Vec3 {
    let mut pose = rig.skeleton.bind_pose;
    pose.set(dof, pose.get(dof) + by);
    rig.skeleton.hand_from_joint(&pose)[digit.chain()[3].index()].translation_m
}

#[test]
fn left_and_right_file_are_the_same_hand() {
    let Some(folder) = peers() else { return };
    let [left, right] = ["left", "right"].map(|side| generic_hand(&folder, side));
    assert_eq!(left.mesh.positions_m.len(), right.mesh.positions_m.len());
    assert_eq!(left.mesh.triangles.len(), 2314);
    let (a, b) = (frames(&left), frames(&right));
    for joint in JOINTS {
        // the index knuckle lies 3.4 mm farther out on the left in the files, its metacarpal 7 mm
        let tolerance = match joint {
            Joint::IndexFingerMetacarpal => 8e-3,
            Joint::IndexFingerPhalanxProximal => 4e-3,
            _ => 1e-3,
        };
        let apart = a[joint.index()].translation_m.distance(b[joint.index()].translation_m);
        assert!(apart < tolerance, "{joint:?}: {apart} m");
    }
    for (k, (x, y)) in left.skeleton.bind_pose.0.iter().zip(right.skeleton.bind_pose.0).enumerate() {
        assert!((x - y).abs() < 0.06, "{:?}: {x} and {y}", crate::rig::DOFS[k]);
    }
}

#[test]
fn tips_lie_at_the_end_of_the_flesh() {
    let Some(folder) = peers() else { return };
    for side in ["left", "right"] {
        let rig = generic_hand(&folder, side);
        let frames = frames(&rig);
        for digit in DIGITS {
            let [.., last, tip] = digit.chain();
            let (frame, at) = (frames[last.index()], frames[tip.index()].translation_m);
            let along = frame.direction(Vec3::Y);
            let own = rig.mesh.positions_m.iter().zip(&rig.mesh.joints).filter(|(_, j)| usize::from(j[0]) == last.index());
            let beyond = own.map(|(p, _)| (*p - at).dot(along)).fold(f32::MIN, f32::max);
            assert!(beyond.abs() < 1e-5, "{digit:?}: flesh ends {beyond} m beyond the tip");
            let nearest = rig.mesh.positions_m.iter().map(|p| p.distance(at)).fold(1.0, f32::min);
            assert!(nearest < 4e-3, "{digit:?}: {nearest} m from the flesh");
            // the tips in the file sit 11 to 15 mm beyond the last joint, inside the flesh
            let length = at.distance(frame.translation_m);
            assert!((0.017..0.035).contains(&length), "{digit:?}: {length} m");
            println!("{side} {digit:?}: tip {:.1} mm beyond the joint, {:.1} mm from the flesh", length * 1e3, nearest * 1e3);
        }
    }
}

#[test]
fn flexion_brings_every_tip_to_the_palm() {
    let Some(folder) = peers() else { return };
    for side in ["left", "right"] {
        let rig = generic_hand(&folder, side);
        let at_rest = frames(&rig);
        for finger in FINGERS {
            let tip = at_rest[finger.chain()[3].index()].translation_m;
            let [abduction, bends @ ..] = Dof::finger(finger).unwrap();
            for dof in bends {
                let moved = tip_when_bent(&rig, finger, dof, 0.5) - tip;
                assert!(moved.z > 0.7 * moved.length(), "{dof:?}: {moved}");
            }
            let moved = tip_when_bent(&rig, finger, abduction, 0.2) - tip;
            assert!(moved.x > 0.8 * moved.length(), "{abduction:?}: {moved}");
        }
        let tip = at_rest[Joint::ThumbTip.index()].translation_m;
        let little = at_rest[Joint::PinkyFingerPhalanxProximal.index()].translation_m;
        for dof in [Dof::ThumbCmcFlexion, Dof::ThumbMcpFlexion, Dof::ThumbIpFlexion] {
            let moved = tip_when_bent(&rig, Digit::Thumb, dof, 0.3) - tip;
            assert!(moved.dot((little - tip).normalize_or_zero()) > 0.5 * moved.length(), "{dof:?}: {moved}");
        }
        let moved = tip_when_bent(&rig, Digit::Thumb, Dof::ThumbCmcAbduction, 0.3) - tip;
        assert!(moved.z > 0.5 * moved.length(), "{moved}");
    }
}

#[test]
fn palm_and_back_are_told_apart() {
    let Some(folder) = peers() else { return };
    let rig = generic_hand(&folder, "left");
    let vertices = rig.mesh.positions_m.iter().zip(&rig.mesh.normals).zip(&rig.mesh.palmar);
    // over the palm, away from thumb and edges, the front is palm and the back is not
    let palm = vertices.filter(|((p, _), _)| (0.03..0.08).contains(&p.y) && p.x.abs() < 0.015);
    for ((p, n), palmar) in palm {
        assert!(n.z.abs() < 0.6 || (*palmar > 0.5) == (n.z > 0.0), "{p}: {n} {palmar}");
    }
}

#[test]
fn khronos_validator_finds_no_fault() {
    let Some(folder) = peers() else { return };
    let meta = RigMeta { generator: "handloom test".into(), copyright: "see the model".into() };
    let files = tempfile::tempdir().unwrap();
    let rigs = [("tubes", tube_hand::rig()), ("webxr", generic_hand(&folder, "left"))];
    let paths = rigs.map(|(name, rig)| {
        let path = files.path().join(format!("{name}.glb"));
        std::fs::write(&path, to_glb(&rig, &meta).unwrap()).unwrap();
        path
    });
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers/validate_glb.mjs");
    let modules = folder.canonicalize().unwrap().join("node_modules");
    let mut node = std::process::Command::new("node");
    let run = node.arg(script).args(&paths).env("NODE_PATH", modules).output().unwrap();
    let text = String::from_utf8_lossy(&run.stdout);
    println!("{text}{}", String::from_utf8_lossy(&run.stderr));
    assert!(run.status.success(), "{text}");
}
