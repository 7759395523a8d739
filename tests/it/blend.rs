//! `handloom blend` as a user runs it: counts, splits, labels of composed pictures, bytes, bad input.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use handloom::check::{Exactness, faults};
use handloom::dataset::{HandloomReader, StoredSample};
use handloom::label::Visibility;
use tempfile::TempDir;

fn handloom(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_handloom"));
    command.args(args).current_dir(env!("CARGO_MANIFEST_DIR")).stdin(Stdio::null()).output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn run(args: &[&str]) {
    let output = handloom(args);
    assert!(output.status.success(), "{args:?}\n{}", said(&output));
}

fn path(dir: &TempDir, name: &str) -> String {
    dir.path().join(name).to_string_lossy().into_owned()
}

/// A small rendered set of six persons, with things before many of its hands.
fn rendered(dir: &TempDir, name: &str, seed: &str) -> String {
    let out = path(dir, name);
    let sets = [
        "camera.width_px=128",
        "camera.height_px=128",
        "camera.focal_px={ uniform = [110, 130] }",
        "split.0.subjects=[0, 6]",
        "occluders.share=0.5",
        "objects.held=0.5",
    ];
    let mut args = vec!["generate", "quickstart", "--out", &out, "--count", "24", "--seed", seed];
    args.extend(sets.iter().flat_map(|set| ["--set", set]));
    run(&args);
    out
}

fn preset(dir: &TempDir, rendered: &str, captured: &str) -> String {
    let text = format!(
        r#"
        count = 40
        split = [{{ name = "train", share = 0.75 }}, {{ name = "test", share = 0.25 }}]
        [[source]]
        name = "rendered"
        path = {rendered:?}
        share = 1
        [[source]]
        name = "captured"
        path = {captured:?}
        share = 1
        [[compose]]
        name = "pasted"
        kind = "hand_on_background"
        foreground = "rendered"
        background = "captured"
        share = 1
        scale = {{ uniform = [0.8, 1.2] }}
        shift = {{ uniform = [-0.2, 0.2] }}
        [[compose]]
        name = "occluded"
        kind = "occluder"
        foreground = "rendered"
        background = "captured"
        share = 1
        "#
    );
    let file = path(dir, "blend.toml");
    std::fs::write(&file, text).unwrap();
    file
}

fn samples(folder: &str) -> Vec<StoredSample> {
    HandloomReader::open(Path::new(folder)).unwrap().samples().collect::<Result<_, _>>().unwrap()
}

fn source(sample: &StoredSample) -> &str {
    &sample.label.source.as_ref().unwrap().source
}

#[test]
fn blends_keep_counts_persons_labels_and_bytes() {
    let dir = TempDir::new().unwrap();
    let (rendered, captured) = (rendered(&dir, "rendered", "0"), rendered(&dir, "captured", "7"));
    let preset = preset(&dir, &rendered, &captured);
    let [one, three] = ["one/set", "three/set"].map(|name| path(&dir, name));
    run(&["blend", &preset, "--out", &one, "--threads", "1"]);
    run(&["blend", &preset, "--out", &three, "--threads", "3"]);
    let blended = samples(&one);
    assert_eq!(blended, samples(&three));
    for name in ["manifest.json", "report.html", "contact-sheet.png"] {
        let bytes = |root: &str| std::fs::read(Path::new(root).join(name)).unwrap();
        assert!(bytes(&one) == bytes(&three), "{name}");
    }

    let mut counts: BTreeMap<(String, String), u64> = BTreeMap::new();
    let mut splits_of_person: BTreeMap<u32, BTreeSet<String>> = BTreeMap::new();
    for sample in &blended {
        *counts.entry((source(sample).to_owned(), sample.label.split.clone())).or_default() += 1;
        for subject in sample.label.hands.iter().filter_map(|hand| hand.subject) {
            splits_of_person.entry(subject).or_default().insert(sample.label.split.clone());
        }
    }
    for name in ["rendered", "captured", "pasted", "occluded"] {
        let of = |split: &str| counts.get(&(name.to_owned(), split.to_owned())).copied().unwrap_or(0);
        assert_eq!(of("train") + of("test"), 10, "{counts:?}");
        assert!((7..=8).contains(&of("train")), "{counts:?}");
    }
    assert!(splits_of_person.len() > 6 && splits_of_person.values().all(|splits| splits.len() == 1));
    let manifest = HandloomReader::open(Path::new(&one)).unwrap().manifest().unwrap().unwrap();
    assert!(manifest.sources.len() == 4 && manifest.sources.iter().all(|source| source.samples == 10));

    let check = handloom(&["check", &one]);
    assert!(check.status.success(), "{}", String::from_utf8_lossy(&check.stdout));
    labels_follow(&blended, &[("rendered", &rendered), ("captured", &captured)]);
}

/// Composed pictures keep every rule of rendered ones, and differ from what they were made of as they say.
fn labels_follow(blended: &[StoredSample], sets: &[(&str, &String)]) {
    let originals: BTreeMap<(&str, String), StoredSample> = sets
        .iter()
        .flat_map(|(name, folder)| samples(folder).into_iter().map(|s| ((*name, s.label.id.clone()), s)))
        .collect();
    let mut newly_hidden = 0;
    for sample in blended {
        let origin = sample.label.source.as_ref().unwrap();
        let found = faults(&sample.label, &sample.pictures, Exactness::Rendered);
        assert!(found.is_empty(), "{} {origin:?}: {found:?}", sample.label.id);
        let made_of = if source(sample) == "occluded" { "captured" } else { "rendered" };
        if origin.composed_with.is_empty() {
            let original = &originals[&(source(sample), origin.id.clone())];
            assert_eq!(original.pictures.rgb_jpeg, sample.pictures.rgb_jpeg, "files are kept byte by byte");
            continue;
        }
        assert!(sample.label.scene.is_none() && origin.composed_with.len() == 2, "{origin:?}");
        let original = &originals[&(made_of, origin.id.clone())];
        assert_ne!(original.pictures.rgb, sample.pictures.rgb);
        for (hand, before) in sample.label.hands.iter().zip(&original.label.hands) {
            assert_eq!(hand.keypoints_camera_m, before.keypoints_camera_m);
            if source(sample) == "occluded" {
                assert_eq!(hand.keypoints_px, before.keypoints_px);
                let pairs = hand.visibility.iter().zip(before.visibility).filter(|(now, before)| *now != before);
                newly_hidden += pairs
                    .inspect(|(now, before)| {
                        assert_eq!(*before, Visibility::Visible);
                        assert!(matches!(now, Visibility::HiddenByArm | Visibility::HiddenByObject));
                    })
                    .count();
            }
        }
    }
    assert!(newly_hidden >= 10, "every occluder hides a keypoint: {newly_hidden}");
}

#[test]
fn bad_blends_say_what_is_wrong() {
    let dir = TempDir::new().unwrap();
    let set = rendered(&dir, "rendered", "0");
    let preset = preset(&dir, &set, &set);
    let fails = |more: &[&str]| {
        let mut args = vec!["blend", preset.as_str(), "--out", "out/never"];
        args.extend(more);
        let output = handloom(&args);
        assert_eq!(output.status.code(), Some(2), "{more:?}");
        said(&output)
    };
    let few = fails(&["--count", "400"]);
    assert!(few.contains("`rendered` has ") && few.contains(" are wanted"), "{few}");
    let gone = fails(&["--set", "source.captured.path=no/such/folder"]);
    assert!(gone.contains("source `captured`") && gone.contains("no/such/folder"), "{gone}");
    let split = fails(&["--set", "source.captured.splits=['evaluation']"]);
    assert!(split.contains("source `captured` has no split `evaluation`; it has train"), "{split}");
    let key = fails(&["--set", "source.captured.shar=1"]);
    assert!(key.contains("command line: `source.1.shar`: is an unknown key") && key.contains("`share`"), "{key}");
    let output = handloom(&["blend", &preset, "--dry-run", "--out", "out/never"]);
    assert!(output.status.success() && said(&output).contains("pasted: train "), "{}", said(&output));
    assert!(!Path::new("out/never").exists());
}
