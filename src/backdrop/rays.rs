//! Rays through the picture, and pictures made of what they meet.
//!
//! A picture is cut into cells of `step` pixels and tiles of 8 x 8 cells. Rays are found at the tiles' corners, whatever
//! the lens, and blended between; cells are blended to pixels.

use glam::{Vec2, Vec3, Vec3A};

use crate::camera::Camera;
use crate::frame::Plane;

/// Cells per side of a tile.
const TILE: u32 = 8;

/// A tile of cells and the rays through the centres of its corner cells (the right and lower ones belong to the next tile).
pub(super) struct Tile {
    left: u32,
    top: u32,
    /// Top left, top right, bottom left, bottom right; world, one metre deep along the optical axis.
    pub corners: [Vec3; 4],
}

/// The cells of a picture, `step` pixels each: `enter` prepares a tile, `look` sees along a ray (world, z = 1 in the camera).
pub(super) fn trace<S>(
    camera: &Camera,
    step: u32,
    enter: impl Fn(&Tile) -> S,
    look: impl Fn(&S, Vec3) -> Vec3A,
) -> Plane<Vec3A> {
    let (width, height) = (camera.intrinsics.width, camera.intrinsics.height);
    let mut cells = Plane::filled(width.div_ceil(step), height.div_ceil(step), Vec3A::ZERO);
    for tile in tiles(camera, step, cells.width, cells.height) {
        let prepared = enter(&tile);
        let [a, b, c, d] = tile.corners;
        for y in 0..TILE.min(cells.height - tile.top) {
            let down = y as f32 / TILE as f32;
            let (from, to) = (a + (c - a) * down, b + (d - b) * down);
            let right = (to - from) / TILE as f32;
            let start = ((tile.top + y) * cells.width + tile.left) as usize;
            let count = TILE.min(cells.width - tile.left) as usize;
            for (x, cell) in cells.data[start..start + count].iter_mut().enumerate() {
                *cell = look(&prepared, from + right * x as f32);
            }
        }
    }
    cells
}

fn tiles(camera: &Camera, step: u32, cells_wide: u32, cells_high: u32) -> Vec<Tile> {
    let (across, down) = (cells_wide.div_ceil(TILE), cells_high.div_ceil(TILE));
    let world_from_camera = camera.camera_from_world.inverse();
    let corner = |x: u32, y: u32| {
        let pixel = |k: u32| step as f32 * ((k * TILE) as f32 + 0.5);
        let ray = camera.ray(Vec2::new(pixel(x), pixel(y)));
        world_from_camera.direction(if ray.is_finite() { ray } else { Vec3::Z })
    };
    let corners: Vec<Vec3> =
        (0..=down).flat_map(|y| (0..=across).map(move |x| (x, y))).map(|(x, y)| corner(x, y)).collect();
    let tile = |x: u32, y: u32| {
        let k = (y * (across + 1) + x) as usize;
        let below = k + across as usize + 1;
        let corners = [corners[k], corners[k + 1], corners[below], corners[below + 1]];
        Tile { left: x * TILE, top: y * TILE, corners }
    };
    (0..down).flat_map(|y| (0..across).map(move |x| (x, y))).map(|(x, y)| tile(x, y)).collect()
}

/// Each cell mixed with its neighbours (weights 1 2 1 both ways): out of focus, and edges without steps.
pub(super) fn soften(cells: &mut Plane<Vec3A>) {
    let width = cells.width as usize;
    if width == 0 {
        return;
    }
    for row in cells.data.chunks_exact_mut(width) {
        let mut before = row[0];
        for x in 0..width {
            let (here, after) = (row[x], row[(x + 1).min(width - 1)]);
            row[x] = (before + here + here + after) * 0.25;
            before = here;
        }
    }
    let mut before = cells.data[..width].to_vec();
    for start in (0..cells.data.len()).step_by(width) {
        let (done, rest) = cells.data.split_at_mut(start + width);
        let after = rest.get(..width);
        for (x, here) in done[start..].iter_mut().enumerate() {
            let old = *here;
            *here = (before[x] + old + old + after.map_or(old, |row| row[x])) * 0.25;
            before[x] = old;
        }
    }
}

