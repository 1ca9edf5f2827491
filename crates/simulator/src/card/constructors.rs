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
        fmcos::{File, Fmcos, Key, MF, Right},
        recorded::Recorded,
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
pub(crate) const DEFAULT_VALID_FROM: Date = date(2020, 1, 1);
pub(crate) const DEFAULT_VALID_UNTIL: Date = date(2049, 12, 31);
const UID_4: [u8; 4] = [0x3A, 0x5C, 0x7E, 0x91];
const UID_7: [u8; 7] = [0x04, 0x5A, 0x13, 0x7C, 0x2B, 0x66, 0x80];
const UID_ISO15693: [u8; 8] = [0xE0, 0x04, 0x01, 0x50, 0x2C, 0x7A, 0x19, 0x83];
const IDM_FELICA: [u8; 8] = [0x01, 0x2E, 0x3D, 0x4C, 0x5B, 0x6A, 0x79, 0x08];
/// For whom a T-Union card is made: `02` is a student (nfsee
/// `assets/codes.js`).
const STUDENT: u8 = 0x02;
/// Beijing, as city codes write it (nfsee `assets/codes.js`).
const BEIJING: [u8; 2] = [0x10, 0x00];

/// Internal number, name ("学生甲" in GBK) and student number of a campus card.
pub(crate) const DEFAULT_CAMPUS_NUMBER: &str = "20240017";
const CAMPUS_NAME: [u8; 6] = [0xD1, 0xA7, 0xC9, 0xFA, 0xBC, 0xD7];
const CAMPUS_STUDENT: &str = "2024001701";

