//! Whole numbers from shares: largest remainders, alone and in tables whose rows and columns add up.

/// Shares a total out in proportion to weights: every part is the exact one rounded down or up, and all add up. Nothing is
/// shared out where no weight is above 0.
pub fn shared(total: u64, weights: &[f64]) -> Vec<u64> {
    let sum: f64 = weights.iter().sum();
    if sum <= 0.0 {
        return vec![0; weights.len()];
    }
    let exact: Vec<f64> = weights.iter().map(|w| total as f64 * w / sum).collect();
    let mut parts: Vec<u64> = exact.iter().map(|e| e.floor() as u64).collect();
    let mut order: Vec<usize> = (0..weights.len()).filter(|k| weights[*k] > 0.0).collect();
    order.sort_by(|a, b| (exact[*b].fract()).total_cmp(&exact[*a].fract()));
    let short = total.saturating_sub(parts.iter().sum());
    for k in order.into_iter().cycle().take(short as usize) {
        parts[k] += 1;
    }
    parts
}

/// A table with given sums of rows and of columns (which must have the same total), each cell as near to
/// row * column / total as that allows.
pub fn table(rows: &[u64], columns: &[u64]) -> Vec<Vec<u64>> {
    let total = rows.iter().sum::<u64>().max(1) as f64;
    let exact = |r: usize, c: usize| rows[r] as f64 * columns[c] as f64 / total;
    let mut cells: Vec<Vec<u64>> =
        (0..rows.len()).map(|r| (0..columns.len()).map(|c| exact(r, c).floor() as u64).collect()).collect();
    loop {
        let row_short = |r: usize| rows[r] > cells[r].iter().sum();
        let column_short = |c: usize| columns[c] > cells.iter().map(|row| row[c]).sum();
        let open = (0..rows.len()).filter(|r| row_short(*r));
        let open: Vec<(usize, usize)> =
            open.flat_map(|r| (0..columns.len()).filter(|c| column_short(*c)).map(move |c| (r, c))).collect();
        let missing = |(r, c): &(usize, usize)| exact(*r, *c) - cells[*r][*c] as f64;
        // of equals the first
        let Some((r, c)) = open.into_iter().reduce(|a, b| if missing(&b) > missing(&a) { b } else { a }) else {
            return cells;
        };
        cells[r][c] += 1;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn parts_are_the_exact_ones_rounded() {
        assert_eq!(shared(100, &[0.5, 0.3, 0.2]), [50, 30, 20]);
        assert_eq!(shared(10, &[1.0, 1.0, 1.0]), [4, 3, 3]);
        assert_eq!(shared(7, &[0.0, 2.0, 5.0]), [0, 2, 5]);
        assert_eq!(shared(7, &[0.0, 0.0]), [0, 0]);
    }

    proptest! {
        #[test]
        fn every_share_is_within_one_of_the_exact_one(total in 0_u64..5000, weights in prop::collection::vec(0.0_f64..3.0, 1..6)) {
            let sum: f64 = weights.iter().sum();
            prop_assume!(sum > 0.0);
            let parts = shared(total, &weights);
            prop_assert_eq!(parts.iter().sum::<u64>(), total);
            for (part, weight) in parts.iter().zip(&weights) {
                prop_assert!((*part as f64 - total as f64 * weight / sum).abs() < 1.0 + 1e-6);
            }
        }

        #[test]
        fn tables_add_up_both_ways(rows in prop::collection::vec(0_u64..400, 1..5), weights in prop::collection::vec(0.01_f64..2.0, 1..5)) {
            let total = rows.iter().sum::<u64>();
            let columns = shared(total, &weights);
            let cells = table(&rows, &columns);
            for (r, row) in rows.iter().enumerate() {
                prop_assert_eq!(cells[r].iter().sum::<u64>(), *row);
            }
            for (c, column) in columns.iter().enumerate() {
                prop_assert_eq!(cells.iter().map(|row| row[c]).sum::<u64>(), *column);
            }
            for (r, row) in cells.iter().enumerate() {
                for (c, cell) in row.iter().enumerate() {
                    let exact = rows[r] as f64 * columns[c] as f64 / total.max(1) as f64;
                    prop_assert!((*cell as f64 - exact).abs() < 2.0, "{} {}", cell, exact);
                }
            }
        }
    }
}
