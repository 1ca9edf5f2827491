//! A profile as its file has it: the tables of TOML and the places where they
//! stand, before anything is checked across settings.

use serde::Deserialize;
use toml::Spanned;
use xueka_domain::{AssuranceLevel, CardFamily};

use super::{
    field::{DateCoding, NumberCoding},
    place::{AuthenticationForm, Communication, ProofAnswer},
};
use crate::mifare::KeyKind;

/// A whole file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Document {
    /// Whose cards these are, in words.
    pub(super) name: Spanned<String>,
    /// Where the facts come from.
    pub(super) source: Spanned<String>,
    #[serde(default)]
    pub(super) mifare_classic: Vec<Spanned<ClassicTable>>,
    #[serde(default)]
    pub(super) ultralight: Vec<Spanned<PageTable>>,
    #[serde(default)]
    pub(super) cpu: Vec<Spanned<CpuTable>>,
    #[serde(default)]
    pub(super) desfire: Vec<Spanned<DesfireTable>>,
}

/// `[[mifare_classic]]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ClassicTable {
    pub(super) keys: Spanned<Vec<SectorKeyTable>>,
    pub(super) copies: Option<Spanned<BlockCopies>>,
    pub(super) number: Spanned<BlockNumber>,
    pub(super) valid_from: Option<Spanned<BlockDate>>,
    pub(super) valid_until: Option<Spanned<BlockDate>>,
    pub(super) assurance: Option<Spanned<AssuranceWord>>,
    pub(super) write: Option<Spanned<ClassicWriteTable>>,
}

/// Where the two copies of a record begin, and how many blocks each has.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BlockCopies {
    pub(super) first: BlockBegin,
    pub(super) second: BlockBegin,
    pub(super) blocks: Spanned<u8>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BlockBegin {
    pub(super) sector: Spanned<u8>,
    pub(super) block: Spanned<u8>,
}

/// `[mifare_classic.write]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ClassicWriteTable {
    /// Keys that may stand on cards that are not written yet.
    #[serde(default)]
    pub(super) keys: Vec<SectorKeyTable>,
    pub(super) trailer: Option<Spanned<TrailerTable>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TrailerTable {
    pub(super) key_a: Spanned<String>,
    pub(super) key_b: Spanned<String>,
    /// The conditions of the data sheet, C1 C2 C3.
    pub(super) data: Spanned<String>,
    pub(super) trailer: Spanned<String>,
}

/// A key of a sector: `{ name = "school", kind = "A", diversify = ["uid"] }`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SectorKeyTable {
    pub(super) name: Spanned<String>,
    pub(super) kind: KeyKind,
    pub(super) diversify: Option<Spanned<Vec<Spanned<String>>>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BlockNumber {
    pub(super) sector: Option<Spanned<u8>>,
    pub(super) block: Option<Spanned<u8>>,
    pub(super) offset: u16,
    pub(super) length: Spanned<u8>,
    pub(super) coding: NumberCoding,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BlockDate {
    pub(super) sector: Option<Spanned<u8>>,
    pub(super) block: Option<Spanned<u8>>,
    pub(super) offset: Spanned<u16>,
    pub(super) coding: DateCoding,
}

/// `[[ultralight]]`: `number` or `ndef_text`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PageTable {
    pub(super) copies: Option<Spanned<PageCopies>>,
    pub(super) number: Option<Spanned<PageNumber>>,
    pub(super) valid_from: Option<Spanned<PageDate>>,
    pub(super) valid_until: Option<Spanned<PageDate>>,
    pub(super) ndef_text: Option<Spanned<TextTable>>,
    pub(super) assurance: Option<Spanned<AssuranceWord>>,
    pub(super) write: Option<Spanned<PageWriteTable>>,
}

/// Where the two copies of a record begin, and how many pages each has.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PageCopies {
    pub(super) first: Spanned<u8>,
    pub(super) second: Spanned<u8>,
    pub(super) pages: Spanned<u8>,
}

/// `[ultralight.write]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PageWriteTable {
    /// Passwords that may stand on cards that are not written yet.
    #[serde(default)]
    pub(super) passwords: Vec<Spanned<String>>,
    /// The password that cards have in the end.
    pub(super) password: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PageNumber {
    pub(super) page: Option<Spanned<u8>>,
    pub(super) offset: u16,
    pub(super) length: Spanned<u8>,
    pub(super) coding: NumberCoding,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PageDate {
    pub(super) page: Option<Spanned<u8>>,
    pub(super) offset: Spanned<u16>,
    pub(super) coding: DateCoding,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TextTable {
    #[serde(default)]
    pub(super) prefix: String,
    pub(super) digits: Option<Spanned<u8>>,
}

/// `[[cpu]]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CpuTable {
    pub(super) family: Option<CpuFamily>,
    pub(super) application: Option<Spanned<String>>,
    pub(super) directory: Option<Spanned<String>>,
    pub(super) number: Spanned<FileNumber>,
    pub(super) valid_from: Option<Spanned<FileDate>>,
    pub(super) valid_until: Option<Spanned<FileDate>>,
    pub(super) copies: Option<Spanned<FileCopies>>,
    pub(super) internal_authentication: Option<ProofTable>,
    pub(super) assurance: Option<Spanned<AssuranceWord>>,
    pub(super) write: Option<Spanned<CpuWriteTable>>,
}

/// A record of so many bytes that begins in two files.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileCopies {
    pub(super) first: Spanned<FileBegin>,
    pub(super) second: Spanned<FileBegin>,
    pub(super) length: Spanned<u8>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileBegin {
    pub(super) sfi: Option<Spanned<u8>>,
    pub(super) file: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) offset: u8,
}

