//! Numbers and dates as fields of a block, of pages or of a file.

use jiff::civil::Date;
use serde::Deserialize;
use xueka_apdu::StatusWord;
use xueka_domain::CardNumber;

use crate::{Gap, NumberSource, decimal, findings::Findings};

/// How a number is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum NumberCoding {
    /// A digit a byte (`31` is 1); `00`, `20` and `FF` behind it are padding.
    Ascii,
    /// Two digits a byte, the high nibble first; nibbles `F` behind them are
    /// padding.
    Bcd,
    /// The same without padding: every nibble is a digit.
    BcdExact,
    /// The same, the first digit a zero that is no part of the number.
    BcdAfterZero,
    /// An unsigned integer, most significant byte first, shown as decimal
    /// without leading zeros.
    Integer,
    /// The same, least significant byte first.
    IntegerReversed,
}

/// How a date is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum DateCoding {
    /// Four bytes of two digits each: century, year, month, day.
    BcdYyyymmdd,
    /// Three bytes of two digits each: year of this century, month, day.
    BcdYymmdd,
    /// Eight digits, a byte each.
    AsciiYyyymmdd,
    /// Six digits, a byte each: year of this century, month, day.
    AsciiYymmdd,
}

/// A number within the bytes of its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NumberField {
    /// Where it begins, from 0.
    pub(crate) offset: u16,
    /// How many bytes it takes.
    pub(crate) length: u8,
    /// How it is written.
    pub(crate) coding: NumberCoding,
}

/// A date within the bytes of its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DateField {
    /// Where it begins, from 0.
    pub(crate) offset: u16,
    /// How it is written, which says how many bytes it takes.
    pub(crate) coding: DateCoding,
}

/// What a profile says is on a card: a number, and days of validity where
/// known, each at a place `P` (a block, a page, a file).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fields<P> {
    /// The card number.
    pub(crate) number: (P, NumberField),
    /// The first day of validity.
    pub(crate) valid_from: Option<(P, DateField)>,
    /// The last day of validity.
    pub(crate) valid_until: Option<(P, DateField)>,
}

impl NumberCoding {
    /// The fewest and the most bytes that a number of 4 to 19 digits takes.
    /// Padding may add to the most, where the coding has any.
    pub(crate) fn lengths(self) -> (u8, u8) {
        match self {
            Self::Ascii => (4, u8::MAX),
            Self::Bcd => (2, u8::MAX),
            Self::BcdExact => (2, 9),
            Self::BcdAfterZero => (3, 10),
            Self::Integer | Self::IntegerReversed => (2, 8),
        }
    }
}

impl DateCoding {
    /// How many bytes a date takes.
    pub(crate) fn length(self) -> u16 {
        match self {
            Self::BcdYymmdd => 3,
            Self::BcdYyyymmdd => 4,
            Self::AsciiYymmdd => 6,
            Self::AsciiYyyymmdd => 8,
        }
    }
}

impl NumberField {
    /// The byte after the last one.
    pub(crate) fn end(self) -> usize {
        usize::from(self.offset) + usize::from(self.length)
    }

    /// The number in the bytes of its place; `None` when it is none.
    pub(crate) fn number(self, bytes: &[u8]) -> Option<CardNumber> {
        let field = bytes.get(usize::from(self.offset)..self.end())?;
        match self.coding {
            NumberCoding::Ascii => decimal::ascii_number(field),
            NumberCoding::Bcd => decimal::padded_bcd_number(field),
            NumberCoding::BcdExact => decimal::bcd_number(field),
            NumberCoding::BcdAfterZero => decimal::bcd_number_after_zero(field),
            NumberCoding::Integer => decimal::integer_number(field.iter()),
            NumberCoding::IntegerReversed => decimal::integer_number(field.iter().rev()),
        }
    }
}

impl DateField {
    /// The byte after the last one.
    pub(crate) fn end(self) -> usize {
        usize::from(self.offset) + usize::from(self.coding.length())
    }

    /// The date in the bytes of its place; `None` when it is none.
    pub(crate) fn date(self, bytes: &[u8]) -> Option<Date> {
        let field = bytes.get(usize::from(self.offset)..self.end())?;
        match self.coding {
            DateCoding::BcdYyyymmdd => decimal::bcd_date(field),
            DateCoding::BcdYymmdd => decimal::short_bcd_date(field),
            DateCoding::AsciiYyyymmdd | DateCoding::AsciiYymmdd => decimal::ascii_date(field),
        }
    }
}

