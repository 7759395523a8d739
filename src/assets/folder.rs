//! A user's folder of pictures and panoramas: what is in it, checked before the first sample.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::AssetError;
use crate::import::{ObjectMesh, read_object};

/// What a file of the user's is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PictureKind {
    /// JPEG or PNG: stands behind the hands.
    Flat,
    /// HDR or EXR, equirectangular: stands around the hands.
    Panorama,
}

/// A file of the user's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PictureFile {
    /// Path below (and with) the folder that was listed.
    pub path: String,
    /// What it is, by its name's ending.
    pub kind: PictureKind,
}

/// First bytes of the files we read, by ending.
const SIGNATURES: [(&str, PictureKind, &[u8]); 5] = [
    ("jpg", PictureKind::Flat, b"\xff\xd8\xff"),
    ("jpeg", PictureKind::Flat, b"\xff\xd8\xff"),
    ("png", PictureKind::Flat, b"\x89PNG\r\n\x1a\n"),
    ("hdr", PictureKind::Panorama, b"#?"),
    ("exr", PictureKind::Panorama, b"\x76\x2f\x31\x01"),
];

/// All pictures and panoramas in a folder and the folders in it, sorted by path. Other files are passed over.
///
/// # Errors
///
/// If the folder cannot be read, if it holds no picture, or if files that end like one do not begin like one (all named).
pub fn list_pictures(folder: &Path) -> Result<Vec<PictureFile>, AssetError> {
    let mut files = Vec::new();
    let mut faults = Vec::new();
    for path in files_below(folder)? {
        let ending = path.extension().map(|e| e.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
        let Some((_, kind, signature)) = SIGNATURES.iter().find(|(e, ..)| *e == ending) else {
            continue;
        };
        match begins_with(&path, signature) {
            Ok(true) => files.push(PictureFile { path: path.to_string_lossy().into_owned(), kind: *kind }),
            Ok(false) => faults.push(format!("`{}` does not begin like a .{ending} file", path.display())),
            Err(source) => faults.push(format!("`{}`: {source}", path.display())),
        }
    }
    if !faults.is_empty() {
        return Err(AssetError::NotPictures { folder: folder.to_owned(), faults });
    }
    if files.is_empty() {
        return Err(AssetError::NoPictures { folder: folder.to_owned() });
    }
    Ok(files)
}

/// All meshes (.glb, .gltf, .obj) in a folder and the folders in it, sorted by path and read; `scaled` ones may have any
/// size. Other files are passed over.
///
/// # Errors
///
/// If the folder cannot be read, holds no mesh, or holds meshes that cannot be used (all named).
pub fn list_meshes(folder: &Path, scaled: bool) -> Result<Vec<(String, ObjectMesh)>, AssetError> {
    let (mut meshes, mut faults) = (Vec::new(), Vec::new());
    for path in files_below(folder)? {
        let ending = path.extension().map(|e| e.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
        if !["glb", "gltf", "obj"].contains(&ending.as_str()) {
            continue;
        }
        match read_object(&path, scaled) {
            Ok(mesh) => meshes.push((path.to_string_lossy().into_owned(), mesh)),
            Err(error) => faults.push(format!("`{}`: {}", path.display(), error.to_string().replace('\n', "\n    "))),
        }
    }
    if !faults.is_empty() {
        return Err(AssetError::NotMeshes { folder: folder.to_owned(), faults });
    }
    if meshes.is_empty() {
        return Err(AssetError::NoMeshes { folder: folder.to_owned() });
    }
    Ok(meshes)
}

/// All files below a folder, sorted by path.
fn files_below(folder: &Path) -> Result<Vec<PathBuf>, AssetError> {
    let failed = |source| AssetError::Read { path: folder.to_owned(), source };
    let mut entries = fs::read_dir(folder).and_then(Iterator::collect::<Result<Vec<_>, _>>).map_err(failed)?;
    entries.sort_by_key(fs::DirEntry::path);
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.path();
        if path.is_dir() {
            files.extend(files_below(&path)?);
        } else {
            files.push(path);
        }
    }
    Ok(files)
}

fn begins_with(path: &Path, signature: &[u8]) -> std::io::Result<bool> {
    let mut start = Vec::new();
    fs::File::open(path)?.take(signature.len() as u64).read_to_end(&mut start)?;
    Ok(start == signature)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(folder: &Path, name: &str, bytes: &[u8]) {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    #[test]
    fn pictures_are_found_in_order_and_others_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "b.PNG", b"\x89PNG\r\n\x1a\n....");
        write(folder.path(), "a/x.jpg", b"\xff\xd8\xff\xe0");
        write(folder.path(), "sky.exr", b"\x76\x2f\x31\x01....");
        write(folder.path(), "notes.txt", b"mine");
        let found = list_pictures(folder.path()).unwrap();
        let names: Vec<&str> = found.iter().map(|f| f.path.rsplit('/').next().unwrap()).collect();
        assert_eq!(names, ["x.jpg", "b.PNG", "sky.exr"]);
        assert_eq!(found[2].kind, PictureKind::Panorama);
    }

    #[test]
    fn meshes_are_read_and_all_bad_ones_named() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(list_meshes(folder.path(), false), Err(AssetError::NoMeshes { .. })));
        let tetrahedron = b"v 0 0 0\nv .1 0 0\nv 0 .1 0\nv 0 0 .1\nf 1 3 2\nf 1 2 4\nf 1 4 3\nf 2 3 4\n";
        write(folder.path(), "b/four.obj", tetrahedron);
        write(folder.path(), "a.txt", b"mine");
        let found = list_meshes(folder.path(), false).unwrap();
        assert_eq!((found.len(), found[0].1.triangles.len()), (1, 4));
        assert!(found[0].0.ends_with("four.obj"));
        write(folder.path(), "x.glb", b"glTF");
        write(folder.path(), "y.obj", b"v 0 0 0\nf 1 2 3\n");
        let error = list_meshes(folder.path(), false).unwrap_err().to_string();
        assert!(error.contains("x.glb") && error.contains("y.obj") && error.contains("line 2"), "{error}");
    }

    #[test]
    fn missing_empty_and_broken_folders_are_errors() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(list_pictures(&folder.path().join("none")), Err(AssetError::Read { .. })));
        assert!(matches!(list_pictures(folder.path()), Err(AssetError::NoPictures { .. })));
        write(folder.path(), "a.png", b"text");
        write(folder.path(), "b.jpg", b"");
        write(folder.path(), "c.png", b"\x89PNG\r\n\x1a\n");
        let error = list_pictures(folder.path()).unwrap_err().to_string();
        assert!(error.contains("a.png") && error.contains("b.jpg") && !error.contains("c.png"), "{error}");
    }
}
