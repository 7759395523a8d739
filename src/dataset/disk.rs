//! Files that appear whole or not at all: written under `shards/tmp/`, hashed on the way, renamed into place.
//!
//! Temporary names are unique, so two writers of the same file are harmless: both write the same bytes and the last
//! rename wins. What a killed run leaves in `shards/tmp/` is swept when the dataset is finished.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use serde::{Deserialize, Serialize};

use super::error::DatasetError;

/// Folder of sidecars below the dataset's folder.
pub(super) const SHARDS: &str = "shards";
const TMP: &str = "shards/tmp";

static NEXT_TEMPORARY: AtomicU64 = AtomicU64::new(0);

/// One file as its sidecar remembers it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileDigest {
    /// Path in the dataset's folder; `/` between folders.
    pub path: String,
    /// Length.
    pub bytes: u64,
    /// BLAKE3 of the content, hexadecimal, as `b3sum` prints it.
    pub blake3: String,
}

/// The folder of one dataset.
#[derive(Debug, Clone)]
pub(super) struct Disk {
    root: PathBuf,
}

impl Disk {
    pub(super) fn new(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// Full path of a path in the dataset's folder.
    pub(super) fn path(&self, relative: &str) -> PathBuf {
        self.root.join(relative)
    }

    /// A new file that nobody sees before [`NewFile::commit`].
    pub(super) fn create(&self) -> Result<NewFile, DatasetError> {
        let folder = self.path(TMP);
        loop {
            let number = NEXT_TEMPORARY.fetch_add(1, Ordering::Relaxed);
            let path = folder.join(format!("{}-{number}", std::process::id()));
            match OpenOptions::new().write(true).create_new(true).open(&path) {
                Ok(file) => {
                    let (hasher, file) = (blake3::Hasher::new(), Some(BufWriter::new(file)));
                    return Ok(NewFile { disk: self.clone(), path, file, hasher, bytes: 0 });
                }
                Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
                Err(e) if e.kind() == io::ErrorKind::NotFound => {
                    fs::create_dir_all(&folder).map_err(DatasetError::io("create the folder", &folder))?;
                }
                Err(e) => return Err(DatasetError::io("create the file", &path)(e)),
            }
        }
    }

    /// A whole file at once.
    pub(super) fn write(&self, relative: &str, bytes: &[u8], sync: Sync) -> Result<FileDigest, DatasetError> {
        let mut file = self.create()?;
        file.append(bytes)?;
        file.commit(relative, sync)
    }

    /// A JSON file at once, with line breaks.
    pub(super) fn write_json<T: Serialize>(&self, relative: &str, value: &T) -> Result<(), DatasetError> {
        let mut bytes = serde_json::to_vec_pretty(value).map_err(DatasetError::json(&self.path(relative)))?;
        bytes.push(b'\n');
        self.write(relative, &bytes, Sync::Disk).map(drop)
    }

    /// Content of a file.
    pub(super) fn read(&self, relative: &str) -> Result<Vec<u8>, DatasetError> {
        let path = self.path(relative);
        fs::read(&path).map_err(DatasetError::io("read", &path))
    }

    /// A JSON file; `None` if it is not there.
    pub(super) fn read_json<T: for<'de> Deserialize<'de>>(&self, relative: &str) -> Result<Option<T>, DatasetError> {
        let path = self.path(relative);
        match fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(DatasetError::json(&path)),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(DatasetError::io("read", &path)(e)),
        }
    }

    /// Deletes a file if it is there.
    pub(super) fn remove(&self, relative: &str) -> Result<(), DatasetError> {
        let path = self.path(relative);
        match fs::remove_file(&path) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => Err(DatasetError::io("delete", &path)(e)),
            _ => Ok(()),
        }
    }

    /// Deletes what killed runs left half written.
    pub(super) fn sweep(&self) -> Result<(), DatasetError> {
        let path = self.path(TMP);
        match fs::remove_dir_all(&path) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => Err(DatasetError::io("delete", &path)(e)),
            _ => Ok(()),
        }
    }

    /// Compares a file with what its sidecar says.
    pub(super) fn verify(&self, digest: &FileDigest) -> Result<(), DatasetError> {
        let path = self.path(&digest.path);
        let changed = |fault| Err(DatasetError::Changed { path: path.clone(), fault });
        let read = DatasetError::io("read", &path);
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return changed("it is missing".into()),
            Err(e) => return Err(read(e)),
        };
        let mut hasher = blake3::Hasher::new();
        hasher.update_reader(file).map_err(read)?;
        let (bytes, hash) = (hasher.count(), hasher.finalize().to_hex());
        if bytes != digest.bytes {
            return changed(format!("it has {bytes} bytes, its sidecar says {}", digest.bytes));
        }
        if hash.as_str() != digest.blake3 {
            return changed("its BLAKE3 differs from its sidecar's".into());
        }
        Ok(())
    }
}

