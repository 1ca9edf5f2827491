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

/// A campus card of the CityUnion family: internal number and due date in SFI
/// 21 of the master file, name and student number in SFI 22 of the application,
/// and a passbook instead of a purse (nfcim/nfsee `assets/read.js`).
pub(crate) const CAMPUS: Layout = Layout {
    in_application: false,
    sfi: 21,
    length: 33,
    number: (6, 4),
    // Six digits, not eight: see `set_valid_until`.
    dates: CAMPUS_DUE_AT,
    holder: None,
};

/// Due date and printed due date of a campus card, `YYMMDD` in BCD.
const CAMPUS_DUE_AT: usize = 12;
const CAMPUS_PRINTED_DUE_AT: usize = 15;
/// Name (GBK) and student number of a campus card.
const CAMPUS_PERSON_SFI: u8 = 22;
const CAMPUS_PERSON: usize = 38;
const CAMPUS_NAME: (usize, usize) = (0, 20);
const CAMPUS_STUDENT: (usize, usize) = (28, 10);

/// Cities that lay the files of a CityUnion card out otherwise (nfsee;
/// metrodroid `CityUnionTransitData.kt`).
const CITY_AT: usize = 2;
const SHANGHAI: [u8; 2] = [0x20, 0x00];
const CHONGQING: [u8; 2] = [0x40, 0x00];
/// Shanghai: the number is an integer.
const SHANGHAI_NUMBER: (usize, usize) = (16, 4);
/// Chongqing: the last day stands here, number and first day in another file,
/// of the master file.
const CHONGQING_UNTIL: usize = 8;
const CHONGQING_SFI: u8 = 5;
const CHONGQING_FILE: usize = 48;
const CHONGQING_NUMBER: (usize, usize) = (12, 8);
const CHONGQING_FROM: usize = 20;

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

