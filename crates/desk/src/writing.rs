//! Writing the card that is in a reader: planned and shown, then written, and
//! taken up again when the card left too early.
//!
//! What is written where, and in which order a tear does no harm, stands in
//! `xueka-cards`; the journal of it in the registry. Here the two are put
//! together, for one card in one reader.

mod journal;
mod plans;
mod recovery;

use std::sync::Arc;

use tokio::runtime::Handle;
use xueka_cards::{
    CardContent, JournalError, KeyRing, ReadingProfile, WriteEnd, WriteError, WritePlan,
    WriteTools, plan_write, read_card, write_card,
};
use xueka_domain::{CardFamily, CardKey, CardNumber, Uid};
use xueka_registry::{
    Actor, CardWrite, CardWriteId, Refusal, RegistryError, RequestId, WhichCard, WriteOutcome,
};
use xueka_transport::{CardSession, Dialect, ReaderName};

use self::{
    journal::{NewEntry, RegistryJournal, outcome},
    plans::WaitingPlan,
};
use crate::{Caller, CardInReader, Desk, DeskError};

pub(crate) use self::{journal::OpenCards, plans::Plans};
pub use self::{
    plans::{InvalidPlanId, PlanId},
    recovery::TakenUp,
};

/// How a card would be written.
#[derive(Clone, Debug)]
pub struct PlannedWrite {
    /// By which name it is carried out.
    pub id: PlanId,
    /// The reader in which the card lies.
    pub reader: ReaderName,
    /// What the card was recognised as.
    pub family: CardFamily,
    /// The number that it shows now.
    pub number: Option<CardNumber>,
    /// What changes, place by place; without steps the card holds everything
    /// already.
    pub plan: WritePlan,
}

/// A write that came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EndedWrite {
    /// Its entry in the journal; `None` where nothing was to be changed.
    pub id: Option<CardWriteId>,
    /// The card.
    pub uid: Uid,
    /// How it ended.
    pub outcome: WriteOutcome,
}

impl Desk {
    /// Plans how the card in a reader gets a number and days of validity. Reads
    /// the card and writes nothing; the plan waits for a quarter of an hour.
    ///
    /// # Errors
    ///
    /// [`DeskError::Reader`]; [`DeskError::Write`] says why the card is not
    /// written, transit cards among them; [`DeskError::WriteOpen`] when a write
    /// to it was begun before; [`DeskError::Registry`], refused as
    /// [`NotTheSameCard`](Refusal::NotTheSameCard) when the number is on record
    /// with another chip.
    pub async fn plan_write(
        &self,
        place: &CardInReader,
        content: CardContent,
    ) -> Result<PlannedWrite, DeskError> {
        let keys = Arc::clone(&self.keys);
        let work = move |session: &mut dyn CardSession, dialect: &_, profile: &ReadingProfile| {
            let reading = read_card(session, dialect, profile)?;
            let plan = plan_write(session, tools(&keys, dialect, profile), profile, &content)?;
            let mut bits = [0; 8];
            profile.randomness()(&mut bits)?;
            Ok::<_, WriteError>((reading, plan, PlanId(u64::from_be_bytes(bits))))
        };
        let (reader, planned) = self
            .readers
            .visit_card_once(place.reader.as_deref(), place.wait, work)
            .await?;
        let (reading, plan, id) = planned.map_err(not_written)?;
        if let Some(write) = self.registry.open_write_of(plan.uid).await? {
            return Err(DeskError::WriteOpen { id: write.id });
        }
        self.refuse_number_of_other_chip(content.number, plan.uid)
            .await?;
        let number = reading.number;
        let waiting = WaitingPlan {
            plan: plan.clone(),
            number: number.or(Some(content.number)),
        };
        self.plans.add(id, self.clock.now(), waiting);
        Ok(PlannedWrite {
            id,
            reader,
            family: reading.family,
            number,
            plan,
        })
    }

    /// A number that is on record with a chip goes onto no other.
    async fn refuse_number_of_other_chip(
        &self,
        number: CardNumber,
        uid: Uid,
    ) -> Result<(), DeskError> {
        let which = WhichCard::Key(CardKey::Number(number));
        let known = self.registry.find_card(which).await?;
        match known.and_then(|card| card.uid) {
            Some(known) if known != uid => {
                Err(RegistryError::Refused(Refusal::NotTheSameCard).into())
            }
            _ => Ok(()),
        }
    }

