//! Tests of the whole chain on patches whose result is known.

use super::*;
use crate::scene::{DepthSensor, FilmCurve};
use crate::seed::dataset_stream;

const FILM: Film = Film { exposure_ev: 0.0, metering: 0.0, white_balance: [1.0; 3], curve: FilmCurve::Clip };
const IDEAL: Sensor = Sensor {
    full_well_e: 0.0,
    read_noise_e: 5.0,
    vignetting: 0.0,
    jpeg_quality: None,
    grey_weights: [0.299, 0.587, 0.114],
    blur_px: 0.0,
    depth: DepthSensor { noise: [0.0; 3], step_m: 0.0, holes: 0.0, edge_holes: 0.0 },
};

fn shoot(colour: &Plane<[f32; 3]>, film: &Film, sensor: &Sensor) -> SensorImage {
    expose(colour, film, sensor, &mut dataset_stream(1, "sensor", 0))
}

#[test]
fn patches_give_their_srgb_values() {
    let patch = Plane::filled(5, 3, [0.18, 0.5, 1.0]);
    assert_eq!(shoot(&patch, &FILM, &IDEAL).rgb, vec![[118, 188, 255]; 15]);
    let darker = Film { exposure_ev: -1.0, ..FILM };
    assert_eq!(shoot(&patch, &darker, &IDEAL).rgb[0], [85, 137, 188]);
    let warm = Film { white_balance: [2.0, 1.0, 0.5], ..FILM };
    assert_eq!(shoot(&patch, &warm, &IDEAL).rgb[0], [162, 188, 188]);
    let filmic = Film { curve: FilmCurve::Filmic, ..FILM };
    assert_eq!(shoot(&Plane::filled(1, 1, [0.0, 0.18, 6.0]), &filmic, &IDEAL).rgb[0], [0, 118, 255]);
}

#[test]
fn noise_follows_shot_and_read_variance() {
    for (light, full_well_e, read_noise_e) in
        [(0.2, 300.0, 0.0), (0.6, 300.0, 0.0), (0.4, 300.0, 20.0), (0.5, 2000.0, 0.0)]
    {
        let sensor = Sensor { full_well_e, read_noise_e, ..IDEAL };
        let image = shoot(&Plane::filled(200, 200, [light; 3]), &FILM, &sensor);
        let values: Vec<f64> =
            image.rgb.iter().flatten().map(|v| f64::from(curve::light_table()[usize::from(*v)])).collect();
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let variance = values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / values.len() as f64;
        let (light, well, read) = (f64::from(light), f64::from(full_well_e), f64::from(read_noise_e));
        let expected = light / well + (read / well) * (read / well);
        assert!((mean - light).abs() < 0.002, "{mean} {light}");
        assert!((variance / expected - 1.0).abs() < 0.04, "{variance} {expected}");
    }
}

#[test]
fn vignetting_is_a_share_of_cos4_and_symmetric() {
    let plane = Plane::filled(320, 320, [0.5; 3]);
    let shade = |amount: f32| {
        let image = shoot(&plane, &FILM, &Sensor { vignetting: amount, ..IDEAL });
        let byte = |x: usize, y: usize| image.rgb[y * 320 + x][0];
        assert_eq!([byte(0, 0), byte(319, 0), byte(0, 319)], [byte(319, 319); 3]);
        let at = |x: usize, y: usize| curve::light_table()[usize::from(byte(x, y))] / 0.5;
        (at(160, 160), at(0, 0))
    };
    let full = 1.0 / (1.64_f32 * 1.64);
    let (centre, corner) = shade(1.0);
    assert!((centre - 1.0).abs() < 0.01 && (corner - full).abs() < 0.01, "{centre} {corner} {full}");
    let (_, half) = shade(0.5);
    assert!((half - f32::midpoint(1.0, full)).abs() < 0.01, "{half}");
}

#[test]
fn equal_streams_give_equal_bytes() {
    let patch = Plane::filled(40, 30, [0.3, 0.2, 0.1]);
    let sensor = Sensor { full_well_e: 3000.0, ..IDEAL };
    let shot = |seed| expose(&patch, &FILM, &sensor, &mut dataset_stream(seed, "sensor", 0));
    assert_eq!(shot(1), shot(1));
    assert_ne!(shot(1), shot(2));
}

#[test]
fn broken_light_is_no_light() {
    let broken = Plane { width: 3, height: 1, data: vec![[f32::NAN; 3], [-1.0; 3], [f32::NEG_INFINITY; 3]] };
    let image = shoot(&broken, &FILM, &IDEAL);
    assert_eq!(image.rgb, vec![[0; 3]; 3]);
    assert!(shoot(&Plane::filled(0, 0, [0.0; 3]), &FILM, &IDEAL).rgb.is_empty());
}

#[test]
fn grey_weighs_light() {
    let image = SensorImage { width: 2, height: 1, rgb: vec![[77, 77, 77], [255, 0, 0]] };
    let grey = grey(&image, [0.25, 0.5, 0.25]);
    // a quarter of full light is 137 in sRGB
    assert_eq!(grey.data, [77, 137]);
}
