//! Faults found while opening a dataset: counted by kind, the first of each kind listed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::dataset::SetFault;

/// Faults of one kind that are listed; of the others only the number is told.
const LISTED: u64 = 100;

/// Faults so far.
#[derive(Debug, Default)]
pub(super) struct Faults {
    list: Vec<SetFault>,
    counts: BTreeMap<&'static str, u64>,
}

impl Faults {
    /// One more. `kind` is a plural: `pictures are missing`.
    pub(super) fn add(&mut self, kind: &'static str, id: Option<String>, message: String) {
        let count = self.counts.entry(kind).or_default();
        *count += 1;
        if *count <= LISTED {
            self.list.push(SetFault { id, message });
        }
    }

    /// What is listed, and how much is not.
    pub(super) fn into_list(self) -> Vec<SetFault> {
        let mut list = self.list;
        for (kind, count) in self.counts.into_iter().filter(|(_, count)| *count > LISTED) {
            let message = format!("{count} {kind}; {LISTED} of them are listed");
            list.push(SetFault { id: None, message });
        }
        list
    }
}

/// Pictures that labels speak of, folder by folder.
#[derive(Debug, Default)]
pub(super) struct Wanted<'a>(BTreeMap<PathBuf, BTreeMap<&'a str, Vec<u64>>>);

impl<'a> Wanted<'a> {
    /// One more: where `file` lies below `base`, and which sample it is of.
    pub(super) fn add(&mut self, base: &Path, file: &'a str, sample: u64) {
        let (folder, name) = file.rsplit_once('/').map_or((base.to_owned(), file), |(f, name)| (base.join(f), name));
        self.0.entry(folder).or_default().entry(name).or_default().push(sample);
    }

    /// Lists every folder once. Missing pictures become faults.
    pub(super) fn compare(&self, faults: &mut Faults, id: impl Fn(u64) -> String) -> Found {
        let mut found = Found::default();
        for (folder, wanted) in &self.0 {
            let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
            let there: BTreeSet<String> = entries.filter_map(|e| e.file_name().into_string().ok()).collect();
            for (name, samples) in wanted {
                if there.contains(*name) {
                    found.there.extend(samples);
                    continue;
                }
                for sample in samples {
                    let message = format!("`{}` is missing; the sample is left out", folder.join(name).display());
                    faults.add("pictures are missing", Some(id(*sample)), message);
                }
            }
            found.strangers += there.iter().filter(|n| is_picture(n) && !wanted.contains_key(n.as_str())).count();
        }
        found
    }
}

/// What [`Wanted::compare`] found.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Samples that have their picture, folder by folder.
    pub(super) there: Vec<u64>,
    /// Pictures that nobody speaks of.
    pub(super) strangers: usize,
}

/// True for names of pictures.
pub(super) fn is_picture(name: &str) -> bool {
    let suffix = name.rsplit_once('.').map_or("", |(_, suffix)| suffix);
    ["jpg", "jpeg", "png"].iter().any(|known| suffix.eq_ignore_ascii_case(known))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_a_kind_are_listed_and_all_are_counted() {
        let mut faults = Faults::default();
        for n in 0..150 {
            faults.add("spoons are bent", Some(n.to_string()), format!("spoon {n}"));
        }
        faults.add("forks are bent", None, "fork".into());
        let list = faults.into_list();
        assert_eq!(list.len(), 102);
        assert_eq!(list[101].message, "150 spoons are bent; 100 of them are listed");
    }

    #[test]
    fn missing_pictures_and_strangers_are_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("a")).unwrap();
        for name in ["a/1.jpg", "a/3.PNG", "a/readme.txt"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        let mut wanted = Wanted::default();
        wanted.add(folder.path(), "a/1.jpg", 0);
        wanted.add(folder.path(), "a/2.jpg", 1);
        wanted.add(folder.path(), "b/1.jpg", 2);
        let mut faults = Faults::default();
        let found = wanted.compare(&mut faults, |n| format!("sample {n}"));
        assert_eq!((found.there, found.strangers), (vec![0], 1));
        let list = faults.into_list();
        let ids: Vec<_> = list.iter().map(|f| f.id.as_deref().unwrap()).collect();
        assert_eq!(ids, ["sample 1", "sample 2"]);
        assert!(list[0].message.ends_with("a/2.jpg` is missing; the sample is left out"), "{}", list[0].message);
    }
}
