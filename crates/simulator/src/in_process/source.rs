//! The readers of this process as a [`ReaderSource`], and what can befall the
//! service that would stand behind them.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use xueka_transport::{
    CancelWait, CardReader, ReaderName, ReaderSnapshot, ReaderSource, SourceError,
};

use super::{session::SimulatedReader, world::World};
use crate::SimulatorError;

/// The readers of a [`Simulator`](crate::Simulator), as a watcher sees them.
///
/// Waiting blocks on a condition variable and costs next to nothing.
#[derive(Debug)]
pub struct SimulatedSource {
    world: Arc<World>,
    is_cancelled: Arc<AtomicBool>,
    /// The version that was reported last, in which epoch of the service.
    seen: Option<(u64, u64)>,
}

impl SimulatedSource {
    /// The longest wait in which nothing happens.
    const LONGEST_WAIT: Duration = Duration::from_secs(1);

    pub(crate) fn new(world: Arc<World>) -> Self {
        Self {
            world,
            is_cancelled: Arc::default(),
            seen: None,
        }
    }

    /// A handle to the service behind these readers, to let things happen
    /// to it.
    #[must_use]
    pub fn service(&self) -> VirtualService {
        VirtualService {
            world: Arc::clone(&self.world),
        }
    }
}

impl ReaderSource for SimulatedSource {
    fn wait(&mut self) -> Result<Vec<ReaderSnapshot>, SourceError> {
        let end = Instant::now() + Self::LONGEST_WAIT;
        let mut state = self.world.lock();
        loop {
            if self.is_cancelled.swap(false, Ordering::Relaxed) {
                return Err(SourceError::Cancelled);
            }
            let now = (state.version, state.epoch);
            // A service that went away and came back unseen still ended this.
            let was_away = self.seen.is_some_and(|(_, epoch)| epoch != state.epoch);
            match state.snapshots() {
                Err(error) => {
                    self.seen = None;
                    return Err(error);
                }
                Ok(_) if was_away => {
                    self.seen = None;
                    return Err(SourceError::NoService);
                }
                Ok(snapshots) if self.seen != Some(now) || end <= Instant::now() => {
                    self.seen = Some(now);
                    return Ok(snapshots);
                }
                Ok(_) => {
                    let rest = end.saturating_duration_since(Instant::now());
                    state = self.world.wait_for(state, rest);
                }
            }
        }
    }

    fn canceller(&self) -> Box<dyn CancelWait> {
        Box::new(Canceller {
            world: Arc::clone(&self.world),
            is_cancelled: Arc::clone(&self.is_cancelled),
        })
    }

    fn reader(&self, name: &ReaderName) -> Box<dyn CardReader> {
        Box::new(SimulatedReader::new(Arc::clone(&self.world), name))
    }
}

/// Ends a wait.
struct Canceller {
    world: Arc<World>,
    is_cancelled: Arc<AtomicBool>,
}

impl CancelWait for Canceller {
    fn cancel(&self) {
        // Under the lock, so that a wait about to begin sees it or is woken.
        let state = self.world.lock();
        self.is_cancelled.store(true, Ordering::Relaxed);
        drop(state);
        self.world.ring();
    }
}

/// The smart-card service that in-process readers pretend to come from.
///
/// Clones mean the same service.
#[derive(Clone, Debug)]
pub struct VirtualService {
    world: Arc<World>,
}

/// Whether the service answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ServiceState {
    /// It does.
    #[default]
    Running,
    /// It is not running, or was killed: [`SourceError::NoService`].
    Away,
    /// It refuses this user: [`SourceError::NotPermitted`].
    NotPermitted,
}

impl ServiceState {
    /// # Errors
    ///
    /// What every call says in this state.
    pub(super) fn check(self) -> Result<(), SourceError> {
        match self {
            Self::Running => Ok(()),
            Self::Away => Err(SourceError::NoService),
            Self::NotPermitted => Err(SourceError::NotPermitted),
        }
    }
}

