//! Patches: the part of a picture that a network sees, cut out, turned, mirrored and resampled.
//!
//! Pixels count from the corner of the first one, in patches too. A patch of colour or grey is bilinear; where it shrinks
//! the picture by more than half a pixel's worth it is read from block means, so that it does not alias.

use glam::{Affine2, Mat2, Vec2, Vec3};

use super::shot::View;
use crate::camera::Camera;
use crate::crop::{CropSettings, DepthCrop};
use crate::frame::Plane;

/// Light outside the picture.
const BORDER: f32 = 0.0;
/// Widest region, in picture pixels: what is wider is a mistake.
const WIDEST_PX: f32 = 1e5;

/// A rectangle of a picture that has the shape of the patch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Region {
    /// Its middle, pixels of the picture.
    pub centre_px: Vec2,
    /// Length of its upper side, pixels of the picture.
    pub width_px: f32,
    /// Unit vector in the picture that points up in the patch; (0, -1) is not turned.
    pub up: Vec2,
}

/// What a patch shows.
#[derive(Debug, Clone, PartialEq)]
pub enum Pixels {
    /// Red, green, blue, 0 to 1.
    Colour(Plane<[f32; 3]>),
    /// 0 to 1.
    Grey(Plane<f32>),
    /// -1 at the front of the cube to 1 at its back and where nothing is.
    Depth(Plane<f32>),
}

/// A part of one picture as a network sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct Patch {
    /// What it shows.
    pub pixels: Pixels,
    /// True if it is mirrored left to right.
    pub mirrored: bool,
    /// The cube of a depth patch: its centre (camera frame, metres) and its edge, metres.
    pub cube: Option<(Vec3, f32)>,
    to_picture: Affine2,
    from_picture: Affine2,
}

impl Region {
    /// An upright region for patches of `width` x `height` that holds a box (left, top, width, height) grown by `scale`.
    pub fn around_box(box_px: [f32; 4], scale: f32, width: u32, height: u32) -> Self {
        let [left, top, w, h] = box_px;
        let aspect = width as f32 / height.max(1) as f32;
        let width_px = scale * w.max(h * aspect);
        Self { centre_px: Vec2::new(left + w / 2.0, top + h / 2.0), width_px, up: Vec2::NEG_Y }
    }

    /// The region that holds points, grown by `scale` and turned so that `up` points up; upright if `up` has no length.
    /// `None` without finite points.
    pub fn around_points(points_px: &[Vec2], up: Vec2, scale: f32, width: u32, height: u32) -> Option<Self> {
        let up = up.try_normalize().unwrap_or(Vec2::NEG_Y);
        let right = up.perp();
        let turned = points_px.iter().filter(|p| p.is_finite()).map(|p| Vec2::new(p.dot(right), -p.dot(up)));
        let (least, most) = turned.fold(None, |bounds: Option<(Vec2, Vec2)>, p| {
            Some(bounds.map_or((p, p), |(least, most)| (least.min(p), most.max(p))))
        })?;
        let (middle, size) = ((least + most) / 2.0, most - least);
        let aspect = width as f32 / height.max(1) as f32;
        let width_px = (scale * size.x.max(size.y * aspect)).max(1.0);
        Some(Self { centre_px: right * middle.x - up * middle.y, width_px, up })
    }

    /// Pixels of the picture from those of a patch of `width` x `height`; `None` if the region is not one.
    fn picture_from_patch(&self, width: u32, height: u32, mirrored: bool) -> Option<Affine2> {
        let sane = self.centre_px.is_finite() && self.width_px > 0.0 && self.width_px < WIDEST_PX;
        let up = self.up.try_normalize().filter(|_| sane && width > 0 && height > 0)?;
        let scale = self.width_px / width as f32;
        let right = up.perp() * if mirrored { -scale } else { scale };
        let matrix = Mat2::from_cols(right, -up * scale);
        let middle = Vec2::new(width as f32, height as f32) / 2.0;
        Some(Affine2::from_mat2_translation(matrix, self.centre_px - matrix * middle))
    }
}

