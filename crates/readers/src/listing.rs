//! What is known of readers without talking to a card.

use xueka_transport::{ReaderName, SourceError};

/// All readers, and whether readers can be seen at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReaderList {
    /// The readers, sorted by name; empty while the source is not
    /// [`Ready`](SourceState::Ready).
    pub readers: Vec<ReaderInfo>,
    /// Whether readers can be seen.
    pub source: SourceState,
}

/// One reader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReaderInfo {
    /// Its name.
    pub name: ReaderName,
    /// What it is doing.
    pub state: ReaderState,
}

/// What a reader is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReaderState {
    /// The field is empty.
    Empty,
    /// A card is in the field.
    CardPresent,
    /// A card is in the field and does not answer.
    CardMute,
    /// An exchange has lasted longer than it may; the reader serves nobody
    /// until it ends.
    ///
    /// Another program that keeps a transaction open looks the same: nothing
    /// tells from outside what the exchange waits for.
    Stalled,
}

/// Whether readers can be seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SourceState {
    /// They can.
    Ready,
    /// The service is not running, or was not reached yet; it is asked again
    /// at least every second.
    NoService,
    /// The service refuses this user; it is asked again all the same.
    NotPermitted,
    /// The service does not work; it is asked again all the same.
    Failed,
}

impl From<&SourceError> for SourceState {
    fn from(error: &SourceError) -> Self {
        match error {
            SourceError::NoService => Self::NoService,
            SourceError::NotPermitted => Self::NotPermitted,
            _ => Self::Failed,
        }
    }
}
