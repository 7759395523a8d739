//! Meshes of solids from their parameters, in the solid's own space: closed, wound counter-clockwise from outside.

mod distance;
mod field;
mod loft;
mod polygons;
mod revolve;
mod rounded_box;
mod sections;

use glam::{Vec2, Vec3};

use crate::math::RigidTransform;
use crate::scene::SolidKind;

pub use distance::distance;
pub use field::{Field, open_share};
pub use loft::{Grid, loft, tube};
pub use polygons::from_triangles;

/// A triangle mesh with smooth normals.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SolidMesh {
    /// Metres.
    pub positions_m: Vec<Vec3>,
    /// Unit, outward; one per position.
    pub normals: Vec<Vec3>,
    /// Metres on the surface, for patterns; one per position.
    pub uvs_m: Vec<Vec2>,
    /// 0..1: of skin the share of the palm's paler tone, of all else the share of the sky that the surface's own folds
    /// hide. Empty (0 everywhere) or one per position.
    pub detail: Vec<f32>,
    /// Counter-clockwise from outside.
    pub triangles: Vec<[u32; 3]>,
}

impl SolidMesh {
    /// The mesh, larger by a factor.
    #[must_use]
    pub fn scaled(&self, factor: f32) -> Self {
        let positions_m = self.positions_m.iter().map(|p| *p * factor).collect();
        let uvs_m = self.uvs_m.iter().map(|uv| *uv * factor).collect();
        Self { positions_m, uvs_m, ..self.clone() }
    }

    /// Move it from its own space to another.
    pub fn carry(&mut self, to: &RigidTransform) {
        self.positions_m.iter_mut().for_each(|p| *p = to.point(*p));
        self.normals.iter_mut().for_each(|n| *n = to.direction(*n));
    }
}

/// A capsule that stands for a solid where light from all sides is dimmed: radii change linearly from end to end.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bulk {
    /// Middles of the end spheres, metres.
    pub ends_m: [Vec3; 2],
    /// Their radii, metres.
    pub radii_m: [f32; 2],
}

impl Bulk {
    /// The bulk of a mesh: along the longest side of the box around it.
    pub fn around(positions_m: &[Vec3]) -> Self {
        let (low, high) =
            positions_m.iter().fold((Vec3::INFINITY, Vec3::NEG_INFINITY), |(l, h), p| (l.min(*p), h.max(*p)));
        let bulk = Self::of_block((0.5 * (high - low)).max(Vec3::splat(1e-4)));
        Self { ends_m: bulk.ends_m.map(|p| p + 0.5 * (low + high)), ..bulk }
    }

    /// The bulk of an ellipsoid or box of these half sizes around the origin: along its longest axis.
    fn of_block(half_m: Vec3) -> Self {
        let axis = [Vec3::X, Vec3::Y, Vec3::Z][half_m.max_position()];
        let radius = half_m.element_sum() - half_m.max_element();
        let radius = (0.5 * radius).min(half_m.max_element());
        let end = axis * (half_m.max_element() - radius);
        Self { ends_m: [-end, end], radii_m: [radius; 2] }
    }
}

/// Longest side of a cell on large flat or straight places, metres: light is dimmed vertex by vertex.
const CELL_M: f32 = 0.025;

/// Mesh of a shape; empty for one from a file. Sizes must be legal ([`SolidKind::fault`]).
pub fn mesh(kind: &SolidKind) -> SolidMesh {
    match kind {
        SolidKind::Box { size_m, rounding_m } => rounded_box::rounded_box(Vec3::from(*size_m) * 0.5, *rounding_m),
        SolidKind::Cylinder { radius_m, length_m, rounding_m } => revolve::cylinder(*radius_m, *length_m, *rounding_m),
        SolidKind::RoundCone { radii_m, length_m } => revolve::round_cone(*radii_m, *length_m),
        SolidKind::Ellipsoid { semi_axes_m } => revolve::ellipsoid(Vec3::from(*semi_axes_m)),
        SolidKind::Torus { radius_m, tube_m } => revolve::torus(*radius_m, *tube_m),
        SolidKind::Lathe { profile_m } => revolve::lathe(profile_m),
        SolidKind::Tube { path_m, radius_m } => {
            let path: Vec<Vec3> = path_m.iter().map(|p| Vec3::from(*p)).collect();
            tube(&path, *radius_m)
        }
        SolidKind::Mesh { .. } => SolidMesh::default(),
        SolidKind::Sections { sections_m } => sections::sections(sections_m),
    }
}

/// Capsules that stand for a shape; few and rough.
pub fn bulks(kind: &SolidKind) -> Vec<Bulk> {
    match kind {
        SolidKind::Box { size_m, .. } => vec![Bulk::of_block(Vec3::from(*size_m) * 0.5)],
        SolidKind::Cylinder { radius_m: r, length_m: l, .. } => vec![Bulk::of_block(Vec3::new(*r, l * 0.5, *r))],
        SolidKind::RoundCone { radii_m, length_m } => {
            let end = Vec3::Y * (length_m * 0.5);
            vec![Bulk { ends_m: [-end, end], radii_m: *radii_m }]
        }
        SolidKind::Ellipsoid { semi_axes_m } => vec![Bulk::of_block(Vec3::from(*semi_axes_m))],
        SolidKind::Sections { sections_m } => {
            let (Some(low), Some(high)) = (sections_m.first(), sections_m.last()) else { return Vec::new() };
            let [width, depth] = [2, 3].map(|axis| sections_m.iter().map(|s| s[axis]).fold(0.0, f32::max));
            let radius = depth.min(width).min(0.5 * (high[0] - low[0]).abs());
            let aside = Vec3::X * (width - radius).max(0.0) * 0.7;
            let end = |s: &[f32; 4], up: f32| Vec3::new(0.0, s[0] + up, s[1]);
            let ends = [end(low, radius), end(high, -radius)];
            let at = |aside: Vec3| Bulk { ends_m: ends.map(|p| p + aside), radii_m: [radius; 2] };
            if aside.x > 0.3 * radius { vec![at(-aside), at(aside)] } else { vec![at(Vec3::ZERO)] }
        }
        // thin things hide little
        SolidKind::Torus { .. } | SolidKind::Tube { .. } | SolidKind::Mesh { .. } => Vec::new(),
        SolidKind::Lathe { profile_m } => {
            let widest = profile_m.iter().map(|p| p[0]).fold(0.0, f32::max);
            let (low, high) = profile_m.iter().fold((f32::MAX, f32::MIN), |(l, h), p| (l.min(p[1]), h.max(p[1])));
            let bulk = Bulk::of_block(Vec3::new(widest, 0.5 * (high - low), widest).max(Vec3::splat(1e-4)));
            let middle = Vec3::Y * (0.5 * (low + high));
            vec![Bulk { ends_m: bulk.ends_m.map(|p| p + middle), ..bulk }]
        }
    }
}

#[cfg(test)]
mod tests;
