//! (Preset, sample index) to [`Scene`]: draws everything that differs from picture to picture.
//!
//! Each thing sampled has its own file and its own stream, so that a draw more in one leaves the others as they were.
//! People and actions belong to the dataset: person 7 and action 12 are the same in every sample, whatever else changes.

pub mod background;
pub mod camera;
mod clearance;
pub mod environment;
pub mod film_sensor;
pub mod hands;
pub mod light;
pub mod objects;
pub mod motion;
pub mod pose;
pub mod shape;
pub mod skin;

use std::sync::Arc;

pub use background::BackgroundFile;

use crate::preset::Preset;
use crate::math::mirror_x;
use crate::preset::types::HoldingHand;
use crate::rig::skeleton::landmarks;
use crate::rig::{HandSide, Rig};
use crate::scene::{FORMAT_VERSION, Scene, SceneHand};
use crate::seed::SampleId;
use camera::InPicture;
use hands::{HandToPlace, PlacedHand};
use motion::{Cast, Clip, ClipPlace, Motion};
use pose::{Flesh, GestureError, PoseSampler};
use objects::{Held, ObjectSampler};
use shape::ShapeSampler;

/// Why a scene could not be drawn.
#[derive(Debug, thiserror::Error)]
pub enum SampleError {
    /// The gestures of this build do not fit.
    #[error("preparing to sample failed")]
    Gestures(#[from] GestureError),
    /// The statistics of the built-in rig do not fit.
    #[error("preparing to sample failed: `rigs/adult/rig.toml` has no readable shape statistics")]
    Population(#[source] toml::de::Error),
    /// Pictures are wanted but there are none.
    #[error(
        "preparing to sample failed: `background.pictures` is {share}, but no picture was found in `background.folder` = {folder:?}\n\
         hint: name a folder with JPEG, PNG, HDR or EXR files, or set the share to 0"
    )]
    NoPictures {
        /// Share of pictures in the preset.
        share: f32,
        /// Folder in the preset.
        folder: String,
    },
    /// The dataset has fewer samples.
    #[error("drawing sample {index} failed: the splits of the preset hold {count} samples, legal is 0 to one less")]
    OutOfRange {
        /// Index asked for.
        index: u64,
        /// Samples of all splits.
        count: u64,
    },
    /// The camera stands in the flesh, or forearms hide the hands, from wherever it looks.
    #[error(
        "placing the camera failed: no view keeps the flesh {} m away and in sight\n\
         hint: raise `camera.distance_m` (its largest is {distance_m} m)",
        clearance::NEAREST_M
    )]
    NotClear {
        /// Largest distance of the preset, metres.
        distance_m: f32,
    },
    /// The hands do not fit into the picture.
    #[error(
        "placing the camera failed: at {distance_m} m with a focal length of {focal_px} px, {inside:.2} of the keypoints fit \
         into {} x {} px, `camera.min_in_frame` is {needed}\n\
         hint: raise `camera.distance_m`, lower `camera.focal_px`, lower `camera.min_in_frame`, or bring two hands closer \
         with `hands.separation_m`", size_px[0], size_px[1]
    )]
    Framing {
        /// Largest share of keypoints that fitted.
        inside: f32,
        /// Share that must fit.
        needed: f32,
        /// Largest distance tried.
        distance_m: f32,
        /// Focal length, pixels.
        focal_px: f32,
        /// Columns and rows.
        size_px: [u32; 2],
    },
}

/// Where a sample belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SplitIndex {
    /// Number of the split in the preset.
    pub split: usize,
    /// Number of the sample within the split, from 0.
    pub within: u64,
}

/// Draws the scenes of one preset.
#[derive(Debug, Clone)]
pub struct SceneSampler {
    preset: Preset,
    rig: Arc<Rig>,
    files: Vec<BackgroundFile>,
    poses: PoseSampler,
    shapes: ShapeSampler,
    objects: ObjectSampler,
    clips: motion::Memory,
}

impl SceneSampler {
    /// A sampler for a preset with its rig, and the files found in the preset's background folder.
    ///
    /// # Errors
    ///
    /// [`SampleError::NoPictures`] if the preset wants pictures and there are none.
    pub fn new(preset: Preset, rig: Arc<Rig>, files: Vec<BackgroundFile>) -> Result<Self, SampleError> {
        if preset.background.pictures > 0.0 && files.is_empty() {
            let (share, folder) = (preset.background.pictures, preset.background.folder);
            return Err(SampleError::NoPictures { share, folder });
        }
        let poses = PoseSampler::new(preset.seed, &preset.pose, &rig)?;
        let shapes = ShapeSampler::new(preset.seed, &preset.shape, &rig).map_err(SampleError::Population)?;
        let objects = ObjectSampler::new(&preset, &rig, &poses, Vec::new());
        Ok(Self { preset, rig, files, poses, shapes, objects, clips: motion::Memory::default() })
    }