/// Whether a file must be on the disk before it gets its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sync {
    /// Flushed to the disk first.
    Disk,
    /// Left to the system: a sidecar's hash tells if it was lost.
    Later,
}

/// A file under a temporary name, deleted unless committed.
#[derive(Debug)]
pub(super) struct NewFile {
    disk: Disk,
    path: PathBuf,
    file: Option<BufWriter<File>>,
    hasher: blake3::Hasher,
    bytes: u64,
}

impl NewFile {
    /// Adds to the end.
    pub(super) fn append(&mut self, bytes: &[u8]) -> Result<(), DatasetError> {
        self.hasher.update(bytes);
        self.bytes += bytes.len() as u64;
        match &mut self.file {
            Some(file) => file.write_all(bytes).map_err(DatasetError::io("write", &self.path)),
            None => Ok(()),
        }
    }

    /// Bytes so far.
    pub(super) fn len(&self) -> u64 {
        self.bytes
    }

    /// Gives the file its name, replacing what had it.
    pub(super) fn commit(mut self, relative: &str, sync: Sync) -> Result<FileDigest, DatasetError> {
        let target = self.disk.path(relative);
        if let Some(mut file) = self.file.take() {
            file.flush().map_err(DatasetError::io("write", &target))?;
            if sync == Sync::Disk {
                file.get_ref().sync_all().map_err(DatasetError::io("write", &target))?;
            }
        }
        self.rename(&target).map_err(DatasetError::io("create the file", &target))?;
        let blake3 = self.hasher.finalize().to_hex().to_string();
        Ok(FileDigest { path: relative.into(), bytes: self.bytes, blake3 })
    }

    fn rename(&self, target: &Path) -> io::Result<()> {
        match (fs::rename(&self.path, target), target.parent()) {
            (Err(e), Some(folder)) if e.kind() == io::ErrorKind::NotFound => {
                fs::create_dir_all(folder)?;
                fs::rename(&self.path, target)
            }
            (done, _) => done,
        }
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        // after a rename there is nothing left under this name; an error leaves a file for the next sweep
        drop(fs::remove_file(&self.path));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_appears_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let disk = Disk::new(folder.path());
        let mut file = disk.create().unwrap();
        file.append(b"half").unwrap();
        drop(file);
        assert_eq!(fs::read_dir(disk.path(TMP)).unwrap().count(), 0);

        let digest = disk.write("a/b.txt", b"whole", Sync::Later).unwrap();
        assert_eq!(disk.read("a/b.txt").unwrap(), b"whole");
        assert_eq!(digest.bytes, 5);
        assert_eq!(digest.blake3, blake3::hash(b"whole").to_hex().to_string());
        disk.verify(&digest).unwrap();
    }

    #[test]
    fn changed_files_are_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let disk = Disk::new(folder.path());
        let digest = disk.write("b.txt", b"whole", Sync::Disk).unwrap();
        for (content, fault) in [("whale", "BLAKE3"), ("whol", "4 bytes")] {
            fs::write(disk.path("b.txt"), content).unwrap();
            let error = disk.verify(&digest).unwrap_err().to_string();
            assert!(error.contains(fault), "{error}");
        }
        disk.remove("b.txt").unwrap();
        disk.remove("b.txt").unwrap();
        assert!(disk.verify(&digest).unwrap_err().to_string().contains("missing"));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let disk = Disk::new(folder.path());
        let mut file = disk.create().unwrap();
        // the system's own always-full device in place of the file
        file.file = Some(BufWriter::new(OpenOptions::new().write(true).open("/dev/full").unwrap()));
        file.append(b"some bytes").unwrap();
        let error = file.commit("a.txt", Sync::Later).unwrap_err();
        let DatasetError::Io { source, hint, .. } = &error else { panic!("{error:?}") };
        assert_eq!(source.kind(), io::ErrorKind::StorageFull);
        assert!(hint.contains("disk is full"));
        assert!(!disk.path("a.txt").exists());
    }
}
