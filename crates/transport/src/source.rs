//! Where readers come from.

use std::time::Duration;

use crate::{CardSession, ReaderName, ReaderSnapshot, SourceError, TransportError};

/// Readers, their arrivals and departures, and the cards in their fields.
///
/// One source belongs to one watcher thread. Readers opened from it live on
/// threads of their own and share nothing with the watcher.
pub trait ReaderSource: Send + 'static {
    /// Blocks until something differs from the last answer of this call, then
    /// returns every reader there is; the first call returns at once.
    ///
    /// An answer equal to the last one is allowed (a spurious wake-up).
    ///
    /// # Errors
    ///
    /// - [`SourceError::Cancelled`]: through [`Self::canceller`].
    /// - any other: no reader can be seen just now. The next call tries to
    ///   reach the service anew; the caller chooses the pause before it.
    fn wait(&mut self) -> Result<Vec<ReaderSnapshot>, SourceError>;

    /// A handle that ends a [`Self::wait`] from another thread.
    fn canceller(&self) -> Box<dyn CancelWait>;

    /// A new, independent view of one reader for the thread that will own it.
    ///
    /// Reaches for nothing: a reader that is gone says so when its card is
    /// opened.
    fn reader(&self, name: &ReaderName) -> Box<dyn CardReader>;
}

/// Ends a [`ReaderSource::wait`] that blocks on another thread.
pub trait CancelWait: Send + Sync {
    /// Makes the wait that is running, or else the next one, return
    /// [`SourceError::Cancelled`].
    fn cancel(&self);
}

/// One reader, on the thread that owns it.
pub trait CardReader: Send {
    /// Connects to the card now in the field, shared, and begins a transaction.
    ///
    /// Ending the session leaves the card powered and unreset, so other
    /// programs that share the reader are not disturbed.
    ///
    /// # Errors
    ///
    /// - [`TransportError::NoCard`]: the field is empty.
    /// - [`TransportError::CardMute`]: a card is there and does not answer.
    /// - [`TransportError::InUse`]: another program holds it; try again later.
    /// - [`TransportError::ReaderGone`]: drop this value; a new reader of the
    ///   same name is a new value.
    /// - [`TransportError::Source`]: the service is away; the next call
    ///   connects anew.
    fn open(&mut self) -> Result<Box<dyn CardSession + '_>, TransportError>;

    /// How long an exchange may take before the reader counts as stalled.
    fn stall_limit(&self) -> Duration {
        Duration::from_secs(5)
    }
}
