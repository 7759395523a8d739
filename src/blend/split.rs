//! Which split each sample of the sources may go to, so that persons and clips stay in one.

use std::collections::{BTreeMap, BTreeSet};

use super::preset::Unit;
use crate::seed::dataset_stream;

/// One sample of a source as the choice sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Index in its dataset.
    pub index: u64,
    /// Name of the split of its dataset that it is in.
    pub split: String,
    /// Numbers of its persons.
    pub subjects: Vec<u32>,
    /// Number of its clip.
    pub clip: Option<u64>,
}

/// The samples of one source that passed its filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pool {
    /// Sources of the same number are the same dataset: they share samples and clips.
    pub dataset: usize,
    /// Sources of the same number share the numbers of persons; those of one dataset do.
    pub people: usize,
    /// In the order of their index.
    pub candidates: Vec<Candidate>,
}

/// One split of the blend as the choice sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// Its share of the samples.
    pub share: f64,
    /// Splits of the sources that it takes; empty: any.
    pub from: Vec<String>,
}

impl Part {
    fn takes(&self, split: &str) -> bool {
        self.share > 0.0 && (self.from.is_empty() || self.from.iter().any(|name| name == split))
    }
}

/// Position of the split of every candidate of every pool; `None` where none takes it.
///
/// Samples that share a person or a clip make up a group. Groups, the largest first and those of a size in random order,
/// go where most is missing; none of the splits stays empty while there are groups left for it.
pub fn assign(pools: &[Pool], parts: &[Part], keep_apart: &[Unit], seed: u64) -> Vec<Vec<Option<usize>>> {
    let mut out: Vec<Vec<Option<usize>>> = pools.iter().map(|pool| vec![None; pool.candidates.len()]).collect();
    let peoples: BTreeSet<usize> = pools.iter().map(|pool| pool.people).collect();
    for people in peoples {
        let members: Vec<(usize, usize)> = pools
            .iter()
            .enumerate()
            .filter(|(_, pool)| pool.people == people)
            .flat_map(|(p, pool)| (0..pool.candidates.len()).map(move |c| (p, c)))
            .collect();
        let candidates: Vec<&Candidate> = members.iter().map(|(p, c)| &pools[*p].candidates[*c]).collect();
        let datasets: Vec<usize> = members.iter().map(|(p, _)| pools[*p].dataset).collect();
        let mut groups = groups(&candidates, &datasets, keep_apart);
        let mut stream = dataset_stream(seed, "blend split", people as u64);
        shuffle(&mut groups, &mut stream);
        groups.sort_by_key(|group| std::cmp::Reverse(group.len()));
        for (group, part) in groups.iter().zip(placed(&groups, &candidates, parts)) {
            for k in group {
                let taken = part.filter(|part| parts[*part].takes(&candidates[*k].split));
                out[members[*k].0][members[*k].1] = taken;
            }
        }
    }
    out
}

/// The split of each group.
fn placed(groups: &[Vec<usize>], candidates: &[&Candidate], parts: &[Part]) -> Vec<Option<usize>> {
    let fits =
        |group: &[usize], part: &Part| group.iter().filter(|k| part.takes(&candidates[**k].split)).count() as f64;
    let shares: f64 = parts.iter().map(|part| part.share).sum();
    let wanted = parts.iter().map(|part| part.share / shares * candidates.len() as f64);
    let mut missing: Vec<f64> = wanted.collect();
    let mut empty: Vec<usize> = (0..parts.len()).filter(|k| parts[*k].share > 0.0).collect();
    let mut out = Vec::new();
    for (n, group) in groups.iter().enumerate() {
        let left = groups.len() - n;
        let open = |k: &usize| fits(group, &parts[*k]) > 0.0;
        let scarce: Vec<usize> = empty.iter().copied().filter(open).collect();
        let among =
            if left <= empty.len() && !scarce.is_empty() { scarce } else { (0..parts.len()).filter(open).collect() };
        let chosen = among.into_iter().reduce(|a, b| if missing[b] > missing[a] { b } else { a });
        if let Some(k) = chosen {
            missing[k] -= fits(group, &parts[k]);
            empty.retain(|e| *e != k);
        }
        out.push(chosen);
    }
    out
}

