//! Sleeves: a cloth tube around the arm that hangs down, gathers in rings above cuff and elbow, and creases diagonally.

use std::f32::consts::TAU;

use glam::Vec3;

use super::limb::{COLUMNS, Limb, WHEEL};
use super::upper_arm::round_end;
use crate::math::smoothstep;
use crate::scene::Sleeve;
use crate::solid::{Grid, SolidMesh, loft};

/// Least distance of cloth from skin, metres.
const GAP_M: f32 = 0.0018;
/// Thickness of the cloth at its hem, metres.
const CLOTH_M: f32 = 0.0012;
/// The sleeve ends at least this far from the wrist, metres.
const FROM_WRIST_M: f32 = 0.012;
/// Rows of cloth: distance where folds are fine, and on the upper arm, metres.
const STEPS_M: [f32; 2] = [0.005, 0.011];
/// How far the inside of the sleeve is drawn, metres.
const INSIDE_M: f32 = 0.025;
/// How deep below the skin the inside ends, metres.
const SUNK_M: f32 = 0.003;
/// Depth of folds: of the tightest sleeve, metres, and per metre of looseness.
const FOLD_M: f32 = 0.0012;
const FOLD_SHARE: f32 = 0.55;
/// Share of light that the bottom of a fold loses.
const FOLD_SHADE: f32 = 0.45;

/// Way from the wrist to the end of a sleeve, metres.
pub(super) fn hem_m(limb: &Limb, sleeve: &Sleeve) -> f32 {
    let length = limb.length_m();
    ((1.0 - sleeve.share) * length).clamp(FROM_WRIST_M, 0.97 * length)
}

pub(super) fn mesh(limb: &Limb, sleeve: &Sleeve) -> SolidMesh {
    let cloth = Cloth::new(limb, sleeve);
    let (hem, end) = (cloth.hem, limb.length_m());
    let mut grid = Grid { columns: COLUMNS, ..Grid::default() };
    // from the skin to the inside, over the hem, outside: nobody looks through a sleeve
    cloth.closing(&mut grid);
    for (way, lift) in [(INSIDE_M, -1.0), (0.5 * INSIDE_M, -1.0), (0.0015, -1.0), (-0.0004, -0.5), (0.0010, 0.0)] {
        cloth.ring((hem + way).min(end), CLOTH_M * lift, &mut grid);
    }
    let mut way = hem + 0.003;
    while way < end {
        cloth.ring(way, 0.0, &mut grid);
        way += if way < limb.elbow_m + 0.09 || way < hem + 0.12 { STEPS_M[0] } else { STEPS_M[1] };
    }
    let more = GAP_M + 0.5 * sleeve.looseness_m;
    round_end(limb, end, more, &mut grid);
    grid.detail.resize(grid.points_m.len(), 0.0);
    loft(&grid)
}

/// A sleeve on its arm.
struct Cloth<'a> {
    limb: &'a Limb,
    sleeve: &'a Sleeve,
    hem: f32,
    depth: f32,
    phase: [f32; 6],
}

impl<'a> Cloth<'a> {
    fn new(limb: &'a Limb, sleeve: &'a Sleeve) -> Self {
        let mut state = sleeve.seed | 1;
        let phase = [0; 6].map(|_| {
            // xorshift: folds differ from sleeve to sleeve, nothing more is asked of it
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            TAU * (state >> 8) as f32 / 16_777_216.0
        });
        let depth = sleeve.folds * (FOLD_M + FOLD_SHARE * sleeve.looseness_m);
        Self { limb, sleeve, hem: hem_m(limb, sleeve), depth, phase }
    }

    fn ring(&self, way: f32, lift: f32, grid: &mut Grid) {
        let row = self.limb.at(way);
        let before = self.limb.at((way - 0.012).max(self.hem));
        let after = self.limb.at((way + 0.012).min(self.limb.length_m()));
        // a cuff is tight, and the cloth behind it hangs over
        let cuff = self.sleeve.cuff_m;
        let free = if cuff > 0.0 { smoothstep(way, self.hem + 0.8 * cuff, self.hem + cuff + 0.012) } else { 1.0 };
        let over = 1.0 + 0.8 * free / (1.0 + square((way - self.hem - cuff) / 0.03)) * f32::from(u8::from(cuff > 0.0));
        let folds = Folds::new(self, way);
        for (k, direction) in row.directions().into_iter().enumerate() {
            // cloth spans hollows of the arm
            let skin = row.radius_m[k].max(0.5 * (before.radius_m[k] + after.radius_m[k]));
            let hang = 0.22 + 0.78 * square(0.5 - 0.5 * direction.y);
            let fold = folds.height(self, k, direction) * (0.12 + 0.88 * free);
            let loose = self.sleeve.looseness_m * hang * (0.15 + 0.85 * free) * over;
            let gap = GAP_M + loose + self.depth * fold;
            grid.points_m.push(row.centre + direction * (skin + (gap + lift).max(0.0006)));
            let deep = if lift < 0.0 { 1.5 } else { (1.0 - fold).clamp(0.0, 1.0) * self.sleeve.folds.min(1.0) };
            grid.detail.push(FOLD_SHADE * deep);
        }
        grid.along_m.push(way);
    }

