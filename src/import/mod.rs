//! Reads foreign files into our types, validating on entry.
//!
//! * [`rig_file`]: our own rigs as `.glb`, written and read back bit for bit.
//! * [`import_foreign`]: any other skinned hand, with a [`RigMapping`].
//! * [`motion_from_csv`], [`motion_from_json`], [`motion_from_glb`]: recorded motion of hands.
//! * [`read_picture`]: JPEG, PNG, HDR and EXR as linear light.
//! * [`read_object`]: closed meshes of things to hold, from glTF and OBJ.
//! * [`check_rig`]: what every rig must fulfil, whatever it came from.

mod check_rig;
mod error;
mod foreign;
mod glb;
mod mapping;
mod motion;
mod object;
mod picture;
pub mod rig_file;

pub use check_rig::check_rig;
pub use error::{Fault, ImportError};
pub use foreign::import_foreign;
pub use mapping::{Axis, RigMapping, Scheme};
pub use motion::{MotionMapping, motion_from_csv, motion_from_glb, motion_from_json, motion_to_csv};
pub use object::{MAX_OBJECT_TRIANGLES, OBJECT_SIZE_M, ObjectMesh, read_object};
pub use picture::{MAX_PIXELS, Picture, read_picture};
pub use rig_file::{RigMeta, from_glb, to_glb};

#[cfg(test)]
mod tube_hand;
