//! The exact blacklist index.
//!
//! Says in memory, without a database and without ever being wrong, whether a
//! card number or UID is blocked and why. Plain data: whoever shares it between
//! threads puts a lock around it.

mod block;
mod table;

pub use block::Block;
use table::Tables;
use xueka_domain::{BlockChange, BlockEntry, CardKey};

/// Every blocked number and UID.
///
/// The register feeds it: all entries once with [`build`](Self::build), then
/// each change with [`apply`](Self::apply).
#[derive(Clone, Debug, Default)]
pub struct Blacklist {
    tables: Tables,
    version: u64,
}

impl Blacklist {
    /// Makes an index of many entries at once, as it stood at `version`.
    ///
    /// A key may come twice, with a reason by hand and one from a card's state.
    #[must_use]
    pub fn build(entries: impl IntoIterator<Item = BlockEntry>, version: u64) -> Self {
        let entries: Vec<BlockEntry> = entries.into_iter().collect();
        let mut index = Self::default();
        index.extend(&entries);
        index.advance_to(version);
        index
    }

    /// Takes in many entries at once, while the index is being loaded.
    ///
    /// Entries that were fetched first and are put in place together come in
    /// about three times as fast as entries put in place while they are
    /// fetched, because the processor overlaps the waits for memory. Chunks
    /// of some ten thousand are enough for that.
    pub fn extend(&mut self, entries: &[BlockEntry]) {
        self.tables.extend(entries);
    }

    /// Takes in one change of the register.
    ///
    /// Changes come in the order in which the register made them. Telling the
    /// latest ones a second time, in their order, ends in the same index, so a
    /// feed may begin before the version of the first load.
    pub fn apply(&mut self, change: &BlockChange) {
        self.tables.apply(change);
        self.advance_to(change.version);
    }

    /// Notes that the register has reached `version`, though nothing of the
    /// blacklist changed by it. Never goes back.
    pub fn advance_to(&mut self, version: u64) {
        self.version = self.version.max(version);
    }

    /// What is known of one number or UID; `None` when it is not blocked.
    #[must_use]
    pub fn check(&self, key: CardKey) -> Option<Block> {
        self.tables.get(key)
    }

    /// How many numbers and UIDs are blocked; one that is blocked both by hand
    /// and by its card's state counts once.
    #[must_use]
    pub fn len(&self) -> usize {
        self.tables.len()
    }

    /// Whether nothing is blocked.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The register's version up to which the index has followed it.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.version
    }
}
