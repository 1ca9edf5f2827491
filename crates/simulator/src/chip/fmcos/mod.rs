//! FMCOS, the card operating system of Fudan's FM1208 and its relatives:
//! directories, rights by security state, keys that are never read.
//!
//! Source: proxmark3 `doc/fmcos.md`, `doc/fmcos_example.md` and
//! `client/src/cmdhffmcos.c`. Where builds differ or the sources say nothing,
//! the place says so.

mod authenticate;
mod files;
mod personalise;
mod protection;
mod tree;

use std::collections::BTreeMap;

use self::tree::Block;
pub(crate) use self::tree::{Content, Directory, File, Key, MF, Protection, Right, key_kind};
use super::{
    command::{Command, refuse, reply},
    des::BLOCK,
    noise::Noise,
    status,
    tlv::tlv,
};
use protection::WITH_MAC;

const CLA_ISO: u8 = 0x00;
const CLA_OWN: u8 = 0x80;
/// Class of a CPU TID card's command that erases it.
const CLA_TID: u8 = 0xE0;

const ERASE_DIRECTORY: u8 = 0x0E;
const BLOCK_CARD: u8 = 0x16;
const UNBLOCK_APPLICATION: u8 = 0x18;
const BLOCK_APPLICATION: u8 = 0x1E;
const VERIFY: u8 = 0x20;
const TID_SET_KEY: u8 = 0x21;
const UNBLOCK_PIN: u8 = 0x24;
const INITIALISE: u8 = 0x50;
const LOAD: u8 = 0x52;
const PURCHASE: u8 = 0x54;
const UPDATE_OVERDRAFT: u8 = 0x58;
const GET_PROOF: u8 = 0x5A;
const GET_BALANCE: u8 = 0x5C;
const CHANGE_PIN: u8 = 0x5E;
const EXTERNAL_AUTHENTICATE: u8 = 0x82;
const GET_CHALLENGE: u8 = 0x84;
const TID_SET_UID: u8 = 0x85;
const INTERNAL_AUTHENTICATE: u8 = 0x88;
const SELECT: u8 = 0xA4;
const READ_BINARY: u8 = 0xB0;
const READ_RECORD: u8 = 0xB2;
const WRITE_KEY: u8 = 0xD4;
const UPDATE_BINARY: u8 = 0xD6;
const UPDATE_RECORD: u8 = 0xDC;
const CREATE_FILE: u8 = 0xE0;
const APPEND_RECORD: u8 = 0xE2;
const TID_ERASE: u8 = 0xEC;
const TID_CONFIGURE: u8 = 0xEF;

/// P1 of SELECT.
const BY_FILE_ID: u8 = 0x00;
const BY_NAME: u8 = 0x04;

/// Tags of the answer to SELECT.
const FCI: &[u8] = &[0x6F];
const DF_NAME: &[u8] = &[0x84];
const PROPRIETARY: &[u8] = &[0xA5];
const SHORT_ID: &[u8] = &[0x88];
const ISSUER_DATA: &[u8] = &[0x9F, 0x0C];

/// The name that the master file is made with.
const MF_NAME: &[u8] = b"1PAY.SYS.DDF01";
/// Bytes of memory of an FM1208-10.
const SPACE: usize = 8 * 1024;
/// Bytes of a key file that a description makes.
const KEY_FILE: usize = 0x0400;
/// The series of challenges unless told another.
const SEED: u64 = 0x4658_1208;

/// One card.
#[derive(Clone, Debug)]
pub(crate) struct Fmcos {
    directories: BTreeMap<u16, Directory>,
    is_blocked: bool,
    /// A "CPU TID" imitation: it believes any external authentication.
    is_imitation: bool,
    /// The UID that an imitation was told to show from the next activation on.
    pub(crate) programmed_uid: Option<Vec<u8>>,
    /// Survives the loss of power, so that no challenge comes twice.
    noise: Noise,
    life: Life,
}

/// What power-up forgets.
#[derive(Clone, Debug)]
struct Life {
    directory: u16,
    file: Option<u16>,
    state: u8,
    mf_state: u8,
    /// Of the command just before, filled with zeros to a block.
    challenge: Option<[u8; BLOCK]>,
}

impl Default for Life {
    fn default() -> Self {
        Self {
            directory: MF,
            file: None,
            state: 0,
            mf_state: 0,
            challenge: None,
        }
    }
}

