//! Everything a preset may say, resolved: no field is optional, defaults are already filled in.
//!
//! Names and nesting are those of the files. `presets/reference.toml` holds the default of every key; the limits of
//! the numbers are the table [`limits`](super::limits).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::distribution::{Choice, Distribution};
use crate::camera::Lens;
use crate::rig::{HandSide, Sex};
use crate::scene::FilmCurve;

/// Version of the preset format read by this build.
pub const FORMAT_VERSION: u32 = 1;

/// What may happen: the distributions from which scenes are drawn, and what is written of them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Preset {
    /// Version of this format.
    pub format_version: u32,
    /// One line for lists.
    pub description: String,
    /// Seed of everything random, 0 to 2^63 - 1.
    pub seed: u64,
    /// A folder below rigs/, or a path to a rig.toml or .glb.
    pub rig: String,
    /// What is written, and how.
    pub output: Output,
    /// Parts of the dataset, in order.
    pub split: Vec<Split>,
    /// How many hands, and where they are to each other.
    pub hands: Hands,
    /// How people's hands differ.
    pub shape: Shape,
    /// How hands are bent.
    pub pose: Pose,
    /// What hands hold.
    pub objects: Objects,
    /// What stands in front of hands.
    pub occluders: Occluders,
    /// How skin looks.
    pub skin: Skin,
    /// What is worn, and the body behind the hands.
    pub wear: Wear,
    /// Where the camera stands and how it projects.
    pub camera: Camera,
    /// Lights that cast shadows.
    pub light: Light,
    /// Light from everywhere.
    pub environment: Environment,
    /// What lies behind the hands.
    pub background: Background,
    /// From linear light to picture values.
    pub film: Film,
    /// What the sensor and the file format do to the picture.
    pub sensor: Sensor,
    /// What a depth camera does to the depth picture.
    pub depth_sensor: DepthSensor,
    /// Clips: how hands and camera move from picture to picture.
    pub sequence: Sequence,
}

/// What is written, and how.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Output {
    /// Layout of the dataset.
    pub format: Format,
    /// Samples in one tar file; only for `tar`.
    pub samples_per_shard: u64,
    /// Colour picture.
    pub rgb: RgbFormat,
    /// Write the grey picture.
    pub grey: bool,
    /// Depth picture.
    pub depth: DepthFormat,
    /// One step of the 16-bit depth, metres.
    pub depth_unit_m: f32,
    /// Write the mask of hand parts.
    pub mask: bool,
    /// Write the mask of hands.
    pub instance: bool,
}

/// Layout of a dataset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// One file per picture in a folder per split.
    Loose,
    /// `WebDataset` tar files.
    Tar,
    /// The tree of the Rendered Hand Dataset.
    Rhd,
    /// COCO keypoints: pictures and one JSON file per split.
    Coco,
    /// The tree of `FreiHAND`: one right hand per picture of 224 x 224 pixels.
    Freihand,
    /// YOLO pose: pictures and one text file for each.
    Yolo,
}

/// Colour picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
pub enum RgbFormat {
    /// The sensor's own JPEG.
    Jpg,
    /// The sensor's JPEG decoded again, as PNG.
    Png,
}

/// Depth picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DepthFormat {
    /// 16-bit PNG in steps of `depth_unit_m`.
    Png,
    /// 32-bit float EXR, metres.
    Exr,
    /// Both of them.
    Both,
    /// Not written.
    None,
}

/// A part of the dataset, such as `train`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Split {
    /// Name, and folder below the dataset.
    pub name: String,
    /// Samples.
    pub count: u64,
    /// Person numbers, half-open; disjoint ranges keep persons apart.
    pub subjects: [u32; 2],
    /// Action numbers, half-open; an action is a base pose that samples vary.
    pub actions: [u32; 2],
}

/// How many hands, and where they are to each other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Hands {
    /// Hands in a picture.
    pub count: Choice<u8>,
    /// Side of the first hand; a second hand is the other side.
    pub side: Choice<HandSide>,
    /// How two hands are to each other.
    pub arrangement: Choice<Arrangement>,
    /// Gap between the bounding spheres of two hands that are apart, metres; negative: closer together.
    pub separation_m: Distribution,
    /// Gap between the flesh of two hands that are together, millimetres.
    pub contact_gap_mm: Distribution,
}

/// How two hands are to each other. All but `apart` are in contact or nearly so; all but `apart` and `side_by_side` have
/// poses of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Arrangement {
    /// Beside each other, as far as `separation_m` says.
    Apart,
    /// Mirror images that touch with the thumbs' or the little fingers' sides.
    SideBySide,
    /// Palm to palm.
    Praying,
    /// Fingertips to fingertips.
    Steeple,
    /// The fingers of each between those of the other.
    Interlocked,
    /// The palm of one on the back of the other.
    Over,
    /// A fist in the other's palm.
    Clasped,
}

