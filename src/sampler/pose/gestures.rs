//! Named gestures: joint angles as data.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::coupling::Coupling;
use crate::rig::{Dof, HandPose};

/// The gestures of this build.
const GESTURES: &str = include_str!("../../../rigs/gestures.toml");

/// Version of the file format that this module reads.
pub const FORMAT_VERSION: u32 = 1;

/// A named pose.
#[derive(Debug, Clone, PartialEq)]
pub struct Gesture {
    /// Name, such as `thumbs_up`.
    pub name: String,
    /// Angles, radians; the wrist is straight.
    pub pose: HandPose,
}

/// Why the file of gestures could not be used.
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
    #[error("reading the gestures failed: `gesture` holds none, expected at least one")]
    Empty,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    format_version: u32,
    gesture: BTreeMap<String, Row>,
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
}

/// The built-in gestures, by name; angles that follow others are those of the rig's couplings.
pub fn gestures(coupling: &Coupling) -> Result<Vec<Gesture>, GestureError> {
    parse(GESTURES, coupling)
}

fn parse(text: &str, coupling: &Coupling) -> Result<Vec<Gesture>, GestureError> {
    let file: File = toml::from_str(text).map_err(GestureError::Parse)?;
    if file.format_version != FORMAT_VERSION {
        return Err(GestureError::Version { found: file.format_version });
    }
    if file.gesture.is_empty() {
        return Err(GestureError::Empty);
    }
    Ok(file.gesture.into_iter().map(|(name, row)| Gesture { name, pose: row.pose(coupling) }).collect())
}

impl Row {
    fn pose(&self, coupling: &Coupling) -> HandPose {
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
        pose
    }
}
