//! What goes into a list and out of it.

use xueka_domain::{BlockChange, BlockEntry, CardKey, Effect};

use crate::{Origin, Terms};

/// One reason for which one number or UID is blocked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The number or UID.
    pub key: CardKey,
    /// On which terms.
    pub terms: Terms,
}

/// One change of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It is blocked on these terms, in place of any before of the same origin.
    Block(Entry),
    /// The block of that origin ends; nothing when there is none.
    Unblock {
        /// The number or UID.
        key: CardKey,
        /// Which of its blocks.
        origin: Origin,
    },
}

impl From<&BlockEntry> for Entry {
    /// The registry's entries have neither beginning nor end.
    fn from(entry: &BlockEntry) -> Self {
        Self {
            key: entry.key,
            terms: Terms::of(entry.reason),
        }
    }
}

impl From<&BlockChange> for Change {
    fn from(change: &BlockChange) -> Self {
        match change.effect {
            Effect::Blocked => Self::Block(Entry {
                key: change.key,
                terms: Terms::of(change.reason),
            }),
            Effect::Unblocked => Self::Unblock {
                key: change.key,
                origin: Origin::of(change.reason),
            },
        }
    }
}
