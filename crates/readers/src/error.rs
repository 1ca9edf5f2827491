//! Why a reader did not give a reading.

use std::{error::Error, sync::Arc};

use thiserror::Error;
use xueka_cards::ReadError;
use xueka_transport::{ReaderName, SourceError, TransportError};

/// Why a card could not be read.
///
/// One variant for each next step of the caller. The texts say what to do and
/// carry nothing of the card.
#[derive(Clone, Debug, Error)]
pub enum ReaderError {
    /// No reader is attached.
    #[error("no reader is attached; plug one in")]
    NoReader,
    /// No reader has the name given.
    #[error("no reader is named {name:?}; the list of readers has the names")]
    NotFound {
        /// The name that was asked for.
        name: String,
    },
    /// Several readers are attached and none was named.
    #[error("{} readers are attached; name the one to use", names.len())]
    Ambiguous {
        /// All of them, sorted.
        names: Vec<ReaderName>,
    },
    /// An alias of the configuration fits several readers.
    #[error(
        "the alias {alias:?} fits {} readers; bind it by serial number or USB path in the \
         configuration, or name one of them", names.len()
    )]
    AliasAmbiguous {
        /// The alias that was asked for.
        alias: String,
        /// The readers, sorted.
        names: Vec<ReaderName>,
    },
    /// The reader of this alias is not attached.
    #[error("the reader {alias:?} is not attached; plug it in, into the socket it is bound to")]
    AliasMissing {
        /// The alias that was asked for.
        alias: String,
    },
    /// The reader was unplugged.
    #[error("the reader was unplugged; plug it in again")]
    Gone,
    /// An exchange has lasted longer than it may; nobody is served until it
    /// ends.
    #[error("the reader has stopped answering; take the card away, or else replug the reader")]
    Stalled,
    /// The reader failed in a way that has no name here.
    #[error("the reader failed; replug it if that happens again")]
    Failed(#[source] Arc<dyn Error + Send + Sync>),
    /// As many calls wait for the reader as may wait.
    #[error("too many calls wait for this reader; try again in a moment")]
    Busy,
    /// The smart-card service cannot be reached.
    #[error("the smart-card service is not running; start pcscd")]
    ServiceUnavailable,
    /// The smart-card service refuses this user.
    #[error(
        "the smart-card service does not permit this user; \
         allow org.debian.pcsc-lite.access_pcsc and access_card in polkit"
    )]
    NotPermitted,
    /// The service and its client library speak different versions.
    #[error(
        "pcscd and the libpcsclite of this program do not fit each other; \
         install the same version of both"
    )]
    ServiceMismatch,
    /// The field is empty, or stayed so for as long as the caller would wait.
    #[error("no card is on the reader; put one on it")]
    NoCard,
    /// The card left during the reading.
    #[error("the card was taken away too early; put it on the reader again and leave it there")]
    CardGone,
    /// Another card lay there at the end than at the beginning.
    #[error("the card was changed for another one; put one card on the reader, alone")]
    CardChanged,
    /// A card is there and does not answer.
    #[error("the card does not answer; place it again, flat and alone")]
    CardMute,
    /// Another program holds the card.
    #[error("another program is using the card; close it or try again")]
    InUse,
    /// The card answers nothing that makes sense.
    #[error("the card answers nothing that makes sense; try another reader or card")]
    Unreadable,
    /// The card shows nothing by which it could be known again: its UID is
    /// random, or it has none, and there is no number.
    #[error("the card shows nothing by which it could be known again; use another card")]
    NothingToCompare,
    /// The readers are being shut down.
    #[error("the readers are shutting down")]
    Stopped,
}

impl From<TransportError> for ReaderError {
    fn from(error: TransportError) -> Self {
        match error {
            TransportError::NoCard => Self::NoCard,
            // Reset again and again, the card is as good as held by another.
            TransportError::CardReset | TransportError::InUse => Self::InUse,
            TransportError::CardGone => Self::CardGone,
            TransportError::CardMute => Self::CardMute,
            TransportError::ReaderGone => Self::Gone,
            TransportError::Source(source) => source.into(),
            TransportError::Failed(cause) => Self::Failed(cause.into()),
            other => Self::Failed(Arc::new(other)),
        }
    }
}

impl From<SourceError> for ReaderError {
    fn from(error: SourceError) -> Self {
        match error {
            SourceError::NoService => Self::ServiceUnavailable,
            SourceError::NotPermitted => Self::NotPermitted,
            SourceError::VersionMismatch => Self::ServiceMismatch,
            SourceError::Cancelled => Self::Stopped,
            SourceError::Failed(cause) => Self::Failed(cause.into()),
            other => Self::Failed(Arc::new(other)),
        }
    }
}

impl From<ReadError> for ReaderError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Transport(cause) => cause.into(),
            ReadError::CardChanged => Self::CardChanged,
            ReadError::NothingToCompare => Self::NothingToCompare,
            ReadError::NoRandomness(cause) => Self::Failed(Arc::new(cause)),
            _ => Self::Unreadable,
        }
    }
}
