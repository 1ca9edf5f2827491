//! Numbers and dates as cards write them.
//!
//! A blank field is all zeros or all ones: neither is a number or a date.

use jiff::civil::Date;
use xueka_domain::CardNumber;

/// A number of two digits a byte, the high nibble first, every nibble a digit.
pub(crate) fn bcd_number(field: &[u8]) -> Option<CardNumber> {
    number(field.iter().copied().flat_map(nibbles))
}

/// The same with the first digit left out, which must be a zero.
pub(crate) fn bcd_number_after_zero(field: &[u8]) -> Option<CardNumber> {
    let mut digits = field.iter().copied().flat_map(nibbles);
    digits.next().filter(|first| *first == 0)?;
    number(digits)
}

/// The same as [`bcd_number`] with any nibbles `F` behind it left out.
pub(crate) fn padded_bcd_number(field: &[u8]) -> Option<CardNumber> {
    let digits = field.iter().copied().flat_map(nibbles).collect::<Vec<_>>();
    let end = digits.iter().rposition(|digit| *digit != 0xF)?;
    number(digits.into_iter().take(end + 1))
}

/// A number of ASCII digits with any padding behind it left out.
pub(crate) fn ascii_number(field: &[u8]) -> Option<CardNumber> {
    let is_padding = |byte: &u8| matches!(byte, 0x00 | 0x20 | 0xFF);
    let end = field.iter().rposition(|byte| !is_padding(byte))?;
    // A byte below `0` or above `9` turns into no digit either way.
    number(
        field
            .iter()
            .take(end + 1)
            .map(|byte| byte.wrapping_sub(b'0')),
    )
}

/// A number kept as an unsigned integer, most significant byte first, written
/// without leading zeros. More than 64 bits are no number.
pub(crate) fn integer_number<'a>(mut field: impl Iterator<Item = &'a u8>) -> Option<CardNumber> {
    let value = field.try_fold(0_u64, |value, byte| {
        Some(value.checked_mul(256)? + u64::from(*byte))
    })?;
    value.to_string().parse().ok()
}

/// A date of eight BCD digits, `YYYYMMDD`.
pub(crate) fn bcd_date(field: &[u8]) -> Option<Date> {
    let [century, year, month, day] = *field else {
        return None;
    };
    let year = i16::from(two_digits(century)?) * 100 + i16::from(two_digits(year)?);
    // Year zero is how a card says that it holds no date.
    let year = Some(year).filter(|year| *year > 0)?;
    let month = i8::try_from(two_digits(month)?).ok()?;
    let day = i8::try_from(two_digits(day)?).ok()?;
    Date::new(year, month, day).ok()
}

/// A date of six BCD digits, `YYMMDD`, of this century. All zeros are none.
pub(crate) fn short_bcd_date(field: &[u8]) -> Option<Date> {
    let [year, month, day] = *field else {
        return None;
    };
    bcd_date(&[0x20, year, month, day])
}

/// A date of eight or six ASCII digits, `YYYYMMDD` or `YYMMDD`.
pub(crate) fn ascii_date(field: &[u8]) -> Option<Date> {
    let digits = std::str::from_utf8(field).ok()?;
    let bcd = hex::decode(digits).ok()?;
    bcd_date(&bcd).or_else(|| short_bcd_date(&bcd))
}

/// Digits as values; anything above 9 and a row of zeros are no number.
fn number(digits: impl Iterator<Item = u8>) -> Option<CardNumber> {
    let text = digits
        .map(|digit| char::from_digit(digit.into(), 10))
        .collect::<Option<String>>()?;
    if text.bytes().all(|digit| digit == b'0') {
        return None;
    }
    text.parse().ok()
}

fn nibbles(byte: u8) -> [u8; 2] {
    [byte >> 4, byte & 0x0F]
}

/// Two BCD digits as a number below a hundred.
pub(crate) fn two_digits(byte: u8) -> Option<u8> {
    let [high, low] = nibbles(byte);
    (high < 10 && low < 10).then_some(high * 10 + low)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_dates_of_the_calendar_are_dates() {
        let cases = [
            ("20240229", Some(date(2024, 2, 29)), "a leap day"),
            ("20230229", None, "no leap year"),
            ("20241399", None, "no such month"),
            ("20240100", None, "no such day"),
            ("00000000", None, "blank"),
            ("00000101", None, "year zero"),
            ("FFFFFFFF", None, "erased"),
            ("2024010A", None, "not decimal"),
            ("99991231", Some(date(9999, 12, 31)), "for ever"),
            ("202401", None, "too short"),
            ("2024010100", None, "too long"),
        ];
        for (text, expected, why) in cases {
            assert_eq!(bcd_date(&hex::decode(text).unwrap()), expected, "{why}");
        }
    }

    #[test]
    fn only_digits_make_a_number() {
        let cases = [
            ("1000751012340678", Some("1000751012340678"), "plain"),
            ("0000000000000012", Some("0000000000000012"), "zeros count"),
            ("0000000000000000", None, "blank"),
            ("FFFFFFFFFFFFFFFF", None, "erased"),
            ("10007510123406A8", None, "not decimal"),
            ("", None, "nothing"),
            ("01", None, "too short"),
            ("12345678901234567890", None, "too long"),
        ];
        for (text, expected, why) in cases {
            let number = bcd_number(&hex::decode(text).unwrap());
            assert_eq!(number.map(CardNumber::reveal).as_deref(), expected, "{why}");
        }
    }

    #[test]
    fn a_number_after_a_zero_loses_it() {
        let cases = [
            (
                "03104760000123456789",
                Some("3104760000123456789"),
                "19 digits",
            ),
            ("13104760000123456789", None, "20 digits fit no number"),
            ("F3104760000123456789", None, "not decimal"),
            ("", None, "nothing"),
        ];
        for (text, expected, why) in cases {
            let number = bcd_number_after_zero(&hex::decode(text).unwrap());
            assert_eq!(number.map(CardNumber::reveal).as_deref(), expected, "{why}");
        }
    }

    proptest! {
        #[test]
        fn no_field_panics(field: Vec<u8>) {
            let _ = bcd_number(&field);
            let _ = bcd_number_after_zero(&field);
            let _ = padded_bcd_number(&field);
            let _ = ascii_number(&field);
            let _ = integer_number(field.iter());
            let _ = integer_number(field.iter().rev());
            let _ = bcd_date(&field);
            let _ = short_bcd_date(&field);
            let _ = ascii_date(&field);
        }

        #[test]
        fn digits_survive(text in "[1-9][0-9]{7}") {
            let number = bcd_number(&hex::decode(&text).unwrap()).unwrap();
            prop_assert_eq!(number.reveal(), text);
        }
    }
}
