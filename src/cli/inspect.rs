//! `handloom inspect`: what is in this folder?

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Context;

use super::Outcome;
use super::args::{InspectArgs, SetArgs};
use super::talk::{say, warn};
use crate::check::check_set;
use crate::dataset::{DatasetReader, SampleLabel, in_order};
use crate::label::Visibility;
use crate::rig::HandSide;
use crate::{report, sets};

/// Faults named in the report; `handloom check` names all.
const FAULTS_SHOWN: usize = 40;

impl InspectArgs {
    pub(super) fn run(&self, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        if self.formats {
            for format in sets::FORMATS {
                writeln!(out, "{}\t{}", format.name, format.tells)?;
            }
        }
        let Some(dir) = &self.dir else { return Ok(Outcome::Done) };
        let reader = SetArgs { dir: dir.clone(), from: self.from.clone() }.reader()?;
        let summary = Summary::of(reader.as_ref());
        summary.write(reader.as_ref(), out)?;
        let checked = check_set(reader.as_ref());
        let faults: Vec<String> = checked
            .dataset
            .iter()
            .map(|fault| format!("{}: {}", fault.rule, fault.message))
            .chain(checked.by_sample.iter().map(|(id, fault)| format!("{id}: {}: {}", fault.rule, fault.message)))
            .collect();
        let folder = self.out.clone().unwrap_or_else(|| out_dir(dir));
        let shown = faults.iter().take(FAULTS_SHOWN).cloned().collect();
        report::write_set(reader.as_ref(), shown, &folder)?;
        let page = folder.join("report.html");
        say(&format!("look at `{}`", page.display()));
        if self.open {
            show(&page)?;
        }
        if faults.is_empty() {
            return Ok(Outcome::Done);
        }
        warn(&format!("{} faults; `handloom check {}` lists them", faults.len(), dir.display()));
        Ok(Outcome::Failures)
    }
}

fn out_dir(dir: &Path) -> PathBuf {
    let name = dir.canonicalize().ok().and_then(|path| Some(path.file_name()?.to_owned()));
    Path::new("out/inspect").join(name.unwrap_or_else(|| "dataset".into()))
}

/// Opens a page in the user's browser.
fn show(page: &Path) -> anyhow::Result<()> {
    let program = match std::env::consts::OS {
        "macos" => "open",
        "windows" => "explorer",
        _ => "xdg-open",
    };
    let started = std::process::Command::new(program).arg(page).spawn();
    started.map(drop).with_context(|| format!("cannot start `{program}` to show `{}`", page.display()))
}

/// Least and greatest of a number.
#[derive(Default)]
struct Range(Option<[f64; 2]>);

impl Range {
    fn add(&mut self, value: impl Into<f64>) {
        let value = value.into();
        self.0 = Some(self.0.map_or([value; 2], |[low, high]| [low.min(value), high.max(value)]));
    }

    fn text(&self, unit: &str) -> String {
        match self.0 {
            None => "not known".into(),
            Some([low, high]) if high - low < 1e-9 => format!("{low:.3} {unit}"),
            Some([low, high]) => format!("{low:.3} to {high:.3} {unit}"),
        }
    }
}

/// Counts and ranges over all labels.
#[derive(Default)]
struct Summary {
    hands: BTreeMap<&'static str, u64>,
    sizes: BTreeMap<(u32, u32), u64>,
    focal: Range,
    distance: Range,
    hand_size: Range,
    subjects: std::collections::BTreeSet<u32>,
    clips: std::collections::BTreeSet<u64>,
    with_px: u64,
    with_3d: u64,
    keypoints: BTreeMap<&'static str, u64>,
    unreadable: Vec<String>,
}

impl Summary {
    fn of(reader: &dyn DatasetReader) -> Self {
        let mut summary = Self::default();
        let looked = in_order::<_, std::convert::Infallible>(
            0..reader.count(),
            |number| reader.label(number),
            |_, label| {
                match label {
                    Ok(label) => summary.add(&label),
                    Err(error) => summary.unreadable.push(error.to_string()),
                }
                Ok(())
            },
        );
        let Ok(()) = looked;
        summary
    }

