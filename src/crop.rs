//! Depth crops as depth trackers want them: a cube around the hand, cut from a depth picture and normalised to [-1, 1].
//!
//! The steps and constants of the depth trackers' common preprocessing (`DeepPrior`, V2V, JGR-P2O; FORMATS.md 2.2):
//!
//! 1. Centre: mean of the points of the hand (of its mask if there is one, else of what is near), then again of the points
//!    inside the cube around it, until it stands.
//! 2. The cube's faces at the centre's depth, projected, are the window; its edges are rounded to whole pixels.
//! 3. The window is resampled to a square by nearest neighbour; what lies outside the picture has no depth.
//! 4. Depth nearer than the cube's front is brought to the front, depth beyond its back and missing depth to the back.
//! 5. (depth - centre depth) / half the cube's edge: -1 at the front, 1 at the back and where nothing is.
//!
//! Pixels count from the corner of the first one; pixel k of the crop is looked up at k + 1/2. The window's two sides are scaled
//! each on its own, so that the crop is the cube also where fx and fy differ.

use glam::{Vec2, Vec3};

use crate::camera::Camera;
use crate::frame::{NO_DEPTH, Plane};

/// Size of the cube and of the crop.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CropSettings {
    /// Edge of the cube, metres. JGR-P2O: 0.25 for NYU and ICVL, 0.175 for MSRA.
    pub cube_m: f32,
    /// Columns and rows of the crop.
    pub size_px: u32,
    /// Passes that move the centre to the mean of the points inside the cube.
    pub passes: u32,
}

impl Default for CropSettings {
    fn default() -> Self {
        Self { cube_m: 0.25, size_px: 96, passes: 2 }
    }
}

/// Depth that is neither a hand nor trustworthy is nearer than this, metres.
const NEAREST_M: f32 = 0.01;

/// One hand's cube of a depth picture.
#[derive(Debug, Clone, PartialEq)]
pub struct DepthCrop {
    /// -1 at the front of the cube, 1 at its back and where nothing is.
    pub image: Plane<f32>,
    /// Centre of the cube, camera frame, metres.
    pub centre_m: Vec3,
    /// Edge of the cube, metres.
    pub cube_m: f32,
    /// Left top corner of the window in the picture, pixels.
    pub window_start_px: Vec2,
    /// Pixels of the picture per pixel of the crop.
    pub picture_px_per_crop_px: Vec2,
}

/// Mean of the points that a mask picks (all with depth if `None`), camera frame, metres; `None` if there are none.
pub fn centre_of_mass(depth_z_m: &Plane<f32>, camera: &Camera, picked: impl Fn(usize, Vec3) -> bool) -> Option<Vec3> {
    mean_of(depth_z_m, camera, |_| true, picked)
}

/// Mean of the points that are picked, of those whose depth may be: most of a picture then needs no point.
fn mean_of(
    depth_z_m: &Plane<f32>,
    camera: &Camera,
    may_be: impl Fn(f32) -> bool,
    picked: impl Fn(usize, Vec3) -> bool,
) -> Option<Vec3> {
    let (mut sum, mut count) = (glam::DVec3::ZERO, 0.0);
    let sound = |z: f32| z >= NEAREST_M && z.is_finite() && may_be(z);
    for (k, z) in depth_z_m.data.iter().enumerate().filter(|(_, z)| sound(**z)) {
        let (column, row) = (k as u32 % depth_z_m.width, k as u32 / depth_z_m.width);
        let point = camera.unproject(Vec2::new(column as f32 + 0.5, row as f32 + 0.5), *z);
        if picked(k, point) {
            sum += point.as_dvec3();
            count += 1.0;
        }
    }
    (count > 0.0).then(|| (sum / count).as_vec3())
}

/// The centre, moved to the mean of the points in the cube around it; where it would leave all points it stays.
pub fn refined(depth_z_m: &Plane<f32>, camera: &Camera, start_m: Vec3, settings: &CropSettings) -> Vec3 {
    let half = settings.cube_m / 2.0;
    (0..settings.passes).fold(start_m, |centre, _| {
        let near = |z: f32| (z - centre.z).abs() <= half;
        let inside = |_, p: Vec3| (p - centre).abs().max_element() <= half;
        mean_of(depth_z_m, camera, near, inside).unwrap_or(centre)
    })
}

