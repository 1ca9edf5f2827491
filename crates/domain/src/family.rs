//! Kinds of chips, and how far a reading can be trusted.

/// The kind of chip and application that a card was recognised as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CardFamily {
    /// Beijing transit CPU card (市政交通一卡通): number and dates in SFI 4.
    TransitCpu,
    /// T-Union transit card (交通联合).
    TUnion,
    /// `CityUnion` transit card (城市一卡通).
    CityUnion,
    /// MIFARE Classic with 1 KiB (M1).
    MifareClassic1K,
    /// MIFARE Classic with 4 KiB.
    MifareClassic4K,
    /// MIFARE Classic Mini, 320 bytes.
    MifareClassicMini,
    /// MIFARE Ultralight or NTAG.
    Ultralight,
    /// MIFARE `DESFire`, any version.
    Desfire,
    /// Another ISO 14443-4 card, known by UID and ATR.
    OtherIso14443,
    /// Another storage card that a contactless reader names in its ATR.
    OtherStorage,
    /// A card in a contact slot, or one of which that cannot be excluded.
    Iso7816,
}

/// What a reading proves about the card, in rising order.
///
/// Higher levels come with keys; without one a UID and a plain file can be
/// copied onto another chip.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AssuranceLevel {
    /// No card was read: the number was typed or came from another system.
    NothingRead,
    /// The UID was read; anyone can imitate it.
    UidOnly,
    /// A card number was read from a file that needs no secret to copy.
    NumberRead,
    /// Keyed data bound to this UID was checked.
    DataAuthenticated,
    /// The chip proved that it knows a key.
    ChipAuthenticated,
}

/// For whom a T-Union card was made (byte 10 of the file with SFI 23).
///
/// Source: nfcim/nfsee, `assets/codes.js`. Unknown values survive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CardKind {
    /// `01`: ordinary.
    Ordinary,
    /// `02`: student.
    Student,
    /// `03`: senior citizen.
    Senior,
    /// `04`: test.
    Test,
    /// `05`: military.
    Military,
    /// Any other value the card sent.
    Other(u8),
}

impl From<u8> for CardKind {
    fn from(byte: u8) -> Self {
        match byte {
            0x01 => Self::Ordinary,
            0x02 => Self::Student,
            0x03 => Self::Senior,
            0x04 => Self::Test,
            0x05 => Self::Military,
            other => Self::Other(other),
        }
    }
}
