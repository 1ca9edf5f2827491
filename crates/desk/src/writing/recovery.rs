//! Cards whose write broke off, taken up when they come back.

use std::sync::Arc;

use xueka_cards::{
    KeyRing, ReadingProfile, Side, WriteError, WriteId, WritePlan, read_card, recover_card,
};
use xueka_domain::Uid;
use xueka_readers::{TapChange, TapEvent};
use xueka_registry::Actor;
use xueka_transport::{CardSession, Dialect, ReaderName};

use super::{
    EndedWrite,
    journal::{RegistryJournal, caused_by},
    judge, not_written, tools,
};
use crate::{Caller, CardInReader, Desk, DeskError};

/// What came of taking up the write of a card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakenUp {
    /// The reader in which the card lies.
    pub reader: ReaderName,
    /// The write; `None` when the card has no open one.
    pub write: Option<EndedWrite>,
}

impl Desk {
    /// Takes up the open write of the card in a reader. A card on which nothing
    /// was changed yet keeps what it holds and any other gets what was planned,
    /// unless `wanted` says which of the two it is to be. Done again it changes
    /// nothing.
    ///
    /// # Errors
    ///
    /// [`DeskError::Reader`], [`DeskError::Registry`] and [`DeskError::Write`];
    /// [`DeskError::WriteOpen`]: it did not come to its end, put the card back
    /// once more.
    pub async fn recover_card(
        &self,
        caller: &Caller,
        place: &CardInReader,
        wanted: Option<Side>,
    ) -> Result<TakenUp, DeskError> {
        self.take_up(&caller.actor, place, wanted).await
    }

    /// Takes up the open write of every card that is tapped, until the readers
    /// are shut down. To be run once, beside the calls.
    pub async fn take_up_torn_cards(&self) {
        let Ok(actor) = "daemon".parse::<Actor>() else {
            return;
        };
        // From the first tap of this run on, though it was before this call.
        let mut taps = self.readers.watch(1, 0);
        while let Some(event) = taps.next().await {
            let Some(reader) = self.with_torn_card(&event) else {
                continue;
            };
            let place = CardInReader {
                reader: Some(reader.to_string()),
                wait: None,
            };
            match self.take_up(&actor, &place, None).await {
                Ok(TakenUp { write: None, .. }) => {}
                Ok(TakenUp {
                    write: Some(EndedWrite { id, outcome, .. }),
                    ..
                }) => {
                    let id = id.map(|id| id.0);
                    tracing::info!(%reader, write = id, outcome = outcome.code(), "a write was taken up");
                }
                Err(error) => tracing::warn!(%reader, %error, "a write could not be taken up"),
            }
        }
    }

    /// The reader on which a card with an open write has just arrived.
    fn with_torn_card<'a>(&self, event: &'a TapEvent) -> Option<&'a ReaderName> {
        let TapChange::CardArrived(Ok(reading)) = &event.change else {
            return None;
        };
        event
            .reader
            .as_ref()
            .filter(|_| reading.uid.is_some_and(|uid| self.open_cards.has(uid)))
    }

    async fn take_up(
        &self,
        actor: &Actor,
        place: &CardInReader,
        wanted: Option<Side>,
    ) -> Result<TakenUp, DeskError> {
        let mut journal = self.journal(actor);
        let keys = Arc::clone(&self.keys);
        let work = move |session: &mut dyn CardSession, dialect: &_, profile: &ReadingProfile| {
            take_up_in(session, dialect, profile, &keys, &mut journal, wanted)
        };
        let (reader, taken_up) = self
            .readers
            .visit_card_once(place.reader.as_deref(), place.wait, work)
            .await?;
        let write = taken_up?;
        Ok(TakenUp { reader, write })
    }
}

/// Takes up the open write of a card that is held; `None` when it has none.
fn take_up_in(
    session: &mut dyn CardSession,
    dialect: &Dialect,
    profile: &ReadingProfile,
    keys: &KeyRing,
    journal: &mut RegistryJournal,
    wanted: Option<Side>,
) -> Result<Option<EndedWrite>, DeskError> {
    let Some((uid, id, plan)) =
        open_plan(session, dialect, profile, journal).map_err(not_written)?
    else {
        return Ok(None);
    };
    let tools = tools(keys, dialect, profile);
    let end = recover_card(session, tools, id, &plan, wanted, journal);
    judge(end, uid, journal).map(Some)
}

/// The plan of the open write of a card that is held. The card is asked who it
/// is, for it may be another than the one that was tapped, and the registry
/// whether there is a write, for it may have been taken up meanwhile.
fn open_plan(
    session: &mut dyn CardSession,
    dialect: &Dialect,
    profile: &ReadingProfile,
    journal: &mut RegistryJournal,
) -> Result<Option<(Uid, WriteId, WritePlan)>, WriteError> {
    let reading = read_card(session, dialect, profile)?;
    let Some(uid) = reading.uid.filter(|uid| !uid.is_random()) else {
        return Ok(None);
    };
    let Some(write) = journal.find(uid)? else {
        return Ok(None);
    };
    let text = write.plan.as_ref().map(xueka_registry::PlanText::reveal);
    let plan = WritePlan::from_text(text.unwrap_or_default()).map_err(caused_by)?;
    Ok(Some((uid, WriteId(write.id.0), plan)))
}
