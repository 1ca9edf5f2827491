//! The directories, files and keys of an FMCOS card.
//!
//! Source: proxmark3 `doc/fmcos.md` (file kinds, access rights, key records).

use std::collections::BTreeMap;

use crate::chip::des::DesKey;

/// File id of the master file.
pub(crate) const MF: u16 = 0x3F00;

/// Who may do something: allowed while X ≥ state ≥ Y for the byte XY.
///
/// `F0` always, `EF` never; a high nibble of 0 looks at the master file's state
/// and asks only for Y.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Right(pub(crate) u8);

impl Right {
    pub(crate) const ALWAYS: Self = Self(0xF0);
    pub(crate) const NEVER: Self = Self(0xEF);

    /// Whether it is given in these states of the directory and of the MF.
    pub(crate) fn is_given(self, state: u8, mf_state: u8) -> bool {
        let (most, least) = (self.0 >> 4, self.0 & 0x0F);
        if most == 0 {
            mf_state >= least
        } else {
            (least..=most).contains(&state)
        }
    }
}

/// What a key is for, as its record says.
pub(crate) mod key_kind {
    pub(crate) const ENCRYPT: u8 = 0x30;
    pub(crate) const DECRYPT: u8 = 0x31;
    pub(crate) const MAC: u8 = 0x32;
    pub(crate) const INTERNAL: u8 = 0x34;
    pub(crate) const LINE_PROTECTION: u8 = 0x36;
    pub(crate) const UNBLOCK_PIN: u8 = 0x37;
    pub(crate) const RESET_PIN: u8 = 0x38;
    pub(crate) const EXTERNAL: u8 = 0x39;
    pub(crate) const PIN: u8 = 0x3A;
    pub(crate) const OVERDRAFT: u8 = 0x3C;
    pub(crate) const UNLOAD: u8 = 0x3D;
    pub(crate) const PURCHASE: u8 = 0x3E;
    pub(crate) const LOAD: u8 = 0x3F;

    /// All of them.
    pub(crate) const ALL: [u8; 13] = [
        ENCRYPT,
        DECRYPT,
        MAC,
        INTERNAL,
        LINE_PROTECTION,
        UNBLOCK_PIN,
        RESET_PIN,
        EXTERNAL,
        PIN,
        OVERDRAFT,
        UNLOAD,
        PURCHASE,
        LOAD,
    ];
}

/// One key record.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    /// One of [`key_kind`], without the protection bits.
    pub(crate) kind: u8,
    pub(crate) id: u8,
    /// Whether it is written only encrypted and with a MAC (kind byte `+C0`).
    pub(crate) is_protected: bool,
    pub(crate) usage: Right,
    pub(crate) change: Right,
    /// The state after success; only kinds 39 and 3A use it.
    pub(crate) follow_up: u8,
    /// Tries at the most and tries left, a nibble each; `FF` on kinds that
    /// count none.
    pub(crate) tries: u8,
    /// 8 or 16 bytes; a PIN has 2 to 6.
    pub(crate) value: Vec<u8>,
}

impl Key {
    /// Takes a key record apart: kind, usage, change, two bytes by kind, value.
    ///
    /// `None` when the kind is unknown or the value has a wrong length.
    pub(crate) fn parse(id: u8, record: &[u8]) -> Option<Self> {
        let (&[kind, usage, change, third, fourth], value) = record.split_first_chunk()?;
        let (protection, kind) = (kind & 0xC0, kind & 0x3F);
        if !key_kind::ALL.contains(&kind) {
            return None;
        }
        let has_length = match kind {
            key_kind::PIN => (2..=6).contains(&value.len()),
            _ => matches!(value.len(), 8 | 16),
        };
        let counts = matches!(kind, key_kind::LINE_PROTECTION..=key_kind::PIN);
        has_length.then(|| Self {
            kind,
            id,
            is_protected: protection == 0xC0,
            usage: Right(usage),
            change: Right(change),
            follow_up: third & 0x0F,
            tries: if counts { fourth } else { 0xFF },
            value: value.to_vec(),
        })
    }

    /// The value as a key for calculations; a PIN is none.
    pub(crate) fn des(&self) -> Option<DesKey> {
        DesKey::new(&self.value)
    }

    pub(crate) fn n_left(&self) -> u8 {
        self.tries & 0x0F
    }

