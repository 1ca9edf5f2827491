//! MIFARE `DESFire`, any version.
//!
//! - The one historical byte of its ATS is `80`, so that PC/SC readers report
//!   the ATR `3B 81 80 01 80 80`. An ATR without historical bytes is shared
//!   with passports and others and names nothing.
//! - A card can be set to a random UID, for good.
//! - It holds applications of its issuer's making; none is read. No transit
//!   application lives on it, so no probe is sent.
//!
//! Sources: PC/SC Part 3, §3.1.3.2.3.2; liblogicalaccess `atrparser.cpp`;
//! hardware-notes/card-desfire.md.

/// Whether the historical bytes of an ATS are those of a `DESFire`.
pub(crate) fn has_ats(historical_bytes: &[u8]) -> bool {
    historical_bytes == [0x80]
}
