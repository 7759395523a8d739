//! Skin, cloth and other materials as the shaders read them; the order of members is that of the structures in WGSL.

use super::super::decal::Place;
use super::super::finish::{Detail, Finish};
use super::super::material::Material;
use super::super::prepared::PreparedRig;
use super::texels::RigTexels;
use super::words::Words;
use crate::scene::{PatternKind, TattooPattern};

/// Words of a skin and of a finish.
pub(super) const SKIN: usize = 108;
pub(super) const FINISH: usize = 28;

/// Skin of one hand.
pub(super) fn add_skin(words: &mut Words, m: &Material, rig: &PreparedRig, texels: RigTexels) {
    let (p, skin, traits) = (&m.palette, &m.skin, &m.skin.traits);
    let plain = [p.dorsum, p.palm, p.nail, p.lunula, p.free_edge, p.flush, p.palm_flush, p.spot, m.scar_rgb];
    for rgb in plain {
        words.colour(rgb, 0.0);
    }
    words.colour(m.nail_cover.0, m.nail_cover.1);
    words.colour(traits.hair_rgb, traits.hair);
    words.reals(rig.maps.as_ref().map_or([0.0; 4], |maps| maps.max_slopes));
    let (scar, tattoo) = m.decals.map_or((None, None), |decals| (decals.scar, decals.tattoo));
    let of_scar = scar.map(|(place, s)| (place, [0.5e-3 * s.decal.length_mm, s.width_mm, s.height_mm]));
    let of_tattoo = tattoo.map(|(place, t)| (place, [0.5e-3 * t.decal.length_mm, t.darkness, 0.0]));
    add_place(words, of_scar);
    add_place(words, of_tattoo);
    words.reals([m.f0, m.grazing, m.nail_roughness, skin.roughness]);
    words.reals([skin.relief, skin.wetness, traits.wrinkles, traits.veins]);
    words.reals([traits.tendons, traits.freckles, traits.age_spots, m.offset[0], m.offset[1]]);
    words.wholes([texels.first, texels.size, texels.levels, u32::from(scar.is_some())]);
    words.wholes([tattoo.map_or(0, |(_, t)| tattoo_number(t.pattern)), 0, 0]);
    words.reals(rig.mm_per_uv);
    words.real(0.0);
}

/// Surface of one solid or glove.
pub(super) fn add_finish(words: &mut Words, f: &Finish) {
    for rgb in [f.colour, f.second, f.f0, f.softness] {
        words.colour(rgb, 0.0);
    }
    words.reals([f.grazing, f.diffuse, f.roughness, f.alpha]);
    words.reals([f.sheen, f.pixel_tangent, f.uv_m, f.pattern.map_or(1.0, |(_, period)| period)]);
    words.whole(f.pattern.map_or(0, |(kind, _)| pattern_number(kind)));
    words.wholes([u32::from(f.detail == Detail::Hollow), 0, 0]);
}

/// Centre, directions along and across, normal, each with a number beside it.
fn add_place(words: &mut Words, place: Option<(Place, [f32; 3])>) {
    let (place, numbers) = place.unwrap_or_default();
    words.four(place.centre, numbers[0]);
    words.four(place.along, numbers[1]);
    words.four(place.across, numbers[2]);
    words.four(place.normal, 0.0);
}

/// Number of a tattoo's pattern in the shaders; 0 is none.
pub(super) fn tattoo_number(pattern: TattooPattern) -> u32 {
    match pattern {
        TattooPattern::Bands => 1,
        TattooPattern::Mandala => 2,
        TattooPattern::Blades => 3,
        TattooPattern::Chevrons => 4,
    }
}

/// Number of a cloth's pattern in the shaders; 0 is none.
pub(super) fn pattern_number(kind: PatternKind) -> u32 {
    match kind {
        PatternKind::Stripes => 1,
        PatternKind::Pinstripes => 2,
        PatternKind::Checks => 3,
        PatternKind::Dots => 4,
        PatternKind::Noise => 5,
    }
}
