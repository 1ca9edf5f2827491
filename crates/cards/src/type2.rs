//! What every NFC Forum Type 2 tag (MIFARE Ultralight, NTAG) has in common, as
//! plain values: its capability container and the TLV blocks of its data area.
//!
//! Nothing here talks to a card.

mod container;
mod data_area;
mod ntag;

pub use container::{CapabilityContainer, PAGE_BYTES};
pub use data_area::{NdefSearch, find_ndef};
pub use ntag::Ntag;
