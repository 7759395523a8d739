//! One COCO list put in order: hands with their pictures, doubtful ones named.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::order;
use super::parse::{Category, Image, RawHand, RawList, Source};
use crate::dataset::DatasetError;
use crate::dataset::orders::{Order, RHD};
use crate::label::Visibility;
use crate::rig::LANDMARK_COUNT;
use crate::sets::faults::Faults;
use crate::sets::json;

/// No keypoint is farther from a picture's corner, pixels.
const FARTHEST_PX: f32 = 1e5;

/// What the flags of a list's keypoints mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flags {
    /// COCO's: 2 visible, 1 hidden, 0 not labelled.
    Coco,
    /// None is 2: above 0 is labelled, 0 is not.
    Labelled,
    /// RHD's: 1 visible, 0 hidden.
    Rhd,
}

impl Flags {
    /// Whether a keypoint with this flag has a place, and how it is seen.
    pub(super) fn visibility(self, [x, y, flag]: [f32; 3]) -> Option<Visibility> {
        match self {
            Self::Rhd if flag > 0.0 => Some(Visibility::Visible),
            Self::Rhd => (x != 0.0 || y != 0.0).then_some(Visibility::Hidden),
            _ if flag <= 0.0 => None,
            Self::Coco if (flag - 2.0).abs() < f32::EPSILON => Some(Visibility::Visible),
            Self::Coco if (flag - 1.0).abs() < f32::EPSILON => Some(Visibility::Hidden),
            _ => Some(Visibility::Unstated),
        }
    }
}

/// One file.
#[derive(Debug)]
pub(super) struct List {
    pub(super) images: Vec<Image>,
    /// In the order of pictures, then of annotations.
    pub(super) hands: Vec<RawHand>,
    /// For every picture where its hands begin, and where the last ones end.
    starts: Vec<u32>,
    pub(super) flags: Flags,
    /// Other than ours.
    pub(super) order: Option<Order>,
    /// Annotations that are not of hands.
    pub(super) others: u64,
}

impl List {
    /// Reads and sorts out a file.
    pub(super) fn read(path: &Path, faults: &mut Faults) -> Result<Self, DatasetError> {
        Ok(Sorter { path, faults }.sort(json::read(path)?))
    }

    /// Hands of the n-th picture.
    pub(super) fn hands(&self, image: usize) -> &[RawHand] {
        &self.hands[self.starts[image] as usize..self.starts[image + 1] as usize]
    }
}

struct Sorter<'a> {
    path: &'a Path,
    faults: &'a mut Faults,
}

