//! Scars and tattoos: drawn in the plane of the bind pose around one point of the back of hand or forearm.

use glam::{Vec2, Vec3};

use super::shading::MARK_DEPTH_M;
use crate::rig::RigMesh;
use crate::scene::{Decal, Scar, Tattoo, TattooPattern};

/// Scar and tattoo of one hand, placed on its mesh.
#[derive(Debug, Clone, Copy)]
pub(super) struct Decals {
    pub(super) scar: Option<(Place, Scar)>,
    pub(super) tattoo: Option<(Place, Tattoo)>,
}

/// A plane fixed to the skin.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Place {
    pub(super) centre: Vec3,
    pub(super) along: Vec3,
    pub(super) across: Vec3,
    pub(super) normal: Vec3,
}

/// Marks in one pixel.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Marked {
    /// Share of ink below the skin.
    pub(super) ink: f32,
    /// Share of scarred skin.
    pub(super) scar: f32,
    /// Change of height along two directions, metres.
    pub(super) rise_m: [f32; 2],
}

impl Place {
    /// At the highest point of the back near a place of the bind pose, tangent there.
    fn new(decal: &Decal, mesh: &RigMesh) -> Option<Self> {
        let target = Vec2::from(decal.at_mm) * 1e-3;
        let vertices = mesh.positions_m.iter().zip(&mesh.normals).filter(|(_, n)| n.z < -0.3);
        let gap = |p: &Vec3| p.truncate().distance_squared(target);
        let (centre, normal) = vertices.min_by(|a, b| gap(a.0).total_cmp(&gap(b.0)))?;
        let aside = if normal.y.abs() < 0.9 { Vec3::Y } else { Vec3::X };
        let across = normal.cross(aside).normalize_or_zero();
        let along = across.cross(*normal);
        let (sine, cosine) = (libm::sinf(decal.turn_rad), libm::cosf(decal.turn_rad));
        let turned = along * cosine + across * sine;
        Some(Self { centre: *centre, along: turned, across: across * cosine - along * sine, normal: *normal })
    }

    /// Place along and across in metres; `None` far off the plane.
    fn local(&self, p: Vec3) -> Option<Vec2> {
        let from = p - self.centre;
        (from.dot(self.normal).abs() < MARK_DEPTH_M + 0.25 * from.length())
            .then(|| Vec2::new(from.dot(self.along), from.dot(self.across)))
    }
}

impl Decals {
    /// `None` if the skin has neither.
    pub(super) fn new(scar: Option<Scar>, tattoo: Option<Tattoo>, mesh: &RigMesh) -> Option<Self> {
        let scar = scar.and_then(|s| Some((Place::new(&s.decal, mesh)?, s)));
        let tattoo = tattoo.and_then(|t| Some((Place::new(&t.decal, mesh)?, t)));
        (scar.is_some() || tattoo.is_some()).then_some(Self { scar, tattoo })
    }

    /// Marks at a point of the bind pose facing `dorsal` (1 back, 0 palm), where a pixel is `footprint_m` wide and
    /// `edges` are the directions to climb along.
    pub(super) fn at(&self, p: Vec3, edges: [Vec3; 2], footprint_m: f32) -> Marked {
        let mut marked = Marked::default();
        if let Some((place, tattoo)) = &self.tattoo
            && let Some(q) = place.local(p)
        {
            let half = 0.5e-3 * tattoo.decal.length_mm;
            let reach = q.length() / half;
            if reach < 1.0 {
                let gap = pattern(tattoo.pattern, q / half) * half;
                marked.ink = tattoo.darkness * (0.5 - gap / footprint_m.max(2.5e-4)).clamp(0.0, 1.0);
            }
        }
        if let Some((place, scar)) = &self.scar
            && let Some(q) = place.local(p)
        {
            let (half, width) = (0.5e-3 * scar.decal.length_mm, (0.5e-3 * scar.width_mm).max(1e-5));
            let t = q.x / half;
            // a slight wave, thin ends
            let taper = (1.0 - t * t).max(0.0);
            let off = q.y - 0.05 * half * libm::sinf(5.0 * t);
            let width = width.max(0.5 * footprint_m);
            let x = off / width;
            if x.abs() < 3.0 && taper > 0.0 {
                let bell = libm::expf(-x * x) * taper.sqrt();
                marked.scar = bell * (0.5e-3 * scar.width_mm / width).min(1.0);
                let slope = scar.height_mm * 1e-3 * -2.0 * x / width * bell;
                marked.rise_m = edges.map(|edge| slope * edge.dot(place.across));
            }
        }
        marked
    }
}

