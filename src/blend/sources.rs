//! The datasets that a blend takes samples from, opened and looked through.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::filter;
use super::preset::{BlendPreset, Source};
use super::split::{Candidate, Pool};
use crate::dataset::{DatasetError, DatasetReader, HandloomReader, SampleLabel, in_order};
use crate::sets;

/// One source, open.
pub struct OpenSource {
    /// Its name in the blend.
    pub name: String,
    /// Its dataset.
    pub reader: Box<dyn DatasetReader>,
    /// Added to the numbers of its persons, so that no two of the blend are alike.
    pub first_subject: u32,
    /// Added to the numbers of its clips.
    pub first_clip: u64,
    /// What its samples have, as the first of them shows.
    pub has: Has,
    /// Labels that could be read.
    pub samples: u64,
    /// Why the others could not.
    pub unreadable: Vec<String>,
    /// True if its labels say who is in the picture.
    pub knows_subjects: bool,
}

/// Which pictures the samples of a source have.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "one for each kind of picture")]
pub struct Has {
    /// Colour.
    pub rgb: bool,
    /// Grey.
    pub grey: bool,
    /// Depth.
    pub depth: bool,
    /// Part mask.
    pub part: bool,
    /// Instance mask.
    pub instance: bool,
}

impl Has {
    /// What both have.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            rgb: self.rgb && other.rgb,
            grey: self.grey && other.grey,
            depth: self.depth && other.depth,
            part: self.part && other.part,
            instance: self.instance && other.instance,
        }
    }
}

/// Why the sources could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// A folder cannot be read.
    #[error("source `{name}`")]
    Open {
        /// Name of the source.
        name: String,
        /// Why.
        #[source]
        source: DatasetError,
    },
    /// What the preset asks of sources and they have not, one line each.
    #[error("{}", .0.join("\n"))]
    Unfit(Vec<String>),
}

/// Opens all sources, reads their labels and applies their filters.
pub fn open(preset: &BlendPreset) -> Result<(Vec<OpenSource>, Vec<Pool>), SourceError> {
    let (mut sources, mut pools, mut unfit) = (Vec::new(), Vec::new(), Vec::new());
    let mut spaces = Spaces::default();
    for source in &preset.source {
        let failed = |error| SourceError::Open { name: source.name.clone(), source: error };
        let reader = sets::open(Path::new(&source.path)).map_err(failed)?;
        let (candidates, seen) = look_through(source, reader.as_ref());
        let [dataset, people] = spaces.note(Path::new(&source.path), &seen);
        let has = match candidates.first() {
            Some(first) => has(reader.as_ref(), first.index).map_err(failed)?,
            None => Has::default(),
        };
        unfit
            .extend(filter::lacking(&source.filter, reader.info(), has).into_iter().filter(|_| !candidates.is_empty()));
        unfit.extend(unknown_splits(source, reader.as_ref()));
        sources.push(OpenSource {
            name: source.name.clone(),
            reader,
            first_subject: 0,
            first_clip: 0,
            has,
            samples: seen.read,
            unreadable: seen.unreadable.clone(),
            knows_subjects: seen.subjects > 0,
        });
        pools.push(Pool { dataset, people, candidates });
    }
    for (source, pool) in sources.iter_mut().zip(&pools) {
        source.first_subject = spaces.subjects.iter().take(pool.people).sum();
        source.first_clip = spaces.clips.iter().take(pool.dataset).sum();
    }
    if unfit.is_empty() { Ok((sources, pools)) } else { Err(SourceError::Unfit(unfit)) }
}

fn unknown_splits(source: &Source, reader: &dyn DatasetReader) -> Vec<String> {
    let known: Vec<&str> = reader.info().splits.iter().map(|(name, _)| name.as_str()).collect();
    let unknown = source.splits.iter().filter(|split| !known.contains(&split.as_str()));
    unknown
        .map(|split| format!("source `{}` has no split `{split}`; it has {}", source.name, known.join(", ")))
        .collect()
}

