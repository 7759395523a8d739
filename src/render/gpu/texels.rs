//! Skin maps on the device: the repeated tile, then the maps of the rigs that were used last.

use std::sync::Arc;

use super::super::prepared::{CHANNELS, MapLevel, PreparedRig};
use super::super::tile::Tile;
use super::GpuError;
use super::device::Gpu;

/// Bytes of a texel on the device.
const TEXEL_BYTES: u64 = 16;

/// Where the maps of a rig lie; no levels if it has none.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct RigTexels {
    pub(super) first: u32,
    pub(super) size: u32,
    pub(super) levels: u32,
}

/// A buffer of maps, and the rigs whose maps are in it.
#[derive(Debug, Clone)]
pub(super) struct Texels {
    pub(super) buffer: wgpu::Buffer,
    rigs: Vec<(Arc<PreparedRig>, RigTexels)>,
}

impl Texels {
    /// The tile, the maps of the wanted rigs, and of the others as far as there is room.
    pub(super) fn new(gpu: &Gpu, wanted: &[Arc<PreparedRig>], others: &[Arc<PreparedRig>]) -> Result<Self, GpuError> {
        let mut bytes: Vec<u8> = Vec::new();
        for level in &Tile::get().levels {
            bytes.extend(level.texels.iter().flat_map(|t| t.iter().copied().chain([0; 8])));
        }
        let mut kept = Vec::new();
        for (k, rig) in wanted.iter().chain(others).enumerate() {
            let size = (bytes.len() + maps_of(rig).iter().map(|level| level.texels.as_flattened().len()).sum::<usize>())
                as u64;
            if k >= wanted.len() && size > gpu.most_bytes {
                break;
            }
            kept.push((Arc::clone(rig), append(&mut bytes, maps_of(rig))));
        }
        if bytes.len() as u64 > gpu.most_bytes {
            return Err(GpuError::TooLarge { bytes: bytes.len() as u64, most: gpu.most_bytes });
        }
        let buffer =
            gpu.buffer("skin maps", bytes.len() as u64, wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::STORAGE)?;
        gpu.scoped("skin maps", || gpu.queue.write_buffer(&buffer, 0, &bytes))?;
        Ok(Self { buffer, rigs: kept })
    }

    /// Where the maps of a rig are; `None` if they are not here.
    pub(super) fn of(&self, rig: &Arc<PreparedRig>) -> Option<RigTexels> {
        self.rigs.iter().find(|(known, _)| Arc::ptr_eq(known, rig)).map(|(_, texels)| *texels)
    }

    /// Rigs whose maps are here, the newest last.
    pub(super) fn rigs(&self) -> impl Iterator<Item = &Arc<PreparedRig>> {
        self.rigs.iter().map(|(rig, _)| rig)
    }
}

fn maps_of(rig: &PreparedRig) -> &[MapLevel<CHANNELS>] {
    rig.maps.as_ref().map_or(&[], |maps| &maps.levels)
}

fn append(bytes: &mut Vec<u8>, levels: &[MapLevel<CHANNELS>]) -> RigTexels {
    let first = (bytes.len() as u64 / TEXEL_BYTES) as u32;
    for level in levels {
        bytes.extend_from_slice(level.texels.as_flattened());
    }
    RigTexels { first, size: levels.first().map_or(0, |level| level.size as u32), levels: levels.len() as u32 }
}
