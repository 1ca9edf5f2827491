//! Cards, students, states and verdicts: the rules of the desk.
//!
//! Plain code: values in, values out. Time is an argument; nothing here reads
//! a clock, a disk or a database.

mod family;
mod number;
mod uid;

pub use family::{AssuranceLevel, CardFamily, CardKind};
pub use number::{CardNumber, InvalidCardNumber};
pub use uid::{InvalidUid, Uid};
