//! Miniature copies of the field's datasets (`tests/peers/make_sets.py`) through their readers: every value against what the
//! script says it is, and every fault named.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use handloom::dataset::codec::mat;
use handloom::dataset::{DatasetReader, HandRecord, SampleLabel, StoredSample};
use handloom::label::Visibility;
use handloom::scene::InstanceKind;
use handloom::sets;
use serde_json::Value;

const SETS: [&str; 8] = ["freihand", "rhd", "ho3d", "dexycb", "nyu", "msra", "icvl", "stb"];
/// Keypoints in metres: files hold single precision or tenths of micrometres.
const NEAR_M: f64 = 3e-6;
/// Keypoints in pixels.
const NEAR_PX: f64 = 0.02;

pub(crate) fn folder(set: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/sets").join(set)
}

pub(crate) fn expected(set: &str) -> Value {
    serde_json::from_slice(&std::fs::read(folder(set).join("expected.json")).unwrap()).unwrap()
}

fn numbers(value: &Value) -> Option<Vec<f64>> {
    value.as_array().map(|list| list.iter().map(|x| x.as_f64().unwrap()).collect())
}

/// Two points, or nothing twice.
fn same_point(found: Option<Vec<f64>>, expected: &Value, near: f64) -> bool {
    match (found, numbers(expected)) {
        (None, None) => true,
        (Some(a), Some(b)) => a.len() == b.len() && a.iter().zip(&b).all(|(a, b)| (a - b).abs() <= near),
        _ => false,
    }
}

fn xyz(point: Option<glam::Vec3>) -> Option<Vec<f64>> {
    point.map(|p| p.to_array().map(f64::from).to_vec())
}

fn uv(point: Option<glam::Vec2>) -> Option<Vec<f64>> {
    point.map(|p| p.to_array().map(f64::from).to_vec())
}

fn state(name: &str) -> Visibility {
    match name {
        "visible" => Visibility::Visible,
        "hidden" => Visibility::Hidden,
        "unstated" => Visibility::Unstated,
        "outside" => Visibility::OutsidePicture,
        _ => Visibility::Absent,
    }
}

fn check_hand(at: &str, found: &HandRecord, expected: &Value) {
    let side = found.side.map(|side| format!("{side:?}").to_lowercase());
    assert_eq!(side.as_deref(), expected["side"].as_str(), "{at}: side");
    if let Some(subject) = expected["subject"].as_u64() {
        assert_eq!(found.subject.map(u64::from), Some(subject), "{at}: subject");
    }
    for k in 0..21 {
        let (point, pixel) = (xyz(found.keypoints_camera_m[k]), uv(found.keypoints_px[k]));
        assert!(same_point(point.clone(), &expected["joints_m"][k], NEAR_M), "{at}, joint {k}: {point:?}");
        assert!(same_point(pixel.clone(), &expected["px"][k], NEAR_PX), "{at}, joint {k}: {pixel:?}");
        let name = expected["visibility"][k].as_str().unwrap();
        assert_eq!(found.visibility[k], state(name), "{at}, joint {k}");
        assert_eq!(found.visibility_coco[k], found.visibility[k].coco(), "{at}, joint {k}");
    }
    for (name, point) in expected["extra"].as_object().unwrap() {
        let extra = found.extra_points.get(name).unwrap_or_else(|| panic!("{at}: no point `{name}`"));
        assert!(same_point(xyz(extra.camera_m), &point["camera_m"], NEAR_M), "{at}: {name} {extra:?}");
        assert!(same_point(uv(extra.px), &point["px"], NEAR_PX), "{at}: {name} {extra:?}");
    }
}

fn check_label(at: &str, label: &SampleLabel, expected: &Value) {
    assert_eq!(Some(label.split.as_str()), expected["split"].as_str(), "{at}");
    assert_eq!(u64::from(label.width), expected["width"].as_u64().unwrap(), "{at}");
    assert_eq!(u64::from(label.height), expected["height"].as_u64().unwrap(), "{at}");
    for (k, row) in label.k.iter().flatten().enumerate() {
        let row = row.map(f64::from).to_vec();
        assert!(same_point(Some(row.clone()), &expected["k"][k], 5e-4), "{at}: K row {k} is {row:?}");
    }
    assert_eq!(label.k.is_some(), !expected["k"].is_null(), "{at}: K");
    if let Some(frame) = expected["frame"].as_u64() {
        assert_eq!(label.frame, Some(frame), "{at}: frame");
    }
    let hands = expected["hands"].as_array().unwrap();
    assert_eq!(label.hands.len(), hands.len(), "{at}: hands");
    for (found, hand) in label.hands.iter().zip(hands) {
        check_hand(at, found, hand);
    }
    assert!(label.is_finite(), "{at}");
}