impl Sorter<'_> {
    fn add(&mut self, kind: &'static str, fault: &str) {
        self.faults.add(kind, None, format!("`{}`: {fault}", self.path.display()));
    }

    fn sort(mut self, mut raw: RawList) -> List {
        let places = self.places(&mut raw.images);
        let (mut others, mut seen, mut hands) = (0, BTreeSet::new(), Vec::new());
        for hand in raw.annotations {
            let category = raw.categories.iter().find(|category| Some(category.id) == hand.category);
            if !is_hand(&hand, category) {
                others += 1;
                continue;
            }
            let Some(place) = places.get(&hand.image) else {
                let fault = format!("annotation {} is of image {}, which is not listed", hand.annotation, hand.image);
                self.add("annotations are of no picture", &fault);
                continue;
            };
            if !seen.insert((hand.annotation, hand.source)) {
                self.add("annotation ids stand twice", &format!("annotation id {} stands twice", hand.annotation));
            }
            hands.push((*place, self.checked(hand)));
        }
        hands.sort_by_key(|(place, hand)| (*place, hand.annotation, hand.source));
        self.compare_cameras(&hands);
        let mut starts: Vec<u32> = vec![0; raw.images.len() + 1];
        for (place, _) in &hands {
            starts[*place as usize + 1] += 1;
        }
        for k in 1..starts.len() {
            starts[k] += starts[k - 1];
        }
        let hands: Vec<RawHand> = hands.into_iter().map(|(_, hand)| hand).collect();
        let is_rhd = self.path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("rhd_"));
        let points = || hands.iter().filter_map(|hand| hand.points.as_ref()).flat_map(|points| points.iter());
        let flags = match is_rhd {
            true => Flags::Rhd,
            false if points().any(|p| p[2] > 1.0) => Flags::Coco,
            false => Flags::Labelled,
        };
        let order = is_rhd.then_some(RHD);
        if let Some(name) = order::better(&hands, order) {
            let fault = format!("the bones are shorter if its keypoints are taken in the order of {name}");
            self.add("keypoints may stand in another order", &fault);
        }
        List { images: raw.images, starts, flags, order, others, hands }
    }

    #[expect(clippy::map_entry, reason = "what comes in between decides too")]
    /// Where each picture stands in the list. Pictures that are listed twice, or without size, are left out.
    fn places(&mut self, images: &mut Vec<Image>) -> BTreeMap<i64, u32> {
        let (mut places, mut names, mut kept) = (BTreeMap::new(), BTreeSet::new(), Vec::new());
        for image in std::mem::take(images) {
            let (id, name) = (image.id, &image.file_name);
            let is_below = Path::new(&**name).components().all(|c| matches!(c, std::path::Component::Normal(_)));
            if image.width.is_none_or(|w| w == 0) || image.height.is_none_or(|h| h == 0) {
                let fault = format!("image {id} (`{name}`) has no width or height; it is left out");
                self.add("pictures have no size", &fault);
            } else if !is_below || name.is_empty() {
                let fault = format!("image {id} is `{name}`, which is no path below the dataset; it is left out");
                self.add("pictures are elsewhere", &fault);
            } else if places.contains_key(&id) {
                let fault = format!("image id {id} stands twice; `{name}` is left out");
                self.add("image ids stand twice", &fault);
            } else if !names.insert(name.clone()) {
                let fault = format!("`{name}` is listed twice; image {id} is left out");
                self.add("pictures are listed twice", &fault);
            } else {
                places.insert(id, kept.len() as u32);
                kept.push(image);
            }
        }
        *images = kept;
        places
    }

    /// A hand without what is wrong with it.
    fn checked(&mut self, mut hand: RawHand) -> RawHand {
        let who = format!("annotation {}", hand.annotation);
        if let Some(fault) = hand.fault.take() {
            self.add("annotations are wrong", &format!("{who}: {fault}"));
        }
        if hand.points.is_none() && hand.values > 0 {
            let fault = format!("{who} holds {} numbers, expected 63 (x, y, flag of 21 keypoints)", hand.values);
            self.add("annotations hold a wrong count of numbers", &fault);
        }
        for (k, point) in hand.points.iter_mut().flat_map(|points| points.iter_mut()).enumerate() {
            if !point.iter().all(|x| x.is_finite()) {
                let fault = format!("{who}: keypoint {k} is {point:?}, expected finite numbers; it is left out");
                self.add("keypoints are not made of numbers", &fault);
                *point = [0.0; 3];
            }
        }
        self.doubt(&hand, &who);
        let valid = hand.valid;
        for (k, joint) in hand.joints.iter().flat_map(|joints| joints.iter()).enumerate() {
            if valid >> k & 1 == 0 {
                continue;
            }
            let is_finite = joint.iter().all(|x| x.is_finite());
            if !is_finite || joint[2] <= 0.0 {
                hand.valid &= !(1 << k);
            }
            // three zeros are how some lists say that there is none
            if !is_finite || (joint[2] <= 0.0 && joint.iter().any(|x| x.abs() > 0.0)) {
                let fault =
                    format!("{who}: `joint_cam` {k} is {joint:?} mm, expected finite numbers before the camera");
                self.add("joints are not made of numbers or lie behind the camera", &(fault + "; it is left out"));
            }
        }
        hand
    }

    /// Names values that no picture and no flag has.
    fn doubt(&mut self, hand: &RawHand, who: &str) {
        let Some(points) = hand.points.as_ref() else { return };
        for (k, [x, y, flag]) in points.iter().enumerate() {
            if x.abs().max(y.abs()) > FARTHEST_PX {
                let fault =
                    format!("{who}: keypoint {k} is at {x}, {y}, legal are -{FARTHEST_PX} to {FARTHEST_PX} pixels");
                self.add("keypoints lie far outside every picture", &fault);
            }
            // some lists have how sure a network was
            if !(0.0..=2.0).contains(flag) {
                let fault = format!("{who}: the flag of keypoint {k} is {flag}, legal are 0, 1 and 2");
                self.add("flags are none of COCO's", &fault);
            }
        }
        let mut labelled = points.iter().filter(|point| point[2] > 0.0);
        let first = labelled.next();
        let is_same = |point: &[f32; 3]| first.is_some_and(|first| point[..2] == first[..2]);
        if labelled.clone().count() > 1 && labelled.all(is_same) {
            self.add("hands are a single point", &format!("{who}: all labelled keypoints are at the same place"));
        }
    }

    /// All hands of a picture must have been seen by one camera.
    fn compare_cameras(&mut self, hands: &[(u32, RawHand)]) {
        for pair in hands.windows(2) {
            let ((a, first), (b, second)) = (&pair[0], &pair[1]);
            if a == b && first.camera.is_some() && second.camera.is_some() && first.camera != second.camera {
                let fault = format!(
                    "annotations {} and {} of image {} have different `cam_param`; that of the first is taken",
                    first.annotation, second.annotation, first.image
                );
                self.add("cameras of one picture differ", &fault);
            }
        }
    }
}

/// Whether an annotation is of a hand: it, or its category, has 21 keypoints, or the category's name says so.
fn is_hand(hand: &RawHand, category: Option<&Category>) -> bool {
    let expected = category.and_then(|category| category.keypoints.as_ref()).map(Vec::len);
    match (hand.source, expected) {
        (Source::Left | Source::Right, _) | (_, Some(LANDMARK_COUNT)) => true,
        (_, Some(n)) if n > 0 => false,
        _ if hand.values == 0 => category.is_some_and(|c| c.name.to_ascii_lowercase().contains("hand")),
        _ => hand.points.is_some(),
    }
}
