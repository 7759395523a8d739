//! Stored samples as moments: clips in order, single pictures one by one, several cameras' samples put together.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use super::{GUESSED_FOV_DEG, Moment, SequenceError, Source, SourceInfo, guessed_camera};
use crate::dataset::{DatasetReader, SampleLabel};
use crate::tracker::{Shot, View};

/// Moments per second of sets that have no times.
pub const GUESSED_RATE_HZ: f64 = 30.0;
/// Format of folders that hold nothing but pictures: these are one clip.
const PICTURES: &str = "pictures";

/// Which samples, and how they follow each other.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct StoredSettings {
    /// Only this split.
    pub split: Option<String>,
    /// At most so many moments, the first ones.
    pub count: Option<u64>,
    /// Parts of sample ids that tell cameras apart, the first view first: samples whose ids are equal without them are one moment.
    pub views: Vec<String>,
    /// Moments per second where the dataset does not say; [`GUESSED_RATE_HZ`] if nobody says.
    pub rate_hz: Option<f64>,
    /// Horizontal field of view where the dataset has no camera matrix, degrees.
    pub fov_deg: Option<f32>,
}

/// One moment: samples of the reader, one per view.
#[derive(Debug, Clone, PartialEq)]
struct Entry {
    numbers: Vec<u64>,
    starts_clip: bool,
    time_s: f64,
}

/// A dataset, moment by moment.
pub struct StoredSource {
    reader: Box<dyn DatasetReader>,
    info: SourceInfo,
    entries: std::vec::IntoIter<Entry>,
    fov_deg: f32,
    /// Splits of which at least one sample has a hand: their samples without one have none to be found.
    labelled: BTreeSet<String>,
}

/// What decides the order of a sample.
struct Key {
    number: u64,
    id: String,
    split: String,
    clip: Option<u64>,
    frame: Option<u64>,
    time_s: Option<f64>,
    has_camera: bool,
    has_hands: bool,
}

impl StoredSource {
    /// All moments of a dataset that the settings ask for.
    pub fn new(reader: Box<dyn DatasetReader>, settings: &StoredSettings) -> Result<Self, SequenceError> {
        let mut info = SourceInfo { name: name_of(reader.as_ref()), ..SourceInfo::default() };
        let keys: Vec<Key> = (0..reader.count()).into_par_iter().filter_map(|n| key(reader.as_ref(), n)).collect();
        let unreadable = reader.count() - keys.len() as u64;
        if unreadable > 0 {
            info.notes.push(format!("{unreadable} samples have no readable label and are left out"));
        }
        let keys: Vec<Key> =
            keys.into_iter().filter(|k| settings.split.as_ref().is_none_or(|s| *s == k.split)).collect();
        if keys.is_empty() {
            return Err(nothing(reader.as_ref(), settings));
        }
        let one_clip = reader.info().format == PICTURES;
        info.notes.extend(reader.info().notes.iter().filter(|_| one_clip).cloned());
        info.notes.extend(assumptions(&keys, settings));
        let groups = if settings.views.is_empty() { single(&keys) } else { grouped(&keys, &settings.views)? };
        let mut entries = in_time(&keys, groups, settings.rate_hz.unwrap_or(GUESSED_RATE_HZ), one_clip);
        entries.truncate(settings.count.map_or(usize::MAX, |n| usize::try_from(n).unwrap_or(usize::MAX)));
        info.count = Some(entries.len() as u64);
        let fov_deg = settings.fov_deg.unwrap_or(GUESSED_FOV_DEG);
        let labelled = keys.iter().filter(|key| key.has_hands).map(|key| key.split.clone()).collect();
        Ok(Self { reader, info, entries: entries.into_iter(), fov_deg, labelled })
    }

    fn moment(&self, entry: &Entry) -> Result<Moment, SequenceError> {
        let samples = entry.numbers.iter().map(|n| self.reader.read(*n));
        let samples = samples.collect::<Result<Vec<_>, _>>()?;
        let mut views = Vec::with_capacity(samples.len());
        let mut labels = Vec::with_capacity(samples.len());
        for sample in samples {
            let camera = sample.label.camera();
            let pictures = sample.pictures;
            if pictures.rgb.is_none() && pictures.grey.is_none() && pictures.depth_z_m.is_none() {
                return Err(SequenceError::NoPicture { id: sample.label.id });
            }
            views.push(View {
                calibrated: camera.is_some(),
                camera: camera.unwrap_or_else(|| guessed_camera(sample.label.width, sample.label.height, self.fov_deg)),
                rgb: pictures.rgb,
                grey: pictures.grey,
                depth_z_m: pictures.depth_z_m,
            });
            labels.push(sample.label);
        }
        let label = labels.swap_remove(0);
        Ok(Moment {
            shot: Shot { time_s: entry.time_s, views },
            id: label.id.clone(),
            index: entry.numbers[0],
            starts_clip: entry.starts_clip,
            truth: (label.scene.is_some() || self.labelled.contains(&label.split)).then_some(label),
        })
    }
}