fn check_pictures(at: &str, sample: &StoredSample, expected: &Value) {
    let pictures = &sample.pictures;
    for probe in expected["depth"].as_array().into_iter().flatten() {
        let depth = pictures.depth_z_m.as_ref().unwrap_or_else(|| panic!("{at}: no depth"));
        let place = (probe[0].as_i64().unwrap(), probe[1].as_i64().unwrap());
        let found = f64::from(depth.get(place.0, place.1).unwrap());
        let metres = probe[2].as_f64().unwrap_or(0.0);
        assert!((found - metres).abs() < 2e-6, "{at}: depth at {place:?} is {found}, expected {metres}");
    }
    assert_eq!(pictures.depth_z_m.is_some(), expected["depth"].is_array(), "{at}: depth");
    let tolerance = if expected["lossy"] == true { 40 } else { 0 };
    for probe in expected["rgb"].as_array().into_iter().flatten() {
        let rgb = pictures.rgb.as_ref().unwrap_or_else(|| panic!("{at}: no colour"));
        let numbers: Vec<i64> = probe.as_array().unwrap().iter().map(|x| x.as_i64().unwrap()).collect();
        let found = rgb.get(numbers[0], numbers[1]).unwrap().map(i64::from);
        let apart = found.iter().zip(&numbers[2..]).map(|(a, b)| (a - b).abs()).max().unwrap();
        assert!(apart <= tolerance, "{at}: {found:?}, expected {numbers:?}");
    }
    if let Some(parts) = expected["part"].as_object() {
        let plane = pictures.part.as_ref().unwrap_or_else(|| panic!("{at}: no parts"));
        let mut found: BTreeMap<String, u64> = BTreeMap::new();
        for part in plane.data.iter().filter(|part| **part > 0) {
            *found.entry(part.to_string()).or_default() += 1;
        }
        let parts: BTreeMap<String, u64> = parts.iter().map(|(k, v)| (k.clone(), v.as_u64().unwrap())).collect();
        assert_eq!(found, parts, "{at}: parts");
    }
    if let Some(person) = expected["part"]["1"].as_u64() {
        let id = sample.label.instances.iter().find(|i| i.kind == InstanceKind::Person).unwrap().id;
        let found = pictures.instance.iter().flat_map(|p| &p.data).filter(|value| **value == id).count();
        assert_eq!(found as u64, person, "{at}: person");
    }
    let of_instance = |id: u8| -> f64 {
        let plane = pictures.instance.as_ref().unwrap_or_else(|| panic!("{at}: no instances"));
        plane.data.iter().map(|value| u32::from(*value == id)).sum::<u32>().into()
    };
    if let Some(hand) = expected["instance"]["1"].as_f64() {
        // a mask that went through JPEG
        assert!((of_instance(1) / hand - 1.0).abs() < 0.02, "{at}: {} pixels of the hand", of_instance(1));
    }
    if let Some(hand) = expected["hand_pixels"].as_f64() {
        let objects = ["2", "5"].map(|id| expected["seg"][id].as_f64().unwrap());
        assert_eq!(
            [of_instance(1), of_instance(2), of_instance(3)].map(|n| n as u64),
            [hand, objects[0], objects[1]].map(|n| n as u64),
            "{at}"
        );
    }
}

#[test]
fn every_set_reads_back_as_it_was_made() {
    for set in SETS {
        reads_back(set, set);
    }
}

