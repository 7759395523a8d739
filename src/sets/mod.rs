//! Readers of the field's datasets, captured and rendered, each behind [`DatasetReader`].
//!
//! A reader undoes what its format does: joint order, units, axes, byte order of depth, pixel centres. It fills a
//! [`crate::dataset::SampleLabel`] made by [`crate::dataset::SampleLabel::captured`] with what the format says and leaves the
//! rest `None`; keypoints that are projected or flagged only in part are finished by
//! [`crate::dataset::HandRecord::complete`]. What the format lacks stands in [`crate::dataset::SetInfo::lacks`]; labels without
//! pictures, values that are not numbers and the like are found while opening or reading and named, never skipped.
//!
//! Pixels: formats whose files are made with `K xyz / z` and pixel indices count from the *centre* of the first pixel; their
//! readers add 0.5 to `cx`, `cy` and 2D keypoints. RHD alone counts from the corner (see [`crate::dataset::rhd`]).
//! Masks that only tell hand from background become instance masks. Sets that know a person or a recording number them in
//! `subject` and `clip`, so that blends keep them apart.
//!
//! [`open`] guesses the format from what is in the folder.

pub mod coco;
mod common;
pub mod dexter_object;
pub mod dexycb;
mod faults;
mod files;
mod frames;
pub mod freihand;
pub mod ganerated;
pub mod ho3d;
pub mod icvl;
pub mod interhand;
mod json;
pub mod msra;
pub mod nyu;
pub mod pictures;
pub mod rhd;
pub mod stb;
pub mod synthhands;
mod text;

use std::path::Path;

use crate::dataset::{DatasetError, DatasetReader, HandloomReader};

/// One format that can be read.
pub struct SetFormat {
    /// Name, such as `freihand`; `--from` and reports use it.
    pub name: &'static str,
    /// What of a folder gives the format away, in words.
    pub tells: &'static str,
    /// True if a folder looks like a dataset of this format.
    pub is_here: fn(&Path) -> bool,
    /// Opens it.
    pub open: fn(&Path) -> Result<Box<dyn DatasetReader>, DatasetError>,
}

/// All formats, in the order in which they are tried.
pub const FORMATS: &[SetFormat] = &[
    SetFormat {
        name: "handloom",
        tells: "`shards/plan.json`",
        is_here: |folder| folder.join("shards/plan.json").is_file(),
        open: |folder| Ok(Box::new(HandloomReader::open(folder)?)),
    },
    SetFormat {
        name: "freihand",
        tells: "`training_K.json` or `evaluation_K.json`",
        is_here: freihand::is_here,
        open: freihand::open,
    },
    SetFormat {
        name: "rhd",
        tells: "`RHD_published_v2/` or `training/anno_training.pickle`",
        is_here: rhd::is_here,
        open: rhd::open,
    },
    SetFormat { name: "ho3d", tells: "`train/<sequence>/meta/`", is_here: ho3d::is_here, open: ho3d::open },
    SetFormat { name: "dexycb", tells: "`calibration/intrinsics/`", is_here: dexycb::is_here, open: dexycb::open },
    SetFormat {
        name: "nyu",
        tells: "`train/joint_data.mat` or `test/joint_data.mat`",
        is_here: nyu::is_here,
        open: nyu::open,
    },
    SetFormat { name: "msra", tells: "`P<n>/<gesture>/joint.txt`", is_here: msra::is_here, open: msra::open },
    SetFormat {
        name: "icvl",
        tells: "`Training/labels.txt` or `Testing/test_seq_1.txt` beside `Depth/`",
        is_here: icvl::is_here,
        open: icvl::open,
    },
    SetFormat { name: "stb", tells: "`labels/<sequence>_BB.mat`", is_here: stb::is_here, open: stb::open },
    SetFormat {
        name: "synthhands",
        tells: "`SynthHands_Release` or `{female,male}_{object,noobject}`",
        is_here: synthhands::is_here,
        open: synthhands::open,
    },
    SetFormat {
        name: "ganerated",
        tells: "`GANeratedHands_Release`, `data/noObject` or `noObject`",
        is_here: ganerated::is_here,
        open: ganerated::open,
    },
    SetFormat {
        name: "dexter_object",
        tells: "`data/<sequence>/annotations/<sequence>3D.txt`",
        is_here: dexter_object::is_here,
        open: dexter_object::open,
    },
    SetFormat {
        name: "interhand",
        tells: "`InterHand2.6M_{train,val,test}_data.json`, also in `annotations/`",
        is_here: interhand::is_here,
        open: interhand::open,
    },
    SetFormat {
        name: "coco",
        tells: "`*.json` or `annotations/*.json` that begin like a COCO list",
        is_here: coco::is_here,
        open: coco::open,
    },
    SetFormat {
        name: "pictures",
        tells: "pictures (.jpg, .png), neither folders nor what may be labels",
        is_here: pictures::is_here,
        open: pictures::open,
    },
];

/// Opens the dataset in a folder, whatever wrote it.
///
/// # Errors
/// The folder is not there, no format knows it (the error lists what would give each away), or its files are damaged.
pub fn open(folder: &Path) -> Result<Box<dyn DatasetReader>, DatasetError> {
    if !folder.is_dir() {
        return Err(foreign(folder, "there is no such folder".into()));
    }
    if let Some(format) = FORMATS.iter().find(|format| (format.is_here)(folder)) {
        return (format.open)(folder);
    }
    let known: Vec<String> = FORMATS.iter().map(|format| format!("  {}: {}", format.name, format.tells)).collect();
    Err(foreign(folder, format!("no dataset is known by what is in this folder; looked for\n{}", known.join("\n"))))
}

/// Opens the dataset in a folder as one of a named format.
pub fn open_as(folder: &Path, name: &str) -> Result<Box<dyn DatasetReader>, DatasetError> {
    if let Some(format) = FORMATS.iter().find(|format| format.name == name) {
        return (format.open)(folder);
    }
    let names: Vec<&str> = FORMATS.iter().map(|format| format.name).collect();
    let hint = crate::near::nearest(name, names.iter().copied())
        .map_or_else(String::new, |near| format!("\nhint: did you mean `{near}`?"));
    Err(foreign(folder, format!("no format is called `{name}`, there are {}{hint}", names.join(", "))))
}

/// A fault of a file or folder of another program's dataset.
pub(crate) fn foreign(path: &Path, fault: String) -> DatasetError {
    DatasetError::Foreign { path: path.to_owned(), fault }
}
