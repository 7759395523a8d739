//! What hides the sky: capsules of flesh in the world.

#![expect(clippy::inline_always, reason = "must be compiled for the dispatched instruction set")]

use glam::Vec3;

use super::shading::REACH_RADII;
use crate::math::mirror_x;
use crate::posed::PosedScene;
use crate::rig::HandSide;

/// A capsule in the world.
#[derive(Debug, Clone, Copy)]
pub(super) struct WorldCapsule {
    pub(super) start: Vec3,
    pub(super) axis: Vec3,
    /// 1 / squared length of the axis; 0 for a sphere.
    pub(super) inv_square: f32,
    pub(super) length: f32,
    pub(super) radius: f32,
    pub(super) growth: f32,
}

impl WorldCapsule {
    fn new([start, end]: [Vec3; 2], [radius, end_radius]: [f32; 2]) -> Self {
        let axis = end - start;
        let square = axis.length_squared();
        let inv_square = if square > 1e-12 { 1.0 / square } else { 0.0 };
        Self { start, axis, inv_square, length: square.sqrt(), radius, growth: end_radius - radius }
    }

    /// Whether a point is within [`REACH_RADII`] of the axis.
    #[inline(always)]
    pub(super) fn reaches(&self, p: Vec3) -> bool {
        let t = ((p - self.start).dot(self.axis) * self.inv_square).clamp(0.0, 1.0);
        let reach = (self.radius + self.growth * t) * REACH_RADII;
        p.distance_squared(self.start + self.axis * t) < reach * reach
    }
}

/// The capsules of all hands and solids.
pub(super) fn capsules(posed: &PosedScene<'_>, out: &mut Vec<WorldCapsule>) {
    out.clear();
    for hand in &posed.hands {
        let place = |local: Vec3| if hand.side == HandSide::Left { mirror_x(local) } else { local };
        out.extend(hand.rig.capsules.iter().map(|capsule| {
            let frame = &hand.world_from_joint[capsule.joint.index()];
            let ends = [capsule.start_m, capsule.end_m].map(|end| frame.point(place(end)));
            WorldCapsule::new(ends, [capsule.start_radius_m, capsule.end_radius_m])
        }));
    }
    let bulks = posed.solids.iter().flat_map(|solid| &solid.bulks);
    out.extend(bulks.map(|bulk| WorldCapsule::new(bulk.ends_m, bulk.radii_m)));
}
