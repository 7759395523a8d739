//! ICVL: `Training/labels.txt`, `Testing/test_seq_1.txt`, `Testing/test_seq_2.txt`, and the pictures they name below `Depth/`.
//!
//! * Depth: 16 bits, millimetres, 320 x 240. A line is a picture's name and 16 times `u v z` (pixels, pixels, millimetres).
//! * Points: palm; root, middle and tip of thumb, index, middle, ring and little finger. They take the places of our
//!   CMC, IP and tip of the thumb, and MCP, DIP and tip of the fingers; that is a convention, not anatomy. The other joints and
//!   the wrist are not there; `palm` is an extra point.
//! * The training list holds copies that are turned in the picture, in folders named after the angle.
//! * The set does not say which hand it is, nor whose.

use std::path::{Path, PathBuf};

use glam::{Vec2, Vec3};

use super::common::{CENTRE, CENTRE_NOTE, bad_labels, check_before_camera, k_from_centre};
use super::{files, foreign};
use crate::dataset::decode::depth_from_steps;
use crate::dataset::orders::ICVL;
use crate::dataset::{
    DatasetError, DatasetReader, ExtraPoint, HandRecord, Pictures, SampleLabel, SampleName, SetFault, SetInfo,
};

const WIDTH: u32 = 320;
const HEIGHT: u32 = 240;
/// Pixels count from the centre of the first.
const CAMERA: [f32; 4] = [241.42, 241.42, 160.0, 120.0];
/// Points of one label.
const POINTS: usize = 16;
/// Folder, list, split.
const LISTS: [(&str, &str, &str); 4] = [
    ("Training", "labels.txt", "train"),
    ("Training_2014", "labels.txt", "train"),
    ("Testing", "test_seq_1.txt", "test"),
    ("Testing", "test_seq_2.txt", "test"),
];

#[derive(Debug)]
struct Sample {
    /// Which of [`LISTS`].
    list: usize,
    line: usize,
    /// As the list has it.
    name: String,
    clip: u64,
    /// u, v, z in pixels, pixels, millimetres.
    uvz: [[f32; 3]; POINTS],
}

#[derive(Debug)]
struct Icvl {
    info: SetInfo,
    samples: Vec<Sample>,
}

fn list_path(folder: &Path, list: usize) -> PathBuf {
    folder.join(LISTS[list].0).join(LISTS[list].1)
}

fn picture_path(folder: &Path, list: usize, name: &str) -> PathBuf {
    folder.join(LISTS[list].0).join("Depth").join(name)
}

/// True if a folder looks like one.
pub fn is_here(folder: &Path) -> bool {
    (0..LISTS.len()).any(|list| list_path(folder, list).is_file() && folder.join(LISTS[list].0).join("Depth").is_dir())
}

/// Opens the dataset in a folder.
pub fn open(folder: &Path) -> Result<Box<dyn DatasetReader>, DatasetError> {
    let mut info = SetInfo { format: "icvl".into(), root: folder.to_owned(), ..SetInfo::default() };
    info.lacks = [
        "no wrist (the palm's centre is the extra point `palm`)",
        "no joints but root, middle and tip of each digit",
        "no side",
        "no subjects",
        "no colour",
        "no masks",
        "no visibility",
    ]
    .map(str::to_owned)
    .to_vec();
    info.notes.push(CENTRE_NOTE.into());
    let mut set = Icvl { info, samples: Vec::new() };
    let lists: Vec<usize> = (0..LISTS.len()).filter(|list| list_path(folder, *list).is_file()).collect();
    if lists.is_empty() {
        return Err(foreign(folder, "holds neither `Training/labels.txt` nor `Testing/test_seq_1.txt`".into()));
    }
    for list in lists {
        let before = (set.samples.len(), set.info.faults.len());
        set.add(folder, list)?;
        if (set.samples.len(), set.info.faults.len()) == before {
            set.fault(None, format!("`{}` holds no label with a picture", list_path(folder, list).display()));
        }
    }
    for part in ["Training", "Testing"] {
        let known = LISTS.iter().any(|(root, name, _)| *root == part && folder.join(part).join(name).is_file());
        if folder.join(part).join("Depth").is_dir() && !known {
            set.fault(None, format!("`{part}/Depth` has no list of labels beside it: its pictures are left out"));
        }
    }
    for split in ["train", "test"] {
        let count = set.samples.iter().filter(|sample| LISTS[sample.list].2 == split).count();
        if count > 0 {
            set.info.splits.push((split.to_owned(), count as u64));
        }
    }
    let faults = bad_labels(&set);
    set.info.faults.extend(faults);
    Ok(Box::new(set))
}

