//! Every kind of background against what it must show and throw.

use glam::Quat;

use super::*;
use crate::backdrop::tests::assets;
use crate::camera::{Camera, Intrinsics, Lens};
use crate::math::RigidTransform;
use crate::scene::{FORMAT_VERSION, Film, FilmCurve, Lamp, Sensor};
use crate::seed::dataset_stream;

/// A camera 0.6 m from the origin that looks at it, turned about the vertical by `azimuth_rad` and tilted down.
fn camera(size: u32, azimuth_rad: f32, down_rad: f32) -> Camera {
    // half a turn about +X: the camera's +Y points down, +Z along the world's -Z
    let level = Quat::from_axis_angle(Vec3::X, std::f32::consts::PI);
    let turned = Quat::from_axis_angle(Vec3::Y, azimuth_rad) * Quat::from_axis_angle(Vec3::X, -down_rad) * level;
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
        solids: Vec::new(),
        empty_handed: false,
        lights: Vec::new(),
        environment,
        background,
        film: Film { exposure_ev: 0.0, metering: 0.0, white_balance: [1.0; 3], curve: FilmCurve::Clip },
        sensor: Sensor {
            full_well_e: 0.0,
            read_noise_e: 0.0,
            vignetting: 0.0,
            jpeg_quality: None,
            grey_weights: [0.299, 0.587, 0.114],
            blur_px: 0.0,
            depth: crate::scene::DepthSensor::default(),
        },
        clip: None,
    }
}

const BACKGROUND_LIGHTS: Environment = Environment::Background { gain: 1.0 };

fn room(seed: u64) -> Background {
    Background::Room { size_m: [4.5, 2.6, 5.0], centre_m: [0.4, 0.1, -0.5], yaw_rad: 0.4, seed, gain: 0.5 }
}

