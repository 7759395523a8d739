//! Fixed-topology quad cage of the hand. Millimetres in hand space.
//!
//! Twelve column lines run along the palm, three per finger, on a palmar and a dorsal sheet that meet in side vertices on
//! both edges and on the floors of the webs. Fingers and thumb are rings of eight, the forearm rings of 26, closed at the elbow.

use std::collections::BTreeMap;

use glam::{Mat3, Vec3};

use crate::rig::joint::{Digit, FINGERS};
use crate::rig::{HandPart, JOINT_COUNT, Joint};

use super::HandField;
use super::mesh::{CHART_CAP, CHART_DORSAL, CHART_FOREARM, CHART_PALMAR, Corner, Quad, Vertex, chart_of};

const COLUMNS: usize = 12;
const LAST_ROW: usize = 5;
/// Rows between which the thumb grows from the radial side.
const THUMB_ROWS: (usize, usize) = (1, 3);
const PALMAR: usize = 0;
const SIDE: usize = 1;
const DORSAL: usize = 2;
/// The eight directions of a ring: X (radial +) and Z (palmar +).
const RING: [(f32, f32); 8] = {
    const D: f32 = std::f32::consts::FRAC_1_SQRT_2;
    [(D, D), (0.0, 1.0), (-D, D), (-1.0, 0.0), (-D, -D), (0.0, -1.0), (D, -D), (1.0, 0.0)]
};
/// Ring direction at which a digit's chart is cut: the palmar edge of the ulnar side, off nail and pad.
const CUT: usize = 2;

/// Name of a vertex on the lattice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Palm(usize, usize, usize),
    Forearm(usize, usize),
    Cap(usize),
    Ring(usize, usize, usize),
    Tip(usize),
}

/// A cage under construction.
struct Cage<'a> {
    field: &'a HandField,
    vertices: Vec<Vertex>,
    quads: Vec<Quad>,
    key: BTreeMap<Key, u32>,
}

/// The cage of a field's subject.
pub(super) fn build(field: &HandField) -> (Vec<Vertex>, Vec<Quad>) {
    let mut cage = Cage { field, vertices: Vec::new(), quads: Vec::new(), key: BTreeMap::new() };
    cage.palm_vertices();
    cage.palm_quads();
    cage.forearm();
    for (k, digit) in FINGERS.into_iter().enumerate() {
        cage.digit(digit, finger_socket(k));
    }
    cage.place_first_web();
    cage.digit(Digit::Thumb, THUMB_SOCKET);
    (cage.vertices, cage.quads)
}

/// Keys of the last palm row from which a finger grows, in ring order.
fn finger_socket(finger: usize) -> [Key; 8] {
    let (a, b, c, j) = (3 * finger, 3 * finger + 1, 3 * finger + 2, LAST_ROW);
    [(a, PALMAR), (b, PALMAR), (c, PALMAR), (c, SIDE), (c, DORSAL), (b, DORSAL), (a, DORSAL), (a, SIDE)]
        .map(|(column, sheet)| Key::Palm(column, j, sheet))
}

/// Keys on the radial edge of the palm from which the thumb grows, in ring order.
const THUMB_SOCKET: [Key; 8] = {
    const LO: usize = THUMB_ROWS.0;
    const HI: usize = THUMB_ROWS.1;
    [
        Key::Palm(0, LO, PALMAR),
        Key::Palm(0, LO + 1, PALMAR),
        Key::Palm(0, HI, PALMAR),
        Key::Palm(0, HI, SIDE),
        Key::Palm(0, HI, DORSAL),
        Key::Palm(0, LO + 1, DORSAL),
        Key::Palm(0, LO, DORSAL),
        Key::Palm(0, LO, SIDE),
    ]
};

/// Weights with one bone only. The index and middle metacarpals never turn in the hand: they count as the wrist.
fn bones(shares: &[(Joint, f32)]) -> [f32; JOINT_COUNT] {
    let mut row = [0.0; JOINT_COUNT];
    let total: f32 = shares.iter().map(|s| s.1).sum();
    for &(joint, share) in shares {
        let joint = match joint {
            Joint::IndexFingerMetacarpal | Joint::MiddleFingerMetacarpal => Joint::Wrist,
            other => other,
        };
        row[joint.index()] += share / total;
    }
    row
}

