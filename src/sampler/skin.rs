//! Skin: tone, relief, hair and marks belong to the person, blood, sheen and wetness to the moment.

use super::skin_marks::{scar, tattoo, varnish};
use crate::math::smoothstep;
use crate::preset::Choice;
use crate::preset::types::Skin;
use crate::scene::{SkinMaterial, SkinTraits};
use crate::seed::{SampleId, Stream, dataset_stream};
use crate::tone::tone;

/// People in a row among whom tones are spread evenly: ten people show all ten tones.
const ROW: usize = 10;
/// Deviation of the logarithm of melanin among people of one tone: half the way to the next tone is rare.
const MELANIN_SD: f32 = 0.08;
/// Largest such deviation, standard deviations.
const MOST_SD: f32 = 2.0;

/// Skin of a person in one sample.
pub fn skin(preset: &Skin, subject: u32, age_years: f32, id: SampleId) -> SkinMaterial {
    let mut person = dataset_stream(id.seed, "skin of subject", u64::from(subject));
    let number = tone_of_subject(&preset.tone, id.seed, subject);
    let (melanin, blood) = tone(number);
    let darker = MELANIN_SD * person.normal().clamp(-MOST_SD, MOST_SD);
    let nail_roughness = preset.nail_roughness.sample(&mut person);
    let relief = preset.relief.sample(&mut person);
    let mut moment = id.stream("skin");
    SkinMaterial {
        tone: number,
        melanin: melanin * libm::expf(darker),
        blood: blood * preset.blood.sample(&mut moment),
        roughness: preset.roughness.sample(&mut moment),
        specular: preset.specular.sample(&mut moment),
        nail_roughness,
        relief,
        wetness: preset.wetness.sample(&mut id.stream("wetness")),
        traits: traits(preset, subject, age_years, (id, number)),
    }
}

/// What of a person's skin does not change from picture to picture.
fn traits(preset: &Skin, subject: u32, age_years: f32, (id, tone): (SampleId, u8)) -> SkinTraits {
    let stream = |name: &str| dataset_stream(id.seed, name, u64::from(subject));
    let age = age_years;
    let mut person = stream("marks of skin");
    let veins =
        preset.veins.sample(&mut person) * smoothstep(age, 4.0, 20.0) * (1.0 + 0.7 * smoothstep(age, 35.0, 75.0));
    let hair = preset.hair.sample(&mut person) * smoothstep(age, 8.0, 19.0);
    let paleness = 1.0 - smoothstep(f32::from(tone), 3.0, 8.0);
    let freckles = preset.freckles.sample(&mut person) * (0.15 + 0.85 * paleness);
    let age_spots = preset.age_spots.sample(&mut person) * smoothstep(age, 40.0, 80.0) * (0.4 + 0.6 * paleness);
    SkinTraits {
        wrinkles: 0.55 + 0.45 * smoothstep(age, 3.0, 25.0) + 0.7 * smoothstep(age, 30.0, 80.0),
        veins,
        tendons: 0.4 + 0.6 * veins,
        freckles,
        age_spots,
        hair,
        hair_rgb: hair_colour(tone, age, &mut person),
        seed: person.index(1 << 16) as u32,
        varnish: varnish(preset.varnish, &mut stream("varnish")),
        scar: scar(preset.scar, &mut stream("scar")),
        tattoo: tattoo(preset.tattoo, &mut stream("tattoo")),
    }
}

/// Linear colour of hair: black to blond, the darker the skin the darker, grey with age.
fn hair_colour(tone: u8, age: f32, stream: &mut Stream) -> [f32; 3] {
    const DARK: [f32; 3] = [0.012, 0.008, 0.006];
    const BROWN: [f32; 3] = [0.075, 0.040, 0.018];
    const BLOND: [f32; 3] = [0.34, 0.23, 0.11];
    const GREY: [f32; 3] = [0.42, 0.41, 0.39];
    let mix = |a: [f32; 3], b: [f32; 3], t: f32| std::array::from_fn(|c| a[c] + (b[c] - a[c]) * t);
    let lightness = stream.unit() * (1.0 - smoothstep(f32::from(tone), 2.0, 6.0));
    let young =
        if lightness < 0.5 { mix(DARK, BROWN, 2.0 * lightness) } else { mix(BROWN, BLOND, 2.0 * lightness - 1.0) };
    mix(young, GREY, 0.8 * smoothstep(age + 12.0 * stream.normal().clamp(-MOST_SD, MOST_SD), 50.0, 75.0))
}

