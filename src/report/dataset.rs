//! Makes the report of a dataset on disk.

use std::path::{Path, PathBuf};

use super::{Heading, ReportError, ReportSample, Statistics, contact_sheet, draw, draw::Canvas, page};
use crate::dataset::{DatasetError, DatasetReader, HandloomReader, SampleLabel, StoredSample, encode, in_order};
use crate::rig::HandSide;

/// Samples read for the report; larger datasets are represented by samples spread evenly over them.
const READ: u64 = 4096;

/// Write `report.html` and `contact-sheet.png` into the folder of a dataset that this program wrote.
pub fn write(folder: &Path) -> Result<(), ReportError> {
    let reader = HandloomReader::open(folder)?;
    write_pages(&reader, heading(folder, &reader)?, folder)
}

/// Write `report.html` and `contact-sheet.png` about anyone's dataset into a folder of ours.
pub fn write_set(reader: &dyn DatasetReader, faults: Vec<String>, folder: &Path) -> Result<(), ReportError> {
    let info = reader.info();
    let name = info.root.file_name().unwrap_or("dataset".as_ref()).to_string_lossy().into_owned();
    let mut facts =
        vec![("format".to_owned(), info.format.clone()), ("samples".to_owned(), reader.count().to_string())];
    facts.extend(info.splits.iter().map(|(name, count)| (format!("split {name}"), count.to_string())));
    facts.extend(info.lacks.iter().map(|lack| ("lacks".to_owned(), lack.clone())));
    facts.extend(info.notes.iter().map(|note| ("note".to_owned(), note.clone())));
    std::fs::create_dir_all(folder).map_err(|source| ReportError::Write { path: folder.to_owned(), source })?;
    write_pages(reader, Heading { name, description: String::new(), facts, faults }, folder)
}

fn write_pages(reader: &dyn DatasetReader, mut heading: Heading, folder: &Path) -> Result<(), ReportError> {
    let every = reader.count().div_ceil(READ).max(1) as usize;
    let numbers: Vec<u64> = (0..reader.count()).step_by(every).collect();
    let mut collector = Collector::new(numbers.len() as u64);
    let mut unreadable = Vec::new();
    in_order::<_, ReportError>(
        numbers,
        |number| reader.read(number),
        |_, sample| {
            match sample {
                Ok(sample) => collector.add(&sample),
                Err(error) => unreadable.push(error.to_string()),
            }
            Ok(())
        },
    )?;
    heading.faults.extend(unreadable);
    let (html, sheet) = collector.finish(heading)?;
    let sheet = encode::png_rgb8(&sheet).map_err(|source| ReportError::Sheet(Box::new(source)))?;
    write_file(&folder.join("contact-sheet.png"), &sheet)?;
    write_file(&folder.join("report.html"), html.as_bytes())
}

/// Write a file under a temporary name, then give it its own: it is whole or not there.
pub fn write_file(path: &Path, bytes: &[u8]) -> Result<(), ReportError> {
    let part = PathBuf::from(format!("{}.part", path.display()));
    let io = |source| ReportError::Write { path: path.to_owned(), source };
    std::fs::write(&part, bytes).and_then(|()| std::fs::rename(&part, path)).map_err(|source| {
        // nothing half-written stays behind; if even that fails there is no more to do
        std::fs::remove_file(&part).ok();
        io(source)
    })
}

/// What the preset beside the dataset says it is for; nothing if there is none.
fn description(folder: &Path) -> String {
    let preset = std::fs::read_to_string(folder.join("preset.toml")).unwrap_or_default();
    let table = preset.parse::<toml::Table>().unwrap_or_default();
    table.get("description").and_then(toml::Value::as_str).unwrap_or_default().to_owned()
}

fn heading(folder: &Path, reader: &HandloomReader) -> Result<Heading, DatasetError> {
    let plan = reader.plan();
    let name = folder.file_name().unwrap_or("dataset".as_ref()).to_string_lossy().into_owned();
    let mut facts = vec![
        ("planned".to_owned(), plan.total().to_string()),
        ("seed".to_owned(), plan.seed.to_string()),
        ("format".to_owned(), format!("{:?}", plan.output.format).to_lowercase()),
        ("preset hash".to_owned(), plan.preset_hash.clone()),
        ("made by".to_owned(), plan.generator.clone()),
    ];
    let mut faults = Vec::new();
    match reader.manifest()? {
        Some(manifest) => {
            facts.push(("size".to_owned(), format!("{:.1} MB", manifest.bytes as f64 / 1e6)));
            faults.extend(manifest.failures.iter().map(|f| format!("sample {}: {}", f.index, f.cause)));
        }
        None => faults.push("the dataset is not finished".to_owned()),
    }
    Ok(Heading { name, description: description(folder), facts, faults })
}

/// Samples shown in the report, spread evenly over the dataset.
const SHOWN: u64 = 64;

/// Gathers statistics over all samples and keeps an even spread of them to show.
pub struct Collector {
    every: u64,
    seen: u64,
    samples: Vec<ReportSample>,
    statistics: Statistics,
}

impl Collector {
    /// For a known number of samples.
    pub fn new(total: u64) -> Self {
        let every = total.div_ceil(SHOWN).max(1);
        Self { every, seen: 0, samples: Vec::new(), statistics: Statistics::default() }
    }

    /// Count one sample, and keep it if its turn has come.
    pub fn add(&mut self, sample: &StoredSample) {
        let StoredSample { label, pictures } = sample;
        self.statistics.add(label);
        if self.seen.is_multiple_of(self.every) {
            let empty = || Canvas::filled(label.width, label.height, [24; 3]);
            let shown = pictures.shown().or_else(|| pictures.depth_z_m.as_ref().map(draw::depth_picture));
            self.samples.push(ReportSample {
                id: label.id.clone(),
                picture: shown.unwrap_or_else(empty),
                part: pictures.part.clone(),
                depth_z_m: pictures.depth_z_m.clone(),
                caption: caption(label),
                hands: label.hands.clone(),
            });
        }
        self.seen += 1;
    }

    /// The page and the contact sheet.
    pub fn finish(self, mut heading: Heading) -> Result<(String, Canvas), ReportError> {
        heading.facts.insert(0, ("samples looked at".into(), self.statistics.samples().to_string()));
        heading.facts.insert(1, ("hands in them".into(), self.statistics.hands().to_string()));
        Ok((page(&heading, &self.samples, &self.statistics)?, contact_sheet(&self.samples)))
    }
}

fn caption(label: &SampleLabel) -> String {
    let hands = label.hands.iter().map(|hand| {
        let side = match hand.side {
            Some(HandSide::Left) => "left",
            Some(HandSide::Right) => "right",
            None => "hand",
        };
        let tone = hand.tone.map(|tone| format!(" S{tone}")).unwrap_or_default();
        format!("{side}{tone} {}", hand.gesture)
    });
    let from = label.source.as_ref().map(|source| source.source.clone());
    from.into_iter().chain(hands).collect::<Vec<_>>().join(", ")
}
