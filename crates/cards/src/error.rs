//! Why a card could not be read, or a profile not be used.

use thiserror::Error;
use xueka_transport::TransportError;

use crate::NoRandomness;

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
    /// The chip was to prove its key and there is no challenge to put to it:
    /// the system this runs on is at fault, no card and no reader.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
}

/// Why a [`ReadingProfile`](crate::ReadingProfile) or a
/// [`KeyRing`](crate::KeyRing) cannot be made: the configuration is to be
/// corrected.
///
/// Lines count from 1, as a person counts them. No text carries a key.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ProfileError {
    /// A profile is no TOML, has a setting that does not exist, or describes a
    /// place that no card has.
    #[error("{file}, line {line}: {problem}")]
    Profile {
        /// The name of its file.
        file: String,
        /// The line on which the mistake begins.
        line: usize,
        /// What is wrong there, in words.
        problem: String,
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
