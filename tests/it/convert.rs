//! `handloom convert`, `inspect` and `check` on the miniature copies of other people's datasets: what both formats hold comes back.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use glam::Vec3;
use handloom::dataset::{DatasetReader, HandRecord, SampleLabel};
use handloom::sets;

fn handloom(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_handloom")).args(args).current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap()
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// Folders of the miniature copies.
fn copies() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/sets");
    let mut folders: Vec<PathBuf> = std::fs::read_dir(root).unwrap().map(|e| e.unwrap().path()).collect();
    folders.sort();
    folders
}

fn convert(from: &Path, to: &Path, more: &[&str]) -> Output {
    handloom(&[&["convert", from.to_str().unwrap(), to.to_str().unwrap()], more].concat())
}

/// What a label says of its hands, without names and numbers that a copy gives anew.
fn hands(label: &SampleLabel) -> Vec<HandRecord> {
    label.hands.clone()
}

fn labels(reader: &dyn DatasetReader) -> Vec<SampleLabel> {
    (0..reader.count()).map(|number| reader.label(number).unwrap()).collect()
}

#[test]
fn every_set_comes_back_from_our_own_forms() {
    let folder = tempfile::tempdir().unwrap();
    for copy in copies() {
        let name = copy.file_name().unwrap().to_str().unwrap().to_owned();
        let source = sets::open(&copy).unwrap();
        for format in ["loose", "tar"] {
            let out = folder.path().join(format!("{name}-{format}"));
            let done = convert(&copy, &out, &["--format", format]);
            assert!(done.status.success(), "{name}: {}", said(&done));
            let back = sets::open(&out).unwrap();
            assert_eq!(back.count(), source.count(), "{name}");
            let (old, new) = (labels(source.as_ref()), labels(back.as_ref()));
            let mut order: Vec<usize> = Vec::new();
            for label in &new {
                let id = &label.source.as_ref().unwrap().id;
                let k = old.iter().position(|l| l.id == *id).unwrap_or_else(|| panic!("{name}: {id}"));
                assert_eq!(hands(label), hands(&old[k]), "{name} {id}");
                assert_eq!((label.k, label.lens, &label.extra), (old[k].k, old[k].lens, &old[k].extra), "{name} {id}");
                assert_eq!((label.clip, label.frame, label.time_s), (old[k].clip, old[k].frame, old[k].time_s));
                order.push(k);
                let mut theirs = source.pictures(k as u64, &old[k]).unwrap();
                let ours = back.pictures(label.index, label).unwrap();
                if let (Some(a), Some(b)) = (&theirs.depth_z_m, &ours.depth_z_m) {
                    assert!(a.data.iter().zip(&b.data).all(|(a, b)| a.to_bits() == b.to_bits()), "{name} {id}: depth");
                }
                assert_eq!(theirs.depth_z_m.is_some(), ours.depth_z_m.is_some(), "{name} {id}: depth");
                theirs.depth_z_m.clone_from(&ours.depth_z_m);
                // where some colour pictures are PNG, all become PNG
                theirs.rgb_jpeg = theirs.rgb_jpeg.filter(|_| ours.rgb_jpeg.is_some());
                assert_eq!(theirs, ours, "{name} {id}: pictures");
            }
            order.sort_unstable();
            order.dedup();
            assert_eq!(order.len() as u64, source.count(), "{name}: every sample once");
        }
    }
}

#[test]
fn formats_that_we_write_and_read_twice_lose_nothing_they_hold() {
    let folder = tempfile::tempdir().unwrap();
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/sets");
    for (set, format) in [("rhd", "rhd"), ("freihand", "freihand")] {
        let out = folder.path().join(set);
        let done = convert(&data.join(set), &out, &["--format", format]);
        let (source, back) = (sets::open(&data.join(set)).unwrap(), sets::open_as(&out, format).unwrap());
        assert!(done.status.success(), "{set}: {}", said(&done));
        assert_eq!(source.count(), back.count());
        for (a, b) in labels(source.as_ref()).iter().zip(labels(back.as_ref())) {
            assert_eq!(a.hands.len(), b.hands.len(), "{set}");
            for (a, b) in a.hands.iter().zip(&b.hands) {
                assert_eq!(a.side, b.side);
                for k in 0..21 {
                    let (p, q) = (a.keypoints_camera_m[k], b.keypoints_camera_m[k]);
                    assert!(p.zip(q).is_none_or(|(p, q): (Vec3, Vec3)| p.distance(q) < 1e-5), "{set} {k}");
                    assert_eq!(p.is_some(), q.is_some(), "{set} {k}");
                    let (p, q) = (a.keypoints_px[k], b.keypoints_px[k]);
                    assert!(p.zip(q).is_none_or(|(p, q)| p.distance(q) < 0.01), "{set} {k}: {p:?} {q:?}");
                    assert_eq!(a.visibility[k], b.visibility[k], "{set} {k}");
                }
            }
        }
    }
}

#[test]
fn sets_are_inspected_and_checked() {
    let folder = tempfile::tempdir().unwrap();
    for copy in copies() {
        let name = copy.file_name().unwrap().to_str().unwrap().to_owned();
        let out = folder.path().join(&name);
        let done = handloom(&["inspect", copy.to_str().unwrap(), "--out", out.to_str().unwrap()]);
        let text = said(&done);
        assert!(done.status.success(), "{name}: {text}");
        let reader = sets::open(&copy).unwrap();
        for line in [format!("format\t{}\n", reader.info().format), format!("samples\t{}\n", reader.count())] {
            assert!(text.contains(&line), "{name}: `{line}` is not in {text}");
        }
        assert!(out.join("report.html").is_file() && out.join("contact-sheet.png").is_file());
        let checked = handloom(&["check", copy.to_str().unwrap()]);
        assert!(checked.status.success(), "{name}: {}", said(&checked));
    }
}

#[test]
fn wrong_words_are_answered_with_what_is_legal() {
    let folder = tempfile::tempdir().unwrap();
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/sets/freihand");
    let out = folder.path().join("out");
    let nothing = handloom(&["inspect", folder.path().to_str().unwrap()]);
    assert_eq!(nothing.status.code(), Some(2));
    assert!(said(&nothing).contains("no dataset is known by what is in this folder"), "{}", said(&nothing));
    let missing = handloom(&["check", "no/such/folder"]);
    assert!(said(&missing).contains("there is no such folder"), "{}", said(&missing));
    let format = handloom(&["inspect", data.to_str().unwrap(), "--from", "freihnd"]);
    assert!(said(&format).contains("did you mean `freihand`"), "{}", said(&format));
    let split = convert(&data, &out, &["--format", "loose", "--split", "tran"]);
    assert!(said(&split).contains("the dataset has training, evaluation"), "{}", said(&split));
    assert!(!out.exists(), "nothing is written before all is known to be legal");
    let refused = convert(&data, &out, &["--format", "rhd"]);
    assert_eq!(refused.status.code(), Some(2), "{}", said(&refused));
    assert!(said(&refused).contains("hint: ") && !out.exists(), "{}", said(&refused));
    assert!(said(&refused).contains("a picture of 224 x 224 pixels, only 320 x 320"), "{}", said(&refused));
}
