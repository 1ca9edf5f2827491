//! Status words that virtual cards and the reader before them answer with.
//!
//! Source: ISO/IEC 7816-4:2005, table 6; PC/SC Part 3 (2.01.09), §3.2.2.1;
//! FMCOS words from proxmark3 `doc/fmcos.md`; DESFire words from the NXP
//! wrapping of native codes (`91` in front).

/// Done.
pub(crate) const OK: u16 = 0x9000;
/// Fewer bytes there than asked for; those that there are precede.
pub(crate) const END_REACHED: u16 = 0x6282;
/// Failed, with nothing more to say.
pub(crate) const FAILED: u16 = 0x6300;
/// The memory could not be written.
pub(crate) const MEMORY_FAILURE: u16 = 0x6581;
/// The lengths in the command do not fit.
pub(crate) const WRONG_LENGTH: u16 = 0x6700;
/// The command does not fit the structure of the file.
pub(crate) const WRONG_FILE_KIND: u16 = 0x6981;
/// A right is missing: not authenticated, or with the wrong key.
pub(crate) const SECURITY_NOT_SATISFIED: u16 = 0x6982;
/// The block cannot be authenticated at all.
pub(crate) const CANNOT_AUTHENTICATE: u16 = 0x6983;
/// The key slot holds no key.
pub(crate) const KEY_NOT_USABLE: u16 = 0x6984;
/// The command does not fit the present state; without a current file.
pub(crate) const NO_CURRENT_FILE: u16 = 0x6986;
/// The function is not there.
pub(crate) const NOT_SUPPORTED: u16 = 0x6A81;
/// No file, application or block of that name.
pub(crate) const NOT_FOUND: u16 = 0x6A82;
/// No record of that number.
pub(crate) const RECORD_NOT_FOUND: u16 = 0x6A83;
/// P1 and P2 say nothing known.
pub(crate) const WRONG_P1_P2: u16 = 0x6A86;
/// The offset lies outside the file.
pub(crate) const WRONG_OFFSET: u16 = 0x6B00;
/// Unknown instruction.
pub(crate) const UNKNOWN_INS: u16 = 0x6D00;
/// Unknown class.
pub(crate) const UNKNOWN_CLA: u16 = 0x6E00;

/// FMCOS: the key or PIN has no tries left.
pub(crate) const BLOCKED: u16 = 0x6983;
/// FMCOS: no challenge was taken just before.
pub(crate) const NO_CHALLENGE: u16 = 0x6984;
/// FMCOS: not in this state.
pub(crate) const WRONG_STATE: u16 = 0x6985;
/// FMCOS: the file wants a MAC, and the command has none.
pub(crate) const MAC_MISSING: u16 = 0x6987;
/// FMCOS: the MAC is wrong.
pub(crate) const WRONG_MAC: u16 = 0x6988;
/// FMCOS: the data field says nothing known.
pub(crate) const WRONG_DATA: u16 = 0x6A80;
/// FMCOS: card or application is locked.
pub(crate) const LOCKED: u16 = 0x6A81;
/// FMCOS: no room left.
pub(crate) const FULL: u16 = 0x6A84;
/// FMCOS: no key of that kind and id.
pub(crate) const KEY_NOT_FOUND: u16 = 0x6A88;
/// FMCOS: the application is locked for ever.
pub(crate) const LOCKED_FOR_EVER: u16 = 0x9303;
/// FMCOS: the purse knows no such key.
pub(crate) const NO_PURSE_KEY: u16 = 0x9403;

/// `63Cx`: wrong, with `n_left` tries left.
pub(crate) fn tries_left(n_left: u8) -> u16 {
    0x63C0 | u16::from(n_left & 0x0F)
}

/// LOAD KEYS: no keys of the reader's own (PC/SC Part 3, §3.2.2.1.4).
pub(crate) const READER_KEY_UNSUPPORTED: u16 = 0x6983;
/// LOAD KEYS: no secured transfer.
pub(crate) const SECURED_TRANSFER_UNSUPPORTED: u16 = 0x6985;
/// LOAD KEYS: no volatile key memory.
pub(crate) const NO_VOLATILE_MEMORY: u16 = 0x6986;
/// LOAD KEYS: no non-volatile key memory.
pub(crate) const NO_NON_VOLATILE_MEMORY: u16 = 0x6987;
/// LOAD KEYS, AUTHENTICATE: no key slot of that number.
pub(crate) const NO_SUCH_KEY_SLOT: u16 = 0x6988;
/// LOAD KEYS: the key has the wrong length.
pub(crate) const WRONG_KEY_LENGTH: u16 = 0x6989;
/// AUTHENTICATE: neither key A nor key B (PC/SC Part 3, §3.2.2.1.6).
pub(crate) const UNKNOWN_KEY_KIND: u16 = 0x6986;

/// `6Cxx`: the right length is `n_bytes`, 256 written as `00`.
pub(crate) fn right_length(n_bytes: usize) -> u16 {
    0x6C00 | u16::from(n_bytes.to_le_bytes()[0])
}
