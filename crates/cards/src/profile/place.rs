//! The places of a profile, checked and with their keys: what the families
//! read by.

use std::fmt;

use serde::{Deserialize, Serialize};
use xueka_apdu::{DfName, FileId, Sfi};
use xueka_domain::{AssuranceLevel, CardFamily, Uid};

use super::field::Fields;
use crate::{
    Key, MifareKey,
    diversify::sector_key,
    mifare::{AccessBits, Block, KeyKind},
    write::KeyUse,
};

/// Where MIFARE Classic cards keep a number.
#[derive(Clone, Debug)]
pub(crate) struct ClassicPlace {
    /// In which form.
    pub(crate) form: ClassicForm,
    /// How the place is written, where it may be.
    pub(crate) write: Option<ClassicWrite>,
    /// The keys that may open the sectors, tried in their order; at least one.
    pub(crate) keys: Box<[ClassicKey]>,
    /// How far a number from here is trusted at most.
    pub(crate) assurance: AssuranceLevel,
}

/// The two forms in which blocks hold a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ClassicForm {
    /// Fields, each in its block.
    Blocks(Fields<Block>),
    /// A record in two copies that are written in turn.
    Copies(InCopies<Block>),
}

/// A record that is kept twice: see [`crate::write::copies`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct InCopies<U> {
    /// The blocks or pages of the first copy, in their order.
    pub(crate) first: Box<[U]>,
    /// Those of the second, as many.
    pub(crate) second: Box<[U]>,
    /// Number and dates within the record.
    pub(crate) fields: Fields<()>,
}

/// How blocks are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ClassicWrite {
    /// All keys that may stand on a card, before and after it is written.
    pub(crate) keys: Box<[KeyUse]>,
    /// What stands in the trailers of the place's sectors in the end; `None`
    /// where they stay as they are.
    pub(crate) trailer: Option<NewTrailer>,
}

/// Keys, by name, and access bits for a sector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NewTrailer {
    /// Key A.
    pub(crate) key_a: Box<str>,
    /// Access bits.
    pub(crate) access: AccessBits,
    /// Key B.
    pub(crate) key_b: Box<str>,
}

/// A key for the sectors of many cards, and which of a sector's two it is.
#[derive(Clone, Debug)]
pub(crate) struct ClassicKey {
    /// The key, or an AES key from which that of a card is made.
    pub(crate) key: ProfileKey,
    /// A or B.
    pub(crate) kind: KeyKind,
}

/// A key for the sectors of one card, and which of a sector's two it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SectorKey {
    /// The key.
    pub(crate) key: MifareKey,
    /// A or B.
    pub(crate) kind: KeyKind,
}

/// Where Ultralight and NTAG cards keep a number.
#[derive(Clone, Debug)]
pub(crate) struct PagePlace {
    /// In which form.
    pub(crate) form: PageForm,
    /// How the place is written, where it may be.
    pub(crate) write: Option<PageWrite>,
    /// How far a number from here is trusted at most.
    pub(crate) assurance: AssuranceLevel,
}

/// The two forms in which pages hold a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PageForm {
    /// Fields, each by the page where its bytes begin to count.
    Fields(Fields<u8>),
    /// A record in two copies that are written in turn.
    Copies(InCopies<u8>),
    /// A text record of the NDEF message.
    NdefText(TextPattern),
}

/// How pages are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PageWrite {
    /// All passwords that may stand on a card, before and after it is written.
    pub(crate) keys: Box<[KeyUse]>,
    /// The name of the password that the pages have in the end, from the first
    /// of the copies on; `None` where it stays as it is.
    pub(crate) password: Option<Box<str>>,
}

/// Which text has a number, and where in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TextPattern {
    /// With what the text begins; the number follows at once.
    pub(crate) prefix: Box<str>,
    /// How many digits the number has; `None` for as many as there are.
    pub(crate) n_digits: Option<u8>,
}

