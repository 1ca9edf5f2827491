//! ISO 7816-4 and PC/SC Part 3 words and encodings.
//!
//! [`Command`] and [`Response`] are the two halves of an exchange,
//! [`StatusWord`] is its verdict, [`Atr`] is what a reader says of a card on
//! arrival and [`AtrClaim`] what that claims the card to be; [`AtrAnatomy`]
//! tells what each byte of one is, and [`Ats`] and [`HistoricalBytes`] what a
//! card says of itself. [`tlv`] reads the BER-TLV of file control information.
//!
//! Bytes come from cards and readers that anyone may hold, so every parser
//! here is total: it answers or it says at which byte it stopped.

mod anatomy;
mod atr;
mod ats;
mod claim;
mod command;
mod error;
mod file;
mod historical;
mod interface;
mod name;
mod native;
mod pseudo;
mod purse;
mod response;
mod status_word;
mod storage;
mod storage_name;
pub mod tlv;

pub use anatomy::{AtrAnatomy, CheckCharacter};
pub use atr::{Atr, Tck};
pub use ats::Ats;
pub use claim::{AtrClaim, TypeBAnswer};
pub use command::{Command, Le};
pub use error::{ApduError, AtrProblem, AtsProblem, TlvProblem};
pub use historical::{CompactMeaning, CompactTlv, HistoricalBytes, HistoricalCategory};
pub use interface::{InterfaceByte, InterfaceBytes, InterfaceLetter, InterfaceMeaning};
pub use name::{DfName, FileId, Sfi};
pub use purse::PurseValue;
pub use response::Response;
pub use status_word::StatusWord;
pub use storage::{StorageCard, StorageStandard};
pub use storage_name::StorageName;