/// `[cpu.write]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CpuWriteTable {
    /// It is proved to the card for the right to write.
    pub(super) key: Option<Spanned<FileKeyTable>>,
    /// It makes the MAC of what is written, and enciphers it.
    pub(super) line_key: Option<Spanned<LineKeyTable>>,
    /// How cards without the directory are given it.
    pub(super) make: Option<Spanned<CpuMakeTable>>,
}

/// The same with `encrypted = true` for files with that protection.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LineKeyTable {
    pub(super) name: Spanned<String>,
    pub(super) id: u8,
    pub(super) diversify: Option<Spanned<Vec<Spanned<String>>>>,
    #[serde(default)]
    pub(super) encrypted: bool,
}

/// `make = { directory = "3F01", card_key = { name = "factory", id = 0 } }`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CpuMakeTable {
    pub(super) directory: Spanned<String>,
    pub(super) card_key: Spanned<FileKeyTable>,
}

/// A key of a directory: `{ name = "write", id = 0, diversify = ["uid"] }`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileKeyTable {
    pub(super) name: Spanned<String>,
    pub(super) id: u8,
    pub(super) diversify: Option<Spanned<Vec<Spanned<String>>>>,
}

/// As what a processor card is reported.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum CpuFamily {
    TransitCpu,
    TUnion,
    CityUnion,
    Other,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileNumber {
    pub(super) sfi: Option<Spanned<u8>>,
    pub(super) file: Option<Spanned<String>>,
    pub(super) record: Option<Spanned<u8>>,
    pub(super) offset: u16,
    pub(super) length: Spanned<u8>,
    pub(super) coding: Spanned<NumberCoding>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileDate {
    /// In the root, whatever directory the place has.
    pub(super) root: Option<Spanned<bool>>,
    pub(super) sfi: Option<Spanned<u8>>,
    pub(super) file: Option<Spanned<String>>,
    pub(super) record: Option<Spanned<u8>>,
    pub(super) offset: Spanned<u16>,
    pub(super) coding: DateCoding,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ProofTable {
    pub(super) key_id: u8,
    #[serde(default)]
    pub(super) answer: ProofAnswer,
    pub(super) key: Spanned<String>,
    pub(super) diversify: Option<Spanned<Vec<Spanned<String>>>>,
}

/// `[[desfire]]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DesfireTable {
    pub(super) application: Spanned<String>,
    pub(super) key_number: Option<Spanned<u8>>,
    pub(super) key: Option<Spanned<String>>,
    pub(super) diversify: Option<Spanned<Vec<Spanned<String>>>>,
    pub(super) authentication: Option<Spanned<AuthenticationForm>>,
    pub(super) real_uid: Option<Spanned<bool>>,
    /// It opens a card whose UID is not known yet.
    pub(super) uid_key: Option<Spanned<NamedKeyTable>>,
    pub(super) number: DesfireNumber,
    pub(super) valid_from: Option<DesfireDate>,
    pub(super) valid_until: Option<DesfireDate>,
    pub(super) assurance: Option<Spanned<AssuranceWord>>,
    pub(super) write: Option<Spanned<DesfireWriteTable>>,
}

/// `[desfire.write]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DesfireWriteTable {
    pub(super) key: Spanned<NamedKeyTable>,
    /// What stands in every place of a new application.
    pub(super) factory_key: Option<Spanned<String>>,
    pub(super) master_key: Option<Spanned<NamedKeyTable>>,
    /// The card's own key, by which a missing application is made.
    pub(super) card_key: Option<Spanned<NamedKeyTable>>,
}

/// A key in its use: `{ name = "desfire-write", number = 2, diversify = ["uid"] }`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NamedKeyTable {
    pub(super) name: Spanned<String>,
    pub(super) number: Option<Spanned<u8>>,
    pub(super) diversify: Option<Spanned<Vec<Spanned<String>>>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DesfireNumber {
    pub(super) file: Spanned<u8>,
    pub(super) communication: Spanned<Communication>,
    pub(super) offset: u16,
    pub(super) length: Spanned<u8>,
    pub(super) coding: Spanned<NumberCoding>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DesfireDate {
    pub(super) file: Spanned<u8>,
    pub(super) communication: Spanned<Communication>,
    pub(super) offset: Spanned<u16>,
    pub(super) coding: DateCoding,
}

/// How far a number is trusted.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum AssuranceWord {
    UidOnly,
    NumberRead,
    DataAuthenticated,
    ChipAuthenticated,
}

impl From<CpuFamily> for CardFamily {
    fn from(family: CpuFamily) -> Self {
        match family {
            CpuFamily::TransitCpu => Self::TransitCpu,
            CpuFamily::TUnion => Self::TUnion,
            CpuFamily::CityUnion => Self::CityUnion,
            CpuFamily::Other => Self::OtherIso14443,
        }
    }
}

impl From<AssuranceWord> for AssuranceLevel {
    fn from(word: AssuranceWord) -> Self {
        match word {
            AssuranceWord::UidOnly => Self::UidOnly,
            AssuranceWord::NumberRead => Self::NumberRead,
            AssuranceWord::DataAuthenticated => Self::DataAuthenticated,
            AssuranceWord::ChipAuthenticated => Self::ChipAuthenticated,
        }
    }
}
