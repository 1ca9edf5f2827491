//! Looking into the purse of the card that is in a reader.

use xueka_cards::{
    Balance, CardReading, NoPurse, ReadError, Trip, counts, read_balance, read_card, read_trips,
};
use xueka_domain::{CardFamily, CardIdentity, Counter};
use xueka_registry::CardLook;
use xueka_transport::{CardSession, ReaderName};

use crate::{Caller, CardInReader, Desk, DeskError};

/// What was seen in a purse, and of which card.
#[derive(Clone, Debug)]
pub struct SeenPurse<T> {
    /// The reader in which the card lies.
    pub reader: ReaderName,
    /// What the card said of itself.
    pub reading: CardReading,
    /// What is in its purse, or was done with it.
    pub content: T,
}

/// The log of a purse.
#[derive(Clone, Debug)]
pub struct SeenTrips {
    /// What was done with it, the newest first.
    pub trips: Vec<Trip>,
    /// The counts of the purse that are lower than was seen before: the card may
    /// be a copy of what it held then. A hint, not a proof.
    pub ran_backwards: Vec<Counter>,
}

/// Asks the purse of a card of that family for something.
type Ask<T> = fn(&mut dyn CardSession, CardFamily) -> Result<Result<T, NoPurse>, ReadError>;

impl Desk {
    /// Reads how much is in the purse of a card, and puts it on record that it
    /// was looked.
    ///
    /// # Errors
    ///
    /// [`DeskError::Reader`]; [`DeskError::NoPurse`]; [`DeskError::NoIdentity`]
    /// and [`DeskError::Registry`] when the look cannot be put on record:
    /// nothing is told then.
    pub async fn read_balance(
        &self,
        caller: &Caller,
        place: &CardInReader,
    ) -> Result<SeenPurse<Balance>, DeskError> {
        let look = CardLook::Balance;
        let looked = self.look_into_purse(caller, place, look, read_balance);
        Ok(looked.await?.1)
    }

    /// Reads what was last done with the purse of a card, and puts it on record
    /// that it was looked, and how many loads and payments the card on record
    /// counts; so a card that counts fewer than before is found out.
    ///
    /// # Errors
    ///
    /// Those of [`read_balance`](Self::read_balance).
    pub async fn read_trips(
        &self,
        caller: &Caller,
        place: &CardInReader,
    ) -> Result<SeenPurse<SeenTrips>, DeskError> {
        let look = CardLook::Trips;
        let (card, seen) = self
            .look_into_purse(caller, place, look, read_trips)
            .await?;
        let (stamp, counts) = (self.stamp(caller), counts(&seen.content));
        let ran_backwards = self.registry.note_counts(stamp, card, counts).await?;
        Ok(SeenPurse {
            reader: seen.reader,
            reading: seen.reading,
            content: SeenTrips {
                trips: seen.content,
                ran_backwards,
            },
        })
    }

    /// Recognises the card and asks its purse within one hold on it, then notes
    /// the look.
    async fn look_into_purse<T: Send + 'static>(
        &self,
        caller: &Caller,
        place: &CardInReader,
        look: CardLook,
        ask: Ask<T>,
    ) -> Result<(CardIdentity, SeenPurse<T>), DeskError> {
        let work = move |session: &mut dyn CardSession, dialect: &_, profile: &_| {
            let reading = read_card(session, dialect, profile)?;
            let content = ask(session, reading.family)?;
            Ok((reading, content))
        };
        let (reader, (reading, content)) = self
            .readers
            .visit_card(place.reader.as_deref(), place.wait, work)
            .await?;
        let content = content.map_err(DeskError::NoPurse)?;
        let card = CardIdentity::new(reading.number, reading.uid)?;
        let stamp = self.stamp(caller);
        self.registry.note_look(stamp, card, look).await?;
        let seen = SeenPurse {
            reader,
            reading,
            content,
        };
        Ok((card, seen))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use xueka_domain::Role;
    use xueka_readers::{ReaderSettings, Readers};
    use xueka_registry::RegistryError;
    use xueka_simulator::{Simulator, VirtualCard};

    use super::*;
    use crate::{NumberForms, SystemClock};

    #[tokio::test]
    async fn nothing_is_told_when_the_look_cannot_be_put_on_record() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("registry.db");
        let (simulator, source) = Simulator::in_process(1);
        let readers = Readers::start(Box::new(source), ReaderSettings::default()).unwrap();
        let clock = Arc::new(SystemClock);
        let desk = Desk::open(
            path.to_str().unwrap(),
            true,
            readers,
            clock,
            NumberForms::default(),
        )
        .await;
        let desk = desk.unwrap();
        let caller = Caller {
            actor: "test".parse().unwrap(),
            role: Role::Registrar,
        };
        let place = CardInReader {
            reader: None,
            wait: Some(std::time::Duration::from_secs(10)),
        };
        simulator
            .insert(0, VirtualCard::transit("1000751012345678").balance(2050))
            .unwrap();
        assert!(desk.read_balance(&caller, &place).await.is_ok());

        desk.registry.close().await;

        let error = desk.read_balance(&caller, &place).await.unwrap_err();
        assert!(
            matches!(error, DeskError::Registry(RegistryError::Closed)),
            "{error}"
        );
    }
}
