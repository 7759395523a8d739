//! Which bones of an animated character are the joints of its hands.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::import::mapping::{Axis, RigMapping};
use crate::import::{Fault, ImportError};
use crate::near::nearest;
use crate::rig::{HandSide, Joint};

/// Bones with Mixamo's names.
const MIXAMO: &str = include_str!("../../../rigs/mixamo/motion.toml");
/// Stands for the word of a side in the names of bones.
const SIDE: &str = "{side}";

/// A mapping file for animated characters: the form of a rig's mapping, for both hands at once.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MotionMapping {
    /// Name of the way of naming.
    pub name: String,
    /// Metres per unit of the model; glTF's unit is the metre.
    #[serde(default = "one")]
    pub unit_m: f32,
    /// What may stand before the names of all bones; the first that fits the file is taken.
    #[serde(default = "no_prefix")]
    pub prefixes: Vec<String>,
    /// What `{side}` in the names stands for.
    pub side: Sides,
    /// The wrist's path is told in the space of this bone, so that a walk is none; absent: of the world.
    pub root: Option<String>,
    /// Joint of ours for each bone, the word of the side written `{side}`.
    pub joints: BTreeMap<String, Joint>,
    /// The axis about which the bones' own frames flex, as in the mapping of a rig.
    pub flexion_axis: Option<Axis>,
}

/// The words for the sides, such as `Left` and `Right`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sides {
    pub left: String,
    pub right: String,
}

fn one() -> f32 {
    1.0
}

fn no_prefix() -> Vec<String> {
    vec![String::new()]
}

impl MotionMapping {
    /// The mapping of characters with Mixamo's names.
    pub fn mixamo() -> Result<Self, ImportError> {
        Self::from_toml(MIXAMO)
    }

    /// Reads and checks a mapping file.
    pub fn from_toml(text: &str) -> Result<Self, ImportError> {
        let mapping: Self = toml::from_str(text).map_err(|source| ImportError::Mapping { source: Box::new(source) })?;
        if !mapping.joints.keys().any(|name| name.contains(SIDE)) {
            let problem = "no name of a bone holds `{side}`";
            return Err(Fault::new("joints", problem, "write `{side}` where the names say left or right").into());
        }
        for side in [HandSide::Left, HandSide::Right] {
            mapping.expanded("", side).check()?;
        }
        Ok(mapping)
    }

    /// The mapping of one hand, with the prefix that the file's bones have; `None` if the file has no such hand.
    pub(super) fn of_side(&self, side: HandSide, nodes: &[&str]) -> Option<RigMapping> {
        let fits = |mapping: &RigMapping| {
            mapping.joints.iter().any(|(name, joint)| *joint == Joint::Wrist && nodes.contains(&name.as_str()))
        };
        let mut mapping = self.prefixes.iter().map(|prefix| self.expanded(prefix, side)).find(fits)?;
        // tips, forearm and metacarpals may be missing
        mapping.joints.retain(|name, joint| nodes.contains(&name.as_str()) || RigMapping::needs(*joint));
        Some(mapping)
    }

    /// The node that the wrist's path is told by.
    pub(super) fn root_node<'a>(&self, nodes: &[&'a str]) -> Option<&'a str> {
        let root = self.root.as_ref()?;
        let names = self.prefixes.iter().map(|prefix| format!("{prefix}{root}"));
        names.into_iter().find_map(|name| nodes.iter().find(|node| **node == name).copied())
    }

    /// Neither hand is there.
    pub(super) fn no_hand(&self, nodes: &[&str]) -> Fault {
        let wrist = self.joints.iter().find(|(_, joint)| **joint == Joint::Wrist).map_or("", |(name, _)| name);
        let wanted = |prefix: &String| format!("{prefix}{}", wrist.replace(SIDE, &self.side.right));
        let wanted: Vec<String> = self.prefixes.iter().map(wanted).collect();
        let near = wanted.iter().find_map(|name| nearest(name, nodes.iter().copied()));
        let near = near.map_or_else(String::new, |n| format!("; nearest is `{n}`"));
        let problem = format!("the model has neither `{}` nor the like of the left hand{near}", wanted.join("`, `"));
        Fault::new("nodes", problem, "name the bones of both hands in a mapping file, as in rigs/mixamo/motion.toml")
    }

    fn expanded(&self, prefix: &str, side: HandSide) -> RigMapping {
        let word = if side == HandSide::Left { &self.side.left } else { &self.side.right };
        let joints = self.joints.iter().map(|(name, joint)| (format!("{prefix}{}", name.replace(SIDE, word)), *joint));
        RigMapping {
            name: self.name.clone(),
            side,
            unit_m: self.unit_m,
            scheme: None,
            joints: joints.collect(),
            flexion_axis: self.flexion_axis,
        }
    }
}
