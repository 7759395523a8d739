//! Files that must be refused with a message that names place and value.

use super::*;

fn message(bytes: &[u8]) -> String {
    import(bytes).unwrap_err().to_string()
}

/// Overwrite element `k` of an attribute.
fn overwrite(attribute: &'static str, k: usize, element: &'static [u8]) -> Vec<u8> {
    tubes(move |json, bin| {
        let accessor = json["meshes"][0]["primitives"][0]["attributes"][attribute].as_u64().unwrap() as usize;
        let view = json["accessors"][accessor]["bufferView"].as_u64().unwrap() as usize;
        let at = json["bufferViews"][view]["byteOffset"].as_u64().unwrap() as usize + k * element.len();
        bin[at..at + element.len()].copy_from_slice(element);
    })
}

/// Four floats as bytes, known at compile time.
const fn floats(values: [f32; 4]) -> [u8; 16] {
    let mut bytes = [0; 16];
    let mut k = 0;
    while k < 16 {
        bytes[k] = values[k / 4].to_le_bytes()[k % 4];
        k += 1;
    }
    bytes
}

#[test]
fn no_skin() {
    let bytes = tubes(|json, _| {
        json.as_object_mut().unwrap().remove("skins");
        json["nodes"][JOINT_COUNT].as_object_mut().unwrap().remove("skin");
    });
    assert!(message(&bytes).contains("no node has both a mesh and a skin"), "{}", message(&bytes));
}

#[test]
fn weights_that_are_none() {
    const NAN: [u8; 16] = floats([f32::NAN, 0.0, 0.0, 0.0]);
    const NEGATIVE: [u8; 16] = floats([1.5, -0.5, 0.0, 0.0]);
    const ZERO: [u8; 16] = floats([0.0; 4]);
    for (bytes, parts) in [
        (&NAN, ["element 7 is [NaN", "must be finite"]),
        (&NEGATIVE, ["WEIGHTS_0`: element 7 has the weight -0.5", "must not be negative"]),
        (&ZERO, ["the weights of vertex 7 add to 0", "must be bound to a joint"]),
    ] {
        let text = message(&overwrite("WEIGHTS_0", 7, bytes));
        for part in parts {
            assert!(text.contains(part), "{part} not in {text}");
        }
    }
}

#[test]
fn positions_that_are_none() {
    const NAN: [u8; 12] = *floats([1.0, f32::NAN, 0.0, 0.0]).first_chunk().unwrap();
    assert!(message(&overwrite("POSITION", 3, &NAN)).contains("element 3 is [1.0, NaN, 0.0]"));
}

#[test]
fn joints_that_are_none() {
    let text = message(&overwrite("JOINTS_0", 9, &[200, 0, 0, 0]));
    assert!(text.contains("JOINTS_0`: element 9 names joint 200 of a skin with 26"), "{text}");
}

#[test]
fn a_bone_without_length() {
    let bytes = tubes(|json, bin| {
        let view = json["skins"][0]["inverseBindMatrices"].as_u64().unwrap() as usize;
        let view = json["accessors"][view]["bufferView"].as_u64().unwrap() as usize;
        let at = json["bufferViews"][view]["byteOffset"].as_u64().unwrap() as usize;
        let (a, b) = (Joint::MiddleFingerPhalanxIntermediate.index(), Joint::MiddleFingerPhalanxDistal.index());
        bin.copy_within(at + 64 * a..at + 64 * (a + 1), at + 64 * b);
    });
    let text = message(&bytes);
    let part = "from `middle-finger-phalanx-intermediate` to `middle-finger-phalanx-distal` has no length";
    assert!(text.contains(part), "{text}");
}

#[test]
fn a_joint_that_the_model_lacks() {
    let bytes = tubes(|json, _| json["nodes"][13]["name"] = json!("middle-finger-phalanx-intermediat"));
    let text = message(&bytes);
    assert!(text.contains("no node `middle-finger-phalanx-intermediate`"), "{text}");
    assert!(text.contains("nearest are `middle-finger-phalanx-intermediat`"), "{text}");
}

#[test]
fn lines_instead_of_triangles() {
    let bytes = tubes(|json, _| json["meshes"][0]["primitives"][0]["mode"] = json!(1));
    assert!(message(&bytes).contains("`meshes[0].primitives[0]`: is drawn as Lines"), "{}", message(&bytes));
}

#[test]
fn nodes_that_are_no_tree() {
    let bytes = tubes(|json, _| json["nodes"][5]["children"] = json!([2]));
    assert!(message(&bytes).contains("two parents"), "{}", message(&bytes));
    let bytes = tubes(|json, _| {
        json["nodes"][1]["children"] = json!([6, 11, 16, 21]);
        json["nodes"][5]["children"] = json!([2]);
    });
    assert!(message(&bytes).contains("its own ancestor"), "{}", message(&bytes));
}

#[test]
fn accessors_that_leave_their_bytes() {
    let bytes = tubes(|json, _| json["accessors"][0]["count"] = json!(1_000_000));
    assert!(message(&bytes).contains("`accessors[0]`: 1000000 elements"), "{}", message(&bytes));
    let bytes = tubes(|json, _| json["bufferViews"][0]["byteLength"] = json!(100_000_000));
    assert!(message(&bytes).contains("`bufferViews[0]`: 100000000 bytes"), "{}", message(&bytes));
}

#[test]
fn attributes_without_accessor() {
    let bytes = tubes(|json, _| json["meshes"][0]["primitives"][0]["attributes"]["POSITION"] = json!(77));
    assert!(message(&bytes).contains("`accessors[77]`: an attribute names it"), "{}", message(&bytes));
}

#[test]
fn prefixes() {
    let bytes = tubes(|_, _| {});
    for cut in 0..bytes.len() {
        assert!(matches!(import(&bytes[..cut]), Err(ImportError::Container { .. })), "{cut}");
    }
}

proptest! {
    #[test]
    fn flipped_bytes_never_panic(flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)) {
        static GOOD: std::sync::LazyLock<Vec<u8>> = std::sync::LazyLock::new(|| tubes(|_, _| {}));
        let mut bytes = GOOD.clone();
        for (at, byte) in flips {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Ok(rig) = import(&bytes) {
            prop_assert!(check_rig(&rig).is_ok());
        }
    }

    #[test]
    fn flipped_json_never_panics(at in 12usize..7000, byte in any::<u8>()) {
        static GOOD: std::sync::LazyLock<Vec<u8>> = std::sync::LazyLock::new(|| tubes(|_, _| {}));
        let mut bytes = GOOD.clone();
        bytes[at] = byte;
        if let Ok(rig) = import(&bytes) {
            prop_assert!(check_rig(&rig).is_ok());
        }
    }
}