impl Source for StoredSource {
    fn info(&self) -> &SourceInfo {
        &self.info
    }

    fn next_moment(&mut self) -> Option<Result<Moment, SequenceError>> {
        let entry = self.entries.next()?;
        Some(self.moment(&entry))
    }
}

fn name_of(reader: &dyn DatasetReader) -> String {
    let root = &reader.info().root;
    let whole = root.canonicalize().unwrap_or_else(|_| root.clone());
    whole.file_name().map_or_else(|| root.display().to_string(), |name| name.to_string_lossy().into_owned())
}

fn key(reader: &dyn DatasetReader, number: u64) -> Option<Key> {
    let SampleLabel { id, split, clip, frame, time_s, k, hands, .. } = reader.label(number).ok()?;
    Some(Key { number, id, split, clip, frame, time_s, has_camera: k.is_some(), has_hands: !hands.is_empty() })
}

/// What is assumed where samples do not say, and what was said in vain.
fn assumptions(keys: &[Key], settings: &StoredSettings) -> Vec<String> {
    let mut notes = Vec::new();
    if keys.iter().any(|key| !key.has_camera) {
        notes.push(format!(
            "there is no camera matrix: a horizontal field of view of {} degrees is assumed, so that points in space are right \
             up to scale",
            settings.fov_deg.unwrap_or(GUESSED_FOV_DEG)
        ));
    } else if let Some(fov_deg) = settings.fov_deg {
        notes.push(format!(
            "a field of view of {fov_deg} degrees was given and is not used: every sample has its camera matrix"
        ));
    }
    if let Some(rate_hz) = settings.rate_hz.filter(|_| keys.iter().all(|key| key.time_s.is_some())) {
        notes.push(format!("a rate of {rate_hz} Hz was given and is not used: every sample has its time"));
    }
    notes
}

fn nothing(reader: &dyn DatasetReader, settings: &StoredSettings) -> SequenceError {
    let splits: Vec<String> = reader.info().splits.iter().map(|(name, n)| format!("`{name}` ({n})")).collect();
    let asked = settings.split.as_ref().map_or(String::new(), |split| format!(" in split `{split}`"));
    SequenceError::Nothing {
        what: format!("`{}` has no sample with a label{asked}", reader.info().root.display()),
        hint: format!("its splits are {}", splits.join(", ")),
    }
}

/// Every sample is a moment.
fn single(keys: &[Key]) -> Vec<Vec<usize>> {
    (0..keys.len()).map(|k| vec![k]).collect()
}

/// Samples whose ids are equal but for the names of the views, where all views are there; in the first view's order.
fn grouped(keys: &[Key], views: &[String]) -> Result<Vec<Vec<usize>>, SequenceError> {
    let mut groups: BTreeMap<(String, String), Vec<Option<usize>>> = BTreeMap::new();
    for (k, key) in keys.iter().enumerate() {
        if let Some(view) = views.iter().position(|view| key.id.contains(view.as_str())) {
            let rest = key.id.replacen(views[view].as_str(), "", 1);
            groups.entry((key.split.clone(), rest)).or_insert_with(|| vec![None; views.len()])[view] = Some(k);
        }
    }
    let mut whole: Vec<Vec<usize>> =
        groups.into_values().filter_map(|group| group.into_iter().collect::<Option<Vec<_>>>()).collect();
    whole.sort_unstable();
    if whole.is_empty() {
        let example = keys.first().map_or("", |key| key.id.as_str());
        return Err(SequenceError::Nothing {
            what: format!("no samples whose ids differ only by `{}`", views.join("`, `")),
            hint: format!("ids look like `{example}`; name the parts that tell cameras apart, the first view first"),
        });
    }
    Ok(whole)
}

