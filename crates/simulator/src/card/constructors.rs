//! One constructor for each kind of card, with the values that a card has
//! unless told others.

use std::time::Duration;

use jiff::civil::{Date, date};

use super::{Kind, Life, UidRule, VirtualCard};
use crate::{
    chip::{
        Chip, atr,
        blocks::Blocks,
        classic::{Classic, Size},
        cpu::{CpuCard, Directory},
        desfire::Desfire,
        transit::{self, Layout},
        ultralight::Ultralight,
    },
    record::Record,
};

/// Numbers, UIDs and dates that a card has unless told others. They belong to
/// nobody; no date has a meaning but that it is long past or far ahead.
pub(crate) const DEFAULT_TRANSIT_NUMBER: &str = "1000751012345678";
pub(crate) const DEFAULT_T_UNION_NUMBER: &str = "3104870012345678901";
pub(crate) const DEFAULT_CITY_UNION_NUMBER: &str = "1000000098765432";
const DEFAULT_VALID_FROM: Date = date(2020, 1, 1);
const DEFAULT_VALID_UNTIL: Date = date(2049, 12, 31);
const UID_4: [u8; 4] = [0x3A, 0x5C, 0x7E, 0x91];
const UID_7: [u8; 7] = [0x04, 0x5A, 0x13, 0x7C, 0x2B, 0x66, 0x80];
const UID_ISO15693: [u8; 8] = [0xE0, 0x04, 0x01, 0x50, 0x2C, 0x7A, 0x19, 0x83];
const IDM_FELICA: [u8; 8] = [0x01, 0x2E, 0x3D, 0x4C, 0x5B, 0x6A, 0x79, 0x08];
/// For whom a T-Union card is made: `02` is a student (nfsee
/// `assets/codes.js`).
const STUDENT: u8 = 0x02;
/// Beijing, as city codes write it (nfsee `assets/codes.js`).
const BEIJING: [u8; 2] = [0x10, 0x00];

/// Historical bytes of the ATS of an FM1208 CPU card.
const HISTORICAL_CPU: [u8; 11] = [
    0x20, 0x90, 0x00, 0x00, 0x00, 0x00, 0x00, 0x4B, 0x1D, 0x62, 0x07,
];
/// The one historical byte of a DESFire.
const HISTORICAL_DESFIRE: [u8; 1] = [0x80];
/// Historical bytes of a card that nobody knows.
const HISTORICAL_UNKNOWN: [u8; 5] = [0x80, 0x31, 0x80, 0x65, 0xB0];

/// An ATR of a card with contacts: T=1, historical bytes of no known issuer
/// (`XKSIM01`), and the check byte.
const ATR_CONTACT: [u8; 13] = [
    0x3B, 0x97, 0x11, 0x81, 0x01, 0x58, 0x4B, 0x53, 0x49, 0x4D, 0x30, 0x31, 0x43,
];

/// SS and NN of PC/SC Part 3: ISO 14443 A part 3, ISO 15693 part 3, FeliCa.
const ISO14443_A: u8 = 0x03;
const ISO15693: u8 = 0x0B;
const FELICA: u8 = 0x11;
const NAME_CLASSIC_1K: u16 = 0x0001;
const NAME_CLASSIC_4K: u16 = 0x0002;
const NAME_CLASSIC_MINI: u16 = 0x0026;
/// Readers report an NTAG by the same name.
const NAME_ULTRALIGHT: u16 = 0x0003;
const NAME_ICODE_SLI: u16 = 0x0014;
const NAME_FELICA: u16 = 0x003B;

/// Constructors: one for each kind of card.
impl VirtualCard {
    /// A Beijing transit CPU card (`transit-cpu`) with this number of 16
    /// digits.
    ///
    /// UID `3A5C7E91`, valid from 2020-01-01 until 2049-12-31, empty purse,
    /// empty log. Fewer digits are filled with leading zeros; a character that
    /// is no digit becomes a nibble that no number may have.
    #[must_use]
    pub fn transit(number: &str) -> Self {
        Self::transit_of(Kind::TransitCpu, number)
    }

    /// A T-Union card (`t-union`) with this number of 19 digits, made for a
    /// student; otherwise as [`transit`](Self::transit).
    #[must_use]
    pub fn t_union(number: &str) -> Self {
        Self::transit_of(Kind::TUnion, number).holder_kind(STUDENT)
    }

    /// A CityUnion card (`city-union`) of Beijing with this number of 16
    /// digits, written in the order in which it is shown; otherwise as
    /// [`transit`](Self::transit).
    #[must_use]
    pub fn city_union(number: &str) -> Self {
        Self::transit_of(Kind::CityUnion, number)
    }

    /// A blank MIFARE Classic 1K with UID `3A5C7E91` and transport keys
    /// (`FFFFFFFFFFFF`).
    #[must_use]
    pub fn mifare_classic_1k() -> Self {
        Self::classic(Kind::MifareClassic1K, Size::OneK, NAME_CLASSIC_1K)
    }

    /// A blank MIFARE Classic 4K with UID `3A5C7E91` and transport keys.
    #[must_use]
    pub fn mifare_classic_4k() -> Self {
        Self::classic(Kind::MifareClassic4K, Size::FourK, NAME_CLASSIC_4K)
    }

