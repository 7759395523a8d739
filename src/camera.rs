//! Cameras, and the conventions of the whole crate.
//!
//! * **World**: right-handed, +Y up, metres.
//! * **Camera**: +X right, +Y down, +Z forward (`OpenCV`), metres.
//! * **Hand** (rig space): the right hand, origin at the wrist, +X radial (thumb side), +Y distal (to the fingertips),
//!   +Z palmar. The left hand is its mirror image across x = 0.
//! * **Pixels**: (0, 0) is the *corner* of the first pixel, its centre is (0.5, 0.5). A writer whose format counts from
//!   pixel centres subtracts 0.5 and says so.
//! * **Depth**: `depth_z_m` is measured along the optical axis, `distance_m` along the ray.
//! * **Transforms** are named `a_from_b`; light is linear; angles are radians; time is seconds.
//!
//! ```
//! use handloom::camera::{Camera, Intrinsics, Lens};
//! use handloom::math::RigidTransform;
//! use glam::{Vec2, Vec3};
//!
//! let camera = Camera {
//!     intrinsics: Intrinsics { width: 320, height: 320, fx: 300.0, fy: 300.0, cx: 160.0, cy: 160.0 },
//!     lens: Lens::Pinhole,
//!     camera_from_world: RigidTransform::IDENTITY,
//! };
//! // one metre ahead and 10 cm to the right: 30 pixels right of the centre; 10 cm down: 30 pixels down
//! assert_eq!(camera.project(Vec3::new(0.1, 0.1, 1.0)), Some(Vec2::new(190.0, 190.0)));
//! // behind the camera there is no picture
//! assert_eq!(camera.project(Vec3::new(0.0, 0.0, -1.0)), None);
//! ```

use glam::{Vec2, Vec3};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::math::RigidTransform;

/// Points nearer than this (metres along the axis) are not projected.
pub const NEAR_M: f32 = 0.01;

/// Size of the picture and pinhole parameters, pixels.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Intrinsics {
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Focal length in columns.
    pub fx: f32,
    /// Focal length in rows.
    pub fy: f32,
    /// Principal point, from the left edge of the first column.
    pub cx: f32,
    /// Principal point, from the top edge of the first row.
    pub cy: f32,
}

/// How the lens bends the pinhole picture. Coefficients as in `OpenCV`.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Lens {
    /// No distortion.
    #[default]
    Pinhole,
    /// Radial k1 k2 k3 and tangential p1 p2 (`OpenCV`'s default model).
    BrownConrady {
        /// Radial.
        k1: f32,
        /// Radial.
        k2: f32,
        /// Tangential.
        p1: f32,
        /// Tangential.
        p2: f32,
        /// Radial.
        k3: f32,
    },
    /// Fisheye: theta (1 + k1 theta² + k2 theta⁴ + k3 theta⁶ + k4 theta⁸) (`OpenCV`'s fisheye model).
    KannalaBrandt4 {
        /// Coefficients k1..k4.
        k: [f32; 4],
    },
}

/// Where the camera stands and how it projects.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Camera {
    /// Pinhole parameters.
    pub intrinsics: Intrinsics,
    /// Distortion.
    #[serde(default)]
    pub lens: Lens,
    /// Extrinsics: world coordinates to camera coordinates.
    pub camera_from_world: RigidTransform,
}

impl Camera {
    /// Pixel of a point in camera coordinates; `None` nearer than [`NEAR_M`].
    pub fn project(&self, p_camera_m: Vec3) -> Option<Vec2> {
        if p_camera_m.z < NEAR_M {
            return None;
        }
        let ideal = Vec2::new(p_camera_m.x / p_camera_m.z, p_camera_m.y / p_camera_m.z);
        let d = self.lens.distort(ideal);
        let i = &self.intrinsics;
        Some(Vec2::new(i.fx * d.x + i.cx, i.fy * d.y + i.cy))
    }

    /// Direction with z = 1 through a pixel, in camera coordinates (undistorted by fixed-point iteration).
    pub fn ray(&self, pixel: Vec2) -> Vec3 {
        let i = &self.intrinsics;
        let target = Vec2::new((pixel.x - i.cx) / i.fx, (pixel.y - i.cy) / i.fy);
        self.lens.undistort(target).extend(1.0)
    }

    /// Point in camera coordinates at a pixel and depth along the axis.
    pub fn unproject(&self, pixel: Vec2, depth_z_m: f32) -> Vec3 {
        self.ray(pixel) * depth_z_m
    }

    /// Row-major 3 x 3 matrix K, pixel corner convention.
    pub fn k_matrix(&self) -> [[f32; 3]; 3] {
        let i = &self.intrinsics;
        [[i.fx, 0.0, i.cx], [0.0, i.fy, i.cy], [0.0, 0.0, 1.0]]
    }
}

impl Lens {
    fn distort(&self, p: Vec2) -> Vec2 {
        match *self {
            Self::Pinhole => p,
            Self::BrownConrady { k1, k2, p1, p2, k3 } => {
                let r2 = p.length_squared();
                let radial = 1.0 + r2 * (k1 + r2 * (k2 + r2 * k3));
                let xy = 2.0 * p.x * p.y;
                Vec2::new(
                    p.x * radial + p1 * xy + p2 * (r2 + 2.0 * p.x * p.x),
                    p.y * radial + p1 * (r2 + 2.0 * p.y * p.y) + p2 * xy,
                )
            }
            Self::KannalaBrandt4 { k } => {
                let r = p.length();
                if r < 1e-8 {
                    return p;
                }
                let t = libm::atanf(r);
                let t2 = t * t;
                p * (t * (1.0 + t2 * (k[0] + t2 * (k[1] + t2 * (k[2] + t2 * k[3])))) / r)
            }
        }
    }

    fn undistort(&self, target: Vec2) -> Vec2 {
        let mut p = target;
        if *self == Self::Pinhole {
            return p;
        }
        for _ in 0..50 {
            let step = target - self.distort(p);
            p += step;
            if step.length_squared() < 1e-14 {
                break;
            }
        }
        p
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn camera(lens: Lens) -> Camera {
        Camera {
            intrinsics: Intrinsics { width: 640, height: 480, fx: 500.0, fy: 510.0, cx: 321.5, cy: 238.0 },
            lens,
            camera_from_world: RigidTransform::IDENTITY,
        }
    }

    #[test]
    fn unproject_undoes_project_under_every_lens() {
        let lenses = [
            Lens::Pinhole,
            Lens::BrownConrady { k1: -0.2, k2: 0.05, p1: 0.001, p2: -0.002, k3: 0.0 },
            Lens::KannalaBrandt4 { k: [0.02, -0.01, 0.003, 0.0] },
        ];
        for lens in lenses {
            let camera = camera(lens);
            let p = Vec3::new(0.12, -0.09, 0.7);
            let back = camera.unproject(camera.project(p).unwrap(), p.z);
            assert!(back.abs_diff_eq(p, 1e-5), "{lens:?}: {back}");
        }
    }

    #[test]
    fn fisheye_squeezes_the_edge() {
        let p = Vec3::new(0.7, 0.0, 0.7);
        let pinhole = camera(Lens::Pinhole).project(p).unwrap().x;
        let fisheye = camera(Lens::KannalaBrandt4 { k: [0.0; 4] }).project(p).unwrap().x;
        assert!((fisheye - 321.5 - 500.0 * std::f32::consts::FRAC_PI_4).abs() < 1e-3);
        assert!(fisheye < pinhole);
    }
}