/// Cells of `step` pixels to the camera's picture, bilinear.
pub(super) fn blend(cells: &Plane<Vec3A>, camera: &Camera, step: u32) -> Plane<[f32; 3]> {
    let (width, height) = (camera.intrinsics.width, camera.intrinsics.height);
    let columns: Vec<Between> = (0..width).map(|x| Between::new(x, step, cells.width)).collect();
    let mut row = vec![Vec3A::ZERO; cells.width as usize];
    let mut data = Vec::with_capacity(width as usize * height as usize);
    for y in 0..height {
        let at = Between::new(y, step, cells.height);
        let line = |k: usize| &cells.data[k * row.len()..(k + 1) * row.len()];
        let (upper, lower) = (line(at.first), line(at.second));
        for ((cell, a), b) in row.iter_mut().zip(upper).zip(lower) {
            *cell = *a + (*b - *a) * at.share;
        }
        let pixel = |c: &Between| (row[c.first] + (row[c.second] - row[c.first]) * c.share).to_array();
        data.extend(columns.iter().map(pixel));
    }
    Plane { width, height, data }
}

/// Two neighbouring cells and the share of the second.
struct Between {
    first: usize,
    second: usize,
    share: f32,
}

impl Between {
    fn new(pixel: u32, step: u32, cells: u32) -> Self {
        let last = cells.saturating_sub(1);
        let at = ((pixel as f32 + 0.5) / step as f32 - 0.5).clamp(0.0, last as f32);
        let first = at as u32;
        Self { first: first as usize, second: (first + 1).min(last) as usize, share: at - first as f32 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::camera::{Intrinsics, Lens};
    use crate::math::RigidTransform;
    use crate::rig::skeleton::axis_angle;

    fn camera(lens: Lens) -> Camera {
        Camera {
            intrinsics: Intrinsics { width: 101, height: 67, fx: 90.0, fy: 95.0, cx: 49.0, cy: 35.0 },
            lens,
            camera_from_world: RigidTransform::new(axis_angle(Vec3::Y, 0.7), Vec3::new(0.1, 0.2, 0.3)),
        }
    }

    #[test]
    fn pixels_see_along_their_own_rays() {
        let lenses = [
            Lens::Pinhole,
            Lens::BrownConrady { k1: -0.2, k2: 0.05, p1: 0.001, p2: -0.002, k3: 0.0 },
            Lens::KannalaBrandt4 { k: [0.02, -0.01, 0.003, 0.0] },
        ];
        for (lens, step) in lenses.into_iter().flat_map(|l| [(l, 1), (l, 2), (l, 4)]) {
            let camera = camera(lens);
            let picture = blend(&trace(&camera, step, |_| (), |(), ray| Vec3A::from(ray)), &camera, step);
            // cells do not reach over the edge: half a cell is clamped there
            let inside = |k: u32, n: u32| k >= step && k + step < n;
            for (x, y) in (0..67).flat_map(|y| (0..101).map(move |x| (x, y))) {
                if inside(x, 101) && inside(y, 67) {
                    let expected = camera.ray(Vec2::new(x as f32 + 0.5, y as f32 + 0.5));
                    let expected = camera.camera_from_world.inverse().direction(expected);
                    let found = Vec3::from(picture.data[(y * 101 + x) as usize]);
                    assert!(found.abs_diff_eq(expected, 2e-3), "{lens:?} {step} at {x} {y}: {found} {expected}");
                }
            }
        }
    }

    #[test]
    fn softened_cells_keep_their_light_and_spread_over_neighbours() {
        let mut cells = Plane::filled(5, 5, Vec3A::ZERO);
        cells.data[12] = Vec3A::splat(16.0);
        soften(&mut cells);
        assert_eq!([cells.data[12], cells.data[11], cells.data[6], cells.data[2]].map(|c| c.x), [4.0, 2.0, 1.0, 0.0]);
        let mut even = Plane::filled(3, 2, Vec3A::ONE);
        soften(&mut even);
        assert!(even.data.iter().all(|c| c.x == 1.0));
    }
}