impl Patch {
    /// Cuts a region of `width` x `height` pixels out of a view's colours; `None` without them, or if the region is not one.
    pub fn colour(view: &View, region: &Region, width: u32, height: u32, mirrored: bool) -> Option<Self> {
        let map = region.picture_from_patch(width, height, mirrored)?;
        let pixels = resampled(view.rgb.as_ref()?, map, width, height, |p: [u8; 3]| p.map(f32::from));
        Some(Self::new(Pixels::Colour(pixels), map, mirrored))
    }

    /// Cuts a region of `width` x `height` pixels out of a view's grey picture (else of the luma of its colours, BT.601).
    pub fn grey(view: &View, region: &Region, width: u32, height: u32, mirrored: bool) -> Option<Self> {
        let map = region.picture_from_patch(width, height, mirrored)?;
        let luma = |[r, g, b]: [u8; 3]| [0.299 * f32::from(r) + 0.587 * f32::from(g) + 0.114 * f32::from(b)];
        let pixels = match (&view.grey, &view.rgb) {
            (Some(grey), _) => resampled(grey, map, width, height, |p: u8| [f32::from(p)]),
            (None, Some(rgb)) => resampled(rgb, map, width, height, luma),
            (None, None) => return None,
        };
        let data = pixels.data.into_iter().map(|[p]| p).collect();
        Some(Self::new(Pixels::Grey(Plane { width, height, data }), map, mirrored))
    }

    /// Cuts a cube around a point (camera frame, metres) out of a view's depth; `None` without depth, or behind the camera.
    pub fn depth(view: &View, centre_m: Vec3, settings: &CropSettings, mirrored: bool) -> Option<Self> {
        let crop = DepthCrop::cut(view.depth_z_m.as_ref()?, &view.camera, centre_m, settings)?;
        let (mut image, scale) = (crop.image, crop.picture_px_per_crop_px);
        let mut map = Affine2::from_scale_angle_translation(scale, 0.0, crop.window_start_px);
        if mirrored {
            image.data.chunks_mut(image.width.max(1) as usize).for_each(<[f32]>::reverse);
            map *= flip(image.width);
        }
        let mut patch = Self::new(Pixels::Depth(image), map, mirrored);
        patch.cube = Some((centre_m, settings.cube_m));
        Some(patch)
    }

    fn new(pixels: Pixels, picture_from_patch: Affine2, mirrored: bool) -> Self {
        Self {
            pixels,
            mirrored,
            cube: None,
            to_picture: picture_from_patch,
            from_picture: picture_from_patch.inverse(),
        }
    }

    /// Columns and rows.
    pub fn size(&self) -> (u32, u32) {
        match &self.pixels {
            Pixels::Colour(plane) => (plane.width, plane.height),
            Pixels::Grey(plane) | Pixels::Depth(plane) => (plane.width, plane.height),
        }
    }

    /// Pixel of the picture at a pixel of the patch.
    pub fn to_picture(&self, patch_px: Vec2) -> Vec2 {
        self.to_picture.transform_point2(patch_px)
    }

    /// Pixel of the patch at a pixel of the picture.
    pub fn from_picture(&self, picture_px: Vec2) -> Vec2 {
        self.from_picture.transform_point2(picture_px)
    }

    /// The point behind the answer of a depth network: pixel of the patch, and depth in half edges from the cube's centre.
    /// Camera frame, metres; `None` for a patch without a cube.
    pub fn to_camera(&self, camera: &Camera, answer: Vec3) -> Option<Vec3> {
        let (centre_m, cube_m) = self.cube?;
        let depth = answer.z * cube_m / 2.0 + centre_m.z;
        Some(camera.unproject(self.to_picture(answer.truncate()), depth))
    }

    /// Left, top, width and height of the upright box around the patch, pixels of the picture.
    pub fn box_px(&self) -> [f32; 4] {
        let (width, height) = self.size();
        let (w, h) = (width as f32, height as f32);
        let corners = [Vec2::ZERO, Vec2::new(w, 0.0), Vec2::new(0.0, h), Vec2::new(w, h)].map(|p| self.to_picture(p));
        let least = corners.into_iter().fold(corners[0], Vec2::min);
        let size = corners.into_iter().fold(corners[0], Vec2::max) - least;
        [least.x, least.y, size.x, size.y]
    }
}

