//! What the index keeps for one key.

use xueka_domain::{BlockReason, Effect};

/// Why a number or UID is blocked: for a reason by hand, one from its card's
/// state, or both.
///
/// Eight bytes: the version in the upper 60 bits, then three bits for the
/// reason from the state, then one for the reason by hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block(u64);

impl Block {
    const BY_HAND: u64 = 1;
    const STATE_SHIFT: u32 = 1;
    const STATE_MASK: u64 = 0b111 << Self::STATE_SHIFT;
    const VERSION_SHIFT: u32 = 4;

    /// Not blocked; never kept in a table.
    pub(crate) const NOTHING: Self = Self(0);

    /// The block after a change, from the block before.
    pub(crate) fn after(self, reason: BlockReason, effect: Effect, version: u64) -> Self {
        let code = state_code(reason) << Self::STATE_SHIFT;
        let reasons = match (reason.is_by_hand(), effect) {
            (true, Effect::Blocked) => self.reasons() | Self::BY_HAND,
            (true, Effect::Unblocked) => self.reasons() & !Self::BY_HAND,
            (false, Effect::Blocked) => self.reasons() & !Self::STATE_MASK | code,
            (false, Effect::Unblocked) => self.reasons() & !Self::STATE_MASK,
        };
        let version = self.version().max(version);
        Self(version << Self::VERSION_SHIFT | reasons)
    }

    /// Whether no reason is left.
    pub(crate) fn is_nothing(self) -> bool {
        self.reasons() == 0
    }

    fn reasons(self) -> u64 {
        self.0 & (Self::STATE_MASK | Self::BY_HAND)
    }

    /// Whether it is blocked by hand.
    #[must_use]
    pub fn is_by_hand(self) -> bool {
        self.0 & Self::BY_HAND != 0
    }

    /// The reason that follows from its card's state, if one does.
    #[must_use]
    pub fn by_state(self) -> Option<BlockReason> {
        let code = (self.0 & Self::STATE_MASK) >> Self::STATE_SHIFT;
        BlockReason::ALL
            .into_iter()
            .find(|reason| code != 0 && state_code(*reason) == code)
    }

    /// The reason to tell when only one can be told: the one from the card's
    /// state, as in the order of verdicts.
    #[must_use]
    pub fn reason(self) -> BlockReason {
        self.by_state().unwrap_or(BlockReason::ByHand)
    }

    /// The registry's version at which it last changed.
    #[must_use]
    pub fn version(self) -> u64 {
        self.0 >> Self::VERSION_SHIFT
    }
}

/// The three bits that stand for a reason from a state; 0 for none.
fn state_code(reason: BlockReason) -> u64 {
    match reason {
        BlockReason::ByHand => 0,
        BlockReason::Lost => 1,
        BlockReason::Damaged => 2,
        BlockReason::Replaced => 3,
        BlockReason::Cancelled => 4,
        BlockReason::Spoilt => 5,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_keeps_both_reasons_and_the_version() {
        let state = Block::NOTHING.after(BlockReason::Lost, Effect::Blocked, 5);
        let both = state.after(BlockReason::ByHand, Effect::Blocked, 6);
        assert!(both.is_by_hand());
        assert_eq!(both.by_state(), Some(BlockReason::Lost));
        assert_eq!(both.reason(), BlockReason::Lost);
        assert_eq!(both.version(), 6);

        let replaced = both.after(BlockReason::Replaced, Effect::Blocked, 7);
        assert_eq!(replaced.by_state(), Some(BlockReason::Replaced));
        let by_hand = replaced.after(BlockReason::Replaced, Effect::Unblocked, 8);
        assert_eq!(by_hand.reason(), BlockReason::ByHand);
        assert_eq!(by_hand.by_state(), None);
        assert!(
            by_hand
                .after(BlockReason::ByHand, Effect::Unblocked, 9)
                .is_nothing()
        );
    }

    #[test]
    fn every_reason_survives_with_the_largest_version() {
        let version = u64::MAX >> Block::VERSION_SHIFT;
        for reason in BlockReason::ALL {
            let block = Block::NOTHING.after(reason, Effect::Blocked, version);
            assert_eq!(block.reason(), reason);
            assert_eq!(block.version(), version);
        }
    }

    #[test]
    fn a_block_is_eight_bytes() {
        assert_eq!(size_of::<Block>(), 8);
    }
}