impl Arrangement {
    /// Name in files, such as `side_by_side`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Apart => "apart",
            Self::SideBySide => "side_by_side",
            Self::Praying => "praying",
            Self::Steeple => "steeple",
            Self::Interlocked => "interlocked",
            Self::Over => "over",
            Self::Clasped => "clasped",
        }
    }
}

/// How people's hands differ.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Shape {
    /// Whose measurements the hand is drawn from.
    pub sex: Choice<Sex>,
    /// Age of adults, years.
    pub age_years: Distribution,
    /// Share of people who are children, 0 to 1.
    pub children: f32,
    /// Age of children, years.
    pub child_age_years: Distribution,
    /// Factor on the spread of the survey; 0 gives mean hands.
    pub spread: f32,
}

/// How hands are bent: a mixture of five families, then the wrist.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pose {
    /// Share of named gestures; the shares need not add to 1.
    pub gestures: f32,
    /// Share of grasps of the GRASP taxonomy, around an object that is not there.
    pub grasps: f32,
    /// Share of mixtures of synergies: the principal components of all gestures and grasps.
    pub synergies: f32,
    /// Share of poses with coupled joints.
    pub coupled: f32,
    /// Share of poses near the joints' limits.
    pub near_limit: f32,
    /// Gestures and grasps that alone are drawn, whatever the shares; empty: no restriction.
    pub names: Vec<String>,
    /// Synergies in a mixture.
    pub synergy_count: Choice<u8>,
    /// Added to every joint of an action, degrees.
    pub noise_deg: Distribution,
    /// Flexion of the wrist, degrees; negative is extension.
    pub wrist_flexion_deg: Distribution,
    /// Deviation of the wrist, degrees; positive to the radial side (the thumb's), naturally a little negative.
    pub wrist_deviation_deg: Distribution,
    /// Poses in which the flesh of two parts overlaps deeper than this are drawn again, millimetres.
    pub max_penetration_mm: f32,
}

/// What hands hold. Clips hold nothing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Objects {
    /// Share of pictures, of one hand or two apart, in which one holds a thing.
    pub held: f32,
    /// Which hand of two holds it.
    pub hand: Choice<HoldingHand>,
    /// Grasps of `rigs/grasps.toml` that alone are drawn; empty: all, or those in `pose.names`.
    pub grasps: Vec<String>,
    /// Things, of which those are drawn that suit the grasp.
    pub kind: Choice<ThingKind>,
    /// Where a thing's size lies in the range of its grasp, 0 smallest to 1 largest.
    pub size: Distribution,
    /// What things are made of.
    pub material: Choice<ThingMaterial>,
    /// Share of things with a printed pattern.
    pub pattern: f32,
    /// Share of held things that are meshes from `folder`.
    pub meshes: f32,
    /// Folder of your own closed meshes: .glb, .gltf, .obj; metres, +Y up.
    pub folder: String,
    /// Longest side that meshes are scaled to, metres; 0 leaves them as they are.
    pub mesh_size_m: Distribution,
}

/// Which hand of a picture holds a thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "plain names")]
pub enum HoldingHand {
    First,
    Second,
}

/// A kind of thing to hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "plain names")]
pub enum ThingKind {
    Can,
    Bottle,
    Glass,
    Mug,
    Hammer,
    Rod,
    Pen,
    Screwdriver,
    Ball,
    Egg,
    Cube,
    Lid,
    Dish,
    Card,
    Phone,
    Book,
    Block,
}

impl ThingKind {
    /// Name in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Can => "can",
            Self::Bottle => "bottle",
            Self::Glass => "glass",
            Self::Mug => "mug",
            Self::Hammer => "hammer",
            Self::Rod => "rod",
            Self::Pen => "pen",
            Self::Screwdriver => "screwdriver",
            Self::Ball => "ball",
            Self::Egg => "egg",
            Self::Cube => "cube",
            Self::Lid => "lid",
            Self::Dish => "dish",
            Self::Card => "card",
            Self::Phone => "phone",
            Self::Book => "book",
            Self::Block => "block",
        }
    }
}

/// What a thing is made of; none lets light through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "plain names")]
pub enum ThingMaterial {
    Plastic,
    Wood,
    Metal,
    Ceramic,
    Cardboard,
    Rubber,
    Glass,
    Leaf,
}

/// What stands between hands and camera, in front of them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Occluders {
    /// Share of pictures with occluders.
    pub share: f32,
    /// How many of them.
    pub count: Choice<u8>,
    /// Their shape.
    pub kind: Choice<OccluderKind>,
    /// Their largest extent, metres; bars are twice as long.
    pub size_m: Distribution,
    /// How far from the hand towards the camera, 0 at the hand to 1 at the camera.
    pub nearness: Distribution,
    /// Share with a printed pattern.
    pub pattern: f32,
    /// Largest share of a picture's keypoints that occluders may hide.
    pub max_hidden: f32,
}

