//! A reader of this process on the thread that owns it, and the card opened
//! there.

use std::{
    sync::{Arc, MutexGuard},
    time::{Duration, Instant},
};

use xueka_transport::{
    CardReader, CardSession, CardTransport, ReaderIdentity, ReaderName, TransportError,
};

use super::world::{Slot, State, World};
use crate::{
    card::{Reaction, deliver},
    record::Outcome,
};

/// One reader, as long as it stays plugged in.
pub(super) struct SimulatedReader {
    world: Arc<World>,
    /// Slot and plugging-in, found when this value was made.
    place: Option<(usize, u64)>,
}

impl SimulatedReader {
    pub(super) fn new(world: Arc<World>, name: &ReaderName) -> Self {
        let place = {
            let state = world.lock();
            let slot = state.find(name);
            slot.and_then(|slot| Some((slot, state.slots.get(slot)?.plug?)))
        };
        Self { world, place }
    }

    /// Does something with the reader itself, if it is there and nobody else
    /// holds it.
    fn with_slot<T>(&self, act: impl FnOnce(&mut Slot) -> T) -> Result<T, TransportError> {
        let (slot, plug) = self.place.ok_or(TransportError::ReaderGone)?;
        let mut state = self.world.lock();
        state.service.check()?;
        let slot = state.slots.get_mut(slot);
        let slot = slot
            .filter(|slot| slot.plug == Some(plug))
            .ok_or(TransportError::ReaderGone)?;
        if slot.is_held {
            return Err(TransportError::InUse);
        }
        Ok(act(slot))
    }
}

impl CardReader for SimulatedReader {
    /// Waits while another session holds the transaction, as PC/SC does.
    fn open(&mut self) -> Result<Box<dyn CardSession + '_>, TransportError> {
        let (slot_index, plug) = self.place.ok_or(TransportError::ReaderGone)?;
        let mut state = self.world.lock();
        loop {
            state.service.check()?;
            let session = state.fresh_id();
            let epoch = state.epoch;
            let slot = state.slots.get_mut(slot_index);
            let slot = slot
                .filter(|slot| slot.plug == Some(plug))
                .ok_or(TransportError::ReaderGone)?;
            if slot.is_held {
                return Err(TransportError::InUse);
            }
            if slot.holder.is_none() {
                let placed = slot.placed.as_ref().ok_or(TransportError::NoCard)?;
                if placed.card.is_mute() {
                    return Err(TransportError::CardMute);
                }
                slot.holder = Some(session);
                return Ok(Box::new(SimulatedSession {
                    world: Arc::clone(&self.world),
                    slot: slot_index,
                    plug,
                    epoch,
                    card: placed.id,
                    session,
                    atr: placed.card.atr().to_vec(),
                    was_reset: false,
                }));
            }
            state = self.world.wait(state);
        }
    }

    fn identity(&mut self) -> Result<ReaderIdentity, TransportError> {
        self.with_slot(|slot| slot.reader.identity.clone())
    }

    fn control(&mut self, command: &[u8], response: &mut Vec<u8>) -> Result<(), TransportError> {
        response.clear();
        let answer = self.with_slot(|slot| slot.escape(command))?;
        response.extend(answer.ok_or(TransportError::Unsupported)?);
        Ok(())
    }
}

/// A card on which this session holds the transaction.
struct SimulatedSession {
    world: Arc<World>,
    slot: usize,
    plug: u64,
    epoch: u64,
    /// Which arrival of a card this session is about.
    card: u64,
    session: u64,
    atr: Vec<u8>,
    was_reset: bool,
}

impl SimulatedSession {
    /// Whether what this session was opened on is still all there.
    fn check(&self, state: &State) -> Result<(), TransportError> {
        state.service.check()?;
        if state.epoch != self.epoch {
            return Err(xueka_transport::SourceError::NoService.into());
        }
        let slot = state.slots.get(self.slot);
        let slot = slot
            .filter(|slot| slot.plug == Some(self.plug))
            .ok_or(TransportError::ReaderGone)?;
        match &slot.placed {
            Some(placed) if placed.id == self.card => Ok(()),
            _ => Err(TransportError::CardGone),
        }
    }

    /// Lets `delay` pass, unless the card or its reader goes away before.
    fn pass_time<'a>(
        &self,
        mut state: MutexGuard<'a, State>,
        delay: Duration,
    ) -> Result<MutexGuard<'a, State>, TransportError> {
        let began = Instant::now();
        while let Some(left) = delay
            .checked_sub(began.elapsed())
            .filter(|left| !left.is_zero())
        {
            state = self.world.wait_for(state, left);
            self.check(&state)?;
        }
        Ok(state)
    }
}

impl CardTransport for SimulatedSession {
    fn transmit(&mut self, command: &[u8], response: &mut Vec<u8>) -> Result<(), TransportError> {
        response.clear();
        let mut state = self.world.lock();
        self.check(&state)?;
        if self.was_reset {
            return Err(TransportError::CardReset);
        }
        let slot = state.slots.get_mut(self.slot);
        let placed = slot.and_then(|slot| slot.placed.as_mut());
        let Reaction { delay, outcome } = placed
            .ok_or(TransportError::CardGone)?
            .card
            .exchange(command);
        let mut state = self.pass_time(state, delay)?;
        match outcome {
            Outcome::Stuck => loop {
                state = self.world.wait(state);
                self.check(&state)?;
            },
            Outcome::Torn { .. } => {
                state.take_away(self.slot);
                self.world.ring();
            }
            Outcome::Violation => {
                // The card is mute from now on, which a watcher may see.
                state.version += 1;
                self.world.ring();
            }
            Outcome::Unplugged => {
                state.unplug(self.slot);
                self.world.ring();
            }
            Outcome::ServiceRestarted => {
                state.end_epoch();
                self.world.ring();
            }
            Outcome::Reset => self.was_reset = true,
            Outcome::Response(_) | Outcome::Silent | Outcome::Dead => {}
        }
        drop(state);
        deliver(outcome, response)
    }
}

impl CardSession for SimulatedSession {
    fn atr(&self) -> &[u8] {
        &self.atr
    }
}

impl Drop for SimulatedSession {
    fn drop(&mut self) {
        let mut state = self.world.lock();
        if let Some(slot) = state.slots.get_mut(self.slot)
            && slot.holder == Some(self.session)
        {
            slot.holder = None;
        }
        drop(state);
        self.world.ring();
    }
}
