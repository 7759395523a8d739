//! The skin of the upper arm: it begins inside the forearm and ends in a round shoulder.

use super::limb::{COLUMNS, Limb};
use crate::math::smoothstep;
use crate::scene::Sleeve;
use crate::solid::{Grid, SolidMesh, loft};

/// It begins this far before the elbow, this deep in the forearm, metres.
const BEFORE_M: f32 = 0.10;
const SUNK_M: f32 = 0.004;
/// It ends this far below the hem of a sleeve, metres.
const BELOW_HEM_M: f32 = 0.03;
const STEP_M: f32 = 0.012;
/// Steps of the round end.
const END_STEPS: usize = 4;

/// `None` if a sleeve hides all of it.
pub(super) fn mesh(limb: &Limb, sleeve: Option<&Sleeve>) -> Option<SolidMesh> {
    let from = limb.elbow_m - BEFORE_M;
    let length = limb.length_m();
    let hem = sleeve.map_or(length, |s| super::sleeve::hem_m(limb, s) + BELOW_HEM_M).min(length);
    if hem < from + STEP_M {
        return None;
    }
    let count = ((hem - from) / STEP_M).ceil() as usize;
    let mut grid = Grid { columns: COLUMNS, ..Grid::default() };
    for k in 0..=count {
        let way = from + (hem - from) * k as f32 / count as f32;
        let row = limb.at(way);
        let sunk = SUNK_M * (1.0 - smoothstep(way, from, limb.elbow_m - 0.02)) - 0.0004;
        let surface = row.directions().into_iter().zip(row.radius_m);
        grid.points_m.extend(surface.map(|(direction, radius)| row.centre + direction * (radius - sunk)));
        grid.along_m.push(way);
    }
    round_end(limb, hem, 0.0, &mut grid);
    Some(loft(&grid))
}

/// Close a grid beyond a cross-section with a round end, `more` metres outside the skin.
pub(super) fn round_end(limb: &Limb, way_m: f32, more: f32, grid: &mut Grid) {
    let row = limb.at(way_m);
    let mean = row.mean() + more;
    for k in 1..=END_STEPS {
        let (sin, cos) = libm::sincosf(std::f32::consts::FRAC_PI_2 * k as f32 / END_STEPS as f32);
        let cos = if k == END_STEPS { 0.0 } else { cos };
        let centre = row.centre + row.towards * (mean * sin);
        let surface = row.directions().into_iter().zip(row.radius_m);
        grid.points_m.extend(surface.map(|(direction, radius)| centre + direction * ((radius + more) * cos)));
        grid.along_m.push(way_m + mean * sin);
    }
}
