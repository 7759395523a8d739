//! (Preset, sample index) to [`Scene`]: draws everything that differs from picture to picture.
//!
//! Each thing sampled has its own file and its own stream, so that a draw more in one leaves the others as they were.
//! People and actions belong to the dataset: person 7 and action 12 are the same in every sample, whatever else changes.

pub mod background;
pub mod body;
pub mod camera;
mod clearance;
pub mod environment;
mod figure;
pub mod film_sensor;
pub mod hands;
mod holding;
pub mod light;
pub mod motion;
pub mod objects;
pub mod pair;
mod pair_repair;
pub mod pose;
pub mod shape;
pub mod skin;
mod skin_marks;
pub mod wear;

use std::sync::Arc;

pub use background::BackgroundFile;

use crate::preset::Preset;
use crate::preset::types::Arrangement;
use crate::rig::{HandMotion, HandPose, HandSide, Joint, Rig};
use crate::scene::{FORMAT_VERSION, Scene, SceneHand, Wear};
use crate::seed::{SampleId, dataset_stream};
use camera::InPicture;
use figure::Figure;
use hands::{HandToPlace, PlacedHand};
use holding::Wish;
use motion::{Cast, Clip, ClipPlace, Motion};
use objects::{MeshFile, ObjectSampler};
use pose::{Action, Flesh, GestureError, PoseSampler};
use shape::{DrawnPerson, ShapeSampler};
use wear::Clothes;

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
    /// No thing suits a grasp.
    #[error(
        "preparing to sample failed: none of the things in `objects.kind` suits a grasp of `objects.grasps` at its sizes\n\
         hint: leave one of the two lists at its default, or set `objects.held` to 0; `rigs/grasps.toml` says what each grasp holds"
    )]
    NothingToHold,
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

/// Colours of hair, linear: black, dark brown, brown, blond, grey.
const HAIR: [[f32; 3]; 5] =
    [[0.008, 0.007, 0.006], [0.03, 0.018, 0.010], [0.09, 0.05, 0.022], [0.35, 0.23, 0.10], [0.32, 0.31, 0.30]];

