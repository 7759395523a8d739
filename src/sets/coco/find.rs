//! Which files of a folder are COCO lists, which splits they are, and where their pictures lie.

use std::path::{Path, PathBuf};

use crate::sets::{files, json};

/// Bytes of a file that are looked at to tell what it is.
const HEAD: usize = 1 << 16;
/// Keys that a COCO list may begin with.
const KEYS: [&str; 7] = ["info", "licenses", "images", "videos", "annotations", "categories", "type"];
/// Pictures of a list that are looked for in each folder.
const TRIED: usize = 8;

/// True if a JSON file begins like a COCO list.
pub(super) fn is_list(path: &Path) -> bool {
    let head = json::head(path, HEAD);
    let keys = json::first_keys(&head);
    let has = |word: &[u8]| head.windows(word.len()).any(|window| window == word);
    let inside = |key: &str| match key {
        "images" => has(b"\"file_name\""),
        "annotations" => has(b"\"image_id\""),
        "categories" => has(b"\"name\""),
        _ => false,
    };
    keys.iter().all(|key| KEYS.contains(&key.as_str())) && keys.iter().any(|key| inside(key))
}

/// JSON files in `annotations` that do not even begin like a COCO list: lost or emptied ones.
pub(super) fn strangers(folder: &Path) -> Vec<PathBuf> {
    let paths = files::list(&folder.join("annotations")).unwrap_or_default();
    let is_json = |path: &PathBuf| path.extension().is_some_and(|e| e.eq_ignore_ascii_case("json")) && path.is_file();
    let is_empty = |path: &PathBuf| json::first_keys(&json::head(path, HEAD)).is_empty();
    paths.into_iter().filter(is_json).filter(|path| !is_list(path) && is_empty(path)).collect()
}

/// COCO lists in a folder and its `annotations`, by path.
pub(super) fn lists(folder: &Path) -> Vec<PathBuf> {
    let folders = [folder.to_owned(), folder.join("annotations")];
    let paths = folders.iter().flat_map(|folder| files::list(folder).unwrap_or_default());
    let is_json = |path: &PathBuf| path.extension().is_some_and(|e| e.eq_ignore_ascii_case("json")) && path.is_file();
    paths.filter(is_json).filter(|path| is_list(path)).collect()
}

/// Name of the split that a file's name speaks of, and its rank among splits.
pub(super) fn split_of(stem: &str) -> Option<(usize, &'static str)> {
    const WORDS: [(&str, usize, &str); 8] = [
        ("train", 0, "train"),
        ("training", 0, "train"),
        ("val", 1, "val"),
        ("valid", 1, "val"),
        ("validation", 1, "val"),
        ("test", 2, "test"),
        ("eval", 2, "test"),
        ("evaluation", 2, "test"),
    ];
    let words = stem.split(|c: char| !c.is_ascii_alphabetic()).map(str::to_ascii_lowercase);
    let known = |word: String| WORDS.iter().find(|(known, ..)| *known == word).map(|(_, rank, name)| (*rank, *name));
    words.filter_map(known).next_back()
}

/// Names of the splits of files: what their names speak of, or their whole names where that is unclear or the same twice.
pub(super) fn splits(paths: &[PathBuf]) -> Vec<(usize, String)> {
    let stem = |path: &PathBuf| path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let told: Vec<_> = paths.iter().map(|path| split_of(&stem(path))).collect();
    let name = |(path, own): (&PathBuf, &Option<(usize, &str)>)| match own {
        Some((rank, name)) if told.iter().filter(|other| *other == own).count() == 1 => (*rank, (*name).to_owned()),
        Some((rank, _)) => (*rank, stem(path)),
        None => (3, stem(path)),
    };
    paths.iter().zip(&told).map(name).collect()
}

/// The folder below which the pictures of a list lie, as a path below the dataset's own; `None` if none is found.
pub(super) fn picture_folder(root: &Path, names: &[&str]) -> Option<String> {
    let step = names.len().div_ceil(TRIED).max(1);
    let mut folders = vec!["images".to_owned(), String::new()];
    for outer in ["images", ""] {
        for path in files::list(&root.join(outer)).unwrap_or_default().into_iter().filter(|path| path.is_dir()) {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            folders.push(if outer.is_empty() { name } else { format!("{outer}/{name}") });
        }
    }
    let found = |folder: &String| names.iter().step_by(step).filter(|n| root.join(folder).join(n).is_file()).count();
    // the first of those that have most
    let counted = folders.into_iter().rev().map(|folder| (found(&folder), folder));
    counted.max_by_key(|(count, _)| *count).filter(|(count, _)| *count > 0).map(|(_, folder)| folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_are_read_from_file_names() {
        let names = |stems: &[&str]| -> Vec<String> {
            let paths: Vec<PathBuf> = stems.iter().map(|stem| PathBuf::from(format!("a/{stem}.json"))).collect();
            splits(&paths).into_iter().map(|(_, name)| name).collect()
        };
        assert_eq!(names(&["train", "coco_wholebody_val_v1.0", "rhd_test"]), ["train", "val", "test"]);
        assert_eq!(names(&["person_keypoints_train2017", "hands"]), ["train", "hands"]);
        assert_eq!(names(&["rhd_train", "onehand10k_train"]), ["rhd_train", "onehand10k_train"]);
    }

    #[test]
    fn other_json_is_not_taken_for_a_list() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.json");
        for (text, is) in [
            (r#"{"images": [{"id": 1, "file_name": "a.jpg"}], "annotations": []}"#, true),
            (r#"{"info": {}, "categories": [{"id": 1, "name": "hand"}], "images""#, true),
            (r#"{"images": []}"#, false),
            (r#"{"images": [{"file_name": "a"}], "presets": 1}"#, false),
            (r#"{"0": {"35": {"world_coord": []}}}"#, false),
            (r#"[{"file_name": 1}]"#, false),
            ("", false),
        ] {
            std::fs::write(&path, text).unwrap();
            assert_eq!(is_list(&path), is, "{text}");
        }
    }
}
