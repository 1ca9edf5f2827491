//! Why a card could not be read, or a profile not be used.

use thiserror::Error;
use xueka_transport::TransportError;

/// Why there is no reading, or no confirmation of one.
///
/// A card that answers but refuses something is no error: the reading says
/// what is missing.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The card cannot be reached. [`TransportError::CardGone`] is also the
    /// answer when the card leaves half-way: there is no half reading. Whether
    /// another tap helps is said by the cause.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// Another card lies in the field than the one that was read: begin anew,
    /// with one card only.
    #[error("another card is on the reader than before; put one card on it and begin again")]
    CardChanged,
    /// The card shows nothing by which it could be told from another one (a
    /// random UID and no number, or a contact slot): it cannot be bound to
    /// anyone.
    #[error("the card shows nothing by which it could be known again; use another card")]
    NothingToCompare,
}

/// Why a [`ReadingProfile`](crate::ReadingProfile) or a
/// [`KeyRing`](crate::KeyRing) cannot be made: the configuration is to be
/// corrected.
///
/// Rules and lines count from 1, as a person counts them. No text carries a
/// key.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ProfileError {
    /// A rule describes a place that no card has.
    #[error("mifare_number rule {rule}: {problem}")]
    Rule {
        /// Which rule.
        rule: usize,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// More rules than are tried on one card.
    #[error("{n_rules} mifare_number rules; at most {max} are tried on a card")]
    TooManyRules {
        /// How many there are.
        n_rules: usize,
        /// How many there may be.
        max: usize,
    },
    /// A rule names a key that the key file does not hold.
    #[error("mifare_number rule {rule}: the key file has no key named {name:?}")]
    NoSuchKey {
        /// Which rule.
        rule: usize,
        /// The name it gives.
        name: String,
    },
    /// A line of the key file is none of the forms it may have.
    #[error("key file, line {line}: {problem}")]
    KeyFile {
        /// Which line.
        line: usize,
        /// What is wrong with it.
        problem: &'static str,
    },
}