impl Fmcos {
    /// A card as it comes from the factory: an open master file.
    pub(crate) fn blank() -> Self {
        let mut root = Directory::new(None, MF_NAME, SPACE);
        root.application = 0x01;
        Self {
            directories: BTreeMap::from([(MF, root)]),
            is_blocked: false,
            is_imitation: false,
            programmed_uid: None,
            noise: Noise::new(SEED),
            life: Life::default(),
        }
    }

    /// Takes away everything but an open master file.
    pub(crate) fn blank_out(&mut self) {
        self.directories = Self::blank().directories;
    }

    pub(crate) fn set_imitation(&mut self) {
        self.is_imitation = true;
    }

    /// The directory of that file id, for descriptions.
    pub(crate) fn directory_mut(&mut self, id: u16) -> Option<&mut Directory> {
        self.directories.get_mut(&id)
    }

    /// Puts a key into a directory; one of the same kind and id goes.
    pub(crate) fn put_key(&mut self, directory: u16, key: Key) {
        if let Some(directory) = self.reach_directory(directory) {
            directory.key_file.get_or_insert((Right::ALWAYS, KEY_FILE));
            directory
                .keys
                .retain(|old| (old.kind, old.id) != (key.kind, key.id));
            directory.keys.push(key);
        }
    }

    /// Puts a file into a directory; one of the same id goes.
    pub(crate) fn put_file(&mut self, directory: u16, id: u16, file: File) {
        if let Some(directory) = self.reach_directory(directory) {
            directory.files.insert(id, file);
        }
    }

    /// The directory of that id, made if need be.
    fn reach_directory(&mut self, id: u16) -> Option<&mut Directory> {
        if !self.directories.contains_key(&id) {
            self.put_directory(id, &[]);
        }
        self.directories.get_mut(&id)
    }

    /// Puts a directory below the master file; one of that id goes.
    pub(crate) fn put_directory(&mut self, id: u16, name: &[u8]) -> Option<&mut Directory> {
        if id != MF {
            let directory = Directory::new(Some(MF), name, SPACE / 4);
            self.directories.insert(id, directory);
        }
        self.directories.get_mut(&id)
    }

    /// Forgets all that is selected and authenticated. Directories with a key
    /// file ask for rights from now on.
    pub(crate) fn power_up(&mut self) {
        self.life = Life::default();
        for directory in self.directories.values_mut() {
            directory.is_open &= directory.key_file.is_none();
        }
    }

    /// The field went away during a command.
    pub(crate) fn tear(&mut self, old: &Self, noise: &mut Noise) {
        // A directory is made whole or not at all: no source tells otherwise,
        // and half of one could only be taken away with all that is on a card.
        self.directories
            .retain(|id, _| old.directories.contains_key(id) || noise.coin());
        for (id, now) in &mut self.directories {
            if let Some(old) = old.directories.get(id) {
                now.tear(old, noise);
            }
        }
    }

    pub(crate) fn answer(&mut self, command: &Command<'_>) -> Vec<u8> {
        // A challenge is good for the very next command.
        let challenge = self.life.challenge.take();
        if self.is_blocked {
            return refuse(status::LOCKED);
        }
        if self.is_imitation
            && let Some(response) = self.provision(command)
        {
            return response;
        }
        match (command.cla & !WITH_MAC, command.ins) {
            (CLA_ISO, SELECT) => self.select(command),
            (CLA_ISO, GET_CHALLENGE) => self.get_challenge(command),
            (CLA_ISO, EXTERNAL_AUTHENTICATE) => self.external(command, challenge),
            (CLA_ISO, INTERNAL_AUTHENTICATE) => self.internal(command),
            (CLA_ISO, VERIFY) => self.verify(command),
            (CLA_ISO, READ_BINARY) => self.read_binary(command, challenge),
            (CLA_ISO, READ_RECORD) => self.read_record(command, challenge),
            (CLA_ISO, UPDATE_BINARY) => refuse_or_ok(self.update_binary(command, challenge)),
            (CLA_ISO, UPDATE_RECORD) => refuse_or_ok(self.update_record(command, challenge)),
            (CLA_ISO, APPEND_RECORD) => refuse_or_ok(self.append_record(command, challenge)),
            (CLA_OWN, GET_BALANCE) => self.balance(command),
            (CLA_OWN, CREATE_FILE) => refuse_or_ok(self.create_file(command)),
            (CLA_OWN, ERASE_DIRECTORY) => refuse_or_ok(self.erase(command)),
            (CLA_OWN, WRITE_KEY) => refuse_or_ok(self.write_key(command, challenge)),
            (CLA_OWN, CHANGE_PIN) => refuse_or_ok(self.change_pin(command)),
            (CLA_OWN, UNBLOCK_PIN) => refuse_or_ok(self.unblock_pin(command, challenge)),
            (CLA_OWN, BLOCK_CARD | BLOCK_APPLICATION | UNBLOCK_APPLICATION) => {
                refuse_or_ok(self.block(command, challenge))
            }
            // No purse here has keys for payments.
            (CLA_OWN, INITIALISE) => refuse(status::NO_PURSE_KEY),
            (CLA_OWN, LOAD | PURCHASE | UPDATE_OVERDRAFT | GET_PROOF) => {
                refuse(status::WRONG_STATE)
            }
            (CLA_ISO | CLA_OWN, _) => refuse(status::UNKNOWN_INS),
            _ => refuse(status::UNKNOWN_CLA),
        }
    }