    /// The first ring, below the skin at the end of what is drawn of the inside.
    fn closing(&self, grid: &mut Grid) {
        let row = self.limb.at((self.hem + INSIDE_M).min(self.limb.length_m()));
        let surface = row.directions().into_iter().zip(row.radius_m);
        grid.points_m.extend(surface.map(|(direction, radius)| row.centre + direction * (radius - SUNK_M)));
        grid.detail.extend([2.0 * FOLD_SHADE; COLUMNS]);
        grid.along_m.push(row.way_m);
    }
}

/// Sine of `times` the angle of a column and a phase, from that phase's cosine and sine.
struct Wave {
    times: usize,
    cos: f32,
    sin: f32,
}

impl Wave {
    fn new(times: usize, phase: f32) -> Self {
        let (sin, cos) = libm::sincosf(phase);
        Self { times, cos, sin }
    }

    fn at(&self, column: usize) -> f32 {
        let [cos, sin] = WHEEL[self.times * column % COLUMNS];
        sin * self.cos + cos * self.sin
    }
}

/// The folds of one ring: what does not change around it.
struct Folds {
    wander: [Wave; 3],
    part: Wave,
    /// Shifts of the diagonals around the arm.
    sway: [Wave; 2],
    patch: [Wave; 2],
    /// Ways in units of the rings and of the two diagonals.
    ways: [f32; 3],
    at_hem: f32,
    at_elbow: f32,
}

impl Folds {
    fn new(cloth: &Cloth<'_>, way: f32) -> Self {
        let (p, sleeve, limb) = (&cloth.phase, cloth.sleeve, cloth.limb);
        let sin = libm::sinf;
        let at_hem = 1.0 / (1.0 + square((way - cloth.hem - sleeve.cuff_m - 0.02) / 0.045));
        Self {
            wander: [Wave::new(1, p[0]), Wave::new(2, p[1] + 9.0 * way), Wave::new(3, p[4] - 21.0 * way)],
            // no ring goes all the way around
            part: Wave::new(1, p[5] + 43.0 * way),
            sway: [Wave::new(2, p[3]), Wave::new(1, p[4])],
            patch: [Wave::new(2, 19.0 * way + p[5]), Wave::new(1, p[0] - 31.0 * way)],
            ways: [
                way / (0.026 + 0.006 * sin(p[2])) + 0.5 * sin(17.0 * way + p[2]),
                way / 0.062 + p[3],
                way / 0.045 + p[4],
            ],
            at_hem: at_hem * if sleeve.cuff_m > 0.0 { 1.0 } else { 0.45 },
            at_elbow: limb.bend.min(1.3) / (1.0 + square((way - limb.elbow_m) / 0.055)),
        }
    }

    /// Height of the folds, 0..1.
    fn height(&self, cloth: &Cloth<'_>, column: usize, direction: Vec3) -> f32 {
        let turn = column as f32 / COLUMNS as f32;
        let [first, second, third] = self.wander.each_ref().map(|wave| wave.at(column));
        let wander = 0.34 * first + 0.20 * second + 0.10 * third;
        let part = 0.3 + 0.7 * (0.5 + 0.5 * self.part.at(column));
        let rings = part * crest(self.ways[0] + wander);
        let diagonal = crest(self.ways[1] + turn + 0.25 * self.sway[0].at(column));
        let other = crest(self.ways[2] - turn + 0.2 * self.sway[1].at(column));
        let patch = 0.5 + 0.5 * self.patch[0].at(column) * self.patch[1].at(column);
        let crook = 0.35 + 0.65 * (0.5 + 0.5 * direction.dot(cloth.limb.crook));
        let gathered = (self.at_hem + self.at_elbow * crook).min(1.0);
        (gathered * rings + (1.0 - 0.6 * gathered) * (0.75 * diagonal * patch + 0.55 * other * (1.0 - patch))).min(1.0)
    }
}

/// A round crest and a sharp valley once per unit: |sin(pi x)| to within .0011.
fn crest(x: f32) -> f32 {
    let t = x - x.floor();
    let parabola = 4.0 * t * (1.0 - t);
    parabola * (0.775 + 0.225 * parabola)
}

fn square(x: f32) -> f32 {
    x * x
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folds_by_tables_are_those_by_sines() {
        for k in 0..COLUMNS {
            let angle = TAU * k as f32 / COLUMNS as f32;
            for (times, phase) in [(1, 0.3), (2, -1.7), (3, 4.0)] {
                let wanted = libm::sinf(times as f32 * angle + phase);
                assert!((Wave::new(times, phase).at(k) - wanted).abs() < 1e-5, "column {k}, {times} waves");
            }
            let x = 0.37 * k as f32 - 5.0;
            assert!((crest(x) - libm::sinf(0.5 * TAU * x).abs()).abs() < 0.0012, "crest at {x}");
        }
    }
}
