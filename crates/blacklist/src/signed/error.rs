//! Why a signed list is refused.

use thiserror::Error;

/// Why a signed list or delta is refused. The copy at hand stays as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ListError {
    /// Not a file of this form, or of a later one.
    #[error("not a signed list, or one that needs a newer program; fetch it anew or update")]
    NotAList,
    /// Shorter or longer than its header says.
    #[error("the list is not complete, or something follows it; fetch it anew")]
    Length,
    /// Signed with a key that is not trusted here.
    #[error(
        "the list is signed with a key that is not trusted here; ask who runs the list for its key"
    )]
    UnknownKey,
    /// Signature or digest do not fit: it was changed after it was signed.
    #[error(
        "the list was changed after it was signed; fetch it anew, and tell who runs the list if that does not help"
    )]
    Forged,
    /// Signed, but not as the format says.
    #[error("the list is signed and yet malformed; tell who runs the list")]
    Malformed,
    /// Older than what was seen before.
    #[error("the list is older than one seen before; fetch the latest")]
    RolledBack,
    /// A delta that does not follow the list at hand: one between is missing, or
    /// it belongs to another life of the registry.
    #[error("a change is missing between the list at hand and this one; fetch the whole list")]
    Gapped,
    /// A delta that follows by its number and leads elsewhere than it says: the
    /// list at hand is not the one that was signed.
    #[error(
        "the list at hand drifted apart from the signed one; fetch the whole list, and tell who runs the list if that happens again"
    )]
    Drifted,
    /// Its time is over.
    #[error("the list is too old to be relied on; fetch the latest")]
    Stale,
    /// It was made in what is the future here.
    #[error("the list was made in the future; set the clock of this machine")]
    FromTheFuture,
}
