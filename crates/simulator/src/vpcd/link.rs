//! What a card's thread and the hand that placed the card tell each other.

use std::{
    net::{Shutdown, TcpStream},
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// Shared by the two sides for the life of one placed card.
#[derive(Default)]
pub(super) struct Link {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// The hand takes the card away.
    is_stopped: bool,
    /// The card was connected at least once.
    was_connected: bool,
    /// The thread has ended: the card was taken away or left by itself.
    is_over: bool,
    /// The connection, so that the hand can cut it.
    stream: Option<TcpStream>,
}

impl Link {
    /// The hand: cuts the connection and lets the thread end.
    pub(super) fn stop(&self) {
        let mut state = self.lock();
        state.is_stopped = true;
        if let Some(stream) = state.stream.take() {
            // One that is closed already has been cut by the other side.
            stream.shutdown(Shutdown::Both).ok();
        }
        drop(state);
        self.changed.notify_all();
    }

    /// The hand: whether the card was connected within `limit`.
    pub(super) fn wait_until_connected(&self, limit: Duration) -> bool {
        let waiting = |state: &mut State| !state.was_connected && !state.is_over;
        let (state, _) = self
            .changed
            .wait_timeout_while(self.lock(), limit, waiting)
            .unwrap_or_else(PoisonError::into_inner);
        state.was_connected
    }

    pub(super) fn is_over(&self) -> bool {
        self.lock().is_over
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.lock().is_stopped
    }

    /// The thread: the card is connected; `false` when it was taken away in
    /// the meantime.
    pub(super) fn connected(&self, stream: TcpStream) -> bool {
        let mut state = self.lock();
        if state.is_stopped {
            return false;
        }
        state.was_connected = true;
        state.stream = Some(stream);
        drop(state);
        self.changed.notify_all();
        true
    }

    /// The thread: the connection is lost or left.
    pub(super) fn disconnected(&self) {
        self.lock().stream = None;
    }

    /// The thread: lets time pass; `false` when the card was taken away.
    pub(super) fn pause(&self, limit: Duration) -> bool {
        let (state, _) = self
            .changed
            .wait_timeout_while(self.lock(), limit, |state| !state.is_stopped)
            .unwrap_or_else(PoisonError::into_inner);
        !state.is_stopped
    }

    /// The thread: nothing more will come.
    pub(super) fn over(&self) {
        self.lock().is_over = true;
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Each change is one step, so no panic leaves it half done.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