    /// A wrong value was shown; how many tries are left.
    pub(crate) fn count_failure(&mut self) -> u8 {
        let left = self.n_left().saturating_sub(1);
        self.tries = (self.tries & 0xF0) | left;
        left
    }

    /// The right value was shown.
    pub(crate) fn forgive(&mut self) {
        self.tries = (self.tries & 0xF0) | (self.tries >> 4);
    }

    /// Bytes that the record takes in the key file.
    fn size(&self) -> usize {
        self.value.len() + 8
    }
}

/// What is in an elementary file.
#[derive(Clone, Debug)]
pub(crate) enum Content {
    /// 28: bytes.
    Binary(Vec<u8>),
    /// 2A: records of one length, as many as were appended.
    Fixed {
        most: usize,
        length: usize,
        records: Vec<Vec<u8>>,
    },
    /// 2C: records of any length, each tag, length and value.
    Variable { space: usize, records: Vec<Vec<u8>> },
    /// 2E: the newest record first; the oldest goes when the file is full.
    Cyclic {
        most: usize,
        length: usize,
        records: Vec<Vec<u8>>,
    },
    /// 2F: a purse and its log.
    Purse { balance: u32 },
}

/// How exchanges with a file are protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protection {
    None,
    /// `+80`: each write carries a MAC.
    Mac,
    /// `+C0`: data are encrypted besides.
    Encrypted,
}

impl Protection {
    /// From the two high bits of a kind byte.
    pub(crate) fn of(kind: u8) -> Self {
        match kind & 0xC0 {
            0xC0 => Self::Encrypted,
            0x80 => Self::Mac,
            _ => Self::None,
        }
    }
}

/// An elementary file.
#[derive(Clone, Debug)]
pub(crate) struct File {
    pub(crate) content: Content,
    pub(crate) protection: Protection,
    pub(crate) read: Right,
    pub(crate) write: Right,
    /// Bit 7 unset: plain reads are refused. Bits 3–2 and 1–0 name the keys for
    /// reading and writing, `11` standing for id 00.
    pub(crate) access: u8,
}

impl File {
    /// A transparent file that everybody reads and writes.
    pub(crate) fn open(data: Vec<u8>) -> Self {
        Self {
            content: Content::Binary(data),
            protection: Protection::None,
            read: Right::ALWAYS,
            write: Right::ALWAYS,
            access: 0xFF,
        }
    }

    /// Takes the data field of CREATE FILE for an elementary file apart.
    pub(crate) fn parse(data: &[u8]) -> Option<Self> {
        let &[kind, high, low, read, write, _, access] = data else {
            return None;
        };
        let space = usize::from(u16::from_be_bytes([high, low]));
        let (most, length) = (usize::from(high), usize::from(low));
        let content = match kind & 0x3F {
            0x28 => Content::Binary(vec![0; space]),
            0x2A => Content::Fixed {
                most,
                length,
                records: Vec::new(),
            },
            0x2C => Content::Variable {
                space,
                records: Vec::new(),
            },
            0x2E => Content::Cyclic {
                most,
                length,
                records: Vec::new(),
            },
            0x2F => Content::Purse { balance: 0 },
            _ => return None,
        };
        Some(Self {
            content,
            protection: Protection::of(kind),
            read: Right(read),
            write: Right(write),
            access,
        })
    }

    pub(crate) fn read_key(&self) -> u8 {
        3 - ((self.access >> 2) & 0b11)
    }

    pub(crate) fn write_key(&self) -> u8 {
        3 - (self.access & 0b11)
    }

    /// Whether reads must carry a MAC.
    pub(crate) fn is_read_protected(&self) -> bool {
        self.protection != Protection::None && self.access & 0x80 == 0
    }

    /// Bytes that the file takes in its directory.
    fn size(&self) -> usize {
        match &self.content {
            Content::Binary(bytes) => bytes.len(),
            Content::Fixed { most, length, .. } | Content::Cyclic { most, length, .. } => {
                most * length
            }
            Content::Variable { space, .. } => *space,
            Content::Purse { .. } => 16,
        }
    }
}

/// A directory: the master file or one below it.
#[derive(Clone, Debug)]
pub(crate) struct Directory {
    pub(crate) parent: Option<u16>,
    pub(crate) name: Vec<u8>,
    pub(crate) space: usize,
    pub(crate) create: Right,
    pub(crate) erase: Right,
    /// Bits 7–5 say whether it is an application, bits 4–0 are the short id of
    /// the file that SELECT repeats.
    pub(crate) application: u8,
    /// The right to add keys; `None` before the key file is created.
    pub(crate) key_file: Option<(Right, usize)>,
    pub(crate) keys: Vec<Key>,
    pub(crate) files: BTreeMap<u16, File>,
    /// No right is asked for until the directory is left.
    pub(crate) is_open: bool,
    pub(crate) block: Block,
}

