//! Where hands may be in a depth picture: the far ends of what reaches into it.
//!
//! The picture is thinned to a coarse grid of points. Neighbours that are near each other in space hang together; a body
//! that reaches into the picture from its border is followed to the point farthest from the border along its surface
//! (a geodesic extremum, as in Plagemann et al. 2010), and the hand is what lies around that end. What does not touch the
//! border is taken whole. Bodies are tried from the nearest to the camera to the farthest.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use glam::{Vec2, Vec3};

use crate::camera::Camera;
use crate::frame::Plane;

/// Pixels per grid point along the longer side of the picture, so that the grid has about so many columns.
const GRID: u32 = 96;
/// Neighbours farther apart do not hang together, metres; and a share of their depth, as pixels grow with distance.
const JUMP_M: f32 = 0.02;
const JUMP_PER_M: f32 = 0.03;
/// So far along the surface from its end a body is taken for hand, metres: finger and palm, or a fist and the wrist. With it
/// the centre, refined in a cube of 250 mm, was 4 mm (median) from that of the mask on `presets/jgr.toml`, 20 mm (p90).
const HAND_M: f32 = 0.13;
/// A second end of the same body must be so far from border and first hand, metres.
const SECOND_M: f32 = 0.15;
/// Points of less surface are no hand, square metres.
const LEAST_M2: f32 = 0.0015;
/// Depth that is farther is not looked at, metres; nearer than [`NEAREST_M`] is not trusted.
const FARTHEST_M: f32 = 2.0;
const NEAREST_M: f32 = 0.05;

/// Centres of up to `most` things that may be hands, camera frame, metres, the most likely first.
pub fn hands_in_depth(depth_z_m: &Plane<f32>, camera: &Camera, most: usize) -> Vec<Vec3> {
    let grid = Grid::of(depth_z_m, camera);
    let mut bodies = grid.bodies();
    bodies.sort_by(|a, b| a.nearest_m.total_cmp(&b.nearest_m).then(a.points[0].cmp(&b.points[0])));
    let ends: Vec<Vec<Vec3>> = bodies.iter().map(|body| grid.ends(body, most)).collect();
    // the first end of every body, then the second ones
    let mut centres: Vec<Vec3> = Vec::new();
    for centre in (0..most).flat_map(|nth| ends.iter().filter_map(move |ends| ends.get(nth))) {
        if centres.len() < most && centres.iter().all(|other| other.distance(*centre) > HAND_M) {
            centres.push(*centre);
        }
    }
    centres
}

/// Points of the picture, thinned.
struct Grid {
    columns: usize,
    rows: usize,
    /// `None` without depth.
    points: Vec<Option<Vec3>>,
    /// Pixels between neighbours.
    step: u32,
    focal_px: f32,
}

/// Grid points that hang together.
struct Body {
    points: Vec<usize>,
    nearest_m: f32,
}

/// A point on the way of a search, the nearest first.
#[derive(PartialEq)]
struct Front {
    distance_m: f32,
    point: usize,
}

impl Eq for Front {}

impl Ord for Front {
    fn cmp(&self, other: &Self) -> Ordering {
        other.distance_m.total_cmp(&self.distance_m).then(other.point.cmp(&self.point))
    }
}

impl PartialOrd for Front {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Grid {
    fn of(depth: &Plane<f32>, camera: &Camera) -> Self {
        let step = (depth.width.max(depth.height) / GRID).max(1);
        let (columns, rows) = ((depth.width / step) as usize, (depth.height / step) as usize);
        let point = |k: usize| {
            let (x, y) = ((k % columns) as u32 * step + step / 2, (k / columns) as u32 * step + step / 2);
            let z = depth.data[(y * depth.width + x) as usize];
            let seen = z.is_finite() && (NEAREST_M..FARTHEST_M).contains(&z);
            seen.then(|| camera.unproject(Vec2::new(x as f32 + 0.5, y as f32 + 0.5), z))
        };
        let points = (0..columns * rows).map(point).collect();
        Self { columns, rows, points, step, focal_px: camera.intrinsics.fx }
    }

