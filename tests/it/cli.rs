//! The program as a user meets it: exit codes, what goes to which stream, hints.

use std::process::{Command, Output};

fn handloom(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_handloom")).args(args).output().unwrap()
}

fn said(output: &Output) -> (Option<i32>, String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn data_goes_to_standard_output() {
    let (code, out, err) = said(&handloom(&["preset", "list"]));
    assert_eq!((code, err.as_str()), (Some(0), ""));
    assert!(out.starts_with("quickstart  a first look"), "{out}");

    let (code, out, _) = said(&handloom(&["preset", "explain", "quickstart", "--set", "seed=3"]));
    assert_eq!(code, Some(0));
    let seed = out.lines().find(|line| line.starts_with("seed ")).unwrap();
    assert_eq!(seed.split_whitespace().collect::<Vec<_>>(), ["seed", "3", "command", "line"]);
    // values start in one column
    let column = seed.find('3').unwrap();
    assert!(out.lines().all(|line| line.as_bytes()[column - 1] == b' ' && line.as_bytes()[column] != b' '), "{out}");
}

#[test]
fn a_wrong_preset_is_explained_with_code_2() {
    let (code, out, err) =
        said(&handloom(&["preset", "explain", "rhd", "--set", "camera.distance_m={ uniform = [2, 1] }"]));
    assert_eq!((code, out.as_str()), (Some(2), ""));
    assert_eq!(
        err,
        "error: command line: `camera.distance_m.uniform`: low 2 is above high 1\n\nhint: write the smaller number first\n"
    );
    let (code, _, err) = said(&handloom(&["preset", "explain", "nowhere.toml"]));
    assert_eq!(code, Some(2));
    assert!(err.starts_with("error: nowhere.toml: cannot read the preset\n  "), "{err}");
}

#[test]
fn a_wrong_command_line_is_explained_with_code_2() {
    let (code, out, err) = said(&handloom(&["preset", "explian"]));
    assert_eq!((code, out.as_str()), (Some(2), ""));
    assert!(err.contains("explain"), "{err}");
    assert!(!err.contains('\u{1b}'), "no colours where nobody looks: {err:?}");
}

#[test]
fn help_manual_and_completions_are_printed() {
    let (code, help, _) = said(&handloom(&["--help"]));
    assert_eq!(code, Some(0));
    assert!(help.contains("Exit codes: 0 all well, 1 finished with failures, 2 could not run"), "{help}");
    let (code, page, _) = said(&handloom(&["man"]));
    assert!(code == Some(0) && page.contains(".TH handloom 1"), "{page}");
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let (code, script, err) = said(&handloom(&["completions", shell]));
        assert!(code == Some(0) && err.is_empty() && script.contains("explain"), "{shell}");
    }
    let dir = tempfile::tempdir().unwrap();
    assert!(handloom(&["man", "--out", dir.path().to_str().unwrap()]).status.success());
    assert!(dir.path().join("handloom-preset-explain.1").is_file());
}

#[cfg(unix)]
#[test]
fn a_reader_that_has_left_is_no_failure() {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output =
        Command::new(env!("CARGO_BIN_EXE_handloom")).args(["preset", "schema"]).stdout(writer).output().unwrap();
    let (code, _, err) = said(&output);
    assert_eq!((code, err.as_str()), (Some(0), ""));
}
