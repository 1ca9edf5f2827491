//! What a card is given: number and days of validity, laid out as the profile
//! of the school has them.

use std::fmt;

use jiff::civil::Date;
use xueka_domain::CardNumber;

use super::WriteError;
use crate::profile::field::{DateCoding, DateField, Fields, NumberCoding, NumberField};

/// What is written to a card.
///
/// A day for which the profile has no place is left out; one that is not given
/// here stays as it stands on the card. `Debug` shows neither number nor days.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct CardContent {
    /// The card number.
    pub number: CardNumber,
    /// The first day of validity.
    pub valid_from: Option<Date>,
    /// The last day of validity.
    pub valid_until: Option<Date>,
}

impl CardContent {
    /// Lays out into `bytes`, which stand at `place`, the fields that are there.
    ///
    /// # Errors
    ///
    /// [`WriteError::DoesNotFit`]: a value cannot be written in its coding, or
    /// the bytes are too few.
    pub(crate) fn lay_out<P: Copy + PartialEq>(
        &self,
        fields: &Fields<P>,
        place: P,
        bytes: &mut [u8],
    ) -> Result<(), WriteError> {
        let (known, field) = fields.number;
        if known == place {
            put_number(field, self.number, bytes).ok_or(WriteError::DoesNotFit)?;
        }
        let days = [
            (fields.valid_from, self.valid_from),
            (fields.valid_until, self.valid_until),
        ];
        for (field, day) in days {
            if let (Some((known, field)), Some(day)) = (field, day)
                && known == place
            {
                put_date(field, day, bytes).ok_or(WriteError::DoesNotFit)?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for CardContent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CardContent").finish_non_exhaustive()
    }
}

/// Writes a number so that it is read as the same; `None` when the coding
/// cannot.
fn put_number(field: NumberField, number: CardNumber, bytes: &mut [u8]) -> Option<()> {
    let length = usize::from(field.length);
    let digits = number.reveal();
    let mut coded = match field.coding {
        NumberCoding::Ascii => digits.into_bytes(),
        NumberCoding::Bcd | NumberCoding::BcdExact => packed(&digits)?,
        NumberCoding::BcdAfterZero => packed(&format!("0{digits}"))?,
        NumberCoding::Integer => integer(number, length)?,
        NumberCoding::IntegerReversed => {
            let mut reversed = integer(number, length)?;
            reversed.reverse();
            reversed
        }
    };
    let padding = match field.coding {
        NumberCoding::Bcd => 0xFF,
        _ => 0x00,
    };
    coded.resize(length.max(coded.len()), padding);
    let place = bytes.get_mut(usize::from(field.offset)..field.end())?;
    if place.len() != coded.len() {
        return None;
    }
    place.copy_from_slice(&coded);
    // What is read back decides, so that both directions agree.
    (field.number(bytes) == Some(number)).then_some(())
}

fn put_date(field: DateField, day: Date, bytes: &mut [u8]) -> Option<()> {
    let long = format!("{:04}{:02}{:02}", day.year(), day.month(), day.day());
    let short = long.get(2..)?;
    let coded = match field.coding {
        DateCoding::BcdYyyymmdd => packed(&long)?,
        DateCoding::BcdYymmdd => packed(short)?,
        DateCoding::AsciiYyyymmdd => long.into_bytes(),
        DateCoding::AsciiYymmdd => short.as_bytes().to_vec(),
    };
    let place = bytes.get_mut(usize::from(field.offset)..field.end())?;
    if place.len() != coded.len() {
        return None;
    }
    place.copy_from_slice(&coded);
    (field.date(bytes) == Some(day)).then_some(())
}

/// Two digits a byte, a nibble `F` behind an odd number of them.
fn packed(digits: &str) -> Option<Vec<u8>> {
    let padding = if digits.len().is_multiple_of(2) {
        ""
    } else {
        "F"
    };
    hex::decode(format!("{digits}{padding}")).ok()
}

/// An unsigned integer of so many bytes, most significant first.
fn integer(number: CardNumber, n_bytes: usize) -> Option<Vec<u8>> {
    let bytes = number.as_integer().to_be_bytes();
    let n_cut = bytes.len().checked_sub(n_bytes)?;
    bytes.get(n_cut..).map(<[u8]>::to_vec)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    fn number_field(coding: NumberCoding, length: u8) -> NumberField {
        NumberField {
            offset: 1,
            length,
            coding,
        }
    }

    #[test]
    fn numbers_are_written_in_each_coding() {
        use NumberCoding::{Ascii, Bcd, BcdAfterZero, BcdExact, Integer, IntegerReversed};
        let cases = [
            (Bcd, 4, "20240017", Some("20240017"), "plain"),
            (Bcd, 5, "2024001", Some("2024001FFF"), "odd, padded"),
            (Bcd, 3, "20240017", None, "too long"),
            (BcdExact, 4, "20240017", Some("20240017"), "plain"),
            (BcdExact, 4, "2024001", None, "odd"),
            (BcdExact, 5, "20240017", None, "would gain digits"),
            (BcdAfterZero, 4, "0240017", Some("00240017"), "one zero"),
            (BcdAfterZero, 4, "20240017", None, "no room for the zero"),
            (Ascii, 6, "202417", Some("323032343137"), "plain"),
            (Ascii, 8, "202417", Some("3230323431370000"), "padded"),
            (Ascii, 5, "202417", None, "too long"),
            (Integer, 4, "514229873", Some("1EA68671"), "plain"),
            (IntegerReversed, 4, "1904649758", Some("1EA68671"), "turned"),
            (Integer, 4, "0514229873", None, "its zero would be lost"),
            (Integer, 3, "514229873", None, "too large"),
        ];
        for (coding, length, number, expected, why) in cases {
            let mut bytes = vec![0xAA; 1 + usize::from(length)];
            let field = number_field(coding, length);
            let put = put_number(field, number.parse().unwrap(), &mut bytes);
            assert_eq!(put.is_some(), expected.is_some(), "{coding:?}, {why}");
            if let Some(expected) = expected {
                let expected = format!("AA{expected}");
                assert_eq!(hex::encode_upper(&bytes), expected, "{coding:?}, {why}");
            }
        }
    }

    #[test]
    fn dates_are_written_in_each_coding() {
        let cases = [
            (DateCoding::BcdYyyymmdd, date(2027, 8, 31), Some("20270831")),
            (DateCoding::BcdYymmdd, date(2027, 8, 31), Some("270831")),
            (DateCoding::BcdYymmdd, date(1999, 8, 31), None),
            (
                DateCoding::AsciiYyyymmdd,
                date(2027, 8, 31),
                Some("3230323730383331"),
            ),
            (
                DateCoding::AsciiYymmdd,
                date(2027, 8, 31),
                Some("323730383331"),
            ),
        ];
        for (coding, day, expected) in cases {
            let mut bytes = vec![0; usize::from(coding.length())];
            let put = put_date(DateField { offset: 0, coding }, day, &mut bytes);
            let written = put.map(|()| hex::encode_upper(bytes));
            assert_eq!(written.as_deref(), expected, "{coding:?}");
        }
    }

    #[test]
    fn content_shows_nothing_of_itself() {
        let content = CardContent {
            number: "2024001712".parse().unwrap(),
            valid_from: Some(date(2024, 9, 1)),
            valid_until: None,
        };
        assert_eq!(format!("{content:?}"), "CardContent { .. }");
    }

    proptest! {
        #[test]
        fn no_number_panics_and_what_is_written_is_read(
            digits in "[0-9]{4,19}", coding in 0_usize..6, length in 0_u8..24, n_bytes in 0_usize..32,
        ) {
            use NumberCoding::{Ascii, Bcd, BcdAfterZero, BcdExact, Integer, IntegerReversed};
            let coding = [Ascii, Bcd, BcdAfterZero, BcdExact, Integer, IntegerReversed][coding];
            let number = digits.parse().unwrap();
            let field = number_field(coding, length);
            let mut bytes = vec![0; n_bytes];
            if put_number(field, number, &mut bytes).is_some() {
                prop_assert_eq!(field.number(&bytes), Some(number));
            }
        }
    }
}
