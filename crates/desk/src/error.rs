//! What can go wrong at the desk.

use thiserror::Error;
use xueka_cards::NoPurse;
use xueka_domain::NoIdentity;
use xueka_readers::ReaderError;
use xueka_registry::RegistryError;

/// Why a use case did not come to its end.
#[derive(Debug, Error)]
pub enum DeskError {
    /// The reader, or the card in it.
    #[error(transparent)]
    Reader(#[from] ReaderError),
    /// The registry.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// The card has no purse that opens.
    #[error("no purse opens on this card")]
    NoPurse(NoPurse),
    /// The card shows nothing by which it could be known again.
    #[error(transparent)]
    NoIdentity(#[from] NoIdentity),
}
