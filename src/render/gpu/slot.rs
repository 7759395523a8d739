//! The buffers of one batch in flight, kept for the next.

use std::sync::mpsc;
use std::time::Duration;

use super::GpuError;
use super::device::Gpu;
use super::pack::{Batch, PIXEL, SAMPLES};
use super::passes::{Passes, Role};
use super::texels::Texels;

/// An adapter that has not answered by then hangs.
const PATIENCE: Duration = Duration::from_mins(2);
/// Buffers grow in steps of this share, so that a slightly larger batch needs no new one.
const SPARE: u64 = 4;

/// Bytes of a list of fragments: its count, and one pixel's.
const LIST_HEADER: u64 = 16;
const LIST_ITEM: u64 = 16;

/// Buffers of one batch.
#[derive(Debug, Default)]
pub(super) struct Slot {
    buffers: Vec<(Role, wgpu::Buffer)>,
    staging: Option<wgpu::Buffer>,
}

impl Slot {
    /// Draws a batch; returns the words of its pixels.
    pub(super) fn draw(
        &mut self,
        gpu: &Gpu,
        passes: &Passes,
        texels: &Texels,
        batch: &Batch,
    ) -> Result<Vec<u32>, GpuError> {
        self.fill(gpu, texels, batch)?;
        let bytes = 4 * u64::from(batch.pixels) * PIXEL as u64;
        if bytes == 0 {
            return Ok(Vec::new());
        }
        let staging = self.staging(gpu, bytes)?;
        let submission = gpu.scoped("a batch of pictures", || {
            let mut encoder = gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
            // nothing is seen yet, nothing casts a shadow
            encoder.clear_buffer(self.buffer(Role::Samples), 0, Some(4 * u64::from(batch.pixels) * SAMPLES as u64));
            if batch.shadow_texels > 0 {
                encoder.clear_buffer(self.buffer(Role::Shadow), 0, Some(4 * u64::from(batch.shadow_texels)));
            }
            for list in [Role::OfSkin, Role::OfSolids] {
                encoder.clear_buffer(self.buffer(list), 0, Some(LIST_HEADER));
            }
            passes.encode(gpu, &mut encoder, batch, self);
            encoder.copy_buffer_to_buffer(self.buffer(Role::Pixels), 0, &staging, 0, Some(bytes));
            gpu.queue.submit([encoder.finish()])
        })?;
        read(gpu, submission, &staging, bytes)
    }

    /// A buffer as a pass is told of it.
    pub(super) fn entry(&self, binding: u32, role: Role) -> wgpu::BindGroupEntry<'_> {
        wgpu::BindGroupEntry { binding, resource: self.buffer(role).as_entire_binding() }
    }

    pub(super) fn buffer(&self, role: Role) -> &wgpu::Buffer {
        &self.buffers[self.buffers.iter().position(|(known, _)| *known == role).unwrap_or_default()].1
    }

    /// Makes room and uploads.
    fn fill(&mut self, gpu: &Gpu, texels: &Texels, batch: &Batch) -> Result<(), GpuError> {
        let written = [
            (Role::Scenes, &batch.scenes, "scenes"),
            (Role::Lights, &batch.lights, "lights"),
            (Role::Vertices, &batch.vertices, "vertices"),
            (Role::Triangles, &batch.triangles, "triangles"),
            (Role::Pieces, &batch.pieces, "pieces of triangles"),
            (Role::Used, &batch.used, "numbers of vertices"),
            (Role::Casters, &batch.casters, "triangles that cast shadows"),
            (Role::Capsules, &batch.capsules, "capsules"),
            (Role::Skins, &batch.skins, "skins"),
            (Role::Finishes, &batch.finishes, "surfaces of solids"),
        ];
        for (role, words, label) in written {
            self.make_room(gpu, role, words.size_bytes(), label)?;
        }
        self.make_room(gpu, Role::Samples, 4 * u64::from(batch.pixels) * SAMPLES as u64, "samples")?;
        self.make_room(gpu, Role::Projected, 12 * u64::from(batch.projected), "vertices as the lights see them")?;
        self.make_room(gpu, Role::Shadow, 4 * u64::from(batch.shadow_texels), "shadow maps")?;
        self.make_room(gpu, Role::Pixels, 4 * u64::from(batch.pixels) * PIXEL as u64, "pixels")?;
        let fragments = LIST_HEADER + LIST_ITEM * u64::from(batch.pixels);
        self.make_room(gpu, Role::OfSkin, fragments, "surfaces of skin")?;
        self.make_room(gpu, Role::OfSolids, fragments, "surfaces of solids")?;
        self.make_room(gpu, Role::Grids, 24, "sizes of grids")?;
        self.put(Role::Texels, texels.buffer.clone());
        gpu.scoped("an upload", || {
            for (role, words, _) in written {
                if !words.0.is_empty() {
                    gpu.queue.write_buffer(self.buffer(role), 0, bytemuck::cast_slice(&words.0));
                }
            }
        })
    }

    fn make_room(&mut self, gpu: &Gpu, role: Role, bytes: u64, label: &'static str) -> Result<(), GpuError> {
        let held = self.buffers.iter().find(|(known, _)| *known == role).map(|(_, buffer)| buffer.size());
        if held.is_some_and(|held| held >= bytes) {
            return Ok(());
        }
        self.buffers.retain(|(known, _)| *known != role);
        let usage = wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::COPY_SRC | wgpu::BufferUsages::INDIRECT;
        self.put(role, gpu.buffer(label, roomy(gpu, bytes), usage)?);
        Ok(())
    }

    fn put(&mut self, role: Role, buffer: wgpu::Buffer) {
        self.buffers.retain(|(known, _)| *known != role);
        self.buffers.push((role, buffer));
    }

    fn staging(&mut self, gpu: &Gpu, bytes: u64) -> Result<wgpu::Buffer, GpuError> {
        if let Some(staging) = self.staging.as_ref().filter(|staging| staging.size() >= bytes) {
            return Ok(staging.clone());
        }
        let usage = wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::MAP_READ;
        let staging = gpu.buffer("pixels to read", roomy(gpu, bytes), usage)?;
        self.staging = Some(staging.clone());
        Ok(staging)
    }
}

/// A little more than is needed now, in whole blocks, unless the adapter ends before.
fn roomy(gpu: &Gpu, bytes: u64) -> u64 {
    (bytes + bytes / SPARE).next_multiple_of(1 << 12).min(gpu.most_bytes).max(bytes)
}

/// Waits for a submission and reads words.
fn read(
    gpu: &Gpu,
    submission: wgpu::SubmissionIndex,
    staging: &wgpu::Buffer,
    bytes: u64,
) -> Result<Vec<u32>, GpuError> {
    let (tell, told) = mpsc::channel();
    staging.map_async(wgpu::MapMode::Read, 0..bytes, move |mapped| {
        // nobody listens any more only after an error
        drop(tell.send(mapped));
    });
    let fault = |cause: String| gpu.fault("reading a batch of pictures", cause);
    let wait = wgpu::PollType::Wait { submission_index: Some(submission), timeout: Some(PATIENCE) };
    gpu.device.poll(wait).map_err(|e| fault(e.to_string()))?;
    let mapped = told.recv_timeout(PATIENCE).map_err(|e| fault(e.to_string()))?;
    mapped.map_err(|e| fault(e.to_string()))?;
    let view = staging.get_mapped_range(0..bytes).map_err(|e| fault(e.to_string()))?;
    let words = bytemuck::cast_slice(&view).to_vec();
    drop(view);
    staging.unmap();
    Ok(words)
}
