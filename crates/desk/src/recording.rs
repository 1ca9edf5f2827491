//! Recording the card that is in a reader.

use xueka_cards::{Recording, record_card};
use xueka_transport::{CardSession, ReaderName};

use crate::{CardInReader, Desk, DeskError};

impl Desk {
    /// Reads a card and gives what passed, masked.
    ///
    /// # Errors
    ///
    /// [`DeskError::Reader`].
    pub async fn record_card(
        &self,
        place: &CardInReader,
    ) -> Result<(ReaderName, Recording), DeskError> {
        let work = |session: &mut dyn CardSession, dialect: &_, profile: &_| {
            record_card(session, dialect, profile)
        };
        let (reader, recording) = self
            .readers
            .visit_card(place.reader.as_deref(), place.wait, work)
            .await?;
        let recording = recording.on(reader.as_str());
        Ok((reader, recording))
    }
}
