//! What can go wrong between this program and a card.

use std::error::Error;

use thiserror::Error;

/// Why an exchange with a card, or the opening of one, did not succeed.
///
/// Variants differ where the caller's next step differs. No text carries card
/// bytes.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TransportError {
    /// No card is in the field. Nothing was sent.
    #[error("no card is in the reader's field")]
    NoCard,
    /// The card left mid-exchange (a tear): the outcome is unknown.
    #[error("the card left the field during the exchange")]
    CardGone,
    /// Another program reset the card; reconnect and begin again.
    #[error("another program reset the card")]
    CardReset,
    /// The card does not answer the reader, or answers nothing it understands.
    #[error("the card does not answer; it may be placed badly or broken")]
    CardMute,
    /// Another program holds the card or the reader exclusively.
    #[error("another program is using the card")]
    InUse,
    /// The reader was unplugged or is no longer known.
    #[error("the reader is gone")]
    ReaderGone,
    /// The reader or its driver takes no such command; asking again is in vain.
    #[error("the reader takes no such command")]
    Unsupported,
    /// The smart-card service cannot be reached.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The layer below failed in a way that has no meaning of its own here.
    #[error("the reader failed")]
    Failed(#[source] Box<dyn Error + Send + Sync>),
}

/// Why a [`ReaderSource`](crate::ReaderSource) has no readers to offer.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SourceError {
    /// The service (pcscd) is not running or went away. It may come back.
    #[error("the smart-card service is not running; start it with `systemctl start pcscd`")]
    NoService,
    /// The service refuses this user (polkit), or serves as many programs as
    /// it may.
    #[error(
        "the smart-card service turns this program away: its user is not permitted, or too many \
         programs use it"
    )]
    NotPermitted,
    /// Client library and service speak different versions (containers).
    #[error("the smart-card service and its client library do not fit each other")]
    VersionMismatch,
    /// The wait was cancelled through [`CancelWait`](crate::CancelWait).
    #[error("the wait was cancelled")]
    Cancelled,
    /// The service failed in a way that has no meaning of its own here.
    #[error("the smart-card service failed")]
    Failed(#[source] Box<dyn Error + Send + Sync>),
}
