//! The reference renderer: a rasteriser with deferred shading on the processor.
//!
//! ```text
//! project, cull ─▶ occlusion per vertex ─▶ shadow map per light ─▶ for each band of rows:
//!                            samples (8 per pixel) ─▶ ids, depth, fragments ─▶ shade once per pixel and surface
//! ```
//!
//! One picture is drawn by one thread; many pictures are drawn side by side. Buffers are kept between pictures. The
//! vector unit is chosen at run time and every choice gives the same bytes.

mod fragment;
mod gather;
mod lanes;
mod light;
mod occlusion;
mod raster;
mod shade;
mod shade_solid;
mod shadow;
mod skin;

use std::sync::{Mutex, PoisonError};

use fearless_simd::{Level, dispatch};

use super::capsule::{self, WorldCapsule};
use super::check::check;
use super::finish::Finish;
use super::geometry::Geometry;
use super::lobe::Lobe;
use super::material::Material;
use super::prepared::{PreparedRig, PreparedRigs};
use super::shading::ROUGH_BANDS;
use super::shadow_frame::footprint_m;
use super::{RenderError, Renderer, empty_frame};
// what both backends share, under short names for the files of this one
use super::{finish, geometry, lobe, material, prepared, shading, shadow_frame, tile};
use crate::backdrop::Backdrop;
use crate::frame::Frame;
use crate::posed::PosedScene;
use fragment::Fragment;
use raster::{PixelSamples, Window};
use shade::Lighting;
use shadow::ShadowMap;

/// Rows that are drawn together: their samples stay in the cache.
const BAND_ROWS: u32 = 32;

/// Part of the work on a picture, for measuring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "plain names")]
pub enum Stage {
    Project,
    Occlusion,
    Shadow,
    Raster,
    Collect,
    Shade,
}

/// The reference renderer.
#[derive(Debug)]
pub struct CpuRenderer {
    level: Level,
    idle: Mutex<Vec<Scratch>>,
    rigs: PreparedRigs,
}

/// Buffers of one picture, kept for the next.
#[derive(Debug, Default)]
struct Scratch {
    geometry: Geometry,
    capsules: Vec<WorldCapsule>,
    shadows: Vec<ShadowMap>,
    bands: Vec<Band>,
    samples: Vec<PixelSamples>,
    /// Per hand, then per solid.
    fragments: Vec<Vec<Fragment>>,
}

/// Rows that are drawn together.
#[derive(Debug, Default)]
struct Band {
    /// Numbers of the triangles that touch them.
    triangles: Vec<u32>,
    /// First column that they may touch, and the one after the last.
    columns: [u32; 2],
}

impl Default for CpuRenderer {
    fn default() -> Self {
        Self::new()
    }
}

impl Renderer for CpuRenderer {
    fn render(&self, posed: &PosedScene<'_>, backdrop: &Backdrop) -> Result<Frame, RenderError> {
        self.render_observed(posed, backdrop, &mut |_| ())
    }
}

impl CpuRenderer {
    /// A renderer for the best vector unit of this machine.
    pub fn new() -> Self {
        Self::with_level(Level::new())
    }

    /// A renderer that uses only what every machine of this architecture has: slower, same bytes.
    pub fn portable() -> Self {
        Self::with_level(Level::baseline())
    }

    fn with_level(level: Level) -> Self {
        Self { level, idle: Mutex::default(), rigs: PreparedRigs::default() }
    }

    /// [`Renderer::render`] that says when it has ended a stage; the last four come once per band of rows.
    pub fn render_observed(
        &self,
        posed: &PosedScene<'_>,
        backdrop: &Backdrop,
        ended: &mut dyn FnMut(Stage),
    ) -> Result<Frame, RenderError> {
        check(posed, backdrop)?;
        let rigs: Vec<_> = posed.hands.iter().map(|hand| self.rigs.of(&hand.rig)).collect();
        let mut scratch = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default();
        let mut frame = empty_frame(backdrop);
        self.draw(&mut scratch, posed, &rigs, (backdrop, &mut frame), ended);
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(scratch);
        Ok(frame)
    }

