//! From one scene to one sample: pose, backdrop, picture, labels, sensor.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use crate::assets::{AssetError, Assets};
use crate::backdrop::{self, Backdrop, BackdropError};
use crate::camera::Camera;
use crate::dataset::{OutputSettings, Sample};
use crate::frame::{Frame, Plane};
use crate::label::{self, Labels};
use crate::posed::{self, PoseError, PosedScene};
use crate::render::{RenderError, Renderer};
use crate::rig::Rig;
use crate::scene::{Film, Scene, SceneHand, SolidKind};
use crate::seed::SampleId;
use crate::sensor::{self, SensorError, SensorImage};

/// Quality of a JPEG file whose scene asks for no loss.
const LOSSLESS_QUALITY: u8 = 100;
/// Size of a pixel on a hand from which the coarse rig serves, metres: its error stays below half a pixel.
const COARSE_FOOTPRINT_M: f32 = 0.001;

/// Why a scene became no sample.
#[derive(Debug, thiserror::Error)]
pub enum StudioError {
    /// A rig or a picture is missing or damaged.
    #[error(transparent)]
    Asset(#[from] AssetError),
    /// A hand could not be posed.
    #[error(transparent)]
    Pose(#[from] PoseError),
    /// The background could not be made.
    #[error(transparent)]
    Backdrop(#[from] BackdropError),
    /// The picture could not be drawn.
    #[error(transparent)]
    Render(#[from] RenderError),
    /// The renderer returned fewer pictures than it was given scenes.
    #[error("drawing failed: the picture is missing")]
    NotDrawn,
    /// The picture could not be compressed.
    #[error(transparent)]
    Sensor(#[from] SensorError),
}

/// Rigs, backgrounds and a renderer: everything that turns scenes into samples. Shared between threads.
pub struct Studio {
    /// Rigs and backgrounds.
    pub assets: Assets,
    /// What draws.
    pub renderer: Box<dyn Renderer>,
}

impl Studio {
    /// The sample of a scene, with the pictures that the settings ask for.
    pub fn shoot(&self, index: u64, scene: Scene, output: &OutputSettings) -> Result<Sample, StudioError> {
        let set = self.set(&scene)?;
        let frame = self.renderer.render(&set.posed, &set.backdrop)?;
        let shot = Shot::new(&set, frame, output)?;
        Ok(shot.with(index, scene))
    }

    /// The samples of several scenes, drawn together.
    pub fn shoot_all(&self, scenes: Vec<(u64, Scene)>, output: &OutputSettings) -> Vec<Result<Sample, StudioError>> {
        let sets: Vec<_> = scenes.iter().map(|(_, scene)| self.set(scene)).collect();
        let good = || sets.iter().filter_map(|set| set.as_ref().ok());
        let jobs: Vec<_> = good().map(|set| (&set.posed, &set.backdrop)).collect();
        let frames = self.renderer.render_batch(&jobs);
        let mut shots: VecDeque<_> = good().zip(frames).map(|(set, frame)| Shot::new(set, frame?, output)).collect();
        let faults: Vec<_> = sets.into_iter().map(Result::err).collect();
        let sample = |((index, scene), fault): ((u64, Scene), Option<StudioError>)| match fault {
            Some(fault) => Err(fault),
            None => Ok(shots.pop_front().transpose()?.ok_or(StudioError::NotDrawn)?.with(index, scene)),
        };
        scenes.into_iter().zip(faults).map(sample).collect()
    }

    /// A scene posed before its backdrop.
    fn set<'a>(&self, scene: &'a Scene) -> Result<Set<'a>, StudioError> {
        Ok(Set { posed: self.pose(scene)?, backdrop: backdrop::resolve(scene, &self.assets)? })
    }

    /// The scene with the rigs that it names, skinned. Hands that are small in the picture have fewer triangles.
    pub fn pose<'a>(&self, scene: &'a Scene) -> Result<PosedScene<'a>, StudioError> {
        let rig = |hand: &SceneHand| {
            let small = footprint_m(hand, &scene.camera) > COARSE_FOOTPRINT_M;
            if small { self.assets.coarse_rig(&hand.rig) } else { self.assets.rig(&hand.rig) }
        };
        let rigs = scene.hands.iter().map(rig).collect::<Result<Vec<Arc<Rig>>, _>>()?;
        let paths = scene.solids.iter().filter_map(|s| match &s.kind {
            SolidKind::Mesh { path, .. } => Some(path),
            _ => None,
        });
        let meshes = paths.map(|path| Ok((path.clone(), self.assets.mesh(path)?)));
        let meshes = meshes.collect::<Result<BTreeMap<_, _>, AssetError>>()?;
        Ok(posed::pose_with(scene, &rigs, &meshes)?)
    }
}

/// What is drawn.
struct Set<'a> {
    posed: PosedScene<'a>,
    backdrop: Backdrop,
}