    /// Samples of all splits.
    pub fn count(&self) -> u64 {
        self.preset.split.iter().map(|s| s.count).sum()
    }

    /// Split of a sample: splits follow each other in the preset's order.
    ///
    /// # Errors
    ///
    /// [`SampleError::OutOfRange`] from the number of samples on.
    pub fn split_of(&self, index: u64) -> Result<SplitIndex, SampleError> {
        let mut within = index;
        for (split, s) in self.preset.split.iter().enumerate() {
            if within < s.count {
                return Ok(SplitIndex { split, within });
            }
            within -= s.count;
        }
        Err(SampleError::OutOfRange { index, count: self.count() })
    }

    /// The scene of a sample; it depends on the preset and the index alone.
    ///
    /// # Errors
    ///
    /// [`SampleError::OutOfRange`] and [`SampleError::Framing`].
    pub fn sample(&self, index: u64) -> Result<Scene, SampleError> {
        let at = self.split_of(index)?;
        if let Some(place) = self.clip_of(index, at) {
            return self.clips.frame(&place, self.preset.sequence.frames, || self.clip(place.first, at.split));
        }
        let id = SampleId { seed: self.preset.seed, index };
        let DrawnHands { hands, in_picture, held } = self.hands(id, at.split, true);
        let mut scene = self.scene(id, hands, &[in_picture])?;
        self.add_objects(id, held, &mut scene);
        Ok(scene)
    }

    /// Where a sample stands in its clip; `None` for single pictures. Clips never reach into the next split.
    pub fn clip_of(&self, index: u64, at: SplitIndex) -> Option<ClipPlace> {
        let frames = self.preset.sequence.frames;
        let frame = at.within.checked_rem(frames)?;
        let earlier: u64 = self.preset.split[..at.split].iter().map(|s| s.count.div_ceil(frames)).sum();
        Some(ClipPlace { clip: earlier + at.within / frames, first: index - frame, frame })
    }

    /// The clip whose first frame has an index.
    fn clip(&self, first: u64, split: usize) -> Result<Clip, SampleError> {
        let id = SampleId { seed: self.preset.seed, index: first };
        let DrawnHands { hands, .. } = self.hands(id, split, false);
        let shape = hands.first().map(|hand| hand.shape.clone()).unwrap_or_default();
        let flesh = Flesh::new(&self.rig, &shape);
        let actions = self.preset.split[split].actions;
        let motion = Motion::new(&self.preset, id, &Cast { poses: &self.poses, flesh: &flesh, actions }, &hands);
        let pictures = motion.pictures(&flesh, &hands);
        Ok(Clip::new(self.scene(id, hands, &pictures)?, motion))
    }

    /// All of a scene around hands that are seen as in the pictures given.
    fn scene(&self, id: SampleId, hands: Vec<SceneHand>, pictures: &[InPicture]) -> Result<Scene, SampleError> {
        let preset = &self.preset;
        let camera = camera::camera(&preset.camera, pictures, &mut id.stream("camera"))?;
        let camera_at = camera.camera_from_world.inverse().translation_m;
        let background =
            background::background(&preset.background, &self.files, camera_at, &mut id.stream("background"));
        Ok(Scene {
            format_version: FORMAT_VERSION,
            seed: background::exact_integer(&mut id.stream("scene")),
            camera,
            hands,
            solids: Vec::new(),
            lights: light::lights(&preset.light, &mut id.stream("light")),
            environment: environment::environment(&preset.environment, &background, &mut id.stream("environment")),
            background,
            film: film_sensor::film(&preset.film, &mut id.stream("film")),
            sensor: film_sensor::sensor(&preset.sensor, &mut id.stream("sensor")),
            clip: None,
        })
    }

    /// Put what is held and what stands in front into a scene.
    fn add_objects(&self, id: SampleId, held: Option<(usize, Held)>, scene: &mut Scene) {
        let keypoints_m = keypoints_m(&self.rig, &scene.hands);
        if let Some((number, held)) = held
            && let Some(hand) = scene.hands.get(number)
            && held.is_clear_of(&hand.world_from_wrist, &scene.camera, &keypoints_m)
        {
            scene.solids.extend(held.solids(&hand.world_from_wrist));
        }
        let occluders = self.objects.occluders(&self.preset, id, &scene.camera, &keypoints_m);
        scene.solids.extend(occluders);
    }