/// Shape of an occluder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OccluderKind {
    /// Ellipsoids grown together.
    Blob,
    /// A flat board or card.
    Plate,
    /// A long round bar.
    Bar,
    /// Leaves on a stem.
    Leaves,
}

/// How skin looks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Skin {
    /// Tone, 1 lightest to 10 darkest.
    pub tone: Choice<u8>,
    /// Factor on the tone's own blood fraction.
    pub blood: Distribution,
    /// Perceptual roughness of the skin.
    pub roughness: Distribution,
    /// Factor on the specular reflectance of skin.
    pub specular: Distribution,
    /// Perceptual roughness of the nails.
    pub nail_roughness: Distribution,
    /// Factor on the depth of creases, wrinkles and nail folds.
    pub relief: Distribution,
    /// Water or sweat on the skin in one picture, 0 dry to 1 wet.
    pub wetness: Distribution,
    /// Factor on the veins and tendons of the person's age.
    pub veins: Distribution,
    /// Density of hair on forearm and fingers of an adult, 0 none to 1 dense.
    pub hair: Distribution,
    /// Density of freckles, 0 none to 1 dense; dark skin shows fewer.
    pub freckles: Distribution,
    /// Density of age spots at 80 years, 0 none to 1 dense; they begin at 40.
    pub age_spots: Distribution,
    /// Share of people with nail varnish.
    pub varnish: f32,
    /// Share of hands with a scar.
    pub scar: f32,
    /// Share of hands with a tattoo.
    pub tattoo: f32,
}

/// What is worn, and the body behind the hands. Watch, bracelet and rings belong to a person, the rest to a picture.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Wear {
    /// Share of pictures with the person's body behind the hands, where one can stand there.
    pub body: f32,
    /// End of the sleeves as a share of the way along the arm: 0 no sleeves, 1 the wrist.
    pub sleeve: Distribution,
    /// Distance of hanging cloth from the skin, millimetres.
    pub looseness_mm: Distribution,
    /// Depth of folds, 0 none, 1 ordinary.
    pub folds: Distribution,
    /// Share of people with a watch.
    pub watch: f32,
    /// Share of people with a bracelet.
    pub bracelet: f32,
    /// Share of people with rings.
    pub rings: f32,
    /// Share of pictures with thin gloves (rubber, cotton).
    pub thin_gloves: f32,
    /// Share of pictures with thick gloves (leather, knit, for work).
    pub thick_gloves: f32,
}

/// Where the camera stands and how it projects.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Camera {
    /// Columns.
    pub width_px: u32,
    /// Rows.
    pub height_px: u32,
    /// Focal length, pixels, the same in columns and rows.
    pub focal_px: Distribution,
    /// Offset of both coordinates of the principal point from the picture's centre, pixels.
    pub principal_offset_px: Distribution,
    /// `"pinhole"`, or a table of coefficients as in scene files.
    pub lens: Lens,
    /// From the camera to the middle of the hands, metres.
    pub distance_m: Distribution,
    /// Direction of the camera around the world's vertical, degrees.
    pub azimuth_deg: Distribution,
    /// Height of the camera above the horizon seen from the hands, degrees.
    pub elevation_deg: Distribution,
    /// Turn around the optical axis, degrees.
    pub roll_deg: Distribution,
    /// 0: the hands' middle is the picture's; 1: as far out as `min_in_frame` allows.
    pub off_centre: Distribution,
    /// Least share of the hands' keypoints inside the picture.
    pub min_in_frame: f32,
}

/// Lights that cast shadows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Light {
    /// Lights in a picture.
    pub count: Choice<u8>,
    /// Height above the horizon, degrees.
    pub elevation_deg: Distribution,
    /// Direction around the world's vertical, degrees.
    pub azimuth_deg: Distribution,
    /// Irradiance of the strongest light; 1 lights a white surface to 1.
    pub intensity: Distribution,
    /// Irradiance of each other light, as a share of the strongest.
    pub secondary_share: Distribution,
    /// Colour temperature, kelvin.
    pub temperature_k: Distribution,
    /// Half angle of the light's disc, degrees: softens shadows.
    pub angular_radius_deg: Distribution,
}

/// Light from everywhere.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Environment {
    /// Radiance of the sky's middle.
    pub intensity: Distribution,
    /// Share of pictures whose room, gradient or panorama also lights the hands.
    pub from_background: f32,
}

