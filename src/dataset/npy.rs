//! Arrays in `NumPy`'s own format (.npy 1.0), written row by row: `numpy.load(path, mmap_mode="r")` reads them.
//!
//! The number of rows is known at the end only, so the header is written last, over the place kept for it.

use std::fs::File;
use std::io::{BufWriter, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use super::error::DatasetError;

/// What an array holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NpyType {
    F32,
    I64,
}

/// An array on its way to disk, under a temporary name.
pub(super) struct NpyFile {
    file: BufWriter<File>,
    part: PathBuf,
    path: PathBuf,
    kind: NpyType,
    /// Shape of a row.
    shape: Vec<usize>,
    values: usize,
}

/// Bytes kept for the header; a multiple of 64, so that data is aligned.
const HEADER: usize = 128;

impl NpyFile {
    pub(super) fn create(path: PathBuf, kind: NpyType, shape: &[usize]) -> Result<Self, DatasetError> {
        let part = PathBuf::from(format!("{}.part", path.display()));
        let file = File::create(&part).map_err(DatasetError::io("create the file", &part))?;
        let mut file = BufWriter::new(file);
        file.write_all(&[0; HEADER]).map_err(DatasetError::io("write", &part))?;
        Ok(Self { file, part, path, kind, shape: shape.to_vec(), values: 0 })
    }

    /// Adds numbers, row-major.
    pub(super) fn push(&mut self, values: impl IntoIterator<Item = f32>) -> Result<(), DatasetError> {
        let bytes: Vec<u8> = values.into_iter().flat_map(f32::to_le_bytes).collect();
        self.append(&bytes, 4)
    }

    /// Adds whole numbers, row-major.
    pub(super) fn push_i64(&mut self, values: impl IntoIterator<Item = i64>) -> Result<(), DatasetError> {
        let bytes: Vec<u8> = values.into_iter().flat_map(i64::to_le_bytes).collect();
        self.append(&bytes, 8)
    }

    fn append(&mut self, bytes: &[u8], item: usize) -> Result<(), DatasetError> {
        self.values += bytes.len() / item;
        self.file.write_all(bytes).map_err(DatasetError::io("write", &self.part))
    }

    /// Writes the header and gives the file its name.
    pub(super) fn commit(mut self) -> Result<(), DatasetError> {
        let rows = self.values / self.shape.iter().product::<usize>();
        let header = header(self.kind, rows, &self.shape);
        let end = self.file.seek(SeekFrom::Start(0)).and_then(|_| self.file.write_all(&header));
        end.and_then(|()| self.file.flush()).map_err(DatasetError::io("write", &self.part))?;
        std::fs::rename(&self.part, &self.path).map_err(DatasetError::io("rename", &self.path))
    }
}

/// Magic, version 1.0, and a dictionary padded to the place kept for it.
fn header(kind: NpyType, rows: usize, shape: &[usize]) -> Vec<u8> {
    let descr = if kind == NpyType::F32 { "<f4" } else { "<i8" };
    let shape: String = shape.iter().map(|n| format!(" {n},")).collect();
    let text = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({rows},{shape}), }}");
    let length = HEADER - 10;
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((length as u16).to_le_bytes());
    bytes.extend(format!("{text:<width$}\n", width = length - 1).as_bytes());
    bytes
}

/// A folder for a file, made where it is missing.
pub(super) fn make_folder(path: &Path) -> Result<(), DatasetError> {
    std::fs::create_dir_all(path).map_err(DatasetError::io("create the folder", path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::codec::npy::read_npy;

    #[test]
    fn arrays_come_back_with_their_shape() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.npy");
        let mut file = NpyFile::create(path.clone(), NpyType::F32, &[2, 3]).unwrap();
        for k in 0..4 {
            file.push((0..6).map(|v| (k * 6 + v) as f32)).unwrap();
        }
        assert!(!path.exists(), "nothing half-written has the name");
        file.commit().unwrap();
        let array = read_npy(&std::fs::read(&path).unwrap()).unwrap();
        assert_eq!(array.shape(), [4, 2, 3]);
        assert_eq!(array.get(&[3, 1, 2]), Some(23.0));
        let path = folder.path().join("b.npy");
        let mut file = NpyFile::create(path.clone(), NpyType::I64, &[]).unwrap();
        file.push_i64([-1, 1 << 40]).unwrap();
        file.commit().unwrap();
        let array = read_npy(&std::fs::read(&path).unwrap()).unwrap();
        assert_eq!((array.shape(), array.get(&[1])), (&[2][..], Some((1u64 << 40) as f64)));
    }
}
