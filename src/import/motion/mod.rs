//! Recorded motion of hands: tables of joint angles (CSV, JSON) and animated characters (binary glTF).

mod animation;
mod mapping;
mod retarget;
mod table;

pub use mapping::MotionMapping;
pub use retarget::motion_from_glb;
pub use table::{motion_from_csv, motion_from_json, motion_to_csv};

#[cfg(test)]
mod tests;