/// Signed distance to the ink of a pattern in the unit disc, negative inside.
fn pattern(pattern: TattooPattern, q: Vec2) -> f32 {
    let radius = q.length();
    let wedge = |count: f32| {
        let turn = libm::atan2f(q.y, q.x) * count / core::f32::consts::TAU;
        (turn - libm::floorf(turn) - 0.5) * core::f32::consts::TAU / count
    };
    match pattern {
        TattooPattern::Bands => {
            let band = |at: f32, half: f32| (q.x - at).abs() - half;
            let dots = Vec2::new(q.x + 0.02, (q.y * 4.0 - libm::floorf(q.y * 4.0) - 0.5) / 4.0).length() - 0.06;
            band(-0.35, 0.10).min(band(0.35, 0.10)).min(band(0.19, 0.025)).min(band(-0.19, 0.025)).min(dots)
        }
        TattooPattern::Mandala => {
            let rings = (radius - 0.28).abs().min((radius - 0.62).abs()).min((radius - 0.94).abs()) - 0.018;
            let petal = wedge(8.0);
            let petals = ((radius - 0.45).abs() * 1.0 + petal.abs() * 0.55 * radius - 0.14).abs() - 0.018;
            let outer = ((radius - 0.78).abs() + wedge(16.0).abs() * radius * 0.9 - 0.10).abs() - 0.015;
            let dot = radius - 0.10;
            rings.min(petals).min(outer).min(dot)
        }
        TattooPattern::Blades => {
            let side = q.y.abs();
            let sweep = 0.42 * (1.0 - q.x * q.x) * (0.55 + 0.45 * libm::cosf(7.0 * q.x + 2.0 * side));
            let hollow = (side - 0.16 - 0.10 * libm::sinf(5.0 * q.x)).abs() - 0.035;
            (side - sweep).max(-hollow).max(q.x.abs() - 0.97)
        }
        TattooPattern::Chevrons => {
            let t = (q.x + 0.6 * q.y.abs()) * 4.0;
            let line = ((t - libm::floorf(t) - 0.5).abs() - 0.17) / 4.0;
            line.max(q.y.abs() - 0.45).max(q.x.abs() - 0.85)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A flat back of the hand, 0.1 m wide, facing -Z.
    fn flat() -> RigMesh {
        let corners = (0..121).map(|k| Vec3::new((k % 11) as f32 - 5.0, (k / 11) as f32 - 5.0, 0.0) * 0.01);
        RigMesh { positions_m: corners.collect(), normals: vec![Vec3::NEG_Z; 121], ..RigMesh::default() }
    }

    #[test]
    fn a_scar_is_a_ridge_of_its_length() {
        let decal = Decal { at_mm: [0.0, 0.0], turn_rad: 0.0, length_mm: 30.0 };
        let scar = Scar { decal, width_mm: 2.0, height_mm: 0.2, redness: 0.5 };
        let decals = Decals::new(Some(scar), None, &flat()).unwrap();
        let at = |p: Vec3| decals.at(p, [Vec3::X, Vec3::Y], 1e-4);
        assert!(at(Vec3::ZERO).scar > 0.95);
        assert!(at(Vec3::new(0.0, 0.02, 0.0)).scar < 1e-6 && at(Vec3::new(0.01, 0.0, 0.0)).scar < 1e-3);
        assert!(at(Vec3::new(0.0, 0.0, 0.02)).scar < 1e-6, "the palm has none");
        let beside = at(Vec3::new(0.0005, 0.0, 0.0)).rise_m[0];
        assert!(beside < -0.05, "falls outward: {beside}");
    }

    #[test]
    fn every_pattern_has_ink_and_bare_skin() {
        let all = [TattooPattern::Bands, TattooPattern::Mandala, TattooPattern::Blades, TattooPattern::Chevrons];
        for kind in all {
            let inside = |k: u32| {
                let q = Vec2::new((k % 40) as f32 / 20.0 - 1.0, (k / 40) as f32 / 20.0 - 1.0);
                q.length() < 1.0 && pattern(kind, q) < 0.0
            };
            let share = (0..1600).filter(|k| inside(*k)).count() as f32 / 1257.0;
            assert!((0.1..0.7).contains(&share), "{kind:?} {share}");
        }
    }
}
