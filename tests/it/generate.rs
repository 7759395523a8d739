//! `handloom generate`, `check` and `render` as a user runs them: bytes, kills, shards, planted faults, bad input.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// Small pictures, several shards, every kind of background.
const SMALL: &[&str] = &[
    "--set",
    "camera.width_px=96",
    "--set",
    "camera.height_px=96",
    "--set",
    "camera.focal_px=90.0",
    "--set",
    "output.samples_per_shard=4",
];

fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_handloom"));
    command.args(args).current_dir(env!("CARGO_MANIFEST_DIR")).stdin(Stdio::null());
    command
}

fn handloom(args: &[&str]) -> Output {
    command(args).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Arguments of a small dataset in a folder.
fn generate<'a>(out: &'a str, count: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let mut args = vec!["generate", "quickstart", "--out", out, "--count", count];
    args.extend_from_slice(SMALL);
    args.extend_from_slice(more);
    args
}

fn run(args: &[&str]) {
    let output = handloom(args);
    assert!(output.status.success(), "{args:?}\n{}", text(&output.stderr));
}

fn folder(dir: &TempDir, name: &str) -> String {
    dir.path().join(name).to_string_lossy().into_owned()
}

/// Content hash of every file below a folder.
fn tree(root: &str) -> BTreeMap<PathBuf, blake3::Hash> {
    fn walk(folder: &Path, root: &Path, found: &mut BTreeMap<PathBuf, blake3::Hash>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, root, found);
            } else {
                let hash = blake3::hash(&std::fs::read(&path).unwrap());
                found.insert(path.strip_prefix(root).unwrap().to_owned(), hash);
            }
        }
    }
    let mut found = BTreeMap::new();
    walk(Path::new(root), Path::new(root), &mut found);
    found
}

fn assert_same(a: &str, b: &str) {
    let (a, b) = (tree(a), tree(b));
    let different: Vec<_> = a.keys().chain(b.keys()).filter(|path| a.get(*path) != b.get(*path)).collect();
    assert!(different.is_empty(), "these differ: {different:?}");
}

#[test]
fn bytes_do_not_depend_on_threads_shards_or_order() {
    let dir = TempDir::new().unwrap();
    // the folder's name stands in the report, so every run has the same
    let out = |run: &str| folder(&dir, &format!("{run}/set"));
    let (one, many, parts) = (out("one"), out("many"), out("parts"));
    run(&generate(&one, "14", &["--threads", "1"]));
    run(&generate(&many, "14", &["--threads", "3"]));
    for part in ["3/3", "1/3", "2/3"] {
        run(&generate(&parts, "14", &["--shard", part]));
    }
    assert_same(&one, &many);
    assert_same(&one, &parts);
    let other = out("other");
    run(&generate(&other, "14", &["--seed", "1"]));
    assert_ne!(tree(&one).get(Path::new("train/000003.rgb.jpg")), tree(&other).get(Path::new("train/000003.rgb.jpg")));
}

#[test]
fn a_sample_depends_on_its_index_alone() {
    let dir = TempDir::new().unwrap();
    let (few, more) = (folder(&dir, "few"), folder(&dir, "more"));
    run(&generate(&few, "3", &["--set", "output.samples_per_shard=2"]));
    run(&generate(&more, "6", &[]));
    let (few, more) = (tree(&few), tree(&more));
    for file in ["train/000002.rgb.jpg", "train/000002.depth.png", "train/000002.json"] {
        assert_eq!(few[Path::new(file)], more[Path::new(file)], "{file}");
    }
}

#[test]
fn a_killed_run_ends_with_the_same_bytes() {
    let dir = TempDir::new().unwrap();
    let (whole, killed) = (folder(&dir, "whole/set"), folder(&dir, "killed/set"));
    for format in ["loose", "tar"] {
        run(&generate(&whole, "24", &["--format", format, "--overwrite"]));
        let mut kills = 0;
        for wait_ms in [5, 60, 150, 300, 500, 700] {
            let mut child = command(&generate(&killed, "24", &["--format", format, "--resume"]));
            let mut child = child.stderr(Stdio::null()).spawn().unwrap();
            std::thread::sleep(std::time::Duration::from_millis(wait_ms));
            child.kill().unwrap();
            kills += u32::from(!child.wait().unwrap().success());
        }
        assert!(kills > 0, "no run was killed before it ended");
        run(&generate(&killed, "24", &["--format", format, "--resume"]));
        assert_same(&whole, &killed);
        run(&generate(&killed, "24", &["--format", format, "--overwrite"]));
        assert_same(&whole, &killed);
        std::fs::remove_dir_all(&whole).unwrap();
        std::fs::remove_dir_all(&killed).unwrap();
    }
}

