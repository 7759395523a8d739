//! Planted faults: clean rendered pictures are degraded by known amounts, which must be found again.

use std::sync::OnceLock;

use super::*;
use crate::assets::Assets;
use crate::frame::Plane;
use crate::pipeline::{Studio, output_settings};
use crate::preset::load;
use crate::render::cpu::CpuRenderer;
use crate::sampler::SceneSampler;
use crate::scene::{DepthSensor, Film, FilmCurve, Sensor};
use crate::seed::dataset_stream;
use crate::sensor::{SensorImage, expose, jpeg_encode, jpeg_round_trip, measure_depth};

/// Light and depth of a picture as rendered.
struct Clean {
    light: Plane<[f32; 3]>,
    depth_z_m: Plane<f32>,
}

/// A few rendered scenes, brought to one exposure.
fn scenes() -> &'static [Clean] {
    static SCENES: OnceLock<Vec<Clean>> = OnceLock::new();
    SCENES.get_or_init(|| {
        let preset = load("quickstart", &[]).unwrap().preset;
        let assets = Assets::new().unwrap();
        let rig = assets.open_rig(&preset.rig).unwrap();
        let output = output_settings(preset.output);
        let sampler = SceneSampler::new(preset, rig, Vec::new()).unwrap();
        let studio = Studio { assets, renderer: Box::new(CpuRenderer::new()) };
        let shoot = |index| {
            let frame = studio.shoot(index, sampler.sample(index).unwrap(), &output).unwrap().frame;
            let mut green: Vec<f32> = frame.colour.data.iter().map(|p| p[1]).collect();
            green.sort_by(f32::total_cmp);
            let gain = 0.15 / green[green.len() / 2].max(1e-3);
            let data = frame.colour.data.iter().map(|p| p.map(|v| v * gain)).collect();
            Clean { light: Plane { data, ..frame.colour }, depth_z_m: frame.depth_z_m }
        };
        (0..5).map(shoot).collect()
    })
}

const FILM: Film = Film { exposure_ev: 0.0, metering: 0.0, white_balance: [1.0; 3], curve: FilmCurve::Filmic };
const SENSOR: Sensor = Sensor {
    full_well_e: 0.0,
    read_noise_e: 0.0,
    vignetting: 0.0,
    jpeg_quality: None,
    grey_weights: luma::WEIGHTS,
    blur_px: 0.0,
    depth: DepthSensor { noise: [0.0; 3], step_m: 0.0, holes: 0.0, edge_holes: 0.0 },
};

fn shot(clean: &Clean, film: &Film, sensor: &Sensor) -> SensorImage {
    expose(&clean.light, film, sensor, &mut dataset_stream(3, "planted", 0))
}

fn plane(image: SensorImage) -> Plane<[u8; 3]> {
    Plane { width: image.width, height: image.height, data: image.rgb }
}

fn lumas(film: &Film, sensor: &Sensor) -> Vec<Plane<f32>> {
    scenes().iter().map(|clean| luma::of_rgb(&plane(shot(clean, film, sensor)))).collect()
}

fn median(mut values: Vec<f32>) -> f32 {
    values.sort_by(f32::total_cmp);
    statistics::quantile(&values, 0.5)
}

#[test]
fn planted_noise_is_found_within_a_fifth() {
    for (full_well_e, read_noise_e) in [(500.0, 5.0), (2000.0, 10.0), (2000.0, 60.0), (8000.0, 20.0)] {
        for curve in [FilmCurve::Filmic, FilmCurve::Clip] {
            let film = Film { curve, ..FILM };
            let sensor = Sensor { full_well_e, read_noise_e, ..SENSOR };
            let mut together = statistics::Curve::default();
            for luma in lumas(&film, &sensor) {
                together.add(&noise::by_brightness(&luma));
            }
            let found = noise::fit_sensor(&together.means(), curve).unwrap();
            for light in [0.05, 0.18, 0.5] {
                let read = read_noise_e / full_well_e;
                let expected = (light / full_well_e + read * read).sqrt();
                let sigma = (light * found.shot + found.read).sqrt();
                assert!(
                    (sigma / expected - 1.0).abs() < 0.2,
                    "{full_well_e} {read_noise_e} {curve:?} at {light}: {found:?} {}",
                    sigma / expected
                );
            }
        }
    }
}

