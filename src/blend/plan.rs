//! A blend that is ready to be made: sources open, samples chosen, files known.

use super::counts::{Limit, SelectError};
use super::make::{MakeError, Maker};
use super::preset::{BlendPreset, ComposeKind};
use super::select::{Item, Selection, select};
use super::sources::{self, Has, OpenSource, SourceError};
use crate::dataset::{
    DatasetPlan, DepthFormat, FORMAT_VERSION, OutputFormat, OutputSettings, RgbFormat, SourcePlan, SplitPlan,
    StoredSample,
};
use crate::pipeline;

/// Why a blend cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum BlendError {
    /// A source is not there, or not what is asked for.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// Sources have too few samples.
    #[error(transparent)]
    Select(#[from] SelectError),
    /// The format needs what a source lacks.
    #[error(
        "format `{format}` needs {what}, which not every source has\n\nhint: choose another `output.format`, or leave out {who}"
    )]
    Lacks {
        /// The format.
        format: String,
        /// What it needs.
        what: &'static str,
        /// Sources that lack it.
        who: String,
    },
}

/// A blend that is ready to be made.
pub struct Blend {
    preset: BlendPreset,
    sources: Vec<OpenSource>,
    selection: Selection,
    plan: DatasetPlan,
    warnings: Vec<String>,
}

impl Blend {
    /// Opens the sources, chooses the samples and plans the files.
    pub fn new(preset: BlendPreset) -> Result<Self, BlendError> {
        let (sources, pools) = sources::open(&preset)?;
        let selection = select(&preset, &pools)?;
        let mut warnings = warnings(&preset, &sources, &selection);
        let output = output(&preset, &sources, &selection, &mut warnings)?;
        let plan = DatasetPlan {
            format_version: FORMAT_VERSION,
            generator: pipeline::GENERATOR.to_owned(),
            seed: preset.seed,
            preset_hash: preset.hash(),
            output,
            splits: splits(&preset, &selection),
            clips: None,
            sources: source_plans(&preset, &sources, &selection),
        };
        Ok(Self { preset, sources, selection, plan, warnings })
    }

    /// The preset.
    pub fn preset(&self) -> &BlendPreset {
        &self.preset
    }

    /// What the dataset shall hold.
    pub fn plan(&self) -> &DatasetPlan {
        &self.plan
    }

    /// What is legal and doubtful.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// Samples of each source and rule by name, in each split.
    pub fn counts(&self) -> Vec<(&str, &[u64])> {
        let names = self.preset.source.iter().map(|s| s.name.as_str());
        let names = names.chain(self.preset.compose.iter().map(|c| c.name.as_str()));
        names.zip(self.selection.counts.iter().map(Vec::as_slice)).collect()
    }

    /// The sample at an index of the blend.
    pub fn sample(&self, index: u64) -> Result<StoredSample, MakeError> {
        let mut at = index as usize;
        for (split, items) in self.selection.splits.iter().enumerate() {
            if let Some(item) = items.get(at) {
                return self.maker().make(index, split, *item);
            }
            at -= items.len();
        }
        self.maker().make(index, 0, Item::Plain { source: 0, index })
    }

    fn maker(&self) -> Maker<'_> {
        let as_jpeg = self.plan.output.writes_jpeg();
        let with_grey = self.plan.output.grey;
        Maker { preset: &self.preset, sources: &self.sources, selection: &self.selection, as_jpeg, with_grey }
    }
}

fn splits(preset: &BlendPreset, selection: &Selection) -> Vec<SplitPlan> {
    let counts = preset.split.iter().zip(&selection.splits);
    counts.map(|(split, items)| SplitPlan { name: split.name.clone(), count: items.len() as u64 }).collect()
}

/// Sources and rules that give samples, with the number of them.
fn source_plans(preset: &BlendPreset, sources: &[OpenSource], selection: &Selection) -> Vec<SourcePlan> {
    let plain = sources.iter().map(|s| (s.name.clone(), s.reader.info().format.clone()));
    let composed = preset.compose.iter().map(|rule| {
        let how = match rule.kind {
            ComposeKind::HandOnBackground => format!("{} on {}", rule.foreground, rule.background),
            ComposeKind::Occluder => format!("{} before {}", rule.foreground, rule.background),
        };
        (rule.name.clone(), format!("composed: {how}"))
    });
    let counted = plain.chain(composed).zip(&selection.counts);
    let plans = counted.map(|((name, format), counts)| SourcePlan { name, format, samples: counts.iter().sum() });
    plans.filter(|plan| plan.samples > 0).collect()
}

