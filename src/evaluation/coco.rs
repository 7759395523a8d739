//! `coco_results.json`: what pycocotools' `loadRes` reads, with annotations as `handloom generate --format coco` writes them.
//!
//! Pixels count from the *centre* of the first pixel, .5 less than in this crate, as in the annotations. A keypoint that the model
//! does not give is 0, 0, 0; the third number is its confidence. `hand_type` is more than COCO asks for.

use serde::Serialize;

use super::{EstimateRecord, EvaluationError};
use crate::rig::HandSide;
use crate::tracker::HandEstimate;

#[derive(Serialize)]
struct CocoResult {
    image_id: u64,
    category_id: u32,
    bbox: [f32; 4],
    keypoints: Vec<f32>,
    score: f32,
    hand_type: HandSide,
}

/// The file's content as it grows.
#[derive(Debug, Default)]
pub struct CocoResults {
    lines: Vec<u8>,
}

impl CocoResults {
    /// One frame; `image_id` is its index.
    pub fn add(&mut self, record: &EstimateRecord) -> Result<(), EvaluationError> {
        for hand in &record.hands {
            self.lines.extend_from_slice(if self.lines.is_empty() { b"[\n" } else { b",\n" });
            serde_json::to_writer(&mut self.lines, &result(record.index, hand))
                .map_err(|source| EvaluationError::Json { id: record.id.clone(), source })?;
        }
        Ok(())
    }

    /// The whole file.
    pub fn finish(mut self) -> Vec<u8> {
        self.lines.extend_from_slice(if self.lines.is_empty() { b"[]\n" } else { b"\n]\n" });
        self.lines
    }
}

fn result(image_id: u64, hand: &HandEstimate) -> CocoResult {
    let keypoint = |(point, confidence): (&Option<glam::Vec2>, &f32)| match point {
        Some(p) => [p.x - 0.5, p.y - 0.5, *confidence],
        None => [0.0; 3],
    };
    CocoResult {
        image_id,
        category_id: 1,
        bbox: hand.box_px,
        keypoints: hand.keypoints_px.iter().zip(&hand.keypoint_confidence).flat_map(keypoint).collect(),
        score: hand.confidence,
        hand_type: hand.side,
    }
}
