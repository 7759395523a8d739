//! Reads foreign files into our types, validating on entry.
//!
//! * [`rig_file`]: our own rigs as `.glb`, written and read back bit for bit.
//! * [`check_rig`]: what every rig must fulfil, whatever it came from.

mod check_rig;
mod error;
mod glb;
pub mod rig_file;

pub use check_rig::check_rig;
pub use error::{Fault, ImportError};
pub use rig_file::{RigMeta, from_glb, to_glb};

#[cfg(test)]
mod tube_hand;
