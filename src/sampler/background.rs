//! What lies behind the hands.

use std::f32::consts::{PI, TAU};

use glam::Vec3;

use super::light::{direction, unit_luminance};
use crate::preset::types::Background as Preset;
use crate::scene::{Background, Lamp};
use crate::seed::Stream;

/// Numbers of textures drawn; a smaller pool takes them modulo its size.
const TEXTURES: usize = 64;
/// Space between the camera or the hands and the walls of a room, metres.
const WALL_GAP_M: f32 = 0.4;
/// Mean linear light of photographs, to which `brightness` is brought.
const PICTURE_MEAN: f32 = 0.25;
/// Exponents of the amplitude spectrum of noise: natural pictures lie around 1.
const EXPONENTS: [f32; 2] = [0.8, 1.6];

/// A file of the user's that may lie behind the hands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackgroundFile {
    /// Path as found.
    pub path: String,
    /// An equirectangular panorama around the scene; otherwise a flat picture.
    pub panorama: bool,
}

/// The background of one picture.
pub fn background(preset: &Preset, files: &[BackgroundFile], camera_at: Vec3, stream: &mut Stream) -> Background {
    let pictures = if files.is_empty() { 0.0 } else { preset.pictures };
    let shares = [preset.colour, preset.noise, preset.dead_leaves, preset.room, preset.gradient, pictures];
    let brightness = preset.brightness.sample(stream);
    match stream.weighted(&shares) {
        Some(1) => noise(brightness, stream),
        Some(2) => Background::DeadLeaves {
            texture: stream.index(TEXTURES) as u32,
            crop: texture_crop(stream),
            gain: tinted(brightness, 0.2, stream),
        },
        Some(3) => room(brightness, camera_at, stream),
        Some(4) => gradient(brightness, stream),
        Some(5) => file(&files[stream.index(files.len())], brightness, stream),
        _ => Background::Colour { rgb: tinted(brightness, 0.6, stream) },
    }
}

/// A random colour of a luminance; saturation 0 is grey, and at most the given one.
pub fn tinted(luminance: f32, most_saturation: f32, stream: &mut Stream) -> [f32; 3] {
    let (hue, saturation) = (stream.uniform(0.0, TAU), stream.uniform(0.0, most_saturation));
    let channel = |k: f32| 1.0 + saturation * libm::cosf(hue - k * TAU / 3.0);
    unit_luminance([channel(0.0), channel(1.0), channel(2.0)]).map(|v| v * luminance)
}

/// A random whole number that every reader of JSON and TOML keeps exactly: 53 bits.
pub fn exact_integer(stream: &mut Stream) -> u64 {
    stream.next_u64() >> 11
}

fn texture_crop(stream: &mut Stream) -> [f32; 3] {
    [stream.unit(), stream.unit(), stream.uniform(0.3, 1.0)]
}

fn noise(brightness: f32, stream: &mut Stream) -> Background {
    let contrast = stream.uniform(0.2, 0.9);
    Background::Noise {
        texture: stream.index(TEXTURES) as u32,
        exponent: stream.uniform(EXPONENTS[0], EXPONENTS[1]),
        colours: [1.0 - contrast, 1.0 + contrast].map(|factor| tinted(brightness * factor, 0.5, stream)),
        crop: texture_crop(stream),
    }
}

/// A room of usual size around the hands and the camera.
fn room(brightness: f32, camera_at: Vec3, stream: &mut Stream) -> Background {
    let yaw_rad = stream.uniform(-PI, PI);
    let usual = [stream.uniform(2.5, 6.5), stream.uniform(2.3, 3.2), stream.uniform(2.5, 6.5)];
    let (s, c) = (libm::sinf(yaw_rad), libm::cosf(yaw_rad));
    // the camera in the room's axes; the hands are at the origin
    let camera = [c * camera_at.x - s * camera_at.z, camera_at.y, s * camera_at.x + c * camera_at.z];
    let mut size_m = [0.0; 3];
    let mut centre = [0.0; 3];
    for axis in 0..3 {
        let (low, high) = (camera[axis].min(0.0) - WALL_GAP_M, camera[axis].max(0.0) + WALL_GAP_M);
        size_m[axis] = usual[axis].max(high - low);
        centre[axis] = (low + high) * 0.5 + (size_m[axis] - (high - low)) * stream.uniform(-0.5, 0.5);
    }
    let centre_m = [c * centre[0] + s * centre[2], centre[1], c * centre[2] - s * centre[0]];
    Background::Room { size_m, centre_m, yaw_rad, seed: exact_integer(stream), gain: brightness }
}