    fn draw(
        &self,
        scratch: &mut Scratch,
        posed: &PosedScene<'_>,
        rigs: &[std::sync::Arc<PreparedRig>],
        (backdrop, frame): (&Backdrop, &mut Frame),
        ended: &mut dyn FnMut(Stage),
    ) {
        let scene = posed.scene;
        scratch.geometry.build(posed, rigs);
        ended(Stage::Project);
        capsule::capsules(posed, &mut scratch.capsules);
        let Geometry { vertices, used, .. } = &mut scratch.geometry;
        dispatch!(self.level, simd => occlusion::apply(simd, &scratch.capsules, used, vertices));
        ended(Stage::Occlusion);
        scratch.shadows.resize_with(scene.lights.len().max(scratch.shadows.len()), ShadowMap::default);
        let footprint = footprint_m(posed);
        for (light, shadow) in scene.lights.iter().zip(&mut scratch.shadows) {
            shadow.build(light, posed, footprint);
        }
        ended(Stage::Shadow);

        scratch.sort_into_bands(posed.hands.len() + posed.solids.len() + posed.gloves.len());
        let skins = scene.hands.iter().zip(&posed.hands);
        let materials: Vec<_> = skins.map(|(hand, posed)| Material::new(&hand.skin, &posed.rig.mesh)).collect();
        let pixel_tangent = 1.0 / scene.camera.intrinsics.fx.max(1.0);
        let of_solids = posed.solids.iter().map(|solid| Finish::new(&solid.material, pixel_tangent));
        let of_gloves = posed.gloves.iter().map(|glove| Finish::of_glove(&glove.material, pixel_tangent));
        let finishes: Vec<_> = of_solids.chain(of_gloves).collect();
        let lighting = Lighting {
            eye: scene.camera.camera_from_world.inverse().translation_m,
            lights: &scene.lights,
            shadows: &scratch.shadows,
            ambient: Lobe::diffuse(&backdrop.irradiance),
            reflected: Lobe::new(&backdrop.irradiance, ROUGH_BANDS),
        };
        let geometry = &scratch.geometry;
        let (triangles, samples) = (&geometry.triangles, &mut scratch.samples);
        for (k, band) in scratch.bands.iter().enumerate().filter(|(_, band)| !band.triangles.is_empty()) {
            let (window, numbers) = (band.window(geometry.rows, k as u32), &band.triangles);
            samples.clear();
            samples.resize((window.width * window.height) as usize, PixelSamples::EMPTY);
            let source = (geometry.screen.as_slice(), triangles.as_slice());
            dispatch!(self.level, simd => raster::draw(simd, window, numbers, source, samples));
            ended(Stage::Raster);
            let fragments = scratch.fragments.as_mut_slice();
            fragments.iter_mut().for_each(Vec::clear);
            let sink = (scene.camera.intrinsics.fx, &mut *frame, &mut *fragments);
            dispatch!(self.level, simd => fragment::collect(simd, window, samples, triangles, sink));
            ended(Stage::Collect);
            for (fragments, (rig, material)) in fragments.iter().zip(rigs.iter().zip(&materials)) {
                let hand = (geometry, rig.as_ref(), material);
                let colour = &mut frame.colour;
                dispatch!(self.level, simd => shade::shade(simd, fragments, hand, &lighting, colour));
            }
            let of_solids = fragments.iter().skip(rigs.len()).zip(&finishes);
            for (fragments, finish) in of_solids.filter(|(fragments, _)| !fragments.is_empty()) {
                let colour = &mut frame.colour;
                dispatch!(self.level, simd => shade_solid::shade(simd, fragments, (geometry, finish), &lighting, colour));
            }
            ended(Stage::Shade);
        }
    }
}

impl Scratch {
    fn sort_into_bands(&mut self, surfaces: usize) {
        self.fragments.resize_with(surfaces, Vec::new);
        let [top, bottom] = self.geometry.rows;
        let count = bottom.saturating_sub(top).div_ceil(BAND_ROWS) as usize;
        self.bands.resize_with(count.max(self.bands.len()), Band::default);
        for band in &mut self.bands {
            band.triangles.clear();
            band.columns = [u32::MAX, 0];
        }
        for (number, triangle) in self.geometry.triangles.iter().enumerate() {
            let [first, last] = triangle.rows.map(|row| (u32::from(row) - top) / BAND_ROWS);
            let [left, right] = triangle.columns.map(u32::from);
            for band in &mut self.bands[first as usize..=last as usize] {
                band.triangles.push(number as u32);
                band.columns = [band.columns[0].min(left), band.columns[1].max(right + 1)];
            }
        }
    }
}

impl Band {
    /// Block of the picture that the k-th band covers, given the rows of all.
    fn window(&self, [top, bottom]: [u32; 2], k: u32) -> Window {
        let [left, right] = self.columns;
        let first = top + k * BAND_ROWS;
        Window { left, top: first, width: right - left, height: BAND_ROWS.min(bottom - first) }
    }
}
