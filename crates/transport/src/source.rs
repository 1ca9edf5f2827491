//! Where readers come from.

use std::time::Duration;

use crate::{CardSession, ReaderIdentity, ReaderName, ReaderSnapshot, SourceError, TransportError};

/// Readers, their arrivals and departures, and the cards in their fields.
///
/// One source belongs to one watcher thread. Readers opened from it live on
/// threads of their own and share nothing with the watcher.
pub trait ReaderSource: Send + 'static {
    /// Blocks until something differs from the last answer of this call, but
    /// for hardly more than a second, then returns every reader there is; the
    /// first call returns at once.
    ///
    /// A call that takes much longer tells of a service that did not answer, or
    /// of a machine that slept.
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

    /// As [`Self::open`], but the connection outlives the session, for the next
    /// one to begin without connecting anew: only the transaction ends.
    ///
    /// As long as it is there, no other program gets the card exclusively, so
    /// whoever keeps it calls [`Self::let_go`] soon. A connection whose card
    /// left, or was reset, is replaced.
    ///
    /// # Errors
    ///
    /// Those of [`Self::open`].
    fn open_and_keep(&mut self) -> Result<Box<dyn CardSession + '_>, TransportError> {
        self.open()
    }

    /// Ends the connection that [`Self::open_and_keep`] left, if there is one.
    fn let_go(&mut self) {}

    /// Takes the power from the card in the field and gives it back, over a
    /// connection that ends with it; one that was kept ends before. A card that
    /// was powered while the machine slept or the service stood still may be
    /// dead although it is listed.
    ///
    /// Other programs that use the card see it reset.
    ///
    /// # Errors
    ///
    /// Those of [`Self::open`].
    fn power_cycle(&mut self) -> Result<(), TransportError> {
        Ok(())
    }

    /// Asks the reader which device it is. Needs no card and disturbs none.
    ///
    /// What the reader or its driver does not tell stays `None`; telling
    /// nothing at all is no error.
    ///
    /// # Errors
    ///
    /// - [`TransportError::InUse`]: another program holds it; try again later.
    /// - [`TransportError::ReaderGone`], [`TransportError::Source`]: as with
    ///   [`Self::open`].
    fn identity(&mut self) -> Result<ReaderIdentity, TransportError> {
        Ok(ReaderIdentity::default())
    }

    /// Sends an escape command, which the reader executes itself, and waits
    /// for its answer. Needs no card, and no session may be open.
    ///
    /// `response` is cleared, then filled with whatever the reader answers,
    /// which may be nothing; its form is the model's own.
    ///
    /// # Errors
    ///
    /// - [`TransportError::Unsupported`]: the reader has no such command, or its
    ///   driver does not permit escape commands.
    /// - [`TransportError::InUse`]: another program holds it; try again later.
    /// - [`TransportError::ReaderGone`], [`TransportError::Source`]: as with
    ///   [`Self::open`].
    fn control(&mut self, command: &[u8], response: &mut Vec<u8>) -> Result<(), TransportError> {
        let _ = command;
        response.clear();
        Err(TransportError::Unsupported)
    }

    /// How long an exchange may take before the reader counts as stalled.
    fn stall_limit(&self) -> Duration {
        Duration::from_secs(5)
    }
}
