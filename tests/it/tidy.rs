//! The rules that the compiler does not know: module edges of ARCHITECTURE.md, file sizes, no leftovers.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|e| e == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// Module name and what it may use, from the table of ARCHITECTURE.md; `None` means everything.
fn allowed_edges() -> BTreeMap<String, Option<Vec<String>>> {
    let text = std::fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let mut edges = BTreeMap::new();
    let mut lower: Vec<(u32, String)> = Vec::new();
    for line in text.lines().filter(|l| l.starts_with("| ") && l.contains('`')) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let Ok(layer) = cells[0].parse::<u32>() else { continue };
        let module = cells[1].trim_matches('`').to_owned();
        let uses = match cells[3] {
            "everything" => None,
            "-" => Some(Vec::new()),
            all if all.starts_with("all of 0 to 4") => {
                let lower = lower.iter().filter(|(l, _)| *l <= 4).map(|(_, m)| m.clone());
                let named = all.split(',').skip(1).map(|m| m.trim().to_owned());
                Some(lower.chain(named).collect())
            }
            list => Some(list.split(',').map(|m| m.trim().to_owned()).collect()),
        };
        lower.push((layer, module.clone()));
        edges.insert(module, uses);
    }
    edges
}

/// First path segment below `src`: the module a file belongs to.
fn module_of(path: &Path) -> String {
    let below = path.strip_prefix(root().join("src")).unwrap();
    let first = below.components().next().unwrap().as_os_str().to_string_lossy().into_owned();
    first.trim_end_matches(".rs").to_owned()
}

/// Modules named after `crate::` in a line of code, also inside braces on the same line.
fn modules_named(line: &str) -> Vec<String> {
    let code = line.split("//").next().unwrap_or("");
    let word = |s: &str| s.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    code.match_indices("crate::")
        .flat_map(|(at, found)| {
            let rest = &code[at + found.len()..];
            match rest.strip_prefix('{') {
                Some(list) => list.split(',').map(|s| word(s.trim())).collect::<Vec<_>>(),
                None => vec![word(rest)],
            }
        })
        .filter(|m| !m.is_empty())
        .collect()
}

/// Lines before the unit tests of a file; none of a file of unit tests.
fn library_lines<'a>(path: &Path, text: &'a str) -> impl Iterator<Item = (usize, &'a str)> {
    let is_test = path.file_name().is_some_and(|name| name == "tests.rs");
    text.lines().enumerate().take_while(move |(_, l)| !is_test && !l.starts_with("#[cfg(test)]"))
}

#[test]
fn modules_use_only_what_the_architecture_allows() {
    let edges = allowed_edges();
    assert!(edges.len() > 15, "the table of ARCHITECTURE.md was not understood: {edges:?}");
    let mut wrong = Vec::new();
    for path in rust_files(&root().join("src")) {
        let module = module_of(&path);
        if module == "lib" || module == "main" {
            continue;
        }
        let Some(allowed) = edges.get(&module) else {
            wrong.push(format!("{}: module `{module}` is not in ARCHITECTURE.md", path.display()));
            continue;
        };
        let Some(allowed) = allowed else { continue };
        let text = std::fs::read_to_string(&path).unwrap();
        for (k, line) in library_lines(&path, &text) {
            for used in modules_named(line) {
                if used != module && edges.contains_key(&used) && !allowed.contains(&used) {
                    wrong.push(format!("{}:{}: `{module}` uses `{used}`", path.display(), k + 1));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "forbidden module edges:\n{}", wrong.join("\n"));
}

#[test]
fn only_the_gpu_backend_names_wgpu() {
    let names = |path: &Path| std::fs::read_to_string(path).unwrap().contains("wgpu::");
    let (inside, outside): (Vec<_>, Vec<_>) = rust_files(&root().join("src"))
        .into_iter()
        .filter(|path| names(path))
        .partition(|path| path.starts_with(root().join("src/render/gpu")));
    assert!(!inside.is_empty() && outside.is_empty(), "{outside:?}");
}

#[test]
fn files_are_short_and_introduce_themselves() {
    let mut wrong = Vec::new();
    for path in rust_files(&root().join("src")).into_iter().chain(rust_files(&root().join("tests"))) {
        let text = std::fs::read_to_string(&path).unwrap();
        if text.lines().count() > 800 {
            wrong.push(format!("{}: {} lines, at most 800", path.display(), text.lines().count()));
        }
        if !text.starts_with("//!") {
            wrong.push(format!("{}: starts without a `//!` line that says what it is for", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn randomness_and_transcendentals_come_from_one_place() {
    let banned = [
        ("rand_chacha", "only `seed` makes generators"),
        ("SystemTime", "a dataset holds no time stamp"),
        (".powf(", "libm::powf: std's differs between machines"),
        (".exp()", "libm::expf: std's differs between machines"),
        (".sin()", "libm::sinf: std's differs between machines"),
        (".cos()", "libm::cosf: std's differs between machines"),
        (".sin_cos()", "libm::sincosf: std's differs between machines"),
        (".tan()", "libm::tanf: std's differs between machines"),
        (".atan2(", "libm::atan2f: std's differs between machines"),
        (".acos()", "libm::acosf: std's differs between machines"),
        (".ln()", "libm::logf: std's differs between machines"),
        ("mul_add(", "fused where the machine can: bits differ"),
    ];
    let mut wrong = Vec::new();
    for path in rust_files(&root().join("src")) {
        if module_of(&path) == "seed" {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        for (k, line) in library_lines(&path, &text) {
            let code = line.split("//").next().unwrap_or("");
            for (word, why) in banned {
                if code.contains(word) {
                    wrong.push(format!("{}:{}: `{word}`: {why}", path.display(), k + 1));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
