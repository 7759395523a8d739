//! The renderer on a graphics adapter: the CPU's algorithm as compute passes, many pictures in one submission.
//!
//! ```text
//! project, cull (on the processor, the same code) ─▶ upload ─▶ occlusion per vertex ─▶ shadow map per light
//!                      ─▶ nearest triangle at 8 samples per pixel ─▶ shade once per pixel and surface ─▶ read back
//! ```
//!
//! Keypoints, ids and coverage come from the same projected vertices as on the processor. Only this module names `wgpu`.

mod device;
mod error;
mod pack;
mod passes;
mod shaders;
mod slot;
#[cfg(test)]
mod tests;
mod texels;
mod words;

use std::ops::Range;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

pub use error::GpuError;

use super::check::check;
use super::geometry::Geometry;
use super::prepared::{PreparedRig, PreparedRigs};
use super::{RenderError, Renderer, empty_frame};
use crate::backdrop::Backdrop;
use crate::frame::Frame;
use crate::posed::PosedScene;
use device::Gpu;
use pack::{BLOCK, BLOCK_WORDS, Batch, PIXEL, Source};
use passes::Passes;
use slot::Slot;
use texels::Texels;

/// Pictures of one submission unless the caller says otherwise.
const BATCH: usize = 16;
/// Submissions in flight: one is drawn while the next is packed and the last is read.
const SLOTS: usize = 3;

/// Draws on a graphics adapter.
#[derive(Debug)]
pub struct GpuRenderer {
    open: Mutex<Arc<Open>>,
    rigs: PreparedRigs,
    desks: Mutex<Vec<Desk>>,
    batch: usize,
}

/// An open device and everything that lives on it.
#[derive(Debug)]
struct Open {
    gpu: Gpu,
    passes: Passes,
    texels: Mutex<Texels>,
    slots: Mutex<Slots>,
    returned: Condvar,
}

#[derive(Debug)]
struct Slots {
    idle: Vec<Slot>,
    /// How many more may be made.
    left: usize,
}

/// Where a batch is packed; kept for the next.
#[derive(Debug, Default)]
struct Desk {
    geometry: Geometry,
    batch: Batch,
}

