//! Skin: tone, blood and fine relief belong to the person, sheen and flush to the moment.

use crate::preset::Choice;
use crate::preset::types::Skin;
use crate::scene::SkinMaterial;
use crate::seed::{SampleId, Stream, dataset_stream};
use crate::tone::tone;

/// People in a row among whom tones are spread evenly: ten people show all ten tones.
const ROW: usize = 10;
/// Deviation of the logarithm of melanin among people of one tone: half the way to the next tone is rare.
const MELANIN_SD: f32 = 0.08;
/// Largest such deviation, standard deviations.
const MOST_SD: f32 = 2.0;

/// Skin of a person in one sample.
pub fn skin(preset: &Skin, subject: u32, id: SampleId) -> SkinMaterial {
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
    }
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
        let (a, b) =
            (skin(&preset, 3, SampleId { seed: 1, index: 0 }), skin(&preset, 3, SampleId { seed: 1, index: 9 }));
        assert_eq!(
            (a.tone, a.melanin.to_bits(), a.relief.to_bits()),
            (b.tone, b.melanin.to_bits(), b.relief.to_bits())
        );
        assert!((a.roughness - b.roughness).abs() > 1e-6);
    }
}
