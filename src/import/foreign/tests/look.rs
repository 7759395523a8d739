//! Pictures of the imported hand for the eye: `out/import/webxr_*.png`.

use super::*;

const SIZE: usize = 480;
/// Part of the hand that fills the picture, metres.
const EXTENT_M: f32 = 0.26;

/// Bend every finger joint and the thumb by these angles.
fn pose(fingers: [[f32; 3]; 4], thumb: [f32; 5]) -> HandPose {
    let mut pose = HandPose::default();
    for (finger, angles) in FINGERS.into_iter().zip(fingers) {
        for (dof, angle) in Dof::finger(finger).unwrap()[1..].iter().zip(angles) {
            pose.set(*dof, angle);
        }
    }
    let dofs = [
        Dof::ThumbCmcAbduction,
        Dof::ThumbCmcFlexion,
        Dof::ThumbCmcPronation,
        Dof::ThumbMcpFlexion,
        Dof::ThumbIpFlexion,
    ];
    dofs.into_iter().zip(thumb).for_each(|(dof, angle)| pose.set(dof, angle));
    pose
}

/// Orthographic, flat shaded by the face's normal, tinted by part; `view` turns hand space to (right, up, towards the eye).
fn draw(rig: &Rig, positions: &[Vec3], view: glam::Mat3) -> Vec<u8> {
    let mut rgb = vec![255; SIZE * SIZE * 3];
    let mut depth = vec![f32::MIN; SIZE * SIZE];
    let scale = SIZE as f32 / EXTENT_M;
    let seen: Vec<Vec3> = positions.iter().map(|p| {
        let q = view * (*p - Vec3::Y * 0.085);
        Vec3::new(q.x * scale + SIZE as f32 / 2.0, SIZE as f32 / 2.0 - q.y * scale, q.z)
    }).collect();
    for (triangle, part) in rig.mesh.triangles.iter().zip(&rig.mesh.triangle_part) {
        let [a, b, c] = triangle.map(|k| seen[k as usize]);
        let [wa, wb, wc] = triangle.map(|k| view * positions[k as usize]);
        let light = (wb - wa).cross(wc - wa).normalize_or(Vec3::Z).dot(Vec3::new(0.3, 0.5, 0.81));
        let shade = 0.35 + 0.65 * light.max(0.0);
        let tint = [0x9d_u32, 0xc8, 0x71].map(|m| 0.75 + 0.25 * (u32::from(*part).wrapping_mul(m) % 97) as f32 / 96.0);
        let area = (b - a).truncate().perp_dot((c - a).truncate());
        let (low, high) = (a.min(b).min(c).max(Vec3::ZERO), a.max(b).max(c).min(Vec3::splat(SIZE as f32 - 1.0)));
        for y in low.y as usize..=high.y as usize {
            for x in low.x as usize..=high.x as usize {
                let p = glam::Vec2::new(x as f32 + 0.5, y as f32 + 0.5);
                let u = (p - a.truncate()).perp_dot((c - a).truncate()) / area;
                let v = (b - a).truncate().perp_dot(p - a.truncate()) / area;
                let z = a.z + u * (b.z - a.z) + v * (c.z - a.z);
                let k = y * SIZE + x;
                if u >= 0.0 && v >= 0.0 && u + v <= 1.0 && z > depth[k] {
                    depth[k] = z;
                    (0..3).for_each(|i| rgb[3 * k + i] = (255.0 * shade * tint[i] * 0.9) as u8);
                }
            }
        }
    }
    rgb
}

#[test]
fn pictures_of_the_generic_hand() {
    let Some(folder) = webxr::peers() else { return };
    let rig = webxr::generic_hand(&folder, "left");
    let poses = [
        ("rest", rig.skeleton.bind_pose),
        ("flat", pose([[0.0; 3]; 4], [0.5, 0.0, 0.17, 0.0, 0.0])),
        ("fist", pose([[1.4, 1.7, 1.1]; 4], [0.5, 0.3, 0.4, 0.7, 0.9])),
        ("point", pose([[0.0; 3], [1.4, 1.7, 1.1], [1.4, 1.7, 1.1], [1.4, 1.7, 1.1]], [0.5, 0.3, 0.4, 0.7, 0.9])),
    ];
    let palm = glam::Mat3::IDENTITY;
    let back = glam::Mat3::from_rotation_y(std::f32::consts::PI);
    let side = glam::Mat3::from_rotation_y(-std::f32::consts::FRAC_PI_2);
    let out = concat!(env!("CARGO_MANIFEST_DIR"), "/out/import");
    std::fs::create_dir_all(out).unwrap();
    for (name, pose) in poses {
        let positions = skinned(&rig, &pose);
        let views = [palm, back, side].map(|view| draw(&rig, &positions, view));
        let width = SIZE * 3;
        let mut sheet = Vec::with_capacity(width * SIZE * 3);
        for y in 0..SIZE {
            views.iter().for_each(|v| sheet.extend(&v[y * SIZE * 3..(y + 1) * SIZE * 3]));
        }
        let path = format!("{out}/webxr_{name}.png");
        image::save_buffer(path, &sheet, width as u32, SIZE as u32, image::ExtendedColorType::Rgb8).unwrap();
        // the hand is in the picture
        assert!(sheet.iter().filter(|v| **v != 255).count() > 3 * 20_000);
    }
}
