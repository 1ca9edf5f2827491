//! What every MIFARE Classic has in common, as plain values: where blocks and
//! sectors are, what access bits allow, what block 0 says of the chip.
//!
//! Nothing here talks to a card.

mod access;
mod layout;
mod manufacturer;

pub use access::{AccessBits, Condition, DamagedAccessBits, DataAccess, Permission, TrailerAccess};
pub use layout::{Block, ClassicSize, KeyKind, Sector};
pub use manufacturer::ManufacturerBlock;