/// P1 and P2 of GET BALANCE for the purse, and for a campus card's passbook.
const PURSE: (u8, u8) = (0x00, 0x02);
const PASSBOOK: (u8, u8) = (0x00, 0x01);
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
        purse.balances.insert(self.purse(), 0);
        purse.records.insert(LOG_SFI, Vec::new());
        let mut root = Directory::default();
        if *self == BEIJING {
            root.name = BEIJING_MF_NAME.to_vec();
            root.files.insert(self.sfi, vec![0; self.length]);
            root.files.insert(COUNTER_SFI, vec![0; 5]);
            purse.file_id = Some(PURSE_DF);
            purse.name = PURSE_DF_NAME.to_vec();
        } else if *self == CAMPUS {
            root.name = PAYMENT_MF_NAME.to_vec();
            root.files.insert(self.sfi, vec![0; self.length]);
            purse
                .files
                .insert(CAMPUS_PERSON_SFI, vec![0; CAMPUS_PERSON]);
            purse.name = CITY_UNION_AID.to_vec();
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

impl Layout {
    /// P1 and P2 of GET BALANCE.
    fn purse(&self) -> (u8, u8) {
        if *self == CAMPUS { PASSBOOK } else { PURSE }
    }
}

impl Transit<'_> {
    /// Writes the number, two digits to a byte, with leading zeros.
    ///
    /// A character that is no hexadecimal digit becomes `F`: that is how a
    /// test gets a number that no card may have.
    pub(crate) fn set_number(&mut self, digits: &str) {
        let (offset, length) = match self.city() {
            SHANGHAI => {
                let integer = digits.parse::<u32>().unwrap_or(u32::MAX);
                let (offset, _) = SHANGHAI_NUMBER;
                return self.overwrite(self.layout.sfi, offset, &integer.to_be_bytes());
            }
            CHONGQING => CHONGQING_NUMBER,
            _ => self.layout.number,
        };
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
        if self.city() == CHONGQING {
            self.overwrite_root(CHONGQING_SFI, offset, &bytes);
        } else {
            self.overwrite(self.layout.sfi, offset, &bytes);
        }
    }

    /// Writes the first day of validity, where the family has one.
    pub(crate) fn set_valid_from(&mut self, day: Date) {
        match (self.layout, self.city()) {
            (CAMPUS, _) => {}
            (_, CHONGQING) => {
                self.overwrite_root(CHONGQING_SFI, CHONGQING_FROM, &bcd_date(day));
            }
            _ => self.overwrite(self.layout.sfi, self.layout.dates, &bcd_date(day)),
        }
    }

    /// Writes the last day of validity; on a campus card without the century,
    /// for chip and print.
    pub(crate) fn set_valid_until(&mut self, day: Date) {
        let date = bcd_date(day);
        match (self.layout, self.city()) {
            (CAMPUS, _) => {
                let [_, short @ ..] = date;
                self.overwrite(self.layout.sfi, CAMPUS_DUE_AT, &short);
                self.overwrite(self.layout.sfi, CAMPUS_PRINTED_DUE_AT, &short);
            }
            (_, CHONGQING) => self.overwrite(self.layout.sfi, CHONGQING_UNTIL, &date),
            _ => self.overwrite(self.layout.sfi, self.layout.dates + 4, &date),
        }
    }

    /// Writes the holder's name, in GBK, into a campus card.
    pub(crate) fn set_name(&mut self, gbk: &[u8]) {
        self.set_person(CAMPUS_NAME, gbk);
    }

    /// Writes the student number into a campus card.
    pub(crate) fn set_student_number(&mut self, digits: &str) {
        self.set_person(CAMPUS_STUDENT, digits.as_bytes());
    }

    /// Fills a field of a campus card, with zeros behind; what is too long is
    /// cut off.
    fn set_person(&mut self, (offset, length): (usize, usize), text: &[u8]) {
        if self.layout != CAMPUS {
            return;
        }
        let mut field = text.to_vec();
        field.resize(length, 0);
        let application = self.card.application_mut();
        let file = application.and_then(|found| found.files.get_mut(&CAMPUS_PERSON_SFI));
        for (place, byte) in file.into_iter().flatten().skip(offset).zip(field) {
            *place = byte;
        }
    }

    /// Writes for whom the card was made, where the family says so.
    pub(crate) fn set_holder_kind(&mut self, kind: u8) {
        if let Some((sfi, _, offset)) = self.layout.holder {
            self.overwrite(sfi, offset, &[kind]);
        }
    }

    /// Writes the city code, two bytes, where the family has one.
    ///
    /// Shanghai and Chongqing lay out number and dates in their own way, so
    /// those have to be written after the city.
    pub(crate) fn set_city(&mut self, city: [u8; 2]) {
        match self.layout {
            CITY_UNION => {
                let lays_out_otherwise = |city| matches!(city, SHANGHAI | CHONGQING);
                if lays_out_otherwise(city) || lays_out_otherwise(self.city()) {
                    self.set_file(self.layout.sfi, vec![0; self.layout.length]);
                }
                self.overwrite(self.layout.sfi, CITY_AT, &city);
                if city == CHONGQING
                    && let Some(root) = self.card.root_mut()
                {
                    root.files.insert(CHONGQING_SFI, vec![0; CHONGQING_FILE]);
                }
            }
            T_UNION => self.overwrite(23, 6, &city),
            _ => {}
        }
    }

    /// The city of a CityUnion card; zeros on any other.
    fn city(&mut self) -> [u8; 2] {
        if self.layout != CITY_UNION {
            return [0; 2];
        }
        let sfi = self.layout.sfi;
        let file = self.directory().and_then(|found| found.files.get(&sfi));
        let city = file.and_then(|file| file.get(CITY_AT..CITY_AT + 2));
        city.and_then(|city| city.try_into().ok())
            .unwrap_or_default()
    }

    /// Sets what is in the purse, in fen.
    pub(crate) fn set_balance(&mut self, fen: u32) {
        let purse_id = self.layout.purse();
        if let Some(purse) = self.card.application_mut() {
            purse.balances.insert(purse_id, fen);
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

    fn overwrite_root(&mut self, sfi: u8, offset: usize, bytes: &[u8]) {
        let file = self
            .card
            .root_mut()
            .and_then(|root| root.files.get_mut(&sfi));
        for (place, byte) in file.into_iter().flatten().skip(offset).zip(bytes) {
            *place = *byte;
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