    /// Neighbours of a grid point that hang together with it, and how far they are.
    fn neighbours(&self, k: usize) -> impl Iterator<Item = (usize, f32)> + '_ {
        let (x, y) = ((k % self.columns) as i64, (k / self.columns) as i64);
        let ways = [(-1, 0), (1, 0), (0, -1), (0, 1), (-1, -1), (1, -1), (-1, 1), (1, 1)];
        ways.into_iter().filter_map(move |(dx, dy)| {
            let (nx, ny) = (x + dx, y + dy);
            let inside = nx >= 0 && ny >= 0 && (nx as usize) < self.columns && (ny as usize) < self.rows;
            let other = inside.then(|| ny as usize * self.columns + nx as usize)?;
            let (a, b) = (self.points[k]?, self.points[other]?);
            ((a.z - b.z).abs() < JUMP_M + JUMP_PER_M * a.z).then(|| (other, a.distance(b)))
        })
    }

    /// Surface that a grid point stands for, seen from the front, square metres.
    fn area_m2(&self, k: usize) -> f32 {
        let side = self.points[k].map_or(0.0, |p| p.z * self.step as f32 / self.focal_px);
        side * side
    }

    fn area_of(&self, points: &[usize]) -> f32 {
        points.iter().map(|k| self.area_m2(*k)).sum()
    }

    fn touches_border(&self, k: usize) -> bool {
        let (x, y) = (k % self.columns, k / self.columns);
        x == 0 || y == 0 || x + 1 == self.columns || y + 1 == self.rows
    }

    fn bodies(&self) -> Vec<Body> {
        let mut seen = vec![false; self.points.len()];
        let mut bodies = Vec::new();
        for start in 0..self.points.len() {
            if seen[start] || self.points[start].is_none() {
                continue;
            }
            seen[start] = true;
            let mut points = vec![start];
            let mut next = 0;
            while next < points.len() {
                for (other, _) in self.neighbours(points[next]) {
                    if !seen[other] {
                        seen[other] = true;
                        points.push(other);
                    }
                }
                next += 1;
            }
            if self.area_of(&points) >= LEAST_M2 {
                let nearest_m = points.iter().filter_map(|k| self.points[*k]).fold(f32::INFINITY, |m, p| m.min(p.z));
                bodies.push(Body { points, nearest_m });
            }
        }
        bodies
    }

    /// Distances along the surface from some points, metres; infinite beyond `reach_m`.
    fn distances(&self, starts: impl Iterator<Item = usize>, reach_m: f32) -> Vec<f32> {
        let mut distance = vec![f32::INFINITY; self.points.len()];
        let mut front = BinaryHeap::new();
        for point in starts {
            distance[point] = 0.0;
            front.push(Front { distance_m: 0.0, point });
        }
        while let Some(Front { distance_m, point }) = front.pop() {
            if distance_m > distance[point] {
                continue;
            }
            for (other, step_m) in self.neighbours(point) {
                let way = distance_m + step_m;
                if way < distance[other] && way <= reach_m {
                    distance[other] = way;
                    front.push(Front { distance_m: way, point: other });
                }
            }
        }
        distance
    }

    /// Centres of the far ends of a body, the farthest from the border first.
    fn ends(&self, body: &Body, most: usize) -> Vec<Vec3> {
        let mut border: Vec<usize> = body.points.iter().copied().filter(|k| self.touches_border(*k)).collect();
        if border.is_empty() {
            return self.middle(&body.points).into_iter().take(most).collect();
        }
        let mut centres = Vec::new();
        while centres.len() < most {
            let ways = self.distances(border.iter().copied(), f32::INFINITY);
            let reached = |k: &usize| ways[*k].is_finite();
            let Some(end) = body.points.iter().copied().filter(reached).max_by(|a, b| ways[*a].total_cmp(&ways[*b]))
            else {
                break;
            };
            if ways[end] < if centres.is_empty() { HAND_M / 2.0 } else { SECOND_M } {
                break;
            }
            let near = self.distances(std::iter::once(end), HAND_M);
            let hand: Vec<usize> = body.points.iter().copied().filter(|k| near[*k].is_finite()).collect();
            if self.area_of(&hand) >= LEAST_M2 {
                centres.extend(self.middle(&hand));
            }
            // the next end is far from the border and from this one
            border.extend(hand);
        }
        if centres.is_empty() {
            centres.extend(self.middle(&body.points));
        }
        centres
    }