/// Left and right exchanged in a patch of some width.
fn flip(width: u32) -> Affine2 {
    Affine2::from_mat2_translation(Mat2::from_diagonal(Vec2::new(-1.0, 1.0)), Vec2::new(width as f32, 0.0))
}

/// A picture seen through an affine map, 0 to 1; `light` gives display values from 0 to 255.
fn resampled<P: Copy, const C: usize>(
    picture: &Plane<P>,
    picture_from_patch: Affine2,
    width: u32,
    height: u32,
    light: impl Fn(P) -> [f32; C],
) -> Plane<[f32; C]> {
    let mut patch = Plane::filled(width, height, [BORDER; C]);
    let shrinking = picture_from_patch.matrix2.x_axis.length();
    let block = (shrinking.round() as i64).max(1);
    if block == 1 {
        sample(picture, picture_from_patch, &mut patch, |p| light(p).map(|x| x / 255.0));
        return patch;
    }
    let (start, means) = block_means(picture, &picture_from_patch, &patch, block, light);
    let scale = Affine2::from_scale(Vec2::splat(1.0 / block as f32));
    sample(&means, scale * Affine2::from_translation(-start) * picture_from_patch, &mut patch, |p| p);
    patch
}

/// Means (0 to 1) of square blocks of the part of a picture that a patch sees, and where they start, pixels. What is
/// outside the picture counts as border.
fn block_means<P: Copy, Q, const C: usize>(
    picture: &Plane<P>,
    map: &Affine2,
    patch: &Plane<Q>,
    block: i64,
    light: impl Fn(P) -> [f32; C],
) -> (Vec2, Plane<[f32; C]>) {
    let (w, h) = (patch.width as f32, patch.height as f32);
    let corners = [Vec2::ZERO, Vec2::new(w, 0.0), Vec2::new(0.0, h), Vec2::new(w, h)].map(|p| map.transform_point2(p));
    let limit = Vec2::new(picture.width as f32, picture.height as f32);
    let margin = Vec2::splat(2.0 * block as f32);
    let least = (corners.into_iter().fold(corners[0], Vec2::min) - margin).max(-margin).floor();
    let most = (corners.into_iter().fold(corners[0], Vec2::max) + margin).min(limit + margin);
    let count = ((most - least) / block as f32).ceil().max(Vec2::ONE);
    let mut means = Plane::filled(count.x as u32, count.y as u32, [BORDER; C]);
    let columns = picture.width as usize;
    let weight = 1.0 / (255.0 * (block * block) as f32);
    for (k, mean) in means.data.iter_mut().enumerate() {
        let (column, row) = (k as i64 % i64::from(means.width), k as i64 / i64::from(means.width));
        let (x, y) = (least.x as i64 + column * block, least.y as i64 + row * block);
        let (left, right) = (x.clamp(0, columns as i64) as usize, (x + block).clamp(0, columns as i64) as usize);
        let rows =
            y.clamp(0, i64::from(picture.height)) as usize..(y + block).clamp(0, i64::from(picture.height)) as usize;
        let mut sum = [0.0; C];
        for line in rows {
            for p in picture.data.get(line * columns + left..line * columns + right).unwrap_or_default() {
                sum.iter_mut().zip(light(*p)).for_each(|(s, x)| *s += x);
            }
        }
        *mean = sum.map(|s| s * weight);
    }
    (least, means)
}

