//! Dexter+Object: a left hand and a cuboid before a depth camera (320 x 240) and a colour camera (640 x 480).
//!
//! * `data/<sequence>/{depth,color}/` with numbered pictures, `data/<sequence>/annotations/<sequence>{2D,3D}.txt`. The folder
//!   may be `data` or the one above it. Line n is the picture with number n (from 1 if none has number 0).
//! * Points stand apart by semicolons, coordinates by commas: the tips of thumb to little finger, then corners of the cuboid,
//!   which become `extra_points` `cuboid_0`, ... 32001 is a missing point in 3D. The other sixteen keypoints are absent.
//! * 3D is in millimetres in the depth camera's frame, x and y against the picture's axes: both are negated.
//! * Every frame is two samples: what the depth camera sees, and what the colour camera sees, each in its own camera frame;
//!   `camera_from_world` is from the depth camera. Camera parameters are those of public loaders, K projects to pixels from the
//!   centre of the first: 0.5 is added. Depth is 16-bit millimetres; 0 and 32001 are no surface.
//! * 2D is taken to be of the depth picture. It stands in where 3D is missing, and is compared with the projected 3D.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use glam::{Mat3, Quat, Vec2, Vec3};

use super::common::{CENTRE, CENTRE_NOTE, k_from_centre};
use super::faults::Faults;
use super::synthhands::depth_mm;
use super::text::Place;
use super::{files, foreign};
use crate::dataset::{DatasetError, DatasetReader, ExtraPoint, HandRecord, Pictures, SampleLabel, SampleName, SetInfo};
use crate::math::RigidTransform;
use crate::rig::HandSide;

/// Keypoints that are labelled: the tips.
const TIPS: [usize; 5] = [4, 8, 12, 16, 20];
const TIP_NAMES: [&str; 5] = ["thumb tip", "index tip", "middle tip", "ring tip", "little tip"];
const SPLIT: &str = "test";
/// Pixels by which the 2D file may differ from the projected 3D file.
const APART_PX: f32 = 5.0;
/// Rows of the rotation from the depth to the colour camera.
const TURN: [[f32; 3]; 3] = [[0.9999, 0.0034, 0.0161], [-0.0033, 1.0000, -0.0079], [-0.0162, 0.0079, 0.9998]];
/// Place of the depth camera in the colour camera's frame, metres.
const SHIFT_M: Vec3 = Vec3::new(0.019_047_3, -0.001_851_4, -0.004_750_1);

/// One of the two cameras.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum View {
    Depth,
    Colour,
}

impl View {
    const ALL: [Self; 2] = [Self::Depth, Self::Colour];

    fn folder(self) -> &'static str {
        match self {
            Self::Depth => "depth",
            Self::Colour => "color",
        }
    }

    fn size(self) -> (u32, u32) {
        match self {
            Self::Depth => (320, 240),
            Self::Colour => (640, 480),
        }
    }

    /// Row-major, pixels from the corner of the first.
    fn k(self) -> [[f32; 3]; 3] {
        k_from_centre(match self {
            Self::Depth => [224.502, 230.494, 160.0, 120.0],
            Self::Colour => [587.452_1, 600.674_56, 325.0, 249.0],
        })
    }

    /// From the depth camera's frame to this one's.
    fn point(self, p: Vec3) -> Vec3 {
        match self {
            Self::Depth => p,
            Self::Colour => Vec3::from(TURN.map(|row| Vec3::from(row).dot(p))) + SHIFT_M,
        }
    }

    fn pose(self) -> RigidTransform {
        match self {
            Self::Depth => RigidTransform::IDENTITY,
            Self::Colour => {
                let turn = Mat3::from_cols_array_2d(&TURN).transpose();
                RigidTransform::new(Quat::from_mat3(&turn).normalize(), SHIFT_M)
            }
        }
    }
}

/// A point in the depth camera's frame and its pixel in the depth picture.
type Point = (Option<Vec3>, Option<Vec2>);

