use super::*;
use crate::camera::{Camera, Intrinsics, Lens};
use crate::math::RigidTransform;
use crate::rig::skeleton::axis_angle;
use crate::scene::{FORMAT_VERSION, Film, FilmCurve, Lamp, Sensor};
use crate::seed::dataset_stream;

/// A camera 0.6 m from the origin that looks at it, turned about the vertical by `azimuth_rad` and tilted down.
fn camera(size: u32, azimuth_rad: f32, down_rad: f32) -> Camera {
    // half a turn about +X: the camera's +Y points down, +Z along the world's -Z
    let level = axis_angle(Vec3::X, std::f32::consts::PI);
    let turned = axis_angle(Vec3::Y, azimuth_rad) * axis_angle(Vec3::X, -down_rad) * level;
    let world_from_camera = RigidTransform::new(turned, turned * Vec3::new(0.0, 0.0, -0.6));
    let focal = size as f32 * 0.9;
    let centre = size as f32 / 2.0;
    Camera {
        intrinsics: Intrinsics { width: size, height: size, fx: focal, fy: focal, cx: centre, cy: centre },
        lens: Lens::Pinhole,
        camera_from_world: world_from_camera.inverse(),
    }
}

fn scene(background: Background, environment: Environment, camera: Camera) -> Scene {
    Scene {
        format_version: FORMAT_VERSION,
        seed: 7,
        camera,
        hands: Vec::new(),
        lights: Vec::new(),
        environment,
        background,
        film: Film { exposure_ev: 0.0, white_balance: [1.0; 3], curve: FilmCurve::Clip },
        sensor: Sensor {
            full_well_e: 0.0,
            read_noise_e: 0.0,
            vignetting: 0.0,
            jpeg_quality: None,
            grey_weights: [0.299, 0.587, 0.114],
        },
    }
}

const BACKGROUND_LIGHTS: Environment = Environment::Background { gain: 1.0 };

fn room(seed: u64) -> Background {
    Background::Room { size_m: [4.5, 2.6, 5.0], centre_m: [0.4, 0.1, -0.5], yaw_rad: 0.4, seed, gain: 0.5 }
}

fn sky(ground: f32, horizon: f32, zenith: f32, lamps: Vec<Lamp>) -> Background {
    Background::Gradient { ground: [ground; 3], horizon: [horizon; 3], zenith: [zenith; 3], lamps }
}

fn leaves(texture: u32) -> Background {
    Background::DeadLeaves { texture, crop: [0.2, 0.7, 0.6], gain: [0.4; 3] }
}

fn noise(texture: u32, exponent: f32) -> Background {
    Background::Noise { texture, exponent, colours: [[0.05, 0.08, 0.12], [0.7, 0.6, 0.5]], crop: [0.1, 0.9, 0.7] }
}

/// Pictures of many backgrounds side by side, to be looked at: `cargo test contact_sheet -- --ignored`.
#[test]
#[ignore = "writes out/backdrops-*.png to be looked at"]
fn contact_sheet() {
    let assets = Assets::new().unwrap();
    let mut stream = dataset_stream(0, "sheet", 0);
    let kinds: [(&str, &mut dyn FnMut(u32) -> Background); 4] = [
        ("leaves", &mut |k| Background::DeadLeaves {
            texture: k,
            crop: [stream.unit(), stream.unit(), stream.uniform(0.4, 1.0)],
            gain: [stream.uniform(0.2, 0.5); 3],
        }),
        ("room", &mut |k| room(u64::from(k))),
        ("noise", &mut |k| noise(k, 0.8 + 0.4 * (k % 8) as f32 / 7.0)),
        ("gradient", &mut |k| {
            let lamp =
                Lamp { to_lamp: Vec3::new(0.5, 0.4, -0.77), angular_radius_rad: 0.15, radiance: [8.0, 7.0, 5.0] };
            Background::Gradient {
                ground: [0.15, 0.12, 0.1],
                horizon: [0.7, 0.65, 0.6],
                zenith: [0.2, 0.3, 0.0 + 0.05 * k as f32],
                lamps: vec![lamp],
            }
        }),
    ];
    for (name, make) in kinds {
        let (columns, rows, size) = (6, 4, 320);
        let mut sheet = image::RgbImage::new(columns * size, rows * size);
        let mut spent = std::time::Duration::ZERO;
        for k in 0..columns * rows {
            let camera = camera(size, k as f32 * 0.8, 0.35 * ((k % 3) as f32 - 0.6));
            let scene = scene(make(k), BACKGROUND_LIGHTS, camera);
            let mut best = std::time::Duration::MAX;
            for _ in 0..10 {
                let start = std::time::Instant::now();
                resolve(&scene, &assets).unwrap();
                best = best.min(start.elapsed());
            }
            spent += best;
            let backdrop = resolve(&scene, &assets).unwrap();
            for (i, p) in backdrop.pixels.data.iter().enumerate() {
                let display = p.map(|v| (libm::powf(v.clamp(0.0, 1.0), 1.0 / 2.2) * 255.0) as u8);
                let (x, y) = (i as u32 % size, i as u32 / size);
                sheet.put_pixel(k % columns * size + x, k / columns * size + y, image::Rgb(display));
            }
        }
        println!("{name}: {:?} per picture", spent / (columns * rows));
        std::fs::create_dir_all("out").unwrap();
        sheet.save(format!("out/backdrops-{name}.png")).unwrap();
    }
}
