//! What did happen: one picture's hands, camera, light and background as plain, saved data. No I/O, no randomness.
//!
//! Every sample stores its scene; `handloom render scene.toml` makes the same picture again.

use glam::Vec3;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::camera::Camera;
use crate::math::RigidTransform;
use crate::rig::{HandPose, HandShape, HandSide, Person};

mod solid;
mod wear;

pub use solid::{
    Instance, InstanceKind, Pattern, PatternKind, SkinTone, Solid, SolidClass, SolidKind, SurfaceMaterial,
};
pub use wear::{Arm, Band, Glove, Ring, Sleeve, Watch, Wear};

/// Version of the scene format written by this build.
pub const FORMAT_VERSION: u32 = 1;

/// Everything that decides one picture and its labels.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scene {
    /// [`FORMAT_VERSION`] of the writer.
    pub format_version: u32,
    /// Seed of everything that is still drawn after the scene is known (sensor noise, procedural textures).
    pub seed: u64,
    /// Where the camera stands and how it projects.
    pub camera: Camera,
    /// One or two hands; instance ids are 1, 2 in this order.
    pub hands: Vec<SceneHand>,
    /// Everything else that stands before the background; instance ids follow the hands'.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub solids: Vec<Solid>,
    /// A thing was to be held and no try put it into the hand.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub empty_handed: bool,
    /// Directional lights, strongest first; each casts a shadow.
    pub lights: Vec<DirectionalLight>,
    /// Light from everywhere.
    pub environment: Environment,
    /// What is seen behind the hands.
    pub background: Background,
    /// From linear light to picture values.
    pub film: Film,
    /// What the sensor and the file format do to the picture.
    pub sensor: Sensor,
    /// Place in a clip; `None` for a single picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clip: Option<ClipFrame>,
}

/// Which frame of which clip a picture is.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClipFrame {
    /// Number of the clip in the dataset, from 0.
    pub clip: u64,
    /// Number of the frame in the clip, from 0; each has its own sensor noise.
    pub frame: u64,
    /// Time since the clip's first frame, seconds.
    pub time_s: f64,
}

/// One hand.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SceneHand {
    /// Rig name or file, as in the preset.
    pub rig: String,
    /// Left hands are mirrored right hands.
    pub side: HandSide,
    /// Number of the person the hand belongs to, from 0 over the dataset.
    pub subject: u32,
    /// Who the hand belongs to.
    #[serde(default)]
    pub person: Person,
    /// Coefficients of the rig's blend shapes.
    pub shape: HandShape,
    /// Name of the gesture or family the pose came from.
    pub gesture: String,
    /// Joint angles, radians.
    pub pose: HandPose,
    /// Hand space (of the right hand, or its mirror image) to world.
    pub world_from_wrist: RigidTransform,
    /// Skin.
    pub skin: SkinMaterial,
    /// The upper arm; without one the forearm ends at the elbow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arm: Option<Arm>,
    /// Clothes and jewellery.
    #[serde(default, skip_serializing_if = "Wear::is_empty")]
    pub wear: Wear,
}

/// Appearance of the skin of one hand.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SkinMaterial {
    /// Tone 1..=10 (S1..S10), a label; the colour comes from `melanin` and `blood`.
    pub tone: u8,
    /// Volume fraction of melanosomes in the epidermis of the back of the hand.
    pub melanin: f32,
    /// Volume fraction of blood in the dermis.
    pub blood: f32,
    /// Perceptual roughness of the skin, 0..1.
    pub roughness: f32,
    /// Factor on the specular reflectance of skin (1 is F0 = 0.028).
    pub specular: f32,
    /// Perceptual roughness of the nails, 0..1.
    pub nail_roughness: f32,
    /// Factor on the depth of creases, wrinkles and nail folds.
    pub relief: f32,
    /// Water or sweat on the skin: 0 dry to 1 wet.
    #[serde(default)]
    pub wetness: f32,
    /// What else tells people apart.
    #[serde(default)]
    pub traits: SkinTraits,
}

