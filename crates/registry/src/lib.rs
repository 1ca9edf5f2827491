//! Students, cards, blacklist entries and the audit trail, kept in a database.
//!
//! Callers see [`Registry`], a cloneable handle whose methods are the things
//! that happen at a desk, and values. Which database is behind it, and its
//! language, stay in here.

mod error;
mod record;
mod registry;
mod sqlite;
mod stamp;
mod token_name;

pub use error::{Refusal, RegistryError};
pub use record::{
    BlacklistEntry, BlacklistPage, CardRecord, Collection, Column, IssuedCard, IssuedState,
    NewToken, PageMark, RefusedRow, Registration, RegistrationOutcome, RowRefusal, Token,
    WhichCard,
};
pub use registry::{AuditReport, Commit, OnCommit, OpenOptions, Registry};
pub use stamp::{Actor, InvalidName, RequestId, Stamp};
pub use token_name::TokenName;
