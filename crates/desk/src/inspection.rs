//! Looking closely at the card that is in a reader.

use xueka_cards::{Inspection, inspect_card};
use xueka_transport::ReaderName;

use crate::{CardInReader, Desk, DeskError};

impl Desk {
    /// Looks closely at a card, for people: why it was recognised as what it
    /// was, what else is on it, and whether something hints at a copy.
    ///
    /// It asks for nothing that only the holder is to know, and changes
    /// nothing; like a reading it leaves no row in the audit trail.
    ///
    /// # Errors
    ///
    /// [`DeskError::Reader`].
    pub async fn inspect_card(
        &self,
        place: &CardInReader,
    ) -> Result<(ReaderName, Inspection), DeskError> {
        Ok(self
            .readers
            .visit_card(place.reader.as_deref(), place.wait, inspect_card)
            .await?)
    }
}
