//! One record of a purse's log.

use std::fmt;

use jiff::civil::{Date, Time};

use super::AMOUNT;
use crate::decimal::{bcd_date, two_digits};

/// Something that was done with a purse: a ride, a purchase, a load.
///
/// It tells where its holder was, so `Debug` hides it.
///
/// Bytes of a record: 0 and 1 the number, 2 to 4 the allowed overdraft (left
/// out here), 5 to 8 the amount, of which the top bit is noise, 9 the kind, 10
/// to 15 the terminal, 16 to 19 the date `YYYYMMDD` and 20 to 22 the time
/// `HHMMSS` in BCD; integers are most significant byte first.
///
/// Source: JR/T 0025 (PBOC), part 1; nfcim/nfsee `assets/read.js`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Trip {
    /// The card's own count of such doings; 65,535 is followed by 0.
    pub number: u16,
    /// How much, in fen: added for a load, else taken.
    pub amount: u32,
    /// What it was, as the card says it; [`kind`](Self::kind) gives the meaning.
    pub kind_code: u8,
    /// The terminal that did it, as its bytes.
    pub terminal: [u8; 6],
    /// The day, as the terminal had it; `None` where it is no date.
    pub date: Option<Date>,
    /// The time of day; `None` where it is none.
    pub time: Option<Time>,
}

/// What was done with a purse.
///
/// Source: nfcim/nfsee `assets/read.js`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TripKind {
    /// `01`, `02`: money was loaded.
    Load,
    /// `05`, `06`: a purchase.
    Purchase,
    /// `09`: a purchase in two parts, as rides are, from entry to exit.
    CompoundPurchase,
    /// Any other value.
    Other,
}

impl Trip {
    /// Reads a record; `None` for one that was never written (all zeros or
    /// all ones) or has another length than 23 bytes.
    pub(crate) fn parse(record: &[u8]) -> Option<Self> {
        let record = <[u8; 23]>::try_from(record).ok()?;
        let is_blank = |byte: u8| record.iter().all(|it| *it == byte);
        if is_blank(0x00) || is_blank(0xFF) {
            return None;
        }
        let [
            n0,
            n1,
            _,
            _,
            _,
            a0,
            a1,
            a2,
            a3,
            kind_code,
            t0,
            t1,
            t2,
            t3,
            t4,
            t5,
            date @ ..,
            hour,
            minute,
            second,
        ] = record;
        Some(Self {
            number: u16::from_be_bytes([n0, n1]),
            amount: u32::from_be_bytes([a0, a1, a2, a3]) & AMOUNT,
            kind_code,
            terminal: [t0, t1, t2, t3, t4, t5],
            date: bcd_date(&date),
            time: bcd_time([hour, minute, second]),
        })
    }

    /// What it was.
    #[must_use]
    pub fn kind(&self) -> TripKind {
        match self.kind_code {
            0x01 | 0x02 => TripKind::Load,
            0x05 | 0x06 => TripKind::Purchase,
            0x09 => TripKind::CompoundPurchase,
            _ => TripKind::Other,
        }
    }
}

impl fmt::Debug for Trip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Trip(…)")
    }
}

fn bcd_time(field: [u8; 3]) -> Option<Time> {
    let [hour, minute, second] = field.map(two_digits);
    let part = |value: Option<u8>| value.and_then(|value| i8::try_from(value).ok());
    Time::new(part(hour)?, part(minute)?, part(second)?, 0).ok()
}

#[cfg(test)]
mod tests {
    use jiff::civil::{date, time};
    use proptest::prelude::*;

    use super::*;

    fn trip(record: &str) -> Option<Trip> {
        Trip::parse(&hex::decode(record.replace(' ', "")).unwrap())
    }

    #[test]
    fn a_record_is_read_field_by_field() {
        let trip = trip("01A7 000000 800001F4 06 300102030405 20260901 073005").unwrap();
        let expected = Trip {
            number: 423,
            amount: 500,
            kind_code: 0x06,
            terminal: [0x30, 0x01, 0x02, 0x03, 0x04, 0x05],
            date: Some(date(2026, 9, 1)),
            time: Some(time(7, 30, 5, 0)),
        };
        assert!(trip == expected, "the top bit of the amount is noise");
        assert_eq!(format!("{trip:?}"), "Trip(…)");
    }

    #[test]
    fn what_is_no_date_or_time_is_left_open() {
        let cases = [
            ("20261301 073005", false, true, "no such month"),
            ("20260901 253005", true, false, "no such hour"),
            ("20260901 073060", true, false, "no such second"),
            ("20260901 0730FF", true, false, "not decimal"),
            ("FFFFFFFF FFFFFF", false, false, "never set"),
        ];
        for (moment, has_date, has_time, why) in cases {
            let record = format!("0001 000000 000001F4 09 300102030405 {moment}");
            let trip = trip(&record).unwrap();
            assert_eq!(trip.date.is_some(), has_date, "{why}");
            assert_eq!(trip.time.is_some(), has_time, "{why}");
        }
    }

    #[test]
    fn a_record_that_was_never_written_is_none() {
        let cases = [
            "00".repeat(23),
            "FF".repeat(23),
            "01".repeat(22),
            "01".repeat(24),
            String::new(),
        ];
        for record in cases {
            assert!(trip(&record).is_none(), "{record}");
        }
    }

    #[test]
    fn kinds_have_the_values_of_their_source() {
        let cases = [
            ("01", TripKind::Load),
            ("02", TripKind::Load),
            ("05", TripKind::Purchase),
            ("06", TripKind::Purchase),
            ("09", TripKind::CompoundPurchase),
            ("07", TripKind::Other),
        ];
        for (code, expected) in cases {
            let record = format!("0001 000000 000001F4 {code} 300102030405 20260901 073005");
            assert_eq!(trip(&record).unwrap().kind(), expected, "{code}");
        }
    }

    proptest! {
        #[test]
        fn no_record_panics(record in prop::collection::vec(any::<u8>(), 0..40)) {
            if let Some(trip) = Trip::parse(&record) {
                prop_assert!(trip.amount <= AMOUNT);
                prop_assert_eq!(record.len(), 23);
            }
        }
    }
}
