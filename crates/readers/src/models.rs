//! The table of reader models: which of them differs from PC/SC Part 3, and
//! how.
//!
//! A row fits a reader whose name holds all parts of one of its `names`; of the
//! rows that fit the last one holds, so special ones stand below general ones.
//! Each row cites the file in `hardware-notes/` that is its reason; each such
//! file names this one or says that it needs no row.
//!
//! The table says only what a wrong guess would make harmful or useless. That a
//! reader is contactless is never told by its name: a pseudo-APDU that reaches
//! a contact card can have effects there, so the ATR or the configuration
//! decides.

use xueka_transport::{
    Asked, Dialect, KeyPlace, Meaning, PassThrough, ReaderName, SlotKind, StatusRow, StorageNameRow,
};

use crate::SignalPlan;

/// One row: a model, or several that behave alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReaderModel {
    /// What the configuration calls it.
    pub key: &'static str,
    /// Parts of PC/SC names. It is this model when all parts of one entry are
    /// in the name.
    pub names: &'static [&'static [&'static str]],
    /// The file in `hardware-notes/` that tells what differs.
    pub notes: &'static str,
    /// What differs in commands and answers.
    pub dialect: Dialect,
    /// How it shows signals; `None` where it cannot or nobody knows how.
    pub signals: Option<&'static SignalPlan>,
}

impl ReaderModel {
    /// A reader of which nothing special is known.
    pub const UNKNOWN: Self = Self {
        key: "standard",
        names: &[],
        notes: "README.md",
        dialect: Dialect::STANDARD,
        signals: None,
    };

    /// The model of a reader, told by its name.
    #[must_use]
    pub fn by_name(name: &ReaderName) -> Self {
        let name = name.as_str();
        let fits = |row: &&Self| {
            let mut entries = row.names.iter();
            entries.any(|parts| parts.iter().all(|part| name.contains(part)))
        };
        let row = READER_MODELS.iter().rev().find(fits);
        row.copied().unwrap_or(Self::UNKNOWN)
    }

    /// All keys that [`Self::by_key`] knows.
    pub fn keys() -> impl Iterator<Item = &'static str> {
        let rows = READER_MODELS.iter().chain([&Self::UNKNOWN]);
        rows.map(|row| row.key)
    }

    /// The model that the configuration calls by this key.
    #[must_use]
    pub fn by_key(key: &str) -> Option<Self> {
        let rows = READER_MODELS.iter().chain([&Self::UNKNOWN]);
        rows.copied().find(|row| row.key == key)
    }
}

/// Volatile memory alone.
const VOLATILE: &[u8] = &[0x00];

/// ACS answers 63 00 to every failure: tried again, it would be the same.
const ACS_STATUS_WORDS: &[StatusRow] = &[to(Asked::LoadKey, 0x6300, Meaning::KeyNotTaken)];

const OMNIKEY_X27_STATUS_WORDS: &[StatusRow] = &[
    any(0x6400, Meaning::NoAnswer),
    to(Asked::Access, 0x6581, Meaning::NoSuchBlock),
    // Here 6984 refuses the memory and 6986 the kind of key, while the
    // standard's 6986 refuses the memory.
    to(Asked::LoadKey, 0x6984, Meaning::WrongMemory),
    to(Asked::LoadKey, 0x6986, Meaning::KeyNotTaken),
];

const SPRINGCARD_STATUS_WORDS: &[StatusRow] = &[
    any(0x6F01, Meaning::NoAnswer),
    any(0x6F02, Meaning::NoAnswer),
    any(0x6F04, Meaning::KeyRefused),
    any(0x6F05, Meaning::NoAnswer),
    any(0x6F0A, Meaning::NotAuthenticated),
    any(0x6F18, Meaning::NoAnswer),
    any(0x6F1B, Meaning::NoAnswer),
    any(0x6F21, Meaning::WrongCard),
];

