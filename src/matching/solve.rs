//! Turns knobs, renders, looks, and turns again; keeps what helped.

use std::collections::BTreeMap;

use toml::Value;

use crate::preset::Preset;

use super::gap::{chance, distance, spread};
use super::knobs::{KNOBS, Knob, Turn, WITHOUT_KEY};
use super::statistics::{Quantity, Statistics};

/// Times that the preset is changed and rendered again.
const ROUNDS: usize = 4;
/// A knob stays turned if the gap it is judged by falls below this share.
const WORTH_IT: f32 = 0.9;

/// Measurements of rendered pictures.
#[derive(Debug, Clone, Default)]
pub struct Rendered {
    /// Of all of them.
    pub all: Statistics,
    /// By kind of background, as the keys of `[background]` call them.
    pub backgrounds: BTreeMap<&'static str, Statistics>,
    /// Hands by family of their pose, as the keys of `[pose]` call them; hands in contact belong to none.
    pub families: BTreeMap<&'static str, Statistics>,
}

/// A key that was changed.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// Key path.
    pub key: &'static str,
    /// New value.
    pub value: Value,
    /// What was measured, in words.
    pub why: Vec<String>,
}

/// What matching came to.
#[derive(Debug, Clone)]
pub struct Matched {
    /// The preset with all changes.
    pub preset: Preset,
    /// Keys that differ from the given preset, in the order of the knobs.
    pub changes: Vec<Change>,
    /// Rendered with the given preset.
    pub before: Statistics,
    /// Rendered with the changed preset.
    pub after: Statistics,
    /// Gaps that are left although they are no chance, with the reason if no key moves them.
    pub left: Vec<(Quantity, Option<&'static str>)>,
}

/// Changes a preset until what it renders is near a captured set. `render` measures what a preset renders.
///
/// # Errors
///
/// Those of `render`.
pub fn solve<E>(
    captured: &Statistics,
    base: &Preset,
    mut render: impl FnMut(&Preset) -> Result<Rendered, E>,
) -> Result<Matched, E> {
    let first = render(base)?;
    let (mut preset, mut seen) = (base.clone(), first.clone());
    let mut turned = vec![false; KNOBS.len()];
    for round in 0..ROUNDS {
        for (knob, turned) in KNOBS.iter().zip(&mut turned) {
            if *turned || is_apart(knob, captured, &seen.all) {
                let turn = Turn { captured, seen: &seen, round };
                *turned |= (knob.turn)(&turn, &mut preset).is_some();
            }
        }
        seen = render(&preset)?;
    }
    let keys_back: Vec<&str> = KNOBS
        .iter()
        .zip(&turned)
        .filter(|(knob, turned)| **turned && !helped(knob, captured, &first.all, &seen.all))
        .flat_map(|(knob, _)| knob.keys.iter().copied())
        .collect();
    if !keys_back.is_empty() {
        preset = with_keys_of(&preset, base, &keys_back);
        seen = render(&preset)?;
    }
    let changes = changes(base, &preset, captured, [&first.all, &seen.all]);
    let left = left(captured, &first.all, &seen.all);
    Ok(Matched { preset, changes, before: first.all, after: seen.all, left })
}

/// Gap of a quantity in spreads of the captured and a first set; 0 if it cannot be told.
fn gap(quantity: Quantity, captured: &Statistics, first: &Statistics, set: &Statistics) -> f32 {
    let known = spread(quantity, captured, first).zip(distance(quantity, captured, set));
    known.map_or(0.0, |(spread, distance)| distance / spread)
}

/// Whether a gap is more than chance.
fn is_gap(quantity: Quantity, captured: &Statistics, first: &Statistics, set: &Statistics) -> bool {
    let values = [captured.values(quantity).len(), set.values(quantity).len()];
    gap(quantity, captured, first, set) > chance(values)
}

fn is_apart(knob: &Knob, captured: &Statistics, seen: &Statistics) -> bool {
    knob.judged.iter().any(|quantity| is_gap(*quantity, captured, seen, seen))
}

fn helped(knob: &Knob, captured: &Statistics, first: &Statistics, after: &Statistics) -> bool {
    let sum = |set: &Statistics| knob.judged.iter().map(|q| gap(*q, captured, first, set)).sum::<f32>();
    sum(after) < WORTH_IT * sum(first)
}

/// A preset with some keys as another says them.
fn with_keys_of(preset: &Preset, other: &Preset, keys: &[&str]) -> Preset {
    let (mut table, from) = (preset.to_table(), other.to_table());
    for (section, name) in keys.iter().filter_map(|key| key.split_once('.')) {
        let value = from.get(section).and_then(|s| s.get(name)).cloned();
        if let (Some(Value::Table(mine)), Some(value)) = (table.get_mut(section), value) {
            mine.insert(name.to_owned(), value);
        }
    }
    Preset::from_table(&table).unwrap_or_else(|_| preset.clone())
}

fn changes(base: &Preset, preset: &Preset, captured: &Statistics, sets: [&Statistics; 2]) -> Vec<Change> {
    let (old, new) = (base.to_table(), preset.to_table());
    let mut changes = Vec::new();
    for knob in KNOBS {
        for key in knob.keys {
            let Some((section, name)) = key.split_once('.') else { continue };
            let value = |table: &toml::Table| table.get(section).and_then(|s| s.get(name)).cloned();
            if let (Some(before), Some(after)) = (value(&old), value(&new))
                && before != after
            {
                let why = knob.judged.iter().filter_map(|q| reason(*q, captured, sets)).collect();
                changes.push(Change { key, value: after, why });
            }
        }
    }
    changes
}

fn reason(quantity: Quantity, captured: &Statistics, [before, after]: [&Statistics; 2]) -> Option<String> {
    let facts = quantity.facts();
    let said = |set: &Statistics| set.moments(quantity).map(|(mean, sd)| format!("{} ± {}", shown(mean), shown(sd)));
    let (captured, before, after) = (said(captured)?, said(before)?, said(after)?);
    let unit = if facts.unit.is_empty() { String::new() } else { format!(", {}", facts.unit) };
    Some(format!("{}{unit}: captured {captured}, rendered {before} before and {after} now", facts.name))
}

/// A number with three significant digits, at most three decimals.
pub fn shown(x: f32) -> String {
    let decimals = match x.abs() {
        a if a >= 100.0 => 0,
        a if a >= 10.0 => 1,
        a if a >= 1.0 => 2,
        _ => 3,
    };
    format!("{x:.decimals$}")
}

fn left(captured: &Statistics, first: &Statistics, after: &Statistics) -> Vec<(Quantity, Option<&'static str>)> {
    let reason = |quantity| WITHOUT_KEY.iter().find(|(q, _)| *q == quantity).map(|(_, why)| *why);
    let apart = Quantity::ALL.into_iter().filter(|q| is_gap(*q, captured, first, after));
    apart.map(|quantity| (quantity, reason(quantity))).collect()
}
