//! `handloom match`: a captured set with planted settings, and what is found of them.

use std::path::Path;
use std::process::{Command, Output};

use handloom::preset::{Distribution, Preset, load};

/// Settings of the captured set, unlike those of `quickstart`.
const PLANTED: &str = r#"
extends = "quickstart"
seed = 77
[[split]]
name = "train"
count = 60
subjects = [0, 20]
actions = [0, 40]
[hands]
count = 1
side = { choice = ["left", "right"], weights = [0.2, 0.8] }
[camera]
width_px = 256
height_px = 256
focal_px = { uniform = [260, 290] }
distance_m = { uniform = [0.55, 0.75] }
[film]
exposure_ev = { normal = [0.9, 0.3], clamp = [0, 1.8] }
red_gain = 1.25
blue_gain = 0.8
[sensor]
full_well_e = 1000
read_noise_e = 12
blur_px = 1.2
jpeg_loss_percent = { uniform = [8, 16] }
[depth_sensor]
noise_mm = 1.0
noise_mm_per_m2 = 4.0
holes = 0.02
edge_holes = 0.5
"#;

fn handloom(args: &[&str]) -> Output {
    let output = Command::new(env!("CARGO_BIN_EXE_handloom")).args(args).output().unwrap();
    assert!(output.status.success(), "{args:?}\n{}", String::from_utf8_lossy(&output.stderr));
    output
}

/// The last line of the table holds the mean gaps.
fn mean_gaps(table: &str) -> [f32; 2] {
    let numbers: Vec<f32> = table.lines().last().unwrap().split_whitespace().filter_map(|w| w.parse().ok()).collect();
    [numbers[0], numbers[1]]
}

fn middle(distribution: &Distribution) -> f32 {
    match distribution {
        Distribution::Constant(value) => *value,
        Distribution::Normal { normal, .. } => normal[0],
        Distribution::LogUniform { log_uniform: [a, b] } => (a * b).sqrt(),
        other => {
            let (low, high) = other.range();
            0.5 * (low + high)
        }
    }
}

fn assert_near(what: &str, found: f32, planted: f32, by: f32) {
    assert!((found - planted).abs() <= by, "{what}: {found}, planted {planted}, may be off by {by}");
}

fn assert_planted(preset: &Preset) {
    let (camera, film, sensor, depth) = (&preset.camera, &preset.film, &preset.sensor, &preset.depth_sensor);
    assert_eq!((camera.width_px, camera.height_px), (256, 256));
    assert_near("focal length", middle(&camera.focal_px), 275.0, 4.0);
    assert_near("distance", middle(&camera.distance_m), 0.65, 0.04);
    assert_eq!(preset.hands.count.values, [1]);
    let right = preset.hands.side.weights.last().copied().unwrap_or(1.0);
    assert_near("right hands", right, 0.8, 0.12);
    assert_near("JPEG loss", middle(&sensor.jpeg_loss_percent), 12.0, 1.5);
    assert_near("blur", middle(&sensor.blur_px), 1.2, 0.25);
    // JPEG leaves little of the noise to be measured: within a factor of two
    let factor = middle(&sensor.full_well_e) / 1000.0;
    assert!((0.5..=2.0).contains(&factor), "full well: {factor} of what was planted");
    assert_near("red gain", middle(&film.red_gain), 1.25, 0.12);
    assert_near("blue gain", middle(&film.blue_gain), 0.8, 0.08);
    assert_near("exposure", middle(&film.exposure_ev), 0.9, 0.45);
    let at = |z: f32| {
        let [a, b, c] = [&depth.noise_mm, &depth.noise_mm_per_m, &depth.noise_mm_per_m2].map(middle);
        a + b * z + c * z * z
    };
    assert_near("noise of depth", at(0.65), 1.0 + 4.0 * 0.65 * 0.65, 0.5);
    assert_near("holes", middle(&depth.holes), 0.02, 0.008);
    assert_near("holes at edges", middle(&depth.edge_holes), 0.5, 0.15);
}

#[test]
fn planted_settings_are_found_and_the_gap_shrinks_by_half() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).to_string_lossy().into_owned();
    let (planted, captured, found) = (path("planted.toml"), path("captured"), path("found.toml"));
    std::fs::write(&planted, PLANTED).unwrap();
    handloom(&["generate", &planted, "--out", &captured, "--format", "tar"]);
    let output = handloom(&["match", "quickstart", "--captured", &captured, "--count", "60", "--out", &found]);
    let table = String::from_utf8(output.stdout).unwrap();
    println!("{table}{}", std::fs::read_to_string(&found).unwrap());
    let [before, after] = mean_gaps(&table);
    assert!(after <= 0.5 * before, "{before} to {after}");
    assert_planted(&load(&found, &[]).unwrap().preset);
    let html = std::fs::read_to_string(Path::new(&found).with_extension("html")).unwrap();
    assert!(html.contains("<svg") && html.contains("data:image/jpeg;base64,") && !html.contains("http"));
}

#[test]
fn a_folder_without_a_dataset_is_refused_before_anything_is_rendered() {
    let dir = tempfile::tempdir().unwrap();
    let args = ["match", "quickstart", "--captured", &dir.path().to_string_lossy()].map(str::to_owned);
    let output = Command::new(env!("CARGO_BIN_EXE_handloom")).args(&args).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("no dataset is known") && !said.contains("rendered"), "{said}");
}