/// Draws the scenes of one preset.
#[derive(Debug, Clone)]
pub struct SceneSampler {
    preset: Preset,
    rig: Arc<Rig>,
    files: Vec<BackgroundFile>,
    poses: PoseSampler,
    shapes: ShapeSampler,
    objects: ObjectSampler,
    motions: Vec<HandMotion>,
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
        let objects = ObjectSampler::new(&preset, &rig, &poses);
        if !objects.suits_some() {
            return Err(SampleError::NothingToHold);
        }
        let (motions, clips) = (Vec::new(), motion::Memory::default());
        Ok(Self { preset, rig, files, poses, shapes, objects, motions, clips })
    }

    /// The same with the meshes found in the preset's folder of things to hold.
    #[must_use]
    pub fn with_meshes(mut self, meshes: Vec<MeshFile>) -> Self {
        self.objects.set_meshes(meshes);
        self
    }

    /// The same with the recorded motions that `sequence.motions` names; their angles are brought into the rig's limits.
    ///
    /// The number of moments of each in which some angle was outside is returned, too.
    #[must_use]
    pub fn with_motions(mut self, mut motions: Vec<HandMotion>) -> (Self, Vec<usize>) {
        let outside = motions.iter_mut().map(|motion| motion.clamp(&self.rig.limits)).collect();
        self.motions = motions;
        (self, outside)
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
        let (hands, subject, wish) = self.hands(id, at.split, true);
        let mut scene = self.scene(id, hands, &[subject])?;
        self.add_objects(id, wish, &mut scene);
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
        // clips hold nothing
        let (hands, ..) = self.hands(id, split, false);
        let shape = hands.first().map(|hand| hand.shape.clone()).unwrap_or_default();
        let flesh = Flesh::new(&self.rig, &shape);
        let actions = self.preset.split[split].actions;
        let cast = Cast { poses: &self.poses, flesh: &flesh, actions, motions: &self.motions };
        let motion = Motion::new(&self.preset, id, &cast, &hands);
        let pictures = motion.pictures(&flesh, &hands);
        Ok(Clip::new(self.scene(id, hands, &pictures)?, motion))
    }

    /// All of a scene around hands that are seen as in the pictures given.
    fn scene(&self, id: SampleId, mut hands: Vec<SceneHand>, pictures: &[InPicture]) -> Result<Scene, SampleError> {
        let preset = &self.preset;
        let mut stream = id.stream("body");
        let whole = stream.chance(preset.wear.body);
        let aimed =
            |elbows_may_show: bool| camera::camera(&preset.camera, pictures, elbows_may_show, &mut id.stream("camera"));
        let clothes = Clothes::new(&preset.wear, hands.first().map_or(0, |hand| hand.subject), id);
        clothes.dress(&mut hands, id);
        let figure = hands.first().filter(|_| whole).map(|hand| self.figure(hand, &clothes, id));
        let mut camera = aimed(whole)?;
        let body = figure.and_then(|figure| body::stand_behind(&mut hands, &self.rig, &camera, &figure, &mut stream));
        if body.is_none() {
            // arms that end nowhere are kept out of the picture
            camera = if whole { aimed(false)? } else { camera };
            body::lone_arms(&mut hands, &self.rig, &camera, &mut stream);
        }
        let solids = body.unwrap_or_default();
        let camera_at = camera.camera_from_world.inverse().translation_m;
        let background =
            background::background(&preset.background, &self.files, camera_at, &mut id.stream("background"));
        Ok(Scene {
            format_version: FORMAT_VERSION,
            seed: background::exact_integer(&mut id.stream("scene")),
            camera,
            hands,
            solids,
            empty_handed: false,
            lights: light::lights(&preset.light, &mut id.stream("light")),
            environment: environment::environment(&preset.environment, &background, &mut id.stream("environment")),
            background,
            film: film_sensor::film(&preset.film, id),
            sensor: film_sensor::sensor(&preset.sensor, &preset.depth_sensor, id),
            clip: None,
        })
    }

    /// The person behind a hand. Hair belongs to the person, trousers to the picture.
    fn figure(&self, hand: &SceneHand, clothes: &Clothes, id: SampleId) -> Figure {
        let forearm = |skeleton: &crate::rig::Skeleton| skeleton.offset_m[Joint::Wrist.index()].length();
        let scale = forearm(&self.rig.shaped_skeleton(&hand.shape)) / forearm(&self.rig.skeleton).max(1e-3);
        let mut person = dataset_stream(id.seed, "hair of subject", u64::from(hand.subject));
        Figure {
            scale: if scale.is_finite() { scale.clamp(0.6, 1.5) } else { 1.0 },
            skin: hand.skin,
            shirt: clothes.shirt,
            trousers: wear::cloth(&mut id.stream("trousers")),
            hair: HAIR[person.weighted(&[0.4, 0.25, 0.15, 0.1, 0.1]).unwrap_or(0)],
            hair_length: person.unit(),
        }
    }

    /// The hands of one person, where they are in the world, and what one of them holds.
    fn hands(&self, id: SampleId, split: usize, may_hold: bool) -> (Vec<SceneHand>, InPicture, Wish) {
        let preset = &self.preset;
        let split = &preset.split[split];
        let mut stream = id.stream("hands");
        let count = preset.hands.count.sample(&mut stream).unwrap_or(1).clamp(1, 2);
        let first = preset.hands.side.sample(&mut stream).unwrap_or(HandSide::Right);
        let [from, to] = split.subjects;
        let persons = to.saturating_sub(from).max(1) as usize;
        let subject = from + id.stream("subject").index(persons) as u32;
        let DrawnPerson { person: whose, shape } = self.shapes.subject(subject);
        let flesh = Flesh::new(&self.rig, &shape);
        let sides = [first, other_side(first)];
        let arrangement = match count {
            2 => preset.hands.arrangement.sample(&mut id.stream("arrangement")).unwrap_or(Arrangement::Apart),
            _ => Arrangement::Apart,
        };
        // the poses of most arrangements are their own, and `pose.names` asks for others
        let is_asked = preset.pose.names.is_empty() || pair::parts(arrangement).is_none();
        let arrangement = if is_asked { arrangement } else { Arrangement::Apart };
        let person = Person { flesh: &flesh, sides, actions: split.actions };
        let may_hold = may_hold && arrangement == Arrangement::Apart;
        let (wanted, mut stream) = self.wants_held(id);
        let asked = may_hold && wanted;
        let holding = if asked { self.holding(id, count, &person, &shape, &mut stream) } else { None };
        let (drawn, placed, held) = if let Some((drawn, placed, held)) = holding {
            (drawn, placed, Some(held))
        } else {
            let together = self.together(id, arrangement, &person);
            let (drawn, placed) = together.unwrap_or_else(|| self.apart(id, arrangement, count, &person));
            (drawn, placed, None)
        };
        let in_picture = InPicture {
            keypoints_m: placed.iter().flat_map(|p| p.landmarks_m).collect(),
            elbows_m: placed.iter().map(|p| p.elbow_m).collect(),
        };
        let skin = skin::skin(&preset.skin, subject, whose.age_years, id);
        let hands = sides.into_iter().zip(drawn).zip(placed).map(|((side, action), placed)| SceneHand {
            rig: preset.rig.clone(),
            side,
            subject,
            person: whose,
            shape: shape.clone(),
            gesture: action.name,
            pose: action.pose,
            world_from_wrist: placed.world_from_wrist,
            skin,
            arm: None,
            wear: Wear::default(),
        });
        (hands.collect(), in_picture, Wish { asked, held })
    }

    /// An action of the split for each hand.
    fn actions(&self, id: SampleId, count: u8, person: &Person) -> Vec<Action> {
        let streams = ["pose", "pose of second hand"].into_iter().take(usize::from(count));
        streams.map(|name| self.poses.sample(person.flesh, person.actions, &mut id.stream(name))).collect()
    }

    /// One hand, or two beside each other. If another arrangement was wanted and could not be had, their names say so.
    fn apart(&self, id: SampleId, wanted: Arrangement, count: u8, person: &Person) -> (Vec<Action>, Vec<PlacedHand>) {
        let mut drawn = self.actions(id, count, person);
        let mut to_place = Vec::new();
        for (side, action) in person.sides.into_iter().zip(&drawn) {
            let up = self.poses.up(&action.name);
            to_place.push(HandToPlace { side, flesh: person.flesh, pose: &action.pose, up });
        }
        let separation_m = self.preset.hands.separation_m.sample(&mut id.stream("separation"));
        let max_penetration_m = self.preset.pose.max_penetration_mm * 1e-3;
        let placed = hands::place(&to_place, separation_m, max_penetration_m, &mut id.stream("placement"));
        if wanted != Arrangement::Apart {
            for action in &mut drawn {
                action.name = format!("{} (apart, no {})", action.name, wanted.name());
            }
        }
        (drawn, placed)
    }

    /// Two hands in contact; `None` if they are to be apart, or cannot be brought together.
    fn together(
        &self,
        id: SampleId,
        arrangement: Arrangement,
        person: &Person,
    ) -> Option<(Vec<Action>, Vec<PlacedHand>)> {
        if arrangement == Arrangement::Apart {
            return None;
        }
        let stream = &mut id.stream("together");
        let drawn = match pair::parts(arrangement) {
            None => self.actions(id, 2, person),
            Some(parts) => {
                let part = |part: pair::Part| {
                    let pose = self.poses.part(person.flesh, part.gesture, part.wrist_deg, stream)?;
                    Some(Action { name: String::new(), pose })
                };
                parts.into_iter().map(part).collect::<Option<Vec<_>>>()?
            }
        };
        let [first, second] = drawn.as_slice() else { return None };
        let up = [first, second].map(|action| self.poses.up(&action.name));
        if up[1].is_some() && up[0] != up[1] {
            return None;
        }
        let arranging = pair::Arranging {
            flesh: person.flesh,
            repair: self.poses.repair(),
            library: self.poses.library(),
            gap_m: self.preset.hands.contact_gap_mm.sample(stream) * 1e-3,
        };
        let together = arranging.arrange(arrangement, [first.pose, second.pose], stream)?;
        let hand =
            |k: usize| HandToPlace { side: person.sides[k], flesh: person.flesh, pose: &together.poses[k], up: None };
        let placed =
            hands::place_together([hand(0), hand(1)], &together.first_from_second, &mut id.stream("placement"));
        let named = |(action, pose): (&Action, HandPose)| {
            let of = if action.name.is_empty() { String::new() } else { format!(": {}", action.name) };
            Action { name: format!("{}{of}", arrangement.name()), pose }
        };
        Some((drawn.iter().zip(together.poses).map(named).collect(), placed))
    }
}

/// Whose hands they are, and what they may do.
struct Person<'a> {
    flesh: &'a Flesh,
    sides: [HandSide; 2],
    /// Numbers of actions, half-open.
    actions: [u32; 2],
}

fn other_side(side: HandSide) -> HandSide {
    match side {
        HandSide::Left => HandSide::Right,
        HandSide::Right => HandSide::Left,
    }
}
