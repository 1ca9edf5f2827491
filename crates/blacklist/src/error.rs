//! What can be wrong with a list.

use thiserror::Error;

/// Why something cannot be kept in a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum BlacklistError {
    /// A day that two bytes cannot keep.
    #[error("the day is outside of 2000-01-01 to 2179-06-05; correct it or leave it out")]
    DayOutOfRange,
    /// A name of a source that is empty, longer than 64 bytes or holds control
    /// characters.
    #[error("the name of a source has 1 to 64 bytes and no control characters; choose another")]
    NotASourceName,
    /// The table of sources is full.
    #[error("the list has 8192 sources already; use one of those")]
    TooManySources,
    /// An entry names a source that the list does not have.
    #[error("the source is not in this list; ask the list for its number first")]
    UnknownSource,
}