/// Bilinear look-ups between pixel centres.
fn sample<P: Copy, const C: usize>(
    source: &Plane<P>,
    source_from_patch: Affine2,
    patch: &mut Plane<[f32; C]>,
    light: impl Fn(P) -> [f32; C],
) {
    let (step, width) = (source_from_patch.matrix2.x_axis, patch.width.max(1) as usize);
    let columns = source.width as usize;
    for (row, line) in patch.data.chunks_mut(width).enumerate() {
        let start = source_from_patch.transform_point2(Vec2::new(0.5, row as f32 + 0.5)) - 0.5;
        for (column, pixel) in line.iter_mut().enumerate() {
            let place = start + step * column as f32;
            let cell = place.floor();
            let part = place - cell;
            let (x, y) = (cell.x as i64, cell.y as i64);
            let inside = x >= 0 && y >= 0 && x + 1 < i64::from(source.width) && y + 1 < i64::from(source.height);
            let first = if inside { y as usize * columns + x as usize } else { 0 };
            let upper = source.data.get(first..first + 2).filter(|_| inside);
            let lower = source.data.get(first + columns..first + columns + 2);
            let taps = match (upper, lower) {
                (Some(&[a, b]), Some(&[c, d])) => [light(a), light(b), light(c), light(d)],
                _ => [(x, y), (x + 1, y), (x, y + 1), (x + 1, y + 1)]
                    .map(|(x, y)| source.get(x, y).map_or([BORDER; C], &light)),
            };
            *pixel = std::array::from_fn(|k| {
                let above = taps[0][k] + (taps[1][k] - taps[0][k]) * part.x;
                let below = taps[2][k] + (taps[3][k] - taps[2][k]) * part.x;
                above + (below - above) * part.y
            });
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::float_cmp, reason = "whole numbers")]

    use super::*;
    use crate::camera::{Intrinsics, Lens};
    use crate::math::RigidTransform;

    fn view(width: u32, height: u32) -> View {
        let intrinsics = Intrinsics { width, height, fx: 240.0, fy: 250.0, cx: 60.0, cy: 45.0 };
        let camera = Camera { intrinsics, lens: Lens::Pinhole, camera_from_world: RigidTransform::IDENTITY };
        View { camera, calibrated: true, rgb: None, grey: None, depth_z_m: None }
    }

    /// Column k has the value k + 2 row: bilinear look-ups and means of it are exact.
    fn ramp() -> View {
        let mut grey = Plane::filled(100, 70, 0_u8);
        grey.data.iter_mut().enumerate().for_each(|(k, x)| *x = (k % 100 + 2 * (k / 100)) as u8);
        View { grey: Some(grey), ..view(100, 70) }
    }

    fn grey_of(patch: &Patch) -> &Plane<f32> {
        let Pixels::Grey(plane) = &patch.pixels else { panic!("not grey") };
        plane
    }

    #[test]
    fn the_whole_picture_is_its_own_patch() {
        let view = ramp();
        let region = Region::around_box([0.0, 0.0, 100.0, 70.0], 1.0, 100, 70);
        let patch = Patch::grey(&view, &region, 100, 70, false).unwrap();
        for (x, y) in grey_of(&patch).data.iter().zip(&view.grey.unwrap().data) {
            assert!((x * 255.0 - f32::from(*y)).abs() < 1e-3);
        }
        assert_eq!(patch.box_px().map(f32::round), [0.0, 0.0, 100.0, 70.0]);
    }

    #[test]
    fn borders_are_black_and_what_is_no_region_is_refused() {
        let view = ramp();
        let region = Region::around_box([150.0, 10.0, 40.0, 40.0], 1.0, 16, 16);
        let patch = Patch::grey(&view, &region, 16, 16, false).unwrap();
        assert!(grey_of(&patch).data.iter().all(|x| *x <= 0.0));
        let region = |width_px, x| Region { centre_px: Vec2::new(x, 3.0), width_px, up: Vec2::NEG_Y };
        for (width, x) in [(0.0, 1.0), (-3.0, 1.0), (f32::NAN, 1.0), (f32::INFINITY, 1.0), (5.0, f32::NAN)] {
            assert_eq!(Patch::grey(&view, &region(width, x), 16, 16, false), None);
        }
        assert_eq!(Patch::grey(&view, &region(5.0, 1.0), 0, 16, false), None);
        assert_eq!(Patch::colour(&view, &region(5.0, 1.0), 16, 16, false), None);
        assert_eq!(Patch::depth(&view, Vec3::Z, &CropSettings::default(), false), None);
        assert_eq!(Region::around_points(&[Vec2::NAN], Vec2::Y, 1.0, 8, 8), None);
    }

    #[test]
    fn fine_patterns_do_not_alias() {
        let mut rgb = Plane::filled(160, 160, [0_u8; 3]);
        for (k, pixel) in rgb.data.iter_mut().enumerate() {
            *pixel = [if (k % 160 + k / 160) % 2 == 0 { 255 } else { 0 }; 3];
        }
        let view = View { rgb: Some(rgb), ..view(160, 160) };
        let region = Region { centre_px: Vec2::splat(80.0), width_px: 100.0, up: Vec2::new(0.3, -1.0) };
        let patch = Patch::colour(&view, &region, 24, 24, false).unwrap();
        let Pixels::Colour(plane) = &patch.pixels else { panic!("not colour") };
        assert!(plane.data.iter().flatten().all(|x| (x - 0.5).abs() < 0.01));
    }

    #[test]
    fn a_mirrored_cube_leads_to_the_same_points() {
        let mut depth = Plane::filled(120, 90, 0.0);
        depth.data.iter_mut().enumerate().for_each(|(k, z)| *z = 0.45 + (k % 97) as f32 * 0.001);
        let view = View { depth_z_m: Some(depth), ..view(120, 90) };
        let settings = CropSettings { cube_m: 0.1, size_px: 33, passes: 0 };
        let cut = |mirrored| Patch::depth(&view, Vec3::new(0.01, 0.005, 0.5), &settings, mirrored).unwrap();
        let (plain, mirrored) = (cut(false), cut(true));
        let (Pixels::Depth(a), Pixels::Depth(b)) = (&plain.pixels, &mirrored.pixels) else { panic!("not depth") };
        assert!((0..33).all(|x| (0..33).all(|y| a.get(x, y) == b.get(32 - x, y))));
        let answer = Vec3::new(7.25, 20.5, 0.3);
        let other = Vec3::new(33.0 - answer.x, answer.y, answer.z);
        let [p, q] = [plain.to_camera(&view.camera, answer), mirrored.to_camera(&view.camera, other)];
        assert!(p.unwrap().distance(q.unwrap()) < 1e-6);
        let crop =
            DepthCrop::cut(view.depth_z_m.as_ref().unwrap(), &view.camera, plain.cube.unwrap().0, &settings).unwrap();
        assert!(p.unwrap().distance(crop.to_camera(&view.camera, answer)) < 1e-6);
    }

    proptest::proptest! {
        #[test]
        fn pixels_are_those_at_their_place(
            x in 40.0_f32..60.0, y in 30.0_f32..40.0, width in 8.0_f32..36.0, angle in -4.0_f32..4.0, mirrored: bool,
            columns in 6_u32..30,
        ) {
            let up = Vec2::new(libm::sinf(angle), -libm::cosf(angle));
            let region = Region { centre_px: Vec2::new(x, y), width_px: width, up };
            let patch = Patch::grey(&ramp(), &region, columns, columns, mirrored).unwrap();
            for (k, value) in grey_of(&patch).data.iter().enumerate() {
                let place = Vec2::new((k as u32 % columns) as f32 + 0.5, (k as u32 / columns) as f32 + 0.5);
                let p = patch.to_picture(place);
                proptest::prop_assert!(patch.from_picture(p).distance(place) < 1e-3);
                let truth = (p.x - 0.5 + 2.0 * (p.y - 0.5)) / 255.0;
                proptest::prop_assert!((value - truth).abs() < 1e-4, "{value} {truth}");
            }
            let half = columns as f32 / 2.0;
            let above = patch.from_picture(region.centre_px + up * width / 4.0);
            proptest::prop_assert!(above.distance(Vec2::new(half, half / 2.0)) < 1e-3);
        }

        #[test]
        fn regions_hold_their_points(points in proptest::collection::vec((0.0_f32..100.0, 0.0_f32..70.0), 2..9), angle in -4.0_f32..4.0) {
            let points: Vec<Vec2> = points.into_iter().map(Vec2::from).collect();
            let up = Vec2::new(libm::sinf(angle), -libm::cosf(angle));
            let region = Region::around_points(&points, up, 1.1, 24, 32).unwrap();
            let patch = Patch::grey(&ramp(), &region, 24, 32, false).unwrap();
            for p in points {
                let q = patch.from_picture(p);
                proptest::prop_assert!(q.cmpge(Vec2::splat(-1e-3)).all() && q.cmple(Vec2::new(24.001, 32.001)).all(), "{q}");
            }
        }
    }
}
