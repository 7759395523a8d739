//! Keeps the worst hands of a run as thumbnails.

use serde::Serialize;

use super::EvaluationError;
use super::overlay::{close_up, shown_px};
use crate::dataset::{HandRecord, SampleLabel, box_around};
use crate::report::draw::Canvas;
use crate::report::thumbnail;
use crate::tracker::HandEstimate;

/// Side of a thumbnail, pixels.
const SIDE_PX: u32 = 256;

/// One hand of the gallery.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Exhibit {
    /// What is bad about it; larger is worse.
    pub(super) error: f32,
    /// Its frame.
    pub(super) id: String,
    /// A few words.
    pub(super) caption: String,
    /// Base64 JPEG; empty without a picture.
    pub(super) image: String,
}

/// A number of worst hands, the worst first.
#[derive(Debug, Clone)]
pub(super) struct Gallery {
    room: usize,
    pub(super) exhibits: Vec<Exhibit>,
}

impl Gallery {
    /// With room for so many.
    pub(super) fn new(room: usize) -> Self {
        Self { room, exhibits: Vec::new() }
    }

    /// Takes a hand in if it is bad enough; only then is it made.
    pub(super) fn offer(
        &mut self,
        error: f32,
        make: impl FnOnce() -> Result<Exhibit, EvaluationError>,
    ) -> Result<(), EvaluationError> {
        let place = self.exhibits.partition_point(|e| e.error >= error);
        if place < self.room {
            self.exhibits.insert(place, make()?);
            self.exhibits.truncate(self.room);
        }
        Ok(())
    }
}

/// The picture around a hand and its estimate, drawn over.
pub(super) fn picture_of(
    picture: Option<&Canvas>,
    label: &SampleLabel,
    hand: &HandRecord,
    matched: Option<&HandEstimate>,
    hands: &[HandEstimate],
) -> Result<String, EvaluationError> {
    let Some(picture) = picture else { return Ok(String::new()) };
    let camera = label.camera();
    let estimate = matched.into_iter().flat_map(|e| shown_px(e, camera.as_ref())).flatten();
    let truth = hand.keypoints_px.iter().flatten().copied();
    let [left, top, w, h] = box_around(truth.chain(estimate)).unwrap_or([0.0, 0.0, 0.0, 0.0]);
    let whole = picture.width.max(picture.height) as f32;
    // room around the hand; one that is far off is not followed out of the picture
    let side = if w.max(h) > 0.0 { (1.5 * w.max(h)).min(whole).max(48.0) } else { whole };
    let start = |low: f32, size: f32, of: u32| {
        (low + 0.5 * size - 0.5 * side).clamp(-0.2 * side, (of as f32 - 0.8 * side).max(-0.2 * side))
    };
    let square = [start(left, w, picture.width), start(top, h, picture.height), side];
    Ok(thumbnail(&close_up(picture, Some(label), hands, square, SIDE_PX))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_stay_and_only_they_are_made() {
        let mut gallery = Gallery::new(3);
        let mut made = 0;
        for error in [5.0, 1.0, 2.0, 0.5, 9.0, 0.1] {
            let exhibit = Exhibit { error, id: String::new(), caption: String::new(), image: String::new() };
            gallery
                .offer(error, || {
                    made += 1;
                    Ok(exhibit)
                })
                .unwrap();
        }
        assert_eq!(gallery.exhibits.iter().map(|e| e.error).collect::<Vec<_>>(), [9.0, 5.0, 2.0]);
        assert_eq!(made, 4);
    }
}
