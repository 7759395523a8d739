//! Clothes and jewellery. Watch, bracelet and rings belong to the person; clothes and gloves to the picture.

use crate::preset::types::Wear as Preset;
use crate::rig::HandSide;
use crate::rig::joint::Digit;
use crate::scene::{Band, Glove, Pattern, PatternKind, Ring, SceneHand, Sleeve, SurfaceMaterial, Watch, Wear};
use crate::seed::{SampleId, Stream, dataset_stream};

/// Sleeves that end further down leave no room for a watch.
const WATCH_ROOM: f32 = 0.88;
/// Share of watches that are worn on the left.
const LEFT: f32 = 0.8;
/// Share of long sleeves with a tight cuff.
const CUFFS: f32 = 0.6;
/// Reflectance of gold, silver and steel.
const METALS: [[f32; 3]; 3] = [[0.95, 0.68, 0.30], [0.90, 0.88, 0.83], [0.56, 0.55, 0.53]];

/// What a person wears in one picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Clothes {
    /// Shirt, on arms and trunk.
    pub shirt: SurfaceMaterial,
    sleeve: Option<Sleeve>,
    glove: Option<Glove>,
    jewellery: [Wear; 2],
}

impl Clothes {
    /// Of a person in one sample.
    pub fn new(preset: &Preset, subject: u32, id: SampleId) -> Self {
        let mut moment = id.stream("clothes");
        let shirt = cloth(&mut moment);
        let share = preset.sleeve.sample(&mut moment);
        let looseness_m = preset.looseness_mm.sample(&mut moment) * 1e-3;
        let folds = preset.folds.sample(&mut moment);
        let cuff_m = if share > 0.9 && moment.chance(CUFFS) { moment.uniform(0.03, 0.07) } else { 0.0 };
        let sleeve = Sleeve { share, looseness_m, folds, cuff_m, seed: 0, material: shirt };
        let sleeve = (share > 0.0).then_some(sleeve);
        let glove = glove(preset, &mut id.stream("gloves"));
        let mut jewellery = jewellery(preset, &mut dataset_stream(id.seed, "jewellery of subject", u64::from(subject)));
        for worn in &mut jewellery {
            if share > WATCH_ROOM || glove.is_some() {
                (worn.watch, worn.bracelet) = (None, None);
            }
            if glove.is_some() {
                worn.rings.clear();
            }
        }
        Self { shirt, sleeve, glove, jewellery }
    }

    /// Put them on the person's hands.
    pub fn dress(&self, hands: &mut [SceneHand], id: SampleId) {
        let mut stream = id.stream("folds");
        for hand in hands {
            let own = &self.jewellery[usize::from(hand.side == HandSide::Right)];
            let seed = (stream.next_u64() >> 33) as u32;
            let sleeve = self.sleeve.map(|sleeve| Sleeve { seed, ..sleeve });
            hand.wear = Wear { sleeve, glove: self.glove, ..own.clone() };
        }
    }
}

/// Of the left and the right hand of a person.
fn jewellery(preset: &Preset, person: &mut Stream) -> [Wear; 2] {
    let mut worn = [Wear::default(), Wear::default()];
    let (watch, watch_side) = (person.chance(preset.watch), usize::from(!person.chance(LEFT)));
    let (bracelet, bracelet_side) = (person.chance(preset.bracelet), person.index(2));
    let ring = person.chance(preset.rings);
    let metal = METALS[person.index(METALS.len())];
    let drawn = watch_of(metal, person);
    if watch {
        worn[watch_side].watch = Some(drawn);
    }
    let band = bracelet_of(metal, person);
    if bracelet && !(watch && bracelet_side == watch_side) {
        worn[bracelet_side].bracelet = Some(band);
    }
    let count = 1 + person.weighted(&[0.6, 0.3, 0.1]).unwrap_or(0);
    for _ in 0..if ring { count } else { 0 } {
        let side = person.index(2);
        let digit = [Digit::Ring, Digit::Middle, Digit::Index, Digit::Little];
        let digit = digit[person.weighted(&[0.55, 0.18, 0.17, 0.1]).unwrap_or(0)];
        let ring = Ring {
            digit,
            share: person.uniform(0.50, 0.62),
            width_m: person.uniform(0.0022, 0.0065),
            thickness_m: person.uniform(0.0011, 0.0020),
            stone_m: if person.chance(0.25) { person.uniform(0.0020, 0.0042) } else { 0.0 },
            material: SurfaceMaterial::metal(metal, person.uniform(0.12, 0.35)),
        };
        if worn[side].rings.iter().all(|other| other.digit != digit) {
            worn[side].rings.push(ring);
        }
    }
    worn
}

fn watch_of(metal: [f32; 3], person: &mut Stream) -> Watch {
    let steel = SurfaceMaterial::metal(metal, person.uniform(0.15, 0.4));
    let leather = SurfaceMaterial::plain([[0.015; 3], [0.10, 0.045, 0.02], [0.22, 0.11, 0.05]][person.index(3)], 0.55);
    let rubber = SurfaceMaterial::plain([[0.02; 3], [0.03, 0.05, 0.12], [0.4, 0.05, 0.04]][person.index(3)], 0.6);
    let face = [[0.75, 0.74, 0.70], [0.01, 0.01, 0.012], [0.02, 0.04, 0.12]][person.index(3)];
    let mark = if face[0] > 0.5 { [0.02; 3] } else { [0.8; 3] };
    let marks = Pattern { kind: PatternKind::Dots, colour: mark, period_m: 0.01 };
    let strap = Band {
        at_m: person.uniform(0.026, 0.042),
        width_m: person.uniform(0.016, 0.022),
        thickness_m: person.uniform(0.0018, 0.0032),
        gap_m: person.uniform(0.0006, 0.0016),
        material: [leather, rubber, steel][person.index(3)],
    };
    let dark = SurfaceMaterial::plain([0.02; 3], 0.35);
    Watch {
        strap,
        case_radius_m: person.uniform(0.014, 0.0205),
        case_height_m: person.uniform(0.0065, 0.0105),
        case: if person.chance(0.75) { steel } else { dark },
        face: SurfaceMaterial { pattern: Some(marks), ..SurfaceMaterial::plain(face, 0.15) },
    }
}

