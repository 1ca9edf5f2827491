//! What stands on the blacklist and why.

use crate::CardKey;

/// Why a number or UID stands on the blacklist.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum BlockReason {
    /// Added by hand; goes only when it is removed by hand.
    ByHand,
    /// The card is reported lost or stolen.
    Lost,
    /// The card is registered as damaged.
    Damaged,
    /// The card was replaced.
    Replaced,
    /// The card was cancelled.
    Cancelled,
    /// The card was ruined.
    Spoilt,
}

impl BlockReason {
    /// All reasons.
    pub const ALL: [Self; 6] = [
        Self::ByHand,
        Self::Lost,
        Self::Damaged,
        Self::Replaced,
        Self::Cancelled,
        Self::Spoilt,
    ];

    /// Whether the block was made by hand. Any other block follows from the
    /// state of a card and goes with it. Both kinds can hold for one card.
    #[must_use]
    pub fn is_by_hand(self) -> bool {
        self == Self::ByHand
    }
}

/// One reason for which one number or UID is blocked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BlockEntry {
    /// The number or UID.
    pub key: CardKey,
    /// Why it is blocked.
    pub reason: BlockReason,
    /// The registry's version at which it was, or at which the reason changed.
    pub version: u64,
}

/// One change of the blacklist.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BlockChange {
    /// Which number or UID.
    pub key: CardKey,
    /// Whether it is blocked now or no longer.
    pub effect: Effect,
    /// Why it is, or was, blocked. At most one reason by hand and one from a
    /// card's state hold for a key at a time, so a new reason from a state
    /// takes the place of the one before.
    pub reason: BlockReason,
    /// The registry's version at which it changed.
    pub version: u64,
}

/// The direction of a [`BlockChange`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Effect {
    /// It is blocked from now on.
    Blocked,
    /// It is no longer blocked for this reason.
    Unblocked,
}
