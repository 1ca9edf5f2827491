//! ISO 7816-4 and PC/SC Part 3 words and encodings.
//!
//! [`Command`] and [`Response`] are the two halves of an exchange,
//! [`StatusWord`] is its verdict, [`Atr`] is what a reader says of a card on
//! arrival and [`StorageCard`] what such an ATR says of a card without a
//! processor; [`tlv`] reads the BER-TLV of file control information.
//!
//! Bytes come from cards and readers that anyone may hold, so every parser
//! here is total: it answers or it says at which byte it stopped.

mod atr;
mod command;
mod error;
mod name;
mod pseudo;
mod response;
mod status_word;
mod storage;
pub mod tlv;

pub use atr::{Atr, Tck};
pub use command::{Command, Le};
pub use error::{ApduError, AtrProblem, TlvProblem};
pub use name::{DfName, FileId, Sfi};
pub use pseudo::{KeyMemory, MifareKeyKind};
pub use response::Response;
pub use status_word::StatusWord;
pub use storage::{StorageCard, StorageName, StorageStandard};