/// The moments with their times: a clip goes on while clip and split stay and frames rise.
fn in_time(keys: &[Key], groups: Vec<Vec<usize>>, rate_hz: f64, one_clip: bool) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::with_capacity(groups.len());
    let mut last: Option<&Key> = None;
    for (nth, group) in groups.into_iter().enumerate() {
        let key = &keys[group[0]];
        let goes_on = match last {
            None => false,
            Some(_) if one_clip => true,
            Some(last) => {
                let same = key.clip.is_some() && key.clip == last.clip && key.split == last.split;
                same && match (last.frame, key.frame) {
                    (Some(before), Some(now)) => now > before,
                    _ => true,
                }
            }
        };
        let frame = key.frame.map_or(nth as f64, |frame| frame as f64);
        let time_s = key.time_s.unwrap_or(frame / rate_hz);
        entries.push(Entry { numbers: group.iter().map(|k| keys[*k].number).collect(), starts_clip: !goes_on, time_s });
        last = Some(key);
    }
    entries
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::{DatasetError, HandRecord, Pictures, SampleName, SetInfo};
    use crate::frame::Plane;

    /// Captured samples: split, and whether a hand is labelled.
    struct Fake(SetInfo, Vec<(&'static str, bool)>);

    impl DatasetReader for Fake {
        fn info(&self) -> &SetInfo {
            &self.0
        }

        fn count(&self) -> u64 {
            self.1.len() as u64
        }

        fn label(&self, number: u64) -> Result<SampleLabel, DatasetError> {
            let (split, has_hand) = self.1[number as usize];
            let mut label = SampleLabel::captured(SampleName { index: number, id: &number.to_string(), split }, 8, 8);
            label.hands.extend(has_hand.then(|| HandRecord::unknown(1)));
            Ok(label)
        }

        fn pictures(&self, _: u64, _: &SampleLabel) -> Result<Pictures, DatasetError> {
            Ok(Pictures { rgb: Some(Plane::filled(8, 8, [0; 3])), ..Pictures::default() })
        }
    }

    #[test]
    fn a_labelled_picture_without_a_hand_has_none_to_be_found() {
        let samples = vec![("train", true), ("train", false), ("test", false)];
        let reader = Box::new(Fake(SetInfo::default(), samples));
        let mut source = StoredSource::new(reader, &StoredSettings::default()).unwrap();
        let hands = std::iter::from_fn(|| source.next_moment())
            .map(|moment| moment.unwrap().truth.map(|label| label.hands.len()));
        // nothing in the test split is labelled: nobody knows
        assert_eq!(hands.collect::<Vec<_>>(), [Some(1), Some(0), None]);
    }

    #[test]
    fn what_was_given_in_vain_is_noted() {
        let notes = |has_camera, time_s, settings: &StoredSettings| {
            assumptions(&[Key { time_s, has_camera, ..key(0, "a", None, None) }], settings)
        };
        let given = StoredSettings { rate_hz: Some(10.0), fov_deg: Some(50.0), ..StoredSettings::default() };
        assert!(notes(false, None, &given)[0].contains("50 degrees is assumed"));
        let vain = notes(true, Some(0.1), &given);
        assert!(vain.len() == 2 && vain.iter().all(|note| note.contains("is not used")), "{vain:?}");
        assert!(notes(true, Some(0.1), &StoredSettings::default()).is_empty());
    }

    fn key(number: u64, id: &str, clip: Option<u64>, frame: Option<u64>) -> Key {
        Key {
            number,
            id: id.into(),
            split: "train".into(),
            clip,
            frame,
            time_s: None,
            has_camera: true,
            has_hands: true,
        }
    }

    #[test]
    fn clips_end_where_the_clip_changes_or_frames_fall() {
        let keys = [
            key(0, "a", Some(0), Some(3)),
            key(1, "b", Some(0), Some(4)),
            key(2, "c", Some(0), Some(0)),
            key(3, "d", Some(1), Some(1)),
            key(4, "e", None, None),
            key(5, "f", None, None),
        ];
        let entries = in_time(&keys, single(&keys), 10.0, false);
        let starts: Vec<bool> = entries.iter().map(|e| e.starts_clip).collect();
        assert_eq!(starts, [true, false, true, true, true, true]);
        assert!((entries[1].time_s - 0.4).abs() < 1e-12 && (entries[5].time_s - 0.5).abs() < 1e-12);
        assert!(in_time(&keys, single(&keys), 10.0, true)[1..].iter().all(|e| !e.starts_clip));
    }

    #[test]
    fn views_of_one_moment_find_each_other_and_lone_ones_are_left_out() {
        let keys = [
            key(0, "s/left_0", Some(0), Some(0)),
            key(1, "s/left_1", Some(0), Some(1)),
            key(2, "s/right_1", Some(0), Some(1)),
            key(3, "s/right_0", Some(0), Some(0)),
            key(4, "s/left_2", Some(0), Some(2)),
        ];
        let views = ["left".to_owned(), "right".to_owned()];
        assert_eq!(grouped(&keys, &views).unwrap(), [vec![0, 3], vec![1, 2]]);
        let error = grouped(&keys, &["top".to_owned()]).unwrap_err().to_string();
        assert!(error.contains("`top`") && error.contains("s/left_0"), "{error}");
    }
}
