//! The numbers of the shading model: every backend takes them from here.
//!
//! The functions come in pairs, one for the processor and one in WGSL, of the same names in files of the same names.

/// Samples of a pixel.
pub(super) const SAMPLES: usize = 8;
/// Where a pixel is sampled, pixels from its corner. The first is the centre; columns and rows are all different.
pub(super) const SAMPLES_PX: [[f32; 2]; SAMPLES] = {
    const fn at(x: i8, y: i8) -> [f32; 2] {
        [0.5 + x as f32 / 16.0, 0.5 + y as f32 / 16.0]
    }
    [at(0, 0), at(-7, 1), at(-5, -5), at(-3, 5), at(1, -7), at(3, 7), at(5, -3), at(7, 3)]
};
/// Depth within one surface may change by this many pixel widths within a pixel.
pub(super) const SURFACE_PIXELS: f32 = 2.0;

/// Capsules farther than this many radii from a batch of vertices hide less than 2 % and are left out.
pub(super) const REACH_RADII: f32 = 7.0;

/// Texels around the hands, wider than the kernel.
pub(super) const SHADOW_MARGIN: usize = 3;

/// Distance over which light spreads below the skin, metres: mean free paths of red, green and blue.
pub(super) const SPREAD_M: [f32; 3] = [0.0034, 0.0014, 0.0009];
/// Rounding of the terminator: never sharper and never rounder than this.
pub(super) const SOFTNESS: [f32; 2] = [0.03, 0.40];
/// Share of the smooth normal in the diffuse light of each channel: relief is blurred below the skin.
pub(super) const SMOOTH_SHARE: [f32; 3] = [0.60, 0.35, 0.20];
/// How much light spreads into the penumbra of a shadow.
pub(super) const SHADOW_BLEED: [f32; 3] = [0.55, 0.15, 0.05];
/// Absorption on the way through flesh, 1/m.
pub(super) const ABSORPTION: [f32; 3] = [250.0, 900.0, 1200.0];
/// Share of light that leaves on the other side of an infinitely thin body.
pub(super) const TRANSMISSION: f32 = 0.16;
/// Mean curvature from which a body counts as thin, 1/m.
pub(super) const THIN_CURVATURE: f32 = 80.0;
/// Share of the second of skin's two lobes.
pub(super) const SECOND_LOBE: f32 = 0.75;

/// Reflectance of skin at normal incidence (n = 1.4) and of nails (n = 1.5).
pub(super) const SKIN_F0: f32 = 0.028;
pub(super) const NAIL_F0: f32 = 0.04;
/// Roughness of skin's two lobes as factors on the material's.
pub(super) const LOBE_FACTORS: [f32; 2] = [0.75, 1.30];
/// Roughness that dry palms have more than backs, and roughness of a film of water.
pub(super) const PALM_ROUGHER: f32 = 0.05;
pub(super) const WET_ROUGHNESS: f32 = 0.17;
/// Share of the light that wet skin swallows.
pub(super) const WET_DARKENING: f32 = 0.22;
/// Steepest relief, as tangent.
pub(super) const MAX_RELIEF: f32 = 1.2;
/// Depth of folds, back and palm, of a straight joint, and what full flexion adds.
pub(super) const STRAIGHT_FOLDS: [f32; 2] = [1.15, 0.85];
pub(super) const FLEXED_FOLDS: [f32; 2] = [-1.10, 0.75];
/// Flush that a bent joint presses out of the skin on its back.
pub(super) const STRETCHED: f32 = 1.6;
/// Height in the mean hand's bind pose below which the forearm turns into plain skin, as the upper arm has it, and over
/// which it does, metres.
pub(super) const PLAIN_ARM_M: [f32; 2] = [-0.180, 0.10];
/// What a vein takes from red, green and blue.
pub(super) const VEIN_TINT: [f32; 3] = [0.11, 0.045, 0.0];
/// Distance between friction ridges and their height, metres.
pub(super) const RIDGE_SPACING_M: f32 = 0.000_46;
pub(super) const RIDGE_HEIGHT_M: f32 = 0.000_045;
/// Widths of a pixel between which ridges fade, as shares of their distance.
pub(super) const RIDGE_FADE: [f32; 2] = [0.22, 0.48];
/// Mean of the ridges' profile.
pub(super) const RIDGE_MEAN: f32 = 8.0 / 15.0;
/// How much lighter ridges are than furrows; how much darker furrows of the fine relief, and how much duller.
pub(super) const RIDGE_CONTRAST: f32 = 0.07;
pub(super) const FURROW_DARKENING: f32 = 0.16;
pub(super) const FURROW_DULLING: f32 = 0.55;

/// The ridge coordinate climbs by about 120 steps from texel to texel; by more it jumps.
pub(super) const MOST_STEPS_PER_TEXEL: f32 = 420.0;
/// Pixels wider than this on the skin show none of the fine relief, millimetres.
pub(super) const NEAR_MM: f32 = 0.7;
/// Marks reach this deep below the point they are fixed to, metres: no farther than half a finger.
pub(super) const MARK_DEPTH_M: f32 = 0.006;

/// Reflectance of skin at grazing incidence for a gloss of 1, instead of a smooth surface's 1: its furrows and down hide
/// each other (measured faces: the lobe is .2 to .3 of a smooth one's; Weyrich et al. 2006).
pub(super) const SKIN_GRAZING: f32 = 0.30;
/// What a rough reflection leaves of the environment's bands.
pub(super) const ROUGH_BANDS: [f32; 3] = [1.0, 0.8, 0.45];
