//! How the joints of a foreign model answer to ours: the mapping file of `handloom rig import`.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Fault, ImportError};
use crate::near::edits;
use crate::rig::joint::DIGITS;
use crate::rig::{HandSide, JOINTS, Joint};

/// What has to be said about a foreign model before it can be read.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RigMapping {
    /// Name of the rig that results.
    pub name: String,
    /// The hand that the model shows; a left one is mirrored.
    pub side: HandSide,
    /// Metres per unit of the model; glTF's unit is the metre.
    #[serde(default = "one")]
    pub unit_m: f32,
    /// Joints named by a known scheme, instead of `joints`.
    pub scheme: Option<Scheme>,
    /// Joint of ours for each node name of the model, instead of `scheme`. Nodes not named join their nearest named ancestor.
    #[serde(default)]
    pub joints: BTreeMap<String, Joint>,
    /// The axis about which the model's own joint frames flex; which way round is worked out.
    /// Without it, the plane in which a finger is bent decides, and for straight fingers the palm.
    pub flexion_axis: Option<Axis>,
}

/// Known ways of naming joints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scheme {
    /// The 25 names of `WebXR`, which are ours too.
    WebXr,
}

/// An axis of a joint's frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "plain names")]
pub enum Axis {
    X,
    Y,
    Z,
}

impl Axis {
    /// Unit vector.
    pub(super) fn unit(self) -> glam::Vec3 {
        match self {
            Self::X => glam::Vec3::X,
            Self::Y => glam::Vec3::Y,
            Self::Z => glam::Vec3::Z,
        }
    }
}

fn one() -> f32 {
    1.0
}

/// The joints without which a hand cannot be made up: the wrist and the three joints of each digit that bend.
fn required() -> impl Iterator<Item = Joint> {
    std::iter::once(Joint::Wrist).chain(DIGITS.into_iter().flat_map(|d| d.chain().into_iter().take(3)))
}

impl RigMapping {
    /// Read and check a mapping file.
    pub fn from_toml(text: &str) -> Result<Self, ImportError> {
        let mapping: Self = toml::from_str(text).map_err(|source| ImportError::Mapping { source: Box::new(source) })?;
        mapping.check()?;
        Ok(mapping)
    }

    pub(super) fn check(&self) -> Result<(), ImportError> {
        let mut faults = Vec::new();
        if !(self.unit_m.is_finite() && self.unit_m > 0.0) {
            let problem = format!("is {}", self.unit_m);
            faults.push(Fault::new("unit_m", problem, "a positive number of metres, such as 0.01 for centimetres"));
        }
        if self.scheme.is_some() != self.joints.is_empty() {
            let problem = "exactly one of `scheme` and `joints` must be given";
            faults.push(Fault::new("joints", problem, "write `scheme = \"webxr\"`, or a table of node names"));
        }
        for joint in JOINTS {
            let names: Vec<&str> = self.joints.iter().filter(|(_, j)| **j == joint).map(|(n, _)| n.as_str()).collect();
            if names.len() > 1 {
                let problem = format!("`{}` stands for `{}`", names.join("` and `"), joint.name());
                faults.push(Fault::new("joints", problem, "name one node per joint; nodes below it join it"));
            }
            if self.scheme.is_none() && names.is_empty() && required().any(|r| r == joint) {
                let problem = format!("no node stands for `{}`", joint.name());
                faults.push(Fault::new("joints", problem, "the wrist and the bending joints of all digits are needed"));
            }
        }
        ImportError::from_faults(faults)
    }

    /// Whether a hand cannot be made up without a joint.
    pub(super) fn needs(joint: Joint) -> bool {
        required().any(|r| r == joint)
    }

    /// The joint of ours that a node of the model stands for.
    pub(super) fn joint(&self, node_name: &str) -> Option<Joint> {
        match self.scheme {
            Some(Scheme::WebXr) => Joint::from_name(node_name),
            None => self.joints.get(node_name).copied(),
        }
    }

    /// Check that the model has the nodes that the mapping needs, each once.
    pub(super) fn check_nodes(&self, nodes: &[&str]) -> Result<(), ImportError> {
        let wanted: Vec<&str> = match self.scheme {
            Some(Scheme::WebXr) => required().map(Joint::name).collect(),
            None => self.joints.keys().map(String::as_str).collect(),
        };
        let mut faults = Vec::new();
        for name in wanted {
            let hint = "node names are written as in the model";
            match nodes.iter().filter(|n| **n == name).count() {
                1 => {}
                0 => {
                    let problem = format!("the model has no node `{name}`; nearest are {}", nearest(name, nodes));
                    faults.push(Fault::new("joints", problem, hint));
                }
                n => faults.push(Fault::new("joints", format!("the model has {n} nodes `{name}`"), hint)),
            }
        }
        ImportError::from_faults(faults)
    }
}

/// The three names that take the fewest edits, upper and lower case being equal; quoted.
fn nearest(name: &str, names: &[&str]) -> String {
    let mut ranked: Vec<(usize, &str)> =
        names.iter().map(|n| (edits(&name.to_lowercase(), &n.to_lowercase()), *n)).collect();
    ranked.sort_unstable();
    ranked.dedup();
    let quoted: Vec<String> = ranked.iter().take(3).map(|(_, n)| format!("`{n}`")).collect();
    quoted.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scheme_needs_no_table() {
        let mapping = RigMapping::from_toml("name = \"x\"\nside = \"left\"\nscheme = \"webxr\"").unwrap();
        assert_eq!(mapping.joint("thumb-tip"), Some(Joint::ThumbTip));
        assert_eq!(mapping.joint("Armature"), None);
        assert_eq!(mapping.unit_m.to_bits(), 1.0_f32.to_bits());
    }

    #[test]
    fn faults_of_a_mapping_are_listed_together() {
        let text = "name = \"x\"\nside = \"left\"\nunit_m = -1\n[joints]\nhand = \"wrist\"\npalm = \"wrist\"";
        let message = RigMapping::from_toml(text).unwrap_err().to_string();
        for part in ["`unit_m`: is -1", "`hand` and `palm` stands for `wrist`", "no node stands for `thumb-metacarpal`"]
        {
            assert!(message.contains(part), "{part} not in {message}");
        }
        assert!(!message.contains("`thumb-tip`"), "{message}");
    }

    #[test]
    fn unknown_joints_and_keys_are_refused() {
        let message = |text: &str| RigMapping::from_toml(text).unwrap_err().to_string();
        let text = message("name = \"x\"\nside = \"left\"\n[joints]\nhand = \"thumb-elbow\"");
        assert!(text.contains("thumb-elbow") && text.contains("thumb-phalanx-distal"), "{text}");
        let text = message("name = \"x\"\nside = \"left\"\nscheme = \"webxr\"\nscale = 2");
        assert!(text.contains("scale") && text.contains("unit_m"), "{text}");
    }

    #[test]
    fn missing_nodes_are_named_with_their_neighbours() {
        let mapping = RigMapping::from_toml("name = \"x\"\nside = \"left\"\nscheme = \"webxr\"").unwrap();
        let text = mapping.check_nodes(&["Wrist", "wirst", "index", "elbow"]).unwrap_err().to_string();
        assert!(text.contains("no node `wrist`; nearest are `Wrist`, `wirst`, `elbow`"), "{text}");
    }
}
