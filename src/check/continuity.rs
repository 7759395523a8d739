//! What must hold from frame to frame of a clip: one person, light and camera, and hands that move as hands can.

use glam::Vec3;

use super::rules::Fault;
use crate::dataset::SampleLabel;
use crate::rig::DOFS;
use crate::rig::joint::LANDMARK_NAMES;
use crate::scene::Scene;

/// No keypoint is faster, metres per second: a fingertip in a throw.
pub const FASTEST_M_S: f32 = 8.0;
/// No joint turns faster, radians per second: a finger that snaps.
pub const FASTEST_RAD_S: f32 = 60.0;

/// Walks through labels in their order.
#[derive(Debug, Default)]
pub struct Continuity {
    last: Option<SampleLabel>,
}

impl Continuity {
    /// Faults of a label against the one before it.
    pub fn next(&mut self, label: &SampleLabel) -> Vec<Fault> {
        let found = self.last.as_ref().map(|last| faults_between(last, label)).unwrap_or_default();
        self.last = label.clip.is_some().then(|| label.clone());
        found
    }
}

/// Faults of a label against an earlier one; none if they are of different clips.
pub fn faults_between(earlier: &SampleLabel, label: &SampleLabel) -> Vec<Fault> {
    let (Some(clip), Some(frame), Some(time_s)) = (label.clip, label.frame, label.time_s) else { return Vec::new() };
    let (Some(before), Some(earlier_s)) = (earlier.frame, earlier.time_s) else { return Vec::new() };
    if earlier.clip != Some(clip) {
        return Vec::new();
    }
    let fault = |message: String| Fault { rule: "clip", message };
    if frame <= before || time_s <= earlier_s {
        let message = format!("frame {frame} at {time_s} s stands after frame {before} at {earlier_s} s");
        return vec![fault(message)];
    }
    let mut found: Vec<Fault> = differences(earlier, label)
        .into_iter()
        .map(|what| fault(format!("{what} differs from that of frame {before}")))
        .collect();
    if earlier.hands.len() == label.hands.len() {
        found.extend(jumps(earlier, label, (time_s - earlier_s) as f32).into_iter().map(fault));
    }
    found
}

/// What frames of a clip share and these do not.
fn differences(a: &SampleLabel, b: &SampleLabel) -> Vec<&'static str> {
    let hands = |same: fn(&crate::dataset::HandRecord, &crate::dataset::HandRecord) -> bool| {
        a.hands.len() == b.hands.len() && a.hands.iter().zip(&b.hands).all(|(a, b)| same(a, b))
    };
    let scenes = |same: fn(&Scene, &Scene) -> bool| match (&a.scene, &b.scene) {
        (Some(a), Some(b)) => same(a, b),
        _ => true,
    };
    let checks = [
        ("the number of hands", a.hands.len() == b.hands.len()),
        ("the side of a hand", hands(|a, b| a.side == b.side)),
        ("the subject", hands(|a, b| (a.subject, a.tone, &a.shape) == (b.subject, b.tone, &b.shape))),
        ("the camera matrix", (a.width, a.height, a.k) == (b.width, b.height, b.k)),
        ("the lens", a.lens == b.lens),
        ("the background", scenes(|a, b| a.background == b.background && a.seed == b.seed)),
        ("the light", scenes(|a, b| a.lights == b.lights && a.environment == b.environment)),
    ];
    checks.into_iter().filter(|(_, same)| !same).map(|(what, _)| what).collect()
}

/// Faster than a limit, or not a number.
fn exceeds(speed: f32, limit: f32) -> bool {
    speed.is_nan() || speed > limit
}

/// Keypoints and joints that move faster than a hand's.
fn jumps(a: &SampleLabel, b: &SampleLabel, step_s: f32) -> Vec<String> {
    let mut found = Vec::new();
    let world = |label: &SampleLabel, p: Vec3| label.camera_from_world.inverse().point(p);
    for (before, after) in a.hands.iter().zip(&b.hands) {
        let points = before.keypoints_camera_m.iter().zip(&after.keypoints_camera_m);
        let speeds = points.map(|(p, q)| Some(world(a, (*p)?).distance(world(b, (*q)?)) / step_s));
        let fastest = speeds.enumerate().filter_map(|(k, speed)| Some((k, speed?))).max_by(|x, y| x.1.total_cmp(&y.1));
        if let Some((k, speed)) = fastest.filter(|(_, speed)| exceeds(*speed, FASTEST_M_S)) {
            let name = LANDMARK_NAMES[k];
            found.push(format!(
                "hand {}: keypoint `{name}` moves at {speed:.1} m/s (at most {FASTEST_M_S})",
                after.instance
            ));
        }
        let (Some(from), Some(to)) = (before.pose_rad, after.pose_rad) else { continue };
        let turns = from.0.iter().zip(to.0).map(|(p, q)| (p - q).abs() / step_s);
        let fastest = turns.enumerate().max_by(|x, y| x.1.total_cmp(&y.1));
        if let Some((k, speed)) = fastest.filter(|(_, speed)| exceeds(*speed, FASTEST_RAD_S)) {
            let name = DOFS[k].name();
            found
                .push(format!("hand {}: `{name}` turns at {speed:.0} rad/s (at most {FASTEST_RAD_S})", after.instance));
        }
    }
    found
}
