//! Golden pictures: the scenes in `scenes/` must look as they did.
//!
//! Parts must be equal, keypoints within 0.01 px, colours within 2 of 255 levels. A missing golden file is a failure.
//! `BLESS=1 cargo test --test it golden` writes the files anew and ends red, so that it cannot pass for a test run.

use std::path::PathBuf;

use handloom::assets::Assets;
use handloom::dataset::{DepthFormat, OutputFormat, OutputSettings, RgbFormat, Sample, decode, encode};
use handloom::pipeline::Studio;
use handloom::render::cpu::CpuRenderer;
use handloom::scene::Scene;

/// Largest difference of a colour, of 255.
const LEVELS: u8 = 2;
/// Largest distance of a keypoint, pixels.
const KEYPOINT_PX: f32 = 0.01;

fn folder(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn shoot(scene: Scene) -> Sample {
    let studio = Studio { assets: Assets::new().unwrap(), renderer: Box::new(CpuRenderer::new()) };
    for hand in &scene.hands {
        studio.assets.open_rig(&hand.rig).unwrap();
    }
    let output = OutputSettings {
        format: OutputFormat::Loose,
        samples_per_shard: 1,
        rgb: RgbFormat::Png,
        grey: false,
        depth: DepthFormat::None,
        depth_unit_m: 0.0001,
        mask: true,
        instance: false,
    };
    studio.shoot(0, scene, &output).unwrap()
}

fn keypoints(sample: &Sample) -> Vec<[f32; 2]> {
    let hands = sample.labels.hands.iter();
    hands.flat_map(|h| h.keypoints_px.map(|p| p.map_or([-1.0; 2], |p| [p.x, p.y]))).collect()
}

/// What differs from the golden files of a scene; `None` if nothing does.
fn difference(name: &str, sample: &Sample) -> Option<String> {
    let golden = |ending: &str| std::fs::read(folder("tests/golden").join(format!("{name}.{ending}")));
    let (Ok(rgb), Ok(mask), Ok(points)) = (golden("rgb.png"), golden("mask.png"), golden("json")) else {
        return Some("golden files are missing: look at the picture, then write them with BLESS=1".into());
    };
    let mask = decode::png_grey8(&mask).unwrap();
    let parts = mask.data.iter().zip(&sample.frame.part.data).filter(|(a, b)| a != b).count();
    if parts > 0 || mask.data.len() != sample.frame.part.data.len() {
        return Some(format!("{parts} pixels show another part"));
    }
    let points: Vec<[f32; 2]> = serde_json::from_slice(&points).unwrap();
    let apart = |(a, b): (&[f32; 2], &[f32; 2])| (a[0] - b[0]).abs().max((a[1] - b[1]).abs());
    let found = keypoints(sample);
    let worst = points.iter().zip(&found).map(apart).fold(0.0, f32::max);
    if points.len() != found.len() || worst > KEYPOINT_PX {
        return Some(format!("a keypoint lies {worst} px off"));
    }
    let rgb = decode::png_rgb8(&rgb).unwrap();
    let levels = rgb.data.as_flattened().iter().zip(sample.rgb.data.as_flattened()).map(|(a, b)| a.abs_diff(*b)).max();
    (levels > Some(LEVELS)).then(|| format!("a colour differs by {levels:?} levels"))
}

fn bless(name: &str, sample: &Sample) {
    let write = |ending: &str, bytes: Vec<u8>| {
        assert!(bytes.len() < 40_000, "{name}.{ending} has {} bytes: choose a smaller picture", bytes.len());
        std::fs::write(folder("tests/golden").join(format!("{name}.{ending}")), bytes).unwrap();
    };
    std::fs::create_dir_all(folder("tests/golden")).unwrap();
    write("rgb.png", encode::png_rgb8(&sample.rgb).unwrap());
    write("mask.png", encode::png_grey8(&sample.frame.part).unwrap());
    write("json", serde_json::to_vec(&keypoints(sample)).unwrap());
}

#[test]
fn scenes_look_as_they_did() {
    let mut scenes: Vec<_> = std::fs::read_dir(folder("scenes")).unwrap().map(|e| e.unwrap().path()).collect();
    scenes.retain(|path| path.extension().is_some_and(|e| e == "toml"));
    scenes.sort();
    assert!(scenes.len() >= 5, "the scenes are missing");
    let blessing = std::env::var_os("BLESS").is_some();
    let mut wrong = Vec::new();
    for path in scenes {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let sample = shoot(toml::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap());
        if blessing {
            bless(&name, &sample);
        } else if let Some(difference) = difference(&name, &sample) {
            let seen = folder("out/golden");
            std::fs::create_dir_all(&seen).unwrap();
            std::fs::write(seen.join(format!("{name}.rgb.png")), encode::png_rgb8(&sample.rgb).unwrap()).unwrap();
            wrong.push(format!("{name}: {difference} (see out/golden)"));
        }
    }
    assert!(!blessing, "golden files are written: look at them, then run without BLESS");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
