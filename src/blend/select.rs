//! Which samples make up the blend: exact counts of every source in every split, and a seeded choice.

use super::counts::{Entry, Limit, SelectError, counts, limit};
use super::preset::BlendPreset;
use super::split::{Part, Pool, assign, shuffle};
use crate::seed::dataset_stream;

/// One sample of the blend: where it comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Item {
    /// A source's sample as it is.
    Plain {
        /// Position of the source.
        source: usize,
        /// Index in the source's dataset.
        index: u64,
    },
    /// Two pictures composed.
    Composed {
        /// Position of the rule in the preset.
        rule: usize,
        /// Index of the labelled picture in its dataset.
        labelled: u64,
        /// How many-th composition of this rule in this split it is: decides its partner.
        turn: u64,
    },
}

/// What is chosen.
#[derive(Debug, Clone, PartialEq)]
pub struct Selection {
    /// Items of each split, in order.
    pub splits: Vec<Vec<Item>>,
    /// Of each source and each split the samples that may be partners of composed pictures, in random order.
    pub partners: Vec<Vec<Vec<u64>>>,
    /// Of each entry (sources, then rules) and each split the number of samples.
    pub counts: Vec<Vec<u64>>,
    /// Samples of each source that no split took, because of their own split.
    pub left_out: Vec<u64>,
    /// What kept the blend small where no count was said and less than half of another source is used.
    pub limit: Option<Limit>,
}

/// Chooses the samples of a blend from the pools of its sources.
pub fn select(preset: &BlendPreset, pools: &[Pool]) -> Result<Selection, SelectError> {
    let parts: Vec<Part> =
        preset.split.iter().map(|split| Part { share: split.share, from: split.from.clone() }).collect();
    let assigned = assign(pools, &parts, &preset.keep_apart, preset.seed);
    let of = |source: usize, part: usize| {
        let candidates = pools[source].candidates.iter().zip(&assigned[source]);
        candidates.filter(move |(_, split)| **split == Some(part)).map(|(candidate, _)| candidate.index)
    };
    let entries = entries(preset, &|source, part| of(source, part).count() as u64);
    let counts = counts(preset, &entries)?;
    let limit = if preset.count.is_none() { limit(preset, &entries, &counts) } else { None };
    let (mut splits, mut partners) = (Vec::new(), vec![Vec::new(); pools.len()]);
    for (part, _) in parts.iter().enumerate() {
        let drawn = |source: usize, wanted: u64, stream: &str| {
            let mut pool: Vec<u64> = of(source, part).collect();
            shuffle(&mut pool, &mut dataset_stream(preset.seed, stream, (part * pools.len() + source) as u64));
            pool.into_iter().cycle().take(wanted as usize).collect::<Vec<_>>()
        };
        let mut items = Vec::new();
        for source in 0..preset.source.len() {
            let plain = drawn(source, counts[source][part], "blend source");
            items.extend(plain.into_iter().map(|index| Item::Plain { source, index }));
            partners[source].push(drawn(source, of(source, part).count() as u64, "blend partner"));
        }
        for (rule, compose) in preset.compose.iter().enumerate() {
            let wanted = counts[preset.source.len() + rule][part];
            let source = preset.source_index(compose.labelled()).unwrap_or_default();
            let labelled = drawn(source, wanted, &format!("blend rule {rule}"));
            items.extend((0..).zip(labelled).map(|(turn, labelled)| Item::Composed { rule, labelled, turn }));
        }
        shuffle(&mut items, &mut dataset_stream(preset.seed, "blend order", part as u64));
        splits.push(items);
    }
    let left_out = assigned.iter().map(|splits| splits.iter().filter(|s| s.is_none()).count() as u64).collect();
    Ok(Selection { splits, partners, counts, left_out, limit })
}