fn has(reader: &dyn DatasetReader, number: u64) -> Result<Has, DatasetError> {
    let pictures = reader.read(number)?.pictures;
    Ok(Has {
        rgb: pictures.rgb.is_some(),
        grey: pictures.grey.is_some(),
        depth: pictures.depth_z_m.is_some(),
        part: pictures.part.is_some(),
        instance: pictures.instance.is_some(),
    })
}

/// What the labels of a dataset say of persons and clips.
#[derive(Debug, Clone, Default)]
struct Seen {
    read: u64,
    unreadable: Vec<String>,
    /// One more than the largest number of a person.
    subjects: u32,
    /// One more than the largest number of a clip.
    clips: u64,
}

/// Reads every label; samples whose label cannot be read are left out.
fn look_through(source: &Source, reader: &dyn DatasetReader) -> (Vec<Candidate>, Seen) {
    let (mut candidates, mut seen) = (Vec::new(), Seen::default());
    let looked = in_order::<_, std::convert::Infallible>(
        0..reader.count(),
        |number| reader.label(number),
        |number, label| {
            let label = match label {
                Ok(label) => label,
                Err(error) => {
                    seen.unreadable.push(error.to_string());
                    return Ok(());
                }
            };
            let subjects: Vec<u32> = label.hands.iter().filter_map(|hand| hand.subject).collect();
            seen.read += 1;
            seen.subjects = subjects.iter().map(|s| s + 1).fold(seen.subjects, u32::max);
            seen.clips = seen.clips.max(label.clip.map_or(0, |clip| clip + 1));
            if wanted(source, &label) {
                candidates.push(Candidate { index: number, split: label.split, subjects, clip: label.clip });
            }
            Ok(())
        },
    );
    let Ok(()) = looked;
    (candidates, seen)
}

fn wanted(source: &Source, label: &SampleLabel) -> bool {
    (source.splits.is_empty() || source.splits.contains(&label.split)) && filter::passes(&source.filter, label)
}

/// Numbers datasets, and the populations whose persons they show: rendered datasets of one seed have the same persons.
#[derive(Default)]
struct Spaces {
    datasets: BTreeMap<PathBuf, [usize; 2]>,
    people: BTreeMap<String, usize>,
    /// Of each population one more than the largest number of a person.
    subjects: Vec<u32>,
    /// Of each dataset one more than the largest number of a clip.
    clips: Vec<u64>,
}

impl Spaces {
    /// Number of the dataset and of its population.
    fn note(&mut self, path: &Path, seen: &Seen) -> [usize; 2] {
        let folder = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        if let Some(known) = self.datasets.get(&folder) {
            return *known;
        }
        let population = rendered_seed(path).unwrap_or_else(|| folder.display().to_string());
        let next = self.people.len();
        let people = *self.people.entry(population).or_insert(next);
        self.subjects.resize(self.people.len(), 0);
        self.subjects[people] = self.subjects[people].max(seen.subjects);
        self.clips.push(seen.clips);
        self.datasets.insert(folder, [self.clips.len() - 1, people]);
        [self.clips.len() - 1, people]
    }
}

/// What tells the persons of a dataset that was rendered by this program.
fn rendered_seed(path: &Path) -> Option<String> {
    let reader = HandloomReader::open(path).ok()?;
    reader.plan().sources.is_empty().then(|| format!("rendered with seed {}", reader.plan().seed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn persons_and_clips_get_numbers_of_their_own() {
        let mut spaces = Spaces::default();
        let seen = |subjects, clips| Seen { subjects, clips, ..Seen::default() };
        assert_eq!(spaces.note(Path::new("no/a"), &seen(5, 2)), [0, 0]);
        assert_eq!(spaces.note(Path::new("no/b"), &seen(7, 3)), [1, 1]);
        assert_eq!(spaces.note(Path::new("no/a"), &seen(5, 2)), [0, 0]);
        assert_eq!((spaces.subjects, spaces.clips), (vec![5, 7], vec![2, 3]));
    }
}
