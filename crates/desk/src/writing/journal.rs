//! The journal that a write reports to, as the registry keeps it.

use std::{
    collections::HashSet,
    error::Error,
    future::Future,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::{runtime::Handle, sync::oneshot};
use xueka_cards::{Journal, JournalError, WriteEnd, WriteId, WritePlan};
use xueka_domain::{CardNumber, Uid};
use xueka_registry::{
    Actor, CardWrite, CardWriteId, NewCardWrite, PlanText, Registry, RegistryError, RequestId,
    Stamp, WriteOutcome,
};

use crate::Clock;

/// The UIDs of all cards with an open write, so that a tap need not ask the
/// registry whether its card has one.
#[derive(Debug, Default)]
pub(crate) struct OpenCards(Mutex<HashSet<Uid>>);

impl OpenCards {
    /// Whether this card has an open write.
    pub(crate) fn has(&self, uid: Uid) -> bool {
        self.lock().contains(&uid)
    }

    pub(crate) fn add(&self, uid: Uid) {
        self.lock().insert(uid);
    }

    pub(crate) fn remove(&self, uid: Uid) {
        self.lock().remove(&uid);
    }

    fn lock(&self) -> MutexGuard<'_, HashSet<Uid>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The journal in the hands of a reader's thread, which may block: what is asked
/// is done on the runtime, and the thread waits for its answer.
pub(crate) struct RegistryJournal {
    pub(crate) registry: Registry,
    pub(crate) runtime: Handle,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) actor: Actor,
    pub(crate) open_cards: Arc<OpenCards>,
    /// For whom an entry is opened; `None` where one is taken up.
    pub(crate) new: Option<NewEntry>,
    /// The entry at hand.
    pub(crate) entry: Option<CardWriteId>,
    /// Whether that entry is open.
    pub(crate) is_open: bool,
}

/// What an entry says beside its plan.
pub(crate) struct NewEntry {
    pub(crate) request: RequestId,
    /// The number by which the card is on record.
    pub(crate) number: Option<CardNumber>,
}

/// An entry that was asked for where one is taken up.
#[derive(Debug, thiserror::Error)]
#[error("a write that is taken up begins no other")]
struct BeginsNothing;

impl RegistryJournal {
    /// The open entry of a card, which becomes the one at hand.
    pub(crate) fn find(&mut self, uid: Uid) -> Result<Option<CardWrite>, JournalError> {
        let registry = self.registry.clone();
        let found = self.wait_for(async move { registry.open_write_of(uid).await });
        let found = found.map_err(caused_by)?;
        match &found {
            Some(_) => self.open_cards.add(uid),
            None => self.open_cards.remove(uid),
        }
        self.entry = found.as_ref().map(|write| write.id);
        self.is_open = found.is_some();
        Ok(found)
    }

    fn stamp(&self) -> Stamp {
        Stamp {
            actor: self.actor.clone(),
            now: self.clock.now(),
        }
    }

    fn wait_for<T: Send + 'static>(
        &self,
        asked: impl Future<Output = Result<T, RegistryError>> + Send + 'static,
    ) -> Result<T, RegistryError> {
        let (reply, answer) = oneshot::channel();
        self.runtime.spawn(async move {
            reply.send(asked.await).ok();
        });
        // Nothing is sent when the runtime ends before.
        answer.blocking_recv().unwrap_or(Err(RegistryError::Closed))
    }
}

impl Journal for RegistryJournal {
    fn open(&mut self, plan: &WritePlan) -> Result<WriteId, JournalError> {
        let new = self.new.take().ok_or_else(|| caused_by(BeginsNothing))?;
        let write = NewCardWrite {
            uid: plan.uid,
            number: new.number,
            plan: PlanText::new(plan.to_text().map_err(caused_by)?),
        };
        let (registry, stamp) = (self.registry.clone(), self.stamp());
        let opened =
            self.wait_for(async move { registry.open_write(new.request, stamp, write).await });
        if !matches!(opened, Err(RegistryError::Full | RegistryError::ReadOnly)) {
            // Without an answer there may be an entry; the next tap looks.
            self.open_cards.add(plan.uid);
        }
        let opened = opened.map_err(caused_by)?;
        (self.entry, self.is_open) = (Some(opened), true);
        Ok(WriteId(opened.0))
    }

    fn close(&mut self, id: WriteId, end: WriteEnd) -> Result<(), JournalError> {
        let (registry, stamp) = (self.registry.clone(), self.stamp());
        let (id, outcome) = (CardWriteId(id.0), outcome(end));
        let closed = self.wait_for(async move { registry.close_write(stamp, id, outcome).await });
        self.open_cards.remove(closed.map_err(caused_by)?.uid);
        self.is_open = false;
        Ok(())
    }
}

/// How a write ended, in the registry's words.
pub(crate) fn outcome(end: WriteEnd) -> WriteOutcome {
    match end {
        WriteEnd::Written => WriteOutcome::Written,
        WriteEnd::RolledBack => WriteOutcome::RolledBack,
        WriteEnd::Spoilt => WriteOutcome::Spoilt,
    }
}

/// A failure of the journal with its cause.
pub(crate) fn caused_by(cause: impl Error + Send + Sync + 'static) -> JournalError {
    JournalError(Box::new(cause))
}
