//! The buffers of one batch in flight, kept for the next.

use std::sync::mpsc;
use std::time::Duration;

use super::GpuError;
use super::device::Gpu;
use super::pack::{Batch, PIXEL, SAMPLES};
use super::passes::{Passes, Role};
use super::texels::Texels;
use super::words::Words;

/// An adapter that has not answered by then hangs.
const PATIENCE: Duration = Duration::from_mins(2);
/// Buffers grow in steps of this share, so that a slightly larger batch needs no new one.
const SPARE: u64 = 4;

/// Bytes that are bound at least: one item of what a batch may lack, such as samples where no triangle is seen.
const LEAST_BOUND: u64 = 16;
/// Bytes of a list of fragments: its count, and one pixel's.
const LIST_HEADER: u64 = 8;
const LIST_ITEM: u64 = 8;

/// Buffers of one batch.
#[derive(Debug, Default)]
pub(super) struct Slot {
    buffers: Vec<(Role, wgpu::Buffer)>,
    /// Bytes of each that the batch uses.
    used: Vec<(Role, u64)>,
    /// What is sent, mapped while nothing is drawn.
    upload: Option<wgpu::Buffer>,
    /// What is read.
    staging: Option<wgpu::Buffer>,
}

/// A part of what is sent: role, first byte and number of bytes.
type Section = (Role, u64, u64);

impl Slot {
    /// Draws a batch and hands on the words of its pixels.
    pub(super) fn draw<T>(
        &mut self,
        gpu: &Gpu,
        passes: &Passes,
        texels: &Texels,
        batch: &Batch,
        then: impl FnOnce(&[u32]) -> T,
    ) -> Result<T, GpuError> {
        let bytes = 4 * batch.pixels() * PIXEL as u64;
        self.make_all_room(gpu, texels, batch)?;
        let staging = self.staging(gpu, bytes)?;
        let (upload, sections) = self.fill(gpu, batch)?;
        let submission = gpu.scoped("a batch of pictures", || {
            let mut encoder = gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
            for (role, start, size) in sections {
                encoder.copy_buffer_to_buffer(&upload, start, self.buffer(role), 0, Some(size));
            }
            // nothing is seen yet, nothing casts a shadow
            for role in [Role::Samples, Role::Shadow] {
                encoder.clear_buffer(self.buffer(role), 0, Some(self.used(role)));
            }
            for list in [Role::OfSkin, Role::OfSolids] {
                encoder.clear_buffer(self.buffer(list), 0, Some(LIST_HEADER));
            }
            passes.encode(gpu, &mut encoder, batch, self);
            encoder.copy_buffer_to_buffer(self.buffer(Role::Pixels), 0, &staging, 0, Some(bytes));
            gpu.queue.submit([encoder.finish()])
        })?;
        // ready for the next batch as soon as this one is read
        gpu.scoped("the next batch of pictures", || upload.map_async(wgpu::MapMode::Write, .., |_| ()))?;
        read(gpu, submission, &staging, bytes, then)
    }

