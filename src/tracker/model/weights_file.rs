//! Whether a file can be an ONNX network at all: told from its first bytes and outermost fields, before a runtime sees it.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use super::error::ModelError;

/// Bytes by which other kinds of files are known.
const HEAD: u64 = 512;
/// Field of a `ModelProto` that holds the network (onnx.proto3).
const GRAPH: u64 = 7;
/// Highest field of a `ModelProto`, with room for later ones.
const LAST_FIELD: u64 = 100;

const AGAIN: &str = "export or download it again";
const EXPORT: &str = "export the network with `torch.onnx.export(model, example, \"model.onnx\")`";

/// Why a file is no ONNX file: what it is instead, and what to do.
type Finding = (String, &'static str);

/// # Errors
/// The file cannot be read, is something else, or is cut short.
pub(super) fn check(file: &Path) -> Result<(), ModelError> {
    let hint = "`weights` in model.toml names a file beside it";
    let read = |source| ModelError::Read { file: file.to_owned(), what: "the weights", hint, source };
    let (bytes, finding) = inspect(file).map_err(read)?;
    finding.map_or(Ok(()), |(what, hint)| Err(ModelError::NotOnnx { file: file.to_owned(), bytes, what, hint }))
}

fn inspect(file: &Path) -> io::Result<(u64, Option<Finding>)> {
    let mut reader = BufReader::new(File::open(file)?);
    let bytes = reader.get_ref().metadata()?.len();
    let mut head = Vec::new();
    reader.by_ref().take(HEAD).read_to_end(&mut head)?;
    // rten's own format is none of ours to judge
    if head.starts_with(b"RTEN") {
        return Ok((bytes, None));
    }
    if let Some(finding) = something_else(&head) {
        return Ok((bytes, Some(finding)));
    }
    reader.seek(SeekFrom::Start(0))?;
    Ok((bytes, outline(&mut reader, bytes)?))
}

/// Kinds of files that are often taken for a network.
fn something_else(head: &[u8]) -> Option<Finding> {
    let text = String::from_utf8_lossy(head);
    let text = text.trim_start_matches('\u{feff}').trim_start();
    let begins = |word: &str| text.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word));
    let (what, hint) = match head {
        [] => ("it is empty", AGAIN),
        _ if begins("version https://git-lfs") => {
            ("it is a Git LFS pointer, not the network itself", "`git lfs pull` fetches the network")
        }
        _ if begins("<!doctype html") || begins("<html") || begins("<head") => (
            "it is a web page (HTML)",
            "the download gave a page about the file instead of the file: use the link to the raw file",
        ),
        _ if begins("<?xml") || begins("<Error") => ("it is XML, as servers send it for errors", AGAIN),
        [b'P', b'K', 3, 4, ..] => ("it is a zip archive, as `torch.save` writes it", EXPORT),
        [0x80, 2..=5, ..] => ("it is a Python pickle, as `torch.save` writes it", EXPORT),
        [0x89, b'H', b'D', b'F', ..] => ("it is an HDF5 file, as Keras writes it", "convert it with `tf2onnx`"),
        [_, _, _, _, b'T', b'F', b'L', b'3', ..] => {
            ("it is a TensorFlow Lite file", "convert it with `tf2onnx --tflite`")
        }
        [0x1f, 0x8b, ..] => ("it is packed with gzip", "unpack it with `gunzip`"),
        _ if begins("{") => ("it is JSON", AGAIN),
        _ if is_text(head) => return Some((format!("it is a text that begins with `{}`", first_words(text)), AGAIN)),
        _ => return None,
    };
    Some((what.to_owned(), hint))
}

/// Plain ASCII without control characters; networks hold numbers, which are not.
fn is_text(head: &[u8]) -> bool {
    head.iter().all(|byte| byte.is_ascii_graphic() || byte.is_ascii_whitespace())
}

fn first_words(text: &str) -> String {
    text.lines().next().unwrap_or_default().chars().take(40).collect()
}

