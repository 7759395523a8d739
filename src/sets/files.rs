//! Small things that every reader needs: files, pictures, listings.

use std::path::{Path, PathBuf};

use super::foreign;
use crate::dataset::DatasetError;
use crate::dataset::decode::{self, DecodeError};
use crate::frame::Plane;

/// Content of a file.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, DatasetError> {
    std::fs::read(path).map_err(|e| foreign(path, format!("cannot be read: {e}")))
}

/// A text file.
pub(super) fn read_text(path: &Path) -> Result<String, DatasetError> {
    String::from_utf8(read(path)?)
        .map_err(|e| foreign(path, format!("is not text (byte {})", e.utf8_error().valid_up_to())))
}

/// A JSON file.
pub(super) fn read_json<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T, DatasetError> {
    serde_json::from_slice(&read(path)?).map_err(|source| DatasetError::Json { path: path.to_owned(), source })
}

/// Names in a folder, sorted; folders and files alike.
pub(super) fn list(folder: &Path) -> Result<Vec<PathBuf>, DatasetError> {
    let entries = std::fs::read_dir(folder).map_err(|e| foreign(folder, format!("cannot be listed: {e}")))?;
    let mut paths = Vec::new();
    for entry in entries {
        paths.push(entry.map_err(|e| foreign(folder, format!("cannot be listed: {e}")))?.path());
    }
    paths.sort();
    Ok(paths)
}

/// A colour picture and, if it is a JPEG, its file.
pub(super) type Colour = (Plane<[u8; 3]>, Option<Vec<u8>>);

/// A colour picture, JPEG (then its bytes come too) or PNG with or without alpha or palette.
pub(super) fn colour(path: &Path) -> Result<Colour, DatasetError> {
    let bytes = read(path)?;
    let damaged = |source| DatasetError::Picture { path: path.to_owned(), source };
    if bytes.starts_with(&[0xff, 0xd8]) {
        return Ok((decode::jpeg_rgb8(&bytes).map_err(damaged)?, Some(bytes)));
    }
    Ok((decode::any_rgb8(&bytes).map_err(damaged)?, None))
}

/// A 16-bit grey PNG.
pub(super) fn grey16(path: &Path) -> Result<Plane<u16>, DatasetError> {
    picture(path, decode::png_grey16)
}

/// An 8-bit red green blue PNG, as depth in two channels is kept.
pub(super) fn rgb8(path: &Path) -> Result<Plane<[u8; 3]>, DatasetError> {
    picture(path, decode::png_rgb8)
}

/// An 8-bit grey PNG.
pub(super) fn grey8(path: &Path) -> Result<Plane<u8>, DatasetError> {
    picture(path, decode::png_grey8)
}

fn picture<T>(path: &Path, decode: fn(&[u8]) -> Result<Plane<T>, DecodeError>) -> Result<Plane<T>, DatasetError> {
    decode(&read(path)?).map_err(|source| DatasetError::Picture { path: path.to_owned(), source })
}