impl<P: Copy + PartialEq> Fields<P> {
    /// Each place once, the number's first, with how many bytes from its
    /// beginning the fields there need.
    pub(crate) fn places(&self) -> Vec<(P, usize)> {
        let mut places = vec![(self.number.0, self.number.1.end())];
        for (place, field) in self.dates() {
            match places.iter_mut().find(|(known, _)| *known == place) {
                Some((_, n_bytes)) => *n_bytes = field.end().max(*n_bytes),
                None => places.push((place, field.end())),
            }
        }
        places
    }

    /// Each place once, the number's first, with where the first field there
    /// begins and the last one ends, so that no more of it is asked for.
    pub(crate) fn ranges(&self) -> Vec<(P, (usize, usize))> {
        let begins = |place: P| {
            let dates = self.dates().filter(|(known, _)| *known == place);
            let dates = dates.map(|(_, field)| field.offset);
            let number = (self.number.0 == place).then_some(self.number.1.offset);
            dates.chain(number).min().unwrap_or_default()
        };
        let places = self.places().into_iter();
        places
            .map(|(place, end)| (place, (begins(place).into(), end)))
            .collect()
    }

    /// Takes into `findings` what a place holds, or notes why it is missing.
    pub(crate) fn take(
        &self,
        findings: &mut Findings,
        place: P,
        content: Result<&[u8], StatusWord>,
        source: NumberSource,
    ) {
        let at = |(known, _): &(P, DateField)| *known == place;
        let number = Some(self.number).filter(|(known, _)| *known == place);
        let valid_from = self.valid_from.filter(at);
        let valid_until = self.valid_until.filter(at);
        match content {
            Ok(bytes) => {
                if let Some((_, field)) = number {
                    findings.set_number(field.number(bytes), source);
                }
                if let Some((_, field)) = valid_from {
                    findings.set_valid_from(field.date(bytes));
                }
                if let Some((_, field)) = valid_until {
                    findings.set_valid_until(field.date(bytes));
                }
            }
            Err(refused) => {
                let gaps = [
                    number.map(|_| Gap::CardNumber),
                    valid_from.map(|_| Gap::ValidFrom),
                    valid_until.map(|_| Gap::ValidUntil),
                ];
                let gaps = gaps.into_iter().flatten().collect::<Vec<_>>();
                findings.refused(&gaps, refused);
            }
        }
    }

