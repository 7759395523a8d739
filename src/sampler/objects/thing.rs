//! A thing as a hand feels it: how far it is from a point.

use std::sync::Arc;

use glam::Vec3;

use crate::math::{RigidTransform, mirror_x};
use crate::scene::SolidKind;
use crate::solid::{Field, distance};

/// Step of the differences that stand for the gradient, metres.
const STEP_M: f32 = 2e-4;

/// Shape of one piece.
#[derive(Debug, Clone)]
pub(super) enum Form {
    /// By its parameters.
    Kind(SolidKind),
    /// A user's mesh times a scale.
    Field(Arc<Field>, f32),
}

/// A piece of a thing.
#[derive(Debug, Clone)]
pub(super) struct Piece {
    pub(super) thing_from_piece: RigidTransform,
    pub(super) form: Form,
}

/// A thing at its place in the space of a right hand.
#[expect(clippy::struct_field_names, reason = "transforms are named after both spaces")]
#[derive(Debug, Clone)]
pub(super) struct Thing<'a> {
    pub(super) pieces: &'a [Piece],
    /// Radius of the sphere around its origin that holds it, metres.
    pub(super) radius_m: f32,
    pub(super) hand_from_thing: RigidTransform,
    /// The hand is a left one: the thing is seen in a mirror.
    pub(super) mirrored: bool,
}

impl Thing<'_> {
    /// Distance of a point (hand space) from the surface, negative inside; farther off at least a lower bound, metres.
    pub(super) fn distance(&self, p: Vec3) -> f32 {
        let q = self.hand_from_thing.rotation.conjugate() * (p - self.hand_from_thing.translation_m);
        let far = q.length() - self.radius_m;
        if far > 0.02 {
            return far;
        }
        let q = if self.mirrored { mirror_x(q) } else { q };
        self.pieces.iter().map(|piece| piece.distance(q)).fold(f32::INFINITY, f32::min)
    }

    /// Unit direction out of the thing at a point of hand space.
    pub(super) fn outward(&self, p: Vec3) -> Vec3 {
        let corners = [
            Vec3::new(1.0, 1.0, 1.0),
            Vec3::new(1.0, -1.0, -1.0),
            Vec3::new(-1.0, 1.0, -1.0),
            Vec3::new(-1.0, -1.0, 1.0),
        ];
        corners.map(|c| c * self.distance(p + c * STEP_M)).into_iter().sum::<Vec3>().normalize_or_zero()
    }

    /// The same thing moved.
    pub(super) fn moved(&self, shift: Vec3) -> Self {
        let at = self.hand_from_thing;
        Self { hand_from_thing: RigidTransform::new(at.rotation, at.translation_m + shift), ..*self }
    }
}

impl Piece {
    fn distance(&self, p: Vec3) -> f32 {
        let q = self.thing_from_piece.rotation.conjugate() * (p - self.thing_from_piece.translation_m);
        match &self.form {
            Form::Kind(kind) => distance(kind, q),
            Form::Field(field, scale) => scale * field.distance(q / *scale),
        }
    }
}
