//! A folder of pictures without labels: backgrounds for blends.

use std::path::{Path, PathBuf};

use super::{files, foreign};
use crate::dataset::{DatasetError, DatasetReader, Pictures, SampleLabel, SampleName, SetInfo};

/// The one split.
const SPLIT: &str = "all";
/// Endings of pictures, in small letters.
const ENDINGS: [&str; 3] = ["jpg", "jpeg", "png"];

/// The whole folder.
#[derive(Debug)]
pub struct PictureFolder {
    info: SetInfo,
    paths: Vec<PathBuf>,
}

fn is_picture(path: &Path) -> bool {
    let ending = path.extension().map(|e| e.to_string_lossy().to_lowercase());
    ending.is_some_and(|ending| ENDINGS.contains(&ending.as_str()))
}

/// Endings of files that may be labels: a folder with one is somebody's dataset, and nobody should take it for unlabelled.
const LABELS: [&str; 14] =
    ["json", "jsonl", "csv", "tsv", "xml", "toml", "yaml", "yml", "pickle", "pkl", "mat", "npy", "npz", "tar"];

fn may_be_labels(path: &Path) -> bool {
    let ending = path.extension().map(|e| e.to_string_lossy().to_lowercase());
    path.is_dir() || ending.is_some_and(|ending| LABELS.contains(&ending.as_str()))
}

/// True if pictures lie in a folder, and neither other folders nor what may be labels.
pub fn is_here(folder: &Path) -> bool {
    files::list(folder)
        .is_ok_and(|paths| paths.iter().any(|p| is_picture(p)) && !paths.iter().any(|p| may_be_labels(p)))
}

/// Opens the pictures in a folder.
pub fn open(folder: &Path) -> Result<Box<dyn DatasetReader>, DatasetError> {
    let (paths, others): (Vec<PathBuf>, Vec<PathBuf>) = files::list(folder)?.into_iter().partition(|p| is_picture(p));
    if paths.is_empty() {
        let what = format!(
            "there is no picture in this folder\nhint: pictures end in {}",
            ENDINGS.map(|e| format!(".{e}")).join(", ")
        );
        return Err(foreign(folder, what));
    }
    let info = SetInfo {
        format: "pictures".into(),
        root: folder.to_owned(),
        splits: vec![(SPLIT.to_owned(), paths.len() as u64)],
        lacks: vec!["no labels".to_owned()],
        notes: skipped(&others).into_iter().collect(),
        ..SetInfo::default()
    };
    Ok(Box::new(PictureFolder { info, paths }))
}

/// Says how many files are no pictures, and which is the first.
fn skipped(others: &[PathBuf]) -> Option<String> {
    let name = |path: &PathBuf| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    match others {
        [] => None,
        [only] => Some(format!("1 file that is no picture is skipped: `{}`", name(only))),
        [first, ..] => {
            Some(format!("{} files that are no pictures are skipped: `{}` and others", others.len(), name(first)))
        }
    }
}

impl PictureFolder {
    fn path(&self, number: u64) -> Result<&PathBuf, DatasetError> {
        let count = self.paths.len() as u64;
        self.paths.get(number as usize).ok_or(DatasetError::NoSuchSample { number, count })
    }
}

impl DatasetReader for PictureFolder {
    fn info(&self) -> &SetInfo {
        &self.info
    }

    fn count(&self) -> u64 {
        self.paths.len() as u64
    }

    fn label(&self, number: u64) -> Result<SampleLabel, DatasetError> {
        let path = self.path(number)?;
        let size = image::image_dimensions(path);
        let (width, height) = size.map_err(|e| foreign(path, format!("is no picture that can be read: {e}")))?;
        let id = path.file_stem().unwrap_or_default().to_string_lossy();
        Ok(SampleLabel::captured(SampleName { index: number, id: &id, split: SPLIT }, width, height))
    }

    fn pictures(&self, number: u64, _: &SampleLabel) -> Result<Pictures, DatasetError> {
        let (rgb, rgb_jpeg) = files::colour(self.path(number)?)?;
        Ok(Pictures { rgb: Some(rgb), rgb_jpeg, ..Pictures::default() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_alone_are_a_set_without_labels() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!is_here(folder.path()));
        for (name, width) in [("b.png", 7), ("a.JPG", 9)] {
            image::RgbImage::from_pixel(width, 5, image::Rgb([200, 100, 50])).save(folder.path().join(name)).unwrap();
        }
        assert!(is_here(folder.path()));
        let reader = open(folder.path()).unwrap();
        assert_eq!(reader.count(), 2);
        let first = reader.read(0).unwrap();
        assert_eq!((first.label.id.as_str(), first.label.width, first.label.height), ("a", 9, 5));
        assert!(first.pictures.rgb_jpeg.is_some() && first.label.hands.is_empty());
        assert_eq!(reader.read(1).unwrap().pictures.rgb.unwrap().data[0], [200, 100, 50]);
        assert!(reader.read(2).is_err());
        assert!(reader.info().notes.is_empty());
        std::fs::write(folder.path().join("notes.txt"), "of the day").unwrap();
        assert!(is_here(folder.path()));
        let reader = open(folder.path()).unwrap();
        assert_eq!((reader.count(), reader.info().notes.len()), (2, 1));
        assert!(reader.info().notes[0].contains("1 file that is no picture is skipped: `notes.txt`"));
        std::fs::write(folder.path().join("labels.json"), "{}").unwrap();
        assert!(!is_here(folder.path()), "somebody's dataset");
        let empty = tempfile::tempdir().unwrap();
        std::fs::write(empty.path().join("notes.txt"), "of the day").unwrap();
        let error = open(empty.path()).err().unwrap().to_string();
        assert!(error.contains("no picture in this folder") && error.contains("hint: "), "{error}");
    }
}
