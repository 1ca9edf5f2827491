//! Cancelling a wait, without losing a cancellation that comes just before it.

use std::{
    mem,
    sync::{Arc, Condvar, Mutex, PoisonError},
    time::Duration,
};

use pcsc::Context;
use xueka_transport::CancelWait;

use crate::sync::lock;

/// The watcher passes here before and after each wait.
///
/// PC/SC forgets a cancellation that finds no wait. The gate remembers it for
/// the next wait, and a canceller that meets a wait about to begin cancels
/// until that wait has ended.
#[derive(Default)]
pub(super) struct Gate {
    state: Mutex<GateState>,
    wait_ended: Condvar,
}

#[derive(Default)]
struct GateState {
    is_cancelled: bool,
    waiting: Option<Context>,
}

impl Gate {
    /// Whether a cancellation has come that no wait has answered yet; this
    /// answers it.
    pub(super) fn take_cancellation(&self) -> bool {
        mem::take(&mut lock(&self.state).is_cancelled)
    }

    /// Runs a wait in `context`; `None` when it was cancelled, before or
    /// during it.
    pub(super) fn pass<T>(&self, context: &Context, wait: impl FnOnce() -> T) -> Option<T> {
        let mut state = lock(&self.state);
        if mem::take(&mut state.is_cancelled) {
            return None;
        }
        state.waiting = Some(context.clone());
        drop(state);
        let outcome = wait();
        let mut state = lock(&self.state);
        state.waiting = None;
        self.wait_ended.notify_all();
        let is_cancelled = mem::take(&mut state.is_cancelled);
        (!is_cancelled).then_some(outcome)
    }
}

/// Ends the wait of a [`PcscSource`](super::PcscSource).
pub(super) struct Canceller(pub(super) Arc<Gate>);

impl Canceller {
    /// How long a cancellation may take to end a wait before it is repeated.
    const PATIENCE: Duration = Duration::from_millis(5);
}

impl CancelWait for Canceller {
    fn cancel(&self) {
        let gate = &self.0;
        let mut state = lock(&gate.state);
        state.is_cancelled = true;
        while let Some(context) = state.waiting.clone() {
            drop(state);
            // It fails with a dead service, which ends the wait by itself.
            context.cancel().ok();
            drop(context);
            state = gate
                .wait_ended
                .wait_timeout_while(lock(&gate.state), Self::PATIENCE, |state| {
                    state.waiting.is_some()
                })
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }
}