/// The nearest thing: the mean of all points within a cube's edge behind the nearest one (which must not stand alone).
pub fn nearest_thing(depth_z_m: &Plane<f32>, camera: &Camera, settings: &CropSettings) -> Option<Vec3> {
    let mut depths: Vec<f32> = depth_z_m.data.iter().copied().filter(|z| *z >= NEAREST_M && z.is_finite()).collect();
    depths.sort_unstable_by(f32::total_cmp);
    // single pixels in front are noise
    let front = *depths.get((depths.len() / 1000).min(depths.len().saturating_sub(1)))?;
    centre_of_mass(depth_z_m, camera, |_, p| (front..front + settings.cube_m / 2.0).contains(&p.z))
}

impl DepthCrop {
    /// Cuts the cube around a centre; `None` if the centre is not in front of the camera.
    pub fn cut(depth_z_m: &Plane<f32>, camera: &Camera, centre_m: Vec3, settings: &CropSettings) -> Option<Self> {
        let half = settings.cube_m / 2.0;
        let corner = |sign: f32| camera.project(centre_m + Vec3::new(sign * half, sign * half, 0.0));
        let (start, end) = ((corner(-1.0)? + 0.5).floor(), (corner(1.0)? + 0.5).floor());
        let window = (end - start).max(Vec2::ONE);
        let mut crop = Self {
            image: Plane::filled(settings.size_px, settings.size_px, 1.0),
            centre_m,
            cube_m: settings.cube_m,
            window_start_px: start,
            picture_px_per_crop_px: window / settings.size_px as f32,
        };
        for k in 0..crop.image.data.len() {
            let (column, row) = (k as u32 % settings.size_px, k as u32 / settings.size_px);
            let place = crop.to_picture(Vec2::new(column as f32 + 0.5, row as f32 + 0.5));
            crop.image.data[k] = crop.normalised(depth_z_m.at(place).unwrap_or(NO_DEPTH));
        }
        Some(crop)
    }

    /// A depth as the crop holds it.
    fn normalised(&self, z_m: f32) -> f32 {
        if !(z_m >= NEAREST_M && z_m.is_finite()) {
            return 1.0;
        }
        ((z_m - self.centre_m.z) / (self.cube_m / 2.0)).clamp(-1.0, 1.0)
    }

    /// Pixel of the picture at a pixel of the crop.
    pub fn to_picture(&self, crop_px: Vec2) -> Vec2 {
        self.window_start_px + crop_px * self.picture_px_per_crop_px
    }

    /// Pixel of the crop at a pixel of the picture.
    pub fn to_crop(&self, picture_px: Vec2) -> Vec2 {
        (picture_px - self.window_start_px) / self.picture_px_per_crop_px
    }

    /// A point of the camera frame as networks are taught it: pixel of the crop, and depth in half edges from the centre (not
    /// clamped). `None` behind the camera.
    pub fn from_camera(&self, camera: &Camera, p_m: Vec3) -> Option<Vec3> {
        let pixel = self.to_crop(camera.project(p_m)?);
        Some(pixel.extend((p_m.z - self.centre_m.z) / (self.cube_m / 2.0)))
    }

    /// The point of the camera frame behind a network's answer, metres.
    pub fn to_camera(&self, camera: &Camera, answer: Vec3) -> Vec3 {
        let z = answer.z * self.cube_m / 2.0 + self.centre_m.z;
        camera.unproject(self.to_picture(answer.truncate()), z)
    }

