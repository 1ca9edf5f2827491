//! Which digits of a number are printed, and the one that may follow them.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::form::InvalidForm;

/// A part of a row of digits, both ends included.
///
/// A position counts from 1 at the left or, when negative, from -1 at the
/// right, so that `9` to `-2` is the ninth to the last but one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DigitRange {
    from: i8,
    to: i8,
}

impl DigitRange {
    /// Every digit.
    pub const ALL: Self = Self { from: 1, to: -1 };

    /// The digits of a printed number that make the short number of a bad card.
    pub(super) const fn ninth_to_last_but_one() -> Self {
        Self { from: 9, to: -2 }
    }

    /// A range; whether a row of digits has it shows when it is cut out.
    ///
    /// # Errors
    ///
    /// [`InvalidForm::DigitPosition`]: a position is 0 or more than 40 away, or
    /// no row of digits can have its end behind its beginning.
    pub fn new(from: i8, to: i8) -> Result<Self, InvalidForm> {
        let is_position = |at: i8| at != 0 && (-40..=40).contains(&at);
        let is_backwards = (from > 0) == (to > 0) && to < from;
        if !is_position(from) || !is_position(to) || is_backwards {
            return Err(InvalidForm::DigitPosition);
        }
        Ok(Self { from, to })
    }

    /// The position of the first digit.
    #[must_use]
    pub fn from(self) -> i8 {
        self.from
    }

    /// The position of the last digit.
    #[must_use]
    pub fn to(self) -> i8 {
        self.to
    }

    /// The digits of `text` (ASCII) in the range; `None` when it has not all of
    /// them.
    #[must_use]
    pub fn cut(self, text: &str) -> Option<&str> {
        let from = index(self.from, text.len())?;
        let to = index(self.to, text.len())?;
        text.get(from..=to).filter(|part| !part.is_empty())
    }
}

/// Where a position lies in a row of `length`, from 0.
fn index(position: i8, length: usize) -> Option<usize> {
    let away = usize::from(position.unsigned_abs());
    let at = if position > 0 {
        away.checked_sub(1)?
    } else {
        length.checked_sub(away)?
    };
    (at < length).then_some(at)
}

/// The digit that a print may have behind the number.
///
/// In a configuration: `"none"`, `"luhn"`, or one digit for a fixed one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum CheckDigit {
    /// There is none.
    #[default]
    None,
    /// The Luhn digit over all digits before it.
    ///
    /// Source: ISO/IEC 7812-1:2017, annex B.
    Luhn,
    /// Always this digit, 0 to 9.
    Fixed(u8),
}

impl CheckDigit {
    /// The digit that follows `text`; `None` when none follows.
    #[must_use]
    pub fn after(self, text: &str) -> Option<char> {
        match self {
            Self::None => None,
            Self::Luhn => Some(luhn(text)),
            Self::Fixed(digit) => char::from_digit(digit.into(), 10),
        }
    }
}

/// The Luhn digit over the digits of `text`; other characters do not count.
///
/// Source: ISO/IEC 7812-1:2017, annex B: from the right, every second digit
/// beginning with the last is doubled and its digits are added; the check digit
/// completes the sum to a multiple of ten.
fn luhn(text: &str) -> char {
    let digits = text.chars().rev().filter_map(|c| c.to_digit(10));
    let sum: u32 = digits
        .enumerate()
        .map(|(place, digit)| match (place % 2, digit) {
            (0, 5..) => digit * 2 - 9,
            (0, _) => digit * 2,
            _ => digit,
        })
        .sum();
    char::from_digit((10 - sum % 10) % 10, 10).unwrap_or('0')
}

impl fmt::Display for CheckDigit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("none"),
            Self::Luhn => f.write_str("luhn"),
            Self::Fixed(digit) => write!(f, "{digit}"),
        }
    }
}

impl FromStr for CheckDigit {
    type Err = InvalidForm;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match (text, text.as_bytes()) {
            ("none", _) => Ok(Self::None),
            ("luhn", _) => Ok(Self::Luhn),
            (_, [digit @ b'0'..=b'9']) => Ok(Self::Fixed(digit - b'0')),
            _ => Err(InvalidForm::CheckDigit),
        }
    }
}

impl TryFrom<String> for CheckDigit {
    type Error = InvalidForm;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<CheckDigit> for String {
    fn from(check_digit: CheckDigit) -> Self {
        check_digit.to_string()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ranges_count_from_both_ends() {
        let text = "1000751012345678";
        let cases = [
            ((1, -1), Some(text), "all"),
            ((9, -2), Some("1234567"), "the ninth to the last but one"),
            ((-8, -1), Some("12345678"), "the last eight"),
            ((1, 4), Some("1000"), "the first four"),
            ((16, 16), Some("8"), "the last one alone"),
            ((17, 17), None, "there is no seventeenth"),
            ((-17, -1), None, "nor a seventeenth from the right"),
            ((9, -9), None, "the end lies before the beginning here"),
        ];
        for ((from, to), expected, why) in cases {
            let range = DigitRange::new(from, to).unwrap();
            assert_eq!(range.cut(text), expected, "{why}");
        }
        for (from, to) in [(0, 4), (1, 0), (5, 4), (-4, -5), (41, 41), (1, -41)] {
            let refused = DigitRange::new(from, to);
            assert_eq!(refused, Err(InvalidForm::DigitPosition), "{from} {to}");
        }
    }

    #[test]
    fn the_luhn_digit_is_that_of_the_standard() {
        let cases = [
            ("7992739871", '3', "the usual example"),
            ("0", '0', "nothing to complete"),
            ("1", '8', "the last digit is doubled"),
            ("5", '9', "and its digits are added"),
            ("79-9273 9871", '3', "signs do not count"),
        ];
        for (text, expected, why) in cases {
            assert_eq!(CheckDigit::Luhn.after(text), Some(expected), "{why}");
        }
    }

    #[test]
    fn check_digits_keep_their_names() {
        for text in ["none", "luhn", "0", "9"] {
            assert_eq!(text.parse::<CheckDigit>().unwrap().to_string(), text);
        }
        for text in ["", "10", "Luhn", "x"] {
            assert_eq!(text.parse::<CheckDigit>(), Err(InvalidForm::CheckDigit));
        }
    }

    proptest! {
        #[test]
        fn no_range_panics(from: i8, to: i8, text in "[0-9]{0,45}") {
            if let Ok(range) = DigitRange::new(from, to) {
                let _ = range.cut(&text);
            }
        }

        #[test]
        fn one_wrong_digit_is_noticed(text in "[0-9]{1,20}", at: prop::sample::Index, by in 1_u8..10) {
            let mut wrong = text.clone().into_bytes();
            let place = at.index(wrong.len());
            wrong[place] = b'0' + (wrong[place] - b'0' + by) % 10;
            let wrong = String::from_utf8(wrong).unwrap();
            prop_assert_ne!(CheckDigit::Luhn.after(&text), CheckDigit::Luhn.after(&wrong));
        }
    }
}
