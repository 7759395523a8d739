//! Files of known content written by Python (`tests/peers/make_codecs.py`), cut short and damaged in every place.

use std::path::PathBuf;

use super::mat::{MatValue, Variable};
use super::npy::{Npz, read_npy};
use super::pickle::{Item, Pickle};
use super::{Array, CodecError, Numbers, mat};

fn file(name: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/codec").join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn files(extension: &str) -> Vec<(String, Vec<u8>)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/codec");
    let names = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.filter(|n| n.ends_with(extension)).collect();
    names.sort();
    assert!(!names.is_empty());
    names.into_iter().map(|name| (name.clone(), file(&name))).collect()
}

/// Every prefix, and some thousands of copies with a few damaged bytes each.
fn damaged(bytes: &[u8], mut read: impl FnMut(&[u8])) {
    for length in 0..bytes.len() {
        read(&bytes[..length]);
    }
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut draw = |n: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % n
    };
    let mut copy = bytes.to_vec();
    for _ in 0..2_000 {
        copy.copy_from_slice(bytes);
        for _ in 0..=draw(3) {
            let place = draw(bytes.len());
            copy[place] = match draw(4) {
                0 => 0xff,
                1 => 0,
                2 => copy[place] ^ 1 << draw(8),
                _ => draw(256) as u8,
            };
        }
        read(&copy);
    }
}

fn numbers(array: &Array) -> Vec<f64> {
    (0..array.numbers().len()).map(|k| array.numbers().get(k).unwrap()).collect()
}

fn integers(item: Item<'_>) -> Vec<i64> {
    item.members().unwrap().map(|i| i.as_i64().unwrap()).collect()
}