    fn dates(&self) -> impl Iterator<Item = (P, DateField)> {
        self.valid_from.into_iter().chain(self.valid_until)
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;
    use xueka_domain::CardFamily;

    use super::*;

    const NUMBER_CODINGS: [NumberCoding; 6] = [
        NumberCoding::Ascii,
        NumberCoding::Bcd,
        NumberCoding::BcdExact,
        NumberCoding::BcdAfterZero,
        NumberCoding::Integer,
        NumberCoding::IntegerReversed,
    ];
    const DATE_CODINGS: [DateCoding; 4] = [
        DateCoding::BcdYyyymmdd,
        DateCoding::BcdYymmdd,
        DateCoding::AsciiYyyymmdd,
        DateCoding::AsciiYymmdd,
    ];

    #[test]
    fn numbers_are_found_in_each_coding() {
        use NumberCoding::{Ascii, Bcd, BcdAfterZero, BcdExact, Integer, IntegerReversed};
        let cases = [
            (Bcd, 0, 4, "20240017", Some("20240017"), "plain"),
            (Bcd, 1, 3, "FF20240F", Some("20240"), "odd, padded"),
            (Bcd, 0, 4, "2024F017", None, "padding in the middle"),
            (Bcd, 0, 4, "2024A017", None, "not decimal"),
            (Bcd, 0, 4, "00000000", None, "a blank card"),
            (BcdExact, 0, 4, "20240017", Some("20240017"), "plain"),
            (BcdExact, 0, 4, "2024001F", None, "no padding"),
            (BcdAfterZero, 0, 4, "00240017", Some("0240017"), "one zero"),
            (BcdAfterZero, 0, 4, "20240017", None, "no zero"),
            (Ascii, 0, 6, "323032343137", Some("202417"), "plain"),
            (Ascii, 0, 8, "3230323431370020", Some("202417"), "padded"),
            (Ascii, 0, 6, "323032004137", None, "not digits"),
            (Integer, 0, 4, "1EA68671", Some("514229873"), "as read"),
            (
                IntegerReversed,
                0,
                4,
                "1EA68671",
                Some("1904649758"),
                "turned",
            ),
            (Integer, 0, 8, "FFFFFFFFFFFFFFFF", None, "20 digits"),
            (Integer, 0, 1, "07", None, "too short for a number"),
            (Bcd, 1, 4, "20240017", None, "beyond the end"),
        ];
        for (coding, offset, length, bytes, expected, why) in cases {
            let field = NumberField {
                offset,
                length,
                coding,
            };
            let number = field.number(&hex::decode(bytes).unwrap());
            assert_eq!(number.map(CardNumber::reveal).as_deref(), expected, "{why}");
        }
    }

    #[test]
    fn dates_are_found_in_each_coding() {
        let day = Some(date(2027, 8, 31));
        let cases = [
            (DateCoding::BcdYyyymmdd, "0020270831", day),
            (DateCoding::BcdYymmdd, "00270831", day),
            (DateCoding::AsciiYyyymmdd, "003230323730383331", day),
            (DateCoding::AsciiYymmdd, "00323730383331", day),
            (DateCoding::AsciiYymmdd, "00323730393331", None),
            (DateCoding::BcdYymmdd, "00000000", None),
            (DateCoding::AsciiYyyymmdd, "00323032373038", None),
        ];
        for (coding, bytes, expected) in cases {
            let field = DateField { offset: 1, coding };
            assert_eq!(
                field.date(&hex::decode(bytes).unwrap()),
                expected,
                "{bytes}"
            );
        }
    }

    #[test]
    fn a_place_of_several_fields_is_read_once() {
        let number = NumberField {
            offset: 0,
            length: 8,
            coding: NumberCoding::Bcd,
        };
        let day = |offset| DateField {
            offset,
            coding: DateCoding::BcdYyyymmdd,
        };
        let fields = Fields {
            number: (4, number),
            valid_from: Some((5, day(0))),
            valid_until: Some((4, day(28))),
        };
        assert_eq!(fields.places(), [(4, 32), (5, 4)]);
        assert_eq!(fields.ranges(), [(4, (0, 32)), (5, (0, 4))]);

        let middle = Fields {
            number: (
                4,
                NumberField {
                    offset: 28,
                    ..number
                },
            ),
            valid_from: None,
            valid_until: Some((4, day(20))),
        };
        assert_eq!(middle.ranges(), [(4, (20, 36))]);
    }

    #[test]
    fn what_a_place_refuses_is_missing_there_alone() {
        let number = NumberField {
            offset: 0,
            length: 4,
            coding: NumberCoding::Bcd,
        };
        let day = DateField {
            offset: 4,
            coding: DateCoding::BcdYymmdd,
        };
        let fields = Fields {
            number: (4, number),
            valid_from: Some((5, day)),
            valid_until: None,
        };
        let source = NumberSource::MifareBlock { block: 4 };
        let mut findings = Findings::of(CardFamily::MifareClassic1K);

        fields.take(&mut findings, 4, Ok(&[0x20, 0x24, 0x00, 0x17]), source);
        fields.take(&mut findings, 5, Err(StatusWord::NOT_ALLOWED), source);

        assert!(findings.number.is_some());
        let [missing] = findings.missing[..] else {
            panic!("{:?}", findings.missing);
        };
        assert_eq!(
            (missing.part, missing.status_word),
            (Gap::ValidFrom, Some(0x6986))
        );
    }

    proptest! {
        #[test]
        fn no_bytes_panic(
            bytes: Vec<u8>,
            offset: u16,
            length: u8,
            number in 0_usize..NUMBER_CODINGS.len(),
            date in 0_usize..DATE_CODINGS.len(),
        ) {
            let coding = NUMBER_CODINGS[number];
            let _ = NumberField { offset: offset % 32, length, coding }.number(&bytes);
            let _ = NumberField { offset, length, coding }.number(&bytes);
            let coding = DATE_CODINGS[date];
            let _ = DateField { offset: offset % 32, coding }.date(&bytes);
            let _ = DateField { offset, coding }.date(&bytes);
        }
    }
}