/// The application of a school on an FM1208, and the file in it that holds the
/// card number as text, padded with zeros.
const SCHOOL_DF: u16 = 0x3F01;
const SCHOOL_NAME: &[u8] = b"XUEKA.SCHOOL";
const SCHOOL_FILE: u16 = 0x0015;
const SCHOOL_FILE_LENGTH: usize = 32;
const DEFAULT_SCHOOL_NUMBER: &[u8] = b"20240017";
/// Key records in the master file: external authentication 00 with the
/// factory's value, leading to state F.
const FACTORY_KEY: [u8; 13] = [
    0x39, 0xF0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
];
/// Head of the key records in the application: external authentication 00
/// leading to state 1 with three tries, internal key 00, line protection 00.
const SCHOOL_KEYS: [[u8; 5]; 3] = [
    [0x39, 0xF0, 0xF1, 0x01, 0x33],
    [0x34, 0xF0, 0xF1, 0x00, 0x00],
    [0x36, 0xF0, 0xF1, 0xFF, 0x33],
];
/// The value of all three.
const SCHOOL_KEY: [u8; 16] = [
    0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xAA, 0xBB, 0xCC, 0xDD, 0xEE, 0xFF,
];
/// SAK of an FM1208-10 (proxmark3 `client/src/cmdhf14a.c`).
const SAK_COMBINED: u8 = 0x28;
/// Bytes that the key files take.
const KEY_FILE: usize = 0x0200;

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

    /// A campus card of the `CityUnion` family (`campus`) with this internal
    /// number of eight digits; name 学生甲, student number 2024001701, empty
    /// passbook; otherwise as [`transit`](Self::transit).
    #[must_use]
    pub fn campus(number: &str) -> Self {
        let mut card = Self::transit_of(Kind::Campus, number);
        card.with_transit(|transit| {
            transit.set_name(&CAMPUS_NAME);
            transit.set_student_number(CAMPUS_STUDENT);
        });
        card
    }

    /// An FM1208 CPU card (`fm1208`) that a school has personalised, UID
    /// `3A5C7E91`.
    ///
    /// The master file has the factory's key (eight `FF`). Below it lies the
    /// application `3F01` (`XUEKA.SCHOOL`): in it the file `0015` (SFI 21) of
    /// 32 bytes, which begins with the number 20240017 as text, is read by
    /// everybody and written in state 1; and the key `00112233…EEFF` for
    /// external authentication (id 00, leading to state 1, three tries), as
    /// internal key 00 and for line protection 00.
    #[must_use]
    pub fn fm1208() -> Self {
        Self::fmcos_of(Kind::Fm1208, None)
    }

    /// The same card with a MIFARE Classic 1K on its chip
    /// (`fm1208-combined`).
    #[must_use]
    pub fn fm1208_combined() -> Self {
        let memory = Classic::blank(Size::OneK);
        Self::fmcos_of(Kind::Fm1208Combined, Some(Box::new(memory))).sak(SAK_COMBINED)
    }

    /// An imitation of [`fm1208`](Self::fm1208) (`cpu-tid`): its files are
    /// copies, it answers `9000` to any external authentication, and its
    /// internal key is another one, because that could not be copied.
    #[must_use]
    pub fn cpu_tid() -> Self {
        let mut card = Self::fmcos_of(Kind::CpuTid, None);
        if let Chip::Fmcos(chip, _) = &mut card.chip {
            chip.set_imitation();
        }
        card.internal_key(0, [0x5A; 16])
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
        Self::ntag_of(Kind::Ntag213, Ultralight::ntag213())
    }

    /// A blank NTAG215 with UID `045A137C2B6680`.
    #[must_use]
    pub fn ntag215() -> Self {
        Self::ntag_of(Kind::Ntag215, Ultralight::ntag215())
    }

    /// A blank NTAG216 with UID `045A137C2B6680`.
    #[must_use]
    pub fn ntag216() -> Self {
        Self::ntag_of(Kind::Ntag216, Ultralight::ntag216())
    }

    /// A MIFARE DESFire EV1 without applications, UID `045A137C2B6680`, its own
    /// key an AES key of zeros.
    #[must_use]
    pub fn desfire() -> Self {
        let chip = Chip::Desfire(Box::default());
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

    fn fmcos_of(kind: Kind, memory: Option<Box<Classic>>) -> Self {
        let mut chip = Fmcos::blank();
        if let Some(root) = chip.directory_mut(MF) {
            root.key_file = Some((Right::ALWAYS, KEY_FILE));
            root.create = Right(0xFF);
            root.erase = Right(0xFF);
            root.keys.extend(Key::parse(0, &FACTORY_KEY));
        }
        if let Some(school) = chip.put_directory(SCHOOL_DF, SCHOOL_NAME) {
            school.key_file = Some((Right(0xF1), KEY_FILE));
            school.create = Right(0xF1);
            school.erase = Right::NEVER;
            school.application = 0x95;
            let records = SCHOOL_KEYS.map(|head| [head.as_slice(), &SCHOOL_KEY].concat());
            let keys = records.iter().filter_map(|record| Key::parse(0, record));
            school.keys.extend(keys);
            let mut data = DEFAULT_SCHOOL_NUMBER.to_vec();
            data.resize(SCHOOL_FILE_LENGTH, 0);
            let mut file = File::open(data);
            file.write = Right(0xF1);
            school.files.insert(SCHOOL_FILE, file);
        }
        let chip = Chip::Fmcos(Box::new(chip), memory);
        Self::cpu_of(kind, chip, &UID_4, &HISTORICAL_CPU)
    }

    /// A card that says again what a real one said, with the ATR that readers
    /// report for cards of ISO 14443-4 without historical bytes.
    pub(crate) fn recorded(recorded: Recorded) -> Self {
        let chip = Chip::Recorded(recorded);
        Self::made_of(Kind::Recording, chip, &[], None, atr::contactless(&[]))
    }

    fn transit_of(kind: Kind, number: &str) -> Self {
        let card = kind.layout().map(|layout| layout.blank_card());
        let chip = Chip::Cpu(card.unwrap_or_default());
        let card = Self::cpu_of(kind, chip, &UID_4, &HISTORICAL_CPU).city(BEIJING);
        card.valid_from(DEFAULT_VALID_FROM)
            .valid_until(DEFAULT_VALID_UNTIL)
            .number(number)
    }

    fn ntag_of(kind: Kind, chip: Ultralight) -> Self {
        let chip = Chip::Ultralight(chip);
        Self::storage_of(kind, chip, &UID_7, (ISO14443_A, NAME_ULTRALIGHT))
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
            Self::Campus => Some(transit::CAMPUS),
            _ => None,
        }
    }
}