#[test]
fn planted_blur_is_found_within_a_quarter_pixel() {
    let measured = |blur_px: f32| {
        let lumas = lumas(&FILM, &Sensor { blur_px, full_well_e: 20_000.0, read_noise_e: 5.0, ..SENSOR });
        median(lumas.iter().filter_map(blur::edge_sigma_px).collect())
    };
    let sharp = measured(0.0);
    assert!(sharp < 0.8, "{sharp}");
    for planted in [0.5_f32, 0.75, 1.0, 1.5, 2.0, 2.5, 3.0] {
        let seen = measured(planted);
        let found = (seen * seen - sharp * sharp).max(0.0).sqrt();
        assert!((found - planted).abs() < 0.25, "{planted}: seen {seen}, sharp {sharp}, found {found}");
    }
}

#[test]
fn the_width_of_one_blurred_step_is_its_own() {
    for sigma in [0.8_f32, 1.5, 3.0] {
        let cdf = |x: f32| 0.5 * libm::erfcf(-x / sigma * std::f32::consts::FRAC_1_SQRT_2);
        // a slanted edge, integrated over pixels by its slant
        let value = |k: u32| 40.0 + 160.0 * cdf((k % 64) as f32 + 0.5 - 32.0 - 0.1 * ((k / 64) as f32 - 32.0));
        let step = Plane { width: 64, height: 64, data: (0..64 * 64).map(value).collect() };
        let found = blur::edge_sigma_px(&step).unwrap();
        assert!((found - sigma).abs() < 0.15, "{sigma}: {found}");
    }
}

#[test]
fn baked_in_jpeg_is_found_within_five() {
    let sensor = Sensor { full_well_e: 8000.0, read_noise_e: 10.0, ..SENSOR };
    for clean in &scenes()[..4] {
        let image = shot(clean, &FILM, &sensor);
        let whole = plane(image.clone());
        assert_eq!(traces::quality(&luma::of_rgb(&whole), Some(&whole)), None, "never compressed");
        for quality in [20, 40, 60, 75, 85, 92, 96] {
            let baked = plane(jpeg_round_trip(&image, quality).unwrap());
            let found = traces::quality(&luma::of_rgb(&baked), Some(&baked));
            assert!(found.is_some_and(|q| q.abs_diff(quality) <= 5), "{quality}: {found:?}");
        }
    }
}

#[test]
fn a_jpeg_file_tells_its_own_quality() {
    let image = shot(&scenes()[0], &FILM, &SENSOR);
    let file = jpeg_encode(&image, 63).unwrap();
    let rgb = plane(image);
    let found = measure(&Observation { rgb: Some(&rgb), jpeg: Some(&file), ..Observation::default() });
    assert!(found.picture.contains(&(Quantity::JpegQuality, 63.0)), "{:?}", found.picture);
}

#[test]
fn planted_white_balance_is_found_within_a_twentieth() {
    let film = Film { curve: FilmCurve::Clip, ..FILM };
    for gains in [[1.2, 1.0, 0.85], [0.8, 1.0, 1.3]] {
        let ratios = |white_balance: [f32; 3]| {
            let film = Film { white_balance, ..film };
            let all = scenes().iter().filter_map(|c| colour::white_balance(&plane(shot(c, &film, &SENSOR))));
            let all: Vec<[f32; 2]> = all.collect();
            [0, 1].map(|k| median(all.iter().map(|r| r[k]).collect()))
        };
        let (neutral, tinted) = (ratios([1.0; 3]), ratios(gains));
        for (k, gain) in [(0, gains[0]), (1, gains[2])] {
            let found = libm::exp2f(tinted[k] - neutral[k]);
            assert!((found / gain - 1.0).abs() < 0.05, "{gains:?}: {found}");
        }
    }
}