    fn middle(&self, points: &[usize]) -> Option<Vec3> {
        let found: Vec<Vec3> = points.iter().filter_map(|k| self.points[*k]).collect();
        (!found.is_empty()).then(|| found.iter().sum::<Vec3>() / found.len() as f32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::camera::{Intrinsics, Lens};
    use crate::frame::NO_DEPTH;
    use crate::math::RigidTransform;

    fn camera() -> Camera {
        Camera {
            intrinsics: Intrinsics { width: 320, height: 240, fx: 240.0, fy: 240.0, cx: 160.0, cy: 120.0 },
            lens: Lens::Pinhole,
            camera_from_world: RigidTransform::IDENTITY,
        }
    }

    /// A forearm of 7 cm that comes in from the right, with a hand of 9 x 18 cm at its end, all .5 m away.
    fn arm_from_the_right(hand_at: Vec2) -> Plane<f32> {
        let mut depth = Plane::filled(320, 240, NO_DEPTH);
        for (k, z) in depth.data.iter_mut().enumerate() {
            let p = Vec2::new((k % 320) as f32 + 0.5, (k / 320) as f32 + 0.5);
            let arm = p.x > hand_at.x && (p.y - hand_at.y).abs() < 17.0;
            let hand = (p.x - hand_at.x).abs() < 43.0 && (p.y - hand_at.y).abs() < 22.0;
            if arm || hand {
                *z = 0.5;
            }
        }
        depth
    }

    #[test]
    fn the_hand_is_the_end_of_the_arm_not_its_middle() {
        let at = Vec2::new(90.0, 120.0);
        let found = hands_in_depth(&arm_from_the_right(at), &camera(), 1);
        assert_eq!(found.len(), 1);
        let truth = camera().unproject(at, 0.5);
        assert!(found[0].distance(truth) < 0.03, "{} is not {truth}", found[0]);
    }

    #[test]
    fn two_arms_have_two_ends_and_the_nearer_one_comes_first() {
        let mut depth = arm_from_the_right(Vec2::new(90.0, 60.0));
        for (z, other) in depth.data.iter_mut().zip(arm_from_the_right(Vec2::new(120.0, 180.0)).data) {
            if other > 0.0 {
                *z = 0.4;
            }
        }
        let found = hands_in_depth(&depth, &camera(), 2);
        assert_eq!(found.len(), 2);
        assert!((found[0].z - 0.4).abs() < 0.01 && (found[1].z - 0.5).abs() < 0.01, "{found:?}");
        assert_eq!(hands_in_depth(&depth, &camera(), 1).len(), 1);
    }

    #[test]
    fn black_frames_specks_and_far_walls_hold_no_hand() {
        let mut depth = Plane::filled(320, 240, NO_DEPTH);
        assert!(hands_in_depth(&depth, &camera(), 2).is_empty());
        depth.data[5000] = 0.4;
        assert!(hands_in_depth(&depth, &camera(), 2).is_empty());
        assert!(hands_in_depth(&Plane::filled(320, 240, 3.0), &camera(), 2).is_empty());
        assert!(hands_in_depth(&Plane::filled(320, 240, f32::NAN), &camera(), 2).is_empty());
        assert!(hands_in_depth(&Plane::filled(3, 2, 0.5), &camera(), 2).len() <= 2);
    }
}
