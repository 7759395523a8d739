//! What things are made of.

use std::f32::consts::TAU;

use crate::preset::types::ThingMaterial;
use crate::scene::{Pattern, PatternKind, SurfaceMaterial};
use crate::seed::Stream;

const PATTERNS: [PatternKind; 5] =
    [PatternKind::Stripes, PatternKind::Pinstripes, PatternKind::Checks, PatternKind::Dots, PatternKind::Noise];

/// A surface of a material, with a pattern on a share of those that may have one.
pub(super) fn surface(material: ThingMaterial, pattern: f32, stream: &mut Stream) -> SurfaceMaterial {
    let mut within = |low: f32, high: f32| stream.uniform(low, high);
    let mut surface = match material {
        ThingMaterial::Plastic => {
            let (value, saturation, roughness) = (within(0.04, 0.7), within(0.0, 0.95), within(0.2, 0.6));
            SurfaceMaterial::plain(hued(value, saturation, within(0.0, TAU)), roughness)
        }
        ThingMaterial::Wood => {
            let dark = within(0.25, 1.0);
            SurfaceMaterial::plain([0.50 * dark, 0.30 * dark * within(0.85, 1.1), 0.15 * dark], within(0.45, 0.8))
        }
        ThingMaterial::Metal => {
            let (value, tint) = (within(0.45, 0.9), within(0.0, 1.0));
            // steel, and now and then brass or copper
            let colour =
                if tint < 0.7 { [value, value * 0.98, value * 0.95] } else { [value, value * 0.75, value * 0.4] };
            SurfaceMaterial::metal(colour, within(0.18, 0.5))
        }
        ThingMaterial::Ceramic => {
            let (value, saturation) = (within(0.3, 0.85), within(0.0, 0.5));
            SurfaceMaterial {
                f0: 0.05,
                ..SurfaceMaterial::plain(hued(value, saturation, within(0.0, TAU)), within(0.08, 0.3))
            }
        }
        ThingMaterial::Cardboard => {
            let value = within(0.25, 0.5);
            SurfaceMaterial::plain([value, value * 0.72, value * 0.48], within(0.8, 0.95))
        }
        ThingMaterial::Rubber => {
            let (value, saturation) = (within(0.01, 0.15), within(0.0, 0.7));
            SurfaceMaterial::plain(hued(value, saturation, within(0.0, TAU)), within(0.6, 0.9))
        }
        ThingMaterial::Glass => {
            let (value, saturation) = (within(0.02, 0.2), within(0.2, 0.9));
            SurfaceMaterial {
                f0: 0.06,
                ..SurfaceMaterial::plain(hued(value, saturation, within(0.0, TAU)), within(0.03, 0.12))
            }
        }
        ThingMaterial::Leaf => {
            let (value, saturation) = (within(0.04, 0.25), within(0.5, 0.95));
            SurfaceMaterial::plain(hued(value, saturation, within(1.5, 2.5)), within(0.4, 0.7))
        }
    };
    let patterned = stream.chance(pattern);
    let kind = PATTERNS[stream.index(PATTERNS.len())];
    let (factor, hue, period_m) = (stream.uniform(0.15, 1.6), stream.uniform(0.0, TAU), stream.uniform(0.004, 0.03));
    surface.pattern = match material {
        ThingMaterial::Wood => {
            let colour = surface.colour.map(|c| c * 0.55);
            Some(Pattern { kind: PatternKind::Noise, colour, period_m: 0.012 })
        }
        ThingMaterial::Metal | ThingMaterial::Glass | ThingMaterial::Leaf => None,
        _ if patterned => Some(Pattern { kind, colour: hued((0.4 * factor).min(0.8), 0.7, hue), period_m }),
        _ => None,
    };
    surface
}

/// A linear colour of a largest channel, saturation 0..1 and hue (radians; 0 is red).
fn hued(value: f32, saturation: f32, hue: f32) -> [f32; 3] {
    let channel = |k: f32| 0.5 + 0.5 * libm::cosf(hue - k * TAU / 3.0);
    [0.0, 1.0, 2.0].map(|k| value * (1.0 - saturation * (1.0 - channel(k))))
}
