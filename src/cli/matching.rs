//! `handloom match`: a captured sample is measured, and a preset changed until what it renders is like it.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io::Write;
use std::path::{Path, PathBuf};

use super::Outcome;
use super::args::{Backend, MatchArgs, SetArgs};
use super::generate::{Job, renderer};
use super::talk::{say, warn};
use crate::dataset::{
    DatasetReader, DepthFormat, HandRecord, OutputFormat, OutputSettings, Pictures, RgbFormat, Sample, SampleLabel,
    SampleName, decode, encode, in_order,
};
use crate::frame::Plane;
use crate::label::Visibility;
use crate::matching::{
    Matched, Measures, Observation, ObservedHand, Rendered, Statistics, compare, measure, override_text, page, solve,
    table_text, total,
};
use crate::pipeline::output_settings;
use crate::preset::{Loaded, Origin, Preset, load, pose_names};
use crate::report::draw::Canvas;
use crate::report::write_file;
use crate::scene::{Background, Scene};
use anyhow::Context;

/// Pictures of each set that the page shows.
const SHOWN: usize = 8;
/// Unreadable samples named on the terminal.
const FAULTS_SHOWN: usize = 5;

impl MatchArgs {
    pub(super) fn run(&self, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        let mut loaded = load(&self.preset.preset, &self.preset.sets)?;
        loaded.warnings.iter().for_each(|warning| warn(warning));
        let reader = SetArgs { dir: self.captured.clone(), from: self.from.clone() }.reader()?;
        let captured = Captured::measure(reader.as_ref(), self.count)?;
        say(&format!("measured {} captured pictures", captured.statistics.pictures));
        let splits = loaded.preset.split.clone();
        let total_count = loaded.preset.split.iter().map(|split| split.count).sum::<u64>().max(self.count);
        loaded.set_total_count(total_count)?;
        let mut shown = Vec::new();
        let mut found = solve(&captured.statistics, &loaded.preset, |preset| {
            let (rendered, pictures) = render(preset, self.backend, self.count, captured.is_grey)?;
            say(&format!("rendered and measured {} pictures", rendered.all.pictures));
            shown.push(pictures);
            anyhow::Ok(rendered)
        })?;
        found.preset.split = splits;
        let rows = compare(&captured.statistics, &found.before, &found.after);
        out.write_all(table_text(&rows).as_bytes())?;
        let file = self.out_file();
        let text = self.override_text(&loaded, &found, captured.statistics.pictures, total(&rows));
        let head = page::PageHead {
            captured: self.captured.display().to_string(),
            preset: self.preset.preset.clone(),
            facts: facts(reader.as_ref(), &captured.statistics, &found.after),
            pictures: [captured.shown, shown.first().cloned().unwrap_or_default(), shown.pop().unwrap_or_default()],
            text: text.clone(),
        };
        let html = page::page(&head, &captured.statistics, &found)?;
        if let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder).with_context(|| format!("cannot make `{}`", folder.display()))?;
        }
        write_file(&file, text.as_bytes())?;
        write_file(&file.with_extension("html"), html.as_bytes())?;
        // what was written must load
        load(&file.to_string_lossy(), &[])?.warnings.iter().for_each(|warning| warn(warning));
        let page = file.with_extension("html");
        say(&format!("{} keys changed in `{}`; look at `{}`", found.changes.len(), file.display(), page.display()));
        Ok(Outcome::Done)
    }

    /// `--out`, or a file below `out/match/` with the preset's name.
    fn out_file(&self) -> PathBuf {
        let name = || Path::new(&self.preset.preset).file_stem().unwrap_or("preset".as_ref()).to_owned();
        self.out.clone().unwrap_or_else(|| Path::new("out/match").join(name()).with_extension("toml"))
    }

    fn override_text(&self, loaded: &Loaded, found: &Matched, pictures: u64, [before, after]: [f32; 2]) -> String {
        let head = [
            format!("Found by `handloom match {} --captured {}`.", self.preset.preset, self.captured.display()),
            format!(
                "{pictures} captured and {} rendered pictures; mean gap of all statistics {before:.2} before, {after:.2} now.",
                found.after.pictures
            ),
            "Comments say mean ± standard deviation.".to_owned(),
        ];
        let description = format!("{}, matched to {}", self.preset.preset, self.captured.display());
        override_text(&head, self.parent(loaded).as_deref(), &description, found)
    }

    /// What the changed preset may extend: the preset as it is, unless that extends another or `--set` changed it.
    fn parent(&self, loaded: &Loaded) -> Option<String> {
        let name = &self.preset.preset;
        let is_file = Path::new(name).extension().is_some() || name.contains(['/', '\\']);
        let is_child = loaded.origins.values().any(|o| matches!(o, Origin::File(f) if *f != *name));
        if is_child || !self.preset.sets.is_empty() {
            return None;
        }
        if !is_file {
            return Some(name.clone());
        }
        Some(Path::new(name).canonicalize().ok()?.to_string_lossy().into_owned())
    }
}

