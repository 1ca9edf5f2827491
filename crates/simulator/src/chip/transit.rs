//! The files of transit cards: Beijing, T-Union, CityUnion.
//!
//! Sources: nfcim/nfsee `assets/read.js`; sinpolib/nfcard
//! `BeijingMunicipal.java`; metrodroid `BeijingTransitData.kt`,
//! `TUnionTransitData.kt`, `CityUnionTransitData.kt`.

use jiff::civil::Date;

use super::cpu::{CpuCard, Directory};

/// Where a family keeps what a desk reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    /// Whether the number stands in the application rather than in the MF.
    in_application: bool,
    /// The file of number and dates, and its length.
    sfi: u8,
    length: usize,
    /// Offset and length of the number in bytes of two digits.
    number: (usize, usize),
    /// Offset of the first day; the last day follows. `YYYYMMDD` in BCD.
    dates: usize,
    /// File, length and offset of the byte that says who holds the card.
    holder: Option<(u8, usize, usize)>,
}

/// Beijing (市政交通一卡通): SFI 4 of the master file.
pub(crate) const BEIJING: Layout = Layout {
    in_application: false,
    sfi: 4,
    length: 32,
    number: (0, 8),
    dates: 24,
    holder: None,
};

/// T-Union (交通联合): SFI 21 and SFI 23 of its application.
pub(crate) const T_UNION: Layout = Layout {
    in_application: true,
    sfi: 21,
    length: 30,
    number: (10, 10),
    dates: 20,
    holder: Some((23, 60, 10)),
};

/// CityUnion (城市一卡通): SFI 21 of its application.
pub(crate) const CITY_UNION: Layout = Layout {
    in_application: true,
    sfi: 21,
    length: 30,
    number: (12, 8),
    dates: 20,
    holder: None,
};

/// Names and ids of the applications.
const BEIJING_MF_NAME: &[u8] = b"OC";
const PURSE_DF: u16 = 0x1001;
const PURSE_DF_NAME: &[u8] = b"PBOC";
const T_UNION_AID: [u8; 8] = [0xA0, 0x00, 0x00, 0x06, 0x32, 0x01, 0x01, 0x05];
const CITY_UNION_AID: [u8; 9] = [0xA0, 0x00, 0x00, 0x00, 0x03, 0x86, 0x98, 0x07, 0x01];
const PAYMENT_MF_NAME: &[u8] = b"1PAY.SYS.DDF01";

/// The use counter of a Beijing card: a flag, then four bytes.
const COUNTER_SFI: u8 = 5;
/// The version of a Beijing card, shown as `XX.XXXX`.
const VERSION_AT: usize = 8;
const VERSION: [u8; 3] = [0x01, 0x00, 0x00];

/// The log of a purse: cyclic, ten records of 23 bytes.
const LOG_SFI: u8 = 24;
const N_LOG_RECORDS: usize = 10;
const LOG_RECORD: usize = 23;

/// P1 and P2 of GET BALANCE for the purse.
const PURSE: (u8, u8) = (0x00, 0x02);
/// T-Union's second value is a debt, its third the limit of that debt.
const DEBT: (u8, u8) = (0x01, 0x02);
const DEBT_LIMIT: (u8, u8) = (0x02, 0x02);

/// A transit card's files and where things stand in them.
#[derive(Debug)]
pub(crate) struct Transit<'a> {
    /// The files.
    pub(crate) card: &'a mut CpuCard,
    /// Where things stand.
    pub(crate) layout: Layout,
}

impl Layout {
    /// A card of this layout with an empty purse, no number and no dates.
    pub(crate) fn blank_card(&self) -> CpuCard {
        let mut purse = Directory::default();
        purse.balances.insert(PURSE, 0);
        purse.records.insert(LOG_SFI, Vec::new());
        let mut root = Directory::default();
        if *self == BEIJING {
            root.name = BEIJING_MF_NAME.to_vec();
            root.files.insert(self.sfi, vec![0; self.length]);
            root.files.insert(COUNTER_SFI, vec![0; 5]);
            purse.file_id = Some(PURSE_DF);
            purse.name = PURSE_DF_NAME.to_vec();
        } else {
            root.name = PAYMENT_MF_NAME.to_vec();
            purse.files.insert(self.sfi, vec![0; self.length]);
            purse.info_file = Some(self.sfi);
            purse.name = CITY_UNION_AID.to_vec();
        }
        if *self == T_UNION {
            purse.name = T_UNION_AID.to_vec();
            purse.balances.insert(DEBT, 0);
            purse.balances.insert(DEBT_LIMIT, 0);
        }
        if let Some((sfi, length, _)) = self.holder {
            purse.files.insert(sfi, vec![0; length]);
        }
        let mut card = CpuCard::new(root, Some(purse));
        if *self == BEIJING {
            let mut transit = Transit {
                card: &mut card,
                layout: *self,
            };
            transit.overwrite(self.sfi, VERSION_AT, &VERSION);
        }
        card
    }
}