/// What lies behind the hands: a mixture of kinds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Background {
    /// Share of plain colours; the shares need not add to 1.
    pub colour: f32,
    /// Share of noise with the spectrum of natural pictures.
    pub noise: f32,
    /// Share of discs and boxes that hide each other.
    pub dead_leaves: f32,
    /// Share of furnished rooms.
    pub room: f32,
    /// Share of gradients with lamps.
    pub gradient: f32,
    /// Share of pictures from `folder`.
    pub pictures: f32,
    /// Folder of your own pictures. JPEG, PNG: behind the hands; HDR, EXR: around them.
    pub folder: String,
    /// Mean of the background, linear.
    pub brightness: Distribution,
}

/// From linear light to picture values.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Film {
    /// Stops added to the exposure.
    pub exposure_ev: Distribution,
    /// How far the exposure follows the light on the hands: 0 not at all, 1 fully.
    pub metering: Distribution,
    /// Error of the gains of red and blue against green, a fraction.
    pub white_balance_error: Distribution,
    /// Gain of red against green, beside the error.
    pub red_gain: Distribution,
    /// Gain of blue against green, beside the error.
    pub blue_gain: Distribution,
    /// Tone curve.
    pub curve: FilmCurve,
}

/// What the sensor and the file format do to the picture.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sensor {
    /// Electrons at white: shot noise is its square root; 0 is noiseless.
    pub full_well_e: Distribution,
    /// Standard deviation of the read noise, electrons.
    pub read_noise_e: Distribution,
    /// Darkening of the corners, 0 none to 1 full.
    pub vignetting: Distribution,
    /// 0 keeps JPEG quality 100, 60 leaves 40, percent.
    pub jpeg_loss_percent: Distribution,
    /// Weights of red, green and blue in the grey picture; they add to 1.
    pub grey_weights: [f32; 3],
    /// Standard deviation of a Gaussian blur of the optics, pixels; moves no label.
    pub blur_px: Distribution,
}

/// What a depth camera does to the depth picture; labels follow the exact depth. Noise at depth z metres is
/// `noise_mm + noise_mm_per_m z + noise_mm_per_m2 z²`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DepthSensor {
    /// Standard deviation of the noise along the axis, millimetres.
    pub noise_mm: Distribution,
    /// Its growth with depth, millimetres per metre.
    pub noise_mm_per_m: Distribution,
    /// Its growth with the square of depth, millimetres per square metre.
    pub noise_mm_per_m2: Distribution,
    /// Depth is rounded to multiples of this, millimetres; 0 is not rounded.
    pub step_mm: Distribution,
    /// Share of pixels that are empty, anywhere on a surface.
    pub holes: Distribution,
    /// Share of pixels beside a jump of depth that are empty.
    pub edge_holes: Distribution,
}

/// Clips: consecutive samples that show one person, light and background while hands and camera move.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sequence {
    /// Frames of one clip; 0 makes single pictures. The last clip of a split may be shorter.
    pub frames: u64,
    /// Frames in a second.
    pub rate_hz: f32,
    /// Duration of one movement, seconds.
    pub move_s: Distribution,
    /// Rest after a movement, seconds; negative: the next one begins before it ends.
    pub hold_s: Distribution,
    /// Share of movements in which the fingers take up another pose.
    pub change_pose: f32,
    /// Delay of each digit behind the wrist, seconds, at most a third of the movement.
    pub onset_s: Distribution,
    /// Peak speed of the wrist in a movement, metres per second; the way is 8/15 of speed times duration.
    pub wrist_speed_m_s: Distribution,
    /// The wrist stays about this near to where it began, metres.
    pub reach_m: f32,
    /// Turn of the forearm about its own axis, degrees, from where it began.
    pub roll_deg: Distribution,
    /// Tremor of the wrist, and as much again of the fingertips: effective value, millimetres.
    pub tremor_mm: Distribution,
    /// Middle of the tremor's band, hertz.
    pub tremor_hz: Distribution,
    /// Share of clips with two hands that move as one.
    pub together: f32,
    /// What the camera does.
    pub camera: Choice<CameraMotion>,
    /// Fastest turn of a drifting camera about the hands, degrees per second.
    pub drift_deg_s: Distribution,
    /// Sway of a camera on a head: effective value at the hands, millimetres.
    pub sway_mm: Distribution,
    /// Share of clips that play one of `motions`.
    pub imported: f32,
    /// Recorded motions: CSV or JSON of joint angles, or animated characters as .glb.
    pub motions: Vec<String>,
    /// Mapping file for the characters; empty: the bones have Mixamo's names.
    pub mapping: String,
}

/// What the camera does during a clip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CameraMotion {
    /// Stands on a tripod.
    Still,
    /// Swings slowly around the hands.
    Drift,
    /// Sits on a head that breathes, turns and steps.
    Sway,
}
