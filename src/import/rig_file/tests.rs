//! Rig files: what is written comes back, and what is broken is refused.

use glam::Vec3;
use proptest::prelude::*;

use super::*;
use crate::import::{ImportError, tube_hand};
use crate::rig::{Rig, VertexDeltas};

fn meta() -> RigMeta {
    RigMeta { generator: "handloom test".into(), copyright: "nobody".into() }
}

fn bytes_of(rig: &Rig) -> Vec<u8> {
    to_glb(rig, &meta()).unwrap()
}

/// The smallest rig file: no maps, no shapes.
fn plain() -> Rig {
    Rig { skin: None, shapes: Vec::new(), correctives: Vec::new(), ..tube_hand::rig() }
}

fn message(bytes: &[u8]) -> String {
    from_glb(bytes).unwrap_err().to_string()
}

#[test]
fn a_rig_comes_back_bit_for_bit() {
    for rig in [tube_hand::rig(), plain()] {
        let bytes = bytes_of(&rig);
        let back = from_glb(&bytes).unwrap();
        assert_eq!(back, rig);
        // equality of floats does not tell -0 from 0; equal bytes do
        assert_eq!(bytes_of(&back), bytes);
    }
}

#[test]
fn negative_zero_and_tiny_numbers_survive() {
    let mut rig = plain();
    rig.mesh.positions_m[3] = Vec3::new(-0.0, f32::MIN_POSITIVE / 4.0, 0.1 + f32::EPSILON);
    rig.skeleton.offset_m[5] = Vec3::new(-0.0, 0.1 + f32::EPSILON, 1.0e-42);
    let back = from_glb(&bytes_of(&rig)).unwrap();
    let bits = |v: Vec3| v.to_array().map(f32::to_bits);
    assert_eq!(bits(back.mesh.positions_m[3]), bits(rig.mesh.positions_m[3]));
    assert_eq!(bits(back.skeleton.offset_m[5]), bits(rig.skeleton.offset_m[5]));
}

#[test]
fn a_viewer_finds_the_bind_pose_in_the_nodes() {
    fn walk(node: &gltf::Node<'_>, parent: glam::Mat4, seen: &mut Vec<(usize, Vec3)>) {
        let own = parent * glam::Mat4::from_cols_array_2d(&node.transform().matrix());
        seen.push((node.index(), own.w_axis.truncate()));
        node.children().for_each(|child| walk(&child, own, seen));
    }
    let rig = tube_hand::rig();
    let frames = rig.skeleton.hand_from_joint(&rig.skeleton.bind_pose);
    let document = gltf::Gltf::from_slice(&bytes_of(&rig)).unwrap().document;
    let mut seen = Vec::new();
    walk(&document.nodes().next().unwrap(), glam::Mat4::IDENTITY, &mut seen);
    assert_eq!(seen.len(), 26);
    for (k, origin) in seen {
        assert!(origin.abs_diff_eq(frames[k].translation_m, 1e-6), "{k}: {origin}");
    }
}

#[test]
fn a_broken_rig_is_not_written_and_every_fault_is_named() {
    let mut rig = tube_hand::rig();
    rig.mesh.weights[4] = [0.5, -0.5, 0.0, 0.0];
    rig.mesh.joints[7][0] = 32;
    rig.mesh.positions_m[1].x = f32::NAN;
    rig.skeleton.offset_m[4] = Vec3::ZERO;
    rig.mesh.triangles[2][1] = 60_000;
    rig.shapes[1].position_deltas_m = VertexDeltas::from_rising(&[60_000], vec![Vec3::X]).unwrap();
    rig.correctives[0].ramps[1].to_rad = Some(-1.0);
    rig.skin.as_mut().unwrap().slopes.pop();
    let text = to_glb(&rig, &meta()).unwrap_err().to_string();
    for place in [
        "mesh.weights[4]",
        "mesh.joints[7]",
        "mesh.positions_m[1]",
        "skeleton.offset_m.thumb-phalanx-distal",
        "mesh.triangles[2]",
        "shapes.breadth.position_deltas_m",
        "correctives.bent.ramps[1]",
        "skin.slopes",
    ] {
        assert!(text.contains(place), "{place} not in {text}");
    }
}

