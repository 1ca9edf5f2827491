//! The pseudo-APDUs (CLA `FF`) that a contactless PC/SC reader answers itself.
//!
//! Source: PC/SC Part 3 (2.01.09), §3.2.2.1, and the storage card requirements
//! of Microsoft's NFC driver documentation.

use super::{
    command::{Command, refuse, reply},
    status,
};

/// Class byte of all pseudo-APDUs.
pub(crate) const CLA: u8 = 0xFF;

const LOAD_KEYS: u8 = 0x82;
const GENERAL_AUTHENTICATE: u8 = 0x86;
/// The older form, obsolete since PC/SC 2.01 and still sent. What stands where
/// others have Lc is its key kind.
const AUTHENTICATE: u8 = 0x88;
const READ_BINARY: u8 = 0xB0;
const GET_DATA: u8 = 0xCA;
const UPDATE_BINARY: u8 = 0xD6;
/// Value blocks as ACS readers do them (API ACR122U 2.04, §5.5): one byte of
/// what to do and the amount, the highest byte first.
const VALUE: u8 = 0xD7;
const ADD: u8 = 0x01;
const TAKE: u8 = 0x02;
const RESTORE: u8 = 0x03;

/// A command to the PN532 inside an ACR122U (API ACR122U 2.04, §5.1), and the
/// one that passes a frame on (NXP UM0701-02, `InCommunicateThru`).
const DIRECT: u8 = 0x00;
const TO_PN532: u8 = 0xD4;
const FROM_PN532: u8 = 0xD5;
const COMMUNICATE_THROUGH: u8 = 0x42;

/// P1 of GET DATA.
const UID: u8 = 0x00;
const HISTORICAL_BYTES: u8 = 0x01;

/// First byte of the data field of GENERAL AUTHENTICATE.
const AUTHENTICATE_VERSION: u8 = 0x01;

/// What a reader's commands for storage cards work on.
///
/// The answers of a memory without keys stand here.
pub(crate) trait Memory {
    /// FF 82: puts `key` into the reader's slot `slot`.
    fn load_key(&mut self, _structure: u8, _slot: u8, _key: &[u8]) -> u16 {
        status::NOT_SUPPORTED
    }

    /// FF 86, FF 88: authenticates the sector of `block`.
    fn authenticate(&mut self, _block: u16, _key_kind: u8, _slot: u8) -> u16 {
        status::NOT_SUPPORTED
    }

    /// Whether the reader knows none of these commands, or not that one of the
    /// two authentications.
    fn refuses(&self, _is_newer_authentication: bool) -> bool {
        false
    }

    /// Whether the reader answers with one byte where others have two.
    fn has_one_byte_status(&self) -> bool {
        false
    }

    /// A native command of the chip, which the reader passes on; `None` where
    /// it cannot.
    fn transceive(&mut self, _frame: &[u8]) -> Option<Vec<u8>> {
        None
    }

    /// Adds to a value block, or takes from it.
    fn change_value(&mut self, _block: u16, _by: i32) -> u16 {
        status::NOT_SUPPORTED
    }

    /// Copies a value block to another of the same sector.
    fn restore(&mut self, _from: u16, _to: u16) -> u16 {
        status::NOT_SUPPORTED
    }

    /// FF B0: the whole R-APDU for reading from `block`.
    fn read(&mut self, block: u16, le: u8) -> Vec<u8>;

    /// FF D6: writes `data` to `block`.
    fn write(&mut self, block: u16, data: &[u8]) -> u16;
}

/// The one command whose lengths are not those of ISO 7816-4: `FF 88`, the
/// block in two bytes, the key kind, the key slot.
pub(crate) fn parse_older(bytes: &[u8]) -> Option<Command<'_>> {
    let (&[CLA, AUTHENTICATE, p1, p2], data @ [_, _]) = bytes.split_first_chunk()? else {
        return None;
    };
    Some(Command {
        cla: CLA,
        ins: AUTHENTICATE,
        p1,
        p2,
        data,
        le: None,
    })
}

/// What a reader knows of the card in its field.
pub(crate) struct Face<'a> {
    /// The UID, PUPI or `IDm`.
    pub(crate) uid: &'a [u8],
    /// The historical bytes of the ATS; `None` for cards without one.
    pub(crate) historical: Option<&'a [u8]>,
    /// The memory of a storage card.
    pub(crate) memory: Option<&'a mut dyn Memory>,
}

