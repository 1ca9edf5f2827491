//! What all handles to the readers of one process share.

use std::{
    collections::VecDeque,
    fmt,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
};

use xueka_transport::{CardPresence, CardSession, ReaderName, ReaderSnapshot, SourceError};

use super::{ServiceState, VirtualReader};
use crate::{Exchange, SimulatorError, VirtualCard, ifd::panel::Panel, record::Record};

/// How many escape commands of a reader are kept.
const KEPT_ESCAPES: usize = 256;

/// Makes readers, all plugged in and empty.
pub(crate) fn world(readers: impl IntoIterator<Item = VirtualReader>) -> Arc<World> {
    let slots = readers.into_iter().map(Slot::new).collect();
    Arc::new(World {
        state: Mutex::new(State {
            service: ServiceState::Running,
            epoch: 0,
            version: 0,
            next_id: 1,
            slots,
        }),
        changed: Condvar::new(),
    })
}

/// The readers, and the bell that rings when anything about them changes.
pub(crate) struct World {
    state: Mutex<State>,
    changed: Condvar,
}

/// Everything that can change.
pub(super) struct State {
    pub(super) service: ServiceState,
    /// Counts how often the service went away: sessions end with it.
    pub(super) epoch: u64,
    /// Rises with everything that a waiting source reports.
    pub(super) version: u64,
    next_id: u64,
    pub(super) slots: Vec<Slot>,
}

/// One reader.
pub(super) struct Slot {
    pub(super) reader: VirtualReader,
    pub(super) panel: Panel,
    /// The escape commands that it was sent; the oldest go first.
    pub(super) escapes: VecDeque<Vec<u8>>,
    /// Which plugging-in this is; `None` while the reader is unplugged.
    pub(super) plug: Option<u64>,
    pub(super) placed: Option<Placed>,
    /// The card that left last.
    last: Option<VirtualCard>,
    pub(super) n_events: u64,
    /// Another program, which does not exist, holds the reader.
    pub(super) is_held: bool,
    /// The session that holds the transaction.
    pub(super) holder: Option<u64>,
    record: Record,
}

/// A card in a field.
pub(super) struct Placed {
    /// Which arrival this is: the same card put back is another one.
    pub(super) id: u64,
    pub(super) card: VirtualCard,
}

impl World {
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        // No panic can leave the state half changed: each change is one step.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until something changed, or nothing did and that is said.
    pub(super) fn wait<'a>(&self, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        self.changed
            .wait(state)
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// The same, for no longer than `limit`.
    pub(super) fn wait_for<'a>(
        &self,
        state: MutexGuard<'a, State>,
        limit: std::time::Duration,
    ) -> MutexGuard<'a, State> {
        let (state, _) = self
            .changed
            .wait_timeout(state, limit)
            .unwrap_or_else(PoisonError::into_inner);
        state
    }

    /// Wakes all who wait, to look again.
    pub(super) fn ring(&self) {
        self.changed.notify_all();
    }

    /// Changes one slot and tells those who wait.
    pub(super) fn change<T>(
        &self,
        slot: usize,
        change: impl FnOnce(&mut State, usize) -> Result<T, SimulatorError>,
    ) -> Result<T, SimulatorError> {
        let mut state = self.lock();
        let n_slots = state.slots.len();
        if slot >= n_slots {
            return Err(SimulatorError::SlotNotFound { slot, n_slots });
        }
        let result = change(&mut state, slot);
        state.version += 1;
        drop(state);
        self.ring();
        result
    }

    pub(crate) fn insert(&self, slot: usize, mut card: VirtualCard) -> Result<(), SimulatorError> {
        card.arrive();
        self.change(slot, |state, slot| {
            state.take_away(slot);
            state.place(slot, card)
        })
    }

    pub(crate) fn remove(&self, slot: usize) -> Result<(), SimulatorError> {
        self.change(slot, |state, slot| {
            state.take_away(slot);
            Ok(())
        })
    }

    /// The card that lies there, or lay there last; the slot is empty after.
    pub(crate) fn take_last(&self, slot: usize) -> Result<Option<VirtualCard>, SimulatorError> {
        self.change(slot, |state, slot| {
            state.take_away(slot);
            Ok(state.slots.get_mut(slot).and_then(|slot| slot.last.take()))
        })
    }

    pub(crate) fn exchanges(&self, slot: usize) -> Result<Vec<Exchange>, SimulatorError> {
        let state = self.lock();
        let n_slots = state.slots.len();
        match state.slots.get(slot) {
            Some(slot) => Ok(slot.record.to_vec()),
            None => Err(SimulatorError::SlotNotFound { slot, n_slots }),
        }
    }

    /// Name and card of each slot.
    pub(crate) fn describe(&self) -> Vec<(String, Option<&'static str>)> {
        let state = self.lock();
        let describe = |slot: &Slot| {
            let kind = slot.placed.as_ref().map(|placed| placed.card.kind());
            (slot.reader.name.to_string(), kind)
        };
        state.slots.iter().map(describe).collect()
    }
}

