//! Builds the parametric hand: implicit field, quad cage, subdivision, projection, skin maps.
//!
//! Inside this module lengths are millimetres, as in the anthropometric tables; what leaves it as a rig is in metres.

mod atlas;
pub mod bake;
mod bends;
mod build;
mod cage;
mod correct;
mod deform;
pub mod field;
pub mod field_spec;
pub mod measure;
pub mod mesh;
mod primitives;
mod project;
mod settle;
pub mod skeleton;
pub mod skin_marks;
pub mod skin_regions;
pub mod skin_relief;
pub mod skin_space;
pub mod skin_spec;
pub mod spec;
pub mod subject;
pub mod template;

pub use crate::rig::Sex;
pub use bake::bake;
pub use build::{Built, build, build_with_template, skin_mm};
pub use field::{DigitPoint, HandField};
pub use skeleton::{capsules, skeleton};
pub use spec::RigSpec;
pub use subject::Subject;
pub use template::{Template, template};

/// Why a parametric rig could not be built.
#[derive(Debug, thiserror::Error)]
pub enum SculptError {
    /// The file is no TOML or does not fit [`RigSpec`].
    #[error("a parametric rig's `rig.toml` does not fit")]
    Parse(#[source] toml::de::Error),
    /// Values that make no sense.
    #[error("a parametric rig's `rig.toml` has {} faults:\n{}", faults.len(), faults.join("\n"))]
    Spec {
        /// What is wrong, one line each.
        faults: Vec<String>,
    },
}

#[cfg(test)]
pub(crate) mod testing {
    //! Subjects for tests.

    use std::sync::Arc;

    use super::{RigSpec, Subject};
    use crate::rig::HandShape;
    use crate::seed::dataset_stream;

    /// The shipped spec.
    pub(crate) fn spec() -> Arc<RigSpec> {
        RigSpec::parse(include_str!("../../rigs/adult/rig.toml")).unwrap()
    }

    /// A hand with every coefficient drawn on its own.
    pub(crate) fn drawn_shape(spec: &RigSpec, number: u64) -> HandShape {
        let mut stream = dataset_stream(1, "subject", number);
        HandShape(spec.shapes.iter().map(|_| stream.normal()).collect())
    }

    /// Average hand of 190 x 86 mm.
    pub(crate) fn reference_subject() -> Subject {
        Subject::of_size(&spec(), 190.0, 86.0)
    }
}
