//! Finds everything that is wrong with a folded preset: types first, then each number, then what numbers say together.

use std::collections::BTreeSet;

use toml::{Table, Value};

use super::distribution::Distribution;
use super::fault::{Fault, Origin};
use super::fold::{Folded, leaves, value_at_mut};
use super::limits::{Limit, limit_of};
use super::types::Preset;
use crate::near::nearest;

/// Reads the folded table. `Ok` also holds warnings.
pub(crate) fn validate(defaults: &Table, folded: Folded) -> Result<(Preset, Vec<Fault>), Vec<Fault>> {
    let Folded { table, origins, mut faults } = folded;
    let said: Vec<(String, &Value)> =
        leaves(&table).into_iter().filter(|(key, _)| origins.get(key).is_some_and(|o| *o != Origin::Default)).collect();
    for (key, value) in &said {
        let of_type = type_fault(defaults, key, value);
        let found = of_type.map_or_else(|| number_faults(limit_of(key), value), |fault| vec![fault]);
        faults.extend(found.into_iter().map(|found| found.at(key, &origins[key])));
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    // whole now: what is left to fail is a value that is no table in a list of tables
    let preset = Preset::from_table(&table).map_err(|message| {
        vec![Fault {
            origin: origin_below(&origins, "split"),
            key: "split".to_owned(),
            what: message,
            hint: String::new(),
        }]
    })?;
    let (faults, warnings) = super::together::judge(&preset, &|key| origin_below(&origins, key));
    if faults.is_empty() { Ok((preset, warnings)) } else { Err(faults) }
}

/// Origin of a key, or of the first key below it.
fn origin_below(origins: &std::collections::BTreeMap<String, Origin>, key: &str) -> Origin {
    let below = format!("{key}.");
    let found = origins.iter().find(|(path, _)| *path == key || path.starts_with(&below));
    found.map_or(Origin::Default, |(_, origin)| origin.clone())
}

/// A fault of a value whose key is known to the caller: `below` is the rest of the key path.
struct Found {
    below: &'static str,
    what: String,
    hint: String,
}

impl Found {
    fn new(below: &'static str, what: String, hint: &str) -> Self {
        Self { below, what, hint: hint.to_owned() }
    }

    fn at(self, key: &str, origin: &Origin) -> Fault {
        let dot = if self.below.is_empty() { "" } else { "." };
        Fault { origin: origin.clone(), key: format!("{key}{dot}{}", self.below), what: self.what, hint: self.hint }
    }
}

/// Whether a value has the type of its key: it is put into the defaults, which are then read.
fn type_fault(defaults: &Table, key: &str, value: &Value) -> Option<Found> {
    let mut table = defaults.clone();
    // every item of a list is like the first
    let place: Vec<&str> = key.split('.').map(|part| if part.parse::<usize>().is_ok() { "0" } else { part }).collect();
    *value_at_mut(&mut table, &place.join("."))? = value.clone();
    let message = in_words(&Preset::from_table(&table).err()?);
    let hint = type_hint(key, value, &message);
    // of scalars the message shows the value
    let shown = if value.is_table() || value.is_array() { format!("{message}, and this is {value}") } else { message };
    Some(Found::new("", shown, &hint))
}

/// A message of the reader with the names of Rust's types in words.
fn in_words(message: &str) -> String {
    let Some((before, expected)) = message.rsplit_once("expected ") else { return message.to_owned() };
    match expected {
        "u8" | "u16" | "u32" | "u64" | "usize" => format!("{before}expected a whole number of 0 or more"),
        "f32" | "f64" => format!("{before}expected a number"),
        "i8" | "i16" | "i32" | "i64" => format!("{before}expected a whole number"),
        _ => message.to_owned(),
    }
}

/// What to write instead: a legal name like the one given, or a number without its unit.
fn type_hint(key: &str, value: &Value, message: &str) -> String {
    if let Some((wrong, legal)) = message.split_once("variant `").and_then(|(_, rest)| rest.split_once("`, expected "))
        && let Some(near) = nearest(wrong, legal.split('`').skip(1).step_by(2))
    {
        return format!("did you mean \"{near}\"?");
    }
    match limit_of(key) {
        Some(limit) if value.is_str() && !limit.unit.is_empty() => {
            format!(
                "write {} as a plain number from {} to {}, without quotes or unit",
                limit.unit, limit.low, limit.high
            )
        }
        Some(limit) => format!("legal numbers are {limit}"),
        None => String::new(),
    }
}

/// Faults of the numbers and weights of one value of the right type: rest of the key path, what is wrong, hint.
pub(crate) fn value_faults(limit: Option<&Limit>, value: &Value) -> Vec<(&'static str, String, String)> {
    number_faults(limit, value).into_iter().map(|found| (found.below, found.what, found.hint)).collect()
}

fn number_faults(limit: Option<&Limit>, value: &Value) -> Vec<Found> {
    let mut faults = match value {
        Value::Table(table) if table.contains_key("choice") => choice_faults(table),
        _ => Vec::new(),
    };
    if let (Some(limit), Ok(distribution)) = (limit, value.clone().try_into::<Distribution>()) {
        faults.extend(distribution_faults(&distribution));
        if faults.is_empty() {
            faults.extend(limit_fault(limit, &distribution));
        }
    }
    faults
}

fn choice_faults(table: &Table) -> Vec<Found> {
    let list = |key: &str| table.get(key).and_then(Value::as_array).cloned().unwrap_or_default();
    let (choice, weights) = (list("choice"), list("weights"));
    let mut faults = Vec::new();
    if choice.is_empty() {
        faults.push(Found::new("choice", "is empty".to_owned(), "name at least one value"));
    }
    let mut seen = BTreeSet::new();
    if let Some(twice) = choice.iter().find(|value| !seen.insert(value.to_string())) {
        faults.push(Found::new("choice", format!("names {twice} twice"), "use `weights` to make a value more likely"));
    }
    if table.contains_key("weights") && weights.len() != choice.len() {
        let what = format!("{} weights for {} values", weights.len(), choice.len());
        faults.push(Found::new("weights", what, "write one weight for each value of `choice`"));
    }
    let weights: Vec<f64> = weights.iter().filter_map(|w| w.as_float().or(w.as_integer().map(|w| w as f64))).collect();
    if let Some(bad) = weights.iter().find(|w| !(**w >= 0.0 && w.is_finite())) {
        faults.push(Found::new("weights", format!("{bad} is no weight"), "weights are 0 or more"));
    } else if !weights.is_empty() && weights.iter().all(|w| *w <= 0.0) {
        faults.push(Found::new("weights", "are all 0".to_owned(), "at least one weight is above 0"));
    }
    faults
}

/// Whether a distribution can be drawn from, whatever it is of.
fn distribution_faults(distribution: &Distribution) -> Vec<Found> {
    match distribution {
        Distribution::Constant(value) => infinite("", &[*value]),
        Distribution::Uniform { uniform } => ends_faults("uniform", *uniform),
        Distribution::LogUniform { log_uniform } => {
            let mut faults = ends_faults("log_uniform", *log_uniform);
            if faults.is_empty() && log_uniform[0] <= 0.0 {
                let what = format!("low {} has no logarithm", log_uniform[0]);
                faults.push(Found::new("log_uniform", what, "both ends are above 0; use `uniform` to reach 0"));
            }
            faults
        }
        Distribution::Normal { normal, clamp } => normal_faults(*normal, *clamp),
        Distribution::Choice { choice, .. } => infinite("choice", choice),
    }
}

fn normal_faults([mean, sd]: [f32; 2], clamp: [f32; 2]) -> Vec<Found> {
    let mut faults = infinite("normal", &[mean, sd]);
    faults.extend(ends_faults("clamp", clamp));
    if sd < 0.0 {
        let what = format!("standard deviation {sd} is negative");
        faults.push(Found::new("normal", what, "write [mean, standard deviation], the latter 0 or more"));
    }
    if faults.is_empty() && !(clamp[0]..=clamp[1]).contains(&mean) {
        let what = format!("{} to {} leaves out the mean {mean}", clamp[0], clamp[1]);
        faults.push(Found::new("clamp", what, "widen the clamp, or move the mean into it"));
    }
    faults
}

fn ends_faults(below: &'static str, [low, high]: [f32; 2]) -> Vec<Found> {
    let mut faults = infinite(below, &[low, high]);
    if faults.is_empty() && low > high {
        let what = format!("low {low} is above high {high}");
        faults.push(Found::new(below, what, "write the smaller number first"));
    }
    faults
}

fn infinite(below: &'static str, values: &[f32]) -> Vec<Found> {
    let bad = values.iter().find(|value| !value.is_finite());
    bad.map(|value| Found::new(below, format!("{value} is no finite number"), "write a finite number"))
        .into_iter()
        .collect()
}

fn limit_fault(limit: &Limit, distribution: &Distribution) -> Option<Found> {
    let below = match distribution {
        Distribution::Constant(_) => "",
        Distribution::Uniform { .. } => "uniform",
        Distribution::LogUniform { .. } => "log_uniform",
        Distribution::Normal { .. } => "clamp",
        Distribution::Choice { .. } => "choice",
    };
    let (low, high) = distribution.range();
    // limits such as 0.01 must hold for the f32 next to them
    let (least, most) = (limit.low as f32, limit.high as f32);
    let bad = if low < least { low } else { high };
    (low < least || high > most).then(|| Found::new(below, format!("{bad} is outside {limit}"), ""))
}
