//! Applications and files of a DESFire card.
//!
//! Source: NXP MF2DLHX0 data sheet (file types, access rights, key settings).

use std::collections::BTreeMap;

use super::{session::Mode, status};
use crate::chip::aes::Block;

/// Key numbers of access rights that are no keys.
pub(super) const FREE: u8 = 0xE;

/// Settings of the card and of applications that everybody may list, create
/// in and delete from, and whose settings may change.
pub(super) const OPEN_SETTINGS: u8 = 0x0F;
/// Everybody may list what is there.
const FREE_LISTING: u8 = 0x02;
/// Everybody may create, and delete what is below.
const FREE_CREATION: u8 = 0x04;
/// The settings themselves may change.
pub(super) const CHANGEABLE: u8 = 0x08;

/// Second settings byte of an application with AES keys.
pub(super) const AES: u8 = 0x80;

/// An application, or the card itself.
#[derive(Clone, Debug)]
pub(crate) struct Application {
    pub(super) settings: u8,
    pub(super) is_aes: bool,
    /// Key and version.
    pub(super) keys: Vec<(Block, u8)>,
    pub(crate) files: BTreeMap<u8, File>,
}

impl Application {
    /// `n_keys` AES keys of zeros, 14 at the most.
    pub(crate) fn new(settings: u8, n_keys: u8) -> Self {
        Self {
            settings,
            is_aes: true,
            keys: vec![([0; 16], 0); usize::from(n_keys.min(14))],
            files: BTreeMap::new(),
        }
    }

    pub(crate) fn set_key(&mut self, number: u8, key: Block) {
        if let Some(place) = self.keys.get_mut(usize::from(number)) {
            place.0 = key;
        }
    }

    pub(crate) fn set_settings(&mut self, settings: u8) {
        self.settings = settings;
    }

    pub(super) fn may_list(&self, key: Option<u8>) -> bool {
        self.settings & FREE_LISTING != 0 || key == Some(0)
    }

    pub(super) fn may_create(&self, key: Option<u8>) -> bool {
        self.settings & FREE_CREATION != 0 || key == Some(0)
    }

    /// Forgets what was not committed.
    pub(super) fn abort(&mut self) {
        for file in self.files.values_mut() {
            file.pending = None;
        }
    }

    /// Makes what was written valid, all of it at once; whether there was any.
    pub(super) fn commit(&mut self) -> bool {
        let mut changed = false;
        for file in self.files.values_mut() {
            if let Some(pending) = file.pending.take() {
                file.content = pending;
                changed = true;
            }
        }
        changed
    }
}

/// Which key may do what; a nibble for each right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rights(pub(crate) u16);

impl Rights {
    /// The keys to read, to write, to do both and to change these rights.
    fn nibbles(self) -> [u8; 4] {
        let [high, low] = self.0.to_be_bytes();
        [high >> 4, high & 0x0F, low >> 4, low & 0x0F]
    }

    /// The key that changes these rights.
    pub(super) fn change(self) -> u8 {
        let [.., change] = self.nibbles();
        change
    }
}

/// What is done to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Deed {
    Read,
    Write,
    /// Only who may read and write both may.
    Both,
    /// Taking from a value: whoever may read, write or both.
    Any,
}

/// A file.
#[derive(Clone, Debug)]
pub(crate) struct File {
    pub(super) settings: u8,
    pub(super) rights: Rights,
    pub(crate) content: Content,
    /// What a commit would make of a file that is written with backup.
    pub(super) pending: Option<Content>,
}

/// What is in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    Standard(Vec<u8>),
    Backup(Vec<u8>),
    Value {
        least: i32,
        most: i32,
        value: i32,
        /// What may be credited with the right to write alone; `None` when that
        /// is not allowed.
        limited: Option<i32>,
    },
    /// The newest record last, as they are read.
    Records {
        is_cyclic: bool,
        length: usize,
        most: usize,
        records: Vec<Vec<u8>>,
    },
}

impl File {
    pub(crate) fn new(settings: u8, rights: Rights, content: Content) -> Self {
        Self {
            settings,
            rights,
            content,
            pending: None,
        }
    }

    /// How data travel for who authenticated with `key`, or `9D` when this may
    /// not be done. A right that is free for all makes it plain.
    pub(super) fn mode(&self, deed: Deed, key: Option<u8>) -> Result<Mode, u8> {
        let [read, write, both, _] = self.rights.nibbles();
        let holders: &[u8] = match deed {
            Deed::Read => &[read, both],
            Deed::Write => &[write, both],
            Deed::Both => &[both],
            Deed::Any => &[read, write, both],
        };
        if key.is_some_and(|key| holders.contains(&key)) {
            Ok(Mode::of(self.settings))
        } else if holders.contains(&FREE) {
            Ok(Mode::Plain)
        } else {
            Err(status::PERMISSION_DENIED)
        }
    }

    /// The answer to GET FILE SETTINGS.
    pub(super) fn describe(&self) -> Vec<u8> {
        let kind = match &self.content {
            Content::Standard(_) => 0x00,
            Content::Backup(_) => 0x01,
            Content::Value { .. } => 0x02,
            Content::Records { is_cyclic, .. } => 0x03 + u8::from(*is_cyclic),
        };
        let mut answer = vec![kind, self.settings];
        answer.extend(self.rights.0.to_le_bytes());
        match &self.content {
            Content::Standard(bytes) | Content::Backup(bytes) => {
                answer.extend(three_bytes(bytes.len()));
            }
            Content::Value {
                least,
                most,
                limited,
                ..
            } => {
                answer.extend(least.to_le_bytes());
                answer.extend(most.to_le_bytes());
                answer.extend(limited.unwrap_or_default().to_le_bytes());
                answer.push(u8::from(limited.is_some()));
            }
            Content::Records {
                length,
                most,
                records,
                ..
            } => {
                for number in [*length, *most, records.len()] {
                    answer.extend(three_bytes(number));
                }
            }
        }
        answer
    }

    /// The content that a write changes: the file's own on a standard file, else
    /// a copy that waits for the commit.
    pub(super) fn writable(&mut self) -> &mut Content {
        if matches!(self.content, Content::Standard(_)) {
            &mut self.content
        } else {
            self.pending.get_or_insert_with(|| self.content.clone())
        }
    }
}

/// A number as three bytes, the lowest first.
fn three_bytes(number: usize) -> [u8; 3] {
    let [a, b, c, ..] = number.to_le_bytes();
    [a, b, c]
}