/// What each entry's samples have, by name; entries that give none are left out.
fn has(preset: &BlendPreset, sources: &[OpenSource], selection: &Selection) -> Vec<(String, Has)> {
    let of = |name: &str| preset.source_index(name).map_or_else(Has::default, |k| sources[k].has);
    let plain = preset.source.iter().map(|source| (source.name.clone(), of(&source.name)));
    let composed = preset.compose.iter().map(|rule| (rule.name.clone(), of(rule.labelled())));
    let all = plain.chain(composed).zip(&selection.counts);
    all.filter(|(_, counts)| counts.iter().sum::<u64>() > 0).map(|(entry, _)| entry).collect()
}

/// The preset's output without what some source lacks.
fn output(
    preset: &BlendPreset,
    sources: &[OpenSource],
    selection: &Selection,
    warnings: &mut Vec<String>,
) -> Result<OutputSettings, BlendError> {
    let mut output = pipeline::output_settings(preset.output);
    let entries = has(preset, sources, selection);
    let lacking = |test: fn(&Has) -> bool| {
        let names: Vec<String> =
            entries.iter().filter(|(_, has)| !test(has)).map(|(name, _)| format!("`{name}`")).collect();
        (!names.is_empty()).then(|| names.join(", "))
    };
    for (what, test) in needed(output.format) {
        if let Some(who) = lacking(*test) {
            return Err(BlendError::Lacks { format: format!("{:?}", output.format).to_lowercase(), what, who });
        }
    }
    let mut leave_out = |what: &str, who: String| {
        warnings.push(format!("no {what} is written, since {who} has none"));
    };
    if let Some(who) = lacking(|h| h.rgb) {
        output.rgb = RgbFormat::None;
        leave_out("colour picture", who);
    }
    if let Some(who) = lacking(|h| h.grey || h.rgb).filter(|_| output.grey) {
        output.grey = false;
        leave_out("grey picture", who);
    }
    if let Some(who) = lacking(|h| h.depth).filter(|_| output.depth != DepthFormat::None) {
        output.depth = DepthFormat::None;
        leave_out("depth", who);
    }
    if let Some(who) = lacking(|h| h.part).filter(|_| output.mask) {
        output.mask = false;
        leave_out("part mask", who);
    }
    if let Some(who) = lacking(|h| h.instance).filter(|_| output.instance) {
        output.instance = false;
        leave_out("instance mask", who);
    }
    Ok(output)
}

/// One kind of picture, and whether a source has it.
type Need = (&'static str, fn(&Has) -> bool);

/// What a format cannot be written without.
fn needed(format: OutputFormat) -> &'static [Need] {
    const RGB: Need = ("a colour picture", |has| has.rgb);
    match format {
        OutputFormat::Rhd => &[RGB, ("depth", |has| has.depth), ("part masks", |has| has.part)],
        OutputFormat::Freihand => &[RGB, ("instance masks", |has| has.instance)],
        OutputFormat::Yolo => &[RGB],
        OutputFormat::Loose | OutputFormat::Tar | OutputFormat::Coco => &[],
    }
}

fn warnings(preset: &BlendPreset, sources: &[OpenSource], selection: &Selection) -> Vec<String> {
    let mut warnings = Vec::new();
    if let Some(Limit { entries, unused: (name, used, there) }) = &selection.limit {
        warnings.push(format!(
            "{} has too few samples for a larger blend: {used} of the {there} of `{name}` are used (`count`, wider filters or `repeat` change it)",
            entries.iter().map(|entry| format!("`{entry}`")).collect::<Vec<_>>().join(" and ")
        ));
    }
    for (source, left_out) in sources.iter().zip(&selection.left_out) {
        if let Some(first) = source.unreadable.first() {
            let count = source.unreadable.len();
            warnings
                .push(format!("source `{}`: {count} samples cannot be read and are left out ({first})", source.name));
        }
        let splits = preset.split.iter().filter(|split| split.share > 0.0).count();
        if !source.knows_subjects && splits > 1 && preset.keep_apart.contains(&super::preset::Unit::Subject) {
            let name = &source.name;
            warnings
                .push(format!("source `{name}` does not say who is in its pictures: persons may be in several splits"));
        }
        if *left_out > 0 {
            warnings.push(format!("source `{}`: no split takes {left_out} of its samples", source.name));
        }
    }
    warnings
}