/// One sequence; a line and a picture of each view per frame.
#[derive(Debug)]
struct Sequence {
    name: String,
    folder: PathBuf,
    lines_2d: Vec<String>,
    lines_3d: Vec<String>,
    /// Names of pictures, by number from the first.
    pictures: BTreeMap<u64, [Option<String>; 2]>,
    /// Number of the first picture.
    first: u64,
    /// What there is a picture of.
    samples: Vec<(u64, View)>,
}

/// The whole dataset.
#[derive(Debug)]
pub struct DexterObject {
    info: SetInfo,
    sequences: Vec<Sequence>,
}

/// Path of a sequence's labels of 2 or 3 dimensions.
fn labels_path(folder: &Path, name: &str, dimensions: u8) -> PathBuf {
    folder.join("annotations").join(format!("{name}{dimensions}D.txt"))
}

/// Folders of sequences, by name.
fn sequences(folder: &Path) -> Vec<(String, PathBuf)> {
    for base in [folder.join("data"), folder.to_owned()] {
        let folders = files::list(&base).unwrap_or_default().into_iter();
        let named = folders.filter_map(|path| Some((path.file_name()?.to_str()?.to_owned(), path)));
        let found: Vec<_> = named.filter(|(name, path)| labels_path(path, name, 3).is_file()).collect();
        if !found.is_empty() {
            return found;
        }
    }
    Vec::new()
}

/// True if a folder looks like one.
pub fn is_here(folder: &Path) -> bool {
    !sequences(folder).is_empty()
}

/// Opens the dataset in a folder.
pub fn open(folder: &Path) -> Result<Box<dyn DatasetReader>, DatasetError> {
    let mut faults = Faults::default();
    let found = sequences(folder);
    if found.is_empty() {
        return Err(foreign(folder, "holds no `data/<sequence>/annotations/<sequence>3D.txt`".into()));
    }
    let opened: Result<Vec<_>, _> =
        found.into_iter().map(|(name, path)| Sequence::open(name, path, &mut faults)).collect();
    let sequences = opened?;
    let lacks = ["fingertips only", "no masks", "no visibility", "no subjects", "left hands only"];
    let notes = [
        "every frame is two samples, depth and colour, each in its own camera's frame",
        CENTRE_NOTE,
        "x and y of the 3D labels were negated; 32001 is a missing point or depth",
        "the cuboid's corners are `extra_points`",
    ];
    let count = sequences.iter().map(|sequence| sequence.samples.len() as u64).sum();
    let info = SetInfo {
        format: "dexter_object".into(),
        root: folder.to_owned(),
        splits: vec![(SPLIT.into(), count)],
        lacks: lacks.map(str::to_owned).to_vec(),
        notes: notes.map(str::to_owned).to_vec(),
        faults: faults.into_list(),
    };
    Ok(Box::new(DexterObject { info, sequences }))
}

impl Sequence {
    fn open(name: String, folder: PathBuf, faults: &mut Faults) -> Result<Self, DatasetError> {
        let lines = |path: &Path| -> Result<Vec<String>, DatasetError> {
            Ok(files::read_text(path)?.trim_end().lines().map(str::to_owned).collect())
        };
        let lines_3d = lines(&labels_path(&folder, &name, 3))?;
        let path_2d = labels_path(&folder, &name, 2);
        let mut lines_2d = Vec::new();
        if path_2d.is_file() {
            lines_2d = lines(&path_2d)?;
            if lines_2d.len() != lines_3d.len() {
                let message = format!(
                    "`{}` holds {} lines, `{name}3D.txt` holds {}",
                    path_2d.display(),
                    lines_2d.len(),
                    lines_3d.len()
                );
                faults.add("files of labels disagree", None, message);
            }
        }
        let mut sequence =
            Self { name, folder, lines_2d, lines_3d, pictures: BTreeMap::new(), first: 0, samples: Vec::new() };
        sequence.find_pictures(faults);
        sequence.compare(faults);
        Ok(sequence)
    }