#[test]
fn every_format_passes_its_own_check() {
    let dir = TempDir::new().unwrap();
    for format in ["loose", "tar", "coco"] {
        let out = folder(&dir, format);
        run(&generate(&out, "10", &["--format", format]));
        run(&["check", &out]);
        for file in ["report.html", "contact-sheet.png", "manifest.json", "preset.toml"] {
            assert!(Path::new(&out).join(file).is_file(), "{format}: {file}");
        }
    }
    let out = folder(&dir, "rhd");
    run(&["generate", "rhd", "--count", "10", "--out", &out]);
    run(&["check", &out]);
    assert!(Path::new(&out).join("RHD_published_v2/evaluation/anno_evaluation.pickle").is_file());
}

#[test]
fn a_scene_draws_the_same_picture_again() {
    let dir = TempDir::new().unwrap();
    let (out, again) = (folder(&dir, "set"), folder(&dir, "again"));
    run(&generate(&out, "2", &[]));
    run(&["render", &format!("{out}/train/000001.json"), "--out", &again]);
    for (file, other) in [("rgb.jpg", "rgb.jpg"), ("depth.png", "depth.png"), ("mask.png", "mask.png")] {
        let first = std::fs::read(format!("{out}/train/000001.{file}")).unwrap();
        let second = std::fs::read(format!("{again}/render/000000.{other}")).unwrap();
        assert!(first == second, "{file} differs");
    }
}

