//! Deletes a dataset: the files that a dataset consists of, and nothing else.

use std::fs;
use std::io;

use super::disk::{Disk, SHARDS};
use super::error::DatasetError;
use super::plan::DatasetPlan;
use super::settings::OutputFormat;
use super::writer::PLAN_PATH;
use super::{coco, freihand, manifest, rhd, yolo};

/// Files that the program writes beside a dataset and that would speak of the old one.
const COMPANIONS: [&str; 3] = ["preset.toml", "report.html", "contact-sheet.png"];

/// Deletes the dataset of a plan. The plan's own file goes last, so that a killed deletion can be repeated.
pub(super) fn erase(disk: &Disk, plan: &DatasetPlan) -> Result<(), DatasetError> {
    disk.remove(manifest::PATH)?;
    for name in COMPANIONS {
        disk.remove(name)?;
    }
    for (k, split) in plan.splits.iter().enumerate() {
        erase_split(disk, plan.output.format, plan.split_folder(k))?;
        erase_files(disk, SHARDS, |name| is_shard_file(name, &split.name, &["json", "jsonl"]))?;
    }
    disk.sweep()?;
    disk.remove(PLAN_PATH)?;
    remove_if_empty(disk, SHARDS);
    Ok(())
}

fn erase_split(disk: &Disk, format: OutputFormat, split: &str) -> Result<(), DatasetError> {
    match format {
        OutputFormat::Tar => erase_files(disk, "", |name| is_shard_file(name, split, &["tar", "idx"])),
        OutputFormat::Loose => erase_folder(disk, split),
        OutputFormat::Coco => {
            disk.remove(&coco::annotations_path(split))?;
            remove_if_empty(disk, "annotations");
            for folder in ["images", "grey", "depth", "mask", "instance"] {
                erase_folder(disk, &format!("{folder}/{split}"))?;
                remove_if_empty(disk, folder);
            }
            Ok(())
        }
        OutputFormat::Yolo => {
            disk.remove(yolo::DATA)?;
            for folder in ["images", "labels"] {
                erase_folder(disk, &format!("{folder}/{split}"))?;
                remove_if_empty(disk, folder);
            }
            Ok(())
        }
        OutputFormat::Freihand => {
            for list in freihand::LISTS {
                disk.remove(&freihand::list_path(split, list))?;
            }
            for folder in ["rgb", "mask"] {
                erase_folder(disk, &format!("{split}/{folder}"))?;
            }
            remove_if_empty(disk, split);
            Ok(())
        }
        OutputFormat::Rhd => {
            disk.remove(&rhd::annotations_path(split))?;
            for folder in ["color", "depth", "mask"] {
                erase_folder(disk, &format!("{}/{split}/{folder}", rhd::ROOT))?;
            }
            remove_if_empty(disk, &format!("{}/{split}", rhd::ROOT));
            remove_if_empty(disk, rhd::ROOT);
            Ok(())
        }
    }
}

/// Deletes the files of samples in a folder, and the folder if nothing else is in it.
fn erase_folder(disk: &Disk, folder: &str) -> Result<(), DatasetError> {
    erase_files(disk, folder, is_sample_file)?;
    remove_if_empty(disk, folder);
    Ok(())
}

fn erase_files(disk: &Disk, folder: &str, ours: impl Fn(&str) -> bool) -> Result<(), DatasetError> {
    let path = disk.path(folder);
    let entries = match fs::read_dir(&path) {
        Ok(entries) => entries,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(e) => return Err(DatasetError::io("list", &path)(e)),
    };
    for entry in entries {
        let entry = entry.map_err(DatasetError::io("list", &path))?;
        if entry.file_name().to_str().is_some_and(&ours) {
            fs::remove_file(entry.path()).map_err(DatasetError::io("delete", &entry.path()))?;
        }
    }
    Ok(())
}

/// Somebody else's files may be left in a folder: then it stays.
fn remove_if_empty(disk: &Disk, folder: &str) {
    drop(fs::remove_dir(disk.path(folder)));
}

fn is_sample_file(name: &str) -> bool {
    let endings = [
        "jpg",
        "png",
        "txt",
        "exr",
        "json",
        "rgb.jpg",
        "rgb.png",
        "grey.png",
        "depth.png",
        "depth.exr",
        "mask.png",
        "instance.png",
    ];
    name.split_once('.').is_some_and(|(id, ending)| is_number(id) && endings.contains(&ending))
}

fn is_shard_file(name: &str, split: &str, endings: &[&str]) -> bool {
    let number = name.strip_prefix(split).and_then(|rest| rest.strip_prefix('-'));
    let parts = number.and_then(|rest| rest.split_once('.'));
    parts.is_some_and(|(number, ending)| is_number(number) && endings.contains(&ending))
}

fn is_number(text: &str) -> bool {
    text.len() >= 5 && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_datasets_are_ours() {
        for name in ["000042.rgb.jpg", "00042.png", "000042.json", "1000042.depth.exr"] {
            assert!(is_sample_file(name), "{name}");
        }
        for name in ["notes.txt", "000042", "42.png", "000042.rgb.txt", "a00042.png", "000042.png.bak"] {
            assert!(!is_sample_file(name), "{name}");
        }
        assert!(is_shard_file("train-000000.tar", "train", &["tar"]));
        assert!(!is_shard_file("train-000000.tar", "test", &["tar"]));
        assert!(!is_shard_file("train-000000.tar.gz", "train", &["tar"]));
    }
}
