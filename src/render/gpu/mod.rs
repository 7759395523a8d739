//! The renderer on a graphics adapter: the CPU's algorithm as compute passes, many pictures in one submission.
//!
//! ```text
//! project, cull (on the processor, the same code) ─▶ upload ─▶ occlusion per vertex ─▶ shadow map per light
//!                      ─▶ nearest triangle at 8 samples per pixel ─▶ shade once per pixel and surface ─▶ read back
//! ```
//!
//! Keypoints, ids and coverage come from the same projected vertices as on the processor. Only this module names `wgpu`.

mod compose;
mod device;
mod error;
mod materials;
mod open;
mod pack;
mod passes;
mod shaders;
mod slot;
#[cfg(test)]
mod tests;
mod texels;
mod words;

use std::ops::Range;
use std::sync::{Arc, Mutex};

pub use error::GpuError;

use super::check::check;
use super::geometry::Geometry;
use super::prepared::{PreparedRig, PreparedRigs};
use super::{RenderError, Renderer, empty_frame};
use crate::backdrop::Backdrop;
use crate::frame::Frame;
use crate::posed::PosedScene;
use device::{Gpu, lock};
use open::Open;
use pack::{BLOCK, Batch, Source};

/// Pictures of one submission unless the caller says otherwise.
const BATCH: usize = 16;

/// Draws on a graphics adapter.
#[derive(Debug)]
pub struct GpuRenderer {
    open: Mutex<Arc<Open>>,
    rigs: PreparedRigs,
    desks: Mutex<Vec<Desk>>,
    batch: usize,
}

/// Where a batch is packed; kept for the next.
#[derive(Debug, Default)]
struct Desk {
    geometry: Geometry,
    batch: Batch,
}

/// A picture to draw, or some of its rows.
#[derive(Clone)]
struct Job<'a> {
    posed: &'a PosedScene<'a>,
    backdrop: &'a Backdrop,
    rows: Range<u32>,
}

impl<'a> Job<'a> {
    fn new(posed: &'a PosedScene<'a>, backdrop: &'a Backdrop) -> Self {
        Self { posed, backdrop, rows: 0..posed.scene.camera.intrinsics.height }
    }

    /// Upper and lower half of its rows, unless it is as low as can be.
    fn halves(&self) -> Option<[Self; 2]> {
        let Range { start, end } = self.rows;
        let middle = start + ((end - start) / 2).next_multiple_of(BLOCK);
        (middle < end).then(|| [start..middle, middle..end].map(|rows| Self { rows, ..self.clone() }))
    }
}

impl GpuRenderer {
    /// Opens the fastest adapter, or the one that `HANDLOOM_ADAPTER` names a part of.
    ///
    /// # Errors
    /// No adapter, or none that can draw.
    pub fn new() -> Result<Self, GpuError> {
        Ok(Self {
            open: Mutex::new(Arc::new(Open::new(Gpu::open()?)?)),
            rigs: PreparedRigs::default(),
            desks: Mutex::default(),
            batch: BATCH,
        })
    }

    /// Draws this many pictures in one submission.
    #[must_use]
    pub fn with_batch(self, pictures: usize) -> Self {
        Self { batch: pictures.max(1), ..self }
    }

