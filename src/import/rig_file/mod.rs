//! Our own rigs as binary glTF.
//!
//! Any viewer shows the hand: mesh, skin, morph targets and a plain skin material. What glTF has no word for stands in
//! the object `extras.handloom` of the file: degrees of freedom, limits, capsules, parts and skin maps. Hand space is
//! kept as it is (+X radial, +Y distal, +Z palmar, metres), which in a viewer is a hand pointing up, palm to the front.
//!
//! The same rig gives the same bytes, and reading them gives the same rig, bit for bit.

mod extras;
mod read;
mod write;

pub use read::from_glb;
pub use write::to_glb;

/// Where a rig file comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RigMeta {
    /// Program and version that made it.
    pub generator: String,
    /// Owner and licence.
    pub copyright: String,
}

#[cfg(test)]
mod tests;
