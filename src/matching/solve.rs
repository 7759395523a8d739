//! Turns knobs, renders, looks, and turns again; keeps what helped.

use std::collections::BTreeMap;

use toml::Value;

use crate::preset::Preset;

use super::gap::{chance, compare, distance, spread, total};
use super::knobs::{KNOBS, Knob, Turn, WITHOUT_KEY};
use super::statistics::{Quantity, Statistics};

/// Times that the preset is changed and rendered again.
const ROUNDS: usize = 6;
/// A knob stays turned if the gap it is judged by falls below this share.
const WORTH_IT: f32 = 0.9;

/// Growth of the mean gap that is tolerated for the sake of fewer changes.
const TOLERATED: f32 = 0.01;

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
    let whole = |seen: &Statistics| total(&compare(captured, &first.all, seen))[1];
    let mut best = (whole(&seen.all), preset.clone(), seen.clone());
    for round in 0..ROUNDS {
        for (knob, turned) in KNOBS.iter().zip(&mut turned) {
            if *turned || is_apart(knob, captured, &seen.all) {
                let turn = Turn { captured, seen: &seen, round };
                *turned |= (knob.turn)(&turn, &mut preset).is_some();
            }
        }
        seen = render(&preset)?;
        let gap = whole(&seen.all);
        if gap < best.0 {
            best = (gap, preset.clone(), seen.clone());
        }
    }
    // corrections of several keys may overshoot together
    (_, preset, seen) = best;
    let keys_back: Vec<&str> = KNOBS
        .iter()
        .zip(&turned)
        .filter(|(knob, turned)| **turned && !helped(knob, captured, &first.all, &seen.all))
        .flat_map(|(knob, _)| knob.keys.iter().copied())
        .collect();
    if !keys_back.is_empty() {
        // unless others were set to suit them
        let fewer = with_keys_of(&preset, base, &keys_back);
        let seen_fewer = render(&fewer)?;
        if whole(&seen_fewer.all) < whole(&seen.all) + TOLERATED {
            (preset, seen) = (fewer, seen_fewer);
        }
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
    let excess = |quantity: &Quantity| {
        let values = [captured, seen].map(|set| set.values(*quantity).len());
        (!values.contains(&0)).then(|| gap(*quantity, captured, seen, seen) / chance(values))
    };
    let known: Vec<f32> = knob.judged.iter().filter_map(excess).collect();
    known.iter().sum::<f32>() > known.len() as f32
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::preset::{Distribution, load};
    use crate::seed::dataset_stream;

    /// A world in which each key shows in its statistic together with what the scene does to it.
    fn world(preset: &Preset, seed: u64, off_centre: f32) -> Rendered {
        let mut rendered = Rendered::default();
        for k in 0..300 {
            let stream = &mut dataset_stream(seed, "world", k);
            let scene = stream.normal();
            let blur = preset.sensor.blur_px.sample(stream);
            let gain = |gain: &Distribution, stream: &mut crate::seed::Stream| {
                libm::log2f(gain.sample(stream)) + 0.2 * stream.normal()
            };
            rendered.all.add_hand(&[
                (Quantity::Width, preset.camera.width_px as f32),
                (Quantity::Height, preset.camera.height_px as f32),
                (Quantity::FieldOfView, preset.camera.focal_px.sample(stream) / preset.camera.width_px as f32),
                (Quantity::Distance, preset.camera.distance_m.sample(stream)),
                (Quantity::JpegQuality, (100.0 - preset.sensor.jpeg_loss_percent.sample(stream)).round()),
                // half of each stop arrives
                (Quantity::Light, 0.5 * preset.film.exposure_ev.sample(stream) + 0.4 * scene),
                (Quantity::RedGreen, gain(&preset.film.red_gain, stream)),
                (Quantity::BlueGreen, gain(&preset.film.blue_gain, stream)),
                (Quantity::EdgeBlur, (0.4 + blur * blur).sqrt() + 0.1 * stream.normal()),
                (Quantity::OffCentre, off_centre + scene),
            ]);
        }
        rendered
    }

    #[test]
    fn settings_of_a_simple_world_are_found_and_useless_keys_stay() {
        let base = load("quickstart", &[]).unwrap().preset;
        let mut planted = base.clone();
        planted.camera.width_px = 640;
        planted.camera.focal_px = Distribution::Uniform { uniform: [500.0, 600.0] };
        planted.sensor.jpeg_loss_percent = Distribution::Constant(25.0);
        planted.sensor.blur_px = Distribution::Constant(1.5);
        planted.film.exposure_ev = Distribution::Normal { normal: [1.2, 0.4], clamp: [0.0, 2.4] };
        planted.film.blue_gain = Distribution::Constant(0.7);
        // off the centre the world does not listen
        let captured = world(&planted, 1, 60.0).all;
        let found = solve(&captured, &base, |preset| Ok::<_, ()>(world(preset, 2, 20.0))).unwrap();
        let preset = &found.preset;
        assert_eq!((preset.camera.width_px, preset.camera.height_px), (640, base.camera.height_px));
        let (low, high) = preset.camera.focal_px.range();
        assert!((low - 500.0).abs() < 8.0 && (high - 600.0).abs() < 8.0, "{low} {high}");
        assert_eq!(preset.sensor.jpeg_loss_percent, Distribution::Constant(25.0));
        let Distribution::Constant(blur) = preset.sensor.blur_px else { panic!("{:?}", preset.sensor.blur_px) };
        assert!((blur - 1.5).abs() < 0.1, "{blur}");
        let Distribution::Normal { normal, .. } = preset.film.exposure_ev else { panic!() };
        assert!((normal[0] - 1.2).abs() < 0.25, "{normal:?}");
        let Distribution::Constant(blue) = preset.film.blue_gain else { panic!() };
        assert!((blue - 0.7).abs() < 0.04, "{blue}");
        assert_eq!(preset.camera.off_centre, base.camera.off_centre);
        assert_eq!(preset.camera.distance_m, base.camera.distance_m);
        let keys: Vec<&str> = found.changes.iter().map(|c| c.key).collect();
        assert!(keys.contains(&"sensor.blur_px") && !keys.contains(&"camera.off_centre"), "{keys:?}");
        assert!(found.changes.iter().all(|c| !c.why.is_empty()));
        assert!(found.left.contains(&(Quantity::OffCentre, None)), "{:?}", found.left);
    }

    #[test]
    fn a_preset_that_fits_is_left_alone() {
        let base = load("quickstart", &[]).unwrap().preset;
        let captured = world(&base, 1, 20.0).all;
        let found = solve(&captured, &base, |preset| Ok::<_, ()>(world(preset, 2, 20.0))).unwrap();
        assert_eq!((found.changes.len(), &found.preset), (0, &base), "{:?}", found.changes);
    }

    #[test]
    fn numbers_are_shown_with_three_digits() {
        assert_eq!([123.4, 12.34, 1.234, 0.1234, -0.01].map(shown), ["123", "12.3", "1.23", "0.123", "-0.010"]);
    }
}