    fn add(&mut self, label: &SampleLabel) {
        *self.sizes.entry((label.width, label.height)).or_default() += 1;
        if let Some(k) = label.k {
            self.focal.add(k[0][0]);
        }
        self.clips.extend(label.clip);
        for hand in &label.hands {
            let side = match hand.side {
                Some(HandSide::Left) => "left",
                Some(HandSide::Right) => "right",
                None => "side unknown",
            };
            *self.hands.entry(side).or_default() += 1;
            self.subjects.extend(hand.subject);
            if let Some(p) = hand.keypoints_camera_m[9].or(hand.keypoints_camera_m[0]) {
                self.distance.add(p.z);
            }
            if let Some([_, _, w, h]) = hand.box_keypoints_px {
                self.hand_size.add(w.max(h));
            }
            self.with_px += hand.keypoints_px.iter().flatten().count() as u64;
            self.with_3d += hand.keypoints_camera_m.iter().flatten().count() as u64;
            for seen in &hand.visibility {
                *self.keypoints.entry(kind_of(*seen)).or_default() += 1;
            }
        }
    }

    fn write(&self, reader: &dyn DatasetReader, out: &mut dyn Write) -> std::io::Result<()> {
        let info = reader.info();
        let counts = |counts: &BTreeMap<&str, u64>| {
            counts.iter().map(|(name, n)| format!("{n} {name}")).collect::<Vec<_>>().join(", ")
        };
        let mut line = |name: &str, value: &str| writeln!(out, "{name}\t{value}");
        line("format", &info.format)?;
        line("samples", &reader.count().to_string())?;
        for (name, count) in &info.splits {
            line("split", &format!("{name}: {count}"))?;
        }
        line("hands", &counts(&self.hands))?;
        let sizes = self.sizes.iter().map(|((w, h), n)| format!("{w} x {h}: {n}")).collect::<Vec<_>>().join(", ");
        line("pictures", &sizes)?;
        line("focal length", &self.focal.text("px"))?;
        line("distance", &self.distance.text("m"))?;
        line("longer side of the keypoint box", &self.hand_size.text("px"))?;
        line("subjects", &self.subjects.len().to_string())?;
        line("clips", &self.clips.len().to_string())?;
        line("keypoints", &format!("{} in 2D, {} in 3D; {}", self.with_px, self.with_3d, counts(&self.keypoints)))?;
        line("has", &pictures_of(reader))?;
        for lack in &info.lacks {
            line("lacks", lack)?;
        }
        for note in &info.notes {
            line("note", note)?;
        }
        self.unreadable.iter().take(FAULTS_SHOWN).try_for_each(|error| line("unreadable", error))
    }
}

/// What the first sample has.
fn pictures_of(reader: &dyn DatasetReader) -> String {
    let Some(sample) = (0..reader.count()).find_map(|number| reader.read(number).ok()) else {
        return "no readable picture".into();
    };
    let pictures = &sample.pictures;
    let all = [
        ("colour (JPEG)", pictures.rgb_jpeg.is_some()),
        ("colour", pictures.rgb.is_some() && pictures.rgb_jpeg.is_none()),
        ("grey", pictures.grey.is_some()),
        ("depth", pictures.depth_z_m.is_some()),
        ("part masks", pictures.part.is_some()),
        ("instance masks", pictures.instance.is_some()),
        ("scenes", sample.label.scene.is_some()),
    ];
    all.into_iter().filter(|(_, there)| *there).map(|(name, _)| name).collect::<Vec<_>>().join(", ")
}

fn kind_of(seen: Visibility) -> &'static str {
    match seen {
        Visibility::Visible => "visible",
        Visibility::OutsidePicture | Visibility::BehindCamera => "outside",
        Visibility::Unstated => "labelled, visibility not stated",
        Visibility::Absent => "absent",
        _ => "hidden",
    }
}
