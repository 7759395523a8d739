//! Where a rig's name leads: a built-in rig, a folder below `rigs/`, or a file.

use std::path::{Path, PathBuf};

use super::AssetError;
use crate::import::from_glb;
use crate::rig::Rig;

/// Rigs inside the program: name and `.glb` bytes.
pub const BUILT_IN_RIGS: &[(&str, &[u8])] = &[("adult", include_bytes!("../../rigs/adult/rig.glb"))];

/// Read the rig of a name: a built-in one, or the path of a `.glb` that `handloom rig build` or `rig import` wrote, or
/// of a folder that holds a `rig.glb`, or of the `rig.toml` beside one.
pub(super) fn open(name: &str) -> Result<Rig, AssetError> {
    let built_in = BUILT_IN_RIGS.iter().find(|(known, _)| *known == name);
    let (path, bytes) = match built_in {
        Some((_, bytes)) => (PathBuf::from(name), bytes.to_vec()),
        None => read(name)?,
    };
    from_glb(&bytes).map_err(|source| AssetError::Rig { path, source: Box::new(source) })
}

fn read(name: &str) -> Result<(PathBuf, Vec<u8>), AssetError> {
    let path = Path::new(name);
    let is_folder = path.is_dir();
    let is_description = path.extension().is_some_and(|e| e == "toml");
    let file = match (is_folder, is_description) {
        (true, _) => path.join("rig.glb"),
        (_, true) => path.with_extension("glb"),
        _ => path.to_owned(),
    };
    match std::fs::read(&file) {
        Ok(bytes) => Ok((file, bytes)),
        Err(source) if source.kind() == std::io::ErrorKind::NotFound && !is_folder => Err(AssetError::UnknownRig {
            name: name.to_owned(),
            known: BUILT_IN_RIGS.iter().map(|(known, _)| *known).collect::<Vec<_>>().join(", "),
        }),
        Err(source) => Err(AssetError::Read { path: file, source }),
    }
}