/// Marks and structures of one person's skin.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SkinTraits {
    /// Factor on creases and wrinkles beside `relief`.
    pub wrinkles: f32,
    /// Height and colour of veins: 0 none, 1 those of a slim adult.
    pub veins: f32,
    /// Height of the tendons of straight fingers, likewise.
    pub tendons: f32,
    /// 0 none to 1 dense.
    pub freckles: f32,
    /// Brown spots of age on the back: 0 none to 1 many.
    pub age_spots: f32,
    /// Hair on forearm and fingers: 0 none to 1 dense.
    pub hair: f32,
    /// Its colour, linear red green blue.
    pub hair_rgb: [f32; 3],
    /// Moves freckles, spots and hairs about.
    pub seed: u32,
    /// Nail varnish.
    pub varnish: Option<Varnish>,
    /// A scar on the back of hand or forearm.
    pub scar: Option<Scar>,
    /// A tattoo on the back of hand or forearm.
    pub tattoo: Option<Tattoo>,
}

impl Default for SkinTraits {
    fn default() -> Self {
        Self {
            wrinkles: 1.0,
            veins: 1.0,
            tendons: 1.0,
            freckles: 0.0,
            age_spots: 0.0,
            hair: 0.0,
            hair_rgb: [0.02, 0.012, 0.008],
            seed: 0,
            varnish: None,
            scar: None,
            tattoo: None,
        }
    }
}

/// Paint on the nails.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Varnish {
    /// Linear red green blue.
    pub rgb: [f32; 3],
    /// Perceptual roughness, 0..1.
    pub roughness: f32,
    /// 0 clear to 1 opaque.
    pub cover: f32,
}

/// Place of a mark on the back of hand or forearm.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decal {
    /// Millimetres in hand space of the mean hand in the bind pose: radial, distal.
    pub at_mm: [f32; 2],
    /// Turn of its long axis out of the distal direction, radians.
    pub turn_rad: f32,
    /// From end to end, millimetres.
    pub length_mm: f32,
}

/// A healed cut.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scar {
    /// Where it is.
    pub decal: Decal,
    /// Across, millimetres.
    pub width_mm: f32,
    /// Height, millimetres; negative is sunken.
    pub height_mm: f32,
    /// 0 old and pale to 1 fresh and red.
    pub redness: f32,
}

/// Dark ink below the skin.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tattoo {
    /// Where it is; it fills a disc.
    pub decal: Decal,
    /// What it shows.
    pub pattern: TattooPattern,
    /// 0 faded to 1 black.
    pub darkness: f32,
}

/// What a tattoo shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TattooPattern {
    /// Lines across, with a row of dots.
    Bands,
    /// Rings and petals.
    Mandala,
    /// Pointed waves.
    Blades,
    /// Arrow lines.
    Chevrons,
}

/// Light from far away.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DirectionalLight {
    /// Unit vector in the world from the scene towards the light.
    pub to_light: Vec3,
    /// Irradiance on a surface that faces the light, linear red green blue; a white diffuse surface then reflects this colour.
    pub irradiance: [f32; 3],
    /// Half angle of the light's disc, radians: softens the shadow.
    pub angular_radius_rad: f32,
}

/// Light from everywhere.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Environment {
    /// Three-colour sky: from below, from the side, from above. Linear radiance (1 lights a white surface to 1).
    Sky {
        /// From straight down.
        ground: [f32; 3],
        /// From the horizon.
        horizon: [f32; 3],
        /// From straight up.
        zenith: [f32; 3],
    },
    /// The background itself (room, gradient or panorama) lights the hands, times a factor.
    Background {
        /// Factor on the background's radiance.
        gain: f32,
    },
}