fn sky(ground: f32, horizon: f32, zenith: f32) -> Background {
    Background::Gradient { ground: [ground; 3], horizon: [horizon; 3], zenith: [zenith; 3], lamps: Vec::new() }
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
                zenith: [0.2, 0.3, 0.25 + 0.02 * k as f32],
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

fn pixels(background: Background, camera: Camera) -> Plane<[f32; 3]> {
    resolve(&scene(background, BACKGROUND_LIGHTS, camera), assets()).unwrap().pixels
}

fn light(background: Background) -> Sh9 {
    let scene = scene(background, BACKGROUND_LIGHTS, camera(16, 0.0, 0.0));
    resolve(&scene, assets()).unwrap().irradiance
}

fn luminance(p: [f32; 3]) -> f32 {
    0.2126 * p[0] + 0.7152 * p[1] + 0.0722 * p[2]
}

/// Mean step of luminance between neighbours in a row.
fn roughness(picture: &Plane<[f32; 3]>) -> f32 {
    let steps = picture.data.windows(2).map(|w| (luminance(w[0]) - luminance(w[1])).abs());
    steps.sum::<f32>() / picture.data.len() as f32
}

#[test]
fn one_colour_fills_the_picture_and_lights_with_itself() {
    let background = Background::Colour { rgb: [0.1, 0.2, 0.3] };
    let picture = pixels(background.clone(), camera(16, 0.0, 0.0));
    assert_eq!(picture, Plane::filled(16, 16, [0.1, 0.2, 0.3]));
    let sh = light(background);
    assert!((sh.0[0][2] - Sh9::uniform([0.3; 3]).0[0][2]).abs() < 1e-4 && sh.0[1].iter().all(|c| c.abs() < 1e-9));
}

#[test]
fn a_sky_of_one_colour_is_even_and_a_bright_zenith_lights_from_above() {
    let at = |ground, zenith| {
        let sky = Environment::Sky { ground: [ground; 3], horizon: [0.5; 3], zenith: [zenith; 3] };
        let scene = scene(Background::Colour { rgb: [0.0; 3] }, sky, camera(4, 0.0, 0.0));
        resolve(&scene, assets()).unwrap().irradiance
    };
    let even = at(0.5, 0.5);
    assert!((even.0[0][0] - Sh9::uniform([0.5; 3]).0[0][0]).abs() < 1e-4);
    assert!(even.0[1..].iter().flatten().all(|c| c.abs() < 0.01), "{even:?}");
    assert!(at(0.1, 2.0).0[1][0] > 1.0, "the coefficient of y");
}

#[test]
fn noise_lies_between_its_colours_and_higher_exponents_are_smoother() {
    let rough = pixels(noise(3, 0.8), camera(64, 0.0, 0.0));
    let smooth = pixels(noise(3, 1.2), camera(64, 0.0, 0.0));
    let between = |v: f32, lo: f32, hi: f32| v >= lo - 1e-6 && v <= hi + 1e-6;
    assert!(rough.data.iter().all(|p| between(p[0], 0.05, 0.7) && between(p[2], 0.12, 0.5)));
    assert!(roughness(&smooth) < 0.8 * roughness(&rough), "{} {}", roughness(&smooth), roughness(&rough));
    assert_ne!(rough, pixels(noise(4, 0.8), camera(64, 0.0, 0.0)));
}

#[test]
fn dead_leaves_have_the_brightness_of_their_gain() {
    let background = Background::DeadLeaves { texture: 5, crop: [0.0, 0.0, 1.0], gain: [0.4; 3] };
    let mean = mean(&pixels(background, camera(128, 0.0, 0.0)));
    assert!((luminance(mean) - 0.4).abs() < 0.03, "{mean:?}");
}

#[test]
fn a_gradient_is_bright_where_its_lamp_is() {
    let camera = camera(128, 0.0, 0.0);
    let to_lamp = camera.camera_from_world.inverse().direction(camera.ray(glam::Vec2::new(96.0, 40.0)));
    let to_lamp = to_lamp.normalize_or_zero();
    let lamp = Lamp { to_lamp, angular_radius_rad: 0.08, radiance: [9.0; 3] };
    let background = Background::Gradient { ground: [0.1; 3], horizon: [0.5; 3], zenith: [1.0; 3], lamps: vec![lamp] };
    let picture = pixels(background.clone(), camera);
    assert!(picture.get(96, 40).unwrap()[0] > 8.5);
    assert!(picture.get(60, 40).unwrap()[0] < 1.5);
    let rows = |from: i64, to: i64| (from..to).map(|y| picture.get(20, y).unwrap()[0]).sum::<f32>();
    assert!(rows(0, 20) > rows(100, 120), "the sky is above the ground");
    let with = light(background);
    let without = light(sky(0.1, 0.5, 1.0));
    // a disc of 0.08 rad holds 2 pi (1 - cos 0.08) steradians
    let expected = 9.0 * std::f32::consts::TAU * (1.0 - libm::cosf(0.08)) * 0.282_095;
    assert!((with.0[0][0] - without.0[0][0] - expected).abs() < 1e-3);
}

#[test]
fn pictures_are_cropped_flipped_and_brightened() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("halves.png").to_string_lossy().into_owned();
    let half = |x: u32, _: u32| if x < 32 { image::Rgb([255, 0, 0]) } else { image::Rgb([0, 0, 255]) };
    image::RgbImage::from_fn(64, 32, half).save(&path).unwrap();
    let made =
        |crop, flip| pixels(Background::Picture { path: path.clone(), crop, flip, gain: 2.0 }, camera(16, 0.0, 0.0));
    let whole = made([0.0, 0.0, 1.0, 1.0], false);
    assert!((whole.get(2, 8).unwrap()[0] - 2.0).abs() < 1e-3 && (whole.get(13, 8).unwrap()[2] - 2.0).abs() < 1e-3);
    assert!((made([0.0, 0.0, 1.0, 1.0], true).get(2, 8).unwrap()[2] - 2.0).abs() < 1e-3);
    assert!(made([0.5, 0.5, 0.5, 0.5], false).data.iter().all(|p| p[0] < 1e-3));
}

#[test]
fn a_panorama_stands_around_the_scene() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("star.hdr").to_string_lossy().into_owned();
    let mut panorama = image::Rgb32FImage::new(256, 128);
    for (x, y) in (124..132).flat_map(|x| (60..68).map(move |y| (x, y))) {
        panorama.put_pixel(x, y, image::Rgb([4.0; 3]));
    }
    panorama.save(&path).unwrap();
    let made = |yaw_rad, azimuth| {
        pixels(Background::Panorama { path: path.clone(), yaw_rad, gain: 0.5 }, camera(64, azimuth, 0.0))
    };
    // the middle of the panorama is ahead of a camera that looks along -Z; both turn the same way
    for (yaw, azimuth) in [(0.0, 0.0), (0.7, 0.7), (-2.0, -2.0)] {
        let ahead = made(yaw, azimuth).get(32, 32).unwrap()[0];
        assert!((ahead - 2.0).abs() < 0.05, "{yaw}: {ahead}");
    }
    assert!(made(0.7, 0.0).get(32, 32).unwrap()[0] < 0.01);
}

