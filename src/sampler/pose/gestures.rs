//! The library of named hand shapes: gestures and grasps, joint angles as data.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::coupling::Coupling;
use crate::rig::{Dof, HandPose};

/// The gestures of this build.
const GESTURES: &str = include_str!("../../../rigs/gestures.toml");
/// The grasps of this build.
const GRASPS: &str = include_str!("../../../rigs/grasps.toml");

/// Version of the file format that this module reads.
pub const FORMAT_VERSION: u32 = 2;

/// A named pose.
#[derive(Debug, Clone, PartialEq)]
pub struct Gesture {
    /// Name, such as `thumbs_up`.
    pub name: String,
    /// Group, such as `asl`.
    pub group: String,
    /// The gesture of which this is another name; such gestures are drawn only where they are asked for by name.
    pub same_as: Option<String>,
    /// Angles, radians; the wrist is straight.
    pub pose: HandPose,
    /// Flexion and deviation of the wrist, radians; `None` leaves them free.
    pub wrist_rad: Option<[f32; 2]>,
    /// The side that points up in the world; `None` leaves the orientation free.
    pub up: Option<Up>,
}

/// A side of the hand that points up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Up {
    /// The thumb's side.
    Radial,
    /// The little finger's side.
    Ulnar,
}

/// A grasp of the GRASP taxonomy: a hand shape and what it holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Grasp {
    /// Number in the taxonomy, 1 to 33.
    pub number: u8,
    /// The hand around the object.
    pub shape: Gesture,
    /// What such a hand holds.
    pub object: GraspObject,
}

/// What a grasp holds, and where.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GraspObject {
    /// Its form.
    pub kind: ObjectKind,
    /// Least and greatest diameter, of a plate thickness, millimetres.
    pub size_mm: [f32; 2],
    /// Where it is.
    pub at: ObjectPlace,
    /// How it lies: axis of a cylinder, stick or disk, longest side of a plate.
    pub axis: ObjectAxis,
}

/// Form of a held object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "plain names")]
pub enum ObjectKind {
    Cylinder,
    Stick,
    Sphere,
    Disk,
    Plate,
}

/// Where a held object is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ObjectPlace {
    /// It touches the hollow of the palm.
    Palm,
    /// In the middle between the pads of the thumb and of the fingers that oppose it.
    Pads,
    /// Between the thumb's pad and the radial side of the index finger.
    Side,
    /// In the bent fingers, off the palm.
    Fingers,
    /// Between index and middle finger.
    Between,
}

/// How a held object lies in the hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ObjectAxis {
    /// From the thumb's side to the little finger's.
    Across,
    /// Along the hand.
    Along,
    /// Normal to the palm.
    Normal,
    /// Between across and along, towards the thumb.
    Oblique,
}

