//! What one tap told us.

use std::fmt;

use jiff::civil::Date;
use xueka_domain::{AssuranceLevel, CardFamily, CardKind, CardNumber, Count, Uid};

use crate::ChipAuthentication;

/// Everything one reading of a card found out, and what it could not.
///
/// Nothing here is looked up: it is what the card said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardReading {
    /// What the card was recognised as.
    pub family: CardFamily,
    /// The chip's UID; `None` where none could be asked for (a contact slot)
    /// or the reader gave none. Where the card showed a random one and told the
    /// real one behind it, this is the real one.
    pub uid: Option<Uid>,
    /// The random UID that the card showed, when [`uid`](Self::uid) was told
    /// behind it; `None` otherwise.
    pub shown_uid: Option<Uid>,
    /// What the chip did when it was asked to prove that it knows a key; `None`
    /// when nothing asks that of such cards.
    pub chip: Option<ChipAuthentication>,
    /// The card number, where the family has one and it could be read.
    pub number: Option<CardNumber>,
    /// Where [`number`](Self::number) came from.
    pub number_source: Option<NumberSource>,
    /// The version of its layout, where it says so.
    pub version: Option<LayoutVersion>,
    /// For whom the card was made, where it says so.
    pub kind: Option<CardKind>,
    /// First day on which the card is valid.
    pub valid_from: Option<Date>,
    /// Last day on which the card is valid.
    pub valid_until: Option<Date>,
    /// How often the school's record was written, by its own count; `None` where
    /// it is not kept in two copies.
    pub record_writes: Option<Count>,
    /// How far the reading can be trusted.
    pub assurance: AssuranceLevel,
    /// The answer to reset as the reader reported it.
    pub atr: Vec<u8>,
    /// What the family promises and this reading did not find; empty when the
    /// reading is complete.
    pub missing: Vec<MissingPart>,
}

impl CardReading {
    /// Whether everything that the family promises was read.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.missing.is_empty()
    }
}

/// The version of a Beijing card's layout: three bytes, shown as `01.0000`.
///
/// Source: sinpolib/nfcard `BeijingMunicipal.java`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LayoutVersion(pub [u8; 3]);

impl fmt::Display for LayoutVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [whole, high, low] = self.0;
        write!(f, "{whole:02X}.{high:02X}{low:02X}")
    }
}

/// Where a card number was read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NumberSource {
    /// A transparent file that opens without a key.
    PlainFile {
        /// The short file identifier, 1 to 30.
        sfi: u8,
    },
    /// A block of a MIFARE Classic, opened with a configured key.
    MifareBlock {
        /// The block, counted from 0 over the whole card.
        block: u8,
    },
    /// Pages of an Ultralight or NTAG.
    Page {
        /// The page, counted from 0, at which the number's place begins.
        page: u8,
    },
    /// A text record of the NDEF message of an Ultralight or NTAG.
    NdefText,
    /// A file of a processor card that has no short identifier.
    File {
        /// Its identifier.
        id: u16,
    },
    /// A file of a `DESFire` application.
    DesfireFile {
        /// Its number, 0 to 31.
        file: u8,
    },
}

/// A part that a reading lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MissingPart {
    /// Which part.
    pub part: Gap,
    /// The status word with which the card refused it; `None` when the card
    /// answered, but with bytes that make no sense there.
    pub status_word: Option<u16>,
}

/// The parts that a reading can lack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Gap {
    /// The UID.
    Uid,
    /// A UID that stays: the one read is random and names nothing.
    FixedUid,
    /// The card number.
    CardNumber,
    /// The first day of validity.
    ValidFrom,
    /// The last day of validity.
    ValidUntil,
    /// For whom the card was made.
    CardKind,
}