/// Where processor cards keep a number in files that open without a key.
#[derive(Clone, Debug)]
pub(crate) struct CpuPlace {
    /// As what a card with this place is reported.
    pub(crate) family: CardFamily,
    /// The directory with the files.
    pub(crate) directory: Directory,
    /// Number and dates, by file. With `copies` the file of each is that of the
    /// first copy, and bytes count from the beginning of the record.
    pub(crate) fields: Fields<CpuFile>,
    /// Where the record is kept twice, where it is.
    pub(crate) copies: Option<CpuCopies>,
    /// The keys by which the place is written, where it may be: none where
    /// everybody may write.
    pub(crate) write: Option<Box<[KeyUse]>>,
    /// How cards without the directory are given it, where they may be.
    pub(crate) make: Option<CpuMaking>,
    /// How the chip proves that it is genuine, where it can.
    pub(crate) proof: Option<InternalAuthentication>,
    /// How far a number from here is trusted at most, given that the proof, if
    /// any, succeeds.
    pub(crate) assurance: AssuranceLevel,
}

/// What it takes to make a directory of FMCOS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CpuMaking {
    /// The identifier under which it is made.
    pub(crate) id: FileId,
    /// The key of the root, the factory's or the school's, that gives the right
    /// to make it and to empty it.
    pub(crate) card_key: KeyUse,
}

/// A directory of files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Directory {
    /// The root, which is selected when the card arrives.
    Root,
    /// An application, selected by name.
    Named(#[serde(with = "crate::write::names::df_name")] DfName),
    /// A directory, selected by file identifier.
    Numbered(#[serde(with = "crate::write::names::file_id")] FileId),
}

/// A record that is kept in two files: see [`crate::write::copies`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CpuCopies {
    /// The first copy.
    pub(crate) first: CpuCopy,
    /// The second, in another file.
    pub(crate) second: CpuCopy,
    /// Bytes of each, the seal included.
    pub(crate) length: u8,
}

/// Where a copy begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CpuCopy {
    /// The transparent file.
    pub(crate) file: FileName,
    /// Its byte.
    pub(crate) offset: u8,
}

/// A file, or one record of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CpuFile {
    /// Which file.
    pub(crate) name: FileName,
    /// Which record, from 1; `None` for a transparent file.
    pub(crate) record: Option<u8>,
    /// It stands in the root, though the place has a directory.
    pub(crate) is_in_root: bool,
}

/// How a file is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FileName {
    /// Short identifier: read and written without being selected.
    Short(#[serde(with = "crate::write::names::sfi")] Sfi),
    /// File identifier: selected first.
    Long(#[serde(with = "crate::write::names::file_id")] FileId),
}

/// INTERNAL AUTHENTICATE: the chip works on a challenge of eight bytes with a
/// key.
///
/// Source: ISO/IEC 7816-4:2005, §7.5.2; hardware-notes/card-fm1208-fmcos.md.
#[derive(Clone, Debug)]
pub(crate) struct InternalAuthentication {
    /// The chip's name of the key (P2).
    pub(crate) key_id: u8,
    /// What the chip does with the challenge.
    pub(crate) answer: ProofAnswer,
    /// The key, DES or 3DES.
    pub(crate) key: ProfileKey,
}

/// What a chip does with a challenge.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ProofAnswer {
    /// It enciphers it (P1 `00`).
    #[default]
    Enciphered,
    /// It deciphers it (P1 `01`), as some builds do for keys of that kind.
    Deciphered,
}

/// Where `DESFire` cards keep a number.
#[derive(Clone, Debug)]
pub(crate) struct DesfirePlace {
    /// The application.
    pub(crate) application: DesfireAid,
    /// The key that opens the files; `None` where they open without one.
    pub(crate) key: Option<DesfireKey>,
    /// Number and dates, by file.
    pub(crate) fields: Fields<DesfireFile>,
    /// How the place is written, where it may be.
    pub(crate) write: Option<DesfireWrite>,
    /// Whether the card is asked for its real UID behind a random one, which
    /// takes the key.
    pub(crate) real_uid: bool,
    /// The key by which a card with a random UID tells its real one, from which
    /// its own key is made then: all cards have this one.
    pub(crate) uid_key: Option<DesfireKey>,
    /// How far a number from here is trusted at most.
    pub(crate) assurance: AssuranceLevel,
}

/// How a `DESFire` application is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DesfireWrite {
    /// The key that reads and writes the files.
    pub(crate) key: KeyUse,
    /// How cards are made ready, where they may be.
    pub(crate) factory: Option<DesfireFactory>,
}

