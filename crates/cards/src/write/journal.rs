//! Where a write is noted before it begins.

use std::{error::Error, fmt};

use super::WritePlan;

/// The name of one entry in the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct WriteId(pub u64);

/// How a write ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WriteEnd {
    /// Every place holds its new content, read back from the card.
    Written,
    /// Every place holds its old content, read back from the card.
    RolledBack,
    /// A place opens with no key that can stand there: the card cannot be
    /// used any more.
    Spoilt,
}

/// A durable note of what is being written.
///
/// Calls block; they happen on the reader's thread while the card is held.
pub trait Journal {
    /// Notes a plan. When this returns, the note outlives a power failure.
    ///
    /// # Errors
    ///
    /// [`JournalError`]: nothing was noted, and nothing is written.
    fn open(&mut self, plan: &WritePlan) -> Result<WriteId, JournalError>;

    /// Notes how a write ended.
    ///
    /// # Errors
    ///
    /// [`JournalError`]: the entry stays open, and the card's next tap closes
    /// it.
    fn close(&mut self, id: WriteId, end: WriteEnd) -> Result<(), JournalError>;
}

/// Why the journal could not take a note. The cause is the keeper's own.
#[derive(Debug)]
pub struct JournalError(pub Box<dyn Error + Send + Sync>);

impl fmt::Display for JournalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the journal of card writes cannot be written")
    }
}

impl Error for JournalError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(self.0.as_ref())
    }
}
