//! The axis of an arm from wrist to shoulder, and the distance of the skin from it all around.

use std::f32::consts::TAU;
use std::sync::LazyLock;

use glam::Vec3;

use crate::posed::PosedHand;
use crate::rig::Joint;
use crate::solid::Bulk;

/// Directions around the axis in which the skin's distance is known.
pub(super) const COLUMNS: usize = 36;
/// Distance of the rows along the forearm and around the elbow, and along the upper arm, metres.
const STEPS_M: [f32; 2] = [0.006, 0.012];
/// The axis leaves the forearm this far before the elbow, over the tangent of half the elbow's bend, metres; and at most.
/// The bend is wider than the arm is thick, so that cross-sections do not fold over each other in the crook.
const BEND_M: [f32; 2] = [0.066, 0.105];
/// Steps of the bend.
const BEND_STEPS: usize = 12;
/// Length of the forearm's rounded end beyond the elbow, metres.
const END_M: f32 = 0.045;
/// How many rows the nearest row may lie towards the wrist from where a point stands along the forearm.
const NEAR_ROWS: usize = 8;
/// Distance of the skin of an upper arm from its axis, as shares of the forearm's largest: along the upper arm in fifths.
const UPPER: [f32; 6] = [0.93, 0.97, 1.06, 1.12, 1.16, 1.20];

/// Cosines and sines of the columns' directions.
pub(super) static WHEEL: LazyLock<[[f32; 2]; COLUMNS]> = LazyLock::new(|| {
    std::array::from_fn(|k| {
        let (sin, cos) = libm::sincosf(TAU * k as f32 / COLUMNS as f32);
        [cos, sin]
    })
});

/// A cross-section of the arm.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    /// World, metres.
    pub(super) centre: Vec3,
    /// Direction in which column 0 lies: the back of the hand, carried along the arm.
    pub(super) first: Vec3,
    /// Direction of the axis, towards the shoulder.
    pub(super) towards: Vec3,
    /// Way from the wrist along the axis, metres.
    pub(super) way_m: f32,
    /// Distance of the skin in each direction, metres.
    pub(super) radius_m: [f32; COLUMNS],
}

impl Row {
    /// Directions of the columns; (towards shoulder) x (next column) is outward.
    pub(super) fn directions(&self) -> [Vec3; COLUMNS] {
        let second = self.first.cross(self.towards);
        WHEEL.map(|[cos, sin]| self.first * cos + second * sin)
    }

    /// Mean distance of the skin, metres.
    pub(super) fn mean(&self) -> f32 {
        self.radius_m.iter().sum::<f32>() / COLUMNS as f32
    }

    fn column(&self, p: Vec3) -> usize {
        let angle = libm::atan2f(p.dot(self.first.cross(self.towards)), p.dot(self.first));
        (angle / TAU * COLUMNS as f32 + COLUMNS as f32 + 0.5) as usize % COLUMNS
    }
}

/// An arm.
#[derive(Debug, Clone)]
pub(super) struct Limb {
    rows: Vec<Row>,
    /// Way from the wrist to the elbow, metres.
    pub(super) elbow_m: f32,
    /// Cosine-like: 0 for a straight arm, 1 for one bent by a right angle.
    pub(super) bend: f32,
    /// Direction from the elbow into its crook, unit; zero for a straight arm.
    pub(super) crook: Vec3,
    ends: [Vec3; 2],
}

impl Limb {
    /// The arm of a posed hand; without a shoulder it ends at the elbow. `None` if the forearm has no length.
    pub(super) fn new(hand: &PosedHand, shoulder: Option<Vec3>) -> Option<Self> {
        let wrist = hand.world_from_joint[Joint::Wrist.index()];
        let elbow = hand.world_from_joint[Joint::Forearm.index()].translation_m;
        let down = (elbow - wrist.translation_m).try_normalize()?;
        let upper = shoulder.and_then(|s| (s - elbow).try_normalize());
        let end = match (shoulder, upper) {
            (Some(s), Some(_)) => s,
            _ => elbow + down * END_M,
        };
        let upper = upper.unwrap_or(down);
        let points = axis([wrist.translation_m, elbow, end], [down, upper]);
        let back = wrist.direction(Vec3::NEG_Z);
        let mut rows = rows(&points, (back - down * back.dot(down)).normalize_or(down.any_orthonormal_vector()));
        let elbow_m = elbow.distance(wrist.translation_m);
        measure(hand, &mut rows, elbow_m, shoulder.is_some());
        let crook = (upper - down).normalize_or_zero();
        Some(Self { rows, elbow_m, bend: (upper - down).length() * 0.707, crook, ends: [elbow, end] })
    }

    /// Length of the axis, metres.
    pub(super) fn length_m(&self) -> f32 {
        self.rows.last().map_or(0.0, |row| row.way_m)
    }

    /// The cross-section some way from the wrist, between the nearest rows.
    pub(super) fn at(&self, way_m: f32) -> Row {
        let next = self.rows.partition_point(|row| row.way_m < way_m).clamp(1, self.rows.len() - 1);
        let (a, b) = (&self.rows[next - 1], &self.rows[next]);
        let t = ((way_m - a.way_m) / (b.way_m - a.way_m).max(1e-6)).clamp(0.0, 1.0);
        let towards = a.towards.lerp(b.towards, t).normalize_or(a.towards);
        let first = a.first.lerp(b.first, t);
        Row {
            centre: a.centre.lerp(b.centre, t),
            first: (first - towards * first.dot(towards)).normalize_or(a.first),
            towards,
            way_m,
            radius_m: std::array::from_fn(|k| a.radius_m[k] + (b.radius_m[k] - a.radius_m[k]) * t),
        }
    }

