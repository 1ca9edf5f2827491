//! What came of asking a chip to prove that it is genuine.

/// What a chip did when it was asked to prove that it knows a key.
///
/// A copy of a card has its UID and its files, and not its keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ChipAuthentication {
    /// It proved it.
    Passed,
    /// It answered, and what it answered is not what a chip with the key would:
    /// it is a copy, or the card of somebody with other keys.
    Failed,
    /// It did not answer the challenge but refused it, with this status word:
    /// nothing is proved, one way or the other.
    Refused {
        /// SW1 and SW2, SW1 in the upper byte.
        status_word: u16,
    },
    /// It was not asked, because its own key is made from a UID that it does not
    /// show.
    NoKey,
}