fn entries<'a>(preset: &'a BlendPreset, there: &dyn Fn(usize, usize) -> u64) -> Vec<Entry<'a>> {
    let parts = 0..preset.split.len();
    let plain = preset.source.iter().enumerate().map(|(k, source)| Entry {
        name: &source.name,
        share: source.share.unwrap_or(0.0),
        count: source.count,
        repeat: source.repeat,
        there: parts.clone().map(|part| there(k, part)).collect(),
    });
    let composed = preset.compose.iter().map(|rule| {
        let [labelled, partner] =
            [rule.labelled(), rule.partner()].map(|name| preset.source_index(name).unwrap_or_default());
        // without a partner nothing can be composed
        let of = |part| if there(partner, part) == 0 { 0 } else { there(labelled, part) };
        Entry {
            name: &rule.name,
            share: rule.share.unwrap_or(0.0),
            count: rule.count,
            repeat: rule.repeat,
            there: parts.clone().map(of).collect(),
        }
    });
    plain.chain(composed).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::blend::load::load_text;
    use crate::blend::split::Candidate;

    const BLEND: &str = r#"
        split = [{ name = "train", share = 0.8 }, { name = "test", share = 0.2 }]
        source = [{ name = "a", path = "a", share = 0.5 }, { name = "b", path = "b", share = 0.25 }, { name = "c", path = "c" }]
        compose = [{ name = "x", kind = "hand_on_background", foreground = "a", background = "c", share = 0.25 }]
    "#;

    fn pool(dataset: usize, samples: u64) -> Pool {
        let candidate =
            |k: u64| Candidate { index: k, split: "train".to_owned(), subjects: vec![k as u32 / 5], clip: None };
        Pool { dataset, people: dataset, candidates: (0..samples).map(candidate).collect() }
    }

    fn chosen(set: &[&str], sizes: [u64; 3]) -> Result<Selection, SelectError> {
        let sets: Vec<String> = set.iter().map(|s| (*s).to_owned()).collect();
        let preset = load_text("test", BLEND, &sets).unwrap();
        select(&preset, &[pool(0, sizes[0]), pool(1, sizes[1]), pool(2, sizes[2])])
    }

    #[test]
    fn counts_are_exact() {
        let selection = chosen(&["count=400"], [500, 200, 50]).unwrap();
        assert_eq!(selection.counts, [[160, 40], [80, 20], [0, 0], [80, 20]]);
        let composed = |items: &[Item]| items.iter().filter(|item| matches!(item, Item::Composed { .. })).count();
        assert_eq!(selection.splits.iter().map(|s| (s.len(), composed(s))).collect::<Vec<_>>(), [(320, 80), (80, 20)]);
        assert_eq!(selection.partners[2].iter().map(Vec::len).collect::<Vec<_>>(), [40, 10]);
    }

    #[test]
    fn without_a_count_it_is_as_large_as_the_sources_allow() {
        // a quarter of the blend comes from 100 samples of b: 400, and what rounding allows beyond
        let selection = chosen(&[], [500, 100, 50]).unwrap();
        assert_eq!(selection.counts[1], [80, 20]);
        assert!((400..404).contains(&selection.splits.iter().map(Vec::len).sum::<usize>()));
    }

    #[test]
    fn too_few_samples_are_an_error_that_counts_unless_they_may_repeat() {
        let error = chosen(&["count=400"], [500, 60, 50]).unwrap_err();
        let SelectError::Short(short) = &error else { panic!("{error}") };
        assert_eq!(short.len(), 2);
        assert_eq!((short[0].entry.as_str(), short[0].wanted, short[0].there + short[1].there), ("b", 80, 60));
        assert!(error.to_string().contains("`repeat = true`"), "{error}");
        let selection = chosen(&["count=400", "source.b.repeat=true"], [500, 60, 50]).unwrap();
        assert_eq!(selection.counts[1], [80, 20]);
        assert!(chosen(&["count=400"], [500, 200, 0]).is_err(), "nothing to compose with");
        assert!(chosen(&[], [0, 0, 0]).is_err());
    }

    #[test]
    fn a_source_that_limits_the_blend_is_named_and_none_is_rounded_away() {
        let limit = chosen(&[], [500, 20, 50]).unwrap().limit.unwrap();
        assert_eq!((limit.entries, limit.unused), (vec!["b".to_owned()], ("a".to_owned(), 39, 500)));
        assert_eq!(chosen(&[], [60, 20, 50]).unwrap().limit, None);
        assert_eq!(chosen(&["count=40"], [500, 20, 50]).unwrap().limit, None);
        let said = chosen(&["source.b.share=0.001"], [40, 20, 50]).unwrap_err().to_string();
        assert!(said.contains("none of `b`") && said.contains("`b` has 20") && said.contains("hint: "), "{said}");
    }

    #[test]
    fn fixed_counts_stand_beside_shares() {
        let preset = BLEND.replace("share = 0.25 }, { name = \"c\"", "count = 30 }, { name = \"c\"");
        let preset = load_text("test", &preset, &["count=130".to_owned()]).unwrap();
        let selection = select(&preset, &[pool(0, 500), pool(1, 200), pool(2, 50)]).unwrap();
        assert_eq!(selection.counts.iter().map(|row| row.iter().sum::<u64>()).collect::<Vec<_>>(), [67, 30, 0, 33]);
        let few = load_text("test", &preset.to_toml(), &["count=20".to_owned()]).unwrap();
        let error = select(&few, &[pool(0, 500), pool(1, 200), pool(2, 50)]).unwrap_err().to_string();
        assert!(error.contains("`count` is 20, and the counts of the sources add up to 30"), "{error}");
    }

    proptest! {
        #[test]
        fn nothing_is_used_twice_and_the_seed_decides(seed in 0_u32..1000) {
            let set = format!("seed={seed}");
            let selection = chosen(&["count=200", &set], [300, 150, 40]).unwrap();
            let again = chosen(&["count=200", &set], [300, 150, 40]).unwrap();
            prop_assert_eq!(&selection, &again);
            let mut plain = BTreeSet::new();
            for item in selection.splits.iter().flatten() {
                if let Item::Plain { source, index } = item {
                    prop_assert!(plain.insert((*source, *index)), "{item:?} twice");
                }
            }
            let other = chosen(&["count=200", "seed=5000"], [300, 150, 40]).unwrap();
            prop_assert!(other.splits != selection.splits);
        }
    }
}