/// What a new `DESFire` application has, and what it is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DesfireFactory {
    /// The name of the key that stands in every place of it.
    pub(crate) name: Box<str>,
    /// What stands there in the end: the key for reading, if any, the one for
    /// writing, and last the one that rules over them, each once.
    pub(crate) keys: Box<[KeyUse]>,
    /// The card's own key, by which a missing application is made; `None`:
    /// none is made.
    pub(crate) card_key: Option<KeyUse>,
}

/// A `DESFire` application's identifier, three bytes as they are written, most
/// significant first; on the wire they go in the other order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DesfireAid(pub(crate) [u8; 3]);

/// A key of a `DESFire` application.
#[derive(Clone, Debug)]
pub(crate) struct DesfireKey {
    /// The application's number of the key, 0 to 13.
    pub(crate) number: u8,
    /// In which form the two sides prove it to each other.
    pub(crate) form: AuthenticationForm,
    /// The key, AES.
    pub(crate) key: ProfileKey,
}

/// A form of mutual authentication with an AES key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum AuthenticationForm {
    /// `AA`, which every card from EV1 on knows.
    #[default]
    Ev1,
    /// `71`, from EV2 on: later answers are counted, so none can be left out.
    Ev2,
}

/// A `DESFire` standard or backup data file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DesfireFile {
    /// The file, 0 to 31.
    pub(crate) number: u8,
    /// How its content travels.
    pub(crate) communication: Communication,
}

/// How the content of a `DESFire` file travels.
///
/// Source: NXP AN12752 (DESFire EV3 feature overview), communication settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Communication {
    /// As it is.
    Plain,
    /// With a MAC.
    Mac,
    /// Enciphered.
    Full,
}

/// A key that a profile names.
#[derive(Clone)]
pub(crate) struct ProfileKey {
    /// The key of the key file: the card's own, or the master of many.
    pub(crate) key: Key,
    /// From what the card's own key is made, by NXP AN10922; empty for a key
    /// that all cards share.
    pub(crate) diversified_by: Box<[KeyInput]>,
}

/// A part of what a key is diversified by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyInput {
    /// The chip's UID, as the card sends it; the real one behind a random one.
    Uid,
    /// The application's identifier, as the profile writes it.
    Application,
    /// These bytes, such as a name of the system.
    Bytes(#[serde(with = "crate::write::names::boxed")] Box<[u8]>),
}

impl FileName {
    /// The identifier of the file: of FMCOS the short one is its lower byte.
    pub(crate) fn id(self) -> FileId {
        match self {
            Self::Short(sfi) => FileId(sfi.number().into()),
            Self::Long(id) => id,
        }
    }
}

impl ClassicPlace {
    /// The keys of the card with that UID, without those that cannot be made for
    /// it.
    pub(crate) fn keys_of(&self, uid: Option<Uid>) -> Vec<SectorKey> {
        let keys = self.keys.iter().filter_map(|known| {
            let key = sector_key(&known.key, uid)?;
            let kind = known.kind;
            Some(SectorKey { key, kind })
        });
        keys.collect()
    }
}

impl ClassicForm {
    /// Every block that is read.
    pub(crate) fn blocks(&self) -> Vec<Block> {
        match self {
            Self::Blocks(fields) => {
                let places = fields.places().into_iter();
                places.map(|(block, _)| block).collect()
            }
            Self::Copies(record) => {
                let blocks = record.first.iter().chain(&record.second);
                blocks.copied().collect()
            }
        }
    }
}

impl Communication {
    /// As file settings have it.
    pub(crate) fn setting(self) -> u8 {
        match self {
            Self::Plain => 0x00,
            Self::Mac => 0x01,
            Self::Full => 0x03,
        }
    }
}

impl DesfireAid {
    /// The bytes in the order in which a command has them.
    pub(crate) fn on_wire(self) -> [u8; 3] {
        let [high, middle, low] = self.0;
        [low, middle, high]
    }
}

impl fmt::Debug for ProfileKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProfileKey")
            .field("cipher", &self.key.cipher())
            .field("diversified_by", &self.diversified_by)
            .finish()
    }
}