    /// A buffer as a pass is told of it: what the batch uses of it.
    pub(super) fn entry(&self, binding: u32, role: Role) -> wgpu::BindGroupEntry<'_> {
        let resource = wgpu::BindingResource::Buffer(wgpu::BufferBinding {
            buffer: self.buffer(role),
            offset: 0,
            size: wgpu::BufferSize::new(self.used(role)),
        });
        wgpu::BindGroupEntry { binding, resource }
    }

    pub(super) fn buffer(&self, role: Role) -> &wgpu::Buffer {
        let held = self.buffers.iter().find(|(known, _)| *known == role);
        // every role is given a buffer before a pass is told of any
        held.map_or_else(|| unreachable!("no buffer for {role:?}"), |(_, buffer)| buffer)
    }

    fn used(&self, role: Role) -> u64 {
        self.used.iter().find(|(known, _)| *known == role).map_or(0, |(_, bytes)| *bytes)
    }

    /// Buffers at least as large as the batch needs them.
    fn make_all_room(&mut self, gpu: &Gpu, texels: &Texels, batch: &Batch) -> Result<(), GpuError> {
        self.used.clear();
        for (role, words, label) in inputs(batch) {
            self.make_room(gpu, role, words.size_bytes(), label)?;
        }
        self.make_room(gpu, Role::Samples, 4 * SAMPLES as u64 * u64::from(batch.sampled), "samples")?;
        self.make_room(gpu, Role::Shadow, 4 * u64::from(batch.shadow_texels), "shadow maps")?;
        self.make_room(gpu, Role::Pixels, 4 * PIXEL as u64 * batch.pixels(), "pixels")?;
        let fragments = LIST_HEADER + LIST_ITEM * batch.pixels();
        self.make_room(gpu, Role::OfSkin, fragments, "surfaces of skin")?;
        self.make_room(gpu, Role::OfSolids, fragments, "surfaces of solids")?;
        self.make_room(gpu, Role::Grids, 24, "sizes of grids")?;
        self.put(Role::Texels, texels.buffer.clone(), texels.buffer.size());
        Ok(())
    }

    /// Writes the batch where it can be sent from.
    fn fill(&mut self, gpu: &Gpu, batch: &Batch) -> Result<(wgpu::Buffer, Vec<Section>), GpuError> {
        let bytes = inputs(batch).iter().map(|(_, words, _)| words.size_bytes()).sum();
        let upload = self.upload(gpu, bytes)?;
        let mapped = upload.get_mapped_range_mut(0..bytes);
        let mut mapped = mapped.map_err(|e| gpu.fault("writing a batch of pictures", e.to_string()))?;
        let mut sections = Vec::new();
        let mut start = 0;
        for (role, words, _) in inputs(batch) {
            let size = words.size_bytes();
            mapped.slice(start as usize..(start + size) as usize).copy_from_slice(bytemuck::cast_slice(&words.0));
            sections.push((role, start, size));
            start += size;
        }
        drop(mapped);
        gpu.scoped("sending a batch of pictures", || upload.unmap())?;
        Ok((upload, sections))
    }

    fn make_room(&mut self, gpu: &Gpu, role: Role, bytes: u64, label: &'static str) -> Result<(), GpuError> {
        // a buffer is never empty, nor what is bound of it
        let bytes = bytes.max(LEAST_BOUND);
        if let Some((_, held)) = self.buffers.iter().find(|(known, held)| *known == role && held.size() >= bytes) {
            let held = held.clone();
            self.put(role, held, bytes);
            return Ok(());
        }
        self.buffers.retain(|(known, _)| *known != role);
        let usage = wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::COPY_SRC | wgpu::BufferUsages::INDIRECT;
        let usage = usage | wgpu::BufferUsages::STORAGE;
        self.put(role, gpu.buffer(label, roomy(gpu, bytes), usage)?, bytes);
        Ok(())
    }

    fn put(&mut self, role: Role, buffer: wgpu::Buffer, used: u64) {
        self.buffers.retain(|(known, _)| *known != role);
        self.buffers.push((role, buffer));
        self.used.push((role, used));
    }

    fn staging(&mut self, gpu: &Gpu, bytes: u64) -> Result<wgpu::Buffer, GpuError> {
        let usage = wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::MAP_READ;
        roomier(gpu, &mut self.staging, "pixels to read", bytes, usage)
    }

    fn upload(&mut self, gpu: &Gpu, bytes: u64) -> Result<wgpu::Buffer, GpuError> {
        let usage = wgpu::BufferUsages::COPY_SRC | wgpu::BufferUsages::MAP_WRITE;
        roomier(gpu, &mut self.upload, "scenes to send", bytes, usage)
    }
}

/// The lists of a batch, and what errors call them.
fn inputs(batch: &Batch) -> [(Role, &Words, &'static str); 11] {
    [
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
        (Role::Blocks, &batch.blocks, "blocks of pixels"),
    ]
}

/// The held buffer if it is large enough, else one that takes its place.
fn roomier(
    gpu: &Gpu,
    held: &mut Option<wgpu::Buffer>,
    label: &'static str,
    bytes: u64,
    usage: wgpu::BufferUsages,
) -> Result<wgpu::Buffer, GpuError> {
    if let Some(buffer) = held.as_ref().filter(|buffer| buffer.size() >= bytes) {
        return Ok(buffer.clone());
    }
    let buffer = gpu.buffer(label, roomy(gpu, bytes), usage)?;
    *held = Some(buffer.clone());
    Ok(buffer)
}

/// A little more than is needed now, in whole blocks, unless the adapter ends before.
fn roomy(gpu: &Gpu, bytes: u64) -> u64 {
    (bytes + bytes / SPARE).next_multiple_of(1 << 12).min(gpu.most_bytes).max(bytes)
}

/// Waits for a submission and reads words.
fn read<T>(
    gpu: &Gpu,
    submission: wgpu::SubmissionIndex,
    staging: &wgpu::Buffer,
    bytes: u64,
    then: impl FnOnce(&[u32]) -> T,
) -> Result<T, GpuError> {
    let (tell, told) = mpsc::channel();
    gpu.scoped("reading a batch of pictures", || {
        staging.map_async(wgpu::MapMode::Read, 0..bytes, move |mapped| {
            // nobody listens any more only after an error
            drop(tell.send(mapped));
        });
    })?;
    let fault = |cause: String| gpu.fault("reading a batch of pictures", cause);
    let wait = wgpu::PollType::Wait { submission_index: Some(submission), timeout: Some(PATIENCE) };
    gpu.device.poll(wait).map_err(|e| match e {
        wgpu::PollError::Timeout => GpuError::Hung { adapter: gpu.name(), seconds: PATIENCE.as_secs() },
        wgpu::PollError::WrongSubmissionIndex(..) => fault(e.to_string()),
    })?;
    let mapped = told.recv_timeout(PATIENCE).map_err(|e| fault(e.to_string()))?;
    mapped.map_err(|e| fault(e.to_string()))?;
    let view = staging.get_mapped_range(0..bytes).map_err(|e| fault(e.to_string()))?;
    let result = then(bytemuck::cast_slice(&view));
    drop(view);
    gpu.scoped("a batch of pictures that was read", || staging.unmap())?;
    Ok(result)
}
