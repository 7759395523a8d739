//! `handloom convert`: any dataset that can be read, in any layout that can be written.

use anyhow::bail;

use super::args::ConvertArgs;
use super::talk::warn;
use super::{Outcome, written};
use crate::dataset::{
    DatasetPlan, DatasetReader, DatasetWriter, DepthFormat, FORMAT_VERSION, OutputSettings, Pictures, Provenance,
    RgbFormat, SampleFailure, SourcePlan, SplitPlan,
};
use crate::pipeline;
use crate::preset::types;

/// Places of a dataset at which its samples are looked at, to see what pictures they have.
const LOOKED_AT: usize = 24;

impl ConvertArgs {
    pub(super) fn run(&self) -> anyhow::Result<Outcome> {
        let reader = self.set.reader()?;
        for fault in &reader.info().faults {
            warn(&fault.message);
        }
        let numbers = self.numbers(reader.as_ref())?;
        let plan = self.plan(reader.as_ref(), &numbers)?;
        let writer = DatasetWriter::open(&self.out, plan, self.write.mode())?;
        let pool = self.write.pool()?;
        pool.install(|| write(reader.as_ref(), &numbers, &writer))
    }

    /// Numbers of the samples to take, split by split.
    fn numbers(&self, reader: &dyn DatasetReader) -> anyhow::Result<Vec<Vec<u64>>> {
        let splits = &reader.info().splits;
        for wanted in &self.split {
            if !splits.iter().any(|(name, _)| name == wanted) {
                let names: Vec<&str> = splits.iter().map(|(name, _)| name.as_str()).collect();
                bail!("`--split {wanted}`: the dataset has {}", names.join(", "));
            }
        }
        let mut start = 0;
        let mut taken = Vec::new();
        for (name, count) in splits {
            let wanted = self.split.is_empty() || self.split.contains(name);
            let count_taken = if wanted { (*count).min(self.limit.unwrap_or(u64::MAX)) } else { 0 };
            taken.push((start..start + count_taken).collect());
            start += count;
        }
        Ok(taken)
    }

    fn plan(&self, reader: &dyn DatasetReader, numbers: &[Vec<u64>]) -> anyhow::Result<DatasetPlan> {
        let splits = reader.info().splits.iter().zip(numbers).filter(|(_, numbers)| !numbers.is_empty());
        let splits: Vec<_> =
            splits.map(|((name, _), numbers)| SplitPlan { name: name.clone(), count: numbers.len() as u64 }).collect();
        let numbers: Vec<u64> = numbers.iter().flatten().copied().collect();
        if numbers.is_empty() {
            bail!("`{}` holds no sample", self.set.dir.display());
        }
        let output = self.output(reader, &numbers)?;
        let samples = splits.iter().map(|split| split.count).sum();
        let name = source_name(reader);
        let source = SourcePlan { name, format: reader.info().format.clone(), samples };
        Ok(DatasetPlan {
            format_version: FORMAT_VERSION,
            generator: pipeline::GENERATOR.to_owned(),
            seed: 0,
            preset_hash: blake3::hash(format!("convert {source:?} {output:?}").as_bytes()).to_hex().to_string(),
            output,
            splits,
            clips: None,
            sources: vec![source],
        })
    }

