//! ISO 7816-4 files behind ISO 14443-4, as far as reading needs them.
//!
//! Sources: ISO/IEC 7816-4:2005, §7; proxmark3 `doc/fmcos.md` for the status
//! words; nfcim/nfsee `assets/read.js` for what is asked.

use std::{collections::BTreeMap, iter};

use super::{
    command::{Command, refuse, reply, reply_exactly},
    status,
    tlv::tlv,
};

const CLA_ISO: u8 = 0x00;
/// Class of the purse commands (PBOC).
const CLA_PURSE: u8 = 0x80;

const SELECT: u8 = 0xA4;
const READ_BINARY: u8 = 0xB0;
const READ_RECORD: u8 = 0xB2;
const GET_BALANCE: u8 = 0x5C;

/// P1 of SELECT.
const BY_FILE_ID: u8 = 0x00;
const BY_NAME: u8 = 0x04;
/// P1 of READ BINARY: the low five bits are an SFI.
const WITH_SFI: u8 = 0x80;
/// The low bits of P2 of READ RECORD: P1 is a record's number.
const RECORD_NUMBER: u8 = 0x04;

/// File id of the master file.
const MF: u16 = 0x3F00;

/// Tags of the answer to SELECT (ISO/IEC 7816-4:2005, §5.3.3; PBOC 2.0).
const FCI: &[u8] = &[0x6F];
const DF_NAME: &[u8] = &[0x84];
const PROPRIETARY: &[u8] = &[0xA5];
const VERSION: &[u8] = &[0x9F, 0x08];
const ISSUER_DATA: &[u8] = &[0x9F, 0x0C];

/// The most bytes that a short Le can ask for.
const MOST: usize = 256;

/// A directory: the master file or an application.
#[derive(Clone, Debug, Default)]
pub(crate) struct Directory {
    /// By which SELECT finds it.
    pub(crate) file_id: Option<u16>,
    /// By which SELECT finds it; empty when it has none.
    pub(crate) name: Vec<u8>,
    /// The file whose content the answer to SELECT repeats under `9F0C`.
    pub(crate) info_file: Option<u8>,
    /// The whole data field of the answer to SELECT, instead of a made one.
    pub(crate) select_answer: Option<Vec<u8>>,
    /// Transparent files by SFI.
    pub(crate) files: BTreeMap<u8, Vec<u8>>,
    /// Records by SFI; the first is record 1.
    pub(crate) records: BTreeMap<u8, Vec<Vec<u8>>>,
    /// Purse values by P1 and P2 of GET BALANCE.
    pub(crate) balances: BTreeMap<(u8, u8), u32>,
}

impl Directory {
    /// The data field of the answer to SELECT.
    fn fci(&self) -> Vec<u8> {
        if let Some(answer) = &self.select_answer {
            return answer.clone();
        }
        let mut content = tlv(DF_NAME, &self.name);
        if let Some(info) = self.info_file.and_then(|sfi| self.files.get(&sfi)) {
            let mut proprietary = tlv(VERSION, &[0x02]);
            proprietary.extend(tlv(ISSUER_DATA, info));
            content.extend(tlv(PROPRIETARY, &proprietary));
        }
        tlv(FCI, &content)
    }
}

/// A card of files. The master file is selected at power-up.
#[derive(Clone, Debug, Default)]
pub(crate) struct CpuCard {
    /// The master file first, then what can be selected besides; none on a card
    /// that knows no files.
    directories: Vec<Directory>,
    selected: usize,
    /// The transparent file read last.
    current: Option<u8>,
}

impl CpuCard {
    /// A card with this master file and at most one application.
    pub(crate) fn new(mut root: Directory, application: Option<Directory>) -> Self {
        root.file_id = Some(MF);
        Self {
            directories: iter::once(root).chain(application).collect(),
            ..Self::default()
        }
    }

    /// The master file.
    pub(crate) fn root_mut(&mut self) -> Option<&mut Directory> {
        self.directories.first_mut()
    }

    /// The application, on a card that has one.
    pub(crate) fn application_mut(&mut self) -> Option<&mut Directory> {
        self.directories.get_mut(1)
    }

    pub(crate) fn power_up(&mut self) {
        self.selected = 0;
        self.current = None;
    }

