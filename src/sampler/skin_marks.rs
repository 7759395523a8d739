//! Marks that some people wear: varnish, a scar, a tattoo.

use std::f32::consts::TAU;

use crate::scene::{Decal, Scar, Tattoo, TattooPattern, Varnish};
use crate::seed::Stream;

/// Places on the back, millimetres in hand space: low and high corner of a box on forearm, hand, and first phalanges.
const FOREARM_MM: [[f32; 2]; 2] = [[-18.0, -140.0], [18.0, -30.0]];
const HAND_MM: [[f32; 2]; 2] = [[-24.0, 25.0], [20.0, 72.0]];
const FINGERS_MM: [[f32; 2]; 2] = [[-30.0, 95.0], [28.0, 130.0]];

/// Varnish of a share of people.
pub(super) fn varnish(share: f32, stream: &mut Stream) -> Option<Varnish> {
    stream.chance(share).then(|| {
        let (hue, depth) = (stream.unit(), stream.unit());
        // half of all varnish is red or nude, the rest anything from white to black
        let rgb = if stream.chance(0.5) {
            [0.75 - 0.40 * depth, 0.42 - 0.40 * depth, 0.36 - 0.34 * depth + 0.10 * hue]
        } else {
            let channel = |shift: f32| 0.5 + 0.5 * libm::cosf(TAU * (hue + shift));
            let value = 0.04 + 0.7 * (1.0 - depth) * (1.0 - depth);
            [channel(0.0), channel(0.33), channel(0.67)].map(|c| value * (0.15 + 0.85 * c))
        };
        let roughness = if stream.chance(0.8) { stream.uniform(0.05, 0.15) } else { stream.uniform(0.4, 0.6) };
        Varnish { rgb, roughness, cover: stream.uniform(0.75, 1.0) }
    })
}

/// A scar on a share of hands.
pub(super) fn scar(share: f32, stream: &mut Stream) -> Option<Scar> {
    stream.chance(share).then(|| {
        let decal = decal(stream, [12.0, 45.0], true);
        let width_mm = stream.uniform(0.8, 2.6);
        Scar { decal, width_mm, height_mm: stream.uniform(-0.15, 0.25), redness: stream.unit() * stream.unit() }
    })
}

/// A tattoo on a share of hands.
pub(super) fn tattoo(share: f32, stream: &mut Stream) -> Option<Tattoo> {
    const PATTERNS: [TattooPattern; 4] =
        [TattooPattern::Bands, TattooPattern::Mandala, TattooPattern::Blades, TattooPattern::Chevrons];
    stream.chance(share).then(|| {
        let decal = decal(stream, [25.0, 62.0], false);
        let pattern = PATTERNS[stream.index(PATTERNS.len())];
        Tattoo { decal, pattern, darkness: stream.uniform(0.55, 0.98) }
    })
}

/// Anywhere on the back; small ones also on fingers.
fn decal(stream: &mut Stream, [short, long]: [f32; 2], on_fingers: bool) -> Decal {
    let boxes = if on_fingers { [HAND_MM, FOREARM_MM, FINGERS_MM] } else { [HAND_MM, FOREARM_MM, HAND_MM] };
    let [low, high] = boxes[stream.index(boxes.len())];
    let at_mm = [stream.uniform(low[0], high[0]), stream.uniform(low[1], high[1])];
    Decal { at_mm, turn_rad: stream.uniform(0.0, TAU), length_mm: stream.uniform(short, long) }
}