impl Face<'_> {
    /// The reader's answer to one pseudo-APDU.
    pub(crate) fn answer(self, command: &Command<'_>) -> Vec<u8> {
        if command.ins == GET_DATA {
            return self.get_data(command);
        }
        let Some(memory) = self.memory else {
            return refuse(match command.ins {
                LOAD_KEYS | GENERAL_AUTHENTICATE | AUTHENTICATE | READ_BINARY | UPDATE_BINARY
                | VALUE => status::NOT_SUPPORTED,
                _ => status::UNKNOWN_INS,
            });
        };
        if memory.refuses(command.ins == GENERAL_AUTHENTICATE) {
            return refuse(status::UNKNOWN_INS);
        }
        let mut response = storage(command, memory);
        if memory.has_one_byte_status() {
            response.pop();
        }
        response
    }

    /// FF CA (PC/SC Part 3, §3.2.2.1.3).
    ///
    /// Le `00` takes all; a smaller Le than there are bytes is corrected by
    /// `6Cxx`, a greater one gets them all and a warning.
    fn get_data(&self, command: &Command<'_>) -> Vec<u8> {
        let bytes = match (command.p1, command.p2) {
            (UID, 0) => self.uid,
            (HISTORICAL_BYTES, 0) => match self.historical {
                Some(bytes) => bytes,
                None => return refuse(status::NOT_SUPPORTED),
            },
            _ => return refuse(status::NOT_SUPPORTED),
        };
        let Some(le) = command.le else {
            return refuse(status::WRONG_LENGTH);
        };
        match usize::from(le) {
            0 => reply(bytes, status::OK),
            asked if asked < bytes.len() => refuse(status::right_length(bytes.len())),
            asked if asked > bytes.len() => reply(bytes, status::END_REACHED),
            _ => reply(bytes, status::OK),
        }
    }
}

/// The commands for storage cards, on a reader that knows them.
fn storage(command: &Command<'_>, memory: &mut dyn Memory) -> Vec<u8> {
    match (command.ins, command.data, command.le) {
        (LOAD_KEYS, key, _) => refuse(memory.load_key(command.p1, command.p2, key)),
        (GENERAL_AUTHENTICATE, data, _) => refuse(general_authenticate(command, data, memory)),
        (AUTHENTICATE, &[key_kind, slot], _) => {
            refuse(memory.authenticate(command.p1_p2(), key_kind, slot))
        }
        (READ_BINARY, [], Some(le)) => memory.read(command.p1_p2(), le),
        (UPDATE_BINARY, data @ [_, ..], _) => refuse(memory.write(command.p1_p2(), data)),
        (DIRECT, &[TO_PN532, COMMUNICATE_THROUGH, ref frame @ ..], _) => {
            match memory.transceive(frame) {
                Some(answer) => {
                    let head = [FROM_PN532, COMMUNICATE_THROUGH + 1, 0x00];
                    reply(&[head.as_slice(), &answer].concat(), status::OK)
                }
                None => refuse(status::FAILED),
            }
        }
        (VALUE, &[deed @ (ADD | TAKE), a, b, c, d], _) => {
            let amount = i32::from_be_bytes([a, b, c, d]);
            let amount = if deed == ADD {
                amount
            } else {
                amount.wrapping_neg()
            };
            refuse(memory.change_value(command.p1_p2(), amount))
        }
        (VALUE, &[RESTORE, to], _) => refuse(memory.restore(command.p1_p2(), to.into())),
        (AUTHENTICATE | READ_BINARY | UPDATE_BINARY | VALUE, _, _) => refuse(status::WRONG_LENGTH),
        _ => refuse(status::UNKNOWN_INS),
    }
}

/// FF 86 (PC/SC Part 3, §3.2.2.1.6).
fn general_authenticate(command: &Command<'_>, data: &[u8], memory: &mut dyn Memory) -> u16 {
    match (command.p1_p2(), data) {
        (0, &[AUTHENTICATE_VERSION, high, low, key_kind, slot]) => {
            memory.authenticate(u16::from_be_bytes([high, low]), key_kind, slot)
        }
        (0, &[_, _, _, _, _]) => status::NOT_SUPPORTED,
        (0, _) => status::WRONG_LENGTH,
        _ => status::WRONG_P1_P2,
    }
}
