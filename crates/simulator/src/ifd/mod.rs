//! Cards on our own virtual reader, inside a real pcscd.
//!
//! The driver listens, a slot connects to it as soon as it exists and stays
//! connected: it *plays* the reader. Cards that are inserted and taken away,
//! the reader unplugged and plugged in again are notices on that one line,
//! which the driver acknowledges; commands come back on it. The messages stand
//! in [`xueka_transport::wire`].

mod connect;
mod line;
pub(crate) mod panel;
mod player;
mod state;

use std::{
    fmt, io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use xueka_transport::wire::Address;

use self::{connect::Cancel, player::Player, state::State};
use crate::{Exchange, SimulatorError, VirtualCard};

/// How long pcscd may take to notice what was done to its reader.
const NOTICE_LIMIT: Duration = Duration::from_secs(5);

/// One virtual reader of pcscd, played by this process.
pub(crate) struct IfdSlot {
    address: Address,
    /// Held by whoever inserts or removes: one hand at a time.
    hand: Mutex<()>,
    state: Arc<State>,
    thread: Option<Thread>,
}

/// The thread that plays the reader.
struct Thread {
    handle: thread::JoinHandle<()>,
    cancel: Arc<Cancel>,
}

impl IfdSlot {
    /// Begins to play the reader at `address`, now or as soon as it is there.
    pub(crate) fn new(address: Address) -> Self {
        let state = Arc::<State>::default();
        // Without its thread nothing is ever noticed, and each insertion fails
        // and says that the reader is not there.
        let thread = start(&address, &state)
            .inspect_err(|error| tracing::error!(%error, "no thread for a virtual reader"))
            .ok();
        Self {
            address,
            hand: Mutex::default(),
            state,
            thread,
        }
    }

    /// Address and card.
    pub(crate) fn describe(&self) -> (String, Option<&'static str>) {
        (self.address.to_string(), self.state.kind())
    }

    pub(crate) fn exchanges(&self) -> Vec<Exchange> {
        self.state.exchanges()
    }

    pub(crate) fn escapes(&self) -> Vec<Vec<u8>> {
        self.state.escapes()
    }

    pub(crate) fn insert(&self, card: VirtualCard) -> Result<(), SimulatorError> {
        let _hand = self.hand();
        if !self.state.insert(card) {
            return Err(self.gone());
        }
        self.noticed().inspect_err(|_| self.state.remove())
    }

    /// The card that lies there, or lay there last; the field is empty after.
    pub(crate) fn take_last(&self) -> Option<VirtualCard> {
        let _hand = self.hand();
        self.state.take_last()
    }

    pub(crate) fn remove(&self) {
        let _hand = self.hand();
        self.state.remove();
    }

    pub(crate) fn unplug(&self) -> Result<(), SimulatorError> {
        let _hand = self.hand();
        self.state.set_plugged(false);
        self.noticed()
    }

    pub(crate) fn plug_in(&self) -> Result<(), SimulatorError> {
        let _hand = self.hand();
        self.state.set_plugged(true);
        self.noticed()
    }

    fn noticed(&self) -> Result<(), SimulatorError> {
        if self.state.wait_until_noticed(NOTICE_LIMIT) {
            Ok(())
        } else {
            Err(self.gone())
        }
    }

    fn gone(&self) -> SimulatorError {
        SimulatorError::VirtualReaderGone {
            attached_to: self.address.to_string(),
        }
    }

    fn hand(&self) -> MutexGuard<'_, ()> {
        self.hand.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn start(address: &Address, state: &Arc<State>) -> io::Result<Thread> {
    let cancel = Arc::new(Cancel::new()?);
    let player = Player::new(address.clone(), Arc::clone(state), Arc::clone(&cancel));
    let handle = thread::Builder::new()
        .name("virtual-reader".into())
        .spawn(move || player.run())?;
    Ok(Thread { handle, cancel })
}

impl Drop for IfdSlot {
    fn drop(&mut self) {
        let Some(Thread { handle, cancel }) = self.thread.take() else {
            return;
        };
        cancel.raise();
        self.state.stop();
        if handle.join().is_err() {
            tracing::error!(address = %self.address, "the thread of a virtual reader panicked");
        }
    }
}

impl fmt::Debug for IfdSlot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (address, kind) = self.describe();
        f.debug_struct("IfdSlot")
            .field("address", &address)
            .field("kind", &kind)
            .finish_non_exhaustive()
    }
}