/// What is seen behind the hands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Background {
    /// One colour, linear.
    Colour {
        /// Linear red green blue.
        rgb: [f32; 3],
    },
    /// A file of the user's: flat picture (JPEG, PNG) cropped to the frame, brightness scaled.
    Picture {
        /// Path as found, below the folder named in the preset.
        path: String,
        /// Left, top, width, height of the crop as fractions of the picture.
        crop: [f32; 4],
        /// Mirror left and right.
        flip: bool,
        /// Factor on linear light.
        gain: f32,
    },
    /// A file of the user's: equirectangular panorama (HDR, EXR) around the scene.
    Panorama {
        /// Path as found, below the folder named in the preset.
        path: String,
        /// Turn about the world's vertical, radians.
        yaw_rad: f32,
        /// Factor on linear light.
        gain: f32,
    },
    /// Noise with amplitude spectrum 1/f^exponent, coloured between two colours.
    Noise {
        /// Which texture of the pool.
        texture: u32,
        /// Exponent of the amplitude spectrum.
        exponent: f32,
        /// Linear colours at the low and high end.
        colours: [[f32; 3]; 2],
        /// Left, top, size of the crop as fractions of the texture (wraps around).
        crop: [f32; 3],
    },
    /// Occluding discs and boxes with power-law sizes ("dead leaves").
    DeadLeaves {
        /// Which texture of the pool.
        texture: u32,
        /// Left, top, size of the crop as fractions of the texture (wraps around).
        crop: [f32; 3],
        /// Factor on linear light, per channel.
        gain: [f32; 3],
    },
    /// A box-shaped room with textured walls, furniture boxes, windows and lamps; it has real extent around the scene.
    Room {
        /// Width, height, depth, metres; the world's origin is inside.
        size_m: [f32; 3],
        /// Centre of the room in the world, metres.
        centre_m: [f32; 3],
        /// Turn about the world's vertical, radians.
        yaw_rad: f32,
        /// Picks walls, furniture and lamps.
        seed: u64,
        /// Factor on linear light.
        gain: f32,
    },
    /// A high dynamic range gradient: sky above, ground below, and bright lamps.
    Gradient {
        /// Linear radiance straight down.
        ground: [f32; 3],
        /// Linear radiance at the horizon.
        horizon: [f32; 3],
        /// Linear radiance straight up.
        zenith: [f32; 3],
        /// Soft lamps.
        lamps: Vec<Lamp>,
    },
}

/// A soft disc of light in a [`Background::Gradient`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lamp {
    /// Unit vector in the world towards the lamp.
    pub to_lamp: Vec3,
    /// Half angle, radians.
    pub angular_radius_rad: f32,
    /// Linear radiance.
    pub radiance: [f32; 3],
}

/// From linear light to picture values.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Film {
    /// Stops added to the exposure.
    pub exposure_ev: f32,
    /// How far the exposure follows the light that falls on the hands: 0 not at all, 1 a white surface always comes to 1.
    #[serde(default)]
    pub metering: f32,
    /// Gains of red, green and blue: an imperfect white balance.
    pub white_balance: [f32; 3],
    /// Tone curve.
    pub curve: FilmCurve,
}

/// Tone curve from exposed linear light to display light.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FilmCurve {
    /// Shoulder and toe of a film.
    #[default]
    Filmic,
    /// Clipped at 1.
    Clip,
}

/// What the sensor and the file format do to the picture; none of it moves a pixel.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sensor {
    /// Electrons at white: shot noise is its square root. 0 is a noiseless sensor.
    pub full_well_e: f32,
    /// Standard deviation of the read noise, electrons.
    pub read_noise_e: f32,
    /// Darkening of the corners, 0 none to 1 full cos⁴.
    pub vignetting: f32,
    /// JPEG quality 1..=100 of the picture; `None` is uncompressed.
    pub jpeg_quality: Option<u8>,
    /// Weights of red, green and blue in the grey picture; they add to 1.
    pub grey_weights: [f32; 3],
    /// Standard deviation of the Gaussian by which the optics blur the light, pixels; moves no label. 0 is sharp.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub blur_px: f32,
    /// What the depth camera does to the depth picture.
    #[serde(default, skip_serializing_if = "DepthSensor::is_perfect")]
    pub depth: DepthSensor,
}

/// Faults of a depth camera; all zero is the exact depth of the scene.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DepthSensor {
    /// Standard deviation of the noise along the axis at depth z (metres) is `noise[0] + noise[1] z + noise[2] z²` metres.
    pub noise: [f32; 3],
    /// Depth is rounded to multiples of this, metres; 0 is not rounded.
    pub step_m: f32,
    /// Probability that a pixel is empty, anywhere.
    pub holes: f32,
    /// Probability that a pixel beside a jump in depth is empty.
    pub edge_holes: f32,
}

impl DepthSensor {
    /// Whether depth stays as it is.
    pub fn is_perfect(&self) -> bool {
        *self == Self::default()
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the form that serde calls")]
fn is_zero(value: &f32) -> bool {
    *value == 0.0
}
