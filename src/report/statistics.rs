//! What a dataset holds, counted over all its samples.

use std::collections::BTreeMap;

use super::histogram::{DirectionMap, Histogram, named_bars};
use super::view;
use crate::dataset::{HandRecord, SampleLabel};
use crate::label::Visibility;
use crate::rig::{DOFS, HandSide};
use crate::scene::{Background, Scene};

/// Histograms of pose, view, distance, tone, light and visibility.
#[derive(Debug, Clone)]
pub struct Statistics {
    samples: u64,
    hands: u64,
    view: DirectionMap,
    plain: Vec<Histogram>,
    angles: Vec<Histogram>,
    named: BTreeMap<&'static str, BTreeMap<String, u64>>,
}

const DISTANCE: usize = 0;
const HAND_SIZE: usize = 1;
const VISIBLE: usize = 2;
const LIGHT: usize = 3;
const LIGHT_ELEVATION: usize = 4;
const FOCAL: usize = 5;
const ROLL: usize = 6;
const JPEG: usize = 7;

impl Default for Statistics {
    fn default() -> Self {
        let angle = |d: crate::rig::Dof| Histogram::new(&d.name().replace('_', " "), "°", [-60.0, 120.0], 36);
        Self {
            samples: 0,
            hands: 0,
            view: DirectionMap::new("camera around the hand (hand space)"),
            plain: vec![
                Histogram::new("distance of the wrist", "m", [0.0, 1.5], 30),
                Histogram::new("longer side of the keypoint box", "px", [0.0, 400.0], 40),
                Histogram::new("visible keypoints of a hand", "of 21", [0.0, 22.0], 22),
                Histogram::new("irradiance of the first light", "", [0.0, 4.0], 32),
                Histogram::new("elevation of the first light", "°", [-90.0, 90.0], 36),
                Histogram::new("focal length", "px", [0.0, 1000.0], 40),
                Histogram::new("hand's direction in the picture", "°", [-180.0, 180.0], 36),
                Histogram::new("JPEG quality", "", [0.0, 101.0], 25),
            ],
            angles: DOFS.into_iter().map(angle).collect(),
            named: BTreeMap::new(),
        }
    }
}

impl Statistics {
    /// Count one sample.
    pub fn add(&mut self, label: &SampleLabel) {
        self.samples += 1;
        self.count("split", &label.split);
        self.count("hands in the picture", &label.hands.len().to_string());
        if let Some(source) = &label.source {
            self.count("source", &source.source);
        }
        if let Some([[fx, ..], ..]) = label.k {
            self.plain[FOCAL].add(fx);
        }
        if let Some(scene) = &label.scene {
            self.add_scene(scene);
        }
        for hand in &label.hands {
            self.add_hand(hand);
        }
    }

    fn add_scene(&mut self, scene: &Scene) {
        self.count("background", background_kind(&scene.background));
        self.count("lights", &scene.lights.len().to_string());
        self.plain[JPEG].add(f32::from(scene.sensor.jpeg_quality.unwrap_or(100)));
        if let Some(light) = scene.lights.first() {
            self.plain[LIGHT].add(light.irradiance[1]);
            self.plain[LIGHT_ELEVATION].add(libm::asinf(light.to_light.y.clamp(-1.0, 1.0)).to_degrees());
        }
    }

    fn add_hand(&mut self, hand: &HandRecord) {
        self.hands += 1;
        self.count(
            "side",
            match hand.side {
                Some(HandSide::Left) => "left",
                Some(HandSide::Right) => "right",
                None => "unknown",
            },
        );
        if let Some(tone) = hand.tone {
            self.count("skin tone", &format!("S{tone:02}"));
        }
        if !hand.gesture.is_empty() {
            self.count("gesture", &hand.gesture);
        }
        if let Some(subject) = hand.subject {
            self.count("person", &format!("{subject:04}"));
        }
        if let Some(camera_in_hand) = view::camera_in_hand(hand) {
            self.view.add(camera_in_hand);
        }
        if let Some(wrist) = hand.keypoints_camera_m[0].or(hand.keypoints_camera_m[9]) {
            self.plain[DISTANCE].add(wrist.length());
        }
        if let Some([_, _, w, h]) = hand.box_keypoints_px {
            self.plain[HAND_SIZE].add(w.max(h));
        }
        let visible = hand.visibility.iter().filter(|v| **v == Visibility::Visible).count();
        self.plain[VISIBLE].add(visible as f32);
        if let (Some(wrist), Some(middle)) = (hand.keypoints_px[0], hand.keypoints_px[9]) {
            let along = middle - wrist;
            self.plain[ROLL].add(libm::atan2f(along.x, -along.y).to_degrees());
        }
        if let Some(pose) = &hand.pose_rad {
            for (histogram, angle) in self.angles.iter_mut().zip(pose.0) {
                histogram.add(angle.to_degrees());
            }
        }
        for seen in &hand.visibility {
            self.count("keypoints", visibility_name(*seen));
        }
    }

    fn count(&mut self, what: &'static str, name: &str) {
        let counts = self.named.entry(what).or_default();
        match counts.get_mut(name) {
            Some(n) => *n += 1,
            None => {
                counts.insert(name.to_owned(), 1);
            }
        }
    }

    /// Number of samples counted.
    pub fn samples(&self) -> u64 {
        self.samples
    }

    /// Number of hands counted.
    pub fn hands(&self) -> u64 {
        self.hands
    }

    /// Charts as SVG: general ones, then joint angles.
    pub fn charts(&self) -> (Vec<String>, Vec<String>) {
        let mut general = vec![self.view.svg()];
        general.extend(self.plain.iter().map(Histogram::svg));
        for (title, counts) in &self.named {
            let counts: Vec<_> = counts.iter().map(|(name, n)| (name.clone(), *n)).collect();
            general.push(named_bars(title, &counts));
        }
        (general, self.angles.iter().map(Histogram::svg).collect())
    }
}

fn background_kind(background: &Background) -> &'static str {
    match background {
        Background::Colour { .. } => "colour",
        Background::Picture { .. } => "picture",
        Background::Panorama { .. } => "panorama",
        Background::Noise { .. } => "noise",
        Background::DeadLeaves { .. } => "dead leaves",
        Background::Room { .. } => "room",
        Background::Gradient { .. } => "gradient",
    }
}

fn visibility_name(v: Visibility) -> &'static str {
    match v {
        Visibility::Visible => "visible",
        Visibility::HiddenBySelf => "hidden by self",
        Visibility::HiddenByOtherHand => "hidden by other hand",
        Visibility::HiddenByArm => "hidden by arm",
        Visibility::HiddenByObject => "hidden by object",
        Visibility::OutsidePicture => "outside",
        Visibility::BehindCamera => "behind camera",
        Visibility::Hidden => "hidden",
        Visibility::Unstated => "not stated",
        Visibility::Absent => "absent",
    }
}
