//! Which estimate belongs to which true hand of a picture.

use glam::Vec2;

use super::errors::{Points2, distances_mm, distances_px, mean};
use crate::dataset::HandRecord;
use crate::rig::HandSide;
use crate::tracker::HandEstimate;

/// Two hands are no match if their keypoints are further apart than this share of the true hand's size, on average.
pub(super) const GATE: f32 = 0.5;

/// Who belongs to whom in one picture.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Found {
    /// For each true hand its estimate, if there is one.
    pub estimate_of_hand: Vec<Option<usize>>,
    /// Estimates that belong to no hand.
    pub surplus: Vec<usize>,
}

/// Pairs hands one to one (no further apart than half of the true hand's size in the picture) so that as many as possible are matched and the sum of their distances is least. Sides play no part.
pub fn match_hands(truth: &[HandRecord], estimates: &[HandEstimate]) -> Found {
    let costs: Vec<Vec<Option<f32>>> =
        truth.iter().map(|hand| estimates.iter().map(|e| distance(hand, e).filter(|d| *d <= GATE)).collect()).collect();
    let estimate_of_hand = assign(&costs);
    let surplus = (0..estimates.len()).filter(|k| !estimate_of_hand.contains(&Some(*k))).collect();
    Found { estimate_of_hand, surplus }
}

/// Whether a tracker can be asked to find a hand: some of it is in the picture and not all of that is hidden.
pub fn to_be_found(hand: &HandRecord, width: u32, height: u32) -> bool {
    let somewhere = hand.keypoints_px.iter().any(Option::is_some) || hand.box_visible_px.is_some();
    hand.visible_px != Some(0) && (!somewhere || hand.box_in_picture(width, height).is_some())
}

/// Mean distance of common keypoints in the picture over the longer side of the true box; where there is no picture, in
/// space over the true hand's extent; with neither, the distance of the boxes' centres.
fn distance(hand: &HandRecord, estimate: &HandEstimate) -> Option<f32> {
    let side = |b: Option<[f32; 4]>| b.map(|[_, _, w, h]| w.max(h)).filter(|s| *s > 0.0);
    let size_px = side(hand.box_keypoints_px).or(side(hand.box_visible_px));
    let picture = || Some(mean(&distances_px(&hand.keypoints_px, &estimate.keypoints_px))? / size_px?);
    let boxes = || Some(centre(hand.box_visible_px?).distance(centre(estimate.box_px)) / size_px?);
    picture().or_else(|| in_space(hand, estimate)).or_else(boxes).filter(|d| d.is_finite())
}

fn in_space(hand: &HandRecord, estimate: &HandEstimate) -> Option<f32> {
    let known = || hand.keypoints_camera_m.iter().flatten();
    let [low, high] = known().fold(None, |b: Option<[glam::Vec3; 2]>, p| {
        Some(b.map_or([*p, *p], |[low, high]| [low.min(*p), high.max(*p)]))
    })?;
    let size_mm = 1000.0 * (high - low).max_element();
    (size_mm > 0.0 && estimate.metric)
        .then(|| mean(&distances_mm(&hand.keypoints_camera_m, &estimate.keypoints_camera_m)))?
        .map(|d| d / size_mm)
}

fn centre([left, top, w, h]: [f32; 4]) -> Vec2 {
    Vec2::new(left + 0.5 * w, top + 0.5 * h)
}