/// Sky and ground, and one to five lamps from a window's size to a bulb's; smaller lamps are brighter.
fn gradient(brightness: f32, stream: &mut Stream) -> Background {
    let mut colour = |low: f32, high: f32| {
        let factor = stream.uniform(low, high);
        tinted(brightness * factor, 0.35, stream)
    };
    let (ground, horizon, zenith) = (colour(0.15, 0.9), colour(0.7, 1.3), colour(0.5, 1.8));
    let lamps = (0..=stream.index(5)).map(|_| {
        let elevation_deg = stream.uniform(-10.0, 85.0);
        let radius_deg = libm::expf(stream.uniform(libm::logf(2.0), libm::logf(22.0)));
        let radiance = brightness * stream.uniform(0.5, 3.0) * 22.0 / radius_deg;
        Lamp {
            to_lamp: direction(elevation_deg, stream.uniform(-180.0, 180.0)),
            angular_radius_rad: radius_deg.to_radians(),
            radiance: tinted(radiance, 0.3, stream),
        }
    });
    let lamps = lamps.collect();
    Background::Gradient { ground, horizon, zenith, lamps }
}

fn file(file: &BackgroundFile, brightness: f32, stream: &mut Stream) -> Background {
    let (path, gain) = (file.path.clone(), brightness / PICTURE_MEAN);
    if file.panorama {
        return Background::Panorama { path, yaw_rad: stream.uniform(-PI, PI), gain };
    }
    let size = stream.uniform(0.5, 1.0);
    let (left, top) = ((1.0 - size) * stream.unit(), (1.0 - size) * stream.unit());
    Background::Picture { path, crop: [left, top, size, size], flip: stream.chance(0.5), gain }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::preset::Preset as Whole;
    use crate::seed::dataset_stream;

    #[test]
    fn rooms_hold_the_camera_and_the_hands() {
        for item in 0..500 {
            let mut stream = dataset_stream(5, "room", item);
            let camera = stream.direction() * stream.uniform(0.2, 4.0);
            let Background::Room { size_m, centre_m, yaw_rad, .. } = room(0.5, camera, &mut stream) else { panic!() };
            let room_from_world = glam::Quat::from_rotation_y(-yaw_rad);
            for p in [camera, Vec3::ZERO] {
                let local = room_from_world * (p - Vec3::from(centre_m));
                assert!(local.abs().cmplt(Vec3::from(size_m) * 0.5 - 0.99 * WALL_GAP_M).all(), "{local} {size_m:?}");
            }
        }
    }

    #[test]
    fn kinds_follow_their_shares_and_pictures_need_files() {
        let mut preset = Whole::default().background;
        (preset.colour, preset.noise, preset.dead_leaves, preset.room) = (1.0, 0.0, 0.0, 0.0);
        (preset.gradient, preset.pictures) = (0.0, 3.0);
        let files = [BackgroundFile { path: "a.hdr".to_owned(), panorama: true }];
        let panoramas = |files: &[BackgroundFile]| {
            let draw = |n| background(&preset, files, Vec3::Z, &mut dataset_stream(1, "kinds", n));
            (0..400).filter(|n| matches!(draw(*n), Background::Panorama { .. })).count()
        };
        assert!((270..330).contains(&panoramas(&files)));
        assert_eq!(panoramas(&[]), 0);
    }

    #[test]
    fn tints_keep_the_luminance() {
        let rgb = tinted(0.4, 0.6, &mut dataset_stream(1, "tint", 0));
        assert!(
            (0.2126 * rgb[0] + 0.7152 * rgb[1] + 0.0722 * rgb[2] - 0.4).abs() < 1e-5 && rgb.iter().all(|v| *v > 0.0)
        );
    }
}