    /// What the upper arm hides of the sky.
    pub(super) fn bulks(&self) -> Vec<Bulk> {
        let radius = |way: f32| self.at(way).mean();
        vec![Bulk { ends_m: self.ends, radii_m: [radius(self.elbow_m), radius(self.length_m())] }]
    }
}

/// Points of the axis: straight, a bend around the elbow, straight.
fn axis([wrist, elbow, end]: [Vec3; 3], [down, upper]: [Vec3; 2]) -> Vec<Vec3> {
    let cosine = down.dot(upper).clamp(-0.95, 1.0);
    let tangent = ((1.0 - cosine) / (1.0 + cosine)).sqrt();
    let length = elbow.distance(wrist);
    let reach = (BEND_M[0] * tangent).clamp(0.006, BEND_M[1]).min(0.4 * length).min(0.4 * elbow.distance(end));
    let (from, to) = (elbow - down * reach, elbow + upper * reach);
    let straight = |a: Vec3, b: Vec3, step: f32| {
        let count = (a.distance(b) / step).ceil().max(1.0) as usize;
        (0..count).map(move |k| a.lerp(b, k as f32 / count as f32))
    };
    let bend = (0..BEND_STEPS).map(|k| {
        let t = k as f32 / BEND_STEPS as f32;
        from.lerp(elbow, t).lerp(elbow.lerp(to, t), t)
    });
    straight(wrist, from, STEPS_M[0]).chain(bend).chain(straight(to, end, STEPS_M[1])).chain([end]).collect()
}

fn rows(points: &[Vec3], mut first: Vec3) -> Vec<Row> {
    let mut way = 0.0;
    let mut rows: Vec<Row> = Vec::with_capacity(points.len());
    for (k, centre) in points.iter().enumerate() {
        let (before, after) = (points[k.saturating_sub(1)], points[(k + 1).min(points.len() - 1)]);
        let towards = (after - before).normalize_or(Vec3::Y);
        first = (first - towards * first.dot(towards)).normalize_or(towards.any_orthonormal_vector());
        way += before.distance(*centre);
        rows.push(Row { centre: *centre, first, towards, way_m: way, radius_m: [0.0; COLUMNS] });
    }
    rows
}

/// Distances of the skin: the forearm's mesh where there is any, and an upper arm as thick as goes with it.
fn measure(hand: &PosedHand, rows: &mut [Row], elbow_m: f32, has_upper_arm: bool) {
    let forearm = rows.partition_point(|row| row.way_m < elbow_m + END_M);
    let Some([wrist, down]) = rows.first().map(|row| [row.centre, row.towards]) else { return };
    let straight = rows[..forearm].partition_point(|row| row.towards.dot(down) > 0.9999);
    for p in arm_points(hand) {
        // rows of the straight part follow each other at even steps: the nearest is not far from where the point stands
        let along = ((p - wrist).dot(down) / STEPS_M[0]) as usize;
        let [from, to] = [along.min(straight), if along + NEAR_ROWS < straight { along + 4 } else { forearm }];
        let nearest = |row: &&mut Row| row.centre.distance_squared(p);
        let found =
            rows[from.saturating_sub(NEAR_ROWS)..to].iter_mut().min_by(|a, b| nearest(a).total_cmp(&nearest(b)));
        if let Some(row) = found {
            let out = p - row.centre;
            let out = out - row.towards * out.dot(row.towards);
            let column = row.column(out);
            row.radius_m[column] = row.radius_m[column].max(out.length());
        }
    }
    for _ in 0..2 {
        dilate(&mut rows[..forearm]);
    }
    let girth = rows[..forearm].iter().map(Row::mean).fold(0.02, f32::max);
    let length = rows.last().map_or(0.0, |row| row.way_m);
    for row in rows.iter_mut().filter(|row| row.way_m > elbow_m - 0.04) {
        let share = ((row.way_m - elbow_m) / (length - elbow_m).max(1e-3)).clamp(0.0, 1.0) * 5.0;
        let k = (share as usize).min(4);
        let least = girth * (UPPER[k] + (UPPER[k + 1] - UPPER[k]) * (share - k as f32));
        let least = if has_upper_arm { least } else { 0.9 * girth };
        row.radius_m.iter_mut().for_each(|r| *r = r.max(least));
    }
}

/// Vertices of the forearm's skin: those below the wrist in the bind pose.
fn arm_points(hand: &PosedHand) -> impl Iterator<Item = Vec3> + '_ {
    let bind = &hand.rig.mesh.positions_m;
    hand.positions_m.iter().zip(bind).filter(|(_, bind)| bind.y < 0.0).map(|(p, _)| *p)
}

/// Empty places take the largest distance of their neighbours; others are lifted half way to theirs.
fn dilate(rows: &mut [Row]) {
    let old: Vec<[f32; COLUMNS]> = rows.iter().map(|row| row.radius_m).collect();
    for (i, row) in rows.iter_mut().enumerate() {
        for (k, radius) in row.radius_m.iter_mut().enumerate() {
            let around = (i.saturating_sub(1)..=(i + 1).min(old.len() - 1))
                .flat_map(|i| [(k + COLUMNS - 1) % COLUMNS, k, (k + 1) % COLUMNS].map(|k| old[i][k]));
            let (sum, count, most) = around
                .filter(|r| *r > 0.0)
                .fold((0.0, 0.0_f32, 0.0_f32), |(sum, count, most), r| (sum + r, count + 1.0, most.max(r)));
            *radius = if *radius > 0.0 { radius.max(sum / count.max(1.0)) } else { most };
        }
    }
}