/// Tone of a person: consecutive numbers take the tones of the choice evenly, in proportion to their weights.
fn tone_of_subject(choice: &Choice<u8>, seed: u64, subject: u32) -> u8 {
    let (row, place) = (subject as usize / ROW, subject as usize % ROW);
    let mut stream = dataset_stream(seed, "tones", row as u64);
    let share = (shuffled_row(&mut stream)[place] as f32 + stream.unit()) / ROW as f32;
    let weight = |k: usize| if choice.weights.is_empty() { 1.0 } else { choice.weights[k].max(0.0) };
    let total: f32 = (0..choice.values.len()).map(weight).sum();
    let mut rest = share * total;
    for (k, value) in choice.values.iter().enumerate() {
        if rest < weight(k) {
            return *value;
        }
        rest -= weight(k);
    }
    choice.values.last().copied().unwrap_or(5)
}

/// The numbers below [`ROW`] in random order.
fn shuffled_row(stream: &mut Stream) -> [usize; ROW] {
    let mut row = std::array::from_fn(|k| k);
    for k in (1..ROW).rev() {
        row.swap(k, stream.index(k + 1));
    }
    row
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::preset::Preset;

    #[test]
    fn tones_are_even_over_any_run_of_people() {
        let preset = Preset::default().skin;
        for first in [0, 137] {
            let mut counts = [0; 10];
            for subject in first..first + 50 {
                counts[usize::from(tone_of_subject(&preset.tone, 4, subject)) - 1] += 1;
            }
            assert!(counts.iter().all(|c| (4..=6).contains(c)), "{counts:?}");
            if first == 0 {
                assert_eq!(counts, [5; 10]);
            }
        }
    }

    #[test]
    fn weights_of_tones_count() {
        let choice = Choice { values: vec![2, 9], weights: vec![3.0, 1.0] };
        let dark = (0..400).filter(|n| tone_of_subject(&choice, 1, *n) == 9).count();
        assert!((95..=105).contains(&dark), "{dark}");
    }

    #[test]
    fn one_person_has_one_tone() {
        let preset = Preset::default().skin;
        let (a, b) = (
            skin(&preset, 3, 30.0, SampleId { seed: 1, index: 0 }),
            skin(&preset, 3, 30.0, SampleId { seed: 1, index: 9 }),
        );
        assert_eq!(
            (a.tone, a.melanin.to_bits(), a.relief.to_bits()),
            (b.tone, b.melanin.to_bits(), b.relief.to_bits())
        );
        assert_eq!(a.traits, b.traits);
        assert!((a.roughness - b.roughness).abs() > 1e-6);
    }

    #[test]
    fn age_brings_wrinkles_veins_and_spots() {
        let preset = Preset::default().skin;
        let mean = |age: f32, of: fn(&SkinTraits) -> f32| {
            let id = SampleId { seed: 3, index: 0 };
            (0..200).map(|subject| of(&skin(&preset, subject, age, id).traits)).sum::<f32>() / 200.0
        };
        let child = |of| mean(4.0, of);
        let (adult, old) = (|of| mean(30.0, of), |of| mean(80.0, of));
        assert!(child(|t| t.veins) < 0.01 && child(|t| t.hair) < 0.01);
        assert!(old(|t| t.veins) > 1.3 * adult(|t| t.veins));
        assert!(child(|t| t.wrinkles) < 0.7 && old(|t| t.wrinkles) > 1.5);
        assert!(adult(|t| t.age_spots) == 0.0 && old(|t| t.age_spots) > 0.2);
    }

    #[test]
    fn shares_of_marks_are_those_of_the_preset() {
        let preset = Preset::default().skin;
        let count = |has: fn(&SkinTraits) -> bool| {
            let id = SampleId { seed: 9, index: 0 };
            (0..1000).filter(|subject| has(&skin(&preset, *subject, 30.0, id).traits)).count() as f32 / 1000.0
        };
        for (found, expected) in [
            (count(|t| t.varnish.is_some()), preset.varnish),
            (count(|t| t.scar.is_some()), preset.scar),
            (count(|t| t.tattoo.is_some()), preset.tattoo),
        ] {
            assert!((found - expected).abs() < 0.035, "{found} {expected}");
        }
    }
}
