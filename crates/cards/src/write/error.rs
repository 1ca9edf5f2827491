//! Why a write did not come to its end.

use thiserror::Error;
use xueka_apdu::StatusWord;
use xueka_transport::TransportError;

use super::JournalError;
use crate::{NoRandomness, ReadError};

/// Why a card was not written, or not known to be.
///
/// Whatever it says, an entry that stays open in the journal is taken up when
/// the card comes back.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum WriteError {
    /// The card cannot be reached any more. After the first step it may be
    /// torn: put it back on the reader.
    #[error("the card left before it was wholly written; put it back on the reader")]
    Transport(#[from] TransportError),
    /// The card belongs to a transit operator. It is read, never written.
    #[error(
        "this is a transit card, which is never written; put a card of the school on the reader"
    )]
    TransitCard,
    /// The card is of a kind that is not written, or the profile does not say
    /// how. Complete the profile, or use another card.
    #[error(
        "no profile says how this kind of card is written; complete the profile or use another card"
    )]
    NotWritable,
    /// The card has no UID that stays, so it could not be known again after a
    /// tear. Use another card.
    #[error("the card has no fixed UID, so it cannot be written safely; use another card")]
    NoFixedUid,
    /// A value cannot be written in the coding that the profile gives it, or
    /// takes more room. Correct the value or the profile.
    #[error("a value does not fit its place in the coding that the profile says")]
    DoesNotFit,
    /// None of the keys that the profile names opens the card for reading.
    /// Nothing was written; add the key that stands on it to the profile.
    #[error("no key of the profile opens the card (status word {status_word:04X})")]
    NotOpened {
        /// SW1 SW2 of the last key.
        status_word: u16,
    },
    /// The keys of the profile open the card and may not write it, or not so
    /// that it could be taken back. Nothing was written.
    #[error(
        "the keys of the profile may not write this card; it was given rights or keys by others"
    )]
    NotPermitted,
    /// The plan gives or needs a password, and the reader is not known to pass
    /// one to a card. Nothing was written; use another reader, or leave the
    /// password out of the profile.
    #[error(
        "this reader is not known to pass a password to a card; use another one, or leave the \
         password out of the profile"
    )]
    NoPassThrough,
    /// The plan would leave the card with keys or access bits that nobody could
    /// change again. Nothing was written.
    #[error("after this writing nobody could write the card again; correct the access bits")]
    LocksOut,
    /// Another card lies in the field than the plan is for. Nothing was
    /// written to it.
    #[error("another card is on the reader; put the one back that is being written")]
    OtherCard,
    /// The card holds something else than when the plan was made. Nothing was
    /// written; plan anew.
    #[error("the card was changed since the writing was planned; begin again")]
    NotAsPlanned,
    /// The card or the reader refused a command.
    #[error("the card refused to be written (status word {status_word:04X})")]
    Refused {
        /// SW1 SW2.
        status_word: u16,
    },
    /// What was written is not what is read back. The journal keeps it open.
    #[error("the card does not hold what was written to it; put it on the reader again")]
    NotConfirmed,
    /// A key that the plan names is not in the key file. Nothing was written.
    #[error("the key file has no fitting key named {name:?}")]
    NoSuchKey {
        /// The name.
        name: String,
    },
    /// The family at hand has no such place. Nothing was written.
    #[error("the card has no such place as the plan names")]
    NoSuchPlace,
    /// A key was to be proved and there is no challenge for it: the system this
    /// runs on is at fault, no card and no reader.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
    /// The journal failed. Before the first step nothing was written; after
    /// the last one the card is whole and its next tap closes the entry.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

impl WriteError {
    /// A command was refused.
    pub(crate) fn refused(word: StatusWord) -> Self {
        Self::Refused {
            status_word: word.value(),
        }
    }

    /// No key opened the card.
    pub(crate) fn not_opened(word: StatusWord) -> Self {
        Self::NotOpened {
            status_word: word.value(),
        }
    }
}

impl From<ReadError> for WriteError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Transport(error) => Self::Transport(error),
            ReadError::NoRandomness(error) => Self::NoRandomness(error),
            ReadError::CardChanged | ReadError::NothingToCompare => Self::OtherCard,
        }
    }
}