    pub(crate) fn answer(&mut self, command: &Command<'_>) -> Vec<u8> {
        match (command.cla, command.ins) {
            (CLA_ISO, SELECT) => self.select(command),
            (CLA_ISO, READ_BINARY) => self.read_binary(command),
            (CLA_ISO, READ_RECORD) => self.read_record(command),
            (CLA_PURSE, GET_BALANCE) => self.balance(command),
            (CLA_ISO | CLA_PURSE, _) => refuse(status::UNKNOWN_INS),
            _ => refuse(status::UNKNOWN_CLA),
        }
    }

    /// A failed SELECT changes nothing (ISO/IEC 7816-4:2005, §7.1.1).
    ///
    /// Cards of these families send the whole answer even without Le.
    fn select(&mut self, command: &Command<'_>) -> Vec<u8> {
        let is_it = |directory: &Directory| match (command.p1, command.data) {
            (BY_FILE_ID, []) => directory.file_id == Some(MF),
            (BY_FILE_ID, &[high, low]) => {
                directory.file_id == Some(u16::from_be_bytes([high, low]))
            }
            (BY_NAME, name) => !name.is_empty() && directory.name == name,
            _ => false,
        };
        if !matches!(command.p1, BY_FILE_ID | BY_NAME) {
            return refuse(status::WRONG_P1_P2);
        }
        let Some(selected) = self.directories.iter().position(is_it) else {
            return refuse(status::NOT_FOUND);
        };
        let fci = self.directories.get(selected).map(Directory::fci);
        let fci = fci.unwrap_or_default();
        self.selected = selected;
        self.current = None;
        match command.le.map(usize::from) {
            Some(asked) if asked != 0 && asked < fci.len() => {
                refuse(status::right_length(fci.len()))
            }
            _ => reply(&fci, status::OK),
        }
    }

    fn read_binary(&mut self, command: &Command<'_>) -> Vec<u8> {
        let Some(le) = command.le.filter(|_| command.data.is_empty()) else {
            return refuse(status::WRONG_LENGTH);
        };
        let (sfi, offset) = if command.p1 & WITH_SFI == 0 {
            let Some(current) = self.current else {
                return refuse(status::NO_CURRENT_FILE);
            };
            (current, usize::from(command.p1_p2()))
        } else {
            (command.p1 & 0x1F, usize::from(command.p2))
        };
        let directory = self.directories.get(self.selected);
        let Some(file) = directory.and_then(|directory| directory.files.get(&sfi)) else {
            let is_records = directory.is_some_and(|found| found.records.contains_key(&sfi));
            return refuse(if is_records {
                status::WRONG_FILE_KIND
            } else {
                status::NOT_FOUND
            });
        };
        let response = match file.get(offset..) {
            None | Some([]) => refuse(status::WRONG_OFFSET),
            Some(rest) => reply_at_most(rest, le),
        };
        self.current = Some(sfi);
        response
    }

    fn read_record(&self, command: &Command<'_>) -> Vec<u8> {
        let Some(le) = command.le.filter(|_| command.data.is_empty()) else {
            return refuse(status::WRONG_LENGTH);
        };
        if command.p2 & 0x07 != RECORD_NUMBER {
            return refuse(status::WRONG_P1_P2);
        }
        let directory = self.directories.get(self.selected);
        let records = directory.and_then(|found| found.records.get(&(command.p2 >> 3)));
        let Some(records) = records else {
            return refuse(status::NOT_FOUND);
        };
        let index = usize::from(command.p1).checked_sub(1);
        match index.and_then(|index| records.get(index)) {
            Some(record) => reply_exactly(record, le),
            None => refuse(status::RECORD_NOT_FOUND),
        }
    }

    /// 80 5C (PBOC 2.0, GET BALANCE): four bytes, the highest first.
    fn balance(&self, command: &Command<'_>) -> Vec<u8> {
        let Some(le) = command.le.filter(|_| command.data.is_empty()) else {
            return refuse(status::WRONG_LENGTH);
        };
        let directory = self.directories.get(self.selected);
        match directory.and_then(|found| found.balances.get(&(command.p1, command.p2))) {
            Some(balance) => reply_exactly(&balance.to_be_bytes(), le),
            None => refuse(status::NOT_FOUND),
        }
    }
}

/// READ BINARY: Le `00` takes what there is, up to 256 bytes; a greater Le
/// than there are bytes is corrected by `6Cxx`.
fn reply_at_most(rest: &[u8], le: u8) -> Vec<u8> {
    let rest = rest.get(..MOST).unwrap_or(rest);
    match usize::from(le) {
        0 => reply(rest, status::OK),
        asked => match rest.get(..asked) {
            Some(bytes) => reply(bytes, status::OK),
            None => refuse(status::right_length(rest.len())),
        },
    }
}
