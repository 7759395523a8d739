//! The WGSL of every pass: the numbers of the shading model as constants, then the files that the pass needs.

use super::super::shading;
use super::super::tile::{self, Tile, channel};
use super::materials::{pattern_number, tattoo_number};
use super::pack::NO_VERTEX;
use crate::rig::part::PERSON_ID;
use crate::scene::{PatternKind, TattooPattern};

/// Invocations of a workgroup.
pub(super) const GROUP: u32 = 64;
/// Columns and rows of a piece of a triangle, which eight invocations draw.
pub(super) const PIECE: u32 = 32;

/// Source of a pass, for grids of so many workgroups a row at most.
pub(super) fn source(most_groups: u32, files: &[&str]) -> String {
    let mut out = constants(most_groups);
    for file in files {
        out.push('\n');
        out.push_str(file);
    }
    out
}

/// What the shaders take from the rest of the crate: nothing is written twice.
fn constants(most_groups: u32) -> String {
    let mut c = Constants::default();
    c.whole("MOST_GROUPS", most_groups);
    c.whole("GROUP", GROUP);
    c.whole("BODIES", u32::from(super::super::geometry::BODIES));
    c.whole("PERSON_ID", u32::from(PERSON_ID));
    c.whole("SHADOW_MARGIN", shading::SHADOW_MARGIN as u32);
    // steps of a float by which two passes' depths of one place may differ: 4 micrometres at half a metre
    c.whole("SAME_DEPTH", 64);
    c.whole("NO_VERTEX", NO_VERTEX);
    c.real("SMALLEST", f32::MIN_POSITIVE);
    c.real("TAU", core::f32::consts::TAU);
    c.real("REACH_RADII", shading::REACH_RADII);
    c.places("SAMPLES_PX", &shading::SAMPLES_PX);
    light_constants(&mut c);
    skin_constants(&mut c);
    let mean = Tile::get().mean;
    c.whole("TILE_SIZE", Tile::get().levels[0].size as u32);
    c.whole("TILE_LEVELS", Tile::get().levels.len() as u32);
    c.vector("TILE_MEAN_DEPTHS", &[mean[channel::BACK_DEPTH], mean[channel::PALM_DEPTH]]);
    c.real("TILE_MAX_SLOPE", tile::MAX_SLOPE);
    c.real("RELIEF_MM", tile::RELIEF_MM);
    c.real("HAIR_MM", tile::HAIR_MM);
    c.real("FRECKLES_MM", tile::FRECKLES_MM);
    c.real("SPOTS_MM", tile::SPOTS_MM);
    c.whole("TATTOO_BANDS", tattoo_number(TattooPattern::Bands));
    c.whole("TATTOO_MANDALA", tattoo_number(TattooPattern::Mandala));
    c.whole("TATTOO_BLADES", tattoo_number(TattooPattern::Blades));
    c.whole("PATTERN_STRIPES", pattern_number(PatternKind::Stripes));
    c.whole("PATTERN_PINSTRIPES", pattern_number(PatternKind::Pinstripes));
    c.whole("PATTERN_CHECKS", pattern_number(PatternKind::Checks));
    c.whole("PATTERN_DOTS", pattern_number(PatternKind::Dots));
    c.0
}

fn light_constants(c: &mut Constants) {
    c.vector("SPREAD_M", &shading::SPREAD_M);
    c.vector("SOFTNESS", &shading::SOFTNESS);
    c.vector("SMOOTH_SHARE", &shading::SMOOTH_SHARE);
    c.vector("SHADOW_BLEED", &shading::SHADOW_BLEED);
    c.vector("ABSORPTION", &shading::ABSORPTION);
    c.real("TRANSMISSION", shading::TRANSMISSION);
    c.real("THIN_CURVATURE", shading::THIN_CURVATURE);
    c.real("SECOND_LOBE", shading::SECOND_LOBE);
}

fn skin_constants(c: &mut Constants) {
    c.real("NAIL_F0", shading::NAIL_F0);
    c.vector("LOBE_FACTORS", &shading::LOBE_FACTORS);
    c.real("PALM_ROUGHER", shading::PALM_ROUGHER);
    c.real("WET_ROUGHNESS", shading::WET_ROUGHNESS);
    c.real("WET_DARKENING", shading::WET_DARKENING);
    c.real("MAX_RELIEF", shading::MAX_RELIEF);
    c.vector("STRAIGHT_FOLDS", &shading::STRAIGHT_FOLDS);
    c.vector("FLEXED_FOLDS", &shading::FLEXED_FOLDS);
    c.real("STRETCHED", shading::STRETCHED);
    c.vector("PLAIN_ARM_M", &shading::PLAIN_ARM_M);
    c.vector("VEIN_TINT", &shading::VEIN_TINT);
    c.real("RIDGE_STEP_M", crate::rig::RIDGE_STEP_M);
    c.real("RIDGE_SPACING_M", shading::RIDGE_SPACING_M);
    c.real("RIDGE_HEIGHT_M", shading::RIDGE_HEIGHT_M);
    c.vector("RIDGE_FADE", &shading::RIDGE_FADE);
    c.real("RIDGE_MEAN", shading::RIDGE_MEAN);
    c.real("RIDGE_CONTRAST", shading::RIDGE_CONTRAST);
    c.real("FURROW_DARKENING", shading::FURROW_DARKENING);
    c.real("FURROW_DULLING", shading::FURROW_DULLING);
    c.real("MOST_STEPS_PER_TEXEL", shading::MOST_STEPS_PER_TEXEL);
    c.real("NEAR_MM", shading::NEAR_MM);
    c.real("MARK_DEPTH_M", shading::MARK_DEPTH_M);
}

/// Lines of WGSL.
#[derive(Default)]
struct Constants(String);

impl Constants {
    fn whole(&mut self, name: &str, value: u32) {
        self.0 += &format!("const {name} = {value}u;\n");
    }

    fn real(&mut self, name: &str, value: f32) {
        self.0 += &format!("const {name}: f32 = {value:?};\n");
    }

    fn vector(&mut self, name: &str, values: &[f32]) {
        self.0 += &format!("const {name} = {};\n", vector(values));
    }

    fn places(&mut self, name: &str, values: &[[f32; 2]]) {
        let list: Vec<_> = values.iter().map(|v| vector(v)).collect();
        self.0 += &format!("const {name} = array({});\n", list.join(", "));
    }
}

fn vector(values: &[f32]) -> String {
    let list: Vec<_> = values.iter().map(|v| format!("{v:?}")).collect();
    format!("vec{}f({})", values.len(), list.join(", "))
}