    /// Row-major 3 x 3: pixels of the picture from pixels of the crop, both from the corner of the first.
    pub fn picture_from_crop(&self) -> [[f32; 3]; 3] {
        let (scale, start) = (self.picture_px_per_crop_px, self.window_start_px);
        [[scale.x, 0.0, start.x], [0.0, scale.y, start.y], [0.0, 0.0, 1.0]]
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::float_cmp, reason = "these values are exact")]

    use super::*;
    use crate::camera::{Intrinsics, Lens};
    use crate::math::RigidTransform;

    fn camera() -> Camera {
        Camera {
            intrinsics: Intrinsics { width: 320, height: 240, fx: 240.0, fy: 250.0, cx: 160.0, cy: 120.0 },
            lens: Lens::Pinhole,
            camera_from_world: RigidTransform::IDENTITY,
        }
    }

    /// A square plate of 8 cm at .5 m around a point, before a wall at 1.2 m.
    fn plate(centre: Vec3) -> Plane<f32> {
        let camera = camera();
        let mut depth = Plane::filled(320, 240, 1.2);
        for (k, z) in depth.data.iter_mut().enumerate() {
            let p = camera.unproject(Vec2::new((k % 320) as f32 + 0.5, (k / 320) as f32 + 0.5), centre.z);
            if (p - centre).abs().max_element() <= 0.04 {
                *z = centre.z;
            }
        }
        depth
    }

    #[test]
    fn centre_moves_onto_the_thing_and_the_cube_holds_it() {
        let truth = Vec3::new(0.06, -0.04, 0.5);
        let depth = plate(truth);
        let settings = CropSettings { cube_m: 0.2, ..CropSettings::default() };
        let start = nearest_thing(&depth, &camera(), &settings).unwrap();
        let centre = refined(&depth, &camera(), start + Vec3::new(0.05, 0.04, 0.03), &settings);
        assert!(centre.distance(truth) < 0.0015, "{centre}");
        let crop = DepthCrop::cut(&depth, &camera(), centre, &settings).unwrap();
        // 8 of 20 cm: two fifths of each side, in the middle
        let on = crop.image.data.iter().filter(|z| **z < 0.5).count() as f32;
        assert!((on / (96.0 * 96.0) - 0.16).abs() < 0.01, "{on}");
        assert!(crop.image.data[48 * 96 + 48].abs() < 0.01);
        assert_eq!(crop.image.data[0], 1.0);
    }

    #[test]
    fn depth_is_brought_to_the_cube_and_missing_depth_to_its_back() {
        let mut depth = plate(Vec3::new(0.0, 0.0, 0.5));
        depth.data[120 * 320 + 160] = 0.2;
        depth.data[120 * 320 + 162] = 0.0;
        depth.data[120 * 320 + 164] = 0.55;
        depth.data[120 * 320 + 166] = f32::NAN;
        let settings = CropSettings { cube_m: 0.2, size_px: 96, passes: 0 };
        let crop = DepthCrop::cut(&depth, &camera(), Vec3::new(0.0, 0.0, 0.5), &settings).unwrap();
        let at = |x: f32| crop.image.at(crop.to_crop(Vec2::new(x + 0.5, 120.5))).unwrap();
        assert_eq!((at(160.0), at(162.0), at(166.0)), (-1.0, 1.0, 1.0));
        assert!((at(164.0) - 0.5).abs() < 1e-5);
    }

    #[test]
    fn window_is_the_projection_of_the_cube_rounded_to_pixels() {
        let settings = CropSettings { cube_m: 0.25, size_px: 96, passes: 0 };
        let crop = DepthCrop::cut(&plate(Vec3::Z * 0.5), &camera(), Vec3::new(0.01, 0.02, 0.5), &settings).unwrap();
        // (0.01 -+ 0.125) / 0.5 * 240 + 160 = 104.8, 224.8; (0.02 -+ 0.125) / 0.5 * 250 + 120 = 67.5, 192.5
        assert_eq!(crop.window_start_px, Vec2::new(105.0, 68.0));
        assert_eq!(crop.picture_px_per_crop_px * 96.0, Vec2::new(120.0, 125.0));
        let m = crop.picture_from_crop();
        assert_eq!([m[0][2], m[1][2]], [105.0, 68.0]);
    }

    #[test]
    fn a_window_beyond_the_picture_has_nothing_there() {
        let centre = Vec3::new(-0.33, 0.0, 0.5);
        let settings = CropSettings::default();
        let crop = DepthCrop::cut(&plate(centre), &camera(), centre, &settings).unwrap();
        assert_eq!(crop.image.data[48 * 96], 1.0);
        assert!(crop.image.data.iter().any(|z| *z < 0.1));
        assert!(DepthCrop::cut(&plate(centre), &camera(), Vec3::new(0.0, 0.0, -0.5), &settings).is_none());
    }

    #[test]
    fn an_empty_picture_has_no_centre() {
        let empty = Plane::filled(320, 240, 0.0);
        let settings = CropSettings::default();
        assert_eq!(nearest_thing(&empty, &camera(), &settings), None);
        assert_eq!(refined(&empty, &camera(), Vec3::Z, &settings), Vec3::Z);
    }

    proptest::proptest! {
        #[test]
        fn points_come_back_through_the_crop(x in -0.2f32..0.2, y in -0.15f32..0.15, z in 0.3f32..0.9) {
            let p = Vec3::new(x, y, z);
            let crop = DepthCrop::cut(&plate(Vec3::Z * 0.5), &camera(), Vec3::new(0.02, -0.01, 0.5), &CropSettings::default()).unwrap();
            let back = crop.to_camera(&camera(), crop.from_camera(&camera(), p).unwrap());
            proptest::prop_assert!(back.distance(p) < 1e-5);
        }
    }
}