    /// Pixels that are far from the projected points become faults; lines that cannot be read are named with their sample.
    fn compare(&self, faults: &mut Faults) {
        for frame in 0..self.lines_2d.len().min(self.lines_3d.len()) as u64 {
            for (n, apart) in self.points(frame).iter().flatten().enumerate().filter_map(apart_px) {
                let path = labels_path(&self.folder, &self.name, 2);
                let name = point_name(n);
                let message = format!(
                    "`{}`: line {}: `{name}` lies {apart:.1} px from its projected 3D point, expected at most {APART_PX}",
                    path.display(),
                    frame + 1
                );
                faults.add(
                    "points of the 2D file are not where 3D projects to",
                    Some(self.id(frame, View::Depth)),
                    message,
                );
            }
        }
    }

    fn find_pictures(&mut self, faults: &mut Faults) {
        let mut found: BTreeMap<u64, [Option<String>; 2]> = BTreeMap::new();
        for (k, view) in View::ALL.into_iter().enumerate() {
            for path in files::list(&self.folder.join(view.folder())).unwrap_or_default() {
                let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
                if let (true, Some(number)) = (super::faults::is_picture(name), last_number(name)) {
                    found.entry(number).or_default()[k] = Some(name.to_owned());
                }
            }
        }
        self.first = u64::from(!found.contains_key(&0));
        let frames = self.lines_3d.len() as u64;
        let lines = self.first..self.first + frames;
        for name in found.iter().filter(|(number, _)| !lines.contains(number)).flat_map(|(_, names)| names).flatten() {
            let folder = self.folder.display();
            let message = format!("`{name}` of `{folder}` belongs to no line, there are {frames}; it is left out");
            faults.add("pictures have no labels", None, message);
        }
        self.pictures = found;
        let views = (0..frames).flat_map(|frame| View::ALL.map(|view| (frame, view)));
        let (samples, missing) = views.partition(|(frame, view)| self.picture(*frame, *view).is_some());
        self.samples = samples;
        let missing: Vec<(u64, View)> = missing;
        for (frame, view) in missing {
            let path = self.folder.join(view.folder());
            let number = self.first + frame;
            let message = format!("`{}` has no picture {number}; the sample is left out", path.display());
            faults.add("pictures are missing", Some(self.id(frame, view)), message);
        }
    }

    fn picture(&self, frame: u64, view: View) -> Option<&str> {
        self.pictures.get(&(self.first + frame))?[view as usize].as_deref()
    }

    fn id(&self, frame: u64, view: View) -> String {
        let stem = self.picture(frame, view).and_then(|name| Some(name.rsplit_once('.')?.0.to_owned()));
        let stem = stem.unwrap_or_else(|| format!("image_{:05}", self.first + frame));
        format!("{}/{}/{stem}", self.name, view.folder())
    }

    /// Points of a frame in the depth camera's frame, metres, with their pixels in the depth picture.
    fn points(&self, frame: u64) -> Result<Vec<Point>, DatasetError> {
        let line = Some(frame as usize + 1);
        let path = labels_path(&self.folder, &self.name, 3);
        let place = Place { path: &path, line };
        let numbers = place.some_numbers(&self.lines_3d[frame as usize])?;
        if numbers.len() % 3 != 0 || numbers.len() < 3 * TIPS.len() {
            let found = numbers.len();
            return Err(place.fault(&format!("holds {found} numbers, expected three for each of at least 5 points")));
        }
        let points = place.points_mm(&numbers, point_name)?.into_iter();
        let points = points.map(|p| p.map(|p| Vec3::new(-p.x, -p.y, p.z)));
        let Some(text) = self.lines_2d.get(frame as usize) else { return Ok(points.map(|p| (p, None)).collect()) };
        let path = labels_path(&self.folder, &self.name, 2);
        let place = Place { path: &path, line };
        let pixels = place.numbers(text, numbers.len() / 3 * 2)?;
        let pixels = pixels.as_chunks::<2>().0.iter();
        let known = pixels.map(|[u, v]| (*u > 0.0 || *v > 0.0).then(|| Vec2::new(*u, *v) + CENTRE));
        Ok(points.zip(known).collect())
    }
}

fn point_name(n: usize) -> &'static str {
    TIP_NAMES.get(n).copied().unwrap_or("cuboid corner")
}