const ID3_STATUS_WORDS: &[StatusRow] = &[
    any(0x6FFD, Meaning::WrongCard),
    any(0x6FFE, Meaning::WrongCard),
    any(0x6FFF, Meaning::NoAnswer),
];

/// Takes a MIFARE Plus in security level 1 for the Classic that it imitates.
const ACR1222L_STORAGE_NAMES: &[StorageNameRow] = &[StorageNameRow {
    reported: 0x0001,
    meant: 0x0036,
    always: false,
}];

/// Knows no MIFARE Plus.
const SPRINGCARD_STORAGE_NAMES: &[StorageNameRow] = &[StorageNameRow {
    reported: 0xFFA0,
    meant: 0x0037,
    always: false,
}];

/// Gives a MIFARE Classic 1K no name.
const ID3_STORAGE_NAMES: &[StorageNameRow] = &[StorageNameRow {
    reported: 0x0000,
    meant: 0x0001,
    always: true,
}];

/// Keys by kind: P2 of LOAD KEYS is 60 or 61, and there is one slot, 01.
const SCM: Dialect = Dialect {
    key_memories: VOLATILE,
    key_a: KeyPlace {
        load_slot: 0x60,
        kind: 0x60,
        slot: 0x01,
    },
    key_b: KeyPlace {
        load_slot: 0x61,
        kind: 0x61,
        slot: 0x01,
    },
    ..Dialect::STANDARD
};

/// One volatile slot, 20, beside the non-volatile ones 00 to 1F. These are left
/// alone: a key would stay there.
const ACS_SESSION_KEY: Dialect = Dialect {
    key_memories: VOLATILE,
    key_a: KeyPlace {
        load_slot: 0x20,
        kind: 0x60,
        slot: 0x20,
    },
    key_b: KeyPlace {
        load_slot: 0x20,
        kind: 0x61,
        slot: 0x20,
    },
    status_words: ACS_STATUS_WORDS,
    ..Dialect::STANDARD
};

const CONTACT_SLOT: Dialect = Dialect {
    slot: SlotKind::Contact,
    ..Dialect::STANDARD
};