impl VirtualService {
    /// A further, independent source of the same readers.
    #[must_use]
    pub fn source(&self) -> SimulatedSource {
        SimulatedSource::new(Arc::clone(&self.world))
    }

    /// The service goes away, comes back, or changes its mind about this user.
    ///
    /// Every session ends when it stops running, and counts of events begin
    /// anew when it comes back: one for each card that still lies there.
    pub fn set_state(&self, service: ServiceState) {
        let mut state = self.world.lock();
        if state.service == ServiceState::Running && service != ServiceState::Running {
            state.end_epoch();
        }
        state.service = service;
        state.version += 1;
        drop(state);
        self.world.ring();
    }

    /// The service is killed and starts again at once: every session ends, and
    /// every source hears once that the service was away.
    pub fn restart(&self) {
        let mut state = self.world.lock();
        state.end_epoch();
        drop(state);
        self.world.ring();
    }

    /// Unplugs a reader, with the card that lies on it. Its slot stays and
    /// takes no card until the reader is plugged in again.
    ///
    /// # Errors
    ///
    /// - [`SimulatorError::SlotNotFound`].
    pub fn unplug(&self, slot: usize) -> Result<(), SimulatorError> {
        self.world.change(slot, |state, slot| {
            state.unplug(slot);
            Ok(())
        })
    }

    /// Plugs a reader in again under another name, as PC/SC does when readers
    /// come in another order. One that is plugged in is pulled out first.
    ///
    /// # Errors
    ///
    /// - [`SimulatorError::SlotNotFound`].
    pub fn plug_in_as(&self, slot: usize, name: &str) -> Result<(), SimulatorError> {
        self.world.change(slot, |state, slot| {
            state.unplug(slot);
            let plug = state.fresh_id();
            if let Some(slot) = state.slots.get_mut(slot) {
                slot.reader.name = name.into();
                slot.plug = Some(plug);
            }
            Ok(())
        })
    }

    /// The escape commands that a reader was sent, the last 256 of them, also
    /// those that it did not know.
    ///
    /// # Errors
    ///
    /// - [`SimulatorError::SlotNotFound`].
    pub fn escapes(&self, slot: usize) -> Result<Vec<Vec<u8>>, SimulatorError> {
        let state = self.world.lock();
        let n_slots = state.slots.len();
        let found = state.slots.get(slot);
        let found = found.ok_or(SimulatorError::SlotNotFound { slot, n_slots })?;
        Ok(found.escapes.iter().cloned().collect())
    }

    /// The lights of a reader: bit 0 red, bit 1 green.
    ///
    /// # Errors
    ///
    /// - [`SimulatorError::SlotNotFound`].
    pub fn lights(&self, slot: usize) -> Result<u8, SimulatorError> {
        let state = self.world.lock();
        let n_slots = state.slots.len();
        let found = state.slots.get(slot);
        let found = found.ok_or(SimulatorError::SlotNotFound { slot, n_slots })?;
        Ok(found.panel.lights())
    }

    /// Plugs a reader in again, under the name it had. One that is plugged in
    /// stays so.
    ///
    /// # Errors
    ///
    /// - [`SimulatorError::SlotNotFound`].
    pub fn plug_in(&self, slot: usize) -> Result<(), SimulatorError> {
        self.world.change(slot, |state, slot| {
            let plug = state.fresh_id();
            if let Some(slot) = state.slots.get_mut(slot) {
                slot.plug.get_or_insert(plug);
            }
            Ok(())
        })
    }

    /// Another program takes hold of a reader, or lets go of it. While it
    /// holds it, opening a card there fails with
    /// [`TransportError::InUse`](xueka_transport::TransportError::InUse);
    /// sessions that are open carry on.
    ///
    /// # Errors
    ///
    /// - [`SimulatorError::SlotNotFound`].
    pub fn set_held_by_another(&self, slot: usize, is_held: bool) -> Result<(), SimulatorError> {
        self.world.change(slot, |state, slot| {
            if let Some(slot) = state.slots.get_mut(slot) {
                slot.is_held = is_held;
            }
            Ok(())
        })
    }
}