/// The point's number and how far its pixel is from its projection, if that is too far.
fn apart_px((n, (point, pixel)): (usize, &Point)) -> Option<(usize, f32)> {
    let [[fx, _, cx], [_, fy, cy], _] = View::Depth.k();
    let p = (*point)?;
    let apart = Vec2::new(fx * p.x / p.z + cx, fy * p.y / p.z + cy).distance((*pixel)?);
    (apart > APART_PX).then_some((n, apart))
}

/// The last run of digits in a file name before its suffix.
fn last_number(name: &str) -> Option<u64> {
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let stem = stem.trim_end_matches(|c: char| !c.is_ascii_digit());
    let start = stem.rfind(|c: char| !c.is_ascii_digit()).map_or(0, |k| k + 1);
    stem[start..].parse().ok()
}

impl DexterObject {
    /// Sequence with its number, frame, view.
    fn find(&self, number: u64) -> Result<(u64, &Sequence, u64, View), DatasetError> {
        let mut rest = number;
        for (clip, sequence) in self.sequences.iter().enumerate() {
            if let Some((frame, view)) = sequence.samples.get(rest as usize) {
                return Ok((clip as u64, sequence, *frame, *view));
            }
            rest -= sequence.samples.len() as u64;
        }
        Err(DatasetError::NoSuchSample { number, count: self.count() })
    }
}

impl DatasetReader for DexterObject {
    fn info(&self) -> &SetInfo {
        &self.info
    }

    fn count(&self) -> u64 {
        self.info.splits[0].1
    }

    fn label(&self, number: u64) -> Result<SampleLabel, DatasetError> {
        let (clip, sequence, frame, view) = self.find(number)?;
        let id = sequence.id(frame, view);
        let (width, height) = view.size();
        let mut label = SampleLabel::captured(SampleName { index: number, id: &id, split: SPLIT }, width, height);
        label.clip = Some(clip);
        label.frame = Some(frame);
        label.k = Some(view.k());
        label.camera_from_world = view.pose();
        let camera = label.camera();
        let mut hand = HandRecord::unknown(1);
        hand.side = Some(HandSide::Left);
        for (n, (point, pixel)) in sequence.points(frame)?.into_iter().enumerate() {
            let camera_m = point.map(|p| view.point(p));
            // 2D is of the depth picture, and only needed where there is no 3D
            let px = if camera_m.is_none() && view == View::Depth { pixel } else { None };
            if let Some(k) = TIPS.get(n) {
                hand.keypoints_camera_m[*k] = camera_m;
                hand.keypoints_px[*k] = px;
            } else if camera_m.is_some() || px.is_some() {
                let projected = camera_m.and_then(|p| camera.as_ref()?.project(p));
                let point = ExtraPoint { px: px.or(projected), camera_m };
                hand.extra_points.insert(format!("cuboid_{}", n - TIPS.len()), point);
            }
        }
        hand.complete(camera.as_ref(), width, height);
        label.hands.push(hand);
        Ok(label)
    }

    fn pictures(&self, number: u64, _: &SampleLabel) -> Result<Pictures, DatasetError> {
        let (_, sequence, frame, view) = self.find(number)?;
        let folder = sequence.folder.join(view.folder());
        let path = folder.join(sequence.picture(frame, view).unwrap_or_default());
        if view == View::Depth {
            return Ok(Pictures { depth_z_m: Some(depth_mm(&files::grey16(&path)?)), ..Pictures::default() });
        }
        let (rgb, rgb_jpeg) = files::colour(&path)?;
        Ok(Pictures { rgb: Some(rgb), rgb_jpeg, ..Pictures::default() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_pictures() {
        assert_eq!(last_number("image_00017.png"), Some(17));
        assert_eq!(last_number("0003_depth.png"), Some(3));
        assert_eq!(last_number("depth.png"), None);
    }

    #[test]
    fn the_rotation_turns_and_does_not_mirror() {
        let p = Vec3::new(0.1, -0.2, 0.5);
        let moved = View::Colour.pose().point(p);
        assert!(moved.distance(View::Colour.point(p)) < 1e-4, "{moved}");
    }
}