    /// Draws what fits together, in halves where it does not: half of the pictures, and of a single one half of its rows.
    fn draw(&self, jobs: &[Job<'_>]) -> Vec<Result<Frame, RenderError>> {
        match (self.draw_surely(jobs), jobs) {
            (Ok(frames), _) => frames.into_iter().map(Ok).collect(),
            (Err(error), [job]) if error.wants_fewer() => vec![self.draw_in_bands(job, error)],
            (Err(error), _) if error.wants_fewer() => {
                let (first, second) = jobs.split_at(jobs.len() / 2);
                [first, second].into_iter().flat_map(|part| self.draw(part)).collect()
            }
            (Err(error), _) => jobs.iter().map(|_| Err(error.clone().into())).collect(),
        }
    }

    fn draw_in_bands(&self, job: &Job<'_>, error: GpuError) -> Result<Frame, RenderError> {
        let Some([upper, lower]) = job.halves() else { return Err(error.into()) };
        let mut frame = self.draw_one(upper)?;
        let rows = lower.rows.clone();
        compose::take_rows(&mut frame, &self.draw_one(lower)?, rows);
        Ok(frame)
    }

    fn draw_one(&self, job: Job<'_>) -> Result<Frame, RenderError> {
        let backdrop = job.backdrop;
        self.draw(&[job]).pop().unwrap_or_else(|| Ok(empty_frame(backdrop)))
    }

    /// Draws once more on a device opened anew if the first was lost.
    fn draw_surely(&self, jobs: &[Job<'_>]) -> Result<Vec<Frame>, GpuError> {
        let open = Arc::clone(&lock(&self.open));
        match self.draw_on(&open, jobs) {
            Err(GpuError::Lost { .. }) => self.draw_on(&*self.reopened(&open)?, jobs),
            drawn => drawn,
        }
    }

    /// The device that took the place of a lost one: on the same adapter, as another would draw otherwise.
    fn reopened(&self, lost: &Arc<Open>) -> Result<Arc<Open>, GpuError> {
        let mut open = lock(&self.open);
        if Arc::ptr_eq(&open, lost) {
            *open = Arc::new(Open::new(lost.gpu.again()?)?);
        }
        Ok(Arc::clone(&open))
    }

    fn draw_on(&self, open: &Open, jobs: &[Job<'_>]) -> Result<Vec<Frame>, GpuError> {
        let mut desk = lock(&self.desks).pop().unwrap_or_default();
        let frames = self.draw_at(&mut desk, open, jobs);
        lock(&self.desks).push(desk);
        frames
    }

    fn draw_at(&self, desk: &mut Desk, open: &Open, jobs: &[Job<'_>]) -> Result<Vec<Frame>, GpuError> {
        let of_scene = |job: &Job<'_>| job.posed.hands.iter().map(|hand| self.rigs.of(&hand.rig)).collect();
        let rigs: Vec<Vec<Arc<PreparedRig>>> = jobs.iter().map(of_scene).collect();
        let texels = open.texels(rigs.iter().flatten())?;
        let Desk { geometry, batch } = desk;
        batch.clear();
        for (Job { posed, backdrop, rows }, rigs) in jobs.iter().zip(&rigs) {
            geometry.build(posed, rigs);
            let rigs = rigs.iter().map(|rig| (rig.as_ref(), texels.of(rig).unwrap_or_default())).collect();
            batch.add(&Source { posed, backdrop, geometry, rigs, rows: rows.clone() });
            open.check_size(batch)?;
        }
        batch.close();
        open.draw(&texels, batch, |words| {
            let pictures = jobs.iter().zip(&batch.pictures);
            pictures.map(|(job, blocks)| compose::composed(job.backdrop, batch, blocks.clone(), words)).collect()
        })
    }
}

impl Renderer for GpuRenderer {
    fn render(&self, posed: &PosedScene<'_>, backdrop: &Backdrop) -> Result<Frame, RenderError> {
        check(posed, backdrop)?;
        self.draw_one(Job::new(posed, backdrop))
    }

    /// Name, kind, interface and driver of the adapter.
    fn name(&self) -> String {
        lock(&self.open).gpu.name()
    }

    fn batch(&self) -> usize {
        self.batch
    }

    fn render_batch(&self, jobs: &[(&PosedScene<'_>, &Backdrop)]) -> Vec<Result<Frame, RenderError>> {
        let checked: Vec<_> = jobs.iter().map(|(posed, backdrop)| check(posed, backdrop)).collect();
        let good = jobs.iter().zip(&checked).filter(|(_, fault)| fault.is_ok());
        let good: Vec<_> = good.map(|((posed, backdrop), _)| Job::new(posed, backdrop)).collect();
        let drawn: Vec<_> = good.chunks(self.batch).flat_map(|part| self.draw(part)).collect();
        let mut drawn = drawn.into_iter();
        checked
            .into_iter()
            .zip(jobs)
            .map(|(fault, (_, backdrop))| {
                fault.and_then(|()| drawn.next().unwrap_or_else(|| Ok(empty_frame(backdrop))))
            })
            .collect()
    }
}