/// The table.
pub const READER_MODELS: &[ReaderModel] = &[
    ReaderModel {
        key: "acs-acr122u",
        names: &[&["ACR122"]],
        notes: "reader-acs-acr122u.md",
        dialect: Dialect {
            key_memories: VOLATILE,
            status_words: ACS_STATUS_WORDS,
            pass_through: PassThrough::Pn532,
            ..Dialect::STANDARD
        },
        signals: Some(&SignalPlan::ACR122),
    },
    ReaderModel {
        key: "acs-acr1222l",
        names: &[&["ACR1222"]],
        notes: "reader-acs-acr1222l.md",
        dialect: Dialect {
            key_memories: VOLATILE,
            status_words: ACS_STATUS_WORDS,
            storage_names: ACR1222L_STORAGE_NAMES,
            ..Dialect::STANDARD
        },
        signals: Some(&SignalPlan::ACR1222L),
    },
    ReaderModel {
        key: "acs-acr1252u",
        names: &[&["ACR1252"], &["ACM1252"]],
        notes: "reader-acs-acr1252u.md",
        dialect: Dialect {
            key_memories: VOLATILE,
            status_words: ACS_STATUS_WORDS,
            ..Dialect::STANDARD
        },
        signals: Some(&SignalPlan::ACR1252),
    },
    ReaderModel {
        key: "acs-acr1281u",
        names: &[&["ACR1281"], &["ACM1281"]],
        notes: "reader-acs-acr1281-acr1255.md",
        dialect: ACS_SESSION_KEY,
        signals: Some(&SignalPlan::ACR1252),
    },
    ReaderModel {
        key: "acs-acr1255u",
        names: &[&["ACR1255"]],
        notes: "reader-acs-acr1281-acr1255.md",
        dialect: Dialect {
            status_words: ACS_STATUS_WORDS,
            ..Dialect::STANDARD
        },
        signals: Some(&SignalPlan::ACR1255),
    },
    // Volatile memory is always refused here, and asking first only costs time.
    ReaderModel {
        key: "omnikey-5321",
        names: &[
            &["OMNIKEY", "x21"],
            &["OMNIKEY", "5321"],
            &["OMNIKEY", "6321"],
            &["OMNIKEY", "5121"],
        ],
        notes: "reader-omnikey-5321.md",
        dialect: Dialect {
            key_memories: &[0x20, 0x00],
            ..Dialect::STANDARD
        },
        signals: None,
    },
    ReaderModel {
        key: "omnikey-5x27",
        names: &[
            &["OMNIKEY", "x27"],
            &["OMNIKEY", "5027"],
            &["OMNIKEY", "5127"],
            &["OMNIKEY", "5427"],
        ],
        notes: "reader-omnikey-5x27.md",
        dialect: Dialect {
            status_words: OMNIKEY_X27_STATUS_WORDS,
            ..Dialect::STANDARD
        },
        signals: None,
    },
    ReaderModel {
        key: "identiv-utrust",
        names: &[&["uTrust"], &["Identive CLOUD"]],
        notes: "reader-identiv-utrust.md",
        dialect: SCM,
        signals: None,
    },
    ReaderModel {
        key: "scm-scl010",
        names: &[
            &["SCL010 Contactless"],
            &["SCL01x Contactless"],
            &["SCL011G Contactless Reader"],
            &["SDI010 Contactless Reader"],
        ],
        notes: "reader-scm-scl010.md",
        dialect: SCM,
        signals: None,
    },
    ReaderModel {
        key: "scm-scl3711",
        names: &[&["SCL3711"]],
        notes: "reader-scm-scl3711.md",
        dialect: SCM,
        signals: None,
    },
    // The slot tells the kind of key: 00 to 0F A, 10 to 1F B.
    ReaderModel {
        key: "springcard",
        names: &[&["SpringCard"]],
        notes: "reader-springcard.md",
        dialect: Dialect {
            key_memories: VOLATILE,
            key_a: KeyPlace {
                load_slot: 0x00,
                kind: 0x00,
                slot: 0x00,
            },
            key_b: KeyPlace {
                load_slot: 0x10,
                kind: 0x00,
                slot: 0x10,
            },
            status_words: SPRINGCARD_STATUS_WORDS,
            storage_names: SPRINGCARD_STORAGE_NAMES,
            ..Dialect::STANDARD
        },
        signals: None,
    },
    ReaderModel {
        key: "cherry",
        names: &[&["Cherry "]],
        notes: "reader-cherry.md",
        dialect: Dialect {
            key_memories: VOLATILE,
            key_a: KeyPlace {
                load_slot: 0x01,
                kind: 0x60,
                slot: 0x01,
            },
            key_b: KeyPlace {
                load_slot: 0x01,
                kind: 0x61,
                slot: 0x01,
            },
            ..Dialect::STANDARD
        },
        signals: None,
    },
    ReaderModel {
        key: "id3-cl1356",
        names: &[&["id3 Semiconductors"]],
        notes: "reader-id3-cl1356.md",
        dialect: Dialect {
            status_words: ID3_STATUS_WORDS,
            storage_names: ID3_STORAGE_NAMES,
            ..Dialect::STANDARD
        },
        signals: None,
    },
    ReaderModel {
        key: "vpcd",
        names: &[&["Virtual PCD"]],
        notes: "reader-vpcd.md",
        dialect: Dialect {
            extended_length: true,
            ..Dialect::STANDARD
        },
        signals: None,
    },
    // The slots for security modules beside a field: readers of their own in PC/SC.
    ReaderModel {
        key: "sam-slot",
        names: &[&["SAM Reader"], &["Reader SAM"], &["OMNIKEY", "6121"]],
        notes: "reader-acs-acr1252u.md",
        dialect: CONTACT_SLOT,
        signals: None,
    },
];