/// Compares every sample of a set with what it was made from.
pub(crate) fn reads_back(set: &str, format: &str) {
    let expected = expected(set);
    let samples = expected["samples"].as_array().unwrap();
    let reader = sets::open(&folder(set)).unwrap_or_else(|error| panic!("{set}: {error}"));
    let info = reader.info();
    assert_eq!(info.format, format);
    assert!(info.faults.is_empty(), "{set}: {:?}", info.faults);
    assert_eq!(reader.count(), samples.len() as u64, "{set}");
    assert_eq!(info.splits.iter().map(|(_, count)| count).sum::<u64>(), reader.count(), "{set}");
    let by_id: BTreeMap<&str, &Value> = samples.iter().map(|s| (s["id"].as_str().unwrap(), s)).collect();
    let mut clips = BTreeMap::new();
    for number in 0..reader.count() {
        let sample = reader.read(number).unwrap_or_else(|error| panic!("{set}, {number}: {error}"));
        let at = format!("{set}, {}", sample.label.id);
        let expected = by_id.get(sample.label.id.as_str()).unwrap_or_else(|| panic!("{at} was not made"));
        assert_eq!(sample.label.index, number, "{at}");
        check_label(&at, &sample.label, expected);
        check_pictures(&at, &sample, expected);
        if let Some(clip) = expected["clip"].as_str() {
            let number = sample.label.clip.unwrap_or_else(|| panic!("{at}: no clip"));
            assert_eq!(*clips.entry(clip).or_insert(number), number, "{at}: clip");
        }
    }
    let mut numbers: Vec<u64> = clips.values().copied().collect();
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers.len(), clips.len(), "{set}: two clips share a number");
    assert!(reader.label(reader.count()).is_err(), "{set}");
}

/// A copy of a set that may be damaged.
pub(crate) fn copy(set: &str) -> tempfile::TempDir {
    let target = tempfile::tempdir().unwrap();
    copy_into(&folder(set), target.path());
    target
}