/// For each row the column it is given: as many pairs as can be, then the least sum of costs. `None` is no possible pair.
///
/// The Hungarian method with potentials (Kuhn 1955, Munkres 1957), rows added one by one.
pub fn assign(costs: &[Vec<Option<f32>>]) -> Vec<Option<usize>> {
    let rows = costs.len();
    // one column of its own for each row, dearer than any real pair, so that every row gets one
    let real = costs.iter().map(Vec::len).max().unwrap_or(0);
    let columns = real + rows;
    let dear = 1.0 + costs.iter().flatten().flatten().map(|c| f64::from(*c)).sum::<f64>();
    let cost = |row: usize, column: usize| {
        let possible = costs[row].get(column).copied().flatten();
        possible.map_or(if column == real + row { dear } else { 1e6 * dear }, f64::from)
    };
    // index 0 is the row or column "none"
    let (mut of_row, mut of_column) = (vec![0.0; rows + 1], vec![0.0; columns + 1]);
    let mut row_of = vec![0; columns + 1];
    for row in 1..=rows {
        row_of[0] = row;
        let (mut column, mut least) = (0, vec![f64::INFINITY; columns + 1]);
        let (mut used, mut way) = (vec![false; columns + 1], vec![0; columns + 1]);
        while row_of[column] != 0 {
            used[column] = true;
            let (from, mut step, mut next) = (row_of[column], f64::INFINITY, 0);
            for j in 1..=columns {
                if used[j] {
                    continue;
                }
                let reduced = cost(from - 1, j - 1) - of_row[from] - of_column[j];
                if reduced < least[j] {
                    (least[j], way[j]) = (reduced, column);
                }
                if least[j] < step {
                    (step, next) = (least[j], j);
                }
            }
            for j in 0..=columns {
                if used[j] {
                    of_row[row_of[j]] += step;
                    of_column[j] -= step;
                } else {
                    least[j] -= step;
                }
            }
            column = next;
        }
        while column != 0 {
            row_of[column] = row_of[way[column]];
            column = way[column];
        }
    }
    (1..=rows).map(|row| (1..=real).find(|j| row_of[*j] == row).map(|j| j - 1)).collect()
}

/// Whether the estimated side is the true one; `None` if the truth does not say.
pub(super) fn side_is_right(truth: Option<HandSide>, estimate: &HandEstimate) -> Option<bool> {
    truth.map(|side| side == estimate.side)
}

/// Pixels of points, for methods that only know points in space.
pub(super) fn projected(camera: Option<&crate::camera::Camera>, points: &super::Points) -> Points2 {
    points.map(|p| camera?.project(p?))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// All ways to assign, tried out: number of pairs (more is better), then cost.
    fn best(costs: &[Vec<Option<f32>>], taken: &mut Vec<bool>) -> (usize, f32) {
        let Some((first, rest)) = costs.split_first() else { return (0, 0.0) };
        let mut top = best(rest, taken);
        for column in 0..first.len() {
            let (Some(cost), false) = (first[column], taken[column]) else { continue };
            taken[column] = true;
            let (pairs, sum) = best(rest, taken);
            taken[column] = false;
            if pairs + 1 > top.0 || (pairs + 1 == top.0 && sum + cost < top.1) {
                top = (pairs + 1, sum + cost);
            }
        }
        top
    }

    proptest! {
        #[test]
        fn the_assignment_is_the_best_of_all(
            costs in (0_usize..5, 0_usize..5).prop_flat_map(|(r, c)|
                proptest::collection::vec(proptest::collection::vec(proptest::option::weighted(0.7, 0.0_f32..1.0), c), r))
        ) {
            let found = assign(&costs);
            let pairs: Vec<f32> = found.iter().enumerate().filter_map(|(r, c)| Some(costs[r][(*c)?].unwrap())).collect();
            let columns = costs.first().map_or(0, Vec::len);
            let (count, sum) = best(&costs, &mut vec![false; columns]);
            prop_assert_eq!(pairs.len(), count);
            prop_assert!((pairs.iter().sum::<f32>() - sum).abs() < 1e-4);
            let mut used: Vec<usize> = found.into_iter().flatten().collect();
            used.sort_unstable();
            used.dedup();
            prop_assert_eq!(used.len(), count);
        }
    }

    #[test]
    fn hands_side_by_side_are_not_swapped_for_the_nearest_pair() {
        // the nearest pair of all is (0, 1), but taking it costs more in the end
        let costs = [vec![Some(0.10), Some(0.09)], vec![Some(0.5), Some(0.2)]];
        assert_eq!(assign(&costs), [Some(0), Some(1)]);
        assert_eq!(assign(&[vec![None, None]]), [None]);
        assert_eq!(assign(&[vec![], vec![]]), [None, None]);
    }
}
