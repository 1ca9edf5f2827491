//! Who holds which version of the blacklist: the delivery ledger.

use jiff::Timestamp;

use crate::{Actor, BlacklistEntry, Registry, RegistryError, Stamp, sqlite};

/// A version of the published blacklist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// Which life of the registry.
    pub epoch: u64,
    /// The registry's version.
    pub version: u64,
}

/// Someone who keeps a copy of the blacklist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscriber {
    /// Under which name it calls.
    pub name: Actor,
    /// What it holds.
    pub held: Held,
    /// Since when.
    pub acknowledge_time: Timestamp,
    /// When it was heard of last.
    pub heard_time: Timestamp,
}

/// That a subscriber has a version, or a later one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListReceipt {
    /// Who.
    pub subscriber: Actor,
    /// Since when.
    pub time: Timestamp,
}

impl Registry {
    /// Notes that the actor of the stamp holds a version of the blacklist. The
    /// ledger is no part of what has versions; receipts are kept for 400 days.
    ///
    /// # Errors
    ///
    /// None beyond those of every change.
    pub async fn acknowledge_list(&self, stamp: Stamp, held: Held) -> Result<(), RegistryError> {
        self.database
            .change("noting a delivery", move |sql| {
                sqlite::acknowledge_list(sql, &stamp, held)
            })
            .await
    }

    /// Everyone who ever acknowledged a version, by name.
    ///
    /// # Errors
    ///
    /// None beyond those of every method.
    pub async fn list_subscribers(&self) -> Result<Vec<Subscriber>, RegistryError> {
        self.database
            .read("listing subscribers", sqlite::list_subscribers)
            .await
    }

    /// Who holds that version or a later one of the same epoch, by name, with the
    /// moment since when. What was held in an earlier epoch does not count: its
    /// versions may mean other changes.
    ///
    /// # Errors
    ///
    /// None beyond those of every method.
    pub async fn list_receipts(&self, held: Held) -> Result<Vec<ListReceipt>, RegistryError> {
        self.database
            .read("listing deliveries", move |sql| {
                sqlite::list_receipts(sql, held)
            })
            .await
    }

    /// At most `limit` entries of the blacklist (1 to 1,000; others are brought
    /// into that range), those that were made last, the latest first.
    ///
    /// # Errors
    ///
    /// None beyond those of every method.
    pub async fn latest_blocks(&self, limit: usize) -> Result<Vec<BlacklistEntry>, RegistryError> {
        self.database
            .read("listing the latest blocks", move |sql| {
                sqlite::latest_blocks(sql, limit)
            })
            .await
    }
}
