//! From a file or a built-in name to a [`Preset`] that holds no faults.

use std::collections::BTreeMap;
use std::path::Path;

use toml::{Table, Value};

use super::REFERENCE;
use super::fault::{Fault, Faults, Origin, PresetError};
use super::fold::{Folded, PartialPreset};
use super::types::{Preset, Split};
use super::validate::validate;
use crate::near::nearest;

/// Presets inside the program: name and text.
pub const BUILT_IN: &[(&str, &str)] = &[
    ("quickstart", include_str!("../../presets/quickstart.toml")),
    ("rhd", include_str!("../../presets/rhd.toml")),
    ("sequence", include_str!("../../presets/sequence.toml")),
    ("jgr", include_str!("../../presets/jgr.toml")),
    ("reference", REFERENCE),
];

/// A preset, and what is known of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Loaded {
    /// The preset.
    pub preset: Preset,
    /// Where each key path was said; `split.0.count` and the like for splits.
    pub origins: BTreeMap<String, Origin>,
    /// [`Preset::hash`].
    pub hash: String,
    /// What is legal and doubtful.
    pub warnings: Vec<Fault>,
}

/// Loads a preset: a path, if it has an ending or a separator, else a built-in name. `sets` are `KEY=VALUE`.
pub fn load(path: &str, sets: &[String]) -> Result<Loaded, PresetError> {
    let mut layers = vec![read(path)?];
    let file = layers[0].origin.to_string();
    if let Some(parent) = take_parent(&mut layers[0])? {
        let mut parent_layer = read(&beside(path, &parent))?;
        if let Some(grandparent) = take_parent(&mut parent_layer)? {
            return Err(PresetError::ExtendsTwice { child: file, parent, grandparent });
        }
        layers.insert(0, parent_layer);
    }
    fold(&layers, sets)
}

/// Loads a preset from text, as [`load()`](load) would from a file of that name. It may not extend another.
pub fn load_text(name: &str, text: &str, sets: &[String]) -> Result<Loaded, PresetError> {
    fold(&[parse(name, text)?], sets)
}

fn fold(layers: &[PartialPreset], sets: &[String]) -> Result<Loaded, PresetError> {
    let defaults = parse("reference", REFERENCE)?.table;
    let mut folded = Folded::new(&defaults, layers);
    for text in sets {
        let (key, value) = parse_override(text)?;
        folded.set(&defaults, key, value);
    }
    let origins = folded.origins.clone();
    let (preset, warnings) = validate(&defaults, folded).map_err(|faults| PresetError::Faults(Faults(faults)))?;
    let hash = preset.hash();
    Ok(Loaded { preset, origins, hash, warnings })
}

fn read(path: &str) -> Result<PartialPreset, PresetError> {
    if !is_file_name(path) {
        return parse_built_in(path);
    }
    let text = std::fs::read_to_string(path).map_err(|source| PresetError::Read { file: path.into(), source })?;
    parse(path, &text)
}

fn is_file_name(path: &str) -> bool {
    Path::new(path).extension().is_some() || path.contains(['/', '\\'])
}

fn parse_built_in(name: &str) -> Result<PartialPreset, PresetError> {
    if let Some((_, text)) = BUILT_IN.iter().find(|(known, _)| *known == name) {
        return parse(name, text);
    }
    let names = || BUILT_IN.iter().map(|(known, _)| *known);
    let hint = match nearest(name, names()) {
        Some(near) => format!("did you mean `{near}`? A file is named with its ending, as in `{name}.toml`"),
        None => format!("a file is named with its ending, as in `{name}.toml`"),
    };
    let known = names().map(|known| format!("`{known}`")).collect::<Vec<_>>().join(", ");
    Err(PresetError::UnknownName { name: name.to_owned(), known, hint })
}

fn parse(name: &str, text: &str) -> Result<PartialPreset, PresetError> {
    let table = text.parse().map_err(|source| PresetError::Syntax { name: name.to_owned(), source })?;
    Ok(PartialPreset { origin: Origin::File(name.to_owned()), table })
}

/// Name of the parent as its child would find it: beside the child, or built in.
fn beside(child: &str, parent: &str) -> String {
    if !is_file_name(parent) {
        return parent.to_owned();
    }
    Path::new(child).parent().unwrap_or(Path::new("")).join(parent).to_string_lossy().into_owned()
}

fn take_parent(layer: &mut PartialPreset) -> Result<Option<String>, PresetError> {
    match layer.table.remove("extends") {
        None => Ok(None),
        Some(Value::String(parent)) => Ok(Some(parent)),
        Some(other) => Err(PresetError::Faults(Faults(vec![Fault {
            origin: layer.origin.clone(),
            key: "extends".to_owned(),
            what: format!("{other} is no name of a preset"),
            hint: "write one file name or built-in name in quotes".to_owned(),
        }]))),
    }
}

/// Key path and value of `KEY=VALUE`. What is no TOML value and holds none of its signs is taken as a word.
pub(crate) fn parse_override(text: &str) -> Result<(&str, Value), PresetError> {
    let malformed = || PresetError::Override { text: text.to_owned() };
    let (key, written) = text.split_once('=').ok_or_else(malformed)?;
    let (key, written) = (key.trim(), written.trim());
    if key.is_empty() || written.is_empty() {
        return Err(malformed());
    }
    let parsed = format!("value = {written}").parse::<Table>().ok().and_then(|mut table| table.remove("value"));
    let word = || (!written.contains(['[', ']', '{', '}', '"', '\'', '\n'])).then(|| Value::String(written.to_owned()));
    parsed.or_else(word).map(|value| (key, value)).ok_or_else(malformed)
}

impl Loaded {
    /// Changes the number of samples of the dataset to `total`, shared by the splits in proportion to their counts
    /// (largest remainder), each at least 1.
    pub fn set_total_count(&mut self, total: u64) -> Result<(), PresetError> {
        share_count(&mut self.preset.split, total)?;
        for n in 0..self.preset.split.len() {
            self.origins.insert(format!("split.{n}.count"), Origin::CommandLine);
        }
        self.hash = self.preset.hash();
        Ok(())
    }
}

fn share_count(splits: &mut [Split], total: u64) -> Result<(), PresetError> {
    if total < splits.len() as u64 {
        return Err(PresetError::Count { total, splits: splits.len() });
    }
    let sum: u128 = splits.iter().map(|split| u128::from(split.count)).sum::<u128>().max(1);
    let exact: Vec<u128> = splits.iter().map(|split| u128::from(split.count) * u128::from(total)).collect();
    let mut parts: Vec<u64> = exact.iter().map(|part| ((part / sum) as u64).max(1)).collect();
    // small splits raised to 1 are paid for by the largest
    while parts.iter().sum::<u64>() > total {
        let Some(largest) = parts.iter_mut().max() else { break };
        *largest -= 1;
    }
    let mut order: Vec<usize> = (0..splits.len()).collect();
    order.sort_by_key(|k| std::cmp::Reverse(exact[*k] % sum));
    let short = total - parts.iter().sum::<u64>();
    for k in order.into_iter().take(short as usize) {
        parts[k] += 1;
    }
    for (split, part) in splits.iter_mut().zip(parts) {
        split.count = part;
    }
    Ok(())
}
