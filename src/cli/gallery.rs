//! `handloom rig gallery`: sheets of hands of many tones, people and poses, so that people look instead of read.

use std::path::Path;

use anyhow::Context;
use glam::{Quat, Vec3};
use rayon::prelude::*;

use super::args::Backend;
use super::generate::renderer;
use super::talk::say;
use crate::assets::Assets;
use crate::camera::{Camera, Intrinsics, Lens};
use crate::dataset::encode::png_rgb8;
use crate::dataset::{DepthFormat, OutputFormat, OutputSettings, RgbFormat};
use crate::math::RigidTransform;
use crate::pipeline::Studio;
use crate::preset::load_text;
use crate::report::draw::{Canvas, paste, resized};
use crate::report::write_file;
use crate::rig::skeleton::axis_angle;
use crate::sampler::SceneSampler;
use crate::scene::{Background, DirectionalLight, Environment, Film, FilmCurve, Scene, Sensor};

const TONES: u8 = 10;
const PEOPLE: u32 = 5;
/// Poses of the large sheet.
const POSES: [&str; 8] = ["spread", "relaxed", "fist", "point", "pinch_index", "thumbs_up", "claw", "ok"];
/// Pose, view and place of the close-ups: degrees about the vertical from the palm, landmark in the middle, metres across.
const CLOSE_UPS: [(&str, f32, usize, f32); 6] = [
    ("spread", 0.0, 9, 0.22),
    ("spread", 180.0, 9, 0.22),
    ("fist", 150.0, 9, 0.13),
    ("spread", 180.0, 7, 0.07),
    ("spread", 0.0, 8, 0.05),
    ("pinch_index", 60.0, 6, 0.11),
];
/// Tones of the close-ups.
const CLOSE_UP_TONES: [u8; 4] = [1, 4, 7, 10];
const CLOSE_UP_PX: u32 = 640;
/// Pictures are drawn at this many times their size on the large sheet.
const DRAWN: u32 = 2;
/// Distance of the camera, metres: no perspective to speak of.
const DISTANCE_M: f32 = 1.2;

/// One picture of the sheets.
#[derive(Clone, Copy)]
struct Cell {
    tone: u8,
    person: u32,
    pose: &'static str,
    /// Turn of the camera about the hand from the palm, degrees.
    view_deg: f32,
    /// Landmark in the middle; `None` for the middle of all.
    centre: Option<usize>,
    /// Metres that the picture's side shows at the hand.
    side_m: f32,
    size_px: u32,
}

/// Draw the sheets of a rig into a folder.
pub(super) fn run(rig: &str, out: &Path, cell_px: u32) -> anyhow::Result<()> {
    anyhow::ensure!((16..=1024).contains(&cell_px), "`--cell-px` is {cell_px}, legal are 16 to 1024");
    let studio = Studio { assets: Assets::new()?, renderer: renderer(Backend::Cpu, None)? };
    studio.assets.open_rig(rig)?;
    std::fs::create_dir_all(out).with_context(|| format!("cannot make folder `{}`", out.display()))?;
    let rows: Vec<(u8, u32)> = (1..=TONES).flat_map(|t| (0..PEOPLE).map(move |p| (t, p))).collect();
    let cells = rows.iter().flat_map(|&(tone, person)| {
        let view = move |pose, view_deg| Cell {
            tone,
            person: person + u32::from(tone) * PEOPLE,
            pose,
            view_deg,
            centre: None,
            side_m: 0.30,
            size_px: cell_px * DRAWN,
        };
        POSES.into_iter().flat_map(move |pose| [view(pose, 0.0), view(pose, 180.0)])
    });
    let sheet = draw(&studio, rig, &cells.collect::<Vec<_>>(), POSES.len() * 2, cell_px)?;
    write(&out.join("hands.png"), &sheet)?;
    let cells = CLOSE_UP_TONES.iter().flat_map(|tone| {
        CLOSE_UPS.into_iter().map(|(pose, view_deg, centre, side_m)| Cell {
            tone: *tone,
            person: u32::from(*tone),
            pose,
            view_deg,
            centre: Some(centre),
            side_m,
            size_px: CLOSE_UP_PX,
        })
    });
    let sheet = draw(&studio, rig, &cells.collect::<Vec<_>>(), CLOSE_UPS.len(), CLOSE_UP_PX)?;
    write(&out.join("close-ups.png"), &sheet)?;
    say(&format!("`{0}/hands.png` and `{0}/close-ups.png` are written", out.display()));
    Ok(())
}

/// All cells side by side.
fn draw(studio: &Studio, rig: &str, cells: &[Cell], columns: usize, cell_px: u32) -> anyhow::Result<Canvas> {
    let pictures = cells.par_iter().map(|cell| cell.picture(studio, rig)).collect::<anyhow::Result<Vec<_>>>()?;
    let rows = cells.len().div_ceil(columns) as u32;
    let mut sheet = Canvas::filled(columns as u32 * cell_px, rows * cell_px, [0; 3]);
    for (k, picture) in pictures.iter().enumerate() {
        let at = [k % columns, k / columns].map(|n| n as u32 * cell_px);
        paste(&mut sheet, &resized(picture, cell_px, cell_px), at[0], at[1]);
    }
    Ok(sheet)
}

