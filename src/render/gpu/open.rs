//! An open device and everything that lives on it: compiled passes, skin maps, and the buffers of batches in flight.

use std::mem;
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use super::super::prepared::PreparedRig;
use super::GpuError;
use super::device::{Gpu, lock};
use super::pack::Batch;
use super::passes::Passes;
use super::slot::Slot;
use super::texels::Texels;

/// Submissions in flight: one is drawn while the next is packed and the last is read.
const SLOTS: usize = 3;

/// An open device.
#[derive(Debug)]
pub(super) struct Open {
    pub(super) gpu: Gpu,
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

/// A slot that comes back however its work ends.
struct Lent<'a> {
    open: &'a Open,
    slot: Slot,
    /// Buffers of a failed batch are not trusted.
    is_good: bool,
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        let slot = mem::take(&mut self.slot);
        lock(&self.open.slots).idle.push(if self.is_good { slot } else { Slot::default() });
        self.open.returned.notify_one();
    }
}

impl Open {
    pub(super) fn new(gpu: Gpu) -> Result<Self, GpuError> {
        Ok(Self {
            passes: Passes::new(&gpu)?,
            texels: Mutex::new(Texels::new(&gpu, &[], &[])?),
            gpu,
            slots: Mutex::new(Slots { idle: Vec::new(), left: SLOTS }),
            returned: Condvar::new(),
        })
    }

    /// Maps of at least the given rigs.
    pub(super) fn texels<'a>(&self, wanted: impl Iterator<Item = &'a Arc<PreparedRig>>) -> Result<Texels, GpuError> {
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

    /// An error if the adapter has no buffer that is large enough for a batch.
    pub(super) fn check_size(&self, batch: &Batch) -> Result<(), GpuError> {
        let (bytes, most) = (batch.largest_bytes(), self.gpu.most_batch_bytes);
        if bytes > most { Err(GpuError::TooLarge { bytes, most }) } else { Ok(()) }
    }

    /// Draws a batch and hands on the words of its pixels.
    pub(super) fn draw<T>(
        &self,
        texels: &Texels,
        batch: &Batch,
        then: impl FnOnce(&[u32]) -> T,
    ) -> Result<T, GpuError> {
        let mut lent = Lent { open: self, slot: self.take(), is_good: false };
        let drawn = lent.slot.draw(&self.gpu, &self.passes, texels, batch, then);
        lent.is_good = drawn.is_ok();
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
}