    /// A blank MIFARE Classic Mini with UID `3A5C7E91` and transport keys.
    #[must_use]
    pub fn mifare_classic_mini() -> Self {
        Self::classic(Kind::MifareClassicMini, Size::Mini, NAME_CLASSIC_MINI)
    }

    /// A blank MIFARE Ultralight with UID `045A137C2B6680`.
    #[must_use]
    pub fn ultralight() -> Self {
        let chip = Chip::Ultralight(Ultralight::plain());
        Self::storage_of(
            Kind::Ultralight,
            chip,
            &UID_7,
            (ISO14443_A, NAME_ULTRALIGHT),
        )
    }

    /// A blank NTAG213 with UID `045A137C2B6680`.
    #[must_use]
    pub fn ntag213() -> Self {
        let chip = Chip::Ultralight(Ultralight::ntag213());
        Self::storage_of(Kind::Ntag213, chip, &UID_7, (ISO14443_A, NAME_ULTRALIGHT))
    }

    /// A MIFARE DESFire EV1 without applications, UID `045A137C2B6680`.
    #[must_use]
    pub fn desfire() -> Self {
        let chip = Chip::Desfire(Desfire::default());
        Self::cpu_of(Kind::Desfire, chip, &UID_7, &HISTORICAL_DESFIRE)
    }

    /// An ISO 14443-4 card that no procedure knows, UID `3A5C7E91`: every
    /// SELECT answers `6A82`, an unknown instruction `6D00`.
    #[must_use]
    pub fn iso14443_4() -> Self {
        let chip = Chip::Cpu(CpuCard::default());
        Self::cpu_of(Kind::Iso14443, chip, &UID_4, &HISTORICAL_UNKNOWN)
    }

    /// An ISO 15693 card (`storage`), an ICODE SLI with the eight-byte UID
    /// `E00401502C7A1983`.
    #[must_use]
    pub fn iso15693() -> Self {
        let chip = Chip::Blocks(Blocks::default());
        Self::storage_of(
            Kind::Storage,
            chip,
            &UID_ISO15693,
            (ISO15693, NAME_ICODE_SLI),
        )
    }

    /// A FeliCa card (`storage`) with the `IDm` `012E3D4C5B6A7908`, of which
    /// nothing else can be read.
    #[must_use]
    pub fn felica() -> Self {
        Self::storage_of(
            Kind::Storage,
            Chip::Sealed,
            &IDM_FELICA,
            (FELICA, NAME_FELICA),
        )
    }

    /// A card with contacts, in a slot for such cards.
    ///
    /// A pseudo-APDU that reaches it is recorded as
    /// [`Outcome::Violation`](crate::Outcome::Violation), and the card is dead
    /// from then on.
    #[must_use]
    pub fn contact() -> Self {
        let chip = Chip::Contact(CpuCard::new(Directory::default(), None));
        Self::made_of(Kind::Contact, chip, &[], None, ATR_CONTACT.to_vec())
    }

    fn transit_of(kind: Kind, number: &str) -> Self {
        let card = kind.layout().map(|layout| layout.blank_card());
        let chip = Chip::Cpu(card.unwrap_or_default());
        let mut card = Self::cpu_of(kind, chip, &UID_4, &HISTORICAL_CPU)
            .valid_from(DEFAULT_VALID_FROM)
            .valid_until(DEFAULT_VALID_UNTIL)
            .city(BEIJING);
        card.with_transit(|transit| transit.set_number(number));
        card
    }

    fn classic(kind: Kind, size: Size, name: u16) -> Self {
        let chip = Chip::Classic(Box::new(Classic::blank(size)));
        Self::storage_of(kind, chip, &UID_4, (ISO14443_A, name))
    }

    fn cpu_of(kind: Kind, chip: Chip, uid: &[u8], historical: &[u8]) -> Self {
        let atr = atr::contactless(historical);
        Self::made_of(kind, chip, uid, Some(historical.to_vec()), atr)
    }

    fn storage_of(kind: Kind, chip: Chip, uid: &[u8], (standard, name): (u8, u16)) -> Self {
        Self::made_of(kind, chip, uid, None, atr::storage(standard, name))
    }

    fn made_of(
        kind: Kind,
        chip: Chip,
        uid: &[u8],
        historical: Option<Vec<u8>>,
        atr: Vec<u8>,
    ) -> Self {
        let card = Self {
            kind,
            chip,
            uid: UidRule::Fixed(Vec::new()),
            historical,
            atr,
            is_mute: false,
            response_delay: Duration::ZERO,
            faults: Vec::new(),
            life: Life::default(),
            record: Record::default(),
        };
        card.uid(uid)
    }
}

impl Kind {
    /// The files of a transit card.
    pub(crate) fn layout(self) -> Option<Layout> {
        match self {
            Self::TransitCpu => Some(transit::BEIJING),
            Self::TUnion => Some(transit::T_UNION),
            Self::CityUnion => Some(transit::CITY_UNION),
            _ => None,
        }
    }
}
