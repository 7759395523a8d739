//! Records of the stream: a JSON header and a binary body.

use glam::{Vec2, Vec3};
use jpeg_encoder::{ColorType, Encoder};
use serde::Serialize;
use serde_json::{Value, json};

use super::shown::{HandView, ViewFrame};
use super::surface::{HandSurface, PackedVertices};
use crate::frame::Plane;
use crate::report::draw::DIGIT_COLOURS;
use crate::rig::joint::LANDMARK_PARENT;

/// Quality of the pictures that are sent.
const JPEG_QUALITY: u8 = 85;

/// A sign of life without content.
pub(super) const ALIVE: [u8; 8] = [0; 8];

/// What was counted up to and with a frame.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub(super) struct Counts {
    /// Frames that were published, also those that no client was sent.
    pub(super) frames: u64,
    /// How often a hand was lost.
    pub(super) lost: u64,
    /// When the frame was published, seconds since the server started.
    pub(super) clock_s: f64,
}

pub(super) fn hello(source: &str, model: &str) -> Vec<u8> {
    let header = json!({
        "kind": "hello", "source": source, "model": model, "bones": LANDMARK_PARENT, "colours": DIGIT_COLOURS,
    });
    record(&header, &[])
}

pub(super) fn end(summary: &[(String, String)]) -> Vec<u8> {
    record(&json!({ "kind": "end", "summary": summary }), &[])
}

pub(super) fn frame(frame: &ViewFrame, counts: Counts, surface: &HandSurface) -> Vec<u8> {
    let mut body = frame.picture.as_ref().and_then(jpeg).unwrap_or_default();
    let jpeg_bytes = body.len();
    let hands: Vec<Value> = frame.hands.iter().map(|hand| hand_header(hand, surface, &mut body)).collect();
    let intrinsics = frame.camera.intrinsics;
    let header = json!({
        "kind": "frame", "number": frame.number, "time_s": frame.time_s, "counts": counts,
        "intrinsics": intrinsics, "jpeg_bytes": jpeg_bytes, "hands": hands,
        "error_mm": frame.error_mm, "stages_ms": frame.stages, "lost": frame.lost,
    });
    record(&header, &body)
}

/// What is said of a hand; its vertices go to the end of the body.
fn hand_header(hand: &HandView, surface: &HandSurface, body: &mut Vec<u8>) -> Value {
    let estimate = &hand.estimate;
    let mesh = estimate.fit.as_ref().and_then(|fit| surface.vertices(fit, estimate.side));
    if let Some(PackedVertices { steps, .. }) = &mesh {
        body.extend(steps.as_flattened().iter().flat_map(|v| v.to_le_bytes()));
    }
    let finite_px = |p: &Option<Vec2>| p.filter(|p| p.is_finite()).map(|p| p.to_array());
    let finite_m = |p: &Option<Vec3>| p.filter(|p| p.is_finite()).map(|p| p.to_array());
    json!({
        "track": estimate.track,
        "side": estimate.side,
        "confidence": estimate.confidence,
        "metric": estimate.metric,
        "box_px": estimate.box_px,
        "px": estimate.keypoints_px.iter().map(finite_px).collect::<Vec<_>>(),
        "px_confidence": estimate.keypoint_confidence,
        "m": estimate.keypoints_camera_m.iter().map(finite_m).collect::<Vec<_>>(),
        "fit_m": estimate.fit.as_ref().map(|fit| fit.keypoints_camera_m.map(|p| finite_m(&Some(p)))).map(Vec::from),
        "truth_px": hand.truth.as_ref().map(|t| t.keypoints_px.iter().map(finite_px).collect::<Vec<_>>()),
        "truth_m": hand.truth.as_ref().map(|t| t.keypoints_camera_m.iter().map(finite_m).collect::<Vec<_>>()),
        "mesh": mesh.map(|m| json!({ "min_m": m.min_m.to_array(), "step_m": m.step_m.to_array() })),
    })
}

/// `None` for a picture that no JPEG can hold.
fn jpeg(picture: &Plane<[u8; 3]>) -> Option<Vec<u8>> {
    let (Ok(width), Ok(height)) = (u16::try_from(picture.width), u16::try_from(picture.height)) else { return None };
    let mut bytes = Vec::new();
    Encoder::new(&mut bytes, JPEG_QUALITY)
        .encode(picture.data.as_flattened(), width, height, ColorType::Rgb)
        .ok()
        .map(|()| bytes)
}

fn record(header: &Value, body: &[u8]) -> Vec<u8> {
    let header = header.to_string();
    let lengths = [header.len() as u32, body.len() as u32];
    let mut bytes: Vec<u8> = lengths.iter().flat_map(|n| n.to_le_bytes()).collect();
    bytes.extend(header.as_bytes());
    bytes.extend(body);
    bytes
}
