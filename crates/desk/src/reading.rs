//! Reading the card that is in a reader.

use std::{sync::Arc, time::Duration};

use tokio::sync::watch;
use xueka_cards::CardReading;
use xueka_domain::CardIdentity;
use xueka_readers::{ReadOptions, ReaderList, Signal, TapWatcher};
use xueka_transport::ReaderName;

use crate::{Desk, DeskError};

/// The card that is in a reader's field.
#[derive(Clone, Debug, Default)]
pub struct CardInReader {
    /// The reader; `None` for the only one.
    pub reader: Option<String>,
    /// How long to wait for a card when the field is empty; `None` for not at
    /// all.
    pub wait: Option<Duration>,
}

impl Desk {
    /// The readers and what they are doing. Talks to no card.
    #[must_use]
    pub fn readers(&self) -> ReaderList {
        self.readers.list()
    }

    /// Tells when [`readers`](Self::readers) may say something else; but for
    /// stalls, which begin with time alone.
    #[must_use]
    pub fn reader_changes(&self) -> watch::Receiver<()> {
        self.readers.changes()
    }

    /// What the configuration calls a reader, if it does.
    #[must_use]
    pub fn reader_alias(&self, reader: &ReaderName) -> Option<Arc<str>> {
        self.readers.alias(reader)
    }

    /// Has a reader, or the only one, show a signal. Whether it can show any.
    ///
    /// # Errors
    ///
    /// [`DeskError::Reader`].
    pub async fn signal_reader(
        &self,
        reader: Option<&str>,
        signal: Signal,
    ) -> Result<bool, DeskError> {
        Ok(self.readers.signal(reader, signal).await?)
    }

    /// Reads the card in a reader.
    ///
    /// # Errors
    ///
    /// [`DeskError::Reader`].
    pub async fn read_card(
        &self,
        place: &CardInReader,
    ) -> Result<(ReaderName, CardReading), DeskError> {
        let options = ReadOptions {
            wait: place.wait,
            confirm: false,
        };
        Ok(self
            .readers
            .read_card(place.reader.as_deref(), options)
            .await?)
    }

    /// Follows the taps, from an event that was seen before.
    #[must_use]
    pub fn watch_taps(&self, after_sequence: u64, epoch: u64) -> TapWatcher {
        self.readers.watch(after_sequence, epoch)
    }

    /// Reads a card that something is about to be bound to: the UID is read
    /// again at the end, so that number and UID are of one card.
    pub(crate) async fn read_to_bind(
        &self,
        place: &CardInReader,
    ) -> Result<(CardReading, CardIdentity), DeskError> {
        let options = ReadOptions {
            wait: place.wait,
            confirm: true,
        };
        let (_, reading) = self
            .readers
            .read_card(place.reader.as_deref(), options)
            .await?;
        let identity = CardIdentity::new(reading.number, reading.uid)?;
        Ok((reading, identity))
    }
}