impl Cell {
    fn picture(&self, studio: &Studio, rig: &str) -> anyhow::Result<Canvas> {
        let mut scene = self.drawn(studio, rig)?;
        let hand = &mut scene.hands[0];
        hand.world_from_wrist = RigidTransform::IDENTITY;
        // the arm led to a shoulder where the hand was drawn
        hand.arm = None;
        scene.solids.clear();
        let landmarks = studio.pose(&scene)?.hands[0].landmarks_m;
        let centre = match self.centre {
            Some(k) => landmarks[k],
            None => landmarks.iter().sum::<Vec3>() / landmarks.len() as f32 - Vec3::Y * 0.02,
        };
        scene.camera = self.camera(centre);
        set_the_stage(&mut scene, self.view_deg);
        Ok(studio.shoot(0, scene, &OUTPUT)?.rgb)
    }

    /// A scene with this person's hand in this pose, placed somewhere.
    fn drawn(&self, studio: &Studio, rig: &str) -> anyhow::Result<Scene> {
        let Self { tone, person, pose, .. } = self;
        let text = format!(
            "format_version = 1\nrig = {rig:?}\n\
             split = [{{ name = \"gallery\", count = 1, subjects = [{person}, {}], actions = [0, 1] }}]\n\
             [hands]\ncount = 1\nside = \"right\"\n\
             [pose]\nnames = [{pose:?}]\nnoise_deg = 0.0\n\
             wrist_flexion_deg = 0.0\nwrist_deviation_deg = 0.0\n\
             [shape]\nchildren = 0.0\n[skin]\ntone = {tone}\n\
             [wear]\nbody = 0.0\nsleeve = 0.0\nwatch = 0.0\nbracelet = 0.0\nrings = 0.0\nthin_gloves = 0.0\nthick_gloves = 0.0\n",
            person + 1
        );
        let preset = load_text("gallery", &text, &[])?.preset;
        let sampler = SceneSampler::new(preset, studio.assets.rig(rig)?, Vec::new())?;
        Ok(sampler.sample(0)?)
    }

    fn camera(&self, centre: Vec3) -> Camera {
        // half a turn about +X: the camera's +Y points down, +Z along the world's -Z
        let turn = axis_angle(Vec3::Y, self.view_deg.to_radians()) * Quat::from_xyzw(1.0, 0.0, 0.0, 0.0);
        let world_from_camera = RigidTransform::new(turn, centre - turn * Vec3::Z * DISTANCE_M);
        let focal = self.size_px as f32 * DISTANCE_M / self.side_m;
        let middle = self.size_px as f32 / 2.0;
        Camera {
            intrinsics: Intrinsics {
                width: self.size_px,
                height: self.size_px,
                fx: focal,
                fy: focal,
                cx: middle,
                cy: middle,
            },
            lens: Lens::Pinhole,
            camera_from_world: world_from_camera.inverse(),
        }
    }
}

/// The same studio for all: a key light from the upper left of the camera, a rim light, a grey wall, a sensor without faults.
fn set_the_stage(scene: &mut Scene, view_deg: f32) {
    let turn = axis_angle(Vec3::Y, view_deg.to_radians());
    let light = |direction: Vec3, irradiance: f32, angular_radius_rad: f32| DirectionalLight {
        to_light: (turn * direction).normalize_or(Vec3::Y),
        irradiance: [irradiance; 3],
        angular_radius_rad,
    };
    scene.lights = vec![light(Vec3::new(-0.7, 0.7, 0.7), 1.3, 0.06), light(Vec3::new(0.8, 0.5, -0.5), 0.5, 0.1)];
    scene.environment = Environment::Sky { ground: [0.18; 3], horizon: [0.3; 3], zenith: [0.45; 3] };
    scene.background = Background::Colour { rgb: [0.22; 3] };
    scene.film = Film { exposure_ev: 0.0, metering: 1.0, white_balance: [1.0; 3], curve: FilmCurve::Filmic };
    scene.sensor = Sensor {
        full_well_e: 0.0,
        read_noise_e: 0.0,
        vignetting: 0.0,
        jpeg_quality: None,
        grey_weights: [0.299, 0.587, 0.114],
        blur_px: 0.0,
        depth: crate::scene::DepthSensor::default(),
    };
}

const OUTPUT: OutputSettings = OutputSettings {
    format: OutputFormat::Loose,
    samples_per_shard: 1,
    rgb: RgbFormat::Png,
    grey: false,
    depth: DepthFormat::None,
    depth_unit_m: 0.0001,
    mask: false,
    instance: false,
};

fn write(path: &Path, sheet: &Canvas) -> anyhow::Result<()> {
    Ok(write_file(path, &png_rgb8(sheet)?)?)
}
