//! Tar files as `WebDataset` reads them, with an index of offsets.
//!
//! Members of one sample stand together under one key (the name up to its first dot). Headers hold no time, owner or
//! host, so equal samples make equal files. The index is the text format of NVIDIA DALI (`v1.2`): one line per sample
//! with `extension offset size name` of each member, offsets of the content in bytes from the start of the tar file.

use std::ops::Range;

use super::disk::{Disk, FileDigest, NewFile, Sync};
use super::error::DatasetError;
use super::sample::EncodedSample;

const BLOCK: u64 = 512;
const ZEROS: [u8; 1024] = [0; 1024];

/// Name and byte range of every member of a sample.
pub(super) type Members = Vec<(String, Range<u64>)>;

/// The members of every sample, from the index; else what is wrong with it, in words.
pub(super) fn members(index: &[u8]) -> Result<Vec<Members>, String> {
    let text = str::from_utf8(index).map_err(|_| "it is not text".to_owned())?;
    let member = |words: &[&str]| {
        let [_, offset, size, name] = words else { return None };
        let (offset, size): (u64, u64) = (offset.parse().ok()?, size.parse().ok()?);
        Some(((*name).to_owned(), offset..offset.checked_add(size)?))
    };
    let sample = |(k, line): (usize, &str)| {
        let words: Vec<&str> = line.split(' ').collect();
        let members: Option<Vec<_>> = words.chunks(4).map(member).collect();
        members.ok_or_else(|| format!("line {} is no list of `extension offset size name`", k + 2))
    };
    text.lines().enumerate().skip(1).map(|(k, line)| sample((k - 1, line))).collect()
}

/// A tar file being written.
pub(super) struct TarShard {
    file: NewFile,
    index: NewFile,
    /// One line of the index per sample.
    lines: Vec<String>,
}

impl TarShard {
    pub(super) fn create(disk: &Disk) -> Result<Self, DatasetError> {
        Ok(Self { file: disk.create()?, index: disk.create()?, lines: Vec::new() })
    }

    pub(super) fn add(&mut self, id: &str, sample: &EncodedSample) -> Result<(), DatasetError> {
        let label = format!("{id}.json");
        let members = sample.members.iter().map(|m| (m.path.as_str(), m.bytes.as_slice()));
        let mut line = Vec::new();
        for (name, bytes) in members.chain([(label.as_str(), sample.label_json.as_slice())]) {
            let offset = self.append(name, bytes)?;
            let extension = name.split_once('.').map_or("", |(_, extension)| extension);
            line.push(format!("{extension} {offset} {} {name}", bytes.len()));
        }
        self.lines.push(line.join(" "));
        Ok(())
    }

    /// Adds a member and returns the offset of its content.
    fn append(&mut self, name: &str, bytes: &[u8]) -> Result<u64, DatasetError> {
        let mut header = tar::Header::new_ustar();
        header.set_path(name).map_err(DatasetError::io("name the tar member", name.as_ref()))?;
        header.set_entry_type(tar::EntryType::Regular);
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        header.set_mtime(0);
        header.set_uid(0);
        header.set_gid(0);
        header.set_cksum();
        self.file.append(header.as_bytes())?;
        let offset = self.file.len();
        self.file.append(bytes)?;
        let rest = (BLOCK - self.file.len() % BLOCK) % BLOCK;
        self.file.append(&ZEROS[..rest as usize])?;
        Ok(offset)
    }

    pub(super) fn close(mut self, [tar, index]: &[String; 2]) -> Result<Vec<FileDigest>, DatasetError> {
        self.file.append(&ZEROS)?;
        self.index.append(format!("v1.2 {}\n", self.lines.len()).as_bytes())?;
        for line in &self.lines {
            self.index.append(line.as_bytes())?;
            self.index.append(b"\n")?;
        }
        Ok(vec![self.file.commit(tar, Sync::Disk)?, self.index.commit(index, Sync::Disk)?])
    }
}