impl Cage<'_> {
    fn add(&mut self, key: Key, position: Vec3, weights: [f32; JOINT_COUNT], palmar: f32) {
        self.key.insert(key, self.vertices.len() as u32);
        self.vertices.push(Vertex { position, weights, palmar });
    }

    fn position(&self, key: Key) -> Vec3 {
        self.key.get(&key).map_or(Vec3::ZERO, |k| self.vertices[*k as usize].position)
    }

    /// New quad of one chart from keys with their place (column, row) on the chart; winding is made consistent later.
    fn quad(&mut self, chart: u8, part: HandPart, corners: [(Key, usize, usize); 4]) {
        let corner = |(key, column, row): (Key, usize, usize)| Corner {
            vertex: self.key.get(&key).copied().unwrap_or(0),
            column: column as u8,
            row: row as u8,
        };
        self.quads.push(Quad { corners: corners.map(corner), chart, part: part.index() });
    }

    fn scale(&self) -> f32 {
        self.field.subject().scale()
    }

    fn origin(&self, joint: Joint) -> Vec3 {
        self.field.point_from_joint(joint, Vec3::ZERO)
    }

    fn metacarpal_length(&self, digit: Digit) -> f32 {
        self.origin(digit.joints()[0]).distance(self.origin(digit.joints()[1]))
    }

    /// Fraction of the proximal phalanx at which each column ends: the gap between the fingers, from the field.
    fn web_heights(&self) -> [f32; COLUMNS] {
        let s = self.field.subject();
        let limits = s.spec.cage.web_limits;
        let gap = |radial: Digit, ulnar: Digit| {
            let facing = |digit: Digit, x: f32, t: f32| {
                self.field.point_from_joint(digit.chain()[0], Vec3::new(x, t * s.bone_lengths(digit)[0], s.scale()))
            };
            let middle = |t: f32| {
                0.5 * (facing(radial, -s.half_breadths(radial)[0], t) + facing(ulnar, s.half_breadths(ulnar)[0], t))
            };
            last_root(|t| self.field.distance(middle(t)), 0.0, 0.9).clamp(limits[0], limits[1])
        };
        let ends: [f32; 3] = std::array::from_fn(|k| gap(FINGERS[k], FINGERS[k + 1]));
        std::array::from_fn(|column| {
            let finger = column / 3;
            let (radial, ulnar) = (ends[finger.saturating_sub(1)], ends[finger.min(2)]);
            [radial, 0.5 * (radial + ulnar), ulnar][column % 3]
        })
    }

    fn palm_vertices(&mut self) {
        let heights = self.web_heights();
        for row in 0..=LAST_ROW {
            for column in 0..COLUMNS {
                self.palm_column(row, column, heights[column]);
            }
        }
    }

    fn palm_column(&mut self, row: usize, column: usize, height: f32) {
        let field = self.field;
        let s = field.subject();
        let c = s.scale();
        let t = s.spec.cage.rows[row];
        let finger = FINGERS[column / 3];
        let ray = finger.joints()[0];
        let axes: Mat3 = field.joint_axes(ray);
        let u = (1.0 - (column % 3) as f32) * s.spec.cage.column_half_width_mm[column / 3] * c * 0.85;
        let t_ray = t.min(1.0);
        let along = field.joint_from_point(ray, self.origin(finger.joints()[1])).normalize_or(Vec3::Y);
        let mut base = field.point_from_joint(ray, along * self.metacarpal_length(finger) * t_ray);
        base.x *= 0.80 + 0.20 * t_ray;
        if row == 0 {
            base = Vec3::new(base.x, 0.01 * s.hand_length_mm, 0.0);
        }
        let mut p = base + axes.x_axis * u * (0.55 + 0.45 * t_ray);
        if t > 1.0 {
            p = field.point_from_joint(finger.chain()[0], Vec3::new(u * 0.9, height * s.bone_lengths(finger)[0], 0.0));
        }
        let (dorsal, palmar) = self.palm_weights(row, column, t);
        self.add(Key::Palm(column, row, PALMAR), p + axes.z_axis * 14.0 * c, palmar, 1.0);
        self.add(Key::Palm(column, row, DORSAL), p - axes.z_axis * 11.0 * c, dorsal, 0.0);
        let outer = column == 0 || column == COLUMNS - 1;
        let inside_thumb = column == 0 && row > THUMB_ROWS.0 && row < THUMB_ROWS.1;
        let web = row == LAST_ROW && column % 3 != 1;
        if (outer || web) && !inside_thumb {
            let push = if outer { u.signum() * 3.0 * c } else { 0.0 };
            self.add(Key::Palm(column, row, SIDE), p + axes.x_axis * push + axes.z_axis * c, dorsal, 0.5);
        }
    }

    /// Weights of a palm vertex on the dorsal and on the palmar sheet.
    fn palm_weights(&self, row: usize, column: usize, t: f32) -> ([f32; JOINT_COUNT], [f32; JOINT_COUNT]) {
        let finger = FINGERS[column / 3];
        let (metacarpal, proximal) = (finger.joints()[0], finger.joints()[1]);
        if row == 0 {
            let share = self.field.subject().spec.cage.forearm_rows[0][3];
            let both = bones(&[(Joint::Wrist, share), (Joint::Forearm, 1.0 - share)]);
            return (both, both);
        }
        if t > 1.0 {
            // beyond the MCP the palmar pad follows the finger less than the back does
            let split = |share: f32| bones(&[(metacarpal, 1.0 - share), (proximal, share)]);
            return (split(0.78), split(0.55));
        }
        let mut shares = if t > 0.95 {
            vec![(metacarpal, 0.62), (proximal, 0.38)]
        } else {
            vec![(metacarpal, 0.6 + 0.4 * t), (Joint::Wrist, 0.4 * (1.0 - t))]
        };
        if column % 3 != 1 && t <= 0.95 {
            let neighbour = if finger == Digit::Little { Digit::Ring } else { FINGERS[column / 3 + 1] };
            shares.push((neighbour.joints()[0], 0.15));
        }
        if column <= 1 && t < 0.9 {
            let share = if column == 0 { 0.30 } else { 0.10 };
            shares.push((Joint::ThumbMetacarpal, share * (1.0 - (t - 0.45).abs() / 0.5)));
        }
        (bones(&shares), bones(&shares))
    }

    /// Palm lattice, its edges (without the thumb's socket) and the floors of the webs.
    fn palm_quads(&mut self) {
        let cell = |i: usize, j: usize, sheet: usize| (Key::Palm(i, j, sheet), i + 1, j);
        for j in 0..LAST_ROW {
            for i in 0..COLUMNS - 1 {
                for (sheet, chart) in [(PALMAR, CHART_PALMAR), (DORSAL, CHART_DORSAL)] {
                    let corners =
                        [cell(i, j, sheet), cell(i, j + 1, sheet), cell(i + 1, j + 1, sheet), cell(i + 1, j, sheet)];
                    self.quad(chart, HandPart::Palm, corners);
                }
            }
            for i in [0, COLUMNS - 1] {
                if i == 0 && (THUMB_ROWS.0..THUMB_ROWS.1).contains(&j) {
                    continue;
                }
                let edge = if i == 0 { 0 } else { COLUMNS + 1 };
                for (sheet, chart) in [(PALMAR, CHART_PALMAR), (DORSAL, CHART_DORSAL)] {
                    let side = |j: usize| (Key::Palm(i, j, SIDE), edge, j);
                    self.quad(chart, HandPart::Palm, [cell(i, j, sheet), side(j), side(j + 1), cell(i, j + 1, sheet)]);
                }
            }
        }
        for i in [2, 5, 8] {
            for (sheet, chart) in [(PALMAR, CHART_PALMAR), (DORSAL, CHART_DORSAL)] {
                let floor = |i: usize| (Key::Palm(i, LAST_ROW, SIDE), i + 1, LAST_ROW + 1);
                let corners = [cell(i, LAST_ROW, sheet), floor(i), floor(i + 1), cell(i + 1, LAST_ROW, sheet)];
                self.quad(chart, HandPart::Palm, corners);
            }
        }
    }

    /// Rings of 26 from palm row 0 to the elbow, and two rows of quads that close it.
    fn forearm(&mut self) {
        let s = self.field.subject();
        let (c, length) = (s.scale(), s.hand_length_mm);
        let spec = &s.spec.cage;
        let n = COLUMNS;
        let mut ring: Vec<Key> = (0..n).map(|i| Key::Palm(i, 0, PALMAR)).collect();
        ring.push(Key::Palm(n - 1, 0, SIDE));
        ring.extend((0..n).rev().map(|i| Key::Palm(i, 0, DORSAL)));
        ring.push(Key::Palm(0, 0, SIDE));
        let half = |k: usize| 0.04 + 0.92 * k as f32 / (n - 1) as f32;
        let turns: Vec<f32> = (0..n).map(half).chain([1.0]).chain((0..n).map(|k| 1.0 + half(k))).chain([2.0]).collect();
        let count = ring.len();
        for (row, &[y, breadth, depth, wrist]) in spec.forearm_rows.iter().enumerate() {
            let current: Vec<Key> =
                if row == 0 { ring.clone() } else { (0..count).map(|k| Key::Forearm(row, k)).collect() };
            for (k, turn) in turns.iter().enumerate() {
                let (sin, cos) = libm::sincosf(turn * std::f32::consts::PI);
                let p = Vec3::new(cos * breadth * c, y * length, sin * depth * c);
                if row == 0 {
                    if let Some(v) = self.key.get(&current[k]) {
                        self.vertices[*v as usize].position = p;
                    }
                } else {
                    self.add(
                        current[k],
                        p,
                        bones(&[(Joint::Wrist, wrist), (Joint::Forearm, 1.0 - wrist)]),
                        0.5 + 0.5 * sin,
                    );
                }
            }
            for k in 0..if row == 0 { 0 } else { count } {
                // the chart is cut at the ulnar side, where column 12 stands
                let (m, col) = ((k + 1) % count, (k + count - n) % count);
                let corners = [
                    (ring[k], col, row - 1),
                    (ring[m], col + 1, row - 1),
                    (current[m], col + 1, row),
                    (current[k], col, row),
                ];
                self.quad(CHART_FOREARM, HandPart::Arm, corners);
            }
            ring = current;
        }
        self.elbow(&ring, spec.forearm_end * length);
    }

    fn elbow(&mut self, ring: &[Key], y: f32) {
        let n = COLUMNS;
        let middle: Vec<(Key, usize, usize)> = (0..n)
            .map(|i| match i {
                0 => (ring[2 * n + 1], i, 1),
                _ if i == n - 1 => (ring[n], i, 1),
                _ => (Key::Cap(i), i, 1),
            })
            .collect();
        for &(key, i, _) in &middle[1..n - 1] {
            let mut p = 0.5 * (self.position(ring[i]) + self.position(ring[2 * n - i]));
            p.y = y;
            self.add(key, p, bones(&[(Joint::Forearm, 1.0)]), 0.5);
        }
        for i in 0..n - 1 {
            let (palmar, dorsal) = (|i: usize| (ring[i], i, 0), |i: usize| (ring[2 * n - i], i, 2));
            self.quad(CHART_CAP, HandPart::Arm, [palmar(i), palmar(i + 1), middle[i + 1], middle[i]]);
            self.quad(CHART_CAP, HandPart::Arm, [middle[i], middle[i + 1], dorsal(i + 1), dorsal(i)]);
        }
    }

    /// Put the distal side of the thumb's socket onto the edge of the first web.
    fn place_first_web(&mut self) {
        let c = self.scale();
        let (index, thumb) = (Joint::IndexFingerMetacarpal, Joint::ThumbMetacarpal);
        let length = self.field.subject().bone_lengths(Digit::Thumb)[0];
        let thumb_side = self.field.point_from_joint(thumb, Vec3::new(-3.0 * c, 0.86 * length, 0.0));
        let along = 0.93 * self.metacarpal_length(Digit::Index);
        let index_side = self.field.point_from_joint(index, Vec3::new(9.0 * c, along, 1.5 * c));
        let middle = 0.45 * thumb_side + 0.55 * index_side;
        let origin = self.origin(index);
        let normal = (thumb_side - origin).cross(index_side - origin).normalize_or(Vec3::Z);
        let normal = normal * normal.z.signum();
        let weights = bones(&[(index, 0.5), (thumb, 0.5)]);
        for (sheet, across, distal) in [(PALMAR, 7.0, -3.0), (SIDE, 0.0, 3.0), (DORSAL, -7.0, -3.0)] {
            if let Some(k) = self.key.get(&Key::Palm(0, THUMB_ROWS.1, sheet)) {
                let v = &mut self.vertices[*k as usize];
                v.position = middle + normal * across * c + Vec3::Y * distal * c;
                v.weights = weights;
            }
        }
    }

    /// Rings of eight from a socket along the digit, closed by four quads at the tip.
    fn digit(&mut self, digit: Digit, socket: [Key; 8]) {
        let s = self.field.subject();
        let spec = &s.spec.cage;
        let rings = if digit == Digit::Thumb { &spec.thumb_rings } else { &spec.finger_rings };
        let chain = digit.chain();
        let mut lengths = s.bone_lengths(digit);
        lengths[2] = s.tip_length(digit);
        let (breadths, depths) = (s.half_breadths(digit), s.half_depths(digit));
        let chart = chart_of(digit);
        let mut previous = socket;
        let mut last_bone = 0;
        for (n, &[bone, t, before, after, shear]) in rings.iter().enumerate() {
            let bone = bone as usize;
            let size = if t >= 0.5 { bone } else { bone.saturating_sub(1) * 2 };
            let mut shares = vec![(chain[bone], 1.0 - before - after)];
            shares.extend((before > 0.0).then(|| (chain[bone - 1], before)));
            shares.extend((after > 0.0).then(|| (chain[bone + 1], after)));
            let current: [Key; 8] = std::array::from_fn(|a| Key::Ring(digit as usize, n, a));
            for (key, (x, z)) in current.into_iter().zip(RING) {
                let y = (t + shear * (-x).max(0.0)) * lengths[bone];
                let p = self.field.point_from_joint(chain[bone], Vec3::new(x * breadths[size], y, z * depths[size]));
                self.add(key, p, bones(&shares), (0.5 + z).clamp(0.0, 1.0));
            }
            let part = HandPart::Segment(digit, 2 - last_bone as u8);
            for col in 0..8 {
                let (a, b) = ((CUT + col) % 8, (CUT + col + 1) % 8);
                let corners = [
                    (previous[a], col, n),
                    (current[a], col, n + 1),
                    (current[b], col + 1, n + 1),
                    (previous[b], col + 1, n),
                ];
                self.quad(chart, part, corners);
            }
            previous = current;
            last_bone = bone;
        }
        let tip = Key::Tip(digit as usize);
        let end = self.field.point_from_joint(chain[2], Vec3::Y * 0.999 * lengths[2]);
        self.add(tip, end, bones(&[(chain[2], 1.0)]), 0.6);
        for col in [0, 2, 4, 6] {
            let [a, b, c] = [0, 1, 2].map(|k| ((CUT + col + k) % 8, col + k));
            let n = rings.len();
            let corners =
                [(previous[a.0], a.1, n), (tip, col + 1, n + 1), (previous[c.0], c.1, n), (previous[b.0], b.1, n)];
            self.quad(chart, HandPart::Segment(digit, 0), corners);
        }
    }
}

/// Last place in [lo, hi] where `f` goes from negative to positive, by scanning and interpolating; `lo` if nowhere.
fn last_root(f: impl Fn(f32) -> f32, lo: f32, hi: f32) -> f32 {
    const STEPS: usize = 60;
    let at = |k: usize| lo + (hi - lo) * k as f32 / STEPS as f32;
    let values: Vec<f32> = (0..=STEPS).map(|k| f(at(k))).collect();
    let last = (0..STEPS).rev().find(|k| values[*k] < 0.0 && values[k + 1] >= 0.0);
    last.map_or(lo, |k| at(k) + (at(k + 1) - at(k)) * values[k] / (values[k] - values[k + 1]))
}