/// Walks over the outermost fields (protobuf: number and kind, then the value or its length).
fn outline(reader: &mut (impl Read + Seek), bytes: u64) -> io::Result<Option<Finding>> {
    let (mut at, mut has_graph) = (0, false);
    let short = |announced: u64| Some((format!("it is cut short: {announced} bytes are announced"), AGAIN));
    while at < bytes {
        let Some((tag, wide)) = varint(reader)? else { return Ok(short(bytes + 1)) };
        at += wide;
        let length = match tag & 7 {
            0 => varint(reader)?.map(|(_, wide)| (wide, 0)),
            1 => Some((0, 8)),
            2 => varint(reader)?.map(|(length, wide)| (wide, length)),
            5 => Some((0, 4)),
            _ => return Ok(Some(unknown())),
        };
        if !(1..=LAST_FIELD).contains(&(tag >> 3)) {
            return Ok(Some(unknown()));
        }
        let Some((wide, length)) = length else { return Ok(short(bytes + 1)) };
        at = at.saturating_add(wide).saturating_add(length);
        if at > bytes {
            return Ok(short(at));
        }
        has_graph |= tag >> 3 == GRAPH;
        reader.seek(SeekFrom::Start(at))?;
    }
    Ok((!has_graph).then(|| ("it holds no network".to_owned(), AGAIN)))
}

fn unknown() -> Finding {
    ("its bytes are not those of an ONNX file".to_owned(), AGAIN)
}

/// A number of seven bits a byte, and how many bytes it has; `None` at the end of the file.
fn varint(reader: &mut impl Read) -> io::Result<Option<(u64, u64)>> {
    let mut number = 0;
    for wide in 0..10 {
        let mut byte = [0];
        if reader.read(&mut byte)? == 0 {
            return Ok(None);
        }
        number |= u64::from(byte[0] & 0x7f) << (7 * wide).min(63);
        if byte[0] < 0x80 {
            return Ok(Some((number, wide + 1)));
        }
    }
    Ok(Some((u64::MAX, 10)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(bytes: &[u8]) -> String {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("net.onnx");
        std::fs::write(&file, bytes).unwrap();
        check(&file).err().map(|error| error.to_string()).unwrap_or_default()
    }

    fn network() -> Vec<u8> {
        std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/models/heatmaps.onnx")).unwrap()
    }

    #[test]
    fn what_is_no_network_is_named_with_its_size() {
        let cases: [(&[u8], &str, &str); 9] = [
            (b"", "is empty (0 bytes)", "download it again"),
            (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "Git LFS pointer", "git lfs pull"),
            (b"\n<!DOCTYPE HTML><p>Not found", "web page (HTML) (28 bytes)", "raw file"),
            (b"<?xml version='1.0'?><Error>", "XML", "again"),
            (b"PK\x03\x04rest", "zip archive", "torch.onnx.export"),
            (b"\x80\x02}q\x00", "Python pickle", "torch.onnx.export"),
            (b"{\"error\": 1}", "JSON", "again"),
            (b"404: Not Found", "begins with `404: Not Found`", "again"),
            (b"\xff\xfe\x01\x02", "not those of an ONNX file", "again"),
        ];
        for (bytes, what, hint) in cases {
            let said = said(bytes);
            let (first, second) = said.split_once("\nhint: ").unwrap_or_else(|| panic!("{said}"));
            assert!(first.contains("net.onnx") && first.contains(what), "{said}");
            assert!(second.contains(hint), "{said}");
        }
    }

    #[test]
    fn a_network_that_is_cut_short_is_told_wherever_it_was_cut() {
        let whole = network();
        assert_eq!(said(&whole), "");
        for share in [1, 2, 3, 50, 99] {
            let cut = &whole[..whole.len() * share / 100];
            let said = said(cut);
            assert!(said.contains("cut short") || said.contains("holds no network"), "{share} %: {said}");
            assert!(said.contains(&format!("({} bytes)", cut.len())), "{said}");
        }
        // every file that lacks its last byte, wherever the last field begins
        assert!(said(&whole[..whole.len() - 1]).contains("cut short"));
    }

    #[test]
    fn all_networks_of_the_tests_pass() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/models");
        let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let networks: Vec<_> = files.filter(|path| path.extension().is_some_and(|e| e == "onnx")).collect();
        assert!(networks.len() >= 10);
        for file in networks {
            check(&file).unwrap();
        }
    }
}
