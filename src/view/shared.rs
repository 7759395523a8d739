//! What the threads of the live view share.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::record::Counts;
use super::shown::ViewFrame;
use super::surface::HandSurface;

/// What does not change, and the state behind its lock.
pub(super) struct Shared {
    pub(super) port: u16,
    pub(super) started: Instant,
    pub(super) hello: Vec<u8>,
    pub(super) surface: HandSurface,
    pub(super) topology: Vec<u8>,
    pub(super) state: Mutex<State>,
    pub(super) changed: Condvar,
}

/// What changes.
#[derive(Default)]
pub(super) struct State {
    /// Newest frame, and what was counted up to it; `counts.frames` is its version.
    pub(super) frame: Option<Arc<ViewFrame>>,
    pub(super) counts: Counts,
    /// Newest encoded frame and its version.
    pub(super) record: Option<Arc<Vec<u8>>>,
    pub(super) encoded: u64,
    pub(super) end: Option<Arc<Vec<u8>>>,
    pub(super) watchers: usize,
    pub(super) stopping: bool,
}

impl Shared {
    /// No thread panics while it holds the lock, so what it guards is whole.
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn wait<'a>(&self, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        self.changed.wait(state).unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn wait_while<'a>(
        &self,
        state: MutexGuard<'a, State>,
        time: Duration,
        condition: impl FnMut(&mut State) -> bool,
    ) -> MutexGuard<'a, State> {
        self.changed.wait_timeout_while(state, time, condition).unwrap_or_else(PoisonError::into_inner).0
    }
}