impl Icvl {
    fn add(&mut self, folder: &Path, list: usize) -> Result<(), DatasetError> {
        let path = list_path(folder, list);
        let text = files::read_text(&path)?;
        let mut clip = self.samples.last().map_or(0, |last| last.clip + 1);
        let mut last_folder: Option<String> = None;
        for (k, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            let (name, uvz) = match parse(line) {
                Ok(parsed) => parsed,
                Err(fault) => {
                    self.fault(None, format!("`{}`, line {}: {fault}; it is left out", path.display(), k + 1));
                    continue;
                }
            };
            let picture = picture_path(folder, list, &name);
            if !picture.is_file() {
                let id = Some(id_of(list, &name));
                self.fault(id, format!("`{}` is missing; the sample is left out", picture.display()));
                continue;
            }
            let parent = name.rsplit_once('/').map_or("", |(parent, _)| parent).to_owned();
            clip += u64::from(last_folder.as_ref().is_some_and(|last| *last != parent));
            last_folder = Some(parent);
            self.samples.push(Sample { list, line: k + 1, name, clip, uvz });
        }
        Ok(())
    }

    fn fault(&mut self, id: Option<String>, message: String) {
        self.info.faults.push(SetFault { id, message });
    }

    fn sample(&self, number: u64) -> Result<&Sample, DatasetError> {
        let found = usize::try_from(number).ok().and_then(|n| self.samples.get(n));
        found.ok_or_else(|| DatasetError::NoSuchSample { number, count: self.count() })
    }
}

fn id_of(list: usize, name: &str) -> String {
    format!("{}/Depth/{}", LISTS[list].0, name.trim_end_matches(".png"))
}

/// A picture's name and its points.
fn parse(line: &str) -> Result<(String, [[f32; 3]; POINTS]), String> {
    let mut words = line.split_whitespace();
    let name = words.next().ok_or("is empty")?;
    let values: Result<Vec<f32>, _> = words.map(str::parse).collect();
    let values = values.map_err(|_| format!("`{name}` is followed by something else than numbers"))?;
    if values.len() != 3 * POINTS {
        return Err(format!("`{name}` is followed by {} numbers, expected {}", values.len(), 3 * POINTS));
    }
    Ok((name.to_owned(), std::array::from_fn(|k| [values[3 * k], values[3 * k + 1], values[3 * k + 2]])))
}

/// A point in metres from its pixel and depth.
fn unprojected([u, v, mm]: [f32; 3]) -> Vec3 {
    let [fx, fy, cx, cy] = CAMERA;
    let z = mm / 1000.0;
    Vec3::new((u - cx) * z / fx, (v - cy) * z / fy, z)
}

impl DatasetReader for Icvl {
    fn info(&self) -> &SetInfo {
        &self.info
    }

    fn count(&self) -> u64 {
        self.samples.len() as u64
    }

    fn label(&self, number: u64) -> Result<SampleLabel, DatasetError> {
        let sample = self.sample(number)?;
        let points = sample.uvz.map(unprojected);
        check_before_camera(&list_path(&self.info.root, sample.list), &format!("line {}", sample.line), &points)?;
        let pixels = sample.uvz.map(|[u, v, _]| Vec2::new(u + CENTRE, v + CENTRE));
        let id = id_of(sample.list, &sample.name);
        let name = SampleName { index: number, id: &id, split: LISTS[sample.list].2 };
        let mut label = SampleLabel::captured(name, WIDTH, HEIGHT);
        label.clip = Some(sample.clip);
        label.k = Some(k_from_centre(CAMERA));
        let mut hand = HandRecord::unknown(1);
        hand.keypoints_camera_m = ICVL.map(|place| Some(points[place?]));
        hand.keypoints_px = ICVL.map(|place| Some(pixels[place?]));
        hand.extra_points.insert("palm".into(), ExtraPoint { px: Some(pixels[0]), camera_m: Some(points[0]) });
        hand.complete(label.camera().as_ref(), WIDTH, HEIGHT);
        label.hands.push(hand);
        Ok(label)
    }

    fn pictures(&self, number: u64, _: &SampleLabel) -> Result<Pictures, DatasetError> {
        let sample = self.sample(number)?;
        let steps = files::grey16(&picture_path(&self.info.root, sample.list, &sample.name))?;
        Ok(Pictures { depth_z_m: Some(depth_from_steps(&steps, 0.001)), ..Pictures::default() })
    }
}