const fn to(asked: Asked, status_word: u16, meaning: Meaning) -> StatusRow {
    StatusRow {
        asked: Some(asked),
        status_word,
        meaning,
    }
}

const fn any(status_word: u16, meaning: Meaning) -> StatusRow {
    StatusRow {
        asked: None,
        status_word,
        meaning,
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs, path::Path};

    use super::*;

    fn key_of(name: &str) -> &'static str {
        ReaderModel::by_name(&name.into()).key
    }

    #[test]
    fn the_last_row_that_fits_holds() {
        let cases = [
            (
                "ACS ACR122U PICC Interface 00 00",
                "acs-acr122u",
                "a plain one",
            ),
            (
                "ACS ACR1222 3S PICC Reader 00 00",
                "acs-acr1222l",
                "has the name of the other in it",
            ),
            (
                "ACS ACR1252 Dual Reader [ACR1252 Dual Reader PICC] 00 00",
                "acs-acr1252u",
                "the field",
            ),
            (
                "ACS ACR1252 1S CL Reader [ACR1252 SAM Reader] 00 01",
                "sam-slot",
                "the slot beside it",
            ),
            ("OMNIKEY CardMan 5x21 00 01", "omnikey-5321", "both parts"),
            (
                "HID Global OMNIKEY 5427 CK [OMNIKEY 5427 CK CCID] 00 00",
                "omnikey-5x27",
                "one way",
            ),
            ("Broadcom 5321 00 00", "standard", "one part is not enough"),
            (
                "SCM Microsystems Inc. SCL011G Contactless Reader [SCL01x Contactless Reader] 00 00",
                "scm-scl010",
                "SCM",
            ),
            ("Gemalto PC Twin Reader 00 00", "standard", "unknown"),
            ("", "standard", "nothing is unknown"),
        ];
        for (name, expected, why) in cases {
            assert_eq!(key_of(name), expected, "{name}: {why}");
        }
    }

    #[test]
    fn a_name_is_put_right_once_and_means_another() {
        let mut n_rows = 0;
        for model in READER_MODELS {
            let rows = model.dialect.storage_names;
            n_rows += rows.len();
            let reported: BTreeSet<_> = rows.iter().map(|row| row.reported).collect();
            assert_eq!(reported.len(), rows.len(), "{}", model.key);
            assert!(rows.iter().all(|row| row.reported != row.meant));
        }
        assert_eq!(n_rows, 3);
    }

    #[test]
    fn keys_are_unique_and_found() {
        let keys: BTreeSet<_> = READER_MODELS.iter().map(|row| row.key).collect();
        assert_eq!(keys.len(), READER_MODELS.len());
        for row in READER_MODELS {
            assert_eq!(ReaderModel::by_key(row.key), Some(*row));
        }
        assert_eq!(ReaderModel::by_key("standard"), Some(ReaderModel::UNKNOWN));
        assert_eq!(ReaderModel::by_key("acr"), None);
    }

    #[test]
    fn no_row_hides_another() {
        for row in READER_MODELS {
            for parts in row.names {
                let name = parts.join(" ");
                assert_eq!(key_of(&name), row.key, "{name}");
            }
        }
    }

    #[test]
    fn rows_and_notes_name_each_other() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../hardware-notes");
        let cited: BTreeSet<_> = READER_MODELS
            .iter()
            .map(|row| row.notes.to_owned())
            .collect();
        let mut notes = BTreeSet::new();
        for entry in fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let file = entry.file_name().into_string().unwrap();
            if !file.starts_with("reader-") {
                continue;
            }
            let text = fs::read_to_string(entry.path()).unwrap();
            let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
            let has_row = text.contains("models.rs");
            let needs_none = text.contains("Needs no row in the table of models");
            assert!(has_row != needs_none, "{file} says whether it has a row");
            if has_row {
                notes.insert(file);
            }
        }
        assert_eq!(cited, notes);
    }
}