    /// Writes the card in a reader by a plan that was shown. A request that was
    /// answered before is answered so again. Once begun it goes on, though this
    /// future is dropped.
    ///
    /// # Errors
    ///
    /// [`DeskError::NoSuchPlan`]; [`DeskError::Reader`]; [`DeskError::Write`] and
    /// [`DeskError::Registry`]: nothing was written; [`DeskError::WriteOpen`]: the
    /// card may be torn, and its next tap takes it up.
    pub async fn write_card(
        &self,
        caller: &Caller,
        request: RequestId,
        place: &CardInReader,
        id: PlanId,
    ) -> Result<EndedWrite, DeskError> {
        let waiting = self.plans.get(id, self.clock.now());
        let WaitingPlan { plan, number } = waiting.ok_or(DeskError::NoSuchPlan)?;
        let uid = plan.uid;
        if let Some(known) = self.registry.write_of_request(request.clone(), uid).await? {
            return ended(&known);
        }
        if plan.steps.is_empty() {
            let outcome = WriteOutcome::Written;
            return Ok(EndedWrite {
                id: None,
                uid,
                outcome,
            });
        }
        let mut journal = self.journal(&caller.actor);
        journal.new = Some(NewEntry { request, number });
        let keys = Arc::clone(&self.keys);
        let work = move |session: &mut dyn CardSession, dialect: &_, profile: &ReadingProfile| {
            let tools = tools(&keys, dialect, profile);
            let end = write_card(session, tools, &plan, &mut journal);
            judge(end, uid, &journal)
        };
        let (_, ended) = self
            .readers
            .visit_card_once(place.reader.as_deref(), place.wait, work)
            .await?;
        ended
    }

    /// At most `limit` open writes (1 to 1,000), oldest first, those after
    /// `after` or from the first.
    ///
    /// # Errors
    ///
    /// [`DeskError::Registry`].
    pub async fn list_open_writes(
        &self,
        after: Option<CardWriteId>,
        limit: usize,
    ) -> Result<Vec<CardWrite>, DeskError> {
        Ok(self.registry.list_open_writes(after, limit).await?)
    }

    /// Closes the open write to a card that cannot be made whole any more, or is
    /// gone: it goes out of use and onto the blacklist. Done again it changes
    /// nothing.
    ///
    /// # Errors
    ///
    /// [`DeskError::Registry`], refused as
    /// [`WriteNotFound`](Refusal::WriteNotFound).
    pub async fn declare_spoilt(
        &self,
        caller: &Caller,
        id: CardWriteId,
    ) -> Result<EndedWrite, DeskError> {
        let stamp = self.stamp(caller);
        let closed = self
            .registry
            .close_write(stamp, id, WriteOutcome::Spoilt)
            .await?;
        self.open_cards.remove(closed.uid);
        ended(&closed)
    }

    /// Learns which cards have an open write.
    pub(crate) async fn load_open_writes(&self) -> Result<(), RegistryError> {
        let mut after = None;
        loop {
            let writes = self.registry.list_open_writes(after, 1_000).await?;
            let Some(last) = writes.last() else {
                return Ok(());
            };
            after = Some(last.id);
            for write in writes {
                self.open_cards.add(write.uid);
            }
        }
    }

    /// The journal for a reader's thread.
    fn journal(&self, actor: &Actor) -> RegistryJournal {
        RegistryJournal {
            registry: self.registry.clone(),
            runtime: Handle::current(),
            clock: Arc::clone(&self.clock),
            actor: actor.clone(),
            open_cards: Arc::clone(&self.open_cards),
            new: None,
            entry: None,
            is_open: false,
        }
    }
}

/// What writing needs beside a card and a plan.
fn tools<'a>(keys: &'a KeyRing, dialect: &'a Dialect, profile: &ReadingProfile) -> WriteTools<'a> {
    WriteTools {
        dialect,
        keys,
        random: profile.randomness(),
    }
}

/// What became of a write, or of taking one up.
fn judge(
    end: Result<WriteEnd, WriteError>,
    uid: Uid,
    journal: &RegistryJournal,
) -> Result<EndedWrite, DeskError> {
    match (end, journal.entry) {
        (Ok(end), id) => Ok(EndedWrite {
            id,
            uid,
            outcome: outcome(end),
        }),
        (Err(error), Some(id)) if journal.is_open => {
            tracing::warn!(write = id.0, %error, "a write broke off");
            Err(DeskError::WriteOpen { id })
        }
        (Err(error), _) => Err(not_written(error)),
    }
}

/// Why nothing was written.
fn not_written(error: WriteError) -> DeskError {
    match error {
        WriteError::Transport(error) => DeskError::Reader(error.into()),
        WriteError::Journal(JournalError(cause)) => match cause.downcast::<RegistryError>() {
            Ok(error) => DeskError::Registry(*error),
            Err(cause) => DeskError::Write(WriteError::Journal(JournalError(cause))),
        },
        other => DeskError::Write(other),
    }
}

/// What a request is answered that was answered before.
fn ended(write: &CardWrite) -> Result<EndedWrite, DeskError> {
    match write.end {
        Some((outcome, _)) => Ok(EndedWrite {
            id: Some(write.id),
            uid: write.uid,
            outcome,
        }),
        None => Err(DeskError::WriteOpen { id: write.id }),
    }
}

#[cfg(test)]
mod tests;