/// Whether an application was blocked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Block {
    No,
    UntilUnblocked,
    ForEver,
}

impl Directory {
    /// An empty one, in which everything is allowed.
    pub(crate) fn new(parent: Option<u16>, name: &[u8], space: usize) -> Self {
        Self {
            parent,
            name: name.to_vec(),
            space,
            create: Right::ALWAYS,
            erase: Right::ALWAYS,
            application: 0,
            key_file: None,
            keys: Vec::new(),
            files: BTreeMap::new(),
            is_open: true,
            block: Block::No,
        }
    }

    /// Takes the data field of CREATE FILE for a directory apart.
    pub(crate) fn parse(parent: u16, data: &[u8]) -> Option<Self> {
        let (&[0x38, high, low, create, erase, application, _, _], name) =
            data.split_first_chunk()?
        else {
            return None;
        };
        (name.len() <= 16).then(|| {
            let space = usize::from(u16::from_be_bytes([high, low]));
            let mut directory = Self::new(Some(parent), name, space);
            directory.create = Right(create);
            directory.erase = Right(erase);
            directory.application = application;
            directory
        })
    }

    pub(crate) fn key(&self, kind: u8, id: u8) -> Option<&Key> {
        self.keys
            .iter()
            .find(|key| (key.kind, key.id) == (kind, id))
    }

    pub(crate) fn key_mut(&mut self, kind: u8, id: u8) -> Option<&mut Key> {
        let is_it = |key: &&mut Key| (key.kind, key.id) == (kind, id);
        self.keys.iter_mut().find(is_it)
    }

    /// The file of a short id: the low five bits of its file id.
    pub(crate) fn by_short_id(&self, short_id: u8) -> Option<u16> {
        let is_it = |id: &&u16| id.to_be_bytes() == [0, short_id];
        self.files.keys().find(is_it).copied()
    }

    /// Bytes that its files take, without directories below.
    pub(crate) fn used(&self) -> usize {
        let keys = self.key_file.map_or(0, |(_, space)| space);
        keys + self.files.values().map(File::size).sum::<usize>()
    }

    /// Whether one more key fits into the key file.
    pub(crate) fn has_room_for(&self, key: &Key) -> bool {
        let used: usize = self.keys.iter().map(Key::size).sum();
        self.key_file
            .is_some_and(|(_, space)| used + key.size() <= space)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_right_is_a_range_of_states() {
        let cases = [
            (0xF0, 0, 0, true, "always"),
            (0xF0, 15, 0, true, "always"),
            (0xF1, 0, 15, false, "one authentication here"),
            (0xF1, 1, 0, true, "one authentication here"),
            (0x53, 2, 0, false, "from 3"),
            (0x53, 5, 0, true, "to 5"),
            (0x53, 6, 0, false, "to 5"),
            (0xEF, 15, 15, false, "never"),
            (0x02, 15, 1, false, "the master file's state"),
            (0x02, 0, 2, true, "the master file's state"),
        ];
        for (right, state, mf_state, expected, why) in cases {
            let given = Right(right).is_given(state, mf_state);
            assert_eq!(given, expected, "{right:02X} in {state}, {mf_state}: {why}");
        }
    }

    #[test]
    fn a_key_record_is_taken_apart_by_its_kind() {
        let external = Key::parse(
            3,
            &hex::decode("F9F002443 3FFFFFFFFFFFFFFFF".replace(' ', "")).unwrap(),
        );
        let external = external.unwrap();
        assert_eq!((external.kind, external.id), (key_kind::EXTERNAL, 3));
        assert!(external.is_protected);
        assert_eq!((external.follow_up, external.n_left()), (4, 3));
        for (record, why) in [
            ("39F0F04433FFFFFFFFFFFFFF", "seven bytes of key"),
            ("33F0F04433FFFFFFFFFFFFFFFF", "an unknown kind"),
            ("3AF0EF013312", "a PIN of one byte"),
            ("39F0F0", "no value"),
        ] {
            assert!(
                Key::parse(0, &hex::decode(record).unwrap()).is_none(),
                "{why}"
            );
        }
    }
}
