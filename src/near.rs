//! "Did you mean": the legal name nearest to a misspelt one.

/// The legal name nearest to `name`, if it is near enough to be meant.
pub(crate) fn nearest<'a>(name: &str, legal: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let most = 1 + name.chars().count() / 4;
    let near = legal.into_iter().map(|other| (edits(name, other), other)).min_by_key(|(edits, _)| *edits);
    near.filter(|(edits, _)| *edits <= most).map(|(_, other)| other)
}

/// Letters to insert, delete or replace to get from one word to the other (Levenshtein's distance).
pub(crate) fn edits(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, letter) in a.chars().enumerate() {
        let mut diagonal = i;
        row[0] = i + 1;
        for (j, other) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(letter != *other);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_are_counted() {
        assert_eq!(edits("kitten", "sitting"), 3);
        assert_eq!(edits("", "abc"), 3);
        assert_eq!(edits("abc", "abc"), 0);
    }

    #[test]
    fn only_near_names_are_offered() {
        let legal = ["distance_m", "focal_px"];
        assert_eq!(nearest("distnce_m", legal), Some("distance_m"));
        assert_eq!(nearest("distance", legal), Some("distance_m"));
        assert_eq!(nearest("colour", legal), None);
    }
}
