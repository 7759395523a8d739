//! Networks that give coordinates.

use glam::{Vec2, Vec3};

use super::{Context, JointFound, Joints, in_pixels};
use crate::tracker::model::output_spec::{PixelUnit, ZUnit};

/// `[N, J, 2 or 3]`, or the same in a row.
pub(super) fn coordinates(context: &Context, tensor: Option<&str>, unit: PixelUnit) -> Option<Vec<Joints>> {
    let joints = context.spec.joints.count;
    let least = if context.spec.z == ZUnit::None { 2 } else { 3 };
    let (numbers, each) = context.outputs.points(tensor, context.items, joints, least)?;
    let joint = |p: &[f32]| {
        let [x, y, z] = [0, 1, 2].map(|k| p.get(k).copied().unwrap_or(0.0));
        let place: Vec3 = in_pixels(Vec2::new(x, y), unit, context.extent()).extend(z);
        JointFound { place, confidence: 1.0 }
    };
    Some(numbers.chunks(joints * each).map(|item| item.chunks(each).map(joint).collect()).collect())
}