impl State {
    /// A number that was never given before.
    pub(super) fn fresh_id(&mut self) -> u64 {
        let id = self.next_id;
        self.next_id += 1;
        id
    }

    /// The card in a field leaves, if there is one.
    pub(super) fn take_away(&mut self, slot: usize) {
        if let Some(slot) = self.slots.get_mut(slot)
            && let Some(placed) = slot.placed.take()
        {
            slot.last = Some(placed.card);
            slot.n_events += 1;
            self.version += 1;
        }
    }

    /// The reader is pulled out, with the card that lies on it.
    pub(super) fn unplug(&mut self, slot: usize) {
        self.take_away(slot);
        if let Some(slot) = self.slots.get_mut(slot) {
            slot.plug = None;
            slot.holder = None;
            slot.n_events = 0;
        }
        self.version += 1;
    }

    /// The service goes away: sessions end, and events are counted anew when it
    /// comes back, one for each card that still lies there.
    pub(super) fn end_epoch(&mut self) {
        self.epoch += 1;
        for slot in &mut self.slots {
            slot.holder = None;
            slot.n_events = u64::from(slot.placed.is_some());
        }
        self.version += 1;
    }

    fn place(&mut self, slot: usize, card: VirtualCard) -> Result<(), SimulatorError> {
        let id = self.fresh_id();
        let Some(slot) = self.slots.get_mut(slot) else {
            return Ok(());
        };
        if slot.plug.is_none() {
            return Err(SimulatorError::VirtualReaderGone {
                attached_to: slot.reader.name.to_string(),
            });
        }
        slot.record = card.record();
        slot.placed = Some(Placed { id, card });
        slot.n_events += 1;
        Ok(())
    }

    /// The slot of a plugged-in reader of that name.
    pub(super) fn find(&self, name: &ReaderName) -> Option<usize> {
        let is_it = |slot: &Slot| slot.reader.name == *name && slot.plug.is_some();
        self.slots.iter().position(is_it)
    }

    /// What a source reports.
    pub(super) fn snapshots(&self) -> Result<Vec<ReaderSnapshot>, SourceError> {
        self.service.check()?;
        let plugged = self.slots.iter().filter(|slot| slot.plug.is_some());
        Ok(plugged.map(Slot::snapshot).collect())
    }
}

impl Slot {
    /// The reader obeys an escape command; `None` when it has none such.
    pub(super) fn escape(&mut self, command: &[u8]) -> Option<Vec<u8>> {
        if !self.reader.has_escape {
            // The driver keeps it from the reader.
            return None;
        }
        if self.escapes.len() >= KEPT_ESCAPES {
            self.escapes.pop_front();
        }
        self.escapes.push_back(command.to_vec());
        self.panel.obey(command)
    }

    fn new(reader: VirtualReader) -> Self {
        Self {
            reader,
            panel: Panel::default(),
            escapes: VecDeque::new(),
            plug: Some(0),
            placed: None,
            last: None,
            n_events: 0,
            is_held: false,
            holder: None,
            record: Record::default(),
        }
    }

    fn snapshot(&self) -> ReaderSnapshot {
        let presence = match &self.placed {
            None => CardPresence::Empty,
            Some(placed) if placed.card.is_mute() => CardPresence::Mute,
            Some(placed) => CardPresence::Present {
                atr: placed.card.atr().to_vec(),
            },
        };
        ReaderSnapshot {
            name: self.reader.name.clone(),
            presence,
            n_events: self.n_events,
        }
    }
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.describe()).finish()
    }
}