/// Why the library could not be used.
#[derive(Debug, thiserror::Error)]
pub enum GestureError {
    /// It is no TOML or does not fit.
    #[error("reading the gestures failed: the file does not fit")]
    Parse(#[source] toml::de::Error),
    /// Another version of the format.
    #[error("reading the gestures failed: `format_version` is {found}, legal is {FORMAT_VERSION}")]
    Version {
        /// Version in the file.
        found: u32,
    },
    /// The couplings that angles follow are missing.
    #[error("reading the gestures failed: `rigs/adult/rig.toml` has no readable `couplings`")]
    Couplings(#[source] toml::de::Error),
    /// Nothing to choose from.
    #[error("reading the gestures failed: the library holds none, expected at least one")]
    Empty,
    /// One name for two gestures.
    #[error("reading the gestures failed: `{name}` is there twice")]
    Twice {
        /// The name.
        name: String,
    },
    /// A name that no gesture or grasp has.
    #[error("choosing gestures failed: there is no `{name}`\nhint: `handloom rig gestures` lists all names")]
    Unknown {
        /// The name.
        name: String,
    },
}

/// All gestures and grasps.
#[derive(Debug, Clone, PartialEq)]
pub struct Library {
    /// Gestures by group and name, other names among them.
    pub gestures: Vec<Gesture>,
    /// Grasps by number.
    pub grasps: Vec<Grasp>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GestureFile {
    format_version: u32,
    gesture: BTreeMap<String, BTreeMap<String, Entry>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GraspFile {
    format_version: u32,
    grasp: BTreeMap<String, GraspEntry>,
}

#[derive(Deserialize)]
#[serde(untagged, deny_unknown_fields)]
enum Entry {
    Another { same_as: String },
    Own(Box<Row>),
}

/// Degrees, by digit.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    thumb: [f32; 4],
    index: [f32; 4],
    middle: [f32; 4],
    ring: [f32; 4],
    little: [f32; 4],
    wrist: Option<[f32; 2]>,
    up: Option<Up>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GraspEntry {
    number: u8,
    object: GraspObject,
    thumb: [f32; 4],
    index: [f32; 4],
    middle: [f32; 4],
    ring: [f32; 4],
    little: [f32; 4],
}

impl Library {
    /// The built-in library; angles that follow others are those of the rig's couplings.
    pub fn new(coupling: &Coupling) -> Result<Self, GestureError> {
        Self::parse(GESTURES, GRASPS, coupling)
    }

    fn parse(gestures: &str, grasps: &str, coupling: &Coupling) -> Result<Self, GestureError> {
        let file: GestureFile = toml::from_str(gestures).map_err(GestureError::Parse)?;
        let grasp_file: GraspFile = toml::from_str(grasps).map_err(GestureError::Parse)?;
        let versions = [file.format_version, grasp_file.format_version];
        if let Some(found) = versions.into_iter().find(|v| *v != FORMAT_VERSION) {
            return Err(GestureError::Version { found });
        }
        let mut others = Vec::new();
        let mut library = Self { gestures: Vec::new(), grasps: Vec::new() };
        for (group, entries) in file.gesture {
            for (name, entry) in entries {
                match entry {
                    Entry::Own(row) => library.gestures.push(row.gesture(name, group.clone(), coupling)),
                    Entry::Another { same_as } => others.push((name, group.clone(), same_as)),
                }
            }
        }
        for (name, entry) in grasp_file.grasp {
            library.grasps.push(entry.grasp(name, coupling));
        }
        library.grasps.sort_by_key(|g| g.number);
        for (name, group, same_as) in others {
            let original = library.find(&same_as).ok_or_else(|| GestureError::Unknown { name: same_as.clone() })?;
            let gesture = Gesture { name, group, same_as: Some(same_as), ..original.clone() };
            library.gestures.push(gesture);
        }
        library.judge()?;
        Ok(library)
    }

    /// Whether there is something to choose from, and no name twice.
    fn judge(&self) -> Result<(), GestureError> {
        if self.gestures.is_empty() || self.grasps.is_empty() {
            return Err(GestureError::Empty);
        }
        let mut seen = std::collections::BTreeSet::new();
        match self.all().find(|g| !seen.insert(&g.name)) {
            Some(twice) => Err(GestureError::Twice { name: twice.name.clone() }),
            None => Ok(()),
        }
    }

    /// Gestures, then grasps; other names among them.
    pub fn all(&self) -> impl Iterator<Item = &Gesture> {
        self.gestures.iter().chain(self.grasps.iter().map(|g| &g.shape))
    }

    /// Gestures and grasps that are not another name of one.
    pub fn own(&self) -> impl Iterator<Item = &Gesture> {
        self.all().filter(|g| g.same_as.is_none())
    }

    /// The gesture or grasp of a name.
    pub fn find(&self, name: &str) -> Option<&Gesture> {
        self.all().find(|g| g.name == name)
    }
}

impl Row {
    fn gesture(&self, name: String, group: String, coupling: &Coupling) -> Gesture {
        use Dof as D;
        let columns = [
            ([D::ThumbCmcAbduction, D::ThumbCmcFlexion, D::ThumbMcpFlexion, D::ThumbIpFlexion], self.thumb),
            ([D::IndexMcpAbduction, D::IndexMcpFlexion, D::IndexPipFlexion, D::IndexDipFlexion], self.index),
            ([D::MiddleMcpAbduction, D::MiddleMcpFlexion, D::MiddlePipFlexion, D::MiddleDipFlexion], self.middle),
            ([D::RingMcpAbduction, D::RingMcpFlexion, D::RingPipFlexion, D::RingDipFlexion], self.ring),
            ([D::LittleMcpAbduction, D::LittleMcpFlexion, D::LittlePipFlexion, D::LittleDipFlexion], self.little),
        ];
        let mut pose = HandPose::default();
        for (dofs, degrees) in columns {
            for (dof, angle) in dofs.into_iter().zip(degrees) {
                pose.set(dof, angle.to_radians());
            }
        }
        coupling.apply(&mut pose);
        let wrist_rad = self.wrist.map(|w| w.map(f32::to_radians));
        Gesture { name, group, same_as: None, pose, wrist_rad, up: self.up }
    }
}

impl GraspEntry {
    fn grasp(self, name: String, coupling: &Coupling) -> Grasp {
        let Self { number, object, thumb, index, middle, ring, little } = self;
        let row = Row { thumb, index, middle, ring, little, wrist: None, up: None };
        Grasp { number, shape: row.gesture(name, "grasp".to_owned(), coupling), object }
    }
}
