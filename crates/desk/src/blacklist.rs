//! Which cards are blocked: questions from memory, changes through the registry.

use xueka_domain::{BlockReason, CardKey, Note};
use xueka_registry::{BlacklistEntry, BlacklistPage, PageMark, RequestId};

use crate::{Caller, Desk, DeskError};

/// A page of the blacklist.
pub type EntryPage = BlacklistPage;

/// What the blacklist says of some cards at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// For each card asked about, in order: why it is blocked, if it is.
    pub reasons: Vec<Option<BlockReason>>,
    /// The registry's version that was asked.
    pub version: u64,
}

impl Desk {
    /// Says which of these are blocked. Answered from memory.
    #[must_use]
    pub fn check(&self, keys: &[CardKey]) -> Checked {
        let index = self.index();
        // The registry's entries have neither beginning nor end.
        let reason = |key: &CardKey| index.check(*key).map(xueka_blacklist::Block::reason);
        Checked {
            reasons: keys.iter().map(reason).collect(),
            version: index.version(),
        }
    }

    /// Blocks a number or UID by hand.
    ///
    /// # Errors
    ///
    /// [`DeskError::Registry`].
    pub async fn add_block(
        &self,
        caller: &Caller,
        request: RequestId,
        key: CardKey,
        note: Note,
    ) -> Result<BlacklistEntry, DeskError> {
        let stamp = self.stamp(caller);
        Ok(self.registry.add_block(request, stamp, key, note).await?)
    }

    /// Ends a block that was made by hand; gives the version at which it ended.
    ///
    /// # Errors
    ///
    /// [`DeskError::Registry`].
    pub async fn remove_block(
        &self,
        caller: &Caller,
        request: RequestId,
        key: CardKey,
    ) -> Result<u64, DeskError> {
        let stamp = self.stamp(caller);
        Ok(self.registry.remove_block(request, stamp, key).await?)
    }

    /// The entry of a number or UID; `None` when it is not blocked.
    ///
    /// # Errors
    ///
    /// [`DeskError::Registry`].
    pub async fn find_block(&self, key: CardKey) -> Result<Option<BlacklistEntry>, DeskError> {
        Ok(self.registry.find_block(key).await?)
    }

    /// A page of entries, at most `limit`, from `from` on.
    ///
    /// # Errors
    ///
    /// [`DeskError::Registry`].
    pub async fn list_blocks(
        &self,
        from: Option<PageMark>,
        limit: usize,
    ) -> Result<EntryPage, DeskError> {
        Ok(self.registry.list_blocks(from, limit).await?)
    }
}
