//! The exact blacklist.
//!
//! [`Blacklist`] says in memory, without a database and without ever being
//! wrong, whether a card number or UID is blocked and on which terms. Ten million
//! entries fit into 170 MB; a [`Builder`] fills one at once; [`Shared`] lets
//! threads ask it while it changes; a [`Snapshot`] carries it to other machines as
//! a signed file, and a [`Delta`] what changed since.
//!
//! Nothing here reads a clock, a disk or a network.

mod block;
mod builder;
mod day;
mod entry;
mod error;
mod fingerprint;
mod index;
mod page;
mod row;
mod shared;
mod signed;
mod source;
mod table;
#[cfg(test)]
mod testing;

pub use block::{Block, Origin, Terms};
pub use builder::Builder;
pub use day::Day;
pub use entry::{Change, Entry};
pub use error::BlacklistError;
pub use fingerprint::Fingerprint;
pub use index::Blacklist;
pub use shared::Shared;
pub use signed::{
    Delta, Header, Issue, KeyId, ListError, ListSigner, ListVerifier, Mark, Snapshot,
};
pub use source::SourceId;