    /// Writes what some samples have; those of another camera may have other pictures.
    fn output(&self, reader: &dyn DatasetReader, numbers: &[u64]) -> anyhow::Result<OutputSettings> {
        let mut has = Has { is_jpeg: true, ..Has::default() };
        let format = pipeline::output_format(self.format);
        let (mut looked, mut error) = (0, None);
        let (mut held, mut refused) = (0, None);
        let step = (numbers.len() / LOOKED_AT).max(1);
        // neighbours too: cameras may take turns
        for number in numbers.chunks(step).flat_map(|chunk| chunk.iter().take(2)) {
            let label = reader.label(*number);
            match &label.as_ref().map(|label| format.check(label)) {
                Ok(Err(e)) => refused = refused.or(Some(e.to_string())),
                _ => held += 1,
            }
            match label.and_then(|label| reader.pictures(*number, &label)) {
                Ok(pictures) => {
                    looked += 1;
                    has.add(&pictures);
                }
                Err(e) => error = error.or(Some(e)),
            }
        }
        if let Some(error) = error.filter(|_| looked == 0) {
            return Err(error.into());
        }
        if let Some(refused) = refused.filter(|_| held == 0) {
            bail!(
                "{refused}: so it is with every sample that was looked at\nhint: `loose`, `tar`, `coco` and `yolo` hold any picture"
            );
        }
        let rgb = match self.rgb {
            Some(types::RgbFormat::Jpg) => RgbFormat::Jpg,
            None if has.is_jpeg => RgbFormat::Jpg,
            Some(types::RgbFormat::Png) | None => RgbFormat::Png,
        };
        Ok(OutputSettings {
            format,
            samples_per_shard: 1000,
            rgb: if has.rgb { rgb } else { RgbFormat::None },
            grey: has.grey,
            depth: if has.depth { DepthFormat::Both } else { DepthFormat::None },
            depth_unit_m: self.depth_unit,
            mask: has.part,
            instance: has.instance,
        })
    }
}

/// What pictures there are.
#[expect(clippy::struct_excessive_bools, reason = "one for each kind of picture")]
#[derive(Debug, Clone, Copy, Default)]
struct Has {
    rgb: bool,
    /// All colour pictures are JPEG files.
    is_jpeg: bool,
    grey: bool,
    depth: bool,
    part: bool,
    instance: bool,
}

impl Has {
    fn add(&mut self, pictures: &Pictures) {
        self.rgb |= pictures.rgb.is_some();
        self.is_jpeg &= pictures.rgb.is_none() || pictures.rgb_jpeg.is_some();
        self.grey |= pictures.grey.is_some();
        self.depth |= pictures.depth_z_m.is_some();
        self.part |= pictures.part.is_some();
        self.instance |= pictures.instance.is_some();
    }
}

/// A picture that would be lost, as none of the samples that were looked at first has one of its kind.
fn lost(pictures: &Pictures, output: &OutputSettings) -> Option<&'static str> {
    let all = [
        ("a colour picture", pictures.rgb.is_some() && output.rgb == RgbFormat::None),
        ("a grey picture", pictures.grey.is_some() && !output.grey),
        ("depth", pictures.depth_z_m.is_some() && output.depth == DepthFormat::None),
        ("a part mask", pictures.part.is_some() && !output.mask),
        ("an instance mask", pictures.instance.is_some() && !output.instance),
    ];
    all.into_iter().find(|(_, is_lost)| *is_lost).map(|(what, _)| what)
}

/// The name of a dataset's folder.
fn source_name(reader: &dyn DatasetReader) -> String {
    reader.info().root.file_name().unwrap_or("dataset".as_ref()).to_string_lossy().into_owned()
}

fn write(reader: &dyn DatasetReader, numbers: &[Vec<u64>], writer: &DatasetWriter) -> anyhow::Result<Outcome> {
    let order: Vec<u64> = numbers.iter().flatten().copied().collect();
    let source = source_name(reader);
    let make = |index: u64| {
        let failed = |error: &dyn std::error::Error| SampleFailure { index, cause: pipeline::with_causes(error) };
        let mut sample = reader.read(order[index as usize]).map_err(|e| failed(&e))?;
        if let Some(what) = lost(&sample.pictures, &writer.plan().output) {
            let cause = format!("it has {what}, the samples that were looked at first have none");
            return Err(SampleFailure { index, cause });
        }
        let label = &mut sample.label;
        label.source.get_or_insert_with(|| Provenance {
            source: source.clone(),
            format: reader.info().format.clone(),
            split: label.split.clone(),
            id: label.id.clone(),
            composed_with: Vec::new(),
        });
        writer.encode_stored(index, sample.label, &sample.pictures).map_err(|e| failed(&e))
    };
    written::write(writer, &make)
}