pub(crate) fn copy_into(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_into(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// The reader of a set after something was done to a copy of it.
pub(crate) fn after(set: &str, damage: impl FnOnce(&Path)) -> (tempfile::TempDir, Box<dyn DatasetReader>) {
    let copy = copy(set);
    damage(copy.path());
    let reader = sets::open(copy.path()).unwrap_or_else(|error| panic!("{set}: {error}"));
    (copy, reader)
}

/// What a set says that cannot be opened.
pub(crate) fn refusal(set: &str, damage: impl FnOnce(&Path)) -> String {
    let copy = copy(set);
    damage(copy.path());
    sets::open_as(copy.path(), set).err().unwrap_or_else(|| panic!("{set} was opened")).to_string()
}

/// A label file, a picture of the first sample, and a name for a picture that no label speaks of.
const FILES: [(&str, &str, &str, &str); 8] = [
    ("freihand", "training_K.json", "training/rgb/00000003.jpg", ""),
    (
        "rhd",
        "RHD_published_v2/training/anno_training.pickle",
        "RHD_published_v2/training/color/00001.png",
        "RHD_published_v2/training/color/00077.png",
    ),
    ("ho3d", "train.txt", "train/ABF10/rgb/0001.png", ""),
    (
        "dexycb",
        "20200709-subject-01/20200709_141754/meta.yml",
        "20200709-subject-01/20200709_141754/836212060125/color_000001.jpg",
        "20200709-subject-01/20200709_141754/836212060125/color_000077.jpg",
    ),
    ("nyu", "train/joint_data.mat", "train/depth_2_0000001.png", "train/depth_2_0000077.png"),
    (
        "msra",
        "cvpr15_MSRAHandGestureDB/P0/1/joint.txt",
        "cvpr15_MSRAHandGestureDB/P0/1/000001_depth.bin",
        "cvpr15_MSRAHandGestureDB/P0/1/000077_depth.bin",
    ),
    ("icvl", "Training/labels.txt", "Training/Depth/201403121135/image_0001.png", ""),
    ("stb", "labels/B1Counting_BB.mat", "images/B1Counting/BB_left_1.png", "images/B1Counting/BB_left_77.png"),
];

#[test]
fn labels_without_pictures_are_listed() {
    for (set, _, picture, _) in FILES {
        let whole = sets::open(&folder(set)).unwrap().count();
        let (_copy, reader) = after(set, |root| std::fs::remove_file(root.join(picture)).unwrap());
        let faults = &reader.info().faults;
        assert!(faults.iter().any(|fault| fault.message.contains(picture)), "{set}: {faults:?}");
        if set != "freihand" {
            assert_eq!(reader.count(), whole - 1, "{set}");
            assert!(faults.iter().any(|fault| fault.id.is_some()), "{set}: {faults:?}");
            for number in 0..reader.count() {
                reader.read(number).unwrap();
            }
        }
    }
}

#[test]
fn a_picture_missing_beside_the_first_is_an_error() {
    let session = "20200709-subject-01/20200709_141754/836212060125";
    for (set, file) in [
        ("rhd", "RHD_published_v2/training/depth/00001.png".to_owned()),
        ("rhd", "RHD_published_v2/training/mask/00001.png".to_owned()),
        ("ho3d", "train/ABF10/depth/0001.png".to_owned()),
        ("nyu", "train/rgb_2_0000001.png".to_owned()),
        ("dexycb", format!("{session}/aligned_depth_to_color_000001.png")),
    ] {
        let (_copy, reader) = after(set, |root| std::fs::remove_file(root.join(&file)).unwrap());
        let errors: Vec<String> = (0..reader.count()).filter_map(|n| reader.read(n).err()).map(|e| full(&e)).collect();
        assert!(errors.len() == 1 && errors[0].contains(&file), "{set}: {errors:?}");
    }
    // a whole kind that is not there is no error, but is said
    let (_copy, reader) =
        after("rhd", |root| std::fs::remove_dir_all(root.join("RHD_published_v2/training/depth")).unwrap());
    assert!(reader.info().lacks.contains(&"no depth in `training`".to_owned()));
    assert_eq!(reader.read(0).unwrap().pictures.depth_z_m, None);
}

#[test]
fn pictures_without_labels_are_listed() {
    for (set, _, picture, stray) in FILES.iter().filter(|f| !f.3.is_empty()) {
        let whole = sets::open(&folder(set)).unwrap().count();
        let (_copy, reader) = after(set, |root| {
            std::fs::copy(root.join(picture), root.join(stray)).unwrap();
        });
        let faults = &reader.info().faults;
        assert!(faults.len() == 1 && faults[0].message.contains(stray), "{set}: {faults:?}");
        assert_eq!(reader.count(), whole, "{set}");
    }
}

#[test]
fn damaged_label_files_are_named() {
    for (set, labels, _, _) in FILES.iter().filter(|f| !["icvl", "ho3d"].contains(&f.0)) {
        let name = Path::new(labels).file_name().unwrap().to_str().unwrap();
        for content in [&b""[..], b"\x89PNG\r\n", b"\x80\x04K\x01.", b"{\"a\": 1}", b"some text\nof two lines"] {
            let message = refusal(set, |root| std::fs::write(root.join(labels), content).unwrap());
            assert!(message.contains(name), "{set}: {message}");
        }
        let half = |root: &Path| {
            let bytes = std::fs::read(root.join(labels)).unwrap();
            std::fs::write(root.join(labels), &bytes[..bytes.len() / 2]).unwrap();
        };
        match *set {
            "dexycb" => {}
            "msra" => {
                let (_copy, reader) = after(set, half);
                let faults = &reader.info().faults;
                assert!(faults[0].message.contains("states 2 frames"), "{faults:?}");
            }
            _ => {
                let message = refusal(set, half);
                assert!(message.contains(name), "{set}: {message}");
            }
        }
    }
    let message = refusal("rhd", |root| std::fs::remove_file(root.join(FILES[1].1)).unwrap());
    assert!(message.contains("anno_training.pickle"), "{message}");
    let (_copy, reader) = after("icvl", |root| {
        std::fs::write(root.join("Training/labels.txt"), "201403121135/image_0000.png 1 2 x\n").unwrap();
    });
    let faults = &reader.info().faults;
    assert!(faults.len() == 1 && faults[0].message.contains("line 1"), "{faults:?}");
}

#[test]
fn pictures_of_another_size_or_kind_are_named() {
    for (set, _, picture, _) in FILES.iter().filter(|f| f.0 != "msra") {
        let (_copy, reader) = after(set, |root| {
            let small = image::RgbImage::new(10, 12);
            small.save(root.join(picture)).unwrap();
        });
        let errors: Vec<String> = (0..reader.count()).filter_map(|n| reader.read(n).err()).map(|e| full(&e)).collect();
        assert_eq!(errors.len(), 1, "{set}: {errors:?}");
        let kind = "the PNG holds";
        assert!(errors[0].contains("10 x 12") || errors[0].contains(kind), "{set}: {errors:?}");
    }
}

pub(crate) fn full(error: &dyn std::error::Error) -> String {
    let cause = error.source().map_or_else(String::new, |cause| format!(": {}", full(cause)));
    format!("{error}{cause}")
}

/// Replaces bytes that stand once in a file.
pub(crate) fn replace(path: &Path, old: &[u8], new: &[u8]) {
    let bytes = std::fs::read(path).unwrap();
    let at = bytes.windows(old.len()).position(|w| w == old).unwrap();
    let changed = [&bytes[..at], new, &bytes[at + old.len()..]].concat();
    std::fs::write(path, changed).unwrap();
}

#[test]
fn numbers_that_are_none_are_named() {
    let first = expected("rhd")["samples"][0]["hands"][0]["joints_m"][0][2].as_f64().unwrap();
    let rhd = |root: &Path| {
        let path = root.join(FILES[1].1);
        let bytes = std::fs::read(&path).unwrap();
        // the wrist's depth, within rounding, as the pickle holds it
        let is_it = |w: &[u8]| (f64::from(f32::from_le_bytes([w[0], w[1], w[2], w[3]])) - first).abs() < 1e-6;
        let at = bytes.windows(4).position(is_it).unwrap();
        replace(&path, &bytes[at..at + 4], &f32::NAN.to_le_bytes());
    };
    let msra = |root: &Path| {
        let path = root.join(FILES[5].1);
        let text = std::fs::read_to_string(&path).unwrap();
        let second = text.lines().nth(1).unwrap().split(' ').next().unwrap().to_owned();
        replace(&path, second.as_bytes(), b"nan");
    };
    let stb = |root: &Path| {
        let mut values = vec![500.0; 3 * 21 * 2];
        values[70] = f32::NAN;
        let variables = [("handPara", mat::Variable::Doubles { shape: &[3, 21, 2], values: &values })];
        mat::write(&mut std::fs::File::create(root.join(FILES[7].1)).unwrap(), &variables).unwrap();
    };
    let icvl = |root: &Path| {
        let path = root.join("Training/labels.txt");
        let text = std::fs::read_to_string(&path).unwrap();
        let third = text.split_whitespace().nth(3).unwrap().to_owned();
        replace(&path, third.as_bytes(), b"inf");
    };
    for (set, damage) in [("rhd", &rhd as &dyn Fn(&Path)), ("msra", &msra), ("stb", &stb), ("icvl", &icvl)] {
        let (_copy, reader) = after(set, damage);
        let faults = &reader.info().faults;
        assert!(
            !faults.is_empty() && faults.iter().all(|f| f.message.contains("not made of numbers")),
            "{set}: {faults:?}"
        );
        let failing = (0..reader.count()).filter(|n| reader.label(*n).is_err()).count();
        assert_eq!(failing, faults.len(), "{set}");
    }
}

#[test]
fn depth_and_points_behind_the_camera_are_named() {
    // a reader that does not expect MSRA's negative z would see the hand behind the camera: so does ours if z is positive
    let (_copy, reader) = after("msra", |root| {
        let path = root.join(FILES[5].1);
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, text.replace('-', "")).unwrap();
    });
    let faults = &reader.info().faults;
    assert!(faults.len() == 2 && faults[0].message.contains("behind the camera"), "{faults:?}");
    let (_copy, reader) = after("msra", |root| {
        let path = root.join(FILES[5].2);
        let mut bytes = std::fs::read(&path).unwrap();
        let at = 24 + 4 * bytes[24..].chunks_exact(4).position(|word| word != [0; 4]).unwrap();
        bytes[at + 3] |= 0x80;
        std::fs::write(&path, bytes).unwrap();
    });
    let errors: Vec<String> = (0..reader.count()).filter_map(|n| reader.read(n).err()).map(|e| e.to_string()).collect();
    assert!(errors.len() == 1 && errors[0].contains("000001_depth.bin"), "{errors:?}");
    let (_copy, reader) = after("msra", |root| {
        let path = root.join(FILES[5].2);
        let bytes = std::fs::read(&path).unwrap();
        std::fs::write(&path, &bytes[..bytes.len() - 5]).unwrap();
    });
    assert_eq!((0..reader.count()).filter(|n| reader.read(*n).is_err()).count(), 1);
}

#[test]
fn labels_that_are_read_late_are_named_too() {
    for (set, file) in [
        ("ho3d", "train/ABF10/meta/0001.pkl"),
        ("dexycb", "20200709-subject-01/20200709_141754/836212060125/labels_000001.npz"),
    ] {
        for content in [&b"nothing of the kind"[..], b"\x80\x04}.", b""] {
            let (_copy, reader) = after(set, |root| std::fs::write(root.join(file), content).unwrap());
            let errors: Vec<String> =
                (0..reader.count()).filter_map(|n| reader.label(n).err()).map(|e| e.to_string()).collect();
            assert!(errors.len() == 1 && errors[0].contains(file), "{set}: {errors:?}");
        }
    }
    let (_copy, reader) = after("ho3d", |root| std::fs::remove_file(root.join("train.txt")).unwrap());
    assert_eq!(reader.count(), 4);
    assert!(reader.info().notes.iter().any(|note| note.contains("train.txt")));
}

#[test]
fn random_damage_never_panics() {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut draw = |n: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % n
    };
    for (set, labels, picture, _) in FILES {
        let copy = copy(set);
        for file in [labels, picture] {
            let path = copy.path().join(file);
            let whole = std::fs::read(&path).unwrap();
            for _ in 0..25 {
                let mut bytes = whole.clone();
                for _ in 0..=draw(4) {
                    bytes[draw(whole.len())] = [0, 0xff, b'9', draw(256) as u8][draw(4)];
                }
                bytes.truncate(if draw(3) == 0 { draw(whole.len()) } else { whole.len() });
                std::fs::write(&path, bytes).unwrap();
                let Ok(reader) = sets::open_as(copy.path(), set) else { continue };
                for number in 0..reader.count().min(3) {
                    drop(reader.read(number));
                }
            }
            std::fs::write(&path, whole).unwrap();
        }
    }
}

