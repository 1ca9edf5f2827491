//! Codes of native commands.
//!
//! Source: NXP MF2DLHX0 data sheet; proxmark3 `client/src/mifare/desfire.h`.

pub(super) const CREDIT: u8 = 0x0C;
pub(super) const LIMITED_CREDIT: u8 = 0x1C;
pub(super) const WRITE_RECORD: u8 = 0x3B;
pub(super) const WRITE_DATA: u8 = 0x3D;
pub(super) const GET_KEY_SETTINGS: u8 = 0x45;
pub(super) const GET_CARD_UID: u8 = 0x51;
pub(super) const CHANGE_KEY_SETTINGS: u8 = 0x54;
pub(super) const SELECT_APPLICATION: u8 = 0x5A;
pub(super) const SET_CONFIGURATION: u8 = 0x5C;
pub(super) const GET_VERSION: u8 = 0x60;
pub(super) const GET_KEY_VERSION: u8 = 0x64;
pub(super) const GET_APPLICATION_IDS: u8 = 0x6A;
pub(super) const GET_VALUE: u8 = 0x6C;
pub(super) const GET_FREE_MEMORY: u8 = 0x6E;
pub(super) const GET_FILE_IDS: u8 = 0x6F;
pub(super) const AUTHENTICATE_EV2_FIRST: u8 = 0x71;
pub(super) const ABORT_TRANSACTION: u8 = 0xA7;
pub(super) const AUTHENTICATE_AES: u8 = 0xAA;
pub(super) const ADDITIONAL_FRAME: u8 = 0xAF;
pub(super) const READ_RECORDS: u8 = 0xBB;
pub(super) const READ_DATA: u8 = 0xBD;
pub(super) const CREATE_CYCLIC: u8 = 0xC0;
pub(super) const CREATE_LINEAR: u8 = 0xC1;
pub(super) const CHANGE_KEY: u8 = 0xC4;
pub(super) const COMMIT_TRANSACTION: u8 = 0xC7;
pub(super) const CREATE_APPLICATION: u8 = 0xCA;
pub(super) const CREATE_BACKUP: u8 = 0xCB;
pub(super) const CREATE_VALUE: u8 = 0xCC;
pub(super) const CREATE_STANDARD: u8 = 0xCD;
pub(super) const DELETE_APPLICATION: u8 = 0xDA;
pub(super) const DEBIT: u8 = 0xDC;
pub(super) const DELETE_FILE: u8 = 0xDF;
pub(super) const CLEAR_RECORDS: u8 = 0xEB;
pub(super) const CHANGE_FILE_SETTINGS: u8 = 0x5F;
pub(super) const GET_FILE_SETTINGS: u8 = 0xF5;
pub(super) const FORMAT: u8 = 0xFC;