impl GpuRenderer {
    /// Opens the fastest adapter, or the one that `HANDLOOM_ADAPTER` names a part of.
    ///
    /// # Errors
    /// No adapter, or none that can draw.
    pub fn new() -> Result<Self, GpuError> {
        Ok(Self {
            open: Mutex::new(Arc::new(Open::new()?)),
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

    /// Draws what fits together, in halves where it does not.
    fn draw(&self, jobs: &[(&PosedScene<'_>, &Backdrop)]) -> Vec<Result<Frame, RenderError>> {
        match self.draw_surely(jobs) {
            Ok(frames) => frames.into_iter().map(Ok).collect(),
            Err(RenderError::Gpu(error)) if error.wants_fewer() && jobs.len() > 1 => {
                let (first, second) = jobs.split_at(jobs.len() / 2);
                let mut drawn = self.draw(first);
                drawn.extend(self.draw(second));
                drawn
            }
            Err(error) => jobs.iter().map(|_| Err(error.clone())).collect(),
        }
    }

    /// Draws once more on a device opened anew if the first was lost.
    fn draw_surely(&self, jobs: &[(&PosedScene<'_>, &Backdrop)]) -> Result<Vec<Frame>, RenderError> {
        let open = Arc::clone(&lock(&self.open));
        match self.draw_on(&open, jobs) {
            Err(GpuError::Lost { .. }) => {
                let open = self.reopened(&open)?;
                Ok(self.draw_on(&open, jobs)?)
            }
            drawn => Ok(drawn?),
        }
    }

    /// The device that took the place of a lost one.
    fn reopened(&self, lost: &Arc<Open>) -> Result<Arc<Open>, GpuError> {
        let mut open = lock(&self.open);
        if Arc::ptr_eq(&open, lost) {
            *open = Arc::new(Open::new()?);
        }
        Ok(Arc::clone(&open))
    }

    fn draw_on(&self, open: &Open, jobs: &[(&PosedScene<'_>, &Backdrop)]) -> Result<Vec<Frame>, GpuError> {
        let of_scene = |posed: &PosedScene<'_>| posed.hands.iter().map(|hand| self.rigs.of(&hand.rig)).collect();
        let rigs: Vec<Vec<Arc<PreparedRig>>> = jobs.iter().map(|(posed, _)| of_scene(posed)).collect();
        let texels = open.texels(rigs.iter().flatten())?;
        let mut desk = lock(&self.desks).pop().unwrap_or_default();
        desk.batch.clear();
        for ((posed, backdrop), rigs) in jobs.iter().zip(&rigs) {
            desk.geometry.build(posed, rigs);
            let rigs = rigs.iter().map(|rig| (rig.as_ref(), texels.of(rig).unwrap_or_default())).collect();
            desk.batch.add(&Source { posed, backdrop, geometry: &desk.geometry, rigs });
        }
        desk.batch.close();
        let frames = open.draw(&texels, &desk.batch, |words| {
            let pictures = jobs.iter().zip(&desk.batch.pictures);
            pictures.map(|((_, backdrop), blocks)| composed(backdrop, &desk.batch, blocks.clone(), words)).collect()
        });
        lock(&self.desks).push(desk);
        frames
    }
}

impl Renderer for GpuRenderer {
    fn render(&self, posed: &PosedScene<'_>, backdrop: &Backdrop) -> Result<Frame, RenderError> {
        check(posed, backdrop)?;
        self.draw(&[(posed, backdrop)]).pop().unwrap_or_else(|| Ok(empty_frame(backdrop)))
    }

    /// Name, kind and interface of the adapter.
    fn name(&self) -> String {
        lock(&self.open).gpu.name()
    }

    fn batch(&self) -> usize {
        self.batch
    }

    fn render_batch(&self, jobs: &[(&PosedScene<'_>, &Backdrop)]) -> Vec<Result<Frame, RenderError>> {
        let checked: Vec<_> = jobs.iter().map(|(posed, backdrop)| check(posed, backdrop)).collect();
        let good: Vec<_> = jobs.iter().zip(&checked).filter(|(_, fault)| fault.is_ok()).map(|(job, _)| *job).collect();
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

impl Open {
    fn new() -> Result<Self, GpuError> {
        Self::on(Gpu::open()?)
    }

    fn on(gpu: Gpu) -> Result<Self, GpuError> {
        Ok(Self {
            passes: Passes::new(&gpu)?,
            texels: Mutex::new(Texels::new(&gpu, &[], &[])?),
            gpu,
            slots: Mutex::new(Slots { idle: Vec::new(), left: SLOTS }),
            returned: Condvar::new(),
        })
    }

    /// Maps of at least the given rigs.
    fn texels<'a>(&self, wanted: impl Iterator<Item = &'a Arc<PreparedRig>>) -> Result<Texels, GpuError> {
        let mut texels = lock(&self.texels);
        let mut rigs: Vec<Arc<PreparedRig>> = Vec::new();
        for rig in wanted {
            if !rigs.iter().any(|known| Arc::ptr_eq(known, rig)) {
                rigs.push(Arc::clone(rig));
            }
        }
        if rigs.iter().any(|rig| texels.of(rig).is_none()) {
            let is_wanted = |rig: &Arc<PreparedRig>| rigs.iter().any(|wanted| Arc::ptr_eq(wanted, rig));
            let others: Vec<_> = texels.rigs().filter(|rig| !is_wanted(rig)).cloned().collect();
            *texels = Texels::new(&self.gpu, &rigs, &others)?;
        }
        Ok(texels.clone())
    }

    /// Draws a batch and hands on the words of its pixels.
    fn draw<T>(&self, texels: &Texels, batch: &Batch, then: impl FnOnce(&[u32]) -> T) -> Result<T, GpuError> {
        let (bytes, most) = (batch.largest_bytes(), self.gpu.most_batch_bytes);
        if bytes > most {
            return Err(GpuError::TooLarge { bytes, most });
        }
        let mut slot = self.take();
        let drawn = slot.draw(&self.gpu, &self.passes, texels, batch, then);
        // buffers of a failed batch are not trusted
        self.give(if drawn.is_ok() { slot } else { Slot::default() });
        drawn
    }

    /// A slot of its own, once one is free.
    fn take(&self) -> Slot {
        let mut slots = lock(&self.slots);
        loop {
            if let Some(slot) = slots.idle.pop() {
                return slot;
            }
            if slots.left > 0 {
                slots.left -= 1;
                return Slot::default();
            }
            slots = self.returned.wait(slots).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn give(&self, slot: Slot) {
        lock(&self.slots).idle.push(slot);
        self.returned.notify_one();
    }
}

/// The backdrop with the drawn blocks before it.
fn composed(backdrop: &Backdrop, batch: &Batch, blocks: Range<usize>, words: &[u32]) -> Frame {
    let mut frame = empty_frame(backdrop);
    let (pixels, _) = words.as_chunks::<PIXEL>();
    let (lists, _) = batch.blocks.0.as_chunks::<BLOCK_WORDS>();
    let drawn = pixels.chunks_exact((BLOCK * BLOCK) as usize).zip(lists).take(blocks.end).skip(blocks.start);
    for (pixels, [_, corner, ..]) in drawn {
        let (left, top) = (corner & 0xffff, corner >> 16);
        for (k, pixel) in (0..).zip(pixels) {
            put(&mut frame, left + k % BLOCK, top + k / BLOCK, *pixel);
        }
    }
    frame
}

/// One drawn pixel before the backdrop; blocks may reach over the picture's border.
fn put(frame: &mut Frame, column: u32, row: u32, [red, green, blue, open, depth, ids]: [u32; PIXEL]) {
    let open = f32::from_bits(open);
    if open >= 1.0 || column >= frame.part.width || row >= frame.part.height {
        return;
    }
    let target = (row * frame.part.width + column) as usize;
    let light = [red, green, blue].map(f32::from_bits);
    let behind = &mut frame.colour.data[target];
    *behind = std::array::from_fn(|c| behind[c] * open + light[c]);
    let [part, instance, ..] = ids.to_le_bytes();
    frame.depth_z_m.data[target] = f32::from_bits(depth);
    frame.part.data[target] = part;
    frame.instance.data[target] = instance;
}

/// A lock that no panic of another thread can spoil: what is behind it is valid whatever it holds.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
