//! Readers by name, and what is in their fields.

use std::{fmt, sync::Arc};

/// The PC/SC name of a reader, such as `ACS ACR122U PICC Interface 00 00`.
///
/// The two numbers at the end change with plug order, so a name identifies a
/// reader only as long as it stays plugged in. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ReaderName(Arc<str>);

impl ReaderName {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for ReaderName {
    fn from(name: &str) -> Self {
        Self(name.into())
    }
}

impl fmt::Display for ReaderName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a source knows of one field at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CardPresence {
    /// The field is empty.
    Empty,
    /// A card is there and gave this answer to reset.
    Present {
        /// The ATR as the reader reported it, unchecked.
        atr: Vec<u8>,
    },
    /// A card is there and does not answer.
    Mute,
}

/// One reader as [`ReaderSource::wait`](crate::ReaderSource::wait) reports it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReaderSnapshot {
    /// The reader.
    pub name: ReaderName,
    /// What is in its field.
    pub presence: CardPresence,
    /// Counts arrivals and departures in this field since the source first saw
    /// the reader; it rises by one with each. A jump by two with a card still
    /// present tells of a card taken away and another put there between two
    /// looks.
    pub n_events: u64,
}