    fn directory(&self) -> Option<&Directory> {
        self.directories.get(&self.life.directory)
    }

    fn current_mut(&mut self) -> Option<&mut Directory> {
        self.directories.get_mut(&self.life.directory)
    }

    /// Whether a right of the current directory is given now.
    fn is_given(&self, right: Right) -> bool {
        self.directory().is_some_and(|directory| {
            directory.is_open || right.is_given(self.life.state, self.life.mf_state)
        })
    }

    /// The state that a PIN or an external authentication leads to.
    fn reach(&mut self, state: u8) {
        self.life.state = state;
        if self.life.directory == MF {
            self.life.mf_state = state;
        }
    }

    /// A failed SELECT changes nothing. Selecting an elementary file answers
    /// with the status word alone, which no source tells.
    fn select(&mut self, command: &Command<'_>) -> Vec<u8> {
        let directory = match (command.p1, command.data) {
            (BY_FILE_ID, []) => Some(MF),
            (BY_FILE_ID, &[high, low]) => {
                let id = u16::from_be_bytes([high, low]);
                if self
                    .directory()
                    .is_some_and(|here| here.files.contains_key(&id))
                {
                    self.life.file = Some(id);
                    return refuse(status::OK);
                }
                self.reachable(id).then_some(id)
            }
            (BY_NAME, name) if !name.is_empty() => {
                let mut found = self.directories.iter();
                found.find_map(|(id, directory)| (directory.name == name).then_some(*id))
            }
            (BY_FILE_ID | BY_NAME, _) => return refuse(status::WRONG_LENGTH),
            _ => return refuse(status::WRONG_P1_P2),
        };
        let Some(id) = directory else {
            return refuse(status::NOT_FOUND);
        };
        match self.directories.get(&id).map(|directory| directory.block) {
            Some(Block::ForEver) => return refuse(status::LOCKED_FOR_EVER),
            Some(Block::UntilUnblocked) => {
                self.enter(id);
                return refuse(status::LOCKED);
            }
            _ => {}
        }
        self.enter(id);
        let fci = self.directory().map(fci).unwrap_or_default();
        match command.le.map(usize::from) {
            Some(asked) if asked != 0 && asked < fci.len() => {
                refuse(status::right_length(fci.len()))
            }
            _ => reply(&fci, status::OK),
        }
    }

    /// Whether SELECT by file id finds a directory from the current one: the
    /// master file, itself, its parent, its siblings and its children.
    fn reachable(&self, id: u16) -> bool {
        let here = self.life.directory;
        let parent = self.directory().and_then(|directory| directory.parent);
        self.directories.get(&id).is_some_and(|found| {
            id == MF || id == here || found.parent == Some(here) || found.parent == parent
        })
    }

    fn enter(&mut self, id: u16) {
        self.life.directory = id;
        self.life.file = None;
        self.reach(0);
        if let Some(directory) = self.current_mut() {
            directory.is_open &= directory.key_file.is_none();
        }
    }
}

/// The data field of the answer to SELECT.
fn fci(directory: &Directory) -> Vec<u8> {
    let short_id = directory.application & 0x1F;
    let info = directory.by_short_id(short_id);
    let proprietary = match info.and_then(|id| directory.files.get(&id)) {
        Some(File {
            content: Content::Binary(bytes),
            ..
        }) => tlv(ISSUER_DATA, bytes),
        _ => tlv(SHORT_ID, &[short_id]),
    };
    let mut content = tlv(DF_NAME, &directory.name);
    content.extend(tlv(PROPRIETARY, &proprietary));
    tlv(FCI, &content)
}

fn refuse_or_ok(result: Result<(), u16>) -> Vec<u8> {
    refuse(result.err().unwrap_or(status::OK))
}