/// Facts on the two sets for the page.
fn facts(reader: &dyn DatasetReader, captured: &Statistics, rendered: &Statistics) -> Vec<(String, String)> {
    let mut facts = vec![
        ("captured format".to_owned(), reader.info().format.clone()),
        (
            "captured pictures".to_owned(),
            format!("{} of {}, {} hands", captured.pictures, reader.count(), captured.hands),
        ),
        ("rendered pictures".to_owned(), format!("{}, {} hands", rendered.pictures, rendered.hands)),
    ];
    facts.extend(reader.info().lacks.iter().map(|lack| ("captured set lacks".to_owned(), lack.clone())));
    facts
}

/// A captured dataset, measured.
struct Captured {
    statistics: Statistics,
    shown: Vec<Canvas>,
    /// Whether it has grey pictures alone.
    is_grey: bool,
}

impl Captured {
    /// Measures samples spread evenly over a dataset.
    fn measure(reader: &dyn DatasetReader, count: u64) -> anyhow::Result<Self> {
        let mut captured = Self { statistics: Statistics::default(), shown: Vec::new(), is_grey: true };
        let mut unreadable = Vec::new();
        let read = |number| {
            let sample = reader.read(number)?;
            let measures = measure(&observed(&sample.label, &sample.pictures));
            Ok((measures, thumbnail_of(&sample.pictures), sample.pictures.rgb.is_some()))
        };
        let looked =
            in_order(spread(reader.count(), count), read, |_, sample: Result<_, crate::dataset::DatasetError>| {
                match sample {
                    Ok((measures, picture, has_colour)) => {
                        captured.statistics.add(&measures);
                        captured.is_grey &= !has_colour;
                        captured.shown.extend(picture.filter(|_| captured.shown.len() < SHOWN));
                    }
                    Err(error) => unreadable.push(error.to_string()),
                }
                Ok::<(), Infallible>(())
            });
        let Ok(()) = looked;
        unreadable.iter().take(FAULTS_SHOWN).for_each(|fault| warn(fault));
        if unreadable.len() > FAULTS_SHOWN {
            warn(&format!(
                "{} more samples cannot be read; `handloom check` names them",
                unreadable.len() - FAULTS_SHOWN
            ));
        }
        anyhow::ensure!(
            captured.statistics.pictures > 0,
            "`{}` holds no sample that can be measured",
            reader.info().root.display()
        );
        Ok(captured)
    }
}

/// At most `count` numbers, evenly over `0..total`.
fn spread(total: u64, count: u64) -> impl Iterator<Item = u64> {
    let count = count.min(total);
    (0..count).map(move |k| (u128::from(k) * u128::from(total) / u128::from(count)) as u64)
}

/// The picture as the page shows it.
fn thumbnail_of(pictures: &Pictures) -> Option<Canvas> {
    let grey = |grey: &Plane<u8>| Plane {
        width: grey.width,
        height: grey.height,
        data: grey.data.iter().map(|v| [*v; 3]).collect(),
    };
    let depth = || pictures.depth_z_m.as_ref().map(crate::report::draw::depth_picture);
    pictures.rgb.clone().or_else(|| pictures.grey.as_ref().map(grey)).or_else(depth)
}

/// What the measures look at.
fn observed<'a>(label: &SampleLabel, pictures: &'a Pictures) -> Observation<'a> {
    Observation {
        rgb: pictures.rgb.as_ref(),
        grey: pictures.grey.as_ref(),
        jpeg: pictures.rgb_jpeg.as_deref(),
        depth_z_m: pictures.depth_z_m.as_ref(),
        focal_px: label.k.map(|k| k[0][0]),
        hands: label.hands.iter().map(observed_hand).collect(),
    }
}