/// Positions of candidates, those together that share a person, a clip or a sample.
fn groups(candidates: &[&Candidate], datasets: &[usize], keep_apart: &[Unit]) -> Vec<Vec<usize>> {
    let mut parent: Vec<usize> = (0..candidates.len()).collect();
    let mut first: BTreeMap<(u8, usize, u64), usize> = BTreeMap::new();
    for (k, candidate) in candidates.iter().enumerate() {
        let subjects = candidate.subjects.iter().filter(|_| keep_apart.contains(&Unit::Subject));
        let clip = candidate.clip.filter(|_| keep_apart.contains(&Unit::Clip));
        let subjects = subjects.map(|s| (0, 0, u64::from(*s)));
        let keys = subjects.chain(clip.map(|c| (1, datasets[k], c))).chain([(2, datasets[k], candidate.index)]);
        for key in keys {
            let other = *first.entry(key).or_insert(k);
            let (a, b) = (root(&mut parent, other), root(&mut parent, k));
            parent[a.max(b)] = a.min(b);
        }
    }
    let mut groups: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for k in 0..candidates.len() {
        groups.entry(root(&mut parent, k)).or_default().push(k);
    }
    groups.into_values().collect()
}

fn root(parent: &mut [usize], mut k: usize) -> usize {
    while parent[k] != k {
        parent[k] = parent[parent[k]];
        k = parent[k];
    }
    k
}

/// Any order, each alike (Fisher and Yates).
pub(super) fn shuffle<T>(items: &mut [T], stream: &mut crate::seed::Stream) {
    for k in (1..items.len()).rev() {
        items.swap(k, stream.index(k + 1));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn part(share: f64, from: &[&str]) -> Part {
        Part { share, from: from.iter().map(|s| (*s).to_owned()).collect() }
    }

    fn pool(dataset: usize, samples: impl Iterator<Item = (u32, Option<u64>)>) -> Pool {
        let candidate = |(k, (subject, clip))| Candidate {
            index: k as u64,
            split: if k % 5 == 0 { "test" } else { "train" }.to_owned(),
            subjects: vec![subject],
            clip,
        };
        Pool { dataset, people: dataset, candidates: samples.enumerate().map(candidate).collect() }
    }

    proptest! {
        #[test]
        fn no_person_and_no_clip_is_in_two_splits(
            seed: u64,
            a in prop::collection::vec((0_u32..9, prop::option::of(0_u64..30)), 1..120),
            b in prop::collection::vec((0_u32..9, prop::option::of(0_u64..30)), 1..120),
        ) {
            // the first two pools are of one dataset, the third is of another with the same numbers
            let pools = [pool(0, a.iter().copied()), pool(0, b.iter().copied()), pool(1, a.iter().copied())];
            let parts = [part(0.7, &[]), part(0.2, &[]), part(0.1, &[])];
            let assigned = assign(&pools, &parts, &[Unit::Subject, Unit::Clip], seed);
            let mut seen: BTreeMap<(usize, u8, u64), BTreeSet<usize>> = BTreeMap::new();
            for (pool, splits) in pools.iter().zip(&assigned) {
                for (candidate, split) in pool.candidates.iter().zip(splits) {
                    let split = split.unwrap();
                    let person = (pool.dataset, 0, u64::from(candidate.subjects[0]));
                    for key in [Some(person), candidate.clip.map(|clip| (pool.dataset, 1, clip))].into_iter().flatten() {
                        seen.entry(key).or_default().insert(split);
                    }
                }
            }
            prop_assert!(seen.values().all(|splits| splits.len() == 1), "{seen:?}");
            prop_assert_eq!(assign(&pools, &parts, &[Unit::Subject, Unit::Clip], seed), assigned);
        }
    }

    fn counts(assigned: &[Option<usize>], parts: usize) -> Vec<usize> {
        (0..parts).map(|k| assigned.iter().filter(|a| **a == Some(k)).count()).collect()
    }

    #[test]
    fn splits_get_their_shares_of_many_persons() {
        let pool = pool(0, (0..1000).map(|k| (k / 10, None)));
        let assigned = assign(&[pool], &[part(0.8, &[]), part(0.1, &[]), part(0.1, &[])], &[Unit::Subject], 3);
        assert_eq!(counts(&assigned[0], 3), [800, 100, 100]);
    }

    #[test]
    fn no_split_stays_empty_while_there_is_a_person_for_it() {
        for seed in 0..20 {
            let pool = pool(0, (0..300).map(|k| (k / 100, None)));
            let assigned = assign(&[pool], &[part(0.8, &[]), part(0.1, &[]), part(0.1, &[])], &[Unit::Subject], seed);
            assert_eq!(counts(&assigned[0], 3), [100, 100, 100]);
        }
    }

    #[test]
    fn splits_take_from_the_splits_they_name() {
        let pool = pool(0, (0..100).map(|k| (k, None)));
        let assigned =
            assign(std::slice::from_ref(&pool), &[part(0.5, &["train"]), part(0.5, &["test"])], &[Unit::Subject], 3);
        for (candidate, split) in pool.candidates.iter().zip(&assigned[0]) {
            assert_eq!(*split, Some(usize::from(candidate.split == "test")));
        }
        let none = assign(&[pool], &[part(1.0, &["val"])], &[Unit::Subject], 3);
        assert!(none[0].iter().all(Option::is_none));
    }
}
