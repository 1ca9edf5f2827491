//! MIFARE DESFire: native commands wrapped in ISO 7816-4 APDUs.
//!
//! Source: NXP AN10833 and the DESFire EV1 data sheet summary (`GetVersion`);
//! nfcim/nfsee `assets/read.js` sends the same commands.

use super::{
    command::{Command, refuse, reply},
    status,
};

/// Class byte of wrapped native commands.
const CLA_NATIVE: u8 = 0x90;
const GET_VERSION: u8 = 0x60;
const ADDITIONAL_FRAME: u8 = 0xAF;
const SELECT: u8 = 0xA4;

/// Native status bytes behind SW1 `91`.
const NATIVE_OK: u16 = 0x9100;
const MORE_FRAMES: u16 = 0x91AF;
const ILLEGAL_COMMAND: u16 = 0x911C;
const NATIVE_WRONG_LENGTH: u16 = 0x917E;

/// Maker NXP, DESFire EV1, 4 KiB, ISO 14443-2 and -3: hardware, software.
const HARDWARE: [u8; 7] = [0x04, 0x01, 0x01, 0x01, 0x00, 0x18, 0x05];
const SOFTWARE: [u8; 7] = [0x04, 0x01, 0x01, 0x01, 0x04, 0x18, 0x05];
/// Batch number, then calendar week and year of production in BCD.
const BATCH: [u8; 7] = [0xBA, 0x34, 0x51, 0x7A, 0x10, 0x36, 0x19];
/// Bytes of a UID in the last frame.
const UID: usize = 7;

/// A card with no applications.
#[derive(Clone, Debug, Default)]
pub(crate) struct Desfire {
    /// Which frame of `GetVersion` comes next; 0 when none was begun.
    frame: u8,
}

impl Desfire {
    pub(crate) fn power_up(&mut self) {
        self.frame = 0;
    }

    /// Answers one command; `uid` is the one shown at activation.
    pub(crate) fn answer(&mut self, command: &Command<'_>, uid: &[u8]) -> Vec<u8> {
        let frame = std::mem::take(&mut self.frame);
        match (command.cla, command.ins) {
            (CLA_NATIVE, GET_VERSION | ADDITIONAL_FRAME) if !command.data.is_empty() => {
                refuse(NATIVE_WRONG_LENGTH)
            }
            (CLA_NATIVE, GET_VERSION) => {
                self.frame = 1;
                reply(&HARDWARE, MORE_FRAMES)
            }
            (CLA_NATIVE, ADDITIONAL_FRAME) => match frame {
                1 => {
                    self.frame = 2;
                    reply(&SOFTWARE, MORE_FRAMES)
                }
                2 => reply(&last_frame(uid), NATIVE_OK),
                _ => refuse(ILLEGAL_COMMAND),
            },
            (CLA_NATIVE, _) => refuse(ILLEGAL_COMMAND),
            (0x00, SELECT) => refuse(status::NOT_FOUND),
            (0x00, _) => refuse(status::UNKNOWN_INS),
            _ => refuse(status::UNKNOWN_CLA),
        }
    }
}

/// The UID and the batch; a card with random UIDs shows zeros for its UID.
fn last_frame(uid: &[u8]) -> Vec<u8> {
    let mut frame = <[u8; UID]>::try_from(uid).unwrap_or_default().to_vec();
    frame.extend_from_slice(&BATCH);
    frame
}