fn observed_hand(hand: &HandRecord) -> ObservedHand {
    let is_known = |seen: &Visibility| *seen != Visibility::Unstated;
    ObservedHand {
        side: hand.side,
        keypoints_px: hand.keypoints_px,
        keypoints_camera_m: hand.keypoints_camera_m,
        visible: hand.visibility.iter().all(is_known).then(|| hand.visibility.map(|v| v == Visibility::Visible)),
    }
}

/// Renders samples spread evenly over a preset's dataset and measures them as if they had been written and read.
fn render(preset: &Preset, backend: Backend, count: u64, grey: bool) -> anyhow::Result<(Rendered, Vec<Canvas>)> {
    let job = Job::new(preset, renderer(backend, None)?)?;
    let output =
        OutputSettings { rgb: RgbFormat::Jpg, format: OutputFormat::Loose, grey, ..output_settings(preset.output) };
    let families = Families::new();
    let (mut rendered, mut shown) = (Rendered::default(), Vec::new());
    let (mut failed, mut first) = (0_u64, None);
    let make = |index| {
        let sample = job.studio.shoot(index, job.sampler.sample(index)?, &output)?;
        let (label, pictures) = stored(&sample, &output)?;
        anyhow::Ok((measure(&observed(&label, &pictures)), sample.scene, thumbnail_of(&pictures)))
    };
    let looked = in_order(spread(job.sampler.count(), count), make, |_, made| {
        match made {
            Ok((measures, scene, picture)) => {
                families.add(&mut rendered, &measures, &scene);
                shown.extend(picture.filter(|_| shown.len() < SHOWN));
            }
            Err(error) => {
                failed += 1;
                first.get_or_insert(error);
            }
        }
        Ok::<(), Infallible>(())
    });
    let Ok(()) = looked;
    match first {
        Some(error) if rendered.all.pictures == 0 => Err(error.context("no picture could be rendered")),
        Some(error) => {
            warn(&format!("{failed} of {count} pictures could not be rendered, such as: {error}"));
            Ok((rendered, shown))
        }
        None => Ok((rendered, shown)),
    }
}

/// A rendered sample as it would be read from a dataset on disk.
fn stored(sample: &Sample, output: &OutputSettings) -> anyhow::Result<(SampleLabel, Pictures)> {
    let name = SampleName { index: sample.index, id: "rendered", split: "rendered" };
    let label = SampleLabel::new(name, &sample.scene, &sample.labels, None);
    let depth = &sample.frame.depth_z_m;
    let unit = output.depth_unit_m;
    let depth_z_m = match output.depth {
        DepthFormat::None => None,
        DepthFormat::Png => Some(decode::depth_from_steps(&encode::depth_steps(depth, unit).0, unit)),
        _ => Some(depth.clone()),
    };
    let rgb = match &sample.rgb_jpeg {
        _ if output.grey => None,
        Some(bytes) => Some(decode::jpeg_rgb8(bytes)?),
        None => Some(sample.rgb.clone()),
    };
    let rgb_jpeg = sample.rgb_jpeg.clone().filter(|_| rgb.is_some());
    Ok((label, Pictures { rgb, rgb_jpeg, grey: sample.grey.clone(), depth_z_m, ..Pictures::default() }))
}

/// Which family of poses a gesture's name belongs to.
struct Families(BTreeMap<String, &'static str>);

impl Families {
    fn new() -> Self {
        let named = pose_names().into_iter().flat_map(|(group, names)| {
            let family = if group == "grasp" { "grasps" } else { "gestures" };
            names.into_iter().map(move |name| (name, family))
        });
        let own = ["synergies", "coupled", "near_limit"].map(|name| (name.to_owned(), name));
        Self(named.chain(own).collect())
    }

    /// Counts a sample in the whole, by its background, and its hands by their families.
    fn add(&self, rendered: &mut Rendered, measures: &Measures, scene: &Scene) {
        rendered.all.add(measures);
        rendered.backgrounds.entry(background_key(&scene.background)).or_default().add(measures);
        for (hand, values) in scene.hands.iter().zip(&measures.hands) {
            if let Some(family) = self.0.get(&hand.gesture) {
                rendered.families.entry(family).or_default().add_hand(values);
            }
        }
    }
}

/// The key of `[background]` that asks for a kind.
fn background_key(background: &Background) -> &'static str {
    match background {
        Background::Colour { .. } => "colour",
        Background::Picture { .. } | Background::Panorama { .. } => "pictures",
        Background::Noise { .. } => "noise",
        Background::DeadLeaves { .. } => "dead_leaves",
        Background::Room { .. } => "room",
        Background::Gradient { .. } => "gradient",
    }
}
