//! Sets that keep each frame as several files named `{number}_{member}` in a folder per recording.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::faults::Faults;
use super::files;
use crate::dataset::DatasetError;

/// All frames below a folder.
#[derive(Debug)]
pub(super) struct Frames {
    base: PathBuf,
    /// Folders of recordings below `base`.
    clips: Vec<String>,
    entries: Vec<Entry>,
}

/// Recording, number and digits of the number in file names.
#[derive(Debug, Clone, Copy)]
struct Entry {
    clip: u32,
    number: u32,
    digits: u8,
}

/// One frame.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame<'a> {
    base: &'a Path,
    /// Folder of the recording below the base.
    pub(super) clip: &'a str,
    /// Its place among the recordings.
    pub(super) clip_number: u64,
    number: u32,
    digits: u8,
}

impl Frame<'_> {
    /// Recording and number: `seq01/cam01/01/00000017`.
    pub(super) fn id(&self) -> String {
        format!("{}/{:0digits$}", self.clip, self.number, digits = usize::from(self.digits))
    }

    /// Number in its recording, as its files have it.
    pub(super) fn number(&self) -> u64 {
        u64::from(self.number)
    }

    /// Path of one of its files; `member` is what follows the number and `_`.
    pub(super) fn path(&self, member: &str) -> PathBuf {
        self.base.join(format!("{}_{member}", self.id()))
    }
}

impl Frames {
    /// Walks the folders `top` below `base`. A frame that lacks one of `members` is left out and a fault.
    pub(super) fn find(base: &Path, top: &[&str], members: &[&str], faults: &mut Faults) -> Result<Self, DatasetError> {
        let mut found = Self { base: base.to_owned(), clips: Vec::new(), entries: Vec::new() };
        for name in top.iter().filter(|name| base.join(name).is_dir()) {
            found.walk(name, members, faults)?;
        }
        Ok(found)
    }

    fn walk(&mut self, clip: &str, members: &[&str], faults: &mut Faults) -> Result<(), DatasetError> {
        let mut there: BTreeMap<(u32, u8), u32> = BTreeMap::new();
        for path in files::list(&self.base.join(clip))? {
            let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
            if path.is_dir() {
                self.walk(&format!("{clip}/{name}"), members, faults)?;
            } else if let Some((key, member)) = split(name, members) {
                *there.entry(key).or_default() |= 1 << member;
            }
        }
        if there.is_empty() {
            return Ok(());
        }
        let number = self.clips.len() as u32;
        self.clips.push(clip.to_owned());
        for ((frame, digits), has) in there {
            let entry = Entry { clip: number, number: frame, digits };
            let frame = self.frame(entry);
            for (_, member) in members.iter().enumerate().filter(|(k, _)| has >> k & 1 == 0) {
                let message = format!("`{}` is missing; the sample is left out", frame.path(member).display());
                faults.add("files are missing", Some(frame.id()), message);
            }
            if has.count_ones() as usize == members.len() {
                self.entries.push(entry);
            }
        }
        Ok(())
    }

    fn frame(&self, entry: Entry) -> Frame<'_> {
        let clip = &self.clips[entry.clip as usize];
        Frame { base: &self.base, clip, clip_number: u64::from(entry.clip), number: entry.number, digits: entry.digits }
    }

    /// How many there are.
    pub(super) fn count(&self) -> u64 {
        self.entries.len() as u64
    }

    /// The n-th.
    pub(super) fn get(&self, number: u64) -> Result<Frame<'_>, DatasetError> {
        let entry = usize::try_from(number).ok().and_then(|n| self.entries.get(n));
        entry.map(|entry| self.frame(*entry)).ok_or(DatasetError::NoSuchSample { number, count: self.count() })
    }
}

/// Number, digits and member of a file name.
fn split(name: &str, members: &[&str]) -> Option<((u32, u8), usize)> {
    let (number, member) = name.split_once('_')?;
    let member = members.iter().position(|known| *known == member)?;
    let digits = u8::try_from(number.len()).ok().filter(|_| number.bytes().all(|b| b.is_ascii_digit()))?;
    Some(((number.parse().ok()?, digits), member))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_found_in_order_and_gaps_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let clip = folder.path().join("b/02");
        std::fs::create_dir_all(&clip).unwrap();
        std::fs::create_dir_all(folder.path().join("other")).unwrap();
        for name in
            ["0010_a.png", "0010_b.txt", "00012_b.txt", "00012_a.png", "0002_a.png", "x_a.png", "0003_c.png", "readme"]
        {
            std::fs::write(clip.join(name), "").unwrap();
        }
        std::fs::write(folder.path().join("other/0001_a.png"), "").unwrap();
        let mut faults = Faults::default();
        let frames = Frames::find(folder.path(), &["a", "b"], &["a.png", "b.txt"], &mut faults).unwrap();
        assert_eq!(frames.count(), 2);
        assert_eq!(frames.get(0).unwrap().path("b.txt"), clip.join("0010_b.txt"));
        assert_eq!(frames.get(1).unwrap().id(), "b/02/00012");
        assert!(matches!(frames.get(2), Err(DatasetError::NoSuchSample { number: 2, count: 2 })));
        let list = faults.into_list();
        assert_eq!(list.len(), 1);
        assert_eq!(list[0].id.as_deref(), Some("b/02/0002"));
        assert!(list[0].message.contains("0002_b.txt"), "{}", list[0].message);
    }
}