#[test]
fn pickles_of_all_protocols_and_writers_hold_the_same_tree() {
    for (name, bytes) in files(".pickle") {
        if name == "unknown-global.pickle" {
            continue;
        }
        let pickle = Pickle::read(&bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
        let root = pickle.root();
        let get = |key: &str| root.get(key).unwrap_or_else(|| panic!("{name}: no `{key}`"));
        let array = |key: &str| get(key).as_array().unwrap_or_else(|| panic!("{name}: `{key}`"));
        assert_eq!(root.entries().unwrap().len(), 23, "{name}");
        assert!(get("none").is_none(), "{name}");
        assert_eq!((get("yes").as_bool(), get("no").as_bool()), (Some(true), Some(false)), "{name}");
        assert_eq!(integers(get("ints")), [0, 255, 65535, -1, -(1 << 31), 1 << 40, i64::MIN], "{name}");
        assert_eq!(get("float").as_f64().map(f64::to_bits), Some(0.1_f64.to_bits()), "{name}");
        assert_eq!(get("text").as_text().unwrap(), "grip 7", "{name}");
        let lengths: Vec<usize> = get("tuples").members().unwrap().map(|t| integers(t).len()).collect();
        assert_eq!(lengths, [0, 1, 2, 3, 4], "{name}");
        let (_, nested) = root.entries().unwrap().find(|(key, _)| key.as_i64() == Some(7)).unwrap();
        let nested = nested.get("nested").unwrap().members().unwrap().nth(1).unwrap();
        assert_eq!(integers(nested.members().unwrap().nth(1).unwrap()), [3], "{name}");
        for key in ["c", "f", "again"] {
            let c = array(key);
            assert_eq!(c.shape(), [3, 4], "{name}: {key}");
            assert_eq!(c.get(&[1, 2]), Some(6.0 / 8.0 - 0.5), "{name}: {key}");
            assert_eq!(c.rows::<4>().unwrap()[2].map(|x| (x * 8.0) as i32), [4, 5, 6, 7], "{name}: {key}");
        }
        assert_eq!(array("f4").numbers(), &Numbers::F32(vec![1.5, -2.25, 3e-3]), "{name}");
        assert_eq!(array("big").numbers(), &Numbers::I64(vec![1, -2, 300, 40_000]), "{name}");
        assert_eq!(array("u1").numbers(), &Numbers::U8(vec![0, 1, 2, 3, 4, 5]), "{name}");
        assert_eq!(array("i8").numbers(), &Numbers::I64(vec![-(1 << 40), 1 << 40]), "{name}");
        assert_eq!(array("bool").numbers(), &Numbers::U8(vec![1, 0, 1]), "{name}");
        let scalars = ["scalar", "scalar_f4", "scalar_int"].map(|key| get(key).as_f64());
        assert_eq!(scalars, [Some(2.5), Some(0.25), Some(-3.0)], "{name}");
        assert_eq!(array("empty").shape(), [0, 3], "{name}");
        let object = get("objects").members().unwrap().next().unwrap();
        assert_eq!(object.get("a").unwrap().as_i64(), Some(1), "{name}");
        assert_eq!(get("ordered").get("y").unwrap().as_i64(), Some(2), "{name}");
        assert_eq!(get("bytes").as_bytes(), Some(&b"\x00\xff'\"\\\n"[..]), "{name}");
    }
}

#[test]
fn a_pickle_executes_nothing() {
    let error = Pickle::read(&file("unknown-global.pickle")).err().unwrap();
    assert!(error.to_string().contains("`fractions.Fraction`"), "{error}");
    let error = Pickle::read(b"cos\nsystem\n(S'true'\ntR.").err().unwrap();
    assert!(error.to_string().contains("`os.system`"), "{error}");
}

#[test]
fn a_pickle_can_neither_fill_the_memory_nor_the_stack() {
    // a list inside itself, a million nested lists, a length of 4 GiB, a shape beyond all numbers
    let inside_itself = Pickle::read(b"\x80\x02]q\x00h\x00a.").ok().unwrap();
    let mut item = inside_itself.root();
    for _ in 0..100 {
        item = item.members().unwrap().next().unwrap();
    }
    let deep = [b"]".repeat(1_000_000), b"a".repeat(999_999), b".".to_vec()].concat();
    assert!(Pickle::read(&deep).is_ok());
    assert!(Pickle::read(b"\x80\x02T\xff\xff\xff\xff.").is_err());
    // one text, turned into bytes again and again
    let mut bomb = b"\x80\x02c_codecs\nencode\nq\x00X\x00\x10\x00\x00".to_vec();
    bomb.extend(b"a".repeat(4096));
    bomb.extend(b"q\x01");
    bomb.extend(b"h\x00h\x01h\x01\x86R".repeat(2_000));
    bomb.push(b'.');
    let error = Pickle::read(&bomb).err().unwrap();
    assert!(error.to_string().contains("far more than its own size"), "{error}");
}

#[test]
fn damaged_pickles_are_errors_or_other_values() {
    for (name, bytes) in files(".pickle") {
        for length in 0..bytes.len() {
            assert!(Pickle::read(&bytes[..length]).is_err(), "{name} cut to {length}");
        }
        damaged(&bytes, |bytes| {
            if let Ok(pickle) = Pickle::read(bytes) {
                // whatever it became can be looked at
                for (key, value) in pickle.root().entries().into_iter().flatten() {
                    let _ = (key.as_text(), value.type_name(), value.as_array().map(Array::rows::<3>));
                }
            }
        });
    }
}

#[test]
fn npy_files_of_all_types_and_orders() {
    for (name, bytes) in files(".npy") {
        if name == "object.npy" {
            let error = read_npy(&bytes).unwrap_err().to_string();
            assert!(error.contains("`|O`"), "{error}");
            continue;
        }
        let array = read_npy(&bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(array.shape(), [2, 3, 4], "{name}");
        let first = if name.starts_with('u') || name.starts_with('b') { 0.0 } else { -5.0 };
        let expected = |k: f64| if name.starts_with('b') { f64::from(u8::from(k > 0.0)) } else { k + first };
        assert_eq!(array.get(&[0, 0, 3]), Some(expected(3.0)), "{name}");
        assert_eq!(array.get(&[1, 0, 2]), Some(expected(14.0)), "{name}");
        assert_eq!(Some(array.rows::<4>().unwrap()[5][1]), Some(expected(21.0)), "{name}");
        assert_eq!(array.get(&[2, 0, 0]), None);
        assert_eq!(array.get(&[0, 0]), None);
        for length in 0..bytes.len() {
            assert!(read_npy(&bytes[..length]).is_err(), "{name} cut to {length}");
        }
        damaged(&bytes, |bytes| {
            drop(read_npy(bytes).map(|array| array.get(&[1, 1, 1])));
        });
    }
}

#[test]
fn npz_files_plain_and_packed() {
    for (name, bytes) in files(".npz") {
        let mut npz = Npz::new(&bytes).unwrap();
        assert_eq!(npz.names(), ["joint_3d", "seg"], "{name}");
        assert_eq!(npz.read("nothing").unwrap(), None);
        let joints = npz.read("joint_3d").unwrap().unwrap();
        assert_eq!(joints.get(&[1, 2, 3]), Some(18.0), "{name}");
        assert!(matches!(npz.read("seg").unwrap().unwrap().numbers(), Numbers::U8(v) if v.len() == 24));
        damaged(&bytes, |bytes| {
            if let Ok(mut npz) = Npz::new(bytes) {
                for name in npz.names() {
                    drop(npz.read(&name));
                }
            }
        });
    }
    assert!(matches!(Npz::new(b"PK"), Err(CodecError::Damaged { format: ".npz", .. })));
}

const ALL: [&str; 20] = [
    "double", "small", "single", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "logical",
    "char", "rows", "names", "nested", "struct", "complex", "empty", "shorts",
];

#[test]
fn mat_files_of_all_classes() {
    for name in ["plain.mat", "packed.mat"] {
        let variables = mat::read(file(name).as_slice(), &ALL).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(variables.len(), 19, "{name}");
        let get = |key: &str| &variables.iter().find(|(n, _)| n == key).unwrap_or_else(|| panic!("{name}: {key}")).1;
        let array = |key: &str| match get(key) {
            MatValue::Numbers(array) => array,
            other => panic!("{name}: {key} is {other:?}"),
        };
        // numpy counts row by row
        assert_eq!(array("double").shape(), [2, 3, 4]);
        assert_eq!(array("double").get(&[1, 2, 1]), Some(21.0 / 4.0 - 1.0), "{name}");
        assert_eq!(Some(array("double").rows::<4>().unwrap()[4][2]), Some(18.0 / 4.0 - 1.0));
        assert_eq!(array("single").get(&[1, 1]), Some(5.0 / 4.0 - 1.0));
        assert_eq!(numbers(array("small")), [1.0, 2.0, -3.0]);
        for kind in ALL.iter().filter(|n| n.contains("int")) {
            assert_eq!(numbers(array(kind)), [1.0, 2.0, 100.0], "{name}: {kind}");
        }
        assert_eq!(numbers(array("logical")), [1.0, 0.0]);
        assert_eq!(array("empty").shape(), [0, 3]);
        let text = |text: &str| MatValue::Text(text.to_owned());
        assert_eq!(get("char"), &text("some text"));
        assert_eq!(get("rows"), &text("ab cde"));
        assert_eq!(get("names"), &MatValue::Cells(vec![text("TH_KNU3_A"), text("PALM_1"), text("F1")]));
        let MatValue::Cells(cells) = get("nested") else { panic!("{name}: no cells") };
        assert!(matches!(&cells[0], MatValue::Numbers(a) if numbers(a) == [1.0]));
        assert_eq!(cells[1], MatValue::Cells(vec![text("deep")]));
        assert_eq!(get("struct"), &MatValue::Other("struct"));
        assert_eq!(get("complex"), &MatValue::Other("complex"));
        let only = mat::read(file(name).as_slice(), &["char"]).unwrap();
        assert_eq!(only.iter().filter(|(_, v)| *v != MatValue::Skipped).count(), 1, "{name}");
    }
}

#[test]
fn mat_files_with_the_high_byte_first() {
    let variables = mat::read(file("big-endian.mat").as_slice(), &["small", "shorts", "text", "single"]).unwrap();
    let values: Vec<Vec<f64>> = variables
        .iter()
        .filter_map(|(_, v)| if let MatValue::Numbers(array) = v { Some(numbers(array)) } else { None })
        .collect();
    assert_eq!(values, [vec![1.0, 2.0, -3.0, 4.0, 5.0, -6.0], vec![-300.0, 300.0], vec![0.5, 1.5, -2.5]]);
    assert_eq!(variables[2].1, MatValue::Text("abcd".to_owned()));
}

#[test]
fn other_levels_of_mat_files_are_named() {
    let error = mat::read(file("v7.3.mat").as_slice(), &[]).unwrap_err().to_string();
    assert!(error.contains("7.3 (HDF5)") && error.contains("-v7"), "{error}");
    let error = mat::read(&[0; 200][..], &[]).unwrap_err().to_string();
    assert!(error.contains("level 4"), "{error}");
    assert!(mat::read(&b"some text"[..], &[]).is_err());
}

#[test]
fn damaged_mat_files_are_errors_or_other_values() {
    for (name, bytes) in files(".mat") {
        let whole = mat::read(bytes.as_slice(), &ALL);
        damaged(&bytes, |bytes| {
            let cut = mat::read(bytes, &ALL);
            assert!(bytes.len() != 130 || cut.is_err() || whole.is_err(), "{name}");
        });
    }
}

#[test]
fn a_mat_file_is_written_as_scipy_writes_it() {
    // scipy's array holds 0..6 with the first index fastest
    let values = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0];
    let variables = [
        ("xyz", Variable::Doubles { shape: &[1, 2, 3], values: &values }),
        ("joint_names", Variable::Texts(&["TH_KNU3_A", "PALM_1", "F1"])),
    ];
    let mut written = Vec::new();
    mat::write(&mut written, &variables).unwrap();
    assert_eq!(written[116..], file("scipy-write.mat")[116..]);
    let read = mat::read(written.as_slice(), &["xyz", "joint_names"]).unwrap();
    assert!(matches!(&read[0].1, MatValue::Numbers(a) if a.get(&[0, 1, 2]) == Some(5.0)));
    assert!(matches!(&read[1].1, MatValue::Cells(cells) if cells.len() == 3));
    let wrong = [("x", Variable::Doubles { shape: &[2, 2], values: &values })];
    assert!(mat::write(&mut Vec::new(), &wrong).is_err());
}

#[test]
fn a_length_is_only_a_claim() {
    // an array of 2 GiB of which nothing follows
    let mut file = file("scipy-write.mat")[..128].to_vec();
    file.extend([14, 0, 0, 0, 0xf0, 0xff, 0xff, 0x7f]);
    file.extend([6, 0, 0, 0, 8, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0]);
    file.extend([5, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 16, 1, 0, 0, 0]);
    file.extend([1, 0, 1, 0, b'x', 0, 0, 0]);
    file.extend([9, 0, 0, 0, 0, 0, 0, 0x70]);
    let error = mat::read(file.as_slice(), &["x"]).unwrap_err().to_string();
    assert!(error.contains("ends too early"), "{error}");
}