/// Check a dataset after a fault was planted: what `check` prints, having found something.
fn faults_of(out: &str) -> String {
    let output = handloom(&["check", out]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    text(&output.stdout)
}

fn edit(path: &str, change: impl FnOnce(&mut serde_json::Value)) {
    let mut value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    change(&mut value);
    std::fs::write(path, serde_json::to_vec(&value).unwrap()).unwrap();
}

#[test]
fn planted_faults_are_found() {
    let dir = TempDir::new().unwrap();
    let out = folder(&dir, "set");
    let file = |id: &str, ending: &str| format!("{out}/train/{id}.{ending}");
    run(&generate(&out, "12", &["--set", "hands.count=1", "--set", "pose.near_limit=0"]));
    edit(&file("000000", "json"), |label| {
        for point in label["hands"][0]["keypoints_px"].as_array_mut().unwrap() {
            point[0] = (point[0].as_f64().unwrap() + 9.0).into();
        }
    });
    edit(&file("000001", "json"), |label| {
        let side = &mut label["hands"][0]["side"];
        *side = if side == "left" { "right" } else { "left" }.into();
    });
    let png = std::fs::read(file("000002", "mask.png")).unwrap();
    std::fs::write(file("000002", "mask.png"), &png[..png.len() / 2]).unwrap();
    let swap = |a: &str, b: &str| {
        let (first, second) = (std::fs::read(a).unwrap(), std::fs::read(b).unwrap());
        std::fs::write(a, second).unwrap();
        std::fs::write(b, first).unwrap();
    };
    swap(&file("000004", "mask.png"), &file("000005", "mask.png"));
    swap(&file("000008", "rgb.jpg"), &file("000009", "rgb.jpg"));
    edit(&file("000006", "json"), |label| {
        label["depth_unit_m"] = (label["depth_unit_m"].as_f64().unwrap() * 1.3).into();
    });
    let found = faults_of(&out);
    let has = |id: &str, rule: &str| found.lines().any(|line| line.contains(id) && line.contains(rule));
    assert!(has("000000\t", "reprojection"), "{found}");
    assert!(has("000001\t", "side"), "{found}");
    assert!(has("000002.mask.png", "is not the file that was written"), "{found}");
    assert!(has("000004\t", "mask") && has("000005\t", "mask"), "{found}");
    assert!(has("000006\t", "depth"), "{found}");
    assert!(has("000008.rgb.jpg", "files") || has("000009.rgb.jpg", "files"), "{found}");
    for sound in ["000003\t", "000007\t", "000010\t", "000011\t"] {
        assert!(!found.contains(sound), "{found}");
    }
}

#[test]
fn a_sample_that_fails_is_listed_and_the_run_goes_on() {
    let dir = TempDir::new().unwrap();
    let (out, pictures) = (folder(&dir, "set"), folder(&dir, "pictures"));
    std::fs::create_dir(&pictures).unwrap();
    std::fs::write(format!("{pictures}/broken.png"), b"\x89PNG\r\n\x1a\nand no more").unwrap();
    let folder_set = format!("background.folder=\"{pictures}\"");
    let output = handloom(&generate(
        &out,
        "8",
        &["--set", &folder_set, "--set", "background.pictures=1", "--set", "output.samples_per_shard=8"],
    ));
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    let manifest: serde_json::Value =
        serde_json::from_slice(&std::fs::read(format!("{out}/manifest.json")).unwrap()).unwrap();
    let failures = manifest["failures"].as_array().unwrap();
    assert!(!failures.is_empty() && failures.len() < 8, "{failures:?}");
    assert!(failures[0]["cause"].as_str().unwrap().contains("broken.png"), "{failures:?}");
    assert_eq!(manifest["samples"].as_u64().unwrap() as usize, 8 - failures.len());
}

#[test]
fn what_cannot_run_says_why_and_leaves_nothing() {
    let dir = TempDir::new().unwrap();
    let missing = folder(&dir, "nowhere");
    let empty = folder(&dir, "empty");
    std::fs::create_dir(&empty).unwrap();
    let text_file = folder(&dir, "texts");
    std::fs::create_dir(&text_file).unwrap();
    std::fs::write(format!("{text_file}/a.jpg"), "no picture").unwrap();
    let half = folder(&dir, "half.glb");
    std::fs::write(&half, &std::fs::read("rigs/adult/rig.glb").unwrap()[..5000]).unwrap();
    let folder_of = |path: &str| format!("background.folder=\"{path}\"");
    let cases: [(&[&str], &[&str]); 8] = [
        (&["camera.distance=0.3"], &["camera.distance", "distance_m"]),
        (&["camera.distance_m={ uniform = [0.6, 0.25] }"], &["camera.distance_m", "0.6", "0.25", "hint"]),
        (&["camera.distance_m=\"0.3 m\""], &["camera.distance_m", "hint"]),
        (&["background.pictures=1", &folder_of(&missing)], &["nowhere", "background.folder"]),
        (&["background.pictures=1", &folder_of(&empty)], &["empty", "hint"]),
        (&["background.pictures=1", &folder_of(&text_file)], &["a.jpg"]),
        (&[&format!("rig=\"{half}\"")], &["half.glb", "hint"]),
        (&["camera.focal_px=9000.0"], &["focal_px", "hint"]),
    ];
    let out = folder(&dir, "set");
    for (sets, words) in cases {
        let mut args = vec!["generate", "quickstart", "--out", &out];
        for set in sets {
            args.extend(["--set", set]);
        }
        let output = handloom(&args);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{sets:?}: {said}");
        for word in words {
            assert!(said.contains(word), "{sets:?}: no `{word}` in:\n{said}");
        }
        assert!(!Path::new(&out).exists(), "{sets:?} left something");
    }
}

#[test]
fn a_used_folder_is_refused_unless_told() {
    let dir = TempDir::new().unwrap();
    let out = folder(&dir, "set");
    std::fs::create_dir(&out).unwrap();
    std::fs::write(format!("{out}/precious.txt"), "mine").unwrap();
    for flags in [&[][..], &["--resume"], &["--overwrite"]] {
        let output = handloom(&generate(&out, "2", flags));
        assert_eq!(output.status.code(), Some(2), "{flags:?}");
        assert_eq!(tree(&out).len(), 1, "{flags:?}");
    }
    std::fs::remove_file(format!("{out}/precious.txt")).unwrap();
    run(&generate(&out, "2", &[]));
    let again = handloom(&generate(&out, "2", &[]));
    assert_eq!(again.status.code(), Some(2));
    assert!(text(&again.stderr).contains("--resume"), "{}", text(&again.stderr));
    let other = handloom(&generate(&out, "2", &["--resume", "--seed", "5"]));
    assert_eq!(other.status.code(), Some(2), "another plan's dataset must not be continued");
    run(&generate(&out, "2", &["--overwrite", "--seed", "5"]));
}
