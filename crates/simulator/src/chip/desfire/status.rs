//! Status bytes of native DESFire commands, which stand behind SW1 `91`.
//!
//! Source: NXP MF2DLHX0 data sheet, status words; proxmark3
//! `client/src/mifare/desfirecore.c`.

pub(super) const OK: u8 = 0x00;
pub(super) const NO_CHANGES: u8 = 0x0C;
pub(super) const OUT_OF_MEMORY: u8 = 0x0E;
pub(super) const ILLEGAL_COMMAND: u8 = 0x1C;
pub(super) const INTEGRITY_ERROR: u8 = 0x1E;
pub(super) const NO_SUCH_KEY: u8 = 0x40;
pub(super) const LENGTH_ERROR: u8 = 0x7E;
pub(super) const PERMISSION_DENIED: u8 = 0x9D;
pub(super) const PARAMETER_ERROR: u8 = 0x9E;
pub(super) const APPLICATION_NOT_FOUND: u8 = 0xA0;
pub(super) const AUTHENTICATION_ERROR: u8 = 0xAE;
pub(super) const MORE_FRAMES: u8 = 0xAF;
pub(super) const BOUNDARY_ERROR: u8 = 0xBE;
pub(super) const DUPLICATE: u8 = 0xDE;
pub(super) const FILE_NOT_FOUND: u8 = 0xF0;