    /// The hands of one person, and where they are in the world.
    fn hands(&self, id: SampleId, split: usize, may_hold: bool) -> DrawnHands {
        let preset = &self.preset;
        let split = &preset.split[split];
        let mut stream = id.stream("hands");
        let count = preset.hands.count.sample(&mut stream).unwrap_or(1).clamp(1, 2);
        let first = preset.hands.side.sample(&mut stream).unwrap_or(HandSide::Right);
        let separation_m = preset.hands.separation_m.sample(&mut stream);
        let [from, to] = split.subjects;
        let people = to.saturating_sub(from).max(1) as usize;
        let subject = from + id.stream("subject").index(people) as u32;
        let shape = self.shapes.subject(subject);
        let flesh = Flesh::new(&self.rig, &shape);
        let sides = [first, other_side(first)];
        let streams = ["pose", "pose of second hand"];
        let mut drawn: Vec<(HandSide, pose::Action)> = sides
            .into_iter()
            .zip(streams)
            .take(usize::from(count))
            .map(|(side, name)| (side, self.poses.sample(&flesh, split.actions, &mut id.stream(name))))
            .collect();
        let holder = match preset.objects.hand.sample(&mut id.stream("holding hand")) {
            Some(HoldingHand::Second) => drawn.len() - 1,
            _ => 0,
        };
        let (side, action) = &drawn[holder];
        let held = if may_hold { self.objects.held(id, split.actions, *side, (&flesh, &shape, &action.pose)) } else { None };
        let bare = drawn.clone();
        if let Some(held) = &held {
            drawn[holder].1 = pose::Action { name: held.grasp.clone(), pose: held.pose };
        }
        let place = |drawn: &[(HandSide, pose::Action)], separation_m: f32| {
            let to_place: Vec<HandToPlace> = drawn
                .iter()
                .map(|(side, action)| HandToPlace { side: *side, flesh: &flesh, pose: &action.pose })
                .collect();
            let max_penetration_m = preset.pose.max_penetration_mm * 1e-3;
            hands::place(&to_place, separation_m, max_penetration_m, &mut id.stream("placement"))
        };
        let is_free = |held: &Held, placed: &[PlacedHand]| {
            let others = drawn.iter().zip(placed).enumerate().filter(|(k, _)| *k != holder);
            others.into_iter().all(|(_, ((side, action), at))| {
                let frames = flesh.skeleton.hand_from_joint(&action.pose);
                let cones = flesh.cones_in_world(&frames, *side, &at.world_from_wrist);
                held.is_free_of(&placed[holder].world_from_wrist, &cones)
            })
        };
        // another hand keeps off what is held
        let apart = held.as_ref().and_then(|held| {
            let tries = APART_M.iter().map(|more| place(&drawn, separation_m + more));
            tries.into_iter().find(|placed| is_free(held, placed))
        });
        let (drawn, placed, held) = match apart {
            Some(placed) => (drawn, placed, held),
            None => {
                let placed = place(&bare, separation_m);
                (bare, placed, None)
            }
        };
        let in_picture = InPicture {
            keypoints_m: placed.iter().flat_map(|p| p.landmarks_m).collect(),
            elbows_m: placed.iter().map(|p| p.elbow_m).collect(),
        };
        let skin = skin::skin(&preset.skin, subject, id);
        let hands = drawn.into_iter().zip(placed).map(|((side, action), placed)| SceneHand {
            rig: preset.rig.clone(),
            side,
            subject,
            shape: shape.clone(),
            gesture: action.name,
            pose: action.pose,
            world_from_wrist: placed.world_from_wrist,
            skin,
        });
        DrawnHands { hands: hands.collect(), in_picture, held: held.map(|held| (holder, held)) }
    }
}

/// Added to the gap between two hands until the other hand keeps off what one holds, metres.
const APART_M: [f32; 4] = [0.0, 0.04, 0.1, 0.2];

/// The hands of a picture.
struct DrawnHands {
    hands: Vec<SceneHand>,
    in_picture: InPicture,
    /// Number of a hand, and what it holds.
    held: Option<(usize, Held)>,
}

/// The 21 keypoints of each hand, world, metres.
fn keypoints_m(rig: &Rig, hands: &[SceneHand]) -> Vec<glam::Vec3> {
    let of = |hand: &SceneHand| {
        let frames = rig.shaped_skeleton(&hand.shape).hand_from_joint(&hand.pose);
        let mirrored = hand.side == HandSide::Left;
        landmarks(&frames).map(|p| hand.world_from_wrist.point(if mirrored { mirror_x(p) } else { p }))
    };
    hands.iter().flat_map(of).collect()
}

fn other_side(side: HandSide) -> HandSide {
    match side {
        HandSide::Left => HandSide::Right,
        HandSide::Right => HandSide::Left,
    }
}