#[test]
fn planted_exposure_is_found() {
    let film = Film { curve: FilmCurve::Clip, ..FILM };
    let light = |exposure_ev: f32| {
        let lumas = lumas(&Film { exposure_ev, ..film }, &SENSOR);
        median(lumas.iter().map(|l| colour::exposure(l).unwrap().median_ev).collect())
    };
    let change = light(-1.0) - light(0.0);
    assert!((change + 1.0).abs() < 0.1, "{change}");
}

#[test]
fn white_noise_has_a_flat_spectrum_of_its_own_height_and_blur_takes_the_top() {
    let mut stream = dataset_stream(5, "spectrum", 0);
    let data: Vec<[f32; 1]> = (0..256 * 256).map(|_| [128.0 + 10.0 * stream.normal()]).collect();
    let noise = Plane { width: 256, height: 256, data };
    let of = |plane: &Plane<[f32; 1]>| {
        let data = plane.data.iter().map(|v| v[0]).collect();
        spectrum::measure(&Plane { width: 256, height: 256, data }).unwrap()
    };
    let white = of(&noise);
    assert!(white.slope.abs() < 0.1, "{}", white.slope);
    for db in white.bands_db {
        assert!((db - 20.0).abs() < 1.0, "{white:?}");
    }
    let blurred = of(&crate::sensor::blur::gaussian(&noise, 1.0));
    // exp(-2 pi² f² s²) where the grid's own blur is still that of the plane
    let f = spectrum::frequencies().into_iter().position(|f| f > 0.11).unwrap();
    let at = spectrum::frequencies()[f];
    let expected = -2.0 * std::f32::consts::PI.powi(2) * at * at * 20.0 * std::f32::consts::LOG10_E;
    let found = blurred.rings_db[f].unwrap() - white.rings_db[f].unwrap();
    assert!((found / expected - 1.0).abs() < 0.12, "{found} {expected}");
}

#[test]
fn planted_faults_of_depth_are_found() {
    let sensor = DepthSensor { noise: [0.001, 0.0, 0.006], step_m: 0.0, holes: 0.02, edge_holes: 0.4 };
    let mut together = statistics::Curve::default();
    let (mut holes, mut edges) = (Vec::new(), Vec::new());
    for (k, clean) in scenes().iter().enumerate() {
        let seen = measure_depth(&clean.depth_z_m, &sensor, &mut dataset_stream(7, "depth", k as u64));
        let found = depth::measure(&seen);
        together.add(&found.noise);
        holes.extend(found.holes);
        edges.extend(found.edge_holes);
        assert_eq!(found.step_mm, Some(0.0));
    }
    let [a, b, c] = depth::fit_noise(&together.means()).unwrap();
    for z in [0.45_f32, 0.6] {
        let expected = 1.0 + 6.0 * z * z;
        let found = a + b * z + c * z * z;
        assert!((found / expected - 1.0).abs() < 0.2, "{z}: {found} {expected}");
    }
    assert!((median(holes) - 2.0).abs() < 0.6);
    assert!((20.0..60.0).contains(&median(edges)));
    let steps = DepthSensor { step_m: 0.004, ..DepthSensor::default() };
    let seen = measure_depth(&scenes()[0].depth_z_m, &steps, &mut dataset_stream(7, "depth", 0));
    assert!((depth::measure(&seen).step_mm.unwrap() - 4.0).abs() < 0.1);
    let clean = depth::measure(&scenes()[0].depth_z_m);
    assert!(clean.noise_mm.unwrap() < 0.1 && clean.holes.unwrap() < 0.2, "{clean:?}");
}

#[test]
fn empty_and_tiny_pictures_are_measured_without_harm() {
    for (width, height) in [(0, 0), (1, 1), (2, 9), (9, 7), (130, 1)] {
        let rgb = Plane::filled(width, height, [120_u8; 3]);
        let depth = Plane::filled(width, height, 0.5_f32);
        let seen = Observation { rgb: Some(&rgb), depth_z_m: Some(&depth), ..Observation::default() };
        measure(&seen);
    }
    measure(&Observation::default());
}