#[test]
fn missing_files_are_errors_that_name_them() {
    let background =
        Background::Picture { path: "none.png".into(), crop: [0.0, 0.0, 1.0, 1.0], flip: false, gain: 1.0 };
    let scene = scene(background, BACKGROUND_LIGHTS, camera(4, 0.0, 0.0));
    let error = resolve(&scene, assets()).unwrap_err();
    assert!(std::error::Error::source(&error).unwrap().to_string().contains("none.png"));
}

#[test]
fn rooms_follow_their_seed_gain_and_camera() {
    let ahead = camera(64, 0.3, 0.0);
    assert_eq!(pixels(room(1), ahead), pixels(room(1), ahead));
    assert_ne!(pixels(room(1), ahead), pixels(room(2), ahead));
    assert_ne!(pixels(room(1), ahead), pixels(room(1), camera(64, 0.5, 0.0)));
    // the mean over all directions is the gain; windows and lamps add to it
    let sh = light(room(1));
    let mean = luminance(sh.0[0]) / Sh9::uniform([1.0; 3]).0[0][0];
    assert!(mean > 0.5 && mean < 2.0, "{mean}");
}

#[test]
fn environment_gain_scales_the_light_only() {
    let assets = assets();
    let at = |gain| resolve(&scene(room(3), Environment::Background { gain }, camera(8, 0.0, 0.0)), assets).unwrap();
    let (one, two) = (at(1.0), at(2.0));
    assert_eq!(one.pixels, two.pixels);
    assert!((two.irradiance.0[0][1] - 2.0 * one.irradiance.0[0][1]).abs() < 1e-5);
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(24))]
    /// Whatever the camera and the room, every pixel is a finite, non-negative light.
    #[test]
    fn every_pixel_of_a_room_is_light(
        seed in 0_u64..1000, azimuth in -3.2_f32..3.2, down in -1.5_f32..1.5, size in 0.6_f32..8.0,
        centre in -6.0_f32..6.0, width in 1_u32..70, height in 1_u32..40, fisheye in proptest::bool::ANY,
    ) {
        let mut camera = camera(width, azimuth, down);
        camera.intrinsics.height = height;
        if fisheye {
            camera.lens = Lens::KannalaBrandt4 { k: [0.05, 0.01, 0.0, 0.0] };
        }
        let background = Background::Room {
            size_m: [size, 2.5, size * 0.7], centre_m: [centre, 0.0, 0.0], yaw_rad: azimuth * 2.0, seed, gain: 0.4,
        };
        let backdrop = resolve(&scene(background, BACKGROUND_LIGHTS, camera), assets()).unwrap();
        proptest::prop_assert_eq!(backdrop.pixels.data.len() as u32, width * height);
        let light = |v: &f32| v.is_finite() && *v >= 0.0;
        proptest::prop_assert!(backdrop.pixels.data.iter().flatten().all(light));
        proptest::prop_assert!(backdrop.irradiance.0.iter().flatten().all(|v| v.is_finite()));
    }
}

#[test]
fn the_meter_keeps_pictures_and_follows_light() {
    let metered = |background, environment| {
        let mut scene = scene(background, environment, camera(16, 0.0, 0.0));
        scene.film.metering = 1.0;
        resolve(&scene, assets()).unwrap()
    };
    // a dim sky: four times the exposure, and the unrelated picture behind stays as bright as it is
    let dim = Environment::Sky { ground: [0.25; 3], horizon: [0.25; 3], zenith: [0.25; 3] };
    let picture = metered(Background::Colour { rgb: [0.4, 0.2, 0.1] }, dim);
    assert!((picture.gain - 4.0).abs() < 0.05, "{}", picture.gain);
    let seen = picture.pixels.data[5].map(|v| v * picture.gain);
    assert!(seen.iter().zip([0.4, 0.2, 0.1]).all(|(a, b)| (a - b).abs() < 1e-5), "{seen:?}");
    // a sky that is seen and lights the hands is exposed with them
    let shared = metered(sky(0.25, 0.25, 0.25), BACKGROUND_LIGHTS);
    let mean = shared.pixels.data.iter().map(|p| p[1]).sum::<f32>() / 256.0;
    assert!((shared.gain - 4.0).abs() < 0.05 && (mean - 0.25).abs() < 0.05, "{} {mean}", shared.gain);
}
