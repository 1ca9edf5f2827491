//! Cards on the virtual reader `vpcd` of vsmartcard, inside a real pcscd.
//!
//! The driver is the TCP server, the card the client: connecting is lying in
//! the field. What passes over the connection stands in [`serve`].

mod link;
mod serve;

use std::{
    fmt,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use self::link::Link;
use crate::{Exchange, SimulatorError, VirtualCard, record::Record};

/// How long an insertion waits for the virtual reader.
const INSERT_LIMIT: Duration = Duration::from_secs(5);

/// One slot of a virtual reader of pcscd.
pub(crate) struct VpcdSlot {
    address: SocketAddr,
    /// Held by whoever inserts or removes: one hand at a time.
    hand: Mutex<()>,
    placed: Mutex<Placed>,
}

/// The card in the slot, and what is left of the last one.
#[derive(Default)]
struct Placed {
    link: Option<Arc<Link>>,
    thread: Option<thread::JoinHandle<VirtualCard>>,
    /// The card that was taken away last.
    last: Option<VirtualCard>,
    kind: &'static str,
    record: Record,
}

impl VpcdSlot {
    pub(crate) fn new(address: SocketAddr) -> Self {
        Self {
            address,
            hand: Mutex::default(),
            placed: Mutex::default(),
        }
    }

    /// Address and card.
    pub(crate) fn describe(&self) -> (String, Option<&'static str>) {
        let placed = self.lock();
        let lies_there = placed.link.as_ref().is_some_and(|link| !link.is_over());
        (self.address.to_string(), lies_there.then_some(placed.kind))
    }

    pub(crate) fn exchanges(&self) -> Vec<Exchange> {
        self.lock().record.to_vec()
    }

    pub(crate) fn insert(&self, slot: usize, mut card: VirtualCard) -> Result<(), SimulatorError> {
        let _hand = self.hand();
        self.take_away();
        card.arrive();
        let link = Arc::new(Link::default());
        let (kind, record) = (card.kind(), card.record());
        let server = serve::Server::new(self.address, card, Arc::clone(&link));
        let thread = thread::Builder::new()
            .name(format!("vpcd-slot-{slot}"))
            .spawn(move || server.run())
            .map_err(|_| self.gone())?;
        *self.lock() = Placed {
            link: Some(Arc::clone(&link)),
            thread: Some(thread),
            last: None,
            kind,
            record,
        };
        if link.wait_until_connected(INSERT_LIMIT) {
            Ok(())
        } else {
            self.take_away();
            Err(self.gone())
        }
    }

    pub(crate) fn remove(&self) {
        let _hand = self.hand();
        self.take_away();
    }

    /// Ends the card's thread and waits for its connection to be closed.
    fn take_away(&self) {
        let (link, thread) = {
            let mut placed = self.lock();
            (placed.link.take(), placed.thread.take())
        };
        if let Some(link) = link {
            link.stop();
        }
        match thread.map(thread::JoinHandle::join) {
            Some(Ok(card)) => self.lock().last = Some(card),
            Some(Err(_)) => {
                tracing::error!(address = %self.address, "the thread of a virtual card panicked");
            }
            None => {}
        }
    }

    /// The card that lies there, or lay there last; the slot is empty after.
    pub(crate) fn take_last(&self) -> Option<VirtualCard> {
        let _hand = self.hand();
        self.take_away();
        self.lock().last.take()
    }

    fn gone(&self) -> SimulatorError {
        SimulatorError::VirtualReaderGone {
            attached_to: self.address.to_string(),
        }
    }

    fn hand(&self) -> MutexGuard<'_, ()> {
        self.hand.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> MutexGuard<'_, Placed> {
        self.placed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for VpcdSlot {
    fn drop(&mut self) {
        self.take_away();
    }
}

impl fmt::Debug for VpcdSlot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (address, kind) = self.describe();
        f.debug_struct("VpcdSlot")
            .field("address", &address)
            .field("kind", &kind)
            .finish_non_exhaustive()
    }
}
