//! Projection with its derivative, for every lens.

use glam::{Vec2, Vec3};

use crate::camera::{Camera, Lens};

/// Pixel of a point in camera coordinates, and how its column and row change with the point (pixels per metre); `None` nearer
/// than [`crate::camera::NEAR_M`].
pub fn project_with_derivative(camera: &Camera, p_camera_m: Vec3) -> Option<(Vec2, [Vec3; 2])> {
    let pixel = camera.project(p_camera_m)?;
    let near = 1.0 / p_camera_m.z;
    let ideal = p_camera_m.truncate() * near;
    // rows of the derivative of the ideal (pinhole, unit focal length) picture
    let ideal_x = Vec3::new(near, 0.0, -ideal.x * near);
    let ideal_y = Vec3::new(0.0, near, -ideal.y * near);
    let [[xx, xy], [yx, yy]] = bend(&camera.lens, ideal);
    let i = &camera.intrinsics;
    Some((pixel, [(ideal_x * xx + ideal_y * xy) * i.fx, (ideal_x * yx + ideal_y * yy) * i.fy]))
}

/// Derivative of the lens' bent picture by the ideal one, row by row. The formulas are those of [`Lens`], differentiated.
fn bend(lens: &Lens, p: Vec2) -> [[f32; 2]; 2] {
    let r2 = p.length_squared();
    match *lens {
        Lens::Pinhole => [[1.0, 0.0], [0.0, 1.0]],
        Lens::BrownConrady { k1, k2, p1, p2, k3 } => {
            let radial = 1.0 + r2 * (k1 + r2 * (k2 + r2 * k3));
            let rise = 2.0 * (k1 + r2 * (2.0 * k2 + r2 * 3.0 * k3));
            let mixed = p.x * p.y * rise + 2.0 * (p1 * p.x + p2 * p.y);
            [
                [radial + p.x * p.x * rise + 2.0 * p1 * p.y + 6.0 * p2 * p.x, mixed],
                [mixed, radial + p.y * p.y * rise + 6.0 * p1 * p.y + 2.0 * p2 * p.x],
            ]
        }
        Lens::KannalaBrandt4 { k } => {
            let r = libm::sqrtf(r2);
            if r < 1e-4 {
                return [[1.0, 0.0], [0.0, 1.0]];
            }
            let t = libm::atanf(r);
            let t2 = t * t;
            let bent = t * (1.0 + t2 * (k[0] + t2 * (k[1] + t2 * (k[2] + t2 * k[3]))));
            let by_angle = 1.0 + t2 * (3.0 * k[0] + t2 * (5.0 * k[1] + t2 * (7.0 * k[2] + t2 * 9.0 * k[3])));
            // along the radius it changes by the one, across it by the other
            let (along, across) = (by_angle / (1.0 + r2), bent / r);
            let difference = (along - across) / r2;
            let mixed = p.x * p.y * difference;
            [[across + p.x * p.x * difference, mixed], [mixed, across + p.y * p.y * difference]]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::camera::Intrinsics;
    use crate::math::RigidTransform;

    #[test]
    fn the_derivative_is_that_of_the_projection() {
        let lenses = [
            Lens::Pinhole,
            Lens::BrownConrady { k1: -0.2, k2: 0.05, p1: 0.003, p2: -0.002, k3: 0.01 },
            Lens::KannalaBrandt4 { k: [0.02, -0.01, 0.003, 0.001] },
        ];
        for lens in lenses {
            let camera = Camera {
                intrinsics: Intrinsics { width: 640, height: 480, fx: 500.0, fy: 510.0, cx: 321.5, cy: 238.0 },
                lens,
                camera_from_world: RigidTransform::IDENTITY,
            };
            for p in [Vec3::new(0.12, -0.09, 0.5), Vec3::new(-0.3, 0.2, 0.4), Vec3::new(0.0, 0.0, 0.3)] {
                let (pixel, rows) = project_with_derivative(&camera, p).unwrap();
                assert_eq!(Some(pixel), camera.project(p));
                for axis in [Vec3::X, Vec3::Y, Vec3::Z] {
                    let h = 1e-3;
                    let change = camera.project(p + axis * h).unwrap() - camera.project(p - axis * h).unwrap();
                    let expected = change / (2.0 * h);
                    let found = Vec2::new(rows[0].dot(axis), rows[1].dot(axis));
                    assert!(found.abs_diff_eq(expected, 0.5), "{lens:?} {p} {axis}: {found} {expected}");
                }
            }
        }
        assert!(
            project_with_derivative(
                &Camera {
                    intrinsics: Intrinsics { width: 1, height: 1, fx: 1.0, fy: 1.0, cx: 0.0, cy: 0.0 },
                    lens: Lens::Pinhole,
                    camera_from_world: RigidTransform::IDENTITY,
                },
                Vec3::new(0.0, 0.0, -1.0)
            )
            .is_none()
        );
    }
}