/// A sample without its scene.
struct Shot {
    labels: Labels,
    frame: Frame,
    pictures: Pictures,
}

impl Shot {
    /// Labels and pictures of a drawn set.
    fn new(set: &Set<'_>, mut frame: Frame, output: &OutputSettings) -> Result<Self, StudioError> {
        let scene = set.posed.scene;
        let labels = label::derive(&set.posed, &frame);
        if !scene.sensor.depth.is_perfect() {
            // labels are those of the exact depth
            let mut noise = noise_of(scene).stream("depth sensor noise");
            frame.depth_z_m = sensor::measure_depth(&frame.depth_z_m, &scene.sensor.depth, &mut noise);
        }
        let pictures = develop(&frame.colour, set.backdrop.gain, scene, output)?;
        Ok(Self { labels, frame, pictures })
    }

    fn with(self, index: u64, scene: Scene) -> Sample {
        let Pictures { rgb, rgb_jpeg, grey } = self.pictures;
        Sample { index, scene, labels: self.labels, frame: self.frame, rgb, grey, rgb_jpeg }
    }
}

/// Size of a pixel at a hand's wrist, metres.
fn footprint_m(hand: &SceneHand, camera: &Camera) -> f32 {
    camera.camera_from_world.point(hand.world_from_wrist.translation_m).z / camera.intrinsics.fx
}

/// Address of the noise of a picture: it belongs to the scene, so that drawing it again gives the same picture.
fn noise_of(scene: &Scene) -> SampleId {
    SampleId { seed: scene.seed, index: scene.clip.map_or(0, |clip| clip.frame) }
}

/// What the cameras of a scene store.
pub struct Pictures {
    /// Of the colour camera.
    pub rgb: Plane<[u8; 3]>,
    /// The colour camera's file, where the settings ask for JPEG.
    pub rgb_jpeg: Option<Vec<u8>>,
    /// Of the grey camera, where the settings ask for it.
    pub grey: Option<Plane<u8>>,
}

/// The pictures that a scene's cameras make of the light that falls on them, times the exposure meter's gain.
pub fn develop(
    light: &Plane<[f32; 3]>,
    gain: f32,
    scene: &Scene,
    output: &OutputSettings,
) -> Result<Pictures, SensorError> {
    let mut noise = noise_of(scene).stream("sensor");
    let film = Film { exposure_ev: scene.film.exposure_ev + libm::log2f(gain), ..scene.film };
    let image = sensor::expose(light, &film, &scene.sensor, &mut noise);
    // the grey camera stands beside the colour camera: same light and noise, its own lossless file
    let grey = output.writes_grey().then(|| sensor::grey(&image, scene.sensor.grey_weights));
    let (rgb, rgb_jpeg) = stored_picture(image, scene.sensor.jpeg_quality, output)?;
    Ok(Pictures { rgb, rgb_jpeg, grey })
}

/// Pixels, and the JPEG file they stand for if that is what is stored.
type StoredPicture = (Plane<[u8; 3]>, Option<Vec<u8>>);

/// The picture as the dataset stores it: the camera's JPEG as it is, or decoded again where the format wants PNG.
fn stored_picture(
    image: SensorImage,
    quality: Option<u8>,
    output: &OutputSettings,
) -> Result<StoredPicture, SensorError> {
    if output.writes_jpeg() {
        let bytes = sensor::jpeg_encode(&image, quality.unwrap_or(LOSSLESS_QUALITY))?;
        return Ok((plane(image), Some(bytes)));
    }
    let image = match quality {
        Some(quality) => sensor::jpeg_round_trip(&image, quality)?,
        None => image,
    };
    Ok((plane(image), None))
}

fn plane(image: SensorImage) -> Plane<[u8; 3]> {
    Plane { width: image.width, height: image.height, data: image.rgb }
}