#[test]
fn no_set_is_taken_for_another() {
    for set in SETS {
        for (other, ..) in FILES.iter().filter(|f| f.0 != set) {
            if let Ok(reader) = sets::open_as(&folder(set), other) {
                panic!("{set} was opened as {other} with {} samples", reader.count());
            }
        }
    }
    let empty = tempfile::tempdir().unwrap();
    let message = sets::open(empty.path()).err().unwrap().to_string();
    for name in SETS {
        assert!(message.contains(name), "{message}");
    }
}

#[test]
fn lists_of_labels_that_are_lost_are_told() {
    let lost = |set: &str, file: &str| {
        let (_copy, reader) = after(set, |root| std::fs::remove_file(root.join(file)).unwrap());
        reader.info().faults.iter().map(|fault| fault.message.clone()).collect::<Vec<_>>().join("\n")
    };
    assert!(lost("freihand", "training_K.json").contains("the pictures in `training/rgb` have no labels"));
    assert!(lost("freihand", "training_xyz.json").contains("no picture of `training` has keypoints"));
    assert!(lost("icvl", "Training/labels.txt").contains("`Training/Depth` has no list of labels"));
    let emptied = |set: &str, file: &str| {
        let (_copy, reader) = after(set, |root| std::fs::write(root.join(file), "").unwrap());
        reader.info().faults.iter().map(|fault| fault.message.clone()).collect::<Vec<_>>().join("\n")
    };
    assert!(emptied("icvl", "Training/labels.txt").contains("holds no label with a picture"));
    assert!(emptied("coco", "annotations/train.json").contains("is no COCO list"));
    for set in SETS {
        let found = sets::open(&folder(set)).unwrap().info().faults.clone();
        assert!(found.is_empty(), "{set}: {found:?}");
    }
}

#[test]
fn a_picture_that_ends_early_is_a_fault() {
    let (_copy, reader) = after("freihand", |root| {
        let path = root.join("training/rgb/00000003.jpg");
        let whole = std::fs::read(&path).unwrap();
        std::fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    });
    let report = handloom::check::check_set(reader.as_ref());
    assert_eq!(report.by_sample.len(), 1, "{:?}", report.by_sample);
    assert!(report.by_sample[0].1.message.contains("ends early"), "{:?}", report.by_sample);
}
