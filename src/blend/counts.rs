//! How many samples of every source go into every split: exact shares, what limits them, and what is too few.

use super::preset::BlendPreset;
use super::shares::{shared, table};

/// Sources of which there is too little for a larger blend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limit {
    /// Names of those of which there is too little.
    pub entries: Vec<String>,
    /// Of which entry most is left over, how much of it is used, and how much there is.
    pub unused: (String, u64, u64),
}

/// A source that has too few samples for a split.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shortage {
    /// Name of the source or of the composed pictures.
    pub entry: String,
    /// Name of the split.
    pub split: String,
    /// Samples wanted.
    pub wanted: u64,
    /// Samples there are.
    pub there: u64,
}

/// Why samples could not be chosen.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SelectError {
    /// Sources have too few samples.
    #[error("{}", shortages(.0))]
    Short(Vec<Shortage>),
    /// No total was said, and nothing limits it or everything is empty.
    #[error("{0}")]
    Total(String),
}

fn shortages(all: &[Shortage]) -> String {
    let line = |s: &Shortage| {
        format!("`{}` has {} samples for split `{}`, {} are wanted", s.entry, s.there, s.split, s.wanted)
    };
    let lines: Vec<String> = all.iter().map(line).collect();
    format!(
        "{}\n\nhint: ask for fewer (`count`), widen the source's `filter` or `splits`, or let it `repeat = true`; persons and clips are kept in one split, so that few of them split unevenly",
        lines.join("\n")
    )
}

/// What a source or a rule may give, and how much of it is wanted.
pub(super) struct Entry<'a> {
    pub(super) name: &'a str,
    pub(super) share: f64,
    pub(super) count: Option<u64>,
    pub(super) repeat: bool,
    /// Of each split.
    pub(super) there: Vec<u64>,
}

/// Samples of each entry in each split.
pub(super) fn counts(preset: &BlendPreset, entries: &[Entry]) -> Result<Vec<Vec<u64>>, SelectError> {
    let fixed: u64 = entries.iter().filter_map(|entry| entry.count).sum();
    let has_shares = entries.iter().any(|entry| entry.share > 0.0);
    let total = match preset.count {
        Some(total) if total < fixed || (!has_shares && total != fixed) => {
            let what = format!("`count` is {total}, and the counts of the sources add up to {fixed}");
            let hint =
                if has_shares { format!("legal counts are {fixed} and more") } else { "say one of both".to_owned() };
            return Err(SelectError::Total(format!("{what}\n\nhint: {hint}")));
        }
        Some(total) => total,
        None if has_shares => most(preset, entries, fixed)?,
        None => fixed,
    };
    let cells = cells_of(preset, entries, total);
    let short = shortages_of(preset, entries, &cells);
    if !short.is_empty() {
        return Err(SelectError::Short(short));
    }
    none_without_samples(preset, entries, &cells)?;
    Ok(cells)
}

/// Shares of a blend that nobody asked to be so small must not be rounded away.
fn none_without_samples(preset: &BlendPreset, entries: &[Entry], cells: &[Vec<u64>]) -> Result<(), SelectError> {
    let is_empty = |(entry, row): &(&Entry, &Vec<u64>)| entry.share > 0.0 && row.iter().sum::<u64>() == 0;
    let empty: Vec<_> = entries.iter().zip(cells).filter(is_empty).map(|(e, _)| format!("`{}`", e.name)).collect();
    if empty.is_empty() || preset.count.is_some() {
        return Ok(());
    }
    let there = entries.iter().map(|e| format!("`{}` has {}", e.name, e.there.iter().sum::<u64>()));
    let total: u64 = cells.iter().flatten().sum();
    Err(SelectError::Total(format!(
        "the sources allow a blend of {total} samples only, in which there would be none of {}: {}\n\nhint: \
         widen the `filter` of the smallest source or let it `repeat = true`, or say `count`",
        empty.join(" and "),
        there.collect::<Vec<_>>().join(", ")
    )))
}

/// What limits the largest blend, if another entry then lies idle by more than half.
pub(super) fn limit(preset: &BlendPreset, entries: &[Entry], cells: &[Vec<u64>]) -> Option<Limit> {
    let total: u64 = cells.iter().flatten().sum();
    let short = shortages_of(preset, entries, &cells_of(preset, entries, total + 1));
    let of = |row: &[u64]| row.iter().sum::<u64>();
    // composed pictures are made of what sources have
    let sources = preset.source.len();
    let used = entries.iter().zip(cells).take(sources).filter(|(entry, _)| entry.share > 0.0);
    let (unused, used) = used.max_by_key(|(entry, row)| of(&entry.there).saturating_sub(of(row)))?;
    let (used, there) = (of(used), of(&unused.there));
    let mut names: Vec<String> = short.into_iter().map(|shortage| shortage.entry).collect();
    names.dedup();
    let is_idle = !names.is_empty() && 2 * used < there;
    is_idle.then(|| Limit { entries: names, unused: (unused.name.to_owned(), used, there) })
}

fn cells_of(preset: &BlendPreset, entries: &[Entry], total: u64) -> Vec<Vec<u64>> {
    let fixed: u64 = entries.iter().filter_map(|entry| entry.count).sum();
    let shares: Vec<f64> = entries.iter().map(|entry| entry.share).collect();
    let mut rows = shared(total.saturating_sub(fixed), &shares);
    for (row, count) in rows.iter_mut().zip(entries.iter().map(|entry| entry.count)) {
        *row += count.unwrap_or(0);
    }
    let splits: Vec<f64> = preset.split.iter().map(|split| split.share).collect();
    table(&rows, &shared(rows.iter().sum(), &splits))
}

fn shortages_of(preset: &BlendPreset, entries: &[Entry], cells: &[Vec<u64>]) -> Vec<Shortage> {
    let mut short = Vec::new();
    for (entry, row) in entries.iter().zip(cells) {
        for ((wanted, there), split) in row.iter().zip(&entry.there).zip(&preset.split) {
            let enough = if entry.repeat { *there > 0 || *wanted == 0 } else { there >= wanted };
            if !enough {
                short.push(Shortage {
                    entry: entry.name.to_owned(),
                    split: split.name.clone(),
                    wanted: *wanted,
                    there: *there,
                });
            }
        }
    }
    short
}

/// The largest total that no source is too small for.
fn most(preset: &BlendPreset, entries: &[Entry], fixed: u64) -> Result<u64, SelectError> {
    if entries.iter().all(|entry| entry.share <= 0.0 || entry.repeat) {
        let hint = "\n\nhint: say `count`, the number of samples of the whole";
        return Err(SelectError::Total(format!(
            "every source may repeat its samples, so that nothing says how many there are{hint}"
        )));
    }
    let limiting = entries.iter().filter(|entry| entry.share > 0.0 && !entry.repeat);
    let shares: f64 = entries.iter().map(|entry| entry.share).sum();
    let bound = limiting.map(|entry| entry.there.iter().sum::<u64>() as f64 * shares / entry.share).fold(0.0, f64::max);
    let fits = |total: u64| shortages_of(preset, entries, &cells_of(preset, entries, total)).is_empty();
    let (mut low, mut high) = (fixed, fixed + bound.min(1e12) as u64 + 1);
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if fits(middle) {
            low = middle;
        } else {
            high = middle;
        }
    }
    if low > fixed || fits(low) && low > 0 {
        return Ok(low);
    }
    // not even one: the shortages of the smallest blend say why
    Err(SelectError::Short(shortages_of(
        preset,
        entries,
        &cells_of(preset, entries, fixed + preset.split.len() as u64 * entries.len() as u64),
    )))
}