#[test]
fn truncated_files_are_refused_at_every_byte() {
    let bytes = bytes_of(&plain());
    for cut in 0..bytes.len() {
        let error = from_glb(&bytes[..cut]).unwrap_err();
        assert!(matches!(error, ImportError::Container { .. }), "{cut}: {error}");
    }
}

#[test]
fn a_cut_behind_an_honest_header_is_refused() {
    let bytes = bytes_of(&plain());
    for cut in (20..bytes.len()).step_by(97) {
        let mut short = bytes[..cut].to_vec();
        short[8..12].copy_from_slice(&(cut as u32).to_le_bytes());
        assert!(from_glb(&short).is_err(), "{cut}");
    }
}

#[test]
fn foreign_bytes_are_named() {
    assert!(message(b"solid cube, ascii").contains("`soli` instead of `glTF`"));
    let mut bytes = bytes_of(&plain());
    bytes[4] = 1;
    assert!(message(&bytes).contains("version 1 instead of 2"));
}

#[test]
fn an_other_format_number_is_named() {
    let mut newer = bytes_of(&plain());
    let at = newer.windows(10).position(|w| w == b"\"format\":2").unwrap();
    newer[at + 9] = b'7';
    assert!(message(&newer).contains("is 7, this version reads 2"), "{}", message(&newer));
}

#[test]
fn a_rig_of_the_first_format_is_read() {
    let mut old = bytes_of(&plain());
    for (new, first) in [("\"format\":2", "\"format\":1"), ("\"correctives\":[],", "                 ")] {
        assert_eq!(new.len(), first.len());
        let at = old.windows(new.len()).position(|w| w == new.as_bytes()).unwrap();
        old[at..at + new.len()].copy_from_slice(first.as_bytes());
    }
    assert_eq!(from_glb(&old).unwrap(), plain());
}

#[test]
fn bad_sparse_differences_are_named() {
    let good = bytes_of(&tube_hand::rig());
    let document = gltf::Gltf::from_slice(&good).unwrap().document;
    let sparse = document.accessors().find_map(|a| a.sparse()).unwrap();
    let text = u32::from_le_bytes(good[12..16].try_into().unwrap()) as usize;
    let first = 20 + text + 8 + sparse.indices().view().offset();
    let last = first + 4 * (sparse.count() - 1);
    let value = 20 + text + 8 + sparse.values().view().offset();
    let with = |at: usize, bytes: [u8; 4]| {
        let mut bad = good.clone();
        bad[at..at + 4].copy_from_slice(&bytes);
        message(&bad)
    };
    for (at, bytes, problem) in [
        (first, [255; 4], "do not rise"),
        (last, [255; 4], "is beyond its"),
        (value, f32::NAN.to_le_bytes(), "values must be finite"),
    ] {
        let text = with(at, bytes);
        assert!(text.contains(problem), "{text}");
    }
}

#[test]
fn an_image_without_bytes_is_named() {
    let mut bytes = bytes_of(&tube_hand::rig());
    let at = bytes.windows(20).position(|w| w == b"\"images\":[{\"bufferVi").unwrap();
    bytes[at + 11] = b'\'';
    assert!(matches!(from_glb(&bytes), Err(ImportError::Gltf { .. })));
    bytes[at + 11] = b'"';
    bytes[at + 12] = b'B';
    assert!(message(&bytes).contains("`images[0]`: its bytes are not in this file"), "{}", message(&bytes));
}

proptest! {
    #[test]
    fn flipped_bytes_never_panic(flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)) {
        static GOOD: std::sync::LazyLock<Vec<u8>> = std::sync::LazyLock::new(|| bytes_of(&tube_hand::rig()));
        let mut bytes = GOOD.clone();
        for (at, byte) in flips {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Ok(rig) = from_glb(&bytes) {
            prop_assert!(to_glb(&rig, &meta()).is_ok());
        }
    }

    #[test]
    fn flipped_json_never_panics(at in 0usize..9000, byte in any::<u8>()) {
        static GOOD: std::sync::LazyLock<Vec<u8>> = std::sync::LazyLock::new(|| bytes_of(&plain()));
        let mut bytes = GOOD.clone();
        bytes[at] = byte;
        if let Ok(rig) = from_glb(&bytes) {
            prop_assert!(to_glb(&rig, &meta()).is_ok());
        }
    }
}