impl Transit<'_> {
    /// Writes the number, two digits to a byte, with leading zeros.
    ///
    /// A character that is no hexadecimal digit becomes `F`: that is how a
    /// test gets a number that no card may have.
    pub(crate) fn set_number(&mut self, digits: &str) {
        let (offset, length) = self.layout.number;
        let nibbles = digits
            .chars()
            .map(|digit| {
                digit
                    .to_digit(16)
                    .and_then(|value| u8::try_from(value).ok())
            })
            .map(|nibble| nibble.unwrap_or(0xF))
            .collect::<Vec<_>>();
        let mut bytes = vec![0; length];
        for (index, nibble) in nibbles.iter().rev().enumerate() {
            let place = length.checked_sub(1 + index / 2);
            if let Some(byte) = place.and_then(|place| bytes.get_mut(place)) {
                *byte |= if index % 2 == 0 { *nibble } else { nibble << 4 };
            }
        }
        self.overwrite(self.layout.sfi, offset, &bytes);
    }

    /// Writes the first day of validity.
    pub(crate) fn set_valid_from(&mut self, day: Date) {
        self.overwrite(self.layout.sfi, self.layout.dates, &bcd_date(day));
    }

    /// Writes the last day of validity.
    pub(crate) fn set_valid_until(&mut self, day: Date) {
        self.overwrite(self.layout.sfi, self.layout.dates + 4, &bcd_date(day));
    }

    /// Writes for whom the card was made, where the family says so.
    pub(crate) fn set_holder_kind(&mut self, kind: u8) {
        if let Some((sfi, _, offset)) = self.layout.holder {
            self.overwrite(sfi, offset, &[kind]);
        }
    }

    /// Writes the city code, two bytes, where the family has one.
    pub(crate) fn set_city(&mut self, city: [u8; 2]) {
        match self.layout {
            CITY_UNION => self.overwrite(self.layout.sfi, 2, &city),
            T_UNION => self.overwrite(23, 6, &city),
            _ => {}
        }
    }

    /// Sets what is in the purse, in fen.
    pub(crate) fn set_balance(&mut self, fen: u32) {
        if let Some(purse) = self.card.application_mut() {
            purse.balances.insert(PURSE, fen);
        }
    }

    /// Puts a trip or a load in front of the log; the oldest record goes.
    pub(crate) fn add_log_record(&mut self, record: [u8; LOG_RECORD]) {
        let purse = self.card.application_mut();
        if let Some(log) = purse.and_then(|purse| purse.records.get_mut(&LOG_SFI)) {
            log.insert(0, record.to_vec());
            log.truncate(N_LOG_RECORDS);
        }
    }

    /// Replaces a whole file of the directory in which the number stands.
    pub(crate) fn set_file(&mut self, sfi: u8, content: Vec<u8>) {
        if let Some(directory) = self.directory() {
            directory.files.insert(sfi, content);
        }
    }

    /// Replaces the data field of the application's answer to SELECT.
    pub(crate) fn set_select_answer(&mut self, answer: Vec<u8>) {
        if let Some(application) = self.card.application_mut() {
            application.select_answer = Some(answer);
        }
    }

    fn directory(&mut self) -> Option<&mut Directory> {
        if self.layout.in_application {
            self.card.application_mut()
        } else {
            self.card.root_mut()
        }
    }

    /// A file made shorter by a test keeps what still fits.
    fn overwrite(&mut self, sfi: u8, offset: usize, bytes: &[u8]) {
        let file = self
            .directory()
            .and_then(|directory| directory.files.get_mut(&sfi));
        for (place, byte) in file.into_iter().flatten().skip(offset).zip(bytes) {
            *place = *byte;
        }
    }
}

/// `YYYYMMDD`, two digits to a byte.
fn bcd_date(day: Date) -> [u8; 4] {
    let bcd = |number: i16| {
        let number = u8::try_from(number.rem_euclid(100)).unwrap_or_default();
        number / 10 * 16 + number % 10
    };
    [
        bcd(day.year() / 100),
        bcd(day.year()),
        bcd(day.month().into()),
        bcd(day.day().into()),
    ]
}