fn bracelet_of(metal: [f32; 3], person: &mut Stream) -> Band {
    let colour = hue(person.unit(), person.uniform(0.3, 0.9), person.uniform(0.05, 0.5));
    let material = match person.index(3) {
        0 => SurfaceMaterial::cloth(colour, None, 0.3),
        1 => SurfaceMaterial::plain(colour, 0.5),
        _ => SurfaceMaterial::metal(metal, person.uniform(0.15, 0.35)),
    };
    Band {
        at_m: person.uniform(0.014, 0.036),
        width_m: person.uniform(0.003, 0.012),
        thickness_m: person.uniform(0.0018, 0.0035),
        gap_m: person.uniform(0.0008, 0.0035),
        material,
    }
}

/// Thin gloves of rubber or cotton, thick ones of leather, knit or stuff for work.
fn glove(preset: &Preset, moment: &mut Stream) -> Option<Glove> {
    let drawn = moment.unit();
    let thin = drawn < preset.thin_gloves;
    let cuff_m = moment.uniform(0.025, 0.075);
    if thin {
        let rubber = [[0.62, 0.55, 0.42], [0.06, 0.14, 0.42], [0.012, 0.012, 0.014], [0.18, 0.40, 0.52]];
        let material = if moment.chance(0.75) {
            SurfaceMaterial::plain(rubber[moment.index(rubber.len())], moment.uniform(0.30, 0.55))
        } else {
            SurfaceMaterial::cloth([0.7, 0.69, 0.66], None, 0.4)
        };
        return Some(Glove { thickness_m: moment.uniform(0.0003, 0.0006), cuff_m, material });
    }
    if drawn >= preset.thin_gloves + preset.thick_gloves {
        return None;
    }
    let material = match moment.index(3) {
        0 => SurfaceMaterial::plain([[0.02; 3], [0.12, 0.05, 0.02], [0.30, 0.17, 0.08]][moment.index(3)], 0.5),
        1 => knit(moment),
        _ => SurfaceMaterial::plain(hue(moment.uniform(0.02, 0.35), 0.7, moment.uniform(0.1, 0.5)), 0.8),
    };
    Some(Glove { thickness_m: moment.uniform(0.0013, 0.0024), cuff_m, material })
}

fn knit(stream: &mut Stream) -> SurfaceMaterial {
    let colour = hue(stream.unit(), stream.uniform(0.1, 0.7), stream.uniform(0.03, 0.4));
    let pattern = Pattern { kind: PatternKind::Noise, colour: colour.map(|c| 0.55 * c), period_m: 0.003 };
    SurfaceMaterial::cloth(colour, Some(pattern), 0.7)
}

/// Cloth of shirts and trousers.
pub(super) fn cloth(stream: &mut Stream) -> SurfaceMaterial {
    let colour = match stream.weighted(&[0.32, 0.2, 0.48]) {
        Some(0) => hue(stream.unit(), stream.uniform(0.0, 0.4), stream.uniform(0.015, 0.09)),
        Some(1) => hue(stream.unit(), stream.uniform(0.0, 0.12), stream.uniform(0.45, 0.8)),
        _ => hue(stream.unit(), stream.uniform(0.3, 0.9), stream.uniform(0.06, 0.55)),
    };
    let other = hue(stream.unit(), stream.uniform(0.0, 0.8), stream.uniform(0.03, 0.75));
    let kind = match stream.weighted(&[0.42, 0.12, 0.05, 0.1, 0.05, 0.26]) {
        Some(1) => Some((PatternKind::Stripes, other, stream.uniform(0.008, 0.05))),
        Some(2) => Some((PatternKind::Pinstripes, other, stream.uniform(0.006, 0.015))),
        Some(3) => Some((PatternKind::Checks, other, stream.uniform(0.008, 0.04))),
        Some(4) => Some((PatternKind::Dots, other, stream.uniform(0.01, 0.03))),
        Some(5) => Some((PatternKind::Noise, colour.map(|c| 0.6 * c), stream.uniform(0.0012, 0.004))),
        _ => None,
    };
    let pattern = kind.map(|(kind, colour, period_m)| Pattern { kind, colour, period_m });
    SurfaceMaterial::cloth(colour, pattern, stream.uniform(0.1, 0.7))
}

/// A colour of a hue (0..1 around the circle), saturation and value, linear.
fn hue(h: f32, saturation: f32, value: f32) -> [f32; 3] {
    [0.0, 2.0 / 3.0, 1.0 / 3.0].map(|shift| {
        let x = h + shift;
        let ramp = (((x - x.floor()) * 6.0 - 3.0).abs() - 1.0).clamp(0.0, 1.0);
        value * (1.0 - saturation * (1.0 - ramp))
    })
}
