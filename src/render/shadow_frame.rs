//! Where a light's shadow map lies and how fine it is.

use glam::{Mat3, Vec3};

use super::shading::SHADOW_MARGIN;
use crate::posed::PosedScene;
use crate::scene::DirectionalLight;

/// Distance from which shadows are taken to fall, metres: turns the light's angle into a penumbra.
const TYPICAL_GAP_M: f32 = 0.05;
/// Smallest and largest side of a texel.
const TEXEL_M: [f32; 2] = [0.0005, 0.005];
/// Texels along the longer side at most.
const MAX_SIDE: f32 = 640.0;
/// Shadows on and of solids are drawn up to this distance from the hands.
const AROUND_HANDS_M: f32 = 0.25;

/// Axes and size of the shadow map of one light.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct ShadowFrame {
    /// Columns.
    pub(super) width: usize,
    /// Rows.
    pub(super) height: usize,
    /// Rows: texel column, texel row, distance away from the light.
    pub(super) light_from_world: Mat3,
    pub(super) origin: Vec3,
    /// Side of a texel, metres.
    pub(super) texel_m: f32,
}

impl ShadowFrame {
    /// Around everything that casts a shadow near the hands; texels are not made smaller than a picture's pixel on them.
    pub(super) fn new(light: &DirectionalLight, posed: &PosedScene<'_>, footprint_m: f32) -> Self {
        let away = -light.to_light.normalize_or(Vec3::Y);
        let right = away.any_orthonormal_vector();
        // right x up points to the light
        let up = right.cross(away);
        let axes = Mat3::from_cols(right, up, away).transpose();
        let (mut low, mut high) = (Vec3::INFINITY, Vec3::NEG_INFINITY);
        for p in posed.hands.iter().flat_map(|h| &h.positions_m) {
            let q = axes * *p;
            low = low.min(q);
            high = high.max(q);
        }
        let (nearest, farthest) = (low - AROUND_HANDS_M, high + AROUND_HANDS_M);
        for p in posed.solids.iter().flat_map(|s| &s.mesh.positions_m) {
            let q = (axes * *p).clamp(nearest, farthest);
            low = low.min(q);
            high = high.max(q);
        }
        let extent = (high - low).max(Vec3::ZERO);
        let extent = if extent.is_finite() { extent } else { Vec3::ZERO };
        let penumbra = 2.0 * TYPICAL_GAP_M * libm::tanf(light.angular_radius_rad.clamp(0.0, 1.0));
        let texel =
            (penumbra * 0.5).max(footprint_m).clamp(TEXEL_M[0], TEXEL_M[1]).max(extent.x.max(extent.y) / MAX_SIDE);
        let scale = Vec3::new(1.0 / texel, 1.0 / texel, 1.0);
        let margin = SHADOW_MARGIN as f32;
        Self {
            width: (extent.x / texel) as usize + 2 * SHADOW_MARGIN + 1,
            height: (extent.y / texel) as usize + 2 * SHADOW_MARGIN + 1,
            light_from_world: Mat3::from_diagonal(scale) * axes,
            origin: if low.is_finite() { -(low * scale) + Vec3::new(margin, margin, 0.0) } else { Vec3::ZERO },
            texel_m: texel,
        }
    }
}

/// Size of a pixel on the hands, metres, from the mean depth of their landmarks.
pub(super) fn footprint_m(posed: &PosedScene<'_>) -> f32 {
    let camera = &posed.scene.camera;
    let landmarks = posed.hands.iter().flat_map(|hand| &hand.landmarks_m);
    let depths = landmarks.map(|p| camera.camera_from_world.point(*p).z);
    let (sum, count) = depths.fold((0.0, 0.0), |(sum, count), z| (sum + z, count + 1.0));
    (sum / f32::max(count, 1.0)).abs() / camera.intrinsics.fx.max(1.0)
}
