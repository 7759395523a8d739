//! In which order a network gives its joints: by the name of a dataset, or as a list of names.

use crate::rig::LANDMARK_COUNT;
use crate::rig::joint::LANDMARK_NAMES;

/// Which of a network's joints is which keypoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JointOrder {
    /// Number of joints that the network gives.
    pub count: usize,
    /// Place of every keypoint among them; `None` for those that the network does not give.
    pub places: [Option<usize>; LANDMARK_COUNT],
}

/// A joint of a list that is no keypoint.
pub(super) const OTHER: &str = "-";

/// No keypoint is there.
const NONE: usize = usize::MAX;
const CANONICAL: [usize; 21] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20];

/// Name, number of joints, place of every keypoint. STB and ICVL begin with the palm's centre, which is not the wrist.
const NAMED: [(&str, usize, [usize; LANDMARK_COUNT]); 11] = [
    ("canonical", 21, CANONICAL),
    ("rhd", 21, [0, 4, 3, 2, 1, 8, 7, 6, 5, 12, 11, 10, 9, 16, 15, 14, 13, 20, 19, 18, 17]),
    ("stb", 21, [NONE, 17, 18, 19, 20, 13, 14, 15, 16, 9, 10, 11, 12, 5, 6, 7, 8, 1, 2, 3, 4]),
    ("msra", 21, [0, 17, 18, 19, 20, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]),
    ("hands2017", 21, [0, 1, 6, 7, 8, 2, 9, 10, 11, 3, 12, 13, 14, 4, 15, 16, 17, 5, 18, 19, 20]),
    ("interhand", 21, [20, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12, 19, 18, 17, 16]),
    ("mano", 21, [0, 13, 14, 15, 16, 1, 2, 3, 17, 4, 5, 6, 18, 10, 11, 12, 19, 7, 8, 9, 20]),
    ("nyu", 36, [35, 28, 27, 25, 24, 22, 21, 19, 18, 16, 15, 13, 12, 10, 9, 7, 6, 4, 3, 1, 0]),
    ("icvl", 16, [NONE, 1, NONE, 2, 3, 4, NONE, 5, 6, 7, NONE, 8, 9, 10, NONE, 11, 12, 13, NONE, 14, 15]),
    ("openxr", 26, [1, 2, 3, 4, 5, 7, 8, 9, 10, 12, 13, 14, 15, 17, 18, 19, 20, 22, 23, 24, 25]),
    ("webxr", 25, [0, 1, 2, 3, 4, 6, 7, 8, 9, 11, 12, 13, 14, 16, 17, 18, 19, 21, 22, 23, 24]),
];

impl JointOrder {
    /// The order of a name; `None` if no dataset is called that.
    pub fn named(name: &str) -> Option<Self> {
        let (_, count, places) = NAMED.iter().find(|(known, ..)| *known == name)?;
        let places = places.map(|place| (place != NONE).then_some(place));
        Some(Self { count: *count, places })
    }

    /// All names.
    pub fn names() -> impl Iterator<Item = &'static str> {
        NAMED.iter().map(|(name, ..)| *name)
    }

    /// The order of a list of keypoint names, with `-` for joints that are none of ours.
    ///
    /// # Errors
    /// All names that are unknown or stand twice.
    pub fn listed(names: &[String]) -> Result<Self, Vec<String>> {
        let (mut places, mut wrong) = ([None; LANDMARK_COUNT], Vec::new());
        for (place, name) in names.iter().enumerate().filter(|(_, name)| *name != OTHER) {
            let keypoint = LANDMARK_NAMES.iter().position(|known| known == name);
            match keypoint.and_then(|k| places.get_mut(k)) {
                Some(free @ None) => *free = Some(place),
                _ => wrong.push(name.clone()),
            }
        }
        if wrong.is_empty() { Ok(Self { count: names.len(), places }) } else { Err(wrong) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_is_named_once() {
        for name in JointOrder::names() {
            let order = JointOrder::named(name).unwrap();
            let mut places: Vec<usize> = order.places.into_iter().flatten().collect();
            places.sort_unstable();
            assert!(places.windows(2).all(|w| w[0] < w[1]) && places.last().unwrap() < &order.count, "{name}");
        }
    }

    #[test]
    fn lists_may_leave_out_and_must_not_repeat() {
        let list = |names: &[&str]| JointOrder::listed(&names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>());
        let order = list(&["index_tip", "-", "wrist"]).unwrap();
        assert_eq!((order.count, order.places[0], order.places[8], order.places[1]), (3, Some(2), Some(0), None));
        assert_eq!(list(&["pinky", "wrist", "pinkie"]), Err(vec!["pinky".to_owned(), "pinkie".to_owned()]));
        assert_eq!(list(&["wrist", "wrist"]), Err(vec!["wrist".to_owned()]));
    }
}
